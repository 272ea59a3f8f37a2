"""The same question at every hour of a week: the weakest hour, and some moments that are always asked about.

A team is asked once: hours with the same people on the same duty, and the same people asleep, share their runs. So a
week of 168 hours costs as many cases as there are different shifts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from emergency.core.readiness import team_key
from emergency.core.values import Text
from emergency.drills.players.model import profiles
from emergency.forecast.case import Change, Setting, teams
from emergency.forecast.changes import is_kept
from emergency.forecast.odds import Share, share
from emergency.forecast.pool import Pool
from emergency.roster.calendar import holiday_name

HOUR = timedelta(hours=1)
HOURS = 168
MIDDLE = timedelta(minutes=30)
"""An hour is asked about in its middle: shifts change on the full hour."""
FESTIVE = 12, 31, time(20, 0)
"""New Year's Eve, eight in the evening."""


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """One hour: when it begins, and how probable it is that everybody answers in time. team: a number that hours with
    the same people share."""

    at: datetime
    share: Share
    team: int


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A moment that is always asked about."""

    name: Text
    at: datetime
    share: Share
    holiday: Text | None = None


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """A week from Monday, in the site's own time; runs: of each different team."""

    hours: tuple[Hour, ...]
    named: tuple[Named, ...]
    teams: int
    runs: int

    @property
    def weakest(self) -> Hour:
        """The hour in which it is least probable; the first of several."""
        return min(self.hours, key=lambda each: (each.share.p, each.at))


def monday(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the beginning of the week that *at* lies in."""
    local = at.astimezone(zone)
    return datetime.combine((local - timedelta(days=local.weekday())).date(), time(), zone)


def named_moments(at: datetime, zone: ZoneInfo) -> Iterator[tuple[Text, datetime]]:
    """Yield the moments that are always asked about: each the next one, which may be *at* itself."""
    local = at.astimezone(zone)
    for name, weekday, clock in (
        (Text("工作日中午", "weekday noon"), None, time(12, 0)),
        (Text("周六 19:30", "Saturday 19:30"), 5, time(19, 30)),
        (Text("周日 04:00", "Sunday 04:00"), 6, time(4, 0)),
    ):
        day = local.date()
        while datetime.combine(day, clock, zone) < local or not _fits(day.weekday(), weekday):
            day += timedelta(days=1)
        yield name, datetime.combine(day, clock, zone)
    month, day_of_month, clock = FESTIVE
    eve = datetime.combine(local.date().replace(month=month, day=day_of_month), clock, zone)
    if eve < local:
        eve = eve.replace(year=eve.year + 1)
    yield Text("元旦前夜 20:00", "New Year's Eve 20:00"), eve


def _fits(day: int, wanted: int | None) -> bool:
    return day == wanted if wanted is not None else day < 5


def week(pool: Pool, runs: int, within: timedelta) -> Week:
    """Return the week that the setting begins in; of each different team so many *runs*."""
    setting = pool.setting
    zone = ZoneInfo(setting.site.timezone)
    begins = monday(setting.begins, zone)
    look = _Look(pool, runs, within)
    hours = []
    for n in range(HOURS):
        at = (begins.astimezone(ZoneInfo("UTC")) + n * HOUR).astimezone(zone)
        found, number = look.at(at + MIDDLE)
        hours.append(Hour(at=at, share=found, team=number))
    named = [
        Named(name=name, at=at, share=look.at(at)[0], holiday=holiday_name(setting.site, at.date()))
        for name, at in named_moments(setting.begins, zone)
    ]
    return Week(hours=tuple(hours), named=tuple(named), teams=len(look.known), runs=runs)


class _Look:
    """Asks each different team once."""

    def __init__(self, pool: Pool, runs: int, within: timedelta) -> None:
        self.pool = pool
        self.runs = runs
        self.within = within
        self.known: dict[object, tuple[Share, int]] = {}

    def at(self, moment: datetime) -> tuple[Share, int]:
        key = alike(self.pool.setting, moment)
        if key not in self.known:
            samples = self.pool.samples(range(self.runs), Change(begins=moment, answers_only=True))
            kept = sum(is_kept(sample, self.within) for sample in samples)
            self.known[key] = share(kept, self.runs), len(self.known)
        return self.known[key]


def alike(setting: Setting, moment: datetime) -> object:
    """Return what two moments have in common at which the very same runs follow: the people, their duty, who is
    asleep, and when and how that changes within half an hour."""
    found = teams(setting, moment)
    asleep = tuple(sorted(profiles(found[0][1], moment, setting.site).items()))
    return asleep, tuple((at - moment, team_key(team), tuple(m.zone for m in team)) for at, team in found)
