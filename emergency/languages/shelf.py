"""The catalogues of an installation: which languages there are, and bringing those that somebody reads into force.

A catalogue is read when the roster names its language, and kept compiled in the store under the digest of its text: a
command of an installation without further languages never looks for one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from emergency import VERSION
from emergency.core import languages
from emergency.core.languages import BUILT_IN
from emergency.core.wording import call_language
from emergency.errors import Problem, StoreError

if TYPE_CHECKING:
    from emergency.engine import Engine
    from emergency.languages.reading import Catalogue

SHIPPED = Path(__file__).parent
_WORDS = msgspec.json.Decoder(dict[str, str])


class Shelf:
    """Finds catalogues. A site's own stands over a shipped one of that language, word by word.

    voices: the languages that calls of real incidents can be made in; None: any.
    """

    def __init__(self, own: Path | None = None, shipped: Path = SHIPPED) -> None:
        """Remember the folders; nothing is read yet."""
        self.own = own
        self.shipped = shipped
        self.voices: frozenset[str] | None = None
        self._in_force: dict[str, str] = {}
        self._usable: dict[tuple[tuple[str, int, int], ...], bool] = {}

    def files(self) -> dict[str, list[Path]]:
        """Return language to its files, the shipped one first."""
        from emergency.languages import reading

        found: dict[str, list[Path]] = {}
        for folder in (self.shipped, self.own):
            for path in sorted(folder.glob("*.po")) if folder is not None and folder.is_dir() else []:
                language = reading.named(path.stem)
                if language is not None:
                    found.setdefault(language, []).append(path)
        return dict(sorted(found.items()))

    def names(self) -> tuple[str, ...]:
        """Return every language that somebody could be written to in: zh, en, and those with a file."""
        return (*BUILT_IN, *self.files())

    def read(self, language: str) -> Catalogue:
        """Return what the files of *language* say together, and all that is wrong with them."""
        from emergency.languages import reading

        words: dict[str, str] = {}
        problems: list[Problem] = []
        files = self.files().get(language, [])
        for path in files:
            try:
                raw = path.read_bytes()
            except OSError as error:
                problems.append(Problem(file=str(path), line=0, says=f"cannot be read: {error.strerror}", zh="读不了"))
                continue
            found = reading.read(raw, str(path), language)
            words |= found.words
            problems += found.problems
        lacking = reading.missing(words, language, str(files[-1])) if files else []
        return reading.Catalogue(language=language, words={} if lacking else words, problems=[*lacking, *problems])

    def usable(self, language: str) -> bool:
        """Return whether people can be written to in *language*."""
        if language in BUILT_IN:
            return True
        seen = tuple(_stamp(path) for path in self.files().get(language, []))
        if seen not in self._usable:
            self._usable[seen] = bool(self.read(language).words)
        return self._usable[seen]

    def call_language(self, language: str) -> str:
        """Return the language that a call to somebody of *language* is made in."""
        return call_language(language, self.voices)

    def bring(self, wanted: Iterable[str], engine: Engine | None = None) -> None:
        """Put the catalogues of these languages in force; one that cannot be used leaves its people with English."""
        files: dict[str, list[Path]] | None = None
        for language in sorted(set(wanted) - set(BUILT_IN)):
            files = self.files() if files is None else files
            digest = _digest(files.get(language, []))
            if self._in_force.get(language) == digest and language in languages.installed():
                continue
            words = self._compiled(language, digest, engine)
            languages.install({language: words})
            self._in_force[language] = digest

    def _compiled(self, language: str, digest: str, engine: Engine | None) -> dict[str, str]:
        name = f"compiled:language:{language}:{digest}"
        body = engine.store.current(name) if engine is not None else None
        if body is not None:
            return _WORDS.decode(body)
        words = self.read(language).words
        if engine is not None and words:
            try:
                kept = msgspec.json.encode(words, order="sorted")
                engine.store.put_current(name, "compiled", kept, engine.clock.now())
            except StoreError:
                pass  # the compiled form saves a tenth of a second, no more: a busy store is left in peace
        return words


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (str(path), 0, 0)
    return (str(path), found.st_mtime_ns, found.st_size)


_in_use = [Shelf()]


def use(shelf: Shelf) -> Shelf:
    """Let the readers of files that name languages look on *shelf*, and return it."""
    _in_use[0] = shelf
    return shelf


def in_use() -> Shelf:
    """Return the shelf of this process's installation; until one is opened, that of the shipped catalogues."""
    return _in_use[0]


def _digest(files: Iterable[Path]) -> str:
    found = hashlib.sha256(VERSION.encode())
    for path in files:
        try:
            found.update(path.read_bytes() + b"\0")
        except OSError:
            found.update(b"\1")
    return found.hexdigest()
