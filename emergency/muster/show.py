"""A roll call as people read it on a terminal: what to do first on top. Pure: a document in, lines out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emergency.phrases import phrase
from emergency.show import clock

Document = Mapping[str, Any]
MARKS = {"open": "□", "swept": "✓", "given_up": "–"}


def lines(doc: Document, lang: str) -> list[str]:
    """Return a roll call as lines: totals, who needs help, who is missing, the floors."""
    mark = "" if doc["mode"] == "real" else ("【演练】" if lang == "zh" else "DRILL ")
    said = phrase("roll_closed" if doc["closed_at"] else "roll_open", lang, time=_time(doc))
    out = [f"{mark}{doc['roll_call']}  {phrase('roll_call', lang)} · {doc['incident']} {doc['title'][lang]} · {said}"]
    out.append(f"  {count(doc['totals'], lang)}")
    for key in ("unasked", "unreachable"):
        if doc["totals"][key]:
            out.append(f"  {phrase(f'roll_{key}', lang, n=doc['totals'][key])}")
    out += _people(doc, lang, "help", doc["totals"]["help"])
    out += _people(doc, lang, "missing", doc["totals"]["missing"])
    return [*out, *_zones(doc, lang), *_groups(doc, lang)]


def _time(doc: Document) -> str:
    return clock(doc["closed_at"] or doc["opened_at"], doc["timezone"])


def count(totals: Document, lang: str) -> str:
    """Return the one line that the board shows as well: `212 of 230 safe, 3 need help, 15 missing`."""
    words = [phrase("roll_safe", lang, n=totals["safe"], of=totals["expected"])]
    words += [phrase(f"roll_{key}", lang, n=totals[key]) for key in ("help", "missing")]
    if totals["away"]:
        words.append(phrase("roll_away", lang, n=totals["away"]))
    return (",", ", ")[lang != "zh"].join(words)


def person(each: Document, lang: str, timezone: str) -> str:
    """Return one person with the last known place."""
    employer = f" ({each['employer']})" if each["employer"] else ""
    place = each["place"][lang] + (f", {each['floor'][lang]}" if each["floor"] else "")
    seen = f" {clock(each['seen_at'], timezone)}" if each["seen_at"] else ""
    return f"{each['name'][lang]}{employer}  —  {place}{seen}  [{each['person']}]"


def _people(doc: Document, lang: str, key: str, number: int) -> list[str]:
    if not number:
        return []
    sign = "!!" if key == "help" else "?"
    out = [f"  {phrase(f'roll_{key}_title', lang)}:"]
    out += [f"    {sign} {person(each, lang, doc['timezone'])}" for each in doc[key]]
    left = number - len(doc[key])
    return [*out, f"    {phrase('roll_more', lang, n=left, code=doc['incident'])}"] if left else out


def _zones(doc: Document, lang: str) -> list[str]:
    out = []
    for zone in doc["zones"]:
        if not (zone["expected"] or zone["heads"] or zone["mark"] != "open"):
            continue
        parts = [f"{zone['safe'] + zone['away']}/{zone['expected']}"] if zone["expected"] else []
        parts += [phrase(f"roll_{key}", lang, n=zone[key]) for key in ("help", "missing") if zone[key]]
        if zone["heads"]:
            parts.append(phrase("roll_heads", lang, n=zone["heads"]))
        said = phrase(f"roll_mark_{zone['mark']}", lang) + (f": {zone['reason']}" if zone["reason"] else "")
        parts.append(said)
        out.append(f"    {MARKS[zone['mark']]} {zone['name'][lang]}: {', '.join(parts)}")
    return [f"  {phrase('roll_zones', lang)}:", *out] if out else []


def _groups(doc: Document, lang: str) -> list[str]:
    out = [
        f"    {MARKS[each['mark']]} {each['name'][lang]}: {each['heads']} {each['label']}".rstrip()
        for each in doc["groups"]
    ]
    return [f"  {phrase('roll_groups', lang)}:", *out] if out else []
