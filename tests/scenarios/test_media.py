"""The press: received politely, told one approved thing, answered, watched until the topic is dead for a day."""

from __future__ import annotations

import pytest

from emergency.core.wording import script
from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, HOUR, MINUTE, Scene


@pytest.mark.parametrize(
    "told, level",
    [
        pytest.param({"outlets": "1"}, "yellow", id="one outlet"),
        pytest.param({"outlets": "2"}, "orange", id="several"),
        pytest.param({"casualty": "yes"}, "orange", id="people were hurt"),
        pytest.param({"trending": "yes"}, "orange", id="it trends here"),
        pytest.param({"peak": "yes"}, "orange", id="at peak hours"),
        pytest.param({"national": "yes"}, "red", id="a national outlet"),
        pytest.param({"live": "yes"}, "red", id="live"),
        pytest.param({"conflict": "yes"}, "red", id="a guard pushed"),
        pytest.param({"rumour": "yes"}, "red", id="a wrong rumour"),
    ],
)
def test_what_makes_it_graver(scene: Scene, told: dict[str, str], level: str) -> None:
    """One neutral outlet is yellow; several, casualties or a trend orange; national, live, conflict, rumour red."""
    scene.open("media")
    scene.fact(**told)

    assert level == scene.level


def test_a_visit_goes_from_the_door_to_the_archive(story: Played) -> None:
    """Received, an approved text within the hour, questions, a quiet day, stand-down, clippings, closed."""
    scene = story("media")
    entered = {state: at for at, state, _ in scene.timeline()}

    assert scene.step("publish").status == "done"
    assert entered["statement"] < "1:00:00"
    assert entered["stood_down"] >= "1 day, 1:00:00"
    assert {"clippings", "thanks", "regulators", "call_back"} <= {
        run.name for run in scene.incident.steps.values() if run.status == "done"
    }
    assert "report_late" not in {run.name for run in scene.incident.steps.values()}


def test_when_the_spokesperson_does_not_come_the_duty_manager_receives_them(scene: Scene) -> None:
    """Ten minutes, and the duty manager is sent with the holding line."""
    scene.everyone.works(skips=("receive",))
    scene.open("media")
    scene.run(until=10 * MINUTE)

    assert scene.timeline()[-1] == ("0:10:00", "hosted", "timeout")
    nudge = next(run for run in scene.incident.runs_here() if run.name == "nudge")
    assert (nudge.role, nudge.status) == ("duty_manager", "open")
    assert any("预备口径" in text for text in scene.words_to("chen_jing", "sms"))


def test_without_a_text_in_time_it_is_the_holding_line(scene: Scene) -> None:
    """The draft is not approved for thirty minutes: the plan goes on with the holding line, and says so."""
    scene.everyone.works(skips=("approve", "approve_again"))
    scene.open("media")
    scene.run(until=40 * MINUTE)

    assert scene.timeline()[2][1:] == ("holding_line", "timeout")
    assert scene.step("read").status == "done"
    assert any("预备口径" in text for text in scene.words_to("lin_xiao"))
    scene.do("transition", to="statement", by="command")
    assert scene.state == "statement"


def test_silence_publishes_nothing(silence: Played) -> None:
    """Nobody answers for a week: it waits with the holding line, the commander is asked to approve, the duty manager
    is pressed, and nothing was ever asked to be published."""
    scene = silence("media")

    assert scene.state == "holding_line"
    assert scene.alerts(step="approve")
    assert scene.alerts(step="publish") == []
    assert {"duty_manager"} == {run.role for run in scene.incident.runs_here() if run.name == "nudge"}
    assert scene.alerts(step="greet")


def test_a_text_that_is_sent_back_comes_back_to_the_commander(scene: Scene) -> None:
    """To want a change is no approval: it is changed and brought again, and only then goes out."""
    scene.everyone.works({"approve": "change"})
    scene.open("media")
    scene.run(until=25 * MINUTE)

    asked = [run.name for run in scene.incident.steps.values() if run.name in ("approve", "redraft", "approve_again")]
    assert asked == ["approve", "redraft", "approve_again"]
    assert "statement" in scene.path()
    assert scene.timeline()[2][2] == "guard"


