"""The same inputs decide the same events, in every process: nothing hangs on how a process orders its sets and maps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

NIGHT = """
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from emergency.core import commands as c
from emergency.core.decide import respond
from emergency.loader import read_playbook, read_roster, read_site
from emergency.roster import Reach, members
from emergency.store.codec import encode

sample = Path("emergency/sample")
site = read_site((sample / "site.yaml").read_bytes(), "site.yaml")
roster = read_roster((sample / "roster.yaml").read_bytes(), "roster.yaml", site)
now = datetime(2026, 3, 1, 20, tzinfo=UTC)
for name in ("fire", "power_outage", "robbery"):
    plan = read_playbook(Path(f"playbooks/{name}.yaml").read_bytes(), f"{name}.yaml", site)
    place = "site" if plan.place == "site" else "b1_food_court"
    opening = c.OpenIncident(incident="i1", code="F01", mode="real", playbook=plan, site=site, place=place,
                             members=members(roster, site, now, Reach(), {}), by="console")
    events, incident = respond(None, opening, now)
    log = list(events)
    for _ in range(250):
        due, timer = min((due, timer) for timer, due in incident.timers.items())
        events, incident = respond(incident, c.FireTimer(timer=timer), due)
        log += events
    for state in (*plan.states, plan.states[0]):  # out of every state, with all that waited in it
        if not state.final and state.name != incident.state:
            order = c.OrderTransition(to=state.name, by="console", reason="r", override=True)
            events, incident = respond(incident, order, incident.last)
            log += events
    print(name, len(log), hashlib.sha256(b"".join(map(encode, log))).hexdigest())
"""


def night(seed: str) -> str:
    """Return what a process with this hash seed decides in silent nights of three plans."""
    env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", NIGHT], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def test_processes_agree_to_the_last_byte() -> None:
    """Three silent nights, decided in three processes that order their hashes differently: one log."""
    first = night("1")
    assert len(first.splitlines()) == 3
    assert first == night("2") == night("12345")
