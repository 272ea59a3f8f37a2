"""The course of an incident: its log and its book read once, each thing with the numbers of the lines that show it.

What scores a drill and what reports it ask here, so that both rest on the same reading. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from emergency.core import events as e
from emergency.core.incident import ASKING, BESIDE, Incident, StepRun, fold
from emergency.core.playbook import Milestone, Playbook, Step
from emergency.core.values import Severity
from emergency.drills import book as b
from emergency.drills.critical import critical, heads_of, place_of

E = TypeVar("E", bound=e.Event)
F = TypeVar("F", bound=b.Entry)
History = Sequence[tuple[e.AnyEvent, datetime]]


_STAGES = (e.DeliverySent, e.DeliveryDelivered, e.DeliveryFailed, e.DeliveryDropped, e.DeliveryRetried)


TURNS = {"DrillFrozen": "Paused", "DrillResumed": "Resumed", "DrillAborted": "Aborted"}
"""Events of the log that say what an entry of the book says as well."""


class Mark(msgspec.Struct, frozen=True):
    """A moment and the line that shows it: `#45` of the log, `B12` of the book."""

    ref: str
    at: datetime


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One alert that waits for an answer. lost: why it was closed without one; empty while it is open."""

    id: str
    person: str
    role: str
    slot: int
    step: str | None
    root: str
    kind: str
    asked: Mark
    acked: Mark | None
    closed: Mark | None
    lost: str


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One message. urgency and number as it was queued; each stage has its mark, or None where it never came."""

    id: str
    alert: str
    person: str
    channel: str
    queued: Mark
    accepted: Mark | None
    delivered: Mark | None
    failed: Mark | None
    dropped: Mark | None
    reason: str
    tries: int


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a step: what the plan says of it (None for a stand-by or a nudge), and how it went."""

    run: StepRun
    plan: Step | None
    started: Mark
    acked: Mark | None
    ended: Mark | None
    chased: tuple[Mark, ...]

    @property
    def done(self) -> Mark | None:
        """When it was reported done, or None."""
        return self.ended if self.run.status == "done" else None


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Something that lasted: play stood still, a channel was out, somebody commanded. until None: it still lasts."""

    what: str
    since: Mark
    until: Mark | None
    by: str = ""


class Course:
    """One incident as it went. Every list stands in the order of the log."""

    def __init__(
        self, history: History, written: Sequence[b.Written] = (), others: Mapping[str, History] | None = None
    ) -> None:
        """Read the log, which begins with its opening, and the book beside it.

        others: code to log of the incidents that came of this one in the same drill.
        """
        first = history[0][0]
        incident = fold(history)
        if incident is None or not isinstance(first, e.IncidentOpened):
            raise ValueError("a log begins with IncidentOpened")
        self.history, self.written, self.others = history, written, others or {}
        self.opening: e.IncidentOpened = first
        self.incident: Incident = incident
        self.opened = Mark("#1", history[0][1])
        self.last = Mark(f"#{len(history)}", history[-1][1])
        self.stood = tuple(self._still())
        self._seen: dict[type, list[tuple[int, e.AnyEvent, datetime]]] = {}
        for seq, (event, at) in enumerate(history, start=1):
            self._seen.setdefault(type(event), []).append((seq, event, at))
        self.calls = tuple(self._calls())
        self.sent = tuple(self._sent())
        self.work = tuple(self._work())

    # reading

    def of(self, kind: type[E]) -> list[tuple[Mark, E]]:
        """Return the events of a kind, in order, each with its mark."""
        return [(Mark(f"#{seq}", at), event) for seq, event, at in self._seen.get(kind, ()) if isinstance(event, kind)]

    def entries(self, kind: type[F]) -> list[tuple[Mark, F]]:
        """Return the entries of the book of a kind, in order, each with its mark."""
        return [(mark_of(each), each.entry) for each in self.written if isinstance(each.entry, kind)]

    @property
    def plan(self) -> Playbook:
        """The plan, as it was pinned."""
        return self.incident.playbook

    @property
    def severest(self) -> Severity:
        """The gravest level that was reached."""
        changes = [event.to for _, event in self.of(e.SeverityChanged)]
        return max([self.opening.severity, *changes], key=lambda level: level.rank)

    @property
    def ended(self) -> Mark | None:
        """When it was stood down, found to be nothing, cancelled, broken off, or closed; None while it goes on."""
        for mark, event in self.of(e.StateEntered):
            state = self.plan.state(event.state)
            if state.ends or state.final:
                return mark
        return self.broken_off or self.called_off

    @property
    def broken_off(self) -> Mark | None:
        """When the drill was aborted, or None."""
        logged = next((mark for mark, _ in self.of(e.DrillAborted)), None)
        return logged or next((mark for mark, _ in self.entries(b.Aborted)), None)

    @property
    def called_off(self) -> Mark | None:
        """When ENDEX was given, or None."""
        logged = next((mark for mark, _ in self.of(e.DrillEnded)), None)
        return logged or next((mark for mark, _ in self.entries(b.Ended)), None)

    def all(self) -> Iterator[tuple[Mark, e.AnyEvent]]:
        """Yield every event with its mark."""
        for seq, (event, at) in enumerate(self.history, start=1):
            yield Mark(f"#{seq}", at), event

    # time, without that in which play stood still

    def spent(self, since: datetime, until: datetime) -> timedelta:
        """Return how long play ran between two moments."""
        lost = timedelta(0)
        for span in self.stood:
            end = span.until.at if span.until else self.last.at
            lost += max(timedelta(0), min(until, end) - max(since, span.since.at))
        return until - since - lost

    def after(self, since: datetime, length: timedelta) -> datetime:
        """Return the moment at which play has run for *length* since *since*."""
        due = since + length
        for span in self.stood:
            end = span.until.at if span.until else self.last.at
            if since < end and span.since.at < due:
                due += end - max(since, span.since.at)
        return due

    def _still(self) -> Iterator[Span]:
        """Yield when play stood still, as the log says it, else as the book does."""
        logged = [(mark, type(event).__name__, event) for mark, event in self.all()]
        turns: list[tuple[Mark, str, object]] = [
            (mark, TURNS[name], event) for mark, name, event in logged if name in TURNS
        ]
        if not any(name == "Paused" for _, name, _ in turns):
            turns = [(mark_of(each), type(each.entry).__name__, each.entry) for each in self.written]
        began: tuple[Mark, object] | None = None
        for mark, name, entry in turns:
            if name == "Paused" and began is None:
                began = (mark, entry)
            elif name in ("Resumed", "Aborted") and began is not None:
                yield _span(began, mark)
                began = None
        if began is not None:
            yield _span(began, None)

    # calls, messages, steps

    def _calls(self) -> Iterator[Call]:
        answered = {event.alert: mark for mark, event in reversed(self.of(e.AlertAcknowledged))}
        closed = {event.alert: (mark, event.because) for mark, event in self.of(e.AlertClosed)}
        for mark, event in self.of(e.AlertRequested):
            if event.kind not in ASKING:
                continue
            acked = answered.get(event.alert)
            end, why = closed.get(event.alert, (None, ""))
            yield Call(
                id=event.alert, person=event.person, role=event.role or "", slot=event.slot, step=event.step,
                root=event.root or event.alert, kind=event.kind, asked=mark, acked=acked, closed=end,
                lost="" if acked or why == "done" else why,
            )  # fmt: skip

    def _sent(self) -> Iterator[Sent]:
        stages: dict[str, dict[str, Mark]] = {}
        reasons: dict[str, str] = {}
        tries: dict[str, int] = {}
        for mark, event in self.all():
            if not isinstance(event, _STAGES):
                continue
            stages.setdefault(event.delivery, {}).setdefault(type(event).__name__, mark)
            if isinstance(event, e.DeliveryFailed):
                reasons[event.delivery] = event.reason
            if isinstance(event, e.DeliverySent | e.DeliveryRetried):
                tries[event.delivery] = max(tries.get(event.delivery, 1), event.attempt)
        for mark, event in self.of(e.DeliveryQueued):
            known = stages.get(event.delivery, {})
            yield Sent(
                id=event.delivery, alert=event.alert, person=event.person, channel=event.channel, queued=mark,
                accepted=known.get("DeliverySent"), delivered=known.get("DeliveryDelivered"),
                failed=known.get("DeliveryFailed"), dropped=known.get("DeliveryDropped"),
                reason=reasons.get(event.delivery, ""), tries=tries.get(event.delivery, 1),
            )  # fmt: skip

    def _work(self) -> Iterator[Work]:
        ends = {event.step: mark for mark, event in self.of(e.StepDone)}
        ends |= {event.step: mark for mark, event in self.of(e.StepDropped)}
        late: dict[str, list[Mark]] = {}
        for mark, chase in self.of(e.StepLate):
            late.setdefault(chase.step, []).append(mark)
        acked: dict[str, Mark] = {}
        for call in self.calls:
            if call.step and call.acked and (call.step not in acked or call.acked.at < acked[call.step].at):
                acked[call.step] = call.acked
        for mark, event in self.of(e.StepStarted):
            run = self.incident.steps[event.step]
            yield Work(
                run=run, plan=self.incident.plan_of(run), started=mark, acked=acked.get(run.id),
                ended=ends.get(run.id), chased=tuple(late.get(run.id, ())),
            )  # fmt: skip

    # questions

    def of_plan(self) -> list[Work]:
        """Return the steps of the plan: without stand-bys, hand-overs and nudges."""
        return [each for each in self.work if each.plan is not None and each.run.name not in BESIDE]

    def heads_needed(self, role: str) -> int:
        """Return how many heads the plan wants in *role*."""
        return heads_of(self.plan, role)

    def acknowledged(self, role: str, since: datetime | None = None) -> list[Mark]:
        """Return when each place of *role* was first acknowledged by somebody, or its step reported done by who was
        asked for it, oldest first."""
        first: dict[int, Mark] = {}
        for slot, mark in self.answers(role):
            if since is not None and mark.at < since:
                continue
            before = first.get(slot)
            if before is None or mark.at < before.at:
                first[slot] = mark
        return sorted(first.values(), key=lambda mark: mark.at)

    def answers(self, role: str) -> Iterator[tuple[int, Mark]]:
        """Yield each answer for *role*, with the place (from 1) it was for: acknowledgements, then steps reported."""
        yield from ((call.slot, call.acked) for call in self.calls if call.role == role and call.acked)
        yield from self._reported(role)

    def _reported(self, role: str) -> Iterator[tuple[int, Mark]]:
        for work in self.work:
            if work.run.role == role and work.done is not None and work.run.person is not None:
                slot = place_of((self.incident.alerts[id] for id in work.run.alerts), work.run.person)
                if slot is not None:
                    yield slot, work.done

    def manned(self, role: str, since: datetime | None = None) -> Mark | None:
        """Return when as many heads of *role* had answered as the plan wants, or None."""
        marks = self.acknowledged(role, since)
        wanted = self.heads_needed(role)
        return marks[wanted - 1] if len(marks) >= wanted else None

    def critical_roles(self) -> list[str]:
        """Return the critical roles: see `critical`."""
        return [each.role for each in critical(self.plan, self.opening.severity)]

    def reached(self, milestone: Milestone) -> Mark | None:
        """Return when what the milestone asks for had happened, or None."""
        if milestone.state is not None:
            return self.entered(milestone.state)
        for work in sorted(self.work, key=lambda each: each.ended.at if each.ended else self.last.at):
            plan = work.plan
            wanted = plan is not None and (
                plan.name == milestone.step or (milestone.call is not None and plan.call == milestone.call)
            )
            if wanted and work.done is not None:
                return work.done
        return None

    def entered(self, state: str, since: datetime | None = None) -> Mark | None:
        """Return when *state* was entered first (since a moment), or None."""
        for mark, event in self.of(e.StateEntered):
            if event.state == state and (since is None or mark.at >= since):
                return mark
        return None

    def commanders(self) -> list[Span]:
        """Return who commanded when; `what` is the person. Nobody may ever have."""
        marks = [(mark, event.person) for mark, event in self.of(e.CommandTaken)]
        ends = [*(mark for mark, _ in marks[1:]), self.ended][: len(marks)]
        return [Span(what=person, since=mark, until=end) for (mark, person), end in zip(marks, ends, strict=True)]

    def released(self, inject: str) -> Mark | None:
        """Return when an inject took effect, or None."""
        for mark, entry in self.entries(b.InjectReleased):
            if entry.inject == inject:
                return mark
        return None


def mark_of(written: b.Written) -> Mark:
    """Return the mark of an entry of the book."""
    return Mark(f"B{written.seq}", written.at)


def _span(began: tuple[Mark, object], until: Mark | None) -> Span:
    mark, entry = began
    return Span(
        what=str(getattr(entry, "because", "")), since=mark, until=until, by=str(getattr(entry, "by", "") or "")
    )
