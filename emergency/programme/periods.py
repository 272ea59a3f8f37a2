"""Months, quarters, half years and years by the calendar, and working days of a site."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from enum import Enum

import msgspec

from emergency.core.site import Site
from emergency.roster.calendar import is_holiday, weekday

DAY = timedelta(days=1)
SATURDAY = 5
FARTHEST = 60
"""Days that are looked through for a working day: no country rests longer."""


class Every(Enum):
    """How often something is owed, by the calendar: a half year is January to June, or July to December."""

    month = "month"
    quarter = "quarter"
    half_year = "half_year"
    year = "year"

    @property
    def months(self) -> int:
        """How many months it has."""
        return {"month": 1, "quarter": 3, "half_year": 6, "year": 12}[self.value]


class Period(msgspec.Struct, frozen=True, order=True):
    """One month, quarter, half year or year; both days belong to it."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def name(self) -> str:
        """`2026`, `2026-H1`, `2026-Q4`, `2026-12`."""
        months = self.last.month - self.first.month + 1
        if months == 12:
            return str(self.first.year)
        number = (self.first.month - 1) // months + 1
        return (
            f"{self.first.year}-" + {6: "H", 3: "Q"}.get(months, "") + (f"{number:02d}" if months == 1 else f"{number}")
        )


def period_of(every: Every, day: date) -> Period:
    """Return the period that *day* lies in."""
    first = (day.month - 1) // every.months * every.months + 1
    begins = date(day.year, first, 1)
    return Period(begins, _months_on(begins, every.months) - DAY)


def _months_on(first: date, months: int) -> date:
    total = first.month - 1 + months
    return date(first.year + total // 12, total % 12 + 1, 1)


def before(every: Every, period: Period) -> Period:
    """Return the period before this one."""
    return period_of(every, period.first - DAY)


def back_to(every: Every, period: Period, since: date) -> Iterator[Period]:
    """Yield the periods before this one that began on *since* or later, the latest first."""
    period = before(every, period)
    while period.first >= since:
        yield period
        period = before(every, period)


def year_before(day: date) -> date:
    """Return the same day a year ago; for 29 February the 28th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def works(site: Site, day: date) -> bool:
    """Return whether *day* is a working day of the site's country: a weekend day worked in exchange is one."""
    return weekday(site, day) < SATURDAY and not is_holiday(site, day)


def working_days_before(site: Site, day: date, days: int) -> date:
    """Return the last day on which so many whole working days are left before *day*: three before a Monday is the
    Wednesday."""
    left = days
    for _ in range(FARTHEST + days * 4):
        if left == 0:
            break
        day -= DAY
        left -= works(site, day)
    return day


def next_working_day(site: Site, day: date) -> date:
    """Return *day* or the first working day after it."""
    for _ in range(FARTHEST):
        if works(site, day):
            break
        day += DAY
    return day
