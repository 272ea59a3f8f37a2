"""What Twilio's refusals mean for an alert.

Four kinds, because they are answered differently:

- `person`: this number or this text will never do. The alert goes another way at once.
- `sender`: our account, number or settings are at fault: wrong password, a sender that is not ours, a country that is
  switched off, the day's limit. That says nothing about the person, and an operator can mend it in a minute, so the
  alert is kept and tried again, slowly. Giving it up would turn one mistyped token into a silent building.
- `busy`: certainly not accepted, and likely to be accepted soon.
- `unknown`: something answered that was not Twilio. A gateway in between says 502 or 504 also when Twilio has already
  taken the message, so nobody knows.

A 5xx that carries Twilio's own error document is `busy`: Twilio itself says that it made no message. So is a 503
without one: whoever wrote it turned the request away.
"""

from __future__ import annotations

from typing import Literal

from emergency.errors import DeliveryError, PermanentFailure, TemporaryFailure, UnknownOutcome

Kind = Literal["person", "sender", "busy", "unknown"]

SENDER_WAIT = 15.0
"""Seconds between two tries while our own side is at fault: practice; soon enough once it is mended."""
LONGEST_WAIT = 300.0
"""The longest `Retry-After` that is believed, in seconds: practice; an alarm does not wait an hour on a header."""

CODES: dict[int, Kind] = {
    10001: "sender",  # the account is not active
    14107: "busy",  # too many texts between two numbers in half a minute: the loop guard
    20003: "sender",  # wrong account or token
    20005: "sender",  # the account is not active
    20404: "sender",  # no such account at this address
    20429: "busy",  # too many requests
    20500: "busy",  # Twilio's own error
    20503: "busy",  # Twilio is unavailable
    21205: "sender",  # not a URL
    21210: "sender",  # the caller's number is not verified
    21211: "person",  # not a valid number
    21212: "sender",  # not a valid sender
    21213: "sender",  # no caller's number
    21214: "person",  # the number cannot be called
    21215: "sender",  # calls to this country are switched off
    21216: "person",  # Twilio does not call this number
    21217: "person",  # not a valid number (calls)
    21266: "person",  # the number is our own
    21408: "sender",  # texts to this country are switched off
    21602: "person",  # no words
    21603: "sender",  # no sender
    21604: "person",  # no number
    21606: "sender",  # the sender is not ours, or cannot text
    21609: "sender",  # Twilio cannot use our public address
    21610: "person",  # has answered STOP
    21611: "busy",  # the sender's queue is full
    21612: "person",  # no route from this sender to this number
    21614: "person",  # not a mobile number
    21617: "person",  # more than 1,600 characters
    21635: "person",  # a landline
    21658: "person",  # more than 1,600 characters
    21659: "sender",  # the sender is no Twilio number
    21660: "sender",  # the sender belongs to another account
    21701: "sender",  # no such Messaging Service
    21703: "sender",  # the Messaging Service has no number
    30001: "busy",  # the queue overflowed
    30002: "sender",  # the account is suspended
    30003: "busy",  # the telephone cannot be reached just now
    30004: "person",  # blocked
    30005: "person",  # no such telephone
    30006: "person",  # a landline, or a carrier that takes no texts
    30007: "person",  # filtered by a carrier
    30008: "busy",  # unknown to Twilio too
    30034: "sender",  # the sender is not registered with US carriers
    30036: "person",  # expired on its way: what it said is out of date
    63017: "busy",  # over the account's rate
    63038: "sender",  # the day's limit (50 for a trial account)
}

CALLBACK_REFUSED = frozenset({21205, 21609})
"""Twilio dislikes the address for reports. The message matters more: it is handed over without that address."""

_WORDS = {20003: "credentials", 21610: "opted_out"}
_NOT_IN_USE = frozenset({21211, 21217, 30005})
"""The number is none, or the carrier knows no such telephone. The ladder knows the word for it and passes the number
over on every channel; the code behind the word tells who looks it up which of the three it was."""


class Refused(Exception):
    """Twilio, or something before it, answered with an error. Holds no words of the answer: they quote numbers."""

    def __init__(self, code: int | None, status: int, retry_after: float | None = None) -> None:
        super().__init__(reason(code, status))
        self.code = code
        self.status = status
        self.retry_after = retry_after


def classify(code: int | None, http_status: int) -> Kind:
    """Return what an error means for an alert.

    Args:
        code: Twilio's code, or None where the answer was not Twilio's.
        http_status: 0 for the code of a status callback.
    """
    if code is not None and code in CODES:
        return CODES[code]
    if http_status == 429 or http_status == 408:
        return "busy"
    if http_status >= 500:
        return "busy" if code is not None or http_status == 503 else "unknown"
    if code is None or http_status in (401, 403, 404, 405):
        return "sender"
    return "person"  # not in the table: the same request would get the same answer


def reason(code: int | None, http_status: int) -> str:
    """Return a word, Twilio's code, or both for an error: `opted_out`, `30003`, `number_not_in_use 21211`."""
    if code in _NOT_IN_USE:
        return f"number_not_in_use {code}"
    if code in _WORDS:
        return _WORDS[code]
    if http_status == 401:
        return "credentials"
    return str(code) if code is not None else f"http_{http_status}"


def failure(refused: Refused) -> DeliveryError:
    """Return the error that sending a message ends with."""
    kind = classify(refused.code, refused.status)
    word = str(refused)
    if kind == "person":
        return PermanentFailure(word)
    if kind == "unknown":
        return UnknownOutcome(word)
    wait = refused.retry_after
    return TemporaryFailure(word, retry_after=SENDER_WAIT if kind == "sender" and wait is None else wait)


def not_now(refused: Refused) -> TemporaryFailure:
    """Return the error that asking Twilio for something ends with."""
    return TemporaryFailure(str(refused), retry_after=refused.retry_after)


def wait_of(header: str | None) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, or None; its form as a date is not read."""
    text = (header or "").strip()
    return min(float(text), LONGEST_WAIT) if text.isascii() and text.isdigit() else None
