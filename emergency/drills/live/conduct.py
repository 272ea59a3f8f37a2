"""Conducting a drill: what may be done with it now, read off its book. Pure: a book and a moment in, answers out.

A drill's own time counts from STARTEX and stands still while the drill is frozen; every time of a scenario is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from emergency.core.values import Text
from emergency.drills import book as b
from emergency.drills.scenario import LIVE, Contingency, Inject, Kind, PreNotice, Scenario
from emergency.errors import CommandRefused

Phase = Literal["planned", "released", "running", "paused", "over", "closed"]
"""`over`: ended or broken off, with lines still to be confirmed; `closed`: a record."""
RELEASES = 2
"""So many different people answer for a drill on real telephones (FCC, 2018: more than one credentialed person)."""
NAG_EVERY = timedelta(minutes=10)
"""How often the director is told that a line is not confirmed as restored (practice)."""
FAREWELL = timedelta(minutes=1)
"""The end of a drill's longest time that belongs to the messages which say that it is over (practice)."""
EARLY, LATE = timedelta(minutes=15), timedelta(hours=2)
"""How long before and after its announced time a drill may begin: whoever was told takes their line off by that time,
and puts it back by themselves (practice)."""
ZERO = timedelta(0)


class Gone(msgspec.Struct, frozen=True):
    """An inject that took effect: when, in the drill's own time."""

    at: timedelta
    entry: b.InjectReleased


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """How a drill stands. pauses: from when to when it stood still, the last perhaps still open; times on the wall.

    notices, restored: the party to when it confirmed. skipped: injects left out. rescued: pairs of an inject and the
    expectation whose contingency was taken.
    """

    planned: b.Planned | None = None
    planned_at: datetime | None = None
    notices: Mapping[str, datetime] = {}
    released: tuple[str, ...] = ()
    begun: b.Begun | None = None
    begun_at: datetime | None = None
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()
    paused: b.Paused | None = None
    speed: float = 1.0
    injects: tuple[Gone, ...] = ()
    skipped: frozenset[str] = frozenset()
    rescued: frozenset[tuple[str, str]] = frozenset()
    over: b.Ended | b.Aborted | None = None
    over_at: datetime | None = None
    restored: Mapping[str, datetime] = {}
    closed_at: datetime | None = None

    @property
    def kind(self) -> Kind:
        """Which kind of drill it is."""
        return self.planned.kind if self.planned else "tabletop"

    @property
    def phase(self) -> Phase:
        """Where it stands."""
        if self.closed_at is not None:
            return "closed"
        if self.over is not None:
            return "over"
        if self.begun is not None:
            return "paused" if self.paused is not None else "running"
        return "released" if len(self.released) >= RELEASES else "planned"

    def gone(self, inject: str) -> Gone | None:
        """Return when an inject last took effect, or None."""
        return next((gone for gone in reversed(self.injects) if gone.entry.inject == inject), None)

    def clock(self, at: datetime) -> timedelta:
        """Return the drill's own time at a moment; nothing before STARTEX."""
        if self.begun_at is None or at <= self.begun_at:
            return ZERO
        stood = ((min(at, until or at) - since) for since, until in self.pauses if since < at)
        return at - self.begun_at - sum(stood, ZERO)

    def moment(self, clock: timedelta) -> datetime | None:
        """Return when the drill's own time is or was *clock*; None before STARTEX, and while it stands still before."""
        if self.begun_at is None:
            return None
        at = self.begun_at + clock
        for since, until in self.pauses:
            if at < since:
                return at
            if until is None:
                return None
            at += until - since
        return at


def stand(book: Sequence[b.Written]) -> Stand:
    """Return how a drill stands after all that is in its book."""
    now = Stand()
    for written in book:
        now = _after(now, written.entry, written.at)
    return now


