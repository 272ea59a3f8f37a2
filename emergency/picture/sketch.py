"""A plan as what is to be drawn: boxes with the work of each role, and the ways out of each, all in plain words.

Pure: a plan, a site and a language in, words out. The chart, the Mermaid text and the run card are made of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Literal

import msgspec

from emergency.core import playbook as p
from emergency.core.explain import length, plain
from emergency.core.sandbox import NAMED
from emergency.core.site import Site
from emergency.core.templates import FIRST_ANSWER_KEY
from emergency.core.values import SEVERITY_WORDS, Severity, Text

Kind = Literal["guard", "order", "silence"]

WORDS: dict[str, Text] = {
    "within": Text("≤ {0}", "≤ {0}"),
    "every": Text("做完后每{0}再做", "again {0} after it was done"),
    "if": Text("如果:{0}", "if: {0}"),
    "per_zones": Text("逐区", "for each zone"),
    "per_lifts": Text("逐台电梯", "for each lift"),
    "calls": Text("☎ {0}", "☎ {0}"),
    "call_first": Text("在场的同时叫,先答者接手", "all who are there are asked at once; the first has it"),
    "call_in_turn": Text("一个一个叫", "asked one after the other"),
    "quorum": Text("要{0}人应答", "{0} must answer"),
    "late_raise": Text("超时升为{0}", "when late: level {0}"),
    "late_go": Text("“{0}”到时未做", '"{0}" is not done in time'),
    "silence": Text("无人应答满{0}", "in silence, after {0}"),
    "nudge": Text("无人应答满{0}:再叫{1}“{2}”,一再地叫", 'in silence, after {0}: {1} is asked again and again: "{2}"'),
    "also": Text("同时叫{0}“{1}”", 'and {0} is asked: "{1}"'),
    "always": Text("随即", "at once"),
    "commands": Text("由{0}指挥", "{0} commands"),
    "expects": Text("当心引发:{0}", "may bring on: {0}"),
    "stand_down": Text("终点:解除", "END: stood down"),
    "false_alarm": Text("终点:误报", "END: false alarm"),
    "cancelled": Text("终点:取消", "END: cancelled"),
    "final": Text("归档,不再有动作", "CLOSED: nothing more happens"),
    "level": Text("{0}级起", "level {0} at least"),
    "begins": Text("从这里开始", "begins here"),
    "begins_else": Text("否则从这里开始", "else begins here"),
    "begins_if": Text("从这里开始,如果{0}", "begins here if {0}"),
    "heads": Text("{0}人", "{0} people"),
    "called": Text("叫谁", "Who is called"),
    "from": Text("{0}起", "from {0}"),
    "by_steps": Text("只按任务叫", "only for their steps"),
    "worst": Text("若无人应答:{0}", "when everybody is silent: {0}"),
    "unbound": Text("没有上限:只等人", "nothing bounds it: it waits for people"),
    "reached": Text("无人应答时,接报后{0}到此", "in silence {0} after the report"),
    "milestones": Text("接报后最迟", "At the latest, after the report"),
}
"""The words of charts and cards; `{0}` and `{1}` are filled."""


def say(key: str, lang: str, *values: object) -> str:
    """Return the words for *key*, filled with *values*."""
    return WORDS[key].of(lang).format(*values)


def rule(source: str, lang: str) -> str:
    """Return whose rule a time is: a tag of the sources, or that it is our own."""
    return Text("自定", "practice").of(lang) if source == "practice" else source


class Worst(msgspec.Struct, frozen=True, kw_only=True):
    """The worst cases of a plan, as its check computes them: everybody is silent.

    milestones: name to when it is reached, None where nothing bounds it. entered: state to when silence comes there.
    """

    milestones: Mapping[str, timedelta | None] = {}
    entered: Mapping[str, timedelta] = {}


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One step as it is shown. due: its time and whose rule that is. more: its call, keys, condition, one a line."""

    step: p.Step
    do: str
    due: str
    more: tuple[str, ...]


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """One way out of a state. to: None when it only calls somebody again. goal: the title of where it leads."""

    to: str | None
    goal: str
    words: str
    kind: Kind


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """One state. work: the title of a role to what it does, in the order of the plan. notes: what else holds there."""

    name: str
    title: str
    other: str
    severity: Severity | None
    ending: bool
    notes: tuple[str, ...]
    begins: tuple[str, ...]
    work: dict[str, tuple[Task, ...]]
    exits: tuple[Exit, ...]


