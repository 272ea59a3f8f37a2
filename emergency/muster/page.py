"""The page for the fire brigade: who needs help, who is missing, where each was last known to be, which floors are not
swept. Chinese and English stand side by side, for whoever it is handed to. No telephone number is on it.

The totals and every floor stand on the first page. People are listed by floor, as a building is searched; where they do
not fit, the table goes on, under its own heading, on further pages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from emergency.core.values import Text
from emergency.errors import CommandRefused, Mistakes

Document = Mapping[str, Any]
LABELS: dict[str, Text] = {
    "title": Text("失联与求助人员", "Missing, and in need of help"),
    "drill": Text("演练", "DRILL"),
    "incident": Text("事件", "Incident"),
    "place": Text("地点", "Place"),
    "opened": Text("点名开始", "Roll call since"),
    "printed": Text("打印时间", "Printed"),
    "expected": Text("应到", "expected"),
    "safe": Text("平安", "safe"),
    "away": Text("不在现场", "not on site"),
    "help": Text("求助", "NEED HELP"),
    "missing": Text("失联", "MISSING"),
    "floors": Text("各层清场", "Floors"),
    "open": Text("未清", "NOT SWEPT"),
    "swept": Text("已清", "swept"),
    "given_up": Text("已放弃", "GIVEN UP"),
    "heads": Text("不记名", "without names"),
    "name": Text("姓名", "Name"),
    "employer": Text("单位", "Employer"),
    "last": Text("最后位置", "Last known place"),
    "when": Text("何时见到", "Seen at"),
    "by_list": Text("按名册", "by the list"),
    "nobody": Text("所有记名人员都有下落。", "Everybody on the list is accounted for."),
    "note": Text(
        "最后位置若写“按名册”,是平时所在,不是亲眼所见。不记名人数(顾客)不作清点,以清场为准。",
        "'By the list' is where they usually are; nobody has seen them there. People without names (the public) are "
        "not counted: their zone is swept or not.",
    ),
}
SIZES = ((12, 11.0), (40, 9.0), (90, 8.0))
"""So many people are set in so many points at most; more of them in the smallest that can be read at arm's length."""
SMALLEST = 7.5
ROWS_ON_FIRST, ROWS_ON_NEXT = 34, 58
"""How many rows a browser is likely to print on the first page and on each further one."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One row: everything in words already."""

    number: int
    zh: str
    en: str
    employer: str
    place_zh: str
    place_en: str
    seen: str
    help: bool


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """One floor with those who are to be looked for on it. detail: when it was swept, by whom, why it was given up."""

    zh: str
    en: str
    mark: str
    detail: str
    help: int
    missing: int
    heads: int
    people: tuple[Person, ...] = ()


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The whole page. figures: label and number, the grave ones last; labels: key to both languages in one line."""

    drill: bool
    site: str
    address: str
    facts: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, str, int], ...]
    floors: tuple[Floor, ...]
    labels: dict[str, str]
    size: float
    count: int


def both(key: str) -> str:
    """Return the words for *key*, Chinese and English beside each other."""
    return f"{LABELS[key].zh} {LABELS[key].en}"


def page(doc: Document) -> Page:
    """Return the page that a document of `muster-missing` makes."""
    zone = ZoneInfo(doc["timezone"])
    rows = [*doc["help"], *doc["missing"]]
    floors = tuple(_floors(doc, rows, zone))
    size = next((size for most, size in SIZES if len(rows) <= most), SMALLEST)
    return Page(
        drill=doc["mode"] != "real",
        site=_side(doc["site_name"]),
        address=_side(doc["address"]),
        facts=(
            (both("incident"), f"{doc['incident']} {_side(doc['title'])}"),
            (both("place"), _side(doc["place_name"])),
            (both("opened"), f"{doc['roll_call']}  {_clock(doc['opened_at'], zone)}"),
            (both("printed"), _clock(doc["at"], zone, date=True)),
        ),
        figures=tuple((key, both(key), doc["totals"][key]) for key in ("expected", "safe", "away", "help", "missing")),
        floors=floors,
        labels={key: both(key) for key in LABELS},
        size=size,
        count=len(rows),
    )


def _side(text: Mapping[str, str]) -> str:
    return text["zh"] if text["zh"] == text["en"] else f"{text['zh']} {text['en']}"


def _clock(text: str, zone: ZoneInfo, *, date: bool = False) -> str:
    return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S" if date else "%H:%M:%S")


def _floors(doc: Document, rows: Sequence[Document], zone: ZoneInfo) -> list[Floor]:
    number, found = 0, []
    for each in doc["zones"]:
        people = []
        for row in rows:
            if row["floor_zone"] == each["zone"]:
                number += 1
                people.append(_person(number, row, zone))
        when = _clock(each["marked_at"], zone)[:5] if each["marked_at"] else ""
        by = _side(each["by"]) if each["by"] else ""
        found.append(
            Floor(
                zh=each["name"]["zh"], en=each["name"]["en"], mark=each["mark"],
                detail=" ".join(filter(None, (when, by, each["reason"]))), help=each["help"], missing=each["missing"],
                heads=each["heads"], people=tuple(people),
            )
        )  # fmt: skip
    return found


def _person(number: int, row: Document, zone: ZoneInfo) -> Person:
    zh, en = row["name"]["zh"], row["name"]["en"]
    return Person(
        number=number, zh=zh, en="" if zh == en else en, employer=row["employer"], place_zh=row["place"]["zh"],
        place_en=row["place"]["en"], seen=_clock(row["seen_at"], zone) if row["seen_at"] else both("by_list"),
        help=row["status"] == "help",
    )  # fmt: skip


def write(doc: Document, path: Path) -> int:
    """Write the page to *path* (.pdf or .html), readable by its owner alone; return how many pages it takes.

    Raises:
        Mistakes: another ending. CommandRefused: PDF needs an extra that is not installed.
    """
    made = page(doc)
    ending = path.suffix.lower()
    if ending == ".pdf":
        data, pages = as_pdf(made)
    elif ending in (".html", ".htm"):
        text, pages = as_html(made)
        data = text.encode()
    else:
        raise Mistakes(
            f"--output {path.name}: end it with .pdf or .html", f"--output {path.name}:文件名须以 .pdf 或 .html 结尾"
        )
    path.write_bytes(data)
    path.chmod(0o600)
    return pages


def as_pdf(made: Page) -> tuple[bytes, int]:
    """Return the page as PDF with its letters inside, and how many pages it takes.

    Raises:
        CommandRefused: the extra `pdf` is not installed.
    """
    from emergency.picture.paper import pages_of

    data = as_picture(made, "pdf")
    return data, pages_of(data)


def as_picture(made: Page, kind: Literal["pdf", "png"]) -> bytes:
    """Return the page in one of the formats that typst sets: `pdf`, or `png` of its first page."""
    try:
        import typst
        from pylopdf_fonts_zh_cn import sans_path
    except ImportError as error:
        raise CommandRefused(
            "PDF needs the extra 'pdf' (pip install 'emergency-runner[pdf]'); an .html needs nothing, "
            "and every browser prints it",
            "输出 PDF 要装附加组件 pdf(pip install 'emergency-runner[pdf]');.html 什么都不用装,浏览器都能打印",
        ) from error
    found: Any = typst.compile(
        str(Path(__file__).with_name("page.typ")),
        font_paths=[str(sans_path().parent)],
        ignore_system_fonts=True,
        sys_inputs={"page": json.dumps(msgspec.to_builtins(made), ensure_ascii=False)},
        timestamp=0,
        format=kind,
        ppi=80.0,
    )
    return bytes(found[0] if isinstance(found, list) else found)


STYLE = (
    "@page{size:A4;margin:12mm}*{box-sizing:border-box}"
    "body{margin:0;color:#000;-webkit-print-color-adjust:exact;print-color-adjust:exact;"
    "font:SIZEpt/1.25 'Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei','Source Han Sans SC',"
    "Arial,Helvetica,sans-serif}@media screen{main{max-width:186mm;margin:12mm auto;padding:0 8px}}"
    "header{background:#0f172a;color:#fff;border-radius:4px;padding:.5em .8em}h1{font-size:1.7em;margin:0}"
    ".facts{display:flex;flex-wrap:wrap;gap:.2em 1.4em;margin-top:.3em}"
    ".figures{display:flex;gap:.5em;margin:.6em 0}"
    ".figures div{flex:1;border:1px solid #000;border-radius:4px;text-align:center;padding:.2em}"
    ".figures b{display:block;font-size:2em;line-height:1.1}.figures .help,.figures .missing{background:#fca5a5}"
    "table{width:100%;border-collapse:collapse;margin:.5em 0}td,th{border:1px solid #94a3b8;padding:.1em .4em;"
    "text-align:left;vertical-align:top}thead{display:table-header-group}tr{break-inside:avoid}"
    ".floor td{background:#e2e8f0;font-weight:700}.sos{background:#fecaca}"
    ".todo{font-weight:700;background:#fde68a}.n{text-align:right}footer{color:#475569;font-size:.9em}"
)


def as_html(made: Page) -> tuple[str, int]:
    """Return the page for a browser to print, and how many pages that is likely to take."""
    drill = f"【{escape(both('drill'))}】 " if made.drill else ""
    facts = "".join(f"<span>{escape(name)}: <b>{escape(value)}</b></span>" for name, value in made.facts)
    figures = "".join(f'<div class="{key}"><b>{number}</b>{escape(name)}</div>' for key, name, number in made.figures)
    body = (
        f"<header><h1>{drill}{escape(both('title'))}</h1><div>{escape(made.site)} · {escape(made.address)}</div>"
        f'<div class="facts">{facts}</div></header><div class="figures">{figures}</div>'
        f"{_floors_html(made)}{_people_html(made)}<footer>{escape(both('note'))}</footer>"
    )
    text = (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(both("title"))}</title>'
        f"<style>{STYLE.replace('SIZE', f'{made.size:g}')}</style></head><body><main>{body}</main></body></html>\n"
    )
    rows = made.count + sum(bool(floor.people) for floor in made.floors)
    return text, 1 + max(0, -(-(rows - ROWS_ON_FIRST) // ROWS_ON_NEXT))


def _floors_html(made: Page) -> str:
    lines = "".join(
        f'<tr><td>{escape(floor.zh)} {escape(floor.en)}</td><td class="{"" if floor.mark == "swept" else "todo"}">'
        f"{escape(both(floor.mark))} {escape(floor.detail)}</td>"
        f'<td class="n">{floor.help}</td><td class="n">{floor.missing}</td><td class="n">{floor.heads or ""}</td></tr>'
        for floor in made.floors
    )
    heads = "".join(f"<th>{escape(both(key))}</th>" for key in ("help", "missing", "heads"))
    return f"<table><thead><tr><th colspan=2>{escape(both('floors'))}</th>{heads}</tr></thead>{lines}</table>"


def _people_html(made: Page) -> str:
    if not made.count:
        return f"<p><b>{escape(both('nobody'))}</b></p>"
    heads = "".join(f"<th>{escape(both(key))}</th>" for key in ("name", "employer", "last", "when"))
    lines = []
    for floor in made.floors:
        if floor.people:
            said = f"{floor.zh} {floor.en} · {both(floor.mark)}"
            lines.append(f'<tr class="floor"><td colspan=5>{escape(said)}</td></tr>')
        for each in floor.people:
            sos = f"<b>{escape(both('help'))}</b> " if each.help else ""
            lines.append(
                f'<tr class="{"sos" if each.help else ""}"><td class="n">{each.number}</td>'
                f"<td>{sos}<b>{escape(each.zh)}</b> {escape(each.en)}</td><td>{escape(each.employer)}</td>"
                f"<td>{escape(each.place_zh)} {escape(each.place_en)}</td><td>{escape(each.seen)}</td></tr>"
            )
    return f"<table><thead><tr><th>#</th>{heads}</tr></thead>{''.join(lines)}</table>"
