"""Robberies: few know, nobody in the place is rung, the police command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from emergency.core import events as e
from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, EVENING, HOUR, MINUTE, NOON, PLACES, SECOND, Scene, sample_roster, sample_site

FIRST_CHANGE = 5 * HOUR
"""Begun at three in the morning, the night shift goes at eight."""
SHIFTS = (0 * HOUR, 8 * HOUR, 15 * HOUR)
"""The changes of a day after that: at eight, at four, at eleven."""


def _in_the_place(place: str) -> set[str]:
    inside = sample_site().inside(place)
    return {person.id for person in sample_roster().people.values() if person.zone in inside}


@pytest.mark.parametrize(
    "place, there",
    [
        pytest.param("f1_jeweller", {"cai_qiang"}, id="the guard in the shop"),
        pytest.param("f1_atrium", {"ma_liang"}, id="the security supervisor himself"),
        pytest.param("f1_service_desk", {"guo_xin", "su_meng"}, id="the duty manager at the desk"),
    ],
)
def test_nobody_in_the_place_is_rung(scenes: Callable[[datetime], Scene], place: str, there: set[str]) -> None:
    """A ringing phone can kill: in an hour in which nobody answers, when the ladder asks everybody it can find, those
    believed to be in the place get no text and no call; somebody else holds their role."""
    scene = scenes(EVENING)
    scene.open("robbery", place)
    scene.run(until=HOUR)

    reached = set(scene.per_person())
    assert there <= _in_the_place(place)
    assert reached
    assert set() == reached & there
    assert set() == {p for slots in scene.incident.roles.values() for p in slots.values()} & there
    assert scene.incident.command not in there


def test_nobody_in_the_place_is_told_the_end_either(scenes: Callable[[datetime], Scene]) -> None:
    """Not even the stand-down rings in the place."""
    scene = scenes(EVENING)
    scene.everyone.works({"watch": "here", "track": "left"})
    scene.is_stood_down("scene_held", after=HOUR, by="police")
    scene.open("robbery", "f1_atrium")
    scene.run(until=2 * HOUR)

    assert scene.incident.ended == "stand_down"
    assert scene.received("ma_liang") == []
    assert scene.received("guo_xin")


def test_in_a_fire_at_the_same_place_they_are_called(scenes: Callable[[datetime], Scene]) -> None:
    """Silence is the robbery plan's alone: in a fire those in the place are called first of all."""
    scene = scenes(EVENING)
    scene.open("fire", "f1_atrium")
    scene.run(until=MINUTE)

    assert scene.received("ma_liang")


def test_few_know(story: Played) -> None:
    """When people answer, only the roles of the plan hear of it, and no group is called in."""
    scene = story("robbery")

    assert {"sun_li", "hu_wei", "chen_jing", "li_wenbin", "liu_yang", "tian_yuan"} == set(scene.per_person())


def test_even_silence_stays_need_to_know(silence: Played) -> None:
    """In a silent week the ladder asks deputies and superiors, and still not a quarter of the house; a change of shift
    asks one for each place, of the role's own people, and whom nobody has told goes on not knowing."""
    scene = silence("robbery")
    few = {"control_room", "duty_manager", "deputy_commander", "on_scene", "comms", "commander"}
    asked_as = {alert.role for alert in scene.incident.alerts.values() if alert.role}
    by_then = {a.person for a in scene.alerts() if a.at - scene.start < FIRST_CHANGE}
    called = [a for a in scene.alerts(kind="relief") if a.person not in by_then]

    assert asked_as <= few
    assert len(by_then) <= 13
    assert called
    for alert in called:
        assert alert.role in sample_roster().people[alert.person].roles
    for moment in {alert.at for alert in called}:
        places = [(alert.role, alert.slot) for alert in called if alert.at == moment]
        assert len(places) == len(set(places)) <= 6
    assert {a.at - scene.start for a in called} <= {
        FIRST_CHANGE + n * DAY + after for n in range(7) for after in SHIFTS
    }
    assert set(scene.per_person()) <= by_then | {a.person for a in called}
    assert {a.person for a in scene.alerts() if a.kind in ("gap", "no_relief")} == {scene.incident.command}
    passed_on = scene.happened(e.GapEscalated)
    assert passed_on
    for event in passed_on:
        assert few & set(sample_roster().people[event.to].roles)


