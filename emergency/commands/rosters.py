"""Changing the roster: `emergency roster import | undo | history | leave | swap | export`."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from emergency.commands.base import Command, Session, by_option, json_option, pass_session, show, to_stderr

yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask on a terminal. 不再确认。")
anyway_option = click.option(
    "--anyway", metavar="REASON", help="Although a role is left without anybody; kept on record. 明知有空缺的理由。"
)
dry_option = click.option("--dry-run", "dry", is_flag=True, help="Only show what would change. 只看变化。")


@click.command("import", cls=Command)
@click.argument("file", type=click.Path(exists=True))
@yes_option
@dry_option
@by_option
@json_option
@pass_session
def roster_import(session: Session, /, file: str, yes: bool, dry: bool, by: str | None, as_json: bool) -> None:
    """Put a roster (YAML, CSV, XLSX, or a folder of YAML) in force, whole or not at all. 导入名册。

    On a terminal it shows what changes, and asks; from a script it does it, and says on standard error what it changed.

    \b
    emergency roster import roster.xlsx --dry-run
    emergency roster import roster.csv
    emergency roster import people/
    """
    from emergency.roster.verbs import Importing
    from emergency.roster.words import differs

    app = session.app(real=False)
    importing = Importing(app, file)
    document, seen = importing.look()
    if dry:
        show(session, document, as_json, lambda: _lines(session, document))
        return
    _say(session, document)
    asks = differs(document) and _asks(yes, as_json)
    if asks and not _agreed(session):
        return
    document = importing.put_in(_who(session, by), seen if asks else None)
    session.say("imported", n=document["people"])
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@click.command("undo", cls=Command)
@click.argument("change", required=False, type=click.IntRange(1))
@yes_option
@dry_option
@by_option
@json_option
@pass_session
def roster_undo(session: Session, /, change: int | None, yes: bool, dry: bool, by: str | None, as_json: bool) -> None:
    """Put the roster before the last change in force again; undone twice, the change is back. 撤销名册变更。

    With a number of `roster history`, the roster before that change.

    \b
    emergency roster undo
    emergency roster undo 12 --dry-run
    """
    from emergency.roster.verbs import undo
    from emergency.roster.words import differs

    app = session.app(real=False)
    document, seen = undo(app, change, "console", dry=True)
    if dry or not differs(document):
        show(session, document, as_json, lambda: _lines(session, document))
        return
    _say(session, document)
    asks = _asks(yes, as_json)
    if asks and not _agreed(session):
        return
    document, _ = undo(app, change, _who(session, by), seen=seen if asks else None)
    session.say("roster_undone", n=document["undoes"], people=document["people"])
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@click.command("history", cls=Command)
@json_option
@pass_session
def roster_history(session: Session, /, as_json: bool) -> None:
    """Which rosters were put in force, when, by whom and from what. 名册变更记录。

    \b
    emergency roster history
    """
    from emergency.roster.verbs import history
    from emergency.roster.words import history_lines

    document = history(session.app(real=False))
    show(session, document, as_json, lambda: history_lines(document, session.lang))


@click.command("leave", cls=Command)
@click.argument("person")
@click.argument("first")
@click.argument("last", required=False)
@click.option("--why", default="", metavar="TEXT", help="Kept in the roster; not shown in alerts. 事由。")
@click.option("--cancel", is_flag=True, help="Back at work for these days. 销假。")
@anyway_option
@by_option
@json_option
@pass_session
def roster_leave(
    session: Session,
    /,
    person: str,
    first: str,
    last: str | None,
    why: str,
    cancel: bool,
    anyway: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Somebody is away from FIRST to LAST, both days included: neither on shift nor on call. 请假。

    Refused when it leaves a role of some plan without anybody; --anyway REASON enters it all the same.

    \b
    emergency roster leave wang_jun 2026-12-01 2026-12-07 --why holiday
    emergency roster leave 王军 2026-12-05 --cancel
    """
    from emergency.roster.verbs import leave

    who = _person(session, person)
    document = leave(session.app(real=False), who, first, last, why, _who(session, by), cancel=cancel, anyway=anyway)
    _say_opened(session, document, anyway)
    _done(session, document, as_json)


