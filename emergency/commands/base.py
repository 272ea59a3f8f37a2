"""What every command shares: the installation, its options, asking and showing, the exit statuses of the contract.

Light on purpose: what a command needs is imported when it runs. With a server running, a command is one line over a
socket; without one it does the work here.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from datetime import datetime

    from emergency.app import App
    from emergency.engine import Engine
    from emergency.errors import EmergencyError
    from emergency.notify import Message, Notifier
    from emergency.settings import Settings

DONE, WRONG_WORDS, NOT_NOW, NOT_ALL_SENT, NO_STORE = 0, 2, 3, 4, 5
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


Providers = Callable[[Mapping[str, str], Callable[[], "datetime"], Callable[[str], None]], Sequence["Notifier"]]
"""From the environment, the clock and a place for lines to the notifiers there are."""


class Session:
    """The options before the command, and what they lead to, made when first asked for."""

    def __init__(self, home: str | None, lang: str | None, providers: Providers) -> None:
        """Remember the options; *providers* makes the notifiers that the environment names."""
        self.home = home
        self.own_lang = lang
        self._providers = providers
        self._settings: Settings | None = None

    @property
    def settings(self) -> Settings:
        """Where this installation lives."""
        if self._settings is None:
            from emergency.settings import read

            self._settings = read(os.environ, self.home, self.own_lang)
        return self._settings

    @property
    def lang(self) -> str:
        """The operator's language; to be had where the settings cannot be read."""
        from emergency.settings import language

        return language(os.environ, self.own_lang)

    @property
    def lang_of_errors(self) -> str:
        """The operator's language; where the one that was asked for is none, the machine's own."""
        from emergency.settings import language_of_errors

        return language_of_errors(os.environ, self.own_lang)

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

        clock = SystemClock()
        env = self.settings.env if real else {}
        return App(self.settings, self._providers(env, clock.now, _ignore), clock)

    def recording_app(self) -> App:
        """The installation; wrong words on a provider are said, and keep nothing from being written down."""
        from emergency.errors import SettingsError

        try:
            return self.app()
        except SettingsError as error:
            self.say("bad_provider")
            for line in error.of(self.lang).splitlines():
                to_stderr(f"    {line}")
            return self.app(real=False)


def to_stderr(line: str) -> None:
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
        to_stderr(f"  {device} → {self._owners.get(message.to, '?')}: {message.text}")

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


class Misused(click.UsageError):
    """Words of a command that do not go together, in both languages."""

    def __init__(self, message: str, zh: str, ctx: click.Context | None = None) -> None:
        super().__init__(message, ctx)
        self.zh = zh


class Commands(click.Group):
    """Turns our errors into one clear line and the exit status of the contract; wrong words, in the operator's
    language."""

    command_class = Command
    group_class = type  # groups within are of this kind too

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first paragraph of the help."""
        return _first_paragraph(self.help)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options before the command."""
        typed = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise _worded(ctx, error, typed) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        from emergency.errors import EmergencyError

        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _worded(ctx, error) from None
        except EmergencyError as error:
            fail(_in_words(ctx, error), error.exit_status)
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
            from emergency.commands.misused import in_chinese, no_command
            from emergency.core.near import nearest

            known = self.list_commands(ctx)
            zh = in_chinese(error) if isinstance(error, click.NoSuchOption) else no_command(args[0], known)
            raise Misused(error.message + nearest(args[0], known), zh, ctx) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List commands in the order they stand in this file: the urgent ones first."""
        return list(self.commands)


def fail(message: str, status: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(status)


def _in_words(ctx: click.Context, error: EmergencyError) -> str:
    """Return what an error says in the operator's language."""
    session = ctx.find_object(Session)
    return error.of(session.lang_of_errors if session is not None else "en")


def _worded(ctx: click.Context, error: click.UsageError, typed: Sequence[str] = ()) -> click.UsageError:
    """Return click's own error, or the same in Chinese where the operator reads that.

    Args:
        typed: the words of the whole line, where the language may stand that no session knows yet.
    """
    from emergency.settings import language_of_errors

    session = ctx.find_object(Session)
    own = session.own_lang if session is not None else _lang_among(typed)
    if isinstance(error, click.exceptions.NoArgsIsHelpError) or language_of_errors(os.environ, own) != "zh":
        return error
    from emergency.commands.misused import Said

    return error if isinstance(error, Said) else Said(error)


