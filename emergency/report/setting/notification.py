"""Who answered when, what became of the messages, who was not reached (section 6)."""

from __future__ import annotations

from collections.abc import Iterator

from emergency.drills.critical import RULE
from emergency.drills.scoring import length
from emergency.report import charts
from emergency.report.labels import reasons_of
from emergency.report.setting.blocks import Block, Cell, bad_if, chart, head_of, para, table
from emergency.report.setting.setting import Setting
from emergency.report.values import NotReached
from emergency.report.words import CAUSES, CHANNELS, STAGES, UNITS


def notification(setting: Setting) -> Iterator[Block]:
    """Yield who answered when, what became of the messages, who was not reached."""
    t, report, found = setting.t, setting.report, setting.report.waiting
    yield head_of(t("(a) 关键岗位应答曲线", "(a) How the critical roles answered"))
    yield para(t(f"{RULE.zh}。", f"{RULE.en[0].upper()}{RULE.en[1:]}."), "quiet")
    yield chart(charts.answers(report, setting.lang), t("关键岗位应答曲线", "acknowledgement curves"))
    rows: list[tuple[Cell, ...]] = []
    for curve in (report.together, *report.curves):
        steps, last = curve.steps, curve.complete
        whole = Cell(setting.took(last), (), bad_if(last is None or (curve.target or last) < last))
        rows.append(
            (
                Cell(setting.of(curve.name), curve.refs[:3]),
                Cell(f"{len(steps)}/{curve.heads}"),
                Cell(setting.took(steps[0][0] if steps else None)),
                whole,
                Cell(setting.dash(curve.target)),
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
            f"中位 {setting.took(found.median)},最慢 {setting.took(found.slowest)}"
            "(未应答的按截尾计,不剔除)。",
            f"{found.orders} orders, {found.answered} answered; median {setting.took(found.median)}, slowest "
            f"{setting.took(found.slowest)} (unanswered ones are counted as censored, not left out).",
        )
    )
    yield chart(charts.waiting(found, setting.lang), t("任务应答比例", "share of orders answered"))
    yield head_of(t("(b) 消息漏斗", "(b) Delivery funnel"))
    yield chart(charts.funnel(report.funnel, STAGES, UNITS, setting.lang), t("消息漏斗", "delivery funnel"))
    names = [setting.of(STAGES[stage.key]) for stage in report.funnel]
    rows = [(Cell(t("全部", "all")), *(Cell(setting.number(stage.count)) for stage in report.funnel))]
    for channel, stages in report.channels:
        counts = [Cell(setting.number(stage.count)) for stage in stages] + [Cell("–")] * (len(names) - len(stages))
        rows.append((Cell(setting.of(CHANNELS[channel])), *counts))
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
            Cell(setting.of(each.person), each.refs),
            Cell(length(each.asked)),
            Cell(str(each.messages)),
            Cell(_cause(setting, each), (), "bad"),
        )
        for each in report.not_reached
    ]
    yield table(heads, rows, (2, 1, 1, 2))


def _cause(setting: Setting, each: NotReached) -> str:
    """Return why somebody was not reached, with the providers' reasons in words."""
    said = setting.of(CAUSES[each.cause])
    return f"{said}: {setting.of(reasons_of(each.detail))}" if each.detail else said
