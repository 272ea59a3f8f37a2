"""The HTTP side: what Twilio's API answers, on a socket of this machine.

Routing is by hand and not by a router, because this server is also what load tests run against.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from aiohttp import web

from . import listing
from .calls import Calls
from .errors import Refused
from .faults import Fault
from .inbound import Inbound
from .messages import Messages, is_number
from .records import API_VERSION, Call, Entry, Message
from .webhooks import Webhooks
from .world import World

Form = dict[str, list[str]]

_JSON = "application/json"
_TARGETS = {"Messages": "messages", "Calls": "calls", "PhoneNumbers": "lookups"}


class Server:
    """The API, and everything that lives behind it; belongs to one event loop."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.webhooks = Webhooks(world)
        self.messages = Messages(world, self.webhooks)
        self.calls = Calls(world, self.webhooks)
        self.inbound = Inbound(world, self.webhooks, self.messages)
        self.messages.on_arrival = self._reply_to
        self.requests = 0
        self._runner: web.ServerRunner | None = None
        self._hurrying = asyncio.Event()
        self._replying: set[asyncio.Task[Any]] = set()
        self.admin: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] | None = None

    async def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1 and return the port."""
        self.world.timeline.attach(asyncio.get_running_loop())
        await self.webhooks.open()
        self._runner = web.ServerRunner(web.Server(self.answer, access_log=None), shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, backlog=1024)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close everything; what is still on its way is dropped."""
        self._hurrying.set()
        self.world.timeline.clear()
        tasks = [c.task for c in self.world.calls.values() if c.task is not None] + list(self._replying)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for call in self.world.calls.values():
            call.task = None  # it belongs to this loop; a server that is started again has another
        await self.webhooks.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _reply_to(self, message: Message) -> None:
        """Let the phone text back, where its script says so."""
        script = self.world.script(message.to)
        reply = script.take_reply(message)
        if reply is None:
            return

        def text_back() -> None:
            task = asyncio.ensure_future(self.inbound.receive(message.to, reply, message.sender))
            self._replying.add(task)
            task.add_done_callback(self._replied)

        self.world.timeline.after(script.reply_after, text_back)

    def _replied(self, task: asyncio.Task[Any]) -> None:
        self._replying.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.world.problem("the fake itself", repr(task.exception()))

    # -- one request

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, whatever it is."""
        if request.path.startswith("/_fake/"):
            return await self.admin(request) if self.admin is not None else web.Response(status=404)
        self.requests += 1
        received = (time.monotonic(), time.time())
        form: Form = {}
        if request.method == "POST":
            form = parse_qs((await request.read()).decode(), keep_blank_values=True)
        if self.world.settings.latency:
            await self._pause(self.world.settings.latency)
        parts = [unquote(part) for part in request.path.removesuffix(".json").strip("/").split("/")]
        creating = request.method == "POST" and len(parts) == 4
        target = _TARGETS.get(parts[3] if len(parts) > 3 else parts[1] if len(parts) > 1 else "", "any")
        entry = _entry(target, received, form) if creating else None
        fault = self.world.faults.take(request.method, target, _first(form).get("To", ""))
        if entry is not None:
            with self.world.changing():
                self.world.ledger.append(entry)
        return await self._under(fault, request, parts, form, entry)

    async def _under(
        self, fault: Fault | None, request: web.BaseRequest, parts: list[str], form: Form, entry: Entry | None
    ) -> web.StreamResponse:
        """Answer while *fault* strikes, and write into *entry* what the client got to see."""
        kind = fault.kind if fault is not None else None
        if entry is not None:
            entry.fault = kind
        if kind == "reset":
            return _reset(request)
        if kind == "garbled":
            return _noted(entry, web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html"))
        if fault is not None and kind == "slow":
            await self._pause(fault.seconds)
        try:
            if fault is not None and fault.refusal is not None:
                raise fault.refusal
            self._check(request, parts)
            status, body = await self._route(request, parts, form, entry)
            response = _json(status, body)
        except Refused as refused:
            response = _json(refused.status, refused.as_json(), refused.headers)
            if entry is not None:
                entry.code = refused.code
        if kind == "lost":
            return _reset(request)
        if fault is not None and kind == "late":
            await self._pause(fault.seconds)
        return _noted(entry, response)

    async def _pause(self, seconds: float) -> None:
        """Wait in real time, but not when we are told to hurry, nor beyond the end of the server."""
        try:
            await asyncio.wait_for(self._hurrying.wait(), seconds)
        except TimeoutError:
            return

    def hurry(self) -> None:
        """Let every request that waits go on now."""
        self._hurrying.set()
        self._hurrying.clear()  # who comes later waits for as long as was said

    def _check(self, request: web.BaseRequest, parts: list[str]) -> None:
        """Refuse who does not know the account's secret, or asks for another account."""
        user, _, secret = _basic(request.headers.get("Authorization", "")).partition(":")
        known = {self.world.account: self.world.token, **self.world.api_keys}
        if user not in known or not hmac.compare_digest(known[user].encode(), secret.encode()):
            raise Refused(20003)
        if parts[0] == API_VERSION and parts[1:3] != ["Accounts", self.world.account]:
            raise Refused(20404, f"The requested resource {request.path} was not found")

    async def _route(
        self, request: web.BaseRequest, parts: list[str], form: Form, entry: Entry | None
    ) -> tuple[int, dict[str, Any]]:
        post = request.method == "POST"
        match parts:
            case [_, _, _, "Messages"] if post:
                return 201, await self._create_message(form, entry)
            case [_, _, _, "Calls"] if post:
                return 201, await self._create_call(form, entry)
            case [_, _, _, "Messages"]:
                return 200, listing.messages(self.world, request.query)
            case [_, _, _, "Calls"]:
                return 200, listing.calls(self.world, request.query)
            case [_, _, _, "Messages", sid] if not post and sid in self.world.messages:
                return 200, self.world.messages[sid].as_json()
            case [_, _, _, "Calls", sid] if sid in self.world.calls:
                return 200, self._change_call(self.world.calls[sid], form)
            case ["v1", "PhoneNumbers", number] if not post:
                return 200, self._look_up(number)
        raise Refused(20404, f"The requested resource {request.path} was not found")

    async def _create_message(self, form: Form, entry: Entry | None) -> dict[str, Any]:
        message = self.messages.create(_first(form))
        first = message.as_json()
        if entry is not None:
            entry.sid = message.sid
        if message.callback and self.world.chaos(message.to).early:
            await self._let_run_ahead(message)
        return first

    async def _create_call(self, form: Form, entry: Entry | None) -> dict[str, Any]:
        call = self.calls.create(_first(form), form.get("StatusCallbackEvent", []))
        first = call.as_json()
        if entry is not None:
            entry.sid = call.sid
        if self.world.chaos(call.to).early:
            await self._let_run_ahead(call)
        return first

    async def _let_run_ahead(self, record: Message | Call) -> None:
        """Hold the answer back until every callback is posted, or for as long as is bearable."""

        async def run() -> None:
            while not record.ended:
                await asyncio.sleep(0.001)
            await self.webhooks.drained(record.sid)

        try:
            await asyncio.wait_for(run(), self.world.settings.early_limit)
        except TimeoutError:
            return

    def _change_call(self, call: Call, form: Form) -> dict[str, Any]:
        status = _first(form).get("Status")
        if status is not None:
            if status not in ("completed", "canceled"):
                raise Refused(20001, "Status must be completed or canceled")
            self.calls.end(call, status)
        elif form:
            raise Refused(20001, "This fake can only end a call")
        return call.as_json()

    def _look_up(self, number: str) -> dict[str, Any]:
        if not is_number(number):
            raise Refused(20404, f"The requested resource /PhoneNumbers/{number} was not found")
        script = self.world.script(number)
        return {
            "caller_name": None,
            "country_code": script.country or ("US" if number.startswith("+1") else "GB"),
            "phone_number": number,
            "national_format": number,
            "carrier": {"name": "Fake Carrier", "type": script.carrier, "error_code": None},
            "add_ons": None,
            "url": f"https://lookups.twilio.com/v1/PhoneNumbers/{number}",
        }


def _entry(target: str, received: tuple[float, float], form: Form) -> Entry:
    first = _first(form)
    return Entry(
        kind="call" if target == "calls" else "message",
        at=received[0],
        wall=received[1],
        to=first.get("To", ""),
        sender=first.get("From") or first.get("MessagingServiceSid", ""),
        body=first.get("Body") or first.get("Twiml") or first.get("Url", ""),
    )


def _first(form: Form) -> dict[str, str]:
    return {name: values[0] for name, values in form.items()}


def _basic(header: str) -> str:
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(text).decode()
    except ValueError:
        return ""


def _json(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=json.dumps(body).encode(), content_type=_JSON, headers=headers)


def _noted(entry: Entry | None, response: web.Response) -> web.Response:
    if entry is not None:
        entry.status = response.status
    return response


def _reset(request: web.BaseRequest) -> web.Response:
    """Break the connection off so that the client sees a reset, and not an orderly end."""
    transport = request.transport
    if transport is not None:
        connection: socket.socket | None = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)
