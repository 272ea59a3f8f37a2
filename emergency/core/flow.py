"""How a plan moves: entering states, starting steps, filling roles, raising the level, waiting."""

from __future__ import annotations

from typing import Literal

from emergency.core import events as e
from emergency.core import guards, machine
from emergency.core.assignment import choose
from emergency.core.calls import LATE_AGAIN, ask, chase, close, end_run, tell, tell_command
from emergency.core.draft import Draft
from emergency.core.incident import StepRun
from emergency.core.playbook import Go, Leave, Nudge, RaiseTo, State, Step
from emergency.core.values import Severity, Text

ROUNDS = 30
"""How often one decision may move on by itself. A plan that would go round for ever stops here and waits for its
next timer; the checker refuses such plans."""


def settle(draft: Draft) -> None:
    """Let follow all that follows: levels, roles, steps, transitions; then set the clock for what time may change."""
    for _ in range(ROUNDS):
        before = draft.incident.version
        if draft.incident.is_closed:
            break
        _raise_by_rule(draft)
        start_due_steps(draft)
        leave = machine.advance(draft.incident, draft.now)
        if leave is not None:
            enter(draft, leave.to or "", via="guard", leave=leave)
        if draft.incident.version == before:
            break
    _watch_the_clock(draft)


def enter(
    draft: Draft,
    to: str,
    *,
    via: Literal["opening", "guard", "timeout", "order", "late_step"],
    leave: Leave | None = None,
    by: str | None = None,
    reason: str | None = None,
    overridden: bool = False,
) -> None:
    """Go to a state: end what the old one asked for, call the roles of the new one, start its steps and its clocks."""
    freed = _leave_state(draft)
    because = leave.because if leave else None
    draft.add(e.StateEntered(state=to, via=via, by=by, because=because, reason=reason, overridden=overridden))
    state = draft.incident.now_in
    if state.severity is not None and state.severity > draft.incident.severity:
        draft.add(e.SeverityChanged(to=state.severity, via="state"))
    if state.ends is not None:
        _end(draft)
    elif not draft.incident.ended:
        fill_roles(draft)
    start_due_steps(draft)
    if leave is not None and leave.alert is not None:
        _nudge(draft, leave.alert)
    _start_waits(draft, state)
    _expect(draft, state)
    if not state.ends:
        _tell_the_freed(draft, freed)


def _leave_state(draft: Draft) -> list[str]:
    freed: list[str] = []
    for run in draft.incident.runs_here():
        if run.status == "open" and run.name != "stand_by":
            draft.add(e.StepDropped(step=run.id, because="left_state"))
            freed += end_run(draft, run.id, "left_state")
    for timer in list(draft.incident.timers):
        if timer.startswith(("leave:", "every:")):
            draft.clear_timer(timer)
    return freed


def _end(draft: Draft) -> None:
    """Tell everyone who was alerted; nothing of the emergency itself is asked of anybody any more."""
    for run in list(draft.incident.steps.values()):
        if run.status == "open":
            draft.add(e.StepDropped(step=run.id, because="ended"))
            end_run(draft, run.id, "ended")
    for id in sorted(draft.incident.alerts, key=lambda a: int(a[1:])):
        alert = draft.incident.alerts[id]
        if alert.status != "closed":
            close(draft, alert, "ended")
    if draft.incident.now_in.tells:
        for person in draft.incident.alerted:
            tell(draft, person, "ended")


def _tell_the_freed(draft: Draft, freed: list[str]) -> None:
    """Who was busy with a step that is off now, and got nothing new, hears where the plan stands."""
    for person in dict.fromkeys(freed):
        if not draft.incident.open_alerts(person):
            tell(draft, person, "update")


def _start_waits(draft: Draft, state: State) -> None:
    for index, leave in enumerate(state.leave):
        if leave.after is not None:
            draft.set_timer(f"leave:{draft.incident.entry}:{index}", leave.after)


def _expect(draft: Draft, state: State) -> None:
    for knock_on in state.expects:
        known = knock_on.playbook in draft.incident.expected
        if not known and guards.holds(knock_on.when, draft.incident, draft.now):
            draft.add(e.KnockOnExpected(playbook=knock_on.playbook))


