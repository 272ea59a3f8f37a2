"""The commands about the site and its people: `emergency site ...`, `emergency roster ...`."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from emergency.commands import rosters
from emergency.commands.base import (
    NOT_ALL_SENT,
    NOT_NOW,
    Commands,
    Misused,
    Session,
    ask,
    json_option,
    pass_session,
    show,
    show_findings,
)


@click.group(cls=Commands)
def site() -> None:
    """The building and its organisation. 场所。"""


@site.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@json_option
@pass_session
def site_import(session: Session, /, file: str, as_json: bool) -> None:
    """Put a changed site in force; open incidents keep theirs. 更新场所。

    \b
    emergency site import site.yaml
    """
    from emergency.setup import import_site

    document = import_site(session.app(real=False), file)
    session.say("site_in_force", site=document["site"])
    for line in document["warnings"]:
        click.echo(line, err=True)
    if document["unusable"]:
        session.say("unusable")
        for line in document["unusable"]:
            click.echo(f"    {line}", err=True)
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@site.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@json_option
@pass_session
def site_check(session: Session, /, file: str, as_json: bool) -> None:
    """Find every mistake of a site file, each with its line. 检查场所文件。

    \b
    emergency site check site.yaml
    """
    from emergency.setup import check_site

    show_findings(session, check_site(file, session.lang), as_json)


@click.group(cls=Commands)
def roster() -> None:
    """The people. 名册。"""


for command in rosters.ALL:
    roster.add_command(command)


@roster.command("check")
@click.argument("file", required=False, type=click.Path(exists=True))
@json_option
@pass_session
def roster_check(session: Session, /, file: str | None, as_json: bool) -> None:
    """Find every mistake of a roster file, or what the roster in force lacks. 检查名册。

    \b
    emergency roster check              the one in force
    emergency roster check roster.csv
    """
    from emergency.setup import check_roster

    show_findings(session, check_roster(session.app(real=False), file, session.lang), as_json)


@roster.command("show")
@click.option("--numbers", is_flag=True, help="Whole telephone numbers instead of masked ones. 显示完整号码。")
@json_option
@pass_session
def roster_show(session: Session, /, numbers: bool, as_json: bool) -> None:
    """Everybody, with roles and shift; numbers are masked. 名册内容。

    \b
    emergency roster show
    """
    from emergency.setup import show_roster

    document = show_roster(session.app(real=False), numbers=numbers)

    def lines() -> list[str]:
        return [_person_line(person, document, session.lang) for person in document["people"]]

    show(session, document, as_json, lines)


def _person_line(person: dict[str, Any], document: dict[str, Any], lang: str) -> str:
    shift, roles = person["shift"], ", ".join(person["roles"])
    if lang == "zh":
        hours = document["_shifts"].get(shift)
        shift = f"{shift}({hours})" if hours else shift
        roles = "、".join(document["_role_titles"].get(role, role) for role in person["roles"])
    who = f"{person['id']:<16} {person['name']['zh']} {person['name']['en']:<18} {shift:<8}"
    return f"{who} {', '.join(person['numbers'])}  {roles}"


@roster.command("forget")
@click.argument("person")
@click.option("--yes", is_flag=True, help="Do it; without, only what would go is shown. 确认执行。")
@json_option
@pass_session
def roster_forget(session: Session, /, person: str, yes: bool, as_json: bool) -> None:
    """Forget somebody for good: numbers, words, tests; every log stays whole. 删除某人的资料。

    \b
    emergency roster forget chen_hao           what is kept about them
    emergency roster forget chen_hao --yes     forget it
    """
    from emergency.forgetting import forget, look
    from emergency.phrases import phrase

    app = session.app(real=False)
    document = forget(app, person) if yes else look(app, person)

    def lines() -> list[str]:
        said = [phrase("forgot" if yes else "would_forget", session.lang, **document)]
        left = ["forget_log", "forget_backups"] + ([] if document.get("clean", True) else ["forget_unclean"])
        said += [phrase(key, session.lang, **document) for key in left]
        return said + [phrase("forget_file", session.lang, file=file) for file in document["files"]]

    show(session, document, as_json, lines)
    if not yes:
        session.say("forget_yes", person=document["person"])
        sys.exit(NOT_NOW)


@roster.command("who")
@click.option("--at", "at", metavar="TIME", help="Another moment: 03:00, or 2026-03-01T03:00. 何时。")
@click.option("--plan", metavar="PLAYBOOK", help="The roles of one plan. 单个预案的角色。")
@json_option
@pass_session
def roster_who(session: Session, /, at: str | None, plan: str | None, as_json: bool) -> None:
    """Who would take which role now, or at another moment of the site's own time. 此刻谁担任什么。

    Behind a name stand the channels of the first call, and how many days ago each last proved itself.

    \b
    emergency roster who
    emergency roster who --at 03:00 --plan fire
    """
    document = ask(session, "roster-who", at=at, plan=plan)

    def lines() -> list[str]:
        from emergency.readiness.lines import who

        return list(who(document, session.lang))

    show(session, document, as_json, lines)


@roster.command("ask")
@click.argument("person", required=False)
@click.option("--stale", is_flag=True, help="Everybody whose number did not answer for 90 days. 所有久未应答的号码。")
@click.option("--anyway", is_flag=True, help="Also outside working hours. 非工作时间也问。")
@json_option
@pass_session
def roster_ask(session: Session, /, person: str | None, stale: bool, anyway: bool, as_json: bool) -> None:
    """Ask somebody whether a number is still theirs; no alert, marked as a test. 核对号码。

    The running server asks every number once a month by itself, unless EMERGENCY_STILL_YOU=off.

    \b
    emergency roster ask sun_li
    emergency roster ask --stale
    """
    from emergency.still_you import ask_by_hand

    if bool(person) == stale:
        raise Misused(
            "say a PERSON, or --stale for all whose number did not answer for long",
            "请写人员,或写 --stale(所有久未应答的号码)",
        )
    document = ask_by_hand(session.app(), person, anyway=anyway)
    session.say("asked_numbers", n=len(document["asked"]), left=len(document["left"]))
    show(session, document, as_json, lambda: [_asked_line(each, session.lang) for each in document["asked"]])
    if document["left"]:
        sys.exit(NOT_ALL_SENT)


def _asked_line(question: dict[str, Any], lang: str) -> str:
    from emergency.phrases import phrase

    way = phrase(f"way_{question['channel']}", lang)
    return phrase("asked_line", lang, person=question["person"], n=question["number"], way=way)
