"""`emergency drill check|show|new|msel|schema`: what whoever writes scenarios sees."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from emergency.clock import VirtualClock
from emergency.drills.scenarios.file import SHIPPED
from emergency.drills.scenarios.schema import schema_text
from tests.check.test_report import valid
from tests.installation import NOON
from tests.scenarios.scene import shipped_plans
from tests.shell.test_cli import ROOT, Terminal

SAMPLE = ROOT / "emergency" / "sample"
PLAN = "playbook: {id: elevator_entrapment, revision: REV}"
LIFT = (SHIPPED / "lift_stuck.yaml").read_text("utf-8")


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


def own(at: Terminal, text: str, name: str = "lift_stuck") -> Path:
    """Put a scenario into the installation and return its file."""
    file = at.home / "scenarios" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def test_a_clean_scenario(at: Terminal) -> None:
    """No finding: it ends with 0, and the dry run is told in words, with what became of each expectation."""
    en, zh = at("drill", "check", "lift_stuck"), at("--lang", "zh", "drill", "check", "lift_stuck")
    document = json.loads(at("drill", "check", "lift_stuck", "--json").out)

    assert (en.code, zh.code) == (0, 0)
    assert "lift_stuck: no mistakes." in en.out
    assert re.search(r"one dry run, played people: [\d:]+, its end was reached", en.out)
    assert re.search("E1  (达到|达到但超时|未达到): 程序发现无人应答", zh.out)
    run = document["scenarios"]["lift_stuck"]
    assert (document["findings"], document["clean"], run["ended"]) == ([], ["lift_stuck"], "scenario")
    assert [each["id"] for each in run["expectations"]] == ["E1", "E2", "E3"]
    assert run["expectations"][2]["status"] == "evaluator"


def test_every_mistake_with_its_line(at: Terminal) -> None:
    """Mistakes of the shape are told all at once with file and line, in the end with 2; an own file stands before a
    shipped one of its name."""
    file = own(at, LIFT.replace("at: 0s", "at: 0").replace("critical: yes", "critcal: yes"))
    said = at("drill", "check", "lift_stuck")

    assert said.code == 2
    assert f"{file}:{LIFT[: LIFT.index('at: 0s')].count(chr(10)) + 1}: injects.I1.at: '0' has no unit" in said.out
    assert "'critcal' is unknown here. Did you mean 'critical'?" in said.out
    assert "Mistakes: 2." in said.err


def test_findings_have_ids_and_a_way_out(at: Terminal) -> None:
    """What is wrong with the scenario as a whole has the id of its check, its line, both languages, and what to do."""
    file = own(at, LIFT.replace("ye_jianguo", "kenji_sato"))
    said, zh = at("drill", "check", str(file)), at("--lang", "zh", "drill", "check", str(file))
    finding = json.loads(at("drill", "check", str(file), "--json").out)["findings"][0]

    assert said.code == 2
    assert "inject I1 can have no effect: the plan has no role for kenji_sato" in said.out
    assert "to do: choose another time, person or channel" in said.out
    assert "注入 I1 不起作用" in zh.out
    assert (finding["id"], finding["severity"], finding["path"]) == ("S01", "error", "injects.I1.target")
    assert finding["line"] == LIFT[: LIFT.index("target: ye_")].count("\n") + 1


def test_quick_does_not_play(at: Terminal) -> None:
    """`--quick` looks only at what is written."""
    own(at, LIFT.replace("at: 0s", "at: 85m"))
    said = at("drill", "check", "lift_stuck")

    assert at("drill", "check", "lift_stuck", "--quick").code == 0
    assert said.code == 2
    assert re.search(r"inject I1 has no effect: the drill was over at [\d:]+, before it came \[S01\]", said.out)


def test_those_of_another_site_are_left_out(at: Terminal, tmp_path: Path) -> None:
    """Without a name all are checked but shipped ones for another site; by name they are refused."""
    site = tmp_path / "site.yaml"
    site.write_text((SAMPLE / "site.yaml").read_text("utf-8").replace("site: star_plaza", "site: moon_plaza"), "utf-8")
    options = ["--quick", "--site", str(site)]
    own(at, LIFT.replace("site: star_plaza\n", "").replace("lift_stuck", "mine"), "mine")
    said = json.loads(at("drill", "check", "--json", *options).out)

    assert (said["clean"], len(said["left_out"])) == (["mine"], len(list(SHIPPED.glob("*.yaml"))))
    assert "came with the program for the sample mall" in at("drill", "check", *options).out
    assert at("drill", "check", "lift_stuck", *options).code == 2


def test_sarif(at: Terminal, tmp_path: Path) -> None:
    """For editors and CI there is SARIF, of this command."""
    own(at, LIFT.replace("state locked_out", "state locked"))
    file = tmp_path / "out.sarif"
    said = at("drill", "check", "lift_stuck", "--sarif", str(file))
    log = json.loads(file.read_text("utf-8"))

    valid(log)
    assert said.code == 2
    assert log["runs"][0]["tool"]["driver"]["name"] == "emergency drill check"
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == ["S02"]


def test_without_an_installation(tmp_path: Path) -> None:
    """With a site and a roster from files no installation is needed; without either, that is said."""
    bare = Terminal(tmp_path / "nowhere")
    options = ["--site", str(SAMPLE / "site.yaml"), "--roster", str(SAMPLE / "roster.yaml")]

    assert bare("drill", "check", "lift_stuck", *options).code == 0
    assert bare("drill", "check", "lift_stuck").code not in (0, 1)


@pytest.mark.parametrize(
    "old, new",
    [
        (None, None),
        (", revision: REV", ""),
        (PLAN, "playbook:\n  id: elevator_entrapment"),
        (PLAN, "playbook:\n  revision: 000000000000\n  id: elevator_entrapment"),
    ],
    ids=["another revision", "none", "none, in lines", "in lines"],
)  # fmt: skip
def test_pinning(at: Terminal, old: str | None, new: str | None) -> None:
    """`--pin` writes the revision of the plan as it is now into that one line; everything else stays as it was."""
    revision = LIFT[LIFT.index("revision: ") + 10 :][:12]
    text = LIFT.replace(revision, "0" * 12) if old is None else LIFT.replace(old.replace("REV", revision), new or "")
    file = own(at, text)
    before = at("drill", "check", "lift_stuck", "--quick", "--json")
    said = at("drill", "check", "lift_stuck", "--pin", "--quick")
    after = file.read_text("utf-8")

    assert [f["id"] for f in json.loads(before.out)["findings"]] == ["S04"]
    assert said.code == 0
    assert f"revision {revision}" in said.err
    assert f"revision: {revision}" in after
    assert len(set(after.splitlines()) ^ set(text.splitlines())) in (1, 2)
    assert at("drill", "check", "--pin").code == 2


def test_show(at: Terminal) -> None:
    """A scenario is shown to whoever runs it: what comes when, and what is expected; `--json` is all of it."""
    en, zh = at("drill", "show", "saturday_food_court"), at("--lang", "zh", "drill", "show", "saturday_food_court")
    document = json.loads(at("drill", "show", "saturday_food_court", "--json").out)

    assert "2:00      I1  person unreachable: guo_xin" in en.out
    assert "! E2  副手接任指挥  4:00" in zh.out
    assert "reserve" in en.out
    assert [inject["id"] for inject in document["injects"]] == [f"I{n}" for n in range(8)]
    assert at("drill", "show", "nothing_there").code == 2


@pytest.mark.parametrize("plan", sorted(shipped_plans()))
def test_a_first_draft_passes(at: Terminal, plan: str) -> None:
    """`drill new` writes a scenario that passes the check as it stands, for every plan."""
    said = at("drill", "new", plan, f"my_{plan}")
    text = (at.home / "scenarios" / f"my_{plan}.yaml").read_text("utf-8")
    check = json.loads(at("drill", "check", f"my_{plan}", "--json").out)

    assert said.code == 0
    assert said.out.strip() == str(at.home / "scenarios" / f"my_{plan}.yaml")
    assert [f["text"] for f in check["findings"]] == []
    assert "person.unreachable" in text


def test_names_of_drafts(at: Terminal, tmp_path: Path) -> None:
    """A path is a path, and nothing is overwritten; what is no name and what is no plan are refused with exit 2."""
    assert at("drill", "new", "火灾", str(tmp_path / "mine.yaml")).code == 0
    assert (tmp_path / "mine.yaml").exists()
    assert at("drill", "new", "fire", str(tmp_path / "mine.yaml")).code == 3
    assert at("drill", "new", "fire", "My Fire").code == 2
    assert at("drill", "new", "firee", "x").code == 2


def test_the_list_out_and_in(at: Terminal, tmp_path: Path) -> None:
    """`drill msel` prints the list as CSV and reads it back into a scenario; a list with mistakes changes nothing."""
    file, table = own(at, LIFT), tmp_path / "list.csv"
    assert at("drill", "msel", "lift_stuck", "--output", str(table)).code == 0
    rows = json.loads(at("drill", "msel", "lift_stuck", "--json").out)["rows"]
    assert [row["number"] for row in rows] == ["I1", "I1", "I2", "I3"]

    table.write_text(table.read_text("utf-8-sig").replace(",8m,", ",9m,"), "utf-8")
    assert at("drill", "msel", "--import", str(table), "--into", str(file)).code == 0
    assert "at: 9m" in file.read_text("utf-8")
    table.write_text(table.read_text("utf-8-sig").replace(",9m,", ",9,"), "utf-8")
    said = at("drill", "msel", "--import", str(table), "--into", str(file))
    assert said.code == 2
    assert f"{table}:6: I2.at: '9' has no unit" in said.err
    assert "at: 9m" in file.read_text("utf-8")
    assert at("drill", "msel").code == 2
    assert at("drill", "msel", "lift_stuck", "--import", "x.csv").code == 2


def test_the_schema(at: Terminal) -> None:
    """`drill schema` prints the schema that lies beside the shipped scenarios."""
    assert at("drill", "schema").out == schema_text()
