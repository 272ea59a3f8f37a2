"""A visit: counted down from its hour, known to few, swept or held, cancelled without a trace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from emergency.errors import CommandRefused
from tests.scenarios.scene import DAY, EVENING, HOUR, MINUTE, Scene, sample_roster, shipped_plans
from tests.scenarios.stories import STORIES

ARRIVES = "2026-03-03T14:00"
"""Fifty hours after noon of the scene's Sunday."""


def test_without_an_hour_somebody_is_asked_for_it(scene: Scene) -> None:
    """Nobody knows yet when: the deputy commander is pressed every hour, nobody else hears of it."""
    scene.everyone.works()
    scene.open("vip_visit")
    scene.run(until=5 * HOUR)

    assert scene.state == "notified"
    nudges = [run for run in scene.incident.runs_here() if run.name == "nudge"]
    assert len(nudges) == 5
    assert {run.role for run in nudges} == {"deputy_commander"}
    assert len(scene.per_person()) <= 3


def test_a_told_hour_begins_with_the_plan(scene: Scene) -> None:
    """Told with the trigger, the visit begins where the plan is made."""
    scene.open("vip_visit", facts={"arrives": ARRIVES})

    assert scene.path() == ["drafting"]
    assert scene.level == "blue"


def test_the_countdown_goes_by_the_hour_of_arrival(scene: Scene) -> None:
    """Nobody answers anything: T-48 h calls the commander, T-24 h starts the check, T-2 h the sweep; at T-30 min an
    unswept route is not clear, and the guest waits outside."""
    scene.open("vip_visit", facts={"arrives": ARRIVES})
    scene.run(until=3 * DAY)

    assert scene.timeline() == [
        ("0:00:00", "drafting", "opening"),
        ("1 day, 2:00:00", "planned", "guard"),
        ("2 days, 0:00:00", "advance_check", "guard"),
        ("2 days, 1:30:00", "hold", "guard"),
    ]
    assert scene.since_start(scene.alerts(step="late")[0].at) == "2:00:00"
    assert scene.since_start(scene.alerts(step="sweep")[0].at) == "2 days, 0:00:00"
    assert {a.person for a in scene.alerts(step="late")} & {"wang_jun"}
    nudges = [run for run in scene.incident.runs_here() if run.name == "nudge"]
    assert {run.role for run in nudges} == {"deputy_commander"}


def test_an_hour_that_moves_takes_the_countdown_with_it(scene: Scene) -> None:
    """The visit is put off by a day: everything still to come is a day later."""
    scene.everyone.works(skips=("sweep", "look"))
    scene.at(30 * HOUR, "fact", values={"arrives": "2026-03-04T14:00"})
    scene.open("vip_visit", facts={"arrives": ARRIVES})
    scene.run(until=4 * DAY)

    assert scene.since_start(scene.alerts(step="sweep")[0].at) == "3 days, 0:00:00"
    assert ("3 days, 1:30:00", "hold", "guard") in scene.timeline()


def test_a_visit_told_late_gets_an_hour_for_its_plan(scene: Scene) -> None:
    """Five hours ahead: an hour to make a plan, then the check; in a quarter of an hour: held at once."""
    scene.everyone.works(skips=("plan", "check"))
    scene.open("vip_visit", facts={"arrives": "17:00"})
    scene.run(until=4 * HOUR)

    assert [move[:2] for move in scene.timeline()[:3]] == [
        ("0:00:00", "drafting"),
        ("1:00:00", "planned"),
        ("3:00:00", "advance_check"),
    ]


def test_few_know_and_no_message_says_who(scene: Scene) -> None:
    """Until the day before three people know; no text names a guest or a class, or says more than a reception."""
    STORIES["vip_visit"](scene)
    scene.at(6 * MINUTE, "fact", values={"guest": "Minister Alpha", "route": "gate two"})
    scene.open("vip_visit")
    scene.run(until=23 * HOUR)
    assert len(scene.per_person()) <= 3
    scene.run(until=3 * DAY)

    assert len(scene.per_person()) > 8
    for rung in scene.received(answers=True):
        assert not any(word in rung.message.text for word in ("Alpha", "gate two", "VIP", "贵宾", "要员", "领导"))
    assert not any(state.announce for state in shipped_plans()["vip_visit"].states)


def test_a_step_goes_to_whoever_is_on_shift(scenes: Callable[[datetime], Scene]) -> None:
    """Who held the role days ago has gone home, and nobody was asked to relieve them: the next step is asked of the
    shift that is there, and only then do they hear of the visit."""
    scene = scenes(EVENING)
    STORIES["vip_visit"](scene)
    scene.open("vip_visit")
    scene.run(until=3 * DAY)

    assert scene.levels() == []
    assert not [a for a in scene.alerts(kind="relief") if a.role == "control_room"]
    steps = [a for a in scene.alerts(kind="task") if a.role == "control_room"]
    assert len({a.person for a in steps}) > 1
    for alert in steps:
        hour = (alert.at + timedelta(hours=8)).hour
        shift = "early" if 8 <= hour < 16 else "late" if 16 <= hour < 23 else "night"
        assert sample_roster().people[alert.person].shift == shift, (alert.person, alert.at)


