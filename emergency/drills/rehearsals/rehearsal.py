"""A rehearsal in memory: the engine of a real night on a virtual clock, with played people, in milliseconds.

Nothing here decides anything: commands meet the production engine as the inbox, the outbox and the scheduler would hand
them in; only the store, the clock and the telephones are others. The same stage, players and seed give the same log,
byte for byte: no id, no seal and no moment comes from anywhere else.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from heapq import heappop, heappush
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from emergency.clock import VirtualClock
from emergency.core import commands as c
from emergency.core import contest
from emergency.core.decide import respond
from emergency.core.events import AnyEvent
from emergency.core.incident import BESIDE, Alert, Incident
from emergency.core.near import nearest, nearest_zh
from emergency.core.playbook import Playbook
from emergency.core.replies import parse
from emergency.core.site import Elsewhere, Member, Site
from emergency.core.templates import FIRST_ANSWER_KEY
from emergency.core.values import Channel, Mode, Severity, Text
from emergency.core.wording import keys_of, what_to_do
from emergency.drills.book import AnyEntry, Written
from emergency.drills.people import Act, Players
from emergency.drills.rehearsals.exchange import Exchange
from emergency.drills.rehearsals.memory import MemoryStore
from emergency.drills.scenario import Scenario
from emergency.engine import Decision, Engine, Team
from emergency.errors import CommandRefused, Mistakes

if TYPE_CHECKING:
    from emergency.store.drills import DrillRow
    from emergency.store.store import SqliteStore

CONSOLE = "console"
ROUNDS = 1000
"""How often one moment may cause another in the same moment: a fence that nothing should ever reach."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rehearsal is played.

    place: where the incident is. begins: aware; the incident is opened then. team: from a moment to who is there, and
    when somebody's duty changes next. plans: from an id to a plan, for what the incident lets expect and for secondary
    events. told: facts that come with the report, as typed.
    """

    plan: Playbook
    site: Site
    place: str
    begins: datetime
    team: Callable[[datetime], tuple[tuple[Member, ...], datetime | None]]
    plans: Callable[[str], Playbook]
    severity: Severity | None = None
    told: dict[str, str] = {}
    mode: Mode = "drill"


class Opening:
    """How the first incident of all opened. What decides is pure, so the very same command at the same moment opens
    another alike: its events and the incident after them are handed out again, as values that nobody changes."""

    def __init__(self) -> None:
        self._asked: tuple[c.AnyCommand, datetime] | None = None
        self._decided: Decision = ((), None)

    def decided(self, command: c.AnyCommand, now: datetime) -> Decision:
        """Return what `respond` returns for an incident that there is not yet."""
        if self._asked == (command, now):
            return self._decided
        events, after = respond(None, command, now)
        if self._asked is None:
            self._asked, self._decided = (command, now), (tuple(events), after)
        return events, after


class Rehearsal:
    """One run. `run` may be called again with a later moment: it goes on where it stood."""

    def __init__(
        self,
        stage: Stage,
        players: Players,
        scenario: Scenario | None = None,
        *,
        receipts: bool = True,
        seed: int = 1,
        id: str | None = None,
        opening: Opening | None = None,
    ) -> None:
        """Set the stage; nothing happens before `run`.

        Args:
            opening: shared by runs that begin alike, so that their beginning is decided once.
            receipts: whether the log hears that messages were delivered; nothing that is decided depends on it.
            seed: of the seals and of the id, where *id* does not name the incident.
        """
        self.stage = stage
        self.scenario = scenario
        self.id = id or sha256(f"{stage.plan.id}/{stage.place}/{seed}".encode()).hexdigest()[:12]
        self.book: list[Written] = []
        self.clock = VirtualClock(stage.begins)
        self.store = MemoryStore(seed)
        self.engine = Engine(self.store, self.clock)
        self.engine.put_in_line = self.store.take
        self.engine.team = self._team
        self.engine.expect = self._arm
        if opening is not None:
            self.engine.opens = opening.decided
        self.ended = ""
        self._happens: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0
        self._others = 0
        self._begun = False
        self._exchange = Exchange(self.engine, self.store, players, self.later, self.act, receipts=receipts)
        self._script = None
        if scenario is not None:
            from emergency.drills.rehearsals.script import Script

            self._script = Script(self, scenario, players)
            self._exchange.players = self._script.masks

    # what came of it

    @property
    def incident(self) -> Incident:
        """The incident as it is now. Raises CommandRefused before the first `run`."""
        return self.engine.incident(self.id)

    def history(self, id: str | None = None) -> list[tuple[AnyEvent, datetime]]:
        """Return what happened, in order, each event with its moment; of the rehearsal's own incident or another."""
        return self.store.history(id or self.id)

    def write(self, *entries: AnyEntry) -> None:
        """Write *entries* into the book, at this moment of the drill."""
        for entry in entries:
            self.book.append(Written(len(self.book) + 1, self.clock.now(), entry))

    def keep(self, store: SqliteStore) -> DrillRow:
        """Write the incidents, each with its chain, and the book into *store*; return the drill's row there."""
        from emergency.drills.rehearsals.kept import keep

        return keep(self, store)

    # the course of it

    def run(self, until: timedelta, stop: Callable[[Incident], bool] | None = None) -> Incident:
        """Let everything happen up to *until* after the beginning, and return the incident as it is then.

        Args:
            stop: asked after each moment; where it says yes, the clock stands still there.
        """
        with _without_collecting():
            self._until(self.stage.begins + until, stop)
        return self.incident

    def _until(self, end: datetime, stop: Callable[[Incident], bool] | None) -> None:
        following = self.engine.unit(self._settle)
        incident = self.engine.incident
        while not self.ended and not (stop is not None and stop(incident(self.id))):
            if following is None or following > end:
                self.clock.move_to(end)
                return
            self.clock.move_to(following)
            following = self.engine.unit(self._settle)

    def next_moment(self) -> datetime | None:
        """Return when something happens next: a timer, an arrival, an answer, an inject, a message's next try; or
        None."""
        return self._or_the_script(self._next_of_its_own())

    def _next_of_its_own(self) -> datetime | None:
        found = self.store.next_timer()
        if self._happens and (found is None or self._happens[0][0] < found):
            found = self._happens[0][0]
        chance = self._exchange.next_chance()
        return chance if chance is not None and (found is None or chance < found) else found

    def _or_the_script(self, found: datetime | None) -> datetime | None:
        scripted = self._script.next_moment() if self._script is not None else None
        return scripted if scripted is not None and (found is None or scripted < found) else found

    def later(self, at: datetime, what: Callable[[], None]) -> None:
        """Keep *what* for its moment; of one moment, in the order they were kept."""
        self._count += 1
        heappush(self._happens, (at, self._count, what))

    def end(self) -> None:
        """Stop here: the drill is over."""
        self.ended = self.ended or "stopped"

    def _settle(self, engine: Engine) -> datetime | None:
        """Do everything that is due at this moment, and all that follows from it in the same moment; return when
        something happens next, or None."""
        if not self._begun:
            self._begin()
        now, happens = self.clock.now(), self._happens
        if self._script is not None:
            self._script.mask(now)
        following: datetime | None = now
        for _ in range(ROUNDS):
            self._exchange.pump(now)
            if self.store.may_be_due(now):
                engine.fire_due()
            while happens and happens[0][0] <= now:
                heappop(happens)[2]()
            following = self._next_of_its_own()
            if following is not None and following <= now:
                continue
            if self._script is None or not self._script.due(now):
                break
        return self._or_the_script(following)

    def _begin(self) -> None:
        self._begun = True
        stage, scenario = self.stage, self.scenario
        if self._script is not None:
            self._script.plan()
        told = {**(scenario.told if scenario is not None else {}), **stage.told}
        severity = stage.severity or (scenario.severity if scenario is not None else None)
        said = scenario.note if scenario is not None else None
        note = f"{said.zh} / {said.en}" if said is not None else ""
        sealed = self.store.seal(note) if note else None
        self.open_incident(self.id, stage.plan, stage.place, told, severity=severity, sealed=sealed)
        if self._script is not None:
            self._script.begin()

    def open_incident(
        self, id: str, plan: Playbook, place: str, told: dict[str, str], *, severity: Severity | None = None,
        sealed: str | None = None, parent: str | None = None,
    ) -> Incident:  # fmt: skip
        """Open an incident of this rehearsal, as the verb `trigger` does. Raises Mistakes for a fact it cannot read."""
        now = self.clock.now()
        members, until = self._who_is_there(id)
        facts = {name: value for name, (value, seal) in self.facts(plan, told).items()}
        command = c.OpenIncident(
            incident=id, code="", mode=self.stage.mode, playbook=plan, site=self.stage.site, place=place,
            members=members, by=CONSOLE, severity=severity, note=sealed, facts=facts,
            parent=parent, offset=_minutes_ahead(now, self.stage.site.timezone), until=until,
        )  # fmt: skip
        return self.engine.open(command)

    def facts(self, plan: Playbook, told: dict[str, str]) -> dict[str, tuple[str, str | None]]:
        """Return fact to its value in the spelling of its type, and its seal where it is free words.

        Raises:
            Mistakes: there is no such fact, or it cannot be read.
        """
        found: dict[str, tuple[str, str | None]] = {}
        for name, value in told.items():
            from emergency.verbs import parse_fact

            declared = plan.fact(name)
            if declared is None:
                known = [f.name for f in plan.facts]
                raise Mistakes(
                    f"'{name}' is no fact of {plan.id}.{nearest(name, known)}",
                    f"预案 {plan.title.zh}({plan.id})没有“{name}”这项情况。{nearest_zh(name, known)}",
                )
            read = parse_fact(declared, value, self.clock.now(), self.stage.site.timezone)
            seal = self.store.seal(read) if declared.type == "text" else None
            found[name] = (seal or read, seal)
        return found

    def incident_of(self, playbook: str) -> str | None:
        """Return the id of the latest incident of that plan, the rehearsal's own where no plan is named; or None."""
        if not playbook or playbook == self.stage.plan.id:
            return self.id
        rows = (row for row in reversed(self.store.all_incidents()) if row.playbook == playbook)
        return next((row.id for row in rows if not self.engine.incident(row.id).armed), None)

    def second(self, playbook: str, place: str, severity: Severity | None, note: Text | None) -> Incident:
        """Report another emergency, as the verb `trigger` does: it begins, or is confirmed, or joins one that is open.

        Raises:
            Mistakes, KeyError: there is no such plan.
        """
        plan, mode, now = self.stage.plans(playbook), self.stage.mode, self.clock.now()
        going = self.engine.open_incidents()
        words = self.store.seal(f"{note.zh} / {note.en}") if note is not None else None
        armed = next((i for i in going if i.playbook.id == plan.id and i.armed), None)
        if armed is not None:
            members, until = self._who_is_there(armed.id)
            self.engine.handle(armed.id, c.UpdateRoster(members=members, until=until))
            return self.engine.handle(
                armed.id, c.ConfirmIncident(by=CONSOLE, place=place, severity=severity, note=words, until=until)
            )
        from emergency.verbs import _joins

        again = _joins(going, plan.id, place, mode, now)
        if again is not None:
            return self.engine.handle(again.id, c.MergeReport(by=CONSOLE, place=place, note=words))
        parent = next((i.id for i in reversed(going) if not i.ended and plan.id in i.expected), None)
        self._others += 1
        id = f"{self.id[:10]}{self._others:02x}"
        return self.open_incident(id, plan, place, {}, severity=severity, sealed=words, parent=parent)

    # who is there

    def _team(self, engine: Engine, incident: Incident) -> Team:
        return self._who_is_there(incident.id)

    def _who_is_there(self, id: str) -> Team:
        """Return the team as the incident *id* sees it: who is wanted by another one is marked so."""
        members, until = self.stage.team(self.clock.now())
        there = contest.elsewhere(id, self.stage.mode, self.engine.open_incidents())
        return (tuple(_marked(m, there.get(m.id)) for m in members) if there else members), until

    def _arm(self, engine: Engine, parent: Incident, playbook: str) -> None:
        """Open what *parent* lets expect, calling nobody, until it is confirmed; once a parent."""
        if any(i.parent == parent.id and i.playbook.id == playbook for i in engine.open_incidents()):
            return
        try:
            plan = self.stage.plans(playbook)
        except (Mistakes, KeyError):  # the parent still shows what to expect; there is only no plan for it here
            return
        site = self.stage.site
        place = site.place(parent.place)
        fits = place.kind == plan.place or (place.kind == "zone" and plan.place == "site")
        engine.open(
            c.OpenIncident(
                incident=f"{parent.id}-{plan.id}", code="", mode=parent.mode, playbook=plan, site=site,
                place=place.id if fits else site.places[0].id, members=(), by=CONSOLE, parent=parent.id, armed=True,
                offset=parent.offset,
            )
        )  # fmt: skip

    # what people do

    def act(self, person: str, channel: Channel, id: str, act: Act) -> None:
        """Do what *person* does about an alert, as the inbox does it: what is over by now changes nothing."""
        if self._script is not None:
            changed = self._script.masks.does(person, channel, act, self.clock.now())
            if changed is None:
                return
            act = changed
        incident = self.engine.incident(id)
        alert = incident.alerts[act.alert]
        if incident.is_closed:
            return
        if act.does == "says":
            self._says(incident, alert, channel, act.words)
        elif alert.status == "closed":
            self._too_late(incident, alert, channel, act)
        elif act.does == "ack":
            self._acknowledge(incident, alert, channel)
        elif act.does == "decline":
            self.engine.handle(id, c.Decline(alert=alert.id, via=channel))
        else:
            self._finish(incident, alert, channel, act.words)

    def _acknowledge(self, incident: Incident, alert: Alert, channel: Channel) -> None:
        if alert.status == "open":
            self.engine.handle(incident.id, c.Acknowledge(alert=alert.id, via=channel))

    def _finish(self, incident: Incident, alert: Alert, channel: Channel, answer: str) -> None:
        run = incident.steps[alert.step or ""]
        if run.name in BESIDE:
            self._acknowledge(incident, alert, channel)
            return
        plan = incident.plan_of(run)
        names = [each.name for each in plan.decision] if plan is not None else []
        said = (answer if answer in names else names[0]) if names else None
        self.engine.handle(incident.id, c.FinishStep(step=run.id, person=alert.person, answer=said, via=channel))

    def _too_late(self, incident: Incident, alert: Alert, channel: Channel, act: Act) -> None:
        """What somebody found out is on record also when the plan has moved on without it."""
        run = incident.steps[alert.step or ""]
        plan = incident.plan_of(run)
        if act.does != "done" or run.status != "dropped" or plan is None or not plan.decision:
            return
        language = incident.members[alert.person].language if alert.person in incident.members else "zh"
        said = next((each for each in plan.decision if each.name == act.words), plan.decision[0])
        seal = self.store.seal(f"{what_to_do(incident, run, language)}: {said.says.of(language)}")
        self.engine.handle(incident.id, c.AddNote(by=alert.person, text=seal, via=channel))

    def _says(self, incident: Incident, alert: Alert, channel: Channel, words: str) -> None:
        """Read what somebody typed: one of the keys, for this alert, or words that command sees as a note."""
        keys = [reply.key for reply in parse(words) if reply.key is not None and not reply.rest]
        if not keys:
            note = c.AddNote(by=alert.person, text=self.store.seal(words[:1600]), via=channel, show=True)
            self.engine.handle(incident.id, note)
        elif keys[0] == "9":
            self.engine.handle(incident.id, c.AskHelp(person=alert.person, via=channel))
        else:
            self._press(incident, alert, channel, keys[0])

    def _press(self, incident: Incident, alert: Alert, channel: Channel, key: str) -> None:
        run = incident.steps[alert.step or ""]
        plan = incident.plan_of(run)
        answers = [each.name for each in plan.decision] if plan is not None else []
        chosen = int(key) - FIRST_ANSWER_KEY
        if alert.status == "closed":
            return
        if key == "1":
            self._acknowledge(incident, alert, channel)
        elif key == "3":
            self.engine.handle(incident.id, c.Decline(alert=alert.id, via=channel))
        elif key == "2" and not answers:
            self._finish(incident, alert, channel, "")
        elif 0 <= chosen < len(answers) and key in dict(keys_of(incident, run, "en")):
            self._finish(incident, alert, channel, answers[chosen])

    # what control does

    def order(self, id: str, command: c.AnyCommand) -> str:
        """Let *command* meet an incident; return why it was refused, or nothing."""
        try:
            self.engine.handle(id, command)
        except CommandRefused as refused:
            return str(refused)
        return ""


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Let nobody look for cycles meanwhile: a run makes many small values, and hardly one that refers to itself."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _marked(member: Member, there: Elsewhere | None) -> Member:
    if there is None:
        return member
    return replace(member, busy=there.rank, elsewhere=there.code, spare=there.spare, also=there.roles)


def _minutes_ahead(now: datetime, timezone: str) -> int:
    ahead = now.astimezone(ZoneInfo(timezone)).utcoffset() or timedelta(0)
    return int(ahead.total_seconds()) // 60
