"""The programme of an installation: reads what it rests on, once, and answers calendar, schedule and doctor from it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from emergency.app import App
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.drills import book as b
from emergency.drills.scenario import LIVE, Scenario
from emergency.engine import Engine
from emergency.errors import EmergencyError
from emergency.programme import fatigue
from emergency.programme.duties import Programme, read_programme
from emergency.programme.evidence import Past, Records, from_outside, records
from emergency.programme.standing import Coming, Standing, Telling, standings, tellings
from emergency.programme.times import When
from emergency.roster import Roster
from emergency.store.drills import Books, DrillRow
from emergency.store.rosters import Rosters
from emergency.store.schedules import Occurrence, Schedule, Schedules
from emergency.store.store import SqliteStore

AHEAD = timedelta(days=366)
"""How far the calendar looks: a year, in which everything that is owed comes round."""
SHOWN = 24
"""Occurrences of one schedule that are shown at most."""
MOST_SINCE = 100
"""Changes of the roster that are looked through for the day this installation was set up."""


class Board:
    """Everything the programme is judged by, at one moment. Each thing is read when it is first asked for."""

    def __init__(self, app: App, engine: Engine, found: Records) -> None:
        """Look with *engine*, which stays open as long as this is used."""
        self.app = app
        self.engine = engine
        self.records = found
        self.site: Site = found.site
        self.now: datetime = engine.clock.now()
        self.today: date = self.now.astimezone(ZoneInfo(self.site.timezone)).date()

    @cached_property
    def plans(self) -> Mapping[str, Playbook]:
        """The plans that can be used, by id."""
        return self.app.library.load_all(self.engine, self.site)[0]

    @cached_property
    def roster(self) -> Roster:
        """The people."""
        return self.app.people.roster(self.engine)

    @cached_property
    def programme(self) -> Programme:
        """What is owed. Raises Mistakes: `programme.yaml` holds mistakes."""
        found = read_programme(self.app.settings.home, self.site, self.app.library.files())
        return found if found.since is not None else replace(found, since=self._set_up())

    def _set_up(self) -> date:
        """Return the day before which nobody asks what was done: the first roster, or the first incident."""
        changes = Rosters(self.engine.store).latest(MOST_SINCE)
        moments = [
            self.now,
            *(change.at for change in changes[-1:]),
            *(row.opened_at for _, row, _ in self.records.rows[:1]),
        ]
        return min(moments).astimezone(ZoneInfo(self.site.timezone)).date()

    @cached_property
    def past(self) -> tuple[Past, ...]:
        """What was held, by this program and outside it."""
        return (*self.records.all, *(from_outside(each, self.site) for each in self.programme.held))

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules in force."""
        return tuple(Schedules(self.engine.store).all())

    @cached_property
    def coming(self) -> tuple[Coming, ...]:
        """The drills to come for a year: those that are planned, and those that schedules propose."""
        planned = [self._planned(store, row) for store, row in self.records.planned()]
        firm = [each for each in planned if each is not None and each.at >= self.now]
        proposed = [each for schedule in self.schedules for each in self.proposed(schedule)]
        return tuple(sorted([*firm, *proposed], key=lambda each: (each.at, each.code)))

    def _planned(self, store: SqliteStore, row: DrillRow) -> Coming | None:
        if row.begins_at is None:
            return None
        written = [each.entry for each in Books(store).read(row.id)]
        if any(isinstance(each, b.Aborted | b.Ended) for each in written):
            return None
        entry = next((each for each in written if isinstance(each, b.Planned)), None)
        told = frozenset(each.who for each in written if isinstance(each, b.NoticeConfirmed))
        coming = Coming(
            code=row.code, kind=row.kind, playbook=row.playbook, at=row.begins_at, told=told,
            director=entry.director if entry is not None else "",
            maximum=entry.maximum if entry is not None else timedelta(hours=1),
        )  # fmt: skip
        scenario = scenario_of(store, row.scenario)
        if scenario is None:
            return coming
        return replace(coming, known=scenario.notice, notices=scenario.safety.notices, title=scenario.id)

    def proposed(self, schedule: Schedule) -> Iterator[Coming]:
        """Yield the times of a schedule that are still to come and not yet planned as drills."""
        taken = {each.due for each in self.occurrences(schedule)}
        scenario = self.scenario_named(schedule.scenario)
        moments = When(cron=schedule.cron, at=schedule.at).after(max(schedule.reached, self.now), self.site)
        for at in islice(moments, SHOWN):
            if at > self.now + AHEAD:
                break
            if at not in taken:
                yield Coming(
                    code=schedule.code, kind=schedule.kind, playbook=schedule.playbook, at=at,
                    director=schedule.director, known=schedule.notice, firm=False,
                    notices=scenario.safety.notices if scenario is not None else (), title=schedule.scenario,
                    maximum=scenario.maximum if scenario is not None else timedelta(hours=1),
                )  # fmt: skip

    def occurrences(self, schedule: Schedule) -> list[Occurrence]:
        """Return the latest times of a schedule, and what became of them."""
        return Schedules(self.engine.store).occurrences(schedule.id)

    def scenario_named(self, word: str) -> Scenario | None:
        """Return the scenario called *word*; None where it cannot be read any more."""
        from emergency.drills.live.verbs import find_scenario

        with contextlib.suppress(EmergencyError):
            return find_scenario(self.app.desktop, self.site, word)
        return None

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """How each rule stands, the most urgent first."""
        return standings(self.programme, tuple(self.plans), self.past, self.coming, self.site, self.today)

    @cached_property
    def tellings(self) -> tuple[Telling, ...]:
        """Who has to be told of which drill, by which day: of all that is planned, and each schedule's next time."""
        first: dict[str, Coming] = {}
        for each in self.coming:
            first.setdefault(each.code, each)
        return tellings(self.programme, first.values(), self.site, self.today, LIVE)

    @cached_property
    def tired(self) -> tuple[fatigue.Tired, ...]:
        """Who has reached a limit in this month, by what was held and what is planned."""
        return self.tired_in(self.now)

    def tired_in(self, at: datetime, but: str = "", plan: Playbook | None = None) -> tuple[fatigue.Tired, ...]:
        """Return who has reached a limit in the month of *at*.

        Args:
            but: a drill that is not counted. plan: only those whom a drill of it would ask.
        """
        month = fatigue.month_of(self.site, at)
        planned: Counter[str] = Counter()
        for each in self.coming:
            if each.kind in LIVE and each.code != but and fatigue.month_of(self.site, each.at) == month:
                planned.update(
                    fatigue.whom(self.plans[each.playbook], self.roster, self.site)
                    if each.playbook in self.plans
                    else ()
                )
        asked = self.records.asked(month.first, month.last)
        people = fatigue.whom(plan, self.roster, self.site) if plan is not None else {*asked, *planned}
        return fatigue.tired(asked, planned, people, self.programme.limits)

    def against(self, drill: Coming) -> tuple[fatigue.Against, ...]:
        """Return what stands against a drill: the day, other drills, incidents, visits, people who are tired, notices
        that cannot go out in time any more."""
        found = list(
            fatigue.against(drill, self.programme, self.coming, self.engine.open_incidents(), self.site, self.now)
        )
        if drill.kind in LIVE and drill.playbook in self.plans:
            tired = self.tired_in(drill.at, drill.code, self.plans[drill.playbook])
            month = fatigue.month_of(self.site, drill.at)
            found += fatigue.of_the_tired(tired, self.programme.limits, month)
            late = [t for t in tellings(self.programme, [drill], self.site, self.today, LIVE) if t.late]
            found += [fatigue.too_late(each.who, each.by) for each in late]
        return tuple(found)


_SCENARIO = msgspec.json.Decoder(Scenario)


def scenario_of(store: SqliteStore, digest: str) -> Scenario | None:
    """Return the scenario that a drill was planned or played by; None where it is not kept, or cannot be read."""
    if not digest:
        return None
    from emergency.drills.rehearsals import kept

    with contextlib.suppress(EmergencyError, msgspec.MsgspecError, KeyError, TypeError):
        return kept.scenario_of(store, digest) or _SCENARIO.decode(store.document(digest))
    return None


@contextlib.contextmanager
def board(app: App, engine: Engine | None = None) -> Iterator[Board]:
    """Open the installation's programme, with *engine* where one is open already.

    Raises:
        CommandRefused: there is no site yet. StoreError.
    """
    own = engine or app.engine()
    try:
        with records(app.settings, own.store, app.people.site(own)) as found:
            yield Board(app, own, found)
    finally:
        if engine is None:
            own.store.close()
