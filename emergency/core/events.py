"""What has happened to an incident, in the past tense. The log is a list of these.

No event holds a name, a telephone number, or words that somebody typed: people are roster ids, and free
words are seals (`seal`), digests of words kept beside the log, so that a person can be forgotten
without breaking the chain.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from emergency.core.playbook import Playbook
from emergency.core.seat import Passed
from emergency.core.site import Elsewhere, Member, Site, Wanted
from emergency.core.values import Channel, Mode, Severity, Text

Kind = Literal[
    "task",
    "stand_by",
    "update",
    "taken",
    "enough",
    "passed_on",
    "gap",
    "help",
    "duress",
    "tell",
    "ended",
    "merged",
    "note",
    "expect",
    "relief",
    "released",
    "called_away",
    "comes",
    "keeps",
    "wanted",
    "lent",
    "may_go",
    "no_relief",
    "real_help",
    "drill_real",
    "drill_still",
    "drill_on",
    "drill_over_real",
    "drill_off",
    "endex",
]
"""What an alert is for."""
Why = Literal["silence", "undelivered", "declined", "no_way", "late", "called_away"]
"""Why a ladder climbs."""
Closed = Literal["done", "taken", "declined", "left_state", "ended", "told", "relieved", "called_away"]
"""Why an alert needs no answer any more."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The root of all events. gc=False: nothing that an event holds could lead back to it."""


class IncidentOpened(Event, frozen=True, tag="IncidentOpened"):
    """An incident began. The plan and the site are pinned; in the store they stand as digests.

    offset: minutes that the site's own clocks are ahead of UTC; times in words are said by these.
    parent: the incident that expected it. armed: it waits for a person to confirm it; nobody is called before.
    director: who directs it, of a drill; empty for everything else.
    """

    incident: str
    code: str
    mode: Mode
    playbook: Playbook
    site: Site
    place: str
    severity: Severity
    members: tuple[Member, ...]
    by: str
    note: str | None = None
    parent: str | None = None
    armed: bool = False
    offset: int = 0
    director: str = ""


class IncidentConfirmed(Event, frozen=True, tag="IncidentConfirmed"):
    """A person said that what had been expected has come; the plan begins, at this place."""

    by: str
    place: str


class IncidentDismissed(Event, frozen=True, tag="IncidentDismissed"):
    """What had been expected did not come: a person says so, or the incident that expected it is over."""

    by: str


class RosterUpdated(Event, frozen=True, tag="RosterUpdated"):
    """The team that can be asked changed."""

    members: tuple[Member, ...]


class ReportMerged(Event, frozen=True, tag="ReportMerged"):
    """A second report of the same emergency joined this incident."""

    by: str
    place: str
    note: str | None = None


class StateEntered(Event, frozen=True, tag="StateEntered"):
    """The plan moved. `via` says what moved it; `late_by` is set when a timer did so after its time."""

    state: str
    via: Literal["opening", "guard", "timeout", "order", "late_step"]
    by: str | None = None
    because: Text | None = None
    reason: str | None = None
    overridden: bool = False


class SeverityChanged(Event, frozen=True, tag="SeverityChanged"):
    """The incident became graver by rule or by order, or lighter.

    muted: rules that hold just now and were overruled by a person; they stay still until a fact changes. Those that
        raise count from 0 upwards, those that lower from -1 downwards.
    """

    to: Severity
    via: Literal["rule", "order", "state", "late_step"]
    by: str | None = None
    reason: str | None = None
    muted: tuple[int, ...] = ()


class RoleAssigned(Event, frozen=True, tag="RoleAssigned"):
    """A person holds a role (one of its `slot`s, counted from 1) from now on.

    passed: who would have come before, at most three, and why each was not taken.
    """

    role: str
    slot: int
    person: str
    because: Literal[
        "holder", "deputy", "standing_in", "second_role", "higher", "shared", "answered_first", "ordered", "lent",
        "relieved",
    ]  # fmt: skip
    instead_of: str | None = None
    by: str | None = None
    passed: tuple[Passed, ...] = ()


class RoleUnfilled(Event, frozen=True, tag="RoleUnfilled"):
    """Nobody is left for a place in this role; command is told. passed: who could have, and why each cannot."""

    role: str
    slot: int
    passed: tuple[Passed, ...] = ()


class GapEscalated(Event, frozen=True, tag="GapEscalated"):
    """A role that a grave incident needs has had nobody for too long. `to` is who is called on for it now: the next
    higher role or whoever commands; None when there is nobody to call."""

    role: str
    to: str | None = None


