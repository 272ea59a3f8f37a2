"""The nearest right word."""

from __future__ import annotations

import time

import pytest

from emergency.core.near import nearest


@pytest.mark.parametrize(
    "word, words, says",
    [
        pytest.param("evacuatng", ["alarm", "evacuating"], " Did you mean 'evacuating'?", id="a letter is missing"),
        pytest.param("FIRE", ["fire", "flood"], " Did you mean 'fire'?", id="capitals"),
        pytest.param("fire", ["Fire", "flood"], " Did you mean 'Fire'?", id="as it is written"),
        pytest.param("xyz", ["fire", "flood"], " There is: fire, flood.", id="nothing near: the choices"),
        pytest.param("xyz", [str(n) * 5 for n in range(13)], "", id="too many choices"),
        pytest.param("xyz", [], "", id="no choices"),
        pytest.param("", ["fire"], " There is: fire.", id="no word"),
        pytest.param("核实", ["核实", "确认"], " Did you mean '核实'?", id="Chinese"),
    ],
)
def test_nearest(word, words, says):
    """The nearest word is offered; where none is near, the choices when they are few."""
    assert says == nearest(word, words)


def test_a_long_word_costs_nothing():
    """A word of half a megabyte is compared in a moment."""
    before = time.process_time()
    assert nearest("x" * 500_000, [f"word{n}" for n in range(40)]) == ""
    assert time.process_time() - before < 2
