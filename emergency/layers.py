"""A plan in its layers: the shared parts it uses, its own file over them, and what the site changed over both.

Layers are laid on plain values, before anything is validated, so that a mistake is told where it stands: in the
part, in the plan or in the changes. Every value remembers where it came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from emergency import yaml_file
from emergency.core.near import nearest, nearest_zh
from emergency.core.values import Text
from emergency.errors import Mistakes, Problem
from emergency.yaml_file import Path_, YamlFile

SHIPPED_PARTS = Path(__file__).resolve().parent.parent / "playbooks" / "parts"
ADDED_UP = frozenset({"raise", "lower", "leave", "checklist", "expects"})
"""Lists of which a plan's own lines stand before those of the part. Any other list is one value."""
WHOLE = frozenset({"when", "decision"})
"""Mappings that are one value: half of a guard with half of another would be a third."""
FORMAT = "1"
"""The format of plans that this release reads; a plan may say it, and one that says another is refused."""
NONE = "none"
"""Written where a part has a step, a fact or a state: this plan does without it."""

LENGTHS = frozenset({"done", "after", "every", "within"})
THRESHOLDS = frozenset({"over", "under", "for", "missing"})
WORDS = frozenset({"zh", "en"})
ROLES = frozenset({"role", "heads", "at", "start", "to"})


