"""The findings of the plan's check (section 9): who answers for them, and whether the course bore them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from emergency.drills import scoring
from emergency.report import values as v
from emergency.report.gathering.reading import Reading
from emergency.report.gathering.vacancies import vacancies


def findings(reading: Reading) -> tuple[v.PlanFinding, ...] | None:
    """Return what the check of the plan found, open findings first, without names; None where it was not run."""
    found = reading.source.findings
    if found is None:
        return None
    return tuple(
        msgspec.structs.replace(
            each, says=reading.cleaned(each.says), waived=_waived(reading, each.waived),
            borne_out=borne_out(reading, each),
        )
        for each in sorted(found, key=lambda each: each.waived is not None)
    )  # fmt: skip


def borne_out(reading: Reading, finding: v.PlanFinding) -> v.BorneOut | None:
    """Return whether this course confirms or refutes a finding; None where it shows nothing of it (practice).

    A finding about a role is confirmed where a place of it stood empty, and never refuted: that somebody was there once
    says nothing of another shift. One about a time is confirmed by a step or milestone that came late or never, and
    refuted by one that was kept.
    """
    match finding.path:
        case ("roles", str(role), *_) if finding.id.startswith("R"):
            refs = [ref for gap in vacancies(reading) if gap.role == role for ref in gap.refs]
            return v.BorneOut(yes=True, refs=tuple(dict.fromkeys(refs))) if refs else None
        case ("states", str(state), "steps", str(step), *_) if finding.id.startswith("T"):
            return _kept(_steps(reading, state, step))
        case ("milestones", str(name), *_) if finding.id.startswith("T"):
            return _kept(_milestone(reading, name))
    return None


def _kept(targets: Iterable[tuple[bool, str]]) -> v.BorneOut | None:
    """Return what targets that were missed (True) or kept come to: one that was missed is enough."""
    seen = list(targets)
    yes = any(missed for missed, _ in seen)
    return v.BorneOut(yes=yes, refs=tuple(ref for missed, ref in seen if missed == yes)) if seen else None


def _steps(reading: Reading, state: str, step: str) -> Iterator[tuple[bool, str]]:
    for work in reading.course.of_plan():
        status = scoring.step_status(work, reading.over)
        if (work.run.state, work.run.name) == (state, step) and status != "untested":
            yield status != "met", (work.ended or work.started).ref


def _milestone(reading: Reading, name: str) -> Iterator[tuple[bool, str]]:
    for milestone in reading.course.plan.milestones:
        if milestone.name == name:
            reached, due = reading.course.reached(milestone), reading.course.after(reading.zero, milestone.within)
            if reached is not None or due < reading.over:
                yield reached is None or reached.at > due, (reached or reading.course.last).ref


def _waived(reading: Reading, waived: v.Waived | None) -> v.Waived | None:
    if waived is None:
        return None
    by, reason = reading.labels.named(waived.by.en), reading.labels.clean(waived.reason)
    return msgspec.structs.replace(waived, by=by, reason=reason)
