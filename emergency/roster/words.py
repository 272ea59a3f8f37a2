"""A change of the roster as lines for the person who makes it."""

from __future__ import annotations

import re
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
        said = "; ".join(_field(document, field, lang) for field in fields)
        yield phrase("roster_changed", lang, who=_name(document, id, lang), what=said)


def _field(document: Document, field: Mapping[str, str], lang: str) -> str:
    name = phrase(f"field_{field['field']}", lang)
    was, now = (_value(document, field["field"], field[key], lang) or "—" for key in ("was", "now"))
    return f"{name} {was} → {now}"


def _value(document: Document, field: str, value: str, lang: str) -> str:
    """Return a value of a field as people read it: in Chinese a shift with its hours, a role with its title."""
    if lang != "zh" or field not in ("shift", "swaps", "standby", "roles"):
        return value
    known = (
        document["shifts"] if field != "roles" else {id: title["zh"] for id, title in document["role_titles"].items()}
    )
    return re.sub(r"[a-z][a-z0-9_]*", lambda found: _with(found[0], known.get(found[0])), value)


def _with(id: str, title: str | None) -> str:
    return f"{id}({title})" if title else id


def _lost(document: Document, lang: str) -> Iterator[str]:
    for id, roles in document["roles_lost"].items():
        yield phrase("roster_lost", lang, who=_name(document, id, lang), roles=_roles(document, roles, lang))


def _incidents(document: Document, lang: str) -> Iterator[str]:
    for code, held in document["incidents"].items():
        for id, roles in held.items():
            said = _roles(document, roles, lang)
            yield phrase("roster_in_incident", lang, code=code, who=_name(document, id, lang), roles=said)


def _roles(document: Document, roles: Iterable[str], lang: str) -> str:
    if lang != "zh":
        return ", ".join(roles)
    return "、".join(document["role_titles"].get(role, {}).get("zh", role) for role in roles)


def history_lines(document: Document, lang: str) -> list[str]:
    """Return the changes of the roster, one a line, newest first."""
    lines = [_history(change, lang) for change in document["changes"]]
    return lines or [phrase("roster_no_history", lang)]


def _history(change: Mapping[str, Any], lang: str) -> str:
    now = f"  ← {phrase('roster_in_force', lang)}" if change["in_force"] else ""
    people = phrase("roster_people", lang, n=change["people"])
    by, note = (_by_zh(change["by"]), _note_zh(change["note"])) if lang == "zh" else (change["by"], change["note"])
    return f"{change['n']:>4}  {change['at'][:16]}Z  {people:<10}  {by:<12} {note}{now}"


def _by_zh(by: str) -> str:
    return "控制台" if by == "console" else by


NOTES_ZH = (
    (r"init$", "建立安装"),
    (r"undo (\d+)$", r"撤销第 \1 次变更"),
    (r"leave cancelled (\S+) ", r"销假 \1 "),
    (r"leave (\S+) (?=\d{4}-)", r"请假 \1 "),
    (r"swap (\S+) (?=\d{4}-)", r"换班 \1 "),
)
"""What the program itself notes of a change, and the same in Chinese; a file's name stands as it is."""


def _note_zh(note: str) -> str:
    for pattern, zh in NOTES_ZH:
        said, count = re.subn("^" + pattern, zh, note)
        if count:
            return said
    return note
