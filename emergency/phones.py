"""When each telephone last proved itself, and which have not for too long.

A telephone proves itself by an answer: to a test, to the regular question whether it is still theirs, or to an alert.
What is only delivered proves nothing, for a number that was given to somebody else takes texts too; but where no text
can come back (some countries' networks), a receipt is all there is, and counts for texts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

import msgspec

from emergency.core.values import Channel
from emergency.engine import Engine
from emergency.errors import StoreDamaged
from emergency.notify import Inbound
from emergency.roster import Roster
from emergency.store.phones import heard_from
from emergency.store.store import ProofRow, SqliteStore

STALE = timedelta(days=90)
"""After so long a number counts as not confirmed (practice)."""
DUE = timedelta(days=35)
"""After so long a warning: numbers are verified monthly, and an answer may take some days (practice)."""
SILENT = 2
"""Questions in a row without an answer after which a number is named (practice)."""
LOOK_BACK = timedelta(days=180)
"""Older proofs say no more than none."""
ANSWERS = frozenset({"acknowledged", "done", "chosen", "declined", "again", "help", "over"})
"""What a message may have done to count as the answer to an alert: its sender knew what was asked, or pressed a key."""

NEVER = datetime.min.replace(tzinfo=UTC)

State = Literal["proved", "due", "stale", "never", "silent", "failed"]
Key = tuple[str, int, str]
"""A person, which of their numbers (from 0), and the channel."""


class Phone(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one number by one channel.

    proved: when it last answered. asked: when it was last asked, answered or not. silent: how many questions in a row
    came to no answer. failed: why the last question did not arrive, as the provider says; else empty.
    """

    person: str
    number: int
    channel: Channel
    proved: datetime | None = None
    asked: datetime | None = None
    silent: int = 0
    failed: str = ""

    def state(self, now: datetime) -> State:
        """Return how far the number can be relied on."""
        if self.failed:
            return "failed"
        if self.silent >= SILENT:
            return "silent"
        if self.proved is None:
            return "never"
        age = now - self.proved
        return "stale" if age > STALE else "due" if age > DUE else "proved"


Book = Mapping[Key, Phone]


def book(engine: Engine, roster: Roster, one_way: frozenset[str] = frozenset()) -> dict[Key, Phone]:
    """Return every telephone of *roster* that anything is known of; what a number proved that was changed is left out.

    Args:
        one_way: calling codes from which no text comes back.
    """
    prefixes = tuple(f"+{code}" for code in one_way)
    found: dict[Key, Phone] = {}
    for row in engine.store.proofs_since(engine.clock.now() - LOOK_BACK):
        number = number_of(engine.store, row)
        person = roster.people.get(row.person)
        if person is None or number not in person.numbers:
            continue
        key = (row.person, person.numbers.index(number), row.channel)
        phone = found.get(key) or Phone(person=key[0], number=key[1], channel=row.channel)
        mute = row.channel == "sms" and number.startswith(prefixes)
        found[key] = _after(phone, row, receipt_is_enough=bool(prefixes) and mute)
    return found


def _after(phone: Phone, row: ProofRow, *, receipt_is_enough: bool) -> Phone:
    """Return what is known of a telephone after one more test; tests come in the order in which they began."""
    answered = row.answered_at or (row.delivered_at if receipt_is_enough and not row.failed else None)
    if answered is not None:
        proved = max(answered, phone.proved) if phone.proved else answered
        return msgspec.structs.replace(phone, proved=proved, asked=row.asked_at, silent=0, failed="")
    if row.taken_at is None and not row.failed:  # it never left the house: that says nothing of the telephone
        return phone
    silent = phone.silent + (not row.failed)
    return msgspec.structs.replace(phone, asked=row.asked_at, silent=silent, failed=row.failed)


def number_of(store: SqliteStore, row: ProofRow) -> str:
    """Return the number that was tested; empty when the roster of that day is gone."""
    numbers = _numbers(store, row.roster).get(row.person, ())
    return numbers[row.number] if row.number < len(numbers) else ""


def _numbers(store: SqliteStore, digest: str) -> Mapping[str, tuple[str, ...]]:
    known = _remembered(store.path)
    if digest not in known:
        known[digest] = {}
        with contextlib.suppress(StoreDamaged):
            people = msgspec.json.decode(store.document(digest), type=Roster).people
            known[digest] = {id: person.numbers for id, person in people.items()}
    return known[digest]


@lru_cache(maxsize=8)
def _remembered(path: str) -> dict[str, Mapping[str, tuple[str, ...]]]:
    """Return the numbers of rosters that were read before, of the store at *path*; a digest names one for ever."""
    return {}


def best(book: Book, person: str, number: int) -> Phone | None:
    """Return what is known of a number by the channel that proved it last; None when it was never asked."""
    there = [book[key] for channel in ("sms", "voice") if (key := (person, number, channel)) in book]
    return max(there, key=lambda phone: (phone.proved or NEVER, phone.asked or NEVER), default=None)


def state_of(book: Book, person: str, number: int, now: datetime) -> State:
    """Return how far a number can be relied on, by the channel that speaks best for it."""
    phone = best(book, person, number)
    return phone.state(now) if phone is not None else "never"


class Weak(msgspec.Struct, frozen=True, kw_only=True):
    """A number that did not prove itself of late. `proved`, `asked`: by whichever channel was the last."""

    person: str
    number: int
    state: State
    proved: datetime | None = None
    asked: datetime | None = None
    failed: str = ""


STANDING: Mapping[State, int] = {"failed": 0, "silent": 1, "never": 2, "stale": 3, "due": 4}
"""What is wrong with a number, the worst first."""


def weak(roster: Roster, book: Book, now: datetime) -> list[Weak]:
    """Return the numbers of *roster* that did not prove themselves of late: the worst first, then the oldest."""
    found = []
    for person in roster.people.values():
        for number in range(len(person.numbers)):
            state = state_of(book, person.id, number, now)
            if state != "proved":
                found.append(_weak(book, person.id, number, state))
    return sorted(found, key=lambda each: (STANDING[each.state], each.proved or NEVER, each.person, each.number))


def _weak(book: Book, person: str, number: int, state: State) -> Weak:
    there = [book[key] for channel in ("sms", "voice") if (key := (person, number, channel)) in book]
    return Weak(
        person=person,
        number=number,
        state=state,
        proved=max((phone.proved for phone in there if phone.proved), default=None),
        asked=max((phone.asked for phone in there if phone.asked), default=None),
        failed=next((phone.failed for phone in there if phone.failed), ""),
    )


def hear(engine: Engine, roster: Roster, person: str, inbound: Inbound, kinds: set[str]) -> None:
    """Write down that a telephone answered an alert; what an operator typed for somebody comes from no number.

    Args:
        kinds: what the message did (`Outcome.kind`).
    """
    known = roster.people.get(person)
    if known is None or inbound.sender not in known.numbers or not kinds & ANSWERS:
        return
    heard_from(engine.store, person, inbound.channel, known.numbers.index(inbound.sender), engine.clock.now())
