"""Who takes which role: every seat of an incident at once, and the chain of one role for the ladder.

What outranks what, and why, stands in `docs/decisions/0017-assignment.md`; in short:

1. a seat that is filled beats better people in the others; command before other roles, first heads before second;
2. who has no role here comes before who has one;
3. who is in the house comes before who is on call, but for command and what else can be done by telephone;
4. the role's own people come before its deputies', rank by rank; the next higher role comes last of all;
5. who is in no other incident comes before who is called out of a lighter one; then the nearer one; then the id.

Never chosen: who is off, who lacks a licence that the role needs, who is in an equal or graver incident, who is
believed to be in a silent place, who holds a role that must be kept apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import islice

import msgspec

from emergency.core.incident import Incident
from emergency.core.matching import cheapest, fill
from emergency.core.seat import Because, Passed, Seat
from emergency.core.site import Member, Site
from emergency.core.team import DUTY_ORDER, Held, Team, digits
from emergency.core.values import Severity

__all__ = [
    "DUTY_ORDER", "Because", "Passed", "Seat", "assign", "chain", "choose", "is_free", "is_silenced", "next_deputy",
    "next_higher", "shared",
]  # fmt: skip

PASSED = 3
"""How many who were passed over are named with a choice."""
TRIES = 64
"""How many ways of giving out roles are tried where roles to be kept apart leave a seat empty."""


class _Place(msgspec.Struct, frozen=True):
    """A seat before anybody has it."""

    role: str
    slot: int


class _Taken(msgspec.Struct, frozen=True):
    """Who has a seat; second: they had a role here before."""

    person: str
    second: bool


Cost = tuple[int, int]
"""How many roles a person has here, and what they cost as `digits` says."""
Given = dict[_Place, _Taken]
Taboo = frozenset[tuple[str, str]]
"""Pairs of a person and a role that this try does not put together."""


def assign(
    places: Mapping[str, int],
    members: Mapping[str, Member],
    site: Site,
    *,
    severity: Severity,
    place: str,
    silent: bool = False,
    held: Held | None = None,
    higher: bool = True,
    known: Team | None = None,
) -> tuple[Seat, ...]:
    """Return a seat for every place that nobody holds yet, role by role as in *places*, slots upwards.

    Which seats are filled is the best that can be; so is who sits where, round by round: first among those without a
    role here, then among all for the seats that are left, one further role each.

    Args:
        places: role to heads, the most important role first; roles of command come before all others.
        severity, place: of the incident. silent: its plan keeps the place silent.
        held: what is given out already, and stays.
        higher: give a role that nobody of its chain can take to the next higher role: its first place alone, and no
            command, which passes by its own rule.
        known: the same people at the same place, whatever they hold: what is known of them is not looked up again, and
            what was asked of them before is not worked out again.
    """
    if known is not None:
        return known.remembered(places, held or {}, higher, lambda: _seats(known.copy(held), places, held, higher))
    team = Team(members, site, severity=severity, place=place, silent=silent, held=held)
    team.look_up_all()
    return _seats(team, places, held, higher)


def _seats(team: Team, places: Mapping[str, int], held: Held | None, higher: bool) -> tuple[Seat, ...]:
    wanted = _by_importance(team, places, held or {})
    given = _give_out(team, wanted)
    for seat, taken in given.items():
        team.give(taken.person, seat.role)
    found = [_seat(team, seat, given[seat]) for seat in wanted if seat in given]
    for seat in wanted:
        if seat not in given:
            found.append(_nobody(team, seat, given, held or {}, higher=higher))
    order = {role: n for n, role in enumerate(places)}
    return tuple(sorted(found, key=lambda each: (order[each.role], each.slot)))


def _by_importance(team: Team, places: Mapping[str, int], held: Held) -> list[_Place]:
    """Return the empty places, the most important first: roles of command; then a first head in every role before a
    second in any, for a role with nobody in it has nobody to take its steps."""
    order = {role: n for n, role in enumerate(places)}
    empty = [
        _Place(role, slot)
        for role, heads in places.items()
        for slot in range(1, heads + 1)
        if slot not in held.get(role, {})
    ]
    return sorted(empty, key=lambda p: (not team.duty(p.role).command, p.slot, order[p.role]))


def _give_out(team: Team, wanted: Sequence[_Place]) -> Given:
    """Return who gets what. Where a seat stays empty because somebody for it holds a role to be kept apart, the same
    is tried without that; the try that fills the most important seats is taken.

    Every way that could fill a further seat is among the tries (one of them keeps the person of that seat free), so
    the filled seats are the best there are, unless there are more than `TRIES` ways.
    """
    best = _rounds(team, wanted, frozenset())
    tries: list[tuple[Taboo, Given]] = [(frozenset(), best)]
    best_filled = _filled(wanted, best)
    known = {frozenset[tuple[str, str]]()}
    for taboo, given in tries:
        for more in _ways_round(team, wanted, given):
            if (without := taboo | more) in known or len(known) >= TRIES:
                continue
            known.add(without)
            other = _rounds(team, wanted, without)
            tries.append((without, other))
            if (filled := _filled(wanted, other)) > best_filled:
                best, best_filled = other, filled
    return best


def _filled(wanted: Sequence[_Place], given: Given) -> tuple[bool, ...]:
    return tuple(seat in given for seat in wanted)


def _ways_round(team: Team, wanted: Sequence[_Place], given: Given) -> Iterable[Taboo]:
    """Yield for every empty seat what would have to be left undone so that somebody could take it."""
    roles: dict[str, list[str]] = {}
    for seat, taken in given.items():
        roles.setdefault(taken.person, []).append(seat.role)
    for role in _roles(seat for seat in wanted if seat not in given):
        for person in team.free(role):
            in_the_way = [each for each in roles.get(person, ()) if team.must_be_apart(each, role)]
            if in_the_way and role not in roles[person]:
                yield frozenset((person, each) for each in in_the_way)


def _rounds(team: Team, wanted: Sequence[_Place], taboo: Taboo) -> Given:
    team, given = team.copy(), Given()
    newcomers = True
    while empty := [seat for seat in wanted if seat not in given]:
        found = _round(team, empty, taboo, newcomers=newcomers)
        if not found and not newcomers:
            break
        given |= found
        for seat, taken in found.items():
            team.give(taken.person, seat.role)
        newcomers = False
    return given


def _round(team: Team, empty: Sequence[_Place], taboo: Taboo, *, newcomers: bool) -> Given:
    """Give each person one seat at most: as many seats as can be, and then the people who are best for them.

    Only so many of each role's people matter as there are seats: the others can have no more than the rest of them.
    """
    able = {role: _first(team, role, taboo, len(empty), newcomers=newcomers) for role in _roles(empty)}
    sits = fill([list(able[seat.role]) for seat in empty])
    start: dict[str, list[str]] = {}
    for row, person in sorted(sits.items()):
        start.setdefault(empty[row].role, []).append(person)
    people = start if _is_best(able, start) else cheapest(_numbers(able, start), start)
    found: Given = {}
    for role, here in _tidied(able, people).items():
        slots = sorted(empty[row].slot for row in sits if empty[row].role == role)
        found |= {_Place(role, slot): _Taken(person, not newcomers) for slot, person in zip(slots, here, strict=True)}
    return found


def _roles(seats: Iterable[_Place]) -> list[str]:
    return list(dict.fromkeys(seat.role for seat in seats))


def _first(team: Team, role: str, taboo: Taboo, count: int, *, newcomers: bool) -> dict[str, Cost]:
    """Return the first *count* who are free for *role*, and what each costs: how many roles they have here, then as
    `digits` says. They stand in the order in which they are asked."""
    free, roles_of = team.free(role), team.roles_of
    if newcomers:
        found = ((0, cost, person) for person, cost in free.items() if person not in roles_of)
        return {
            person: (load, cost)
            for load, cost, person in islice(found, count + len(taboo))
            if (person, role) not in taboo
        }
    loaded = [(len(roles_of.get(person, ())), cost, person) for person, cost in free.items()]
    return {
        person: (load, cost) for load, cost, person in sorted(e for e in loaded if (e[2], role) not in taboo)[:count]
    }


def _is_best(able: Mapping[str, Mapping[str, Cost]], chosen: Mapping[str, Sequence[str]]) -> bool:
    """Return whether every role has the first of its own list: then there is nothing to weigh."""
    return all(set(here) == set(islice(able[role], len(here))) for role, here in chosen.items())


def _tidied(able: Mapping[str, Mapping[str, Cost]], chosen: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the same choice in the order of the lists, with whoever costs the same and has the lower id: the better
    one of a role has its lower slot, for the first is asked first."""
    before: dict[str, list[str]] = {}
    after = {role: list(here) for role, here in chosen.items()}
    while after != before:  # each time somebody gives way to a lower id
        before = dict(after)
        for role, here in before.items():
            others = {person for each, people in after.items() if each != role for person in people}
            after[role] = _lowest(able[role], here, others)
    return after


