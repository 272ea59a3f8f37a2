"""The promises, asked after every step of nights in which anything may happen: people answer, providers fail, the
process dies, the clock jumps. The engine, its store, inbox and outbox are the real ones.

Some nights in `make test`, many more in `make fuzz` (FUZZ_EXAMPLES).
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from emergency.core import commands as c
from emergency.core import contest
from emergency.core import events as e
from emergency.core.incident import ASKING, Incident, fold
from emergency.core.values import Severity, is_drill
from emergency.core.wording import reference
from emergency.errors import CommandRefused, StoreError
from emergency.notify import Inbound
from emergency.people import save_roster
from emergency.store.codec import document_digest, from_text
from emergency.store.holds import held_since
from tests.core.small import unattended
from tests.faults.world import OUTCOMES, World, contents, quiet_about_the_dead

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "20"))
LONG = EXAMPLES > 1000
STEPS = 40
NIGHTS_LONG = 50
"""A night costs more than a text: so many times fewer of them are tried in a long run."""

PLACES = {
    "sample": (
        ("fire", "K12"), ("fire", "f1"), ("robbery", "f1"), ("power_outage", "site"), ("elevator_entrapment", "lift_2"),
        ("crowding", "b1_food_court"),
    ),
    "mill": (("leak", "hall"), ("leak", "yard"), ("noise", "hall")),
}  # fmt: skip
TEXTS = (
    "{ref}1", "{ref}1", "{ref}2", "{ref}3", "{ref}4", "{ref}5", "{ref}9", "{code}1", "{code}2", "{code}3", "1", "1",
    "2", "3", "9", "ok", "{code}", "X99A1", "{ref}1 {ref}2", "who is there?", "STOP", "{ref}1 3 people in the smoke",
)  # fmt: skip
VALUES = {"count": ("0", "1", "3", "2000"), "number": ("0.5", "2.5", "90"), "yes_no": ("yes", "no"), "text": ("a van",)}
JUMPS = tuple(timedelta(seconds=s) for s in (0, 1, 3, 20, 61, 200, 700, 3600, 6 * 3600, 30 * 3600, -5, -3600))
MAYBE = {
    "queued": {"queued", "sending", "unknown"},
    "sent": {"sent"},
    "delivered": {"delivered"},
    "failed": {"failed"},
    "dropped": {"dropped", "sending", "unknown", "sent", "delivered", "failed"},
}
"""How a message may stand in the outbox, by how the log says it stands."""
NEXT = {"failed": {"failed"}, "dropped": {"dropped"}, "delivered": {"delivered", "failed"}}
NEXT["sent"] = {"sent", "delivered", "failed"}


def differing(one: Incident, other: Incident) -> list[str]:
    """Return in what two readings of an incident differ; a plan and a site are the same document, read twice."""
    names = [name for name in Incident.__struct_fields__ if name not in ("playbook", "site")]
    return [name for name in names if not getattr(one, name) == getattr(other, name)]  # noqa: SIM201 (persistent maps)


# the promises: each takes the world as it stands and is kept, or says what broke it


def every_decided_message_is_kept(world: World) -> None:
    """What the log decided to send stands in the outbox, as the log says that it stands; and nothing else does."""
    rows, decided = world.messages(), {}
    for incident in world.folded.values():
        for delivery in incident.deliveries.values():
            decided[delivery.id] = incident
            row = rows.get(delivery.id)
            assert row is not None, f"{delivery.id} was decided and has vanished"
            assert row["status"] in MAYBE[delivery.status], (delivery, row["status"])
            kept = (row["incident"], row["alert"], row["person"], row["channel"], row["number"], row["mode"])
            want = (
                incident.id, delivery.alert, delivery.person, delivery.channel, delivery.number, incident.mode,
            )  # fmt: skip
            assert kept == want
    assert {id for id, row in rows.items() if row["alert"] is not None} == set(decided)


def store_engine_and_log_agree(world: World) -> None:
    """Folding the log gives the incident that the engine has and that the store lists; and its timers, one by one."""
    timers: dict[str, dict[str, str]] = {}
    for id, name, due in world.eye._db.execute("select incident, name, due_at from timer"):
        timers.setdefault(id, {})[name] = due
    for row in world.look():
        incident = world.folded[row.id]
        assert differing(world.engine_says(row.id), incident) == []
        assert (row.version, row.code, row.mode, row.place) == (
            incident.version, incident.code, incident.mode, incident.place,
        )  # fmt: skip
        assert (row.closed_at is not None) == incident.is_closed
        kept = {name: from_text(due) for name, due in timers.pop(row.id, {}).items()}
        assert kept == dict(incident.timers.items()), row.code
    assert not timers, "timers of no incident"


def the_log_is_whole(world: World) -> None:
    """The chain holds, lines are numbered without a gap, and no line is older than the one before."""
    for row in world.look():
        log = world.logs[row.id]
        assert world.eye.verify(row.id) == len(log) == row.version
        assert [record.seq for record in log] == list(range(1, len(log) + 1))
        times = [record.at for record in log]
        assert times == sorted(times), "the log was turned around"


def what_was_written_stays(world: World) -> None:
    """After a death the log begins with every line that was there before."""
    for id, log in world.logs.items():
        assert world.eye.records(id)[: len(log)] == log
        again, now = fold(world.events(id)), world.engine_says(id)
        assert again is not None
        assert differing(again, now) == []
        for pinned in ("playbook", "site"):
            assert document_digest(getattr(again, pinned)) == document_digest(getattr(now, pinned))


def a_message_goes_once_or_is_owned_up_to(world: World) -> None:
    """What reached the provider twice stands in the log as sent again, perhaps twice."""
    reached = Counter(row for taken in world.provider.taken.values() if taken.written for row in taken.rows)
    owned = Counter(
        event.delivery
        for events in (
            world.events(id) for id in {world.incident_of(row) for row in reached if reached[row] > 1} - {""}
        )
        for event, _ in events
        if isinstance(event, e.DeliveryRetried) and event.possibly_twice
    )
    rows = world.messages()
    for id, times in reached.items():
        allowed = 1 + owned[id] if rows[id]["alert"] is not None else rows[id]["attempt"]
        assert times <= allowed, f"{id} went {times} times; the log owns up to {owned[id]} more"


def what_is_called_sent_was_taken(world: World) -> None:
    """No message is called sent that the provider never had, or that went to another telephone."""
    roster = world.roster()
    for id, row in world.messages().items():
        if row["provider_id"] is None:
            continue
        message = world.provider.taken[row["provider_id"]].message
        person = roster.people.get(row["person"])
        assert message.channel == row["channel"], id
        assert person is None or message.to == person.numbers[row["number"]], id


def no_drill_rings_a_real_telephone(world: World) -> None:
    """What goes out for a drill goes by the drill's notifiers and says so; what is real goes by real ones."""
    rows = world.messages()
    for taken in world.provider.taken.values():
        modes = {rows[id]["mode"] for id in taken.rows}
        owners = {world.folded[rows[id]["incident"]].mode for id in taken.rows if rows[id]["incident"] in world.folded}
        assert modes == {taken.message.mode} >= owners
        assert taken.by == f"{taken.message.mode}-phone"
        says_so = any(mark in taken.message.text for mark in ("演练", "DRILL", "Drill"))
        assert says_so == (taken.message.mode == "drill"), taken.message.text


