"""The checker is checked: shipped plans are broken by a program in many ways, and it must say where.

`MUTANTS=all` breaks every plan in every way there is; without it a fixed sample of each way is taken.
"""

from __future__ import annotations

import os
import random
from collections import Counter

from emergency.check.plan import provable, prove
from emergency.core.check import Finding, check_playbook
from tests.check import shipped
from tests.check.mutants import MUTATORS, Mutant

EACH = 6
"""Mutants of each kind in a sample."""
LEAST = 0.95


def every(kind: str):
    """Every mutant of one kind, with the plan it was made from."""
    for id in shipped.IDS:
        for mutant in MUTATORS[kind](shipped.plan(id), shipped.proof(id)):
            yield id, mutant


def sample(kind: str) -> list[tuple[str, Mutant]]:
    """The mutants of one kind that are tried: the same ones every time, or all of them."""
    found = list(every(kind))
    if os.environ.get("MUTANTS") == "all" or len(found) <= EACH:
        return found
    return random.Random(kind).sample(found, EACH)


def new_findings(id: str, mutant: Mutant) -> list[Finding]:
    """What the checker says of the mutant and not of the plan it was made from."""
    before = check_playbook(shipped.plan(id), shipped.site()) + list(shipped.proof(id).findings)
    known = {(f.path, f.id, f.says) for f in before}
    lint = check_playbook(mutant.plan, shipped.site())
    found = [f for f in lint if (f.path, f.id, f.says) not in known]
    if provable(lint):
        found += [f for f in prove(mutant.plan, shipped.site()).findings if (f.path, f.id, f.says) not in known]
    return found


def names_the_place(finding: Finding, mutant: Mutant) -> bool:
    """Whether the finding stands within what was broken, in its state, or in another right place."""
    places = [mutant.at, *([mutant.at[:2]] if mutant.at[0] == "states" else []), *mutant.also]
    return any(finding.path[: len(place)] == place for place in places)


def test_the_checker_finds_what_is_broken():
    """Of all that is broken at least 95 in 100 are found, in the right place; whatever is missed is named."""
    tried: Counter[str] = Counter()
    missed: list[str] = []
    for kind in MUTATORS:
        for id, mutant in sample(kind):
            tried[kind] += 1
            if not any(names_the_place(f, mutant) for f in new_findings(id, mutant)):
                missed.append(f"{kind}: {id} {'.'.join(map(str, mutant.at))}")
    total = sum(tried.values())
    assert total >= 120, tried
    assert all(tried.values()), [kind for kind in tried if not tried[kind]]
    assert len(missed) <= (1 - LEAST) * total, f"{len(missed)} of {total} missed\n" + "\n".join(missed)
    if os.environ.get("MUTANTS"):
        print(f"{total - len(missed)} of {total} found", *missed, sep="\n")
