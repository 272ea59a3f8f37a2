"""A report made from the stores: which log and book are meant, and everything that is known beside them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from emergency import VERSION
from emergency.checking import WAIVERS
from emergency.core import events as e
from emergency.core.check import Finding
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.core.values import Text
from emergency.drills.evaluate import others_of
from emergency.drills.rehearsals import kept
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes
from emergency.muster import rolls
from emergency.phrases import unreadable
from emergency.report.gathering.gather import gather
from emergency.report.gathering.reading import RollCall, Said, Source
from emergency.report.labels import seals_of
from emergency.report.values import Forecast, PlanFinding, Report, Waived
from emergency.roster import Roster
from emergency.store import codec
from emergency.store.actions import all_actions, book_head
from emergency.store.drills import Books, DrillRow
from emergency.store.musters import Musters
from emergency.store.store import Record, SqliteStore

if TYPE_CHECKING:
    from emergency.app import App
    from emergency.check.run import Found
    from emergency.check.waivers import Waiver

OF_PEOPLE = msgspec.json.Decoder(rolls.Said | rolls.Seen)
"""Reads the lines of a roll call that speak of one person."""


def make(app: App, code: str, *, names: bool = False, forecast: Path | None = None) -> Report:
    """Return the report of an incident (F07, XF07) or a drill (DR3, RH3), as it stands now.

    Raises:
        Mistakes: nothing has that code, or the forecast's file cannot be read. CommandRefused: it has not begun.
        StoreDamaged: the chain of its log, its book or its roll call does not hold: nothing is reported from what was
            changed.
    """
    store, incident, row = kept.find(app, code)
    with contextlib.closing(store):
        if not incident:
            raise CommandRefused(
                f"{code} has not begun; there is nothing to report yet. See: emergency drill show {code}",
                f"{code} 还没有开始,没有可报告的。看看现状:emergency drill show {code}",
            )
        roster, engine, subject = _roster(app), Engine(store, app.clock), row.id if row is not None else incident
        with store.one_view():  # what is reported is what was verified, though it still goes on
            store.verify(incident)
            Books(store).verify(subject)
            rolls.verify(engine, engine.incident(incident))
            source = _source(app, store, incident, row, roster, _forecast(forecast), names=names)
        return gather(source)


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
        raise Mistakes(f"{id} has no log", f"{id} 没有日志")
    written = Books(store).read(row.id if row is not None else id)
    with _with_own(app, store) as stores:
        actions = sorted((each for one in stores for each in all_actions(one)), key=lambda each: each.at)
        seals = seals_of(event for event, _ in history) | seals_of(each.entry for each in written)
        seals |= seals_of(each.entry for each in actions) | seals_of(each.done for each in actions if each.done)
        words = {seal: said for one in stores for seal, said in one.words(seals).items()}
    made = app.clock.now()
    return Source(
        code=row.code if row is not None else known.code, history=history, written=written, head=known.head, made=made,
        engine=f"emergency {VERSION}", others=others_of(store, id),
        book_head=book_head(store, row.id if row is not None else id),
        kind=row.kind if row is not None else None,
        scenario=kept.scenario_of(store, row.scenario) if row is not None else None,
        scenario_digest=row.scenario if row is not None else "", people=roster.people, words=words, actions=actions,
        findings=_findings(app.settings.home, first.playbook, first.site, roster, made), roll=_roll(store, id),
        forecast=forecast,
        model=_model(app) if row is not None and row.kind == "simulated" else "", names=names,
    )  # fmt: skip


def _roster(app: App) -> Roster:
    engine = app.engine()
    with contextlib.closing(engine.store):
        return app.people.roster(engine)


def _roll(store: SqliteStore, incident: str) -> RollCall | None:
    """Return what the roll call of an incident took down of people; None where none was held."""
    muster = Musters(store).of(incident)
    if muster is None:
        return None
    lines = [each for each in Musters(store).lines(incident) if each.kind in ("Said", "Seen")]
    return RollCall(code=muster.code, said=tuple(map(_said, lines)))


def _said(record: Record) -> Said:
    line = OF_PEOPLE.decode(record.data)
    what, place = ("seen", line.place) if isinstance(line, rolls.Seen) else (line.answer, "")
    return Said(
        seq=record.seq, at=codec.from_text(record.at), person=line.person, what=what, place=place, by=line.by or ""
    )  # fmt: skip


@contextlib.contextmanager
def _with_own(app: App, store: SqliteStore) -> Iterator[tuple[SqliteStore, ...]]:
    """Yield *store*, and behind it the installation's own where that is another: rehearsals lie apart from it."""
    path = app.settings.database_file
    if Path(store.path) == path or not path.exists():
        yield (store,)
        return
    with contextlib.closing(SqliteStore(path, create=False)) as own:
        yield (store, own)


def _findings(home: Path, plan: Playbook, site: Site, roster: Roster, now: datetime) -> tuple[PlanFinding, ...]:
    """Return what the check finds of the plan as it was pinned, with the people and the waivers of now; and what is
    wrong with the waivers."""
    from emergency.check.run import check_plan, located

    day = now.astimezone(ZoneInfo(site.timezone)).date()
    waivers, wrong = _waivers(home / WAIVERS, day)
    found = located(plan.id, [*check_plan(plan, site, roster, day)[0], *wrong], lambda path: ("", 0), waivers)
    return tuple(map(_finding, found))


def _finding(found: Found) -> PlanFinding:
    finding, waiver = found.finding, found.waiver
    return PlanFinding(
        id=finding.id, severity=finding.severity, says=Text(finding.zh or finding.says, finding.says),
        path=finding.path,
        waived=Waived(by=Text(waiver.name, waiver.name), reason=waiver.reason, until=waiver.until) if waiver else None,
    )  # fmt: skip


def _waivers(file: Path, day: date) -> tuple[list[Waiver], list[Finding]]:
    """Return the waivers that hold on *day*, and what is wrong with the others or with the file."""
    from emergency import yaml_file
    from emergency.check.waivers import read_waivers

    if not file.exists():
        return [], []
    try:
        read = yaml_file.read(file)
    except Mistakes as error:
        return [], [Finding((), each.says, each.severity, each.id, each.zh) for each in error.problems]
    good, wrong = read_waivers(read.data, day)
    return good, [*wrong, *(Finding((), each.says, each.severity, each.id, each.zh) for each in read.problems)]


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
    except OSError as error:
        raise Mistakes(*unreadable(f"--forecast {path}", error)) from None
    except (ValueError, KeyError, TypeError):
        raise Mistakes(
            f"--forecast {path}: no forecast as it is printed by: emergency drill forecast PLAN --json > {path}",
            f"--forecast {path} 不是预测文件;请用:emergency drill forecast 预案 --json > {path}",
        ) from None


def forecast_of(doc: Mapping[str, Any]) -> Forecast:
    """Return a forecast's document as a value. Raises KeyError, TypeError, ValueError."""
    curve: Sequence[Sequence[float]] = doc["curve"]
    points = tuple((float(at), float(p), float(low), float(high)) for at, p, low, high in curve)
    share = doc.get("assumptions", {}).get("share")
    return Forecast(
        curve=points, runs=int(doc["runs"]), within=float(doc["within"]), probability=float(doc["answer"]["p"]),
        assumed=float(share) if share is not None else None,
    )  # fmt: skip
