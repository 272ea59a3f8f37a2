"""What a plan must keep: each mistake is found once, with the path of the value it speaks of."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from emergency.core import playbook as p
from emergency.core.check import Finding, check_playbook
from emergency.core.values import Severity
from tests.core.small import (
    CLOSED,
    END,
    FALSE,
    HOUR,
    MINUTE,
    SECOND,
    STILL,
    a_fact,
    a_plan,
    a_site,
    a_state,
    a_step,
    words,
)

ENDS = (END, FALSE, CLOSED)
OUT = (
    p.Leave(to="over", when=p.SaidBy("manager")),
    p.Leave(to="nothing", when=p.SaidBy("desk")),
    STILL,
)
"""Ways to both ends, and a nudge for when everybody is silent."""
LOOK = a_step("look", decision=(p.Answer(name="fire", says=words("fire")),))
SOUND = a_plan(
    a_state("first", LOOK, a_step("sweep", per="zones", strand="clear"), leave=OUT),
    calls="desk manager guard",
    facts=(
        a_fact("smoke"),
        a_fact("hurt", "count", "0"),
        a_fact("density", "number"),
        a_fact("since", "time", "opened"),
        a_fact("cause", "choice", choices=("steam", "dust")),
        a_fact("note", "text"),
    ),
    clocks=(p.Clock(name="trapped", since="since"),),
    agencies=(p.Agency(name="brigade", say=words("{place} {site.address} {desk.name}")),),
)


def mended(plan):
    """The plan with ways out of its ends, so that only what a test breaks is broken."""
    ends = {
        "over": replace(END, leave=(p.Leave(to="closed", when=p.FactIs("smoke", "no")), STILL)),
        "nothing": replace(FALSE, leave=(p.Leave(to="closed", when=p.FactIs("smoke", "no")), STILL)),
    }
    return replace(plan, states=tuple(ends.get(s.name, s) for s in plan.states))


def found(plan, site=None):
    """Path and words of each finding."""
    return [(f.path, f.says) for f in check_playbook(plan, site)]


def first(**change):
    """The sound plan with its first state changed."""
    plan = mended(SOUND)
    return replace(plan, states=(replace(plan.states[0], **change), *plan.states[1:]))


def asking(guard):
    """The sound plan with one more step that exists when the guard holds."""
    return first(steps=(*SOUND.states[0].steps, a_step("more", when=guard)))


def with_step(**more):
    """The sound plan with one more step."""
    return first(steps=(*SOUND.states[0].steps, a_step("more", **more)))


def with_leave(leave):
    """The sound plan with one more way out."""
    return first(leave=(leave, *OUT))


def saying(text):
    """The sound plan with one more text."""
    return first(announce=words(text))


def test_a_sound_plan():
    """A plan without mistakes has no findings, with the site as well."""
    assert found(mended(SOUND)) == []
    assert found(mended(SOUND), a_site()) == []


AT = ("states", "first")
MORE = (*AT, "steps", "more")
STRUCTURE = [
    pytest.param(replace(SOUND, states=()), ("states",), "at least one state", id="no states"),
    pytest.param(
        replace(
            mended(SOUND),
            states=tuple(replace(s, ends=None) if s.name == "nothing" else s for s in mended(SOUND).states),
        ),
        ("states",),
        "no state has ends: false_alarm (or cancelled, for what is planned)",
        id="no false alarm",
    ),
    pytest.param(
        replace(mended(SOUND), states=(*mended(SOUND).states, a_state("island", leave=OUT))),
        ("states", "island"),
        "cannot be reached from 'first'",
        id="a state nothing leads to",
    ),
    pytest.param(first(leave=OUT[:2]), AT, "says nothing for when everybody is silent", id="no way out of silence"),
    pytest.param(
        replace(mended(SOUND), states=(*mended(SOUND).states[:-1], replace(CLOSED, steps=(LOOK,)))),
        ("states", "closed"),
        "is final; nothing can be done in it",
        id="a final state with steps",
    ),
    pytest.param(first(commanded_by="army"), (*AT, "commanded_by"), "'army' is no agency of this plan", id="agency"),
    pytest.param(
        with_step(role="diver"), (*MORE, "role"), "'diver' is no role that this plan calls", id="a role nobody calls"
    ),
    pytest.param(with_step(done=MINUTE), MORE, "a time target without a source", id="a target without a source"),
    pytest.param(with_step(call="army"), (*MORE, "call"), "'army' is no agency of this plan", id="a call to nobody"),
    pytest.param(with_step(reports=("smoke", "smok")), (*MORE, "reports", 1), "Did you mean 'smoke'?", id="a report"),
    pytest.param(
        with_step(decision=tuple(p.Answer(name=f"n{n}", says=words("x")) for n in range(6))),
        (*MORE, "decision"),
        "at most five answers",
        id="six answers",
    ),
    pytest.param(with_step(every=29 * SECOND), (*MORE, "every"), "every 30s at the most often", id="too often"),
    pytest.param(with_step(every=MINUTE, per="zones"), (*MORE, "every"), "not both", id="repeated for each zone"),
    pytest.param(with_step(late=(p.Go("frst"),)), (*MORE, "late", 0), "Did you mean 'first'?", id="late leads nowhere"),
    pytest.param(
        first(steps=(*SOUND.states[0].steps, a_step("stand_by"))),
        (*AT, "steps", "stand_by"),
        "a meaning of its own",
        id="a step called stand_by",
    ),
    pytest.param(
        first(steps=(*SOUND.states[0].steps, a_step("nudge"))),
        (*AT, "steps", "nudge"),
        "a meaning of its own",
        id="a step called nudge",
    ),
    pytest.param(
        with_leave(p.Leave(to="ovr", when=p.SaidBy("desk"))),
        (*AT, "leave", 0, "to"),
        "Did you mean 'over'?",
        id="a way to no state",
    ),
    pytest.param(with_leave(p.Leave(to="over")), (*AT, "leave", 0), "either `when` or `after`", id="neither"),
    pytest.param(
        with_leave(p.Leave(to="over", when=p.SaidBy("desk"), after=MINUTE, source="practice")),
        (*AT, "leave", 0),
        "either `when` or `after`",
        id="both",
    ),
    pytest.param(
        with_leave(p.Leave(to="over", after=MINUTE)), (*AT, "leave", 0), "`after` needs a source", id="source"
    ),
    pytest.param(
        with_leave(p.Leave(to="over", after=0 * MINUTE, source="practice")),
        (*AT, "leave", 0, "after"),
        "longer than nothing",
        id="after nothing",
    ),
    pytest.param(
        with_leave(p.Leave(after=MINUTE, source="practice")),
        (*AT, "leave", 0),
        "without `to` must alert somebody",
        id="a nudge for nobody",
    ),
    pytest.param(
        with_leave(p.Leave(to="first", after=MINUTE, source="practice")),
        (*AT, "leave", 0, "to"),
        "changes nothing",
        id="in a circle of one",
    ),
    pytest.param(
        with_leave(p.Leave(after=MINUTE, source="practice", alert=p.Nudge(role="diver", do=words("x")))),
        (*AT, "leave", 0, "alert", "role"),
        "'diver' is no role",
        id="a nudge for an unknown role",
    ),
    pytest.param(
        replace(mended(SOUND), clocks=(p.Clock(name="trapped", since="snce"),)),
        ("clocks", "trapped", "since"),
        "Did you mean 'since'?",
        id="a clock of no fact",
    ),
    pytest.param(
        replace(mended(SOUND), clocks=(p.Clock(name="trapped", since="smoke"),)),
        ("clocks", "trapped", "since"),
        "a clock starts at a time",
        id="a clock of no time",
    ),
]
GUARDS = [
    pytest.param(p.StepIs("lok"), "Did you mean 'look'?", id="step"),
    pytest.param(p.StepIs("look", "fier"), "Did you mean 'fire'?", id="answer"),
    pytest.param(p.StrandDone("claer"), "Did you mean 'clear'?", id="strand"),
    pytest.param(p.RoleAcknowledged("gurd"), "Did you mean 'guard'?", id="role"),
    pytest.param(p.SaidBy("army"), "'army' is no role or agency", id="word of"),
    pytest.param(p.ClockOver("traped", MINUTE), "Did you mean 'trapped'?", id="clock"),
    pytest.param(p.FactIs("smok", "yes"), "Did you mean 'smoke'?", id="fact"),
    pytest.param(p.FactIs("smoke", "true"), "yes or no, never 'true'", id="yes or no"),
    pytest.param(p.FactIs("cause", "stem"), "Did you mean 'steam'?", id="choice"),
    pytest.param(p.FactOver("smoke", 1), "only a count or a number", id="over a yes"),
    pytest.param(p.FactUnder("note", 1), "only a count or a number", id="under a text"),
    pytest.param(p.TimeLeftUnder("hurt", MINUTE), "`until` wants a time", id="until a count"),
    pytest.param(p.FactReaches("hurt", "hrt"), "Did you mean 'hurt'?", id="reaches nothing"),
    pytest.param(p.FactReaches("hurt", "smoke"), "compares two counts", id="reaches a yes"),
    pytest.param(p.NotOf(p.FactIs("smok", "yes")), "Did you mean 'smoke'?", id="within not"),
    pytest.param(
        p.AnyOf((p.FactIs("smoke", "yes"), p.FactIs("smok", "yes"))), "Did you mean 'smoke'?", id="within any"
    ),
    pytest.param(p.AllOf((p.StepIs("lok"), p.FactIs("smoke", "yes"))), "Did you mean 'look'?", id="within all"),
]
FACTS = [
    pytest.param(a_fact("place"), ("facts", "place"), "a meaning of its own", id="a name of our own"),
    pytest.param(a_fact("why", "choice"), ("facts", "why"), "a choice needs choices", id="a choice without choices"),
    pytest.param(a_fact("n", "count", "-1"), ("facts", "n", "unless_told"), "'-1' is no count", id="a negative count"),
    pytest.param(a_fact("n", "count", "²"), ("facts", "n", "unless_told"), "'²' is no count", id="a raised digit"),
    pytest.param(a_fact("n", "number", "--5"), ("facts", "n", "unless_told"), "is no number", id="two signs"),
    pytest.param(a_fact("n", "number", "1."), ("facts", "n", "unless_told"), "is no number", id="half a number"),
    pytest.param(a_fact("n", "yes_no", "maybe"), ("facts", "n", "unless_told"), "is no yes_no", id="maybe"),
    pytest.param(a_fact("n", "time", "10:30"), ("facts", "n", "unless_told"), "is no time", id="a time of day"),
    pytest.param(a_fact("n", "choice", "c", choices=("a", "b")), ("facts", "n", "unless_told"), "is no choice", id="c"),
]


@pytest.mark.parametrize("plan, path, says", STRUCTURE)
def test_mistakes_of_structure(plan, path, says):
    """States, steps and ways out: one mistake, one finding, at its path."""
    findings = found(plan)
    assert [path] == [where for where, _ in findings]
    assert says in findings[0][1]


@pytest.mark.parametrize("guard, says", GUARDS)
def test_mistakes_of_guards(guard, says):
    """A guard that asks for what is not there is found once, wherever it stands, with the nearest right word."""
    assert [(*MORE, "when")] == [where for where, _ in found(asking(guard))]
    assert says in found(asking(guard))[0][1]
    elsewhere = replace(
        mended(SOUND),
        raises=(p.Raise(to=Severity.red, when=p.FactIs("smoke", "yes")), p.Raise(to=Severity.red, when=guard)),
    )
    assert ("severity", "raise", 1, "when") in [where for where, _ in found(elsewhere)]


@pytest.mark.parametrize("fact, path, says", FACTS)
def test_mistakes_of_facts(fact, path, says):
    """A fact's default is of its own type, and no fact takes a name that texts use already."""
    plan = mended(SOUND)
    findings = found(replace(plan, facts=(*plan.facts, fact)))
    assert [path] == [where for where, _ in findings]
    assert says in findings[0][1]


