"""What is looked at before anything leaves: the same for texts and calls. Pure."""

from __future__ import annotations

import math
import re
from datetime import datetime

from emergency.core.values import Channel
from emergency.errors import PermanentFailure
from emergency.notify import Abilities, Message
from notifiers.twilio.numbers import is_plain_number

PROVIDER = "twilio"
LONGEST_VALIDITY = 36_000
"""Seconds; Twilio's own limit on `ValidityPeriod`."""

_NOT_IN_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # compiled when first used: slow


def check(message: Message, channel: Channel, abilities: Abilities) -> None:
    """Return if *message* may be sent this way.

    Raises:
        PermanentFailure: `wrong_mode`, `wrong_channel` or `bad_number`.
    """
    if message.mode not in abilities.modes:
        raise PermanentFailure("wrong_mode")
    if message.channel != channel:
        raise PermanentFailure("wrong_channel")
    if not is_plain_number(message.to):
        raise PermanentFailure("bad_number")


def seconds_left(message: Message, now: datetime) -> int | None:
    """Return for how long *message* is still worth delivering, 1 to 36,000 seconds, or None for ever.

    Raises:
        PermanentFailure: `expired`.
    """
    if message.expires is None:
        return None
    left = math.ceil((message.expires - now).total_seconds())
    if left <= 0:
        raise PermanentFailure("expired")
    return min(left, LONGEST_VALIDITY)


def clean(text: str) -> str:
    """Return *text* without the characters that neither a form nor XML can carry; a space stands in for each."""
    return re.sub(_NOT_IN_XML, " ", text)
