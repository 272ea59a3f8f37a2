"""The fake's own time: one list of what is due, which a test may move forward.

Delays are real but tiny. `advance` lets hours pass at once: everything that falls due meanwhile
happens then, in order. All methods but `advance`, `now` and `idle_within` belong to the server's loop.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable


class Timeline:
    """What is due and when, on a clock that runs with the real one plus what was advanced."""

    def __init__(self, on_error: Callable[[BaseException], None]) -> None:
        self._on_error = on_error
        self._ahead = 0.0
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run on *loop* from now on."""
        self._loop = loop

    def now(self) -> float:
        """Return the fake's time of day, in seconds since 1970."""
        return time.time() + self._ahead

    def _ticks(self) -> float:
        return time.monotonic() + self._ahead

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Call *action* when *seconds* have passed."""
        entry = (self._ticks() + max(seconds, 0.0), next(self._numbers), action)
        heapq.heappush(self._due, entry)
        if self._due[0] is entry:
            self._set_alarm()

    async def sleep(self, seconds: float) -> None:
        """Wait until *seconds* have passed."""
        assert self._loop is not None
        woken: asyncio.Future[None] = self._loop.create_future()

        def wake() -> None:
            if not woken.done():
                woken.set_result(None)

        self.after(seconds, wake)
        await woken

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass at once; may be called from any thread."""
        self._ahead += seconds
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._set_alarm)

    def idle_within(self, seconds: float) -> bool:
        """Return whether nothing falls due in the next *seconds*."""
        return not self._due or self._due[0][0] > self._ticks() + seconds

    def clear(self) -> None:
        """Forget all that is due."""
        self._due.clear()

    def _set_alarm(self) -> None:
        assert self._loop is not None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._due:
            wait = max(self._due[0][0] - self._ticks(), 0.0)
            self._alarm = self._loop.call_later(wait, self._run)

    def _run(self) -> None:
        self._alarm = None
        until = self._ticks() + 0.0005
        while self._due and self._due[0][0] <= until:
            _, _, action = heapq.heappop(self._due)
            try:
                action()
            except Exception as error:  # a step that breaks must not stop all the others
                self._on_error(error)
        self._set_alarm()
