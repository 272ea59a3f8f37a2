"""Reads a YAML file by hand: asks for each value by its name and kind, and collects every mistake with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from emergency.core.near import nearest, nearest_zh
from emergency.core.values import Text
from emergency.errors import Mistakes, Problem
from emergency.yaml_file import YamlFile, read

T = TypeVar("T")
LONGEST = 400
"""Characters of one text: nobody writes more on a line of a calendar."""


class Cursor:
    """One place in a file: its value, and a pen for what is wrong there. What is missing reads as nothing."""

    def __init__(self, file: YamlFile, path: tuple[str | int, ...], value: Any, wrong: list[Problem]) -> None:
        self._file = file
        self._path = path
        self._value = value
        self._wrong = wrong

    @classmethod
    def of_file(cls, path: Path) -> Cursor:
        """Return the top of a file. Raises Mistakes: it cannot be read, or is no YAML."""
        file = read(path)
        top = cls(file, (), file.data, list(file.problems))
        top._must_map()
        return top

    def finish(self) -> None:
        """Raise every mistake that was noted, in the order of the file."""
        if self._wrong:
            raise Mistakes(sorted(dict.fromkeys(self._wrong)))

    def wrong(self, en: str, zh: str, key: str | int | None = None) -> None:
        """Note a mistake here, or at *key* here."""
        path = self._path if key is None else (*self._path, key)
        name = ".".join(map(str, path))
        said = (f"{name}: {en}", f"{name}:{zh}") if name else (en, zh)
        self._wrong.append(self._file.problem(path, said[0], zh=said[1]))

    def __contains__(self, key: str) -> bool:
        return isinstance(self._value, dict) and key in self._value

    def _must_map(self) -> None:
        if not isinstance(self._value, dict | None):
            self.wrong("is no mapping of names to values", "应为名称和取值")
            self._value = {}

    def _get(self, key: str) -> Any:
        return self._value.get(key) if isinstance(self._value, dict) else None

    def only(self, *names: str) -> Cursor:
        """Note every name that is none of these; return itself."""
        self._must_map()
        for name in self._value or ():
            if name not in names:
                self.wrong(
                    f"is unknown here.{nearest(name, list(names))}",
                    f"这里没有这一项。{nearest_zh(name, list(names))}",
                    name,
                )
        return self

    def at(self, key: str) -> Cursor:
        """Return the place of *key*."""
        return Cursor(self._file, (*self._path, key), self._get(key), self._wrong)

    def items(self) -> Iterator[tuple[str, Cursor]]:
        """Yield name and place of everything in a mapping."""
        self._must_map()
        for name in self._value or ():
            yield name, self.at(name)

    def each(self, first: Callable[[Cursor], Cursor] = lambda each: each) -> Iterator[Cursor]:
        """Yield the places of a list."""
        if not isinstance(self._value, list | None):
            self.wrong("is no list", "应为列表")
            return
        for index, value in enumerate(self._value or ()):
            yield first(Cursor(self._file, (*self._path, index), value, self._wrong))

    def text(self, key: str, usual: str | None = None) -> str:
        """Return one line of text; without *usual* it is needed."""
        value = self._get(key)
        if value is None and usual is not None:
            return usual
        if not isinstance(value, str) or not value.strip() or len(value) > LONGEST or not value.isprintable():
            missing = ("one line of text is missing here", "这里缺一行文字")
            self.wrong(*(missing if value is None else ("is no line of text", "不是一行文字")), key)
            return usual or ""
        return value.strip()

    def words(self, key: str) -> Text:
        """Return words in both languages."""
        value = self._get(key)
        both = value if isinstance(value, dict) else {}
        if set(both) != {"zh", "en"} or not all(isinstance(each, str) and each.strip() for each in both.values()):
            self.wrong("wants words in both languages: {zh: ..., en: ...}", "两种语言都要写:{zh: ..., en: ...}", key)
            return Text("", "")
        return Text(both["zh"], both["en"])

    def yes(self, key: str) -> bool:
        """Return yes or no; no where nothing stands."""
        value = self._get(key)
        if value not in (None, "yes", "no", "true", "false"):
            self.wrong(f"'{_short(value)}' is neither yes nor no", f"“{_short(value)}”:请写 yes 或 no", key)
        return value in ("yes", "true")

    def number(self, key: str, usual: int, least: int = 0) -> int:
        """Return a whole number."""
        value = self._get(key)
        if value is None:
            return usual
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 7):
            self.wrong(f"'{_short(value)}' is no whole number", f"“{_short(value)}”不是整数", key)
            return usual
        if int(value) < least:
            self.wrong(f"is less than {least}", f"小于 {least}", key)
        return max(int(value), least)

    def day(self, key: str, *, needed: bool = False) -> date | None:
        """Return a day; None where nothing stands."""
        value = self._get(key)
        if value is None:
            if needed:
                self.wrong("a day is missing here; write 2026-12-05", "这里缺日期;请写成 2026-12-05", key)
            return None
        try:
            if len(str(value)) != len("2026-12-05"):
                raise ValueError
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            wrong = _short(value)
            self.wrong(f"'{wrong}' is no day; write 2026-12-05", f"“{wrong}”不是日期;请写成 2026-12-05", key)
            return None

    def choice(self, key: str, among: Sequence[str], usual: str | None = None) -> str:
        """Return one word of *among*."""
        word = self.text(key, usual)
        if word and word not in among:
            self.wrong(
                f"'{_short(word)}' is unknown.{nearest(word, list(among))} There is: {', '.join(among)}",
                f"没有“{_short(word)}”。可用:{'、'.join(among)}",
                key,
            )
            return usual if usual is not None else next(iter(among), "")
        return word

    def choices(self, key: str, among: Sequence[str]) -> tuple[str, ...]:
        """Return words of *among*, from a list."""
        return self._listed(key, among)

    def ids(self, key: str, among: Iterable[str] | None) -> tuple[str, ...]:
        """Return ids from a list, of *among* if it is given; `all` is none in particular."""
        if self._get(key) in (None, "all"):
            return ()
        return self._listed(key, None if among is None else sorted(among))

    def _listed(self, key: str, among: Sequence[str] | None) -> tuple[str, ...]:
        value = self._get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.wrong("is no list of names, like [fire, flooding]", "应为名称列表,如 [fire, flooding]", key)
            return ()
        unknown = [each for each in value if among is not None and each not in among]
        for each in unknown:
            names = list(among or ())
            self.wrong(
                f"'{_short(each)}' is unknown.{nearest(each, names)}",
                f"没有“{_short(each)}”。{nearest_zh(each, names)}",
                key,
            )
        return tuple(each for each in value if each not in unknown)


def _short(value: object) -> str:
    return str(value)[:40]
