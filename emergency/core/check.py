"""What a plan must keep beyond its shape: every name exists, every wait ends, everyone alerted is told the end.

Each finding carries the path of the value it speaks of, so that the loader can name file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from emergency.core import playbook as p
from emergency.core.braces import named
from emergency.core.near import nearest
from emergency.core.playbook import simple
from emergency.core.site import Site
from emergency.core.values import Text

Path = tuple[str | int, ...]
ALWAYS = {
    "site": ("", "name", "address"),
    "place": ("", "name", "short", "registration", "gate"),
    "code": ("",),
    "severity": ("",),
    "words": (),
}
CLOCKS = ("opened", "state")
NOT_A_STEP = ("stand_by", "nudge", "relieve")
"""What the program itself calls a call to be ready, a reminder of a state, and a call to take over a role."""


class Finding(msgspec.Struct, frozen=True):
    """One mistake of a plan and where it stands. Only an `error` keeps a plan from running.

    path: of the value in the file. says, zh: the plain sentence in English and Chinese. severity: error, warning, info.
    id: of the check (`F02`), as the page of checks lists them. trace: a shortest story that shows it, in steps.
    fix: what to do about it.
    """

    path: Path
    says: str
    severity: str = "error"
    id: str = ""
    zh: str = ""
    trace: tuple[Text, ...] = ()
    fix: Text | None = None


def check_playbook(plan: p.Playbook, site: Site | None = None) -> list[Finding]:
    """Return every mistake of *plan*; with *site*, also roles and agencies that the site does not have."""
    found = list(_structure(plan))
    for state in plan.states:
        found += _state(plan, state)
    for name, rules in (("raise", plan.raises), ("lower", plan.lowers)):
        for index, rule in enumerate(rules):
            found += _guard(plan, None, rule.when, ("severity", name, index, "when"))
    found += _facts(plan)
    found += _texts(plan, site)
    found += _spoken(plan, site)
    if site is not None:
        found += _against_site(plan, site)
    return found


def _structure(plan: p.Playbook) -> Iterator[Finding]:
    names = [s.name for s in plan.states]
    if not names:
        yield _is(("states",), "P01", "a plan has at least one state", "预案至少要有一个状态")
        return
    if not any(s.final for s in plan.states):
        yield _is(
            ("states",),
            "F03",
            "no state is final: yes; an incident could never be closed",
            "没有 final: yes 的状态，事件永远不能归档",
        )
    if not any(s.ends == "stand_down" for s in plan.states):
        yield _is(("states",), "F09", "no state has ends: stand_down", "没有 ends: stand_down 的状态")
    if not any(s.ends in ("false_alarm", "cancelled") for s in plan.states):
        yield _is(
            ("states",),
            "F10",
            "no state has ends: false_alarm (or cancelled, for what is planned)",
            "没有 ends: false_alarm 的状态（计划中的事用 cancelled）",
        )
    for index, begin in enumerate(plan.begins):
        if begin.state not in names:
            yield _no(("begin", index, "state"), "P02", "state", "状态", begin.state, names)
        yield from _guard(plan, None, begin.when, ("begin", index, "when"))
    for milestone in plan.milestones:
        yield from _milestone(plan, milestone, ("milestones", milestone.name))
    reached = _reachable(plan)
    for name in names:
        if name not in reached:
            yield _is(
                ("states", name),
                "F01",
                f"state '{name}' cannot be reached from '{names[0]}'",
                f"从 {names[0]} 到不了状态 {name}",
            )


def _reachable(plan: p.Playbook) -> set[str]:
    known = {s.name: s for s in plan.states}
    reached, ahead = set(), [plan.initial, *(begin.state for begin in plan.begins)]
    while ahead:
        name = ahead.pop()
        if name in reached or name not in known:
            continue
        reached.add(name)
        state = known[name]
        ahead += [leave.to for leave in state.leave if leave.to]
        ahead += [o.state for step in state.steps for o in step.late if isinstance(o, p.Go)]
    return reached | {s.name for s in plan.states if s.ends in ("false_alarm", "cancelled")}


def _milestone(plan: p.Playbook, milestone: p.Milestone, at: Path) -> Iterator[Finding]:
    if sum(each is not None for each in (milestone.call, milestone.step, milestone.state)) != 1:
        yield _is(at, "P03", "a milestone is one of: call, step, state", "里程碑只能是 call、step、state 之一")
    steps = {step.name for state in plan.states for step in state.steps}
    calls = {step.call for state in plan.states for step in state.steps if step.call}
    if milestone.call is not None and milestone.call not in calls:
        yield _no((*at, "call"), "P02", "agency that a step calls", "任务所拨打的单位", milestone.call, sorted(calls))
    if milestone.step is not None and milestone.step not in steps:
        yield _no((*at, "step"), "P02", "step", "任务", milestone.step, sorted(steps))
    if milestone.state is not None and milestone.state not in {s.name for s in plan.states}:
        yield _no((*at, "state"), "P02", "state", "状态", milestone.state, [s.name for s in plan.states])
    if not milestone.source:
        yield _is(
            (*at, "source"),
            "P04",
            "a time target without a source: a law, a standard, or practice",
            "时限没有出处：法规、标准或 practice",
        )


def _state(plan: p.Playbook, state: p.State) -> Iterator[Finding]:
    at: Path = ("states", state.name)
    names = [s.name for s in plan.states]
    if state.final and (state.leave or state.steps):
        yield _is(
            at,
            "F04",
            f"state '{state.name}' is final; nothing can be done in it or lead out of it",
            f"状态 {state.name} 是终态，里面不能有任务，也不能有去路",
        )
    if not state.final and not any(leave.after is not None for leave in state.leave):
        yield _is(
            at,
            "F11",
            f"state '{state.name}' says nothing for when everybody is silent; add a way out with `after`, "
            "or one without `to` that nudges somebody",
            f"状态 {state.name} 没有说无人应答时怎么办；加一条 after 去路，或一条不带 to 的催办",
        )
    if state.ends and not state.tells:
        yield _is(
            at,
            "F09",
            f"state '{state.name}' ends the emergency and tells nobody; add tells: everyone_alerted",
            f"状态 {state.name} 结束事件却不告诉任何人；加 tells: everyone_alerted",
        )
    if state.commanded_by is not None and plan.agency(state.commanded_by) is None:
        yield _no(
            (*at, "commanded_by"),
            "P02",
            "agency of this plan",
            "本预案的单位",
            state.commanded_by,
            [a.name for a in plan.agencies],
        )
    for index, leave in enumerate(state.leave):
        yield from _leave(plan, state, leave, (*at, "leave", index), names)
    for step in state.steps:
        yield from _step(plan, state, step, (*at, "steps", step.name), names)
    for index, expected in enumerate(state.expects):
        yield from _guard(plan, state, expected.when, (*at, "expects", index, "when"))


def _leave(plan: p.Playbook, state: p.State, leave: p.Leave, at: Path, names: list[str]) -> Iterator[Finding]:
    if leave.to is not None and leave.to not in names:
        yield _is(
            (*at, "to"),
            "P02",
            f"state '{state.name}' leads to '{leave.to}', which is not a state.{nearest(leave.to, names)}",
            f"状态 {state.name} 通往 '{leave.to}'，没有这个状态",
        )
    if (leave.when is None) == (leave.after is None):
        yield _is(at, "P03", "a way out has either `when` or `after`", "一条去路写 when 或 after，二者取一")
    if leave.after is not None and not leave.source:
        yield _is(
            at, "P04", "`after` needs a source: a law, a standard, or practice", "after 要写出处：法规、标准或 practice"
        )
    if leave.after is not None and leave.after.total_seconds() <= 0:
        yield _is((*at, "after"), "P05", "`after` must be longer than nothing", "after 要大于零")
    if leave.to is None and leave.alert is None:
        yield _is(at, "F12", "a way out without `to` must alert somebody", "不带 to 的去路要催某个人")
    if leave.to == state.name and leave.alert is None:
        yield _is(
            (*at, "to"),
            "F12",
            f"leads back to '{state.name}' and changes nothing",
            f"又回到 {state.name}，什么都没变",
        )
    if leave.alert is not None:
        yield from _role(plan, leave.alert.role, (*at, "alert", "role"))
    yield from _guard(plan, state, leave.when, (*at, "when"))


def _step(plan: p.Playbook, state: p.State, step: p.Step, at: Path, names: list[str]) -> Iterator[Finding]:
    yield from _role(plan, step.role, (*at, "role"))
    if step.name in NOT_A_STEP:
        yield _is(
            at,
            "P06",
            f"'{step.name}' has a meaning of its own; give the step another name",
            f"{step.name} 另有含义，任务请换个名字",
        )
    if step.per is not None and step.every is not None:
        yield _is(
            (*at, "every"),
            "P03",
            "a step is either one for each zone or repeated, not both",
            "任务要么逐区、要么重复，不能两样都要",
        )
    if step.done is not None and not step.source:
        yield _is(
            at,
            "P04",
            f"step '{step.name}' has a time target without a source: a law, a standard, or practice",
            f"任务 {step.name} 的时限没有出处：法规、标准或 practice",
        )
    if step.call is not None and plan.agency(step.call) is None:
        yield _no(
            (*at, "call"), "P02", "agency of this plan", "本预案的单位", step.call, [a.name for a in plan.agencies]
        )
    for index, fact in enumerate(step.reports):
        if plan.fact(fact) is None:
            yield _no((*at, "reports", index), "P02", "fact", "事实", fact, [f.name for f in plan.facts])
    if len(step.decision) > 5:
        yield _is(
            (*at, "decision"),
            "P05",
            "a decision has at most five answers: the keys 4 to 8",
            "一个决定最多五个回答：按键 4 到 8",
        )
    if step.every is not None and step.every.total_seconds() < 30:
        yield _is((*at, "every"), "T04", "a step repeats every 30s at the most often", "任务最多每 30 秒重复一次")
    for answer in step.decision:
        for fact, value in answer.tells.items():
            known = plan.fact(fact)
            if known is None:
                yield _no((*at, "decision", answer.name), "P02", "fact", "事实", fact, [f.name for f in plan.facts])
            elif known.type in ("text", "time") or not _fits(known, value):
                yield _is(
                    (*at, "decision", answer.name),
                    "P07",
                    f"tells {fact} as '{value}', which is no {known.type}",
                    f"把 {fact} 报成 '{value}'，不合类型 {known.type}",
                )
    for index, outcome in enumerate(step.late):
        if isinstance(outcome, p.Go) and outcome.state not in names:
            yield _no((*at, "late", index), "P02", "state", "状态", outcome.state, names)
    yield from _guard(plan, state, step.when, (*at, "when"))


def _role(plan: p.Playbook, role: str, at: Path) -> Iterator[Finding]:
    roles = [r.role for r in plan.roles]
    if role not in roles:
        yield _no(at, "P02", "role that this plan calls", "本预案所叫的角色", role, roles)


def _no(at: Path, id: str, what: str, zh: str, word: str, words: list[str]) -> Finding:
    """Return that *word* is none of *words*, which are called *what* in English and *zh* in Chinese."""
    near = nearest(word, words)
    meant = re.search(r"'([^']+)'\?$", near)
    hint = f"是不是想写 '{meant[1]}'？" if meant else (f"这里有：{'、'.join(words)}。" if near else "")
    return Finding(at, f"'{word}' is no {what}.{near}", id=id, zh=f"'{word}' 不是{zh}。{hint}")


def _is(at: Path, id: str, says: str, zh: str) -> Finding:
    """Return a mistake of the plan's shape."""
    return Finding(at, says, id=id, zh=zh)