def _lowest(able: Mapping[str, Cost], here: Sequence[str], others: Set[str]) -> list[str]:
    wanted = Counter(able[person] for person in here)
    found = []
    for person, cost in able.items():
        if wanted[cost] and person not in others:
            wanted[cost] -= 1
            found.append(person)
    return found


def _numbers(able: Mapping[str, Mapping[str, Cost]], chosen: Mapping[str, Sequence[str]]) -> dict[str, dict[str, int]]:
    """Return the costs as whole numbers whose sum over all seats compares as their digits do: the first digit of all
    seats together, then the second, and so on."""
    each = {role: {person: (load, *digits(cost)) for person, (load, cost) in able[role].items()} for role in chosen}
    most = {role: [max(column) for column in zip(*people.values(), strict=True)] for role, people in each.items()}
    bases = [
        1 + sum(d * len(chosen[role]) for role, d in zip(most, column, strict=True))
        for column in zip(*most.values(), strict=True)
    ]
    return {role: {person: _number(d, bases) for person, d in people.items()} for role, people in each.items()}


def _number(digits: Sequence[int], bases: Sequence[int]) -> int:
    number = 0
    for digit, base in zip(digits, bases, strict=True):
        number = number * base + digit
    return number


def _seat(team: Team, seat: _Place, taken: _Taken) -> Seat:
    because: Because = "second_role" if taken.second else _because(team, taken.person, seat.role)
    passed = _passed(team, seat.role, seat.slot, taken.person) if because != "holder" else ()
    return Seat(role=seat.role, slot=seat.slot, person=taken.person, because=because, passed=passed)


