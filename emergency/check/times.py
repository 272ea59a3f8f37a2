"""What time does to a plan: the night in which nobody answers, the worst case of each milestone, targets and reminders.

`stay` plays one state of an incident for which nobody is there: the same guards as in the engine are asked at every
moment at which time may change an answer (`guards.next_change`), steps start, are late, and nobody does them.

The worst case of a milestone is the night in which nobody says anything: every wait runs to its end, and the step that
counts is done just at its target. This is what a plan can promise. The longest way is worse: something is said at the
last moment of each wait, and leads anywhere the plan allows ("it is small", "it is over", and it is not); a state that
waits for people is left when the step that leads on is due. Two things do not count as a way: coming back to a state
that was left already, and a detour from which silence leads back. Where silence never comes to the milestone, because
it waits for people, the longest way is its worst case; where there is none, nothing bounds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from emergency.check.cells import NOW, bare
from emergency.check.explore import Exploration
from emergency.check.story import Way, clock, length, line, told, why
from emergency.core import guards
from emergency.core import playbook as p
from emergency.core.calls import LATE_AGAIN
from emergency.core.check import Finding, Path
from emergency.core.incident import Incident, StepRun, Told
from emergency.core.ladder import DEPUTY_RUNG, LEAST, place
from emergency.core.playbook import simple
from emergency.core.site import Site
from emergency.core.values import Severity, Text

MOST_PATHS = 20_000
"""The most ways that are tried for one milestone."""
SMS = timedelta(seconds=60)
"""How long a text message may take to arrive and be read (practice); who is reminded sooner gets two at once."""
LEGAL = {"L1.9": timedelta(hours=1), "L1.13": timedelta(days=30), "L18.17": timedelta(days=30)}
"""Clocks of the law, by the tag of their source: the report to the county within the hour, changes in the number of
casualties and the report of a staff injury within 30 days."""
MOMENTS = 400
"""The most moments of one stay at which the guards are asked anew."""


class Run(msgspec.Struct, frozen=True):
    """One run of a step in a stay: when it started and when it is due, counted from the report."""

    start: timedelta
    due: timedelta | None


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """A state while nobody answers. until: when it is left, from the report, or None while it waits for people.
    way: where silence leads. nudges: who is reminded, and after how long. level: at the end of the stay."""

    state: str
    entered: timedelta
    level: Severity
    runs: dict[str, Run]
    nudges: tuple[tuple[str, timedelta], ...]
    until: timedelta | None = None
    way: Way | None = None


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """One milestone: its target, its worst case (None: nothing bounds it) and the story of that.

    silent: the worst case is that of silence. longest, way: the longest way to it, whatever is said, and its story.
    """

    name: str
    title: Text
    target: timedelta
    worst: timedelta | None
    source: str
    story: tuple[Text, ...] = ()
    silent: bool = False
    longest: timedelta | None = None
    way: tuple[Text, ...] = ()


def stay(
    plan: p.Playbook,
    site: Site,
    name: str,
    entered: timedelta = timedelta(0),
    level: Severity | None = None,
    *,
    ended: bool = False,
) -> Stay:
    """Return how a state goes when nobody answers and nobody tells anything."""
    state = plan.state(name)
    now = NOW + entered
    facts = {fact: Told(value, NOW, NOW) for fact, value in site.facts.items() if plan.fact(fact)}
    level = max(level or plan.start, state.severity or Severity.blue)
    incident = replace(bare(plan, site, name), entered=now, last=now, facts=facts, severity=level)
    ended = ended or state.ends is not None
    nudges = tuple((e.alert.role, e.after) for e in state.leave if e.to is None and e.alert and e.after)
    for _ in range(MOMENTS):
        incident = _settled(incident, now, ended=ended)
        found = _left(incident, now)
        if found is not None or state.final:
            break
        following = _next_moment(incident, now)
        if following is None:
            break
        now = following
        incident = _raised_late(incident, now)
    runs = {r.name: Run(r.started - NOW, r.due - NOW if r.due else None) for r in incident.runs_here()}
    until = now - NOW if found is not None and not state.final else None
    way = Way(name, found[0], now - NOW - entered, found[1]) if found is not None and until is not None else None
    return Stay(
        state=name, entered=entered, level=incident.severity, runs=runs, nudges=nudges, until=until, way=way
    )  # fmt: skip


def _settled(incident: Incident, now: datetime, *, ended: bool) -> Incident:
    plan, state = incident.playbook, incident.now_in
    if not ended:
        held = [rule.to for rule in plan.raises if guards.holds(rule.when, incident, now)]
        incident = replace(incident, severity=max([incident.severity, *held]))
    started = {run.name for run in incident.runs_here()}
    for step in state.steps:
        if step.name not in started and guards.holds(step.when, incident, now):
            id = f"s{len(incident.steps) + 1}"
            due = now + step.done if step.done else None
            run = StepRun(
                id=id, name=step.name, role=step.role, letter="A", state=state.name, entry=1, started=now, due=due
            )
            incident = replace(incident, steps={**incident.steps, id: run}, here=(*incident.here, id))
    return incident


def _left(incident: Incident, now: datetime) -> tuple[str, Text] | None:
    """Return where the state is left to at this moment: by a guard, by a late step, by time; the first there is."""
    state = incident.now_in
    for index, leave in enumerate(state.leave):
        if leave.to is not None and leave.after is None and guards.holds(leave.when, incident, now):
            return leave.to, why(state, index, "guard")
    for at, outcome, step in _late(incident):
        if at == now and isinstance(outcome, p.Go):
            return outcome.state, why(state, None, "late_step", step)
    for index, leave in enumerate(state.leave):
        if leave.to is not None and leave.after is not None and incident.entered + leave.after <= now:
            return leave.to, why(state, index, "timeout")
    return None


def _late(incident: Incident) -> Iterator[tuple[datetime, p.Outcome, str]]:
    """Yield what follows when the steps that run are not done, each at its moment."""
    for run in incident.runs_here():
        step = incident.plan_of(run)
        if step is None or run.due is None or step.done is None:
            continue
        for n, outcome in enumerate(step.late):
            yield run.due + n * min(step.done, LATE_AGAIN), outcome, step.name


def _raised_late(incident: Incident, now: datetime) -> Incident:
    raised = [o.level for at, o, _ in _late(incident) if at == now and isinstance(o, p.RaiseTo)]
    return replace(incident, severity=max([incident.severity, *raised]))


def _next_moment(incident: Incident, now: datetime) -> datetime | None:
    plan, state = incident.playbook, incident.now_in
    asked = [leave.when for leave in state.leave if leave.after is None]
    asked += [step.when for step in state.steps] + [rule.when for rule in plan.raises]
    moments: list[datetime | None] = [guards.next_change(guard, incident, now) for guard in asked]
    moments += [incident.entered + e.after for e in state.leave if e.to is not None and e.after is not None]
    moments += [at for at, outcome, _ in _late(incident) if isinstance(outcome, p.Go | p.RaiseTo)]
    return guards.earliest(m for m in moments if m is not None and m > now)


class Silence(msgspec.Struct, frozen=True):
    """Where a state comes to when everybody is silent from then on: by which moves, and who is reminded there."""

    state: str
    ways: tuple[Way, ...]
    rests: str
    nudges: tuple[tuple[str, timedelta], ...]


class Times:
    """The times of one plan that was explored."""

    def __init__(self, explored: Exploration, site: Site) -> None:
        self.plan = explored.plan
        self.site = site
        self.explored = explored
        self.leads: dict[str, list[str]] = {}
        for start, to in sorted(explored.edges):
            self.leads.setdefault(start, []).append(to)
        self.ended = explored.after_the_end
        self._stays: dict[tuple[str, timedelta, Severity], Stay] = {}

    def stay(self, name: str, entered: timedelta = timedelta(0), level: Severity | None = None) -> Stay:
        """Return how a state goes when nobody answers, entered so long after the report."""
        key = (name, entered, level or self.plan.start)
        if key not in self._stays:
            self._stays[key] = stay(self.plan, self.site, name, entered, key[2], ended=name in self.ended)
        return self._stays[key]

    def silence(self, name: str, entered: timedelta = timedelta(0), level: Severity | None = None) -> Silence | None:
        """Return where silence leads from a state; None when it goes round for ever."""
        here, seen = name, {name}
        ways: list[Way] = []
        while True:
            now = self.stay(here, entered, level)
            if now.way is None or now.until is None:
                return Silence(name, tuple(ways), here, now.nudges)
            ways.append(now.way)
            here, entered, level = now.way.to, now.until, now.level
            if here in seen or here not in self.explored.reached:
                return None
            seen.add(here)

    def findings(self) -> Iterator[Finding]:
        """Yield what silence and time show."""
        yield from self._silence_stops()
        for milestone, reached in zip(self.plan.milestones, self.milestones(), strict=True):
            yield from self._milestone(milestone, reached)
        for state in self.plan.states:
            if state.name in self.explored.reached:
                yield from self._targets(state)
        yield from _reminders(self.plan)
        yield from _legal(self.plan)

    def _silence_stops(self) -> Iterator[Finding]:
        """Yield states in which silence stops the plan: it waits for ever and calls nobody, or goes round for ever."""
        finals = {s.name for s in self.plan.states if s.final}
        told_already: set[str] = set()
        for name in self.explored.reached:
            for entered in (timedelta(0), timedelta(days=40)):
                found = self.silence(name, entered)
                if found is None:
                    ring = self._ring(name, entered)
                    if told_already & set(ring):
                        continue
                    told_already |= set(ring)
                    names = " -> ".join([*ring, ring[0]])
                    last = Text(f"一直无人应答：{names} 转个不停", f"nobody answers: {names}, for ever")
                    yield Finding(
                        ("states", ring[0]),
                        f"while everybody is silent the plan goes round for ever: {names}",
                        "error",
                        "F03",
                        f"无人应答时预案转圈不止：{names}",
                        self.explored.story(ring[0], last),
                        Text("让其中一步走向更坏的情形", "let one of these waits lead to the worse case"),
                    )
                elif found.rests not in finals and not found.nudges and found.rests not in told_already:
                    told_already.add(found.rests)
                    last = Text(
                        f"无人应答：停在 {found.rests}，不再叫任何人",
                        f"nobody answers: stops in '{found.rests}' for good",
                    )
                    yield Finding(
                        ("states", found.rests),
                        f"silence stops the plan in '{found.rests}': no time leads on and nobody is reminded",
                        "error",
                        "F11",
                        f"无人应答时预案停在 {found.rests}：既不到时前进，也不催任何人",
                        self.explored.story(found.rests, last),
                        Text("加 after 去路或催办", "add a way out with `after`, or a reminder"),
                    )

    def _ring(self, name: str, entered: timedelta) -> list[str]:
        here, seen = name, [name]
        level: Severity | None = None
        while True:
            now = self.stay(here, entered, level)
            if now.way is None or now.until is None:
                return seen
            here, entered, level = now.way.to, now.until, now.level
            if here in seen:
                ring = seen[seen.index(here) :]
                first = min(range(len(ring)), key=lambda n: list(self.explored.reached).index(ring[n]))
                return ring[first:] + ring[:first]
            if here not in self.explored.reached:
                return [*seen, here]
            seen.append(here)

    def milestones(self) -> list[Reached]:
        """Return each milestone with its worst case."""
        return [self._worst(milestone) for milestone in self.plan.milestones]

    def _worst(self, milestone: p.Milestone) -> Reached:
        silent, longest = self._latest(milestone, silent=True), self._latest(milestone, silent=False)
        worst = silent or longest
        return Reached(
            name=milestone.name,
            title=milestone.title,
            target=milestone.within,
            source=milestone.source,
            worst=worst[0] if worst else None,
            story=worst[1] if worst else (),
            silent=silent is not None,
            longest=longest[0] if longest else None,
            way=longest[1] if longest else (),
        )

    def _latest(self, milestone: p.Milestone, *, silent: bool) -> tuple[timedelta, tuple[Text, ...]] | None:
        best: tuple[timedelta, tuple[Text, ...]] | None = None
        self._tries = 0
        for first in self._unplanned()[-1:] if silent else self._unplanned():
            start = (milestone, first, timedelta(0), self.plan.start, (), frozenset({first}))
            for at, ways, last in self._ways(*start, silent=silent):
                if best is None or at > best[0]:
                    best = (at, (*told(self.plan, first, ways)[0], *((line(at, last.zh, last.en),) if last else ())))
        return best

    def _unplanned(self) -> list[str]:
        """Return the beginnings of what was not planned: a plan for a day to come has its own times."""
        planned = {
            begin.state
            for begin in self.plan.begins
            for atom in simple(begin.when)
            if isinstance(atom, p.FactTold) and (fact := self.plan.fact(atom.fact)) and fact.type == "time"
        }
        found = [name for name in self.explored.beginnings if name not in planned]
        return found or self.explored.beginnings

    def _ways(
        self,
        milestone: p.Milestone,
        name: str,
        entered: timedelta,
        level: Severity,
        ways: tuple[Way, ...],
        seen: frozenset[str],
        *,
        silent: bool,
    ) -> Iterator[tuple[timedelta, tuple[Way, ...], Text | None]]:
        """Yield every way to the milestone: when it is reached, by which moves, and by what in the last state."""
        self._tries += 1
        if milestone.state == name:
            yield entered, ways, None
            return
        if self._tries > MOST_PATHS or name in self.ended:
            return
        here = self.stay(name, entered, level)
        hit = self._hit(milestone, here)
        if hit is not None:
            yield hit[0], ways, hit[1]
            return
        for to, until, because in self._onward(here):
            if to in seen:
                continue
            by_silence = here.way is not None and to == here.way.to
            if silent and not by_silence:
                continue
            after = self.stay(to, until, here.level)
            if not by_silence and after.way is not None and after.way.to in seen:
                continue
            way = Way(name, to, until - entered, because)
            yield from self._ways(milestone, to, until, here.level, (*ways, way), seen | {to}, silent=silent)

    def _hit(self, milestone: p.Milestone, here: Stay) -> tuple[timedelta, Text] | None:
        found = []
        for step in self.plan.state(here.state).steps:
            run = here.runs.get(step.name)
            counts = milestone.step == step.name or (milestone.call is not None and step.call == milestone.call)
            if counts and run and run.due is not None and (here.until is None or run.due <= here.until):
                found.append((run.due, Text(f"任务 {step.name} 到时限", f"step '{step.name}' is due")))
        return min(found, key=lambda each: each[0], default=None)

    def _onward(self, here: Stay) -> Iterator[tuple[str, timedelta, Text]]:
        """Yield where the state may be left to, at the latest moment there is for it."""
        state = self.plan.state(here.state)
        possible = self.leads.get(here.state, [])
        if here.way is not None and here.until is not None:
            yield here.way.to, here.until, here.way.why
            for index, leave in enumerate(state.leave):
                if leave.to is not None and leave.after is None and leave.to != here.way.to and leave.to in possible:
                    yield leave.to, here.until, why(state, index, "guard")
            return
        for index, leave in enumerate(state.leave):
            if leave.to is not None and leave.when is not None and leave.to in possible:
                due = _due(leave.when, here)
                if due is not None:
                    yield leave.to, due, why(state, index, "guard")

    def _milestone(self, milestone: p.Milestone, reached: Reached) -> Iterator[Finding]:
        at: Path = ("milestones", milestone.name)
        if reached.worst is None:
            yield Finding(
                at,
                f"nothing bounds '{milestone.title.en}': it waits for people, whatever the time",
                "info",
                "T02",
                f"“{milestone.title.zh}”没有上限：它只等人，不等时间",
            )
            return
        fix = Text("缩短途中的时限，或改目标", "shorten a wait on the way, or change the target")
        if reached.worst > milestone.within:
            yield Finding(
                (*at, "within"),
                f"'{milestone.title.en}' may come only {clock(reached.worst)} after the report; "
                f"the target is {clock(milestone.within)}",
                "error" if reached.silent else "warning",
                "T02",
                f"“{milestone.title.zh}”最迟可到接报后 {clock(reached.worst)}，目标是 {clock(milestone.within)}",
                reached.story,
                fix,
            )
        elif reached.longest is not None and reached.longest > milestone.within:
            yield Finding(
                (*at, "within"),
                f"'{milestone.title.en}' keeps its target when nobody answers, but may come {clock(reached.longest)} "
                f"after the report when something else is said first; the target is {clock(milestone.within)}",
                "info",
                "T02",
                f"“{milestone.title.zh}”无人应答时守时，但若先报了别的，可到接报后 {clock(reached.longest)}，"
                f"目标是 {clock(milestone.within)}",
                reached.way,
                fix,
            )

    def _targets(self, state: p.State) -> Iterator[Finding]:
        """Yield steps whose targets lie behind the end of their state, one by one and one after another."""
        ends = min((e.after for e in state.leave if e.to is not None and e.after is not None), default=None)
        if ends is None:
            return
        here = self.stay(state.name)
        for step in state.steps:
            run = here.runs.get(step.name)
            if run is None or run.due is None or step.done is None:
                continue
            over = run.due - here.entered
            if step.done > ends or (over > ends and _follows(step)):
                chain = step.done <= ends
                legal = step.source in LEGAL
                yield Finding(
                    ("states", state.name, "steps", step.name, "done"),
                    f"step '{step.name}' has until {clock(over)}, but '{state.name}' is left after {clock(ends)}: "
                    "it is dropped before its target",
                    "warning" if legal else "info",
                    "T02" if chain else "T01",
                    f"任务 {step.name} 时限到 {clock(over)}，但 {state.name} 满 {clock(ends)} 即离开，任务会先被撤下",
                    self.explored.story(state.name),
                )


def _follows(step: p.Step) -> bool:
    return any(isinstance(atom, p.StepIs | p.StrandDone) for atom in simple(step.when))


def _due(guard: p.Guard, here: Stay) -> timedelta | None:
    """Return the latest moment at which steps done at their targets make the guard hold; None when it waits for
    anything else."""
    match guard:
        case p.StepIs(step, _):
            run = here.runs.get(step)
            return run.due if run is not None else None
        case p.ClockOver("state", over):
            return here.entered + over
        case p.AnyOf(parts):
            return max((due for part in parts if (due := _due(part, here)) is not None), default=None)
        case p.AllOf(parts):
            found = [_due(part, here) for part in parts]
            return None if None in found else max(due for due in found if due is not None)
    return None


def _reminders(plan: p.Playbook) -> Iterator[Finding]:
    """Yield reminders that overtake a message, and calls whose second caller is asked too late (T03, T04)."""
    for state in plan.states:
        for index, leave in enumerate(state.leave):
            if leave.to is None and leave.after is not None and leave.after < SMS:
                yield Finding(
                    ("states", state.name, "leave", index, "after"),
                    f"a reminder after {length(leave.after).en} overtakes the message before it, "
                    f"which may take {length(SMS).en}",
                    "warning",
                    "T04",
                    f"{length(leave.after).zh}就催，上一条短信可能还没到（可达{length(SMS).zh}）",
                )
        for step in state.steps:
            helps = any(isinstance(o, p.CallDeputy | p.Go | p.RaiseTo) for o in step.late)
            deputy = place(step.done)[DEPUTY_RUNG].at
            if step.call is not None and step.done is not None and not helps and step.done < deputy + LEAST:
                yield Finding(
                    ("states", state.name, "steps", step.name, "late"),
                    f"'{step.name}' is due after {length(step.done).en}, but while its holder is silent nobody else is "
                    f"asked before {length(deputy).en}",
                    "error",
                    "T03",
                    f"任务 {step.name} 限{length(step.done).zh}，无人应答却要到{length(deputy).zh}才叫副手",
                    fix=Text("在 late 里加 deputy", "add `deputy` to its `late`"),
                )


def _legal(plan: p.Playbook) -> Iterator[Finding]:
    """Yield clocks of the law without a start or without an owner, and targets that lie behind them (T01, T08)."""
    told_by = {fact for state in plan.states for step in state.steps for fact in step.reports}
    told_by |= {f for s in plan.states for step in s.steps for answer in step.decision for f in answer.tells}
    asked = {
        atom.clock
        for state in plan.states
        for step in state.steps
        for atom in simple(step.when)
        if isinstance(atom, p.ClockOver)
    }
    asked |= {a.clock for s in plan.states for e in s.leave for a in simple(e.when) if isinstance(a, p.ClockOver)}
    asked |= {a.clock for r in plan.raises for a in simple(r.when) if isinstance(a, p.ClockOver)}
    legal = {step.source for state in plan.states for step in state.steps if step.source in LEGAL}
    for each in plan.clocks:
        fact = plan.fact(each.since)
        if fact is not None and fact.unless_told is None and fact.name not in told_by:
            yield Finding(
                ("clocks", each.name),
                f"clock '{each.name}' has no start: nobody is asked for '{each.since}', and it has no default",
                "warning",
                "T08",
                f"时钟 {each.name} 没有起点：没有人报 {each.since}，也没有默认值",
            )
        if each.name not in asked and legal:
            yield Finding(
                ("clocks", each.name),
                f"clock '{each.name}' has no owner: no step starts by it",
                "info",
                "T08",
                f"时钟 {each.name} 没有责任人：没有任务按它开始",
            )
    for state in plan.states:
        for step in state.steps:
            limit = LEGAL.get(step.source)
            if limit is None or step.done is None:
                continue
            starts = [a.over for a in simple(step.when) if isinstance(a, p.ClockOver) and a.clock != "state"]
            if max(starts, default=timedelta(0)) + step.done > limit:
                yield Finding(
                    ("states", state.name, "steps", step.name, "done"),
                    f"step '{step.name}' may be done {length(max(starts, default=timedelta(0)) + step.done).en} after "
                    f"its clock began; {step.source} allows {length(limit).en}",
                    "error",
                    "T01",
                    f"任务 {step.name} 可拖到起算后{length(max(starts, default=timedelta(0)) + step.done).zh}，"
                    f"{step.source} 只许{length(limit).zh}",
                )
