"""One state of a plan with all that its guards can see: which situations there are, and where each leads.

What stands on the axes: the cells of every fact that the state's ways out ask about, the level, the outcome of every
step they ask about (and of the steps those wait for), whether the rest of a strand is done, how long the state has
lasted, who has answered, whether the zones are swept. Each single question is answered by the real
`guards.holds`; `any`, `all` and `not` are put together from these answers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import timedelta
from functools import cached_property
from itertools import combinations

import msgspec
from msgspec.structs import replace

from emergency.check.cells import NOW, Facts, Group, bare, with_run
from emergency.check.space import Bits, Space
from emergency.core import guards
from emergency.core import playbook as p
from emergency.core.playbook import simple
from emergency.core.values import Severity

LEVELS = tuple(Severity)
LEVEL = "level"
CLOCK = "clock"
SWEPT = "swept"
NO_ROLES: frozenset[str] = frozenset()


class TooMany(Exception):
    """The situations of one state are more than the bound allows."""


class Outcome(msgspec.Struct, frozen=True):
    """Where one step can stand. status: absent, open, done, given_up; answers: those given so far."""

    status: str
    answers: tuple[str | None, ...] = ()


class Exit(msgspec.Struct, frozen=True):
    """One way out and the situations in which it may be taken. leave: its number in the state, or None for a step
    that is late. via: guard, order, timeout, late_step."""

    to: str
    via: str
    leave: int | None
    bits: Bits
    step: str | None = None


class Room:
    """The situations of one state.

    Args:
        limit: the most situations that are looked at.

    Raises:
        TooMany: there are more.
    """

    def __init__(self, facts: Facts, state: p.State, limit: int) -> None:
        self.facts = facts
        self.plan = facts.plan
        self.state = state
        self.steps = {step.name: step for step in state.steps}
        asked = [leave.when for leave in state.leave if leave.when is not None]
        self.asked_steps = self._asked_steps(asked)
        asked += [step.when for step in self.asked_steps if step.when is not None]
        self.atoms = list(dict.fromkeys(atom for guard in asked for atom in simple(guard)))
        self.ends_at = min((each.after for each in state.leave if each.to is not None and each.after), default=None)
        self.times = self._times()
        self.cells: dict[Group, list[int]] = {}
        self.outcomes: dict[str, tuple[Outcome, ...]] = {}
        self.space = Space(list(self._axes()))
        if self.space.size > limit:
            raise TooMany(f"{self.space.size}")
        self._truth: dict[tuple[p.Guard, frozenset[str]], Bits] = {}

    def _asked_steps(self, asked: list[p.Guard]) -> list[p.Step]:
        """Return the steps whose outcome decides a way out, and those that decide whether these start."""
        found: dict[str, p.Step] = {}
        ahead = [g.step for guard in asked for g in simple(guard) if isinstance(g, p.StepIs)]
        while ahead:
            name = ahead.pop()
            if name in found or name not in self.steps:
                continue
            found[name] = self.steps[name]
            ahead += [g.step for g in simple(self.steps[name].when) if isinstance(g, p.StepIs)]
        return list(found.values())

    def _times(self) -> list[timedelta]:
        """Return the lengths of stay at which an answer changes; nothing that lies behind the end of the stay."""
        wanted = {atom.over for atom in self.atoms if isinstance(atom, p.ClockOver) and atom.clock == "state"}
        if self.ends_at is not None:
            wanted.add(self.ends_at)
        return sorted(t for t in wanted if t > timedelta(0) and (self.ends_at is None or t <= self.ends_at))

    def _axes(self) -> Iterator[tuple[Hashable, int]]:
        asked: dict[Group, list[p.Guard]] = {}
        for atom in self.atoms:
            group = self.facts.group(atom)
            if group is not None:
                asked.setdefault(group, []).append(atom)
        yield CLOCK, len(self.times) + 1
        for step in self.asked_steps:
            self.outcomes[step.name] = _outcomes(step, self._strands())
            yield ("step", step.name), len(self.outcomes[step.name])
        for strand in self._strands():
            yield ("rest", strand), 2 if self.rest(strand) else 1
        for atom in self.atoms:
            if isinstance(atom, p.RoleAcknowledged):
                yield ("answered", atom.role, atom.count), 2
        if any(isinstance(atom, p.ZonesSwept) for atom in self.atoms):
            yield SWEPT, 2
        if any(isinstance(atom, p.SeverityAtLeast) for atom in self.atoms):
            yield LEVEL, len(LEVELS)
        for group, of_group in asked.items():
            self.cells[group] = self.facts.cells(group, of_group)
            yield ("fact", group), len(self.cells[group])

    @property
    def lumped(self) -> int:
        """How many combinations of what nobody asks about each situation stands for: the level, and steps of their own
        (those of a strand that is asked for as a whole are counted as two: done, or not)."""
        found = 1 if LEVEL in self.space else len(LEVELS)
        strands = self._strands()
        for step in self.state.steps:
            if step.name not in self.outcomes and None not in strands and step.strand not in strands:
                found *= len(_outcomes(step, []))
        return found

    def _strands(self) -> list[str | None]:
        return list(dict.fromkeys(atom.strand for atom in self.atoms if isinstance(atom, p.StrandDone)))

    def rest(self, strand: str | None) -> list[p.Step]:
        """Return the steps of the strand that no guard asks about one by one."""
        asked = {step.name for step in self.asked_steps}
        return [s for s in self.state.steps if strand in (None, s.strand) and s.name not in asked]

    def holds(self, guard: p.Guard | None, roles: frozenset[str] = NO_ROLES) -> Bits:
        """Return the situations in which the guard holds, when who orders it may be counted as *roles*."""
        if guard is None:
            return self.space.full
        key = (guard, roles)
        if key not in self._truth:
            self._truth[key] = combined(guard, self.space.full, lambda atom: self._atom(atom, roles))
        return self._truth[key]

    def _atom(self, atom: p.Guard, roles: frozenset[str]) -> Bits:
        space = self.space
        match atom:
            case p.SaidBy(role):
                return space.full if role in roles else 0
            case p.SeverityAtLeast(level):
                return space.among(LEVEL, [n for n, each in enumerate(LEVELS) if each >= level])
            case p.ZonesSwept():
                return space.at(SWEPT, 1)
            case p.RoleAcknowledged(role, count):
                return space.at(("answered", role, count), 1)
            case p.ClockOver("state", over):
                late = [n + 1 for n, time in enumerate(self.times) if time >= over]
                return space.among(CLOCK, late) if over > timedelta(0) else space.full
            case p.StepIs(step, _):
                return self._step_is(atom, step)
            case p.StrandDone(strand):
                return self._strand_done(strand)
        group = self.facts.group(atom)
        if group is None:
            return 0
        yes = self.facts.answers(group, atom)
        return space.among(("fact", group), [n for n, cell in enumerate(self.cells[group]) if cell & yes])

    def _step_is(self, atom: p.Guard, name: str) -> Bits:
        if name not in self.outcomes:
            return 0
        empty = bare(self.plan, self.facts.site, self.state.name)
        found = []
        for digit, outcome in enumerate(self.outcomes[name]):
            if outcome.status == "absent":
                continue
            incident = with_run(empty, self.steps[name], outcome.status, outcome.answers or (None,))
            if guards.holds(atom, incident, NOW):
                found.append(digit)
        return self.space.among(("step", name), found)

    def _strand_done(self, strand: str | None) -> Bits:
        rest = 1 if self.rest(strand) else 0
        found = self.space.at(("rest", strand), rest)
        for step in self.asked_steps:
            if strand in (None, step.strand):
                finished = [n for n, o in enumerate(self.outcomes[step.name]) if o.status != "open"]
                found &= self.space.among(("step", step.name), finished)
        return found

    @cached_property
    def by_itself(self) -> list[tuple[int, Bits]]:
        """The ways out that are taken without a word from anybody: number and situations, first match first."""
        found, left = [], self.space.full
        for index, leave in enumerate(self.state.leave):
            if leave.to is not None and leave.after is None:
                bits = self.holds(leave.when) & left
                left &= ~bits
                found.append((index, bits))
        return found

    @cached_property
    def fleeting(self) -> Bits:
        """The situations that last no time: some way out holds."""
        found = 0
        for _, bits in self.by_itself:
            found |= bits
        return found

    def entered(self, known: dict[Group, int] | None, levels: Iterable[int] | None) -> Bits:
        """Return the situations at the moment of entering, with nothing done yet.

        Args:
            known: the items that are possible, for the groups that somebody has asked about; any other fact may have
                been told, or not. levels: digits of the level, or None for any.
        """
        space = self.space
        found = space.at(CLOCK, 0)
        for name in self.outcomes:
            found &= space.at(("step", name), 0)
        for strand in self._strands():
            found &= space.at(("rest", strand), 0)
        for axis, _ in space.axes:
            if axis == SWEPT or (isinstance(axis, tuple) and axis[0] == "answered"):
                found &= space.at(axis, 0)
        for group, items in (known or {}).items():
            if group in self.cells:
                possible = [n for n, cell in enumerate(self.cells[group]) if cell & items]
                found &= space.among(("fact", group), possible)
        if LEVEL in space:
            floor = self.state.severity
            seen = range(len(LEVELS)) if levels is None else levels
            raised = {max(n, LEVELS.index(floor)) if floor is not None else n for n in seen}
            found &= space.among(LEVEL, sorted(raised))
        return found

    def reach(self, start: Bits) -> Bits:
        """Return every situation that can follow while the state lasts: anybody may tell any fact at any time, change
        the level, do a step or not; time may pass."""
        reached, grown = start, True
        while grown:
            before = reached
            for move in self._moves:
                reached |= move(reached & ~self.fleeting)
            grown = reached != before
        return reached

    @cached_property
    def _moves(self) -> list[Callable[[Bits], Bits]]:
        """What may happen next, one kind of event each: situations to the situations after it."""
        space, found = self.space, []
        for axis, digits in space.axes:
            if digits == 1:
                continue
            if axis == LEVEL or (isinstance(axis, tuple) and axis[0] == "fact"):
                found.append(_free(space, axis))
            elif isinstance(axis, tuple) and axis[0] == "step":
                found += self._step_moves(axis[1])
            else:
                found += [_one(space, axis, n, n + 1, space.full) for n in range(digits - 1)]
        return found

    def _step_moves(self, name: str) -> Iterator[Callable[[Bits], Bits]]:
        axis, outcomes = ("step", name), self.outcomes[name]
        for start, before in enumerate(outcomes):
            for end, after in enumerate(outcomes):
                if before.status == "absent" and after.status == "open":
                    yield _one(self.space, axis, start, end, self.holds(self.steps[name].when))
                    continue
                ends = before.status == "open" and after.status in ("done", "given_up") and len(after.answers) <= 1
                again = before.status == after.status == "done" and set(before.answers) < set(after.answers)
                if ends or again:
                    yield _one(self.space, axis, start, end, self.space.full)

    def reach_all(self, start: Bits) -> Bits:
        """Return every situation that can follow, as if the guard of the room's own way out never led away."""
        reached, grown = start, True
        while grown:
            before = reached
            for move in self._moves:
                reached |= move(reached)
            grown = reached != before
        return reached

    def atoms_of_time_only(self, guard: p.Guard) -> bool:
        """Whether the guard asks about nothing but the length of stay."""
        return all(isinstance(atom, p.ClockOver) and atom.clock == "state" for atom in simple(guard))

    def back(self, goal: Bits, within: Bits) -> Bits:
        """Return the lasting situations of *within* from which *goal* can be come to."""
        lasting = within & ~self.fleeting
        found, grown = goal, True
        while grown:
            before = found
            for axis, digits in self.space.axes:
                if digits == 1:
                    continue
                if axis == LEVEL or (isinstance(axis, tuple) and axis[0] == "fact"):
                    found |= self.space.spread(found, axis) & lasting
            for one in self._moves:
                if isinstance(one, _One):
                    found |= one.back(found) & lasting
            grown = found != before
        return found

    def exits(self, reached: Bits) -> Iterator[Exit]:
        """Yield every way out that can be taken from the situations reached."""
        lasting = reached & ~self.fleeting
        for index, bits in self.by_itself:
            if bits & reached:
                yield Exit(self.state.leave[index].to or "", "guard", index, bits & reached)
        for index, leave in enumerate(self.state.leave):
            if leave.to is None:
                continue
            if leave.after is not None:
                if leave.after == self.ends_at:
                    yield Exit(leave.to, "timeout", index, lasting & self.space.at(CLOCK, len(self.times)))
                yield Exit(leave.to, "order", index, lasting)
                continue
            ordered = 0
            for roles in orders_of(leave.when):
                ordered |= self.holds(leave.when, roles) & lasting
            if ordered:
                yield Exit(leave.to, "order", index, ordered)
        for step in self.state.steps:
            for outcome in step.late:
                if isinstance(outcome, p.Go) and step.done is not None:
                    bits = lasting
                    if step.name in self.outcomes:
                        still = [n for n, o in enumerate(self.outcomes[step.name]) if o.status == "open"]
                        bits &= self.space.among(("step", step.name), still)
                    if bits:
                        yield Exit(outcome.state, "late_step", None, bits, step.name)

    def known(self, bits: Bits) -> dict[Group, int]:
        """Return what may be known in these situations of each fact that the state asks about, as items."""
        found = {}
        for group, cells in self.cells.items():
            items = 0
            for digit in self.space.seen(bits, ("fact", group)):
                items |= cells[digit]
            found[group] = items
        return found

    def levels(self, bits: Bits) -> tuple[int, ...] | None:
        """Return the levels that occur in these situations, or None where the state does not ask."""
        return self.space.seen(bits, LEVEL) if LEVEL in self.space else None

    def words(self, bits: Bits) -> tuple[str, str]:
        """Return what has happened in the plainest of these situations, in Chinese and English."""
        zh, en = [], []
        for axis, digit in self.space.first(bits).items():
            if digit == 0 and not (isinstance(axis, tuple) and axis[0] == "fact"):
                continue
            if isinstance(axis, tuple) and axis[0] == "step":
                outcome = self.outcomes[axis[1]][digit]
                answers = "/".join(str(a) for a in outcome.answers if a)
                if outcome.status == "done":
                    zh.append(f"任务 {axis[1]} " + (f"答“{answers}”" if answers else "完成"))
                    en.append(f"step '{axis[1]}' " + (f"answered '{answers}'" if answers else "done"))
                elif outcome.status == "given_up":
                    zh.append(f"任务 {axis[1]} 已放弃")
                    en.append(f"step '{axis[1]}' given up")
            elif isinstance(axis, tuple) and axis[0] == "fact":
                said = self.facts.words(axis[1], self.cells[axis[1]][digit])
                zh += [said[0]] if said[0] else []
                en += [said[1]] if said[1] else []
        return "，".join(zh), ", ".join(en)


