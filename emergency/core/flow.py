"""How a plan moves: entering states, starting steps, filling roles, raising the level, waiting."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from emergency.core import contest, gaps, guards, machine
from emergency.core import events as e
from emergency.core.assignment import Seat, assign, shared, team_of
from emergency.core.calls import (
    LATE_AGAIN,
    ask,
    call_again,
    call_out,
    chase,
    close,
    end_run,
    may_join,
    tell,
    tell_command,
)
from emergency.core.draft import Draft
from emergency.core.incident import BESIDE, Incident, StepRun
from emergency.core.playbook import Go, Guard, Leave, Nudge, Playbook, RaiseTo, Simple, State, Step
from emergency.core.site import Member
from emergency.core.values import Severity, Text, is_drill

ROUNDS = 30
"""How often one decision may move on by itself. A plan that would go round for ever stops here and waits for its
next timer; the checker refuses such plans."""
CHECK = "check"
"""The timer for the first moment at which time alone may change something."""
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
        _leave_nothing_unasked(draft)
        _expect(draft, draft.incident.now_in)
        leave = machine.advance(draft.incident, draft.now)
        if leave is not None:
            enter(draft, leave.to or "", via="guard", leave=leave)
        if draft.incident.version == before:
            break
    gaps.watch(draft)
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
        if run.status == "open" and run.name not in BESIDE:
            draft.add(e.StepDropped(step=run.id, because="left_state"))
            freed += end_run(draft, run.id, "left_state")
    for timer in sorted(draft.incident.timers):
        if timer.startswith(("leave:", "every:")):
            draft.clear_timer(timer)
    return freed


def _end(draft: Draft) -> None:
    """Tell everyone who was alerted; nothing of the emergency itself is asked of anybody any more."""
    draft.clear_timer("team")
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
    run = new_run(draft, step.name, step.role, zone=zone, step=step)
    holders = sorted(draft.incident.roles.get(step.role, {}).items())
    if zone is not None and holders:
        holders = [holders[index % len(holders)]]
    if step.one_ladder and holders:
        call_out(draft, step, draft.incident.steps[run], holders)
        return
    for slot, person in holders:
        ask(draft, draft.incident.steps[run], person, slot)
    if not holders:
        _nobody(draft, run)


def new_run(
    draft: Draft,
    name: str,
    role: str,
    *,
    zone: str | None = None,
    step: Step | None = None,
    nudge: Text | None = None,
    due: datetime | None = None,
) -> str:
    """Start a run of the step *name* for *role*, calling nobody, and return its id."""
    due = draft.now + step.done if step and step.done else due
    id = draft.next_step()
    draft.add(e.StepStarted(step=id, name=name, role=role, letter=draft.next_letter(), zone=zone, due=due, nudge=nudge))
    if due is not None and step is not None:
        draft.add(e.TimerSet(timer=f"due:{id}", due=due))
    return id


def _leave_nothing_unasked(draft: Draft) -> None:
    """What began while nobody was there to be asked, or lost all whom it was asked of to other incidents, is asked of
    whoever commands as soon as somebody does."""
    if draft.incident.command is None or draft.incident.ended:
        return
    alerts = draft.incident.alerts
    for run in draft.incident.runs_here():
        if run.status != "open" or (run.alerts and alerts[run.alerts[0]].ended != "called_away"):
            continue  # nearly every one, after every answer
        if run.name not in BESIDE and _all_called_away(draft.incident, run):
            _nobody(draft, run.id)


def _all_called_away(incident: Incident, run: StepRun) -> bool:
    return all(incident.alerts[id].ended == "called_away" for id in run.alerts)


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
    id = new_run(draft, "nudge", nudge.role, nudge=nudge.do)
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
    level = draft.incident.severity
    heads = {
        call.role: call.heads for call in draft.incident.playbook.roles if call.at is not None and call.at <= level
    }
    for role, seats in _seats(draft.incident, heads).items():
        found += _called_by_steps(draft, role, _sit_down(draft, role, seats), entering=entering)
    take_command(draft)
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
        for person, because in shared(draft.incident, duty.role) if duty.command else []:
            if is_drill(draft.incident.mode) and not draft.incident.members[person].also:
                continue  # what has them is real
            draft.add(e.RoleAssigned(role=duty.role, slot=1, person=person, because=because))
            take_command(draft)
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
            if run.role == role and person not in asked[run.id] and may_join(draft.incident, run):
                ask(draft, draft.incident.steps[run.id], person, slot)
        if not any(alert.role == role for alert in draft.incident.open_alerts(person)):
            idle.setdefault(role, []).append((slot, person))
    for role, holders in idle.items():
        stand_by(draft, role, holders)


def _can_be_joined(run: StepRun) -> bool:
    return run.status == "open" and run.name not in (*BESIDE, "nudge") and run.zone is None


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
    """Fill a role that a step needs although the level does not call for it yet, or whose holder has gone home."""
    _give_to_who_is_there(draft, role)
    if not draft.incident.roles.get(role):
        heads = next((c.heads for c in draft.incident.playbook.roles if c.role == role), 1)
        if not _fill(draft, role, heads):
            borrow(draft, role)


def may_rest(draft: Draft, role: str, slot: int) -> bool:
    """Whether nobody needs to relieve the holder of a place just now: they do not command and have nothing open; at the
    lightest level, nothing that they have not said yes to, for then they finish it (practice)."""
    incident = draft.incident
    person = incident.roles[role][slot]
    theirs = [alert for alert in incident.open_alerts(person) if alert.role == role]
    light = incident.severity is Severity.blue
    return person != incident.command and all(light and alert.status == "acknowledged" for alert in theirs)


def _give_to_who_is_there(draft: Draft, role: str) -> None:
    """There is work for a place whose holder has gone home with nothing to hand over, and whom nobody was asked to
    relieve: whoever is on shift has it now. Where nobody is, the one before keeps it."""
    incident = draft.incident
    if not incident.for_few:
        return
    places, members = incident.roles.get(role, {}), incident.members
    gone = {
        slot: person
        for slot, person in places.items()
        if (person not in members or members[person].duty == "off") and may_rest(draft, role, slot)
    }
    if not gone:
        return
    held = {**incident.roles, role: {slot: person for slot, person in places.items() if slot not in gone}}
    for seat in _assigned(incident, {role: max(places)}, incident.members, held, higher=False):
        if seat.slot in gone and seat.person is not None:
            draft.add(
                e.RoleAssigned(
                    role=role, slot=seat.slot, person=seat.person, because="relieved", instead_of=gone[seat.slot]
                )
            )


def borrow(draft: Draft, role: str) -> list[tuple[int, str]]:
    """Nobody is left for a role: let somebody take it whom another incident can share, and return slot and person."""
    found = None if draft.incident.roles.get(role) else contest.lent(draft.incident, role)
    if found is None:
        return []
    person, because = found
    draft.add(e.RoleAssigned(role=role, slot=1, person=person, because=because))
    take_command(draft)
    return [(1, person)]


def has_work(draft: Draft, role: str) -> bool:
    """Return whether a step of the present state is asked of *role*, now or as soon as the state is entered."""
    here = any(step.role == role and step.when is None for step in draft.incident.now_in.steps)
    return here or any(
        run.role == role and run.status == "open" and run.name not in BESIDE for run in draft.incident.runs_here()
    )


def _fill(draft: Draft, role: str, heads: int) -> list[tuple[int, str]]:
    return _sit_down(draft, role, _seats(draft.incident, {role: heads}).get(role, []))


def _seats(incident: Incident, heads: dict[str, int]) -> dict[str, list[Seat]]:
    """Return who takes the places that nobody holds, of all these roles at once; by role, in their order.

    What has begun calls nobody out of a lighter incident while somebody free can do it (practice): those there are at
    work already.
    """
    found: dict[str, list[Seat]] = {}
    if all(len(incident.roles.get(role, {})) >= count for role, count in heads.items()):
        return found
    first: list[Seat] = []
    at_hand = {id: member for id, member in incident.members.items() if not member.busy}
    begins = incident.entry == 1 and incident.last == incident.entered
    if not begins and len(at_hand) < len(incident.members):
        seats = _assigned(incident, heads, at_hand, incident.roles, higher=False)
        first = [seat for seat in seats if seat.because in ("holder", "deputy", "standing_in")]
    held = {role: dict(slots) for role, slots in incident.roles.items()}
    for seat in first:
        held.setdefault(seat.role, {})[seat.slot] = seat.person or ""
    rest = _assigned(incident, heads, incident.members, held, higher=True)
    for seat in sorted((*first, *rest), key=lambda seat: seat.slot):
        found.setdefault(seat.role, []).append(seat)
    return {role: found[role] for role in heads if role in found}


def _assigned(
    incident: Incident,
    heads: dict[str, int],
    members: dict[str, Member],
    held: dict[str, dict[int, str]],
    *,
    higher: bool,
) -> tuple[Seat, ...]:
    return assign(
        heads,
        members,
        incident.site,
        severity=incident.severity,
        place=incident.place,
        silent=incident.playbook.silent_place,
        held=held,
        higher=higher,
        known=team_of(incident) if members is incident.members else None,
    )


def _sit_down(draft: Draft, role: str, seats: list[Seat]) -> list[tuple[int, str]]:
    """Give out the places of one role; return who has one now, by slot. What only the next higher role can take stays
    a gap until they have answered."""
    taken: list[tuple[int, str]] = []
    if seats and (seats[0].person is None or seats[0].because == "higher") and has_work(draft, role):
        taken = borrow(draft, role)
    for seat in seats[len(taken) :]:
        if seat.because in (None, "higher") and (role, seat.slot) not in draft.incident.unfilled:
            draft.add(e.RoleUnfilled(role=role, slot=seat.slot, passed=seat.passed))
            if seat.slot == 1:
                tell_command(draft, "gap", role=role)
        if seat.person is not None and seat.because is not None:
            draft.add(
                e.RoleAssigned(role=role, slot=seat.slot, person=seat.person, because=seat.because, passed=seat.passed)
            )
            take_command(draft)
            taken.append((seat.slot, seat.person))
    return taken


def take_command(draft: Draft) -> None:
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
    id = new_run(draft, "stand_by", role)
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
    incident = draft.incident
    plain, others = _rules(incident.playbook)
    by_facts = _held_by_facts(incident, plain, draft.now)
    held = [n for n, guard in others if guards.holds(guard, incident, draft.now)] if others else None
    return tuple(sorted([*by_facts, *held])) if held else by_facts


Rules = tuple[tuple[int, Guard], ...]
_held: dict[tuple[int, int, Severity], tuple[Incident, tuple[int, ...]]] = {}
HELD_AT_MOST = 64


@lru_cache(maxsize=64)
def _rules(plan: Playbook) -> tuple[Rules, Rules]:
    """Return the rules of severity by number, lowest first: those that ask for facts and the level alone, and the
    others."""
    rules = [*enumerate(plan.raises), *((-1 - n, rule) for n, rule in enumerate(plan.lowers))]
    known = [(n, rule.when, guards.asks_facts_alone(rule.when)) for n, rule in rules]
    known.sort(key=lambda rule: rule[0])
    return tuple((n, g) for n, g, plain in known if plain), tuple((n, g) for n, g, plain in known if not plain)


def _held_by_facts(incident: Incident, rules: Rules, now: datetime) -> tuple[int, ...]:
    """Return which of *rules* hold. They change with the facts and the level alone, and those are the very same objects
    after most events: what was found the last time is found again without asking."""
    key = (id(incident.playbook), id(incident.facts), incident.severity)
    known = _held.get(key)
    if known is not None and known[0].facts is incident.facts and known[0].playbook is incident.playbook:
        return known[1]
    held = tuple(n for n, guard in rules if guards.holds(guard, incident, now))
    if len(_held) >= HELD_AT_MOST:
        _held.clear()
    _held[key] = (incident, held)
    return held


def _raise_by_rule(draft: Draft) -> None:
    incident = draft.incident
    if incident.ended:
        return
    holding = [n for n in held_rules(draft) if n not in incident.muted]
    if not holding:
        return
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
def _timed(playbook: Playbook, state: str) -> tuple[Simple, ...]:
    """Return the single questions asked in *state* whose answers may change by time alone."""
    here = playbook.state(state)
    asked = [leave.when for leave in here.leave if leave.after is None]
    asked += [step.when for step in here.steps]
    asked += [rule.when for rule in (*playbook.raises, *playbook.lowers)]
    return tuple(dict.fromkeys(question for guard in asked for question in guards.timed(guard)))


def _watch_the_clock(draft: Draft) -> None:
    """Keep one wake-up for the first moment at which time alone may change something."""
    incident = draft.incident
    due = None
    if not incident.is_closed:
        due = guards.first_change(_timed(incident.playbook, incident.state), incident, draft.now)
    else:
        for timer in sorted(incident.timers):
            if timer != CHECK:
                draft.clear_timer(timer)
    if due is None:
        draft.clear_timer(CHECK)
    elif incident.timers.get(CHECK) != due:
        draft.add(e.TimerSet(timer=CHECK, due=due))


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
