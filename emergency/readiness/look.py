"""The roster followed through the days: who is there when, and which roles of which plans stay empty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from emergency.check.people import start_level
from emergency.core.playbook import Playbook
from emergency.core.readiness import Hole, Lookout, Need, Watch, needs_of, opened, seats
from emergency.core.seat import Seat
from emergency.core.site import Member, Site
from emergency.core.values import Text
from emergency.readiness.series import DAY, Repeat, repeats
from emergency.roster import Person, Reach, Roster, members
from emergency.roster.calendar import changes

DAYS = 30
"""Days looked ahead, where nobody says another number."""
MOST_DAYS = 366
AROUND = timedelta(days=3)
"""How far before and after the days the change is looked for with which a shift began or ends."""


class Report(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What was found. `start`: the moment it is about; `end`: how far was looked.

    now: for each need the seats of that moment. holes: at a level at which a plan may begin; warnings: at red only.
    """

    site: Site
    start: datetime
    end: datetime
    team: tuple[Member, ...]
    now: tuple[tuple[Need, tuple[Seat, ...]], ...]
    holes: tuple[Repeat, ...]
    warnings: tuple[Repeat, ...]

    @property
    def first(self) -> Repeat | None:
        """The earliest hole at a level at which a plan may begin; None when there is none."""
        return self.holes[0] if self.holes else None


# looking


def watches(
    roster: Roster, site: Site, start: datetime, end: datetime, reach: Reach, *, now: tuple[Member, ...] | None = None
) -> list[Watch]:
    """Return the stretches of time between *start* and *end* in which nobody's duty changes, one after the other; the
    first begins when it began, before *start*, and the last ends when it ends.

    Args:
        now: the team at *start*, where more is known of it than the roster says (who is busy).
    """
    before = changes(site, roster, start - AROUND, start)
    after = changes(site, roster, end - timedelta(microseconds=1), end + AROUND)
    inner = [at for at in changes(site, roster, start, end) if at < end]
    bounds = [before[-1] if before else start, *inner, after[0] if after else end]
    found = []
    for since, until in pairwise(bounds):
        if since < until:
            team = now if now is not None and since <= start else members(roster, site, since, reach, {})
            found.append(Watch(since=since, until=until, team=team))
    return found


def needs(plans: Iterable[Playbook], site: Site) -> list[Need]:
    """Return what each of *plans* needs, at its start and at red."""
    return [need for plan in plans for need in needs_of(plan, site, start_level(plan))]


def readiness(
    plans: Iterable[Playbook],
    site: Site,
    roster: Roster,
    start: datetime,
    days: int = DAYS,
    reach: Reach | None = None,
    *,
    team: tuple[Member, ...] | None = None,
) -> Report:
    """Return who would fill the roles of *plans* at *start*, and every hole of the *days* from then on.

    Args:
        team: the people at *start*, where more is known than the roster says; else it is read off the roster.
    """
    wanted, end, ways = needs(plans, site), start + days * DAY, reach or Reach()
    here = team if team is not None else members(roster, site, start, ways, {})
    found = Lookout(site, wanted).holes(watches(roster, site, start, end, ways, now=here))
    zone = ZoneInfo(site.timezone)
    return Report(
        site=site,
        start=start,
        end=end,
        team=here,
        now=tuple((need, seats(need, here, site)) for need in wanted),
        holes=repeats((hole for hole in found if hole.start), site, zone, start, end),
        warnings=repeats(_only_at_red(found), site, zone, start, end),
    )


def _only_at_red(found: Sequence[Hole]) -> Iterator[Hole]:
    """Yield the holes at red that are not there, as wide, at the start of the plan too."""
    at_start: dict[tuple[str, str], list[Hole]] = {}
    for hole in found:
        if hole.start:
            at_start.setdefault((hole.plan, hole.role), []).append(hole)
    for hole in found:
        same = at_start.get((hole.plan, hole.role), [])
        if not hole.start and not any(s.since <= hole.since and hole.until <= s.until for s in same):
            yield hole


def new_holes(
    plans: Iterable[Playbook], site: Site, before: Roster, after: Roster, start: datetime, end: datetime
) -> tuple[Repeat, ...]:
    """Return the holes, at a level at which a plan may begin, that *after* opens between *start* and *end*."""
    wanted = [need for need in needs(plans, site) if need.start]
    reach, zone = Reach(), ZoneInfo(site.timezone)
    found = [Lookout(site, wanted).each(watches(each, site, start, end, reach)) for each in (before, after)]
    return repeats(opened(*found), site, zone, start, end)


def days_touched(before: Roster, after: Roster, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return from when until when a change of the roster may matter, from *now* on; None when it does not.

    Leave and swaps matter on their days and the day after, into which a night shift goes; all else for thirty days.
    """
    today = now.astimezone(zone).date()
    days: list[date] = []
    for id in dict.fromkeys([*before.people, *after.people]):
        days += _days_of(before.people.get(id), after.people.get(id), today)
    days = [max(day, today) for day in days if day >= today - DAY]
    if not days:
        return None
    first, last = min(days), max(days)
    midnights = [datetime.combine(day, time(), zone) for day in (first, last + 2 * DAY)]
    return max(now, midnights[0]), midnights[1]


def _days_of(one: Person | None, other: Person | None, today: date) -> list[date]:
    if one == other:
        return []
    if one is None or other is None or _rest(one) != _rest(other):
        return [today, today + DAYS * DAY]
    spans = {(leave.first, leave.last) for leave in one.leave} ^ {(leave.first, leave.last) for leave in other.leave}
    days = [swap.day for swap in {*one.swaps} ^ {*other.swaps}]
    for first, last in spans:
        if last >= today - DAY:  # the night that began yesterday goes on
            days += [max(first, today), max(today, min(last, first + MOST_DAYS * DAY))]
    return days


def _rest(person: Person) -> Person:
    """Return what decides on any day who takes which role: neither leave and swaps nor how somebody is called."""
    return replace(person, leave=(), swaps=(), numbers=(), positions=(), name=Text("", ""), language="")
