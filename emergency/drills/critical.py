"""Which roles are critical, how many heads of each must answer, and who counts as having answered. One rule, for the
forecast, the scores and the report alike. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from emergency.core.incident import Alert
from emergency.core.playbook import Playbook
from emergency.core.values import Severity, Text

RULE = Text(
    "关键岗位:预案在开局级别呼叫、且在解除前有任务的岗位,以及开局阶段有任务的岗位;预案要几人,就要几人都应答",
    "critical: roles called at the level it opens at with a step before its end, or with a step in the opening state; "
    "every head that the plan calls must answer",
)
"""The rule, as screens and reports print it (practice)."""


class Critical(msgspec.Struct, frozen=True):
    """A role that a plan cannot begin without. heads: how many must answer, as many as the plan calls."""

    role: str
    heads: int


def critical(plan: Playbook, severity: Severity) -> tuple[Critical, ...]:
    """Return the critical roles of *plan*, opened at *severity*: first those called at that level that have a step
    before the plan's end, in the plan's order; then the others that have a step in the opening state.

    Who is called and has nothing to do is none of them. Where nobody is left so, it is everybody who is called: a
    call-out has no steps and asks for answers alone.
    """
    busy = {step.role for state in plan.states if not (state.ends or state.final) for step in state.steps}
    first = {step.role for step in plan.state(plan.initial).steps}
    called = [call.role for call in plan.roles if call.at is not None and call.at.rank <= severity.rank]
    chosen = [role for role in called if role in busy]
    chosen += [call.role for call in plan.roles if call.role in first]
    return tuple(Critical(role, heads_of(plan, role)) for role in dict.fromkeys(chosen or called))


def heads_of(plan: Playbook, role: str) -> int:
    """Return how many heads the plan calls in *role*; one where it names none."""
    return next((max(1, call.heads) for call in plan.roles if call.role == role), 1)


def place_of(alerts: Iterable[Alert], person: str) -> int | None:
    """Return the place (from 1) for which *person* was asked first by these alerts of one step. Who reports a thing
    done has had the call for it, whether or not they said so: that place has answered. None: they were not asked."""
    return next((alert.slot for alert in alerts if alert.person == person), None)
