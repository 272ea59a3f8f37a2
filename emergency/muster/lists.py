"""Lists of who else is expected: visitors, tenants, contractors; and head-counts of people without names.

A list is a table (CSV or XLSX) with the columns `name`, `id`, `zone`, `employer`, `number`, `language`, `count`. A
row is a person of the roster (by id, number or name), a guest, or, where `count` is given, so many people without
names in a zone. Everything that is wrong with it is told at once, each with its row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from emergency.core.near import nearest, nearest_zh
from emergency.core.site import Place, Site
from emergency.errors import Mistakes, Problem, Unfit
from emergency.match import plain
from emergency.roster import Roster
from emergency.roster.numbers import e164
from emergency.roster.table import Table, named, read_table

COLUMNS = ("name", "id", "zone", "employer", "number", "language", "count")
ALSO = {
    "姓名": "name", "名字": "name", "编号": "id", "区域": "zone", "位置": "zone", "楼层": "zone", "单位": "employer",
    "公司": "employer", "电话": "number", "手机": "number", "语言": "language", "人数": "count", "place": "zone",
    "company": "employer", "phone": "number", "mobile": "number", "people": "count",
}  # fmt: skip
"""What else a column may be called."""
MOST_HEADS = 100_000
MOST_PROBLEMS = 500
LONGEST = 80
"""Characters of a name or an employer that are kept: a line on paper has room for no more."""

_Wrong = tuple[str, str | None, str]
"""What is wrong in English, the column, and what is wrong in Chinese."""
Say = Callable[[int, str, str | None, str], Problem]
"""From a row and the parts of what is wrong to a mistake."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row that can be used. person: of the roster, empty for a guest; heads: people without names, else 0."""

    row: int
    person: str = ""
    name: str = ""
    place: str = ""
    employer: str = ""
    number: str = ""
    language: str = "zh"
    heads: int = 0

    def __repr__(self) -> str:
        return f"Entry(row {self.row})"


def read_list(raw: bytes, file: str, site: Site, roster: Roster) -> list[Entry]:
    """Return what a file lists.

    Raises:
        Mistakes: every mistake of the file at once, each with its row.
    """
    table = named(read_table(raw, file), COLUMNS, (), ALSO)
    problems = list(table.problems)
    if not {"name", "id", "count"} & set(table.columns):
        problems.append(
            table.problem(
                table.header,
                f"no column says who is expected; there may be: {', '.join(COLUMNS)}",
                zh=f"看不出哪一列写着人;可以有:{'、'.join(COLUMNS)}",
            )
        )
    if not table.rows and not problems:
        problems.append(table.problem(table.header, "lists nobody", zh="里面一个人都没有"))
    if problems:
        raise Mistakes(sorted(problems)[:MOST_PROBLEMS])
    return entries(rows_of(table), site, roster, table.problem)


def rows_of(table: Table) -> list[dict[str, str]]:
    """Return the rows of a table as column to cell, each with its number under `row`."""
    return [
        {"row": str(row.number), **{k: v for k, v in zip(table.columns, row.cells, strict=False) if k and v}}
        for row in table.rows
    ]


def as_rows(found: Sequence[Entry]) -> list[dict[str, str]]:
    """Return entries as rows that can be sent on and read again."""
    return [
        {k: str(v) for k, v in (
            ("row", e.row), ("id", e.person), ("name", e.name), ("zone", e.place), ("employer", e.employer),
            ("number", e.number), ("language", e.language), ("count", e.heads or ""),
        ) if v}
        for e in found
    ]  # fmt: skip


def entries(rows: Sequence[Mapping[str, str]], site: Site, roster: Roster, say: Say) -> list[Entry]:
    """Return what *rows* list. Raises Mistakes: every mistake at once."""
    reader = _Reader(site, roster)
    found, problems = [], []
    for index, row in enumerate(rows, start=1):
        number = _row_number(row, index)
        wrong = list(reader.wrong(row, number))
        problems += [say(number, says, column, zh) for says, column, zh in wrong]
        if not wrong:
            found.append(reader.entry(row, number))
    if problems:
        raise Mistakes(sorted(problems)[:MOST_PROBLEMS])
    return found


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 10


def _row_number(row: Mapping[str, str], index: int) -> int:
    """Return the number that a row says it has, or *index*."""
    word = row.get("row", "")
    return int(word) if _is_number(word) else index


