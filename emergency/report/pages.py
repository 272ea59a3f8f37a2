"""A report on pages: HTML of its own that any browser shows and prints, and PDF with its letters inside.

Both set the very same blocks. Words that people typed are data to either: Jinja escapes them, typst never reads them as
markup. Both are heavy and wanted seldom: what they need is imported when a page is made.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import msgspec

from emergency.errors import CommandRefused, Mistakes
from emergency.phrases import unwritable
from emergency.report.setting.blocks import Lang, Part
from emergency.report.setting.layout import part
from emergency.report.values import Report

HERE = Path(__file__).parent
LANGS: dict[str, tuple[Lang, ...]] = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}


def write(report: Report, path: Path, lang: str) -> int:
    """Write *report* to *path* (.html or .pdf), readable by its owner alone; return how many bytes.

    Args:
        lang: `zh`, `en`, or `both`: one after the other in one file.

    Raises:
        Mistakes: another ending, or it cannot be written there. CommandRefused: PDF needs an extra that is not
            installed.
    """
    ending = path.suffix.lower()
    if ending == ".pdf":
        data = as_pdf(report, lang)
    elif ending in (".html", ".htm"):
        data = as_html(report, lang).encode()
    else:
        raise Mistakes(
            f"--output {path.name}: end it with .html or .pdf", f"--output {path.name}:文件名须以 .html 或 .pdf 结尾"
        )
    put(path, data)
    return len(data)


def put(path: Path, data: bytes) -> None:
    """Write a file that its owner alone can read. Raises Mistakes: it cannot be written there."""
    try:
        path.write_bytes(data)
        path.chmod(0o600)
    except OSError as error:
        raise Mistakes(*unwritable(path, error)) from error


def parts_of(report: Report, lang: str, *, whole: bool = True) -> tuple[Part, ...]:
    """Return the report in each of its languages; without *whole*, with no more of the log than a reader needs."""
    return tuple(part(report, each, whole=whole) for each in LANGS[lang])


def as_html(report: Report, lang: str) -> str:
    """Return the report as one HTML document; it fetches nothing and runs nothing."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    parts = parts_of(report, lang)
    env = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    return env.get_template("report.html").render(
        parts=parts, code=report.cover.code, head=report.cover.head, drill=report.cover.drill,
        style=Markup((HERE / "report.css").read_text("utf-8")),  # noqa: S704  (our own file)
        qr=qr(report), lines=frozenset(each.ref for each in report.raw), drawn=Markup,
        loop_first=lambda each: each is parts[0],
    )  # fmt: skip


def as_pdf(report: Report, lang: str) -> bytes:
    """Return the report as PDF.

    Raises:
        CommandRefused: the extra `pdf` is not installed.
    """
    try:
        import typst
        from pylopdf_fonts_zh_cn import sans_path
    except ImportError as error:
        raise CommandRefused(
            "PDF needs the extra 'pdf' (pip install 'emergency-runner[pdf]'); an .html needs nothing, "
            "and every browser prints it",
            "PDF 需要附加包 pdf(pip install 'emergency-runner[pdf]');.html 什么都不需要,浏览器即可打印",
        ) from error
    found: Any = typst.compile(
        str(HERE / "report.typ"),
        font_paths=[str(sans_path().parent)],
        ignore_system_fonts=True,
        sys_inputs={"report": json.dumps(_data(report, lang), ensure_ascii=False)},
        timestamp=0,
        format="pdf",
    )
    return bytes(found)


def _data(report: Report, lang: str) -> dict[str, Any]:
    parts = parts_of(report, lang, whole=False)
    blocks = (block for section in parts[0].sections for block in section.blocks if block.kind == "raw")
    return {
        "code": report.cover.code, "drill": report.cover.drill, "parts": msgspec.to_builtins(parts), "qr": qr(report),
        "lines": [row[0].text for block in blocks for row in block.rows],
    }  # fmt: skip


def qr(report: Report) -> str:
    """Return the code of the cover as SVG: the incident's code, its id, how many lines, and the hash of the last."""
    import segno

    cover = report.cover
    out = io.BytesIO()
    words = f"{cover.code} {cover.id} {cover.lines} {cover.head}"
    segno.make(words, micro=False, error="m").save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2)
    return out.getvalue().decode()
