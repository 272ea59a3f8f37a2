"""Earthquakes: cover first, nobody asked while it shakes; then every lift, every shop; hold, or out to the square."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from emergency.core.wording import script
from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, HOUR, MINUTE, NIGHT, SECOND, Scene, sample_site


def test_while_it_shakes_nobody_else_is_asked(scenes: Callable[[datetime], Scene]) -> None:
    """For ninety seconds only the control room, the duty manager and the one on the spot are called, to take cover."""
    scene = scenes(NIGHT)
    scene.open("earthquake")
    scene.run(until=59 * SECOND)

    assert {"control_room", "duty_manager", "on_scene"} == {a.role for a in scene.alerts() if a.kind == "task"}
    assert len(scene.per_person()) <= 4
    assert "护头" in scene.words_to("han_zhong", "sms")[0]


def test_after_the_shaking_everybody_counts(scene: Scene) -> None:
    """It has stopped: every group is called, on its floor, for its own thing."""
    scene.everyone.works()
    scene.open("earthquake")
    scene.run(until=2 * MINUTE)

    assert scene.state == "check"
    asked = {a.role for a in scene.alerts() if a.kind == "task"}
    assert {"engineering", "lift_manager", "fire_team", "medical", "rescue", "evacuation", "cordon", "floor"} <= asked
    assert {"commander", "deputy_commander", "comms", "logistics", "scribe"} - asked <= {"deputy_commander"}


def test_every_lift_is_looked_into(scene: Scene) -> None:
    """One step for each car, named; people inside one make it red and call the maintainer and 119."""
    scene.everyone.works(skips=("cars", "look"))
    scene.open("earthquake")
    scene.run(until=3 * MINUTE)
    cars = [run for run in scene.incident.runs_here() if run.name == "cars"]
    assert [run.zone for run in cars] == [place.id for place in sample_site().places if place.kind == "lift"]
    assert any("2号梯" in text for text in scene.words_to("shen_li", "sms"))

    scene.fact(trapped_cars="1")

    assert scene.level == "red"
    assert {"lifts", "call_119"} <= {run.name for run in scene.incident.runs_here()}
    assert "elevator_entrapment" in scene.incident.expected


@pytest.mark.parametrize(
    "told, level",
    [
        pytest.param({"goods_fell": "yes"}, "orange", id="goods fall"),
        pytest.param({"cracks": "yes"}, "orange", id="cracks"),
        pytest.param({"lifts_stopped": "yes"}, "orange", id="lifts stop"),
        pytest.param({"structure": "yes"}, "red", id="the structure"),
        pytest.param({"injured": "1"}, "red", id="somebody is hurt"),
        pytest.param({"missing": "1"}, "red", id="somebody is missing"),
    ],
)
def test_what_makes_it_graver(scene: Scene, told: dict[str, str], level: str) -> None:
    """Felt is yellow; things that fall, cracks and lifts orange; the structure or people red."""
    scene.open("earthquake")
    assert scene.level == "yellow"
    scene.fact(**told)

    assert level == scene.level


def test_felt_and_nothing_broken_is_held_inside(story: Played) -> None:
    """No damage: nobody is sent out under the glass; inspected, resumed, closed; the shops are recorded."""
    scene = story("earthquake")

    assert "evacuating" not in scene.path()
    assert scene.levels() == []
    assert {"damage", "insurance", "care"} <= {run.name for run in scene.incident.steps.values()}


def test_silence_means_damage(silence: Played) -> None:
    """Nobody looks: out after ten minutes, and every silent name stands on the list; 119 is pressed for a week."""
    scene = silence("earthquake")
    here = {run.name for run in scene.incident.runs_here()}

    assert scene.state == "evacuating"
    assert {"sweep", "call_119", "timeline"} <= here
    assert scene.alerts(step="silent_ones")
    assert {run.zone for run in scene.sweeps()} >= {"b1", "f1", "f5"}


@pytest.mark.parametrize(
    "answers, told",
    [
        pytest.param({"look": "damage"}, "structure", id="columns are damaged"),
        pytest.param({"fire": "fire"}, "fire_seen", id="there is fire"),
        pytest.param({"fire": "gas"}, "gas_smell", id="it smells of gas"),
    ],
)
def test_an_answer_that_names_danger_empties_the_house(scene: Scene, answers: dict[str, str], told: str) -> None:
    """The answer itself tells the fact, the fact moves the plan."""
    scene.everyone.works(answers, skips=("sweep", "to_gate"))
    scene.open("earthquake")
    scene.run(until=6 * MINUTE)

    assert scene.state == "evacuating"
    assert scene.incident.facts[told].value == "yes"
    assert scene.level == "red"


@pytest.mark.parametrize(
    "answer, state",
    [pytest.param("hold", "hold", id="hold"), pytest.param("leave", "evacuating", id="leave")],
)
def test_things_fell_and_the_duty_manager_decides(scene: Scene, answer: str, state: str) -> None:
    """Things fell, the columns stand: hold or leave is a decision."""
    scene.everyone.works({"look": "fallen", "choose": answer}, skips=("sweep", "to_gate"))
    scene.open("earthquake")
    scene.run(until=6 * MINUTE)

    assert state == scene.state


def test_things_fell_and_nobody_decides(scene: Scene) -> None:
    """Undecided after ten minutes is out."""
    scene.everyone.works({"look": "fallen"}, skips=("choose", "sweep", "to_gate"))
    scene.open("earthquake")
    scene.run(until=13 * MINUTE)

    (_, check, _), (left, state, via) = scene.timeline()[1:]
    assert (check, state, via) == ("check", "evacuating", "timeout")
    assert "0:10:00" < left < "0:11:30"


def test_holding_for_half_an_hour_asks_for_a_decision_and_silence_leaves(scene: Scene) -> None:
    """Thirty minutes of holding without an inspection: the commander decides; five minutes and two tries later, out."""
    scene.everyone.works(skips=("inspect", "choose", "sweep", "to_gate"))
    scene.open("earthquake")
    scene.run(until=50 * MINUTE)

    times = {state: at for at, state, _ in scene.timeline()}
    assert scene.path()[:4] == ["shaking", "check", "hold", "evacuating"]
    assert scene.timeline()[3][2] == "late_step"
    assert times["hold"] < "0:05:00"
    assert "0:38:00" < times["evacuating"] < "0:42:00"


def test_the_second_shock_begins_it_again(scene: Scene) -> None:
    """While all are held inside it shakes again: cover, and everything is checked anew."""
    scene.everyone.works(skips=("inspect",))
    scene.on("hold", "transition", after=5 * MINUTE, to="shaking", by="sun_li")
    scene.open("earthquake")
    scene.run(until=12 * MINUTE)

    assert scene.path()[:5] == ["shaking", "check", "hold", "shaking", "check"]
    assert len({run.id for run in scene.incident.steps.values() if run.name == "utilities"}) == 2


def test_the_worst_case_closes_the_house_until_the_authority_releases_it(scene: Scene) -> None:
    """Damage, people hurt and missing: out by zones, the brigade commands and hands back, surveyed as damaged, shut;
    the release of the authority leads back, the follow-up runs to its legal ends."""
    scene.everyone.works({"look": "damage", "survey": "damaged"}, skips=("release", "sweep"))
    scene.on("evacuating", "fact", after=MINUTE, values={"injured": "4", "missing": "1", "trapped": "yes"})
    scene.on("external_command", "transition", after=HOUR, to="outside", by="fire_brigade")
    scene.on("closed_building", "fact", after=2 * DAY, values={"released": "yes"})
    scene.is_stood_down("resume", after=6 * HOUR)
    scene.is_followed_up(affected=6)
    scene.open("earthquake")
    scene.run(until=30 * MINUTE)
    assert scene.state == "external_command"
    assert scene.incident.now_in.commanded_by == "fire_brigade"
    with pytest.raises(CommandRefused, match="on the word of fire_brigade"):
        scene.do("transition", to="outside", by="command")
    scene.run(until=40 * DAY)

    assert scene.path()[2:] == [
        "evacuating",
        "external_command",
        "outside",
        "closed_building",
        "resume",
        "stood_down",
        "follow_up",
        "closed",
    ]
    done = {run.name for run in scene.incident.steps.values() if run.status == "done"}
    assert {"call_119", "call_120", "report", "casualties", "lessons"} <= done
    assert scene.level == "red"


def test_outside_for_an_hour_people_are_told_to_go_home_and_silence_keeps_it_shut(scene: Scene) -> None:
    """No survey: after an hour home, after ninety minutes the building counts as damaged."""
    scene.everyone.works({"look": "damage"}, skips=("survey", "here"))
    scene.open("earthquake")
    scene.run(until=3 * HOUR)

    assert scene.path()[-2:] == ["outside", "closed_building"]
    assert scene.timeline()[-1][2] == "timeout"
    assert scene.step("home").status == "done"


def test_a_wrong_early_warning_is_called_off(scene: Scene) -> None:
    """The push was wrong: everyone who was called is told."""
    scene.everyone.answers_after(10 * SECOND)
    scene.at(30 * SECOND, "cancel", by="sun_li", reason="the warning was withdrawn")
    scene.open("earthquake")
    scene.run(until=MINUTE)

    assert scene.incident.ended == "false_alarm"
    assert {a.person for a in scene.alerts(kind="ended")} == set(scene.incident.alerted)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_agencies_hear_what_they_ask(scene: Scene, language: str) -> None:
    """119 and 120 get the counts, the earthquake office what was felt, the county the report."""
    scene.open("earthquake")
    scene.fact(injured="7", missing="3", trapped_cars="2", dead="1")
    said = {a.name: script(scene.incident, a.name, {}, language) for a in scene.incident.playbook.agencies}

    for number in ("7", "3", "2"):
        assert number in said["fire_brigade"]
    for agency in ("ambulance", "earthquake_office"):
        assert "7" in said[agency]
    for number in ("7", "3", "1"):
        assert number in said["emergency_office"]
    assert all(scene.incident.site.address.of(language) in words for words in said.values())
