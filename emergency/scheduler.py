"""Wakes the engine when a timer is due, with APScheduler. Live only; it holds no truth: timers are rows of the store.

Three jobs in memory: `next-timer`, a date, set again whenever something was written; `sweep`, every few seconds, which
heals a missed wake-up (a suspended machine); and `heartbeat`. APScheduler goes by the wall clock: once that is set
back, every job would sleep until it has caught up, so the server then lets all of them `start_over`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from emergency.clock import wall

SWEEP_SECONDS = 2
HEARTBEAT_SECONDS = 2
FARTHEST = timedelta(seconds=15)
"""A wake-up is never set farther ahead: the loop's clock stands still while a machine sleeps."""

Work = Callable[[], Awaitable[None]]


class Scheduler:
    """An alarm clock. *wake* is called when a timer is due, *beat* as a heartbeat, both on the running loop."""

    def __init__(self, wake: Work, sweep: Work, beat: Work) -> None:
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._wake = wake
        self._add(sweep, "interval", id="sweep", seconds=SWEEP_SECONDS)
        self._add(beat, "interval", id="heartbeat", seconds=HEARTBEAT_SECONDS)

    def _add(self, work: Work, trigger: str, **how: Any) -> None:
        # the default grace of one second would throw away a wake-up that comes later than that
        self._scheduler.add_job(work, trigger, misfire_grace_time=None, coalesce=True, max_instances=1, **how)

    def every(self, name: str, seconds: float, work: Work) -> None:
        """Also do *work* every so many seconds."""
        self._add(work, "interval", id=name, seconds=seconds)

    def start(self) -> None:
        """Begin; needs a running loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """End at once; a job that runs is left to finish by itself."""
        self._scheduler.shutdown(wait=False)

    def start_over(self) -> None:
        """Do every job now, and count on from here: the wall clock was set."""
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=wall())

    def wake_at(self, due: datetime | None, now: datetime) -> None:
        """Set the alarm for the first timer; without one, far enough for the sweep to look again.

        Args:
            now: the time on the clock that *due* goes by, which may not be the wall's.
        """
        wait = min(due - now, FARTHEST) if due is not None else FARTHEST
        run_date = wall() + max(wait, timedelta(0))
        self._add(self._wake, "date", id="next-timer", replace_existing=True, run_date=run_date)
