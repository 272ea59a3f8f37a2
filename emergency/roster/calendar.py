"""Who works when: shifts, rotations, holidays, leave and swaps, in the site's own time.

A shift belongs to the day it begins. Its hours are wall-clock times, so that over a change to or from summer time it
is an hour shorter or longer; a time that does not exist, or comes twice, is read with the offset from before the
change (RFC 5545, section 3.3.5), for the end of one shift as for the beginning of the next: no hole, no overlap.
Public holidays come from a library that is loaded when a day first depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from emergency.core.site import OFF, Rotation, Shift, Site
from emergency.core.values import Text
from emergency.roster.person import Person, Roster

DAY = timedelta(days=1)
SUNDAY = 6
EVERY_DAY = tuple(range(7))
FARTHEST = 400
"""Days that `next_change` looks ahead: a year and a month."""

Reason = Literal["", "leave", "swapped", "holiday"]
State = Literal["on", "call", "off"]


# holidays


class Public(msgspec.Struct, frozen=True):
    """One year of a country: its holidays, and the weekend days worked in exchange, each with the weekday it replaces
    (0 is Monday)."""

    days: frozenset[date] = frozenset()
    works: dict[date, int] = {}


_known: dict[tuple[str, str, int], Public] = {}
"""What was asked for already: a few years of one country."""


def public(country: str, subdivision: str, year: int) -> Public:
    """Return the public holidays of one year; none for a country the library does not know."""
    if not is_known(country, subdivision, year):
        know(country, subdivision, year, _from_library(country, subdivision, year))
    return _known[country, subdivision, year]


def is_known(country: str, subdivision: str, year: int) -> bool:
    """Return whether the holidays of that year are at hand, without the library."""
    return (country, subdivision, year) in _known


def know(country: str, subdivision: str, year: int, days: Public) -> None:
    """Have the holidays of one year at hand; they are the library's, from an earlier time."""
    _known[country, subdivision, year] = days


def _from_library(country: str, subdivision: str, year: int) -> Public:
    found = _ask_library(country, subdivision, year)
    if found is None:
        return Public()
    works = {day: _replaces(found, day) for day in getattr(found, "weekend_workdays", ()) if day.year == year}
    return Public(frozenset(day for day in found if day.year == year), works)


def _ask_library(country: str, subdivision: str, year: int, language: str | None = None) -> Any:
    import holidays

    try:  # the year after says which of the last days of this one are worked in exchange
        return holidays.country_holidays(country, subdivision or None, years=(year, year + 1), language=language)
    except NotImplementedError:
        return None


def _replaces(found: Any, day: date) -> int:
    """Return the weekday that *day*, a weekend day worked in exchange, stands for."""
    table = getattr(found, "special_public_holidays", {})
    for year in (day.year, day.year + 1):
        for entry in table.get(year, ()):
            if len(entry) >= 4 and (day.month, day.day) == entry[2:4] and day.year == (*entry, year)[4]:
                return date(year, entry[0], entry[1]).weekday()
    return 0


def holiday_name(site: Site, day: date) -> Text | None:
    """Return what the holiday on *day* is called, or None when it is none."""
    own = next((each.name for each in site.holidays if each.day == day), None)
    if own is not None or not is_holiday(site, day):
        return own
    zh, en = (_ask_library(site.country, site.subdivision, day.year, language) for language in ("zh_CN", "en_US"))
    return Text(str(zh[day]), str(en[day]))


@lru_cache(maxsize=4096)
def is_holiday(site: Site, day: date) -> bool:
    """Return whether the site keeps *day* as a public holiday."""
    if any(each.day == day for each in site.holidays):
        return True
    return day not in site.workdays and day in public(site.country, site.subdivision, day.year).days


@lru_cache(maxsize=4096)
def weekday(site: Site, day: date) -> int:
    """Return the weekday that *day* is worked as, 0 for Monday: a weekend day may be worked in exchange."""
    return public(site.country, site.subdivision, day.year).works.get(day, day.weekday())


def _runs(site: Site, shift: Shift, day: date) -> bool:
    """Return whether a shift that goes by the days of the week begins on *day*."""
    if not _open(site, shift, day):
        return False
    if shift.on_holidays == "as_sunday" and SUNDAY in shift.days and is_holiday(site, day):
        return True
    return (weekday(site, day) if len(shift.days) < len(EVERY_DAY) else day.weekday()) in shift.days


