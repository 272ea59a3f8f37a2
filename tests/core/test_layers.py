"""A plan in layers: parts under it, a site's changes over it, and every mistake told where it stands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from emergency.core import playbook as p
from emergency.core.values import Severity
from emergency.errors import Mistakes
from emergency.layers import SHIPPED_PARTS, leaves, read_layers
from emergency.loader import read_playbook, read_site

SITE = read_site((SHIPPED_PARTS.parents[1] / "emergency/sample/site.yaml").read_bytes(), "site.yaml")
PLAN = """\
playbook: smell
code: Y
title: {zh: 异味, en: Smell}
place: zone
uses: [common]
severity:
  start: yellow
  raise: [{to: red, when: {fact: cause, told: yes}}]
roles:
  control_room: {at: blue}
  on_scene: {at: blue}
  duty_manager: {at: blue}
  commander: {at: orange}
  customer_service: {at: step}
  aftercare: {at: step}
  comms: {at: step}
  review: {at: step}
facts:
  injured: {ask: {zh: 几人不适, en: how many feel ill}}
  peak: none
states:
  reported:
    title: {zh: 已接报, en: reported}
    steps:
      look: {role: on_scene, do: {zh: 看, en: look}, done: 2m, source: practice}
      report: {role: commander, do: {zh: 报, en: report}, call: emergency_office, done: 1h, source: L1.9}
    leave:
      - {to: stood_down, when: {said_by: stand_down}}
      - {after: 5m, source: practice, alert: {role: duty_manager, do: {zh: 看, en: look}}}
  stood_down:
    checklist: [{zh: 无异味, en: no smell}]
  follow_up:
    steps:
      call_back: {done: 24h}
      footage: none
"""


def read(text: str = PLAN, changes: Path | None = None) -> p.Playbook:
    """Return the plan of *text*."""
    return read_playbook(text.encode(), "smell.yaml", SITE, changes=changes)


def test_a_part_gives_what_the_plan_does_not_say() -> None:
    """States, facts, raisers and words of the part are there; the plan's own states come first."""
    plan = read()
    assert [s.name for s in plan.states] == ["reported", "stood_down", "follow_up", "false_alarm", "closed"]
    assert plan.fact("called_back") is not None
    assert [rule.to for rule in plan.raises] == [Severity.red, Severity.red, Severity.orange]
    assert plan.state("closed").final


def test_what_the_plan_says_stands() -> None:
    """One word of a part is changed and the rest of it stays; a list is longer by the plan's own lines."""
    plan = read()
    back = next(step for step in plan.state("follow_up").steps if step.name == "call_back")
    injured = plan.fact("injured")

    assert (back.done, back.role, back.source) == (timedelta(hours=24), "aftercare", "practice")
    assert injured is not None
    assert (injured.ask.en, injured.type) == ("how many feel ill", "count")
    assert [line.en for line in plan.state("stood_down").checklist] == ["no smell", "every post is released by name"]


def test_a_plan_may_do_without_a_piece() -> None:
    """`none` leaves out a step or a fact of the part."""
    plan = read()
    assert "footage" not in [step.name for step in plan.state("follow_up").steps]
    assert plan.fact("peak") is None


def test_a_guard_is_one_value() -> None:
    """Half of a guard with half of another would be a third: the plan's own replaces the part's."""
    text = PLAN.replace("call_back: {done: 24h}", "casualties: {when: {severity: red}}")
    step = next(s for s in read(text).state("follow_up").steps if s.name == "casualties")
    assert step.when == p.SeverityAtLeast(Severity.red)


@pytest.mark.parametrize(
    "old, new, line, says",
    [
        pytest.param(
            "uses: [common]", "uses: [comon]", 5, "there is no part 'comon'. Did you mean 'common'", id="typo"
        ),
        pytest.param("uses: [common]", "uses: [../common]", 5, "there is no part '../common'", id="a way out"),
        pytest.param("uses: [common]", "uses: common", 5, "a list of parts", id="no list"),
        pytest.param("said_by: stand_down", "said_by: stand_dwn", 28, "'stand_dwn' is no role", id="in the plan"),
    ],
)
def test_mistakes_are_told_where_they_stand(old: str, new: str, line: int, says: str) -> None:
    """A mistake of the plan is told with the plan's line."""
    with pytest.raises(Mistakes) as caught:
        read(PLAN.replace(old, new))
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("smell.yaml", line)
    assert says in problem.says


def test_mistakes_of_a_part_are_told_with_the_parts_line(tmp_path: Path) -> None:
    """A mistake that came in by a part names the part's file and line, not the plan's."""
    (tmp_path / "tail.yaml").write_text("states:\n  reported:\n    leave:\n      - {to: nowhere, after: 1m}\n")
    with pytest.raises(Mistakes) as caught:
        read_playbook(
            PLAN.replace("[common]", "[common, tail]").encode(), "smell.yaml", SITE, (SHIPPED_PARTS, tmp_path)
        )
    assert {(Path(p_.file).name, p_.line) for p_ in caught.value.problems} == {("tail.yaml", 4)}