def _guard(plan: p.Playbook, state: p.State | None, guard: p.Guard | None, at: Path) -> Iterator[Finding]:
    match guard:
        case p.AnyOf(guards) | p.AllOf(guards):
            for each in guards:
                yield from _guard(plan, state, each, at)
        case p.NotOf(inner):
            yield from _guard(plan, state, inner, at)
        case p.StepIs(step, answer):
            yield from _step_guard(state, step, answer, at)
        case p.StrandDone(strand):
            strands = sorted({s.strand for s in state.steps if s.strand}) if state else []
            if strand is not None and strand not in strands:
                yield _no(at, "P02", "strand of this state", "本状态的任务线", strand, strands)
            if strand is None and (state is None or not state.steps):
                yield _is(at, "F05", "the state has no steps that could be done", "本状态没有可完成的任务")
        case p.ZonesSwept():
            if state is None or not any(s.per == "zones" for s in state.steps):
                yield _is(
                    at,
                    "F05",
                    "no step of this state sweeps zones (per: zones)",
                    "本状态没有逐区清查的任务（per: zones）",
                )
        case p.RoleAcknowledged(role):
            yield from _role(plan, role, at)
        case p.ClockOver(clock):
            clocks = [c.name for c in plan.clocks] + list(CLOCKS)
            if clock not in clocks:
                yield _no(at, "P02", "clock", "时钟", clock, clocks)
        case None | p.SeverityAtLeast() | p.SaidBy():
            pass
        case _:
            yield from _fact_guard(plan, guard, at)


