"""A role that nobody has: shown, told, and after three minutes of a grave incident passed on."""

from __future__ import annotations

import pytest

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.values import Severity
from tests.core.small import HOUR, MINUTE, SECOND, STILL, Night, a_plan, a_state, a_step, calls, kinds, member

ALONE = (member("mark", "manager"), member("dora", "desk"))
"""Somebody commands, somebody is at the desk; no guard and no helper."""
LOOK = a_state("first", a_step("look"), leave=(STILL,))


def night(*team, level=Severity.orange, state=LOOK, roles="manager desk guard"):
    """An incident of this level that calls for a guard; whoever is asked to be ready is."""
    one = Night(a_plan(state, calls=roles, start=level), team=team)
    for alert in one.alerts(kind="stand_by"):
        one.do(c.Acknowledge(alert=alert.id))
    return one


def escalated(events):
    """Which roles were passed on, and to whom."""
    return [(event.role, event.to) for event in events if isinstance(event, e.GapEscalated)]


def test_the_next_higher_role_has_it_and_the_gap_stays():
    """Nobody can take the role: it is logged as empty, command is told, and the next higher role is called on."""
    first = night(*ALONE)
    assert [(each.role, each.slot) for each, _ in first.history if isinstance(each, e.RoleUnfilled)] == [("guard", 1)]
    assert first.incident.roles["guard"] == {1: "mark"}
    assert first.incident.chosen["guard", 1].because == "higher"
    assert ("guard", 1) in first.incident.unfilled
    assert first.asked("look") == ["mark"]
    assert [alert.role for alert in first.alerts("mark", kind="gap")] == ["guard"]


def test_after_three_minutes_it_is_passed_on():
    """Who should see to it has not answered and nobody is above: command hears of it by voice and text; once."""
    one = night(*ALONE)
    assert escalated(one.wait(3 * MINUTE - SECOND)) == []
    then = one.wait(SECOND)
    assert escalated(then) == [("guard", "mark")]
    assert calls(then) == [("mark", "sms"), ("mark", "voice")]
    assert one.incident.overdue == {"guard"}
    assert escalated(one.wait(30 * MINUTE)) == []


def test_the_next_above_who_was_not_asked_is_called_on():
    """A step that has hours is chased slowly; its empty role is not: somebody above gets it, by voice and text."""
    slow = a_state("first", a_step("look", done=2 * HOUR), leave=(STILL,))
    one = night(*ALONE, member("max", "manager:2"), state=slow)
    assert one.asked("look") == ["mark"]
    then = one.wait(3 * MINUTE)
    assert escalated(then) == [("guard", "max")]
    assert {("max", "sms"), ("max", "voice")} <= set(calls(then))
    assert one.asked("look") == ["mark", "max"]


@pytest.mark.parametrize(
    "level, due",
    [
        pytest.param(Severity.blue, False, id="blue"),
        pytest.param(Severity.yellow, False, id="yellow"),
        pytest.param(Severity.orange, True, id="orange"),
        pytest.param(Severity.red, True, id="red"),
    ],
)
def test_only_what_is_grave(level, due):
    """At blue and yellow the gap is shown and told; orange and red alone pass it on after three minutes."""
    assert bool(escalated(night(*ALONE, level=level).wait(4 * MINUTE))) is due


def test_an_answer_ends_the_wait():
    """Who has taken it has it: nothing is passed on, and the gap is closed."""
    one = night(*ALONE)
    one.acknowledge("mark", "look")
    assert one.incident.unfilled == frozenset()
    assert escalated(one.wait(10 * MINUTE)) == []


def test_an_answer_later_ends_what_is_overdue():
    """Whoever of those called takes it, the role is not overdue any more."""
    one = night(*ALONE)
    one.wait(3 * MINUTE)
    one.acknowledge("mark", "look")
    assert one.incident.overdue == frozenset()
    assert one.incident.unfilled == frozenset()


def test_somebody_comes_meanwhile():
    """A guard who comes within three minutes takes the role's step by the ordinary way; nothing is passed on."""
    one = night(member("dora", "desk"), roles="desk guard*2")
    assert ("guard", 2) in one.incident.unfilled
    one.wait(MINUTE)
    one.do(c.UpdateRoster(members=(member("dora", "desk"), member("gina", "guard"), member("gus", "guard"))))
    assert "gina" in one.incident.roles["guard"].values()
    one.acknowledge("gina", "look")
    assert escalated(one.wait(10 * MINUTE)) == []


def test_a_second_head_missing_is_no_empty_role():
    """Where one of several has it, the role has somebody: what is missing is shown, not passed on."""
    one = night(*ALONE, member("gina", "guard"), roles="manager desk guard*2")
    assert ("guard", 2) in one.incident.unfilled
    one.acknowledge("gina", "look")
    assert escalated(one.wait(10 * MINUTE)) == []


def test_raised_to_orange_the_wait_begins():
    """A gap of a light incident becomes urgent when the incident becomes grave."""
    one = night(*ALONE, level=Severity.yellow)
    one.wait(10 * MINUTE)
    one.do(c.ChangeSeverity(to=Severity.orange, by="mark", reason="smoke"))
    assert escalated(one.wait(2 * MINUTE)) == []
    assert len(escalated(one.wait(MINUTE))) == 1


def test_nobody_above_either():
    """Nobody at all: it is written down, and nothing breaks."""
    one = night(member("hana", "helper", duty="off"))
    assert escalated(one.wait(3 * MINUTE)) == [("desk", None), ("guard", None), ("manager", None)]


def test_a_ladder_that_is_used_up_is_a_gap_too():
    """Everyone of a role was called and nobody answered: three minutes after the gap is shown it is passed on."""
    one = night(*ALONE, member("gina", "guard"))
    shown = one.wait(2 * MINUTE)
    assert "RoleUnfilled" in kinds(shown)
    assert escalated(one.wait(3 * MINUTE - SECOND)) == []
    assert [role for role, _ in escalated(one.wait(2 * SECOND))] == ["guard"]


def test_what_is_over_is_not_passed_on():
    """After the end nobody is called for an empty role."""
    one = night(*ALONE)
    one.do(c.OrderTransition(to="over", by="mark", reason="all out", override=True))
    assert escalated(one.wait(10 * MINUTE)) == []
    assert not [timer for timer in one.incident.timers if timer.startswith("unfilled:")]
