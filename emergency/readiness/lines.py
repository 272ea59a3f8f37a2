"""Readiness as people read it: on a telephone held in one hand, the verdict first, the rest as far as it matters.

Pure: a document (`readiness.document`) and a language in, lines out. Times are the site's own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from emergency.core.because import Named, reason, why_not
from emergency.core.seat import Passed
from emergency.core.values import Text
from emergency.phrases import phrase

Document = Mapping[str, Any]
WIDTH = 60
"""Columns of a telephone held sideways, or of half a screen (practice)."""
MOST_HOLES = 4
MOST_WARNINGS = 3
MOST_NAMES = 4
MOST_PLANS = 2
WEEKDAYS = {"zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
            "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}  # fmt: skip
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MARKS = {"proved": "✓", "due": "!", "stale": "!", "never": "?", "silent": "✗", "failed": "✗"}
DAY = timedelta(days=1)


def ready(doc: Document, lang: str, *, full: bool = False) -> list[str]:
    """Return the whole answer of `emergency ready`; without *full*, on some forty lines."""
    lines = [*_verdict(doc, lang), ""]
    if "only" in doc:
        lines += [*_team(doc, lang), ""]
    else:
        lines += [*_table(doc, lang), ""]
    for part in (_holes(doc, lang, full=full), _warnings(doc, lang, full=full), _moments(doc, lang)):
        lines += [*part, ""] if part else []
    return [*lines, *_phones(doc, lang, full=full)]


# the verdict


def _verdict(doc: Document, lang: str) -> Iterator[str]:
    plans = doc["plans"]
    able = sum(plan["filled"] == plan["seats"] for plan in plans)
    at = phrase("ready_now", lang) if doc.get("is_now") else moment(doc["at"], doc, lang)
    of = len(plans) + len(doc["unusable"])
    yield phrase("ready_verdict", lang, when=at, able=able, of=of)
    if doc["first"] is None:
        yield phrase("ready_no_hole", lang, day=day(doc["until"], doc, lang))
        return
    yield from first_hole(doc["first"], doc, lang)


def first_hole(hole: Document, doc: Document, lang: str) -> Iterator[str]:
    """Yield when a hole is, whose role stays empty in which plans, why, and what to do."""
    yield phrase("ready_first", lang, span=when(hole, doc, lang))
    yield from (f"  {line}" for line in what(hole, doc, lang))
    yield f"  → {phrase('ready_do', lang)}"


def what(hole: Document, doc: Document, lang: str) -> Iterator[str]:
    """Yield which role stays empty in which plans, and why."""
    yield f"{hole['title'][lang]}{_heads(hole)} · {_plans(hole, doc, lang)}"
    why = reasons(hole["passed"], doc, lang)
    if why:
        yield why
    if hole["falls_to"]:
        yield phrase("ready_falls", lang, name=name(doc, hole["falls_to"], lang))


def when(hole: Document, doc: Document, lang: str) -> str:
    """Return when a hole is: a moment and its end, or how it comes back."""
    zone = ZoneInfo(doc["timezone"])
    since, until = (datetime.fromisoformat(hole[key]).astimezone(zone) for key in ("since", "until"))
    if hole["rhythm"] == "once" or hole["times"] == 1:
        return _span(since, until, doc, lang)
    hours = f"{since:%H:%M}-{_end(until)}"
    if hole["rhythm"] == "daily":
        return phrase("ready_daily", lang, hours=hours)
    if hole["rhythm"] == "weekly":
        days = listed([WEEKDAYS[lang][n] for n in hole["weekdays"]], lang)
        return phrase("ready_weekly", lang, days=days, hours=hours)
    return phrase("ready_some", lang, span=_span(since, until, doc, lang), n=hole["times"])


def _span(since: datetime, until: datetime, doc: Document, lang: str) -> str:
    begins = _moment(since, lang)
    if until - since <= DAY:
        return f"{begins}-{_end(until)}"
    if until >= datetime.fromisoformat(doc["until"]):
        return phrase("ready_on", lang, since=begins)
    return f"{begins} – {_moment(until, lang)}"


def _end(until: datetime) -> str:
    """Return the clock at the end of a stretch: midnight as 24:00, so that a day is not `00:00-00:00`."""
    clock = f"{until:%H:%M}"
    return "24:00" if clock == "00:00" else clock


def moment(text: str, doc: Document, lang: str) -> str:
    """Return a time of the document in the site's own: `Sat 28 Nov 23:00`."""
    return _moment(datetime.fromisoformat(text).astimezone(ZoneInfo(doc["timezone"])), lang)


def day(text: str, doc: Document, lang: str) -> str:
    """Return the day of a time of the document: `Sat 28 Nov`."""
    return _moment(datetime.fromisoformat(text).astimezone(ZoneInfo(doc["timezone"])), lang).rpartition(" ")[0]


