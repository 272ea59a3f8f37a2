"""Crowds: a measured level that goes up and down with a dwell, a sensor that dies, a crush."""

from __future__ import annotations

import pytest

from emergency.errors import CommandRefused
from tests.scenarios.scene import DAY, HOUR, MINUTE, SECOND, Scene


@pytest.mark.parametrize(
    "density, level",
    [
        pytest.param(1.9, "blue", id="below every line"),
        pytest.param(2.0, "yellow", id="at the line"),
        pytest.param(2.9, "yellow", id="below the next"),
        pytest.param(3.0, "orange", id="orange"),
        pytest.param(4.0, "red", id="red"),
    ],
)
def test_two_minutes_at_the_line_raise(scene: Scene, density: float, level: str) -> None:
    """A value at or above the line raises the level after two minutes, not before."""
    scene.everyone.works()
    scene.counts({0: density}, until=10)
    scene.open("crowding")
    scene.run(until=119 * (MINUTE / 60))
    assert scene.level == "blue"

    scene.run(until=2 * MINUTE)

    assert level == scene.level


def test_a_minute_at_the_line_raises_nothing(scene: Scene) -> None:
    """A wave that passes is no crowd: the dwell starts again each time it is crossed."""
    scene.everyone.works()
    scene.counts({0: 1.5, 3: 2.2, 4: 1.5, 6: 2.2, 7: 1.9, 9: 2.5, 10: 1.5}, until=15)
    scene.open("crowding")
    scene.run(until=15 * MINUTE)

    assert scene.levels() == []


def test_a_value_that_jitters_above_the_line_counts(scene: Scene) -> None:
    """Every report differs and all are above: that is two minutes, not none."""
    scene.everyone.works()
    scene.counts({0: 1.5, 3: 2.2, 4: 2.9, 5: 2.1}, until=5)
    scene.open("crowding")
    scene.run(until=5 * MINUTE)

    assert scene.levels() == [("0:05:00", "yellow")]


def test_the_level_comes_down_ten_minutes_below_a_lower_line(scene: Scene) -> None:
    """Up at 3.0, and 2.7 keeps it there for as long as it likes; only ten minutes below 2.5 bring it down."""
    scene.everyone.works({"effect": "falling"})
    scene.counts({0: 3.2, 4: 2.7, 40: 2.4, 55: 1.2}, until=70)
    scene.open("crowding")
    scene.run(until=39 * MINUTE)
    assert scene.levels() == [("0:02:00", "orange")]

    scene.run(until=70 * MINUTE)

    assert scene.levels() == [("0:02:00", "orange"), ("0:50:00", "yellow"), ("1:05:00", "blue")]


def test_the_plan_follows_the_value_both_ways(scene: Scene) -> None:
    """Open, watch, restrict and back again: the states have a dwell and a lower line of their own."""
    scene.everyone.works({"effect": "falling"})
    scene.counts({0: 0.5, 5: 1.1, 15: 3.1, 20: 2.3, 50: 0.7}, until=80)
    scene.open("crowding")
    scene.run(until=80 * MINUTE)

    assert [x[:2] for x in scene.timeline()] == [
        ("0:00:00", "open"),
        ("0:07:00", "watch"),
        ("0:17:00", "restrict"),
        ("0:30:00", "watch"),
        ("1:00:00", "open"),
    ]


def test_a_level_never_falls_below_what_another_raiser_holds(scene: Scene) -> None:
    """The density is low for an hour, one person is hurt: orange stays."""
    scene.everyone.works({"effect": "falling"})
    scene.counts({0: 3.2, 4: 0.5}, until=60)
    scene.at(3 * MINUTE, "fact", values={"injured": "1"})
    scene.open("crowding")
    scene.run(until=HOUR)

    assert scene.level == "orange"


