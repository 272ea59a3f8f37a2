"""Injuries: seconds for a heart, danger before help, an ambulance that takes over, a slight case that walks off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from emergency.core.wording import filled, script
from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, HOUR, MINUTE, NIGHT, SECOND, Scene


def test_a_fall_is_taken_to_hospital_and_called_back(story: Played) -> None:
    """First aid is not enough: 120 takes over, somebody goes along, photos come before the mop, then it is closed."""
    scene = story("personal_injury")

    assert scene.path()[1:5] == ["on_scene", "awaiting_120", "handed_over", "recording"]
    assert scene.levels()[0][1] == "orange"
    assert scene.step("call_120").status == "done"
    assert scene.step("along").status == "done"
    assert scene.step("photos").started < scene.step("fix").started
    assert scene.incident.is_closed


def test_somebody_who_walks_off_needs_no_ambulance(scene: Scene) -> None:
    """Slight: noted, signed, cleaned after the photos; nobody dials, the level stays yellow."""
    scene.everyone.works({"check": "trivial"})
    scene.is_stood_down("recording", after=HOUR)
    scene.is_followed_up(affected=1)
    scene.open("personal_injury")
    scene.run(until=40 * DAY)

    assert scene.path() == ["reported", "on_scene", "recording", "stood_down", "follow_up", "closed"]
    assert scene.level == "yellow"
    assert not scene.alerts(step="call_120")
    assert not scene.alerts(step="report_late")


def test_silence_sends_an_aed_and_the_ambulance(silence: Played) -> None:
    """Nobody says that the person breathes: after three minutes it counts as no, at red, and it is never quiet."""
    scene = silence("personal_injury")

    assert scene.state == "cardiac_arrest"
    assert scene.level == "red"
    assert scene.alerts(step="call_120")
    assert scene.alerts(step="aed")
    assert scene.since_start(scene.step("second_aed").started) == "0:05:00"


def test_a_person_who_is_said_to_breathe_is_not_resuscitated_by_silence(scenes: Callable[[datetime], Scene]) -> None:
    """Said to breathe, then no word for ten minutes: an ambulance, not a resuscitation."""
    scene = scenes(NIGHT)
    scene.at(20 * SECOND, "fact", values={"breathing": "yes"})
    scene.open("personal_injury")
    scene.run(until=12 * MINUTE)

    assert scene.path() == ["reported", "on_scene", "awaiting_120"]
    assert scene.timeline()[-1] == ("0:11:00", "awaiting_120", "timeout")


def test_no_breath_starts_cpr_at_once(scene: Scene) -> None:
    """The caller says no breath: CPR, AED, 120 and the fire team inside the first half minute, the code over the PA."""
    scene.everyone.works({"ask": "none", "outcome": "breathes", "stay": "same"})
    scene.open("personal_injury")
    scene.run(until=MINUTE)

    assert scene.path() == ["reported", "cardiac_arrest"]
    assert scene.level == "red"
    assert {"cpr", "aed", "aed_on", "call_120", "helpers"} <= {run.name for run in scene.incident.runs_here()}
    announce = scene.incident.now_in.announce
    assert announce is not None
    assert filled(announce, scene.incident, "zh").startswith("客服请带小红箱")

    scene.run(until=12 * MINUTE)

    assert scene.path()[2] == "awaiting_120"


def test_who_breathes_again_still_waits_for_the_ambulance(scene: Scene) -> None:
    """Breathing again is no hand-over; losing it again is CPR again; the ambulance's word hands over."""
    scene.open("personal_injury")
    scene.fact(breathing="no")
    scene.fact(breathing="yes")
    assert scene.state == "awaiting_120"
    scene.fact(breathing="no")
    assert scene.state == "cardiac_arrest"
    scene.fact(breathing="yes")

    scene.do("transition", to="handed_over", by="ambulance")

    assert scene.state == "handed_over"


def test_an_aed_that_does_not_move_gets_a_second_carrier(scene: Scene) -> None:
    """A minute without a carrier on the way: the deputy is asked, and somebody else fetches the second one."""
    scene.everyone.works({"ask": "none"}, skips=("aed",))
    scene.open("personal_injury")
    scene.run(until=3 * MINUTE)

    assert scene.timeline()[1] == ("0:00:25", "cardiac_arrest", "guard")
    assert scene.since_start(scene.step("second_aed").started) == "0:01:25"
    assert len({alert.person for alert in scene.alerts(step="aed")}) >= 2


def test_an_aed_on_its_way_needs_no_second_one(scene: Scene) -> None:
    """The first carrier says that they are coming: nobody else runs."""
    scene.everyone.works({"ask": "none"})
    scene.open("personal_injury")
    scene.run(until=3 * MINUTE)

    assert not scene.alerts(step="second_aed")


def test_current_goes_off_before_anybody_touches(scene: Scene) -> None:
    """Shock and no breath: no CPR while the current is on; it is off, and CPR begins."""
    scene.everyone.works({"ask": "shock"}, skips=("off",))
    scene.at(30 * SECOND, "fact", values={"breathing": "no"})
    scene.open("personal_injury")
    scene.run(until=90 * SECOND)
    assert scene.state == "hazard_control"
    assert scene.alerts(step="off")
    assert not scene.alerts(step="air")

    scene.fact(hazard_active="no")

    assert scene.path()[-2:] == ["on_scene", "cardiac_arrest"]


