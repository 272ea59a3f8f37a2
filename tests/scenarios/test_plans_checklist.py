"""What every plan must hold (the author's checklist of the reference, b.22), asserted on the shipped files.

Whether it also works is for the drills; here it is whether it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from emergency.core import playbook as p
from emergency.core.playbook import Playbook, State, Step, simple
from emergency.core.values import Severity
from tests.scenarios.scene import DAY, PLACES, sample_site, shipped_plans

PLANS = shipped_plans()
EVERY_PLAN = pytest.mark.parametrize("plan", [pytest.param(PLANS[name], id=name) for name in PLACES])


def _steps(plan: Playbook) -> Iterator[tuple[State, Step]]:
    for state in plan.states:
        for step in state.steps:
            yield state, step


def _facts_of(guard: p.Guard | None) -> set[str]:
    return {fact for each in simple(guard) if (fact := getattr(each, "fact", None)) is not None}


def test_all_five_plans_are_shipped() -> None:
    """The shipped plans are those the drills of this folder play, with the code letters of the reference."""
    assert {plan.id: plan.code for plan in PLANS.values()} == {
        "fire": "F",
        "power_outage": "P",
        "elevator_entrapment": "E",
        "robbery": "R",
        "crowding": "C",
        "personal_injury": "M",
        "escalator": "S",
        "gas_leak": "G",
        "flooding": "W",
        "demonstration": "D",
        "riot": "D",
        "suspicious_object": "B",
        "threat": "T",
        "media": "N",
        "earthquake": "Q",
        "missing_child": "K",
        "severe_weather": "H",
        "system_failure": "Y",  # the reference says I, which no reply code may begin with: it reads as 1
        "aircon_failure": "A",
        "vip_visit": "V",
    }


@pytest.mark.parametrize(
    "playbook, start, levels",
    [
        pytest.param("fire", "blue", ["orange", "red"], id="fire"),
        pytest.param("power_outage", "yellow", ["orange", "red"], id="power_outage"),
        pytest.param("elevator_entrapment", "yellow", ["orange", "red"], id="elevator_entrapment"),
        pytest.param("robbery", "orange", ["red"], id="robbery has no lower level"),
        pytest.param("crowding", "blue", ["yellow", "orange", "red"], id="crowding"),
        pytest.param("personal_injury", "yellow", ["orange", "red"], id="personal_injury"),
        pytest.param("escalator", "yellow", ["orange", "red"], id="escalator"),
        pytest.param("gas_leak", "blue", ["orange", "red"], id="gas_leak: a leak is never routine"),
        pytest.param("flooding", "yellow", ["orange", "red"], id="flooding"),
        pytest.param("demonstration", "blue", ["yellow", "orange", "red"], id="demonstration"),
        pytest.param("riot", "orange", ["orange", "red"], id="riot"),
        pytest.param("suspicious_object", "blue", ["orange", "red"], id="suspicious_object"),
        pytest.param("threat", "blue", ["orange", "red"], id="threat"),
        pytest.param("media", "yellow", ["orange", "red"], id="media"),
        pytest.param("earthquake", "yellow", ["orange", "red"], id="earthquake"),
        pytest.param("missing_child", "yellow", ["orange", "red"], id="missing_child"),
        pytest.param("severe_weather", "blue", ["yellow", "orange", "red"], id="severe_weather"),
        pytest.param("system_failure", "yellow", ["orange", "red"], id="system_failure"),
        pytest.param("aircon_failure", "yellow", ["orange", "red"], id="aircon_failure"),
        pytest.param("vip_visit", "blue", ["yellow", "orange", "red"], id="vip_visit"),
    ],
)
def test_levels_have_raisers_that_can_be_evaluated(playbook: str, start: str, levels: list[str]) -> None:
    """(2) A plan starts at its documented level and reaches each graver one by facts and clocks alone."""
    plan = PLANS[playbook]

    assert start == plan.start.value
    assert levels == sorted({rule.to.value for rule in plan.raises}, key=lambda name: Severity[name].rank)
    assert not any(isinstance(each, p.SaidBy) for rule in plan.raises for each in simple(rule.when))


@pytest.mark.parametrize("fact", ["dead", "injured", "vulnerable", "second_emergency", "system_down", "trending"])
@EVERY_PLAN
def test_the_general_raisers_are_in_every_plan(plan: Playbook, fact: str) -> None:
    """(2) What makes any emergency graver (reference 0.1) raises the level of every plan."""
    assert fact in {name for rule in plan.raises for name in _facts_of(rule.when)}


MEASURED = {"crowding": {"density"}, "severe_weather": {"warning"}, "aircon_failure": {"temp", "server_temp"}}
"""Plans whose level follows a measured value, or an official colour, and which value that is."""


@EVERY_PLAN
def test_only_a_measured_level_comes_down_by_itself(plan: Playbook) -> None:
    """(2) A level is lowered by a person alone, but for those tied to a measured value: each of their rules waits."""
    for rule in plan.lowers:
        waits = [each for each in simple(rule.when) if getattr(each, "dwell", timedelta(0))]
        assert waits
        assert all(isinstance(each, p.FactUnder | p.FactOver | p.FactIs) for each in waits)
        assert all(each.dwell >= timedelta(minutes=10) for each in waits if hasattr(each, "dwell"))

    asked = {fact for rule in plan.lowers for fact in _facts_of(rule.when)}
    assert (plan.id in MEASURED) == bool(asked)
    assert MEASURED.get(plan.id, set()) <= asked


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
        pytest.param("escalator", "rescuing", {"outside", "machine", "people"}, id="escalator"),
        pytest.param("gas_leak", "leak", {"stop", "people", "outside"}, id="gas_leak: before it is shut"),
        pytest.param("gas_leak", "uncontrolled", {"stop", "move", "outside"}, id="gas_leak"),
        pytest.param("flooding", "basement_evacuating", {"sweep", "move", "outside"}, id="flooding"),
        pytest.param("demonstration", "contained", {"doors", "talk", "outside"}, id="demonstration"),
        pytest.param("riot", "separate", {"move", "outside"}, id="riot"),
        pytest.param("suspicious_object", "evacuating", {"move", "outside"}, id="suspicious_object"),
        pytest.param("threat", "searching", {"search", "command"}, id="threat"),
        pytest.param("media", "hosted", {"host", "words"}, id="media"),
        pytest.param("earthquake", "check", {"house", "people", "command"}, id="earthquake"),
        pytest.param("missing_child", "searching", {"search", "outside"}, id="missing_child"),
        pytest.param("system_failure", "safety_down", {"repair", "watch"}, id="system_failure"),
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
        pytest.param("personal_injury", "reported", "on_scene", id="somebody nobody asked about is gone to"),
        pytest.param("personal_injury", "on_scene", "awaiting_120", id="somebody of whom nothing is heard needs 120"),
        pytest.param("escalator", "reported", "rescuing", id="a machine nobody stopped holds somebody"),
        pytest.param("escalator", "stopped", "rescuing", id="steps nobody looked at hold somebody"),
        pytest.param("gas_leak", "reported", "leak", id="gas nobody measured leaks"),
        pytest.param("gas_leak", "nothing_found", "leak", id="an alarm nobody explained is a leak"),
        pytest.param("gas_leak", "leak", "uncontrolled", id="a valve nobody shut is open"),
        pytest.param("flooding", "reported", "barring", id="water nobody looked at comes from outside"),
        pytest.param("demonstration", "dialogue", "contained", id="talks that nobody reports have failed"),
        pytest.param("riot", "reported", "separate", id="an unclear riot is inside"),
        pytest.param("suspicious_object", "found", "suspect", id="an item nobody judged is suspect"),
        pytest.param("suspicious_object", "suspect", "evacuating", id="no word of the police, so it is cleared"),
        pytest.param("threat", "assessing", "searching", id="a threat nobody weighed is medium"),
        pytest.param("threat", "searching", "decide", id="what does not answer is unsearched"),
        pytest.param("threat", "item_found", "evacuating", id="undecided about a find is everybody out"),
        pytest.param("media", "arrival", "hosted", id="nobody came, so the duty manager receives them"),
        pytest.param("media", "hosted", "holding_line", id="no text in time is the holding line"),
        pytest.param("earthquake", "check", "evacuating", id="a house nobody looked at is damaged"),
        pytest.param("earthquake", "outside", "closed_building", id="a house nobody surveyed stays shut"),
        pytest.param("missing_child", "searching", "wide", id="a child not found is searched wider"),
        pytest.param("severe_weather", "decide_close", "holding", id="undecided in a red storm is stay inside"),
        pytest.param("system_failure", "reported", "triage", id="five minutes without a word is a system"),
        pytest.param("system_failure", "triage", "escalated", id="a cause nobody names is a grave one"),
        pytest.param("system_failure", "measures", "manual", id="undecided is by hand, with the barriers up"),
        pytest.param("aircon_failure", "reported", "degraded", id="a plant nobody looked at is out"),
        pytest.param("aircon_failure", "decide", "zone_closed", id="undecided about heat is closed"),
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
        pytest.param("personal_injury", "fire_brigade", {"on_scene"}, id="personal_injury"),
        pytest.param("escalator", "fire_brigade", {"handed_over"}, id="escalator"),
        pytest.param("gas_leak", "gas_company", {"controlled", "brigade_command"}, id="gas_leak"),
        pytest.param("flooding", "fire_brigade", {"pumping"}, id="flooding"),
        pytest.param("demonstration", "police", {"dispersing"}, id="demonstration"),
        pytest.param("riot", "police", {"sweeping"}, id="riot"),
        pytest.param("suspicious_object", "police", {"controlled", "exploded"}, id="suspicious_object"),
        pytest.param("threat", "police", {"evacuating", "watching", "waiting_deadline"}, id="threat"),
        pytest.param("earthquake", "fire_brigade", {"outside"}, id="earthquake"),
        pytest.param("missing_child", "police", {"found", "stood_down"}, id="missing_child"),
        pytest.param("aircon_failure", "fire_brigade", {"restoring"}, id="aircon_failure"),
        pytest.param("vip_visit", "police", {"departing"}, id="vip_visit"),
    ],
)
def test_an_agency_that_commands_hands_back(playbook: str, agency: str, back_to: set[str]) -> None:
    """(6, 15) In `external_command` the agency decides: something is handed over to it, it gives the word to go on,
    and no role of ours can."""
    plan = PLANS[playbook]
    state = plan.state("external_command")
    words = [each for leave in state.leave for each in simple(leave.when) if isinstance(each, p.SaidBy)]

    assert agency == state.commanded_by
    assert back_to == {leave.to for leave in state.leave if leave.to}
    assert agency in {word.role for word in words}
    assert {word.role for word in words} <= {each.name for each in plan.agencies}
    assert "hand_over" in {step.name for step in state.steps}


@pytest.mark.parametrize(
    "playbook",
    [
        pytest.param("power_outage", id="the utility restores, it does not command (b.3)"),
        pytest.param("media", id="the press is answered by us; who commands the emergency is another plan's (b.13)"),
        pytest.param("severe_weather", id="what breaks has a plan of its own; the storm has no commander (b.16)"),
        pytest.param("system_failure", id="vendor and police help, they do not command (b.17)"),
    ],
)
def test_what_stays_ours_is_commanded_by_nobody_else(playbook: str) -> None:
    """(6) Where no agency takes over, no state says so."""
    assert {None} == {state.commanded_by for state in PLANS[playbook].states}


def test_a_robbery_is_need_to_know() -> None:
    """(7) Nobody in the place is rung, six roles know, no plain word goes over the speakers, and a locked screen does
    not show the word."""
    plan = PLANS["robbery"]
    shown = [text for s in plan.states for text in (s.title, s.headline) if text is not None]
    shown += [step.do for _, step in _steps(plan)]
    shown += [leave.alert.do for s in plan.states for leave in s.leave if leave.alert]

    assert plan.silent_place
    assert {"control_room", "duty_manager", "deputy_commander", "on_scene", "comms", "commander"} == {
        call.role for call in plan.roles
    }
    # The site's code word is all that may be heard, and only once he has been seen: nothing while the alarm is silent.
    assert {("in_progress", "{words.robbery}。", "{words.robbery}.")} == {
        (state.name, state.announce.zh, state.announce.en) for state in plan.states if state.announce
    }
    assert all(state.headline is not None for state in plan.states if not state.final)
    assert not any("抢" in text.zh.replace("在抢", "") or "robber" in text.en.lower() for text in shown)


ONE_IN_THE_HOUSE = {"media"}
"""Plans that begin at one place and of which the house has one at a time: the press gets one voice."""


@EVERY_PLAN
def test_a_second_report_has_somewhere_to_go(plan: Playbook) -> None:
    """(8) Each plan says when a report is one more of the same, within half an hour."""
    assert plan.merge is not None
    assert ("site" if plan.place == "site" or plan.id in ONE_IN_THE_HOUSE else "place") == plan.merge.same
    assert timedelta(minutes=30) == plan.merge.within


@pytest.mark.parametrize(
    "playbook, certain",
    [
        pytest.param("fire", {"personal_injury", "elevator_entrapment", "media", "crowding"}, id="fire"),
        pytest.param(
            "power_outage",
            {"elevator_entrapment", "escalator", "crowding", "system_failure", "aircon_failure"},
            id="power_outage",
        ),
        pytest.param("crowding", {"personal_injury", "escalator", "missing_child"}, id="crowding"),
        pytest.param("personal_injury", {"gas_leak", "media", "crowding"}, id="personal_injury"),
        pytest.param("escalator", {"personal_injury", "media", "crowding"}, id="escalator"),
        pytest.param(
            "gas_leak",
            {"fire", "media", "crowding", "personal_injury", "power_outage", "elevator_entrapment"},
            id="gas_leak",
        ),
        pytest.param(
            "flooding",
            {
                "power_outage",
                "elevator_entrapment",
                "system_failure",
                "fire",
                "personal_injury",
                "escalator",
                "media",
                "crowding",
                "aircon_failure",
            },
            id="flooding",
        ),
        pytest.param("robbery", {"personal_injury", "media", "crowding"}, id="robbery"),
        pytest.param("demonstration", {"personal_injury", "robbery", "media", "crowding", "riot"}, id="demonstration"),
        pytest.param(
            "riot",
            {"fire", "personal_injury", "robbery", "media", "crowding", "missing_child", "suspicious_object"},
            id="riot",
        ),
        pytest.param(
            "suspicious_object",
            {"fire", "personal_injury", "gas_leak", "media", "crowding", "missing_child", "riot"},
            id="suspicious_object",
        ),
        pytest.param("threat", {"media", "crowding", "suspicious_object"}, id="threat"),
        pytest.param("elevator_entrapment", {"personal_injury", "media", "missing_child"}, id="elevator_entrapment"),
        pytest.param("media", {"crowding"}, id="media"),
        pytest.param(
            "earthquake",
            {
                "fire",
                "personal_injury",
                "power_outage",
                "elevator_entrapment",
                "escalator",
                "gas_leak",
                "flooding",
                "media",
                "crowding",
                "system_failure",
                "aircon_failure",
                "missing_child",
            },
            id="earthquake",
        ),
        pytest.param("missing_child", {"personal_injury", "crowding", "media"}, id="missing_child"),
        pytest.param(
            "severe_weather",
            {
                "personal_injury",
                "power_outage",
                "elevator_entrapment",
                "escalator",
                "flooding",
                "crowding",
                "system_failure",
            },
            id="severe_weather",
        ),
        pytest.param("system_failure", {"fire", "robbery", "media", "crowding", "aircon_failure"}, id="system_failure"),
        pytest.param("aircon_failure", {"personal_injury", "crowding", "system_failure"}, id="aircon_failure"),
        pytest.param(
            "vip_visit",
            {"elevator_entrapment", "media", "crowding", "demonstration", "suspicious_object"},
            id="vip_visit",
        ),
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
    for other in plan.states:
        assert other.tells or other.ends is None, other.name


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
        for each in simple(rule.when)
        if isinstance(each, p.FactOver) and each.fact == "density"
    }
    down = {rule.to.value: each.value for rule in plan.lowers for each in simple(rule.when)}
    missing = {
        rule.to.value: each.wait
        for rule in plan.raises
        for each in simple(rule.when)
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
        pytest.param("demonstration", p.TimeLeftUnder("starts", timedelta(minutes=30)), id="until it is announced"),
        pytest.param("threat", p.TimeLeftUnder("deadline", timedelta(minutes=30)), id="until the stated moment"),
        pytest.param("threat", p.ClockOver("past_deadline", timedelta(minutes=30)), id="since the stated moment"),
        pytest.param("missing_child", p.ClockOver("missing", timedelta(minutes=10)), id="since last seen"),
        pytest.param("vip_visit", p.TimeLeftUnder("arrives", timedelta(hours=48)), id="two days ahead"),
        pytest.param("severe_weather", p.TimeLeftUnder("warning_end", timedelta(seconds=1)), id="when a warning ends"),
        pytest.param("system_failure", p.ClockOver("down", timedelta(minutes=60)), id="since the first sign"),
    ],
)
def test_clocks_of_each_kind_are_asked(playbook: str, clock: p.Guard) -> None:
    """(13) Clocks run since the state, since the real start, and until a moment in data."""
    plan = PLANS[playbook]
    guards = [leave.when for state in plan.states for leave in state.leave]
    guards += [rule.when for rule in plan.raises] + [step.when for _, step in _steps(plan)]

    assert clock in [each for guard in guards for each in simple(guard)]


@pytest.mark.parametrize(
    "playbook, state",
    [
        pytest.param("fire", "evacuating", id="fire"),
        pytest.param("power_outage", "evacuating", id="power_outage"),
        pytest.param("crowding", "dispersal", id="crowding"),
        pytest.param("gas_leak", "uncontrolled", id="gas_leak"),
        pytest.param("riot", "sweeping", id="riot"),
        pytest.param("suspicious_object", "evacuating", id="suspicious_object"),
        pytest.param("suspicious_object", "exploded", id="suspicious_object after a blast"),
        pytest.param("threat", "evacuating", id="threat"),
        pytest.param("earthquake", "evacuating", id="earthquake"),
        pytest.param("aircon_failure", "zone_closed", id="aircon_failure"),
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


CALLED_FIRST = {
    "system_failure": {"control_room", "duty_manager", "it"},
    "aircon_failure": {"control_room", "duty_manager", "engineering"},
    "vip_visit": {"control_room", "deputy_commander", "commander"},
}
"""Where the matrix of the reference (a.2) calls others first: no ground to look at, or few who may know."""


@EVERY_PLAN
def test_control_room_and_duty_manager_are_called_from_the_first_moment(plan: Playbook) -> None:
    """Somebody is in command, and somebody keeps the log, at the level that every incident of the plan begins with."""
    first = {call.role for call in plan.roles if call.at is not None and call.at <= plan.start}

    assert CALLED_FIRST.get(plan.id, {"control_room", "duty_manager", "on_scene"}) <= first
