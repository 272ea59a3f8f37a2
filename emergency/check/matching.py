"""How many people may be absent before a team is too small: one place, one person.

Bipartite matching by augmenting paths (Kuhn). No pinned dependency offers one (networkx, scipy and ortools are not
among them), and a team has some thirty places and a hundred people: forty lines are less than a library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec


class Strength(msgspec.Struct, frozen=True, kw_only=True):
    """How well a team is manned when everybody has one place.

    spare: so many people may be absent, whoever they are, and every place is still filled; below 0: so many places
        stay empty even when everybody is there. tight: the roles that decide it. people: who could take one of those.
    """

    spare: int
    tight: tuple[str, ...]
    people: tuple[str, ...]


class _Seats:
    """Who sits where, while more places are asked for."""

    def __init__(self, able: Mapping[str, Sequence[str]]) -> None:
        self.able = able
        self.seat: dict[str, str] = {}

    def add(self, role: str) -> tuple[set[str], set[str]] | None:
        """Find somebody for one more place of *role*. None, or the roles and people in the way."""
        seen: set[str] = set()
        roles = {role}
        return None if self._find(role, seen, roles) else (roles, seen)

    def _find(self, role: str, seen: set[str], roles: set[str]) -> bool:
        for person in self.able.get(role, ()):
            if person in seen:
                continue
            seen.add(person)
            sits = self.seat.get(person)
            if sits is not None:
                roles.add(sits)
            if sits is None or self._find(sits, seen, roles):
                self.seat[person] = role
                return True
        return False


def strength(places: Mapping[str, int], able: Mapping[str, Sequence[str]]) -> Strength:
    """Return how well the *places* (role to heads) are manned by who is *able* (role to people).

    By Hall's theorem a set S of places can lose |people of S| - |S| people; the least of these over all sets is how
    often the tightest role could be asked for once more.
    """
    seats, short = _Seats(able), 0
    tight: tuple[set[str], set[str]] = (set(), set())
    for role, heads in places.items():
        for _ in range(heads):
            blocked = seats.add(role)
            if blocked is not None:
                short, tight = short + 1, (tight[0] | blocked[0], tight[1] | blocked[1])
    spare = -short
    if not short:
        spare, tight = min(
            (_more(seats, role) for role in places), key=lambda each: each[0], default=(0, (set(), set()))
        )
    return Strength(spare=spare, tight=tuple(sorted(tight[0])), people=tuple(sorted(tight[1])))


def _more(full: _Seats, role: str) -> tuple[int, tuple[set[str], set[str]]]:
    """Return how many more places of *role* could be manned, and what stops the next."""
    seats = _Seats(full.able)
    seats.seat = dict(full.seat)
    count = 0
    while True:
        blocked = seats.add(role)
        if blocked is not None:
            return count, blocked
        count += 1
