"""Notifiers and desks of our own: they do as they are told, and remember what reached whom."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from emergency.core.values import Channel, Mode
from emergency.desk import InlineDesk
from emergency.engine import Engine
from emergency.errors import TemporaryFailure, UnknownOutcome
from emergency.notify import Abilities, Inbound, Message, Receipt, Report

T = TypeVar("T")


class Killed(BaseException):
    """The process ended here, as by kill -9: no code of ours may catch it and tidy up."""


class Lost(Exception):
    """A step of a script: the provider takes the message, and its answer never arrives."""


class KilledAfter(Exception):
    """A step of a script: the provider takes the message, and the process ends before it hears so."""


class FakeNotifier:
    """A provider that keeps what it took. Each of `next` is what becomes of one request; after these all is well.

    A step is None (taken), an exception to raise (not taken), `Lost` or `KilledAfter`.
    """

    def __init__(
        self,
        channel: Channel = "sms",
        *,
        name: str = "fake",
        modes: Sequence[Mode] = ("real",),
        per_second: float = 1000.0,
        one_way: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.channel: Channel = channel
        self.abilities = Abilities(
            modes=frozenset(modes),
            two_way=True,
            free_text=True,
            keypad=channel == "voice",
            receipts=True,
            per_second=per_second,
            one_way_countries=frozenset(one_way),
        )
        self.next: list[BaseException | type[BaseException] | None] = []
        self.always: BaseException | None = None
        self.asked: list[Message] = []
        self.taken: dict[str, Message] = {}
        self.before_send: Callable[[Message], None] | None = None

    async def send(self, message: Message) -> Receipt:
        """Do what stands next in the script."""
        self.asked.append(message)
        step = self.next.pop(0) if self.next else self.always
        if self.before_send is not None:
            self.before_send(message)
        if step is not None and step not in (Lost, KilledAfter):
            raise step
        id = f"{self.name}-{self.channel}-{len(self.taken) + 1}"
        self.taken[id] = message
        if step is Lost:
            raise UnknownOutcome("no_answer")
        if step is KilledAfter:
            raise Killed
        return Receipt(provider=self.name, provider_id=id)

    async def close(self) -> None:
        """Nothing to let go of."""

    @property
    def texts(self) -> list[str]:
        """What was said in each message that was taken."""
        return [message.text for message in self.taken.values()]

    def reached(self) -> Counter[str]:
        """Return how often each message was taken, by the id it bears."""
        return Counter(message.id for message in self.taken.values())


class TracedNotifier(FakeNotifier):
    """A provider that can be asked what it has. `cut_off`: it cannot be asked just now."""

    def __init__(self, channel: Channel = "sms", **more: object) -> None:
        super().__init__(channel, **more)  # type: ignore[arg-type]
        self.cut_off = False
        self.sought: list[str] = []
        self.known: list[frozenset[str]] = []
        self.reports: dict[str, Report] = {}
        self.asked_for: list[str] = []
        self.inbound: list[Inbound] = []

    async def find(self, message: Message, since: datetime, known: frozenset[str]) -> Receipt | None:
        """Return the trace of the same words to the same number."""
        self.sought.append(message.id)
        self.known.append(known)
        if self.cut_off:
            raise TemporaryFailure("no_connection")
        for id, taken in self.taken.items():
            if id not in known and taken.to == message.to and taken.text == message.text:
                return Receipt(provider=self.name, provider_id=id)
        return None

    async def status(self, receipt: Receipt, delivery: str) -> Report | None:
        """Return the report that a test has put in."""
        self.asked_for.append(receipt.provider_id)
        if self.cut_off:
            raise TemporaryFailure("no_connection")
        return self.reports.get(receipt.provider_id)

    async def replies(self, since: datetime) -> Sequence[Inbound]:
        """Return what came in, again and again."""
        return list(self.inbound)


class DyingDesk(InlineDesk):
    """A desk at which the process dies: before the work with this number is done, or after it is on the disk."""

    def __init__(self, engine: Engine, at: int, *, after: bool) -> None:
        super().__init__(engine)
        self.at = at
        self.after = after
        self.count = 0
        self.dead = False

    async def do(self, work: Callable[[Engine], T]) -> T:
        """Do the work, or die; the dead do nothing more."""
        self.count += 1
        if self.dead or (self.count == self.at and not self.after):
            self.dead = True
            raise Killed
        result = await super().do(work)
        if self.count == self.at:
            self.dead = True
            raise Killed
        return result


class FailingDesk(InlineDesk):
    """A desk whose next pieces of work fail with what stands in `failures` (None: all is well); then all with `broken`,
    where that is an error."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.failures: list[Exception | None] = []
        self.broken: Exception | None = None

    def break_down(self, error: Exception) -> None:
        """Fail with *error* from now on."""
        self.broken = error

    async def do(self, work: Callable[[Engine], T]) -> T:
        """Do the work, or raise what stands next."""
        failure = self.failures.pop(0) if self.failures else self.broken
        if failure is not None:
            raise failure
        return await super().do(work)


def forget_the_dead() -> None:
    """Let asyncio not report tasks that were `Killed` on purpose."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
