"""The corrective actions of all books of a store: agreed in one drill or incident, carried until they are done."""

from __future__ import annotations

from datetime import datetime

import msgspec

from emergency.drills.book import Action, ActionDone
from emergency.store.codec import from_text
from emergency.store.drills import Books
from emergency.store.store import SqliteStore

_ENTRY = msgspec.json.Decoder(Action | ActionDone)


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """One action as it stands. subject, code: of the drill or incident whose book it is in; done_at: when it was
    closed, the moment it was agreed while it is open."""

    entry: Action
    subject: str
    code: str
    playbook: str
    seq: int
    at: datetime
    done: ActionDone | None
    done_at: datetime

    @property
    def id(self) -> str:
        """The number of the action: `DR3.A1`."""
        return self.entry.id


def all_actions(store: SqliteStore) -> list[Agreed]:
    """Return every action that was ever agreed, oldest first, each with what became of it."""
    agreed: list[tuple[str, int, datetime, Action]] = []
    done: dict[str, tuple[datetime, ActionDone]] = {}
    for subject, seq, at, _, data in store._all("all_actions"):
        entry = _ENTRY.decode(data)
        if isinstance(entry, Action):
            agreed.append((subject, seq, from_text(at), entry))
        else:
            done[entry.id] = (from_text(at), entry)
    named = {subject: _named(store, subject) for subject, _, _, _ in agreed}
    return [
        Agreed(
            entry=entry, subject=subject, code=named[subject][0], playbook=named[subject][1], seq=seq, at=at,
            done=done[entry.id][1] if entry.id in done else None, done_at=done[entry.id][0] if entry.id in done else at,
        )
        for subject, seq, at, entry in agreed
    ]  # fmt: skip


def open_actions(store: SqliteStore) -> list[Agreed]:
    """Return the actions that are not done, oldest first: what the next drill is to verify."""
    return [each for each in all_actions(store) if each.done is None]


def book_head(store: SqliteStore, subject: str) -> str:
    """Return the hash of the last entry of a book; empty where there is none."""
    row = store._one("book_heads", subject)
    return str(row[0]) if row else ""


def _named(store: SqliteStore, subject: str) -> tuple[str, str]:
    """Return the code and the plan of a drill or an incident."""
    drill = Books(store).drill(subject)
    if drill is not None:
        return drill.code, drill.playbook
    row = store.incident(subject)
    return (row.code, row.playbook) if row is not None else (subject, "")
