"""The incident as a value, and `evolve`: what it is after each event.

An incident is never changed; `evolve` returns another. The large collections (alerts, deliveries, timers)
are persistent maps, so that one answer costs the same at ten thousand open alerts as at ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache, reduce
from typing import Any, TypeVar

import msgspec
from msgspec.structs import force_setattr, replace

from emergency.core import events as e
from emergency.core.maps import Map, discard, insert
from emergency.core.playbook import (
    FactMissing,
    FactOver,
    FactUnder,
    Playbook,
    Simple,
    State,
    Step,
    simple,
    state_of,
)
from emergency.core.site import Member, Site, Wanted
from emergency.core.values import Mode, Severity, Text, is_drill

ASKING = frozenset({"task", "stand_by", "relief"})
"""Kinds of alert that wait for an answer."""
BESIDE = frozenset({"stand_by", "relieve"})
"""Steps of no plan that outlive the state in which they began: to be ready, to take a role over."""
SHARED = frozenset({"shared", "lent"})
"""Why somebody holds a role here although another incident has them."""

E = TypeVar("E", bound=e.Event)


class StepRun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One run of a step. `alerts` are those that asked for it, in order; `entry` is the state entry it belongs to.

    gc=False here and below: nothing that these hold could lead back to them.
    """

    id: str
    name: str
    role: str
    letter: str
    state: str
    entry: int
    started: datetime
    due: datetime | None = None
    zone: str | None = None
    nudge: Text | None = None
    status: str = "open"
    person: str | None = None
    answer: str | None = None
    finished: datetime | None = None
    chased: int = 0
    alerts: tuple[str, ...] = ()
    acknowledged: int = 0


