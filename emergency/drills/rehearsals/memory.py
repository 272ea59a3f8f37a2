"""The store of a rehearsal: log, timers and messages in plain dictionaries, for the length of one run.

Only what the engine and what it tells other incidents asks of a store is here; whatever else is asked for fails at
once. No JSON, no hash, no words: `Rehearsal.keep` writes the whole run into a real store afterwards, chain and all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Any

import msgspec
from msgspec.structs import replace

from emergency.core import events as e
from emergency.core.incident import ASKING, Incident
from emergency.core.values import Mode, is_drill
from emergency.engine import ASKING_LIFE, TELLING_LIFE
from emergency.errors import Conflict
from emergency.ids import seal_of
from emergency.store.store import IncidentRow, SqliteStore, TimerRow

Line = tuple[e.AnyEvent, datetime]
"""An event and its moment."""


class Batch(msgspec.Struct, frozen=True, gc=False):
    """What one decision wrote: the events of an incident behind number `after`, all at one moment."""

    incident: str
    after: int
    events: Sequence[e.AnyEvent]
    at: datetime


class Pending(msgspec.Struct, gc=False):
    """A message that waits for its channel. kind: of its alert. attempt: how often it was tried."""

    id: str
    incident: str
    alert: str
    kind: str
    person: str
    channel: str
    number: int
    urgency: int
    queued_at: datetime
    expires_at: datetime
    not_before: datetime
    attempt: int = 0


class MemoryStore(SqliteStore):
    """A store that forgets everything at its end. It opens no file: a store by its methods, not by its insides."""

    def __init__(self, seed: int = 1) -> None:
        """Begin empty; *seed* and a count make the seals, so that the same run seals the same words alike."""
        self.path = ":rehearsal:"
        self.batches: list[Batch] = []
        self.waiting: dict[str, Pending] = {}
        self.sealed: dict[str, tuple[bytes, str]] = {}
        self._count = itertools.count(1)
        self._seed = seed
        self._rows: dict[str, IncidentRow] = {}
        self._open: dict[str, None] = {}
        self._logs: dict[str, list[Line]] = {}
        self._timers: dict[tuple[str, str], datetime] = {}
        self._heap: list[tuple[datetime, tuple[str, str]]] = []
        self._counters: dict[str, int] = {}
        self._depth = 0
        self._undo: list[tuple[Any, ...]] = []  # what takes a step back, and what that is told

    def close(self) -> None:
        """There is nothing to close."""

    @property
    def in_transaction(self) -> bool:
        """Whether a block of `transaction` is open."""
        return self._depth > 0

    def transaction(self) -> _Block:  # type: ignore[override]  # a block as well, and the cheapest that there is
        """Do all of the block or nothing of it; a block within a block may fail alone."""
        return _Block(self)

    # incidents and their log

    def incident(self, id: str) -> IncidentRow | None:
        """Return the incident with this id, or None."""
        return self._rows.get(id)

    def incident_by_code(self, code: str) -> IncidentRow | None:
        """Return the latest incident that bore this code, or None."""
        return next((row for row in reversed(list(self._rows.values())) if row.code == code), None)

    def open_incidents(self) -> list[IncidentRow]:
        """Return the incidents that are not closed, oldest first."""
        return [self._rows[id] for id in self._open]

    def all_incidents(self) -> list[IncidentRow]:
        """Return every incident, oldest first."""
        return list(self._rows.values())

    def next_code(self, letter: str, mode: Mode, now: datetime, keep: timedelta) -> str:
        """Return the first code that no incident of this run has."""
        taken = {row.code for row in self._rows.values()}
        prefix = ("X" if is_drill(mode) else "") + letter
        return next(code for n in itertools.count(1) if (code := f"{prefix}{n:02d}") not in taken)

    def history(self, id: str, after: int = 0) -> list[Line]:
        """Return the events of an incident later than number *after*, each with its moment, in order."""
        return self._logs.get(id, [])[after:]

    def log(self, id: str) -> list[Line]:
        """Return the whole log of an incident as it grows; not to be changed."""
        return self._logs.setdefault(id, [])

    def append(self, id: str, after: int, events: Sequence[e.AnyEvent], at: datetime) -> None:
        """Write *events* behind number *after*; the first of an incident is its opening."""
        row = self._rows.get(id)
        log = self._logs[id] if row is not None else self._logs.setdefault(id, [])
        if len(log) != after:
            raise Conflict(f"incident {id} has moved on from event {after}")
        log += [(event, at) for event in events]
        self.batches.append(Batch(id, after, events, at))
        self._undo.append((self._unwrite, id, after, row))
        if row is None:
            self._open[id] = None
        self._rows[id] = replace(_opened(events[0], at) if row is None else row, version=len(log))

    def _unwrite(self, id: str, after: int, row: IncidentRow | None) -> None:
        self.batches.pop()
        del self._logs[id][after:]
        if row is None:
            del self._rows[id], self._open[id]
        else:
            self._rows[id] = row

    def close_incident(self, id: str, at: datetime) -> None:
        """Mark an incident as closed and let go of its timers."""
        row = self._rows[id]
        if row.closed_at is None:
            self._rows[id] = replace(row, closed_at=at)
            self._open.pop(id, None)
            self._undo.append((self._reopen, row))
        self.set_timers(id, {name: None for incident, name in list(self._timers) if incident == id})

    def _reopen(self, row: IncidentRow) -> None:
        self._rows[row.id] = row
        self._open = {id: None for id in self._rows if id in self._open or id == row.id}

    # messages

    def take(self, incident: Incident, events: Sequence[e.DeliveryQueued], now: datetime) -> None:
        """Put messages in line, without words: what waits here is never read by anybody."""
        for event in events:
            kind = incident.alerts[event.alert].kind
            life = ASKING_LIFE if kind in ASKING else TELLING_LIFE
            self.waiting[event.delivery] = Pending(
                event.delivery, incident.id, event.alert, kind, event.person, event.channel, event.number,
                event.urgency, now, now + life, now,
            )  # fmt: skip
            self._undo.append((self.waiting.pop, event.delivery, None))

    def drop(self, id: str) -> None:
        """Take a message back that no channel has taken yet."""
        row = self.waiting.pop(id, None)
        if row is not None:
            self._undo.append((self.waiting.__setitem__, id, row))

    # timers

    def set_timers(self, incident: str, due: Mapping[str, datetime | None]) -> None:
        """Keep wake-ups, by name; the same name moves one, and None lets go of it."""
        for name, at in due.items():
            key = (incident, name)
            before = self._timers.get(key)
            if before != at:
                self._undo.append((self._set_timer, key, before))
                self._set_timer(key, at)

    def _set_timer(self, key: tuple[str, str], at: datetime | None) -> None:
        if at is None:
            self._timers.pop(key, None)
        else:
            self._timers[key] = at
            heappush(self._heap, (at, key))

    def may_be_due(self, now: datetime) -> bool:
        """Return whether to look for wake-ups whose time has come; one that was let go of may be all there is."""
        return bool(self._heap) and self._heap[0][0] <= now

    def due_timers(self, now: datetime, limit: int = 100) -> list[TimerRow]:
        """Return the wake-ups whose time has come, oldest first."""
        heap, timers = self._heap, self._timers
        due: list[tuple[datetime, tuple[str, str]]] = []
        while heap and heap[0][0] <= now:
            first = heappop(heap)
            if timers.get(first[1]) == first[0] and first not in due[-1:]:
                due.append(first)
        for each in due:  # they stay until somebody moves them or lets them go
            heappush(heap, each)
        return [TimerRow(incident, name, at) for at, (incident, name) in due[:limit]]

    def next_timer(self) -> datetime | None:
        """Return the moment of the first wake-up, or None. What was moved or let go of is skipped."""
        heap, timers = self._heap, self._timers
        if len(heap) > 64 + 4 * len(timers):
            self._heap = heap = [(at, key) for key, at in timers.items()]
            heapify(heap)
        while heap:
            at, key = heap[0]
            if timers.get(key) == at:
                return at
            heappop(heap)
        return None

    # words and counters

    def seal(self, text: str) -> str:
        """Keep words beside the log and return the seal that stands for them there."""
        salt = (self._seed % 2**64).to_bytes(8, "big") + next(self._count).to_bytes(8, "big")
        seal, salt = seal_of(text, salt)
        self.sealed[seal] = (salt, text)
        return seal

    def words(self, seals: Iterable[str]) -> dict[str, str]:
        """Return seal to words."""
        return {seal: self.sealed[seal][1] for seal in seals if seal in self.sealed}

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter."""
        self._counters[name] = self._counters.get(name, 0) + by

    def counters(self) -> dict[str, int]:
        """Return every counter."""
        return dict(self._counters)


class _Block:
    """A block of `MemoryStore.transaction`. Nothing of it stays where it fails."""

    __slots__ = ("_mark", "_store")

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._mark = 0

    def __enter__(self) -> None:
        self._mark = len(self._store._undo)
        self._store._depth += 1

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        store, undo = self._store, self._store._undo
        try:
            while kind is not None and len(undo) > self._mark:
                back, *told = undo.pop()
                back(*told)
        finally:
            store._depth -= 1
            if not store._depth:
                undo.clear()


def _opened(event: e.AnyEvent, at: datetime) -> IncidentRow:
    if not isinstance(event, e.IncidentOpened):
        raise ValueError("the first event of an incident is its opening")
    return IncidentRow(event.incident, event.code, event.mode, event.playbook.id, event.place, at, None, 0, "")
