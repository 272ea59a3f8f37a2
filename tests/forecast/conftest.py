"""One forecast of everything that can be asked, typed once for all tests that read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cli
from tests.forecast.scenery import typed


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample mall, installed once."""
    path = tmp_path_factory.mktemp("home")
    made = CliRunner().invoke(cli.main, ["init", "--sample"], env={"EMERGENCY_HOME": str(path)})
    assert made.exit_code == 0, made.output
    return path


@pytest.fixture(scope="session")
def document(home: Path) -> dict[str, Any]:
    """Everything that can be asked, of a trapped lift; what the figures do is filled in, for it takes long."""
    said = typed(
        home, "elevator_entrapment", "--place", "lift 2", "--at", "2026-03-01T12:00", "--runs", "6", "--who",
        "--what-if", "--week", "--without", "peng_fei", "--role", "engineering", "--cores", "1", "--within", "2m",
        "--json",
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    found: dict[str, Any] = json.loads(said.stdout)
    swing = {"p": 0.5, "low": 0.4, "high": 0.6, "n": 6}
    moves = {"delta": 0.2, "low": 0.1, "high": 0.3, "n": 6, "noise": False}
    still = {**moves, "delta": 0.0, "low": -0.1, "noise": True}
    ends = {"assumed": True, "low": swing, "high": swing, "at_high": still}
    found["assumptions"]["tornado"] = [
        {"figure": "answers_call", "at_low": moves, **ends},
        {"figure": "ring_s", "at_low": still, **ends},
    ]
    return found
