"""What an incident refuses is said in both languages: why, and the way round."""

from __future__ import annotations

from typing import Any

import pytest

from emergency.engine import Engine
from emergency.errors import CommandRefused
from emergency.verbs import Desktop, perform
from tests.installation import sample

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("transition", {"to": "controlled"}, "'controlled' is not possible yet from 'reported'", "还不能从“已接报”进入“"),
    (
        "transition",
        {"to": "controlled"},
        "or override: emergency transition F01",
        "或强制:emergency transition F01",
    ),
    ("stand-down", {}, "these lines are not confirmed:", "还不能解除,这几项没有确认:"),
    ("stand-down", {}, "(or --check all)", "(或 --check all)"),
    ("severity", {"level": "blue"}, "lowering the level needs a reason", "降低级别要写理由"),
    (
        "assign",
        {"role": "command", "person": "ma_liang", "by": "cai_qiang"},
        "does not command F01",
        "不是 F01 的指挥",
    ),
]


@pytest.fixture(scope="module")
def fire(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desktop, Engine]:
    """A fire, F01, in orange; nothing here changes it."""
    app = sample(tmp_path_factory.mktemp("refused"))
    engine = app.engine()
    perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12", "severity": "orange"})
    return app.desktop, engine


@pytest.mark.parametrize(("verb", "args", "en", "zh"), REFUSED)
def test_refused(fire: tuple[Desktop, Engine], verb: str, args: dict[str, Any], en: str, zh: str) -> None:
    """The sentence a duty manager acts on at three in the morning."""
    with pytest.raises(CommandRefused) as caught:
        perform(*fire, verb, {"code": "F01", **args})
    assert en in caught.value.of("en")
    assert zh in caught.value.of("zh")
