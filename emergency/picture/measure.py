"""How wide words are and where a line may break, without any font: a Chinese character is as wide as it is high.

The widths of Latin letters are those of the widest face that a machine is likely to have, so that what is drawn with
another one is never wider than the room it was given.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

NARROW = frozenset("iljI.,:;'|!")
SLIM = frozenset('ftr()[]{}/\\-" ')
BROAD = frozenset("mwMW@%")
LATIN = "\u0250"
"""From here on a Chinese font may draw it, quotes and arrows included, as wide as it is high."""
NEVER_FIRST = frozenset(",.;:!?)]}%、，。；：！？）】》〉”’…·")
"""What may not begin a line."""
NEVER_LAST = frozenset("([{（【《〈“‘")
"""What may not end one."""
_PIECES = re.compile(r"\s+|[^\s\u2e80-\u9fff\uff00-\uffef]+|.", re.DOTALL)


@lru_cache(maxsize=4096)
def _em(ch: str) -> float:
    if ch >= LATIN or unicodedata.east_asian_width(ch) == "A":
        return 1.0
    if ch in NARROW:
        return 0.34
    if ch in SLIM:
        return 0.46
    if ch in BROAD:
        return 1.0
    return 0.71 if ch.isupper() else 0.62


def width(words: str, size: float) -> float:
    """Return how wide *words* are at most, at *size*."""
    return size * sum(map(_em, words))


def wrap(words: str, room: float, size: float) -> list[str]:
    """Return *words* as lines that fit into *room*: broken between words, and beside any Chinese character."""
    words = " ".join(words.split())
    if width(words, size) <= room:
        return [words]
    lines, line = [], ""
    for piece in _pieces(words):
        if line and width(line + piece.rstrip(), size) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
        while width(line.rstrip(), size) > room and len(line) > 1:
            cut = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or width(line[:n], size) <= room)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(words: str) -> list[str]:
    """Return what may not be torn apart: Latin words, and characters with the marks that belong to them."""
    pieces: list[str] = []
    for piece in _PIECES.findall(words):
        glued = pieces and (piece[0] in NEVER_FIRST or pieces[-1][-1] in NEVER_LAST or piece == " ")
        if glued:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces
