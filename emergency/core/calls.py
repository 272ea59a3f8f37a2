"""Calling on people: alerts, their deliveries, and the climb from one person to the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from emergency.core import events as e
from emergency.core import ladder
from emergency.core.assignment import chain, is_free, is_silenced, next_deputy, next_higher
from emergency.core.draft import Draft
from emergency.core.events import Closed, Kind, Why
from emergency.core.incident import ASKING, BESIDE, LOOKED_AT, Alert, Incident, StepRun
from emergency.core.ladder import DEPUTY_RUNG, HIGHER_RUNG
from emergency.core.playbook import CallDeputy, Outcome, Remind, Step
from emergency.core.site import Wanted
from emergency.core.values import Severity

GAP_RINGS_AGAIN = timedelta(minutes=2)
"""Gaps found within this after another are told by text alone (practice)."""
LATE_AGAIN = timedelta(seconds=60)
"""How long after one outcome of lateness the next follows, at most (practice)."""


def ask(draft: Draft, run: StepRun, person: str, slot: int, root: str | None = None, *, at_once: bool = False) -> str:
    """Call on *person* for the step *run*, and return the alert; the first of a ladder starts its timer.

    at_once: they are asked beside the first of the ladder, and not because that one is silent.
    """
    for alert in draft.incident.open_alerts(person):
        if alert.kind == "stand_by" and alert.role == run.role and run.name not in BESIDE:
            draft.clear_timer(f"rung:{alert.root}")
            for asked in group(draft.incident, alert.root):  # also who was asked in their place
                close(draft, asked, "done")
    id = draft.next_alert()
    kind: Kind = "stand_by" if run.name == "stand_by" else "relief" if run.name == "relieve" else "task"
    about = draft.incident.roles.get(run.role, {}).get(slot) if kind == "relief" else None
    draft.add(
        e.AlertRequested(
            alert=id, person=person, kind=kind, role=run.role, slot=slot, step=run.id, root=root, about=about
        )
    )
    rungs = rungs_of(draft.incident, draft.incident.alerts[id])
    channels = _first_channels(draft, id, both=rungs[0].both or (root is not None and not at_once))
    for channel in channels:
        deliver(draft, id, (channel,), _first_number(draft, person, channel))
    if root is None:
        _wait(draft, id, rungs, 0)
    if not channels:
        climb(draft, root or id, "no_way")
    return id


def _first_channels(draft: Draft, id: str, *, both: bool) -> tuple[str, ...]:
    """Return the channels of the first call of an alert. both: the ladder wants text and voice in one moment, or
    somebody else was asked before, and is silent."""
    incident = draft.incident
    alert = incident.alerts[id]
    both = both or incident.severity >= Severity.red or incident.site.duty(alert.role or "").urgent
    channels = ladder.first_channels(_ways_to(incident, alert.person), together=both and not incident.ended)
    return _rung_now(draft, alert.person, channels)


CALLED_TOGETHER = 8
"""The most people a group call rings in one moment (practice): more would come than one thing needs."""


def call_out(draft: Draft, step: Step, run: StepRun, holders: list[tuple[int, str]]) -> None:
    """Ask for a step that has one ladder: its first holder alone, or with all other holders and deputies who are there.

    Args:
        holders: (slot, person) of the role, lowest slot first; at least one.
    """
    slot, first = holders[0]
    root = ask(draft, run, first, slot)
    if step.call_out == "in_turn":
        return
    incident, held = draft.incident, [person for _, person in holders]
    there = [p for p in chain(incident, step.role) if incident.members[p].duty == "on"]
    for person in list(dict.fromkeys((*held, *there)))[:CALLED_TOGETHER]:
        if person != first and (person in held or is_free(incident, person, step.role)):
            ask(draft, draft.incident.steps[run.id], person, slot, root=root, at_once=True)


def rungs_of(incident: Incident, alert: Alert) -> tuple[ladder.Rung, ...]:
    """Return the rungs of the ladder that *alert* is the root of."""
    run = incident.steps[alert.step or ""]
    member = incident.members.get(alert.person)
    return ladder.place(
        run.due - run.started if run.due else None,
        ended=incident.ended is not None,
        ways=len(member.reached) if member else 0,
        by_text=member.two_way if member else True,
        attentive=alert.attentive,
        sooner=incident.playbook.rungs,
    )


def _may_ring(draft: Draft, person: str, *, new: bool) -> bool:
    """Return whether the telephone of *person* may ring now (see `ladder.may_ring`). What is new in the moment of a
    call goes out with that call."""
    if person not in draft.incident.in_vain:
        return True
    first, last = draft.incident.in_vain[person]
    return (new and last == draft.now) or ladder.may_ring(draft.now - first, draft.now - last, new=new)


def _rung_now(draft: Draft, person: str, channels: tuple[str, ...]) -> tuple[str, ...]:
    """Return *channels* without voice where the telephone was rung just now, and a text can say it until the next."""
    if "sms" not in channels or _may_ring(draft, person, new=True):
        return channels
    return tuple(channel for channel in channels if channel != "voice")


def _first_number(draft: Draft, person: str, channel: str) -> int:
    """Return which of the person's numbers hears of something first: the one that is rung in this very moment, so that
    both go out as one call, else the first that the channel reaches."""
    if channel == "voice" and draft.incident.in_vain.get(person, (None, None))[1] == draft.now:
        return _ringing(draft, person)
    for way, number in draft.incident.members[person].reached:
        if way == channel:
            return number
    return 0


def _ringing(draft: Draft, person: str) -> int:
    alerts = (draft.incident.alerts[id] for id in reversed(draft.incident.of_person[person]))
    calls = (draft.incident.deliveries[id] for alert in alerts for id in alert.deliveries)
    return next((d.number for d in calls if d.channel == "voice" and d.at == draft.now), 0)


def _ways_to(incident: Incident, person: str) -> tuple[str, ...]:
    """Return the channels over which *person* may be reached now: none where nobody knows one, or none may ring."""
    member = incident.members.get(person)
    if member is None or is_silenced(incident, member):
        return ()
    return tuple(dict.fromkeys(channel for channel, _ in member.reached)) if member.ways else member.channels


def tell(
    draft: Draft,
    person: str,
    kind: Kind,
    *,
    about: str | None = None,
    text: str | None = None,
    step: str | None = None,
    role: str | None = None,
    wanted: tuple[Wanted, ...] = (),
    loud: bool = False,
) -> None:
    """Let *person* know something; no answer is waited for. `loud`: by voice as well."""
    member = draft.incident.members.get(person)
    if member is None or is_silenced(draft.incident, member):
        return
    if kind == "update":
        _drop_old_news(draft, person)
    id = draft.next_alert()
    draft.add(
        e.AlertRequested(
            alert=id, person=person, kind=kind, about=about, text=text, step=step, role=role, wanted=wanted
        )
    )
    channels = ladder.first_channels(_ways_to(draft.incident, person), together=loud)
    for channel in channels if kind in ("help", "duress", "real_help") else _rung_now(draft, person, channels):
        deliver(draft, id, (channel,), _first_number(draft, person, channel))


def _drop_old_news(draft: Draft, person: str) -> None:
    """Of several updates that wait for one person only the last goes out."""
    for id in reversed(draft.incident.of_person.get(person, ())[-LOOKED_AT:]):
        if draft.incident.alerts[id].kind == "update":
            drop_queued(draft, id)


def tell_command(draft: Draft, kind: Kind, *, wanted: tuple[Wanted, ...] = (), **words: str | None) -> None:
    """Let whoever commands know; before anyone does, nobody can be told and the log alone says it. Of a gap in a drill
    that asks for answers alone nobody is told: they would send somebody."""
    if draft.incident.command is not None and not (kind == "gap" and draft.incident.only_asks):
        tell(
            draft,
            draft.incident.command,
            kind,
            about=words.get("about"),
            text=words.get("text"),
            step=words.get("step"),
            role=words.get("role"),
            wanted=wanted,
            loud=kind == "help" or (kind == "gap" and not _rang_lately(draft, draft.incident.command, kind)),
        )


def _rang_lately(draft: Draft, person: str, kind: Kind) -> bool:
    """Return whether *person* was told such a thing in the last two minutes: one call says that help is short."""
    incident = draft.incident
    theirs = (incident.alerts[id] for id in incident.of_person.get(person, ()))
    return any(alert.kind == kind and draft.now - alert.at < GAP_RINGS_AGAIN for alert in theirs)


def deliver(draft: Draft, alert_id: str, channels: tuple[str, ...], number: int = 0) -> None:
    """Queue one message on each of *channels* for the alert, stamped with the kind of the incident."""
    incident = draft.incident
    alert = incident.alerts[alert_id]
    for channel in channels:
        draft.add(
            e.DeliveryQueued(
                delivery=draft.next_delivery(),
                alert=alert_id,
                person=alert.person,
                channel="voice" if channel == "voice" else "sms",
                mode=incident.mode,
                number=number,
                urgency=urgency(incident, alert),
            )
        )


TELLING = 8
"""From this urgency on a message only tells."""
REAL_WORD = -1
"""The urgency of what says that something real was reported in a drill: before all else that a drill sends."""
STOP_WORD = 15
"""The urgency of what says that a drill stands still, goes on or is over: behind every alert (whose last is 14)."""
STOPS = frozenset({REAL_WORD, STOP_WORD})
"""What leaves also while a drill stands still, and when it is over."""
STOP_KINDS = frozenset({"drill_real", "drill_still", "drill_on", "drill_over_real", "drill_off", "endex"})


def urgency(incident: Incident, alert: Alert) -> int:
    """Return how far back in the queue the alert stands: 0 first. Graver before lighter, asking before telling,
    command roles before others of the same kind."""
    place = 2 * (Severity.red.rank - incident.severity.rank)
    if alert.kind in ("help", "duress"):
        return 0
    if alert.kind == "real_help" or alert.kind in STOP_KINDS:
        return REAL_WORD if alert.kind == "real_help" else STOP_WORD
    if alert.kind not in ASKING:
        return place + TELLING
    return place + (0 if alert.role and incident.site.duty(alert.role).urgent else 1)


def climb(draft: Draft, root: str, because: Why) -> None:
    """Take the ladder of *root* to its next rung; any reason but silence goes to the deputy at once."""
    incident = draft.incident
    rungs, step = rungs_of(incident, incident.alerts[root]), _step_of(incident, root)
    if step is not None and step.call_out == "first" and because != "silence" and _others_open(incident, root):
        return  # everyone else was asked in the same moment
    number = ladder.following(rungs, incident.alerts[root].rung) if because == "silence" else _deputy_rung(draft, root)
    if number is None:
        return
    if step is not None and step.call_out == "in_turn" and DEPUTY_RUNG < number <= HIGHER_RUNG:
        number = DEPUTY_RUNG if next_deputy(incident, _role(draft, root), _asked(draft, root)) else HIGHER_RUNG
    if number > HIGHER_RUNG and because != "silence":
        _search_on(draft, root, because)
        return
    rung, asked = rungs[number], None
    if (rung.whom == "deputy" or because != "silence") and not _stays_with_few(draft, root, because):
        asked = next_deputy(incident, _role(draft, root), _asked(draft, root))
        number = number if asked else max(number, HIGHER_RUNG)
    if rung.whom == "higher" or (rung.whom == "deputy" and asked is None):
        asked = asked or _above(draft, root, _asked(draft, root))
        asked = None if asked and because == "silence" and _is_swamped(incident, asked) else asked
    draft.add(e.LadderClimbed(alert=root, rung=number, because=because))
    in_turn = step is not None and step.call_out == "in_turn" and rung.whom == "deputy"
    if rung.again and because == "silence" and not in_turn:
        _call_again(draft, root)
    if number == HIGHER_RUNG:
        _show_gap(draft, root)
    _wait(draft, root, rungs, number)
    if asked is not None:
        first = draft.incident.alerts[root]
        ask(draft, draft.incident.steps[first.step or ""], asked, first.slot, root=root)


SWAMPED = 6
"""Who has so many calls open and answers none is asked for nothing more in others' place (practice: one message and one
call say no more at once); that the role is empty is shown to command."""


def _is_swamped(incident: Incident, person: str) -> bool:
    if person not in incident.in_vain:
        return False
    return sum(alert.status == "open" for alert in incident.open_alerts(person)) >= SWAMPED


def _stays_with_few(draft: Draft, root: str, because: Why) -> bool:
    """Whether silence brings in nobody else: few may know, and the one who is to be relieved still has the role."""
    incident = draft.incident
    return because == "silence" and incident.playbook.few_know and incident.alerts[root].kind == "relief"


def _deputy_rung(draft: Draft, root: str) -> int:
    return max(draft.incident.alerts[root].rung + 1, DEPUTY_RUNG)


def _step_of(incident: Incident, root: str) -> Step | None:
    return incident.plan_of(incident.steps[incident.alerts[root].step or ""])


def _others_open(incident: Incident, root: str) -> bool:
    return any(alert.status == "open" for alert in group(incident, root))


def _search_on(draft: Draft, root: str, because: Why) -> None:
    """Past the last new rung somebody falls away: ask whoever is left, and begin the repeats anew for them; when
    nobody is left and nobody has it, command is told. A rung is never used up by this."""
    incident, role, asked = draft.incident, _role(draft, root), _asked(draft, root)
    person = next_deputy(incident, role, asked) or _above(draft, root, asked)
    while person is not None and not _ways_to(incident, person):
        asked.add(person)
        person = next_deputy(incident, role, asked) or _above(draft, root, asked)
    if person is not None:
        draft.add(e.LadderClimbed(alert=root, rung=HIGHER_RUNG, because=because))
        _wait(draft, root, rungs_of(draft.incident, draft.incident.alerts[root]), HIGHER_RUNG)
        first = incident.alerts[root]
        ask(draft, incident.steps[first.step or ""], person, first.slot, root=root)
    elif because == "declined" and not group(incident, root):
        _show_gap(draft, root)


def _role(draft: Draft, root: str) -> str:
    return draft.incident.alerts[root].role or ""


def _asked(draft: Draft, root: str) -> set[str]:
    """Everyone asked for the same step already, whatever became of it."""
    run = draft.incident.steps[draft.incident.alerts[root].step or ""]
    asked = {draft.incident.alerts[id].person for id in run.alerts}
    if run.name == "relieve":  # neither a comrade in the same role nor who is asked to relieve somebody else
        others = (each for each in draft.incident.steps.values() if each.name == run.name and each.status == "open")
        asked |= {draft.incident.alerts[id].person for each in others for id in each.alerts}
        asked |= set(draft.incident.holders(run.role))
    return asked


def _above(draft: Draft, root: str, asked: set[str]) -> str | None:
    """Return who of the next higher roles is asked; for a relief nobody is: the one before still has the role."""
    if draft.incident.alerts[root].kind == "relief":
        return None
    return next_higher(draft.incident, _role(draft, root), asked)


def _wait(draft: Draft, root: str, rungs: Sequence[ladder.Rung], number: int) -> None:
    wait = ladder.wait_after(rungs, number)
    if wait is not None:
        draft.set_timer(f"rung:{root}", wait)


def group(incident: Incident, root: str) -> list[Alert]:
    """Return the alerts of one ladder that are not closed, oldest first."""
    alerts = map(incident.alerts.__getitem__, incident.ladders.get(root, ()))
    return [alert for alert in alerts if alert.status != "closed"]


def _call_again(draft: Draft, root: str) -> None:
    for alert in group(draft.incident, root):
        if alert.status == "open":
            call_again(draft, alert)


def call_again(draft: Draft, alert: Alert) -> None:
    """Call the same person again: by voice, or by SMS where there is no voice. One call says all that is open for
    them, and nobody is rung again before the last call had its time; what is left out now is in the next."""
    channels = ladder.again_channels(_ways_to(draft.incident, alert.person))
    if channels == ("voice",):
        if not _may_ring(draft, alert.person, new=False):
            return
        number = _next_number(draft.incident, alert, "voice")
        for each in (alert, *_said_with(draft.incident, alert)):
            deliver(draft, each.id, channels, number)
    elif channels:
        deliver(draft, alert.id, channels, _next_number(draft.incident, alert, channels[0]))


SAID_AT_ONCE = 6
"""Alerts that one call says at most; no more go out as one message."""


def _said_with(incident: Incident, alert: Alert) -> list[Alert]:
    """Return what else is open for the person of *alert*: whatever they were rung for least lately comes first."""
    others = [a for a in incident.open_alerts(alert.person) if a.status == "open" and a.id != alert.id]
    return sorted(others, key=lambda a: _rung_at(incident, a))[: SAID_AT_ONCE - 1]


def _rung_at(incident: Incident, alert: Alert) -> tuple[int, datetime]:
    """When the alert was last said in a call, for sorting; what never was comes first, oldest first."""
    for id in reversed(alert.deliveries):
        delivery = incident.deliveries[id]
        if delivery.channel == "voice":
            return 1, delivery.at
    return 0, alert.at


def _was_just_rung(draft: Draft, alert: Alert) -> bool:
    called, at = _rung_at(draft.incident, alert)
    return bool(called) and draft.now - at < ladder.RING_AGAIN


NOBODY_ANSWERED = frozenset({"busy", "no_answer", "machine"})
"""Reasons of a failed call that say: the telephone works."""
DEAD = frozenset({"number_not_in_use", "no_number"})
"""Reasons that say: no channel will ever reach anybody on this number."""


def is_dead(reason: str) -> bool:
    """Return whether a failure for *reason* closes the number on every channel; a provider's code may follow the
    word."""
    return reason.partition(" ")[0] in DEAD


def _next_number(incident: Incident, alert: Alert, channel: str) -> int:
    """Return on which of the person's numbers the next call goes out: one after the other, but none that is dead."""
    member = incident.members[alert.person]
    tried = [incident.deliveries[id] for id in alert.deliveries]
    failed = [d for d in tried if d.status == "failed" and d.reason not in NOBODY_ANSWERED]
    dead = {d.number for d in failed if d.channel == channel or is_dead(d.reason)}
    known = [number for way, number in member.reached if way == channel]
    alive = [number for number in known if number not in dead] or known
    calls = sum(d.channel == channel and d.status not in ("dropped", "failed") for d in tried)
    return alive[calls % len(alive)]