def _because(team: Team, person: str, role: str) -> Because:
    rank = team.members[person].roles.get(role)
    if rank is None:
        return "standing_in"
    return "holder" if rank <= 1 else "deputy"


def _nobody(team: Team, seat: _Place, given: Given, held: Held, *, higher: bool) -> Seat:
    """Return the seat that nobody of the chain can take: the next higher role has it, or nobody."""
    person, passed = None, _passed(team, seat.role, seat.slot, None)
    if higher and seat.slot == 1 and not held.get(seat.role) and not team.duty(seat.role).command:
        person = next((p for p in team.higher(seat.role) if team.bar(p, seat.role, licences=False) is None), None)
    if person is not None:
        team.give(person, seat.role)
    return Seat(role=seat.role, slot=seat.slot, person=person, because="higher" if person else None, passed=passed)


def _passed(team: Team, role: str, slot: int, chosen: str | None) -> tuple[Passed, ...]:
    """Return who stands before *chosen* in the site's own order of the role, and why each was not taken. That somebody
    is off shift explains the first place at most: every other shift is."""
    telling: list[Passed] = []
    off: list[Passed] = []
    for member in team.before(role, chosen):
        passed = _why_not(team, member.id, role)
        if passed is not None:
            (off if passed.why == "off" else telling).append(passed)
        if len(telling) == PASSED:
            break
    return tuple(telling or (off[:1] if slot == 1 else ()))


