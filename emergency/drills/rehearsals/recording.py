"""What people did in a past incident or drill, read off its log: how long each took, over which channel, and what was
told and ordered, counted from what it followed. Pure.

A call that somebody answered is counted from when it rang; a text, from when it arrived, or where the provider never
said so, from when it was taken. Who never answered an alert is silent for it. What an answer tells (the facts of a
decision) follows from the answer and is not told once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.incident import ASKING
from emergency.core.playbook import Playbook
from emergency.core.site import Member
from emergency.core.values import Channel
from emergency.drills.people import Route
from emergency.limits import NUMBER_LIMIT
from emergency.outbox import RETRY_FIRST, RETRY_LONGEST

History = Sequence[tuple[e.AnyEvent, datetime]]
OURS = frozenset({NUMBER_LIMIT, "expired"})
"""Failures that are no provider's: they come of themselves when they come again."""
NONE = timedelta(0)
RING = timedelta(seconds=18)
"""How long a call rings of the time until its key is pressed: a log says only the whole (practice)."""
PHONES = {"sms": "sms", "voice": "voice", "link": "sms"}
"""How an answer came, and the channel that brought the question."""


class NothingAsked(ValueError):
    """The log is of something that was expected and never confirmed."""


class Key(msgspec.Struct, frozen=True):
    """Which alert, whatever its number: who was asked for which step (with a role, for a stand-by), in which zone, and
    for the how manieth time, from 1."""

    person: str
    step: str
    zone: str
    n: int


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """What a person did about one alert. channel: where the message came that they answered, the `nth` of that alert,
    from 1. ack, done, declines: how long after it; None: never. answer: of a decision."""

    channel: Channel
    nth: int
    ack: timedelta | None = None
    done: timedelta | None = None
    declines: timedelta | None = None
    answer: str = ""


