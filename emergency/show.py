"""Documents as people read them on a terminal. Pure: a document and a language in, lines out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emergency.phrases import PHRASES, phrase

Document = Mapping[str, Any]
STATUS_MARKS = {"acknowledged": "✓", "done": "✓", "called": "…", "unfilled": "✗", "assigned": "·", "given_up": "–"}
SEVERITIES = {"blue": "蓝色", "yellow": "黄色", "orange": "橙色", "red": "红色"}
COLOURS = {"blue": "blue", "yellow": "yellow", "orange": "bright_red", "red": "red"}


def clock(text: str | None) -> str:
    """Return a time of a document as hours, minutes and seconds of this machine's zone."""
    if not text:
        return ""
    return datetime.fromisoformat(text).astimezone().strftime("%H:%M:%S")


def ago(text: str, now: datetime | None = None) -> str:
    """Return how long ago a time was, as `4 min` or `35 s`."""
    now = now or _now()
    seconds = max(0, int((now - datetime.fromisoformat(text)).total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _now() -> datetime:
    from emergency.clock import SystemClock

    return SystemClock().now()


def severity(word: str, lang: str) -> str:
    """Return a severity in words."""
    return SEVERITIES[word] if lang == "zh" else word.upper()


def header(doc: Document, lang: str) -> str:
    """Return the one line that says what an incident is and how it stands."""
    mark = "" if doc["mode"] == "real" else ("【演练】" if lang == "zh" else "DRILL ")
    state = doc["state_title"][lang]
    return f"{mark}{doc['incident']}  {doc['title'][lang]} · {doc['place_name'][lang]} · {severity(doc['severity'], lang)} · {state}"


def status(doc: Document, lang: str) -> list[str]:
    """Return an incident as lines: what to do first on top, everything else below."""
    lines = [header(doc, lang)]
    lines.append(f"  {phrase('since', lang)} {clock(doc['opened_at'])}, {_commands(doc, lang)}")
    for person in doc["help"]:
        lines.append(f"  !! {phrase('help', lang)}: {name(doc, person, lang)}")
    for part in (_calls, _announce, _steps, _roles, _asks, _next, _checklist):
        lines += part(doc, lang)
    return lines


def name(doc: Document, person: str | None, lang: str) -> str:
    """Return a person's name and id; the document holds the names."""
    if person is None:
        return phrase("unfilled", lang)
    known = doc.get("people", {}).get(person)
    return f"{known[lang]} ({person})" if known else str(person)


def _commands(doc: Document, lang: str) -> str:
    if doc["commanded_by"]:
        return phrase("agency_commands", lang, name=doc["commanded_by"])
    who = name(doc, doc["command"], lang) if doc["command"] else phrase("nobody", lang)
    return f"{phrase('command', lang)}: {who}"


def _calls(doc: Document, lang: str) -> list[str]:
    lines = []
    for call in doc["calls"]:
        title = call["name"][lang] if call["name"] else call["agency"]
        lines.append(f"    {title}  {call['number'] or ''}   [{call['code']}]")
        lines.append(f"      “{call['say'][lang]}”")
    return [f"  {phrase('say', lang)}:", *lines] if lines else []


def _announce(doc: Document, lang: str) -> list[str]:
    text = doc["announce"]
    return [f"  {phrase('announce', lang)}:", f"    “{text[lang]}”"] if text else []


def _steps(doc: Document, lang: str) -> list[str]:
    lines = []
    for step in doc["steps"]:
        if step["step"] == "stand_by":
            continue
        mark = STATUS_MARKS.get(step["status"], " ")
        do = step["do"][lang] if step["do"] else step["step"]
        who = name(doc, step["person"], lang) if step["person"] else step["role"]
        lines.append(f"    {mark} {step['code']:<7} {do}  —  {who}{_due(step, lang)}")
    return [f"  {phrase('steps', lang)}:", *lines] if lines else []


def _due(step: Document, lang: str) -> str:
    if step["status"] in ("done", "dropped", "given_up") or not step["due_at"]:
        return f"  {phrase(step['status'], lang)}" if step["status"] in PHRASES else ""
    if step["late"]:
        return f"  {phrase('late', lang, by=ago(step['due_at']))}"
    return f"  {phrase('due', lang, time=clock(step['due_at']))}"


def _roles(doc: Document, lang: str) -> list[str]:
    lines = []
    for role in doc["roles"]:
        mark = STATUS_MARKS.get(role["status"], " ")
        title = doc["role_titles"].get(role["role"], {}).get(lang, role["role"])
        lines.append(f"    {mark} {title}: {name(doc, role['person'], lang)}")
    return [f"  {phrase('roles', lang)}:", *lines] if lines else []


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
        when = clock(way["at"]) if way["at"] else way["when"]
        lines.append(f"    → {way['to']}: {when}")
    return [f"  {phrase('next', lang)}:", *lines] if lines else []


def _checklist(doc: Document, lang: str) -> list[str]:
    if doc["ended"] or not any(way["to"] == "stood_down" for way in doc["ways_out"]):
        return []
    lines = [f"    {'✓' if line['ticked'] else '□'} {line['item']}. {line['text'][lang]}" for line in doc["checklist"]]
    return [f"  {phrase('checklist', lang)}:", *lines] if lines else []


SHOWN = {
    "StateEntered": "{state}",
    "SeverityChanged": "{to}",
    "RoleAssigned": "{role} = {person} ({because})",
    "RoleUnfilled": "{role}",
    "CommandTaken": "{person}",
    "StepStarted": "{step} {name} ({role})",
    "StepDone": "{step} {person} {answer}",
    "StepLate": "{step} {late_by}",
    "AlertRequested": "{alert} {kind} → {person} ({role})",
    "AlertAcknowledged": "{alert} {via}",
    "AlertClosed": "{alert} {because}",
    "LadderClimbed": "{alert} rung {rung} ({because})",
    "DeliveryQueued": "{delivery} {channel} → {person}",
    "DeliverySent": "{delivery} {provider_id}",
    "DeliveryFailed": "{delivery} {reason}",
    "FactReported": "{fact} = {value} ({by})",
    "TimerSet": "{timer} {due}",
    "TimerFired": "{timer}",
    "NoteAdded": "{by}: {text}",
    "HelpAsked": "{person}",
}


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def log_line(line: Document, words: Mapping[str, str], lang: str) -> str:
    """Return one line of the log; sealed words are read out where they are still kept."""
    data = {key: words.get(value, value) if isinstance(value, str) else value for key, value in line["data"].items()}
    form = SHOWN.get(line["kind"])
    shown = (
        form.format_map(_Blank(data))
        if form
        else ", ".join(f"{k}={v}" for k, v in data.items() if k not in ("members",))
    )
    return f"{line['seq']:>5}  {clock(line['at'])}  {line['kind']:<18} {shown.strip()[:160]}"


def local(text: str) -> str:
    """Return a moment with date, for lists."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
