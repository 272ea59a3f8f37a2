"""The tables of roll calls: who is expected, what was said of each, and the chain of lines that keeps every answer.

A roll call bears the id of its incident. Its lines are chained as the log of an incident is (`codec.chain`), under a
name of their own, so that a line of the one can never stand for a line of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from emergency.core.values import Mode
from emergency.errors import Conflict, StoreDamaged
from emergency.store import codec
from emergency.store.codec import from_text, to_text
from emergency.store.store import MOVED_ON, Record, SqliteStore


class MusterRow(msgspec.Struct, frozen=True, kw_only=True):
    """One roll call. lines: how many there are; head: the hash of the last."""

    incident: str
    code: str
    mode: Mode
    opened_at: datetime
    closed_at: datetime | None
    lines: int
    head: str


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """One person of a roll call. status: nothing yet (''), `safe`, `help` or `away`; place: '' where nobody knows."""

    person: str
    place: str
    place_at: datetime | None
    status: str
    status_at: datetime | None
    reachable: bool
    asked: int


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be put on the list."""

    person: str
    place: str
    place_at: datetime | None = None
    reachable: bool = True


class GuestRow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is not in the roster; two_way: can text back. Name and number are never printed by `repr`."""

    id: str
    name: str
    employer: str
    number: str
    language: str
    two_way: bool = True

    def __repr__(self) -> str:
        return f"GuestRow({self.id})"


class CountRow(msgspec.Struct, frozen=True):
    """How many of one place and status there are, how many of them can be asked, and how many were."""

    place: str
    status: str
    people: int
    reachable: int
    asked: int


class MarkRow(msgspec.Struct, frozen=True):
    """A zone that was swept or given up; reason: a seal, or empty."""

    place: str
    mark: str
    by: str
    at: datetime
    reason: str


class Musters:
    """The roll calls of one store."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    # a roll call and its chain

    def begin(self, incident: str, code: str, mode: Mode, now: datetime) -> MusterRow:
        """Write a roll call down."""
        self._store._do("muster_begin", incident, code, mode, to_text(now))
        return MusterRow(
            incident=incident, code=code, mode=mode, opened_at=now, closed_at=None, lines=0, head=""
        )  # fmt: skip

    def of(self, incident: str) -> MusterRow | None:
        """Return the roll call of an incident, or None."""
        return _muster(self._store._one("muster", incident))

    def by_code(self, code: str) -> MusterRow | None:
        """Return the latest roll call that bore this code, or None."""
        return _muster(self._store._one("muster_by_code", code))

    def of_person(self, person: str) -> list[tuple[MusterRow, str]]:
        """Return the roll calls that expect somebody, latest first, each with what was said last."""
        rows = self._store._all("musters_of", person)
        return [(muster, row[7]) for row in rows if (muster := _muster(row[:7])) is not None]

    def close(self, incident: str, at: datetime | None) -> None:
        """Mark a roll call as closed, or as open again."""
        self._store._do("muster_close", to_text(at) if at else None, incident)

    def append(self, muster: MusterRow, lines: Sequence[tuple[str, bytes]], at: datetime) -> MusterRow:
        """Write lines (kind and JSON) behind the last, and return the roll call after them.

        Raises:
            Conflict: somebody wrote behind that line before.
        """
        when, head, rows = to_text(at), muster.head, []
        for seq, (kind, data) in enumerate(lines, start=muster.lines + 1):
            head = codec.chain(head, _name(muster.incident), seq, when, kind, codec.VERSION, data)
            rows.append((muster.incident, seq, when, kind, codec.VERSION, data, head))
        self._store._many("muster_line", rows)
        after = msgspec.structs.replace(muster, lines=muster.lines + len(rows), head=head)
        if self._store._do("muster_move", after.lines, head, muster.incident, muster.lines) != 1:
            raise Conflict(f"roll call {muster.code} has moved on from line {muster.lines}", MOVED_ON)
        return after

    def lines(self, incident: str, after: int = 0) -> list[Record]:
        """Return the lines later than number *after*, as they stand."""
        return [Record(*row) for row in self._store._all("muster_lines", incident, after)]

    def verify(self, incident: str) -> int:
        """Return how many lines a roll call has, after recomputing its whole chain.

        Raises:
            StoreDamaged: names the first line that is not what was written.
        """
        with self._store.one_view():
            muster, records = self.of(incident), self.lines(incident)
        if muster is None:
            return 0
        head, seq = "", 0
        for seq, record in enumerate(records, start=1):
            head = codec.chain(head, _name(incident), seq, record.at, record.kind, record.v, record.data)
            if record.seq != seq or head != record.hash:
                raise StoreDamaged(
                    f"{muster.code}: the roll call is broken at line {seq}: it is not what was written",
                    f"{muster.code}:点名记录第 {seq} 行被改动过,与当初写入的不符。请保留原件,对照备份查明",
                )
        if seq != muster.lines or head != muster.head:
            raise StoreDamaged(
                f"{muster.code}: the roll call is broken after line {seq}: lines are missing at its end",
                f"{muster.code}:点名记录在第 {seq} 行之后断了,末尾缺少记录。请保留原件,对照备份查明",
            )
        return seq

    # who is expected

    def expect(self, incident: str, people: Iterable[Expected], due: datetime) -> None:
        """Put people on the list, to be asked at *due* where they can be; who stands there already stays as he is."""
        when = to_text(due)
        rows = [
            (
                incident, p.person, p.place, to_text(p.place_at) if p.place_at else None, int(p.reachable),
                when if p.reachable else None,
            )
            for p in people
        ]  # fmt: skip
        self._store._many("muster_expect", rows)

    def person(self, incident: str, person: str) -> PersonRow | None:
        """Return one person of the list, or None."""
        row = self._store._one("muster_person", incident, person)
        return _person(row) if row else None

    def people(self, incident: str, status: str, limit: int | None = None) -> list[PersonRow]:
        """Return everybody of whom this was said last, by place; at most *limit* of them."""
        if limit is None:
            return [_person(row) for row in self._store._all("muster_people", incident, status)]
        return [_person(row) for row in self._store._all("muster_some", incident, status, limit)]

    def everyone(self, incident: str) -> frozenset[str]:
        """Return the ids of all who are expected."""
        return frozenset(row[0] for row in self._store._all("muster_everyone", incident))

    def say(self, incident: str, person: str, status: str, at: datetime) -> None:
        """Keep what was said last of somebody."""
        self._store._do("muster_say", status, to_text(at), incident, person)

    def seen(self, incident: str, person: str, place: str, at: datetime) -> None:
        """Keep where somebody was seen last."""
        self._store._do("muster_seen", place, to_text(at), incident, person)

    def counts(self, incident: str) -> list[CountRow]:
        """Return how many there are of each place and status."""
        return [CountRow(*row) for row in self._store._all("muster_counts", incident)]

    # asking

    def due(self, incident: str, now: datetime, limit: int) -> list[tuple[str, int]]:
        """Return whom to ask now, and how often each was asked before; longest due first."""
        return [(row[0], row[1]) for row in self._store._all("muster_due", incident, to_text(now), limit)]

    def next_due(self, incident: str) -> datetime | None:
        """Return when somebody is to be asked next, or None."""
        row = self._store._one("muster_next_due", incident)
        return from_text(row[0]) if row and row[0] else None

    def asked(self, incident: str, people: Iterable[tuple[str, int, datetime | None]]) -> None:
        """Keep, for each person, how often they were asked and when they are asked again."""
        rows = [(asked, to_text(due) if due else None, incident, person) for person, asked, due in people]
        self._store._many("muster_asked", rows)

    def waiting(self, mode: Mode, channel: str, urgency: int, at_most: int) -> int:
        """Return how many messages as little urgent as *urgency* wait; counts no farther than *at_most*."""
        return int(self._store._one("muster_waiting", mode, channel, urgency, at_most)[0])

    def withdraw(self, incident: str, mode: Mode, channel: str, urgency: int) -> None:
        """Take back the questions of a roll call that nobody has claimed."""
        self._store._do("muster_withdraw", mode, channel, urgency, incident)

    # zones, and people without names

    def mark(self, incident: str, mark: MarkRow) -> None:
        """Keep that a zone was swept or given up; the last word counts."""
        self._store._do("muster_mark", incident, mark.place, mark.mark, mark.by, to_text(mark.at), mark.reason)

    def marks(self, incident: str) -> list[MarkRow]:
        """Return the zones that were swept or given up."""
        rows = self._store._all("muster_zones", incident)
        return [MarkRow(place, mark, by, from_text(at), reason) for place, mark, by, at, reason in rows]

    def group(self, incident: str, place: str, label: str, heads: int) -> None:
        """Keep that so many people without names are in a zone."""
        self._store._do("muster_group", incident, place, label, heads)

    def groups(self, incident: str) -> list[tuple[str, str, int]]:
        """Return the people without names: place, what they are, how many."""
        return [(row[0], row[1], row[2]) for row in self._store._all("muster_groups", incident)]

    # guests

    def add_guests(self, incident: str, guests: Iterable[GuestRow]) -> None:
        """Keep people who are not in the roster."""
        self._store._many(
            "muster_guest", [(g.id, incident, g.name, g.employer, g.number, g.language, int(g.two_way)) for g in guests]
        )  # fmt: skip

    def guest(self, id: str) -> GuestRow | None:
        """Return one of them by id, or None."""
        return _guest(self._store._one("muster_guest_by_id", id))

    def guests(self, incident: str) -> dict[str, GuestRow]:
        """Return those of one roll call, by id."""
        return {row[0]: guest for row in self._store._all("muster_guests", incident) if (guest := _guest(row))}

    def guest_by_number(self, number: str) -> str | None:
        """Return whose number this is: of an open roll call first, then of the latest; or None."""
        row = self._store._one("muster_guest_by_number", number)
        return str(row[0]) if row else None

    def guest_with(self, incident: str, number: str) -> str | None:
        """Return the guest of one roll call who has this number, or None."""
        row = self._store._one("muster_guest_with", incident, number)
        return str(row[0]) if row else None

    def forget_guest(self, id: str) -> None:
        """Let go of a guest's name, employer and number; the lines go on holding the id alone."""
        self._store._do("muster_forget_guest", id)


