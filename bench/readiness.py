"""Thirty days of readiness: every plan, five hundred people who go on leave and swap shifts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from msgspec.structs import replace

from bench.common import Figure, median, timed
from emergency.app import PLANS
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.loader import read_playbook, read_roster, read_site
from emergency.readiness.look import new_holes, readiness
from emergency.roster import Leave, Person, Reach, Roster, Swap
from emergency.setup import SAMPLE

MONDAY = datetime(2026, 11, 23, 4, tzinfo=UTC)
"""Noon of a Monday in Shanghai; the thirty days after it hold no public holiday."""
PEOPLE = 500
DAY = timedelta(days=1)
PROMISE = 5000.0
"""Milliseconds that thirty days may take."""
AT_ONCE = 1000.0
"""Milliseconds after which a person who enters a leave begins to wonder (practice)."""
TIMES = 3


@lru_cache
def site() -> Site:
    """Return the sample mall."""
    path = SAMPLE / "site.yaml"
    return read_site(path.read_bytes(), str(path))


@lru_cache
def plans() -> tuple[Playbook, ...]:
    """Return the plans we ship."""
    return tuple(read_playbook(path.read_bytes(), str(path), site()) for path in sorted(PLANS.glob("*.yaml")))


def crowd() -> Roster:
    """Return five hundred people: the sample's over and over, every third of them on leave some time, every seventh
    with a swap. So the team is another one after nearly every change of shift.

    The lift managers are not multiplied, and all of them are away for two weeks: there are holes to be found.
    """
    path = SAMPLE / "roster.yaml"
    sample = list(read_roster(path.read_bytes(), str(path), site()).people.values())
    first = MONDAY.date()
    people: dict[str, Person] = {}
    for n in range(PEOPLE):
        one, copy = sample[n % len(sample)], n // len(sample)
        rare = {"lift_manager", "engineering"} & set(one.roles)
        roles = {role: rank for role, rank in one.roles.items() if role not in rare} if copy else one.roles
        person = replace(one, id=f"{one.id}_{copy}", numbers=(f"+1212555{n:04d}",), roles=roles)
        people[person.id] = _with_days_off(person, n, first, away=bool(rare) and not copy)
    return Roster(people=people)


def _with_days_off(person: Person, n: int, first: date, *, away: bool) -> Person:
    if away:
        return replace(person, leave=(Leave(first=first + 8 * DAY, last=first + 21 * DAY),))
    begin = first + (n * 7 % 30) * DAY
    leave = (Leave(first=begin, last=begin + (n % 10) * DAY),) if n % 3 == 0 else ()
    swaps = (Swap(day=first + (n * 11 % 30) * DAY, shift="night"),) if n % 7 == 0 else ()
    return replace(person, leave=leave, swaps=swaps)


def thirty_days() -> list[Figure]:
    """Return how long thirty days take, and how long the look at one leave."""
    people = [crowd() for _ in range(TIMES)]  # another roster each time: nothing is remembered from before
    readiness(plans(), site(), crowd(), MONDAY, 1, Reach())  # what is imported and compiled once
    took = [timed(lambda r=roster: readiness(plans(), site(), r, MONDAY, 30, Reach())) for roster in people]
    report = readiness(plans(), site(), people[0], MONDAY, 30, Reach())
    assert any(repeat.first.role == "lift_manager" for repeat in report.holes), "there was nothing to find"
    return [
        Figure(f"30 days, {len(plans())} plans, {PEOPLE} people", median(took), PROMISE, 1.0, "ms"),
        Figure("what a week of leave opens, before it is entered", median(_leaves(people)), AT_ONCE, 1.0, "ms"),
    ]


def _leaves(people: list[Roster]) -> list[float]:
    begin = MONDAY.date() + DAY
    times = []
    for roster in people:
        id, person = next(iter(roster.people.items()))
        away = replace(person, leave=(Leave(first=begin, last=begin + 6 * DAY),))
        after = Roster(people={**roster.people, id: away})
        times.append(timed(lambda r=roster, a=after: new_holes(plans(), site(), r, a, MONDAY, MONDAY + 9 * DAY)))
    return times
