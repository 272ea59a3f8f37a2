"""Nobody watches over a drill on real telephones: it is broken off before anything of it leaves.

A server that was away, or stood still, does not know what people have done since. So whoever beats again after more
than `gate.LOST` first breaks off what went on unwatched, and tells whom it had reached; so it is with a drill whose
longest time has passed meanwhile. What is real has let a drill stand still by itself, in the transaction that began it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from emergency.core.practice import MAXIMUM
from emergency.drills.live import brake
from emergency.drills.live.gate import LOST
from emergency.engine import Engine
from emergency.store.holds import open_drills

WATCHED = "drills"
"""Under this name stands when drills were watched over last, by the engine's own clock, which nobody can set. It stays
when a server ends on purpose."""
UNWATCHED = "heartbeat"
"""Why such a drill is broken off, as its log says it."""
RESTORED = "restored"
SLACK = timedelta(seconds=1)
"""How far the clocks of two processes may lie apart."""


def keep_watch(engine: Engine, worker: str) -> None:
    """Break off what went on unwatched or too long, then write down that somebody watches. One that cannot be broken
    off keeps no other going, and no server from beating."""
    now = engine.clock.now()
    last = engine.store.heartbeat(WATCHED)
    for id in open_drills(engine.store):
        engine.beside(partial(_look_at, id=id, now=now, last=last[0] if last is not None else None))
    engine.store.beat(WATCHED, now, worker)


def _look_at(engine: Engine, id: str, now: datetime, last: datetime | None) -> None:
    incident = engine.incident(id)
    if incident.mode != "live_drill" or incident.armed or incident.is_closed:
        return  # it calls nobody, or is broken off already, with what let it begin
    if MAXIMUM in incident.timers and incident.timers[MAXIMUM] <= now:
        brake.abort(engine, id, brake.CONSOLE, MAXIMUM)
    elif RESTORED not in incident.stopped and _was_away(now, max(last or incident.opened, incident.opened)):
        brake.abort(engine, id, brake.CONSOLE, UNWATCHED)


def _was_away(now: datetime, last: datetime) -> bool:
    """Whether nobody watched for too long; a clock that stands before the last look was set back meanwhile, and nobody
    knows for how long."""
    return now - last > LOST or last - now > SLACK
