"""`emergency serve`: fires timers, sends, listens; one process, one event loop, one thread that owns the store."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from emergency import ids
from emergency.app import App
from emergency.desk import ThreadDesk
from emergency.engine import Engine
from emergency.errors import EmergencyError, StoreError, TemporaryFailure
from emergency.notify import LOOK_BACK, Hooks, Inbound, KeepsTraces, ReadsReplies
from emergency.scheduler import Scheduler
from emergency.verbs import perform

HEARTBEAT = "serve"
STALE = timedelta(seconds=10)
"""A heartbeat older than this means that nobody watches (five beats missed)."""
POLL_SECONDS = 4
OUTSIDE_WRITES_SECONDS = 0.05


class Server:
    """The running program: every part on one loop."""

    def __init__(self, app: App, hooks: Hooks | None = None, say: Callable[[str], None] = print) -> None:
        self.app = app
        self.say = say
        self.hooks = hooks
        self.worker = ids.worker_id()
        self.desk = ThreadDesk(lambda: app.engine(create=True))
        self.outbox = app.outbox(self.desk)
        self.scheduler = Scheduler(self.fire_due, self.sweep, self.beat)
        self.stopping = asyncio.Event()
        self._troubles: dict[str, str] = {}
        self._pump = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._control: asyncio.Server | None = None
        self._held: Any = None

    # life

    async def start(self) -> None:
        """Open the store, settle what a crash left behind, fire what is overdue, and begin.

        Raises:
            StoreError: another server runs on this installation, or the store cannot be opened.
        """
        self._hold()
        self.desk.start()
        await self.beat()
        await self.outbox.settle()
        self.scheduler.start()
        await self._listen()
        self._begin(self._sending())
        self._begin(self._watching())
        if self.app.settings.public_url is None and any(isinstance(n, ReadsReplies) for n in self.app.notifiers):
            self.scheduler.every("poll", POLL_SECONDS, self.poll)
        await self.fire_due()

    def _hold(self) -> None:
        """Hold the installation: a second server would do everything twice."""
        import fcntl

        path = self.app.settings.home / "serve.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._held = path.open("a+")
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._held.close()
            raise StoreError(
                f"another `emergency serve` already runs on {self.app.settings.home}; "
                "a second would send everything twice"
            ) from None

    def _begin(self, work: Any) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def stop(self) -> None:
        """Stop listening and sending, let what is in flight finish for a moment, and close the store."""
        self.stopping.set()
        self.scheduler.stop()
        if self._control is not None:
            self._control.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _ in range(100):
            if not self.outbox.in_flight:
                break
            await asyncio.sleep(0.05)
        with contextlib.suppress(EmergencyError):
            await self.desk.do(lambda engine: engine.store.stop_beating(HEARTBEAT, self.worker))
        for notifier in self.app.notifiers:
            await notifier.close()
        self.desk.stop()
        with contextlib.suppress(OSError):
            self.app.settings.socket.unlink()
        if self._held is not None:
            self._held.close()

    # what happens by itself

    def poke(self) -> None:
        """Something was written: send, and look at the timers."""
        self._pump.set()

    async def _sending(self) -> None:
        """Send whenever there is something to send; outlive whatever goes wrong."""
        while not self.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._pump.wait(), timeout=1.0)
            self._pump.clear()
            await self._guarded("sending", self._send_all())

    async def _send_all(self) -> None:
        await self._set_alarm()
        while await self.outbox.start():
            pass
        if await self.desk.do(lambda engine: engine.store.next_queued()) is not None:
            if self.outbox.in_flight:
                await self.outbox.wait_for_one()
                self._pump.set()
            else:
                asyncio.get_running_loop().call_later(
                    max(0.01, min(1.0, self.outbox.next_chance().total_seconds())), self._pump.set
                )

    async def _watching(self) -> None:
        """Notice what other processes write (the command line beside us): a counter in the database file changes."""
        seen = -1
        while not self.stopping.is_set():
            await asyncio.sleep(OUTSIDE_WRITES_SECONDS)
            with contextlib.suppress(EmergencyError):
                version = await self.desk.do(lambda engine: engine.store.data_version())
                if version != seen:
                    seen = version
                    self.poke()

    async def fire_due(self) -> None:
        """Fire every timer that is due, in order."""
        await self._guarded("timers", self._fire_all())

    async def _fire_all(self) -> None:
        while await self.desk.do(lambda engine: engine.fire_due(20)):
            self.poke()
        await self._set_alarm()

    async def _set_alarm(self) -> None:
        due = await self.desk.do(lambda engine: engine.store.next_timer())
        self.scheduler.wake_at(due, self.app.clock.now())

    async def sweep(self) -> None:
        """Heal what was missed: overdue timers, messages without an outcome."""
        await self._guarded("timers", self._fire_all())
        await self._guarded("settling", self._settle())
        self.poke()

    async def _settle(self) -> None:
        await self.outbox.settle()

    async def beat(self) -> None:
        """Write down that we are alive, and any trouble."""
        now = self.app.clock.now()
        says = self.trouble
        work = self.desk.do(lambda engine: engine.store.beat(HEARTBEAT, now, self.worker, says))
        await self._guarded("heartbeat", work)

    async def poll(self) -> None:
        """Fetch replies and receipts where the provider cannot reach us."""
        await self._guarded("polling", self._poll())

    async def _poll(self) -> None:
        since = await self.desk.do(lambda engine: engine.store.last_inbound()) or self.app.clock.now()
        since = min(since, self.app.clock.now()) - LOOK_BACK
        for notifier in self.app.notifiers:
            if isinstance(notifier, ReadsReplies):
                for inbound in await notifier.replies(since):
                    await self.receive(inbound)
        if any(isinstance(n, KeepsTraces) for n in self.app.notifiers):
            await self.outbox.ask_for_receipts()

    @property
    def trouble(self) -> str:
        """What goes wrong just now, in one line; empty while all is well."""
        return "; ".join(self._troubles.values())

    async def _guarded(self, name: str, work: Awaitable[Any]) -> None:
        """Nothing that goes wrong once ends the server; heartbeat, /healthz and the terminal show it."""
        try:
            await work
        except (EmergencyError, TemporaryFailure) as error:
            self._in_trouble(name, str(error))
        except Exception as error:
            self._in_trouble(name, f"{name}: {type(error).__name__}")
        else:
            if self._troubles.pop(name, None):
                self.say(f"{name}: well again")

    def _in_trouble(self, name: str, says: str) -> None:
        if self._troubles.get(name) != says:
            self._troubles[name] = says
            self.say(f"trouble: {says}")

    # what comes in

    async def receive(self, inbound: Inbound) -> str:
        """Act on what came from a telephone; return the words that answer it."""
        outcome = await self.desk.do(lambda engine: self.app.inbox.receive(engine, inbound))
        self.poke()
        return outcome.says

    async def perform(self, verb: str, args: dict[str, Any]) -> dict[str, Any]:
        """Do a verb of the command line or the API."""
        document = await self.desk.do(lambda engine: perform(self.app.desktop, engine, verb, args))
        self.poke()
        return document

    async def _listen(self) -> None:
        path = self.app.settings.socket
        with contextlib.suppress(OSError):
            path.unlink()
        before = os.umask(0o177)
        try:
            self._control = await asyncio.start_unix_server(self._talk, path=str(path), limit=1_000_000)
        finally:
            os.umask(before)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), timeout=5)
            answer = await self._answer(json.loads(line))
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError, TimeoutError):
            pass
        finally:
            writer.close()

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"document": await self.perform(str(request.get("verb")), dict(request.get("args") or {}))}
        except EmergencyError as error:
            return {"error": str(error), "exit": error.exit_status}


def watched(engine: Engine) -> bool:
    """Return whether a server is alive on this installation, by its heartbeat."""
    beat = engine.store.heartbeat(HEARTBEAT)
    return beat is not None and engine.clock.now() - beat[0] < STALE and ids.is_alive(beat[1])


async def run(server: Server, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; HTTP is bound last, when everything behind it stands."""
    await server.start()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, server.stopping.set)
    from emergency.web.http import serve_http

    try:
        async with serve_http(server, host, port) as address:
            ready(address)
            await server.stopping.wait()
    finally:
        await server.stop()
