"""The small building where nobody can text back: served, with a public address, and a provider that keeps the texts."""

from __future__ import annotations

import re
import shutil
import urllib.error
import urllib.request
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from emergency.clock import Clock
from emergency.core import events as e
from emergency.engine import Engine
from emergency.notify import Message
from emergency.store.store import SqliteStore
from tests.fakes import FakeNotifier
from tests.serving import PATIENCE, PUBLIC, Running, make_app, make_home, until
from tests.small import number

TOKEN = re.compile(re.escape(PUBLIC) + r"/a/([0-9a-z]+)")
FORM = re.compile(r'name="form" value="([0-9a-z]+)"')
KEY = re.compile(r'name="key" value="(\d)"')
SEEN = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 MicroMessenger/8.0"
"""The browser inside a chat."""


class Opened:
    """What one request brought: status, headers, and the page."""

    def __init__(self, status: int, headers: dict[str, str], body: str) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def form(self) -> str:
        """The mark of the page's form."""
        found = FORM.search(self.body)
        assert found is not None, self.body
        return found[1]

    @property
    def keys(self) -> str:
        """The keys of its buttons, in order."""
        return "".join(KEY.findall(self.body))

    @property
    def words(self) -> str:
        """What a person reads."""
        body = re.sub(r"<(style|title)>.*?</\1>|<[^>]+>", " ", self.body, flags=re.S)
        return unescape(re.sub(r"\s+", " ", body))


class Linked:
    """That building, at work. With a *clock* of a test's own, time passes when the test says so."""

    def __init__(self, home: Path | None = None, *, clock: Clock | None = None, public: str | None = PUBLIC) -> None:
        self.home = home or make_home()
        self.sms = FakeNotifier(modes=("real", "drill"), one_way=("1",))
        self.voice = FakeNotifier("voice", modes=("real", "drill"))
        env = {"EMERGENCY_PUBLIC_URL": public} if public else {}
        self.running = Running(make_app(self.home, env, [self.sms, self.voice], clock))
        self.store = SqliteStore(self.home / "emergency.db")

    def start(self) -> Linked:
        """Start the server."""
        self.running.start()
        return self

    def stop(self, *, keep: bool = False) -> None:
        """Stop the server, and remove what it left unless it is to be kept."""
        self.running.stop()
        self.store.close()
        if not keep:
            shutil.rmtree(self.home, ignore_errors=True)

    # what happens

    def trigger(self, playbook: str = "leak", **args: Any) -> str:
        """Start an emergency in the hall, and return its id."""
        return str(self.running.asks("trigger", playbook=playbook, at="hall", **args)["id"])

    def does(self, verb: str, **args: Any) -> dict[str, Any]:
        """Do a verb, which must be possible."""
        document = self.running.asks(verb, **args)
        assert "error" not in document, document
        return document

    def messages(self, person: str) -> list[Message]:
        """Return the texts that somebody was sent."""
        return [m for m in list(self.sms.taken.values()) if m.to == number(person)]

    def token(self, person: str) -> str:
        """Return the token of the last link that somebody was sent, as soon as there is one."""

        def look() -> str | None:
            found = [t for m in self.messages(person) for t in TOKEN.findall(m.text)]
            return found[-1] if found else None

        return until(look, f"for a link to {person}")

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Opened:
        """Open a page as a telephone does."""
        return self._ask(urllib.request.Request(self.running.address + path, None, _agent(headers), method=method))

    def post(self, path: str, fields: dict[str, str] | bytes, **headers: str) -> Opened:
        """Post a form; what it leads to is not followed."""
        body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        return self._ask(urllib.request.Request(self.running.address + path, body, _agent(headers), method="POST"))

    def _ask(self, request: urllib.request.Request) -> Opened:
        opener = urllib.request.build_opener(_Stay)
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                return Opened(answer.status, dict(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Opened(error.code, dict(error.headers), error.read().decode())

    def taps(self, path: str, key: str, page: Opened | None = None) -> Opened:
        """Tap a button of the page as it was shown, and return the page that this leads to."""
        shown = page or self.get(path)
        answer = self.post(path, {"form": shown.form, "key": key})
        assert answer.status == 303, (answer.status, answer.words)
        return self.get(answer.headers["location"])

    # what came of it

    def events(self, id: str, *kinds: type[e.Event]) -> list[Any]:
        """Return the events of an incident that are of some kinds, as another process reads them."""
        return [event for event, _ in self.store.history(id) if not kinds or isinstance(event, kinds)]

    def answers(self, id: str) -> list[Any]:
        """Return all that any answer has done to the incident."""
        return self.events(id, e.AlertAcknowledged, e.StepDone, e.HelpAsked, e.AlertClosed, e.NoteAdded)

    def at_desk(self, work: Any) -> Any:
        """Return what *work* returns on the server's own engine."""
        return self.running.on_loop(lambda server: server.desk.do(work))

    def seen(self, column: str = "seen_at") -> list[str | None]:
        """Return a column of every link, oldest first."""
        return [value for (value,) in self.store._db.execute(f"select {column} from link order by id")]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **more: Any) -> None:
        return None


def _agent(headers: dict[str, str]) -> dict[str, str]:
    return {"User-Agent": SEEN} | {name.replace("_", "-"): value for name, value in headers.items()}


def engine_of(linked: Linked) -> Engine:
    """Return an engine of our own over the store of the building."""
    return Engine(linked.store, linked.running.app.clock)