def changed(tmp_path: Path, *lines: str) -> Path:
    """Return a file of changes."""
    file = tmp_path / "smell.yaml"
    file.write_text("because: {zh: 楼高, en: a tall house}\nset:\n" + "".join(f"  {line}\n" for line in lines), "utf-8")
    return file


def test_a_site_changes_times_words_roles_and_thresholds(tmp_path: Path) -> None:
    """Over the shipped plan and its parts, value by value."""
    plan = read(
        changes=changed(
            tmp_path,
            "states.reported.steps.look.done: 3m",
            "states.reported.leave.2.after: 8m",
            "states.reported.steps.look.do: {zh: 去看, en: go and look}",
            "states.reported.steps.look.role: control_room",
            "roles.on_scene.heads: 2",
            "severity.raise.2.when.any.2.over: 5",
            "severity.start: orange",
        )
    )
    look = plan.state("reported").steps[0]
    assert (look.done, look.do.en, look.role) == (timedelta(minutes=3), "go and look", "control_room")
    assert plan.state("reported").leave[1].after == timedelta(minutes=8)
    assert [call.heads for call in plan.roles if call.role == "on_scene"] == [2]
    assert plan.start is Severity.orange
    raised = plan.raises[1].when
    assert isinstance(raised, p.AnyOf)
    assert raised.guards[1] == p.FactOver("injured", 5.0)


@pytest.mark.parametrize(
    "line, says",
    [
        pytest.param("states.reported.steps.report.done: 2h", "not yours to change: its source is L1.9", id="law"),
        pytest.param("states.reported.steps.report.source: practice", "copy the plan", id="its source"),
        pytest.param("states.reported.leave.1.to: closed", "copy the plan", id="where it leads"),
        pytest.param("states.reportd.steps.look.done: 3m", "no 'reportd' there. Did you mean 'reported'", id="typo"),
        pytest.param("states.reported.leave.9.after: 3m", "there is no line 9", id="no such line"),
        pytest.param("states.reported.leave.0.after: 3m", "there is no line 0", id="counted from one"),
        pytest.param("states.reported.steps.look.done.x: 3m", "'done' is a value", id="within a value"),
        pytest.param("states.reported.steps.look: none", "copy the plan", id="a step less"),
        pytest.param("states.reported.title: {zh: 已}", "copy the plan", id="half a text"),
    ],
)
def test_what_a_site_may_not_change(tmp_path: Path, line: str, says: str) -> None:
    """A law's time and the structure of a plan are not a site's; the file and the line are told."""
    with pytest.raises(Mistakes) as caught:
        read(changes=changed(tmp_path, line))
    (problem,) = caught.value.problems
    assert (Path(problem.file).name, problem.line) == ("smell.yaml", 3)
    assert says in problem.says


def test_a_wrong_value_is_told_with_the_line_of_the_change(tmp_path: Path) -> None:
    """What the plan's shape refuses is refused here too, and the site's own line is named."""
    file = changed(tmp_path, "states.reported.steps.look.done: soon")
    with pytest.raises(Mistakes) as caught:
        read(changes=file)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(file), 3)
    assert "'soon' is no length" in problem.says


def test_every_value_knows_where_it_comes_from(tmp_path: Path) -> None:
    """The plan's, the part's and the site's own values are told apart, each with its line."""
    file = changed(tmp_path, "states.reported.steps.look.done: 3m")
    layered = read_layers(PLAN.encode(), "smell.yaml", changes=file)
    places = {path: (value, Path(layered.place(path)[0]).name) for path, value in leaves(layered.data)}

    assert places["states", "reported", "steps", "look", "done"] == ("3m", "smell.yaml")
    assert layered.place(("states", "reported", "steps", "look", "done")) == (str(file), 3)
    assert places["states", "follow_up", "steps", "call_back", "done"] == ("24h", "smell.yaml")
    assert places["states", "follow_up", "steps", "call_back", "role"] == ("aftercare", "common.yaml")
    assert places["code",] == ("Y", "smell.yaml")


def test_a_plan_of_a_later_format_is_refused_in_one_sentence() -> None:
    """What this release cannot know is not called a mistake; the present format may be said."""
    with pytest.raises(Mistakes) as caught:
        read("format: 2\nnew_words: [of, a, later, release]\n" + PLAN)
    (problem,) = caught.value.problems
    assert problem.line == 1
    assert "format 2; this release reads format 1" in problem.says
    assert read("format: 1\n" + PLAN).id == "smell"
