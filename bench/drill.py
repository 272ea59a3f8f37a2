"""A fire of fifty minutes in virtual time, against the same moves on a bare table; and the memory of the server."""

from __future__ import annotations

import asyncio
import subprocess
import time

from bench.common import PYTHON, Figure, Provider, Serving, folder, install, median, timed
from emergency.control import ask
from emergency.demo import Demo
from notifiers.played import PlayedPhones


def virtual_fire(runs: int = 5) -> list[Figure]:
    """The demo's fire, without a terminal; a move is one line of its log."""
    ours, lines = [], 0
    for _ in range(runs):
        with folder() as home:
            demo = Demo(PlayedPhones, "en", -1, lambda line: None, home)
            ours.append(timed(lambda d=demo: asyncio.run(d.run())))
            lines = demo.engine.incident(demo.id).version
            demo.engine.store.close()
    floor = [timed(lambda: _bare_table(lines)) for _ in range(runs)]
    return [
        Figure(f"a fire of {lines} events in virtual time (floor: bare table)", median(ours), median(floor), 30, "ms")
    ]


def _bare_table(moves: int) -> None:
    """The same number of moves through a dictionary of states and events."""
    table = {(f"s{n}", "go"): f"s{(n + 1) % 12}" for n in range(12)}
    state, log = "s0", []
    for n in range(moves):
        state = table[state, "go"]
        log.append((n, time.perf_counter(), state, {"step": f"s{n}", "person": "p"}))


IDLE = """
import asyncio, fastapi, uvicorn, sqlite3, msgspec, rpds, jinja2.sandbox, transitions, twilio.rest, aiohttp
import apscheduler.schedulers.asyncio, click, sys
import emergency.server, emergency.web.http, notifiers.registry
print("ready", flush=True)
sys.stdin.read()
"""


def memory(incidents: int = 50) -> list[Figure]:
    """Resident memory of `serve` with fifty incidents open, against Python idle with the same imports."""
    idle = subprocess.Popen([PYTHON, "-c", IDLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert idle.stdout is not None
    idle.stdout.readline()
    floor = _resident(idle.pid)
    idle.communicate("")
    with folder() as home:
        install(home)
        provider = Provider()
        server = Serving(home, provider)
        try:
            for _ in range(incidents):
                ask(server.socket, {"verb": "trigger", "args": {"playbook": "fire", "at": "K12", "separate": True}})
            time.sleep(2)
            ours = _resident(server.process.pid)
        finally:
            server.stop()
            provider.stop()
    return [Figure("memory of serve, 50 incidents (floor: idle + 60 MB)", ours, floor + 60, 1, "MB")]


def _resident(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
