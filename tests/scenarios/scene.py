"""A scene: one emergency of a shipped plan, among played people of the sample mall, in virtual time.

Nothing here decides anything: the engine, the outbox, the inbox and the verbs are those of a real night. A test sets
how people behave (`scene.phone("liu_yang").answers_after(...)`), what is done at the console and when (`scene.at(...)`,
`scene.on("controlled", ...)`), lets it run, and reads the timeline.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any

from emergency.app import PLANS, reach_of
from emergency.clock import VirtualClock
from emergency.core import events as e
from emergency.core.incident import BESIDE, Alert, Incident, StepRun
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.core.templates import FIRST_ANSWER_KEY
from emergency.core.wording import reference
from emergency.drills.rehearsals.runner import Runner
from emergency.engine import Engine
from emergency.errors import Mistakes
from emergency.inbox import Inbox
from emergency.library import Library
from emergency.loader import read_playbook, read_roster, read_site
from emergency.notify import Message
from emergency.people import People, save_roster, save_site
from emergency.roster import Roster
from emergency.setup import SAMPLE
from emergency.store.store import SqliteStore
from emergency.verbs import Desktop, perform
from notifiers.played import PlayedPhones, Rung

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
"""A Sunday, noon in Shanghai: the early shift is on, the office is on call."""
EVENING = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""The same day, 20:00: the late shift."""
NIGHT = datetime(2026, 3, 1, 19, 0, tzinfo=UTC)
"""The Monday after, 03:00 in Shanghai: thirteen people in the house."""
OFFICE = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)
"""A Tuesday, 11:00 in Shanghai: the early shift and the office are in."""

PLACES = {
    "fire": "b1_food_court",
    "power_outage": "star_plaza",
    "elevator_entrapment": "lift_2",
    "robbery": "f1_jeweller",
    "crowding": "f1_atrium",
    "personal_injury": "f4_east",
    "escalator": "f2_east",
    "gas_leak": "f5_south_kitchens",
    "flooding": "b2_car_park_east",
    "demonstration": "south_square",
    "riot": "f1_west",
    "suspicious_object": "f2_west_washrooms",
    "threat": "star_plaza",
    "media": "south_square",
    "earthquake": "star_plaza",
    "missing_child": "f3_kids",
    "severe_weather": "star_plaza",
    "system_failure": "f4_server_room",
    "aircon_failure": "f5_cinema",
    "vip_visit": "f1_atrium",
}
"""Each plan with the place its scenes are set in."""

INCIDENT = "0123456789ab"
"""The id every scene's first incident bears, so that two runs write the very same log."""

Orders = Mapping[str, Any]


@lru_cache
def sample_site() -> Site:
    """Return the sample mall."""
    path = SAMPLE / "site.yaml"
    return read_site(path.read_bytes(), str(path))


@lru_cache
def sample_roster() -> Roster:
    """Return the people of the sample mall."""
    path = SAMPLE / "roster.yaml"
    return read_roster(path.read_bytes(), str(path), sample_site())


@lru_cache
def shipped_plans() -> dict[str, Playbook]:
    """Return the plans we ship, by id, read against the sample mall."""
    paths = sorted(PLANS.glob("*.yaml"))
    return {path.stem: read_playbook(path.read_bytes(), str(path), sample_site()) for path in paths}


class Shelf(Library):
    """The shipped plans, read once for all scenes."""

    def __init__(self) -> None:
        super().__init__(PLANS, PLANS / "none")

    def load_all(self, engine: Engine, site: Site) -> tuple[dict[str, Playbook], list[Mistakes]]:
        """Return the plans of the shelf."""
        return shipped_plans(), []


