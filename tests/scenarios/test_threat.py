"""Threats: ten minutes to weigh it, a quiet search, a stated moment that decides when nobody does."""

from __future__ import annotations

import pytest

from emergency.core.sandbox import named
from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, HOUR, MINUTE, SECOND, Scene, sample_site, shipped_plans


def test_from_the_call_to_the_archive(story: Played) -> None:
    """Medium: searched, all out, waited for until the police release the house."""
    scene = story("threat")

    assert scene.path()[:6] == ["received", "assessing", "searching", "decide", "evacuating", "waiting_deadline"]
    assert scene.levels() == [("0:06:50", "orange"), ("0:19:40", "red")]
    assert scene.step("call_110").status == "done"
    assert scene.incident.facts["police_released"].value == "yes"
    assert scene.state == "closed"


def test_silence_weighs_it_medium_and_empties_the_house(silence: Played) -> None:
    """No form, no assessment, no area answers, nobody decides: an hour after the call everybody is asked to leave."""
    scene = silence("threat")

    assert scene.path() == ["received", "assessing", "searching", "decide", "evacuating"]
    assert scene.level == "red"
    assert scene.alerts(step="call_110")
    assert len({run.zone for run in scene.sweeps()}) == 8


def test_a_low_one_is_watched_for_a_day(scene: Scene) -> None:
    """A known repeater: blue, extra patrols; nobody stands it down before twenty-four hours, then somebody may."""
    scene.everyone.works({"assess": "low"})
    scene.open("threat")
    scene.run(until=HOUR)
    assert scene.path() == ["received", "assessing", "watching"]
    assert scene.level == "blue"

    with pytest.raises(CommandRefused):
        scene.do("stand-down", by="command", check=["all"])
    scene.run(until=DAY + HOUR)
    assert len([run for run in scene.incident.runs_here() if run.name == "patrol"]) >= 6
    scene.do("stand-down", by="command", check=["all"])

    assert scene.incident.ended == "stand_down"


def test_a_patrol_that_sees_something_searches(scene: Scene) -> None:
    """What was low becomes a search."""
    scene.everyone.works({"assess": "low", "patrol": "odd"})
    scene.open("threat")
    scene.run(until=HOUR)

    assert scene.path()[:4] == ["received", "assessing", "watching", "searching"]


def test_a_high_one_empties_the_house_at_once(scene: Scene) -> None:
    """Plausible, with place and time: no search first; the object plan is expected where a place is named."""
    scene.everyone.works({"assess": "high"}, skips=("sweep",))
    scene.at(SECOND, "fact", values={"place_named": "yes"})
    scene.open("threat")
    scene.run(until=10 * MINUTE)

    assert scene.path() == ["received", "assessing", "evacuating"]
    assert scene.level == "red"
    assert "suspicious_object" in scene.incident.expected


@pytest.mark.parametrize(
    "told, level",
    [
        pytest.param({"repeater": "yes"}, "blue", id="a known repeater"),
        pytest.param({"plausible": "yes"}, "orange", id="plausible"),
        pytest.param({"risk": "medium"}, "orange", id="medium"),
        pytest.param({"plausible": "yes", "peak": "yes"}, "red", id="plausible at a peak"),
        pytest.param({"specific": "yes"}, "red", id="place, time or device"),
        pytest.param({"matches_object": "yes"}, "red", id="an item that matches"),
        pytest.param({"risk": "high"}, "red", id="high"),
    ],
)
def test_what_is_told_raises_the_level(scene: Scene, told: dict[str, str], level: str) -> None:
    """The level follows what was said and how it was weighed."""
    scene.open("threat")
    scene.fact(**told)

    assert level == scene.level


def test_half_an_hour_before_the_stated_moment_it_is_decided(scene: Scene) -> None:
    """Said to go off at two: who is still deciding at half past one evacuates; not earlier, however long it takes."""
    scene.everyone.works({"assess": "medium"}, skips=("choose", "nudge"))
    scene.open("threat", facts={"deadline": "14:00"})
    scene.run(until=89 * MINUTE)
    assert scene.state == "decide"

    scene.run(until=91 * MINUTE)

    assert scene.timeline()[-1] == ("1:30:00", "evacuating", "guard")


def test_without_a_stated_moment_a_quarter_of_an_hour_decides(scene: Scene) -> None:
    """Undecided is leave."""
    scene.everyone.works({"assess": "medium"}, skips=("choose", "nudge", "sweep"))
    scene.open("threat")
    scene.run(until=HOUR)
    at = {state: when for when, state, _ in scene.timeline()}

    assert at["decide"] == "0:14:30"
    assert at["evacuating"] == "0:29:30"


def test_a_moment_too_near_leaves_no_time_to_search(scene: Scene) -> None:
    """Twenty minutes, and nobody called it low: out as soon as the form is filled."""
    scene.everyone.works({"assess": "medium"}, skips=("sweep",))
    scene.open("threat", facts={"deadline": "12:20"})
    scene.run(until=5 * MINUTE)

    assert scene.path() == ["received", "assessing", "evacuating"]


def test_carrying_on_is_a_decision_that_somebody_makes(scene: Scene) -> None:
    """Nothing was found, the commander carries on with the police: extra patrols, the all-clear code for the staff."""
    scene.everyone.works({"assess": "medium", "choose": "go_on"})
    scene.open("threat")
    scene.run(until=30 * MINUTE)

    assert scene.path() == ["received", "assessing", "searching", "decide", "watching"]