def _moment(at: datetime, lang: str) -> str:
    weekday = WEEKDAYS[lang][at.weekday()]
    if lang == "zh":
        return f"{at.month}月{at.day}日{weekday} {at:%H:%M}"
    return f"{weekday} {at.day} {MONTHS[at.month - 1]} {at:%H:%M}"


def _heads(hole: Document) -> str:
    return f" {hole['of'] - hole['empty']}/{hole['of']}" if hole["of"] > 1 else ""


def _plans(hole: Document, doc: Document, lang: str) -> str:
    titles = {plan["plan"]: plan["title"][lang] for plan in doc.get("plans", ())}
    if len(hole["plans"]) == len(titles) > 1:
        return phrase("ready_every_plan", lang)
    if len(hole["plans"]) > MOST_PLANS:
        return phrase("ready_plans", lang, n=len(hole["plans"]))
    return listed([titles.get(id, id) for id in hole["plans"]], lang)


def listed(words: Sequence[str], lang: str) -> str:
    """Return words in a row."""
    return ("、" if lang == "zh" else ", ").join(words)


def reasons(passed: Sequence[Document], doc: Document, lang: str) -> str:
    """Return why those who would come do not, in a line; empty when nobody would."""
    return why_not(msgspec.convert(passed, list[Passed]), _names(doc), _titles(doc)).of(lang)


def _names(doc: Document) -> Named:
    return lambda id: _text(doc["people"].get(id), id)


def _titles(doc: Document) -> Named:
    return lambda role: _text(doc["role_titles"].get(role), role)


def _text(words: Mapping[str, str] | None, id: str) -> Text:
    return Text(words["zh"], words["en"]) if words is not None else Text(id, id)


def name(doc: Document, person: str, lang: str) -> str:
    """Return what a person is called."""
    return str(doc["people"].get(person, {}).get(lang, person))


# now, by plan


def _table(doc: Document, lang: str) -> Iterator[str]:
    yield phrase("ready_by_plan", lang, when=moment(doc["at"], doc, lang))
    lacking = [plan for plan in doc["plans"] if plan["holes"]]
    for plan in lacking:
        roles = listed([doc["role_titles"][role][lang] for role in plan["holes"]], lang)
        yield f"  ✗ {_cell(plan, lang)}  {roles}"
    for bad in doc["unusable"]:
        yield f"  ✗ {bad['plan']}: {phrase('ready_unusable', lang, plan=bad['plan'])}"
    cells = [f"✓ {_cell(plan, lang)}" for plan in doc["plans"] if not plan["holes"]]
    room = (WIDTH - 2) // 2
    for left, right in zip(cells[::2], [*cells[1::2], ""], strict=False):
        yield f"  {pad(left, room)}{right}".rstrip()


def _cell(plan: Document, lang: str) -> str:
    return f"{plan['title'][lang]} {plan['filled']}/{plan['seats']}"


def width(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text)


def pad(text: str, room: int) -> str:
    """Return *text* with blanks to *room* columns."""
    return text + " " * (room - width(text))


def wrapped(line: str, lang: str) -> Iterator[str]:
    """Yield *line* in pieces of at most `WIDTH` columns, broken between the words of a list."""
    gap = listed(["", ""], lang)
    piece, words = "", line.split(gap)
    for n, word in enumerate(words):
        more = word + (gap if n < len(words) - 1 else "")
        if piece and width(piece + more.rstrip()) > WIDTH:
            yield piece.rstrip()
            piece = "      "
        piece += more
    yield piece


# one plan


def _team(doc: Document, lang: str) -> Iterator[str]:
    for plan in doc["plans"]:
        yield f"{plan['title'][lang]} · {moment(doc['at'], doc, lang)}"
        for line in plan["team"]:
            yield from seat(line, doc, lang)


def seat(line: Document, doc: Document, lang: str) -> Iterator[str]:
    """Yield who has a seat, how they are called, and why it is they, where that needs saying."""
    title = doc["role_titles"].get(line["role"], {}).get(lang, line["role"])
    if line["person"] is None:
        yield f"  ✗ {pad(title, 18)} {phrase('nobody', lang)}"
    else:
        mark = "✗" if line["because"] == "higher" else "✓"
        who = f"{name(doc, line['person'], lang)} ({phrase(line['duty'], lang)})"
        yield f"  {mark} {pad(title, 18)} {pad(who, 20)} {ways(line['ways'], doc, lang)}".rstrip()
    why = because(line, doc, lang)
    if why:
        yield f"      {why}"


def because(line: Document, doc: Document, lang: str) -> str:
    """Return why this person has the seat; empty for a normal holder whom nobody came before."""
    passed = msgspec.convert(line["passed"], list[Passed])
    return reason(line["because"], passed, names=_names(doc), titles=_titles(doc)).of(lang)


