"""Masks: what the injects of a scenario do to people and channels while they last. Nothing real is ever changed.

In a rehearsal they stand between the telephones and the played people; a live drill asks the same masks what it is to
withhold. A mask begins when its inject is released and ends at its `until`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from emergency.core.values import Channel
from emergency.drills.people import Act, Arrival, Players, Route
from emergency.drills.scenario import Inject

RINGS = timedelta(seconds=30)
"""How long a telephone rings that nobody takes (practice: six to eight rings)."""
MAILBOX = timedelta(seconds=20)
"""After this a mailbox answers (practice)."""
BUSY = timedelta(seconds=3)
"""After this a caller knows that the line is taken (practice)."""
REACTS = timedelta(seconds=60)
"""How soon somebody says a scripted thing, where the people model lets them say nothing (practice: half of those on
site answer a text within a minute)."""
LATE = timedelta(minutes=2)
"""How much later what a slow channel carries arrives, where the inject does not say (practice)."""
A_MINUTE = 10
"""So many messages a minute a channel takes whose provider limits the rate (practice)."""
DOWN, LIMITED = "provider_down", "rate_limited"
NONSENSE, NOT_ME = "?", "你打错了 / wrong number"
CHANNELS: tuple[Channel, ...] = ("sms", "voice")


class Mask(msgspec.Struct, frozen=True, kw_only=True):
    """One inject in effect. people: on whom; empty for everybody. channels: over which. until: aware, or never.

    by: how much later. words: what is said.
    """

    id: str
    kind: str
    people: frozenset[str]
    channels: frozenset[str]
    begins: datetime
    until: datetime | None
    by: timedelta = timedelta(0)
    failure: str = ""
    words: str = ""

    def holds(self, person: str, channel: str, at: datetime) -> bool:
        """Return whether it is in effect for that telephone at *at*."""
        if at < self.begins or (self.until is not None and at >= self.until):
            return False
        return channel in self.channels and (not self.people or person in self.people)


def until_of(inject: Inject) -> timedelta | None:
    """Return when the effect of *inject* ends, from STARTEX; None for the end of the drill. Raises ValueError."""
    word = inject.params.get("until", "end")
    return None if word == "end" else length(word)


def length(word: str) -> timedelta:
    """Return the length that a param holds: `90s`, `8m`. Raises ValueError."""
    from emergency.shapes import a_length

    return a_length(word)


def mask_of(inject: Inject, at: datetime, begins: datetime, holders: Callable[[str], Sequence[str]]) -> Mask | None:
    """Return what *inject* puts into effect at *at*; None where it changes neither people nor channels.

    Args:
        begins: STARTEX, aware. holders: role to who holds it now.
    """
    if not inject.kind.startswith(("person.", "channel.")) or inject.kind == "person.claims_command":
        return None
    until = until_of(inject)
    by = inject.params.get("by")
    return Mask(
        id=inject.id,
        kind=inject.kind,
        people=_people(inject, holders),
        channels=frozenset(_channels(inject)),
        begins=at,
        until=None if until is None else begins + until,
        by=length(by) if by else LATE,
        failure=inject.params.get("failure", "reject"),
        words=inject.params.get("reply", "") or inject.params.get("text", ""),
    )


def _people(inject: Inject, holders: Callable[[str], Sequence[str]]) -> frozenset[str]:
    if inject.kind.startswith("channel.") and _channel(inject.target):
        return frozenset()
    if inject.target.startswith("role."):
        return frozenset(holders(inject.target.removeprefix("role.")))
    return frozenset({inject.target})


def _channel(target: str) -> str:
    """Return the channel that a target names: `sms`, or one way of it, `sms.primary`; nothing where it is none."""
    word = target.partition(".")[0]
    return word if word in CHANNELS else ""


def _channels(inject: Inject) -> Sequence[str]:
    if inject.kind in ("channel.voicemail", "channel.busy"):
        return ("voice",)
    if inject.kind.startswith("channel."):
        return (_channel(inject.target),) if _channel(inject.target) else CHANNELS
    named = [word.strip() for word in inject.params.get("channels", "").split(",") if word.strip()]
    return named or CHANNELS


class Masks:
    """Players behind the masks that are in effect."""

    def __init__(self, players: Players) -> None:
        self.players = players
        self.active: list[Mask] = []
        self._taken: dict[str, list[datetime]] = {}
        self._said: set[tuple[str, str]] = set()

    def put_on(self, mask: Mask) -> None:
        """Put *mask* into effect."""
        self.active.append(mask)

    def _on(self, person: str, channel: str, at: datetime, *kinds: str) -> Mask | None:
        """Return the latest mask of these kinds that is in effect, or None."""
        found = (m for m in reversed(self.active) if m.kind in kinds and m.holds(person, channel, at))
        return next(found, None)

    def route(self, person: str, channel: Channel, delivery: str, at: datetime) -> Route:
        """Return what becomes of a message: what the masks make of it, else what the players say."""
        own = self.players.route(person, channel, delivery, at)
        if own.unheeded:  # a mask that comes before it arrives may let something come of it
            own = replace(own, unheeded=False)
        if not self.active:
            return own
        outage = self._on(person, channel, at, "channel.outage")
        if outage is not None and outage.failure != "delay":
            route = self._lost(outage, channel, at)
            if route is not None:
                return route
        if self._on(person, channel, at, "person.unreachable"):
            return Route(RINGS, "no_answer") if channel == "voice" else Route(own.after, silent=True)
        for kind, route in (("channel.voicemail", Route(MAILBOX, "machine")), ("channel.busy", Route(BUSY, "busy"))):
            if self._on(person, channel, at, kind):
                return route
        slow = self._on(person, channel, at, "channel.slow", "channel.outage")
        if slow is None or (slow.kind == "channel.outage" and slow.failure != "delay"):
            return own
        return Route(own.after + slow.by, own.fails, own.silent, own.temporary)

    def _lost(self, mask: Mask, channel: str, at: datetime) -> Route | None:
        if mask.failure == "accept_without_receipt":
            return Route(timedelta(0), silent=True)
        if mask.failure == "rate_limit":
            lately = [each for each in self._taken.get(channel, ()) if at - each < timedelta(minutes=1)]
            if len(lately) < A_MINUTE:
                self._taken[channel] = [*lately, at]
                return None
            return Route(timedelta(0), LIMITED, temporary=True)
        return Route(timedelta(0), DOWN, temporary=True)

    def hears(self, arrival: Arrival) -> Sequence[Act]:
        """Return what somebody does about what arrived; a scripted person does what the script says."""
        if not self.active:
            return self.players.hears(arrival)
        scripted = self._on(
            arrival.person, arrival.channel, arrival.at, "person.wrong_number", "person.nonsense", "person.declines"
        )
        acts = self.players.hears(arrival)
        late = self._on(arrival.person, arrival.channel, arrival.at, "person.late")
        if late is not None:
            acts = [replace(act, after=act.after + late.by) for act in acts]
        if scripted is None:
            return acts
        first = min((act.after for act in acts), default=REACTS)
        if scripted.kind == "person.declines":
            return [Act(first, "decline", alert.id) for alert in arrival.alerts]
        return self._talks(scripted, arrival, first)

    def _talks(self, mask: Mask, arrival: Arrival, first: timedelta) -> Sequence[Act]:
        """A stranger says once that it is the wrong number, where the script has words; who writes nonsense writes it
        to every text."""
        stranger = mask.kind == "person.wrong_number"
        if arrival.channel == "voice" or (stranger and (not mask.words or (mask.id, arrival.person) in self._said)):
            return ()
        self._said.add((mask.id, arrival.person))
        words = mask.words or (NOT_ME if stranger else NONSENSE)
        return [Act(first, "says", arrival.alerts[0].id, words)]

    def does(self, person: str, channel: Channel, act: Act, at: datetime) -> Act | None:
        """Return what becomes of an act whose time has come, decided before a mask came over its person; None where
        nothing comes of it."""
        if not self.active:
            return act
        if self._on(person, channel, at, "person.unreachable", "person.wrong_number"):
            return act if act.does == "says" else None
        if act.does == "done" and self._on(person, channel, at, "person.false_ack"):
            return None
        if act.does in ("ack", "done") and self._on(person, channel, at, "person.declines"):
            return replace(act, does="decline")
        if act.does != "says" and self._on(person, channel, at, "person.nonsense"):
            return None
        return act
