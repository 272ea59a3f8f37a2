"""Runs the engine on a virtual clock with played people: what an hour does takes milliseconds.

Nothing here decides anything: the engine, the outbox and the inbox are the ones of a real night; only the clock, the
store and the telephones are others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from emergency.clock import VirtualClock
from emergency.desk import InlineDesk
from emergency.engine import Engine
from emergency.inbox import Inbox, Outcome
from emergency.notify import Inbound, Message, Notifier, Report
from emergency.outbox import Outbox, record_report
from emergency.people import People

STEPS_AT_MOST = 200_000


class Phones(Protocol):
    """Telephones that answer on the drill's clock."""

    def on(self, channel: Any) -> Notifier:
        """Return the notifier of one channel."""
        ...

    def behave(
        self,
        number: str | None = None,
        *,
        answers: Callable[[Message], Sequence[tuple[timedelta, str]]] | None = None,
        fails: str | None = None,
        machine: bool = False,
    ) -> None:
        """Set how one telephone behaves; without a number, every other one."""
        ...

    def next_answer(self) -> datetime | None:
        """Return when somebody answers next, or None."""
        ...

    def answers_due(self, now: datetime) -> Sequence[Inbound | Report]:
        """Return what has been answered by *now*, each once."""
        ...


class Runner:
    """A drill in virtual time: jumps to whatever happens next."""

    def __init__(self, engine: Engine, clock: VirtualClock, phones: Phones, people: People) -> None:
        self.engine = engine
        self.clock = clock
        self.phones = phones
        self.people = people
        self.inbox = Inbox(people)
        notifiers = [phones.on("sms"), phones.on("voice")]
        self.outbox = Outbox(InlineDesk(engine), notifiers, clock, people)
        self.outcomes: list[Outcome] = []
        self.on_change: Callable[[], None] | None = None

    async def run(self, until: datetime) -> None:
        """Let everything happen up to *until*; the clock stands there afterwards."""
        for _ in range(STEPS_AT_MOST):
            await self.step()
            following = self.next_moment()
            if following is None or following > until:
                break
            self.clock.move_to(following)
        self.clock.move_to(until)
        await self.step()

    async def step(self) -> None:
        """Do everything that is due at this moment of the clock."""
        for _ in range(1000):
            did = await self.outbox.pump()
            did += await self.outbox.settle()
            fired = self.engine.fire_due()
            for what in self.phones.answers_due(self.clock.now()):
                self._hear(what)
                did += 1
            if self.on_change is not None:
                self.on_change()
            if not did + fired:
                return

    def _hear(self, what: Inbound | Report) -> None:
        if isinstance(what, Report):
            self.engine.unit(lambda engine: record_report(engine, what))
        else:
            self.outcomes.append(self.engine.unit(lambda engine: self.inbox.receive(engine, what)))

    def next_moment(self) -> datetime | None:
        """Return when something happens next: a timer, an answer, a message that may be tried again; or None."""
        wait = self.outbox.next_chance(self.engine)
        moments = [self.engine.store.next_timer(), self.phones.next_answer()]
        if wait is not None:
            moments.append(self.clock.now() + max(wait, timedelta(milliseconds=100)))
        return min((m for m in moments if m is not None), default=None)
