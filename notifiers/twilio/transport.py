"""How a request travels. Imports the library, so it is imported itself only when something is sent.

The library's own request is replaced, for it ignores a timeout given to the client, writes numbers into its log, keeps
the last request in memory, and drops `Retry-After`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response

from emergency.errors import DeliveryError, TemporaryFailure, UnknownOutcome
from notifiers.twilio.errors import Refused, wait_of

CONNECTIONS = 64
"""Requests at the same time: where the library stops getting faster."""
KEEP_ALIVE = 5.0
"""Seconds that an idle connection is kept: one that Twilio has closed meanwhile would make an outcome unknown."""


class Transport(AsyncTwilioHttpClient):  # type: ignore[misc]
    """The library's HTTP client, with a time limit that holds, to an address of our choice, and never tried again."""

    def __init__(self, api_url: str, timeout: float) -> None:
        super().__init__(pool_connections=False, timeout=timeout)
        self._base = api_url.rstrip("/")
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE),
            trace_configs=[_watching_for_departure()],
        )

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Return the answer to one request, which is a JSON object with status 2xx.

        Raises:
            Refused: the answer is an error.
            TemporaryFailure: the request never left, or only asked for something.
            UnknownOutcome: the request left, and no answer came that could be read.
        """
        trip = SimpleNamespace(left=False)
        try:
            async with self.session.request(
                method,
                self._address(url),
                params=params,
                data=urlencode(data, doseq=True).encode() if data else None,
                headers={**(headers or {}), **_authorization(auth)},
                timeout=aiohttp.ClientTimeout(total=timeout or self.timeout),
                allow_redirects=False,
                trace_request_ctx=trip,
            ) as answer:
                text = await answer.text(encoding="utf-8", errors="replace")
        except (aiohttp.ClientError, OSError):  # TimeoutError is an OSError
            raise _lost(method, trip.left) from None
        body = _document(text)
        if not 200 <= answer.status < 300:
            raise Refused(_code(body), answer.status, wait_of(answer.headers.get("Retry-After")))
        if body is None:
            raise _lost(method, left=True)
        return Response(answer.status, text, answer.headers)

    def _address(self, url: str) -> str:
        parts = urlsplit(url)
        return f"{self._base}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def _watching_for_departure() -> aiohttp.TraceConfig:
    """Return a trace that marks a request once its first byte is about to be written."""

    async def leaves(_session: aiohttp.ClientSession, trace: SimpleNamespace, _headers: object) -> None:
        trace.trace_request_ctx.left = True

    config = aiohttp.TraceConfig()
    config.on_request_headers_sent.append(leaves)
    return config


def _lost(method: str, left: bool) -> DeliveryError:
    if not left:
        return TemporaryFailure("no_connection")
    return UnknownOutcome("no_answer") if method.upper() == "POST" else TemporaryFailure("no_answer")


def _authorization(auth: tuple[str, str] | None) -> dict[str, str]:
    if auth is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(":".join(auth).encode()).decode()}


def _document(text: str) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _code(body: Mapping[str, Any] | None) -> int | None:
    code = body.get("code") if body is not None else None
    return code if isinstance(code, int) else None
