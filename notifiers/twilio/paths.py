"""The addresses that Twilio posts to. Each names its delivery, so that a report that is early still finds it."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import quote, unquote

from emergency.notify import Message

Kind = Literal["status", "voice", "machine"]

SMS_PATH = "/hooks/twilio/sms"

_PATH = re.compile(r"/hooks/twilio/(status|voice|machine)/([^?#]+)/([1-9][0-9]{0,5})")


def path_of(kind: Kind, delivery: str, attempt: int) -> str:
    """Return the path for one attempt at a delivery: `/hooks/twilio/status/i7.42/1`."""
    return f"/hooks/twilio/{kind}/{quote(delivery)}/{attempt}"


def address(public_url: str | None, kind: Kind, message: Message) -> str | None:
    """Return the whole address for one attempt at *message*, or None where Twilio cannot reach us."""
    return public_url + path_of(kind, message.id, message.attempt) if public_url is not None else None


def read_path(path: str) -> tuple[str, str, int]:
    """Return the kind, the delivery and the attempt that *path* names; the opposite of `path_of`.

    Raises:
        ValueError: it is no such path.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise ValueError("not the path of a delivery")
    return match[1], unquote(match[2]), int(match[3])
