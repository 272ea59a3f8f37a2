"""`emergency serve`: fires timers, sends, listens; one process, one event loop, one thread that owns the store."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from emergency import ids
from emergency.app import App
from emergency.clock import SystemClock, wall_of
from emergency.core import commands as c
from emergency.desk import ThreadDesk
from emergency.drills.live import brake
from emergency.drills.live.gate import SERVER
from emergency.drills.live.watch import keep_watch
from emergency.engine import Engine
from emergency.errors import EmergencyError, Mistakes, SettingsError, StoreError, TemporaryFailure
from emergency.notify import LOOK_BACK, Hooks, Inbound, KeepsTraces, ReadsReplies
from emergency.scheduler import Scheduler
from emergency.still_you import RUN_EVERY, Asker, rhythm
from emergency.store.codec import to_text
from emergency.store.store import checkpoint
from emergency.verbs import carry_out, describe
from emergency.watchdog import DEADMAN_SECONDS, call, deadman_url, notify

HEARTBEAT = SERVER
STALE = timedelta(seconds=10)
"""A heartbeat older than this means that nobody watches (five beats missed)."""
POLLED = "poll"
"""Under this name stands when replies were fetched last."""
POLL_SECONDS = 4
CLOCK_SECONDS = 1.0
CLOCK_SET = timedelta(seconds=5)
"""A wall clock that is farther off was set; network time keeps within this by itself (practice)."""
OUTSIDE_WRITES_SECONDS = 0.05
TURN_SECONDS = 0.0005
"""How long the thread of the store may keep the interpreter from the loop that sends (Python's usual is ten times
that, longer than a first message takes)."""


class Server:
    """The running program: every part on one loop."""

    def __init__(self, app: App, hooks: Hooks | None = None, say: Callable[[str], None] = print) -> None:
        self.app = app
        self.say = say
        self.hooks = hooks
        self.worker = ids.worker_id()
        self.desk = ThreadDesk(self._engine)
        self.outbox = app.outbox(self.desk)
        self.outbox.on_done = self.poke
        self.scheduler = Scheduler(self.fire_due, self.sweep, self.beat)
        self.deadman = deadman_url(app.settings.env)
        self.stopping = asyncio.Event()
        self._troubles: dict[str, str] = {}
        self._pump = asyncio.Event()
        self._settling = asyncio.Lock()
        self._later: asyncio.TimerHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._control: asyncio.Server | None = None
        self._held: Any = None
        self._off = timedelta(0)
        self._asker: Asker | None = None
        self._most_questions = 0

    def _engine(self) -> Engine:
        engine = self.app.engine(create=True)
        engine.store.leave_checkpoints()
        return engine

    # life

    async def start(self) -> None:
        """Open the store, begin, fire what is overdue, and settle what a crash left behind.

        Settling asks the provider, which may be out of reach for long: nothing waits for it.

        Raises:
            StoreError: another server runs on this installation, or the store cannot be opened.
        """
        self._hold()
        try:
            self.desk.start()
        except BaseException:
            self._held.close()
            raise
        await self.beat()
        await self._guarded("copy", self.desk.do(self.app.keep_copy))
        await self._guarded("teams", self.desk.do(Engine.look_up_teams))
        marker = brake.read(self.app.settings.home)
        if marker is not None:
            await self._guarded("stop", self._stop_drills(marker))
        await self.outbox.warm()
        self.scheduler.start()
        await self._listen()
        self._begin(self._guarded("settling", self._settle()))
        self._begin(self._sending())
        self._begin(self._watching())
        if isinstance(self.app.clock, SystemClock):
            self._begin(self._watching_the_clock(self.app.clock))
        if self.app.settings.public_url is None and any(isinstance(n, ReadsReplies) for n in self.app.notifiers):
            self.scheduler.every("poll", POLL_SECONDS, self.poll)
        if self.deadman is not None:
            self.scheduler.every("deadman", DEADMAN_SECONDS, self._call_deadman)
        self._begin_asking()
        self._begin_programme()
        await self.fire_due()

    def _begin_asking(self) -> None:
        """Ask about numbers on schedule. A setting that cannot be read keeps no emergency from being served: the doctor
        names it too."""
        try:
            wanted = rhythm(self.app.settings.env)
        except SettingsError as error:
            self._tell(f"numbers are not asked about: {error}", f"不自动核对号码:{error.of('zh')}")
            return
        self._asker = Asker(self.app, self.desk)
        if wanted.on and self._asker.notifiers:
            self._most_questions = wanted.a_day
            self.scheduler.every("still-you", RUN_EVERY.total_seconds(), self.ask_still_you)

    async def ask_still_you(self) -> None:
        """Put the questions about numbers that are due now, unless something more urgent goes on."""
        if self._asker is not None:
            await self._guarded("questions", self._asker.round(self._most_questions))

    def _begin_programme(self) -> None:
        """Look, now and again, whether a drill of a schedule is due; what that means is in the store."""
        from emergency.programme.keeper import LOOK_SECONDS, Keeper

        keeper = Keeper(self.app, self.desk, self.worker)

        async def look() -> None:
            await self._guarded("drill programme", keeper.round())

        self.scheduler.every("programme", LOOK_SECONDS, look)

    async def _call_deadman(self) -> None:
        """While all is well, say so to the outside; silence is the alarm."""
        if self.deadman is not None and not self.trouble:
            await call(self.deadman)

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
                "a second would send everything twice",
                f"{self.app.settings.home} 上已有 emergency serve 在运行;再开一个,每条消息都会发两遍",
            ) from None

    def _begin(self, work: Any) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def stop(self) -> None:
        """Stop listening and sending, let what is in flight finish for a moment, and close the store."""
        self.stopping.set()
        notify("STOPPING=1")
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
            await self.outbox.write_down_late()  # else the next server sends it once more
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
        while await self.outbox.start():
            pass
        await self._set_alarm()
        wait = await self.desk.do(self.outbox.next_chance)
        if self._later is not None:
            self._later.cancel()
        if wait is not None and not self.outbox.is_full:  # else whoever lands first wakes us
            pause = max(0.01, min(1.0, wait.total_seconds()))
            self._later = asyncio.get_running_loop().call_later(pause, self._pump.set)

    async def _watching(self) -> None:
        """Notice what other processes write (the command line beside us): a counter in the database file changes."""
        seen = -1
        marker = brake.Watch(self.app.settings.home)
        pulled = brake.read(self.app.settings.home)  # put there while nobody served, it counts for what began before
        while not self.stopping.is_set():
            await asyncio.sleep(OUTSIDE_WRITES_SECONDS)
            pulled = marker.pulled() or pulled
            if pulled is not None and await self._guarded("stop", self._stop_drills(pulled)):
                pulled = None  # not before: a store that was locked is written to once it is free
            with contextlib.suppress(EmergencyError):
                version = await self.desk.do(lambda engine: engine.store.data_version())
                if version != seen:
                    seen = version
                    self.poke()

    async def _stop_drills(self, marker: brake.Marker) -> None:
        """Every drill was stopped from outside the store: those of the store stand still as well."""
        await self.desk.do(lambda engine: brake.follow(engine, marker))
        self.poke()

    async def _watching_the_clock(self, clock: SystemClock) -> None:
        """Notice when the machine's clock was set; waits on the loop's own, which nobody can set."""
        while not self.stopping.is_set():
            await self._guarded("clock", self._look_at(clock))
            await asyncio.sleep(CLOCK_SECONDS)

    async def _look_at(self, clock: SystemClock) -> None:
        off = clock.off
        if abs(off - self._off) >= CLOCK_SET:
            self.scheduler.start_over()
            await self.desk.do(lambda engine: _note_clock(engine, off))
            self._off = off
        if abs(off) < CLOCK_SET:
            return
        if not await self.desk.do(lambda engine: _may_follow(engine, wall_of(clock))):
            raise EmergencyError(
                f"{_clock_words(self._off)}; it is followed again when the emergency is over",
                f"{_clock_words_zh(self._off)};事件结束后再跟上",
            )
        clock.follow()
        self._tell(
            f"{_clock_words(self._off)}; no emergency runs, so it is followed",
            f"{_clock_words_zh(self._off)};没有事件在进行,已跟上",
        )
        self._off = timedelta(0)
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
        """Heal what was missed: overdue timers, messages without an outcome; tell what no provider takes."""
        await self._guarded("timers", self._fire_all())
        await self._guarded("settling", self._settle())
        await self._guarded("store", asyncio.to_thread(checkpoint, self.app.settings.database_file))
        await self._guarded("messages", self._look_at_what_waits())
        self.poke()

    async def _settle(self) -> None:
        if not self._settling.locked():
            async with self._settling:
                await self.outbox.settle()
            self.poke()

    async def _look_at_what_waits(self) -> None:
        held = await self.desk.do(lambda engine: engine.store.held_up(engine.clock.now()))
        if held:
            listed = ", ".join(f"{channel}: {reason}" for channel, reason in held)
            raise TemporaryFailure(f"messages are not taken by their provider, and are tried again ({listed})")

    async def beat(self) -> None:
        """Write down that we are alive, and any trouble; in wall time, for others look at it."""
        now = wall_of(self.app.clock)
        says = self.trouble
        await self._guarded("heartbeat", self.desk.do(lambda engine: self._beat(engine, now, says)))
        if "heartbeat" not in self._troubles or self.outbox.remembers:
            # not written, not alive: systemd starts us again. But what went out and could not be written down is known
            # here alone: who starts anew, with the store still locked or full, would send it all once more
            notify("WATCHDOG=1")

    def _beat(self, engine: Engine, now: datetime, says: str) -> None:
        """The watch comes first: no gate may take this beat for a sign that somebody watched all the time."""
        keep_watch(engine, self.worker)
        engine.store.beat(HEARTBEAT, now, self.worker, says)

    async def poll(self) -> None:
        """Fetch replies and receipts where the provider cannot reach us."""
        await self._guarded("polling", self._poll())

    async def _poll(self) -> None:
        now = self.app.clock.now()
        earlier = min(now, wall_of(self.app.clock))  # the provider's clock agrees with one of the two
        since = await self.desk.do(lambda engine: _unread_since(engine, earlier)) - LOOK_BACK
        for notifier in self.app.notifiers:
            if isinstance(notifier, ReadsReplies):
                for inbound in await notifier.replies(since):
                    await self.receive(inbound)
        await self.desk.do(lambda engine: engine.store.beat(POLLED, now, self.worker))
        if any(isinstance(n, KeepsTraces) for n in self.app.notifiers):
            await self.outbox.ask_for_receipts()

    @property
    def trouble(self) -> str:
        """What goes wrong just now, in one line; empty while all is well."""
        return "; ".join(self._troubles.values())

    async def _guarded(self, name: str, work: Awaitable[Any]) -> bool:
        """Nothing that goes wrong once ends the server; heartbeat, /healthz and the terminal show it. Return whether
        all went well."""
        try:
            await work
        except (EmergencyError, TemporaryFailure) as error:
            self._in_trouble(name, error.of(self.app.settings.lang))
        except Exception as error:
            self._in_trouble(name, f"{name}: {type(error).__name__}")
        else:
            if self._troubles.pop(name, None):
                self._tell(f"{name}: well again", f"{name}:已恢复正常")
            return True
        return False

    def _in_trouble(self, name: str, says: str) -> None:
        if self._troubles.get(name) != says:
            self._troubles[name] = says
            self._tell(f"trouble: {says}", f"有麻烦:{says}")

    def _tell(self, en: str, zh: str) -> None:
        self.say(zh if self.app.settings.lang == "zh" else en)

    # what comes in

    async def receive(self, inbound: Inbound) -> str:
        """Act on what came from a telephone; return the words that answer it."""
        outcome = await self.outbox.after(lambda engine: self.app.inbox.receive(engine, inbound))
        self.poke()
        return outcome.says

    async def perform(self, verb: str, args: dict[str, Any]) -> dict[str, Any]:
        """Do a verb of the command line or the API.

        Raises:
            Mistakes: the words are wrong, also where they are of the wrong sort: a number for a text.
        """
        try:
            desktop = self.app.desktop
            answer = await self.outbox.after(lambda engine: carry_out(desktop, engine, verb, args))
            await self.outbox.head_start()
            self.poke()
            return await self.desk.do(lambda engine: describe(desktop, engine, answer))
        except StoreError:
            if verb == "trigger" and not args.get("drill"):  # something real has begun, though it cannot be written
                with contextlib.suppress(OSError):
                    brake.pull(self.app.settings.home, brake.Marker(wall_of(self.app.clock), brake.CONSOLE, "real"))
            raise
        except KeyError as error:
            raise Mistakes(f"{error} is missing", f"缺少 {error}") from None
        except (AttributeError, TypeError, ValueError) as error:
            raise Mistakes(
                f"the words of '{verb}' are of the wrong sort ({type(error).__name__})",
                f"“{verb}”的参数类型不对({type(error).__name__})",
            ) from error

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
            began = to_text(self.app.clock.now())
            document = await self.perform(str(request.get("verb")), dict(request.get("args") or {}))
            return {"document": document, "began": began}
        except EmergencyError as error:
            return error.document()
        except (AttributeError, TypeError, ValueError):
            return {"error": "say a verb and its words", "exit": 2}


def _unread_since(engine: Engine, now: datetime) -> datetime:
    """Return since when replies may wait that nobody has fetched: since the last time, or since anyone was asked."""
    oldest = min((row.opened_at for row in engine.store.open_incidents()), default=now)
    last = engine.store.heartbeat(POLLED)
    return min(max(last[0], oldest) if last is not None else oldest, now)


def watched(engine: Engine) -> bool:
    """Return whether a server is alive on this installation, by its heartbeat."""
    beat = engine.store.heartbeat(HEARTBEAT)
    return beat is not None and abs(wall_of(engine.clock) - beat[0]) < STALE and ids.is_alive(beat[1])


def _burning(engine: Engine) -> list[str]:
    return [incident.id for incident in engine.open_incidents() if not incident.ended]


def _may_follow(engine: Engine, wall: datetime) -> bool:
    """Whether nothing goes by the time as it went on: no emergency, no message, no log that is ahead of the wall."""
    last = engine.store.last_line()
    waits = engine.store.on_their_way(engine.clock.now())
    return not _burning(engine) and not waits and (last is None or last <= wall)


def _note_clock(engine: Engine, off: timedelta) -> None:
    """Whoever reads the log of a running emergency must know why its times are not the wall's."""
    for id in _burning(engine):
        text = f"{_clock_words(off)}; times in this log go on as they began"
        engine.handle(id, c.AddNote(by="console", text=engine.store.seal(text), via="clock"))


def _clock_words(off: timedelta) -> str:
    seconds = round(abs(off).total_seconds())
    length = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
    if abs(off) < CLOCK_SET:
        return "the machine's clock is right again"
    return f"the machine's clock was set {'ahead' if off > timedelta(0) else 'back'} by {length}"


def _clock_words_zh(off: timedelta) -> str:
    seconds = round(abs(off).total_seconds())
    length = f"{seconds} 秒" if seconds < 120 else f"{seconds // 60} 分钟"
    if abs(off) < CLOCK_SET:
        return "机器时钟又准了"
    return f"机器时钟被拨{'快' if off > timedelta(0) else '慢'}了 {length}"


async def run(server: Server, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; HTTP is bound last, when everything behind it stands."""
    sys.setswitchinterval(TURN_SECONDS)
    await server.start()
    gc.collect()
    gc.freeze()  # what was loaded at the start stays: looking through it for garbage would hold up a first message
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, server.stopping.set)
    from emergency.web.http import serve_http

    try:
        async with serve_http(server, host, port) as address:
            notify("READY=1")  # not before: a port that is taken ends us
            ready(address)
            await server.stopping.wait()
    finally:
        await server.stop()
