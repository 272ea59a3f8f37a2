"""The roster as the core sees it: abilities instead of names and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date, datetime

import msgspec
from msgspec.structs import replace

from emergency.core.site import Member, Site
from emergency.core.values import Severity
from emergency.roster import calendar
from emergency.roster.calendar import Moment, Reason, State
from emergency.roster.person import Person, Roster

REMEMBERED = 8
"""Teams that are kept: real and drill, now and at some moments that were asked for."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What the installed providers can do, as far as it matters to a person.

    channels: in the order they are tried. one_way: calling codes from which no SMS comes back.
    closed: (channel, calling code) of what reaches nobody.
    """

    channels: tuple[str, ...] = ("sms", "voice")
    one_way: frozenset[str] = frozenset()
    closed: frozenset[tuple[str, str]] = frozenset()

    def ways(self, numbers: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        """Return the ways to these numbers, (channel, number), in the order they are tried."""
        return tuple(
            (channel, n)
            for n, number in enumerate(numbers)
            for channel in self.channels
            if not any(channel == shut and number.startswith(f"+{code}") for shut, code in self.closed)
        )


def members(
    roster: Roster, site: Site, now: datetime, reach: Reach, busy: Mapping[str, Severity]
) -> tuple[Member, ...]:
    """Return the roster as the core sees it at *now*: who is on shift, on call or off, and how each can be reached.

    Args:
        busy: roster id to the gravest open incident in which that person holds a role.
    """
    free = _remembered(roster, site, calendar.moment(site, now), reach)
    if not busy:
        return free
    return tuple(replace(m, busy=busy[m.id].rank) if m.id in busy else m for m in free)


def team(
    roster: Roster, working: Set[str], reach: Reach, busy: Mapping[str, Severity], day: date | None = None
) -> tuple[Member, ...]:
    """Return the roster as the core sees it while the shifts and rotations *working* are on, leave and swaps aside.

    Args:
        day: the day of which licences and employment are asked; without one all count.
    """
    one_way = tuple(f"+{code}" for code in reach.one_way)
    return tuple(
        _member(p, _by_pattern(p, working, day), "", _licences(p, day), reach, one_way, _rank(busy, p.id))
        for p in roster.people.values()
    )


def _by_pattern(person: Person, working: Set[str], day: date | None) -> State:
    if day is not None and not person.employed(day):
        return "off"
    if person.shift in working:
        return "on"
    return "call" if person.on_call or person.standby in working else "off"


def _licences(person: Person, day: date | None) -> tuple[str, ...]:
    if not person.licences:
        return ()
    return tuple(sorted(person.licences)) if day is None else person.good_licences(day)


def _rank(busy: Mapping[str, Severity], person: str) -> int:
    return busy[person].rank if person in busy else 0


Key = tuple[Roster, Site, Moment, Reach]
_last: tuple[tuple[Key, tuple[Member, ...]], ...] = ()
"""The latest teams; replaced as a whole, so that two threads cannot meet in it."""


def _remembered(roster: Roster, site: Site, when: Moment, reach: Reach) -> tuple[Member, ...]:
    global _last
    for (one, at, moment, ways), team in _last:
        if one is roster and at is site and moment == when and ways == reach:
            return team
    found = _at(roster, site, when, reach)
    _last = (((roster, site, when, reach), found), *_last[: REMEMBERED - 1])
    return found


def _at(roster: Roster, site: Site, when: Moment, reach: Reach) -> tuple[Member, ...]:
    usual = {name: _usual(site, name, when) for name in {person.shift for person in roster.people.values()}}
    one_way = tuple(f"+{code}" for code in reach.one_way)
    found = []
    for p in roster.people.values():
        if p.leave or p.swaps or p.standby or p.since or p.until:
            state, absent = calendar.duty_at(p, site, when)
        else:
            state, absent = usual[p.shift]
            if p.on_call and state == "off":
                state, absent = "call", ""
        found.append(_member(p, state, absent, _licences(p, when.day), reach, one_way, 0))
    return tuple(found)


def _usual(site: Site, name: str, when: Moment) -> tuple[State, Reason]:
    """Return the duty of those who work in *name*, if there is nothing out of the ordinary about them."""
    if calendar.at_work(site, name, when):
        return "on", ""
    return "off", "holiday" if calendar.planned_days(site, name, when) else ""


def _member(
    person: Person,
    duty: State,
    absent: Reason,
    licences: tuple[str, ...],
    reach: Reach,
    one_way: tuple[str, ...],
    busy: int,
) -> Member:
    ways = reach.ways(person.numbers) if reach.closed else ()
    if reach.closed and len(ways) == len(reach.channels) * len(person.numbers):
        ways = ()  # all there are: nothing to say
    channels = tuple(
        c for c in reach.channels if not reach.closed or any(c == way for way, _ in reach.ways(person.numbers))
    )
    return Member(
        id=person.id,
        language=person.language,
        roles=person.roles,
        duty=duty,
        channels=channels if person.numbers else (),
        numbers=len(person.numbers),
        ways=ways,
        two_way=not (person.numbers and person.numbers[0].startswith(one_way)),
        zone=person.zone if duty == "on" else None,
        busy=busy,
        licences=licences,
        absent=absent,
    )