def boxes(plan: p.Playbook, site: Site, lang: str) -> tuple[Box, ...]:
    """Return every state of *plan* in the order written."""
    return tuple(_box(plan, state, site, lang) for state in plan.states)


def _box(plan: p.Playbook, state: p.State, site: Site, lang: str) -> Box:
    work: dict[str, tuple[Task, ...]] = {}
    for step in state.steps:
        role = site.duty(step.role).title.of(lang)
        work[role] = (*work.get(role, ()), task(plan, state, step, site, lang))
    return Box(
        name=state.name,
        title=state.title.of(lang),
        other=state.title.of("en" if lang == "zh" else "zh"),
        severity=state.severity,
        ending=state.final or state.ends is not None,
        notes=tuple(_notes(state, site, lang)),
        begins=tuple(_begins(plan, state, site, lang)),
        work=work,
        exits=tuple(_exits(plan, state, site, lang)),
    )


def _notes(state: p.State, site: Site, lang: str) -> Iterator[str]:
    if state.ends is not None:
        yield say(state.ends, lang)
    if state.final:
        yield say("final", lang)
    if state.severity is not None:
        yield say("level", lang, SEVERITY_WORDS[state.severity].of(lang))
    if state.commanded_by is not None:
        yield say("commands", lang, agency_name(site, state.commanded_by, lang))


def _begins(plan: p.Playbook, state: p.State, site: Site, lang: str) -> Iterator[str]:
    for begin in plan.begins:
        if begin.state == state.name and begin.when is not None:
            yield say("begins_if", lang, plain(begin.when, plan, state, site).of(lang))
    otherwise = next((begin.state for begin in plan.begins if begin.when is None), plan.initial)
    if state.name == otherwise:
        yield say("begins_else" if plan.begins else "begins", lang)


def task(plan: p.Playbook, state: p.State, step: p.Step, site: Site, lang: str) -> Task:
    """Return *step* in words."""
    more = []
    if step.call is not None:
        agency = site.agency(step.call)
        number = f" {agency.number}" if agency else ""
        more.append(say("calls", lang, agency_name(site, step.call, lang) + number))
    if step.decision:
        more.append(
            "  ".join(f"{key} {answer.says.of(lang)}" for key, answer in enumerate(step.decision, FIRST_ANSWER_KEY))
        )
    if step.per is not None:
        more.append(say(f"per_{step.per}", lang))
    if step.one_ladder:
        more.append(say(f"call_{step.call_out}", lang))
    if step.quorum:
        more.append(say("quorum", lang, step.quorum))
    if step.every is not None:
        more.append(say("every", lang, length(step.every).of(lang)))
    if step.when is not None:
        more.append(say("if", lang, plain(step.when, plan, state, site).of(lang)))
    more += [say("late_raise", lang, SEVERITY_WORDS[o.level].of(lang)) for o in step.late if isinstance(o, p.RaiseTo)]
    due = f"{say('within', lang, length(step.done).of(lang))} [{rule(step.source, lang)}]" if step.done else ""
    return Task(step=step, do=spoken(step.do.of(lang), plan, site, lang), due=due, more=tuple(more))


