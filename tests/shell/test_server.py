"""The running program over real sockets: what is triggered arrives, what is answered counts, and nothing is lost."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from emergency.clock import SystemClock, VirtualClock
from emergency.core import events as e
from emergency.engine import Engine
from emergency.errors import StoreError
from emergency.notify import Message, Receipt
from emergency.server import Server, _unread_since, watched
from emergency.store.store import SqliteStore
from tests.fake_twilio import NUMBERS, FakeTwilio
from tests.fakes import FakeNotifier, TracedNotifier
from tests.faults.process import Process
from tests.serving import PATIENCE, Mill, Running, make_app, make_home, twilio_env, until
from tests.small import MINUTE, NOON, SECOND, House, number

KEY = "a-key-of-the-test"


@pytest.fixture
def home() -> Iterator[Path]:
    """Return an installation without a server."""
    made = make_home()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def idle() -> Iterator[Mill]:
    """Return a building in which nothing happens, with a key for its API, for all that is refused."""
    with FakeTwilio() as twilio:
        made = Mill(twilio, make_home(), EMERGENCY_API_KEY=KEY).start()
        yield made
        made.stop()


# from the trigger to the answer


def test_a_trigger_reaches_telephones_and_a_text_answers_it(mill: Mill) -> None:
    """Emma is texted; her 1 is acknowledged by SMS, and she reads back what it did."""
    id = mill.trigger()["id"]
    first = mill.phone("emma").expect_sms("L01", "Porter", "where is it from")
    assert NUMBERS[0] == first.sender
    assert mill.phone("emma").texts("1").status == 200
    event = mill.wait_for(id, e.AlertAcknowledged, via="sms")
    assert mill.who(id, event.alert) == "emma"
    mill.phone("emma").expect_sms("noted, received")


def test_a_call_is_answered_by_a_key(mill: Mill) -> None:
    """Anna, who leads, is rung at once: she presses 1, it counts as hers, and the call says what it did."""
    mill.phone("anna").will_press("1")
    id = mill.trigger()["id"]
    event = mill.wait_for(id, e.AlertAcknowledged, via="voice")
    assert mill.who(id, event.alert) == "anna"
    mill.phone("anna").expect_call("Press 1 received", "noted, received")


def test_a_machine_is_nobody(mill: Mill) -> None:
    """A mailbox takes Anna's call: it has failed, and the next commander is asked at once."""
    mill.phone("anna").is_machine()
    id = mill.trigger()["id"]
    assert mill.wait_for(id, e.DeliveryFailed).reason == "machine"
    mill.wait_for(id, e.LadderClimbed, because="undelivered")
    mill.phone("boris").expect_sms("L01")
    assert mill.events(id, e.AlertAcknowledged) == []


def test_what_the_carrier_lost_goes_another_way(mill: Mill) -> None:
    """Chloe's text is accepted and then undelivered: she is rung instead, without waiting for the ladder."""
    mill.phone("chloe").fails_with(30003)
    id = mill.trigger()["id"]
    mill.wait_for(id, e.DeliveryFailed, reason="30003")
    mill.phone("chloe").expect_call("go and look")


def test_a_refused_number_goes_to_the_next(mill: Mill) -> None:
    """A number that is none is tried once, on one channel; the person's other telephone is next, without waiting."""
    mill.phone("chloe").refuses_with(21211)
    mill.trigger()
    mill.phone("chloe", 1).expect_sms("go and look")
    mill.calm()
    assert [entry.kind for entry in mill.twilio.ledger if entry.to == number("chloe")] == ["message"]


@pytest.mark.parametrize(
    "chaos",
    [
        pytest.param({"early": True}, id="before our request is answered"),
        pytest.param({"copies": 3}, id="three times each"),
        pytest.param({"backwards": True}, id="the last one first"),
        pytest.param({"early": True, "copies": 2, "backwards": True}, id="all of it"),
    ],
)
def test_reports_may_come_in_any_order(mill: Mill, chaos: dict[str, Any]) -> None:
    """However often and in whatever order the provider reports, each message is delivered once, and nobody has
    acknowledged anything by it."""
    mill.twilio.callbacks(**chaos)
    id = mill.trigger()["id"]
    until(lambda: all(row.status == "delivered" for row in mill.rows()), "for the reports")
    mill.calm()
    delivered = [event.delivery for event in mill.events(id, e.DeliveryDelivered)]
    assert sorted(delivered) == sorted(row.id for row in mill.rows())
    assert mill.events(id, e.AlertAcknowledged, e.DeliveryFailed, e.DeliveryRetried) == []
    assert mill.twilio.duplicates() == {}