class Layered(YamlFile):
    """The values of several files laid over one another; `origin` is path to file and line."""

    def __init__(self, name: str, data: Any, origin: dict[Path_, tuple[str, int]], problems: list[Problem]) -> None:
        super().__init__(name, data, {}, problems)
        self.origin = origin

    def place(self, path: Path_) -> tuple[str, int]:
        """Return the file and the line of *path*, or of the nearest thing around it that has one."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.origin:
                return self.origin[path[:end]]
        return self.name, 1


def read_layers(
    raw: bytes, name: str, parts: Sequence[Path] = (SHIPPED_PARTS,), changes: Path | None = None
) -> Layered:
    """Return the plan in *raw* over the parts it uses, and under the site's *changes*.

    Args:
        parts: folders where parts are looked for, first choice first.

    Raises:
        Mistakes: a file cannot be read, a part does not exist, or a change is none that a site may make.
    """
    own = yaml_file.parse(raw, name)
    _known_format(own)
    layered = Layered(name, own.data, {path: (name, line) for path, line in own.lines.items()}, list(own.problems))
    for part in _used(own, parts):
        layered = _over(layered, part)
    if changes is not None and changes.exists():
        _change(layered, yaml_file.read(changes))
    return layered


def _known_format(own: YamlFile) -> None:
    """Refuse a plan of a later format in one sentence, before anything in it is taken for a mistake."""
    if isinstance(own.data, dict) and "format" in own.data:
        said = own.data.pop("format")
        if said != FORMAT:
            says = (
                f"is written in format {said}; this release reads format {FORMAT}. Use the release it was written for"
            )
            zh = f"格式是 {said},本版本只读格式 {FORMAT};请用写它时的版本"
            raise Mistakes([own.problem(("format",), says, zh=zh)])


def _used(own: YamlFile, folders: Sequence[Path]) -> Iterator[YamlFile]:
    if not isinstance(own.data, dict) or "uses" not in own.data:
        return
    wanted = own.data.pop("uses")
    if not isinstance(wanted, list) or not all(isinstance(word, str) for word in wanted):
        raise Mistakes(
            [own.problem(("uses",), "uses: a list of parts, as [common]", zh="uses 要写部分的列表,如 [common]")]
        )
    for index, word in enumerate(wanted):
        found = next(
            (f / f"{word}.yaml" for f in folders if word.isidentifier() and (f / f"{word}.yaml").exists()), None
        )
        if found is None:
            known = sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})
            says, zh = (
                f"there is no part '{word}'.{nearest(word, known)}",
                f"没有“{word}”这一部分。{nearest_zh(word, known)}",
            )
            raise Mistakes([own.problem(("uses", index), says, zh=zh)])
        yield yaml_file.read(found)


def _over(upper: Layered, lower: YamlFile) -> Layered:
    """Lay *upper* over *lower*."""
    origin: dict[Path_, tuple[str, int]] = {}

    def copy(value: Any, source: YamlFile, at: Path_, to: Path_) -> Any:
        """Return *value*, which stands at *at* in *source*, and note where each piece of it comes from."""
        origin[to] = source.place(at)
        if isinstance(value, dict):
            return {key: copy(each, source, (*at, key), (*to, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [copy(each, source, (*at, n), (*to, n)) for n, each in enumerate(value)]
        return value

    def both(up: Any, low: Any, at_up: Path_, at_low: Path_, to: Path_) -> Any:
        word = to[-1] if to else ""
        if isinstance(up, dict) and isinstance(low, dict) and word not in WHOLE:
            origin[to] = upper.place(at_up)
            keys = [key for key in dict.fromkeys([*up, *low]) if up.get(key) != NONE]
            return {key: one(up, low, key, at_up, at_low, to) for key in keys}
        if isinstance(up, list) and isinstance(low, list) and word in ADDED_UP:
            origin[to] = upper.place(at_up)
            first = [copy(each, upper, (*at_up, n), (*to, n)) for n, each in enumerate(up)]
            return first + [copy(each, lower, (*at_low, n), (*to, len(up) + n)) for n, each in enumerate(low)]
        return copy(up, upper, at_up, to)

    def one(up: Any, low: Any, key: str, at_up: Path_, at_low: Path_, to: Path_) -> Any:
        at_up, at_low, to = (*at_up, key), (*at_low, key), (*to, key)
        if key in up and key in low:
            return both(up[key], low[key], at_up, at_low, to)
        return copy(up[key], upper, at_up, to) if key in up else copy(low[key], lower, at_low, to)

    data = both(upper.data, lower.data, (), (), ())
    return Layered(upper.name, data, origin, [*upper.problems, *lower.problems])


def _change(layered: Layered, changes: YamlFile) -> None:
    """Set what the site wants otherwise, value by value. Raises Mistakes with everything a site may not change."""
    wanted = changes.data.get("set") if isinstance(changes.data, dict) else None
    if not isinstance(wanted, dict):
        zh = "要在 set 下面写改什么,按路径写"
        raise Mistakes([changes.problem((), "changes: a mapping `set` of what to change, by path", zh=zh)])
    problems = list(changes.problems)
    for dotted, value in wanted.items():
        at: Path_ = ("set", dotted)
        path = tuple(int(part) - 1 if part.isdecimal() else part for part in dotted.split("."))
        says = _refused(layered.data, path, value)
        if says is not None:
            problems.append(changes.problem(at, f"{dotted}: {says.en}", zh=f"{dotted}:{says.zh}"))
            continue
        _inside(layered.data, path[:-1])[path[-1]] = value
        layered.origin = {p: o for p, o in layered.origin.items() if p[: len(path)] != path}
        layered.origin[path] = changes.place(at)
    if problems:
        raise Mistakes(problems)


def _refused(data: Any, path: Path_, value: Any) -> Text | None:
    """Return why a site may not change what stands at *path*, or None."""
    for end, part in enumerate(path):
        here = _inside(data, path[:end])
        if path[0] == "roles" and path[2:] == ("heads",) and end == 2:
            return None  # not written, it is 1
        if isinstance(here, dict) and part not in here:
            return Text(
                f"预案这里没有“{part}”。{nearest_zh(str(part), list(here))}",
                f"the plan has no '{part}' there.{nearest(str(part), list(here))}",
            )
        if isinstance(here, list) and not (isinstance(part, int) and 0 <= part < len(here)):
            line = part + 1 if isinstance(part, int) else part
            return Text(
                f"没有第 {line} 行(从 1 数起,共 {len(here)} 行)",
                f"there is no line {line} (lines are counted from 1, there are {len(here)})",
            )
        if not isinstance(here, dict | list):
            return Text(
                f"“{path[end - 1]}”是值,里面没有别的", f"'{path[end - 1]}' is a value; there is nothing within it"
            )
    word = path[-1]
    if word in LENGTHS:
        beside = _inside(data, path[:-1])
        source = beside.get("source") if isinstance(beside, dict) else None
        if source not in (None, "practice"):
            return Text(f"这个时限不能改:它出自 {source}", f"this time is not yours to change: its source is {source}")
        return None
    if isinstance(value, dict) and set(value) == WORDS:
        fits = isinstance(_inside(data, path), dict) and set(_inside(data, path)) == WORDS
        return None if fits else Text("这里没有文字可改", "no words there")
    if word in THRESHOLDS | WORDS or (word in ROLES and ("states" not in path or word == "role")):
        return None
    return Text(
        "场所只能改惯例时限、文字、角色和阈值;要改别的,请复制预案",
        "a site changes times of practice, words, roles and thresholds; for anything else copy the plan",
    )


def _inside(data: Any, path: Path_) -> Any:
    for part in path:
        data = data[part]
    return data


def leaves(data: Any, path: Path_ = ()) -> Iterator[tuple[Path_, str]]:
    """Yield every single value of *data* with its path, in the order written."""
    if isinstance(data, dict):
        for key, each in data.items():
            yield from leaves(each, (*path, key))
    elif isinstance(data, list):
        for index, each in enumerate(data):
            yield from leaves(each, (*path, index))
    else:
        yield path, str(data)
