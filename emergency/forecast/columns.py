"""Tables and long lines on a terminal, where a Chinese character takes two columns. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from emergency.picture.measure import NEVER_FIRST, NEVER_LAST
from emergency.readiness.lines import pad, width

_PIECES = re.compile(r"\s+|[^\s\u2e80-\u9fff\uff00-\uffef]+|.", re.DOTALL)
"""What may not be torn apart: blanks, a Latin word, one Chinese character."""
LEAST = 14
"""Columns that a name has at least, however much stands beside it."""


def folded(line: str, room: int) -> Iterator[str]:
    """Yield *line* in pieces of at most *room* columns, broken between words and beside any Chinese character; what
    follows stands two columns further in than the beginning."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    piece = ""
    for part in _parts(line):
        if piece.strip() and width(piece + part.rstrip()) > room:
            yield piece.rstrip()
            piece = indent + part.lstrip()
        else:
            piece += part
    yield piece.rstrip()


def _parts(line: str) -> list[str]:
    """Return what a line may be broken between: marks stay with what they belong to."""
    parts: list[str] = []
    for part in _PIECES.findall(line):
        if parts and (part.isspace() or part[0] in NEVER_FIRST or parts[-1][-1] in NEVER_LAST):
            parts[-1] += part
        else:
            parts.append(part)
    return parts


def columns(rows: Sequence[Sequence[str]], room: int, gap: int = 2) -> Iterator[str]:
    """Yield *rows* as columns two blanks in; the names, which come first, are folded if room is short."""
    wide = [max(width(row[n]) for row in rows) for n in range(len(rows[0]))]
    first = min(wide[0], max(LEAST, room - gap - sum(each + gap for each in wide[1:])))
    for row in rows:
        name, *more = folded(row[0], first)
        cells = [pad(name, first), *(pad(cell, each) for cell, each in zip(row[1:], wide[1:], strict=True))]
        yield (" " * gap + (" " * gap).join(cells)).rstrip()
        yield from (" " * gap + piece for piece in more)