def test_an_answer_that_was_lost_is_not_sent_twice(mill: Mill) -> None:
    """The provider takes a text and the connection breaks: its trace is found, and it is not sent again; while nobody
    knew of it, the same was said in one call."""
    mill.twilio.callbacks(lost="all")
    mill.twilio.fault("lost", on="messages", to=number("emma"))
    id = mill.trigger()["id"]
    mill.wait_for(id, e.DeliverySent, found=True)
    assert [entry.kind for entry in mill.twilio.ledger if entry.to == number("emma")] == ["message", "call"]


def test_a_drill_stays_in_the_house(mill: Mill) -> None:
    """A drill beside a real provider rings no telephone: its messages are shown, and nothing else."""
    id = mill.trigger(drill=True)["id"]
    until(lambda: all(row.status == "sent" for row in mill.rows()) or None, "for the drill's messages")
    assert mill.events(id, e.DeliverySent)
    assert mill.twilio.ledger == []


def test_an_incident_runs_to_its_end(mill: Mill) -> None:
    """Two answers by text move the plan on, an order at the console ends it, and everybody who was told hears so."""
    id = mill.trigger()["id"]
    mill.phone("chloe").expect_sms("go and look")
    mill.phone("chloe").texts("L01 1")
    asked = mill.running.asks("status", code="L01")
    for step in asked["steps"]:
        if step["step"] in ("look", "block"):
            mill.phone("chloe").texts(step["code"] + "2")
    assert mill.wait_for(id, e.StateEntered, state="drying").state == "drying"
    ended = mill.running.asks("stand-down", code="L01", check=["all"], by="anna", override=True, reason="all dry")
    assert ended["state"] == "over"
    for person in ("anna", "chloe", "emma", "felix"):
        mill.phone(person).expect_sms("解除" if person == "felix" else "stood down")


# without a public address


@pytest.fixture
def cut_off(twilio: FakeTwilio) -> Iterator[Mill]:
    """Return the building where the provider cannot reach it."""
    made = Mill(twilio, make_home(), public=None)
    yield made
    made.stop()


def test_replies_are_fetched_where_none_can_come(cut_off: Mill) -> None:
    """Without a public address replies and receipts are asked for; they count the same, and once."""
    cut_off.start()
    id = cut_off.trigger()["id"]
    cut_off.phone("emma").expect_sms("L01")
    cut_off.phone("emma").texts("1")
    for _ in range(3):
        cut_off.running.on_loop(lambda server: server.poll())
    event = cut_off.wait_for(id, e.AlertAcknowledged, via="sms")
    assert cut_off.who(id, event.alert) == "emma"
    assert len(cut_off.events(id, e.AlertAcknowledged)) == 1
    cut_off.wait_for(id, e.DeliveryDelivered)
    cut_off.phone("emma").expect_sms("noted, received")


def test_a_reply_that_came_while_nobody_listened_is_fetched(cut_off: Mill) -> None:
    """The trigger was given without a server and answered at once: whoever starts one later still gets that answer."""
    app = cut_off.running.app
    engine = app.engine()
    from emergency.verbs import perform

    id = perform(app.desktop, engine, "trigger", {"playbook": "leak", "at": "hall"})["id"]
    engine.store.close()
    cut_off.phone("emma").texts(cut_off.store.incident(id).code + " 1", to=NUMBERS[0])  # type: ignore[union-attr]
    cut_off.start()
    cut_off.running.on_loop(lambda server: server.poll())
    assert cut_off.who(id, cut_off.wait_for(id, e.AlertAcknowledged).alert) == "emma"


@pytest.mark.parametrize(
    "opened, polled, since",
    [
        pytest.param(None, None, 0, id="nothing is open: from now on"),
        pytest.param(60, None, 60, id="never fetched: since anyone was asked"),
        pytest.param(60, 5, 5, id="since the last time"),
        pytest.param(5, 60, 5, id="not from before anyone was asked"),
    ],
)
def test_since_when_replies_are_fetched(opened: int | None, polled: int | None, since: int) -> None:
    """Minutes ago: since the last time that succeeded, whatever was typed at the console meanwhile."""
    house = House(clock=VirtualClock(NOON - 100 * MINUTE))
    if opened is not None:
        house.clock.move_to(NOON - opened * MINUTE)
        house.open()
    if polled is not None:
        house.store.beat("poll", NOON - polled * MINUTE, "1:x")
    house.store.first_time("console:1", NOON, "sms", "anna")
    house.clock.move_to(NOON)
    assert NOON - since * MINUTE == _unread_since(house.engine, NOON)


