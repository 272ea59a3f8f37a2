"""What every plan must hold (the author's checklist of the reference, b.22), asserted on the shipped files.

Whether it also works is for the drills; here it is whether it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from emergency.core import playbook as p
from emergency.core.playbook import Playbook, State, Step
from emergency.core.values import Severity
from tests.scenarios.scene import DAY, PLACES, sample_site, shipped_plans

PLANS = shipped_plans()
EVERY_PLAN = pytest.mark.parametrize("plan", [pytest.param(PLANS[name], id=name) for name in PLACES])


def _simple(guard: p.Guard | None) -> Iterator[p.Guard]:
    """Yield the questions that a guard is made of."""
    match guard:
        case None:
            return
        case p.AnyOf(guards) | p.AllOf(guards):
            for each in guards:
                yield from _simple(each)
        case p.NotOf(inner):
            yield from _simple(inner)
        case _:
            yield guard


def _steps(plan: Playbook) -> Iterator[tuple[State, Step]]:
    for state in plan.states:
        for step in state.steps:
            yield state, step


def _facts_of(guard: p.Guard | None) -> set[str]:
    return {fact for each in _simple(guard) if (fact := getattr(each, "fact", None)) is not None}


def test_all_five_plans_are_shipped() -> None:
    """The shipped plans are those the drills of this folder play, with the code letters of the reference."""
    assert {plan.id: plan.code for plan in PLANS.values()} == {
        "fire": "F",
        "power_outage": "P",
        "elevator_entrapment": "E",
        "robbery": "R",
        "crowding": "C",
    }


@pytest.mark.parametrize(
    "playbook, start, levels",
    [
        pytest.param("fire", "blue", ["orange", "red"], id="fire"),
        pytest.param("power_outage", "yellow", ["orange", "red"], id="power_outage"),
        pytest.param("elevator_entrapment", "yellow", ["orange", "red"], id="elevator_entrapment"),
        pytest.param("robbery", "orange", ["red"], id="robbery has no lower level"),
        pytest.param("crowding", "blue", ["yellow", "orange", "red"], id="crowding"),
    ],
)
def test_levels_have_raisers_that_can_be_evaluated(playbook: str, start: str, levels: list[str]) -> None:
    """(2) A plan starts at its documented level and reaches each graver one by facts and clocks alone."""
    plan = PLANS[playbook]

    assert start == plan.start.value
    assert levels == sorted({rule.to.value for rule in plan.raises}, key=lambda name: Severity[name].rank)
    assert not any(isinstance(each, p.SaidBy) for rule in plan.raises for each in _simple(rule.when))


@pytest.mark.parametrize("fact", ["dead", "injured", "vulnerable", "second_emergency", "system_down", "trending"])
@EVERY_PLAN
def test_the_general_raisers_are_in_every_plan(plan: Playbook, fact: str) -> None:
    """(2) What makes any emergency graver (reference 0.1) raises the level of every plan."""
    assert fact in {name for rule in plan.raises for name in _facts_of(rule.when)}


@EVERY_PLAN
def test_only_a_measured_level_comes_down_by_itself(plan: Playbook) -> None:
    """(2) A level is lowered by a person alone, but for crowding, whose level is a measured value with a dwell."""
    asked = [each for rule in plan.lowers for each in _simple(rule.when)]

    assert (plan.id == "crowding") == bool(asked)
    assert all(isinstance(each, p.FactUnder) and each.dwell >= timedelta(minutes=10) for each in asked)


@EVERY_PLAN
def test_every_state_moves_or_nags_when_all_are_silent(plan: Playbook) -> None:
    """(3) No state waits for ever: it is left after a time, or somebody is asked again and again."""
    for state in plan.states:
        assert state.final or any(leave.after is not None for leave in state.leave), state.name


@EVERY_PLAN
def test_every_time_target_names_its_source(plan: Playbook) -> None:
    """(3) A reader can tell law from practice: each target carries a tag of the reference, or says practice."""
    sources = {step.source for _, step in _steps(plan) if step.done is not None}
    sources |= {leave.source for state in plan.states for leave in state.leave if leave.after is not None}

    assert "practice" in sources
    assert all(source == "practice" or (source[0] in "LSP" and source[1:2].isdigit()) for source in sources)


@pytest.mark.parametrize(
    "playbook, state, strands",
    [
        pytest.param("fire", "evacuating", {"fight", "move", "outside"}, id="fire"),
        pytest.param("power_outage", "on_backup", {"people", "shops", "power"}, id="power_outage"),
        pytest.param("elevator_entrapment", "dispatched", {"landing", "outside"}, id="elevator_entrapment"),
        pytest.param("crowding", "crush", {"rescue", "outside"}, id="crowding"),
    ],
)
def test_work_that_goes_on_side_by_side_is_in_strands(playbook: str, state: str, strands: set[str]) -> None:
    """(4) Fight, move, outside: strands of steps that start together and wait for none of each other."""
    here = PLANS[playbook].state(state)

    assert strands == {step.strand for step in here.steps if step.strand}
    for strand in strands:
        assert any(step.strand == strand and step.when is None for step in here.steps), strand


@EVERY_PLAN
def test_a_decision_that_nobody_makes_is_made_by_time(plan: Playbook) -> None:
    """(5) Whatever a person is asked to decide, the plan goes on when they do not: each such state has a way out by
    time, or nags, and a step that stands for safety says where its silence leads."""
    deciding = [(state, step) for state, step in _steps(plan) if step.decision]

    assert deciding
    for state, step in deciding:
        ways = [leave for leave in state.leave if leave.after is not None]
        assert ways or any(isinstance(outcome, p.Go) for outcome in step.late), step.name
        assert step.done is not None, step.name


@pytest.mark.parametrize(
    "playbook, state, safe",
    [
        pytest.param("fire", "verifying", "confirmed", id="a fire nobody looked at is a fire"),
        pytest.param("fire", "confirmed", "evacuating", id="a fire of unknown size is big"),
        pytest.param("fire", "minor_fire", "evacuating", id="a small fire not reported out is growing"),
        pytest.param("power_outage", "detected", "dark", id="a generator nobody saw does not run"),
        pytest.param("power_outage", "decide", "evacuating", id="undecided is leave"),
        pytest.param("power_outage", "decide_dark", "evacuating", id="undecided in the dark is leave"),
        pytest.param("elevator_entrapment", "check_empty", "dispatched", id="a car perhaps empty is not empty"),
        pytest.param("elevator_entrapment", "waiting", "fire_rescue", id="no maintainer in time is the brigade"),
        pytest.param("robbery", "silent_alarm", "in_progress", id="an unclear alarm is a robbery"),
    ],
)
def test_the_default_on_silence_is_the_safe_one(playbook: str, state: str, safe: str) -> None:
    """(5) The way out that time alone opens leads to the more careful state, and says why in both languages."""
    ways = [leave for leave in PLANS[playbook].state(state).leave if leave.after is not None and leave.to]

    assert [safe] == [leave.to for leave in ways]
    assert all(leave.because is not None and leave.because.zh and leave.because.en for leave in ways)


@pytest.mark.parametrize(
    "playbook, agency, back_to",
    [
        pytest.param("fire", "fire_brigade", {"controlled"}, id="fire"),
        pytest.param("elevator_entrapment", "fire_brigade", {"released"}, id="elevator_entrapment"),
        pytest.param("robbery", "police", {"scene_held"}, id="robbery"),
        pytest.param("crowding", "police", {"dispersal"}, id="crowding"),
    ],
)
def test_an_agency_that_commands_hands_back(playbook: str, agency: str, back_to: set[str]) -> None:
    """(6, 15) In `external_command` the agency decides: something is handed over to it, it gives the word to go on,
    and no role of ours can."""
    plan = PLANS[playbook]
    state = plan.state("external_command")
    words = [each for leave in state.leave for each in _simple(leave.when) if isinstance(each, p.SaidBy)]

    assert agency == state.commanded_by
    assert back_to == {leave.to for leave in state.leave if leave.to}
    assert agency in {word.role for word in words}
    assert {word.role for word in words} <= {each.name for each in plan.agencies}
    assert "hand_over" in {step.name for step in state.steps}


def test_an_outage_is_commanded_by_nobody_else() -> None:
    """(6) A power cut stays ours: the utility restores, it does not command (reference b.3)."""
    assert {None} == {state.commanded_by for state in PLANS["power_outage"].states}


def test_a_robbery_is_need_to_know() -> None:
    """(7) Nobody in the place is rung, six roles know, nothing goes over the speakers, and a locked screen does not
    show the word."""
    plan = PLANS["robbery"]
    shown = [text for s in plan.states for text in (s.title, s.headline) if text is not None]
    shown += [step.do for _, step in _steps(plan)]
    shown += [leave.alert.do for s in plan.states for leave in s.leave if leave.alert]

    assert plan.silent_place
    assert {"control_room", "duty_manager", "deputy_commander", "on_scene", "comms", "commander"} == {
        call.role for call in plan.roles
    }
    assert all(state.announce is None for state in plan.states)
    assert all(state.headline is not None for state in plan.states if not state.final)
    assert not any("抢" in text.zh.replace("在抢", "") or "robber" in text.en.lower() for text in shown)


@EVERY_PLAN
def test_a_second_report_has_somewhere_to_go(plan: Playbook) -> None:
    """(8) Each plan says when a report is one more of the same, within half an hour."""
    assert plan.merge is not None
    assert ("site" if plan.id == "power_outage" else "place") == plan.merge.same
    assert timedelta(minutes=30) == plan.merge.within


@pytest.mark.parametrize(
    "playbook, certain",
    [
        pytest.param("fire", {"personal_injury", "elevator_entrapment", "media", "crowding"}, id="fire"),
        pytest.param(
            "power_outage",
            {"elevator_entrapment", "escalator", "crowding", "it_failure", "air_conditioning"},
            id="power_outage",
        ),
        pytest.param("crowding", {"personal_injury", "escalator", "missing_child"}, id="crowding"),
        pytest.param("robbery", {"personal_injury", "media", "crowding"}, id="robbery"),
        pytest.param("elevator_entrapment", {"personal_injury", "media", "missing_child"}, id="elevator_entrapment"),
    ],
)
def test_knock_on_emergencies_are_expected(playbook: str, certain: set[str]) -> None:
    """(8) What the matrix of the reference (b.21) calls certain or possible is looked out for in some state."""
    expected = {each.playbook for state in PLANS[playbook].states for each in state.expects}

    assert certain <= expected


@EVERY_PLAN
def test_the_stand_down_is_a_list_and_tells_everyone(plan: Playbook) -> None:
    """(9) At least five conditions in both languages, each its own line; the end is told to all who were alerted."""
    state = plan.state("stood_down")

    assert len(state.checklist) >= 5
    assert all(line.zh and line.en for line in state.checklist)
    assert len(set(state.checklist)) == len(state.checklist)
    assert state.tells
    assert plan.state("false_alarm").tells


@EVERY_PLAN
def test_the_follow_up_is_counted_in_hours_and_days(plan: Playbook) -> None:
    """(10, 13) Every task of the follow-up has a clock from minutes to sixty days; some are a day or more."""
    steps = plan.state("follow_up").steps

    assert all(step.done is not None and timedelta(minutes=10) <= step.done <= 60 * DAY for step in steps)
    assert sum(1 for step in steps if step.done is not None and step.done >= DAY) >= 5
    assert {"call_back"} <= {step.name for step in steps}
    assert any(step.source.startswith("L") for step in steps)


@EVERY_PLAN
def test_evidence_and_lessons_are_tasks(plan: Playbook) -> None:
    """(10) Footage or counts are secured, an injured colleague's claim is filed by law, and the plan learns."""
    steps = {step.name: step for step in plan.state("follow_up").steps}

    assert {"footage", "counts"} & set(steps)
    assert steps["work_injury"].source == "L18.17"
    assert steps["work_injury"].done == 30 * DAY
    assert {"lessons", "cash_habits"} & set(steps)


