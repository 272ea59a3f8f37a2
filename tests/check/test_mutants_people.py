"""The checks of words and people are checked: what a program breaks, they must see, and say where.

`MUTANTS=all` breaks everything in every way; without it a fixed sample of each way is taken.
"""

from __future__ import annotations

import os
import random

import pytest

from emergency.check.messages import check_messages
from emergency.check.people import check_people
from tests.check.mutants_people import DAY, WAYS, Broken
from tests.scenarios.scene import sample_roster, sample_site, shipped_plans

EACH = 12
"""Mutants of each kind in a sample."""


def sample(name: str) -> list[Broken]:
    """Return the mutants of one kind that are tried."""
    site, people = sample_site(), sample_roster()
    found = [broken for plan in shipped_plans().values() for broken in WAYS[name](plan, site, people)]
    if os.environ.get("MUTANTS") == "all" or len(found) <= EACH:
        return found
    return random.Random(name).sample(found, EACH)


@pytest.mark.parametrize("name", WAYS)
def test_what_is_broken_is_found(name: str) -> None:
    """Every mutant is found by the check whose business it is, at the very words or role that were broken."""
    tried = sample(name)
    missed = []
    for broken in tried:
        words = any(id.startswith("M") for id in broken.ids)
        if words:
            found = check_messages(broken.plan, broken.site, broken.roster)
        else:
            found = check_people(broken.plan, broken.site, broken.roster, DAY)
        if not any(f.id in broken.ids and f.path == broken.at for f in found):
            missed.append(f"{broken.plan.id} {'.'.join(map(str, broken.at))}")

    assert len(tried) >= 10
    assert missed == []
