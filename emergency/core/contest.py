"""One person, several incidents: who has whom, who is lent, and who is wanted twice.

The graver incident keeps a person, the other gets the deputy; among equals the one that has them keeps them
(practice, after the deputy resolution of the founding plan). Where nobody is left for a role that has work, a lighter
incident may share somebody: first whoever has nothing open in theirs, then whoever holds that very role there, for one
lift manager sees to two lifts. A drill and a real incident share nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from emergency.core.assignment import DUTY_ORDER, team_of
from emergency.core.incident import BESIDE, Incident
from emergency.core.site import Elsewhere, Wanted
from emergency.core.values import Mode, Severity, is_drill

ABOVE_ALL = Severity.red.rank + 1
"""What a real incident weighs for a drill: nobody is taken out of it."""


def goes_on(incident: Incident) -> bool:
    """Return whether *incident* has people of its own: it has begun, and has not ended."""
    return not (incident.armed or incident.ended or incident.is_closed)


def outranks(one: Incident, other: Incident) -> bool:
    """Return whether *one* may take people out of *other*: the graver out of the lighter, the real out of a drill."""
    if one.mode != other.mode:
        return one.mode == "real"
    return one.severity > other.severity


def holds(incident: Incident) -> frozenset[str]:
    """Return everyone who holds a role in *incident* as its own: whom it shares with another is the other's."""
    return frozenset(p for slots in incident.roles.values() for p in slots.values()) - incident.shared


def roles_of(incident: Incident, person: str) -> tuple[str, ...]:
    """Return the roles that *person* holds here, in alphabetical order."""
    return tuple(sorted(role for role, slots in incident.roles.items() if person in slots.values()))


def is_spare(incident: Incident, person: str) -> bool:
    """Return whether *incident* needs *person* for nothing just now: no step of theirs is open, and they do not
    command."""
    if person == incident.command:
        return False
    asked = (incident.steps[alert.step or ""] for alert in incident.open_alerts(person))
    return all(run.name in BESIDE for run in asked)


def elsewhere(
    id: str | None, mode: Mode, among: Iterable[Incident], people: Iterable[str] | None = None
) -> dict[str, Elsewhere]:
    """Return what other incidents want of people, as the incident *id* of this mode sees it; who is wanted by none is
    left out. A drill sees real incidents above all others, a real one does not see drills.

    Args:
        among: the incidents that are open, oldest first; of equally grave ones the oldest names the person.
        people: of whom it is asked; everybody when not given.
    """
    found: dict[str, Elsewhere] = {}
    for other in among:
        if other.id == id or not goes_on(other) or (mode == "real" and is_drill(other.mode)):
            continue
        own = holds(other)
        for person in own if people is None else own.intersection(people):
            found[person] = _added(found.get(person), other, person, share=other.mode == mode)
    return found


def _added(known: Elsewhere | None, other: Incident, person: str, *, share: bool) -> Elsewhere:
    rank = other.severity.rank if share else ABOVE_ALL
    roles = roles_of(other, person) if share else ()
    spare = share and is_spare(other, person)
    if known is None:
        return Elsewhere(person=person, rank=rank, code=other.code, spare=spare, roles=roles)
    graver = rank > known.rank
    return Elsewhere(
        person=person,
        rank=max(rank, known.rank),
        code=other.code if graver else known.code,
        spare=spare and known.spare,
        roles=tuple(sorted({*roles, *known.roles})),
    )


def news(incident: Incident, now: Mapping[str, Elsewhere], people: Iterable[str]) -> tuple[Elsewhere, ...]:
    """Return of which of *people* the incident does not know yet what others want of them, by id.

    What they are free for elsewhere matters only of those who could fill a gap of it.
    """
    found, could = [], could_fill(incident)
    for person in sorted(people):
        member = incident.members.get(person)
        if member is None:
            continue
        there = now.get(person) or Elsewhere(person=person)
        moved = (member.busy, member.elsewhere) != (there.rank, there.code)
        freer = (member.spare, member.also) != (there.spare, there.roles)
        if moved or (freer and person in could):
            found.append(there)
    return tuple(found)


def could_fill(incident: Incident) -> frozenset[str]:
    """Return who could take a role that nobody holds although it is called for."""
    gaps = {role for role, _ in incident.unfilled if not incident.roles.get(role)}
    if not gaps:
        return frozenset()
    team = team_of(incident)
    return frozenset(person for role in gaps for person in team.able(role))


def lent(incident: Incident, role: str) -> tuple[str, Literal["lent", "shared"]] | None:
    """Return who of another incident may take *role* as well, and why; None when nobody may.

    First choice first, who is spare there (`lent`); else who holds the same role there (`shared`).
    """
    members, team = incident.members, team_of(incident)
    able = [p for p in team.able(role) if members[p].busy and team.bar(p, role, elsewhere=True) is None]
    for person in able:
        if members[person].spare:
            return person, "lent"
    return next(((person, "shared") for person in able if role in members[person].also), None)


def wanted(incident: Incident) -> tuple[tuple[str, Wanted], ...]:
    """Return whom this incident wants and another has: the other's code, and who; in the order of the plan's roles.

    Wanted is who would hold a role here if nothing else went on: the first of its own people, as many as it has heads.
    """
    if not goes_on(incident):
        return ()
    return tuple(each for role, heads in _called(incident) for each in _wanted_for(incident, role, heads))


def _called(incident: Incident) -> Iterator[tuple[str, int]]:
    for call in incident.playbook.roles:
        level = call.at is not None and call.at <= incident.severity
        if level or call.role in incident.roles or (call.role, 1) in incident.unfilled:
            yield call.role, call.heads


def _wanted_for(incident: Incident, role: str, heads: int) -> Iterator[tuple[str, Wanted]]:
    able = [m for m in incident.members.values() if role in m.roles and m.duty in DUTY_ORDER]
    able.sort(key=lambda m: (DUTY_ORDER[m.duty], m.roles[role], m.id))
    first = {m.id: m for m in able[:heads]}
    held = incident.holders(role)
    stand_in = [person for person in held if person not in first]
    for member in first.values():
        if not member.elsewhere:
            continue
        if member.id in held:
            if member.id in incident.shared:
                yield member.elsewhere, Wanted(person=member.id, role=role, here=member.id)
        elif member.busy >= incident.severity.rank:
            yield member.elsewhere, Wanted(person=member.id, role=role, here=stand_in.pop(0) if stand_in else None)


def also_here(incident: Incident) -> tuple[tuple[str, Wanted], ...]:
    """Return who works here although another incident has them: the other's code, and who."""
    found = []
    for role, slots in incident.roles.items():
        for person in dict.fromkeys(slots.values()):
            member = incident.members.get(person)
            if person in incident.shared and member is not None and member.elsewhere:
                found.append((member.elsewhere, Wanted(person=person, role=role, here=person)))
    return tuple(found)
