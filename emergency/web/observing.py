"""`/o/TOKEN`: the page of an observer. One tap is a note with its moment; a red button freezes the drill.

The page works without a network once it is open: what is tapped waits in the browser and is sent when there is one
again, with the moment of the tap. Nothing of the script that is still to come stands on it.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from fastapi import FastAPI, Request, Response
from msgspec.structs import replace

from emergency.core.incident import BESIDE
from emergency.core.values import Text
from emergency.core.wording import in_zone, reference, what_to_do
from emergency.drills import book as b
from emergency.drills.live import conduct
from emergency.drills.live import running as live
from emergency.drills.live.verbs import freeze
from emergency.drills.rehearsals.story import KINDS
from emergency.drills.scenario import Scenario
from emergency.engine import Engine
from emergency.errors import EmergencyError
from emergency.links import Links
from emergency.store.drills import Books, DrillRow
from emergency.store.links import LinkRow
from emergency.web.gate import Gate
from emergency.web.page import OWN_NAMES, plain_html
from emergency.web.page import headers as page_headers

if TYPE_CHECKING:
    from emergency.server import Server

KIND = "observe"
LARGEST = 40_000
"""Bytes of what a page sends at once: fifty notes of the longest kind."""
MOST_ITEMS = 50
SAME = timedelta(seconds=2)
"""A tap that arrives within this was sent at once; a later one keeps its own moment as well."""
OLDEST = timedelta(hours=24)
"""As long as a link lives: no tap is older."""
STILL_UNSAFE = timedelta(minutes=10)
"""An unsafe act that is heard of later than this is noted and freezes nothing any more (practice)."""
SHOWN = 14
"""Injects and steps that can be chosen; the latest."""

WORDS: dict[str, Text] = {
    "drill": Text("演练", "DRILL"),
    "observer": Text("观察员", "observer"),
    "unsafe": Text("不安全行为!立即冻结演练", "UNSAFE act: freeze the drill"),
    "unsafe_short": Text("不安全行为", "unsafe act"),
    "about": Text("针对什么", "About what"),
    "whole": Text("整个演练", "the whole drill"),
    "tap": Text("点一下就记下", "One tap is a note"),
    "rate": Text("评级", "Rating"),
    "write": Text("写几个字", "In your words"),
    "keep": Text("记下", "Keep it"),
    "questions": Text("请回答", "Please answer"),
    "mine": Text("我记的", "What you noted"),
    "yes": Text("是", "yes"),
    "no": Text("否", "no"),
    "waits": Text("{n} 条还没发出,有网就发", "{n} not sent yet; sent when there is a network"),
    "all_sent": Text("{n} 条都已发出", "all {n} are sent"),
    "not_sent": Text("未发出", "not sent yet"),
    "frozen": Text("已冻结:全体停止动作", "FROZEN: everybody stops"),
    "offline": Text(
        "没有网络也能记:本页不要关,时间按你点的那一刻。",
        "Works without a network: leave this page open. The time is that of your tap.",
    ),
    "real": Text("发生真实险情,立即喊:", "If something real happens, shout:"),
}
TAPS = (
    Text("做得好", "well done"),
    Text("慢了", "slow"),
    Text("没有做", "not done"),
    Text("做错了", "done wrongly"),
    Text("说不清", "unclear words"),
    Text("联系不上", "no contact"),
)
RATINGS = {
    "P": Text("P 顺利", "P without trouble"),
    "S": Text("S 小问题", "S some trouble"),
    "M": Text("M 大问题", "M major trouble"),
    "U": Text("U 未完成", "U not achieved"),
}
STATES = {
    "running": Text("进行中", "running"),
    "paused": Text("已冻结", "frozen"),
    "over": Text("已结束,还可以补记", "over; notes are still taken"),
    "closed": Text("已归档", "closed"),
    "released": Text("还没开始", "not begun yet"),
    "planned": Text("还没开始", "not begun yet"),
}


class Item(msgspec.Struct, forbid_unknown_fields=True):
    """One tap. at: the telephone's clock, in milliseconds since 1970."""

    id: str
    at: float
    about: str = ""
    text: str = ""
    rating: Literal["", "P", "S", "M", "U"] = ""
    unsafe: bool = False
    question: str = ""
    met: bool = False


class Sent(msgspec.Struct, forbid_unknown_fields=True):
    """What a page sends. now: the telephone's clock as it sends, so that a wrong one does no harm."""

    now: float
    items: list[Item]


