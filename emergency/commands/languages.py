"""The commands about the languages people are written to in: `emergency language ...`."""

from __future__ import annotations

import sys
from typing import Any

import click

from emergency.commands.base import WRONG_WORDS, Commands, Session, json_option, pass_session, show


@click.group(cls=Commands)
def language() -> None:
    """The languages people are written to and called in. 语言。"""


@language.command("list")
@json_option
@pass_session
def language_list(session: Session, /, as_json: bool) -> None:
    """Every language: how much of it is there, who reads it, whether calls are made in it. 有哪些语言。

    \b
    emergency language list
    """
    from emergency.languages.survey import listed
    from emergency.phrases import phrase

    document = listed(session.app())

    def lines() -> list[str]:
        return [phrase("language_row", session.lang, **_words(session, row)) for row in document["languages"]]

    show(session, document, as_json, lines)
    for row in document["languages"]:
        for problem in row["problems"]:
            click.echo(f"    {problem}", err=True)


def _words(session: Session, row: dict[str, Any]) -> dict[str, Any]:
    from emergency.phrases import phrase

    calls = "language_called" if row["calls_in"] == row["language"] else "language_not_called"
    own, every = row["own"], row["all"]
    return {
        "language": f"{row['language']:<6}",
        "own": f"{own['have']}/{own['of']}",
        "all": f"{every['have']}/{every['of']}",
        "people": row["people"],
        "calls": phrase(calls, session.lang),
    }


@language.command("template")
@click.option("--output", type=click.Path(dir_okay=False), metavar="FILE", help="Where to; else printed. 写到文件。")
@pass_session
def language_template(session: Session, /, output: str | None) -> None:
    """Every text that people can receive, for a translator: a gettext template. 导出待译文本。

    \b
    emergency language template --output messages.pot
    """
    from pathlib import Path

    from emergency.errors import Mistakes
    from emergency.languages.survey import template
    from emergency.phrases import unwritable

    text, count = template(session.app(real=False))
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            Path(output).write_text(text, "utf-8")
        except OSError as error:
            raise Mistakes(*unwritable(output, error)) from error
        session.say("language_template", n=count, file=output)


@language.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@json_option
@pass_session
def language_check(session: Session, /, file: str, as_json: bool) -> None:
    """Find every mistake of a catalogue, each with its line, and what it does not say yet. 检查译文。

    \b
    emergency language check fr.po
    """
    from emergency.languages.survey import check
    from emergency.phrases import phrase

    document = check(session.app(real=False), file)

    def lines() -> list[str]:
        found = [f"{file}:{each['line']}: {each['says'][session.lang]}" for each in document["problems"]]
        lacking = [phrase("language_missing", session.lang, words=words) for words in document["missing"][:SHOWN]]
        counts = {key: document[key] for key in ("language", "have", "of", "used", "unknown")}
        return [*found, phrase("language_counts", session.lang, **counts), *lacking]

    show(session, document, as_json, lines)
    if document["problems"]:
        sys.exit(WRONG_WORDS)


SHOWN = 10
"""Missing texts that are printed; --json has them all."""
