"""Shares and their intervals: how sure a share is that was counted in so many runs. Pure, and no more than is needed.

All intervals are at 95 %. A single share has Wilson's score interval (E. B. Wilson, JASA 22 (1927), 209-212): it
stays between 0 and 1 and keeps its word at 0 of 200 too, where the textbook's has no width at all. The difference of
two shares counted in the same runs has the adjusted interval of Agresti and Min (Statistics in Medicine 24 (2005),
729-740): half an observation more in each of the four cells.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

import msgspec

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution: an interval at 95 %."""


class Share(msgspec.Struct, frozen=True):
    """A share that was counted: `p` of `n` runs, surely (at 95 %) between `low` and `high`; all from 0 to 1."""

    p: float
    low: float
    high: float
    n: int

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


class Difference(msgspec.Struct, frozen=True):
    """What a change makes of a share, counted in the same `n` runs before and after.

    better, worse: in how many runs it came about that had not, and the other way round.
    """

    delta: float
    low: float
    high: float
    n: int
    better: int = 0
    worse: int = 0

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    @property
    def is_noise(self) -> bool:
        """Whether the interval holds 0: the runs do not say that anything changed."""
        return self.low <= 0 <= self.high


def share(count: int, n: int) -> Share:
    """Return the share *count* of *n* with Wilson's interval; of no runs at all nothing is known.

    Raises:
        ValueError: more counted than there are runs, or fewer than none.
    """
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is no share")
    if n == 0:
        return Share(0.0, 0.0, 1.0, 0)
    p, z2 = count / n, Z * Z
    middle, reach = p + z2 / (2 * n), Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    low, high = (middle - reach) / (1 + z2 / n), (middle + reach) / (1 + z2 / n)
    return Share(p, 0.0 if count == 0 else max(0.0, low), 1.0 if count == n else min(1.0, high), n)


def paired(before: Iterable[bool], after: Iterable[bool]) -> Difference:
    """Return what changed between the same runs *before* and *after*, both in the order of the runs."""
    better = worse = n = 0
    for was, is_ in zip(before, after, strict=True):
        n += 1
        better += is_ and not was
        worse += was and not is_
    return difference(better, worse, n)


def difference(better: int, worse: int, n: int) -> Difference:
    """Return the difference of two shares of the same *n* runs, of which so many went better and so many worse."""
    if n == 0:
        return Difference(0.0, -1.0, 1.0, 0)
    b, w, all_ = better + 0.5, worse + 0.5, n + 2
    middle, reach = (b - w) / all_, Z * sqrt((b + w) - (b - w) ** 2 / all_) / all_
    return Difference((better - worse) / n, max(-1.0, middle - reach), min(1.0, middle + reach), n, better, worse)


def apart(one: Share, other: Share) -> float:
    """Return half the width that the difference of two shares has when each was counted in runs of its own."""
    if not one.n or not other.n:
        return 1.0
    return Z * sqrt(one.p * (1 - one.p) / one.n + other.p * (1 - other.p) / other.n)
