"""A drill as a story: what happened, minute by minute, from its log and its book. Pure; names are handed in.

One line a happening: states, who was called, who answered, who was replaced, what came too late and by which rule, and
what control put in. What only tells people is left to the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from emergency.core import events as e
from emergency.core.incident import ASKING, Incident
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.core.values import SEVERITY_WORDS, Text
from emergency.core.wording import in_zone, reference, what_to_do
from emergency.drills import book as b
from emergency.drills.scenario import Scenario
from emergency.drills.scenarios.inject_words import Words

Line = tuple[e.AnyEvent, datetime]
ENDS = {
    "scenario": Text("达到结束条件", "its end has come"),
    "closed": Text("预案已走完", "the plan has come to its end"),
    "maximum": Text("到了最长时限", "its longest time is over"),
    "director": Text("导调人员结束", "the director ended it"),
    "stopped": Text("已停止", "stopped"),
}
BECAUSE = {
    "real": Text("真实事件", "a real incident"),
    "director": Text("导调人员", "the director"),
    "help": Text("有人按 9 求助", "somebody pressed 9"),
    "red": Text("红色中止命令", "the red command"),
    "restored": Text("恢复了备份", "a backup was restored"),
    "killed": Text("程序被强行中断", "the program was cut off"),
    "heartbeat": Text("程序失联一分钟以上", "nobody watched over it for more than a minute"),
    "unsafe": Text("不安全行为", "an unsafe act"),
    "phrase": Text("真实警情暗语", "the phrase for what is real"),
}


REASONS = {
    "no_answer": Text("无人接听", "no answer"),
    "machine": Text("语音信箱", "a mailbox"),
    "busy": Text("忙线", "busy"),
    "number_limit": Text("该号码已达上限", "this telephone had its share"),
    "expired": Text("已过时", "out of date"),
}
YES_NO = {"yes": Text("是", "yes"), "no": Text("否", "no")}
KINDS = {
    "person.unreachable": Text("联系不上", "cannot be reached"),
    "person.late": Text("反应迟缓", "is late"),
    "person.declines": Text("回复不能", "declines"),
    "person.wrong_number": Text("号码错误", "has a wrong number"),
    "person.nonsense": Text("乱回复", "answers nonsense"),
    "person.false_ack": Text("收到却不办", "acknowledges and does nothing"),
    "person.claims_command": Text("接过指挥", "claims command"),
    "channel.outage": Text("通道中断", "fails"),
    "channel.slow": Text("通道变慢", "is slow"),
    "channel.voicemail": Text("转语音信箱", "goes to a mailbox"),
    "channel.busy": Text("忙线", "is busy"),
    "asset.failure": Text("失效", "fails"),
    "event.secondary": Text("次生事件", "a second emergency"),
    "fact.told": Text("报告情况", "is reported"),
    "decision.answer": Text("作出决定", "is decided"),
    "order.transition": Text("下令", "orders"),
    "message.inbound": Text("来电来信", "writes or calls"),
}
"""What an inject does, in words, behind what it does it to."""


class Teller:
    """Tells one incident, its lines as they come.

    names: roster id to name. prefix: put before each line, where several incidents are told. plan, site: what the
    injects speak of is called as they call it.
    """

    def __init__(
        self, names: Mapping[str, str], lang: str, scenario: Scenario | None = None, prefix: str = "",
        plan: Playbook | None = None, site: Site | None = None,
    ) -> None:  # fmt: skip
        self.names = names
        self.words = Words(names, lang, plan, site)
        self.lang = lang
        self.scenario = scenario
        self.prefix = prefix

    def name(self, person: str | None) -> str:
        """Return a person's name."""
        return self.names.get(person or "", person or "?")

    def events(self, incident: Incident, lines: Sequence[Line]) -> Iterator[tuple[datetime, str]]:
        """Yield what a reader is told of *lines*, in order; calls of one moment on one channel are one line."""
        called: dict[tuple[datetime, str], list[str]] = {}
        for event, at in lines:
            if isinstance(event, e.DeliverySent):
                delivery = incident.deliveries[event.delivery]
                alert = incident.alerts[delivery.alert]
                if alert.kind in ASKING and alert.step is not None:
                    who = f"{self.name(alert.person)} ({reference(incident, incident.steps[alert.step])})"
                    called.setdefault((at, delivery.channel), []).append(who)
                continue
            told = self._words(event, incident)
            if told:
                yield from self._called(called)
                yield at, self.prefix + told
        yield from self._called(called)

    def _called(self, called: dict[tuple[datetime, str], list[str]]) -> Iterator[tuple[datetime, str]]:
        for (at, channel), who in called.items():
            device = Text("短信", "SMS") if channel == "sms" else Text("电话", "call")
            yield at, f"{self.prefix}{device.of(self.lang)} → {', '.join(dict.fromkeys(who))}"
        called.clear()

    def _words(self, event: e.AnyEvent, incident: Incident) -> str:
        said = _SAYS.get(type(event))
        return said(self, event, incident) if said is not None else ""

    def both(self, zh: str, en: str) -> str:
        """Return the words in the reader's language."""
        return zh if self.lang == "zh" else en

    def title(self, incident: Incident, role: str) -> str:
        """Return the title of a role."""
        return incident.site.duty(role).title.of(self.lang)

    def step(self, incident: Incident, id: str) -> str:
        """Return a step with its code and what it asks."""
        run = incident.steps[id]
        return f"{reference(incident, run)} {what_to_do(incident, run, self.lang)}{in_zone(incident, run, self.lang)}"

    def entry(self, entry: b.AnyEntry) -> str:
        """Return what a reader is told of an entry of the book; nothing of most."""
        match entry:
            case b.InjectReleased(inject=id):
                return f"⚡ {id} {self._inject(id)}"
            case b.InjectSkipped(inject=id, reason=reason):
                why = self.both("条件未出现", "it never came to it") if reason in (None, "never_came") else reason
                return self.both(f"⚡ {id} 未投放:{why}", f"⚡ {id} left out: {why}")
            case b.Contingent(if_not=expected, do=do):
                return self.both(f"⚡ {expected} 未达成,导调补救:{do}", f"⚡ {expected} was not met; control: {do}")
            case b.Paused(because=because):
                return self.both("‖ 暂停:", "‖ paused: ") + BECAUSE.get(because, Text(because, because)).of(self.lang)
            case b.Aborted(because=because):
                return self.both("■ 中止:", "■ broken off: ") + BECAUSE.get(because, Text(because, because)).of(
                    self.lang
                )
            case b.Ended(because=because):
                return self.both("■ 结束:", "■ end: ") + ENDS.get(because, Text(because, because)).of(self.lang)
        return ""

    def _inject(self, id: str) -> str:
        inject = self.scenario.inject(id) if self.scenario is not None else None
        if inject is None:
            return ""
        if inject.text is not None:
            return inject.text.of(self.lang)
        more = self.words.params(inject)
        does = f"{self.words.target(inject.target)} {KINDS[inject.kind].of(self.lang)}"
        return does + (Text(f"({more})", f" ({more})").of(self.lang) if more else "")


