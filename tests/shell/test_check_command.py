"""`emergency playbook check`: what a plan writer, an editor and a build see of the checker."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from emergency.clock import VirtualClock
from tests.check.test_report import valid
from tests.installation import NOON
from tests.shell.test_cli import BAD_PLAN, ROOT, Terminal
from tests.test_architecture import loaded

SAMPLE = ROOT / "emergency" / "sample"
FIRE = (ROOT / "playbooks" / "fire.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample installation that nobody touches."""
    home = tmp_path_factory.mktemp("made") / "home"
    assert Terminal(home)("init", "--sample").code == 0
    return home


@pytest.fixture
def at(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in front of a copy of it, on a Sunday at noon."""
    monkeypatch.setattr("emergency.clock.SystemClock", lambda: VirtualClock(NOON))
    shutil.copytree(made, tmp_path / "home")
    return Terminal(tmp_path / "home")


def broken(at: Terminal, old: str, new: str) -> Path:
    """Put a fire plan into the home that is broken in one place, and return its file."""
    assert old in FIRE
    file = at.home / "playbooks" / "fire.yaml"
    file.write_text(FIRE.replace(old, new, 1), "utf-8")
    return file


def test_the_shipped_plans_pass(at: Terminal) -> None:
    """Every plan that we ship is proved against the sample mall and its people, and nobody answers for anything."""
    said = at("playbook", "check", "--all", "--json")
    document = json.loads(said.out)

    assert said.code == 0
    assert len(document["plans"]) == len(list((ROOT / "playbooks").glob("*.yaml"))) == len(document["clean"])
    assert not [f["text"] for f in document["findings"] if f["severity"] == "error" or f["waived"]]
    assert all(plan["explored"]["whole"] for plan in document["plans"].values())


def test_one_plan_in_words(at: Terminal) -> None:
    """Of one plan everything is told: findings with their stories, what was walked through, the milestones."""
    en, zh = at("playbook", "check", "fire"), at("--lang", "zh", "playbook", "check", "fire")

    assert (en.code, zh.code) == (0, 0)
    assert re.search(r"^warning: .*fire\.yaml:\d+: 'finance' hangs on one person \(feng_yun\) .*\[R03\]$", en.out, re.M)
    assert re.search(r"^提醒: .*fire\.yaml:\d+: 财务组\(finance\)在以下班次只有一人", zh.out, re.M)
    assert "brigade called: at the latest 3:00, target 3:00 (practice)" in en.out
    assert "已报119:最迟 3:00,目标 3:00(practice)" in zh.out
    assert re.search(r"explored: \d+ situations", en.out)


def test_every_finding_has_what_it_needs(at: Terminal) -> None:
    """Id, gravity, file, line, a sentence in both languages, a story, what to do; the keys of before are all there."""
    document = at.document("playbook", "check", "fire")

    assert {"findings", "clean", "plans"} == set(document)
    keys = {"id", "severity", "plan", "file", "line", "path", "says", "zh", "text", "trace", "fix", "waived"}
    for finding in document["findings"]:
        assert set(finding) == keys
        assert re.fullmatch("[A-Z][0-9]{2}", finding["id"])
        assert Path(finding["file"]).exists()
        assert finding["line"] >= 1
        assert re.search("[\u4e00-\u9fff]", finding["zh"])


@pytest.mark.parametrize(
    "old, new, id, where",
    [
        pytest.param("heads: 4}", "heads: 9}", "R10", "fire_team:", id="people"),
        pytest.param("en: call 119}", "en: 拨119}", "M02", "do: {zh: 拨119报火警", id="words"),
        pytest.param("en: nothing}", "en: stop}", "M09", "decision: {fire:", id="a word of reply"),
    ],
)
def test_a_mistake_is_told_where_it_stands(at: Terminal, old: str, new: str, id: str, where: str) -> None:
    """What a plan writer broke is found with its line, and the command ends with 2."""
    file = broken(at, old, new)
    said = at("playbook", "check", "fire")
    (finding,) = [f for f in at.document("playbook", "check", "fire")["findings"] if f["severity"] == "error"]

    assert said.code == 2
    assert finding["id"] == id
    assert finding["file"] == str(file)
    assert where in file.read_text("utf-8").splitlines()[finding["line"] - 1]
    assert said.out.startswith(f"{file}:{finding['line']}: ")
    assert "Mistakes: 1." in said.err


# waivers

WAIVER = """\
waivers:
  - {check: R10, plan: fire, path: roles.fire_team, name: Zhao Gang, reason: two are being hired, until: 2026-03-31}
"""


def test_somebody_answers_for_a_mistake(at: Terminal) -> None:
    """A waived mistake is shown with the name and the reason, and keeps nothing back."""
    broken(at, "heads: 4}", "heads: 9}")
    (at.home / "waivers.yaml").write_text(WAIVER)
    said = at("playbook", "check", "fire")
    (finding,) = [f for f in at.document("playbook", "check", "fire")["findings"] if f["waived"]]

    assert said.code == 0
    assert "Zhao Gang answers for it until 2026-03-31: two are being hired" in said.out
    assert (finding["id"], finding["waived"]["name"]) == ("R10", "Zhao Gang")


@pytest.mark.parametrize(
    "text, says, code",
    [
        pytest.param(WAIVER.replace("2026-03-31", "2026-02-28"), "waivers.yaml:2: the waiver of R10", 2, id="ended"),
        pytest.param(WAIVER.replace("name: Zhao Gang, ", ""), "waivers.yaml:2: a waiver needs 'name'", 2, id="no name"),
        pytest.param(WAIVER, "warning: .*waivers.yaml:2: .* covers nothing", 0, id="not needed"),
        pytest.param("waivers: [", "waivers.yaml:.* is not YAML", 2, id="no yaml"),
    ],
)
def test_a_waiver_that_does_not_hold(at: Terminal, text: str, says: str, code: int) -> None:
    """A waiver without a name, or that has ended, is a mistake itself; one that nobody needs is told."""
    (at.home / "waivers.yaml").write_text(text)
    said = at("playbook", "check", "fire")

    assert said.code == code
    assert re.search(says, said.out)


# for programs


def test_sarif_for_editors_and_builds(at: Terminal, tmp_path: Path) -> None:
    """A valid log of every finding, in a file or on the screen, whatever the command ends with."""
    broken(at, "heads: 4}", "heads: 9}")
    file = tmp_path / "checks.sarif"
    said = at("playbook", "check", "fire", "--sarif", str(file))
    screen = at("playbook", "check", "fire", "--sarif", "-")
    log = json.loads(file.read_text("utf-8"))

    valid(log)
    assert (said.code, screen.code) == (2, 2)
    assert json.loads(screen.out) == log
    assert [r["ruleId"] for r in log["runs"][0]["results"] if r["level"] == "error"] == ["R10"]
    assert any("codeFlows" in r for r in log["runs"][0]["results"])
    assert at("playbook", "check", "fire", "--sarif", "-", "--json").code == 2
    assert "cannot be written" in at("playbook", "check", "fire", "--quick", "--sarif", str(tmp_path / "no" / "x")).err


def test_a_shipped_file_has_a_short_uri(at: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file within the folder where the command is given is named from there, as a build wants it."""
    monkeypatch.chdir(ROOT)
    log = json.loads(at("playbook", "check", "fire", "--sarif", "-").out)
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in log["runs"][0]["results"]}

    assert "playbooks/fire.yaml" in uris
    assert all(uri.startswith(("playbooks/", "file:///")) for uri in uris)


