"""A YAML file as plain values, every scalar as the text that stands there, with the line of each.

Read from the parser's events, so that nothing is ever constructed: no tags, no anchors that multiply, no guesses
(`off` stays `off`, `10:30` stays `10:30`). Hostile files cost no more than their size.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from emergency.errors import Mistakes, Problem
from emergency.phrases import trouble_zh

LARGEST = 1_000_000
"""Bytes; the largest plan we ship has 30,000."""
DEEPEST = 30

Path_ = tuple[str | int, ...]


class YamlFile:
    """The values of a file, and where each stands.

    data: dictionaries, lists and texts. lines: path of keys and indices to line number, from 1.
    """

    def __init__(self, name: str, data: Any, lines: dict[Path_, int], problems: list[Problem]) -> None:
        self.name = name
        self.data = data
        self.lines = lines
        self.problems = problems

    def line(self, path: Path_) -> int:
        """Return the line of *path*, or of the nearest thing around it that has one."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return 1

    def place(self, path: Path_) -> tuple[str, int]:
        """Return the file and the line of *path*."""
        return self.name, self.line(path)

    def problem(self, path: Path_, says: str, id: str = "", zh: str = "") -> Problem:
        """Return a mistake that stands at *path*; *id* is that of the check, *zh* the sentence in Chinese."""
        file, line = self.place(path)
        return Problem(file=file, line=line, says=says, id=id, zh=zh)


def read(path: Path) -> YamlFile:
    """Return the file's values.

    Raises:
        Mistakes: it cannot be read, is too large, is not UTF-8, is not YAML, or holds what a plan never needs.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        says, zh = f"cannot be read: {error.strerror}", f"读不出:{trouble_zh(error)}"
        raise Mistakes([Problem(file=str(path), line=0, says=says, zh=zh)]) from error
    return parse(raw, str(path))


def parse(raw: bytes, name: str, largest: int = LARGEST) -> YamlFile:
    """Return the values of a YAML text; *name* is what messages call it. Raises Mistakes as `read` does."""
    refuse_large(raw, name, largest)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        says, zh = "is not UTF-8 text; save it as UTF-8", "不是 UTF-8 文本;请另存为 UTF-8"
        raise Mistakes([Problem(file=name, line=line, says=says, zh=zh)]) from error
    reader = _Reader(name)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise Mistakes([_no_yaml(text, name, line, error.problem)]) from error
    except yaml.YAMLError as error:
        says, zh = "is not YAML: it holds characters that no text has", "不是有效的 YAML:里面有文本不该有的字符"
        raise Mistakes([Problem(file=name, line=0, says=says, zh=zh)]) from error
    return YamlFile(name, reader.data, reader.lines, reader.problems)


def _no_yaml(text: str, name: str, line: int, why: str | None) -> Problem:
    """Return the mistake in plain words; a tab is the commonest, and nobody sees it."""
    lines = text.splitlines()
    if "\t" in (lines[line - 1] if 0 < line <= len(lines) else ""):
        says, zh = (
            "is not YAML: a tab stands here; indent with spaces",
            "不是有效的 YAML:这里有制表符(Tab);请改用空格缩进",
        )
    else:
        says, zh = f"is not YAML: {why}", "不是有效的 YAML:请检查这里的缩进、冒号和引号"
    return Problem(file=name, line=line, says=says, zh=zh)


def refuse_large(raw: bytes, name: str, largest: int = LARGEST) -> None:
    """Refuse a file of more than *largest* bytes: nobody wrote it. Raises Mistakes."""
    if len(raw) > largest:
        says, zh = f"is larger than {largest // 1000} kB; is it the right file?", f"超过 {largest // 1000} kB;文件对吗?"
        raise Mistakes([Problem(file=name, line=0, says=says, zh=zh)])


class _Open:
    """A mapping or list under construction; `key` is the mapping key that waits for its value."""

    def __init__(self, value: dict[str, Any] | list[Any], path: Path_) -> None:
        self.value = value
        self.path = path
        self.key: str | None = None


class _Reader:
    """Builds plain values from parser events."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.data: Any = None
        self.lines: dict[Path_, int] = {}
        self.problems: list[Problem] = []
        self._stack: list[_Open] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(
                    line, "a second document begins here; one file holds one", "这里又开始了一份文档;一个文件只写一份"
                )
        elif isinstance(event, yaml.AliasEvent):
            self._stop(
                line,
                f"'*{event.anchor}' repeats another part; write it out (a plan must be readable as it stands)",
                f"“*{event.anchor}”引用了别处;请写全(预案要一眼读得懂)",
            )
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event.value, line, event.tag)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open({} if isinstance(event, yaml.MappingStartEvent) else [], line, event.tag)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._stack.pop()

    def _stop(self, line: int, says: str, zh: str) -> None:
        raise Mistakes([Problem(file=self.name, line=line, says=says, zh=zh)])

    def _open(self, value: dict[str, Any] | list[Any], line: int, tag: str | None) -> None:
        if tag is not None and tag not in ("!",):
            self._stop(
                line,
                f"'{tag}' is not allowed; a plan holds texts, lists and mappings only",
                f"不能写“{tag}”;只能写文字、列表和“名: 值”",
            )
        if len(self._stack) >= DEEPEST:
            self._stop(line, f"is nested deeper than {DEEPEST} levels", f"嵌套超过 {DEEPEST} 层")
        if self._stack and isinstance(self._stack[-1].value, dict) and self._stack[-1].key is None:
            self._stop(line, "a list or mapping stands where a name is expected", "这里该写名字,却是列表或“名: 值”")
        path = self._place(value, line)
        self._stack.append(_Open(value, path))

    def _scalar(self, text: str, line: int, tag: str | None) -> None:
        if tag is not None and tag != "!":
            self._stop(
                line,
                f"'{tag}' is not allowed; a plan holds texts, lists and mappings only",
                f"不能写“{tag}”;只能写文字、列表和“名: 值”",
            )
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            if text in top.value:
                first = self.lines.get((*top.path, text), line)
                self.problems.append(
                    Problem(
                        file=self.name,
                        line=line,
                        says=f"'{text}' stands here twice (first in line {first})",
                        zh=f"“{text}”写了两次(先在第 {first} 行)",
                    )
                )
            self.lines.setdefault((*top.path, text), line)
            top.key = text
            return
        self._place(text, line)

    def _place(self, value: Any, line: int) -> Path_:
        if not self._stack:
            self.data = value
            self.lines[()] = line
            return ()
        top = self._stack[-1]
        if isinstance(top.value, dict):
            key = top.key or ""
            top.key = None
            top.value[key] = value
            path: Path_ = (*top.path, key)
            self.lines.setdefault(path, line)
            return path
        top.value.append(value)
        path = (*top.path, len(top.value) - 1)
        self.lines[path] = line
        return path