def guest_names(store: SqliteStore, ids: Iterable[str]) -> Mapping[str, str]:
    """Return id to name of those among *ids* who are guests of a roll call."""
    found = (Musters(store).guest(id) for id in ids)
    return {guest.id: guest.name for guest in found if guest is not None and guest.name}


def _name(incident: str) -> str:
    return f"{incident}/roll"


def _muster(row: Any) -> MusterRow | None:
    if row is None:
        return None
    incident, code, mode, opened, closed, lines, head = row
    return MusterRow(
        incident=incident, code=code, mode=mode, opened_at=from_text(opened),
        closed_at=from_text(closed) if closed else None, lines=lines, head=head,
    )  # fmt: skip


def _person(row: Any) -> PersonRow:
    person, place, place_at, status, status_at, reachable, asked = row
    return PersonRow(
        person=person, place=place, place_at=from_text(place_at) if place_at else None, status=status,
        status_at=from_text(status_at) if status_at else None, reachable=bool(reachable), asked=asked,
    )  # fmt: skip


def _guest(row: Any) -> GuestRow | None:
    if row is None:
        return None
    id, name, employer, number, language, two_way = row
    return GuestRow(
        id=id, name=name, employer=employer, number=number, language=language, two_way=bool(two_way)
    )  # fmt: skip
