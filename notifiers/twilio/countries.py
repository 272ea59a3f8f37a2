"""What differs by country: where texts do not come back, where words must be approved, where calls need to be allowed.

A country that stands nowhere here takes free words, and its answers come back.
"""

from __future__ import annotations

import re

import msgspec


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """One calling code. `source`: whose word it is.

    two_way: texts come back to a foreign number.
    free_text: any words may be sent; else only what was approved before, under an approved signature.
    calls_vetted: calls are refused until Twilio has looked at the account and what it calls for.
    """

    two_way: bool = True
    free_text: bool = True
    calls_vetted: bool = False
    source: str


COUNTRIES: dict[str, Country] = {
    "86": Country(
        two_way=False,
        free_text=False,
        calls_vetted=True,
        source="Twilio's guidelines for mainland China: no two-way texts, templates and signature approved first, "
        "calls vetted and to last two minutes on average, which an alarm does not",
    ),
    "91": Country(two_way=False, source="GoAlert's list of one-way countries; practice"),
    "502": Country(two_way=False, source="GoAlert's list of one-way countries; practice"),
    "506": Country(two_way=False, source="GoAlert's list of one-way countries; practice"),
    "507": Country(two_way=False, source="GoAlert's list of one-way countries; practice"),
    "84": Country(two_way=False, source="GoAlert's list of one-way countries; practice"),
}
"""By calling code. An account may be allowed more, or less: `TWILIO_NO_TEXTS` and `TWILIO_NO_CALLS` name calling codes
that it reaches by no text, or by no call, at all."""

ONE_WAY = frozenset(code for code, country in COUNTRIES.items() if not country.two_way)
NO_FREE_TEXT = frozenset(code for code, country in COUNTRIES.items() if not country.free_text)
CALLS_VETTED = frozenset(code for code, country in COUNTRIES.items() if country.calls_vetted)

_CODES = re.compile(r"[1-9][0-9]{0,2}(?:, *[1-9][0-9]{0,2})*")


def are_codes(text: str) -> bool:
    """Return whether *text* is a list of calling codes: `86, 91`."""
    return bool(_CODES.fullmatch(text))


def codes(text: str) -> frozenset[str]:
    """Return the calling codes of a list that `are_codes` accepts; none for an empty one."""
    return frozenset(code.strip() for code in text.split(",") if code.strip())
