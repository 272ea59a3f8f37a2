"""Power cuts: how long the light lasts, who decides to stay, and whether every lift was looked into."""

from __future__ import annotations

import pytest

from emergency.core import events as e
from tests.scenarios.scene import DAY, HOUR, MINUTE, SECOND, Scene


def test_the_generator_has_three_minutes(scene: Scene) -> None:
    """The engineer has it and says no more: a nudge to start by hand after 90 seconds, dark after three minutes."""
    scene.everyone.answers_after(10 * SECOND)
    scene.open("power_outage")
    scene.run(until=4 * MINUTE)

    assert scene.timeline() == [("0:00:00", "detected", "opening"), ("0:03:00", "dark", "timeout")]
    nudge = next(run for run in scene.incident.steps.values() if run.name == "nudge")
    assert (scene.since_start(nudge.started), nudge.role) == ("0:01:30", "engineering")
    assert scene.level == "red"


def test_no_backup_is_dark_at_once(scene: Scene) -> None:
    """The engineer answers "none": nobody waits for the three minutes."""
    scene.everyone.works({"generator": "none"})
    scene.open("power_outage")
    scene.run(until=MINUTE)

    assert scene.state == "dark"
    assert scene.level == "red"


def test_every_lift_is_looked_into_on_backup_too(scene: Scene) -> None:
    """Light or not, the lift manager checks every car and a guard knocks at the doors; a find calls the maintainer."""
    scene.everyone.works(skips=("estimate",))
    scene.on("on_backup", "fact", after=3 * MINUTE, values={"trapped_cars": "2"})
    scene.open("power_outage")
    scene.run(until=8 * MINUTE)

    assert scene.state == "on_backup"
    assert scene.step("cars").status == "done"
    assert scene.step("listen").status == "done"
    assert scene.step("maintainer").status == "done"
    assert scene.level == "red"
    assert "elevator_entrapment" in scene.incident.expected


def test_without_an_estimate_it_is_decided_and_without_a_decision_left(scene: Scene) -> None:
    """Ten minutes without power or estimate ask for a decision; two minutes without one empty the house."""
    scene.everyone.works(skips=("estimate", "choose"))
    scene.open("power_outage")
    scene.run(until=14 * MINUTE)

    assert scene.timeline()[1:] == [
        ("0:00:55", "on_backup", "guard"),
        ("0:10:55", "decide", "timeout"),
        ("0:12:55", "evacuating", "timeout"),
    ]


@pytest.mark.parametrize(
    "answer, leads_to",
    [
        pytest.param("hold", "on_backup", id="hold"),
        pytest.param("partial", "partly_closed", id="close in part"),
        pytest.param("leave", "evacuating", id="leave"),
    ],
)
def test_the_duty_manager_decides(scene: Scene, answer: str, leads_to: str) -> None:
    """A long outage asks stay or leave, and goes where the answer says."""
    scene.everyone.works({"estimate": "long", "choose": answer})
    scene.open("power_outage")
    scene.run(until=7 * MINUTE)

    path = scene.path()
    assert leads_to == path[path.index("decide") + 1]


@pytest.mark.parametrize(
    "battery, leaves_at",
    [
        pytest.param(None, "0:15:55", id="the site says 60: half an hour, but silence gets fifteen minutes"),
        pytest.param("30", "0:15:55", id="the shortest battery"),
    ],
)
def test_silence_in_the_dark_gets_half_of_the_shortest_battery(
    scene: Scene, battery: str | None, leaves_at: str
) -> None:
    """Whatever the battery: when nobody decides, the walk begins after fifteen minutes."""
    scene.everyone.works({"generator": "none"}, skips=("light", "start", "sweep"))
    if battery is not None:
        scene.at(2 * SECOND, "fact", values={"battery_minutes": battery})
    scene.open("power_outage")
    scene.run(until=20 * MINUTE)

    assert (leaves_at, "evacuating") == scene.timeline()[-1][:2]


def test_people_are_out_before_the_batteries_end(scene: Scene) -> None:
    """With a told end of the battery the walk begins fifteen minutes before it; ten before, everyone is driven out
    and 119 is called."""
    scene.everyone.works({"generator": "none", "light": "holds"}, skips=("sweep", "start"))
    scene.on("dark", "fact", values={"battery_end": "2026-03-01T12:20:00"})
    scene.open("power_outage")
    scene.run(until=11 * MINUTE)

    entered = {event.state: scene.since_start(at) for event, at in scene.log() if isinstance(event, e.StateEntered)}
    assert entered["evacuating"] == "0:05:00"
    assert scene.since_start(scene.step("last_minutes").started) == "0:10:00"
    assert scene.since_start(scene.step("call_119").started) == "0:10:00"


def test_fading_light_empties_the_house_at_once(scene: Scene) -> None:
    """The light fades: nobody decides any more."""
    scene.everyone.works({"generator": "none"}, skips=("light", "start"))
    scene.at(3 * MINUTE, "fact", values={"lights_fading": "yes"})
    scene.open("power_outage")
    scene.run(until=4 * MINUTE)

    assert scene.timeline()[-1] == ("0:03:00", "evacuating", "guard")


