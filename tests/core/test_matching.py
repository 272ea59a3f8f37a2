"""Rows and columns: as many rows as can be, and then the least cost."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emergency.core.matching import EXACT, cheapest, fill

COLUMNS = "abcdefg"
rows_of_columns = st.lists(st.lists(st.sampled_from(COLUMNS), unique=True, max_size=5), max_size=5)


@pytest.mark.parametrize(
    "rows, filled",
    [
        pytest.param(["a", "b"], {0: "a", 1: "b"}, id="each its own"),
        pytest.param(["ab", "a"], {0: "b", 1: "a"}, id="the first gives way where it can"),
        pytest.param(["a", "a"], {0: "a"}, id="one column, two rows: the first"),
        pytest.param(["ab", "bc", "a"], {0: "b", 1: "c", 2: "a"}, id="two give way"),
        pytest.param(["", "a"], {1: "a"}, id="nothing for the first"),
        pytest.param([], {}, id="no rows"),
    ],
)
def test_as_many_rows_as_can_be(rows, filled):
    """A row gives way to a later one where it can take another column; a row is never given up for a later one."""
    assert fill(rows) == filled


def ways(rows):
    """Every way to give each row a column of its own or none."""
    if not rows:
        yield ()
        return
    for rest in ways(rows[1:]):
        yield (None, *rest)
        yield from ((column, *rest) for column in rows[0] if column not in rest)


@given(rows_of_columns)
@settings(max_examples=200, deadline=None)
def test_the_most_important_rows_are_filled(rows):
    """No other way fills an earlier row that is empty, and none fills more."""
    found = fill(rows)
    assert len(set(found.values())) == len(found)
    assert all(column in rows[row] for row, column in found.items())
    best = max(tuple(column is not None for column in way) for way in ways(rows))
    assert tuple(n in found for n in range(len(rows))) == best
    assert len(found) == max(sum(column is not None for column in way) for way in ways(rows))


@st.composite
def priced(draw, largest):
    """Rows by name with the price of each column, and a choice that could stand: one or two columns each."""
    order = draw(st.permutations(COLUMNS))
    counts = draw(st.lists(st.integers(1, 2), min_size=1, max_size=4).filter(lambda each: sum(each) <= 5))
    price = st.integers(0, largest)
    costs, start = {}, {}
    for n, count in enumerate(counts):
        name, own = f"row {n}", order[sum(counts[:n]) : sum(counts[:n]) + count]
        others = draw(st.lists(st.sampled_from(COLUMNS), unique=True, max_size=6))
        costs[name] = {column: draw(price) for column in dict.fromkeys([*own, *others])}
        start[name] = list(own)
    return costs, start


def total(costs, chosen):
    """The sum of the costs."""
    return sum(costs[name][column] for name, columns in chosen.items() for column in columns)


def least(costs, start):
    """The least sum, by trying everything."""
    rows = [costs[name] for name, columns in start.items() for _ in columns]
    tries = (zip(rows, way, strict=True) for way in permutations(COLUMNS, len(rows)))
    ways = (list(way) for way in tries)
    return min(sum(row[column] for row, column in way) for way in ways if all(column in row for row, column in way))


def shape(chosen):
    """How many columns each name has; all columns are different."""
    assert len({c for columns in chosen.values() for c in columns}) == sum(map(len, chosen.values()))
    return {name: len(columns) for name, columns in chosen.items()}


@given(priced(9), st.sampled_from([0, 1, 20]))
@settings(max_examples=150, deadline=None)
def test_the_least_cost(case, guesses):
    """By hand or by the solver, the sum is the least that trying everything finds; each column is given once."""
    costs, start = case
    chosen = cheapest(costs, start, guesses)
    assert shape(chosen) == shape(start)
    assert total(costs, chosen) == least(costs, start)


@given(priced(EXACT * 1000), st.sampled_from([0, 20]))
@settings(max_examples=100, deadline=None)
def test_sums_too_large_for_floating_point(case, guesses):
    """Costs past what floating point holds exactly are still compared as whole numbers."""
    costs, start = case
    assert total(costs, cheapest(costs, start, guesses)) == least(costs, start)


def test_a_choice_that_is_best_is_kept():
    """Among equals the start stands, so that the same question always has the same answer."""
    costs = {"x": {"a": 1, "b": 1}, "y": {"a": 1, "b": 1}}
    assert cheapest(costs, {"x": ["b"], "y": ["a"]}) == {"x": ["b"], "y": ["a"]}
