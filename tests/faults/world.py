"""An installation that may die at any moment, and the world around it, which does not: clock, telephones, provider.

`World` does one thing at a time. Whatever is done may end in a death of the process (after any number of statements to
the store, or while a provider is asked) or in a fault of the store; after a death the store is opened from what a
killed process leaves on the disk, by a fresh program.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from emergency.app import App
from emergency.core import events as e
from emergency.core.incident import Incident, evolve
from emergency.core.values import Channel, Mode
from emergency.desk import ThreadDesk, _Piece
from emergency.engine import Engine
from emergency.errors import (
    CommandRefused,
    Mistakes,
    PermanentFailure,
    StoreError,
    TemporaryFailure,
    UnknownOutcome,
)
from emergency.notify import Abilities, Inbound, Message, Receipt, Report
from emergency.outbox import Outbox, record_report
from emergency.people import save_roster, save_site
from emergency.roster import Roster
from emergency.settings import Settings
from emergency.setup import make_installation
from emergency.store.store import IncidentRow, Record, SqliteStore
from emergency.verbs import carry_out, describe
from tests import small
from tests.fakes import Killed

T = TypeVar("T")
MONDAY = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""Noon in Shanghai; the day shift is in the house, there as in the small building."""
TERMINAL = frozenset({"sent", "delivered", "failed", "dropped"})
OUTCOMES = (
    "take", "take", "take", "refuse", "later", "lost", "unanswered", "break", "early_report", "early_failure",
    "die_before", "die_after", "meanwhile",
)  # fmt: skip
"""What may become of one request to a provider; `meanwhile`: the world goes on while the request is on its way."""


class WallClock:
    """A clock that may also be set back."""

    def __init__(self, now: datetime) -> None:
        self._now = self._latest = now

    def now(self) -> datetime:
        """Return what the clock on the wall says."""
        return self._now

    def move(self, by: timedelta) -> None:
        """Move on, or be set back."""
        self._now += by
        self._latest = max(self._latest, self._now)

    def catch_up(self) -> None:
        """Show the latest time that it ever showed."""
        self._now = self._latest


