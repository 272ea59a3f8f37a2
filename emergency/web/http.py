"""The HTTP side of `serve`: health, the provider's hooks, and the verbs of the command line with a key.

Every hook is refused unless signed, and refused requests are counted. Bodies are small and read in full before
anything is believed; malformed ones are answered 400, never with a traceback.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from fastapi import FastAPI, Request, Response

from emergency import VERSION, proof
from emergency.errors import EmergencyError, StoreError
from emergency.notify import Form, Hooks
from emergency.outbox import record_report
from emergency.phrases import trouble_zh
from emergency.server import Server
from emergency.store.codec import to_text
from emergency.verbs import VERBS
from emergency.web.gate import Gate

LARGEST_BODY = 64_000
"""Bytes. The provider's largest form is a few thousand."""
MOST_AT_ONCE = 256
"""Connections served at the same time; further ones are told to come back (the provider does)."""
XML = "application/xml"
STATUS_OF_EXIT = {2: 400, 3: 409, 5: 503}


class Refused(Exception):
    """A request that is not acted on."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def make_app(server: Server) -> FastAPI:
    """Return the web application over a running server."""
    web = FastAPI(title="Emergency runner", version=VERSION, docs_url=None, redoc_url=None)

    @web.exception_handler(Refused)
    async def refuse(request: Request, error: Refused) -> Response:
        with contextlib.suppress(EmergencyError):
            await server.desk.do(lambda engine: engine.store.count(f"refused_{error.why}"))
        return Response(status_code=error.status, content=error.why, media_type="text/plain")

    @web.exception_handler(StoreError)
    async def store_error(request: Request, error: StoreError) -> Response:
        # not stored, so not acknowledged: the provider tries again
        return Response(status_code=503, content="the store cannot be written", media_type="text/plain")

    @web.get("/healthz")
    async def healthz() -> dict[str, Any]:
        return await _health(server)

    @web.get("/metrics")
    async def metrics() -> Response:
        from emergency.web.metrics import exposition, look

        figures = await server.desk.do(lambda engine: look(engine, server.trouble, server.outbox.in_flight))
        return Response(exposition(figures), media_type="text/plain; version=0.0.4")

    if server.hooks is not None:
        _add_hooks(web, server, server.hooks)
    _add_api(web, server)
    if server.app.links.possible:
        from emergency.web.links import add_links
        from emergency.web.observing import add_observing

        add_links(web, server)
        add_observing(web, server)
    return web


async def _health(server: Server) -> dict[str, Any]:
    now = server.app.clock.now()

    def look(engine: Any) -> dict[str, Any]:
        counts = engine.store.outbox_counts()
        waiting = sum(n for (_, status), n in counts.items() if status == "queued")
        return {"open_incidents": len(engine.store.open_incidents()), "messages_waiting": waiting}

    found = await server.desk.do(look)
    return {"status": "trouble" if server.trouble else "ok", "at": to_text(now), "version": VERSION, **found}


def _add_hooks(web: FastAPI, server: Server, hooks: Hooks) -> None:
    root = f"/hooks/{hooks.name}"
    gate = Gate()

    @web.post(root + "/sms")
    async def sms(request: Request) -> Response:
        form = await _signed_form(request, hooks, gate, server.app.clock.now())
        inbound = _read(lambda: hooks.read_sms(form))
        await server.receive(inbound)
        return Response(hooks.silence(), media_type=XML)

    @web.post(root + "/voice/{delivery}/{attempt}")
    async def voice(request: Request, delivery: str, attempt: str) -> Response:
        form = await _signed_form(request, hooks, gate, server.app.clock.now())
        inbound = _read(lambda: hooks.read_keys(form, delivery))
        if inbound is None:
            return Response(hooks.silence(), media_type=XML)
        said = await server.receive(inbound)
        language = await server.desk.do(lambda engine: _language(server, engine, delivery))
        return Response(hooks.spoken(said, language) if said else hooks.silence(), media_type=XML)

    @web.post(root + "/status/{delivery}/{attempt}")
    async def status(request: Request, delivery: str, attempt: str) -> Response:
        form = await _signed_form(request, hooks, gate, server.app.clock.now())
        return await _report(server, _read(lambda: hooks.read_status(form, delivery, int(attempt))))

    @web.post(root + "/machine/{delivery}/{attempt}")
    async def machine(request: Request, delivery: str, attempt: str) -> Response:
        form = await _signed_form(request, hooks, gate, server.app.clock.now())
        return await _report(server, _read(lambda: hooks.read_machine(form, delivery, int(attempt))))


def _language(server: Server, engine: Any, delivery: str) -> str:
    row = engine.store.delivery(delivery) or engine.store.proof(delivery)
    person = server.app.people.roster(engine).people.get(row.person) if row else None
    return server.app.people.languages.call_language(person.language) if person else "zh"


async def _report(server: Server, report: Any) -> Response:
    if report is not None:
        known = await server.desk.do(lambda engine: record_report(engine, report) or proof.record(engine, report))
        if not known:
            raise Refused(404, "unknown_delivery")
        server.poke()
    return Response(status_code=204)


async def _signed_form(request: Request, hooks: Hooks, gate: Gate, now: datetime) -> Form:
    address = request.client.host if request.client else ""
    if not gate.admits(address, now):
        raise Refused(429, "too_many")
    try:
        form = await _authentic_form(request, hooks)
    except Refused:
        gate.refused(address, now)
        raise
    gate.accepted(address, now)
    return form


async def _authentic_form(request: Request, hooks: Hooks) -> Form:
    body = await _body(request)
    try:
        text = body.decode("utf-8")
        form = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=200, errors="strict")
    except ValueError:
        raise Refused(400, "malformed") from None
    # as it stood in the request: what was signed is the address we gave, and `re%3A...` is not `re:...`
    path = request.scope["raw_path"].decode("latin-1") + (f"?{request.url.query}" if request.url.query else "")
    if not hooks.authentic(path, form, request.headers.get(hooks.signature_header)):
        raise Refused(403, "unsigned")
    return form


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise Refused(413, "oversized")
    return body


def _read(reader: Any) -> Any:
    try:
        return reader()
    except ValueError:
        raise Refused(400, "malformed") from None


def _add_api(web: FastAPI, server: Server) -> None:
    @web.post("/api/{verb}")
    async def api(request: Request, verb: str) -> Response:
        _check_key(server, request)
        import msgspec

        try:
            args = msgspec.json.decode(await _body(request) or b"{}")
        except msgspec.MsgspecError:
            raise Refused(400, "malformed") from None
        if verb not in VERBS or not isinstance(args, dict):
            raise Refused(404, "unknown_verb")
        try:
            document = await server.perform(verb, args)
        except EmergencyError as error:
            return _json(error.document(), STATUS_OF_EXIT.get(error.exit_status, 500))
        return _json(document, 200)


def _json(document: Any, status: int) -> Response:
    import msgspec

    return Response(msgspec.json.encode(document), status_code=status, media_type="application/json")


def _check_key(server: Server, request: Request) -> None:
    """The API is closed until EMERGENCY_API_KEY is set; then it wants `Authorization: Bearer KEY`."""
    key = server.app.settings.env.get("EMERGENCY_API_KEY", "")
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not key or not hmac.compare_digest(given.encode(), key.encode()):
        raise Refused(401, "no_key")


class _QuietServer(uvicorn.Server):
    """Leaves the signals to the program around it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serve_http(server: Server, host: str, port: int) -> AsyncIterator[str]:
    """Serve HTTP on *host*:*port* (0: any free one) for the length of the block; yield the address.

    Raises:
        StoreError: the port is taken.
    """
    try:
        sock = socket.create_server((host, port), backlog=512)
    except OSError as error:
        raise StoreError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port",
            f"{host}:{port} 监听不了:{trouble_zh(error)}。请用 --port 换一个端口",
        ) from error
    config = uvicorn.Config(
        make_app(server),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=3,
        limit_concurrency=MOST_AT_ONCE,
    )
    http = _QuietServer(config)
    task = asyncio.get_running_loop().create_task(http.serve(sockets=[sock]))
    try:
        while not http.started and not task.done():
            await asyncio.sleep(0.01)
        yield f"http://{host}:{sock.getsockname()[1]}"
    finally:
        http.should_exit = True
        with contextlib.suppress(Exception):
            await asyncio.wait_for(task, timeout=5)
        sock.close()
