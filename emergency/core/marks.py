"""Drill marks in words that are about to leave: whether they stand at both ends, and whether the words deny the drill.

Pure, and asked in the sending process itself. Nothing here trusts who wrote the words.
"""

from __future__ import annotations

import re
import unicodedata

from emergency.core.templates import END_MARK, MARK, TEMPLATES
from emergency.core.values import Channel

_SIGN = re.compile(r"【[^【】]*】|\[[^\[\]]*\] ?")
_HIDDEN = ("Cf", "Cc", "Cs", "Co")
"""Categories of characters that nobody sees, or that turn what follows round: a mark among them may be unreadable."""
DENIALS = (
    "thisisnotadrill", "notadrill", "nodrill", "isntadrill", "notanexercise", "noexercise", "notatest",
    "不是演练", "并非演练", "非演练", "不是演习", "并非演习", "非演习", "不是测试",
    "pasunexercice", "nestpasunexercice", "pasdunexercice",
)  # fmt: skip
"""What a drill must never say, in any language, without spaces and marks (FCC 2018, on the false alert of Hawaii: no
practice message holds the words "this is not a drill")."""


def bare(text: str) -> str:
    """Return *text* without case, width, accents, spaces and punctuation."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).casefold()
    return "".join(ch for ch in folded if ch.isalnum())


def denies_drill(text: str) -> bool:
    """Return whether *text* says that it is no drill."""
    said = bare(text)
    return any(each in said for each in DENIALS)


def hides_something(text: str) -> bool:
    """Return whether *text* holds characters that nobody sees; a line may break."""
    return any(unicodedata.category(ch) in _HIDDEN and ch not in "\n\r\t" for ch in text)


def is_marked(text: str, language: str, channel: Channel) -> bool:
    """Return whether a text or a call begins (a text: behind its signature) and ends with the drill mark of
    *language*, with words between them."""
    first, last = _marks(language, channel)
    body = _behind_signature(text, first) if channel == "sms" else text
    if not first.strip() or not last.strip() or not body.startswith(first) or not body.rstrip().endswith(last.rstrip()):
        return False
    return len(body.rstrip()) > len(first) + len(last.rstrip())


def begins_as_a_drill(text: str, language: str, channel: Channel) -> bool:
    """Return whether *text* begins as the words of a drill do in *language*, in Chinese or in English."""
    for each in {language, "zh", "en"}:
        first = _marks(each, channel)[0]
        if first.strip() and (text if channel == "voice" else _behind_signature(text, first)).startswith(first):
            return True
    return False


MARK_WORDS = ("演练", bare(MARK.en))
"""The words of the drill mark in the languages of the program, as `bare` leaves them."""
_WORD = re.compile(r"\bDRILL\b")


def bears_mark(words: str) -> bool:
    """Return whether the name under which a site sends holds the word of the drill mark, as it stands in one: all that
    it sends would look like practice, and the sender of what is real would refuse it."""
    text = unicodedata.normalize("NFKC", words)
    return MARK_WORDS[0] in bare(words) or bare(words) in MARK_WORDS or _WORD.search(text) is not None


def _marks(language: str, channel: Channel) -> tuple[str, str]:
    if channel == "sms":
        return MARK.of(language), END_MARK.of(language)
    first, _, last = TEMPLATES["voice_drill"].of(language).partition("{{body}}")
    return first, last


def _behind_signature(text: str, mark: str) -> str:
    """Return *text* behind its signature; a mark in brackets of its own is none."""
    if text.startswith(mark):
        return text
    sign = _SIGN.match(text)
    return text[sign.end() :] if sign is not None else text
