"""The nearest right word, for whoever mistyped."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


def nearest_zh(word: str, words: Sequence[str]) -> str:
    """Return the hint of `nearest` in Chinese, or nothing."""
    hint = nearest(word, words)
    if hint.startswith(" There is: "):
        return "可用:" + hint.removeprefix(" There is: ").removesuffix(".").replace(", ", "、") + "。"
    meant = hint.removeprefix(" Did you mean '").removesuffix("'?")
    return f"是不是“{meant}”?" if hint else ""


def nearest(word: str, words: Sequence[str]) -> str:
    """Return ` Did you mean 'x'?` (with a leading space), or the choices when they are few, or nothing."""
    close = get_close_matches(word.lower(), [w.lower() for w in words], n=1, cutoff=0.6)
    if close:
        original = next(w for w in words if w.lower() == close[0])
        return f" Did you mean '{original}'?"
    if 0 < len(words) <= 12:
        return " There is: " + ", ".join(words) + "."
    return ""
