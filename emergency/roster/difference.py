"""What one roster changes in another: who came, who left, and field by field what else; numbers are masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from emergency.core.incident import Incident
from emergency.roster.columns import COLUMNS, row_of
from emergency.roster.person import Person, Roster, mask


class Field(msgspec.Struct, frozen=True):
    """One value that changes, as a table holds it; empty for none."""

    field: str
    was: str
    now: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What a roster changes in the one before it.

    added, left: roster ids. changed: roster id to what changes. lost: roster id to the roles that person had and has
    no more; who left has lost all.
    """

    added: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    changed: dict[str, tuple[Field, ...]] = {}
    lost: dict[str, tuple[str, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self.added or self.left or self.changed)

    @property
    def touched(self) -> frozenset[str]:
        """Who was there before and is not quite the same now."""
        return frozenset((*self.left, *self.changed))


def difference(before: Roster, after: Roster) -> Difference:
    """Return what *after* changes in *before*."""
    was, now = before.people, after.people
    changed = {id: _fields(was[id], now[id]) for id in now if id in was and was[id] != now[id]}
    lost = {id: _roles_lost(person, now.get(id)) for id, person in was.items()}
    return Difference(
        added=tuple(id for id in now if id not in was),
        left=tuple(id for id in was if id not in now),
        changed={id: fields for id, fields in changed.items() if fields},
        lost={id: roles for id, roles in lost.items() if roles},
    )


def _roles_lost(was: Person, now: Person | None) -> tuple[str, ...]:
    return tuple(role for role in was.roles if now is None or role not in now.roles)


def _fields(was: Person, now: Person) -> tuple[Field, ...]:
    was, now = _ordered(was), _ordered(now)
    rows = zip(COLUMNS, row_of(was, was.numbers), row_of(now, now.numbers), strict=True)
    return tuple(_field(column, a, b, was, now) for column, a, b in rows if a != b)


def _field(column: str, before: str, after: str, was: Person, now: Person) -> Field:
    if column != "numbers":
        return Field(column, before, after)
    masked = ", ".join(map(mask, was.numbers))
    return Field(column, masked, ", ".join(_marked(number, was) for number in now.numbers))


def _marked(number: str, was: Person) -> str:
    """A masked number; a new one that looks like an old one under its mask is marked."""
    alike = number not in was.numbers and mask(number) in map(mask, was.numbers)
    return mask(number) + (" ≠" if alike else "")


def _ordered(person: Person) -> Person:
    """A person whose roles and licences stand in one order: theirs means nothing."""
    return msgspec.structs.replace(
        person, roles=dict(sorted(person.roles.items())), licences=dict(sorted(person.licences.items()))
    )


def roles_in(incidents: Iterable[Incident], people: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Return the code of each of *incidents* in which some of *people* hold roles, with person to roles."""
    wanted = set(people)
    found: dict[str, dict[str, list[str]]] = {}
    for incident in incidents:
        for role, slots in incident.roles.items():
            for person in wanted.intersection(slots.values()):
                found.setdefault(incident.code, {}).setdefault(person, []).append(role)
    return found


def as_document(changes: Difference, incidents: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, Any]:
    """Return the changes as a document; `incidents` is what `roles_in` found."""
    return {
        "added": list(changes.added),
        "left": list(changes.left),
        "changed": {id: [msgspec.to_builtins(field) for field in fields] for id, fields in changes.changed.items()},
        "roles_lost": {id: list(roles) for id, roles in changes.lost.items()},
        "incidents": {code: {id: list(roles) for id, roles in held.items()} for code, held in incidents.items()},
    }
