"""The curves of a forecast as SVG: a step line, its range, and the moment it is about. Nothing is fetched.

Black and white tell as much as colours: the line is dark, the range light, the moment dashed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from emergency.forecast.tables import clock

INK, RANGE, RULE, ASKED, ENDS = "#08306b", "#c6dbef", "#d4d4d4", "#b00000", "#c25700"
TICKS = (60, 120, 300, 600)
"""Seconds between two marks of an axis; the first that leaves each mark its room."""


class Frame(NamedTuple):
    """The size of a drawing in pixels: the room for its figures on the left, on the right and below, and how high
    letters are. On a telephone of 390 pixels no letter is smaller than 9."""

    wide: float
    high: float
    left: float
    right: float
    down: float
    letters: float

    def x(self, second: float, last: float) -> float:
        """Return where a moment lies."""
        return self.left + second / last * (self.wide - self.left - self.right)

    def y(self, p: float) -> float:
        """Return where a share lies."""
        return self.letters * 0.8 + (1 - p) * (self.high - self.down - self.letters * 0.8)


LARGE = Frame(wide=480, high=230, left=38, right=20, down=24, letters=13)
SMALL = Frame(wide=210, high=120, left=34, right=18, down=20, letters=12)
Points = Sequence[Sequence[float]]


def curve(
    points: Points, last: float, asked: float, label: str, frame: Frame = SMALL, ends: tuple[float, float] | None = None
) -> str:
    """Return a probability over time.

    Args:
        points: second, probability, and the low and high end of its range, in order.
        last: the horizon in seconds. asked: the second that is asked about, or the target.
        label: what a screen reader says. ends: with all that is assumed at its worse and better end, at that second.
    """
    last = max(last, 1.0)
    upper = [(frame.x(s, last), frame.y(high)) for s, _, _, high in points]
    lower = [(frame.x(s, last), frame.y(low)) for s, _, low, _ in points]
    line = [(frame.x(s, last), frame.y(p)) for s, p, _, _ in points]
    x = frame.x(min(asked, last), last)
    parts = [
        f'<polygon points="{_path([*_steps(upper), *reversed(list(_steps(lower)))])}" fill="{RANGE}"/>',
        *_grid(frame, last),
        f'<polyline points="{_path(_steps(line))}" fill="none" stroke="{INK}" stroke-width="2"/>',
        _rule(x, x, frame.y(1), frame.y(0), ASKED, 'stroke-width="1.5" stroke-dasharray="4 3"'),
        *(_ends(frame, x, ends) if ends is not None else ()),
    ]
    return (
        f'<svg viewBox="0 0 {frame.wide:g} {frame.high:g}" role="img" font-size="{frame.letters:g}" '
        f'aria-label="{escape(label, quote=True)}">{"".join(parts)}</svg>'
    )


def _path(points: Sequence[tuple[float, float]] | Iterator[tuple[float, float]]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in points)


def _rule(x1: float, x2: float, y1: float, y2: float, stroke: str, more: str = "") -> str:
    return f'<line x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}" stroke="{stroke}" {more}/>'


def _steps(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Yield the corners of a step function through *points*."""
    before: float | None = None
    for a, b in points:
        if before is not None:
            yield a, before
        yield a, b
        before = b


def _grid(frame: Frame, last: float) -> Iterator[str]:
    """Yield the marks of both axes with their figures."""
    for p in (0, 0.5, 1) if frame is SMALL else (0, 0.25, 0.5, 0.75, 1):
        yield _rule(frame.left, frame.wide - frame.right, frame.y(p), frame.y(p), RULE)
        yield f'<text x="0" y="{frame.y(p) + frame.letters / 3:.1f}">{p:.2f}</text>'
    room = (frame.wide - frame.left - frame.right) / (frame.letters * 4)
    every = next((each for each in TICKS if last / each <= room), TICKS[-1])
    for second in range(0, int(last) + 1, every):
        where = f'x="{frame.x(second, last):.1f}" y="{frame.high - 4:g}" text-anchor="middle"'
        yield f"<text {where}>{clock(second)}</text>"


def _ends(frame: Frame, x: float, ends: tuple[float, float]) -> Iterator[str]:
    """Yield a bar from the worse to the better end of all that is assumed."""
    low, high = (frame.y(p) for p in ends)
    thick = 'stroke-width="2.5"'
    yield _rule(x, x, low, high, ENDS, thick)
    yield _rule(x - 6, x + 6, low, low, ENDS, thick)
    yield _rule(x - 6, x + 6, high, high, ENDS, thick)


def bar(low: float, high: float, label: str) -> str:
    """Return a bar from one share to the other, on a scale from 0 to 1."""
    first, last = sorted((low, high))
    return (
        f'<svg class="bar" viewBox="0 0 104 12" role="img" aria-label="{escape(label, quote=True)}">'
        f'<rect x="0" y="4" width="104" height="4" fill="{RULE}"/>'
        f'<rect x="{first * 100:.1f}" y="1" width="{(last - first) * 100 + 4:.1f}" height="10" fill="{INK}"/></svg>'
    )
