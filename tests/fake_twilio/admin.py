"""The fake's own interface, under `/_fake/`: another process sets it up and reads what arrived.

Everything is JSON, and needs no secret. A mistake in a request is answered with 400 and the reason;
an expectation that was not met, with 408.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .faults import Fault, RateLimit
from .harness import DEFAULT_LIMIT, FakePhone
from .inbound import as_json
from .records import Call, Entry, Message
from .script import Chaos
from .server import Server
from .world import Hook, Posted

if TYPE_CHECKING:
    from .fake import FakeTwilio

Json = dict[str, Any]
Handler = Callable[[Json], Awaitable[Any]]


class Admin:
    """Requests under `/_fake/`, by method and name."""

    def __init__(self, fake: FakeTwilio, server: Server) -> None:
        self._fake = fake
        self._server = server
        self._world = fake.world
        self._routes: dict[tuple[str, str], Handler] = {
            ("GET", "health"): self._health,
            ("GET", "messages"): self._messages,
            ("GET", "calls"): self._calls,
            ("GET", "ledger"): self._ledger,
            ("GET", "problems"): self._problems,
            ("GET", "posted"): self._posted,
            ("GET", "quiet"): self._quiet,
            ("POST", "phones"): self._phones,
            ("POST", "texts"): self._texts,
            ("POST", "replays"): self._replays,
            ("POST", "press"): self._press,
            ("POST", "expect"): self._expect,
            ("POST", "faults"): self._faults,
            ("POST", "outage"): self._outage,
            ("POST", "heal"): self._heal,
            ("POST", "rate"): self._rate,
            ("POST", "settings"): self._settings,
            ("POST", "webhook"): self._webhook,
            ("POST", "routes"): self._add_route,
            ("POST", "advance"): self._advance,
            ("POST", "settle"): self._settle,
            ("POST", "reset"): self._reset,
        }

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        handler = self._routes.get((request.method, request.path.removeprefix("/_fake/").strip("/")))
        if handler is None:
            known = sorted(f"{method} /_fake/{name}" for method, name in self._routes)
            return web.json_response({"error": "no such request", "known": known}, status=404)
        try:
            asked: Json = dict(request.query)
            if request.method == "POST":
                asked |= json.loads(await request.read() or b"{}")
            return web.json_response(await handler(asked))
        except AssertionError as error:
            return web.json_response({"error": str(error)}, status=408)
        except (ValueError, TypeError, LookupError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    # -- what arrived

    async def _health(self, _asked: Json) -> Json:
        world = self._world
        return {
            "account_sid": world.account,
            "numbers": world.numbers,
            "services": world.services,
            "requests": self._server.requests,
            "messages": len(world.messages),
            "calls": len(world.calls),
            "problems": len(world.problems),
            "busy": world.busy,
        }

    async def _messages(self, asked: Json) -> list[Json]:
        return [_shown(m) for m in self._world.messages.values() if _matches(m, asked)]

    async def _calls(self, asked: Json) -> list[Json]:
        return [_shown(c) for c in self._world.calls.values() if _matches(c, asked)]

    async def _ledger(self, asked: Json) -> list[Json]:
        return [_fields(e) for e in self._world.ledger[int(asked.get("since", 0)) :]]

    async def _problems(self, _asked: Json) -> list[str]:
        return [str(problem) for problem in self._world.problems]

    async def _posted(self, _asked: Json) -> list[Json]:
        return [_fields(p) for p in self._world.posted]

    async def _quiet(self, _asked: Json) -> Json:
        return {
            "unexpected": [_shown(r) for r in self._world.unexpected()],
            "problems": [str(problem) for problem in self._world.problems],
        }

    # -- phones

    async def _phones(self, asked: Json) -> Json:
        """Change how a phone behaves; "number" is "*" for everybody else's."""
        number = asked.pop("number")
        phone = self._fake.everybody if number == "*" else self._fake.phone(number)
        phone.script.update(asked)
        return {"number": number}

    async def _texts(self, asked: Json) -> Any:
        inbound, sender, body, to = self._server.inbound, asked["from"], asked["body"], asked.get("to")
        signed, padding = asked.get("signature", "good"), int(asked.get("padding", 0))
        if signed == "good" and not padding:
            return as_json(await inbound.receive(sender, body, to))
        return as_json(await inbound.forge(sender, body, to, signed=signed, padding=padding))

    async def _replays(self, asked: Json) -> Any:
        return as_json(await self._server.inbound.replay(asked["from"]))

    async def _press(self, asked: Json) -> Json:
        self._world.calls[asked["sid"]].keys_by_hand.put_nowait(asked["keys"])
        return {}

    async def _expect(self, asked: Json) -> Json:
        """Wait for a text, or with kind "call" for a call; no phone's behaviour is changed by it."""
        phone = FakePhone(self._fake, asked["to"], self._world.script(asked["to"]))
        words, within = asked.get("words", []), float(asked.get("within", DEFAULT_LIMIT))
        if asked.get("kind") == "call":
            return _shown((await phone.expect_call_async(*words, within=within)).record)
        arrives = bool(asked.get("arrives", True))
        return _shown(await phone.expect_sms_async(*words, within=within, arrives=arrives))

    # -- the provider

    async def _faults(self, asked: Json) -> Json:
        self._world.faults.add(Fault(**asked))
        return {}

    async def _outage(self, asked: Json) -> Json:
        self._world.faults.outage(asked.get("kind"), asked.get("on", "any"))
        return {}

    async def _heal(self, _asked: Json) -> Json:
        self._fake.heal()
        return {}

    async def _rate(self, asked: Json) -> Json:
        self._world.rate = RateLimit(**asked)
        return {}

    async def _settings(self, asked: Json) -> Json:
        settings = self._world.settings
        for name, value in asked.items():
            if name not in {each.name for each in dataclasses.fields(settings)}:
                raise ValueError(f"there is no setting {name!r}")
            setattr(settings, name, Chaos(**value) if name == "chaos" else value)
        return dataclasses.asdict(settings)

    async def _webhook(self, asked: Json) -> Json:
        hook = Hook(url=asked["url"], fallback=asked.get("fallback", ""))
        if "number" in asked:
            self._world.hooks[asked["number"]] = hook
        else:
            self._world.hook = hook
        return {}

    async def _add_route(self, asked: Json) -> Json:
        self._fake.route(asked["public"], asked["local"])
        return {}

    async def _advance(self, asked: Json) -> Json:
        self._fake.advance(float(asked["seconds"]))
        return {}

    async def _settle(self, asked: Json) -> Json:
        within = float(asked.get("within", DEFAULT_LIMIT))
        return {"settled": await asyncio.to_thread(self._fake.settle, within)}

    async def _reset(self, _asked: Json) -> Json:
        await asyncio.to_thread(self._fake.reset)
        return {}


def _fields(record: Entry | Posted) -> Json:
    """Return the fields of *record*; `dataclasses.asdict` is too slow for a long ledger."""
    return {each.name: getattr(record, each.name) for each in dataclasses.fields(record)}


def _shown(record: Message | Call) -> Json:
    """Return Twilio's JSON of *record* and what only the fake knows."""
    more: Json = {"history": record.history, "expected": record.claimed}
    if isinstance(record, Call):
        more["said"] = [dataclasses.asdict(said) for said in record.said]
        more["pressed"] = record.pressed
    else:
        more["arrived"] = record.arrived
    return record.as_json() | more


def _matches(record: Message | Call, asked: Json) -> bool:
    shown = {"to": record.to, "from": record.sender, "direction": record.direction, "status": record.status}
    return all(shown.get(name) == value for name, value in asked.items())
