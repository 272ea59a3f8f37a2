"""Words that somebody would believe in a drill on real telephones."""

from __future__ import annotations

import pytest

from emergency.drills.scenarios.file import SHIPPED
from emergency.drills.scenarios.real_words import believed, denials


@pytest.mark.parametrize(
    "words",
    [
        "This is NOT a drill", "no drill anymore", "this is real", "it’s for real now", "This is not an exercise",
        "there is a real fire", "这不是演练", "这不是演习", "非演习", "这是真的!快跑", "真的着火了", "真着火了",
    ],
)  # fmt: skip
def test_who_denies_the_drill_or_claims_to_be_real_is_refused(words: str) -> None:
    """In both languages, and however it is written."""
    assert believed(words)


@pytest.mark.parametrize(
    "words",
    [
        "smoke on level 3 too", "is it true that somebody is hurt?", "it is really hot here", "三楼也有烟",
        "听说有人受伤，是不是真的？", "网友问:是真的吗", "test the doors",
    ],
)  # fmt: skip
def test_what_callers_say_passes(words: str) -> None:
    """A question whether it is true claims nothing."""
    assert not believed(words)


def test_no_shipped_scenario_says_so() -> None:
    """None of ours would be refused for its words."""
    assert not denials(line for path in sorted(SHIPPED.glob("*.yaml")) for line in path.read_text("utf-8").splitlines())
