"""Severe weather: the level follows the colour both ways, an ended warning is asked about, undecided is stay inside."""

from __future__ import annotations

import pytest

from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, HOUR, MINUTE, SECOND, Scene, shipped_plans


@pytest.mark.parametrize(
    "told, level",
    [
        pytest.param({"warning": "blue"}, "blue", id="blue"),
        pytest.param({"warning": "yellow"}, "yellow", id="yellow"),
        pytest.param({"warning": "orange"}, "orange", id="orange"),
        pytest.param({"warning": "red"}, "red", id="red"),
        pytest.param({"warning": "blue", "event_planned": "yes"}, "yellow", id="an event makes it one more"),
        pytest.param({"warning": "yellow", "suffering": "yes"}, "orange", id="so does a building that suffers"),
        pytest.param({"warning": "orange", "event_planned": "yes"}, "red", id="orange and an event"),
        pytest.param({"warning": "orange", "suffering": "yes"}, "red", id="orange and damage"),
        pytest.param({"warning": "blue", "vulnerable": "yes"}, "orange", id="what holds for every plan"),
    ],
)
def test_the_level_is_the_colour_and_one_more(scene: Scene, told: dict[str, str], level: str) -> None:
    """Signal colour, one level graver when the building suffers or an event is planned."""
    scene.open("severe_weather")
    scene.fact(**told)

    assert level == scene.level


def test_the_level_comes_down_half_an_hour_after_the_colour(scene: Scene) -> None:
    """Red, then yellow: nothing happens for half an hour, then the level is that of the colour; lifted is blue."""
    scene.everyone.works(skips=("ask_again",))
    scene.at(MINUTE, "fact", values={"warning": "red"})
    scene.at(HOUR, "fact", values={"warning": "yellow"})
    scene.at(2 * HOUR, "fact", values={"warning": "lifted"})
    scene.open("severe_weather")
    scene.run(until=89 * MINUTE)
    assert scene.levels() == [("0:01:00", "red")]

    scene.run(until=3 * HOUR)

    assert scene.levels() == [("0:01:00", "red"), ("1:30:00", "yellow"), ("2:30:00", "blue")]


def test_somebody_hurt_keeps_the_level_when_the_colour_falls(scene: Scene) -> None:
    """A lower colour never lowers what another raiser holds."""
    scene.at(MINUTE, "fact", values={"warning": "red"})
    scene.at(2 * MINUTE, "fact", values={"injured": "1"})
    scene.at(HOUR, "fact", values={"warning": "blue"})
    scene.open("severe_weather")
    scene.run(until=2 * HOUR)

    assert scene.level == "orange"


@pytest.mark.parametrize(
    "warning, state",
    [
        pytest.param("blue", "watch", id="blue"),
        pytest.param("yellow", "prepared", id="yellow"),
        pytest.param("orange", "restrict", id="orange"),
        pytest.param("red", "decide_close", id="red"),
    ],
)
def test_a_warning_begins_at_its_colour(scene: Scene, warning: str, state: str) -> None:
    """Told with the trigger, the colour says where the plan begins; nobody is called for a milder state first."""
    scene.open("severe_weather", facts={"warning": warning})

    assert [state] == scene.path()


def test_a_warning_that_runs_out_is_asked_about(scene: Scene) -> None:
    """It ends without a word: at that very time the weather service is called, and its answer moves the plan."""
    scene.everyone.works({"ask_again": "lifted"})
    scene.at(MINUTE, "fact", values={"warning": "yellow", "warning_end": "14:00"})
    scene.open("severe_weather")
    scene.run(until=2 * HOUR - SECOND)
    assert scene.state == "prepared"
    assert scene.alerts(step="ask_again") == []

    scene.run(until=2 * HOUR + 6 * MINUTE)

    assert scene.since_start(scene.alerts(step="ask_again")[0].at) == "1:59:59"  # less than a second is left
    assert scene.state == "recovery"


def test_an_end_nobody_told_is_asked_about_too(scene: Scene) -> None:
    """Without an end time the question comes after three hours, and again three hours after each answer."""
    scene.everyone.works({"ask_again": "on"})
    scene.at(MINUTE, "fact", values={"warning": "yellow"})
    scene.open("severe_weather")
    scene.run(until=10 * HOUR)

    asked = sorted({scene.since_start(run.started) for run in scene.incident.runs_here() if run.name == "ask_again"})
    assert asked == ["3:01:00", "6:06:10", "9:11:20"]


