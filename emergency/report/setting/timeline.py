"""The timeline as a chart and a table (section 5)."""

from __future__ import annotations

from collections.abc import Iterator

from emergency.drills.scoring import length
from emergency.report import charts
from emergency.report.setting.blocks import Block, Cell, bad_if, chart, para, table
from emergency.report.setting.setting import Setting
from emergency.report.words import STATUSES


def timeline(setting: Setting) -> Iterator[Block]:
    """Yield the chart, and the table that says the same."""
    t, line = setting.t, setting.report.timeline
    for svg in charts.timelines(setting.report, setting.lang):
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
        rows.append(
            (
                Cell(bar.letter),
                Cell(setting.of(bar.name), bar.refs[:3]),
                Cell(setting.of(bar.person)),
                Cell(length(bar.started)),
                Cell(setting.dash(bar.acked)),
                Cell(setting.dash(bar.ended)),
                Cell(setting.dash(bar.took) + allowed),
                Cell(setting.of(STATUSES[bar.status]), (), bad_if(bar.status in ("late", "missed"))),
            )
        )
    yield table(head, rows, (0.5, 3.0, 1.5, 0.8, 0.8, 0.8, 1.2, 1.0))
