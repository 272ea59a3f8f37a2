"""How a drill stands, in lines for the one who conducts it; zh and en side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emergency.core.values import Text
from emergency.drills.rehearsals.story import KINDS as KINDS_OF_INJECTS

Document = dict[str, Any]
KINDS = {
    "callout": Text("召集演练", "call-out"),
    "full": Text("实战演练", "full drill"),
    "tabletop": Text("桌面推演", "tabletop"),
    "simulated": Text("模拟推演", "simulation"),
}
STATES = {
    "planned": Text("已计划,未放行", "planned, not released"),
    "released": Text("已放行,未开始", "released, not begun"),
    "running": Text("进行中", "running"),
    "paused": Text("已冻结", "FROZEN"),
    "over": Text("已结束,待收尾", "over, not closed"),
    "closed": Text("已归档", "closed"),
}
BECAUSE = {
    "director": Text("导演叫停", "the director stopped it"),
    "unsafe": Text("有人报不安全", "an unsafe act was reported"),
    "help": Text("有人求助(按 9)", "somebody asked for help (key 9)"),
    "real": Text("发生真实警情", "a real incident began"),
    "red": Text("红色命令", "the red command"),
    "phrase": Text("有人说出真实警情暗语", "somebody said the words for something real"),
    "duress": Text("胁迫暗语", "the duress word"),
    "maximum": Text("到最长时间", "the longest time is up"),
    "restored": Text("恢复了备份", "a backup was restored"),
    "killed": Text("程序被强行中断", "the program was cut off"),
    "heartbeat": Text("程序失联一分钟以上", "nobody watched over it for more than a minute"),
    "scenario": Text("按情景结束", "as the scenario says"),
    "closed": Text("预案走完", "the plan came to its end"),
}
ENTRIES = {
    "Planned": Text("计划", "planned"),
    "NoticeConfirmed": Text("告知确认", "told and confirmed:"),
    "Released": Text("放行", "released"),
    "Begun": Text("开始", "STARTEX"),
    "InjectReleased": Text("注入", "inject"),
    "InjectSkipped": Text("跳过", "skipped"),
    "Contingent": Text("补救", "rescue for"),
    "Paused": Text("冻结", "frozen:"),
    "Resumed": Text("继续", "goes on"),
    "Sped": Text("速度", "speed"),
    "Aborted": Text("中止", "broken off:"),
    "Ended": Text("结束", "ENDEX:"),
    "LineRestored": Text("线路恢复", "line restored:"),
    "Closed": Text("归档", "closed"),
}
W = {
    "participants": Text("参演", "Take part"),
    "on_duty": Text("当班人员(开始时定)", "whoever is on duty when it begins"),
    "director": Text("导演", "Director"),
    "observers": Text("观察员", "Observers"),
    "begins": Text("计划开始", "Begins"),
    "released": Text("放行人", "Released by"),
    "notices": Text("事先告知", "To be told beforehand"),
    "open": Text("未确认", "NOT confirmed"),
    "told": Text("已确认", "confirmed"),
    "no_need": Text("到期告知即可", "to be told in time"),
    "missing": Text("还差", "Still missing"),
    "next": Text("接下来", "Next"),
    "waiting": Text("备用或待条件", "In reserve, or waiting for a condition"),
    "truth": Text("实情(仅导调组)", "Ground truth (control only)"),
    "belief": Text("参演者所知", "What the players believe"),
    "log": Text("导调记录", "Control log"),
    "answers": Text("应召情况", "Who answered"),
    "nobody": Text("无人答复", "NO ANSWER"),
    "line": Text("线路未恢复!", "LINE NOT RESTORED:"),
    "how": Text("核实后登记", "ask, then enter it"),
    "real": Text("真实警情口令", "If something real happens, say"),
    "happened": Text("已发生", "Happened"),
    "step_open": Text("项任务未完成", "steps open"),
    "second": Text("第二人放行(已放行的人不算)", "a second person releases it"),
    "two": Text("两人放行", "two people release it"),
    "ready": Text("可以开始", "It may begin"),
    "misses": Text("此人不参演,不起作用!", "takes no part: NO EFFECT"),
    "console": Text("控制台", "console"),
    "script": Text("情景", "script"),
}


def drill(doc: Document, lang: str) -> Iterator[str]:
    """Yield how a drill stands: first what needs a hand now, last the record."""
    yield _head(doc, lang)
    for who in doc["lines_open"]:
        how = f'emergency drill restored {doc["drill"]} {who} --to "…" --by …'
        yield f"  !! {_w('line', lang)} {who}  ({_w('how', lang)}: {how})"
    yield from _people(doc, lang)
    if doc["state"] in ("planned", "released"):
        yield from _before(doc, lang)
    yield from _answers(doc, lang)
    if doc["state"] in ("running", "paused", "planned", "released"):
        yield from _coming(doc, lang)
    yield from _truth(doc, lang)
    yield from _happened(doc, lang)
    yield from _log(doc, lang)


def local(moment: str, timezone: str, form: str = "%Y-%m-%d %H:%M", *, zone: bool = True) -> str:
    """Return a moment as the site's own clocks show it, with how far they are from UTC: `2026-11-21 19:30 +08:00`."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    here = datetime.fromisoformat(moment).astimezone(ZoneInfo(timezone))
    return here.strftime(form) + (f" {here.isoformat()[-6:]}" if zone else "")