def ways(found: Sequence[Document], doc: Document, lang: str) -> str:
    """Return by which channels somebody is called, each with how long ago it proved itself."""
    return " ".join(f"{phrase('way_' + way['channel'], lang)}{_proved(way, doc, lang)}" for way in found)


def _proved(way: Document, doc: Document, lang: str) -> str:
    mark = MARKS[way["state"]]
    if way["proved_at"] is None:
        return mark
    days = (datetime.fromisoformat(doc["at"]) - datetime.fromisoformat(way["proved_at"])).days
    return mark + phrase("ready_days", lang, n=max(0, days))


# holes, warnings, moments


def _holes(doc: Document, lang: str, *, full: bool) -> list[str]:
    """Return the holes, without the first one, which stands above; with *full*, all."""
    holes = doc["holes"] if full else doc["holes"][1:]
    if not holes:
        return []
    head = phrase("ready_holes" if full else "ready_other_holes", lang, day=day(doc["until"], doc, lang))
    return [head, *_listed(holes, doc, lang, len(holes) if full else MOST_HOLES, "✗", full=full)]


def _warnings(doc: Document, lang: str, *, full: bool) -> list[str]:
    """Return what is missing at red only; where more is missing, it is counted and not told."""
    if not doc["warnings"]:
        return []
    most = len(doc["warnings"]) if full else 0 if doc["holes"] else MOST_WARNINGS
    return [phrase("ready_warnings", lang), *_listed(doc["warnings"], doc, lang, most, "!", full=full)]


def _listed(holes: Sequence[Document], doc: Document, lang: str, most: int, mark: str, *, full: bool) -> Iterator[str]:
    for hole in holes[:most]:
        yield f"  {mark} {when(hole, doc, lang)}"
        lines = list(what(hole, doc, lang))
        yield from (f"      {line}" for line in (lines if full else lines[:1]))
    if len(holes) > most:
        yield f"    {phrase('ready_more', lang, n=len(holes) - most)}"


def _moments(doc: Document, lang: str) -> list[str]:
    """Return who comes after each change of shift; of those who were there before only the changes are said."""
    lines: list[str] = []
    before: dict[tuple[str, str, int], str | None] = {}
    for each in doc["moments"]:
        here = {(p["plan"], s["role"], s["slot"]): s["person"] for p in each["plans"] for s in p["team"]}
        changed = {key: who for key, who in here.items() if key not in before or before[key] != who}
        if changed and before:
            lines.append(f"  {moment(each['since'], doc, lang)}")
            lines += [f"    {_change(doc, role, who, lang)}" for (_, role, _), who in changed.items()]
        before = here
    return [phrase("ready_changes", lang), *lines] if lines else []


def _change(doc: Document, role: str, who: str | None, lang: str) -> str:
    title = doc["role_titles"].get(role, {}).get(lang, role)
    return f"{pad(title, 18)} {name(doc, who, lang) if who else phrase('nobody', lang)}"


# telephones


def _phones(doc: Document, lang: str, *, full: bool) -> Iterator[str]:
    weak = doc["phones"]["weak"]
    bad = [each for each in weak if each["state"] != "due"]
    good = doc["phones"]["numbers"] - len(bad)
    yield phrase("ready_phones", lang, good=good, of=doc["phones"]["numbers"])
    for state in ("failed", "silent", "never", "stale", "due"):
        whose = [_whose(each, doc, lang) for each in weak if each["state"] == state]
        if whose:
            more = f" … +{len(whose) - MOST_NAMES}" if len(whose) > MOST_NAMES and not full else ""
            names = listed(whose if full else whose[:MOST_NAMES], lang)
            yield from wrapped(f"  {MARKS[state]} {phrase(f'phones_{state}', lang, n=len(whose))}: {names}{more}", lang)
    if bad:
        yield f"  → {phrase('phones_do', lang)}"


def _whose(weak: Document, doc: Document, lang: str) -> str:
    which = f" ({weak['number']})" if weak["number"] > 1 else ""
    return name(doc, weak["person"], lang) + which


# `roster who`


def who(doc: Document, lang: str) -> Iterator[str]:
    """Yield who fills each role, and who follows."""
    for role in doc["roles"]:
        for each in role["seats"]:
            yield from seat(each, doc, lang)
        follows = _follows(role, doc, lang)
        if follows:
            yield f"      {phrase('who_then', lang)} {follows}"


def _follows(role: Document, doc: Document, lang: str) -> str:
    """Return who of the role is there beside those who have it, and which roles deputise."""
    seated = {each["person"] for each in role["seats"]}
    rest = [name(doc, p["person"], lang) for p in role["people"] if p["person"] not in seated]
    after = [*rest[:MOST_NAMES], *(["…"] if len(rest) > MOST_NAMES else ())]
    deputies = [doc["role_titles"].get(each, {}).get(lang, each) for each in role["deputies"]]
    return (listed(after, lang) + (f" → {listed(deputies, lang)}" if deputies else "")).strip()
