"""People: names, numbers, roles, shifts. Numbers live here and in the store's roster, never in the log."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from emergency.core.site import Member, Shift, Site
from emergency.core.values import Severity, Text

EMERGENCY_NUMBERS = frozenset({"000", "108", "110", "112", "119", "120", "122", "911", "999", "96333", "95598"})
"""Numbers that a person dials and this program never does."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One person. numbers: E.164, tried in this order. roles: role to rank, 1 for the normal holder."""

    id: str
    name: Text
    language: str
    numbers: tuple[str, ...]
    roles: dict[str, int]
    shift: str
    on_call: bool = False
    zone: str | None = None

    def __repr__(self) -> str:
        return f"Person({self.id})"


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody, by id."""

    people: dict[str, Person] = {}

    def names(self, language: str) -> dict[str, str]:
        """Return id to name in *language*."""
        return {id: person.name.of(language) for id, person in self.people.items()}

    def by_number(self) -> dict[str, str]:
        """Return number to id of the person whose it is."""
        return {number: person.id for person in self.people.values() for number in person.numbers}


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What the installed providers can do, as far as it matters to a person.

    channels: in the order they are tried. one_way: calling codes from which no SMS comes back.
    """

    channels: tuple[str, ...] = ("sms", "voice")
    one_way: frozenset[str] = frozenset()


def on_shift(shift: Shift, at: datetime) -> bool:
    """Return whether *at* (in the site's own time) lies in the shift; a shift belongs to the day it begins."""
    clock = at.strftime("%H:%M")
    if shift.starts < shift.ends:
        return at.weekday() in shift.days and shift.starts <= clock < shift.ends
    if clock >= shift.starts:
        return at.weekday() in shift.days
    return clock < shift.ends and (at - timedelta(days=1)).weekday() in shift.days


def members(
    roster: Roster, site: Site, now: datetime, reach: Reach, busy: Mapping[str, Severity]
) -> tuple[Member, ...]:
    """Return the roster as the core sees it at *now*: who is on shift, on call or off, and how each can be reached.

    Args:
        busy: roster id to the gravest open incident in which that person holds a role.
    """
    local = now.astimezone(ZoneInfo(site.timezone))
    return team(roster, frozenset(shift.id for shift in site.shifts if on_shift(shift, local)), reach, busy)


def team(roster: Roster, working: Set[str], reach: Reach, busy: Mapping[str, Severity]) -> tuple[Member, ...]:
    """Return the roster as the core sees it while the shifts *working* are on; the rest as in `members`."""
    one_way = tuple(f"+{code}" for code in reach.one_way)
    return tuple(
        _member(p, p.shift in working, reach.channels, one_way, busy[p.id].rank if p.id in busy else 0)
        for p in roster.people.values()
    )


def _member(person: Person, working: bool, channels: tuple[str, ...], one_way: tuple[str, ...], busy: int) -> Member:
    return Member(
        id=person.id,
        language=person.language,
        roles=person.roles,
        duty="on" if working else "call" if person.on_call else "off",
        channels=channels if person.numbers else (),
        numbers=len(person.numbers),
        two_way=not (person.numbers and person.numbers[0].startswith(one_way)),
        zone=person.zone if working else None,
        busy=busy,
    )


def mask(number: str) -> str:
    """Return a number with its middle hidden, for lists that people look at."""
    return f"{number[:3]}…{number[-2:]}" if len(number) > 6 else "…"
