"""Stopping drills: everywhere at once, by one word, also where the store cannot be written.

Two ways, both always gone: the store of the installation, in which every drill stands still by one statement; and a
marker, a file in the installation's folder, at which drills of other processes (at a table, in real time) and the gate
look. The marker is never taken away: what it stops is what had begun before it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from emergency.clock import Clock, wall_of
from emergency.core import commands as c
from emergency.core.incident import Incident
from emergency.core.marks import bare
from emergency.core.values import is_drill
from emergency.drills import book
from emergency.drills.live.gate import drill_of, last_begun, scenario_of
from emergency.drills.scenario import Safety
from emergency.engine import Engine
from emergency.errors import CommandRefused, EmergencyError
from emergency.store.drills import Books
from emergency.store.holds import open_drills

MARKER = "drills.stop"
REHEARSALS = "rehearsals.db"
"""Where drills are kept that reach no telephone: beside the store of the installation."""
CONSOLE = "console"
EVER = datetime(9000, 1, 1, tzinfo=UTC)
"""The time of a marker that cannot be read: it stops everything."""


class Marker(msgspec.Struct, frozen=True):
    """What stopped every drill: when, by whom, why (as in `DrillFrozen`), and the code of what is real.

    at: as the machine's clock showed it, which every process sees and anybody may set.
    """

    at: datetime
    by: str
    because: str
    other: str | None = None


def pull(home: Path, marker: Marker) -> None:
    """Write the marker; never half of it.

    Raises:
        OSError: it cannot be written.
    """
    part = home / f"{MARKER}.{os.getpid()}"
    part.write_bytes(msgspec.json.encode(marker))
    os.replace(part, home / MARKER)


def read(home: Path) -> Marker | None:
    """Return the marker, or None where there is none. One that cannot be read stops everything."""
    path = home / MARKER
    try:
        return msgspec.json.decode(path.read_bytes(), type=Marker)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError):
        return Marker(EVER, CONSOLE, "red")


class Watch:
    """Looks at the marker for one drill, or for one process; one that was there before does not count."""

    def __init__(self, home: Path) -> None:
        self._path = home / MARKER
        self._seen = self._identity()

    def _identity(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def pulled(self) -> Marker | None:
        """Return the marker if it was put there since the last look, by whatever clock; else None."""
        now = self._identity()
        if now == self._seen or now is None:
            return None
        self._seen = now
        return read(self._path.parent)


def stopped_since(home: Path, clock: Clock) -> Callable[[datetime], bool]:
    """Return a question for the gate: was every drill stopped after this moment of *clock*?"""

    def stopped(begun: datetime) -> bool:
        marker = read(home)
        return marker is not None and _by(clock, marker) >= begun

    return stopped


def _by(clock: Clock, marker: Marker) -> datetime:
    """Return when *marker* was put there by *clock*, which goes on while the machine's is set back."""
    return marker.at - (wall_of(clock) - clock.now())


def carry(home: Path, clock: Clock) -> Callable[[Incident], None]:
    """Return what the engine calls when something real begins: the word goes to drills that are kept elsewhere. That it
    cannot be written keeps nothing real from beginning."""

    def real_began(incident: Incident) -> None:
        if not (home / REHEARSALS).exists():
            return  # nobody ever rehearsed here
        because = "help" if is_drill(incident.mode) else "real"
        with contextlib.suppress(OSError):
            pull(home, Marker(wall_of(clock), CONSOLE, because, incident.code))

    return real_began


def stop_all(engine: Engine, by: str, because: str = "red") -> list[str]:
    """Let every open drill of the store stand still, and return their codes."""

    def work(e: Engine) -> list[str]:
        ids = e.freeze_drills(by, because)
        codes = []
        for id in ids:
            row = e.store.incident(id)
            codes.append(row.code if row is not None else id)
        return codes

    return engine.unit(work)