def test_a_dead_sensor_counts_as_worse(scene: Scene) -> None:
    """Nothing for three minutes: yellow, and people count by eye; for six: orange."""
    scene.everyone.works(skips=("by_eye",))
    scene.counts({0: 1.2}, until=5)
    scene.open("crowding")
    scene.run(until=12 * MINUTE)

    assert scene.levels() == [("0:08:00", "yellow"), ("0:11:00", "orange")]
    assert scene.since_start(scene.step("by_eye").started) == "0:08:00"
    assert scene.alerts(step="by_eye")[0].person == "liu_yang"


def test_a_blind_spell_does_not_count_as_calm(scene: Scene) -> None:
    """The sensor comes back low after seven minutes: one figure proves nothing, ten minutes of them do."""
    scene.everyone.works(skips=("by_eye",))
    scene.counts({0: 1.2}, until=5)
    scene.counts({12: 1.2}, until=30)
    scene.on("restrict", "transition", to="watch", by="command", override=True, reason="we see the whole hall")
    scene.open("crowding")
    scene.run(until=21 * MINUTE)
    assert scene.level == "orange"

    scene.run(until=22 * MINUTE)

    assert scene.levels()[-1] == ("0:22:00", "blue")


def test_a_state_that_stands_for_a_level_keeps_it(scene: Scene) -> None:
    """While the police command, or all is stopped, the incident is red however empty the place has become."""
    scene.everyone.works()
    scene.counts({0: 4.2, 6: 0.4}, until=60)
    scene.on("stop", "transition", after=MINUTE, to="external_command", by="police")
    scene.open("crowding")
    scene.run(until=50 * MINUTE)
    assert scene.state == "external_command"
    assert scene.levels() == [("0:02:00", "red")]

    scene.do("transition", to="dispersal", by="police")
    scene.run(until=51 * MINUTE)

    assert scene.level == "blue"


def test_a_sensor_that_was_never_alive_is_dead_too(scene: Scene) -> None:
    """Nothing was ever measured: the three minutes count from the beginning."""
    scene.everyone.answers_after(MINUTE / 6)
    scene.open("crowding")
    scene.run(until=4 * MINUTE)

    assert scene.levels() == [("0:03:00", "yellow")]
    assert scene.alerts(step="by_eye")


@pytest.mark.parametrize(
    "told, state, level",
    [
        pytest.param({"capacity": "80"}, "watch", "yellow", id="80 %"),
        pytest.param({"capacity": "90"}, "restrict", "orange", id="90 %"),
        pytest.param({"capacity": "100"}, "stop", "red", id="full"),
        pytest.param({"landing_queue": "5"}, "restrict", "orange", id="queue at the escalator"),
        pytest.param({"counter_flow": "yes"}, "restrict", "orange", id="counter-flow"),
        pytest.param({"signs": "yes"}, "stop", "red", id="screams and swaying"),
        pytest.param({"fallen": "yes"}, "crush", "red", id="people are down"),
        pytest.param({"trapped": "yes"}, "crush", "red", id="somebody is pinned"),
    ],
)
def test_what_is_seen_needs_no_dwell(scene: Scene, told: dict[str, str], state: str, level: str) -> None:
    """Capacity, queues, counter-flow, screams: at once."""
    scene.open("crowding")
    scene.fact(**told)

    assert state == scene.state
    assert level == scene.level


def test_a_restriction_without_effect_becomes_a_stop(scene: Scene) -> None:
    """Five minutes at 3.0 with entry stopped: everything is stopped."""
    scene.everyone.works({"effect": "falling"}, skips=("effect",))
    scene.counts({0: 3.1}, until=10)
    scene.open("crowding")
    scene.run(until=8 * MINUTE)

    assert scene.timeline()[1:] == [("0:02:00", "restrict", "guard"), ("0:07:00", "stop", "guard")]


