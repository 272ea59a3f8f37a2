"""Each check of the proving part: a small plan with one mistake gives this finding and story; a sound one, none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from emergency.check.plan import Proof, prove
from emergency.core import playbook as p
from emergency.core.values import Severity
from tests.core.small import CLOSED, END, FALSE, HOUR, MINUTE, SECOND, a_fact, a_plan, a_site, a_state, a_step, words

SITE = replace(a_site(), may={"evacuate_area": ("manager",), "false_alarm": ("desk",)})
CALL_OFF = p.Leave(to="nothing", when=p.SaidBy("desk"))
STAND_DOWN = p.Leave(to="over", when=p.SaidBy("manager"))
NUDGE = p.Leave(after=10 * MINUTE, source="practice", alert=p.Nudge(role="manager", do=words("look again")))
CHOOSE = a_step(
    "choose", "manager", decision=(p.Answer(name="go", says=words("go")), p.Answer(name="stay", says=words("stay")))
)
YES, NO = p.FactIs("smoke", "yes"), p.FactIs("smoke", "no")
TELLS = a_step("look", "desk", done=MINUTE, source="practice", reports=("smoke", "hurt"))


def done(*of: str) -> p.Guard:
    """A guard that waits for steps."""
    return p.AllOf(tuple(p.StepIs(name) for name in of)) if len(of) > 1 else p.StepIs(of[0])


def way(to: str, when: p.Guard | None = None, after: timedelta | None = None) -> p.Leave:
    """A way out."""
    return p.Leave(to=to, when=when, after=after, source="practice" if after else "")


def plan(*states: p.State, **more) -> p.Playbook:
    """A plan of these states, with ends that can be left and two facts that somebody reports."""
    facts = more.pop("facts", (a_fact("smoke"), a_fact("hurt", "count", "0")))
    made = a_plan(*states, facts=facts, **more)
    ends = {"over": (way("closed", after=HOUR),), "nothing": (way("closed", after=HOUR),)}
    return replace(made, states=tuple(replace(s, leave=ends.get(s.name, s.leave)) for s in made.states))


def one(*leave: p.Leave, steps: tuple[p.Step, ...] = (TELLS,), **more) -> p.State:
    """The first state, with the ways that a sound plan has besides."""
    return a_state("first", *steps, leave=(*leave, CALL_OFF, STAND_DOWN, NUDGE), **more)


SOUND = plan(one(way("second", YES)), a_state("second", leave=(STAND_DOWN, NUDGE)))


def proof(of: p.Playbook) -> Proof:
    """What the plan proves at the small site."""
    return prove(of, SITE)


def said(of: p.Playbook, least: str = "warning") -> list[tuple[str, str, str]]:
    """Check, gravity and dotted place of each finding that is at least so grave."""
    grave = ("error", "warning", "info")[: ("error", "warning", "info").index(least) + 1]
    return [(f.id, f.severity, ".".join(map(str, f.path))) for f in proof(of).findings if f.severity in grave]


def test_a_sound_plan_proves():
    """A sound plan has no finding, and says how far it was looked."""
    found = proof(SOUND)
    assert said(SOUND) == []
    assert found.holds
    assert found.explored.states == 5
    assert found.explored.situations >= 5
    assert found.explored.whole


SECOND_STATE = a_state("second", leave=(STAND_DOWN, NUDGE))
BROKEN = [
    pytest.param(
        plan(one(), a_state("island", leave=(STAND_DOWN, NUDGE))),
        [("F01", "error", "states.island")],
        id="a state nothing leads to",
    ),
    pytest.param(
        plan(one(way("second", p.AllOf((YES, NO)))), SECOND_STATE),
        [("F07", "error", "states.first.leave.0.when"), ("F01", "error", "states.second")],
        id="a guard that contradicts itself",
    ),
    pytest.param(
        plan(one(way("second", p.AllOf((p.FactOver("hurt", 5), p.FactUnder("hurt", 5))))), SECOND_STATE),
        [("F07", "error", "states.first.leave.0.when"), ("F01", "error", "states.second")],
        id="numbers that exclude each other",
    ),
    pytest.param(
        plan(one(way("second", p.AllOf((p.StepIs("choose", "go"), p.StepIs("choose", "stay")))), steps=(TELLS, CHOOSE)),
             SECOND_STATE),
        [("F05", "error", "states.first.leave.0.when"), ("F01", "error", "states.second")],
        id="a join of two answers to one question",
    ),
    pytest.param(
        plan(one(way("second", YES), way("third", YES)), SECOND_STATE, a_state("third", leave=(STAND_DOWN, NUDGE))),
        [("F06", "error", "states.first.leave.1"), ("F01", "error", "states.third")],
        id="an earlier way takes all of a later one",
    ),
    pytest.param(
        plan(one(way("second", after=MINUTE), way("over", after=MINUTE)), SECOND_STATE),
        [("F06", "error", "states.first.leave.1.after"), ("F07", "warning", "states.first.leave.4.after")],
        id="two waits of one length",
    ),
    pytest.param(
        plan(a_state("first", TELLS, CHOOSE, leave=(way("second", p.StepIs("choose", "go")), CALL_OFF, NUDGE)),
             a_state("second", leave=(STAND_DOWN, NUDGE))),
        [],
        id="whoever chose wrong can still call it off",
    ),
    pytest.param(
        plan(one(), a_state("second", leave=(STAND_DOWN, NUDGE)), begins=(p.Begin(state="second"),)),
        [("F10", "error", "states.second"), ("F01", "error", "states.first"), ("F06", "warning", "begin.0")],
        id="a first state nothing begins in",
    ),
    pytest.param(
        plan(a_state("first", TELLS, leave=(STAND_DOWN, NUDGE))),
        [("F10", "error", "states.first")],
        id="nobody can call it off",
    ),
    pytest.param(
        plan(one(way("second", YES)), a_state("second", leave=(way("first", YES), STAND_DOWN, NUDGE))),
        [
            ("F03", "error", "states.first"),
            ("F06", "error", "states.second.leave.1"),
            ("F07", "warning", "states.second.leave.0.when"),
        ],
        id="round and round by one fact",
    ),
    pytest.param(
        plan(one(way("second", after=MINUTE)), a_state("second", leave=(way("first", after=MINUTE), STAND_DOWN))),
        [("F03", "error", "states.first"), ("F07", "warning", "states.first.leave.3.after")],
        id="round and round in silence",
    ),
    pytest.param(
        plan(one(way("second", YES)), a_state("second", leave=(way("third", NO), NUDGE)),
             a_state("third", leave=(way("second", p.SaidBy("desk")), NUDGE))),
        [("F03", "error", "states.second"), ("F03", "error", "states.third"),
         ("F09", "error", "states.second"), ("F09", "error", "states.third")],
        id="a corner with no way to the end",
    ),
    pytest.param(
        plan(one(steps=(TELLS, a_step("never", when=p.AllOf((YES, NO)))))),
        [("F01", "error", "states.first.steps.never.when")],
        id="a step that never starts",
    ),
    pytest.param(
        plan(one(way("second", after=MINUTE), steps=(TELLS, a_step("slow", when=p.ClockOver("state", 2 * MINUTE)))),
             SECOND_STATE),
        [("F01", "error", "states.first.steps.slow.when"), ("F07", "warning", "states.first.leave.3.after")],
        id="a step after the state is over",
    ),
    pytest.param(
        plan(one(), a_state("other", leave=(STAND_DOWN, NUDGE)),
             raises=(p.Raise(to=Severity.red, when=p.AllOf((YES, NO))),)),
        [("F01", "error", "states.other"), ("F07", "warning", "severity.raise.0.when")],
        id="a rule of severity that never holds",
    ),
    pytest.param(
        plan(one(way("second", p.FactIs("wind", "yes"))), SECOND_STATE, facts=(a_fact("wind"),)),
        [("F08", "warning", "states.first.leave.0.when")],
        id="a fact nobody is asked to tell",
    ),
    pytest.param(
        plan(one(way("second", p.AllOf((p.SaidBy("manager"), p.SaidBy("desk"))))), SECOND_STATE),
        [("F13", "warning", "states.first.leave.0.when")],
        id="one person who would have to be two",
    ),
    pytest.param(
        plan(one(steps=(TELLS, a_step("ring", call="brigade", done=30 * SECOND, late=(p.Remind(),)))),
             agencies=(p.Agency(name="brigade", say=words("fire")),)),
        [("T03", "error", "states.first.steps.ring.late")],
        id="a call with nobody else to ask in time",
    ),
    pytest.param(
        plan(one(steps=(TELLS, a_step("sweep", "manager", quorum=2)))),
        [("R11", "error", "states.first.steps.sweep.quorum")],
        id="two answers of one who is called",
    ),
    pytest.param(
        plan(a_state("first", TELLS, leave=(CALL_OFF, STAND_DOWN, replace(NUDGE, after=20 * SECOND)))),
        [("T04", "warning", "states.first.leave.2.after")],
        id="a reminder before the message is there",
    ),
    pytest.param(
        plan(one(steps=(TELLS, a_step("report", done=2 * HOUR, source="L1.9")))),
        [("T01", "error", "states.first.steps.report.done")],
        id="later than the law",
    ),
    pytest.param(
        plan(one(steps=(TELLS, a_step("report", source="L1.9", done=HOUR, when=p.ClockOver("known", MINUTE)))),
             facts=(a_fact("smoke"), a_fact("hurt", "count", "0"), a_fact("learnt", "time")),
             clocks=(p.Clock(name="known", since="learnt"),)),
        [("T01", "error", "states.first.steps.report.done"), ("F08", "warning", "states.first.steps.report.when"),
         ("T08", "warning", "clocks.known")],
        id="a clock without a start",
    ),
]  # fmt: skip


CUT = replace(a_step("off"), do=words("cut all power"))
ONE = a_step("one", done=3 * MINUTE)
THREE = a_step("three", done=4 * MINUTE, when=p.AnyOf((done("one"), p.ClockOver("state", 3 * MINUTE))))
NOTED = [
    pytest.param(
        plan(one(way("second", YES), way("second", p.SaidBy("evacuate_area"))), SECOND_STATE),
        ("F13", "info", "states.first.leave.0.when"),
        id="one report brings about what cannot be taken back",
    ),
    pytest.param(
        plan(one(steps=(TELLS, replace(a_step("lifts"), do=words("lifts down")), CUT))),
        ("F14", "info", "states.first.steps.off"),
        id="power goes before the lifts are down",
    ),
    pytest.param(
        plan(a_state("first", TELLS, leave=(CALL_OFF, way("second", YES), NUDGE)), SECOND_STATE),
        ("G01", "info", "states.second"),
        id="a state that every way passes",
    ),
    pytest.param(
        plan(one(way("second", after=MINUTE), steps=(TELLS, a_step("slow", done=HOUR))), SECOND_STATE),
        ("T01", "info", "states.first.steps.slow.done"),
        id="a target behind the end of the state",
    ),
    pytest.param(
        plan(one(way("second", after=5 * MINUTE), steps=(ONE, THREE)), SECOND_STATE),
        ("T02", "info", "states.first.steps.three.done"),
        id="targets one after the other",
    ),
    pytest.param(
        plan(one(way("second", p.FactIs("wind", "yes"))), SECOND_STATE, facts=(a_fact("wind", unless_told="no"),)),
        ("F08", "info", "states.first.leave.0.when"),
        id="a default that nobody is asked to correct",
    ),
    pytest.param(
        plan(one(), facts=(a_fact("smoke"), a_fact("hurt", "count", "0"), a_fact("spare"))),
        ("F08", "info", "facts.spare"),
        id="a fact nobody uses",
    ),
    pytest.param(
        plan(one(way("second", p.RoleAcknowledged("manager", 3))), SECOND_STATE),
        ("F05", "error", "states.first.leave.0.when"),
        id="more holders than are called",
    ),
]  # fmt: skip


@pytest.mark.parametrize("of, finding", NOTED)
def test_what_is_noted(of, finding):
    """What is worth a look is said as well; a sound plan has none of it."""
    assert finding in said(of, "info")
    assert finding not in said(SOUND, "info")


@pytest.mark.parametrize("of, findings", BROKEN)
def test_what_is_broken_is_found(of, findings):
    """Each mistake is found once, and nothing else is said."""
    assert sorted(said(of)) == sorted(findings)


def test_every_finding_speaks_both_languages():
    """A finding has an id, a Chinese sentence, and a story whose lines stand in both languages."""
    for each in BROKEN:
        for finding in proof(each.values[0]).findings:
            assert all((finding.id, finding.zh, finding.says))
            assert all(line.zh and line.en for line in finding.trace)


STUCK = plan(
    a_state("first", TELLS, leave=(way("decide", after=30 * SECOND), CALL_OFF, STAND_DOWN)),
    a_state("decide", CHOOSE, leave=(way("first", p.StepIs("choose", "go")), NUDGE)),
)


def test_the_story_of_a_dead_end():
    """The shortest way into the corner, with the clock, and what nobody can do there."""
    (found,) = [f for f in proof(STUCK).findings if f.id == "F02"]
    assert found.path == ("states", "decide")
    assert found.says == "nobody can leave 'decide' by the plan once step 'choose' answered 'stay'"
    assert [line.en for line in found.trace] == [
        "0:00 report -> first",
        "0:30 30s are over -> decide",
        "0:30 step 'choose' answered 'stay': nobody can leave 'decide'",
    ]
    assert [line.zh for line in found.trace] == [
        "0:00 接报 → first（中first）",
        "0:30 满30秒 → decide（中decide）",
        "0:30 任务 choose 答“stay”：decide 走不出去",
    ]


def test_an_end_that_leaves_steps_running():
    """A way into the final state waits for the steps of its state, or says that it does not."""
    steps = (a_step("tidy", "desk"), a_step("note", "desk"))
    half = plan(one())
    states = tuple(
        replace(s, steps=steps, leave=(way("closed", done("tidy")), NUDGE)) if s.name == "over" else s
        for s in half.states
    )
    assert ("F04", "warning", "states.over.leave.0") in said(replace(half, states=states))
    whole = tuple(replace(s, leave=(way("closed", p.StrandDone()), NUDGE)) if s.name == "over" else s for s in states)
    assert said(replace(half, states=whole)) == []


MILESTONE = p.Milestone(name="rung", title=words("rung"), within=3 * MINUTE, source="practice", call="brigade")
RING = a_step("ring", "desk", call="brigade", done=30 * SECOND, source="practice")
TIMED = plan(
    one(way("second", after=2 * MINUTE)),
    a_state("second", RING, leave=(STAND_DOWN, NUDGE)),
    agencies=(p.Agency(name="brigade", say=words("fire")),),
    milestones=(MILESTONE,),
)


def test_the_worst_case_of_a_milestone():
    """Silence takes two minutes and the call thirty seconds: two and a half minutes, and the story says so."""
    (reached,) = proof(TIMED).milestones
    assert (reached.worst, reached.target, reached.silent) == (150 * SECOND, 180 * SECOND, True)
    assert [line.en for line in reached.story] == [
        "0:00 report -> first",
        "2:00 2m are over -> second",
        "2:30 step 'ring' is due",
    ]


def test_a_milestone_that_comes_too_late():
    """A wait that is longer than the target allows is a mistake, with the story of the night."""
    late = replace(TIMED, milestones=(replace(MILESTONE, within=2 * MINUTE),))
    (found,) = [f for f in proof(late).findings if f.severity == "error"]
    assert (found.id, found.path) == ("T02", ("milestones", "rung", "within"))
    assert "only 2:30 after the report; the target is 2:00" in found.says
    assert "最迟可到接报后 2:30" in found.zh


def test_a_milestone_that_waits_for_people():
    """Where only people lead on, nothing bounds the milestone, and that is said."""
    state = p.Milestone(name="there", title=words("there"), within=MINUTE, source="practice", state="second")
    waits = plan(one(way("second", p.SaidBy("manager"))), SECOND_STATE, milestones=(state,))
    (reached,) = proof(waits).milestones
    assert reached.worst is None
    assert ("T02", "info", "milestones.there") in said(waits, "info")


def test_where_silence_leads():
    """For each state: the moves that silence makes, where it rests, and who is reminded there."""
    silence = {each.state: each for each in proof(TIMED).silence}
    assert [(way.start, way.to, way.stay) for way in silence["first"].ways] == [("first", "second", 2 * MINUTE)]
    assert silence["first"].rests == "second"
    assert silence["second"].nudges == (("manager", 10 * MINUTE),)
    assert silence["over"].rests == "closed"


def test_late_steps_move_in_silence():
    """A late step that goes to the worse case is where silence leads, and when."""
    look = replace(TELLS, late=(p.Remind(), p.Go("second")))
    moved = plan(one(steps=(look,)), SECOND_STATE)
    (way_on,) = {each.state: each for each in proof(moved).silence}["first"].ways
    assert (way_on.to, way_on.stay) == ("second", 2 * MINUTE)
    assert said(moved) == []


def test_a_state_too_large_to_look_at():
    """A state with more situations than the bound is named, and nothing is called proved."""
    found = prove(SOUND, SITE, limit=1)
    assert not found.explored.whole
    assert not found.holds
    assert ("F00", ("states", "first")) in [(f.id, f.path) for f in found.findings]


def test_the_ends_are_those_of_the_small_plan():
    """What the tables rest on: the small plan's own ends and its last state."""
    assert [s.name for s in SOUND.states[-3:]] == [END.name, FALSE.name, CLOSED.name]
