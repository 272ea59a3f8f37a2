"""What a reply means: a code, a letter and a key; or a bare key; or noise.

Keys are the same everywhere: 1 received, 2 done or on the spot, 3 cannot, 4 to 8 the answers of a decision as
printed, 9 I need help. Full-width digits, quotes and trailing marks are forgiven; one text may hold several replies.
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

CODE = re.compile(
    r"(?<![A-Z0-9])(?P<code>X?[A-HJ-NP-WY][0-9]{2,4})(?P<letter>[A-HJ-NP-Y]{0,2}?)"
    r"(?:[\s+:.,\-]*(?P<key>[1-9])(?![0-9]))?(?![A-Z0-9])"
)
BARE = re.compile(r"^\+?(?P<key>[1-9])(?![0-9])(?P<rest>.*)$", re.DOTALL)

WORDS: dict[str, str] = {
    **dict.fromkeys(
        [
            "收到",
            "好",
            "好的",
            "知道了",
            "明白",
            "OK",
            "OKAY",
            "RECEIVED",
            "ROGER",
            "GOT IT",
            "COPY",
            "ACK",
            "ON MY WAY",
        ],
        "1",
    ),
    **dict.fromkeys(
        ["到", "到了", "到场", "已到", "完成", "已完成", "做完了", "DONE", "ARRIVED", "ON SITE", "FINISHED"], "2"
    ),
    **dict.fromkeys(["不能", "来不了", "去不了", "不行", "CANNOT", "CAN'T", "CANT", "CAN NOT", "UNABLE"], "3"),
    **dict.fromkeys(
        [
            "求助",
            "救命",
            "救命啊",
            "救我",
            "快救我",
            "需要帮助",
            "需要救援",
            "NEED HELP",
            "I NEED HELP",
            "WE NEED HELP",
            "HELP ME",
            "HELP US",
            "SEND HELP",
            "MAYDAY",
            "SOS",
        ],
        "9",
    ),
}
OPT_OUT = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
"""Words that carriers take as `never write to me again` (Twilio, advanced opt-out). They are never ours."""
MARKS = ("Mn", "Me")
"""Marks on other characters: the keycap of a digit that was picked as an emoji."""
QUOTED = re.compile(r"\+1收到[23、,]|\+1收到[4-8]|1 GOT IT, [2-8]|1 GOT ALL")
"""Our own hint, come back: a forwarded message, or a telephone's `Liked "..."`. Whose word that is, nobody knows."""
APART = re.compile(r"(?<![A-Z0-9])X[\s+:.,\-]+(?=[A-HJ-NP-WY][0-9]{2})")
"""The X of a drill's code that stands apart from it: else who answers a drill would answer what is real."""
LIKE_X = str.maketrans(dict.fromkeys("\u0425\u03a7\u00d7\u2715\u2716", "X"))
"""Cyrillic and Greek letters and signs that keyboards put for the X with which the codes of drills begin."""
LONGEST = 1600
EDGES = " \t\r\n'\"“”‘’「」『』()（）[]【】<>。.,，!！?？;；:：、~"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One answer found in a text. code and letter name a step; `key` is None when the words say none of ours.

    rest: what else was written.
    """

    code: str | None = None
    letter: str = ""
    key: str | None = None
    rest: str = ""


def tidy(text: str) -> str:
    """Return *text* with compatible characters folded (full-width digits become digits), in capitals, edges trimmed."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST]).upper().translate(LIKE_X)
    plain = "".join(ch for ch in folded if (ch.isprintable() or ch.isspace()) and unicodedata.category(ch) not in MARKS)
    return APART.sub("X", plain.strip(EDGES))


def is_opt_out(text: str) -> bool:
    """Return whether a carrier takes the text as an order never to write again."""
    return tidy(text) in OPT_OUT


def parse(text: str) -> tuple[Reply, ...]:
    """Return the answers in *text*, in order; an empty tuple when nothing in it reads as one."""
    tidied = tidy(text)
    if QUOTED.search(tidied):
        return ()
    codes = list(CODE.finditer(tidied))
    if codes:
        return tuple(_coded(tidied, codes, n) for n in range(len(codes)))
    if tidied in WORDS:
        return (Reply(key=WORDS[tidied]),)
    bare = BARE.match(tidied)
    if bare is None:
        return ()
    rest = bare["rest"].strip(EDGES + "+")
    if rest and rest not in WORDS:
        return ()  # "3 people here" is no answer 3
    if rest and WORDS[rest] != bare["key"]:
        return ()
    return (Reply(key=bare["key"]),)


def _coded(text: str, codes: list[re.Match[str]], n: int) -> Reply:
    match = codes[n]
    end = codes[n + 1].start() if n + 1 < len(codes) else len(text)
    rest = text[match.end() : end].strip(EDGES + "+")
    key = match["key"]
    if key is None and rest in WORDS:
        key, rest = WORDS[rest], ""
    elif key is not None and WORDS.get(rest) == key:
        rest = ""
    return Reply(code=match["code"], letter=match["letter"], key=key, rest=rest)


def split_code(reply: Reply) -> Reply | None:
    """Return `F071` read as F07 and 1, or None when it cannot be read so."""
    if reply.code is None or reply.key is not None or reply.letter:
        return None
    digits = reply.code.lstrip("XABCDEFGHJKLMNPQRSTUVWY")
    if len(digits) < 3 or digits[-1] == "0":
        return None
    return Reply(code=reply.code[:-1], key=digits[-1], rest=reply.rest)