def _after(s: Stand, entry: b.AnyEntry, at: datetime) -> Stand:
    match entry:
        case b.Planned():
            return replace(s, planned=entry, planned_at=at)
        case b.NoticeConfirmed(who=who):
            return replace(s, notices={**s.notices, who: at})
        case b.Released(by=by):
            return s if by in s.released else replace(s, released=(*s.released, by))
        case b.Begun():
            return replace(s, begun=entry, begun_at=at)
        case b.Sped(speed=speed):
            return replace(s, speed=speed)
        case b.LineRestored(who=who):
            return replace(s, restored={**s.restored, who: at})
        case b.Closed():
            return replace(s, closed_at=at)
        case _:
            return _in_play(s, entry, at)


def _in_play(s: Stand, entry: b.AnyEntry, at: datetime) -> Stand:
    match entry:
        case b.InjectReleased():
            return replace(s, injects=(*s.injects, Gone(s.clock(at), entry)))
        case b.InjectSkipped(inject=inject):
            return replace(s, skipped=s.skipped | {inject})
        case b.Contingent(inject=inject, if_not=expected):
            return replace(s, rescued=s.rescued | {(inject, expected)})
        case b.Paused():
            return s if s.paused is not None else replace(s, paused=entry, pauses=(*s.pauses, (at, None)))
        case b.Resumed():
            return _goes_on(s, at)
        case b.Ended() | b.Aborted():
            return s if s.over is not None else replace(_goes_on(s, at), over=entry, over_at=at)
    return s


def _goes_on(s: Stand, at: datetime) -> Stand:
    if s.paused is None:
        return s
    return replace(s, paused=None, pauses=(*s.pauses[:-1], (s.pauses[-1][0], at)))


# what may be done

ALLOWED: dict[str, frozenset[Phase]] = {
    "notice": frozenset({"planned", "released"}),
    "release": frozenset({"planned", "released", "running", "paused"}),
    "begin": frozenset({"released", "running", "paused"}),
    "pause": frozenset({"running", "paused"}),
    "resume": frozenset({"running", "paused"}),
    "speed": frozenset({"running", "paused"}),
    "skip": frozenset({"running", "paused"}),
    "inject": frozenset({"running"}),
    "abort": frozenset({"planned", "released", "running", "paused", "over", "closed"}),
    "end": frozenset({"running", "paused", "over", "closed"}),
    "restored": frozenset({"running", "paused", "over"}),
    "close": frozenset({"over", "closed"}),
}
"""The verbs about one drill, and where it must stand for each. What is done already is done: pressing twice changes
nothing and is no error. A table begins without a release."""
WAY_OUT: dict[tuple[str, Phase], Text] = {
    ("begin", "planned"): Text(
        "须先由两人放行:emergency drill release {code} --by 姓名",
        "two people release it first: emergency drill release {code} --by NAME",
    ),
    ("inject", "paused"): Text(
        "请先继续:emergency drill resume {code} --by 导演",
        "it stands still; go on first: emergency drill resume {code} --by DIRECTOR",
    ),
    ("inject", "released"): Text(
        "还没有开始:emergency drill begin {code}", "it has not begun: emergency drill begin {code}"
    ),
    ("end", "released"): Text(
        "还没有开始;要取消:emergency drill abort {code} --reason ...",
        "it has not begun; to give it up: emergency drill abort {code} --reason ...",
    ),
    ("end", "planned"): Text(
        "还没有开始;要取消:emergency drill abort {code} --reason ...",
        "it has not begun; to give it up: emergency drill abort {code} --reason ...",
    ),
    ("close", "running"): Text(
        "请先结束:emergency drill end {code}", "it goes on; end it first: emergency drill end {code}"
    ),
    ("close", "paused"): Text(
        "请先结束:emergency drill end {code}", "it stands still; end it first: emergency drill end {code}"
    ),
}
LOOK = Text("看看现状:emergency drill show {code}", "see how it stands: emergency drill show {code}")
PHASES: dict[Phase, Text] = {
    "planned": Text("已计划、未放行", "planned"),
    "released": Text("已放行、未开始", "released"),
    "running": Text("进行中", "running"),
    "paused": Text("已冻结", "frozen"),
    "over": Text("已结束", "over"),
    "closed": Text("已归档", "closed"),
}


