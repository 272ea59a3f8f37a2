"""The command line. The only file that knows both `emergency` and `notifiers`.

Light on purpose: what a command needs is imported when it runs. With a server running, a command is one line over a
socket; without one it does the work here.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from emergency import VERSION

if TYPE_CHECKING:
    from emergency.app import App
    from emergency.core.values import Channel
    from emergency.doctor import Finding
    from emergency.engine import Engine
    from emergency.notify import Message
    from emergency.picture.make import Made
    from emergency.settings import Settings

DONE, WRONG_WORDS, NOT_NOW, NOT_ALL_SENT, NO_STORE = 0, 2, 3, 4, 5
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Session:
    """The options before the command, and what they lead to, made when first asked for."""

    def __init__(self, home: str | None, lang: str | None) -> None:
        self.home = home
        self._lang = lang
        self._settings: Settings | None = None

    @property
    def settings(self) -> Settings:
        """Where this installation lives."""
        if self._settings is None:
            from emergency.settings import read

            self._settings = read(os.environ, self.home, self._lang)
        return self._settings

    @property
    def lang(self) -> str:
        """The operator's language."""
        return self.settings.lang

    def say(self, key: str, **values: object) -> None:
        """Say something to the operator, on standard error: standard output is for documents."""
        from emergency.phrases import phrase

        click.echo(phrase(key, self.lang, **values), err=True)

    def app(self, *, real: bool = True) -> App:
        """The installation with its notifiers; without *real*, only with those of drills.

        Raises:
            SettingsError: the environment's words on a provider cannot be.
        """
        from emergency.app import App
        from emergency.clock import SystemClock
        from notifiers.registry import notifiers_for

        clock = SystemClock()
        env = self.settings.env if real else {}
        return App(self.settings, notifiers_for(env, clock.now, _ignore), clock)

    def recording_app(self) -> App:
        """The installation; wrong words on a provider are said, and keep nothing from being written down."""
        from emergency.errors import SettingsError

        try:
            return self.app()
        except SettingsError as error:
            self.say("bad_provider")
            for line in str(error).splitlines():
                _to_stderr(f"    {line}")
            return self.app(real=False)


def _to_stderr(line: str) -> None:
    click.echo(line, err=True)


def _ignore(line: str) -> None:
    """A drill's messages are shown by `DrillScreen`, which knows whose telephone it is."""


class DrillScreen:
    """Shows the messages of a drill, and who would have received each."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._owners: dict[str, str] = {}

    def __call__(self, message: Message) -> None:
        """Show one message as it goes out."""
        if message.mode != "drill":
            return
        if message.to not in self._owners:
            self._owners = self._read()
        device = "SMS" if message.channel == "sms" else "TEL"
        _to_stderr(f"  {device} → {self._owners.get(message.to, '?')}: {message.text}")

    def _read(self) -> dict[str, str]:
        engine = self._app.engine()
        owners = self._app.people.roster(engine).by_number()
        engine.store.close()
        return owners


class Command(click.Command):
    """A command that shows the whole first paragraph of its help in a list: both languages."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first paragraph of the help."""
        return _first_paragraph(self.help)