def test_a_fetch_that_fails_is_made_up_for(cut_off: Mill) -> None:
    """While the provider cannot be asked the server says so and lives on; the next fetch makes up for it."""
    cut_off.start()
    id = cut_off.trigger()["id"]
    cut_off.phone("emma").expect_sms("L01")
    cut_off.twilio.outage("503")
    cut_off.phone("emma").texts("1")
    cut_off.running.on_loop(lambda server: server.poll())
    assert json.loads(cut_off.running.http("/healthz")[1])["status"] == "trouble"
    cut_off.twilio.heal()
    cut_off.running.on_loop(lambda server: server.poll())
    cut_off.wait_for(id, e.AlertAcknowledged)
    until(lambda: json.loads(cut_off.running.http("/healthz")[1])["status"] == "ok" or None, "for all to be well")


# the control socket


def test_the_control_socket_does_verbs(mill: Mill) -> None:
    """Every verb of the command line works over the socket, and its document is that of the command."""
    id = mill.trigger()["id"]
    assert (id, "real", "alarm") == tuple(mill.running.asks("status")[key] for key in ("id", "mode", "state"))
    mill.running.asks("note", text="smells of oil")
    mill.wait_for(id, e.NoteAdded)
    log = mill.running.asks("log", verify=True)
    assert log["verified"] == len(log["lines"]) > 30
    said = mill.running.asks("reply", person="emma", text="1", id="r1")
    assert (said["person"], said["outcome"], said["incident"]) == ("emma", "acknowledged", "L01")
    assert mill.running.asks("reply", person="emma", text="1", id="r1")["outcome"] == "repeated"


def test_a_request_that_is_made_again_is_done_once(mill: Mill) -> None:
    """The same trigger with the same id, as after a lost answer: one incident, everybody called once."""
    first, second = mill.trigger(id="abc"), mill.trigger(id="abc")
    assert first["incident"] == second["incident"]
    mill.calm()
    assert mill.twilio.duplicates() == {}
    assert len(mill.store.all_incidents()) == 1


