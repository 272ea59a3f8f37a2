"""The call-out drill: a plan cut down to one question, whether everybody whom its start needs can be reached.

Only acknowledgement is asked (key 1, or 3 for "I cannot"), by the ladders of the real plan; the state `reached` says
that every role has answered.
"""

from __future__ import annotations

from msgspec.structs import replace

from emergency.core.playbook import AllOf, Leave, Playbook, RoleAcknowledged, RoleCall, State
from emergency.core.values import Severity, Text
from emergency.errors import CommandRefused

CALLING, REACHED, CLOSED = "calling", "reached", "closed"
TITLE = Text("召集演练,只需答复:{plan}", "call-out drill, only answer: {plan}")
STATES = {
    CALLING: Text("召集中", "calling people"),
    REACHED: Text("全部岗位已答复", "every role has answered"),
    CLOSED: Text("归档", "closed"),
}


def critical_roles(plan: Playbook, severity: Severity | None = None) -> tuple[RoleCall, ...]:
    """Return the roles that the plan calls at its start, or at *severity* where that is graver."""
    level = max(severity or plan.start, plan.start)
    return tuple(call for call in plan.roles if call.at is not None and call.at <= level)


def callout_of(plan: Playbook, severity: Severity | None = None) -> Playbook:
    """Return the plan of a call-out drill: the roles of the start, no steps, no agencies, no rules.

    Raises:
        CommandRefused: the plan calls no role at its start.
    """
    calls = critical_roles(plan, severity)
    if not calls:
        raise CommandRefused(
            f"the plan {plan.id} calls no role at its start; there is nobody to call out",
            f"预案 {plan.id} 一开始不叫任何岗位,没有人可召集",
        )
    answered = AllOf(guards=tuple(RoleAcknowledged(role=call.role, count=call.heads) for call in calls))
    title = Text(TITLE.zh.format(plan=plan.title.zh), TITLE.en.format(plan=plan.title.en))
    return replace(
        plan,
        title=title,
        roles=calls,
        states=(
            State(name=CALLING, title=STATES[CALLING], leave=(Leave(to=REACHED, when=answered),)),
            State(name=REACHED, title=STATES[REACHED]),
            State(name=CLOSED, title=STATES[CLOSED], final=True),
        ),
        raises=(), lowers=(), facts=(), clocks=(), agencies=(), begins=(), milestones=(), merge=None, press=None,
    )  # fmt: skip
