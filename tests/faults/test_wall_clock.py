"""The machine's clock is set, ahead or back by an hour, while an emergency runs: nothing fires early, nothing sleeps.

The server, its engine, alarm clock, outbox and sweep are the real ones; only the two clocks of the machine are played.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apscheduler.schedulers.base
import pytest

import emergency.clock
import emergency.scheduler
import emergency.server
from emergency import control
from emergency.clock import SystemClock, VirtualClock, wall, wall_of
from emergency.core import commands as c
from emergency.core import events as e
from emergency.errors import TemporaryFailure
from emergency.outbox import LEASE, RETRY_LONGEST, Rate
from emergency.server import CLOCK_SET, Server, _may_follow, watched
from emergency.store.store import SqliteStore
from tests.fake_twilio import FakeTwilio
from tests.fakes import FakeNotifier, Lost, TracedNotifier
from tests.serving import PATIENCE, Mill, Running, make_app, make_home, until
from tests.small import MINUTE, NOON, SECOND, House

HOUR = timedelta(hours=1)
AHEAD_AND_BACK = pytest.mark.parametrize("by", [HOUR, -HOUR], ids=["ahead", "back"])


class Machine:
    """The clocks of the machine: `set` moves the one on the wall; when time `passes`, both move."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._ahead = timedelta(0)
        self._passed = timedelta(0)
        self._stopped: tuple[datetime, timedelta] | None = None
        machine = self
        running = emergency.clock._running

        class Wall(datetime):
            """What a program finds in place of `datetime`."""

            @classmethod
            def now(cls, tz: Any = None) -> Any:
                """Return what the clock on the wall shows."""
                moment = machine._stopped[0].astimezone(tz) if machine._stopped else datetime.now(tz)
                return moment + machine._passed + machine._ahead

        patch.setattr(emergency.clock, "datetime", Wall)
        patch.setattr(apscheduler.schedulers.base, "datetime", Wall)
        patch.setattr(
            emergency.clock,
            "_running",
            lambda: (machine._stopped[1] if machine._stopped else running()) + machine._passed,
        )
        self._running = running

    def stop(self) -> None:
        """Let no time go by from now on but what `passes`: a busy machine would add its own."""
        self._stopped = datetime.now(UTC), self._running()

    def set(self, by: timedelta) -> None:
        """Let somebody set the clock on the wall."""
        self._ahead += by

    def passes(self, by: timedelta) -> None:
        """Let time go by."""
        self._passed += by


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The machine, on which the server looks around more often than it would, so that nobody waits for it."""
    monkeypatch.setattr(emergency.scheduler, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(emergency.scheduler, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(emergency.server, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(emergency.server, "CLOCK_SECONDS", 0.02)
    return Machine(monkeypatch)


class Night:
    """A server of the small building with an emergency in it, and a look into its store."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.sms, self.voice = TracedNotifier(), TracedNotifier("voice")
        self.running = Running(make_app(home, {}, [self.sms, self.voice]))
        self.store = SqliteStore(home / "emergency.db")
        self.id = ""

    def begin(self) -> None:
        """Start the server and the emergency, and wait until everybody was told."""
        self.running.start()
        self.id = str(self.running.asks("trigger", playbook="leak", at="hall")["id"])
        self.all_told()

    def all_told(self) -> None:
        """Wait until no message waits any more."""
        until(lambda: self.waiting() == Counter(), "for the messages")

    def waiting(self) -> Counter[str]:
        """Return how many messages have no outcome, by status."""
        counts = self.store.outbox_counts()
        return Counter({s: n for (_, s), n in counts.items() if s in ("queued", "sending", "unknown")})

    def events(self, *kinds: type[e.Event]) -> list[Any]:
        """Return what is in the log, or those events that are of some kinds."""
        return [event for event, _ in self.store.history(self.id) if not kinds or isinstance(event, kinds)]

    def due(self, within: timedelta) -> list[str]:
        """Return the timers that are due in the next while, first due first."""
        return [t.name for t in self.store.due_timers(self.running.app.clock.now() + within, 1000)]

    def fired(self) -> list[str]:
        """Return the timers that fired, in the order of the log."""
        return [event.timer for event in self.events(e.TimerFired)]

    def trouble(self, words: str) -> str:
        """Wait until the heartbeat tells of a trouble with these words, and return all it says."""
        return until(lambda: next((says for says in [self._says()] if words in says), None), f"for {words!r}")

    def well(self) -> None:
        """Wait until the heartbeat tells of no trouble."""
        until(lambda: self._says() == "", "for all to be well")

    def _says(self) -> str:
        beat = self.store.heartbeat("serve")
        return beat[2] if beat is not None else "no heartbeat"

    def works(self) -> None:
        """Wait until sweep and heartbeat have both come round again, by themselves."""
        swept: list[int] = []
        server = self.running.server
        assert server is not None
        settle = server._settle

        async def counted() -> None:
            swept.append(1)
            await settle()

        server._settle = counted  # type: ignore[method-assign]
        before = self.store.heartbeat("serve")
        until(lambda: len(swept) >= 2, "for the sweep")
        until(lambda: self.store.heartbeat("serve") != before, "for the heartbeat")

    def is_whole(self) -> None:
        """The log is in order and unbroken; no timer fired twice, and nobody was told anything twice."""
        moments = [at for _, at in self.store.history(self.id)]
        assert moments == sorted(moments)
        self.store.verify(self.id)
        was_set = Counter(event.timer for event in self.events(e.TimerSet))
        assert Counter(self.fired()) <= was_set
        assert {1} == set((self.sms.reached() + self.voice.reached()).values())
        assert self.events(e.DeliveryRetried, e.DeliveryFailed) == []

    def end(self) -> None:
        """Stop the server and tidy up."""
        self.running.stop()
        self.store.close()