class Stage(Runner):
    """The runner of a drill that also wakes for what is to be done at the console."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.engine, scene.clock, scene.phones, scene.people)
        self.scene = scene

    async def step(self) -> None:
        """Do the orders that are due and all that follows from them."""
        await super().step()
        while self.scene.do_what_is_due():
            await super().step()

    def next_moment(self) -> datetime | None:
        """Return when something happens next, orders among it."""
        moments = [super().next_moment(), self.scene.next_order()]
        return min((m for m in moments if m is not None), default=None)


class Phone:
    """How one person (or, for `scene.everyone`, everybody else) behaves on the telephone."""

    def __init__(self, scene: Scene, person: str | None) -> None:
        self.scene = scene
        self.numbers: Sequence[str | None] = sample_roster().people[person].numbers if person else (None,)

    def _behave(self, **habits: Any) -> None:
        for number in self.numbers:
            self.scene.phones.behave(number, **habits)

    def answers_after(self, wait: timedelta, says: str = "1") -> None:
        """Answers every SMS that asks something, each thing in it by its code."""
        self._behave(answers=lambda m: self.scene.each_asked(m, lambda run: [(wait, says)]))

    def presses_after(self, wait: timedelta, key: str = "1") -> None:
        """Reads no SMS, takes calls."""
        self._behave(answers=lambda m: [(wait, key)] if m.channel == "voice" else ())

    def works(
        self,
        decisions: Mapping[str, str] | None = None,
        *,
        first: timedelta = 10 * SECOND,
        share: float = 0.5,
        skips: Sequence[str] = (),
    ) -> None:
        """Answers 1 and later reports the step done, after *share* of its time; decides as *decisions* say.

        A decision that is not named is answered with its first answer; the steps in *skips* are only acknowledged.
        """

        def replies(run: StepRun) -> list[tuple[timedelta, str]]:
            plan = self.scene.incident_of(run).plan_of(run)
            if run.name in skips or run.name in BESIDE:
                return [(first, "1")]
            allowed = (plan.done if plan else None) or 2 * MINUTE
            if plan is None or not plan.decision:
                return [(first, "1"), (first + allowed * share, "2")]
            names = [answer.name for answer in plan.decision]
            chosen = (decisions or {}).get(run.name, names[0])
            return [(first, "1"), (first + allowed * share, str(FIRST_ANSWER_KEY + names.index(chosen)))]

        self._behave(answers=lambda m: self.scene.each_asked(m, replies))

    def is_silent(self) -> None:
        """Never answers a word."""
        self._behave()

    def has_voicemail(self) -> None:
        """Calls end in a mailbox."""
        self._behave(machine=True)

    def is_not_in_use(self) -> None:
        """The number is dead."""
        self._behave(fails="number_not_in_use")

    def texts(self, words: str) -> None:
        """Writes of their own accord, now."""
        assert self.numbers[0] is not None
        self.scene.phones.texts(self.numbers[0], words)


class Scene:
    """One emergency and everybody in it."""

    def __init__(self, start: datetime = NOON) -> None:
        self.start = start
        self.clock = VirtualClock(start)
        self.phones = PlayedPhones(self.clock)
        self.people = People()
        salts = count()
        store = SqliteStore(":memory:", salt=lambda: next(salts).to_bytes(16, "big"))
        self.engine = Engine(store, self.clock)
        self.engine.unit(self._furnish)
        notifiers = [self.phones.on("sms"), self.phones.on("voice")]
        self.desktop = Desktop(
            self.people, Inbox(self.people), Shelf(), {"drill": reach_of(notifiers, "drill")}, frozenset({"drill"})
        )
        self.engine.team = self.desktop.team
        self.runner = Stage(self)
        self.owners = sample_roster().by_number()
        self.id = ""
        self._orders: list[tuple[datetime, str, Orders]] = []
        self._cues: list[tuple[str, timedelta, str, Orders]] = []
        self._seen = 0
        self._answered: set[tuple[str, str]] = set()

    def _furnish(self, engine: Engine) -> None:
        save_site(engine, sample_site(), self.start)
        save_roster(engine, sample_roster(), self.start)

    def close(self) -> None:
        """Check that every hash of the log holds, and put the store away."""
        if self.id:
            self.engine.store.verify(self.id)
        self.engine.store.close()

    # people

    def phone(self, person: str) -> Phone:
        """Return the telephone of one person."""
        return Phone(self, person)

    @property
    def everyone(self) -> Phone:
        """The telephones of everybody who was given no habits of their own."""
        return Phone(self, None)

    def each_asked(
        self, message: Message, replies: Callable[[StepRun], Sequence[tuple[timedelta, str]]]
    ) -> list[tuple[timedelta, str]]:
        """Return what is said to a message: the replies to each thing it asks, once each, with its code."""
        if message.channel == "voice" or message.id.startswith("re:"):
            return []
        person, said = self.owners[message.to], []
        for row in self.engine.store.open_incidents():
            incident = self.engine.incident(row.id)
            for ref in dict.fromkeys(re.findall(rf"{incident.code}[A-Y]+", message.text)):
                run = next((r for r in incident.steps.values() if reference(incident, r) == ref), None)
                if run is not None and (person, ref) not in self._answered:
                    self._answered.add((person, ref))
                    said += [(wait, f"{ref} {key}") for wait, key in replies(run)]
        return said

    def incident_of(self, run: StepRun) -> Incident:
        """Return the open incident that *run* belongs to."""
        found = [self.engine.incident(row.id) for row in self.engine.store.open_incidents()]
        return next(i for i in found if i.steps.get(run.id) == run)

    # what is done

    def open(self, playbook: str, place: str | None = None, **args: Any) -> Incident:
        """Trigger *playbook*, as a drill, at *place* (or at the place its scenes are set in)."""
        words = {"playbook": playbook, "at": place or PLACES[playbook], "drill": True, **args}
        if not self.id:
            words.setdefault("id", INCIDENT)
        document = perform(self.desktop, self.engine, "trigger", words)
        self.id = self.id or str(document["id"])
        return self.engine.incident(str(document["id"]))

    def do(self, verb: str, **args: Any) -> dict[str, Any]:
        """Do *verb* now, on the scene's incident; `by="command"` means whoever commands."""
        incident = self.incident
        if args.get("by") == "command":
            args["by"] = incident.command
        return perform(self.desktop, self.engine, verb, {"code": incident.code, **args})

    def fact(self, by: str = "console", **values: object) -> None:
        """Tell facts now."""
        self.do("fact", values={name: str(value) for name, value in values.items()}, by=by)

    def counts(self, density: Mapping[int, float], until: int) -> None:
        """Report the density every minute, from the first one named up to *until*; it holds until the next one."""
        value = 0.0
        for minute in range(min(density), until + 1):
            value = density.get(minute, value)
            self.at(minute * MINUTE, "fact", values={"density": str(value)})

    def is_followed_up(self, affected: int = 2, called_back: int | None = None) -> None:
        """Have it said in the follow-up who is to be called back, and after three days how many were."""
        called = affected if called_back is None else called_back
        self.on("follow_up", "fact", after=HOUR, values={"affected": str(affected)})
        self.on("follow_up", "fact", after=3 * DAY, values={"called_back": str(called)})

    def is_stood_down(self, state: str, *, after: timedelta, by: str = "command") -> None:
        """Have it stood down so long after *state* was entered, every line of the checklist confirmed."""
        self.on(state, "stand-down", after=after, by=by, check=["all"])

    def at(self, moment: timedelta, verb: str, **args: Any) -> None:
        """Do *verb* so long after the beginning."""
        self._orders.append((self.start + moment, verb, args))
        self._orders.sort(key=lambda order: order[0])

    def on(self, state: str, verb: str, *, after: timedelta = timedelta(0), **args: Any) -> None:
        """Do *verb* so long after *state* is entered, each time it is."""
        self._cues.append((state, after, verb, args))

    def leaves_out(self, *, state: str | None = None, verb: str | None = None) -> None:
        """Forget what was to be done on entering *state*, or with *verb*."""
        self._cues = [cue for cue in self._cues if cue[0] != state and cue[2] != verb]

    def next_order(self) -> datetime | None:
        """Return when something is to be done at the console next, or None."""
        self._notice_states()
        return self._orders[0][0] if self._orders else None

    def do_what_is_due(self) -> bool:
        """Do the next order that is due; return whether there was one."""
        self._notice_states()
        if not self._orders or self._orders[0][0] > self.clock.now():
            return False
        _, verb, args = self._orders.pop(0)
        self.do(verb, **args)
        return True

    def _notice_states(self) -> None:
        if not self.id or not self._cues:
            return
        for event, at in self.engine.store.history(self.id, self._seen):
            self._seen += 1
            if isinstance(event, e.StateEntered):
                for state, after, verb, args in self._cues:
                    if state == event.state:
                        self._orders.append((at + after, verb, args))
        self._orders.sort(key=lambda order: order[0])

    def run(self, until: timedelta) -> Incident:
        """Let everything happen up to *until* after the beginning; return the incident as it is then."""
        asyncio.run(self.runner.run(self.start + until))
        return self.incident

    # what came of it

    @property
    def incident(self) -> Incident:
        """The incident as it is now."""
        return self.engine.incident(self.id)

    @property
    def state(self) -> str:
        """The state the plan is in."""
        return self.incident.state

    @property
    def level(self) -> str:
        """The severity."""
        return self.incident.severity.value

    def log(self) -> list[tuple[e.AnyEvent, datetime]]:
        """Return what happened, with the moments."""
        return list(self.engine.store.history(self.id))

    def happened(self, kind: type[e.Event]) -> list[Any]:
        """Return the events of one kind, in order."""
        return [event for event, _ in self.log() if isinstance(event, kind)]

    def hashes(self) -> list[str]:
        """Return the chain of the log."""
        return [record.hash for record in self.engine.store.records(self.id)]

    def since_start(self, moment: datetime) -> str:
        """Return a moment as time since the beginning, `0:02:00`."""
        return str(timedelta(seconds=int((moment - self.start).total_seconds())))

    def path(self) -> list[str]:
        """Return the states entered, in order."""
        return [event.state for event in self.happened(e.StateEntered)]

    def timeline(self) -> list[tuple[str, str, str]]:
        """Return when which state was entered, and what moved the plan."""
        return [(self.since_start(at), x.state, x.via) for x, at in self.log() if isinstance(x, e.StateEntered)]

    def levels(self) -> list[tuple[str, str]]:
        """Return when the severity became what."""
        return [(self.since_start(at), x.to.value) for x, at in self.log() if isinstance(x, e.SeverityChanged)]

    def alerts(self, *, step: str | None = None, person: str | None = None, kind: str | None = None) -> list[Alert]:
        """Return the alerts, oldest first, of a step, a person, a kind."""
        incident = self.incident
        found = sorted(incident.alerts.values(), key=lambda a: int(a.id[1:]))
        return [
            a
            for a in found
            if (step is None or (a.step is not None and incident.steps[a.step].name == step))
            and person in (None, a.person)
            and kind in (None, a.kind)
        ]

    def sent(self, **which: str | None) -> list[tuple[str, str, str]]:
        """Return what was handed to a channel for the alerts of a step, a person, a kind: when, channel, person."""
        deliveries = {id for a in self.alerts(**which) for id in a.deliveries}
        known = self.incident.deliveries
        return [
            (self.since_start(at), known[x.delivery].channel, known[x.delivery].person)
            for x, at in self.log()
            if isinstance(x, e.DeliverySent) and x.delivery in deliveries
        ]

    def received(self, person: str | None = None, *, channel: str | None = None, answers: bool = False) -> list[Rung]:
        """Return what reached the telephones of *person* (of everybody); with *answers*, also what answers a reply."""
        return [
            rung
            for rung in self.phones.received
            if (person is None or self.owners[rung.message.to] == person)
            and channel in (None, rung.message.channel)
            and (answers or not rung.message.id.startswith("re:"))
        ]

    def words_to(self, person: str, channel: str | None = None) -> list[str]:
        """Return the words that reached *person*."""
        return [rung.message.text for rung in self.received(person, channel=channel)]

    def per_person(self) -> Counter[str]:
        """Return how many messages and calls reached each person."""
        return Counter(self.owners[rung.message.to] for rung in self.received())

    def busiest(
        self, within: timedelta, *, since: timedelta = timedelta(0), but: Sequence[str] = ()
    ) -> tuple[int, str]:
        """Return the most messages and calls that reached one person within such a time, and who that was.

        but: words of messages that do not count.
        """
        by_person: dict[str, list[datetime]] = {}
        for rung in self.received():
            if rung.at - self.start < since or any(words in rung.message.text for words in but):
                continue
            by_person.setdefault(self.owners[rung.message.to], []).append(rung.at)
        return max(((most_within(times, within), person) for person, times in by_person.items()), default=(0, ""))

    def step(self, name: str) -> StepRun:
        """Return the latest run of a step."""
        return [run for run in self.incident.steps.values() if run.name == name][-1]

    def sweeps(self) -> Iterator[StepRun]:
        """Return the runs of the present state that are one zone's."""
        return (run for run in self.incident.runs_here() if run.zone)


def most_within(times: Sequence[datetime], within: timedelta) -> int:
    """Return the largest number of *times* (oldest first) that lie in any window so long."""
    most, first = 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= within:
            first += 1
        most = max(most, last - first + 1)
    return most
