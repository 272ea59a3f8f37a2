"""Gas: no phone rings in the zone, a valve nobody shut is open, the gas company alone measures clear."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from emergency.core.wording import filled, script
from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, EVENING, HOUR, MINUTE, NOON, SECOND, Scene, sample_roster, sample_site


def _shut_off(scene: Scene, **works: str) -> None:
    """Play it to the valve that holds."""
    scene.everyone.works(works, skips=("gas_here",))
    scene.open("gas_leak")
    scene.run(until=6 * MINUTE)
    assert scene.state == "isolated"


def test_the_valve_holds_and_the_gas_company_hands_back(story: Played) -> None:
    """Measured, shut, waited for, released in writing, relit; never below orange once confirmed."""
    scene = story("gas_leak")

    assert scene.levels() == [(scene.levels()[0][0], "orange")]
    for step in ("upstream", "gas", "zeros", "relight", "all_shops"):
        assert scene.step(step).status == "done", step
    assert scene.incident.is_closed


@pytest.mark.parametrize(
    "place, there",
    [
        pytest.param("b1_food_court", {"pan_jun", "marco_rossi"}, id="two in the food court"),
        pytest.param("f1_atrium", {"ma_liang"}, id="the security supervisor himself"),
        pytest.param("b2", {"du_peng", "wei_dong"}, id="a floor with all its zones"),
    ],
)
def test_no_phone_rings_in_the_zone(scenes: Callable[[datetime], Scene], place: str, there: set[str]) -> None:
    """A ringing phone can set it off: in an hour of silence, when everybody is asked, those believed there get no text
    and no call, and hold no role."""
    scene = scenes(EVENING)
    scene.open("gas_leak", place)
    scene.run(until=HOUR)

    inside = sample_site().inside(place)
    assert there <= {person.id for person in sample_roster().people.values() if person.zone in inside}
    assert scene.state == "uncontrolled"
    assert set() == set(scene.per_person()) & there
    assert set() == {p for slots in scene.incident.roles.values() for p in slots.values()} & there


def test_somebody_walks_there_and_the_text_says_leave_first(scene: Scene) -> None:
    """The shop is told on foot; whoever reads the text inside after all is told to leave before anything else."""
    scene.open("gas_leak")
    scene.run(until=SECOND)

    assert {"xiao_hong"} == {alert.person for alert in scene.alerts(step="walk")}
    assert all("在场先撤" in text for text in scene.words_to("sun_li", "sms"))


def test_silence_leads_everybody_out(silence: Played) -> None:
    """Nobody measures, nobody shuts: a leak after two minutes, the building after three more; 119, 110 and the gas
    company are asked for, every floor is to be swept."""
    scene = silence("gas_leak")

    assert scene.state == "uncontrolled"
    assert scene.level == "red"
    for step in ("call_119", "call_110", "gas"):
        assert scene.alerts(step=step), step
    assert len(list(scene.sweeps())) == 8
    assert not scene.alerts(step="cut")  # silence never switches the power


def test_a_valve_that_sticks_is_not_waited_for(scene: Scene) -> None:
    """Stuck: red and out at once."""
    scene.everyone.works({"upstream": "open"})
    scene.open("gas_leak")
    scene.run(until=5 * MINUTE)

    assert scene.path()[:3] == ["reported", "leak", "uncontrolled"]
    assert scene.timeline()[2][2] == "guard"
    assert scene.level == "red"


def test_only_the_floor_is_cleared_while_the_valve_is_being_shut(scene: Scene) -> None:
    """A minute without the word that the shop is enough: its floor is swept, the other floors are not."""
    scene.everyone.works(skips=("how_far", "upstream"))
    scene.open("gas_leak")
    scene.run(until=150 * SECOND)

    assert scene.state == "leak"
    assert [run.zone for run in scene.sweeps()] == ["f5"]


def test_the_shop_is_enough_when_somebody_says_so(scene: Scene) -> None:
    """Said in time: nobody else is moved."""
    scene.everyone.works({"how_far": "shop"}, skips=("upstream",))
    scene.open("gas_leak")
    scene.run(until=150 * SECOND)

    assert scene.state == "leak"
    assert not list(scene.sweeps())


def test_the_house_goes_on_one_word(scene: Scene) -> None:
    """The duty manager says the house: out, without waiting for the valve."""
    scene.everyone.works({"how_far": "building"}, skips=("upstream",))
    scene.open("gas_leak")
    scene.run(until=3 * MINUTE)

    assert scene.path()[-1] == "uncontrolled"
    announce = scene.incident.now_in.announce
    assert announce is not None
    assert "燃气泄漏" in filled(announce, scene.incident, "zh")


def test_a_low_alarm_that_lasts_is_a_leak(scene: Scene) -> None:
    """Twenty percent for a whole minute is no whiff; fifty is red at once."""
    scene.everyone.works(skips=("approach",))
    scene.at(10 * SECOND, "fact", values={"reading": "22"})
    scene.open("gas_leak")
    scene.run(until=69 * SECOND)
    assert (scene.state, scene.level) == ("reported", "blue")

    scene.run(until=70 * SECOND)
    assert (scene.state, scene.level) == ("leak", "orange")

    scene.fact(reading="50")
    assert (scene.state, scene.level) == ("uncontrolled", "red")


def test_a_whiff_raises_nothing(scene: Scene) -> None:
    """Up and down again inside the minute."""
    scene.everyone.works(skips=("approach",))
    scene.at(10 * SECOND, "fact", values={"reading": "25"})
    scene.at(40 * SECOND, "fact", values={"reading": "4"})
    scene.open("gas_leak")
    scene.run(until=100 * SECOND)

    assert (scene.state, scene.level) == ("reported", "blue")


def test_zero_is_believed_after_ceiling_floor_above_and_a_cause(scene: Scene) -> None:
    """The nose tires and voids fill: zero twice and a cause make a false alarm, everybody is told."""
    scene.everyone.works({"approach": "zero", "above": "zero", "cause": "known"})
    scene.open("gas_leak")
    scene.run(until=HOUR)

    assert scene.path() == ["reported", "nothing_found", "false_alarm", "closed"]
    assert scene.alerts(kind="ended")


@pytest.mark.parametrize(
    "decisions, following",
    [
        pytest.param({"above": "gas"}, "leak", id="gas above the ceiling"),
        pytest.param({"cause": "unknown"}, "reported", id="no cause: measured once more"),
    ],
)
def test_zero_alone_is_not_enough(scene: Scene, decisions: dict[str, str], following: str) -> None:
    """What is found above, or not explained, goes on."""
    scene.everyone.works({"approach": "zero", **decisions})
    scene.open("gas_leak")
    scene.run(until=4 * MINUTE)

    assert scene.path()[:3] == ["reported", "nothing_found", following]


def test_a_gas_that_nobody_measures_is_rising(scene: Scene) -> None:
    """Shut off, and for twenty minutes no reading: as if it rose."""
    scene.everyone.works(skips=("gas_here",))
    scene.open("gas_leak")
    scene.run(until=5 * MINUTE)
    assert scene.state == "isolated"
    scene.everyone.works(skips=("gas_here", "meter"))
    scene.run(until=40 * MINUTE)

    assert "uncontrolled" in scene.path()
    assert scene.timeline()[3][1] == "uncontrolled"


def test_a_reading_that_comes_back_is_uncontrolled(scene: Scene) -> None:
    """It rises again behind a shut valve: out."""
    _shut_off(scene)

    scene.fact(falling="no")

    assert (scene.state, scene.level) == ("uncontrolled", "red")


def test_a_gas_company_that_does_not_come_is_called_again_with_119(scene: Scene) -> None:
    """Half an hour behind a shut valve: the gas company once more, and the brigade."""
    _shut_off(scene)
    scene.run(until=40 * MINUTE)

    assert scene.state == "isolated"
    assert scene.alerts(step="again")
    assert scene.alerts(step="call_119")


def test_the_gas_company_alone_measures_clear(scene: Scene) -> None:
    """No word of ours ends it; its own word does."""
    _shut_off(scene)
    scene.do("transition", to="external_command", by="gas_company")
    with pytest.raises(CommandRefused, match="on the word of gas_company"):
        scene.do("transition", to="controlled", by="command")

    scene.do("transition", to="controlled", by="gas_company")

    assert scene.state == "controlled"


def test_a_flash_is_a_fire_and_the_brigades(scene: Scene) -> None:
    """Ignition: red, the fire plan is expected, nobody blows it out; the brigade commands, then the gas company."""
    scene.everyone.works({"how_far": "building"}, skips=("brigade_here",))
    scene.at(4 * MINUTE, "fact", values={"ignition": "yes"})
    scene.open("gas_leak")
    scene.run(until=5 * MINUTE)
    assert scene.state == "ignited"
    assert "fire" in scene.incident.expected
    assert scene.alerts(step="fire_plan")

    scene.do("transition", to="brigade_command", by="fire_brigade")
    with pytest.raises(CommandRefused, match="on the word of fire_brigade"):
        scene.do("transition", to="external_command", by="command")
    scene.do("transition", to="external_command", by="fire_brigade")
    scene.do("transition", to="brigade_command", by="fire_brigade")
    scene.do("transition", to="external_command", by="fire_brigade")
    scene.do("transition", to="controlled", by="gas_company")

    assert scene.state == "controlled"


def test_the_smell_comes_back(scene: Scene) -> None:
    """Released and smelt again: it is a leak again, at orange."""
    _shut_off(scene)
    scene.do("transition", to="external_command", by="gas_company")
    scene.do("transition", to="controlled", by="gas_company")

    scene.fact(smell_again="yes")

    assert scene.state == "leak"
    scene.run(until=10 * MINUTE)
    assert scene.path()[-1] == "isolated"  # by valve and meter, answered anew
    scene.do("transition", to="external_command", by="gas_company")
    with pytest.raises(CommandRefused, match="smell_again"):
        scene.do("transition", to="controlled", by="gas_company")


@pytest.mark.parametrize(
    "fact, state",
    [
        pytest.param("dizzy", "leak", id="somebody is dizzy"),
        pytest.param("two_detectors", "leak", id="two detectors"),
        pytest.param("trending", "reported", id="a video of it proves nothing"),
        pytest.param("system_down", "reported", id="a dead camera proves nothing"),
    ],
)
def test_what_counts_as_a_leak_before_the_meter_speaks(scene: Scene, fact: str, state: str) -> None:
    """A grave sign confirms it; what only makes it graver does not."""
    scene.open("gas_leak")
    scene.fact(**{fact: "yes"})

    assert state == scene.state


@pytest.mark.parametrize(
    "told, level",
    [
        pytest.param({"peak": "yes"}, "blue", id="a peak alone is no reason"),
        pytest.param({"dizzy": "yes"}, "orange", id="somebody is dizzy"),
        pytest.param({"two_detectors": "yes"}, "red", id="two detectors"),
        pytest.param({"spreading": "yes"}, "red", id="in a shaft"),
        pytest.param({"valve_shut": "no"}, "red", id="cannot be shut"),
        pytest.param({"ignition": "yes"}, "red", id="it burns"),
        pytest.param({"dizzy": "yes", "peak": "yes"}, "red", id="confirmed at a peak"),
    ],
)
def test_what_is_told_raises_the_level(scene: Scene, told: dict[str, str], level: str) -> None:
    """There is no yellow: a sign is blue, a leak orange, what cannot be held red."""
    scene.open("gas_leak")
    scene.fact(**told)

    assert level == scene.level


def test_the_legal_hour_is_watched_while_others_command(scenes: Callable[[datetime], Scene]) -> None:
    """Forty minutes after the head knew, the report is asked for, whoever commands."""
    scene = scenes(NOON)
    scene.everyone.works(skips=("report_hour",))
    scene.open("gas_leak")
    scene.run(until=41 * MINUTE)

    assert scene.state == "external_command"
    assert scene.since_start(scene.step("report_hour").started) == "0:40:00"


def test_a_long_way_back_to_closed(scene: Scene) -> None:
    """Uncontrolled, brigade, gas company, controlled, stood down, followed up, closed."""
    scene.everyone.works({"upstream": "open"})
    scene.on("brigade_command", "transition", after=30 * MINUTE, to="external_command", by="fire_brigade")
    scene.on("external_command", "transition", after=HOUR, to="controlled", by="gas_company")
    scene.is_stood_down("controlled", after=2 * HOUR)
    scene.is_followed_up()
    scene.open("gas_leak")
    scene.run(until=40 * DAY)

    assert scene.path()[2:] == [
        *["uncontrolled", "brigade_command", "external_command", "controlled", "stood_down", "follow_up", "closed"],
    ]


def test_the_words_for_the_agencies_hold_what_they_ask(scene: Scene) -> None:
    """The gas company asks reading, valve, people, fire, and that the caller is outside; 119 the storeys as well."""
    scene.open("gas_leak")
    scene.fact(reading="35", valve_shut="no", inside="4", spreading="yes")

    gas = script(scene.incident, "gas_company", {"comms": "田媛", "vehicle_guide": "曹明"}, "zh")
    brigade = script(scene.incident, "fire_brigade", {}, "en")

    for part in ("揽星路188号", "5F南厨", "35%", "阀门已关：否", "还有4人", "着火：否", "南门", "曹明", "区外"):
        assert part in gas
    for part in ("storeys and basements", "reading 35 %", "valve shut: no", "people inside: 4", "fire: no"):
        assert part in brigade
