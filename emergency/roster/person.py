"""The people of a site as frozen values."""

from __future__ import annotations

from datetime import date

import msgspec

from emergency.core.values import Text

EMERGENCY_NUMBERS = frozenset({"000", "108", "110", "112", "119", "120", "122", "911", "999", "96333", "95598"})
"""Numbers that a person dials and this program never does."""


class Leave(msgspec.Struct, frozen=True, kw_only=True):
    """Days away, both ends included: no shift that begins on them, and no call on them. why: in the house's words."""

    first: date
    last: date
    why: str = ""


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """On this day the person works `shift` instead of their own; `off`: none. Two of one day are a double shift."""

    day: date
    shift: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One person. numbers: E.164, tried in this order. roles: role to rank, 1 for the normal holder.

    shift: a shift or a rotation of the site, or `off` for who works in none.
    on_call: reachable off site whenever not on shift. standby: a shift or rotation during which that is so.
    positions: what the person is in the house. employer: empty for the house's own people.
    licences: licence to its last good day, None for one that does not expire.
    since, until: the first and the last day of employment, where known.
    """

    id: str
    name: Text
    language: str
    numbers: tuple[str, ...]
    roles: dict[str, int]
    shift: str
    on_call: bool = False
    zone: str | None = None
    standby: str | None = None
    positions: tuple[Text, ...] = ()
    employer: str = ""
    licences: dict[str, date | None] = {}
    leave: tuple[Leave, ...] = ()
    swaps: tuple[Swap, ...] = ()
    since: date | None = None
    until: date | None = None

    def __repr__(self) -> str:
        return f"Person({self.id})"

    def employed(self, day: date) -> bool:
        """Return whether the person is with the house on *day*."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def away(self, day: date) -> bool:
        """Return whether the person is on leave on *day*."""
        return any(leave.first <= day <= leave.last for leave in self.leave)

    def good_licences(self, day: date) -> tuple[str, ...]:
        """Return the licences that are good on *day*, in order."""
        return tuple(sorted(name for name, last in self.licences.items() if last is None or day <= last))


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody, by id."""

    people: dict[str, Person] = {}

    def names(self, language: str) -> dict[str, str]:
        """Return id to name in *language*."""
        return {id: person.name.of(language) for id, person in self.people.items()}

    def by_number(self) -> dict[str, str]:
        """Return number to id of the person whose it is."""
        return {number: person.id for person in self.people.values() for number in person.numbers}


def mask(number: str) -> str:
    """Return a number with its middle hidden, for lists that people look at."""
    return f"{number[:3]}…{number[-2:]}" if len(number) > 6 else "…"
