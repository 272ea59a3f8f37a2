"""What is done to a roll call: open it, expect people, ask them, take down what is said, sweep zones, close it.

Everything that is said becomes a line of the roll call's own chain, and the last word on each person stands in a
table beside it. The incident's log learns four things only: that a roll call was opened, that somebody needs help,
that a step was done or given up, and how the roll call ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice

import msgspec

from emergency.core import commands as c
from emergency.core.assignment import is_silenced
from emergency.core.events import MusterClosed
from emergency.core.incident import Incident
from emergency.core.site import Member
from emergency.core.values import Mode
from emergency.engine import CODE_REST, WAKES, Engine
from emergency.errors import CommandRefused, StoreDamaged
from emergency.muster.answers import LETTER
from emergency.muster.question import question
from emergency.muster.state import Answer, Count, Mark, State, count_of, gather, marks_of, open_runs
from emergency.store.musters import Expected, GuestRow, MarkRow, MusterRow, Musters, PersonRow
from emergency.store.store import OutboxRow

ASK_TIMER = "roll:ask"
NOTHING_WAS = frozenset({"false_alarm", "cancelled"})
"""Ends after which nobody is asked any more whether they are safe: they have just been told that it was nothing."""
FIRST_WAIT = timedelta(minutes=3)
ASK_AGAIN = (FIRST_WAIT, timedelta(minutes=5), None)
"""After the first, the second and the third question: asked again after 3 and after 8 minutes (practice)."""
BATCH = 250
"""People who are asked in one transaction: a commit of a few milliseconds."""
BACKLOG = 500
"""While so many of our messages wait for their sender, nobody else is asked: the queue is for alerts (practice)."""
PACE = timedelta(seconds=1)
QUESTION_URGENCY = 20
ANSWER_URGENCY = 18
"""Behind every alert of every incident (`outbox.CALM`); that an answer was noted before the next question."""
QUESTION_LIFE = timedelta(minutes=10)
LINE_PEOPLE = 500
"""People on one line of the chain, when they are put on the list."""


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The root of all lines."""


class PeopleExpected(Line, frozen=True, tag="PeopleExpected"):
    """These are expected: roster id (or guest) to last known place."""

    people: dict[str, str]
    by: str


class GroupExpected(Line, frozen=True, tag="GroupExpected"):
    """So many people without names are in a zone."""

    place: str
    label: str
    heads: int
    by: str


class Said(Line, frozen=True, tag="Said"):
    """Somebody is safe, needs help, or is not on site; by whom it was said, when not by themselves."""

    person: str
    answer: str
    via: str
    by: str | None = None


class Seen(Line, frozen=True, tag="Seen"):
    """Somebody was seen at a place."""

    person: str
    place: str
    by: str


class ZoneMarked(Line, frozen=True, tag="ZoneMarked"):
    """A zone was swept, or given up; reason: a seal."""

    place: str
    mark: str
    by: str
    reason: str = ""


class Ended(Line, frozen=True, tag="Ended"):
    """The roll call was closed, or opened again."""

    by: str
    again: bool = False


_LINE = msgspec.json.Encoder()


def musters(engine: Engine) -> Musters:
    """Return the roll calls of the engine's store."""
    return Musters(engine.store)


def _write(engine: Engine, muster: MusterRow, *lines: Line) -> MusterRow:
    said = [(type(line).__name__, _LINE.encode(line)) for line in lines]
    return musters(engine).append(muster, said, engine.clock.now())


def the_muster(engine: Engine, incident: Incident) -> MusterRow:
    """Return the roll call of *incident*.

    Raises:
        CommandRefused: it has none.
    """
    found = musters(engine).of(incident.id)
    if found is None:
        raise CommandRefused(
            f"{incident.code} has no roll call yet; open it with: emergency muster {incident.code}",
            f"{incident.code} 还没有点名;开始点名:emergency muster {incident.code}",
        )
    return found


# opening and closing


