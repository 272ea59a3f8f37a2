"""Documents as people read them on a terminal. Pure: a document and a language in, lines out.

Moments are shown in the site's own time: the terminal may stand in another zone, the building does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from emergency.codes import WORDS, why_not_sent
from emergency.phrases import PHRASES, phrase

if TYPE_CHECKING:
    from emergency.core.values import Text

Document = Mapping[str, Any]
STATUS_MARKS = {"acknowledged": "✓", "done": "✓", "called": "…", "unfilled": "✗", "assigned": "·", "given_up": "–"}
SEVERITIES = {"blue": "蓝色", "yellow": "黄色", "orange": "橙色", "red": "红色"}


def clock(text: str | None, timezone: str) -> str:
    """Return a time of a document as hours, minutes and seconds of *timezone*."""
    return datetime.fromisoformat(text).astimezone(ZoneInfo(timezone)).strftime("%H:%M:%S") if text else ""


def ago(text: str, lang: str, now: datetime | None = None) -> str:
    """Return how long ago a time was, as `4 min` or `35 s`."""
    seconds = max(0, int(((now or _now()) - datetime.fromisoformat(text)).total_seconds()))
    if seconds < 120:
        return phrase("seconds", lang, n=seconds)
    return phrase("minutes", lang, n=seconds // 60) if seconds < 7200 else phrase("hours", lang, n=seconds // 3600)


def _now() -> datetime:
    from emergency.clock import SystemClock

    return SystemClock().now()


def severity(word: str, lang: str) -> str:
    """Return a severity in words."""
    return SEVERITIES[word] if lang == "zh" else word.upper()


def header(doc: Document, lang: str) -> str:
    """Return the one line that says what an incident is and how it stands."""
    mark = "" if doc["mode"] == "real" else ("【演练】" if lang == "zh" else "DRILL ")
    level = severity(doc["severity"], lang)
    state = phrase("armed", lang) if doc["armed"] else doc["state_title"][lang]
    still = f" · {phrase('stands_still', lang)}" if doc.get("frozen_at") else ""
    return f"{mark}{doc['incident']}  {doc['title'][lang]} · {doc['place_name'][lang]} · {level} · {state}{still}"


def status(doc: Document, lang: str) -> list[str]:
    """Return an incident as lines: what to do first on top, everything else below."""
    lines = [header(doc, lang)]
    if doc["armed"]:
        return [*lines, *(f"  {line}" for line in _armed(doc, lang))]
    lines.append(f"  {phrase('since', lang)} {clock(doc['opened_at'], doc['timezone'])}, {_commands(doc, lang)}")
    if doc["owner"] not in ("console", doc["command"]):
        lines.append(f"  {phrase('owner', lang, name=name(doc, doc['owner'], lang))}")
    for person in doc["help"]:
        lines.append(f"  !! {phrase('help', lang)}: {name(doc, person, lang)}")
    for part in (
        _family,
        _roll_call,
        wanted_twice,
        _unsent,
        _calls,
        _announce,
        _steps,
        _roles,
        _asks,
        _next,
        _checklist,
    ):
        lines += part(doc, lang)
    return lines


def name(doc: Document, person: str | None, lang: str, *, with_id: bool = True) -> str:
    """Return a person's name and id; the document holds the names."""
    if person is None:
        return phrase("unfilled", lang)
    known = doc.get("people", {}).get(person)
    if known is None:
        return person
    gone = known["en"].startswith("(")  # a stand-in for somebody who was forgotten: the id may be a name
    return f"{known[lang]} ({person})" if with_id and not gone else str(known[lang])


def role(doc: Document, id: str, lang: str) -> str:
    """Return the title of a role."""
    return str(doc["role_titles"].get(id, {}).get(lang, id))


def _armed(doc: Document, lang: str) -> list[str]:
    return [
        phrase("armed_by", lang, parent=doc["parent"] or "?"),
        phrase("armed_hint", lang, code=doc["incident"]),
    ]


