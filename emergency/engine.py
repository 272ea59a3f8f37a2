"""Load, decide, append: the one way anything happens to an incident.

Console, command line, hook, timer and drill all end in `Engine.handle`. Events, outbox and timers are written in
one transaction; when it returns, it is on the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

import msgspec

from emergency.clock import Clock
from emergency.core import commands as c
from emergency.core import contest
from emergency.core import events as e
from emergency.core.decide import respond, respond_to_all
from emergency.core.incident import ASKING, Incident, fold
from emergency.core.site import Member
from emergency.core.values import is_drill
from emergency.core.wording import words_for
from emergency.errors import CommandRefused, StoreBusy, StoreDamaged
from emergency.others import HEARD, Others
from emergency.store import holds
from emergency.store.store import IncidentRow, OutboxRow, SqliteStore

T = TypeVar("T")
ASKING_LIFE = timedelta(minutes=30)
"""After this an unsent call for an answer is not sent any more: it would find another emergency (practice)."""
TELLING_LIFE = timedelta(hours=4)
CODE_REST = timedelta(days=30)
"""A code is not used again while anyone could still answer to it."""
_LINE = msgspec.json.Encoder()
_TIMER_GOES = (e.TimerCleared, e.TimerFired)
WAKES: dict[str, Callable[[Engine, Incident], None]] = {}
"""Wake-ups that no event of a log asks for, by the name of the timer: a roll call asks on."""


class Conducts(Protocol):
    """What looks after drills that run in the store (`drills/live/running.py`)."""

    def hear(self, engine: Engine, incident: Incident, events: Sequence[e.AnyEvent]) -> None:
        """A drill's incident has changed, in the transaction that is open."""
        ...

    def wake(self, engine: Engine, incident: Incident) -> None:
        """Something of a drill may be due."""
        ...

    def nag(self, engine: Engine, incident: Incident) -> None:
        """Somebody is to be reminded of what a drill left open."""
        ...


NOT_TOLD = "incident_not_told"
"""Counted whenever an incident cannot follow what happens in another: its own decision fails, it stays as it was."""
ALONE = frozenset({e.DeliverySent, e.DeliveryDelivered})
"""Events from which nothing follows beside the log; most events of a log are such."""
BESIDE_THE_LOG = frozenset({e.DeliveryQueued, e.DeliveryDropped, e.TimerSet, e.TimerCleared, e.TimerFired})
"""Events that outbox and timers follow from."""
STANDS = frozenset({e.DrillFrozen, e.DrillResumed, e.DrillAborted, e.DrillEnded})
"""Events that let outbox and clock of a drill stand still, go on, or end."""
BEGINS = frozenset({e.IncidentOpened, e.IncidentConfirmed, e.HelpAsked})
"""Events with which something real may begin."""
TEAM = "team"
"""The timer of an incident for the next change of duty."""
Decision = tuple[Sequence[e.AnyEvent], Incident | None]
"""Events, and the incident after them."""
Team = tuple[tuple[Member, ...], datetime | None]
"""Who is there now, and when somebody's duty changes next."""


