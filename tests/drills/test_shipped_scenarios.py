"""The scenarios that come with the program: without a finding, for every plan, and each comes to its end."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from emergency.core.values import Text
from emergency.drills.scenario import PARAMS, InjectKind, Scenario
from emergency.drills.scenarios.check import check_scenario
from emergency.drills.scenarios.dry_run import DryRun, dry_run, outcome, play, released
from emergency.drills.scenarios.file import SHIPPED, read_file
from emergency.store import codec
from tests.drills.test_scenario_check import ground, known
from tests.scenarios.scene import sample_site, shipped_plans

FILES = sorted(SHIPPED.glob("*.yaml"))
CHINESE = range(0x4E00, 0xA000)


def scenario(path: Path) -> Scenario:
    """Read a shipped scenario."""
    return read_file(path, sample_site())


@lru_cache
def tried(path: Path) -> DryRun:
    """Play a shipped scenario, and again without each inject."""
    return dry_run(scenario(path), ground())


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_no_findings(path: Path) -> None:
    """A shipped scenario is pinned to the plan that is shipped, and nothing is found, neither in words nor in a dry
    run: every inject bites."""
    one = scenario(path)
    now = codec.document_digest(shipped_plans()[one.playbook])[:12]

    assert [f.says for f in check_scenario(one, known(one, now))] == []
    assert [f.says for f in tried(path).findings] == []


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_it_comes_to_its_end(path: Path) -> None:
    """With any of three seeds it ends as it says, and well before its maximum is used up."""
    one = scenario(path)
    assert tried(path).ended == "scenario"
    assert tried(path).after <= one.maximum * 0.8
    for seed in (one.seed + 1, one.seed + 2):
        played = play(one, ground(), seed)
        assert played.ended == "scenario", (seed, played.incident.state)
        assert played.clock.now() - one.begins <= one.maximum * 0.8


def test_every_plan_has_one() -> None:
    """A plan that was never drilled is a draft: each that we ship has a scenario."""
    assert {scenario(path).playbook for path in FILES} == set(shipped_plans())


def test_every_kind_of_inject_is_shown() -> None:
    """Whoever writes a scenario finds an example of each kind among the shipped ones, and of each kind of drill."""
    used: set[InjectKind] = {inject.kind for path in FILES for inject in scenario(path).injects}

    assert set(PARAMS) - used <= {"decision.answer"}
    assert {scenario(path).kind for path in FILES} == {"simulated", "tabletop", "callout", "full"}


def test_each_can_be_judged() -> None:
    """A scenario has two objectives at least, something critical or measured, and an inject that makes it hard."""
    for path in FILES:
        one = scenario(path)
        assert len(one.objectives) >= 2, path.stem
        assert any(not inject.kind.startswith(("fact.", "order.")) for inject in one.injects), path.stem
        assert any(expect.critical for inject in one.injects for expect in inject.expect) or one.questions, path.stem


def test_words_in_both_languages() -> None:
    """What people read stands in Chinese and English, and is not the same text twice."""

    def texts(value: object) -> list[Text]:
        if isinstance(value, Text):
            return [value]
        if isinstance(value, tuple):
            return [text for each in value for text in texts(each)]
        fields = getattr(value, "__struct_fields__", ())
        return [text for name in fields for text in texts(getattr(value, name))]

    for path in FILES:
        for text in texts(scenario(path)):
            assert any(ord(ch) in CHINESE for ch in text.zh), (path.stem, text)
            assert text.en.isascii() or not any(ord(ch) in CHINESE for ch in text.en), (path.stem, text)


def test_the_worked_one() -> None:
    """Saturday night: the commander answers, is lost at 2:00, is missed within 90 s and replaced before 6:00; texts
    vanish and calls follow; the power loss traps a lift car whose own incident is answered."""
    one = scenario(SHIPPED / "saturday_food_court.yaml")
    played = play(one, ground())
    met = {each.expect.id: each for each in outcome(one, played)}

    assert [inject for inject, after in released(played).items()] == ["I0", "I1", "I2", "I3", "I4", "I5", "I7"]
    assert {id for id, each in met.items() if each.hit is not None and not each.late} == {
        "E0", "E1", "E2", "E3", "E5", "E6",
    }  # fmt: skip
    assert {id for id, each in met.items() if each.question} == {"E4", "E7", "E8"}
    lift = played.incident_of("elevator_entrapment")
    assert lift not in (None, played.id)


def test_the_commander_is_lost_only_after_he_has_answered() -> None:
    """The order matters: without the loss he keeps command to the end; with it he had it first."""
    one = scenario(SHIPPED / "saturday_food_court.yaml")
    without = replace(one, injects=tuple(each for each in one.injects if each.id != "I1"))

    assert play(without, ground()).incident.command == "guo_xin"
    assert play(one, ground()).incident.command != "guo_xin"
