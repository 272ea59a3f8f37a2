"""`emergency report`: the after-action report of a drill or an incident."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emergency.commands.base import Command, Session, json_option, pass_session, show

if TYPE_CHECKING:
    from emergency.app import App


def _open_one(app: App) -> str:
    """Return the code of the one incident that is open. Raises Mistakes: several. CommandRefused: none."""
    import contextlib

    from emergency.verbs import the_incident

    engine = app.engine()
    with contextlib.closing(engine.store):
        return the_incident(engine, None).code


@click.command(cls=Command)
@click.argument("code", required=False)
@click.option("--output", metavar="FILE", help="Write it: .html (any browser, prints) or .pdf. 输出文件。")
@click.option(
    "--language", type=click.Choice(["zh", "en", "both"]), help="Of the report; else the operator's. 报告语言。"
)
@click.option("--names", is_flag=True, help="With the restricted annex that says who is who. 含姓名附录(限阅)。")
@click.option("--forecast", metavar="FILE", help="What `drill forecast --json` said before. 事先的预测。")
@json_option
@pass_session
def report(
    session: Session, /, code: str | None, output: str | None, language: str | None, names: bool, forecast: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """The after-action report of an incident or a drill: page one here, all of it in a file. 评估总结报告。

    Roles stand in it, names only with --names, telephone numbers never. Every statement names the lines of the log that
    show it.

    \b
    emergency report F07
    emergency report DR3 --output DR3.pdf --language both
    emergency report RH3 --output RH3.html
    """
    from emergency.app import App
    from emergency.report.make import make
    from emergency.report.show import document, lines

    app = App(session.settings, [])
    made = make(app, code or _open_one(app), names=names, forecast=Path(forecast) if forecast else None)
    if output is not None:
        from emergency.report.pages import write

        size = write(made, Path(output), language or session.lang)
        session.say("report_written", file=output, kb=max(1, size // 1000))
    if output is None or as_json:
        show(session, document(made), as_json, lambda: lines(made, session.lang))
