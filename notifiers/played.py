"""Virtual telephones: people who are played, on whatever clock the drill runs. No message leaves the process.

Each person has habits: how long until a text is answered, whether calls are taken, what is said. What they answer is
put on a list that the drill reads when the time has come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush

import msgspec

from emergency.clock import Clock
from emergency.core.values import Channel
from emergency.errors import PermanentFailure, TemporaryFailure
from emergency.notify import USUAL_CALLS, USUAL_TEXTS, Abilities, Inbound, Message, Receipt, Report

Replies = Sequence[tuple[timedelta, str]]
"""What somebody will say, and how long after the message."""


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """How one telephone behaves.

    answers: from a message to what is said to it; None: never a word.
    fails: the reason for which nothing can be delivered here at all.
    machine: calls are taken by voicemail.
    """

    answers: Callable[[Message], Replies] | None = None
    fails: str | None = None
    machine: bool = False


class Rung(msgspec.Struct, frozen=True):
    """A message as it reached a telephone."""

    at: datetime
    message: Message


class PlayedPhones:
    """All telephones of a drill, and what they will answer when."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.habits: dict[str, Habits] = {}
        self.usual = Habits()
        self.received: list[Rung] = []
        self.down = False
        self._coming: list[tuple[datetime, int, Inbound | Report]] = []
        self._count = 0

    def behave(
        self,
        number: str | None = None,
        *,
        answers: Callable[[Message], Replies] | None = None,
        fails: str | None = None,
        machine: bool = False,
    ) -> None:
        """Set how the telephone with *number* behaves; without a number, how every other one does."""
        habits = Habits(answers=answers, fails=fails, machine=machine)
        if number is None:
            self.usual = habits
        else:
            self.habits[number] = habits

    def on(self, channel: Channel) -> PlayedNotifier:
        """Return the notifier for one channel of these telephones."""
        return PlayedNotifier(self, channel)

    def next_answer(self) -> datetime | None:
        """Return when somebody answers next, or None."""
        return self._coming[0][0] if self._coming else None

    def answers_due(self, now: datetime) -> Sequence[Inbound | Report]:
        """Return what has been answered by *now*, oldest first, each once."""
        due = []
        while self._coming and self._coming[0][0] <= now:
            due.append(heappop(self._coming)[2])
        return due

    def take(self, message: Message) -> str:
        """A message reaches its telephone; return the provider's id for it."""
        if self.down:
            raise TemporaryFailure("provider_down")
        habits = self.habits.get(message.to, self.usual)
        if habits.fails is not None:
            raise PermanentFailure(habits.fails)
        now = self.clock.now()
        self.received.append(Rung(now, message))
        self._count += 1
        id = f"played-{self._count}"
        self._react(message, habits, now, id)
        return id

    def _react(self, message: Message, habits: Habits, now: datetime, id: str) -> None:
        voice = message.channel == "voice"
        if voice and habits.machine:
            report = Report(delivery=message.id, status="failed", provider_id=id, reason="machine")
            self._later(now + timedelta(seconds=20), report)
            return
        self._later(now, Report(delivery=message.id, status="delivered", provider_id=id))
        for number, (wait, text) in enumerate(habits.answers(message) if habits.answers else ()):
            inbound = Inbound(
                id=f"{id}-re{number}",
                provider="played",
                channel=message.channel,
                sender=message.to,
                text=text,
                delivery=message.id if voice else None,
            )
            self._later(now + wait, inbound)

    def _later(self, at: datetime, what: Inbound | Report) -> None:
        self._count += 1
        heappush(self._coming, (at, self._count, what))

    def texts(self, sender: str, text: str) -> None:
        """Somebody writes of their own accord, now."""
        self._count += 1
        inbound = Inbound(id=f"played-{self._count}-own", provider="played", channel="sms", sender=sender, text=text)
        self._later(self.clock.now(), inbound)


class PlayedNotifier:
    """One channel of the played telephones."""

    def __init__(self, phones: PlayedPhones, channel: Channel) -> None:
        self.name = f"played_{channel}"
        self.channel: Channel = channel
        self.abilities = Abilities(
            modes=frozenset({"drill"}),
            two_way=True,
            free_text=True,
            keypad=True,
            receipts=True,
            per_second=1000.0,
            per_number=USUAL_CALLS if channel == "voice" else USUAL_TEXTS,
        )
        self._phones = phones

    async def send(self, message: Message) -> Receipt:
        """Ring or text the virtual telephone. Raises PermanentFailure for what is no drill, and as habits say."""
        if message.mode not in self.abilities.modes:
            raise PermanentFailure("wrong_mode")
        return Receipt(provider="played", provider_id=self._phones.take(message))

    async def close(self) -> None:
        """Nothing to let go of."""
