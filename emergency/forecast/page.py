"""A forecast as one self-contained page: a curve, a heat map of the week, and every figure again as a table.

No script, no font, nothing fetched: it opens from a stick, and prints. Colours go from dark to light, so that who
cannot tell red from green, and a printer without colours, read the same; every cell says its figure when pointed at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from emergency.errors import Mistakes
from emergency.forecast import show
from emergency.forecast.words import word
from emergency.readiness.lines import WEEKDAYS

Document = Mapping[str, Any]
WIDE, HIGH, LEFT, DOWN = 640, 240, 44, 26
"""The curve, in pixels, and the room for its figures."""
CELL, ROW = 24, 22
STYLE = """
body{font:15px/1.5 system-ui,"Noto Sans SC","Microsoft YaHei",sans-serif;max-width:54rem;margin:2rem auto;
padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}.sure{font-size:1.15rem}.small{color:#444;font-size:.9rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0}th,td{border-bottom:1px solid #ccc;padding:.25rem .5rem;
text-align:left;vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}pre{font-size:.85rem;
white-space:pre-wrap}svg{max-width:100%;height:auto}details{margin:.5rem 0}
@media print{details{display:block}body{margin:0}}
"""
INKS = ("#08306b", "#2171b5", "#6baed6", "#c6dbef", "#f7f7f7")
"""From surely to hardly, as `show.STEPS` says."""


def write(doc: Document, lang: str, path: str) -> None:
    """Write the page to *path*. Raises Mistakes: it cannot be written there."""
    try:
        Path(path).write_text(page(doc, lang), "utf-8")
    except OSError as error:
        raise Mistakes(f"{path} cannot be written: {error.strerror}") from error


def page(doc: Document, lang: str) -> str:
    """Return the page in *lang*."""
    title = word("page_title", lang, plan=doc["title"][lang], place=doc["place_name"][lang])
    said = show.lines(doc, lang)
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="sure">{escape(show.sentence(doc, lang))}</p>',
        f'<p class="small">{escape(show.rule(doc, lang))}</p>',
        f'<p class="small">{escape(word("page_method", lang))}</p>',
        f"<h2>{escape(word('page_curve', lang))}</h2>",
        curve(doc, lang),
        _table(doc, lang),
        f"<pre>{escape(chr(10).join(said))}</pre>",
    ]
    if "week" in doc:
        weeks = word("week_head", lang, teams=doc["week"]["teams"], runs=doc["week"]["runs"])
        parts += [f"<h2>{escape(weeks)}</h2>", heat(doc, lang), _week_table(doc, lang)]
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


# the curve


def curve(doc: Document, lang: str) -> str:
    """Return the probability over time as SVG: a step line, its interval, and the time that was asked about."""
    points: Sequence[Sequence[float]] = doc["curve"]
    last = float(max(doc["horizon"], 1))

    def x(second: float) -> float:
        return LEFT + second / last * (WIDE - LEFT)

    def y(p: float) -> float:
        return (1 - p) * (HIGH - DOWN) + 4

    upper = [(x(s), y(high)) for s, _, _, high in points]
    lower = [(x(s), y(low)) for s, _, low, _ in points]
    band = " ".join(f"{a:.1f},{b:.1f}" for a, b in [*_steps(upper), *reversed(list(_steps(lower)))])
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in _steps([(x(s), y(p)) for s, p, _, _ in points]))
    asked = x(min(doc["within"], last))
    return (
        f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{escape(show.sentence(doc, lang), quote=True)}">'
        f'<polygon points="{band}" fill="#c6dbef"/>{"".join(_grid(x, y, last))}'
        f'<polyline points="{line}" fill="none" stroke="#08306b" stroke-width="2"/>'
        f'<line x1="{asked:.1f}" x2="{asked:.1f}" y1="4" y2="{HIGH - DOWN + 4}" stroke="#b00" stroke-dasharray="4 3"/>'
        "</svg>"
    )


def _steps(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Yield the corners of a step function through *points*."""
    before: float | None = None
    for a, b in points:
        if before is not None:
            yield a, before
        yield a, b
        before = b


