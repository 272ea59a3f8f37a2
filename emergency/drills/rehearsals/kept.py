"""Where rehearsals are kept: a store of their own beside the installation's, which no message ever leaves.

A rehearsal is found by its code (RH3), as a live drill (DR3) and an incident (F07, XF07) are found in the
installation's own store.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from emergency.clock import VirtualClock
from emergency.drills import book as b
from emergency.drills.scenario import Scenario
from emergency.engine import Engine
from emergency.errors import EmergencyError, Mistakes
from emergency.roster import Person, Roster
from emergency.store import codec
from emergency.store.drills import Books, DrillRow
from emergency.store.forgotten import Forgotten
from emergency.store.store import SqliteStore

if TYPE_CHECKING:
    from emergency.app import App
    from emergency.drills.rehearsals.rehearsal import Rehearsal
    from emergency.settings import Settings
    from emergency.verbs import Desktop

FILE = "rehearsals.db"
LOCK = "rehearsals.lock"


def file_of(settings: Settings) -> Path:
    """Return where the rehearsals of an installation are kept."""
    return settings.home / FILE


def rehearsals(settings: Settings) -> SqliteStore:
    """Open the store of rehearsals, which is made where there is none. Raises StoreError."""
    settings.home.mkdir(parents=True, exist_ok=True)
    private(file_of(settings))
    return SqliteStore(file_of(settings))


def private(path: Path) -> None:
    """Let nobody but its owner read the store at *path*, which is made where there is none; what SQLite puts beside it
    gets the same mode."""
    path.touch(mode=0o600, exist_ok=True)
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


@contextlib.contextmanager
def reading(settings: Settings, code: str) -> Iterator[tuple[Desktop, Engine]]:
    """Yield what verbs that only read need, over the store of rehearsals; the clock stands where drill *code* ended.

    Raises:
        Mistakes: nothing was rehearsed here yet.
    """
    from emergency.app import App
    from emergency.settings import Settings as Place

    if not file_of(settings).exists():
        raise Mistakes(
            "nothing was rehearsed here yet; begin with: emergency drill run fire",
            "这里还没有推演过;先推演一次:emergency drill run fire",
        )
    end_what_was_left(settings)
    with contextlib.closing(SqliteStore(file_of(settings))) as store:
        found = known(store, code.strip().upper())
        if found is None or found[1] is None:
            raise Mistakes(
                f"there is no drill {code}; see: emergency drill list", f"没有演练 {code}。查看:emergency drill list"
            )
        drill = found[1]
        app = App(Place(settings.home, f"sqlite:///{file_of(settings)}", settings.lang, {}), [])
        yield app.desktop, Engine(store, VirtualClock(drill.ended_at or drill.planned_at))


def furnish(app: App, store: SqliteStore, *, numbers: bool = False) -> None:
    """Copy the site and the roster in force into *store*, so that its logs can name people.

    Args:
        numbers: with their telephone numbers; a table hears by them, what is kept needs none.
    """
    with contextlib.closing(app.engine().store) as own:
        for name in ("site", "roster"):
            body = own.current(name)
            if body is not None and name == "roster" and not numbers:
                body = nameplates(body)
            if body is not None and codec.digest(body) != store.current_digest(name):
                store.put_current(name, name, body, app.clock.now())
    Forgotten(store).drop_old_rosters()


def nameplates(roster: bytes) -> bytes:
    """Return a roster of which only that is left by which a log is read: no number, no leave, no licence."""
    people = msgspec.json.decode(roster, type=Roster).people
    left = {
        id: Person(
            id=id, name=person.name, language=person.language, numbers=(), roles=person.roles, shift=person.shift,
            zone=person.zone,
        )
        for id, person in people.items()
    }  # fmt: skip
    return msgspec.json.encode(Roster(people=left), order="sorted")


def find(where: App | Settings, code: str) -> tuple[SqliteStore, str, DrillRow | None]:
    """Return the store that knows *code*, the incident's id (empty where a drill has not begun) and the drill's row.

    The installation's own store is asked first, then that of the rehearsals. Whoever asks closes the store.

    Raises:
        Mistakes: neither knows it. StoreError.
    """
    settings = where.settings if hasattr(where, "settings") else where
    word = code.strip().upper()
    for path in (settings.database_file, file_of(settings)):
        if not path.exists():
            continue
        if path == file_of(settings):  # not before: what is real is found whatever became of the rehearsals
            end_what_was_left(settings)
        store = SqliteStore(path, create=False)
        found = known(store, word)
        if found is not None:
            return store, *found
        store.close()
    raise Mistakes(
        f"there is no incident and no drill {code}; see: emergency drill list",
        f"没有事件或演练 {code}。演练:emergency drill list;进行中的事件:emergency status",
    )


def is_rehearsed(settings: Settings, code: str) -> bool:
    """Return whether *code* is a rehearsal's alone: RH3, or the code that its incident bore (XF07) where the
    installation's own store knows no such incident."""
    word = code.strip().upper()
    if word.startswith("RH"):
        return True
    if not word.startswith("X") or not file_of(settings).exists():
        return False
    try:
        store, _, drill = find(settings, word)
    except EmergencyError:
        return False
    store.close()
    return drill is not None and Path(store.path) == file_of(settings)


