"""Files that people write become values, or a list of problems with line numbers; never half of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import available_timezones

from msgspec.structs import replace

from emergency import layers, yaml_file
from emergency.core import playbook as p
from emergency.core.check import Finding, check_playbook
from emergency.core.marks import MARK_WORDS, bare, bears_mark
from emergency.core.near import nearest, nearest_zh
from emergency.core.site import OFF, Duty, Holiday, Place, Rotation, Shift, Site, SiteAgency
from emergency.core.values import Text
from emergency.errors import Mistakes, Problem
from emergency.roster import Roster
from emergency.roster.numbers import e164

if TYPE_CHECKING:
    from pydantic import ValidationError

    from emergency import shapes

__all__ = [
    "MOST",
    "circles_of_deputies",
    "e164",
    "in_order",
    "read_playbook",
    "read_roster",
    "read_site",
    "refuse",
    "shape_of",
    "shape_or_problems",
]

SHORTEST_PLACE = 12
"""Characters of a place's short form, so that an SMS fits one segment (practice)."""
MOST = 500
"""Mistakes of one file that are told."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read_playbook(
    raw: bytes,
    name: str,
    site: Site | None = None,
    parts: Sequence[Path] = (layers.SHIPPED_PARTS,),
    changes: Path | None = None,
    *,
    any_name: bool = False,
) -> p.Playbook:
    """Return the plan in *raw*, over the parts it uses and under the site's changes.

    Args:
        name: what messages call the file. parts: folders of parts. changes: the site's own file over this plan.
        any_name: the file need not bear the plan's name.

    Raises:
        Mistakes: every mistake of the file at once, each with its line.
    """
    from emergency import shapes

    file = layers.read_layers(raw, name, parts, changes)
    shape = shape_of(file, shapes.PlaybookShape)
    plan = _playbook(shape)
    refuse(file, check_playbook(plan, site))
    stem = Path(name).stem
    if stem != plan.id and name.endswith(".yaml") and not any_name:
        says = f"the file is called '{stem}', the plan '{plan.id}'; give them one name"
        zh = f"文件名是“{stem}”,预案编号是“{plan.id}”;两者要一样"
        refuse(file, [Finding(("playbook",), says, zh=zh)])
    return plan


def read_site(raw: bytes, name: str) -> Site:
    """Return the site in *raw*. Raises Mistakes as `read_playbook` does."""
    from emergency import shapes

    file, shape = _validated(raw, name, shapes.SiteShape)
    refuse(file, list(_check_site(shape)))
    return _site(shape)


def read_roster(raw: bytes, name: str, site: Site) -> Roster:
    """Return the roster in *raw*, YAML, CSV or XLSX by the name's ending, numbers in E.164. Raises Mistakes."""
    from emergency.roster.files import read

    return read(raw, name, site).roster


S = TypeVar("S", bound="shapes.Shape")


def _validated(raw: bytes, name: str, kind: type[S]) -> tuple[yaml_file.YamlFile, S]:
    file = yaml_file.parse(raw, name)
    return file, shape_of(file, kind)


def shape_of(file: yaml_file.YamlFile, kind: type[S]) -> S:
    """Return the values of a file as one of the shapes. Raises Mistakes: all of the file at once."""
    shape, problems = shape_or_problems(file, kind)
    if shape is None or problems:
        raise in_order(problems)
    return shape


def shape_or_problems(file: yaml_file.YamlFile, kind: type[S]) -> tuple[S | None, list[Problem]]:
    """Return the values of a file as one of the shapes, and all that is wrong with it; None where they have no such
    shape."""
    from pydantic import ValidationError

    if not isinstance(file.data, dict):
        return None, [
            Problem(
                file=file.name,
                line=1,
                says="is empty, or no mapping of names to values",
                zh="是空的,或不是“名称: 值”的文件",
            )
        ]
    problems = list(file.problems)
    try:
        return kind.model_validate(file.data), problems
    except ValidationError as error:
        return None, [*problems, *islice(_problems(file, error, kind), MOST)]


def in_order(problems: list[Problem]) -> Mistakes:
    """Return every mistake in order, and no more than anybody reads: a file of the wrong kind has one on each line."""
    return Mistakes(sorted(problems)[:MOST])