def open_roll(engine: Engine, incident: Incident, members: Sequence[Member], by: str) -> tuple[MusterRow, str]:
    """Return the roll call of *incident* and what was done: `opened`, `reopened`, or nothing ('') when it was open.

    Args:
        members: the team as it is now; who is on shift is expected, at their usual zone.

    Raises:
        CommandRefused: the incident is closed or only expected.
    """
    table, now = musters(engine), engine.clock.now()
    known = table.of(incident.id)
    if known is not None and known.closed_at is None:
        return known, ""
    if known is not None:
        return _reopen(engine, incident, known, by), "reopened"
    code = engine.store.next_code(LETTER, incident.mode, now, CODE_REST)
    there = [m for m in members if m.duty == "on"]
    engine.handle(incident.id, c.OpenMuster(code=code, expected=len(there), by=by))
    table.begin(incident.id, code, incident.mode, now)
    people = [Expected(person=m.id, place=m.zone or "", reachable=bool(m.channels)) for m in there]
    expect(engine, incident, people, by)
    return the_muster(engine, incident), "opened"


def _reopen(engine: Engine, incident: Incident, muster: MusterRow, by: str) -> MusterRow:
    total = state(engine, incident).total
    engine.handle(incident.id, c.OpenMuster(code=muster.code, expected=total.expected, by=by))
    musters(engine).close(incident.id, None)
    after = _write(engine, muster, Ended(by=by, again=True))
    _wake_later(engine, incident.id)
    return msgspec.structs.replace(after, closed_at=None)


def close_roll(engine: Engine, incident: Incident, by: str) -> MusterRow:
    """End the roll call and write its totals and the hash of its last line into the incident's log; twice is once.

    Raises:
        CommandRefused: the incident has none.
    """
    muster = the_muster(engine, incident)
    if muster.closed_at is not None:
        return muster
    total, now = state(engine, incident).total, engine.clock.now()
    muster = _write(engine, muster, Ended(by=by))
    musters(engine).close(incident.id, now)
    engine.store.set_timers(incident.id, {ASK_TIMER: None})
    _withdraw(engine, incident)
    command = c.CloseMuster(
        code=muster.code, safe=total.safe, help=total.help, away=total.away, missing=total.missing,
        lines=muster.lines, head=muster.head, by=by,
    )  # fmt: skip
    engine.handle(incident.id, command)
    return msgspec.structs.replace(muster, closed_at=now)


def _withdraw(engine: Engine, incident: Incident) -> None:
    for channel in ("sms", "voice"):
        musters(engine).withdraw(incident.id, incident.mode, channel, QUESTION_URGENCY)


# who is expected


def expect(engine: Engine, incident: Incident, people: Sequence[Expected], by: str) -> int:
    """Put *people* on the list, to be asked now; return how many were not on it before."""
    table = musters(engine)
    known = table.everyone(incident.id)
    new = list({p.person: p for p in people if p.person not in known}.values())
    muster = the_muster(engine, incident)
    rest = iter(new)
    while part := list(islice(rest, LINE_PEOPLE)):
        muster = _write(engine, muster, PeopleExpected(people={p.person: p.place for p in part}, by=by))
    table.expect(incident.id, new, engine.clock.now())
    if new:
        ask_on(engine, incident)
    return len(new)


def expect_group(engine: Engine, incident: Incident, place: str, label: str, heads: int, by: str) -> None:
    """Keep that so many people without names are in a zone; the last number counts."""
    musters(engine).group(incident.id, place, label, heads)
    _write(engine, the_muster(engine, incident), GroupExpected(place=place, label=label, heads=heads, by=by))


def add_guests(engine: Engine, incident: Incident, guests: Iterable[GuestRow]) -> None:
    """Keep people of a list who are in no roster."""
    musters(engine).add_guests(incident.id, guests)


# asking


