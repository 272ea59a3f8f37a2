"""Keeps the programme while the server runs: a simulated drill is run when it is due, a live one is only planned.

The truth is the table of schedules; the server's alarm clock merely asks. After an outage each schedule is made up for
at most once, and only within its grace; what went by before is counted, not run. A drill on real telephones is never
begun by a clock, and one whose time has passed is not begun late: it is reported, and another time is proposed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from emergency import ids
from emergency.app import App
from emergency.desk import Desk
from emergency.drills import book as b
from emergency.drills.rehearsals.kept import file_of
from emergency.engine import Engine
from emergency.errors import EmergencyError
from emergency.programme.times import GRACE, Gone, When, gone_by
from emergency.store.drills import Books, DrillRow
from emergency.store.phones import real_goes_on
from emergency.store.schedules import Occurrence, Schedule, Schedules
from emergency.store.store import SqliteStore

LOOK_SECONDS = 20
"""How often the server looks whether something is due; a minute is the finest that cron text can say."""
PLAN_AHEAD = timedelta(days=30)
"""So long before it is due, a drill among people becomes a planned one, with its notices to be confirmed (practice:
three working days and a long holiday fit in)."""
LATE_FOR_PEOPLE = timedelta(hours=1)
"""A drill among people that has not begun so long after its time is not held any more (practice)."""
AROUND = timedelta(hours=2)
"""A drill at a table that was begun so near to its time is the one that was planned (practice)."""
RUN_SECONDS = 300.0
"""A simulated drill that takes longer is ended: a long one takes two seconds."""
MOST_SAID = 600
"""Characters that are noted of what went wrong, in both languages together."""
ROOT = Path(__file__).resolve().parent.parent.parent
RATINGS = "PSMU"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A simulated drill to run now."""

    schedule: Schedule
    due: datetime


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a simulated drill came to. drill: its code; rating: of the whole, empty where nothing could be rated."""

    drill: str = ""
    rating: str = ""
    wrong: str = ""


Run = Callable[[App, Schedule], Any]
"""Runs a simulated drill, and returns (awaits) its Result."""


class Keeper:
    """The part of the server that keeps the programme. *run* runs a simulated drill: in a process of its own, so that
    no alert waits for it."""

    def __init__(self, app: App, desk: Desk, worker: str, run: Run | None = None) -> None:
        self.app = app
        self.desk = desk
        self.worker = worker
        self.run = run or run_apart

    async def round(self) -> list[Result]:
        """Look once: run what is due, plan what comes near, note what was missed; return the drills that were run."""
        jobs = await self.desk.do(self.look)
        return [await self._run(job) for job in jobs]

    async def _run(self, job: Job) -> Result:
        result: Result = await self.run(self.app, job.schedule)
        await self.desk.do(lambda engine: self._note(engine, job, result))
        return result

    def _note(self, engine: Engine, job: Job, result: Result) -> None:
        schedules, now = Schedules(engine.store), engine.clock.now()
        if result.wrong:
            schedules.settle(job.schedule.id, job.due, "failed", now, says=result.wrong)
            return
        before = last_rating(schedules.occurrences(job.schedule.id), job.due)
        says = f"worse: {before} -> {result.rating}" if is_worse(before, result.rating) else ""
        schedules.settle(job.schedule.id, job.due, "done", now, drill=result.drill, rating=result.rating, says=says)

    # looking

    def look(self, engine: Engine) -> list[Job]:
        """Work off every schedule up to now, in the transaction that is open; return what is to be run."""
        site, schedules, now = self.app.people.site(engine), Schedules(engine.store), engine.clock.now()
        jobs = list(self._taken_up(engine, now))
        for schedule in schedules.all():
            gone = gone_by(When(cron=schedule.cron, at=schedule.at), schedule.reached, now, site)
            if gone is not None:
                jobs += self._due(engine, schedule, gone, now)
            if schedule.kind != "simulated":
                self._plan_ahead(engine, schedule, now)
        self._look_at_what_is_planned(engine, now)
        return jobs

    def _taken_up(self, engine: Engine, now: datetime) -> Iterator[Job]:
        """Yield what another process had begun and did not end, while there is time; note the rest as failed."""
        schedules = Schedules(engine.store)
        known = {each.id: each for each in schedules.all()}
        for each in schedules.open():
            if each.status != "running" or each.worker == self.worker or ids.is_alive(each.worker):
                continue
            if each.schedule in known and now - each.due <= GRACE:
                schedules.take_over(each.schedule, each.due, self.worker)
                yield Job(schedule=known[each.schedule], due=each.due)
            else:
                schedules.settle(each.schedule, each.due, "failed", now, says="the server ended meanwhile")

    def _due(self, engine: Engine, schedule: Schedule, gone: Gone, now: datetime) -> Iterator[Job]:
        schedules = Schedules(engine.store)
        if schedule.kind != "simulated":
            self._went_by(engine, schedule, gone, now)
        elif now - gone.last > GRACE:
            schedules.claim(
                schedule.id, gone.last, "missed", now, earlier=gone.earlier, says="no server ran in its hour"
            )
        elif real_goes_on(engine.store):
            return  # looked at again: within its grace it is made up for
        elif schedules.claim(schedule.id, gone.last, "running", now, earlier=gone.earlier, worker=self.worker):
            yield Job(schedule=schedule, due=gone.last)
        schedules.reach(schedule.id, gone.last)

    def _went_by(self, engine: Engine, schedule: Schedule, gone: Gone, now: datetime) -> None:
        """The time of a drill among people has come: it is begun by people. One that was never planned is missed."""
        Schedules(engine.store).claim(
            schedule.id, gone.last, "missed", now, earlier=gone.earlier, says="nobody had planned it"
        )

    def _plan_ahead(self, engine: Engine, schedule: Schedule, now: datetime) -> None:
        """Plan the next drill of a schedule, once it is near; what cannot be planned is noted with the reason."""
        site, schedules = self.app.people.site(engine), Schedules(engine.store)
        due = When(cron=schedule.cron, at=schedule.at).first(now, site)
        if due is None or due - now > PLAN_AHEAD or any(o.due == due for o in schedules.occurrences(schedule.id)):
            return
        try:
            code = engine.unit(lambda inner: self._planned(inner, schedule, due))
        except EmergencyError as error:
            schedules.claim(schedule.id, due, "failed", now, says=in_both(error))
        else:
            schedules.claim(schedule.id, due, "planned", now, drill=code)

    def _planned(self, engine: Engine, schedule: Schedule, due: datetime) -> str:
        """Make the drill of a time that is near; at a table it needs no plan, and its director is only reminded."""
        if schedule.kind == "tabletop":
            return ""
        from emergency.drills.live.verbs import drill_plan

        words = {
            "scenario": schedule.scenario, "kind": schedule.kind, "director": schedule.director,
            "begins": due.isoformat(), "by": schedule.by,
        }  # fmt: skip
        return str(drill_plan(self.app.desktop, engine, words)["drill"])

    def _look_at_what_is_planned(self, engine: Engine, now: datetime) -> None:
        """Note what became of the drills among people whose time has come."""
        schedules, books = Schedules(engine.store), Books(engine.store)
        for each in schedules.open():
            if each.status != "planned" or each.due > now:
                continue
            row = books.by_code(each.drill) if each.drill else self._at_a_table(engine, each)
            if row is not None and row.incident is not None:
                schedules.settle(each.schedule, each.due, "done", now, drill=row.code)
            elif now - each.due > LATE_FOR_PEOPLE:
                schedules.settle(each.schedule, each.due, "missed", now, says="nobody began it")
                if row is not None and row.ended_at is None:
                    books.write(row.id, b.Aborted(by="console", because="missed"), at=now)
                    books.end(row.id, now)

    def _at_a_table(self, engine: Engine, each: Occurrence) -> DrillRow | None:
        """Return the drill at a table that was begun around a time, or None; those are kept beside the rehearsals."""
        schedule = next((s for s in Schedules(engine.store).all() if s.id == each.schedule), None)
        path = file_of(self.app.settings)
        if schedule is None or not path.exists():
            return None
        with contextlib.closing(SqliteStore(path, create=False)) as store:
            tables = [row for row in Books(store).all() if row.kind == "tabletop" and row.playbook == schedule.playbook]
        near = (row for row in tables if row.begins_at is not None and abs(row.begins_at - each.due) <= AROUND)
        return next(near, None)


def in_both(error: EmergencyError) -> str:
    """Return the first line of what an error says, in English and behind a tab in Chinese: it is read later, by
    whoever comes."""
    en, zh = (error.of(lang).splitlines()[0] for lang in ("en", "zh"))
    return en if zh == en else f"{en}\t{zh}"


def last_rating(occurrences: list[Occurrence], before: datetime) -> str:
    """Return how the last drill before a time was rated; empty where none was."""
    earlier = [each for each in occurrences if each.due < before and each.status == "done" and each.rating]
    return max(earlier, key=lambda each: each.due).rating if earlier else ""


def is_worse(before: str, now: str) -> bool:
    """Return whether a rating is worse than the one before; nothing is worse than no rating."""
    return bool(before) and bool(now) and RATINGS.index(now) > RATINGS.index(before)


# running


async def run_apart(app: App, schedule: Schedule) -> Result:
    """Run a simulated drill in a process of its own that is handed no provider and no secret."""
    settings = app.settings
    env = {key: os.environ[key] for key in ("PATH", "LANG", "TZ", "PYTHONPATH") if key in os.environ}
    env |= {
        "EMERGENCY_HOME": str(settings.home),
        "EMERGENCY_DATABASE": settings.database,
        "EMERGENCY_LANG": settings.lang,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "emergency.programme.child", schedule.scenario,
        env=env, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = await asyncio.wait_for(process.communicate(), RUN_SECONDS)
    except (TimeoutError, asyncio.CancelledError) as error:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if isinstance(error, asyncio.CancelledError):
            raise
        return Result(wrong=f"took longer than {RUN_SECONDS:.0f} s\t超过 {RUN_SECONDS:.0f} 秒")
    if process.returncode != 0:
        return Result(wrong=(err.decode("utf-8", "replace").strip().splitlines() or ["failed\t失败"])[-1][:MOST_SAID])
    said = json.loads(out)
    return Result(drill=said["drill"], rating=said["rating"])


def play_here(app: App, word: str) -> Result:
    """Play a scenario in this process, keep it among the rehearsals, and return its code and rating.

    Raises:
        Mistakes: there is no such scenario, or it holds mistakes. StoreError.
    """
    from emergency.drills.rehearsals.kept import furnish, rehearsals
    from emergency.drills.rehearsals.play import play, prepare
    from emergency.drills.scoring import overall, rate

    setting = prepare(app, word, at=None, begins=None, until=None, seed=None)
    with contextlib.closing(rehearsals(app.settings)) as store:
        furnish(app, store)
        rehearsal, row = play(setting, store)
    scores = rate(rehearsal.history(), rehearsal.book, setting.scenario)
    return Result(drill=row.code if row is not None else "", rating=overall(scores) or "")
