"""How a plan moves: entering states, starting steps, filling roles, raising the level, waiting."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Literal

from emergency.core import events as e
from emergency.core import guards, machine
from emergency.core.assignment import choose, shared
from emergency.core.calls import LATE_AGAIN, ask, call_again, chase, close, end_run, tell, tell_command
from emergency.core.draft import Draft
from emergency.core.incident import StepRun
from emergency.core.playbook import Go, Guard, Leave, Nudge, Playbook, RaiseTo, State, Step
from emergency.core.values import Severity, Text

ROUNDS = 30
"""How often one decision may move on by itself. A plan that would go round for ever stops here and waits for its
next timer; the checker refuses such plans."""
SELDOM = timedelta(hours=1)
"""The longest that a nudge which nobody answers is left alone, where the plan does not say longer (practice)."""


def settle(draft: Draft) -> None:
    """Let follow all that follows: levels, roles, steps, transitions; then set the clock for what time may change."""
    for _ in range(ROUNDS):
        before = draft.incident.version
        if draft.incident.is_closed:
            break
        _raise_by_rule(draft)
        start_due_steps(draft)
        _expect(draft, draft.incident.now_in)
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
    freed, before = _leave_state(draft), len(draft.incident.alerts)
    because = leave.because if leave else None
    draft.add(e.StateEntered(state=to, via=via, by=by, because=because, reason=reason, overridden=overridden))
    state = draft.incident.now_in
    at_work: list[str] = []
    if state.severity is not None and state.severity > draft.incident.severity:
        at_work = sorted({p for slots in draft.incident.roles.values() for p in slots.values()})
        draft.add(_level(draft, state.severity, "state"))
    new: list[Holder] = []
    if state.ends is not None or state.final:
        _end(draft)
    elif not draft.incident.ended:
        new = fill_roles(draft, entering=True)
    start_due_steps(draft)
    call_in(draft, new)
    if leave is not None and leave.alert is not None:
        _nudge(draft, leave.alert)
    _start_waits(draft, state)
    _expect(draft, state)
    if not state.ends and not (state.final and not draft.incident.ended):
        _tell_where_it_stands(draft, before, freed, at_work, by)


def _leave_state(draft: Draft) -> list[str]:
    freed: list[str] = []
    for run in draft.incident.runs_here():
        if run.status == "open" and run.name != "stand_by":
            draft.add(e.StepDropped(step=run.id, because="left_state"))
            freed += end_run(draft, run.id, "left_state")
    for timer in sorted(draft.incident.timers):
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
    if draft.incident.now_in.tells or draft.incident.ended is None:  # closed without an end: nobody is left waiting
        for person in draft.incident.alerted:
            tell(draft, person, "ended" if draft.incident.ended else "update")


def _tell_where_it_stands(draft: Draft, before: int, freed: list[str], at_work: list[str], by: str | None) -> None:
    """Who got nothing new hears where the plan stands: who commands, always, and by voice when it became graver; who
    was busy with a step that is off now; and when it became graver, everyone at work.

    Args:
        before: how many alerts there were before the state was entered.
        at_work: who held a role when the state raised the level; empty when it did not.
        by: who ordered it, and knows.
    """
    incident = draft.incident
    heard = {incident.alerts[f"a{n}"].person for n in range(before + 1, len(incident.alerts) + 1)} | {by}
    command = incident.command if not incident.now_in.final else None
    idle = [person for person in freed if not incident.open_alerts(person)]
    for person in dict.fromkeys([*([command] if command else ()), *idle, *at_work]):
        if person not in heard:
            tell(draft, person, "update", loud=bool(at_work) and person == command)


def _start_waits(draft: Draft, state: State) -> None:
    for index, leave in enumerate(state.leave):
        if leave.after is not None:
            draft.set_timer(f"leave:{draft.incident.entry}:{index}", leave.after)


def _expect(draft: Draft, state: State) -> None:
    if draft.incident.ended:
        return  # also in a state ordered after the end: nobody would ever let go of it
    for knock_on in state.expects:
        known = knock_on.playbook in draft.incident.expected
        if not known and guards.holds(knock_on.when, draft.incident, draft.now):
            draft.add(e.KnockOnExpected(playbook=knock_on.playbook))


def start_due_steps(draft: Draft) -> None:
    """Start every step of the present state whose condition holds and that has not been started."""
    started = {(run.name, run.zone) for run in draft.incident.runs_here()}
    for step in draft.incident.now_in.steps:
        if step.per is None and (step.name, None) in started:
            continue
        if not guards.holds(step.when, draft.incident, draft.now):
            continue
        for index, zone in enumerate(guards.places_for(draft.incident, step.per)):
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
    """Ask for something that has waited too long. What was asked before and taken by somebody is asked anew; what
    nobody answered is not: its own ladder calls, and once that is through everyone asked so far is called again."""
    for run in draft.incident.runs_here():
        if run.name != "nudge" or run.role != nudge.role or run.nudge != nudge.do or run.status != "open":
            continue
        if run.alerts and not run.acknowledged:
            _remind_all(draft, run)
            return
        draft.add(e.StepDropped(step=run.id, because="left_state"))
        end_run(draft, run.id, "left_state")
    ensure_role(draft, nudge.role)
    id = _new_run(draft, "nudge", nudge.role, nudge=nudge.do)
    holders = sorted(draft.incident.roles.get(nudge.role, {}).items())
    for slot, person in holders:
        ask(draft, draft.incident.steps[id], person, slot)
    if not holders:
        _nobody(draft, id)


def _remind_all(draft: Draft, run: StepRun) -> None:
    alerts = [draft.incident.alerts[id] for id in run.alerts]
    if not any(f"rung:{alert.root}" in draft.incident.timers for alert in alerts):
        for alert in alerts:
            if alert.status == "open":
                call_again(draft, alert)


def _next_nudge(draft: Draft, nudge: Nudge, after: timedelta) -> timedelta:
    """Return how long until the next nudge: *after*; or, for one that goes unanswered, a quarter of the time that it
    has (practice): who could not be reached for hours is not rung up every few minutes."""
    for run in draft.incident.runs_here():
        same = run.name == "nudge" and run.role == nudge.role and run.nudge == nudge.do
        if same and run.status == "open" and not run.acknowledged:
            return max(after, min((draft.now - run.started) / 4, SELDOM))
    return after


Holder = tuple[str, int, str]
"""A role, a slot in it, and who holds that."""


def fill_roles(draft: Draft, *, entering: bool = False) -> list[Holder]:
    """Fill every role that the level calls for, and return the new holders that still have to be called on.

    entering: the steps of the state are about to start, and call on the new holders themselves.
    """
    found: list[Holder] = []
    for call in draft.incident.playbook.roles:
        if call.at is not None and call.at <= draft.incident.severity:
            new = _fill(draft, call.role, call.heads)
            found += _called_by_steps(draft, call.role, new, entering=entering)
    if draft.incident.command is None:
        role, new = _somebody_commands(draft)
        found += _called_by_steps(draft, role, new, entering=entering)
    return found


def _called_by_steps(draft: Draft, role: str, new: list[tuple[int, str]], *, entering: bool) -> list[Holder]:
    """Return the new holders that steps will call on; the others are asked to stand by."""
    if new and not _has_steps(draft, role, entering=entering):
        stand_by(draft, role, new)
        return []
    return [(role, slot, person) for slot, person in new]


def _somebody_commands(draft: Draft) -> tuple[str, list[tuple[int, str]]]:
    """Nobody free could take command: whoever commands elsewhere is told of this one too, and must choose. A drill
    takes nobody out of anything."""
    for duty in reversed(draft.incident.site.duties):
        chosen = shared(draft.incident, duty.role) if duty.command and draft.incident.mode == "real" else []
        for person, because in chosen:
            draft.add(e.RoleAssigned(role=duty.role, slot=1, person=person, because=because))
            _take_command(draft)
            return duty.role, [(1, person)]
    return "", []


def call_in(draft: Draft, new: list[Holder]) -> None:
    """Call on new holders for what runs already; whom nothing calls on is asked to stand by. Nobody holds a role
    without having been told."""
    idle: dict[str, list[tuple[int, str]]] = {}
    runs = [run for run in draft.incident.runs_here() if _can_be_joined(run)] if new else []
    asked = {run.id: {draft.incident.alerts[id].person for id in run.alerts} for run in runs}
    for role, slot, person in new:
        for run in runs:
            if run.role == role and person not in asked[run.id]:
                ask(draft, draft.incident.steps[run.id], person, slot)
        if not any(alert.role == role for alert in draft.incident.open_alerts(person)):
            idle.setdefault(role, []).append((slot, person))
    for role, holders in idle.items():
        stand_by(draft, role, holders)


def _can_be_joined(run: StepRun) -> bool:
    return run.status == "open" and run.name not in ("stand_by", "nudge") and run.zone is None


def join(draft: Draft) -> None:
    """The team has changed: fill what was empty, also for steps that run without anybody, and call on the new ones."""
    new = fill_roles(draft)
    for run in draft.incident.runs_here():
        if run.status == "open" and not draft.incident.roles.get(run.role):
            heads = next((c.heads for c in draft.incident.playbook.roles if c.role == run.role), 1)
            new += [(run.role, slot, person) for slot, person in _fill(draft, run.role, heads)]
    call_in(draft, new)
    for run in draft.incident.runs_here():
        if run.status == "open" and not run.alerts:
            _nobody(draft, run.id)


def ensure_role(draft: Draft, role: str) -> None:
    """Fill a role that a step needs although the level does not call for it yet."""
    if not draft.incident.roles.get(role):
        heads = next((c.heads for c in draft.incident.playbook.roles if c.role == role), 1)
        _fill(draft, role, heads)


def _fill(draft: Draft, role: str, heads: int) -> list[tuple[int, str]]:
    filled, empty = draft.incident.roles.get(role, {}), draft.incident.unfilled
    free = [slot for slot in range(1, heads + 1) if slot not in filled and (role, slot) not in empty]
    chosen = choose(draft.incident, role, len(free)) if free else []
    for slot, (person, because) in zip(free, chosen, strict=False):
        draft.add(e.RoleAssigned(role=role, slot=slot, person=person, because=because))
        _take_command(draft)
    for slot in free[len(chosen) :]:
        draft.add(e.RoleUnfilled(role=role, slot=slot))
        if slot == 1:
            tell_command(draft, "gap", role=role)
    return [(slot, person) for slot, (person, _) in zip(free, chosen, strict=False)]


def _take_command(draft: Draft) -> None:
    """The most junior command role commands first, until a senior one takes over by a logged hand-over
    (founding plan, shifts: the duty manager commands until relieved)."""
    if draft.incident.command is not None:
        return
    for duty in reversed(draft.incident.site.duties):
        holders = draft.incident.holders(duty.role) if duty.command else ()
        if holders:
            draft.add(e.CommandTaken(person=holders[0], role=duty.role))
            for role, slot in sorted(draft.incident.unfilled):  # gaps found before there was anyone to tell
                if slot == 1:
                    tell_command(draft, "gap", role=role)
            return


def _has_steps(draft: Draft, role: str, *, entering: bool) -> bool:
    if entering:
        return any(step.role == role and step.when is None for step in draft.incident.now_in.steps)
    return any(run.role == role and _can_be_joined(run) for run in draft.incident.runs_here())


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
    call_in(draft, fill_roles(draft))
    if raised:
        for person in sorted(already):
            tell(draft, person, "update")


def _level(draft: Draft, to: Severity, via: Literal["rule", "state", "late_step"]) -> e.SeverityChanged:
    """A level reached by itself; rules that a person overruled stay still until a fact changes."""
    return e.SeverityChanged(to=to, via=via, muted=tuple(sorted(draft.incident.muted)))


def held_rules(draft: Draft) -> tuple[int, ...]:
    """Return the rules of severity that hold just now, as `SeverityChanged.muted` counts them."""
    plan = draft.incident.playbook
    rules = [*enumerate(plan.raises), *((-1 - n, rule) for n, rule in enumerate(plan.lowers))]
    return tuple(sorted(n for n, rule in rules if guards.holds(rule.when, draft.incident, draft.now)))


def _raise_by_rule(draft: Draft) -> None:
    incident = draft.incident
    if incident.ended:
        return
    holding = [n for n in held_rules(draft) if n not in incident.muted]
    top = max((incident.playbook.raises[n].to for n in holding if n >= 0), default=Severity.blue)
    if top > incident.severity:
        change_severity(draft, _level(draft, top, "rule"))
        return
    lower = [incident.playbook.lowers[-1 - n].to for n in holding if n < 0]
    floor = incident.now_in.severity or Severity.blue  # a state that stands for a level keeps it while it lasts
    low = max([min(lower, default=incident.severity), top, floor])
    if low < incident.severity:
        change_severity(draft, _level(draft, low, "rule"))


@lru_cache(maxsize=1024)
def _timed_guards(playbook: Playbook, state: str) -> tuple[Guard, ...]:
    """Return what is asked in *state* whose answer may change by time alone."""
    here = playbook.state(state)
    asked = [leave.when for leave in here.leave if leave.after is None]
    asked += [step.when for step in here.steps]
    asked += [rule.when for rule in (*playbook.raises, *playbook.lowers)]
    return tuple(guard for guard in asked if guard is not None and guards.is_timed(guard))


def _watch_the_clock(draft: Draft) -> None:
    """Keep one wake-up for the first moment at which time alone may change something."""
    incident = draft.incident
    due = None
    if not incident.is_closed:
        asked = _timed_guards(incident.playbook, incident.state)
        due = guards.earliest(guards.next_change(g, incident, draft.now) for g in asked)
    else:
        for timer in sorted(incident.timers):
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
        if leave.after is not None and leave.alert is not None:
            draft.set_timer(f"leave:{entry}:{index}", _next_nudge(draft, leave.alert, leave.after))
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
                change_severity(draft, _level(draft, level, "late_step"))
        case _:
            chase(draft, draft.incident.steps[run.id], outcome)


def repeat_step(draft: Draft, name: str) -> None:
    """A repeating step is due again."""
    step = next((s for s in draft.incident.now_in.steps if s.name == name), None)
    if step is not None:
        start_step(draft, step)
