"""Air conditioning: two measured values with dwell and hysteresis, missing readings, a leak that is the brigade's."""

from __future__ import annotations

import pytest

from emergency.errors import CommandRefused
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, HOUR, MINUTE, Scene, shipped_plans


def _reads(scene: Scene, fact: str, values: dict[int, float], until: int) -> None:
    """Tell *fact* every five minutes, from the first minute named; each value holds until the next."""
    value = 0.0
    for minute in range(min(values), until + 1, 5):
        value = values.get(minute, value)
        scene.at(minute * MINUTE, "fact", values={fact: str(value)})


@pytest.mark.parametrize(
    "degrees, level",
    [
        pytest.param(29.9, "yellow", id="below the line"),
        pytest.param(30, "orange", id="at the line"),
        pytest.param(12, "yellow", id="cold, but not too cold"),
        pytest.param(11.9, "orange", id="too cold"),
    ],
)
def test_half_an_hour_of_heat_or_cold_is_orange(scene: Scene, degrees: float, level: str) -> None:
    """30 C and above, or below 12, for half an hour, and not a minute less."""
    scene.everyone.works({"plant": "plain"})
    _reads(scene, "temp", {0: degrees}, until=40)
    scene.open("aircon_failure")
    scene.run(until=29 * MINUTE)
    assert scene.level == "yellow"

    scene.run(until=30 * MINUTE)

    assert level == scene.level


def test_the_level_comes_down_between_the_lower_lines(scene: Scene) -> None:
    """Up at 30; 29 keeps it for as long as it likes; half an hour below 28 brings it down. So with the cold."""
    scene.everyone.works({"plant": "plain"})
    _reads(scene, "temp", {0: 31, 40: 29, 80: 27, 140: 11, 200: 13, 240: 15}, until=280)
    scene.open("aircon_failure")
    scene.run(until=280 * MINUTE)

    assert scene.levels() == [
        ("0:30:00", "orange"),
        ("1:50:00", "yellow"),
        ("2:50:00", "orange"),
        ("4:30:00", "yellow"),
    ]


def test_no_reading_counts_as_worse(scene: Scene) -> None:
    """After half an hour somebody measures by hand; after three quarters the area is limited and the level orange."""
    scene.everyone.works({"plant": "plain"})
    scene.at(5 * MINUTE, "fact", values={"temp": "25"})
    scene.open("aircon_failure")
    scene.run(until=51 * MINUTE)

    assert scene.since_start(scene.alerts(step="by_hand")[0].at) == "0:35:00"
    assert scene.levels() == [("0:50:00", "orange")]
    assert scene.path() == ["reported", "degraded", "limit"]  # the old 25 degrees lift nothing by themselves


@pytest.mark.parametrize(
    "degrees, minutes, state, level",
    [
        pytest.param(26, 20, "server_room", "yellow", id="warm"),
        pytest.param(27, 4, "server_room", "yellow", id="27 for four minutes"),
        pytest.param(27, 6, "server_room", "orange", id="27 for five"),
        pytest.param(32, 3, "shutdown", "red", id="32: shut down by plan"),
    ],
)
def test_the_server_room_has_lines_of_its_own(
    scene: Scene, degrees: float, minutes: int, state: str, level: str
) -> None:
    """27 C orange, 32 C red and the servers go down in order."""
    scene.everyone.works({"plant": "server"})
    _reads(scene, "server_temp", {0: degrees}, until=25)
    scene.open("aircon_failure", facts={"server_warm": "yes"})
    scene.run(until=minutes * MINUTE + MINUTE / 60)

    assert (state, level) == (scene.state, scene.level)


def test_nobody_sheds_the_load_so_it_is_shut_down(scene: Scene) -> None:
    """IT does not answer while the room grows warm: down by the plan before it fails; the system plan is expected."""
    scene.everyone.works({"plant": "server"}, skips=("shed", "reading"))
    scene.open("aircon_failure")
    scene.run(until=25 * MINUTE)

    assert scene.path() == ["reported", "server_room", "shutdown"]
    assert scene.level == "red"
    assert "system_failure" in scene.incident.expected


def test_a_cool_server_room_is_ten_minutes_under_25(scene: Scene) -> None:
    """Load is shed, the room cools: back when it was under 25 for ten minutes."""
    scene.everyone.works({"plant": "server"})
    _reads(scene, "server_temp", {0: 29, 30: 24}, until=60)
    scene.open("aircon_failure", facts={"server_warm": "yes"})
    scene.run(until=45 * MINUTE)

    assert scene.timeline()[-1] == ("0:40:00", "restoring", "guard")
    assert scene.level == "orange"  # nobody has read the public area: it stays


