"""The words people receive, in one place and side by side in zh and en.

A message is built in two stages. `words_for` takes from the incident all that may stand in the store: no name, no
number. `render_sms` and `render_voice` add names and typed words just before sending, and merge what one person
would get in the same moment.
A drill's words begin and end with the drill mark, in writing and in speech.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
from msgspec.structs import replace

from emergency.core.guards import told_of
from emergency.core.incident import Alert, Incident, StepRun
from emergency.core.playbook import Step
from emergency.core.sandbox import LONGEST, fill, render
from emergency.core.values import SEVERITY_WORDS, Mode, Text

TEMPLATES: dict[str, Text] = {
    "sms": Text(
        "【{{sign}}】{{mark}}{{body}}{{mark}}",
        "[{{sign}}] {{mark}}{{body}}{{endmark}}",
    ),
    "task": Text(
        "{{code}}{{headline}},{{place}}{{zone}}。你:{{role}}。{{do}}。{{reply}}",
        "{{code}} {{headline}}, {{place}}{{zone}}. You: {{role}}. {{do}}. {{reply}}",
    ),
    "tasks": Text(
        "{{code}}{{headline}},{{place}}。"
        "{% for t in tasks %}{{t.ref}}{{t.role}}{{t.zone}}:{{t.do}};{% endfor %}{{reply}}",
        "{{code}} {{headline}}, {{place}}. "
        "{% for t in tasks %}{{t.ref}} {{t.role}}{{t.zone}}: {{t.do}}; {% endfor %}{{reply}}",
    ),
    "stand_by": Text(
        "{{code}}{{headline}},{{place}}。你:{{role}}。{{do}}。{{reply}}",
        "{{code}} {{headline}}, {{place}}. You: {{role}}. {{do}}. {{reply}}",
    ),
    "update": Text(
        "{{code}}更新:{{state}},{{place}},{{severity}}。", "{{code}} update: {{state}}, {{place}}, {{severity}}."
    ),
    "taken": Text("{{ref}}已由{{about}}接手,你不必再去。", "{{ref}} is taken by {{about}}; you need not go."),
    "passed_on": Text("{{code}}:{{role}}现由{{about}}担任。", "{{code}}: {{role}} is now {{about}}."),
    "gap": Text(
        "{{code}}{{headline}}:{{role}}无人到位!请另派人。", "{{code}} {{headline}}: nobody for {{role}}! Send someone."
    ),
    "help": Text("{{code}}{{about}}求助!请立即联系。", "{{code}} {{about}} needs help! Reach them now."),
    "duress": Text(
        "{{code}}{{about}}说了胁迫暗语!勿联系本人,即报110。",
        "{{code}}: {{about}} used the duress word! Do not contact them; call the police.",
    ),
    "tell": Text("{{code}}通知:{{text}}", "{{code}}: {{text}}"),
    "merged": Text("{{code}}又接报:{{where}}。{{text}}", "{{code}}: reported again: {{where}}. {{text}}"),
    "note": Text("{{code}}{{about}}说:{{text}}", "{{code}} {{about}} says: {{text}}"),
    "expect": Text("{{code}}:可能引发{{about}}。", "{{code}}: expect {{about}}."),
    "stand_down": Text(
        "{{code}}{{headline}}解除,{{place}}。撤岗,保护现场。",
        "{{code}} {{headline}}: stood down, {{place}}. Leave your post.",
    ),
    "false_alarm": Text(
        "{{code}}{{headline}}:误报,{{place}}。恢复正常。",
        "{{code}} {{headline}}: false alarm, {{place}}. Back to normal.",
    ),
    "cancelled": Text(
        "{{code}}{{headline}}:已取消,{{place}}。不必到岗。",
        "{{code}} {{headline}}: cancelled, {{place}}. No need to come.",
    ),
    "reply": Text(
        "复{{ref}}+1收到{% for k in keys %}{{k.key}}{{k.label}}{% endfor %}",
        "Reply {{ref}}1 got it{% for k in keys %}, {{k.key}} {{k.label}}{% endfor %}",
    ),
    "reply_many": Text(
        "复{{code}}+1都收到;2完成3不能带字母,如{{ref}}2",
        "Reply {{code}}1 got all; 2 done, 3 cannot with letter: {{ref}}2",
    ),
    "no_reply": Text("接到电话请按1", "Answer our call with 1"),
    "voice_task": Text(
        "{{sign}}应急。编号{{spoken}}。{{headline}},{{place}}{{zone}}。"
        "{% for t in tasks %}您是{{t.role}}{{t.zone}}。{{t.do}}。{% endfor %}"
        "{% if keys %}收到按1{% for k in keys %},{{k.label}}按{{k.key}}{% endfor %}。需要帮助按9。{% endif %}",
        "{{sign}} emergency {{spoken}}. {{headline}}, {{place}}{{zone}}. "
        "{% for t in tasks %}You are {{t.role}}{{t.zone}}. {{t.do}}. {% endfor %}"
        "{% if keys %}Press 1 received{% for k in keys %}, {{k.key}} {{k.label}}{% endfor %}, 9 for help.{% endif %}",
    ),
    "voice_tell": Text("{{sign}}应急。{{body}}", "{{sign}} emergency. {{body}}"),
    "voice_drill": Text("演练,演练。{{body}}以上是演练。", "Drill, drill, drill. {{body}} This was a drill."),
    # a test of one telephone, neither emergency nor drill (`doctor --send-test`)
    "test": Text(
        "【测试】这是测试,没有紧急情况,也不是演练。{% if code %}请回复{{code}}{% else %}不必回复{% endif %}。【测试】",
        "TEST only. No emergency, no drill. "
        "{% if code %}Please reply {{code}}{% else %}No reply needed{% endif %}. TEST",
    ),
    "voice_test": Text(
        "测试,测试。{{sign}}试打电话。没有紧急情况,也不是演练。{% if keys %}听到请按1。{% endif %}以上是测试。",
        "Test, test. {{sign}} tries this telephone. No emergency, no drill. "
        "{% if keys %}Press 1 if you hear this. {% endif %}This was a test.",
    ),
    "test_ok": Text(
        "测试成功,这部电话能收能复。没有紧急情况。{{more}}",
        "Test passed: this phone receives and answers. No emergency. {{more}}",
    ),
    "test_more": Text(
        "其他内容未记;要报告请另发一条,不带{{ref}}。", "The rest was not noted; to report, write again without {{ref}}."
    ),
    # answers to what somebody sent us
    "got": Text("{{ref}}已记:收到。{{more}}", "{{ref}}: noted, received. {{more}}"),
    "got_more": Text("完成复{{ref}}+2,不能复{{ref}}+3", "When done reply {{ref}}2, if you cannot {{ref}}3"),
    "finished": Text("{{ref}}已记:完成。", "{{ref}}: noted, done."),
    "chosen": Text("{{ref}}已记:{{text}}。", "{{ref}}: noted, {{text}}."),
    "declined": Text("{{ref}}已记:不能。已改叫他人。", "{{ref}}: noted, you cannot. We ask someone else."),
    "helped": Text("{{code}}已记:求助,已报指挥。", "{{code}}: noted, you need help. Command is told."),
    "again": Text("{{ref}}早已记下,不必再发。", "{{ref}} was noted before; nothing more to do."),
    "over": Text("{{ref}}已结束:{{text}}。", "{{ref}} is over: {{text}}."),
    "which": Text(
        "有{{n}}项待复,请带编号:{% for t in tasks %}{{t.ref}} {{t.do}};{% endfor %}如{{ref}}{{key}}",
        "{{n}} things are open, say which: {% for t in tasks %}{{t.ref}} {{t.do}}; {% endfor %}e.g. {{ref}}{{key}}",
    ),
    "foreign": Text(
        "{{ref}}不是发给你的,未记。请看清编号。", "{{ref}} was not sent to you; nothing done. Check the code."
    ),
    "unread": Text(
        "没看懂,已转指挥。请复编号+数字,如{{ref}}1",
        "Not understood; command sees it. Reply code and digit, e.g. {{ref}}1",
    ),
    "nothing": Text("现在没有要你答复的事。", "Nothing waits for your answer now."),
    "wrong_key": Text("{{ref}}没有选项{{key}}。可选:{{text}}", "{{ref}} has no choice {{key}}. There is: {{text}}"),
}

REASONS: dict[str, Text] = {
    "done": Text("已完成", "it is done"),
    "taken": Text("他人已接手", "someone else has it"),
    "left_state": Text("阶段已过", "the plan has moved on"),
    "ended": Text("事件已解除", "the emergency has ended"),
    "declined": Text("你已说不能", "you said you cannot"),
    "relieved": Text("已换人", "someone relieved you"),
}

KEY_WORDS: dict[str, Text] = {"2": Text("完成", "done"), "3": Text("不能", "cannot")}
COMMAND = Text("指挥", "command")
"""What was handed over when it is no role of the site."""
MARK = Text("【演练】", "DRILL ")
END_MARK = Text("【演练】", " DRILL")
ROOM = 60
"""Characters kept free around a body for what stands before and after it: brackets and drill marks."""
DIGITS = Text("零一二三四五六七八九", "0123456789")
FIRST_ANSWER_KEY = 4
MOST_SPOKEN = 2
"""Tasks of one incident that a call says; it is said twice and should not pass 25 s (reference, voice calls)."""


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one delivery says, without any name: it may stand in the store.

    values: words already in the person's language. people: keys of the template that are filled with somebody's
    name. seals: keys that are filled with typed words. ref: the reply code, `F07A`.
    """

    kind: str
    language: str
    mode: Mode
    code: str
    sign: str
    ref: str = ""
    values: dict[str, str] = {}
    keys: tuple[tuple[str, str], ...] = ()
    people: dict[str, str] = {}
    seals: dict[str, str] = {}
    two_way: bool = True


