"""Telephone numbers in one form."""

from __future__ import annotations

import re

from emergency.roster.person import EMERGENCY_NUMBERS

MASKED = "…"
"""What stands for the hidden digits of a masked number."""


def e164(text: str, country: str) -> str:
    """Return a telephone number in E.164.

    Raises:
        ValueError: it is no number that could be called, has an extension, is masked, or is an emergency number.
    """
    import phonenumbers

    digits = "".join(str(int(ch)) for ch in text if ch.isdecimal())
    if digits in EMERGENCY_NUMBERS:
        raise ValueError("is an emergency number; the program never calls those")
    if MASKED in text:
        raise ValueError("is masked; export the roster again with --numbers")
    if re.fullmatch(r"\d+[.,]?\d*[eE]\+?\d+", text.strip()):
        raise ValueError("was turned into a power of ten by a spreadsheet, digits are lost; format the column as text")
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise ValueError("is no telephone number; write it as +CODE NUMBER") from None
    if number.extension:
        raise ValueError("has an extension; give a direct number")
    if not phonenumbers.is_valid_number(number):
        raise ValueError("is not a number that exists in its country" + _lost(text))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _lost(text: str) -> str:
    """What a spreadsheet does to a number that it takes for an amount."""
    if text.isascii() and text.isdigit() and not text.startswith("0"):
        return "; a '+' or a zero in front may be lost, write it as +CODE NUMBER in a cell of text"
    return ""
