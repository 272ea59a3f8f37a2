"""The annexes: every line of the log, the roll call and the book in words, and who each label is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from emergency import show
from emergency.codes import WORDS
from emergency.core import events as e
from emergency.core.values import SEVERITY_WORDS, Severity, Text
from emergency.drills import book as b
from emergency.drills.scoring import length
from emergency.muster.state import ANSWERS
from emergency.report import values as v
from emergency.report.gathering.reading import Reading, same
from emergency.report.labels import Who, reasons_of, strings_of
from emergency.report.words import BOOK_WORDS, ELEMENTS, FIELDS, INJECTS, KINDS, PAUSES, TOPICS
from emergency.store import codec

SOMEBODY = frozenset({"by", "to", "owner", "director"})
"""Fields of the book that hold a person: a roster id, or the seal of a name."""
TRAFFIC = frozenset(
    {
        "AlertRequested", "AlertAcknowledged", "AlertClosed", "LadderClimbed", "DeliveryQueued", "DeliverySent",
        "DeliveryDelivered", "DeliveryRetried", "DeliveryDropped", "StepStarted", "KnockOnExpected", "RosterUpdated",
    }
)  # fmt: skip
"""Calls, answers and messages as they came and went: nine lines of a log in ten, and told as figures in section 6."""
ASSIGNED = ("RoleAssigned", "RoleUnfilled")
"""Events whose reasons the reader of the log puts into a sentence itself."""
LEVELS = {level.value: SEVERITY_WORDS[level] for level in Severity}
ROLL_WORDS: dict[str, Text] = {str(answer): words for answer, words in ANSWERS.items()}
BOOK_VALUES: Mapping[str, Text] = {**WORDS, **PAUSES, **INJECTS, **ELEMENTS, **TOPICS, **KINDS}


def raw(reading: Reading) -> Iterator[v.Raw]:
    """Yield the lines of the log (without timers), then those of the roll call and of the book."""
    doc = _reader_doc(reading)
    readers = {lang: show.LogReader(doc, lang) for lang in ("zh", "en")}
    for mark, event in reading.course.all():
        kind = type(event).__name__
        if kind in show.TIMERS:
            continue
        zh, en, _ = show.KINDS.get(kind, (kind, kind, ""))
        words, data, said = Text(zh, en), _plain(event), {}
        for lang, reader in readers.items():
            shown = {key: _of_log(reading, event, key, value, lang) for key, value in data.items()}
            line = reader.line({"seq": 0, "at": codec.to_text(mark.at), "kind": kind, "data": shown}, {})
            said[lang] = line.partition(words.of(lang))[2].strip()
        yield v.Raw(ref=mark.ref, at=mark.at, kind=words, says=Text(**said), traffic=kind in TRAFFIC)
    yield from _of_roll(reading)
    for written in reading.course.written:
        yield _of_book(reading, written)


def _reader_doc(reading: Reading) -> dict[str, Any]:
    """Return what the reader of the log needs to know, without a name."""
    titles = reading.role_titles() | {call.role: reading.title(call.role) for call in reading.course.plan.roles}
    return {
        "incident": reading.incident.code, "timezone": reading.incident.site.timezone, "people": {},
        "role_titles": msgspec.to_builtins(titles),
    }  # fmt: skip


def _plain(event: e.AnyEvent) -> dict[str, Any]:
    """Return an event as plain data; the opening without its plan, its site and its team."""
    if isinstance(event, e.IncidentOpened):
        found = ("code", "place", "severity", "by", "note")
        return {name: msgspec.to_builtins(getattr(event, name)) for name in found}
    data: dict[str, Any] = msgspec.to_builtins(event)
    data.pop("type", None)
    return data


def _of_log(reading: Reading, event: e.AnyEvent, key: str, value: Any, lang: str) -> Any:
    """Return one value of an event as a report may show it: people as labels, ids of the plan and the program's own
    words in the language."""
    if not isinstance(value, str):
        return _labelled(reading, value, lang)
    found = _in_words(reading, event, key, value)
    return found.of(lang) if found is not None else _labelled(reading, value, lang)


def _in_words(reading: Reading, event: e.AnyEvent, key: str, value: str) -> Text | None:
    """Return what an id or a word of the program means in this event; None where it is neither."""
    plan, site = reading.course.plan, reading.incident.site
    match key:
        case "state":
            return plan.state(value).title
        case "place" | "zone":
            return next((place.name for place in site.places if place.id == value), None)
        case "fact":
            fact = plan.fact(value)
            return fact.ask if fact is not None else None
        case "name" | "answer" if isinstance(event, e.StepStarted | e.StepDone):
            return _of_step(reading, event, value)
        case "role" if value:
            return reading.title(value)
        case "reason" if isinstance(event, e.DeliveryFailed | e.DeliveryRetried):
            return reasons_of(value)
        case "to" | "severity":
            return LEVELS.get(value)
        case "by" if (agency := site.agency(value)) is not None:
            return agency.name
        case "because" if type(event).__name__ in ASSIGNED:
            return None
        case "because" | "by" | "via" | "kind" | "rung" | "channel" | "how" | "value":
            return PAUSES.get(value) if isinstance(event, e.DrillFrozen) else WORDS.get(value)
    return None


def _of_step(reading: Reading, event: e.StepStarted | e.StepDone, value: str) -> Text | None:
    """Return what a step asks for, or what was answered to a decision."""
    step = reading.incident.plan_of(reading.incident.steps[event.step])
    if step is None:
        return WORDS.get(value)
    if isinstance(event, e.StepStarted):
        return reading.filled(step.do)
    return next((each.says for each in step.decision if each.name == value), None)


def _of_roll(reading: Reading) -> Iterator[v.Raw]:
    """Yield what the roll call took down of those who were called; thousands may have been asked."""
    called = {call.person for call in reading.course.calls}
    for each in reading.source.roll.said if reading.source.roll else ():
        if each.person in called:
            who, by = reading.labels.of(each.person), reading.labels.of(each.by)
            what = reading.incident.site.place(each.place).name if each.what == "seen" else ROLL_WORDS[each.what]
            yield v.Raw(
                ref=each.mark.ref, at=each.at, kind=Text("点名", "roll call"),
                says=Text(f"{who.zh} {what.zh} {by.zh}".strip(), f"{who.en} {what.en} {by.en}".strip()), traffic=True,
            )  # fmt: skip


def _of_book(reading: Reading, written: b.Written) -> v.Raw:
    """Return one line of the book in words."""
    kind = type(written.entry).__name__
    data = msgspec.structs.asdict(written.entry)
    said = {
        lang: " ".join(
            f"{FIELDS[key].of(lang)}={_in_book(reading, key, value, lang)}"
            for key, value in data.items()
            if value not in ("", None, (), False)
        )
        for lang in ("zh", "en")
    }
    words = BOOK_WORDS.get(kind, same(kind))
    return v.Raw(ref=f"B{written.seq}", at=written.at, kind=words, says=Text(**said))


def _in_book(reading: Reading, key: str, value: Any, lang: str) -> Any:
    if isinstance(value, bool):
        return WORDS["yes" if value else "no"].of(lang)
    if key in SOMEBODY:
        return reading.labels.of(value).of(lang)
    if isinstance(value, tuple):
        return ", ".join(str(_labelled(reading, each, lang)) for each in value)
    if isinstance(value, timedelta):
        return length(value)
    if isinstance(value, datetime):
        return reading.clock(value)
    if key == "target":
        return reading.target(value).of(lang)
    if key == "about" and value in reading.role_titles():
        return reading.title(value).of(lang)
    found = (
        BOOK_VALUES.get(value) if isinstance(value, str) and key in ("because", "kind", "element", "topic") else None
    )
    return found.of(lang) if found is not None else _labelled(reading, value, lang)


def named(reading: Reading) -> Iterator[v.Named]:
    """Yield who each label is, in the order of their numbers; then who is in no roster."""
    for who in reading.labels.who.values():
        if _appears(reading, who):
            person = reading.source.people.get(who.id)
            name = person.name if person else Text("(已删除)", "(forgotten)")
            yield v.Named(label=who.label, name=name, role=reading.title(who.role))
    for seal, label in reading.labels.outsiders().items():
        words = reading.source.words.get(seal, "-") if seal.startswith("seal:") else seal
        yield v.Named(label=label, name=same(words), role=same(""))


def _appears(reading: Reading, who: Who) -> bool:
    """Return whether somebody had any part in it."""
    told = {word for each in reading.course.written for word in strings_of(msgspec.to_builtins(each.entry))}
    return who.id in reading.incident.of_person or who.id in told


def _labelled(reading: Reading, data: Any, lang: str) -> Any:
    """Return plain data with labels for people and words for seals."""
    labels = reading.labels
    if isinstance(data, dict):
        return {key: _labelled(reading, value, lang) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_labelled(reading, each, lang) for each in data]
    if not isinstance(data, str):
        return data
    if data in labels.who:
        return labels.who[data].label.of(lang)
    return labels.typed(data) if data.startswith("seal:") else data