def reference(incident: Incident, run: StepRun) -> str:
    """Return the reply code of a step run: the incident's code and the step's letter."""
    return incident.code + run.letter


def words_for(incident: Incident, alert: Alert) -> Line:
    """Return what *alert* says to its person, in their language."""
    member = incident.members.get(alert.person)
    language = member.language if member else "zh"
    run = incident.steps.get(alert.step) if alert.step else None
    values = _values(incident, language, alert, run)
    keys: tuple[tuple[str, str], ...] = ()
    if run is not None:
        keys = keys_of(incident, run, language)
    kind = incident.ended if alert.kind == "ended" and incident.ended else alert.kind
    people = {"about": alert.about} if alert.about and alert.kind != "merged" else {}
    return Line(
        kind=kind,
        language=language,
        mode=incident.mode,
        code=incident.code,
        sign=incident.site.signature.of(language),
        ref=reference(incident, run) if run else incident.code,
        values=values,
        keys=keys,
        people=people,
        seals={"text": alert.text} if alert.text else {},
        two_way=member.two_way if member else True,
    )


def _values(incident: Incident, language: str, alert: Alert, run: StepRun | None) -> dict[str, str]:
    place = incident.site.place(incident.place)
    values = {
        "headline": headline(incident, language),
        "place": place.short.of(language),
        "state": incident.now_in.title.of(language),
        "severity": SEVERITY_WORDS[incident.severity].of(language),
        "role": incident.site.duty(alert.role).title.of(language) if alert.role else COMMAND.of(language),
        "zone": "",
        "text": "",
    }
    if run is not None:
        values["do"] = what_to_do(incident, run, language)
        values["zone"] = in_zone(incident, run, language)
    if alert.kind == "stand_by":
        values["do"] = (COMMANDING if alert.person == incident.command else STANDING_BY).of(language)
    if alert.kind == "merged" and alert.about:
        values["where"] = incident.site.place(alert.about).short.of(language)
    return values


