"""Readiness as documents for JSON: times are UTC, people are roster ids, their names stand under `people`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from emergency.check.people import start_level
from emergency.core.assignment import DUTY_ORDER, assign
from emergency.core.ladder import first_channels
from emergency.core.playbook import Playbook
from emergency.core.readiness import Need, Watch, is_hole, needs_of, seats
from emergency.core.seat import Passed, Seat
from emergency.core.site import Duty, Member, Site
from emergency.core.values import Severity, Text
from emergency.phones import Book, Weak, weak
from emergency.readiness.look import Report
from emergency.readiness.series import Repeat
from emergency.roster import Roster
from emergency.store.codec import to_text

Document = dict[str, Any]


def document(
    report: Report,
    plans: Mapping[str, Playbook],
    roster: Roster,
    book: Book,
    *,
    unusable: Mapping[str, str] | None = None,
    detail: Sequence[Watch] = (),
) -> Document:
    """Return a report for JSON. Times are UTC; people are roster ids, their names stand under `people`.

    Args:
        unusable: plans that cannot be read, with the first of their mistakes.
        detail: stretches of time of which the seats are wanted too, each plan's at its start level.
    """
    named: set[str] = set()
    lines = [_plan_line(report, plan, book, named) for plan in plans.values()]
    holes = [hole_line(each, report.site, named) for each in report.holes]
    warnings = [hole_line(each, report.site, named) for each in report.warnings]
    moments = [_moment(report, watch, plans, book, named) for watch in detail]
    phones = [phone_line(each) for each in weak(roster, book, report.start)]
    named |= {each["person"] for each in phones}
    return {
        "at": to_text(report.start),
        "until": to_text(report.end),
        "site": report.site.id,
        "timezone": report.site.timezone,
        "ready": not report.holes and not unusable,
        "plans": lines,
        "unusable": [{"plan": id, "says": says} for id, says in (unusable or {}).items()],
        "first": holes[0] if holes else None,
        "holes": holes,
        "warnings": warnings,
        "moments": moments,
        "phones": {
            "numbers": sum(len(person.numbers) for person in roster.people.values()),
            "weak": phones,
        },
        "people": {id: both(roster.people[id].name) for id in sorted(named) if id in roster.people},
        "role_titles": {duty.role: both(duty.title) for duty in report.site.duties},
    }


def both(text: Text) -> Document:
    """Return words in both languages."""
    return {"zh": text.zh, "en": text.en}


def _plan_line(report: Report, plan: Playbook, book: Book, named: set[str]) -> Document:
    by_level = {need.start: (need, given) for need, given in report.now if need.plan == plan.id}
    need, given = by_level[True]
    worst, worst_given = by_level.get(False, by_level[True])
    return {
        "plan": plan.id,
        "code": plan.code,
        "title": both(plan.title),
        "level": need.level.value,
        "seats": len(given),
        "filled": sum(not is_hole(seat) for seat in given),
        "holes": sorted({seat.role for seat in given if is_hole(seat)}),
        "worst_level": worst.level.value,
        "worst_seats": len(worst_given),
        "worst_filled": sum(not is_hole(seat) for seat in worst_given),
        "worst_holes": sorted({seat.role for seat in worst_given if is_hole(seat)}),
        "team": [seat_line(seat, report, report.team, book, named) for seat in given],
    }


def seat_line(seat: Seat, report: Report, team: Sequence[Member], book: Book, named: set[str]) -> Document:
    """Return one seat: who, why, and by which ways they are called, with when each last proved itself."""
    member = next((m for m in team if m.id == seat.person), None)
    named |= {each for each in (seat.person, *(p.person for p in seat.passed)) if each}
    return {
        "role": seat.role,
        "slot": seat.slot,
        "person": seat.person,
        "because": seat.because,
        "passed": [passed_line(each) for each in seat.passed],
        "duty": member.duty if member else None,
        "ways": ways(member, report.site.duty(seat.role), book, report.start) if member else [],
    }


def passed_line(passed: Passed) -> Document:
    """Return somebody who would have come, and why not."""
    return {"person": passed.person, "why": passed.why, "what": passed.what}


def ways(member: Member, duty: Duty, book: Book, now: datetime) -> list[Document]:
    """Return the channels by which a person is called first, each with when their first number last proved itself."""
    found = []
    for channel in first_channels(member.channels, together=duty.urgent):
        phone = book.get((member.id, 0, channel))
        found.append(
            {
                "channel": channel,
                "proved_at": to_text(phone.proved) if phone and phone.proved else None,
                "state": phone.state(now) if phone else "never",
            }
        )
    return found


def _moment(report: Report, watch: Watch, plans: Mapping[str, Playbook], book: Book, named: set[str]) -> Document:
    given = [(need, seats(need, watch.team, report.site)) for need, _ in report.now if need.start]
    return {
        "since": to_text(watch.since),
        "until": to_text(watch.until),
        "plans": [
            {"plan": need.plan, "team": [seat_line(seat, report, watch.team, book, named) for seat in line]}
            for need, line in given
            if need.plan in plans
        ],
    }


def hole_line(repeat: Repeat, site: Site, named: set[str]) -> Document:
    """Return a hole, with every time it comes back; whom it names goes into *named*."""
    hole = repeat.first
    named |= {each for each in (hole.falls_to, *(p.person for p in hole.passed)) if each}
    return {
        "role": hole.role,
        "title": both(site.duty(hole.role).title),
        "plans": list(repeat.plans),
        "level": hole.level.value,
        "empty": hole.heads,
        "of": hole.of,
        "since": to_text(hole.since),
        "until": to_text(hole.until),
        "times": len(repeat.spans),
        "spans": [{"since": to_text(since), "until": to_text(until)} for since, until in repeat.spans],
        "rhythm": repeat.rhythm,
        "weekdays": list(repeat.weekdays),
        "falls_to": hole.falls_to,
        "passed": [passed_line(each) for each in hole.passed],
    }


# `roster who`


def who(
    site: Site, roster: Roster, team: Sequence[Member], at: datetime, book: Book, plan: Playbook | None = None
) -> Document:
    """Return who is there for each role at *at*, first choice first, and who would take it: the roles of *plan* at its
    start, or every role of the site, one head each, as if all were called."""
    people = {member.id: member for member in team}
    need = needs_of(plan, site, start_level(plan))[0] if plan is not None else every_role(site)
    report = Report(site=site, start=at, end=at, team=tuple(team), now=(), holes=(), warnings=())
    named: set[str] = set()
    given: dict[str, list[Document]] = {}
    for each in assign(need.places, people, site, severity=need.level, place=need.place):
        given.setdefault(each.role, []).append(seat_line(each, report, team, book, named))
    return {
        "at": to_text(at),
        "site": site.id,
        "timezone": site.timezone,
        "plan": plan.id if plan is not None else None,
        "roles": [_role_line(site.duty(role), team, seats_) for role, seats_ in given.items()],
        "people": {id: both(p.name) for id, p in roster.people.items()},
        "role_titles": {duty.role: both(duty.title) for duty in site.duties},
    }


def every_role(site: Site) -> Need:
    """Return what it takes to have one head in every role of the site."""
    places = {duty.role: 1 for duty in site.duties}
    return Need(plan="", level=Severity.red, start=True, place=site.places[0].id, places=places)


def _role_line(duty: Duty, team: Iterable[Member], seats_: list[Document]) -> Document:
    there = sorted(
        (m for m in team if duty.role in m.roles and m.duty in DUTY_ORDER),
        key=lambda m: (DUTY_ORDER[m.duty], m.roles[duty.role], m.id),
    )
    return {
        "role": duty.role,
        "title": both(duty.title),
        "people": [{"person": m.id, "rank": m.roles[duty.role], "duty": m.duty, "busy": bool(m.busy)} for m in there],
        "deputies": list(duty.deputies),
        "seats": seats_,
    }


def phone_line(weak: Weak) -> Document:
    """Return a number that did not prove itself of late; numbers are counted from 1."""
    return {
        "person": weak.person,
        "number": weak.number + 1,
        "state": weak.state,
        "proved_at": to_text(weak.proved) if weak.proved else None,
        "asked_at": to_text(weak.asked) if weak.asked else None,
        "failed": weak.failed or None,
    }