def _open(site: Site, shift: Shift, day: date) -> bool:
    """Return whether a holiday on *day*, if it is one, leaves the shift be."""
    if shift.on_holidays == "on" or (shift.on_holidays == "as_sunday" and SUNDAY in shift.days):
        return True
    return not is_holiday(site, day)


# patterns: what a person's `shift` names


@lru_cache(maxsize=256)
def _pattern(site: Site, name: str) -> Shift | Rotation | None:
    both: list[Shift | Rotation] = [*site.shifts, *site.rotations]
    return next((each for each in both if each.id == name), None)


def planned(site: Site, name: str, day: date) -> str | None:
    """Return the shift that begins on *day* for who works in the shift or rotation *name*, were it no holiday; or
    None."""
    pattern = _pattern(site, name)
    if isinstance(pattern, Rotation):
        shift = pattern.cycle[(day - pattern.begins).days % len(pattern.cycle)]
        return None if shift == OFF else shift
    return name if pattern is not None and day.weekday() in pattern.days else None


def shift_on(site: Site, name: str, day: date) -> str | None:
    """Return the shift that begins on *day* for who works in the shift or rotation *name*, or None."""
    pattern = _pattern(site, name)
    if isinstance(pattern, Shift):
        return name if _runs(site, pattern, day) else None
    shift = _pattern(site, planned(site, name, day) or OFF)
    return shift.id if isinstance(shift, Shift) and _open(site, shift, day) else None


def holiday_shift(site: Site, name: str, day: date) -> str | None:
    """Return what `shift_on` does, were *day* a public holiday."""
    pattern = _pattern(site, name)
    shift = pattern if isinstance(pattern, Shift) else _pattern(site, planned(site, name, day) or OFF)
    if not isinstance(shift, Shift) or shift.on_holidays == "off":
        return None
    if shift.on_holidays == "on":
        return shift.id if isinstance(pattern, Rotation) or day.weekday() in shift.days else None
    return shift.id if SUNDAY in shift.days else None


def shifts_of(site: Site, person: Person, day: date) -> tuple[str, ...]:
    """Return the shifts that *person* begins on *day*: the swapped ones, or the own one, or none."""
    if not person.employed(day) or person.away(day):
        return ()
    swapped = [swap.shift for swap in person.swaps if swap.day == day]
    if swapped:
        return tuple(dict.fromkeys(shift for shift in swapped if shift != OFF))
    own = shift_on(site, person.shift, day)
    return (own,) if own else ()


# hours


@lru_cache(maxsize=64)
def zone_of(site: Site) -> ZoneInfo:
    """Return the site's time zone."""
    return ZoneInfo(site.timezone)


def moment_of(site: Site, day: date, clock: str) -> datetime:
    """Return the moment, in UTC, at which the site's clocks show *clock* (`HH:MM`) on *day*."""
    return datetime.combine(day, time.fromisoformat(clock), zone_of(site)).astimezone(UTC)


@lru_cache(maxsize=2048)
def hours(site: Site, shift: Shift, day: date) -> tuple[datetime, datetime]:
    """Return when the *shift* that begins on *day* begins and ends, in UTC."""
    last = day if shift.starts < shift.ends else day + DAY
    return moment_of(site, day, shift.starts), moment_of(site, last, shift.ends)


class Moment(msgspec.Struct, frozen=True):
    """All that a moment says of who works: the day it lies in, and whose hours run, as shift and the day it began.

    Of two moments with equal values everybody has the same duty. `running` says nothing of the days a shift is worked.
    """

    day: date
    running: frozenset[tuple[str, date]]


def moment(site: Site, at: datetime) -> Moment:
    """Return the moment *at*, which is aware."""
    today = at.astimezone(zone_of(site)).date()
    running = (
        (shift.id, day) for shift in site.shifts for day in (today - DAY, today) if _covers(hours(site, shift, day), at)
    )
    return Moment(today, frozenset(running))


def _covers(span: tuple[datetime, datetime], at: datetime) -> bool:
    return span[0] <= at < span[1]


