"""What a translation may be: the same values in the same places, one line, no longer than fits, and no code.

A catalogue is a file from elsewhere. Its templates are rendered, so whatever a template says beside plain words must
stand in the English one as well, in the same order.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

from emergency.core.braces import NAMED
from emergency.core.marks import denies_drill
from emergency.core.replies import OPT_OUT, is_opt_out
from emergency.core.templates import END_MARK, MARK, TEMPLATES
from emergency.core.values import Text
from emergency.core.wording import FRAME

TAG = re.compile(r"\{%.*?%\}", re.DOTALL)
VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")
"""Characters that turn the direction of what follows, or break a line without looking so."""
LEAST_ROOM, ROOM_FACTOR = 20, 2
"""A translation has at most twice the characters of the English words and 20 more (practice: short words grow most)."""
KEYWORDS = frozenset({*OPT_OUT, "ARRET", "ARRÊT"})
"""In capitals within a text they invite people to have themselves struck off (Twilio, advanced opt-out)."""
BOTH_ENDS = frozenset(TEMPLATES[name].en for name in ("voice_drill", "test", "voice_test", "still", "voice_still"))
"""Templates that are marked at both ends by their own words."""
MARKS = frozenset({MARK.en, END_MARK.en})
NEEDED = {MARK.en: Text("演练标记", "the drill mark"), END_MARK.en: Text("结尾的演练标记", "the drill mark at the end"),
          TEMPLATES["voice_drill"].en: Text("电话里的演练声明", "the words that mark a drill in a call")}  # fmt: skip
"""Without these no word of a language is used: a drill could be taken for real."""

_TEMPLATES = frozenset(text.en for text in TEMPLATES.values())


def longest(english: str) -> int:
    """Return how many characters a translation of these words may have."""
    return len(english) * ROOM_FACTOR + LEAST_ROOM


def faults(english: str, words: str) -> Iterator[Text]:
    """Yield what keeps *words* from standing for the English ones."""
    if english == TEMPLATES[FRAME].en and words != english:
        yield Text("签名和标记的框架不能改", "the frame of signature and marks stays as it is")
        return
    if not _one_line(words):
        yield Text("只能是一行,不能有控制字符或改变方向的字符", "is one line without control or direction characters")
    if len(words) > longest(english):
        yield Text(
            f"有 {len(words)} 个字符,最多 {longest(english)} 个",
            f"has {len(words)} characters, at most {longest(english)}",
        )
    if _edges(english) != _edges(words):
        yield Text("首尾空格要与英文一致", "begins and ends with other spaces than the English words")
    yield from _other_values(english, words)
    if is_opt_out(words) or KEYWORDS & set(re.findall(r"\w+", words)) - set(re.findall(r"\w+", english)):
        yield Text("含有运营商的退订词", "holds a word that carriers take as `never write to me again`")
    if denies_drill(words) and not denies_drill(english):
        yield Text("说了“不是演练”;演练中也会发出", "says that this is no drill, and would be sent in a drill too")
    if english in BOTH_ENDS and not all(map(_has_letters, _ends(words))):
        yield Text("首尾都要有标记的话", "must be marked by words of its own at both ends")
    if english in MARKS and not _has_letters(words):
        yield Text("演练标记里没有字", "the drill mark holds no letters")


def looks_like_a_drill(english: str, words: str, mark: str) -> bool:
    """Return whether *words* bear the drill mark of their language although the English ones are no mark."""
    word = mark.strip()
    return bool(word) and word in words and english.strip() != MARK.en.strip() and english not in BOTH_ENDS


def _one_line(words: str) -> bool:
    return not any(unicodedata.category(ch) in ("Cc", "Cs", "Co") or ch in OVERRIDES for ch in words)


def _edges(words: str) -> tuple[str, str]:
    return words[: len(words) - len(words.lstrip())], words[len(words.rstrip()) :]


def _other_values(english: str, words: str) -> Iterator[Text]:
    """Yield whether other values are named than in the English words, or others in another place of the template."""
    shape = _parts if english in _TEMPLATES else _named
    if shape(english) == shape(words):
        return
    wanted = ", ".join(sorted(_tokens(english) - _tokens(words))) or "-"
    extra = ", ".join(sorted(_tokens(words) - _tokens(english)))[:80] or "-"
    yield Text(
        f"要填的值与英文不同(缺:{wanted};多:{extra})",
        f"names other values than the English words, or elsewhere (missing: {wanted}; too much: {extra})",
    )


def _parts(template: str) -> list[Any]:
    """Return a template piece by piece: the tag before it, the values it names, and whether a brace is left over."""
    tags = ["", *TAG.findall(template)]
    pieces = TAG.split(template)
    return [
        (tag, Counter(VALUE.findall(piece)), bool(set("{}") & set(VALUE.sub("", piece))))
        for tag, piece in zip(tags, pieces, strict=True)
    ]


def _named(text: str) -> list[Any]:
    """Return the values that a text of a plan names, and the braces left over: those stand for themselves."""
    left = NAMED.sub("", text)
    return [Counter(m[0] for m in NAMED.finditer(text)), Counter(ch for ch in left if ch in "{}")]


def _tokens(text: str) -> set[str]:
    return {*TAG.findall(text), *VALUE.findall(text), *(m[0] for m in NAMED.finditer(VALUE.sub("", text)))}


def _ends(template: str) -> tuple[str, str]:
    pieces = re.split(r"\{%.*?%\}|\{\{.*?\}\}", template)
    return pieces[0], pieces[-1]


def _has_letters(words: str) -> bool:
    return any(ch.isalpha() for ch in words)
