"""What every store promises: log, outbox and timers in one transaction, and a chain that tells of tampering.

The suite runs over each backend of `make_store`; a second store joins by being added there. What can only happen to a
file (damage, locks, rights) stands at the end, for SQLite alone.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from emergency.core import events as e
from emergency.core.incident import fold
from emergency.core.values import Mode, Severity
from emergency.drills import book
from emergency.engine import Engine
from emergency.errors import Conflict, StoreBusy, StoreDamaged, StoreError, StoreTooNew
from emergency.store import codec
from emergency.store import store as sqlite_store
from emergency.store.drills import Books
from emergency.store.store import OutboxRow, SqliteStore
from tests.fakes import Killed
from tests.small import DAY, MINUTE, NOON, SECOND, House, number, plan, site

KEEP = timedelta(days=30)


class SqliteBackend:
    """A SQLite file; called, it opens one more connection to it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "emergency.db"
        self._open: list[SqliteStore] = []

    def __call__(self) -> SqliteStore:
        """Return another connection."""
        store = SqliteStore(self.path)
        self._open.append(store)
        return store

    def tamper(self, statement: str, *values: Any) -> None:
        """Do to the tables what no code of ours would do."""
        with sqlite3.connect(self.path) as db:
            db.execute("pragma foreign_keys = off")
            assert db.execute(statement, values).rowcount != 0
        db.close()

    def close(self) -> None:
        """Close every connection."""
        for store in self._open:
            store.close()


Backend = SqliteBackend
BACKENDS: dict[str, Callable[[Path], Backend]] = {"sqlite": SqliteBackend}


@pytest.fixture(params=sorted(BACKENDS))
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """Return what opens connections to one empty store."""
    backend = BACKENDS[request.param](tmp_path)
    yield backend
    backend.close()


def opening(id: str = "i1", code: str = "L01", mode: Mode = "real") -> e.IncidentOpened:
    """Return the first event of an incident."""
    return e.IncidentOpened(
        incident=id,
        code=code,
        mode=mode,
        playbook=plan("leak"),
        site=site(),
        place="hall",
        severity=Severity.yellow,
        members=(),
        by="console",
    )


def note(n: int) -> e.NoteAdded:
    """Return an event that can be told from others."""
    return e.NoteAdded(by="console", text=f"seal:{n}")


def written(store: SqliteStore, count: int = 5, id: str = "i1") -> None:
    """Write an incident of *count* lines, a second apart."""
    store.append(id, 0, [opening(id)], NOON)
    for n in range(1, count):
        store.append(id, n, [note(n)], NOON + n * SECOND)


def message(id: str = "i1.1", **changes: Any) -> OutboxRow:
    """Return a message in line."""
    usual: dict[str, Any] = {
        "id": id,
        "incident": "i1",
        "alert": "a1",
        "person": "anna",
        "channel": "sms",
        "mode": "real",
        "number": 0,
        "urgency": 5,
        "attempt": 0,
        "line": b"{}",
        "queued_at": NOON,
        "expires_at": NOON + 30 * MINUTE,
    }
    return OutboxRow(**{**usual, **changes})


# the log


def test_what_was_written_is_read_back(make_store: Backend) -> None:
    """Every event comes back as it was, with its moment, to another connection, plan and site included."""
    events = [opening(), note(1), e.TimerSet(timer="rung:a1", due=NOON + MINUTE)]
    make_store().append("i1", 0, events, NOON)
    read = make_store().history("i1")
    assert [at for _, at in read] == [NOON] * 3
    assert [msgspec.to_builtins(event) for event in events] == [msgspec.to_builtins(event) for event, _ in read]


def test_only_the_newer_part_is_read(make_store: Backend) -> None:
    """A cache asks for what came after it, and gets just that."""
    store = make_store()
    written(store, 5)
    assert [note(3), note(4)] == [event for event, _ in store.history("i1", 3)]


def test_the_second_of_two_writers_is_refused(make_store: Backend) -> None:
    """Whoever writes behind a number that is no longer the last gets Conflict, and nothing of theirs is kept."""
    first, second = make_store(), make_store()
    written(first, 2)
    first.append("i1", 2, [note(2)], NOON)
    with pytest.raises(Conflict):
        second.append("i1", 2, [note(99), note(100)], NOON)
    assert [note(1), note(2)] == [event for event, _ in first.history("i1")][1:]
    assert first.verify("i1") == 3


def test_an_incident_begins_with_its_opening(make_store: Backend) -> None:
    """A log that begins with anything else is a mistake of ours and is refused."""
    with pytest.raises(ValueError, match="opening"):
        make_store().append("i1", 0, [note(1)], NOON)