def _family(doc: Document, lang: str) -> list[str]:
    """Return which incident this one came of, and what it let expect: a person confirms or dismisses each."""
    lines = [f"  {phrase('came_of', lang)}: {doc['parent']}"] if doc["parent"] else []
    for child in doc["children"]:
        says = phrase("armed_hint", lang, code=child["incident"]) if child["armed"] else phrase("came_true", lang)
        lines.append(f"  {'?' if child['armed'] else '→'} {child['incident']} {child['title'][lang]}: {says}")
    return lines


def _roll_call(doc: Document, lang: str) -> list[str]:
    """Return how the roll call stands, in one line."""
    called = doc.get("roll_call")
    if called is None:
        return []
    from emergency.muster.show import count

    title = phrase("roll_call", lang) + (f" ({phrase('roll_over', lang)})" if called["closed"] else "")
    return [f"  {title} {called['roll_call']}: {count(called, lang)}"]


def wanted_twice(doc: Document, lang: str) -> list[str]:
    """Return whom two incidents want, a line each: who has them, and who stands in."""
    lines = []
    for each in doc["wanted_twice"]:
        how = "gap" if each["here"] is None else "both" if each["here"] == each["person"] else "on"
        words = {
            "person": name(doc, each["person"], lang, with_id=False),
            "role": role(doc, each["role"], lang),
            "here": name(doc, each["here"], lang, with_id=False) if each["here"] else "",
            "keeps": each["keeps"],
            "wants": each["wants"],
        }
        lines.append(f"    {'✗' if how == 'gap' else '⇄'} {phrase(f'wanted_{how}', lang, **words)}")
    return [f"  {phrase('wanted_twice', lang)}:", *lines] if lines else []


def board(doc: Document, lang: str) -> list[str]:
    """Return several incidents as lines: those that go on, what they let expect, and whom two of them want."""
    lines = [header(each, lang) for each in doc["incidents"] if not each["armed"]]
    expected: dict[str, list[str]] = {}
    for each in doc["incidents"]:
        if each["armed"]:
            expected.setdefault(each["parent"] or "?", []).append(f"{each['incident']} {each['title'][lang]}")
    for parent, children in expected.items():
        lines.append(f"  ? {phrase('armed_by', lang, parent=parent)}: {', '.join(children)}")
    return [*lines, *_wanted_in_short(doc, lang)]


