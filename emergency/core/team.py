"""The people as one incident sees them: who may take which role, how good a choice each would be, and what bars them.

What outranks what, and why, stands in `docs/decisions/0017-assignment.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from emergency.core.seat import Passed, Seat, Why
from emergency.core.site import Duty, Member, Site, duties_of
from emergency.core.values import Severity

DUTY_ORDER = {"on": 0, "call": 1}
SEATS_AT_MOST = 128
"""Answers of `assign` that are kept for one team."""
RANKS = 9
"""Ranks above this count as this."""
SAME, FLOOR, FAR = 0, 1, 2
"""How near a person is: in the zone or within it; on the same floor; anywhere else, or nobody knows."""

Held = Mapping[str, Mapping[int, str]]
"""Role to slot to person."""
WIDTHS = (1, 1, 1, 4, 4, 1, 4, 3)
"""Bits of each digit of a cost, the first digit first."""


@lru_cache(maxsize=4096)
def digits(cost: int) -> tuple[int, ...]:
    """Return a cost digit by digit, as costs are compared.

    Away from the house; stands in; the role's own people: on call, rank; who stands in: whose people, on call, rank;
    in another incident and far.
    """
    found = []
    for width in reversed(WIDTHS):
        cost, digit = divmod(cost, 1 << width)
        found.append(digit)
    return tuple(reversed(found))


def _packed(digits: Sequence[int]) -> int:
    cost = 0
    for digit, width in zip(digits, WIDTHS, strict=True):
        cost = (cost << width) + min(digit, (1 << width) - 1)
    return cost


@lru_cache(maxsize=64)
def _prices(tier: int, telephone: bool) -> dict[str, list[int]]:
    """Return what a person costs by duty and rank, but for the last digit.

    Args:
        tier: 0 for the role's own people, above for who stands in.
        telephone: the role can be held from anywhere.
    """
    found: dict[str, list[int]] = {}
    for name, on_call in DUTY_ORDER.items():
        away, call = (0, on_call) if telephone else (on_call, 0)
        ranks = range(RANKS + 1)
        rows = ((away, 1, 0, 0, tier, call, r, 0) if tier else (away, 0, call, r, 0, 0, 0, 0) for r in ranks)
        found[name] = [_packed(row) for row in rows]
    return found


@lru_cache(maxsize=1024)
def _inside(site: Site, place: str) -> frozenset[str]:
    return site.inside(place)


@lru_cache(maxsize=1024)
def _floor(site: Site, place: str) -> str:
    """Return the outermost zone that *place* lies in."""
    within = {each.id: each.within for each in site.places}
    seen = {place}
    while (outer := within.get(place)) is not None and outer not in seen:
        seen.add(outer)
        place = outer
    return place


class Team:
    """The people as one incident sees them: who may take which role, and how good a choice each is.

    held: role to slot to person, given out already.
    """

    def __init__(
        self,
        members: Mapping[str, Member],
        site: Site,
        *,
        severity: Severity,
        place: str,
        silent: bool = False,
        held: Held | None = None,
    ) -> None:
        self.members = members
        self.site = site
        self.severity = severity
        self.place = place
        self.silent = silent
        self.roles_of: dict[str, list[str]] = {}
        self._duties = duties_of(site)
        self._inside = _inside(site, place)
        self._own: dict[str, list[Member]] = {}
        self._last: dict[str, int] = {}
        self._able: dict[str, dict[str, int]] = {}
        self._out: frozenset[str] | None = None
        self._seats: dict[object, tuple[Seat, ...]] = {}
        for role, slots in (held or {}).items():
            for person in slots.values():
                self.roles_of.setdefault(person, []).append(role)

    def copy(self, held: Held | None = None) -> Team:
        """Return the same people, who may be given roles without this team knowing; with *held*, they hold that."""
        other = Team(self.members, self.site, severity=self.severity, place=self.place, silent=self.silent, held=held)
        other._own, other._able, other._last, other._out = self._own, self._able, self._last, self._not_here()
        other._seats = self._seats
        if held is None:
            other.roles_of = {person: list(roles) for person, roles in self.roles_of.items()}
        return other

    def remembered(
        self, places: Mapping[str, int], held: Held, higher: bool, work: Callable[[], tuple[Seat, ...]]
    ) -> tuple[Seat, ...]:
        """Return what *work* returns; it is done once for the same question among the same people (see `assign`)."""
        given = tuple([(role, slot, person) for role, slots in held.items() for slot, person in slots.items()])
        asked = (tuple(places.items()), given, higher)
        found = self._seats.get(asked)
        if found is None:
            if len(self._seats) >= SEATS_AT_MOST:
                self._seats.clear()
            found = self._seats[asked] = work()
        return found

    def give(self, person: str, role: str) -> None:
        """Let *person* hold *role* from now on."""
        self.roles_of.setdefault(person, []).append(role)

    def duty(self, role: str) -> Duty:
        """Return what the site says of *role*."""
        return self._duties.get(role) or self.site.duty(role)

    def tiers(self, role: str) -> tuple[str, ...]:
        """Return the roles whose people may take *role*, its own first."""
        return tuple(dict.fromkeys((role, *self.duty(role).deputies)))

    def people(self, role: str) -> list[Member]:
        """Return who has *role* in the roster, at work or not."""
        if role not in self._own:
            self._own[role] = [m for m in self.members.values() if role in m.roles]
        return self._own[role]

    def look_up_all(self) -> None:
        """Find the people of every role at once, for whoever asks for many."""
        own: dict[str, list[Member]] = {role: [] for role in self._duties}
        for member in self.members.values():
            for role in member.roles:
                own.setdefault(role, []).append(member)
        self._own.update(own)

    def able(self, role: str) -> dict[str, int]:
        """Return who may be asked for *role* at all, with what each costs (see `digits`); first choice first, then by
        id."""
        known = self._able.get(role)
        if known is None:
            known = self._able[role] = self._priced(role)
        return known

    def _priced(self, role: str) -> dict[str, int]:
        found: dict[str, int] = {}
        duty_of = self.duty(role)
        needs, telephone = bool(duty_of.needs), duty_of.command or duty_of.remote
        for tier, each in enumerate(self.tiers(role)):
            prices = _prices(tier, telephone)
            for member in self.people(each):
                id, duty = member.id, member.duty
                if duty == "off" or id in found or (needs and self.lacks(member, role)):
                    continue
                rank = min(member.roles[each], RANKS)
                found[id] = prices[duty][rank] + (self._last.get(id) or self._busy_and_far(member))
        return {id: cost for cost, id in sorted((cost, id) for id, cost in found.items())}

    def _busy_and_far(self, member: Member) -> int:
        self._last[member.id] = 3 * (member.busy > 0) + self._distance(member.zone)
        return self._last[member.id]

    def _distance(self, zone: str | None) -> int:
        if zone is None:
            return FAR
        if zone in self._inside:
            return SAME
        return FLOOR if _floor(self.site, zone) == _floor(self.site, self.place) else FAR

    def lacks(self, member: Member, role: str) -> str:
        """Return the first licence that *role* needs and *member* does not have; empty when there is none."""
        return next((each for each in self.duty(role).needs if each not in member.licences), "")

    def bar(self, person: str, role: str, *, elsewhere: bool = False, licences: bool = True) -> Passed | None:
        """Return what keeps *person* from *role* now, or None.

        elsewhere: another incident does not. licences: without, lacking one does not.
        """
        member = self.members.get(person)
        if member is None or member.duty not in DUTY_ORDER:
            return Passed(person=person, why=_absent(member))
        if licences and (lacking := self.lacks(member, role)):
            return Passed(person=person, why="unlicensed", what=lacking)
        if member.busy >= self.severity.rank and not elsewhere:
            return Passed(person=person, why="elsewhere", what=member.elsewhere)
        if self.silenced(member):
            return Passed(person=person, why="silent")
        other = next(iter(self.apart(person, role)), None)
        return Passed(person=person, why="apart", what=other) if other else None

    def silenced(self, member: Member) -> bool:
        """Return whether *member* is believed to be where no phone may ring."""
        if not self.silent or member.zone not in self._inside:
            return False
        return member.zone == self.place or not self.site.place(member.zone).apart

    def apart(self, person: str, role: str) -> list[str]:
        """Return the roles that *person* holds and that must be kept apart from *role*."""
        return [each for each in self.roles_of.get(person, ()) if self.must_be_apart(each, role)]

    def must_be_apart(self, one: str, other: str) -> bool:
        """Return whether nobody may hold both roles, whichever of the two says so."""
        return other in self.duty(one).conflicts or one in self.duty(other).conflicts

    def before(self, role: str, person: str | None) -> list[Member]:
        """Return whom the site names for *role* before *person*, at work or not, in its own order: whose people, rank,
        id; everybody where *person* is None or not named."""
        found: dict[str, tuple[int, int, str, Member]] = {}
        for tier, each in enumerate(self.tiers(role)):
            for member in self.people(each):
                if member.id not in found:
                    found[member.id] = (tier, member.roles[each], member.id, member)
        last = found[person][:2] if person in found else None
        return [each[3] for each in sorted(each for each in found.values() if last is None or each[:2] < last)]

    def free(self, role: str) -> dict[str, int]:
        """Return who may take *role* now, as `able` does, without those who hold it."""
        out, roles_of = self._not_here(), self.roles_of
        return {
            person: cost
            for person, cost in self.able(role).items()
            if person not in out
            and (person not in roles_of or (role not in roles_of[person] and not self.apart(person, role)))
        }

    def _not_here(self) -> frozenset[str]:
        """Return who is in an equal or graver incident, or where no phone may ring."""
        if self._out is None:
            rank = self.severity.rank
            self._out = frozenset(m.id for m in self.members.values() if m.busy >= rank or self.silenced(m))
        return self._out

    def higher(self, role: str) -> Iterator[str]:
        """Yield who takes *role* when its chain is used up: role by role upwards, who holds that one here first. They
        see to it that it is done, so the licence for doing it is not asked."""
        seen = {role}
        above = self.duty(role).higher
        while above is not None and above not in seen:
            seen.add(above)
            here = [person for person, roles in self.roles_of.items() if above in roles]
            yield from dict.fromkeys((*here, *self.able(above)))
            above = self.duty(above).higher


def _absent(member: Member | None) -> Why:
    why = member.absent if member is not None else ""
    reasons: dict[str, Why] = {"leave": "leave", "swapped": "swapped", "holiday": "holiday"}
    return reasons.get(why, "off")
