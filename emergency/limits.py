"""How much one telephone may receive: carriers drop, and people stop reading, what comes too fast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from emergency.core.calls import STOPS, TELLING
from emergency.core.ladder import NEED
from emergency.core.values import is_drill
from emergency.notify import Limits
from emergency.store.lately import lately_to
from emergency.store.store import OutboxRow, SqliteStore

WINDOWS = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
LONGEST = WINDOWS[-1]
KEPT_FOR_NEWS = 0.5
"""News may go by itself until so much of an hour and a day is used up; from then on it goes along with what asks
(practice)."""
NEWS = frozenset({"gap", "expect", "merged"})
"""What can wait a minute: that a role is empty, what to look out for. A new phase of the plan, and that somebody is let
go, relieved or wanted, is told as soon as the limit allows."""
NUMBER_LIMIT = "number_limit"
"""Why a message was not sent: its telephone may get no more for longer than its alert can wait."""


def next_free(times: Sequence[datetime], limits: Limits, now: datetime) -> datetime:
    """Return when the next message may go to a telephone; *now* when it may go at once.

    Args:
        times: when the last ones went, oldest first; those of the last day at least.
        limits: how many may go in a minute, an hour and a day; 0 for no limit.
    """
    free = now
    for most, window in zip((limits.minute, limits.hour, limits.day), WINDOWS, strict=True):
        if 0 < most <= len(times) and now - times[-most] < window:  # so many in it, for they are in order
            free = max(free, times[-most] + window)
    return free


def for_telling(limits: Limits, *, news: bool) -> Limits:
    """Return what a message that only tells may take of *limits*: *news* of how things stand goes once a minute, and
    leaves half of every hour and day to what asks."""
    if not news:
        return limits
    half = (_some(int(most * KEPT_FOR_NEWS)) if most else 0 for most in (limits.hour, limits.day))
    hour, day = half
    return Limits(minute=min(1, limits.minute), hour=hour, day=day, hard=limits.hard)


def _some(most: int) -> int:
    return max(1, most)


class _Kind(msgspec.Struct):
    kind: str = ""


_KIND = msgspec.json.Decoder(_Kind)


class Meter:
    """What each telephone got lately on one channel, and whether it may get more. Asking goes before telling, and a
    call for help is held by a provider's own limit alone."""

    def __init__(self, store: SqliteStore, limits: Limits, now: datetime) -> None:
        self.now = now
        self._store = store
        self._limits = limits
        self._times: dict[tuple[str, str, int], list[datetime]] = {}

    def _lately(self, row: OutboxRow) -> list[datetime]:
        key = (row.person, row.channel, row.number)
        if key not in self._times:
            self._times[key] = lately_to(
                self._store, *key, self.now - LONGEST, answers=self._limits.hard,
                drills=self._limits.hard or is_drill(row.mode),
            )  # fmt: skip
        return self._times[key]

    def free(self, row: OutboxRow) -> datetime:
        """Return when *row* may go."""
        limits = self._limits
        first = row.urgency == 0 or row.urgency in STOPS
        if not (limits.minute or limits.hour or limits.day) or (first and not limits.hard):
            return self.now
        if row.alert is None and not limits.hard:  # who writes to us is answered
            return self.now
        if row.urgency >= TELLING:
            limits = for_telling(limits, news=_KIND.decode(row.line).kind in NEWS)
        return next_free(self._lately(row), limits, self.now)

    def is_too_late(self, row: OutboxRow) -> bool:
        """Return whether an alert would wait longer than its ladder does: it goes another way at once."""
        return 0 < row.urgency < TELLING and row.alert is not None and self.free(row) - self.now > NEED

    def lets(self, row: OutboxRow) -> bool:
        """Return whether *row* is to be taken up now: it may go, it is out of date, or another way must be found."""
        return self.free(row) <= self.now or row.expires_at < self.now or self.is_too_late(row)

    def count(self, row: OutboxRow) -> None:
        """Another message goes to the telephone of *row*, unless it goes nowhere. What answers somebody takes no place
        of ours (see `free`): an alert of the same moment does not wait for it."""
        if row.alert is None and not self._limits.hard:
            return
        if self.free(row) <= self.now and (self._limits.minute or self._limits.hour or self._limits.day):
            self._lately(row).append(self.now)
