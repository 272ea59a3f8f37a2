"""Twilio's words for what became of a text or a call, in ours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from emergency.notify import Report
from notifiers.twilio import errors

_Status = Literal["sent", "delivered", "failed"]

SMS_STATUSES: dict[str, _Status] = {
    "accepted": "sent",
    "scheduled": "sent",
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "partially_delivered": "sent",  # half a message is not there yet
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
CALL_STATUSES: dict[str, _Status] = {
    "queued": "sent",
    "initiated": "sent",
    "ringing": "sent",
    "in-progress": "sent",
    "completed": "delivered",
    "busy": "failed",
    "no-answer": "failed",
    "failed": "failed",
    "canceled": "failed",
}


def sms_report(form: Mapping[str, str], delivery: str, attempt: int = 1) -> Report | None:
    """Return what a status callback of a text says, or None for a status that is not one of an outgoing text.

    Args:
        form: `MessageSid`, `MessageStatus`, and `ErrorCode` where there is one.
    """
    word = form.get("MessageStatus", "")
    status = SMS_STATUSES.get(word)
    if status is None:
        return None
    why = _error(form.get("ErrorCode", "")) or word if status == "failed" else ""
    return Report(delivery=delivery, status=status, provider_id=form.get("MessageSid", ""), attempt=attempt, reason=why)


def call_report(form: Mapping[str, str], delivery: str, attempt: int = 1) -> Report | None:
    """Return what a status callback of a call says, or None for a status that Twilio does not document.

    A completed call reached the telephone, which is not an answer; one that a machine took reached nobody.

    Args:
        form: `CallSid`, `CallStatus`, and `AnsweredBy` where somebody listened.
    """
    word = form.get("CallStatus", "")
    status = CALL_STATUSES.get(word)
    if status is None:
        return None
    why = word.replace("-", "_") if status == "failed" else ""
    if status == "delivered" and is_machine(form.get("AnsweredBy", "")):
        status, why = "failed", "machine"
    return Report(delivery=delivery, status=status, provider_id=form.get("CallSid", ""), attempt=attempt, reason=why)


def is_machine(answered_by: str) -> bool:
    """Return whether a call was taken by no human: `machine_start`, `machine_end_...` or `fax`."""
    return answered_by == "fax" or answered_by.startswith("machine")


def _error(code: str) -> str:
    number = int(code) if code.isascii() and code.isdigit() else 0
    return errors.reason(number, 0) if number else ""
