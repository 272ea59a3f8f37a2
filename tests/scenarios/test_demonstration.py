"""Demonstrations: a date that counts down, a door that is limited, talks, the police, half an hour of quiet."""

from __future__ import annotations

import pytest

from emergency.core.sandbox import named
from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, HOUR, MINUTE, SECOND, Scene, shipped_plans


def test_from_the_first_count_to_the_archive(story: Played) -> None:
    """Sixty people: that door is limited and 110 called, a deputy talks, they leave, thirty quiet minutes, the end."""
    scene = story("demonstration")

    assert scene.path()[:4] == ["observing", "contained", "dialogue", "dispersing"]
    assert scene.levels() == [("0:00:00", "yellow"), ("0:04:00", "orange")]
    assert scene.step("call_110").status == "done"
    assert scene.step("limit").status == "done"
    assert scene.step("record").status == "done"
    assert scene.state == "closed"


def test_an_announced_one_counts_down_by_itself(scene: Scene) -> None:
    """Announced for three in the afternoon: information at blue; at half past two the posts are manned, though nobody
    said a word."""
    scene.open("demonstration", facts={"starts": "15:00"})
    scene.run(until=2 * HOUR)
    assert (scene.state, scene.level) == ("information", "blue")
    assert {run.name for run in scene.incident.runs_here()} >= {"police", "posts", "cash", "movables"}

    scene.run(until=3 * HOUR)

    assert scene.timeline()[1] == ("2:30:00", "observing", "guard")
    assert scene.timeline()[2] == ("2:35:00", "contained", "late_step")


def test_what_is_announced_without_a_time_waits_and_asks(scene: Scene) -> None:
    """No time is known: information, and twice a day the duty manager is asked for news."""
    scene.everyone.works()
    scene.open("demonstration", facts={"announced": "yes"})
    scene.run(until=2 * DAY + MINUTE)

    assert scene.path() == ["information"]
    assert len([r for r in scene.incident.runs_here() if r.name == "nudge"]) == 4


def test_what_was_announced_is_cancelled(scene: Scene) -> None:
    """The organisers call it off: everybody who prepared is told, in words of their own; it is no false alarm."""
    scene.everyone.works()
    scene.open("demonstration", facts={"starts": "18:00"})
    scene.run(until=HOUR)
    alerted = set(scene.incident.alerted)

    scene.do("cancel", by="command", reason="the organisers called it off")
    scene.run(until=2 * HOUR)

    assert scene.path() == ["information", "cancelled", "closed"]
    assert scene.incident.ended == "cancelled"
    assert alerted == {alert.person for alert in scene.alerts(kind="ended")}
    assert any("已取消" in text for text in scene.words_to("chen_jing", "sms"))


def test_a_gathering_that_is_none_is_a_false_alarm(scene: Scene) -> None:
    """A queue for a shop, not a crowd with demands."""
    scene.everyone.answers_after(20 * SECOND)
    scene.open("demonstration")
    scene.run(until=MINUTE)
    scene.do("cancel", by="liu_yang", reason="a queue for a shop")

    assert scene.incident.ended == "false_alarm"


@pytest.mark.parametrize(
    "told, level, state",
    [
        pytest.param({"people": "1"}, "yellow", "observing", id="a few, outside"),
        pytest.param({"people": "49"}, "yellow", "observing", id="just under fifty"),
        pytest.param({"people": "50"}, "orange", "contained", id="fifty"),
        pytest.param({"doors_blocked": "yes"}, "orange", "contained", id="a door is blocked"),
        pytest.param({"inside": "yes"}, "orange", "contained", id="they are in the mall"),
        pytest.param({"pushing": "yes"}, "orange", "contained", id="pushing"),
        pytest.param({"peak": "yes"}, "orange", "observing", id="a peak makes every level one higher"),
        pytest.param({"weapons": "yes"}, "red", "violence", id="weapons"),
        pytest.param({"blows": "yes"}, "red", "violence", id="blows"),
        pytest.param({"damage": "yes"}, "red", "violence", id="damage"),
    ],
)
def test_what_is_told_raises_the_level_and_moves_it(scene: Scene, told: dict[str, str], level: str, state: str) -> None:
    """Each sign of the reference raises by itself, and the plan follows."""
    scene.open("demonstration")
    scene.fact(**told)

    assert (level, state) == (scene.level, scene.state)


def test_what_the_one_who_counts_answers_is_told(scene: Scene) -> None:
    """'Over fifty' by one key is a fact: orange, and that door is limited."""
    scene.everyone.works({"count": "grown"})
    scene.open("demonstration")
    scene.run(until=2 * MINUTE)

    assert scene.path() == ["observing", "contained"]
    assert scene.level == "orange"
    assert scene.incident.facts["over_fifty"].value == "yes"