def test_a_crush_runs_through_the_police_to_the_end(scene: Scene) -> None:
    """People fall: 120, 119 and 110 at once, the police take command and hand back, the house empties by zones."""
    scene.everyone.works({"pull": "more_help"})
    scene.counts({0: 4.5, 20: 2.0, 30: 0.4}, until=70)
    scene.at(6 * MINUTE, "fact", values={"fallen": "yes", "injured": "4"})
    scene.at(8 * MINUTE, "transition", to="external_command", by="police")
    scene.at(25 * MINUTE, "transition", to="dispersal", by="police")
    scene.is_stood_down("controlled", after=10 * MINUTE)
    scene.is_followed_up(affected=4)
    scene.open("crowding")
    scene.run(until=10 * MINUTE)

    assert scene.path()[-3:] == ["stop", "crush", "external_command"]
    started = {run.name for run in scene.incident.steps.values()}
    assert {"call_120", "call_119", "call_110", "licensed", "report"} <= started
    with pytest.raises(CommandRefused, match="on the word of police"):
        scene.do("transition", to="dispersal", by="command")
    scene.run(until=2 * HOUR)

    assert scene.path()[-4:] == ["dispersal", "controlled", "stood_down", "follow_up"]
    assert {"b1", "f1", "f5"} <= {run.zone for run in scene.incident.steps.values() if run.name == "release"}


def test_a_stop_says_where_the_crowd_is_every_two_minutes(scene: Scene) -> None:
    """While all is stopped and the flow is stuck, the commander is pressed to press the police."""
    scene.everyone.works({"look": "jammed"}, skips=("nudge",))
    scene.at(MINUTE, "fact", values={"signs": "yes"})
    scene.open("crowding")
    scene.run(until=8 * MINUTE)

    nudges = [run for run in scene.incident.runs_here() if run.name == "nudge"]
    assert [scene.since_start(run.started) for run in nudges] == ["0:03:00", "0:05:00", "0:07:00"]
    assert {"commander"} == {run.role for run in nudges}


# a planned event

AT_SEVEN = "2026-03-08T19:00"
"""The event of these scenes: a week after the report, which comes at noon."""
DOORS = 7 * DAY + 6 * HOUR
"""From the report to an hour before the event begins."""


def _planned(scene: Scene, starts: str = AT_SEVEN) -> None:
    scene.open("crowding", facts={"starts": starts})


def test_an_event_with_its_hour_begins_as_planned(scene: Scene) -> None:
    """The hour told with the report makes it a planned one; no sensor is missed before people come. For days nothing is
    asked but what the plan asks, each thing of those who were asked first; at a change of shift only command passes."""
    scene.everyone.works()
    _planned(scene)
    scene.run(until=3 * DAY)

    assert scene.path() == ["planned"]
    assert scene.level == "blue"
    asked = {run.name for run in scene.incident.steps.values()} - {"nudge"}
    assert {"licence", "plan", "capacity", "exits", "posts"} == asked - {"relieve"}
    assert {run.role for run in scene.incident.steps.values() if run.name == "relieve"} == {"duty_manager"}
    assert scene.step("posts").person == "chen_jing"
    assert {a.person for a in scene.alerts(kind="task")} == {"lin_xiao", "sun_li", "hu_wei", "liu_yang", "chen_jing"}


def test_when_it_grows_graver_the_shift_on_duty_is_asked(scene: Scene) -> None:
    """While it is light nobody relieves who went home with nothing open; when it becomes graver, the new shift is asked
    to take over every such place at once."""
    scene.everyone.works()
    scene.phone("xie_fang").is_silent()
    _planned(scene)
    scene.run(until=23 * HOUR)  # all of the plan's own is done; it is morning again
    assert scene.incident.holders("on_scene") == ("liu_yang",)
    scene.run(until=30 * HOUR)  # the late shift is in
    assert {a.role for a in scene.alerts(kind="relief")} == {"duty_manager"}
    scene.do("severity", level="yellow", by="console")
    now = scene.clock.now()

    asked = {(a.role, a.person) for a in scene.alerts(kind="relief") if a.at == now}
    assert {("on_scene", "ma_liang"), ("control_room", "xie_fang")} <= asked
    scene.run(until=31 * HOUR)
    assert scene.incident.holders("on_scene") == ("ma_liang",)