def _wanted_in_short(doc: Document, lang: str) -> list[str]:
    """Return a line for each pair of incidents and each way it was settled, gaps first."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for each in doc["wanted_twice"]:
        how = "gap" if each["here"] is None else "both" if each["here"] == each["person"] else "on"
        here = f" → {name(doc, each['here'], lang, with_id=False)}" if how == "on" else ""
        who = f"{role(doc, each['role'], lang)} ({name(doc, each['person'], lang, with_id=False)}{here})"
        found.setdefault((how, each["wants"], each["keeps"]), []).append(who)
    lines = []
    for (how, wants, keeps), people in sorted(found.items(), key=lambda item: item[0][0] != "gap"):
        said = phrase(f"board_{how}", lang, wants=wants, keeps=keeps, who=", ".join(people))
        lines.append(f"    {'✗' if how == 'gap' else '⇄'} {said}")
    return [f"  {phrase('wanted_twice', lang)}:", *lines] if lines else []


def _commands(doc: Document, lang: str) -> str:
    if doc["commanded_by"]:
        known = doc.get("commanded_by_name") if lang == "zh" else None
        return phrase("agency_commands", lang, name=known["zh"] if known else doc["commanded_by"])
    who = name(doc, doc["command"], lang) if doc["command"] else phrase("nobody", lang)
    return f"{phrase('command', lang)}: {who}"


def _unsent(doc: Document, lang: str) -> list[str]:
    people = list(dict.fromkeys(each["person"] for each in doc["unsent"]))
    if not people or doc["closed"]:
        return []
    names = ", ".join(name(doc, person, lang, with_id=False) for person in people)
    why = ", ".join(dict.fromkeys(why_not_sent(each["reason"], lang) for each in doc["unsent"] if each["reason"]))
    return [f"  !! {phrase('not_reached', lang, n=len(people))}: {names}" + (f" [{why}]" if why else "")]


def _calls(doc: Document, lang: str) -> list[str]:
    lines = []
    for call in doc["calls"]:
        title = call["name"][lang] if call["name"] else call["agency"]
        number = phrase("played", lang) if call["played"] else call["number"] or ""
        lines.append(f"    {title}  {number}   [{call['code']}]")
        lines.append(f"      “{call['say'][lang]}”")
    return [f"  {phrase('say', lang)}:", *lines] if lines else []


def _announce(doc: Document, lang: str) -> list[str]:
    text = doc["announce"]
    return [f"  {phrase('announce', lang)}:", f"    “{text[lang]}”"] if text else []


def _steps(doc: Document, lang: str) -> list[str]:
    lines = []
    for step in doc["steps"]:
        if step["step"] in ("stand_by", "relieve"):
            continue
        mark = STATUS_MARKS.get(step["status"], " ")
        do = step["do"][lang] if step["do"] else step["step"]
        lines.append(f"    {mark} {step['code']:<7} {do}  —  {_who(doc, step, lang)}{_due(doc, step, lang)}")
    return [f"  {phrase('steps', lang)}:", *lines] if lines else []


def _who(doc: Document, step: Document, lang: str) -> str:
    """Who has the step, or who is asked to take it."""
    title = role(doc, step["role"], lang)
    if step["person"]:
        return f"{title}: {name(doc, step['person'], lang)}"
    asked = [a["person"] for a in doc["alerts"] if a["code"] == step["code"] and a["because"] is None]
    names = ", ".join(name(doc, person, lang, with_id=False) for person in dict.fromkeys(asked))
    return f"{title}: {phrase('asked', lang, names=names)}" if names else title


def _due(doc: Document, step: Document, lang: str) -> str:
    if step["status"] in ("done", "dropped", "given_up") or not step["due_at"]:
        return f"  {phrase(step['status'], lang)}" if step["status"] in PHRASES else ""
    if step["late"]:
        return f"  {phrase('late', lang, by=ago(step['due_at'], lang))}"
    return f"  {phrase('due', lang, time=clock(step['due_at'], doc['timezone']))}"


def _roles(doc: Document, lang: str) -> list[str]:
    lines: dict[str, int] = {}
    for each in doc["roles"]:
        mark = "!!" if each["overdue"] else STATUS_MARKS.get(each["status"], " ")
        line = f"    {mark} {role(doc, each['role'], lang)}: {name(doc, each['person'], lang)}"
        line += f"  —  {each['why'][lang]}" if each["why"][lang] else ""
        lines[line] = lines.get(line, 0) + 1
    shown = [line + (f" ×{count}" if count > 1 else "") for line, count in lines.items()]
    return [f"  {phrase('roles', lang)}:", *shown] if shown else []


def _asks(doc: Document, lang: str) -> list[str]:
    lines = [
        f"    {ask['ask'][lang]}  —  {phrase('tell_fact', lang, code=doc['incident'], fact=ask['fact'])}"
        for ask in doc["asks"]
    ]
    return [f"  {phrase('ask', lang)}:", *lines] if lines else []


def _next(doc: Document, lang: str) -> list[str]:
    lines = []
    for way in doc["ways_out"]:
        if way["to"] is None:
            continue
        by_itself = phrase("by_itself", lang, time=clock(way["at"], doc["timezone"])) if way["at"] else ""
        lines.append(f"    → {way['title'][lang]} [{way['to']}]: {by_itself or way['when'][lang]}")
    return [f"  {phrase('next', lang)}:", *lines] if lines else []


def _checklist(doc: Document, lang: str) -> list[str]:
    if doc["ended"] or not any(way["ends"] == "stand_down" for way in doc["ways_out"]):
        return []
    lines = [f"    {'✓' if line['ticked'] else '□'} {line['item']}. {line['text'][lang]}" for line in doc["checklist"]]
    return [f"  {phrase('checklist', lang)}:", *lines] if lines else []


KINDS: dict[str, tuple[str, str, str]] = {
    "IncidentOpened": ("启动", "opened", "{code} {place} {severity} {by} {note}"),
    "IncidentConfirmed": ("确认发生", "confirmed", "{place} {by}"),
    "IncidentDismissed": ("未发生", "did not come", "{by}"),
    "RosterUpdated": ("名册更新", "roster updated", ""),
    "ReportMerged": ("又接报", "reported again", "{place} {by} {note}"),
    "StateEntered": ("进入阶段", "state", "{state} {by} {reason}"),
    "SeverityChanged": ("级别", "severity", "{to} {by} {reason}"),
    "RoleAssigned": ("派任", "role assigned", "{said}"),
    "RoleUnfilled": ("无人担任", "role unfilled", "{said}"),
    "GapEscalated": ("空岗升级", "gap escalated", "{role} → {to}"),
    "PersonCalledAway": ("调走", "called away", "{person} → {to}"),
    "PeopleElsewhere": ("他处用人", "wanted elsewhere", "{people}"),
    "WantedTwice": ("两处要人", "wanted twice", "{other} ({how}): {people}"),
    "ReliefMissing": ("无人接班", "nobody relieves", "{role}: {person}"),
    "CommandTaken": ("指挥", "command", "{person} {reason}"),
    "StepStarted": ("任务开始", "step started", "{step} {name} ({role}) {zone}"),
    "StepDone": ("任务完成", "step done", "{step} {person} {answer}"),
    "StepDropped": ("任务撤销", "step dropped", "{step} {because} {reason}"),
    "StepLate": ("任务超时", "step late", "{step}"),
    "AlertRequested": ("叫人", "calling", "{alert} ({kind})"),
    "AlertAcknowledged": ("应答", "answered", "{alert} ({via})"),
    "AlertClosed": ("结束呼叫", "call ended", "{alert} ({because})"),
    "LadderClimbed": ("升级", "escalated", "{alert}, {rung} ({because})"),
    "DeliveryQueued": ("消息待发", "message queued", "{delivery}"),
    "DeliverySent": ("消息已交出", "message handed over", "{delivery}"),
    "DeliveryDelivered": ("消息已送达", "message delivered", "{delivery}"),
    "DeliveryFailed": ("消息失败", "message failed", "{delivery}: {reason}"),
    "DeliveryRetried": ("消息重发", "message sent again", "{delivery}: {reason}"),
    "DeliveryDropped": ("消息撤回", "message withdrawn", "{delivery}"),
    "FactReported": ("情况", "fact", "{fact} = {value} ({by})"),
    "NoteAdded": ("记录", "note", "{by}: {text}"),
    "HelpAsked": ("求助", "HELP ASKED", "{person}"),
    "DrillFrozen": ("演练停下", "DRILL STANDS STILL", "{because} {other} ({by})"),
    "DrillResumed": ("演练继续", "drill goes on", "({by})"),
    "DrillAborted": ("演练终止", "DRILL BROKEN OFF", "{because} {reason} ({by})"),
    "DrillEnded": ("演练结束", "drill ended", "{because} ({by})"),
    "ItemTicked": ("确认清单", "checklist", "{item} ({by})"),
    "KnockOnExpected": ("可能引发", "may follow", "{playbook}"),
    "MusterOpened": ("点名开始", "roll call opened", "{code}, {expected} ({by})"),
    "MusterClosed": ("点名结束", "roll call closed", "{code}, {safe} ✓ {help} ! {missing} ? ({by})"),
    "TimerSet": ("定时", "timer set", "{timer} {due}"),
    "TimerCleared": ("取消定时", "timer cleared", "{timer}"),
    "TimerFired": ("到时", "timer fired", "{timer}"),
}
"""Kind of event: its name in zh and en, and what is shown of it."""
TIMERS = frozenset({"TimerSet", "TimerCleared", "TimerFired"})
PEOPLE = frozenset({"person", "by", "about", "instead_of"})


TITLED = {"state": "states", "name": "steps", "place": "places", "playbook": "plans"}
"""Keys of a line whose ids have titles, and where the document of a log holds them."""
CODED = frozenset({"kind", "because", "via", "how", "name"})
"""Keys of a line whose values are words of the log's own (see `codes`)."""


