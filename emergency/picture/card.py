"""The run card: what one role does in one plan, on a page that a person keeps.

Pure: a plan, a site, a role and a language in, a `Card` out. Whatever stands on it stands in the plan or in the site;
what keys mean and whom silence calls next are the program's own rules. `paper.py` makes a page of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from emergency.core import playbook as p
from emergency.core.explain import length
from emergency.core.ladder import LADDER
from emergency.core.near import nearest
from emergency.core.playbook import simple
from emergency.core.sandbox import named
from emergency.core.site import Duty, Site
from emergency.core.values import SEVERITY_WORDS, Text
from emergency.errors import Mistakes
from emergency.picture.sketch import Task, agency_name, rule, say, spoken, task

LABELS: dict[str, Text] = {
    "card": Text("岗位卡", "Run card"),
    "role": Text("我的岗位", "My role"),
    "called_from": Text("{0}级起叫我", "called from level {0} on"),
    "called_by_steps": Text("只按任务叫我", "called for the steps below only"),
    "heads": Text(",共{0}人", ", {0} people"),
    "code": Text(
        "短信编号以{0}开头,如 {0}07;演练前加 X", "Messages bear the code {0}, as {0}07; a drill's begins with X"
    ),
    "deputies": Text("谁顶替我", "Who deputises"),
    "next_holder": Text("本岗下一人(按名册次序)", "the next of this role on the roster"),
    "covers": Text("我顶替谁", "I deputise for"),
    "silence": Text(
        "不答:{0}后打电话,{1}后同时叫顶替的人,{2}后叫上一级。时限短的任务催得更快(短信电话同时到,时限过半就叫到上一级),"
        "超过一刻钟的催得慢。",
        "No answer: a call after {0}, the deputy is asked too after {1}, the next higher role after {2}. "
        "Faster for a step with little time: text and call come together, and the next higher role is asked at half of "
        "it. Slower for a step that has more than a quarter of an hour.",
    ),
    "keys": Text("怎样答复", "How to answer"),
    "key_1": Text("收到,我去办", "received, I go"),
    "key_2": Text("完成或已到场", "done, or on the spot"),
    "key_3": Text("不能,改叫别人", "cannot; ask another"),
    "key_4_8": Text("所印的选择", "the choices printed"),
    "key_9": Text("我要帮助", "I need help"),
    "how": Text(
        "短信回编号加数字,如 {0}07A1;电话里直接按键。",
        "By text: the code and the digit, as {0}07A1. In a call: press the key.",
    ),
    "report": Text("报:{0}", "report: {0}"),
    "keys_of": Text("按:{0}", "keys: {0}"),
    "asked": Text("若{0}仍无进展,会叫我:{1}", "still so after {0}, I am asked: {1}"),
    "started": Text("没人应答而到这里时,叫我:{0}", "on the way here in silence, I am asked: {0}"),
    "orders": Text("我可以下令转入", "I may order"),
    "order_from": Text("{0}(从:{1})", "{0} (from: {1})"),
    "command": Text("任指挥时:任何阶段,须说理由,记录在案", "in command, any state: with a reason, on record"),
    "calls": Text("我打的电话(照着说)", "Calls I make, and the words"),
    "announced": Text("此时广播", "The public hears"),
    "code_word": Text("此时广播暗语", "Code word on the PA"),
    "checklist": Text("解除前逐项确认", "To be confirmed before the stand-down"),
    "source": Text("[ ]内是时限出处;自定=本预案自己定的", "In [ ]: whose rule a time is; practice = the plan's own"),
    "printed": Text("预案 {0} · {1} · 须随预案更新重印", "Plan {0} · {1} · print again when the plan changes"),
}


def label(key: str, lang: str, *values: object) -> str:
    """Return the words for *key* on a card."""
    return LABELS[key].of(lang).format(*values)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do. due: until when, and whose rule that is. more: conditions, keys, what to report."""

    do: str
    due: str = ""
    more: tuple[str, ...] = ()


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """What the role does in one state. note: who commands. level: severity as a word, for its colour."""

    title: str
    note: str
    level: str
    lines: tuple[Line, ...]
    heard: tuple[str, str] | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """An agency to dial, and the words to say."""

    name: str
    number: str
    say: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A run card in words. facts: heading and words of the lines below the title."""

    lang: str
    title: str
    other: str
    role: str
    kind: str
    about: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    keys: tuple[tuple[str, str], ...]
    keys_title: str
    keys_note: str
    phases: tuple[Phase, ...]
    calls_title: str
    calls: tuple[Call, ...]
    foot: tuple[str, ...]


def card(plan: p.Playbook, site: Site, role: str, lang: str) -> Card:
    """Return the card of *role* (an id, or its title in either language) in *plan*.

    Raises:
        Mistakes: the plan does not call that role.
    """
    call = _call_of(plan, site, role)
    duty = site.duty(call.role)
    other = "en" if lang == "zh" else "zh"
    phases = [_phase(plan, site, state, call.role, lang) for state in plan.states]
    return Card(
        lang=lang,
        title=plan.title.of(lang),
        other=plan.title.of(other),
        role=duty.title.of(lang),
        kind=label("card", lang),
        about=(f"{site.name.of(lang)} · {_called(call, lang)}", label("code", lang, plan.code)),
        facts=tuple(_facts(plan, site, duty, lang)),
        keys=tuple((key, label("key_" + key.replace("-", "_"), lang)) for key in ("1", "2", "3", "4-8", "9")),
        keys_title=label("keys", lang),
        keys_note=label("how", lang, plan.code),
        phases=tuple(phase for phase in phases if phase.lines),
        calls_title=label("calls", lang),
        calls=tuple(_calls(plan, site, call.role, lang)),
        foot=(label("source", lang), label("printed", lang, plan.id, site.name.of(lang))),
    )


def _call_of(plan: p.Playbook, site: Site, word: str) -> p.RoleCall:
    titles = {call.role: site.duty(call.role).title for call in plan.roles}
    for call in plan.roles:
        if word.strip().lower() in (call.role, titles[call.role].zh, titles[call.role].en.lower()):
            return call
    known = ", ".join(titles)
    raise Mistakes(
        f"'{word}' is no role of the plan {plan.id}.{nearest(word, list(titles))} There is: {known}",
        f"预案 {plan.title.zh}({plan.id})没有“{word}”这个角色。可用:{'、'.join(titles)}",
    )


def _called(call: p.RoleCall, lang: str) -> str:
    if call.at is None:
        return label("called_by_steps", lang)
    heads = label("heads", lang, call.heads) if call.heads > 1 else ""
    return label("called_from", lang, SEVERITY_WORDS[call.at].of(lang)) + heads


def _facts(plan: p.Playbook, site: Site, duty: Duty, lang: str) -> Iterator[tuple[str, str]]:
    comma = Text("、", ", ").of(lang)
    chain = [label("next_holder", lang), *(site.duty(each).title.of(lang) for each in duty.deputies)]
    if duty.higher is not None:
        chain.append(site.duty(duty.higher).title.of(lang))
    voice = next(rung.at for rung in LADDER if rung.again)
    deputy = next(rung.at for rung in LADDER if rung.whom == "deputy")
    higher = next(rung.at for rung in LADDER if rung.whom == "higher")
    silence = label("silence", lang, *(length(each).of(lang) for each in (voice, deputy, higher)))
    yield label("deputies", lang), " → ".join(dict.fromkeys(chain)) + Text("。", ". ").of(lang) + silence
    called = {call.role for call in plan.roles}
    covers = [other.title.of(lang) for other in site.duties if duty.role in other.deputies and other.role in called]
    if covers:
        yield label("covers", lang), comma.join(covers)
    orders = list(_orders(plan, site, duty, lang))
    if duty.command:
        orders.append(label("command", lang))
    if orders:
        yield label("orders", lang), Text(";", "; ").of(lang).join(orders)


def _orders(plan: p.Playbook, site: Site, duty: Duty, lang: str) -> Iterator[str]:
    """Yield the states that a holder of the role may order, each with where from."""
    ways: dict[str, list[str]] = {}
    for state in plan.states:
        for leave in state.leave:
            if leave.to is not None and any(_may(site, duty.role, guard) for guard in simple(leave.when)):
                froms = ways.setdefault(leave.to, [])
                if state.name not in froms:
                    froms.append(state.name)
    comma = Text("、", ", ").of(lang)
    for to, froms in ways.items():
        from_ = comma.join(plan.state(each).title.of(lang) for each in froms)
        yield label("order_from", lang, plan.state(to).title.of(lang), from_)


def _may(site: Site, role: str, guard: p.Guard) -> bool:
    return isinstance(guard, p.SaidBy) and role in site.may.get(guard.role, (guard.role,))


def _phase(plan: p.Playbook, site: Site, state: p.State, role: str, lang: str) -> Phase:
    lines = [_line(plan, site, task(plan, state, step, site, lang), lang) for step in state.steps if step.role == role]
    for leave in state.leave:
        if leave.alert is not None and leave.alert.role == role and leave.after is not None and leave.to is None:
            asked = label(
                "asked", lang, length(leave.after).of(lang), spoken(leave.alert.do.of(lang), plan, site, lang)
            )
            lines.append(Line(do=asked, due=f"[{rule(leave.source, lang)}]"))
    for before in plan.states:
        for leave in before.leave:
            if leave.to == state.name and leave.alert is not None and leave.alert.role == role:
                asked = label("started", lang, spoken(leave.alert.do.of(lang), plan, site, lang))
                lines.append(Line(do=asked))
    if lines and state.ends == "stand_down" and site.duty(role).command:
        lines += [Line(do="□ " + item.of(lang)) for item in state.checklist]
    heard = None
    if state.announce is not None:
        coded = any(name == "words" for name, _ in named(state.announce.of(lang)))
        heard = (
            label("code_word" if coded else "announced", lang),
            Text("“{0}”", '"{0}"').of(lang).format(spoken(state.announce.of(lang), plan, site, lang)),
        )
    return Phase(
        title=state.title.of(lang),
        note=say("commands", lang, agency_name(site, state.commanded_by, lang)) if state.commanded_by else "",
        level=state.severity.name if state.severity else "",
        lines=tuple(lines),
        heard=heard,
    )


def _line(plan: p.Playbook, site: Site, task: Task, lang: str) -> Line:
    more = list(task.more)
    if task.step.decision:  # the keys stand out
        keys = next(n for n, each in enumerate(more) if each.startswith("4 "))
        more[keys] = label("keys_of", lang, more[keys])
    asks = [fact.ask.of(lang) for name in task.step.reports if (fact := plan.fact(name)) is not None]
    if asks:
        more.append(label("report", lang, Text(";", "; ").of(lang).join(asks)))
    return Line(do=task.do, due=task.due, more=tuple(more))


def _calls(plan: p.Playbook, site: Site, role: str, lang: str) -> Iterator[Call]:
    mine = [step.call for state in plan.states for step in state.steps if step.role == role and step.call]
    for id in dict.fromkeys(mine):
        agency, known = plan.agency(id), site.agency(id)
        if agency is not None:
            number = known.number if known else "?"
            yield Call(
                name=agency_name(site, id, lang), number=number, say=spoken(agency.say.of(lang), plan, site, lang)
            )