def _first_paragraph(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


class Commands(click.Group):
    """Turns our errors into one clear line and the exit status of the contract."""

    command_class = Command
    group_class = type  # groups within are of this kind too

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first paragraph of the help."""
        return _first_paragraph(self.help)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        from emergency.errors import EmergencyError

        try:
            return super().invoke(ctx)
        except EmergencyError as error:
            _fail(str(error), error.exit_status)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(DONE)
        except KeyboardInterrupt:
            sys.exit(130)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; a mistyped one gets the nearest right word."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from emergency.core.near import nearest

            hint = nearest(args[0], self.list_commands(ctx))
            raise click.UsageError(error.message + hint, ctx) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List commands in the order they stand in this file: the urgent ones first."""
        return list(self.commands)


def _fail(message: str, status: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(status)


pass_session = click.make_pass_decorator(Session)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document. 输出 JSON。")
fact_option = click.option(
    "--fact", "facts", multiple=True, metavar="FACT=VALUE", help="What is known already; may be repeated. 已知情况。"
)
by_option = click.option("--by", metavar="PERSON", help="Who said so: a roster id or name, or an agency. 谁下的令。")
reason_option = click.option("--reason", metavar="TEXT", help="Why; kept on record. 理由。")
code_argument = click.argument("code", required=False)


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
    ctx.obj = Session(home, lang)


# asking: over the socket when a server runs, else here


READS = frozenset({"status", "log", "roster-who"})
"""Verbs that change nothing."""


def ask(session: Session, verb: str, **args: Any) -> dict[str, Any]:
    """Return the document of *verb*; under `_began` stands when it was begun, on the clock that its times go by.

    Errors end the command with the status of the contract.
    """
    from emergency.control import NoServer
    from emergency.control import ask as ask_server
    from emergency.ids import new_request

    clean = {key: value for key, value in args.items() if value is not None and value != ()}
    if verb not in READS:
        clean["request"] = new_request()  # a server that answers too late does not do it a second time
    try:
        answer = ask_server(session.settings.socket, {"verb": verb, "args": clean})
    except NoServer:
        return ask_here(session, verb, clean)
    if "error" in answer:
        _fail(answer["error"], int(answer["exit"]))
    document: dict[str, Any] = answer["document"]
    document["_server"] = True
    document["_began"] = answer.get("began", "")
    return document


def ask_here(session: Session, verb: str, args: dict[str, Any], *, send: bool = True) -> dict[str, Any]:
    """Do the work in this process, and send what it caused."""
    import asyncio

    from emergency.store.codec import to_text
    from emergency.verbs import perform

    app = session.recording_app()
    engine = app.engine()
    began = to_text(app.clock.now())
    document = perform(app.desktop, engine, verb, args)
    document["_server"] = False
    document["_began"] = began
    if send and verb not in READS:
        asyncio.run(_send_now(app, engine))
        if "id" in document and "alerts" in document:
            document = {**perform(app.desktop, engine, "status", {"code": document["incident"]}), **_kept(document)}
    engine.store.close()
    return document


def _kept(document: dict[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in ("_server", "_began", "joined") if key in document}


SEND_FOR = 20.0
"""Seconds that a command sends by itself; a slow sender goes on when the server starts."""


async def _send_now(app: App, engine: Engine) -> None:
    import asyncio

    outbox = app.outbox(app.inline(engine))
    outbox.on_sent = DrillScreen(app)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SEND_FOR):
            await outbox.drain()
    for notifier in app.notifiers:
        await notifier.close()


def show(session: Session, document: dict[str, Any], as_json: bool, lines: Callable[[], Sequence[str]]) -> None:
    """Print a document for a machine or for a person."""
    if as_json:
        public = {key: value for key, value in document.items() if not key.startswith("_")}
        click.echo(json.dumps(public, ensure_ascii=False, indent=2))
        return
    for line in lines():
        click.echo(line)


def show_status(session: Session, document: dict[str, Any], as_json: bool) -> None:
    """Print how an incident stands."""
    from emergency import show as words

    show(session, document, as_json, lambda: words.status(document, session.lang))


def change(session: Session, verb: str, as_json: bool, **args: Any) -> None:
    """Change an incident, print how it stands, and end the command with what became of the messages of that."""
    document = ask(session, verb, **args)
    show_status(session, document, as_json)
    sys.exit(say_how_sending_went(session, document, document["_began"]))


def say_how_sending_went(session: Session, document: dict[str, Any], began: str) -> int:
    """Say who watches, and who could not be told of what a command caused; return the exit status."""
    new = [each for each in document["unsent"] if each["at"] >= began]
    lost = [each for each in new if each["status"] != "queued"]
    retried = [each for each in new if each["status"] == "queued" and each["reason"]]
    waiting = [each for each in new if each["status"] == "queued" and not each["reason"]]
    if not document["_server"] and not document["closed"]:
        session.say("nobody_watches")
    _say_who(session, document, "failed", lost)
    _say_who(session, document, "retried", retried)
    if waiting and not document["can_send"]:
        people = _people(session, document, waiting)
        session.say("no_provider", n=len(people), names=", ".join(people))
        return NOT_ALL_SENT
    if waiting:
        session.say("progress", sent=_told(document, began, new), queued=len(_people(session, document, waiting)))
    return NOT_ALL_SENT if lost or retried or (waiting and not document["_server"]) else DONE


def _say_who(session: Session, document: dict[str, Any], key: str, alerts: Sequence[dict[str, Any]]) -> None:
    if alerts:
        session.say(key, n=len(_people(session, document, alerts)))
        for each in alerts:
            name = _people(session, document, [each])[0]
            _to_stderr(f"    {name}: {' '.join(filter(None, (each['channel'], each['reason'])))}")


def _people(session: Session, document: dict[str, Any], alerts: Sequence[dict[str, Any]]) -> list[str]:
    from emergency import show as words

    return list(dict.fromkeys(words.name(document, each["person"], session.lang) for each in alerts))


def _told(document: dict[str, Any], began: str, unsent: Sequence[dict[str, Any]]) -> int:
    asked = {alert["person"] for alert in document["alerts"] if alert["requested_at"] >= began}
    return len(asked - {each["person"] for each in unsent})


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
        _to_stderr(str(error))
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
        app.settings.home, app.notifiers, app.clock, _to_stderr, playbook=playbook, at=at, severity=severity
    )
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        click.echo(document["incident"])
    sys.exit(NOT_ALL_SENT if document["failed"] else DONE)


FIRST_WAVE_SECONDS = 2.0


def _wait_for_the_first_wave(session: Session, document: dict[str, Any], began: str) -> dict[str, Any]:
    """Give the server a moment, so that what it could not hand over is said here and now."""
    import time

    kept = _kept(document)
    end = time.monotonic() + FIRST_WAVE_SECONDS
    pause = 0.02
    while time.monotonic() < end and document["can_send"] and _plainly_waiting(document, began):
        _pause(pause)
        pause = min(0.2, pause * 2)
        document = {**ask(session, "status", code=document["incident"]), **kept}
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
            return [words.header(each, session.lang) for each in document["incidents"]]

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
    _to_stderr('    emergency trigger fire --at "B1 food court" --drill' if sample else "    emergency roster check")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on. 监听地址。")
@click.option("--port", default=8040, show_default=True, help="Port; 0 takes a free one. 端口。")
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
    server = Server(app, hooks_for(session.settings.env), say=_to_stderr)
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
        raise click.UsageError("--channel, --number and --wait go with --send-test PERSON")
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
            asyncio.run(_send_now(app, engine))  # the telephone's answer gets its own
        document = trial.document()
        show(session, document, as_json, lambda: _finding_lines(session, trial.findings()))
    sys.exit(DONE if document["passed"] else NOT_ALL_SENT)


@main.command()
@click.argument("file", type=click.Path(dir_okay=False))
@json_option
@pass_session
def backup(session: Session, /, file: str, as_json: bool) -> None:
    """Copy the database while it is in use, check the copy, and keep its digest beside it. 备份。

    \b
    emergency backup /var/backups/emergency.db
    """
    from pathlib import Path

    from emergency.backup import back_up
    from emergency.clock import SystemClock

    document = back_up(session.settings.database_file, Path(file), SystemClock())
    session.say("backed_up", incidents=document["incidents"], lines=document["lines"], file=document["file"])
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@json_option
@pass_session
def restore(session: Session, /, file: str, as_json: bool) -> None:
    """Put a backup in the place of the database, which is kept beside it; the server must stand still. 恢复备份。

    \b
    emergency restore /var/backups/emergency.db
    """
    from pathlib import Path

    from emergency.backup import restore as put_back

    with _no_server(session):
        document = put_back(Path(file), session.settings.database_file)
    session.say("restored", incidents=document["incidents"], lines=document["lines"])
    if document["kept"]:
        session.say("kept", file=document["kept"])
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@contextlib.contextmanager
def _no_server(session: Session) -> Iterator[None]:
    """Hold the installation as a server would, so that none runs meanwhile."""
    import fcntl

    from emergency.errors import CommandRefused, StoreError

    path = session.settings.home / "serve.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("a+") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise CommandRefused("`emergency serve` runs on this installation; stop it first") from None
            yield
    except PermissionError as error:
        raise StoreError(f"{path} may not be written; check who owns it and its folder") from error


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


@main.group()
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
        raise click.UsageError("--json and --sarif - both want the screen; give SARIF a file")
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

    if file == "-":
        click.echo(text)
        return
    try:
        Path(file).write_text(text + "\n", "utf-8")
    except OSError as error:
        raise Mistakes(f"{file} cannot be written: {error.strerror}") from error


def _show_findings(session: Session, document: dict[str, Any], as_json: bool) -> None:
    from emergency.phrases import phrase

    errors = sum(f["severity"] == "error" for f in document["findings"])

    def lines() -> list[str]:
        found = [f["text"] for f in document["findings"]]
        clean = [phrase("check_ok", session.lang, name=name) for name in document["clean"]]
        return found + clean

    show(session, document, as_json, lines)
    if document["findings"]:
        session.say("mistakes" if errors else "warned", n=errors or len(document["findings"]))
    if errors:
        sys.exit(WRONG_WORDS)


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
        _to_stderr(f"    emergency playbook {next_} {id}")


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


@main.group()
def site() -> None:
    """The building and its organisation. 场所。"""


@site.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@json_option
@pass_session
def site_import(session: Session, /, file: str, as_json: bool) -> None:
    """Put a changed site in force; open incidents keep theirs. 更新场所。

    \b
    emergency site import site.yaml
    """
    from emergency.setup import import_site

    document = import_site(session.app(real=False), file)
    session.say("site_in_force", site=document["site"])
    if document["unusable"]:
        session.say("unusable")
        for line in document["unusable"]:
            click.echo(f"    {line}", err=True)
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@site.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@json_option
@pass_session
def site_check(session: Session, /, file: str, as_json: bool) -> None:
    """Find every mistake of a site file, each with its line. 检查场所文件。

    \b
    emergency site check site.yaml
    """
    from emergency.setup import check_site

    _show_findings(session, check_site(file), as_json)


@main.group()
def roster() -> None:
    """The people. 名册。"""


@roster.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@json_option
@pass_session
def roster_import(session: Session, /, file: str, as_json: bool) -> None:
    """Put a roster (YAML or CSV) in force; nothing is half imported. 导入名册。

    \b
    emergency roster import roster.yaml
    emergency roster import roster.csv
    """
    from emergency.setup import import_roster

    document = import_roster(session.app(real=False), file)
    session.say("imported", n=document["people"])
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@roster.command("check")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False))
@json_option
@pass_session
def roster_check(session: Session, /, file: str | None, as_json: bool) -> None:
    """Find every mistake of a roster file, or what the roster in force lacks. 检查名册。

    \b
    emergency roster check              the one in force
    emergency roster check roster.csv
    """
    from emergency.setup import check_roster

    _show_findings(session, check_roster(session.app(real=False), file, session.lang), as_json)