@EVERY_PLAN
def test_nothing_is_closed_before_everybody_was_called_back(plan: Playbook) -> None:
    """(10) The only way to the archive from the follow-up is every task done and every affected person called; how
    many those are has no default."""
    (way,) = [leave for leave in plan.state("follow_up").leave if leave.to]
    affected = plan.fact("affected")

    assert way.to == "closed"
    assert way.when == p.AllOf((p.StrandDone(None), p.FactReaches("called_back", "affected")))
    assert affected is not None
    assert affected.unless_told is None


@EVERY_PLAN
def test_there_is_a_line_for_the_press(plan: Playbook) -> None:
    """(10) In both languages, with blanks to fill, and without a cause or a name."""
    assert plan.press is not None
    assert len(plan.press.zh) > 30
    assert len(plan.press.en) > 60
    assert "{" not in plan.press.zh + plan.press.en


def test_a_measured_value_has_dwell_hysteresis_and_a_dead_sensor() -> None:
    """(12) Two minutes to go up, ten below a lower value to come down, and silence of the sensor raises."""
    plan = PLANS["crowding"]
    up = {
        each.value: each.dwell
        for rule in plan.raises
        for each in _simple(rule.when)
        if isinstance(each, p.FactOver) and each.fact == "density"
    }
    down = {rule.to.value: each.value for rule in plan.lowers for each in _simple(rule.when)}
    missing = {
        rule.to.value: each.wait
        for rule in plan.raises
        for each in _simple(rule.when)
        if isinstance(each, p.FactMissing)
    }

    assert dict.fromkeys((4.0, 3.0, 2.0), timedelta(minutes=2)) == up
    assert down == {"orange": 3.0, "yellow": 2.5, "blue": 1.5}
    assert {"yellow": timedelta(minutes=3), "orange": timedelta(minutes=6)} == missing


