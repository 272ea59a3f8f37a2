"""One plan, all checks: the words, the people, and what can be proved of its course."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from emergency.check.waivers import Waiver
from emergency.core.check import Finding, Path, check_playbook
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.roster import Roster

if TYPE_CHECKING:
    from emergency.check.plan import Proof

Place = Callable[[Path], tuple[str, int]]
"""Names the file and the line of a path."""
ORDER = ("error", "warning", "info")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A finding and where it stands. plan: the id of the plan; `site`, `roster` or `waivers` for what is of none.

    waiver: who answers for it, or None.
    """

    plan: str
    finding: Finding
    file: str
    line: int
    waiver: Waiver | None = None

    @property
    def counts(self) -> str:
        """How much it weighs: error, warning, info, or waived."""
        return "waived" if self.waiver is not None else self.finding.severity


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one plan. proof: None when only the lint was run."""

    plan: str
    findings: tuple[Found, ...]
    proof: Proof | None = None


def check_plan(
    plan: Playbook,
    site: Site,
    roster: Roster | None,
    day: date,
    others: Iterable[Playbook] = (),
    *,
    quick: bool = False,
    link: str = "",
) -> tuple[list[Finding], Proof | None]:
    """Return everything found of *plan*, gravest first, and what was proved of it.

    Args:
        day: the first of the thirty days for which the people are checked.
        others: plans that may be under way at the same time.
        roster: None when nobody is known; then nothing is said of people.
        quick: the lint alone.
        link: an address as long as those in messages to who cannot text back; empty where there are none.
    """
    found = [finding for finding in check_playbook(plan, site) if finding.severity != "error"]  # an error refuses it
    if quick:
        return _sorted(found), None
    from emergency.check.messages import check_messages
    from emergency.check.people import check_people, collisions, held_together
    from emergency.check.plan import prove

    together = held_together(plan, site, roster, day) if roster is not None else ()
    found += check_messages(plan, site, roster, together, link)
    if roster is not None:
        found += check_people(plan, site, roster, day)
        found += collisions(plan, [other for other in others if other.id != plan.id], site, roster, day)
    proof = prove(plan, site)
    known = {(finding.id, finding.path) for finding in found}
    found += [finding for finding in proof.findings if (finding.id, finding.path) not in known]
    return _sorted(found), proof


def _sorted(found: Sequence[Finding]) -> list[Finding]:
    return sorted(found, key=lambda finding: (ORDER.index(finding.severity), finding.id))


def located(plan: str, findings: Iterable[Finding], place: Place, waivers: Sequence[Waiver]) -> list[Found]:
    """Return the findings with file and line, and with the waiver that covers each."""
    out = []
    for finding in findings:
        file, line = place(finding.path)
        waiver = next((each for each in waivers if each.covers(plan, finding)), None)
        out.append(Found(plan=plan, finding=finding, file=file, line=line, waiver=waiver))
    return out
