"""Holes grouped for people: one that comes back every night is one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from emergency.core.readiness import Hole
from emergency.core.site import Site

DAY = timedelta(days=1)
FEWEST = 3
"""So often must a hole come back to be called a rhythm (practice)."""
EVERY_DAY = range(7)

Rhythm = Literal["once", "daily", "weekly", "some"]


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """The same hole again and again: one role, the same plans, the same hours. `spans`: since and until, in order.

    rhythm: `once`; `daily`; `weekly`, on every one of `weekdays` (0 is Monday) in the days looked at; or `some`.
    """

    first: Hole
    plans: tuple[str, ...]
    spans: tuple[tuple[datetime, datetime], ...]
    rhythm: Rhythm
    weekdays: tuple[int, ...] = ()


def repeats(holes: Iterable[Hole], site: Site, zone: ZoneInfo, start: datetime, end: datetime) -> tuple[Repeat, ...]:
    """Return *holes* grouped: the same role, plans and hours stand together; the earliest first.

    Args:
        start, end: between which was looked.
    """
    at_once: dict[tuple[Any, ...], list[Hole]] = {}
    for hole in sorted(holes, key=lambda hole: hole.since):
        at_once.setdefault((hole.role, hole.since, hole.until, hole.heads, hole.of, hole.falls_to), []).append(hole)
    alike: dict[tuple[Any, ...], list[list[Hole]]] = {}
    for same in at_once.values():
        plans, one = tuple(hole.plan for hole in same), same[0]
        alike.setdefault((one.role, one.heads, one.of, plans, _hours(one, zone)), []).append(same)
    found = [_repeat(each, zone, start, end) for each in alike.values()]
    order = {duty.role: n for n, duty in enumerate(site.duties)}
    return tuple(sorted(found, key=lambda r: (max(r.first.since, start), -len(r.plans), order.get(r.first.role, 99))))


def _hours(hole: Hole, zone: ZoneInfo) -> tuple[str, ...]:
    """Return by what holes of different days are the same: their hours; one of more than a day is only itself."""
    if hole.until - hole.since > DAY:
        return (hole.since.isoformat(), hole.until.isoformat())
    return tuple(f"{at.astimezone(zone):%H:%M}" for at in (hole.since, hole.until))


def _repeat(series: Sequence[Sequence[Hole]], zone: ZoneInfo, start: datetime, end: datetime) -> Repeat:
    spans = tuple((same[0].since, same[0].until) for same in series)
    days = [since.astimezone(zone).date() for since, _ in spans]
    rhythm, weekdays = _rhythm(days, start.astimezone(zone).date(), end.astimezone(zone).date())
    plans = tuple(hole.plan for hole in series[0])
    return Repeat(first=series[0][0], plans=plans, spans=spans, rhythm=rhythm, weekdays=weekdays)


def _rhythm(days: Sequence[date], first: date, last: date) -> tuple[Rhythm, tuple[int, ...]]:
    """Return how the days on which a hole begins come back between *first* and *last*, and on which weekdays.

    Of those two days only a part was looked at, so that they speak neither for nor against a rhythm.
    """
    if len(days) == 1:
        return "once", ()
    weekdays = tuple(sorted({day.weekday() for day in days}))
    inside = (first + n * DAY for n in range(1, (last - first).days))
    if len(days) < FEWEST or any(day.weekday() in weekdays and day not in days for day in inside):
        return "some", ()
    return ("daily", ()) if len(weekdays) == len(EVERY_DAY) else ("weekly", weekdays)
