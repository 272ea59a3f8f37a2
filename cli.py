"""The command line. The only file that knows both `emergency` and `notifiers`.

Here stand the commands about incidents and about the installation; those about plans and people have rooms of their own
in `emergency/commands/`. What a command needs is imported when it runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

import click

from emergency import VERSION
from emergency.commands.base import (
    CONTEXT,
    DONE,
    NOT_ALL_SENT,
    NOT_NOW,
    WRONG_WORDS,
    Commands,
    DrillScreen,
    Misused,
    Session,
    ask,
    by_option,
    change,
    code_argument,
    fact_option,
    json_option,
    kept,
    pass_session,
    reason_option,
    say_how_sending_went,
    send_now,
    show,
    show_status,
    to_stderr,
)
from emergency.commands.drill import drill
from emergency.commands.languages import language
from emergency.commands.links import links
from emergency.commands.muster import muster
from emergency.commands.people import roster, site
from emergency.commands.plans import playbook
from emergency.commands.ready import ready
from emergency.commands.reports import report

if TYPE_CHECKING:
    from emergency.core.values import Channel
    from emergency.doctor import Finding
    from emergency.notify import Notifier


def _providers(env: Mapping[str, str], now: Callable[[], datetime], say: Callable[[str], None]) -> Sequence[Notifier]:
    from notifiers.registry import notifiers_for

    return notifiers_for(env, now, say)


@click.group(cls=Commands, context_settings=CONTEXT)
@click.option("--home", metavar="DIR", help="The installation (EMERGENCY_HOME). 安装目录。")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of this program's words. 界面语言。")
@click.version_option(VERSION, prog_name="emergency")
@click.pass_context
def main(ctx: click.Context, home: str | None, lang: str | None) -> None:
    """Run a building's emergency plans. 运行楼宇应急预案。

    \b
    Fire in the food court 美食广场起火:
        emergency trigger fire --at "B1 food court"
        emergency trigger 火灾 --at 美食广场
    How does it stand 现在怎样:   emergency status
    Try it without risk 试一试:   emergency demo

    \b
    Exit status 退出码: 0 done 成功, 2 wrong words 说法有误, 3 not possible now 暂不可行,
    4 recorded, but not everybody could be told 已记录但有人没通知到, 5 no store 数据库不可用
    """
    os.umask(0o077)  # names and numbers are in everything an installation writes
    ctx.obj = Session(home, lang, _providers)


# the urgent ones


@main.command()
@click.argument("playbook")
@click.option("--at", "at", metavar="PLACE", help="Where: a zone, a lift; any of its names. 地点。")
@click.option("--severity", metavar="LEVEL", help="blue, yellow, orange or red; never below the plan's. 级别。")
@click.option("--note", metavar="TEXT", help="What was reported, for the record. 备注。")
@fact_option
@click.option("--drill", is_flag=True, help="Practice: messages are shown here, no telephone rings. 演练。")
@click.option("--separate", is_flag=True, help="Do not join an open incident of the same place. 不并案。")
@click.option(
    "--last-resort", is_flag=True, help="When the database fails: one wave from the last good copy. 数据库不可用时。"
)
@by_option
@json_option
@pass_session
def trigger(
    session: Session, /, playbook: str, as_json: bool, last_resort: bool, facts: tuple[str, ...], **args: Any
) -> None:
    """Start an emergency. 启动应急预案。

    PLAYBOOK and --at are matched forgivingly: an id, a title in either language, a code letter, a part of a name.
    An ambiguous name lists the choices and starts nothing.

    \b
    emergency trigger fire --at "B1 food court" --severity orange --note "smoke from K12"
    emergency trigger 电梯困人 --at 2号梯
    emergency trigger F --at K12
    emergency trigger vip_visit --at atrium --fact arrives=2026-12-01T14:00
    """
    from emergency.errors import StoreError
    from emergency.ids import new_incident_id

    if last_resort:
        _last_resort(session, as_json, playbook, **args)
    try:
        told = _told_facts(session, facts)
        document = ask(session, "trigger", playbook=playbook, id=new_incident_id(), facts=told, **args)
    except StoreError as error:
        to_stderr(error.of(session.lang))
        session.say("last_resort_hint")
        sys.exit(error.exit_status)
    began = document["_began"]
    if document["_server"]:
        document = _wait_for_the_first_wave(session, document, began)
    if args.get("at") is None:
        session.say("whole_site", site=document["place_name"][session.lang])
    _report_trigger(session, document, as_json, began)


def _last_resort(
    session: Session, as_json: bool, playbook: str, at: str | None, severity: str | None, drill: bool, **rest: Any
) -> NoReturn:
    from emergency.last_resort import trigger as first_wave

    if drill:
        session.say("no_last_drill")
        sys.exit(WRONG_WORDS)
    app = session.recording_app()
    document = first_wave(
        app.settings.home, app.notifiers, app.clock, to_stderr,
        playbook=playbook, at=at, severity=severity, lang=session.lang,
    )  # fmt: skip
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        click.echo(document["incident"])
    sys.exit(NOT_ALL_SENT if document["failed"] else DONE)


FIRST_WAVE_SECONDS = 2.0


def _wait_for_the_first_wave(session: Session, document: dict[str, Any], began: str) -> dict[str, Any]:
    """Give the server a moment, so that what it could not hand over is said here and now."""
    import time

    before = kept(document)
    end = time.monotonic() + FIRST_WAVE_SECONDS
    pause = 0.02
    while time.monotonic() < end and document["can_send"] and _plainly_waiting(document, began):
        _pause(pause)
        pause = min(0.2, pause * 2)
        document = {**ask(session, "status", code=document["incident"]), **before}
    return document


def _pause(seconds: float) -> None:
    from threading import Event

    Event().wait(seconds)


def _plainly_waiting(document: dict[str, Any], began: str) -> bool:
    new = [each for each in document["unsent"] if each["at"] >= began]
    return bool(new) and all(each["status"] == "queued" and not each["reason"] for each in new)


def _report_trigger(session: Session, document: dict[str, Any], as_json: bool, began: str) -> NoReturn:
    lang = session.lang
    from emergency import show as words
    from emergency.phrases import phrase

    if not as_json:
        click.echo(
            phrase(
                "joined" if document.get("joined") else "opened",
                lang,
                code=document["incident"],
                title=document["title"][lang],
                place=document["place_name"][lang],
                severity=words.severity(document["severity"], lang),
            )
        )
    show_status(session, document, as_json)
    if document["mode"] == "drill":
        session.say("drill")
        if document["_server"]:
            session.say("drill_at_server")
    if document["_server"]:
        session.say("by_server")
    sys.exit(say_how_sending_went(session, document, began))


@main.command()
@code_argument
@json_option
@pass_session
def status(session: Session, /, code: str | None, as_json: bool) -> None:
    """How it stands: who, what, until when, and what comes next. 现在怎样。

    \b
    emergency status          the open incident, or a list of all
    emergency status F07
    """
    document = ask(session, "status", code=code)
    if "incidents" in document:
        from emergency import show as words

        def lines() -> list[str]:
            return words.board(document, session.lang)

        if not document["incidents"]:
            session.say("none_open")
        show(session, document, as_json, lines)
    else:
        show_status(session, document, as_json)
    still_open = document["incidents"] if "incidents" in document else not document["closed"]
    if still_open and not document["_server"]:
        session.say("nobody_watches")


EARLIER_LINES = 20


@main.command()
@code_argument
@click.option("--seconds", type=float, default=0, help="Stop after so long (0: until Ctrl-C). 看多久。")
@pass_session
def watch(session: Session, /, code: str | None, seconds: float) -> None:
    """Follow an incident live: the last lines of its log, then each as it is written. 实时观看。

    \b
    emergency watch F07
    """
    import time

    from emergency import show as words

    after = 0
    end = time.monotonic() + seconds if seconds else None
    reader: words.LogReader | None = None
    while True:
        document = ask(session, "log", code=code, after=after)
        lines = [line for line in document["lines"] if line["kind"] not in words.TIMERS]
        if reader is None:
            session.say("watching", code=document["incident"])
            if not document["_server"]:
                session.say("nobody_watches")
            code = document["incident"]
            reader = words.LogReader(document, session.lang)
            said = [reader.line(line, document["words"]) for line in lines][-EARLIER_LINES:]
        else:
            said = [reader.line(line, document["words"]) for line in lines]
        after = max([after, *(line["seq"] for line in document["lines"])])
        for text in said:
            click.echo(text)
        if end is not None and time.monotonic() >= end:
            return
        _pause(0.3)


@main.command()
@click.argument("person")
@click.argument("text", nargs=-1, required=True)
@json_option
@pass_session
def reply(session: Session, /, person: str, text: tuple[str, ...], as_json: bool) -> None:
    """Enter what somebody said by radio or in person, exactly as if it had come by SMS. 代录答复。

    \b
    emergency reply wang_jun F07A 1        he has it
    emergency reply 王军 F07A 2             it is done
    """
    from emergency.ids import new_incident_id
    from emergency.phrases import phrase

    document = ask(session, "reply", person=person, text=" ".join(text), id=new_incident_id())

    def lines() -> list[str]:
        said = document["answer"] or phrase("silence", session.lang)
        outcome = phrase(f"outcome_{document['outcome']}", session.lang)
        return [f"{document['person']} {document['incident'] or ''}: {outcome}", f"  {said}"]

    show(session, document, as_json, lines)
    if document["incident"] is None:
        sys.exit(NOT_NOW)
    sent = say_how_sending_went(session, ask(session, "status", code=document["incident"]), document["_began"])
    sys.exit(NOT_NOW if document["outcome"] in DID_NOTHING else sent)


DID_NOTHING = frozenset({"foreign", "which", "nothing", "wrong_key", "over"})
"""Outcomes of a reply that change no step and no alert."""


@main.command()
@click.argument("words", nargs=-1, required=True, metavar="[CODE] STATE")
@click.option("--override", is_flag=True, help="Go although the plan's condition is not met; needs --reason. 强制。")
@by_option
@reason_option
@json_option
@pass_session
def transition(session: Session, /, words: tuple[str, ...], as_json: bool, **args: Any) -> None:
    """Order the plan into a state. 令预案进入某阶段。

    \b
    emergency transition F07 controlled --by fire_brigade
    emergency transition F07 evacuating --override --reason "smoke on 3F"
    """
    code, to = _code_and_rest(session, words)
    change(session, "transition", as_json, code=code, to=" ".join(to), **args)


def _code_and_rest(session: Session, words: Sequence[str]) -> tuple[str | None, list[str]]:
    """Split an optional leading incident code from the rest, which may not be empty."""
    import re

    if not re.fullmatch(r"[Xx]?[A-Za-z][0-9]{2,4}", words[0]):
        return None, list(words)
    if len(words) == 1:
        _say_more(session)
    return words[0], list(words[1:])


def _say_more(session: Session) -> NoReturn:
    """End a command that was given too few words, with its usage."""
    usage = " ".join(click.get_current_context().get_usage().split()).removeprefix("Usage: ")
    session.say("say_more", usage=usage)
    sys.exit(WRONG_WORDS)


@main.command()
@click.argument("words", nargs=-1, required=True, metavar="[CODE] LEVEL")
@by_option
@reason_option
@json_option
@pass_session
def severity(session: Session, /, words: tuple[str, ...], as_json: bool, **args: Any) -> None:
    """Raise the level, or lower it with a reason. 调整级别。

    \b
    emergency severity F07 red
    emergency severity F07 yellow --reason "out, only smoke left"
    """
    code, rest = _code_and_rest(session, words)
    change(session, "severity", as_json, code=code, level=" ".join(rest), **args)


@main.command()
@click.argument("words", nargs=-1, required=True, metavar="[CODE] FACT=VALUE...")
@by_option
@json_option
@pass_session
def fact(session: Session, /, words: tuple[str, ...], as_json: bool, **args: Any) -> None:
    """Tell facts of the plan. 报告情况。

    \b
    emergency fact E05 people=3 contact=yes
    emergency fact E05 trapped_since=14:05
    """
    code, rest = _code_and_rest(session, words)
    change(session, "fact", as_json, code=code, values=_told_facts(session, rest), **args)


def _told_facts(session: Session, words: Sequence[str]) -> dict[str, str]:
    """Return fact to value of `FACT=VALUE` words; one that is none ends the command."""
    values = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            session.say("fact_needed", word=word)
            sys.exit(WRONG_WORDS)
        values[name] = value
    return values


@main.command()
@click.argument("words", nargs=-1, required=True, metavar="[CODE] ROLE PERSON")
@click.option("--slot", type=int, default=1, help="Which place of a role with several. 第几人。")
@by_option
@reason_option
@json_option
@pass_session
def assign(session: Session, /, words: tuple[str, ...], as_json: bool, **args: Any) -> None:
    """Give a role to a person; ROLE `command` hands over command. 指派角色,移交指挥。

    \b
    emergency assign F07 engineering li_ming
    emergency assign F07 command wang_jun --reason "GM has arrived"
    """
    code, rest = _code_and_rest(session, words)
    if len(rest) == 1 and "=" in rest[0]:
        rest = rest[0].split("=", 1)
    if len(rest) < 2:
        _say_more(session)
    change(session, "assign", as_json, code=code, role=rest[0], person=" ".join(rest[1:]), **args)


@main.command()
@click.argument("words", nargs=-1, required=True, metavar="[CODE] TEXT...")
@by_option
@json_option
@pass_session
def note(session: Session, /, words: tuple[str, ...], as_json: bool, **args: Any) -> None:
    """Put words on the record. 记录。

    \b
    emergency note F07 "fire brigade at gate 2"
    """
    code, rest = _code_and_rest(session, words)
    change(session, "note", as_json, code=code, text=" ".join(rest), **args)


@main.command()
@click.argument("words", nargs=-1, required=True, metavar="[CODE] TEXT...")
@click.option("--to", "to", multiple=True, metavar="WHO", help="A role or a person; again for more. 发给谁。")
@by_option
@json_option
@pass_session
def tell(session: Session, /, words: tuple[str, ...], as_json: bool, **args: Any) -> None:
    """Send words to people: everyone alerted so far, or --to roles and persons. 发通知。

    \b
    emergency tell F07 "assembly point is the north yard"
    emergency tell F07 "bring the lift keys" --to engineering
    """
    code, rest = _code_and_rest(session, words)
    change(session, "tell", as_json, code=code, text=" ".join(rest), **args)


@main.command("give-up")
@click.argument("words", nargs=-1, required=True, metavar="[CODE] STEP")
@by_option
@reason_option
@json_option
@pass_session
def give_up(session: Session, /, words: tuple[str, ...], as_json: bool, **args: Any) -> None:
    """Say that a step will not be done (a zone that cannot be swept), with a reason. 放弃某项任务。

    \b
    emergency give-up F07M --reason "stair full of smoke"
    """
    import re

    reference = re.fullmatch(r"([Xx]?[A-Za-z][0-9]{2,4})([A-Za-z]{1,2})", words[0])
    code, rest = (reference[1], [reference[2]]) if reference else _code_and_rest(session, words)
    change(session, "give-up", as_json, code=code, step=rest[0], **args)


main.add_command(muster)
main.add_command(drill)


@main.command("stand-down")
@code_argument
@click.option("--check", multiple=True, metavar="N", help="Confirm line N of the checklist, or `all`. 确认第 N 项。")
@click.option("--override", is_flag=True, help="Although something is missing; needs --reason. 强制。")
@by_option
@reason_option
@json_option
@pass_session
def stand_down(session: Session, /, code: str | None, as_json: bool, **args: Any) -> None:
    """End it, and tell everyone who was told. 解除。

    \b
    emergency stand-down F07 --by wang_jun --check all
    """
    change(session, "stand-down", as_json, code=code, **args)


@main.command()
@click.argument("code")
@click.option("--at", "at", metavar="PLACE", help="Where it came. 地点。")
@click.option("--severity", metavar="LEVEL", help="blue, yellow, orange or red. 级别。")
@click.option("--note", metavar="TEXT", help="What was reported, for the record. 备注。")
@fact_option
@by_option
@json_option
@pass_session
def confirm(session: Session, /, code: str, as_json: bool, facts: tuple[str, ...], **args: Any) -> None:
    """What another incident let expect has come: begin. 确认次生事件。

    \b
    emergency confirm E03 --at "Lift 2"
    """
    change(session, "confirm", as_json, code=code, facts=_told_facts(session, facts), **args)


@main.command()
@code_argument
@by_option
@reason_option
@json_option
@pass_session
def cancel(session: Session, /, code: str | None, as_json: bool, **args: Any) -> None:
    """It was a false alarm; say the cause. 误报取消。

    \b
    emergency cancel F07 --reason "steam from the dishwasher"
    """
    change(session, "cancel", as_json, code=code, **args)


@main.command()
@code_argument
@click.option("--verify", is_flag=True, help="Recompute the hash chain; exit 0 only when it is whole. 校验。")
@click.option("--all", "all_", is_flag=True, help="The timers too. 连同定时。")
@json_option
@pass_session
def log(session: Session, /, code: str | None, verify: bool, all_: bool, as_json: bool) -> None:
    """What happened, line by line. 日志。

    \b
    emergency log F07
    emergency log F07 --verify
    emergency log RH3 --verify
    """
    from emergency import show as words

    document = ask(session, "log", code=code, verify=verify or None)
    if as_json:
        click.echo(json.dumps(document["lines"], ensure_ascii=False, indent=2))
    elif not verify:
        reader = words.LogReader(document, session.lang)
        for line in document["lines"]:
            text = reader.line(line, document["words"])
            if all_ or line["kind"] not in words.TIMERS:
                click.echo(text)
    if verify:
        session.say("verified", n=document["verified"])
        if document["verified_book"]:
            session.say("book_verified", code=document["book"], n=document["verified_book"])
        if document["verified_roll_call"]:
            session.say("roll_verified", code=document["incident"], n=document["verified_roll_call"])


# setting up


@main.command()
@click.option("--sample", is_flag=True, help="With the sample mall Star Plaza 星汇城 and its people. 样例。")
@json_option
@pass_session
def init(session: Session, /, sample: bool, as_json: bool) -> None:
    """Make an installation; without --sample, from the site.yaml and roster.yaml in its folder. 建立安装。

    \b
    emergency init --sample
    emergency --home DIR init
    """
    from emergency.setup import make_installation

    document = make_installation(session.settings, session.app(real=False), sample=sample)
    session.say("home_made", home=document["home"])
    made = "sample_made" if sample else "site_made"
    session.say(made, site=document["site"], people=document["people"], plans=document["playbooks"])
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    if session.settings.home.stat().st_mode & 0o077:
        session.say("home_open", home=document["home"])
    session.say("try_next")
    to_stderr('    emergency trigger fire --at "B1 food court" --drill' if sample else "    emergency roster check")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on. 监听地址。")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8040, show_default=True, help="Port; 0 takes a free one. 端口。"
)
@pass_session
def serve(session: Session, /, host: str, port: int) -> None:
    """Send, listen, and watch the timers, until stopped. 运行服务。

    \b
    emergency serve
    emergency serve --port 0
    """
    import asyncio

    from emergency.server import Server, run
    from notifiers.registry import hooks_for

    app = session.app()
    app.engine().store.close()  # a server of no installation would make an empty one
    server = Server(app, hooks_for(session.settings.env), say=to_stderr)
    server.outbox.on_sent = DrillScreen(app)

    def ready(address: str) -> None:
        if "real" not in app.desktop.sends:  # said only by a server that runs: one that is refused has one thing to say
            session.say("no_twilio")
        elif session.settings.public_url is None:
            session.say("polling")
        session.say("served", address=address)

    asyncio.run(run(server, host, port, ready))


@main.command()
@click.option("--send-test", metavar="PERSON", help="Prove a telephone: a message, and its answer. 试一部电话。")
@click.option(
    "--channel", "channels", multiple=True, type=click.Choice(["sms", "voice"]), help="By text or call. 方式。"
)
@click.option("--number", type=click.IntRange(min=1), metavar="N", help="Which number of that person. 第几个号码。")
@click.option("--wait", type=click.IntRange(0, 3600), metavar="SECONDS", help="How long for the answer: 120. 等多久。")
@json_option
@pass_session
def doctor(session: Session, /, send_test: str | None, as_json: bool, **test: Any) -> None:
    """What would go wrong tonight, and what to do about it; ends with 3 when something must be done. 体检。

    --send-test sends one message that is no alert to one telephone and waits for its answer. It ends with 0 when the
    telephone proved itself, with 4 when something is missing.

    \b
    emergency doctor
    emergency doctor --send-test sun_li
    emergency doctor --send-test 孙丽 --channel sms --channel voice
    """
    if send_test is not None:
        _send_test(session, as_json, send_test, **test)
    if any(test.values()):
        raise Misused(
            "--channel, --number and --wait go with --send-test PERSON",
            "--channel、--number、--wait 要和 --send-test 人员 一起用",
        )
    from emergency import doctor as examining
    from notifiers.registry import hooks_for

    app = session.app()
    found = examining.examine(app, hooks_for(session.settings.env), examining.post_form)
    show(session, examining.document(found), as_json, lambda: _finding_lines(session, found))
    if any(finding.level == "error" for finding in found):
        sys.exit(NOT_NOW)


def _finding_lines(session: Session, found: Sequence[Finding]) -> list[str]:
    marks = {"ok": "✓", "warning": "!", "error": "✗"}
    out = []
    for finding in found:
        out.append(f"{marks[finding.level]} {finding.says.of(session.lang)}")
        if finding.do.of(session.lang):
            out.append(f"    → {finding.do.of(session.lang)}")
    return out


WAIT_FOR_ANSWER = 120


def _send_test(
    session: Session, as_json: bool, person: str, channels: Sequence[Channel], number: int | None, wait: int | None
) -> NoReturn:
    import asyncio

    from emergency.roster import mask
    from emergency.send_test import Trial
    from emergency.server import watched

    app, seconds = session.app(), WAIT_FOR_ANSWER if wait is None else wait
    engine = app.engine()
    with contextlib.closing(engine.store):
        trial = Trial(app, engine)
        trial.begin(person, channels or ("sms",), number or 1)
        numbers, which = trial.person.numbers, trial.number
        session.say("test_begins", person=trial.person.id, n=which + 1, of=len(numbers), number=mask(numbers[which]))
        for row in trial.rows:
            if row.channel == "sms" and trial.asks(row):
                session.say("test_code", code=row.code)
        session.say("test_waits", n=seconds)
        asyncio.run(trial.run(seconds))
        if not watched(engine):
            asyncio.run(send_now(app, engine))  # the telephone's answer gets its own
        document = trial.document()
        show(session, document, as_json, lambda: _finding_lines(session, trial.findings()))
    sys.exit(DONE if document["passed"] else NOT_ALL_SENT)


@main.command()
@click.argument("file", type=click.Path(dir_okay=False))
@json_option
@pass_session
def backup(session: Session, /, file: str, as_json: bool) -> None:
    """Copy the database while it is in use, check the copy, and keep its digest beside it. 备份。

    The rehearsals go beside it (emergency.rehearsals.db). Plans and scenarios of your own, programme.yaml and
    people-model.yaml are files: copy them as you copy any.

    \b
    emergency backup /var/backups/emergency.db
    """
    from pathlib import Path

    from emergency.backup import back_up
    from emergency.clock import SystemClock

    rehearsals = session.settings.home / "rehearsals.db"
    document = back_up(session.settings.database_file, Path(file), SystemClock(), rehearsals)
    session.say("backed_up", incidents=document["incidents"], lines=document["lines"], file=document["file"])
    if document["rehearsals"]:
        session.say("backed_up_rehearsals", n=document["rehearsals"]["drills"], file=document["rehearsals"]["file"])
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@json_option
@pass_session
def restore(session: Session, /, file: str, as_json: bool) -> None:
    """Put a backup in the place of the database, which is kept beside it; the server must stand still. 恢复备份。

    The rehearsals come back where they lie beside it. What is real in the backup goes on; a drill in it stands still,
    and one whose longest time is up is broken off.

    \b
    emergency restore /var/backups/emergency.db
    """
    from functools import partial
    from pathlib import Path

    from emergency.backup import restore as put_back
    from emergency.clock import SystemClock
    from emergency.drills.live.restored import mark, stand_still

    home = session.settings.home
    with _no_server(session):
        stop = partial(mark, home, SystemClock())
        document = put_back(Path(file), session.settings.database_file, home / "rehearsals.db", stop)
        document["stopped"] = stand_still(session.app(real=False))
    session.say("restored", incidents=document["incidents"], lines=document["lines"])
    for replaced in (document["kept"], (document["rehearsals"] or {}).get("kept")):
        if replaced:
            session.say("kept", file=replaced)
    for key, codes in document["stopped"].items():
        if codes:
            session.say(f"restored_{key}", codes=", ".join(codes))
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@contextlib.contextmanager
def _no_server(session: Session) -> Iterator[None]:
    """Hold the installation as a server would, so that none runs meanwhile."""
    import fcntl

    from emergency.errors import CommandRefused, StoreError
    from emergency.phrases import no_leave

    path = session.settings.home / "serve.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("a+") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise CommandRefused(
                    "`emergency serve` runs on this installation; stop it first",
                    "这个安装正在运行 emergency serve;请先停止服务,再恢复",
                ) from None
            yield
    except PermissionError as error:
        raise StoreError(*no_leave(path)) from error


@main.command()
@json_option
@pass_session
def recover(session: Session, /, as_json: bool) -> None:
    """Bring what a last resort did into the log. 把应急兜底的记录补入日志。

    \b
    emergency recover
    """
    from emergency.last_resort import recover as bring_in

    engine = session.app(real=False).engine()
    found = bring_in(session.settings.home, engine)
    engine.store.close()
    session.say("recovered", n=len(found), codes=", ".join(each["incident"] for each in found) or "-")
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))


main.add_command(links)
main.add_command(ready)
main.add_command(report)
for group in (playbook, site, roster, language):
    main.add_command(group)


@main.command()
@click.option(
    "--speed", type=float, default=0.0, help="Seconds of drill a second; 0 picks a pace of under a minute. 速度。"
)
@pass_session
def demo(session: Session, /, speed: float) -> None:
    """Watch a fire being run, with virtual telephones, in under a minute. 演示:一场火灾演练。

    \b
    emergency demo
    emergency --lang zh demo
    """
    from emergency.demo import run_demo
    from notifiers.played import PlayedPhones

    sys.exit(run_demo(PlayedPhones, session.lang, speed, click.echo))


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print shell completion. 命令补全。

    \b
    emergency completion bash >> ~/.bashrc
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is not None:
        click.echo(kind(main, {}, "emergency", "_EMERGENCY_COMPLETE").source())


if __name__ == "__main__":
    main()
