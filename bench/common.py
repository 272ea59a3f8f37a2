"""What the figures share: a fake provider as a process, a server as a process, and medians."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
PROGRAM = [PYTHON, "-c", "from cli import main; main()"]
"""What the installed command `emergency` runs."""


class Figure:
    """One line of the table: what was measured, its floor, and what it must not pass."""

    def __init__(
        self, name: str, ours: float, floor: float, limit: float | None, unit: str, *, more_is_better: bool = False
    ) -> None:
        self.name = name
        self.ours = ours
        self.floor = floor
        self.limit = limit
        self.unit = unit
        self.more_is_better = more_is_better

    @property
    def ratio(self) -> float:
        """Ours over the floor."""
        return self.ours / self.floor if self.floor else float("inf")

    @property
    def kept(self) -> bool:
        """Whether the limit is kept; a figure without one is for information."""
        if self.limit is None:
            return True
        return self.ratio >= self.limit if self.more_is_better else self.ratio <= self.limit

    def line(self) -> str:
        """Return the line of the table."""
        if self.limit is None:
            return (
                f"     {self.name:<62} {self.ours:>9.2f} {self.unit:<5} floor {self.floor:>9.2f} {self.unit:<5}"
                f" ratio {self.ratio:>6.2f}"
            )
        sign = "≥" if self.more_is_better else "≤"
        mark = "ok  " if self.kept else "OVER"
        return (
            f"{mark} {self.name:<62} {self.ours:>9.2f} {self.unit:<5} floor {self.floor:>9.2f} {self.unit:<5}"
            f" ratio {self.ratio:>6.2f} ({sign} {self.limit:g})"
        )


def percentile(values: list[float], share: float) -> float:
    """Return the value that *share* of the values do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def timed(work: Callable[[], Any]) -> float:
    """Return how many milliseconds *work* takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a folder that is removed afterwards."""
    path = Path(tempfile.mkdtemp(prefix="emergency-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Provider:
    """The fake provider in a process of its own."""

    def __init__(self, latency: float = 0.0) -> None:
        command = [PYTHON, "-m", "tests.fake_twilio", "--port", "0", "--latency", str(latency)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.told = json.loads(self.process.stdout.readline())
        self.url = self.told["base_url"]

    def env(self) -> dict[str, str]:
        """Return the environment that points the program at this provider."""
        return {
            "TWILIO_ACCOUNT_SID": self.told["account_sid"],
            "TWILIO_AUTH_TOKEN": self.told["auth_token"],
            "TWILIO_FROM": self.told["numbers"][0],
            "TWILIO_API_URL": self.url,
            "TWILIO_SMS_PER_SECOND": "100000",
            "TWILIO_SMS_PER_NUMBER": "0 0 0",  # one telephone takes hundreds here
            "TWILIO_CALLS_PER_NUMBER": "0 0 0",
            "TWILIO_CALLS_PER_SECOND": "100000",
        }

    def ledger(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the requests that arrived, oldest first."""
        with urllib.request.urlopen(f"{self.url}/_fake/ledger?since={since}", timeout=30) as answer:
            found: list[dict[str, Any]] = json.loads(answer.read())
        return found

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(timeout=10)


def environment(home: Path, provider: Provider | None, **more: str) -> dict[str, str]:
    """Return the environment of a program under measurement."""
    ours = ("TWILIO_", "EMERGENCY_", "PYTHONDONTWRITEBYTECODE")  # a program that runs keeps what was compiled
    env = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    env |= {"EMERGENCY_HOME": str(home), "EMERGENCY_LANG": "en"}
    return env | (provider.env() if provider else {}) | more


def install(home: Path) -> None:
    """Make the sample installation in *home*."""
    subprocess.run([*PROGRAM, "init", "--sample"], env=environment(home, None), check=True, capture_output=True)


class Serving:
    """`emergency serve` in a process of its own."""

    def __init__(self, home: Path, provider: Provider | None, **more: str) -> None:
        self.env = environment(home, provider, **more)
        self.port = free_port()
        command = [*PROGRAM, "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if "http://" in line:
                break
        self.socket = home / "serve.sock"

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(timeout=15)


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def durable_commit(path: Path) -> Callable[[], None]:
    """Return a function that makes one durable commit of one row into a bare database."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute("create table t (at real, body text)")

    def commit() -> None:
        db.execute("begin immediate")
        db.execute("insert into t values (?, ?)", (time.time(), "x" * 300))
        db.execute("commit")

    return commit


def bare_client(env: dict[str, str]) -> Any:
    """Return the provider library's own async client, pointed at the fake."""
    from twilio.rest import Client

    from notifiers.twilio.transport import Transport

    return Client(
        env["TWILIO_ACCOUNT_SID"], env["TWILIO_AUTH_TOKEN"], http_client=Transport(env["TWILIO_API_URL"], 5.0)
    )


async def bare_posts(env: dict[str, str], count: int, concurrency: int) -> float:
    """Return the seconds that the bare client needs for *count* messages."""
    client = bare_client(env)
    gate = asyncio.Semaphore(concurrency)

    async def one(n: int) -> None:
        async with gate:
            await client.messages.create_async(to="+12125550123", from_=env["TWILIO_FROM"], body=f"message {n}")

    await one(0)
    start = time.perf_counter()
    await asyncio.gather(*(one(n) for n in range(count)))
    elapsed = time.perf_counter() - start
    await client.http_client.close()
    return elapsed