def test_a_find_stops_the_visit_before_it_begins(scene: Scene) -> None:
    """Something lies on the route: entry is held, the object plan is looked out for, the police are called; only a
    clear route lets the posts be manned."""
    scene.everyone.works({"sweep": "found", "look": "found", "choose": "wait"})
    scene.open("vip_visit", facts={"arrives": "15:00"})
    scene.run(until=3 * HOUR - 10 * MINUTE)

    assert scene.state == "hold"
    assert scene.level == "orange"
    assert "suspicious_object" in scene.incident.expected
    assert scene.step("outside").status == "done"
    assert scene.step("police").status == "done"
    with pytest.raises(CommandRefused):
        scene.do("transition", to="posted", by="police")

    scene.fact(found="no")
    scene.do("transition", to="posted", by="police")

    assert scene.state == "posted"


@pytest.mark.parametrize(
    "guest_class, state",
    [
        pytest.param("a", "external_command", id="a state guest is the police's"),
        pytest.param("b", "on_site", id="a star is ours"),
        pytest.param("c", "on_site", id="a business guest is ours"),
    ],
)
def test_the_class_says_who_leads(scene: Scene, guest_class: str, state: str) -> None:
    """With class A the police command from the arrival on, and only their word leads on."""
    scene.everyone.works({"at_side": "well"})
    scene.open("vip_visit", facts={"arrives": ARRIVES, "guest_class": guest_class})
    scene.run(until=2 * DAY + 2 * HOUR)
    assert state == scene.state

    if guest_class == "a":
        assert scene.incident.now_in.commanded_by == "police"
        with pytest.raises(CommandRefused, match="on the word of police"):
            scene.do("transition", to="departing", by="command")
        scene.do("transition", to="departing", by="police")
        assert scene.state == "departing"


@pytest.mark.parametrize("fact", ["trouble", "lift_stopped", "found"])
def test_trouble_brings_the_guest_to_safety(scene: Scene, fact: str) -> None:
    """A real alarm, a stuck lift, a find: at once to the refuge, orange, 110; the visit goes on when it is over."""
    scene.everyone.works({"at_side": "well", "bring": "refuge", "over": "over"})
    scene.at(2 * DAY + 110 * MINUTE, "fact", values={fact: "yes"})
    scene.open("vip_visit", facts={"arrives": ARRIVES, "guest_class": "c"})
    scene.run(until=2 * DAY + 118 * MINUTE)
    path = scene.path()

    assert path[path.index("on_site") :][:3] == ["on_site", "protect", "on_site"]
    assert scene.level == "orange"
    assert "call_110" in {run.name for run in scene.incident.steps.values()}


def test_a_delay_is_checked_again(scene: Scene) -> None:
    """Not here at the hour: the route is looked at again every half hour, the posts stay."""
    scene.everyone.works({"arrival": "late"})
    scene.open("vip_visit", facts={"arrives": ARRIVES, "guest_class": "c"})
    scene.run(until=2 * DAY + 5 * HOUR)

    assert scene.state == "posted"
    assert len([run for run in scene.incident.runs_here() if run.name == "recheck"]) >= 3


def test_a_guest_nobody_announced_is_here(scene: Scene) -> None:
    """A star walks in: the posts are manned at once, without a countdown."""
    scene.everyone.works({"at_side": "well"})
    scene.open("vip_visit")
    scene.fact(arrived="yes", fans="yes")

    assert scene.state == "on_site"
    assert scene.level == "yellow"
    assert "crowding" in scene.incident.expected


@pytest.mark.parametrize("state", ["notified", "drafting", "planned", "advance_check", "hold", "posted"])
def test_a_visit_can_be_cancelled_before_it_begins(scene: Scene, state: str) -> None:
    """Everyone who was alerted is told that it is off; the list is destroyed; nothing else follows."""
    scene.everyone.works()
    scene.open("vip_visit")
    if state != "notified":
        scene.do("transition", to=state, by="command", override=True, reason="as agreed")
    scene.run(until=MINUTE)
    alerted = set(scene.incident.alerted)

    scene.do("cancel", by="command", reason="the guest is ill")
    scene.run(until=2 * HOUR)

    assert scene.incident.ended == "cancelled"
    assert scene.path()[-2:] == ["cancelled", "closed"]
    assert alerted == {alert.person for alert in scene.alerts(kind="ended")}
    assert any("取消" in text for text in scene.words_to("li_wenbin", "sms"))


def test_posts_are_released_a_quarter_of_an_hour_after_the_car(scene: Scene) -> None:
    """The car is off: no stand-down before the posts have waited fifteen minutes."""
    scene.everyone.works()
    scene.open("vip_visit")
    scene.do("transition", to="departing", by="command", override=True, reason="they have left")
    scene.run(until=10 * MINUTE)
    with pytest.raises(CommandRefused):
        scene.do("stand-down", by="command", check=["all"])
    scene.run(until=15 * MINUTE)

    scene.do("stand-down", by="command", check=["all"])

    assert scene.state == "stood_down"


def test_the_words_for_the_police_hold_what_they_ask() -> None:
    """Class, hour, gate, onlookers, protest; the guest and the route are handed over in person, never read out."""
    police = shipped_plans()["vip_visit"].agency("police")

    assert police is not None
    for part in ("{guest_class}", "{arrives}", "{place.gate}", "{protest}", "{deputy_commander.name}"):
        assert part in police.say.zh
        assert part in police.say.en
    assert not any(part in police.say.zh + police.say.en for part in ("{guest}", "{route}", "{contact}"))