def _exits(plan: p.Playbook, state: p.State, site: Site, lang: str) -> Iterator[Exit]:
    for leave in state.leave:
        for guard in _apart(leave.when):
            words = _way(plan, state, leave, guard, site, lang)
            yield Exit(to=leave.to, goal=_title(plan, leave.to, lang), words=words, kind=_kind(leave, guard))
    for step in state.steps:
        for outcome in step.late:
            if isinstance(outcome, p.Go):
                words = say("late_go", lang, spoken(step.do.of(lang), plan, site, lang))
                yield Exit(to=outcome.state, goal=_title(plan, outcome.state, lang), words=words, kind="silence")


def _title(plan: p.Playbook, state: str | None, lang: str) -> str:
    return plan.state(state).title.of(lang) if state is not None else ""


def _apart(guard: p.Guard | None) -> list[p.Guard | None]:
    """Return a guard in two: what is found, and who may order it, when any of both will do."""
    if not isinstance(guard, p.AnyOf):
        return [guard]
    orders = tuple(each for each in guard.guards if isinstance(each, p.SaidBy))
    others = tuple(each for each in guard.guards if not isinstance(each, p.SaidBy))
    parts = (
        others[0] if len(others) == 1 else p.AnyOf(others) if others else None,
        p.AnyOf(orders) if orders else None,
    )
    return [part for part in parts if part is not None]


def _kind(leave: p.Leave, guard: p.Guard | None) -> Kind:
    if leave.after is not None:
        return "silence"
    parts = guard.guards if isinstance(guard, p.AnyOf | p.AllOf) else (guard,)
    return "order" if any(isinstance(part, p.SaidBy) for part in parts) else "guard"


def _way(plan: p.Playbook, state: p.State, leave: p.Leave, guard: p.Guard | None, site: Site, lang: str) -> str:
    if leave.after is None:
        words = plain(guard, plan, state, site).of(lang) if guard is not None else say("always", lang)
    elif leave.to is None and leave.alert is not None:
        asked, do = site.duty(leave.alert.role).title.of(lang), spoken(leave.alert.do.of(lang), plan, site, lang)
        return f"{say('nudge', lang, length(leave.after).of(lang), asked, do)} [{rule(leave.source, lang)}]"
    else:
        words = f"{say('silence', lang, length(leave.after).of(lang))} [{rule(leave.source, lang)}]"
    if leave.because is not None:
        words += Text(f"({leave.because.zh})", f" ({leave.because.en})").of(lang)
    if leave.alert is not None:
        asked, do = site.duty(leave.alert.role).title.of(lang), spoken(leave.alert.do.of(lang), plan, site, lang)
        words += Text(";", "; ").of(lang) + say("also", lang, asked, do)
    return words


def agency_name(site: Site, id: str, lang: str) -> str:
    """Return what the site calls an agency; its id when it does not know it."""
    agency = site.agency(id)
    return agency.name.of(lang) if agency else id.replace("_", " ")


BLANKS: dict[str, Text] = {
    "place": Text("〔地点〕", "[place]"),
    "place.name": Text("〔地点〕", "[place]"),
    "place.short": Text("〔地点〕", "[place]"),
    "place.gate": Text("〔入口〕", "[gate]"),
    "place.registration": Text("〔注册码〕", "[registration code]"),
    "code": Text("〔编号〕", "[code]"),
    "severity": Text("〔级别〕", "[level]"),
}
BLANK = "____"
"""Where a fact is to be said that nobody knows before the day."""


def spoken(words: str, plan: p.Playbook, site: Site, lang: str) -> str:
    """Return a text of the plan as it can be printed beforehand: what the site knows is filled in, all else blank."""

    def fill(match: re.Match[str]) -> str:
        name, part = match[1], match[2] or ""
        if name == "site":
            return (site.address if part == "address" else site.name).of(lang)
        if name == "words" and part in site.code_words:
            return site.code_words[part].of(lang)
        blank = BLANKS.get(f"{name}.{part}" if part else name)
        if blank is not None:
            return blank.of(lang)
        if part == "name":
            title = site.duty(name).title
            return Text(f"〔{title.zh}〕", f"[{title.en}]").of(lang)
        return site.facts.get(name, BLANK)

    return NAMED.sub(fill, words)