def test_a_find_opens_the_object_plan(scene: Scene) -> None:
    """One area answers 'item': red, the object plan is expected, and undecided for four minutes all leave."""
    scene.everyone.works({"assess": "medium", "outside": "item"}, skips=("scope", "sweep"))
    scene.open("threat")
    scene.run(until=25 * MINUTE)

    assert scene.path() == ["received", "assessing", "searching", "item_found", "evacuating"]
    assert scene.timeline()[-1][2] == "timeout"
    assert scene.level == "red"
    assert "suspicious_object" in scene.incident.expected
    assert scene.step("open_plan").status == "done"


def test_an_area_that_does_not_answer_is_unsearched(scene: Scene) -> None:
    """After a quarter of an hour the duty manager presses; after half an hour it is decided without it."""
    scene.everyone.works({"assess": "medium"}, skips=("search", "unsearched"))
    scene.open("threat")
    scene.run(until=45 * MINUTE)
    start = 6 * MINUTE + 50 * SECOND

    assert scene.since_start(scene.step("unsearched").started) == scene.since_start(scene.start + start + 15 * MINUTE)
    assert scene.timeline()[3][1:] == ("decide", "timeout")
    assert scene.timeline()[3][0] == scene.since_start(scene.start + start + 30 * MINUTE)


def test_the_search_is_announced_in_code(scene: Scene) -> None:
    """The speakers say the sentence of the site, which means nothing to the public and is never sent by SMS."""
    scene.everyone.works({"assess": "medium"}, skips=("search",))
    scene.open("threat")
    scene.run(until=10 * MINUTE)
    (code,) = [text for id, text in sample_site().code_words.items() if id == "bomb_search"]

    assert scene.state == "searching"
    assert scene.do("status")["announce"] == {"zh": code.zh, "en": code.en}
    assert not any(code.zh in rung.message.text or code.en in rung.message.text for rung in scene.received())


def test_nobody_says_threat_on_a_locked_screen(story: Played, silence: Played) -> None:
    """Until the public moves it is a security check; no message holds the word."""
    for scene in (story("threat"), silence("threat")):
        for rung in scene.received(answers=True):
            text = rung.message.text.lower()
            assert not any(word in text for word in ("威胁", "恐吓", "炸", "threat", "bomb"))


@pytest.mark.parametrize(
    "came, step",
    [
        pytest.param("written", "letter", id="a letter: bagged, a list of who held it"),
        pytest.param("online", "online", id="a message: nothing is deleted"),
    ],
)
def test_how_it_came_decides_what_is_kept(scene: Scene, came: str, step: str) -> None:
    """The key of the form is a fact that starts the right step."""
    scene.everyone.works({"form": came}, skips=("assess",))
    scene.open("threat")
    scene.run(until=4 * MINUTE)

    assert scene.state == "assessing"
    assert scene.alerts(step=step)


def test_the_caller_is_asked_in_this_order(scene: Scene) -> None:
    """Where, when, what it looks like, what kind, what sets it off; then why, who, where."""
    scene.open("threat")
    asked = [each["fact"] for each in scene.do("status")["asks"]]

    assert asked[:9] == ["bomb_place", "said_time", "deadline", "looks", "kind", "sets_off", "why", "who", "caller_at"]


def test_after_the_moment_the_police_release_the_house(scene: Scene) -> None:
    """Half an hour after the stated moment they are asked; without their release there is no stand-down."""
    scene.everyone.works({"assess": "high", "release": "not_yet"})
    scene.open("threat", facts={"deadline": "13:00"})
    scene.run(until=2 * HOUR)
    assert scene.state == "waiting_deadline"
    assert scene.since_start(scene.step("over").started) == "1:30:00"

    with pytest.raises(CommandRefused, match="not possible yet"):
        scene.do("stand-down", by="command", check=["all"])
    scene.fact(police_released="yes")
    scene.do("stand-down", by="command", check=["all"])

    assert scene.incident.ended == "stand_down"


def test_the_police_may_take_it_over(scene: Scene) -> None:
    """In their hands only their word leads on, wherever they want it."""
    scene.everyone.works({"assess": "medium"}, skips=("search",))
    scene.open("threat")
    scene.run(until=10 * MINUTE)
    scene.do("transition", to="external_command", by="police")

    with pytest.raises(CommandRefused, match="on the word of police"):
        scene.do("transition", to="watching", by="command")
    scene.do("transition", to="evacuating", by="police")

    assert scene.state == "evacuating"


def test_a_joke_that_was_none_is_called_off(scene: Scene) -> None:
    """A misunderstood customer: a false alarm, with its cause."""
    scene.everyone.answers_after(20 * SECOND)
    scene.open("threat")
    scene.run(until=MINUTE)
    scene.do("cancel", by="sun_li", reason="a misunderstood customer")

    assert scene.incident.ended == "false_alarm"


def test_the_police_are_told_what_they_ask() -> None:
    """Exact words, time, number, channel, deadline, demands, measures; from another telephone."""
    (police,) = [agency for agency in shipped_plans()["threat"].agencies if agency.name == "police"]

    for words in (police.say.zh, police.say.en):
        told = {name for name, _ in named(words)}
        assert told >= {"exact_words", "came_at", "number", "written", "online", "said_time", "demands", "measures"}
    assert "另一部电话" in police.say.zh
    assert "another telephone" in police.say.en
