"""What a page is made of: cells, blocks, sections, and a whole report in one language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from emergency.report.values import Tone

Lang = Literal["zh", "en"]


class Cell(msgspec.Struct, frozen=True):
    """Words, the lines that show them, and how they look."""

    text: str
    refs: tuple[str, ...] = ()
    tone: Tone = ""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One thing on the page. kind: `p`, `h` (a heading within a section), `points`, `table`, `chart`, `facts`, `raw`.

    head: the headings of a table; rows: its cells; wide: shares of the width, column by column. svg: of a chart, whose
    words for who cannot see it are in `cells`. raw: a long table in small letters, whose first column is a target.
    """

    kind: str
    cells: tuple[Cell, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    wide: tuple[float, ...] = ()
    svg: str = ""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One numbered section. fresh: it begins on a new page in print."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    fresh: bool = False


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report in one language. banner: real or drill, in one word, for the mark across every page."""

    lang: Lang
    banner: str
    title: str
    under: str
    facts: tuple[tuple[str, Cell], ...]
    sections: tuple[Section, ...]


def bad_if(bad: bool) -> Tone:
    """Return how something looks that is bad in this case alone."""
    return "bad" if bad else ""


def para(words: str | Cell, tone: Tone = "") -> Block:
    """Return a paragraph."""
    return Block(kind="p", cells=(words if isinstance(words, Cell) else Cell(words, (), tone),))


def head_of(words: str) -> Block:
    """Return a heading within a section."""
    return Block(kind="h", cells=(Cell(words),))


def points(cells: Iterable[Cell], otherwise: str) -> Block:
    """Return a list; *otherwise* stands where it is empty."""
    return Block(kind="points", cells=tuple(cells) or (Cell(otherwise, (), "quiet"),))


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]], wide: Sequence[float]) -> Block:
    """Return a table."""
    return Block(kind="table", head=tuple(head), rows=tuple(map(tuple, rows)), wide=tuple(wide))


def chart(svg: str, words: str) -> Block:
    """Return a chart with words for who cannot see it."""
    return Block(kind="chart", svg=svg, cells=(Cell(words),))
