"""A fire of fifty minutes in virtual time, against the same moves on a bare table; and what memory is taken."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from bench.common import PYTHON, Figure, Provider, Serving, folder, install, median, timed
from emergency.control import ask
from emergency.core.commands import AnyCommand
from emergency.core.decide import respond
from emergency.core.incident import Incident
from emergency.demo import Demo
from emergency.drills.players.model import profiles, read_model
from emergency.drills.players.played import Played
from emergency.drills.rehearsals.rehearsal import Rehearsal
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


ASKED_FOR = 30.0
"""Milliseconds that a rehearsed fire of fifty minutes among 25 people may take."""


def rehearsed_fire(runs: int = 25) -> list[Figure]:
    """A whole rehearsal in memory, dice of the played people and all: its median; the same seed gives the same log."""
    ready = rehearsals()
    first, again = (ready(7).history() for _ in range(2))
    assert first == again
    assert first != ready(8).history()
    took = [timed(partial(ready, n)) for n in range(runs)]
    lines = median([len(ready(n).history()) for n in range(5)])
    floor = median([timed(lambda: _bare_table(int(lines))) for _ in range(7)])
    name = f"a fire of 50 minutes rehearsed, {int(lines)} events"
    return [
        Figure(f"{name} (floor: asked for)", median(took), ASKED_FOR, 1, "ms"),
        Figure(f"{name} (floor: bare table)", median(took), floor, None, "ms"),
    ]


def rehearsals() -> Callable[[int], Rehearsal]:
    """Return what rehearses the fire of the sample mall with a seed, from a Sunday noon to fifty minutes later."""
    from tests.rehearsing import stage, team
    from tests.scenarios.scene import NOON

    set_stage, people = stage(), team(NOON)[0]
    model, profile = read_model(), profiles(people, NOON, stage().site)

    def run(seed: int) -> Rehearsal:
        players = Played(model, profile, seed, decisions={"first_attack": "big", "hydrant": "holding"})
        rehearsal = Rehearsal(set_stage, players, receipts=False, seed=seed)
        rehearsal.run(timedelta(minutes=50))
        return rehearsal

    return run


GROWTH = """
import resource, sys
from bench.drill import rehearsals
run, few, many = rehearsals(), int(sys.argv[1]), int(sys.argv[2])
def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024
for n in range(many):
    run(n)
    if n + 1 == few:
        before = resident()
print(before, resident())
"""


def rehearsal_memory(few: int = 200, many: int = 1000) -> list[Figure]:
    """Resident memory after many rehearsals in one process, against that after a few: none is kept."""
    done = subprocess.run([PYTHON, "-c", GROWTH, str(few), str(many)], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    return [Figure(f"memory after {many} rehearsals (floor: after {few})", after, before, 1.05, "MB")]


IDLE = """
import asyncio, fastapi, uvicorn, sqlite3, msgspec, immutables, jinja2.sandbox, transitions, twilio.rest, aiohttp
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