@pytest.mark.parametrize(
    "answers, skips, leads_to, at",
    [
        pytest.param({"choose": "close"}, (), "closing", "0:05:10", id="the commander closes"),
        pytest.param({"choose": "shelter"}, (), "holding", "0:05:10", id="the commander keeps people in"),
        pytest.param({"propose": "close"}, ("choose",), "closing", "0:15:00", id="the duty manager's proposal: close"),
        pytest.param({"propose": "normal"}, ("choose",), "holding", "0:15:00", id="the proposal: stay open"),
        pytest.param({}, ("choose", "propose"), "holding", "0:16:00", id="nobody says a word: stay inside"),
    ],
)
def test_who_decides_about_closing(
    scene: Scene, answers: dict[str, str], skips: tuple[str, ...], leads_to: str, at: str
) -> None:
    """The commander decides; after 15 minutes the proposal stands; without one nobody is put out into the storm."""
    scene.everyone.works(answers, skips=skips)
    scene.open("severe_weather", facts={"warning": "red"})
    scene.run(until=17 * MINUTE)

    assert [("0:00:00", "decide_close"), (at, leads_to)] == [moved[:2] for moved in scene.timeline()[:2]]


def test_a_local_order_closes_without_a_choice(scene: Scene) -> None:
    """What the authorities order is obeyed at once, whatever was chosen."""
    scene.everyone.works({"choose": "shelter"}, skips=("ask_again",))
    scene.at(30 * MINUTE, "fact", values={"local_order": "yes"})
    scene.open("severe_weather", facts={"warning": "red"})
    scene.run(until=31 * MINUTE)

    assert scene.path() == ["decide_close", "holding", "closing"]


def test_the_worst_storm_stays_the_parent(scene: Scene) -> None:
    """The house is hit with people trapped and hurt: 119, 120, flood office and county are called, the other plans are
    looked out for, and this one goes on until the warning is lifted."""
    scene.everyone.works(skips=("ask_again",))
    scene.at(20 * MINUTE, "fact", values={"suffering": "yes", "trapped": "yes", "injured": "2"})
    scene.at(21 * MINUTE, "fact", values={"power_dip": "yes", "water_in": "yes", "network_lost": "yes"})
    scene.at(3 * HOUR, "fact", values={"warning": "lifted"})
    scene.is_stood_down("recovery", after=2 * HOUR)
    scene.is_followed_up()
    scene.open("severe_weather", facts={"warning": "orange"})
    scene.run(until=60 * DAY)

    assert scene.path() == ["restrict", "impact", "recovery", "stood_down", "follow_up", "closed"]
    done = {run.name for run in scene.incident.steps.values() if run.status == "done"}
    assert {"call_119", "call_120", "call_flood", "call_power", "county", "free"} <= done
    assert {"flooding", "power_outage", "crowding", "personal_injury"} <= set(scene.incident.expected)
    assert {"elevator_entrapment", "escalator", "system_failure"} <= set(scene.incident.expected)


def test_a_damaged_house_can_still_be_closed(scene: Scene) -> None:
    """The commander closes while the house is hit: shops and guests are sent home, those who cannot go stay."""
    scene.everyone.works({"business": "close"}, skips=("ask_again",))
    scene.open("severe_weather", facts={"warning": "orange"})
    scene.fact(suffering="yes")
    scene.run(until=HOUR)

    assert scene.state == "impact"
    assert scene.incident.facts["business"].value == "close"
    assert scene.step("shut").status == "done"


def test_what_has_not_happened_is_not_expected(scene: Scene) -> None:
    """A yellow warning alone announces no other emergency; what is only possible waits for its fact."""
    scene.open("severe_weather", facts={"warning": "yellow"})
    assert set(scene.incident.expected) == set()

    scene.fact(warning="orange")

    assert {"crowding", "flooding", "power_outage"} == set(scene.incident.expected)


def test_a_warning_lifted_while_watched_is_cancelled(scene: Scene) -> None:
    """Nothing came of it: everyone alerted is told so, it is logged, and closed without a follow-up."""
    scene.everyone.works()
    scene.at(40 * MINUTE, "fact", values={"warning": "lifted"})
    scene.open("severe_weather")
    scene.run(until=HOUR)

    assert scene.path() == ["watch", "cancelled", "closed"]
    assert scene.incident.ended == "cancelled"
    assert set(scene.incident.alerted) == {alert.person for alert in scene.alerts(kind="ended")}


def test_a_silent_night_asks_the_duty_manager_every_half_hour(silence: Played) -> None:
    """Nobody read the signal: prepared, then restricted, with the weather service to be called again and again."""
    scene = silence("severe_weather")

    assert scene.state == "restrict"
    assert scene.alerts(step="ask_again")
    assert {run.role for run in scene.incident.runs_here() if run.name == "nudge"} == {"duty_manager"}


def test_the_words_for_the_authorities_hold_what_they_ask() -> None:
    """Damage, people, needs for the flood office; the end of the warning for the weather service."""
    plan = shipped_plans()["severe_weather"]
    flood, weather = plan.agency("flood_office"), plan.agency("weather_service")

    assert flood is not None
    assert all(part in flood.say.en for part in ("{damage}", "{sheltering}", "{injured}", "{trapped}", "{comms.name}"))
    assert weather is not None
    assert "until when" in weather.say.en
