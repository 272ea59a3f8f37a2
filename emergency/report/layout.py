"""A report set in one language, as sections of blocks: what HTML and PDF print. Nothing is counted here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from emergency.core.gaps import TOO_LONG
from emergency.core.values import Text
from emergency.drills.critical import RULE
from emergency.drills.scoring import RATING_WORDS, RULES, STATUS_WORDS, Score, length
from emergency.report import charts
from emergency.report.labels import reasons_of
from emergency.report.values import Line, NotReached, Report, Tone

Lang = Literal["zh", "en"]
UNKNOWN = Text("不详", "unknown")
NONE = Text("无", "none")


ALIKE = 2
"""Findings of one check that are printed; of more, their number."""


class Cell(msgspec.Struct, frozen=True):
    """Words, the lines that show them, and how they look."""

    text: str
    refs: tuple[str, ...] = ()
    tone: Tone = ""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One thing on the page. kind: `p`, `h` (a heading within a section), `points`, `table`, `chart`, `facts`, `raw`.

    head: the headings of a table; rows: its cells; wide: shares of the width, column by column. svg: of a chart, whose
    words for who cannot see it are in `cells`. raw: a long table in small letters, whose first column is a target.
    """

    kind: str
    cells: tuple[Cell, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    wide: tuple[float, ...] = ()
    svg: str = ""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One numbered section. fresh: it begins on a new page in print."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    fresh: bool = False


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report in one language. banner: real or drill, in one word, for the mark across every page."""

    lang: Lang
    banner: str
    title: str
    under: str
    facts: tuple[tuple[str, Cell], ...]
    sections: tuple[Section, ...]


TITLES: dict[str, Text] = {
    "result": Text("2 一页结论", "2 Result on one page"),
    "overview": Text("3 概况", "3 Overview"),
    "injects": Text("4 情景与注入", "4 Scenario and injects"),
    "timeline": Text("5 时间线", "5 Timeline"),
    "notification": Text("6 通知与应答", "6 Notification"),
    "roles": Text("7 岗位记分", "7 Role scorecards"),
    "analysis": Text("8 按目标分析", "8 Analysis by objective"),
    "check": Text("9 预案检查", "9 Plan check"),
    "forecast": Text("10 预测与实际", "10 Forecast and fact"),
    "improvement": Text("11 整改计划", "11 Improvement plan"),
    "annexes": Text("12 附件(中国格式)", "12 Annexes in the Chinese forms"),
    "raw": Text("附录A 原始记录", "Annex A Raw events"),
    "method": Text("附录B 方法与评级规则", "Annex B Method and rating rules"),
    "gaps": Text("附录C 数据缺口", "Annex C Data gaps"),
    "privacy": Text("附录D 隐私说明", "Annex D Privacy"),
    "names": Text("附录E 人员对照(限阅)", "Annex E Names (restricted)"),
}
"""The sections in their order; section 1 is the cover."""
KINDS: dict[str, Text] = {
    "real": Text("真实事件", "real incident"),
    "simulated": Text("模拟推演(虚拟人员)", "simulated drill (played people)"),
    "screen": Text("演练(消息只显示,不打电话)", "drill on the screen (no telephone rings)"),
    "tabletop": Text("桌面演练", "tabletop drill"),
    "callout": Text("通知演练(真实电话)", "call-out drill (real telephones)"),
    "full": Text("实战演练", "full drill"),
}
NOTICES: dict[str, Text] = {
    "announced": Text("预先告知", "announced"),
    "window": Text("告知时段,不告知时刻", "period known, minute hidden"),
    "trusted_agents": Text("仅少数人知晓", "trusted agents only"),
    "": UNKNOWN,
}
OVER: dict[str, Text] = {
    "stand_down": Text("已解除", "stood down"),
    "false_alarm": Text("误报", "false alarm"),
    "cancelled": Text("取消", "cancelled"),
    "aborted": Text("中途中止", "broken off"),
    "stopped": Text("演练结束", "ENDEX"),
    "open": Text("尚未结束(中间稿)", "still open (draft)"),
}
STATUSES: Mapping[str, Text] = {
    **{str(key): word for key, word in STATUS_WORDS.items()},
    "released": Text("已注入", "released"),
    "skipped": Text("跳过", "skipped"),
    "not_released": Text("未发生", "not released"),
    "adhoc": Text("临时加入", "ad hoc"),
    "contingency": Text("导控补救", "contingency"),
    "open": Text("未完成", "open"),
    "moved_on": Text("阶段已过", "plan moved on"),
}
CAUSES: dict[str, Text] = {
    "no_number": Text("没有号码", "no number"),
    "failed": Text("消息失败(号码错误或停用等)", "message failed (wrong or dead number, ...)"),
    "no_receipt": Text("无送达回执", "no receipt"),
    "no_reply": Text("已送达,未回复", "delivered, no reply"),
    "declined": Text("拒绝", "declined"),
    "not_sent": Text("未发出", "not sent"),
}
STAGES: dict[str, Text] = {
    "planned": Text("计划发出", "planned"),
    "submitted": Text("已提交", "submitted"),
    "accepted": Text("运营商接受", "accepted"),
    "delivered": Text("送达回执", "delivered"),
    "called": Text("已发出的请求", "requests sent out"),
    "replied": Text("有回复", "replied"),
    "valid": Text("有效应答", "valid answer"),
    "arrived": Text("到场", "arrived"),
}
CHANNELS: dict[str, Text] = {"sms": Text("短信", "texts"), "voice": Text("电话", "calls")}
UNITS: dict[str, Text] = {"messages": Text("条", "messages"), "calls": Text("项", "requests")}
ELEMENTS: dict[str, Text] = {
    "planning": Text("预案", "planning"),
    "organisation": Text("组织", "organisation"),
    "equipment": Text("装备", "equipment"),
    "training": Text("培训", "training"),
    "exercise": Text("演练", "exercise"),
}
TOPICS: dict[str, Text] = {
    "well": Text("做得好", "went well"),
    "badly": Text("做得不好", "went badly"),
    "change": Text("应改变", "to change"),
    "safety": Text("安全", "safety"),
}
NOTE_KINDS: dict[str, Text] = {
    "observed": Text("观察", "observed"),
    "hotwash": Text("讲评", "hot wash"),
    "answered": Text("评估问题", "evaluator"),
}
SEVERITIES: dict[str, Text] = {
    "error": Text("错误", "error"),
    "warning": Text("提醒", "warning"),
    "info": Text("说明", "note"),
}
VERDICTS: dict[str, Text] = {
    "strength": Text("亮点", "strength"),
    "improve": Text("待改进", "area for improvement"),
    "untested": Text("未检验", "not tested"),
}


def part(report: Report, lang: Lang) -> Part:
    """Return the report in one language."""
    return Setting(report, lang).part()


class Setting:
    """One report being set in one language."""

    def __init__(self, report: Report, lang: Lang) -> None:
        """Remember both."""
        self.report, self.lang = report, lang
        self.zone = ZoneInfo(report.cover.timezone)

    def t(self, zh: str, en: str) -> str:
        """Return words in the language."""
        return zh if self.lang == "zh" else en

    def of(self, text: Text) -> str:
        """Return a text in the language."""
        return text.of(self.lang)

    def line(self, line: Line) -> Cell:
        """Return a sentence as a cell."""
        return Cell(self.of(line.text), line.refs, line.tone)

    def clock(self, at: datetime | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
        """Return a moment on the site's clock; unknown for none."""
        return at.astimezone(self.zone).strftime(form) if at is not None else self.of(UNKNOWN)

    def took(self, seconds: float | None) -> str:
        """Return a length; unknown for none."""
        return length(seconds) if seconds is not None else self.of(UNKNOWN)

    def rated(self, rating: str | None) -> str:
        """Return a rating with its words."""
        return f"{rating or '–'} {self.of(RATING_WORDS[rating or ''])}"

    def whole(self) -> str:
        """Return the rating of the whole, with how many of the objectives it rests on."""
        scores = self.report.scores
        tested = sum(score.rating is not None for score in scores)
        rests = self.t(f"({len(scores)} 项目标,检验了 {tested} 项)", f" ({tested} of {len(scores)} objectives tested)")
        return self.rated(self.report.cover.rating) + (rests if scores else "")

    def site_time(self) -> str:
        """Return in which time the report is written: the site's own."""
        return self.t(f"时间均为当地时间({self.report.cover.timezone})", f"site time ({self.report.cover.timezone})")

    def part(self) -> Part:
        """Put the sections together."""
        report, cover = self.report, self.report.cover
        drill = self.t("演练", "DRILL") if cover.drill else self.t("真实", "REAL")
        what = (
            self.t("演练评估总结报告", "After-action report")
            if cover.drill
            else self.t("处置评估总结报告", "After-action report")
        )
        makers: dict[str, Callable[[], Iterator[Block]]] = {
            "result": self.result,
            "overview": self.overview,
            "injects": self.injects,
            "timeline": self.timeline,
            "notification": self.notification,
            "roles": self.roles,
            "analysis": self.analysis,
            "check": self.check,
            "forecast": self.forecast,
            "improvement": self.improvement,
            "annexes": self.annexes,
            "raw": self.raw,
            "method": self.method,
            "gaps": self.gaps,
            "privacy": self.privacy,
        }
        if report.named:
            makers["names"] = self.names
        fresh = {"result", "overview", "annexes", "raw", "names"}
        sections = tuple(
            Section(id=id, title=self.of(TITLES[id]), blocks=tuple(make()), fresh=id in fresh)
            for id, make in makers.items()
        )
        return Part(
            lang=self.lang,
            banner=drill,
            title=f"{what}: {self.of(cover.title)}",
            under=f"{self.of(cover.site)} · {self.of(cover.place)}",
            facts=tuple(self.cover()),
            sections=sections,
        )

    # 1

    def cover(self) -> Iterator[tuple[str, Cell]]:
        """Yield the rows of the cover."""
        cover, t = self.report.cover, self.t
        yield t("编号", "Code"), Cell(cover.code)
        yield t("性质", "Kind"), Cell(self.of(KINDS[cover.kind]), tone="bad" if not cover.drill else "")
        yield t("结果评级", "Rating"), Cell(self.whole())
        yield t("开始", "Began"), Cell(f"{self.clock(cover.began)}  {self.site_time()}")
        yield t("结束", "Ended"), Cell(f"{self.clock(cover.ended)}  {self.of(OVER[cover.over])}")
        yield t("地址", "Address"), Cell(self.of(cover.address))
        yield t("预案及版本", "Plan and revision"), Cell(f"{cover.playbook} · {cover.revision}")
        if cover.drill:
            scenario = f"{cover.scenario} {self.of(cover.scenario_title)}" if cover.scenario_title else self.of(NONE)
            yield t("情景", "Scenario"), Cell(f"{scenario} {cover.scenario_digest[:12]}".strip())
            yield t("告知方式", "Notice"), Cell(self.of(NOTICES[cover.notice]))
        yield t("程序版本", "Program"), Cell(cover.engine)
        if cover.model:
            yield t("人员模型版本", "People model"), Cell(cover.model)
        yield t("日志校验值", "Head of the log"), Cell(f"{cover.head}  ({cover.lines})")
        if cover.entries:
            yield t("评估簿校验值", "Head of the book"), Cell(f"{cover.book_head}  ({cover.entries})")
        yield t("核对命令", "To compare"), Cell(f"emergency log {cover.code} --verify")
        yield t("制作时间", "Made at"), Cell(self.clock(cover.made))

    # 2

    def result(self) -> Iterator[Block]:
        """Yield the page that everybody reads."""
        t, report = self.t, self.report
        rows = [
            (
                Cell(score.id),
                Cell(self.of(score.text), score.evidence[:3]),
                Cell(self.of(score.target)),
                Cell(self.of(score.measured)),
                self.rating(score),
            )
            for score in report.scores
        ]
        head = (
            t("编号", "No."),
            t("目标", "Objective"),
            t("要求", "Target"),
            t("实测", "Measured"),
            t("评级", "Rating"),
        )
        yield table(head, rows, (0.5, 3.4, 1.8, 1.8, 2.0))
        for line in report.scores:
            if line.override is not None:
                yield para(self.overridden(line))
        yield head_of(t("三个亮点", "Three strengths"))
        yield points(map(self.line, report.strengths), t("记录中没有", "none on record"))
        yield head_of(t("三个主要问题", "Three main problems"))
        yield points(map(self.line, report.problems), t("记录中没有", "none on record"))
        yield head_of(t("安全声明", "Safety statement"))
        yield points(map(self.line, report.safety), self.of(NONE))
        if report.cover.drill:
            yield para(
                t(
                    "一次演练不是概率:这里是一次观察到的结果。",
                    "One run is no probability: this is what was seen once.",
                ),
                "quiet",
            )

    def rating(self, score: Score) -> Cell:
        """Return the rating of an objective; both, where a person set another."""
        tone: Tone = "good" if score.rating == "P" else "bad" if score.rating in ("M", "U") else ""
        if score.override is None:
            return Cell(self.rated(score.rating), (), tone)
        also = self.t(f"(自动 {score.automatic or '–'})", f" (automatic: {score.automatic or '–'})")
        return Cell(self.rated(score.rating) + also, (score.override.ref,), tone)

    def overridden(self, score: Score) -> Cell:
        """Return who set another rating, and why."""
        by = self.of(self.report.override_by[score.id])
        why = self.report.override_why[score.id]
        ref = score.override.ref if score.override else ""
        return Cell(
            self.t(
                f"{score.id}:自动评级 {score.automatic or '–'},由{by}改为 {score.rating}:{why}",
                f"{score.id}: automatic {score.automatic or '–'}, set to {score.rating} by {by}: {why}",
            ),
            (ref,),
        )

    # 3, 4

    def overview(self) -> Iterator[Block]:
        """Yield the table of what it was."""
        rows = [(Cell(self.of(name)), self.line(line)) for name, line in self.report.overview]
        whole = self.report.timeline.length
        rows.append((Cell(self.t("历时", "Duration")), Cell(self.took(whole))))
        yield table((), rows, (1, 3))

    def injects(self) -> Iterator[Block]:
        """Yield what was scripted and what came."""
        t, report = self.t, self.report
        if not report.injects:
            yield para(t("没有注入。", "There were no injects."))
            return
        head = (
            "ID",
            t("情景", "Inject"),
            t("对象", "Target"),
            t("计划", "Planned"),
            t("实际", "Released"),
            t("状态", "Status"),
            t("目标", "Objective"),
            t("受影响消息", "Messages in it"),
        )
        rows = []
        for each in report.injects:
            touched = "–" if each.touched is None else str(each.touched)
            tone: Tone = "bad" if each.touched == 0 else ""
            planned = length(each.planned) if each.planned is not None else "–"
            released = length(each.released) if each.released is not None else "–"
            status = f"{self.of(STATUSES[each.status])} {self.of(each.by)}".strip()
            rows.append(
                (
                    Cell(each.id),
                    Cell(self.of(each.text), each.refs),
                    Cell(self.of(each.target)),
                    Cell(planned),
                    Cell(released),
                    Cell(status),
                    Cell(each.objective or "–"),
                    Cell(touched, (), tone),
                )
            )
        yield table(head, rows, (0.6, 2.8, 1.4, 0.8, 0.9, 1.2, 0.8, 0.9))
        yield para(
            t(
                "“受影响消息”为 0 的情景没有检验到任何东西。",
                "An inject with 0 messages in its effect has tested nothing.",
            ),
            "quiet",
        )

    # 5

    def timeline(self) -> Iterator[Block]:
        """Yield the chart, and the table that says the same."""
        t, line = self.t, self.report.timeline
        for svg in charts.timelines(self.report, self.lang):
            yield chart(svg, t("各任务的时间线", "timeline of the steps"))
        later = sum(bar.started > line.shown for bar in line.bars)
        if later:
            shown = length(line.shown)
            yield para(
                t(
                    f"图示前 {shown};其后 {later} 项任务见下表。",
                    f"Shown up to {shown}; {later} later steps stand in the table.",
                ),
                "quiet",
            )
        head = (
            t("码", "Code"),
            t("任务", "Step"),
            t("执行", "Who"),
            t("开始", "Began"),
            t("应答", "Answered"),
            t("完成", "Ended"),
            t("用时/时限", "Took / target"),
            t("结果", "Outcome"),
        )
        rows = []
        for bar in line.bars:
            allowed = f" / {length(bar.allowed)}" if bar.allowed is not None else ""
            took = length(bar.took) if bar.took is not None else "–"
            tone: Tone = "bad" if bar.status in ("late", "missed") else ""
            rows.append(
                (
                    Cell(bar.letter),
                    Cell(self.of(bar.name), bar.refs[:3]),
                    Cell(self.of(bar.person)),
                    Cell(length(bar.started)),
                    Cell(length(bar.acked) if bar.acked is not None else "–"),
                    Cell(length(bar.ended) if bar.ended is not None else "–"),
                    Cell(took + allowed),
                    Cell(self.of(STATUSES[bar.status]), (), tone),
                )
            )
        yield table(head, rows, (0.5, 3.0, 1.5, 0.8, 0.8, 0.8, 1.2, 1.0))

    # 6

    def notification(self) -> Iterator[Block]:
        """Yield who answered when, what became of the messages, who was not reached."""
        t, report, found = self.t, self.report, self.report.waiting
        yield head_of(t("(a) 关键岗位应答曲线", "(a) How the critical roles answered"))
        yield para(t(f"{RULE.zh}。", f"{RULE.en[0].upper()}{RULE.en[1:]}."), "quiet")
        yield chart(charts.answers(report, self.lang), t("关键岗位应答曲线", "acknowledgement curves"))
        rows: list[tuple[Cell, ...]] = []
        for curve in (report.together, *report.curves):
            steps = curve.steps
            last = steps[curve.heads - 1][0] if len(steps) >= curve.heads and curve.heads else None
            first = length(steps[0][0]) if steps else self.of(UNKNOWN)
            target = length(curve.target) if curve.target is not None else "–"
            whole = Cell(self.took(last), (), "bad" if last is None or (curve.target or last) < last else "")
            rows.append(
                (
                    Cell(self.of(curve.name), curve.refs[:3]),
                    Cell(f"{len(steps)}/{curve.heads}"),
                    Cell(first),
                    whole,
                    Cell(target),
                )
            )
        head = (
            t("岗位", "Role"),
            t("应答人数", "Answered"),
            t("首个应答", "First"),
            t("全部应答", "All"),
            t("时限", "Target"),
        )
        yield table(head, rows, (2.5, 1, 1, 1, 1))
        yield para(
            t(
                f"全部任务 {found.orders} 次下达,{found.answered} 次有人应答;"
                f"中位 {self.took(found.median)},最慢 {self.took(found.slowest)}"
                "(未应答的按截尾计,不剔除)。",
                f"{found.orders} orders, {found.answered} answered; median {self.took(found.median)}, slowest "
                f"{self.took(found.slowest)} (unanswered ones are counted as censored, not left out).",
            )
        )
        yield chart(charts.waiting(found, self.lang), t("任务应答比例", "share of orders answered"))
        yield head_of(t("(b) 消息漏斗", "(b) Delivery funnel"))
        yield chart(charts.funnel(report.funnel, STAGES, UNITS, self.lang), t("消息漏斗", "delivery funnel"))
        names = [self.of(STAGES[stage.key]) for stage in report.funnel]
        rows = [(Cell(t("全部", "all")), *(Cell(self.number(stage.count)) for stage in report.funnel))]
        for channel, stages in report.channels:
            counts = [Cell(self.number(stage.count)) for stage in stages] + [Cell("–")] * (len(names) - len(stages))
            rows.append((Cell(self.of(CHANNELS[channel])), *counts))
        yield table(("", *names), rows, (0.8, *(1.0 for _ in names)))
        yield para(
            t(
                "请求:要一个人办一件事,至少有一条消息(短信或电话)已发出才计;同一件事转给替补,另计一项。",
                "A request asks one person for one thing, and counts once at least one message of it (text or call) "
                "was handed over; passed on to a deputy, the same thing is a further request.",
            ),
            "quiet",
        )
        yield head_of(t("(c) 未联系上的人", "(c) Not reached"))
        if not report.not_reached:
            yield para(t("被呼叫的人都有应答。", "Everybody who was called answered something."))
            return
        heads = (t("人员", "Who"), t("呼叫时间", "Called at"), t("消息数", "Messages"), t("原因", "Cause"))
        rows = [
            (
                Cell(self.of(each.person), each.refs),
                Cell(length(each.asked)),
                Cell(str(each.messages)),
                Cell(self.cause(each), (), "bad"),
            )
            for each in report.not_reached
        ]
        yield table(heads, rows, (2, 1, 1, 2))

    def cause(self, each: NotReached) -> str:
        """Return why somebody was not reached, with the providers' reasons in words."""
        said = self.of(CAUSES[each.cause])
        return f"{said}: {self.of(reasons_of(each.detail))}" if each.detail else said

    def number(self, count: int | None) -> str:
        """Return a count; unknown for none."""
        return str(count) if count is not None else self.of(UNKNOWN)

    # 7, 8

    def roles(self) -> Iterator[Block]:
        """Yield the scorecards, the most critical role first."""
        t = self.t
        head = (
            t("岗位", "Role"),
            t("担任", "Held by"),
            t("应答/被叫", "Answered / called"),
            t("首个应答", "First answer"),
            t("到齐应答", "All answered"),
            t("到场", "Arrived"),
            t("任务 按时·超时·未做", "Steps in time · late · missed"),
            t("换人", "Hand-overs"),
            t("评级", "Rating"),
        )
        rows = []
        for card in self.report.cards:
            tone: Tone = "bad" if card.rating in ("M", "U") else ""
            star = "★ " if card.critical else ""
            rows.append(
                (
                    Cell(star + self.of(card.title), card.refs[:2]),
                    Cell(", ".join(map(self.of, card.holders)) or self.of(UNKNOWN)),
                    Cell(f"{card.answered}/{card.asked}"),
                    Cell(self.took(card.first)),
                    Cell(self.took(card.manned)),
                    Cell(self.took(card.arrived)),
                    Cell(f"{card.in_time} · {card.late} · {card.missed}"),
                    Cell(str(card.handovers)),
                    Cell(card.rating or "–", (), tone),
                )
            )
        yield table(head, rows, (1.8, 2.6, 1, 0.9, 0.9, 0.8, 1.3, 0.8, 0.6))
        yield para(
            t(
                "按重要性排序:指挥岗位,开局即需的关键岗位(★),再按启用级别和限时任务数。评级规则见附录B。",
                "Ranked by how critical they are: command, then those the plan begins with (★), then the level they "
                "are called at and their timed steps. Rating rules: annex B.",
            ),
            "quiet",
        )

    def analysis(self) -> Iterator[Block]:
        """Yield each objective: expected, happened, why, what followed."""
        t = self.t
        for each in self.report.analysis:
            score = each.score
            title = f"{score.id} {self.of(score.text)} — {score.rating or '–'} · {self.of(VERDICTS[each.verdict])}"
            yield head_of(title)
            names = (t("期望", "Expected"), t("实际", "Happened"), t("原因", "Why"), t("后果", "Consequence"))
            lists = (each.expected, each.happened, each.why, each.consequence)
            rows = [
                (Cell(name), self.line(line)) if number == 0 else (Cell(""), self.line(line))
                for name, lines in zip(names, lists, strict=True)
                for number, line in enumerate(lines)
            ]
            yield table((), rows, (0.8, 5))
        yield from self.notes()

    def notes(self) -> Iterator[Block]:
        """Yield what observers and players wrote."""
        t = self.t
        if not self.report.notes:
            return
        yield head_of(t("观察与讲评记录", "Observations and hot wash"))
        rows = []
        for note in self.report.notes:
            topic = self.of(TOPICS[note.topic]) if note.topic in TOPICS else note.topic
            unsafe = t("不安全!", "UNSAFE! ") if note.unsafe else ""
            unsafe += t("(补送)", "(sent later) ") if note.later else ""
            rows.append(
                (
                    Cell(self.clock(note.at, "%H:%M:%S"), (note.ref,)),
                    Cell(self.of(NOTE_KINDS[note.kind])),
                    Cell(topic),
                    Cell(self.of(note.by)),
                    Cell(unsafe + note.text, (), "bad" if note.unsafe else ""),
                    Cell(note.rating or "–"),
                )
            )
        head = (
            t("时间", "At"),
            t("种类", "Kind"),
            t("事项", "About"),
            t("记录人", "By"),
            t("内容", "Words"),
            t("评", "Rating"),
        )
        yield table(head, rows, (1, 0.9, 1.2, 1.4, 4, 0.6))

    # 9, 10, 11

    def check(self) -> Iterator[Block]:
        """Yield the findings of the plan's check that are open."""
        t, found = self.t, self.report.findings
        if found is None:
            yield para(t("未运行预案检查。", "The plan was not checked."))
            return
        if not found:
            yield para(t("预案检查没有未决问题。", "The check of the plan finds nothing open."))
            return
        rows, of_kind = [], Counter(each.id for each in found)
        shown: Counter[str] = Counter()
        for each in found:
            shown[each.id] += 1
            if shown[each.id] > ALIKE:
                continue
            more = of_kind[each.id] - ALIKE if shown[each.id] == ALIKE else 0
            rest = t(f"(同类还有 {more} 条)", f" (and {more} more of this kind)") if more > 0 else ""
            level = self.of(SEVERITIES.get(each.severity, Text(each.severity, each.severity)))
            state = f"{t('豁免', 'waived')}: {each.reason}" if each.waived else t("未决", "open")
            rows.append((Cell(each.id or "–"), Cell(level), Cell(self.of(each.says) + rest), Cell(state)))
        head = (t("检查", "Check"), t("级别", "Level"), t("发现", "Finding"), t("状态", "State"))
        yield table(head, rows, (0.7, 0.8, 5, 1.5))

    def forecast(self) -> Iterator[Block]:
        """Yield the forecast beside the one run that was seen."""
        t, forecast, together = self.t, self.report.forecast, self.report.together
        if forecast is None:
            yield para(t("没有事先的推演预测。", "Nothing was forecast before."))
            return
        steps = together.steps
        last = steps[together.heads - 1][0] if len(steps) >= together.heads and together.heads else None
        rows = [(Cell(t("推演次数", "Runs")), Cell(str(forecast.runs)))]
        if forecast.within is not None and forecast.probability is not None:
            name = t(f"预测 {length(forecast.within)} 内到齐的概率", f"Forecast: all within {length(forecast.within)}")
            rows.append((Cell(name), Cell(f"{forecast.probability:.0%}")))
        rows.append((Cell(t("实际到齐", "In fact all after")), Cell(self.took(last), together.refs[-1:])))
        at = next((p for moment, p, _, _ in reversed(forecast.curve) if last is not None and moment <= last), None)
        if at is not None:
            name = t("预测中不晚于实际的比例", "Share of forecast runs that were no slower")
            rows.append((Cell(name), Cell(f"{at:.0%}")))
        if forecast.assumed is not None:
            rows.append((Cell(t("建立在假设上的输入", "Inputs that are assumed")), Cell(f"{forecast.assumed:.0%}")))
        yield table((), rows, (2, 3))
        yield para(t("一次实测既不证实也不推翻概率。", "One run neither proves nor refutes a probability."), "quiet")

    def improvement(self) -> Iterator[Block]:
        """Yield the actions: agreed now, and carried over."""
        t = self.t
        if not self.report.actions:
            yield para(
                t(
                    "尚无整改措施。用 emergency drill action add 加入。",
                    "No action yet. Add one: emergency drill action add",
                )
            )
            return
        head = (
            t("编号", "No."),
            t("来源", "From"),
            t("问题", "Problem"),
            t("要素", "Element"),
            t("措施", "Action"),
            t("负责", "Owner"),
            t("期限", "Due"),
            t("状态与证据", "State, evidence"),
        )
        rows = []
        for each in self.report.actions:
            origin = each.origin + (t(" 结转", " carried") if each.carried else "")
            flag = t(f" ⚑重复({each.repeats})", f" ⚑ repeats {each.repeats}") if each.repeats else ""
            if each.done is not None:
                state = Cell(
                    f"{t('完成', 'done')} {self.clock(each.done, '%Y-%m-%d')} {each.evidence} {each.verified}".strip(),
                    (),
                    "good",
                )
            else:
                late = t("逾期", "OVERDUE") if each.overdue else t("未完成", "open")
                state = Cell(
                    late + (t(",下次演练验证", "; verify in the next drill") if each.verify else ""),
                    (),
                    "bad" if each.overdue else "",
                )
            rows.append(
                (
                    Cell(each.id, (each.ref,) if each.ref else ()),
                    Cell(origin),
                    Cell(each.problem + flag, (), "bad" if each.repeats else ""),
                    Cell(self.of(ELEMENTS[each.element])),
                    Cell(each.action),
                    Cell(self.of(each.owner)),
                    Cell(each.due or "–"),
                    state,
                )
            )
        yield table(head, rows, (0.6, 0.9, 2.2, 0.8, 2.2, 1.3, 0.9, 1.6))

    # 12

    def annexes(self) -> Iterator[Block]:
        """Yield the five forms that a Chinese file of a drill holds, in Chinese whatever the language."""
        from emergency.report.annexes import annexes

        if self.lang == "en":
            yield para(
                "These forms go to Chinese authorities and stand in Chinese: evaluation sheet, evaluation report, "
                "summary, return to the regulator, list of signatures and pictures.",
                "quiet",
            )
        yield from annexes(self.report, Setting(self.report, "zh"))

    def raw(self) -> Iterator[Block]:
        """Yield every line of the log but timers, and of the book."""
        rows = [
            (
                Cell(each.ref),
                Cell(self.clock(each.at, "%m-%d %H:%M:%S")),
                Cell(self.of(each.kind)),
                Cell(self.of(each.says)),
            )
            for each in self.report.raw
        ]
        head = ("#", self.t("时间", "At"), self.t("事项", "What"), self.t("内容", "Words"))
        yield Block(kind="raw", head=head, rows=tuple(rows), wide=(0.6, 1.3, 1.3, 6))

    def method(self) -> Iterator[Block]:
        """Yield how it was rated."""
        t = self.t
        yield table(
            (t("评级", "Rating"), t("规则", "Rule")),
            [(Cell(mark), Cell(self.of(rule))) for mark, rule in RULES],
            (1, 6),
        )
        for zh, en in METHOD:
            yield para(t(zh, en))

    def gaps(self) -> Iterator[Block]:
        """Yield what is not known."""
        yield points(map(self.line, self.report.gaps), self.of(NONE))

    def privacy(self) -> Iterator[Block]:
        """Yield what the report holds of people."""
        yield para(
            self.t(
                "正文只有岗位和编号,没有姓名和电话号码;姓名只在限阅附录中,按需生成。个人应答时间用于改进组织,不用于处分。"
                "人员信息可按规定删除,日志的校验值不受影响。",
                "The body holds roles and numbers of its own, no names and no telephone numbers; names stand in a "
                "restricted annex that is only made on request. Individual times serve to improve, not to punish. "
                "People can be forgotten without breaking the chain of the log.",
            )
        )

    def names(self) -> Iterator[Block]:
        """Yield who is who."""
        t = self.t
        yield para(
            t(
                "限阅:仅供授权人员,不得随报告外发。",
                "Restricted: for those entitled alone; not to be passed on with the report.",
            ),
            "bad",
        )
        rows = [
            (Cell(self.of(each.label)), Cell(self.of(each.name)), Cell(self.of(each.role)))
            for each in self.report.named
        ]
        yield table((t("编号", "Label"), t("姓名", "Name"), t("岗位", "Role")), rows, (2, 2, 2))


METHOD: tuple[tuple[str, str], ...] = (
    (
        "每项目标由程序按日志自动评级;评估员可带姓名和理由改评,两者并列。总评取已检验目标中最差的一项。",
        "Each objective is rated from the log; an evaluator may set another rating with name and reason, and both are "
        "shown. The whole is rated as the worst objective that was tested.",
    ),
    (
        "要求“全部按时”的目标(预案推出的 R、T,以及其他情景的应对 X),按各项计:一项也没做到为 U;有一项始终未做到,"
        "或一半以上超时,为 M;少数超时为 S;全部按时为 P。四个等级出自 HSEEP 2020,界限为经验值。",
        "An objective that several things be done, all in time (R and T of the plan, X of the other injects), is rated "
        "by them: none ever done U; one never done, or more than half late, M; fewer late S; all in time P. The four "
        "ratings are those of HSEEP 2020, where they part is practice.",
    ),
    (
        f"{RULE.zh}。预测、演练评级与应答曲线同此规则(经验值)。",
        f"{RULE.en[0].upper()}{RULE.en[1:]}. Forecast, ratings and curves go by this one rule (practice).",
    ),
    (
        "岗位:从未应答为 U,有任务未做或一半以上超时为 M,少数超时为 S,否则 P。演练暂停的时间不计入任何用时。",
        "A role that never answered is U, one with a step missed or more than half of them late M, with fewer late S, "
        "else P. Time in which the drill stood still counts nowhere.",
    ),
    (
        f"岗位空缺:到结束仍无人,或超过 {length(TOO_LONG)} 才有人(程序的上报时限,经验值),"
        "才列为主要问题(只计有任务的时间);不久即补上的写在原因里。",
        f"A place that stayed empty to the end, or for more than {length(TOO_LONG)} (when the program calls on "
        "somebody above; practice) while it had something to do, is a main problem; one that was soon taken stands "
        "among the causes.",
    ),
    (
        "给出中位数和最差值,不单独给平均值;未应答的呼叫按截尾计入(Kaplan-Meier),不剔除。",
        "Medians and worst cases, never means alone; calls that were not answered count as censored (Kaplan-Meier).",
    ),
    (
        "#45 指日志第 45 行,B12 指评估簿第 12 行。封面的校验值是日志最后一行的散列,可用所示命令核对。",
        "#45 is line 45 of the log, B12 entry 12 of the book. The head on the cover is the hash of the last line of "
        "the log; the command beside it compares.",
    ),
)


def para(words: str | Cell, tone: Tone = "") -> Block:
    """Return a paragraph."""
    return Block(kind="p", cells=(words if isinstance(words, Cell) else Cell(words, (), tone),))


def head_of(words: str) -> Block:
    """Return a heading within a section."""
    return Block(kind="h", cells=(Cell(words),))


def points(cells: Iterable[Cell], otherwise: str) -> Block:
    """Return a list; *otherwise* stands where it is empty."""
    return Block(kind="points", cells=tuple(cells) or (Cell(otherwise, (), "quiet"),))


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]], wide: Sequence[float]) -> Block:
    """Return a table."""
    return Block(kind="table", head=tuple(head), rows=tuple(map(tuple, rows)), wide=tuple(wide))


def chart(svg: str, words: str) -> Block:
    """Return a chart with words for who cannot see it."""
    return Block(kind="chart", svg=svg, cells=(Cell(words),))
