"""The one thread that owns the store: work comes in, is done in groups, and is answered after the commit.

Whatever waits is done in one transaction (a group commit), each piece in a savepoint of its own, so that one refusal
spoils nobody else's work. Nothing is answered before the disk has it.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from emergency.engine import Engine
from emergency.errors import EmergencyError, StoreBusy, StoreError

T = TypeVar("T")
LARGEST_GROUP = 64


class Desk(Protocol):
    """Where work on the store is handed in."""

    async def do(self, work: Callable[[Engine], T]) -> T:
        """Return what *work* returns, once it is on the disk. Raises what *work* raises, or StoreError."""
        ...


class InlineDesk:
    """Does the work at once, in the caller's thread; for the command line, drills and tests."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def do(self, work: Callable[[Engine], T]) -> T:
        """Return what *work* returns, once it is on the disk."""
        return self.engine.unit(work)


class _Piece:
    """One piece of work and the future that waits for it."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[Engine], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class ThreadDesk:
    """Does the work in a thread of its own, so that a slow disk never holds up sending and listening."""

    def __init__(self, make_engine: Callable[[], Engine]) -> None:
        self._make_engine = make_engine
        self._waiting: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._door = threading.Lock()
        self._closed = False

    def start(self) -> None:
        """Open the store and begin. Raises StoreError when it cannot be opened."""
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            raise self._failed

    def stop(self) -> None:
        """Finish what waits, close the store, and end; whoever comes later gets a StoreError."""
        self._waiting.put(None)
        self._thread.join(timeout=30)

    async def do(self, work: Callable[[Engine], T]) -> T:
        """Return what *work* returns, once it is on the disk."""
        piece = _Piece(work, asyncio.get_running_loop())
        with self._door:
            if self._closed:
                raise StoreError("the store is closed", "数据库已关闭:服务正在停止。请等它停下再试")
            self._waiting.put(piece)
        result: T = await piece.future
        return result

    def _run(self) -> None:
        try:
            engine = self._make_engine()
        except BaseException as error:
            self._failed = error
            self._ready.set()
            return
        self._ready.set()
        while (group := self._next_group()) is not None:
            self._do_group(engine, group)
            self._answer(group)
        with self._door:
            self._closed = True
        while (group := self._next_group(wait=False)) is not None:
            self._do_group(engine, group)
            self._answer(group)
        engine.store.close()

    def _next_group(self, *, wait: bool = True) -> list[_Piece] | None:
        try:
            first = self._waiting.get(block=wait)
        except queue.Empty:
            return None
        if first is None:
            return None
        group = [first]
        while len(group) < LARGEST_GROUP:
            try:
                piece = self._waiting.get_nowait()
            except queue.Empty:
                break
            if piece is None:
                self._waiting.put(None)
                break
            group.append(piece)
        return group

    def _do_group(self, engine: Engine, group: list[_Piece]) -> None:
        if len(group) == 1:
            self._do_alone(engine, group[0])
            return

        def all_of_it(engine: Engine) -> None:
            for piece in group:
                try:
                    piece.result, piece.error = engine.unit(piece.work), None
                except StoreError:
                    raise
                except Exception as error:
                    piece.error = error

        try:
            engine.unit(all_of_it)
        except Exception as error:
            for piece in group:
                if isinstance(error, StoreBusy):
                    piece.error = error
                else:  # one damaged log must not spoil what has nothing to do with it
                    self._do_alone(engine, piece)

    def _do_alone(self, engine: Engine, piece: _Piece) -> None:
        def work(engine: Engine) -> Any:
            try:
                return piece.work(engine)
            except Exception as error:
                piece.error = error
                raise

        piece.error = None
        try:
            piece.result = engine.unit(work)
        except Exception as error:
            if piece.error is None:  # not the work went wrong but what should have kept it
                piece.error = (
                    error if isinstance(error, EmergencyError) else StoreError(str(error), f"数据库出错:{error}")
                )

    def _answer(self, group: list[_Piece]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Piece]] = {}
        for piece in group:
            by_loop.setdefault(piece.loop, []).append(piece)
        for loop, pieces in by_loop.items():
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle_all, pieces)


def _settle_all(pieces: list[_Piece]) -> None:
    for piece in pieces:
        piece.settle()
