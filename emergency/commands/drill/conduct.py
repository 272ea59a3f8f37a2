"""The commands that conduct a drill among people, from the plan to the last line restored: one hand, few words."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emergency.commands.base import (
    NOT_NOW,
    Command,
    Misused,
    Session,
    ask,
    json_option,
    pass_session,
    show,
    show_status,
)

if TYPE_CHECKING:
    from emergency.drills.rehearsals.tabletop import Table

drill_argument = click.argument("drill", required=False)
by_option = click.option("--by", metavar="PERSON", help="Who answers for it: a roster id or name. 谁负责。")
reason_option = click.option("--reason", metavar="TEXT", help="Why; kept on record. 理由。")


def _show(session: Session, document: dict[str, Any], as_json: bool) -> None:
    from emergency.drills.live import lines

    show(session, document, as_json, lambda: list(lines.drill(document, session.lang)))


def _do(session: Session, verb: str, as_json: bool, **args: Any) -> None:
    _show(session, ask(session, verb, **args), as_json)


def _hand_over(name: str, says: str, *words: Callable[[Any], Any]) -> click.Command:
    """Return the command `emergency drill NAME`: it hands its words to the verb of that name, and shows how the drill
    stands then.

    Args:
        says: its help. words: its arguments and options, beside `--by` and `--json`.
    """

    def run(session: Session, /, as_json: bool, **args: Any) -> None:
        _do(session, f"drill-{name}", as_json, **args)

    made: Any = pass_session(run)
    for each in (json_option, by_option, *reversed(words)):
        made = each(made)
    return click.command(name, cls=Command, help=says)(made)


def _where(scenario: str) -> str:
    """Return a scenario as a server that runs elsewhere finds it: a file by its whole path."""
    return str(Path(scenario).resolve()) if scenario.endswith((".yaml", ".yml")) or "/" in scenario else scenario


@click.command(cls=Command)
@click.argument("scenario")
@click.option("--kind", type=click.Choice(["callout", "full"]), help="Only answers are asked, or movement too. 类别。")
@click.option("--director", required=True, metavar="PERSON", help="Who directs it, and alone lets it go on. 导演。")
@click.option("--begins", metavar="TIME", help='When, in the site\'s own time: "2026-12-01 10:00". 何时开始。')
@click.option(
    "--with", "with_", multiple=True, metavar="ROLE|PERSON", help="Who takes part; else who is on duty. 参演。"
)
@click.option("--observer", "observers", multiple=True, metavar="PERSON", help="May be repeated. 观察员。")
@by_option
@json_option
@pass_session
def plan(session: Session, /, scenario: str, with_: tuple[str, ...], as_json: bool, **args: Any) -> None:
    """Plan a drill on real telephones. 计划一次真实通信的演练。

    \b
    emergency drill plan fire_food_court --kind callout --director "Li Wenbin" --begins "2026-12-01 10:00"
    emergency drill plan my.yaml --kind full --director li_wenbin --with fire_team --with chen_jing --observer feng_yun
    """
    _do(session, "drill-plan", as_json, scenario=_where(scenario), **{"with": with_}, **args)


notice = _hand_over(
    "notice",
    """A party that must know beforehand has confirmed. 事先告知已确认。

    \b
    emergency drill notice DR3 alarm_centre --to "Ms Zhao" --by li_wenbin
    """,
    click.argument("drill"),
    click.argument("who"),
    click.option("--to", metavar="NAME", help='Who there said that they know: "Ms Zhao". 对方姓名。'),
)


release = _hand_over(
    "release",
    """Answer for letting a drill begin; two people are needed. 放行,须两人。

    \b
    emergency drill release DR3 --by li_wenbin
    """,
    drill_argument,
)


begin = _hand_over(
    "begin",
    """STARTEX: telephones ring, each text marked as a drill. 开始演练。

    \b
    emergency drill begin DR3 --by li_wenbin
    """,
    drill_argument,
)


@click.command(cls=Command)
@drill_argument
@click.option("--unsafe", is_flag=True, help="Because of an unsafe act. 因不安全行为。")
@by_option
@json_option
@pass_session
def pause(session: Session, /, as_json: bool, unsafe: bool, **args: Any) -> None:
    """Freeze the drill: its clock stands, nothing is sent. Anybody may. 冻结,人人可用。

    \b
    emergency drill pause
    """
    _do(session, "drill-pause", as_json, unsafe=unsafe or None, **args)


@click.command(cls=Command)
@drill_argument
@by_option
@json_option
@pass_session
def resume(session: Session, /, as_json: bool, **args: Any) -> None:
    """Let it go on; the director alone says so. 继续,只有导演可以。

    \b
    emergency drill resume DR3 --by li_wenbin
    """
    document = ask(session, "drill-resume", **args)
    if "lines_open" in document:
        _show(session, document, as_json)
    else:
        show_status(session, document, as_json)


speed = _hand_over(
    "speed",
    """Let the clock of a drill at a table run faster; one among people keeps theirs. 推演速度。

    \b
    emergency drill speed RH3 10
    """,
    click.argument("drill"),
    click.argument("speed"),
)


skip = _hand_over(
    "skip",
    """Leave an inject out, with a reason. 跳过一条注入。

    \b
    emergency drill skip DR3 I2 --reason "the lift is in use"
    """,
    click.argument("drill"),
    click.argument("inject"),
    reason_option,
)


@click.command(cls=Command)
@click.argument("drill")
@click.argument("inject", required=False)
@click.option(
    "--say", "text", metavar="TEXT", help="Words that stand in no script; sent with the drill's marks. 临时通知。"
)
@click.option("--to", multiple=True, metavar="ROLE|PERSON", help="Who is told; may be repeated. 告知谁。")
@by_option
@json_option
@pass_session
def inject(session: Session, /, as_json: bool, inject: str | None, text: str | None, **args: Any) -> None:
    """Let an inject happen now: a reserve, an early one, or words of your own. 立即注入。

    \b
    emergency drill inject DR3 I6
    emergency drill inject DR3 --say "有人称三楼也有烟" --to on_scene
    """
    if bool(inject) == bool(text):
        raise Misused(
            "say an INJECT of the scenario, or --say words --to somebody",
            "请写情景里的注入编号,或写 --say 文字 --to 对象",
        )
    verb = "drill-say" if text else "drill-inject"
    _do(session, verb, as_json, **({"text": text} if text else {"inject": inject}), **args)


abort = _hand_over(
    "abort",
    """Break it off; those whom it reached are told so. Anybody may. 中止演练。

    \b
    emergency drill abort DR3 --reason "somebody fell"
    """,
    drill_argument,
    reason_option,
)


end = _hand_over(
    "end",
    """ENDEX: end it as planned; those whom it reached are told. 结束演练。

    \b
    emergency drill end DR3
    """,
    drill_argument,
)


restored = _hand_over(
    "restored",
    """A party confirmed that its line works again. 线路已恢复。

    \b
    emergency drill restored DR3 alarm_centre --to "Ms Zhao" --by li_wenbin
    """,
    click.argument("drill"),
    click.argument("who"),
    click.option("--to", metavar="NAME", help="Who there confirmed that the line works. 对方姓名。"),
)


close = _hand_over(
    "close",
    """Close it: from here on it is a record; every line is restored. 归档。

    \b
    emergency drill close DR3 --by li_wenbin
    """,
    drill_argument,
)


@click.command("show", cls=Command)
@drill_argument
@click.option("--as", "as_", type=click.Choice(["control", "evaluator", "player"]), help="Whose eyes. 以谁的视角。")
@json_option
@pass_session
def show_drill(session: Session, /, drill: str | None, as_: str | None, as_json: bool) -> None:
    """How a drill stands: what is next, truth beside belief, the control log. 演练现状。

    \b
    emergency drill show DR3
    emergency drill show DR3 --as evaluator
    emergency drill show saturday_food_court
    """
    if drill and not re.fullmatch(r"(?i)(dr|rh|x[a-z])\d+", drill):
        from emergency.commands.drill.scenarios import show_scenario

        show_scenario(session, drill, as_json)
        return
    if drill and drill.upper().startswith("RH"):
        _show(session, _kept(session, drill, as_ or "control"), as_json)
        return
    _do(session, "drill-show", as_json, drill=drill, **{"as": as_})


def _kept(session: Session, code: str, eyes: str) -> dict[str, Any]:
    from emergency.clock import SystemClock
    from emergency.drills.live.verbs import drill_show
    from emergency.drills.rehearsals import kept
    from emergency.engine import Engine

    app = session.app(real=False)
    store, _, row = kept.find(app.settings, code)
    engine = Engine(store, SystemClock())
    try:
        return drill_show(app.desktop, engine, {"drill": row.code if row else code, "as": eyes})
    finally:
        store.close()


@click.command("link", cls=Command)
@click.argument("drill")
@click.argument("person")
@json_option
@pass_session
def observer_link(session: Session, /, drill: str, person: str, as_json: bool) -> None:
    """The page on which somebody observes a drill: one-tap notes, ratings, a red button. 观察员网页链接。

    Whoever has the link notes as this person; it works for a day. It needs EMERGENCY_PUBLIC_URL and a running server.

    \b
    emergency drill link DR3 feng_yun
    """
    from emergency.drills.live.verbs import the_drill
    from emergency.errors import CommandRefused
    from emergency.verbs import the_person
    from emergency.web.observing import observer_link as address

    app = session.app(real=False)
    if not app.links.possible:
        raise CommandRefused(
            "no link would lead here: set EMERGENCY_PUBLIC_URL to the address under which telephones reach this server",
            "没有可用的链接:请把 EMERGENCY_PUBLIC_URL 设为手机访问本服务的地址",
        )
    engine = app.engine()
    try:
        row, who = the_drill(engine, drill), the_person(app.desktop, engine, person)
        url = engine.unit(lambda engine: address(engine, app.links, row, who))
    finally:
        engine.store.close()
    show(session, {"drill": row.code, "person": who, "link": url}, as_json, lambda: [url])


@click.command(cls=Command)
@click.argument("scenario")
@json_option
@pass_session
def table(session: Session, /, scenario: str, as_json: bool) -> None:
    """Play a scenario at a table: you drive the clock and type what people say; nothing is sent. 桌面推演。

    Lines may come from a script on standard input; `help` lists what can be typed. It is kept as RH3.

    \b
    emergency drill table fire_food_court
    emergency drill table fire_food_court --json < script.txt
    """
    play_table(session, scenario, as_json)


def play_table(session: Session, scenario: str, as_json: bool) -> None:
    """Play a scenario at a table, from what is typed or stands on standard input, and keep it."""
    from emergency.drills.live.verbs import find_scenario
    from emergency.drills.rehearsals import tabletop
    from emergency.drills.rehearsals.play import real_incident

    app = session.app(real=False)
    engine = app.engine()
    site = app.people.site(engine)
    engine.store.close()
    said: list[str] = []
    say = said.append if as_json else click.echo
    played = tabletop.Table(
        app, find_scenario(app.desktop, site, _where(scenario)), app.notifiers, session.lang, say,
        lambda: real_incident(session.settings.database_file),
    )  # fmt: skip
    try:
        lines = _play(session, played, said if as_json else None)
        played.keep()
        document = {**played.document(), "lines": lines}
    finally:
        played.close()
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    if any(not line["done"] for line in lines) and not sys.stdin.isatty():
        sys.exit(NOT_NOW)


def _play(session: Session, played: Table, said: list[str] | None) -> list[dict[str, Any]]:
    """Do line by line what is typed, until it is over; return what each line did."""
    from emergency.errors import EmergencyError, StoreError

    done: list[dict[str, Any]] = []
    for line in _typed(played, prompt=said is None):
        error = ""
        try:
            played.act(line)
        except StoreError:
            raise
        except EmergencyError as refused:
            error = refused.of(session.lang)
            click.echo(f"  {error}", err=True)
        shown = list(said) if said is not None else []
        if said is not None:
            said.clear()
        if line.strip():
            done.append({"line": line.strip(), "done": not error, "error": error or None, "said": shown})
        if played.over:
            break
    return done


LOOK_SECONDS = 0.5
"""How often a table looks whether something real has begun."""


def _typed(played: Table, *, prompt: bool) -> Iterator[str]:
    """Yield the lines that are typed; while nobody types, the clock runs at its speed and the brake is looked at."""
    import select
    from datetime import timedelta

    from emergency.clock import SystemClock

    room = SystemClock()
    live = sys.stdin.isatty()
    while not played.over:
        if live and prompt:
            click.echo("> ", nl=False)
        before = room.now()
        while live and not select.select([sys.stdin], [], [], LOOK_SECONDS)[0] and not played.over:
            now = room.now()
            played.tick(now - before)
            before = now
        line = sys.stdin.readline()
        if not line:
            return
        played.tick(room.now() - before if live else timedelta(0))
        yield line


COMMANDS: list[click.Command] = [
    pause, abort, resume, end, show_drill, table, inject, skip, speed, plan, notice, release, begin, observer_link,
    restored, close,
]  # fmt: skip
"""In the order in which a hurried hand needs them."""
