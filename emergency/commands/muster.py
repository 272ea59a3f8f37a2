"""`emergency muster`: the roll call of an incident, in as few words as one hand can type."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from emergency.commands.base import (
    DONE,
    NOT_ALL_SENT,
    Command,
    Misused,
    Session,
    ask,
    by_option,
    json_option,
    pass_session,
    reason_option,
    show,
)

CODE = re.compile(r"[Xx]?[A-Za-z][0-9]{2,4}")
ACTIONS = {
    "answer": "answer", "zone": "zone", "missing": "missing", "close": "close", "show": "show",
    "答复": "answer", "区域": "zone", "失联": "missing", "未到": "missing", "结束": "close", "看": "show",
}  # fmt: skip
SAYS = frozenset({"safe", "help", "not-here", "平安", "安全", "求助", "不在"})
"""A last word that answers for the person before it: `emergency muster F07 wang_jun safe`."""
MARKS = frozenset({"swept", "given-up", "已清", "清空", "放弃"})
"""A last word that is said of the zone before it: `emergency muster F07 f5 swept`."""


@click.command(cls=Command)
@click.argument("words", nargs=-1, metavar="[CODE] [WHAT...]")
@click.option("--show", "only_show", is_flag=True, help="Only look; open nothing. 只看。")
@click.option(
    "--expect", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="CSV or XLSX of others. 访客名单。"
)
@click.option("--at", metavar="ZONE", help="Where the person was seen. 在哪里见到。")
@click.option("--output", type=click.Path(dir_okay=False), metavar="FILE", help="missing: .pdf or .html. 打印一页。")
@by_option
@reason_option
@json_option
@pass_session
def muster(session: Session, /, words: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Roll call: is everybody out, and who is missing? 点名:人都出来了吗?谁还没有消息?

    Without more words it opens the roll call of the incident, asks everybody on shift, and shows how it stands; when it
    is open already, it only shows. Answers come by text, call and link, and may be changed.

    \b
    emergency muster F07                             open it, or see how it stands  开始点名/查看
    emergency muster F07 --expect visitors.csv       others who are expected        加入访客
    emergency muster F07 wang_jun safe --at b1       somebody was seen              代报平安
    emergency muster F07 f5 swept --by wang_jun      a floor is swept               已清场
    emergency muster F07 f5 given-up --reason "smoke"  it cannot be                 放弃
    emergency muster F07 missing --output page.pdf   a page for the fire brigade    交消防
    emergency muster F07 close                       end it                         结束
    """
    code, rest = _split(words)
    what, rest = _action(rest)
    _refuse_options(what, options)
    args: dict[str, Any] = {"code": code, "by": options["by"]}
    if what == "missing":
        _missing(session, as_json, code, options["output"])
        return
    if options["expect"]:
        _expect(session, as_json, args, options["expect"])
        return
    if what == "answer":
        _need(rest, 2, "emergency muster [CODE] PERSON safe|help|not-here")
        args |= {"person": " ".join(rest[:-1]), "answer": rest[-1], "at": options["at"]}
    elif what == "zone":
        _need(rest, 2, "emergency muster [CODE] ZONE swept|given-up")
        args |= {"zone": " ".join(rest[:-1]), "mark": rest[-1], "reason": options["reason"]}
    elif rest:
        raise Misused(
            f"'{' '.join(rest)}' is not understood; see: emergency muster --help",
            f"看不懂“{' '.join(rest)}”。写法见:emergency muster --help",
        )
    verb = {"": "muster-show" if options["only_show"] else "muster"}.get(what, f"muster-{what}")
    document = ask(session, verb, **args)
    _report(session, document, as_json)


def _split(words: Sequence[str]) -> tuple[str | None, list[str]]:
    if words and CODE.fullmatch(words[0]):
        return words[0], list(words[1:])
    return None, list(words)


