"""What there is to drill, and what was drilled: the scenarios on the shelf, the drills planned, kept and held."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emergency.core.site import Site
from emergency.drills.live import conduct
from emergency.drills.rehearsals import kept
from emergency.drills.scenarios.file import files, read_file
from emergency.errors import Mistakes
from emergency.store.codec import to_text
from emergency.store.drills import Books, DrillRow
from emergency.store.store import SqliteStore

if TYPE_CHECKING:
    from emergency.app import App

Document = dict[str, Any]


def listing(app: App) -> Document:
    """Return the scenarios by id, the mistakes of those that cannot be read (in the operator's language), and the
    drills in the order they were planned."""
    engine = app.engine()
    site = app.people.site(engine)
    engine.store.close()
    scenarios, mistakes = _scenarios(app.settings.home / "scenarios", site, app.settings.lang)
    kept.end_what_was_left(app.settings)
    drills = [
        drill
        for path in (app.settings.database_file, kept.file_of(app.settings))
        if path.exists()
        for drill in _drills(path)
    ]
    return {"scenarios": scenarios, "mistakes": mistakes, "drills": drills}


def _scenarios(own: Path, site: Site, lang: str) -> tuple[list[Document], list[str]]:
    found, mistakes = [], []
    for id, path in files(own).items():
        try:
            scenario = read_file(path, site)
        except Mistakes as error:
            mistakes += [problem.of(lang) for problem in error.problems]
            continue
        found.append(
            {
                "id": id,
                "title": {"zh": scenario.title.zh, "en": scenario.title.en},
                "playbook": scenario.playbook,
                "place": scenario.place,
                "kind": scenario.kind,
                "file": str(path),
            }
        )
    return found, mistakes


def _drills(path: Path) -> Iterator[Document]:
    with contextlib.closing(SqliteStore(path, create=False)) as store:
        for row in Books(store).all():
            yield _drill(store, row)


def _state(store: SqliteStore, row: DrillRow) -> str:
    """Return how a drill stands by its book: `planned` (also when it is released), `running`, `paused`, `over` or
    `closed`. The book of a rehearsal need not hold its beginning and its end."""
    phase = conduct.stand(Books(store).read(row.id)).phase
    if row.ended_at and phase != "closed":
        return "over"
    if phase in ("planned", "released"):
        return "running" if row.incident else "planned"
    return phase


def _drill(store: SqliteStore, row: DrillRow) -> Document:
    incident = store.incident(row.incident) if row.incident else None
    scenario = kept.scenario_of(store, row.scenario)
    return {
        "code": row.code,
        "kind": row.kind,
        "state": _state(store, row),
        "playbook": row.playbook,
        "scenario": scenario.id if scenario is not None and scenario.path else None,
        "incident": incident.code if incident is not None else None,
        "planned_at": to_text(row.planned_at),
        "begins_at": to_text(row.begins_at) if row.begins_at else None,
        "ended_at": to_text(row.ended_at) if row.ended_at else None,
    }
