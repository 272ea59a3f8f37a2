"""A report as a frozen value: its parts put together. Pure."""

from __future__ import annotations

from emergency.report import values as v
from emergency.report.gathering import (
    front,
    gaps,
    improvement,
    injects,
    notification,
    objectives,
    record,
    result,
    roles,
    timeline,
)
from emergency.report.gathering.findings import findings
from emergency.report.gathering.reading import Reading, Source


def gather(source: Source) -> v.Report:
    """Return the report of *source*."""
    reading = Reading(source)
    course, labels, scores = reading.course, reading.labels, reading.scores
    cards = roles.cards(reading)
    analysis = tuple(objectives.analysis(reading, score) for score in scores)
    actions = tuple(improvement.actions(reading))
    return v.Report(
        cover=front.cover(reading), scores=scores, strengths=tuple(result.strengths(reading, cards))[: result.THREE],
        problems=tuple(result.problems(reading))[: result.THREE], safety=tuple(result.safety(reading)),
        overview=tuple(front.overview(reading)), injects=tuple(injects.injects(reading)),
        timeline=timeline.timeline(reading), curves=tuple(notification.curves(reading)),
        together=notification.together(reading), waiting=notification.waiting(reading),
        funnel=notification.funnel(reading, course.sent, course.calls),
        channels=tuple(notification.by_channel(reading)), not_reached=tuple(notification.not_reached(reading)),
        cards=cards, analysis=analysis, findings=findings(reading), forecast=source.forecast,
        notes=tuple(improvement.notes(reading)), actions=actions, gaps=tuple(gaps.gaps(reading, actions)),
        raw=tuple(record.raw(reading)), role_titles=reading.role_titles(),
        override_by={s.id: labels.of(s.override.by) for s in scores if s.override},
        override_why={s.id: labels.typed(s.override.reason) for s in scores if s.override},
        named=tuple(record.named(reading)) if source.names else (),
    )  # fmt: skip
