"""A report on a terminal (its first page), and as a document for programs."""

from __future__ import annotations

from typing import Any

import msgspec

from emergency.drills import scoring
from emergency.report.setting.setting import Setting
from emergency.report.values import Line, Report
from emergency.report.words import KINDS, OVER
from emergency.store.codec import to_text


def document(report: Report) -> dict[str, Any]:
    """Return everything of a report: times in UTC, lengths in seconds, what is unknown as null."""
    found: dict[str, Any] = msgspec.to_builtins(report)
    cover = report.cover
    found["cover"] |= {
        "began": to_text(cover.began), "ended": to_text(cover.ended) if cover.ended else None,
        "made": to_text(cover.made),
    }  # fmt: skip
    found["scores"] = scoring.documents(report.scores)
    for kind, key in (("raw", "at"), ("notes", "at"), ("actions", "agreed"), ("actions", "done")):
        for line, value in zip(found[kind], getattr(report, kind), strict=True):
            moment = getattr(value, key)
            line[key] = to_text(moment) if moment is not None else None
    return found


def lines(report: Report, lang: str) -> list[str]:
    """Return the first page: what it was, how each objective is rated, strengths, problems, safety."""
    setting = Setting(report, "zh" if lang == "zh" else "en")
    cover, t = report.cover, setting.t
    mark = t("【演练】", "DRILL ") if cover.drill else ""
    out = [
        f"{mark}{cover.code}  {setting.of(cover.title)} · {setting.of(cover.place)} · {setting.of(KINDS[cover.kind])}",
        f"  {setting.clock(cover.began)} – {setting.clock(cover.ended)}  {setting.of(OVER[cover.over])}  "
        f"{setting.site_time()}",
        f"  {t('总评', 'Rating')}: {setting.whole()}",
        *scoring.lines(report.scores, lang),
    ]
    for title, found in (
        (t("亮点", "Strengths"), report.strengths),
        (t("问题", "Problems"), report.problems),
        (t("安全", "Safety"), report.safety),
        (t("数据缺口", "Data gaps"), report.gaps),
    ):
        out += [f"  {title}:", *(f"    {_said(line, lang)}" for line in found)] if found else []
    head = t("日志校验值", "head of the log")
    return [*out, f"  {head}: {cover.head} ({cover.lines})"]


def _said(line: Line, lang: str) -> str:
    return " ".join((line.text.of(lang), *line.refs))
