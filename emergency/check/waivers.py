"""Waivers: a finding that somebody answers for, by name, with a reason, for a time.

`waivers.yaml` in the installation:

    waivers:
      - check: R03
        plan: fire
        path: roles.engineering        # optional: this value and what lies within it; lines of a list count from 1
        name: Zhao Gang                # who answers for it
        reason: a second licence is being trained
        until: 2026-12-31              # the last day it holds
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from emergency.core.check import Finding, Path
from emergency.core.values import Text

FIELDS = ("check", "plan", "path", "name", "reason", "until")
NEEDED = ("check", "plan", "name", "reason", "until")


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """One waiver. plan: the id of a plan, or `site`, or `roster`. at: where it stands in its file."""

    check: str
    plan: str
    name: str
    reason: str
    until: date
    path: str = ""
    at: Path = ()

    def covers(self, plan: str, finding: Finding) -> bool:
        """Return whether it speaks of this finding of *plan*."""
        where = dotted(finding.path)
        inside = not self.path or where == self.path or where.startswith(self.path + ".")
        return self.check == finding.id and self.plan == plan and inside


def dotted(path: Sequence[str | int]) -> str:
    """Return a path as people write it: lines of a list are counted from 1."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)


def read_waivers(data: Any, today: date) -> tuple[list[Waiver], list[Finding]]:
    """Return the waivers in *data* (the plain values of the file) that hold today, and what is wrong with the rest."""
    lines = data.get("waivers") if isinstance(data, Mapping) else None
    if not isinstance(lines, list):
        return [], [_wrong((), "a list `waivers` is missing", "缺少 waivers 列表")]
    good: list[Waiver] = []
    found: list[Finding] = []
    for index, line in enumerate(lines):
        at: Path = ("waivers", index)
        wrong = _mistakes(line, at)
        if wrong:
            found += wrong
            continue
        waiver = Waiver(**{**line, "until": date.fromisoformat(line["until"])}, at=at)
        if waiver.until < today:
            found.append(_expired(waiver))
        else:
            good.append(waiver)
    return good, found


def _mistakes(line: Any, at: Path) -> list[Finding]:
    if not isinstance(line, Mapping):
        return [_wrong(at, "a waiver is a mapping of " + ", ".join(FIELDS), "豁免应写明 " + "、".join(FIELDS))]
    found = [
        _wrong(at, f"a waiver needs '{word}'", f"豁免缺少 {word}")
        for word in NEEDED
        if not str(line.get(word) or "").strip()
    ]
    found += [_wrong((*at, word), f"'{word}' is unknown here", f"不认识 {word}") for word in line if word not in FIELDS]
    found += [
        _wrong((*at, word), f"'{word}' is one line of text", f"{word} 应是一行文字")
        for word in FIELDS
        if not isinstance(line.get(word, ""), str)
    ]
    if not found and _a_day(line["until"]) is None:
        found.append(_wrong((*at, "until"), f"'{line['until']}' is no day; write 2026-12-31", "日期应写作 2026-12-31"))
    return found


def _a_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _wrong(at: Path, says: str, zh: str) -> Finding:
    return Finding(path=at, id="W01", says=says, zh=zh)


def _expired(waiver: Waiver) -> Finding:
    return Finding(
        path=(*waiver.at, "until"),
        id="W02",
        says=f"the waiver of {waiver.check} in '{waiver.plan}' ended on {waiver.until}; what it covered counts again",
        zh=f"{waiver.plan} 的 {waiver.check} 豁免已于 {waiver.until} 到期,不再有效",
        fix=Text("改正问题,或由负责人重新签署", "mend what it covered, or let somebody answer for it anew"),
    )


def not_needed(waivers: Sequence[Waiver], used: Sequence[Waiver], known: Callable[[Waiver], bool]) -> list[Finding]:
    """Return the waivers that cover nothing. *known*: whether that check was run on that plan."""
    return [
        Finding(
            path=waiver.at,
            id="W03",
            severity="warning",
            says=f"the waiver of {waiver.check} in '{waiver.plan}' covers nothing",
            zh=f"{waiver.plan} 的 {waiver.check} 豁免已无对应的问题",
            fix=Text("删去这条豁免", "take the waiver out"),
        )
        for waiver in waivers
        if waiver not in used and known(waiver)
    ]
