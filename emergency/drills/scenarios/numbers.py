"""Telephone numbers have no place in a scenario, and none in what is said about one: errors are pasted."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from emergency.core.check import Finding
from emergency.errors import Mistakes, Problem

REVISION = r"(?P<revision>(?<![0-9a-z])(?=[0-9]*[a-f])[0-9a-f]{12}(?![0-9a-z]))"
NUMBER = re.compile(REVISION + r"|(?<!\d)(?!\d{4}-\d\d-\d\d(?!\d))[+(]*\d(?:[\s().\-]{0,2}\d){6,}")
"""Seven digits or more, with marks between them (E.164: at most 15; what is longer is hidden as well). No date, and no
revision of a plan."""
HIDDEN = "[☎]"


def hide(text: str) -> str:
    """Return *text* without what looks like a telephone number."""
    return NUMBER.sub(lambda found: found["revision"] or HIDDEN, text)


def hidden(problems: Iterable[Problem]) -> Mistakes:
    """Return the mistakes of a file, without the numbers that stand in it."""
    return Mistakes([replace(problem, says=hide(problem.says), zh=hide(problem.zh)) for problem in problems])


def hidden_finding(finding: Finding) -> Finding:
    """Return a finding without the numbers of the file it is about."""
    return replace(finding, says=hide(finding.says), zh=hide(finding.zh))
