"""The whole program dies and comes back: killed at any moment, started again over deadlines, watched from outside."""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.throughput import installed
from emergency import control
from emergency.app import App
from emergency.clock import SystemClock, VirtualClock
from emergency.core import events as e
from emergency.engine import Engine
from emergency.server import Server
from emergency.store.store import SqliteStore
from emergency.verbs import perform
from tests.fake_twilio import FakeTwilio
from tests.fakes import FakeNotifier
from tests.faults.process import Process, Supervisor, check_whole, outbox, reading
from tests.serving import PATIENCE, PUBLIC, Running, make_app, make_home, twilio_env, until
from tests.small import MINUTE, House, number

ROUNDS = 3
"""How often the server is killed in the middle of the burst."""
UNLIMITED = {"TWILIO_SMS_PER_NUMBER": "0 0 0", "TWILIO_CALLS_PER_NUMBER": "0 0 0"}
"""One telephone gets what a night would bring it, in seconds: what is over its limit would wait for minutes."""


@pytest.fixture
def home() -> Iterator[Path]:
    """An installation of the small building, in a folder with a short path: sockets lie in it."""
    made = make_home()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    """A Twilio that reports nothing, for nobody listens part of the time; nobody picks up."""
    with FakeTwilio() as fake:
        fake.accept_everything()
        fake.callbacks(lost="all")
        fake.everybody.will_not_answer()
        yield fake


def all_sent(home: Path) -> None:
    """Wait until every text has gone out, and every call but those that wait for a line which is busy."""

    def look() -> bool:
        with reading(home) as engine:
            rows = outbox(engine)
            called = {row.person for row in rows if row.channel == "voice" and row.status in ("sending", "sent")}
            waits = [row for row in rows if row.status not in ("sent", "delivered", "dropped")]
            return all(row.channel == "voice" and row.person in called for row in waits)

    until(look, "for the outbox")


def doubles(twilio: FakeTwilio) -> int:
    """How many messages and calls were taken a second time, by the delivery that their callback names."""
    backs = [m.callback for m in twilio.messages if m.direction == "outbound-api"]
    backs += [call.form["StatusCallback"] for call in twilio.calls]
    sent = Counter(back.rsplit("/", 1)[0] for back in backs)
    return sum(times - 1 for times in sent.values())


def owned_up_to(engine: Engine) -> int:
    """How many messages the logs show as possibly sent twice."""
    logs = (event for row in engine.store.all_incidents() for event, _ in engine.store.history(row.id))
    return sum(isinstance(event, e.DeliveryRetried) and event.possibly_twice for event in logs)


# the same incidents


def test_a_fire_goes_on_as_it_was(home: Path, twilio: FakeTwilio) -> None:
    """Killed while the first wave is on its way: started again, the incident is the same to the letter, everybody is
    told, and after one more kill nothing at all has changed."""
    env = twilio_env(twilio)
    shutil.rmtree(home)
    home.mkdir()
    app, engine = installed(home, env, 0)
    engine.store.close()
    twilio.settings.latency = 10 * PATIENCE  # nothing is answered before this test says so
    with Process(home, env) as process:
        process.start()
        before_any = twilio.requests
        id = process.asks("trigger", playbook="fire", at="K12")["id"]
        until(lambda: twilio.requests > before_any, "for the first message")
        twilio.hurry()
        until(lambda: twilio.ledger, "for the provider to take it")
        process.kill()
        twilio.settings.latency = 0.1
        twilio.hurry()
        before, timers = left_behind(home, app, id)
        process.start()
        all_sent(home)
        after = process.asks("status")
        process.kill()
        left = left_behind(home, app, id)[1]
        process.start()
        again = process.asks("status")
        in_time = SystemClock().now() < min(timer.due for timer in timers)
        assert process.end() == 0
    assert [d for a in before["alerts"] for d in a["deliveries"] if d["status"] == "queued"], "killed too late"
    if in_time:  # a machine that takes a minute for all this has come to the first deadline: then things do move
        assert left == timers
        assert unmoved(before) == unmoved(after)
        assert after == again
    with reading(home) as engine:
        check_whole(engine)
        rows = outbox(engine)
        people = app.people.roster(engine).people
        assert {people[row.person].numbers[row.number] for row in rows} == {entry.to for entry in twilio.ledger}
        print(f"{len(rows)} messages, {doubles(twilio)} twice, {owned_up_to(engine)} owned up to")
        assert doubles(twilio) <= owned_up_to(engine)


