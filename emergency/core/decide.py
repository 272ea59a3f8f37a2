"""decide(): a command meets an incident, events come out.

Pure: all that a decision rests on is in the incident, the command or `now`. Asking twice is no error: a second
acknowledgment, or a timer cleared meanwhile, decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from emergency.core import commands as c
from emergency.core import contest, flow, gaps, guards, machine, practice, relief, several
from emergency.core import events as e
from emergency.core.assignment import is_silenced
from emergency.core.calls import (
    acknowledge,
    ask,
    climb,
    close,
    deliver,
    end_run,
    finish,
    group,
    has_enough,
    is_dead,
    is_taken,
    tell,
    tell_command,
)
from emergency.core.draft import Draft
from emergency.core.events import Kind
from emergency.core.explain import waits_for
from emergency.core.incident import (
    ASKING,
    BESIDE,
    REAL_REASONS,
    Alert,
    Delivery,
    Incident,
    StepRun,
    evolve,
)
from emergency.core.near import nearest, nearest_zh
from emergency.core.site import Member
from emergency.core.values import Severity, is_drill
from emergency.errors import CommandRefused

C = TypeVar("C", bound=c.Command)

CONSOLE = "console"
HELP_AGAIN = timedelta(minutes=2)
"""Who presses 9 again after this is heard again; within it, it is the same cry (practice)."""
NO_ANSWER = frozenset({"machine"})
"""Reasons of a failed call that mean: the telephone works, the person did not answer it."""


QUIET = frozenset({e.DeliverySent, e.DeliveryDelivered, e.DeliveryRetried, e.NoteAdded, e.MusterOpened, e.MusterClosed})
"""Events that no guard asks about: after these alone nothing can have become due."""
CALLS = frozenset(
    {
        e.AlertRequested, e.DeliveryQueued, e.DeliveryFailed, e.DeliveryDropped, e.LadderClimbed, e.StepLate,
        e.TimerSet, e.TimerCleared, e.RoleAssigned, e.RoleUnfilled,
    }
)  # fmt: skip
"""Events of calling on people, which no guard asks about either; but time has passed, and what follows from that alone
may have become due (see `flow.CHECK`)."""
CALLING = ("rung:", "due:")
"""Timers that fire for calls alone."""
PERHAPS_CALLS = frozenset({e.AlertAcknowledged, e.AlertClosed, e.TimerFired, e.StepDone})
"""Of these some are (see `_is_call`)."""
KNOWN_CALLS = QUIET | CALLS
AT_MOST_CALLS = KNOWN_CALLS | PERHAPS_CALLS


NOT_WHEN_CLOSED = frozenset(
    {
        c.OrderTransition,
        c.StandDown,
        c.CancelIncident,
        c.ChangeSeverity,
        c.ReportFact,
        c.AssignRole,
        c.HandOver,
        c.Tell,
        c.OpenMuster,
    }
)
"""What would call on people or move the plan; a call for help, a note and what a provider reports are still heard."""


WHEN_ARMED = frozenset({c.ConfirmIncident, c.DismissIncident, c.CancelIncident, c.UpdateRoster, c.AddNote})
"""What may be said of an incident that is only expected."""


def decide(incident: Incident | None, command: c.AnyCommand, now: datetime) -> list[e.AnyEvent]:
    """Return what *command* causes at *now*, in order; nothing when it changes nothing.

    Raises:
        CommandRefused: not possible now; the message says what is missing and how to override.
    """
    return respond(incident, command, now)[0]


def respond(
    incident: Incident | None, command: c.AnyCommand, now: datetime
) -> tuple[list[e.AnyEvent], Incident | None]:
    """Return what `decide` returns, and the incident after it: deciding evolves it on the way."""
    if isinstance(command, c.OpenIncident):
        return ([], incident) if incident is not None else _open(command, now)
    if incident is None:
        raise CommandRefused("there is no such incident", "没有这个事件")
    if type(command) in NOT_WHEN_CLOSED and incident.is_closed:
        raise CommandRefused(
            f"{incident.code} is closed; its log can be read, nothing can be added",
            f"{incident.code} 已结束;日志可以看,不能再添加",
        )
    if incident.armed and type(command) not in WHEN_ARMED:
        raise CommandRefused(
            f"{incident.code} is only expected; confirm it first: emergency confirm {incident.code}  "
            f"(or: emergency cancel {incident.code})",
            f"{incident.code} 还只是预备;请先确认:emergency confirm {incident.code}"
            f"(或取消:emergency cancel {incident.code})",
        )
    if incident.frozen is not None:
        draft = Draft(incident, practice.moment_of(incident, command, now), now)
    else:
        draft = Draft(incident, now)
    _DECIDE[type(command)](draft, command)
    if draft.incident.armed:
        return draft.events, draft.incident
    if _may_go_on(draft):
        flow.settle(draft)
    elif _gaps_may_differ(incident, draft.incident):
        gaps.watch(draft)
    after = draft.incident
    if after.severity is not incident.severity and incident.for_few and not after.for_few and contest.goes_on(after):
        relief.call_relief(draft, incident.members)  # whoever went home while it was light is relieved now
    return draft.events, draft.incident


def respond_to_all(
    incident: Incident, reports: Sequence[c.RecordDelivery], now: datetime
) -> tuple[list[e.AnyEvent], Incident]:
    """Return what `respond` returns for all *reports* of one moment, one after the other. Most of them say that a
    message went out, and nothing follows from that: those are written down in one go."""
    if not incident.armed and incident.frozen is None:
        draft = Draft(incident, now)
        for report in reports:
            _delivery(draft, report)
        if {type(event) for event in draft.events} <= QUIET:
            return draft.events, draft.incident
    events: list[e.AnyEvent] = []
    for report in reports:
        caused, then = respond(incident, report, now)
        events += caused
        incident = then or incident
    return events, incident


def _may_go_on(draft: Draft) -> bool:
    """Whether the plan may go on by what has just happened: after most of it it cannot, for all that could follow from
    what was there before has followed then."""
    after, kinds = draft.incident, set(map(type, draft.events))
    if kinds <= QUIET:
        return False
    if not kinds <= KNOWN_CALLS:
        if not kinds <= AT_MOST_CALLS:
            return True
        for event in draft.events:
            if type(event) in PERHAPS_CALLS and not _is_call(event, after):
                return True
    due = after.timers.get(flow.CHECK)
    return after.is_closed or (due is not None and due <= draft.now)


def _gaps_may_differ(before: Incident, after: Incident) -> bool:
    """Whether other roles may have nobody now than had nobody before."""
    if after.unfilled != before.unfilled or after.overdue != before.overdue:
        return True
    return bool(after.unfilled) and (after.steps is not before.steps or after.roles is not before.roles)


def _is_call(event: e.AnyEvent, incident: Incident) -> bool:
    """Whether no guard of the present state asks about *event*."""
    match event:
        case e.StepDone(step=step):
            run = incident.steps[step]
            zone = run.zone is not None
            return not guards.asks_for_step(incident.playbook, incident.state, run.name, in_zone=zone)
        case e.TimerFired(timer=name):
            return name.startswith(CALLING)
        case e.AlertClosed(because=because):
            return because != "called_away"
        case _:
            return not guards.asks_for_answers(incident.playbook, incident.state)


_DECIDE: dict[type[c.Command], Callable[[Draft, Any], None]] = {}


def _on(kind: type[C]) -> Callable[[Callable[[Draft, C], None]], Callable[[Draft, C], None]]:
    def keep(function: Callable[[Draft, C], None]) -> Callable[[Draft, C], None]:
        _DECIDE[kind] = function
        return function

    return keep


def _open(command: c.OpenIncident, now: datetime) -> tuple[list[e.AnyEvent], Incident]:
    opened = e.IncidentOpened(
        incident=command.incident,
        code=command.code,
        mode=command.mode,
        playbook=command.playbook,
        site=command.site,
        place=command.place,
        severity=Severity.blue
        if command.armed
        else max(command.severity or command.playbook.start, command.playbook.start),
        members=command.members,
        by=command.by,
        note=command.note,
        parent=command.parent,
        armed=command.armed,
        offset=command.offset,
        director=command.director,
    )
    draft = Draft(evolve(None, opened, now), now)
    draft.events.append(opened)
    practice.limit(draft, command.maximum)
    if not command.armed:
        _begin(draft, command.facts, command.by)
        relief.set_clock(draft, command.until)
        flow.settle(draft)
    return draft.events, draft.incident


def _begin(draft: Draft, facts: dict[str, str], by: str) -> None:
    """Take down what is known, and enter the state where the plan begins."""
    for fact, value in facts.items():
        draft.add(e.FactReported(fact=fact, value=value, by=by))
    flow.enter(draft, _beginning(draft), via="opening", by=by)


@_on(c.ConfirmIncident)
def _confirm(draft: Draft, command: c.ConfirmIncident) -> None:
    if not draft.incident.armed:
        return
    draft.add(e.IncidentConfirmed(by=command.by, place=command.place))
    level = max(command.severity or Severity.blue, draft.incident.playbook.start)
    if level > draft.incident.severity:
        draft.add(e.SeverityChanged(to=level, via="order", by=command.by))
    if command.note is not None:
        draft.add(e.NoteAdded(by=command.by, text=command.note))
    _begin(draft, command.facts, command.by)
    relief.set_clock(draft, command.until)


@_on(c.DismissIncident)
def _dismiss(draft: Draft, command: c.DismissIncident) -> None:
    if draft.incident.armed:
        draft.add(e.IncidentDismissed(by=command.by))
        final = next(state.name for state in draft.incident.playbook.states if state.final)
        flow.enter(draft, final, via="order", by=command.by)


def _beginning(draft: Draft) -> str:
    plan = draft.incident.playbook
    ways = (begin.state for begin in plan.begins if guards.holds(begin.when, draft.incident, draft.now))
    return next(ways, plan.initial)


@_on(c.UpdateRoster)
def _roster(draft: Draft, command: c.UpdateRoster) -> None:
    before, members = draft.incident.members, {m.id: m for m in command.members}
    if members != before:
        draft.add(e.RosterUpdated(members=command.members))
        if contest.goes_on(draft.incident):
            flow.join(draft)
            relief.call_relief(draft, before)
    relief.set_clock(draft, command.until)


@_on(c.HearOfOthers)
def _hear(draft: Draft, command: c.HearOfOthers) -> None:
    several.hear(draft, command)


@_on(c.HearWanted)
def _hear_wanted(draft: Draft, command: c.HearWanted) -> None:
    several.hear_wanted(draft, command)


@_on(c.MergeReport)
def _merge(draft: Draft, command: c.MergeReport) -> None:
    draft.add(e.ReportMerged(by=command.by, place=command.place, note=command.note))
    tell_command(draft, "merged", text=command.note, about=command.place)


@_on(c.Acknowledge)
def _acknowledge(draft: Draft, command: c.Acknowledge) -> None:
    alert = _alert(draft, command.alert)
    if alert.kind in ASKING and alert.status == "open":
        _has_it(draft, alert, command.via, command.by)


def _has_it(draft: Draft, alert: Alert, via: str, by: str | None) -> None:
    if alert.kind == "relief":
        relief.take_over(draft, alert, via, by)
    else:
        acknowledge(draft, alert, via, by)


@_on(c.FinishStep)
def _finish(draft: Draft, command: c.FinishStep) -> None:
    run = _step(draft, command.step)
    if run.status != "open":
        return
    plan = draft.incident.plan_of(run)
    answers = [a.name for a in plan.decision] if plan else []
    if answers and command.answer not in answers:
        raise CommandRefused(
            f"step '{run.name}' wants an answer: " + ", ".join(answers),
            f"任务“{run.name}”要选一个答案:" + "、".join(answers),
        )
    if not answers and command.answer is not None:
        raise CommandRefused(
            f"step '{run.name}' has no answers to choose from; say 2 when it is done",
            f"任务“{run.name}”没有选项;做完了请报 2",
        )
    for id in run.alerts:
        alert = draft.incident.alerts[id]
        if alert.person == command.person and alert.status == "open":
            _has_it(draft, alert, command.via, command.by)
    if draft.incident.steps[run.id].status == "open":
        finish(draft, run, command.person, command.answer, command.via, command.by)


@_on(c.Decline)
def _decline(draft: Draft, command: c.Decline) -> None:
    alert = _alert(draft, command.alert)
    if alert.kind in ASKING and alert.status != "closed":
        close(draft, alert, "declined")
        climb(draft, alert.root, "declined")


@_on(c.GiveUpStep)
def _give_up(draft: Draft, command: c.GiveUpStep) -> None:
    run = _step(draft, command.step)
    if run.status == "open":
        draft.add(e.StepDropped(step=run.id, because="given_up", by=command.by, reason=command.reason))
        end_run(draft, run.id, "left_state")


@_on(c.AskHelp)
def _help(draft: Draft, command: c.AskHelp) -> None:
    incident, drill = draft.incident, is_drill(draft.incident.mode)
    asked = incident.help.get(command.person)
    if asked is not None and draft.at - asked < HELP_AGAIN:
        since_closed = incident.is_closed and asked >= incident.entered
        if not drill or since_closed or incident.stopped & {*REAL_REASONS, "duress"}:
            return  # in a drill that goes on it would be unheard
    draft.add(e.HelpAsked(person=command.person, via=command.via))
    kind: Kind = "real_help" if drill else "duress" if command.via == "duress" else "help"
    watching = {draft.incident.command, *draft.incident.holders("control_room"), draft.incident.director}
    for person in sorted(p for p in watching - {None, "", command.person} if p is not None):
        tell(draft, person, kind, about=command.person, loud=True)
    if drill:  # key 9 in a drill means that something real has happened
        because = command.via if command.via in ("duress", "phrase") else "help"
        practice.freeze(draft, command.person, because)


@_on(c.FreezeDrill)
def _freeze(draft: Draft, command: c.FreezeDrill) -> None:
    practice.freeze(draft, command.by, command.because, command.other)


@_on(c.ResumeDrill)
def _resume(draft: Draft, command: c.ResumeDrill) -> None:
    practice.resume(draft, command.by)


@_on(c.AbortDrill)
def _abort(draft: Draft, command: c.AbortDrill) -> None:
    practice.abort(draft, command.by, command.because, command.reason)


@_on(c.EndDrill)
def _end_drill(draft: Draft, command: c.EndDrill) -> None:
    practice.end(draft, command.by, command.because)


@_on(c.OrderTransition)
def _order(draft: Draft, command: c.OrderTransition) -> None:
    incident = draft.incident
    _known_state(incident, command.to)
    if command.to == incident.state:
        return
    if incident.playbook.state(command.to).ends == "stand_down" and not incident.ended:
        _confirmed(draft, command.to, (), command.by, override=command.override)
    order = guards.Order(command.to, speaks_as(incident, command.by))
    leave = machine.ordered(incident, order, draft.now)
    if leave is not None:
        if leave.after is not None:  # not waiting for what silence would bring is for whoever commands
            may_command(incident, command.by)
        flow.enter(draft, command.to, via="order", leave=leave, by=command.by, reason=command.reason)
        return
    if not command.override:
        raise _not_yet(incident, command.to, draft.now, f"transition {incident.code} {command.to}")
    _override(draft, command.to, command.by, command.reason)


def _override(draft: Draft, to: str, by: str, reason: str | None) -> None:
    may_command(draft.incident, by)
    if not reason:
        raise CommandRefused('an override needs a reason: --reason "..."', '强制执行要写理由:--reason "理由"')
    flow.enter(draft, to, via="order", by=by, reason=reason, overridden=True)


def _known_state(incident: Incident, name: str) -> None:
    names = [state.name for state in incident.playbook.states]
    if name not in names:
        raise CommandRefused(
            f"'{name}' is no state of {incident.playbook.id}.{nearest(name, names)}",
            f"预案 {_plan_zh(incident)} 没有“{name}”这个阶段。{nearest_zh(name, names)}",
        )


def _stranger(incident: Incident, person: str) -> CommandRefused:
    known = list(incident.members)
    return CommandRefused(
        f"'{person}' is not in the roster.{nearest(person, known)}",
        f"名册里没有“{person}”。{nearest_zh(person, known)}",
    )


def _no_such_state(incident: Incident) -> CommandRefused:
    return CommandRefused(
        f"the plan {incident.playbook.id} has no state for that", f"预案 {_plan_zh(incident)} 没有这样的阶段"
    )


def _plan_zh(incident: Incident) -> str:
    return f"{incident.playbook.title.zh}({incident.playbook.id})"


def _not_yet(incident: Incident, to: str, now: datetime, how: str) -> CommandRefused:
    """Return the refusal of a state that is not to be reached yet; *how* is the command that would override it."""
    missing, titles = waits_for(incident, to, now), {state.name: state.title.zh for state in incident.playbook.states}
    return CommandRefused(
        f"{incident.code}: '{to}' is not possible yet from '{incident.state}': {missing.en}\n"
        f'    Wait for it, or override: emergency {how} --override --reason "..."',
        f"{incident.code}:还不能从“{titles[incident.state]}”进入“{titles[to]}”:{missing.zh}\n"
        f'    请等条件满足,或强制:emergency {how} --override --reason "理由"',
    )


@_on(c.StandDown)
def _stand_down(draft: Draft, command: c.StandDown) -> None:
    to = _ending(draft.incident, "stand_down")
    if draft.incident.ended:
        return
    if command.override and not command.reason:
        raise CommandRefused('an override needs a reason: --reason "..."', '强制执行要写理由:--reason "理由"')
    _confirmed(draft, to, command.ticked, command.by, override=command.override)
    order = guards.Order(to, speaks_as(draft.incident, command.by))
    leave = machine.ordered(draft.incident, order, draft.now)
    if leave is not None:
        if leave.after is not None:
            may_command(draft.incident, command.by)
        flow.enter(draft, to, via="order", leave=leave, by=command.by, reason=command.reason)
    elif command.override:
        _override(draft, to, command.by, command.reason)
    else:
        raise _not_yet(draft.incident, to, draft.now, f"stand-down {draft.incident.code}")


def _confirmed(draft: Draft, to: str, ticked: tuple[int, ...], by: str, *, override: bool) -> None:
    """Tick lines of the checklist of *to*, and refuse while any is open. A refusal takes nothing down, so the lines
    that were ticked with it stand in the hint as well."""
    incident = draft.incident
    lines = incident.playbook.state(to).checklist
    for item in ticked:
        if not 1 <= item <= len(lines):
            raise CommandRefused(
                f"the checklist has lines 1 to {len(lines)}; there is no line {item}",
                f"清单只有 1 到 {len(lines)} 行,没有第 {item} 行",
            )
        if (to, item) not in draft.incident.ticked:
            draft.add(e.ItemTicked(state=to, item=item, by=by))
    open_lines = [n for n in range(1, len(lines) + 1) if (to, n) not in draft.incident.ticked]
    if open_lines and not override:
        listed = "\n".join(f"    {n}. {lines[n - 1].zh} / {lines[n - 1].en}" for n in open_lines)
        listed_zh = "\n".join(f"    {n}. {lines[n - 1].zh}" for n in open_lines)
        wanted = [n for n in range(1, len(lines) + 1) if (to, n) not in incident.ticked]
        raise CommandRefused(
            f"{incident.code} cannot be stood down: these lines are not confirmed:\n{listed}\n"
            f"    Confirm them: emergency stand-down {incident.code} --check {' --check '.join(map(str, wanted))}  "
            '(or --check all), or override: --override --reason "..."',
            f"{incident.code} 还不能解除,这几项没有确认:\n{listed_zh}\n"
            f"    确认:emergency stand-down {incident.code} --check {' --check '.join(map(str, wanted))}"
            "(或 --check all);"
            '强制:--override --reason "理由"',
        )


@_on(c.CancelIncident)
def _cancel(draft: Draft, command: c.CancelIncident) -> None:
    if draft.incident.armed:
        _dismiss(draft, c.DismissIncident(by=command.by))
        return
    to = _way_to_cancel(draft.incident)
    if draft.incident.ended:
        return
    order = guards.Order(to, speaks_as(draft.incident, command.by))
    leave = machine.ordered(draft.incident, order, draft.now)
    if leave is None:
        may_command(draft.incident, command.by)
    flow.enter(draft, to, via="order", leave=leave, by=command.by, reason=command.reason, overridden=leave is None)


def _way_to_cancel(incident: Incident) -> str:
    """Return the state that says it was nothing: where the present state leads to one, that one; else the first."""
    ends = [s.name for s in incident.playbook.states if s.ends in ("false_alarm", "cancelled")]
    if not ends:
        raise _no_such_state(incident)
    near = [leave.to for leave in incident.now_in.leave if leave.to is not None and leave.to in ends]
    return [*near, *ends][0]


def _ending(incident: Incident, kind: str) -> str:
    found = next((s.name for s in incident.playbook.states if s.ends == kind), None)
    if found is None:
        raise _no_such_state(incident)
    return found


@_on(c.ChangeSeverity)
def _severity(draft: Draft, command: c.ChangeSeverity) -> None:
    incident = draft.incident
    if command.to == incident.severity:
        return
    if command.to < incident.severity:
        may_command(incident, command.by)
        if not command.reason:
            raise CommandRefused(
                'lowering the level needs a reason: --reason "..."', '降低级别要写理由:--reason "理由"'
            )
    holding = flow.held_rules(draft)
    flow.change_severity(
        draft,
        e.SeverityChanged(to=command.to, via="order", by=command.by, reason=command.reason, muted=holding),
    )


@_on(c.ReportFact)
def _fact(draft: Draft, command: c.ReportFact) -> None:
    fact = draft.incident.playbook.fact(command.fact)
    if fact is None:
        names = [f.name for f in draft.incident.playbook.facts]
        raise CommandRefused(
            f"'{command.fact}' is no fact of {draft.incident.playbook.id}.{nearest(command.fact, names)}",
            f"预案 {_plan_zh(draft.incident)} 没有“{command.fact}”这项情况。{nearest_zh(command.fact, names)}",
        )
    value = command.sealed if fact.type == "text" and command.sealed else command.value
    draft.add(e.FactReported(fact=fact.name, value=value, by=command.by))


@_on(c.AssignRole)
def _assign(draft: Draft, command: c.AssignRole) -> None:
    incident = draft.incident
    if command.person not in incident.members:
        raise _stranger(incident, command.person)
    roles = {d.role for d in incident.site.duties} | {r.role for r in incident.playbook.roles}
    if command.role not in roles:
        raise CommandRefused(
            f"'{command.role}' is no role here.{nearest(command.role, sorted(roles))}",
            f"这里没有“{command.role}”这个角色。{nearest_zh(command.role, sorted(roles))}",
        )
    before = incident.roles.get(command.role, {}).get(command.slot)
    if before == command.person:
        return
    if incident.site.duty(command.role).command:
        may_command(incident, command.by)
    draft.add(
        e.RoleAssigned(
            role=command.role,
            slot=command.slot,
            person=command.person,
            because="ordered",
            instead_of=before,
            by=command.by,
        )
    )
    _relieve(draft, command, before)
    duty = incident.site.duty(command.role)
    if duty.command and before is not None and before == incident.command:
        draft.add(e.CommandTaken(person=command.person, role=command.role, by=command.by, reason=command.reason))


def _relieve(draft: Draft, command: c.AssignRole, before: str | None) -> None:
    """The one before is let go and told; the new one is called on for what runs, or asked to stand by."""
    runs = [r for r in draft.incident.steps.values() if r.role == command.role and r.status == "open"]
    for run in runs:
        for id in run.alerts:
            alert = draft.incident.alerts[id]
            if alert.slot == command.slot and alert.status != "closed":
                close(draft, alert, "relieved")
                if not group(draft.incident, alert.root):  # who helps out with a gap is on the ladder of another slot
                    draft.clear_timer(f"rung:{alert.root}")
    if before is not None:
        tell(draft, before, "passed_on", about=command.person, role=command.role)
    real = [r for r in runs if r.name not in BESIDE and (r.zone is None or not _others_have(draft, r, command.slot))]
    for run in real:
        ask(draft, draft.incident.steps[run.id], command.person, command.slot)
    if not real:
        flow.stand_by(draft, command.role, [(command.slot, command.person)])


def _others_have(draft: Draft, run: StepRun, slot: int) -> bool:
    """Whether a zone's step is with holders of other slots alone: each zone is one holder's."""
    slots = {draft.incident.alerts[id].slot for id in run.alerts}
    return bool(slots) and slot not in slots


@_on(c.HandOver)
def _hand_over(draft: Draft, command: c.HandOver) -> None:
    incident = draft.incident
    if command.person not in incident.members:
        raise _stranger(incident, command.person)
    if command.person == incident.command:
        return
    may_command(incident, command.by)
    before = incident.command
    held = next((d.role for d in incident.site.duties if command.person in incident.holders(d.role)), "")
    draft.add(e.CommandTaken(person=command.person, role=held, by=command.by, reason=command.reason))
    for person in dict.fromkeys(p for p in (before, command.person, *incident.holders("control_room")) if p):
        tell(draft, person, "passed_on", about=command.person, loud=person == command.person)


@_on(c.AddNote)
def _note(draft: Draft, command: c.AddNote) -> None:
    draft.add(e.NoteAdded(by=command.by, text=command.text, via=command.via, step=command.step))
    if command.show:
        tell_command(draft, "note", about=command.by, text=command.text)


@_on(c.Tell)
def _tell(draft: Draft, command: c.Tell) -> None:
    incident = draft.incident
    unknown = [p for p in command.people if p not in incident.members]
    if unknown:
        raise _stranger(incident, unknown[0])
    holders = [p for role in command.roles for p in incident.holders(role)]
    people = dict.fromkeys([*command.people, *holders])
    if not command.people and not command.roles:
        people = dict.fromkeys(incident.alerted)
    if not people:
        raise CommandRefused(
            "nobody would receive that: nobody holds the role yet", "没有人会收到:这个角色还没有人担任"
        )
    draft.add(e.NoteAdded(by=command.by, text=command.text, via="tell"))
    for person in people:
        tell(draft, person, "tell", text=command.text)


@_on(c.OpenMuster)
def _muster_opened(draft: Draft, command: c.OpenMuster) -> None:
    draft.add(e.MusterOpened(code=command.code, expected=command.expected, by=command.by))


@_on(c.CloseMuster)
def _muster_closed(draft: Draft, command: c.CloseMuster) -> None:
    draft.add(
        e.MusterClosed(
            code=command.code, safe=command.safe, help=command.help, away=command.away, missing=command.missing,
            lines=command.lines, head=command.head, by=command.by,
        )
    )  # fmt: skip


@_on(c.FireTimer)
def _timer(draft: Draft, command: c.FireTimer) -> None:
    due = draft.incident.timers.get(command.timer)
    if due is None or due > draft.now or (draft.incident.frozen is not None and command.timer != practice.MAXIMUM):
        return
    draft.add(e.TimerFired(timer=command.timer, late_by=_late(draft.now - due)))
    kind, _, rest = command.timer.partition(":")
    incident = draft.incident
    if kind == "rung" and incident.alerts[rest].step is not None:
        run = incident.steps[incident.alerts[rest].step or ""]
        if run.status == "open" and not is_taken(incident, rest) and not has_enough(incident, run):
            climb(draft, rest, "silence")
    elif kind == "due":
        flow.step_is_late(draft, incident.steps[rest])
    elif kind == "leave":
        entry, _, index = rest.partition(":")
        flow.time_is_up(draft, int(entry), int(index))
    elif kind == "every":
        flow.repeat_step(draft, rest)
    elif kind == "unfilled":
        gaps.escalate(draft, rest)
    elif kind == practice.MAXIMUM:
        practice.abort(draft, CONSOLE, practice.MAXIMUM)


def _late(by: timedelta) -> timedelta | None:
    """Lateness below a second is the scheduler's breath, not worth a word in the log."""
    return by if by >= timedelta(seconds=1) else None