def _problems(file: yaml_file.YamlFile, error: ValidationError, kind: type[shapes.Shape]) -> Iterator[Problem]:
    for each in error.errors(include_url=False, include_input=False):
        path = tuple(part for part in each["loc"] if part != "[key]")
        context = each.get("ctx", {})
        zh = _say_zh(each["type"], context, path, kind) or _own_zh(context.get("error"), path)
        yield file.problem(path, _say(each["type"], each["msg"], path, kind), zh=zh)


def _own_zh(error: object, path: tuple[Any, ...]) -> str:
    """Return the Chinese words of a field's own refusal, where it has any."""
    says = getattr(error, "zh", "")
    return f"{'.'.join(map(str, path))}:{says}" if says else ""


def _say(kind: str, message: str, path: tuple[Any, ...], root: type[shapes.Shape]) -> str:
    word = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        return f"'{word}' is unknown here.{nearest(word, _words_at(root, path[:-1]))}"
    if kind == "missing":
        return f"'{word}' is missing"
    text = message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, path))}: {text[0].lower() + text[1:] if text[:1].isupper() else text}"


def _say_zh(kind: str, context: Mapping[str, Any], path: tuple[Any, ...], root: type[shapes.Shape]) -> str:
    """Return a mistake that pydantic itself finds, in Chinese; nothing of those that a field finds."""
    word = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        return f"这里没有“{word}”这一项。{nearest_zh(word, _words_at(root, path[:-1]))}"
    if kind == "missing":
        return f"缺少“{word}”"
    says = KINDS_ZH.get(kind, "").format(**{key: str(each).replace(" or ", "、") for key, each in context.items()})
    return says and f"{'.'.join(map(str, path))}:{says}"


KINDS_ZH = {
    "string_type": "要写文字",
    "list_type": "要写列表",
    "dict_type": "要写“名: 值”",
    "model_type": "要写“名: 值”",
    "model_attributes_type": "要写“名: 值”",
    "literal_error": "只能写 {expected}",
    "string_too_long": "最多 {max_length} 个字",
    "string_too_short": "至少 {min_length} 个字",
    "too_long": "最多 {max_length} 项",
    "too_short": "至少 {min_length} 项",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "greater_than": "要大于 {gt}",
    "less_than": "要小于 {lt}",
}
"""pydantic's own mistakes that a file of texts, lists and mappings can hold; the words between braces are its own."""


def _words_at(root: type[shapes.Shape], path: tuple[Any, ...]) -> list[str]:
    """Return the words that may stand in the mapping at *path*."""
    from emergency import shapes

    here: Any = root
    for part in path:
        if isinstance(here, type) and issubclass(here, shapes.Shape):
            fields = {f.alias or name: f for name, f in here.model_fields.items()}
            here = fields[str(part)].annotation if str(part) in fields else None
        else:
            here = next((a for a in getattr(here, "__args__", ()) if _is_shape(a)), None)
        while here is not None and not _is_shape(here) and not hasattr(here, "__origin__"):
            here = next((a for a in getattr(here, "__args__", ()) if _is_shape(a) or hasattr(a, "__origin__")), None)
    if _is_shape(here):
        return [f.alias or name for name, f in here.model_fields.items()]
    return []


def _is_shape(kind: Any) -> bool:
    from emergency import shapes

    return isinstance(kind, type) and issubclass(kind, shapes.Shape)


def refuse(file: yaml_file.YamlFile, findings: Sequence[Finding]) -> None:
    """Refuse a file with these findings, unless there is no error among them. Raises Mistakes."""
    problems = sorted(file.problem(f.path, f.says, f.id, f.zh) for f in findings if f.severity == "error")
    if problems:
        raise Mistakes(problems[:MOST])


