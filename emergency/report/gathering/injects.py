"""The injects (section 4): planned against released, and how much each of them touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from emergency.core.values import Text
from emergency.drills import book as b
from emergency.drills.course import Mark
from emergency.drills.scenario import Inject
from emergency.report import values as v
from emergency.report.gathering.reading import Reading, same, seconds
from emergency.report.words import INJECTS


def injects(reading: Reading) -> Iterator[v.InjectLine]:
    """Yield every inject: those of the scenario in its order, then what stood in no script."""
    known = {entry.inject for _, entry in reading.course.entries(b.InjectReleased)}
    for inject in reading.source.scenario.injects if reading.source.scenario else ():
        yield _inject(reading, inject)
        known.discard(inject.id)
    for mark, entry in reading.course.entries(b.InjectReleased):
        if entry.inject in known:
            words = reading.labels.typed(entry.text)
            text = same(words) if words else INJECTS.get(entry.kind, same(entry.kind))
            yield v.InjectLine(
                id=entry.inject, kind=entry.kind, text=text, target=reading.target(entry.target),
                planned=None, released=reading.since(mark.at), until=seconds(entry.until),
                status="adhoc" if entry.adhoc else "released", by=reading.labels.of(entry.by), objective="",
                touched=None, refs=(mark.ref,),
            )  # fmt: skip
    for mark, rescue in reading.course.entries(b.Contingent):
        yield v.InjectLine(
            id=rescue.inject, kind=rescue.do, text=Text(f"未达到 {rescue.if_not}", f"{rescue.if_not} was not met"),
            target=Text("", ""), planned=None, released=reading.since(mark.at), until=None, status="contingency",
            by=Text("导控", "control"), objective="", touched=None, refs=(mark.ref,),
        )  # fmt: skip


def _inject(reading: Reading, inject: Inject) -> v.InjectLine:
    """Return one inject of the scenario, planned against released."""
    released = [(m, entry) for m, entry in reading.course.entries(b.InjectReleased) if entry.inject == inject.id]
    skipped = [(m, entry) for m, entry in reading.course.entries(b.InjectSkipped) if entry.inject == inject.id]
    mark, entry = released[0] if released else (None, None)
    status = "released" if mark else "skipped" if skipped else "not_released"
    by = entry.by if entry else skipped[0][1].by if skipped else ""
    until = seconds(entry.until) if entry and entry.until else None
    text = inject.text or INJECTS.get(inject.kind, same(inject.kind))
    return v.InjectLine(
        id=inject.id, kind=inject.kind, text=reading.cleaned(text),
        target=reading.target(inject.target or (inject.deliver.to if inject.deliver else "")),
        planned=seconds(inject.at), until=until,
        released=reading.since(mark.at) if mark else None, status=status, by=reading.labels.of(by),
        objective=inject.objective or "", touched=_touched(reading, inject, mark, until),
        refs=tuple(m.ref for m, _ in (*released, *skipped)),
    )  # fmt: skip


def _touched(reading: Reading, inject: Inject, mark: Mark | None, until: float | None) -> int | None:
    """Return how many messages fell into an inject's effect; None for those that act on no message."""
    if mark is None or not inject.kind.startswith(("person.", "channel.")):
        return None
    end = reading.zero + timedelta(seconds=until) if until is not None else reading.course.last.at
    return sum(
        inject.target in (each.person, each.channel) and mark.at <= each.queued.at <= end
        for each in reading.course.sent
    )
