"""A report made from the stores: which log and book are meant, and everything that is known beside them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from emergency import VERSION
from emergency.core import events as e
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.core.values import Text
from emergency.drills.evaluate import others_of
from emergency.drills.rehearsals import kept
from emergency.errors import CommandRefused, Mistakes
from emergency.report.gather import Source, gather
from emergency.report.values import Forecast, PlanFinding, Report
from emergency.roster import Roster
from emergency.store import codec
from emergency.store.actions import Agreed, all_actions, book_head
from emergency.store.drills import Books, DrillRow
from emergency.store.store import SqliteStore

if TYPE_CHECKING:
    from emergency.app import App


def make(app: App, code: str, *, names: bool = False, forecast: Path | None = None) -> Report:
    """Return the report of an incident (F07, XF07) or a drill (DR3, RH3), as it stands now.

    Raises:
        Mistakes: nothing has that code, or the forecast's file cannot be read. CommandRefused: it has not begun.
        StoreDamaged: the chain of its log does not hold: nothing is reported from a log that was changed.
    """
    store, incident, row = kept.find(app, code)
    with contextlib.closing(store):
        if not incident:
            raise CommandRefused(f"{code} has not begun; there is nothing to report yet")
        store.verify(incident)
        subject = row.id if row is not None else incident
        Books(store).verify(subject)
        roster = _roster(app)
        return gather(_source(app, store, incident, row, roster, _forecast(forecast), names=names))


def _source(
    app: App,
    store: SqliteStore,
    id: str,
    row: DrillRow | None,
    roster: Roster,
    forecast: Forecast | None,
    *,
    names: bool,
) -> Source:
    known = store.incident(id)
    history = store.history(id)
    first = history[0][0]
    if known is None or not isinstance(first, e.IncidentOpened):
        raise Mistakes(f"{id} has no log")
    written = Books(store).read(row.id if row is not None else id)
    actions = _actions(app, store)
    seals = {*_seals(event for event, _ in history), *_seals(each.entry for each in written)}
    seals |= _seals(each.entry for each in actions) | _seals(each.done for each in actions if each.done)
    words = store.words(seals) | _words_of(app, store, seals)
    made = app.clock.now()
    return Source(
        code=row.code if row is not None else known.code, history=history, written=written, head=known.head, made=made,
        engine=f"emergency {VERSION}", others=others_of(store, id),
        book_head=book_head(store, row.id if row is not None else id),
        kind=row.kind if row is not None else None,
        scenario=kept.scenario_of(store, row.scenario) if row is not None else None,
        scenario_digest=row.scenario if row is not None else "", people=roster.people, words=words, actions=actions,
        findings=_findings(first.playbook, first.site, roster, made), forecast=forecast,
        model=_model(app) if row is not None and row.kind == "simulated" else "", names=names,
    )  # fmt: skip


def _roster(app: App) -> Roster:
    with contextlib.closing(app.engine().store) as own:
        from emergency.clock import SystemClock
        from emergency.engine import Engine

        return app.people.roster(Engine(own, SystemClock()))


def _actions(app: App, store: SqliteStore) -> list[Agreed]:
    """Return the corrective actions of this store, and of the installation's own where that is another."""
    found = all_actions(store)
    if Path(store.path) != app.settings.database_file and app.settings.database_file.exists():
        with contextlib.closing(SqliteStore(app.settings.database_file, create=False)) as own:
            found += all_actions(own)
    return sorted(found, key=lambda each: each.at)


def _words_of(app: App, store: SqliteStore, seals: Iterable[str]) -> dict[str, str]:
    if Path(store.path) == app.settings.database_file or not app.settings.database_file.exists():
        return {}
    with contextlib.closing(SqliteStore(app.settings.database_file, create=False)) as own:
        return own.words(seals)


def _seals(values: Iterable[Any]) -> set[str]:
    """Return every seal that stands in events or entries."""
    found = set()
    for value in values:
        for name in value.__struct_fields__:
            word = getattr(value, name)
            if isinstance(word, str) and word.startswith("seal:"):
                found.add(word)
    return found


def _findings(plan: Playbook, site: Site, roster: Roster, now: datetime) -> tuple[PlanFinding, ...]:
    """Return what the check finds of the plan as it was pinned, with the people of now."""
    from emergency.check.run import check_plan

    day = now.astimezone(ZoneInfo(site.timezone)).date()
    found, _ = check_plan(plan, site, roster, day)
    return tuple(
        PlanFinding(
            id=each.id, severity=each.severity, says=Text(each.zh or each.says, each.says), waived=False, reason=""
        )
        for each in found
    )  # fmt: skip


def _model(app: App) -> str:
    """Return the version of the people model: the first characters of its digest."""
    from emergency.drills.players.model import read_model

    model = read_model(app.settings.home)
    return codec.digest(msgspec.json.encode(msgspec.to_builtins(model, str_keys=True), order="sorted"))[:12]


def _forecast(path: Path | None) -> Forecast | None:
    """Return what `drill forecast --json` wrote into a file. Raises Mistakes."""
    if path is None:
        return None
    try:
        return forecast_of(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Mistakes(f"{path}: no forecast as `emergency drill forecast --json` prints it ({error})") from None


def forecast_of(doc: Mapping[str, Any]) -> Forecast:
    """Return a forecast's document as a value. Raises KeyError, TypeError, ValueError."""
    curve: Sequence[Sequence[float]] = doc["curve"]
    points = tuple((float(at), float(p), float(low), float(high)) for at, p, low, high in curve)
    share = doc.get("assumptions", {}).get("share")
    return Forecast(
        curve=points, runs=int(doc["runs"]), within=float(doc["within"]), probability=float(doc["answer"]["p"]),
        assumed=float(share) if share is not None else None,
    )  # fmt: skip