def headline(incident: Incident, language: str) -> str:
    """Return what a message says has happened: the state's headline, else the title of the plan."""
    return filled(incident.now_in.headline or incident.playbook.title, incident, language)


def filled(text: Text, incident: Incident, language: str) -> str:
    """Return a plan's text with what it names; one that names nothing is not looked up for."""
    words = text.of(language)
    return fill(words, context(incident, language)) if "{" in words else words


def what_to_do(incident: Incident, run: StepRun, language: str) -> str:
    """Return what the step run asks, in a few words."""
    if run.nudge is not None:
        return filled(run.nudge, incident, language)
    step = incident.plan_of(run)
    return filled(step.do, incident, language) if step else ""


def in_zone(incident: Incident, run: StepRun, language: str) -> str:
    """Return the zone that the run is for, after a comma; nothing when it is not one zone's."""
    if run.zone is None:
        return ""
    return Text(",", ", ").of(language) + incident.site.place(run.zone).short.of(language)


def keys_of(incident: Incident, run: StepRun, language: str) -> tuple[tuple[str, str], ...]:
    """Return the keys beside 1 that the run takes, each with its word: 2 and 3, or the answers of a decision and 3."""
    if run.name == "stand_by":
        return (("3", KEY_WORDS["3"].of(language)),)
    return plan_keys(incident.plan_of(run), language)


