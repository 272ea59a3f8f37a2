"""The ladder: whom an unanswered alert goes to next, over which channel, and when.

Its rungs are placed backwards from the moment by which somebody must have answered: half of the step's target, the
other half is for the work. Where there is time, the times are practice (one written by nobody's law): SMS at once;
voice at 60 s; the first deputy at 120 s while the holder goes on being called; the second deputy at 180 s; the next
higher role at 300 s, and the gap is shown to command. After the last rung everyone asked so far is called again,
five times, each wait twice as long as the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Literal

import msgspec

Whom = Literal["holder", "deputy", "higher", "everyone"]


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """One rung: how long after the first alert, whom it asks anew, and whether those before are called again.

    both: the first call goes out as text and voice in one moment.
    """

    at: timedelta
    whom: Whom
    again: bool = False
    both: bool = False


LADDER: tuple[Rung, ...] = (
    Rung(at=timedelta(0), whom="holder"),
    Rung(at=timedelta(seconds=60), whom="holder", again=True),
    Rung(at=timedelta(seconds=120), whom="deputy", again=True),
    Rung(at=timedelta(seconds=180), whom="deputy", again=True),
    Rung(at=timedelta(seconds=300), whom="higher", again=True),
)
"""The rungs of a step without a target; no rung of a shorter one comes later than these."""
DEPUTY_RUNG = next(n for n, rung in enumerate(LADDER) if rung.whom == "deputy")
HIGHER_RUNG = next(n for n, rung in enumerate(LADDER) if rung.whom == "higher")
REPEAT = timedelta(seconds=120)
"""How long after the top everyone is called again; each further wait is twice as long."""
REPEATS = 5
"""How often; the fifth comes an hour after the top, and from there on the plan's own reminders call (practice)."""

NEED = timedelta(seconds=60)
"""What a rung needs to bear an answer: half of the people on site answer a text within a minute, and a call takes 54 s
to ring, to be heard and to be answered by a key (practice, from drills)."""
LEAST = timedelta(seconds=20)
"""The least that a rung gets: no telephone is answered faster (practice)."""
SOONEST = timedelta(seconds=30)
"""The earliest moment by which an answer can be asked of anybody (practice)."""
BRISK = timedelta(minutes=15)
SLOWEST = 100.0
AFTERWARDS = 30.0


def answer_by(allowed: timedelta | None) -> timedelta:
    """Return how long after the first alert somebody must have it: half of the time target, no sooner than 30 s and
    no later than the highest rung; the other half of the time is for the work (practice)."""
    top = LADDER[HIGHER_RUNG].at
    return top if allowed is None else min(max(allowed / 2, SOONEST), top)


@lru_cache(maxsize=4096)
def place(
    allowed: timedelta | None,
    *,
    ended: bool = False,
    ways: int = 2,
    by_text: bool = True,
    attentive: bool = False,
    sooner: Sequence[timedelta] = (),
) -> tuple[Rung, ...]:
    """Return the rungs of a step with the time target *allowed*, lowest first: always as many, so that a number means
    the same rung in every ladder. One that begins with the one before it is no rung of its own (see `following`).

    Args:
        allowed: from the start of the step; None for none.
        ended: the emergency is over.
        ways: how many ways there are to the holder: a channel on a number is one.
        by_text: the holder can answer by text. Who cannot is rung at once.
        attentive: the holder has answered something just now, and is given a moment with the text before the call.
        sooner: how long after the first call each rung comes at the latest, lowest first; empty for no such wish.
    """
    speed = pace(allowed, ended=ended)
    if speed > 1:
        return _repeated(tuple(_moved(rung, rung.at * speed) for rung in LADDER), speed)
    until = answer_by(allowed)
    if until >= 4 * NEED:
        first, again, need = msgspec.structs.replace(LADDER[0], both=ways > 1 and not by_text), until - 3 * NEED, NEED
    else:
        again = LEAST if attentive and by_text and ways > 1 else timedelta(0)
        first = msgspec.structs.replace(LADDER[0], both=ways > 1 and not again)
        need = max(LEAST, min(NEED, _whole((until - again) / 3)))
        until = max(until, again + 3 * need)
    moments: Sequence[timedelta] = (timedelta(0), again, until - 2 * need, until - need, until)
    if sooner:
        moments = tuple(min(at, wish) for at, wish in zip(moments, sooner, strict=True))
    placed = (_moved(rung, min(at, rung.at)) for rung, at in zip((first, *LADDER[1:]), moments, strict=True))
    return _repeated(tuple(placed), 1.0)


def _moved(rung: Rung, at: timedelta) -> Rung:
    return msgspec.structs.replace(rung, at=at)


def _whole(length: timedelta) -> timedelta:
    return timedelta(seconds=length // timedelta(seconds=1))


def _repeated(rungs: tuple[Rung, ...], speed: float) -> tuple[Rung, ...]:
    """Return *rungs* with the repeats above them: 2, 6, 14, 30 and 62 minutes after the top."""
    top = rungs[-1].at
    after = (REPEAT * (2 ** (n + 1) - 1) * speed for n in range(REPEATS))
    return (*rungs, *(Rung(at=top + each, whom="everyone", again=True) for each in after))


def following(rungs: Sequence[Rung], number: int) -> int | None:
    """Return the number of the next rung that comes after rung *number*, or None above the last repeat."""
    if number >= len(rungs):
        return None
    for later in range(number + 1, len(rungs)):
        if rungs[later].at > rungs[number].at:
            return later
    return None


def wait_after(rungs: Sequence[Rung], number: int) -> timedelta | None:
    """Return how long rung *number* waits for an answer before the next, or None when it is the last."""
    later = following(rungs, number)
    return None if later is None else rungs[later].at - rungs[number].at


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


RING_AGAIN = timedelta(seconds=60)
"""How long after a call the same telephone is rung again: the call before must have had its time (see `NEED`)."""
RING_FOR_NEW = timedelta(seconds=30)
"""The same for something new: who is being rung hears of it in the next call of its ladder (practice)."""
PATIENCE, PATIENCE_FOR_NEW = 3, 4
"""Who lets call after call ring is rung ever more seldom: each wait is at least a third of the time since the first of
them, or a quarter where there is something new (practice: ten calls in the first hour, three from the sixth on)."""

LONGEST_REST = timedelta(minutes=20)
"""No telephone is left alone for longer because it was rung in vain (practice)."""


def may_ring(first: timedelta, last: timedelta, *, new: bool) -> bool:
    """Return whether a telephone may ring again that was rung in vain.

    Args:
        first, last: how long ago it was rung for the first time, and the last time, since its owner answered anything.
        new: there is something that the owner was not rung for yet.
    """
    least, patience = (RING_FOR_NEW, PATIENCE_FOR_NEW) if new else (RING_AGAIN, PATIENCE)
    return last >= least and last >= min(first / patience, LONGEST_REST)
