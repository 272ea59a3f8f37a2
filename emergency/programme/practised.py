"""`drill coverage`: what of each plan was practised in the last twelve months, among people and by simulation; what was
not, and which scenarios would see to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from emergency.app import App
from emergency.core.playbook import Playbook
from emergency.drills.players.model import read_model
from emergency.drills.scenario import LIVE, Scenario
from emergency.drills.scenarios.dry_run import Ground, play
from emergency.errors import EmergencyError
from emergency.programme.board import Board, board
from emergency.programme.coverage import Covered, Item, coverage, exercised, helpers, items
from emergency.programme.evidence import shifts_at, sort_of
from emergency.programme.lines import COVERED, Words
from emergency.programme.periods import year_before
from emergency.roster import Reach, members

Document = dict[str, Any]
AMONG_PEOPLE = frozenset({"real", *LIVE})
SHOWN = 8
"""Names that are shown of one kind; --json has them all."""


def practised(app: App, word: str | None, *, scenarios: bool = True) -> Document:
    """Return what was practised of one plan, or of all.

    A rehearsal bears the time that it plays, not that at which it was run: all that are kept count as simulated.

    Args:
        word: a plan, by id or name; None for all. scenarios: also play the scenarios of each plan, to see which would
            cover what is missing.

    Raises:
        Mistakes: there is no such plan.
    """
    with board(app) as found:
        plans = [found.app.library.named(found.engine, word, found.site)] if word else list(found.plans.values())
        since = year_before(found.today)
        people, simulated = _exercised(found, since)
        team = members(found.roster, found.site, found.now, Reach(), {})
        lists = {plan.id: items(plan, found.site, team) for plan in plans}
        offers = _offers(found, plans) if scenarios else {}
        return {
            "timezone": found.site.timezone,
            "since": since.isoformat(),
            "plans": [
                _plan(
                    plan, lists[plan.id], people.get(plan.id, frozenset()), simulated.get(plan.id, frozenset()), offers
                )
                for plan in plans
            ],
            "trouble": list(found.records.lost),
        }


def _exercised(found: Board, since: date) -> tuple[dict[str, frozenset[Item]], dict[str, frozenset[Item]]]:
    """Return plan to what was practised among people since a day, and plan to what was rehearsed."""
    zone = ZoneInfo(found.site.timezone)
    people: dict[str, frozenset[Item]] = {}
    simulated: dict[str, frozenset[Item]] = {}
    for store, row, drill in found.records.rows:
        live = sort_of(row, drill) in AMONG_PEOPLE
        if live and row.opened_at.astimezone(zone).date() < since:
            continue
        with contextlib.suppress(EmergencyError):
            history = store.history(row.id)
            did = exercised(history, shifts_at(found.site, row.opened_at))
            table = people if live else simulated
            table[row.playbook] = table.get(row.playbook, frozenset()) | did
    return people, simulated


def _offers(found: Board, plans: Sequence[Playbook]) -> dict[str, tuple[str, frozenset[Item]]]:
    """Return scenario to its plan and what it practises, by playing it once; what cannot be played offers nothing."""
    from emergency.drills.scenarios.file import files, read_file

    wanted = {plan.id for plan in plans}
    on = Ground(found.site, found.roster, found.plans, read_model(found.app.settings.home))
    offers = {}
    for id, path in files(found.app.settings.home / "scenarios").items():
        with contextlib.suppress(EmergencyError, KeyError):
            scenario = read_file(path, found.site)
            if scenario.playbook in wanted:
                offers[id] = (scenario.playbook, _practises(scenario, on))
    return offers


def _practises(scenario: Scenario, on: Ground) -> frozenset[Item]:
    return exercised(play(scenario, on).history(), shifts_at(on.site, scenario.begins))


def _plan(
    plan: Playbook,
    all: tuple[Item, ...],
    people: frozenset[Item],
    simulated: frozenset[Item],
    offers: dict[str, tuple[str, frozenset[Item]]],
) -> Document:
    covered = coverage(all, people, simulated)
    missing = frozenset(all) - people
    would = {id: did for id, (playbook, did) in offers.items() if playbook == plan.id}
    return {
        "playbook": plan.id,
        "title": {"zh": plan.title.zh, "en": plan.title.en},
        "kinds": {each.kind: _kind(each) for each in covered},
        "scenarios": [{"scenario": id, "covers": n} for id, n in helpers(missing, would)],
    }


def _kind(each: Covered) -> Document:
    return {
        "all": len(each.all),
        "among_people": len(each.people),
        "simulated": len(each.simulated),
        "never": list(each.never),
        "never_at_all": [name for name in each.never if name not in each.simulated],
    }


# in words


def lines(document: Document, lang: str) -> Iterator[str]:
    """Yield a sentence a plan; for a single one, also what is missing by kind, and the scenarios that would help."""
    w = Words(lang, document["timezone"])
    whole = len(document["plans"]) == 1
    for plan in document["plans"]:
        yield sentence(plan, w)
        yield from _detail(plan, w) if whole else ()
    yield from document["trouble"]


def sentence(plan: Document, w: Words) -> str:
    """Return what a plan's coverage comes down to: `Fire: 61 % of transitions never practised among people`."""
    ways, shifts = plan["kinds"]["transition"], plan["kinds"]["shift"]
    share = round(100 * len(ways["never"]) / ways["all"]) if ways["all"] else 0
    zh = f"{plan['title']['zh']}:{share}% 的状态转换从未有人真正练过"
    en = f"{plan['title']['en']}: {share} % of transitions never practised among people"
    if shifts["never"]:
        zh += f";没有练过的班次:{'、'.join(shifts['never'])}"
        en += f"; no drill with the shift {', '.join(shifts['never'])}"
    return w(zh, en)


def _detail(plan: Document, w: Words) -> Iterator[str]:
    for kind, found in plan["kinds"].items():
        zh = f"  {COVERED[kind][0]}:共 {found['all']},真人练过 {found['among_people']},模拟过 {found['simulated']}"
        among = f"{found['among_people']} of {found['all']} among people"
        en = f"  {COVERED[kind][1]}: {among}, {found['simulated']} simulated"
        yield w(zh, en)
        if found["never"]:
            shown = ", ".join(found["never"][:SHOWN])
            more = w(f" 等 {len(found['never'])} 项", f" and {len(found['never']) - SHOWN} more")
            yield f"      {w('从未:', 'never: ')}{shown}{more if len(found['never']) > SHOWN else ''}"
    for each in plan["scenarios"]:
        zh = f"  情景 {each['scenario']} 可再覆盖 {each['covers']} 项"
        en = f"  the scenario {each['scenario']} would cover {each['covers']} of these"
        yield w(zh, en)