def plan_keys(step: Step | None, language: str) -> tuple[tuple[str, str], ...]:
    """Return the keys beside 1 that a step of a plan takes; None stands for a nudge."""
    cannot = ("3", KEY_WORDS["3"].of(language))
    if step is not None and step.decision:
        chosen = enumerate(step.decision, start=FIRST_ANSWER_KEY)
        return (*((str(key), answer.says.of(language)) for key, answer in chosen), cannot)
    return ("2", KEY_WORDS["2"].of(language)), cannot


def context(incident: Incident, language: str) -> dict[str, dict[str, str]]:
    """Return what a plan's text may name: name to part to words. Facts not told yet are a question mark."""
    site, place = incident.site, incident.site.place(incident.place)
    values: dict[str, dict[str, str]] = {
        "site": {"name": site.name.of(language), "address": site.address.of(language)},
        "place": {
            "name": place.name.of(language),
            "short": place.short.of(language),
            "registration": place.registration or "?",
            "gate": gate_of(incident, language),
        },
        "code": {"name": incident.code},
        "words": {id: text.of(language) for id, text in site.code_words.items()},
        "severity": {"name": SEVERITY_WORDS[incident.severity].of(language)},
    }
    for fact in incident.playbook.facts:
        told = told_of(incident, fact.name)
        value = told.value if told else "?"
        if fact.type == "time" and told is not None:
            value = _moment_words(datetime.fromisoformat(told.value), incident)
        values[fact.name] = {"name": _fact_words(fact.type, value, language)}
    return values


def gate_of(incident: Incident, language: str) -> str:
    """Return the gate that serves the place, or that of the zone around it; a question mark where none is named."""
    place = incident.site.place(incident.place)
    while place.gate is None and place.within is not None:
        place = incident.site.place(place.within)
    return place.gate.of(language) if place.gate else "?"


def _moment_words(moment: datetime, incident: Incident) -> str:
    """Return a moment as the site's own clocks show it: 14:05, with the day where it is another than the report's."""
    here = timezone(timedelta(minutes=incident.offset))
    local = moment.astimezone(here)
    same_day = local.date() == incident.opened.astimezone(here).date()
    return local.strftime("%H:%M" if same_day else "%m-%d %H:%M")


def _fact_words(kind: str, value: str, language: str) -> str:
    if kind == "yes_no" and value in ("yes", "no"):
        return {"yes": Text("是", "yes"), "no": Text("否", "no")}[value].of(language)
    if kind == "text" and value != "?":
        return "…"
    return value


