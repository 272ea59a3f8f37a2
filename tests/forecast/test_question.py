"""What counts: critical roles, heads that are there, milestones within sight."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from emergency.core.values import Severity
from emergency.drills.critical import critical
from emergency.errors import Mistakes
from emergency.forecast.question import question
from emergency.roster import Reach, members
from tests.scenarios.scene import NIGHT, NOON, PLACES, sample_roster, sample_site, shipped_plans


def asked(plan: str, at=NOON, **more):  # type: ignore[no-untyped-def]
    """Return the question about a shipped plan."""
    team = members(sample_roster(), sample_site(), at, Reach(), {})
    return question(shipped_plans()[plan], sample_site(), team, PLACES[plan], **more)


def test_critical_is_who_is_called_at_the_opening_and_has_something_to_do() -> None:
    """A fire opens in blue: control room, leader and fire team; the duty manager is called, and has no step."""
    plan = shipped_plans()["fire"]
    found = [(each.role, each.heads) for each in critical(plan, Severity.blue)]
    assert found == [("control_room", 2), ("on_scene", 1), ("fire_team", 4)]
    assert "duty_manager" in [call.role for call in plan.roles if call.at is Severity.blue]


def test_a_graver_opening_has_more_critical_roles() -> None:
    """Opened in orange, the fire waits for whoever orange calls too; none falls out."""
    plan = shipped_plans()["fire"]
    assert set(critical(plan, Severity.blue)) < set(critical(plan, Severity.orange))
    assert "commander" in [each.role for each in critical(plan, Severity.orange)]


@pytest.mark.parametrize("plan", sorted(PLACES))
def test_every_shipped_plan_has_somebody_to_wait_for(plan: str) -> None:
    """No plan we ship would be answered before anybody has; at night neither."""
    for at in (NOON, NIGHT):
        found = asked(plan, at)
        assert found.roles
        assert all(1 <= wanted.heads == wanted.of for wanted in found.roles)
        assert timedelta(minutes=10) <= found.horizon <= timedelta(minutes=30)


def test_what_has_hours_is_not_waited_for() -> None:
    """People are out of the lift within two hours: who answers first does not decide it, and it makes no run longer."""
    found = asked("elevator_entrapment")
    assert [each.name for each in found.milestones] == ["answered", "maintainer_called"]
    assert found.horizon == timedelta(minutes=10)


def test_a_seat_that_nobody_has_is_said_and_waited_for() -> None:
    """With one of the fire team left in the house all four are still waited for, and the three missing are named."""
    roster = sample_roster()
    team = members(roster, sample_site(), NOON, Reach(), {})
    keep = next(m.id for m in team if m.duty == "on" and "fire_team" in m.roles)
    others = {"fire_team", *sample_site().duty("fire_team").deputies}
    left = tuple(m if m.id == keep or not others & m.roles.keys() else replace(m, duty="off") for m in team)
    found = question(shipped_plans()["fire"], sample_site(), left, PLACES["fire"], only=("fire_team",))
    assert (found.roles[0].heads, found.roles[0].of, found.roles[0].empty) == (4, 4, 3)


def test_an_unknown_role_is_refused_with_the_nearest() -> None:
    """Every wrong role is named, with what was meant."""
    with pytest.raises(Mistakes) as refused:
        asked("fire", only=("fire_tem", "nonsense"))
    assert "--role: fire has no role 'fire_tem'. Did you mean 'fire_team'?" in str(refused.value)
    assert "'nonsense'" in str(refused.value)
