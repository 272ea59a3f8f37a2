"""The commands about plans: `emergency playbook ...`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from emergency.commands.base import (
    WRONG_WORDS,
    Commands,
    Misused,
    Session,
    json_option,
    pass_session,
    show,
    to_stderr,
)

if TYPE_CHECKING:
    from emergency.picture.make import Made


@click.group(cls=Commands)
def playbook() -> None:
    """The plans. 预案。"""


@playbook.command("list")
@json_option
@pass_session
def playbook_list(session: Session, /, as_json: bool) -> None:
    """Every plan that can be triggered. 预案清单。

    \b
    emergency playbook list
    """
    from emergency.setup import list_playbooks

    document = list_playbooks(session.app(real=False))

    def lines() -> list[str]:
        good = [f"{p['code']}  {p['id']:<22} {p['title']['zh']}  {p['title']['en']}" for p in document["playbooks"]]
        return good + [f"!  {text}" for text in document["mistakes"]]

    show(session, document, as_json, lines)


@playbook.command("show")
@click.argument("name")
@click.option("--effective", is_flag=True, help="Every value as it holds here, and where it comes from. 生效值及出处。")
@json_option
@pass_session
def playbook_show(session: Session, /, name: str, effective: bool, as_json: bool) -> None:
    """A plan in words: states, steps, times with their sources, ways out. 预案内容。

    \b
    emergency playbook show fire
    """
    from emergency.setup import effective_playbook, show_playbook

    app = session.app(real=False)
    document, lines = effective_playbook(app, name) if effective else show_playbook(app, name, session.lang)
    show(session, document, as_json, lambda: lines)


@playbook.command("check")
@click.argument("name", required=False)
@click.option("--all", "all_", is_flag=True, help="Every plan of this installation. 全部。")
@click.option("--site", metavar="FILE", help="Against another site than the one in force. 另一场所。")
@click.option("--roster", metavar="FILE", help="Against other people than those in force. 另一名册。")
@click.option("--quick", is_flag=True, help="Only how it is written, as on every save. 只查写法。")
@click.option("--sarif", metavar="FILE", help="As SARIF 2.1.0 for editors and CI; - is the screen. 供编辑器和CI。")
@json_option
@pass_session
def playbook_check(
    session: Session,
    /,
    name: str | None,
    all_: bool,
    as_json: bool,
    site: str | None,
    roster: str | None,
    quick: bool,
    sarif: str | None,
) -> None:
    """Prove a plan (an id or a file): its course, its times, its people, its words. 检查预案。

    Every finding has an id (docs/checks.md), file and line. Ends with 2 while a mistake is left that nobody answers for
    in waivers.yaml.

    \b
    emergency playbook check fire
    emergency playbook check my_plan.yaml --site site.yaml --roster roster.yaml
    emergency playbook check --all --sarif checks.sarif
    """
    from emergency.checking import check, files_named, ground_of

    if sarif == "-" and as_json:
        raise Misused(
            "--json and --sarif - both want the screen; give SARIF a file",
            "--json 和 --sarif - 都要输出到屏幕;请给 --sarif 写一个文件名",
        )
    with ground_of(session.settings, site, roster, quick=quick) as ground:
        files = files_named(ground, None if all_ else name)
        report = check(ground, files, quick=quick)
    if sarif is not None:
        _write(sarif, json.dumps(report.sarif(session.lang), ensure_ascii=False, indent=2))
    if sarif != "-":
        many = all_ or name is None
        show(session, report.document(session.lang), as_json, lambda: report.lines(session.lang, every=many))
    errors = sum(each.counts == "error" for each in report.found)
    if errors:
        session.say("mistakes", n=errors)
        sys.exit(WRONG_WORDS)


def _write(file: str, text: str) -> None:
    from pathlib import Path

    from emergency.errors import Mistakes
    from emergency.phrases import unwritable

    if file == "-":
        click.echo(text)
        return
    try:
        Path(file).write_text(text + "\n", "utf-8")
    except OSError as error:
        raise Mistakes(*unwritable(file, error)) from error


output_option = click.option("--output", metavar="FILE", help="Write it there instead of printing it. 写到文件。")
drawn_lang_option = click.option(
    "--lang", "drawn_in", type=click.Choice(["zh", "en"]), help="Its language; otherwise yours. 语言。"
)


@playbook.command("chart")
@click.argument("name")
@click.option(
    "--format", "format", type=click.Choice(["svg", "mermaid"]), default="svg", help="A picture, or its text. 格式。"
)
@drawn_lang_option
@output_option
@pass_session
def playbook_chart(session: Session, /, name: str, format: str, drawn_in: str | None, output: str | None) -> None:
    """Draw a plan: states, roles, times, ways out; what happens in silence is dashed. 预案图。

    \b
    emergency playbook chart fire --output fire.svg
    emergency playbook chart fire --format mermaid --lang en
    """
    from emergency.picture.make import chart

    _hand_over(session, chart(session.app(real=False), name, drawn_in or session.lang, format), output)


@playbook.command("card")
@click.argument("name")
@click.option("--role", metavar="ROLE", required=True, help="Whose card: an id or a title, as fire_team. 岗位。")
@click.option("--format", "format", type=click.Choice(["html", "pdf"]), help="Otherwise by the name of FILE. 格式。")
@drawn_lang_option
@output_option
@pass_session
def playbook_card(
    session: Session, /, name: str, role: str, format: str | None, drawn_in: str | None, output: str | None
) -> None:
    """The page that somebody keeps: what a role does, by when, whom it calls, how it answers. 岗位卡。

    \b
    emergency playbook card fire --role fire_team --output fire_team.pdf
    emergency playbook card 火灾 --role 中控室 --lang zh --output card.html
    """
    from emergency.picture.make import run_card

    format = format or ("pdf" if (output or "").lower().endswith(".pdf") else "html")
    made = run_card(session.app(real=False), name, role, drawn_in or session.lang, format)
    _hand_over(session, made, output)
    if made.pages > 1:
        session.say("card_pages", n=made.pages)


def _hand_over(session: Session, made: Made, output: str | None) -> None:
    """Write what was made to the file that was named, or to standard output."""
    from pathlib import Path

    from emergency.picture.make import write

    if output is None or output == "-":
        click.echo(made.data, nl=False)
        return
    write(Path(output), made.data)
    session.say("written", file=output)


@playbook.command("new")
@click.argument("id")
@click.option("--code", metavar="LETTER", help="The letter of its incidents; otherwise a free one. 编号首字母。")
@click.option("--title-zh", metavar="TEXT", help="What it is called in Chinese. 中文名称。")
@click.option("--title-en", metavar="TEXT", help="What it is called in English. 英文名称。")
@json_option
@pass_session
def playbook_new(session: Session, /, id: str, as_json: bool, **words: str | None) -> None:
    """Start a plan from a commented template that passes the check as it stands. 新建预案。

    \b
    emergency playbook new chemical_smell --title-zh 化学异味 --title-en "Chemical smell"
    """
    from emergency.picture.make import new

    path = new(session.app(real=False), id, **words)
    show(session, {"playbook": id, "file": str(path)}, as_json, lambda: [str(path)])
    session.say("try_next")
    for next_ in ("check", "chart"):
        to_stderr(f"    emergency playbook {next_} {id}")


@playbook.command("schema")
@output_option
@pass_session
def playbook_schema(session: Session, /, output: str | None) -> None:
    """The JSON Schema of plans: editors complete and explain by it. 编辑器用的 JSON Schema。

    \b
    emergency playbook schema --output playbook.schema.json
    """
    from emergency.picture.make import Made
    from emergency.picture.schema import schema_text

    _hand_over(session, Made(schema_text().encode()), output)
