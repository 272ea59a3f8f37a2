"""Values that a text names in braces: `{place}`, `{place.gate}`. Light: a check on every save loads no templates."""

from __future__ import annotations

import re

NAMED = re.compile(r"\{([a-z_][a-z0-9_]*)(?:\.([a-z_]+))?\}")


def named(text: str) -> list[tuple[str, str]]:
    """Return the values that a plan's text names in braces, as (name, part); part is empty for `{name}`."""
    return [(m[1], m[2] or "") for m in NAMED.finditer(text)]