class PersonCalledAway(Event, frozen=True, tag="PersonCalledAway"):
    """Another incident has this person now: `to` is its code. Every role held here is empty from now on; whoever
    commanded does so no more."""

    person: str
    to: str


class PeopleElsewhere(Event, frozen=True, tag="PeopleElsewhere"):
    """What other incidents want of these people has changed; a person with rank 0 is wanted nowhere else."""

    people: tuple[Elsewhere, ...]


class WantedTwice(Event, frozen=True, tag="WantedTwice"):
    """This incident and another, whose code is `other`, want the same people, and what follows.

    how: `keeps`: the other keeps them, here somebody else stands in; `wanted`: the other would like them, they stay;
        `comes`: they come from there; `lent`: they stay, and work for the other as well.
    """

    other: str
    how: Literal["keeps", "wanted", "comes", "lent"]
    people: tuple[Wanted, ...]


class ReliefMissing(Event, frozen=True, tag="ReliefMissing"):
    """The shift of whoever holds this place is over and nobody follows: they stay. Command is told once."""

    role: str
    slot: int
    person: str


class CommandTaken(Event, frozen=True, tag="CommandTaken"):
    """Who commands from now on."""

    person: str
    role: str
    by: str | None = None
    reason: str | None = None


class StepStarted(Event, frozen=True, tag="StepStarted"):
    """A step of the present state waits to be done. `step` is its id in this incident, `letter` its reply letter."""

    step: str
    name: str
    role: str
    letter: str
    zone: str | None = None
    due: datetime | None = None
    nudge: Text | None = None


class StepDone(Event, frozen=True, tag="StepDone"):
    """A step was reported done, or its decision answered."""

    step: str
    person: str
    answer: str | None = None
    via: str = "sms"
    by: str | None = None


class StepDropped(Event, frozen=True, tag="StepDropped"):
    """A step ended without being done: the plan moved on, or it was given up with a reason."""

    step: str
    because: Literal["left_state", "given_up", "ended"]
    by: str | None = None
    reason: str | None = None


class StepLate(Event, frozen=True, tag="StepLate"):
    """A step passed its time target; `count` says how often it was chased."""

    step: str
    count: int
    late_by: timedelta | None = None


class AlertRequested(Event, frozen=True, tag="AlertRequested"):
    """A person is called on. Kinds: `task`, `stand_by` and `relief` ask for an answer, all others only tell.

    root: the alert whose ladder this one belongs to; its own id for the first of a ladder.
    text: a seal of free words, for `tell`.
    about: what the words need besides the incident: a person, a role, a playbook id, the code of another incident.
    wanted: whom this one and another incident want.
    """

    alert: str
    person: str
    kind: Kind
    role: str | None = None
    slot: int = 1
    step: str | None = None
    root: str | None = None
    about: str | None = None
    text: str | None = None
    wanted: tuple[Wanted, ...] = ()


class LadderClimbed(Event, frozen=True, tag="LadderClimbed"):
    """The ladder of an alert reached its next rung."""

    alert: str
    rung: int
    because: Why


class AlertAcknowledged(Event, frozen=True, tag="AlertAcknowledged"):
    """The person has it."""

    alert: str
    via: str
    by: str | None = None


class AlertClosed(Event, frozen=True, tag="AlertClosed"):
    """An alert needs no answer any more."""

    alert: str
    because: Closed


class DeliveryQueued(Event, frozen=True, tag="DeliveryQueued"):
    """One message is to be handed to one channel for one alert. `urgency`: 0 goes first."""

    delivery: str
    alert: str
    person: str
    channel: Channel
    mode: Mode
    number: int = 0
    urgency: int = 5


class DeliverySent(Event, frozen=True, tag="DeliverySent"):
    """A provider accepted the message. `attempt` above 1: it may have arrived more than once."""

    delivery: str
    provider: str
    provider_id: str
    attempt: int = 1
    found: bool = False


class DeliveryDelivered(Event, frozen=True, tag="DeliveryDelivered"):
    """The provider says it reached the phone. That is no answer."""

    delivery: str


class DeliveryFailed(Event, frozen=True, tag="DeliveryFailed"):
    """A message will not arrive; the ladder climbs at once. `reason` is a word or a provider's code."""

    delivery: str
    reason: str


