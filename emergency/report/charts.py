"""The charts of a report as SVG of its own: no script, no picture from elsewhere, the same on a screen and in print.

Widths are points of a page of A4 within its margins. Colour never says a thing alone: what is late is
also hatched, what is given up is crossed. Each chart has a table beside it that says the same in figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from emergency.core.values import Text
from emergency.drills.scoring import UNKNOWN, length
from emergency.picture.measure import width
from emergency.report.values import Band, Bar, Curve, Forecast, Report, Stage, Timeline, Waiting

WIDE = 520.0
"""Points between the margins of A4 upright."""
LABEL = 150.0
"""Points for what stands left of a bar."""
ROW = 13.0
SIZE = 7.5
"""Points of the letters: the smallest that prints well."""
ROWS_A_CHART = 42
"""Bars of one chart: more than that do not fit a page."""
FONT = "'Noto Sans SC','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',Arial,sans-serif"
INK, QUIET, RULE = "#0f172a", "#475569", "#cbd5e1"
GOOD, BAD, WAIT = "#2563eb", "#dc2626", "#93c5fd"
LINES = ("#2563eb", "#b45309", "#047857", "#7c3aed", "#be185d", "#0e7490", "#4d7c0f", "#57534e")
STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800)
"""Seconds between two marks of an axis."""
WORDS: dict[str, Text] = {
    "commander": Text("指挥", "Command"),
    "state": Text("阶段", "State"),
    "target": Text("时限", "target"),
    "late": Text("超时部分", "past the target"),
    "asked": Text("已派未应答", "asked"),
    "at_work": Text("已应答", "at work"),
    "inject": Text("情景", "inject"),
    "outage": Text("通道中断", "outage"),
    "pause": Text("暂停", "pause"),
    "milestone": Text("里程碑时限", "milestone due"),
    "given_up": Text("未应答而终止", "given up unanswered"),
    "forecast": Text("推演预测区间", "forecast band"),
    "answered": Text("已应答比例", "share answered"),
}


class Drawing:
    """One SVG in the making."""

    def __init__(self, wide: float, high: float, title: str) -> None:
        """Begin one; *title* is what a screen reader says of it."""
        self.high = high
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}" width="{wide:g}pt" '
            f'height="{high:g}pt" role="img" font-family="{FONT}" font-size="{SIZE}">',
            f"<title>{escape(title)}</title>",
            '<defs><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse">'
            f'<rect width="4" height="4" fill="{BAD}"/><path d="M0 4L4 0" stroke="#fff" stroke-width=".8"/>'
            "</pattern></defs>",
        ]

    def add(self, name: str, words: str | None = None, **shape: object) -> None:
        """Add a shape; `_` in a name is `-`. Lengths are rounded to a tenth of a point."""
        given = " ".join(f'{key.replace("_", "-")}="{_value(value)}"' for key, value in shape.items())
        self._parts.append(f"<{name} {given}/>" if words is None else f"<{name} {given}>{escape(words)}</{name}>")

    def text(
        self, x: float, y: float, words: str, *, fill: str = INK, anchor: str = "start", size: float = SIZE
    ) -> None:
        """Write words; *y* is the line they stand on."""
        self.add("text", words, x=x, y=y, fill=fill, text_anchor=anchor, font_size=size)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, stroke: str = RULE, wide: float = 0.5, dash: str = ""
    ) -> None:
        """Draw a line."""
        look = dash or "none"
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=wide, stroke_dasharray=look)

    def box(
        self, x: float, y: float, wide: float, high: float, fill: str, stroke: str = "none", opacity: float = 1.0
    ) -> None:
        """Draw a box; one without any width is not drawn."""
        if wide > 0:
            self.add(
                "rect", x=x, y=y, width=wide, height=high, fill=fill, stroke=stroke, stroke_width=0.4, opacity=opacity
            )

    def done(self) -> str:
        """Return the SVG."""
        return "".join((*self._parts, "</svg>"))


def _value(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else escape(str(value))


def short(words: str, room: float, size: float = SIZE) -> str:
    """Return words cut to what fits into *room* points."""
    if width(words, size) <= room:
        return words
    while words and width(words + "…", size) > room:
        words = words[:-1]
    return words.rstrip() + "…"


class Axis:
    """Seconds to points, with marks at round times."""

    def __init__(self, end: float, left: float, right: float) -> None:
        """Lay *end* seconds between two places."""
        self.end, self.left, self.right = max(end, 1.0), left, right

    def at(self, seconds: float) -> float:
        """Return where a moment lies; what is outside lies at the edge."""
        share = min(max(seconds / self.end, 0.0), 1.0)
        return self.left + share * (self.right - self.left)

    def marks(self, most: int = 9) -> list[float]:
        """Return the moments that are marked, at most so many."""
        step = next((each for each in STEPS if self.end / each <= most), STEPS[-1])
        return [n * float(step) for n in range(int(self.end // step) + 1)]

    def draw(self, drawing: Drawing, top: float, bottom: float) -> None:
        """Draw the marks, with their times below."""
        for moment in self.marks():
            x = self.at(moment)
            drawing.line(x, top, x, bottom)
            anchor = "end" if x > self.right - 6 else "middle"
            drawing.text(x, bottom + 9, length(moment), fill=QUIET, anchor=anchor)


# the timeline


def timelines(report: Report, lang: str) -> list[str]:
    """Return the timeline as one chart, or as several of at most `ROWS_A_CHART` bars."""
    line = report.timeline
    bars = [bar for bar in line.bars if bar.started <= line.shown]
    count = max(1, -(-len(bars) // ROWS_A_CHART))
    each = -(-len(bars) // count) or 1
    parts = [bars[start : start + each] for start in range(0, len(bars), each)] or [[]]
    return [_timeline(line, part, lang) for part in parts]


def _timeline(line: Timeline, bars: Sequence[Bar], lang: str) -> str:
    top = 12.0
    told = [band for band in line.through if band.since <= line.shown]
    head = top + 2 * ROW + 6 + 9 * len(told)
    bottom = head + max(1, len(bars)) * ROW + 2
    drawing = Drawing(WIDE, bottom + 40, "timeline" if lang == "en" else "时间线")
    axis = Axis(line.shown, LABEL, WIDE - 6)
    _shade(drawing, axis, told, head, bottom, lang)
    axis.draw(drawing, head, bottom)
    _ribbon(drawing, axis, line.states, top, "state", lang, ("#e2e8f0", "#f1f5f9"))
    _ribbon(drawing, axis, line.commanders, top + ROW, "commander", lang, ("#fde68a", "#fef3c7"))
    for number, bar in enumerate(bars):
        _bar(drawing, axis, bar, head + number * ROW, line.over, lang)
    _ticks(drawing, axis, line, head, bottom)
    _legend(drawing, bottom + 22, lang, line)
    return drawing.done()


def _shade(drawing: Drawing, axis: Axis, bands: Sequence[Band], head: float, bottom: float, lang: str) -> None:
    """Shade what lasted; each has its name on a line of its own above the bars."""
    fills = {"outage": "#fecaca", "pause": "#d9f99d"}
    for number, band in enumerate(bands):
        left, right = axis.at(band.since), axis.at(band.until if band.until is not None else axis.end)
        top = head - 9 * (len(bands) - number)
        drawing.box(left, top, max(right - left, 1.5), bottom - top, fills[band.kind], opacity=0.55)
        words = short(band.name.of(lang), WIDE - LABEL, 6.5)
        room = WIDE - left > width(words, 6.5) + 4
        drawing.text(
            left + 2 if room else right - 2, top + 7, words, fill=INK, size=6.5, anchor="start" if room else "end"
        )


def _ribbon(
    drawing: Drawing, axis: Axis, bands: Sequence[Band], top: float, word: str, lang: str, fills: tuple[str, str]
) -> None:
    drawing.text(LABEL - 4, top + 9, WORDS[word].of(lang), fill=QUIET, anchor="end")
    for number, band in enumerate(bands):
        left, right = axis.at(band.since), axis.at(band.until if band.until is not None else axis.end)
        drawing.box(left, top, right - left, ROW - 2, fills[number % 2], stroke="#94a3b8")
        if right - left > 14:
            drawing.text(left + 2, top + 8.5, short(band.name.of(lang), right - left - 3))


def _bar(drawing: Drawing, axis: Axis, bar: Bar, top: float, over: float | None, lang: str) -> None:
    name = f"{bar.letter} {bar.name.of(lang)}"
    drawing.text(LABEL - 4, top + 9, short(name, LABEL - 8), anchor="end")
    last = axis.end if over is None else max(over, bar.started)
    end = bar.ended if bar.ended is not None else last
    left, right = axis.at(bar.started), axis.at(end)
    split = axis.at(min(end, bar.due)) if bar.due is not None else right
    taken = axis.at(min(bar.acked, bar.due if bar.due is not None else end, end)) if bar.acked is not None else split
    drawing.box(left, top + 3, max(taken - left, 0.8), 6, WAIT, stroke=GOOD)
    if bar.acked is not None:
        drawing.box(taken, top + 2, max(split - taken, 0.8), 8, GOOD)
    if right - split > 0.5 and bar.status in ("late", "missed"):
        drawing.box(split, top + 2, right - split, 8, "url(#hatch)", stroke=BAD)
    if bar.status == "moved_on":
        drawing.text(right + 1, top + 9, "–", fill=QUIET)
    if bar.due is not None and bar.due <= axis.end:
        x = axis.at(bar.due)
        drawing.line(x, top + 0.5, x, top + ROW - 1.5, stroke=INK, wide=1.2)


def _ticks(drawing: Drawing, axis: Axis, line: Timeline, head: float, bottom: float) -> None:
    looks = {"inject": ("#7c3aed", "3 2"), "milestone": ("#047857", "1 2"), "abort": (BAD, "")}
    free = -100.0
    for tick in sorted(line.ticks, key=lambda each: each.at):
        if tick.at > axis.end:
            continue
        stroke, dash = looks[tick.kind]
        x = axis.at(tick.at)
        drawing.line(x, head - 3, x, bottom, stroke=stroke, wide=1.0, dash=dash)
        if tick.id and x - free > 16:
            drawing.text(x, 8, tick.id, fill=stroke, anchor="middle")
            free = x


def _legend(drawing: Drawing, y: float, lang: str, line: Timeline) -> None:
    kinds = {tick.kind for tick in line.ticks} | {band.kind for band in line.through}
    x = 4.0
    for word, fill in (("asked", WAIT), ("at_work", GOOD), ("late", "url(#hatch)")):
        drawing.box(x, y, 10, 7, fill)
        x = _said(drawing, x + 13, y + 6.5, WORDS[word].of(lang))
    drawing.line(x + 4, y - 1, x + 4, y + 8, stroke=INK, wide=1.2)
    x = _said(drawing, x + 8, y + 6.5, WORDS["target"].of(lang))
    for kind, stroke, dash in (("inject", "#7c3aed", "3 2"), ("milestone", "#047857", "1 2")):
        if kind in kinds:
            drawing.line(x + 4, y - 1, x + 4, y + 8, stroke=stroke, wide=1.0, dash=dash)
            x = _said(drawing, x + 8, y + 6.5, WORDS[kind].of(lang))
    for kind, fill in (("outage", "#fecaca"), ("pause", "#d9f99d")):
        if kind in kinds:
            drawing.box(x, y, 10, 7, fill)
            x = _said(drawing, x + 13, y + 6.5, WORDS[kind].of(lang))


def _said(drawing: Drawing, x: float, y: float, words: str) -> float:
    """Write words and return where the next may begin."""
    drawing.text(x, y, words, fill=QUIET)
    return x + width(words, SIZE) + 10


# who answered when


def answers(report: Report, lang: str) -> str:
    """Return the acknowledgement curves: all critical roles together on top, a lane for each of them below."""
    curves, whole = report.curves, report.together
    ends = [at for curve in curves for at, _ in curve.steps] + [
        curve.target for curve in (whole, *curves) if curve.target
    ]
    ends += [at for curve in curves for at in curve.censored]
    ends += [point[0] for point in report.forecast.curve] if report.forecast else []
    axis = Axis(max(LEAST_AXIS, min(max(ends, default=0) * 1.05, LONGEST_AXIS)), LABEL, WIDE - 30)
    tall, lane = 96.0, 20.0
    bottom = 14 + tall + 14 + lane * len(curves)
    drawing = Drawing(WIDE, bottom + 36, "acknowledgement" if lang == "en" else "应答曲线")
    axis.draw(drawing, 10, bottom)
    _shares(drawing, 14, tall)
    if report.forecast is not None:
        _band(drawing, axis, report.forecast, 14, tall)
    drawing.text(LABEL - 30, 22, whole.name.of(lang), anchor="end")
    _steps(drawing, axis, _answered(whole), 14, tall, INK, 1.6)
    _diamond(drawing, axis, whole.target, 14)
    for number, curve in enumerate(curves):
        _lane(drawing, axis, curve, 14 + tall + 14 + number * lane, lane - 6, LINES[number % len(LINES)], lang)
    x, y = 4.0, bottom + 24
    drawing.add("path", d=f"M{x + 4:g} {y - 4:g}l4 4l-4 4l-4 -4z", fill="none", stroke=INK, stroke_width=1)
    x = _said(drawing, x + 12, y + 3, WORDS["target"].of(lang))
    drawing.text(x, y + 3, "×", fill=BAD, size=10)
    x = _said(drawing, x + 10, y + 3, WORDS["given_up"].of(lang))
    if report.forecast is not None:
        drawing.box(x, y - 3, 10, 7, "#cbd5e1")
        _said(drawing, x + 13, y + 3, WORDS["forecast"].of(lang))
    return drawing.done()


LEAST_AXIS, LONGEST_AXIS = 60.0, 1800.0
"""Seconds that the curves show at least and at most: who answers later than in half an hour stands in the table."""


def _shares(drawing: Drawing, top: float, tall: float) -> None:
    for share in (0.0, 0.5, 1.0):
        y = top + tall * (1 - share)
        drawing.line(LABEL, y, WIDE - 30, y)
        drawing.text(LABEL - 4, y + 2.5, f"{share:.0%}", fill=QUIET, anchor="end")


def _band(drawing: Drawing, axis: Axis, forecast: Forecast, top: float, tall: float) -> None:
    points = [(axis.at(at), low, high) for at, _, low, high in forecast.curve if at <= axis.end]
    upper = [f"{x:.1f} {top + tall * (1 - high):.1f}" for x, _, high in points]
    lower = [f"{x:.1f} {top + tall * (1 - low):.1f}" for x, low, _ in reversed(points)]
    if points:
        drawing.add("path", d="M" + "L".join((*upper, *lower)) + "Z", fill="#cbd5e1", opacity=0.8)


def _answered(curve: Curve) -> list[tuple[float, float]]:
    """Return the moments of a curve with the share of its heads that had answered by then."""
    return [(at, count / max(1, curve.heads)) for at, count in curve.steps]


def _steps(
    drawing: Drawing, axis: Axis, shares: Sequence[tuple[float, float]], top: float, tall: float, stroke: str,
    wide: float,
) -> None:  # fmt: skip
    """Draw a share that rises in steps: (seconds, share)."""
    points, share = [(0.0, 0.0)], 0.0
    for at, now in shares:
        points += [(at, share), (at, now)]
        share = now
    points.append((axis.end, share))
    path = "M" + "L".join(f"{axis.at(at):.1f} {top + tall * (1 - y):.1f}" for at, y in points if at <= axis.end)
    drawing.add("path", d=path, fill="none", stroke=stroke, stroke_width=wide)


def _lane(drawing: Drawing, axis: Axis, curve: Curve, top: float, tall: float, stroke: str, lang: str) -> None:
    drawing.line(LABEL, top + tall, WIDE - 30, top + tall)
    drawing.text(LABEL - 4, top + tall - 2, short(curve.name.of(lang), LABEL - 8), anchor="end")
    _steps(drawing, axis, _answered(curve), top, tall, stroke, 1.4)
    for at in curve.censored:
        drawing.text(axis.at(at), top + tall - 1, "×", fill=BAD, anchor="middle", size=10)
    _diamond(drawing, axis, curve.target, top + 1)
    answered = curve.steps[-1][1] if curve.steps else 0
    drawing.text(WIDE, top + tall - 2, f"{answered}/{curve.heads}", fill=QUIET, anchor="end")


def _diamond(drawing: Drawing, axis: Axis, target: float | None, y: float) -> None:
    """Mark until when it was to be done, where that lies on the axis."""
    if target is not None and target <= axis.end:
        x = axis.at(target)
        drawing.add("path", d=f"M{x:.1f} {y - 4:.1f}l4 4l-4 4l-4 -4z", fill="none", stroke=INK, stroke_width=1)


def waiting(found: Waiting, lang: str) -> str:
    """Return over all orders the share that was answered so long after it was asked (Kaplan-Meier)."""
    slowest = max([at for at, _ in found.steps] + [*found.censored, 0.0])
    axis = Axis(max(LEAST_AXIS, min(slowest * 1.1, LONGEST_AXIS)), LABEL, WIDE - 30)
    top, tall = 8.0, 70.0
    drawing = Drawing(WIDE, top + tall + 18, "orders" if lang == "en" else "任务应答")
    axis.draw(drawing, top, top + tall)
    _shares(drawing, top, tall)
    drawing.text(LABEL - 30, 16, WORDS["answered"].of(lang), anchor="end")
    _steps(drawing, axis, found.steps, top, tall, GOOD, 1.6)
    for at in found.censored:
        y = top + tall * (1 - _share_at(found.steps, at))
        drawing.line(axis.at(at), y - 3, axis.at(at), y + 3, stroke=BAD, wide=1)
    return drawing.done()


def _share_at(steps: Iterable[tuple[float, float]], moment: float) -> float:
    return max((share for at, share in steps if at <= moment), default=0.0)


# the funnel


def funnel(stages: Sequence[Stage], names: dict[str, Text], units: dict[str, Text], lang: str) -> str:
    """Return the delivery funnel as bars, each measured against the first of its unit."""
    rows = list(_against_first(stages))
    drawing = Drawing(WIDE, len(rows) * 15.0 + 6, "funnel" if lang == "en" else "消息漏斗")
    room = WIDE - LABEL - 90
    for number, (stage, share) in enumerate(rows):
        y = 3 + number * 15.0
        drawing.text(LABEL - 4, y + 9, short(names[stage.key].of(lang), LABEL - 8), anchor="end")
        if stage.count is None:
            drawing.text(LABEL + 3, y + 9, UNKNOWN.of(lang), fill=QUIET)
            continue
        fill = GOOD if stage.unit == "messages" else "#047857"
        wide = room * min(share or 0.0, 1.0)
        drawing.box(LABEL, y, max(wide, 0.8), 11, fill)
        said = f"{stage.count} {units[stage.unit].of(lang)}" + (f" · {share:.0%}" if share is not None else "")
        drawing.text(LABEL + wide + 4, y + 9, said)
    return drawing.done()


def _against_first(stages: Sequence[Stage]) -> Iterator[tuple[Stage, float | None]]:
    """Yield each stage with its share of the first of its unit; None where that is nothing, or unknown."""
    whole: dict[str, int] = {}
    for stage in stages:
        if stage.count is None:
            yield stage, None
            continue
        most = whole.setdefault(stage.unit, stage.count)
        yield stage, stage.count / most if most else None
