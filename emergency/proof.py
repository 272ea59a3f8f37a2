"""Tests of telephones: what answers one, and what a provider says became of it. No incident has a part in either.

A test asks for a code with a Z, which no incident, step or key has. An answer with it proves the telephone; whatever
stands beside it is read only where it names an incident by its code, so that a word meant for the test acknowledges
nothing. A bare `1` never is an answer to a test: it belongs to the incidents alone.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec

from emergency.core.replies import parse, tidy
from emergency.core.wording import quotes_test
from emergency.engine import Engine
from emergency.notify import Inbound, Report
from emergency.roster import Roster
from emergency.store.store import ProofRow

CODE = re.compile(r"(?<![A-Z0-9])Z[2-9][A-Z](?![A-Z0-9])")
QUOTED = re.compile("没有紧急情况|NO EMERGENCY")
"""Our own words, come back: a forwarded message, or a telephone's `Liked "..."`. Nobody has answered."""
STILL_READ = timedelta(days=7)
"""How long after a test its code is read as an answer to it (practice)."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came in answer to a test.

    kind: proved; proved_before; or no_proof (typed by an operator, quoted, from somebody else's call).
    rest: what stood beside the code and names an incident; else empty. more: something else stood there.
    """

    kind: str
    row: ProofRow
    rest: str = ""
    more: bool = False


def answered(engine: Engine, person: str, inbound: Inbound, language: str = "en") -> Answer | None:
    """Return what *inbound* answers, written down; None when it answers no test, and is read like any other.

    Args:
        language: that of the person, in which the test was written.
    """
    if inbound.delivery is not None:
        row = engine.store.proof(inbound.delivery)
        return _proved(engine, row, row.person == person, inbound) if row is not None else None
    text = tidy(inbound.text)
    match = CODE.search(text)
    since = engine.clock.now() - STILL_READ
    row = engine.store.proof_by_code(person, match[0], since) if match is not None else None
    if row is None or match is None:
        return None
    quoted = QUOTED.search(text) or quotes_test(text, language)
    counts = inbound.provider != "console" and not quoted
    rest = (text[: match.start()] + " " + text[match.end() :]).strip()
    return _proved(engine, row, counts, inbound, rest)


def _proved(engine: Engine, row: ProofRow, counts: bool, inbound: Inbound, rest: str = "") -> Answer:
    if not counts:
        return Answer(kind="no_proof", row=row)
    engine.store.proof_answered(row.id, engine.clock.now())
    named = any(reply.code for reply in parse(rest))
    return Answer(
        kind="proved_before" if row.answered_at else "proved",
        row=row,
        rest=rest if named else "",
        more=bool(tidy(rest)) and not named,
    )


def record(engine: Engine, report: Report) -> bool:
    """Write down what a provider reports of a test; return False when it is of none."""
    row = engine.store.proof(report.delivery)
    if row is None:
        return False
    if report.status == "delivered":
        engine.store.proof_delivered(row.id, engine.clock.now())
    elif report.status == "failed":
        engine.store.proof_failed(row.id, report.reason)
    return True


def latest(engine: Engine, roster: Roster, since: datetime) -> list[ProofRow]:
    """Return the last test of each telephone by each channel; what a number proved that was changed is left out."""
    then: dict[str, Roster] = {}
    found: dict[tuple[str, str, str], ProofRow] = {}
    for row in engine.store.proofs_since(since):
        if row.roster not in then:
            then[row.roster] = msgspec.json.decode(engine.store.document(row.roster), type=Roster)
        number = then[row.roster].people[row.person].numbers[row.number]
        now = roster.people.get(row.person)
        if now is not None and number in now.numbers:
            found[row.person, row.channel, number] = row
    return list(found.values())
