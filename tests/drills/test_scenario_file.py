"""Scenario files: what is read, and every mistake at once, each with its line and the way out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from emergency.core.values import Severity, Text
from emergency.drills.scenario import PARAMS, Contingency, Deliver, Expect, Inject, Metric, Scenario
from emergency.drills.scenarios.file import SHIPPED, file_named, files, length, read_file, read_scenario
from emergency.drills.scenarios.schema import EXPLAINED, scenario_schema, schema_text
from emergency.errors import Mistakes
from tests.scenarios.scene import sample_site
from tests.shell.test_cli import ROOT

WHOLE = """\
format: drill-scenario/1
scenario: kitchen
title: {zh: 厨房起火, en: Kitchen fire}
site: star_plaza
playbook: {id: fire, revision: 0123456789ab}
kind: full
notice: window
begins: "2026-11-21 19:30"
clock: {maximum: 1h30m, speed: 5, seed: 42}

opens:
  place: b1_food_court
  says: {zh: 有烟, en: smoke}
  told: {two_signals: yes}
  severity: orange

safety:
  phrase: {zh: 真实警情, en: NO DUFF}
  never_contact: ["12345"]
  violent: no
  notices:
    alarm_centre: {text: {zh: 监控, en: monitoring}, lead: 24h, at_end: confirm_line_restored}
    brigade: {text: {zh: 消防, en: brigade}, working_days: 3, confirm: no, by: [letter]}

objectives:
  O1:
    capability: command
    text: {zh: 接任, en: succession}
    metric: role_refilled
    subject: duty_manager
    within: 3m
    since: I1
    least: 0.9
    expect:
      E0: {text: {zh: 甲, en: a}, check: state confirmed, within: 1m}

people:
  default_profile: on_site
  overrides:
    guo_xin: {first_ack: 50s}
    li_wenbin: {profile: on_call, never: yes}

decisions: {first_attack: big}

injects:
  I1:
    at: 2m
    kind: person.unreachable
    target: guo_xin
    params: {channels: [sms, voice], until: end}
    visible_to: [control]
    objective: O1
    expect:
      E1: {text: {zh: 乙, en: b}, check: "command   !=  guo_xin", within: 90s, critical: yes}
    contingency: {if_not: E1, after: 4m, do: simcell.prompt, text: {zh: 谁在指挥, en: who commands}}
  I2:
    when: state evacuating and severity at least red
    after: 30s
    again: yes
    kind: message.inbound
    text: {zh: 属实吗, en: is it so}
    deliver: {from: reporter, to: role.comms, by: sms}
  I3: {caused_by: I1, kind: asset.failure, target: power.feeder_b}
  I4: {reserve: yes, kind: channel.busy, target: voice}

questions:
  Q1: {zh: 问, en: asked}

