"""The commands about people who are played: the figures they go by, and learning them from what really happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from emergency.commands.base import Command, Session, json_option, pass_session, show

if TYPE_CHECKING:
    from datetime import date, datetime


@click.command("people", cls=Command)
@click.option(
    "--profile", metavar="PROFILE", help="One profile (or world) with ranges and sources. 单个档次的出处与范围。"
)
@json_option
@pass_session
def people(session: Session, /, profile: str | None, as_json: bool) -> None:
    """How played people behave: every figure, and whether anybody measured it. 模拟人员的行为参数与依据。

    people-model.yaml in the installation changes single values, each with its own source.

    \b
    emergency drill people
    emergency drill people --profile on_site
    """
    from emergency.drills.players.lessons import people as model
    from emergency.drills.players.lessons import people_lines

    document = model(session.settings.home)
    show(session, document, as_json, lambda: list(people_lines(document, session.lang, profile or "")))


@click.command("learn", cls=Command)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Only from this day on. 起始日期。")
@click.option("--people", "single", is_flag=True, help="Also figures of single people. 也算个人数据。")
@click.option("--dry-run", is_flag=True, help="Show it, write nothing. 只看不写。")
@json_option
@pass_session
def learn(session: Session, /, since: datetime | None, single: bool, dry_run: bool, as_json: bool) -> None:
    """Learn from real incidents, live drills and tests of numbers how your people answer. 从实际记录学习答复规律。

    Figures are of profiles, never of single people, unless --people says so: whoever fears to be graded does not drill
    honestly. Simulated drills teach nothing.

    \b
    emergency drill learn --dry-run
    emergency drill learn --since 2026-01-01
    """
    from emergency.drills.players.lessons import learn as learned
    from emergency.drills.players.lessons import learn_lines

    day: date | None = since.date() if since else None
    document = learned(session.app(real=False), since=day, single=single, keep=not dry_run)
    show(session, document, as_json, lambda: list(learn_lines(document, session.lang)))


COMMANDS: list[click.Command] = [people, learn]
