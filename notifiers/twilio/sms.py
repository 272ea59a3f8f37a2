"""Texts by Twilio."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from emergency.core.values import Channel, Mode
from emergency.notify import LOOK_BACK, Abilities, Inbound, Message, Receipt, Report
from notifiers.twilio import hooks
from notifiers.twilio.client import TwilioClient, first_made
from notifiers.twilio.countries import NO_FREE_TEXT, ONE_WAY
from notifiers.twilio.paths import address
from notifiers.twilio.reports import sms_report
from notifiers.twilio.sending import PROVIDER, check, clean, seconds_left
from notifiers.twilio.settings import TwilioSettings

FIND_AMONG = 200
"""How many of the last texts to one number are searched for a trace."""
REPLIES_PAGE = 1000
"""The largest page that Twilio gives; every page since the given time is read."""

_TRIAL = "Sent from your Twilio trial account - "


class TwilioSms:
    """Sends texts, looks for their traces, and fetches replies where Twilio cannot post them."""

    name = PROVIDER
    channel: Channel = "sms"

    def __init__(
        self,
        settings: TwilioSettings,
        client: TwilioClient,
        *,
        now: Callable[[], datetime],
        modes: frozenset[Mode] = frozenset({"real"}),
    ) -> None:
        self._settings = settings
        self._client = client
        self._now = now
        self.abilities = Abilities(
            modes=modes,
            two_way=settings.hears_texts,
            free_text=True,
            keypad=False,
            receipts=True,
            per_second=settings.sms_per_second,
            one_way_countries=ONE_WAY,
            no_free_text_countries=NO_FREE_TEXT,
            unreachable_countries=settings.no_texts,
            per_number=settings.texts_per_number,
        )

    async def warm(self) -> None:
        """Import the library and make its client."""
        self._client.rest().messages  # noqa: B018 - made when first asked for

    async def examine(self) -> datetime:
        """Return Twilio's own time, after it knew our account; see `AnswersForItself`."""
        return await self._client.examine()

    async def send(self, message: Message) -> Receipt:
        """Hand *message* over with one request; see `Notifier.send`."""
        check(message, self.channel, self.abilities)
        fields = self._fields(message)
        sid = await self._client.create(self._client.rest().messages, fields)
        return Receipt(provider=PROVIDER, provider_id=sid)

    def _fields(self, message: Message) -> dict[str, Any]:
        """Return the fields of the request. The text is sent as it is: no letter is exchanged for a cheaper one."""
        settings = self._settings
        fields = {
            "to": message.to,
            "body": clean(message.text),
            "from_": None if settings.messaging_service_sid else settings.sender,
            "messaging_service_sid": settings.messaging_service_sid,
            "validity_period": seconds_left(message, self._now()),
            "status_callback": address(settings.public_url, "status", message),
            "smart_encoded": False,
        }
        return {name: value for name, value in fields.items() if value is not None}

    async def find(self, message: Message, since: datetime, known: frozenset[str]) -> Receipt | None:
        """Return the trace of *message*: the same words to the same number; see `KeepsTraces.find`.

        Dates are compared here. Twilio would only compare the date of sending, which a text in its queue does not
        have yet: it would be left out, and sent twice.
        """
        messages = self._client.rest().messages
        listed = await self._client.list(messages.list_async(to=message.to, limit=FIND_AMONG, page_size=FIND_AMONG))
        words = clean(message.text).strip()
        found = first_made((m for m in listed if _words(m) == words), since, known)
        return Receipt(provider=PROVIDER, provider_id=found.sid) if found is not None else None

    async def status(self, receipt: Receipt, delivery: str) -> Report | None:
        """Return what became of a text, or None while it is on its way or unknown; see `KeepsTraces.status`."""
        found = await self._client.ask(self._client.rest().messages(receipt.provider_id).fetch_async())
        if found is None:
            return None
        form = {
            "MessageSid": receipt.provider_id,
            "MessageStatus": str(found.status),
            "ErrorCode": str(found.error_code or ""),
        }
        report = sms_report(form, delivery)
        return report if report is not None and report.status != "sent" else None

    async def replies(self, since: datetime) -> Sequence[Inbound]:
        """Return the texts that came in after *since*, oldest first, and some from before; see `ReadsReplies`.

        The numbers of a Messaging Service are not known here, so with one every text of the account is looked through.
        """
        if not self.abilities.two_way:
            return []
        after = (since - LOOK_BACK).astimezone(UTC)  # the library prints any zone's time as if it were UTC
        question: dict[str, Any] = {"date_sent_after": after, "page_size": REPLIES_PAGE}
        if self._settings.messaging_service_sid is None:
            question["to"] = self._settings.sender
        listed = await self._client.list(self._client.rest().messages.list_async(**question))
        came = sorted((m for m in reversed(listed) if m.direction == "inbound"), key=_when)
        return [reply for reply in map(_inbound, came) if reply is not None]

    async def close(self) -> None:
        """Let go of the connections that texts and calls share."""
        await self._client.close()


def _words(message: Any) -> str:
    return str(message.body or "").removeprefix(_TRIAL).strip()


def _when(message: Any) -> datetime:
    when = message.date_sent or message.date_created
    return when if isinstance(when, datetime) else datetime.min.replace(tzinfo=UTC)


def _inbound(message: Any) -> Inbound | None:
    """Return a listed text as a reply, or None where the hook would refuse it: a picture, a name as its sender."""
    fields = {"MessageSid": message.sid, "From": message.from_, "Body": message.body or ""}
    try:
        return hooks.read_sms([(name, str(value)) for name, value in fields.items()])
    except ValueError:
        return None
