"""The verb of the red command: every drill stands still, or is broken off, at one word."""

from __future__ import annotations

from emergency.core.incident import Incident
from emergency.core.values import is_drill
from emergency.drills.live import brake
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes
from emergency.store.drills import Books
from emergency.store.holds import open_drills
from emergency.verbs import VERBS, Args, Desktop, Document, the_person


def drill_stop(desktop: Desktop, engine: Engine, args: Args) -> Document:
    """Stop every drill, or the one that is named; asks nothing. With `abort` each is broken off, for a reason."""
    by = _by(desktop, engine, args)
    before = {incident.id: incident for incident in _named(engine, args.get("code"))}
    if args.get("abort"):
        return {"stopped": _abort(engine, list(before.values()), by, args), "stood": [], "aborted": True}
    if args.get("code"):
        for id in before:
            brake.freeze(engine, id, by, "red")
    elif open_drills(engine.store):
        brake.stop_all(engine, by)
    stood = [incident.code for incident in before.values() if incident.frozen is not None]
    return {"stopped": [i.code for i in before.values() if i.frozen is None], "stood": stood, "aborted": False}


def _by(desktop: Desktop, engine: Engine, args: Args) -> str:
    """Return who stops it. A name that nobody has keeps no drill going: then it is whoever sits at the program."""
    try:
        return the_person(desktop, engine, str(args["by"])) if args.get("by") else brake.CONSOLE
    except Mistakes:
        return brake.CONSOLE


def _named(engine: Engine, code: object) -> list[Incident]:
    drills = [i for i in engine.open_incidents() if is_drill(i.mode) and not i.armed]
    if not code:
        return drills
    word = str(code).strip().upper()
    row = Books(engine.store).by_code(word)
    found = [i for i in drills if i.code == word or (row is not None and row.incident in (i.id, i.parent))]
    if not found:
        known = engine.store.incident_by_code(word)
        if known is not None and not is_drill(known.mode):
            raise CommandRefused(
                f"{word} is real: only drills are stopped. To end it: emergency stand-down {word}",
                f"{word} 是真实事件,这里只停演练。要解除它:emergency stand-down {word}",
            )
        raise Mistakes(
            f"no drill called {word} goes on; without a code every drill is stopped: emergency drill stop",
            f"没有正在进行的演练 {word};不写编号就停止所有演练:emergency drill stop",
        )
    return found


def _abort(engine: Engine, drills: list[Incident], by: str, args: Args) -> list[str]:
    if not args.get("reason"):
        raise Mistakes(
            'breaking off needs a reason: emergency drill stop --abort --reason "..."',
            '中止要写理由:emergency drill stop --abort --reason "..."',
        )
    reason = engine.store.seal(str(args["reason"])[:1600])
    for incident in drills:
        brake.abort(engine, incident.id, by, "red", reason)
    return [incident.code for incident in drills]


VERBS["drill-stop"] = drill_stop
