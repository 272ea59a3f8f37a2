"""The change of shift in the middle of an emergency: the old shift stays until it is relieved, place by place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.incident import Incident
from emergency.core.wording import render_sms, words_for
from emergency.engine import Engine
from emergency.people import save_roster
from emergency.roster import Leave
from tests.core.small import unattended
from tests.scenarios.scene import DAY, HOUR, MINUTE, NOON, SECOND, Scene, sample_roster

BEFORE_LATE = NOON + timedelta(hours=3, minutes=50)
"""15:50 in Shanghai: the late shift comes in ten minutes."""
BEFORE_NIGHT = NOON + timedelta(hours=10, minutes=50)
"""22:50: the night shift comes in ten minutes."""
CHANGE = 10 * MINUTE
LONG = {"first_attack": "big", "hydrant": "holding"}


def fire(scene: Scene, **habits: Any) -> Scene:
    """A fire that burns for longer than the shift: floors are not clear, so it stays in evacuation."""
    scene.everyone.works(LONG, skips=("sweep",), **habits)
    scene.open("fire")
    return scene


def shift_of(person: str) -> str:
    """The shift of somebody."""
    return sample_roster().people[person].shift


def relieved(scene: Scene) -> list[e.RoleAssigned]:
    """The places that were handed over."""
    return [x for x in scene.happened(e.RoleAssigned) if x.because == "relieved"]


def words(incident: Incident, person: str, language: str, names: dict[str, str]) -> str:
    """How somebody is asked to take over, in a language."""
    alert = next(a for a in incident.alerts.values() if a.kind == "relief" and a.person == person)
    return render_sms([words_for(incident, alert, language)], names, {})


def test_the_engine_wakes_at_the_change_of_shift(scenes: Callable[[datetime], Scene]) -> None:
    """With the incident a timer is set for the next change of duty; when it fires, the next one is set."""
    scene = fire(scenes(BEFORE_LATE))
    assert scene.incident.timers["team"] == BEFORE_LATE + CHANGE

    scene.run(until=CHANGE + SECOND)

    assert scene.incident.timers["team"] == BEFORE_NIGHT + CHANGE
    assert {m.id for m in scene.incident.members.values() if m.duty == "on"} >= {"guo_xin", "du_peng"}


@pytest.mark.parametrize(
    "start, old, new",
    [
        pytest.param(BEFORE_LATE, "early", "late", id="16:00"),
        pytest.param(BEFORE_NIGHT, "late", "night", id="23:00"),
    ],
)
def test_each_is_relieved_by_the_next_shift(
    scenes: Callable[[datetime], Scene], start: datetime, old: str, new: str
) -> None:
    """Who is asked is of the new shift; with the word of each the role passes, and the one before may go."""
    scene = fire(scenes(start))
    scene.run(until=CHANGE - SECOND)
    held = {(role, slot): p for role, slots in scene.incident.roles.items() for slot, p in slots.items()}
    scene.run(until=CHANGE + 5 * MINUTE)

    passed = relieved(scene)
    assert passed
    for event in passed:
        assert shift_of(event.person) == new
        assert event.instead_of == held[event.role, event.slot]
        assert shift_of(event.instead_of) == old
    left = {p for slots in scene.incident.roles.values() for p in slots.values() if shift_of(p) == old}
    told = {x.person for x in scene.happened(e.ReliefMissing)}
    assert left <= told | {p.id for p in sample_roster().people.values() if p.on_call}
    goes = {alert.person for alert in scene.incident.alerts.values() if alert.kind == "may_go"}
    assert goes == {event.instead_of for event in passed} - left
    assert unattended(scene.incident) == []


def test_until_somebody_has_it_the_old_shift_stays(scenes: Callable[[datetime], Scene]) -> None:
    """Nobody of the new shift answers: every place is still held, the old ones are asked what comes up, and the new
    ones are called again and again."""
    scene = scenes(BEFORE_LATE)
    for person in sample_roster().people.values():
        if person.shift in ("late", "office"):
            scene.phone(person.id).is_silent()
    fire(scene)
    scene.run(until=CHANGE - SECOND)
    before = scene.incident.roles
    scene.run(until=CHANGE + 10 * MINUTE)

    assert {shift_of(x.person) for x in relieved(scene)} <= {"early"}  # one of them is on call, and may help out
    assert scene.incident.command == "chen_jing"
    for role, slots in before.items():
        assert set(scene.incident.roles[role]) >= set(slots)
    asked = [a for a in scene.alerts(kind="relief") if a.status == "open"]
    assert asked
    assert any(len(a.deliveries) > 1 for a in asked)
    assert unattended(scene.incident) == []


def test_open_steps_go_with_the_role(scenes: Callable[[datetime], Scene]) -> None:
    """What the old one had said yes to and not done is asked of the new one, and of the old one no more."""
    scene = scenes(BEFORE_LATE)
    scene.phone("du_peng").answers_after(MINUTE)
    scene.everyone.works(LONG, skips=("sweep", "cut_power", "power_off", "fans"))
    scene.open("fire")
    scene.run(until=CHANGE)
    fans = scene.step("fans")
    assert fans.status == "open"
    assert fans.person == "peng_fei"
    scene.run(until=CHANGE + MINUTE + 20 * SECOND)

    alerts = {a.person: a for a in scene.alerts(step="fans", kind="task")}
    assert alerts["peng_fei"].ended == "relieved"
    assert alerts["du_peng"].status in ("open", "acknowledged")
    assert scene.incident.holders("engineering") == ("du_peng",)


def test_command_is_handed_over_with_an_account(scenes: Callable[[datetime], Scene]) -> None:
    """The incoming manager is asked to take over command, and told what, where, how grave, where it stands and who had
    it; only their word makes it so, and it stands in the log as a hand-over."""
    scene = scenes(BEFORE_LATE)
    scene.phone("guo_xin").answers_after(3 * MINUTE)
    fire(scene)
    scene.run(until=CHANGE + 2 * MINUTE)
    assert scene.incident.command == "chen_jing"
    (asked,) = [text for text in scene.words_to("guo_xin", "sms") if "任指挥" in text]
    for word in ("XF01", "火灾疏散", "B1美食广场", "红色", "陈静"):
        assert word in asked
    names = scene.people.names(scene.engine, "en")
    said = words(scene.incident, "guo_xin", "en", names)
    assert "Take over command from Chen Jing" in said
    assert "RED" in said.upper()

    scene.run(until=CHANGE + 4 * MINUTE)
    taken = scene.happened(e.CommandTaken)[-1]
    assert (taken.person, taken.by, taken.role) == ("guo_xin", "chen_jing", "duty_manager")
    assert scene.incident.owner == "guo_xin"
    assert any("已由郭欣接班,你可以下班" in text for text in scene.words_to("chen_jing", "sms"))


def test_a_declined_relief_goes_to_the_next(scenes: Callable[[datetime], Scene]) -> None:
    """Who cannot take over says so; a deputy is asked at once, and never the one who wants to go."""
    scene = scenes(BEFORE_LATE)
    scene.phone("xie_fang").answers_after(10 * SECOND, says="3")
    fire(scene)
    scene.run(until=CHANGE + 5 * MINUTE)

    asked = [a for a in scene.alerts(kind="relief") if a.role == "control_room" and a.slot == 1]
    assert asked[0].person == "xie_fang"
    assert asked[0].ended == "declined"
    assert "sun_li" not in {a.person for a in asked}


def test_nobody_follows_and_command_hears_of_it_once(scenes: Callable[[datetime], Scene]) -> None:
    """At night there is no floor manager and no desk: who has these roles stays, and one message says so."""
    scene = fire(scenes(BEFORE_NIGHT))
    scene.run(until=CHANGE - SECOND)
    assert shift_of(scene.incident.holders("floor")[0]) == "late"
    stays = scene.incident.holders("floor")[0]
    scene.run(until=CHANGE + HOUR)

    missing = scene.happened(e.ReliefMissing)
    assert missing
    assert len({(x.role, x.slot, x.person) for x in missing}) == len(missing)
    first = [a for a in scene.alerts(kind="no_relief") if a.at == BEFORE_NIGHT + CHANGE]
    assert len(first) <= 1
    if stays in {x.person for x in missing}:
        assert stays in scene.incident.holders("floor")
        assert any("到点无人接班" in text for text in scene.words_to(first[0].person, "sms"))


def test_an_ended_emergency_relieves_nobody(scenes: Callable[[datetime], Scene]) -> None:
    """It ends five minutes before the change: no timer waits for the shift, and nobody is asked to take over."""
    scene = fire(scenes(BEFORE_LATE))
    scene.run(until=4 * MINUTE)
    scene.do("cancel", reason="toast")
    assert "team" not in scene.incident.timers
    scene.run(until=2 * HOUR)

    assert not scene.alerts(kind="relief")
    assert not relieved(scene)


def test_it_ends_while_relief_is_asked(scenes: Callable[[datetime], Scene]) -> None:
    """The end closes the calls to take over like all others: nobody is rung for it any more."""
    scene = scenes(BEFORE_LATE)
    for person in sample_roster().people.values():
        if person.shift == "late":
            scene.phone(person.id).is_silent()
    fire(scene)
    scene.run(until=CHANGE + 2 * MINUTE)
    assert [a for a in scene.alerts(kind="relief") if a.status == "open"]
    scene.do("cancel", reason="toast")

    assert {a.status for a in scene.alerts(kind="relief")} == {"closed"}


def test_leave_from_midnight_is_relieved_like_a_shift(scenes: Callable[[datetime], Scene]) -> None:
    """The deputy commander, on call, is on leave from midnight: at midnight, in the middle of a fire, the next one on
    call is asked to take over from him."""
    scene = scenes(NOON + timedelta(hours=11, minutes=30))  # 23:30
    roster = sample_roster()
    away = Leave(first=date(2026, 3, 2), last=date(2026, 3, 8))
    changed = replace(roster, people={**roster.people, "li_wenbin": replace(roster.people["li_wenbin"], leave=(away,))})
    scene.engine.unit(lambda engine: save_roster(engine, changed, scene.clock.now()))
    fire(scene)
    scene.run(until=29 * MINUTE)
    assert scene.incident.holders("deputy_commander") == ("li_wenbin",)
    scene.run(until=35 * MINUTE)

    assert scene.incident.members["li_wenbin"].duty == "off"
    (passed,) = relieved(scene)
    assert (passed.person, passed.instead_of) == ("zhao_gang", "li_wenbin")


def test_a_restart_in_between_asks_nobody_twice(scenes: Callable[[datetime], Scene]) -> None:
    """The program starts anew before and after the change: the timer is in the store, and each is asked once."""
    scene = fire(scenes(BEFORE_LATE))
    scene.run(until=CHANGE - MINUTE)
    fresh = Engine(scene.engine.store, scene.clock)
    fresh.team = scene.desktop.team
    scene.clock.move_to(BEFORE_LATE + CHANGE + MINUTE)
    fresh.fire_due()
    asked = [a for a in fresh.incident(scene.id).alerts.values() if a.kind == "relief"]
    again = Engine(scene.engine.store, scene.clock)
    again.team = scene.desktop.team
    again.fire_due()
    incident = again.incident(scene.id)
    members, until = scene.desktop.team(again, incident)
    after = again.handle(scene.id, c.UpdateRoster(members=members, until=until))

    assert asked
    assert [a for a in after.alerts.values() if a.kind == "relief"] == asked
    assert len({(a.role, a.slot) for a in asked}) == len(asked)


@pytest.mark.parametrize("start", [BEFORE_LATE, BEFORE_NIGHT], ids=["16:00", "23:00"])
def test_a_power_cut_goes_on_with_the_next_shift(scenes: Callable[[datetime], Scene], start: datetime) -> None:
    """In a power cut the shift changes: the next one has the roles and the command, and the plan goes on."""
    scene = scenes(start)
    scene.everyone.works({"estimate": "short"})
    scene.open("power_outage")
    scene.run(until=CHANGE + 2 * MINUTE)

    stays = {x.person for x in scene.happened(e.ReliefMissing)}
    on_call = {p.id for p in sample_roster().people.values() if p.on_call}
    new = "late" if start == BEFORE_LATE else "night"
    assert shift_of(scene.incident.command or "") == new
    holders = {p for slots in scene.incident.roles.values() for p in slots.values()}
    assert {shift_of(p) for p in holders - stays - on_call} == {new}
    assert unattended(scene.incident) == []


def test_two_incidents_are_relieved_together(scenes: Callable[[datetime], Scene]) -> None:
    """A fire and a lift at 16:00: the new shift fills both, and nobody stands in two unless it is said."""
    from tests.scenarios.test_several import Several, in_two

    scene = scenes(BEFORE_LATE)
    several = Several(scene)
    scene.everyone.works(LONG, skips=("sweep", "arrived"))
    several.open("elevator_entrapment")
    several.open("fire", severity="orange")
    scene.run(until=CHANGE + 10 * MINUTE)

    assert in_two(scene) == []
    for plan in several.ids:
        incident = several.the(plan)
        assert unattended(incident) == []
        assert incident.command is not None
    assert [x for x in several.events("fire", e.RoleAssigned) if x.because == "relieved"]


def test_days_of_waiting_relieve_place_by_place(scenes: Callable[[datetime], Scene]) -> None:
    """A fire that nobody ends for a day: each shift relieves the one before, and the log says so each time."""
    scene = fire(scenes(BEFORE_LATE))
    scene.run(until=DAY)
    assert not scene.incident.ended
    shifts = [shift_of(x.person) for x in relieved(scene) if x.role == "control_room"]
    assert {"late", "night", "early"} <= set(shifts)


def test_a_relief_called_away_is_asked_of_the_next(scenes: Callable[[datetime], Scene]) -> None:
    """Whoever was asked to take over is taken by a graver incident before they answer: the next one of the new shift is
    asked, or command hears that nobody follows. The one before never waits for nobody."""
    scene = scenes(BEFORE_LATE)
    for person in sample_roster().people.values():
        if person.shift == "late":
            scene.phone(person.id).is_silent()
    fire(scene)
    scene.run(until=CHANGE + 5 * SECOND)
    waiting = [a for a in scene.alerts(kind="relief") if a.status == "open"]
    assert waiting
    for asked in waiting:
        taken = c.HearOfOthers(taken=(asked.person,), to="X99")
        scene.engine.handle(scene.id, taken)

    incident = scene.incident
    for asked in waiting:
        run = incident.steps[asked.step or ""]
        if run.status == "open":
            others = [incident.alerts[id] for id in run.alerts]
            told = incident.unrelieved.get((asked.role or "", asked.slot))
            goes_on = any(a.status == "open" for a in others) and f"rung:{asked.root}" in incident.timers
            assert goes_on or told == asked.about, (asked.person, asked.role)


def test_a_relief_that_came_to_nothing_is_asked_for_anew(scenes: Callable[[datetime], Scene]) -> None:
    """Everybody who was asked to take over says no, and stays on duty: whoever comes next, however early, is asked."""
    scene = scenes(BEFORE_LATE)
    for person in sample_roster().people.values():
        if person.shift == "late":
            scene.phone(person.id).is_silent()
    fire(scene)
    scene.run(until=CHANGE + 5 * SECOND)
    for _ in range(20):
        for alert in [a for a in scene.alerts(kind="relief") if a.status == "open"]:
            scene.engine.handle(scene.id, c.Decline(alert=alert.id))
    stays = [place for place, person in scene.incident.unrelieved.items() if shift_of(person) == "early"]
    assert stays

    early = {id for id, m in scene.incident.members.items() if m.duty == "off" and shift_of(id) == "night"}
    team = [replace(m, duty="on") if m.id in early else m for m in scene.incident.members.values()]
    scene.engine.handle(scene.id, c.UpdateRoster(members=tuple(team)))

    asked = {(a.role, a.slot) for a in scene.alerts(kind="relief") if a.person in early}
    assert asked & set(stays)
