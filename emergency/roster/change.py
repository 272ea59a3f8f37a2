"""Changes of the roster in force: looked at before they are made, written down, undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from emergency.core.site import OFF, Site
from emergency.errors import CommandRefused, Mistakes, Problem
from emergency.people import save_roster
from emergency.roster.calendar import shifts_of
from emergency.roster.difference import Difference, as_document, difference, roles_in
from emergency.roster.person import Leave, Person, Roster, Swap
from emergency.roster.shaped import overlaps
from emergency.store.rosters import RosterChange, Rosters

if TYPE_CHECKING:
    from emergency.app import App
    from emergency.engine import Engine

Work = Callable[[Roster, Site], Roster]
"""From the roster in force and the site to the roster that is to be. May raise Mistakes or CommandRefused."""
ROSTER = msgspec.json.Decoder(Roster)


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was made, or looked at: the roster before it and after it, and what differs.

    digest: of the roster in force before. incidents: code to person to roles, for those who change or leave.
    """

    before: Roster
    after: Roster
    site: Site
    digest: str
    differs: Difference
    incidents: dict[str, dict[str, list[str]]]

    def document(self) -> dict[str, Any]:
        """Return what changes as a document; numbers are masked."""
        return {"people": len(self.after.people), **as_document(self.differs, self.incidents)}


Consider = Callable[["Engine", Changed], None]
"""Looks at a change within the transaction that would make it; raises CommandRefused to keep it from being made."""


def look_at(app: App, work: Work) -> Changed:
    """Return what *work* would change; nothing is written."""
    engine = app.engine()
    try:
        return _changed(app, engine, work)
    finally:
        engine.store.close()


def change_roster(
    app: App, work: Work, by: str, note: str, *, consider: Consider | None = None, seen: str | None = None
) -> Changed:
    """Put the roster that *work* makes of the one in force in its place, and write down who did it and from what.

    Nothing is written when nothing changes.

    Args:
        note: the file's name or what was done, without numbers.
        consider: may refuse the change before it is written.
        seen: the digest of the roster that somebody looked at before they agreed.

    Raises:
        Mistakes: of *work*.
        CommandRefused: of *work* or *consider*; or the roster is no longer the one that was looked at.
    """
    engine = app.engine()
    try:
        changed = engine.unit(lambda e: _put_in(app, e, work, by, note, consider, seen))
        if changed.differs:
            _keep_copy(app, engine)
        return changed
    finally:
        engine.store.close()


def _put_in(
    app: App, engine: Engine, work: Work, by: str, note: str, consider: Consider | None, seen: str | None
) -> Changed:
    changed = _changed(app, engine, work)
    if seen is not None and seen != changed.digest:
        raise CommandRefused(
            "the roster has been changed meanwhile; nothing was done. Look at the changes once more",
            "名册刚才又被别人改了,这次没有改动。请重新看一遍变化再确认",
        )
    if changed.differs or not changed.digest:
        if consider is not None:
            consider(engine, changed)
        save_roster(engine, changed.after, engine.clock.now(), by, note)
    return changed


def _changed(app: App, engine: Engine, work: Work) -> Changed:
    site, before = app.people.site(engine), app.people.roster(engine)
    after = work(before, site)
    differs = difference(before, after)
    return Changed(
        before=before,
        after=after,
        site=site,
        digest=engine.store.current_digest("roster") or "",
        differs=differs,
        incidents=roles_in(engine.open_incidents(), differs.touched) if differs.touched else {},
    )


def _keep_copy(app: App, engine: Engine) -> None:
    """Keep what a last resort works from. A full disk spoils that copy, and not what has been put in force."""
    import contextlib

    with contextlib.suppress(OSError):
        engine.unit(app.keep_copy)


# small changes


def with_leave(person: str, leave: Leave) -> Work:
    """Return the work that sends *person* on leave."""

    def work(roster: Roster, site: Site) -> Roster:
        here = roster.people[person]
        if leave.last < leave.first:
            raise Mistakes(
                f"the leave from {leave.first} ends before it begins, on {leave.last}",
                f"请假从 {leave.first} 到 {leave.last},结束早于开始;请核对日期",
            )
        kept = tuple(each for each in here.leave if (each.first, each.last) != (leave.first, leave.last))
        ordered = sorted((*kept, leave), key=lambda each: (each.first, each.last))
        return _with(roster, replace(here, leave=tuple(ordered)))

    return work


