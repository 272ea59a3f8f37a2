"""What is to become better: what people noted, and the actions agreed (section 11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emergency.drills import book as b
from emergency.report import values as v
from emergency.report.gathering.reading import Reading
from emergency.store.actions import Agreed


def notes(reading: Reading) -> Iterator[v.Note]:
    """Yield what observers, evaluators and players wrote, in order."""
    for written in reading.course.written:
        entry, ref = written.entry, f"B{written.seq}"
        match entry:
            case b.Observed():
                kind, topic, rating, unsafe, text = "observed", entry.about, entry.rating, entry.unsafe, entry.text
            case b.HotWash():
                kind, topic, rating, unsafe, text = "hotwash", entry.topic, None, False, entry.text
            case b.Answered():
                topic = f"{entry.question} {'✓' if entry.met else '✗'}"
                kind, rating, unsafe, text = "answered", None, False, entry.text
            case _:
                continue
        tapped = None if isinstance(entry, b.HotWash) else entry.tapped
        yield v.Note(
            kind=kind, topic=topic, by=reading.labels.of(entry.by), at=tapped or written.at, later=tapped is not None,
            text=reading.labels.typed(text), rating=rating, unsafe=unsafe, ref=ref,
        )  # fmt: skip


def actions(reading: Reading) -> Iterator[v.ActionLine]:
    """Yield the actions agreed here, then earlier ones that are open or were closed since it began."""
    subjects = {reading.incident.id, *(a.subject for a in reading.source.actions if a.code == reading.source.code)}
    began = reading.zero
    today = reading.source.made.date().isoformat()
    mine = [each for each in reading.source.actions if each.subject in subjects]
    older = [
        each
        for each in reading.source.actions
        if each.subject not in subjects
        and each.at <= reading.source.made
        and (each.done is None or each.done_at >= began)
    ]
    for each in (*mine, *older):
        entry, carried = each.entry, each.subject not in subjects
        repeats = entry.repeats or _repeated(reading, each, mine if carried else reading.source.actions)
        yield v.ActionLine(
            id=entry.id, origin=each.code, problem=reading.labels.typed(entry.problem),
            action=reading.labels.typed(entry.action), element=entry.element, owner=reading.labels.of(entry.owner),
            agreed=each.at, due=entry.due, overdue=each.done is None and bool(entry.due) and entry.due < today,
            done=each.done_at if each.done else None,
            evidence=reading.labels.typed(each.done.evidence) if each.done else "", verify=entry.verify,
            verified=each.done.verified if each.done else "", carried=carried, repeats=repeats,
            objective=entry.objective, ref="" if carried else f"B{each.seq}",
        )  # fmt: skip


def _repeated(reading: Reading, action: Agreed, others: Sequence[Agreed]) -> str:
    """Return an earlier action on the same objective of the same plan: the finding came back. Empty for none.

    For one carried over: its own id, where its objective has failed again here.
    """
    if not action.entry.objective or action.playbook != reading.course.plan.id:
        return ""
    if action.subject != reading.incident.id and action.code != reading.source.code:
        failed = {score.id for score in reading.scores if score.rating in ("M", "U")}
        return action.entry.id if action.entry.objective in failed else ""
    same = (
        each.entry.id
        for each in others
        if each.at < action.at
        and each.subject != action.subject
        and each.playbook == action.playbook
        and each.entry.objective == action.entry.objective
    )
    return next(same, "")