class Wire:
    """The connection of a program to its store: it counts statements, and is cut, or fails, at the one it is told."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.dead = False
        self.fuse: int | None = None
        self.fault: tuple[int, str] | None = None
        self.failed = False
        self.watched = True
        self.kept: Contents | None = None
        """What the store held when the transaction of now began, or when the last one was committed."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self.db.in_transaction

    def close(self) -> None:
        """Close the connection."""
        self.db.close()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run a statement, if the program lives to see it."""
        self._before(sql)
        cursor = self.db.execute(sql, values)
        self._after(sql)
        return cursor

    def executemany(self, sql: str, values: Iterable[Sequence[Any]]) -> sqlite3.Cursor:
        """Run a statement for each of *values*, if the program lives to see it."""
        self._before(sql)
        return self.db.executemany(sql, values)

    def _before(self, sql: str) -> None:
        if not self.watched:
            return
        if self.dead:
            raise Killed
        if self.fuse is not None and not self.db.in_transaction:
            self.kept = contents(self.db)
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.dead = True
                raise Killed
        if self.fault is not None and not sql.startswith("rollback"):
            left, says = self.fault
            self.fault = (left - 1, says) if left else None
            if not left:
                self.failed = True
                raise sqlite3.OperationalError(says)

    def _after(self, sql: str) -> None:
        if self.fuse is not None and sql == "commit":
            self.kept = contents(self.db)


Contents = dict[str, list[tuple[Any, ...]]]


def contents(db: sqlite3.Connection) -> Contents:
    """Return all that a store holds, table by table."""
    tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table' order by name")]
    return {
        name: db.execute(f"select * from {name}").fetchall() for name in tables if name not in ("document", "current")
    }


class Taken(msgspec.Struct, frozen=True):
    """One message that reached the provider. rows: what it was made of; written: whether the store knew of it."""

    message: Message
    rows: tuple[str, ...]
    written: bool
    by: str


class Provider:
    """The outside: what it was given stays with it, whatever dies on our side. `script`: what becomes of requests."""

    def __init__(self) -> None:
        self.taken: dict[str, Taken] = {}
        self.script: list[str] = []
        self.cut_off = False
        self.world: World | None = None


class Phone:
    """One notifier of the installation, which hands messages to the provider."""

    def __init__(self, provider: Provider, channel: Channel, mode: Mode) -> None:
        self.provider = provider
        self.name = f"{mode}-phone"
        self.channel: Channel = channel
        self.abilities = Abilities(
            modes=frozenset({mode}), two_way=True, free_text=True, keypad=channel == "voice", receipts=True,
            per_second=1000.0,
        )  # fmt: skip

    async def send(self, message: Message) -> Receipt:
        """Do what stands next in the script."""
        world = self.provider.world
        assert world is not None
        if world.wire.dead:
            raise Killed
        step = self.provider.script.pop(0) if self.provider.script else "take"
        match step:
            case "refuse":
                raise PermanentFailure("21211")
            case "later":
                raise TemporaryFailure("503")
            case "unanswered":
                raise UnknownOutcome("time-out")
            case "break":
                raise RuntimeError("a fault of the notifier")
            case "die_before":
                world.wire.dead = True
                raise Killed
        id = f"P{len(self.provider.taken) + 1}"
        rows = world.going_with(message.id)
        self.provider.taken[id] = Taken(message, rows or (message.id,), bool(rows), self.name)
        match step:
            case "lost":
                raise UnknownOutcome("time-out")
            case "early_report":
                world.report(message.id, "delivered", provider_id=id)
            case "early_failure":
                world.report(message.id, "failed", provider_id=id, reason="30003")
            case "die_after":
                world.wire.dead = True
                raise Killed
            case "meanwhile":
                world.meanwhile()
        return Receipt(provider=self.name, provider_id=id)

    async def find(self, message: Message, since: datetime, known: frozenset[str]) -> Receipt | None:
        """Return the trace of the same words to the same number."""
        if self.provider.cut_off:
            raise TemporaryFailure("no_connection")
        for id, taken in self.provider.taken.items():
            same = (taken.message.to, taken.message.text, taken.by) == (message.to, message.text, self.name)
            if same and taken.message.channel == message.channel and id not in known:
                return Receipt(provider=self.name, provider_id=id)
        return None

    async def status(self, receipt: Receipt, delivery: str) -> Report | None:
        """Say that it arrived."""
        if self.provider.cut_off:
            raise TemporaryFailure("no_connection")
        return Report(delivery=delivery, status="delivered", provider_id=receipt.provider_id)

    async def close(self) -> None:
        """Nothing to let go of."""


class DeskOfOneThread:
    """The desk of a server, whose groups are done in the thread that asks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._desk = ThreadDesk(lambda: engine)

    def group(self, pieces: list[_Piece]) -> None:
        """Do all that came together."""
        self._desk._do_group(self._engine, pieces)

    async def do(self, work: Callable[[Engine], T]) -> T:
        """Return what *work* returns, once it is on the disk."""
        piece = _Piece(work, asyncio.get_running_loop())
        self.group([piece])
        if piece.error is not None:
            raise piece.error
        result: T = piece.result
        return result


