"""The sheet for the hot wash: printed before, filled in by hand within minutes of the end, typed in afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from emergency.drills.evaluate import QUESTIONS
from emergency.errors import Mistakes
from emergency.report.pages import put

STYLE = (
    "@page{size:A4;margin:14mm}body{font:11pt/1.5 'Noto Sans SC','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',"
    "Arial,sans-serif;color:#000;max-width:182mm;margin:auto}h1{font-size:1.5em;margin:.2em 0}"
    "h2{font-size:1.1em;margin:1em 0 .2em}.room{border:1px solid #64748b;height:36mm;border-radius:3px}"
    "table{width:100%;border-collapse:collapse}td,th{border:1px solid #64748b;padding:.3em .5em;text-align:left}"
    ".tick{width:2.6em;text-align:center}.small{color:#334155;font-size:.85em}"
)


def write(scores: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Write the sheet of a drill to *path*, and return a document that names the file. Raises Mistakes."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise Mistakes(f"--form {path.name}: end it with .html", f"--form {path.name}:文件名须以 .html 结尾")
    put(path, page(scores).encode())
    return {"drill": scores["drill"], "file": str(path)}


def page(scores: Mapping[str, Any]) -> str:
    """Return the sheet: the objectives to tick, the questions of the hot wash, Chinese and English side by side."""
    ticks = "".join(f'<th class="tick">{mark}</th>' for mark in "PSMU")
    rows = "".join(
        f"<tr><td>{escape(each['id'])}</td><td>{escape(each['text']['zh'])}<br>"
        f'<span class="small">{escape(each["text"]["en"])}</span></td>' + '<td class="tick">□</td>' * 4 + "</tr>"
        for each in scores["objectives"]
    )
    asked = "".join(f'<h2>{escape(q.zh)} {escape(q.en)}</h2><div class="room"></div>' for q in QUESTIONS.values())
    code = escape(scores["drill"])
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{code} 讲评表 Hot wash</title>'
        f"<style>{STYLE}</style></head><body><h1>{code} 现场讲评表 Hot wash</h1>"
        "<p>岗位 Role ____________________ &emsp; 姓名(可不填) Name (optional) ____________________</p>"
        f"<table><thead><tr><th></th><th>目标 Objective</th>{ticks}</tr></thead><tbody>{rows}</tbody></table>"
        '<p class="small">P 顺利 without challenges · S 有些问题 some · M 问题较大 major · U 未能完成 unable</p>'
        f"{asked}</body></html>\n"
    )
