"""The master scenario events list as a table: one row an inject, further rows for further expectations of it.

Out and in without loss: what the columns hold is the whole of the injects. Cells that a spreadsheet would calculate are
guarded (`roster/csv_file`). Columns of other makers' lists (number, time, from, to, message) are enough for a list of
messages that somebody plays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import Field

from emergency.core.near import nearest, nearest_zh
from emergency.core.values import Text
from emergency.drills.scenario import Expect, Inject, InjectKind, Scenario
from emergency.drills.scenarios.numbers import hidden
from emergency.drills.scenarios.shapes import InjectShape, Mark
from emergency.errors import Mistakes, Problem
from emergency.roster import csv_file
from emergency.roster.table import Table
from emergency.shapes import Shape
from emergency.yaml_file import Path_, YamlFile

COLUMNS = (
    "number", "time", "when", "caused_by", "after", "again", "reserve", "from", "to", "method", "subject",
    "message_zh", "message_en", "kind", "target", "params", "objective", "visible_to",
    "expect", "expected_zh", "expected_en", "check", "within", "critical",
    "if_not", "rescue_after", "rescue", "rescue_zh", "rescue_en",
)  # fmt: skip
OF_EXPECT = ("expect", "expected_zh", "expected_en", "check", "within", "critical")
ALIASES = {
    "编号": "number", "no": "number", "serial": "number", "id": "number", "时间": "time", "at": "time",
    "来自": "from", "发出": "from", "对象": "to", "给": "to", "方式": "method", "team/method": "method",
    "主题": "subject",
    "message": "message_en", "内容": "message_zh", "目标": "objective", "预期行动": "expected_zh",
    "expected action": "expected_en", "expected_action": "expected_en",
}  # fmt: skip
"""What other makers call these columns."""
SUBJECTS: dict[InjectKind, Text] = {
    "person.unreachable": Text("人员失联", "person unreachable"),
    "person.late": Text("人员应答慢", "person answers late"),
    "person.declines": Text("人员不能来", "person cannot come"),
    "person.wrong_number": Text("号码打错", "wrong number"),
    "person.nonsense": Text("回复看不懂", "unreadable reply"),
    "person.false_ack": Text("应答而不行动", "answers and does nothing"),
    "person.claims_command": Text("有人自称指挥", "somebody claims command"),
    "channel.outage": Text("通道中断", "channel down"),
    "channel.slow": Text("通道变慢", "channel slow"),
    "channel.voicemail": Text("转到语音信箱", "calls end in voicemail"),
    "channel.busy": Text("电话占线", "lines busy"),
    "asset.failure": Text("设施故障", "something of the building fails"),
    "event.secondary": Text("另一起险情", "another emergency"),
    "fact.told": Text("报告情况", "a fact is told"),
    "decision.answer": Text("作出决定", "a decision is answered"),
    "order.transition": Text("下令", "an order is given"),
    "message.inbound": Text("来电来信", "a message comes in"),
}
"""What the column `subject` says; it is for readers, and is not read back."""


# out


def say_length(length: timedelta) -> str:
    """Return a length as a scenario writes it: `90s` stays whole, `2m`, `1h30m`, `0.5s`."""
    microseconds = length // timedelta(microseconds=1)
    if microseconds % 1_000_000:
        return f"{microseconds / 1_000_000:.6f}".rstrip("0") + "s"
    minutes, seconds = divmod(microseconds // 1_000_000, 60)
    hours, minutes = divmod(minutes, 60)
    said = "".join(f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if n)
    return said or "0s"


def params_text(params: Mapping[str, str]) -> str:
    """Return params as one cell: `channels=sms,voice; until=8m`."""
    return "; ".join(f"{name}={value.replace(';', '%3B')}" for name, value in params.items())


def write(scenario: Scenario) -> bytes:
    """Return the injects of *scenario* as CSV, in the order of the file."""
    remarks = [
        f"MSEL {scenario.id} · {scenario.title.zh} / {scenario.title.en}",
        "控制组专用,不得给参演者 for control only, never for players",
    ]
    return csv_file.write(remarks, COLUMNS, [list(row.values()) for row in table(scenario)])


def table(scenario: Scenario) -> list[dict[str, str]]:
    """Return the rows of the list, column to cell, in the order of the file."""
    rows = (row for inject in scenario.injects for row in _rows(inject))
    return [{column: row.get(column, "") for column in COLUMNS} for row in rows]


def _rows(inject: Inject) -> Iterator[dict[str, str]]:
    expects = [_expect_cells(each) for each in inject.expect] or [{}]
    yield {**_inject_cells(inject), **expects[0]}
    for each in expects[1:]:
        yield {"number": inject.id, **each}


def _inject_cells(inject: Inject) -> dict[str, str]:
    default = Inject(id=inject.id, kind=inject.kind)
    subject, deliver, rescue = SUBJECTS[inject.kind], inject.deliver, inject.contingency
    return {
        "number": inject.id,
        "time": say_length(inject.at) if inject.at is not None else "",
        "when": inject.when or "",
        "caused_by": inject.caused_by or "",
        "after": say_length(inject.after) if inject.after else "",
        "again": "yes" if inject.again else "",
        "reserve": "yes" if inject.reserve else "",
        "from": deliver.sender if deliver else "",
        "to": deliver.to if deliver else "",
        "method": deliver.by if deliver else "",
        "subject": f"{subject.zh} {subject.en}",
        "message_zh": inject.text.zh if inject.text else "",
        "message_en": inject.text.en if inject.text else "",
        "kind": inject.kind,
        "target": inject.target,
        "params": params_text(inject.params),
        "objective": inject.objective or "",
        "visible_to": ",".join(inject.visible_to) or "nobody" if inject.visible_to != default.visible_to else "",
        "if_not": rescue.if_not if rescue else "",
        "rescue_after": say_length(rescue.after) if rescue else "",
        "rescue": rescue.do if rescue else "",
        "rescue_zh": rescue.text.zh if rescue else "",
        "rescue_en": rescue.text.en if rescue else "",
    }


def _expect_cells(expect: Expect) -> dict[str, str]:
    return {
        "expect": expect.id,
        "expected_zh": expect.text.zh,
        "expected_en": expect.text.en,
        "check": expect.check,
        "within": say_length(expect.within) if expect.within is not None else "",
        "critical": "yes" if expect.critical else "",
    }


# in


class MselShape(Shape):
    """The injects of a list."""

    injects: dict[Mark, InjectShape] = Field(default_factory=dict)


def read(raw: bytes, name: str) -> dict[str, Any]:
    """Return the injects in a list as the values of a scenario file (id to what stands there).

    Raises:
        Mistakes: every mistake of the list at once, each with its row.
    """
    from emergency.drills.scenarios.file import _wrong_inject
    from emergency.loader import in_order, shape_or_problems

    table = csv_file.read(raw, name)
    columns, problems = _columns(table)
    file = YamlFile(name, {"injects": {}}, {(): table.header}, problems)
    _gather(table, columns, file)
    shape, problems = shape_or_problems(file, MselShape)
    if shape is not None:
        problems += [problem for id, each in shape.injects.items() for problem in _wrong_inject(file, id, each)]
    if problems:
        raise hidden(in_order([_as_row(problem) for problem in problems]).problems)
    values: dict[str, Any] = file.data["injects"]
    return values


def _as_row(problem: Problem) -> Problem:
    """A mistake of a list names the columns of the list, not the words of a scenario file."""
    says = re.sub(r"^injects\.", "", problem.says)
    return Problem(file=problem.file, line=problem.line, says=says, zh=re.sub(r"^injects\.", "", problem.zh))


def _columns(table: Table) -> tuple[dict[str, int], list[Problem]]:
    known: dict[str, int] = {}
    problems = []
    for index, column in enumerate(table.columns):
        word = column.strip().lower().replace(" ", "_")
        word = ALIASES.get(column.strip().lower(), ALIASES.get(word, word))
        if not word and not any(row.cells[index].strip() for row in table.rows if index < len(row.cells)):
            continue  # a spreadsheet leaves empty columns behind
        if word not in COLUMNS:
            says = f"'{column}' is no column of a list.{nearest(word, list(COLUMNS))}"
            zh = f"注入清单没有“{column}”这一列。{nearest_zh(word, list(COLUMNS))}"
            problems.append(Problem(file=table.file, line=table.header, says=says, zh=zh))
        elif word in known:
            says, zh = f"'{column}' stands here twice", f"“{column}”列出现了两次"
            problems.append(Problem(file=table.file, line=table.header, says=says, zh=zh))
        else:
            known[word] = index
    return known, problems


def _gather(table: Table, columns: Mapping[str, int], file: YamlFile) -> None:
    injects: dict[str, Any] = file.data["injects"]
    last = ""
    for row in table.rows:
        cells = {word: row.cells[index] if index < len(row.cells) else "" for word, index in columns.items()}
        cells = {word: _numbered(word, cell) for word, cell in cells.items() if cell}
        id = cells.get("number") or _next_number(injects)
        own = set(cells) - {"number", "subject", *OF_EXPECT}
        if id not in injects:
            injects[id] = _inject_values(cells, ("injects", id), file, row.number)
        elif own or id != last:
            says = f"{id} stands here twice; a further row of it holds one more expectation and nothing else"
            zh = f"{id} 出现了两次;它的后续行只能再写一条期望"
            file.problems.append(Problem(file=table.file, line=row.number, says=says, zh=zh))
        last = id
        _add_expect(injects[id], cells, ("injects", id), file, row.number)


def _numbered(word: str, cell: str) -> str:
    """Return a cell, in which a bare number of an inject, as lists from elsewhere have it, is a name: 1 is I1."""
    return f"I{cell}" if word in ("number", "caused_by") and cell.isascii() and cell.isdigit() else cell


def _next_number(injects: Mapping[str, Any]) -> str:
    numbers = (f"I{n}" for n in range(1, len(injects) + 2))
    return next(number for number in numbers if number not in injects)


def _inject_values(cells: Mapping[str, str], path: Path_, file: YamlFile, row: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for column, word in (
        ("time", "at"), ("when", "when"), ("caused_by", "caused_by"), ("after", "after"), ("again", "again"),
        ("reserve", "reserve"), ("target", "target"), ("objective", "objective"),
    ):  # fmt: skip
        if column in cells:
            made[word] = cells[column]
    made["kind"] = cells.get("kind", "message.inbound")
    if "message_zh" in cells or "message_en" in cells:
        made["text"] = _both(cells, "message")
    if "from" in cells or "to" in cells:
        made["deliver"] = {word: cells[word] for word in ("from", "to") if word in cells}
        if "method" in cells:
            made["deliver"]["by"] = cells["method"]
    if "visible_to" in cells:
        made["visible_to"] = [] if cells["visible_to"] == "nobody" else re.split(r"[,\s]+", cells["visible_to"])
    if "params" in cells:
        made["params"] = _params(cells["params"], file, row)
    if any(word in cells for word in ("if_not", "rescue_after", "rescue", "rescue_zh", "rescue_en")):
        made["contingency"] = _rescue(cells)
    _lines(made, path, file, row)
    return made


def _both(cells: Mapping[str, str], word: str) -> dict[str, str]:
    return {lang: cells[f"{word}_{lang}"] for lang in ("zh", "en") if f"{word}_{lang}" in cells}


def _rescue(cells: Mapping[str, str]) -> dict[str, Any]:
    named = (("if_not", "if_not"), ("rescue_after", "after"), ("rescue", "do"))
    return {**{word: cells[column] for column, word in named if column in cells}, "text": _both(cells, "rescue")}


def _params(cell: str, file: YamlFile, row: int) -> dict[str, str]:
    made = {}
    for part in filter(None, map(str.strip, cell.split(";"))):
        name, sign, value = part.partition("=")
        if not sign or not name.strip():
            says = f"params: '{part}' is none; write name=value, parted by ;"
            zh = f"params:“{part}”不对;请写 名=值,用 ; 隔开"
            file.problems.append(Problem(file=file.name, line=row, says=says, zh=zh))
        else:
            made[name.strip()] = value.strip().replace("%3B", ";")
    return made


def _add_expect(inject: dict[str, Any], cells: Mapping[str, str], path: Path_, file: YamlFile, row: int) -> None:
    if not any(word in cells for word in OF_EXPECT):
        return
    made: dict[str, Any] = {word: cells[word] for word in ("check", "within", "critical") if word in cells}
    made["text"] = _both(cells, "expected")
    expects = inject.setdefault("expect", {})
    id = cells.get("expect", "")
    if id in expects:
        says, zh = f"expectation {id} stands here twice", f"期望 {id} 出现了两次"
        file.problems.append(Problem(file=file.name, line=row, says=says, zh=zh))
    expects[id] = made
    _lines(made, (*path, "expect", id), file, row)


def _lines(value: Any, path: Path_, file: YamlFile, row: int) -> None:
    """Let everything of *value* stand in this row."""
    file.lines[path] = row
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        _lines(each, (*path, key), file, row)


# into a scenario file


ORDER = (
    "at", "when", "caused_by", "after", "again", "reserve", "kind", "target", "text", "params", "deliver", "objective",
    "visible_to", "expect", "contingency",
)  # fmt: skip
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")


def to_yaml(injects: Mapping[str, Any]) -> str:
    """Return injects as they stand in a scenario file, from `injects:` on."""
    if not injects:
        return "injects: {}\n"
    out = ["injects:"]
    for id, inject in injects.items():
        out.append(f"  {id}:")
        for word in sorted(inject, key=ORDER.index):
            if word == "expect":
                out.append("    expect:")
                out += [f"      {mark}: {_flow(each)}" for mark, each in inject[word].items()]
            else:
                out.append(f"    {word}: {_flow(inject[word])}")
    return "\n".join(out) + "\n"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return value if PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def put_into(text: str, injects: Mapping[str, Any]) -> str:
    """Return the text of a scenario file with these injects instead of its own; all else stays as it is written.

    Raises:
        Mistakes: its `injects` stand in one line together with something else.
    """
    lines = text.splitlines(keepends=True)
    begins = next((n for n, line in enumerate(lines) if re.match(r"injects\s*:", line)), None)
    made = to_yaml(injects)
    if begins is None:
        return text.rstrip("\n") + "\n\n" + made
    ends = begins + 1
    while ends < len(lines) and not re.match(r"[A-Za-z_]", lines[ends]):
        ends += 1
    kept = ends
    while kept > begins + 1 and re.match(r"\s*(#.*)?$", lines[kept - 1]) and not lines[kept - 1].startswith(" "):
        kept -= 1  # remarks above what follows belong to that
    return "".join([*lines[:begins], made, *lines[kept:]])


def same(one: Sequence[Inject], other: Sequence[Inject]) -> bool:
    """Return whether two lists of injects say the same, wherever they were written."""
    return [_bare(each) for each in one] == [_bare(each) for each in other]


def _bare(inject: Inject) -> Inject:
    from msgspec.structs import replace

    return replace(inject, line=0, expect=tuple(replace(each, line=0) for each in inject.expect))


__all__ = ["COLUMNS", "SUBJECTS", "Mistakes", "params_text", "put_into", "read", "same", "say_length", "write"]
