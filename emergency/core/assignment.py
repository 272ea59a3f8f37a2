"""Who takes which role: the chain of candidates of a role, and the choice among them.

The chain is the role's own people by duty and rank, then the holders of the roles that deputise for it, then
the next higher role (practice, after the deputy resolution of the founding plan). Skipped are people who are off,
already in an equal or graver incident elsewhere, believed to be in a silent place, or holding a role
that must be kept apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from emergency.core.incident import Incident
from emergency.core.site import Member

Because = Literal["holder", "deputy", "standing_in", "shared"]

DUTY_ORDER = {"on": 0, "call": 1}


def chain(incident: Incident, role: str) -> tuple[str, ...]:
    """Return who may take *role*, first choice first: its own people, then its deputies'."""
    seen: dict[str, None] = {}
    for each in (role, *incident.site.duty(role).deputies):
        for member in _people_of(incident, each):
            seen.setdefault(member.id)
    return tuple(seen)


def _people_of(incident: Incident, role: str) -> Iterator[Member]:
    able = (m for m in incident.members.values() if role in m.roles and m.duty in DUTY_ORDER)
    yield from sorted(able, key=lambda m: (DUTY_ORDER[m.duty], m.roles[role], m.id))


def is_free(incident: Incident, person: str, role: str, *, elsewhere: bool = False) -> bool:
    """Return whether *person* may be called on for *role* now; with *elsewhere*, also out of another incident."""
    member = incident.members.get(person)
    if member is None or member.duty not in DUTY_ORDER:
        return False
    if member.busy >= incident.severity.rank and not elsewhere:
        return False
    return not is_silenced(incident, member) and not _conflicts(incident, person, role)


def is_silenced(incident: Incident, member: Member) -> bool:
    """Return whether the person is believed to be where no phone may ring."""
    if not incident.playbook.silent_place or member.zone not in incident.site.inside(incident.place):
        return False
    return member.zone == incident.place or not incident.site.place(member.zone).apart


def _conflicts(incident: Incident, person: str, role: str) -> bool:
    apart = set(incident.site.duty(role).conflicts)
    held = {r for r, slots in incident.roles.items() if person in slots.values()}
    return bool(held & apart) or any(role in incident.site.duty(r).conflicts for r in held)


def choose(incident: Incident, role: str, count: int = 1) -> list[tuple[str, Because]]:
    """Return who takes the next *count* free places in *role* and why; fewer when nobody is left.

    People without a role in this incident come before those who have one; among equals the chain decides.
    """
    held = set(incident.holders(role))
    free = [p for p in chain(incident, role) if p not in held and is_free(incident, p, role)]
    busy_here = {p for slots in incident.roles.values() for p in slots.values()}
    free.sort(key=lambda p: (p in busy_here and not _own(incident, p, role), p in busy_here))
    return [(person, _because(incident, person, role)) for person in free[:count]]


def shared(incident: Incident, role: str) -> list[tuple[str, Because]]:
    """Return whom a role is given that nobody free could take: the first of its chain although another incident has
    them. Somebody who must choose between two is better than nobody who knows (practice)."""
    busy = (p for p in chain(incident, role) if is_free(incident, p, role, elsewhere=True))
    return [(person, "shared") for person in busy][:1]


def _because(incident: Incident, person: str, role: str) -> Because:
    rank = incident.members[person].roles.get(role)
    if rank is None:
        return "standing_in"
    return "holder" if rank == 1 else "deputy"


def _own(incident: Incident, person: str, role: str) -> bool:
    return incident.members[person].roles.get(role) == 1


def next_deputy(incident: Incident, role: str, asked: set[str]) -> str | None:
    """Return the next of the chain who was not asked yet, or None."""
    return next((p for p in chain(incident, role) if p not in asked and is_free(incident, p, role)), None)


def next_higher(incident: Incident, role: str, asked: set[str]) -> str | None:
    """Return who takes *role* when its chain is used up: the first free of the next higher roles, or None."""
    seen = {role}
    higher = incident.site.duty(role).higher
    while higher is not None and higher not in seen:
        seen.add(higher)
        for person in (*incident.holders(higher), *chain(incident, higher)):
            if person not in asked and is_free(incident, person, role):
                return person
        higher = incident.site.duty(higher).higher
    return None
