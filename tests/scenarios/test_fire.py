"""Fires: two signals, a small one that grows, the brigade in command, floors that cannot be swept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from emergency.core import events as e
from emergency.errors import CommandRefused, Mistakes
from tests.scenarios.scene import DAY, HOUR, MINUTE, NIGHT, SECOND, Scene


def test_a_small_fire_is_put_out_and_the_house_stays_open(scene: Scene) -> None:
    """Seen, small, put out in three minutes: under control without an evacuation, 119 called all the same."""
    scene.everyone.works({"first_attack": "small", "put_out": "out"})
    scene.open("fire")
    scene.run(until=5 * MINUTE)

    assert scene.path() == ["reported", "verifying", "confirmed", "minor_fire", "controlled"]
    assert scene.levels() == [("0:00:57", "yellow")]
    assert scene.step("call_119").status == "done"
    assert not list(scene.sweeps())


def test_a_small_fire_that_is_not_out_in_three_minutes_empties_the_house(scene: Scene) -> None:
    """The attack is acknowledged and never reported done: after three minutes it is evacuated, level red."""
    scene.everyone.works({"first_attack": "small"}, skips=("put_out",))
    scene.open("fire")
    scene.run(until=5 * MINUTE)

    assert scene.timeline()[-1] == ("0:04:37", "evacuating", "timeout")
    assert scene.timeline()[-2] == ("0:01:37", "minor_fire", "guard")
    assert scene.level == "red"


def test_two_signals_skip_the_look(scene: Scene) -> None:
    """A second signal confirms at once, at orange: nobody is sent to look first."""
    scene.at(5 * SECOND, "fact", values={"two_signals": "yes"})
    scene.open("fire")
    scene.run(until=6 * SECOND)

    assert scene.path() == ["reported", "confirmed"]
    assert scene.level == "orange"
    assert not scene.alerts(step="look")
    assert {"wang_jun"} == {alert.person for alert in scene.alerts() if alert.role == "commander"}


def test_two_signals_while_somebody_looks_confirm(scene: Scene) -> None:
    """A second signal that comes during the look does not wait for its answer."""
    scene.everyone.answers_after(5 * SECOND)
    scene.at(40 * SECOND, "fact", values={"two_signals": "yes"})
    scene.open("fire")
    scene.run(until=41 * SECOND)

    assert scene.path() == ["reported", "verifying", "confirmed"]
    assert scene.level == "orange"


@pytest.mark.parametrize(
    "told, level",
    [
        pytest.param({"needs_hose": "yes"}, "orange", id="a hose is needed"),
        pytest.param({"injured": "1"}, "orange", id="one is hurt"),
        pytest.param({"trending": "yes"}, "orange", id="live video spreads"),
        pytest.param({"peak": "yes"}, "blue", id="a peak alone is no reason"),
        pytest.param({"compartment_left": "yes"}, "red", id="it leaves its compartment"),
        pytest.param({"trapped": "yes"}, "red", id="somebody is trapped"),
        pytest.param({"injured": "3"}, "red", id="three are hurt"),
        pytest.param({"dead": "1"}, "red", id="one is dead"),
    ],
)
def test_what_is_told_raises_the_level(scene: Scene, told: dict[str, str], level: str) -> None:
    """A fact that makes it graver does so at once and by itself."""
    scene.open("fire")
    scene.fact(**told)

    assert level == scene.level


def test_at_a_peak_every_level_is_one_higher(scene: Scene) -> None:
    """A confirmed fire at a peak hour is orange, not yellow."""
    scene.at(SECOND, "fact", values={"peak": "yes"})
    scene.at(2 * SECOND, "transition", to="confirmed", by="sun_li")
    scene.open("fire")
    scene.run(until=3 * SECOND)

    assert scene.levels() == [("0:00:02", "yellow"), ("0:00:02", "orange")]


def test_nobody_calls_119_so_another_does_at_once_and_the_commander_is_called(scene: Scene) -> None:
    """The call to the brigade has half a minute: text and call go together, a deputy gets it after twenty seconds, and
    soon the level is orange."""
    scene.at(SECOND, "transition", to="confirmed", by="liu_yang")
    scene.open("fire")
    scene.run(until=3 * MINUTE)

    calls = scene.sent(step="call_119")
    assert sorted(calls)[:2] == [("0:00:01", "sms", "hu_wei"), ("0:00:01", "sms", "sun_li")]
    assert ("0:00:21", "sms", "tian_yuan") in calls
    assert ("0:00:21", "voice", "tian_yuan") in calls
    assert ("0:01:31", "orange") in scene.levels()


def test_nothing_seen_wants_a_cause_before_it_is_false(scene: Scene) -> None:
    """One looks and sees nothing, the control room names why it rang: only the two together end it."""
    scene.everyone.works({"look": "nothing", "find_cause": "known"})
    scene.open("fire")
    scene.run(until=10 * MINUTE)

    assert scene.path() == ["reported", "verifying", "nothing_seen", "false_alarm", "closed"]
    assert scene.incident.ended == "false_alarm"


def test_a_cause_that_nobody_finds_sends_them_to_look_again(scene: Scene) -> None:
    """Without a cause it is no false alarm: after three minutes somebody looks again."""
    scene.everyone.works({"look": "nothing"}, skips=("find_cause",))
    scene.open("fire")
    scene.run(until=5 * MINUTE)

    assert scene.path()[:4] == ["reported", "verifying", "nothing_seen", "verifying"]
    assert scene.timeline()[3][2] == "timeout"


def _evacuating(scene: Scene, **works: object) -> None:
    scene.everyone.works({"first_attack": "big", "hydrant": "out"}, **works)  # type: ignore[arg-type]
    scene.open("fire")
    scene.run(until=2 * MINUTE)
    assert scene.state == "evacuating"


FLOORS = ["b2", "b1", "f1", "f2", "f3", "f4", "f5", "outside"]


def test_every_floor_is_swept_by_one_person_and_each_says_which(scene: Scene) -> None:
    """At red each floor has a step of its own; whoever has several is told of each by its name."""
    _evacuating(scene, skips=("sweep",))
    sweeps = list(scene.sweeps())
    holders = scene.incident.holders("evacuation")

    assert [run.zone for run in sweeps] == FLOORS
    assert all(len(run.alerts) == 1 for run in sweeps)
    for person in holders:
        text = next(text for text in scene.words_to(person, "sms") if "sweep" in text or "清场" in text)
        mine = [run for run in sweeps if scene.incident.alerts[run.alerts[0]].person == person]
        assert len(mine) >= 2
        for run in mine:
            short = scene.incident.site.place(run.zone or "").short
            assert f"{scene.incident.code}{run.letter}" in text
            assert short.zh in text or short.en in text


def test_a_zone_is_swept_or_given_up_with_a_reason(scene: Scene) -> None:
    """The fire is out and each floor clear but one, which somebody gives up with a reason: now it is under control."""
    _evacuating(scene, skips=("sweep", "to_gate", "brigade_here"))
    scene.run(until=6 * MINUTE)
    *swept, last = list(scene.sweeps())
    for run in swept:
        person = scene.incident.alerts[run.alerts[0]].person
        scene.do("reply", person=person, text=f"{scene.incident.code}{run.letter} 2")
    assert scene.state == "evacuating"

    with pytest.raises(Mistakes, match="reason"):
        scene.do("give-up", step=last.letter, by="command")
    scene.do("give-up", step=last.letter, by="command", reason="the yard is full of smoke")

    assert scene.state == "controlled"
    dropped = [event for event in scene.happened(e.StepDropped) if event.because == "given_up"]
    assert [(last.id, scene.incident.command)] == [(event.step, event.by) for event in dropped]


def test_unswept_floors_are_pressed_again_and_again(scenes: Callable[[datetime], Scene]) -> None:
    """Five minutes into the evacuation the duty manager is told to look for what is not swept."""
    scene = scenes(NIGHT)
    _evacuating(scene, skips=("sweep", "to_gate", "nudge"))
    scene.run(until=20 * MINUTE)

    nudges = [run for run in scene.incident.runs_here() if run.name == "nudge" and run.role == "duty_manager"]
    assert [scene.since_start(run.started) for run in nudges] == ["0:06:37", "0:11:37", "0:16:37"]
    assert [run.status for run in nudges] == ["dropped", "dropped", "open"]


def test_the_brigade_commands_until_it_hands_back(scene: Scene) -> None:
    """While the brigade commands, our commander cannot declare the fire under control; its own word does."""
    _evacuating(scene, skips=("sweep",))
    scene.run(until=15 * MINUTE)
    assert scene.state == "external_command"
    assert scene.incident.now_in.commanded_by == "fire_brigade"

    with pytest.raises(CommandRefused, match="on the word of fire_brigade"):
        scene.do("transition", to="controlled", by="command")
    scene.do("transition", to="controlled", by="fire_brigade")

    assert scene.state == "controlled"
    assert scene.happened(e.StateEntered)[-1].by == "fire_brigade"


def test_command_may_override_the_brigades_guard_with_a_reason_on_record(scene: Scene) -> None:
    """People outrank the machine: over its guard, with a reason, and the log says so."""
    _evacuating(scene, skips=("sweep",))
    scene.run(until=15 * MINUTE)

    with pytest.raises(Mistakes, match="reason"):
        scene.do("transition", to="controlled", by="command", override=True)
    with pytest.raises(CommandRefused, match="does not command"):
        scene.do("transition", to="controlled", by="gao_lei", override=True, reason="it looks fine")
    scene.do("transition", to="controlled", by="command", override=True, reason="the officer said so by radio")

    entered = scene.happened(e.StateEntered)[-1]
    assert ("controlled", True, scene.incident.command) == (entered.state, entered.overridden, entered.by)
    assert entered.reason is not None
    assert {"the officer said so by radio"} == set(scene.engine.store.words([entered.reason]).values())


def test_new_smoke_during_the_fire_watch_begins_it_again(scene: Scene) -> None:
    """The watch sees smoke: confirmed again, everybody is called again."""
    scene.everyone.works({"first_attack": "small", "put_out": "out", "fire_watch": "smoke"})
    scene.open("fire")
    scene.run(until=12 * MINUTE)

    path = scene.path()
    assert path[path.index("controlled") :][:2] == ["controlled", "confirmed"]
    assert len({alert.step for alert in scene.alerts(step="call_119")}) == 2


def test_the_worst_case_runs_to_its_legal_ends(scene: Scene) -> None:
    """Dead, hurt and missing people: red, the one-hour report is asked for, casualties are followed for seven days,
    staff claims for thirty, an inquiry for sixty."""
    scene.everyone.works({"first_attack": "big", "hydrant": "withdraw"})
    scene.on("evacuating", "fact", after=MINUTE, values={"trapped": "yes", "injured": "4", "dead": "1"})
    scene.on("external_command", "fact", after=MINUTE, values={"missing": "2", "staff_injured": "1"})
    scene.on("external_command", "transition", after=90 * MINUTE, to="controlled", by="fire_brigade")
    scene.is_stood_down("controlled", after=2 * HOUR)
    scene.on("follow_up", "fact", values={"inquiry": "yes"})
    scene.is_followed_up(affected=9)
    scene.open("fire")
    scene.run(until=29 * DAY)

    assert scene.path()[-4:] == ["external_command", "controlled", "stood_down", "follow_up"]
    assert scene.step("find_trapped").status == "done"
    assert scene.step("call_120").status == "done"
    due = {name: scene.step(name) for name in ("casualties", "work_injury", "inquiry")}
    assert {name: run.due - run.started for name, run in due.items() if run.due is not None} == {
        "casualties": 7 * DAY,
        "work_injury": 30 * DAY,
        "inquiry": 60 * DAY,
    }
    assert scene.alerts(step="report")
    assert scene.level == "red"

    scene.run(until=40 * DAY)

    assert scene.state == "closed"


def test_the_legal_hour_counts_from_when_the_head_learned(scene: Scene) -> None:
    """The report is due an hour after the head learned of it: the reminder comes forty minutes after that."""
    scene.everyone.works({"first_attack": "big"}, skips=("sweep", "hydrant", "to_gate", "report_hour"))
    scene.on("evacuating", "fact", after=2 * MINUTE, values={"head_told": "2026-03-01T11:40:00"})
    scene.open("fire")
    scene.run(until=30 * MINUTE)

    assert scene.since_start(scene.step("report_hour").started) == "0:20:00"


def test_the_one_in_command_hears_of_every_phase(scenes: Callable[[datetime], Scene]) -> None:
    """The night manager has no step in the first minutes and commands all the same: each phase reaches him, and what
    makes it graver also by voice."""
    scene = scenes(NIGHT)
    _evacuating(scene)
    states = {event.state: scene.since_start(at) for event, at in scene.log() if isinstance(event, e.StateEntered)}
    heard = [(when, channel) for when, channel, _ in scene.sent(person="han_zhong", kind="update")]

    assert scene.incident.command == "han_zhong"
    assert [
        (states["verifying"], "sms"),
        (states["confirmed"], "sms"),
        (states["confirmed"], "voice"),
        (states["evacuating"], "sms"),
        (states["evacuating"], "voice"),
    ] == heard
    assert any("火灾确认" in text for text in scene.words_to("han_zhong", "voice"))
