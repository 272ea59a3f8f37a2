"""The red command: one word, no question, with and without a server, whatever state the installation is in."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emergency.commands.base import DONE, NO_STORE, NOT_ALL_SENT, Command, Session, json_option, pass_session, to_stderr

if TYPE_CHECKING:
    from emergency.engine import Engine

SERVER_SECONDS = 0.7
"""How long the server is waited for before the work is done here: a freeze takes a second at most."""


@click.command(cls=Command)
@click.argument("code", required=False)
@click.option("--abort", is_flag=True, help="Break them off instead; needs --reason. 直接终止。")
@click.option("--reason", metavar="TEXT", help="Why; kept on record. 理由。")
@click.option("--by", metavar="PERSON", help="Who says so. 谁下的令。")
@json_option
@pass_session
def stop(session: Session, /, code: str | None, as_json: bool, **args: Any) -> None:
    """Stop every drill at once, or one; anybody may. 立即停止演练,任何人都可以。

    Everything of it stands still: no message, no timer. Only its director lets it go on.

    \b
    emergency drill stop
    emergency drill stop DR3
    emergency drill stop --abort --reason "somebody fell"
    """
    home = _home(session)
    marked = code is not None or _mark(home)
    words = {key: value for key, value in {"code": code, **args}.items() if value}
    document, trouble = _stop(session, words)
    elsewhere = _rehearsals(home, words)
    if document is not None:
        document = {**document, "stopped": [*document["stopped"], *elsewhere]}
    _tell(session, document, as_json, trouble, marked=marked)


def _home(session: Session) -> Path:
    """Return the installation's folder, also where its settings cannot be read."""
    from emergency.errors import EmergencyError

    try:
        return session.settings.home
    except EmergencyError as error:
        to_stderr(error.of(session.lang_of_errors))
        return Path(session.home or os.environ.get("EMERGENCY_HOME") or ".")


def _mark(home: Path) -> bool:
    """Put the marker where drills of other processes look; return whether that was possible."""
    from emergency.clock import SystemClock
    from emergency.drills.live import brake

    try:
        brake.pull(home, brake.Marker(SystemClock().now(), brake.CONSOLE, "red"))
    except OSError:
        return False
    return True


def _stop(session: Session, words: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """Stop what the store knows of: by the server, else here. Return the document, or what is in the way."""
    from emergency.commands.base import refused
    from emergency.control import NoServer
    from emergency.control import ask as ask_server
    from emergency.errors import CommandRefused, EmergencyError, Mistakes

    with contextlib.suppress(NoServer, EmergencyError):
        answer = ask_server(session.settings.socket, {"verb": "drill-stop", "args": words}, SERVER_SECONDS)
        if "error" in answer:
            if int(answer["exit"]) < NO_STORE:
                refused(session, answer)
            zh = answer.get("error_zh") if session.lang_of_errors == "zh" else None
            return None, str(zh or answer["error"])
        return dict(answer["document"]), ""
    try:
        return _here(session, words), ""
    except (Mistakes, CommandRefused):
        raise
    except EmergencyError as error:
        return None, error.of(session.lang_of_errors)


def _here(session: Session, words: dict[str, Any]) -> dict[str, Any]:
    import asyncio

    from emergency.commands.base import send_now
    from emergency.verbs import perform

    app = session.recording_app()
    engine = app.engine()
    try:
        document = perform(app.desktop, engine, "drill-stop", words)
        asyncio.run(send_now(app, engine))
    finally:
        engine.store.close()
    return document


def _rehearsals(home: Path, words: dict[str, Any]) -> list[str]:
    """Stop what is kept among the rehearsals; those that run look at the marker by themselves."""
    from emergency.clock import SystemClock
    from emergency.drills.live.brake import REHEARSALS
    from emergency.engine import Engine
    from emergency.errors import EmergencyError
    from emergency.store.store import SqliteStore

    path = home / REHEARSALS
    if words.get("code") or not path.exists():
        return []
    with contextlib.suppress(EmergencyError, OSError), contextlib.closing(SqliteStore(path, create=False)) as store:
        return _going(Engine(store, SystemClock()))
    return []


def _going(engine: Engine) -> list[str]:
    """Stop the rehearsals that are not over, and return their codes; a record stays as it is."""
    from emergency.drills.live import brake
    from emergency.store.drills import Books

    stopped = []
    for row in Books(engine.store).all():
        if row.incident is not None and row.ended_at is None and engine.incident(row.incident).frozen is None:
            brake.freeze(engine, row.incident, brake.CONSOLE, "red")
            stopped.append(row.code)
    return stopped


def _say(session: Session, key: str, **values: object) -> None:
    """Say something; in both languages where the settings, and with them the language, cannot be read."""
    from emergency.errors import EmergencyError
    from emergency.phrases import phrase

    try:
        session.say(key, **values)
    except EmergencyError:
        to_stderr(phrase(key, "zh", **values))
        to_stderr(phrase(key, "en", **values))


def _tell(session: Session, document: dict[str, Any] | None, as_json: bool, trouble: str, *, marked: bool) -> None:
    if document is None:
        to_stderr(trouble)
        _say(session, "stop_marked" if marked else "stop_failed")
        sys.exit(NOT_ALL_SENT if marked else NO_STORE)
    if as_json:
        click.echo(json.dumps({**document, "marked": marked}, ensure_ascii=False, indent=2))
    elif document["stopped"]:
        _say(
            session, "aborted_drills" if document["aborted"] else "stopped_drills", codes=", ".join(document["stopped"])
        )
    else:
        _say(session, "no_drill_goes_on")
    if not marked:
        _say(session, "stop_unmarked")
    sys.exit(DONE)


COMMANDS: list[click.Command] = [stop]
