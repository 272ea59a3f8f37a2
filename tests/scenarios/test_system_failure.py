"""System failures: five, ten and sixty minutes, a dead safety system, and nobody who leaves a system unasked."""

from __future__ import annotations

import pytest

from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, HOUR, MINUTE, Scene, shipped_plans


@pytest.mark.parametrize(
    "told, minutes, level",
    [
        pytest.param({"kind": "device"}, 59, "yellow", id="a single device stays yellow"),
        pytest.param({"kind": "application"}, 9, "yellow", id="a system for nine minutes"),
        pytest.param({"kind": "application"}, 10, "orange", id="a system for ten"),
        pytest.param({"kind": "application"}, 60, "red", id="a system for an hour"),
        pytest.param({"kind": "payment"}, 0, "orange", id="the tills at once"),
        pytest.param({"kind": "payment", "peak": "yes"}, 0, "red", id="the tills in a peak sale"),
        pytest.param({"line_down": "yes"}, 0, "orange", id="the service line"),
        pytest.param({"kind": "attack"}, 10, "orange", id="an attack is a system as well"),
        pytest.param({"breach": "yes"}, 0, "red", id="a data breach"),
        pytest.param({"kind": "safety"}, 0, "red", id="a safety system"),
        pytest.param({"system_down": "yes"}, 0, "red", id="a safety system, told the general way"),
    ],
)
def test_what_makes_it_graver(scene: Scene, told: dict[str, str], minutes: int, level: str) -> None:
    """Single device yellow; ten minutes, tills or line orange; an hour, a breach, a safety system, a peak red."""
    scene.everyone.answers_after(MINUTE / 6)
    scene.open("system_failure", facts=told)
    scene.run(until=minutes * MINUTE)

    assert level == scene.level


def test_the_hour_counts_from_the_first_sign(scene: Scene) -> None:
    """It was dead for fifty minutes before anybody said so: red ten minutes after the report."""
    scene.open("system_failure", facts={"began": "11:10"})
    scene.run(until=11 * MINUTE)

    assert scene.levels() == [("0:00:00", "orange"), ("0:10:00", "red")]


def test_a_system_that_is_back_grows_no_graver(scene: Scene) -> None:
    """Once it is restored the clock of the level rests, though there is still paper to enter."""
    scene.everyone.works({"swap": "many", "cause": "quick", "repair": "back"})
    scene.open("system_failure")
    scene.run(until=90 * MINUTE)

    assert scene.path() == ["reported", "triage", "fixing", "backfill"]
    assert scene.level == "orange"


@pytest.mark.parametrize(
    "answers, path",
    [
        pytest.param(
            {"swap": "one", "repair": "back"}, ["reported", "workaround", "backfill"], id="one seat, repaired"
        ),
        pytest.param({"swap": "one", "repair": "wider"}, ["reported", "workaround", "triage"], id="it spreads"),
        pytest.param(
            {"swap": "many", "cause": "quick", "repair": "longer"}, ["reported", "triage", "fixing"], id="not quick"
        ),
        pytest.param({"swap": "many", "cause": "safety"}, ["reported", "triage", "safety_down"], id="a safety system"),
        pytest.param({"swap": "many", "cause": "attack"}, ["reported", "triage", "escalated"], id="an attack"),
    ],
)
def test_the_answer_leads_the_way(scene: Scene, answers: dict[str, str], path: list[str]) -> None:
    """One seat is worked around, a system is judged, and what is judged goes where it belongs."""
    scene.everyone.works(answers)
    scene.open("system_failure")
    scene.run(until=30 * MINUTE)

    assert path == scene.path()[: len(path)]


def test_a_quick_repair_that_is_not_escalates(scene: Scene) -> None:
    """IT said quick and did not manage: escalated, vendor and provider are called."""
    scene.everyone.works({"swap": "many", "cause": "quick", "repair": "longer"})
    scene.open("system_failure", facts={"kind": "payment"})
    scene.run(until=40 * MINUTE)

    assert scene.path()[:3] == ["triage", "fixing", "escalated"] or scene.path()[:2] == ["reported", "triage"]
    assert "escalated" in scene.path()
    done = {run.name for run in scene.incident.steps.values() if run.status == "done"}
    assert {"vendor", "line", "bank"} <= done


def test_after_an_hour_those_who_lead_choose(scene: Scene) -> None:
    """Sixty minutes in vain: the commander chooses a measure; then all goes on by hand until it is back."""
    scene.everyone.works({"swap": "many", "cause": "longer", "repair": "down", "choose": "free_exit"})
    scene.on("manual", "fact", after=2 * HOUR, values={"restored": "yes"})
    scene.is_stood_down("backfill", after=HOUR)
    scene.is_followed_up(affected=12)
    scene.open("system_failure")
    scene.run(until=60 * DAY)

    assert scene.path()[-6:] == ["measures", "manual", "backfill", "stood_down", "follow_up", "closed"]
    assert [run.answer for run in scene.incident.steps.values() if run.name == "choose"] == ["free_exit"]
    assert scene.level == "red"


