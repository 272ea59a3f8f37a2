"""What went to one telephone lately, read from the outbox: messages that were merged count once."""

from __future__ import annotations

from datetime import datetime

from emergency.store.codec import from_text, to_text
from emergency.store.store import SqliteStore


def lately_to(
    store: SqliteStore,
    person: str,
    channel: str,
    number: int,
    since: datetime,
    *,
    answers: bool = True,
    drills: bool = True,
) -> list[datetime]:
    """Return when messages went to a person's telephone after *since*, oldest first; `number` counts in the roster.

    answers: count also what answers something that the person wrote. drills: count also what went out for a drill.
    """
    rows = store._all("lately_to", person, channel, number, to_text(since), answers, drills)
    return [from_text(row[0]) for row in rows]
