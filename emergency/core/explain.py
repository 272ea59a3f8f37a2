"""Guards in plain words: what a transition still waits for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from emergency.core import playbook as p
from emergency.core.guards import Order, holds
from emergency.core.incident import Incident
from emergency.core.site import Site
from emergency.core.values import SEVERITY_WORDS, Text


def waits_for(incident: Incident, to: str, now: datetime) -> Text:
    """Return one line in both languages that says what keeps the incident from going to *to*."""
    ways = [leave for leave in incident.now_in.leave if leave.to == to]
    if not ways:
        onward = dict.fromkeys(leave.to for leave in incident.now_in.leave if leave.to)
        return Text(
            "预案没有从这里过去的路(这里通往:" + "、".join(map(str, onward)) + ")",
            "the plan has no way there from here (it leads to: " + ", ".join(map(str, onward)) + ")",
        )
    parts = [part for leave in ways if (part := _missing(leave, incident, now)) is not None]
    return Text(
        ";或".join(dict.fromkeys(part.zh for part in parts)), "; or ".join(dict.fromkeys(part.en for part in parts))
    )


def _missing(leave: p.Leave, incident: Incident, now: datetime) -> Text | None:
    if leave.after is not None:
        return Text(
            f"进入阶段 {leave.after} 后会自动过去", f"it follows by itself {leave.after} after the state was entered"
        )
    if leave.when is None or holds(leave.when, incident, now, Order(to=leave.to or "", roles=frozenset())):
        return None
    return _phrase(leave.when, incident)


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


def plain(guard: p.Guard, plan: p.Playbook, state: p.State | None, site: Site) -> Text:
    """Return *guard* as people say it who know no id: titles of roles, words of steps, questions of facts."""
    match guard:
        case p.AnyOf(guards) if all(isinstance(g, p.SaidBy) for g in guards):
            return _plain_order([g.role for g in guards if isinstance(g, p.SaidBy)], site)
        case p.AnyOf(guards) | p.AllOf(guards):
            zh, en = (";或 ", "; or ") if isinstance(guard, p.AnyOf) else (";且 ", "; and ")
            said = [plain(each, plan, state, site) for each in guards]
            return Text(zh.join(each.zh for each in said), en.join(each.en for each in said))
        case p.NotOf(inner):
            said_not = plain(inner, plan, state, site)
            return Text(f"并非:{said_not.zh}", f"not: {said_not.en}")
        case p.StepIs(name, answer):
            return _plain_step(name, answer, state)
        case p.StrandDone(None):
            return Text("本阶段各项任务完成", "everything in this state is done")
        case p.StrandDone(strand):
            return Text(f"“{strand}”各项任务完成", f"everything of '{strand}' is done")
        case p.RoleAcknowledged(role, count):
            title = site.duty(role).title
            return Text(f"{title.zh}{count}人应答", f"{count} of {title.en} answered")
        case p.ClockOver(clock, over):
            since, long = _plain_clock(clock, plan), length(over)
            return Text(f"{since.zh}满{long.zh}", f"{long.en} {since.en}")
        case p.SeverityAtLeast(level):
            return Text(f"{SEVERITY_WORDS[level].zh}以上级别", f"level {SEVERITY_WORDS[level].en} or higher")
        case p.ZonesSwept():
            return Text("各区已清查", "every zone is swept")
        case p.SaidBy(role):
            return _plain_order([role], site)
        case _:
            return _plain_fact(guard, plan)


def length(time: timedelta) -> Text:
    """Return a length of time in words: `90 s`, `2 min`, `1 h 30 min`, `72 h`, `30 d`."""
    seconds = round(time.total_seconds())
    if seconds < 120 and seconds % 60:
        return Text(f"{seconds}秒", f"{seconds} s")
    days = [(86400, "天", "d")] if seconds >= 7 * 86400 else []
    zh, en = "", []
    for size, unit_zh, unit_en in (*days, (3600, "小时", "h"), (60, "分钟", "min"), (1, "秒", "s")):
        number, seconds = divmod(seconds, size)
        if number:
            zh += f"{number}{unit_zh}"
            en.append(f"{number} {unit_en}")
    return Text(zh or "0秒", " ".join(en) or "0 s")


def _plain_order(words: Sequence[str], site: Site) -> Text:
    roles = list(dict.fromkeys(role for word in words for role in site.may.get(word, (word,))))
    named = [agency.name if (agency := site.agency(role)) else site.duty(role).title for role in roles]
    return Text("、".join(each.zh for each in named) + "下令", "ordered by " + " / ".join(each.en for each in named))


def _plain_step(name: str, answer: str | None, state: p.State | None) -> Text:
    step = next((each for each in state.steps if each.name == name), None) if state else None
    do = step.do if step else Text(name, name)
    if answer is None:
        return Text(f"“{do.zh}”完成", f'"{do.en}": done')
    says = next((each.says for each in step.decision if each.name == answer), None) if step else None
    says = says or Text(answer, answer)
    return Text(f"“{do.zh}”答“{says.zh}”", f'"{do.en}": {says.en}')


def _plain_clock(clock: str, plan: p.Playbook) -> Text:
    known = {"opened": Text("接报后", "after the report"), "state": Text("进入本阶段后", "after this state began")}
    fact = next((plan.fact(each.since) for each in plan.clocks if each.name == clock), None)
    if clock in known or fact is None:
        return known.get(clock, Text(clock, f"on the clock '{clock}'"))
    return Text(f"自“{fact.ask.zh}”", f'after "{fact.ask.en}"')


def _plain_fact(guard: p.Guard, plan: p.Playbook) -> Text:
    def ask(name: str) -> Text:
        fact = plan.fact(name)
        return fact.ask if fact else Text(name, name)

    def says(name: str, zh: str, en: str, dwell: timedelta = timedelta(0)) -> Text:
        long, asked = length(dwell), ask(name)
        zh, en = (f"{zh},持续{long.zh}", f"{en} for {long.en}") if dwell else (zh, en)
        return Text(f"“{asked.zh}”{zh}", f'"{asked.en}" {en}')

    match guard:
        case p.FactIs(fact, value, dwell):
            return says(fact, CHINESE_YES.get(value, value), value, dwell)
        case p.FactOver(fact, value, dwell):
            return says(fact, f"≥ {value:g}", f"≥ {value:g}", dwell)
        case p.FactUnder(fact, value, dwell):
            return says(fact, f"< {value:g}", f"< {value:g}", dwell)
        case p.FactMissing(fact, wait):
            return says(fact, f"{length(wait).zh}无人报", f"not reported for {length(wait).en}")
        case p.FactTold(fact, told):
            return says(fact, "已报" if told else "尚未报", "is told" if told else "is not told yet")
        case p.FactReaches(fact, other):
            return says(fact, f"已达“{ask(other).zh}”", f'has reached "{ask(other).en}"')
        case p.TimeLeftUnder(fact, under) if under <= timedelta(seconds=1):
            return says(fact, "时间到了", "has come")
        case p.TimeLeftUnder(fact, under):
            return says(fact, f"不到{length(under).zh}了", f"in less than {length(under).en}")
    raise TypeError(guard)
