"""A missing child: the police at once, the gates watched, no force, and handed to nobody unchecked."""

from __future__ import annotations

import pytest

from emergency.core.wording import script
from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, HOUR, MINUTE, SECOND, Scene


def test_found_in_time_goes_to_the_archive(story: Played) -> None:
    """Found in the corners within ten minutes: identity, a look, both sign, the police know, a call the next day."""
    scene = story("missing_child")
    done = {run.name for run in scene.incident.steps.values() if run.status == "done"}

    assert {"call_110", "posts", "gates", "identity", "sign", "tell_110", "record", "weak_exit"} <= done
    call_back = scene.step("call_back")
    assert call_back.due is not None
    assert call_back.due - call_back.started == DAY
    assert scene.level == "yellow"


def test_the_police_are_told_while_the_search_begins(scene: Scene) -> None:
    """No ten minutes of our own first: 110 is asked for in the same moment as the search, and chased at once."""
    scene.everyone.works(skips=("call_110", "corners"))
    scene.open("missing_child")
    scene.run(until=3 * MINUTE)

    entered = next(at for at, state, _ in scene.timeline() if state == "searching")
    assert entered == scene.since_start(scene.step("call_110").started)
    scene.run(until=4 * MINUTE)
    assert len({a.person for a in scene.alerts(step="call_110")}) >= 2


def test_a_description_that_nobody_takes_does_not_stop_the_search(scene: Scene) -> None:
    """Two minutes, and it begins with what is known."""
    scene.everyone.works(skips=("describe",))
    scene.open("missing_child")
    scene.run(until=2 * MINUTE)

    assert scene.timeline()[1] == ("0:02:00", "searching", "timeout")


@pytest.mark.parametrize(
    "told, level",
    [
        pytest.param({"age": "6"}, "yellow", id="six"),
        pytest.param({"age": "5"}, "orange", id="under six"),
        pytest.param({"disabled": "yes"}, "orange", id="disabled or with dementia"),
        pytest.param({"hazard_near": "yes"}, "orange", id="water or an escalator near"),
        pytest.param({"peak": "yes"}, "orange", id="at peak hours"),
        pytest.param({"stranger": "yes"}, "red", id="a stranger"),
        pytest.param({"last_seen": "11:49"}, "red", id="gone for more than ten minutes"),
    ],
)
def test_what_makes_it_graver(scene: Scene, told: dict[str, str], level: str) -> None:
    """Young, ill, near water: orange; a stranger, or ten minutes since last seen: red."""
    scene.open("missing_child")
    scene.fact(**told)

    assert level == scene.level


def test_the_clock_counts_from_when_the_child_was_seen_last(scene: Scene) -> None:
    """Reported eight minutes late: red two minutes later; found, and the clock raises nothing any more."""
    scene.everyone.works(skips=("corners", "trace", "outside"))
    scene.at(10 * SECOND, "fact", values={"last_seen": "11:52"})
    scene.open("missing_child")
    scene.run(until=4 * MINUTE)

    assert scene.levels() == [("0:02:00", "red")]


def test_ten_minutes_widen_the_search_to_every_floor(scene: Scene) -> None:
    """At first the floor where the child was seen, from red on every floor; metro and neighbours are told."""
    scene.everyone.works(skips=("corners", "trace", "floors", "outside", "meet"))
    scene.open("missing_child")
    scene.run(until=5 * MINUTE)
    assert {run.zone for run in scene.sweeps()} == {"f3"}

    scene.run(until=16 * MINUTE)

    assert scene.path()[-1] == "wide"
    assert scene.timeline()[-1][2] == "timeout"
    assert scene.level == "red"
    assert {"b2", "b1", "f1", "f3", "f5", "outside"} <= {run.zone for run in scene.sweeps()}
    assert scene.step("metro").status == "done"


def test_silence_widens_and_presses(silence: Played) -> None:
    """Nobody answers for a week: wide, red, the police and another search asked for again and again."""
    scene = silence("missing_child")

    assert scene.state == "wide"
    assert scene.level == "red"
    assert scene.alerts(step="call_110")
    assert "duty_manager" in {run.role for run in scene.incident.runs_here() if run.name == "nudge"}


def test_a_stranger_is_talked_to_and_not_held(scene: Scene) -> None:
    """The cameras show a stranger: red, no announcement, talk and film; only the police lead on."""
    scene.everyone.works({"trace": "stranger", "know": "unknown"}, skips=("corners",))
    scene.open("missing_child")
    scene.run(until=5 * MINUTE)
    assert scene.state == "suspicious"
    assert scene.level == "red"
    assert scene.incident.now_in.announce is None
    assert any("勿动手" in text for text in scene.words_to("liu_yang", "sms"))
    scene.run(until=20 * MINUTE)

    assert scene.path()[-1] == "external_command"
    assert scene.incident.now_in.commanded_by == "police"
    with pytest.raises(CommandRefused, match="on the word of police"):
        scene.do("transition", to="found", by="command")
    scene.do("transition", to="found", by="police")
    assert scene.state == "found"


