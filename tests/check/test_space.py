"""Sets of situations as bits: the same sets as if each situation were written out."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from emergency.check.space import Space, count

AXES = (("a", 3), ("b", 1), ("c", 2), ("d", 4))
ALL = [dict(zip("abcd", digits, strict=True)) for digits in product(range(3), range(1), range(2), range(4))]
SPACE = Space(AXES)
sets = st.integers(min_value=0, max_value=SPACE.full)


def bit(of: dict[str, int]) -> int:
    """The bit of one situation."""
    found = SPACE.full
    for axis, digit in of.items():
        found &= SPACE.at(axis, digit)
    return found


def written(bits: int) -> list[dict[str, int]]:
    """The situations of a set, written out."""
    return [each for each in ALL if bits & bit(each)]


def test_every_situation_is_one_bit():
    """There are as many bits as combinations, and each is another."""
    assert SPACE.size == len(ALL)
    assert {count(bit(each)) for each in ALL} == {1}
    assert len({bit(each) for each in ALL}) == len(ALL)


@given(sets)
def test_spreading_along_an_axis(bits):
    """What differs from a member on this axis alone is in the set afterwards, and nothing else."""
    near = [each for each in ALL if any({**each, "d": n} in written(bits) for n in range(4))]
    assert written(SPACE.spread(bits, "d")) == near
    assert SPACE.spread(bits, "b") == bits


@given(sets)
def test_moving_one_digit(bits):
    """Those with the one digit have the other afterwards, forwards and back."""
    forwards = [{**each, "a": 2} for each in written(bits) if each["a"] == 0]
    assert sorted(map(str, written(SPACE.moved(bits, "a", 0, 2)))) == sorted(map(str, forwards))
    back = [{**each, "a": 0} for each in written(bits) if each["a"] == 2]
    assert sorted(map(str, written(SPACE.moved(bits, "a", 2, 0)))) == sorted(map(str, back))


@given(sets)
def test_reading_a_set(bits):
    """The digits that occur, the lowest situation and all of them are those written out."""
    assert SPACE.seen(bits, "c") == tuple(n for n in range(2) if any(each["c"] == n for each in written(bits)))
    listed = list(SPACE.each(bits, 1000))
    assert sorted(map(str, listed)) == sorted(map(str, written(bits)))
    assert listed[:1] == ([SPACE.first(bits)] if bits else [])
