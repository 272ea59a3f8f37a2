"""Runs over all cores, in the order of their numbers: whoever does a run, and with whom beside, it comes out the same.

Workers are begun anew and not copied from this process, so nothing of it (threads, open files, the store) is in them;
each gets the setting once and keeps what it made from it. Runs are handed out in chunks, a little ahead of whoever
counts them.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess

from emergency.forecast.case import AS_IS, Case, Change, Setting
from emergency.forecast.sample import Sample

CHUNK = 25
"""Runs handed out at once: a quarter of a second of work (practice)."""
AHEAD = 3
"""Chunks a core that are under way beyond the one that is waited for."""
KEPT = 8
"""Cases that a worker keeps ready."""
SELDOM = 50_000, 20, 100
"""How often a worker looks for values that hold each other: hardly any of a run do, and a twentieth is saved."""
GRACE = 3.0
"""Seconds that a worker has to end by itself."""


def cores() -> int:
    """Return how many cores there are for this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def ends_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end what stands within as Ctrl-C does: the workers are ended first, with status 128 + 15."""

    def ends(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, ends)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Pool:
    """Does runs of one setting; to be closed, or used in `with`."""

    def __init__(self, setting: Setting, cores: int = 1) -> None:
        """Remember the setting; with more than one core, begin the workers."""
        self.setting = setting
        self.cores = max(1, cores)
        self._cases: dict[Change, Case] = {}
        self._executor: ProcessPoolExecutor | None = None
        self._workers: list[BaseProcess] = []

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def case(self, change: Change = AS_IS) -> Case:
        """Return the setting with *change*, in this process."""
        if change not in self._cases:
            if len(self._cases) >= KEPT:
                self._cases.pop(next(iter(self._cases)))
            self._cases[change] = Case(self.setting, change)
        return self._cases[change]

    def samples(self, runs: Sequence[int], change: Change = AS_IS) -> Iterator[Sample]:
        """Yield what each of *runs* comes to under *change*, in their order. Whoever stops listening stops the work."""
        if self.cores == 1:
            case = self.case(change)
            yield from map(case.sample, runs)
            return
        chunks = iter([tuple(runs[n : n + CHUNK]) for n in range(0, len(runs), CHUNK)])
        under_way: deque[Future[list[Sample]]] = deque()
        try:
            for chunk in chunks:
                under_way.append(self._begun().submit(_do, change, chunk))
                if len(under_way) > AHEAD * self.cores:
                    yield from under_way.popleft().result()
            while under_way:
                yield from under_way.popleft().result()
        finally:
            for left in under_way:
                left.cancel()

    def close(self) -> None:
        """End the workers: what they have begun they finish, within seconds; who does not is ended."""
        if self._executor is None:
            return
        self._executor.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.join(GRACE)
            if worker.is_alive():
                worker.terminate()  # by its own process id
                worker.join(GRACE)
        self._executor = None
        self._workers = []

    def _begun(self) -> ProcessPoolExecutor:
        if self._executor is None:
            with _signals_wait():
                before = multiprocessing.active_children()
                self._executor = ProcessPoolExecutor(
                    self.cores,
                    mp_context=multiprocessing.get_context("spawn"),
                    initializer=_begin,
                    initargs=(pickle.dumps(self.setting),),
                )
                for future in [self._executor.submit(os.getpid) for _ in range(self.cores)]:
                    future.result()
                self._workers = [child for child in multiprocessing.active_children() if child not in before]
        return self._executor


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the workers are there, a second or two: half begun they could not be ended, and
    who begins meanwhile inherits that Ctrl-C is none of theirs."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # where it does not run yet, beginning a worker begins it, and that unblocks both
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# in a worker

_setting: Setting | None = None


def _end_with_parent() -> None:
    """A worker whose parent was killed outright is told by nobody: it looks for itself, and goes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _begin(setting: bytes) -> None:
    """Make a worker ready: it leaves Ctrl-C to whoever began it, and ends at once when that one says so."""
    global _setting
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _setting = pickle.loads(setting)  # noqa: S301  (it comes from the process that began this one)
    _case.cache_clear()
    _case(AS_IS)
    gc.freeze()
    gc.set_threshold(*SELDOM)


@lru_cache(maxsize=KEPT)
def _case(change: Change) -> Case:
    assert _setting is not None
    return Case(_setting, change)


def _do(change: Change, runs: Sequence[int]) -> list[Sample]:
    """Return what *runs* come to."""
    return [_case(change).sample(run) for run in runs]