def test_the_generator_stops_while_all_seems_well(scene: Scene) -> None:
    """The load check finds it stopped: from backup into the dark, whatever was estimated."""
    scene.everyone.works({"estimate": "short", "fuel": "stopped"})
    scene.open("power_outage")
    scene.run(until=15 * MINUTE)

    assert scene.path()[:3] == ["detected", "on_backup", "dark"]


def test_power_that_fails_again_begins_anew(scene: Scene) -> None:
    """Mains must hold for fifteen minutes: back, and away again after ten, is a new outage."""
    scene.everyone.works({"estimate": "short"})
    scene.at(5 * MINUTE, "fact", values={"mains": "yes"})
    scene.at(15 * MINUTE, "fact", values={"mains": "no"})
    scene.open("power_outage")
    scene.run(until=15 * MINUTE)

    assert scene.path() == ["detected", "on_backup", "restoring", "detected"]


def test_power_back_does_not_turn_a_running_evacuation_round(scene: Scene) -> None:
    """Only command may send people back in: mains alone changes nothing, its order does."""
    scene.everyone.works({"generator": "none"}, skips=("sweep", "start"))
    scene.at(3 * MINUTE, "fact", values={"lights_fading": "yes"})
    scene.at(5 * MINUTE, "fact", values={"mains": "yes"})
    scene.open("power_outage")
    scene.run(until=6 * MINUTE)
    assert scene.state == "evacuating"

    scene.do("transition", to="restoring", by="command")

    assert scene.state == "restoring"


def test_the_worst_case_closes_the_house_in_the_dark(scene: Scene) -> None:
    """No backup, crowds press, people are hurt: emptied by zones, police and ambulance called, closed until the
    mains is back, and to the archive."""
    scene.everyone.works({"generator": "none", "light": "fading"}, skips=("start",))
    scene.on("evacuating", "fact", after=MINUTE, values={"pressing": "yes", "injured": "2", "trapped": "yes"})
    scene.on("closed_dark", "fact", after=HOUR, values={"mains": "yes"})
    scene.is_stood_down("controlled", after=20 * MINUTE)
    scene.is_followed_up(affected=30)
    scene.open("power_outage")
    scene.run(until=3 * HOUR)

    assert scene.path() == [
        "detected",
        "dark",
        "evacuating",
        "closed_dark",
        "restoring",
        "controlled",
        "stood_down",
        "follow_up",
    ]
    assert {"call_110", "call_120"} <= {run.name for run in scene.incident.steps.values() if run.status == "done"}
    assert scene.alerts(step="free")
    assert scene.alerts(step="report")
    assert scene.level == "red"


def test_ten_shops_are_one_outage(scene: Scene) -> None:
    """A second call joins, wherever it comes from."""
    scene.open("power_outage")
    scene.run(until=10 * MINUTE)

    again = scene.do("trigger", playbook="power_outage", drill=True)

    assert again["joined"]
    assert len(scene.engine.store.open_incidents()) == 1


# a planned cut


def test_a_planned_cut_is_prepared_and_begins_by_itself(scene: Scene) -> None:
    """Told with its hour: tenants know, the utility confirms a day before, every lift is emptied; then it goes dark."""
    scene.everyone.works(skips=("generator",))
    scene.open("power_outage", facts={"starts": "2026-03-04T06:00"})
    scene.run(until=2 * DAY + 17 * HOUR + 55 * MINUTE)
    assert scene.path() == ["planned"]
    assert {"notice", "ready", "systems", "shifts"} <= {run.name for run in scene.incident.runs_here()}
    assert scene.step("confirm").status == "done"
    assert len([run for run in scene.incident.runs_here() if run.name == "park"]) == 6

    scene.run(until=2 * DAY + 18 * HOUR + MINUTE)

    assert scene.timeline()[1] == ("2 days, 18:00:00", "detected", "guard")


def test_a_planned_cut_that_nobody_prepared_begins_all_the_same(scene: Scene) -> None:
    """Silence: it goes dark at its hour, and from there on by the worst case."""
    scene.open("power_outage", facts={"starts": "2026-03-02T12:00"})
    scene.run(until=DAY + 4 * MINUTE)

    assert scene.path() == ["planned", "detected", "dark"]


def test_the_utility_calls_a_planned_cut_off(scene: Scene) -> None:
    """Off: everybody who was asked is told, it closes."""
    scene.everyone.works()
    scene.open("power_outage", facts={"starts": "2026-03-04T06:00"})
    scene.run(until=HOUR)
    scene.do("transition", to="cancelled", by="power_utility")
    scene.run(until=DAY)

    assert scene.path() == ["planned", "cancelled", "closed"]
    assert scene.incident.ended == "cancelled"
    assert {a.person for a in scene.alerts(kind="ended")} == set(scene.incident.alerted)
