"""The tables of drills that are planned to come again: what is planned, and what became of each time it was due."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from emergency.drills.scenario import Kind, Notice
from emergency.store.codec import from_text, to_text
from emergency.store.store import SqliteStore

Became = Literal["planned", "running", "done", "failed", "missed"]
PREFIX = "SC"
"""A schedule is SC1: no reply code and no drill has this shape."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """A drill to be held again and again (`cron`, in the site's own time) or once (`at`).

    scenario: the name or file as it was given. anyway: why it was put in although something stood against it.
    reached: it has been worked off up to here.
    """

    id: str
    code: str
    scenario: str
    playbook: str
    kind: Kind
    notice: Notice
    cron: str
    at: datetime | None
    director: str
    by: str
    anyway: str | None
    made_at: datetime
    reached: datetime
    removed_at: datetime | None = None


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which a schedule was due, and what became of it. drill: its code. earlier: how many times before it
    went by unnoticed since the last look. worker: the process that runs it."""

    schedule: str
    due: datetime
    status: Became
    drill: str
    rating: str
    says: str
    earlier: int
    worker: str
    noted_at: datetime


class Schedules:
    """Schedules over a store; every method works within the transaction that is open."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def put(self, schedule: Schedule) -> Schedule:
        """Keep a new schedule, under the next code; return it with that."""
        last = self._store._one("last_schedule")
        kept = msgspec.structs.replace(schedule, code=f"{PREFIX}{int(last[0][len(PREFIX) :]) + 1 if last else 1}")
        self._store._do(
            "put_schedule", kept.id, kept.code, kept.scenario, kept.playbook, kept.kind, kept.notice, kept.cron,
            to_text(kept.at) if kept.at else None, kept.director, kept.by, kept.anyway, to_text(kept.made_at),
            to_text(kept.reached),
        )  # fmt: skip
        return kept

    def all(self) -> list[Schedule]:
        """Return the schedules that are in force, in the order they were made."""
        found = [_schedule(row) for row in self._store._all("schedules")]
        return [each for each in found if each.removed_at is None]

    def by_code(self, code: str) -> Schedule | None:
        """Return the schedule in force with this code, or None."""
        return next((each for each in self.all() if each.code == code.upper()), None)

    def remove(self, id: str, now: datetime) -> None:
        """Take a schedule out; what was held stays on record."""
        self._store._do("remove_schedule", to_text(now), id)

    def reach(self, id: str, moment: datetime) -> None:
        """Note that a schedule has been worked off up to *moment*; never back."""
        self._store._do("reach_schedule", to_text(moment), id)

    def claim(
        self,
        id: str,
        due: datetime,
        status: Became,
        now: datetime,
        *,
        drill: str = "",
        says: str = "",
        earlier: int = 0,
        worker: str = "",
    ) -> bool:
        """Note what becomes of a time that is due; return False where that was noted before."""
        values = (id, to_text(due), status, drill, says, earlier, worker, to_text(now))
        return self._store._do("claim_occurrence", *values) == 1

    def settle(
        self,
        id: str,
        due: datetime,
        status: Became,
        now: datetime,
        *,
        drill: str = "",
        rating: str = "",
        says: str = "",
    ) -> None:
        """Note how a time that was planned or running came out."""
        self._store._do("settle_occurrence", status, drill, rating, says, to_text(now), id, to_text(due))

    def take_over(self, id: str, due: datetime, worker: str) -> None:
        """Note that another process runs what one had begun that is no more."""
        self._store._do("take_over_occurrence", worker, id, to_text(due))

    def occurrences(self, id: str, most: int = 20) -> list[Occurrence]:
        """Return the latest times of a schedule, the last first."""
        return [_occurrence(row) for row in self._store._all("occurrences", id, most)]

    def open(self) -> list[Occurrence]:
        """Return the times that are planned or running, oldest first."""
        return [_occurrence(row) for row in self._store._all("open_occurrences")]


def _schedule(row: Any) -> Schedule:
    id, code, scenario, playbook, kind, notice, cron, at, director, by, anyway, made, reached, removed = row
    return Schedule(
        id=id, code=code, scenario=scenario, playbook=playbook, kind=kind, notice=notice, cron=cron,
        at=from_text(at) if at else None, director=director, by=by, anyway=anyway, made_at=from_text(made),
        reached=from_text(reached), removed_at=from_text(removed) if removed else None,
    )  # fmt: skip


def _occurrence(row: Any) -> Occurrence:
    schedule, due, status, drill, rating, says, earlier, worker, noted = row
    return Occurrence(
        schedule=schedule, due=from_text(due), status=status, drill=drill, rating=rating, says=says, earlier=earlier,
        worker=worker, noted_at=from_text(noted),
    )  # fmt: skip
