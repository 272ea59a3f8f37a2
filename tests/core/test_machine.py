"""Where a transition leads: the plan's order decides, and nothing else is possible."""

from __future__ import annotations

import pytest
from transitions import Machine

from emergency.core import commands as c
from emergency.core import machine
from emergency.core import playbook as p
from emergency.core.events import FactReported
from emergency.core.guards import Order
from emergency.core.incident import evolve
from tests.core.small import HOUR, MINUTE, NOW, Night, a_fact, a_plan, a_state, a_step, words

SMOKE, FLAME = p.FactIs("smoke", "yes"), p.FactIs("flame", "yes")
PLAN = a_plan(
    a_state(
        "first",
        leave=(
            p.Leave(to="second", when=SMOKE),
            p.Leave(to="third", when=p.AnyOf((SMOKE, FLAME))),
            p.Leave(to="third", when=p.SaidBy("chief")),
            p.Leave(to="second", after=2 * MINUTE, source="practice"),
            p.Leave(after=HOUR, source="practice", alert=p.Nudge(role="manager", do=words("look again"))),
        ),
    ),
    a_state("second", leave=(p.Leave(to="third", after=MINUTE, source="practice"),)),
    a_state("third", leave=(p.Leave(to="closed", when=p.FactIs("calm", "yes")),)),
    facts=(a_fact("smoke"), a_fact("flame"), a_fact("calm")),
)


@pytest.mark.parametrize(
    "facts, leads",
    [
        pytest.param([], None, id="nothing holds"),
        pytest.param(["smoke"], "second", id="the first of two that hold"),
        pytest.param(["flame"], "third", id="the second, where the first does not"),
        pytest.param(["smoke", "flame"], "second", id="more reasons change no order"),
    ],
)
def test_the_first_match_wins(facts, leads):
    """Of the ways out whose guards hold, the first that is written is taken; a way by time or by word is none."""
    night = Night(PLAN)
    incident = night.incident
    for fact in facts:
        incident = fold_fact(incident, fact)
    leave = machine.advance(incident, NOW)
    assert leads == (leave.to if leave else None)


def fold_fact(incident, fact):
    """Tell a fact without letting the plan move on."""
    return evolve(incident, FactReported(fact=fact, value="yes", by="console"), NOW)


@pytest.mark.parametrize(
    "to, roles, allowed",
    [
        pytest.param("third", {"chief"}, True, id="who may say so"),
        pytest.param("third", {"desk"}, False, id="who may not"),
        pytest.param("third", set(), False, id="nobody's word"),
        pytest.param("second", set(), True, id="what time would bring is free to anyone earlier"),
        pytest.param("closed", {"chief"}, False, id="no way there from here"),
        pytest.param("nonsense", {"chief"}, False, id="no such state"),
        pytest.param("first", {"chief"}, False, id="where it is already"),
    ],
)
def test_orders(to, roles, allowed):
    """An order passes by a way out that the plan has from here and whose guard it meets."""
    leave = machine.ordered(Night(PLAN).incident, Order(to, frozenset(roles)), NOW)
    assert (to if allowed else None) == (leave.to if leave else None)


@pytest.mark.parametrize(
    "index, leads",
    [
        pytest.param(3, "second", id="the wait that leads somewhere"),
        pytest.param(4, None, id="a nudge leads nowhere"),
        pytest.param(0, None, id="a guarded way is no wait"),
        pytest.param(99, None, id="no such way"),
        pytest.param(-1, None, id="nor counted from behind"),
    ],
)
def test_waits(index, leads):
    """Time leads by the way that was waited for, counted in its own state."""
    leave = machine.timed_out(Night(PLAN).incident, index, NOW)
    assert leads == (leave.to if leave else None)


def test_a_wait_belongs_to_its_state():
    """The first wait of one state is not the first wait of another."""
    night = Night(PLAN)
    assert machine.timed_out(night.incident, 0, NOW) is None
    night.tell("smoke", "yes")
    assert night.incident.state == "second"
    found = machine.timed_out(night.incident, 0, NOW)
    assert found is not None
    assert found.to == "third"


def test_asking_moves_nothing():
    """The machine only answers: the incident, and the next answer, stay as they were."""
    night = Night(PLAN)
    night.do(c.ReportFact(fact="flame", value="no", by="console"))
    before = night.incident
    for _ in range(3):
        assert machine.ordered(before, Order("third", frozenset({"chief"})), NOW) is not None
        assert machine.advance(before, NOW) is None
    assert before is night.incident
    assert before.state == "first"


def test_a_plan_is_compiled_once():
    """Two incidents of one plan share one machine, which holds on to neither."""
    compiled = machine._machine(PLAN)
    machine.advance(Night(PLAN).incident, NOW)
    machine.ordered(Night(PLAN).incident, Order("third", frozenset({"chief"})), NOW)
    assert compiled is machine._machine(PLAN)
    assert compiled.models == []


def test_the_library_gets_functions_only():
    """No text of a plan ever reaches the library as something to run: it would import what the text names."""
    evil = a_plan(
        a_state(
            "first",
            a_step("os.system"),
            leave=(
                p.Leave(to="second", when=p.StepIs("os.system", "builtins.eval")),
                p.Leave(to="second", after=MINUTE, source="os.system"),
            ),
        ),
        a_state("second", leave=(p.Leave(to="closed", when=p.FactIs("os.system", "subprocess.run")),)),
    )
    compiled = machine._machine(evil)
    assert isinstance(compiled, Machine)
    seen = 0
    for event in compiled.events.values():
        for ways in event.transitions.values():
            for way in ways:
                assert all(callable(condition.func) for condition in way.conditions)
                assert all(callable(effect) for effect in (*way.prepare, *way.before, *way.after))
                seen += 1
    assert seen == 6  # each of three ways out, by itself and by order
    for state in compiled.states.values():
        assert [*state.on_enter, *state.on_exit] == []
    assert machine.advance(Night(evil).incident, NOW) is None
