"""Taking one person out of every table that is not a log, and the marks of those who were taken out.

A log is never touched, nor is the book of a drill: they hold roster ids, and their hashes are the proof of everything
else in them. A mark is the digest of a roster id, so that what people read can say `forgotten` where the log says the
id.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from emergency.store import codec
from emergency.store.codec import from_text, to_text
from emergency.store.store import SqliteStore

AGREED = frozenset({"Action", "ActionDone"})
"""Entries of a book whose words are the house's, whoever typed them: what is to be mended is owed until it is done."""
WHO = frozenset({"person", "target", "to", "sender", "by", "who"})
"""Where a scenario names somebody by roster id; the same word anywhere else is a role, a step, a fact."""


def mark_of(person: str) -> str:
    """Return the digest that stands for a roster id; whoever knows the id can compute it."""
    return hashlib.sha256(f"person {person}".encode()).hexdigest()


class Forgotten:
    """What the store knows of people who were forgotten, and how one more is taken out."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store

    def number(self, person: str) -> int | None:
        """Return under which number somebody was forgotten, or None."""
        row = self.store._one("forgotten", mark_of(person))
        return int(row[0]) if row else None

    def numbers(self, people: Iterable[str]) -> dict[str, int]:
        """Return roster id to number of those of *people* who were forgotten."""
        if not self.store._one("any_forgotten")[0]:
            return {}
        found = ((person, self.number(person)) for person in people)
        return {person: number for person, number in found if number is not None}

    def add(self, person: str, at: datetime, number: int | None = None) -> int:
        """Write down that *person* is forgotten, and return the number that stands for them: *number*, which another
        store has given, where it is free here; else the next one."""
        taken = self.store._one("forgotten_as", number) if number is not None else None
        if number is None or (taken is not None and taken[0] != mark_of(person)):
            self.store._do("forget_mark", mark_of(person), to_text(at))
        else:
            self.store._do("forget_mark_as", number, mark_of(person), to_text(at))
        return int(self.store._one("forgotten", mark_of(person))[0])

    # what holds a person

    def versions(self, person: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield digest and content of every roster, of now and of before, in which *person* stands."""
        for digest, body in self.store._all("roster_versions", f'"{person}"'.encode()):
            roster = msgspec.json.decode(bytes(body))
            if person in roster.get("people", {}):
                yield digest, roster

    def seals_typed(self, person: str) -> set[str]:
        """Return the seals of what *person* typed: notes, reasons, facts; by whichever way it came."""
        rows = self.store._all("lines_naming", f'"{person}"'.encode())
        lines = [msgspec.json.decode(bytes(data)) for _, data in rows]
        lines += [entry for kind, entry in self._entries(person) if kind not in AGREED]
        return {seal for line in lines if line.get("by") == person for seal in _seals(line)}

    def _entries(self, person: str) -> list[tuple[str, Any]]:
        """Return kind and content of every entry of a book that names *person* by roster id."""
        rows = self.store._all("book_lines_naming", f'"{person}"'.encode())
        return [(kind, msgspec.json.decode(bytes(data))) for _, kind, data in rows]

    def seals_answered(self, person: str) -> set[str]:
        """Return the seals of the answers that were sent to *person*."""
        return {seal for (line,) in self.store._all("outbox_lines", person) for seal in _seals(_decoded(line))}

    def seals_naming(self, words: Iterable[str], numbers: Iterable[str]) -> set[str]:
        """Return the seals of kept words that hold one of *words* (a name, an id) or a telephone number in any form."""
        named = [re.compile(_whole(word), re.IGNORECASE) for word in words if len(word) > 1]
        digits = [_digits(number) for number in numbers]
        rows = self.store._all("all_words")
        return {
            seal
            for seal, body in rows
            if any(each.search(body) for each in named) or any(number in _digits(body) for number in digits)
        }

    def in_logs(self, person: str) -> int:
        """Return how many lines of logs and books name *person* by roster id."""
        asked = f'"{person}"'.encode()
        tables = ("lines_naming", "muster_lines_naming", "book_lines_naming")
        return sum(len(self.store._all(query, asked)) for query in tables)

    def schedules_directed(self, person: str) -> list[str]:
        """Return the codes of the schedules in force that *person* directs."""
        return [code for (code,) in self.store._all("schedules_in_force_of", person)]

    # taking out

    def drop_versions(self, person: str) -> int:
        """Take *person* out of every roster that was ever in force; what points at one points at what is left of it."""
        found = list(self.versions(person))
        for digest, roster in found:
            del roster["people"][person]
            left = msgspec.json.encode(roster, order="sorted")
            name = codec.digest(left)
            self.store._do("put_document", name, "roster", left)
            self.store._do("forget_change_people", digest)
            for query in ("current", "after", "before", "proofs"):
                self.store._do(f"forget_version_{query}", digest, name)
            self.store._do("forget_document", digest)
        return len(found)

    def drop_changes(self, person: str, instead: str) -> None:
        """Write *instead* where a change of the roster says who made it or whom it was about."""
        for n, _, by, note in self.store._all("changes_naming", person):
            self.store._do("forget_change", instead if by == person else by, re.sub(_whole(person), instead, note), n)

    def drop_rows(self, person: str, instead: str) -> dict[str, int]:
        """Take *person* out of messages, answers, tests, links and roll calls; return how many rows of each."""
        return {
            "messages": self.store._do("forget_outbox", person),
            "replies": self.store._do("forget_inbound", person),
            "tests": self.store._do("forget_proofs", person),
            "links": self.store._do("forget_links", person),
            "roll_calls": self.store._do("forget_muster_person", person, instead)
            + self.store._do("forget_muster_marks", person, instead),
        }

    def drop_mentions(self, person: str, instead: str) -> None:
        """Write *instead* where messages to others speak of *person*; those hold roster ids, as the log does."""
        for id, line in self.store._all("lines_about", f'"{person}"'.encode()):
            said = _decoded(line)
            said["people"] = {key: instead if id == person else id for key, id in said.get("people", {}).items()}
            self.store._do("forget_line", msgspec.json.encode(said), id)

    def drop_schedules(self, person: str, instead: str) -> int:
        """Write *instead* where a schedule, or what became of it, names *person*; return how many schedules did."""
        changed = 0
        for id, *told in self.store._all("schedules_told"):
            left = [re.sub(_whole(person), instead, word) if word else word for word in told]
            if left != told:
                changed += self.store._do("forget_schedule", *left, id)
        for schedule, due, says in self.store._all("occurrences_told"):
            left_says = re.sub(_whole(person), instead, says)
            if left_says != says:
                self.store._do("forget_occurrence", left_says, schedule, due)
        return changed

    def drop_from_scenarios(
        self, person: str, words: Iterable[str], numbers: Iterable[str], pseudonym: str, instead: str
    ) -> int:
        """Take *person* out of the scenarios that drills were run by; return how many named them.

        A scenario goes on being found by the digest it had: that is what the book says. *pseudonym* stands where a text
        named them, *instead* where something was for them.
        """
        named = [re.compile(_whole(word), re.IGNORECASE) for word in words if len(word) > 1]
        named += [re.compile(_spaced(number)) for number in numbers]
        changed = 0
        for name, at, digest, body in self.store._all("kept_scenarios"):
            before = _decoded(body)
            after = _redacted(before, "", person, named, pseudonym, instead)
            if after != before:
                self.store.put_current(name, "compiled", msgspec.json.encode(after, order="sorted"), from_text(at))
                self.store._do("forget_document", digest)
                changed += 1
        return changed

    def drop_old_rosters(self) -> None:
        """Forget every roster but the one in force; for a store in which nothing points at those of before."""
        for (digest,) in self.store._all("rosters_of_before"):
            self.store._do("forget_document", digest)

    def drop_words(self, seals: Iterable[str]) -> int:
        """Forget kept words; the log keeps their seals."""
        return sum(self.store._do("forget_words", seal) for seal in sorted(seals))

    # what is left on the disk

    def leave_no_traces(self) -> None:
        """Let the store overwrite what it deletes from now on, instead of leaving it on free pages."""
        self.store._db.execute("pragma secure_delete = on")

    def empty_journal(self) -> bool:
        """Bring all that was written into the file and empty the journal before it; False where a reader held it up."""
        busy, *_ = self.store._db.execute("pragma wal_checkpoint(truncate)").fetchone()
        return not busy


