"""Which roster was in force since when, who put it there, and from what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from emergency.store.codec import from_text, to_text
from emergency.store.store import SqliteStore


class RosterChange(msgspec.Struct, frozen=True):
    """One roster put in force. n: counted from 1. digest: its document; before: that of the one it replaced, or
    empty. note: the file's name, or what was done."""

    n: int
    at: datetime
    digest: str
    before: str
    people: int
    by: str
    note: str


class Rosters:
    """The changes of the roster, in a store that is open."""

    def __init__(self, store: SqliteStore) -> None:
        """Look into *store*."""
        self._store = store

    def write_down(self, at: datetime, digest: str, before: str, people: int, by: str, note: str) -> None:
        """Write down that the roster with this digest was put in force."""
        self._store._do("put_roster_change", to_text(at), digest, before, people, by, note)

    def latest(self, most: int = 50) -> list[RosterChange]:
        """Return the latest changes, newest first."""
        return [_change(row) for row in self._store._all("roster_changes", most)]

    def last(self) -> RosterChange | None:
        """Return the latest change, or None."""
        row = self._store._one("last_roster_change")
        return _change(row) if row else None

    def change(self, n: int) -> RosterChange | None:
        """Return change number *n*, or None."""
        row = self._store._one("roster_change", n)
        return _change(row) if row else None

    def document(self, digest: str) -> bytes | None:
        """Return a roster as it was, or None when it has been taken away."""
        row = self._store._one("document", digest)
        return bytes(row[0]) if row else None


def _change(row: Any) -> RosterChange:
    return RosterChange(row[0], from_text(row[1]), *row[2:])
