"""Whether a scenario can be played here: what the check finds without playing it, asked once more before a drill.

`drill check` is asked for by people, and people forget. A plan, a roster or a site may also have changed since.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from emergency.core.check import Finding
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.drills.scenario import Scenario
from emergency.drills.scenarios.check import Known, check_scenario
from emergency.drills.scenarios.checked import revision_of
from emergency.drills.scenarios.file import read_with_lines
from emergency.errors import Mistakes, Problem
from emergency.roster import Roster
from emergency.yaml_file import YamlFile

OF_TELEPHONES = frozenset({"S05", "S06", "S11"})
"""Checks about drills on real telephones; played people need no notice and take no harm."""
NO_EFFECT = "S01"


def refuse_unfit(
    scenario: Scenario, site: Site, roster: Roster, plans: Mapping[str, Playbook], leave: Collection[str] = ()
) -> None:
    """Refuse a scenario that names what is not here, or is for another revision of its plan.

    Args:
        leave: ids of checks that do not matter for this drill.

    Raises:
        Mistakes: everything at once, each with its file and line and what to do.
    """
    found = check_scenario(scenario, known_here(scenario, site, roster, plans))
    wrong = [each for each in found if each.severity == "error" and each.id not in leave]
    if wrong:
        file = _file(scenario, site)
        raise Mistakes(sorted(_problem(each, scenario, file) for each in wrong))


def known_here(scenario: Scenario, site: Site, roster: Roster, plans: Mapping[str, Playbook]) -> Known:
    """Return what *scenario* is checked against, with who is there when it begins."""
    from emergency.roster import members
    from emergency.roster.team import Reach

    plan = plans.get(scenario.playbook)
    return Known(
        site=site,
        plans=plans,
        revision=revision_of(plan) if plan is not None else "",
        people=frozenset(roster.people),
        team={m.id: m for m in members(roster, site, scenario.begins, Reach(), {})},
    )


def _file(scenario: Scenario, site: Site) -> YamlFile | None:
    """Return the file with its lines; None where it is gone: the scenario was kept when the drill was planned."""
    try:
        return read_with_lines(Path(scenario.path).read_bytes(), scenario.path, site)[1]
    except (OSError, Mistakes):
        return None


def _problem(finding: Finding, scenario: Scenario, file: YamlFile | None) -> Problem:
    says = finding.says if finding.fix is None else f"{finding.says}; {finding.fix.en}"
    zh = finding.zh if finding.fix is None or not finding.zh else f"{finding.zh};{finding.fix.zh}"
    if file is None:
        return Problem(file=Path(scenario.path).name or scenario.id, line=0, says=says, id=finding.id, zh=zh)
    return file.problem(finding.path, says, finding.id, zh)