def _lang_among(typed: Sequence[str]) -> str | None:
    behind = [value for option, value in pairwise(typed) if option == "--lang"]
    joined = [word.removeprefix("--lang=") for word in typed if word.startswith("--lang=")]
    return next(iter([*behind, *joined]), None)


def refused(session: Session, answer: Mapping[str, Any]) -> NoReturn:
    """End the command as the server refused it, in the operator's language where it has the words."""
    zh = answer.get("error_zh") if session.lang_of_errors == "zh" else None
    fail(str(zh or answer["error"]), int(answer["exit"]))


pass_session = click.make_pass_decorator(Session)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document. 输出 JSON。")
fact_option = click.option(
    "--fact", "facts", multiple=True, metavar="FACT=VALUE", help="What is known already; may be repeated. 已知情况。"
)
by_option = click.option("--by", metavar="PERSON", help="Who said so: a roster id or name, or an agency. 谁下的令。")
reason_option = click.option("--reason", metavar="TEXT", help="Why; kept on record. 理由。")
code_argument = click.argument("code", required=False)

# asking: over the socket when a server runs, else here


READS = frozenset({"drill-action-list", "drill-scores", "muster-missing", "muster-show", "status", "log", "roster-who"})
"""Verbs that change nothing."""


def ask(session: Session, verb: str, **args: Any) -> dict[str, Any]:
    """Return the document of *verb*; under `_began` stands when it was begun, on the clock that its times go by.

    Errors end the command with the status of the contract.
    """
    from emergency.control import NoServer
    from emergency.control import ask as ask_server
    from emergency.ids import new_request

    clean = {key: value for key, value in args.items() if value is not None and value != ()}
    rehearsed = verb in READS and str(clean.get("code", "")).upper().startswith(("RH", "X"))
    if rehearsed and (session.settings.home / "rehearsals.db").exists():  # looked for first: what reads it is heavy
        from emergency.drills.rehearsals.kept import is_rehearsed

        if is_rehearsed(session.settings, str(clean["code"])):
            return _ask_rehearsals(session, verb, clean)
    if verb not in READS:
        clean["request"] = new_request()  # a server that answers too late does not do it a second time
    try:
        answer = ask_server(session.settings.socket, {"verb": verb, "args": clean})
    except NoServer:
        return ask_here(session, verb, clean)
    if "error" in answer:
        refused(session, answer)
    document: dict[str, Any] = answer["document"]
    document["_server"] = True
    document["_began"] = answer.get("began", "")
    return document


def _ask_rehearsals(session: Session, verb: str, args: dict[str, Any]) -> dict[str, Any]:
    """Read in the store of rehearsals, where nobody needs to watch anything."""
    from emergency.drills.rehearsals.kept import reading
    from emergency.store.codec import to_text

    with reading(session.settings, str(args["code"])) as (desktop, engine):
        from emergency.verbs import perform

        document = perform(desktop, engine, verb, args)
        return {**document, "_server": True, "_began": to_text(engine.clock.now())}


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
        asyncio.run(send_now(app, engine))
        if "id" in document and "alerts" in document:
            document = {**perform(app.desktop, engine, "status", {"code": document["incident"]}), **kept(document)}
    engine.store.close()
    return document


def kept(document: dict[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in ("_server", "_began", "joined") if key in document}


SEND_FOR = 20.0
"""Seconds that a command sends by itself; a slow sender goes on when the server starts."""


async def send_now(app: App, engine: Engine) -> None:
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
        from emergency.codes import why_not_sent
        from emergency.phrases import phrase

        session.say(key, n=len(_people(session, document, alerts)))
        for each in alerts:
            name = _people(session, document, [each])[0]
            way = phrase(f"way_{each['channel']}", "zh") if session.lang == "zh" else each["channel"]
            to_stderr(f"    {name}: {' '.join(filter(None, (way, why_not_sent(each['reason'], session.lang))))}")


def _people(session: Session, document: dict[str, Any], alerts: Sequence[dict[str, Any]]) -> list[str]:
    from emergency import show as words

    return list(dict.fromkeys(words.name(document, each["person"], session.lang) for each in alerts))


def _told(document: dict[str, Any], began: str, unsent: Sequence[dict[str, Any]]) -> int:
    asked = {alert["person"] for alert in document["alerts"] if alert["requested_at"] >= began}
    return len(asked - {each["person"] for each in unsent})


def show_findings(session: Session, document: dict[str, Any], as_json: bool) -> None:
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
