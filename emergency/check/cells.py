"""What can be known of a fact, as far as anybody asks: its values and ages fall into a few cells.

A plan compares a fact with a handful of thresholds, so two values between the same thresholds are one to it. The cells
are found by asking the real guards of small incidents, one for each value at or just beside a threshold, and for each
age of it at or beside a dwell: what answers every question alike is one cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from emergency.core import guards
from emergency.core import playbook as p
from emergency.core.check import all_guards
from emergency.core.incident import Incident, StepRun, Told
from emergency.core.site import Site

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG = timedelta(days=3650)
BIT = timedelta(seconds=1)
Group = tuple[str, ...]
"""Facts that are asked about together (one count that catches up with another); most stand alone. `()` is the clock
`opened`."""
OPENED: Group = ()


class Sample(msgspec.Struct, frozen=True):
    """One thing that may be known of a fact. value: None while nobody has told it. since, last: how long ago it took
    this value and was last reported; opened: how long ago the incident began."""

    value: str | None
    since: timedelta = timedelta(0)
    last: timedelta = timedelta(0)
    opened: timedelta = timedelta(0)


class Known(msgspec.Struct, frozen=True, eq=False):
    """All that may be known of a group: each item is one sample for each of its facts."""

    group: Group
    items: tuple[tuple[Sample, ...], ...]


def bare(plan: p.Playbook, site: Site, state: str | None = None, opened: datetime = NOW) -> Incident:
    """Return an incident of *plan* of which nothing is known and for which nobody is there."""
    return Incident(
        id="check",
        code="C1",
        mode="drill",
        playbook=plan,
        site=site,
        place=place_of(plan, site),
        state=state or plan.initial,
        severity=plan.start,
        opened=opened,
        entered=opened,
        last=opened,
        members={},
        version=1,
        entry=1,
    )


def place_of(plan: p.Playbook, site: Site) -> str:
    """Return a place such as the plan asks for; the site itself where it has none."""
    return next((place.id for place in site.places if place.kind == plan.place), site.places[0].id)


def group_of(plan: p.Playbook, guard: p.Guard, joined: dict[str, Group]) -> Group | None:
    """Return the group that a single question asks about, or None when it asks about no fact."""
    match guard:
        case p.ClockOver("opened"):
            return OPENED
        case p.ClockOver("state"):
            return None
        case p.ClockOver(clock):
            found = next((c.since for c in plan.clocks if c.name == clock), None)
            return joined.get(found, (found,)) if found is not None else None
        case p.FactIs() | p.FactOver() | p.FactUnder() | p.FactMissing() | p.FactTold() | p.TimeLeftUnder():
            return joined.get(guard.fact, (guard.fact,))
        case p.FactReaches(fact, _):
            return joined.get(fact, (fact,))
    return None


class Facts:
    """The facts of one plan at one site, and how each question is answered for each thing that may be known."""

    def __init__(self, plan: p.Playbook, site: Site) -> None:
        self.plan = plan
        self.site = site
        self.asked = [guard for _, guard in all_guards(plan)]
        self.joined = _joined(self.asked)
        self._known: dict[Group, Known] = {}
        self._answers: dict[tuple[Group, p.Guard], int] = {}

    def group(self, guard: p.Guard) -> Group | None:
        """Return the group a single question asks about, or None."""
        return group_of(self.plan, guard, self.joined)

    def known(self, group: Group) -> Known:
        """Return all that may be known of the group."""
        if group not in self._known:
            items: list[tuple[Sample, ...]] = [()]
            for fact in group:
                items = [(*item, sample) for item in items for sample in self._samples(fact, alone=len(group) == 1)]
            if group == OPENED:
                items = [(Sample(None, opened=age),) for age in _ages(self._lengths(None))]
            self._known[group] = Known(group, tuple(items))
        return self._known[group]

    def answers(self, group: Group, guard: p.Guard) -> int:
        """Return the items of the group (a bit each) for which the real guard holds."""
        key = (group, guard)
        if key not in self._answers:
            found = 0
            for index, item in enumerate(self.known(group).items):
                if guards.holds(guard, self._incident(group, item), NOW):
                    found |= 1 << index
            self._answers[key] = found
        return self._answers[key]

    def cells(self, group: Group, asked: Iterable[p.Guard]) -> list[int]:
        """Return the parts of the group's items that every question of *asked* answers alike, plainest first."""
        parts = [(1 << len(self.known(group).items)) - 1]
        for guard in dict.fromkeys(asked):
            yes = self.answers(group, guard)
            parts = [half for part in parts for half in (part & ~yes, part & yes) if half]
        return sorted(parts, key=lambda part: part & -part)

    def words(self, group: Group, cell: int) -> tuple[str, str]:
        """Return what is known in this cell, in Chinese and English; empty when nothing need have been told."""
        item = self.known(group).items[(cell & -cell).bit_length() - 1]
        said = [(fact, s) for fact, s in zip(group, item, strict=False) if s.value is not None]
        zh = "，".join(f"{fact} 为 {_shown(s.value)}" for fact, s in said)
        return zh, ", ".join(f"{fact} is {_shown(s.value)}" for fact, s in said)

    def _incident(self, group: Group, item: Sequence[Sample]) -> Incident:
        facts: dict[str, Told] = {}
        crossed: dict[tuple[str, str, float], datetime] = {}
        opened = NOW - max((s.opened for s in item), default=timedelta(0))
        for fact, sample in zip(group, item, strict=False):
            if sample.value is None:
                continue
            since = NOW - sample.since
            facts[fact] = Told(sample.value, since, NOW - sample.last)
            for guard in self.asked:
                if isinstance(guard, p.FactOver | p.FactUnder) and guard.fact == fact:
                    crossed[fact, "over" if isinstance(guard, p.FactOver) else "under", guard.value] = since
        return msgspec.structs.replace(
            bare(self.plan, self.site), opened=opened, entered=opened, facts=facts, crossed=crossed
        )

    def _samples(self, name: str, *, alone: bool) -> list[Sample]:
        ages = _ages(self._lengths(name)) if alone else [LONG]
        found = []
        if name not in self.site.facts:
            found += [Sample(None, opened=age) for age in ages]
        waits = sorted({timedelta(0), *(g.wait for g in self.asked if isinstance(g, p.FactMissing) and g.fact == name)})
        for value in self.values(name):
            found += [
                Sample(value, since, last, LONG)
                for since in ages
                for last in (waits if alone else waits[:1])
                if last <= since
            ]
        return found

    def _lengths(self, name: str | None) -> list[timedelta]:
        """Return the lengths of time that the plan waits for a fact to stay, or to be missing."""
        found = []
        for guard in self.asked:
            match guard:
                case p.FactIs(fact, _, dwell) | p.FactOver(fact, _, dwell) | p.FactUnder(fact, _, dwell):
                    found += [dwell] if fact == name and dwell else []
                case p.FactMissing(fact, wait):
                    found += [wait] if fact == name else []
                case p.ClockOver(clock, over):
                    since = next((c.since for c in self.plan.clocks if c.name == clock), None)
                    if (clock == "opened" and name is None) or (since is not None and since == name):
                        found.append(over)
                case p.TimeLeftUnder(fact, under):
                    found += [under] if fact == name else []
        return found

    def values(self, name: str) -> list[str]:
        """Return values of a fact at and beside every threshold that the plan compares it with."""
        fact = self.plan.fact(name)
        if fact is None:
            return []
        said = [guard.value for guard in self.asked if isinstance(guard, p.FactIs) and guard.fact == name]
        match fact.type:
            case "yes_no":
                return ["no", "yes"]
            case "choice":
                return list(fact.choices)
            case "text":
                return list(dict.fromkeys([*said, "..."]))
            case "time":
                return self._moments(name)
        lines = [g.value for g in self.asked if isinstance(g, p.FactOver | p.FactUnder) and g.fact == name]
        step = 1.0 if fact.type == "count" else 0.5
        wanted = {0.0, step, *lines, *(line - step for line in lines)}
        wanted |= {float(value) for value in said if _is_number(value)}
        least = 0.0 if fact.type == "count" else min(wanted)
        shown = [f"{value:g}" for value in sorted(wanted) if value >= least]
        return list(dict.fromkeys([*([fact.unless_told] if fact.unless_told else []), *shown]))

    def _moments(self, name: str) -> list[str]:
        """Return moments around every threshold: far ahead, just before and just after each, long ago."""
        ahead = [g.under for g in self.asked if isinstance(g, p.TimeLeftUnder) and g.fact == name]
        clocks = {c.name for c in self.plan.clocks if c.since == name}
        back = [g.over for g in self.asked if isinstance(g, p.ClockOver) and g.clock in clocks]
        away = {LONG / 2, timedelta(0), *ahead, *(a - BIT for a in ahead), *(-b for b in back)}
        away |= {BIT - b for b in back}
        return [(NOW + each).isoformat() for each in sorted(away, reverse=True)]