def _playbook(s: shapes.PlaybookShape) -> p.Playbook:
    return p.Playbook(
        id=s.playbook,
        code=s.code,
        title=s.title,
        place=s.place,
        start=s.severity.start,
        raises=tuple(p.Raise(to=r.to, when=r.when) for r in s.severity.raise_),
        lowers=tuple(p.Raise(to=r.to, when=r.when) for r in s.severity.lower),
        roles=tuple(p.RoleCall(role=name, at=r.at, heads=r.heads) for name, r in s.roles.items()),
        facts=tuple(
            p.Fact(name=name, type=f.type, ask=f.ask, unless_told=f.unless_told, choices=tuple(f.choices))
            for name, f in s.facts.items()
        ),
        clocks=tuple(p.Clock(name=name, since=c.since) for name, c in s.clocks.items()),
        agencies=tuple(p.Agency(name=name, say=a.say) for name, a in s.agencies.items()),
        states=tuple(_state(name, state) for name, state in s.states.items()),
        merge=p.Merge(same=s.merge.same, within=s.merge.within) if s.merge else None,
        silent_place=s.silent == "place",
        few_know=s.known_to == "few",
        press=s.press,
        begins=tuple(p.Begin(state=b.state, when=b.when) for b in s.begin),
        milestones=tuple(
            p.Milestone(
                name=name, title=m.title, within=m.within, source=m.source, call=m.call, step=m.step, state=m.state
            )
            for name, m in s.milestones.items()
        ),
    )


def _state(name: str, s: shapes.StateShape) -> p.State:
    return p.State(
        name=name,
        title=s.title,
        headline=s.headline,
        severity=s.severity,
        steps=tuple(_step(n, each) for n, each in s.steps.items()),
        leave=tuple(_leave(each) for each in s.leave),
        commanded_by=s.commanded_by,
        tells=s.tells is not None,
        announce=s.announce,
        checklist=tuple(s.checklist),
        expects=tuple(p.KnockOn(playbook=k.playbook, when=k.when) for k in s.expects),
        ends=s.ends,
        final=s.final,
    )


def _step(name: str, s: shapes.StepShape) -> p.Step:
    return p.Step(
        name=name,
        role=s.role,
        do=s.do or Text(f"打电话:{name}", f"call: {name}"),
        done=s.done,
        source=s.source,
        strand=s.strand,
        call=s.call,
        reports=tuple(s.reports),
        decision=tuple(replace(answer, name=n) for n, answer in s.decision.items()),
        per=s.per,
        every=s.every,
        when=s.when,
        late=tuple(s.late) if s.late is not None else p.DEFAULT_LATE,
        call_out=s.call_out,
        quorum=s.quorum or 0,
    )


def _leave(s: shapes.LeaveShape) -> p.Leave:
    alert = p.Nudge(role=s.alert.role, do=s.alert.do) if s.alert else None
    return p.Leave(to=s.to, when=s.when, after=s.after, source=s.source, because=s.because, alert=alert)


def _check_site(s: shapes.SiteShape) -> Iterator[Finding]:
    if s.timezone not in available_timezones():
        known = sorted(available_timezones())
        zh = f"没有时区“{s.timezone}”。{nearest_zh(s.timezone, known)}"
        yield Finding(("timezone",), f"'{s.timezone}' is no time zone.{nearest(s.timezone, known)}", zh=zh)
    yield from _check_names(s)
    for id, zone in s.zones.items():
        if zone.within is not None and (zone.within not in s.zones or zone.within == id):
            zh = f"没有别的区域“{zone.within}”。{nearest_zh(zone.within, list(s.zones))}"
            says = f"'{zone.within}' is no other zone.{nearest(zone.within, list(s.zones))}"
            yield Finding(("zones", id, "within"), says, zh=zh)
    for kind, places in (("zones", s.zones), ("lifts", s.lifts)):
        for id, place in places.items():
            for words in (place.short.zh, place.short.en):
                if len(words) > SHORTEST_PLACE:
                    says, zh = (
                        f"'{words}' is longer than {SHORTEST_PLACE} characters",
                        f"“{words}”超过 {SHORTEST_PLACE} 个字",
                    )
                    yield Finding((kind, id, "short"), says, zh=zh)
    for id in set(s.zones) & set(s.lifts):
        yield Finding(("lifts", id), f"'{id}' is a zone already", zh=f"“{id}”已是区域的编号")
    yield from _check_cycles({id: [z.within] for id, z in s.zones.items()}, "zones", _WITHIN)
    roles = list(s.roles)
    for id, duty in s.roles.items():
        for key, words_of in (("deputies", duty.deputies), ("conflicts", duty.conflicts), ("higher", [duty.higher])):
            for word in words_of:
                if word is not None and word not in roles:
                    says, zh = (
                        f"'{word}' is no role.{nearest(word, roles)}",
                        f"没有角色“{word}”。{nearest_zh(word, roles)}",
                    )
                    yield Finding(("roles", id, key), says, zh=zh)
                elif word == id:
                    yield Finding(("roles", id, key), f"'{id}' stands beside itself", zh=f"“{id}”不能写自己")
    for decision, may in s.may.items():
        if decision in roles:
            zh = f"“{decision}”是角色;请给决定另起名字"
            yield Finding(("may", decision), f"'{decision}' is a role; give the decision a name of its own", zh=zh)
        for index, word in enumerate(may):
            if word not in roles:
                says, zh = f"'{word}' is no role.{nearest(word, roles)}", f"没有角色“{word}”。{nearest_zh(word, roles)}"
                yield Finding(("may", decision, index), says, zh=zh)
    yield from _check_cycles({id: [d.higher] if d.higher != id else [] for id, d in s.roles.items()}, "roles", _HIGHER)
    if not any(d.command for d in s.roles.values()):
        zh = "没有能指挥的角色;请至少给一个写 command: yes"
        yield Finding(("roles",), "no role may take command; mark at least one with command: yes", zh=zh)
    for id, shift in s.shifts.items():
        if shift.from_ == shift.to:
            yield Finding(("shifts", id), "begins and ends at the same time", zh="开始和结束是同一时刻")
    yield from _check_rotations(s)
    yield from _check_holidays(s)