@pytest.mark.parametrize(
    "line, exit_status",
    [
        pytest.param(b'{"verb": "fly"}\n', 2, id="no such verb"),
        pytest.param(b'{"verb": "trigger"}\n', 2, id="without its words"),
        pytest.param(b'{"verb": "status", "args": {"code": "L99"}}\n', 2, id="no such incident"),
        pytest.param(b'{"verb": "status", "args": {"code": 7}}\n', 2, id="a code that is no text"),
        pytest.param(b'{"verb": "fact", "args": {"values": "x"}}\n', 2, id="facts that are no facts"),
        pytest.param(b'{"verb": "note", "args": 7}\n', 2, id="words that are a number"),
        pytest.param(b"[1, 2]\n", 2, id="a list"),
        pytest.param(b"7\n", 2, id="a number"),
        pytest.param(b"not json\n", None, id="no JSON"),
        pytest.param(b"\n", None, id="an empty line"),
        pytest.param(b"", None, id="nothing at all"),
        pytest.param(b"x" * 1_100_000 + b"\n", None, id="a line without end"),
    ],
)
def test_the_control_socket_survives_anything(idle: Mill, line: bytes, exit_status: int | None) -> None:
    """Wrong words are answered with an error and exit 2, noise with a closed connection; the next caller is served."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(str(idle.running.app.settings.socket))
        try:
            sock.sendall(line)
            sock.shutdown(socket.SHUT_WR)
            with sock.makefile("rb") as stream:
                answer = stream.read()
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
    if exit_status is None:
        assert answer == b""
    else:
        document = json.loads(answer)
        assert (exit_status, True) == (document["exit"], bool(document["error"]))
    assert idle.running.asks("status")["incidents"] == []


def test_the_control_socket_is_for_its_owner(idle: Mill) -> None:
    """Nobody else on the machine may talk to the server."""
    assert idle.running.app.settings.socket.stat().st_mode & 0o777 == 0o600


# HTTP


@pytest.fixture
def keyed(twilio: FakeTwilio) -> Iterator[Mill]:
    """Return the building with a key for its API."""
    made = Mill(twilio, make_home(), EMERGENCY_API_KEY=KEY).start()
    yield made
    made.stop()


def test_health_says_how_it_stands(mill: Mill) -> None:
    """Anybody may ask whether it is well; the answer holds counts and nothing about anybody."""
    mill.trigger()
    status, body = mill.running.http("/healthz")
    document = json.loads(body)
    assert (status, document["status"], document["open_incidents"]) == (200, "ok", 1)
    assert {"status", "at", "version", "open_incidents", "messages_waiting"} == set(document)


def test_the_api_does_verbs_with_a_key(keyed: Mill) -> None:
    """With the key, verbs work as on the command line."""
    status, document = keyed.running.api("trigger", {"playbook": "leak", "at": "hall"}, KEY)
    assert (status, document["incident"]) == (200, "L01")
    assert (keyed.running.api("status", {}, KEY)[0], keyed.running.api("status", {}, KEY)[1]["state"]) == (200, "alarm")


@pytest.mark.parametrize(
    "key", [None, "", "wrong", KEY + "x", KEY[:-1], "ключ"], ids=["none", "empty", "wrong", "longer", "shorter", "odd"]
)
def test_the_api_is_closed_without_the_key(idle: Mill, key: str | None) -> None:
    """Any other key is refused and counted, and nothing is done."""
    encoded = key.encode().decode("latin-1") if key else key
    before = idle.store.counters().get("refused_no_key", 0)
    assert idle.running.api("trigger", {"playbook": "leak", "at": "hall"}, encoded)[0] == 401
    assert idle.store.counters()["refused_no_key"] == before + 1
    assert idle.store.all_incidents() == []


def test_the_api_is_closed_where_no_key_was_set(mill: Mill) -> None:
    """Until somebody sets a key there is no API, not even for an empty one."""
    for key in (None, "", KEY):
        assert mill.running.api("status", {}, key)[0] == 401


@pytest.mark.parametrize(
    "verb, args, status",
    [
        pytest.param("trigger", b"not json", 400, id="no JSON"),
        pytest.param("trigger", b"[1]", 404, id="a list"),
        pytest.param("trigger", b"\xff\xfe", 400, id="no text"),
        pytest.param("trigger", {}, 400, id="words missing"),
        pytest.param("trigger", {"playbook": "nonsense"}, 400, id="no such plan"),
        pytest.param("status", {"code": 7}, 400, id="a code that is no text"),
        pytest.param("fact", {"values": 7}, 400, id="facts that are none"),
        pytest.param("fly", {}, 404, id="no such verb"),
        pytest.param("stand-down", {"code": "L01"}, 409, id="not possible now"),
        pytest.param("note", {"text": "x" * 70_000}, 413, id="too long"),
    ],
)
def test_the_api_refuses_in_plain_words(keyed: Mill, verb: str, args: object, status: int) -> None:
    """What cannot be done is answered with a status that says whose fault it is, and changes nothing."""
    id = keyed.trigger()["id"]
    keyed.calm()
    before = len(keyed.store.records(id))
    answered, document = keyed.running.api(verb, args, KEY)
    assert status == answered
    assert document
    assert before == len(keyed.store.records(id))
    assert keyed.running.api("status", {}, KEY)[0] == 200


def test_there_is_nothing_else_to_find(idle: Mill) -> None:
    """No page of documentation, no schema, nothing for a curious passer-by."""
    assert {404} == {idle.running.http(path)[0] for path in ("/docs", "/redoc", "/api", "/hooks", "/.env")}
    assert {404, 405} >= {idle.running.http("/api/trigger")[0], idle.running.http("/hooks/twilio/sms")[0]}


# one server, and what it survives


def test_a_second_server_is_refused(mill: Mill) -> None:
    """Two servers would send everything twice: the second says so and goes, and the first is not disturbed."""
    with pytest.raises(StoreError, match="already runs"):
        Running(make_app(mill.home, {})).start()
    id = mill.trigger()["id"]
    mill.phone("emma").expect_sms("L01")
    mill.calm()
    assert mill.twilio.duplicates() == {}
    assert mill.events(id, e.DeliverySent)


def test_a_server_that_ends_leaves_the_room_tidy(home: Path) -> None:
    """After a stop nobody is watching, the socket is gone, and the next server may begin."""
    for _ in range(2):
        running = Running(make_app(home, {}, [FakeNotifier(), FakeNotifier("voice")])).start()
        store = SqliteStore(home / "emergency.db")
        engine = Engine(store, SystemClock())
        assert store.heartbeat("serve")
        assert watched(engine)
        running.stop()
        assert not watched(engine)
        store.close()
        assert not running.app.settings.socket.exists()


def test_a_damaged_store_keeps_the_server_from_starting(home: Path) -> None:
    """A server that could not write anything down does not pretend to watch."""
    (home / "emergency.db").write_bytes(b"x" * 9000)
    with pytest.raises(StoreError):
        Running(make_app(home, {}, [])).start()


def test_overdue_clocks_fire_once_in_order(home: Path) -> None:
    """Power was gone for a while: at the start every clock that was due fires once, oldest first, and says how late."""
    began = SystemClock().now() - 9 * MINUTE
    store = SqliteStore(home / "emergency.db")
    past = House([FakeNotifier(), FakeNotifier("voice")], store=store, clock=VirtualClock(began))
    past.open(id="x")
    due = {t.name: t.due for t in store.due_timers(began + 5 * MINUTE, 100)}
    with Running(make_app(home, {}, [FakeNotifier(), FakeNotifier("voice")])):
        fired = until(lambda: [f for f in past.events("x", e.TimerFired) if f.timer in due][: len(due)] or None)
        until(lambda: len([f for f in past.events("x", e.TimerFired) if f.timer in due]) >= len(due) or None)
    fired = [f for f in past.events("x", e.TimerFired) if f.timer in due][: len(due)]
    assert set(due) == {f.timer for f in fired}
    assert sorted(due[f.timer] for f in fired) == [due[f.timer] for f in fired]
    assert all(f.late_by is not None and f.late_by >= 3 * MINUTE for f in fired)
    store.close()


class Hanging(FakeNotifier):
    """A provider that lets one person's request hang until it is let go."""

    def __init__(self, person: str, **more: Any) -> None:
        super().__init__(**more)
        self._number = number(person)
        self.go = threading.Event()

    async def send(self, message: Message) -> Receipt:
        """Hang, or take the message."""
        import asyncio

        if message.to == self._number:
            await asyncio.to_thread(self.go.wait, 2 * PATIENCE)
        return await super().send(message)


