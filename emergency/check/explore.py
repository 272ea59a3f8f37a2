"""Every situation a plan can come to, and what that proves.

The model. A situation is a state of the plan with a digit on each axis that its ways out can see (`room.py`): the cells
of facts, the outcome of steps, the length of stay, the level. While a state lasts anybody may tell any fact at any time
or never, do a step or not, answer, raise or lower the level, give any order; time may pass or not. A way out whose
guard holds is taken at once, first match first. What is asked about in the next state as well stays as it was; any
other fact may have been told meanwhile, as nothing here would have shown it.

What is left out, so that there may be more situations here than a night can bring, and never fewer: how old a fact is,
beyond the dwells that are asked for; moments of different clocks against one another; steps and facts that no way out
asks about (nothing follows from them); orders over a guard, with a reason, and `cancel`, which may go anywhere at any
time. A proof that something can never be therefore holds; that something can be is tried on the engine by the tests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property

import msgspec

from emergency.check.cells import Facts, Group
from emergency.check.room import LEVEL, LEVELS, Exit, Room, TooMany, alone, combined, orders_of
from emergency.check.space import Bits, Space, count
from emergency.check.story import Way, length, line, told, why
from emergency.core import playbook as p
from emergency.core.check import Finding, Path
from emergency.core.explain import words_of
from emergency.core.playbook import simple
from emergency.core.site import Site
from emergency.core.values import Severity, Text

LIMIT = 1 << 22
"""The most situations of one state that are looked at; one with more is taken as able to do anything, and said so."""


class Explored(msgspec.Struct, frozen=True):
    """How far the exploration went. situations, ways: seen and taken; limit: of one state; whole: nothing was cut off;
    largest: the state with the most situations, and how many.

    stands_for: how many there are when the level and the outcome of every step are told apart where no way out asks for
    them; nothing follows from those, so one situation stands for all that differ in them alone.
    """

    states: int
    situations: int
    ways: int
    limit: int
    whole: bool
    largest: tuple[str, int] = ("", 0)
    stands_for: int = 0


class Exploration:
    """A plan explored from every beginning. `edges` are the moves (state, state) that it may make by the plan."""

    def __init__(self, plan: p.Playbook, site: Site, limit: int = LIMIT) -> None:
        self.plan = plan
        self.facts = Facts(plan, site)
        self.limit = limit
        self.rooms: dict[str, Room] = {}
        self.cut: dict[str, str] = {}
        for state in plan.states:
            try:
                self.rooms[state.name] = Room(self.facts, state, limit)
            except TooMany as error:
                self.cut[state.name] = str(error)
        self.entries: dict[str, Bits] = {}
        self.reached: dict[str, Bits] = {}
        self.exits: dict[str, list[Exit]] = {}
        self.parents: dict[str, Way | None] = {}
        self.beginnings = [name for name in _beginnings(self.facts) if name in self._names]
        self._explore()
        self._step_rooms: dict[tuple[str, str], bool] = {}

    @property
    def _names(self) -> dict[str, p.State]:
        return {state.name: state for state in self.plan.states}

    def _explore(self) -> None:
        names, ahead = self._names, deque(self.beginnings)
        for name in self.beginnings:
            self.parents.setdefault(name, None)
            self._enter(name, None, None)
        while ahead:
            name = ahead.popleft()
            if self._close(name):
                for exit in self.exits[name]:
                    if exit.to not in names:
                        continue
                    if exit.to not in self.parents:
                        self.parents[exit.to] = self._way(name, exit)
                    if self._enter(exit.to, name, exit.bits) and exit.to not in ahead:
                        ahead.append(exit.to)

    def _close(self, name: str) -> bool:
        """Work out what follows in the state; return whether there is anything new."""
        if name in self.cut:
            if name in self.exits:
                return False
            self.exits[name] = _any_exit(self._names[name])
            self.reached[name] = 0
            return True
        room, before = self.rooms[name], self.reached.get(name, -1)
        self.reached[name] = room.reach(self.entries[name] | max(before, 0))
        if self.reached[name] == before:
            return False
        self.exits[name] = list(room.exits(self.reached[name]))
        return True

    def _enter(self, name: str, source: str | None, bits: Bits | None) -> bool:
        """Note what the state may be entered with; return whether there is anything new."""
        if name in self.cut:
            return name not in self.exits
        room, before = self.rooms[name], self.entries.get(name)
        if source is None or source in self.cut or bits is None:
            new = room.entered(None, None)
        else:
            new = self._carried(self.rooms[source], room, bits)
        self.entries[name] = new | (before or 0)
        return before is None or self.entries[name] != before

    def _carried(self, room: Room, after: Room, bits: Bits) -> Bits:
        """Return what *after* may be entered with from these situations of *room*: what both ask about stays."""
        shared: list[Group] = [group for group in room.cells if group in after.cells]
        axes = {("fact", group) for group in shared} | (
            {LEVEL} if LEVEL in room.space and LEVEL in after.space else set()
        )
        picked = bits
        for axis, digits in room.space.axes:
            if axis not in axes and digits > 1:
                picked = room.space.spread(picked, axis) & room.space.at(axis, 0)
        found = 0
        for digits_of in room.space.each(picked, 1 << 14):
            known = {group: room.cells[group][digits_of["fact", group]] for group in shared}
            found |= after.entered(known, (digits_of[LEVEL],) if LEVEL in axes else None)
        if count(picked) > 1 << 14:
            found = after.entered(room.known(bits), None)
        return found

    def _way(self, name: str, exit: Exit) -> Way:
        state = self._names[name]
        stay = timedelta(0)
        if exit.via == "timeout" and exit.leave is not None:
            stay = state.leave[exit.leave].after or stay
        elif exit.via == "late_step":
            stay = next(step.done or stay for step in state.steps if step.name == exit.step)
        return Way(name, exit.to, stay, why(state, exit.leave, exit.via, exit.step))

    @property
    def edges(self) -> set[tuple[str, str]]:
        """Every move from state to state that may be made by the plan, without overrides and without `cancel`."""
        return {(name, exit.to) for name, exits in self.exits.items() for exit in exits}

    @property
    def explored(self) -> Explored:
        """How far the exploration went."""
        sizes = {name: count(bits) for name, bits in self.reached.items()}
        largest = max(sizes.items(), key=lambda each: each[1], default=("", 0))
        return Explored(
            states=len(self.reached),
            situations=sum(sizes.values()),
            ways=sum(count(exit.bits) for exits in self.exits.values() for exit in exits),
            limit=self.limit,
            whole=not self.cut,
            largest=largest,
            stands_for=sum(size * self.rooms[name].lumped for name, size in sizes.items() if name in self.rooms),
        )

    def story(self, name: str, last: Text | None = None) -> tuple[Text, ...]:
        """Return a shortest way from a report into the state, and what follows there."""
        ways: list[Way] = []
        here = name
        while (way := self.parents.get(here)) is not None:
            ways.insert(0, way)
            here = way.start
        lines, at = told(self.plan, here, ways)
        if last is None:
            return lines
        return (*lines, line(at, last.zh, last.en))

    def findings(self) -> Iterator[Finding]:
        """Yield what the exploration found."""
        for name, size in self.cut.items():
            yield Finding(
                ("states", name),
                f"state '{name}' has {size} situations, more than the {self.limit} that are looked at; nothing is "
                "proved of it",
                "warning",
                "F00",
                f"状态 {name} 有 {size} 种情形，超过上限 {self.limit}，未予证明",
            )
        yield from self._unreached()
        for state in self.plan.states:
            if state.name in self.reached and state.name in self.rooms:
                yield from self._ways(state)
                yield from self._dead_ends(state)
                yield from self._steps(state)
                yield from self._left_running(state)
        yield from self._no_way_to_the_end()
        yield from self._rules()
        yield from self._round_and_round()

    def _unreached(self) -> Iterator[Finding]:
        cancels = {s.name for s in self.plan.states if s.ends in ("false_alarm", "cancelled")}
        for state in self.plan.states:
            if state.name not in self.reached and state.name not in cancels:
                yield Finding(
                    ("states", state.name),
                    f"state '{state.name}' can never be entered: no situation leads to it",
                    "error",
                    "F01",
                    f"状态 {state.name} 永远进不去",
                    fix=Text("加一条通往它的去路，或删去它", "add a way to it, or take it out"),
                )

    def _ways(self, state: p.State) -> Iterator[Finding]:
        """Yield ways out that can never be taken, and those that leave no time for anything."""
        room, reached = self.rooms[state.name], self.reached[state.name]
        taken = {exit.leave for exit in self.exits[state.name] if exit.via != "order" or self._is_told(state, exit)}
        firsts: dict[timedelta, int] = {}
        for index, leave in enumerate(state.leave):
            at: Path = ("states", state.name, "leave", index)
            if leave.after is not None:
                yield from self._timeout(state, index, firsts)
                continue
            if leave.when is None or leave.to is None:
                continue
            if index not in taken:
                yield self._never(state, index, room, reached, at)
                continue
            by_itself = dict(room.by_itself).get(index, 0)
            if self.entries[state.name] and not self.entries[state.name] & ~by_itself:
                yield Finding(
                    (*at, "when"),
                    f"the way from '{state.name}' to '{leave.to}' is taken as soon as the state is entered, always",
                    "warning",
                    "F07",
                    f"状态 {state.name} 一进入就必然转入 {leave.to}，条件恒真",
                    self.story(state.name),
                )
            if isinstance(leave.when, p.AnyOf | p.AllOf):
                yield from self._parts(leave.when, room, reached, (*at, "when"), state)

    def _is_told(self, state: p.State, exit: Exit) -> bool:
        """Whether a way out waits for a word at all: another one is never ordered before it is taken by itself."""
        when = state.leave[exit.leave].when if exit.leave is not None else None
        return any(isinstance(atom, p.SaidBy) for atom in simple(when))

    def _timeout(self, state: p.State, index: int, firsts: dict[timedelta, int]) -> Iterator[Finding]:
        leave, room = state.leave[index], self.rooms[state.name]
        at: Path = ("states", state.name, "leave", index)
        after = leave.after or timedelta(0)
        if leave.to is not None and after in firsts:
            yield Finding(
                (*at, "after"),
                f"two ways out of '{state.name}' wait for the same time; which one is taken is not said",
                "error",
                "F06",
                f"状态 {state.name} 有两条去路等同样久，先后未定",
                self.story(state.name),
            )
        elif (room.ends_at is not None and after > room.ends_at) or (leave.to is None and after == room.ends_at):
            yield Finding(
                (*at, "after"),
                f"this never comes: state '{state.name}' has been left after {_short(room.ends_at)} already",
                "error" if leave.to is not None else "warning",
                "F06" if leave.to is not None else "F07",
                f"轮不到：状态 {state.name} 满 {_short(room.ends_at)} 已离开",
                self.story(state.name),
            )
        if leave.to is not None:
            firsts.setdefault(after, index)

    def _never(self, state: p.State, index: int, room: Room, reached: Bits, at: Path) -> Finding:
        leave = state.leave[index]
        truth = 0
        for roles in orders_of(leave.when):
            truth |= room.holds(leave.when, roles)
        words = Text(words_of(leave.when, lang="zh"), words_of(leave.when)) if leave.when is not None else Text("", "")
        if truth & reached:
            before = [n for n, bits in room.by_itself if n < index and bits & truth & reached]
            shown = ", ".join(str(n + 1) for n in before)
            return Finding(
                at,
                f"the way from '{state.name}' to '{leave.to}' is never taken: whenever it could be, an earlier one "
                f"(line {shown}) goes first",
                "error",
                "F06",
                f"状态 {state.name} 到 {leave.to} 的去路永远轮不到：前面第 {shown} 条总是先走",
                self.story(state.name, words),
                Text("调换次序，或收窄前一条", "change the order, or narrow the earlier one"),
            )
        joins = any(isinstance(atom, p.StepIs | p.StrandDone | p.ZonesSwept) for atom in simple(leave.when))
        return Finding(
            (*at, "when"),
            f"the way from '{state.name}' to '{leave.to}' can never be taken: {words.en} never holds here",
            "error",
            "F05" if joins else "F07",
            f"状态 {state.name} 到 {leave.to} 的去路永远走不了：{words.zh} 在此不会成立",
            self.story(state.name, Text(f"等不到：{words.zh}", f"never: {words.en}")),
        )

    def _parts(
        self, guard: p.AnyOf | p.AllOf, room: Room, reached: Bits, at: Path, state: p.State
    ) -> Iterator[Finding]:
        """Yield single questions of a guard that are never, or always, answered yes here."""
        roles = max(orders_of(guard), key=len)
        for n, part in enumerate(guard.guards):
            truth = room.holds(part, roles) & reached
            words = Text(words_of(part, lang="zh"), words_of(part))
            if not truth:
                yield Finding(
                    at,
                    f"'{words.en}' never holds in state '{state.name}'; this part of the guard does nothing",
                    "warning",
                    "F07",
                    f"“{words.zh}”在状态 {state.name} 不会成立，这一条件无用",
                    self.story(state.name),
                )
            elif isinstance(part, p.SaidBy):
                continue
            others = [each for each in guard.guards if each is not part]
            if truth == reached and others and isinstance(guard, p.AllOf) and not room.atoms_of_time_only(part):
                yield Finding(
                    at,
                    f"'{words.en}' always holds in state '{state.name}'; this part of the guard does nothing",
                    "warning",
                    "F07",
                    f"“{words.zh}”在状态 {state.name} 恒成立，这一条件无用",
                    self.story(state.name),
                )
            if part in guard.guards[:n]:
                yield Finding(at, f"'{words.en}' is asked twice", "warning", "F07", f"“{words.zh}”问了两遍")

    def _dead_ends(self, state: p.State) -> Iterator[Finding]:
        """Yield the plainest situation in which nothing and nobody by the plan can lead on."""
        if state.final:
            return
        room, reached = self.rooms[state.name], self.reached[state.name]
        out = 0
        for exit in self.exits[state.name]:
            out |= exit.bits
        lasting = reached & ~room.fleeting
        stuck = lasting & ~room.back(out, reached)
        if not stuck:
            return
        zh, en = room.words(stuck)
        last = Text(
            f"{zh or '无论如何'}：{state.name} 走不出去", f"{en or 'whatever happens'}: nobody can leave '{state.name}'"
        )
        yield Finding(
            ("states", state.name),
            f"nobody can leave '{state.name}' by the plan" + (f" once {en}" if en else ""),
            "error",
            "F02",
            (f"{zh}之后，" if zh else "") + f"按预案无人能离开 {state.name}",
            self.story(state.name, last),
            Text("加一条去路", "add a way out"),
        )

    def _steps(self, state: p.State) -> Iterator[Finding]:
        """Yield steps that never start."""
        for step in state.steps:
            if step.when is None:
                continue
            at: Path = ("states", state.name, "steps", step.name)
            never, always, parts = self._starts(state, step.when)
            words = Text(words_of(step.when, lang="zh"), words_of(step.when))
            if never:
                yield Finding(
                    (*at, "when"),
                    f"step '{step.name}' never starts: {words.en} never holds in '{state.name}'",
                    "error",
                    "F01",
                    f"任务 {step.name} 永远不会开始：{words.zh} 在 {state.name} 不会成立",
                    self.story(state.name, Text(f"等不到：{words.zh}", f"never: {words.en}")),
                )
            elif always:
                yield Finding(
                    (*at, "when"),
                    f"the condition of step '{step.name}' always holds in '{state.name}'",
                    "warning",
                    "F07",
                    f"任务 {step.name} 的条件在 {state.name} 恒成立",
                )
            for part in parts:
                yield Finding(
                    (*at, "when"),
                    f"'{words_of(part)}' never holds in state '{state.name}'; this part of the guard does nothing",
                    "warning",
                    "F07",
                    f"“{words_of(part, lang='zh')}”在状态 {state.name} 不会成立，这一条件无用",
                )

    def _starts(self, state: p.State, when: p.Guard) -> tuple[bool, bool, list[p.Guard]]:
        """Return whether a condition never holds while the state lasts, whether it always does, and which single
        questions of it never do."""
        room = alone(self.facts, state, when)
        levels = None if state.severity is None else (LEVELS.index(state.severity),)
        entry = room.entered(None, levels)
        reached = room.reach_all(entry)
        truth = room.holds(when) & reached
        parts: tuple[p.Guard, ...] = when.guards if isinstance(when, p.AnyOf | p.AllOf) else ()
        dead = [part for part in parts if not room.holds(part) & reached]
        return not truth, truth == reached, dead if truth else []

    def _left_running(self, state: p.State) -> Iterator[Finding]:
        """Yield steps that the way into the final state does not wait for."""
        final = {s.name for s in self.plan.states if s.final}
        for index, leave in enumerate(state.leave):
            if leave.to not in final or (leave.when is None and leave.after is None):
                continue
            room = self.rooms[state.name]
            if leave.after is not None:
                waiting = [step for step in state.steps if step.when is None]
            else:
                waiting = [step for step in state.steps if step.when is None and self._may_be_open(room, leave, step)]
            if waiting and not any(isinstance(atom, p.SaidBy) for atom in simple(leave.when)):
                names = ", ".join(step.name for step in waiting)
                yield Finding(
                    ("states", state.name, "leave", index),
                    f"'{leave.to}' is entered while these steps of '{state.name}' may still run: {names}",
                    "warning",
                    "F04",
                    f"进入 {leave.to} 时，{state.name} 的这些任务可能还在做：{names}",
                    self.story(state.name, why(state, index, "guard")),
                    Text("等 strands: all", "wait for {strands: all}"),
                )

    def _may_be_open(self, room: Room, leave: p.Leave, step: p.Step) -> bool:
        asked = list(simple(leave.when))
        if any(isinstance(atom, p.StrandDone) and atom.strand in (None, step.strand) for atom in asked):
            return False
        if step.name not in room.outcomes:
            return True
        still = [n for n, o in enumerate(room.outcomes[step.name]) if o.status == "open"]
        return bool(room.holds(leave.when) & room.space.among(("step", step.name), still))

    def _no_way_to_the_end(self) -> Iterator[Finding]:
        ends = {
            "F03": ({s.name for s in self.plan.states if s.final}, "the final state", "终态"),
            "F09": ({s.name for s in self.plan.states if s.ends is not None}, "a stand-down or all-clear", "解除"),
        }
        for id, (goal, en, zh) in ends.items():
            able = set(goal)
            while True:
                more = {start for start, to in self.edges if to in able} - able
                if not more:
                    break
                able |= more
            after_end = self.after_the_end if id == "F09" else set()
            for name in self.reached:
                if name not in able and name not in after_end and not self._names[name].final:
                    yield Finding(
                        ("states", name),
                        f"from state '{name}' the plan never comes to {en}",
                        "error",
                        id,
                        f"从状态 {name} 出发，按预案到不了{zh}",
                        self.story(name, Text(f"从此到不了{zh}", f"no way to {en} from here")),
                    )

    @cached_property
    def after_the_end(self) -> set[str]:
        """Return the states that are come to after an end alone, where no other end need follow."""
        before, ahead = set(), [name for name in self.beginnings if self._names[name].ends is None]
        while ahead:
            name = ahead.pop()
            if name in before:
                continue
            before.add(name)
            ahead += [to for start, to in self.edges if start == name and self._names[to].ends is None]
        return set(self._names) - before

    def _rules(self) -> Iterator[Finding]:
        """Yield rules of severity that never do anything."""
        for word, rules in (("raise", self.plan.raises), ("lower", self.plan.lowers)):
            for index, rule in enumerate(rules):
                at: Path = ("severity", word, index)
                never, always, dead = self._holds_ever(rule.when)
                said = Text(words_of(rule.when, lang="zh"), words_of(rule.when))
                if never or always:
                    yield Finding(
                        (*at, "when"),
                        f"this rule {'never' if never else 'always'} holds: {said.en}",
                        "warning",
                        "F07",
                        f"此规则恒{'假' if never else '真'}：{said.zh}",
                    )
                if word == "raise" and rule.to <= self.plan.start:
                    yield Finding(
                        (*at, "to"),
                        f"raising to {rule.to.name} does nothing: the plan starts at {self.plan.start.name}",
                        "info",  # a shared part raises every plan that uses it
                        "F07",
                        f"升到{rule.to.name}无用：预案起始就是 {self.plan.start.name}",
                    )
                for part in dead:
                    yield Finding(
                        (*at, "when"),
                        f"'{words_of(part)}' never holds; this part of the rule does nothing",
                        "warning",
                        "F07",
                        f"“{words_of(part, lang='zh')}”不会成立，这一条件无用",
                    )
        for index, begin in enumerate(self.plan.begins):
            if begin.state not in self.beginnings:
                yield Finding(
                    ("begin", index),
                    f"no incident ever begins in '{begin.state}' by this line",
                    "error",
                    "F06",
                    f"没有事件会从这一行的 {begin.state} 开始",
                )

        if self.plan.begins and self.plan.initial not in self.beginnings:
            yield Finding(
                ("begin", len(self.plan.begins) - 1),
                f"no incident begins in '{self.plan.initial}', the first state: these lines leave nothing for it",
                "warning",
                "F06",
                f"没有事件会从第一个状态 {self.plan.initial} 开始：这几行已包罗一切",
            )

    def _holds_ever(self, when: p.Guard) -> tuple[bool, bool, list[p.Guard]]:
        anywhere = p.State(name=self.plan.initial, title=Text("", ""))
        room = alone(self.facts, anywhere, when)
        truth = room.holds(when)
        parts: tuple[p.Guard, ...] = when.guards if isinstance(when, p.AnyOf | p.AllOf) else ()
        dead: list[p.Guard] = [part for part in parts if truth and not room.holds(part)]
        return not truth, truth == room.space.full, dead

    def _round_and_round(self) -> Iterator[Finding]:
        """Yield states that pass an incident on to one another in no time, for ever, while nobody does anything."""
        instant = {
            name: {exit.to for exit in exits if exit.via == "guard" and exit.bits & self.entries.get(name, 0)}
            for name, exits in self.exits.items()
            if name in self.rooms
        }
        for ring in _rings(instant):
            found = self._spins(ring)
            if found is not None:
                start, zh, en = found
                names = " -> ".join([*ring, ring[0]])
                yield Finding(
                    ("states", start),
                    f"with {en or 'nothing told'} the plan goes round without a pause: {names}",
                    "error",
                    "F03",
                    f"{zh or '什么都未报'}时，预案会不停地转圈：{names}",
                    self.story(start, Text(f"{zh} → 不停转圈", f"{en} -> round and round: {names}")),
                    Text("加一个停留条件（for:），或改一条条件", "ask for a dwell (for:), or change one of the guards"),
                )

    def _spins(self, ring: list[str]) -> tuple[str, str, str] | None:
        """Return a state of the ring and what must be known for it to go round at once, or None."""
        guards = [leave.when for n in ring for leave in self._names[n].leave if leave.when is not None]
        atoms = [atom for guard in guards for atom in simple(guard)]
        asked: dict[Group, list[p.Guard]] = {}
        for atom in atoms:
            group = self.facts.group(atom)
            if group is not None:
                asked.setdefault(group, []).append(atom)
        cells = {group: self.facts.cells(group, questions) for group, questions in asked.items()}
        axes = [(("fact", group), len(parts)) for group, parts in cells.items()]
        space = Space([*axes, (LEVEL, len(LEVELS))])
        if space.size > self.limit:
            return None

        def single(atom: p.Guard) -> Bits:
            group = self.facts.group(atom)
            if isinstance(atom, p.SeverityAtLeast):
                return space.among(LEVEL, [n for n, each in enumerate(LEVELS) if each >= atom.level])
            if group is None:
                return 0
            yes = self.facts.answers(group, atom)
            return space.among(("fact", group), [n for n, cell in enumerate(cells[group]) if cell & yes])

        floor = max((self._names[n].severity or Severity.blue for n in ring), default=Severity.blue)
        start = space.among(LEVEL, [n for n, each in enumerate(LEVELS) if each >= floor])
        leads: dict[str, list[tuple[str, Bits]]] = {}
        for name in ring:
            left, leads[name] = space.full, []
            for leave in self._names[name].leave:
                if leave.to is not None and leave.when is not None:
                    bits = combined(leave.when, space.full, single) & left
                    left &= ~bits
                    leads[name].append((leave.to, bits))
        going = dict.fromkeys(ring, start)
        for _ in ring:
            going = {
                name: sum_bits(bits & going[to] for to, bits in leads[name] if to in going) & start for name in ring
            }
        for name in ring:
            if going[name]:
                first = space.first(going[name])
                words = [self.facts.words(g, cells[g][first["fact", g]]) for g in cells]
                return (
                    name,
                    "，".join(zh for zh, _ in words if zh),
                    ", ".join(en for _, en in words if en),
                )
        return None


def sum_bits(parts: Iterator[Bits]) -> Bits:
    """Return every situation of any of the sets."""
    found = 0
    for part in parts:
        found |= part
    return found


def _any_exit(state: p.State) -> list[Exit]:
    """Return every way out as if it could always be taken: of a state too large to look at."""
    found = [
        Exit(leave.to, "guard" if leave.after is None else "timeout", index, 1)
        for index, leave in enumerate(state.leave)
        if leave.to is not None
    ]
    return found + [
        Exit(outcome.state, "late_step", None, 1, step.name)
        for step in state.steps
        for outcome in step.late
        if isinstance(outcome, p.Go)
    ]


def _beginnings(facts: Facts) -> list[str]:
    """Return the states an incident may begin in, first match first."""
    plan, found = facts.plan, []
    ask = tuple(
        p.Leave(to=begin.state, when=begin.when or p.ClockOver(clock="state", over=timedelta(0)))
        for begin in plan.begins
    )
    if not plan.states:
        return []
    room = Room(facts, p.State(name=plan.initial, title=Text("", ""), leave=ask), LIMIT)
    entry = room.entered(None, None)
    left = entry
    for (index, bits), begin in zip(room.by_itself, plan.begins, strict=True):
        if bits & entry and index >= 0:
            found.append(begin.state)
        left &= ~bits
    return list(dict.fromkeys([*found, plan.initial] if left else found))


def _rings(leads: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of states that lead to one another, each in the order written."""

    def ahead(name: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(leads.get(name, ()))
        while waiting:
            here = waiting.pop()
            if here not in seen:
                seen.add(here)
                waiting += leads.get(here, ())
        return seen

    far = {name: ahead(name) for name in leads}
    found: list[list[str]] = []
    for name in leads:
        if name in far[name] and not any(name in ring for ring in found):
            found.append([other for other in leads if other in far[name] and name in far.get(other, set())])
    return found


def _short(time: timedelta | None) -> str:
    return length(time or timedelta(0)).en