def allow(now: Stand, verb: str, code: str) -> None:
    """Refuse what cannot be done with a drill that stands so.

    Raises:
        CommandRefused: says where it stands, and the way out.
    """
    phase = now.phase
    allowed = ALLOWED[verb] | ({"planned"} if verb == "begin" and now.kind not in LIVE else frozenset())
    if verb == "speed" and now.kind in LIVE:
        raise CommandRefused(
            f"{code} is among people: its clock is theirs. Speed is for a drill at a table",
            f"{code} 由真人参演,时钟就是他们的时钟;只有桌面推演可以调速",
        )
    if phase in allowed:
        return
    way, stands = WAY_OUT.get((verb, phase), LOOK), PHASES[phase]
    raise CommandRefused(
        f"{code} is {stands.en}; '{verb}' is not possible now. {way.en.format(code=code)}",
        f"{code} {stands.zh},现在不能 {verb}。{way.zh.format(code=code)}",
    )


def only_the_director(now: Stand, by: str, code: str) -> None:
    """Refuse unless *by* is the director: anybody may stop a drill, one person lets it go on.

    Raises:
        CommandRefused: names who may.
    """
    director = now.planned.director if now.planned else ""
    if by != director:
        how = f"emergency drill resume {code} --by {director or 'DIRECTOR'}"
        raise CommandRefused(f"only the director lets {code} go on: {how}", f"只有导演可以让 {code} 继续:{how}")


def no_player_observes(now: Stand, person: str, code: str) -> None:
    """Refuse the observers' page to who takes part: it shows the questions, and what only evaluators may see. Until it
    is known who does, it is for the observers of the plan and the director.

    Raises:
        CommandRefused: names the way out.
    """
    planned = now.planned
    if planned is None or now.over is not None or person in (planned.director, *planned.observers):
        return
    players = now.begun.participants if now.begun is not None else planned.participants
    if person in players or not players:
        raise CommandRefused(
            f"{person} takes part in {code}, or may: the page shows what players must not see. Observers are named "
            f"in the plan: emergency drill plan SCENARIO --observer {person}",
            f"{person} 参演(或可能参演)本次演练 {code},而此页有参演者不该看到的内容。"
            f"观察员在计划里指定:emergency drill plan 情景 --observer {person}",
        )


# before it begins


class Missing(msgspec.Struct, frozen=True):
    """What still stands between a drill and its release. who: the party; empty where it is no notice."""

    who: str
    says: str
    way_out: str
    zh: str = ""


def missing_notices(
    now: Stand, notices: Sequence[PreNotice], begins: datetime, day: Callable[[datetime], date],
    works: Callable[[date], bool], code: str,
) -> Iterator[Missing]:  # fmt: skip
    """Yield the notices that are open: not confirmed although that is asked, or planned too late for their lead and
    not confirmed either. A confirmation counts whenever it came.

    Args:
        day: the site's own day of a moment. works: whether a day is a working day of the site.
    """
    for notice in notices:
        if notice.who in now.notices:
            continue
        way = f'emergency drill notice {code} {notice.who} --to "NAME" --by NAME'
        if notice.confirm:
            yield Missing(notice.who, f"{notice.who} has not confirmed", way, f"{notice.who} 尚未确认")
        elif now.planned_at is not None and not lead_kept(notice, now.planned_at, begins, day, works):
            zh = f"{notice.who} 告知太晚(须提前 {lead_words(notice, 'zh')})"
            yield Missing(notice.who, f"{notice.who} is told too late ({lead_words(notice)} before)", way, zh)


def lead_kept(
    notice: PreNotice, told: datetime, begins: datetime, day: Callable[[datetime], date], works: Callable[[date], bool]
) -> bool:
    """Return whether *told* is early enough: so many hours before, or so many whole working days between."""
    if notice.lead is not None and begins - told < notice.lead:
        return False
    return working_days(day(told), day(begins), works) >= notice.working_days


def working_days(first: date, last: date, works: Callable[[date], bool]) -> int:
    """Return how many working days there are from *first* on until the day before *last*."""
    return sum(works(first + timedelta(days=n)) for n in range(max(0, (last - first).days)))