def _show_gap(draft: Draft, root: str) -> None:
    alert = draft.incident.alerts[root]
    role = alert.role or ""
    if alert.kind == "relief":
        nobody_follows(draft, [(role, alert.slot)])
    elif (role, alert.slot) not in draft.incident.unfilled:
        draft.add(e.RoleUnfilled(role=role, slot=alert.slot))
        tell_command(draft, "gap", role=role, step=alert.step)


def nobody_follows(draft: Draft, places: Sequence[tuple[str, int]]) -> None:
    """The shift is over and nobody relieves the holders of *places* (role and slot): they stay. Command hears of each
    once."""
    told: list[Wanted] = []
    for role, slot in places:
        person = draft.incident.roles.get(role, {}).get(slot)
        if person is not None and draft.incident.unrelieved.get((role, slot)) != person:
            draft.add(e.ReliefMissing(role=role, slot=slot, person=person))
            told.append(Wanted(person=person, role=role, here=person))
    if told:
        tell_command(draft, "no_relief", wanted=tuple(told))


def acknowledge(draft: Draft, alert: Alert, via: str, by: str | None = None) -> None:
    """The person has it: once enough have, the ladder stops, the others are told, and the role is theirs."""
    draft.add(e.AlertAcknowledged(alert=alert.id, via=via, by=by))
    drop_queued(draft, alert.id)
    if is_taken(draft.incident, alert.root):
        draft.clear_timer(f"rung:{alert.root}")
        _let_go(draft, alert, [a for a in group(draft.incident, alert.root) if a.id != alert.id], "taken")
    run = draft.incident.steps[alert.step or ""]
    _give_role(draft, alert, run)
    if has_enough(draft.incident, run):
        _let_all_go(draft, alert, run)
    if run.name == "stand_by":
        close(draft, draft.incident.alerts[alert.id], "done")


