"""Tables and long lines on a terminal, where a Chinese character takes two columns."""

from __future__ import annotations

import pytest

from emergency.forecast.columns import columns, folded
from emergency.readiness.lines import width


@pytest.mark.parametrize(
    "line, pieces",
    [
        pytest.param("  one two three", ["  one two", "    three"], id="between words, further in"),
        pytest.param("五个汉字,一行", ["五个汉字,", "  一行"], id="beside a character, a mark never first"),
        pytest.param("ab(中文)", ["ab(中文)"], id="what fits stays"),
        pytest.param("汉字汉字(中)", ["汉字汉字", "  (中)"], id="a bracket never last"),
        pytest.param("", [""], id="nothing"),
    ],
)
def test_a_line_is_broken_where_it_may_be(line: str, pieces: list[str]) -> None:
    """At ten columns."""
    assert list(folded(line, 10)) == pieces


def test_columns_stand_below_each_other_in_both_scripts() -> None:
    """The second column begins in the same place of the screen, whatever stands in the first."""
    found = list(columns([("role", "x"), ("中控室", "x"), ("on-scene leader", "x")], 80))
    assert len({width(line[: line.index("x")]) for line in found}) == 1


def test_a_long_name_gives_way() -> None:
    """Figures are never torn; a name is broken between its words, below itself."""
    found = list(columns([("those inside were answered", "0.50 (0.43-0.57)")], 36))
    assert found == ["  those inside      0.50 (0.43-0.57)", "    were answered"]
    assert max(map(width, found)) <= 36