def _why_not(team: Team, person: str, role: str) -> Passed | None:
    roles = team.roles_of.get(person, [])
    if role in roles:
        return None
    barred = team.bar(person, role)
    if barred is not None:
        return barred
    if roles:
        return Passed(person=person, why="taken", what=roles[0])
    return Passed(person=person, why="away")


# one role of an incident, for the ladder


_last: dict[str, tuple[Incident, Team]] = {}
LAST_AT_MOST = 16
_people: tuple[tuple[Incident, Team], ...] = ()
"""Whom incidents began with lately, or reached another level with, the latest first: many may see the same ones.
Replaced as a whole, so that two threads cannot meet in it."""


def team_of(incident: Incident) -> Team:
    """Return the people as the incident sees them now, to be asked and not to be given anything.

    After most events people, places and level are the very same objects: then it is the team of the last time, or its
    people with other roles. So it is for the runs of a forecast, which all begin with the same people.
    """
    known = _last.get(incident.id)
    if known is None or not _same_people(known[0], incident):
        known = _people_of(incident)
    if known[0].roles is incident.roles:
        return known[1]
    team = known[1].copy(incident.roles)
    if len(_last) >= LAST_AT_MOST:
        _last.clear()
    _last[incident.id] = (incident, team)
    return team


def _people_of(incident: Incident) -> tuple[Incident, Team]:
    global _people
    known = next((each for each in _people if _same_people(each[0], incident)), None)
    if known is None:
        team = Team(
            incident.members,
            incident.site,
            severity=incident.severity,
            place=incident.place,
            silent=incident.playbook.silent_place,
            held=incident.roles,
        )
        known = incident, team
        _people = (known, *_people[: LAST_AT_MOST - 1])
    return known


def _same_people(one: Incident, other: Incident) -> bool:
    same = one.members is other.members and one.site is other.site and one.playbook is other.playbook
    return same and one.severity is other.severity and one.place == other.place


def chain(incident: Incident, role: str) -> tuple[str, ...]:
    """Return who may take *role*, first choice first: its own people, then its deputies'."""
    return tuple(team_of(incident).able(role))


def is_free(incident: Incident, person: str, role: str, *, elsewhere: bool = False) -> bool:
    """Return whether *person* may be called on for *role* now; with *elsewhere*, also out of another incident."""
    return team_of(incident).bar(person, role, elsewhere=elsewhere) is None


def is_silenced(incident: Incident, member: Member) -> bool:
    """Return whether the person is believed to be where no phone may ring."""
    return incident.playbook.silent_place and team_of(incident).silenced(member)


def choose(incident: Incident, role: str, count: int = 1) -> list[tuple[str, Because]]:
    """Return who takes the next *count* free places in *role* and why; fewer when nobody is left."""
    held = {role: dict(enumerate(incident.holders(role), start=1))}
    held = {**incident.roles, **held}
    seats = assign(
        {role: len(held[role]) + count},
        incident.members,
        incident.site,
        severity=incident.severity,
        place=incident.place,
        silent=incident.playbook.silent_place,
        held=held,
        higher=False,
    )
    return [(seat.person, seat.because) for seat in seats if seat.person is not None and seat.because is not None]


def shared(incident: Incident, role: str) -> list[tuple[str, Because]]:
    """Return whom a role is given that nobody free could take: the first of its chain although another incident has
    them. Somebody who must choose between two is better than nobody who knows (practice)."""
    team = team_of(incident)
    busy = (p for p in team.able(role) if team.bar(p, role, elsewhere=True) is None)
    return [(person, "shared") for person in busy][:1]


def next_deputy(incident: Incident, role: str, asked: set[str]) -> str | None:
    """Return the next of the chain who was not asked yet, or None."""
    team = team_of(incident)
    return next((p for p in team.able(role) if p not in asked and team.bar(p, role) is None), None)


def next_higher(incident: Incident, role: str, asked: set[str]) -> str | None:
    """Return who takes *role* when its chain is used up: the first free of the next higher roles, or None."""
    team = team_of(incident)
    return next((p for p in team.higher(role) if p not in asked and team.bar(p, role, licences=False) is None), None)
