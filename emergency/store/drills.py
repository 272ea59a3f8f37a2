"""The tables of drills: one row a drill, and the book in which all that was done with it is written.

A book is chained as the log of an incident is (`codec.chain`), under a name of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from emergency.drills.book import AnyEntry, Written
from emergency.drills.scenario import Kind
from emergency.errors import Conflict, StoreDamaged
from emergency.store import codec
from emergency.store.codec import from_text, to_text
from emergency.store.store import SqliteStore

_ENTRY = msgspec.json.Decoder(AnyEntry)
_ENCODER = msgspec.json.Encoder()
PREFIX = {"simulated": "RH", "tabletop": "RH", "callout": "DR", "full": "DR"}
"""A rehearsal is RH3, a drill among people DR3: no reply code of an incident has this shape."""


class DrillRow(msgspec.Struct, frozen=True, kw_only=True):
    """One drill. scenario: the digest of its scenario, or empty; incident: the incident it became, once begun."""

    id: str
    code: str
    kind: Kind
    playbook: str
    scenario: str
    incident: str | None
    planned_at: datetime
    begins_at: datetime | None
    ended_at: datetime | None


class Books:
    """Drills and books over a store; every method works within the transaction that is open."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store

    def plan(
        self, id: str, kind: Kind, playbook: str, scenario: str, now: datetime, begins: datetime | None
    ) -> DrillRow:
        """Make the row of a new drill, with the next code of its kind."""
        prefix = PREFIX[kind]
        last = self.store._one("last_drill", f"{prefix}[0-9]*")
        code = f"{prefix}{int(last[0][2:]) + 1 if last else 1}"
        when = to_text(begins) if begins else None
        self.store._do("plan_drill", id, code, kind, playbook, scenario, to_text(now), when)
        return DrillRow(
            id=id, code=code, kind=kind, playbook=playbook, scenario=scenario, incident=None, planned_at=now,
            begins_at=begins, ended_at=None,
        )  # fmt: skip

    def drill(self, id: str) -> DrillRow | None:
        """Return the drill with this id, or None."""
        return _drill(self.store._one("drill", id))

    def by_code(self, code: str) -> DrillRow | None:
        """Return the drill with this code, or None."""
        return _drill(self.store._one("drill_by_code", code))

    def of(self, incident: str) -> DrillRow | None:
        """Return the drill that became this incident, or None."""
        return _drill(self.store._one("drill_of", incident))

    def all(self) -> list[DrillRow]:
        """Return every drill, in the order they were planned."""
        return [row for row in map(_drill, self.store._all("all_drills")) if row]

    def was_practised(self, incident: str) -> bool:
        """Return whether anybody answered a call of that incident, or did a step of it."""
        return self.store._one("was_practised", incident) is not None

    def begin(self, id: str, incident: str, now: datetime) -> None:
        """Note the incident that the drill became. Raises Conflict: it has begun before."""
        if self.store._do("begin_drill", incident, to_text(now), id) != 1:
            raise Conflict(f"drill {id} has begun before", f"演练 {id} 早已开始")

    def end(self, id: str, now: datetime) -> None:
        """Note that the drill is over."""
        self.store._do("end_drill", to_text(now), id)

    def write(self, subject: str, *entries: AnyEntry, at: datetime) -> list[Written]:
        """Write *entries* into the book of *subject* (a drill or an incident), and return them as they stand there."""
        last = self.store._one("book_head", subject)
        seq, head = (last[0], last[1]) if last else (0, "")
        when, lines, written = to_text(at), [], []
        for seq, entry in enumerate(entries, start=seq + 1):  # noqa: B020
            data = _ENCODER.encode(entry)
            kind = type(entry).__name__
            head = codec.chain(head, f"book:{subject}", seq, when, kind, codec.VERSION, data)
            lines.append((subject, seq, when, kind, codec.VERSION, data, head))
            written.append(Written(seq, at, entry))
        self.store._many("write_book", lines)
        if lines:
            self.store._do("move_book", subject, seq, head)
        return written

    def read(self, subject: str, after: int = 0) -> list[Written]:
        """Return what stands in the book of *subject* behind number *after*, in order.

        Raises:
            StoreDamaged: an entry cannot be read.
        """
        try:
            rows = self.store._all("book", subject, after)
            return [Written(seq, from_text(at), _ENTRY.decode(data)) for seq, at, _, _, data, _ in rows]
        except msgspec.MsgspecError as error:
            raise StoreDamaged(
                f"{self.store.path}: the book of {subject} cannot be read: {error}",
                f"{self.store.path} 已损坏:{subject} 的演练记录读不出({error})。"
                "文件原样未动;请恢复备份:emergency restore 备份文件",
            ) from error

    def verify(self, subject: str) -> int:
        """Return how many entries the book has, after recomputing its chain.

        Raises:
            StoreDamaged: names the first entry that is not what was written.
        """
        with self.store.one_view():
            rows, last = self.store._all("book", subject, 0), self.store._one("book_head", subject)
        head, seq = "", 0
        for seq, (number, at, kind, v, data, hash) in enumerate(rows, start=1):
            head = codec.chain(head, f"book:{subject}", seq, at, kind, v, data)
            if number != seq or hash != head:
                raise StoreDamaged(
                    f"{self._name(subject)}: the book is broken at entry {seq}: it is not what was written",
                    f"{self._name(subject)}:演练记录第 {seq} 条被改动过,与当初写入的不符。请保留原件,对照备份查明",
                )
        if (seq, head) != ((last[0], last[1]) if last else (0, "")):
            raise StoreDamaged(
                f"{self._name(subject)}: the book is broken after entry {seq}: entries are missing at its end",
                f"{self._name(subject)}:演练记录在第 {seq} 条之后断了,末尾缺少记录。请保留原件,对照备份查明",
            )
        return seq

    def _name(self, subject: str) -> str:
        """Return under which code people know the subject of a book."""
        drill = self.drill(subject)
        row = self.store.incident(subject) if drill is None else None
        return drill.code if drill is not None else row.code if row is not None else subject


def _drill(row: Any) -> DrillRow | None:
    if row is None:
        return None
    id, code, kind, playbook, scenario, incident, planned, begins, ended = row
    return DrillRow(
        id=id, code=code, kind=kind, playbook=playbook, scenario=scenario, incident=incident,
        planned_at=from_text(planned), begins_at=from_text(begins) if begins else None,
        ended_at=from_text(ended) if ended else None,
    )  # fmt: skip
