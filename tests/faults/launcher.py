"""Sends an installation's messages in child processes that are killed, over and over, until nothing is left to send.

`python -m tests.faults.launcher HOME KILLS SEED [POINT]`, a process of its own so that forking is safe. Every child
is a fresh sender on the same database. Without POINT a child is killed after a random while; with POINT
it kills itself just there. The last one is left to finish. It prints how many were killed, how the last one ended, and
how many messages were in flight at the kills: claimed, and without an outcome.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from emergency.app import App
from emergency.clock import SystemClock
from emergency.desk import ThreadDesk
from emergency.engine import Engine
from emergency.outbox import Outbox
from emergency.settings import Settings
from notifiers.registry import notifiers_for

ASK_SECONDS = 0.2
POINTS = ("claimed", "posted", "recording", "recorded")
"""Where a child may kill itself: the rows are claimed and nothing left; the provider has the message; the receipt is
written but not committed; the receipt is on the disk."""


def kill_myself() -> NoReturn:
    """End as a power cut would: at once, without a word."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def die_at(point: str, outbox: Outbox, after: int) -> None:
    """Let the process die at *point*, the time number *after* that it comes there."""
    seen = {"count": 0}

    def now_and_then() -> None:
        seen["count"] += 1
        if seen["count"] >= after:
            kill_myself()

    for notifier in set(outbox.routes.values()):
        send = notifier.send

        async def watched(message: Any, send: Any = send) -> Any:
            if point == "claimed":
                now_and_then()
            receipt = await send(message)
            if point == "posted":
                now_and_then()
            return receipt

        notifier.send = watched  # type: ignore[method-assign]
    record = outbox.record

    def recording(engine: Any, result: Any) -> None:
        record(engine, result)
        if point == "recording":
            now_and_then()

    outbox.record = recording  # type: ignore[method-assign]
    write_down = outbox._write_down

    async def written(result: Any) -> None:
        await write_down(result)
        if point == "recorded":
            now_and_then()

    outbox._write_down = written  # type: ignore[method-assign]


def tell_sends(outbox: Outbox, tell: Callable[[], None]) -> None:
    """Call *tell* whenever a message is about to leave."""
    for notifier in set(outbox.routes.values()):
        send = notifier.send

        async def watched(message: Any, send: Any = send) -> Any:
            tell()
            return await send(message)

        notifier.send = watched  # type: ignore[method-assign]


async def send_all(home: Path, point: str | None, after: int, tell: Callable[[], None]) -> None:
    """Settle what a killed one left, then send everything that waits.

    Args:
        tell: called when all is ready, and again whenever a message is about to leave.
    """
    env = dict(os.environ)
    clock = SystemClock()
    settings = Settings(home, f"sqlite:///{home / 'emergency.db'}", "en", env)
    app = App(settings, notifiers_for(env, clock.now, lambda line: None), clock)
    desk = ThreadDesk(app.engine)
    desk.start()
    outbox = app.outbox(desk)
    if point is not None:
        die_at(point, outbox, after)
    await outbox.warm()
    tell_sends(outbox, tell)
    tell()
    asking = asyncio.get_running_loop().create_task(ask_for_ends(outbox))
    while True:
        await outbox.settle()
        await outbox.drain()
        if not await desk.do(lambda engine: _something_is_left(engine, outbox)):
            break
        await asyncio.sleep(0.05)
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking
    for notifier in app.notifiers:
        await notifier.close()
    desk.stop()


async def ask_for_ends(outbox: Outbox) -> None:
    """Ask again and again what became of calls while others wait: a telephone takes one at a time."""
    while True:
        await asyncio.sleep(ASK_SECONDS)
        if await outbox.desk.do(lambda engine: engine.store.next_queued("real", "voice")) is not None:
            await outbox.ask_for_receipts()


def _something_is_left(engine: Engine, outbox: Outbox) -> bool:
    waiting = (engine.store.next_queued(mode, channel) for mode, channel in outbox.routes)
    return bool(engine.store.stranded()) or any(moment is not None for moment in waiting)


def child(home: Path, point: str | None, after: int) -> tuple[int, int]:
    """Start a sender; return its process id, once it is ready, and the pipe that says when a message leaves."""
    seen, told = os.pipe()

    def tell() -> None:
        with contextlib.suppress(OSError):  # nobody wants to know
            os.write(told, b".")

    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(send_all(home, point, after, tell))
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
    os.close(told)
    os.read(seen, 1)
    return pid, seen


def left_in_flight(home: Path, pid: int) -> int:
    """How many messages (not rows: some go out together) the dead process *pid* had claimed and not settled."""
    with contextlib.closing(sqlite3.connect(home / "emergency.db")) as db:
        query = "select count(distinct claimed_by) from outbox where status = 'sending' and claimed_by like ?"
        return int(db.execute(query, (f"{pid}:%",)).fetchone()[0])


def main(home: Path, kills: int, seed: int, point: str | None) -> None:
    """Kill and start again; print what there is to say of it."""
    import twilio.rest.api.v2010.account  # noqa: F401 - before forking, or every child pays for it

    import notifiers.twilio.transport  # noqa: F401

    dice = random.Random(seed)
    killed = in_flight = 0
    for _ in range(kills):
        pid, seen = child(home, point, dice.randint(1, 30))
        if point is None:
            if dice.random() < 0.25:
                for _ in range(dice.randint(1, 12)):
                    os.read(seen, 1)  # some die while they send, however slow the machine is
            time.sleep(dice.uniform(0.0, 0.08))
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(seen)
        if os.WIFSIGNALED(status):
            killed += 1
            in_flight += left_in_flight(home, pid)
        else:
            break  # everything was sent before it could be killed
    _, status = os.waitpid(child(home, None, 0)[0], 0)
    said = {"killed": killed, "in_flight": in_flight, "last": os.waitstatus_to_exitcode(status)}
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else None)
