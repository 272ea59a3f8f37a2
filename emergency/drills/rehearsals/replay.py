"""A past incident or drill, replayed: the same people, as slow and as quick as they were, with another plan or roster.

`Recorded` plays them. Whoever the record knows nothing of (somebody whom the new plan asks and nobody asked then) is
drawn from the model, and said to be assumed. Facts and orders come as long after what they followed as they did then;
where that does not come in the new plan, at the time they came then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from statistics import median_low

import msgspec
from msgspec.structs import replace

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.incident import ASKING, Alert, Incident, StepRun
from emergency.core.playbook import Playbook
from emergency.core.site import Member, Site
from emergency.core.values import Channel
from emergency.drills.people import Act, Arrival, Players, Route
from emergency.drills.rehearsals.recording import Anchor, Key, Order, Recording, name_of
from emergency.drills.rehearsals.rehearsal import Rehearsal, Stage

BEYOND = timedelta(hours=2)
"""How long a replay goes on after the record has ended, for a plan that takes longer (practice)."""
AGAIN = timedelta(minutes=1)
"""How soon an order is given again that was not possible yet (practice); so often as `TRIES` says."""
TRIES = 60
PATIENCE = timedelta(seconds=1)
"""So long after its time an order still waits for what it followed: of one moment, the cause may come second."""
HALF = 0.5
USUAL_WORK = timedelta(minutes=2)
"""How long a step takes whose target and whose past nobody knows (practice)."""
Team = Callable[[datetime], tuple[tuple[Member, ...], datetime | None]]


class Recorded:
    """Everybody of a recorded incident (`people.Players`). others: who plays those whom the record knows nothing of.

    assumed: what had to be assumed, in the order it came up; each line once.
    """

    def __init__(self, recording: Recording, others: Players) -> None:
        self._recording = recording
        self._others = others
        self._sent: Counter[tuple[str, str]] = Counter()
        self._heard: Counter[tuple[Key, str]] = Counter()
        self._known = frozenset(key.person for key in recording.asked)
        self.assumed: dict[tuple[str, str], None] = {}

    def route(self, person: str, channel: Channel, delivery: str, at: datetime) -> Route:
        """Return what became of the message of that number to this telephone; beyond the record, of the usual one."""
        if any(since <= at < until for since, until in self._recording.down.get(channel, ())):
            return Route(timedelta(0), fails="busy", temporary=True)
        routes = self._recording.routes.get((person, channel), ())
        n = self._sent[person, channel]
        self._sent[person, channel] += 1
        if n < len(routes):
            return routes[n]
        good = sorted(r.after for r in routes if not r.fails and not r.silent)
        if good:
            return Route(median_low(good))
        if person in self._known:
            return Route(timedelta(0))
        self.assumed["route", person] = None
        return self._others.route(person, channel, delivery, at)

    def hears(self, arrival: Arrival) -> Sequence[Act]:
        """Return what the person did about these alerts, as far as the record says."""
        found: list[Act] = []
        strange = []
        for alert in arrival.alerts:
            if alert.kind not in ASKING or alert.step is None:
                continue
            key = key_of(arrival.incident, alert)
            if key in self._recording.asked:
                found += self._did(key, alert, arrival)
            else:
                strange.append((key, alert))
        for key, alert in strange:
            found += self._might(key, alert, arrival)
        return found

    def _did(self, key: Key, alert: Alert, arrival: Arrival) -> list[Act]:
        did = self._recording.reactions.get(key)
        self._heard[key, arrival.channel] += 1
        n = self._heard[key, arrival.channel]
        if did is None or did.channel != arrival.channel or did.nth != n:
            listened = self._recording.heard_out.get((key, n)) if arrival.channel == "voice" else None
            return [Act(listened, "ack", alert.id)] if listened is not None else []
        found = [Act(did.declines, "decline", alert.id)] if did.declines is not None else []
        found += [Act(did.ack, "ack", alert.id)] if did.ack is not None else []
        if did.done is not None:
            found.append(Act(did.done, "done", alert.id, did.answer))
        return found

    def _might(self, key: Key, alert: Alert, arrival: Arrival) -> list[Act]:
        """Return what somebody does who was never asked just this: as they did otherwise, else as the model says."""
        if key.person not in self._known:
            self.assumed["person", key.person] = None
            return [*self._others.hears(replace(arrival, alerts=(alert,)))]
        self.assumed["step", f"{key.person}/{key.step}"] = None
        own = [
            r for k, r in self._recording.reactions.items() if k.person == key.person and r.channel == arrival.channel
        ]
        acks = sorted(r.ack for r in own if r.ack is not None)
        if not acks or arrival.again:
            return []
        run = arrival.incident.steps[alert.step or ""]
        begins = median_low(acks)
        answer = self._recording.answers.get(run.name, "")
        return [Act(begins, "ack", alert.id), Act(begins + self._work(arrival.incident, run), "done", alert.id, answer)]

    def _work(self, incident: Incident, run: StepRun) -> timedelta:
        """Return how long the step took whoever did it then; else half of its target (practice)."""
        took = sorted(
            r.done - (r.ack or timedelta(0))
            for k, r in self._recording.reactions.items()
            if r.done is not None and k.step == name_of(run.name, run.role)
        )
        if took:
            return median_low(took)
        plan = incident.plan_of(run)
        return plan.done * HALF if plan is not None and plan.done is not None else USUAL_WORK


def key_of(incident: Incident, alert: Alert) -> Key:
    """Return which alert it is, whatever its number (`recording.Key`)."""
    run = incident.steps[alert.step or ""]
    name, zone = name_of(run.name, run.role), run.zone or ""
    n = 0
    for id in incident.of_person.get(alert.person, ()):
        other = incident.alerts[id]
        if other.kind in ASKING and other.step is not None:
            same = incident.steps[other.step]
            n += name_of(same.name, same.role) == name and (same.zone or "") == zone
        if id == alert.id:
            break
    return Key(alert.person, name, zone, n)


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """A replay that has run. refused: orders that the plan never took, with why. moved: orders that came at the time
    they came then, for what they followed did not come. assumed: what the record did not say, by sort."""

    incident: Incident
    history: tuple[tuple[e.AnyEvent, datetime], ...]
    refused: tuple[tuple[str, str], ...]
    moved: tuple[str, ...]
    assumed: tuple[tuple[str, str], ...]


def replay(
    recording: Recording,
    others: Players,
    plans: Callable[[str], Playbook],
    *,
    plan: Playbook | None = None,
    site: Site | None = None,
    team: Team | None = None,
) -> Replayed:
    """Replay a record, with another *plan*, *site* or *team* where one is given.

    Raises:
        Mistakes: a fact that came with the report is none of the new plan's.
    """
    return _Replay(recording, others, plans, plan, site, team).run()


class _Replay:
    """One replay as it runs: follows the log, and tells and orders what was told and ordered."""

    def __init__(
        self,
        recording: Recording,
        others: Players,
        plans: Callable[[str], Playbook],
        plan: Playbook | None,
        site: Site | None,
        team: Team | None,
    ) -> None:
        opening, new = recording.opening, plan or recording.plan
        known = {fact.name for fact in new.facts}
        told = {name: value for name, value in recording.told.items() if name in known}
        self.refused: list[tuple[str, str]] = [(name, "no such fact") for name in recording.told if name not in known]
        self.moved: list[str] = []
        self.players = Recorded(recording, others)
        stage = Stage(
            plan=new,
            site=site or opening.site,
            place=recording.place,
            begins=recording.begins,
            team=team or partial(team_then, recording),
            plans=plans,
            severity=opening.severity if not opening.armed else None,
            told=told,
        )
        self.rehearsal = Rehearsal(stage, self.players, id=recording.id)
        self._recording = recording
        self._waiting = list(recording.orders)
        self._not_yet: dict[str, str] = {}
        self._read = 0
        self._seen: Counter[tuple[str, str]] = Counter()

    def run(self) -> Replayed:
        end = self._recording.ends - self._recording.begins + (BEYOND if self._recording.is_over else timedelta(0))
        for order in self._waiting:
            self.rehearsal.later(self._recording.begins + order.at + PATIENCE, partial(self._at_its_time, order))
        incident = self.rehearsal.run(timedelta(0))
        self._arm(Anchor("start"), self._recording.begins)
        while not incident.is_closed:
            self._follow()
            version = incident.version
            incident = self.rehearsal.run(end, stop=lambda now, v=version: now.version != v)  # type: ignore[misc]
            if incident.version == version:
                break
        return Replayed(
            incident=incident,
            history=tuple(self.rehearsal.history()),
            refused=tuple(dict.fromkeys([*self.refused, *self._not_yet.items()])),
            moved=tuple(self.moved),
            assumed=tuple(self.players.assumed),
        )

    def _follow(self) -> None:
        """Look at what has happened since, and set the clocks of what follows it."""
        log = self.rehearsal.history()
        for event, at in log[self._read :]:
            match event:
                case e.StateEntered(state=state):
                    self._arm(self._count("state", state), at)
                case e.StepStarted():
                    name = f"{name_of(event.name, event.role)}/{event.zone or ''}"
                    self._arm(self._count("step", name), at, event.step)
        self._read = len(log)

    def _count(self, kind: str, name: str) -> Anchor:
        self._seen[kind, name] += 1
        return Anchor(kind, name, self._seen[kind, name])

    def _arm(self, anchor: Anchor, at: datetime, step: str = "") -> None:
        for order in [each for each in self._waiting if each.after == anchor]:
            self._waiting.remove(order)
            moment = max(at + order.wait, self.rehearsal.clock.now())
            self.rehearsal.later(moment, partial(self._give, order, step, TRIES))

    def _at_its_time(self, order: Order) -> None:
        """What an order followed has not come by the time the order came then: it is given now, or not at all where it
        is about a step that there is not."""
        self._follow()
        if order not in self._waiting:
            return
        self._waiting.remove(order)
        if order.step:
            self.refused.append((order.what, "the step did not begin"))
        elif self._recording.begins + order.at <= self._recording.ends:
            self.moved.append(order.what)
            self._give(order, "", TRIES)

    def _give(self, order: Order, step: str, left: int) -> None:
        incident = self.rehearsal.incident
        command = self._addressed(order, step, incident)
        if incident.is_closed or command is None:
            self.refused += [(order.what, "over")] if not incident.is_closed else []
            return
        why = self.rehearsal.order(incident.id, command)
        self._not_yet.pop(order.what, None)
        if not why:
            return
        if left and not isinstance(command, c.FinishStep | c.Acknowledge | c.ReportFact):
            self._not_yet[order.what] = why.splitlines()[0]
            self.rehearsal.later(self.rehearsal.clock.now() + AGAIN, partial(self._give, order, step, left - 1))
        else:
            self.refused.append((order.what, why.splitlines()[0]))

    def _addressed(self, order: Order, step: str, incident: Incident) -> c.AnyCommand | None:
        """Return the command for the step or alert that it is about here; None where there is none."""
        match order.command:
            case c.FinishStep() | c.GiveUpStep() as command:
                return replace(command, step=step) if step in incident.steps else None
            case c.Acknowledge() as command:
                person = order.step.partition("@")[0]
                ids = [a.id for a in incident.open_alerts(person) if a.step == step and a.status == "open"]
                return replace(command, alert=ids[0]) if ids else None
            case command:
                return command


def team_then(recording: Recording, at: datetime) -> tuple[tuple[Member, ...], datetime | None]:
    """Return who was there at a moment, and when somebody's duty was to change next."""
    known = [each for each in recording.teams if each[0] <= at] or [recording.teams[0]]
    following = next((when for when, _, _ in recording.teams if when > at), None)
    due = known[-1][2]
    return known[-1][1], following if due is None or due <= at else due