@pytest.mark.parametrize("state", ["on_scene", "awaiting_120", "cardiac_arrest"])
def test_a_danger_found_later_comes_first(scene: Scene, state: str) -> None:
    """The helpers notice gas or current: from wherever people stand, the danger goes first."""
    scene.open("personal_injury")
    scene.do("transition", to=state, by="command", override=True, reason="seen on camera")

    scene.fact(hazard="co", hazard_active="yes")

    assert scene.state == "hazard_control"


def test_a_gas_that_stays_two_minutes_is_red_and_the_brigades(scene: Scene) -> None:
    """Orange when it is told, red when it stays for two minutes; then 119, and the shop is emptied although nobody
    decided; only the brigade hands back, and only once the gas is off."""
    scene.at(10 * SECOND, "fact", values={"hazard": "co"})
    scene.at(10 * SECOND, "fact", values={"hazard_active": "yes"})
    scene.open("personal_injury")
    scene.run(until=2 * MINUTE)
    assert scene.level == "orange"

    scene.run(until=130 * SECOND)

    assert scene.levels() == [("0:00:10", "orange"), ("0:02:10", "red")]
    assert scene.alerts(step="call_119")
    assert scene.alerts(step="by_silence")
    assert {e.playbook for e in scene.incident.now_in.expects} == {"gas_leak"}
    scene.do("transition", to="external_command", by="fire_brigade")
    with pytest.raises(CommandRefused, match="hazard_active"):
        scene.do("transition", to="on_scene", by="fire_brigade")
    with pytest.raises(CommandRefused, match="on the word of fire_brigade"):
        scene.do("transition", to="on_scene", by="command")
    scene.fact(hazard_active="no")
    scene.do("transition", to="on_scene", by="fire_brigade")
    assert scene.path()[-2:] == ["external_command", "on_scene"]


def test_whoever_breathed_gas_goes_to_hospital_even_if_better(scene: Scene) -> None:
    """Slight, but carbon monoxide: 120 all the same."""
    scene.everyone.works({"ask": "gas", "air": "clear", "check": "trivial"})
    scene.open("personal_injury")
    scene.run(until=6 * MINUTE)

    assert scene.path() == ["reported", "hazard_control", "on_scene", "awaiting_120"]


@pytest.mark.parametrize(
    "told, level",
    [
        pytest.param({"casualties": "2"}, "yellow", id="two with grazes"),
        pytest.param({"casualties": "3"}, "red", id="three are ill"),
        pytest.param({"injured": "1"}, "orange", id="one needs a hospital"),
        pytest.param({"serious": "yes"}, "orange", id="a fracture"),
        pytest.param({"vulnerable": "yes"}, "orange", id="a child"),
        pytest.param({"hazard": "shock"}, "orange", id="a shock of any degree"),
        pytest.param({"awake": "no"}, "red", id="unconscious"),
        pytest.param({"dead": "1"}, "red", id="a death"),
    ],
)
def test_what_is_told_raises_the_level(scene: Scene, told: dict[str, str], level: str) -> None:
    """First aid is yellow, a hospital orange, a life at stake red."""
    scene.open("personal_injury")
    scene.fact(**told)

    assert level == scene.level


@pytest.mark.parametrize(
    "business, reported",
    [pytest.param("accident", True, id="an accident"), pytest.param("none", False, id="a faint")],
)
def test_only_an_accident_of_the_business_is_reported_within_the_hour(
    scene: Scene, business: str, reported: bool
) -> None:
    """Until somebody says that it is none it counts as one; then the report is due before the hour is over."""
    scene.everyone.works({"check": "hospital", "business": business})
    scene.on("handed_over", "fact", values={"injured": "1"})
    scene.open("personal_injury")
    scene.run(until=3 * HOUR)

    assert scene.state == "recording"
    assert reported == bool(scene.alerts(step="report_hour"))


def test_nothing_was_wrong(scene: Scene) -> None:
    """Somebody slept on a bench: called off with a cause, everybody told, closed."""
    scene.everyone.works()
    scene.at(20 * SECOND, "cancel", by="liu_yang", reason="asleep on a bench")
    scene.open("personal_injury")
    scene.run(until=HOUR)

    assert scene.path() == ["reported", "false_alarm", "closed"]
    assert scene.incident.ended == "false_alarm"


def test_the_words_for_the_agencies_hold_what_they_ask(scene: Scene) -> None:
    """120 asks where, which gate, how many, awake, breathing; 119 whether the danger is still there; 110 what moved."""
    scene.open("personal_injury")
    scene.fact(awake="no", breathing="yes", casualties="2", hazard="co", hazard_active="yes")

    ambulance = script(scene.incident, "ambulance", {"comms": "田媛", "vehicle_guide": "曹明"}, "zh")
    brigade = script(scene.incident, "fire_brigade", {}, "en")

    for part in ("揽星路188号", "4F东区", "东门", "曹明", "2人", "清醒：否", "呼吸：是", "co", "田媛"):
        assert part in ambulance
    for part in ("188 Lanxing Road", "still there: yes", "East gate", "2 ill or hurt"):
        assert part in brigade
    assert "未移动" in script(scene.incident, "police", {}, "zh")
