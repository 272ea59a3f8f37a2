"""The one place that reads the time. Waiting is not the clock's business."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_RUNNING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Nobody can set it; where there is the first, it also counts while the machine sleeps."""


def wall() -> datetime:
    """Return what the machine's clock shows: it may be set at any moment, by a hand or by the network."""
    return datetime.now(UTC)


def _running() -> timedelta:
    return timedelta(microseconds=time.clock_gettime_ns(_RUNNING) // 1000)


class Clock(Protocol):
    """Tells the time, aware and in UTC."""

    def now(self) -> datetime:
        """Return this moment."""
        ...


class SystemClock:
    """The machine's clock as it stood when it was last followed, carried on by one that nobody can set.

    So a clock that is set fires no timer early, keeps none waiting, and lets no message grow old.
    """

    def __init__(self) -> None:
        self._zero = wall() - _running()

    def now(self) -> datetime:
        """Return this moment."""
        return self._zero + _running()

    @property
    def off(self) -> timedelta:
        """How far the machine's clock was set ahead of this one, or back (negative)."""
        return wall() - self.now()

    def follow(self) -> None:
        """Take up the machine's time again."""
        self._zero = wall() - _running()

    def not_before(self, moment: datetime) -> None:
        """Go on from *moment* where it is still to come: the machine's clock was set back while nobody looked."""
        self._zero = max(self._zero, moment - _running())


def wall_of(clock: Clock) -> datetime:
    """Return what other processes see for *clock*: a system clock's wall; a virtual one is its own."""
    return clock.now() if isinstance(clock, VirtualClock) else wall()


class VirtualClock:
    """A clock that stands still until it is moved; drills and tests live by it."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the moment it was last moved to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on; never back."""
        self._now += max(by, timedelta(0))

    def move_to(self, moment: datetime) -> None:
        """Move to *moment*; one that has passed moves nothing."""
        if moment > self._now:
            self._now = moment
