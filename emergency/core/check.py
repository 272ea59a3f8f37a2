"""What a plan must keep beyond its shape: every name exists, every wait ends, everyone alerted is told the end.

Each finding carries the path of the value it speaks of, so that the loader can name file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from emergency.core import playbook as p
from emergency.core.near import nearest
from emergency.core.sandbox import named
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
NOT_A_STEP = ("stand_by", "nudge")
"""What the program itself calls a call to be ready, and a reminder of a state."""


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
        yield Finding(("states",), "a plan has at least one state")
        return
    if not any(s.final for s in plan.states):
        yield Finding(("states",), "no state is final: yes; an incident could never be closed")
    if not any(s.ends == "stand_down" for s in plan.states):
        yield Finding(("states",), "no state has ends: stand_down")
    if not any(s.ends in ("false_alarm", "cancelled") for s in plan.states):
        yield Finding(("states",), "no state has ends: false_alarm (or cancelled, for what is planned)")
    for index, begin in enumerate(plan.begins):
        if begin.state not in names:
            yield Finding(("begin", index, "state"), _no("state", begin.state, names))
        yield from _guard(plan, None, begin.when, ("begin", index, "when"))
    for milestone in plan.milestones:
        yield from _milestone(plan, milestone, ("milestones", milestone.name))
    reached = _reachable(plan)
    for name in names:
        if name not in reached:
            yield Finding(("states", name), f"state '{name}' cannot be reached from '{names[0]}'")


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
        yield Finding(at, "a milestone is one of: call, step, state")
    steps = {step.name for state in plan.states for step in state.steps}
    calls = {step.call for state in plan.states for step in state.steps if step.call}
    if milestone.call is not None and milestone.call not in calls:
        yield Finding((*at, "call"), _no("agency that a step calls", milestone.call, sorted(calls)))
    if milestone.step is not None and milestone.step not in steps:
        yield Finding((*at, "step"), _no("step", milestone.step, sorted(steps)))
    if milestone.state is not None and milestone.state not in {s.name for s in plan.states}:
        yield Finding((*at, "state"), _no("state", milestone.state, [s.name for s in plan.states]))
    if not milestone.source:
        yield Finding((*at, "source"), "a time target without a source: a law, a standard, or practice")


def _state(plan: p.Playbook, state: p.State) -> Iterator[Finding]:
    at: Path = ("states", state.name)
    names = [s.name for s in plan.states]
    if state.final and (state.leave or state.steps):
        yield Finding(at, f"state '{state.name}' is final; nothing can be done in it or lead out of it")
    if not state.final and not any(leave.after is not None for leave in state.leave):
        yield Finding(
            at,
            f"state '{state.name}' says nothing for when everybody is silent; add a way out with `after`, "
            "or one without `to` that nudges somebody",
        )
    if state.ends and not state.tells:
        yield Finding(at, f"state '{state.name}' ends the emergency and tells nobody; add tells: everyone_alerted")
    if state.commanded_by is not None and plan.agency(state.commanded_by) is None:
        yield Finding(
            (*at, "commanded_by"), _no("agency of this plan", state.commanded_by, [a.name for a in plan.agencies])
        )
    for index, leave in enumerate(state.leave):
        yield from _leave(plan, state, leave, (*at, "leave", index), names)
    for step in state.steps:
        yield from _step(plan, state, step, (*at, "steps", step.name), names)
    for index, expected in enumerate(state.expects):
        yield from _guard(plan, state, expected.when, (*at, "expects", index, "when"))


def _leave(plan: p.Playbook, state: p.State, leave: p.Leave, at: Path, names: list[str]) -> Iterator[Finding]:
    if leave.to is not None and leave.to not in names:
        yield Finding(
            (*at, "to"), f"state '{state.name}' leads to '{leave.to}', which is not a state.{nearest(leave.to, names)}"
        )
    if (leave.when is None) == (leave.after is None):
        yield Finding(at, "a way out has either `when` or `after`")
    if leave.after is not None and not leave.source:
        yield Finding(at, "`after` needs a source: a law, a standard, or practice")
    if leave.after is not None and leave.after.total_seconds() <= 0:
        yield Finding((*at, "after"), "`after` must be longer than nothing")
    if leave.to is None and leave.alert is None:
        yield Finding(at, "a way out without `to` must alert somebody")
    if leave.to == state.name and leave.alert is None:
        yield Finding((*at, "to"), f"leads back to '{state.name}' and changes nothing")
    if leave.alert is not None:
        yield from _role(plan, leave.alert.role, (*at, "alert", "role"))
    yield from _guard(plan, state, leave.when, (*at, "when"))


def _step(plan: p.Playbook, state: p.State, step: p.Step, at: Path, names: list[str]) -> Iterator[Finding]:
    yield from _role(plan, step.role, (*at, "role"))
    if step.name in NOT_A_STEP:
        yield Finding(at, f"'{step.name}' has a meaning of its own; give the step another name")
    if step.per is not None and step.every is not None:
        yield Finding((*at, "every"), "a step is either one for each zone or repeated, not both")
    if step.done is not None and not step.source:
        yield Finding(at, f"step '{step.name}' has a time target without a source: a law, a standard, or practice")
    if step.call is not None and plan.agency(step.call) is None:
        yield Finding((*at, "call"), _no("agency of this plan", step.call, [a.name for a in plan.agencies]))
    for index, fact in enumerate(step.reports):
        if plan.fact(fact) is None:
            yield Finding((*at, "reports", index), _no("fact", fact, [f.name for f in plan.facts]))
    if len(step.decision) > 5:
        yield Finding((*at, "decision"), "a decision has at most five answers: the keys 4 to 8")
    if step.every is not None and step.every.total_seconds() < 30:
        yield Finding((*at, "every"), "a step repeats every 30s at the most often")
    for answer in step.decision:
        for fact, value in answer.tells.items():
            known = plan.fact(fact)
            if known is None:
                yield Finding((*at, "decision", answer.name), _no("fact", fact, [f.name for f in plan.facts]))
            elif known.type in ("text", "time") or not _fits(known, value):
                yield Finding((*at, "decision", answer.name), f"tells {fact} as '{value}', which is no {known.type}")
    for index, outcome in enumerate(step.late):
        if isinstance(outcome, p.Go) and outcome.state not in names:
            yield Finding((*at, "late", index), _no("state", outcome.state, names))
    yield from _guard(plan, state, step.when, (*at, "when"))


def _role(plan: p.Playbook, role: str, at: Path) -> Iterator[Finding]:
    roles = [r.role for r in plan.roles]
    if role not in roles:
        yield Finding(at, _no("role that this plan calls", role, roles))


def _no(what: str, word: str, words: list[str]) -> str:
    return f"'{word}' is no {what}.{nearest(word, words)}"


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
                yield Finding(at, _no("strand of this state", strand, strands))
            if strand is None and (state is None or not state.steps):
                yield Finding(at, "the state has no steps that could be done")
        case p.ZonesSwept():
            if state is None or not any(s.per == "zones" for s in state.steps):
                yield Finding(at, "no step of this state sweeps zones (per: zones)")
        case p.RoleAcknowledged(role):
            yield from _role(plan, role, at)
        case p.ClockOver(clock):
            clocks = [c.name for c in plan.clocks] + list(CLOCKS)
            if clock not in clocks:
                yield Finding(at, _no("clock", clock, clocks))
        case None | p.SeverityAtLeast() | p.SaidBy():
            pass
        case _:
            yield from _fact_guard(plan, guard, at)


def _step_guard(state: p.State | None, name: str, answer: str | None, at: Path) -> Iterator[Finding]:
    steps = {s.name: s for s in state.steps} if state else {}
    if name not in steps:
        yield Finding(at, _no("step of this state", name, list(steps)))
        return
    answers = [a.name for a in steps[name].decision]
    if answer is not None and answer not in answers:
        yield Finding(at, _no(f"answer of '{name}'", answer, answers))


NUMERIC = ("count", "number")


def _fact_guard(plan: p.Playbook, guard: Any, at: Path) -> Iterator[Finding]:
    names = [f.name for f in plan.facts]
    fact = plan.fact(guard.fact)
    if fact is None:
        yield Finding(at, _no("fact", guard.fact, names))
        return
    match guard:
        case p.FactOver() | p.FactUnder() if fact.type not in NUMERIC:
            yield Finding(at, f"fact '{fact.name}' is a {fact.type}; only a count or a number is over or under")
        case p.TimeLeftUnder() if fact.type != "time":
            yield Finding(at, f"fact '{fact.name}' is a {fact.type}; `until` wants a time")
        case p.FactIs(_, value) if fact.type == "yes_no" and value not in ("yes", "no"):
            yield Finding(at, f"fact '{fact.name}' is yes or no, never '{value}'")
        case p.FactIs(_, value) if fact.type == "choice" and value not in fact.choices:
            yield Finding(at, _no(f"choice of '{fact.name}'", value, list(fact.choices)))
        case p.FactReaches(_, other):
            second = plan.fact(other)
            if second is None:
                yield Finding(at, _no("fact", other, names))
            elif second.type not in NUMERIC or fact.type not in NUMERIC:
                yield Finding(at, "`reaches` compares two counts")


def _facts(plan: p.Playbook) -> Iterator[Finding]:
    for fact in plan.facts:
        at: Path = ("facts", fact.name)
        if fact.name in ALWAYS:
            yield Finding(at, f"'{fact.name}' has a meaning of its own in texts; give the fact another name")
        if fact.type == "choice" and not fact.choices:
            yield Finding(at, "a choice needs choices: [...]")
        if fact.unless_told is not None and not _fits(fact, fact.unless_told):
            yield Finding((*at, "unless_told"), f"'{fact.unless_told}' is no {fact.type}")
    names = [f.name for f in plan.facts]
    for clock in plan.clocks:
        fact_of = plan.fact(clock.since)
        if fact_of is None:
            yield Finding(("clocks", clock.name, "since"), _no("fact", clock.since, names))
        elif fact_of.type != "time":
            yield Finding(
                ("clocks", clock.name, "since"), f"fact '{clock.since}' is a {fact_of.type}; a clock starts at a time"
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
            yield Finding(at, _no("role or agency of this plan, and no decision of the site", guard.role, who))


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


def simple(guard: p.Guard | None) -> Iterator[p.Guard]:
    """Yield the single questions that a guard is made of."""
    match guard:
        case None:
            return
        case p.AnyOf(guards) | p.AllOf(guards):
            for each in guards:
                yield from simple(each)
        case p.NotOf(inner):
            yield from simple(inner)
        case _:
            yield guard


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
                yield Finding(at, _no("value that this text may name", shown, [*ALWAYS, *facts]))


def _against_site(plan: p.Playbook, site: Site) -> Iterator[Finding]:
    duties = [d.role for d in site.duties]
    for call in plan.roles:
        if call.role not in duties:
            yield Finding(("roles", call.role), _no(f"role of the site '{site.id}'", call.role, duties))
    for name, value in site.facts.items():
        fact = plan.fact(name)
        if fact is not None and (fact.type == "time" or not _fits(fact, value)):
            yield Finding(("facts", name), f"the site '{site.id}' tells it as '{value}', which is no {fact.type}")
    agencies = [a.id for a in site.agencies]
    for agency in plan.agencies:
        if agency.name not in agencies:
            yield Finding(("agencies", agency.name), _no(f"agency of the site '{site.id}'", agency.name, agencies))
