"""What a reply means to a roll call. Pure.

`L07 1` safe, `L07 2` I need help, `L07 3` I am not on site; or words. The words that answer an alert mean nothing here:
who writes `OK`, `收到` or `done` has read the message, and is asked again whether they are safe.
"""

from __future__ import annotations

import re

import msgspec

from emergency.core.replies import BARE, CODE, EDGES, QUOTED, WORDS, tidy
from emergency.muster.state import Answer

LETTER = "L"
"""Roll calls are L07, as a fire is F07; a drill's begin with X."""
KEYS: dict[str, Answer] = {"1": "safe", "2": "help", "3": "away", "9": "help"}
SAID: dict[str, Answer] = {
    **dict.fromkeys(
        ["安全", "我安全", "平安", "我平安", "没事", "我没事", "SAFE", "I AM SAFE", "I'M SAFE", "IM SAFE", "OUT SAFE"],
        "safe",
    ),
    **dict.fromkeys(["HELP ME", "I NEED HELP", "TRAPPED", "我被困", "被困", "救我"], "help"),
    **dict.fromkeys(
        ["不在", "我不在", "不在现场", "没上班", "休息", "NOT HERE", "NOT ON SITE", "NOT AT WORK", "OFF SITE", "AWAY"],
        "away",
    ),
    **dict.fromkeys([word for word, key in WORDS.items() if key == "9"], "help"),
}  # fmt: skip
"""Words in capitals that say it without a digit."""
OURS = re.compile(r"\+1平安|1 SAFE, 2")
"""Our own question, come back: a forwarded message. Whose word that is, nobody knows."""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What a text says to a roll call. answer: None when its code is named and nothing can be read.

    key: whether a digit said so. cry: key 9 or its words, heard by every incident of this person.
    words: what else was written.
    """

    answer: Answer | None
    key: bool = False
    cry: bool = False
    words: str = ""


def coded(text: str, code: str) -> tuple[Heard, str] | None:
    """Return what *text* says to the roll call *code*, and the text without that; None when the code is not in it."""
    tidied = tidy(text)
    found = re.search(rf"(?<![A-Z0-9]){code}(?:[\s+:.,\-]*(?P<key>[1-9])(?![0-9]))?(?![A-Z0-9])", tidied)
    if found is None:
        return None
    if OURS.search(tidied) or QUOTED.search(tidied):
        return Heard(answer=None), ""
    following = CODE.search(tidied, found.end())
    end = following.start() if following else len(tidied)
    said = tidied[found.end() : end].strip(EDGES + "+")
    left = f"{tidied[: found.start()]} {tidied[end:]}".strip()
    key = found["key"]
    if key is None:
        return _words(said), left
    if said and said in SAID and SAID[said] != KEYS.get(key):
        return Heard(answer=None, words=said), left  # "1 help me": nobody knows which of the two
    if said and said not in SAID and KEYS.get(key) != "help":
        return Heard(answer=None, words=said), left  # "3 people trapped" is no answer 3
    return Heard(answer=KEYS.get(key), key=True, cry=key == "9", words="" if said in SAID else said), left


def bare(text: str) -> Heard | None:
    """Return what a text without any code says to a roll call; None when it says nothing to one."""
    tidied = tidy(text)
    if CODE.search(tidied) or OURS.search(tidied) or QUOTED.search(tidied):
        return None
    if tidied in SAID:
        return _words(tidied)
    match = BARE.match(tidied)
    if match is None or match["key"] not in KEYS:
        return None
    rest = match["rest"].strip(EDGES + "+")
    if rest and SAID.get(rest) != KEYS[match["key"]]:
        return None
    return Heard(answer=KEYS[match["key"]], key=True, cry=match["key"] == "9")


def _words(said: str) -> Heard:
    return Heard(answer=SAID.get(said), cry=WORDS.get(said) == "9", words="" if said in SAID or said in WORDS else said)


def codes(text: str) -> tuple[str, ...]:
    """Return what in *text* may be the code of a roll call, as written and without its last digit (`L071`)."""
    found = (match["code"] for match in CODE.finditer(tidy(text)))
    return tuple(code for each in found if each.removeprefix("X")[0] == LETTER for code in (each, each[:-1]))