def an_end_is_an_end(world: World) -> None:
    """In a closed incident no step runs, nobody is called on, and nothing is waited for."""
    for incident in world.folded.values():
        if incident.is_closed:
            assert not [run for run in incident.steps.values() if run.status == "open"]
            assert not [alert for alert in incident.alerts.values() if alert.status != "closed"]
            assert not list(incident.timers)


def nobodys_silence_stops_a_plan(world: World) -> None:
    """While an incident lives, a wait of its present state runs; and whoever is called on is called on until they, or
    somebody in their place, have it. What is only expected waits for a person, while what it follows from lives."""
    for incident in world.folded.values():
        assert unattended(incident) == []
        if incident.armed:
            parent = world.folded[incident.parent or ""]
            assert not parent.ended, f"{incident.code} is expected of {parent.code}, which has ended"
            assert not parent.is_closed
        elif not incident.is_closed:
            waits = [name for name in incident.timers if name.startswith(f"leave:{incident.entry}:")]
            assert waits, f"{incident.code} in {incident.state} waits for nothing"


def timers_fire_once(world: World) -> None:
    """A timer fires only when it was set, not before its time, and once for each time that it was set."""
    for row in world.look():
        due: dict[str, datetime] = {}
        for event, at in world.events(row.id):
            match event:
                case e.TimerSet(timer=name, due=moment):
                    due[name] = moment
                case e.TimerCleared(timer=name):
                    due.pop(name, None)
                case e.TimerFired(timer=name):
                    assert due.pop(name) <= at