def test_a_dead_safety_system_is_watched_by_people(scene: Scene) -> None:
    """Red until it was tested: patrols every half hour, the fire team ready, hot work off; two hours on, the fire
    brigade is told; a fact or an order alone does not bring it back."""
    scene.everyone.works({"test": "dead"})
    scene.open("system_failure", facts={"kind": "safety"})
    scene.run(until=2 * HOUR + 20 * MINUTE)

    assert scene.path() == ["reported", "safety_down"]
    assert scene.level == "red"
    patrols = [run for run in scene.incident.runs_here() if run.name == "patrol"]
    assert len(patrols) >= 3
    assert scene.step("ready").status == "done"
    assert scene.step("power").status == "done"
    assert scene.since_start(scene.step("inform").started) == "2:00:00"
    assert {"fire", "robbery"} <= set(scene.incident.expected)

    scene.fact(restored="yes")
    assert scene.state == "safety_down"
    with pytest.raises(CommandRefused, match="test"):
        scene.do("transition", to="backfill", by="command")


def test_a_safety_system_is_back_when_it_was_tested(scene: Scene) -> None:
    """The control room tests it and says so: that answer alone leads on, and clears what it said before."""
    scene.everyone.works({"test": "works"})
    scene.on("safety_down", "fact", after=20 * MINUTE, values={"restored": "yes", "system_down": "yes"})
    scene.open("system_failure", facts={"kind": "safety"})
    scene.run(until=HOUR)

    assert scene.state == "backfill"
    assert scene.since_start(scene.incident.entered) == "0:25:10"


def test_an_attack_is_the_polices_to_know(scene: Scene) -> None:
    """110 is called, the network is cut, the logs are kept; who keeps evidence does not reinstall."""
    scene.everyone.works({"swap": "many", "cause": "attack", "repair": "down"})
    scene.open("system_failure")
    scene.run(until=40 * MINUTE)

    assert scene.step("police").status == "done"
    assert scene.step("keep").status == "done"
    assert "勿重装" in next(s for s in scene.incident.now_in.steps if s.name == "keep").do.zh


def test_it_is_stood_down_after_half_an_hour_of_quiet(scene: Scene) -> None:
    """Back for ten minutes is not stable; thirty are."""
    scene.everyone.works({"swap": "many", "cause": "longer", "repair": "back"}, skips=("stable",))
    scene.open("system_failure")
    scene.run(until=30 * MINUTE)
    assert scene.state == "backfill"
    back = scene.incident.facts["restored"].since - scene.start

    scene.run(until=back + 29 * MINUTE)
    with pytest.raises(CommandRefused, match="restored"):
        scene.do("stand-down", by="command", check=["all"])
    scene.run(until=back + 30 * MINUTE)
    scene.do("stand-down", by="command", check=["all"])

    assert scene.state == "stood_down"


def test_down_again_begins_the_hour_anew(scene: Scene) -> None:
    """What fails again while it is watched is escalated again."""
    scene.everyone.works({"swap": "many", "cause": "quick", "repair": "back", "stable": "again"})
    scene.open("system_failure")
    scene.run(until=40 * MINUTE)

    path = scene.path()
    assert path[path.index("backfill") + 1] == "escalated"


def test_an_angry_queue_and_a_dead_alerting_are_thought_of(scene: Scene) -> None:
    """Crowding is looked out for when the queue is angry; when our own alerts suffer, radios and runners go out."""
    scene.everyone.works({"swap": "many", "cause": "longer", "repair": "down"})
    scene.on("escalated", "fact", after=MINUTE, values={"queue": "yes", "alerting_down": "yes", "cooling_lost": "yes"})
    scene.open("system_failure")
    scene.run(until=30 * MINUTE)

    assert {"crowding", "aircon_failure"} <= set(scene.incident.expected)
    assert scene.step("runner").status == "done"


def test_a_silent_night_ends_by_hand_and_asks_on(silence: Played) -> None:
    """Nobody answers: each limit passes, everything is by hand, IT and command go on being called."""
    scene = silence("system_failure")
    started = {run.name for run in scene.incident.steps.values()}

    assert scene.state == "manual"
    assert {"vendor", "line", "notice", "choose", "barriers"} <= started
    assert {run.role for run in scene.incident.runs_here() if run.name == "nudge"} == {"duty_manager"}


def test_the_words_for_the_vendor_hold_what_he_asks() -> None:
    """Contract number, since when, how many seats, a name; the bank hears of double payments."""
    plan = shipped_plans()["system_failure"]
    vendor, bank = plan.agency("it_vendor"), plan.agency("bank")

    assert vendor is not None
    assert all(part in vendor.say.zh for part in ("{contract}", "{began}", "{seats}", "{it.name}"))
    assert bank is not None
    assert "{double_paid}" in bank.say.en
