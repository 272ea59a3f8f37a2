"""Twilio's refusals: the codes this fake knows, and the JSON they come in.

Codes, words and the magic numbers follow Twilio's error dictionary and its page on test credentials.
"""

from __future__ import annotations

from typing import Any

# code: (HTTP status, message)
REFUSALS: dict[int, tuple[int, str]] = {
    20001: (400, "Invalid parameter"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service Unavailable"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL"),
    21210: (400, "The source phone number provided is not yet verified for your account"),
    21211: (400, "Invalid 'To' Phone Number"),
    21212: (400, "Invalid 'From' Phone Number"),
    21213: (400, "'From' phone number is required"),
    21214: (400, "'To' phone number cannot be reached"),
    21215: (400, "Account not authorized to call this number; check your geographic permissions"),
    21216: (400, "Account not allowed to call this number"),
    21217: (400, "Phone number does not appear to be valid"),
    21220: (400, "Invalid call state: the call is not in progress"),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21408: (400, "Permission to send an SMS has not been enabled for the region of the 'To' number"),
    21602: (400, "Message body is required"),
    21603: (400, "A 'From' phone number is required"),
    21604: (400, "A 'To' phone number is required"),
    21606: (400, "The 'From' number is not a valid, SMS-capable inbound number for your account"),
    21609: (400, "The 'StatusCallback' URL is not a valid URL"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "The 'To' number is not currently reachable using the 'From' number"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21635: (400, "'To' number cannot be a landline"),
    21701: (404, "The Messaging Service does not exist"),
    21703: (400, "The Messaging Service does not have a phone number available to send a message"),
    63038: (429, "Account exceeded the daily messages limit"),
}

# What a message ends with once it was accepted.
CARRIER_ERRORS: dict[int, str] = {
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30036: "Validity period expired",
}

# Found before the message reaches a carrier; every other one comes back from the carrier.
FAILED_BEFORE_SENDING = frozenset({30001, 30002, 30036})

MAGIC_SMS_TO: dict[str, int] = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
MAGIC_SMS_FROM: dict[str, int] = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MAGIC_CALL_TO: dict[str, int] = {
    "+15005550001": 21217,
    "+15005550002": 21214,
    "+15005550003": 21215,
    "+15005550004": 21216,
}
MAGIC_CALL_FROM: dict[str, int] = {"+15005550001": 21212}
MAGIC_GOOD_FROM = "+15005550006"


class Refused(Exception):
    """A request that Twilio answers with an error; `code` is Twilio's, `status` the HTTP one."""

    def __init__(self, code: int, message: str | None = None, *, headers: dict[str, str] | None = None):
        status, words = REFUSALS.get(code, (400, "The request was refused"))
        self.code = code
        self.status = status
        self.message = message or words
        self.headers = headers or {}
        super().__init__(f"{code}: {self.message}")

    def as_json(self) -> dict[str, Any]:
        """Return the body of the answer, in the shape Twilio gives it."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
