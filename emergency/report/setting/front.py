"""The first pages: the cover, the result on one page, the overview, the injects (sections 1 to 4)."""

from __future__ import annotations

from collections.abc import Iterator

from emergency.drills.scoring import Score
from emergency.report.setting.blocks import Block, Cell, bad_if, head_of, para, points, table
from emergency.report.setting.setting import Setting
from emergency.report.values import Tone
from emergency.report.words import KINDS, NONE, NOTICES, OVER, STATUSES


def cover(setting: Setting) -> Iterator[tuple[str, Cell]]:
    """Yield the rows of the cover."""
    cover, t = setting.report.cover, setting.t
    yield t("编号", "Code"), Cell(cover.code)
    yield t("性质", "Kind"), Cell(setting.of(KINDS[cover.kind]), tone=bad_if(not cover.drill))
    yield t("结果评级", "Rating"), Cell(setting.whole())
    yield t("开始", "Began"), Cell(f"{setting.clock(cover.began)}  {setting.site_time()}")
    yield t("结束", "Ended"), Cell(f"{setting.clock(cover.ended)}  {setting.of(OVER[cover.over])}")
    yield t("地址", "Address"), Cell(setting.of(cover.address))
    yield t("预案及版本", "Plan and revision"), Cell(f"{cover.playbook} · {cover.revision}")
    if cover.drill:
        scenario = f"{cover.scenario} {setting.of(cover.scenario_title)}" if cover.scenario_title else setting.of(NONE)
        yield t("情景", "Scenario"), Cell(f"{scenario} {cover.scenario_digest[:12]}".strip())
        yield t("告知方式", "Notice"), Cell(setting.of(NOTICES[cover.notice]))
    yield t("程序版本", "Program"), Cell(cover.engine)
    if cover.model:
        yield t("人员模型版本", "People model"), Cell(cover.model)
    yield t("日志校验值", "Head of the log"), Cell(f"{cover.head}  ({cover.lines})")
    if cover.entries:
        yield t("评估簿校验值", "Head of the book"), Cell(f"{cover.book_head}  ({cover.entries})")
    yield t("核对命令", "To compare"), Cell(f"emergency log {cover.code} --verify")
    yield t("制作时间", "Made at"), Cell(setting.clock(cover.made))


def result(setting: Setting) -> Iterator[Block]:
    """Yield the page that everybody reads."""
    t, report = setting.t, setting.report
    rows = [
        (
            Cell(score.id),
            Cell(setting.of(score.text), score.evidence[:3]),
            Cell(setting.of(score.target)),
            Cell(setting.of(score.measured)),
            _rating(setting, score),
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
            yield para(_overridden(setting, line))
    yield head_of(t("三个亮点", "Three strengths"))
    yield points(map(setting.line, report.strengths), t("记录中没有", "none on record"))
    yield head_of(t("三个主要问题", "Three main problems"))
    yield points(map(setting.line, report.problems), t("记录中没有", "none on record"))
    yield head_of(t("安全声明", "Safety statement"))
    yield points(map(setting.line, report.safety), setting.of(NONE))
    if report.cover.drill:
        yield para(
            t(
                "一次演练不是概率:这里是一次观察到的结果。",
                "One run is no probability: this is what was seen once.",
            ),
            "quiet",
        )


def _rating(setting: Setting, score: Score) -> Cell:
    """Return the rating of an objective; both, where a person set another."""
    tone: Tone = "good" if score.rating == "P" else bad_if(score.rating in ("M", "U"))
    if score.override is None:
        return Cell(setting.rated(score.rating), (), tone)
    also = setting.t(f"(自动 {score.automatic or '–'})", f" (automatic: {score.automatic or '–'})")
    return Cell(setting.rated(score.rating) + also, (score.override.ref,), tone)


def _overridden(setting: Setting, score: Score) -> Cell:
    """Return who set another rating, and why."""
    by = setting.of(setting.report.override_by[score.id])
    why = setting.report.override_why[score.id]
    ref = score.override.ref if score.override else ""
    return Cell(
        setting.t(
            f"{score.id}:自动评级 {score.automatic or '–'},由{by}改为 {score.rating}:{why}",
            f"{score.id}: automatic {score.automatic or '–'}, set to {score.rating} by {by}: {why}",
        ),
        (ref,),
    )


def overview(setting: Setting) -> Iterator[Block]:
    """Yield the table of what it was."""
    rows = [(Cell(setting.of(name)), setting.line(line)) for name, line in setting.report.overview]
    whole = setting.report.timeline.length
    rows.append((Cell(setting.t("历时", "Duration")), Cell(setting.took(whole))))
    yield table((), rows, (1, 3))


def injects(setting: Setting) -> Iterator[Block]:
    """Yield what was scripted and what came."""
    t, report = setting.t, setting.report
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
        status = f"{setting.of(STATUSES[each.status])} {setting.of(each.by)}".strip()
        rows.append(
            (
                Cell(each.id),
                Cell(setting.of(each.text), each.refs),
                Cell(setting.of(each.target)),
                Cell(setting.dash(each.planned)),
                Cell(setting.dash(each.released)),
                Cell(status),
                Cell(each.objective or "–"),
                Cell(touched, (), bad_if(each.touched == 0)),
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