@click.command("swap", cls=Command)
@click.argument("person")
@click.argument("day")
@click.option("--with", "other", metavar="PERSON", help="Who works the shift instead; each works the other's. 与谁换。")
@click.option("--shift", metavar="SHIFT", help="Works this shift that day; `off` for none. 当天改上哪个班。")
@anyway_option
@by_option
@json_option
@pass_session
def roster_swap(
    session: Session,
    /,
    person: str,
    day: str,
    other: str | None,
    shift: str | None,
    anyway: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Two people work each other's shifts on a day, or one works another shift. 换班。

    A shift belongs to the day it begins.

    \b
    emergency roster swap sun_li 2026-12-05 --with xie_fang
    emergency roster swap sun_li 2026-12-05 --shift off
    """
    from emergency.roster.verbs import swap

    who = _person(session, person)
    whom = _person(session, other) if other is not None else None
    document = swap(session.app(real=False), who, day, whom, shift, _who(session, by), anyway=anyway)
    _say_opened(session, document, anyway)
    _done(session, document, as_json)


@click.command("export", cls=Command)
@click.argument("file", type=click.Path())
@click.option("--numbers", is_flag=True, help="Whole numbers, so that it can be imported again. 含完整号码,可再导入。")
@click.option("--replace", is_flag=True, help="Write over what is there. 覆盖。")
@json_option
@pass_session
def roster_export(session: Session, /, file: str, numbers: bool, replace: bool, as_json: bool) -> None:
    """Write the roster to a .yaml, .csv or .xlsx file, or to a folder; only its owner can read it. 导出名册。

    \b
    emergency roster export people.xlsx
    emergency roster export people/ --numbers
    """
    from emergency.roster.verbs import export_roster

    document = export_roster(session.app(real=False), file, numbers=numbers, replace=replace)
    session.say("roster_exported" if numbers else "roster_exported_masked", n=document["people"], file=file)
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))


ALL = (roster_import, roster_undo, roster_history, roster_leave, roster_swap, roster_export)
"""The commands of this file, in the order they are listed."""


def _lines(session: Session, document: dict[str, Any]) -> list[str]:
    from emergency.roster.words import change_lines

    return change_lines(document, session.lang)


def _say(session: Session, document: dict[str, Any]) -> None:
    for line in _lines(session, document):
        to_stderr(line)
    _say_opened(session, document, None)


def _say_opened(session: Session, document: dict[str, Any], reason: str | None) -> None:
    """Say which roles a change leaves without anybody, and under which reason it was made all the same."""
    if document.get("opens"):
        from emergency.readiness.guard import hole_lines

        for line in hole_lines(document["_holes"], session.lang):
            to_stderr(line)
        if reason:
            session.say("hole_noted", reason=reason)


def _done(session: Session, document: dict[str, Any], as_json: bool) -> None:
    show(session, document, as_json, lambda: _lines(session, document))


def _asks(yes: bool, as_json: bool) -> bool:
    return not yes and not as_json and sys.stdin.isatty()


def _agreed(session: Session) -> bool:
    from emergency.phrases import phrase

    if click.confirm(phrase("roster_sure", session.lang), default=False, err=True):
        return True
    session.say("roster_kept")
    return False


def _person(session: Session, word: str) -> str:
    """Return the roster id that *word* names."""
    from emergency.verbs import the_person

    app = session.app(real=False)
    engine = app.engine()
    try:
        return the_person(app.desktop, engine, word)
    finally:
        engine.store.close()


def _who(session: Session, by: str | None) -> str:
    return "console" if by is None else _person(session, by)
