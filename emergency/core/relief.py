"""Relief at a change of shift: the old shift stays until somebody has taken over, place by place.

Who follows is asked, and climbs the ladder like any other call; with their word the role and what is open in it pass
to them, and the one before may go. For who commands this is the hand-over of command: asked for with a short account,
and never by itself (founding plan, shifts; practice).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta

from emergency.core import events as e
from emergency.core import flow
from emergency.core.assignment import assign
from emergency.core.calls import ask, close, drop_queued, end_run, finish, group, nobody_follows, tell
from emergency.core.draft import Draft
from emergency.core.incident import BESIDE, Alert, StepRun
from emergency.core.site import Member
from emergency.core.values import Severity

RELIEF = "relieve"
IN_ALL = timedelta(hours=1)
"""In what time a shift should have taken over; the one before is still there, so the ladder is slower (practice)."""
TEAM = "team"
"""The timer for the next moment at which somebody's duty changes."""
FOLLOWS = frozenset({"holder", "deputy", "standing_in", "second_role"})
"""Why somebody may follow: they have the role, or one that deputises for it, perhaps beside another, as those before
them had. The next higher role relieves nobody: then the one before stays."""
OWN = frozenset({"holder", "deputy"})
"""The same where few may know: the role's own people alone."""

Place = tuple[str, int]
"""A role and a slot in it."""


def set_clock(draft: Draft, until: datetime | None) -> None:
    """Have the engine woken when the team changes next; not once the emergency has ended."""
    incident = draft.incident
    if incident.ended or incident.is_closed or incident.armed:
        return
    if until is None:
        draft.clear_timer(TEAM)
    elif incident.timers.get(TEAM) != until:
        draft.add(e.TimerSet(timer=TEAM, due=until))


def call_relief(draft: Draft, before: Mapping[str, Member]) -> None:
    """Ask who follows on the new shift to take over from each whose shift is over.

    before: the team as it was until now.
    """
    again = _drop_what_is_idle(draft)
    asked = {_place_of(draft, run): run.id for run in _running(draft)}
    due = [place for place in _places_due(draft, before) if place not in asked or asked[place] in again]
    follow = _followers(draft, due, frozenset({"on"}))
    lacking = [place for place in due if place not in follow and _gone(draft, _holder(draft, place))]
    if lacking:  # nobody in the house: who is on call may come
        follow |= _followers(draft, lacking, frozenset({"call"}), set(follow.values()))
    for place in due:
        if place in follow:
            run = asked.get(place) or flow.new_run(draft, RELIEF, place[0], due=draft.now + IN_ALL)
            ask(draft, draft.incident.steps[run], follow[place], place[1])
    nobody_follows(draft, [p for p in due if p not in follow and _gone(draft, _holder(draft, p))])


def _running(draft: Draft) -> list[StepRun]:
    return [run for run in draft.incident.steps.values() if run.name == RELIEF and run.status == "open"]


def _holder(draft: Draft, place: Place) -> str:
    return draft.incident.roles.get(place[0], {}).get(place[1], "")


def _gone(draft: Draft, person: str) -> bool:
    member = draft.incident.members.get(person)
    return member is None or member.duty == "off"


def _places_due(draft: Draft, before: Mapping[str, Member]) -> Iterator[Place]:
    """Yield the places whose holder's shift is over: who is off, and who was in the house and is on call now."""
    for role, slots in draft.incident.roles.items():
        for slot, person in sorted(slots.items()):
            if draft.incident.for_few and (not _gone(draft, person) or flow.may_rest(draft, role, slot)):
                continue  # who is on call has a telephone; a place without work is given out when a step needs it
            was = before.get(person)
            left = was is not None and was.duty == "on"
            if _gone(draft, person) or (left and draft.incident.members[person].duty != "on"):
                yield role, slot


def _followers(
    draft: Draft, due: Sequence[Place], duties: frozenset[str], taken: Set[str] = frozenset()
) -> dict[Place, str]:
    """Return who follows in which of the places: people of these duties who hold no role here and are asked for none.

    taken: who has been chosen already.
    """
    incident, leaving = draft.incident, set(due)
    held = {
        role: {slot: person for slot, person in slots.items() if (role, slot) not in leaving}
        for role, slots in incident.roles.items()
    }
    taken = taken | {person for slots in incident.roles.values() for person in slots.values()}
    taken |= {incident.alerts[id].person for run in _running(draft) for id in run.alerts}
    heads: dict[str, int] = {}
    for role, slot in due:
        heads[role] = max(slot, heads.get(role, 0))
    seats = assign(
        heads,
        {id: m for id, m in incident.members.items() if m.duty in duties and id not in taken},
        incident.site,
        severity=incident.severity,
        place=incident.place,
        silent=incident.playbook.silent_place,
        held=held,
        higher=False,
    )
    may = OWN if incident.playbook.few_know else FOLLOWS
    return {(s.role, s.slot): s.person for s in seats if s.person and s.because in may and (s.role, s.slot) in leaving}


