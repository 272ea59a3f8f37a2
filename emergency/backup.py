"""Copies of the stores that are known to be good: taken while they are in use, verified, with a digest beside them.

Two files belong to one backup: the installation's own store, and the rehearsals (`emergency.rehearsals.db` beside
`emergency.db`), where there are any. Files that people write (plans, scenarios, programme, model) are in neither.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emergency.clock import Clock
from emergency.errors import CommandRefused, StoreDamaged, StoreError
from emergency.store.codec import to_text
from emergency.store.drills import Books
from emergency.store.holds import open_drills
from emergency.store.store import SqliteStore

Document = dict[str, Any]
DIGEST = ".sha256"
LAST_BACKUP = "backup"


def companion(backup: Path) -> Path:
    """Return where the rehearsals of a backup lie."""
    return backup.with_name(f"{backup.stem}.rehearsals{backup.suffix}")


def back_up(source: Path, target: Path, clock: Clock, rehearsals: Path | None = None) -> Document:
    """Copy the store at *source* to *target* while others write, verify every chain of the copy, and keep its digest.

    Args:
        rehearsals: the store of rehearsals; it goes beside *target* where there is one.

    Raises:
        CommandRefused: *target* exists already. StoreError: a copy failed or is not whole; nothing is left of any.
    """
    beside = companion(target)
    for each in (target, beside):
        if each.exists():
            raise CommandRefused(
                f"{each} exists already; a backup never overwrites another",
                f"{each} 已存在;备份不覆盖旧备份,请换个文件名",
            )
    practice = copy_checked(rehearsals, beside) if rehearsals is not None and rehearsals.exists() else None
    try:
        made = copy_checked(source, target)
    except BaseException:
        for each in (beside, beside.with_name(beside.name + DIGEST)):
            each.unlink(missing_ok=True)
        raise
    store = SqliteStore(source, create=False)
    with store.transaction():
        store.beat(LAST_BACKUP, clock.now(), "backup", made["sha256"])
    store.close()
    return {**made, "at": to_text(clock.now()), "rehearsals": practice}


def copy_checked(source: Path, target: Path) -> Document:
    """Copy one store to *target*, which is not there yet, verify the copy, and keep its digest beside it.

    Raises:
        StoreError: the copy failed or is not whole; nothing is left of it.
    """
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
        _remove(part)
    return {"file": str(target), "sha256": digest, **checked}


def _remove(part: Path) -> None:
    for leftover in (part, Path(f"{part}-wal"), Path(f"{part}-shm")):
        leftover.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise StoreError(f"{source} does not exist", f"没有数据库 {source}。请先建立安装:emergency init --sample")
    origin = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=10)
    copy = sqlite3.connect(target)
    try:
        origin.backup(copy, pages=256)
        copy.execute("pragma journal_mode = delete")  # one file, no companions
    except sqlite3.Error as error:
        raise StoreError(
            f"{source} could not be copied: {error}", f"{source} 复制失败({error})。没有留下备份;请查磁盘空间后再试"
        ) from error
    finally:
        copy.close()
        origin.close()
    os.chmod(target, 0o600)


def check(path: Path) -> Document:
    """Return how many incidents, log lines, drills and entries of books the store at *path* holds, after recomputing
    every chain.

    Raises:
        StoreDamaged: names what is broken.
    """
    store = SqliteStore(path, create=False)
    try:
        found = store.integrity()
        if found != "ok":
            raise StoreDamaged(f"{path} is damaged: {found}", f"{path} 已损坏({found})。请用另一份备份")
        return checked(store)
    finally:
        store.close()


def checked(store: SqliteStore) -> Document:
    """Return how much an open store holds, after recomputing every chain. Raises StoreDamaged."""
    rows, books = store.all_incidents(), Books(store)
    return {
        "incidents": len(rows),
        "lines": sum(store.verify(row.id) for row in rows),
        "drills": len(books.all()),
        "entries": sum(books.verify(subject) for (subject,) in store._all("booked_subjects")),
    }


def restore(
    backup: Path, target: Path, rehearsals: Path | None = None, before: Callable[[], None] | None = None
) -> Document:
    """Put *backup* in the place of the store at *target*; what stood there is kept beside it.

    Args:
        rehearsals: where the rehearsals of the backup go, if it has any; without, they are left out.
        before: called when all is checked and nothing is changed, if a drill is open in the backup: it must not go on.

    Raises:
        StoreDamaged: the backup is not what was written; nothing was changed.
    """
    own = _Coming(backup, target)
    practice = companion(backup)
    other = _Coming(practice, rehearsals) if rehearsals is not None and practice.exists() else None
    if before is not None and own.drills_open:
        before()
    kept = own.put()
    document = {"file": str(target), "kept": kept, **own.checked, "rehearsals": None}
    if other is not None:
        document["rehearsals"] = {"file": str(rehearsals), "kept": other.put(), **other.checked}
    return document


class _Coming:
    """One store of a backup, checked and beside the place that it will take."""

    def __init__(self, backup: Path, target: Path) -> None:
        if not backup.exists():
            raise StoreError(f"{backup} does not exist", f"没有备份文件 {backup};请核对路径")
        _check_digest(backup)
        self.target = target
        self.part = target.with_name(target.name + ".restoring")
        self.part.unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(backup, self.part)
        self.checked = check(self.part)
        with contextlib.closing(SqliteStore(self.part, create=False)) as store:
            self.drills_open = bool(open_drills(store))
        for leftover in (Path(f"{self.part}-wal"), Path(f"{self.part}-shm")):
            leftover.unlink(missing_ok=True)

    def put(self) -> str | None:
        """Take the place; return where what stood there is kept."""
        kept = _set_aside(self.target)
        os.replace(self.part, self.target)
        return kept


def _check_digest(backup: Path) -> None:
    beside = backup.with_name(backup.name + DIGEST)
    if not beside.exists():
        raise StoreDamaged(
            f"{beside} is missing; without its digest nobody can tell whether the backup is whole",
            f"缺少 {beside}。没有校验值,无法判断备份是否完整;请把它和备份放在一起,或换一份备份",
        )
    if beside.read_text("utf-8").split()[:1] != [_digest(backup)]:
        raise StoreDamaged(
            f"{backup} is not what was backed up: its digest differs. Take another backup",
            f"{backup} 与当初的备份不符(校验值不同)。请换一份备份",
        )


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
