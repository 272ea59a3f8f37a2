"""Water: where it comes from, how deep at the mark, power off before anyone wades, the basement before the water."""

from __future__ import annotations

import pytest

from emergency.core.wording import filled, script
from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, HOUR, MINUTE, SECOND, Scene


def test_a_pipe_is_shut_off_pumped_out_and_tested(story: Played) -> None:
    """The main path: wet area off, valve, pumps, insulation, maintainer in the pits; a puddle stays yellow."""
    scene = story("flooding")

    for step in ("power", "valve", "pump", "test", "sprinklers"):
        assert scene.step(step).status == "done", step
    assert scene.level == "yellow"
    assert not scene.alerts(step="call_119")
    assert {"power_outage", "elevator_entrapment", "system_failure"} <= set(scene.incident.expected)


def test_silence_clears_the_basement(silence: Played) -> None:
    """Nobody looks: as if it came from outside; nobody reads the depth: as if it rose. 119 is asked for with the count,
    and nobody cuts the power on people who may be below."""
    scene = silence("flooding")

    assert (scene.state, scene.level) == ("basement_evacuating", "red")
    assert scene.alerts(step="garage")
    assert scene.alerts(step="shops")
    assert scene.alerts(step="call_119")
    assert not scene.alerts(step="cut")


def _from_outside(scene: Scene, *, skips: tuple[str, ...] = (), **decisions: str) -> None:
    """Play it to the boards at the ramp."""
    scene.everyone.works({"look": "outside", "gauge": "steady", **decisions}, skips=skips)
    scene.open("flooding")
    scene.run(until=3 * MINUTE)
    assert (scene.state, scene.level) == ("barring", "orange")


def test_street_water_is_kept_out_and_goes_down(scene: Scene) -> None:
    """Boards, pumps, garage shut; the level falls, it is pumped out, closed."""
    scene.everyone.works({"look": "outside", "gauge": "falls"})
    scene.is_stood_down("controlled", after=HOUR)
    scene.is_followed_up()
    scene.open("flooding")
    scene.run(until=40 * DAY)

    assert scene.path() == [
        *["reported", "barring", "pumping", "controlled", "stood_down", "follow_up", "closed"],
    ]


def test_water_that_rises_empties_basement_then_switch_room(scene: Scene) -> None:
    """Five centimetres in ten minutes: the basement is cleared by two sweeps, somebody says that nobody is left, then
    the power goes; it falls, and is pumped out."""
    _from_outside(scene, gauge="rises", empty="none", off="off")
    scene.run(until=30 * MINUTE)

    assert scene.path()[:4] == ["reported", "barring", "basement_evacuating", "power_isolated"]
    assert scene.level == "red"
    assert scene.step("off").answer == "off"
    assert "power_outage" in scene.incident.expected

    scene.fact(water="falling")

    assert scene.state == "pumping"


def test_power_stays_on_while_somebody_may_be_below(scene: Scene) -> None:
    """Garage and shops are swept, and the duty manager says that there is somebody still: swept again, 119."""
    _from_outside(scene, gauge="rises", empty="some")
    scene.run(until=20 * MINUTE)

    assert scene.path().count("basement_evacuating") >= 2
    assert scene.alerts(step="call_119")


def test_an_unswept_garage_is_not_left(scene: Scene) -> None:
    """One of the two sweeps is not reported: ten minutes later 119 gets the count, the state stays."""
    _from_outside(scene, gauge="rises", skips=("garage",))
    scene.run(until=25 * MINUTE)

    assert scene.state == "basement_evacuating"
    assert scene.alerts(step="call_119")
    assert any(run.name == "nudge" and run.role == "duty_manager" for run in scene.incident.steps.values())


def test_a_mark_nobody_reads_counts_as_rising(scene: Scene) -> None:
    """The boards stand, the gauge is silent for twenty minutes: the basement is cleared."""
    _from_outside(scene, skips=("gauge",))
    scene.run(until=30 * MINUTE)

    assert scene.path()[:3] == ["reported", "barring", "basement_evacuating"]
    assert scene.timeline()[2][2] == "guard"


def test_a_dead_pump_is_replaced_and_119_called(scene: Scene) -> None:
    """The pump does not run: the second one, the brigade for pumps, orange."""
    _from_outside(scene, pumps="dead")
    scene.run(until=8 * MINUTE)

    assert scene.alerts(step="second")
    assert scene.alerts(step="call_119")


def test_a_valve_that_does_not_hold_calls_the_water_company(scene: Scene) -> None:
    """Still running: the water company at once, 119 after ten minutes."""
    scene.everyone.works({"valve": "runs", "gauge": "steady"})
    scene.open("flooding")
    scene.run(until=15 * MINUTE)

    assert scene.state == "isolating"
    assert scene.step("water").started < scene.step("call_119").started


def test_the_garage_is_shut_unless_somebody_says_no(scene: Scene) -> None:
    """Early rather than late: three minutes without a word shut it."""
    scene.everyone.works(skips=("garage", "valve"))
    scene.open("flooding")
    scene.run(until=6 * MINUTE)
    assert scene.alerts(step="ramp")


def test_a_garage_that_is_kept_open_stays_open(scene: Scene) -> None:
    """The duty manager says open: cars go in and out."""
    scene.everyone.works({"garage": "open"}, skips=("valve",))
    scene.open("flooding")
    scene.run(until=6 * MINUTE)
    assert not scene.alerts(step="ramp")


