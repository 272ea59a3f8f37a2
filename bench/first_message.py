"""How long until the first message leaves: with a server, without one, and what starting costs."""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path
from secrets import token_hex
from typing import Any

from bench.common import (
    PROGRAM,
    PYTHON,
    ROOT,
    Figure,
    Provider,
    Serving,
    bare_client,
    durable_commit,
    environment,
    folder,
    install,
    median,
    percentile,
    timed,
)
from emergency.control import ask

RUNS = 100
WARM = 5
"""So many first runs are not counted."""
PAUSE = 0.2
"""Seconds of rest before each run."""
STARTS = 9


def serving() -> list[Figure]:
    """Trigger accepted → first request at the provider, against one durable commit and one post.

    Both take turns, each after the same pause: an emergency comes to a program that has been idle, and what a
    processor has not done for a while it does more slowly.
    """
    with folder() as home, asyncio.Runner() as loop:
        install(home)
        provider = Provider()
        server = Serving(home, provider)
        bare = Bare(home, provider)
        ours, floor = [], []
        try:
            for _ in range(RUNS):
                time.sleep(PAUSE)
                floor.append(loop.run(bare.one()))
                time.sleep(PAUSE)
                ours.append(_one_trigger(server, provider))
            loop.run(bare.close())
        finally:
            server.stop()
            provider.stop()
    ours, floor = ours[WARM:], floor[WARM:]
    return [
        Figure("serve: trigger accepted → first request, p50", median(ours), median(floor), 3, "ms"),
        Figure("serve: trigger accepted → first request, p99", percentile(ours, 0.99), median(floor), 6, "ms"),
    ]


class Bare:
    """The floor: a bare table and the provider's own client."""

    def __init__(self, home: Path, provider: Provider) -> None:
        self.commit = durable_commit(home / "floor.db")
        self.env = provider.env()
        self.client: Any = None
        self.sender = provider.told["numbers"][0]

    async def one(self) -> float:
        """Return the milliseconds of one durable commit and one post."""
        self.client = self.client or bare_client(self.env)  # needs a running loop
        start = time.time()
        self.commit()
        await self.client.messages.create_async(to="+12125550123", from_=self.sender, body="floor")
        return (time.time() - start) * 1000

    async def close(self) -> None:
        """Close the client."""
        await self.client.http_client.close()


def _one_trigger(server: Serving, provider: Provider) -> float:
    before = len(provider.ledger())
    start = time.time()
    answer = ask(
        server.socket,
        {"verb": "trigger", "args": {"playbook": "fire", "at": "B1 food court", "separate": True, "id": token_hex(6)}},
    )
    first = _first_after(provider, before)
    code = answer["document"]["incident"]
    ask(server.socket, {"verb": "cancel", "args": {"code": code, "reason": "measured"}})
    return (first - start) * 1000


def _first_after(provider: Provider, before: int) -> float:
    time.sleep(0.15)  # the provider keeps the time itself; asking at once would only take its processor away
    end = time.monotonic() + 5
    while time.monotonic() < end:
        entries = provider.ledger(before)
        if entries:
            return min(float(entry["wall"]) for entry in entries)
        time.sleep(0.005)
    raise RuntimeError("no message left within five seconds")


UNAVOIDABLE = """
import asyncio, sqlite3, click, msgspec, immutables, jinja2.sandbox, transitions, twilio.rest, aiohttp, os
from notifiers.twilio.transport import Transport
from twilio.rest import Client
async def post():
    client = Client(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"],
                    http_client=Transport(os.environ["TWILIO_API_URL"], 5.0))
    await client.messages.create_async(to="+12125550123", from_=os.environ["TWILIO_FROM"], body="floor")
    await client.http_client.close()
asyncio.run(post())
"""


def starting() -> list[Figure]:
    """Process start → first request without and with a server, and `--help`."""
    with folder() as home:
        install(home)
        provider = Provider()
        env = environment(home, provider, PYTHONPATH=str(ROOT))
        click_alone = [timed(lambda: _run([PYTHON, "-c", CLICK_ALONE], env)) for _ in range(STARTS)]
        help_ = [timed(lambda: _run([*PROGRAM, "--help"], env)) for _ in range(STARTS)]
        floor = [_started(provider, [PYTHON, "-c", UNAVOIDABLE], env) for _ in range(STARTS)]
        alone = [_started(provider, _trigger(n), env) for n in range(STARTS)]
        server = Serving(home, provider)
        try:
            beside = [_started(provider, _trigger(n), env) for n in range(STARTS)]
        finally:
            server.stop()
            provider.stop()
    return [
        Figure("emergency trigger, no server: start → first request", median(alone), median(floor), 1.5, "ms"),
        Figure(
            "emergency trigger, server running: start → first request", median(beside), median(click_alone), 2, "ms"
        ),
        Figure("emergency --help", median(help_), median(click_alone), 1.3, "ms"),
    ]


CLICK_ALONE = """
import click
@click.group()
def main(): "A program."
@main.command()
def trigger(): "Start."
main(["--help"])
"""


def _trigger(n: int) -> list[str]:
    return [*PROGRAM, "trigger", "fire", "--at", "B1 food court", "--separate"]


def _run(command: list[str], env: dict[str, str]) -> None:
    subprocess.run(command, env=env, cwd=ROOT, check=False, capture_output=True)


def _started(provider: Provider, command: list[str], env: dict[str, str]) -> float:
    before = len(provider.ledger())
    start = time.time()
    _run(command, env)
    first = _first_after(provider, before)
    _run([*PROGRAM, "cancel", "--reason", "measured"], env)
    return (first - start) * 1000