def left_behind(home: Path, app: App, id: str) -> tuple[dict[str, Any], list[Any]]:
    """What a dead server has left: how the incident stands, and its timers."""
    with reading(home) as engine:
        check_whole(engine)
        far = SystemClock().now() + timedelta(days=36_500)
        return perform(app.desktop, engine, "status", {"code": engine.incident(id).code}), engine.store.due_timers(far)


def unmoved(document: dict[str, Any]) -> dict[str, Any]:
    """Return the status without what changes by itself when messages go out."""
    kept = {key: value for key, value in document.items() if key != "unsent"}
    moving = ("status", "channel", "deliveries")
    return kept | {"alerts": [{k: v for k, v in a.items() if k not in moving} for a in document["alerts"]]}


# a burst


class Burst:
    """People who trigger, and people who text, all the while, whether a server runs or not; each notes what was
    answered. Who got no answer to a trigger asks again with the same id, as the command line does."""

    def __init__(self, home: Path, twilio: FakeTwilio, base: str) -> None:
        self.socket = home / "serve.sock"
        self.twilio = twilio
        self.base = base
        self.asked: set[str] = set()
        self.answered: set[str] = set()
        self.texted: dict[str, str] = {}
        self.heard: set[str] = set()
        self.refused = 0
        self._ending = threading.Event()
        self._failures: list[BaseException] = []
        work: list[Callable[[], None]] = [lambda: self._trigger("a"), lambda: self._trigger("b")]
        work += [lambda p=p: self._text(p) for p in ("emma", "chloe")]  # type: ignore[misc]
        self._threads = [threading.Thread(target=self._run, args=(each,), daemon=True) for each in work]

    def __enter__(self) -> Burst:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *rest: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(PATIENCE)
        if self._failures:
            raise self._failures[0]

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._failures.append(error)

    def goes_on(self) -> None:
        """Wait until one more of either sort was answered: a slow machine takes its time for that."""
        triggers, texts = len(self.answered), len(self.heard)
        until(lambda: len(self.answered) > triggers and len(self.heard) > texts, "for the burst to go on")

    def is_refused(self) -> None:
        """Wait until somebody has met with nobody."""
        refused = self.refused
        until(lambda: self.refused > refused, "for somebody to be refused")

    def _trigger(self, name: str) -> None:
        count = 0
        while not self._ending.wait(0.02):
            id = f"{name}{count}"
            self.asked.add(id)
            args = {"id": id, "playbook": "noise", "at": "hall", "separate": True, "request": f"r{id}"}
            try:
                answer = control.ask(self.socket, {"verb": "trigger", "args": args}, patience=5)
            except control.NoServer:
                self.refused += 1
                self._ending.wait(0.05)
                continue
            assert "document" in answer, answer
            self.answered.add(id)
            count += 1

    def _text(self, person: str) -> None:
        phone = self.twilio.phone(number(person))
        for count in range(100_000):
            words = f"{self.base} smoke near {person} " + "".join(chr(ord("a") + int(d)) for d in str(count))
            heard = phone.texts(words)
            self._note(heard.status, heard.message.sid if heard.message else "", words)
            if heard.status != 200:
                self._note(phone.replays().status, heard.message.sid if heard.message else "", words)
            if self._ending.wait(0.02):
                return

    def _note(self, status: int | None, sid: str, words: str) -> None:
        self.texted[sid] = words
        if status is not None and 200 <= status < 300:
            self.heard.add(sid)
        else:
            self.refused += 1


