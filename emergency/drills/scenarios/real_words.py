"""Words that nobody says in a drill on real telephones, because somebody would believe them.

The gate before the telephones refuses what denies the drill outright (`core/marks.py`). Whoever types words, or writes
a scenario, is told so here, before anything leaves; and not to claim that it is real, which the marks at both ends
would contradict (FCC 2018, on the false alert of Hawaii).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from emergency.check.messages import DENIED
from emergency.core.marks import denies_drill

CLAIMS = re.compile(
    r"\b(?:this|it)(?: is|'s) (?:now |actually |all )?(?:for )?real\b|\bfor real\b"
    r"|\b(?:a|the) real (?:fire|emergency|incident|alarm)\b"
    r"|\bno(?:t an?)? (?:exercise|simulation|test)\b"
    r"|(?<!不)是真的(?!吗|么)|真的(?:着火|起火|失火|出事|发生)|真(?:着火|起火|失火)了|动真格"
    r"|(?:不是|并非|非)(?:演习|模拟|测试)",
    re.IGNORECASE,
)
"""Claims to be real, or not to be practice; a question whether something is true is none."""


def believed(text: str) -> bool:
    """Return whether *text* denies the drill or claims to be real."""
    plain = " ".join(unicodedata.normalize("NFKC", text).replace("\u2019", "'").split())
    return denies_drill(text) or any(found.search(plain) is not None for found in (DENIED, CLAIMS))


def denials(texts: Iterable[str]) -> list[str]:
    """Return the texts that deny the drill or claim to be real."""
    return [text for text in texts if believed(text)]
