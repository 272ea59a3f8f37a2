"""The room of the checker: values in, findings out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_architecture import PURE, ROOT, ids, modules, names, within

ROOM = sorted((ROOT / "emergency/check").glob("*.py"))


@pytest.mark.parametrize("path", ids(ROOM))
def test_the_checker_only_computes(path: Path) -> None:
    """It knows the core, the errors and the values of the roster; it opens nothing and prints nothing."""
    allowed = ("emergency.check", "emergency.core", "emergency.errors", "emergency.roster", "msgspec")
    for module in modules(path):
        assert within(module, *allowed) or module.split(".")[0] in PURE, module
    assert not {"open", "print", "input", "eval", "exec", "__import__"} & set(names(path))