def ask_on(engine: Engine, incident: Incident) -> int:
    """Ask those who are due, one batch; return how many. The rest follows by itself, as far as the sender keeps up."""
    table, now = musters(engine), engine.clock.now()
    muster = table.of(incident.id)
    if muster is None or muster.closed_at is not None or incident.is_closed or incident.ended in NOTHING_WAS:
        return 0
    waiting = sum(table.waiting(incident.mode, each, ANSWER_URGENCY, BACKLOG) for each in ("sms", "voice"))
    due = table.due(incident.id, now, BATCH) if waiting < BACKLOG else []
    silent = {person for person, _ in due if not _may_ring(incident, person)}
    engine.store.queue(*_questions(engine, incident, muster, [each for each in due if each[0] not in silent], now))
    asked = [(person, times + 1, _again(now, times)) for person, times in due if person not in silent]
    table.asked(incident.id, [*asked, *((person, n, now + FIRST_WAIT) for person, n in due if person in silent)])
    _wake_later(engine, incident.id)
    return len(due)


def _again(now: datetime, asked: int) -> datetime | None:
    wait = ASK_AGAIN[min(asked, len(ASK_AGAIN) - 1)]
    return now + wait if wait is not None else None


def _wake_later(engine: Engine, incident: str) -> None:
    due, now = musters(engine).next_due(incident), engine.clock.now()
    engine.store.set_timers(incident, {ASK_TIMER: max(due, now + PACE) if due is not None else None})


def _wake(engine: Engine, incident: Incident) -> None:
    ask_on(engine, incident)


WAKES[ASK_TIMER] = _wake


def _may_ring(incident: Incident, person: str) -> bool:
    """Whether a telephone may make a sound where this person is believed to be."""
    member = incident.members.get(person)
    return member is None or not is_silenced(incident, member)


def _questions(
    engine: Engine, incident: Incident, muster: MusterRow, due: Sequence[tuple[str, int]], now: datetime
) -> list[OutboxRow]:
    lines: dict[tuple[str, int, bool], bytes] = {}
    guest = musters(engine).guest
    rows = []
    for person, asked in due:
        channel, language, two_way = _way_to(
            incident.members.get(person), guest(person) if person not in incident.members else None
        )
        key = (language, asked, two_way)
        if key not in lines:
            lines[key] = _LINE.encode(question(incident, muster.code, language, asked, two_way=two_way))
        rows.append(
            OutboxRow(
                id=f"roll:{incident.id}:{person}:{asked + 1}", incident=incident.id, alert=None, person=person,
                channel=channel, mode=incident.mode, number=0, urgency=QUESTION_URGENCY, attempt=0, line=lines[key],
                queued_at=now, expires_at=now + QUESTION_LIFE,
            )
        )  # fmt: skip
    return rows


def _way_to(member: Member | None, guest: GuestRow | None) -> tuple[str, str, bool]:
    """Return the channel, the language, and whether an answer by text comes back.

    Who cannot text back is sent a text as well: it bears the address to answer at. Only where no texts can be sent at
    all somebody is called.
    """
    if member is None:
        return "sms", guest.language if guest else "zh", guest is None or guest.two_way
    return "sms" if "sms" in member.channels else "voice", member.language, member.two_way


# what is said


def say(
    engine: Engine,
    incident: Incident,
    person: str,
    answer: Answer,
    via: str,
    by: str | None = None,
    *,
    cry: bool = False,
) -> None:
    """Take down that somebody is safe, needs help or is not on site; the last word counts, every one is kept.

    A person nobody expected is put on the list. Command hears of a need for help once; a cry (key 9) is heard
    each time.
    """
    table, now = musters(engine), engine.clock.now()
    known = table.person(incident.id, person)
    if known is None:
        expect_silently(engine, incident, person, by or person)
        known = table.person(incident.id, person)
    _write(engine, the_muster(engine, incident), Said(person=person, answer=answer, via=via, by=by))
    table.say(incident.id, person, answer, now)
    if known is not None and known.asked:
        engine.store.drop(f"roll:{incident.id}:{person}:{known.asked}")
    if answer == "help" and (cry or known is None or known.status != "help"):
        engine.handle(incident.id, c.AskHelp(person=person, via=via))


def expect_silently(engine: Engine, incident: Incident, person: str, by: str) -> None:
    """Put somebody on the list who is not to be asked: something was just said of them."""
    member = incident.members.get(person)
    place = (member.zone or "") if member is not None else ""
    _write(engine, the_muster(engine, incident), PeopleExpected(people={person: place}, by=by))
    musters(engine).expect(incident.id, [Expected(person=person, place=place, reachable=False)], engine.clock.now())


