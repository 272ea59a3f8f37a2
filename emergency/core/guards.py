"""The closed list of questions a transition may ask, and the moment at which an answer may change by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from emergency.core import playbook as p
from emergency.core.incident import Incident, StepRun, Told
from emergency.core.site import Site
from emergency.core.values import Severity

FINISHED = frozenset({"done", "given_up"})
OPENED = "opened"
"""What a plan takes for a moment that nobody has told: when the incident was opened."""


class Order(msgspec.Struct, frozen=True):
    """A person's order to go to a state, and as what they may be counted: their roles, or an agency."""

    to: str
    roles: frozenset[str]


G = TypeVar("G")
_HOLDS: dict[type[Any], Callable[[Any, Incident, datetime, Order | None], bool]] = {}


def holds(guard: p.Guard | None, incident: Incident, now: datetime, order: Order | None = None) -> bool:
    """Return whether *guard* is true of *incident* at *now*. No guard is true."""
    return guard is None or _HOLDS[type(guard)](guard, incident, now, order)


def _on(
    kind: type[G],
) -> Callable[[Callable[[G, Incident, datetime, Order | None], bool]], None]:
    """Keep how a kind of guard is answered: one look in a table, for guards are asked after every event."""

    def keep(answer: Callable[[G, Incident, datetime, Order | None], bool]) -> None:
        _HOLDS[kind] = answer

    return keep


@_on(p.AnyOf)
def _any_of(guard: p.AnyOf, incident: Incident, now: datetime, order: Order | None) -> bool:
    for each in guard.guards:  # noqa: SIM110  (a plain loop: asked a dozen times for every answer that comes in)
        if _HOLDS[type(each)](each, incident, now, order):
            return True
    return False


@_on(p.AllOf)
def _all_of(guard: p.AllOf, incident: Incident, now: datetime, order: Order | None) -> bool:
    for each in guard.guards:  # noqa: SIM110
        if not _HOLDS[type(each)](each, incident, now, order):
            return False
    return True


@_on(p.NotOf)
def _not_of(guard: p.NotOf, incident: Incident, now: datetime, order: Order | None) -> bool:
    return not holds(guard.guard, incident, now, order)


@_on(p.SaidBy)
def _said_by(guard: p.SaidBy, incident: Incident, now: datetime, order: Order | None) -> bool:
    return order is not None and guard.role in order.roles


@_on(p.StepIs)
def _step_is(guard: p.StepIs, incident: Incident, now: datetime, order: Order | None) -> bool:
    steps, name, answer = incident.steps, guard.step, guard.answer
    for id in incident.here:
        run = steps[id]
        if run.name == name and run.status == "done" and (answer is None or run.answer == answer):
            return True
    return False


@_on(p.StrandDone)
def _strand_is_done(guard: p.StrandDone, incident: Incident, now: datetime, order: Order | None) -> bool:
    return _strand_done(incident, guard.strand)


@_on(p.RoleAcknowledged)
def _role_acknowledged(guard: p.RoleAcknowledged, incident: Incident, now: datetime, order: Order | None) -> bool:
    return len(_answered(incident, guard.role)) >= guard.count


@_on(p.SeverityAtLeast)
def _severity_at_least(guard: p.SeverityAtLeast, incident: Incident, now: datetime, order: Order | None) -> bool:
    return incident.severity >= guard.level


@_on(p.ZonesSwept)
def _zones_are_swept(guard: p.ZonesSwept, incident: Incident, now: datetime, order: Order | None) -> bool:
    return zones_swept(incident)


@_on(p.ClockOver)
def _clock_over(guard: p.ClockOver, incident: Incident, now: datetime, order: Order | None) -> bool:
    start = clock_start(incident, guard.clock)
    return start is not None and now - start >= guard.over


@_on(p.FactIs)
def _fact_is(guard: p.FactIs, incident: Incident, now: datetime, order: Order | None) -> bool:
    told = incident.facts.get(guard.fact)
    if told is None:  # as the plan takes it until somebody tells
        taken = _unless_told(incident.playbook).get(guard.fact)
        return taken == guard.value and (not guard.dwell or now - _began(incident) >= guard.dwell)
    return told.value == guard.value and (not guard.dwell or now - told.since >= guard.dwell)


@_on(p.FactReaches)
def _fact_reaches(guard: p.FactReaches, incident: Incident, now: datetime, order: Order | None) -> bool:
    one, two = number(incident, guard.fact), number(incident, guard.other)
    return one is not None and two is not None and one >= two


