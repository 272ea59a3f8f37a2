"""Checks of scenarios: every rule with a scenario that keeps it and one that breaks it in one place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache

import pytest
from msgspec.structs import replace

from emergency.check.catalogue import CHECKS
from emergency.core.check import Finding
from emergency.core.values import Text
from emergency.drills.scenario import (
    Contingency,
    Deliver,
    Expect,
    Inject,
    Objective,
    Override,
    PreNotice,
    Question,
    Safety,
    Scenario,
)
from emergency.drills.scenarios.check import Known, check_scenario, circle, denies, moments
from emergency.drills.scenarios.dry_run import Ground, dry_run, play
from emergency.drills.scenarios.file import SHIPPED, read_file
from tests.scenarios.scene import sample_roster, sample_site, shipped_plans

MINUTE = timedelta(minutes=1)
SAID = Text("甲", "a")
LINE = PreNotice(who="alarm_centre", text=SAID, lead=timedelta(hours=24), at_end="confirm_line_restored")
Change = Callable[[Scenario], Scenario]


@lru_cache
def ground() -> Ground:
    """The sample mall, its people, its plans."""
    return Ground(sample_site(), sample_roster(), shipped_plans())


@lru_cache
def good() -> Scenario:
    """A scenario that keeps every rule: the supervisor is lost as a bag is found, late on a Tuesday morning."""
    return read_file(SHIPPED / "bag_in_the_washroom.yaml", sample_site())


def known(scenario: Scenario, revision: str | None = None) -> Known:
    """What it is checked against."""
    team, _ = ground().team(scenario.begins)
    return Known(
        site=sample_site(),
        plans=shipped_plans(),
        revision=scenario.revision if revision is None else revision,
        people=frozenset(sample_roster().people),
        team={member.id: member for member in team},
    )


def found(scenario: Scenario) -> list[Finding]:
    """What is found without playing it."""
    return check_scenario(scenario, known(scenario))


def inject(**more: object) -> Change:
    """Change the first inject."""
    return lambda s: replace(s, injects=(replace(s.injects[0], **more), *s.injects[1:]))


def add(**more: object) -> Change:
    """Add an inject at one minute, for the first objective."""
    words = {"id": "I9", "at": MINUTE, "objective": "O1", **more}
    return lambda s: replace(s, injects=(*s.injects, Inject(**words)))  # type: ignore[arg-type]


def expects(check: str) -> Change:
    """Let the first inject expect this alone."""
    return inject(expect=(Expect(id="E1", text=SAID, check=check),))


def change(**more: object) -> Change:
    """Change a value of the scenario."""
    return lambda s: replace(s, **more)


def live(*injects: Inject, notices: tuple[PreNotice, ...] = (LINE,)) -> Change:
    """Make it a drill on real telephones, with these notices and further injects."""
    return lambda s: replace(s, kind="full", safety=Safety(notices=notices), injects=(*s.injects, *injects))


def masks(kind: str, target: str, **params: str) -> Inject:
    """An inject at one minute, for the first objective."""
    return Inject(id="I9", kind=kind, target=target, params=params, at=MINUTE, objective="O1")  # type: ignore[arg-type]


BROKEN: list[tuple[str, str, Change, str]] = [
    ("S01", "injects.I1.params.until", inject(at=MINUTE, params={"until": "30s"}), "before it begins at 1:00"),
    ("S01", "injects.I9.target", add(kind="person.late", target="ma_liang", params={"by": "1m"}), "not on that shift"),
    ("S01", "injects.I9.target", add(kind="person.late", target="kenji_sato", params={"by": "1m"}), "has no role for"),
    ("S01", "injects.I9", add(kind="asset.failure", target="x", objective=None), "nobody looks at what follows"),
    (
        "S01", "injects.I3", change(kind="callout", safety=Safety(notices=(LINE,))), "a call-out asks for answers",
    ),
    ("S02", "site", change(site="other"), "written for the site 'other'"),
    ("S02", "playbook.id", change(playbook="fires"), "Did you mean 'fire'?"),
    ("S02", "opens.place", change(place="f2_west_washroom"), "Did you mean 'f2_west_washrooms'?"),
    ("S02", "opens.place", change(place="lift_1"), "'lift_1' is no zone"),
    ("S02", "opens.told.vehicel", change(told={"vehicel": "yes"}), "Did you mean 'vehicle'?"),
    ("S02", "opens.told.vehicle", change(told={"vehicle": "maybe"}), "no value of 'vehicle' (yes_no)"),
    ("S02", "opens.told.head_told", change(told={"head_told": "tonight"}), "no value of 'head_told' (time)"),
    ("S02", "decisions.hott", change(decisions={"hott": "lost"}), "no step of the plan"),
    ("S02", "decisions.hot", change(decisions={"hot": "lots"}), "Did you mean 'lost'?"),
    ("S02", "decisions.call_110", change(decisions={"call_110": "yes"}), "asks for no decision"),
    ("S02", "people.overrides.nobody", change(overrides=(Override(person="nobody"),)), "no person of the roster"),
    ("S02", "people.default_profile", change(default_profile="on_sight"), "Did you mean 'on_site'?"),
    ("S02", "injects.I1.target", inject(target="liu_yan"), "Did you mean 'liu_yang'?"),
    ("S02", "injects.I1.target", inject(target="role.on_scen"), "Did you mean 'on_scene'?"),
    ("S02", "injects.I9.target", add(kind="channel.busy", target="phone"), "no channel"),
    ("S02", "injects.I9.target", add(kind="fact.told", target="hott", params={"value": "yes"}), "no fact of the plan"),
    ("S02", "injects.I9.target", add(kind="fact.told", target="hot", params={"value": "3"}), "no value of 'hot'"),
    ("S02", "injects.I9.target", add(kind="decision.answer", target="hot", params={"answer": "x"}), "that decision"),
    ("S02", "injects.I9.params.to", add(kind="order.transition", target="police", params={"to": "x"}), "no state of"),
    ("S02", "injects.I9.target", add(kind="order.transition", target="polce", params={"to": "suspect"}), "'police'?"),
    ("S02", "injects.I9.params.playbook", add(kind="event.secondary", target="f1", params={"playbook": "x"}), "plan"),
    (
        "S02", "injects.I9.target",
        add(kind="event.secondary", target="f1", params={"playbook": "elevator_entrapment"}), "'f1' is no lift",
    ),
    (
        "S02", "injects.I9.deliver.to",
        add(kind="message.inbound", text=SAID, deliver=Deliver(sender="x", to="role.pres")), "no role",
    ),
    ("S02", "injects.I9.caused_by", add(kind="person.declines", target="deng_hui", at=None, caused_by="I8"), "inject"),
    ("S02", "injects.I1.objective", inject(objective="O9"), "no objective"),
    (
        "S02", "injects.I1.contingency.if_not",
        inject(contingency=Contingency(if_not="E7", after=MINUTE, do="simcell.prompt", text=SAID)),
        "no expectation of this inject",
    ),
    ("S02", "injects.I1.expect.E1.check", expects("step call_911 done"), "'call_911' is no step of the plan"),
    ("S02", "injects.I1.expect.E1.check", expects("step hot answered lots"), "no answer of that decision"),
    ("S02", "injects.I1.expect.E1.check", expects("role boss acked"), "'boss' is no role"),
    ("S02", "injects.I1.expect.E1.check", expects("state evacuatng"), "Did you mean 'evacuating'?"),
    ("S02", "injects.I1.expect.E1.check", expects("fact hidden = 3"), "no value of 'hidden'"),
    ("S02", "injects.I1.expect.E1.check", expects("fact hot_reasons = x"), "the log keeps a seal alone"),
    ("S02", "injects.I1.expect.E1.check", expects("command = liu"), "no person of the roster"),
    ("S02", "injects.I1.expect.E1.check", expects("in firee: step call_119"), "Did you mean 'fire'?"),
    ("S02", "injects.I1.expect.E1.check", expects("in fire: step hot"), "'hot' is no step of the plan"),
    ("S02", "injects.I1.expect.E1.check", expects("evaluator Q9"), "no question of this scenario"),
    ("S02", "ends", change(ends_when="state over"), "no state of the plan"),
    ("S02", "ends", change(ends_when="evaluator Q1", questions=(Question(id="Q1", text=SAID),)), "neither starts"),
    (
        "S02", "objectives.O1.subject",
        lambda s: replace(s, objectives=(replace(s.objectives[0], metric="step_done", subject="x"), *s.objectives[1:])),
        "no step of the plan",
    ),
    (
        "S02", "objectives.O1.since",
        lambda s: replace(s, objectives=(replace(s.objectives[0], since="I7"), *s.objectives[1:])), "no inject",
    ),
    ("S03", "injects.I9", add(kind="person.declines", target="deng_hui", objective=None), "serves no objective"),
    (
        "S03", "objectives.O9",
        lambda s: replace(
            s, questions=(Question(id="Q1", text=SAID),),
            objectives=(*s.objectives, Objective(id="O9", capability="x", text=SAID, metric="evaluator", subject="Q1")),
        ),
        "has no inject",
    ),
    ("S03", "questions.Q1", change(questions=(Question(id="Q1", text=SAID),)), "nothing asks question Q1"),
    ("S05", "kind", live(notices=()), "nobody is told beforehand"),
    ("S05", "safety.notices", live(notices=(replace(LINE, at_end=""),)), "the monitoring line works again"),
    ("S05", "safety.notices", live(notices=(replace(LINE, confirm=False),)), "no notice is confirmed"),
    ("S05", "safety.notices.alarm_centre", live(notices=(replace(LINE, lead=None),)), "does not say how long before"),
    ("S06", "injects.I9.target", live(masks("channel.outage", "sms.primary")), "real alerting path"),
    ("S06", "injects.I9.target", live(masks("asset.failure", "fire_alarm.f2")), "protects people really"),
    ("S06", "injects.I9.target", live(masks("asset.failure", "feeder", affects="lift_1, sprinkler")), "'sprinkler'"),
    ("S08", "injects.I9.at", add(kind="person.declines", target="deng_hui", at=180 * MINUTE), "when the drill is over"),
    (
        "S08", "people.overrides.deng_hui",
        change(overrides=(Override(person="deng_hui", never=True, first_ack=MINUTE),)), "one of the two",
    ),
    (
        "S09", "injects.I8.caused_by",
        lambda s: replace(s, injects=(*s.injects, *(
            Inject(id=id, kind="person.declines", target="deng_hui", caused_by=by, objective="O1")
            for id, by in (("I8", "I9"), ("I9", "I8"))
        ))),
        "I8 <- I9 <- I8",
    ),
    ("S10", "title", change(title=Text("这不是演练", "x")), "says that this is no drill"),
    ("S10", "injects.I1.text", inject(text=Text("真警", "This is NOT a drill!")), "says that this is no drill"),
    ("S10", "injects.I1.params.reply", inject(params={"reply": "并非演习"}), "says that this is no drill"),
    ("S10", "opens.says", change(note=Text("【演练】有包", "a bag")), "the program puts it on every message itself"),
    (
        "S11", "notice",
        lambda s: replace(live()(s), safety=Safety(violent=True, notices=(LINE,)), notice="window"), "hurt",
    ),
]  # fmt: skip


@pytest.mark.parametrize("id, path, broken, says", BROKEN, ids=[f"{row[0]} {row[3]}" for row in BROKEN])
def test_a_broken_scenario(id: str, path: str, broken: Change, says: str) -> None:
    """One thing that is wrong is one finding: its check, its place, a sentence in each language."""
    mine = [f for f in found(broken(good())) if f.id == id]

    assert [".".join(map(str, f.path)) for f in mine] == [path], found(broken(good()))
    assert says in mine[0].says
    assert any("\u4e00" <= ch <= "\u9fff" for ch in mine[0].zh)


def test_a_good_scenario() -> None:
    """A scenario that keeps every rule has no findings, on real telephones with its notices neither."""
    assert found(good()) == []
    assert [f for f in found(live()(good())) if f.severity == "error"] == []


def test_the_revision_of_the_plan() -> None:
    """A scenario for another revision is refused; one that names none is warned of."""
    other = check_scenario(good(), known(good(), "0123456789ab"))
    none = check_scenario(replace(good(), revision=""), known(good(), "0123456789ab"))

    assert [(f.id, f.severity, f.path) for f in other] == [("S04", "error", ("playbook", "revision"))]
    assert [(f.id, f.severity, f.path) for f in none] == [("S04", "warning", ("playbook",))]


def test_observers() -> None:
    """More evaluators' questions in one moment than observers is told; one after the other is not."""
    asks = tuple(Expect(id=f"E{n}", text=SAID, check="evaluator Q1", within=5 * MINUTE) for n in range(3))
    base = replace(good(), kind="tabletop", questions=(Question(id="Q1", text=SAID),), observers=2)
    crowded = add(kind="message.inbound", text=SAID, deliver=Deliver(sender="x", to="role.floor"), expect=asks)(base)
    parted = replace(
        base,
        injects=tuple(
            Inject(
                id=f"I{n}", kind="message.inbound", at=n * 10 * MINUTE, text=SAID, objective="O1",
                deliver=Deliver(sender="x", to="role.floor"), expect=(asks[n],),
            )
            for n in range(3)
        ),
    )  # fmt: skip

    assert [f.path for f in found(crowded) if f.id == "S07"] == [("injects", "I9")]
    assert not [f for f in found(parted) if f.id == "S07"]
    assert not [f for f in found(replace(crowded, kind="simulated")) if f.id == "S07"]