def _local(moment: str, doc: Document, form: str, *, zone: bool = False) -> str:
    return local(moment, doc["timezone"], form, zone=zone)


def _w(key: str, lang: str) -> str:
    return W[key].of(lang)


def clock(seconds: int) -> str:
    """Return a time of a drill: `12:30`, minutes and seconds from STARTEX."""
    return f"{seconds // 60:02d}:{seconds % 60:02d}"


def _head(doc: Document, lang: str) -> str:
    title = doc["title"][lang] if doc["title"] else doc["playbook"]
    because = (doc["because"] or "").removeprefix("aborted: ").removeprefix("ended: ")
    why = f" ({BECAUSE[because].of(lang)})" if because in BECAUSE else ""
    time = f"  {clock(doc['clock'])}/{clock(doc['maximum'])}" if doc["begun_at"] else ""
    code = f" {doc['incident']}" if doc["incident"] else ""
    return f"{doc['drill']}{code}  {KINDS[doc['kind']].of(lang)}  {title}  {STATES[doc['state']].of(lang)}{why}{time}"


def name(doc: Document, person: str | None, lang: str) -> str:
    """Return somebody's name, or their id where the document does not hold it."""
    known = doc["people"].get(person)
    if known is None and person in ("console", "script"):
        return _w(person, lang)
    return str(known[lang]) if known else str(person or "?")


def _people(doc: Document, lang: str) -> Iterator[str]:
    yield f"  {_w('director', lang)}: {name(doc, doc['director'], lang)}"
    if doc["observers"]:
        yield f"  {_w('observers', lang)}: " + ", ".join(name(doc, each, lang) for each in doc["observers"])
    who = ", ".join(name(doc, each, lang) for each in doc["participants"]) or _w("on_duty", lang)
    if doc["kind"] in ("callout", "full"):
        yield f"  {_w('participants', lang)}: {who}"
    phrase = doc["phrase"]
    yield f"  {_w('real', lang)}: {phrase['zh']} / {phrase['en']} (9)"


def _before(doc: Document, lang: str) -> Iterator[str]:
    if doc["begins_at"]:
        yield f"  {_w('begins', lang)}: {_local(doc['begins_at'], doc, '%Y-%m-%d %H:%M', zone=True)}"
    if doc["notices"]:
        yield f"  {_w('notices', lang)}:"
    for notice in doc["notices"]:
        state = "told" if notice["confirmed_at"] else "open" if notice["must_confirm"] else "no_need"
        yield f"    {notice['who']}  {notice['text'][lang]}  [{notice['lead_text'][lang]}]  {_w(state, lang)}"
    if doc["released"]:
        yield f"  {_w('released', lang)}: " + ", ".join(name(doc, each, lang) for each in doc["released"])
    if doc.get("missing"):
        yield f"  {_w('missing', lang)}:"
        for each in doc["missing"]:
            yield f"    {each['way_out']}"
    elif "missing" in doc:
        yield _next_press(doc, lang)