def is_taken(incident: Incident, root: str) -> bool:
    """Whether as many of one ladder have answered as it needs: one, or where all stand on one, the quorum."""
    step = _step_of(incident, root)
    needed = max(1, step.quorum) if step is not None and step.one_ladder else 1
    return sum(alert.status == "acknowledged" for alert in group(incident, root)) >= needed


def has_enough(incident: Incident, run: StepRun) -> bool:
    """Whether the step names a number of people, and so many have answered."""
    step = incident.plan_of(run)
    return step is not None and step.quorum > 0 and incident.steps[run.id].acknowledged >= step.quorum


def may_join(incident: Incident, run: StepRun) -> bool:
    """Whether a new holder of the role is called on for a step that runs: not where enough have it, nor where all who
    are asked stand on one ladder, which finds them by itself."""
    step = incident.plan_of(run)
    return not has_enough(incident, run) and not (step is not None and step.one_ladder and run.alerts)


def _let_all_go(draft: Draft, last: Alert, run: StepRun) -> None:
    """Enough have answered: every other ladder of the step ends."""
    left = [draft.incident.alerts[id] for id in run.alerts]
    for root in dict.fromkeys(alert.root for alert in left):
        draft.clear_timer(f"rung:{root}")
    _let_go(draft, last, [a for a in left if a.status == "open"], "enough")


