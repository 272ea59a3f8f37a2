"""How the programme stands: what is done and by what evidence, what is due by when, what is overdue, and who has to be
told by which day before a drill that is planned. Pure: everything comes in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from emergency.core.site import Site
from emergency.drills.scenario import Notice as Known
from emergency.drills.scenario import PreNotice
from emergency.programme.duties import Notice, Programme, Rule
from emergency.programme.evidence import Past, shifts_at
from emergency.programme.periods import Period, back_to, period_of, working_days_before

State = Literal["done", "planned", "due", "overdue"]
ORDER: tuple[State, ...] = ("overdue", "due", "planned", "done")
MISSED_SHOWN = 8
"""Periods that were missed are listed no farther back: two years of quarters."""


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """A drill that is to come. code: of the drill, or of the schedule that proposes it (`firm` is False then).

    known: who knows the minute; told: who has confirmed already that they know of it.
    """

    code: str
    kind: str
    playbook: str
    at: datetime
    director: str
    known: Known = "announced"
    firm: bool = True
    notices: tuple[PreNotice, ...] = ()
    told: frozenset[str] = frozenset()
    title: str = ""
    maximum: timedelta = timedelta(hours=1)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One rule for one subject in the present period. subject: a plan, a shift, or empty for the site.

    due: the last day. missing: how many drills are still lacking. missed: earlier periods in which it was not done.
    """

    rule: Rule
    subject: str
    state: State
    period: Period
    missing: int
    done: tuple[Past, ...] = ()
    coming: tuple[Coming, ...] = ()
    missed: tuple[Period, ...] = ()

    @property
    def due(self) -> date:
        """The last day on which it is still in time."""
        return self.period.last


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is to be told of a drill on *by* at the latest (in the site's time). confirmed: they know; late: the
    day has passed and nobody confirmed."""

    drill: str
    who: str
    text_zh: str
    text_en: str
    by: date
    confirmed: bool
    late: bool


def standings(
    programme: Programme, plans: Sequence[str], past: Sequence[Past], coming: Sequence[Coming], site: Site, today: date
) -> tuple[Standing, ...]:
    """Return how each rule stands on *today*, the most urgent first."""
    zone = ZoneInfo(site.timezone)
    found = [
        _standing(rule, subject, programme, past, coming, site, today, zone)
        for rule in programme.rules
        for subject in _subjects(rule, plans, site)
    ]
    return tuple(sorted(found, key=lambda s: (ORDER.index(s.state), not s.rule.law, s.due, s.rule.id, s.subject)))


def _subjects(rule: Rule, plans: Sequence[str], site: Site) -> list[str]:
    if rule.per == "shift":
        return [shift.id for shift in site.shifts]
    named = [plan for plan in plans if rule.is_of(plan)]
    return named if rule.per == "plan" else [""] if named else []


def _standing(
    rule: Rule,
    subject: str,
    programme: Programme,
    past: Sequence[Past],
    coming: Sequence[Coming],
    site: Site,
    today: date,
    zone: ZoneInfo,
) -> Standing:
    period = period_of(rule.every, today)
    held = [each for each in past if each.is_done and counts(rule, subject, each)]
    done = [each for each in held if each.begun.astimezone(zone).date() in period]
    ahead = [
        each for each in coming if each.at.astimezone(zone).date() in period and would_count(rule, subject, each, site)
    ]
    since = programme.since or date.max
    missed = [
        before
        for before in back_to(rule.every, period, since)
        if sum(each.begun.astimezone(zone).date() in before for each in held) < rule.times
    ]
    missing = max(0, rule.times - len(done))
    return Standing(
        rule=rule,
        subject=subject,
        state=_state(missing, missing - len(ahead), bool(missed) and missed[0].last == _day_before(period)),
        period=period,
        missing=missing,
        done=tuple(done),
        coming=tuple(ahead),
        missed=tuple(missed[:MISSED_SHOWN]),
    )


def _day_before(period: Period) -> date:
    return period.first - timedelta(days=1)


def _state(missing: int, without_plan: int, missed_last: bool) -> State:
    if not missing:
        return "done"
    if missed_last:
        return "overdue"  # a plan does not undo a period that has gone by
    return "planned" if without_plan <= 0 else "due"


def counts(rule: Rule, subject: str, each: Past) -> bool:
    """Return whether a drill that was held is evidence for a rule: its kind, its plan, the shift on duty. A real
    incident is no drill."""
    if each.sort not in rule.counts or not rule.is_of(each.playbook):
        return False
    if rule.per == "shift":
        return subject in each.shifts
    return rule.per == "site" or each.playbook == subject


def would_count(rule: Rule, subject: str, each: Coming, site: Site) -> bool:
    """Return whether a drill to come, held as planned, will be evidence for a rule."""
    if each.kind not in rule.counts or not rule.is_of(each.playbook):
        return False
    if rule.per == "shift":
        return subject in shifts_at(site, each.at)
    return rule.per == "site" or each.playbook == subject


def tellings(
    programme: Programme, coming: Iterable[Coming], site: Site, today: date, live: frozenset[str]
) -> tuple[Telling, ...]:
    """Return who has to be told of the drills among people that are to come, in the order of the days."""
    found = [each for drill in coming if drill.kind in live for each in _of_drill(programme, drill, site, today)]
    return tuple(sorted(found, key=lambda t: (t.by, t.drill, t.who)))


def _of_drill(programme: Programme, drill: Coming, site: Site, today: date) -> Iterator[Telling]:
    """Yield each party once: what the scenario says of it goes before what a rule says."""
    seen: set[str] = set()
    asked: list[PreNotice | Notice] = [*drill.notices]
    if drill.kind == "full":
        asked += [n for rule in programme.rules if rule.is_of(drill.playbook) for n in rule.notices]
    for notice in asked:
        if notice.who in seen:
            continue
        seen.add(notice.who)
        by, confirmed = _last_day(notice, drill.at, site), notice.who in drill.told
        yield Telling(
            drill=drill.code,
            who=notice.who,
            text_zh=notice.text.zh,
            text_en=notice.text.en,
            by=by,
            confirmed=confirmed,
            late=by < today and not confirmed,
        )


def _last_day(notice: PreNotice | Notice, at: datetime, site: Site) -> date:
    zone = ZoneInfo(site.timezone)
    if notice.working_days:
        return working_days_before(site, at.astimezone(zone).date(), notice.working_days)
    return (at - (notice.lead or timedelta(0))).astimezone(zone).date()


def never_drilled(standing: Sequence[Standing]) -> tuple[str, ...]:
    """Return the shifts with which nothing counts in the present period."""
    return tuple(s.subject for s in standing if s.rule.per == "shift" and s.missing)
