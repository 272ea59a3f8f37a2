"""Calls by Twilio. What is said travels with the request, so it is said even when our own server is down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from emergency.core.values import Channel, Mode
from emergency.errors import PermanentFailure, SettingsError
from emergency.notify import Abilities, Message, Receipt, Report
from notifiers.twilio.client import TwilioClient, first_made
from notifiers.twilio.paths import address
from notifiers.twilio.reports import call_report
from notifiers.twilio.sending import PROVIDER, check, seconds_left
from notifiers.twilio.settings import TwilioSettings
from notifiers.twilio.twiml import say_twiml

SAID_TIMES = 2
"""emergencies.md c.4: said twice, then the keys."""
FIND_AMONG = 50
"""How many of the last calls to one number are searched for a trace."""
LONGEST_RING, SHORTEST_RING = 60, 5
"""Seconds: Twilio's default, and its least."""


class TwilioVoice:
    """Calls people, says the words twice, and takes one key where Twilio can reach us."""

    name = PROVIDER
    channel: Channel = "voice"

    def __init__(
        self,
        settings: TwilioSettings,
        client: TwilioClient,
        *,
        now: Callable[[], datetime],
        modes: frozenset[Mode] = frozenset({"real"}),
    ) -> None:
        if settings.caller is None:
            raise SettingsError(
                "Calls need a number to come from: set TWILIO_FROM to a number of the account.",
                "打电话要有主叫号码:请把 TWILIO_FROM 设为账号里的一个号码。",
            )
        keypad = settings.public_url is not None
        self._settings = settings
        self._client = client
        self._now = now
        self.abilities = Abilities(
            modes=modes,
            two_way=keypad,
            free_text=True,
            keypad=keypad,
            receipts=True,
            per_second=settings.calls_per_second,
            unreachable_countries=settings.no_calls,
            per_number=settings.calls_per_number,
            voices=frozenset(settings.voices),
        )

    async def send(self, message: Message) -> Receipt:
        """Start one call with one request; see `Notifier.send`."""
        check(message, self.channel, self.abilities)
        if not self._settings.speaks(message.language):
            raise PermanentFailure("no_voice")
        fields = self._fields(message)
        sid = await self._client.create(self._client.rest().calls, fields)
        return Receipt(provider=PROVIDER, provider_id=sid)

    def _fields(self, message: Message) -> dict[str, Any]:
        left = seconds_left(message, self._now())
        fields = {
            "to": message.to,
            "from_": self._settings.caller,
            "twiml": self._script(message),
            "timeout": max(SHORTEST_RING, min(left, LONGEST_RING)) if left is not None else None,
            "status_callback": address(self._settings.public_url, "status", message),
            **self._detection(message),
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _script(self, message: Message) -> str:
        """Return what is said; a key is asked for only where one is wanted and can come back."""
        keys = address(self._settings.public_url, "voice", message) if message.keys else None
        return say_twiml(message.text, message.language, self._settings, keys, times=SAID_TIMES)

    def _detection(self, message: Message) -> dict[str, str | None]:
        """Return how an answering machine is told from a human: while the words are being said, without a delay."""
        if not self._settings.machine_detection:
            return {}
        return {
            "machine_detection": "Enable",
            "async_amd": "true",
            "async_amd_status_callback": address(self._settings.public_url, "machine", message),
        }

    async def find(self, message: Message, since: datetime, known: frozenset[str]) -> Receipt | None:
        """Return the trace of *message*: the first unknown call to its number since then; see `KeepsTraces.find`.

        What is said in a call is not listed, so a call of another delivery in the same seconds is told apart by
        *known* alone.
        """
        calls = self._client.rest().calls
        listed = await self._client.list(calls.list_async(to=message.to, limit=FIND_AMONG, page_size=FIND_AMONG))
        found = first_made(listed, since, known)
        return Receipt(provider=PROVIDER, provider_id=found.sid) if found is not None else None

    async def status(self, receipt: Receipt, delivery: str) -> Report | None:
        """Return what became of a call, or None while it goes on or is unknown; see `KeepsTraces.status`."""
        found = await self._client.ask(self._client.rest().calls(receipt.provider_id).fetch_async())
        if found is None:
            return None
        form = {
            "CallSid": receipt.provider_id,
            "CallStatus": str(found.status),
            "AnsweredBy": str(found.answered_by or ""),
        }
        report = call_report(form, delivery)
        return report if report is not None and report.status != "sent" else None

    async def hang_up(self, receipt: Receipt) -> bool:
        """End a call of a drill; see `HangsUp`. A real call is never ended by us."""
        if self.abilities.modes != {"live_drill"}:
            raise PermanentFailure("wrong_mode")
        return await self._client.end_call(receipt.provider_id)

    async def close(self) -> None:
        """Let go of the connections that texts and calls share."""
        await self._client.close()
