"""Riots and armed attackers: no verifying, 110 first, away from it or locked in, the police, few who know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from emergency.core.sandbox import named
from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import EVENING, HOUR, MINUTE, SECOND, Scene, shipped_plans


def test_from_the_door_to_the_archive(story: Played) -> None:
    """Outside, then led away, then the police; swept with them zone by zone; stood down on their release."""
    scene = story("riot")

    assert scene.path()[:6] == ["reported", "perimeter", "separate", "external_command", "sweeping", "controlled"]
    assert scene.levels() == [("0:02:05", "red")]
    assert scene.step("call_110").status == "done"
    assert scene.incident.facts["police_released"].value == "yes"
    assert scene.state == "closed"


def test_nobody_is_sent_to_verify_and_110_comes_first(scene: Scene) -> None:
    """The first thing asked of the control room is the call, due in fifteen seconds; the cameras a breath later."""
    scene.open("riot")
    scene.run(until=15 * SECOND)
    first, second = scene.alerts(person="sun_li")[:2]

    assert scene.incident.steps[first.step or ""].name == "call_110"
    assert scene.incident.steps[second.step or ""].name == "watch"
    assert scene.incident.playbook.state("reported").steps[0].done == 15 * SECOND
    assert "verifying" not in {state.name for state in scene.incident.playbook.states}


def test_silence_means_that_they_are_inside(silence: Played) -> None:
    """Nobody looks: after a minute people are led away, at red; the police are called for again and again."""
    scene = silence("riot")

    assert scene.path() == ["reported", "separate"]
    assert scene.alerts(step="call_110")
    assert scene.alerts(step="call_again")
    assert scene.level == "red"


@pytest.mark.parametrize(
    "told, state",
    [
        pytest.param({"weapon": "yes"}, "attack", id="a knife"),
        pytest.param({"vehicle": "yes"}, "attack", id="a car driven at people"),
        pytest.param({"explosion": "yes"}, "attack", id="a bang, and panic"),
        pytest.param({"inside": "yes"}, "separate", id="inside"),
        pytest.param({"at_door": "yes"}, "reported", id="at the door: red, and somebody looks"),
    ],
)
def test_what_is_told_with_the_report_begins_there(scene: Scene, told: dict[str, str], state: str) -> None:
    """A report of an armed attack begins in the attack, at red, without a minute lost."""
    scene.open("riot", facts=told)

    assert scene.path() == [state]
    assert scene.level == "red"


def test_a_weapon_moves_it_from_every_state_of_ours(scene: Scene) -> None:
    """Shut outside, then a knife: attack at once, plain words over the speakers, no code words."""
    scene.everyone.works({"watch": "outside", "look": "outside"})
    scene.at(MINUTE, "fact", values={"weapon": "yes"})
    scene.open("riot")
    scene.run(until=90 * SECOND)

    assert scene.path() == ["reported", "perimeter", "attack"]
    said = scene.incident.now_in.announce
    assert said is not None
    assert "{place}" in said.zh
    assert "words." not in said.zh + said.en
    assert "持械" in said.zh


@pytest.mark.parametrize(
    "works, skips",
    [
        pytest.param({"shut": "cannot"}, (), id="it cannot be shut"),
        pytest.param({}, ("shut",), id="nobody says within three minutes that it is shut"),
        pytest.param({"lock": "leave"}, (), id="the duty manager decides to leave"),
        pytest.param({"eyes": "inside"}, (), id="they break in"),
    ],
)
def test_a_side_that_does_not_hold_is_left(scene: Scene, works: dict[str, str], skips: tuple[str, ...]) -> None:
    """The posts pull back and people are led away."""
    scene.everyone.works({"watch": "outside", "look": "outside", **works}, skips=skips)
    scene.open("riot")
    scene.run(until=4 * MINUTE)

    assert scene.path() == ["reported", "perimeter", "separate"]


def test_it_moves_on_and_only_seen_quiet_is_quiet(scene: Scene) -> None:
    """They leave; after half an hour in which somebody looked it is under control, without looks it is not."""
    scene.everyone.works({"watch": "outside", "look": "outside", "eyes": "off"}, skips=("eyes",))
    scene.at(2 * MINUTE, "transition", to="watching", by="sun_li")
    scene.open("riot")
    scene.run(until=50 * MINUTE)
    assert scene.state == "watching"

    looking = next(alert for alert in scene.alerts(step="eyes") if alert.status == "acknowledged")
    eyes = scene.step("eyes")
    scene.do("reply", person=looking.person, text=f"{scene.incident.code}{eyes.letter} 4")

    assert scene.state == "controlled"


def test_the_police_command_and_release(scene: Scene) -> None:
    """In their hands nobody of ours moves the plan; without their release there is no stand-down."""
    scene.everyone.works({"watch": "inside", "release": "not_yet"})
    scene.open("riot")
    scene.run(until=20 * MINUTE)
    assert scene.state == "external_command"

    with pytest.raises(CommandRefused, match="on the word of police"):
        scene.do("transition", to="sweeping", by="command")
    scene.do("transition", to="sweeping", by="police")
    scene.run(until=45 * MINUTE)
    assert scene.state == "controlled"
    with pytest.raises(CommandRefused, match="not possible yet"):
        scene.do("stand-down", by="command", check=["all"])
    scene.fact(police_released="yes")
    scene.do("stand-down", by="command", check=["all"])

    assert scene.incident.ended == "stand_down"


def test_the_worst_night(scene: Scene) -> None:
    """An armed attack with hurt and dead, a fire and dropped bags: ambulance and brigade are called, what else may
    come is expected, the dead are reported, everybody's minds are looked after."""
    scene.everyone.works({"release": "released"})
    scene.at(2 * MINUTE, "fact", values={"injured": "4", "dead": "1", "fire_seen": "yes", "bags": "yes"})
    scene.on("external_command", "transition", after=90 * MINUTE, to="sweeping", by="police")
    scene.is_stood_down("controlled", after=2 * HOUR)
    scene.open("riot", facts={"weapon": "yes"})
    scene.run(until=30 * MINUTE)

    assert scene.path() == ["attack", "external_command"]
    assert scene.step("call_119").status == "done"
    assert {"personal_injury", "fire", "suspicious_object", "media", "crowding"} <= set(scene.incident.expected)
    assert scene.alerts(step="report")

    scene.run(until=5 * HOUR)

    assert scene.state == "follow_up"
    assert {"casualties", "minds", "silence"} <= {run.name for run in scene.incident.runs_here()}


