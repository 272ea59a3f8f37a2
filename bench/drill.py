"""A fire of fifty minutes in virtual time, against the same moves on a bare table; and the memory of the server."""

from __future__ import annotations

import asyncio
import subprocess
import time
from datetime import datetime

from bench.common import PYTHON, Figure, Provider, Serving, folder, install, median, timed
from emergency.control import ask
from emergency.core.commands import AnyCommand
from emergency.core.decide import respond
from emergency.core.incident import Incident
from emergency.demo import Demo
from notifiers.played import PlayedPhones


def virtual_fire(runs: int = 7) -> list[Figure]:
    """The demo's fire in virtual time: its decisions alone, and the whole program, against moves on a bare table."""
    whole, moves = [], []
    lines = 0
    for _ in range(3):
        with folder() as home:
            demo = Demo(PlayedPhones, "en", -1, lambda line: None, home)
            moves = _recorded(demo)
            whole.append(timed(lambda d=demo: asyncio.run(d.run())))
            lines = demo.engine.incident(demo.id).version
            demo.engine.store.close()
    core = [timed(lambda: _decided(moves)) for _ in range(runs)]
    floor = median([timed(lambda: _bare_table(lines)) for _ in range(runs)])
    return [
        Figure(f"a fire of {lines} events decided in virtual time (core alone)", median(core), floor, 30, "ms"),
        Figure("the same with store, outbox, words and played people", median(whole), floor, None, "ms"),
    ]


def _recorded(demo: Demo) -> list[tuple[AnyCommand, datetime]]:
    """Let the demo's engine note every command it is given."""
    moves: list[tuple[AnyCommand, datetime]] = []
    write = demo.engine._write

    def noting(incident: Incident | None, command: AnyCommand, now: datetime) -> Incident:
        if not demo.id or (incident is not None and incident.id == demo.id):  # not what it lets expect
            moves.append((command, now))
        return write(incident, command, now)

    demo.engine._write = noting  # type: ignore[method-assign]
    return moves


def _decided(moves: list[tuple[AnyCommand, datetime]]) -> None:
    """Decide the same commands again, with nothing but the core."""
    incident: Incident | None = None
    for command, now in moves:
        _, incident = respond(incident, command, now)


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
