"""`emergency ready`: could every plan be run, now and in the days ahead?"""

from __future__ import annotations

import sys

import click

from emergency.commands.base import NOT_NOW, Command, Session, json_option, pass_session, show


@click.command(cls=Command)
@click.option("--at", "at", metavar="TIME", help="From another moment on: 03:00, or 2026-03-01T03:00. 何时。")
@click.option("--days", type=int, default=30, show_default=True, help="How far to look ahead. 看多少天。")
@click.option("--plan", metavar="PLAYBOOK", help="One plan, with who fills each role. 单个预案。")
@click.option("--all", "full", is_flag=True, help="Everything; with --plan, after each change of shift. 全部。")
@json_option
@pass_session
def ready(session: Session, /, at: str | None, days: int, plan: str | None, full: bool, as_json: bool) -> None:
    """Who would fill the roles of each plan, now and for 30 days, and the first hole; ends with 3 at a hole. 就绪检查。

    \b
    emergency ready
    emergency ready --plan fire --at 03:00
    emergency ready --all
    """
    from emergency.readiness import lines
    from emergency.readiness.board import ready as look

    document = look(session.recording_app(), at, days, plan, full=full)
    show(session, document, as_json, lambda: lines.ready(document, session.lang, full=full))
    if not document["ready"]:
        sys.exit(NOT_NOW)
