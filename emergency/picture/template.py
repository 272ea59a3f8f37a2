"""The plan to begin with: every line of it works, says what it is for, and wants to be changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

CODES = "ABCDEFGHJKLMNPQRSTUVWY"
"""The letters of plans: not I and O, which look like digits, nor X of drills and Z of tests."""
ROLL_CALL = "L"
"""The letter of roll calls. A plan may have it, for their codes are one space; a new one is offered it last."""
TEMPLATE = Path(__file__).with_name("new_plan.yaml")


def new_plan(id: str, code: str, title_zh: str, title_en: str) -> str:
    """Return the text of a plan called *id*."""
    text = TEMPLATE.read_text("utf-8")
    for mark, words in (
        ("ID_HERE", id),
        ("CODE_HERE", code),
        ("TITLE_ZH", quoted(title_zh)),
        ("TITLE_EN", quoted(title_en)),
    ):
        text = text.replace(mark, words)
    return text


def quoted(words: str) -> str:
    """Return *words* as one YAML scalar, whatever they hold."""
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def free_code(taken: Iterable[str], id: str) -> str | None:
    """Return a letter that no plan has, one of the id first; None when all are taken."""
    free = [code for code in CODES if code not in set(taken)]
    better = [code for code in free if code != ROLL_CALL]
    return next((letter for letter in id.upper() if letter in better), next(iter([*better, *free]), None))