@pytest.mark.parametrize(
    "words, yes",
    [
        ("This is not a drill", True),
        ("THIS IS NO DRILL", True),
        ("this isn't a drill", True),
        ("this isn’t an exercise", True),
        ("not  a\u200b drill", True),
        ("这不是演练", True),
        ("这不是 演习", True),
        ("绝非演练", True),
        ("Ceci n'est pas un exercice", True),
        ("esto no es un simulacro", True),
        ("Das ist keine Übung", True),
        ("これは訓練ではありません", True),
        ("훈련이 아닙니다", True),
        ("это не учебная тревога", True),
        ("drill: not all doors are shut", False),
        ("演练结束", False),
        ("no drill bits", True),
    ],
)
def test_words_that_deny_the_drill(words: str, yes: bool) -> None:
    """However it is written and in whichever of these languages, it is found; on the safe side of a doubt."""
    assert denies(words) is yes


def test_when_injects_come() -> None:
    """The moment of an inject is known from the clock or its cause; conditions are not known beforehand."""
    later = replace(
        good(),
        injects=(
            Inject(id="I1", kind="person.declines", target="x", caused_by="I2", after=MINUTE),
            Inject(id="I2", kind="person.declines", target="x", at=2 * MINUTE),
            Inject(id="I3", kind="person.declines", target="x", when="state suspect"),
        ),
    )

    assert moments(later) == {"I1": 3 * MINUTE, "I2": 2 * MINUTE}
    assert circle(later) == []


