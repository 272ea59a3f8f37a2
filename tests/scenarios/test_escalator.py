"""Escalators: stop it with a warning, look at each step, never reverse; the machine stays locked until it is signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from emergency.core.wording import script
from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, EVENING, HOUR, MINUTE, SECOND, Scene


def test_the_brigade_frees_somebody_and_the_machine_stays_locked(story: Played) -> None:
    """Stopped, caught, 119 and 120 and the maintainer called; freed; the market supervision told; closed."""
    scene = story("escalator")

    for step in ("call_119", "call_120", "maintainer", "switch", "block"):
        assert scene.step(step).status == "done", step
    assert scene.level == "orange"
    assert "reinstated" not in scene.path()
    assert scene.incident.is_closed


def test_a_stop_without_injury_is_cleared_and_locked(scene: Scene) -> None:
    """Pressed in ten seconds, nobody caught, nobody hurt: yellow to the end, the machine locked out all the same."""
    scene.everyone.works({"health": "fine"})
    scene.is_stood_down("locked_out", after=30 * MINUTE)
    scene.is_followed_up(affected=0)
    scene.open("escalator")
    scene.run(until=40 * DAY)

    assert scene.path() == [
        *["reported", "stopped", "clearing", "locked_out", "stood_down", "follow_up", "closed"],
    ]
    assert scene.level == "yellow"
    assert not scene.alerts(step="call_119")
    assert not scene.alerts(step="report")


def test_silence_counts_as_a_running_machine_with_somebody_in_it(silence: Played) -> None:
    """Nobody says that it stands: 119, 120, maintainer, main switch; after half an hour the brigade decides."""
    scene = silence("escalator")

    for step in ("call_119", "call_120", "maintainer", "switch"):
        assert scene.alerts(step=step), step
    assert scene.state == "external_command"
    assert scene.level == "orange"
    assert scene.alerts(step="press_on")


def test_a_button_nobody_presses_is_pressed_from_afar(scene: Scene) -> None:
    """After fifteen seconds the control room stops it remotely and an electrician takes the main switch."""
    scene.everyone.works(skips=("press",))
    scene.open("escalator")
    scene.run(until=50 * SECOND)

    assert scene.since_start(scene.step("remote").started) == "0:00:15"
    assert scene.since_start(scene.step("isolate").started) == "0:00:15"
    assert scene.path() == ["reported", "stopped"]


def test_a_machine_that_does_not_stop_is_not_waited_for(scene: Scene) -> None:
    """The button does not work: remote stop and main switch at once."""
    scene.open("escalator")
    scene.fact(running="yes")
    scene.run(until=SECOND)

    assert scene.alerts(step="remote")
    assert scene.alerts(step="isolate")


def test_steps_that_nobody_looked_at_hold_somebody(scene: Scene) -> None:
    """It stands, and for four minutes nobody says what is on it: as if somebody were caught; the duty manager was
    asked to send people after two."""
    scene.everyone.works(skips=("check",))
    scene.open("escalator")
    scene.run(until=6 * MINUTE)

    assert scene.path()[:3] == ["reported", "stopped", "rescuing"]
    assert scene.timeline()[2][2] == "timeout"
    assert any(run.name == "nudge" and run.role == "duty_manager" for run in scene.incident.steps.values())


def test_the_maintainer_has_half_an_hour(scene: Scene) -> None:
    """Nobody is freed in thirty minutes and the brigade is not seen: it decides from then on."""
    scene.everyone.works({"check": "caught"}, skips=("free", "to_gate"))
    scene.open("escalator")
    scene.run(until=45 * MINUTE)

    _, state, via = scene.timeline()[-1]
    assert (state, via) == ("external_command", "timeout")
    assert scene.timeline()[-2][1] == "rescuing"
    with pytest.raises(CommandRefused, match="on the word of fire_brigade"):
        scene.do("transition", to="handed_over", by="command")
    scene.do("transition", to="handed_over", by="fire_brigade")
    assert scene.state == "handed_over"


@pytest.mark.parametrize(
    "told, level",
    [
        pytest.param({"fallen": "2"}, "yellow", id="two fell and stood up"),
        pytest.param({"fallen": "3"}, "red", id="several fell"),
        pytest.param({"caught": "yes"}, "orange", id="a sleeve"),
        pytest.param({"injured": "1"}, "orange", id="one is hurt"),
        pytest.param({"amputation": "yes"}, "red", id="a limb"),
        pytest.param({"collapse": "yes"}, "red", id="a step gone"),
        pytest.param({"reversal": "yes"}, "red", id="it ran backwards"),
        pytest.param({"dead": "1"}, "red", id="a death"),
    ],
)
def test_what_is_told_raises_the_level(scene: Scene, told: dict[str, str], level: str) -> None:
    """Without injury yellow, hurt or caught orange, several or a broken machine red."""
    scene.open("escalator")
    scene.fact(**told)

    assert level == scene.level


@pytest.mark.parametrize(
    "seconds, level", [pytest.param(59, "yellow", id="a push"), pytest.param(60, "orange", id="a crowd")]
)
def test_a_crowd_that_presses_on_for_a_minute_raises(scene: Scene, seconds: int, level: str) -> None:
    """A moment's push is none; a minute is orange, and crowding is to be expected."""
    scene.everyone.works(skips=("press", "remote", "isolate"))
    scene.at(timedelta(0), "fact", values={"pressing": "yes"})
    scene.open("escalator")
    scene.run(until=seconds * SECOND)

    assert level == scene.level