def test_the_stranger_is_the_aunt(scene: Scene) -> None:
    """The parent looks at the picture and knows the person: the answer tells it, and the identity is checked still."""
    scene.everyone.works({"trace": "stranger", "know": "known"}, skips=("corners", "identity"))
    scene.open("missing_child")
    scene.run(until=10 * MINUTE)

    assert scene.path()[-2:] == ["suspicious", "found"]
    assert scene.incident.facts["stranger"].value == "no"
    assert scene.alerts(step="identity")


def test_lost_from_sight_is_the_wide_search(scene: Scene) -> None:
    """They walk out of the picture: searched for everywhere, with the police."""
    scene.everyone.works({"trace": "nothing"}, skips=("corners", "meet", "know"))
    scene.at(3 * MINUTE, "fact", values={"stranger": "yes"})
    scene.at(5 * MINUTE, "transition", to="wide", by="sun_li")
    scene.open("missing_child")
    scene.run(until=6 * MINUTE)

    assert scene.path()[-2:] == ["suspicious", "wide"]


def test_nobody_gets_the_child_by_silence(scene: Scene) -> None:
    """The papers are not checked: the manager is asked again and again, no order of time ends it, nothing is signed."""
    scene.everyone.works({"corners": "found"}, skips=("identity", "nudge"))
    scene.open("missing_child")
    scene.run(until=2 * HOUR)

    assert scene.state == "found"
    assert scene.alerts(step="sign") == []
    nudges = [run for run in scene.incident.runs_here() if run.name == "nudge"]
    assert len(nudges) >= 5
    assert {"duty_manager"} == {run.role for run in nudges}


def test_a_guardian_who_may_be_none_is_a_stranger(scene: Scene) -> None:
    """Doubt about the papers leads back to the police."""
    scene.everyone.works({"corners": "found", "identity": "doubt"}, skips=("know", "meet"))
    scene.open("missing_child")
    scene.run(until=15 * MINUTE)

    assert scene.path()[-1] == "suspicious"
    assert scene.level == "red"


def test_it_is_another_child(scene: Scene) -> None:
    """The description was wrong: the search goes on, and does not believe the first find any more."""
    scene.everyone.works({"corners": "found", "stay": "other"}, skips=("identity",))
    scene.open("missing_child")
    scene.run(until=9 * MINUTE)

    assert scene.path()[:4] == ["reported", "searching", "found", "searching"]
    assert scene.incident.facts["found"].value == "no"


def test_the_police_search_on_and_our_part_ends(scene: Scene) -> None:
    """Never found here: the police take the search over, stand us down, and the rest is follow-up."""
    scene.everyone.works({"trace": "nothing"}, skips=("corners", "outside"))
    scene.is_stood_down("external_command", after=3 * HOUR, by="police")
    scene.is_followed_up(affected=1)
    scene.open("missing_child")
    scene.run(until=40 * DAY)

    assert scene.path()[:4] == ["reported", "searching", "wide", "external_command"]
    assert scene.path()[-1] == "closed"
    assert scene.incident.ended == "stand_down"


def test_with_the_other_parent_is_no_alarm(scene: Scene) -> None:
    """Called off with its cause: everyone is told."""
    scene.everyone.works(skips=("corners",))
    scene.at(4 * MINUTE, "cancel", by="chen_jing", reason="the child was with its father")
    scene.open("missing_child")
    scene.run(until=30 * MINUTE)

    assert scene.incident.ended == "false_alarm"
    assert scene.state == "closed"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_police_hear_what_they_ask(scene: Scene, language: str) -> None:
    """Age, clothes, shoes, looks, photo, where and with whom, the guardian, what was checked: each is asked for and
    has its place in the words."""
    scene.open("missing_child")
    scene.fact(age="5", photo="yes", stranger="no", who="girl")
    said = script(scene.incident, "police", {"comms": "Tian Yuan"}, language)
    asked = set(scene.incident.playbook.states[0].steps[0].reports)

    assert {"age", "clothes", "shoes", "looks", "last_place", "photo", "guardian"} <= asked
    for word in ("5", "girl", scene.incident.site.place("f3_kids").name.of(language), "Tian Yuan"):
        assert word in said
    words = scene.incident.playbook.agency("police")
    assert words is not None
    for fact in ("clothes", "shoes", "looks", "guardian", "checked"):
        assert f"{{{fact}}}" in words.say.of(language)