# another depth, another building


def test_quick_is_the_lint_alone(at: Terminal, tmp_path: Path) -> None:
    """On every save: how it is written, and nothing that takes long; unknown people and words are left for later."""
    broken(at, "heads: 4}", "heads: 9}")
    (tmp_path / "spill.yaml").write_text(BAD_PLAN)
    good, bad = (
        at("playbook", "check", "fire", "--quick"),
        at("playbook", "check", str(tmp_path / "spill.yaml"), "--quick"),
    )

    assert (good.code, good.out) == (0, "fire: no mistakes.\n")
    assert bad.code == 2
    assert at.document("playbook", "check", "fire", "--quick")["plans"] == {"fire": None}


def test_quick_loads_little(at: Terminal) -> None:
    """An editor waits for it: no templates, no machines, no web, no engine."""
    packages = loaded("--home", str(at.home), "playbook", "check", "fire", "--quick")

    assert "pydantic" in packages
    assert not {"jinja2", "transitions", "aiohttp", "phonenumbers", "asyncio", "fastapi", "twilio"} & packages


def test_a_plan_by_another_name(at: Terminal) -> None:
    """A plan is found by its title too, in any depth."""
    assert at("playbook", "check", "火灾", "--quick").out == "fire: no mistakes.\n"


def test_without_an_installation(tmp_path: Path) -> None:
    """With a site and a roster named, a build needs no installation."""
    at = Terminal(tmp_path / "none")
    words = ["playbook", "check", "fire", "--site", str(SAMPLE / "site.yaml"), "--roster", str(SAMPLE / "roster.yaml")]

    assert at(*words).code == 0
    assert at("playbook", "check", "fire", "--site", str(SAMPLE / "site.yaml")).code == 0
    assert not (tmp_path / "none").exists()
    assert at("playbook", "check", "fire").code != 0
    assert "cannot be read" in at("playbook", "check", "fire", "--site", str(tmp_path / "x.yaml")).err


def test_other_people(at: Terminal, tmp_path: Path) -> None:
    """A roster that is not in force yet is tried on the plans: what it lacks is a mistake of that plan."""
    people = (SAMPLE / "roster.yaml").read_text("utf-8")
    file = tmp_path / "roster.yaml"
    file.write_text(re.sub(r"roles: \{control_room: \d(, scribe: 1)?\}", "roles: {finance: 9}", people), "utf-8")
    document = at.document("playbook", "check", "fire", "--roster", str(file))
    found = {(f["id"], f["path"]) for f in document["findings"] if f["severity"] == "error"}

    assert ("R10", "roles.control_room") in found or ("R01", "roles.control_room") in found
    assert at("playbook", "check", "fire").code == 0