Says = Callable[[Teller, Any, Incident], str]


def _state(t: Teller, event: e.StateEntered, i: Incident) -> str:
    why = f"  ({event.because.of(t.lang)})" if event.because else ""
    return f"━━━ {i.playbook.state(event.state).title.of(t.lang)}{why} ━━━"


def _opened(t: Teller, event: e.IncidentOpened, i: Incident) -> str:
    place = event.site.place(event.place).name.of(t.lang)
    return f"{event.code} {event.playbook.title.of(t.lang)} · {place}"


def _severity(t: Teller, event: e.SeverityChanged, i: Incident) -> str:
    return f"▲ {SEVERITY_WORDS[event.to].of(t.lang)}"


def _acknowledged(t: Teller, event: e.AlertAcknowledged, i: Incident) -> str:
    alert = i.alerts[event.alert]
    code = reference(i, i.steps[alert.step]) if alert.step else i.code
    return f"✓ {t.name(alert.person)}: {code} {t.both('收到', 'received')}"


def _closed(t: Teller, event: e.AlertClosed, i: Incident) -> str:
    alert = i.alerts[event.alert]
    if event.because != "declined" or alert.step is None:
        return ""
    return f"✗ {t.name(alert.person)}: {reference(i, i.steps[alert.step])} {t.both('不能', 'cannot')}"


