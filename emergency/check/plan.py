"""prove(): everything that can be said of one plan before it has to be run."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from emergency.check import graph
from emergency.check.explore import LIMIT, Exploration, Explored
from emergency.check.times import Reached, Silence, Times
from emergency.core.check import Finding
from emergency.core.playbook import Playbook
from emergency.core.site import Site

GRAVITY = {"error": 0, "warning": 1, "info": 2}


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, how far was looked, the milestones, and where silence leads from each state."""

    findings: tuple[Finding, ...]
    explored: Explored
    milestones: tuple[Reached, ...] = ()
    silence: tuple[Silence, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the plan is proved: no error was found, and nothing was left out."""
        return self.explored.whole and not any(finding.severity == "error" for finding in self.findings)


NAMES = ("P", "M02")
"""How the ids of mistakes begin that leave a name or a value meaning nothing."""


def provable(findings: Iterable[Finding]) -> bool:
    """Return whether a plan of which *findings* were made is one that can be explored: its names all mean something."""
    return not any(f.severity == "error" and f.id.startswith(NAMES) for f in findings)


def prove(plan: Playbook, site: Site, limit: int = LIMIT) -> Proof:
    """Return what the drawing of *plan*, its every situation and its times show. For a plan whose names are right: when
    what `check_playbook` found is `provable`.

    Args:
        limit: the most situations of one state that are looked at.
    """
    if not plan.states:
        return Proof(findings=(), explored=Explored(0, 0, 0, limit, True))
    explored = Exploration(plan, site, limit)
    times = Times(explored, site)
    found = [*graph.findings(plan, site), *explored.findings(), *times.findings()]
    order = {state.name: n for n, state in enumerate(plan.states)}
    silence = [times.silence(name) for name in sorted(explored.reached, key=lambda each: order[each])]
    return Proof(
        findings=_once(found),
        explored=explored.explored,
        milestones=tuple(times.milestones()),
        silence=tuple(each for each in silence if each is not None),
    )


def _once(found: list[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, the gravest first; of one place and one kind the first alone."""
    kept: dict[tuple[object, ...], Finding] = {}
    for finding in sorted(found, key=lambda each: GRAVITY[each.severity]):
        kept.setdefault((finding.path, finding.id, finding.says), finding)
    return tuple(kept.values())
