"""A drill as it runs: its book follows its incident's log, its injects fire by a timer row, its end is looked for.

`Conduct` is what an installation's engine is given (`Engine.conduct`): it hears of every change of a drill's incident,
and is woken by the timer `drill`. All that it knows stands in the store, so a restart loses nothing and a second firing
finds the first in the book. It serves a drill on real telephones and one at a table alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.incident import Incident
from emergency.core.site import Member
from emergency.core.wording import answer
from emergency.drills import book as b
from emergency.drills.live import brake, conduct, effects, paused
from emergency.drills.live.conduct import NAG_EVERY, Due, Stand
from emergency.drills.live.ears import Ears
from emergency.drills.live.gate import drill_of
from emergency.drills.rehearsals import kept
from emergency.drills.scenario import Inject, Scenario, effect_of
from emergency.drills.scenarios import expect
from emergency.engine import WAKES, Engine
from emergency.errors import EmergencyError, StoreDamaged, StoreError
from emergency.store.drills import Books, DrillRow

if TYPE_CHECKING:
    from emergency.verbs import Desktop

TIMER = "drill"
"""The wake-up of a drill: whatever is due by its own time, and whatever may follow from a change."""
NAG = "drill:line"
"""The wake-up that says that a line is not confirmed as restored."""
AT_MOST = 50
"""Injects that take effect in one moment; a circle of conditions stops here and goes on a second later."""
SHORTLY = timedelta(seconds=1)
NAG_URGENCY = 12
"""Behind every alert that asks (practice)."""


# scenarios in the store


def keep_scenario(engine: Engine, scenario: Scenario) -> str:
    """Put a scenario into the store as it is now, and return its digest: later edits do not reach this drill."""
    digest = kept.digest_of(scenario)
    engine.store.put_current(f"scenario:{digest}", "compiled", kept.body_of(scenario), engine.clock.now())
    return digest


_known: dict[str, Scenario] = {}


def scenario_of(engine: Engine, row: DrillRow) -> Scenario:
    """Return the scenario that a drill was planned with. Raises StoreDamaged."""
    if row.scenario not in _known:
        found = kept.scenario_of(engine.store, row.scenario)
        if found is None:
            raise StoreDamaged(
                f"{engine.store.path}: the scenario of {row.code} is missing",
                f"{engine.store.path} 已损坏:缺少 {row.code} 的情景。"
                "文件原样未动;请恢复备份:emergency restore 备份文件",
            )
        _known[row.scenario] = found
    return _known[row.scenario]


def stand_of(engine: Engine, row: DrillRow) -> Stand:
    """Return how a drill stands."""
    return conduct.stand(Books(engine.store).read(row.id))


def row_of(engine: Engine, incident: Incident) -> DrillRow | None:
    """Return the drill that an incident is of, as its own or as one that began beside it; or None."""
    return drill_of(engine, incident)


def incidents_of(engine: Engine, row: DrillRow) -> list[Incident]:
    """Return the drill's incident, and those beside it that are not closed: those that injects opened, and what any of
    them let begin. Each stands behind the one that it came from."""
    if row.incident is None:
        return []
    return [engine.incident(row.incident), *brake.born_of(engine, row.incident)]


# who takes part


def players(engine: Engine, incident: Incident, members: tuple[Member, ...]) -> tuple[Member, ...]:
    """Return those of *members* who take part in a drill on real telephones: nobody else is ever called on.

    The director is among them without any role, so that words can reach them.
    """
    row = row_of(engine, incident)
    at = stand_of(engine, row) if row is not None else Stand()
    planned, begun = at.planned, at.begun
    if planned is None or begun is None:
        return ()
    return chosen(members, begun.participants, planned.director)


def chosen(members: Sequence[Member], participants: Sequence[str], director: str) -> tuple[Member, ...]:
    """Return the participants, and the director without a role where they are none."""
    found = [
        replace(m, roles={}) if m.id not in participants else m for m in members if m.id in {*participants, director}
    ]
    return tuple(found)


def participants_now(planned: b.Planned, members: Sequence[Member]) -> tuple[str, ...]:
    """Return who takes part: those named, else everybody on duty but those who conduct and observe."""
    if planned.participants:
        here = {member.id for member in members}
        return tuple(person for person in planned.participants if person in here)
    conducts = {planned.director, *planned.observers}
    return tuple(sorted(member.id for member in members if member.duty == "on" and member.id not in conducts))


class Conduct:
    """What happens in drills by itself. One for an installation; what it remembers only saves reading."""

    def __init__(self, desktop: Desktop) -> None:
        self.desktop = desktop
        self._ears: dict[str, Ears] = {}

    def hear(self, engine: Engine, incident: Incident, events: Sequence[e.AnyEvent]) -> None:
        """A drill's incident has changed, in the transaction that is open: its book follows, and its conditions are
        looked at soon."""
        row = row_of(engine, incident)
        if row is None or row.incident is None:
            return
        entries = [_written(event) for event in events] if incident.id == row.incident else []
        found = [entry for entry in entries if entry is not None]
        now = engine.clock.now()
        _follow(engine, incident, events)
        if found:
            Books(engine.store).write(row.id, *found, at=now)
            if any(isinstance(entry, b.Ended | b.Aborted) for entry in found):
                self._over(engine, row)
        engine.store.set_timers(row.incident, {TIMER: now})
        paused.say_so(engine, incident, events)
        if incident.id == row.incident and incident.is_closed and incident.frozen is not None:
            Play(self.desktop, engine, row).end("closed", "script")  # no timer of it wakes anybody, and none goes on

    def _over(self, engine: Engine, row: DrillRow) -> None:
        now = engine.clock.now()
        Books(engine.store).end(row.id, now)
        if row.incident and conduct.unrestored(stand_of(engine, row), scenario_of(engine, row)):
            engine.store.set_timers(row.incident, {NAG: now + NAG_EVERY})

    def wake(self, engine: Engine, incident: Incident) -> None:
        """Do what is due: injects, contingencies, the end; and set the clock for what comes next."""
        row = Books(engine.store).of(incident.id)
        if row is None:
            return
        play = Play(self.desktop, engine, row, self._ears.setdefault(row.id, Ears()))
        if play.at.over is None and play.goes_on() and incident.frozen is None:
            play.step()
        elif play.at.over is not None:
            self._ears.pop(row.id, None)
            first = (play.at.over_at or play.now) + NAG_EVERY
            if play.now < first and conduct.unrestored(play.at, play.scenario):
                engine.store.set_timers(incident.id, {NAG: first})  # closing an incident lets go of its timers

    def nag(self, engine: Engine, incident: Incident) -> None:
        """Tell the director that a line is not confirmed as restored, and again later."""
        row = Books(engine.store).of(incident.id)
        at = stand_of(engine, row) if row is not None else Stand()
        if row is None or at.planned is None or at.over is None or at.closed_at is not None:
            return
        waiting = conduct.unrestored(at, scenario_of(engine, row))
        if not waiting:
            return
        now = engine.clock.now()
        _tell_director(self.desktop, engine, row, at.planned.director, ", ".join(waiting), now)
        engine.store.set_timers(incident.id, {NAG: now + NAG_EVERY})


def _tell_director(desktop: Desktop, engine: Engine, row: DrillRow, director: str, parties: str, now: datetime) -> None:
    """The words are no drill's: an alarm that nobody hears is real."""
    from emergency.outbox import answer_row

    person = desktop.people.person(engine, director)
    if person is None or not person.numbers:
        return
    words = answer("line_open", person.language, {"code": row.code, "text": parties})
    sign = desktop.people.site(engine).signature.of(person.language)
    engine.store.queue(
        answer_row(
            engine, id=f"line:{row.id}:{now.timestamp():.0f}", person=director, number=0, mode="real", text=words,
            language=person.language, sign=sign, incident=None, now=now, urgency=NAG_URGENCY,
        )
    )  # fmt: skip


