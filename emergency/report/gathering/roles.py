"""The scorecards of the roles (section 7), the most critical first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emergency.core import events as e
from emergency.core.because import HOW
from emergency.core.values import Text
from emergency.drills import book as b
from emergency.drills import scoring
from emergency.drills.course import Call, Mark
from emergency.report import values as v
from emergency.report.gathering.reading import Reading


def cards(reading: Reading) -> tuple[v.RoleCard, ...]:
    """Return the scorecards, the most critical role first: command, then called at the lightest level, then by how
    many steps with a source it has; those that were never called are left out."""
    called = {call.role for call in reading.course.calls if call.role} | set(reading.incident.roles)
    levels = {each.role: each.at.rank if each.at else 9 for each in reading.course.plan.roles}
    duties = {duty.role: n for n, duty in enumerate(reading.incident.site.duties)}
    critical = reading.course.critical_roles()

    def weight(role: str) -> tuple[Any, ...]:
        sourced = sum(bool(w.plan and w.plan.source) for w in reading.course.of_plan() if w.run.role == role)
        command = reading.incident.site.duty(role).command
        return (not command, role not in critical, levels.get(role, 9), -sourced, duties.get(role, 99))

    return tuple(_card(reading, role, role in critical) for role in sorted(called, key=weight))


def _card(reading: Reading, role: str, critical: bool) -> v.RoleCard:
    """Return how one role did."""
    course = reading.course
    calls = [call for call in course.calls if call.role == role]
    given = [(mark, event) for mark, event in course.of(e.RoleAssigned) if event.role == role]
    works = [work for work in course.of_plan() if work.run.role == role]
    states = [scoring.step_status(work, reading.over) for work in works]
    first = calls[0].asked.at if calls else None
    acks = course.acknowledged(role)
    manned = course.manned(role)
    there = _counted(reading, calls)[: course.heads_needed(role)]
    names = {role, *(work.run.name for work in works)}
    notes = [mark for mark, entry in course.entries(b.Observed) if entry.about in names]
    return v.RoleCard(
        role=role, title=reading.title(role), critical=critical, heads=course.heads_needed(role),
        holders=tuple(dict.fromkeys(_holder(reading, event) for _, event in given)), asked=len(calls),
        answered=sum(call.acked is not None for call in calls),
        first=course.spent(first, acks[0].at).total_seconds() if first and acks else None,
        manned=course.spent(first, manned.at).total_seconds() if first and manned else None,
        arrived=max(0.0, course.spent(first, there[-1].at).total_seconds()) if first and there else None,
        there=len(there), counted=there[-1].ref if there else "",
        steps=len(works), in_time=sum(state == "met" for state in states),
        late=states.count("late"), missed=states.count("missed"), handovers=max(0, _changes(given)),
        notes=len(notes), rating=_role_rating(calls, states),
        refs=tuple(mark.ref for mark in (*acks[:1], *(m for m, _ in given[:1]), *notes)),
    )  # fmt: skip


def _counted(reading: Reading, calls: Sequence[Call]) -> list[Mark]:
    """Return when the roll call counted each of those who had answered for a role, earliest first."""
    answered = dict.fromkeys(call.person for call in calls if call.acked)
    marks = [reading.arrived[person] for person in answered if person in reading.arrived]
    return sorted(marks, key=lambda mark: mark.at)


def _holder(reading: Reading, event: e.RoleAssigned) -> Text:
    """Return who holds a role, with how they came to it and which deputy they are."""
    member = reading.incident.members.get(event.person)
    rank = member.roles.get(event.role, 0) if member else 0
    which = Text("", "") if rank < 2 else Text(f"第{rank - 1}替补", f"deputy {rank - 1}")
    how = HOW.get(event.because, Text("", "")) if rank < 2 else which
    label = reading.labels.of(event.person)
    return Text(f"{label.zh}({how.zh})", f"{label.en} ({how.en})") if how.zh else label


def _changes(given: Sequence[tuple[Mark, e.RoleAssigned]]) -> int:
    """Return how often a place of a role went to another person."""
    return len({(event.slot, event.person) for _, event in given}) - len({event.slot for _, event in given})


def _role_rating(calls: Sequence[Call], states: Sequence[str]) -> b.Rating | None:
    """Return how a role did: U where nobody ever answered, M with a step missed or more than half late, S with fewer
    late, else P."""
    if not calls:
        return None
    if not any(call.acked for call in calls):
        return "U" if any(call.lost != "taken" for call in calls) else None
    return _of_steps(states)


def _of_steps(states: Sequence[str]) -> b.Rating:
    done, late = states.count("met"), states.count("late")
    if "missed" in states or done < scoring.HALF * (done + late):
        return "M"
    return "S" if late else "P"
