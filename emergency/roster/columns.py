"""A person as one row of a table: the same values as in YAML, several of a kind in one cell, parted by `;`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from emergency import yaml_file
from emergency.core.values import Text
from emergency.errors import Problem
from emergency.roster.person import Leave, Person, Swap
from emergency.roster.table import Table, join, named, split

COLUMNS = (
    "id", "name_zh", "name_en", "language", "numbers", "roles", "shift", "on_call", "zone", "standby", "positions_zh",
    "positions_en", "employer", "licences", "leave", "swaps", "since", "until",
)  # fmt: skip
NEEDED = COLUMNS[:7]
ALSO = {
    "编号": "id", "中文名": "name_zh", "姓名": "name_zh", "英文名": "name_en", "语言": "language", "电话": "numbers",
    "手机": "numbers", "号码": "numbers", "角色": "roles", "班次": "shift", "待命": "on_call", "区域": "zone",
    "待命班次": "standby", "职务": "positions_zh", "职务(英)": "positions_en", "职务（英）": "positions_en",
    "单位": "employer", "证书": "licences", "请假": "leave", "换班": "swaps", "入职": "since", "离职": "until",
}  # fmt: skip
"""Words of a Chinese header."""
PARTS = {"name": "name_zh", "positions": "positions_zh"}
"""Fields that stand in two columns, and the first of them."""


class TableFile(yaml_file.YamlFile):
    """A table as the YAML file that would say the same; mistakes are told by row and column."""

    def __init__(self, table: Table, data: Any, rows: dict[yaml_file.Path_, int]) -> None:
        super().__init__(table.file, data, rows, list(table.problems))
        self.table = table

    def problem(self, path: yaml_file.Path_, says: str, id: str = "", zh: str = "") -> Problem:
        """Return a mistake that stands at *path*, with its column in front."""
        field = str(path[2]) if len(path) > 2 else None
        column = self.table.where(PARTS.get(field, field)) if field else ""
        column_zh = self.table.where_zh(PARTS.get(field, field)) if field else ""
        return super().problem(path, column + says, id, zh and column_zh + zh)


def file_of(table: Table) -> TableFile:
    """Return the roster that stands in *table*, with what is wrong with the table itself."""
    table = named(table, COLUMNS, NEEDED, ALSO)
    people: dict[str, Any] = {}
    rows: dict[yaml_file.Path_, int] = {(): table.header}
    problems: list[Problem] = []
    for row in table.rows:
        cells = dict(zip(table.columns, row.cells, strict=False))
        id = cells.get("id", "")
        if id in people:
            first = rows["people", id]
            says, zh = f"'{id}' stands here twice (first in row {first})", f"“{id}”写了两次(先在第 {first} 行)"
            problems.append(table.problem(row.number, says, zh=zh))
        if len(row.cells) > len(table.columns):
            problems.append(
                table.problem(row.number, f"'{id}' has more cells than the header", zh=f"“{id}”这一行比列名多出几格")
            )
        rows.setdefault(("people", id), row.number)
        people[id], wrong = _person(cells)
        problems += [table.problem(row.number, says, column, zh) for column, says, zh in wrong]
    file = TableFile(table, {"people": people}, rows)
    file.problems += problems
    return file


Wrong = list[tuple[str, str, str]]
"""Column, and what is wrong in it, in English and Chinese."""


def _person(cells: dict[str, str]) -> tuple[dict[str, Any], Wrong]:
    """Return a row as the mapping that YAML would hold, and what cannot be read in it."""
    wrong: Wrong = []

    def cell(key: str) -> str:
        return cells.get(key, "")

    person: dict[str, Any] = {
        "name": {"zh": cell("name_zh"), "en": cell("name_en")},
        "language": cell("language"),
        "numbers": split(cell("numbers")),
        "roles": {role: rank or "1" for role, rank in _pairs(cell("roles"))},
        "shift": cell("shift"),
    }
    person.update({key: cell(key) for key in ("on_call", "zone", "standby", "employer", "since", "until") if cell(key)})
    person["licences"] = {name: last or "unlimited" for name, last in _pairs(cell("licences"))}
    person["leave"] = [_leave(item) for item in split(cell("leave"))]
    person["swaps"] = [{"day": day, "shift": shift} for day, shift in _pairs(cell("swaps"))]
    zh, en = split(cell("positions_zh")), split(cell("positions_en"))
    if len(zh) != len(en):
        says = "there must be as many positions in English as in Chinese"
        wrong.append(("positions_en", says, "英文职务和中文职务的个数要一样"))
    person["positions"] = [{"zh": a, "en": b} for a, b in zip(zh, en, strict=False)]
    return person, wrong


def _pairs(cell: str) -> list[tuple[str, str]]:
    pairs = [item.partition(":") for item in split(cell)]
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _leave(item: str) -> dict[str, str]:
    """Parse `2026-12-01..2026-12-07 why`; one day may stand alone."""
    days, _, why = item.partition(" ")
    first, _, last = days.partition("..")
    return {"from": first, "to": last or first, "why": why.strip()}


def row_of(person: Person, numbers: Sequence[str]) -> list[str]:
    """Return *person* as cells in the order of `COLUMNS`, with these *numbers*: whole or masked ones."""
    cells = {
        "id": person.id,
        "name_zh": person.name.zh,
        "name_en": person.name.en,
        "language": person.language,
        "numbers": join(numbers),
        "roles": join([f"{role}:{rank}" for role, rank in person.roles.items()]),
        "shift": person.shift,
        "on_call": "yes" if person.on_call else "",
        "zone": person.zone or "",
        "standby": person.standby or "",
        "positions_zh": join([words.zh for words in person.positions]),
        "positions_en": join([words.en for words in person.positions]),
        "employer": person.employer,
        "licences": join([f"{name}:{_day(last) or 'unlimited'}" for name, last in person.licences.items()]),
        "leave": join([leave_words(leave) for leave in person.leave]),
        "swaps": join([swap_words(swap) for swap in person.swaps]),
        "since": _day(person.since),
        "until": _day(person.until),
    }
    return [cells[column] for column in COLUMNS]


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def leave_words(leave: Leave) -> str:
    """Return a leave as a cell holds it."""
    return f"{leave.first}..{leave.last} {leave.why}".strip()


def swap_words(swap: Swap) -> str:
    """Return a swap as a cell holds it."""
    return f"{swap.day}:{swap.shift}"


ALWAYS = ("name", "language", "numbers", "roles", "shift")
"""Words that stand in every person of a YAML roster, also where they say nothing."""


def as_yaml(person: Person, numbers: Sequence[str]) -> dict[str, Any]:
    """Return *person* as plain values in the words of a YAML roster; what is usual is left out."""
    said: dict[str, Any] = {
        "name": _both(person.name),
        "positions": [_both(words) for words in person.positions],
        "employer": person.employer,
        "language": person.language,
        "numbers": list(numbers),
        "roles": dict(person.roles),
        "licences": {name: _day(last) or "unlimited" for name, last in person.licences.items()},
        "shift": person.shift,
        "on_call": "yes" if person.on_call else "",
        "standby": person.standby,
        "zone": person.zone,
        "leave": [_leave_as_yaml(each) for each in person.leave],
        "swaps": [{"day": _day(swap.day), "shift": swap.shift} for swap in person.swaps],
        "since": _day(person.since),
        "until": _day(person.until),
    }
    return {key: value for key, value in said.items() if value or key in ALWAYS}


def _both(words: Text) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}


def _leave_as_yaml(leave: Leave) -> dict[str, str]:
    said = {"from": _day(leave.first), "to": _day(leave.last)}
    return {**said, "why": leave.why} if leave.why else said
