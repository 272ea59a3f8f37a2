"""A forecast as one self-contained page: what the terminal says, as curves and tables, and a heat map of the week.

No script, no font, nothing fetched: it opens from a stick, on a telephone too, and prints. Colours go from dark to
light, so that who cannot tell red from green, and a printer without colours, read the same; each cell bears its figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import islice
from pathlib import Path

from emergency.errors import Mistakes
from emergency.forecast import charts, show, tables
from emergency.forecast.tables import Document, Table
from emergency.forecast.words import word
from emergency.readiness.lines import WEEKDAYS, moment

STYLE = """
:root{color-scheme:light}
body{font:16px/1.5 system-ui,"Noto Sans SC","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;
max-width:54rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff;overflow-wrap:break-word}
h1{font-size:1.4rem;line-height:1.3}h2{font-size:1.1rem;margin:2rem 0 .5rem;break-after:avoid}
.sure{font-size:1.2rem}.small,figcaption{color:#444;font-size:.9rem}p,ul{margin:.5rem 0}
.note{border-left:4px solid #c25700;padding-left:.6rem}
figure{margin:.5rem 0;break-inside:avoid}svg{display:block;width:100%;height:auto}
.large{max-width:40rem}.many{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));gap:.2rem 1rem}
table{border-collapse:collapse;margin:.5rem 0}tr{break-inside:avoid}
th,td{border-bottom:1px solid #ccc;padding:.25rem .8rem .25rem 0;text-align:left;vertical-align:top}
td{font-variant-numeric:tabular-nums}.figure,.story td:first-child{white-space:nowrap}
.bar{width:6.5rem;margin-top:.35rem}
.week{width:100%;max-width:34rem;table-layout:fixed;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.week th,.week td{border:1px solid #fff;padding:.05rem .1rem;text-align:center;font-size:.85rem}
.key span{display:inline-block;padding:0 .5rem;border:1px solid #999;print-color-adjust:exact;
-webkit-print-color-adjust:exact}
@media screen and (max-width:40rem){body{margin:1rem auto}.sure{font-size:1.1rem}
.rows tr:first-child{display:none}.rows,.rows tbody{display:block}
.rows tr{display:flex;flex-wrap:wrap;gap:0 1rem;padding:.35rem 0;border-bottom:1px solid #ccc}
.rows td{border:0;padding:0}.rows td:first-child{width:100%;font-weight:600}.rows td:empty{display:none}
.rows td+td::before{content:attr(data-of);color:#444;margin-right:.4rem}}
@page{margin:15mm}
@media print{body{margin:0;padding:0;max-width:none;font-size:11pt}.week{break-inside:avoid}
details::details-content{content-visibility:visible;display:block}}
"""
"""On a telephone each row of a table is a block of its own: the name, then every figure behind what it is."""
INKS = ("#08306b", "#2171b5", "#9ecae1", "#d6e6f4", "#fff7e6")
"""From surely to hardly, as `show.STEPS` says; the last is no blue, so that the weak hours stand out."""
LETTERS = ("#fff", "#fff", "#111", "#111", "#111")
"""The letters on each of them."""


def check(path: str) -> None:
    """Look whether the page can be written to *path*, before long work is done for it. Raises Mistakes: it cannot."""
    wanted = Path(path)
    if wanted.is_dir() or not wanted.parent.is_dir():
        what, zh = (
            ("is a folder", "是文件夹") if wanted.is_dir() else ("lies in no folder there is", "所在的文件夹不存在")
        )
        raise Mistakes(
            f"--html: {path} {what}; name a file, as forecast.html", f"--html:{path} {zh};写文件名,如 forecast.html"
        )


def write(doc: Document, lang: str, path: str) -> None:
    """Write the page to *path*, readable by its owner alone, for it names people. Raises Mistakes: it cannot be."""
    from emergency.report.pages import put

    put(Path(path), page(doc, lang).encode())


def page(doc: Document, lang: str) -> str:
    """Return the page in *lang*."""
    title = word("page_title", lang, plan=doc["title"][lang], place=doc["place_name"][lang])
    parts = [*_answer(doc, lang, title), *_roles(doc, lang), *_milestones(doc, lang), *_breach(doc, lang)]
    if "without" in doc:
        parts += [_h2(word("without_head", lang)), *_told(show.without(doc, lang))]
    if "changes" in doc:
        parts += [_h2(show.changes_head(doc, lang)), _table(tables.changes(doc, lang))]
    if "people" in doc:
        parts += [_h2(word("people_head", lang)), _table(tables.people(doc, lang))]
    if "week" in doc:
        parts += _week(doc, lang)
    if "tornado" in doc["assumptions"]:
        parts += _figures(doc, lang)
    parts += [_p(each, "small") for each in (show.stopped(doc, lang), show.loose(doc, lang), word("page_method", lang))]
    language = "zh-CN" if lang == "zh" else lang
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


# what it is made of


def _h2(words: str) -> str:
    return f"<h2>{escape(words)}</h2>"


def _p(words: str, kind: str = "") -> str:
    return f'<p class="{kind}">{escape(words)}</p>' if kind else f"<p>{escape(words)}</p>"


def _table(table: Table, drawn: Sequence[str] = ()) -> str:
    """Return a table with its notes. drawn: a drawing for the end of each row."""
    body = [_row(row, table.head) for row in table.rows]
    if drawn:
        body = [f"{row}<td>{svg}</td>" for row, svg in zip(body, drawn, strict=True)]
    head = "".join(f"<th>{escape(each)}</th>" for each in ([*table.head, ""] if drawn else table.head))
    notes = "".join(_p(note, "small") for note in table.notes)
    return f'<table class="rows">{"".join(f"<tr>{row}</tr>" for row in (head, *body))}</table>{notes}'


FIGURE = 26
"""Letters of the longest figure with its range: such a cell stays on one line, words may be broken."""


def _row(cells: Sequence[str], head: Sequence[str]) -> str:
    """Return cells that each know what they are, for where the head cannot stand above them."""
    return "".join(map(_cell, cells, head))


def _cell(words: str, what: str) -> str:
    kind = ' class="figure"' if len(words) <= FIGURE and any(ch.isdigit() for ch in words) else ""
    return f'<td{kind} data-of="{escape(what, quote=True)}">{escape(words)}</td>'


def _told(lines: Iterator[str]) -> Iterator[str]:
    """Yield a sentence, and the story below it as a list of moments."""
    yield from map(_p, islice(lines, 1))
    beats = [line.split(None, 1) for line in lines]
    if beats:
        rows = (f"<tr><td>{at}</td><td>{escape(what)}</td></tr>" for at, what in beats)
        yield f'<table class="story">{"".join(rows)}</table>'


# the answer, the roles, the milestones


def _answer(doc: Document, lang: str, title: str) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    yield _p(show.when(doc, lang))
    yield _p(show.sentence(doc, lang), "sure")
    yield f"<ul>{''.join(f'<li>{escape(each)}</li>' for each in show.beside(doc, lang))}</ul>"
    yield _p(show.assumed(doc, lang), "note")
    yield _p(show.rule(doc, lang), "small")
    yield _h2(word("page_curve", lang))
    found = doc["assumptions"]
    drawn = charts.curve(
        doc["curve"], doc["horizon"], doc["within"], show.sentence(doc, lang), charts.LARGE,
        (found["worse"]["p"], found["better"]["p"]),
    )  # fmt: skip
    key = f"{word('page_key', lang)} {word('page_ends', lang)}"
    yield f'<figure class="large">{drawn}<figcaption>{escape(key)}</figcaption></figure>'
    rows = [(tables.clock(s), f"{p:.2f}", f"{low:.2f}-{high:.2f}") for s, p, low, high in doc["curve"] if s % 60 == 0]
    head = (word("page_time", lang), word("page_probability", lang), word("page_range", lang))
    yield f"<details><summary>{escape(word('page_table', lang))}</summary>{_table(Table(head, rows))}</details>"


def _roles(doc: Document, lang: str) -> Iterator[str]:
    yield _h2(word("page_roles", lang))
    yield _table(tables.roles(doc, lang))
    yield _curves(tables.slowest_first(doc), [doc["within"]] * len(doc["roles"]), doc, lang)


def _milestones(doc: Document, lang: str) -> Iterator[str]:
    if doc["milestones"]:
        yield _h2(word("page_milestones", lang))
        yield _table(tables.milestones(doc, lang))
        needed = [each for each in doc["milestones"] if each["n"]]
        yield _curves(needed, [each["target"] for each in needed], doc, lang)


def _curves(found: Sequence[Document], asked: Sequence[float], doc: Document, lang: str) -> str:
    """Return a small curve each, with the moment that is asked about it."""
    drawn = []
    for each, at in zip(found, asked, strict=True):
        within = tables.length(at, lang)
        said = word("page_curve_of", lang, name=each["title"][lang], within=within, p=tables.figure(each))
        svg = charts.curve(each["curve"], doc["horizon"], at, said)
        drawn.append(f"<figure>{svg}<figcaption>{escape(said)}</figcaption></figure>")
    return f'<div class="many">{"".join(drawn)}</div>'


def _breach(doc: Document, lang: str) -> Iterator[str]:
    yield _h2(word("page_breach", lang))
    lines = show.breach(doc, lang)
    yield from map(_p, islice(lines, 1))
    yield from _told(lines)


# the figures, the week


def _figures(doc: Document, lang: str) -> Iterator[str]:
    table, swings = tables.figures(doc, lang)
    bars = [charts.bar(low, high, f"{low:.2f} … {high:.2f}") for low, high in swings]
    yield _h2(show.tornado_head(doc, lang))
    yield _table(table, bars)


def _week(doc: Document, lang: str) -> Iterator[str]:
    yield _h2(show.week_head(doc, lang))
    yield _p(show.weakest(doc, lang))
    yield _table(tables.moments(doc, lang))
    yield heat(doc, lang)
    styles = [f"background:{ink};color:{letters}" for ink, letters in zip(INKS, LETTERS, strict=True)]
    keys = (f'<span style="{style}">{escape(text)}</span>' for style, text in zip(styles, show.bounds(), strict=True))
    yield f'<p class="key small">{escape(word("week_key", lang))}: {" ".join(keys)}</p>'


def heat(doc: Document, lang: str) -> str:
    """Return the week as a table: a column a day, a row an hour, each cell with its figure, which fits a telephone."""
    hours = doc["week"]["hours"]
    rows = []
    for hour in range(24):
        cells = "".join(_hour(hours[day * 24 + hour], doc, lang) for day in range(7))
        rows.append(f"<tr><th>{hour:02d}</th>{cells}</tr>")
    head = "".join(f"<th>{day}</th>" for day in ("", *WEEKDAYS[lang]))
    return f'<table class="week"><tr>{head}</tr>{"".join(rows)}</table>'


def _hour(found: Document, doc: Document, lang: str) -> str:
    n = next((n for n, least in enumerate(show.STEPS) if found["p"] >= least), len(show.STEPS))
    said = f"{moment(found['at'], doc, lang)}  {tables.figure(found)}"
    style = f"background:{INKS[n]};color:{LETTERS[n]}"
    return f'<td style="{style}" title="{escape(said, quote=True)}">{found["p"]:.2f}</td>'
