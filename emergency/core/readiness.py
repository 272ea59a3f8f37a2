"""Could a plan be run? Whether a team fills the roles of a plan, and since when until when one of them stays empty.

Who takes which role is decided in `assignment`, here as in an emergency. That is asked only where it is in doubt: a
role with enough able people of its own, or of its deputies, is filled however the seats are given out, and counting
them is a thousand times cheaper. So thirty days of five hundred people cost seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import combinations

import msgspec

from emergency.core.assignment import DUTY_ORDER, Passed, Seat, assign
from emergency.core.playbook import Playbook
from emergency.core.site import Member, Site
from emergency.core.values import Severity

WIDEST = 6
"""Roles that must be kept apart from each other, of which every group is counted; above, the seats are given out."""


class Watch(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A stretch of time in which nobody's duty changes, and the team of that time."""

    since: datetime
    until: datetime
    team: tuple[Member, ...]


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan needs at one level: role to heads, in the order of the plan.

    start: the plan may begin at this level by itself; else it is the gravest.
    """

    plan: str
    level: Severity
    start: bool
    place: str
    places: dict[str, int]


class Hole(msgspec.Struct, frozen=True, kw_only=True):
    """A role of a plan that nobody of its own people and deputies can take, from `since` until `until`.

    heads: how many of its places stay empty, of how many; the others are taken.
    falls_to: who of the next higher roles takes the first of them beside their own work; None when nobody does.
    passed: who would have come, each with why not.
    """

    plan: str
    level: Severity
    start: bool
    role: str
    heads: int
    of: int
    since: datetime
    until: datetime
    falls_to: str | None = None
    passed: tuple[Passed, ...] = ()


def needs_of(plan: Playbook, site: Site, start: Severity) -> tuple[Need, ...]:
    """Return what *plan* needs at its start, and at red: there also one head of each role that only steps call.

    Args:
        start: the gravest level at which the plan may begin by itself.
    """
    place = next((place.id for place in site.places if place.kind == plan.place), site.places[0].id)
    at_start = {call.role: call.heads for call in plan.roles if call.at is not None and call.at <= start}
    at_worst = {call.role: call.heads for call in plan.roles}
    first = Need(plan=plan.id, level=start, start=True, place=place, places=at_start)
    if at_worst == at_start:
        return (first,)
    return first, Need(plan=plan.id, level=Severity.red, start=False, place=place, places=at_worst)


def seats(need: Need, team: Iterable[Member], site: Site) -> tuple[Seat, ...]:
    """Return who of *team* takes which place of *need*; nobody is believed to be where no telephone may ring."""
    return assign(need.places, {m.id: m for m in team}, site, severity=need.level, place=need.place)


def team_key(team: Sequence[Member]) -> tuple[tuple[object, ...], ...]:
    """Return what two teams have in common that give every role to the same people, and explain it the same."""
    return tuple((m.id, m.duty, m.absent, m.busy, m.licences) for m in team)


class Strength:
    """How many people of one team could take each role, for sure: its own holders and its deputies' (`assignment`)."""

    def __init__(self, team: Sequence[Member], site: Site) -> None:
        self.site = site
        self._own = _masks(team, site)
        self._sure: dict[str, int] = {}

    def able(self, role: str) -> int:
        """Return those who can take *role*, as bits."""
        if role not in self._sure:
            mask = 0
            needs = self.site.duty(role).needs
            for each in (role, *self.site.duty(role).deputies):
                mask |= self._own.get((each, needs), 0)
            self._sure[role] = mask
        return self._sure[role]


def _masks(team: Sequence[Member], site: Site) -> dict[tuple[str, tuple[str, ...]], int]:
    """Return (role, licences) to who holds the one and has the others, is there, and is in no other incident."""
    wanted: dict[str, set[tuple[str, ...]]] = {}
    for duty in site.duties:
        for each in (duty.role, *duty.deputies):
            wanted.setdefault(each, set()).add(duty.needs)
    found: dict[tuple[str, tuple[str, ...]], int] = {}
    for bit, member in enumerate(team):
        if member.duty not in DUTY_ORDER or member.busy:
            continue
        for role in member.roles:
            for needs in wanted.get(role, ((),)):
                if not needs or set(needs) <= set(member.licences):
                    found[role, needs] = found.get((role, needs), 0) | 1 << bit
    return found


def doubtful(need: Need, team: Strength) -> tuple[str, ...]:
    """Return the roles of *need* that are not surely filled, with those that must be kept apart from them."""
    groups = groups_apart(team.site, tuple(need.places))
    return tuple(role for group in groups if not _surely(need, group, team) for role in group)


def _surely(need: Need, group: Sequence[str], team: Strength) -> bool:
    """Whether there are people enough for the roles of *group* although nobody takes two of them (Hall's theorem)."""
    if len(group) > WIDEST:
        return False
    for size in range(1, len(group) + 1):
        for some in combinations(group, size):
            people = 0
            for role in some:
                people |= team.able(role)
            if people.bit_count() < sum(need.places[role] for role in some):
                return False
    return True


