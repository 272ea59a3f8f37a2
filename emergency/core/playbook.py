"""The plan as frozen values. `loader.py` makes them from YAML; nothing here reads a file.

A playbook is data: states, steps, guards and outcomes come from the closed lists below, so a plan is
finite and can be explained. Lengths are `timedelta`, severities are colours, words stand in zh and en.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from typing import Literal

import msgspec

from emergency.core.values import Severity, Text


class StepIs(msgspec.Struct, frozen=True, tag="step"):
    """True when the step was done; with `answer`, when its decision was answered so."""

    step: str
    answer: str | None = None


class StrandDone(msgspec.Struct, frozen=True, tag="strand"):
    """True when every step of the strand is done; of the whole state when `strand` is None."""

    strand: str | None = None


class RoleAcknowledged(msgspec.Struct, frozen=True, tag="role"):
    """True when `count` holders of the role have answered in the present state."""

    role: str
    count: int = 1


class FactIs(msgspec.Struct, frozen=True, tag="fact_is"):
    """True when the fact has had this value for at least `dwell`."""

    fact: str
    value: str
    dwell: timedelta = timedelta(0)


class FactOver(msgspec.Struct, frozen=True, tag="fact_over"):
    """True when the fact has been at or above `value` for at least `dwell`."""

    fact: str
    value: float
    dwell: timedelta = timedelta(0)


class FactUnder(msgspec.Struct, frozen=True, tag="fact_under"):
    """True when the fact has been below `value` for at least `dwell`."""

    fact: str
    value: float
    dwell: timedelta = timedelta(0)


class FactMissing(msgspec.Struct, frozen=True, tag="fact_missing"):
    """True when nothing has reported the fact for so long: a dead sensor."""

    fact: str
    wait: timedelta


class FactTold(msgspec.Struct, frozen=True, tag="fact_told"):
    """True once somebody has told the fact; with `told` false, until then. A site's own facts count as told."""

    fact: str
    told: bool = True


class FactReaches(msgspec.Struct, frozen=True, tag="fact_reaches"):
    """True when one count has caught up with another (everyone affected was called back)."""

    fact: str
    other: str


class ClockOver(msgspec.Struct, frozen=True, tag="clock"):
    """True when the clock has run at least so long."""

    clock: str
    over: timedelta


class TimeLeftUnder(msgspec.Struct, frozen=True, tag="until"):
    """True when less than `under` is left until the moment that the fact names."""

    fact: str
    under: timedelta


class SeverityAtLeast(msgspec.Struct, frozen=True, tag="severity"):
    """True from this severity on."""

    level: Severity


class ZonesSwept(msgspec.Struct, frozen=True, tag="zones"):
    """True when every zone in scope is swept, or given up with a reason."""


class SaidBy(msgspec.Struct, frozen=True, tag="said_by"):
    """True when a holder of the role (or the agency) ordered this very transition."""

    role: str


class AnyOf(msgspec.Struct, frozen=True, tag="any"):
    """True when one of the guards is."""

    guards: tuple[Simple, ...]


class AllOf(msgspec.Struct, frozen=True, tag="all"):
    """True when each of the guards is."""

    guards: tuple[Simple, ...]


class NotOf(msgspec.Struct, frozen=True, tag="not"):
    """True when the guard is not."""

    guard: Simple


Simple = (
    StepIs
    | StrandDone
    | RoleAcknowledged
    | FactIs
    | FactOver
    | FactUnder
    | FactMissing
    | FactTold
    | FactReaches
    | ClockOver
    | TimeLeftUnder
    | SeverityAtLeast
    | ZonesSwept
    | SaidBy
)
Guard = Simple | AnyOf | AllOf | NotOf


def simple(guard: Guard | None) -> Iterator[Simple]:
    """Yield the single questions that a guard is made of, in the order written; nothing for no guard."""
    match guard:
        case None:
            return
        case AnyOf(guards) | AllOf(guards):
            for each in guards:
                yield from simple(each)
        case NotOf(inner):
            yield from simple(inner)
        case _:
            yield guard


FactType = Literal["count", "number", "yes_no", "time", "text", "choice"]


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan may ask or be told. `unless_told` is the value before anyone said otherwise;
    for a time it may be `opened`, the moment the incident was opened."""

    name: str
    type: FactType
    ask: Text
    unless_told: str | None = None
    choices: tuple[str, ...] = ()


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """A second report of the same place (or of anything on site) within `within` joins this incident."""

    same: Literal["place", "site"]
    within: timedelta


class Raise(msgspec.Struct, frozen=True, kw_only=True):
    """A severity that is reached by itself when the guard holds."""

    to: Severity
    when: Guard


class RoleCall(msgspec.Struct, frozen=True, kw_only=True):
    """From which severity on a role is called, and how many heads it needs. `at` None: by its steps alone."""

    role: str
    at: Severity | None
    heads: int = 1


class Agency(msgspec.Struct, frozen=True, kw_only=True):
    """An outside agency: people dial it, the program prints the words and keeps the time."""

    name: str
    say: Text


class Remind(msgspec.Struct, frozen=True, tag="remind"):
    """Alert the same person again."""


class CallDeputy(msgspec.Struct, frozen=True, tag="deputy"):
    """Alert the next of the chain as well."""


class Go(msgspec.Struct, frozen=True, tag="go"):
    """Assume the worse case: go to a more dangerous state."""

    state: str


class RaiseTo(msgspec.Struct, frozen=True, tag="raise"):
    """Raise the severity."""

    level: Severity


Outcome = Remind | CallDeputy | Go | RaiseTo

DEFAULT_LATE: tuple[Outcome, ...] = (Remind(), CallDeputy())


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a decision; its key is 4 for the first, 5 for the second, up to 8. `tells`: fact to the value
    that this answer reports."""

    name: str
    says: Text
    tells: dict[str, str] = {}


