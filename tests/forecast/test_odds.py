"""Shares and intervals, held against published figures and against brute force."""

from __future__ import annotations

import random
from math import comb, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emergency.forecast.odds import Z, apart, difference, paired, share


@pytest.mark.parametrize(
    "count, n, low, high",
    [
        pytest.param(81, 263, 0.2553, 0.3662, id="a third"),
        pytest.param(15, 148, 0.0624, 0.1605, id="a tenth"),
        pytest.param(0, 20, 0.0, 0.1611, id="none of twenty"),
        pytest.param(1, 29, 0.0061, 0.1718, id="one"),
    ],
)
def test_wilson_gives_the_published_intervals(count: int, n: int, low: float, high: float) -> None:
    """The four examples by which R. G. Newcombe compared intervals (Statistics in Medicine 17 (1998), table I)."""
    found = share(count, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def covered(n: int, p: float, interval: object) -> float:
    """Return the exact probability that the interval of a binomial holds the truth."""
    return sum(
        comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1) if interval(k, n)[0] <= p <= interval(k, n)[1]
    )  # type: ignore[operator]


def test_wilson_keeps_its_word_where_the_textbook_does_not() -> None:
    """Over shares as forecasts have them, 200 runs hold the truth 95 times of 100; near 1 the textbook's fails."""

    def ours(k: int, n: int) -> tuple[float, float]:
        return share(k, n).low, share(k, n).high

    def textbook(k: int, n: int) -> tuple[float, float]:
        half = Z * sqrt(k / n * (1 - k / n) / n)
        return k / n - half, k / n + half

    shares = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99]
    exact = [covered(200, p, ours) for p in shares]
    assert 0.94 <= sum(exact) / len(exact) <= 0.97
    assert min(exact) > 0.92
    assert covered(200, 0.99, textbook) < 0.88


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_share_lies_in_its_interval_and_the_interval_between_0_and_1(a: int, b: int) -> None:
    """No interval leaves the scale, or misses what was counted; of nothing, nothing is known."""
    found = share(min(a, b), max(a, b))
    assert 0 <= found.low <= found.p <= found.high <= 1
    assert found.half == (found.high - found.low) / 2
    if not max(a, b):
        assert (found.low, found.high) == (0, 1)


def test_more_than_all_is_no_share() -> None:
    """A miscount is an error and not a probability above 1."""
    with pytest.raises(ValueError, match="5 of 4 is no share"):
        share(5, 4)


def test_the_paired_interval_holds_the_truth() -> None:
    """Of a thousand experiments with a known difference, the interval holds it in 93 to 98 of 100."""
    dice, truth, held = random.Random(4), 0.10, 0
    for _ in range(1000):
        better = worse = 0
        for _ in range(120):
            u = dice.random()
            better += u < 0.13
            worse += 0.13 <= u < 0.16
        found = difference(better, worse, 120)
        held += found.low <= truth <= found.high
    assert 930 <= held <= 985


def test_the_same_runs_are_surer_than_other_runs() -> None:
    """Where before and after hang together, the paired interval is narrower than that of runs of their own."""
    dice = random.Random(5)
    before = [dice.random() < 0.8 for _ in range(400)]
    after = [was or dice.random() < 0.2 for was in before]
    found = paired(before, after)
    assert found.half < 0.6 * apart(share(sum(before), 400), share(sum(after), 400))
    assert not found.is_noise


def test_no_change_is_noise_and_not_certainty() -> None:
    """When nothing differs in any run, the difference is 0, still with a width: 400 runs do not prove nothing."""
    found = paired([True] * 400, [True] * 400)
    assert (found.delta, found.is_noise) == (0, True)
    assert 0 < found.half < 0.01


def test_before_and_after_are_of_the_same_runs() -> None:
    """Two lists of different lengths are no pairs."""
    with pytest.raises(ValueError, match="longer"):
        paired([True], [True, False])
