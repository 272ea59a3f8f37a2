"""A run card as a page: HTML that any browser prints, and PDF with its letters inside.

The PDF is set by typst in a font that comes with a package, so that a machine without Chinese fonts makes the same
page. Both are heavy and wanted seldom: they are an extra, imported here alone.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

import msgspec

from emergency.errors import CommandRefused
from emergency.picture.card import Card, Phase
from emergency.picture.measure import wrap

SHADES = {"": "#e2e8f0", "blue": "#bfdbfe", "yellow": "#fde68a", "orange": "#fdba74", "red": "#fca5a5"}
SIZES = (12.0, 11.5, 11.0, 10.5, 10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0)
"""Points; the largest with which a card fits one page is taken."""
TWO_PAGES = 8.5
"""Points, when none does: no card is set smaller than can be read."""
ROOM_WIDE, ROOM_HIGH = 527.0, 774.0
"""Points within the margins of A4."""
HTML_LEADING = 1.3


def as_pdf(card: Card) -> tuple[bytes, int]:
    """Return *card* as PDF, and how many pages it takes.

    Raises:
        CommandRefused: the extra `pdf` is not installed.
    """
    try:
        import typst
        from pylopdf_fonts_zh_cn import sans_path
    except ImportError as error:
        raise CommandRefused(
            "PDF needs the extra 'pdf' (pip install 'emergency-runner[pdf]'); --format html needs nothing, "
            "and every browser prints it",
            "输出 PDF 要装附加组件 pdf(pip install 'emergency-runner[pdf]');--format html 什么都不用装,浏览器都能打印",
        ) from error
    data = typst.compile(
        str(Path(__file__).with_name("card.typ")),
        font_paths=[str(sans_path().parent)],
        ignore_system_fonts=True,
        sys_inputs={"card": json.dumps(msgspec.to_builtins(card), ensure_ascii=False)},
        timestamp=0,
    )
    return data, pages_of(data)


def pages_of(pdf: bytes) -> int:
    """Return how many pages a PDF of ours has: its page tree says so."""
    found = re.search(rb"/Type\s*/Pages.*?/Count\s+(\d+)", pdf, re.DOTALL)
    return int(found[1]) if found else 1


def as_html(card: Card) -> tuple[str, int]:
    """Return *card* as a page of its own that prints on A4, and how many pages that is likely to take."""
    fitting = next((size for size in SIZES if _high(card, size) <= ROOM_HIGH), None)
    size = fitting or TWO_PAGES
    body = "\n".join(
        (
            f"<header><div><h1>{escape(card.title)} <small>{escape(card.other)}</small></h1>"
            f'<p class="role"><small>{escape(card.kind)}</small> {escape(card.role)}</p></div>'
            f"<p>{escape('  ·  '.join(card.about))}</p></header>",
            *(f"<p><b>{escape(name)}:</b> {escape(words)}</p>" for name, words in card.facts),
            _keys(card),
            *(_phase(phase) for phase in card.phases),
            _calls(card),
            f"<footer>{escape('   '.join(card.foot))}</footer>",
        )
    )
    language = "zh-CN" if card.lang == "zh" else "en"
    page = (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(f"{card.title} {card.role}")}</title>'
        f"<style>{STYLE.replace('SIZE', f'{size:g}pt')}</style></head><body><main>\n{body}\n</main></body></html>\n"
    )
    return page, 1 if fitting else 2


STYLE = (
    "@page{size:A4;margin:12mm}*{box-sizing:border-box}body{margin:0;color:#000;-webkit-print-color-adjust:exact;"
    "print-color-adjust:exact;font:SIZE/1.3 'Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei',"
    "'Source Han Sans SC',Arial,Helvetica,sans-serif}"
    "@media screen{main{max-width:186mm;margin:12mm auto;padding:0 8px}}"
    "p{margin:.25em 0}header{background:#0f172a;color:#fff;border-radius:4px;padding:.4em .7em}"
    "header div{display:flex;justify-content:space-between;gap:1em;align-items:baseline}"
    "h1,.role{font-size:1.6em;font-weight:700;margin:0;line-height:1.25}small{font-size:.62em;font-weight:400}"
    ".keys{border:1px solid #000;border-radius:4px;padding:.3em .6em;margin:.4em 0}.keys span{margin-right:.9em;"
    "white-space:nowrap;display:inline-block}"
    "kbd{font:inherit;font-weight:700;border:1px solid #000;border-radius:3px;padding:0 .35em}.q{color:#475569}"
    "section{margin-top:.45em}h2{font-size:1em;margin:0;padding:.1em .5em;display:flex;justify-content:space-between;"
    "break-after:avoid}ul{list-style:none;margin:.1em 0;padding:0 0 0 .5em}li{break-inside:avoid;margin:.15em 0}"
    "li div{display:flex;justify-content:space-between;gap:1em}li b::before{content:'• '}.due{white-space:nowrap}"
    ".more{padding-left:1em;white-space:pre-wrap}"
    ".call{border-left:3px solid #1d4ed8;padding-left:.6em;break-inside:avoid}"
    "footer{color:#475569;font-size:.85em;margin-top:.5em}"
)


def _keys(card: Card) -> str:
    keys = "".join(f"<span><kbd>{escape(key)}</kbd> {escape(words)}</span> " for key, words in card.keys)
    return (
        f'<div class="keys"><b>{escape(card.keys_title)}</b> {keys}<div class="q">{escape(card.keys_note)}</div></div>'
    )


def _phase(phase: Phase) -> str:
    lines = "".join(
        f'<li><div><b>{escape(line.do)}</b><span class="due">{escape(line.due)}</span></div>'
        + (f'<div class="q more">{escape(MORE.join(line.more))}</div>' if line.more else "")
        + "</li>"
        for line in phase.lines
    )
    heard = f'<p class="q">{escape(": ".join(phase.heard))}</p>' if phase.heard else ""
    return (
        f'<section><h2 style="background:{SHADES[phase.level]}"><span>{escape(phase.title)}</span>'
        f"<span>{escape(phase.note)}</span></h2><ul>{lines}</ul>{heard}</section>"
    )


def _calls(card: Card) -> str:
    if not card.calls:
        return ""
    calls = "".join(
        f'<p class="call"><b>{escape(call.number)}</b> {escape(call.name)}: {escape(call.say)}</p>'
        for call in card.calls
    )
    return f"<section><b>{escape(card.calls_title)}</b>{calls}</section>"


MORE = "  |  "


def _high(card: Card, size: float) -> float:
    """Return how high the page is at most, in points, at *size*: counted in lines, for no browser is at hand."""

    def lines(words: str, room: float = ROOM_WIDE) -> int:
        return len(wrap(words, room, size))

    count = 4.6 + lines("  ·  ".join(card.about))
    count += sum(lines(f"{name}: {words}") + 0.25 for name, words in card.facts)
    count += lines(card.keys_title + "".join(f"   {key}  {words}  " for key, words in card.keys)) + 2
    for phase in card.phases:
        count += 1.9
        for line in phase.lines:
            count += lines(line.do, ROOM_WIDE - 130) + 0.3
            count += lines(MORE.join(line.more), ROOM_WIDE - 24) if line.more else 0
        count += lines(": ".join(phase.heard)) + 0.4 if phase.heard else 0
    count += 1.4 if card.calls else 0
    count += sum(lines(f"{call.number} {call.name}: {call.say}", ROOM_WIDE - 12) + 0.4 for call in card.calls)
    return count * size * HTML_LEADING