class Engine:
    """Incidents as they are now, over a store. For one thread at a time, the one that owns the store.

    expect: called with an incident and the playbook that it lets expect, in the transaction that says so.
    team: says who there is for an incident just now; without it, the team stays as it was when the incident began.
    put_in_line: takes the messages of a decision; a rehearsal, whose messages nobody reads, takes them without words.
    opens: decides how an incident begins; of many runs that all begin alike, each is handed what was decided once.
    real_began: called when something real begins or is reported in a drill, beside stopping every drill of the store;
        it carries the word to drills that are kept elsewhere.
    """

    def __init__(self, store: SqliteStore, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.expect: Callable[[Engine, Incident, str], None] | None = None
        self.put_in_line: Callable[[Incident, Sequence[e.DeliveryQueued], datetime], None] = self._queue
        self.opens: Callable[[c.AnyCommand, datetime], Decision] = _open
        self._cache: dict[str, Incident] = {}
        self._touched: set[str] = set()
        self.team: Callable[[Engine, Incident], Team] | None = None
        self.conduct: Conducts | None = None
        self._others = Others(self)
        self.real_began: Callable[[Incident], None] | None = None

    def unit(self, work: Callable[[Engine], T]) -> T:
        """Do all of *work* or nothing of it, in one transaction."""
        before, self._touched = self._touched, set()
        try:
            with self.store.transaction():
                return work(self)
        except BaseException:
            for id in self._touched:
                self._cache.pop(id, None)
            raise
        finally:
            self._touched |= before

    def _joined(self, work: Callable[[Engine], T]) -> T:
        """Do *work* within the transaction that is open, or in one of its own. It needs no way back of its own:
        what is refused is refused before anything is written, and what the store cannot write ends all of it."""
        return work(self) if self.store.in_transaction else self.unit(work)

    def incident(self, id: str) -> Incident:
        """Return the incident as it is.

        Raises:
            CommandRefused: there is none with this id.
        """
        row = self.store.incident(id)
        if row is None:
            raise CommandRefused(f"there is no incident {id}", f"没有事件 {id}")
        known = self._cache.get(id)
        return known if known is not None and known.version == row.version else self._as_of(row)

    def _as_of(self, row: IncidentRow) -> Incident:
        known = self._cache.get(row.id)
        if known is None or known.version != row.version:
            known = fold(self.store.history(row.id, known.version if known else 0), known)
            if known is None:
                raise CommandRefused(f"incident {row.id} has no log", f"事件 {row.id} 没有日志")
            self._cache[row.id] = known
        return known

    def beside(self, work: Callable[[Engine], object]) -> None:
        """Do what follows from one incident for another: all of it, or nothing. What is wrong with that other one must
        not undo what has just been decided.

        Raises:
            StoreBusy: nothing at all can be written just now.
        """
        try:
            self.unit(work)
        except StoreBusy:
            raise
        except Exception:
            self.store.count(NOT_TOLD)

    def open_incidents(self) -> list[Incident]:
        """Return the incidents that are not closed, oldest first.

        One whose log cannot be read is left out, or it would keep every other from being opened and answered; its
        own status, its timers and `log --verify` say what is wrong.
        """
        found = []
        for row in self.store.open_incidents():
            try:  # noqa: SIM105  (a block of its own costs more than the look: asked for every answer, of every row)
                found.append(self._as_of(row))
            except StoreDamaged:
                pass
        return found

    def open(self, command: c.OpenIncident) -> Incident:
        """Begin an incident; its code is chosen here. The same id twice is one incident."""

        def work(engine: Engine) -> Incident:
            if engine.store.incident(command.incident) is not None:
                return engine.incident(command.incident)
            now = engine.clock.now()
            if command.mode == "live_drill":
                engine.refuse_beside_real()
            code = engine.store.next_code(command.playbook.code, command.mode, now, CODE_REST)
            return engine._write(None, msgspec.structs.replace(command, code=code), now)

        return self._joined(work)

    def handle(self, id: str, command: c.AnyCommand, at: datetime | None = None) -> Incident:
        """Let *command* meet the incident, write down what it causes, and return the incident after it.

        Args:
            at: the moment of what it follows from; else now.

        Raises:
            CommandRefused: nothing was changed.
            StoreError: nothing was changed.
        """

        if self.store.in_transaction:
            return self._write(self.incident(id), command, at or self.clock.now())
        return self.unit(lambda engine: engine._write(engine.incident(id), command, at or engine.clock.now()))

    def record(self, id: str, reports: Sequence[c.RecordDelivery]) -> Incident:
        """Let *reports* of this moment meet the incident one after the other, and write down at once what they cause:
        the log is the same as if each was handled by itself.

        Raises:
            CommandRefused, StoreError: nothing was changed.
        """

        def work(engine: Engine) -> Incident:
            incident = engine.incident(id)
            now = max(engine.clock.now(), incident.last)
            events, after = respond_to_all(incident, reports, now)
            return engine._keep(incident, after, events, now) if events else after

        return self._joined(work)

    def fire_due(self, limit: int = 100) -> int:
        """Fire the timers whose time has come, oldest first; return how many.

        Raises:
            Exception: what is wrong with a timer, once no other is left to fire.
        """
        due = self.store.due_timers(self.clock.now(), limit)
        fired, trouble = 0, None
        for timer in due:
            try:
                self.unit(lambda engine, t=timer: engine._fire(t.incident, t.name))  # type: ignore[misc]
                fired += 1
            except StoreBusy:
                raise
            except Exception as error:  # one log that cannot be read must not stop the clocks of all others
                trouble = error
        if trouble is None or fired:
            return fired
        if len(due) < limit:
            raise trouble
        return self.fire_due(limit * 10)

    def _fire(self, id: str, name: str) -> None:
        incident = self.incident(id)
        wake = WAKES.get(name)
        if wake is not None:
            self.store.set_timers(id, {name: None})
            wake(self, incident)
            return
        if name not in incident.timers:
            self.store.set_timers(id, {name: None})  # a row the log knows nothing of wakes nobody twice
            return
        after = self._write(incident, c.FireTimer(timer=name), self.clock.now())
        if name == TEAM and self.team is not None and contest.goes_on(after):
            self._look_up_team(after)

    def _look_up_team(self, incident: Incident) -> None:
        if self.team is not None:
            members, until = self.team(self, incident)
            self._write(incident, c.UpdateRoster(members=members, until=until), self.clock.now())

    def look_up_teams(self) -> None:
        """Tell every incident that goes on, and that nothing wakes at the next change of duty, who is there now; from
        then on it is woken. One that an earlier release began knows nothing of shifts."""
        for incident in self.open_incidents():
            if contest.goes_on(incident) and TEAM not in incident.timers:
                self.beside(partial(_look_up, id=incident.id))

    def _write(self, incident: Incident | None, command: c.AnyCommand, now: datetime) -> Incident:
        if incident is not None and now < incident.last:
            now = incident.last  # a wall clock set back must not turn the log around
        if isinstance(command, c.ConfirmIncident) and incident is not None and is_drill(incident.mode):
            self._refuse_while_stopped(incident)
        events, after = respond(incident, command, now) if incident is not None else self.opens(command, now)
        if after is None:
            raise CommandRefused("nothing to open", "没有可启动的事件")
        return self._keep(incident, after, events, now) if events else after

    def _keep(
        self, incident: Incident | None, after: Incident, events: Sequence[e.AnyEvent], now: datetime
    ) -> Incident:
        """Write *events* down, with all that follows from them, and return the incident after that."""
        self._touched.add(after.id)
        self.store.append(after.id, incident.version if incident else 0, events, now)
        self._cache[after.id] = after
        kinds = {type(event) for event in events}
        if not kinds <= ALONE:
            self._follow(incident, after, events, kinds, now)
        if self.conduct is not None and is_drill(after.mode):
            self.conduct.hear(self, self._cache.get(after.id, after), events)
        return self._cache.get(after.id, after)

    def _follow(
        self, incident: Incident | None, after: Incident, events: Sequence[e.AnyEvent], kinds: set[type[e.AnyEvent]],
        now: datetime,
    ) -> None:  # fmt: skip
        """Let everything beside the log follow from *events*, which are of these *kinds*: messages, timers, drills,
        other incidents."""
        if not kinds.isdisjoint(STANDS) and is_drill(after.mode):
            self._stand(incident, after, events, now)
        self._project(after, events, now)
        if not kinds.isdisjoint(BEGINS):
            self._real_wins(after, events, now)
        ended = incident is not None and not incident.ended and bool(after.ended)
        if ended or e.KnockOnExpected in kinds or (after.is_closed and not after.ended):
            self._knock_on(after, events, ended=ended)
        if not kinds.isdisjoint(HEARD):
            self._others.hear_of(incident, after, events)

    def refuse_beside_real(self) -> None:
        """Refuse where a real incident goes on: what is real has everybody's ear.

        Raises:
            CommandRefused: names the real incident.
        """
        real = next((i for i in self.open_incidents() if not is_drill(i.mode) and contest.goes_on(i)), None)
        if real is not None:
            raise CommandRefused(
                f"{real.code} is real and goes on: no drill begins or goes on beside it. "
                f"Wait until it is over: emergency status {real.code}",
                f"真实事件 {real.code} 进行中:此时不能开始或继续演练。请等它结束:emergency status {real.code}",
            )

    def _refuse_while_stopped(self, expected: Incident) -> None:
        """Refuse to begin what a drill lets expect while that drill stands still, or beside what is real."""
        parent = self.incident(expected.parent) if expected.parent and self.store.incident(expected.parent) else None
        if parent is not None and parent.frozen is not None:
            raise CommandRefused(
                f"{expected.code} belongs to {parent.code}, which stands still: nothing of it begins",
                f"{expected.code} 属于 {parent.code},它正冻结:其中什么都不会开始",
            )
        if expected.mode == "live_drill":
            self.refuse_beside_real()

    def freeze_drills(
        self, by: str, because: str, other: Incident | None = None, at: datetime | None = None
    ) -> list[str]:
        """Let every open drill stand still, and return their ids. What is sent for them stops by one statement, so
        that a drill whose own log cannot follow is stopped as well, and keeps nothing real from beginning.

        Args:
            at: the moment at which what stops them began, which is that of every freeze; else now.
        """
        at = at or self.clock.now()
        found = [id for id in holds.open_drills(self.store) if other is None or id != other.id]
        if found:
            holds.hold_every_drill(self.store, at)
        for id in found:
            self.beside(partial(_freeze, id=id, by=by, because=because, other=other.code if other else None, at=at))
        return found

    def _real_wins(self, incident: Incident, events: Sequence[e.AnyEvent], now: datetime) -> None:
        """Something real stops every drill: an incident that begins, or a cry for help in a drill."""
        if is_drill(incident.mode):
            cry = next((event for event in events if isinstance(event, e.HelpAsked)), None)
            if cry is None:
                return
            because = cry.via if cry.via in ("duress", "phrase") else "help"
            self.freeze_drills(cry.person, because, incident, now)
        elif any(_is_beginning(event) for event in events):
            self.freeze_drills("console", "real", incident, now)
        else:
            return
        if self.real_began is not None:
            self.real_began(incident)

    def _stand(self, before: Incident | None, after: Incident, events: Sequence[e.AnyEvent], now: datetime) -> None:
        """Outbox and clock follow a drill that stands still, goes on, or is over."""
        for event in events:
            match event:
                case e.DrillFrozen():
                    holds.hold(self.store, after.id, now, after.timers)
                case e.DrillResumed() if before is not None:
                    holds.let_go(self.store, after.id, after.stood - before.stood, after.timers)
                case e.DrillAborted() | e.DrillEnded():
                    holds.end(self.store, after.id)

    def _knock_on(self, incident: Incident, events: Sequence[e.AnyEvent], *, ended: bool) -> None:
        """Arm what this incident lets expect; with its end, what nobody confirmed is let go."""
        for event in events:
            if isinstance(event, e.KnockOnExpected) and self.expect is not None:
                self.beside(partial(_arm, expect=self.expect, parent=incident, playbook=event.playbook))
        if ended or (incident.is_closed and not incident.ended):
            for child in self.open_incidents():
                if child.parent == incident.id and child.armed:
                    self.beside(partial(_dismiss, id=child.id))

    def _project(self, incident: Incident, events: Sequence[e.AnyEvent], now: datetime) -> None:
        """Outbox and timers follow from the events; both could be rebuilt from the log."""
        queued: list[e.DeliveryQueued] = []
        dropped: list[str] = []
        timers: dict[str, datetime | None] = {}
        for event in events:
            if type(event) not in BESIDE_THE_LOG:
                continue
            if isinstance(event, e.DeliveryQueued):
                queued.append(event)
            elif isinstance(event, e.TimerSet):
                timers[event.timer] = event.due
            elif isinstance(event, e.DeliveryDropped):
                dropped.append(event.delivery)
            elif isinstance(event, _TIMER_GOES):
                timers[event.timer] = None
        if queued:
            self.put_in_line(incident, queued, now)
        for id in dropped:
            self.store.drop(id)
        if timers:
            self.store.set_timers(incident.id, timers)
        if incident.is_closed:
            self.store.close_incident(incident.id, now)

    def _queue(self, incident: Incident, events: Sequence[e.DeliveryQueued], now: datetime) -> None:
        alerts = {event.alert: incident.alerts[event.alert] for event in events}
        lines = {id: _LINE.encode(words_for(incident, alert)) for id, alert in alerts.items()}
        lives = {id: ASKING_LIFE if alert.kind in ASKING else TELLING_LIFE for id, alert in alerts.items()}
        self.store.queue(
            *(
                OutboxRow(
                    id=event.delivery,
                    incident=incident.id,
                    alert=event.alert,
                    person=event.person,
                    channel=event.channel,
                    mode=event.mode,
                    number=event.number,
                    urgency=event.urgency,
                    attempt=0,
                    line=lines[event.alert],
                    queued_at=now,
                    expires_at=now + lives[event.alert],
                )
                for event in events
            )
        )


def _open(command: c.AnyCommand, now: datetime) -> Decision:
    return respond(None, command, now)


def _is_beginning(event: e.AnyEvent) -> bool:
    return isinstance(event, e.IncidentConfirmed) or (isinstance(event, e.IncidentOpened) and not event.armed)


def _freeze(engine: Engine, id: str, by: str, because: str, other: str | None, at: datetime) -> None:
    if engine.incident(id).armed:
        holds.let_go(engine.store, id, timedelta(0), {})  # it calls nobody yet, and holds nothing back
        return
    engine.handle(id, c.FreezeDrill(by=by, because=because, other=other), at)


def _arm(engine: Engine, expect: Callable[[Engine, Incident, str], None], parent: Incident, playbook: str) -> None:
    expect(engine, parent, playbook)


def _dismiss(engine: Engine, id: str) -> None:
    engine.handle(id, c.DismissIncident(by="console"))


def _look_up(engine: Engine, id: str) -> None:
    engine._look_up_team(engine.incident(id))