def _check_names(s: shapes.SiteShape) -> Iterator[Finding]:
    """What stands before every text and in every call must not look like a drill."""
    for key, words in (("signature", s.signature), ("name", s.name)):
        for language, said in (("zh", words.zh), ("en", words.en)):
            if bears_mark(said) and (key == "signature" or bare(said) in MARK_WORDS):
                yield Finding(
                    (key, language),
                    f"'{said}' holds the drill mark: real alerts would look like practice, and are refused as such; "
                    "choose another, without the word",
                    zh=f"“{said}”里有演练标记:真实警报会像演练,也会被拒发;请换个不带此字样的",
                )


def _check_rotations(s: shapes.SiteShape) -> Iterator[Finding]:
    for kind, names in (("shifts", s.shifts), ("rotations", s.rotations)):
        if OFF in names:
            zh = f"“{OFF}”表示当天不上班;请换个名字"
            yield Finding((kind, OFF), f"'{OFF}' stands for a day without a shift; choose another name", zh=zh)
    for id, rotation in s.rotations.items():
        if id in s.shifts:
            yield Finding(("rotations", id), f"'{id}' is a shift already", zh=f"“{id}”已是班次的编号")
        unknown = [(n, word) for n, word in enumerate(rotation.cycle) if word != OFF and word not in s.shifts]
        for index, word in unknown:
            zh = f"没有“{word}”这个班次。{nearest_zh(word, [*s.shifts, OFF])}"
            says = f"'{word}' is no shift.{nearest(word, [*s.shifts, OFF])}"
            yield Finding(("rotations", id, "cycle", index), says, zh=zh)
        if not unknown:
            yield from _check_cycle(s, id, rotation.cycle)


def _check_cycle(s: shapes.SiteShape, id: str, cycle: Sequence[str]) -> Iterator[Finding]:
    """A cycle in which somebody works, and never begins a shift before the last one has ended."""
    if set(cycle) == {OFF}:
        yield Finding(("rotations", id, "cycle"), "nobody works in this cycle", zh="这个轮班里没有人上班")
    for index, word in enumerate(cycle):
        before = cycle[index - 1]
        if OFF in (before, word) or s.shifts[before].from_ < s.shifts[before].to:
            continue
        if s.shifts[word].from_ < s.shifts[before].to:
            yield Finding(
                ("rotations", id, "cycle", index),
                f"overlapping shifts: '{word}' begins at {s.shifts[word].from_}, "
                f"and '{before}' of the day before ends at {s.shifts[before].to}",
                zh=f"班次重叠:{word} 从 {s.shifts[word].from_} 开始,前一天的 {before} 到 {s.shifts[before].to} 才结束",
            )


