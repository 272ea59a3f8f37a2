"""The script of a rehearsal: releases the injects of its scenario, and writes into the book what control did.

What an inject does to people and channels is a mask (`masks`); what it tells the incident is a command, the one that a
person at the console would give. An order that is not possible yet is given again every minute, as whoever commands
would; what never becomes possible stands in the book as left out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from emergency.core import commands as c
from emergency.core.incident import Incident, StepRun
from emergency.core.values import Severity
from emergency.drills import book
from emergency.drills.people import Players
from emergency.drills.rehearsals.masks import Masks, mask_of, until_of
from emergency.drills.scenario import Inject, Scenario, effect_of
from emergency.drills.scenarios import expect
from emergency.errors import CommandRefused, Mistakes

if TYPE_CHECKING:
    from emergency.drills.rehearsals.rehearsal import Rehearsal

CONSOLE, SCRIPT = "console", "script"
AGAIN = timedelta(minutes=1)
"""How soon an order is given again that was not possible yet (practice)."""
NEVER_CAME = "never_came"
"""Why an inject was left out: what it waited for did not happen before the end."""


class Condition:
    """A check over the log of the drill's own incident, or of the one it names by its plan, as the log grows."""

    def __init__(self, rehearsal: Rehearsal, check: expect.Check) -> None:
        self._rehearsal = rehearsal
        self._check = check
        self._watch = expect.Watch(check)
        self._read = 0
        self._was = False

    def comes(self, now: datetime) -> bool:
        """Return whether it has come true since it was last asked; each time anew, not while it goes on."""
        id = self._rehearsal.incident_of(self._check.inside)
        log = self._rehearsal.store.log(id) if id is not None else []
        came = False
        for event, at in log[self._read :]:
            came = self._take(self._watch.hear(event, at)) or came
        self._read = len(log)
        return self._take(self._watch.holds(now)) or came if log else False

    def _take(self, holds: bool) -> bool:
        came, self._was = holds and not self._was, holds
        if came:
            self._watch.forget()
            self._was = self._watch.holds(self._rehearsal.clock.now())
        return came


