"""Calling on people: alerts, their deliveries, and the climb from one person to the next."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from emergency.core import events as e
from emergency.core import ladder
from emergency.core.assignment import is_silenced, next_deputy, next_higher
from emergency.core.draft import Draft
from emergency.core.incident import ASKING, Alert, Incident, StepRun
from emergency.core.playbook import CallDeputy, Outcome, Remind
from emergency.core.values import Severity

Kind = Literal[
    "task",
    "stand_by",
    "update",
    "taken",
    "passed_on",
    "gap",
    "help",
    "duress",
    "tell",
    "ended",
    "merged",
    "note",
    "expect",
]
GAP_RINGS_AGAIN = timedelta(minutes=2)
"""Gaps found within this after another are told by text alone (practice)."""
LATE_AGAIN = timedelta(seconds=60)
"""How long after one outcome of lateness the next follows, at most (practice)."""

DEPUTY_RUNG = next(n for n, rung in enumerate(ladder.LADDER) if rung.whom == "deputy")
HIGHER_RUNG = next(n for n, rung in enumerate(ladder.LADDER) if rung.whom == "higher")


def ask(draft: Draft, run: StepRun, person: str, slot: int, root: str | None = None) -> None:
    """Call on *person* for the step *run*; the first of a ladder starts its timer."""
    for alert in draft.incident.open_alerts(person):
        if alert.kind == "stand_by" and alert.role == run.role and run.name != "stand_by":
            draft.clear_timer(f"rung:{alert.root}")
            for asked in group(draft.incident, alert.root):  # also who was asked in their place
                close(draft, asked, "done")
    id = draft.next_alert()
    kind: Kind = "stand_by" if run.name == "stand_by" else "task"
    draft.add(e.AlertRequested(alert=id, person=person, kind=kind, role=run.role, slot=slot, step=run.id, root=root))
    grave = draft.incident.severity >= Severity.red or draft.incident.site.duty(run.role).urgent
    together = (grave or root is not None) and not draft.incident.ended
    channels = ladder.first_channels(_ways_to(draft.incident, person), together=together)
    deliver(draft, id, channels)
    if root is None:
        _wait(draft, id, 0)
    if not channels:
        climb(draft, root or id, "no_way")


def _ways_to(incident: Incident, person: str) -> tuple[str, ...]:
    """Return the channels over which *person* may be reached now: none where nobody knows one, or none may ring."""
    member = incident.members.get(person)
    return () if member is None or is_silenced(incident, member) else member.channels


def tell(
    draft: Draft,
    person: str,
    kind: Kind,
    *,
    about: str | None = None,
    text: str | None = None,
    step: str | None = None,
    role: str | None = None,
    loud: bool = False,
) -> None:
    """Let *person* know something; no answer is waited for. `loud`: by voice as well."""
    member = draft.incident.members.get(person)
    if member is None or is_silenced(draft.incident, member):
        return
    id = draft.next_alert()
    draft.add(e.AlertRequested(alert=id, person=person, kind=kind, about=about, text=text, step=step, role=role))
    deliver(draft, id, ladder.first_channels(member.channels, together=loud))


def tell_command(draft: Draft, kind: Kind, **words: str | None) -> None:
    """Let whoever commands know; before anyone does, nobody can be told and the log alone says it."""
    if draft.incident.command is not None:
        tell(
            draft,
            draft.incident.command,
            kind,
            about=words.get("about"),
            text=words.get("text"),
            step=words.get("step"),
            role=words.get("role"),
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


def urgency(incident: Incident, alert: Alert) -> int:
    """Return how far back in the queue the alert stands: 0 first. Graver before lighter, asking before telling,
    command roles before others of the same kind."""
    place = 2 * (Severity.red.rank - incident.severity.rank)
    if alert.kind in ("help", "duress"):
        return 0
    if alert.kind not in ASKING:
        return place + 8
    return place + (0 if alert.role and incident.site.duty(alert.role).urgent else 1)


def climb(draft: Draft, root: str, because: Literal["silence", "undelivered", "declined", "no_way", "late"]) -> None:
    """Take the ladder of *root* to its next rung; any reason but silence goes to the deputy at once."""
    number = draft.incident.alerts[root].rung + 1
    if because != "silence":
        number = max(number, DEPUTY_RUNG)
        if number > HIGHER_RUNG:
            _search_on(draft, root, because)
            return
    rung = ladder.rung(number)
    if rung is None:
        return
    asked = None
    if rung.whom == "deputy" or because != "silence":
        asked = next_deputy(draft.incident, _role(draft, root), _asked(draft, root))
        number = number if asked else max(number, HIGHER_RUNG)
    if rung.whom == "higher" or (rung.whom == "deputy" and asked is None):
        asked = asked or next_higher(draft.incident, _role(draft, root), _asked(draft, root))
    draft.add(e.LadderClimbed(alert=root, rung=number, because=because))
    if rung.again and because == "silence":
        _call_again(draft, root)
    if number == HIGHER_RUNG:
        _show_gap(draft, root)
    _wait(draft, root, number)
    if asked is not None:
        first = draft.incident.alerts[root]
        ask(draft, draft.incident.steps[first.step or ""], asked, first.slot, root=root)


def _search_on(draft: Draft, root: str, because: Literal["undelivered", "declined", "no_way", "late"]) -> None:
    """Past the last new rung somebody falls away: ask whoever is left, and begin the repeats anew for them; when
    nobody is left and nobody has it, command is told. A rung is never used up by this."""
    incident, role, asked = draft.incident, _role(draft, root), _asked(draft, root)
    person = next_deputy(incident, role, asked) or next_higher(incident, role, asked)
    while person is not None and not _ways_to(incident, person):
        asked.add(person)
        person = next_deputy(incident, role, asked) or next_higher(incident, role, asked)
    if person is not None:
        draft.add(e.LadderClimbed(alert=root, rung=HIGHER_RUNG, because=because))
        _wait(draft, root, HIGHER_RUNG)
        first = incident.alerts[root]
        ask(draft, incident.steps[first.step or ""], person, first.slot, root=root)
    elif because == "declined" and not group(incident, root):
        _show_gap(draft, root)


def _role(draft: Draft, root: str) -> str:
    return draft.incident.alerts[root].role or ""


def _asked(draft: Draft, root: str) -> set[str]:
    """Everyone asked for the same step already, whatever became of it."""
    step = draft.incident.alerts[root].step or ""
    return {draft.incident.alerts[id].person for id in draft.incident.steps[step].alerts}


def _wait(draft: Draft, root: str, number: int) -> None:
    run = draft.incident.steps[draft.incident.alerts[root].step or ""]
    allowed = run.due - run.started if run.due else None
    wait = ladder.wait_after(number, ladder.pace(allowed, ended=draft.incident.ended is not None))
    if wait is not None:
        draft.set_timer(f"rung:{root}", wait)


def group(incident: Incident, root: str) -> list[Alert]:
    """Return the alerts of one ladder that are not closed, oldest first."""
    alerts = (incident.alerts[id] for id in incident.ladders.get(root, ()))
    return [alert for alert in alerts if alert.status != "closed"]


def _call_again(draft: Draft, root: str) -> None:
    for alert in group(draft.incident, root):
        if alert.status == "open":
            call_again(draft, alert)


def call_again(draft: Draft, alert: Alert) -> None:
    """Call the same person again for the same alert, on the number that last took a message: by voice, or by SMS
    where there is no voice."""
    messages = (draft.incident.deliveries[id] for id in reversed(draft.incident.alerts[alert.id].deliveries))
    number = next((d.number for d in messages if d.status in ("sent", "delivered")), 0)
    deliver(draft, alert.id, ladder.again_channels(_ways_to(draft.incident, alert.person)), number)


def _show_gap(draft: Draft, root: str) -> None:
    alert = draft.incident.alerts[root]
    role = alert.role or ""
    if (role, alert.slot) not in draft.incident.unfilled:
        draft.add(e.RoleUnfilled(role=role, slot=alert.slot))
        tell_command(draft, "gap", role=role, step=alert.step)


def acknowledge(draft: Draft, alert: Alert, via: str, by: str | None = None) -> None:
    """The person has it: the ladder stops, the others asked in their place are told, and the role is theirs."""
    draft.add(e.AlertAcknowledged(alert=alert.id, via=via, by=by))
    draft.clear_timer(f"rung:{alert.root}")
    drop_queued(draft, alert.id)
    for other in group(draft.incident, alert.root):
        if other.id != alert.id:
            if other.status == "open":  # who took it before may still be the one who brings the answer
                close(draft, other, "taken")
            tell(draft, other.person, "taken", about=alert.person, step=alert.step)
    _give_role(draft, alert)
    run = draft.incident.steps[alert.step or ""]
    if run.name == "stand_by":
        close(draft, draft.incident.alerts[alert.id], "done")


def _give_role(draft: Draft, alert: Alert) -> None:
    held = draft.incident.roles.get(alert.role or "", {})
    before = held.get(alert.slot)
    if alert.role is None or before == alert.person or alert.person in held.values():
        return
    draft.add(
        e.RoleAssigned(
            role=alert.role, slot=alert.slot, person=alert.person, because="answered_first", instead_of=before
        )
    )
    if before is not None and before == draft.incident.command:
        draft.add(e.CommandTaken(person=alert.person, role=alert.role))


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
    because: Literal["done", "taken", "declined", "left_state", "ended", "told", "relieved"],
) -> None:
    """Nobody waits for this alert any more; what has not gone out yet stays home."""
    draft.add(e.AlertClosed(alert=alert.id, because=because))
    drop_queued(draft, alert.id)


def drop_queued(draft: Draft, alert_id: str) -> None:
    """Take back the messages of an alert that no channel has taken yet."""
    for id in draft.incident.alerts[alert_id].deliveries:
        if draft.incident.deliveries[id].status == "queued":
            draft.add(e.DeliveryDropped(delivery=id))


def chase(draft: Draft, run: StepRun, outcome: Outcome) -> None:
    """Apply a lateness outcome that calls on people; the others belong to the flow of the plan."""
    alerts = [draft.incident.alerts[id] for id in run.alerts]
    if isinstance(outcome, Remind):
        for alert in alerts:
            if alert.status == "acknowledged":
                call_again(draft, alert)
    elif isinstance(outcome, CallDeputy) and alerts:
        climb(draft, alerts[0].root, "late")