def test_the_row_of_an_incident_follows_its_log(make_store: Backend) -> None:
    """Version and head move with each line; a closed one leaves the list of the open ones, and is not opened again."""
    store = make_store()
    written(store, 3)
    row = store.incident("i1")
    assert row is not None
    assert (3, store.records("i1")[-1].hash, None) == (row.version, row.head, row.closed_at)
    store.close_incident("i1", NOON + MINUTE)
    store.close_incident("i1", NOON + 9 * MINUTE)
    closed = store.incident("i1")
    assert closed is not None
    assert closed.closed_at == NOON + MINUTE
    assert (store.open_incidents(), [row.id for row in store.all_incidents()]) == ([], ["i1"])


def test_closing_lets_go_of_timers(make_store: Backend) -> None:
    """Nothing wakes a closed incident."""
    store = make_store()
    written(store, 1)
    store.set_timers("i1", {"rung:a1": NOON})
    store.set_timers("i2", {"rung:a1": NOON})
    store.close_incident("i1", NOON)
    assert [timer.incident for timer in store.due_timers(NOON)] == ["i2"]


# one transaction


class Dying:
    """A store whose process ends at the *n*th call of it."""

    def __init__(self, store: SqliteStore, n: int) -> None:
        self._store = store
        self._left = n
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if not callable(method):
            return method

        def called(*values: Any, **more: Any) -> Any:
            self.calls.append(name)
            self._left -= 1
            if self._left == 0:
                raise Killed
            return method(*values, **more)

        return called


def test_an_opening_is_written_whole_or_not_at_all(make_store: Backend) -> None:
    """Wherever the process ends while an incident is opened, log, outbox and timers hold all of it or nothing."""
    house = House(store=make_store())
    house.engine = Engine(Dying(make_store(), 10), house.clock)  # type: ignore[arg-type]
    with pytest.raises(Killed):  # what is looked up once and remembered is looked up here, so that every run is alike
        house.open(id="i1")
    ended_at = set()
    for n in range(1, 100):
        dying = Dying(make_store(), n)
        house.engine = Engine(dying, house.clock)  # type: ignore[arg-type]
        try:
            house.open(id="i1")
        except Killed:
            ended_at.add(dying.calls[-1])
            after = make_store()
            assert (after.all_incidents(), after.outbox_counts(), after.next_timer()) == ([], {}, None)
            continue
        break
    assert {"transaction", "append", "queue", "set_timers"} <= ended_at
    after = make_store()
    incident = fold(after.history("i1"))
    assert incident is not None
    assert len(incident.deliveries) == sum(after.outbox_counts().values()) > 0
    assert set(incident.timers) == {timer.name for timer in after.due_timers(NOON + DAY)}


def test_an_inner_block_may_fail_alone(make_store: Backend) -> None:
    """What a block within a block did is undone, and what stands around it is kept, however deep."""
    store = make_store()

    def fail(name: str, within: Callable[[], None] | None = None) -> None:
        with store.transaction():
            store.count(name)
            if within is not None:
                with pytest.raises(ZeroDivisionError):
                    within()
            raise ZeroDivisionError

    with store.transaction():
        store.count("outer")
        with pytest.raises(ZeroDivisionError):
            fail("inner", lambda: fail("innermost"))
        with store.transaction():
            store.count("second")
    assert make_store().counters() == {"outer": 1, "second": 1}


def test_nothing_is_seen_before_it_is_whole(make_store: Backend) -> None:
    """Another connection sees a transaction only when it has ended well."""
    writer, reader = make_store(), make_store()
    with writer.transaction():
        writer.count("x")
        assert reader.counters() == {}
    assert reader.counters() == {"x": 1}


# the chain


def edited(old: str, new: str) -> str:
    """Return an expression for a line's data with *old* replaced by *new*."""
    return f"cast(replace(cast(data as text), '{old}', '{new}') as blob)"


def test_a_log_that_nobody_touched_is_whole(make_store: Backend) -> None:
    """`verify` counts the lines, by whatever connection."""
    store = make_store()
    written(store, 5)
    assert 5 == store.verify("i1") == make_store().verify("i1")


class Between:
    """Stands before a query of one connection: runs *then* just before the first look for it."""

    def __init__(self, store: SqliteStore, query: str, then: Callable[[], object]) -> None:
        self._one, self._all, self.query, self.then = store._one, store._all, query, then
        store._one = self._hooked(store._one)  # type: ignore[method-assign]
        store._all = self._hooked(store._all)  # type: ignore[method-assign]

    def _hooked(self, look: Callable[..., Any]) -> Callable[..., Any]:
        def looks(query: str, *values: Any) -> Any:
            if query == self.query:
                self.query = ""
                self.then()
            return look(query, *values)

        return looks


