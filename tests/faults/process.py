"""`emergency serve` as a process of its own: started, asked, killed, started again; and what it leaves behind.

Every process is ended by its id when the block around it ends, also when the test has failed.
"""

from __future__ import annotations

import atexit
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from emergency import control
from emergency.clock import SystemClock
from emergency.engine import Engine
from emergency.store.store import OutboxRow, SqliteStore
from tests.serving import PATIENCE, clean_environment, until

ROOT = Path(__file__).resolve().parents[2]
HERE = "http://127.0.0.1:"


@lru_cache
def compiled() -> str:
    """A folder for what Python compiles, for as long as the tests run."""
    folder = tempfile.mkdtemp(prefix="emergency-compiled-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Process:
    """`emergency serve` as a process. It listens on the same port each time it is started."""

    def __init__(self, home: Path, env: dict[str, str]) -> None:
        self.home = home
        self.env = {**clean_environment(), **env, "EMERGENCY_HOME": str(home), "EMERGENCY_LANG": "en"}
        if self.env.pop("PYTHONDONTWRITEBYTECODE", ""):  # else every start compiles everything anew
            self.env["PYTHONPYCACHEPREFIX"] = compiled()
        self.address = ""
        self.said: list[str] = []
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def begin(self) -> Process:
        """Start it, and do not wait until it listens."""
        self._reader = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve", "--port", str(self._port)],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self

    def start(self) -> Process:
        """Return once it listens."""
        process = self.begin()._process
        assert process is not None
        assert process.stderr is not None
        for line in process.stderr:
            self.said.append(line.rstrip())
            if HERE in line:
                self._port = int(line.split(HERE)[1].split()[0].strip(".,;/"))
                self.address = f"{HERE}{self._port}"
                self._reader = threading.Thread(target=self._listen, args=(process,), daemon=True)
                self._reader.start()
                return self
        raise AssertionError(f"the server did not start: {self.said}")

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        self.said += [line.rstrip() for line in process.stderr]

    @property
    def pid(self) -> int:
        """The id of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def end(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """End it by a signal, and return its exit status."""
        process, self._process = self._process, None
        assert process is not None
        process.send_signal(sign)
        try:
            status = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        if self._reader is not None:
            self._reader.join(PATIENCE)
        assert process.stderr is not None
        process.stderr.close()
        return status

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.end(signal.SIGKILL) == -signal.SIGKILL, "it had ended by itself"

    def close(self) -> None:
        """End it if it still runs."""
        if self._process is not None:
            self.end(signal.SIGKILL)

    def types(self, *words: str) -> tuple[int, str, str]:
        """Type a command in another process; return exit status, output and messages."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", *words],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
        )
        return done.returncode, done.stdout, done.stderr

    def asks(self, verb: str, patience: float = PATIENCE, **args: Any) -> dict[str, Any]:
        """Do a verb over the control socket and return its document. Raises control.NoServer."""
        answer = control.ask(self.home / "serve.sock", {"verb": verb, "args": args}, patience=patience)
        assert "document" in answer, answer
        document: dict[str, Any] = answer["document"]
        return document


class Supervisor:
    """What systemd is to a service of type `notify`: a socket that hears READY=1, WATCHDOG=1 and STOPPING=1."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.setblocking(False)

    def listen(self) -> list[str]:
        """Return all that was heard, in order."""
        try:
            while True:
                self.heard += self._socket.recv(4096).decode().splitlines()
        except BlockingIOError:
            return self.heard

    def wait_for(self, words: str, times: int = 1) -> None:
        """Return once *words* have been heard so often."""
        until(lambda: self.listen().count(words) >= times, f"for {words}, {times} times; heard {self.heard}")

    def close(self) -> None:
        """Hear nothing more."""
        self._socket.close()


@contextmanager
def reading(home: Path) -> Iterator[Engine]:
    """An engine of our own over the store of *home*, for a look at what a server has written."""
    store = SqliteStore(home / "emergency.db")
    try:
        yield Engine(store, SystemClock())
    finally:
        store.close()


def outbox(engine: Engine) -> list[OutboxRow]:
    """Every row of the outbox, in the order they were queued."""
    ids = [id for (id,) in engine.store._db.execute("select id from outbox order by rowid")]
    return [row for row in map(engine.store.delivery, ids) if row is not None]


def check_whole(engine: Engine) -> None:
    """Nothing is half done: every chain holds, and outbox, timers and answers are what the logs say.

    Raises:
        AssertionError, StoreDamaged: something is.
    """
    store = engine.store
    rows = outbox(engine)
    incidents = {row.id: engine.incident(row.id) for row in store.all_incidents()}
    assert len({incident.code for incident in incidents.values()}) == len(incidents), "a code was given twice"
    assert {row.incident for row in rows} <= {*incidents, None}, "a message of an incident that is not there"
    far = SystemClock().now() + timedelta(days=36_500)
    timers = {(timer.incident, timer.name): timer.due for timer in store.due_timers(far, 1_000_000)}
    wanted: dict[tuple[str, str], Any] = {}
    for id, incident in incidents.items():
        assert store.verify(id) == incident.version
        said = {d.id: d.status for d in incident.deliveries.values()}
        theirs = {row.id: row.status for row in rows if row.incident == id and row.alert is not None}
        open_still = dict.fromkeys(("queued", "sending", "unknown"), "queued")
        assert {i: open_still.get(status, status) for i, status in theirs.items()} == said
        wanted |= {(id, name): due for name, due in incident.timers.items()}
    assert timers == wanted
    unread = "select id from inbound where outcome = '' and id not like 'request:%'"
    assert store._db.execute(unread).fetchall() == [], "a message came, and nothing was done about it"