@lru_cache
def _template(house: str) -> Path:
    """Make one installation of a kind, to be copied."""
    home = Path(tempfile.mkdtemp(prefix="promises-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    settings = Settings(home, f"sqlite:///{home / 'emergency.db'}", "en", {})
    app = App(settings, [], WallClock(MONDAY))
    if house == "sample":
        make_installation(settings, app, sample=True)
        return home
    (home / "playbooks").mkdir()
    (home / "playbooks" / "leak.yaml").write_text(small.LEAK, "utf-8")
    (home / "playbooks" / "noise.yaml").write_text(small.NOISE, "utf-8")
    engine = app.engine(create=True)
    engine.unit(lambda en: save_site(en, small.site(), MONDAY))
    engine.unit(lambda en: save_roster(en, small.roster(), MONDAY))
    engine.unit(lambda en: app.library.load_all(en, small.site()))
    engine.store.close()
    return home


class World:
    """One installation through as many lives as it takes."""

    def __init__(self, house: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="promises-"))
        shutil.copytree(_template(house), self.home, dirs_exist_ok=True)
        self.house = house
        self.clock = WallClock(MONDAY)
        self.provider = Provider()
        self.provider.world = self
        self.meanwhile: Callable[[], None] = lambda: None
        self.deaths = 0
        self.serves = False
        self.requests: list[tuple[str, dict[str, Any]]] = []
        """Every verb asked so far: any may be asked again with its request id, by whoever got no answer."""
        self.heard: list[Inbound] = []
        """Every message from outside so far: any may come again."""
        self.logs: dict[str, list[Record]] = {}
        self.folded: dict[str, Incident] = {}
        self.statuses: dict[str, str] = {}
        self._live(self.home / "emergency.db")

    def _live(self, file: Path) -> None:
        self.file = file
        settings = Settings(self.home, f"sqlite:///{file}", "en", {})
        ways: tuple[tuple[Channel, Mode], ...] = (
            ("sms", "real"), ("voice", "real"), ("sms", "drill"), ("voice", "drill"),
        )  # fmt: skip
        self.app = App(settings, [Phone(self.provider, channel, mode) for channel, mode in ways], self.clock)
        self.engine: Engine = self.app.engine()
        self.engine.store._db.execute("pragma synchronous = off")  # processes die here, machines do not
        self.wire = Wire(self.engine.store._db)
        self.engine.store._db = self.wire  # type: ignore[assignment]
        self.desk = DeskOfOneThread(self.engine)
        self.outbox: Outbox = self.app.outbox(self.desk)
        self.eye = SqliteStore(file)

    def close(self) -> None:
        """Leave nothing behind."""
        self.eye.close()
        self.engine.store.close()
        shutil.rmtree(self.home, ignore_errors=True)

    # how things go wrong

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.wire.fuse = self.wire.fault = None
        self.provider.cut_off = False
        self.provider.script.clear()

    def die(self) -> None:
        """The process ends here; another opens what it left on the disk."""
        kept, was = self.wire.kept if self.wire.fuse is not None else None, self.file
        self.wire.dead = True
        self.deaths += 1
        self.serves = self.deaths % 3 != 1
        file = self.home / f"life{self.deaths}.db"
        for end in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copy(f"{was}{end}", f"{file}{end}")
        self.eye.close()
        self.wire.close()
        for end in ("", "-wal", "-shm"):
            Path(f"{was}{end}").unlink(missing_ok=True)
        self.provider.script.clear()
        self._live(file)
        if kept is not None:
            assert contents(self.eye._db) == kept, "a transaction that did not end left something behind"

    def act(self, work: Callable[[], T], *, whole: bool = True) -> T | None:
        """Do one thing. Refusals are answers; a death is followed by another life.

        Args:
            whole: it is one transaction: when it is refused, or the store fails, nothing is to be changed.
        """
        before = contents(self.eye._db) if whole else None
        self.wire.failed = False
        try:
            answer = work()
        except Killed:
            self.die()
            return None
        except (CommandRefused, Mistakes):
            pass
        except StoreError:
            assert self.wire.failed, "the store failed although nothing was wrong with it"
        else:
            if self.wire.dead:
                self.die()
            return answer
        if before is not None:
            after = contents(self.eye._db)
            changed = [name for name in after if after[name] != before[name]]
            assert not changed, f"what was refused left something behind in {changed}"
        return None

    def busy(self, after: int) -> None:
        """Let another process hold the store at a statement soon."""
        self.wire.fault = (after, "database is locked")

    def broken(self, after: int) -> None:
        """Let a statement soon fail."""
        self.wire.fault = (after, "disk I/O error")

    def doom(self, after: int) -> None:
        """Let the process die at a statement soon."""
        self.wire.fuse, self.wire.kept = after, None

    # what people and providers do

    def verb(self, verb: str, **args: Any) -> Any:
        """Ask something of the program."""
        self.requests.append((verb, {"request": f"r{len(self.requests)}", **args}))
        return self.ask(*self.requests[-1])

    def ask(self, verb: str, args: dict[str, Any]) -> Any:
        """Ask something of the program, which may have been asked before."""
        done = self.act(lambda: self._begin(lambda en: carry_out(self.app.desktop, en, verb, args)))
        if done is not None:
            self.act(lambda: describe(self.app.desktop, self.engine, done))
        return done

    def _begin(self, work: Callable[[Engine], T]) -> T:
        """Do *work*; a server begins to send in the same commit, a program called by hand sends later."""
        if not self.serves:
            return self.engine.unit(work)

        async def serve() -> T:
            try:
                return await self.outbox.after(work)
            finally:
                while self.outbox.in_flight:
                    await self.outbox.wait_for_one()

        return asyncio.run(serve())

    @contextmanager
    def not_sending(self) -> Iterator[None]:
        """Let nothing be sent beside what is asked, so that what it did can be seen."""
        was, self.serves = self.serves, False
        try:
            yield
        finally:
            self.serves = was

    def ask_at_once(self, asked: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Ask several things which come to the desk together, and are done in one commit."""

        async def together() -> list[_Piece]:
            loop = asyncio.get_running_loop()
            pieces = [_Piece(partial(self._carry_out, verb, args), loop) for verb, args in asked]
            self.desk.group(pieces)
            return pieces

        self.wire.failed = False
        try:
            pieces = asyncio.run(together())
        except Killed:
            self.die()
            return
        for (verb, args), piece in zip(asked, pieces, strict=True):
            done = self.was_heard(f"request:{args['request']}")
            assert done == (piece.error is None), f"{verb} was answered with {piece.error}, and is done: {done}"
            fair = isinstance(piece.error, CommandRefused | Mistakes | None)
            assert fair or self.wire.failed, "the store failed although nothing was wrong with it"

    def _carry_out(self, verb: str, args: dict[str, Any], engine: Engine) -> Any:
        return carry_out(self.app.desktop, engine, verb, args)

    def handle(self, id: str, command: Any) -> Incident | None:
        """Let a command meet an incident."""
        return self.act(lambda: self.engine.handle(id, command))

    def receive(self, inbound: Inbound) -> None:
        """A message comes from outside, perhaps not for the first time."""
        self.act(lambda: self._begin(lambda en: self.app.inbox.receive(en, inbound)))

    def was_heard(self, id: str) -> bool:
        """Return whether the store knows a message, or a request, by this id."""
        return bool(self.eye._db.execute("select count(*) from inbound where id = ?", (id,)).fetchone()[0])

    def report(self, delivery: str, status: Any, *, provider_id: str = "", reason: str = "") -> None:
        """A provider says what became of a message."""
        report = Report(delivery=delivery, status=status, provider_id=provider_id, reason=reason)
        self.engine.unit(lambda en: record_report(en, report))

    def fire_due(self) -> bool:
        """Fire all that is due; return whether this came to its end."""

        def work() -> bool:
            for _ in range(200):
                if not self.engine.fire_due(20):
                    return True
            raise AssertionError("timers fire without end")

        return bool(self.act(work, whole=False))

    def pump(self) -> None:
        """Send what may go, as a server does: trouble with the store ends no request that has left."""

        async def send() -> None:
            try:
                await self.outbox.pump()
            finally:
                while self.outbox.in_flight:
                    await self.outbox.wait_for_one()

        self.act(lambda: asyncio.run(send()), whole=False)

    def settle(self) -> None:
        """Look into what has no outcome."""
        self.act(lambda: asyncio.run(self.outbox.settle()), whole=False)

    def ask_for_receipts(self) -> None:
        """Ask the provider what became of what it took."""
        self.act(lambda: asyncio.run(self.outbox.ask_for_receipts()), whole=False)

    def going_with(self, lead: str) -> tuple[str, ...]:
        """Return the rows that are written down as going out now as the message *lead*."""
        found = self.eye._db.execute(
            "select b.id from outbox a join outbox b on b.claimed_by = a.claimed_by and b.claimed_at = a.claimed_at "
            "where a.id = ? and a.status = 'sending' and b.status = 'sending' order by b.id",
            (lead,),
        )
        return tuple(id for (id,) in found)

    # what there is, read by another connection

    def look(self) -> list[IncidentRow]:
        """Read what has been written since the last look, and return every incident."""
        rows = self.eye.all_incidents()
        for row in rows:
            log = self.logs.setdefault(row.id, [])
            records = self.eye.records(row.id, len(log))
            events = self.eye.history(row.id, len(log))
            log += records
            for event, at in events:
                self.folded[row.id] = evolve(self.folded.get(row.id), event, at)
        return rows

    def engine_says(self, id: str) -> Incident:
        """Return an incident as the living program has it; nothing goes wrong while we look."""
        self.wire.watched = False
        try:
            return self.engine.incident(id)
        finally:
            self.wire.watched = True

    def roster(self) -> Roster:
        """Return the roster in force."""
        self.wire.watched = False
        try:
            return self.app.people.roster(self.engine)
        finally:
            self.wire.watched = True

    def events(self, id: str) -> list[tuple[e.AnyEvent, datetime]]:
        """Return the whole log of an incident."""
        return self.eye.history(id)

    def messages(self) -> dict[str, dict[str, Any]]:
        """Return every row of the outbox, by its id."""
        cursor = self.eye._db.execute("select * from outbox")
        names = [column[0] for column in cursor.description]
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor}

    def incident_of(self, row: str) -> str:
        """Return the incident to which a message belongs; empty for an answer."""
        found = self.eye._db.execute(
            "select incident from outbox where id = ? and alert is not null", (row,)
        ).fetchone()
        return str(found[0]) if found else ""

    def live(self) -> list[Incident]:
        """Return the incidents that are not closed, as the log tells them."""
        self.look()
        return [i for i in self.folded.values() if not i.is_closed]


def quiet_about_the_dead() -> None:
    """Let asyncio not report tasks that were killed on purpose."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