def test_a_ready_event_opens_an_hour_before(scene: Scene) -> None:
    """Licence in hand, the check at T-24 h says ready: it opens by itself with the doors, and the counting begins."""
    scene.everyone.works()
    scene.counts({7 * 24 * 60 + 6 * 60 - 5: 0.1}, until=7 * 24 * 60 + 7 * 60)
    _planned(scene)
    scene.run(until=DOORS + MINUTE)

    assert scene.since_start(scene.step("check").started) == "6 days, 6:00:00"
    assert scene.timeline() == [("0:00:00", "planned", "opening"), ("7 days, 6:00:00", "open", "guard")]
    assert scene.level == "blue"


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"check": "not_ready"}, id="the check says so"),
        pytest.param({"licence": "refused"}, id="no licence"),
    ],
)
def test_what_is_not_ready_a_day_before_is_cancelled_in_writing(scene: Scene, answers: dict[str, str]) -> None:
    """Not ready at T-24 h: the commander cancels, everybody is told so, the licensing police get it in writing."""
    scene.everyone.works({**answers, "decide": "cancel"})
    _planned(scene)
    scene.run(until=8 * DAY)

    assert scene.path() == ["planned", "not_ready", "cancelled", "closed"]
    assert scene.timeline()[1][0] in ("6 days, 7:00:00", "6 days, 6:30:10")
    assert scene.incident.ended == "cancelled"
    assert scene.incident.facts["cancelled"].value == "yes"
    told = {a.person for a in scene.alerts(kind="ended")}
    assert {"chen_jing", "sun_li", "liu_yang", "lin_xiao", "wang_jun"} <= told <= set(scene.incident.alerted)
    assert any("已取消" in text for text in scene.words_to("chen_jing", "sms"))
    letter = scene.step("in_writing")
    assert letter.status == "done"
    plan = scene.incident.playbook.state("cancelled")
    assert next(step.call for step in plan.steps if step.name == "in_writing") == "licensing_police"


def test_what_is_mended_goes_on_as_planned(scene: Scene) -> None:
    """The gap is closed in time: planned again, and it opens at its hour."""
    scene.everyone.works({"check": "not_ready", "decide": "complete"})
    _planned(scene)
    scene.run(until=DOORS + SECOND)

    assert scene.path()[:3] == ["planned", "not_ready", "planned"]
    assert scene.state == "open"


def test_silence_about_an_event_expects_the_crowd(scene: Scene) -> None:
    """Nobody answers for a week: nothing is cancelled by a clock. The commander is pressed hourly; at the doors it is
    open, and yellow: people come to a house that is not ready."""
    _planned(scene)
    scene.run(until=DOORS + 30 * SECOND)

    assert scene.timeline()[1:] == [("6 days, 7:00:00", "not_ready", "guard"), ("7 days, 6:00:00", "open", "guard")]
    assert scene.level == "yellow"
    assert scene.alerts(step="decide")
    assert scene.incident.ended is None


def test_only_a_person_with_the_word_cancels(scene: Scene) -> None:
    """The one on the spot cannot; the event's safety head can, and afterwards nothing counts down any more."""
    scene.everyone.works(skips=("in_writing",))
    _planned(scene)
    scene.run(until=DAY)
    with pytest.raises(CommandRefused):
        scene.do("transition", to="cancelled", by="liu_yang")

    scene.do("transition", to="cancelled", by="lin_xiao")
    scene.run(until=8 * DAY)

    assert scene.path() == ["planned", "cancelled"]
    assert scene.incident.ended == "cancelled"


def test_a_crowd_that_comes_before_its_hour_opens_it(scene: Scene) -> None:
    """The fans queue the day before: counted, and the plan is open."""
    scene.everyone.works()
    _planned(scene)
    scene.run(until=2 * DAY)

    scene.fact(density="1.4")

    assert scene.state == "open"
