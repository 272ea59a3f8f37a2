"""The commands about the site and its people: `emergency site ...`, `emergency roster ...`."""

from __future__ import annotations

import json
from typing import Any

import click

from emergency.commands.base import (
    Commands,
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

    show_findings(session, check_site(file), as_json)


@click.group(cls=Commands)
def roster() -> None:
    """The people. 名册。"""


@roster.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@json_option
@pass_session
def roster_import(session: Session, /, file: str, as_json: bool) -> None:
    """Put a roster (YAML or CSV) in force; nothing is half imported. 导入名册。

    \b
    emergency roster import roster.yaml
    emergency roster import roster.csv
    """
    from emergency.setup import import_roster

    document = import_roster(session.app(real=False), file)
    session.say("imported", n=document["people"])
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@roster.command("check")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False))
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
        return [_person_line(person) for person in document["people"]]

    show(session, document, as_json, lines)


def _person_line(person: dict[str, Any]) -> str:
    who = f"{person['id']:<16} {person['name']['zh']} {person['name']['en']:<18} {person['shift']:<8}"
    return f"{who} {', '.join(person['numbers'])}  {', '.join(person['roles'])}"


@roster.command("who")
@click.option("--at", "at", metavar="TIME", help="Another moment: 03:00, or 2026-03-01T03:00. 何时。")
@json_option
@pass_session
def roster_who(session: Session, /, at: str | None, as_json: bool) -> None:
    """Who would take which role now, or at another moment of the site's own time. 此刻谁担任什么。

    \b
    emergency roster who
    emergency roster who --at 03:00
    """
    document = ask(session, "roster-who", at=at)

    def lines() -> list[str]:
        from emergency.phrases import phrase

        out = []
        for role in document["roles"]:
            there = [
                f"{document['people'][p['person']][session.lang]} ({phrase(p['duty'], session.lang)})"
                for p in role["people"]
            ]
            titles = {each["role"]: each["title"][session.lang] for each in document["roles"]}
            deputies = " → " + ", ".join(titles.get(d, d) for d in role["deputies"]) if role["deputies"] else ""
            out.append(
                f"{role['title'][session.lang]:<20} {', '.join(there) or phrase('nobody', session.lang)}{deputies}"
            )
        return out

    show(session, document, as_json, lines)