def _let_go(draft: Draft, taken: Alert, others: list[Alert], kind: Literal["taken", "enough"]) -> None:
    """Tell the others that it is taken; who took it before may still be the one who brings the answer."""
    step = _step_of(draft.incident, taken.root)
    several = step is not None and step.quorum > 1
    for other in others:
        if other.status == "open":
            close(draft, other, "taken")
        elif several:
            continue  # one of those who are needed
        tell(draft, other.person, "enough" if several else kind, about=taken.person, step=taken.step)


def _give_role(draft: Draft, alert: Alert, run: StepRun) -> None:
    held = draft.incident.roles.get(alert.role or "", {})
    slot = _slot_for(draft.incident, alert, run)
    before = held.get(slot)
    if alert.role is None or before == alert.person or alert.person in held.values():
        return
    draft.add(
        e.RoleAssigned(role=alert.role, slot=slot, person=alert.person, because="answered_first", instead_of=before)
    )
    if before is not None and before == draft.incident.command:
        draft.add(e.CommandTaken(person=alert.person, role=alert.role))


def _slot_for(incident: Incident, alert: Alert, run: StepRun) -> int:
    """Return the place in the role that the answer is for: where several are needed, nobody who has answered loses
    theirs to the next."""
    step, held = incident.plan_of(run), incident.roles.get(alert.role or "", {})
    if step is None or step.quorum < 2:
        return alert.slot
    taken = {incident.alerts[id].person for id in run.alerts if incident.alerts[id].status == "acknowledged"}
    here = held.get(alert.slot)
    if here is None or here not in taken:
        return alert.slot
    return next((slot for slot, person in sorted(held.items()) if person not in taken), max(held) + 1)