@pytest.fixture
def home() -> Iterator[Path]:
    """Return an installation without a server."""
    made = make_home()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def night(machine: Machine, home: Path) -> Iterator[Night]:
    """Return an emergency that runs, and in which everybody was told."""
    made = Night(home)
    made.begin()
    yield made
    made.end()


# an emergency runs


@AHEAD_AND_BACK
def test_timers_neither_fire_early_nor_sleep(machine: Machine, night: Night, by: timedelta) -> None:
    """Set by an hour: no timer fires for that; when its time has really passed each fires once, in order, in time."""
    soon = night.due(90 * SECOND)
    assert soon
    machine.set(by)
    night.trouble("clock was set")
    night.works()
    assert night.fired() == []
    machine.passes(90 * SECOND)
    until(lambda: len(night.fired()) >= len(soon), "for the timers")
    assert soon == night.fired()[: len(soon)]
    assert all(event.late_by is None or event.late_by < 2 * MINUTE for event in night.events(e.TimerFired))
    night.all_told()
    night.is_whole()


@AHEAD_AND_BACK
def test_the_operator_is_told(machine: Machine, night: Night, by: timedelta) -> None:
    """Terminal, heartbeat, /healthz and the emergency's own log say that the clock was set; right again, they say so
    too, and each of it once."""
    machine.set(by)
    way = "ahead" if by > timedelta(0) else "back"
    words = f"the machine's clock was set {way} by 60 min"
    assert words in night.trouble("clock was set")
    assert json.loads(night.running.http("/healthz")[1])["status"] == "trouble"
    machine.set(-by)
    night.well()
    lines = night.running.asks("log")
    notes = [lines["words"][x["data"]["text"]] for x in lines["lines"] if x["kind"] == "NoteAdded"]
    assert len(notes) == 2
    assert words in notes[0]
    assert "right again" in notes[1]
    assert len([line for line in night.running.said if words in line]) == 1
    assert "clock: well again" in night.running.said
    night.is_whole()


@AHEAD_AND_BACK
def test_others_see_that_the_server_lives(machine: Machine, night: Night, by: timedelta) -> None:
    """Another process goes by the clock on the wall: to it the server is alive, before and after."""
    machine.set(by)
    night.trouble("clock was set")
    other = make_app(night.home, {}, []).engine()
    until(lambda: watched(other), "to be seen")
    other.store.close()


@AHEAD_AND_BACK
def test_a_message_that_waits_is_neither_too_old_nor_stuck(machine: Machine, home: Path, by: timedelta) -> None:
    """Messages wait for their next try when the clock is set: they are kept, and go when that try is due."""
    night = Night(home)
    night.sms.always = TemporaryFailure("503")
    night.running.start()
    night.id = str(night.running.asks("trigger", playbook="leak", at="hall")["id"])
    until(lambda: night.store.held_up(wall()), "for the refusals")
    machine.set(by)
    night.trouble("clock was set")
    night.works()
    assert night.events(e.DeliveryFailed) == []
    night.sms.always = None
    machine.passes(RETRY_LONGEST)
    night.all_told()
    night.is_whole()
    night.end()


@AHEAD_AND_BACK
def test_a_message_without_an_outcome_is_settled(machine: Machine, home: Path, by: timedelta) -> None:
    """The answer to a message was lost when the clock is set: it is looked into all the same, and not sent again."""
    night = Night(home)
    night.sms.cut_off = True
    night.sms.next = [Lost] * 4
    night.running.start()
    night.id = str(night.running.asks("trigger", playbook="leak", at="hall")["id"])
    until(lambda: night.waiting()["unknown"], "for the loss")
    machine.set(by)
    night.trouble("clock was set")
    night.sms.cut_off = False
    machine.passes(3 * SECOND)
    night.all_told()
    night.is_whole()
    night.end()


