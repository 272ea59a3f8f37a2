"""Posting to the app: signed forms, tried again as Twilio does, with every answer looked at.

Limits and retries are Twilio's: 5 s to connect, 15 s in all, one more try where no connection came
about; a fragment on the URL (`#rc=3&rp=all`) overrides them and is not sent.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag, urlencode

import aiohttp
from yarl import URL

from .script import Chaos
from .signing import Signature, signature_headers
from .world import Posted, World

_MARKUP = frozenset({"text/xml", "application/xml", "application/rss+xml", "application/rdf+xml", "text/html"})
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the fragment of a URL says about connecting: tries, limits, and what to try again after."""

    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})
    connect: float | None = None
    read: float | None = None
    total: float | None = None

    @classmethod
    def parse(cls, fragment: str) -> Overrides:
        """Return the overrides in *fragment*; what cannot be read is left as it is."""
        said = dict(parse_qsl(fragment))
        numbers = {name: int(value) for name, value in said.items() if value.isdigit()}
        policy = frozenset(said.get("rp", "ct").split(","))
        return cls(
            retries=min(numbers.get("rc", 1), 5),
            policy=frozenset({"ct", "rt", "4xx", "5xx"}) if "all" in policy else policy,
            connect=numbers["ct"] / 1000 if "ct" in numbers else None,
            read=numbers["rt"] / 1000 if "rt" in numbers else None,
            total=numbers["tt"] / 1000 if "tt" in numbers else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request, complete, so that it can be sent again to the byte."""

    method: str
    url: str
    public_url: str
    form: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of one try; `reason` is the name of the policy that would try again, or ""."""

    status: int | None
    body: str
    content_type: str
    error: str | None
    reason: str


class Webhooks:
    """The client side of the fake."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._session: aiohttp.ClientSession | None = None
        self._tokens = itertools.count(1)
        self._turns: dict[str, asyncio.Task[None]] = {}
        self._kept_back: dict[str, list[tuple[str, str, Mapping[str, str], str]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Get ready to post; call it on the loop of the server."""
        connector = aiohttp.TCPConnector(limit=256)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=True)

    def drop(self) -> None:
        """Stop the callbacks that are on their way."""
        self._kept_back.clear()
        for task in list(self._tasks):
            task.cancel()

    async def close(self) -> None:
        """Stop what is on its way, and post no more."""
        self.drop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    # -- one request

    def prepare(
        self,
        url: str,
        form: Mapping[str, str],
        *,
        method: str = "POST",
        signed: Signature = "good",
        padding: int = 0,
    ) -> Sent:
        """Return the signed request that carries *form* to *url*.

        *padding* adds a field of that many characters, for a body larger than any real one.
        """
        world = self._world
        fields = {**form, "Padding": "x" * padding} if padding else dict(form)
        public = urldefrag(url).url
        if method == "GET":
            public += ("&" if "?" in public else "?") + urlencode(fields)
        headers = signature_headers(
            signed, public, {} if method == "GET" else fields, token=world.token, old_token=world.old_token
        )
        headers["I-Twilio-Idempotency-Token"] = f"{next(self._tokens):032d}"
        headers["User-Agent"] = "TwilioProxy/1.1"
        body = b"" if method == "GET" else urlencode(fields).encode()
        if body:
            headers["Content-Type"] = _FORM
        return Sent(
            method=method,
            url=self._reachable(public, headers) + ("#" + urldefrag(url).fragment if "#" in url else ""),
            public_url=public,
            form=fields,
            headers=headers,
            body=body,
        )

    def _reachable(self, public: str, headers: dict[str, str]) -> str:
        """Return where *public* is to be found on this machine, as the proxy in front of the app knows."""
        for prefix, local in self._world.routes:
            if public.startswith(prefix):
                scheme, _, rest = public.partition("://")
                headers["X-Forwarded-Proto"] = scheme
                headers["X-Forwarded-Host"] = rest.split("/", 1)[0]
                return local + public[len(prefix) :]
        return public

    async def send(self, sent: Sent) -> Posted:
        """Post it, trying again as Twilio would, and return what came back at last."""
        overrides = Overrides.parse(urldefrag(sent.url).fragment)
        started = time.monotonic()
        attempts, came = 1, await self._try(sent, overrides)
        while came.reason in overrides.policy and attempts <= overrides.retries:
            attempts, came = attempts + 1, await self._try(sent, overrides)
        posted = Posted(
            at=started,
            url=sent.public_url,
            form=dict(sent.form),
            headers=dict(sent.headers),
            status=came.status,
            body=came.body,
            content_type=came.content_type,
            error=came.error,
            attempts=attempts,
            seconds=time.monotonic() - started,
        )
        with self._world.changing():
            self._world.posted.append(posted)
        return posted

    async def _try(self, sent: Sent, overrides: Overrides) -> _Came:
        settings = self._world.settings
        assert self._session is not None
        exactly = URL(urldefrag(sent.url).url, encoded=True)  # as it was signed: %2F stays %2F
        limits = aiohttp.ClientTimeout(
            total=overrides.total or settings.hook_timeout,
            sock_connect=overrides.connect or settings.connect_timeout,
            sock_read=overrides.read,
        )
        try:
            async with self._session.request(
                sent.method, exactly, data=sent.body, headers=sent.headers, timeout=limits
            ) as answer:
                text = await answer.text(errors="replace")
                kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                reason = f"{answer.status // 100}xx" if answer.status >= 400 else ""
                return _Came(answer.status, text, kind, None, reason)
        except aiohttp.ConnectionTimeoutError as error:
            return _Came(None, "", "", f"no connection: {error!r}", "ct")
        except TimeoutError:
            return _Came(None, "", "", f"no answer within {overrides.read or limits.total} s", "rt")
        except aiohttp.ClientError as error:
            return _Came(None, "", "", f"no connection: {error!r}", "ct")

    async def ask(self, url: str, form: Mapping[str, str], *, method: str = "POST", fallback: str = "") -> str:
        """Post *form* and return the TwiML that comes back, from *fallback* where *url* has none.

        What is wrong with an answer is written down as a problem; the text is then empty.
        """
        posted = await self.send(self.prepare(url, form, method=method))
        fault = fault_of(posted)
        if fault is None:
            return posted.body
        self._world.problem(url, fault)
        if not fallback:
            return ""
        return await self.ask(fallback, {**form, "ErrorUrl": url, "ErrorCode": "11200"}, method=method)

    # -- status callbacks

    def status(
        self, key: str, url: str, form: Mapping[str, str], *, status: str, last: bool, phone: str, method: str
    ) -> None:
        """Post a status callback in its turn, with whatever chaos is ordered for *phone*.

        Args:
            key: the sid; callbacks of one message or call wait for one another.
            last: no other will follow this one.

        """
        chaos = self._world.chaos(phone)
        kept = self._kept_back.setdefault(key, []) if chaos.backwards else []
        kept.append((status, url, form, method))
        if chaos.backwards and not last:
            return
        self._kept_back.pop(key, None)
        for name, where, what, how in reversed(kept):
            if not chaos.loses(name):
                for _ in range(chaos.copies):
                    self._queue(key, where, what, how, chaos)

    def _queue(self, key: str, url: str, form: Mapping[str, str], method: str, chaos: Chaos) -> None:
        before = self._turns.get(key)
        task = asyncio.ensure_future(self._in_turn(before, url, form, method, chaos))
        self._turns[key] = task
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(key, done))

    def _done(self, key: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._turns.get(key) is task:
            del self._turns[key]

    async def _in_turn(
        self, before: asyncio.Task[None] | None, url: str, form: Mapping[str, str], method: str, chaos: Chaos
    ) -> None:
        with self._world.working():
            if before is not None:
                await asyncio.wait([before])
            if chaos.delay:
                await self._world.timeline.sleep(chaos.delay)
            posted = await self.send(self.prepare(url, form, method=method))
            fault = fault_of(posted, markup=False)
            if fault is not None:
                self._world.problem(url, fault)

    async def drained(self, key: str) -> None:
        """Wait until every callback of this message or call has been posted."""
        while key in self._turns:
            await asyncio.wait([self._turns[key]])


def fault_of(posted: Posted, *, markup: bool = True) -> str | None:
    """Return what Twilio would find wrong with this answer, or None.

    Args:
        markup: the answer is read as TwiML, so its content type matters too.

    """
    if posted.error is not None:
        return posted.error
    if posted.status is None or not 200 <= posted.status < 300:
        return f"answered {posted.status}: {posted.body[:200]!r}"
    if not posted.body:
        if posted.status == 200 and not posted.content_type:
            return "an empty 200 without a content type; Twilio logs it as an error (answer 204, or <Response/>)"
        return None
    if markup and posted.content_type not in _MARKUP and posted.content_type != "text/plain":
        return f"content type {posted.content_type!r} is not one that Twilio reads"
    return None
