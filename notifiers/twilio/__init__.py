"""Twilio: texts, calls, and what comes back from both.

    settings.py    the environment as a value
    numbers.py     which numbers may be reached at all
    client.py      one HTTP client for texts and calls; transport.py makes its requests
    errors.py      what a refusal means: the person, the sender, or later again
    reports.py     Twilio's words for what became of a message, in ours
    sms.py         texts
    voice.py       calls; twiml.py writes what is said in them
    hooks.py       what Twilio posts to us; paths.py names the addresses

The library itself takes a quarter of a second to import, so no module does that before it has to.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from emergency.core.values import Mode
from emergency.notify import Notifier
from notifiers.twilio.client import TwilioClient
from notifiers.twilio.settings import TwilioSettings, Voice, for_drills, from_environment
from notifiers.twilio.sms import TwilioSms
from notifiers.twilio.voice import TwilioVoice

__all__ = [
    "TwilioClient",
    "TwilioSettings",
    "TwilioSms",
    "TwilioVoice",
    "Voice",
    "build",
    "for_drills",
    "from_environment",
]


def build(
    settings: TwilioSettings,
    *,
    now: Callable[[], datetime],
    modes: frozenset[Mode] = frozenset({"real"}),
) -> dict[str, Notifier]:
    """Return the notifiers that *settings* allow, by channel, over one client.

    A Messaging Service can send texts but not call: without a number in TWILIO_FROM there is no "voice".

    Args:
        now: the time, aware, in UTC.
        modes: the kinds of incident that real telephones may ring for.
    """
    client = TwilioClient(settings)
    notifiers: dict[str, Notifier] = {"sms": TwilioSms(settings, client, now=now, modes=modes)}
    if settings.caller is not None:
        notifiers["voice"] = TwilioVoice(settings, client, now=now, modes=modes)
    return notifiers