def known(store: SqliteStore, code: str) -> tuple[str, DrillRow | None] | None:
    """Return the id of the incident that *code* means in *store*, and its drill's row; None where neither is there."""
    books = Books(store)
    drill = books.by_code(code)
    if drill is not None:
        return drill.incident or "", drill
    row = store.incident_by_code(code)
    return (row.id, books.of(row.id)) if row is not None else None


def body_of(scenario: Scenario) -> bytes:
    """Return a scenario as canonical JSON, wherever its file lay."""
    return msgspec.json.encode(replace(scenario, path=Path(scenario.path).name), order="sorted")


def digest_of(scenario: Scenario) -> str:
    """Return the digest of a scenario's document."""
    return codec.digest(body_of(scenario))


def scenario_of(store: SqliteStore, digest: str) -> Scenario | None:
    """Return the scenario that a drill was run by, or None where it is not kept."""
    body = store.current(f"scenario:{digest}") if digest else None
    return msgspec.json.decode(body, type=Scenario) if body is not None else None


def keep(rehearsal: Rehearsal, store: SqliteStore) -> DrillRow:
    """Write a rehearsal into *store*: each incident with its chain, what was said, the book, the drill's row.

    Raises:
        Conflict: an incident with this id is there already. StoreError: nothing was written.
    """
    with store.transaction():
        return Keeping(rehearsal, store).end()


class Keeping:
    """Writes a rehearsal into a store while it is played: what is written stays, whatever becomes of the process."""

    def __init__(self, rehearsal: Rehearsal, store: SqliteStore) -> None:
        """Write nothing yet."""
        self._rehearsal = rehearsal
        self._store = store
        self._books = Books(store)
        self._drill = f"drill-{rehearsal.id}"
        self._batches = self._entries = self._words = 0
        self._closed: set[str] = set()

    def save(self) -> None:
        """Write down what has happened since the last time: all of it, or nothing.

        Raises:
            Conflict: an incident with this id is there already. StoreError: nothing was written.
        """
        memory, book = self._rehearsal.store, self._rehearsal.book
        closed = {row.id: row.closed_at for row in memory.all_incidents() if row.closed_at is not None}
        with self._store.transaction():
            for batch in memory.batches[self._batches :]:
                self._store.append(batch.incident, batch.after, batch.events, batch.at)
            for id, at in closed.items():
                if id not in self._closed:
                    self._store.close_incident(id, at)
            for seal, (salt, text) in islice(memory.sealed.items(), self._words, None):
                self._store._do("keep_words", seal, salt, text)
            if self._books.drill(self._drill) is None:
                self._begin()
            for written in book[self._entries :]:
                self._books.write(self._drill, written.entry, at=written.at)
        self._batches, self._words, self._entries = len(memory.batches), len(memory.sealed), len(book)
        self._closed = set(closed)

    def end(self) -> DrillRow:
        """Write down the rest, and that it is over; return the drill's row. Raises as `save` does."""
        with self._store.transaction():
            self.save()
            self._books.end(self._drill, self._rehearsal.clock.now())
        found = self._books.drill(self._drill)
        assert found is not None
        return found

    def _begin(self) -> None:
        scenario, begins = self._rehearsal.scenario, self._rehearsal.stage.begins
        digest = digest_of(scenario) if scenario is not None else ""
        if scenario is not None:
            self._store.put_current(f"scenario:{digest}", "compiled", body_of(scenario), begins)
        self._books.plan(self._drill, "simulated", self._rehearsal.stage.plan.id, digest, begins, begins)
        self._books.begin(self._drill, self._rehearsal.id, begins)


@contextlib.contextmanager
def under_way(settings: Settings) -> Iterator[None]:
    """Let others see that a rehearsal is written down while it is played: nobody ends it for having been left."""
    import fcntl

    with (settings.home / LOCK).open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def end_what_was_left(settings: Settings) -> list[str]:
    """End the rehearsals whose process was killed, each at the last that is known of it, and return their codes.
    Nothing is ended while one is being played, which cannot be told from those.

    Raises:
        StoreError: the store cannot be read or written.
    """
    import fcntl

    if not file_of(settings).exists():
        return []
    with contextlib.closing(SqliteStore(file_of(settings), create=False)) as store:
        left = [row for row in Books(store).all() if row.kind == "simulated" and row.ended_at is None]
        if not left:
            return []
        with (settings.home / LOCK).open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return []
            with store.transaction():
                for row in left:
                    _end_left(store, row)
    return [row.code for row in left]


def _end_left(store: SqliteStore, row: DrillRow) -> None:
    moments = [at for _, at in store.history(row.incident or "")] + [each.at for each in Books(store).read(row.id)]
    last = max(moments, default=row.planned_at)
    Books(store).write(row.id, b.Aborted(by="console", because="killed"), at=last)
    Books(store).end(row.id, last)