def test_a_shout_that_was_none_is_called_off(scene: Scene) -> None:
    """Children with toy swords: whoever is on the spot may say so."""
    scene.everyone.answers_after(20 * SECOND)
    scene.open("riot")
    scene.run(until=30 * SECOND)
    scene.do("cancel", by="liu_yang", reason="children with toy swords")

    assert scene.incident.ended == "false_alarm"


@pytest.mark.parametrize(
    "place, there",
    [
        pytest.param("f1_atrium", {"ma_liang"}, id="the security supervisor himself"),
        pytest.param("f1_service_desk", {"guo_xin", "su_meng"}, id="the duty manager at the desk"),
        pytest.param("f1_jeweller", {"cai_qiang"}, id="the guard in the shop"),
    ],
)
def test_nobody_in_the_place_is_rung(scenes: Callable[[datetime], Scene], place: str, there: set[str]) -> None:
    """Who may be hiding there gets no text and no call, and holds no role."""
    scene = scenes(EVENING)
    scene.open("riot", place, facts={"weapon": "yes"})
    scene.run(until=HOUR)

    assert scene.received()
    assert set() == set(scene.per_person()) & there
    assert set() == {p for slots in scene.incident.roles.values() for p in slots.values()} & there


def test_few_are_told(story: Played) -> None:
    """Roles without work away from the place have no level: nobody is called in just to stand by in its way."""
    plan = shipped_plans()["riot"]
    by_step = {call.role for call in plan.roles if call.at is None}

    assert plan.silent_place
    assert by_step >= {"fire_team", "rescue", "medical", "logistics", "engineering", "customer_service", "finance"}
    asked = {alert.role for alert in story("riot").alerts(kind="stand_by")}
    assert asked & by_step == set()


def test_the_police_are_told_what_they_ask() -> None:
    """Weapon, number, last seen, injured, free entrances; the line stays open."""
    (police,) = [agency for agency in shipped_plans()["riot"].agencies if agency.name == "police"]

    for words in (police.say.zh, police.say.en):
        told = {name for name, _ in named(words)}
        assert told >= {"site", "place", "weapon", "attackers", "last_seen", "injured", "free_gates", "looks"}
    assert "不挂机" in police.say.zh
    assert "stay on the line" in police.say.en
