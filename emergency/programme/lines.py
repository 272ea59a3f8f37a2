"""The programme in words, zh and en: calendar, schedules, coverage, and the difference that a replay shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

Document = dict[str, Any]
Pair = tuple[str, str]
STATES: dict[str, Pair] = {
    "overdue": ("逾期", "OVERDUE"),
    "due": ("待办", "due"),
    "planned": ("已安排", "planned"),
    "done": ("已完成", "done"),
}
KINDS: dict[str, Pair] = {
    "full": ("实战演练", "full drill"),
    "callout": ("召集演练", "call-out drill"),
    "tabletop": ("桌面推演", "tabletop"),
    "simulated": ("模拟推演", "simulated drill"),
}
BECAME: dict[str, Pair] = {
    "planned": ("已安排", "planned"),
    "running": ("进行中", "running"),
    "done": ("已完成", "done"),
    "failed": ("失败", "failed"),
    "missed": ("错过", "MISSED"),
}
SHOWN = 6
"""Names that are shown of one rule; --json has them all."""
COVERED: dict[str, Pair] = {
    "transition": ("状态转换", "transitions"),
    "state": ("状态", "states"),
    "step": ("任务", "steps"),
    "answer": ("决策答案", "answers of decisions"),
    "role": ("岗位", "roles"),
    "deputy": ("替补", "deputies"),
    "rung": ("催办层级", "rungs of the ladder"),
    "channel": ("通道", "channels"),
    "language": ("语言", "languages"),
    "shift": ("班次", "shifts"),
}
NOTED: dict[str, Pair] = {
    "no server ran in its hour": ("当时没有服务在运行", "no server ran in its hour"),
    "nobody had planned it": ("当时还没有安排", "nobody had planned it"),
    "nobody began it": ("到时没有人开始", "nobody began it"),
    "the server ended meanwhile": ("运行中服务中断", "the server ended meanwhile"),
}


def subject_words(subject: str | None, lang: str) -> str:
    """Return a plan or a shift behind the title of a rule."""
    if not subject:
        return ""
    return f"({subject})" if lang == "zh" else f" ({subject})"


def subject_of(rule: Document, lang: str) -> str:
    """Return what a rule is about, by its title; a shift has none but its id; nothing where it is about the site."""
    title = rule["subject_title"]
    return str(title[lang] if title else rule["subject"] or "")


def plan_of(drill: Document, lang: str) -> str:
    """Return the title of a drill's plan; the id of one that cannot be read any more."""
    title = drill["playbook_title"]
    return str(title[lang] if title else drill["playbook"])


class Words:
    """One language, and the site's clocks."""

    def __init__(self, lang: str, timezone: str) -> None:
        self.en = lang == "en"
        self.lang = lang
        self._zone = ZoneInfo(timezone)

    def of(self, pair: Pair) -> str:
        """Return the words in this language."""
        return pair[self.en]

    def __call__(self, zh: str, en: str) -> str:
        return en if self.en else zh

    def day(self, at: str) -> str:
        """Return the day of a moment at the site."""
        return datetime.fromisoformat(at).astimezone(self._zone).strftime("%Y-%m-%d")

    def moment(self, at: str) -> str:
        """Return day and time of a moment at the site."""
        return datetime.fromisoformat(at).astimezone(self._zone).strftime("%Y-%m-%d %H:%M")


def calendar(document: Document, lang: str) -> Iterator[str]:
    """Yield the calendar: what is owed, the most urgent first; what is planned; who is to be told; who is tired."""
    w = Words(lang, document["timezone"])
    yield f"{w('演练计划', 'Drill programme')}: {document['profile']['title'][lang]} ({document['profile']['id']})"
    for rules in _alike(document["rules"]):
        yield from _rule(rules[0], w, [subject_of(rule, lang) for rule in rules])
    shifts = document["never_drilled_shifts"]
    if shifts:
        yield w(
            f"本期还没有练过的班次:{'、'.join(shifts)}", f"No drill in this period with the shift: {', '.join(shifts)}"
        )
    yield from _coming(document["drills"], w)
    yield from _tell(document["tell"], w)
    for each in document["limits"]["reached"]:
        who = each["name"][lang] if each["name"] else each["person"]
        zh = f"{who} 本月已有 {each['drills']} 次演练、{each['messages']} 条消息,已到上限"
        en = f"{who} has had {each['drills']} drills and {each['messages']} messages this month: the limit"
        yield w(zh, en)
    yield from document["trouble"]


def _alike(rules: list[Document]) -> list[list[Document]]:
    """Return the rules with those together that say the same of several plans or shifts: one line is enough."""
    found: dict[tuple[object, ...], list[Document]] = {}
    for n, rule in enumerate(rules):
        own = n if rule["done"] or rule["planned"] else None
        key = (rule["rule"], rule["state"], rule["missing"], tuple(rule["missed"]), own)
        found.setdefault(key, []).append(rule)
    return list(found.values())


def _some(names: list[str], w: Words) -> str:
    more = len(names) - SHOWN
    shown = w("、", ", ").join(names[:SHOWN])
    return shown + w(f" 等 {len(names)} 个", f" and {more} more") if more > 0 else shown


