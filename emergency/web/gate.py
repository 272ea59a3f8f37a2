"""How much rubbish an address may post before it is not listened to for a while. Pure: the time is handed in.

An address from which a signed request came lately is always heard: behind a proxy the provider and the whole internet
have one address, and an attacker must not be able to silence the answers of our own people.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

REFUSALS = 120
"""Refused requests from one address within a window before it is turned away unread (practice)."""
WINDOW = timedelta(minutes=1)
TRUSTED_FOR = timedelta(hours=24)
MOST_ADDRESSES = 10_000


class Gate:
    """Counts refusals by address; holds ten thousand addresses at most, and forgets the oldest."""

    def __init__(self) -> None:
        self._refused: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._trusted: OrderedDict[str, datetime] = OrderedDict()

    def admits(self, address: str, now: datetime) -> bool:
        """Return whether a request from *address* is read at all."""
        trusted = self._trusted.get(address)
        if trusted is not None and now - trusted < TRUSTED_FOR:
            return True
        since, count = self._refused.get(address, (now, 0))
        return now - since >= WINDOW or count < REFUSALS

    def refused(self, address: str, now: datetime) -> None:
        """A request from *address* was refused."""
        since, count = self._refused.pop(address, (now, 0))
        self._refused[address] = (since, count + 1) if now - since < WINDOW else (now, 1)
        if len(self._refused) > MOST_ADDRESSES:
            self._refused.popitem(last=False)

    def accepted(self, address: str, now: datetime) -> None:
        """A signed request came from *address*."""
        self._trusted.pop(address, None)
        self._trusted[address] = now
        if len(self._trusted) > MOST_ADDRESSES:
            self._trusted.popitem(last=False)