def seen(engine: Engine, incident: Incident, person: str, place: str, by: str) -> None:
    """Take down where somebody was seen: the last known place."""
    if musters(engine).person(incident.id, person) is None:
        expect_silently(engine, incident, person, by)
    _write(engine, the_muster(engine, incident), Seen(person=person, place=place, by=by))
    musters(engine).seen(incident.id, person, place, engine.clock.now())


# zones


def mark_zone(engine: Engine, incident: Incident, place: str, mark: str, by: str, reason: str = "") -> tuple[str, ...]:
    """Take down that a zone was swept or given up; return the reply codes of the incident's steps that this ends.

    Raises:
        CommandRefused: a zone is given up without a reason.
    """
    if mark == "given_up" and not reason:
        raise CommandRefused('giving a zone up needs a reason: --reason "..."', '放弃一个区域要写理由:--reason "理由"')
    now = engine.clock.now()
    _write(engine, the_muster(engine, incident), ZoneMarked(place=place, mark=mark, by=by, reason=reason))
    musters(engine).mark(incident.id, MarkRow(place, mark, by, now, reason))
    ended = []
    for run in open_runs(incident, place):
        if mark == "swept":
            person = by if by in incident.members else run.person or incident.command or by
            engine.handle(incident.id, c.FinishStep(step=run.id, person=person, via="roll call", by=by))
        else:
            engine.handle(incident.id, c.GiveUpStep(step=run.id, by=by, reason=reason))
        ended.append(incident.code + run.letter)
    return tuple(ended)


# how it stands


def marks(engine: Engine, incident: Incident) -> dict[str, Mark]:
    """Return what is known of every zone: from the incident's own steps, and from the roll call."""
    own = {m.place: Mark(mark=m.mark, by=m.by, at=m.at, reason=m.reason) for m in musters(engine).marks(incident.id)}
    return marks_of(incident, own)


def state(engine: Engine, incident: Incident) -> State:
    """Return how the roll call stands: one pass over an index, whatever was answered how often."""
    table = musters(engine)
    counts = [
        (row.place, count_of(row.status, row.people, row.reachable, row.asked)) for row in table.counts(incident.id)
    ]
    heads = [(place, number) for place, _, number in table.groups(incident.id)]
    return gather(incident.site, counts, marks(engine, incident), heads)


def total(engine: Engine, incident: Incident) -> Count:
    """Return the totals alone."""
    rows = musters(engine).counts(incident.id)
    return sum((count_of(row.status, row.people, row.reachable, row.asked) for row in rows), Count())


def missing(engine: Engine, incident: Incident, limit: int | None = None) -> list[PersonRow]:
    """Return those who need help, then those of whom nothing is known, each by place."""
    table = musters(engine)
    return [*table.people(incident.id, "help", limit), *table.people(incident.id, "", limit)]


def verify(engine: Engine, incident: Incident) -> int:
    """Return how many lines the roll call of *incident* has, after recomputing its chain; 0 where there is none.

    Raises:
        StoreDamaged: a line is not what was written, or is not the one that the incident's log speaks of.
    """
    with engine.store.one_view():
        count, lines = musters(engine).verify(incident.id), musters(engine).lines(incident.id)
        history = engine.store.history(incident.id)
    for event, _ in history:
        if isinstance(event, MusterClosed) and (event.lines > count or lines[event.lines - 1].hash != event.head):
            raise StoreDamaged(
                f"{event.code}: the roll call is not the one that the log of {incident.code} speaks of",
                f"{event.code}:点名记录与 {incident.code} 日志里记的不是同一份",
            )
    return count


def keeps_up(engine: Engine, mode: Mode) -> bool:
    """Return whether the sender of texts keeps up, so that it can also be said to somebody that they were noted."""
    return musters(engine).waiting(mode, "sms", ANSWER_URGENCY, BACKLOG) < BACKLOG
