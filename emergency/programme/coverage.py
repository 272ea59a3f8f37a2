"""What of a plan was ever practised: its ways from state to state, states, steps, answers, roles, deputies, rungs, and
the channels, languages and shifts of the house. Borrowed from testing: what was never run is not known to work. Pure.

A way counts when an incident went it; a step, when it was reported done; a role, a channel and a language, when
somebody answered in it; a deputy, when one was asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from emergency.core import events as e
from emergency.core.ladder import DEPUTY_RUNG, HIGHER_RUNG
from emergency.core.playbook import Go, Leave, Playbook, State
from emergency.core.site import Member, Site

Kind = Literal["transition", "state", "step", "answer", "role", "deputy", "rung", "channel", "language", "shift"]
KINDS: tuple[Kind, ...] = (
    "transition", "state", "step", "answer", "role", "deputy", "rung", "channel", "language", "shift",
)  # fmt: skip
STANDS_IN = frozenset({"deputy", "standing_in", "second_role", "higher"})
"""Why somebody holds a role who is not its own first holder."""
History = Sequence[tuple[e.AnyEvent, datetime]]


class Item(msgspec.Struct, frozen=True, order=True):
    """One thing that can be practised. name: `verifying>confirmed:guard`, `verify_on_site`, `second_signal=yes`."""

    kind: Kind
    name: str


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of thing of one plan. people: practised among people, live or for real; simulated: by simulation or at
    a table, whether or not among people too."""

    kind: Kind
    all: tuple[str, ...]
    people: frozenset[str]
    simulated: frozenset[str]

    @property
    def never(self) -> tuple[str, ...]:
        """What was never practised among people, in the order of the plan."""
        return tuple(name for name in self.all if name not in self.people)

    @property
    def share(self) -> float:
        """How much was practised among people, from 0 to 1; 1 where there is nothing to practise."""
        return 1 - len(self.never) / len(self.all) if self.all else 1.0


# what there is


def items(plan: Playbook, site: Site, team: Iterable[Member]) -> tuple[Item, ...]:
    """Return everything of *plan* that can be practised with this team, in the order of the plan."""
    people = tuple(team)
    found = [Item("transition", name) for name in _ways(plan)]
    found += [Item("state", state.name) for state in plan.states]
    for state in plan.states:
        found += [Item("step", step.name) for step in state.steps]
        found += [Item("answer", f"{s.name}={a.name}") for s in state.steps for a in s.decision]
    roles = _roles(plan)
    found += [Item("role", role) for role in roles]
    found += [Item("deputy", role) for role in roles if has_deputy(role, site, people)]
    found += [Item("rung", rung) for rung in ("again", "deputy", "higher")]
    found += [Item("channel", channel) for channel in sorted({c for each in people for c in each.channels})]
    found += [Item("language", language) for language in sorted({each.language for each in people})]
    found += [Item("shift", shift.id) for shift in site.shifts]
    return tuple(dict.fromkeys(found))


def _roles(plan: Playbook) -> list[str]:
    asked = [step.role for state in plan.states for step in state.steps]
    return list(dict.fromkeys([*(call.role for call in plan.roles), *asked]))


def has_deputy(role: str, site: Site, people: Iterable[Member]) -> bool:
    """Return whether anybody could stand in for the first holder of *role*."""
    able = {role, *site.duty(role).deputies}
    return sum(bool(able & set(member.roles)) for member in people) > 1


def _ways(plan: Playbook) -> Iterator[str]:
    """Yield every way into and between states: how it begins, each leave, and what follows from a step that is late."""
    yield from (f">{begin.state}:opening" for begin in plan.begins)
    if not plan.begins or all(begin.when is not None for begin in plan.begins):
        yield f">{plan.initial}:opening"
    for state in plan.states:
        yield from (name for name, _ in _leaves(state))
        for step in state.steps:
            yield from (_way(state.name, late.state, "late_step") for late in step.late if isinstance(late, Go))


def _leaves(state: State) -> Iterator[tuple[str, Leave]]:
    """Yield the ways out of a state by name; of two with the same ends, the second is numbered."""
    seen: dict[str, int] = {}
    for leave in state.leave:
        if leave.to is not None:
            name = _way(state.name, leave.to, "timeout" if leave.after is not None else "guard")
            seen[name] = seen.get(name, 0) + 1
            yield (name if seen[name] == 1 else f"{name}#{seen[name]}"), leave


def _way(start: str, to: str, how: str) -> str:
    return f"{start}>{to}:{how}"


# what was done