def script(incident: Incident, agency: str, names: Mapping[str, str], language: str) -> str:
    """Return the words to say to *agency*, filled with what is known; *names*: role to the name of its first holder.

    Raises:
        KeyError: the plan does not call this agency.
    """
    found = incident.playbook.agency(agency)
    if found is None:
        raise KeyError(agency)
    values = context(incident, language)
    for duty in incident.site.duties:
        values[duty.role] = {"name": names.get(duty.role, "?")}
    return fill(found.say.of(language), values)


def _say(template: str, language: str, values: Mapping[str, Any]) -> str:
    return render(TEMPLATES[template].of(language), values)


def render_sms(lines: Sequence[Line], names: Mapping[str, str], texts: Mapping[str, str]) -> str:
    """Return one SMS for one person: a single line, or several merged.

    Args:
        lines: what it says, oldest first, at least one; all of one language and one mode.
        names: roster id to name. texts: seal to words; a forgotten one is left out.
    """
    first = lines[0]
    by_incident: dict[str, list[Line]] = {}
    for line in lines:
        by_incident.setdefault(line.code, []).append(line)
    body = " ".join(_incident_words(each, names, texts) for each in by_incident.values())
    return wrap(body, first.sign, first.language, first.mode)


def wrap(body: str, sign: str, language: str, mode: Mode) -> str:
    """Return *body* under the signature, between drill marks when it is practice; a long body is cut, never a mark."""
    drill = mode == "drill"
    values = {
        "sign": sign,
        "mark": MARK.of(language) if drill else "",
        "endmark": END_MARK.of(language) if drill else "",
        "body": body[: max(0, LONGEST - len(sign) - ROOM)],
    }
    return _say("sms", language, values)


def bare_words(line: Line) -> str:
    """Return the least that a message says, without any template: what, where, and the code to answer with."""
    said = " ".join(filter(None, (line.ref or line.code, line.values.get("headline"), line.values.get("place"))))
    drill = line.mode == "drill"
    mark, end = (MARK.of(line.language), END_MARK.of(line.language)) if drill else ("", "")
    return f"{mark}{said}{end}"


def _incident_words(lines: list[Line], names: Mapping[str, str], texts: Mapping[str, str]) -> str:
    tasks = [line for line in lines if line.kind in ("task", "stand_by")]
    told = _told([line for line in lines if line not in tasks], names, texts)
    parts = []
    if len(tasks) == 1:
        parts.append(_one(tasks[0], names, texts))
    elif tasks:
        parts.append(_several(tasks))
    return " ".join(parts + told)


def _told(lines: Sequence[Line], names: Mapping[str, str], texts: Mapping[str, str]) -> list[str]:
    """Return what is told beside the tasks, each once; all gaps of one incident in one breath."""
    said: dict[str, None] = {}
    gaps: dict[str, list[Line]] = {}
    for line in lines:
        if line.kind == "gap":
            gaps.setdefault(line.code, []).append(line)
    for line in lines:
        if line.kind == "gap":
            roles = dict.fromkeys(each.values.get("role", "") for each in gaps[line.code])
            line = replace(line, values={**line.values, "role": Text("、", ", ").of(line.language).join(roles)})
        said.setdefault(_one(line, names, texts))
    return list(said)


def _one(line: Line, names: Mapping[str, str], texts: Mapping[str, str]) -> str:
    values: dict[str, Any] = {"code": line.code, "ref": line.ref, **line.values}
    values.update({key: names.get(id, id) for key, id in line.people.items()})
    values.update({key: texts.get(seal, "") for key, seal in line.seals.items()})
    values["reply"] = _reply_hint(line)
    if line.kind == "tell" or line.kind in TEMPLATES:
        return _say(line.kind, line.language, values).strip()
    raise ValueError(f"no words for '{line.kind}'")


def _reply_hint(line: Line) -> str:
    if not line.two_way:
        return _say("no_reply", line.language, {})
    keys = [{"key": key, "label": label} for key, label in line.keys]
    return _say("reply", line.language, {"ref": line.ref, "keys": keys})


