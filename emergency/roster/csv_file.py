"""Tables as CSV: UTF-8 with or without a mark, and GBK, which spreadsheets in China write."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Sequence

from emergency import yaml_file
from emergency.errors import Mistakes, Problem
from emergency.roster.table import LARGEST, MOST_ROWS, Row, Table

GBK = "read as GBK; CSV UTF-8 is safer 按 GBK 编码读取,建议另存为 CSV UTF-8"
REMARK = "#"
"""Begins a line above the header that says something about the file."""


def read(raw: bytes, name: str) -> Table:
    """Return the table in *raw*. Raises Mistakes: too large, no text, no CSV, no header."""
    yaml_file.refuse_large(raw, name, LARGEST)
    text, notes = _text(raw, name)
    body, skipped = _without_remarks(text)
    if not body.strip():
        says, zh = "is empty; the first row names the columns", "是空的;第一行应写列名"
        raise Mistakes([Problem(file=name, line=1, says=says, zh=zh)])
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=_delimiter(body), strict=True)
    try:
        cells = [(reader.line_num + skipped, [_bare(cell.strip()) for cell in row]) for row in reader]
    except csv.Error as error:
        says, zh = f"is not CSV: {error}", "不是有效的 CSV:请检查引号是否成对"
        raise Mistakes([Problem(file=name, line=reader.line_num + skipped, says=says, zh=zh)]) from error
    return _table(name, cells, notes)


def _without_remarks(text: str) -> tuple[str, int]:
    """Return what follows the remarks and empty lines at the top, and how many lines those are."""
    skipped = 0
    while text:
        line, _, rest = text.partition("\n")
        if line.strip(' ",;\t\r') and not line.lstrip('"').startswith(REMARK):
            break
        text, skipped = rest, skipped + 1
    return text, skipped


def _delimiter(body: str) -> str:
    """Return what parts the cells of the header: some countries' spreadsheets write `;`."""
    return max(",;\t", key=body.partition("\n")[0].count)


CALCULATED = "=+-@'\t\r＝＋－＠"
"""What begins a cell that a spreadsheet would calculate, or of which it would drop the first letter."""
NUMBER = re.compile(r"\+[0-9][0-9 ()-]*")
"""A telephone number as we write it."""


def _bare(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in CALCULATED and cell[1:] else cell


def _guarded(cell: str) -> str:
    """A cell that no spreadsheet calculates; a telephone number with its spaces is none that it could."""
    if cell[:1] not in CALCULATED or not cell or (" " in cell and NUMBER.fullmatch(cell)):
        return cell
    return f"'{cell}"


def _table(name: str, cells: Sequence[tuple[int, list[str]]], notes: tuple[str, ...]) -> Table:
    header, columns = cells[0]
    rows = tuple(Row(number, tuple(row)) for number, row in cells[1:] if any(row))
    if len(rows) > MOST_ROWS:
        says, zh = f"has more than {MOST_ROWS} rows; is it the right file?", f"超过 {MOST_ROWS} 行;文件对吗?"
        raise Mistakes([Problem(file=name, line=0, says=says, zh=zh)])
    return Table(file=name, columns=tuple(columns), rows=rows, header=header, notes=notes)


def _text(raw: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        text = _as_gbk(raw)
        if text is None:
            says, zh = "is not UTF-8 text; save it as CSV UTF-8", "不是 UTF-8 文本;请另存为 CSV UTF-8"
            raise Mistakes([Problem(file=name, line=line, says=says, zh=zh)]) from error
        return text, (GBK,)


def _as_gbk(raw: bytes) -> str | None:
    """Return the text of a GBK file; None where the bytes make other letters than Chinese ones, and are none then."""
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        return None
    strange = {ch for ch in text if ord(ch) > 127 and unicodedata.category(ch) in ("Cc", "Co", "Cn", "Lm", "Mn")}
    return None if strange or "\0" in text or not any("\u4e00" <= ch <= "\u9fff" for ch in text) else text


def write(remarks: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Return a table as CSV under remarks, with the mark by which spreadsheets know UTF-8. No cell is calculated."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for remark in remarks:
        out.write(f"{REMARK} {remark}\r\n")
    writer.writerow(columns)
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")
