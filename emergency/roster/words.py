"""A change of the roster as lines for the person who makes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from emergency.phrases import phrase

MOST_LINES = 40
"""Lines of one kind that are shown; who wants all takes `--json`."""
Document = Mapping[str, Any]


def change_lines(document: Document, lang: str) -> list[str]:
    """Return what a change changes: who comes, who leaves, what else, and who is in an incident just now."""
    lines = [
        *_some(_people("roster_added", document, document["added"], lang), lang),
        *_some(_people("roster_left", document, document["left"], lang), lang),
        *_some(_changed(document, lang), lang),
        *_some(_lost(document, lang), lang),
        *_incidents(document, lang),
        *_some((f"{w['file']}:{w['line']}: {w['says'][lang]}" for w in document.get("warnings", ())), lang),
        *document.get("notes", ()),
    ]
    return lines if differs(document) else [phrase("roster_same", lang), *lines]


def differs(document: Document) -> bool:
    """Return whether anything changes."""
    return bool(document["added"] or document["left"] or document["changed"])


def _some(lines: Iterable[str], lang: str) -> list[str]:
    all_ = list(lines)
    if len(all_) <= MOST_LINES:
        return all_
    return [*all_[:MOST_LINES], phrase("roster_more", lang, n=len(all_) - MOST_LINES)]


def _name(document: Document, id: str, lang: str) -> str:
    name = document["names"].get(id)
    return f"{name[lang]} ({id})" if name else id


def _people(key: str, document: Document, ids: Iterable[str], lang: str) -> Iterator[str]:
    for id in ids:
        yield phrase(key, lang, who=_name(document, id, lang))


def _changed(document: Document, lang: str) -> Iterator[str]:
    for id, fields in document["changed"].items():
        said = "; ".join(_field(field, lang) for field in fields)
        yield phrase("roster_changed", lang, who=_name(document, id, lang), what=said)


def _field(field: Mapping[str, str], lang: str) -> str:
    name = phrase(f"field_{field['field']}", lang)
    return f"{name} {field['was'] or '—'} → {field['now'] or '—'}"


def _lost(document: Document, lang: str) -> Iterator[str]:
    for id, roles in document["roles_lost"].items():
        yield phrase("roster_lost", lang, who=_name(document, id, lang), roles=", ".join(roles))


def _incidents(document: Document, lang: str) -> Iterator[str]:
    for code, held in document["incidents"].items():
        for id, roles in held.items():
            yield phrase("roster_in_incident", lang, code=code, who=_name(document, id, lang), roles=", ".join(roles))


def history_lines(document: Document, lang: str) -> list[str]:
    """Return the changes of the roster, one a line, newest first."""
    lines = [_history(change, lang) for change in document["changes"]]
    return lines or [phrase("roster_no_history", lang)]


def _history(change: Mapping[str, Any], lang: str) -> str:
    now = f"  ← {phrase('roster_in_force', lang)}" if change["in_force"] else ""
    people = phrase("roster_people", lang, n=change["people"])
    return f"{change['n']:>4}  {change['at'][:16]}Z  {people:<10}  {change['by']:<12} {change['note']}{now}"
