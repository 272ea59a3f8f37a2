"""Compiles a playbook into a state machine: where does this transition lead?

The only room that knows the `transitions` library. One flat machine a playbook, compiled once and shared; one
cursor an incident, for the length of a question. The library answers where a transition leads; what follows
is written down by `decide`. Conditions are functions made here, never text from a file: the library would
import whatever a text names.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from transitions import EventData, Machine

from emergency.core.guards import Order, holds
from emergency.core.incident import Incident
from emergency.core.playbook import Guard, Leave, Playbook

ADVANCE = "advance"


class _Cursor:
    """What the library may move, while the incident stays as it is."""

    __slots__ = ("incident", "now", "order", "state", "taken")

    def __init__(self, incident: Incident, now: datetime, order: Order | None) -> None:
        self.state = incident.state
        self.incident = incident
        self.now = now
        self.order = order
        self.taken: Leave | None = None


def advance(incident: Incident, now: datetime) -> Leave | None:
    """Return the first way out of the present state whose guard holds, or None."""
    for leave in incident.now_in.leave:  # the library is asked only when there is somewhere to go: hardly ever
        if leave.after is None and leave.to is not None and holds(leave.when, incident, now):
            return _fire(incident, ADVANCE, now, None)
    return None


def ordered(incident: Incident, order: Order, now: datetime) -> Leave | None:
    """Return the way out that *order* may take by the plan, or None where every guard holds it back."""
    return _fire(incident, _order_name(order.to), now, order)


def timed_out(incident: Incident, index: int, now: datetime) -> Leave | None:
    """Return the way out number *index* of the present state, which waits for time alone, or None."""
    return _fire(incident, _late_name(index), now, None)


def _fire(incident: Incident, trigger: str, now: datetime, order: Order | None) -> Leave | None:
    machine = _machine(incident.playbook)
    if trigger not in machine.events or incident.state not in machine.events[trigger].transitions:
        return None
    cursor = _Cursor(incident, now, order)
    machine.events[trigger].trigger(cursor)
    return cursor.taken


def _order_name(to: str) -> str:
    return f"order {to}"


def _late_name(index: int) -> str:
    return f"late {index}"


@lru_cache(maxsize=64)
def _machine(playbook: Playbook) -> Machine:
    return Machine(
        model=None,  # nothing is bound to, or kept from, an incident
        states=[{"name": state.name, "final": state.final} for state in playbook.states],
        initial=playbook.initial,
        transitions=[each for state in playbook.states for each in _ways_out(state.name, state.leave)],
        auto_transitions=False,  # else every incident could jump to any state
        send_event=True,
    )


def _ways_out(source: str, leaves: tuple[Leave, ...]) -> list[dict[str, Any]]:
    found, early = [], []
    for index, leave in enumerate(leaves):
        if leave.to is None:
            continue
        way = {"source": source, "dest": leave.to, "before": _take(leave)}
        if leave.after is not None:
            found.append({**way, "trigger": _late_name(index)})
            early.append({**way, "trigger": _order_name(leave.to)})
        else:
            found.append({**way, "trigger": ADVANCE, "conditions": _condition(leave.when)})
            found.append({**way, "trigger": _order_name(leave.to), "conditions": _condition(leave.when)})
    return found + early  # an order that a guard allows is nobody's shortcut


def _condition(guard: Guard | None) -> Callable[[EventData], bool]:
    def passes(event: EventData) -> bool:
        cursor = cast(_Cursor, event.model)
        return holds(guard, cursor.incident, cursor.now, cursor.order)

    return passes


def _take(leave: Leave) -> Callable[[EventData], None]:
    def take(event: EventData) -> None:
        cast(_Cursor, event.model).taken = leave

    return take
