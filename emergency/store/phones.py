"""What the store knows of telephones beside the tests that somebody began: answers to alerts, and scheduled questions.

Both stand in the table of tests. The id says what a row is: `test:...` one that somebody began, `still:...` a scheduled
question, `heard:...` the last answer of one telephone to an alert.
"""

from __future__ import annotations

from datetime import datetime

from emergency.core.values import Channel
from emergency.store.codec import to_text
from emergency.store.store import ProofRow, SqliteStore, _proof

HEARD = "heard:"
STILL = "still:"


def heard_from(store: SqliteStore, person: str, channel: Channel, number: int, at: datetime) -> None:
    """Write down that a telephone has answered an alert; of each telephone and channel the last answer is kept.

    Args:
        number: which of the person's numbers, counted from 0 in the roster in force.
    """
    roster = store.current_digest("roster") or ""
    store._do("heard_from", f"{HEARD}{person}:{channel}:{number}", person, channel, number, roster, to_text(at))


def asked_between(store: SqliteStore, start: datetime, end: datetime) -> list[ProofRow]:
    """Return the scheduled questions put from *start* until before *end*, oldest first."""
    rows = store._all("asked_between", to_text(start), to_text(end), f"{STILL}*")
    return [row for row in map(_proof, rows) if row]


def real_goes_on(store: SqliteStore) -> bool:
    """Return whether any real incident is open."""
    return bool(store._one("real_goes_on")[0])