class Play:
    """One look at a drill that runs: what is due of it now."""

    def __init__(self, desktop: Desktop, engine: Engine, row: DrillRow, ears: Ears | None = None) -> None:
        self.desktop = desktop
        self.engine = engine
        self.row = row
        self.books = Books(engine.store)
        self.scenario = scenario_of(engine, row)
        self.now = engine.clock.now()
        self.ears = ears if ears is not None else Ears()
        self.at = stand_of(engine, row)

    @property
    def id(self) -> str:
        """The drill's incident."""
        return self.row.incident or ""

    def goes_on(self) -> bool:
        """Whether it runs: begun, not frozen, not over."""
        return self.at.phase == "running"

    def write(self, *entries: b.AnyEntry) -> None:
        """Write into the book, and look again how the drill stands."""
        self.books.write(self.row.id, *entries, at=self.now)
        self.at = conduct.stand(self.books.read(self.row.id))

    def step(self) -> None:
        """Do everything that is due, then wait for the next."""
        for _ in range(AT_MOST):
            if not self._one() or not self.goes_on():
                break
        if self.at.over is None and self.goes_on():
            self._wait()

    def _one(self) -> bool:
        """Do the first thing that is due; return whether there was one."""
        clock = self.at.clock(self.now)
        if self._is_over(clock):
            return False
        coming = conduct.timetable(self.at, self.scenario, self.met)
        if coming and coming[0].at <= clock:
            self.release(coming[0].inject, planned=coming[0].at)
            return True
        rescues = conduct.rescues(self.at, self.scenario)
        if rescues and rescues[0].at <= clock:
            self._rescue(rescues[0])
            return True
        return False

    def _is_over(self, clock: timedelta) -> bool:
        incident = self.engine.incident(self.id)
        if incident.is_closed:
            because = "closed"
        elif self._ends(clock):
            because = "scenario"
        elif self.now >= self._last_call():
            because = "maximum"
        else:
            return False
        self.end(because, "script")
        return True

    def _ends(self, clock: timedelta) -> bool:
        when = "state reached" if self.row.kind == "callout" else self.scenario.ends_when
        return bool(when) and self.met(when, timedelta(0)) is not None

    def end(self, because: str, by: str) -> None:
        """ENDEX, for the drill's incident and those beside it."""
        for incident in reversed(incidents_of(self.engine, self.row)):
            self.engine.handle(incident.id, c.EndDrill(by=by, because=because))
        self.at = stand_of(self.engine, self.row)

    def _wait(self) -> None:
        """Set the timer for what comes next by time; what follows from a change is heard of."""
        clock = self.at.clock(self.now)
        coming = [due.at for due in conduct.timetable(self.at, self.scenario, self.met)]
        coming += [each.at for each in conduct.rescues(self.at, self.scenario)]
        moments = [self.at.moment(max(at, clock + SHORTLY)) for at in coming]
        moments += [*self._by_time(), self._last_call()]
        due = min(moment for moment in moments if moment is not None)
        self.engine.store.set_timers(self.id, {TIMER: due})

    def _last_call(self) -> datetime:
        """Return when it is ended at the latest: its longest time goes on while it stands still."""
        return (self.at.begun_at or self.now) + conduct.last_call(self.scenario.maximum)

    def _by_time(self) -> list[datetime]:
        """Return when conditions may come true by time alone."""
        conditions = [i.when for i in self.scenario.injects if i.when] + [self.scenario.ends_when]
        opened = self.at.begun_at or self.now
        moments = (expect.parse(text).moment(opened) for text in conditions if text)
        return [moment for moment in moments if moment is not None and moment > self.now]

    # conditions

    def met(self, when: str, since: timedelta) -> timedelta | None:
        """Return when a condition was met after a time of the drill, in its own time; None where it was not yet."""
        check = expect.parse(when)
        start = self.at.moment(since) or self.now
        id = self._log_of(check.inside)
        if not id:
            return None
        if check.moment(start) is not None and not since:  # time alone may meet it: all of the log is asked
            hit = check.first_met(self.engine.store.history(id), start, self.now)
            return self.at.clock(hit.at) if hit is not None else None
        at = self.ears.first(self.engine.store, id, when, start if since else None)
        return self.at.clock(at) if at is not None else None

    def _log_of(self, inside: str) -> str:
        """Return the incident whose log a condition asks: the drill's own, or one beside it, also after its end."""
        if not inside or self.engine.incident(self.id).playbook.id == inside:
            return self.id
        rows = self.engine.store.all_incidents()
        return next((r.id for r in rows if r.id.startswith(f"{self.id}-") and r.playbook == inside), "")

    # injects

    def release(self, inject: Inject, *, planned: timedelta | None, by: str = "script") -> None:
        """Let an inject take effect, and write that down; what it may not do is written down too, and stops nothing."""
        if self.row.kind == "callout" and effect_of(inject.kind) == "incident":
            self.write(b.InjectSkipped(inject=inject.id, by="script"))
            return
        until = effects.until_of(inject)
        entry = b.InjectReleased(
            inject=inject.id, kind=inject.kind, target=self._hit(inject), planned=planned, by=by, until=until
        )
        self.write(entry)
        try:
            self.engine.unit(lambda engine: effects.apply(self.desktop, engine, self.id, inject))
        except StoreError:
            raise
        except EmergencyError as error:
            self.note(" / ".join(filter(None, (f"{inject.id}: {error}", error.zh))))

    def _hit(self, inject: Inject) -> str:
        """Return whom an inject hits: of a role, who holds it now and nobody who takes it over later."""
        if not inject.kind.startswith("person.") or not inject.target.startswith("role."):
            return inject.target
        return " ".join(self.engine.incident(self.id).holders(inject.target.removeprefix("role."))) or inject.target

    def _rescue(self, rescue: conduct.Rescue) -> None:
        plan = rescue.contingency
        wanted = self._expectation(plan.if_not)
        gone = self.at.gone(rescue.inject.id)
        if wanted is not None and gone is not None and self._met_since(wanted, gone.at):
            self.write(b.Contingent(inject=rescue.inject.id, if_not=plan.if_not, do="none"))
            return
        self.write(b.Contingent(inject=rescue.inject.id, if_not=plan.if_not, do=plan.do))
        reserve = self.scenario.inject(plan.do.removeprefix("inject "))
        if reserve is not None and self.at.gone(reserve.id) is None:
            self.release(reserve, planned=None)
        self.note(f"{rescue.inject.id}: {plan.text.zh} / {plan.text.en}")

    def _expectation(self, id: str) -> str | None:
        lists = [each.expect for each in self.scenario.injects] + [each.expect for each in self.scenario.objectives]
        return next((one.check for several in lists for one in several if one.id == id), None)

    def _met_since(self, check: str, since: timedelta) -> bool:
        asked = expect.parse(check)
        if asked.question:
            answers = (w.entry for w in self.books.read(self.row.id))
            return any(isinstance(a, b.Answered) and a.question == asked.question and a.met for a in answers)
        start, id = self.at.moment(since) or self.now, self._log_of(asked.inside)
        return bool(id) and asked.first_met(self.engine.store.history(id), start, self.now) is not None

    def note(self, words: str) -> None:
        """Put words of control on the incident's record."""
        seal = self.engine.store.seal(words[:1600])
        self.engine.handle(self.id, c.AddNote(by="console", text=seal, via="control"))