def _step_guard(state: p.State | None, name: str, answer: str | None, at: Path) -> Iterator[Finding]:
    steps = {s.name: s for s in state.steps} if state else {}
    if name not in steps:
        yield _no(at, "P02", "step of this state", "本状态的任务", name, list(steps))
        return
    answers = [a.name for a in steps[name].decision]
    if answer is not None and answer not in answers:
        yield _no(at, "P02", f"answer of '{name}'", f"任务 {name} 的回答", answer, answers)


NUMERIC = ("count", "number")


def _fact_guard(plan: p.Playbook, guard: Any, at: Path) -> Iterator[Finding]:
    names = [f.name for f in plan.facts]
    fact = plan.fact(guard.fact)
    if fact is None:
        yield _no(at, "P02", "fact", "事实", guard.fact, names)
        return
    match guard:
        case p.FactOver() | p.FactUnder() if fact.type not in NUMERIC:
            yield _is(
                at,
                "P07",
                f"fact '{fact.name}' is a {fact.type}; only a count or a number is over or under",
                f"{fact.name} 的类型是 {fact.type}；只有 count 和 number 能比大小",
            )
        case p.TimeLeftUnder() if fact.type != "time":
            yield _is(
                at,
                "P07",
                f"fact '{fact.name}' is a {fact.type}; `until` wants a time",
                f"{fact.name} 的类型是 {fact.type}；until 要的是 time",
            )
        case p.FactIs(_, value) if fact.type == "yes_no" and value not in ("yes", "no"):
            yield _is(
                at,
                "F07",
                f"fact '{fact.name}' is yes or no, never '{value}'",
                f"{fact.name} 只会是 yes 或 no，不会是 '{value}'",
            )
        case p.FactIs(_, value) if fact.type == "choice" and value not in fact.choices:
            yield _no(at, "P02", f"choice of '{fact.name}'", f" {fact.name} 的选项", value, list(fact.choices))
        case p.FactReaches(_, other):
            second = plan.fact(other)
            if second is None:
                yield _no(at, "P02", "fact", "事实", other, names)
            elif second.type not in NUMERIC or fact.type not in NUMERIC:
                yield _is(at, "P07", "`reaches` compares two counts", "reaches 只比较两个数")