def a_message_never_goes_back(world: World) -> None:
    """What has an end keeps it, from one look to the next. Only what was taken back while nothing could be written may
    turn out to have gone."""
    rows = world.messages()
    gone = {row for taken in world.provider.taken.values() if not taken.written for row in taken.rows}
    for id, was in world.statuses.items():
        allowed = NEXT.get(was, {rows[id]["status"]})
        late = {"sent"} if was == "dropped" and id in gone else set()
        assert rows[id]["status"] in allowed | late, (id, was, rows[id]["status"])
    world.statuses = {id: row["status"] for id, row in rows.items()}


def nobody_stands_in_two_unsaid(world: World) -> None:
    """Who holds roles in two incidents that go on is shared by name in one of them. A drill that stands still wants
    nobody; it hears what it missed as it goes on."""
    going = [i for i in world.folded.values() if contest.goes_on(i) and i.frozen is None]
    for number, one in enumerate(going):
        for other in going[number + 1 :]:
            both = {p for slots in one.roles.values() for p in slots.values()}
            both &= {p for slots in other.roles.values() for p in slots.values()}
            assert both <= one.shared | other.shared, (one.code, other.code)


AT_EACH_STEP: tuple[Callable[[World], None], ...] = (
    store_engine_and_log_agree, every_decided_message_is_kept, the_log_is_whole, an_end_is_an_end,
    nobodys_silence_stops_a_plan, a_message_goes_once_or_is_owned_up_to, what_is_called_sent_was_taken,
    no_drill_rings_a_real_telephone, a_message_never_goes_back, nobody_stands_in_two_unsaid,
)  # fmt: skip
NUMBER = st.integers(0, 999)


def pick(choices: Iterable[Any], number: int) -> Any:
    """Return one of *choices*, or None where there are none."""
    found = list(choices)
    return found[number % len(found)] if found else None


