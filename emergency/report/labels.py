"""People as a report names them: by their role and a number of their own, never by name; and typed words without either
names or telephone numbers. Who is who stands in the restricted annex alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from emergency.codes import REASONS, WORDS
from emergency.core import events as e
from emergency.core.values import Text
from emergency.drills.course import Course
from emergency.roster import Person

NUMBER = re.compile(r"(?<![\w#])\+?\(?\d(?:[\s().\-]?\d){6,14}(?!\w)")
"""What looks like a telephone number: seven digits or more, with marks between them (E.164: at most 15)."""
CHINESE = re.compile("[\u4e00-\u9fff]")
NO_NUMBER = "[☎]"
PROGRAM = ("console", "script", "system")
"""Who says something and is no person."""
DATE = re.compile(r"^\d{4}-\d{2}-\d{2}")


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """One person of the report. label: role and number. rank: 1 for the normal holder of that role, 0 for none."""

    id: str
    label: Text
    role: str
    rank: int


class Labels:
    """Who is called what in one report."""

    def __init__(self, course: Course, people: Mapping[str, Person], words: Mapping[str, str]) -> None:
        """Number everybody of the log and the book, in the order in which they first appear."""
        self._course, self._words = course, words
        self.who: dict[str, Who] = {}
        self._outside: dict[str, Text] = {}
        for person in _in_order(course, people):
            self._add(person, people.get(person))
        self._hidden = self._names(people)
        self._find = _any_of(self._hidden)

    def _add(self, person: str, known: Person | None) -> None:
        role = _first_role(self._course, person) or (
            min(known.roles, key=known.roles.__getitem__, default="") if known else ""
        )
        number = f"P{len(self.who) + 1:02}"
        title = self._course.incident.site.duty(role).title if role else Text("人员", "person")
        member = self._course.incident.members.get(person)
        rank = member.roles.get(role, 0) if member is not None else 0
        label = Text(f"{title.zh}·{number}", f"{title.en} · {number}")
        self.who[person] = Who(id=person, label=label, role=role, rank=rank)

    def _names(self, people: Mapping[str, Person]) -> dict[str, Text]:
        """Return every word that names somebody, with what stands instead; longer words come first."""
        found: dict[str, Text] = {}
        for id, person in people.items():
            instead = self.who[id].label if id in self.who else Text("[人员]", "[a person]")
            for word in (id, person.name.zh, person.name.en):
                if len(word) >= 2:
                    found[word.lower()] = instead
        return dict(sorted(found.items(), key=lambda each: -len(each[0])))

    def of(self, person: str | None) -> Text:
        """Return what somebody is called: a roster id, an agency, `console`, or the seal of an outsider's name."""
        word = person or ""
        if word in self.who:
            return self.who[word].label
        if word in ("", *PROGRAM):
            return WORDS.get(word, Text("", ""))
        agency = self._course.incident.site.agency(word)
        if agency is not None:
            return agency.name
        if word not in self._outside:
            n = len(self._outside) + 1
            self._outside[word] = Text(f"外部人员E{n}", f"outsider E{n}")
        return self._outside[word]

    def named(self, name: str) -> Text:
        """Return what somebody is called who was written down by name, outside the log."""
        return self._hidden.get(name.strip().lower()) or self.of(name.strip())

    def outsiders(self) -> dict[str, Text]:
        """Return the seals, ids or names of who is in no roster, with what they are called here."""
        return dict(self._outside)

    def typed(self, seal: str | None) -> str:
        """Return typed words as they may stand in a report; `[…]` where they were forgotten."""
        if not seal:
            return ""
        if seal.startswith("seal:"):
            return self.clean(self._words[seal]) if seal in self._words else "[…]"
        return self.clean(seal)

    def clean(self, text: str) -> str:
        """Return words without names and telephone numbers, and without marks that turn the text around; labels stand
        in Chinese where anything else does."""
        text = "".join(ch for ch in text if unicodedata.category(ch) not in ("Cc", "Cf") or ch in "\n\t")
        if self._find is not None:
            hidden, lang = self._hidden, "zh" if CHINESE.search(self._find.sub("", text)) else "en"
            text = self._find.sub(lambda found: hidden[found[0].lower()].of(lang), text)
        return NUMBER.sub(lambda found: found[0] if DATE.match(found[0]) else NO_NUMBER, text)


def _any_of(words: Mapping[str, Text]) -> re.Pattern[str] | None:
    """Return a pattern for any of *words*; those of letters only as whole words, for `Li` is in `line`."""
    parts = [rf"(?<!\w){re.escape(word)}(?!\w)" if word.isascii() else re.escape(word) for word in words]
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _in_order(course: Course, people: Mapping[str, Person]) -> list[str]:
    """Return everybody in the order in which they first appear: in the log, in the book, then the rest of the team."""
    members = course.incident.members
    found: dict[str, None] = {}
    for _, event in course.all():
        for key in ("person", "by"):
            word = getattr(event, key, None)
            if isinstance(word, str) and (word in members or word in people or key == "person"):
                found.setdefault(word)
    for written in course.written:
        for word in strings_of(msgspec.to_builtins(written.entry)):
            if word in members or word in people:
                found.setdefault(word)
    return list(dict.fromkeys((*found, *members)))


def strings_of(data: object) -> Iterator[str]:
    """Yield every word of plain data: in a drill's book people stand in many fields."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from strings_of(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from strings_of(value)


def seals_of(values: Iterable[msgspec.Struct]) -> set[str]:
    """Return every seal that stands in events or entries."""
    words = (getattr(value, name) for value in values for name in value.__struct_fields__)
    return {word for word in words if isinstance(word, str) and word.startswith("seal:")}


def _first_role(course: Course, person: str) -> str:
    """Return the role somebody was first given, else first asked in, else holds at the least rank by the roster."""
    for _, event in course.of(e.RoleAssigned):
        if event.person == person:
            return event.role
    asked = next((call.role for call in course.calls if call.person == person and call.role), "")
    if asked:
        return asked
    member = course.incident.members.get(person)
    return min(member.roles, key=lambda role: member.roles[role], default="") if member is not None else ""


def reasons_of(reasons: str) -> Text:
    """Return reasons, which stand with commas, in words."""
    found = [_reason(each) for each in reasons.split(", ") if each]
    return Text("、".join(each.zh for each in found), ", ".join(each.en for each in found))


def _reason(reason: str) -> Text:
    word, _, code = reason.partition(" ")
    known = REASONS.get(word)
    if known is None:
        return Text(f"运营商代码 {reason}", f"the provider's code {reason}")
    return Text(f"{known.zh}({code})", f"{known.en} ({code})") if code else known
