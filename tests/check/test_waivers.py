"""Waivers: somebody answers for a finding by name, with a reason, for a time."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from emergency.check.waivers import Waiver, dotted, not_needed, read_waivers
from emergency.core.check import Finding

TODAY = date(2026, 3, 1)
GOOD = {
    "check": "R03",
    "plan": "fire",
    "path": "roles.engineering",
    "name": "Zhao Gang",
    "reason": "a second licence is being trained",
    "until": "2026-03-01",
}


def read(**change: Any) -> tuple[list[Waiver], list[str]]:
    """Return what one line comes to; a value of None is left out."""
    line = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    good, wrong = read_waivers({"waivers": [line]}, TODAY)
    return good, [f"{f.id} {f.severity} {dotted(f.path)}" for f in wrong]


@pytest.mark.parametrize(
    "change, wrong",
    [
        pytest.param({}, [], id="good, on its last day"),
        pytest.param({"path": None}, [], id="of the whole plan"),
        pytest.param({"name": None}, ["W01 error waivers.1"], id="nobody answers for it"),
        pytest.param({"reason": " "}, ["W01 error waivers.1"], id="no reason"),
        pytest.param({"until": None}, ["W01 error waivers.1"], id="no end"),
        pytest.param({"check": None, "plan": None}, ["W01 error waivers.1"] * 2, id="of nothing"),
        pytest.param({"until": "next year"}, ["W01 error waivers.1.until"], id="no day"),
        pytest.param({"until": "2026-02-28"}, ["W02 error waivers.1.until"], id="ended yesterday"),
        pytest.param({"why": "x"}, ["W01 error waivers.1.why"], id="an unknown word"),
        pytest.param({"name": ["a"]}, ["W01 error waivers.1.name"], id="a list"),
    ],
)
def test_reading(change: dict[str, Any], wrong: list[str]) -> None:
    """A waiver without a name, a reason or an end is a finding itself, and so is one that has ended."""
    good, found = read(**change)

    assert found == wrong
    assert len(good) == (0 if wrong else 1)


@pytest.mark.parametrize("data", [None, [], {"waivers": "R03"}, {"waive": []}, {"waivers": ["R03"]}, "R03"])
def test_a_file_of_something_else(data: Any) -> None:
    """Whatever else stands in the file is told, and waives nothing."""
    good, wrong = read_waivers(data, TODAY)

    assert good == []
    assert [f.id for f in wrong] == ["W01"]


@pytest.mark.parametrize(
    "plan, id, path, covered",
    [
        ("fire", "R03", ("roles", "engineering"), True),
        ("fire", "R03", ("roles", "engineering", "heads"), True),
        ("fire", "R03", ("roles", "engineer"), False),
        ("fire", "R03", ("roles",), False),
        ("fire", "R01", ("roles", "engineering"), False),
        ("riot", "R03", ("roles", "engineering"), False),
    ],
)
def test_what_it_covers(plan: str, id: str, path: tuple[str, ...], covered: bool) -> None:
    """One check of one plan, at its path and within; never another."""
    (waiver,), _ = read()

    assert waiver.covers(plan, Finding(path, "x", id=id)) is covered


def test_lines_of_a_list_count_from_one() -> None:
    """A path is written as a site's changes write it."""
    (waiver,), _ = read(path="states.first.leave.2")

    assert waiver.covers("fire", Finding(("states", "first", "leave", 1, "alert"), "x", id="R03"))


def test_a_waiver_that_nobody_needs_is_told() -> None:
    """Where its check was run and found nothing; not where it was not run."""
    (waiver,), _ = read()

    assert [f.id for f in not_needed([waiver], [], lambda w: True)] == ["W03"]
    assert not_needed([waiver], [waiver], lambda w: True) == []
    assert not_needed([waiver], [], lambda w: False) == []
