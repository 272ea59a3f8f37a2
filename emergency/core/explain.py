"""Guards in plain words: what a transition still waits for."""

from __future__ import annotations

from datetime import datetime

from emergency.core import playbook as p
from emergency.core.guards import Order, holds
from emergency.core.incident import Incident
from emergency.core.values import SEVERITY_WORDS

ORDERED = " (--by PERSON)"


def waits_for(incident: Incident, to: str, now: datetime) -> str:
    """Return one line that says what keeps the incident from going to *to*."""
    ways = [leave for leave in incident.now_in.leave if leave.to == to]
    if not ways:
        onward = dict.fromkeys(leave.to for leave in incident.now_in.leave if leave.to)
        return "the plan has no way there from here (it leads to: " + ", ".join(map(str, onward)) + ")"
    parts = [_missing(leave, incident, now) for leave in ways]
    return "; or ".join(dict.fromkeys(part for part in parts if part))


def _missing(leave: p.Leave, incident: Incident, now: datetime) -> str:
    if leave.after is not None:
        return f"it follows by itself {leave.after} after the state was entered"
    if leave.when is None or holds(leave.when, incident, now, Order(to=leave.to or "", roles=frozenset())):
        return ""
    return words_of(leave.when, incident)


def words_of(guard: p.Guard, incident: Incident | None = None, lang: str = "en") -> str:
    """Return *guard* as a phrase; with the incident, who a step waits for."""
    return _in_chinese(guard, incident) if lang == "zh" else _in_english(guard, incident)


def _in_english(guard: p.Guard, incident: Incident | None) -> str:
    match guard:
        case p.AnyOf(guards) if all(isinstance(g, p.SaidBy) for g in guards):
            return "on the word of " + " or ".join(g.role for g in guards if isinstance(g, p.SaidBy)) + ORDERED
        case p.AnyOf(guards):
            return " or ".join(_in_english(g, incident) for g in guards)
        case p.AllOf(guards):
            return " and ".join(_in_english(g, incident) for g in guards)
        case p.NotOf(inner):
            return f"not ({_in_english(inner, incident)})"
        case p.StepIs(step, answer):
            asked = f"step '{step}' answered '{answer}'" if answer else f"step '{step}' done"
            return asked + _who(step, incident, " ({} asked)")
        case p.StrandDone(strand):
            return f"every step of strand '{strand}' done" if strand else "every step of the state done"
        case p.RoleAcknowledged(role, count):
            return f"{count} of '{role}' acknowledged"
        case p.FactIs(fact, value, dwell):
            return f"fact '{fact}' is {value}" + (f" for {dwell}" if dwell else "")
        case p.FactOver(fact, value, dwell):
            return f"fact '{fact}' at or over {value:g}" + (f" for {dwell}" if dwell else "")
        case p.FactUnder(fact, value, dwell):
            return f"fact '{fact}' under {value:g}" + (f" for {dwell}" if dwell else "")
        case p.FactMissing(fact, wait):
            return f"nothing reported '{fact}' for {wait}"
        case p.FactReaches(fact, other):
            return f"fact '{fact}' reaches '{other}'"
        case p.ClockOver(clock, over):
            return f"clock '{clock}' over {over}"
        case p.TimeLeftUnder(fact, under):
            return f"less than {under} left until '{fact}'"
        case p.SeverityAtLeast(level):
            return f"severity at least {level.name}"
        case p.ZonesSwept():
            return "every zone swept, or given up with a reason"
        case p.SaidBy(role):
            return f"on the word of {role}{ORDERED}"
    raise TypeError(guard)


CHINESE_YES = {"yes": "是", "no": "否"}


def _in_chinese(guard: p.Guard, incident: Incident | None) -> str:
    match guard:
        case p.AnyOf(guards) if all(isinstance(g, p.SaidBy) for g in guards):
            names = "、".join(_role(g.role, incident) for g in guards if isinstance(g, p.SaidBy))
            return f"由{names}下令(--by 人)"
        case p.AnyOf(guards):
            return ",或".join(_in_chinese(g, incident) for g in guards)
        case p.AllOf(guards):
            return ",且".join(_in_chinese(g, incident) for g in guards)
        case p.NotOf(inner):
            return f"并非({_in_chinese(inner, incident)})"
        case p.StepIs(step, answer):
            asked = f"任务 {step} 答“{answer}”" if answer else f"任务 {step} 完成"
            return asked + _who(step, incident, "(已叫 {})")
        case p.StrandDone(strand):
            return f"{strand} 各项任务完成" if strand else "本阶段各项任务完成"
        case p.RoleAcknowledged(role, count):
            return f"{_role(role, incident)}有 {count} 人应答"
        case p.FactIs(fact, value, dwell):
            return f"{fact} 为“{CHINESE_YES.get(value, value)}”" + (f",持续 {dwell}" if dwell else "")
        case p.FactOver(fact, value, dwell):
            return f"{fact} 达到 {value:g}" + (f",持续 {dwell}" if dwell else "")
        case p.FactUnder(fact, value, dwell):
            return f"{fact} 低于 {value:g}" + (f",持续 {dwell}" if dwell else "")
        case p.FactMissing(fact, wait):
            return f"{wait} 无人报 {fact}"
        case p.FactReaches(fact, other):
            return f"{fact} 达到 {other}"
        case p.ClockOver(clock, over):
            return f"{clock} 超过 {over}"
        case p.TimeLeftUnder(fact, under):
            return f"距 {fact} 不足 {under}"
        case p.SeverityAtLeast(level):
            return f"级别达到{SEVERITY_WORDS[level].zh}"
        case p.ZonesSwept():
            return "各区已清查,或说明理由后放弃"
        case p.SaidBy(role):
            return f"由{_role(role, incident)}下令(--by 人)"
    raise TypeError(guard)


def _role(role: str, incident: Incident | None) -> str:
    if incident is None:
        return f" {role} "
    agency = incident.site.agency(role)
    return agency.name.zh if agency is not None else incident.site.duty(role).title.zh


def _who(step: str, incident: Incident | None, form: str) -> str:
    if incident is None:
        return ""
    waiting = [
        incident.alerts[id].person
        for run in incident.runs_here()
        if run.name == step and run.status == "open"
        for id in run.alerts
        if incident.alerts[id].status != "closed"
    ]
    return form.format(", ".join(waiting)) if waiting else ""