def _rule(rule: Document, w: Words, subjects: list[str]) -> Iterator[str]:
    law = w("法定", "law") if rule["law"] else w("内部", "house")
    about = _some([each for each in subjects if each], w)
    state, title = w.of(STATES[rule["state"]]), rule["title"][w.lang] + subject_words(about, w.lang)
    if rule["state"] == "done":
        tail = "; ".join(_shown(each, w) for each in rule["done"])
    else:
        tail = w(f"最迟 {rule['due']},还差 {rule['missing']} 次", f"by {rule['due']}, {rule['missing']} to go")
        tail += "".join(f"; {drill['drill']} {w.moment(drill['at'])}" for drill in rule["planned"])
    missed = w(",以前没有做:", "; not done in ") + ", ".join(rule["missed"]) if rule["missed"] else ""
    assumed = w("(周期为假设)", " (interval assumed)") if rule["assumed"] else ""
    yield f"  [{state}] {title}: {tail}{missed}"
    yield f"        {law}: {rule['source'][w.lang]}{assumed}"
    if rule["done"] and rule["report_to"]:
        yield f"        {w('演练情况报送', 'to be reported to')}: {rule['report_to'][w.lang]}"


def _shown(each: Document, w: Words) -> str:
    if each["shown"]:
        return f"{w.day(each['at'])} {each['shown']}"
    tested = each["tested"], each["objectives"]
    part = w(f"(目标只检验了 {tested[0]}/{tested[1]})", f" ({tested[0]} of {tested[1]} objectives tested)")
    rating = f", {each['rating']}{part if tested[0] < tested[1] else ''}" if each["rating"] else ""
    return f"{each['drill']} {w.day(each['at'])} {w.of(KINDS[each['kind']])}{rating}, {(each['head'] or '')[:12]}"


def _coming(drills: list[Document], w: Words) -> Iterator[str]:
    if drills:
        yield w("已安排的演练", "Drills to come")
    yield from (_to_come(each, w) for each in drills[:12])


def _to_come(each: Document, w: Words) -> str:
    firm = "" if each["firm"] else w(" (待确认)", " (proposed)")
    hidden = {"window": w(" 不公布时刻", ", minute hidden"), "trusted_agents": w(" 保密", ", secret")}
    what = f"{plan_of(each, w.lang)} {w.of(KINDS[each['kind']])}"
    return f"  {w.moment(each['at'])}  {each['drill']} {what}{hidden.get(each['notice'], '')}{firm}"


def _tell(tellings: list[Document], w: Words) -> Iterator[str]:
    if tellings:
        yield w("要提前告知", "To be told beforehand")
    for each in tellings:
        done = w("已确认", "confirmed") if each["confirmed"] else w("已过期!", "TOO LATE") if each["late"] else ""
        says = f"{each['drill']}: {each['text'][w.lang]} ({each['who']})"
        yield f"  {w('最迟', 'by')} {each['by']}  {says} {done}".rstrip()


def schedules(document: Document, lang: str) -> Iterator[str]:
    """Yield the schedules, each with its next and its last times."""
    w = Words(lang, document["timezone"])
    if not document["schedules"]:
        yield w("没有定期演练。", "There is no schedule. Put one in: emergency drill schedule add SCENARIO --cron ...")
    for each in document["schedules"]:
        when = each["cron"] or w.moment(each["at"])
        following = w.moment(each["next"]) if each["next"] else w("不再有", "no more")
        kind = w.of(KINDS[each["kind"]])
        name = f"{each['schedule']} {each['scenario']} ({kind})"
        director = each["director_name"][lang] if each["director_name"] else ""
        yield f"{name} {when}  {w('下次', 'next')}: {following}  {director}".rstrip()
        for one in each["last"]:
            yield _last(one, w)


def _last(one: Document, w: Words) -> str:
    rating = f" {one['rating']}" if one["rating"] else ""
    says = noted(one["says"], w)
    earlier = w(f",之前还有 {one['earlier']} 次", f", and {one['earlier']} before it") if one["earlier"] else ""
    became = f"{w.moment(one['due'])} {w.of(BECAME[one['status']])}"
    return f"    {became} {one['drill'] or ''}{rating} {says}{earlier}".rstrip()


def noted(says: str | None, w: Words) -> str:
    """Return what was noted of a time of a schedule, in words; what went wrong is noted in both languages."""
    if says and says.startswith("worse: "):
        return w(f"比上次差:{says[7:]}", f"worse than last time: {says[7:]}")
    en, _, zh = (says or "").partition("\t")
    return w.of(NOTED[en]) if en in NOTED else w(zh or en, en)


def added(document: Document, lang: str, timezone: str) -> Iterator[str]:
    """Yield what was put in, and what speaks against single times."""
    w = Words(lang, timezone)
    following = w.moment(document["next"]) if document["next"] else ""
    yield f"{document['schedule']} {document['scenario']}: {w('下次', 'next')} {following}"
    if document["kind"] != "simulated":
        zh = "真实电话的演练不会自己开始:到时由导演开始,提前三十天列入计划并提醒。"
        en = "A drill among people never begins by itself: it is planned 30 days ahead, and its director begins it."
        yield w(zh, en)
    for each in document["against"]:
        yield f"  {w.moment(each['at'])}: {each['text'][lang]}"


def coming(document: Document, lang: str) -> Iterator[str]:
    """Yield the drills of the next days, with what stands against each."""
    w = Words(lang, document["timezone"])
    if not document["drills"]:
        yield w(f"今后 {document['days']} 天没有演练。", f"No drill in the next {document['days']} days.")
    else:
        yield w("已安排的演练", "Drills to come")
    for each in document["drills"]:
        yield _to_come(each, w)
        yield from (f"      ! {note['text'][lang]}" for note in each["against"])
        for tell in each["tell"]:
            done = w("已确认", "confirmed") if tell["confirmed"] else w("未确认", "not confirmed")
            yield f"      {w('最迟', 'by')} {tell['by']} {tell['text'][lang]} ({tell['who']}): {done}"