# the dry run


def test_an_inject_that_falls_between_two_messages() -> None:
    """An outage in whose time nothing is sent has no effect, and what was sent is said; a little sooner it has."""
    quiet = add(
        kind="channel.outage", target="sms", at=90 * MINUTE, params={"failure": "delay", "by": "60s", "until": "91m"}
    )
    calm = read_file(SHIPPED / "cinema_too_hot.yaml", sample_site())
    late = replace(calm, injects=(), ends_when="")
    nothing = [f for f in dry_run(quiet(replace(late, maximum=95 * MINUTE)), ground()).findings if f.id == "S01"]
    early = add(kind="channel.outage", target="sms", at=timedelta(0), params={"failure": "reject", "until": "5m"})

    assert [f.path for f in nothing] == [("injects", "I9")]
    assert "nothing falls into its time (1:30:00 to 91m); messages went at: 0:00" in nothing[0].says
    assert not [f for f in dry_run(early(replace(late, maximum=10 * MINUTE)), ground()).findings if f.id == "S01"]


def test_other_injects_without_effect() -> None:
    """A fact that nothing asks for, an order that is never possible, a condition that never comes: each is told."""
    base = replace(good(), injects=(), ends_when="elapsed >= 10m", maximum=15 * MINUTE)
    useless = {
        "I1": Inject(id="I1", kind="fact.told", target="obvious", params={"value": "yes"}, at=14 * MINUTE),
        "I2": Inject(id="I2", kind="order.transition", target="police", params={"to": "stood_down"}, at=MINUTE),
        "I3": Inject(id="I3", kind="person.declines", target="deng_hui", when="state exploded"),
    }
    says = {}
    for id, each in useless.items():
        ends = "" if id == "I1" else "elapsed >= 10m"
        says[id] = [
            f.says for f in dry_run(replace(base, injects=(each,), ends_when=ends), ground()).findings if f.id == "S01"
        ]

    assert "nothing in the plan asks for 'obvious'" in says["I1"][0]
    assert "refused to the end" in says["I2"][0]
    assert "what it waits for did not happen" in says["I3"][0]


def test_a_scenario_that_never_ends() -> None:
    """Where the end is not reached within the maximum, that is told with the course it took."""
    stuck = [f for f in dry_run(replace(good(), injects=good().injects[:2]), ground()).findings if f.id == "S12"]

    assert len(stuck) == 1
    assert "it stood in 'external_command'" in stuck[0].says
    assert stuck[0].trace[0].en == "0:00 found"


def test_the_same_seed_the_same_drill() -> None:
    """A dry run is the same each time; another seed is another drill."""
    one, two, other = play(good(), ground()), play(good(), ground()), play(good(), ground(), 99)

    assert one.history() == two.history()
    assert one.history() != other.history()


def test_every_check_has_a_broken_scenario() -> None:
    """No check of scenarios goes untested."""
    told = {row[0] for row in BROKEN} | {"S04", "S07", "S12", "S00"}

    assert {id for id in CHECKS if id.startswith("S")} == told