def at_work(site: Site, name: str, when: Moment) -> bool:
    """Return whether the shift or rotation *name* is worked at that moment."""
    return any((shift_on(site, name, day), day) in when.running for day in (when.day - DAY, when.day))


def working(site: Site, at: datetime) -> frozenset[str]:
    """Return the shifts and rotations that are worked at *at*."""
    when = moment(site, at)
    names = [*(shift.id for shift in site.shifts), *(rotation.id for rotation in site.rotations)]
    return frozenset(name for name in names if at_work(site, name, when))


def on_shift(shift: Shift, at: datetime) -> bool:
    """Return whether *at* (in the site's own time) lies in the shift, by the days of the week alone."""
    clock = at.strftime("%H:%M")
    if shift.starts < shift.ends:
        return at.weekday() in shift.days and shift.starts <= clock < shift.ends
    if clock >= shift.starts:
        return at.weekday() in shift.days
    return clock < shift.ends and (at - DAY).weekday() in shift.days


# people


def duty(person: Person, site: Site, at: datetime) -> tuple[State, Reason]:
    """Return whether *person* is on shift, on call or off at *at*, and why somebody is off who else were not."""
    return duty_at(person, site, moment(site, at))


def duty_at(person: Person, site: Site, when: Moment) -> tuple[State, Reason]:
    """Return what `duty` does, for a moment that has been looked at already."""
    days = (when.day - DAY, when.day)
    if any((shift, day) in when.running for day in days for shift in shifts_of(site, person, day)):
        return "on", ""
    called = person.on_call or (person.standby is not None and at_work(site, person.standby, when))
    if not person.employed(when.day):
        return "off", ""
    if called and not person.away(when.day):
        return "call", ""
    return "off", _why(person, site, when, called)


def _why(person: Person, site: Site, when: Moment, called: bool) -> Reason:
    if called:
        return "leave"
    for day in planned_days(site, person.shift, when):
        if person.away(day):
            return "leave"
        return "swapped" if any(swap.day == day for swap in person.swaps) else "holiday"
    return ""


def planned_days(site: Site, name: str, when: Moment) -> list[date]:
    """Return the days on which a shift of *name* began that would run at that moment, were those days no holidays."""
    return [day for day in (when.day - DAY, when.day) if (planned(site, name, day), day) in when.running]


# changes


def changes(site: Site, roster: Roster, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """Return every moment after *start* and up to *end*, in UTC and in order, at which somebody's duty or licences may
    change: the hours of shifts that somebody works, and the midnights at which leave, employment or a licence begins
    or ends."""
    first, last = (at.astimezone(zone_of(site)).date() for at in (start, end))
    found = {moment_of(site, day, "00:00") for day in _dates(roster) if first <= day <= last}
    names = _patterns_of(roster)
    extra = {(swap.day, swap.shift) for person in roster.people.values() for swap in person.swaps}
    for day in (first + DAY * n for n in range(-1, (last - first).days + 1)):
        begun = {shift_on(site, name, day) for name in names} | {shift for on, shift in extra if on == day}
        for name in begun:
            shift = _pattern(site, name) if name is not None else None
            if isinstance(shift, Shift):
                found.update(hours(site, shift, day))
    return tuple(sorted(at for at in found if start < at <= end))


def next_change(site: Site, roster: Roster, at: datetime) -> datetime | None:
    """Return the first moment after *at* at which somebody's duty may change; None when there is none for a year."""
    for far in (2, 9, 40, FARTHEST):
        found = changes(site, roster, at, at + far * DAY)
        if found:
            return found[0]
    return None


def _patterns_of(roster: Roster) -> frozenset[str]:
    own = {person.shift for person in roster.people.values()}
    return frozenset(own | {p.standby for p in roster.people.values() if p.standby is not None})


def _dates(roster: Roster) -> Iterator[date]:
    """Yield the days with whose first minute something of a person begins or has ended."""
    for person in roster.people.values():
        if person.since is not None:
            yield person.since
        ends = [leave.last for leave in person.leave]
        ends += [last for last in (*person.licences.values(), person.until) if last is not None]
        yield from (leave.first for leave in person.leave)
        yield from (last + DAY for last in ends if last < date.max)