def freeze(engine: Engine, incident: str, by: str, because: str = "director", other: str | None = None) -> Incident:
    """Let one drill stand still; anybody may.

    Raises:
        CommandRefused: it is no drill.
    """

    def work(e: Engine) -> Incident:
        return e.handle(incident, c.FreezeDrill(by=by, because=because, other=other))

    return engine.unit(work)


def resume(engine: Engine, incident: str, by: str) -> Incident:
    """Let a drill go on: the director alone says so, and not while anything real goes on.

    Raises:
        CommandRefused: not theirs to say, or something real goes on.
    """

    def work(e: Engine) -> Incident:
        found = e.incident(incident)
        who = director(e, found)
        if who and by != who:
            raise CommandRefused(
                f"only {who}, who directs {found.code}, lets it go on: emergency drill resume {found.code} --by {who}",
                f"只有导演 {who} 可以让 {found.code} 继续:emergency drill resume {found.code} --by {who}",
            )
        e.refuse_beside_real()
        return e.handle(incident, c.ResumeDrill(by=by))

    return engine.unit(work)


def abort(engine: Engine, incident: str, by: str, because: str = "director", reason: str | None = None) -> Incident:
    """Break a drill off, and what it let begin with it; anybody may. reason: a seal.

    Raises:
        CommandRefused: it is no drill.
    """

    def work(e: Engine) -> Incident:
        beside = born_of(e, incident)
        after = e.handle(incident, c.AbortDrill(by=by, because=because, reason=reason))
        for child in beside:
            e.handle(child.id, c.AbortDrill(by=by, because=because, reason=reason))
        return after

    return engine.unit(work)


def born_of(engine: Engine, incident: str) -> list[Incident]:
    """Return the open incidents that began beside *incident*, and what began beside these; what is only expected calls
    nobody, and is none of them."""
    found, ids = [], {incident}
    for child in engine.open_incidents():  # oldest first: what came from something comes behind it
        if child.parent in ids and is_drill(child.mode) and not child.armed:
            ids.add(child.id)
            found.append(child)
    return found


def phrases(engine: Engine, incident: Incident) -> frozenset[str]:
    """Return the words that mean something real in a drill, as `bare` leaves them: the program's own (`Safety.phrase`),
    which nobody can take away, those of the site (`code_words: real`) and those of the drill's scenario."""
    known = [Safety().phrase, *filter(None, [incident.site.code_words.get("real")])]
    with contextlib.suppress(EmergencyError, ValueError):
        row = drill_of(engine, incident)
        scenario = scenario_of(engine, row) if row is not None else None
        known += [scenario.safety.phrase] if scenario is not None else []
    return frozenset(filter(None, (bare(words) for text in known for words in (text.zh, text.en))))


def on_screen(engine: Engine, code: str) -> Incident | None:
    """Return the drill on the screen with this code, which stands still and was never planned; without a code, the only
    one. None where there is none."""
    books, word = Books(engine.store), code.strip().upper()
    still = [i for i in engine.open_incidents() if i.mode == "drill" and i.frozen is not None and not books.of(i.id)]
    found = [i for i in still if not word or i.code == word]
    return found[0] if len(found) == 1 and (word or not any(row.ended_at is None for row in books.all())) else None


def director(engine: Engine, incident: Incident) -> str:
    """Return who directs a drill, also what it let begin: by its book, else by its own log; nothing where nobody was
    named."""
    row = drill_of(engine, incident)
    if row is not None:
        for written in Books(engine.store).read(row.id):
            if isinstance(written.entry, book.Planned):
                return written.entry.director
    return incident.director


def follow(engine: Engine, marker: Marker) -> None:
    """Let every drill of the store stand still that had begun before *marker*; one that cannot keeps no other going."""

    def work(e: Engine) -> None:
        for id in open_drills(e.store):
            e.beside(partial(_follow, id=id, marker=marker))

    engine.unit(work)


def _follow(engine: Engine, id: str, marker: Marker) -> None:
    incident = engine.incident(id)
    if incident.frozen is None and not incident.armed and last_begun(engine, incident) <= _by(engine.clock, marker):
        freeze(engine, id, marker.by, marker.because, marker.other)
