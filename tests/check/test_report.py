"""What was found, as lines, as a document and as SARIF."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from emergency.check.catalogue import CHECKS
from emergency.check.report import document, line, lines, sarif
from emergency.check.run import Found, check_plan, located
from emergency.check.waivers import Waiver
from emergency.core.check import Finding
from emergency.core.values import Text
from tests.check import house

ROOT = Path(__file__).parents[2]
STORY = (Text("先", "first"), Text("后", "then"))


def a_finding(severity: str = "error", id: str = "R03", trace: tuple[Text, ...] = STORY) -> Found:
    """Return something that was found."""
    finding = Finding(
        ("roles", "guard"), "one guard", severity, id, "只有一名保安", trace, Text("再雇一名", "hire another")
    )
    return Found(plan="drip", finding=finding, file="plans/drip.yaml", line=12)


WAIVER = Waiver(check="R03", plan="drip", name="Ann", reason="she never sleeps", until=date(2026, 12, 31))


def test_lines_for_a_person() -> None:
    """Where it stands, what is wrong, the story, what to do; in either language."""
    assert lines(a_finding(), "en") == [
        "plans/drip.yaml:12: one guard [R03]",
        "    first → then",
        "    to do: hire another",
    ]
    assert lines(a_finding("warning", trace=()), "zh") == [
        "提醒: plans/drip.yaml:12: 只有一名保安 [R03]",
        "    改法:再雇一名",
    ]
    assert line(Found(plan="", finding=Finding((), "no file"), file="", line=0), "zh") == "no file"


def test_who_answers_for_a_waived_finding() -> None:
    """A waived finding is shown with the name and the reason, and counts no more."""
    (waived,) = located("drip", [a_finding().finding], lambda path: ("drip.yaml", 3), [WAIVER])

    assert waived.counts == "waived"
    assert lines(waived, "en")[-1] == "    Ann answers for it until 2026-12-31: she never sleeps"
    assert document(waived, "en")["waived"] == {"name": "Ann", "reason": "she never sleeps", "until": "2026-12-31"}


def test_the_document_of_a_finding() -> None:
    """Everything there is to know, in both languages."""
    assert document(a_finding(), "zh") == {
        "id": "R03",
        "severity": "error",
        "plan": "drip",
        "file": "plans/drip.yaml",
        "line": 12,
        "path": "roles.guard",
        "says": "one guard",
        "zh": "只有一名保安",
        "text": "plans/drip.yaml:12: 只有一名保安 [R03]",
        "trace": [{"zh": "先", "en": "first"}, {"zh": "后", "en": "then"}],
        "fix": {"zh": "再雇一名", "en": "hire another"},
        "waived": None,
    }


def valid(log: dict[str, Any]) -> None:
    """Hold a log against what SARIF 2.1.0 requires, and what GitHub and the viewer of VS Code need beyond it."""
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert isinstance(driver["name"], str)
    rules = driver["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("note", "warning", "error")
        assert result["message"]["text"]
        assert len(result["locations"]) >= 1
        for place in result["locations"]:
            a_place(place)
        for flow in result.get("codeFlows", []):
            assert flow["threadFlows"]
            for thread in flow["threadFlows"]:
                assert thread["locations"]
                for step in thread["locations"]:
                    a_place(step["location"])
                    assert step["location"]["message"]["text"]
        for each in result.get("suppressions", []):
            assert each["kind"] in ("inSource", "external")
            assert each["justification"]


def a_place(place: dict[str, Any]) -> None:
    """A location has a URI without spaces or backslashes, and a line from 1 on."""
    physical = place["physicalLocation"]
    assert re.fullmatch(r"[^\s\\]+", physical["artifactLocation"]["uri"])
    assert physical["region"]["startLine"] >= 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sarif(lang: str) -> None:
    """Errors, warnings, notes, a finding without an id, a story, and a waiver: all valid, each at its level."""
    waived = Found(plan="drip", finding=a_finding().finding, file="drip.yaml", line=0, waiver=WAIVER)
    bare = Found(plan="drip", finding=Finding((), "is not YAML"), file="drip.yaml", line=4)
    log = sarif([a_finding(), a_finding("warning"), a_finding("info", "R13", ()), bare, waived], "1", lambda f: f, lang)
    results = log["runs"][0]["results"]

    valid(log)
    assert [r["level"] for r in results] == ["error", "warning", "note", "error", "error"]
    assert [r["ruleId"] for r in results] == ["R03", "R03", "R13", "P00", "R03"]
    assert [len(r.get("codeFlows", [])) for r in results] == [1, 1, 0, 0, 1]
    assert results[-1]["suppressions"][0]["justification"].startswith("Ann")
    assert log["runs"][0]["results"][0]["message"]["text"].startswith("只有" if lang == "zh" else "one guard")


def test_nothing_found_is_valid_too() -> None:
    """An empty log is a log."""
    valid(sarif([], "1", lambda f: f))


def test_one_plan_all_checks() -> None:
    """Course, people and words come together, gravest first; the lint alone when asked for that."""
    of = house.site()
    people, drip = house.roster(of), house.plan(of)
    found, proof = check_plan(drip, of, people, house.DAY)
    quick, none = check_plan(drip, of, people, house.DAY, quick=True)

    assert proof is not None
    assert [f.severity for f in found] == sorted((f.severity for f in found), key=["error", "warning", "info"].index)
    assert not [f.says for f in found if f.severity == "error"]
    assert "R13" in {f.id for f in found}
    assert (quick, none) == ([], None)


def test_nothing_is_said_of_people_whom_nobody_knows() -> None:
    """Without a roster the people are not checked."""
    of = house.site()

    assert not [f for f in check_plan(house.plan(of), of, None, house.DAY)[0] if f.id.startswith("R")]


def test_every_check_has_its_row() -> None:
    """The page of checks lists every id once, and no other; every id that the code gives is in the catalogue."""
    page = (ROOT / "docs" / "checks.md").read_text("utf-8")
    rows = re.findall(r"^\| ([A-Z][0-9]{2}) \| (error|warning|info)", page, re.MULTILINE)
    given = {
        id
        for path in [*(ROOT / "emergency/check").glob("*.py"), ROOT / "emergency/core/check.py"]
        if path.name != "catalogue.py"
        for id in re.findall(r'"([CFGMPRTW][0-9]{2})"', path.read_text("utf-8"))
    }

    assert rows == [(id, gravity) for id, (gravity, _) in CHECKS.items()]
    assert given <= set(CHECKS)
