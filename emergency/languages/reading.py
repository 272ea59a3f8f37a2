"""A catalogue file becomes words that may be used, and a list of what is wrong with the others, each with its line.

Only entries that are translated, not fuzzy and not obsolete count. An entry that breaks a rule is left out, and its
text is said in English; a catalogue without drill marks is not used at all.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from emergency.core.languages import BUILT_IN
from emergency.core.templates import MARK
from emergency.core.values import Text
from emergency.errors import Problem
from emergency.languages.rules import NEEDED, faults, looks_like_a_drill

LARGEST = 2_000_000
"""Bytes. All texts of twenty plans in two languages take a tenth of that (practice)."""
MOST_ENTRIES = 20_000
NAME = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
"""What a language is called: `fr`, `pt-BR` (BCP 47, as far as catalogues need it)."""


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """What one file holds. words: English to translation, checked. lines: English to the line where it stands."""

    language: str
    words: dict[str, str] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []


def named(stem: str) -> str | None:
    """Return the language that a file of this name is for, or None: `pt_BR` is pt-BR."""
    language = stem.replace("_", "-")
    return language if NAME.fullmatch(language) and language not in BUILT_IN else None


def read(raw: bytes, file: str, language: str) -> Catalogue:
    """Return what stands in a catalogue file, whatever is wrong with it."""
    try:
        text = _text(raw)
        entries = list(_entries(text))
    except _NotRead as error:
        return Catalogue(language=language, problems=[_problem(file, error.line, error.says)])
    words: dict[str, str] = {}
    lines: dict[str, int] = {}
    problems = []
    for line, english, translation in entries:
        found = [*faults(english, translation)]
        problems += [_problem(file, line, Text(f"“{english[:40]}”:{f.zh}", f"'{english[:40]}' {f.en}")) for f in found]
        if not found:
            words[english], lines[english] = translation, line
    mark = words.get(MARK.en, "")
    for english in [each for each in words if looks_like_a_drill(each, words[each], mark)]:
        says = Text(
            f"“{english[:40]}”带有演练标记", f"'{english[:40]}' bears the drill mark, and is no drill by itself"
        )
        problems.append(_problem(file, lines[english], says))
        del words[english]
    other = _other_language(text, language)
    return Catalogue(language=language, words=words, lines=lines, problems=sorted([*problems, *other(file)]))


def missing(words: Mapping[str, str], language: str, file: str) -> list[Problem]:
    """Return what keeps the words of a language from being used at all."""
    return [
        _problem(
            file, 1, Text(f"{language} 没有{what.zh},整个语言不用", f"{language} lacks {what.en}; none of it is used")
        )
        for english, what in NEEDED.items()
        if english not in words
    ]


def _problem(file: str, line: int, says: Text) -> Problem:
    return Problem(file=file, line=line, says=says.en, zh=says.zh)


class _NotRead(Exception):
    def __init__(self, line: int, says: Text) -> None:
        super().__init__(says.en)
        self.line = line
        self.says = says


def _text(raw: bytes) -> str:
    if len(raw) > LARGEST:
        raise _NotRead(1, Text(f"文件超过 {LARGEST // 10**6} MB", f"is larger than {LARGEST // 10**6} MB"))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _NotRead(line, Text("不是 UTF-8 文本", "is not UTF-8 text")) from None


def _entries(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, English and translation of each entry that counts.

    Raises:
        _NotRead: the text is no catalogue.
    """
    for message in _messages(text):
        if isinstance(message.id, tuple):
            raise _NotRead(message.lineno, Text("这里不用复数形式", "plural forms have no place here"))
        if message.id and message.string and not message.fuzzy:
            yield message.lineno, str(message.id), str(message.string)


def _messages(text: str) -> list[Any]:
    from babel.messages.pofile import PoFileError, read_po

    try:
        found = list(read_po(io.StringIO(text), ignore_obsolete=True, abort_invalid=True))
    except PoFileError as error:
        raise _NotRead(
            int(error.lineno) + 1, Text("不是 gettext 目录", f"is no gettext catalogue: {error}"[:200])
        ) from None
    except Exception as error:  # the parser raises what it comes across: a file from elsewhere must not end a command
        raise _NotRead(1, Text("不是 gettext 目录", f"is no gettext catalogue ({type(error).__name__})")) from None
    if len(found) > MOST_ENTRIES:
        raise _NotRead(1, Text(f"超过 {MOST_ENTRIES} 条", f"holds more than {MOST_ENTRIES} entries"))
    return found


def _other_language(text: str, language: str) -> Any:
    """Return a function from the file's name to the problem that its header names another language; see `read`."""
    found = re.search(r'^"Language: *([A-Za-z0-9_@-]*) *\\n"', text, re.MULTILINE)
    said = found[1].replace("_", "-") if found else ""

    def problems(file: str) -> list[Problem]:
        if not found or not said or said == language:
            return []
        line = text[: found.start()].count("\n") + 1
        says = Text(f"文件里写的是 {said},文件名是 {language}", f"says it is {said}; its name says {language}")
        return [_problem(file, line, says)]

    return problems