@pytest.mark.parametrize(
    "told, level",
    [
        pytest.param({"spreads": "yes"}, "orange", id="towards a lift pit"),
        pytest.param({"ceiling": "yes"}, "orange", id="a ceiling falls"),
        pytest.param({"pumps_dead": "yes"}, "orange", id="the pumps are dead"),
        pytest.param({"filling": "yes"}, "red", id="the basement fills"),
        pytest.param({"power_room": "yes"}, "red", id="the power room"),
        pytest.param({"people_below": "1"}, "red", id="somebody is below"),
        pytest.param({"injured": "1"}, "orange", id="one slipped"),
    ],
)
def test_what_is_told_raises_the_level(scene: Scene, told: dict[str, str], level: str) -> None:
    """A puddle is yellow, a way to harm orange, a basement or people in it red."""
    scene.open("flooding")
    scene.fact(**told)

    assert level == scene.level


@pytest.mark.parametrize(
    "depth, moving, level",
    [
        pytest.param("15", None, "red", id="nobody said that it stands"),
        pytest.param("15", "no", "yellow", id="it stands"),
        pytest.param("14", "yes", "yellow", id="below the knee of the matter"),
    ],
)
def test_fifteen_moving_centimetres_for_a_minute_are_red(
    scene: Scene, depth: str, moving: str | None, level: str
) -> None:
    """It takes a person off their feet; one wave does not count."""
    scene.everyone.works({"look": "inside"}, skips=("look",))
    scene.at(SECOND, "fact", values={"depth": depth, **({"moving": moving} if moving else {})})
    scene.open("flooding")
    scene.run(until=60 * SECOND)
    assert scene.level == "yellow"

    scene.run(until=61 * SECOND)

    assert level == scene.level


@pytest.mark.parametrize("state", ["isolating", "barring", "power_isolated", "pumping"])
def test_people_below_come_first_from_everywhere(scene: Scene, state: str) -> None:
    """Somebody is in the flooded basement: cleared at once."""
    scene.open("flooding")
    scene.do("transition", to=state, by="command", override=True, reason="seen on camera")

    scene.fact(people_below=2)

    assert (scene.state, scene.level) == ("basement_evacuating", "red")
    announce = scene.incident.now_in.announce
    assert announce is not None
    assert "不要取车" in filled(announce, scene.incident, "zh")


def test_the_brigade_rescues_and_hands_back(scene: Scene) -> None:
    """It takes over in the basement; its own word alone leads back."""
    _from_outside(scene, gauge="rises", skips=("garage",))
    scene.run(until=6 * MINUTE)
    scene.do("transition", to="external_command", by="fire_brigade")
    assert scene.incident.now_in.commanded_by == "fire_brigade"
    with pytest.raises(CommandRefused, match="on the word of fire_brigade"):
        scene.do("transition", to="pumping", by="command")

    scene.do("transition", to="pumping", by="fire_brigade")

    assert scene.state == "pumping"


def test_water_that_comes_again_is_pumped_and_tested_again(scene: Scene) -> None:
    """Dry and tested of the first time do not count for the second."""
    scene.everyone.works(skips=("test",))
    scene.open("flooding")
    scene.run(until=10 * MINUTE)
    assert scene.state == "pumping"
    scene.fact(dry="yes", tested="yes")
    assert scene.state == "controlled"

    scene.do("transition", to="reported", by="sun_li")
    scene.run(until=20 * MINUTE)

    assert scene.path()[-3:] == ["reported", "isolating", "pumping"]


def test_a_sprinkler_that_is_shut_keeps_a_fire_watch(scene: Scene) -> None:
    """Without sprinklers somebody walks for fire, again and again, and fire is to be expected."""
    scene.at(SECOND, "fact", values={"sprinkler": "yes"})
    scene.everyone.works()
    scene.open("flooding")
    scene.run(until=HOUR)

    assert "fire" in scene.incident.expected
    assert len([run for run in scene.incident.steps.values() if run.name == "watch"]) >= 2


def test_a_sensor_that_was_wet_from_cleaning(scene: Scene) -> None:
    """Called off with a cause, everybody told, closed."""
    scene.everyone.works()
    scene.at(30 * SECOND, "cancel", by="sun_li", reason="cleaning water on the sensor")
    scene.open("flooding")
    scene.run(until=HOUR)

    assert scene.path() == ["reported", "false_alarm", "closed"]


def test_the_words_for_the_agencies_hold_what_they_ask(scene: Scene) -> None:
    """Source, depth, speed, people, electrics: each agency hears what it decides by."""
    scene.open("flooding")
    scene.fact(depth="20", water="rising", people_below="3", pumps_dead="yes", power_room="yes", burst_main="yes")

    brigade = script(scene.incident, "fire_brigade", {"vehicle_guide": "Cao Ming"}, "en")
    utility = script(scene.incident, "power_utility", {"engineering": "彭飞"}, "zh")

    for part in (
        "188 Lanxing Road",
        "B2 car park east",
        "20 cm",
        "rising",
        "people below: 3",
        "live: yes",
        "East ramp",
    ):
        assert part in brigade
    for part in ("20厘米", "威胁配电房：是", "彭飞"):
        assert part in utility
    assert "市政水管：是" in script(scene.incident, "water_company", {}, "zh")
    assert "电梯进水：否" in script(scene.incident, "maintainer", {}, "zh")
