"""The shipped plans prove, at the sample site: no error, everything looked at, silence stops none of them."""

from __future__ import annotations

import pytest

from tests.check import shipped


@pytest.mark.parametrize("id", shipped.IDS)
def test_a_shipped_plan_proves(id):
    """No error is found, and nothing was too large to look at."""
    found = shipped.proof(id)
    assert [f"{f.id} {f.path} {f.says}" for f in found.findings if f.severity == "error"] == []
    assert found.holds
    assert found.explored.states < found.explored.situations < found.explored.stands_for


@pytest.mark.parametrize("id", shipped.IDS)
def test_silence_stops_no_plan(id):
    """From every state silence leads to a state in which somebody is reminded again and again, or to the end."""
    plan, found = shipped.plan(id), shipped.proof(id)
    finals = {state.name for state in plan.states if state.final}
    assert {each.state for each in found.silence} == {state.name for state in plan.states}
    assert all(each.nudges or each.rests in finals for each in found.silence)


@pytest.mark.parametrize("id", shipped.IDS)
def test_every_milestone_is_computed(id):
    """Each milestone has its worst case and the story of it, or waits for people alone."""
    for reached in shipped.proof(id).milestones:
        assert reached.worst is None or reached.story
        assert not reached.silent or reached.worst <= reached.target


def test_the_fire_brigade_is_called_in_three_minutes():
    """The figure that people ask for: with nobody answering, 119 is called three minutes after the report."""
    (called,) = [each for each in shipped.proof("fire").milestones if each.name == "brigade_called"]
    assert called.worst == called.target
    assert called.silent
    assert [line.en.split(" ")[0] for line in called.story] == ["0:00", "0:30", "2:30", "3:00"]
