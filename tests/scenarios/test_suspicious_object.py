"""Suspicious objects: three minutes to judge, no radios near it, floor then building, the bomb squad's word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from emergency.core.sandbox import named
from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import EVENING, HOUR, MINUTE, SECOND, Scene, shipped_plans


def test_from_the_find_to_the_archive(story: Played) -> None:
    """HOT, 110 called, the floor cleared and cordoned, the police say harmless, reopened in steps."""
    scene = story("suspicious_object")

    assert scene.path()[:6] == ["found", "suspect", "evacuating", "cordoned", "external_command", "controlled"]
    assert scene.levels() == [("0:01:10", "orange")]
    assert scene.step("call_110").status == "done"
    assert {run.zone for run in scene.incident.steps.values() if run.name == "sweep"} == {"f2"}
    assert scene.state == "closed"


def test_silence_clears_the_floor_and_then_the_house(silence: Played) -> None:
    """Nobody judges it, nobody says that 110 was called: suspect after three minutes, cleared after seven; ten minutes
    after the sweep was asked for the level is red, and every floor is to be swept."""
    scene = silence("suspicious_object")

    assert scene.path() == ["found", "suspect", "evacuating"]
    assert scene.levels() == [("0:03:00", "orange"), ("0:19:00", "red")]
    assert len({run.zone for run in scene.sweeps()}) == 8
    assert scene.alerts(step="voice_all")
    assert scene.alerts(step="check_110")


def test_lost_property_is_logged_and_closed(scene: Scene) -> None:
    """Not hidden, not suspicious, typical: handed in, everybody is told, closed."""
    scene.everyone.works({"hot": "lost"})
    scene.open("suspicious_object")
    scene.run(until=HOUR)

    assert scene.path() == ["found", "lost_property", "closed"]
    assert scene.level == "blue"
    assert scene.step("hand_in").status == "done"
    assert scene.alerts(kind="ended")


def test_nothing_there_is_a_false_alarm(scene: Scene) -> None:
    """There is no object at all: called off by one on the spot."""
    scene.everyone.answers_after(20 * SECOND)
    scene.open("suspicious_object")
    scene.run(until=30 * SECOND)
    scene.do("cancel", by="liu_yang", reason="a cleaner's cart")

    assert scene.state == "false_alarm"


@pytest.mark.parametrize(
    "told, level, state",
    [
        pytest.param({"hidden": "yes"}, "blue", "found", id="hidden alone is not decided"),
        pytest.param({"hot": "yes"}, "orange", "suspect", id="HOT"),
        pytest.param({"threat_matches": "yes"}, "red", "suspect", id="a threat matches"),
        pytest.param({"vehicle": "yes"}, "red", "suspect", id="a vehicle"),
        pytest.param({"ticking": "yes"}, "red", "suspect", id="it ticks"),
        pytest.param({"exploded": "yes"}, "red", "exploded", id="it has exploded"),
    ],
)
@pytest.mark.parametrize("when", ["with the report", "later"])
def test_what_is_told_raises_the_level(scene: Scene, told: dict[str, str], level: str, state: str, when: str) -> None:
    """Told with the report or later, it is the same: a blast begins with the blast."""
    scene.open("suspicious_object", facts=told if when == "with the report" else {})
    if when == "later":
        scene.fact(**told)

    assert (level, state) == (scene.level, scene.state)


def test_once_it_was_hot_an_owner_alone_does_not_end_it(scene: Scene) -> None:
    """Somebody claims the bag: only the word of one who may call it off, or of the police, makes it lost property."""
    scene.open("suspicious_object", facts={"hot": "yes"})
    scene.fact(owner_found="yes")
    assert scene.state == "suspect"

    scene.do("transition", to="lost_property", by="liu_yang")

    assert scene.incident.ended == "false_alarm"


def test_routes_are_searched_before_people_are_led_along_them(scene: Scene) -> None:
    """The sweep waits for the search of routes and assembly, but never longer than two minutes."""
    scene.everyone.works(skips=("routes", "sweep"))
    scene.open("suspicious_object", facts={"hot": "yes"})
    scene.run(until=10 * MINUTE)
    states = {state: at for at, state, _ in scene.timeline()}

    assert states["evacuating"] == "0:01:10"
    assert scene.since_start(scene.step("sweep").started) == "0:03:10"


def test_a_floor_not_clear_after_ten_minutes_is_the_building(scene: Scene) -> None:
    """Ten minutes after the sweep began the level is red: every floor, the whole house by loudspeaker."""
    scene.everyone.works({"scope": "area"}, skips=("sweep",))
    scene.open("suspicious_object", facts={"hot": "yes"})
    scene.run(until=14 * MINUTE)

    assert scene.level == "red"
    assert len({run.zone for run in scene.sweeps()}) == 8
    assert scene.step("voice_all").status in ("open", "done")


def test_the_commander_may_empty_the_building_at_once(scene: Scene) -> None:
    """The answer 'building' is a fact: red, all floors."""
    scene.everyone.works({"scope": "building"}, skips=("sweep",))
    scene.open("suspicious_object", facts={"hot": "yes"})
    scene.run(until=3 * MINUTE)

    assert scene.level == "red"
    assert scene.incident.facts["whole_building"].value == "yes"


def test_the_evacuation_gives_technical_reasons(scene: Scene) -> None:
    """Never the fire bell, no word of a bomb, bags along, not into the car park."""
    said = shipped_plans()["suspicious_object"].state("evacuating").announce

    assert said is not None
    assert "技术原因" in said.zh
    assert "technical reasons" in said.en
    assert "随身物品" in said.zh
    assert not any(word in said.zh + said.en.lower() for word in ("炸", "可疑", "bomb", "suspicious", "fire"))


def test_a_second_object_widens_it(scene: Scene) -> None:
    """The posts look for a second one and find it: evacuating again."""
    scene.everyone.works({"posts": "another"}, skips=("police_here",))
    scene.open("suspicious_object", facts={"hot": "yes"})
    scene.run(until=20 * MINUTE)

    assert scene.path()[:4] == ["suspect", "evacuating", "cordoned", "evacuating"]


def test_the_worst_way_is_a_blast(scene: Scene) -> None:
    """It goes off while the floor is being cleared: 110, 119, 120, fire, injuries and riot are expected, gas and power
    off from outside, nobody goes back; then the police command until they say harmless."""
    scene.everyone.works(skips=("sweep",))
    scene.at(4 * MINUTE, "fact", values={"exploded": "yes", "injured": "5"})
    scene.open("suspicious_object", facts={"hot": "yes"})
    scene.run(until=20 * MINUTE)

    assert scene.path() == ["suspect", "evacuating", "exploded", "external_command"]
    assert scene.level == "red"
    assert {scene.step(name).status for name in ("call_110", "call_119", "call_120", "cut")} == {"done"}
    assert {"fire", "personal_injury", "riot", "crowding"} <= set(scene.incident.expected)
    assert "rescue" not in {call.role for call in scene.incident.playbook.roles}
    with pytest.raises(CommandRefused, match="on the word of police"):
        scene.do("transition", to="controlled", by="command")

    scene.do("transition", to="controlled", by="police")
    scene.do("stand-down", by="command", check=["all"])

    assert scene.incident.ended == "stand_down"


def test_a_blast_under_police_command_is_seen_by_the_cameras(scene: Scene) -> None:
    """Who watches answers 'blast': exploded, whatever was said before."""
    scene.everyone.works({"cameras": "blast"})
    scene.open("suspicious_object", facts={"hot": "yes"})
    scene.on("exploded", "note", text="seen")
    scene.run(until=30 * MINUTE)

    assert "exploded" in scene.path()
    assert scene.path()[scene.path().index("exploded") - 1] == "external_command"


@pytest.mark.parametrize(
    "place, there",
    [
        pytest.param("f1_atrium", {"ma_liang"}, id="the security supervisor"),
        pytest.param("f1_service_desk", {"guo_xin", "su_meng"}, id="the desk"),
        pytest.param("f1", {"ma_liang", "guo_xin", "su_meng", "cai_qiang", "ye_jianguo"}, id="the whole floor"),
    ],
)
def test_no_phone_rings_near_it(scenes: Callable[[datetime], Scene], place: str, there: set[str]) -> None:
    """In an hour of silence, when everybody is asked, those believed there get nothing; the control room behind its own
    doors is rung."""
    scene = scenes(EVENING)
    scene.open("suspicious_object", place)
    scene.run(until=HOUR)

    assert set() == set(scene.per_person()) & there
    assert "xie_fang" in scene.per_person()


def test_the_first_words_are_to_keep_away(scene: Scene) -> None:
    """Before any task the message says not to touch it; once suspect, to be fifty metres off first."""
    scene.open("suspicious_object")
    scene.run(until=4 * MINUTE)
    texts = scene.words_to("liu_yang", "sms")

    assert "勿触" in texts[0]
    assert any("先离开50米" in text for text in texts)


def test_the_police_are_told_what_they_ask() -> None:
    """Looks, exact spot, since when, who saw it, the reasons, what was said, who is out, where to meet; by landline."""
    (police,) = [a for a in shipped_plans()["suspicious_object"].agencies if a.name == "police"]

    for words in (police.say.zh, police.say.en):
        told = {name for name, _ in named(words)}
        assert told >= {"looks", "spot", "since_when", "who_saw", "hot_reasons", "said", "moved_out", "place"}
    assert "座机" in police.say.zh
    assert "landline" in police.say.en