def _whole(word: str) -> str:
    """Return a pattern for *word* that does not find `li` in `li_ming`; Chinese has no spaces to go by."""
    edge = r"[A-Za-z0-9_]"
    return f"(?<!{edge}){re.escape(word)}(?!{edge})" if word.isascii() else re.escape(word)


def _spaced(number: str) -> str:
    """Return a pattern for a telephone number, however its digits are parted."""
    return r"\+?" + r"[-\s().]*".join(_digits(number))


def _redacted(value: Any, key: str, person: str, named: list[re.Pattern[str]], pseudonym: str, instead: str) -> Any:
    """Return a part of a scenario, found under *key*, without *person*."""
    if isinstance(value, dict):
        return {k: _redacted(each, k, person, named, pseudonym, instead) for k, each in value.items()}
    if isinstance(value, list):
        return [_redacted(each, key, person, named, pseudonym, instead) for each in value]
    if not isinstance(value, str):
        return value
    if value == person:
        return instead if key in WHO else value
    for each in named:
        value = each.sub(pseudonym, value)
    return value


def _digits(text: str) -> str:
    return "".join(ch for ch in text if ch.isdecimal())


def _decoded(line: bytes) -> Any:
    return msgspec.json.decode(bytes(line))


def _seals(value: Any) -> Iterator[str]:
    """Yield every seal in a document."""
    if isinstance(value, str):
        if value.startswith("seal:"):
            yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _seals(each)
    elif isinstance(value, list):
        for each in value:
            yield from _seals(each)
