"""Which calls go on just now, as far as the outbox knows; works within the transaction that is open."""

from __future__ import annotations

from datetime import datetime

import msgspec

from emergency.store.codec import to_text
from emergency.store.store import SqliteStore


class DrillCall(msgspec.Struct, frozen=True):
    """A row of a call of a drill that was handed over and of which nobody said that it has ended."""

    id: str
    incident: str
    provider: str
    provider_id: str
    urgency: int


def drill_calls(store: SqliteStore, since: datetime) -> list[DrillCall]:
    """Return the calls of drills that began after *since*, oldest first; merged ones once for each row."""
    return [DrillCall(*row) for row in store._all("drill_calls", to_text(since))]


def on_a_real_line(store: SqliteStore, since: datetime) -> frozenset[str]:
    """Return who is being called for something that is no drill; see `SqliteStore.on_the_line`."""
    return frozenset(row[0] for row in store._all("on_a_real_line", to_text(since)))