@AHEAD_AND_BACK
def test_what_a_command_caused_is_known_from_what_was_before(machine: Machine, night: Night, by: timedelta) -> None:
    """The command line asks what became of the messages it caused: the answer says since when that is, in its terms."""
    machine.set(by)
    night.trouble("clock was set")
    night.sms.always = night.voice.always = TemporaryFailure("503")
    request = {"verb": "tell", "args": {"text": "use the side door"}}
    answer = control.ask(night.running.app.settings.socket, request, patience=PATIENCE)
    unsent = [each["at"] for each in answer["document"]["unsent"]]
    assert unsent
    assert night.store.open_incidents()[0].opened_at.strftime("%Y-%m-%dT%H:%M:%S") < answer["began"]
    assert answer["began"] <= min(unsent)
    night.sms.always = night.voice.always = None


@AHEAD_AND_BACK
def test_replies_are_still_fetched(machine: Machine, home: Path, by: timedelta) -> None:
    """Where the provider cannot reach us, a reply that is given after the clock was set is fetched and counts once."""
    with FakeTwilio() as twilio:
        twilio.accept_everything()
        mill = Mill(twilio, home, public=None).start()
        id = mill.trigger()["id"]
        mill.phone("emma").expect_sms("L01")
        machine.set(by)
        until(lambda: any("clock was set" in line for line in mill.running.said), "to be noticed")
        mill.phone("emma").texts("1")
        assert mill.who(id, mill.wait_for(id, e.AlertAcknowledged, via="sms").alert) == "emma"
        mill.phone("emma").expect_sms("noted, received")
        mill.stop()


def test_ahead_and_back_again_is_as_if_nothing_was(machine: Machine, night: Night) -> None:
    """An hour ahead, two back, one ahead, with time going by in between: every timer in its turn, nothing twice."""
    for by in (HOUR, -2 * HOUR, HOUR):
        machine.set(by)
        soon = night.due(MINUTE)
        before = len(night.fired())
        machine.passes(MINUTE)
        until(lambda soon=soon, before=before: len(night.fired()) >= before + len(soon), "for the timers")
        night.all_told()
    night.well()
    night.is_whole()


def test_while_the_machine_sleeps_time_passes(machine: Machine, night: Night) -> None:
    """Asleep for ten minutes, both clocks go on: what came due fires once, oldest first, and nobody is in trouble."""
    soon = night.due(10 * MINUTE)
    machine.passes(10 * MINUTE)
    until(lambda: len(night.fired()) >= len(soon), "for the timers")
    assert soon == night.fired()[: len(soon)]
    night.all_told()
    night.is_whole()
    assert night.events(e.NoteAdded) == []


@AHEAD_AND_BACK
def test_the_alarm_is_set_on_the_wall(machine: Machine, night: Night, by: timedelta) -> None:
    """APScheduler goes by the wall: the alarm for the first timer lies there as far ahead as the timer really is."""
    machine.set(by)
    night.trouble("clock was set")

    async def set_alarm(server: Server) -> tuple[datetime, datetime, datetime]:
        now, before = server.app.clock.now(), wall()
        server.scheduler.wake_at(now + 9 * SECOND, now)
        return before, server.scheduler._scheduler.get_job("next-timer").next_run_time, wall()

    before, alarm, after = night.running.on_loop(set_alarm)
    assert before + 9 * SECOND <= alarm <= after + 9 * SECOND


# no emergency runs, or no server did


@AHEAD_AND_BACK
def test_without_an_emergency_the_clock_is_followed(machine: Machine, home: Path, by: timedelta) -> None:
    """Nothing is open: the time on the wall is taken up and said, and the next emergency runs on it from the start."""
    night = Night(home)
    night.running.start()
    machine.set(by)
    until(lambda: any("is followed" in line for line in night.running.said), "to be followed")
    assert abs(night.running.app.clock.now() - wall()) < CLOCK_SET
    night.id = str(night.running.asks("trigger", playbook="leak", at="hall")["id"])
    night.all_told()
    soon = night.due(MINUTE)
    machine.passes(MINUTE)
    until(lambda: len(night.fired()) >= len(soon), "for the timers")
    night.well()
    night.is_whole()
    night.end()


