"""`/a/TOKEN`: the pages behind the links in messages. A tap on the link opens one; a tap on a button answers.

Nothing is believed but the token, which names one person and what that person was asked, and the mark of the form,
which names how things stood when the page was shown. Opening a page answers nothing: what scans messages opens links.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec
from fastapi import FastAPI, Request, Response

from emergency.core.values import Text
from emergency.engine import Engine
from emergency.errors import CommandRefused, SettingsError, StoreError
from emergency.store import links as table
from emergency.store.links import LinkRow
from emergency.web.answering import AlertPage
from emergency.web.gate import Gate
from emergency.web.page import WORDS, Page, View, headers, page_html, plain_html
from emergency.web.roll_call import RollCallPage

if TYPE_CHECKING:
    from emergency.server import Server

LARGEST_FORM = 2000
"""Bytes. Ours has less than 100."""
ROBOTS = (
    "bot",
    "crawl",
    "spider",
    "preview",
    "scan",
    "fetch",
    "facebookexternalhit",
    "whatsapp",
    "curl",
    "wget",
    "python",
)
HELP = "9"
NOTICES = ("moved", "refused")


def pages(server: Server) -> dict[str, Page]:
    """Return every kind of page that a link may open. A new kind is a line here."""
    return {"alert": AlertPage(server.app.inbox), "muster": RollCallPage()}


class Opened(msgspec.Struct, frozen=True):
    """A link that was opened: its row, what it shows now, in which language, and the mark of its form."""

    row: LinkRow
    part: str
    view: View
    language: str
    form: str


class Dead(Exception):
    """A link that opens nothing: `unknown`, `expired` or `trouble`."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word