def lead_words(notice: PreNotice, lang: str = "en") -> str:
    """Return how long before a party is to be told: `24 h`, `3 working days`."""
    if notice.working_days:
        days = notice.working_days
        return Text(f"{days} 个工作日", f"{days} working days").of(lang)
    hours = (notice.lead or ZERO) / timedelta(hours=1)
    return Text(f"{hours:g} 小时", f"{hours:g} h").of(lang)


def in_its_time(begins: datetime | None, now: datetime) -> bool:
    """Return whether a drill that was announced for *begins* may begin now."""
    return begins is None or begins - EARLY <= now <= begins + LATE


def unrestored(now: Stand, scenario: Scenario) -> list[str]:
    """Return the parties that have to confirm that their line is back, and have not. A drill that never began took no
    line off."""
    if now.begun is None:
        return []
    return [n.who for n in scenario.safety.notices if n.at_end and n.who not in now.restored]


# what comes next

Met = Callable[[str, timedelta], timedelta | None]
"""From a condition and a time of the drill to when, later than that, it was first met; None where it was not yet."""


class Due(msgspec.Struct, frozen=True):
    """An inject and the moment when it is planned, in the drill's own time."""

    at: timedelta
    inject: Inject


def timetable(now: Stand, scenario: Scenario, met: Met) -> list[Due]:
    """Return the injects that are still to come and whose time is known, earliest first; reserves are the director's.

    What has caused another counts from when it took effect; what is only planned, from its plan.
    """
    known: dict[str, timedelta | None] = {}
    found = []
    for inject in scenario.injects:
        at = _planned(inject, now, scenario, met, known, frozenset())
        waits = now.gone(inject.id) is None or (inject.again and inject.when is not None)
        if at is not None and waits and not inject.reserve and inject.id not in now.skipped:
            found.append(Due(at, inject))
    return sorted(found, key=lambda due: due.at)


def _planned(
    inject: Inject, now: Stand, scenario: Scenario, met: Met, known: dict[str, timedelta | None], above: frozenset[str]
) -> timedelta | None:
    if inject.id not in known:
        known[inject.id] = _reckoned(inject, now, scenario, met, known, above | {inject.id})
    return known[inject.id]


def _reckoned(
    inject: Inject, now: Stand, scenario: Scenario, met: Met, known: dict[str, timedelta | None], above: frozenset[str]
) -> timedelta | None:
    if inject.at is not None:
        return inject.at
    if inject.when is not None:
        gone = now.gone(inject.id)
        came = met(inject.when, gone.at if gone else ZERO)
        return came + inject.after if came is not None else None
    cause = scenario.inject(inject.caused_by or "")
    if cause is None or cause.id in above or cause.id in now.skipped:
        return None
    happened = now.gone(cause.id)
    at = happened.at if happened else _planned(cause, now, scenario, met, known, above)
    return at + inject.after if at is not None and (happened or not cause.reserve) else None


class Rescue(msgspec.Struct, frozen=True):
    """A contingency whose time has come, or comes at *at*."""

    at: timedelta
    inject: Inject
    contingency: Contingency


def rescues(now: Stand, scenario: Scenario) -> list[Rescue]:
    """Return the contingencies that wait for their time, earliest first: of injects that took effect."""
    found = []
    for inject in scenario.injects:
        gone, plan = now.gone(inject.id), inject.contingency
        if gone is not None and plan is not None and (inject.id, plan.if_not) not in now.rescued:
            found.append(Rescue(gone.at + plan.after, inject, plan))
    return sorted(found, key=lambda each: each.at)


def last_call(maximum: timedelta) -> timedelta:
    """Return when a drill is ended so that who was told still hears so within its longest time."""
    return max(maximum - FAREWELL, maximum * 0.9)


def ground_truth(now: Stand, clock: timedelta) -> list[Gone]:
    """Return the injects that hold at a time of the drill: what is really so, whatever the players believe."""
    return [gone for gone in now.injects if gone.at <= clock and (gone.entry.until is None or clock < gone.entry.until)]