@pytest.mark.parametrize("query", ["incident", "history"])
def test_a_log_that_grows_while_it_is_verified_is_whole(make_store: Backend, query: str) -> None:
    """Whoever writes between two looks of `verify` has not damaged anything."""
    writer, reader = make_store(), make_store()
    written(writer, 5)
    between = Between(reader, query, lambda: writer.append("i1", 5, [note(5)], NOON))
    assert reader.verify("i1") in (5, 6)
    assert between.query == ""
    assert writer.verify("i1") == 6


@pytest.mark.parametrize("query", ["book", "book_head"])
def test_a_book_that_grows_while_it_is_verified_is_whole(make_store: Backend, query: str) -> None:
    """Whoever writes between two looks of `verify` has not damaged anything."""
    writer, reader = make_store(), make_store()
    Books(writer).write("i1", book.Resumed(by="anna"), at=NOON)
    between = Between(reader, query, lambda: Books(writer).write("i1", book.Resumed(by="boris"), at=NOON))
    assert Books(reader).verify("i1") in (1, 2)
    assert between.query == ""
    assert Books(writer).verify("i1") == 2


@pytest.mark.parametrize(
    "statements, line",
    [
        pytest.param(
            [f"update event set data = {edited('seal:2', 'seal:7')} where seq = 3"], "line 3", id="changed words"
        ),
        pytest.param(["update event set kind = 'HelpAsked' where seq = 3"], "line 3", id="changed kind"),
        pytest.param(["update event set v = 0 where seq = 3"], "line 3", id="changed version"),
        pytest.param(
            ["update event set at = '2026-03-02T12:00:02.000001Z' where seq = 3"], "line 3", id="changed time"
        ),
        pytest.param(
            [
                "update event set seq = 99 where seq = 3",
                "update event set seq = 3 where seq = 4",
                "update event set seq = 4 where seq = 99",
            ],
            "line 3",
            id="swapped lines",
        ),
        pytest.param(["delete from event where seq = 3"], "line 3", id="removed line"),
        pytest.param(
            ["delete from event where seq = 3", "update event set seq = seq - 1 where seq > 3"],
            "line 3",
            id="removed and closed up",
        ),
        pytest.param(["delete from event where seq = 5"], "after line 4", id="removed tail"),
        pytest.param(["delete from event"], "after line 0", id="removed all"),
        pytest.param(["update event set hash = upper(hash) where seq = 3"], "line 3", id="changed hash"),
        pytest.param(["update incident set head = hash from event where seq = 4"], "after line 5", id="changed head"),
        pytest.param(["update event set incident = 'i2' where seq = 3"], "line 3", id="moved into another incident"),
        pytest.param(
            ["insert into event select incident, 6, at, kind, v, data, hash from event where seq = 5"],
            "line 6",
            id="repeated line",
        ),
    ],
)
def test_tampering_is_found(make_store: Backend, statements: list[str], line: str) -> None:
    """Any change to a written log is found, with the first line that is wrong."""
    store = make_store()
    written(store, 5)
    for statement in statements:
        make_store.tamper(statement)
    with pytest.raises(StoreDamaged, match=f"{line}:"):
        store.verify("i1")


def test_one_chain_cannot_stand_for_another(make_store: Backend) -> None:
    """The same events in two incidents bear different hashes: a log cannot be moved under another name."""
    store = make_store()
    written(store, 3, "i1")
    written(store, 3, "i2")
    hashes = [record.hash for id in ("i1", "i2") for record in store.records(id)]
    assert len(set(hashes)) == 6


def test_an_unknown_incident_has_no_log_to_verify(make_store: Backend) -> None:
    """Asking after an incident that is not there is an error, not a chain of no lines that is whole."""
    with pytest.raises(StoreDamaged, match="no incident i9"):
        make_store().verify("i9")