def add_links(web: FastAPI, server: Server) -> None:
    """Add the pages to the web application, where links can lead to it."""
    door = _Door(server)

    @web.post("/a", include_in_schema=False)
    async def probe() -> Response:
        """Let `doctor` see that this path of the public address leads to us, and to nobody else's 404."""
        return Response(status_code=204, headers=headers())

    @web.api_route("/a/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def show(request: Request, path: str) -> Response:
        token, _, part = path.partition("/")
        return await door.show(request, token, part)

    @web.post("/a/{path:path}", include_in_schema=False)
    async def tap(request: Request, path: str) -> Response:
        token, _, part = path.partition("/")
        return await door.tap(request, token, part)


class _Door:
    """Who comes in, and what for."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.links = server.app.links
        self.pages = pages(server)
        self.gate = Gate()

    async def show(self, request: Request, token: str, part: str) -> Response:
        """Answer a GET or a HEAD: the page, or why there is none. At most, it is noted that it was seen."""
        asked, person = request.query_params.get("lang", ""), _looks_like_a_person(request)

        def work(engine: Engine) -> Opened:
            opened = self._open(engine, token, part, asked)
            if person and opened.row.seen_at is None:
                table.mark_seen(engine.store, opened.row.id, engine.clock.now())
            return opened

        try:
            opened = await self.server.desk.do(work)
        except (Dead, StoreError, SettingsError) as error:
            return await self._dead(request, error)
        return _html(_page(opened, token, request.query_params.get("n", "")), 200)

    async def tap(self, request: Request, token: str, part: str) -> Response:
        """Answer a POST: act on it, and lead back to the page, which shows what was noted."""
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return _html(plain_html("unknown"), 403)
        form = await _form(request)
        asked = request.query_params.get("lang", "")
        if form is None:
            return _html(plain_html("unknown"), 400)
        try:
            notice = await self.server.outbox.after(lambda engine: self._act(engine, token, part, asked, form))
        except (Dead, StoreError, SettingsError) as error:
            return await self._dead(request, error)
        self.server.poke()
        return Response(status_code=303, headers={**headers(), "Location": _path(token, part, asked, notice)})

    def _open(self, engine: Engine, token: str, part: str, asked: str) -> Opened:
        row = self.links.read(engine, token)
        person = self.server.app.people.person(engine, row.person) if row is not None else None
        page = self.pages.get(row.kind) if row is not None else None
        if row is None or person is None or page is None:
            raise Dead(404, "unknown")
        if row.expires_at <= engine.clock.now():
            raise Dead(410, "expired")
        language = asked if asked in ("zh", "en") else person.language
        try:
            view = page.view(engine, row, part, language)
        except CommandRefused:  # what it was about is not there any more
            view = None
        if view is None:
            raise Dead(404, "unknown")
        state = f"{part} {table.taps(engine.store, _taps_of(row, part))} {view.state}"
        return Opened(row, part, view, language, self.links.form(row, state))

    def _act(self, engine: Engine, token: str, part: str, asked: str, form: Mapping[str, str]) -> str:
        """Return the notice that the page should show; empty when all is as the person thinks."""
        opened = self._open(engine, token, part, asked)
        mark, key = form.get("form", ""), form.get("key", "")
        id = f"{_taps_of(opened.row, part)}:{mark}.{key}"
        cries = bool(mark) and key == HELP  # which counts however old the page is on which it stands
        if not cries and not hmac.compare_digest(mark.encode(), opened.form.encode()):
            return "" if mark and table.was_tapped(engine.store, id) else "moved"  # a double tap has done its work
        if key not in {button.key for button in opened.view.buttons}:
            return "refused"
        if not self.pages[opened.row.kind].press(engine, opened.row, part, key, id):
            return "refused"
        table.mark_answered(engine.store, opened.row.id, engine.clock.now())
        return ""

    async def _dead(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, Dead):
            return _html(plain_html("trouble"), 503)
        if error.status == 404 and not await self._let_in(request):
            return Response(status_code=429, content="too_many", media_type="text/plain")
        return _html(plain_html(error.word), error.status)

    async def _let_in(self, request: Request) -> bool:
        """Count a wrong token; False for an address that has brought too many. Right ones are never turned away."""
        address, now = request.client.host if request.client else "", self.server.app.clock.now()
        if not self.gate.admits(address, now):
            return False
        self.gate.refused(address, now)
        await self.server.desk.do(lambda engine: engine.store.count("refused_no_link"))
        return True


def _taps_of(row: LinkRow, part: str) -> str:
    return f"link:{row.id}.{part}"


def _path(token: str, part: str, language: str, notice: str = "") -> str:
    query = "&".join(
        f"{name}={value}"
        for name, value, known in (("lang", language, ("zh", "en")), ("n", notice, NOTICES))
        if value in known
    )
    return f"/a/{token}" + (f"/{part}" if part else "") + (f"?{query}" if query else "")


def _page(opened: Opened, token: str, notice: str) -> str:
    part, language = opened.part, opened.language
    other = "zh" if language == "en" else "en"
    view = opened.view
    if view.choices:
        choices = [msgspec.structs.replace(c, part=_path(token, c.part, language)) for c in view.choices]
        view = msgspec.structs.replace(view, choices=tuple(choices))
    return page_html(
        view,
        path=_path(token, part, language),
        form=opened.form,
        language=language,
        notice=WORDS.get(notice, Text("", "")).of(language) if notice in NOTICES else "",
        back=_path(token, "", language) if part else "",
        other=(other, _path(token, part, other)),
    )


def _html(body: str, status: int) -> Response:
    return Response(body, status_code=status, media_type="text/html; charset=utf-8", headers=headers())


def _looks_like_a_person(request: Request) -> bool:
    """Whether a browser asks that somebody looks at: a guess that `seen_at` rests on, and nothing else."""
    agent = request.headers.get("user-agent", "").lower()
    ahead = request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    return (
        request.method == "GET"
        and agent.startswith("mozilla/")
        and not any(word in agent for word in ROBOTS)
        and not any(word in ahead for word in ("prefetch", "preview"))
    )


async def _form(request: Request) -> dict[str, str] | None:
    """Return the posted form, or None when it is none of ours."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_FORM:
            return None
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=8)
    except ValueError:
        return None
    form = dict(fields)
    return form if len(form) == len(fields) else None