class DeliveryRetried(Event, frozen=True, tag="DeliveryRetried"):
    """A message goes out again; `possibly_twice` when nobody can tell what became of the last attempt."""

    delivery: str
    attempt: int
    reason: str
    possibly_twice: bool = False


class DeliveryDropped(Event, frozen=True, tag="DeliveryDropped"):
    """A message that had not gone out yet is not sent: nobody needs it any more."""

    delivery: str


class FactReported(Event, frozen=True, tag="FactReported"):
    """Somebody told a fact of the plan; `value` is in the fact's own type, as text. Words are sealed."""

    fact: str
    value: str
    by: str


class NoteAdded(Event, frozen=True, tag="NoteAdded"):
    """Words for the record: a note, or a reply that could not be read."""

    by: str
    text: str
    via: str = "console"
    step: str | None = None


class HelpAsked(Event, frozen=True, tag="HelpAsked"):
    """Somebody needs help (key 9). In a drill this means that something real has happened."""

    person: str
    via: str


class DrillFrozen(Event, frozen=True, tag="DrillFrozen"):
    """A drill stands still: its clock is stopped, and nothing of it is sent but the words that say so.

    because: `real` (a real incident, whose code is `other`, began), `help` (key 9), `phrase` (the words for something
        real), `duress`, `red` (the command that stops every drill), `unsafe`, `director`, `restored` (a backup
        was put back).
    """

    by: str
    because: str
    other: str | None = None


class DrillResumed(Event, frozen=True, tag="DrillResumed"):
    """A drill goes on: all its times move by as long as it stood still."""

    by: str


class DrillAborted(Event, frozen=True, tag="DrillAborted"):
    """A drill was broken off: nothing of it is asked or sent any more; whom it had reached is told so.

    because: as in `DrillFrozen`, `maximum` (it may not last longer) and `heartbeat` (nobody watched over it).
    reason: a seal.
    """

    by: str
    because: str
    reason: str | None = None


class DrillEnded(Event, frozen=True, tag="DrillEnded"):
    """ENDEX: a drill came to its planned end, and everybody whom it had reached is told so."""

    by: str
    because: str


class ItemTicked(Event, frozen=True, tag="ItemTicked"):
    """A line of the stand-down checklist, counted from 1, was confirmed by a named person."""

    state: str
    item: int
    by: str


class KnockOnExpected(Event, frozen=True, tag="KnockOnExpected"):
    """Another emergency is to be expected; a person confirms it by triggering it."""

    playbook: str


class MusterOpened(Event, frozen=True, tag="MusterOpened"):
    """A roll call began, or went on. What each person answers is kept beside this log, in lines of its own."""

    code: str
    expected: int
    by: str


class MusterClosed(Event, frozen=True, tag="MusterClosed"):
    """A roll call ended with these totals, after so many `lines` of its own; `head` is the hash of the last."""

    code: str
    safe: int
    help: int
    away: int
    missing: int
    lines: int
    head: str
    by: str


class TimerSet(Event, frozen=True, tag="TimerSet"):
    """The engine is to be woken. `timer` is its name: setting it again moves it."""

    timer: str
    due: datetime


class TimerCleared(Event, frozen=True, tag="TimerCleared"):
    """The wake-up is not needed any more."""

    timer: str


class TimerFired(Event, frozen=True, tag="TimerFired"):
    """The wake-up came; `late_by` is how long after its time."""

    timer: str
    late_by: timedelta | None = None


AnyEvent = (
    IncidentOpened
    | IncidentConfirmed
    | IncidentDismissed
    | RosterUpdated
    | ReportMerged
    | StateEntered
    | SeverityChanged
    | RoleAssigned
    | RoleUnfilled
    | GapEscalated
    | PersonCalledAway
    | PeopleElsewhere
    | WantedTwice
    | ReliefMissing
    | CommandTaken
    | StepStarted
    | StepDone
    | StepDropped
    | StepLate
    | AlertRequested
    | LadderClimbed
    | AlertAcknowledged
    | AlertClosed
    | DeliveryQueued
    | DeliverySent
    | DeliveryDelivered
    | DeliveryFailed
    | DeliveryRetried
    | DeliveryDropped
    | FactReported
    | NoteAdded
    | HelpAsked
    | DrillFrozen
    | DrillResumed
    | DrillAborted
    | DrillEnded
    | ItemTicked
    | KnockOnExpected
    | MusterOpened
    | MusterClosed
    | TimerSet
    | TimerCleared
    | TimerFired
)