@roster.command("show")
@click.option("--numbers", is_flag=True, help="Whole telephone numbers instead of masked ones. 显示完整号码。")
@json_option
@pass_session
def roster_show(session: Session, /, numbers: bool, as_json: bool) -> None:
    """Everybody, with roles and shift; numbers are masked. 名册内容。

    \b
    emergency roster show
    """
    from emergency.setup import show_roster

    document = show_roster(session.app(real=False), numbers=numbers)

    def lines() -> list[str]:
        return [_person_line(person) for person in document["people"]]

    show(session, document, as_json, lines)


def _person_line(person: dict[str, Any]) -> str:
    who = f"{person['id']:<16} {person['name']['zh']} {person['name']['en']:<18} {person['shift']:<8}"
    return f"{who} {', '.join(person['numbers'])}  {', '.join(person['roles'])}"


@roster.command("who")
@click.option("--at", "at", metavar="TIME", help="Another moment: 03:00, or 2026-03-01T03:00. 何时。")
@json_option
@pass_session
def roster_who(session: Session, /, at: str | None, as_json: bool) -> None:
    """Who would take which role now, or at another moment of the site's own time. 此刻谁担任什么。

    \b
    emergency roster who
    emergency roster who --at 03:00
    """
    document = ask(session, "roster-who", at=at)

    def lines() -> list[str]:
        from emergency.phrases import phrase

        out = []
        for role in document["roles"]:
            there = [
                f"{document['people'][p['person']][session.lang]} ({phrase(p['duty'], session.lang)})"
                for p in role["people"]
            ]
            titles = {each["role"]: each["title"][session.lang] for each in document["roles"]}
            deputies = " → " + ", ".join(titles.get(d, d) for d in role["deputies"]) if role["deputies"] else ""
            out.append(
                f"{role['title'][session.lang]:<20} {', '.join(there) or phrase('nobody', session.lang)}{deputies}"
            )
        return out

    show(session, document, as_json, lines)


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