@_on(c.RecordDelivery)
def _delivery(draft: Draft, command: c.RecordDelivery) -> None:
    delivery = draft.incident.deliveries.get(command.delivery)
    if delivery is None:
        raise CommandRefused(f"there is no delivery {command.delivery}", f"没有消息 {command.delivery}")
    match command.status:
        case "sent" if delivery.provider_id != command.provider_id:
            draft.add(
                e.DeliverySent(
                    delivery=delivery.id,
                    provider=command.provider,
                    provider_id=command.provider_id,
                    attempt=command.attempt,
                    found=command.found,
                )
            )
            practice.tell_late(draft, delivery.person)
        case "delivered" if delivery.status in ("queued", "sent"):
            draft.add(e.DeliveryDelivered(delivery=delivery.id))
        case "retried" if delivery.attempt < command.attempt:
            draft.add(
                e.DeliveryRetried(
                    delivery=delivery.id,
                    attempt=command.attempt,
                    reason=command.reason,
                    possibly_twice=command.possibly_twice,
                )
            )
        case "waiting":
            _beside(draft, delivery)
        case "failed" if delivery.status in ("queued", "sent") or (
            delivery.channel == "voice" and delivery.status == "delivered"
        ):
            draft.add(e.DeliveryFailed(delivery=delivery.id, reason=command.reason))
            _other_way(draft, draft.incident.deliveries[delivery.id])


