"""The fake as a test holds it: started and stopped, set up, and asked what arrived."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, TypeVar

from .admin import Admin
from .faults import Fault, Kind, RateLimit, Target
from .harness import DEFAULT_LIMIT, FakePhone
from .inbound import Heard
from .records import Call, Entry, Message, Problem
from .script import Chaos, Script
from .server import Server
from .signing import Signature
from .world import ACCOUNT_SID, AUTH_TOKEN, Hook, Posted, Settings, World, refuse_in_a_loop

T = TypeVar("T")


class FakeTwilio:
    """A Twilio of one's own, on a port of 127.0.0.1 and a thread in the background.

    Used as a context manager it fails at the end on whatever nobody expected.
    """

    def __init__(
        self,
        *,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        numbers: Iterable[str] | None = None,
        services: Mapping[str, Iterable[str]] | None = None,
        port: int = 0,
    ) -> None:
        self.world = World(account_sid, auth_token)
        if numbers is not None:
            self.world.numbers = list(numbers)
        if services is not None:
            self.world.services = {sid: list(pool) for sid, pool in services.items()}
        self._port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._server: Server | None = None

    # -- starting and stopping

    def start(self) -> FakeTwilio:
        """Listen; returns once requests are answered.

        Raises:
            OSError: the port is taken.

        """
        started = threading.Event()
        failures: list[BaseException] = []

        def serve() -> None:
            asyncio.set_event_loop(loop)
            try:
                self._server = Server(self.world)
                self._server.admin = Admin(self, self._server).answer
                self._port = loop.run_until_complete(self._server.start(self._port))
            except BaseException as error:  # handed to the thread that started this one
                failures.append(error)
                if self._server is not None:
                    loop.run_until_complete(self._server.stop())
                started.set()
                return
            loop.call_soon(started.set)
            loop.run_forever()
            loop.run_until_complete(self._server.stop())

        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=serve, name="fake-twilio", daemon=True)
        self._thread.start()
        started.wait()
        if failures:
            self._thread.join()
            loop.close()
            raise failures[0]
        return self

    def stop(self) -> None:
        """Stop listening; what is still on its way is dropped."""
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._loop = self._thread = None

    def __enter__(self) -> FakeTwilio:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.assert_quiet()
        finally:
            self.stop()

    async def __aenter__(self) -> FakeTwilio:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.__exit__, kind, error, trace)

    # -- who and where it is

    @property
    def base_url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def account_sid(self) -> str:
        """The one account there is."""
        return self.world.account

    @property
    def auth_token(self) -> str:
        """Its secret."""
        return self.world.token

    @property
    def number(self) -> str:
        """The first number of the account."""
        return self.world.numbers[0]

    @property
    def service_sid(self) -> str:
        """The first Messaging Service of the account."""
        return next(iter(self.world.services))

    @property
    def settings(self) -> Settings:
        """Delays and limits; they may be changed at any time."""
        return self.world.settings

    # -- setting it up

    def phone(self, number: str) -> FakePhone:
        """Return the phone with this number; it begins like everybody's."""
        with self.world.changing():
            script = self.world.phones.setdefault(number, self.world.everybody.copy())
        return FakePhone(self, number, script)

    @property
    def everybody(self) -> FakePhone:
        """How every phone behaves that was not asked for by number; it cannot send or expect."""
        return FakePhone(self, "*", self.world.everybody)

    def webhook(self, url: str, *, fallback: str = "", number: str | None = None) -> None:
        """Post inbound texts to *url*; those to *number* only, where given. Empty: they wait in the list."""
        hook = Hook(url=url, fallback=fallback)
        if number is None:
            self.world.hook = hook
        else:
            self.world.hooks[number] = hook

    def route(self, public: str, local: str) -> None:
        """Reach URLs that begin with *public* at *local*; they are signed as the public ones they are."""
        self.world.routes.append((public.rstrip("/"), local.rstrip("/")))

    def fault(self, kind: Kind, times: int | None = 1, **more: Any) -> None:
        """Let the next create requests fail in this way: see `faults.Fault`."""
        self.world.faults.add(Fault(kind=kind, times=times, **more))

    def outage(self, kind: Kind | None = "503", on: Target = "any") -> None:
        """Begin an outage of the whole API, or of a part of it; end it with None."""
        self.world.faults.outage(kind, on)

    def heal(self) -> None:
        """End an outage, and forget the faults that have not struck yet."""
        self.world.faults.clear()

    def rate_limit(
        self,
        per_second: float | None,
        *,
        over: Literal["queue", "refuse"] = "queue",
        longest_queue: float = 36_000.0,
    ) -> None:
        """Limit each sender to so many segments a second: see `faults.RateLimit`."""
        self.world.rate = RateLimit(per_second=per_second, over=over, longest_queue=longest_queue)

    def callbacks(self, **chaos: Any) -> None:
        """Order chaos for all status callbacks: see `script.Chaos`."""
        self.world.settings.chaos = Chaos(**chaos)

    def forbid_region(self, prefix: str) -> None:
        """Switch off texts and calls to numbers that begin with *prefix*."""
        self.world.closed_regions.add(prefix)

    def accept_everything(self) -> None:
        """Expect whatever comes, as load tests must."""
        self.world.settings.accept_everything = True

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass at once."""
        self.world.timeline.advance(seconds)

    def reset(self) -> None:
        """Forget everything, what was sent as well as what was set up, but the account and its numbers."""

        async def clear() -> None:
            world = self.world
            for call in world.calls.values():
                if call.task is not None:
                    call.task.cancel()
            world.timeline.clear()
            world.faults.clear()
            world.rate, world.settings, world.hook = RateLimit(), Settings(), Hook()
            world.everybody = Script()
            for each in (world.phones, world.hooks, world.routes, world.closed_regions):
                each.clear()
            world.forget()
            self._running().inbound.forget()
            self._running().webhooks.drop()

        self._run(clear)

    # -- asking what arrived

    @property
    def messages(self) -> list[Message]:
        """Every text, either way, oldest first."""
        with self.world.changing():
            return list(self.world.messages.values())

    @property
    def calls(self) -> list[Call]:
        """Every call, oldest first."""
        with self.world.changing():
            return list(self.world.calls.values())

    @property
    def ledger(self) -> list[Entry]:
        """Every create request, refused or accepted, in the order in which they were dealt with."""
        with self.world.changing():
            return list(self.world.ledger)

    @property
    def problems(self) -> list[Problem]:
        """What the app did wrong."""
        with self.world.changing():
            return list(self.world.problems)

    @property
    def posted(self) -> list[Posted]:
        """Every request to the app, with what came back."""
        with self.world.changing():
            return list(self.world.posted)

    def duplicates(self) -> dict[tuple[str, str, str], int]:
        """Return (kind, to, body) of what was accepted more than once, and how often."""
        counted = Counter((e.kind, e.to, e.body) for e in self.ledger if e.accepted)
        return {key: count for key, count in counted.items() if count > 1}

    @property
    def requests(self) -> int:
        """How many requests have come in, answered or not."""
        return self._running().requests

    def hurry(self) -> None:
        """Let every request that is held up (`slow`, `late`, a latency) go on now."""
        self.soon(self._running().hurry)

    def forgive(self) -> list[Problem]:
        """Return the problems up to now and forget them."""
        with self.world.changing():
            problems, self.world.problems = self.world.problems, []
        return problems

    def settle(self, within: float = DEFAULT_LIMIT, ahead: float = 0.2) -> bool:
        """Wait until nothing is under way or due in the next *ahead* seconds; return whether it is so."""
        deadline, calm = time.monotonic() + within, 0
        while time.monotonic() < deadline:
            calm = calm + 1 if self._run(self._idle, ahead) else 0
            if calm == 2:
                return True
            time.sleep(0.005)
        return False

    async def _idle(self, ahead: float) -> bool:
        return self.world.busy == 0 and self.world.timeline.idle_within(ahead)

    def assert_quiet(self, within: float = 5.0) -> None:
        """Fail if a phone received what nobody expected, or the app did something wrong.

        Raises:
            AssertionError: with a line for each.

        """
        self.settle(within)
        with self.world.changing():
            lines = [f"unexpected: {describe(r)}" for r in self.world.unexpected()]
            lines += [f"wrong: {problem}" for problem in self.world.problems]
        if lines:
            raise AssertionError("\n".join(lines))

    # -- what phones need (harness.Host)

    def _running(self) -> Server:
        assert self._server is not None, "the fake has not been started"
        return self._server

    def _run(self, make: Callable[..., Coroutine[Any, Any, T]], *arguments: Any, limit: float = DEFAULT_LIMIT) -> T:
        assert self._loop is not None, "the fake has not been started"
        refuse_in_a_loop()
        return asyncio.run_coroutine_threadsafe(make(*arguments), self._loop).result(limit)

    def soon(self, action: Callable[[], object]) -> None:
        """Call *action* on the server's loop."""
        assert self._loop is not None, "the fake has not been started"
        self._loop.call_soon_threadsafe(action)

    def receive(self, phone: str, body: str, to: str | None, signed: Signature, padding: int, limit: float) -> Heard:
        """Post a text from *phone*; one with a padding or without a good signature is a forgery."""
        inbound = self._running().inbound
        if signed == "good" and not padding:
            return self._run(lambda: inbound.receive(phone, body, to), limit=limit)
        return self._run(lambda: inbound.forge(phone, body, to, signed=signed, padding=padding), limit=limit)

    def replay(self, phone: str, limit: float) -> Heard:
        """Post the last text of *phone* again."""
        return self._run(self._running().inbound.replay, phone, limit=limit)


def describe(record: Message | Call) -> str:
    """Return one line that says what *record* is."""
    if isinstance(record, Message):
        return f"text to {record.to}, {record.status}: {record.body!r}"
    return f"call to {record.to}, {record.status}: {record.text!r}"