def test_an_end_tells_everyone():
    """A stand-down that tells nobody is refused, and so is a false alarm."""
    plan = mended(SOUND)
    mute = replace(plan, states=tuple(replace(s, tells=False) for s in plan.states))
    assert [where for where, _ in found(mute)] == [("states", "over"), ("states", "nothing")]


def test_a_plan_that_cannot_end():
    """Without a final state and a stand-down both are named, and what then cannot be reached."""
    plan = replace(SOUND, states=(a_state("first", leave=(STILL,)),))
    assert [says for _, says in found(plan)] == [
        "no state is final: yes; an incident could never be closed",
        "no state has ends: stand_down",
        "no state has ends: false_alarm (or cancelled, for what is planned)",
    ]


@pytest.mark.parametrize(
    "text, mistakes",
    [
        pytest.param("at {place} {place.gate} {site} {severity} {code} {smoke}", 0, id="what may be named"),
        pytest.param("{plce}", 2, id="an unknown name, in both languages"),
        pytest.param("{place.gte}", 2, id="an unknown part"),
        pytest.param("{smoke.name}", 2, id="a fact has no parts"),
        pytest.param("{desk.name}", 2, id="people only in words for an agency"),
        pytest.param("{ place } {Place} 100%", 0, id="what names nothing"),
    ],
)
def test_texts_name_what_is_there(text, mistakes):
    """A text may name places, facts and a few more; a wrong name is found before anyone reads it aloud."""
    findings = found(saying(text))
    assert mistakes == len(findings)
    assert all((*AT, "announce") == path for path, _ in findings)