@lru_cache(maxsize=256)
def groups_apart(site: Site, roles: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the roles in groups: who must be kept apart, directly or over a third, stands together."""
    apart = {role: set(site.duty(role).conflicts) for role in roles}
    left, groups = list(roles), []
    while left:
        group = [left.pop(0)]
        for role in group:
            near = [r for r in left if r in apart[role] or role in apart[r]]
            left = [r for r in left if r not in near]
            group += near
        groups.append(tuple(group))
    return tuple(groups)


class Lookout:
    """Finds holes; what one team means for a plan is found once."""

    def __init__(self, site: Site, needs: Sequence[Need]) -> None:
        self.site = site
        self.needs = needs
        self._known: dict[tuple[object, ...], tuple[Hole, ...]] = {}

    def holes(self, watches: Sequence[Watch]) -> list[Hole]:
        """Return every hole in the time of *watches* (one after the other), the earliest first; one that goes on over
        a change of duty is one hole, explained as it began."""
        return joined(self.each(watches))

    def each(self, watches: Iterable[Watch]) -> list[Hole]:
        """Return the holes of each of *watches*, one that goes on anew in the next."""
        return [hole for watch in watches for hole in self.of(watch)]

    def of(self, watch: Watch) -> Iterator[Hole]:
        """Yield the holes of one watch, in the order of the plans."""
        key = team_key(watch.team)
        if key not in self._known:
            self._known[key] = tuple(self._look(watch))
        for hole in self._known[key]:
            yield msgspec.structs.replace(hole, since=watch.since, until=watch.until)

    def _look(self, watch: Watch) -> Iterator[Hole]:
        strength = Strength(watch.team, self.site)
        members = {member.id: member for member in watch.team}
        given: dict[tuple[object, ...], tuple[Seat, ...]] = {}
        for need in self.needs:
            asked = doubtful(need, strength)
            if not asked:
                continue
            places = {role: need.places[role] for role in asked}
            name = (*places.items(), need.level, need.place)
            if name not in given:
                given[name] = assign(places, members, self.site, severity=need.level, place=need.place)
            yield from _empty(need, given[name], watch)


def _empty(need: Need, given: Sequence[Seat], watch: Watch) -> Iterator[Hole]:
    """Yield the roles in *given* that neither their own people nor deputies take."""
    by_role: dict[str, list[Seat]] = {}
    for seat in given:
        by_role.setdefault(seat.role, []).append(seat)
    for role, all_ in by_role.items():
        empty = [seat for seat in all_ if is_hole(seat)]
        if empty:
            yield Hole(
                plan=need.plan,
                level=need.level,
                start=need.start,
                role=role,
                heads=len(empty),
                of=need.places[role],
                since=watch.since,
                until=watch.until,
                falls_to=next((seat.person for seat in empty if seat.person is not None), None),
                passed=empty[0].passed,
            )


def is_hole(seat: Seat) -> bool:
    """Return whether nobody who was meant for it takes a seat: it is empty, or falls to a higher role. That one has
    work of their own, and may not know this one (practice; the emergency shows it as a gap too)."""
    return seat.person is None or seat.because == "higher"


Name = tuple[str, Severity, str]
"""A plan, a level of it, and a role."""


def joined(holes: Iterable[Hole]) -> list[Hole]:
    """Return *holes*, which stand in the order of time, with those in one that follow on each other."""
    found: list[Hole] = []
    last: dict[tuple[Name, int], int] = {}
    for hole in holes:
        name = (_name(hole), hole.heads)
        if name in last and found[last[name]].until == hole.since:
            found[last[name]] = msgspec.structs.replace(found[last[name]], until=hole.until)
        else:
            last[name] = len(found)
            found.append(hole)
    return found


def _name(hole: Hole) -> Name:
    return hole.plan, hole.level, hole.role


def opened(before: Iterable[Hole], after: Iterable[Hole]) -> list[Hole]:
    """Return what of the holes in *after* was none in *before*, or not for so many heads; *after* stands in the order
    of time, and is not yet joined, so that each is explained as it is there."""
    known: dict[Name, list[Hole]] = {}
    for hole in before:
        known.setdefault(_name(hole), []).append(hole)
    return joined(piece for hole in after for piece in _uncovered(hole, known.get(_name(hole), ())))


def _uncovered(hole: Hole, known: Iterable[Hole]) -> Iterator[Hole]:
    """Yield the parts of the time of *hole* in which there was none of as many heads."""
    reached = hole.since
    for each in sorted((k for k in known if k.heads >= hole.heads), key=lambda k: k.since):
        if each.since > reached:
            yield from _piece(hole, reached, each.since)
        reached = max(reached, each.until)
    yield from _piece(hole, reached, hole.until)


def _piece(hole: Hole, since: datetime, until: datetime) -> Iterator[Hole]:
    until = min(until, hole.until)
    if since < until:
        yield msgspec.structs.replace(hole, since=since, until=until)
