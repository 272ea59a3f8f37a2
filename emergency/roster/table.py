"""A sheet of rows under a header, from CSV or a spreadsheet; every cell as the text that stands there.

What cannot be read as a table is told by row and column, all of it at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath

import msgspec

from emergency.core.near import nearest, nearest_zh
from emergency.errors import Mistakes, Problem

LARGEST = 5_000_000
"""Bytes of a roster as text; five thousand people take 1.2 MB."""
MOST_ROWS = 20_000
MOST_COLUMNS = 100


class Row(msgspec.Struct, frozen=True):
    """One row: its number in the file, from 1, and its cells, without spaces around them."""

    number: int
    cells: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The rows under a header.

    file: what messages call it; a spreadsheet's sheet stands behind the name. columns: the words of the header as they
    stand there. letters: what each column is called by the program that made the sheet; empty for CSV.
    notes: what a reader should be told although nothing is wrong. problems: what is wrong with the sheet itself.
    """

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    header: int = 1
    letters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def problem(self, row: int, says: str, column: str | None = None, zh: str = "") -> Problem:
        """Return a mistake in one row, and in the cell under *column* where one is named."""
        return Problem(file=self.file, line=row, says=self.where(column) + says, zh=zh and self.where_zh(column) + zh)

    def where(self, column: str | None) -> str:
        """Return the words for a column that begin a message; none for None or a column that is not there."""
        if column is None or column not in self.columns:
            return ""
        if not self.letters:
            return f"column '{column}': "
        return f"column {self.letters[self.columns.index(column)]} '{column}': "

    def where_zh(self, column: str | None) -> str:
        """Return the words of `where` in Chinese."""
        if column is None or column not in self.columns:
            return ""
        letter = f" {self.letters[self.columns.index(column)]}" if self.letters else ""
        return f"列{letter}“{column}”:"


def read_table(raw: bytes, name: str) -> Table:
    """Return the table in *raw*, CSV or XLSX by the name's ending. Raises Mistakes when it is no table at all."""
    ending = PurePath(name).suffix.lower()
    if ending == ".xlsx":
        from emergency.roster import xlsx_file

        return xlsx_file.read(raw, name)
    if ending == ".csv":
        from emergency.roster import csv_file

        return csv_file.read(raw, name)
    raise Mistakes(
        [
            Problem(
                file=name,
                line=0,
                says="is no table; give a file that ends in .csv or .xlsx",
                zh="不是表格;请给 .csv 或 .xlsx 文件",
            )
        ]
    )


def named(table: Table, known: Sequence[str], needed: Sequence[str], also: Mapping[str, str]) -> Table:
    """Return *table* with its columns called by the names we know, and with what is wrong with its header.

    Args:
        also: another word of a header to the name it stands for.
    """
    columns = tuple(_plain(word, known, also) for word in table.columns)
    found = table.problem
    problems = [
        found(
            table.header,
            f"the column '{word}' is missing; there must be: {', '.join(known)}",
            zh=f"缺少列“{word}”;要有:{'、'.join(known)}",
        )
        for word in needed
        if word not in columns
    ][:1]
    for index, word in enumerate(columns):
        if word and word not in known:
            says = f"the column '{word}' is unknown.{nearest(word, list(known))}"
            problems.append(found(table.header, says, zh=f"没有“{word}”这一列。{nearest_zh(word, list(known))}"))
        elif word and word in columns[:index]:
            problems.append(found(table.header, f"the column '{word}' stands here twice", zh=f"列“{word}”写了两次"))
        elif not word:
            problems += [
                found(
                    row.number,
                    f"cell {index + 1} holds a value, and its column has no name",
                    zh=f"第 {index + 1} 格有内容,这一列却没有列名",
                )
                for row in table.rows
                if index < len(row.cells) and row.cells[index]
            ][:1]
    return msgspec.structs.replace(table, columns=columns, problems=(*table.problems, *problems))


def _plain(word: str, known: Sequence[str], also: Mapping[str, str]) -> str:
    plain = re.sub(r"\s+", "_", word.strip()).lower()
    return plain if plain in known else also.get(word.strip(), word.strip())


def split(cell: str) -> list[str]:
    """Return the items of a cell, parted by `;`; a backslash before it, or before another one, makes it a letter."""
    items = re.findall(r"((?:\\.|[^;\\]|\\$)*)(?:;|$)", cell)
    return [re.sub(r"\\([;\\])", r"\1", item.strip()) for item in items if item.strip()]


def join(items: Sequence[str]) -> str:
    """Return items as `split` reads them."""
    return "; ".join(re.sub(r"([;\\])", r"\\\1", item) for item in items)