class Anchor(msgspec.Struct, frozen=True):
    """What something followed: `state`, the entry of a state; `step`, the start of a step (name and zone); `start`.
    n: the how manieth, from 1."""

    kind: str
    name: str = ""
    n: int = 1


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Something told or ordered, so long after what it followed, and so long after the beginning. what: in words; step
    and zone: where it is about the running step of that name."""

    after: Anchor
    wait: timedelta
    at: timedelta
    what: str
    command: c.AnyCommand
    step: str = ""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """One incident as people lived it.

    teams: from when on who was there, and when somebody's duty was to change next. routes: (person, channel) to what
    became of each message. down: channel to when its provider took nothing. cut_off: alerts that were taken back before
    anybody could know whether they are answered. heard_out: calls that were taken up when their alert had been answered
    by text already: the how manieth call of which alert, and how long it lasted; a key pressed then changed nothing.
    is_over: it came to its end.
    """

    id: str
    code: str
    opening: e.IncidentOpened
    place: str
    begins: datetime
    ends: datetime
    told: dict[str, str]
    teams: tuple[tuple[datetime, tuple[Member, ...], datetime | None], ...]
    reactions: dict[Key, Reaction]
    asked: frozenset[Key]
    cut_off: frozenset[Key]
    routes: dict[tuple[str, str], tuple[Route, ...]]
    down: dict[str, tuple[tuple[datetime, datetime], ...]]
    orders: tuple[Order, ...]
    answers: dict[str, str]
    heard_out: dict[tuple[Key, int], timedelta]
    is_over: bool
    lost: tuple[str, ...] = ()

    @property
    def plan(self) -> Playbook:
        """The plan it was run by."""
        return self.opening.playbook


class _Message(msgspec.Struct):
    """One message on its way: the alert it is about, and its stages."""

    alert: str
    person: str
    channel: Channel
    queued: datetime
    sent: datetime | None = None
    provider: str = ""
    attempt: int = 1
    delivered: datetime | None = None
    failed: datetime | None = None
    dropped: datetime | None = None
    reason: str = ""


class _Ask(msgspec.Struct):
    """One alert that waits for an answer."""

    key: Key
    alert: str
    step: str
    acked: datetime | None = None
    via: str = ""
    by: str | None = None
    closed: datetime | None = None
    because: str = ""


def record(history: History) -> Recording:
    """Return what people did in an incident, by its log from the opening on.

    Raises:
        ValueError: the log does not begin with an opening. NothingAsked: what it expected was never confirmed.
    """
    return _Reader(history).recording()


class _Reader:
    """Reads a log once."""

    def __init__(self, history: History) -> None:
        opening = history[0][0] if history else None
        if not isinstance(opening, e.IncidentOpened):
            raise ValueError("a log begins with IncidentOpened")
        self.opening = opening
        self.history = history
        self.first = self._first()
        self.begins = history[self.first][1]
        self.place = opening.place
        self.steps: dict[str, e.StepStarted] = {}
        self.asks: dict[str, _Ask] = {}
        self.messages: dict[str, _Message] = {}
        self.done: dict[str, tuple[e.StepDone, datetime]] = {}
        self.asked: Counter[tuple[str, str, str]] = Counter()
        self.seen: Counter[tuple[str, str]] = Counter()
        self.anchor = (Anchor("start"), self.begins)
        self.started: dict[str, tuple[Anchor, datetime]] = {}
        self.orders: list[Order] = []
        self.told: dict[str, str] = {}
        self.teams: list[tuple[datetime, tuple[Member, ...]]] = [(self.begins, opening.members)]
        self.changes: list[tuple[datetime, datetime]] = []
        self.ticked: list[int] = []
        self.lost: Counter[str] = Counter()
        self.over = False
        self.answered: dict[str, datetime] = {}
        self.given: tuple[str, datetime | None] = ("", None)

    def _first(self) -> int:
        """Return the line at which people begin to be asked: the opening, or the confirmation of what was expected."""
        if not self.opening.armed:
            return 0
        for index, (event, _) in enumerate(self.history):
            if isinstance(event, e.IncidentConfirmed):
                return index
        raise NothingAsked("what was expected was never confirmed: nobody was asked anything")

    def recording(self) -> Recording:
        """Return what was read."""
        for index, (event, at) in enumerate(self.history):
            self._take(index, event, at)
        self.answered = self._answered()
        reactions = dict(self._reactions())
        return Recording(
            id=self.opening.incident,
            code=self.opening.code,
            opening=self.opening,
            place=self.place,
            begins=self.begins,
            ends=self.history[-1][1],
            told=self.told,
            teams=tuple((at, members, self._next_change(at)) for at, members in self.teams),
            reactions=reactions,
            asked=frozenset(ask.key for ask in self.asks.values()),
            cut_off=frozenset(a.key for a in self.asks.values() if a.because and a.key not in reactions),
            routes=self._routes(),
            down=self._down(),
            orders=tuple(self.orders),
            answers=self._answers(),
            heard_out={
                (ask.key, n): m.delivered - self._picked_up(m) for ask, n, m in self._heard_out() if m.delivered
            },
            is_over=self.over,
            lost=tuple(f"{what} ({n})" for what, n in sorted(self.lost.items())),
        )

    def _take(self, index: int, event: e.AnyEvent, at: datetime) -> None:
        match event:
            case e.StateEntered():
                self._entered(event, at)
            case e.StepStarted():
                self.steps[event.step] = event
                self.started[event.step] = (self._count("step", _step_name(event)), at)
            case e.AlertRequested() if event.kind in ASKING and event.step in self.steps:
                self._asked(event)
            case e.AlertAcknowledged(alert=id) if id in self.asks and self.asks[id].acked is None:
                self.asks[id].acked, self.asks[id].via, self.asks[id].by = at, event.via, event.by
            case e.AlertClosed(alert=id) if id in self.asks:
                self.asks[id].closed, self.asks[id].because = at, event.because
            case e.StepDone():
                self._is_done(event, at)
            case e.RosterUpdated(members=members):
                self.teams.append((at, members)) if at > self.begins else self.teams.__setitem__(0, (at, members))
            case e.TimerSet(timer="team", due=due):
                self.changes.append((at, due))
            case _:
                self._message(event, at)
                self._order(index, event, at)

    def _count(self, kind: str, name: str) -> Anchor:
        self.seen[kind, name] += 1
        return Anchor(kind, name, self.seen[kind, name])

    def _next_change(self, at: datetime) -> datetime | None:
        return next((due for _, due in self.changes if due > at), None)

    def _asked(self, event: e.AlertRequested) -> None:
        step = self.steps[event.step or ""]
        name, zone = name_of(step.name, step.role), step.zone or ""
        self.asked[event.person, name, zone] += 1
        key = Key(event.person, name, zone, self.asked[event.person, name, zone])
        self.asks[event.alert] = _Ask(key=key, alert=event.alert, step=event.step or "")

    # messages

    def _message(self, event: e.AnyEvent, at: datetime) -> None:
        match event:
            case e.DeliveryQueued():
                self.messages[event.delivery] = _Message(event.alert, event.person, event.channel, at)
            case e.DeliverySent(delivery=id) if id in self.messages:
                m = self.messages[id]
                m.sent, m.provider, m.attempt = at, f"{event.provider}/{event.provider_id}", event.attempt
            case e.DeliveryDelivered(delivery=id) if id in self.messages:
                self.messages[id].delivered = at
            case e.DeliveryDropped(delivery=id) if id in self.messages:
                self.messages[id].dropped = at
            case e.DeliveryFailed(delivery=id) if id in self.messages:
                self.messages[id].failed, self.messages[id].reason = at, event.reason

    def _routes(self) -> dict[tuple[str, str], tuple[Route, ...]]:
        """Return what became of each message to each telephone, in the order they were handed over."""
        answered = self.answered
        receipts = {
            channel: any(m.delivered and m.channel == channel for m in self.messages.values()) for channel in PHONES
        }
        found: dict[tuple[str, str], list[tuple[datetime, Route]]] = {}
        together: set[str] = set()
        for m in self.messages.values():
            handed = m.sent or m.failed
            if handed is None or (m.failed and m.reason in OURS) or (m.provider and m.provider in together):
                continue
            together.add(m.provider)
            route = _route(m, receipts[m.channel], answered.get(m.provider))
            found.setdefault((m.person, m.channel), []).append((handed, route))
        return {way: tuple(route for _, route in sorted(rows, key=lambda row: row[0])) for way, rows in found.items()}

    def _down(self) -> dict[str, tuple[tuple[datetime, datetime], ...]]:
        """Return channel to when its provider took nothing: from a first try in vain up to the next message that went;
        and while a text waited until it was taken back, and no other went either."""
        found: dict[str, set[tuple[datetime, datetime]]] = {}
        for m in self.messages.values():
            went = [o.sent for o in self.messages.values() if o.channel == m.channel and o.sent is not None]
            if m.sent is not None and m.attempt > 1:
                first, last = _tried(m.attempt, m.sent)
                found.setdefault(m.channel, set()).add((max(first, m.queued), min(at for at in went if at > last)))
            elif m.sent is None and m.dropped is not None and m.channel == "sms":
                found.setdefault(m.channel, set()).add(
                    (m.queued, min([at for at in went if at >= m.queued] + [m.dropped]))
                )
        return {channel: tuple(sorted(s for s in spans if s[0] < s[1])) for channel, spans in found.items()}

    def _picked_up(self, m: _Message) -> datetime:
        """Return when a message reached its person: a call that was answered, after it rang."""
        answered = self.answered.get(m.provider) if m.channel == "voice" else None
        return _arrived(m) if m.sent is None or answered is None else m.sent + min(RING, answered - m.sent)

    def _answered(self) -> dict[str, datetime]:
        """Return message to when it was first answered, among those that reached somebody: the call was still on."""
        found: dict[str, datetime] = {}
        for ask in self.asks.values():
            for at in self._moments(ask):
                m = self._last_message(ask, at[0], at[1])
                if m is not None and m.provider:
                    found[m.provider] = min(at[0], found.get(m.provider, at[0]))
        for _, _, m in self._heard_out():
            if m.delivered is not None:
                found.setdefault(m.provider, m.delivered)
        return found

    def _heard_out(self) -> Iterator[tuple[_Ask, int, _Message]]:
        """Yield the calls that were taken up after their alert had been answered another way."""
        for ask in self.asks.values():
            if ask.acked is None or ask.by is not None:
                continue
            for n, m in enumerate(self._reached(ask, self.history[-1][1], "voice"), start=1):
                over = ask.closed is not None and m.delivered is not None and ask.closed <= m.delivered
                if m.delivered is not None and m.delivered > ask.acked and ask.via != "voice" and not over:
                    yield ask, n, m

    def _moments(self, ask: _Ask) -> list[tuple[datetime, str]]:
        """Return when somebody answered an alert, and over which channel (empty: nobody knows), first things first."""
        if ask.because == "declined" and ask.closed is not None:
            return [(ask.closed, "")]
        done = self.done.get(ask.step)
        found = [(ask.acked, ask.via)] if ask.acked is not None and ask.by is None else []
        if done is not None and done[0].person == ask.key.person and done[0].by is None:
            found.append((done[1], done[0].via))
        return [(at, PHONES[via]) for at, via in found if via in PHONES]

    def _last_message(self, ask: _Ask, at: datetime, channel: str = "") -> _Message | None:
        reached = self._reached(ask, at, channel)
        return reached[-1] if reached else None

    def _reached(self, ask: _Ask, at: datetime, channel: str = "") -> list[_Message]:
        """Return the messages of an alert that had reached its person by *at*; those that a receipt speaks for, where
        any does."""
        theirs = (m for m in self.messages.values() if m.alert == ask.alert and m.person == ask.key.person)
        found = [m for m in theirs if m.sent is not None and not m.failed and channel in ("", m.channel)]
        there = [m for m in found if _arrived(m) <= at]
        return [m for m in there if m.delivered is not None] or there

    # answers

    def _reactions(self) -> Iterator[tuple[Key, Reaction]]:
        for ask in self.asks.values():
            moments = self._moments(ask)
            if not moments:
                continue
            first, channel = moments[0]
            reached = self._reached(ask, first, channel) or self._reached(ask, first)
            if not reached:
                self._of_their_own_accord(ask)
                continue
            yield ask.key, self._reaction(ask, reached)

    def _reaction(self, ask: _Ask, reached: list[_Message]) -> Reaction:
        last = reached[-1]
        since = self._picked_up(last)
        done = self.done.get(ask.step)
        theirs = done if done is not None and done[0].person == ask.key.person and done[0].by is None else None
        if ask.because == "declined" and ask.closed is not None:
            return Reaction(channel=last.channel, nth=_nth(reached, last), declines=ask.closed - since)
        return Reaction(
            channel=last.channel,
            nth=_nth(reached, last),
            ack=ask.acked - since if ask.acked is not None and ask.by is None else None,
            done=theirs[1] - since if theirs is not None else None,
            answer=(theirs[0].answer or "") if theirs is not None else "",
        )

    def _of_their_own_accord(self, ask: _Ask) -> None:
        """Somebody answered what no message of ours had brought them: told by word of mouth, typed in for them."""
        if ask.acked is not None:
            command = c.Acknowledge(alert="", via=ask.via, by=ask.by)
            self._about(ask.step, ask.acked, f"{ask.key.person}: 1 {ask.key.step}", command, person=ask.key.person)

    def _is_done(self, event: e.StepDone, at: datetime) -> None:
        self.done[event.step] = (event, at)
        asked = any(ask.step == event.step and ask.key.person == event.person for ask in self.asks.values())
        if (event.by is not None or event.via not in PHONES or not asked) and event.step in self.steps:
            command = c.FinishStep(step="", person=event.person, answer=event.answer, via=event.via, by=event.by)
            self._about(event.step, at, f"{event.person}: 2 {self.steps[event.step].name}", command)

    def _about(self, step: str, at: datetime, what: str, command: c.AnyCommand, person: str = "") -> None:
        anchor, since = self.started[step]
        name = f"{person}@{anchor.name}" if person else anchor.name
        self.orders.append(
            Order(after=anchor, wait=at - since, at=at - self.begins, what=what, command=command, step=name)
        )

    def _answers(self) -> dict[str, str]:
        return {
            self.steps[id].name: done.answer for id, (done, _) in self.done.items() if done.answer and id in self.steps
        }

    # what was told and ordered

    def _entered(self, event: e.StateEntered, at: datetime) -> None:
        if event.via == "order":
            self._note(at, f"→ {event.state}", self._transition(event))
        state = next((state for state in self.opening.playbook.states if state.name == event.state), None)
        self.over = self.over or (state is not None and bool(state.ends or state.final))
        self.anchor = (self._count("state", event.state), at)
        self.ticked = []

    def _transition(self, event: e.StateEntered) -> c.AnyCommand:
        by, ends = event.by or "console", None
        with_reason = event.reason or ("replayed" if event.overridden else None)
        states = {state.name: state for state in self.opening.playbook.states}
        if event.state in states:
            ends = states[event.state].ends
        if ends == "stand_down":
            ticked = tuple(self.ticked)
            return c.StandDown(by=by, ticked=ticked, reason=with_reason, override=event.overridden)
        return c.OrderTransition(to=event.state, by=by, reason=with_reason, override=event.overridden)

    def _note(self, at: datetime, what: str, command: c.AnyCommand) -> None:
        anchor, since = self.anchor
        self.orders.append(Order(after=anchor, wait=at - since, at=at - self.begins, what=what, command=command))

    def _order(self, index: int, event: e.AnyEvent, at: datetime) -> None:
        note = partial(self._note, at)
        match event:
            case e.FactReported():
                self._fact(index, event, at)
            case e.SeverityChanged(via="order") if at > self.begins:
                note(
                    f"→ {event.to.value}",
                    c.ChangeSeverity(to=event.to, by=event.by or "console", reason=event.reason or "replayed"),
                )
            case e.RoleAssigned(because="ordered") | e.RoleAssigned(because="relieved"):
                self.given = (event.person, at)
                if event.because == "relieved":  # a shift that ends brings that about by itself
                    return
                note(
                    f"{event.role}: {event.person}",
                    c.AssignRole(role=event.role, person=event.person, by=event.by or "console", slot=event.slot),
                )
            case e.ReportMerged():
                note("+1", c.MergeReport(by=event.by, place=event.place, note=event.note))
            case e.StepDropped(because="given_up") if event.step in self.steps:
                command = c.GiveUpStep(step="", by=event.by or "console", reason=event.reason or "replayed")
                self._about(event.step, at, f"× {self.steps[event.step].name}", command)
            case e.PeopleElsewhere(people=people):
                note("elsewhere", c.HearOfOthers(elsewhere=people))
            case e.PersonCalledAway(person=person, to=to):
                note(f"{person} → {to}", c.HearOfOthers(taken=(person,), to=to))
            case e.ItemTicked(item=item):
                self.ticked.append(item)
            case _:
                self._special(event, at, note)

    def _follows_from_a_role(self, event: e.CommandTaken, at: datetime) -> bool:
        """Return whether command follows from a role that the person has been given just now."""
        return self.given == (event.person, at)

    def _special(self, event: e.AnyEvent, at: datetime, note: partial[None]) -> None:
        match event:
            case e.DrillFrozen():
                note("freeze", c.FreezeDrill(by=event.by, because=event.because, other=event.other))
            case e.DrillResumed():
                note("resume", c.ResumeDrill(by=event.by))
            case e.DrillAborted():
                note("abort", c.AbortDrill(by=event.by, because=event.because))
            case e.DrillEnded():
                note("endex", c.EndDrill(by=event.by, because=event.because))
            case e.IncidentConfirmed(place=place):
                self.place = place
            case e.HelpAsked() | e.MusterOpened() | e.WantedTwice():
                self.lost[type(event).__name__] += 1
            case e.CommandTaken() if event.by is not None and not self._follows_from_a_role(event, at):
                note(f"→ {event.person}", c.HandOver(person=event.person, by=event.by, reason=event.reason))

    def _fact(self, index: int, event: e.FactReported, at: datetime) -> None:
        if at == self.begins and self.anchor[0].kind == "start":
            self.told[event.fact] = event.value
        elif not self._follows_from_an_answer(index, event, at):
            declared = self.opening.playbook.fact(event.fact)
            sealed = event.value if declared is not None and declared.type == "text" else None
            command = c.ReportFact(fact=event.fact, value=event.value, by=event.by, sealed=sealed)
            self._note(at, f"{event.fact}={'…' if sealed else event.value}", command)

    def _follows_from_an_answer(self, index: int, event: e.FactReported, at: datetime) -> bool:
        """Return whether the answer of a decision, in the same moment before it, tells this fact."""
        for earlier, when in reversed(self.history[:index]):
            if when != at:
                return False
            if isinstance(earlier, e.StepDone) and earlier.person == event.by and earlier.step in self.steps:
                return event.fact in self._tells(self.steps[earlier.step].name, earlier.answer)
        return False

    def _tells(self, step: str, answer: str | None) -> set[str]:
        """Return the facts that an answer of a decision tells."""
        steps = (each for state in self.opening.playbook.states for each in state.steps if each.name == step)
        return {fact for each in steps for said in each.decision if said.name == answer for fact in said.tells}


def _tried(attempt: int, sent: datetime) -> tuple[datetime, datetime]:
    """Return when a message was tried in vain first and last, by how often it was and when it went at last."""
    waits = [min(RETRY_FIRST * (1 << min(n, 10)), RETRY_LONGEST) for n in range(attempt - 1)]
    return sent - sum(waits, NONE), sent - waits[-1]


def name_of(step: str, role: str) -> str:
    """Return what a step is called here: stand-bys and nudges of one name are told apart by the role."""
    return f"{step}:{role}"


def _step_name(event: e.StepStarted) -> str:
    return f"{name_of(event.name, event.role)}/{event.zone or ''}"


def _arrived(m: _Message) -> datetime:
    """Return when a message that was taken reached its telephone: a call rings at once."""
    assert m.sent is not None
    return m.sent if m.channel == "voice" or m.delivered is None else m.delivered


def _nth(reached: Sequence[_Message], last: _Message) -> int:
    return sum(m.channel == last.channel for m in reached)


def _route(m: _Message, receipts: bool, answered: datetime | None) -> Route:
    if m.sent is None:
        return Route(NONE, fails=m.reason)
    if m.failed is not None:
        return Route(max(m.failed - m.sent, timedelta(microseconds=1)), fails=m.reason)
    if m.channel == "voice" and answered is not None:
        return Route(min(RING, answered - m.sent))
    if m.delivered is not None:
        return Route(m.delivered - m.sent)
    return Route(NONE, silent=receipts and answered is None)
