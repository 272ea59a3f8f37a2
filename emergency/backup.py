"""Copies of the store that are known to be good: taken while it is in use, verified, with a digest beside them."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path
from typing import Any

from emergency.clock import Clock
from emergency.errors import CommandRefused, StoreDamaged, StoreError
from emergency.store.codec import to_text
from emergency.store.store import SqliteStore

Document = dict[str, Any]
DIGEST = ".sha256"
LAST_BACKUP = "backup"


def back_up(source: Path, target: Path, clock: Clock) -> Document:
    """Copy the store at *source* to *target* while others write, verify every chain of the copy, and keep its digest.

    Raises:
        CommandRefused: *target* exists already. StoreError: the copy failed or is not whole; nothing is left of it.
    """
    if target.exists():
        raise CommandRefused(f"{target} exists already; a backup never overwrites another")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        _copy(source, part)
        checked = check(part)
        digest = _digest(part)
        os.replace(part, target)
        _write_durably(target.with_name(target.name + DIGEST), f"{digest}  {target.name}\n")
    finally:
        for leftover in (part, Path(f"{part}-wal"), Path(f"{part}-shm")):
            leftover.unlink(missing_ok=True)
    store = SqliteStore(source, create=False)
    with store.transaction():
        store.beat(LAST_BACKUP, clock.now(), "backup", digest)
    store.close()
    return {"file": str(target), "sha256": digest, "at": to_text(clock.now()), **checked}


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise StoreError(f"{source} does not exist")
    origin = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=10)
    copy = sqlite3.connect(target)
    try:
        origin.backup(copy, pages=256)
        copy.execute("pragma journal_mode = delete")  # one file, no companions
    except sqlite3.Error as error:
        raise StoreError(f"{source} could not be copied: {error}") from error
    finally:
        copy.close()
        origin.close()
    os.chmod(target, 0o600)


def check(path: Path) -> Document:
    """Return how many incidents and log lines the store at *path* holds, after recomputing every chain.

    Raises:
        StoreDamaged: names what is broken.
    """
    store = SqliteStore(path, create=False)
    try:
        found = store.integrity()
        if found != "ok":
            raise StoreDamaged(f"{path} is damaged: {found}")
        rows = store.all_incidents()
        return {"incidents": len(rows), "lines": sum(store.verify(row.id) for row in rows)}
    finally:
        store.close()


def restore(backup: Path, target: Path) -> Document:
    """Put *backup* in the place of the store at *target*; what stood there is kept beside it.

    Raises:
        StoreDamaged: the backup is not what was written; nothing was changed.
    """
    if not backup.exists():
        raise StoreError(f"{backup} does not exist")
    _check_digest(backup)
    part = target.with_name(target.name + ".restoring")
    part.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy(backup, part)
    checked = check(part)
    for leftover in (Path(f"{part}-wal"), Path(f"{part}-shm")):
        leftover.unlink(missing_ok=True)
    kept = _set_aside(target)
    os.replace(part, target)
    return {"file": str(target), "kept": kept, **checked}


def _check_digest(backup: Path) -> None:
    beside = backup.with_name(backup.name + DIGEST)
    if not beside.exists():
        raise StoreDamaged(f"{beside} is missing; without its digest nobody can tell whether the backup is whole")
    if beside.read_text("utf-8").split()[:1] != [_digest(backup)]:
        raise StoreDamaged(f"{backup} is not what was backed up: its digest differs. Take another backup")


def _set_aside(target: Path) -> str | None:
    """Move the old store and its companions away, to the first free name."""
    if not target.exists():
        return None
    number = next(n for n in range(1, 10_000) if not target.with_name(f"{target.name}.before-{n}").exists())
    kept = target.with_name(f"{target.name}.before-{number}")
    for suffix in ("", "-wal", "-shm"):
        old = Path(f"{target}{suffix}")
        if old.exists():
            os.replace(old, Path(f"{kept}{suffix}"))
    return str(kept)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
