"""How many segments a text takes: GSM-7 or UCS-2, one part or several.

The alphabet is the default table of 3GPP TS 23.038; a character of its extension table takes two
places. A text that goes out in several parts loses some of each part to the header that joins them.
"""

from __future__ import annotations

from typing import Literal

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENSION = frozenset("\f^{}\\[~]|€")

_SIZES = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


def encoding(text: str) -> Literal["GSM-7", "UCS-2"]:
    """Return the encoding a phone network needs for *text*."""
    return "GSM-7" if all(c in GSM_7 or c in GSM_7_EXTENSION for c in text) else "UCS-2"


def _widths(text: str) -> list[int]:
    """Return how many places each character takes: septets in GSM-7, 16-bit units in UCS-2."""
    if encoding(text) == "GSM-7":
        return [2 if c in GSM_7_EXTENSION else 1 for c in text]
    return [2 if ord(c) > 0xFFFF else 1 for c in text]


def segments(text: str) -> int:
    """Return the number of parts that *text* is sent in; an empty text is one part.

    A character of two places is never cut in half: when it does not fit, it opens the next part.
    """
    widths = _widths(text)
    single, part = _SIZES[encoding(text)]
    if sum(widths) <= single:
        return 1
    count, used = 1, 0
    for width in widths:
        if used + width > part:
            count, used = count + 1, 0
        used += width
    return count
