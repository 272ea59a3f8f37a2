"""From the shapes of a roster file to people: what the site knows, what is said twice, what cannot be."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import combinations
from typing import TYPE_CHECKING

from emergency.core.check import Finding
from emergency.core.near import nearest, nearest_zh
from emergency.core.site import OFF, Site
from emergency.core.values import Text
from emergency.errors import Unfit
from emergency.roster import calendar
from emergency.roster.calendar import DAY
from emergency.roster.numbers import e164
from emergency.roster.person import Leave, Person, Swap

if TYPE_CHECKING:
    from emergency.shapes import PersonShape, RosterShape
    from emergency.yaml_file import YamlFile

Path_ = tuple[str | int, ...]


def people_of(shape: RosterShape, site: Site, file: YamlFile) -> tuple[dict[str, Person], list[Finding]]:
    """Return the people of a roster's shape, and every mistake in them; with a mistake the people are of no use."""
    owner: dict[str, tuple[str, Path_]] = {}
    people: dict[str, Person] = {}
    findings: list[Finding] = []
    for id, s in shape.people.items():
        at: Path_ = ("people", id)
        numbers, wrong = _numbers(s.numbers, at, site, owner, id, file)
        person = _person(id, s, numbers)
        people[id] = person
        findings += [*wrong, *_unknown(s, at, site)]
        findings += _dates(s, at)
        if not any(f.path[:2] == at for f in findings):
            findings += overlaps(person, site)
    return people, findings


def _person(id: str, s: PersonShape, numbers: tuple[str, ...]) -> Person:
    return Person(
        id=id,
        name=_text(s.name),
        language=s.language,
        numbers=numbers,
        roles=dict(s.roles),
        shift=s.shift,
        on_call=s.on_call,
        zone=s.zone,
        standby=s.standby,
        positions=tuple(map(_text, s.positions)),
        employer=_line(s.employer),
        licences=dict(s.licences),
        leave=tuple(Leave(first=each.from_, last=each.to, why=_line(each.why)) for each in s.leave),
        swaps=tuple(Swap(day=each.day, shift=each.shift) for each in s.swaps),
        since=s.since,
        until=s.until,
    )


def _text(words: Text) -> Text:
    return Text(_line(words.zh), _line(words.en))


def _line(words: str) -> str:
    """Words as one line without control characters, so that they are the same in a cell and in a file of text."""
    kept = (ch for ch in words if ch.isspace() or unicodedata.category(ch) not in ("Cc", "Cs", "Cn"))
    return " ".join("".join(kept).split())


def _unknown(s: PersonShape, at: Path_, site: Site) -> Iterator[Finding]:
    """Yield what the site does not know: shifts, zones, roles."""
    shifts = [shift.id for shift in site.shifts]
    patterns = [*shifts, *(rotation.id for rotation in site.rotations)]
    yield from _known((*at, "shift"), s.shift, [*patterns, OFF], "shift")
    if s.standby is not None:
        yield from _known((*at, "standby"), s.standby, patterns, "shift")
    if s.zone is not None:
        yield from _known((*at, "zone"), s.zone, [place.id for place in site.places], "zone")
    for index, swap in enumerate(s.swaps):
        yield from _known((*at, "swaps", index), swap.shift, [*shifts, OFF], "shift")
    for role, rank in s.roles.items():
        yield from _known((*at, "roles", role), role, [d.role for d in site.duties], "role of the site")
        if not 1 <= rank <= 99:
            yield Finding((*at, "roles", role), "a rank is 1 (holder) to 99", zh="顺位从 1(本职)到 99")


_WHAT_ZH = {"shift": "班次", "zone": "区域", "role of the site": "角色"}


def _known(at: Path_, word: str, words: Sequence[str], what: str) -> Iterator[Finding]:
    if word not in words:
        zh = f"没有“{word}”这个{_WHAT_ZH[what]}。{nearest_zh(word, list(words))}"
        yield Finding(at, f"'{word}' is no {what}.{nearest(word, list(words))}", zh=zh)