def finish(
    draft: Draft,
    run: StepRun,
    person: str,
    answer: str | None = None,
    via: str = "sms",
    by: str | None = None,
) -> None:
    """The step is done: its alerts and timers end."""
    draft.add(e.StepDone(step=run.id, person=person, answer=answer, via=via, by=by))
    end_run(draft, run.id, "done")
    step = draft.incident.plan_of(run)
    given = next((each for each in step.decision if each.name == answer), None) if step is not None else None
    for fact, value in (given.tells if given is not None else {}).items():
        draft.add(e.FactReported(fact=fact, value=value, by=person))
    if step is not None and step.every is not None and run.entry == draft.incident.entry:
        draft.set_timer(f"every:{run.name}", step.every)


def end_run(draft: Draft, step: str, because: Literal["done", "left_state", "ended", "relieved"]) -> list[str]:
    """Close whatever still asks for *step*; return whom that leaves without it."""
    left = []
    draft.clear_timer(f"due:{step}")
    for id in draft.incident.steps[step].alerts:
        alert = draft.incident.alerts[id]
        draft.clear_timer(f"rung:{alert.root}")
        if alert.status != "closed":
            close(draft, alert, because)
            left.append(alert.person)
    return left


def close(
    draft: Draft,
    alert: Alert,
    because: Closed,
) -> None:
    """Nobody waits for this alert any more; what has not gone out yet stays home."""
    draft.add(e.AlertClosed(alert=alert.id, because=because))
    drop_queued(draft, alert.id)


def drop_queued(draft: Draft, alert_id: str) -> None:
    """Take back the messages of an alert that no channel has taken yet."""
    known = draft.incident.deliveries
    for id in draft.incident.alerts[alert_id].deliveries:
        if known[id].status == "queued":
            draft.add(e.DeliveryDropped(delivery=id))


def chase(draft: Draft, run: StepRun, outcome: Outcome) -> None:
    """Apply a lateness outcome that calls on people; the others belong to the flow of the plan."""
    alerts = [draft.incident.alerts[id] for id in run.alerts]
    if isinstance(outcome, Remind):
        for alert in alerts:
            if alert.status == "acknowledged" and not _was_just_rung(draft, alert):
                call_again(draft, alert)
    elif isinstance(outcome, CallDeputy) and alerts:
        climb(draft, alerts[0].root, "late")
