"""What is done to the roster by command, each as a document: import, undo, history, leave, swap, export."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emergency.core.site import Site
from emergency.core.values import Text
from emergency.errors import Mistakes
from emergency.roster.calendar import zone_of
from emergency.roster.change import (
    Changed,
    Work,
    change_roster,
    look_at,
    to_undo,
    with_exchange,
    with_leave,
    with_swap,
    without_leave,
)
from emergency.roster.export import Origin, export
from emergency.roster.files import Found, read_path
from emergency.roster.person import Leave, Roster
from emergency.store.codec import to_text
from emergency.store.rosters import Rosters

if TYPE_CHECKING:
    from emergency.app import App

Document = dict[str, Any]
LONGEST_LEAVE = timedelta(days=366)
"""A longer leave is a slip in the year (practice); somebody who left has an `until`."""


class Importing:
    """A roster file on its way into force: read once, looked at, then put in."""

    def __init__(self, app: App, file: str) -> None:
        """Read *file*. Raises Mistakes: all of the file at once."""
        self._app = app
        self._file = file
        engine = app.engine()
        site = app.people.site(engine)
        today = engine.clock.now().astimezone(zone_of(site)).date()
        engine.store.close()
        self._found: Found = read_path(Path(file), site)
        self._extra: Document = {
            "file": file,
            "warnings": [
                {"file": each.file, "line": each.line, "says": {"zh": each.zh or each.says, "en": each.says}}
                for each in self._found.doubts(site, today)
            ],
            "notes": list(self._found.notes),
        }

    def _work(self, before: Roster, site: Site) -> Roster:
        return self._found.roster

    def look(self) -> tuple[Document, str]:
        """Return what would change, and the digest of the roster that this was seen against."""
        from emergency.readiness.guard import look

        seen = look_at(self._app, self._work)
        holes = look(self._app, seen)
        return {**_document(seen), **self._extra, "opens": holes["holes"], "_holes": holes}, seen.digest

    def put_in(self, by: str = "console", seen: str | None = None) -> Document:
        """Put the roster in force; return what changed. Raises CommandRefused: it is not the one that was seen."""
        changed = change_roster(self._app, self._work, by, Path(self._file).name, seen=seen)
        return {**_document(changed), **self._extra}


def _document(changed: Changed) -> Document:
    """Return a change with the names of all whom it names, what the roles are called, and when the shifts are."""
    differs = changed.differs
    people = {**changed.before.people, **changed.after.people}
    named = sorted({*differs.added, *differs.left, *differs.changed, *differs.lost})
    return {
        **changed.document(),
        "names": {id: _both(people[id].name) for id in named},
        "role_titles": {duty.role: _both(duty.title) for duty in changed.site.duties},
        "shifts": {shift.id: f"{shift.starts}-{shift.ends}" for shift in changed.site.shifts},
    }


def _both(words: Text) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}


def undo(app: App, n: int | None, by: str, *, dry: bool = False, seen: str | None = None) -> tuple[Document, str]:
    """Put the roster before change *n*, or before the last one, in force again; undone again, the other returns.

    Args:
        dry: only say what would change.

    Returns:
        What changes, and the digest of the roster that was in force.
    """
    change, before = to_undo(app, n)

    def work(roster: Roster, site: Site) -> Roster:
        from emergency.setup import left_hanging

        problems = list(left_hanging(before, site, f"change {change.n}"))
        if problems:
            raise Mistakes(problems)
        return before

    changed = look_at(app, work) if dry else change_roster(app, work, by, f"undo {change.n}", seen=seen)
    return {**_document(changed), "undoes": change.n}, changed.digest


def history(app: App, most: int = 50) -> Document:
    """Return the rosters that were put in force, the latest first."""
    engine = app.engine()
    current = engine.store.current_digest("roster")
    found = Rosters(engine.store).latest(most)
    engine.store.close()
    return {
        "changes": [
            {
                "n": change.n,
                "at": to_text(change.at),
                "people": change.people,
                "by": change.by,
                "note": change.note,
                "digest": change.digest,
                "before": change.before or None,
                "in_force": place == 0 and change.digest == current,
            }
            for place, change in enumerate(found)
        ]
    }


def day_of(words: str) -> date:
    """Return the day that *words* name, `2026-12-05`. Raises Mistakes."""
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise Mistakes(f"'{words}' is no date; write 2026-12-05", f"“{words}”不是日期;请写成 2026-12-05") from None


def leave(
    app: App,
    person: str,
    first: str,
    last: str | None,
    why: str,
    by: str,
    *,
    cancel: bool = False,
    anyway: str | None = None,
) -> Document:
    """Send *person* on leave from *first* to *last*, both included; with *cancel*, have them back for these days.

    Args:
        anyway: why, although it leaves a role without anybody.

    Raises:
        CommandRefused: it leaves a role of some plan without anybody, and nobody said why all the same.
    """
    begin = day_of(first)
    end = day_of(last) if last else begin
    if end - begin > LONGEST_LEAVE:
        raise Mistakes(
            f"a leave of {(end - begin).days} days is longer than a year; is the year right?",
            f"请假 {(end - begin).days} 天,超过一年;年份写对了吗?",
        )
    why = " ".join(why.split())
    work = without_leave(person, begin, end) if cancel else with_leave(person, Leave(first=begin, last=end, why=why))
    what = "leave cancelled" if cancel else "leave"
    return _guarded(app, work, by, f"{what} {person} {begin}..{end}", anyway)


def swap(
    app: App, person: str, day: str, other: str | None, shift: str | None, by: str, *, anyway: str | None = None
) -> Document:
    """Let *person* work the shift of *other* on *day*, and the other theirs; or *shift* instead of their own.

    Args:
        anyway: why, although it leaves a role without anybody.

    Raises:
        CommandRefused: it leaves a role of some plan without anybody, and nobody said why all the same.
    """
    if (other is None) == (shift is None):
        raise Mistakes(
            "say either --with PERSON or --shift SHIFT; --shift off for none",
            "请写 --with 人员 或 --shift 班次 其中一个;不上班写 --shift off",
        )
    if other == person:
        raise Mistakes(f"{person} cannot swap with themselves; name two people", f"{person} 不能和自己换班;请写两个人")
    on = day_of(day)
    work: Work = with_exchange(person, other, on) if other is not None else with_swap(person, on, shift or "")
    return _guarded(app, work, by, f"swap {person} {on} {other or shift}", anyway)


def _guarded(app: App, work: Work, by: str, note: str, anyway: str | None) -> Document:
    """Make a change that may not leave a role without anybody, unless *anyway* says why; that stands in the note."""
    from emergency.readiness.guard import Guard

    guard = Guard(app, anyway)
    said = f"{note}; {' '.join(anyway.split())}" if anyway else note
    changed = change_roster(app, work, by, said, consider=guard)
    return {**_document(changed), "opens": guard.holes["holes"], "_holes": guard.holes}


def export_roster(app: App, file: str, *, numbers: bool, replace: bool) -> Document:
    """Write the roster in force to a file or folder; return what it holds."""
    engine = app.engine()
    site, roster = app.people.site(engine), app.people.roster(engine)
    origin = Origin(site, engine.store.current_digest("roster") or "-", engine.clock.now())
    engine.store.close()
    export(Path(file), roster, origin, numbers=numbers, replace=replace)
    return {"file": file, "people": len(roster.people), "numbers": "whole" if numbers else "masked"}
