"""The commands about the programme: `drill calendar`, `schedule`, `coverage`, `replay`. Nothing is sent here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from emergency.commands.base import (
    NOT_NOW,
    Command,
    Commands,
    Session,
    json_option,
    pass_session,
    show,
)

if TYPE_CHECKING:
    from emergency.app import App


def _app(session: Session) -> App:
    """The installation without any notifier: planning reaches no telephone."""
    from emergency.app import App
    from emergency.clock import SystemClock

    return App(session.settings, [], SystemClock())


@click.command("calendar", cls=Command)
@click.option(
    "--output", type=click.Path(dir_okay=False), metavar="FILE.ics", help="Also for people's calendars. 日历文件。"
)
@json_option
@pass_session
def calendar(session: Session, /, output: str | None, as_json: bool) -> None:
    """What drills are owed, done, due and overdue, with the evidence; who must be told by when. 演练计划与法定要求。

    Ends with 3 while something is overdue. What is owed is chosen in HOME/programme.yaml.

    \b
    emergency drill calendar
    emergency drill calendar --output drills.ics
    """
    from emergency.programme import calendar as programme
    from emergency.programme import lines

    app = _app(session)
    document = programme.calendar(app)
    if output is not None:
        _write(session, output, document, app)
    show(session, document, as_json, lambda: list(lines.calendar(document, session.lang)))
    if any(rule["state"] == "overdue" for rule in document["rules"]):
        sys.exit(NOT_NOW)


def _write(session: Session, output: str, document: dict[str, object], app: App) -> None:
    from pathlib import Path

    from emergency.errors import Mistakes
    from emergency.phrases import unwritable
    from emergency.programme.ics import to_ics

    try:
        Path(output).write_bytes(to_ics(document, session.lang, app.clock.now()))
    except OSError as error:
        raise Mistakes(*unwritable(output, error)) from None
    session.say("calendar_written", path=output)


@click.group("schedule", cls=Commands)
def schedule() -> None:
    """Drills that come again: put in, list, take out. 定期演练。"""


@schedule.command("add", cls=Command)
@click.argument("scenario")
@click.option("--cron", metavar="TEXT", help="Minute hour day month weekday, site time: '0 10 1 */6 *'. 周期。")
@click.option("--at", metavar="TIME", help="Once: 2026-12-05T10:00, site time. 单次时间。")
@click.option("--kind", metavar="KIND", help="simulated, tabletop, callout or full; else the scenario's. 类型。")
@click.option("--director", metavar="NAME", help="Who begins it, and is reminded. 导演。")
@click.option("--anyway", metavar="REASON", help="Although something stands against it. 仍要安排的理由。")
@json_option
@pass_session
def schedule_add(
    session: Session, /, scenario: str, cron: str | None, at: str | None, kind: str | None, director: str | None,
    anyway: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Put in a drill, once or again and again. A simulated one runs by itself; no other begins by a clock. 安排演练。

    \b
    emergency drill schedule add saturday_food_court --cron "0 10 1 */6 *"
    emergency drill schedule add saturday_food_court --at 2026-12-05T10:00 --kind full --director "Liu Yang"
    """
    from emergency.programme import lines, planner

    document = planner.add(_app(session), scenario, cron=cron, at=at, kind=kind, director=director, anyway=anyway)
    show(session, document, as_json, lambda: list(lines.added(document, session.lang, document["timezone"])))


@schedule.command("list", cls=Command)
@json_option
@pass_session
def schedule_list(session: Session, /, as_json: bool) -> None:
    """The schedules: when each is due next, and what became of its last times. 定期演练一览。

    \b
    emergency drill schedule list
    """
    from emergency.programme import lines, planner

    document = planner.listing(_app(session))
    show(session, document, as_json, lambda: list(lines.schedules(document, session.lang)))


@schedule.command("next", cls=Command)
@click.option("--days", type=click.IntRange(1, 366), default=60, show_default=True, help="How far ahead. 看多少天。")
@json_option
@pass_session
def schedule_next(session: Session, /, days: int, as_json: bool) -> None:
    """The drills of the next days: what stands against each, and who must be told by when. 近期演练。

    \b
    emergency drill schedule next
    """
    from emergency.programme import lines, planner

    document = planner.coming(_app(session), days)
    show(session, document, as_json, lambda: list(lines.coming(document, session.lang)))


@schedule.command("remove", cls=Command)
@click.argument("schedule_code", metavar="CODE")
@json_option
@pass_session
def schedule_remove(session: Session, /, schedule_code: str, as_json: bool) -> None:
    """Take a schedule out; what was held and planned by it stays. 取消定期演练。

    \b
    emergency drill schedule remove SC1
    """
    from emergency.phrases import phrase
    from emergency.programme import planner

    document = planner.remove(_app(session), schedule_code)
    words = {"code": document["schedule"], "scenario": document["scenario"]}
    show(session, document, as_json, lambda: [phrase("schedule_removed", session.lang, **words)])


@click.command("coverage", cls=Command)
@click.argument("playbook", required=False)
@click.option("--no-scenarios", is_flag=True, help="Do not try which scenarios would help. 不试各情景。")
@json_option
@pass_session
def coverage(session: Session, /, playbook: str | None, no_scenarios: bool, as_json: bool) -> None:
    """What of the plans was practised in twelve months, and what never was. 演练覆盖率。

    \b
    emergency drill coverage
    emergency drill coverage fire
    """
    from emergency.programme.practised import lines, practised

    document = practised(_app(session), playbook, scenarios=playbook is not None and not no_scenarios)
    show(session, document, as_json, lambda: list(lines(document, session.lang)))


@click.command("replay", cls=Command)
@click.argument("code")
@click.option("--playbook", type=click.Path(), metavar="FILE", help="The edited plan. 修改后的预案。")
@click.option("--roster", type=click.Path(), metavar="FILE", help="The edited roster. 修改后的名册。")
@json_option
@pass_session
def replay(session: Session, /, code: str, playbook: str | None, roster: str | None, as_json: bool) -> None:
    """Would another plan or roster have done better? The past once more, with the people as they were. 重放对比。

    \b
    emergency drill replay F07 --playbook fire.new.yaml
    emergency drill replay RH3 --roster roster.new.yaml
    """
    from emergency.drills.rehearsals.replaying import lines, replayed

    document = replayed(_app(session), code, playbook, roster)
    show(session, document, as_json, lambda: list(lines(document, session.lang)))


COMMANDS: list[click.Command] = [calendar, schedule, coverage, replay]
