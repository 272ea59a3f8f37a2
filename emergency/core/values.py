"""Small values that every room shares: words in two languages, severity, kind of incident."""

from __future__ import annotations

from enum import Enum
from typing import Literal

import msgspec

from emergency.core.languages import translated

Language = Literal["zh", "en"]
Mode = Literal["real", "drill", "live_drill"]
"""What an incident is, from its birth to its end: real; practice that reaches no telephone (simulated, at a table, on
the screen); practice on real telephones, whose every message bears the drill mark and passes the gate."""
Channel = Literal["sms", "voice"]


def is_drill(mode: Mode) -> bool:
    """Return whether an incident or a message of this kind is practice, on whatever telephones."""
    return mode != "real"


class Text(msgspec.Struct, frozen=True):
    """The same words in both languages; a missing one is a mistake that the loader refuses."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """Return the words in *language*: Chinese, English, those of its catalogue; else the English ones."""
        if language == "zh":
            return self.zh
        return self.en if language == "en" else translated(self.en, language) or self.en


class Severity(Enum):
    """How grave an incident is. A colour, never a bare number: Chinese scales count both ways
    (Emergency Response Law art. 63: 1 is the gravest; GB/T 38315: 1 is the lightest)."""

    blue = "blue"
    yellow = "yellow"
    orange = "orange"
    red = "red"

    rank: int
    """1 for blue to 4 for red; for comparing and sorting alone."""

    def __init__(self, colour: str) -> None:
        self.rank = ("blue", "yellow", "orange", "red").index(colour) + 1

    def __lt__(self, other: Severity) -> bool:
        return self.rank < other.rank

    def __le__(self, other: Severity) -> bool:
        return self.rank <= other.rank

    def __gt__(self, other: Severity) -> bool:
        return self.rank > other.rank

    def __ge__(self, other: Severity) -> bool:
        return self.rank >= other.rank


SEVERITY_WORDS: dict[Severity, Text] = {
    Severity.blue: Text("蓝色", "blue"),
    Severity.yellow: Text("黄色", "yellow"),
    Severity.orange: Text("橙色", "orange"),
    Severity.red: Text("红色", "red"),
}
