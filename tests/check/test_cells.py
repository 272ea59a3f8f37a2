"""Facts fall into cells: what answers every question of a plan alike is one, and each possible answer has one."""

from __future__ import annotations

import pytest

from emergency.check.cells import Facts
from emergency.core import playbook as p
from tests.core.small import HOUR, MINUTE, a_fact, a_plan, a_site, a_state

OVER3, OVER5, UNDER3 = p.FactOver("n", 3), p.FactOver("n", 5), p.FactUnder("n", 3)
LONG3 = p.FactOver("n", 3, 2 * MINUTE)
FACTS = (
    a_fact("n", "count", "0"),
    a_fact("m", "count"),
    a_fact("b", unless_told="no"),
    a_fact("c", "choice", choices=("red", "blue")),
    a_fact("t", "time"),
    a_fact("s", "time", "opened"),
)


def facts(*asked: p.Guard, **site) -> Facts:
    """The facts of a plan that asks these questions, each in a way of its own."""
    ways = tuple(p.Leave(to="over", when=guard) for guard in asked)
    clock = p.Clock(name="since", since="s")
    return Facts(a_plan(a_state("first", leave=ways), facts=FACTS, clocks=(clock,)), a_site(facts=site))


@pytest.mark.parametrize(
    "asked, cells",
    [
        pytest.param((OVER3,), 2, id="one line"),
        pytest.param((OVER3, OVER5), 3, id="two lines"),
        pytest.param((OVER3, UNDER3), 2, id="both sides of one line"),
        pytest.param((OVER3, LONG3), 3, id="below, above, long above"),
        pytest.param((p.FactIs("b", "yes"), p.FactTold("b")), 3, id="no by default, no, yes"),
        pytest.param((p.FactIs("c", "red"), p.FactIs("c", "blue")), 3, id="a choice, or none yet"),
        pytest.param((p.FactMissing("n", MINUTE), OVER3), 4, id="missing or not, over or not"),
        pytest.param((p.TimeLeftUnder("t", HOUR),), 2, id="a moment comes near"),
        pytest.param((p.TimeLeftUnder("t", HOUR), p.TimeLeftUnder("t", 2 * HOUR)), 3, id="nearer and nearer"),
        pytest.param((p.ClockOver("since", HOUR),), 2, id="a clock of the plan"),
        pytest.param(
            (p.ClockOver("opened", HOUR), p.ClockOver("opened", 2 * HOUR)), 3, id="the clock since the report"
        ),
        pytest.param((p.FactReaches("n", "m"),), 2, id="one count catches up with another"),
    ],
)
def test_how_many_cells(asked, cells):
    """Two thresholds part three ranges; a dwell parts the range above it once more."""
    found = facts(*asked)
    group = found.group(asked[0])
    assert group is not None
    assert len(found.cells(group, asked)) == cells


def test_cells_part_what_may_be_known():
    """Nothing is in two cells, nothing in none, and the plainest comes first: what is so while nobody has told."""
    found = facts(OVER3, LONG3, p.FactMissing("n", MINUTE))
    cells = found.cells(("n",), (OVER3, LONG3, p.FactMissing("n", MINUTE)))
    whole = (1 << len(found.known(("n",)).items)) - 1
    assert sum(cells) == whole
    assert cells[0] & 1


def test_a_site_tells_for_good():
    """What the site tells is told from the first moment on."""
    asked = (p.FactTold("m"),)
    assert len(facts(*asked).cells(("m",), asked)) == 2
    assert len(facts(*asked, m="4").cells(("m",), asked)) == 1