def _ages(lengths: Sequence[timedelta]) -> list[timedelta]:
    """Return ages below, at and between the given lengths, youngest first."""
    return sorted({timedelta(0), *lengths, LONG}) if lengths else [LONG]


def _joined(asked: Iterable[p.Guard]) -> dict[str, Group]:
    found: dict[str, Group] = {}
    for guard in asked:
        if isinstance(guard, p.FactReaches):
            group = tuple(
                dict.fromkeys([*found.get(guard.fact, (guard.fact,)), *found.get(guard.other, (guard.other,))])
            )
            found.update(dict.fromkeys(group, group))
    return found


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _shown(value: str | None) -> str:
    return (value or "").removesuffix("+00:00")


def with_run(incident: Incident, step: p.Step, status: str, answers: Sequence[str | None] = (None,)) -> Incident:
    """Return *incident* with runs of *step* in the present state, one for each answer."""
    steps, here = dict(incident.steps), list(incident.here)
    for answer in answers:
        run = StepRun(
            id=f"s{len(steps) + 1}",
            name=step.name,
            role=step.role,
            letter="A",
            state=incident.state,
            entry=incident.entry,
            started=incident.entered,
            status=status,
            answer=answer,
        )
        steps[run.id] = run
        here.append(run.id)
    return msgspec.structs.replace(incident, steps=steps, here=tuple(here))
