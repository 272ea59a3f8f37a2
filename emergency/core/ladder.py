"""The ladder: whom an unanswered alert goes to next, over which channel, and when.

The times are practice (one written by nobody's law): SMS at once; voice at 60 s; the first deputy at 120 s while
the holder goes on being called; the second deputy at 180 s; the next higher role at 300 s, and the gap is shown
to command. After the last rung everyone asked so far is called again every two minutes, ten times.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import msgspec

Whom = Literal["holder", "deputy", "higher", "everyone"]


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """One rung: how long after the first alert, whom it asks anew, and whether those before are called again."""

    at: timedelta
    whom: Whom
    again: bool = False


LADDER: tuple[Rung, ...] = (
    Rung(at=timedelta(0), whom="holder"),
    Rung(at=timedelta(seconds=60), whom="holder", again=True),
    Rung(at=timedelta(seconds=120), whom="deputy", again=True),
    Rung(at=timedelta(seconds=180), whom="deputy", again=True),
    Rung(at=timedelta(seconds=300), whom="higher", again=True),
)
REPEAT = timedelta(seconds=120)
REPEATS = 10


def rung(number: int) -> Rung | None:
    """Return rung *number*, counted from 0, or None above the last repeat."""
    if number < len(LADDER):
        return LADDER[number]
    if number < len(LADDER) + REPEATS:
        past = number - len(LADDER) + 1
        return Rung(at=LADDER[-1].at + past * REPEAT, whom="everyone", again=True)
    return None


def wait_after(number: int, pace: float = 1.0) -> timedelta | None:
    """Return how long rung *number* waits for an answer before the next, or None when it is the last."""
    here, following = rung(number), rung(number + 1)
    return (following.at - here.at) * pace if here and following else None


BRISK = timedelta(minutes=15)
SLOWEST = 100.0
AFTERWARDS = 30.0


def pace(allowed: timedelta | None, *, ended: bool) -> float:
    """Return by how much the ladder is stretched: 1 in the emergency itself.

    A step with more than a quarter of an hour is chased in proportion, at most a hundred times slower; once the
    emergency has ended nobody is rung up within half an hour (practice).
    """
    stretch = min(max(1.0, allowed / BRISK), SLOWEST) if allowed else 1.0
    return max(stretch, AFTERWARDS) if ended else stretch


def first_channels(available: Sequence[str], *, together: bool) -> tuple[str, ...]:
    """Return the channels of a first call: SMS, with voice beside it when *together*; what there is otherwise."""
    if together or "sms" not in available:
        return tuple(c for c in ("sms", "voice") if c in available)
    return ("sms",)


def again_channels(available: Sequence[str]) -> tuple[str, ...]:
    """Return the channels of a further call on the same person: voice, and SMS only for who has no voice."""
    if "voice" in available:
        return ("voice",)
    return tuple(c for c in ("sms",) if c in available)