def _check_holidays(s: shapes.SiteShape) -> Iterator[Finding]:
    if s.holidays is not None:
        for day in s.holidays.add:
            if day in s.holidays.remove:
                zh = f"{day} 既加了又减了;请留一个"
                yield Finding(("holidays", "add", str(day)), f"{day} is added and removed; keep one of the two", zh=zh)
    if s.subdivision:
        import holidays

        known = sorted(holidays.list_supported_countries().get(s.country, ()))
        if s.subdivision not in known:
            zh = f"{s.country} 没有“{s.subdivision}”这个地区。{nearest_zh(s.subdivision, known)}"
            says = f"'{s.subdivision}' is no part of {s.country}.{nearest(s.subdivision, known)}"
            yield Finding(("subdivision",), says, zh=zh)


def circles_of_deputies(raw: bytes, name: str) -> list[Problem]:
    """Return the roles of a site file that come to deputise for themselves, each with its line: such a site works, but
    asks the same people again. Raises Mistakes."""
    from emergency import shapes

    file, shape = _validated(raw, name, shapes.SiteShape)
    links = {id: [word for word in duty.deputies if word != id] for id, duty in shape.roles.items()}
    found = _check_cycles(links, "roles", _DEPUTY)
    return sorted(file.problem((*each.path, "deputies"), each.says, "R06", each.zh) for each in found)


_WITHIN = Text("套在自己里面", "lies within itself")
_HIGHER = Text("成了自己的上级", "is its own next higher role")
_DEPUTY = Text("绕回来成了自己的代理人", "comes to be its own deputy")


def _check_cycles(links: Mapping[str, Sequence[str | None]], key: str, says: Text) -> Iterator[Finding]:
    for start in links:
        way = " -> ".join(_way_back(links, start))
        if way:
            yield Finding((key, start), f"'{start}' {says.en}: {way}", zh=f"“{start}”{says.zh}:{way}")


def _way_back(links: Mapping[str, Sequence[str | None]], start: str) -> list[str]:
    """Return the shortest way from *start* back to it; empty when there is none."""
    ahead, seen = [[start]], {start}
    while ahead:
        way = ahead.pop(0)
        for word in links.get(way[-1], ()):
            if word == start:
                return [*way, start]
            if word is not None and word not in seen:
                seen.add(word)
                ahead.append([*way, word])
    return []


def _site(s: shapes.SiteShape) -> Site:
    whole = Place(id="site", kind="site", name=s.name, short=s.name, aliases=(s.site,))
    zones = [_place(id, "zone", z) for id, z in s.zones.items()]
    lifts = [_place(id, "lift", each) for id, each in s.lifts.items()]
    return Site(
        id=s.site,
        name=s.name,
        signature=s.signature,
        address=s.address,
        timezone=s.timezone,
        country=s.country,
        places=(whole, *zones, *lifts),
        duties=tuple(
            Duty(
                role=role,
                title=d.title,
                deputies=tuple(d.deputies),
                higher=d.higher,
                command=d.command,
                urgent=d.urgent,
                conflicts=tuple(d.conflicts),
                needs=tuple(d.needs),
                remote=d.remote,
            )
            for role, d in s.roles.items()
        ),
        agencies=tuple(SiteAgency(id=id, name=a.name, number=a.number) for id, a in s.agencies.items()),
        shifts=tuple(
            Shift(id=id, days=_days(each.days), starts=each.from_, ends=each.to, on_holidays=each.on_holidays)
            for id, each in s.shifts.items()
        ),
        subdivision=s.subdivision,
        rotations=tuple(Rotation(id=id, cycle=tuple(r.cycle), begins=r.begins) for id, r in s.rotations.items()),
        holidays=tuple(Holiday(day=day, name=name) for day, name in s.holidays.add.items()) if s.holidays else (),
        workdays=tuple(s.holidays.remove) if s.holidays else (),
        facts=dict(s.facts),
        may={decision: tuple(roles) for decision, roles in s.may.items()},
        code_words=dict(s.code_words),
    )


def _place(id: str, kind: Any, s: shapes.PlaceShape) -> Place:
    return Place(
        id=id,
        kind=kind,
        name=s.name,
        short=s.short,
        within=s.within,
        registration=s.registration,
        gate=s.gate,
        aliases=tuple(s.aliases),
        apart=s.apart,
    )


def _days(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        start = DAYS.index(first)
        span = (DAYS.index(last or first) - start) % 7
        found += [(start + n) % 7 for n in range(span + 1)]
    return tuple(sorted(set(found)))
