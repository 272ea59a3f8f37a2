"""What a report is made of, and its one reading: what every part of the report asks of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from emergency import show
from emergency.core import events as e
from emergency.core.values import Text
from emergency.core.wording import filled
from emergency.drills import book as b
from emergency.drills import scoring
from emergency.drills.course import Course, Mark
from emergency.drills.scenario import Kind, Scenario
from emergency.report import values as v
from emergency.report.labels import Labels
from emergency.report.words import TARGETS
from emergency.roster import Person
from emergency.store import codec
from emergency.store.actions import Agreed


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the roll call on somebody. what: `safe`, `help`, `away`, or `seen` at a place. by: who said so, empty
    for the person themselves."""

    seq: int
    at: datetime
    person: str
    what: str
    place: str = ""
    by: str = ""

    @property
    def mark(self) -> Mark:
        """The moment and the line that shows it: `R7` is line 7 of the roll call."""
        return Mark(f"R{self.seq}", self.at)


class RollCall(msgspec.Struct, frozen=True, kw_only=True):
    """The roll call of an incident: its code, and what it took down of people, in order."""

    code: str
    said: tuple[Said, ...] = ()


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """All that a report is made of. history, written: the log and the book; head, book_head: the hashes of their ends.

    others: code to log of the other incidents of the same drill. actions: every corrective action. people: the
    roster, for labels and the restricted annex. words: seal to what was typed, where it is still kept. findings: the
    plan's check, None where it was not run. roll: the roll call, None where none was held. model: the version of the
    people model that played, empty for real people.
    """

    code: str
    history: Sequence[tuple[e.AnyEvent, datetime]]
    written: Sequence[b.Written]
    head: str
    made: datetime
    engine: str
    book_head: str = ""
    others: Mapping[str, Sequence[tuple[e.AnyEvent, datetime]]] = {}
    kind: Kind | None = None
    scenario: Scenario | None = None
    scenario_digest: str = ""
    people: Mapping[str, Person] = {}
    words: Mapping[str, str] = {}
    actions: Sequence[Agreed] = ()
    findings: tuple[v.PlanFinding, ...] | None = None
    roll: RollCall | None = None
    forecast: v.Forecast | None = None
    model: str = ""
    names: bool = False


class Reading:
    """One source, read once: its course, its ratings, and what people, places and moments are called in its report."""

    def __init__(self, source: Source) -> None:
        """Read the log and the book, and rate every objective."""
        self.source = source
        self.course = Course(source.history, source.written, source.others)
        self.incident = self.course.incident
        self.labels = Labels(self.course, source.people, source.words)
        now = None if self.incident.is_closed else source.made
        self.scores = scoring.rate_course(self.course, source.scenario, now)
        self.zero = self.course.opened.at
        self.arrived = _arrivals(source.roll.said if source.roll else ())

    @property
    def over(self) -> datetime:
        """Up to when a step could be done: the end, else the last line."""
        return (self.course.ended or self.course.last).at

    def since(self, at: datetime) -> float:
        """Return seconds from the opening."""
        return (at - self.zero).total_seconds()

    def clock(self, at: datetime) -> str:
        """Return a moment on the site's clock."""
        return show.clock(codec.to_text(at), self.incident.site.timezone)

    def title(self, role: str) -> Text:
        """Return the title of a role."""
        return self.incident.site.duty(role).title if role else Text("", "")

    def role_titles(self) -> dict[str, Text]:
        """Return role to title, for every role of the report."""
        roles = {*self.incident.roles, *(c.role for c in self.course.calls), *(w.run.role for w in self.course.work)}
        return {role: self.title(role) for role in sorted(filter(None, roles))}

    def filled(self, text: Text) -> Text:
        """Return words of the plan with the place and the facts in them, without names."""
        return self.cleaned(Text(filled(text, self.incident, "zh"), filled(text, self.incident, "en")))

    def cleaned(self, text: Text) -> Text:
        """Return words without names and telephone numbers."""
        return Text(self.labels.clean(text.zh), self.labels.clean(text.en))

    def target(self, word: str) -> Text:
        """Return what an inject is aimed at: a person's label, a role's or an agency's name, else the word itself."""
        if word.startswith("role."):
            return self.title(word.removeprefix("role."))
        if word in self.incident.members:
            return self.labels.of(word)
        agency = self.incident.site.agency(word)
        known = next((place.name for place in self.incident.site.places if place.id == word), None)
        return agency.name if agency else known or TARGETS.get(word) or same(word)


def _arrivals(said: Sequence[Said]) -> dict[str, Mark]:
    """Return when each person was first counted by the roll call, as safe or as seen somewhere; without those of whom
    it was said last that they need help or are not there."""
    first: dict[str, Mark] = {}
    last: dict[str, str] = {}
    for each in said:
        if each.what in ("safe", "seen"):
            first.setdefault(each.person, each.mark)
        if each.what != "seen":
            last[each.person] = each.what
    return {person: mark for person, mark in first.items() if last.get(person) not in ("help", "away")}


def same(words: str) -> Text:
    """Return words that are the same in every language: typed by somebody, a figure, an id."""
    return Text(words, words)


def seconds(value: timedelta | None) -> float | None:
    """Return a length in seconds; None for none."""
    return value.total_seconds() if value is not None else None