observers: 2
ends: state controlled or elapsed >= 60m
"""


def read(text: str, name: str = "kitchen.yaml") -> Scenario:
    """Read a scenario of the sample mall."""
    return read_scenario(text.encode(), name, sample_site())


def mistakes(text: str, name: str = "kitchen.yaml") -> list[tuple[int, str]]:
    """Return the line and the words of every mistake."""
    with pytest.raises(Mistakes) as refused:
        read(text, name)
    assert {problem.file for problem in refused.value.problems} == {name}
    return [(problem.line, problem.says) for problem in refused.value.problems]


def line_of(words: str, text: str = WHOLE) -> int:
    """Return the line in which *words* stand first."""
    return text[: text.index(words)].count("\n") + 1


def test_everything_is_read() -> None:
    """Every word of a file arrives in its place, lengths as lengths, the moment in UTC, lines for messages."""
    found = read(WHOLE)
    one, two, three, four = found.injects

    assert (found.id, found.title, found.playbook, found.revision) == (
        "kitchen", Text("厨房起火", "Kitchen fire"), "fire", "0123456789ab",
    )  # fmt: skip
    assert (found.kind, found.notice, found.place, found.told) == (
        "full",
        "window",
        "b1_food_court",
        {"two_signals": "yes"},
    )
    assert found.begins == datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
    assert (found.maximum, found.speed, found.seed, found.severity) == (timedelta(minutes=90), 5.0, 42, Severity.orange)
    assert one == Inject(
        id="I1", kind="person.unreachable", at=timedelta(minutes=2), target="guo_xin",
        params={"channels": "sms,voice", "until": "end"}, visible_to=("control",), objective="O1",
        expect=(
            Expect(
                id="E1", text=Text("乙", "b"), check="command != guo_xin", within=timedelta(seconds=90), critical=True,
                line=line_of("E1:"),
            ),
        ),
        contingency=Contingency(
            if_not="E1", after=timedelta(minutes=4), do="simcell.prompt", text=Text("谁在指挥", "who commands")
        ),
        line=line_of("I1:\n"),
    )  # fmt: skip
    assert (two.when, two.after, two.again) == (
        "state evacuating and severity at least red",
        timedelta(seconds=30),
        True,
    )
    assert two.deliver == Deliver(sender="reporter", to="role.comms", by="sms")
    assert (three.caused_by, four.reserve, four.at) == ("I1", True, None)
    assert (found.objectives[0].subject, found.objectives[0].since, found.objectives[0].least) == (
        "duty_manager",
        "I1",
        0.9,
    )
    assert [each.check for each in found.objectives[0].expect] == ["state confirmed"]
    assert found.overrides[0].first_ack == timedelta(seconds=50)
    assert (found.overrides[1].profile, found.overrides[1].never, found.default_profile) == ("on_call", True, "on_site")
    assert found.safety.never_contact == ("12345",)
    alarm, brigade = found.safety.notices
    assert (alarm.lead, alarm.confirm, alarm.at_end) == (timedelta(hours=24), True, "confirm_line_restored")
    assert (brigade.working_days, brigade.confirm, brigade.by) == (3, False, ("letter",))
    assert (found.ends_when, found.observers, found.questions[0].id) == ("state controlled or elapsed >= 60m", 2, "Q1")


@pytest.mark.parametrize(
    "old, new, at, says",
    [
        ("at: 2m", "at: 1:30", "at: 2m", "may be minutes or hours; write 1m30s or 1h30m"),
        ("at: 2m", "at: 90", "at: 2m", "'90' has no unit; write 90s, 90m or 90h"),
        ("at: 2m", "at: -1m", "at: 2m", "lies before the start"),
        ("at: 2m", "at: soon", "at: 2m", "is no length of time"),
        ("maximum: 1h30m", "maximum: 0s", "clock:", "longer than nothing"),
        ("scenario: kitchen", "scenario: kitchens", "scenario:", "give them one name"),
        ("scenario: kitchen", "scenario: no", "scenario:", "'no'"),
        ("format: drill-scenario/1", "format: drill-scenario/2", "format:", "does not read; write drill-scenario/1"),
        ("kind: full", "kind: functional", "kind:", "no kind of drill"),
        ("kind: person.unreachable", "kind: person.unreachble", "kind: person", "Did you mean 'person.unreachable'?"),
        ("metric: role_refilled", "metric: role_filled", "metric:", "Did you mean 'role_refilled'?"),
        ("    metric: role_refilled\n", "", "O1:", "'metric' is missing"),
        ("begins: \"2026-11-21 19:30\"", "begins: tonight", "begins:", "is no moment"),
        ("begins: \"2026-11-21 19:30\"", "begins: 2026-02-30 19:30", "begins:", "is no moment"),
        ("speed: 5", "speed: 0", "clock:", "is no speed"),
        ("least: 0.9", "least: 90", "least:", "is no share"),
        ("revision: 0123456789ab", "revision: 14", "playbook:", "is no revision"),
        ("  I1:\n", "  no:\n", "I1:", "'no' is a yes or no to many programs"),
        ("  I1:\n", "  \"I 1\":\n", "I1:", "is no name"),
        ("target: guo_xin", "target: off", "target:", "is a yes or no to many programs"),
        ("visible_to: [control]", "visible_to: [contrl]", "visible_to:", "Did you mean 'control'?"),
        ("until: end", "untl: end", "params: {channels", "'untl' is unknown here. Did you mean 'until'?"),
        ("until: end", "until: 8", "params: {channels", "has no unit"),
        ("channels: [sms, voice]", "channels: [sms, radio]", "params: {channels", "'radio' is no channels"),
        ("at: 2m\n", "when: state first\n    at: 2m\n", "at: 2m", "one of them says when it comes"),
        ("    at: 2m\n", "", "I1:", "says not when it comes"),
        ("reserve: yes, kind", "reserve: yes, at: 1m, kind", "I4:", "the director's hand alone"),
        ("again: yes", "again: maybe", "again:", "neither yes nor no"),
        ("    text: {zh: 属实吗, en: is it so}\n", "", "I2:", "a message needs its words"),
        ("target: power.feeder_b", "params: {}", "I3:", "needs its target"),
        ("E1: {text", "E0: {text", "E1:", "'E0' stands here twice"),
        ("check: state confirmed", "check: stat confirmed", "E0:", "Did you mean 'state'?"),
        ("lead: 24h, at", "lead: 24h, working_days: 2, at", "alarm_centre", "one of the two"),
        ("{zh: 有烟, en: smoke}", "{en: smoke}", "says:", "the words in zh are missing"),
        ("observers: 2", "observers: two", "observers:", "is no whole number"),
        ("objectives:", "objetives:", "objectives:", "'objetives' is unknown here. Did you mean 'objectives'?"),
        ("by: sms", "by: pigeon", "deliver:", "'simcell_call' or 'sms'"),
    ],
)  # fmt: skip
def test_a_mistake_and_its_line(old: str, new: str, at: str, says: str) -> None:
    """One wrong word is one mistake, told with its line and what to write instead."""
    assert WHOLE.count(old) >= 1
    found = mistakes(WHOLE.replace(old, new, 1))

    assert [line for line, words in found if says in words] == [line_of(at)], found


def test_mistakes_are_told_in_chinese_too() -> None:
    """What stands at odds within a scenario is said in both languages, with the same names in it."""
    text = WHOLE.replace("scenario: kitchen", "scenario: pantry").replace("lead: 24h", "lead: 24h, working_days: 1")
    text = text.replace("maximum: 1h30m", "maximum: 0s").replace("    at: 2m\n", "    at: 2m\n    reserve: yes\n", 1)
    text = text.replace("when: state evacuating", "at: 3m\n    when: state evacuating").replace("E1:", "E0:", 1)
    text = text.replace("until: end", "untill: end").replace("caused_by: I1, kind: asset", "kind: asset")
    with pytest.raises(Mistakes) as refused:
        read_scenario(text.encode(), "kitchen.yaml", sample_site())
    problems = refused.value.problems
    assert len(problems) >= 8
    for problem in problems:
        assert re.search("[\u4e00-\u9fff]", problem.zh), problem.says
        assert set(re.findall(r"'(\w+)'", problem.says)) == set(re.findall(r"“(\w+)”", problem.zh)), problem.says


def test_values_that_cannot_be_are_told_in_chinese_too() -> None:
    """What a single value has wrong, with the place it stands at."""
    changes = {
        "after: 30s": "after: -1m", "at: 2m": "at: 2:30", "first_ack: 50s": "first_ack: 50", "speed: 5": "speed: fast",
        "seed: 42": "seed: x", "least: 0.9": "least: 9", "metric: role_refilled": "metric: role_refiled",
        "target: guo_xin": "target: guo xin", "state confirmed": "stat confirmed",
    }  # fmt: skip
    text = WHOLE
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    with pytest.raises(Mistakes) as refused:
        read_scenario(text.encode(), "kitchen.yaml", sample_site())
    problems = refused.value.problems
    assert len(problems) >= len(changes)
    assert "injects.I2.after:“-1m”在开始之前" in refused.value.of("zh")
    assert [problem.says for problem in problems if not re.search("[\u4e00-\u9fff]", problem.zh)] == []


def test_every_mistake_at_once() -> None:
    """All mistakes of a shape are told together, in the order of the lines."""
    text = WHOLE.replace("kind: full", "kind: big").replace("at: 2m", "at: 2").replace("critical: yes", "critcal: yes")
    found = mistakes(text.replace("metric: role_refilled", "metric: luck"))

    assert [line for line, _ in found] == [line_of("kind:"), line_of("metric:"), line_of("at: 2m"), line_of("E1:")]


@pytest.mark.parametrize("kind", PARAMS)
def test_each_kind_wants_its_params(kind: str) -> None:
    """A kind without what it needs is refused; with it, it is read."""
    needed, _ = PARAMS[kind]  # type: ignore[index]
    values = {"failure": "delay", "by": "60s", "playbook": "fire", "value": "yes", "answer": "big", "to": "closed"}
    words = ", ".join(f"{name}: {values[name]}" for name in needed)
    told = "text: {zh: a, en: b}, deliver: {from: a, to: b}"
    inject = f"  I9: {{at: 1m, kind: {kind}, target: x, {told}, params: {{%s}}}}\n"
    good = WHOLE.replace("injects:\n", "injects:\n" + inject % words)
    bare = WHOLE.replace("injects:\n", "injects:\n" + inject % "")

    assert read(good).inject("I9") is not None
    if needed:
        assert [words for _, words in mistakes(bare)] == [f"{kind} needs '{name}' among its params" for name in needed]


def test_an_offset_may_be_written(tmp_path: Path) -> None:
    """Without an offset the site's own time is meant; with one, that moment."""
    for written in ("2026-11-21T19:30:00+08:00", "2026-11-21 11:30Z", "2026-11-21 06:30-05:00"):
        assert read(WHOLE.replace("2026-11-21 19:30", written)).begins == datetime(2026, 11, 21, 11, 30, tzinfo=UTC)


