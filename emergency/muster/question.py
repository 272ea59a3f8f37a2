"""The question of a roll call as it goes out: the same few words to ten thousand people, put together at the end.

No name is in it, so that a row of the outbox may hold it as it stands.
"""

from __future__ import annotations

import msgspec

from emergency.core.incident import Incident
from emergency.core.languages import speaks
from emergency.core.templates import TEMPLATES
from emergency.core.values import Mode, Text, is_drill
from emergency.core.wording import answer, call_language, headline, wrap

KEYS = "1239"
"""The digits that a call takes: safe, I need help, I am not on site; 9 is a cry for help, as everywhere."""
AGAIN = (Text("", ""), TEMPLATES["roll_again"], TEMPLATES["roll_last"])
"""What stands before the question the first, the second and every further time."""


class Question(msgspec.Struct, frozen=True, kw_only=True, tag="roll", tag_field="form"):
    """One question to one person. round: 0 for the first time it is asked."""

    code: str
    language: str
    sign: str
    headline: str
    place: str
    round: int = 0
    two_way: bool = True

    def text(self, mode: Mode, link: str | None = None) -> str:
        """Return the SMS; with *link*, the address to answer at instead of the digits."""
        words = self._words() | {"again": AGAIN[min(self.round, 2)].of(self.language), "link": link or ""}
        return wrap(answer("roll", self.language, words), self.sign, self.language, mode)

    def call(self, mode: Mode) -> tuple[str, str]:
        """Return what a call says, and the digits it takes."""
        said = answer("voice_roll", self.language, self._words())
        if is_drill(mode):
            said = answer("voice_drill", self.language, {"body": said})
        return said, KEYS

    def _words(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("code", "sign", "headline", "place", "two_way")}


def as_said(asked: Question, incident: Incident, voices: frozenset[str] | None) -> Question:
    """Return the question in a language that a call can be made in: in English where no voice can say all of it."""
    words = (incident.now_in.headline or incident.playbook.title, incident.site.place(incident.place).short)
    mixed = not speaks(asked.language, (text.en for text in (*words, incident.site.signature)))
    language = call_language(asked.language, voices, mixed=mixed, kinds=())
    if language == asked.language:
        return asked
    return question(incident, asked.code, language, asked.round, two_way=asked.two_way)


def question(incident: Incident, code: str, language: str, round: int, *, two_way: bool) -> Question:
    """Return what somebody is asked in the roll call *code* of *incident*."""
    return Question(
        code=code, language=language, sign=incident.site.signature.of(language), round=round, two_way=two_way,
        headline=headline(incident, language), place=incident.site.place(incident.place).short.of(language),
    )  # fmt: skip