CallOut = Literal["each", "first", "in_turn"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a role does in a state.

    done: the time target, from the moment the step starts; `source` says whose rule it is
        (a law, a standard, or `practice`).
    per: with `zones`, one such step for every zone in the incident's scope; with `lifts`, one for every car.
    every: the step starts again so long after it was done, while the state lasts.
    late: what happens at `done`, then at each further `done` (at most a minute apart), in this order.
    call_out: who is asked. `each`: every holder, with a ladder each. `first`: all holders and deputies there at once,
        and the first to answer has it. `in_turn`: one after the other, until one answers.
    quorum: so many must answer before the others are let go; 0 for no such number.
    """

    name: str
    role: str
    do: Text
    done: timedelta | None = None
    source: str = ""
    strand: str | None = None
    call: str | None = None
    reports: tuple[str, ...] = ()
    decision: tuple[Answer, ...] = ()
    per: Literal["zones", "lifts"] | None = None
    every: timedelta | None = None
    when: Guard | None = None
    late: tuple[Outcome, ...] = DEFAULT_LATE
    call_out: CallOut = "each"
    quorum: int = 0

    @property
    def one_ladder(self) -> bool:
        """Whether everyone asked stands on one ladder."""
        return self.call_out != "each"


class Nudge(msgspec.Struct, frozen=True, kw_only=True):
    """An alert to a role when a wait has gone on too long."""

    role: str
    do: Text


class Leave(msgspec.Struct, frozen=True, kw_only=True):
    """One way out of a state: by a guard (`when`) or by time (`after`), first match wins.

    Without `to` the state stays and only the nudge is given, again and again.
    """

    to: str | None = None
    when: Guard | None = None
    after: timedelta | None = None
    source: str = ""
    because: Text | None = None
    alert: Nudge | None = None


class KnockOn(msgspec.Struct, frozen=True, kw_only=True):
    """Another emergency to expect from this state on; a person confirms it by triggering it."""

    playbook: str
    when: Guard | None = None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A phase of the plan. `headline` is what a message says has happened; without it, the plan's title.

    severity: entering the state raises the incident to this level.
    commanded_by: the agency that decides here; our commander becomes its liaison.
    tells: everyone who was alerted is told that this state was reached.
    ends: the state is the deliberate end (stand-down), the finding that nothing was wrong (false alarm), or the
        word that what was planned does not take place (cancelled).
    """

    name: str
    title: Text
    headline: Text | None = None
    steps: tuple[Step, ...] = ()
    leave: tuple[Leave, ...] = ()
    severity: Severity | None = None
    commanded_by: str | None = None
    tells: bool = False
    announce: Text | None = None
    checklist: tuple[Text, ...] = ()
    expects: tuple[KnockOn, ...] = ()
    ends: Literal["stand_down", "false_alarm", "cancelled"] | None = None
    final: bool = False


class Begin(msgspec.Struct, frozen=True, kw_only=True):
    """Where an incident begins: in the first of these whose guard holds of the facts told when it was opened."""

    state: str
    when: Guard | None = None


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """What must have happened so long after the report: a call to an agency, a step done, or a state entered.

    within: from the opening of the incident; `source` says whose rule it is.
    """

    name: str
    title: Text
    within: timedelta
    source: str
    call: str | None = None
    step: str | None = None
    state: str | None = None


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """A clock of the plan; it starts at the moment that the fact tells."""

    name: str
    since: str


class Playbook(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A whole plan. `states` stand in the order written; the first is where an incident begins.

    Compared by identity: a plan is loaded once and shared, and what is compiled from it is kept beside it.

    silent_place: nobody who is believed to be at the incident's place is rung or texted.
    few_know: need-to-know; a change of shift brings in nobody who has nothing to do.
    rungs: how long after the first call each rung of a ladder comes at the latest (see `ladder.LADDER`, as many); empty
        for the usual ones. No file says so yet: a forecast asks what it would buy.
    """

    id: str
    code: str
    title: Text
    place: Literal["zone", "lift", "site"]
    states: tuple[State, ...]
    roles: tuple[RoleCall, ...]
    start: Severity
    raises: tuple[Raise, ...] = ()
    lowers: tuple[Raise, ...] = ()
    facts: tuple[Fact, ...] = ()
    clocks: tuple[Clock, ...] = ()
    agencies: tuple[Agency, ...] = ()
    merge: Merge | None = None
    silent_place: bool = False
    press: Text | None = None
    begins: tuple[Begin, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    few_know: bool = False
    rungs: tuple[timedelta, ...] = ()

    @property
    def initial(self) -> str:
        """The state an incident begins in, where `begins` says nothing else."""
        return self.states[0].name

    def state(self, name: str) -> State:
        """Return the state called *name*.

        Raises:
            KeyError: there is none.
        """
        return state_of(self, name)

    def fact(self, name: str) -> Fact | None:
        """Return the declared fact, or None."""
        return _facts_of(self).get(name)

    def agency(self, name: str) -> Agency | None:
        """Return the agency of the plan, or None."""
        return next((agency for agency in self.agencies if agency.name == name), None)


@lru_cache(maxsize=256)
def _facts_of(playbook: Playbook) -> dict[str, Fact]:
    return {fact.name: fact for fact in playbook.facts}


@lru_cache(maxsize=4096)
def state_of(playbook: Playbook, name: str) -> State:
    """Return the state of *playbook* called *name*: one look in a table, for it is asked dozens of times an answer.

    Raises:
        KeyError: there is none.
    """
    return _states_of(playbook)[name]


@lru_cache(maxsize=256)
def _states_of(playbook: Playbook) -> dict[str, State]:
    return {state.name: state for state in playbook.states}