def _dates(s: PersonShape, at: Path_) -> Iterator[Finding]:
    for index, leave in enumerate(s.leave):
        if leave.to < leave.from_:
            says = f"the leave from {leave.from_} ends before it begins, on {leave.to}"
            yield Finding((*at, "leave", index), says, zh=f"请假从 {leave.from_} 到 {leave.to},结束早于开始")
    if s.since is not None and s.until is not None and s.until < s.since:
        says = f"the last day, {s.until}, lies before the first, {s.since}"
        yield Finding((*at, "until"), says, zh=f"离职日 {s.until} 早于入职日 {s.since}")


def _numbers(
    texts: Sequence[str], at: Path_, site: Site, owner: dict[str, tuple[str, Path_]], id: str, file: YamlFile
) -> tuple[tuple[str, ...], list[Finding]]:
    found: list[str] = []
    findings: list[Finding] = []
    for index, text in enumerate(texts):
        here = (*at, "numbers", index)
        try:
            number = e164(text, site.country)
        except Unfit as error:
            zh = f"{id} 的第 {index + 1} 个号码{error.zh}"
            findings.append(Finding(here, f"number {index + 1} of {id} {error}", zh=zh))
            continue
        if number in owner:
            whose, first = owner[number]
            findings.append(
                Finding(
                    here,
                    f"number {index + 1} of {id} is also that of {whose} ({_at(file, first, here)})",
                    zh=f"{id} 的第 {index + 1} 个号码和 {whose} 的相同({_at_zh(file, first, here)})",
                )
            )
        owner.setdefault(number, (id, here))
        found.append(number)
    return tuple(found), findings


def _at(file: YamlFile, path: Path_, seen_from: Path_) -> str:
    """Where *path* stands, for a message about another place: the line, and the file if it is another one."""
    name, line = file.place(path)
    return f"line {line}" if name == file.place(seen_from)[0] else f"{name}:{line}"


def _at_zh(file: YamlFile, path: Path_, seen_from: Path_) -> str:
    name, line = file.place(path)
    return f"第 {line} 行" if name == file.place(seen_from)[0] else f"{name} 第 {line} 行"


def overlaps(person: Person, site: Site) -> Iterator[Finding]:
    """Yield the swaps with which somebody would work two shifts at once."""
    hours = {shift.id: shift for shift in site.shifts}
    for index, swap in enumerate(person.swaps):
        spans = [
            (calendar.hours(site, hours[shift], day), shift, day)
            for day in (swap.day - DAY, swap.day, swap.day + DAY)
            for shift in calendar.shifts_of(site, person, day)
        ]
        pairs = [(a, b) for a, b in combinations(spans, 2) if swap.day in (a[2], b[2]) and _meet(a[0], b[0])]
        if pairs:
            a, b = pairs[0]
            says = f"overlapping shifts of {person.id}: '{a[1]}' on {a[2]} and '{b[1]}' on {b[2]}"
            zh = f"{person.id} 的班次重叠:{a[2]} 的 {a[1]} 和 {b[2]} 的 {b[1]}"
            yield Finding(("people", person.id, "swaps", index), says, zh=zh)


def _meet(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def doubtful(people: Sequence[Person], site: Site, day: date) -> Iterator[Finding]:
    """Yield what does not keep a roster from being used and should be seen to: licences that have run out, and roles
    for which one is missing."""
    for person in people:
        for name, last in person.licences.items():
            if last is not None and last < day:
                yield _expired(person, name, last)
        for role in person.roles:
            for name in site.duty(role).needs:
                if name not in person.licences:
                    yield _unlicensed(person, role, name)


def _expired(person: Person, name: str, last: date) -> Finding:
    return Finding(
        path=("people", person.id, "licences", name),
        severity="warning",
        says=f"the licence '{name}' of {person.id} ran out on {last}; roles that need it go to somebody else",
        zh=f"{person.id} 的证书 {name} 已于 {last} 到期,需要该证书的角色将由他人担任",
    )


def _unlicensed(person: Person, role: str, name: str) -> Finding:
    return Finding(
        path=("people", person.id, "roles", role),
        severity="warning",
        says=f"{person.id} has the role '{role}', which needs the licence '{name}'; it goes to somebody else",
        zh=f"{person.id} 列有角色 {role},但没有所需证书 {name},该角色将由他人担任",
    )
