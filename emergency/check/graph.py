"""What a plan's drawing alone shows: ways that are missing, facts that nobody tells, points that all must pass."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from emergency.check.quorum import more_than_are_called
from emergency.core import playbook as p
from emergency.core.check import Finding, Path, all_guards
from emergency.core.explain import words_of
from emergency.core.playbook import simple
from emergency.core.site import Site
from emergency.core.values import Text

NO_WAY_BACK = ("evacuate", "cut_power", "lock_down", "close_business")
"""How decisions of a site begin that cannot be taken back (reference, part 4.2, F13)."""
CUTS_POWER = re.compile(r"断.{0,4}电|\bcut\b.{0,30}\bpower\b|\bpower off\b", re.IGNORECASE)
LIFTS = re.compile(r"电梯|梯内|\blifts?\b", re.IGNORECASE)


def findings(plan: p.Playbook, site: Site) -> Iterator[Finding]:
    """Yield what the drawing of the plan shows."""
    yield from _no_way_out(plan)
    yield from _no_cancel(plan)
    yield from _facts_nobody_tells(plan, site)
    yield from _no_taking_back(plan, site)
    yield from _power_before_lifts(plan)
    yield from _more_than_are_called(plan)
    yield from more_than_are_called(plan)
    yield from _single_points(plan)
    yield from _spare(plan)


def leads(plan: p.Playbook) -> dict[str, list[str]]:
    """Return where each state may lead by its ways out and its late steps."""
    found = {}
    for state in plan.states:
        ahead = [leave.to for leave in state.leave if leave.to is not None]
        ahead += [o.state for step in state.steps for o in step.late if isinstance(o, p.Go)]
        found[state.name] = list(dict.fromkeys(ahead))
    return found


def after(ways: dict[str, list[str]], starts: Set[str], without: str | None = None) -> set[str]:
    """Return every state that can be come to from *starts*, without passing *without*."""
    seen: set[str] = set()
    ahead = [name for name in starts if name != without]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += [to for to in ways.get(name, ()) if to != without]
    return seen


def _no_way_out(plan: p.Playbook) -> Iterator[Finding]:
    for state in plan.states:
        if not state.final and not any(leave.to for leave in state.leave):
            yield Finding(
                ("states", state.name),
                f"no way leads out of '{state.name}'",
                "error",
                "F02",
                f"状态 {state.name} 没有去路",
                fix=Text("加一条去路", "add a way out"),
            )


def _no_cancel(plan: p.Playbook) -> Iterator[Finding]:
    """Yield the beginning from which the plan has no way to say that it was nothing."""
    nothing = {state.name for state in plan.states if state.ends in ("false_alarm", "cancelled")}
    if not nothing or not plan.states:
        return
    unasked = [begin.state for begin in plan.begins if begin.when is None]
    for name in dict.fromkeys(unasked[:1] or [plan.initial]):
        state = next((s for s in plan.states if s.name == name), None)
        if state is None:
            continue
        ahead = {leave.to for leave in state.leave if leave.to is not None and leave.after is None}
        beyond = {to for each in ahead for to in leads(plan).get(each, ())} if not ahead & nothing else set()
        if ahead & nothing:
            continue
        yield Finding(
            ("states", name),
            f"nobody can call it off in '{name}': no way leads to a false alarm or a cancellation",
            "warning" if beyond & nothing else "error",
            "F10",
            f"在 {name} 不能按预案取消：没有通往误报或取消的去路",
            fix=Text(
                "加 {to: false_alarm, when: {said_by: false_alarm}}",
                "add {to: false_alarm, when: {said_by: false_alarm}}",
            ),
        )


def _facts_nobody_tells(plan: p.Playbook, site: Site) -> Iterator[Finding]:
    """Yield facts that guards ask for and that no step, no answer and no default ever gives."""
    told = {fact for state in plan.states for step in state.steps for fact in step.reports}
    told |= {f for s in plan.states for step in s.steps for answer in step.decision for f in answer.tells}
    told |= set(site.facts)
    for begin in plan.begins:  # what an incident begins by is told when it is opened
        told |= {name for atom in simple(begin.when) if isinstance(name := getattr(atom, "fact", None), str)}
    asked: dict[str, Path] = {}
    for path, guard in all_guards(plan):
        for key in ("fact", "other"):
            name = getattr(guard, key, None)
            if isinstance(name, str):
                asked.setdefault(name, path)
        if isinstance(guard, p.ClockOver):
            for clock in plan.clocks:
                if clock.name == guard.clock:
                    asked.setdefault(clock.since, path)
    for name, path in asked.items():
        fact = plan.fact(name)
        if fact is None or name in told:
            continue
        default = fact.unless_told is not None
        yield Finding(
            path,
            f"fact '{name}' is asked here, but no step is asked to report it"
            + (
                f"; it stays '{fact.unless_told}' unless somebody thinks of it" if default else " and it has no default"
            ),
            "info" if default else "warning",
            "F08",
            f"这里问到 {name}，但没有任务要求报告它"
            + (f"；没人想起就一直是 {fact.unless_told}" if default else "，也没有默认值"),
            fix=Text(f"在某任务的 reports 里加 {name}", f"add it to the `reports` of a step: [{name}]"),
        )


def _no_taking_back(plan: p.Playbook, site: Site) -> Iterator[Finding]:
    """Yield decisions that cannot be taken back and that one unconfirmed word brings about, or that two must give."""
    final = {decision for decision in site.may if decision.startswith(NO_WAY_BACK)}
    grave = {
        leave.to: atom.role
        for state in plan.states
        for leave in state.leave
        for atom in simple(leave.when)
        if isinstance(atom, p.SaidBy) and atom.role in final and leave.to is not None
    }
    for state in plan.states:
        for index, leave in enumerate(state.leave):
            at: Path = ("states", state.name, "leave", index, "when")
            words = [g for g in simple(leave.when) if isinstance(g, p.SaidBy)]
            if isinstance(leave.when, p.AllOf) and len({g.role for g in words}) > 1:
                names = ", ".join(dict.fromkeys(g.role for g in words))
                yield Finding(
                    at,
                    f"one person must be {names} at once to order this; two people cannot",
                    "warning",
                    "F13",
                    f"只有一人同时身为 {names} 才能下此令；两人分别说不算",
                )
            if leave.to not in grave or leave.after is not None or leave.when is None:
                continue
            parts = leave.when.guards if isinstance(leave.when, p.AnyOf) else (leave.when,)
            for part in parts:
                if isinstance(part, p.FactIs | p.FactOver | p.FactUnder) and not part.dwell:
                    yield Finding(
                        at,
                        f"one report ('{words_of(part)}') brings about '{leave.to}', which {grave[leave.to]} decides "
                        "otherwise; nobody confirms it",
                        "info",
                        "F13",
                        f"一条报告（{words_of(part, lang='zh')}）就进入 {leave.to}，无人确认",
                    )


def _power_before_lifts(plan: p.Playbook) -> Iterator[Finding]:
    """Yield steps that cut power in a state in which lifts are still being brought down, as far as words tell."""
    for state in plan.states:
        lifts = [s for s in state.steps if LIFTS.search(s.do.zh + " " + s.do.en) and not _cuts(s)]
        for step in state.steps:
            asks = {g.step for g in simple(step.when) if isinstance(g, p.StepIs)}
            named = LIFTS.search(step.do.zh + " " + step.do.en)
            if lifts and _cuts(step) and not named and not asks & {s.name for s in lifts}:
                yield Finding(
                    ("states", state.name, "steps", step.name),
                    f"'{step.name}' cuts power while '{lifts[0].name}' may still be bringing lifts down",
                    "info",
                    "F14",
                    f"任务 {step.name} 断电时，{lifts[0].name} 可能还在放电梯",
                    fix=Text(
                        f"加 when: {{step: {lifts[0].name}, is: done}}",
                        f"add when: {{step: {lifts[0].name}, is: done}}",
                    ),
                )


def _cuts(step: p.Step) -> bool:
    return CUTS_POWER.search(step.do.zh + " " + step.do.en) is not None


def _more_than_are_called(plan: p.Playbook) -> Iterator[Finding]:
    """Yield ways that wait for more holders of a role to answer than the plan ever calls."""
    heads = {call.role: call.heads for call in plan.roles}
    for path, guard in all_guards(plan):
        if isinstance(guard, p.RoleAcknowledged) and guard.role in heads and guard.count > heads[guard.role]:
            yield Finding(
                path,
                f"this waits for {guard.count} of '{guard.role}' to answer, and the plan calls {heads[guard.role]}",
                "error",
                "F05",
                f"这里等 {guard.count} 名 {guard.role} 应答，预案只叫 {heads[guard.role]} 名",
                fix=Text("少等几人，或多叫几人（heads）", "wait for fewer, or call more (heads)"),
            )


def _single_points(plan: p.Playbook) -> Iterator[Finding]:
    """Yield the states that every way to a stand-down passes, in one finding."""
    ways = leads(plan)
    ends = {state.name for state in plan.states if state.ends == "stand_down"}
    starts = {plan.initial} if plan.states else set()
    if not ends & after(ways, starts):
        return
    single = [
        state.name
        for state in plan.states
        if state.name not in ends | starts and not ends & after(ways, starts, without=state.name)
    ]
    if single:
        names = ", ".join(single)
        yield Finding(
            ("states", single[0]),
            f"every way to the stand-down passes: {names}",
            "info",
            "G01",
            f"通往解除的每条路都经过：{names}",
        )


def _spare(plan: p.Playbook) -> Iterator[Finding]:
    """Yield what is declared and never asked for: facts, agencies and clocks that nothing uses."""
    words = [text for agency in plan.agencies for text in (agency.say.zh, agency.say.en)]
    for state in plan.states:
        texts = [state.announce, state.headline, *(step.do for step in state.steps)]
        texts += [leave.alert.do for leave in state.leave if leave.alert is not None]
        words += [each for text in texts if text is not None for each in (text.zh, text.en)]
    said = " ".join(words)
    used = {fact for state in plan.states for step in state.steps for fact in step.reports}
    used |= {f for s in plan.states for step in s.steps for answer in step.decision for f in answer.tells}
    used |= {clock.since for clock in plan.clocks}
    for _, guard in all_guards(plan):
        used |= {name for key in ("fact", "other") if isinstance(name := getattr(guard, key, None), str)}
    for fact in plan.facts:
        if fact.name not in used and f"{{{fact.name}}}" not in said:
            yield Finding(
                ("facts", fact.name),
                f"fact '{fact.name}' is never asked for, reported or said",
                "info",
                "F08",
                f"事实 {fact.name} 没有人问、报、说",
            )
    called = {step.call for state in plan.states for step in state.steps}
    for agency in plan.agencies:
        if agency.name not in called:
            yield Finding(
                ("agencies", agency.name),
                f"agency '{agency.name}' is never called by a step",
                "info",
                "F01",
                f"没有任务拨打 {agency.name}",
            )
