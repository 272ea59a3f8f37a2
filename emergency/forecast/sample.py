"""What one run of a forecast leaves behind: a few numbers, read off the log that the run wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from emergency.core import events as e
from emergency.core.incident import ASKING, Incident, StepRun
from emergency.core.playbook import Go, Milestone, Playbook
from emergency.drills.critical import place_of
from emergency.forecast.question import Question

Line = tuple[e.AnyEvent, datetime]
"""An event and when it happened."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One run. All times are seconds after the opening; None: not within the horizon.

    run: its number, which its dice hang on. roles: for each role that counts, when every head of it had answered.
    went: when the plan had what it waited for: that, or nothing was asked of the role any more and it went on with
    fewer, or with nobody. let_go: the roles with which it went so, of those that never answered whole.
    answered: who answered, in the order in which they did. milestones: when each was met.
    breach, breach_at: the first target that was missed, `step NAME` or `milestone NAME`, and when it was due; empty
    where all were kept. spared: milestones that the course of this run went past, so that they were not needed.
    messages: how many each person was sent; who is not in it was never asked anything.
    """

    run: int
    roles: tuple[float | None, ...]
    milestones: tuple[float | None, ...]
    answered: tuple[tuple[str, ...], ...] = ()
    breach: str = ""
    breach_at: float | None = None
    spared: tuple[str, ...] = ()
    let_go: tuple[str, ...] = ()
    messages: dict[str, int] = {}
    went: tuple[float | None, ...] = ()

    @property
    def all_roles(self) -> float | None:
        """When the last head of the roles that count had answered."""
        return latest(self.roles)

    @property
    def all_went(self) -> float | None:
        """When the plan waited for none of the roles any more, with or without all their heads."""
        return latest(self.went or self.roles)


def latest(times: Iterable[float | None]) -> float | None:
    """Return the latest of *times*; None when one of them never came."""
    last = 0.0
    for each in times:
        if each is None:
            return None
        last = max(last, each)
    return last


def read(run: int, question: Question, incident: Incident, history: Sequence[Line]) -> Sample:
    """Return what a run came to, from the log it wrote and the incident at its end.

    A role has answered once each of its places has. That the plan asks nothing of it any more, as what one of them did
    was enough or as the course went past it, is no answer: it is kept beside it (`went`).

    Args:
        run: its number.
        history: from the first event to the last, in order.
    """
    reader = _Reader(question, incident)
    moment, since = incident.opened, 0.0
    for event, at in history:
        hears = _READ.get(type(event))
        if hears is None:
            continue
        if at != moment:
            reader.is_over(since)
            moment, since = at, (at - incident.opened).total_seconds()
        hears(reader, event, since)
    reader.is_over(since)
    return reader.sample(run)


class _Reader:
    """Goes through one log, once."""

    def __init__(self, question: Question, incident: Incident) -> None:
        self.question = question
        self.incident = incident
        self.needed = {wanted.role: wanted.heads for wanted in question.roles}
        self.heard: dict[str, dict[str, float]] = {wanted.role: {} for wanted in question.roles}
        self.places: dict[str, set[int]] = {wanted.role: set() for wanted in question.roles}
        self.open: dict[str, set[str]] = {wanted.role: set() for wanted in question.roles}
        self.answered: dict[str, float] = {}
        self.went: dict[str, float] = {}
        self.left: dict[str, float] = {}
        self.met: dict[str, float] = {}
        self.late: tuple[float, str] | None = None
        self.messages: dict[str, int] = {}
        self.asked: set[str] = set()
        plan = incident.playbook
        self.calls = {(s.name, step.name): step.call for s in plan.states for step in s.steps if step.call}

    def is_over(self, at: float) -> None:
        """A moment is over: which roles have answered by now, and which is the plan waiting for no more?"""
        for role, heads in self.needed.items():
            if role in self.answered:
                continue
            if len(self.places[role]) >= heads:
                self.answered[role] = at
                self.went.setdefault(role, at)
            elif self.open[role]:
                self.left.pop(role, None)
            elif self.heard[role]:
                self.went.setdefault(role, at)
            elif role in self.asked:
                self.left.setdefault(role, at)

    def requested(self, event: e.AlertRequested, at: float) -> None:
        if event.role in self.open and event.kind in ASKING:
            self.open[event.role].add(event.alert)
            self.asked.add(event.role)

    def closed(self, event: e.AlertClosed, at: float) -> None:
        role = self.incident.alerts[event.alert].role
        if role in self.open:
            self.open[role].discard(event.alert)

    def acknowledged(self, event: e.AlertAcknowledged, at: float) -> None:
        alert = self.incident.alerts[event.alert]
        if alert.role in self.heard:
            self.open[alert.role].discard(event.alert)
            self.heard[alert.role].setdefault(alert.person, at)
            self.places[alert.role].add(alert.slot)

    def done(self, event: e.StepDone, at: float) -> None:
        run = self.incident.steps[event.step]
        self.met.setdefault(f"step {run.name}", at)
        call = self.calls.get((run.state, run.name))
        if call is not None:
            self.met.setdefault(f"call {call}", at)
        if run.role in self.heard:  # who reports a thing done has had the alert, whether or not they said so
            self.heard[run.role].setdefault(event.person, at)
            self.places[run.role] |= _place(self.incident, run, event.person)

    def entered(self, event: e.StateEntered, at: float) -> None:
        self.met.setdefault(f"state {event.state}", at)

    def passed(self, event: e.StepLate, at: float) -> None:
        if self.late is None and event.count == 1:
            self.late = at, f"step {self.incident.steps[event.step].name}"

    def queued(self, event: e.DeliveryQueued, at: float) -> None:
        self.messages[event.person] = self.messages.get(event.person, 0) + 1

    def sample(self, run: int) -> Sample:
        met = tuple(self.met.get(_name(each)) for each in self.question.milestones)
        answered = tuple(tuple(self.heard[w.role])[: w.heads] for w in self.question.roles)
        went = tuple(self.went.get(role, self.left.get(role)) for role in self.needed)
        breach = min(filter(None, (self.late, *self._missed(met))), default=(None, ""))
        return Sample(
            run=run,
            roles=tuple(map(self.answered.get, self.needed)),
            went=went,
            milestones=met,
            answered=answered,
            breach=breach[1],
            breach_at=breach[0],
            spared=tuple(each.name for each in self._spared(met)),
            let_go=tuple(
                role for role, at in zip(self.needed, went, strict=True) if at is not None and role not in self.answered
            ),
            messages=self.messages,
        )

    def _spared(self, met: Sequence[float | None]) -> Iterator[Milestone]:
        for each, at in zip(self.question.milestones, met, strict=True):
            if at is None and is_past(self.incident.playbook, each, self.incident.state):
                yield each

    def _missed(self, met: Sequence[float | None]) -> Iterator[tuple[float, str]]:
        spared = set(self._spared(met))
        for each, at in zip(self.question.milestones, met, strict=True):
            if each not in spared and (at is None or at > each.within.total_seconds()):
                yield each.within.total_seconds(), f"milestone {each.name}"


_READ: dict[type[e.Event], Callable[[_Reader, Any, float], None]] = {
    e.AlertRequested: _Reader.requested,
    e.AlertClosed: _Reader.closed,
    e.AlertAcknowledged: _Reader.acknowledged,
    e.StepDone: _Reader.done,
    e.StateEntered: _Reader.entered,
    e.StepLate: _Reader.passed,
    e.DeliveryQueued: _Reader.queued,
}


def _name(milestone: Milestone) -> str:
    if milestone.step is not None:
        return f"step {milestone.step}"
    return f"call {milestone.call}" if milestone.call is not None else f"state {milestone.state}"


@lru_cache(maxsize=64)
def _order(plan: Playbook) -> dict[str, int]:
    return {state.name: n for n, state in enumerate(plan.states)}


def is_past(plan: Playbook, milestone: Milestone, state: str) -> bool:
    """Return whether a plan in *state* has gone past the state that the milestone names, by a way on which it is not
    needed: a fire that was put out needs no evacuation. States stand in the order of the course."""
    order = _order(plan)
    return milestone.state in order and order[state] > order[milestone.state]


@lru_cache(maxsize=1024)
def _ahead(plan: Playbook, state: str) -> frozenset[str]:
    """Return the names of *state* and of every state that may still follow, by guard, by time or by a late step."""
    found, left = {state}, [state]
    while left:
        here = plan.state(left.pop())
        ways = [leave.to for leave in here.leave if leave.to is not None]
        ways += [late.state for step in here.steps for late in step.late if isinstance(late, Go)]
        new = set(ways) - found
        found |= new
        left += sorted(new)
    return frozenset(found)


@lru_cache(maxsize=1024)
def _to_come(plan: Playbook, state: str) -> frozenset[str]:
    """Return what may still be asked for from *state* on: `role NAME`, `step NAME`, `call NAME`."""
    steps = [step for name in _ahead(plan, state) for step in plan.state(name).steps]
    nudges = [leave.alert.role for name in _ahead(plan, state) for leave in plan.state(name).leave if leave.alert]
    found = {f"role {step.role}" for step in steps} | {f"step {step.name}" for step in steps}
    return frozenset(found | {f"role {role}" for role in nudges} | {f"call {step.call}" for step in steps})


class Decided:
    """Whether everything that is asked has been answered, or cannot be any more: a run need not go on. Asked after
    every moment, so it looks at the one thing that was open last, and at the next only once that has come."""

    def __init__(self, question: Question) -> None:
        """Begin with everything open; milestones last, for most come later than the answers."""
        self._roles = list(question.roles)
        self._milestones = list(question.milestones)
        self._open_at: tuple[object, object, object] = (None, None, None)
        self._may_be_let_go = True

    def __call__(self, incident: Incident) -> bool:
        """Return whether nothing is open any more."""
        alerts, steps, state = self._open_at
        same = incident.steps is steps and incident.state is state
        if same and (incident.alerts is alerts or not self._may_be_let_go):
            return False  # the very same as when something was open still
        decided = self._goes_through(incident)
        self._open_at = (None, None, None) if decided else (incident.alerts, incident.steps, incident.state)
        return decided

    def _goes_through(self, incident: Incident) -> bool:
        while self._roles:
            role = self._roles[0].role
            if not has_answered(incident, role, self._roles[0].heads):
                self._may_be_let_go = not _may_be_asked(incident, role)
                if not self._may_be_let_go or not _is_let_go(incident, role):
                    return False
            self._roles.pop(0)
        self._may_be_let_go = False  # from here on nothing hangs on alerts
        while self._milestones:
            if not _is_met(incident, self._milestones[0]):
                return False
            self._milestones.pop(0)
        return True


def has_answered(incident: Incident, role: str, heads: int) -> bool:
    """Return whether *role* has answered by now, as `read` says it."""
    places: set[int] = set()
    for run in incident.steps.values():
        if run.role != role:
            continue
        if run.status == "done" and run.person is not None:
            places |= _place(incident, run, run.person)
        if run.acknowledged:
            called = map(incident.alerts.__getitem__, run.alerts)
            places |= {alert.slot for alert in called if alert.answered is not None}
    return len(places) >= heads


def _place(incident: Incident, run: StepRun, person: str) -> set[int]:
    slot = place_of((incident.alerts[id] for id in run.alerts), person)
    return set() if slot is None else {slot}


def _may_be_asked(incident: Incident, role: str) -> bool:
    """Return whether something may be asked of *role* in this state of the plan or after it."""
    return f"role {role}" in _to_come(incident.playbook, incident.state)


def _is_let_go(incident: Incident, role: str) -> bool:
    """Return whether nobody of *role*, of whom nothing is to come, is asked anything just now."""
    runs = [run for run in incident.steps.values() if run.role == role]
    return all(incident.alerts[id].status != "open" for run in runs for id in run.alerts)


def _is_met(incident: Incident, milestone: Milestone) -> bool:
    """Return whether a milestone is met, or cannot or need not be any more."""
    if milestone.state is not None:
        return incident.state == milestone.state or is_past(incident.playbook, milestone, incident.state)
    for run in incident.steps.values():
        if run.status != "done":
            continue
        step = incident.plan_of(run)
        if run.name == milestone.step or (milestone.call is not None and step and step.call == milestone.call):
            return True
    return _name(milestone) not in _to_come(incident.playbook, incident.state)