def _other_way(draft: Draft, failed: Delivery) -> None:
    """A message did not arrive: try the person's next number or other channel at once, else climb."""
    incident = draft.incident
    alert = incident.alerts[failed.alert]
    member = incident.members.get(alert.person)
    asking = alert.kind in ASKING
    if (asking and alert.status != "open") or member is None or is_silenced(incident, member):
        return
    if failed.reason in ("busy", "no_answer"):
        return  # the telephone works: the ladder's own time goes on
    if failed.reason not in NO_ANSWER:
        tried = [incident.deliveries[id] for id in alert.deliveries]
        way = _untried(member, failed, tried)
        if way is not None:
            deliver(draft, alert.id, (way[0],), way[1])
            return
        if any(d.status in ("queued", "sent", "delivered") for d in tried):
            return  # another message of this alert is still on its way
    if asking:
        climb(draft, alert.root, "undelivered")


def _untried(member: Member, failed: Delivery, tried: Sequence[Delivery]) -> tuple[str, int] | None:
    """Return the next way to try: another number where this one is dead, else the other channel on the same number."""
    used = {(d.channel, d.number) for d in tried}
    left = [way for way in member.reached if way not in used]
    if is_dead(failed.reason):
        return min(left, key=lambda way: (way[1] == failed.number, way[0] != failed.channel, way[1]), default=None)
    return min(left, key=lambda way: (way[1] != failed.number, way[0] == failed.channel, way[1]), default=None)