_SENT = msgspec.json.Decoder(Sent)


class Closed(Exception):
    """A link that opens nothing: `unknown` or `expired`."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word


def observer_link(engine: Engine, links: Links, row: DrillRow, person: str) -> str:
    """Return the address of the page on which *person* observes a drill; in the engine's transaction.

    Raises:
        CommandRefused: who takes part does not observe.
    """
    conduct.no_player_observes(live.stand_of(engine, row), person, row.code)
    url = links.make(engine, person=person, incident=row.incident, kind=KIND, subject=row.id)
    return url.replace("/a/", "/o/")


def add_observing(web: FastAPI, server: Server) -> None:
    """Add the page to the web application, where links can lead to it."""
    door = _Door(server)

    @web.get("/o/{token}", include_in_schema=False)
    async def show(request: Request, token: str) -> Response:
        return await door.show(request, token)

    @web.post("/o/{token}", include_in_schema=False)
    async def take(request: Request, token: str) -> Response:
        return await door.take(request, token)


class _Door:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.gate = Gate()

    async def show(self, request: Request, token: str) -> Response:
        """Answer with the page, or with why there is none."""
        asked = request.query_params.get("lang", "")
        try:
            state, language = await self.server.desk.do(lambda engine: self._state(engine, token, asked))
        except Closed as error:
            return await self._refuse(request, error)
        other = "zh" if language == "en" else "en"
        page = page_html(state, language, (other, f"/o/{token}?lang={other}"))
        return Response(page, media_type="text/html; charset=utf-8", headers=headers())

    async def take(self, request: Request, token: str) -> Response:
        """Write down what was tapped, each tap once; answer with those that are written and how the drill stands."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return Response(status_code=403)
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST:
                return Response(status_code=413)
        try:
            sent = _SENT.decode(body)
        except msgspec.MsgspecError:
            return Response(status_code=400)
        asked = request.query_params.get("lang", "")
        try:
            answer = await self.server.outbox.after(lambda engine: self._written(engine, token, sent, asked))
        except Closed as error:
            return await self._refuse(request, error)
        except EmergencyError:
            return Response(status_code=503)
        self.server.poke()
        return Response(msgspec.json.encode(answer), media_type="application/json", headers=headers())

    async def _refuse(self, request: Request, error: Closed) -> Response:
        address, now = request.client.host if request.client else "", self.server.app.clock.now()
        if error.status == 404:
            if not self.gate.admits(address, now):
                return Response(status_code=429, content="too_many", media_type="text/plain")
            self.gate.refused(address, now)
        body = plain_html(error.word)
        return Response(body, status_code=error.status, media_type="text/html; charset=utf-8", headers=page_headers())

    def _open(self, engine: Engine, token: str) -> tuple[LinkRow, DrillRow]:
        link = self.server.app.links.read(engine, token)
        row = Books(engine.store).drill(link.subject) if link is not None and link.kind == KIND else None
        if link is None or row is None:
            raise Closed(404, "unknown")
        if link.expires_at <= engine.clock.now():
            raise Closed(410, "expired")
        return link, row

    def _state(self, engine: Engine, token: str, asked: str) -> tuple[dict[str, Any], str]:
        link, row = self._open(engine, token)
        person = self.server.app.people.person(engine, link.person)
        language = asked if asked in ("zh", "en") else "zh" if person is None or person.language == "zh" else "en"
        name = person.name.of(language) if person is not None else link.person
        sign = self.server.app.people.site(engine).signature.of(language)
        return {**state_of(engine, row, language), "name": name, "sign": sign}, language

    def _written(self, engine: Engine, token: str, sent: Sent, asked: str) -> dict[str, Any]:
        link, row = self._open(engine, token)
        done = [item.id for item in sent.items[:MOST_ITEMS] if self._take(engine, link, row, item, sent.now)]
        return {"done": done, "state": self._state(engine, token, asked)[0]}

    def _take(self, engine: Engine, link: LinkRow, row: DrillRow, item: Item, phone: float) -> bool:
        """Write one tap down; the same tap again is done already."""
        now = engine.clock.now()
        if not item.id.isalnum() or len(item.id) > 32:
            return True  # none of ours: the page need not send it again
        if not engine.store.first_time(f"observe:{link.id}:{item.id}", now, "link", link.person):
            return True
        entry, tapped = entry_of(engine, item, link.person, now, phone), _moment(item, now, phone)
        if entry is None:
            return True
        Books(engine.store).write(row.id, entry, at=now)
        if item.unsafe and now - tapped <= STILL_UNSAFE and live.stand_of(engine, row).phase == "running":
            freeze(engine, row, link.person, "unsafe")
        return True