def test_when_the_clock_may_be_followed() -> None:
    """Not while an emergency runs, not while a message is on its way, and not to before the last line of an open log:
    it would stand still there."""
    house = House([FakeNotifier(), FakeNotifier("voice")])
    assert _may_follow(house.engine, NOON - HOUR)
    house.open(id="x")
    house.pump()
    assert not _may_follow(house.engine, NOON + HOUR)
    house.do("x", c.CancelIncident(by="console", reason=house.store.seal("it was rain")))
    assert not _may_follow(house.engine, NOON + HOUR)
    house.pump()
    assert not house.incident("x").is_closed
    assert _may_follow(house.engine, NOON + HOUR)
    assert not _may_follow(house.engine, NOON - HOUR)


def test_what_has_ended_does_not_hold_the_clock_for_ever(machine: Machine, night: Night) -> None:
    """While an emergency runs its time goes on; as soon as it is over and told, the wall's is taken up again."""
    machine.set(HOUR)
    night.trouble("clock was set")
    night.running.asks("cancel", reason="it was rain")
    until(lambda: any("is followed" in line for line in night.running.said), "to be followed")
    night.well()
    night.is_whole()


def test_a_server_that_starts_on_a_clock_set_back_goes_on_where_the_log_stood(machine: Machine, night: Night) -> None:
    """Set back by an hour while no server ran: the timers of the open emergency do not sleep until the hour is over,
    and its messages go out."""
    night.running.stop()
    machine.set(-HOUR)
    soon = night.due(MINUTE)
    again = Night(night.home)
    again.id = night.id
    again.running.start()
    again.trouble("set back by")
    machine.passes(MINUTE)
    until(lambda: set(soon) <= set(again.fired()), "for the timers")
    again.all_told()
    again.is_whole()
    again.end()


def test_a_command_on_a_clock_set_back_reaches_people(machine: Machine, home: Path) -> None:
    """No server runs, and the clock was set back: what a command decides in an open emergency leaves at once."""
    night = Night(home)
    night.begin()
    night.running.stop()
    machine.set(-HOUR)
    sms = FakeNotifier()
    app = make_app(home, {}, [sms])
    engine = app.engine()
    engine.handle(night.id, c.Tell(by="console", text=engine.store.seal("use the side door"), people=("emma",)))
    asyncio.run(app.outbox(app.inline(engine)).pump())
    assert ["side door" in text for text in sms.texts] == [True]
    engine.store.close()
    night.store.close()


# the clocks themselves


@AHEAD_AND_BACK
def test_a_clock_that_is_set_moves_no_time(machine: Machine, by: timedelta) -> None:
    """The system clock goes on as it was, knows how far off the wall is, and follows it only when it is told to."""
    machine.stop()
    clock = SystemClock()
    before = clock.now()
    machine.set(by)
    assert clock.now() == before
    assert clock.off == by
    assert wall_of(clock) == before + by
    machine.passes(MINUTE)
    assert clock.now() == before + MINUTE
    clock.follow()
    assert clock.off == timedelta(0)
    assert clock.now() == before + by + MINUTE


@pytest.mark.parametrize("line, moved", [(HOUR, HOUR), (-HOUR, timedelta(0))], ids=["to come", "gone by"])
def test_no_earlier_than_the_log(machine: Machine, line: timedelta, moved: timedelta) -> None:
    """A log that is ahead of the clock pulls it there; one that is behind leaves it where it is."""
    machine.stop()
    clock = SystemClock()
    before = clock.now()
    clock.not_before(before + line)
    assert clock.now() == before + moved


def test_a_virtual_clock_is_its_own_wall() -> None:
    """A drill in virtual time has no machine that could set its clock."""
    assert wall_of(VirtualClock(NOON)) == NOON


def test_both_clocks_of_this_machine_go_on() -> None:
    """Unplayed: the wall tells UTC, and the system clock runs on beside it."""
    clock = SystemClock()
    told = [clock.now() for _ in range(1000)]
    assert told == sorted(told)
    assert told[0] < told[-1]
    assert abs(clock.off) < SECOND
    assert clock.now().tzinfo is UTC


# what goes by the clock, on one that is set all the same


@AHEAD_AND_BACK
def test_a_rate_recovers(by: timedelta) -> None:
    """A sender that has used up its pace gets it back a second later, wherever the clock stands by then."""
    rate = Rate(1.0, NOON)
    rate.spend(1.0, NOON)
    assert rate.available(NOON) == 0
    rate.available(NOON + by)
    assert rate.available(NOON + by + SECOND) == 1


@AHEAD_AND_BACK
def test_a_claim_of_the_dead_is_settled(by: timedelta) -> None:
    """A claim made in the time before does not hold a message for ever: once its process is gone, it is looked into."""
    sms = TracedNotifier()
    house = House([sms])
    house.open(id="x")
    for row in house.rows():
        house.store.claim([row.id], f"{2**22}:dead/{row.id}", NOON + by)
    house.clock.advance(LEASE + SECOND)
    house.settle()
    house.pump()
    assert {"sent"} == set(house.statuses())