@pytest.mark.parametrize(
    "playbook, clock",
    [
        pytest.param("elevator_entrapment", p.ClockOver("trapped", timedelta(minutes=30)), id="since the real start"),
        pytest.param("power_outage", p.TimeLeftUnder("battery_end", timedelta(minutes=15)), id="until a moment"),
        pytest.param("power_outage", p.ClockOver("dark", timedelta(minutes=45)), id="over several states"),
        pytest.param("fire", p.ClockOver("known", timedelta(minutes=40)), id="the legal hour"),
        pytest.param("robbery", p.ClockOver("state", timedelta(seconds=60)), id="since the state was entered"),
    ],
)
def test_clocks_of_each_kind_are_asked(playbook: str, clock: p.Guard) -> None:
    """(13) Clocks run since the state, since the real start, and until a moment in data."""
    plan = PLANS[playbook]
    guards = [leave.when for state in plan.states for leave in state.leave]
    guards += [rule.when for rule in plan.raises] + [step.when for _, step in _steps(plan)]

    assert clock in [each for guard in guards for each in _simple(guard)]


@pytest.mark.parametrize(
    "playbook, state",
    [
        pytest.param("fire", "evacuating", id="fire"),
        pytest.param("power_outage", "evacuating", id="power_outage"),
        pytest.param("crowding", "dispersal", id="crowding"),
    ],
)
def test_clearance_is_by_zones(playbook: str, state: str) -> None:
    """(16) Who empties a building does so zone by zone, each with its own step; customers are never counted."""
    sweeps = [step for step in PLANS[playbook].state(state).steps if step.per == "zones"]

    assert [step.role for step in sweeps] == ["evacuation"]


@EVERY_PLAN
def test_whom_a_plan_calls_the_sample_mall_has(plan: Playbook) -> None:
    """Every role of a plan is a role of the site, every agency has a number to print and words in both languages."""
    site = sample_site()

    assert {call.role for call in plan.roles} <= {duty.role for duty in site.duties}
    for agency in plan.agencies:
        known = site.agency(agency.name)
        assert known is not None
        assert known.number
        assert agency.say.zh
        assert agency.say.en


@EVERY_PLAN
def test_control_room_and_duty_manager_are_called_from_the_first_moment(plan: Playbook) -> None:
    """Somebody is in command, and somebody keeps the log, at the level that every incident of the plan begins with."""
    first = {call.role for call in plan.roles if call.at <= plan.start}

    assert {"control_room", "duty_manager", "on_scene"} <= first