def test_killed_again_and_again_in_a_burst(home: Path, twilio: FakeTwilio) -> None:
    """Triggers and texts come in all the while the server is killed at random: whatever was answered is there
    afterwards, once; what was not is there as a whole or not at all."""
    dice = random.Random(11)
    with Process(home, twilio_env(twilio) | UNLIMITED) as process:
        process.start()
        twilio.route(PUBLIC, process.address)
        twilio.webhook(PUBLIC + "/hooks/twilio/sms")
        base = process.asks("trigger", playbook="leak", at="hall", id="base")["incident"]
        all_sent(home)
        with Burst(home, twilio, base) as burst:
            for _ in range(ROUNDS):
                burst.goes_on()
                time.sleep(dice.uniform(0.0, 0.3))
                process.kill()
                with reading(home) as engine:
                    check_whole(engine)
                burst.is_refused()
                process.start()
            burst.goes_on()
        all_sent(home)
        assert process.end() == 0
    twilio.forgive()  # that nobody was there is what this is about
    assert min(len(burst.answered), len(burst.heard)) > ROUNDS <= burst.refused, "no burst: the test shows nothing"
    with reading(home) as engine:
        check_whole(engine)
        there = {row.id for row in engine.store.all_incidents()} - {"base"}
        assert burst.answered <= there <= burst.asked
        received = {id for (id,) in engine.store._db.execute("select id from inbound where channel = 'sms'")}
        assert burst.heard <= received <= set(burst.texted)
        notes = [event.text for event, _ in engine.store.history("base") if isinstance(event, e.NoteAdded)]
        said = engine.store.words(notes)
        noted = Counter(said[seal] for seal in notes)
        assert noted == Counter(burst.texted[sid] for sid in received), "each that was stored was acted on, once"
        print(
            f"{ROUNDS} kills: {len(burst.answered)} triggers and {len(burst.heard)} texts answered, "
            f"{burst.refused} not, {len(there)} incidents, {doubles(twilio)} messages twice, "
            f"{owned_up_to(engine)} owned up to"
        )
        assert doubles(twilio) <= owned_up_to(engine)


# deadlines


