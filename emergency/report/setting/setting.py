"""One report being set in one language: how a text, a moment, a length and a rating are written in it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from emergency.core.values import Text
from emergency.drills.scoring import RATING_WORDS, UNKNOWN, length
from emergency.report.setting.blocks import Cell, Lang
from emergency.report.values import Line, Report


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

    def dash(self, seconds: float | None) -> str:
        """Return a length; a dash where there is none to tell."""
        return length(seconds) if seconds is not None else "–"

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

    def number(self, count: int | None) -> str:
        """Return a count; unknown for none."""
        return str(count) if count is not None else self.of(UNKNOWN)
