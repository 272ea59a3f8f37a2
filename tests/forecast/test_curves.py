"""Curves, quantiles, who is waited for, what is missed first, and when it is enough."""

from __future__ import annotations

import random
import sys
from datetime import timedelta
from math import ceil, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emergency.forecast.curves import BATCH, Curve, Tally, collect
from emergency.forecast.odds import share
from tests.forecast.scenery import question, sample

times = st.lists(st.none() | st.floats(0, 700), min_size=1, max_size=60)


@given(times, st.integers(0, 600))
def test_a_curve_counts_as_one_would_by_hand(found: list[float | None], at: int) -> None:
    """By a full second, everything has come about whose time is not later; what is past the horizon never has."""
    curve = Curve(600)
    for each in found:
        curve.add(each)
    by_hand = sum(each is not None and each <= at for each in found)
    assert curve.by(at) == share(by_hand, len(found))


@given(times, st.sampled_from([0.05, 0.25, 0.5, 0.9, 0.95, 1.0]))
def test_a_quantile_is_the_one_of_the_sorted_times(found: list[float | None], part: float) -> None:
    """The quantile is that of all runs, those that never came last; None where it falls on one of them."""
    curve = Curve(600)
    for each in found:
        curve.add(each)
    ordered = sorted(float("inf") if t is None or t > 600 else float(ceil(t)) for t in found)
    by_hand = ordered[max(1, ceil(part * len(found) - 1e-9)) - 1]
    assert curve.quantile(part) == (None if by_hand == float("inf") else by_hand)


def test_a_curve_of_a_known_law_finds_that_law() -> None:
    """Ten thousand exponential times with a mean of 100 s: half by 69 s, and by 300 s all but e to the minus 3."""
    dice, curve = random.Random(6), Curve(1800)
    for _ in range(10_000):
        curve.add(-100 * log(1 - dice.random()))
    middle = curve.quantile(0.5)
    assert middle is not None
    assert abs(middle - 69.3) < 4
    assert curve.by(300).low <= 0.950213 <= curve.by(300).high


def test_who_is_last_is_the_one_waited_for() -> None:
    """The pacing role is last most often; who never answers is waited for by everybody else."""
    tally = Tally(question("power", "guards"), timedelta(seconds=60))
    tally.add(sample(0, 10.0, 20.0))
    tally.add(sample(1, 50.0, 20.0))
    tally.add(sample(2, None, 20.0))
    tally.add(sample(3, 61.0, 5.0))
    assert tally.pacing() == [("power", 0.75), ("guards", 0.25)]
    assert list(tally.kept) == [1, 1, 0, 0]
    assert tally.share().p == 0.5


def test_a_milestone_that_was_not_needed_counts_neither_way() -> None:
    """A fire that was put out has not missed its evacuation; the probability is of the runs that needed it."""
    tally = Tally(question("power", milestones={"clear": 480}), timedelta(seconds=60))
    for run in range(10):
        met, spared = (400.0, ()) if run < 3 else (None, ("clear",) if run < 9 else ())
        tally.add(sample(run, 1.0, milestones=(met,), spared=spared))
    assert (tally.milestones["clear"].n, tally.milestones["clear"].by(480).p) == (4, 0.75)
    assert tally.spared["clear"] == 6


def test_the_earliest_breach_is_the_early_quantile_with_a_run_that_shows_it() -> None:
    """Of the runs that miss something, the first of twenty; the run that is named missed exactly that, then."""
    tally = Tally(question("power"), timedelta(seconds=60))
    for run in range(100):
        missed = {"breach": "step look" if run % 2 else "step send", "breach_at": 100.0 + run} if run < 80 else {}
        tally.add(sample(run, 1.0, **missed))
    found = tally.breaches()
    assert found.missed == share(80, 100)
    assert (found.early, found.run, found.target) == (103.0, 3, "step look")
    assert dict(found.by) == {"step look": 40, "step send": 40}


def _answers(probability: float, n: int) -> list:
    dice = random.Random(7)
    return [sample(run, 30.0 if dice.random() < probability else None) for run in range(n)]


@pytest.mark.parametrize("width, stops", [(0.05, 400), (0.03, 800), (0.02, 2000)])
def test_it_stops_at_the_first_batch_that_is_narrow_enough(width: float, stops: int) -> None:
    """Looked at every 200 runs: it stops there and no sooner, and says whether it did."""
    tally = Tally(question("power"), timedelta(seconds=60))
    assert collect(_answers(0.75, 4000), tally, width)
    assert tally.n == stops
    assert tally.share().half <= width
    before = Tally(question("power"), timedelta(seconds=60))
    collect(_answers(0.75, stops - BATCH), before, 0.0)
    assert before.share().half > width


def test_it_says_so_when_the_runs_were_not_enough() -> None:
    """All runs are used up before the width is reached: no one may take that for a stop."""
    tally = Tally(question("power"), timedelta(seconds=60))
    assert not collect(_answers(0.75, 500), tally, 0.001)
    assert tally.n == 500


def test_ten_thousand_runs_take_the_room_of_a_hundred() -> None:
    """Nothing grows with the runs but one byte each."""

    def room(n: int) -> int:
        tally = Tally(question("power", "guards"), timedelta(seconds=60))
        dice = random.Random(8)
        for run in range(n):
            tally.add(
                sample(run, dice.random() * 500, None, breach="step x", breach_at=dice.random() * 60, messages={"a": 2})
            )
        parts = [tally.last, tally.held, tally.messages, tally.asked, tally._breached, tally.everybody._came]
        return sum(sys.getsizeof(each) for each in parts)

    assert room(10_000) <= room(100) * 2
