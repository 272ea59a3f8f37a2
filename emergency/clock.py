"""The one place that reads the time. Waiting is not the clock's business."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, aware and in UTC."""

    def now(self) -> datetime:
        """Return this moment."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return this moment."""
        return datetime.now(UTC)


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
        self._now = max(self._now, moment)