def test_one_request_that_hangs_holds_up_nobody(home: Path) -> None:
    """At two a second, with the first request never answered: the others go out at that pace all the same."""
    sms = Hanging("anna", per_second=2.0)
    with Running(make_app(home, {}, [sms])) as running:
        running.asks("trigger", playbook="leak", at="hall")
        others = {number(person) for person in ("chloe", "emma", "felix")}
        until(lambda: others <= {message.to for message in sms.taken.values()} or None, "for the others")
        assert number("anna") not in {message.to for message in sms.taken.values()}
        sms.go.set()
        until(lambda: number("anna") in {message.to for message in sms.taken.values()} or None)


class Unreachable(TracedNotifier):
    """A provider that does not answer questions until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    async def find(self, *rest: Any) -> Any:
        """Let the caller wait."""
        import asyncio

        await asyncio.to_thread(self.go.wait, 2 * PATIENCE)
        return await super().find(*rest)


def test_a_provider_out_of_reach_does_not_keep_the_server_from_starting(home: Path) -> None:
    """After a crash there is much to ask about; listening and clocks do not wait for the answers."""
    store = SqliteStore(home / "emergency.db")
    before = House([FakeNotifier()], store=store, clock=VirtualClock(SystemClock().now() - SECOND))
    before.open(id="x")
    for row in before.rows():
        store.claim([row.id], f"{2**22}:dead/{row.id}", before.clock.now())
    sms = Unreachable()
    with Running(make_app(home, {}, [sms])) as running:
        assert running.asks("status")["incident"] == "L01"
        assert sms.taken == {}
        sms.go.set()
        until(lambda: set(before.statuses()) == {"sent"} or None, "for the settling")
    store.close()


def test_a_poison_message_is_survived(home: Path) -> None:
    """A row that cannot be read, first in line, keeps nobody from being called, and the server from nothing."""
    sms = FakeNotifier()
    store = SqliteStore(home / "emergency.db")
    from tests.shell.test_outbox import row_of

    now = SystemClock().now()
    store.queue(row_of("bad", urgency=0, line=b"{", queued_at=now, expires_at=now + timedelta(hours=1)))
    with Running(make_app(home, {}, [sms])) as running:
        running.asks("trigger", playbook="leak", at="hall")
        until(lambda: number("emma") in {message.to for message in sms.taken.values()} or None, "for the alert")
        until(lambda: (row := store.delivery("bad")) is not None and row.status == "failed", "for the poison")
    store.close()


# processes of their own


@pytest.fixture
def process(home: Path, twilio: FakeTwilio) -> Iterator[Process]:
    """Return a server that may be started, of an installation that Twilio can reach."""
    twilio.callbacks(lost="all")  # nobody listens for a part of the time
    twilio.everybody.will_not_answer()
    made = Process(home, twilio_env(twilio))
    yield made
    made.close()


def test_a_server_that_is_killed_goes_on_where_it_was(process: Process, twilio: FakeTwilio) -> None:
    """kill -9 in the middle of it all: the next server knows the incident, sends what was not sent, rings nobody
    twice, and takes the answer to what the first one had sent."""
    twilio.fault("slow", on="messages", to=number("felix"), seconds=2.0)
    process.start()
    code, out, _ = process.types("trigger", "leak", "--at", "hall", "--json")
    document = json.loads(out)
    assert (code, document["incident"]) == (0, "L01")
    emma = twilio.phone(number("emma"))
    emma.expect_sms("L01")
    assert process.end(signal.SIGKILL) == -signal.SIGKILL
    process.start()
    twilio.route("https://mill.example", process.address)
    twilio.webhook("https://mill.example/hooks/twilio/sms")
    twilio.phone(number("felix")).expect_sms("L01")
    assert emma.texts("1").status == 200
    store = SqliteStore(process.home / "emergency.db")
    until(lambda: [x for x, _ in store.history(document["id"]) if isinstance(x, e.AlertAcknowledged)])
    store.verify(document["id"])
    store.close()
    emma.expect_sms("noted, received")
    assert len([m for m in twilio.messages if m.to == number("felix") and "L01" in m.body]) == 1
    assert process.end() == 0


def test_a_command_beside_a_server_sends_at_once(mill: Mill) -> None:
    """The command hands the trigger to the server, which calls everybody while the command is still printing."""
    command = Process(mill.home, twilio_env(mill.twilio))
    status, out, _ = command.types("trigger", "leak", "--at", "hall", "--json")
    assert status == 0
    mill.phone("emma").expect_sms("L01")
    assert {"sent", "delivered"} >= {d["status"] for a in json.loads(out)["alerts"] for d in a["deliveries"]}


def test_what_another_process_writes_is_noticed(home: Path) -> None:
    """An alert that somebody else put into the store wakes the sender by itself; no sweep and no beat has to pass."""
    sms = FakeNotifier()
    with Running(make_app(home, {}, [sms])) as running:
        woken: list[int] = []

        async def watch(server: Server) -> None:
            server.scheduler.stop()
            server.poke = lambda: woken.append(len(woken))  # type: ignore[method-assign]

        running.on_loop(watch)
        before = len(woken)
        other = House([FakeNotifier()], store=SqliteStore(home / "emergency.db"), clock=SystemClock(), fresh=False)
        other.open(id="x")
        until(lambda: len(woken) > before, "to be woken")
        until(lambda: number("emma") in {message.to for message in sms.taken.values()}, "for the alert")
        other.store.close()
        running.on_loop(restart)


async def restart(server: Server) -> None:
    """Let the alarm clock run again, so that it can be stopped with the rest."""
    server.scheduler.start()


def test_a_command_without_a_server_sends_by_itself(process: Process, twilio: FakeTwilio) -> None:
    """Nobody serves: the command calls everybody before it ends, and says that nobody watches."""
    status, out, err = process.types("trigger", "leak", "--at", "hall", "--json")
    assert status == 0
    assert {number(p) for p in ("anna", "chloe", "emma", "felix")} == {entry.to for entry in twilio.ledger}
    assert {"sent"} == {d["status"] for a in json.loads(out)["alerts"] for d in a["deliveries"]}
    assert "serve" in err


def test_a_second_serve_is_refused(mill: Mill) -> None:
    """A second server on the same installation ends with status 5 and a word about the first."""
    status, _, err = Process(mill.home, {}).types("serve", "--port", "0")
    assert (status, "already runs" in err) == (5, True)
