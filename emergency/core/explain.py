"""Guards in plain words: what a transition still waits for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from emergency.core import playbook as p
from emergency.core.guards import Order, holds
from emergency.core.incident import Incident
from emergency.core.values import SEVERITY_WORDS, Text


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
    return _phrase(guard, incident).of(lang)


def _phrase(guard: p.Guard, incident: Incident | None) -> Text:
    match guard:
        case p.AnyOf(guards) if all(isinstance(g, p.SaidBy) for g in guards):
            return _ordered_by([g.role for g in guards if isinstance(g, p.SaidBy)], incident)
        case p.AnyOf(guards):
            return _joined(",或", " or ", guards, incident)
        case p.AllOf(guards):
            return _joined(",且", " and ", guards, incident)
        case p.NotOf(inner):
            said = _phrase(inner, incident)
            return Text(f"并非({said.zh})", f"not ({said.en})")
        case p.StepIs(step, answer):
            return _step(step, answer, incident)
        case p.StrandDone(None):
            return Text("本阶段各项任务完成", "every step of the state done")
        case p.StrandDone(strand):
            return Text(f"{strand} 各项任务完成", f"every step of strand '{strand}' done")
        case p.RoleAcknowledged(role, count):
            return Text(f"{_role(role, incident)}有 {count} 人应答", f"{count} of '{role}' acknowledged")
        case p.ClockOver(clock, over):
            return Text(f"{clock} 超过 {over}", f"clock '{clock}' over {over}")
        case p.SeverityAtLeast(level):
            return Text(f"级别达到{SEVERITY_WORDS[level].zh}", f"severity at least {level.name}")
        case p.ZonesSwept():
            return Text("各区已清查,或说明理由后放弃", "every zone swept, or given up with a reason")
        case p.SaidBy(role):
            return _ordered_by([role], incident)
        case _:
            return _fact(guard)


def _fact(guard: p.Guard) -> Text:
    match guard:
        case p.FactIs(fact, value, dwell):
            return _lasting(f"{fact} 为“{CHINESE_YES.get(value, value)}”", f"fact '{fact}' is {value}", dwell)
        case p.FactOver(fact, value, dwell):
            return _lasting(f"{fact} 达到 {value:g}", f"fact '{fact}' at or over {value:g}", dwell)
        case p.FactUnder(fact, value, dwell):
            return _lasting(f"{fact} 低于 {value:g}", f"fact '{fact}' under {value:g}", dwell)
        case p.FactMissing(fact, wait):
            return Text(f"{wait} 无人报 {fact}", f"nothing reported '{fact}' for {wait}")
        case p.FactTold(fact, told):
            return Text(f"{fact} {'已' if told else '未'}报", f"fact '{fact}' {'told' if told else 'not told yet'}")
        case p.FactReaches(fact, other):
            return Text(f"{fact} 达到 {other}", f"fact '{fact}' reaches '{other}'")
        case p.TimeLeftUnder(fact, under):
            return Text(f"距 {fact} 不足 {under}", f"less than {under} left until '{fact}'")
    raise TypeError(guard)


def _joined(zh: str, en: str, guards: Sequence[p.Guard], incident: Incident | None) -> Text:
    said = [_phrase(guard, incident) for guard in guards]
    return Text(zh.join(each.zh for each in said), en.join(each.en for each in said))


def _lasting(zh: str, en: str, dwell: timedelta) -> Text:
    return Text(f"{zh},持续 {dwell}", f"{en} for {dwell}") if dwell else Text(zh, en)


def _ordered_by(roles: Sequence[str], incident: Incident | None) -> Text:
    may = incident.site.may if incident is not None else {}
    roles = list(dict.fromkeys(each for role in roles for each in may.get(role, (role,))))
    names = "、".join(_role(role, incident) for role in roles)
    return Text(f"由{names}下令(--by 人)", f"on the word of {' or '.join(roles)} (--by PERSON)")


def _step(step: str, answer: str | None, incident: Incident | None) -> Text:
    zh = f"任务 {step} 答“{answer}”" if answer else f"任务 {step} 完成"
    en = f"step '{step}' answered '{answer}'" if answer else f"step '{step}' done"
    who = _who(step, incident)
    return Text(f"{zh}(已叫 {who})", f"{en} ({who} asked)") if who else Text(zh, en)


CHINESE_YES = {"yes": "是", "no": "否"}


def _role(role: str, incident: Incident | None) -> str:
    if incident is None:
        return f" {role} "
    agency = incident.site.agency(role)
    return agency.name.zh if agency is not None else incident.site.duty(role).title.zh


def _who(step: str, incident: Incident | None) -> str:
    if incident is None:
        return ""
    waiting = [
        incident.alerts[id].person
        for run in incident.runs_here()
        if run.name == step and run.status == "open"
        for id in run.alerts
        if incident.alerts[id].status != "closed"
    ]
    return ", ".join(waiting)
