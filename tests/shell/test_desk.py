"""The desk: one thread owns the store, does what waits in one transaction, and answers after the commit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from emergency.clock import VirtualClock
from emergency.desk import LARGEST_GROUP, InlineDesk, ThreadDesk
from emergency.engine import Engine
from emergency.errors import CommandRefused, StoreBusy, StoreDamaged, StoreError
from emergency.store.store import SqliteStore
from tests.small import NOON

T = TypeVar("T")


class WatchedStore(SqliteStore):
    """Counts commits; the next ones fail while `failing` holds errors."""

    commits = 0
    failing: list[Exception]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do the block as the real one does; what is outermost counts."""
        outermost = self._depth == 0
        with super().transaction():
            yield
            if outermost and self.failing:
                raise self.failing.pop(0)
        if outermost:
            self.commits += 1


class Room:
    """A desk over a file, and a door that keeps its thread from working until it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store: WatchedStore | None = None
        self.desk = ThreadDesk(self.make)
        self.open_door = threading.Event()

    def make(self) -> Engine:
        """Make the engine, in the desk's thread."""
        self.store = WatchedStore(self.path)
        self.store.failing = []
        return Engine(self.store, VirtualClock(NOON))

    def elsewhere(self) -> dict[str, int]:
        """Return the counters as another connection sees them."""
        store = SqliteStore(self.path)
        try:
            return store.counters()
        finally:
            store.close()

    async def hold(self) -> asyncio.Task[Any]:
        """Let the thread wait in a piece of work, so that what follows is done as one group."""
        entered = threading.Event()

        def wait(engine: Engine) -> None:
            entered.set()
            assert self.open_door.wait(60)

        task = asyncio.ensure_future(self.desk.do(wait))
        await asyncio.to_thread(entered.wait, 60)
        return task

    async def together(self, *work: Callable[[Engine], Any]) -> list[Any]:
        """Hand in all of *work* while the thread is held, let it go, and return results and errors in order."""
        held = await self.hold()
        tasks = [asyncio.ensure_future(self.desk.do(each)) for each in work]
        await asyncio.sleep(0)
        self.open_door.set()
        await held
        return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Return a desk that has been started; it is stopped at the end."""
    made = Room(tmp_path / "emergency.db")
    made.desk.start()
    yield made
    made.open_door.set()
    made.desk.stop()


def run(work: Awaitable[T]) -> T:
    """Wait for *work*, but not for ever."""

    async def main() -> T:
        return await asyncio.wait_for(work, 60)

    return asyncio.run(main())


def count(name: str) -> Callable[[Engine], str]:
    """Return work that counts *name*."""

    def work(engine: Engine) -> str:
        engine.store.count(name)
        return name

    return work


def refused(engine: Engine) -> None:
    """Write something, and be refused."""
    engine.store.count("refused")
    raise CommandRefused("not now")


def test_an_answer_comes_after_the_commit(room: Room) -> None:
    """When `do` returns, another process can read what was written."""

    async def main() -> dict[str, int]:
        await room.desk.do(count("x"))
        return await asyncio.to_thread(room.elsewhere)

    assert run(main()) == {"x": 1}


def test_what_waits_is_one_commit(room: Room) -> None:
    """Pieces that wait together share one transaction: fifty answers cost one flush of the disk, not fifty."""
    assert room.store is not None
    before = room.store.commits
    assert run(room.together(*[count("x")] * 50)) == ["x"] * 50
    assert (room.store.commits - before, room.elsewhere()) == (2, {"x": 50})


def test_a_group_has_an_end(room: Room) -> None:
    """More than a group's worth is done in several, so that the first need not wait for the last."""
    assert room.store is not None
    before = room.store.commits
    run(room.together(*[count("x")] * (LARGEST_GROUP + 1)))
    assert room.store.commits - before == 3


def test_order_is_kept(room: Room) -> None:
    """Work is done in the order in which it was handed in."""
    done: list[int] = []

    def nth(n: int) -> Callable[[Engine], None]:
        return lambda engine: done.append(n)

    run(room.together(*(nth(n) for n in range(200))))
    assert list(range(200)) == done


def test_one_refusal_spoils_nobody(room: Room) -> None:
    """A piece that is refused is undone and told so; its neighbours are written."""
    results = run(room.together(count("a"), refused, count("b")))
    assert (results[0], results[2]) == ("a", "b")
    assert isinstance(results[1], CommandRefused)
    assert room.elsewhere() == {"a": 1, "b": 1}


def test_a_slip_in_one_piece_spoils_nobody(room: Room) -> None:
    """Also an error of ours goes to the one who caused it, and the thread lives on."""

    def slip(engine: Engine) -> None:
        raise KeyError("oops")

    results = run(room.together(count("a"), slip, count("b")))
    assert isinstance(results[1], KeyError)
    assert room.elsewhere() == {"a": 1, "b": 1}
    assert run(room.desk.do(count("c"))) == "c"