def test_files_by_name(tmp_path: Path) -> None:
    """An id is looked for among the installation's own scenarios, then the shipped ones; a path is a path."""
    own = tmp_path / "lost_child.yaml"
    own.write_text("x")

    assert file_named("tremor") == SHIPPED / "tremor.yaml"
    assert files(tmp_path)["lost_child"] == own
    assert file_named("dir/x.yaml") == Path("dir/x.yaml")
    with pytest.raises(Mistakes, match="Did you mean 'tremor'"):
        file_named("tremors")
    with pytest.raises(Mistakes, match="cannot be read"):
        read_file(tmp_path / "nothing.yaml", sample_site())


@pytest.mark.parametrize("raw", [b"", b"[1, 2]", b"\xff\xfe", b"a: {b: ?}", b"a: *b", b"format: drill-scenario/1\n"])
def test_what_is_no_scenario(raw: bytes) -> None:
    """Whatever is given, the answer is a list of mistakes; a file of another kind is refused in Chinese as well."""
    with pytest.raises(Mistakes) as refused:
        read_scenario(raw, "x.yaml", sample_site())
    assert b"*" in raw or re.search("[\u4e00-\u9fff]", refused.value.of("zh"))


def test_lengths_of_params() -> None:
    """A param's length is read as any other."""
    assert length("1h30m") == timedelta(minutes=90)