@pytest.mark.parametrize("fact", ["reversal", "collapse"])
def test_a_broken_machine_stops_its_sisters(scene: Scene, fact: str) -> None:
    """After a reversal or a broken step every machine of the type is stopped, and nobody is asked whether."""
    scene.open("escalator")
    scene.fact(running="no")
    scene.fact(**{fact: "yes"})

    assert scene.state == "stopped"
    assert scene.alerts(step="sisters")


@pytest.mark.parametrize(
    "answer, stopped", [pytest.param(None, True, id="silence"), pytest.param("run", False, id="no")]
)
def test_sister_machines_stop_unless_somebody_says_no(scene: Scene, answer: str | None, stopped: bool) -> None:
    """The duty manager decides about the machines of the type; after ten minutes of silence they are stopped."""
    decisions = {"same_type": answer} if answer else {}
    scene.everyone.works({"health": "fine", **decisions}, skips=() if answer else ("same_type",))
    scene.open("escalator")
    scene.run(until=30 * MINUTE)

    assert scene.state == "locked_out"
    assert stopped == bool(scene.alerts(step="by_silence"))
    assert not scene.alerts(step="stop_all")


def test_it_runs_again_only_with_a_cause_a_release_and_a_signature(scene: Scene) -> None:
    """Cause known alone is not enough; a test that fails locks it again; signed, it is stood down from there."""
    scene.everyone.works({"health": "fine"}, skips=("test",))
    scene.open("escalator")
    scene.run(until=30 * MINUTE)
    scene.fact(cause_known="yes")
    assert scene.state == "locked_out"
    scene.fact(released="yes")
    assert scene.state == "reinstated"
    scene.fact(released="no")
    assert scene.state == "locked_out"
    scene.fact(released="yes")

    scene.do("stand-down", by="command", check=["all"])

    assert scene.incident.ended == "stand_down"


def test_an_accident_goes_to_the_market_supervision(scene: Scene) -> None:
    """One hurt: the report is asked for as soon as they are free; told, it is not asked again."""
    scene.everyone.works({"check": "caught", "free": "freed"}, skips=("to_gate",))
    scene.on("rescuing", "fact", values={"injured": "1"})
    scene.on("handed_over", "fact", after=5 * MINUTE, values={"ms_told": "yes"})
    scene.is_stood_down("locked_out", after=HOUR)
    scene.is_followed_up()
    scene.open("escalator")
    scene.run(until=2 * DAY)

    assert scene.path()[:4] == ["reported", "stopped", "rescuing", "handed_over"]
    assert scene.alerts(step="report")
    assert not scene.alerts(step="ms_late")


def test_a_button_pressed_for_fun(scenes: Callable[[datetime], Scene]) -> None:
    """A child pressed it: called off with a cause by the one on the spot."""
    scene = scenes(EVENING)
    scene.everyone.works()
    scene.at(8 * SECOND, "cancel", by="ma_liang", reason="a child pressed it")
    scene.open("escalator")
    scene.run(until=HOUR)

    assert scene.path() == ["reported", "false_alarm", "closed"]


def test_the_words_for_the_agencies_hold_what_they_ask(scene: Scene) -> None:
    """119 asks what is caught and whether the switch is off; the supervision how many and what broke."""
    scene.open("escalator")
    scene.fact(caught="yes", switch_off="yes", injured="1", amputation="no", reversal="yes")

    brigade = script(scene.incident, "fire_brigade", {"vehicle_guide": "Cao Ming"}, "en")
    supervision = script(scene.incident, "market_supervision", {"commander": "王军"}, "zh")

    for part in ("188 Lanxing Road", "F2 east wing", "East gate", "switch", "off: yes", "hurt: 1", "Cao Ming"):
        assert part in brigade
    for part in ("伤1人", "逆转是", "王军", "揽星路188号"):
        assert part in supervision
    assert "夹人：是" in script(scene.incident, "maintainer", {}, "zh")
