"""What may be asked of an incident, in the imperative. `decide` answers with events or refuses.

`by` is a roster id, an agency id, or `console` for whoever sits at the program. Free words arrive as seals.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from emergency.core.playbook import Playbook
from emergency.core.site import Elsewhere, Member, Site, Wanted
from emergency.core.values import Mode, Severity


class Command(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The root of all commands. gc=False: nothing that a command holds could lead back to it."""


class OpenIncident(Command, frozen=True):
    """Begin. `mode` is fixed from here on. facts: what is known already, fact to value (a text as its seal).

    offset: minutes that the site's own clocks are ahead of UTC just now.
    until: when somebody's duty changes next.
    director, maximum: of a drill, who directs it and after how long it is broken off, whatever happens; one on real
        telephones without a maximum gets `LONGEST_DRILL`.
    """

    incident: str
    code: str
    mode: Mode
    playbook: Playbook
    site: Site
    place: str
    members: tuple[Member, ...]
    by: str
    severity: Severity | None = None
    note: str | None = None
    facts: dict[str, str] = {}
    parent: str | None = None
    armed: bool = False
    offset: int = 0
    until: datetime | None = None
    director: str = ""
    maximum: timedelta | None = None


class ConfirmIncident(Command, frozen=True):
    """What was expected has come: begin."""

    by: str
    place: str
    severity: Severity | None = None
    note: str | None = None
    facts: dict[str, str] = {}
    until: datetime | None = None


class DismissIncident(Command, frozen=True):
    """What was expected has not come."""

    by: str


class UpdateRoster(Command, frozen=True):
    """The team changed: a shift, a leave, a new import. `until`: when somebody's duty changes next."""

    members: tuple[Member, ...]
    until: datetime | None = None


class HearOfOthers(Command, frozen=True):
    """What other incidents want of people has changed.

    elsewhere: those for whom it has. taken: those whom a graver incident, whose code is `to`, has just given a role.
    """

    elsewhere: tuple[Elsewhere, ...] = ()
    taken: tuple[str, ...] = ()
    to: str = ""


class HearWanted(Command, frozen=True):
    """The same people are wanted here and in the incident `other`; `how` as in the event `WantedTwice`.

    aloud: whoever commands hears of it; not where they command the other as well, and heard it there.
    """

    other: str
    how: Literal["keeps", "wanted", "comes", "lent"]
    people: tuple[Wanted, ...]
    aloud: bool = True


class MergeReport(Command, frozen=True):
    """A second report of the same emergency."""

    by: str
    place: str
    note: str | None = None


class Acknowledge(Command, frozen=True):
    """The person has the alert."""

    alert: str
    via: str = "sms"
    by: str | None = None


class FinishStep(Command, frozen=True):
    """The step is done; with `answer`, its decision is taken."""

    step: str
    person: str
    answer: str | None = None
    via: str = "sms"
    by: str | None = None


class Decline(Command, frozen=True):
    """The person cannot; the next one is asked at once."""

    alert: str
    via: str = "sms"
    by: str | None = None


class GiveUpStep(Command, frozen=True):
    """A step will not be done (a zone cannot be swept); somebody answers for that with a reason."""

    step: str
    by: str
    reason: str


class AskHelp(Command, frozen=True):
    """Key 9."""

    person: str
    via: str = "sms"


class FreezeDrill(Command, frozen=True):
    """Let a drill stand still; anybody may. `because` and `other` as in the event `DrillFrozen`."""

    by: str
    because: str = "director"
    other: str | None = None


class ResumeDrill(Command, frozen=True):
    """Let a drill go on. Whose word that is stands in `drills/live/brake.py`: the director's alone."""

    by: str


class AbortDrill(Command, frozen=True):
    """Break a drill off; anybody may. `because` and `reason` (a seal) as in the event `DrillAborted`."""

    by: str
    because: str = "director"
    reason: str | None = None


class EndDrill(Command, frozen=True):
    """ENDEX: end a drill as planned, and tell everybody whom it had reached."""

    by: str
    because: str = "director"


class OrderTransition(Command, frozen=True):
    """Go to a state. With `override`, over its guard; then a reason is needed."""

    to: str
    by: str
    reason: str | None = None
    override: bool = False


class StandDown(Command, frozen=True):
    """End it. `ticked` are the lines of the checklist (from 1) that `by` confirms."""

    by: str
    ticked: tuple[int, ...] = ()
    reason: str | None = None
    override: bool = False


class CancelIncident(Command, frozen=True):
    """It was a false alarm; the reason is its cause."""

    by: str
    reason: str


class ChangeSeverity(Command, frozen=True):
    """Set the level by a person's word."""

    to: Severity
    by: str
    reason: str | None = None


class ReportFact(Command, frozen=True):
    """Tell a fact of the plan; `value` as typed, `sealed` its seal when the fact is free text."""

    fact: str
    value: str
    by: str
    sealed: str | None = None


class AssignRole(Command, frozen=True):
    """Give a role to a person; for the role that commands this is the hand-over of command."""

    role: str
    person: str
    by: str
    reason: str | None = None
    slot: int = 1


class HandOver(Command, frozen=True):
    """Command passes to this person, said aloud and logged."""

    person: str
    by: str
    reason: str | None = None


class AddNote(Command, frozen=True):
    """Words for the record."""

    by: str
    text: str
    via: str = "console"
    show: bool = False
    step: str | None = None


class Tell(Command, frozen=True):
    """Send words to people: to everyone alerted so far, to the holders of roles, or to persons by id."""

    by: str
    text: str
    roles: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


class OpenMuster(Command, frozen=True):
    """A roll call has begun: so many people are expected."""

    code: str
    expected: int
    by: str


class CloseMuster(Command, frozen=True):
    """A roll call has ended: how it stood, and the hash of its last line."""

    code: str
    safe: int
    help: int
    away: int
    missing: int
    lines: int
    head: str
    by: str


class FireTimer(Command, frozen=True):
    """A wake-up is due. Nothing happens unless the incident still waits for it."""

    timer: str


class RecordDelivery(Command, frozen=True):
    """What became of a message. `status`: sent, delivered, failed, retried; waiting: the provider has trouble, and it
    will be tried again."""

    delivery: str
    status: str
    provider: str = ""
    provider_id: str = ""
    attempt: int = 1
    reason: str = ""
    found: bool = False
    possibly_twice: bool = False


AnyCommand = (
    OpenIncident
    | ConfirmIncident
    | DismissIncident
    | UpdateRoster
    | HearOfOthers
    | HearWanted
    | MergeReport
    | Acknowledge
    | FinishStep
    | Decline
    | GiveUpStep
    | AskHelp
    | FreezeDrill
    | ResumeDrill
    | AbortDrill
    | EndDrill
    | OrderTransition
    | StandDown
    | CancelIncident
    | ChangeSeverity
    | ReportFact
    | AssignRole
    | HandOver
    | AddNote
    | Tell
    | OpenMuster
    | CloseMuster
    | FireTimer
    | RecordDelivery
)