def _moment(item: Item, now: datetime, phone: float) -> datetime:
    """Return when it was tapped, by our clock: so long ago as the telephone says, whatever time it believes it is."""
    ago = timedelta(milliseconds=min(max(0.0, phone - item.at), OLDEST / timedelta(milliseconds=1)))
    return now - ago


def entry_of(engine: Engine, item: Item, by: str, now: datetime, phone: float) -> b.Observed | b.Answered | None:
    """Return what the book says of a tap; None where it says nothing."""
    moment = _moment(item, now, phone)
    tapped = moment if now - moment > SAME else None
    text = engine.store.seal(item.text.strip()[:500]) if item.text.strip() else None
    if item.question:
        return b.Answered(question=item.question[:20], met=item.met, by=by, text=text, tapped=tapped)
    if text is None and not item.rating and not item.unsafe:
        return None
    noted = b.Observed(by=by, about=item.about[:80], text=text, unsafe=item.unsafe, tapped=tapped)
    return replace(noted, rating=item.rating) if item.rating else noted


def state_of(engine: Engine, row: DrillRow, language: str) -> dict[str, Any]:
    """Return what an observer may know: how the drill stands, what has happened that evaluators may see, the steps
    that are open, the questions. Nothing that is still to come."""
    at, scenario = live.stand_of(engine, row), live.scenario_of(engine, row)
    return {
        "code": row.code,
        "title": scenario.title.of(language),
        "state": at.phase,
        "frozen": at.phase == "paused",
        "phrase": f"{scenario.safety.phrase.zh} / {scenario.safety.phrase.en}",
        "subjects": _subjects(engine, row, scenario, language),
        "questions": [{"id": q.id, "text": q.text.of(language)} for q in scenario.questions],
    }


def _subjects(engine: Engine, row: DrillRow, scenario: Scenario, language: str) -> list[dict[str, str]]:
    found = []
    for gone in live.stand_of(engine, row).injects:
        inject = scenario.inject(gone.entry.inject)
        if inject is not None and "evaluators" in inject.visible_to:
            does = KINDS[inject.kind].of(language) if inject.kind in KINDS else inject.kind
            words = inject.text.of(language) if inject.text else f"{inject.target} {does}"
            found.append({"id": inject.id, "label": f"{inject.id} {words}"})
    for incident in live.incidents_of(engine, row):
        for run in incident.steps.values():
            if run.name not in BESIDE and run.nudge is None:
                words = f"{reference(incident, run)} {what_to_do(incident, run, language)}"
                found.append({"id": run.name, "label": words + in_zone(incident, run, language)})
    return found[-SHOWN:]


# the page


def page_html(state: dict[str, Any], language: str, other: tuple[str, str]) -> str:
    """Return the page. other: the other language, and the address of the same page in it."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    words: dict[str, Any] = {key: text.of(language) for key, text in WORDS.items()}
    told = {
        **words,
        "taps": [text.of(language) for text in TAPS],
        "ratings": {key: text.of(language) for key, text in RATINGS.items()},
        "states": {key: text.of(language) for key, text in STATES.items()},
    }
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(_file("observe.html")).render(
        state=state, words=words, state_json=msgspec.json.encode(state).decode(),
        words_json=msgspec.json.encode(told).decode(), css=Markup(_file("observe.css")),  # noqa: S704 - of our own
        script=Markup(_file("observe.js")), other=other, other_name=OWN_NAMES[other[0]],  # noqa: S704 - of our own
        html_language="zh-CN" if language == "zh" else language,
    )  # fmt: skip


@lru_cache(maxsize=4)
def _file(name: str) -> str:
    return resources.files("emergency.web").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=1)
def headers() -> dict[str, str]:
    """Return what the page is sent with: its one script and no other, talking to us and to nobody else."""
    policy = (
        f"default-src 'none'; script-src 'sha256-{_hash(_file('observe.js'))}'; "
        f"style-src 'sha256-{_hash(_file('observe.css'))}' 'unsafe-inline'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {**page_headers(), "Content-Security-Policy": policy}