def test_counting_goes_on_and_a_count_that_stops_is_growth(scene: Scene) -> None:
    """Calm twice, then nobody answers any more: the third count is five minutes late, so it counts as grown."""
    scene.everyone.works()
    scene.at(8 * MINUTE, "note", text="the on-scene leader does not answer")
    scene.open("demonstration")
    scene.run(until=8 * MINUTE)
    assert scene.state == "observing"
    counts = len([r for r in scene.incident.runs_here() if r.name == "count"])
    assert counts == 2

    scene.everyone.is_silent()
    scene.run(until=25 * MINUTE)

    assert scene.timeline()[1][1:] == ("contained", "late_step")


def test_110_not_called_in_two_minutes_is_the_duty_managers(scene: Scene) -> None:
    """Communications does not answer: after two minutes the duty manager has the call as well."""
    scene.everyone.works(skips=("call_110",))
    scene.at(MINUTE, "fact", values={"people": "80"})
    scene.open("demonstration")
    scene.run(until=4 * MINUTE)

    check = scene.step("check_110")
    assert scene.since_start(check.started) == "0:03:00"
    assert scene.alerts(step="check_110")[0].person == "chen_jing"
    assert scene.step("call_110").status == "open"


def test_talks_fail_when_nobody_reports_them(scene: Scene) -> None:
    """Half an hour without a result: the commander decides the next offer; a silent quarter later it has failed."""
    skips = ("talk_deputy", "next_offer", "police_here")
    scene.everyone.works(skips=skips)
    scene.at(MINUTE, "fact", values={"people": "60"})
    scene.open("demonstration")
    scene.run(until=55 * MINUTE)

    assert [x[1:] for x in scene.timeline()][:4] == [
        ("observing", "opening"),
        ("contained", "guard"),
        ("dialogue", "guard"),
        ("contained", "timeout"),
    ]
    assert scene.alerts(step="next_offer")[0].person == "wang_jun"


def test_the_commander_chooses_who_talks(scene: Scene) -> None:
    """The deputy talks unless the commander names the duty manager."""
    scene.everyone.works({"speaker": "manager"}, skips=("talk_manager", "police_here"))
    scene.at(MINUTE, "fact", values={"people": "60"})
    scene.open("demonstration")
    scene.run(until=10 * MINUTE)

    assert scene.state == "dialogue"
    assert scene.alerts(step="talk_manager")[0].person == "chen_jing"
    assert not scene.alerts(step="talk_deputy")


def test_the_worst_way_is_violence_and_the_police(scene: Scene) -> None:
    """Blows: red, the riot plan is expected and somebody is asked to open it; the police command until their word."""
    scene.everyone.works({"count": "blows"})
    scene.open("demonstration")
    scene.run(until=10 * MINUTE)
    assert scene.path() == ["observing", "violence"]
    assert scene.level == "red"
    assert "riot" in scene.incident.expected
    assert scene.step("open_riot").status == "done"

    scene.do("transition", to="external_command", by="police")
    with pytest.raises(CommandRefused, match="on the word of police"):
        scene.do("transition", to="dispersing", by="command")
    scene.do("transition", to="dispersing", by="police")

    assert scene.state == "dispersing"


def test_it_is_over_after_half_an_hour_of_quiet(scene: Scene) -> None:
    """Nobody stands it down earlier; who comes back is contained again."""
    scene.everyone.works()
    scene.at(MINUTE, "transition", to="dispersing", by="liu_yang")
    scene.open("demonstration")
    scene.run(until=20 * MINUTE)

    with pytest.raises(CommandRefused):
        scene.do("stand-down", by="command", check=["all"])
    scene.run(until=32 * MINUTE)
    scene.do("stand-down", by="command", check=["all"])

    assert scene.incident.ended == "stand_down"


def test_they_are_back(scene: Scene) -> None:
    """The ten-minute look sees them come back."""
    scene.everyone.works({"quiet": "back"}, skips=("police_here",))
    scene.at(MINUTE, "transition", to="dispersing", by="liu_yang")
    scene.open("demonstration")
    scene.run(until=8 * MINUTE)

    assert scene.path()[:3] == ["observing", "dispersing", "contained"]


def test_a_cause_of_our_own_is_reported_and_answered(scene: Scene) -> None:
    """Tenants protest: the government is told at once, and the demands get a written answer; else neither is asked."""
    scene.everyone.works()
    scene.at(SECOND, "fact", values={"own_cause": "yes", "people": "60"})
    scene.on("dialogue", "fact", after=9 * MINUTE, values={"report_sent": "yes"})
    scene.is_stood_down("dispersing", after=31 * MINUTE)
    scene.open("demonstration")
    scene.run(until=5 * MINUTE)
    assert scene.alerts(step="report")

    scene.run(until=2 * HOUR)

    assert not scene.alerts(step="report_late")
    assert scene.state == "follow_up"
    assert scene.alerts(step="demands")


def test_the_police_are_told_what_they_ask() -> None:
    """Where, how many, mood, banners, leaders, weapons, blocked roads, own measures, who meets them."""
    (police,) = [agency for agency in shipped_plans()["demonstration"].agencies if agency.name == "police"]

    for words in (police.say.zh, police.say.en):
        told = {name for name, _ in named(words)}
        assert told >= {
            "site", "place", "people", "mood", "banners", "leaders", "weapons", "road_blocked", "inside", "comms",
        }  # fmt: skip
