"""What Twilio posts to us: who it is from, and what it says. Pure, and without any web framework.

Forms come as a list of pairs, as they stood in the body. Every form that cannot be read raises ValueError with a short
reason that quotes nothing.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from emergency.notify import Inbound, Report
from notifiers.twilio.numbers import is_plain_number
from notifiers.twilio.reports import call_report, is_machine, sms_report
from notifiers.twilio.sending import PROVIDER
from notifiers.twilio.settings import TwilioSettings
from notifiers.twilio.twiml import say_twiml

__all__ = ["Pairs", "TwilioHooks", "read_keys", "read_machine", "read_sms", "read_status", "say_twiml", "signature_ok"]

Pairs = Sequence[tuple[str, str]]

_MESSAGE = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
_CALL = re.compile(r"CA[0-9a-fA-F]{32}")
_DIGITS = re.compile(r"[0-9*#]{1,20}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")


def signature_ok(settings: TwilioSettings, url_path_and_query: str, params: Pairs, header: str | None) -> bool:
    """Return whether a form really comes from Twilio.

    What Twilio signed is the address we gave it, so the configured public one is used and never the Host header, which
    the sender chooses. A repeated field is refused: the signature covers the set of its values, so a copy of one could
    be added by anybody.

    Args:
        url_path_and_query: as it stood in the request, not decoded; what follows the public address.
        params: the fields of the body; empty for a GET.
        header: `X-Twilio-Signature`.
    """
    if settings.public_url is None or not header or len(dict(params)) != len(params):
        return False
    given = header.encode("utf-8", "replace")
    try:
        signatures = list(_signatures(settings, settings.public_url + url_path_and_query, dict(params)))
    except ValueError:  # not an address, or letters that no form can carry
        return False
    return any([hmac.compare_digest(signature, given) for signature in signatures])  # noqa: C419 - each one, always


def _signatures(settings: TwilioSettings, url: str, form: Mapping[str, str]) -> Iterator[bytes]:
    """Yield each signature that would be right: by every token, with and without the port, as Twilio does both."""
    from twilio.request_validator import RequestValidator, add_port, remove_port

    parts = urlsplit(url)
    for token in settings.auth_tokens:
        validator = RequestValidator(token)
        for address in (remove_port(parts), add_port(parts)):
            yield validator.compute_signature(address, form).encode()


def read_sms(params: Pairs) -> Inbound:
    """Return the text that somebody sent.

    Raises:
        ValueError: it cannot be read.
    """
    form = _form(params)
    sender = form.get("From", "")
    if not is_plain_number(sender) and not _SHORT_CODE.fullmatch(sender):
        raise ValueError("the sender is not a number")
    if "Body" not in form:
        raise ValueError("no text")
    return Inbound(
        id=_id(form, "MessageSid", _MESSAGE),
        provider=PROVIDER,
        channel="sms",
        sender=sender,
        text=form["Body"],
    )


def read_keys(params: Pairs, delivery: str) -> Inbound | None:
    """Return the key pressed in the call for *delivery*, or None where none was.

    The id holds the key: the same form posted twice is one answer, another key in the same call is another.

    Raises:
        ValueError: it cannot be read.
    """
    form = _form(params)
    call = _id(form, "CallSid", _CALL)
    ours = form.get("Direction", "").startswith("outbound")
    person = form.get("To" if ours else "From", "")
    if not is_plain_number(person):
        raise ValueError("the person called is not a number")
    digits = form.get("Digits", "")
    if not digits:
        return None
    if not _DIGITS.fullmatch(digits):
        raise ValueError("not keys of a telephone")
    return Inbound(
        id=f"{call}:{digits}",
        provider=PROVIDER,
        channel="voice",
        sender=person,
        text=digits,
        delivery=delivery,
    )


def read_status(params: Pairs, delivery: str, attempt: int) -> Report | None:
    """Return what a status callback says of *delivery*, or None where that is no news.

    Raises:
        ValueError: it cannot be read.
    """
    form = _form(params)
    if "CallSid" in form:
        _id(form, "CallSid", _CALL)
        return call_report(form, delivery, attempt)
    _id(form, "MessageSid", _MESSAGE)
    return sms_report(form, delivery, attempt)


def read_machine(params: Pairs, delivery: str, attempt: int) -> Report | None:
    """Return that a machine took the call for *delivery*, or None where it was a human or nobody can tell.

    It comes in the middle of the call; the "completed" that follows must not undo it.

    Raises:
        ValueError: it cannot be read.
    """
    form = _form(params)
    call = _id(form, "CallSid", _CALL)
    if "AnsweredBy" not in form:
        raise ValueError("no word on who answered")
    if not is_machine(form["AnsweredBy"]):
        return None
    return Report(delivery=delivery, status="failed", provider_id=call, attempt=attempt, reason="machine")


def _form(params: Pairs) -> dict[str, str]:
    form = dict(params)
    if len(form) != len(params):
        raise ValueError("a field is repeated")
    return form


def _id(form: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str:
    """Return an id of Twilio's.

    Raises:
        ValueError: it is missing, or has not the shape of one.
    """
    id = form.get(name, "")
    if not shape.fullmatch(id):
        raise ValueError(f"{name} is not an id")
    return id


class TwilioHooks:
    """What Twilio posts to us, as `emergency.notify.Hooks`."""

    name = PROVIDER
    signature_header = "x-twilio-signature"

    def __init__(self, settings: TwilioSettings) -> None:
        self._settings = settings

    def authentic(self, path: str, form: Pairs, signature: str | None) -> bool:
        """Return whether Twilio signed this request to *path* of our public address."""
        return signature_ok(self._settings, path, form, signature)

    def sign(self, path: str, form: Pairs) -> str:
        """Return the signature that Twilio would put on this request."""
        from twilio.request_validator import RequestValidator

        url = (self._settings.public_url or "") + path
        signature: str = RequestValidator(self._settings.auth_tokens[0]).compute_signature(url, dict(form))
        return signature

    def read_sms(self, form: Pairs) -> Inbound:
        """Return the text message. Raises ValueError."""
        return read_sms(form)

    def read_keys(self, form: Pairs, delivery: str) -> Inbound | None:
        """Return the key pressed in the call, or None. Raises ValueError."""
        return read_keys(form, delivery)

    def read_status(self, form: Pairs, delivery: str, attempt: int) -> Report | None:
        """Return what became of a message or call, or None. Raises ValueError."""
        return read_status(form, delivery, attempt)

    def read_machine(self, form: Pairs, delivery: str, attempt: int) -> Report | None:
        """Return the report that a machine answered, or None. Raises ValueError."""
        return read_machine(form, delivery, attempt)

    def spoken(self, text: str, language: str) -> str:
        """Return TwiML that says *text* once and hangs up; nothing is said in a language that has no voice."""
        return say_twiml(text, language, self._settings) if self._settings.speaks(language) else self.silence()

    def silence(self) -> str:
        """Return TwiML that does nothing."""
        return '<?xml version="1.0" encoding="UTF-8"?><Response/>'
