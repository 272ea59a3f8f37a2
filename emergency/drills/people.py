"""How played people meet what reaches their telephones: the protocol, and the values that cross it.

`Rehearsal` asks the players; who they are is another's business: drawn from the model (`played`), recorded (`replay`),
or said by a facilitator.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

import msgspec

from emergency.core.incident import Alert, Incident
from emergency.core.values import Channel

Does = Literal["ack", "done", "decline", "says"]


class Act(msgspec.Struct, frozen=True, gc=False):
    """What somebody does about one alert, so long after it reached them. words: what is typed (`says`), or the answer
    of a decision by name (`done`)."""

    after: timedelta
    does: Does
    alert: str
    words: str = ""


class Arrival(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message as it reaches one telephone: all that it asks at once. again: this telephone has had it before."""

    at: datetime
    person: str
    channel: Channel
    delivery: str
    incident: Incident
    alerts: tuple[Alert, ...]
    again: bool = False


class Route(msgspec.Struct, frozen=True, gc=False):
    """What becomes of a message handed to a channel: it arrives so much later, or fails then for a reason; silent: the
    provider took it and it never arrives, nobody is told; temporary: the provider does not take it now, for the reason
    in `fails`, and is asked again after a while; unheeded: it arrives, and its owner does nothing about it, so that
    need not be asked."""

    after: timedelta
    fails: str = ""
    silent: bool = False
    temporary: bool = False
    unheeded: bool = False


class Players(Protocol):
    """Everybody who is played. Asked in the order of the virtual clock; the same questions give the same answers."""

    def route(self, person: str, channel: Channel, delivery: str, at: datetime) -> Route:
        """Return what becomes of a message handed over at *at*."""
        ...

    def hears(self, arrival: Arrival) -> Sequence[Act]:
        """Return what the person does about what arrived; nothing when they do not (or not now) react."""
        ...
