"""Nights of the real engine, in which anybody may do anything: what moves does it make from state to state?"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from emergency.check.cells import NOW, Facts, place_of
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core import playbook as p
from emergency.core.decide import respond
from emergency.core.incident import Incident
from emergency.core.playbook import simple
from emergency.core.site import Member, Site
from emergency.core.values import Severity
from emergency.errors import CommandRefused


class Move(NamedTuple):
    """One move of the engine that the plan allows: an order over a guard is none."""

    start: str
    to: str
    via: str


class Walk:
    """One incident of a plan, driven by dice. `moves` are those it has made by the plan."""

    def __init__(self, plan: p.Playbook, site: Site, seed: int, *, team: bool = True, told: bool = True) -> None:
        self.plan, self.site, self.dice = plan, site, random.Random(seed)
        self.facts = Facts(plan, site)
        self.now = NOW
        self.moves: list[Move] = []
        self.began = ""
        self.incident: Incident | None = None
        self.team = tuple(Member(id=f"p_{d.role}", roles={d.role: 1}) for d in site.duties) if team else ()
        known = [f.name for f in plan.facts if told and f.type != "text" and self.dice.random() < 0.1]
        self.do(
            c.OpenIncident(
                incident="i", code="X1", mode="drill", playbook=plan, site=site, place=place_of(plan, site),
                members=self.team, by="console", facts={name: self.value(name) for name in known},
            )
        )  # fmt: skip
        assert self.incident is not None

    def value(self, fact: str) -> str:
        """A value of the fact at or beside some threshold; moments count from now."""
        value = self.dice.choice(self.facts.values(fact))
        known = self.plan.fact(fact)
        if known is not None and known.type == "time":
            value = (datetime.fromisoformat(value) + (self.now - NOW)).isoformat()
        return value

    def do(self, command: Any) -> bool:
        """Let a command meet the incident and note where it led; whether it was taken."""
        before = self.incident.state if self.incident is not None else ""
        try:
            events, self.incident = respond(self.incident, command, self.now)
        except CommandRefused:
            return False
        for event in events:
            if isinstance(event, e.StateEntered):
                if event.via == "opening":
                    self.began = event.state
                elif not event.overridden:
                    self.moves.append(Move(before, event.state, event.via))
                before = event.state
        return True

    def night(self, acts: int) -> Iterator[Incident]:
        """Let *acts* things happen, and yield the incident after each; stops when it is closed."""
        for _ in range(acts):
            incident = self.incident
            assert incident is not None
            if incident.is_closed:
                return
            draw = self.dice.random()
            if draw < 0.4:
                self.wait()
            elif draw < 0.65:
                self.finish()
            elif draw < 0.85:
                self.tell()
            elif draw < 0.97:
                self.order()
            elif draw < 0.998:
                level = self.dice.choice(list(Severity))
                self.do(c.ChangeSeverity(to=level, by="console", reason="dice"))
            else:
                self.do(c.CancelIncident(by="console", reason="dice"))
            assert self.incident is not None
            yield self.incident

    def wait(self) -> None:
        """Time passes to the next timer, which fires."""
        assert self.incident is not None
        timers = sorted((due, name) for name, due in self.incident.timers.items())
        if not timers:
            self.now += timedelta(minutes=5)
            return
        due, name = timers[0]
        self.now = max(self.now, due)
        self.do(c.FireTimer(timer=name))

    def finish(self, name: str | None = None) -> None:
        """Somebody does a step."""
        assert self.incident is not None
        runs = [run for run in self.incident.runs_here() if run.status == "open" and name in (None, run.name)]
        if runs:
            run = self.dice.choice(runs)
            step = self.incident.plan_of(run)
            answers = [a.name for a in step.decision] if step is not None else []
            answer = self.dice.choice(answers) if answers else None
            self.do(c.FinishStep(step=run.id, person=self.team[0].id if self.team else "console", answer=answer))

    def tell(self) -> None:
        """Somebody tells a fact, mostly one that is asked about here."""
        assert self.incident is not None
        here = [
            name
            for leave in self.incident.now_in.leave
            for guard in simple(leave.when)
            for key in ("fact", "other")
            if isinstance(name := getattr(guard, key, None), str)
        ]
        names = here if here and self.dice.random() < 0.8 else [f.name for f in self.plan.facts]
        if names:
            fact = self.dice.choice(names)
            self.do(c.ReportFact(fact=fact, value=self.value(fact), by="console"))

    def order(self) -> None:
        """Somebody orders a state that the present one leads to; whoever may, says it."""
        assert self.incident is not None
        ahead = [leave.to for leave in self.incident.now_in.leave if leave.to is not None]
        if ahead:
            self._order(self.dice.choice(ahead))

    def _order(self, to: str) -> None:
        assert self.incident is not None
        who = [m.id for m in self.team] + [a.id for a in self.site.agencies] + ["console"]
        self.dice.shuffle(who)
        lines = len(self.plan.state(to).checklist)
        for by in who:
            if lines:
                self.do(c.StandDown(by=by, ticked=tuple(range(1, lines + 1))))
            if self.incident.state == to or self.do(c.OrderTransition(to=to, by=by)):
                return

    def go_to(self, state: str) -> None:
        """Somebody in command orders a state over every guard."""
        self.do(c.OrderTransition(to=state, by="console", reason="dice", override=True))

    def aim(self, move: Move, acts: int) -> bool:
        """Try to make one certain move: go to its start, and then do what may bring it about and nothing else."""
        self.dice.random()
        if self.dice.random() < 0.5 or move.via == "guard":
            for _ in range(self.dice.randrange(3)):
                self.tell()
        assert self.incident is not None
        if self.incident.state != move.start:
            self.go_to(move.start)
        for _ in range(acts):
            if move in self.moves:
                return True
            if self.incident.state != move.start:
                break
            draw = self.dice.random()
            if move.via in ("timeout", "late_step"):
                self.wait()
            elif move.via == "order":
                self._order(move.to) if draw < 0.4 else self.tell_for(move) if draw < 0.6 else self.wait()
            elif draw < 0.45:
                self.finish()
            elif draw < 0.7:
                self.tell_for(move)
            else:
                self.wait()
        return move in self.moves

    def tell_for(self, move: Move) -> None:
        """Tell a fact that the way of the move asks about, as the way wants it where that is plain."""
        assert self.incident is not None
        asked = [g for e in self.incident.now_in.leave if e.to == move.to for g in simple(e.when)]
        wanted = {
            name: g
            for g in asked
            for key in ("fact", "other")
            if isinstance(name := getattr(g, key, None), str) and not isinstance(g, p.FactMissing)
        }
        if wanted:
            fact = self.dice.choice(sorted(wanted))
            guard = wanted[fact]
            value = guard.value if isinstance(guard, p.FactIs) else self.value(fact)
            self.do(c.ReportFact(fact=fact, value=value, by="console"))
