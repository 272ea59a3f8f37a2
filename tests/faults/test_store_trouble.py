"""The store is locked or full: what was decided still goes out; nothing is acknowledged that was not stored."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from emergency.app import App
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.values import Channel
from emergency.desk import ThreadDesk
from emergency.engine import Engine
from emergency.errors import StoreBusy
from emergency.notify import Abilities, Inbound, Message, Receipt
from emergency.outbox import STORE_AGAIN
from emergency.store.store import Record, SqliteStore
from emergency.verbs import perform
from tests.installation import sample


class Taker:
    """Takes every real message and remembers it."""

    def __init__(self, channel: Channel) -> None:
        self.name = "taker"
        self.channel: Channel = channel
        self.abilities = Abilities(
            modes=frozenset({"real"}), two_way=True, free_text=True, keypad=True, receipts=False, per_second=1000.0
        )
        self.taken: list[Message] = []

    async def send(self, message: Message) -> Receipt:
        """Take *message*."""
        self.taken.append(message)
        return Receipt(provider="taker", provider_id=f"{self.channel}{len(self.taken)}")

    async def close(self) -> None:
        """Nothing to close."""


def impatient(app: App) -> Engine:
    """An engine whose store gives up at once when it is held."""
    engine = app.engine()
    engine.store._db.execute("pragma busy_timeout = 20")
    return engine


@pytest.fixture
def phones() -> list[Taker]:
    """One taker a channel."""
    return [Taker("sms"), Taker("voice")]


def decided(home: Path, phones: list[Taker]) -> tuple[App, str]:
    """A fire whose first wave waits in the outbox."""
    app = sample(home, phones)
    engine = app.engine()
    opened = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    engine.store.close()
    return app, str(opened["id"])


def test_a_locked_store_does_not_hold_back_what_was_decided(tmp_path: Path, phones: list[Taker]) -> None:
    """Another process holds the database: the first wave leaves once all the same, and is written down later."""
    app, incident = decided(tmp_path, phones)
    holder = sqlite3.connect(tmp_path / "emergency.db", isolation_level=None)

    async def night() -> int:
        desk = ThreadDesk(lambda: impatient(app))
        desk.start()
        outbox = app.outbox(desk)
        holder.execute("begin immediate")
        await outbox.pump()
        left = sum(len(p.taken) for p in phones)
        await outbox.pump()
        assert sum(len(p.taken) for p in phones) == left, "nobody is told twice while nothing can be written"
        holder.execute("rollback")
        app.clock.advance(STORE_AGAIN + timedelta(seconds=1))  # type: ignore[attr-defined]
        await outbox.pump()
        desk.stop()
        return left

    left = asyncio.run(night())
    assert left > 5
    assert sum(len(p.taken) for p in phones) == left
    engine = app.engine()
    sent = [ev for ev, _ in engine.store.history(incident) if isinstance(ev, e.DeliverySent)]
    assert len(sent) == len(engine.incident(incident).deliveries), "every one of them is in the log"
    engine.store.verify(incident)
    engine.store.close()


def test_a_full_disk_does_not_hold_back_what_was_decided(tmp_path: Path, phones: list[Taker]) -> None:
    """No page can be added to the database: the first wave leaves, and is in the log once there is room again."""
    app, incident = decided(tmp_path, phones)
    desks: list[Engine] = []

    def full() -> Engine:
        engine = app.engine()
        _fill(engine.store)
        desks.append(engine)
        return engine

    async def night() -> None:
        desk = ThreadDesk(full)
        desk.start()
        outbox = app.outbox(desk)
        await outbox.pump()
        assert sum(len(p.taken) for p in phones) > 5
        desks[0].store._db.execute("pragma max_page_count = 1073741823")
        app.clock.advance(STORE_AGAIN + timedelta(seconds=1))  # type: ignore[attr-defined]
        await outbox.pump()
        desk.stop()

    asyncio.run(night())
    engine = app.engine()
    assert all(d.status == "sent" for d in engine.incident(incident).deliveries.values())
    engine.store.verify(incident)
    engine.store.close()


def _fill(store: SqliteStore) -> None:
    """Leave no room: the file may not grow any more, and what is free in it is used up."""
    pages = store._db.execute("pragma page_count").fetchone()[0]
    store._db.execute(f"pragma max_page_count = {pages}")
    store._db.execute("create temp table t (x)")
    for size in (3000, 300, 30):
        try:
            for n in range(5000):
                store._db.execute("insert into words values (?, x'00', ?)", (f"fill{size}.{n}", "x" * size))
        except sqlite3.OperationalError:
            continue


def test_a_log_that_grows_meanwhile_is_not_called_broken(
    tmp_path: Path, phones: list[Taker], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody verifies a log while the server writes to it: it is looked at as it stood at one moment."""
    app, incident = decided(tmp_path, phones)
    reader, writer = app.engine(), app.engine()
    lines, records = reader.store.verify(incident), reader.store.records

    def meanwhile(id: str) -> list[Record]:
        writer.handle(incident, c.AddNote(by="console", text=writer.store.seal("smells of oil")))
        return records(id)

    monkeypatch.setattr(reader.store, "records", meanwhile)
    assert reader.store.verify(incident) == lines
    monkeypatch.undo()
    assert reader.store.verify(incident) == lines + 1
    for engine in (reader, writer):
        engine.store.close()


def test_nothing_is_acknowledged_that_was_not_stored(tmp_path: Path, phones: list[Taker]) -> None:
    """A reply that cannot be written down is refused to its face, so that the provider brings it again."""
    app, incident = decided(tmp_path, phones)
    engine = impatient(app)
    person = engine.incident(incident).holders("duty_manager")[0]
    number = app.people.roster(engine).people[person].numbers[0]
    inbound = Inbound(id="SM1", provider="test", channel="sms", sender=number, text="1")
    holder = sqlite3.connect(tmp_path / "emergency.db", isolation_level=None)
    holder.execute("begin immediate")
    with pytest.raises(StoreBusy, match="held by another process"):
        engine.unit(lambda en: app.inbox.receive(en, inbound))
    holder.execute("rollback")
    assert not any(a.answered for a in engine.incident(incident).alerts.values())
    outcome = engine.unit(lambda en: app.inbox.receive(en, inbound))
    assert outcome.kind == "acknowledged", "brought again, it counts"
    engine.store.close()