def _several(tasks: list[Line]) -> str:
    first = tasks[0]
    listed = [{"ref": t.ref, **_task(t)} for t in tasks]
    hint = "reply_many" if first.two_way else "no_reply"
    reply = _say(hint, first.language, {"code": first.code, "ref": first.ref})
    values = {**first.values, "code": first.code, "tasks": listed, "reply": reply}
    return _say("tasks", first.language, values)


STANDING_BY = Text("待命,听指令", "Stand by for orders")
COMMANDING = Text("你任指挥,请看情况下令", "You command: see, and give orders")
STAND_BY = Text("待命", "stand by")


def _task(line: Line) -> dict[str, str]:
    """Return what one of several tasks says: as whom, in which zone where it is one zone's, and what to do."""
    do = line.values.get("do") or STAND_BY.of(line.language)
    return {"role": line.values.get("role", ""), "zone": line.values.get("zone", ""), "do": do}


def render_voice(lines: Sequence[Line], names: Mapping[str, str], texts: Mapping[str, str]) -> tuple[str, str]:
    """Return the script of a call, to be said twice, and the keys it takes (empty when nothing is asked)."""
    first = lines[0]
    tasks = [line for line in lines if line.kind in ("task", "stand_by")]
    keys = "".join(voice_keys(tasks))
    parts = []
    if tasks:
        parts.append(_voice_tasks(tasks))
    told = _told([line for line in lines if line not in tasks], names, texts)
    if told:
        parts.append(_say("voice_tell", first.language, {"sign": first.sign, "body": " ".join(told)}))
    body = " ".join(parts)
    if first.mode == "drill":
        body = _say("voice_drill", first.language, {"body": body[: LONGEST - ROOM]})
    return body, keys


def voice_keys(tasks: Sequence[Line]) -> tuple[str, ...]:
    """Return the keys a call takes. With several steps at once only 1 (all received) and 9 are safe to press."""
    if not tasks:
        return ()
    if len(tasks) > 1:
        return ("1", "9")
    return ("1", *(key for key, _ in tasks[0].keys), "9")


def _voice_tasks(tasks: list[Line]) -> str:
    by_incident: dict[str, list[Line]] = {}
    for task in tasks:
        by_incident.setdefault(task.code, []).append(task)
    if len(tasks) == 1:
        return _voice_incident(tasks, single=True)
    said = "".join(_voice_incident(each[:MOST_SPOKEN], single=False) for each in by_incident.values())
    left = sum(max(0, len(each) - MOST_SPOKEN) for each in by_incident.values())
    more = Text(f"另有{left}项,见短信。", f"{left} more: see your texts. ").of(tasks[0].language) if left else ""
    return said + more + Text("收到按1。", "Press 1 received.").of(tasks[0].language)


def _voice_incident(tasks: list[Line], *, single: bool) -> str:
    first = tasks[0]
    listed = [{**_task(t), **({"zone": ""} if single else {})} for t in tasks]  # a single one's stands at the front
    labels = [{"key": key, "label": label} for key, label in first.keys] if single else []
    values = {
        **first.values,
        "sign": first.sign,
        "spoken": spoken(first.code, first.language),
        "tasks": listed,
        "keys": labels or [{"key": "1", "label": ""}] if single else [],
        "zone": first.values.get("zone", "") if single else "",
    }
    return _say("voice_task", first.language, values)


def spoken(code: str, language: str) -> str:
    """Return a code as it is said: `F07` is F-零-七, or F 0 7."""
    if language != "zh":
        return " ".join(code)
    return "-".join(DIGITS.zh[int(ch)] if ch.isdigit() else ch for ch in code)


def render_test(channel: str, sign: str, language: str, *, code: str = "", keys: str = "") -> str:
    """Return a test of one telephone, marked at both ends: a text that asks for *code*, or a call that takes *keys*."""
    if channel == "voice":
        return _say("voice_test", language, {"sign": sign, "keys": keys})
    return wrap(_say("test", language, {"code": code}), sign, language, "real")


def answer(key: str, language: str, values: Mapping[str, Any]) -> str:
    """Return the words that answer a reply. *key* is one of the templates of this page."""
    return _say(key, language, values).strip()