class _Reader:
    """Reads rows, and remembers who stood in which."""

    def __init__(self, site: Site, roster: Roster) -> None:
        self.site = site
        self.roster = roster
        self.owners = roster.by_number()
        self.by_name: dict[str, list[str]] = {}
        for person in roster.people.values():
            for name in {plain(person.name.zh), plain(person.name.en)}:
                self.by_name.setdefault(name, []).append(person.id)
        self.zones = zones_by_name(site)
        self.stood: dict[tuple[str, ...], int] = {}
        self.numbers: dict[str, int] = {}

    def wrong(self, row: Mapping[str, str], number: int) -> Iterator[_Wrong]:
        """Yield what is wrong with a row: the words, the column, and the words in Chinese."""
        zone, count = row.get("zone", ""), row.get("count", "")
        if zone and plain(zone) not in self.zones:
            places = [p.id for p in self.site.places]
            zh = f"没有区域“{zone}”。{nearest_zh(zone, places)}"
            yield f"'{zone}' is no zone of {self.site.id}.{nearest(zone, places)}", "zone", zh
        if count:
            yield from self._wrong_group(row)
            return
        if row.get("id") and row["id"] not in self.roster.people:
            known = list(self.roster.people)
            zh = f"名册里没有“{row['id']}”。{nearest_zh(row['id'], known)}"
            yield f"'{row['id']}' is not in the roster.{nearest(row['id'], known)}", "id", zh
            return
        if not row.get("id") and not row.get("name"):
            yield "says neither a name nor an id nor a count", None, "姓名、id、人数一样都没写"
            return
        try:
            phone = self._number(row)
        except Unfit as error:
            yield f"the number {error}", "number", f"号码{error.zh}"
            phone = ""
        yield from self._stood_before(row, phone, number)

    def _wrong_group(self, row: Mapping[str, str]) -> Iterator[_Wrong]:
        count = row["count"]
        if not (_is_number(count) and 0 < int(count) <= MOST_HEADS):
            yield (
                f"'{count[:LONGEST]}' is no number of people (1 to {MOST_HEADS})",
                "count",
                f"“{count[:LONGEST]}”不是人数(1 到 {MOST_HEADS})",
            )
        if not row.get("zone"):
            yield "a count needs its zone", "zone", "写了人数就要写区域"
        if row.get("id"):
            yield "is a person and a count at once; give them a row each", None, "既写了人又写了人数;请分成两行"

    def _stood_before(self, row: Mapping[str, str], phone: str, number: int) -> Iterator[_Wrong]:
        person = self._person(row, phone)
        key = (person,) if person else (plain(row.get("name", "")), plain(row.get("employer", "")), phone)
        first = self.stood.setdefault(key, number)
        if first != number:
            yield (
                f"{person or 'this person'} stands in row {first} already",
                None,
                f"{person or '此人'}已在第 {first} 行",
            )
        elif phone and not person and self.numbers.setdefault(phone, number) != number:
            yield (
                f"the number stands in row {self.numbers[phone]} already; one telephone answers for one person",
                "number",
                f"这个号码已在第 {self.numbers[phone]} 行;一部电话只替一个人答复",
            )

    def _number(self, row: Mapping[str, str]) -> str:
        return e164(row["number"], self.site.country) if row.get("number") else ""

    def _person(self, row: Mapping[str, str], phone: str) -> str:
        if row.get("id"):
            return row["id"]
        by_name = self.by_name.get(plain(row.get("name", "")), [])
        return self.owners.get(phone) or (by_name[0] if len(by_name) == 1 else "")

    def entry(self, row: Mapping[str, str], number: int) -> Entry:
        """Return a row with which nothing is wrong."""
        place = self.zones[plain(row["zone"])].id if row.get("zone") else ""
        if row.get("count"):
            label = row.get("name") or row.get("employer") or ""
            return Entry(row=number, name=label[:LONGEST], place=place, heads=int(row["count"]))
        phone = self._number(row)
        person = self._person(row, phone)
        if person:
            return Entry(row=number, person=person, place=place)
        return Entry(
            row=number, name=row["name"][:LONGEST], place=place, employer=row.get("employer", "")[:LONGEST],
            number=phone, language=row.get("language") or "zh",
        )  # fmt: skip


def zones_by_name(site: Site) -> dict[str, Place]:
    """Return every way to write a zone to the zone: id, names, short names, aliases."""
    found: dict[str, Place] = {}
    for place in site.places:
        if place.kind != "lift":
            for name in (place.id, place.name.zh, place.name.en, place.short.zh, place.short.en, *place.aliases):
                found.setdefault(plain(name), place)
    return found