def _next_press(doc: Document, lang: str) -> str:
    """Return what is to be typed next where nothing else is missing: a release, or the beginning."""
    if doc["state"] == "released":
        return f"  {_w('ready', lang)}: emergency drill begin {doc['drill']} --by …"
    who = "second" if doc["released"] else "two"
    return f"  {_w('missing', lang)}: {_w(who, lang)}: emergency drill release {doc['drill']} --by …"


def _answers(doc: Document, lang: str) -> Iterator[str]:
    if doc["answers"]:
        yield f"  {_w('answers', lang)}:"
    for each in doc["answers"]:
        title = doc["role_titles"][each["role"]][lang]
        said = clock(each["after"]) if each["after"] is not None else _w("nobody", lang)
        asked = " → ".join(name(doc, person, lang) for person in each["asked"])
        yield f"    {said:<9} {title}: {asked}"


def _coming(doc: Document, lang: str) -> Iterator[str]:
    for key in ("next", "waiting"):
        if doc.get(key):
            yield f"  {_w(key, lang)}:"
        for each in doc.get(key, ()):
            when = clock(each["at"]) if each["at"] is not None else each["when"] or each["caused_by"] or "-"
            yield f"    {when}  {inject(doc, each, lang)}"


def inject(doc: Document, each: Document, lang: str) -> str:
    """Return one inject in a line: what it is, whom it is about, and what is to be said by whom to whom."""
    played = f" ({each['from']} → {each['to']}, {each['by']})" if each.get("to") else ""
    if each.get("text"):
        return f"{each['inject']} “{each['text'][lang]}”{played}"
    does = KINDS_OF_INJECTS[each["kind"]].of(lang) if each["kind"] in KINDS_OF_INJECTS else each["kind"]
    about = " ".join(name(doc, word, lang) for word in each["target"].split())
    idle = f"  ({_w('misses', lang)})" if each.get("misses") else ""
    return " ".join(filter(None, (each["inject"], about, does))) + played + idle


def _truth(doc: Document, lang: str) -> Iterator[str]:
    if not doc.get("belief") or doc["state"] not in ("running", "paused") or doc["kind"] == "callout":
        return
    yield f"  {_w('truth', lang)}:"
    for each in doc["truth"]:
        yield f"    {clock(each['at'])}  {inject(doc, each, lang)}"
    belief = doc["belief"]
    facts = ", ".join(f"{fact}={value}" for fact, value in belief["facts"].items())
    yield f"  {_w('belief', lang)}: {belief['state_title'][lang]}, {belief['severity']}, {facts}"
    yield f"    {belief['open_steps']} {_w('step_open', lang)}"


def _happened(doc: Document, lang: str) -> Iterator[str]:
    if "log" in doc or not doc["happened"]:
        return
    yield f"  {_w('happened', lang)}:"
    for each in doc["happened"]:
        yield f"    {clock(each['at'])}  {inject(doc, each, lang)}"


def _log(doc: Document, lang: str) -> Iterator[str]:
    if doc.get("log"):
        yield f"  {_w('log', lang)} ({doc['timezone']}):"
    idle = {each["inject"] for each in doc["happened"] if each["misses"]}
    for each in doc.get("log", ()):
        who = name(doc, each["by"], lang)
        reason = f"  “{each['reason']}”" if each["reason"] else ""
        reason += f"  ({_w('misses', lang)})" if each["entry"] == "InjectReleased" and each["about"] in idle else ""
        what = ENTRIES[each["entry"]].of(lang) if each["entry"] in ENTRIES else each["entry"]
        about = BECAUSE[each["about"]].of(lang) if each["about"] in BECAUSE else each["about"]
        yield f"    B{each['seq']:<3} {_local(each['at'], doc, '%H:%M:%S')}  {what} {about}  {who}{reason}"