def _action(rest: list[str]) -> tuple[str, list[str]]:
    """Return what is to be done, and the words that say it of whom: a last word that means only one thing will do."""
    if rest and rest[0].lower() in ACTIONS and not (len(rest) > 1 and rest[0].lower() in ("show", "close", "missing")):
        return ACTIONS[rest[0].lower()], rest[1:]
    if len(rest) > 1 and rest[-1].lower() in SAYS:
        return "answer", rest
    if len(rest) > 1 and rest[-1].lower() in MARKS:
        return "zone", rest
    return "", rest


def _refuse_options(what: str, options: dict[str, Any]) -> None:
    """An option that would do nothing is a slip of the hand: say so instead of leaving it out."""
    belongs = {"at": "answer", "reason": "zone", "output": "missing"}
    for option, action in belongs.items():
        if options[option] and what != action:
            raise Misused(
                f"--{option} goes with '{action}'; see: emergency muster --help",
                f"--{option} 只和“{action}”一起用。写法见:emergency muster --help",
            )
    if options["expect"] and (what or options["only_show"]):
        raise Misused("--expect goes with the code alone", "--expect 只和事件编号一起用,后面不写别的")


def _need(rest: Sequence[str], number: int, usage: str) -> None:
    if len(rest) < number:
        raise Misused(f"say: {usage}", f"请写全:{usage}")


BATCH = 500


def _expect(session: Session, as_json: bool, args: dict[str, Any], file: str) -> None:
    """Read the whole list first: nobody is put on it while anything in it is wrong."""
    from emergency.muster.lists import as_rows, read_list

    app = session.recording_app()
    engine = app.engine()
    site, roster = app.people.site(engine), app.people.roster(engine)
    engine.store.close()
    rows = as_rows(read_list(Path(file).read_bytes(), file, site, roster))
    opened = ask(session, "muster", **args)
    args["code"], added, document = opened["incident"], 0, opened
    for start in range(0, len(rows), BATCH):
        document = ask(session, "muster-expect", rows=rows[start : start + BATCH], file=file, **args)
        added += document["added"]
    if opened["did"]:
        session.say(f"roll_did_{opened['did']}", code=opened["roll_call"], n=opened["totals"]["expected"])
    session.say("roll_added", n=added, rows=len(rows))
    _report(session, {**document, "added": added, "did": "expected"}, as_json)


def _missing(session: Session, as_json: bool, code: str | None, output: str | None) -> None:
    document = ask(session, "muster-missing", code=code)
    if output is None:
        show(session, document, as_json, lambda: _lines(session, document))
        return
    from emergency.muster.page import write

    pages = write(document, Path(output))
    session.say("written", file=output)
    if pages > 1:
        session.say("roll_pages", n=pages)
    if as_json:
        show(session, document, as_json, lambda: ())


def _lines(session: Session, document: dict[str, Any]) -> list[str]:
    from emergency.muster.show import lines

    return lines(document, session.lang)


def _report(session: Session, document: dict[str, Any], as_json: bool) -> None:
    did = document["did"]
    if did in ("opened", "reopened", "closed"):
        session.say(f"roll_did_{did}", code=document["roll_call"], n=document["totals"]["expected"])
    elif did == "answered":
        name, said = document["who"][session.lang], document["said"][session.lang]
        session.say("roll_noted", name=name, answer=said)
    elif did == "":
        session.say("roll_did_nothing", code=document["roll_call"])
    show(session, document, as_json, lambda: _lines(session, document))
    for step in document.get("steps", ()):
        session.say("roll_step", step=step)
    if did in ("opened", "reopened", "expected"):
        sys.exit(_say_who_asks(session, document))


def _say_who_asks(session: Session, document: dict[str, Any]) -> int:
    """Say it where nobody is asked, or nobody goes on asking; return the exit status."""
    if not document["_server"]:
        session.say("roll_nobody_asks")
    if not document["can_send"]:
        session.say("roll_no_provider")
        return NOT_ALL_SENT
    return NOT_ALL_SENT if not document["_server"] and document["totals"]["unasked"] else DONE
