"""Which numbers may be reached at all. Emergency services are called by people, never by this program."""

from __future__ import annotations

import re

_E164 = re.compile(r"\+[1-9][0-9]{7,14}")

_SHORTEST = {"+1": 12, "+86": 13}
"""The least length of a whole number, the plus counted, where a shorter one would still ring somewhere.

+86: an area code in front of 110, 119, 120, 122, 95598 or 96333 reaches that city's service, and has 8 digits or more.
+1: three digits of area and seven of number, always.
"""


def is_plain_number(text: str) -> bool:
    """Return whether *text* is a subscriber's number in E.164: a plus and 8 to 15 digits.

    No emergency or service number is one: 112, 999, 911, 95598 and the like have no plus, and with a country code in
    front of them they are too short.
    """
    if not _E164.fullmatch(text):
        return False
    return all(len(text) >= least for prefix, least in _SHORTEST.items() if text.startswith(prefix))