def test_down_over_deadlines(home: Path, twilio: FakeTwilio) -> None:
    """The server was down while deadlines passed, and is killed while it makes up for them: each timer fires once, in
    order, and says how late it is."""
    began = SystemClock().now() - 11 * MINUTE
    overdue: dict[tuple[str, str], Any] = {}
    kills = 0
    with Process(home, twilio_env(twilio)) as process:
        for name in ("past", "further", "furthest"):  # once, but for a machine that just then stood still
            fired = len(overdue)
            timers = opened(home, began, 12, name)
            overdue |= {(t.incident, t.name): t.due for t in timers if t.due <= began + 11 * MINUTE}
            for some in (fired + 1, (fired + len(overdue)) // 2):
                process.begin()
                until(lambda some=some: fired_in(home) >= some, "for the first timers")  # type: ignore[misc]
                process.kill()
                kills += fired_in(home) < len(overdue)
            if kills:
                break
        process.start()
        until(lambda: fired_in(home) >= len(overdue), "for every timer")
        all_sent(home)
        document = process.asks("status", code=code_of(home, "past0"))
        assert process.end() == 0
    assert kills, "killed too late: the test shows nothing"
    with reading(home) as engine:
        check_whole(engine)
        fired = [
            (at, row.id, event)
            for row in engine.store.all_incidents()
            for event, at in engine.store.history(row.id)
            if isinstance(event, e.TimerFired) and (row.id, event.timer) in overdue
        ]
    print(f"{len(overdue)} deadlines passed, {kills} kills while they were made up for")
    assert Counter((id, event.timer) for _, id, event in fired) == Counter(overdue.keys()), "each once"
    dues = [overdue[id, event.timer] for _, id, event in sorted(fired, key=lambda each: each[0])]
    assert dues == sorted(dues), "the oldest first"
    for at, id, event in fired:
        assert event.late_by == at - overdue[id, event.timer]
    assert {step["late"] for step in document["steps"] if step["due_at"]} == {True}


def test_a_timer_that_was_set_before_a_crash_fires_in_time(home: Path, twilio: FakeTwilio) -> None:
    """A server dies before a deadline; the next one keeps it."""
    with Process(home, twilio_env(twilio)) as process:
        began = time.monotonic()
        process.start().kill()
        ahead = timedelta(seconds=1 + 2 * (time.monotonic() - began))  # on a slow machine a start takes longer
        opened(home, SystemClock().now() + ahead - first_wait(), 1, "soon")
        process.start()
        until(lambda: timers_fired(home, "soon0"), "for the timer")
        assert process.end() == 0
    late = [event.late_by or timedelta(0) for event in timers_fired(home, "soon0")]
    assert max(late) < timedelta(seconds=10), "seconds that only a machine loses which stands still for so long"


def first_wait() -> timedelta:
    """How long after its opening, just now, the first timer of a leak is due: that depends on the shift."""
    house = House([FakeNotifier(), FakeNotifier("voice")], clock=VirtualClock(SystemClock().now()))
    house.open()
    house.pump()
    first = house.store.next_timer()
    assert first is not None
    return first - house.clock.now()  # type: ignore[no-any-return]


def opened(home: Path, at: Any, count: int, name: str = "past", *, sent: bool = True) -> list[Any]:
    """Open *count* leaks at that moment and return their timers; where *sent*, everybody was told just then: the clock
    of an alert begins when it leaves."""
    store = SqliteStore(home / "emergency.db")
    house = House([FakeNotifier(), FakeNotifier("voice")], store=store, clock=VirtualClock(at), fresh=False)
    ids = {house.open(id=f"{name}{n}").id for n in range(count)}
    if sent:
        house.pump()
    timers = [t for t in store.due_timers(at + timedelta(days=9), 100_000) if t.incident in ids]
    store.close()
    return timers


def fired_in(home: Path) -> int:
    """How many timers have fired."""
    with contextlib.closing(sqlite3.connect(home / "emergency.db")) as db:
        return int(db.execute("select count(*) from event where kind = 'TimerFired'").fetchone()[0])


def timers_fired(home: Path, id: str) -> list[e.TimerFired]:
    """The timers of an incident that have fired."""
    with reading(home) as engine:
        return [event for event, _ in engine.store.history(id) if isinstance(event, e.TimerFired)]


def code_of(home: Path, id: str) -> str:
    """The code of an incident."""
    with reading(home) as engine:
        return engine.incident(id).code


# one server, and who watches it


def test_a_second_server_is_refused_and_a_dead_one_leaves_no_lock(home: Path) -> None:
    """While one serves, a second ends with 5 and one line about it; once the first is dead, the next starts at once."""
    with Process(home, {}) as first:
        first.start()
        status, out, said = first.types("serve", "--port", "0")
        assert (status, out, said.count("\n"), "already runs" in said) == (5, "", 1, True), said
        assert first.asks("status")["incidents"] == [], "the first is not disturbed"
        first.kill()
        assert (home / "serve.sock").exists(), "the dead leave their socket behind"
        with Process(home, {}) as second:
            assert second.start().asks("status")["incidents"] == []
            assert second.end() == 0


def test_the_supervisor_hears_how_it_goes(home: Path) -> None:
    """Under systemd: ready once it listens and not before, a sign of life again and again, and a word at the end."""
    with contextlib.closing(Supervisor(home / "notify")) as supervisor, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = Process(home, {"NOTIFY_SOCKET": supervisor.address})
        status, _, said = process.types("serve", "--port", str(taken.getsockname()[1]))
        assert (status, "cannot listen" in said) == (5, True)
        assert "READY=1" not in supervisor.listen(), "it never listened"
        supervisor.heard.clear()
        with process:
            process.start()
            supervisor.wait_for("READY=1")
            supervisor.wait_for("WATCHDOG=1", 2)
            assert "STOPPING=1" not in supervisor.heard
            assert process.end(signal.SIGTERM) == 0
        supervisor.wait_for("STOPPING=1")
        assert supervisor.heard.count("READY=1") == supervisor.heard.count("STOPPING=1") == 1


@pytest.fixture
def supervisor(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """A supervisor of servers in this process, whose heart beats ten times a second."""
    monkeypatch.setattr("emergency.scheduler.HEARTBEAT_SECONDS", 0.1)
    heard = Supervisor(home / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", heard.address)
    yield heard
    heard.close()


def lives(supervisor: Supervisor) -> None:
    """Wait for two more signs of life."""
    supervisor.wait_for("WATCHDOG=1", supervisor.listen().count("WATCHDOG=1") + 2)


def beats(supervisor: Supervisor, seconds: float) -> int:
    """How many signs of life come within *seconds*."""
    before = supervisor.listen().count("WATCHDOG=1")
    time.sleep(seconds)
    return supervisor.listen().count("WATCHDOG=1") - before


def hang_the_store(server: Server, hangs: threading.Event, go: threading.Event) -> None:
    """Let the thread that owns the store wait."""

    def wait(engine: Engine) -> None:
        hangs.set()
        go.wait(PATIENCE)

    server._begin(server.desk.do(wait))


def hang_the_loop(server: Server, hangs: threading.Event, go: threading.Event) -> None:
    """Let the event loop wait."""
    hangs.set()
    go.wait(PATIENCE)


@pytest.mark.parametrize("hang", [hang_the_store, hang_the_loop])
def test_who_hangs_gives_no_sign_of_life(
    home: Path, supervisor: Supervisor, hang: Callable[[Server, threading.Event, threading.Event], None]
) -> None:
    """While the store's thread or the event loop hangs, the watchdog hears nothing; afterwards it does again."""
    hangs, go = threading.Event(), threading.Event()
    with Running(make_app(home, {}, [FakeNotifier()])) as running:
        lives(supervisor)
        assert running._loop is not None
        assert running.server is not None
        running._loop.call_soon_threadsafe(hang, running.server, hangs, go)
        assert hangs.wait(PATIENCE)
        if hang is hang_the_store:
            running.goes_round()  # a sign of life that it had begun to give is heard
        silent = beats(supervisor, 0.5)
        go.set()
        assert silent == 0
        lives(supervisor)


class Impatient(App):
    """An installation whose store gives up at once when it is held."""

    def engine(self, *, create: bool = False) -> Engine:
        """Open the store."""
        engine = super().engine(create=create)
        engine.store._db.execute("pragma busy_timeout = 20")
        return engine


def impatient(home: Path, sms: FakeNotifier) -> Impatient:
    """The small building, with one notifier and no patience."""
    app = make_app(home, {}, [sms])
    return Impatient(app.settings, app.notifiers, app.clock)


@contextlib.contextmanager
def held(home: Path) -> Iterator[None]:
    """Another process holds the database meanwhile."""
    with contextlib.closing(sqlite3.connect(home / "emergency.db", isolation_level=None)) as holder:
        holder.execute("begin immediate")
        yield
        holder.execute("rollback")


def test_a_store_that_cannot_be_written_is_no_sign_of_life(home: Path, supervisor: Supervisor) -> None:
    """Nothing can be written and nothing was sent: starting anew can only help, so the watchdog hears nothing."""
    with Running(impatient(home, FakeNotifier())) as running, held(home):
        running.goes_round()  # a sign of life that it had begun to give is heard
        assert beats(supervisor, 0.35) == 0


def test_who_alone_knows_what_was_sent_is_not_started_anew(home: Path, supervisor: Supervisor) -> None:
    """A wave went out that cannot be written down: the next server would send it once more, so this one stays. Told to
    end, it writes down what it knows, and the next one sends nothing."""
    opened(home, SystemClock().now(), 1, sent=False)
    before, after = FakeNotifier(), FakeNotifier()
    running = Running(impatient(home, before))
    with held(home):
        running.start()
        until(lambda: before.taken, "for the wave")
        lives(supervisor)
    running.stop()
    wave = len(before.taken)
    with Running(impatient(home, after)):
        lives(supervisor)
    assert (wave > 2, after.taken) == (True, {})
    with reading(home) as engine:
        check_whole(engine)
        assert {row.status for row in outbox(engine) if row.channel == "sms"} == {"sent"}