# what is different


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the comparison. before, after: seconds from the beginning, a number, or None for never."""

    sort: str
    name: str
    before: float | None
    after: float | None

    @property
    def gain(self) -> float | None:
        """How much sooner (or less) it is now; negative for later; None where it did not come in one of them."""
        return None if self.before is None or self.after is None else self.before - self.after


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What the other plan or roster would have changed. Each list in the order of the plan, or by name."""

    milestones: tuple[Line, ...]
    states: tuple[Line, ...]
    steps: tuple[Line, ...]
    late: tuple[Line, ...]
    messages: tuple[Line, ...]
    spared: tuple[str, ...]
    added: tuple[str, ...]
    unfilled: tuple[str, ...]
    filled: tuple[str, ...]
    conflicts: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def is_none(self) -> bool:
        """Whether nothing at all is different."""
        rows = (*self.milestones, *self.states, *self.steps, *self.late, *self.messages)
        return all(row.before == row.after for row in rows) and not (
            self.spared or self.added or self.unfilled or self.filled or self.conflicts
        )


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What one course comes down to, for comparing: name to seconds from the beginning, or to a count."""

    milestones: Mapping[str, float]
    states: Mapping[str, float]
    steps: Mapping[str, float]
    late: Mapping[str, int]
    messages: Mapping[str, int]
    asked: frozenset[str]
    unfilled: frozenset[str]
    doubled: Mapping[str, frozenset[str]]


def facts_of(history: Sequence[tuple[e.AnyEvent, datetime]], begins: datetime) -> Facts:
    """Return what a course comes down to."""
    return _Facts(begins).read(history)


class _Facts:
    def __init__(self, begins: datetime) -> None:
        self.begins = begins
        self.names: dict[str, str] = {}
        self.calls: dict[str, str] = {}
        self.milestones: dict[str, float] = {}
        self.states: dict[str, float] = {}
        self.steps: dict[str, float] = {}
        self.late: Counter[str] = Counter()
        self.to: dict[str, str] = {}
        self.messages: set[tuple[str, str]] = set()
        self.asked: set[str] = set()
        self.unfilled: set[str] = set()
        self.held: dict[tuple[str, int], str] = {}
        self.doubled: dict[str, frozenset[str]] = {}

    def read(self, history: Sequence[tuple[e.AnyEvent, datetime]]) -> Facts:
        plan = None
        for event, at in history:
            if isinstance(event, e.IncidentOpened):
                plan = event.playbook
            self._take(event, (at - self.begins).total_seconds())
        if plan is not None:
            self._milestones(plan)
        messages = Counter(person for person, _ in self.messages)
        return Facts(
            milestones=self.milestones, states=self.states, steps=self.steps, late=self.late, messages=messages,
            asked=frozenset(self.asked), unfilled=frozenset(self.unfilled), doubled=self.doubled,
        )  # fmt: skip

    def _take(self, event: e.AnyEvent, at: float) -> None:
        match event:
            case e.StateEntered(state=state):
                self.states.setdefault(state, at)
            case e.StepStarted(step=id, name=name):
                self.names[id] = name
            case e.StepDone(step=id):
                self.steps.setdefault(self.names.get(id, id), at)
            case e.StepLate(step=id):
                self.late[self.names.get(id, id)] += 1
            case e.AlertRequested(person=person, kind=kind) if kind in ASKING:
                self.asked.add(person)
            case e.DeliveryQueued(delivery=id, person=person):
                self.to[id] = person
            case e.DeliverySent(delivery=id) if id in self.to:
                self.messages.add((self.to[id], f"{event.provider}/{event.provider_id}"))
            case _:
                self._roles(event)

    def _roles(self, event: e.AnyEvent) -> None:
        match event:
            case e.RoleAssigned(role=role, slot=slot, person=person, because=because):
                self.held[role, slot] = person
                if because != "higher":
                    self.unfilled.discard(role)
                roles = frozenset(role for (role, _), who in self.held.items() if who == person)
                if len(roles) > 1:
                    self.doubled[person] = self.doubled.get(person, frozenset()) | roles
            case e.RoleUnfilled(role=role):
                self.unfilled.add(role)

    def _milestones(self, plan: Playbook) -> None:
        steps = [step for state in plan.states for step in state.steps]
        for m in plan.milestones:
            called = [
                self.steps[s.name] for s in steps if m.call is not None and s.call == m.call and s.name in self.steps
            ]
            found = [*called, *(at for name, at in self.steps.items() if name == m.step)]
            found += [at for name, at in self.states.items() if name == m.state]
            if found:
                self.milestones[m.name] = min(found)


def difference(before: Facts, after: Facts, plan: Playbook) -> Difference:
    """Return what is different *after*; *plan*: whose milestones, states and steps give the order."""
    steps = [step.name for state in plan.states for step in state.steps]
    return Difference(
        milestones=_lines("milestone", [m.name for m in plan.milestones], before.milestones, after.milestones),
        states=_lines("state", [s.name for s in plan.states], before.states, after.states),
        steps=_lines("step", steps, before.steps, after.steps),
        late=_lines("late", steps, before.late, after.late, nothing=0.0),
        messages=_lines("messages", [], before.messages, after.messages, nothing=0.0),
        spared=tuple(sorted(before.asked - after.asked)),
        added=tuple(sorted(after.asked - before.asked)),
        unfilled=tuple(sorted(after.unfilled - before.unfilled)),
        filled=tuple(sorted(before.unfilled - after.unfilled)),
        conflicts=tuple(
            (person, tuple(sorted(roles)))
            for person, roles in sorted(after.doubled.items())
            if not roles <= before.doubled.get(person, frozenset())
        ),
    )


def _lines(
    sort: str,
    order: Sequence[str],
    before: Mapping[str, float],
    after: Mapping[str, float],
    nothing: float | None = None,
) -> tuple[Line, ...]:
    names = dict.fromkeys([*(name for name in order if name in before or name in after), *sorted({*before, *after})])
    return tuple(
        Line(sort=sort, name=name, before=before.get(name, nothing), after=after.get(name, nothing)) for name in names
    )


__all__ = [
    "Difference", "Facts", "Line", "Recorded", "Replayed", "difference", "facts_of", "key_of", "replay", "team_then",
]  # fmt: skip