class Night(RuleBasedStateMachine):
    """One night: each rule is one thing that happens."""

    world: World

    @initialize(house=st.sampled_from(sorted(PLACES)), a=NUMBER, drill=st.booleans())
    def begin(self, house: str, a: int, drill: bool) -> None:
        """Something happens in one of the houses."""
        self.world = World(house)
        self.trigger(a, drill=drill, grave=None, separate=False)

    # looking

    @property
    def incident(self) -> Incident:
        """The incident that the night is about, as the log tells it."""
        live = self.world.live() or list(self.world.folded.values())
        return live[0] if self._turn % 3 else live[-1]

    _turn = 0

    @property
    def has_incident(self) -> bool:
        """Whether anything has happened at all."""
        return bool(self.world.folded)

    def person(self, number: int) -> str:
        """Return somebody, mostly of those who were alerted."""
        incident = self.incident
        return str(pick((*sorted(incident.of_person), *sorted(incident.of_person), *incident.members), number))

    def by(self, number: int) -> str:
        """Return who says something: who commands, the console, or anybody."""
        return str(pick((self.incident.command or "console", "console", self.person(number)), number))

    # what goes wrong

    @rule(after=st.integers(0, 120))
    def a_death_is_near(self, after: int) -> None:
        """The process will die at a statement soon."""
        self.world.doom(after)

    @rule(after=st.integers(0, 60), busy=st.booleans())
    def a_fault_is_near(self, after: int, busy: bool) -> None:
        """The store will fail once, soon."""
        (self.world.busy if busy else self.world.broken)(after)

    @precondition(lambda self: self.world.deaths < 12)
    @rule()
    def die_now(self) -> None:
        """The process dies while it does nothing."""
        self.world.die()

    # time

    @rule(jump=st.sampled_from(JUMPS))
    def time_passes(self, jump: timedelta) -> None:
        """The clock moves, and nobody looks."""
        self.world.clock.move(jump)

    @rule(late=st.sampled_from((0, 0, 1, 90, 4000)), passes=st.integers(1, 4))
    def timers_are_due(self, late: int, passes: int) -> None:
        """The next timers fire, at their time or late; then none is overdue."""
        world = self.world
        for _ in range(passes):
            due = world.eye.next_timer()
            if due is not None and due > world.clock.now():
                world.clock.move(due - world.clock.now())
            world.clock.move(timedelta(seconds=late))
            if world.fire_due():
                overdue = world.eye.due_timers(world.clock.now())
                assert not overdue, f"overdue after all were fired: {overdue}"

    # beginning, and asking again

    @rule(a=NUMBER, drill=st.booleans(), grave=st.none() | st.sampled_from(list(Severity)), separate=st.booleans())
    def trigger(self, a: int, drill: bool, grave: Severity | None, separate: bool) -> None:
        """Something happens, or is reported again."""
        if len(self.world.folded) > 2:
            return
        plan, place = pick(PLACES[self.world.house], a)
        more: dict[str, Any] = {"severity": grave.name} if grave is not None else {}
        more |= {"note": "smoke"} if a % 2 else {}
        id = f"i{len(self.world.requests)}"
        self.world.verb("trigger", playbook=plan, at=place, drill=drill, separate=separate, id=id, **more)

    @precondition(lambda self: self.world.requests)
    @rule(a=NUMBER)
    def ask_again(self, a: int) -> None:
        """Somebody who got no answer asks again: what was done is not done a second time."""
        world = self.world
        verb, args = pick(world.requests[-3:], a)
        done, before = world.was_heard(f"request:{args['request']}"), contents(world.eye._db)
        with world.not_sending():
            world.ask(verb, args)
        assert not done or contents(world.eye._db) == before, f"{verb} was done twice"

    @precondition(lambda self: self.has_incident)
    @rule(a=NUMBER, b=NUMBER)
    def several_ask_at_once(self, a: int, b: int) -> None:
        """What comes at the same moment is done in one commit; what is refused spoils nothing beside it."""
        world, code = self.world, self.incident.code
        to = pick([s.name for s in self.incident.playbook.states], b)
        words: tuple[tuple[str, dict[str, Any]], ...] = (
            ("tell", {"text": "use the north stairs"}),
            ("severity", {"level": pick(Severity, a).name, "by": self.by(b), "reason": "it looks so"}),
            ("transition", {"to": to, "by": self.by(a)}),
            ("reply", {"person": self.person(b), "text": f"{code}{'123'[a % 3]}"}),
            ("fact", {"values": {"no such fact": "1"}}),
        )
        asked = [
            (verb, {"code": code, "request": f"together{len(world.requests)}.{n}", **args})
            for n, (verb, args) in enumerate((*words[a % 5 :], *words[: a % 5]))
        ]
        world.requests += asked[: 2 + b % 3]
        world.ask_at_once(asked[: 2 + b % 3])

    # what people say

    @precondition(lambda self: self.has_incident)
    @rule(a=NUMBER, text=st.sampled_from(TEXTS), stranger=st.integers(0, 9))
    def somebody_writes(self, a: int, text: str, stranger: int) -> None:
        """A text comes in: an answer, a wrong one, nonsense, or from nobody we know."""
        incident, person = self.incident, self.person(a)
        alerts = [incident.alerts[id] for id in incident.of_person.get(person, ())]
        runs = [incident.steps[alert.step] for alert in alerts if alert.step is not None]
        run = pick(runs, a) or pick(incident.steps.values(), a)
        ref = reference(incident, run) if run is not None else incident.code
        known = self.world.roster().people.get(person)
        number = pick(known.numbers, a) if known is not None and stranger else None
        self._hear(
            Inbound(
                id=f"in{len(self.world.heard)}", provider="phone", channel="sms", sender=number or "+4930000000",
                text=text.format(ref=ref, code=incident.code),
            )
        )  # fmt: skip

    @precondition(lambda self: self.has_incident)
    @rule(a=NUMBER, key=st.sampled_from("11123459"))
    def somebody_presses_a_key(self, a: int, key: str) -> None:
        """A key is pressed in a call."""
        calls = [t for t in self.world.provider.taken.values() if t.message.channel == "voice"]
        call = pick(calls[-8:], a)
        if call is not None:
            id = f"in{len(self.world.heard)}"
            self._hear(
                Inbound(
                    id=id, provider="phone", channel="voice", sender=call.message.to, text=key, delivery=call.message.id
                )
            )

    def _hear(self, inbound: Inbound) -> None:
        self.world.heard.append(inbound)
        self.world.receive(inbound)

    @precondition(lambda self: self.world.heard)
    @rule(a=NUMBER)
    def it_comes_again(self, a: int) -> None:
        """A provider sends a message again: what was acted on is not acted on a second time."""
        world = self.world
        inbound = pick(world.heard[-3:], a)
        known, before = world.was_heard(inbound.id), contents(world.eye._db)
        with world.not_sending():
            world.receive(inbound)
        after = contents(world.eye._db)
        assert not known or {**after, "counter": []} == {**before, "counter": []}, f"{inbound.id} was acted on twice"

    # what people do

    @precondition(lambda self: self.has_incident)
    @rule(
        a=NUMBER, what=st.sampled_from(("acknowledge", "acknowledge", "decline", "finish", "finish", "help", "stray"))
    )
    def somebody_answers(self, a: int, what: str) -> None:
        """Somebody has it, cannot, is done, or calls for help; also for what is over long since."""
        self.world.handle(self.incident.id, self._answer(a, what))

    def _answer(self, a: int, what: str) -> c.AnyCommand:
        incident = self.incident
        asking = sorted(x.id for x in incident.alerts.values() if x.kind in ASKING)
        open_ = [id for id in asking if incident.alerts[id].status != "closed"]
        alert = pick(asking if what == "stray" else open_ or asking, a)
        run = pick([r for r in incident.steps.values() if r.status == "open"] or incident.steps.values(), a)
        if what == "acknowledge" and alert:
            return c.Acknowledge(alert=alert, by="console" if a % 2 else None)
        if what in ("decline", "stray") and alert:
            return c.Decline(alert=alert)
        if what == "finish" and run:
            plan = incident.plan_of(run)
            answer = pick((x.name for x in plan.decision), a) if plan else None
            person = pick([incident.alerts[id].person for id in run.alerts], a) or self.person(a)
            return c.FinishStep(step=run.id, person=person, answer=answer)
        return c.AskHelp(person=self.person(a))

    @precondition(lambda self: self.has_incident)
    @rule(a=NUMBER, override=st.booleans())
    def somebody_orders(self, a: int, override: bool) -> None:
        """A transition is ordered, by its guard or over it."""
        to = pick([s.name for s in self.incident.playbook.states], a)
        more: dict[str, Any] = {"override": True, "reason": "I see it"} if override else {}
        self._verb("transition", to=to, by=self.by(a), **more)

    @precondition(lambda self: self.has_incident)
    @rule(a=NUMBER, how=st.sampled_from(("stand-down", "stand-down", "cancel")), override=st.booleans())
    def somebody_ends_it(self, a: int, how: str, override: bool) -> None:
        """It is stood down, or was a false alarm."""
        more: dict[str, Any] = {"check": ["all"]} if a % 3 else {"check": ["1"]}
        more |= {"override": override, "reason": "all out"}
        self._verb(how, by=self.by(a), **(more if how == "stand-down" else {"reason": "toast"}))

    @precondition(lambda self: any(is_drill(i.mode) for i in self.world.folded.values()))
    @rule(a=NUMBER, how=st.sampled_from(("drill-stop", "drill-resume", "drill-resume")))
    def a_drill_stands_still_or_goes_on(self, a: int, how: str) -> None:
        """Every drill is stopped, or one goes on; most often one that was stopped by a call for help."""
        drills = [i for i in self.world.live() if is_drill(i.mode)]
        drill = pick([i for i in drills if i.frozen is not None] or drills, a)
        if drill is not None:
            self._verb(how, code=drill.code if a % 2 else "", drill=drill.code)

    @precondition(lambda self: self.has_incident)
    @rule(a=NUMBER, level=st.sampled_from(list(Severity)))
    def somebody_sets_the_level(self, a: int, level: Severity) -> None:
        """The level goes up or down by a person's word."""
        self._verb("severity", level=level.name, by=self.by(a), reason="it looks so")

    @precondition(lambda self: self.has_incident and self.incident.playbook.facts)
    @rule(a=NUMBER)
    def somebody_tells_a_fact(self, a: int) -> None:
        """A fact is told."""
        fact = pick(self.incident.playbook.facts, a)
        values = {"time": ("14:05", "2026-03-02T11:30"), "choice": fact.choices}.get(fact.type) or VALUES[fact.type]
        self._verb("fact", values={fact.name: pick(values, a // 7)}, by=self.by(a))

    @precondition(lambda self: self.has_incident)
    @rule(a=NUMBER, b=NUMBER)
    def somebody_is_assigned(self, a: int, b: int) -> None:
        """A role, or command itself, passes to somebody."""
        role = pick(("command", *[duty.role for duty in self.incident.site.duties]), a)
        self._verb("assign", role=role, person=self.person(b), by=self.by(a), slot=str(1 + a % 2), reason="relieved")

    @precondition(lambda self: self.has_incident)
    @rule(a=NUMBER)
    def somebody_says_something(self, a: int) -> None:
        """A note, words to everyone, words to one, a step given up, an answer by radio."""
        run = pick(self.incident.steps.values(), a)
        verb, args = pick(
            (
                ("note", {"text": "the lift is stuck"}),
                ("tell", {"text": "use the north stairs"}),
                ("tell", {"text": "come to the gate", "to": [self.person(a)]}),
                ("give-up", {"step": run.letter if run else "A", "reason": "too much smoke"}),
                ("reply", {"person": self.person(a), "text": f"{self.incident.code}{run.letter if run else ''}1"}),
            ),
            a,
        )
        self._verb(verb, by=self.by(a), **args)

    @precondition(lambda self: self.has_incident)
    @rule(a=NUMBER)
    def the_team_changes(self, a: int) -> None:
        """Somebody leaves for good: the roster forgets them."""
        world = self.world
        roster = world.roster()
        gone = pick(sorted(roster.people), a)
        if gone is None or len(roster.people) < 4:
            return
        left = type(roster)(people={id: p for id, p in roster.people.items() if id != gone})
        world.act(lambda: world.engine.unit(lambda en: save_roster(en, left, world.clock.now())))

    def _verb(self, verb: str, **args: Any) -> None:
        self._turn += 1
        args = {"code": self.incident.code, **args}
        self.world.verb(verb, **args)

    # providers

    @rule(script=st.lists(st.sampled_from(OUTCOMES), max_size=8), a=NUMBER)
    def what_waits_is_sent(self, script: list[str], a: int) -> None:
        """Messages go out, and become of them what the script says."""
        self.world.provider.script[:] = script
        self.world.meanwhile = lambda: self._meanwhile(a)
        self.world.pump()
        self.world.provider.script.clear()

    def _meanwhile(self, a: int) -> None:
        """While a message is on its way, somebody answers, or it is all over."""
        world = self.world
        world.look()
        what = pick(("acknowledge", "decline", "finish", "end"), a)
        command = c.CancelIncident(by="console", reason="seal:r") if what == "end" else self._answer(a // 4, what)
        with contextlib.suppress(CommandRefused, StoreError):
            world.engine.handle(self.incident.id, command)

    @rule(cut_off=st.booleans())
    def what_is_open_is_settled(self, cut_off: bool) -> None:
        """Messages without an outcome are looked into."""
        self.world.provider.cut_off = cut_off
        self.world.settle()
        self.world.provider.cut_off = False

    @precondition(lambda self: self.world.provider.taken)
    @rule(a=NUMBER, status=st.sampled_from(("sent", "delivered", "delivered", "failed")), reason=st.integers(0, 3))
    def a_provider_reports(self, a: int, status: str, reason: int) -> None:
        """Receipts come, in any order, and again."""
        world = self.world
        id, taken = pick(list(world.provider.taken.items())[-12:], a)
        why = ("busy", "no_answer", "machine", "30003")[reason] if status == "failed" else ""
        known = id if a % 3 else ""
        for _ in range(1 + a % 2):
            world.act(lambda: world.report(taken.message.id, status, provider_id=known, reason=why))

    @rule()
    def receipts_are_asked_for(self) -> None:
        """Where no receipts can reach us, the provider is asked."""
        self.world.ask_for_receipts()

    # after each of these

    @invariant()
    def the_promises_are_kept(self) -> None:
        """Each of them, now."""
        world = self.world
        world.look()
        if world.deaths != self._deaths:
            self._deaths = world.deaths
            what_was_written_stays(world)
        for promise in AT_EACH_STEP:
            promise(world)

    _deaths = 0

    def teardown(self) -> None:
        """The trouble ends: everything is settled. Then all are silent for long, and no plan stops."""
        if not hasattr(self, "world"):
            return
        try:
            if sys.exc_info()[0] is not None:
                return  # something was found already
            self.world.calm()
            everything_is_settled(self.world)
            self.the_promises_are_kept()
            the_silence_is_not_the_end(self.world)
            self.the_promises_are_kept()
            timers_fire_once(self.world)
        finally:
            self.world.close()


def everything_is_settled(world: World) -> None:
    """Once providers and store are well, and a clock that was set back has caught up, every message gets its outcome
    within some minutes; but those of a drill that stands still, which wait until it goes on."""
    world.clock.catch_up()
    for _ in range(40):
        world.clock.move(timedelta(seconds=61))
        world.settle()
        world.pump()
        rows = {id: row for id, row in world.messages().items() if row["status"] in ("queued", "sending", "unknown")}
        still = {row["incident"] for row in rows.values() if held_since(world.eye, row["incident"] or "") is not None}
        open_ = [id for id, row in rows.items() if row["status"] != "queued" or row["incident"] not in still]
        if not open_:
            return
    raise AssertionError(f"never settled: {open_}")


def the_silence_is_not_the_end(world: World) -> None:
    """Nobody answers any more: whatever fires, the plan goes on until it is closed, and keeps calling until then."""
    for _ in range(12):
        due = world.eye.next_timer()
        if due is None:
            break
        if due > world.clock.now():
            world.clock.move(due - world.clock.now())
        assert world.fire_due()
        assert not world.eye.due_timers(world.clock.now())
        world.look()
        nobodys_silence_stops_a_plan(world)
        an_end_is_an_end(world)
    world.pump()


quiet_about_the_dead()
TestNights = Night.TestCase
TestNights.settings = settings(
    max_examples=EXAMPLES // NIGHTS_LONG if LONG else EXAMPLES,
    stateful_step_count=STEPS,
    derandomize=not LONG,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
