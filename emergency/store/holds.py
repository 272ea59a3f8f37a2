"""Which drills stand still, as the outbox and the clock see it; works within the transaction that is open.

A row of `held` keeps every message of a drill from being claimed (but those that say it stands still) and every timer
from waking anybody (but its longest length). A rehearsal in memory has no such table: its timers are taken out instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from emergency.core.incident import STAYS
from emergency.store.codec import from_text, to_text
from emergency.store.store import SqliteStore


def _on_disk(store: SqliteStore) -> bool:
    return hasattr(store, "_db")


def hold(store: SqliteStore, incident: str, at: datetime, timers: Mapping[str, datetime]) -> None:
    """Let a drill stand still from now on. timers: those of its log."""
    if _on_disk(store):
        store._do("hold_drill", incident, to_text(at))
    else:
        store.set_timers(incident, {name: None for name in timers if name not in STAYS})


def hold_every_drill(store: SqliteStore, at: datetime) -> None:
    """Let every open drill stand still by one statement, also one whose log cannot be read."""
    if _on_disk(store):
        store._do("hold_every_drill", to_text(at))


def let_go(store: SqliteStore, incident: str, by: timedelta, timers: Mapping[str, datetime]) -> None:
    """Let a drill go on: every wake-up comes so much later, and what waits may wait so much longer.

    timers: those of its log, moved already.
    """
    if not _on_disk(store):
        store.set_timers(incident, dict(timers))
        return
    store._do("let_drill_go", incident)
    for id, expires in store._all("waiting_of", incident):
        store._do("move_waiting", to_text(from_text(expires) + by), id)
    for name, due in store._all("timers_of", incident):
        if name not in STAYS:
            store.set_timers(incident, {name: from_text(due) + by})


def end(store: SqliteStore, incident: str) -> None:
    """A drill is over: take back all that waits, whatever it is, and let go of what kept it."""
    if _on_disk(store):
        store._do("drop_waiting", incident)
        store._do("let_drill_go", incident)


def held_since(store: SqliteStore, incident: str) -> datetime | None:
    """Return since when a drill stands still, or None."""
    row = store._one("held_since", incident)
    return from_text(row[0]) if row else None


def open_drills(store: SqliteStore) -> list[str]:
    """Return the ids of all drills that are not closed, oldest first."""
    if not _on_disk(store):
        return []
    return [row[0] for row in store._all("open_drills")]
