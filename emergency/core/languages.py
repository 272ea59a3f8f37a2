"""Further languages: for each, the English words and what stands for them there.

A catalogue is presentation: no decision rests on it. It is read and checked outside the core and installed here, whole,
so that a text can be asked for in any language without carrying catalogues through every function. A word that a
catalogue has not is said in English.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

BUILT_IN = ("zh", "en")
"""The languages that every text holds by itself."""

Catalogue = Mapping[str, str]
"""English words, exactly as they stand in a template, a plan or a site, to the words of another language."""

_installed: Mapping[str, Catalogue] = MappingProxyType({})


def install(catalogues: Mapping[str, Catalogue]) -> None:
    """Put checked catalogues in force, by language; one that was there before under this name is replaced."""
    global _installed
    fresh = {language: MappingProxyType(dict(words)) for language, words in catalogues.items()}
    _installed = MappingProxyType({**_installed, **fresh})


def remove(language: str) -> None:
    """Take a catalogue away again: its people are written to in English."""
    global _installed
    _installed = MappingProxyType({name: words for name, words in _installed.items() if name != language})


def installed() -> tuple[str, ...]:
    """Return the languages that have a catalogue in force, in alphabetical order."""
    return tuple(sorted(_installed))


def translated(words: str, language: str) -> str | None:
    """Return what stands for English *words* in *language*, or None where its catalogue has nothing."""
    catalogue = _installed.get(language)
    return catalogue.get(words) if catalogue is not None else None


def speaks(language: str, words: Iterable[str]) -> bool:
    """Return whether *language* has something for each of these English words; zh and en have always."""
    if language in BUILT_IN:
        return True
    return language in _installed and all(each in _installed[language] for each in words if each.strip())
