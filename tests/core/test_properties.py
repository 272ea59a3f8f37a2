"""What holds of every night, whatever happens in it: random commands on the shipped plans, and the same questions
after each of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.calls import REAL_WORD, STOP_WORD
from emergency.core.decide import decide, respond
from emergency.core.incident import _EVOLVE, ASKING, Incident, fold
from emergency.core.playbook import Go
from emergency.core.replies import parse
from emergency.core.site import Elsewhere, Wanted
from emergency.core.values import Severity
from emergency.core.wording import reference
from emergency.errors import CommandRefused
from emergency.loader import read_playbook, read_roster, read_site
from emergency.roster import Reach, members
from emergency.store import codec
from tests.core.small import unattended

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
SITE = read_site((ROOT / "emergency/sample/site.yaml").read_bytes(), "site.yaml")
ROSTER = read_roster((ROOT / "emergency/sample/roster.yaml").read_bytes(), "roster.yaml", SITE)
TEAM = members(ROSTER, SITE, MONDAY, Reach(), {})
PLANS = {
    name: read_playbook((ROOT / f"playbooks/{name}.yaml").read_bytes(), f"{name}.yaml", SITE)
    for name in ("fire", "elevator_entrapment")
}
PLACES = {"fire": ("b1_food_court", "site", "f1"), "elevator_entrapment": ("lift_2",)}
IDEMPOTENT = (c.Acknowledge, c.FinishStep, c.Decline, c.FireTimer, c.GiveUpStep, c.AskHelp)
VALUES = {"count": ("0", "1", "3"), "number": ("0.5", "2.5", "4"), "yes_no": ("yes", "no"), "text": ("seal:t",)}


class Walk:
    """One incident, driven by numbers: each move picks one of the commands that make sense just now."""

    def __init__(self, plan: str, place: int, mode: str, armed: bool = False) -> None:
        places = PLACES[plan]
        self.now = MONDAY
        self.mode = mode
        self.history: list[tuple[e.AnyEvent, datetime]] = []
        self.incident: Incident | None = None
        self.before_the_end: set[str] | None = None
        self.do(
            c.OpenIncident(
                incident="i1",
                code="XF07" if mode == "drill" else "F07",
                mode="drill" if mode == "drill" else "real",
                playbook=PLANS[plan],
                site=SITE,
                place=places[place % len(places)],
                members=() if armed else TEAM,
                by="console",
                armed=armed,
                parent="i0" if armed else None,
            )
        )

    # one command, and the questions after it

    def do(self, command: c.AnyCommand) -> None:
        """Decide and fold one command; a refusal is an answer, anything else that is raised is a fault."""
        was = self.incident
        try:
            events, after = respond(was, command, self.now)
        except CommandRefused as refused:
            assert str(refused)
            return
        self.history += [(event, self.now) for event in events]
        self.incident = fold(((event, self.now) for event in events), was)
        assert self.incident == after
        self._moves(was, events)
        self._messages(events)
        self._people()
        if isinstance(command, IDEMPOTENT):
            assert decide(self.incident, command, self.now) == [], command

    def _moves(self, was: Incident | None, events: list[e.AnyEvent]) -> None:
        state = was.state if was and not was.armed else None
        for event in events:
            if not isinstance(event, e.StateEntered):
                continue
            plan = self.now_is.playbook
            if state is None:
                begins = {plan.initial, *(begin.state for begin in plan.begins)}
                assert (event.via == "opening" and event.state in begins) or plan.state(event.state).final
            elif not event.overridden:
                ways = {leave.to for leave in plan.state(state).leave}
                ways |= {o.state for step in plan.state(state).steps for o in step.late if isinstance(o, Go)}
                assert event.state in ways, (state, event)
            else:
                assert event.reason
            state = event.state
            if plan.state(state).ends:
                first = next(n for n, (each, _) in enumerate(self.history) if each is event)
                self.before_the_end = {
                    each.alert for each, _ in self.history[:first] if isinstance(each, e.AlertRequested)
                }

    def _messages(self, events: list[e.AnyEvent]) -> None:
        assert self.now_is.mode == self.mode
        for event in events:
            if isinstance(event, e.DeliveryQueued):
                assert event.mode == self.mode
                first, last = (REAL_WORD, STOP_WORD) if self.mode == "drill" else (0, STOP_WORD - 1)
                assert first <= event.urgency <= last
            if isinstance(event, e.StepStarted):
                ref = reference(self.now_is, self.now_is.steps[event.step])
                for text in (f"{ref}2", f"{ref}+2"):
                    assert [(r.code, r.letter, r.key) for r in parse(text)] == [(self.now_is.code, event.letter, "2")]

    def _people(self) -> None:
        incident = self.now_is
        assert unattended(incident) == []
        if self.before_the_end is not None:
            assert {incident.alerts[id].status for id in self.before_the_end} <= {"closed"}
        if incident.is_closed:
            assert {alert.status for alert in incident.alerts.values()} <= {"closed"}
            assert not incident.timers
        for role, slots in incident.roles.items():
            for person in slots.values():
                asked = (incident.alerts[id] for id in incident.of_person.get(person, ()))
                assert any(alert.role == role and alert.kind in ASKING for alert in asked), (role, person)

    @property
    def now_is(self) -> Incident:
        """The incident as it is."""
        assert self.incident is not None
        return self.incident

    # the moves

    def move(self, kind: int, a: int, b: int) -> None:
        """Make one move; *a* and *b* say with whom and how."""
        moves = MOVES
        moves[kind % len(moves)](self, a, b)

    def _pick(self, choices, n):
        found = list(choices)
        return found[n % len(found)] if found else None

    def _person(self, n):
        return self._pick((*sorted(self.now_is.of_person), *self.now_is.members), n) or TEAM[n % len(TEAM)].id

    def time(self, a: int, b: int) -> None:
        """Go to the next timer, or some way past it, and fire whatever is due."""
        due = sorted((at, name) for name, at in self.now_is.timers.items())
        if not due:
            return
        self.now = max(self.now, due[0][0]) + timedelta(seconds=(0, 0, 0, 90, 600)[b % 5])
        for at, name in due[: 1 + a % 3]:
            if at <= self.now:
                self.do(c.FireTimer(timer=name))

    def expected(self, a: int, b: int) -> None:
        """What was expected comes, or does not; said of anything else it changes nothing."""
        if b % 4:
            self.do(c.UpdateRoster(members=TEAM))
            self.do(c.ConfirmIncident(by=self._person(a), place=self.now_is.place, severity=list(Severity)[a % 4]))
        else:
            self.do(c.DismissIncident(by="console"))

    def acknowledge(self, a: int, b: int) -> None:
        """Somebody has it."""
        alert = self._pick([x.id for x in self.now_is.alerts.values() if x.status == "open"], a)
        self.do(c.Acknowledge(alert=alert or "a1", by=None if b % 2 else "console"))

    def decline(self, a: int, b: int) -> None:
        """Somebody cannot."""
        alerts = [x.id for x in self.now_is.alerts.values() if x.kind in ASKING and (b % 3 or x.status != "closed")]
        self.do(c.Decline(alert=self._pick(alerts, a) or "a1"))

    def finish(self, a: int, b: int) -> None:
        """A step is done, by one who was asked or by anyone."""
        run = self._pick([r for r in self.now_is.steps.values() if r.status == "open"], a)
        if run is None:
            return
        plan = self.now_is.plan_of(run)
        answer = self._pick([x.name for x in plan.decision] if plan else [], b)
        person = self._pick([self.now_is.alerts[id].person for id in run.alerts], b) or self._person(b)
        self.do(c.FinishStep(step=run.id, person=person, answer=None if b % 7 == 6 else answer))

    def give_up(self, a: int, b: int) -> None:
        """A step will not be done."""
        run = self._pick([r.id for r in self.now_is.steps.values() if r.status == "open"], a)
        self.do(c.GiveUpStep(step=run or "s1", by=self._person(b), reason="seal:r"))

    def help(self, a: int, b: int) -> None:
        """Somebody needs help."""
        self.do(c.AskHelp(person=self._person(a)))

    def order(self, a: int, b: int) -> None:
        """Somebody orders a transition."""
        to = self._pick([s.name for s in self.now_is.playbook.states], a)
        by = self._pick((self.now_is.command or "console", "console", "fire_brigade", self._person(b)), b)
        self.do(c.OrderTransition(to=to, by=by, reason="seal:r" if b % 3 else None, override=a % 4 == 0))

    def stand_down(self, a: int, b: int) -> None:
        """Somebody ends it."""
        by = self.now_is.command or "console"
        if b % 4 == 0:
            self.do(c.CancelIncident(by=self._pick((by, self._person(a)), a), reason="seal:r"))
        else:
            self.do(c.StandDown(by=by, ticked=tuple(range(1, 2 + a % 8)), reason="seal:r", override=a % 3 == 0))

    def severity(self, a: int, b: int) -> None:
        """Somebody sets the level."""
        by = self.now_is.command or "console"
        self.do(c.ChangeSeverity(to=list(Severity)[a % 4], by=by, reason="seal:r" if b % 2 else None))

    def fact(self, a: int, b: int) -> None:
        """Somebody tells a fact."""
        fact = self._pick(self.now_is.playbook.facts, a)
        value = self._pick(
            {"time": ((self.now - timedelta(minutes=b % 200)).isoformat(),), "choice": fact.choices}.get(fact.type)
            or VALUES[fact.type],
            b,
        )
        self.do(c.ReportFact(fact=fact.name, value=value, by=self._person(b)))

    def assign(self, a: int, b: int) -> None:
        """A role, or command itself, goes to somebody."""
        role = self._pick([d.role for d in SITE.duties], a)
        person = self._person(b)
        if b % 4 == 0:
            self.do(c.HandOver(person=person, by=self.now_is.command or "console", reason="seal:r"))
        else:
            self.do(c.AssignRole(role=role, person=person, by="console", slot=1 + a % 2))

    def words(self, a: int, b: int) -> None:
        """Somebody says something."""
        person = self._person(a)
        self.do(
            (
                c.AddNote(by=person, text="seal:n", show=b % 2 == 0),
                c.Tell(by=person, text="seal:n"),
                c.Tell(by=person, text="seal:n", people=(self._person(b),), roles=("guard", "comms")),
                c.MergeReport(by="console", place="f1", note="seal:n" if a % 2 else None),
            )[b % 4]
        )

    def roster(self, a: int, b: int) -> None:
        """The team changes: some go off, some leave, some come back."""
        team = TEAM if b % 3 == 0 else [m for n, m in enumerate(TEAM) if (n * 7 + a) % 5]
        if b % 2:
            team = [msgspec.structs.replace(m, duty="off") if (n + a) % 3 == 0 else m for n, m in enumerate(team)]
        self.do(c.UpdateRoster(members=tuple(team)))

    def delivery(self, a: int, b: int) -> None:
        """A provider reports."""
        waiting = [d for d in self.now_is.deliveries.values() if d.status in ("queued", "sent") or a % 5 == 0]
        found = self._pick(waiting, a)
        if found is None:
            return
        status, reason = (
            ("sent", ""), ("delivered", ""), ("failed", "21211"), ("failed", "busy"), ("failed", "machine"),
            ("failed", "expired"), ("retried", "time-out"),
        )[b % 7]  # fmt: skip
        self.do(
            c.RecordDelivery(
                delivery=found.id, status=status, provider="p", provider_id=f"p{a}", attempt=1 + b % 3, reason=reason
            )
        )

    def others(self, a: int, b: int) -> None:
        """Another incident wants some of our people, or does not any more; perhaps it takes one."""
        people = [self._person(a + n) for n in range(1 + b % 3)]
        ranks = [(0, 2, 4)[(a + n) % 3] for n in range(len(people))]
        there = {
            person: Elsewhere(
                person=person, rank=rank, code="F09" if rank else "", spare=bool(rank) and b % 4 == 0,
                roles=("control_room",) if rank and b % 5 == 0 else (),
            )
            for person, rank in zip(people, ranks, strict=True)
        }  # fmt: skip
        taken = tuple(person for person, each in there.items() if each.rank == 4 and b % 2)
        self.do(c.HearOfOthers(elsewhere=tuple(there.values()), taken=taken, to="F09"))
        how = ("keeps", "wanted", "comes", "lent")[b % 4]
        people = (Wanted(person=self._person(a), role="engineering", here=(None, self._person(b))[a % 2]),)
        self.do(c.HearWanted(other=f"F0{b % 10}", how=how, people=people))

    def roll_call(self, a: int, b: int) -> None:
        """A roll call begins or ends beside it."""
        if a % 2:
            self.do(c.OpenMuster(code="L02", expected=b, by="console"))
        else:
            head = "0" * 64
            self.do(c.CloseMuster(code="L02", safe=b, help=0, away=0, missing=a, lines=b, head=head, by="console"))


MOVES = (
    Walk.time, Walk.time, Walk.time, Walk.time, Walk.acknowledge, Walk.acknowledge, Walk.decline, Walk.decline,
    Walk.finish, Walk.finish, Walk.finish, Walk.give_up, Walk.help, Walk.order, Walk.order, Walk.stand_down,
    Walk.severity, Walk.fact, Walk.fact, Walk.assign, Walk.words, Walk.roster, Walk.delivery, Walk.delivery,
    Walk.expected, Walk.others, Walk.roll_call,
)  # fmt: skip
NUMBERS = st.tuples(st.integers(0, len(MOVES) - 1), st.integers(0, 999), st.integers(0, 999))


@pytest.mark.parametrize("plan", sorted(PLANS))
@settings(max_examples=120, derandomize=True, deadline=None, database=None)
@given(
    place=st.integers(0, 2), mode=st.sampled_from(["real", "drill"]), armed=st.sampled_from([False, False, True]),
    moves=st.lists(NUMBERS, min_size=8, max_size=45),
)  # fmt: skip
def test_every_night(plan, place, mode, armed, moves):
    """Whatever is asked, in whatever order: refusals are the only errors, nobody asked is forgotten, nobody holds a
    role untold, an end leaves nobody waiting, real stays real, and the log alone gives the incident back."""
    walk = Walk(plan, place, mode, armed)
    for move in moves:
        walk.move(*move)

    assert fold(walk.history) == walk.now_is
    documents = {
        codec.digest(codec.encode_document(document)): codec.encode_document(document)
        for document in (walk.now_is.playbook, walk.now_is.site)
    }
    for event, _ in walk.history:
        kind = type(event).__name__
        stored = codec.encode(event)
        again = codec.decode(kind, codec.VERSION, stored, documents.__getitem__)
        assert codec.encode(again) == stored
        assert isinstance(event, e.IncidentOpened) or again == event
        assert json.loads(stored)["type"] == kind
        if not isinstance(event, e.IncidentOpened):
            _holds_nobody(stored.decode())


SECRETS = [
    *(number for person in ROSTER.people.values() for number in person.numbers),
    *(name for person in ROSTER.people.values() for name in (person.name.zh, person.name.en)),
]


def _holds_nobody(stored: str) -> None:
    assert not [secret for secret in SECRETS if secret in stored]


def test_the_secrets_are_looked_for():
    """The search for names and numbers finds them where they stand."""
    assert len(SECRETS) > 100
    with pytest.raises(AssertionError):
        _holds_nobody(f'{{"by": "{ROSTER.people["wang_jun"].name.zh}"}}')


def test_every_event_is_read():
    """evolve knows every event that there is, and every event has its own name in the store."""
    kinds = set(e.AnyEvent.__args__)
    assert set(_EVOLVE) | {e.IncidentOpened} == kinds
    assert {kind.__struct_config__.tag for kind in kinds} == {kind.__name__ for kind in kinds}


def test_the_walk_goes_places():
    """The random nights reach what they are to test: ends, closings, refusals, ladders to their top."""
    seen: set[str] = set()
    for seed in range(40):
        dice = Random(seed)
        walk = Walk(("fire", "elevator_entrapment")[seed % 2], seed, "real", armed=seed % 5 == 0)
        for _ in range(60):
            walk.move(dice.randrange(len(MOVES)), dice.randrange(1000), dice.randrange(1000))
        seen |= {type(event).__name__ for event, _ in walk.history}
        seen |= {walk.now_is.ended or "", "closed" if walk.now_is.is_closed else ""}
    silent = Walk("fire", 1, "real")  # nobody answers anything
    silent.do(c.ChangeSeverity(to=Severity.red, by=silent.now_is.command or "console", reason="seal:r"))
    for _ in range(150):
        silent.time(2, 0)
    seen |= {type(event).__name__ for event, _ in silent.history}
    practice = {"DrillFrozen", "DrillResumed", "DrillAborted", "DrillEnded"}  # real nights: tests/core/test_practice.py
    missing = {kind.__name__ for kind in e.AnyEvent.__args__} - seen - practice
    assert not missing
    assert {"stand_down", "false_alarm", "closed"} <= seen
