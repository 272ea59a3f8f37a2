"""A backup was put back in whose time a drill went on: it must not go on among people who have long gone home.

The world has moved on since the backup, so nobody can say how the drill stands. Every drill of it stands still until
its director lets it go on, and one on real telephones whose longest time is up is broken off. What is real goes on: an
alarm too many is a nuisance, a missing one is a disaster.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from emergency.clock import Clock, wall_of
from emergency.core.practice import LONGEST_DRILL, MAXIMUM
from emergency.drills.live import brake
from emergency.engine import Engine
from emergency.errors import StoreError
from emergency.phrases import no_leave
from emergency.store.holds import hold_every_drill, open_drills

if TYPE_CHECKING:
    from emergency.app import App

RESTORED = "restored"
"""Why they stand still, as their logs say it."""


def mark(home: Path, clock: Clock) -> None:
    """Put the marker where a server, a table and the gate look, before the store is changed: whatever happens between,
    no drill of the backup goes on.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        brake.pull(home, brake.Marker(wall_of(clock), brake.CONSOLE, RESTORED))
    except OSError as error:
        raise StoreError(*no_leave(home / brake.MARKER)) from error


def stand_still(app: App) -> dict[str, list[str]]:
    """Let every open drill of the store stand still, break off those whose time is up; return the codes of both."""
    engine = app.engine()
    with contextlib.closing(engine.store):
        marker = brake.Marker(wall_of(engine.clock), brake.CONSOLE, RESTORED)
        with engine.store.transaction():
            hold_every_drill(engine.store, engine.clock.now())  # also one whose log or book cannot follow
        brake.follow(engine, marker)
        over = [id for id in open_drills(engine.store) if _is_over(engine, id)]
        for id in over:
            brake.abort(engine, id, brake.CONSOLE, MAXIMUM)
        still = [engine.incident(id).code for id in open_drills(engine.store)]
        return {"still": still, "broken_off": [engine.incident(id).code for id in over]}


def _is_over(engine: Engine, id: str) -> bool:
    """Return whether the longest time of a drill among people is up; while it stands still that time goes on."""
    incident = engine.incident(id)
    if incident.mode != "live_drill" or incident.is_closed:  # one of an incident that was broken off before it
        return False
    return engine.clock.now() >= incident.timers.get(MAXIMUM, incident.opened + LONGEST_DRILL)