def _follow(engine: Engine, incident: Incident, events: Sequence[e.AnyEvent]) -> None:
    """What began beside a drill's incident stands still, goes on and is over with it, whoever said so: a timer, too."""
    for event in events:
        command = _said_to_those_beside(event)
        if command is None:
            continue
        for child in brake.born_of(engine, incident.id):
            if child.parent == incident.id:  # what came from a child hears of it there
                engine.beside(partial(_hand_on, id=child.id, command=command, at=incident.last))


def _said_to_those_beside(event: e.AnyEvent) -> c.AnyCommand | None:
    match event:
        case e.DrillFrozen(by=by, because=because, other=other):
            return c.FreezeDrill(by=by, because=because, other=other)
        case e.DrillResumed(by=by):
            return c.ResumeDrill(by=by)
        case e.DrillAborted(by=by, because=because, reason=reason):
            return c.AbortDrill(by=by, because=because, reason=reason)
        case e.DrillEnded(by=by, because=because):
            return c.EndDrill(by=by, because=because)
    return None


def _hand_on(engine: Engine, id: str, command: c.AnyCommand, at: datetime) -> None:
    engine.handle(id, command, at)


def _written(event: e.AnyEvent) -> b.AnyEntry | None:
    """Return what the book says of an event that anybody may cause: a freeze, an end."""
    match event:
        case e.DrillFrozen(by=by, because=because, other=other):
            return b.Paused(by=by, because=because, other=other)
        case e.DrillResumed(by=by):
            return b.Resumed(by=by)
        case e.DrillAborted(by=by, because=because, reason=reason):
            return b.Aborted(by=by, because=because, reason=reason)
        case e.DrillEnded(by=by, because=because):
            return b.Ended(by=by, because=because)
    return None


def next_injects(engine: Engine, desktop: Desktop, row: DrillRow) -> list[Due]:
    """Return the injects that are still to come, earliest first."""
    play = Play(desktop, engine, row)
    return conduct.timetable(play.at, play.scenario, play.met) if play.at.begun else _unbegun(play)


def _unbegun(play: Play) -> list[Due]:
    return conduct.timetable(play.at, play.scenario, lambda when, since: None)


def _wake(engine: Engine, incident: Incident) -> None:
    if engine.conduct is not None:
        engine.conduct.wake(engine, incident)


def _nag(engine: Engine, incident: Incident) -> None:
    if engine.conduct is not None:
        engine.conduct.nag(engine, incident)


WAKES[TIMER] = _wake
WAKES[NAG] = _nag
