"""What the tests of forecasts share: the sample mall, its people, and settings of shipped plans."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner

import cli
from emergency.core.playbook import Milestone
from emergency.core.values import Text
from emergency.drills.players.model import read_model
from emergency.forecast.case import Setting
from emergency.forecast.question import Question, Wanted
from emergency.forecast.sample import Sample
from emergency.match import find_place
from tests.scenarios.scene import NOON, PLACES, sample_roster, sample_site, shipped_plans

LIFT = "elevator_entrapment"


def setting(plan: str = LIFT, begins: datetime = NOON, **more: Any) -> Setting:
    """Return a shipped plan in the sample mall."""
    return Setting(
        plan=shipped_plans()[plan],
        site=sample_site(),
        place=find_place(PLACES[plan], shipped_plans()[plan], sample_site()).id,
        begins=begins,
        roster=sample_roster(),
        model=read_model(None),
        **more,
    )


def question(*roles: str, milestones: dict[str, float] | None = None, horizon: float = 600) -> Question:
    """Return a question about roles of one head each, and milestones with their targets in seconds."""
    return Question(
        roles=tuple(Wanted(role=role, heads=1, of=1) for role in roles),
        milestones=tuple(
            Milestone(name=name, title=Text(name, name), within=timedelta(seconds=within), source="practice", step=name)
            for name, within in (milestones or {}).items()
        ),
        horizon=timedelta(seconds=horizon),
    )


def sample(run: int, *roles: float | None, milestones: tuple[float | None, ...] = (), **more: Any) -> Sample:
    """Return a run made by hand."""
    return Sample(run=run, roles=roles, milestones=milestones, answered=((),) * len(roles), **more)


def typed(home: Path, *words: str, lang: str = "en") -> Any:
    """Type `emergency drill forecast ...`."""
    env = {"EMERGENCY_HOME": str(home), "EMERGENCY_LANG": lang}
    return CliRunner().invoke(cli.main, ["drill", "forecast", *words], env=env, prog_name="emergency")