@_on(p.FactMissing)
def _fact_missing(guard: p.FactMissing, incident: Incident, now: datetime, order: Order | None) -> bool:
    told = incident.facts.get(guard.fact)
    return now - (told.last if told else _began(incident)) >= guard.wait


@_on(p.FactTold)
def _fact_told(guard: p.FactTold, incident: Incident, now: datetime, order: Order | None) -> bool:
    return (guard.fact in incident.facts) is guard.told


@_on(p.TimeLeftUnder)
def _time_left_under(guard: p.TimeLeftUnder, incident: Incident, now: datetime, order: Order | None) -> bool:
    until = moment(incident, guard.fact)
    return until is not None and until - now < guard.under


def _on_its_side(guard: p.FactOver | p.FactUnder, incident: Incident, now: datetime, order: Order | None) -> bool:
    since = _level_since(guard, incident)
    return since is not None and now - since >= guard.dwell


_on(p.FactOver)(_on_its_side)
_on(p.FactUnder)(_on_its_side)


def _level_since(guard: p.FactOver | p.FactUnder, incident: Incident) -> datetime | None:
    """Return since when the measured value has been on the asked side, or None while it is not."""
    value = number(incident, guard.fact)
    if value is None or (value >= guard.value) is not isinstance(guard, p.FactOver):
        return None
    side = "over" if isinstance(guard, p.FactOver) else "under"
    return incident.crossed.get((guard.fact, side, guard.value), _began(incident))


def next_change(guard: p.Guard | None, incident: Incident, now: datetime) -> datetime | None:
    """Return the first moment after *now* at which time alone may change the answer, or None."""
    return first_change(timed(guard), incident, now)


def timed(guard: p.Guard | None) -> tuple[p.Simple, ...]:
    """Return the single questions in *guard* whose answers time alone may change."""
    return tuple(each for each in p.simple(guard) if is_timed(each))


def first_change(questions: Iterable[p.Simple], incident: Incident, now: datetime) -> datetime | None:
    """Return the first moment after *now* at which time alone may change the answer to one of them, or None."""
    first = None
    for each in questions:
        at = _changes(each, incident)
        if at is not None and at > now and (first is None or at < first):
            first = at
    return first


def _changes(guard: p.Simple, incident: Incident) -> datetime | None:
    """Return the moment, past or to come, at which time alone changes the answer, as things stand; or None."""
    match guard:
        case p.ClockOver(clock, over):
            start = clock_start(incident, clock)
            return start and start + over
        case p.FactIs(fact, value, dwell):
            told = told_of(incident, fact)
            return told.since + dwell if told and told.value == value else None
        case p.FactMissing(fact, wait):
            seen = incident.facts.get(fact)
            return (seen.last if seen else _began(incident)) + wait
        case p.FactOver() | p.FactUnder():
            since = _level_since(guard, incident)
            return since and since + guard.dwell
        case p.TimeLeftUnder(fact, under):
            until = moment(incident, fact)
            # strictly less than: one tick past the moment itself
            return until and until - under + timedelta(microseconds=1)
    return None


def is_timed(guard: p.Guard) -> bool:
    """Return whether time alone may change the answer to *guard*."""
    match guard:
        case p.AnyOf(guards) | p.AllOf(guards):
            return any(is_timed(each) for each in guards)
        case p.NotOf(inner):
            return is_timed(inner)
        case p.FactIs() | p.FactOver() | p.FactUnder():
            return bool(guard.dwell)
        case p.ClockOver() | p.FactMissing() | p.TimeLeftUnder():
            return True
    return False


@lru_cache(maxsize=1024)
def _asked_in(playbook: p.Playbook, state: str) -> tuple[p.Simple, ...]:
    """Return every single question that is asked while the plan is in *state*."""
    here = playbook.state(state)
    asked = [leave.when for leave in here.leave]
    asked += [step.when for step in here.steps]
    asked += [each.when for each in here.expects]
    asked += [rule.when for rule in (*playbook.raises, *playbook.lowers)]
    return tuple(question for guard in asked for question in p.simple(guard))


@lru_cache(maxsize=1024)
def asks_for_answers(playbook: p.Playbook, state: str) -> bool:
    """Return whether a guard in *state* asks who has acknowledged."""
    return any(isinstance(question, p.RoleAcknowledged) for question in _asked_in(playbook, state))


@lru_cache(maxsize=4096)
def asks_for_step(playbook: p.Playbook, state: str, step: str, *, in_zone: bool) -> bool:
    """Return whether a guard in *state* asks about *step*: by name, by its strand or, of one for a zone, by whether all
    are swept."""
    strands = {None, *(each.strand for each in playbook.state(state).steps if each.name == step)}
    for question in _asked_in(playbook, state):
        match question:
            case p.StepIs(step=name) if name == step:
                return True
            case p.StrandDone(strand=strand) if strand in strands:
                return True
            case p.ZonesSwept() if in_zone:
                return True
    return False


