"""All that the fake knows, in one place, behind one lock.

The server's thread writes, the test's threads read and wait. Whoever changes something that a test
may be waiting for does so through `changing()`, which wakes them.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from .faults import Faults, RateLimit
from .records import Call, Entry, Message, Problem
from .script import Chaos, Script
from .timeline import Timeline

ACCOUNT_SID = "AC" + "1".zfill(32)
SERVICE_SID = "MG" + "1".zfill(32)
AUTH_TOKEN = "fake-auth-token"
OLD_TOKEN = "fake-auth-token-of-last-year"
NUMBERS = ("+12025550100", "+12025550101", "+12025550102")

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Settings:
    """What can be set for the whole fake; lengths are in seconds.

    `step` lies between two states of a message or call. `second` is how long one second of TwiML
    or ringing really takes. `latency` is added to every answer. `unsent_have_no_date` leaves
    messages without a date_sent out of lists that ask for one. `list_lag` keeps what was just made out
    of all lists for so long; with `math.inf` for ever, as at a provider that keeps no traces.
    """

    step: float = 0.002
    second: float = 0.001
    latency: float = 0.0
    hook_timeout: float = 15.0
    connect_timeout: float = 5.0
    early_limit: float = 2.0
    unsent_have_no_date: bool = True
    list_lag: float = 0.0
    accept_everything: bool = False
    max_documents: int = 50
    chaos: Chaos = field(default_factory=Chaos)


@dataclass(slots=True, kw_only=True)
class Hook:
    """Where inbound texts to a number are posted; an empty `url` leaves them in the list."""

    url: str = ""
    fallback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One request the fake made to the app, and what came back; `status` is None where nothing did."""

    at: float
    url: str
    form: dict[str, str]
    headers: dict[str, str]
    status: int | None
    body: str
    content_type: str
    error: str | None
    attempts: int
    seconds: float


def refuse_in_a_loop() -> None:
    """Refuse to block the thread of a running event loop, where the app may be waiting to answer.

    Raises:
        RuntimeError: a coroutine called what blocks.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("this blocks: in a coroutine use its _async twin, or asyncio.to_thread")


class World:
    """The account, its numbers, every phone there is, and everything that was sent."""

    def __init__(self, account: str = ACCOUNT_SID, token: str = AUTH_TOKEN) -> None:
        self.account = account
        self.token = token
        self.old_token = OLD_TOKEN
        self.api_keys: dict[str, str] = {}
        self.numbers: list[str] = list(NUMBERS)
        self.services: dict[str, list[str]] = {SERVICE_SID: list(NUMBERS[:2])}
        self.closed_regions: set[str] = set()
        self.settings = Settings()
        self.faults = Faults()
        self.rate = RateLimit()
        self.hook = Hook()
        self.hooks: dict[str, Hook] = {}
        self.routes: list[tuple[str, str]] = []
        self.everybody = Script()
        self.phones: dict[str, Script] = {}
        self.timeline = Timeline(lambda error: self.problem("the fake itself", repr(error)))
        self._changed = threading.Condition(threading.RLock())
        self.busy = 0
        self.forget()

    def forget(self) -> None:
        """Drop all that was sent and received, and what phones have done; keep how they are set up."""
        with self.changing():
            self._sids: dict[str, Iterator[int]] = {}
            self.messages: dict[str, Message] = {}
            self.calls: dict[str, Call] = {}
            self.by_to: dict[str, list[Message]] = {}
            self.by_sender: dict[str, list[Message]] = {}
            self.ledger: list[Entry] = []
            self.problems: list[Problem] = []
            self.posted: deque[Posted] = deque(maxlen=100_000)
            self.opted_out: set[tuple[str, str]] = set()
            self.sticky: dict[tuple[str, str], str] = {}
            self.last_sender: dict[str, str] = {}
            self.recent_texts: dict[tuple[str, str], list[float]] = {}

    # -- changing and waiting

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock, and wake all who wait when the change is made."""
        with self._changed:
            yield
            self._changed.notify_all()

    def wait(self, look: Callable[[], T | None], timeout: float) -> T | None:
        """Return what *look* finds, as soon as it finds something, or None after *timeout* seconds."""
        refuse_in_a_loop()
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = look()
                left = deadline - time.monotonic()
                if found or left <= 0:
                    return found
                self._changed.wait(min(left, 0.25))

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count as busy meanwhile, so that `settle` waits for the end of it."""
        self.busy += 1
        try:
            yield
        finally:
            with self.changing():
                self.busy -= 1

    def problem(self, url: str, what: str) -> None:
        """Write down something the app did wrong."""
        with self.changing():
            self.problems.append(Problem(url=url, what=what))

    # -- looking things up

    def sid(self, prefix: str) -> str:
        """Return the next id with this prefix: the same run gives the same ids."""
        numbers = self._sids.setdefault(prefix, itertools.count(1))
        return f"{prefix}{next(numbers):032d}"

    def script(self, phone: str) -> Script:
        """Return how *phone* behaves: its own script, or the one for everybody."""
        return self.phones.get(phone, self.everybody)

    def chaos(self, phone: str) -> Chaos:
        """Return what happens to callbacks about *phone*."""
        return self.script(phone).chaos or self.settings.chaos

    def in_china(self, phone: str) -> bool:
        """Return whether the rules of mainland China hold for *phone*."""
        country = self.script(phone).country
        return country == "CN" or (country is None and phone.startswith("+86"))

    def service_of(self, number: str) -> str | None:
        """Return the Messaging Service whose pool holds *number*, if one does."""
        return next((sid for sid, pool in self.services.items() if number in pool), None)

    def hook_of(self, number: str) -> Hook:
        """Return where texts to *number* are posted."""
        return self.hooks.get(number, self.hook)

    def add_message(self, message: Message) -> None:
        """Keep *message*, and find it again by either number."""
        self.messages[message.sid] = message
        self.by_to.setdefault(message.to, []).append(message)
        if message.sender:
            self.by_sender.setdefault(message.sender, []).append(message)

    def unexpected(self) -> list[Message | Call]:
        """Return what reached somebody and was not expected by the test."""
        if self.settings.accept_everything:
            return []
        records: list[Message | Call] = [m for m in self.messages.values() if m.arrived]
        records += self.calls.values()
        return [r for r in records if not r.claimed and not self.script(r.to).ignored]