def _done(t: Teller, event: e.StepDone, i: Incident) -> str:
    run = i.steps[event.step]
    plan = i.plan_of(run)
    chosen = next((each for each in plan.decision if each.name == event.answer), None) if plan else None
    said = chosen.says.of(t.lang) if chosen else t.both("完成", "done")
    return f"✔ {t.name(event.person)}: {t.step(i, run.id)}: {said}"


def _assigned(t: Teller, event: e.RoleAssigned, i: Incident) -> str:
    if event.instead_of is None:
        return ""
    title, new, old = t.title(i, event.role), t.name(event.person), t.name(event.instead_of)
    return t.both(f"⇄ {title}:{new}接替{old}", f"⇄ {title}: {new} instead of {old}")


def _command(t: Teller, event: e.CommandTaken, i: Incident) -> str:
    return f"★ {t.both('指挥', 'command')}: {t.name(event.person)}"


def _unfilled(t: Teller, event: e.RoleUnfilled, i: Incident) -> str:
    return f"✗ {t.title(i, event.role)}: {t.both('无人应答', 'nobody has answered')}"


def _late(t: Teller, event: e.StepLate, i: Incident) -> str:
    from emergency.drills.scoring import source_of

    plan = i.plan_of(i.steps[event.step])
    rule = f"  [{source_of(plan.source).of(t.lang)}]" if plan else ""
    return f"⏱ {t.both('超时', 'late')}: {t.step(i, event.step)}{rule}"


def _failed(t: Teller, event: e.DeliveryFailed, i: Incident) -> str:
    delivery = i.deliveries[event.delivery]
    device = Text("短信", "SMS") if delivery.channel == "sms" else Text("电话", "call")
    said = REASONS.get(event.reason, Text(event.reason, event.reason))
    return f"✗ {device.of(t.lang)} → {t.name(delivery.person)}: {said.of(t.lang)}"


def _fact(t: Teller, event: e.FactReported, i: Incident) -> str:
    fact = i.playbook.fact(event.fact)
    if fact is None or fact.type == "text":
        return ""
    return f"· {fact.ask.of(t.lang)} {YES_NO.get(event.value, Text(event.value, event.value)).of(t.lang)}"


def _help(t: Teller, event: e.HelpAsked, i: Incident) -> str:
    return f"!! {t.name(event.person)}: {t.both('求助', 'needs help')}"


_SAYS: dict[type[e.Event], Says] = {
    e.IncidentOpened: _opened,
    e.StateEntered: _state,
    e.SeverityChanged: _severity,
    e.AlertAcknowledged: _acknowledged,
    e.AlertClosed: _closed,
    e.StepDone: _done,
    e.RoleAssigned: _assigned,
    e.CommandTaken: _command,
    e.RoleUnfilled: _unfilled,
    e.StepLate: _late,
    e.DeliveryFailed: _failed,
    e.FactReported: _fact,
    e.HelpAsked: _help,
}


def clock(seconds: float) -> str:
    """Return a time from STARTEX as `mm:ss`, from a hundred minutes on `h:mm:ss`."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    return f"{minutes:02d}:{rest:02d}" if minutes < 100 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