def exercised(history: History, shifts: Iterable[str] = ()) -> frozenset[Item]:
    """Return what one incident practised, by the plan that it was opened with. shifts: those on duty when it began."""
    return frozenset([*_done(history), *(Item("shift", shift) for shift in shifts)])


def _done(history: History) -> Iterator[Item]:
    plan, state = None, ""
    seen = _Seen()
    for event, _ in history:
        match event:
            case e.IncidentOpened():
                plan = event.playbook
            case e.StateEntered() if plan is not None:
                way = _gone(plan, state, event)
                yield from [Item("transition", way)] if way else []
                state = event.state
                yield Item("state", state)
        yield from seen.take(event)


class _Seen:
    """What has to be remembered of a log to tell what was practised: names of steps, who was asked, who they are."""

    def __init__(self) -> None:
        self.steps: dict[str, str] = {}
        self.alerts: dict[str, e.AlertRequested] = {}
        self.people: Mapping[str, Member] = {}

    def take(self, event: e.AnyEvent) -> Iterator[Item]:
        match event:
            case e.IncidentOpened(members=members) | e.RosterUpdated(members=members):
                self.people = {member.id: member for member in members}
            case e.StepStarted():
                self.steps[event.step] = event.name
            case e.StepDone(step=id) if id in self.steps:
                yield Item("step", self.steps[id])
                if event.answer is not None:
                    yield Item("answer", f"{self.steps[id]}={event.answer}")
            case e.AlertRequested():
                self.alerts[event.alert] = event
            case e.AlertAcknowledged(alert=id) if id in self.alerts:
                yield from self._answered(self.alerts[id], event)
            case e.RoleAssigned(role=role, because=why) if why in STANDS_IN:
                yield Item("deputy", role)
            case e.LadderClimbed():
                yield from self._climbed(event)

    def _answered(self, alert: e.AlertRequested, event: e.AlertAcknowledged) -> Iterator[Item]:
        if alert.role is not None:
            yield Item("role", alert.role)
        if event.by is None:  # what somebody says by radio is typed in at the console: no telephone was proved
            yield Item("channel", "sms" if event.via == "link" else event.via)
            if alert.person in self.people:
                yield Item("language", self.people[alert.person].language)

    def _climbed(self, event: e.LadderClimbed) -> Iterator[Item]:
        alert = self.alerts.get(event.alert)
        if event.rung >= HIGHER_RUNG:
            yield Item("rung", "higher")
        elif event.rung >= DEPUTY_RUNG:
            yield Item("rung", "deputy")
            if alert is not None and alert.role is not None:
                yield Item("deputy", alert.role)
        else:
            yield Item("rung", "again")


def _gone(plan: Playbook, start: str, event: e.StateEntered) -> str:
    """Return the name of the way that was gone; empty for one that is in no plan: an order over every guard."""
    if event.via == "opening" or not start:
        return f">{event.state}:opening"
    if event.via == "late_step":
        return _way(start, event.state, "late_step")
    try:
        ways = [(name, leave) for name, leave in _leaves(plan.state(start)) if leave.to == event.state]
    except KeyError:
        return ""
    if event.via in ("guard", "timeout"):
        ways = [(name, leave) for name, leave in ways if (leave.after is not None) == (event.via == "timeout")]
    same = [name for name, leave in ways if leave.because == event.because]
    if event.overridden:
        return ""
    return next(iter(same), ways[0][0] if ways else "")


# both together


def coverage(all: Sequence[Item], people: Iterable[Item], simulated: Iterable[Item]) -> tuple[Covered, ...]:
    """Return, kind by kind, what of *all* was practised among people and what by simulation."""
    live, played = frozenset(people), frozenset(simulated)
    return tuple(
        Covered(
            kind=kind,
            all=tuple(each.name for each in all if each.kind == kind),
            people=frozenset(each.name for each in all if each.kind == kind and each in live),
            simulated=frozenset(each.name for each in all if each.kind == kind and each in played),
        )
        for kind in KINDS
    )


def helpers(wanted: frozenset[Item], offers: Mapping[str, frozenset[Item]]) -> list[tuple[str, int]]:
    """Return which of *offers* would cover what is wanted, the most useful first, each with how much it adds to those
    before it; what adds nothing is left out."""
    left, found = set(wanted), []
    open = dict(sorted(offers.items()))
    while open:
        name = max(open, key=lambda each: len(open[each] & left))
        gain = len(open.pop(name) & left)
        if not gain:
            break
        found.append((name, gain))
        left -= offers[name]
    return found
