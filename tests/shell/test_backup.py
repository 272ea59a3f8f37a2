"""Backups: taken beside a writer, verified, and put back whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from emergency import backup
from emergency.errors import CommandRefused, StoreDamaged, StoreError
from emergency.store.store import SqliteStore
from emergency.verbs import perform
from tests.installation import sample


def test_a_backup_taken_while_others_write_is_whole(tmp_path: Path) -> None:
    """The copy is made beside a busy writer, and every chain in it holds."""
    app = sample(tmp_path)
    engine = app.engine()
    perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    stop, wrote = threading.Event(), []

    def write() -> None:
        own = app.engine()
        while not stop.is_set() and len(wrote) < 400:
            perform(app.desktop, own, "note", {"text": f"note {len(wrote)}"})
            wrote.append(1)
        own.store.close()

    writer = threading.Thread(target=write)
    writer.start()
    while len(wrote) < 20:
        stop.wait(0.005)
    document = backup.back_up(tmp_path / "emergency.db", tmp_path / "copies" / "one.db", app.clock)
    stop.set()
    writer.join()
    engine.store.close()
    assert document["incidents"] == 1
    assert document["lines"] > 20
    assert backup.check(tmp_path / "copies" / "one.db")["lines"] == document["lines"]
    assert (tmp_path / "copies" / "one.db").stat().st_mode & 0o077 == 0


def test_a_restored_store_goes_on_where_the_backup_was(tmp_path: Path) -> None:
    """After a restore the incidents of the backup are there, and what stood there before is kept beside it."""
    app = sample(tmp_path)
    engine = app.engine()
    opened = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    backup.back_up(tmp_path / "emergency.db", tmp_path / "one.db", app.clock)
    perform(app.desktop, engine, "note", {"text": "after the backup"})
    later = engine.incident(str(opened["id"])).version
    engine.store.close()

    document = backup.restore(tmp_path / "one.db", tmp_path / "emergency.db")

    again = app.engine()
    assert again.incident(str(opened["id"])).version < later
    again.store.close()
    kept = SqliteStore(document["kept"], create=False)
    assert [row.version for row in kept.open_incidents()] == [later]
    kept.close()


def test_a_changed_backup_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    """One byte that differs from what was written is found by the digest; the store in use stays as it is."""
    app = sample(tmp_path)
    copy = tmp_path / "one.db"
    backup.back_up(tmp_path / "emergency.db", copy, app.clock)
    raw = bytearray(copy.read_bytes())
    raw[len(raw) // 2] ^= 1
    copy.write_bytes(bytes(raw))
    before = (tmp_path / "emergency.db").read_bytes()
    with pytest.raises(StoreDamaged, match="digest"):
        backup.restore(copy, tmp_path / "emergency.db")
    assert (tmp_path / "emergency.db").read_bytes() == before


def test_a_backup_without_its_digest_is_refused(tmp_path: Path) -> None:
    """Nobody can tell whether it is whole."""
    app = sample(tmp_path)
    copy = tmp_path / "one.db"
    backup.back_up(tmp_path / "emergency.db", copy, app.clock)
    (tmp_path / "one.db.sha256").unlink()
    with pytest.raises(StoreDamaged, match="digest"):
        backup.restore(copy, tmp_path / "emergency.db")


def test_a_backup_never_overwrites(tmp_path: Path) -> None:
    """A second backup to the same file is refused; a source that is not there is named."""
    app = sample(tmp_path)
    backup.back_up(tmp_path / "emergency.db", tmp_path / "one.db", app.clock)
    with pytest.raises(CommandRefused, match="exists"):
        backup.back_up(tmp_path / "emergency.db", tmp_path / "one.db", app.clock)
    with pytest.raises(StoreError, match="does not exist"):
        backup.back_up(tmp_path / "nothing.db", tmp_path / "two.db", app.clock)
    assert not list(tmp_path.glob("*.part*"))


def test_a_broken_chain_is_not_backed_up(tmp_path: Path) -> None:
    """A copy whose log does not verify is no backup: it is refused and removed."""
    app = sample(tmp_path)
    engine = app.engine()
    perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    engine.store._db.execute("update event set data = x'7b7d' where seq = 3")
    engine.store.close()
    with pytest.raises(StoreDamaged, match="line 3"):
        backup.back_up(tmp_path / "emergency.db", tmp_path / "one.db", app.clock)
    assert not list(tmp_path.glob("one.db*"))
