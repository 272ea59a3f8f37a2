"""What the conditions of a drill have heard of a log so far: each line is read once, however often they are asked.

A decision that was taken back takes its lines back; the hash of the last line shows whether all that was heard stands.
"""

from __future__ import annotations

from datetime import datetime

from emergency.drills.scenarios import expect
from emergency.drills.scenarios.expect import Check, Watch
from emergency.store.codec import from_text
from emergency.store.store import Record, SqliteStore


class Ear:
    """One condition over one log. hits: when it came true anew, oldest first."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self._start()

    def _start(self) -> None:
        self.hits: list[datetime] = []
        self._watch, self._was = Watch(self.check), False
        self._seq, self._hash = 0, ""

    def catch_up(self, store: SqliteStore, id: str) -> None:
        """Hear what the log of *id* has got since the last time; all of it anew where lines were taken back."""
        records = store.records(id, max(0, self._seq - 1))
        if self._seq and (not records or records[0].hash != self._hash):
            self._start()
            records = store.records(id)
        for record in records:
            if record.seq > self._seq:
                self._hear(store, id, record)
                self._seq, self._hash = record.seq, record.hash

    def _hear(self, store: SqliteStore, id: str, record: Record) -> None:
        at = from_text(record.at)
        now = self._watch.hear(store._event(id, record), at)
        if now and not self._was:
            self.hits.append(at)
            self._watch.forget()
            now = self._watch.holds(at)
        self._was = now

    def first(self, since: datetime | None) -> datetime | None:
        """Return when it first came true after *since*, or at all."""
        return next((at for at in self.hits if since is None or at > since), None)


class Ears:
    """The conditions of one drill over its logs. Made anew at any time: what they know stands in the store."""

    def __init__(self) -> None:
        self._ears: dict[tuple[str, str], Ear] = {}

    def first(self, store: SqliteStore, id: str, when: str, since: datetime | None) -> datetime | None:
        """Return when the condition *when* first came true in the log of *id* after *since*, or at all."""
        key = (id, when)
        if key not in self._ears:
            self._ears[key] = Ear(expect.parse(when))
        ear = self._ears[key]
        ear.catch_up(store, id)
        return ear.first(since)