def test_words_for_an_agency_may_name_people():
    """Only what is said to an agency names the holder of a role."""
    plan = replace(mended(SOUND), agencies=(p.Agency(name="brigade", say=words("{guard.name} {diver.name}")),))
    assert [where for where, _ in found(plan)] == [("agencies", "brigade", "say")] * 2


def test_roles_and_agencies_of_the_site():
    """With the site, a role, agency or fact that it does not have, or tells wrongly, is found as well."""
    plan = mended(SOUND)
    plan = replace(
        plan,
        roles=(*plan.roles, p.RoleCall(role="diver", at=Severity.red)),
        agencies=(*plan.agencies, p.Agency(name="navy", say=words("x"))),
    )
    site = a_site(facts={"hurt": "some", "since": "10:30", "density": "2.5", "unrelated": "x"})
    assert found(plan) == []
    assert [where for where, _ in found(plan, site)] == [
        ("roles", "diver"),
        ("facts", "hurt"),
        ("facts", "since"),
        ("agencies", "navy"),
    ]


def test_every_mistake_at_once():
    """Many mistakes are many findings; none hides another, and none is told twice."""
    plan = first(
        steps=(a_step("a", role="diver"), a_step("b", done=HOUR), a_step("c", when=p.StepIs("z"))),
        leave=(p.Leave(to="nowhere", when=p.SaidBy("desk")), *OUT),
    )
    findings = check_playbook(plan)
    assert 4 == len(findings) == len(set(findings))
    assert all(isinstance(f, Finding) and f.severity == "error" for f in findings)