def _facts(plan: p.Playbook) -> Iterator[Finding]:
    for fact in plan.facts:
        at: Path = ("facts", fact.name)
        if fact.name in ALWAYS:
            yield _is(
                at,
                "P06",
                f"'{fact.name}' has a meaning of its own in texts; give the fact another name",
                f"{fact.name} 在文字里另有含义，事实请换个名字",
            )
        if fact.type == "choice" and not fact.choices:
            yield _is(at, "P03", "a choice needs choices: [...]", "choice 要写 choices: [...]")
        if fact.unless_told is not None and not _fits(fact, fact.unless_told):
            yield _is(
                (*at, "unless_told"),
                "P07",
                f"'{fact.unless_told}' is no {fact.type}",
                f"'{fact.unless_told}' 不合类型 {fact.type}",
            )
    names = [f.name for f in plan.facts]
    for clock in plan.clocks:
        fact_of = plan.fact(clock.since)
        if fact_of is None:
            yield _no(("clocks", clock.name, "since"), "P02", "fact", "事实", clock.since, names)
        elif fact_of.type != "time":
            yield _is(
                ("clocks", clock.name, "since"),
                "T08",
                f"fact '{clock.since}' is a {fact_of.type}; a clock starts at a time",
                f"{clock.since} 的类型是 {fact_of.type}；时钟要从一个 time 算起",
            )


