"""SQLite: log, outbox and timers in one transaction.

WAL with `synchronous=FULL`, one writer at a time by `begin immediate` (a deferred read-then-write by two processes
fails at once in spite of any waiting time). A commit that returned survives a power cut.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from emergency.core import events as e
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.core.values import Channel, Mode, is_drill
from emergency.errors import Conflict, StoreBusy, StoreDamaged, StoreError, StoreTooNew
from emergency.ids import new_salt, seal_of
from emergency.phrases import no_leave
from emergency.store import codec
from emergency.store.codec import from_text, to_text

SCHEMA = 4
MOVED_ON = "刚才别人先写了一步,这次没有记下;请再试一次"
"""What a conflict says in Chinese: somebody wrote first."""
APPLICATION = 0x454D5247
"""`EMRG`: the application id in the file's header; another program's database is refused."""
PATIENCE_MS = 5000
PAGES_SOON = 250
"""A log of so many pages is brought in when there is time (SQLite's own measure is 1,000, within a commit)."""
PAGES_AT_MOST = 20_000
"""A log of so many pages (80 MB) is brought in whoever waits."""


class IncidentRow(msgspec.Struct, frozen=True):
    """What the store knows of an incident without reading its log."""

    id: str
    code: str
    mode: Mode
    playbook: str
    place: str
    opened_at: datetime
    closed_at: datetime | None
    version: int
    head: str


class Record(msgspec.Struct, frozen=True):
    """One line of the log as it stands. data: JSON."""

    seq: int
    at: str
    kind: str
    v: int
    data: bytes
    hash: str


class OutboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One message on its way. line: JSON, the words without names."""

    id: str
    incident: str | None
    alert: str | None
    person: str
    channel: str
    mode: Mode
    number: int
    urgency: int
    attempt: int
    line: bytes
    queued_at: datetime
    expires_at: datetime
    status: str = "queued"
    claimed_by: str = ""
    claimed_at: datetime | None = None
    provider: str = ""
    provider_id: str = ""


class ProofRow(msgspec.Struct, frozen=True):
    """One test of a telephone, and when it was taken by the provider, delivered, answered; failed: the reason.

    number: which of the person's numbers, counted from 0 in the roster with the digest `roster`.
    """

    id: str
    person: str
    channel: Channel
    number: int
    roster: str
    code: str
    asked_at: datetime
    taken_at: datetime | None = None
    delivered_at: datetime | None = None
    answered_at: datetime | None = None
    failed: str = ""
    provider: str = ""
    provider_id: str = ""


class TimerRow(msgspec.Struct, frozen=True):
    """One wake-up."""

    incident: str
    name: str
    due: datetime


def _named_queries() -> dict[str, str]:
    files = (f for f in resources.files("emergency.store").iterdir() if f.name.endswith(".sql"))
    parts = [part for file in files for part in file.read_text("utf-8").split("-- name: ")[1:]]
    return {part.split("\n", 1)[0].strip(): part.split("\n", 1)[1].strip() for part in parts}


Q = _named_queries()


class SqliteStore:
    """One open database. Not for two threads at once: each opens its own, or one owns it."""

    def __init__(self, path: Path | str, *, create: bool = True, salt: Callable[[], bytes] = new_salt) -> None:
        """Open the database at *path*, and lift it to this release's schema.

        Args:
            salt: what the seals of words are made with; one that counts gives the same log for the same night.

        Raises:
            StoreDamaged, StoreTooNew, StoreError: the file was left as it is.
        """
        self.path = str(path)
        self.salt = salt
        self._depth = 0
        self._db = _open(self.path, create=create)
        try:
            self._lift()
        except BaseException:
            self._db.close()
            raise

    def leave_checkpoints(self) -> None:
        """Let the log in front of the database grow while somebody else brings it in (`checkpoint`): a commit that
        had to do it would wait for ten times its own length."""
        self._db.execute(f"pragma wal_autocheckpoint = {PAGES_AT_MOST}")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _lift(self) -> None:
        with _speaking(self.path):
            self._db.execute("begin")  # one view of all three: another process may be making the schema just now
            try:
                tables = self._db.execute("select count(*) from sqlite_master").fetchone()[0]
                version = self._db.execute("pragma user_version").fetchone()[0]
                application = self._db.execute("pragma application_id").fetchone()[0]
            finally:
                self._db.execute("rollback")
        if tables and application != APPLICATION:
            raise StoreDamaged(
                f"{self.path} is a database of another program; name ours with EMERGENCY_DATABASE",
                f"{self.path} 是别的程序的数据库。请用 EMERGENCY_DATABASE 指定本程序的",
            )
        if version > SCHEMA:
            raise StoreTooNew(
                f"{self.path} was written by a later release (schema {version}; this one knows {SCHEMA}). "
                "It was left as it is; install that release again",
                f"{self.path} 由更新的版本写成(数据库版本 {version},本程序只认到 {SCHEMA})。"
                "文件原样未动;请重新安装那个版本",
            )
        if version < SCHEMA:
            self._migrate(version)

    def _migrate(self, version: int) -> None:
        with _speaking(self.path):
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma foreign_keys = off")  # a table that is made anew must not empty those that name it
            self._db.execute("begin immediate")
            try:
                version = self._db.execute("pragma user_version").fetchone()[0]
                for number, script in _migrations():
                    if number > version:
                        for statement in _statements(script):
                            self._db.execute(statement)
                self._db.execute(f"pragma application_id = {APPLICATION}")
                self._db.execute(f"pragma user_version = {SCHEMA}")
                self._db.execute("commit")
            except BaseException:
                self._db.execute("rollback")
                raise
            finally:
                self._db.execute("pragma foreign_keys = on")

    @property
    def in_transaction(self) -> bool:
        """Whether a block of `transaction` is open."""
        return self._depth > 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block or nothing of it; a block within a block may fail alone."""
        inner = self._depth > 0
        name = f"level{self._depth}"
        self._depth += 1
        try:
            with _speaking(self.path):
                self._db.execute(f"savepoint {name}" if inner else "begin immediate")
            try:
                yield
                with _speaking(self.path):
                    self._db.execute(f"release {name}" if inner else "commit")
            except BaseException:
                self._roll_back(f"rollback to {name}" if inner else "rollback")
                raise
        finally:
            self._depth -= 1

    @contextmanager
    def one_view(self) -> Iterator[None]:
        """Let all reads of the block see the same moment, whatever others write meanwhile; the block writes nothing."""
        outer = self._db.in_transaction
        if not outer:
            with _speaking(self.path):
                self._db.execute("begin")
        try:
            yield
        finally:
            if not outer:
                self._roll_back("rollback")

    def _roll_back(self, statement: str) -> None:
        if self._db.in_transaction:  # a full disk may have rolled back already
            self._db.execute(statement)

    def _all(self, query: str, *values: Any) -> list[Any]:
        with _speaking(self.path):
            return self._db.execute(Q[query], values).fetchall()

    def _one(self, query: str, *values: Any) -> Any:
        with _speaking(self.path):
            return self._db.execute(Q[query], values).fetchone()

    def _do(self, query: str, *values: Any) -> int:
        with _speaking(self.path):
            return self._db.execute(Q[query], values).rowcount

    def _many(self, query: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            with _speaking(self.path):
                self._db.executemany(Q[query], rows)

    # incidents and their log

    def incident(self, id: str) -> IncidentRow | None:
        """Return the incident with this id, or None."""
        return _incident(self._one("incident", id))

    def incident_by_code(self, code: str) -> IncidentRow | None:
        """Return the latest incident that bore this code, or None."""
        return _incident(self._one("incident_by_code", code))

    def open_incidents(self) -> list[IncidentRow]:
        """Return the incidents that are not closed, oldest first."""
        return [row for row in map(_incident, self._all("open_incidents")) if row]

    def all_incidents(self) -> list[IncidentRow]:
        """Return every incident, oldest first."""
        return [row for row in map(_incident, self._all("all_incidents")) if row]

    def next_code(self, letter: str, mode: Mode, now: datetime, keep: timedelta) -> str:
        """Return a code that nobody can still answer to: not open, and not of an incident younger than *keep*.

        Real codes are a letter and two or more digits, drill codes begin with X: one cannot be read as the other.
        """
        prefix = ("X" if is_drill(mode) else "") + letter
        since = to_text(now - keep)
        taken = {code for (code,) in self._all("codes_in_use", f"{prefix}[0-9]*", since, since)}
        last = self._one("last_code", f"{prefix}[0-9]*")
        start = int(last[0][len(prefix) :]) if last else 0
        order = itertools.chain(range(start + 1, 100), range(1, min(start + 1, 100)), range(100, 10000))
        return next(code for n in order if (code := f"{prefix}{n:02d}") not in taken)

    def history(self, id: str, after: int = 0) -> list[tuple[e.AnyEvent, datetime]]:
        """Return the events of an incident later than number *after*, each with its moment, in order.

        Raises:
            StoreDamaged: a line cannot be read.
        """
        return [(self._event(id, record), from_text(record.at)) for record in self.records(id, after)]

    def _event(self, id: str, record: Record) -> e.AnyEvent:
        try:
            return codec.decode(record.kind, record.v, record.data, self._fetch)
        except ValueError as error:
            raise StoreDamaged(
                f"{self.path}: incident {id}, event {record.seq}: {error}",
                f"{self.path} 已损坏:事件 {id} 第 {record.seq} 行读不出({error})。"
                "文件原样未动;请恢复备份:emergency restore 备份文件",
            ) from error

    def _fetch(self, digest: str) -> bytes:
        row = self._one("document", digest)
        if row is None:
            raise StoreDamaged(
                f"{self.path}: document {digest[:12]} is missing",
                f"{self.path} 已损坏:缺少文档 {digest[:12]}。文件原样未动;请恢复备份:emergency restore 备份文件",
            )
        return bytes(row[0])

    def records(self, id: str, after: int = 0) -> list[Record]:
        """Return the lines of an incident's log later than number *after*, as they stand."""
        return [Record(*row) for row in self._all("history", id, after)]

    def last_line(self) -> datetime | None:
        """Return the moment of the latest line in the log of any open incident, or None."""
        row = self._one("last_line")
        return from_text(row[0]) if row[0] else None

    def append(self, id: str, after: int, events: Sequence[e.AnyEvent], at: datetime) -> None:
        """Write *events* behind number *after*; the first of an incident is its opening.

        Raises:
            Conflict: somebody wrote behind that number before.
        """
        when = to_text(at)
        row = self._one("incident", id)
        head = str(row[8]) if row else ""
        if (row[7] if row else 0) != after:
            raise Conflict(f"incident {id} has moved on from event {after}", MOVED_ON)
        opening = events[0]
        lines = []
        for seq, event in enumerate(events, start=after + 1):
            data = codec.encode(event)
            kind = type(event).__name__
            head = codec.chain(head, id, seq, when, kind, codec.VERSION, data)
            lines.append((id, seq, when, kind, codec.VERSION, data, head))
        if row is None:
            if not isinstance(opening, e.IncidentOpened):
                raise ValueError("the first event of an incident is its opening")
            self._keep_documents(opening)
            self._do(
                "insert_incident",
                id,
                opening.code,
                opening.mode,
                opening.playbook.id,
                opening.place,
                when,
                len(lines),
                head,
            )
        self._many("insert_event", lines)
        if row is not None and self._do("move_incident", after + len(lines), head, None, id, after) != 1:
            raise Conflict(f"incident {id} has moved on from event {after}", MOVED_ON)

    def close_incident(self, id: str, at: datetime) -> None:
        """Mark an incident as closed and let go of its timers."""
        with _speaking(self.path):
            self._db.execute("update incident set closed_at = coalesce(closed_at, ?) where id = ?", (to_text(at), id))
        self._do("clear_timers", id)

    def _keep_documents(self, opening: e.IncidentOpened) -> None:
        documents: tuple[tuple[str, Playbook | Site], ...] = (("playbook", opening.playbook), ("site", opening.site))
        for kind, value in documents:
            self._do("put_document", codec.document_digest(value), kind, codec.encode_document(value))

    def verify(self, id: str) -> int:
        """Return how many lines the log of an incident has, after recomputing its whole chain.

        Raises:
            StoreDamaged: names the first line that is not what was written.
        """
        with self.one_view():
            row, records = self.incident(id), self.records(id)
        if row is None:
            raise StoreDamaged(f"{self.path}: there is no incident {id}", f"{self.path}:没有事件 {id}")
        head, seq = "", 0
        for seq, record in enumerate(records, start=1):
            head = codec.chain(head, id, seq, record.at, record.kind, record.v, record.data)
            if record.seq != seq or head != record.hash:
                raise StoreDamaged(
                    f"{row.code}: the log is broken at line {seq}: it is not what was written",
                    f"{row.code}:日志第 {seq} 行被改动过,与当初写入的不符。请保留原件,对照备份查明",
                )
        if seq != row.version or head != row.head:
            raise StoreDamaged(
                f"{row.code}: the log is broken after line {seq}: lines are missing at its end",
                f"{row.code}:日志在第 {seq} 行之后断了,末尾缺少记录。请保留原件,对照备份查明",
            )
        return seq

    # outbox

    def queue(self, *rows: OutboxRow) -> None:
        """Put messages in line; the same id twice is one message."""
        self._many(
            "queue",
            [
                (
                    row.id, row.incident, row.alert, row.person, row.channel, row.mode, row.number, row.urgency,
                    row.line, to_text(row.queued_at), to_text(row.queued_at), to_text(row.expires_at),
                )
                for row in rows
            ],
        )  # fmt: skip

    def drop(self, id: str) -> None:
        """Take a message back that nobody has claimed."""
        self._do("drop", id)

    def queued(self, mode: Mode, channel: str, now: datetime, limit: int) -> list[OutboxRow]:
        """Return the messages that may go now, most urgent first."""
        return [_outbox(row) for row in self._all("queued", mode, channel, to_text(now), limit)]

    def queued_beside(self, row: OutboxRow, now: datetime) -> list[OutboxRow]:
        """Return everything that may go now to the same telephone as *row*, which is one of them; also what was held
        back so that this telephone gets fewer messages, and was never tried: beside *row* it makes no more of them."""
        found = [_outbox(each) for each in self._all("queued_beside", row.person, row.channel, to_text(now))]
        return [each for each in found if each.number == row.number and each.mode == row.mode]

    def on_the_line(self, since: datetime) -> frozenset[str]:
        """Return who is being called: a call to them began after *since* and has not ended as far as we know."""
        return frozenset(row[0] for row in self._all("on_the_line", to_text(since)))

    def hold(self, ids: Iterable[str], until: datetime) -> None:
        """Let waiting messages wait until then."""
        for id in ids:
            self._do("hold", to_text(until), id)

    def claim(self, ids: Iterable[str], worker: str, now: datetime) -> list[str]:
        """Mark messages as being sent by *worker*; return those that it got."""
        return [id for id in ids if self._do("claim", worker, to_text(now), id)]

    def mark_sent(self, id: str, provider: str, provider_id: str) -> None:
        """A provider has the message."""
        self._do("sent", provider, provider_id, id)

    def mark_ended(self, id: str, status: str, reason: str = "") -> None:
        """The message is delivered or failed; an end never goes back."""
        self._do("ended", status, reason, id, status)

    def requeue(self, id: str, not_before: datetime, reason: str) -> bool:
        """Put a message back in line for later; return False when a report has ended it meanwhile."""
        return self._do("requeue", to_text(not_before), reason, id) == 1

    def mark_unknown(self, id: str, reason: str) -> None:
        """Nobody knows what became of the message, unless a report has said so meanwhile."""
        self._do("unknown", reason, id)

    def stranded(self) -> list[OutboxRow]:
        """Return messages that were claimed and have no outcome, most urgent first."""
        rows = self._all("stranded")
        return [
            msgspec.structs.replace(
                _outbox(row[:12]),
                status=row[12],
                claimed_by=row[13] or "",
                claimed_at=from_text(row[14]) if row[14] else None,
            )
            for row in rows
        ]

    def awaiting_receipt(self, since: datetime, limit: int) -> list[OutboxRow]:
        """Return messages that a provider accepted after *since* and has not reported on."""
        rows = self._all("awaiting_receipt", to_text(since), limit)
        return [
            msgspec.structs.replace(_outbox(row[:12]), provider=row[12], provider_id=row[13], status="sent")
            for row in rows
        ]

    def delivery(self, id: str) -> OutboxRow | None:
        """Return one message by its id, or None."""
        row = self._one("delivery", id)
        return msgspec.structs.replace(_outbox(row[:12]), status=row[12], provider_id=row[13] or "") if row else None

    def why_waiting(self, incident: str) -> dict[str, str]:
        """Return, for messages of an incident that were tried and wait for another try, id to reason."""
        return dict(self._all("why_waiting", incident))

    def merged_with(self, provider_id: str) -> list[str]:
        """Return the ids of the messages that went out together under *provider_id*."""
        return [row[0] for row in self._all("merged_with", provider_id)]

    def went_with(self, id: str) -> list[str]:
        """Return the ids of the messages that were claimed together with *id*, before a provider named them."""
        return [row[0] for row in self._all("went_with", id)]

    def known_provider_ids(self, person: str) -> frozenset[str]:
        """Return the provider's ids of what was sent to *person*."""
        return frozenset(row[0] for row in self._all("known_provider_ids", person))

    def outbox_counts(self) -> dict[tuple[str, str], int]:
        """Return (channel, status) to how many messages."""
        return {(row[0], row[1]): row[2] for row in self._all("outbox_counts")}

    def held_up(self, now: datetime) -> list[tuple[str, str]]:
        """Return (channel, reason) of messages that were tried, and wait because their provider did not take them."""
        return [(row[0], row[1]) for row in self._all("held_up", to_text(now))]

    def on_their_way(self, now: datetime) -> bool:
        """Return whether any message waits that may still go, or has no outcome yet."""
        return bool(self._one("on_their_way", to_text(now))[0])

    def next_queued(self, mode: Mode, channel: str) -> datetime | None:
        """Return when the next waiting message may go that way, or None when none waits."""
        row = self._one("next_queued", mode, channel)
        return from_text(row[0]) if row and row[0] else None

    # timers

    def set_timers(self, incident: str, due: Mapping[str, datetime | None]) -> None:
        """Keep wake-ups, by name; the same name moves one, and None lets go of it."""
        self._many("set_timer", [(incident, name, to_text(at)) for name, at in due.items() if at is not None])
        self._many("clear_timer", [(incident, name) for name, at in due.items() if at is None])

    def due_timers(self, now: datetime, limit: int = 100) -> list[TimerRow]:
        """Return the wake-ups whose time has come, oldest first."""
        return [TimerRow(row[0], row[1], from_text(row[2])) for row in self._all("due_timers", to_text(now), limit)]

    def next_timer(self) -> datetime | None:
        """Return the moment of the first wake-up, or None."""
        row = self._one("next_timer")
        return from_text(row[0]) if row and row[0] else None

    # what comes in

    def first_time(self, id: str, at: datetime, channel: str, person: str | None) -> bool:
        """Write down that a message came; return False when it had come before."""
        return self._do("first_time", id, to_text(at), channel, person) == 1

    def inbound_outcome(self, id: str, outcome: str, incident: str | None) -> None:
        """Write down what a message did."""
        self._do("inbound_outcome", outcome, incident, id)

    def inbound_count(self, person: str, since: datetime, outcome: str) -> int:
        """Return how many messages of *person* since then had this outcome."""
        return int(self._one("inbound_count", person, to_text(since), outcome)[0])

    def inbound_since(self, person: str, since: datetime) -> int:
        """Return how many messages of *person* came since then."""
        return int(self._one("inbound_since", person, to_text(since))[0])

    # tests of telephones

    def alerts_going_out(self, now: datetime) -> int:
        """Return how many messages of real incidents go out just now, or could."""
        return int(self._one("alerts_going_out", to_text(now))[0])

    def begin_proof(self, row: ProofRow) -> None:
        """Write down that a telephone is about to be tested."""
        self._do(
            "begin_proof", row.id, row.person, row.channel, row.number, row.roster, row.code, to_text(row.asked_at)
        )

    def proof(self, id: str) -> ProofRow | None:
        """Return one test by its id, or None."""
        return _proof(self._one("proof", id))

    def proofs_since(self, since: datetime) -> list[ProofRow]:
        """Return the tests later than *since*, oldest first."""
        return [row for row in map(_proof, self._all("proofs_since", to_text(since))) if row]

    def proof_by_code(self, person: str, code: str, since: datetime) -> ProofRow | None:
        """Return the last test by text that asked this person for this code since then, or None."""
        return _proof(self._one("proof_by_code", person, code, to_text(since)))

    def last_tested(self, person: str) -> datetime | None:
        """Return when this person was tested last, or None."""
        row = self._one("last_tested", person)
        return from_text(row[0]) if row and row[0] else None

    def proof_taken(self, id: str, at: datetime, provider: str, provider_id: str) -> None:
        """A provider has taken the test message."""
        self._do("proof_taken", to_text(at), provider, provider_id, id)

    def proof_delivered(self, id: str, at: datetime) -> None:
        """The test message reached the telephone, unless it was said to have failed."""
        self._do("proof_delivered", to_text(at), id)

    def proof_answered(self, id: str, at: datetime) -> None:
        """The telephone has answered; the first answer counts."""
        self._do("proof_answered", to_text(at), id)

    def proof_failed(self, id: str, reason: str) -> None:
        """The test message will not arrive, unless it was answered."""
        self._do("proof_failed", reason, id)

    # words, documents, heartbeat, counters

    def seal(self, text: str) -> str:
        """Keep words beside the log and return the seal that stands for them there."""
        seal, salt = seal_of(text, self.salt())
        self._do("keep_words", seal, salt, text)
        return seal

    def words(self, seals: Iterable[str]) -> dict[str, str]:
        """Return seal to words; forgotten ones are left out."""
        found = ((seal, self._one("words", seal)) for seal in seals)
        return {seal: row[0] for seal, row in found if row}

    def put_current(self, name: str, kind: str, body: bytes, at: datetime) -> None:
        """Make *body* what holds now under *name*; what held before stays among the documents."""
        digest = codec.digest(body)
        self._do("put_document", digest, kind, body)
        self._do("set_current", name, digest, to_text(at))

    def current_digest(self, name: str) -> str | None:
        """Return the digest of what holds now under *name*, or None."""
        row = self._one("current", name)
        return row[0] if row else None

    def document(self, digest: str) -> bytes:
        """Return a document by its digest. Raises StoreDamaged when it is not there."""
        return self._fetch(digest)

    def current(self, name: str) -> bytes | None:
        """Return what holds now under *name*, or None."""
        row = self._one("current", name)
        return self._fetch(row[0]) if row else None

    def beat(self, name: str, at: datetime, worker: str, says: str = "") -> None:
        """Write down that *worker* is alive."""
        self._do("beat", name, to_text(at), worker, says)

    def heartbeat(self, name: str) -> tuple[datetime, str, str] | None:
        """Return when *name* last beat, which worker that was and what it said; or None."""
        row = self._one("heartbeat", name)
        return (from_text(row[0]), row[1], row[2]) if row else None

    def stop_beating(self, name: str, worker: str) -> None:
        """Take the heartbeat of *worker* away: it ended on purpose."""
        self._do("stop_beating", name, worker)

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter."""
        self._do("count", name, by)

    def counters(self) -> dict[str, int]:
        """Return every counter."""
        return dict(self._all("counters"))

    def data_version(self) -> int:
        """Return a number that changes when another connection has written (costs microseconds)."""
        with _speaking(self.path):
            return int(self._db.execute("pragma data_version").fetchone()[0])

    def integrity(self) -> str:
        """Return `ok`, or what SQLite finds wrong with the file."""
        with _speaking(self.path):
            return str(self._db.execute("pragma quick_check(5)").fetchone()[0])


def checkpoint(path: Path) -> None:
    """Bring what was written into the database file, as far as nobody waits for it; holds up no writer."""
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size > PAGES_SOON * 4096:
        with _speaking(str(path)), contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("pragma wal_checkpoint(passive)")


def _open(path: str, *, create: bool) -> sqlite3.Connection:
    with _speaking(path):
        if path == ":memory:":
            db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        else:
            file = Path(path)
            if not file.exists() and not create:
                raise StoreError(
                    f"{path} does not exist; make an installation with: emergency init --sample",
                    f"没有数据库 {path}。请先建立安装:emergency init --sample",
                )
            _readable(file)
            db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=PATIENCE_MS / 1000)
        db.execute(f"pragma busy_timeout = {PATIENCE_MS}")
        db.execute("pragma synchronous = full")
        db.execute("pragma foreign_keys = on")
        return db


def _readable(file: Path) -> None:
    """Refuse what is no database before SQLite touches it."""
    if not file.exists():
        return
    with file.open("rb") as stream:
        head = stream.read(16)
    if head and head != b"SQLite format 3\0":
        raise StoreDamaged(
            f"{file} is not a database, or its beginning is damaged. It was left as it is; restore a backup",
            f"{file} 不是数据库,或开头已损坏。文件原样未动;请恢复备份:emergency restore 备份文件",
        )
    with file.open("r+b"):
        pass  # opening for writing tells at once, and in plain words, when that is not allowed


@contextmanager
def _speaking(path: str) -> Iterator[None]:
    """Turn the driver's errors into ours, with what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            raise StoreBusy(
                f"{path} is held by another process; try again", f"数据库 {path} 正被别的程序占用;请稍后再试"
            ) from error
        if "full" in text:
            raise StoreBusy(
                f"no room to write {path}: the disk is full; make room", f"磁盘已满,{path} 写不进;请清出空间"
            ) from error
        if "readonly" in text:
            raise StoreError(*no_leave(path)) from error
        raise StoreError(f"{path}: {text}", f"数据库 {path} 出错:{text}。查看:emergency doctor") from error
    except sqlite3.IntegrityError as error:
        raise Conflict(str(error), MOVED_ON) from error
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(
            f"{path} is damaged ({error}). It was left as it is; restore a backup",
            f"数据库 {path} 已损坏({error})。文件原样未动;请恢复备份:emergency restore 备份文件",
        ) from error
    except PermissionError as error:
        raise StoreError(*no_leave(path)) from error
    except IsADirectoryError as error:
        raise StoreError(
            f"{path} is a folder, not a database", f"{path} 是文件夹,不是数据库;请核对 EMERGENCY_DATABASE"
        ) from error


def _migrations() -> list[tuple[int, str]]:
    folder = resources.files("emergency.store.migrations")
    files = sorted(f.name for f in folder.iterdir() if f.name.endswith(".sql"))
    return [(int(name[:4]), folder.joinpath(name).read_text("utf-8")) for name in files]


def _statements(script: str) -> Iterator[str]:
    """Split a script at the semicolons that end its statements."""
    pending = ""
    for line in script.splitlines():
        pending += line + "\n"
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


def _incident(row: Any) -> IncidentRow | None:
    if row is None:
        return None
    id, code, mode, playbook, place, opened, closed, version, head = row
    return IncidentRow(
        id, code, mode, playbook, place, from_text(opened), from_text(closed) if closed else None, version, head
    )


def _proof(row: Any) -> ProofRow | None:
    if row is None:
        return None
    id, person, channel, number, roster, code, asked, taken, delivered, answered, failed, provider, provider_id = row
    return ProofRow(
        id,
        person,
        channel,
        number,
        roster,
        code,
        from_text(asked),
        from_text(taken) if taken else None,
        from_text(delivered) if delivered else None,
        from_text(answered) if answered else None,
        failed,
        provider,
        provider_id or "",
    )


def _outbox(row: Any) -> OutboxRow:
    id, incident, alert, person, channel, mode, number, urgency, attempt, line, queued, expires = row
    return OutboxRow(
        id=id,
        incident=incident,
        alert=alert,
        person=person,
        channel=channel,
        mode=mode,
        number=number,
        urgency=urgency,
        attempt=attempt,
        line=line,
        queued_at=from_text(queued),
        expires_at=from_text(expires),
    )