def start_due_steps(draft: Draft) -> None:
    """Start every step of the present state whose condition holds and that has not been started."""
    for step in draft.incident.now_in.steps:
        started = {(run.name, run.zone) for run in draft.incident.runs_here()}
        if not guards.holds(step.when, draft.incident, draft.now):
            continue
        zones: tuple[str | None, ...] = (None,)
        if step.per == "zones":
            zones = guards.zones_in_scope(draft.incident)
        for index, zone in enumerate(zones):
            if (step.name, zone) not in started:
                start_step(draft, step, zone, index)


def start_step(draft: Draft, step: Step, zone: str | None = None, index: int = 0) -> None:
    """Start one run of *step* and call on the holders of its role: each of them, or one of them for each zone."""
    ensure_role(draft, step.role)
    run = _new_run(draft, step.name, step.role, zone=zone, step=step)
    holders = sorted(draft.incident.roles.get(step.role, {}).items())
    if zone is not None and holders:
        holders = [holders[index % len(holders)]]
    for slot, person in holders:
        ask(draft, draft.incident.steps[run], person, slot)
    if not holders:
        _nobody(draft, run)


def _new_run(
    draft: Draft,
    name: str,
    role: str,
    *,
    zone: str | None = None,
    step: Step | None = None,
    nudge: Text | None = None,
) -> str:
    due = draft.now + step.done if step and step.done else None
    id = draft.next_step()
    draft.add(e.StepStarted(step=id, name=name, role=role, letter=draft.next_letter(), zone=zone, due=due, nudge=nudge))
    if due is not None:
        draft.add(e.TimerSet(timer=f"due:{id}", due=due))
    return id


def _nobody(draft: Draft, run: str) -> None:
    """Nobody holds the role and nobody can: the person in command gets the step."""
    person = draft.incident.command
    if person is not None:
        ask(draft, draft.incident.steps[run], person, 1)


def _nudge(draft: Draft, nudge: Nudge) -> None:
    for run in draft.incident.runs_here():
        if run.name == "nudge" and run.role == nudge.role and run.nudge == nudge.do and run.status == "open":
            draft.add(e.StepDropped(step=run.id, because="left_state"))
            end_run(draft, run.id, "left_state")
    ensure_role(draft, nudge.role)
    id = _new_run(draft, "nudge", nudge.role, nudge=nudge.do)
    holders = sorted(draft.incident.roles.get(nudge.role, {}).items())
    for slot, person in holders:
        ask(draft, draft.incident.steps[id], person, slot)
    if not holders:
        _nobody(draft, id)


def fill_roles(draft: Draft) -> None:
    """Fill every role that the level calls for; who gets no step in this state is asked to stand by."""
    for call in draft.incident.playbook.roles:
        if call.at <= draft.incident.severity:
            new = _fill(draft, call.role, call.heads)
            if new and not _has_steps(draft, call.role):
                stand_by(draft, call.role, new)


def ensure_role(draft: Draft, role: str) -> None:
    """Fill a role that a step needs although the level does not call for it yet."""
    if not draft.incident.roles.get(role):
        heads = next((c.heads for c in draft.incident.playbook.roles if c.role == role), 1)
        _fill(draft, role, heads)


def _fill(draft: Draft, role: str, heads: int) -> list[tuple[int, str]]:
    new: list[tuple[int, str]] = []
    for slot in range(1, heads + 1):
        if slot in draft.incident.roles.get(role, {}) or (role, slot) in draft.incident.unfilled:
            continue
        chosen = choose(draft.incident, role)
        if chosen is None:
            draft.add(e.RoleUnfilled(role=role, slot=slot))
            if slot == 1:
                tell_command(draft, "gap", role=role)
            continue
        draft.add(e.RoleAssigned(role=role, slot=slot, person=chosen[0], because=chosen[1]))
        new.append((slot, chosen[0]))
        _take_command(draft)
    return new


def _take_command(draft: Draft) -> None:
    """The most junior command role commands first, until a senior one takes over by a logged hand-over
    (founding plan, shifts: the duty manager commands until relieved)."""
    if draft.incident.command is not None:
        return
    for duty in reversed(draft.incident.site.duties):
        holders = draft.incident.holders(duty.role) if duty.command else ()
        if holders:
            draft.add(e.CommandTaken(person=holders[0], role=duty.role))
            return


def _has_steps(draft: Draft, role: str) -> bool:
    running = any(run.role == role and run.status == "open" for run in draft.incident.runs_here())
    return running or any(step.role == role and step.when is None for step in draft.incident.now_in.steps)


