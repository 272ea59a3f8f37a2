"""What the fake keeps of each message and call, and the JSON that Twilio shows of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from .errors import CARRIER_ERRORS

API_VERSION = "2010-04-01"

MESSAGE_ENDS = frozenset({"delivered", "undelivered", "failed", "received"})
CALL_ENDS = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})

_PRICE_OF_A_SEGMENT = 0.0075
_PRICE_OF_A_MINUTE = 0.014


@lru_cache(maxsize=4096)
def _rfc_2822(second: int) -> str:
    return formatdate(second).replace("-0000", "+0000")


def rfc_2822(at: float | None) -> str | None:
    """Return the date as Twilio writes it: RFC 2822, in UTC, to the second."""
    return None if at is None else _rfc_2822(int(at))


@dataclass(slots=True, eq=False, kw_only=True)
class Message:
    """One text, either way. `sender` is empty until a Messaging Service has chosen a number."""

    sid: str
    account: str
    to: str
    sender: str
    body: str
    direction: str
    status: str
    created: float
    segments: int
    service: str | None = None
    callback: str = ""
    validity: float = 36_000.0
    sent: float | None = None
    updated: float = 0.0
    error: int | None = None
    arrived: bool = False
    claimed: bool = False
    history: list[tuple[float, str]] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether the message is where it will stay."""
        return self.status in MESSAGE_ENDS

    def as_json(self) -> dict[str, Any]:
        """Return the message resource."""
        uri = f"/{API_VERSION}/Accounts/{self.account}/Messages/{self.sid}"
        priced = self.sent is not None and self.direction != "inbound"
        return {
            "body": self.body,
            "num_segments": str(self.segments),
            "direction": self.direction,
            "from": self.sender or None,
            "to": self.to,
            "date_updated": rfc_2822(self.updated),
            "price": f"-{self.segments * _PRICE_OF_A_SEGMENT:.5f}" if priced else None,
            "error_message": CARRIER_ERRORS.get(self.error) if self.error else None,
            "uri": uri + ".json",
            "account_sid": self.account,
            "num_media": "0",
            "status": self.status,
            "messaging_service_sid": self.service,
            "sid": self.sid,
            "date_sent": rfc_2822(self.sent),
            "date_created": rfc_2822(self.created),
            "error_code": self.error,
            "price_unit": "USD",
            "api_version": API_VERSION,
            "subresource_uris": {"media": uri + "/Media.json"},
        }


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence spoken in a call."""

    language: str
    text: str
    voice: str = ""


@dataclass(slots=True, eq=False, kw_only=True)
class Call:
    """One outgoing call. `seconds` is what it lasted on the clock of the TwiML, not on the wall."""

    sid: str
    account: str
    to: str
    sender: str
    created: float
    form: Mapping[str, str]
    events: frozenset[str]
    status: str = "queued"
    direction: str = "outbound-api"
    started: float | None = None
    finished: float | None = None
    updated: float = 0.0
    seconds: float = 0.0
    answered_by: str | None = None
    sequence: int = 0
    claimed: bool = False
    said: list[Said] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)
    history: list[tuple[float, str]] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    keys_by_hand: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    @property
    def ended(self) -> bool:
        """Whether the call is over."""
        return self.status in CALL_ENDS

    @property
    def text(self) -> str:
        """Everything that was said, in one line."""
        return " ".join(said.text for said in self.said)

    @property
    def duration(self) -> int:
        """The length in whole seconds; an answered call lasts one at least."""
        return max(1, round(self.seconds)) if self.started is not None else 0

    def as_json(self) -> dict[str, Any]:
        """Return the call resource; an initiated call is still shown as queued."""
        uri = f"/{API_VERSION}/Accounts/{self.account}/Calls/{self.sid}"
        priced = self.status == "completed"
        minutes = -(-self.duration // 60)
        return {
            "sid": self.sid,
            "date_created": rfc_2822(self.created),
            "date_updated": rfc_2822(self.updated),
            "parent_call_sid": None,
            "account_sid": self.account,
            "to": self.to,
            "to_formatted": self.to,
            "from": self.sender,
            "from_formatted": self.sender,
            "phone_number_sid": None,
            "status": "queued" if self.status == "initiated" else self.status,
            "start_time": rfc_2822(self.started or self.finished),
            "end_time": rfc_2822(self.finished),
            "duration": str(self.duration) if self.ended else None,
            "price": f"-{minutes * _PRICE_OF_A_MINUTE:.5f}" if priced else None,
            "price_unit": "USD",
            "direction": self.direction,
            "answered_by": self.answered_by,
            "api_version": API_VERSION,
            "forwarded_from": None,
            "group_sid": None,
            "caller_name": None,
            "queue_time": "0",
            "trunk_sid": None,
            "uri": uri + ".json",
            "subresource_uris": {"events": uri + "/Events.json"},
        }


@dataclass(slots=True, kw_only=True)
class Entry:
    """One create request as it arrived, whatever became of it.

    `at` is `time.monotonic()`, comparable between processes of one machine; `wall` is `time.time()`.
    `status` is the HTTP status that was answered, or None where the answer never left.
    """

    kind: str
    at: float
    wall: float
    to: str
    sender: str
    body: str
    sid: str | None = None
    status: int | None = None
    code: int | None = None
    fault: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether a message or call came of it, answered or not."""
        return self.sid is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something the app did that Twilio would write into its error log."""

    url: str
    what: str

    def __str__(self) -> str:
        return f"{self.url}: {self.what}"
