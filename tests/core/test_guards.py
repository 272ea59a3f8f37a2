"""Guards: what each question answers, and when time alone may change the answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from emergency.core import commands as c
from emergency.core import playbook as p
from emergency.core.guards import Order, holds, next_change, zones_in_scope
from emergency.core.values import Severity
from tests.core.small import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    STILL,
    Night,
    a_fact,
    a_plan,
    a_site,
    a_state,
    a_step,
    words,
)

TICK = timedelta(microseconds=1)
LOOK = a_step("look", decision=(p.Answer(name="fire", says=words("fire")), p.Answer(name="none", says=words("none"))))
PLAN = a_plan(
    a_state(
        "first",
        LOOK,
        a_step("lock", role="desk", strand="doors"),
        a_step("bolt", role="desk", strand="doors", when=p.FactIs("smoke", "yes")),
        a_step("sweep", role="guard", strand="clear", per="zones"),
        leave=(p.Leave(to="closed", when=p.FactOver("density", 3.0, 99 * HOUR)), STILL),
    ),
    calls="desk manager guard*2",
    facts=(
        a_fact("smoke"),
        a_fact("danger", unless_told="no"),
        a_fact("hurt", "count", "0"),
        a_fact("people", "count"),
        a_fact("back", "count", "0"),
        a_fact("density", "number"),
        a_fact("since", "time", "opened"),
        a_fact("until", "time"),
    ),
    clocks=(p.Clock(name="trapped", since="since"), p.Clock(name="left", since="until")),
)


def told(**facts: str) -> Night:
    """A night in which these facts were told at once."""
    night = Night(PLAN)
    for name, value in facts.items():
        night.tell(name, value)
    return night


FACTS = [
    pytest.param(p.FactIs("smoke", "yes"), {}, False, id="a fact nobody told"),
    pytest.param(p.FactIs("smoke", "yes"), {"smoke": "yes"}, True, id="a fact told so"),
    pytest.param(p.FactIs("smoke", "yes"), {"smoke": "no"}, False, id="a fact told otherwise"),
    pytest.param(p.FactIs("danger", "no"), {}, True, id="a fact taken so unless told"),
    pytest.param(p.FactIs("danger", "no"), {"danger": "yes"}, False, id="told against what was taken"),
    pytest.param(p.FactOver("hurt", 1), {}, False, id="a default below the line"),
    pytest.param(p.FactOver("hurt", 1), {"hurt": "1"}, True, id="over means at or above"),
    pytest.param(p.FactOver("people", 1), {}, False, id="over: an untold number"),
    pytest.param(p.FactUnder("people", 1), {}, False, id="under: an untold number"),
    pytest.param(p.FactUnder("density", 2.5), {"density": "2.49"}, True, id="under means below"),
    pytest.param(p.FactUnder("density", 2.5), {"density": "2.5"}, False, id="at the line is not under it"),
    pytest.param(p.FactReaches("back", "people"), {}, False, id="reaches: the other is not told"),
    pytest.param(p.FactReaches("back", "people"), {"people": "0"}, True, id="reaches: nobody to call back"),
    pytest.param(p.FactReaches("back", "people"), {"people": "2", "back": "1"}, False, id="reaches: one to go"),
    pytest.param(p.FactReaches("back", "people"), {"people": "2", "back": "2"}, True, id="reaches: all called"),
    pytest.param(p.NotOf(p.FactIs("smoke", "yes")), {}, True, id="not: an untold fact is not so"),
    pytest.param(p.NotOf(p.FactIs("danger", "no")), {}, False, id="not: the other way round"),
    pytest.param(p.AnyOf((p.FactIs("smoke", "yes"), p.FactOver("hurt", 1))), {"hurt": "2"}, True, id="any: one"),
    pytest.param(p.AnyOf((p.FactIs("smoke", "yes"), p.FactOver("hurt", 1))), {}, False, id="any: none"),
    pytest.param(p.AllOf((p.FactIs("smoke", "yes"), p.FactOver("hurt", 1))), {"hurt": "2"}, False, id="all: one"),
    pytest.param(
        p.AllOf((p.FactIs("smoke", "yes"), p.FactOver("hurt", 1))), {"smoke": "yes", "hurt": "2"}, True, id="all: both"
    ),
    pytest.param(p.SeverityAtLeast(Severity.yellow), {}, True, id="at least as grave"),
    pytest.param(p.SeverityAtLeast(Severity.orange), {}, False, id="not so grave"),
    pytest.param(None, {}, True, id="no guard at all"),
]


@pytest.mark.parametrize("guard, facts, answer", FACTS)
def test_facts(guard, facts, answer):
    """A guard about facts looks at what was told, else at what the plan takes for granted, else it is false."""
    night = told(**facts)
    assert answer is holds(guard, night.incident, night.now)


def test_a_fact_has_to_last():
    """With `for`, a fact counts once it has had that value so long; telling it again restarts nothing."""
    guard = p.FactIs("smoke", "yes", 2 * MINUTE)
    night = told(smoke="yes")
    night.now += MINUTE
    night.tell("smoke", "yes")

    assert not holds(guard, night.incident, NOW + 2 * MINUTE - TICK)
    assert next_change(guard, night.incident, night.now) == NOW + 2 * MINUTE
    assert holds(guard, night.incident, NOW + 2 * MINUTE)
    assert next_change(guard, night.incident, NOW + 2 * MINUTE) is None

    night.tell("smoke", "no")
    night.tell("smoke", "yes")
    assert next_change(guard, night.incident, night.now) == NOW + 3 * MINUTE


DENSITY = p.FactOver("density", 3.0, 2 * MINUTE)


@pytest.mark.parametrize(
    "readings, holds_at",
    [
        pytest.param([(0, "3.0")], 120, id="on the line from the start"),
        pytest.param([(0, "3.4"), (60, "3.1"), (90, "5")], 120, id="jitter above the line restarts nothing"),
        pytest.param([(0, "3.4"), (60, "2.9"), (70, "3.2")], 190, id="a dip below begins anew"),
        pytest.param([(0, "2.0"), (30, "3.0")], 150, id="from the crossing, not from the first report"),
        pytest.param([(0, "3.4"), (60, "2.9")], None, id="below at the end"),
    ],
)
def test_a_level_has_to_last(readings, holds_at):
    """A measured value counts from its last crossing of the line, however it jitters on its side."""
    night = Night(PLAN)
    for at, value in readings:
        night.now = NOW + at * SECOND
        night.tell("density", value)

    if holds_at is None:
        assert not holds(DENSITY, night.incident, NOW + HOUR)
        assert next_change(DENSITY, night.incident, night.now) is None
    else:
        at = NOW + holds_at * SECOND
        assert at == next_change(DENSITY, night.incident, night.now)
        assert not holds(DENSITY, night.incident, at - TICK)
        assert holds(DENSITY, night.incident, at)


def test_each_line_has_its_own_crossings():
    """A value that rises from one line over the next is over the first since the first: hysteresis by two lines."""
    low, high = p.FactOver("density", 2.0, MINUTE), p.FactOver("density", 3.0, MINUTE)
    plan = a_plan(
        a_state("first", a_step("x", when=low), leave=(p.Leave(to="closed", when=high), STILL)),
        facts=(a_fact("density", "number"),),
    )
    night = Night(plan)
    night.tell("density", "2.5")
    night.now += 50 * SECOND
    night.tell("density", "3.5")

    assert next_change(low, night.incident, night.now) == NOW + 60 * SECOND
    assert next_change(high, night.incident, night.now) == NOW + 110 * SECOND


def test_a_line_of_what_is_expected_is_watched_too():
    """Lines that only `expects` asks about are crossings as well."""
    guard = p.FactOver("density", 4.0, MINUTE)
    plan = a_plan(
        a_state("first", leave=(STILL,), expects=(p.KnockOn(playbook="crowding", when=guard),)),
        facts=(a_fact("density", "number"),),
    )
    night = Night(plan)
    night.now += HOUR
    night.tell("density", "5")
    assert not holds(guard, night.incident, night.now)
    assert holds(guard, night.incident, night.now + MINUTE)


def test_a_silent_sensor():
    """`missing` runs from the last report, and from the opening while there was none."""
    guard = p.FactMissing("density", 3 * MINUTE)
    night = Night(PLAN)
    assert next_change(guard, night.incident, NOW) == NOW + 3 * MINUTE
    assert not holds(guard, night.incident, NOW + 3 * MINUTE - TICK)
    assert holds(guard, night.incident, NOW + 3 * MINUTE)

    night.now += 2 * MINUTE
    night.tell("density", "1")
    night.now += MINUTE
    night.tell("density", "1")
    assert not holds(guard, night.incident, NOW + 6 * MINUTE - TICK)
    assert holds(guard, night.incident, NOW + 6 * MINUTE)
    assert next_change(p.NotOf(guard), night.incident, night.now) == NOW + 6 * MINUTE


@pytest.mark.parametrize(
    "clock, start",
    [
        pytest.param("opened", timedelta(0), id="since the report"),
        pytest.param("state", 5 * MINUTE, id="since the state was entered"),
        pytest.param("trapped", timedelta(0), id="since a moment taken for granted"),
    ],
)
def test_clocks(clock, start):
    """A clock counts from its moment; at its very length the answer turns."""
    night = Night(PLAN)
    night.now += 5 * MINUTE
    night.order("first", "console", override=True, reason="seal")  # leads nowhere: it is there already
    incident = replace(night.incident, entered=NOW + 5 * MINUTE)
    guard = p.ClockOver(clock, 30 * MINUTE)
    due = NOW + start + 30 * MINUTE

    assert due == next_change(guard, incident, night.now)
    assert not holds(guard, incident, due - TICK)
    assert holds(guard, incident, due)


def test_a_clock_that_nobody_started():
    """A clock whose moment nobody told neither runs nor wakes anyone."""
    night = Night(PLAN)
    guard = p.ClockOver("left", MINUTE)
    assert not holds(guard, night.incident, NOW + 999 * HOUR)
    assert next_change(guard, night.incident, NOW) is None
    assert not holds(p.ClockOver("nonsense", MINUTE), night.incident, NOW + HOUR)


def test_a_clock_that_was_corrected():
    """Who tells that it began earlier turns the clock back: it may be over at once."""
    night = told(since=(NOW - HOUR).isoformat())
    assert holds(p.ClockOver("trapped", HOUR), night.incident, NOW)


def test_time_left():
    """`until` is true when less than that is left, one tick past the very moment; and stays so afterwards."""
    night = told(until=(NOW + HOUR).isoformat())
    guard = p.TimeLeftUnder("until", 10 * MINUTE)
    edge = NOW + 50 * MINUTE

    assert not holds(guard, night.incident, edge)
    assert edge + TICK == next_change(guard, night.incident, NOW)
    assert holds(guard, night.incident, edge + TICK)
    assert holds(guard, night.incident, NOW + 2 * HOUR)
    assert not holds(guard, Night(PLAN).incident, edge + HOUR)


def test_next_change_is_the_first_of_several():
    """Of several guards the first to turn sets the clock; what is past sets nothing."""
    night = told(until=(NOW + HOUR).isoformat())
    guards = (p.ClockOver("opened", 20 * MINUTE), p.ClockOver("opened", 10 * MINUTE), p.TimeLeftUnder("until", HOUR))
    assert next_change(p.AnyOf(guards), night.incident, NOW) == NOW + TICK
    assert next_change(p.AllOf(guards), night.incident, NOW + 10 * MINUTE) == NOW + 20 * MINUTE


@pytest.mark.parametrize(
    "guard",
    [
        pytest.param(p.StepIs("look"), id="step"),
        pytest.param(p.StrandDone(None), id="strands"),
        pytest.param(p.RoleAcknowledged("guard"), id="role"),
        pytest.param(p.SeverityAtLeast(Severity.red), id="severity"),
        pytest.param(p.ZonesSwept(), id="zones"),
        pytest.param(p.SaidBy("chief"), id="said by"),
        pytest.param(p.FactReaches("back", "people"), id="reaches"),
        pytest.param(p.FactIs("smoke", "yes"), id="fact without a length"),
        pytest.param(None, id="none"),
    ],
)
def test_what_time_cannot_change(guard):
    """Questions about people and deeds wake nobody: only an event can change their answer."""
    assert next_change(guard, told(smoke="yes").incident, NOW) is None


def test_steps_and_their_answers():
    """A step is done once it was reported; with an answer, only when it was that one."""
    night = Night(PLAN)
    assert not holds(p.StepIs("look"), night.incident, NOW)
    night.finish("gina", "look", "none")
    assert holds(p.StepIs("look"), night.incident, NOW)
    assert holds(p.StepIs("look", "none"), night.incident, NOW)
    assert not holds(p.StepIs("look", "fire"), night.incident, NOW)


def test_strands():
    """A strand is done when each of its steps is; a step that does not exist yet holds nothing up, once it does it
    counts."""
    night = Night(PLAN)
    assert not holds(p.StrandDone("doors"), night.incident, NOW)
    night.finish("dora", "lock")
    assert holds(p.StrandDone("doors"), night.incident, NOW)
    assert not holds(p.StrandDone(None), night.incident, NOW)
    night.tell("smoke", "yes")
    assert not holds(p.StrandDone("doors"), night.incident, NOW)
    night.finish("dora", "bolt")
    assert holds(p.StrandDone("doors"), night.incident, NOW)
    assert not holds(p.StrandDone("nonsense"), night.incident, NOW)


def test_a_step_given_up_ends_its_strand():
    """Giving a step up with a reason counts for its strand, and not as done."""
    night = Night(PLAN)
    night.do(c.GiveUpStep(step=night.run("lock").id, by="mark", reason="seal"))
    assert holds(p.StrandDone("doors"), night.incident, NOW)
    assert not holds(p.StepIs("lock"), night.incident, NOW)


def test_acknowledgments_count_people():
    """A role has answered when so many different people in it have, in the present state."""
    night = Night(PLAN)
    assert not holds(p.RoleAcknowledged("guard"), night.incident, NOW)
    night.acknowledge("gina", "look")
    assert holds(p.RoleAcknowledged("guard", 1), night.incident, NOW)
    assert not holds(p.RoleAcknowledged("guard", 2), night.incident, NOW)
    sweep = next(a for a in night.alerts("gina") if a.step != night.run("look").id)
    night.do(c.Acknowledge(alert=sweep.id))
    assert not holds(p.RoleAcknowledged("guard", 2), night.incident, NOW)
    night.acknowledge("gus", "look")
    assert holds(p.RoleAcknowledged("guard", 2), night.incident, NOW)


def test_said_by():
    """Only an order can say it, and only in the role that counts."""
    incident = Night(PLAN).incident
    assert not holds(p.SaidBy("chief"), incident, NOW)
    assert not holds(p.SaidBy("chief"), incident, NOW, Order("closed", frozenset({"desk"})))
    assert holds(p.SaidBy("chief"), incident, NOW, Order("closed", frozenset({"chief"})))
    assert not holds(p.NotOf(p.SaidBy("chief")), incident, NOW, Order("closed", frozenset({"chief"})))


@pytest.mark.parametrize(
    "place, severity, scope",
    [
        pytest.param("f1", Severity.yellow, ("f1",), id="the floor itself"),
        pytest.param("f1_corner", Severity.orange, ("f1",), id="the floor around a corner in a shop"),
        pytest.param("f1_corner", Severity.red, ("f1", "f2"), id="at red every floor"),
        pytest.param("site", Severity.yellow, ("f1", "f2"), id="the whole site"),
        pytest.param("lift_1", Severity.yellow, ("f1", "f2"), id="a lift lies on no floor"),
    ],
)
def test_zones_in_scope(place, severity, scope):
    """The floor the place lies on is swept; at red, or when it lies on none, every floor."""
    night = Night(PLAN, place=place, severity=severity)
    assert scope == zones_in_scope(night.incident)


def test_zones_swept():
    """Every zone in scope has to be done or given up; a raise to red brings the other floors into scope."""
    night = Night(PLAN)
    assert not holds(p.ZonesSwept(), night.incident, NOW)
    night.finish("gina", "sweep")
    assert holds(p.ZonesSwept(), night.incident, NOW)
    night.do(c.ChangeSeverity(to=Severity.red, by="mark"))
    assert not holds(p.ZonesSwept(), night.incident, NOW)
    assert night.run("sweep").zone == "f2"
    night.do(c.GiveUpStep(step=night.run("sweep").id, by="mark", reason="seal"))
    assert holds(p.ZonesSwept(), night.incident, NOW)


def test_a_site_without_floors_is_never_swept():
    """Nothing to sweep is not swept: a guard that could never be refused would be no guard."""
    site = a_site()
    bare = replace(site, places=(site.places[0],))
    night = Night(PLAN, site=bare, place="site")
    assert not holds(p.ZonesSwept(), night.incident, NOW)