def without_leave(person: str, first: date, last: date) -> Work:
    """Return the work that calls *person* back for these days; leave that goes on before or after them stays."""

    def work(roster: Roster, site: Site) -> Roster:
        from emergency.roster.calendar import DAY

        here = roster.people[person]
        if not any(each.first <= last and first <= each.last for each in here.leave):
            raise Mistakes(
                f"{person} has no leave from {first} to {last}",
                f"{person} 在 {first} 到 {last} 没有请假。查看:emergency roster show",
            )
        left = []
        for each in here.leave:
            before = replace(each, last=min(each.last, first - DAY))
            after = replace(each, first=max(each.first, last + DAY))
            left += [part for part in dict.fromkeys((before, after)) if part.first <= part.last]
        return _with(roster, replace(here, leave=tuple(left)))

    return work


def with_swap(person: str, day: date, shift: str) -> Work:
    """Return the work that lets *person* work *shift* on *day* instead of their own; `off`: none."""

    def work(roster: Roster, site: Site) -> Roster:
        return _with(roster, _swapped(roster.people[person], site, day, (shift,)))

    return work


def with_exchange(person: str, other: str, day: date) -> Work:
    """Return the work that lets two people work each other's shifts on *day*."""

    def work(roster: Roster, site: Site) -> Roster:
        one, two = roster.people[person], roster.people[other]
        for each in (one, two):
            if each.away(day):
                raise CommandRefused(
                    f"{each.id} is on leave on {day}; a swap needs somebody who is there",
                    f"{each.id} 在 {day} 请假;换班要找当天在的人",
                )
        mine, theirs = shifts_of(site, one, day), shifts_of(site, two, day)
        if mine == theirs:
            says = f"both work '{mine[0]}'" if mine else "neither works"
            zh = f"两人都上{_shift_zh(site, mine[0])}" if mine else "两人都不上班"
            raise CommandRefused(f"there is nothing to swap: {says} on {day}", f"{day} 没什么可换:{zh}")
        roster = _with(roster, _swapped(one, site, day, theirs))
        return _with(roster, _swapped(two, site, day, mine))

    return work


def _swapped(person: Person, site: Site, day: date, shifts: tuple[str, ...]) -> Person:
    known = [shift.id for shift in site.shifts]
    for shift in shifts:
        if shift != OFF and shift not in known:
            from emergency.core.near import nearest, nearest_zh

            raise Mistakes(
                f"'{shift}' is no shift.{nearest(shift, [*known, OFF])}",
                f"没有“{shift}”这个班次。{nearest_zh(shift, [*known, OFF])}",
            )
    own = replace(person, swaps=tuple(swap for swap in person.swaps if swap.day != day))
    if shifts_of(site, own, day) == tuple(shift for shift in shifts if shift != OFF):
        return own  # back to the own shift: nothing is left to say
    swaps = (*own.swaps, *(Swap(day=day, shift=shift) for shift in shifts or (OFF,)))
    after = replace(own, swaps=tuple(sorted(swaps, key=lambda swap: (swap.day, swap.shift))))
    wrong = list(overlaps(after, site))
    if wrong:
        raise Mistakes([Problem(file="", line=0, says=finding.says, zh=finding.zh) for finding in wrong])
    return after


def _shift_zh(site: Site, id: str) -> str:
    return next(f" {id} 班({shift.starts}-{shift.ends})" for shift in site.shifts if shift.id == id)


def _with(roster: Roster, person: Person) -> Roster:
    return Roster(people={**roster.people, person.id: person})


# undoing


def to_undo(app: App, n: int | None) -> tuple[RosterChange, Roster]:
    """Return change *n*, the last one for None, and the roster that was in force before it.

    Raises:
        Mistakes: there is no such change.
        CommandRefused: nothing was before it, or that roster has been taken away.
    """
    engine = app.engine()
    try:
        ledger = Rosters(engine.store)
        change = ledger.last() if n is None else ledger.change(n)
        if change is None:
            says = "no change of the roster is on record" if n is None else f"there is no change {n}"
            zh = "名册还没有变更记录" if n is None else f"没有变更 {n}"
            raise Mistakes(f"{says}; see: emergency roster history", f"{zh};查看:emergency roster history")
        body = ledger.document(change.before) if change.before else None
        if body is None:
            why = "its people were forgotten" if change.before else "no roster was in force"
            why_zh = "之前那份名册里有人的资料已删除" if change.before else "之前没有生效的名册"
            raise CommandRefused(
                f"change {change.n} cannot be undone: before it, {why}", f"变更 {change.n} 不能撤销:{why_zh}"
            )
        return change, ROSTER.decode(body)
    finally:
        engine.store.close()