class Script:
    """What control does in one run. What changes people and channels is released before anything of its moment goes
    out, every other inject when everything else of its moment has happened."""

    def __init__(self, rehearsal: Rehearsal, scenario: Scenario, players: Players) -> None:
        self.scenario = scenario
        self.masks = Masks(players)
        self.released: dict[str, datetime] = {}
        self._rehearsal = rehearsal
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._masks_due: list[tuple[datetime, int, Inject]] = []
        self._count = 0
        self._waits: list[tuple[Inject, Condition]] = []
        self._ends: Condition | None = None
        self._seen = -1
        self._refused: dict[str, str] = {}

    # the course of it

    def plan(self) -> None:
        """Write down that the drill was planned; nothing has begun."""
        from emergency.drills.rehearsals.kept import digest_of

        s = self.scenario
        self._rehearsal.write(
            book.Planned(
                kind="simulated", playbook=s.playbook, scenario=digest_of(s), director=CONSOLE,
                begins=self._rehearsal.stage.begins, maximum=s.maximum, by=CONSOLE,
            )
        )  # fmt: skip

    def begin(self) -> None:
        """STARTEX: set every clock of the scenario."""
        incident = self._rehearsal.incident
        self._rehearsal.write(book.Begun(incident=incident.id, code=incident.code, by=CONSOLE))
        begins = self._rehearsal.stage.begins
        for inject in self.scenario.injects:
            if inject.at is not None and effect_of(inject.kind) == "world":
                heappush(self._masks_due, (begins + inject.at, len(self._masks_due), inject))
            elif inject.at is not None:
                self._plan(begins + inject.at, inject)
            elif inject.when is not None:
                self._waits.append((inject, self._condition(inject.when)))
        if self.scenario.ends_when:
            self._ends = self._condition(self.scenario.ends_when)
        if self.scenario.maximum > timedelta(0):
            self._later(begins + self.scenario.maximum, partial(self._end, "maximum"))

    def _condition(self, text: str) -> Condition:
        check = expect.parse(text)
        moment = check.moment(self._rehearsal.stage.begins)
        if moment is not None:
            self._later(moment, self._look_again)
        return Condition(self._rehearsal, check)

    def _look_again(self) -> None:
        self._seen = -1

    def next_moment(self) -> datetime | None:
        """Return when something of the script is due next, or None."""
        found = [each[0][0] for each in (self._due, self._masks_due) if each]
        return min(found, default=None)

    def mask(self, now: datetime) -> None:
        """Put on what is due of the masks, before anything of this moment goes out."""
        while self._masks_due and self._masks_due[0][0] <= now and not self._rehearsal.ended:
            at, _, inject = heappop(self._masks_due)
            self.release(inject, at)

    def due(self, now: datetime) -> bool:
        """Do what is due, and look at what waits; return whether anything was done."""
        did = False
        while self._due and self._due[0][0] <= now and not self._rehearsal.ended:
            heappop(self._due)[2]()
            did = True
        return (not self._rehearsal.ended and self._look(now)) or did

    def _later(self, at: datetime, what: Callable[[], None]) -> None:
        self._count += 1
        heappush(self._due, (at, self._count, what))

    def _plan(self, at: datetime, inject: Inject) -> None:
        self._later(at, partial(self.release, inject, at))

    def _look(self, now: datetime) -> bool:
        """Ask what waits for a condition, where anything has been written since; return whether one has come."""
        written = len(self._rehearsal.store.batches)
        if written == self._seen:
            return False
        self._seen, did = written, False
        for inject, condition in list(self._waits):
            if condition.comes(now):
                self._plan(now + inject.after, inject)
                did = True
                if not inject.again:
                    self._waits = [each for each in self._waits if each[0] is not inject]
        if self._ends is not None and self._ends.comes(now):
            self._end("scenario")
        elif self._rehearsal.incident.is_closed:
            self._end("closed")
        return did

    def _end(self, because: str) -> None:
        rehearsal = self._rehearsal
        if rehearsal.ended:
            return
        rehearsal.ended = because
        for inject in self.scenario.injects:
            if inject.id not in self.released and not inject.reserve:
                reason = self._refused.get(inject.id, NEVER_CAME)
                rehearsal.write(book.InjectSkipped(inject=inject.id, by=SCRIPT, reason=reason))
        rehearsal.write(book.Ended(because=because))

    # injects

    def release(self, inject: Inject, planned: datetime, by: str = SCRIPT) -> None:
        """Let *inject* take effect now; what is not possible yet is tried again in a minute."""
        now, begins = self._rehearsal.clock.now(), self._rehearsal.stage.begins
        mask = mask_of(inject, now, begins, self._holders)
        if mask is not None:
            self.masks.put_on(mask)
        else:
            self._refused[inject.id] = refused = self._tell(inject)
            if refused:
                self._later(now + AGAIN, partial(self.release, inject, planned, by))
                return
        self.released[inject.id] = now
        until = until_of(inject) if "until" in inject.params else None
        self._rehearsal.write(
            book.InjectReleased(
                inject=inject.id, kind=inject.kind, target=inject.target, planned=planned - begins, by=by, until=until
            )
        )
        self._follow(inject, now)

    def _follow(self, inject: Inject, now: datetime) -> None:
        for other in self.scenario.injects:
            if other.caused_by == inject.id:
                self._plan(now + other.after, other)
        if inject.contingency is not None:
            self._later(now + inject.contingency.after, partial(self._rescue, inject, now))

    def _rescue(self, inject: Inject, since: datetime) -> None:
        """Do what control does where the expectation was not met; a question to an evaluator is theirs to answer."""
        plan = inject.contingency
        expected = [*inject.expect, *(each for o in self.scenario.objectives for each in o.expect)]
        found = next((each for each in expected if plan is not None and each.id == plan.if_not), None)
        if plan is None or found is None:
            return
        check = expect.parse(found.check)
        id = self._rehearsal.incident_of(check.inside)
        log = self._rehearsal.store.log(id) if id is not None else []
        if check.question or check.first_met(log, since, self._rehearsal.clock.now()) is not None:
            return
        self._rehearsal.write(book.Contingent(inject=inject.id, if_not=plan.if_not, do=plan.do))
        reserve = self.scenario.inject(plan.do)
        if reserve is not None:
            self.release(reserve, self._rehearsal.clock.now(), by=SCRIPT)
            return
        self._note(f"{plan.text.zh} / {plan.text.en}")

    # what the incident is told

    def _holders(self, role: str) -> tuple[str, ...]:
        incident = self._rehearsal.incident
        if role in ("command", "commander"):
            return (incident.command,) if incident.command else ()
        return incident.holders(role)

    def _who(self, word: str, incident: Incident) -> str:
        """Return who is meant: `command`, `role.NAME` (its first holder), or the very word."""
        if word == "command":
            return incident.command or CONSOLE
        if word.startswith("role."):
            return next(iter(self._holders(word.removeprefix("role."))), CONSOLE)
        return word or CONSOLE

    def _tell(self, inject: Inject) -> str:
        """Tell the incident, or people; return why that is not possible now, or nothing."""
        does = _TELLS.get(inject.kind)
        if does is None:
            return ""
        try:
            does(self, inject)
        except (CommandRefused, Mistakes, KeyError) as error:
            return str(error).splitlines()[0]
        return ""

    def _fact(self, inject: Inject) -> None:
        incident = self._rehearsal.incident
        told = self._rehearsal.facts(incident.playbook, {inject.target: inject.params.get("value", "")})
        by = self._who(inject.params.get("by", ""), incident)
        for name, (value, seal) in told.items():
            self._rehearsal.engine.handle(incident.id, c.ReportFact(fact=name, value=value, by=by, sealed=seal))

    def _decision(self, inject: Inject) -> None:
        incident = self._rehearsal.incident
        runs = [run for run in incident.steps.values() if run.name == inject.target and run.status == "open"]
        if not runs:
            raise CommandRefused(f"step '{inject.target}' is not open")
        person = self._who(inject.params.get("by", ""), incident)
        command = c.FinishStep(
            step=runs[-1].id, person=_holder(incident, runs[-1]) if person == CONSOLE else person,
            answer=inject.params.get("answer"), via=CONSOLE, by=CONSOLE,
        )  # fmt: skip
        self._rehearsal.engine.handle(incident.id, command)

    def _order(self, inject: Inject) -> None:
        incident, to = self._rehearsal.incident, inject.params.get("to", "")
        by = self._who(inject.target, incident)
        reason = inject.params.get("reason")
        sealed = self._rehearsal.store.seal(reason) if reason else None
        state = next((s for s in incident.playbook.states if s.name == to), None)
        if state is not None and state.ends == "stand_down":
            ticked = range(1, len(state.checklist) + 1) if inject.params.get("check") == "all" else ()
            self._rehearsal.engine.handle(incident.id, c.StandDown(by=by, ticked=tuple(ticked), reason=sealed))
        elif state is not None and state.ends in ("false_alarm", "cancelled"):
            self._rehearsal.engine.handle(incident.id, c.CancelIncident(by=by, reason=sealed or ""))
        else:
            self._rehearsal.engine.handle(incident.id, c.OrderTransition(to=to, by=by, reason=sealed))

    def _second(self, inject: Inject) -> None:
        word = inject.params.get("severity", "")
        severity = Severity[word] if word in Severity.__members__ else None
        self._rehearsal.second(inject.params.get("playbook", ""), inject.target, severity, inject.text)

    def _claim(self, inject: Inject) -> None:
        incident = self._rehearsal.incident
        person = self._who(inject.target, incident)
        reason = inject.params.get("reason")
        sealed = self._rehearsal.store.seal(reason) if reason else None
        self._rehearsal.engine.handle(incident.id, c.HandOver(person=person, by=CONSOLE, reason=sealed))

    def _message(self, inject: Inject) -> None:
        """Somebody who is played tells a role something: on record for whoever commands, as a note."""
        if inject.text is not None and inject.deliver is not None:
            self._note(f"{inject.text.zh} / {inject.text.en}")

    def _note(self, words: str) -> None:
        incident = self._rehearsal.incident
        if not incident.is_closed:
            seal = self._rehearsal.store.seal(words)
            self._rehearsal.engine.handle(incident.id, c.AddNote(by=CONSOLE, text=seal))


def _holder(incident: Incident, run: StepRun) -> str:
    """Return who answers a step: who has it, else who holds its role, else whoever commands."""
    return run.person or next(iter(incident.holders(run.role)), "") or incident.command or CONSOLE


_TELLS: dict[str, Callable[[Script, Inject], None]] = {
    "fact.told": Script._fact,
    "decision.answer": Script._decision,
    "order.transition": Script._order,
    "event.secondary": Script._second,
    "person.claims_command": Script._claim,
    "message.inbound": Script._message,
    "asset.failure": Script._message,
}
