"""Telephone numbers in one form."""

from __future__ import annotations

import re

from emergency.errors import Unfit
from emergency.roster.person import EMERGENCY_NUMBERS

MASKED = "…"
"""What stands for the hidden digits of a masked number."""


def e164(text: str, country: str) -> str:
    """Return a telephone number in E.164.

    Raises:
        Unfit: it is no number that could be called, has an extension, is masked, or is an emergency number.
    """
    import phonenumbers

    digits = "".join(str(int(ch)) for ch in text if ch.isdecimal())
    if digits in EMERGENCY_NUMBERS:
        raise Unfit("is an emergency number; the program never calls those", "是报警急救号码;本程序从不拨打")
    if MASKED in text:
        raise Unfit("is masked; export the roster again with --numbers", "已打码;请加 --numbers 重新导出名册")
    if re.fullmatch(r"\d+[.,]?\d*[eE]\+?\d+", text.strip()):
        raise Unfit(
            "was turned into a power of ten by a spreadsheet, digits are lost; format the column as text",
            "被表格软件写成了科学计数,丢了位数;请把这一列设为文本格式再填",
        )
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise Unfit("is no telephone number; write it as +CODE NUMBER", "不是电话号码;请写成 +国家码 号码") from None
    if number.extension:
        raise Unfit("has an extension; give a direct number", "带分机号;请写能直拨的号码")
    if not phonenumbers.is_valid_number(number):
        zh = "在该国不存在" + (";可能丢了前面的“+”或 0,请在文本格式的单元格里写成 +国家码 号码" if _lost(text) else "")
        raise Unfit("is not a number that exists in its country" + _lost(text), zh)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _lost(text: str) -> str:
    """What a spreadsheet does to a number that it takes for an amount."""
    if text.isascii() and text.isdigit() and not text.startswith("0"):
        return "; a '+' or a zero in front may be lost, write it as +CODE NUMBER in a cell of text"
    return ""