@pytest.mark.parametrize(
    "answer, leads_to",
    [
        pytest.param("keep", "limit", id="keep it open for another hour"),
        pytest.param("close", "zone_closed", id="close"),
        pytest.param(None, "zone_closed", id="nobody decides"),
    ],
)
def test_after_an_hour_the_commander_decides(scene: Scene, answer: str | None, leads_to: str) -> None:
    """Limited for an hour: close the zone or not; whoever says nothing has closed it."""
    scene.everyone.works({"plant": "plain", "choose": answer or "close"}, skips=() if answer else ("choose",))
    _reads(scene, "temp", {0: 33}, until=120)
    scene.open("aircon_failure")
    scene.run(until=100 * MINUTE)

    path = scene.path()
    assert path[path.index("decide") + 1] == leads_to


def test_the_worst_case_is_the_fire_brigades(scene: Scene) -> None:
    """Refrigerant: 119 at once, out and upwind, two people are hurt; the brigade commands and hands back; nobody else
    can; and it is stood down only after half an hour of good readings."""
    scene.everyone.works({"plant": "leak"})
    scene.on("leak", "fact", after=MINUTE, values={"collapsed": "yes", "injured": "2"})
    scene.on("restoring", "fact", values={"refrigerant": "no", "collapsed": "no"})
    scene.open("aircon_failure")
    scene.run(until=20 * MINUTE)

    assert scene.path() == ["reported", "leak", "external_command"]
    assert scene.level == "red"
    done = {run.name for run in scene.incident.steps.values() if run.status == "done"}
    assert {"call_119", "empty", "stop_air", "call_120"} <= done
    assert scene.since_start(scene.step("call_119").started) == "0:05:10"
    with pytest.raises(CommandRefused, match="on the word of fire_brigade"):
        scene.do("transition", to="restoring", by="command")
    scene.do("transition", to="restoring", by="fire_brigade")
    scene.run(until=21 * MINUTE)
    assert scene.state == "restoring"

    for minute in range(25, 70, 5):
        scene.at(minute * MINUTE, "fact", values={"temp": "24"})
    scene.run(until=54 * MINUTE)
    with pytest.raises(CommandRefused):
        scene.do("stand-down", by="command", check=["all"])
    scene.run(until=55 * MINUTE)
    scene.is_followed_up()
    scene.do("stand-down", by="command", check=["all"])
    scene.run(until=60 * DAY)
    assert scene.path()[-3:] == ["stood_down", "follow_up", "closed"]


@pytest.mark.parametrize("state", ["reported", "degraded", "limit", "decide", "zone_closed", "server_room", "shutdown"])
def test_a_smell_is_believed_in_every_state(scene: Scene, state: str) -> None:
    """Whoever smells refrigerant moves the plan at once."""
    scene.open("aircon_failure")
    if state != "reported":
        scene.do("transition", to=state, by="command", override=True, reason="seen on the panel")

    scene.fact(refrigerant="yes")

    assert scene.state == "leak"
    assert scene.level == "red"


def test_smoke_opens_the_fire_plan(scene: Scene) -> None:
    """Smoke from the plant: red, 119, the fire plan is looked out for and opened beside this one."""
    scene.everyone.works({"plant": "smoke"})
    scene.open("aircon_failure")
    scene.run(until=10 * MINUTE)

    assert "fire" in scene.incident.expected
    assert scene.step("fire_119").status == "done"
    assert scene.level == "red"


def test_a_false_complaint_is_called_off(scene: Scene) -> None:
    """The panel was wrong: told to everyone alerted, with its cause."""
    scene.everyone.works()
    scene.at(2 * MINUTE, "cancel", by="sun_li", reason="a broken thermometer")
    scene.open("aircon_failure")
    scene.run(until=30 * MINUTE)

    assert scene.path() == ["reported", "false_alarm", "closed"]


def test_a_silent_night_closes_the_zone(silence: Played) -> None:
    """Nobody reads a thermometer: in the end the zone is closed, floor by floor, and somebody is asked on."""
    scene = silence("aircon_failure")

    assert scene.state == "zone_closed"
    assert {run.zone for run in scene.sweeps()} == {"f5"}
    assert {run.role for run in scene.incident.runs_here() if run.name == "nudge"} == {"duty_manager"}


def test_the_words_for_the_brigade_hold_what_it_asks() -> None:
    """What leaks, smoke, hurt, trapped, which gate, who waits there; the contractor hears the readings."""
    plan = shipped_plans()["aircon_failure"]
    brigade, contractor = plan.agency("fire_brigade"), plan.agency("aircon_contractor")

    assert brigade is not None
    for part in ("{smoke}", "{injured}", "{trapped}", "{place.gate}", "{vehicle_guide.name}"):
        assert part in brigade.say.zh
        assert part in brigade.say.en
    assert contractor is not None
    assert all(part in contractor.say.en for part in ("{temp}", "{server_temp}", "{plant}"))
    assert plan.milestones[0].within < HOUR