def _grid(x: Any, y: Any, last: float) -> Iterator[str]:
    for p in (0, 0.25, 0.5, 0.75, 1):
        yield f'<line x1="{LEFT}" x2="{WIDE}" y1="{y(p):.1f}" y2="{y(p):.1f}" stroke="#ddd"/>'
        yield f'<text x="4" y="{y(p) + 4:.1f}" font-size="12">{p:.2f}</text>'
    every = 60 if last <= 900 else 300
    for second in range(0, int(last) + 1, every):
        where = f'x="{x(second):.1f}" y="{HIGH - 4}" font-size="12" text-anchor="middle"'
        yield f"<text {where}>{show.clock(second)}</text>"


def _table(doc: Document, lang: str) -> str:
    rows = "".join(
        f'<tr><td>{show.clock(s)}</td><td class="n">{p:.3f}</td><td class="n">{low:.3f}-{high:.3f}</td></tr>'
        for s, p, low, high in doc["curve"]
    )
    head = f"<tr><th>{escape(word('page_time', lang))}</th><th>p</th><th>95 %</th></tr>"
    return f"<details><summary>{escape(word('page_table', lang))}</summary><table>{head}{rows}</table></details>"


# the week


def heat(doc: Document, lang: str) -> str:
    """Return the week as SVG: a row a day, a cell an hour."""
    cells = []
    for day in range(7):
        top = ROW * (day + 1)
        cells.append(f'<text x="0" y="{top + 15}" font-size="13">{WEEKDAYS[lang][day]}</text>')
        for n, each in enumerate(doc["week"]["hours"][day * 24 : day * 24 + 24]):
            said = f"{_when(each['at'], doc, lang)}  {each['p']:.2f} ({each['low']:.2f}-{each['high']:.2f})"
            cells.append(
                f'<rect x="{LEFT + n * CELL}" y="{top}" width="{CELL - 1}" height="{ROW - 1}" fill="{ink(each["p"])}"'
                f' stroke="#999" stroke-width=".5"><title>{escape(said)}</title></rect>'
            )
    hours = "".join(f'<text x="{LEFT + h * CELL}" y="15" font-size="12">{h:02d}</text>' for h in range(0, 24, 3))
    label = escape(word("week_key", lang) + ": " + show.key(), quote=True)
    wide, high = LEFT + 24 * CELL, ROW * 8 + 4
    return f'<svg viewBox="0 0 {wide} {high}" role="img" aria-label="{label}">{hours}{"".join(cells)}</svg>'


def ink(p: float) -> str:
    """Return the colour of a share on the heat map."""
    return next((INKS[n] for n, least in enumerate(show.STEPS) if p >= least), INKS[-1])


def _when(at: str, doc: Document, lang: str) -> str:
    local = datetime.fromisoformat(at).astimezone(ZoneInfo(doc["timezone"]))
    return f"{WEEKDAYS[lang][local.weekday()]} {local:%H:%M}"


def _week_table(doc: Document, lang: str) -> str:
    head = "".join(f"<th>{hour:02d}</th>" for hour in range(24))
    rows = "".join(
        f"<tr><th>{WEEKDAYS[lang][day]}</th>"
        + "".join(f'<td class="n">{each["p"]:.2f}</td>' for each in doc["week"]["hours"][day * 24 : day * 24 + 24])
        + "</tr>"
        for day in range(7)
    )
    keys = "".join(
        f'<span style="background:{colour};border:1px solid #999">&emsp;</span> {escape(text)} '
        for colour, text in zip(INKS, show.bounds(), strict=True)
    )
    table = f"<table><tr><th></th>{head}</tr>{rows}</table>"
    return f"<p>{keys}</p><details><summary>{escape(word('page_table', lang))}</summary>{table}</details>"