class LogReader:
    """Reads a log aloud, line by line; remembers who and what the ids of earlier lines stand for."""

    def __init__(self, doc: Document, lang: str) -> None:
        self._doc = doc
        self._lang = lang
        self._known: dict[str, str] = {}

    def line(self, line: Document, words: Mapping[str, str]) -> str:
        """Return one line of the log. *words*: what seals stand for, where it is still kept."""
        kind = line["kind"]
        shown = {key: self._word(key, value, words) for key, value in line["data"].items() if value is not None}
        self._remember(kind, line["data"], shown)
        zh, en, form = KINDS.get(kind, (kind, kind, ""))
        rest = " ".join(form.format_map(_Blank(shown)).split())
        when = clock(line["at"], self._doc["timezone"])
        return f"{line['seq']:>5}  {when}  {zh if self._lang == 'zh' else en}  {rest[:160]}".rstrip()

    def _word(self, key: str, value: object, words: Mapping[str, str]) -> str:
        if key == "people" and isinstance(value, list | tuple):
            return ", ".join(name(self._doc, each["person"], self._lang, with_id=False) for each in value)
        if not isinstance(value, str):
            return str(value)
        if key in PEOPLE:
            said = name(self._doc, value, self._lang)
            return said if said != value or self._lang != "zh" else self._somebody_zh(value)
        if key in ("alert", "step", "delivery"):
            return self._known.get(value, value)
        return words.get(value, self._plain(key, value) if self._lang == "zh" else value)

    def _plain(self, key: str, value: str) -> str:
        """Return in Chinese what an id or a code of a line stands for: in English it stands for itself."""
        if key in ("severity", "to") and value in SEVERITIES:
            return SEVERITIES[value]
        if key == "role":
            return role(self._doc, value, "zh")
        if key == "reason":
            return why_not_sent(value, "zh")
        title = self._doc.get("titles", {}).get(TITLED.get(key), {}).get(value)
        if title is not None:
            return str(title["zh"])
        return self._coded(value) if key in CODED else value

    def _coded(self, code: str) -> str:
        """Return a word of the log's own in Chinese, where there is one; in English it stands as it is."""
        return WORDS[code].zh if self._lang == "zh" and code in WORDS else code

    def _remember(self, kind: str, data: Document, shown: dict[str, str]) -> None:
        if kind == "StepStarted":
            shown["step"] = self._known[data["step"]] = self._doc["incident"] + data["letter"]
        elif kind in ("RoleAssigned", "RoleUnfilled"):
            shown["said"] = self._said(data)
        elif kind == "GapEscalated":
            shown["role"] = role(self._doc, data["role"], self._lang)
            shown["to"] = name(self._doc, data.get("to"), self._lang)
        elif kind == "AlertRequested":
            what = " ".join(filter(None, (shown.get("step"), shown["person"])))
            shown["alert"] = self._known[data["alert"]] = what
        elif kind == "DeliveryQueued":
            shown["delivery"] = self._known[data["delivery"]] = f"{self._coded(data['channel'])} → {shown['person']}"

    def _somebody_zh(self, id: str) -> str:
        """Return who is meant that is nobody of the roster: the console, an agency."""
        if id == "console":
            return WORDS[id].zh
        return str(self._doc.get("titles", {}).get("agencies", {}).get(id, {}).get("zh", id))

    def _said(self, data: Document) -> str:
        """Who has which role now, or that nobody has, and why; an assignment by order names who ordered it."""
        import msgspec

        from emergency.core.because import nobody, sentence
        from emergency.core.seat import Passed

        passed = msgspec.convert(data.get("passed") or [], list[Passed])
        if "person" not in data:
            return nobody(data["role"], passed, names=self._name, titles=self._title).of(self._lang)
        said = sentence(
            data["person"], data["role"], data["because"], passed,
            names=self._name, titles=self._title, instead_of=data.get("instead_of") or "",
        ).of(self._lang)  # fmt: skip
        return f"{said} ({name(self._doc, data['by'], self._lang)})" if data.get("by") else said

    def _name(self, person: str) -> Text:
        return _both(self._doc.get("people", {}).get(person), person)

    def _title(self, id: str) -> Text:
        return _both(self._doc["role_titles"].get(id), id)


def _both(known: Mapping[str, str] | None, id: str) -> Text:
    from emergency.core.values import Text

    return Text(known["zh"], known["en"]) if known else Text(id, id)


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""
