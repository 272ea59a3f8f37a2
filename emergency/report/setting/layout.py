"""A report in one language: its cover and its sections, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from emergency.report.setting import front, improvement, notification, record, roles, timeline
from emergency.report.setting.annexes import annexes
from emergency.report.setting.blocks import Block, Lang, Part, Section
from emergency.report.setting.setting import Setting
from emergency.report.values import Report
from emergency.report.words import TITLES

MAKERS: dict[str, Callable[[Setting], Iterator[Block]]] = {
    "result": front.result,
    "overview": front.overview,
    "injects": front.injects,
    "timeline": timeline.timeline,
    "notification": notification.notification,
    "roles": roles.roles,
    "analysis": roles.analysis,
    "check": improvement.check,
    "forecast": improvement.forecast,
    "improvement": improvement.improvement,
    "annexes": annexes,
    "method": record.method,
    "gaps": record.gaps,
    "privacy": record.privacy,
    "names": record.names,
}
"""What fills each section; section 1 is the cover, and annex A, the log, is filled last: it depends on the others."""
FRESH = frozenset({"result", "overview", "annexes", "raw", "names"})
"""Sections that begin on a new page in print."""


def part(report: Report, lang: Lang, *, whole: bool = True) -> Part:
    """Return the report in one language; without *whole*, with no more of the log than a reader needs."""
    setting, cover = Setting(report, lang), report.cover
    what = setting.t("演练" if cover.drill else "处置", "") + setting.t("评估总结报告", "After-action report")
    made = {id: tuple(make(setting)) for id, make in MAKERS.items() if id != "names" or report.named}
    made["raw"] = tuple(record.raw(setting, None if whole else cited(made.values())))
    sections = tuple(
        Section(id=id, title=setting.of(title), blocks=made[id], fresh=id in FRESH)
        for id, title in TITLES.items()
        if id in made
    )
    return Part(
        lang=lang, banner=setting.t("演练", "DRILL") if cover.drill else setting.t("真实", "REAL"),
        title=f"{what}: {setting.of(cover.title)}", under=f"{setting.of(cover.site)} · {setting.of(cover.place)}",
        facts=tuple(front.cover(setting)), sections=sections,
    )  # fmt: skip


def cited(sections: Iterable[Iterable[Block]]) -> frozenset[str]:
    """Return the lines that the blocks of *sections* name as evidence."""
    cells = (cell for blocks in sections for each in blocks for row in (each.cells, *each.rows) for cell in row)
    return frozenset(ref for cell in cells for ref in cell.refs)
