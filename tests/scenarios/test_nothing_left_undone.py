"""After every decision all that could follow has followed: what may be skipped is skipped, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from emergency.core import flow
from emergency.core.decide import QUIET
from emergency.core.draft import Draft
from emergency.core.incident import Incident, fold
from emergency.drills.players.model import profiles, read_model
from emergency.drills.players.played import Played
from emergency.drills.rehearsals.memory import Batch
from emergency.drills.rehearsals.rehearsal import Rehearsal
from tests.rehearsing import stage, team
from tests.scenarios.scene import NOON, PLACES


@pytest.mark.parametrize("playbook", [pytest.param(name, id=name) for name in PLACES])
def test_asking_again_after_any_decision_brings_nothing(playbook: str) -> None:
    """Most decisions do not ask what may follow from them (calls, answers): had they asked, nothing would have come."""
    here = stage(playbook)
    people = Played(read_model(), profiles(team(NOON)[0], NOON, here.site), seed=3)
    rehearsal = Rehearsal(here, people, seed=3)
    rehearsal.run(timedelta(hours=2))

    incidents: dict[str, Incident | None] = {}
    asked = 0
    for batch in rehearsal.store.batches:
        before = incidents.get(batch.incident)
        after = incidents[batch.incident] = fold([(event, batch.at) for event in batch.events], before)
        if after is not None and not after.armed and not _waits_for_time(after, batch):
            again = Draft(after, batch.at)
            flow.settle(again)
            assert again.events == [], batch
            asked += 1
    assert asked >= 15


def _waits_for_time(incident: Incident, batch: Batch) -> bool:
    """Whether the wake-up of this very moment is still to come; only what asks for nothing at all leaves it waiting."""
    due = incident.timers.get(flow.CHECK)
    if due is None or due > batch.at:
        return False
    assert all(type(event) in QUIET for event in batch.events), batch
    return True