def _fits(fact: p.Fact, value: str) -> bool:
    match fact.type:
        case "count":
            return value.isascii() and value.isdigit()
        case "number":
            return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value) is not None
        case "yes_no":
            return value in ("yes", "no")
        case "time":
            return value == "opened"
        case "choice":
            return value in fact.choices
    return True


def _all_texts(plan: p.Playbook) -> Iterator[tuple[Path, Text, bool]]:
    """Yield every text that may name values: its path, its words, and whether it may name people."""
    for agency in plan.agencies:
        yield ("agencies", agency.name, "say"), agency.say, True
    for state in plan.states:
        at: Path = ("states", state.name)
        for key, text in (("headline", state.headline), ("announce", state.announce)):
            if text is not None:
                yield (*at, key), text, False
        for step in state.steps:
            yield (*at, "steps", step.name, "do"), step.do, False
        for index, leave in enumerate(state.leave):
            if leave.alert is not None:
                yield (*at, "leave", index, "alert", "do"), leave.alert.do, False


def _spoken(plan: p.Playbook, site: Site | None) -> Iterator[Finding]:
    """Yield orders that nobody can give: by no role, agency or decision there is."""
    who = [r.role for r in plan.roles] + [a.name for a in plan.agencies] + list(site.may if site else ())
    for at, guard in all_guards(plan):
        if isinstance(guard, p.SaidBy) and guard.role not in who:
            yield _no(
                at,
                "P02",
                "role or agency of this plan, and no decision of the site",
                "本预案的角色或单位，也不是本楼的决定",
                guard.role,
                who,
            )


def all_guards(plan: p.Playbook) -> Iterator[tuple[Path, p.Guard]]:
    """Yield every single question that the plan asks, with its path."""
    asked: list[tuple[Path, p.Guard | None]] = []
    for name, rules in (("raise", plan.raises), ("lower", plan.lowers)):
        asked += [(("severity", name, n, "when"), rule.when) for n, rule in enumerate(rules)]
    asked += [(("begin", n, "when"), begin.when) for n, begin in enumerate(plan.begins)]
    for state in plan.states:
        at: Path = ("states", state.name)
        asked += [((*at, "leave", n, "when"), leave.when) for n, leave in enumerate(state.leave)]
        asked += [((*at, "steps", step.name, "when"), step.when) for step in state.steps]
        asked += [((*at, "expects", n, "when"), each.when) for n, each in enumerate(state.expects)]
    for path, guard in asked:
        for single in simple(guard):
            yield path, single


def _texts(plan: p.Playbook, site: Site | None) -> Iterator[Finding]:
    facts = [f.name for f in plan.facts]
    roles = [r.role for r in plan.roles]
    for at, text, people in _all_texts(plan):
        for words in (text.zh, text.en):
            for name, part in named(words):
                if part in ALWAYS.get(name, ()) or (name in facts and not part):
                    continue
                if people and name in roles and part == "name":
                    continue
                if name == "words" and (site is None or part in site.code_words):
                    continue
                shown = f"{name}.{part}" if part else name
                yield _no(at, "M02", "value that this text may name", "这段文字能用的值", shown, [*ALWAYS, *facts])


def _against_site(plan: p.Playbook, site: Site) -> Iterator[Finding]:
    duties = [d.role for d in site.duties]
    for call in plan.roles:
        if call.role not in duties:
            yield _no(
                ("roles", call.role),
                "R01",
                f"role of the site '{site.id}'",
                f"本楼 {site.id} 的角色",
                call.role,
                duties,
            )
    for name, value in site.facts.items():
        fact = plan.fact(name)
        if fact is not None and (fact.type == "time" or not _fits(fact, value)):
            yield _is(
                ("facts", name),
                "P07",
                f"the site '{site.id}' tells it as '{value}', which is no {fact.type}",
                f"本楼 {site.id} 把它报成 '{value}'，不合类型 {fact.type}",
            )
    agencies = [a.id for a in site.agencies]
    for agency in plan.agencies:
        if agency.name not in agencies:
            yield _no(
                ("agencies", agency.name),
                "C04",
                f"agency of the site '{site.id}'",
                f"本楼 {site.id} 的单位",
                agency.name,
                agencies,
            )
