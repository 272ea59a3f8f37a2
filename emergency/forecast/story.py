"""Why it came to a late answer in one run: the chain of causes, told from that run's own log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from emergency.core import events as e
from emergency.core.incident import Incident
from emergency.core.playbook import Step
from emergency.core.values import Text
from emergency.forecast.sample import Line

MOST = 14
"""Lines of a story: what one screen of a telephone holds (practice). The middle is left out."""


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """One moment of a story, so many seconds after the opening.

    what: `state`, `asked`, `lost` (a text that had not arrived by the end), `failed` (a call or a text, with why),
    `answered`, `declined`, `done`, `late`, `left_out` (so many beats, in `n`). do: what a reminder asks; what a step of
    the plan asks stands in the plan.
    """

    at: float
    what: str
    person: str = ""
    role: str = ""
    step: str = ""
    channel: str = ""
    why: str = ""
    n: int = 0
    do: Text | None = None


def story(incident: Incident, history: Sequence[Line], role: str, until: float) -> tuple[Beat, ...]:
    """Return what happened to the calls on *role*, up to *until* seconds after the opening.

    Args:
        incident: at the end of the run. history: all of it, receipts of delivery included: what has none was lost.
    """
    found = list(dict.fromkeys(beat for beat in _beats(incident, history, role) if beat.at <= until))
    if len(found) <= MOST + 1:  # the line that says so takes one too
        return tuple(found)
    half = MOST // 2
    gap = Beat(at=found[half].at, what="left_out", n=len(found) - 2 * half)
    return (*found[:half], gap, *found[-half:])


def breach(incident: Incident, history: Sequence[Line], target: str, until: float) -> tuple[str, tuple[Beat, ...]]:
    """Return the role that *target* hung on, and its story. target: `step NAME` or `milestone NAME`, as in `Sample`."""
    role = _role_of(incident, target)
    return role, story(incident, history, role, until)


def _role_of(incident: Incident, target: str) -> str:
    kind, _, name = target.partition(" ")
    if kind == "step":
        return _of_step(incident, name)
    for each in incident.playbook.milestones:
        if each.name == name and each.step is not None:
            return _of_step(incident, each.step)
        if each.name == name and each.call is not None:
            return next((_of_step(incident, s.name) for s in _steps(incident) if s.call == each.call), "")
    here = [step.role for step in incident.now_in.steps if step.done is not None]
    return here[0] if here else ""


def _steps(incident: Incident) -> Iterator[Step]:
    return (step for state in incident.playbook.states for step in state.steps)


def _of_step(incident: Incident, name: str) -> str:
    return next((step.role for step in _steps(incident) if step.name == name), "")


def _beats(incident: Incident, history: Sequence[Line], role: str) -> Iterator[Beat]:
    arrived = {event.delivery for event, _ in history if isinstance(event, e.DeliveryDelivered)}
    failed = {event.delivery for event, _ in history if isinstance(event, e.DeliveryFailed | e.DeliveryDropped)}
    last = (history[-1][1] - incident.opened).total_seconds() if history else 0.0
    for event, at in history:
        yield from _beat(incident, event, _seconds(incident, at), role, arrived | failed, last)


def _seconds(incident: Incident, at: datetime) -> float:
    return (at - incident.opened).total_seconds()


LOST_AFTER = 120.0
"""Seconds after which a text without a receipt is said not to have arrived (practice: the median is nine)."""


def _beat(incident: Incident, event: e.AnyEvent, at: float, role: str, known: set[str], last: float) -> Iterator[Beat]:
    match event:
        case e.StateEntered(state=state):
            yield Beat(at=at, what="state", why=state)
        case e.AlertRequested(role=asked, step=str(step)) if asked == role:
            run = incident.steps[step]
            yield Beat(at=at, what="asked", person=event.person, role=role, step=run.name, do=run.nudge)
        case e.DeliveryQueued(channel="sms") if _is_of(incident, event.alert, role):
            if event.delivery not in known and last - at >= LOST_AFTER:
                yield Beat(at=at, what="lost", person=event.person, channel="sms")
        case e.DeliveryFailed(delivery=id) if _is_of(incident, incident.deliveries[id].alert, role):
            sent = incident.deliveries[id]
            yield Beat(at=at, what="failed", person=sent.person, channel=sent.channel, why=event.reason)
        case e.AlertAcknowledged(alert=alert) if _is_of(incident, alert, role):
            yield Beat(at=at, what="answered", person=incident.alerts[alert].person)
        case e.AlertClosed(alert=alert, because="declined") if _is_of(incident, alert, role):
            yield Beat(at=at, what="declined", person=incident.alerts[alert].person)
        case e.StepDone(step=step) if incident.steps[step].role == role:
            run = incident.steps[step]
            yield Beat(at=at, what="done", person=event.person, step=run.name, do=run.nudge)
        case e.StepLate(step=step, count=1) if incident.steps[step].role == role:
            run = incident.steps[step]
            yield Beat(at=at, what="late", step=run.name, do=run.nudge)


def _is_of(incident: Incident, alert: str, role: str) -> bool:
    return incident.alerts[alert].role == role
