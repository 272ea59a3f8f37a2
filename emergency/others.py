"""Several incidents at once: what one does with a person is heard by the others, in the same transaction.

The core decides within one incident; this room carries the word from one to the next, as the engine does between an
incident and what it lets expect. People go to what is graver only, and each pair of incidents is told once, so it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol

from emergency.core import commands as c
from emergency.core import contest
from emergency.core import events as e
from emergency.core.incident import SHARED, Incident
from emergency.core.site import Wanted

MOVES = (
    e.RoleAssigned, e.PersonCalledAway, e.SeverityChanged, e.StateEntered, e.CommandTaken, e.IncidentConfirmed,
)  # fmt: skip
"""After these, other incidents may have to let somebody go, or may ask somebody."""
PAUSES = (e.StepStarted, e.StepDone, e.StepDropped, e.RoleUnfilled)
"""After these, somebody may be spare, or wanted."""
HEARD = frozenset((*MOVES, *PAUSES, e.DrillResumed))
ROUNDS = 200
"""How many answers to each other one transaction may hold: a fence that nothing should ever reach."""
How = Literal["keeps", "wanted", "comes", "lent"]
"""What is said of somebody whom two incidents want; as in the event `WantedTwice`."""
News = tuple[Incident | None, Incident, Sequence[e.AnyEvent]]
"""An incident before and after, and what happened to it."""


class Incidents(Protocol):
    """The engine, as far as it is wanted here."""

    def incident(self, id: str) -> Incident:
        """Return the incident as it is."""
        ...

    def open_incidents(self) -> list[Incident]:
        """Return the incidents that are not closed, oldest first."""
        ...

    def handle(self, id: str, command: c.AnyCommand) -> Incident:
        """Let *command* meet the incident, and return the incident after it."""
        ...

    def beside(self, work: Callable[[Any], object]) -> None:
        """Do all of *work* or nothing of it; what is wrong with it goes no farther."""
        ...


class Others:
    """Lets incidents hear of each other. What they do in turn is heard as well, one after the other, oldest first."""

    def __init__(self, engine: Incidents) -> None:
        self._engine = engine
        self._waiting: list[News] | None = None

    def hear_of(self, before: Incident | None, after: Incident, events: Sequence[e.AnyEvent]) -> None:
        """Let the others hear what has just happened to one incident."""
        if HEARD.isdisjoint(map(type, events)):
            return
        if self._waiting is not None:
            self._waiting.append((before, after, events))
            return
        self._waiting = [(before, after, events)]
        try:
            for _ in range(ROUNDS):
                if not self._waiting:
                    break
                self._carry(*self._waiting.pop(0))
        finally:
            self._waiting = None

    def _do(self, id: str, command: c.AnyCommand) -> Incident:
        """Let *command* meet another incident, and return that one; as it was, where its own decision fails."""
        self._engine.beside(lambda engine: engine.handle(id, command))
        return self._engine.incident(id)

    def _going(self) -> list[Incident]:
        """Who hears of the others. A drill that stands still does not: it would call its people anew the moment it goes
        on, which it may only when what is real is over."""
        return [i for i in self._engine.open_incidents() if contest.goes_on(i) and i.frozen is None]

    def _carry(self, before: Incident | None, after: Incident, events: Sequence[e.AnyEvent]) -> None:
        going = self._going()
        resumed = e.DrillResumed in map(type, events)  # asked after every decision that moves people
        if not resumed and all(incident.id == after.id for incident in going):
            return
        begins = _begins(events)
        others = [incident for incident in going if incident.id != after.id]
        if contest.goes_on(after):
            if resumed:
                self._catch_up(after, others)
            self._take(after, others, events, begins=begins)
        self._know_who_is_where(_moved(before, after, events))
        if begins:
            self._say_who_is_wanted(self._engine.incident(after.id))

    def _take(self, taker: Incident, others: Sequence[Incident], events: Sequence[e.AnyEvent], *, begins: bool) -> None:
        """Who has just got a role here is let go by what is lighter. What is not lighter shares them, by an order or
        because nobody else was left, and whoever commands there hears of it; of what begins they hear all at once."""
        given = [event for event in events if isinstance(event, e.RoleAssigned)]
        own = {event.person: event.role for event in given if event.because not in SHARED}
        for other in others:
            if contest.outranks(taker, other):
                asked = contest.holds(other) | other.shared
                self._let_go(taker, other, tuple(p for p in own if p in asked or other.open_alerts(p)))
            elif other.mode == taker.mode and not begins:
                theirs = contest.holds(other) - {other.command}
                both = {event.person: event.role for event in given if event.person in theirs}
                self._say(other, taker, "lent", (Wanted(person=p, role=r, here=p) for p, r in both.items()))

    def _catch_up(self, resumed: Incident, others: Sequence[Incident]) -> None:
        """A drill goes on that heard nothing while it stood still: whom another has got meanwhile is that one's, unless
        the drill may take them back."""
        for other in others:
            here = self._engine.incident(resumed.id)
            both = tuple(sorted(contest.holds(here) & contest.holds(other)))
            if contest.outranks(here, other):
                self._let_go(here, other, both)
            else:
                self._let_go(other, here, both)

    def _let_go(self, taker: Incident, other: Incident, people: tuple[str, ...]) -> None:
        """*other* lets these people go, and whoever commands the one that takes them hears where they come from."""
        if not people:
            return
        had = [(p, role, slot) for role, slots in other.roles.items() for slot, p in slots.items() if p in people]
        now = contest.elsewhere(other.id, other.mode, self._engine.open_incidents())
        news = contest.news(other, now, {*now, *(m.id for m in other.members.values() if m.busy)})
        after = self._do(other.id, c.HearOfOthers(elsewhere=news, taken=people, to=taker.code))
        if other.mode != taker.mode:
            return
        here = {(p, role): after.roles.get(role, {}).get(slot) for p, role, slot in reversed(had)}
        gone = {p for p, _, _ in had} - {p for slots in after.roles.values() for p in slots.values()} - {taker.command}
        self._say(taker, other, "comes", (Wanted(person=p, role=r, here=q) for (p, r), q in here.items() if p in gone))

    def _say(self, incident: Incident, other: Incident, how: How, people: Iterable[Wanted]) -> None:
        """Tell whoever commands *incident*; not aloud where the same person commands both."""
        found = tuple(people)
        if found:
            aloud = how in ("comes", "keeps") or self._engine.incident(incident.id).command != other.command
            self._do(incident.id, c.HearWanted(other=other.code, how=how, people=found, aloud=aloud))

    def _know_who_is_where(self, moved: set[str]) -> None:
        """Each incident knows of its people what others want of them; who lacks somebody asks whoever is free now."""
        for each in self._going():
            incident = self._engine.incident(each.id)
            about = moved | contest.could_fill(incident)
            if not about:
                continue
            now = contest.elsewhere(incident.id, incident.mode, self._engine.open_incidents(), about)
            news = contest.news(incident, now, about)
            if news:
                self._do(incident.id, c.HearOfOthers(elsewhere=news))

    def _say_who_is_wanted(self, incident: Incident) -> None:
        """As an incident begins: whoever commands it hears, once for each other incident, whom that one keeps; and
        whoever commands there whom this one would like. Nobody in a real emergency hears what a drill would like."""
        pairs: dict[str, list[Wanted]] = {}
        for code, each in contest.wanted(incident):
            pairs.setdefault(code, []).append(each)
        for other in self._going():
            people = pairs.get(other.code, [])
            self._say(incident, other, "keeps", people)
            if other.mode == incident.mode:
                theirs = [each for each in people if each.person != other.command]
                self._say(other, incident, "wanted", [each for each in theirs if each.here != each.person])
                self._say(other, incident, "lent", [each for each in theirs if each.here == each.person])


def _begins(events: Sequence[e.AnyEvent]) -> bool:
    return any(isinstance(event, e.StateEntered) and event.via == "opening" for event in events)


def _moved(before: Incident | None, after: Incident, events: Sequence[e.AnyEvent]) -> set[str]:
    """Return of whom the other incidents may know too little now."""
    found: set[str] = set()
    for event in events:
        match event:
            case e.RoleAssigned(person=person, instead_of=other):
                found |= {person, *([other] if other else ())}
            case e.PersonCalledAway(person=person):
                found.add(person)
            case e.DrillResumed():
                found |= after.members.keys()
            case e.SeverityChanged() | e.StateEntered() | e.IncidentConfirmed():
                for incident in filter(None, (before, after)):
                    found |= {person for slots in incident.roles.values() for person in slots.values()}
    return found