def asks_facts_alone(guard: p.Guard) -> bool:
    """Return whether the answer to *guard* rests on what was told and on the level, and on nothing else."""
    plain = (p.FactIs, p.FactOver, p.FactUnder, p.FactTold, p.FactReaches, p.SeverityAtLeast)
    return not is_timed(guard) and all(isinstance(each, plain) for each in p.simple(guard))


def earliest(moments: Iterable[datetime | None]) -> datetime | None:
    """Return the first of the moments that are there, or None."""
    return min((m for m in moments if m is not None), default=None)


def _began(incident: Incident) -> datetime:
    """Return when the incident's own clock began: a drill that stood still began so much later."""
    return incident.opened + incident.stood if incident.stood else incident.opened


def clock_start(incident: Incident, clock: str) -> datetime | None:
    """Return when *clock* started, or None while nobody has told. `opened` and `state` exist always."""
    if clock == "opened":
        return _began(incident)
    if clock == "state":
        return incident.entered
    for each in incident.playbook.clocks:
        if each.name == clock:
            return moment(incident, each.since)
    return None


def told_of(incident: Incident, name: str) -> Told | None:
    """Return the fact as told, or as the plan takes it until told, or None."""
    told = incident.facts.get(name)
    if told is not None:
        return told
    value = _unless_told(incident.playbook).get(name)
    if value is None:
        return None
    return Told(incident.opened.isoformat() if value == OPENED else value, incident.opened, incident.opened)


@lru_cache(maxsize=256)
def _unless_told(playbook: p.Playbook) -> dict[str, str]:
    return {fact.name: fact.unless_told for fact in playbook.facts if fact.unless_told is not None}


def number(incident: Incident, fact: str) -> float | None:
    """Return a fact as a number, or None."""
    told = incident.facts.get(fact)
    value = told.value if told is not None else _unless_told(incident.playbook).get(fact)
    return float(value) if value is not None else None


def moment(incident: Incident, fact: str) -> datetime | None:
    """Return a fact as a moment, or None."""
    told = incident.facts.get(fact)
    value = told.value if told is not None else _unless_told(incident.playbook).get(fact)
    if value is None:
        return None
    return incident.opened if told is None and value == OPENED else datetime.fromisoformat(value)


def _runs(incident: Incident, name: str) -> list[StepRun]:
    return [run for run in map(incident.steps.__getitem__, incident.here) if run.name == name]


def _strand_done(incident: Incident, strand: str | None) -> bool:
    asked = False
    for step in incident.now_in.steps:
        if strand is not None and step.strand != strand:
            continue
        runs = _runs(incident, step.name)
        if not runs and step.when is None:
            return False
        if any(run.status not in FINISHED for run in runs):
            return False
        asked = asked or bool(runs)
    return asked


def _answered(incident: Incident, role: str) -> set[str]:
    ids = (id for run in incident.runs_here() if run.role == role for id in run.alerts)
    return {incident.alerts[id].person for id in ids if incident.alerts[id].answered}


def zones_in_scope(incident: Incident) -> tuple[str, ...]:
    """Return the floors to be swept: at red every one, else the one the place lies on (all, when it lies on none)."""
    return _scope(incident.site, incident.place, incident.severity is Severity.red)


@lru_cache(maxsize=1024)
def _scope(site: Site, at: str, everywhere: bool) -> tuple[str, ...]:
    floors = tuple(p.id for p in site.places if p.kind == "zone" and p.within is None)
    place = site.place(at)
    if everywhere or place.kind != "zone":
        return floors
    while place.within is not None:
        place = site.place(place.within)
    return (place.id,)


def places_for(incident: Incident, per: str | None) -> tuple[str | None, ...]:
    """Return the places of which each gets its own run of a step; one run without a place for an ordinary step."""
    if per == "zones":
        return zones_in_scope(incident)
    if per == "lifts":
        place = incident.site.place(incident.place)
        return (place.id,) if place.kind == "lift" else tuple(p.id for p in incident.site.places if p.kind == "lift")
    return (None,)


def zones_swept(incident: Incident) -> bool:
    """Return whether every zone in scope was swept or given up in the present state entry."""
    done = {run.zone for run in incident.runs_here() if run.zone and run.status in FINISHED}
    scope = zones_in_scope(incident)
    return bool(scope) and set(scope) <= done