class Alert(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call on one person. `status`: open, acknowledged, closed. attentive: whether that person had answered
    something shortly before it: what comes later in the same moment, or while a drill stands still, changes it not."""

    id: str
    person: str
    kind: str
    role: str | None
    slot: int
    step: str | None
    root: str
    at: datetime
    status: str = "open"
    ended: str = ""
    rung: int = 0
    about: str | None = None
    text: str | None = None
    wanted: tuple[Wanted, ...] = ()
    answered: datetime | None = None
    attentive: bool = False
    deliveries: tuple[str, ...] = ()


class Delivery(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message on one channel. `status`: queued, sent, delivered, failed, dropped."""

    id: str
    alert: str
    person: str
    channel: str
    number: int
    at: datetime
    status: str = "queued"
    attempt: int = 1
    provider_id: str = ""
    reason: str = ""


class Told(msgspec.Struct, frozen=True, gc=False):
    """A fact as it stands: its value, since when it has had it, and when it was last reported."""

    value: str
    since: datetime
    last: datetime


class Incident(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One run of a playbook. `version` counts the events folded so far; `entry` counts states entered.

    is_closed: whether the plan has come to its final state.
    owner: whose it is: who was told first, until whoever commands has answered, or command was handed over (first-asked
        responsibility of the founding service rules: it goes on by a logged hand-over, or it stays).
    shared: who holds a role here although another incident has them, and keeps both.
    overdue: roles that had nobody for too long; somebody was called on for them, and nobody has answered yet.
    chosen: role and slot to how they were last given to somebody. missed: the same, to how nobody could have them.
    contested: codes of the incidents that want people whom this one wants; command was told of each.
    unrelieved: role and slot whose holder's shift is over without anybody to follow, and who that is.
    in_vain: person to when they were rung first and last since they answered anything; who has answered is not in it.
    muster: the code of its roll call, open or closed; empty while there was none.
    frozen: since when a drill stands still; until it goes on, its clock stays there. stood: how long it stood still in
        all before. stopped: why it stands still now. director: who directs a drill.
    over: how a drill was ended from outside its plan: `aborted`, `aborted_real`, `ended`; empty while it was not.
    """

    id: str
    code: str
    mode: Mode
    playbook: Playbook
    site: Site
    place: str
    state: str
    severity: Severity
    opened: datetime
    members: dict[str, Member]
    entered: datetime
    last: datetime
    entry: int = 0
    is_closed: bool = False
    version: int = 0
    command: str | None = None
    roles: dict[str, dict[int, str]] = {}
    unfilled: frozenset[tuple[str, int]] = frozenset()
    overdue: frozenset[str] = frozenset()
    chosen: dict[tuple[str, int], e.RoleAssigned] = {}
    missed: dict[tuple[str, int], e.RoleUnfilled] = {}
    shared: frozenset[str] = frozenset()
    contested: frozenset[str] = frozenset()
    unrelieved: dict[tuple[str, int], str] = {}
    steps: dict[str, StepRun] = {}
    here: tuple[str, ...] = ()
    letters: int = 0
    facts: dict[str, Told] = {}
    crossed: dict[tuple[str, str, float], datetime] = {}
    alerts: Map[str, Alert] = Map()
    deliveries: Map[str, Delivery] = Map()
    of_person: Map[str, tuple[str, ...]] = Map()
    ladders: Map[str, tuple[str, ...]] = Map()
    in_vain: Map[str, tuple[datetime, datetime]] = Map()
    timers: Map[str, datetime] = Map()
    ticked: frozenset[tuple[str, int]] = frozenset()
    expected: frozenset[str] = frozenset()
    muted: frozenset[int] = frozenset()
    parent: str | None = None
    armed: bool = False
    owner: str = ""
    offset: int = 0
    notes: int = 0
    help: dict[str, datetime] = {}
    ended: str | None = None
    muster: str = ""
    frozen: datetime | None = None
    stood: timedelta = timedelta(0)
    stopped: frozenset[str] = frozenset()
    director: str = ""
    over: str = ""

    @property
    def alerted(self) -> tuple[str, ...]:
        """Everyone who was alerted so far, by id in alphabetical order."""
        return tuple(sorted(self.of_person))

    @property
    def now_in(self) -> State:
        """The state of the plan it is in."""
        return state_of(self.playbook, self.state)

    @property
    def for_few(self) -> bool:
        """Whether nobody is to be brought in without need: few may know, or it is of the lightest level (practice)."""
        return self.playbook.few_know or self.severity is Severity.blue

    @property
    def only_asks(self) -> bool:
        """Whether it is a drill whose plan holds no step: a call-out, in which people answer and nobody acts."""
        return is_drill(self.mode) and not any(state.steps for state in self.playbook.states)

    def plan_of(self, run: StepRun) -> Step | None:
        """Return the step of the plan that *run* is a run of; None for a stand-by or a nudge."""
        return _step_of(self.playbook, run.state, run.name)

    def runs_here(self) -> tuple[StepRun, ...]:
        """Return the step runs of the present state entry, in the order they started."""
        return tuple(map(self.steps.__getitem__, self.here))

    def holders(self, role: str) -> tuple[str, ...]:
        """Return who holds *role*, by slot."""
        held = self.roles.get(role, {})
        return tuple(held[slot] for slot in sorted(held))

    def open_alerts(self, person: str) -> tuple[Alert, ...]:
        """Return the alerts of *person* whose step may still be answered, oldest first.

        An acknowledged alert whose step is not done counts: the person may still say 2 or 3 to it.
        """
        found = map(self.alerts.__getitem__, self.of_person.get(person, ()))
        return tuple([a for a in found if a.status != "closed" and a.kind in ASKING])


def _questions(playbook: Playbook) -> Iterator[Simple]:
    """Yield every single question that the plan's guards ask."""
    asked = [rule.when for rule in (*playbook.raises, *playbook.lowers)]
    for state in playbook.states:
        asked += [leave.when for leave in state.leave if leave.when is not None]
        asked += [step.when for step in state.steps if step.when is not None]
        asked += [each.when for each in state.expects if each.when is not None]
    for guard in asked:
        yield from simple(guard)


@lru_cache(maxsize=4096)
def _step_of(playbook: Playbook, state: str, name: str) -> Step | None:
    return next((step for step in state_of(playbook, state).steps if step.name == name), None)


@lru_cache(maxsize=256)
def lines_of(playbook: Playbook, fact: str) -> tuple[float, ...]:
    """Return the values that the plan's guards compare *fact* with, lowest first."""
    asked = (g for g in _questions(playbook) if isinstance(g, FactOver | FactUnder) and g.fact == fact)
    return tuple(sorted({guard.value for guard in asked}))


@lru_cache(maxsize=256)
def blind_after(playbook: Playbook, fact: str) -> timedelta | None:
    """Return after how long without a report the plan first counts *fact* as missing, or None."""
    asked = (g for g in _questions(playbook) if isinstance(g, FactMissing) and g.fact == fact)
    return min((guard.wait for guard in asked), default=None)


def evolve(incident: Incident | None, event: e.AnyEvent, at: datetime) -> Incident:
    """Return the incident after *event*, which happened at *at*. Never refuses: it reads every event ever written."""
    kind = type(event)
    if incident is None or kind is e.IncidentOpened:
        if not isinstance(event, e.IncidentOpened):
            raise ValueError("the first event of an incident is IncidentOpened")
        return _opened(event, at)
    moment = at if incident.frozen is None or kind in _CLOCK_GOES else incident.frozen
    after = _EVOLVE[kind](incident, event, moment)
    if after is incident:
        return replace(incident, version=incident.version + 1, last=at)
    force_setattr(after, "version", incident.version + 1)  # made just now, and seen by nobody: no second copy
    force_setattr(after, "last", at)
    return after


def fold(events: Iterable[tuple[e.AnyEvent, datetime]], start: Incident | None = None) -> Incident | None:
    """Return the incident after all *events*, each with the moment it happened."""
    return reduce(lambda incident, each: evolve(incident, each[0], each[1]), events, start)


def _opened(event: e.IncidentOpened, at: datetime) -> Incident:
    facts = {name: Told(value, at, at) for name, value in event.site.facts.items() if event.playbook.fact(name)}
    return Incident(
        id=event.incident,
        code=event.code,
        mode=event.mode,
        playbook=event.playbook,
        site=event.site,
        place=event.place,
        state=event.playbook.initial,
        severity=event.severity,
        opened=at,
        entered=at,
        last=at,
        members=_by_id(event.members),
        facts=facts,
        version=1,
        parent=event.parent,
        armed=event.armed,
        owner=event.by,
        offset=event.offset,
        director=event.director,
    )


TEAMS_AT_MOST = 16
_teams: tuple[tuple[tuple[Member, ...], dict[str, Member]], ...] = ()
"""The latest teams, by id as well; replaced as a whole, so that two threads cannot meet in it."""


def _by_id(members: tuple[Member, ...]) -> dict[str, Member]:
    """Return the people by their ids; for the very same team the very same people, of whom much is known already."""
    global _teams
    for team, known in _teams:
        if team is members:
            return known
    found = {member.id: member for member in members}
    _teams = ((members, found), *_teams[: TEAMS_AT_MOST - 1])
    return found


_EVOLVE: dict[type[e.Event], Callable[[Incident, Any, datetime], Incident]] = {}


def _on(
    kind: type[E],
) -> Callable[[Callable[[Incident, E, datetime], Incident]], Callable[[Incident, E, datetime], Incident]]:
    def keep(
        function: Callable[[Incident, E, datetime], Incident],
    ) -> Callable[[Incident, E, datetime], Incident]:
        _EVOLVE[kind] = function
        return function

    return keep


@_on(e.IncidentConfirmed)
def _confirmed(i: Incident, event: e.IncidentConfirmed, at: datetime) -> Incident:
    return replace(i, armed=False, place=event.place, owner=event.by)


@_on(e.IncidentDismissed)
def _dismissed(i: Incident, event: e.IncidentDismissed, at: datetime) -> Incident:
    return replace(i, armed=False)


@_on(e.RosterUpdated)
def _roster(i: Incident, event: e.RosterUpdated, at: datetime) -> Incident:
    return replace(i, members=_by_id(event.members), unfilled=frozenset(), overdue=frozenset())


@_on(e.ReportMerged)
def _merged(i: Incident, event: e.ReportMerged, at: datetime) -> Incident:
    return replace(i, notes=i.notes + (1 if event.note else 0))


@_on(e.StateEntered)
def _state(i: Incident, event: e.StateEntered, at: datetime) -> Incident:
    state = state_of(i.playbook, event.state)
    return replace(
        i, state=event.state, is_closed=state.final, entered=at, entry=i.entry + 1, here=(),
        ended=state.ends or i.ended,
    )  # fmt: skip


@_on(e.SeverityChanged)
def _severity(i: Incident, event: e.SeverityChanged, at: datetime) -> Incident:
    return replace(i, severity=event.to, muted=frozenset(event.muted))


@_on(e.RoleAssigned)
def _assigned(i: Incident, event: e.RoleAssigned, at: datetime) -> Incident:
    slots = {**i.roles.get(event.role, {}), event.slot: event.person}
    place = (event.role, event.slot)
    member = i.members.get(event.person)
    both = event.because in SHARED or (member is not None and member.busy >= i.severity.rank)
    return replace(
        i,
        roles={**i.roles, event.role: slots},
        unfilled=i.unfilled if event.because == "higher" else i.unfilled - {place},  # a gap until they answer
        overdue=i.overdue if event.because == "higher" else i.overdue - {event.role},
        chosen={**i.chosen, place: event},
        shared=i.shared | {event.person} if both else i.shared,
        unrelieved=_without(i.unrelieved, place),
    )


def _without(places: dict[tuple[str, int], str], place: tuple[str, int]) -> dict[tuple[str, int], str]:
    return {each: person for each, person in places.items() if each != place} if place in places else places


@_on(e.PersonCalledAway)
def _called_away(i: Incident, event: e.PersonCalledAway, at: datetime) -> Incident:
    roles = {
        role: {slot: person for slot, person in slots.items() if person != event.person}
        for role, slots in i.roles.items()
    }
    return replace(
        i,
        roles={role: slots for role, slots in roles.items() if slots},
        command=None if i.command == event.person else i.command,
        shared=i.shared - {event.person},
        unrelieved={place: person for place, person in i.unrelieved.items() if person != event.person},
    )


@_on(e.PeopleElsewhere)
def _elsewhere(i: Incident, event: e.PeopleElsewhere, at: datetime) -> Incident:
    known = [each for each in event.people if each.person in i.members]
    changed = {
        each.person: replace(
            i.members[each.person], busy=each.rank, elsewhere=each.code, spare=each.spare, also=each.roles
        )
        for each in known
    }
    free = {each.person for each in known if not each.rank}
    return replace(i, members={**i.members, **changed}, shared=i.shared - free)


@_on(e.WantedTwice)
def _wanted(i: Incident, event: e.WantedTwice, at: datetime) -> Incident:
    return replace(i, contested=i.contested | {event.other})


@_on(e.ReliefMissing)
def _relief_missing(i: Incident, event: e.ReliefMissing, at: datetime) -> Incident:
    return replace(i, unrelieved={**i.unrelieved, (event.role, event.slot): event.person})


@_on(e.RoleUnfilled)
def _unfilled(i: Incident, event: e.RoleUnfilled, at: datetime) -> Incident:
    place = (event.role, event.slot)
    return replace(i, unfilled=i.unfilled | {place}, missed={**i.missed, place: event})


@_on(e.GapEscalated)
def _gap_escalated(i: Incident, event: e.GapEscalated, at: datetime) -> Incident:
    return replace(i, overdue=i.overdue | {event.role})


@_on(e.CommandTaken)
def _command(i: Incident, event: e.CommandTaken, at: datetime) -> Incident:
    handed_over = event.by is not None or i.owner == i.command
    return replace(i, command=event.person, owner=event.person if handed_over else i.owner)


@_on(e.StepStarted)
def _started(i: Incident, event: e.StepStarted, at: datetime) -> Incident:
    run = StepRun(
        id=event.step,
        name=event.name,
        role=event.role,
        letter=event.letter,
        zone=event.zone,
        due=event.due,
        nudge=event.nudge,
        state=i.state,
        entry=i.entry,
        started=at,
    )
    return replace(i, steps={**i.steps, run.id: run}, here=(*i.here, run.id), letters=i.letters + 1)


def _with_step(i: Incident, id: str, **change: Any) -> Incident:
    return replace(i, steps={**i.steps, id: replace(i.steps[id], **change)})


@_on(e.StepDone)
def _done(i: Incident, event: e.StepDone, at: datetime) -> Incident:
    run = replace(i.steps[event.step], status="done", person=event.person, answer=event.answer, finished=at)
    return replace(i, steps={**i.steps, run.id: run}, in_vain=discard(i.in_vain, event.person))


@_on(e.StepDropped)
def _dropped(i: Incident, event: e.StepDropped, at: datetime) -> Incident:
    status = "given_up" if event.because == "given_up" else "dropped"
    return _with_step(i, event.step, status=status, finished=at)


@_on(e.StepLate)
def _late(i: Incident, event: e.StepLate, at: datetime) -> Incident:
    return _with_step(i, event.step, chased=event.count)


@_on(e.AlertRequested)
def _requested(i: Incident, event: e.AlertRequested, at: datetime) -> Incident:
    before = i.of_person.get(event.person, ())
    alert = Alert(
        id=event.alert,
        person=event.person,
        kind=event.kind,
        role=event.role,
        slot=event.slot,
        step=event.step,
        root=event.root or event.alert,
        at=at,
        about=event.about,
        text=event.text,
        wanted=event.wanted,
        status="open" if event.kind in ASKING else "closed",
        ended="" if event.kind in ASKING else "told",
        attentive=_answered_lately(i, before, at),
    )
    theirs = (*before, alert.id)
    alerts, of_person = insert(i.alerts, alert.id, alert), insert(i.of_person, event.person, theirs)
    if event.step is None or event.kind not in ASKING:
        return replace(i, alerts=alerts, of_person=of_person)
    ladders = insert(i.ladders, alert.root, (*i.ladders.get(alert.root, ()), alert.id))
    run = i.steps[event.step]
    steps = {**i.steps, run.id: replace(run, alerts=(*run.alerts, alert.id))}
    return replace(i, alerts=alerts, of_person=of_person, ladders=ladders, steps=steps)


ATTENTIVE = timedelta(minutes=15)
"""Who has answered something so lately has the telephone at hand (practice)."""
LOOKED_AT = 8
"""How many of somebody's last alerts are looked at for that."""


def _answered_lately(i: Incident, alerts: tuple[str, ...], at: datetime) -> bool:
    for id in alerts[-LOOKED_AT:]:
        answered = i.alerts[id].answered
        if answered is not None and answered >= at - ATTENTIVE:
            return True
    return False


def _with_alert(i: Incident, id: str, **change: Any) -> Incident:
    return replace(i, alerts=insert(i.alerts, id, replace(i.alerts[id], **change)))


@_on(e.LadderClimbed)
def _climbed(i: Incident, event: e.LadderClimbed, at: datetime) -> Incident:
    return _with_alert(i, event.alert, rung=event.rung)


@_on(e.AlertAcknowledged)
def _acknowledged(i: Incident, event: e.AlertAcknowledged, at: datetime) -> Incident:
    alert, steps = i.alerts[event.alert], i.steps
    role = alert.role or ""
    if alert.step is not None:
        run = steps[alert.step]
        run = replace(run, person=run.person or alert.person, acknowledged=run.acknowledged + 1)
        steps = {**steps, run.id: run}
    return replace(
        i,
        alerts=insert(i.alerts, alert.id, replace(alert, status="acknowledged", answered=at)),
        in_vain=discard(i.in_vain, alert.person),
        owner=alert.person if alert.person == i.command else i.owner,
        unfilled=i.unfilled - {(role, alert.slot)},
        overdue=i.overdue - {role},
        steps=steps,
    )


@_on(e.AlertClosed)
def _alert_closed(i: Incident, event: e.AlertClosed, at: datetime) -> Incident:
    after = _with_alert(i, event.alert, status="closed", ended=event.because)
    return _heard(after, i.alerts[event.alert].person) if event.because == "declined" else after


def _heard(i: Incident, person: str) -> Incident:
    """Somebody has answered something: what they were rung for before was not in vain."""
    return replace(i, in_vain=discard(i.in_vain, person))


@_on(e.DeliveryQueued)
def _queued(i: Incident, event: e.DeliveryQueued, at: datetime) -> Incident:
    delivery = Delivery(
        id=event.delivery,
        alert=event.alert,
        person=event.person,
        channel=event.channel,
        number=event.number,
        at=at,
    )
    alert = i.alerts[event.alert]
    in_vain = i.in_vain
    if event.channel == "voice":
        first, _ = in_vain.get(event.person, (at, at))
        in_vain = insert(in_vain, event.person, (first, at))
    return replace(
        i,
        in_vain=in_vain,
        deliveries=insert(i.deliveries, delivery.id, delivery),
        alerts=insert(i.alerts, alert.id, replace(alert, deliveries=(*alert.deliveries, delivery.id))),
    )


def _with_delivery(i: Incident, id: str, **change: Any) -> Incident:
    return replace(i, deliveries=insert(i.deliveries, id, replace(i.deliveries[id], **change)))


@_on(e.DeliverySent)
def _sent(i: Incident, event: e.DeliverySent, at: datetime) -> Incident:
    was = i.deliveries[event.delivery]
    status = "sent" if was.status == "queued" else was.status
    sent = replace(was, status=status, provider_id=event.provider_id, attempt=event.attempt)
    return replace(i, deliveries=insert(i.deliveries, was.id, sent))


@_on(e.DeliveryDelivered)
def _delivered(i: Incident, event: e.DeliveryDelivered, at: datetime) -> Incident:
    return _with_delivery(i, event.delivery, status="delivered")


@_on(e.DeliveryFailed)
def _failed(i: Incident, event: e.DeliveryFailed, at: datetime) -> Incident:
    return _with_delivery(i, event.delivery, status="failed", reason=event.reason)


@_on(e.DeliveryRetried)
def _retried(i: Incident, event: e.DeliveryRetried, at: datetime) -> Incident:
    return _with_delivery(i, event.delivery, attempt=event.attempt)


@_on(e.DeliveryDropped)
def _delivery_dropped(i: Incident, event: e.DeliveryDropped, at: datetime) -> Incident:
    return _with_delivery(i, event.delivery, status="dropped")


@_on(e.FactReported)
def _fact(i: Incident, event: e.FactReported, at: datetime) -> Incident:
    was = i.facts.get(event.fact)
    since = was.since if was and was.value == event.value else at
    facts = {**i.facts, event.fact: Told(event.value, since, at)}
    muted = i.muted if since != at else frozenset()
    return replace(i, facts=facts, crossed=_crossings(i, event, was, at), muted=muted)


def _crossings(
    i: Incident, event: e.FactReported, was: Told | None, at: datetime
) -> dict[tuple[str, str, float], datetime]:
    """Return since when a measured value has been at or over, or under, each line that the plan draws.

    Every report moves the value; only a crossing restarts the dwell, or a jittering sensor would never count. A spell
    in which the fact was missing proves nothing: how long it has been low counts from the first report after it.
    """
    fact = i.playbook.fact(event.fact)
    if fact is None or fact.type not in ("count", "number"):
        return i.crossed
    now = float(event.value)
    before = float(was.value) if was else None
    wait = blind_after(i.playbook, event.fact)
    blind = was is not None and wait is not None and at - was.last >= wait
    crossed = dict(i.crossed)
    for line in lines_of(i.playbook, event.fact):
        for side, on in (("over", now >= line), ("under", now < line)):
            was_on = before is not None and (before >= line if side == "over" else before < line)
            if on and (not was_on or (blind and side == "under")):
                crossed[event.fact, side, line] = at
    return crossed


@_on(e.NoteAdded)
def _note(i: Incident, event: e.NoteAdded, at: datetime) -> Incident:
    return replace(i, notes=i.notes + 1)


@_on(e.HelpAsked)
def _help(i: Incident, event: e.HelpAsked, at: datetime) -> Incident:
    return replace(i, help={**i.help, event.person: at})


_CLOCK_GOES = frozenset({e.DrillResumed, e.DrillAborted, e.DrillEnded})
"""What happens to a drill that stands still by the time of the world; all else happens at the moment it was stopped."""
STAYS = frozenset({"maximum", "team"})
"""Timers that go by the time of the world whatever a drill does: its longest length, and the change of shift."""
REAL_REASONS = frozenset({"real", "help", "phrase"})
"""Why a drill stands still or is broken off because of something real. Not `duress`: somebody may be looking on."""


@_on(e.DrillFrozen)
def _frozen(i: Incident, event: e.DrillFrozen, at: datetime) -> Incident:
    return replace(i, frozen=i.frozen or at, stopped=i.stopped | {event.because})


@_on(e.DrillResumed)
def _resumed(i: Incident, event: e.DrillResumed, at: datetime) -> Incident:
    """All that is counted by time moves by as long as the drill stood still."""
    stood = at - i.frozen if i.frozen is not None else timedelta(0)
    timers = {name: due if name in STAYS else due + stood for name, due in i.timers.items()}
    return replace(
        i,
        frozen=None,
        stood=i.stood + stood,
        stopped=frozenset(),
        entered=i.entered + stood,
        timers=Map(timers),
        steps={id: _moved(run, stood) for id, run in i.steps.items()},
        facts={name: Told(told.value, told.since + stood, told.last + stood) for name, told in i.facts.items()},
        crossed={line: since + stood for line, since in i.crossed.items()},
    )


def _moved(run: StepRun, by: timedelta) -> StepRun:
    if run.status != "open":
        return run
    return replace(run, started=run.started + by, due=run.due + by if run.due is not None else None)


@_on(e.DrillAborted)
def _aborted(i: Incident, event: e.DrillAborted, at: datetime) -> Incident:
    real = event.because in REAL_REASONS or bool(i.stopped & REAL_REASONS)
    return replace(i, frozen=None, ended=i.ended or "aborted", over="aborted_real" if real else "aborted")


@_on(e.DrillEnded)
def _drill_ended(i: Incident, event: e.DrillEnded, at: datetime) -> Incident:
    return replace(i, frozen=None, ended=i.ended or "endex", over="ended")


@_on(e.ItemTicked)
def _ticked(i: Incident, event: e.ItemTicked, at: datetime) -> Incident:
    return replace(i, ticked=i.ticked | {(event.state, event.item)})


@_on(e.KnockOnExpected)
def _expected(i: Incident, event: e.KnockOnExpected, at: datetime) -> Incident:
    return replace(i, expected=i.expected | {event.playbook})


@_on(e.MusterOpened)
def _muster_opened(i: Incident, event: e.MusterOpened, at: datetime) -> Incident:
    return replace(i, muster=event.code)


@_on(e.MusterClosed)
def _muster_closed(i: Incident, event: e.MusterClosed, at: datetime) -> Incident:
    return replace(i, muster=event.code)


@_on(e.TimerSet)
def _timer_set(i: Incident, event: e.TimerSet, at: datetime) -> Incident:
    return replace(i, timers=insert(i.timers, event.timer, event.due))


@_on(e.TimerCleared)
def _timer_cleared(i: Incident, event: e.TimerCleared, at: datetime) -> Incident:
    return replace(i, timers=discard(i.timers, event.timer))


@_on(e.TimerFired)
def _timer_fired(i: Incident, event: e.TimerFired, at: datetime) -> Incident:
    return replace(i, timers=discard(i.timers, event.timer))
