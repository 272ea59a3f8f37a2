"""The calendar of drills as people's own calendars read it (RFC 5545): due days, drills, and who is to be told by when.

Each entry bears a UID that stays the same, so that the next file moves an entry instead of doubling it. A drill whose
minute nobody is to know stands there for the whole day; one that only a few know of is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from emergency.errors import EmergencyError
from emergency.programme.lines import KINDS, STATES, plan_of, subject_of, subject_words

Document = dict[str, Any]
MORNING = time(9)
"""When an alarm for a day goes off, in the site's own time (practice)."""
BEFORE_DUE = timedelta(days=14)
"""How long before a due day it is called to mind (practice: a drill among people takes two weeks to prepare)."""
DRILL_LASTS = timedelta(hours=1)
DAY = timedelta(days=1)


def to_ics(document: Document, lang: str, now: datetime) -> bytes:
    """Return the calendar *document* as an iCalendar file, read back once to be sure of it.

    Raises:
        EmergencyError: what was made cannot be read back.
    """
    from icalendar import Calendar

    found = Calendar()
    found.add("prodid", "-//emergency-runner//drills//EN")
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    found.add("x-wr-calname", "演练计划" if lang == "zh" else "Drill programme")
    for entry in _entries(document, lang, now):
        found.add_component(entry)
    raw: bytes = found.to_ical()
    _read_back(raw, len(found.subcomponents))
    return raw


def _read_back(raw: bytes, entries: int) -> None:
    """Raise EmergencyError where the file does not say what was put into it."""
    from icalendar import Calendar

    try:
        read = Calendar.from_ical(raw)
        events = read.walk("VEVENT")
        uids = {str(each["uid"]) for each in events}
        sound = all(each.get("dtstart") is not None and each.get("dtstamp") is not None for each in events)
    except ValueError as error:
        raise EmergencyError(f"the calendar file cannot be read back: {error}") from error
    if len(events) != entries or len(uids) != entries or not sound:
        raise EmergencyError(f"the calendar file holds {len(uids)} entries of {entries}")


def _entries(document: Document, lang: str, now: datetime) -> Iterator[Any]:
    site, zone = document["site"], ZoneInfo(document["timezone"])
    for rule in document["rules"]:
        if rule["state"] != "done":
            yield _due(rule, site, zone, lang, now)
    for drill in document["drills"]:
        if drill["notice"] != "trusted_agents":
            told = [each for each in document["tell"] if each["drill"] == drill["drill"] and not each["confirmed"]]
            yield _drill(drill, told, site, zone, lang, now)


def _due(rule: Document, site: str, zone: ZoneInfo, lang: str, now: datetime) -> Any:
    day = date.fromisoformat(rule["due"])
    about = subject_words(subject_of(rule, lang), lang)
    state = STATES[rule["state"]][lang == "en"]
    event = _event(f"duty-{rule['rule']}-{rule['subject'] or 'site'}-{rule['period']}@{site}", now)
    event.add("summary", f"{rule['title'][lang]}{about} [{state}]")
    event.add("description", rule["source"][lang])
    event.add("dtstart", day)
    event.add("dtend", day + DAY)
    event.add("transp", "TRANSPARENT")
    event.add_component(_alarm(datetime.combine(day - BEFORE_DUE, MORNING, zone), str(event["summary"])))
    return event


def _drill(drill: Document, told: list[Document], site: str, zone: ZoneInfo, lang: str, now: datetime) -> Any:
    at = datetime.fromisoformat(drill["at"])
    day = at.astimezone(zone).date()
    event = _event(f"drill-{drill['drill']}-{_stamp(drill, at, day)}@{site}", now)
    event.add("summary", _title(drill, lang))
    if drill["notice"] == "announced":
        event.add("dtstart", at.astimezone(zone))
        event.add("dtend", (at + DRILL_LASTS).astimezone(zone))
    else:  # nobody is to know the minute: no entry, no alarm and no number of it may say it
        event.add("dtstart", day)
        event.add("dtend", day + DAY)
    event.add("status", "CONFIRMED" if drill["firm"] else "TENTATIVE")
    words = [f"{each['by']} {each['text'][lang]} ({each['who']})" for each in told]
    if words:
        event.add("description", "\n".join(words))
    for each, says in zip(told, words, strict=True):
        event.add_component(_alarm(datetime.combine(date.fromisoformat(each["by"]), MORNING, zone), says))
    return event


def _stamp(drill: Document, at: datetime, day: date) -> str:
    """Return what tells one time of a schedule from the next; nothing for a drill, which keeps its name when moved."""
    if drill["firm"]:
        return "0"
    return day.isoformat() if drill["notice"] != "announced" else at.strftime("%Y%m%dT%H%MZ")


def _title(drill: Document, lang: str) -> str:
    kind = KINDS[drill["kind"]][lang == "en"]
    return f"{drill['drill']} {plan_of(drill, lang)} {kind}"


def _event(uid: str, now: datetime) -> Any:
    from icalendar import Event

    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", now)
    return event


def _alarm(at: datetime, says: str) -> Any:
    """Return an alarm at a moment, which RFC 5545 wants in UTC."""
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", says)
    alarm.add("trigger", at.astimezone(ZoneInfo("UTC")), parameters={"VALUE": "DATE-TIME"})
    return alarm
