"""The commands about scenarios: check, show, new, msel, schema."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from emergency.commands.base import WRONG_WORDS, Command, Misused, Session, json_option, pass_session, show, to_stderr

if TYPE_CHECKING:
    from pathlib import Path

site_option = click.option("--site", metavar="FILE", help="Against another site than the one in force. 另一场所。")
roster_option = click.option("--roster", metavar="FILE", help="Against other people than those in force. 另一名册。")
output_option = click.option("--output", metavar="FILE", help="Write it there instead of printing it. 写到文件。")


@click.command("check", cls=Command)
@click.argument("names", nargs=-1, metavar="[FILE|ID]...")
@click.option("--quick", is_flag=True, help="Without playing it. 不试演。")
@click.option(
    "--pin", "pin_", is_flag=True, help="Write the plan's present revision into the file first. 写入现行预案版本。"
)
@click.option("--sarif", metavar="FILE", help="As SARIF 2.1.0 for editors and CI; - is the screen. 供编辑器和CI。")
@site_option
@roster_option
@json_option
@pass_session
def check(
    session: Session, /, names: tuple[str, ...], quick: bool, pin_: bool, sarif: str | None, site: str | None,
    roster: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Check scenarios: names, times, safety; a dry run shows whether each inject bites. 检查演练情景。

    Without a name, all there are. Ends with 2 while a mistake is left. --pin is for a scenario that you have gone
    through beside the plan as it is now.

    \b
    emergency drill check saturday_food_court
    emergency drill check my_scenario.yaml --site site.yaml --roster roster.yaml
    emergency drill check --pin my_scenario.yaml
    """
    from emergency.drills.scenarios.checked import check_files, files_of, ground_for, own_folder, pin

    if sarif == "-" and as_json:
        raise Misused(
            "--json and --sarif - both want the screen; give SARIF a file",
            "--json 和 --sarif - 都要输出到屏幕;请给 --sarif 写一个文件名",
        )
    if pin_ and not names:
        raise Misused(
            "--pin wants the files by name: a scenario is pinned by whoever has looked at it",
            "--pin 要写明情景文件:谁看过,由谁锁定",
        )
    with ground_for(session.settings, site, roster, quick=quick) as ground:
        files = files_of(own_folder(session.settings.home), names)
        for path in files.values() if pin_ else ():
            session.say("scenario_pinned", file=path, revision=pin(ground, path))
        report = check_files(ground, files, quick=quick, every=not names)
    if sarif is not None:
        _hand_over(session, json.dumps(report.sarif(session.lang), ensure_ascii=False, indent=2) + "\n", sarif)
    if sarif != "-":
        show(session, report.document(session.lang), as_json, lambda: report.lines(session.lang))
    if report.errors:
        session.say("mistakes", n=report.errors)
        sys.exit(WRONG_WORDS)


def show_scenario(session: Session, name: str, as_json: bool) -> None:
    """Print a scenario for whoever runs it."""
    import msgspec

    from emergency.drills.scenarios.checked import files_of, ground_for, own_folder, show_lines
    from emergency.drills.scenarios.file import read_file

    with ground_for(session.settings, None, None, quick=True) as ground:
        (path,) = files_of(own_folder(session.settings.home), (name,)).values()
        scenario = read_file(path, ground.site)
        timezone = ground.site.timezone
    document = msgspec.to_builtins(scenario)
    show(session, document, as_json, lambda: show_lines(scenario, session.lang, timezone))


@click.command("new", cls=Command)
@click.argument("playbook")
@click.argument("file")
@json_option
@pass_session
def new(session: Session, /, playbook: str, file: str, as_json: bool) -> None:
    """Start a scenario for a plan; it passes the check as it stands. 新建演练情景。

    FILE is a name for it (it goes into the installation's scenarios) or the path of a file.

    \b
    emergency drill new fire kitchen_fire
    """
    from emergency.drills.scenarios.drafting import draft

    path = draft(session.settings, playbook, file)
    show(session, {"scenario": path.stem, "file": str(path)}, as_json, lambda: [str(path)])
    session.say("try_next")
    for next_ in ("check", "show", "run"):
        to_stderr(f"    emergency drill {next_} {_word(session, path)}")


def _word(session: Session, path: Path) -> str:
    from emergency.drills.scenarios.checked import own_folder

    return path.stem if path.parent == own_folder(session.settings.home) else str(path)


@click.command("msel", cls=Command)
@click.argument("scenario", required=False)
@output_option
@click.option("--import", "import_", metavar="FILE.csv", help="Read this list. 读入这份清单。")
@click.option("--into", metavar="SCENARIO.yaml", help="The scenario whose injects it replaces. 写入哪个情景。")
@json_option
@pass_session
def msel(
    session: Session, /, scenario: str | None, output: str | None, import_: str | None, into: str | None, as_json: bool
) -> None:
    """The list of injects as a table (CSV), out and in. 注入清单(MSEL)导出、导入。

    It is for those who control the drill; players never see it.

    \b
    emergency drill msel saturday_food_court --output msel.csv
    emergency drill msel --import msel.csv --into my_scenario.yaml
    """
    from emergency.drills.scenarios.checked import files_of, ground_for, own_folder
    from emergency.drills.scenarios.drafting import import_list
    from emergency.drills.scenarios.file import read_file
    from emergency.drills.scenarios.msel import table, write

    if (import_ is None) != (into is None) or (import_ is None) == (scenario is None):
        raise Misused(
            "say a scenario to print its list, or --import FILE.csv --into SCENARIO.yaml",
            "请写情景名以打印清单,或写 --import 文件.csv --into 情景.yaml",
        )
    with ground_for(session.settings, None, None, quick=True) as ground:
        if import_ is not None and into is not None:
            number = import_list(import_, into, ground.site)
            document = {"file": into, "injects": number}
            show(session, document, as_json, lambda: [])
            session.say("msel_read", n=number, file=into)
            return
        (path,) = files_of(own_folder(session.settings.home), (scenario or "",)).values()
        found = read_file(path, ground.site)
    if as_json:
        show(session, {"scenario": found.id, "rows": table(found)}, True, lambda: [])
        return
    _hand_over(session, write(found), output)


@click.command("schema", cls=Command)
@output_option
@pass_session
def schema(session: Session, /, output: str | None) -> None:
    """The JSON Schema of scenarios: editors complete and explain by it. 编辑器用的 JSON Schema。

    \b
    emergency drill schema --output scenario.schema.json
    """
    from emergency.drills.scenarios.schema import schema_text

    _hand_over(session, schema_text(), output)


def _hand_over(session: Session, data: str | bytes, output: str | None) -> None:
    from pathlib import Path

    from emergency.picture.make import write

    if output is None or output == "-":
        click.echo(data, nl=False)
        return
    write(Path(output), data.encode() if isinstance(data, str) else data)
    session.say("written", file=output)


COMMANDS: list[click.Command] = [check, new, msel, schema]
"""The commands about scenarios; `show` of one is reached through `emergency drill show`."""
