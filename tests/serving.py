"""A server of the small building on a thread of its own, a fake Twilio beside it, and somebody who looks on."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from emergency import control
from emergency.app import App
from emergency.clock import Clock, SystemClock
from emergency.core import events as e
from emergency.engine import Engine
from emergency.library import Library
from emergency.notify import Hooks, Notifier
from emergency.people import save_roster, save_site
from emergency.server import Server
from emergency.settings import Settings
from emergency.store.store import OutboxRow, SqliteStore
from emergency.web.http import serve_http
from notifiers.registry import hooks_for, notifiers_for
from tests.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, NUMBERS, FakePhone, FakeTwilio
from tests.small import LEAK, NOISE, ROSTER, SITE, number, roster, site

T = TypeVar("T")
PUBLIC = "https://mill.example"
PATIENCE = 60.0
"""Seconds of real time until a test gives up: only one that fails waits for so long, however slow the machine is."""

A_MOMENT = 5.0
"""Seconds at most for what need not come to an end: a telephone that was left in the middle of a call, say."""


def until(look: Callable[[], T | None], what: str = "") -> T:
    """Return what *look* finds, as soon as it finds something.

    Raises:
        AssertionError: it found nothing.
    """
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain {what}")
        pause.wait(0.005)
    return found


def make_home(folder: Path | None = None) -> Path:
    """Make an installation of the small building; its path is short enough for a socket."""
    home = folder or Path(tempfile.mkdtemp(prefix="mill-"))
    (home / "playbooks").mkdir(exist_ok=True)
    for name, text in (("leak", LEAK), ("noise", NOISE)):
        (home / "playbooks" / f"{name}.yaml").write_text(text, "utf-8")
    (home / "site.yaml").write_text(SITE, "utf-8")
    (home / "roster.yaml").write_text(ROSTER, "utf-8")
    store = SqliteStore(home / "emergency.db")
    engine = Engine(store, SystemClock())

    def put_in(engine: Engine) -> None:
        save_site(engine, site(), engine.clock.now())
        save_roster(engine, roster(), engine.clock.now())

    engine.unit(put_in)
    store.close()
    return home


def twilio_env(twilio: FakeTwilio, public: str | None = PUBLIC) -> dict[str, str]:
    """Return the environment that leads to the fake."""
    env = {
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_FROM": NUMBERS[0],
        "TWILIO_API_URL": twilio.base_url,
        "TWILIO_SMS_PER_SECOND": "200",
        "TWILIO_CALLS_PER_SECOND": "200",
        "EMERGENCY_STILL_YOU": "off",
    }
    return env | ({"EMERGENCY_PUBLIC_URL": public} if public else {})


def make_app(
    home: Path, env: Mapping[str, str], notifiers: Sequence[Notifier] | None = None, clock: Clock | None = None
) -> App:
    """Return the installation at *home*, with its own plans only: the shipped ones are for another building."""
    settings = Settings(home, f"sqlite:///{home / 'emergency.db'}", "en", dict(env))
    clock = clock or SystemClock()
    if notifiers is None:
        notifiers = notifiers_for(settings.env, clock.now, lambda line: None)
    app = App(settings, notifiers, clock)
    app.library = Library(home / "none", home / "playbooks")
    app.desktop.library = app.library
    return app


class Running:
    """A server at work. Its words are in `said`; `address` is where it listens."""

    def __init__(self, app: App, hooks: Hooks | None = None) -> None:
        self.app = app
        self.said: list[str] = []
        self.address = ""
        self.server: Server | None = None
        self._hooks = hooks
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failed = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.server = Server(self.app, self._hooks, say=self.said.append)
        await self.server.start()
        try:
            async with serve_http(self.server, "127.0.0.1", 0) as self.address:
                self._ready.set()
                await self.server.stopping.wait()
        finally:
            await self.server.stop()

    def start(self) -> Running:
        """Return once it listens. Raises what kept it from starting."""
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        if self._failed is not None:
            raise self._failed
        return self

    def stop(self) -> None:
        """Let it end by itself."""
        if self._loop is not None and self.server is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.server.stopping.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the server does not end"

    def __enter__(self) -> Running:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def on_loop(self, work: Callable[[Server], Awaitable[T]]) -> T:
        """Return what *work* returns on the server's own loop."""
        assert self._loop is not None
        assert self.server is not None

        async def main() -> T:
            assert self.server is not None
            return await work(self.server)

        return asyncio.run_coroutine_threadsafe(main(), self._loop).result(PATIENCE)

    def goes_round(self) -> None:
        """Let the loop go round some times: what was begun, and waits for nothing but its turn, is done."""

        async def turn(server: Server) -> None:
            await asyncio.sleep(0)

        for _ in range(5):
            self.on_loop(turn)

    @contextmanager
    def without_alarms(self) -> Iterator[None]:
        """Let no sweep, no beat and no alarm come round meanwhile: what happens all the same happens at once."""

        async def silence(server: Server) -> None:
            server.scheduler.stop()

        async def ring(server: Server) -> None:
            server.scheduler.start()  # it is stopped once more with the rest

        self.on_loop(silence)
        try:
            yield
        finally:
            self.on_loop(ring)

    # how people and programs talk to it

    def asks(self, verb: str, **args: Any) -> dict[str, Any]:
        """Do a verb over the control socket; return the document, or {"error": ..., "exit": ...}."""
        answer = control.ask(self.app.settings.socket, {"verb": verb, "args": args}, patience=PATIENCE)
        document: dict[str, Any] = answer.get("document", answer)
        return document

    def http(
        self, path: str, body: bytes | None = None, *, method: str | None = None, **headers: str
    ) -> tuple[int, str]:
        """Return the status and the body of what it answers to one request."""
        request = urllib.request.Request(self.address + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def api(self, verb: str, args: object = None, key: str | None = None) -> tuple[int, Any]:
        """Do a verb over HTTP."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        body = args if isinstance(args, bytes) else json.dumps(args or {}).encode()
        status, text = self.http(f"/api/{verb}", body, **headers)
        return status, json.loads(text) if text.startswith("{") else text


class Mill:
    """The small building with a server and a Twilio, and a connection of our own to its store."""

    def __init__(self, twilio: FakeTwilio, home: Path, *, public: str | None = PUBLIC, **env: str) -> None:
        self.twilio = twilio
        self.home = home
        app = make_app(home, twilio_env(twilio, public) | env)
        self.running = Running(app, hooks_for(app.settings.env))
        self.store = SqliteStore(home / "emergency.db")

    def start(self) -> Mill:
        """Start the server, and let Twilio know where it is."""
        self.running.start()
        if self.running.app.settings.public_url is not None:
            self.twilio.route(PUBLIC, self.running.address)
            self.twilio.webhook(PUBLIC + "/hooks/twilio/sms")
        return self

    def stop(self) -> None:
        """Let what is under way arrive, stop the server, and remove what it left.

        Raises:
            AssertionError: the server answered Twilio wrongly; that it cannot be reached any more is no fault.
        """
        self.twilio.settle(A_MOMENT)
        problems = self.twilio.forgive()
        self.running.stop()
        self.twilio.settle(A_MOMENT)
        self.twilio.forgive()
        assert not problems, "\n".join(map(str, problems))
        self.store.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def phone(self, person: str, which: int = 0) -> FakePhone:
        """Return somebody's telephone."""
        return self.twilio.phone(number(person, which))

    def trigger(self, playbook: str = "leak", **args: Any) -> dict[str, Any]:
        """Start an emergency in the hall."""
        return self.running.asks("trigger", playbook=playbook, at="hall", **args)

    def events(self, id: str, *kinds: type[e.Event]) -> list[Any]:
        """Return the events of an incident that are of some kinds, as another process reads them."""
        return [event for event, _ in self.store.history(id) if not kinds or isinstance(event, kinds)]

    def wait_for(self, id: str, kind: type[e.Event], **fields: Any) -> Any:
        """Wait for an event with these fields, and return it."""

        def look() -> Any:
            events = self.events(id, kind)
            return next((x for x in events if all(getattr(x, k) == v for k, v in fields.items())), None)

        return until(look, f"for {kind.__name__} {fields}")

    def who(self, id: str, alert: str) -> str:
        """Return whose alert it is."""
        return next(x.person for x in self.events(id, e.AlertRequested) if x.alert == alert)

    def rows(self) -> list[OutboxRow]:
        """Return the outbox."""
        ids = [id for (id,) in self.store._db.execute("select id from outbox order by rowid")]
        return [row for row in map(self.store.delivery, ids) if row is not None]

    def calm(self) -> None:
        """Wait until every message has gone out, and the provider has said all it has to say."""

        def look() -> bool:
            before = [(row.id, row.status) for row in self.rows()]
            if any(status in ("queued", "sending", "unknown") for _, status in before):
                return False
            assert self.twilio.settle()
            return before == [(row.id, row.status) for row in self.rows()]  # what it says may call for more messages

        until(look, "for the outbox")


def clean_environment() -> dict[str, str]:
    """Return the environment of this process without what leads to any installation or provider."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("TWILIO_", "EMERGENCY_"))}