def test_no_message_says_robbery(story: Played, silence: Played) -> None:
    """A locked screen shows a police matter."""
    for scene in (story("robbery"), silence("robbery")):
        for rung in scene.received(answers=True):
            said = rung.message.text.replace("在抢", "")
            assert "抢" not in said
            assert "robber" not in said.lower()


@pytest.mark.parametrize("playbook", [pytest.param(name, id=name) for name in PLACES if name != "robbery"])
def test_other_plans_name_what_it_is(story: Played, playbook: str) -> None:
    """Everywhere else the words stand at the beginning, after the code."""
    scene = story(playbook)
    words = {
        "fire": "火",
        "power_outage": "停电",
        "elevator_entrapment": "困人",
        "crowding": "客流",
        "media": "媒体",
        "earthquake": "地震",
        "missing_child": "寻人",
        "personal_injury": "受伤",
        "escalator": "扶梯",
        "gas_leak": "燃",
        "flooding": "进水",
        "demonstration": "聚集",
        "riot": "骚乱",
        "suspicious_object": "无主物",
        "threat": "安全核查",  # need-to-know as well: a check, never a threat
        "severe_weather": "天气",
        "system_failure": "系统故障",
        "aircon_failure": "空调",
        "vip_visit": "接待",  # never who comes
    }

    assert all(words[playbook] in text for text in scene.words_to("chen_jing", "sms")[:1])


def test_an_unclear_picture_after_a_minute_sends_eyes_from_afar(scene: Scene) -> None:
    """The cameras show nothing for a minute: one in plain clothes looks from afar, and what he says counts."""
    scene.everyone.works({"from_afar": "gone"}, skips=("watch",))
    scene.open("robbery")
    scene.run(until=3 * MINUTE)

    assert scene.since_start(scene.step("from_afar").started) == "0:01:00"
    assert scene.path()[:2] == ["silent_alarm", "fled"]


def test_a_hostage_is_the_polices(scene: Scene) -> None:
    """He holds somebody: red, wide and quiet; the police command, and only their word leads back to us."""
    scene.everyone.works({"watch": "here", "track": "holds"})
    scene.open("robbery")
    scene.run(until=30 * MINUTE)
    assert scene.path() == ["silent_alarm", "in_progress", "hostage", "external_command"]
    assert scene.level == "red"
    assert scene.step("call_again").status == "done"
    assert scene.incident.now_in.commanded_by == "police"

    with pytest.raises(CommandRefused, match="on the word of police"):
        scene.do("transition", to="scene_held", by="command")
    scene.do("transition", to="scene_held", by="police")

    assert scene.state == "scene_held"


@pytest.mark.parametrize("state", ["silent_alarm", "in_progress", "fled"])
def test_a_hostage_is_believed_from_every_state(scene: Scene, state: str) -> None:
    """The word of a hostage moves the plan at once from wherever it is."""
    scene.open("robbery")
    if state != "silent_alarm":
        scene.do("transition", to=state, by="command", override=True, reason="seen on camera")

    scene.fact(hostage="yes")
    if state == "fled":  # he had gone: whoever is there says that he is back with somebody
        scene.do("transition", to="hostage", by="liu_yang")

    assert scene.state == "hostage"
    assert scene.level == "red"


@pytest.mark.parametrize("fact", ["weapon", "shots", "several_stores", "crowd_flight", "vulnerable", "peak"])
def test_what_makes_it_graver(scene: Scene, fact: str) -> None:
    """Weapon, shots, several stores, people running: red; the commander is called."""
    scene.open("robbery")
    assert scene.level == "orange"

    scene.fact(**{fact: "yes"})

    assert scene.level == "red"
    assert scene.incident.holders("commander")


def test_he_is_back(scene: Scene) -> None:
    """Gone and seen again: in progress again, everybody keeps away."""
    scene.everyone.works({"watch": "gone"}, skips=("shut",))
    scene.at(2 * MINUTE, "transition", to="in_progress", by="sun_li")
    scene.open("robbery")
    scene.run(until=2 * MINUTE + SECOND)

    assert scene.path() == ["silent_alarm", "fled", "in_progress"]


def test_whose_phone_is_where_is_asked_once_at_the_start(scenes: Callable[[datetime], Scene]) -> None:
    """People off shift are nowhere in the house: an off-site manager whose desk is on that floor is called."""
    scene = scenes(NOON)  # a Sunday: the office is on call from home
    scene.open("robbery", "f5_office")
    scene.run(until=MINUTE)

    assert "li_wenbin" in scene.incident.holders("deputy_commander")
    assert scene.received("li_wenbin")