def stand_by(draft: Draft, role: str, new: list[tuple[int, str]]) -> None:
    """Ask new holders (slot, person) of a role without a step just now to be ready."""
    id = _new_run(draft, "stand_by", role)
    for slot, person in new:
        ask(draft, draft.incident.steps[id], person, slot)


def change_severity(draft: Draft, event: e.SeverityChanged) -> None:
    """Change the level: call the roles it needs, and give those who are already at work one update."""
    already = {p for slots in draft.incident.roles.values() for p in slots.values()}
    raised = event.to > draft.incident.severity
    draft.add(event)
    if draft.incident.ended:
        return
    fill_roles(draft)
    _join_running_steps(draft, already)
    if raised:
        for person in sorted(already):
            tell(draft, person, "update")


def _join_running_steps(draft: Draft, already: set[str]) -> None:
    """Who came to a role while its step was running is called on for it."""
    for run in draft.incident.runs_here():
        if run.status != "open" or run.name in ("stand_by", "nudge") or run.zone is not None:
            continue
        asked = {draft.incident.alerts[id].person for id in run.alerts}
        for slot, person in sorted(draft.incident.roles.get(run.role, {}).items()):
            if person not in asked and person not in already:
                ask(draft, draft.incident.steps[run.id], person, slot)


def _raise_by_rule(draft: Draft) -> None:
    incident = draft.incident
    if incident.ended:
        return
    holding = [
        rule.to
        for index, rule in enumerate(incident.playbook.raises)
        if index not in incident.muted and guards.holds(rule.when, incident, draft.now)
    ]
    top = max(holding, default=Severity.blue)
    if top > incident.severity:
        change_severity(draft, e.SeverityChanged(to=top, via="rule"))
        return
    lower = [rule.to for rule in incident.playbook.lowers if guards.holds(rule.when, incident, draft.now)]
    low = max([min(lower, default=incident.severity), top])
    if low < incident.severity:
        change_severity(draft, e.SeverityChanged(to=low, via="rule"))


def _watch_the_clock(draft: Draft) -> None:
    """Keep one wake-up for the first moment at which time alone may change something."""
    incident = draft.incident
    due = None
    if not incident.is_closed:
        asked = [leave.when for leave in incident.now_in.leave if leave.after is None]
        asked += [step.when for step in incident.now_in.steps]
        asked += [rule.when for rule in (*incident.playbook.raises, *incident.playbook.lowers)]
        due = guards.earliest(guards.next_change(g, incident, draft.now) for g in asked)
    else:
        for timer in list(incident.timers):
            if timer != "check":
                draft.clear_timer(timer)
    if due is None:
        draft.clear_timer("check")
    elif incident.timers.get("check") != due:
        draft.add(e.TimerSet(timer="check", due=due))


def time_is_up(draft: Draft, entry: int, index: int) -> None:
    """A wait of the present state is over: go on, or nudge and wait again."""
    incident = draft.incident
    if entry != incident.entry:
        return
    leave = incident.now_in.leave[index]
    if leave.to is None:
        if leave.alert is not None:
            _nudge(draft, leave.alert)
        if leave.after is not None:
            draft.set_timer(f"leave:{entry}:{index}", leave.after)
        return
    way = machine.timed_out(incident, index, draft.now)
    if way is not None:
        enter(draft, way.to or "", via="timeout", leave=way)


def step_is_late(draft: Draft, run: StepRun) -> None:
    """A step passed its target: the next of its outcomes follows."""
    step = draft.incident.plan_of(run)
    if run.status != "open" or step is None:
        return
    late_by = draft.now - run.due if run.due and draft.now > run.due else None
    draft.add(e.StepLate(step=run.id, count=run.chased + 1, late_by=late_by))
    if run.chased >= len(step.late):
        return
    outcome = step.late[run.chased]
    if run.chased + 1 < len(step.late):
        draft.set_timer(f"due:{run.id}", min(step.done or LATE_AGAIN, LATE_AGAIN))
    match outcome:
        case Go(state):
            enter(draft, state, via="late_step")
        case RaiseTo(level):
            if level > draft.incident.severity:
                change_severity(draft, e.SeverityChanged(to=level, via="late_step"))
        case _:
            chase(draft, draft.incident.steps[run.id], outcome)


def repeat_step(draft: Draft, name: str) -> None:
    """A repeating step is due again."""
    step = next((s for s in draft.incident.now_in.steps if s.name == name), None)
    if step is not None:
        start_step(draft, step)
