"""Readiness of an installation: reads what `readiness` computes with, and answers `ready`, `roster who` and leave."""

from __future__ import annotations

import contextlib
from datetime import datetime

from emergency.app import App
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.engine import Engine
from emergency.errors import Mistakes
from emergency.phones import book
from emergency.readiness import documents
from emergency.readiness.documents import Document
from emergency.readiness.look import MOST_DAYS, readiness, watches
from emergency.verbs import Desktop, a_moment


def ready(app: App, at: str | None, days: int, only: str | None, *, full: bool = False) -> Document:
    """Return what `emergency ready` says. It is computed here, not by a running server: seconds of work would hold up
    whoever waits for an alert.

    Args:
        at: another moment than now. only: one plan, with its team. full: with the teams after each change of shift.

    Raises:
        Mistakes: no such plan, time or number of days.
    """
    if not 0 <= days <= MOST_DAYS:
        raise Mistakes(f"--days {days}: say a number up to {MOST_DAYS}", f"--days {days}:请写 0 到 {MOST_DAYS} 的数")
    engine = app.engine()
    with contextlib.closing(engine.store):
        site, roster = app.people.site(engine), app.people.roster(engine)
        now = engine.clock.now()
        start = datetime.fromisoformat(a_moment("--at", at, now, site.timezone)) if at else now
        reach = app.desktop.reach_of("real")
        (plans, unusable), known = _plans(app, engine, site, only), book(engine, roster, reach.one_way)
        team = None if at else app.people.members(engine, reach, now)
    report = readiness(plans.values(), site, roster, start, days, reach, team=team)
    detail = watches(roster, site, start, report.end, reach, now=report.team) if full and only else []
    document = documents.document(report, plans, roster, known, unusable=unusable, detail=detail)
    return {**document, "is_now": at is None, **({"only": only} if only else {})}


def _plans(app: App, engine: Engine, site: Site, only: str | None) -> tuple[dict[str, Playbook], dict[str, str]]:
    """Return the plans that can be used, and of the others the first mistake, in the operator's language."""
    if only is not None:
        plan = app.library.named(engine, only, site)
        return {plan.id: plan}, {}
    plans, bad = app.library.load_all(engine, site)
    lost = [id for id in app.library.files() if id not in plans]
    return plans, {id: error.problems[0].of(app.settings.lang) for id, error in zip(lost, bad, strict=False)}


# `roster who`


def who(desktop: Desktop, engine: Engine, at: datetime, only: str | None) -> Document:
    """Return who fills each role of the site at *at*, one head a role, or those of one plan; and who follows."""
    site, roster = desktop.people.site(engine), desktop.people.roster(engine)
    reach = desktop.reach_of("real")
    team = desktop.people.members(engine, reach, at)
    plan = desktop.library.named(engine, only, site) if only else None
    known = book(engine, roster, reach.one_way)
    return documents.who(site, roster, team, at, known, plan)