def _beside(draft: Draft, waiting: Delivery) -> None:
    """The provider has trouble with a message that asks: the same is said over the other channel meanwhile."""
    incident = draft.incident
    alert = incident.alerts[waiting.alert]
    member = incident.members.get(alert.person)
    if alert.kind not in ASKING or alert.status != "open" or member is None or is_silenced(incident, member):
        return
    used = {incident.deliveries[id].channel for id in alert.deliveries}
    other = next((way for way in member.reached if way[0] not in used), None)
    if other is not None and waiting.status == "queued":
        deliver(draft, alert.id, (other[0],), other[1])


def speaks_as(incident: Incident, by: str) -> frozenset[str]:
    """Return as what *by* gives an order: their roles or the agency, and the decisions that the site lets those take.
    Who commands speaks as every command role."""
    roles = {role for role, slots in incident.roles.items() if by in slots.values()}
    if by == incident.command:
        roles |= {duty.role for duty in incident.site.duties if duty.command}
    if incident.site.agency(by) is not None:
        roles.add(by)
    roles |= {decision for decision, lowest in incident.site.may.items() if roles & set(lowest)}
    return frozenset(roles)


def may_command(incident: Incident, by: str) -> None:
    """Refuse unless *by* commands, may take command, is the agency in command, or is the console.

    Raises:
        CommandRefused: names who commands, and the way round.
    """
    commanding = {duty.role for duty in incident.site.duties if duty.command}
    agency = incident.now_in.commanded_by
    if by in (CONSOLE, incident.command, agency) or speaks_as(incident, by) & commanding:
        return
    raise CommandRefused(
        f"{by} does not command {incident.code}; {incident.command or 'nobody'} does. "
        f"Ask them, or hand over first: emergency assign {incident.code} command {by}",
        f"{by} 不是 {incident.code} 的指挥;指挥是 {incident.command or '(无人)'}。"
        f"请由指挥下令,或先移交:emergency assign {incident.code} command {by}",
    )


def _alert(draft: Draft, id: str) -> Alert:
    alert = draft.incident.alerts.get(id)
    if alert is None:
        raise CommandRefused(f"{draft.incident.code} has no alert {id}", f"{draft.incident.code} 没有呼叫 {id}")
    return alert


def _step(draft: Draft, id: str) -> StepRun:
    run = draft.incident.steps.get(id)
    if run is None:
        raise CommandRefused(f"{draft.incident.code} has no step {id}", f"{draft.incident.code} 没有任务 {id}")
    return run
