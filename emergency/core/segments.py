"""How many pieces an SMS is cut into.

GSM 03.38: 160 characters in one piece, 153 in each of several; a text with any other character is UCS-2: 70
and 67 (UTF-16 units). Characters of the extension table count twice and are never split; nor are surrogates.
"""

from __future__ import annotations

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("^{}\\[~]|€\f")


def is_gsm(text: str) -> bool:
    """Return whether every character is in the GSM-7 alphabet."""
    return all(ch in GSM or ch in EXTENSION for ch in text)


def _units(text: str) -> list[int]:
    if is_gsm(text):
        return [2 if ch in EXTENSION else 1 for ch in text]
    return [2 if ord(ch) > 0xFFFF else 1 for ch in text]


def length(text: str) -> int:
    """Return the length in the units its alphabet counts."""
    return sum(_units(text))


def segments(text: str) -> int:
    """Return the number of pieces *text* is sent in; 1 for an empty one."""
    whole, piece = (160, 153) if is_gsm(text) else (70, 67)
    if length(text) <= whole:
        return 1
    count, room = 1, piece
    for unit in _units(text):
        if unit > room:
            count, room = count + 1, piece
        room -= unit
    return count
