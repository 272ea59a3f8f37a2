"""Databases of earlier releases are lifted to this schema with all that they held; one of a later release is refused.

`schema-N.sql` is what a release with schema N has written, as SQL. It is never made again. Whoever adds a migration
dumps a database of the schema before it, made by the code before it, and puts it here.
"""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from emergency.backup import DIGEST, restore
from emergency.clock import VirtualClock
from emergency.core import commands as c
from emergency.core.incident import Incident, fold
from emergency.engine import Engine, Team
from emergency.errors import StoreError, StoreTooNew
from emergency.people import People
from emergency.roster import Reach
from emergency.store import store as sqlite_store
from emergency.store.store import SCHEMA, SqliteStore
from tests.small import NOON

FOLDER = Path(__file__).parent
EARLIER = range(1, SCHEMA)
LATER = NOON + timedelta(days=1)


def old(path: Path, schema: int) -> Path:
    """Make the database that a release with this schema left behind."""
    with sqlite3.connect(path) as db:
        db.executescript((FOLDER / f"schema-{schema}.sql").read_text("utf-8"))
        assert db.execute("pragma user_version").fetchone() == (schema,)
    db.close()
    return path


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every table with its rows."""
    with sqlite3.connect(path) as db:
        names = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
        found = {name: sorted(db.execute(f"select * from {name}"), key=repr) for name in names}
    db.close()
    return found


def schema(path: Path) -> list[tuple[Any, ...]]:
    """Return every table and index as it was made."""
    with sqlite3.connect(path) as db:
        found = db.execute("select type, name, sql from sqlite_master order by name").fetchall()
    db.close()
    return [(kind, name, " ".join(sql.replace('"', "").split()) if sql else None) for kind, name, sql in found]


def test_every_earlier_schema_has_its_database() -> None:
    """A migration without a database to lift is not tested at all."""
    assert [f"schema-{n}.sql" for n in EARLIER] == sorted(file.name for file in FOLDER.glob("*.sql"))


@pytest.mark.parametrize("number", EARLIER)
def test_nothing_is_lost_on_the_way_up(tmp_path: Path, number: int) -> None:
    """Every row of every table is there afterwards, to the byte: log, outbox, timers, words, roster, counters."""
    path = old(tmp_path / "emergency.db", number)
    before = rows(path)
    assert all(before[name] for name in ("incident", "event", "outbox", "timer", "inbound", "words", "document"))

    SqliteStore(path).close()
    after = rows(path)
    assert {name: after[name] for name in before} == before
    with sqlite3.connect(path) as db:
        assert db.execute("pragma user_version").fetchone() == (SCHEMA,)
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    db.close()


@pytest.mark.parametrize("number", EARLIER)
def test_a_lifted_database_is_like_a_new_one(tmp_path: Path, number: int) -> None:
    """The same tables and indexes, whether made at once or step by step."""
    SqliteStore(tmp_path / "new.db").close()
    path = old(tmp_path / "emergency.db", number)
    SqliteStore(path).close()
    assert schema(path) == schema(tmp_path / "new.db")


@pytest.mark.parametrize("number", EARLIER)
def test_an_emergency_goes_on_after_the_upgrade(tmp_path: Path, number: int) -> None:
    """Chains hold, incidents fold, who answers is noted, overdue timers fire, telephones can be tested."""
    store = SqliteStore(old(tmp_path / "emergency.db", number))
    engine = Engine(store, VirtualClock(LATER))
    for row in store.all_incidents():
        assert store.verify(row.id) == row.version
        assert fold(store.history(row.id)) == engine.incident(row.id)
    assert {row.id for row in store.open_incidents()} >= {"golden03", "golden05"}

    alerts = engine.incident("golden05").alerts.values()
    waiting = min((a for a in alerts if a.status == "open" and a.kind == "task"), key=lambda a: a.id)
    engine.handle("golden05", c.Acknowledge(alert=waiting.id, via="sms"))
    assert engine.incident("golden05").alerts[waiting.id].status == "acknowledged"
    assert engine.fire_due(1000) > 0
    assert store.verify("golden05") == engine.incident("golden05").version
    assert "chloe" in People().roster(engine).people
    assert store.proofs_since(NOON) == []
    store.close()


@pytest.mark.parametrize("number", EARLIER)
def test_an_emergency_of_an_earlier_release_is_relieved(tmp_path: Path, number: int) -> None:
    """Nothing woke it at a change of shift: from the first look on it knows who is there, and is woken at the next."""
    store = SqliteStore(old(tmp_path / "emergency.db", number))
    engine, people = Engine(store, VirtualClock(LATER)), People()

    def team(engine: Engine, incident: Incident) -> Team:
        now = engine.clock.now()
        return people.members(engine, Reach(), now, incident.id, incident.mode), people.next_change(engine, now)

    engine.team = team
    going = [incident.id for incident in engine.open_incidents() if not incident.armed and not incident.ended]
    assert going
    assert not any("team" in engine.incident(id).timers for id in going)

    engine.unit(Engine.look_up_teams)

    for id in going:
        assert engine.incident(id).timers["team"] == people.next_change(engine, LATER)
        assert store.verify(id) == engine.incident(id).version
    versions = [engine.incident(id).version for id in going]
    engine.unit(Engine.look_up_teams)
    assert [engine.incident(id).version for id in going] == versions
    store.close()


@pytest.mark.parametrize("number", EARLIER)
def test_an_upgrade_that_breaks_off_leaves_the_old_database(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Power fails in the middle of it: the file is of the old schema still, and the next try succeeds."""
    path = old(tmp_path / "emergency.db", number)
    before, whole = rows(path), sqlite_store._migrations()
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_store, "_migrations", lambda: [(n, s + "\ncreate table oops (;\n") for n, s in whole])
        with pytest.raises(StoreError):
            SqliteStore(path)
    assert rows(path) == before
    SqliteStore(path).close()
    assert set(rows(path)) > set(before)


@pytest.mark.parametrize("number", EARLIER)
def test_a_backup_of_an_earlier_release_can_be_restored(tmp_path: Path, number: int) -> None:
    """Whoever upgrades after a disaster has nothing but the old backup."""
    saved = old(tmp_path / "saved.db", number)
    digest = hashlib.sha256(saved.read_bytes()).hexdigest()
    saved.with_name(f"saved.db{DIGEST}").write_text(f"{digest}  saved.db\n")
    held = rows(saved)

    done = restore(saved, tmp_path / "emergency.db")
    assert (done["incidents"], done["lines"]) == (len(held["incident"]), len(held["event"]))
    assert rows(tmp_path / "emergency.db")["event"] == held["event"]
    assert hashlib.sha256(saved.read_bytes()).hexdigest() == digest


def test_a_database_of_a_later_release_is_left_as_it_is(tmp_path: Path) -> None:
    """What this release cannot understand it must not touch: refused, and the same to the byte."""
    path = tmp_path / "emergency.db"
    SqliteStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("pragma journal_mode = delete")
        db.execute("create table from_the_future (what text)")
        db.execute(f"pragma user_version = {SCHEMA + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match=f"schema {SCHEMA + 1}; this one knows {SCHEMA}"):
        SqliteStore(path)
    assert path.read_bytes() == before