@pytest.mark.parametrize(
    "statement, says",
    [
        pytest.param("update event set data = substr(data, 1, 9) where seq = 2", "event 2", id="half a line"),
        pytest.param("update event set v = 99 where seq = 2", "version 99", id="of a later release"),
        pytest.param(f"update event set data = {edited('NoteAdded', 'X')} where seq = 2", "event 2", id="kind"),
        pytest.param("delete from document where kind = 'playbook'", "document", id="the plan is gone"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(make_store: Backend, statement: str, says: str) -> None:
    """History with an unreadable line raises StoreDamaged that says where; it is never read as something else."""
    store = make_store()
    store.append("i1", 0, [opening()], NOON)
    store.append("i1", 1, [note(1)], NOON)
    make_store.tamper(statement)
    codec._playbooks.clear()
    with pytest.raises(StoreDamaged, match=says):
        store.history("i1")


# codes


def opened(store: SqliteStore, at: datetime, mode: Mode = "real", closed: datetime | None = None) -> str:
    """Open an incident under the next code, and close it when that is said."""
    code = store.next_code("L", mode, at, KEEP)
    id = f"i{len(store.all_incidents()) + 1}"
    store.append(id, 0, [opening(id, code, mode)], at)
    if closed is not None:
        store.close_incident(id, closed)
    return code


def test_codes_count_up(make_store: Backend) -> None:
    """Codes follow one another, also past incidents that have ended: a number is easier to trust that way."""
    store = make_store()
    assert [opened(store, NOON + n * DAY, closed=NOON + n * DAY) for n in range(3)] == ["L01", "L02", "L03"]


def test_drills_and_reality_never_share_a_code(make_store: Backend) -> None:
    """A drill's code begins with X, counts for itself, and cannot be read as a real one."""
    store = make_store()
    codes = [opened(store, NOON, mode) for mode in ("real", "drill", "real", "drill")]
    assert codes == ["L01", "XL01", "L02", "XL02"]


def ninety_nine(store: SqliteStore, closed: datetime | None) -> None:
    """Use up the codes of two digits on one day."""
    with store.transaction():
        for _ in range(99):
            opened(store, NOON, closed=closed)


@pytest.mark.parametrize(
    "later, code",
    [
        pytest.param(timedelta(days=29), "L100", id="everybody could still answer to the old ones"),
        pytest.param(timedelta(days=31), "L01", id="rested for thirty days"),
    ],
)
def test_codes_rest_before_they_come_again(make_store: Backend, later: timedelta, code: str) -> None:
    """After 99 the count begins anew, but only with codes that have rested for thirty days; else it grows longer."""
    store = make_store()
    ninety_nine(store, closed=NOON)
    assert code == opened(store, NOON + later)


def test_an_open_incident_keeps_its_code(make_store: Backend) -> None:
    """However old, an incident that is open shares its code with nobody."""
    store = make_store()
    ninety_nine(store, closed=None)
    store.close_incident("i7", NOON)
    assert [opened(store, NOON + 400 * DAY), opened(store, NOON + 400 * DAY)] == ["L07", "L100"]


def test_a_code_rests_from_the_end_of_its_incident(make_store: Backend) -> None:
    """The thirty days begin when the incident was closed, not when it was opened."""
    store = make_store()
    with store.transaction():
        for n in range(99):
            opened(store, NOON, closed=NOON + (20 * DAY if n == 0 else timedelta(0)))
    assert opened(store, NOON + 40 * DAY) == "L02"


def test_a_code_names_the_latest_of_its_incidents(make_store: Backend) -> None:
    """When a code has come again, it means the new incident."""
    store = make_store()
    ninety_nine(store, closed=NOON)
    opened(store, NOON + 40 * DAY)
    row = store.incident_by_code("L01")
    assert row is not None
    assert row.id == "i100"


# the outbox


def test_a_message_is_queued_once(make_store: Backend) -> None:
    """The same id twice is one message, and the first words stand."""
    store = make_store()
    store.queue(message(line=b"first"))
    store.queue(message(line=b"second"))
    assert [row.line for row in store.queued("real", "sms", NOON, 10)] == [b"first"]


def test_the_most_urgent_goes_first(make_store: Backend) -> None:
    """Messages come by urgency, then by age; those of another kind or channel, or not yet due, do not come."""
    store = make_store()
    store.queue(message("late", urgency=5, queued_at=NOON - SECOND))
    store.queue(message("later", urgency=5))
    store.queue(message("urgent", urgency=0))
    store.queue(message("drill", mode="drill"))
    store.queue(message("call", channel="voice"))
    store.queue(message("tomorrow", queued_at=NOON + DAY))
    assert [row.id for row in store.queued("real", "sms", NOON, 10)] == ["urgent", "late", "later"]
    assert [row.id for row in store.queued("real", "sms", NOON, 1)] == ["urgent"]
    assert (store.next_queued("real", "sms"), store.next_queued("drill", "voice")) == (NOON - SECOND, None)


def test_what_goes_to_one_telephone_stands_together(make_store: Backend) -> None:
    """Beside a message stand those for the same person, number, channel and kind, and no others."""
    store = make_store()
    for row in (
        message("a"),
        message("b"),
        message("other number", number=1),
        message("other person", person="boris"),
        message("other channel", channel="voice"),
        message("other kind", mode="drill"),
        message("not yet", queued_at=NOON + MINUTE),
    ):
        store.queue(row)
    lead = store.queued("real", "sms", NOON, 1)[0]
    assert {"a", "b"} == {row.id for row in store.queued_beside(lead, NOON)}


def test_two_workers_never_get_the_same_message(make_store: Backend) -> None:
    """However two processes race, each message is claimed by one of them, and none is left."""
    store = make_store()
    with store.transaction():
        for n in range(60):
            store.queue(message(f"m{n}"))

    def take(worker: str) -> list[str]:
        mine = make_store()
        got: list[str] = []
        while rows := mine.queued("real", "sms", NOON, 2):
            with mine.transaction():
                got += mine.claim([row.id for row in rows], worker, NOON)
        return got

    with ThreadPoolExecutor(3) as pool:
        shares = list(pool.map(take, ["1:a", "2:b", "3:c"]))
    assert sorted(f"m{n}" for n in range(60)) == sorted(id for share in shares for id in share)


def test_a_claim_counts_as_an_attempt(make_store: Backend) -> None:
    """A claimed message is written down as being sent, by whom and since when, before any provider is asked."""
    store = make_store()
    store.queue(message())
    assert store.claim(["i1.1", "i1.9"], "7:x", NOON) == ["i1.1"]
    assert store.claim(["i1.1"], "8:y", NOON) == []
    (row,) = make_store().stranded()
    assert (row.status, row.attempt, row.claimed_by, row.claimed_at) == ("sending", 1, "7:x", NOON)


Step = Callable[[SqliteStore], object]
STEPS: dict[str, Step] = {
    "claim": lambda store: store.claim(["i1.1"], "7:x", NOON),
    "sent": lambda store: store.mark_sent("i1.1", "fake", "p1"),
    "delivered": lambda store: store.mark_ended("i1.1", "delivered"),
    "failed": lambda store: store.mark_ended("i1.1", "failed", "30003"),
    "unknown": lambda store: store.mark_unknown("i1.1", "no_answer"),
    "requeue": lambda store: store.requeue("i1.1", NOON, "503"),
    "drop": lambda store: store.drop("i1.1"),
}


@pytest.mark.parametrize(
    "steps, status",
    [
        pytest.param("claim sent delivered", "delivered", id="the usual way"),
        pytest.param("claim delivered sent", "delivered", id="the report beats the answer"),
        pytest.param("claim failed sent", "failed", id="the bad report beats the answer"),
        pytest.param("claim sent failed delivered", "failed", id="failed is an end"),
        pytest.param("claim sent delivered failed", "delivered", id="delivered is an end for a text"),
        pytest.param("claim delivered unknown", "delivered", id="reported, though our request got no answer"),
        pytest.param("claim delivered requeue", "delivered", id="what has arrived is not sent again"),
        pytest.param("claim unknown requeue", "queued", id="without a trace it goes again"),
        pytest.param("claim unknown sent", "sent", id="a trace was found"),
        pytest.param("claim requeue claim sent", "sent", id="the second try"),
        pytest.param("drop claim", "dropped", id="taken back before anyone claimed it"),
        pytest.param("claim drop", "sending", id="too late to take back"),
        pytest.param("drop delivered", "dropped", id="dropped is an end"),
    ],
)
def test_a_status_never_goes_back(make_store: Backend, steps: str, status: str) -> None:
    """A delivery moves forward only: later reports do not undo an end, in whatever order they come."""
    store = make_store()
    store.queue(message())
    for step in steps.split():
        STEPS[step](store)
    row = store.delivery("i1.1")
    assert row is not None
    assert status == row.status


def test_a_call_that_a_machine_took_has_failed(make_store: Backend) -> None:
    """For a call alone, `failed` may follow `delivered`: it was taken, and then it turned out by whom."""
    store = make_store()
    store.queue(message(channel="voice"))
    for step in ("claim", "sent", "delivered", "failed"):
        STEPS[step](store)
    assert store.outbox_counts() == {("voice", "failed"): 1}


def test_messages_that_went_as_one_are_found_by_either_name(make_store: Backend) -> None:
    """By the claim before the provider has named them, by the provider's name afterwards."""
    store = make_store()
    for id, claim in (("a", "7:x/a"), ("b", "7:x/a"), ("c", "7:x/c")):
        store.queue(message(id))
        store.claim([id], claim, NOON)
    assert {"a", "b"} == set(store.went_with("a")) == set(store.went_with("b"))
    store.mark_sent("a", "fake", "p1")
    store.mark_sent("b", "fake", "p1")
    assert ({"a", "b"}, []) == (set(store.merged_with("p1")), store.merged_with("p2"))
    assert frozenset({"p1"}) == store.known_provider_ids("anna")


def test_receipts_are_awaited_for_what_was_accepted(make_store: Backend) -> None:
    """Only messages that were accepted since a moment, and not reported on, are asked after."""
    store = make_store()
    for id, at in (("old", NOON - MINUTE), ("new", NOON), ("ended", NOON)):
        store.queue(message(id, queued_at=at))
        store.claim([id], "7:x", at)
        store.mark_sent(id, "fake", f"p-{id}")
    store.mark_ended("ended", "delivered")
    assert [(row.id, row.provider_id) for row in store.awaiting_receipt(NOON - SECOND, 9)] == [("new", "p-new")]


# timers


def test_timers_fire_in_order(make_store: Backend) -> None:
    """Due timers come oldest first; the same name moves its timer, and a cleared one is gone."""
    store = make_store()
    store.set_timers("i1", {"b": NOON + 2 * SECOND})
    store.set_timers("i1", {"a": NOON + SECOND})
    store.set_timers("i2", {"a": NOON})
    store.set_timers("i2", {"a": NOON + 3 * SECOND})
    store.set_timers("i3", {"gone": NOON})
    store.set_timers("i3", {"gone": None})
    assert store.next_timer() == NOON + SECOND
    assert [(t.incident, t.name) for t in store.due_timers(NOON + 2 * SECOND)] == [("i1", "a"), ("i1", "b")]
    assert [t.incident for t in store.due_timers(NOON + MINUTE, limit=1)] == ["i1"]


# what comes in, words, heartbeat


def test_a_message_from_outside_comes_once(make_store: Backend) -> None:
    """Its id is taken by whoever writes it first, also across connections."""
    first, second = make_store(), make_store()
    assert first.first_time("SM1", NOON, "sms", "anna")
    assert not first.first_time("SM1", NOON, "sms", "anna")
    assert not second.first_time("SM1", NOON + DAY, "voice", None)
    assert second.first_time("SM2", NOON, "sms", None)


def test_a_message_whose_work_failed_may_come_again(make_store: Backend) -> None:
    """The id is taken in the transaction that acts: when the work is undone, so is the taking."""
    store = make_store()

    def fail() -> None:
        with store.transaction():
            assert store.first_time("SM1", NOON, "sms", "anna")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.first_time("SM1", NOON, "sms", "anna")


def test_outcomes_are_counted_by_person_and_time(make_store: Backend) -> None:
    """How often somebody wrote in vain lately is read off what came in."""
    store = make_store()
    for n, (person, at) in enumerate((("anna", NOON), ("anna", NOON - DAY), ("boris", NOON))):
        store.first_time(f"SM{n}", at, "sms", person)
        store.inbound_outcome(f"SM{n}", "unread", None)
    assert (
        store.inbound_count("anna", NOON - MINUTE, "unread"),
        store.inbound_count("anna", NOON - 2 * DAY, "unread"),
        store.inbound_count("anna", NOON - 2 * DAY, "which"),
    ) == (1, 2, 0)


def test_words_are_kept_under_a_seal_that_gives_nothing_away(make_store: Backend) -> None:
    """Each keeping has a seal of its own, so that equal words cannot be told from it; forgotten words leave a gap."""
    store = make_store()
    first, second = store.seal("smoke"), store.seal("smoke")
    assert first != second
    assert {first: "smoke"} == store.words([first, "seal:none"])


def test_what_holds_now_replaces_what_held(make_store: Backend) -> None:
    """A new roster is in force at once, for every connection."""
    store = make_store()
    store.put_current("roster", "roster", b"old", NOON)
    store.put_current("roster", "roster", b"new", NOON)
    assert (make_store().current("roster"), store.current("site")) == (b"new", None)


def test_a_heartbeat_is_taken_away_by_its_own_worker_only(make_store: Backend) -> None:
    """One that ends on purpose does not silence the one that has taken over."""
    store = make_store()
    store.beat("serve", NOON, "7:x", "well")
    store.beat("serve", NOON + SECOND, "8:y")
    store.stop_beating("serve", "7:x")
    assert store.heartbeat("serve") == (NOON + SECOND, "8:y", "")
    store.stop_beating("serve", "8:y")
    assert None is store.heartbeat("serve")


def test_counters_add_up(make_store: Backend) -> None:
    """Counting is safe from several connections."""
    make_store().count("refused")
    make_store().count("refused", 4)
    assert make_store().counters() == {"refused": 5}


def test_what_others_write_is_noticed(make_store: Backend) -> None:
    """The number changes when another connection has written, and not by our own writing or anybody's reading."""
    ours, other = make_store(), make_store()
    before = ours.data_version()
    ours.count("x")
    other.counters()
    assert before == ours.data_version()
    other.count("x")
    assert before != ours.data_version()


# SQLite alone: the file, and those who share it


def run(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Run *code* in a process of its own, and wait until it says that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str], *, kill: bool = False) -> None:
    """Let the process go on to its end, or kill it where it stands."""
    if kill:
        process.kill()
    process.communicate("\n")


IN_A_TRANSACTION = """
import sys
from tests.contract.test_store import *
store = SqliteStore(sys.argv[1])
with store.transaction():
    written(store, 3)
    store.queue(message())
    store.set_timers("i1", {"rung:a1": NOON})
    print("ready", flush=True)
    sys.stdin.readline()
"""

HOLDING_THE_LOCK = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize(
    "kill, rows", [pytest.param(True, 0, id="killed"), pytest.param(False, 1, id="left to end well")]
)
def test_a_process_that_is_killed_leaves_nothing_half_done(tmp_path: Path, kill: bool, rows: int) -> None:
    """kill -9 in the middle of a transaction: not a line of it is there, and the file is sound."""
    path = tmp_path / "emergency.db"
    SqliteStore(path).close()
    end(run(IN_A_TRANSACTION, path), kill=kill)
    store = SqliteStore(path)
    found = (len(store.all_incidents()), sum(store.outbox_counts().values()), len(store.due_timers(NOON)))
    assert ((rows, rows, rows), "ok") == (found, store.integrity())
    store.close()


def test_an_empty_store_is_lifted_to_this_release(tmp_path: Path) -> None:
    """From nothing, or from a file of no bytes, every migration runs once; opening again changes nothing."""
    fresh, empty = tmp_path / "fresh.db", tmp_path / "empty.db"
    empty.touch()
    schemas = []
    for path in (fresh, empty, fresh):
        SqliteStore(path).close()
        with sqlite3.connect(path) as db:
            marks = [db.execute(f"pragma {name}").fetchone()[0] for name in ("user_version", "application_id")]
            schemas.append((marks, db.execute("select name, sql from sqlite_master order by name").fetchall()))
        db.close()
    assert schemas[0][0] == [sqlite_store.SCHEMA, sqlite_store.APPLICATION]
    assert schemas[0] == schemas[1] == schemas[2]
    assert list(range(1, sqlite_store.SCHEMA + 1)) == sorted({number for number, _ in sqlite_store._migrations()})


def test_a_migration_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration is one transaction: after a slip in its middle the file holds no table, and the next try succeeds."""
    path = tmp_path / "emergency.db"
    whole = sqlite_store._migrations()
    broken = [(1, whole[0][1] + "\ncreate table oops (;\n")]
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_store, "_migrations", lambda: broken)
        with pytest.raises(StoreError):
            SqliteStore(path)
    with sqlite3.connect(path) as db:
        assert db.execute("select name from sqlite_master").fetchall() == []
    db.close()
    SqliteStore(path).close()


def test_many_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    """A server and commands that start together on a new installation all get the same store."""
    path = tmp_path / "emergency.db"

    def open_it(n: int) -> None:
        store = SqliteStore(path)
        store.count("opened")
        store.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_it, range(8)))
    store = SqliteStore(path)
    assert store.counters() == {"opened": 8}
    store.close()


def sound(path: Path) -> bytes:
    """Write a store with an incident, and return its bytes."""
    store = SqliteStore(path)
    with store.transaction():
        written(store, 200)
    store._db.execute("pragma wal_checkpoint(truncate)")
    store.close()
    return path.read_bytes()


def other_program(path: Path) -> None:
    """Write a database that is none of ours."""
    with sqlite3.connect(path) as db:
        db.execute("create table photographs (name text)")
    db.close()


def later_release(path: Path) -> None:
    """Write a store of a schema that does not exist yet."""
    sound(path)
    with sqlite3.connect(path) as db:
        db.execute(f"pragma user_version = {sqlite_store.SCHEMA + 1}")
    db.close()


def broken_schema(path: Path) -> None:
    """Overwrite the page that says which tables there are; the first 100 bytes are left."""
    body = sound(path)
    path.write_bytes(body[:100] + b"\xff" * 3996 + body[4096:])


@pytest.mark.parametrize(
    "make, error, says",
    [
        pytest.param(lambda p: p.write_bytes(b"dear diary" * 500), StoreDamaged, "not a database", id="no database"),
        pytest.param(lambda p: p.write_bytes(b"x"), StoreDamaged, "not a database", id="one byte"),
        pytest.param(
            lambda p: p.write_bytes(b"\0" * 100 + sound(p)[100:]), StoreDamaged, "beginning is damaged", id="no head"
        ),
        pytest.param(broken_schema, StoreDamaged, "restore a backup", id="broken schema"),
        pytest.param(other_program, StoreDamaged, "another program", id="another program's"),
        pytest.param(later_release, StoreTooNew, "later release", id="a later release's"),
    ],
)
def test_a_file_that_cannot_be_used_is_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], object], error: type[StoreError], says: str
) -> None:
    """What cannot be opened is refused in plain words with its path, and not a byte of it is changed."""
    path = tmp_path / "emergency.db"
    make(path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(StoreError, match=says) as refused:
        SqliteStore(path)
    assert (error, 5) == (refused.type, refused.value.exit_status)
    assert str(path) in str(refused.value)
    after = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    after.pop("emergency.db-shm", None)  # SQLite's own, beside a file whose head asks for it
    assert after.pop("emergency.db-wal", b"") == b""
    assert before == after


def read_it(path: Path) -> None:
    """Open a store and read all of its incident."""
    store = SqliteStore(path)
    try:
        store.verify("i1")
    finally:
        store.close()


@pytest.mark.parametrize("cut", [pytest.param(0.5, id="half"), pytest.param(0.9, id="the last tenth")])
def test_a_file_that_was_cut_off_is_damaged(tmp_path: Path, cut: float) -> None:
    """A store whose end is missing says so when it is opened, read or checked, and its bytes are left."""
    path = tmp_path / "emergency.db"
    body = sound(path)
    short = body[: int(len(body) * cut) // 4096 * 4096]
    path.write_bytes(short)
    with pytest.raises(StoreDamaged, match=r"restore a backup|the log is broken|cannot be read"):
        read_it(path)
    assert short == path.read_bytes()


def test_a_store_that_should_be_there_is_not_made(tmp_path: Path) -> None:
    """A command on a mistyped home does not begin an empty installation."""
    path = tmp_path / "nowhere" / "emergency.db"
    with pytest.raises(StoreError, match="emergency init"):
        SqliteStore(path, create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "path, says",
    [
        pytest.param("", "folder", id="a folder"),
        pytest.param("missing/emergency.db", "unable to open|no such", id="in a folder that is not there"),
        pytest.param("file/emergency.db", "unable to open|folder|not a directory", id="in a file"),
    ],
)
def test_a_path_that_cannot_be_a_store_is_refused(tmp_path: Path, path: str, says: str) -> None:
    """A path of another sort is a StoreError, never a traceback."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=f"(?i){says}"):
        SqliteStore(tmp_path / path)


@contextmanager
def without_rights() -> Iterator[None]:
    """Be somebody who may do nothing: root could write anywhere, and would see no refusal."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that everybody may look into."""
    folder = Path(tempfile.mkdtemp(prefix="emergency-rights-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "file_mode, folder_mode",
    [pytest.param(0o444, 0o755, id="the file"), pytest.param(0o666, 0o555, id="the folder")],
)
def test_a_store_that_may_not_be_written_is_refused(open_folder: Path, file_mode: int, folder_mode: int) -> None:
    """Without the right to write, opening fails in plain words at once, and not only when an alarm is given."""
    path = open_folder / "emergency.db"
    before = sound(path)
    path.chmod(file_mode)
    open_folder.chmod(folder_mode)
    with without_rights(), pytest.raises(StoreError, match=r"may not be written|unable to open") as refused:
        SqliteStore(path).count("x")
    assert StoreError is refused.type
    assert before == path.read_bytes()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a lock for a moment only."""
    monkeypatch.setattr(sqlite_store, "PATIENCE_MS", 30)


@pytest.mark.usefixtures("impatient")
def test_a_store_that_another_process_holds_is_busy(tmp_path: Path) -> None:
    """While another process writes, ours can read; its writing is StoreBusy, changes nothing, and succeeds later."""
    path = tmp_path / "emergency.db"
    store = SqliteStore(path)
    written(store, 2)
    holder = run(HOLDING_THE_LOCK, path, "begin immediate")
    try:
        assert len(store.history("i1")) == 2
        with pytest.raises(StoreBusy, match="another process"), store.transaction():
            store.count("x")
        with pytest.raises(StoreBusy, match="another process"):
            store.append("i1", 2, [note(2)], NOON)
    finally:
        end(holder)
    with store.transaction():
        store.append("i1", 2, [note(2)], NOON)
    assert (store.verify("i1"), store.counters()) == (3, {})
    store.close()


@pytest.mark.usefixtures("impatient")
def test_a_new_store_that_another_process_holds_is_busy(tmp_path: Path) -> None:
    """Also the first opening waits only so long, and says why."""
    path = tmp_path / "emergency.db"
    holder = run(HOLDING_THE_LOCK, path, "begin exclusive")
    try:
        with pytest.raises(StoreBusy, match="another process"):
            SqliteStore(path)
    finally:
        end(holder)
    SqliteStore(path).close()


def test_the_log_holds_no_number_and_no_name(make_store: Backend) -> None:
    """What is written when an incident opens holds people by roster id only; so does the outbox."""
    house = House(store=make_store())
    incident = house.open()
    said = b"".join(record.data for record in house.store.records(incident.id)) + b"".join(
        row.line for row in house.rows()
    )
    assert b"anna" in said
    assert number("anna").encode() not in said
    assert b"Adler" not in said
