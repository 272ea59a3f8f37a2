"""The report of a drill among people: paused for an unsafe act, gone on, broken off; observed through the server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cli
from emergency.drills import book as b
from tests.drilled import put_scenario
from tests.serving import make_home
from tests.shell.test_drill_conduct import Director


@pytest.fixture
def director() -> Iterator[Director]:
    """A building that has a scenario, and a server."""
    home = make_home()
    put_scenario(home)
    made = Director(home)
    yield made
    made.stop()
    shutil.rmtree(home, ignore_errors=True)


def reported(home: Path, *words: str) -> Any:
    """Return the document of a report."""
    said = CliRunner().invoke(cli.main, ["--home", str(home), "report", "DR1", "--json", *words], prog_name="emergency")
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


def test_a_drill_that_was_paused_and_broken_off(director: Director, tmp_path: Path) -> None:
    """An unsafe act freezes it at once; the report has the pause as a band, the note as the first problem, the end as
    broken off, and the people of the book by their labels."""
    director.begins(observers=["gina"], **{"with": ["guard", "control_room", "boris"]})
    director.wait_for(b.InjectReleased, inject="I1")
    observed = director.does("observe", drill="DR1", by="gina", text="somebody ran", unsafe=True)
    assert observed["frozen"] is True
    assert director.does("show")["state"] == "paused"
    assert director.does("resume", by="anna")["state"] == "running"
    director.does("abort", by="anna", reason="rain")
    director.does("restored", who="alarm_centre", to="Ms Zhao", by="anna")

    doc = reported(director.home, "--output", str(tmp_path / "a.html"))

    assert doc["cover"]["kind"] == "full"
    assert doc["cover"]["drill"] is True
    assert doc["cover"]["over"] == "aborted"
    assert "pause" in [band["kind"] for band in doc["timeline"]["through"]]
    assert "abort" in [tick["kind"] for tick in doc["timeline"]["ticks"]]
    assert doc["problems"][0]["text"]["en"] == "unsafe act: somebody ran"
    assert any("alarm_centre" in line["text"]["en"] for line in doc["safety"])
    assert {line["status"] for line in doc["injects"]} >= {"released", "not_released"}
    page = (tmp_path / "a.html").read_text("utf-8")
    for secret in ("gina", "Gina", "Ms Zhao"):
        assert secret not in page


def test_a_drill_that_has_not_begun_is_not_reported(director: Director) -> None:
    """There is nothing to report yet, and that is what is said."""
    director.plans()
    said = CliRunner().invoke(cli.main, ["--home", str(director.home), "report", "DR1"], prog_name="emergency")

    assert (said.exit_code, "has not begun" in said.output) == (3, True)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_drill_that_came_to_its_end(director: Director, lang: str) -> None:
    """ENDEX by the director, with nobody who ever commanded: the first page is shown, in both languages."""
    director.begins(**{"with": ["guard"]})
    director.does("end", by="anna")
    words = ["--home", str(director.home), "--lang", lang, "report", "DR1"]
    said = CliRunner().invoke(cli.main, words, prog_name="emergency")

    assert said.exit_code == 0, said.output
    assert {"zh": "演练结束", "en": "ENDEX"}[lang] in said.output
