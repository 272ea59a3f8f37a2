"""The timeline (section 5): steps against their targets, states, command, outages and pauses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from emergency.core import events as e
from emergency.core.values import Text
from emergency.drills import book as b
from emergency.drills import scoring
from emergency.drills.course import Work
from emergency.report import values as v
from emergency.report.gathering.reading import Reading, same, seconds
from emergency.report.words import PAUSES

SHARE_SHOWN = 0.8
"""The share of steps that the timeline shows; those far later stand in its table (practice)."""


LEAST_SHOWN = 300.0
"""Seconds that the timeline shows at least."""


def timeline(reading: Reading) -> v.Timeline:
    """Return the course as bars, bands and ticks."""
    course, states = reading.course, reading.course.of(e.StateEntered)
    bars = tuple(_bars(reading))
    moments = sorted(_lasts(bar) for bar in bars)
    length = reading.since(course.last.at)
    end = reading.since(course.ended.at) if course.ended else length
    usual = moments[int(len(moments) * SHARE_SHOWN)] * 1.1 if moments else end
    ends = [mark for mark, _ in states[1:]] + [None]
    bands = tuple(
        v.Band(
            kind="state", name=course.plan.state(event.state).title, since=reading.since(mark.at),
            until=reading.since(end_.at) if end_ else None, refs=(mark.ref,),
        )
        for (mark, event), end_ in zip(states, ends, strict=True)
    )  # fmt: skip
    commanders = tuple(
        v.Band(
            kind="command", name=reading.labels.of(span.what), since=reading.since(span.since.at),
            until=reading.since(span.until.at) if span.until else None, refs=(span.since.ref,),
        )
        for span in course.commanders()
    )  # fmt: skip
    shown = min(max(LEAST_SHOWN, usual), max(LEAST_SHOWN, length))
    return v.Timeline(
        bars=bars, states=bands, commanders=commanders, through=tuple(_through(reading)), ticks=tuple(_ticks(reading)),
        shown=shown, over=reading.since(course.ended.at) if course.ended else None, length=length,
    )  # fmt: skip


def _bars(reading: Reading) -> Iterator[v.Bar]:
    """Yield the steps of the plan in the order in which they began."""
    site = reading.incident.site
    for work in reading.course.of_plan():
        run, plan = work.run, work.plan
        if plan is None:
            continue
        zone = site.place(run.zone).short if run.zone else None
        name = Text(f"{zone.zh} {plan.do.zh}", f"{zone.en}: {plan.do.en}") if zone else plan.do
        allowed = reading.course.spent(work.started.at, run.due).total_seconds() if run.due else None
        marks = (work.started, work.acked, work.ended, *work.chased)
        yield v.Bar(
            name=reading.filled(name), role=run.role, letter=run.letter, state=run.state,
            started=reading.since(work.started.at), acked=reading.since(work.acked.at) if work.acked else None,
            due=reading.since(run.due) if run.due else None, ended=reading.since(work.ended.at) if work.ended else None,
            status=_status_of(work, reading.over), allowed=allowed,
            took=reading.course.spent(work.started.at, work.done.at).total_seconds() if work.done else None,
            person=reading.labels.of(run.person) if run.person else Text("无人", "nobody"), source=plan.source,
            refs=tuple(mark.ref for mark in marks if mark),
        )  # fmt: skip


def _through(reading: Reading) -> Iterator[v.Band]:
    """Yield what shades the whole timeline: outages and pauses."""
    for mark, entry in reading.course.entries(b.InjectReleased):
        if entry.kind.startswith("channel."):
            target = reading.target(entry.target)
            yield v.Band(
                kind="outage", name=Text(f"{entry.inject} {target.zh}", f"{entry.inject} {target.en}"),
                since=reading.since(mark.at), until=seconds(entry.until), refs=(mark.ref,),
            )  # fmt: skip
    for span in reading.course.stood:
        yield v.Band(
            kind="pause", name=PAUSES.get(span.what, Text("暂停", "paused")), since=reading.since(span.since.at),
            until=reading.since(span.until.at) if span.until else None, refs=(span.since.ref,),
        )  # fmt: skip


def _ticks(reading: Reading) -> Iterator[v.Tick]:
    """Yield the injects and the milestones, as lines across the timeline."""
    for mark, entry in reading.course.entries(b.InjectReleased):
        at = reading.since(mark.at)
        yield v.Tick(kind="inject", id=entry.inject, name=same(entry.kind), at=at, refs=(mark.ref,))
    for milestone in reading.course.plan.milestones:
        due = reading.course.after(reading.zero, milestone.within)
        reached = reading.course.reached(milestone)
        refs = (reached.ref,) if reached else ()
        yield v.Tick(kind="milestone", id="", name=milestone.title, at=reading.since(due), refs=refs)
    if reading.course.broken_off:
        mark = reading.course.broken_off
        yield v.Tick(kind="abort", id="", name=Text("中止", "broken off"), at=reading.since(mark.at), refs=(mark.ref,))


def _lasts(bar: v.Bar) -> float:
    """Return up to when a bar has something to show: its end, else a little past its target."""
    if bar.ended is not None:
        return bar.ended
    return bar.due * 1.2 if bar.due is not None else bar.started


def _status_of(work: Work, over: datetime) -> str:
    status = scoring.step_status(work, over)
    if status == "untested":
        return "open" if work.run.status == "open" else "moved_on"
    return status