def _place_of(draft: Draft, run: StepRun) -> Place:
    """Return the place that *run* is to relieve."""
    return run.role, next((draft.incident.alerts[id].slot for id in run.alerts), 0)


def _drop_what_is_idle(draft: Draft) -> frozenset[str]:
    """Take back what nobody needs any more: who was to be relieved is gone, or back on duty. Return the runs whose
    every call went to somebody who has gone off duty as well, or is over: they are to be asked anew."""
    again: set[str] = set()
    for run in _running(draft):
        holder = _holder(draft, _place_of(draft, run))
        member = draft.incident.members.get(holder)
        if not holder or (member is not None and member.duty == "on"):
            draft.add(e.StepDropped(step=run.id, because="left_state"))
            end_run(draft, run.id, "left_state")
        elif all(_goes_unheard(draft, draft.incident.alerts[id]) for id in run.alerts):
            end_run(draft, run.id, "relieved")
            again.add(run.id)
    return frozenset(again)


def _goes_unheard(draft: Draft, alert: Alert) -> bool:
    return alert.status == "closed" or _gone(draft, alert.person)


def take_over(draft: Draft, alert: Alert, via: str, by: str | None = None) -> None:
    """The next shift has it: the role passes, and what was open in it; the one before is told, and may go."""
    draft.add(e.AlertAcknowledged(alert=alert.id, via=via, by=by))
    draft.clear_timer(f"rung:{alert.root}")
    drop_queued(draft, alert.id)
    for other in group(draft.incident, alert.root):
        if other.id != alert.id:
            close(draft, other, "taken")
            tell(draft, other.person, "taken", about=alert.person, step=alert.step)
    before = _holder(draft, (alert.role or "", alert.slot))
    if before != alert.person and alert.person not in draft.incident.holders(alert.role or ""):
        _pass_on(draft, alert, before)
    finish(draft, draft.incident.steps[alert.step or ""], alert.person, via=via, by=by)


def _pass_on(draft: Draft, alert: Alert, before: str) -> None:
    role = alert.role or ""
    commands = bool(before) and before == draft.incident.command
    draft.add(
        e.RoleAssigned(role=role, slot=alert.slot, person=alert.person, because="relieved", instead_of=before or None)
    )
    if commands and draft.incident.site.duty(role).command:
        draft.add(e.CommandTaken(person=alert.person, role=role, by=before))
    went = [before] if before else []
    for run in [run for run in draft.incident.steps.values() if run.role == role and run.status == "open"]:
        if run.id != alert.step:
            went += _hand_on(draft, run, alert, before)
    for person in dict.fromkeys(went):
        light = draft.incident.severity is Severity.blue
        idle = not _holds_a_role(draft, person) and not (light and draft.incident.open_alerts(person))
        tell(draft, person, "may_go" if idle else "passed_on", about=alert.person, role=role)


def _holds_a_role(draft: Draft, person: str) -> bool:
    return any(person in slots.values() for slots in draft.incident.roles.values())


def _hand_on(draft: Draft, run: StepRun, taken: Alert, before: str) -> list[str]:
    """What was asked of the one before, or of somebody of the old shift who helped out without a role, is asked of who
    follows; return whom that lets go."""
    alerts = [draft.incident.alerts[id] for id in run.alerts]
    live = [alert for alert in alerts if alert.slot == taken.slot and alert.status != "closed"]
    old = [a for a in live if a.person == before or (_gone(draft, a.person) and not _holds_a_role(draft, a.person))]
    if draft.incident.severity is Severity.blue:  # nothing presses: who has said yes to something finishes it
        old = [alert for alert in old if alert.status != "acknowledged"]
    for alert in old:
        close(draft, alert, "relieved")
        if not group(draft.incident, alert.root):
            draft.clear_timer(f"rung:{alert.root}")
    others = [alert for alert in live if alert not in old]
    covered = any(alert.status == "acknowledged" or alert.person == taken.person for alert in others)
    if old and run.name not in BESIDE and not covered:
        ask(draft, draft.incident.steps[run.id], taken.person, taken.slot)
    return [alert.person for alert in old]