class _One:
    """One digit becomes another, in the situations of a condition."""

    def __init__(self, space: Space, axis: Hashable, start: int, end: int, condition: Bits) -> None:
        self.space, self.axis, self.start, self.end, self.condition = space, axis, start, end, condition

    def __call__(self, bits: Bits) -> Bits:
        return self.space.moved(bits & self.condition, self.axis, self.start, self.end)

    def back(self, bits: Bits) -> Bits:
        """Return the situations from which one of *bits* follows."""
        return self.space.moved(bits, self.axis, self.end, self.start) & self.condition


_one = _One


def _free(space: Space, axis: Hashable) -> Callable[[Bits], Bits]:
    return lambda bits: space.spread(bits, axis)


def combined(guard: p.Guard, full: Bits, single: Callable[[p.Guard], Bits]) -> Bits:
    """Return where a guard holds, from where each single question of it does."""
    match guard:
        case p.AnyOf(parts):
            found = 0
            for part in parts:
                found |= single(part)
            return found
        case p.AllOf(parts):
            found = full
            for part in parts:
                found &= single(part)
            return found
        case p.NotOf(inner):
            return full & ~single(inner)
    return single(guard)


def orders_of(guard: p.Guard | None) -> list[frozenset[str]]:
    """Return as what somebody may order a way out, as far as its guard asks: as nobody, each alone, as all of them."""
    roles = [atom.role for atom in simple(guard) if isinstance(atom, p.SaidBy)]
    found = [NO_ROLES, *(frozenset({role}) for role in roles)]
    return [*found, frozenset(roles)] if len(roles) > 1 else found


def _outcomes(step: p.Step, strands: list[str | None]) -> tuple[Outcome, ...]:
    found = [Outcome("absent")] if step.when is not None else []
    found.append(Outcome("open"))
    answers: list[str | None] = [answer.name for answer in step.decision] or [None]
    most = len(answers) if step.per is not None or step.every is not None else 1
    for size in range(1, most + 1):
        found += [Outcome("done", given) for given in combinations(answers, size)]
    if None in strands or step.strand in strands:
        found.append(Outcome("given_up"))
    return tuple(found)


def alone(facts: Facts, state: p.State, guard: p.Guard) -> Room:
    """Return a room that asks *guard* and nothing else, with the stay of the state as it is."""
    waits = tuple(each for each in state.leave if each.to is not None and each.after is not None)
    ask = p.Leave(to=state.name, when=guard)
    return Room(facts, replace(state, leave=(ask, *waits)), limit=1 << 22)
