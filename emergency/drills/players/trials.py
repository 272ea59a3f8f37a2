"""What the logs say of how people answered: each time somebody was asked, whether and when they answered, and how long
one could wait for it.

Real incidents and drills among people teach; a rehearsal never does, for its people are played. Who had not answered
when their alert was closed, or answered over another channel first, is not somebody who never answers: nobody waited
any longer (censored), and the row says how long one did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from emergency.core import events as e
from emergency.core.calls import NOBODY_ANSWERED
from emergency.core.incident import ASKING
from emergency.core.site import Member, Site
from emergency.drills.players.model import profiles
from emergency.store.phones import HEARD
from emergency.store.store import ProofRow

TEACH = frozenset({"real", "live_drill"})
"""Kinds of incident whose people are real."""
BY_TEXT = frozenset({"sms", "link"})
"""Answers that somebody gives who has read a text."""
CALL_TAKES = timedelta(seconds=90)
"""A key or a "no" within this of a call answers the call: the longest the model lets one take (practice)."""
WHOLE_CALL = timedelta(seconds=54)
"""What a call takes to the key (the model's own figure): one that ended without a key is held against nobody where the
question was settled within this."""
TEST_COUNTS = timedelta(days=7)
"""A test that nobody has answered for so long will not be; a younger one says nothing yet (practice)."""
LEAST_S = 0.5
"""Seconds; clocks of providers are a little apart, and nobody answers before the question."""


class Texted(msgspec.Struct, frozen=True, kw_only=True):
    """One person asked by text in one incident: the first text there, for whoever has answered once is attentive.

    seconds: from the text to the answer; where there was none, how long one could wait for it. receipt: the time counts
    from its arrival, not from when it was sent. test: nothing was urgent, so the time says nothing.
    """

    person: str
    profile: str
    seconds: float
    answered: bool
    receipt: bool = False
    test: bool = False


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """The calls on one person in one incident before they had answered anything: how many, how many they picked up,
    how many of these still asked for something when they ended, in how many of those they pressed a key."""

    person: str
    profile: str
    calls: int
    picked_up: int
    asked: int
    keys: int


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """The first answer of one person in one incident: that they have it, or that they cannot."""

    person: str
    profile: str
    declined: bool


class Trials(msgspec.Struct, frozen=True):
    """All rows, in the order of the logs."""

    texted: tuple[Texted, ...] = ()
    called: tuple[Called, ...] = ()
    came: tuple[Came, ...] = ()

    def only(self, *, profile: str = "", person: str = "") -> Trials:
        """Return the rows of one profile, of one person, or of one in the other."""

        def wanted(row: Texted | Called | Came) -> bool:
            return (not profile or row.profile == profile) and (not person or row.person == person)

        return Trials(
            tuple(row for row in self.texted if wanted(row)),
            tuple(row for row in self.called if wanted(row)),
            tuple(row for row in self.came if wanted(row)),
        )

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.texted) + len(self.called) + len(self.came)

    @property
    def people(self) -> tuple[str, ...]:
        """Return whom they are about, by id in alphabetical order."""
        return tuple(sorted({row.person for rows in (self.texted, self.called, self.came) for row in rows}))


def joined(several: Iterable[Trials]) -> Trials:
    """Return the rows of *several* as one."""
    texted: list[Texted] = []
    called: list[Called] = []
    came: list[Came] = []
    for each in several:
        texted += each.texted
        called += each.called
        came += each.came
    return Trials(tuple(texted), tuple(called), tuple(came))


def of_incident(history: Sequence[tuple[e.AnyEvent, datetime]], until: datetime) -> Trials:
    """Return what one log says; nothing for a rehearsal.

    Args:
        history: from the first event on. until: now, for who can still answer in an incident that is open.
    """
    if not history or not isinstance(history[0][0], e.IncidentOpened) or history[0][0].mode not in TEACH:
        return Trials()
    reader = _Reader(history[0][0])
    for event, at in history:
        reader.take(event, at)
    return reader.trials(until)


def of_tests(
    rows: Iterable[ProofRow], members: Callable[[datetime], Iterable[Member]], site: Site, now: datetime
) -> Trials:
    """Return what tests of telephones by text say: whether a text is answered at all, not how fast.

    Args:
        members: from a moment to who was there. A test that failed, or is too young, says nothing of the person.
    """
    found = []
    for row in rows:
        if row.channel != "sms" or row.failed or row.taken_at is None or row.id.startswith(HEARD):
            continue
        if row.answered_at is None and now - row.asked_at < TEST_COUNTS:
            continue
        there = [member for member in members(row.asked_at) if member.id == row.person]
        if there:
            profile = profiles(there, row.asked_at, site)[row.person]
            end = row.answered_at or now
            seconds = max(LEAST_S, (end - row.taken_at).total_seconds())
            answered = row.answered_at is not None
            found.append(Texted(person=row.person, profile=profile, seconds=seconds, answered=answered, test=True))
    return Trials(texted=tuple(found))


class _Text:
    """A text that waits for its answer: since when, which alerts it and those after it ask for."""

    def __init__(self, since: datetime, delivery: str, profile: str, alert: str) -> None:
        self.since = since
        self.delivery = delivery
        self.profile = profile
        self.alerts = {alert}
        self.receipt = False
        self.ended: datetime | None = None
        self.answered = False

    def end(self, at: datetime, answered: bool = False) -> None:
        if self.ended is None:
            self.ended, self.answered = at, answered


class _Calls:
    """The calls on one person: when each began and, once it is known, whether it was picked up, whether a key came."""

    def __init__(self, profile: str) -> None:
        self.profile = profile
        self.began: dict[str, datetime] = {}
        self.picked_up: dict[str, bool] = {}
        self.keys: dict[str, bool] = {}

    def settled(self, at: datetime) -> None:
        """What the calls asked is answered or closed: whoever had just hung up might have pressed a key."""
        for delivery, began in self.began.items():
            if at - began < WHOLE_CALL and self.keys.get(delivery) is False:
                del self.keys[delivery]


class _Reader:
    """Goes through one log, once."""

    def __init__(self, opening: e.IncidentOpened) -> None:
        self.site = opening.site
        self.members = {member.id: member for member in opening.members}
        self.persons: dict[str, str] = {}
        self.open: set[str] = set()
        self.sends: dict[str, tuple[str, str]] = {}
        self.texts: dict[str, _Text] = {}
        self.calls: dict[str, _Calls] = {}
        self.came: dict[str, Came] = {}
        self.over: datetime | None = None

    def take(self, event: e.AnyEvent, at: datetime) -> None:
        work = _TAKE.get(type(event))
        if work is not None and self.over is None:
            work(self, event, at)

    def roster(self, event: e.RosterUpdated, at: datetime) -> None:
        self.members = {member.id: member for member in event.members}

    def asked(self, event: e.AlertRequested, at: datetime) -> None:
        if event.kind in ASKING:
            self.persons[event.alert] = event.person
            self.open.add(event.alert)

    def queued(self, event: e.DeliveryQueued, at: datetime) -> None:
        if event.alert in self.persons:
            self.sends[event.delivery] = (event.alert, event.channel)

    def sent(self, event: e.DeliverySent, at: datetime) -> None:
        alert, channel = self.sends.get(event.delivery, ("", ""))
        person = self.persons.get(alert)
        if person is None or person in self.came:
            return
        if channel == "voice":
            calls = self.calls.setdefault(person, _Calls(self.profile(person, at)))
            calls.began.setdefault(event.delivery, at)
        elif person not in self.texts:
            self.texts[person] = _Text(at, event.delivery, self.profile(person, at), alert)
        else:
            self.texts[person].alerts.add(alert)

    def profile(self, person: str, at: datetime) -> str:
        member = self.members.get(person) or Member(id=person, duty="off")
        return profiles([member], at, self.site)[person]

    def delivered(self, event: e.DeliveryDelivered, at: datetime) -> None:
        alert, channel = self.sends.get(event.delivery, ("", ""))
        person = self.persons.get(alert, "")
        calls = self.calls.get(person)
        if channel == "voice" and calls is not None and event.delivery in calls.began:
            calls.picked_up.setdefault(event.delivery, True)
            if person not in self.came and alert in self.open:
                calls.keys.setdefault(event.delivery, False)
        text = self.texts.get(person)
        if text is not None and text.delivery == event.delivery and text.ended is None:
            text.since, text.receipt = at, True

    def failed(self, event: e.DeliveryFailed, at: datetime) -> None:
        alert, channel = self.sends.get(event.delivery, ("", ""))
        person = self.persons.get(alert, "")
        calls, text = self.calls.get(person), self.texts.get(person)
        if channel == "voice" and calls is not None and event.delivery in calls.began:
            if event.reason in NOBODY_ANSWERED:
                calls.picked_up.setdefault(event.delivery, False)
            else:  # the provider's trouble, not the person's
                del calls.began[event.delivery]
        if text is not None and text.delivery == event.delivery and text.ended is None:
            del self.texts[person]  # it never arrived: the next one is the first

    def acknowledged(self, event: e.AlertAcknowledged, at: datetime) -> None:
        if event.alert in self.persons:
            self.answer(self.persons[event.alert], "" if event.by else event.via, at)

    def done(self, event: e.StepDone, at: datetime) -> None:
        self.answer(event.person, "" if event.by else event.via, at)

    def alert_closed(self, event: e.AlertClosed, at: datetime) -> None:
        person = self.persons.get(event.alert)
        if person is None:
            return
        self.open.discard(event.alert)
        if person in self.calls:
            self.calls[person].settled(at)
        if event.because == "declined":
            self.answer(person, self._channel(person, at), at, declined=True)
        text = self.texts.get(person)
        if text is not None:
            text.alerts.discard(event.alert)
            if not text.alerts:
                text.end(at)

    def _channel(self, person: str, at: datetime) -> str:
        """Return over which channel somebody declined: the log does not say, so a call just before is taken for it."""
        calls = self.calls.get(person)
        rung = calls is not None and any(at - began <= CALL_TAKES for began in calls.began.values())
        return "voice" if rung else "sms"

    def answer(self, person: str, via: str, at: datetime, *, declined: bool = False) -> None:
        """Somebody answers for the first time here; what somebody else typed for them says only that."""
        if person in self.came:
            return
        text, calls = self.texts.get(person), self.calls.get(person)
        if text is not None:
            text.end(at, via in BY_TEXT)
        if calls is not None and calls.began and via == "voice":
            last = max(calls.began, key=lambda each: (calls.began[each], each))
            calls.picked_up[last] = calls.keys[last] = True
        elif calls is not None:
            calls.settled(at)
        self.came[person] = Came(person=person, profile=self.profile(person, at), declined=declined)

    def stopped(self, event: e.Event, at: datetime) -> None:
        """A drill that stands still, or is over, asks nobody for anything."""
        self.over = at

    def trials(self, until: datetime) -> Trials:
        end = self.over or until
        texted = []
        for person, text in self.texts.items():
            seconds = max(LEAST_S, ((text.ended or end) - text.since).total_seconds())
            texted.append(
                Texted(
                    person=person, profile=text.profile, seconds=seconds, answered=text.answered, receipt=text.receipt
                )
            )  # fmt: skip
        called = [
            Called(
                person=person, profile=calls.profile, calls=len(calls.picked_up),
                picked_up=sum(calls.picked_up.values()), asked=len(calls.keys), keys=sum(calls.keys.values()),
            )
            for person, calls in self.calls.items()
            if calls.picked_up
        ]  # fmt: skip
        return Trials(tuple(texted), tuple(called), tuple(self.came.values()))


_TAKE: dict[type[e.Event], Callable[[_Reader, Any, datetime], None]] = {
    e.RosterUpdated: _Reader.roster,
    e.AlertRequested: _Reader.asked,
    e.DeliveryQueued: _Reader.queued,
    e.DeliverySent: _Reader.sent,
    e.DeliveryDelivered: _Reader.delivered,
    e.DeliveryFailed: _Reader.failed,
    e.AlertAcknowledged: _Reader.acknowledged,
    e.StepDone: _Reader.done,
    e.AlertClosed: _Reader.alert_closed,
    e.DrillFrozen: _Reader.stopped,
    e.DrillAborted: _Reader.stopped,
    e.DrillEnded: _Reader.stopped,
}