def test_only_the_commander_publishes(scene: Scene) -> None:
    """The word to publish is the commander's; the one on the spot is refused."""
    scene.everyone.works(skips=("approve", "draft"))
    scene.open("media")
    scene.run(until=12 * MINUTE)
    assert scene.state == "hosted"

    with pytest.raises(CommandRefused):
        scene.do("transition", to="statement", by="liu_yang")
    scene.do("transition", to="statement", by="command")

    assert scene.state == "statement"


def test_the_worst_visit(scene: Scene) -> None:
    """Live, national, people hurt, a scuffle: red; legal reads the apology, families hear it first, the police keep
    order, and the next word comes within the hour."""
    scene.everyone.works({"answer": "more"})
    scene.at(MINUTE, "fact", values={"national": "yes", "live": "yes", "casualty": "yes"})
    scene.on("hosted", "fact", after=MINUTE, values={"conflict": "yes", "onlookers": "yes"})
    scene.open("media")
    scene.run(until=2 * HOUR)

    assert scene.level == "red"
    assert scene.state == "briefing"
    done = {run.name for run in scene.incident.steps.values() if run.status == "done"}
    assert {"apology", "families", "call_110", "to_gate", "publish", "update"} <= done
    began = next(at for at, state, _ in scene.timeline() if state == "briefing")
    first = next(run for run in scene.incident.steps.values() if run.name == "update")
    assert scene.since_start(first.started) > began
    assert "crowding" in scene.incident.expected


def test_a_customer_with_a_camera_is_no_reporter(scene: Scene) -> None:
    """Called off with a cause: everyone alerted is told, it closes."""
    scene.everyone.works(skips=("receive",))
    scene.at(3 * MINUTE, "cancel", by="liu_yang", reason="a customer filming his child")
    scene.open("media")
    scene.run(until=30 * MINUTE)

    assert scene.path() == ["arrival", "false_alarm", "closed"]
    assert {a.person for a in scene.alerts(kind="ended")} == set(scene.incident.alerted)


def test_the_topic_must_be_dead_for_a_day(scene: Scene) -> None:
    """Twenty hours of quiet and a new post: the day begins again, and until it is over a stand-down is refused."""
    scene.everyone.works()
    scene.on("monitoring", "fact", after=HOUR, values={"active": "no"})
    scene.on("monitoring", "fact", after=21 * HOUR, values={"active": "yes"})
    scene.on("monitoring", "fact", after=22 * HOUR, values={"active": "no"})
    scene.open("media")
    scene.run(until=30 * HOUR)
    assert scene.state == "monitoring"
    with pytest.raises(CommandRefused, match="active"):
        scene.do("stand-down", by="command", check=["all"])

    scene.run(until=2 * DAY)
    assert scene.step("end_it").role == "commander"
    scene.do("stand-down", by="command", check=["all"])

    assert scene.incident.ended == "stand_down"


def test_they_are_back(scene: Scene) -> None:
    """Another camera while the topic is watched: received like the first."""
    scene.everyone.works()
    scene.open("media")
    scene.run(until=2 * HOUR)
    assert scene.state == "monitoring"

    scene.do("transition", to="arrival", by="liu_yang")

    assert scene.state == "arrival"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_police_hear_what_they_ask(scene: Scene, language: str) -> None:
    """Where, which gate, how many look on, whether anybody is hurt, who meets them."""
    scene.open("media")
    scene.fact(onlookers="yes", conflict="yes", injured="1")
    said = script(scene.incident, "police", {"vehicle_guide": "Cao Ming", "comms": "Tian Yuan"}, language)

    place = scene.incident.site.place("south_square")
    assert place.gate is not None
    for word in (place.name.of(language), place.gate.of(language), "1", "Cao Ming", "Tian Yuan"):
        assert word in said
