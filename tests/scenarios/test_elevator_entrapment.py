"""Lifts: the clock of those inside, the maintainer who does not come, the brigade."""

from __future__ import annotations

from datetime import timedelta

import pytest

from emergency.core import events as e
from emergency.errors import CommandRefused
from tests.scenarios.scene import DAY, HOUR, MINUTE, SECOND, Scene


def _since(minutes: int) -> str:
    """Return a moment so long before noon, as a person says it."""
    return (timedelta(hours=12) - minutes * MINUTE).__str__()[:-3].rjust(5, "0")


@pytest.mark.parametrize(
    "minutes, level",
    [
        pytest.param(0, "yellow", id="just now"),
        pytest.param(29, "yellow", id="29 min"),
        pytest.param(31, "orange", id="31 min"),
        pytest.param(61, "red", id="61 min"),
        pytest.param(120, "red", id="2 h"),
    ],
)
def test_the_clock_counts_from_when_they_were_trapped(scene: Scene, minutes: int, level: str) -> None:
    """Told later, it counts from the real beginning: the level jumps to where it belongs."""
    scene.everyone.works(skips=("to_landing", "call_maintainer"))
    scene.at(20 * SECOND, "fact", values={"trapped_since": _since(minutes)})
    scene.open("elevator_entrapment")
    scene.run(until=25 * SECOND)

    assert level == scene.level


def test_the_level_rises_by_itself_as_time_goes(scene: Scene) -> None:
    """Thirty minutes orange, sixty red, with nobody doing anything; told at ten minutes that it began ten before."""
    scene.everyone.works(skips=("arrived",))
    scene.at(10 * MINUTE, "fact", values={"trapped_since": _since(10)})
    scene.open("elevator_entrapment")
    scene.run(until=55 * MINUTE)

    assert scene.levels() == [("0:20:00", "orange"), ("0:50:00", "red")]


@pytest.mark.parametrize(
    "minutes, asked",
    [
        pytest.param(80, set(), id="80 min: nothing yet"),
        pytest.param(90, {"warn_90"}, id="90 min: the commander is warned"),
        pytest.param(120, {"warn_90", "report_2h"}, id="2 h: a reportable accident"),
    ],
)
def test_the_two_hours_of_the_law_are_watched(scene: Scene, minutes: int, asked: set[str]) -> None:
    """From two hours on it is an accident by law: the commander is warned before, and asked to report after."""
    scene.everyone.works(skips=("arrived",))
    scene.at(3 * MINUTE, "fact", values={"trapped_since": _since(minutes - 3)})
    scene.open("elevator_entrapment")
    scene.run(until=4 * MINUTE)

    assert scene.state == "waiting"
    assert asked == {run.name for run in scene.incident.runs_here()} & {"warn_90", "report_2h"}
    assert {"commander"} >= {run.role for run in scene.incident.runs_here() if run.name in asked}


@pytest.mark.parametrize(
    "answers, state",
    [
        pytest.param({}, "waiting", id="while the maintainer is awaited"),
        pytest.param({"call_maintainer": "none"}, "no_maintainer", id="while none is found"),
    ],
)
def test_who_gets_out_alone_is_out(scene: Scene, answers: dict[str, str], state: str) -> None:
    """The car moves on and opens by itself: told `inside: no`, the plan asks how they feel, and no level rises any
    more, though the clock runs on."""
    scene.everyone.works(answers, skips=("arrived", "second_number", "platform", "ask_health"))
    scene.at(4 * MINUTE, "fact", values={"inside": "no"})
    scene.open("elevator_entrapment")
    scene.run(until=3 * HOUR)

    assert [state, "released"] == scene.path()[-2:]
    assert scene.level == "yellow"


def test_no_maintainer_is_tried_twice_and_then_the_brigade(scene: Scene) -> None:
    """First number, second number, rescue line: all dead, so the brigade after five minutes."""
    scene.everyone.works({"call_maintainer": "none", "second_number": "none", "platform": "none"})
    scene.open("elevator_entrapment")
    scene.run(until=8 * MINUTE)

    assert scene.path() == ["reported", "dispatched", "no_maintainer", "fire_rescue"]
    assert scene.timeline()[-1] == ("0:07:05", "fire_rescue", "timeout")
    assert scene.level == "orange"


def test_a_maintainer_who_does_not_come_in_thirty_minutes_is_replaced_by_the_brigade(scene: Scene) -> None:
    """Thirty minutes is the law's; then 119 is called."""
    scene.everyone.works(skips=("arrived",))
    scene.open("elevator_entrapment")
    scene.run(until=40 * MINUTE)

    assert next(x for x in scene.timeline() if x[1] == "fire_rescue") == ("0:32:05", "fire_rescue", "timeout")
    assert scene.step("call_119").status == "done"