def properties(schema: Any) -> set[str]:
    """Every word that a schema knows."""
    if isinstance(schema, list):
        return {word for each in schema for word in properties(each)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema.get("properties", {}))
    return own.union(*(properties(each) for each in schema.values()))


def test_the_schema_for_editors() -> None:
    """The schema beside the scenarios is the one that the program makes, explains each word, and takes what we ship."""
    schema = scenario_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)

    assert (SHIPPED / "scenario.schema.json").read_text("utf-8") == schema_text()
    assert {word for words in EXPLAINED.values() for word in words} <= properties(schema)
    for path in [*SHIPPED.glob("*.yaml")]:
        for read_as in (yaml.BaseLoader, yaml.SafeLoader):
            errors = [e.message for e in validator.iter_errors(yaml.load(path.read_text("utf-8"), read_as))]
            assert not errors, (path.name, errors)
    wrong = yaml.load(WHOLE.replace("kind: full", "kind: big").replace("at: 2m", "at: 1:30"), yaml.BaseLoader)
    assert len(list(validator.iter_errors(wrong))) == 2


GUIDE = (ROOT / "docs" / "guides" / "writing-a-scenario.md").read_text("utf-8")


def test_the_guide_can_be_followed() -> None:
    """The example of the guide is read as it stands, with its safety block for real telephones too; every kind of
    inject and every metric is explained."""
    whole, safety = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    live = whole.replace("kind: simulated", "kind: full").replace("opens:", f"{safety}\nopens:")

    assert [inject.id for inject in read(whole, "kitchen_fire.yaml").injects] == ["I1", "I2"]
    assert read(live, "kitchen_fire.yaml").safety.notices[0].at_end == "confirm_line_restored"
    assert [kind for kind in PARAMS if f"`{kind}`" not in GUIDE] == []
    assert [metric for metric in get_args(Metric) if f"`{metric}`" not in GUIDE] == []


LINES = (SHIPPED / "saturday_food_court.yaml").read_text("utf-8").splitlines()


HOW = st.sampled_from(["drop", "twice", "cut", "tab", "?", "no"])


@given(st.lists(st.tuples(st.integers(0, len(LINES) - 1), HOW), max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_spoilt_file_is_read_or_refused(spoilt: list[tuple[int, str]]) -> None:
    """Lines lost, doubled, cut off, or overwritten: the answer is a scenario or a list of mistakes with lines, never
    another error."""
    lines = list(LINES)
    for at, how in spoilt:
        at = min(at, len(lines) - 1)
        words = {"drop": "", "twice": f"{lines[at]}\n{lines[at]}", "cut": lines[at][: len(lines[at]) // 2]}
        lines[at] = words.get(how, lines[at].replace(": ", f": {how}" if how != "tab" else ":\t", 1))
    try:
        read("\n".join(lines), "saturday_food_court.yaml")
    except Mistakes as refused:
        assert all(problem.line > 0 and problem.says for problem in refused.problems)
