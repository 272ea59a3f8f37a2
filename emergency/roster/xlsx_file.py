"""Tables in spreadsheets. A file from outside is first looked at as an archive: what is too large, holds macros or
reaches out to other files is refused before anything of it is read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from emergency.errors import Mistakes, Problem, Unfit
from emergency.roster.table import LARGEST as LARGEST_TEXT
from emergency.roster.table import MOST_COLUMNS, MOST_ROWS, Row, Table

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

LARGEST = 10_000_000
"""Bytes of the file; five thousand people take 0.4 MB."""
LARGEST_INSIDE = 30_000_000
"""Bytes of all its parts unpacked; what is read takes fifty times as much memory."""
MOST_CELLS = 500_000
MOST_PARTS = 1000
EXACT = 10**15
"""Spreadsheets keep fifteen digits of a number."""
FIRST = "id"
"""The column that tells the sheet with the table from others."""


def read(raw: bytes, name: str, first: Sequence[str] = (FIRST, "编号", "name", "name_zh", "姓名")) -> Table:
    """Return the table of the one sheet whose first filled row holds a word of *first*. Raises Mistakes.

    Hidden rows count as well: what a filter hides is still there. A formula counts by its last result.
    """
    _refuse_archive(raw, name)
    sheet = _sheet(_book(raw, name, results=False), name, first)
    _refuse_sheet(sheet, name, first)
    results = _book(raw, name, results=True)[sheet.title] if _has_formulas(sheet) else None
    return _table(sheet, results, f"{name}, sheet '{sheet.title}'", first)


def _refuse(name: str, says: str, zh: str) -> Mistakes:
    return Mistakes([Problem(file=name, line=0, says=says, zh=zh)])


def _refuse_archive(raw: bytes, name: str) -> None:
    if len(raw) > LARGEST:
        raise _refuse(
            name,
            f"is larger than {LARGEST // 1_000_000} MB; is it the right file?",
            f"超过 {LARGEST // 1_000_000} MB;文件对吗?",
        )
    if raw[:4] == b"\xd0\xcf\x11\xe0":
        raise _refuse(
            name,
            "has a password, or is of the old kind (.xls); save it as .xlsx without one",
            "有密码,或是旧格式 .xls;请去掉密码另存为 .xlsx",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _refuse_parts(archive, name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise _refuse(name, "is no spreadsheet (.xlsx)", "不是表格文件(.xlsx)") from error


def _refuse_parts(archive: zipfile.ZipFile, name: str) -> None:
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_INSIDE:
        raise _refuse(
            name, "is far larger inside than any roster; is it the right file?", "里面的内容比名册大得多;文件对吗?"
        )
    for part in parts:
        low = part.filename.lower()
        if "vbaproject" in low or "macrosheets/" in low:
            raise _refuse(name, "holds macros; save it as .xlsx without them", "里面有宏;请去掉宏另存为 .xlsx")
        if "externallinks/" in low:
            raise _refuse(
                name,
                "takes values from other files; replace its links by their values",
                "引用了别的文件;请把引用换成数值",
            )
        if low.endswith((".xml", ".rels")):
            _refuse_declarations(archive, part, name)


def _refuse_declarations(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    """No part of a spreadsheet declares a document type; entities that grow without end need one."""
    body = archive.read(part)
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise _refuse(
            name,
            f"is no spreadsheet that a program would save ({part.filename})",
            f"不是正常程序存出的表格({part.filename})",
        )
    if body.count(b"<c ") > MOST_CELLS:
        raise _refuse(
            name, f"has more than {MOST_CELLS} cells; is it the right file?", f"超过 {MOST_CELLS} 个单元格;文件对吗?"
        )


def _book(raw: bytes, name: str, *, results: bool) -> Any:
    import warnings

    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of drawings and rules that a table does not need
            return openpyxl.load_workbook(io.BytesIO(raw), data_only=results, keep_links=False)
    except Exception as error:  # the library raises whatever its parsers do
        raise _refuse(name, "is no spreadsheet (.xlsx), or a damaged one", "不是表格文件(.xlsx),或已损坏") from error


def _sheet(book: Any, name: str, first: Sequence[str]) -> Worksheet:
    fitting = [sheet for sheet in book.worksheets if _header(sheet, first) is not None]
    if len(fitting) == 1:
        return fitting[0]  # type: ignore[no-any-return]
    if not fitting:
        raise _refuse(
            name,
            f"has no sheet with a first row that names the columns (one of them '{first[0]}')",
            f"没有哪张工作表的第一行是列名(其中要有“{first[0]}”)",
        )
    names = ", ".join(f"'{sheet.title}'" for sheet in fitting)
    raise _refuse(
        name,
        f"has several sheets with people ({names}); keep one in a file",
        f"有几张工作表都写着人({names});一个文件只留一张",
    )


def _header(sheet: Worksheet, first: Sequence[str]) -> int | None:
    """Return the number of the first row that holds anything, if it is a header."""
    for row in sheet.iter_rows(max_row=min(sheet.max_row, 50), max_col=MOST_COLUMNS):
        words = [str(cell.value).strip() for cell in row if cell.value is not None]
        if words:
            return int(row[0].row or 1) if {word.lower() for word in words} & set(first) else None
    return None


def _refuse_sheet(sheet: Worksheet, name: str, first: Sequence[str]) -> None:
    """Two cells far apart span a table: what lies between them would be made before it could be looked at."""
    file, rows, columns = f"{name}, sheet '{sheet.title}'", sheet.max_row, min(sheet.max_column, MOST_COLUMNS)
    if rows > MOST_ROWS + (_header(sheet, first) or 1):
        raise _refuse(file, f"has more than {MOST_ROWS} rows; is it the right file?", f"超过 {MOST_ROWS} 行;文件对吗?")
    if rows * columns > MOST_CELLS:
        raise _refuse(
            file,
            f"spans more than {MOST_CELLS} cells; delete its empty rows and columns",
            f"跨了超过 {MOST_CELLS} 个单元格;请删掉空行空列",
        )


def _has_formulas(sheet: Worksheet) -> bool:
    return any(cell.data_type == "f" for row in _rows(sheet, 1) for cell in row)


def _rows(sheet: Worksheet, start: int) -> Iterator[tuple[Cell, ...]]:
    last, width = min(sheet.max_row, MOST_ROWS + start), min(sheet.max_column, MOST_COLUMNS)
    yield from sheet.iter_rows(min_row=start, max_row=last, max_col=width)  # type: ignore[misc]


def _table(sheet: Worksheet, results: Worksheet | None, file: str, first: Sequence[str]) -> Table:
    header = _header(sheet, first) or 1
    problems = _merged(sheet, header, file)
    rows: list[Row] = []
    length = 0
    for row in _rows(sheet, header):
        number = int(row[0].row or 0)
        cells, wrong = _cells(row, results)
        problems += [Problem(file=file, line=number, says=says, zh=zh) for says, zh in wrong]
        length += sum(map(len, cells))
        if length > LARGEST_TEXT:
            raise _refuse(
                file,
                f"holds more than {LARGEST_TEXT // 1_000_000} MB of text; is it the right file?",
                f"文字超过 {LARGEST_TEXT // 1_000_000} MB;文件对吗?",
            )
        if any(cells) or wrong:
            rows.append(Row(number, cells))
    letters = tuple(cell.column_letter for cell in next(_rows(sheet, header)))
    hidden = sum(bool(sheet.row_dimensions[row.number].hidden) for row in rows)
    notes = (f"{hidden} hidden rows count as well 含 {hidden} 个隐藏行",) if hidden else ()
    columns = rows[0].cells
    return Table(
        file=file,
        columns=columns,
        rows=tuple(rows[1:]),
        header=header,
        letters=letters,
        notes=notes,
        problems=tuple(problems),
    )


def _merged(sheet: Worksheet, header: int, file: str) -> list[Problem]:
    return [
        Problem(
            file=file,
            line=area.min_row,
            says=f"the cells {area.coord} are merged, so that nobody can say whose the value is; unmerge them "
            "and fill in each cell",
            zh=f"单元格 {area.coord} 是合并的,看不出值属于谁;请取消合并,每格都填上",
        )
        for area in sorted(sheet.merged_cells.ranges, key=lambda area: (area.min_row, area.min_col))
        if area.max_row >= header
    ]


def _cells(row: Sequence[Cell], results: Worksheet | None) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    cells: list[str] = []
    wrong: list[tuple[str, str]] = []
    for cell in row:
        value: object = cell.value
        if cell.data_type == "f":
            value = results[cell.coordinate].value if results is not None else None
            if value is None:
                says = f"column {cell.column_letter}: a formula without a result; put the value there"
                wrong.append((says, f"列 {cell.column_letter}:公式没有结果;请直接填数值"))
        try:
            cells.append(_words(value))
        except Unfit as error:
            wrong.append((f"column {cell.column_letter}: {error}", f"列 {cell.column_letter}:{error.zh}"))
            cells.append("")
    return tuple(cells), wrong


def _words(value: object) -> str:
    """Return a cell's value as a person would type it.

    Raises:
        Unfit: it is an error value, or a number that has lost digits.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, float)):
        return _digits(value)
    text = str(value).strip()
    if text.startswith("#") and text.endswith(("!", "?", "/A", "/0!")):
        raise Unfit(f"the cell shows an error ({text}); put the value there", f"单元格显示错误({text});请直接填值")
    return text


def _digits(value: int | float) -> str:
    if abs(value) >= EXACT:
        raise Unfit(
            "a number too long for a spreadsheet, digits are lost; format the cell as text",
            "数字太长,表格软件丢了位数;请把单元格设为文本格式再填",
        )
    return str(int(value)) if value == int(value) else repr(value)


def write(remarks: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> bytes:
    """Return a spreadsheet: a first sheet with the remarks, a second with the table, every cell as text."""
    import openpyxl
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    about = book.worksheets[0]
    about.title = "说明 About"
    for remark in remarks:
        about.append([remark])
    about.column_dimensions["A"].width = 100
    sheet = book.create_sheet(title)
    for number, row in enumerate([columns, *rows], start=1):
        for index, words in enumerate(row, start=1):
            if words:
                cell = sheet.cell(number, index)
                cell.value = words
                cell.data_type = "s"  # never a formula, never a number that loses its zeros
                cell.number_format = "@"
                cell.font = Font(bold=number == 1)
    sheet.freeze_panes = "B2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