def test_a_child_does_not_wait_for_our_silence(scene: Scene) -> None:
    """Somebody vulnerable: the duty manager is asked at once, and his silence of three minutes calls the brigade."""
    scene.everyone.works(skips=("arrived", "early"))
    scene.at(3 * MINUTE, "fact", values={"vulnerable": "yes"})
    scene.open("elevator_entrapment")
    scene.run(until=7 * MINUTE)

    assert scene.timeline()[-1] == ("0:06:00", "fire_rescue", "late_step")
    assert scene.levels() == [("0:03:00", "orange")]


def test_danger_goes_to_the_brigade_from_everywhere(scene: Scene) -> None:
    """Smoke in the shaft, a moving car: not the maintainer, the brigade, at red."""
    scene.everyone.works()
    scene.at(15 * SECOND, "fact", values={"danger": "yes"})
    scene.open("elevator_entrapment")
    scene.run(until=20 * SECOND)

    assert scene.path() == ["reported", "fire_rescue"]
    assert scene.level == "red"
    assert scene.alerts(step="call_120")


def test_with_danger_the_maintainer_waits_for_the_brigade(scene: Scene) -> None:
    """The maintainer is there: he opens when there is no danger, and not before."""
    scene.everyone.works(skips=("here", "to_gate"))
    scene.at(15 * SECOND, "fact", values={"danger": "yes"})
    scene.open("elevator_entrapment")
    scene.run(until=12 * MINUTE)
    assert scene.step("arrived").answer == "on_site"
    assert scene.state == "fire_rescue"

    scene.fact(danger="no")

    assert scene.state == "releasing"


def test_the_worst_case_is_the_brigades_and_reported(scene: Scene) -> None:
    """The brigade commands, people are hurt, two hours pass: red, reported, and followed for thirty days."""
    scene.everyone.works({"ask_health": "unwell"}, skips=("out", "arrived"))
    scene.at(MINUTE, "fact", values={"danger": "yes", "injured": "1", "trapped_since": _since(100)})
    scene.at(30 * MINUTE, "fact", values={"held_2h": "yes", "staff_injured": "1"})
    scene.on("external_command", "transition", after=40 * MINUTE, to="released", by="fire_brigade")
    scene.on("released", "fact", values={"inside": "no"})
    scene.is_stood_down("locked_out", after=20 * MINUTE)
    scene.is_followed_up(affected=3)
    scene.open("elevator_entrapment")
    scene.run(until=20 * MINUTE)
    assert scene.state == "external_command"
    with pytest.raises(CommandRefused, match="on the word of fire_brigade"):
        scene.do("transition", to="released", by="command")
    scene.run(until=14 * DAY)

    assert scene.path()[-6:] == ["fire_rescue", "external_command", "released", "locked_out", "stood_down", "follow_up"]
    assert (run := scene.step("work_injury")).due - run.started == 30 * DAY  # type: ignore[operator]
    assert scene.step("report_2h").role == "commander"
    scene.run(until=20 * DAY)
    assert scene.state == "closed"


def test_a_car_found_empty_is_asked_twice(scene: Scene) -> None:
    """One sees an empty car, the control room asks once more: two people call it false."""
    scene.everyone.works({"to_landing": "empty", "ask_again": "empty"}, skips=("call_maintainer",))
    scene.open("elevator_entrapment")
    scene.run(until=20 * MINUTE)

    assert scene.path() == ["reported", "dispatched", "check_empty", "false_alarm", "closed"]


def test_those_inside_hear_a_voice_every_five_minutes(scene: Scene) -> None:
    """The control room talks to them, again five minutes after each time it did."""
    scene.everyone.works(skips=("arrived",))
    scene.open("elevator_entrapment")
    scene.run(until=26 * MINUTE)

    talks = [run for run in scene.incident.steps.values() if run.name == "reassure"]
    assert [scene.since_start(run.started) for run in talks] == ["0:02:05", "0:08:15", "0:14:25", "0:20:35"]


def test_each_car_is_an_incident_of_its_own(scene: Scene) -> None:
    """After a power cut two lifts stand: two incidents, two clocks; the same lift again is one."""
    scene.open("elevator_entrapment", "lift_2")
    scene.open("elevator_entrapment", "lift_3")
    again = scene.open("elevator_entrapment", "lift_2")

    assert [row.code for row in scene.engine.store.open_incidents()] == ["XE01", "XE02"]
    assert again.code == "XE01"
    assert len(scene.happened(e.ReportMerged)) == 1
