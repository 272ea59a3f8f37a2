"""What is looked at before anything leaves: the same for texts and calls. Pure."""

from __future__ import annotations

import math
import re
from datetime import datetime

from emergency.core.marks import begins_as_a_drill, is_marked
from emergency.core.values import Channel, is_drill
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
        PermanentFailure: `wrong_mode`, `wrong_channel` or `bad_number`; `drill_mark` where something real bears the
            mark of a drill, and `no_drill_mark` where a drill does not bear it at both ends.
    """
    if message.mode not in abilities.modes:
        raise PermanentFailure("wrong_mode")
    if message.channel != channel:
        raise PermanentFailure("wrong_channel")
    if not is_plain_number(message.to):
        raise PermanentFailure("bad_number")
    if not is_drill(message.mode):
        if begins_as_a_drill(message.text, message.language, channel):
            raise PermanentFailure("drill_mark")
    elif not is_marked(message.text, message.language, channel):
        raise PermanentFailure("no_drill_mark")


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
