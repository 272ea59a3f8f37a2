"""The table of links: one row for each link in a message. Over the store, within whatever transaction is open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from emergency.store.codec import from_text, to_text
from emergency.store.store import SqliteStore


class LinkRow(msgspec.Struct, frozen=True, kw_only=True):
    """One link: what it opens, for whom, and until when.

    id: never given twice. kind: which page (`alert`, `muster`). subject: what that page is about, in its own words.
    seen_at: when a browser first opened it. answered_at: when a button of it was last tapped.
    """

    id: int
    kind: str
    person: str
    incident: str | None
    subject: str
    made_at: datetime
    expires_at: datetime
    seen_at: datetime | None = None
    answered_at: datetime | None = None


def add(
    store: SqliteStore, *, kind: str, person: str, incident: str | None, subject: str, made: datetime, expires: datetime
) -> LinkRow:
    """Write down a new link and return it."""
    ((id,),) = store._all("add_link", kind, person, incident, subject, to_text(made), to_text(expires))
    return LinkRow(
        id=id, kind=kind, person=person, incident=incident, subject=subject, made_at=made, expires_at=expires
    )


def get(store: SqliteStore, id: int) -> LinkRow | None:
    """Return the link with this number, or None."""
    return _row(store._one("link", id))


def latest(store: SqliteStore, *, kind: str, person: str, incident: str | None, subject: str) -> LinkRow | None:
    """Return the last link that was made for this person and subject, or None."""
    return _row(store._one("link_for", person, kind, subject, incident))


def live(store: SqliteStore, now: datetime) -> list[LinkRow]:
    """Return the links that may still be used, oldest first."""
    return [row for row in map(_row, store._all("live_links", to_text(now))) if row]


def mark_seen(store: SqliteStore, id: int, at: datetime) -> None:
    """A browser has opened the link; the first time counts."""
    store._do("link_seen", to_text(at), id)


def mark_answered(store: SqliteStore, id: int, at: datetime) -> None:
    """A button of the link's page was tapped, and acted on."""
    store._do("link_answered", to_text(at), id)


def was_tapped(store: SqliteStore, id: str) -> bool:
    """Return whether the tap *id* was acted on before."""
    return store._one("tap_known", id) is not None


def taps(store: SqliteStore, page: str) -> int:
    """Return how many taps on *page* were acted on; their ids are that, a colon, and the mark of the form."""
    return int(store._one("taps", page, page)[0])


def _row(row: Any) -> LinkRow | None:
    if row is None:
        return None
    id, kind, person, incident, subject, made, expires, seen, answered = row
    return LinkRow(
        id=id,
        kind=kind,
        person=person,
        incident=incident,
        subject=subject,
        made_at=from_text(made),
        expires_at=from_text(expires),
        seen_at=from_text(seen) if seen else None,
        answered_at=from_text(answered) if answered else None,
    )