def test_a_store_that_is_held_is_told_to_everybody(room: Room) -> None:
    """When the commit fails nothing of the group is kept, and every waiter hears so: none is left waiting, and none
    believes that it was written."""
    assert room.store is not None

    def arm(engine: Engine) -> str:
        assert room.store is not None
        room.store.failing = [StoreBusy("held by another process")]
        return "armed"

    results = run(room.together(count("a"), arm, count("b"), refused))
    assert [StoreBusy] * 4 == [type(result) for result in results]
    assert room.elsewhere() == {}
    assert run(room.desk.do(count("c"))) == "c"


def test_one_damaged_log_spoils_nobody(room: Room) -> None:
    """An incident that cannot be read is the trouble of who asked for it; what else was in line is written."""

    def damaged(engine: Engine) -> None:
        engine.store.count("damaged")
        raise StoreDamaged("event 7 cannot be read")

    results = run(room.together(count("a"), damaged, count("b")))
    assert (results[0], results[2]) == ("a", "b")
    assert isinstance(results[1], StoreDamaged)
    assert room.elsewhere() == {"a": 1, "b": 1}


def test_a_strange_failure_is_a_store_error(room: Room) -> None:
    """Whatever breaks in the transaction itself reaches the waiter as a StoreError, which callers know how to take."""

    def arm(engine: Engine) -> str:
        assert room.store is not None
        room.store.failing = [RuntimeError("strange"), RuntimeError("strange")]
        return "armed"

    (result,) = run(room.together(arm))
    assert isinstance(result, StoreError)


def test_a_waiter_that_goes_away_harms_nobody(room: Room) -> None:
    """Who is cancelled while waiting is not answered; the work is done all the same, and the others are served."""

    async def main() -> list[Any]:
        held = await room.hold()
        first, second = (asyncio.ensure_future(room.desk.do(count(name))) for name in ("first", "second"))
        await asyncio.sleep(0)
        first.cancel()
        room.open_door.set()
        await held
        return await asyncio.gather(first, second, return_exceptions=True)

    first, second = run(main())
    assert isinstance(first, asyncio.CancelledError)
    assert (second, room.elsewhere()) == ("second", {"first": 1, "second": 1})


def test_several_loops_are_served(room: Room) -> None:
    """Each waiter is answered on its own event loop."""
    results: list[str] = []

    def one(n: int) -> None:
        results.append(run(room.desk.do(count(f"loop{n}"))))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == ["loop0", "loop1", "loop2", "loop3"]


def test_a_loop_that_is_gone_harms_nobody(room: Room) -> None:
    """A waiter whose event loop has ended meanwhile is passed over, and the thread lives on."""
    loop = asyncio.new_event_loop()

    async def leave() -> None:
        await room.hold()
        task = asyncio.ensure_future(room.desk.do(count("gone")))
        await asyncio.sleep(0)
        task.cancel()

    loop.run_until_complete(leave())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    room.open_door.set()
    assert run(room.desk.do(count("next"))) == "next"
    assert room.elsewhere() == {"gone": 1, "next": 1}


def test_stopping_does_what_waits(room: Room) -> None:
    """What was handed in before the end is written and answered before the store is closed."""

    async def main() -> list[Any]:
        held = await room.hold()
        tasks = [asyncio.ensure_future(room.desk.do(count("x"))) for _ in range(100)]
        await asyncio.sleep(0)
        stopping = asyncio.ensure_future(asyncio.to_thread(room.desk.stop))
        await asyncio.sleep(0)
        room.open_door.set()
        await asyncio.gather(stopping, held)
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert run(main()) == ["x"] * 100
    assert room.elsewhere() == {"x": 100}


def test_who_comes_after_the_end_is_told(room: Room) -> None:
    """Nobody waits for ever for a desk that has closed."""
    room.desk.stop()
    with pytest.raises(StoreError, match="closed"):
        run(room.desk.do(count("late")))


def test_a_store_that_cannot_be_opened_is_told_at_the_start(tmp_path: Path) -> None:
    """Starting fails with what is wrong, in the thread of who starts it."""
    path = tmp_path / "emergency.db"
    path.write_text("no database")
    with pytest.raises(StoreDamaged):
        Room(path).desk.start()


def test_the_inline_desk_keeps_the_same_promise() -> None:
    """The desk of commands and drills does all of a piece or nothing, and raises what the piece raises."""
    engine = Engine(SqliteStore(":memory:"), VirtualClock(NOON))
    desk = InlineDesk(engine)
    assert run(desk.do(count("x"))) == "x"
    with pytest.raises(CommandRefused):
        run(desk.do(refused))
    assert engine.store.counters() == {"x": 1}
