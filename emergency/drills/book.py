"""The book of a drill (or of an incident): what is written beside the log by those who control and evaluate.

Entries are facts in the past tense, as events are. No entry holds a name, a number or typed words: people are roster
ids, words are seals. `by` is a roster id or `console`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from emergency.drills.scenario import Kind

Rating = Literal["P", "S", "M", "U"]
"""HSEEP's four: performed without challenges, with some, with major challenges, unable."""
Element = Literal["planning", "organisation", "equipment", "training", "exercise"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The root of all entries."""


class Planned(Entry, frozen=True, tag="Planned"):
    """A drill was planned. scenario: the digest of the scenario's document. carried: actions of earlier drills (their
    ids) that this one is to verify."""

    kind: Kind
    playbook: str
    scenario: str
    director: str
    begins: datetime | None
    maximum: timedelta
    by: str
    participants: tuple[str, ...] = ()
    observers: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()


class NoticeConfirmed(Entry, frozen=True, tag="NoticeConfirmed"):
    """A party that must know beforehand does: `to` is who there said so, as a seal."""

    who: str
    to: str
    by: str


class Released(Entry, frozen=True, tag="Released"):
    """Somebody answers for letting a live drill begin; two of them are needed."""

    by: str


class Begun(Entry, frozen=True, tag="Begun"):
    """STARTEX: the drill's incident was opened. participants: everybody who may be alerted in it, and nobody else."""

    incident: str
    code: str
    by: str
    participants: tuple[str, ...] = ()


class InjectReleased(Entry, frozen=True, tag="InjectReleased"):
    """An inject took effect. planned: when it should have, from STARTEX; adhoc: it stood in no script, `text` is
    a seal."""

    inject: str
    kind: str
    target: str = ""
    planned: timedelta | None = None
    by: str = "script"
    adhoc: bool = False
    text: str | None = None
    until: timedelta | None = None


class InjectSkipped(Entry, frozen=True, tag="InjectSkipped"):
    """An inject was left out: by the director, or because its condition never came (`by` is `script`)."""

    inject: str
    by: str
    reason: str | None = None


class Contingent(Entry, frozen=True, tag="Contingent"):
    """Control did what rescues an objective: the expectation `if_not` was not met."""

    inject: str
    if_not: str
    do: str


class Paused(Entry, frozen=True, tag="Paused"):
    """Play stands still. because: `director`, `unsafe`, `help` (key 9), `real` (a real incident opened), `red`,
    `phrase`."""

    by: str
    because: str
    other: str | None = None


class Resumed(Entry, frozen=True, tag="Resumed"):
    """Play goes on; only the director says so."""

    by: str


class Sped(Entry, frozen=True, tag="Sped"):
    """The clock of the drill runs at this speed from now on."""

    speed: float
    by: str


class Aborted(Entry, frozen=True, tag="Aborted"):
    """The drill was broken off; what waited was taken back, and those told were told. reason: a seal, or a word."""

    by: str
    because: str
    reason: str | None = None


class Ended(Entry, frozen=True, tag="Ended"):
    """ENDEX. because: `scenario`, `director`, `maximum`, `closed` (the incident came to its end)."""

    because: str
    by: str = "script"


class LineRestored(Entry, frozen=True, tag="LineRestored"):
    """A party confirmed that monitoring works again; `to` as in NoticeConfirmed."""

    who: str
    to: str
    by: str


class Closed(Entry, frozen=True, tag="Closed"):
    """Nothing is open any more: the drill is a record."""

    by: str


class Observed(Entry, frozen=True, tag="Observed"):
    """An observer's note. about: an inject, a step's name or an objective; text: a seal; photo: its digest.

    tapped: when it was noted, where it came in later than that (a telephone without a network).
    """

    by: str
    about: str = ""
    text: str | None = None
    rating: Rating | None = None
    unsafe: bool = False
    photo: str | None = None
    tapped: datetime | None = None


class Answered(Entry, frozen=True, tag="Answered"):
    """An evaluator answered a question of the scenario; `tapped` as in Observed."""

    question: str
    met: bool
    by: str
    text: str | None = None
    tapped: datetime | None = None


class Rated(Entry, frozen=True, tag="Rated"):
    """An objective's rating was set by a person over the automatic one; `reason` is a seal."""

    objective: str
    rating: Rating
    by: str
    reason: str


class HotWash(Entry, frozen=True, tag="HotWash"):
    """One answer of the form that players fill in right afterwards. topic: `well`, `badly`, `change`, `safety`."""

    topic: str
    by: str
    text: str


class Action(Entry, frozen=True, tag="Action"):
    """A corrective action was agreed. problem, action: seals. objective: what it came from. repeats: an earlier action
    with the same problem. verify: it is to be looked at in the next drill."""

    id: str
    problem: str
    action: str
    element: Element
    owner: str
    due: str
    by: str
    objective: str = ""
    repeats: str = ""
    verify: bool = True


class ActionDone(Entry, frozen=True, tag="ActionDone"):
    """A corrective action was closed with its evidence (a seal); verified: a later drill (its code) showed it."""

    id: str
    evidence: str
    by: str
    verified: str = ""


AnyEntry = (
    Planned
    | NoticeConfirmed
    | Released
    | Begun
    | InjectReleased
    | InjectSkipped
    | Contingent
    | Paused
    | Resumed
    | Sped
    | Aborted
    | Ended
    | LineRestored
    | Closed
    | Observed
    | Answered
    | Rated
    | HotWash
    | Action
    | ActionDone
)


class Written(msgspec.Struct, frozen=True):
    """An entry as it stands in the book: its number, its moment."""

    seq: int
    at: datetime
    entry: AnyEntry
