"""Persistent maps: one with an entry more shares all but a few nodes with the one before, which stays as it was.

Two libraries promise the same. The quicker one has no build for the newest Python, so it is decided here, and nowhere
else, which of them is at work (`docs/decisions/0002-persistent-maps.md`). Neither keeps an order.
"""

from __future__ import annotations

import sys
from typing import TypeVar

__all__ = ["Map", "discard", "insert"]

K = TypeVar("K")
V = TypeVar("V")

if sys.version_info < (3, 14):
    from immutables import Map

    insert = Map.set

    def discard(map: Map[K, V], key: K) -> Map[K, V]:
        """Return *map* without *key*: itself where that is not in it."""
        return map.delete(key) if key in map else map

else:
    from rpds import HashTrieMap as Map

    insert, discard = Map.insert, Map.discard
