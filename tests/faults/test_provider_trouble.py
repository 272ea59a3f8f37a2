"""The provider is gone, refuses, is slow or limits us: what was decided goes out once it is back, and we are told.

The server, its sockets and the provider's are real; only the server's clock is moved, and five minutes take no time.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

import emergency.scheduler
from emergency import doctor, show
from emergency.clock import SystemClock, VirtualClock
from emergency.codes import why_not_sent
from emergency.core import events as e
from emergency.outbox import ASK_AGAIN
from emergency.server import Server
from emergency.store.store import OutboxRow
from notifiers.registry import hooks_for
from notifiers.twilio import build, from_environment
from tests.fake_twilio import FakeTwilio
from tests.serving import PATIENCE, Mill, Running, make_app, make_home, twilio_env, until
from tests.small import MINUTE, NOON, SECOND, number

TIMEOUT = 0.15
"""Real seconds until a request is given up where nothing is answered; five in reality."""
FIRST = 1.0
"""The same for a wave in which one request is not answered, and all others are to be, however slow the machine is."""
WAITING = frozenset({"queued", "sending", "unknown"})
FIVE_MINUTES = 5 * MINUTE


class Night(Mill):
    """The small building, served, on a clock that is moved; its provider's clock moves with it."""

    def __init__(self, twilio: FakeTwilio, home: Path) -> None:
        super().__init__(twilio, home)
        self.clock = VirtualClock(NOON)
        env = twilio_env(twilio)
        settings = from_environment(env)
        assert settings is not None
        notifiers: dict[str, Any] = build(msgspec.structs.replace(settings, timeout=PATIENCE), now=self.clock.now)
        self._client = notifiers["sms"]._client
        self.running = Running(make_app(home, env, list(notifiers.values()), self.clock), hooks_for(env))
        twilio.advance((NOON - SystemClock().now()).total_seconds())
        self.id = ""

    @contextmanager
    def giving_up(self, after: float) -> Iterator[None]:
        """Let the server give up a request *after* so many real seconds meanwhile; otherwise it waits as tests do."""

        async def wait_for(seconds: float) -> None:
            self._client.rest().http_client.timeout = seconds

        self.running.on_loop(lambda server: wait_for(after))
        yield
        self.running.on_loop(lambda server: wait_for(PATIENCE))

    def begin(self) -> None:
        """Start an emergency, and let the first wave try to leave."""
        self.id = str(self.trigger()["id"])
        self.passes(SECOND)

    def passes(self, by: timedelta, step: timedelta = 10 * SECOND) -> None:
        """Let time pass in small steps; at each, what is due fires, what may go goes, what is open is settled."""
        end = self.clock.now() + by
        while (left := end - self.clock.now()) > timedelta(0):
            self.clock.advance(min(step, left))
            self.twilio.advance(min(step, left).total_seconds())
            self.running.on_loop(_do_all)

    def tries_until(self, done: Callable[[], object], within: timedelta = 3 * MINUTE) -> None:
        """Let time pass until *done*, in steps of a second."""
        end = self.clock.now() + within
        while not done():
            assert self.clock.now() < end, f"still waiting: {[r for r in self.rows() if r.status in WAITING]}"
            self.passes(SECOND, SECOND)

    def all_gone(self) -> None:
        """Let time pass until no message waits."""
        self.tries_until(lambda: not self.waiting())
        until(lambda: self.running.on_loop(_in_flight) == 0, "for the last receipt")

    def waiting(self, *people: str) -> list[OutboxRow]:
        """Return the messages that wait, or those to some people."""
        return [row for row in self.rows() if row.status in WAITING and (not people or row.person in people)]

    def tries(self, person: str) -> int:
        """Return how often the provider was asked to take a text for somebody."""
        return sum(entry.kind == "message" and entry.to == number(person) for entry in self.twilio.ledger)

    def doubled(self) -> int:
        """Check that nothing is lost and nothing made up; return how many messages the provider took once too often.

        Raises:
            AssertionError: a message was lost, the log says that one was sent which never was, or one was doubled and
                the log does not own up to it.
        """
        taken = {entry.sid for entry in self.twilio.ledger if entry.sid}
        rows = [row for row in self.rows() if row.status != "dropped"]
        assert {"sent", "delivered"} >= {row.status for row in rows}, "some were not handed over"
        assert {row.provider_id for row in rows} <= taken, "some never reached the provider"
        queued = {event.delivery for event in self.events(self.id, e.DeliveryQueued)}
        assert queued <= {row.id for row in self.rows()}, "some were decided and never stood in the outbox"
        assert {event.provider_id for event in self.events(self.id, e.DeliverySent)} <= taken
        assert self.events(self.id, e.AlertAcknowledged) == [], "nobody has answered"
        twice = len(taken - {row.provider_id for row in rows})
        owned = sum(event.possibly_twice for event in self.events(self.id, e.DeliveryRetried))
        assert twice <= owned, "the log does not own up to a second message"
        self.store.verify(self.id)
        return twice

    def says(self, reason: str, *, rung: str | None = None) -> None:
        """Check that whoever looks is told of *reason*: in `status`, on the terminal, by monitors and by the doctor.

        Args:
            reason: a regular expression.
            rung: the one whose text has the trouble, and who was rung beside it: `status` counts them as reached.

        Raises:
            AssertionError: one of them is not told.
        """
        told = re.compile(reason).search
        until(lambda: any(map(told, self.running.said)), f"for the terminal to say {reason}")
        until(lambda: told(self._beat()), "for the heartbeat")
        document = self.running.asks("status", code="L01")
        if rung is None:
            self._status_says(document, told)
        else:
            calls = [row for row in self.rows() if (row.person, row.channel) == (rung, "voice")]
            assert "sent" in {row.status for row in calls}
            assert rung not in {each["person"] for each in document["unsent"]}
        assert json.loads(self.running.http("/healthz")[1])["status"] == "trouble"
        assert "emergency_trouble 1.0" in self.running.http("/metrics")[1]
        findings = doctor.examine(make_app(self.home, {}, [], self.clock), None)
        (finding,) = [finding for finding in findings if finding.id == "heartbeat"]
        assert finding.level == "error"
        assert told(finding.says.en)

    def _status_says(self, document: dict[str, Any], told: Callable[[str], object]) -> None:
        """Check that `status` tells why somebody is not reached, in both languages."""
        reasons = {each["reason"] for each in document["unsent"] if told(each["reason"] or "")}
        assert reasons
        for lang in ("zh", "en"):
            (line,) = [line for line in show.status(document, lang) if line.startswith("  !! ")]
            assert all(why_not_sent(reason, lang) in line for reason in reasons)

    def _beat(self) -> str:
        """Return what the heartbeat of this very moment says; `?` while there is none yet."""
        beat = self.store.heartbeat("serve")
        return beat[2] if beat is not None and beat[0] == self.clock.now() else "?"

    def is_well(self) -> None:
        """Check that whoever looks is told that all is well again."""
        until(lambda: self._beat() == "", "for the heartbeat")
        unsent = self.running.asks("status", code="L01")["unsent"]
        assert {each["status"] for each in unsent} <= {"unreachable"}, "only Gina, who has no telephone"
        assert json.loads(self.running.http("/healthz")[1])["status"] == "ok"
        assert "emergency_trouble 0.0" in self.running.http("/metrics")[1]
        assert "messages: well again" in self.running.said

    def can_be_answered(self) -> None:
        """Check that an answer counts."""
        assert self.phone("chloe").texts("L01 1").status == 200
        assert self.who(self.id, self.wait_for(self.id, e.AlertAcknowledged).alert) == "chloe"


async def _do_all(server: Server) -> None:
    """Do by hand, and to the end, what a server does by itself."""
    await server.sweep()
    await server.outbox.pump()


async def _in_flight(server: Server) -> int:
    return server.outbox.in_flight


@pytest.fixture
def night(twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    """Return the building on its clock, with a server that looks round often."""
    monkeypatch.setattr(emergency.scheduler, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(emergency.scheduler, "SWEEP_SECONDS", 0.05)
    home = make_home()
    made = Night(twilio, home)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    """A provider that may be stopped and started again on the same port."""
    fake = FakeTwilio()
    fake.start()
    fake.accept_everything()
    yield fake
    fake.stop()


# the ways of being out of order; each is left by going on


@contextmanager
def _gone(night: Night) -> Iterator[None]:
    """Nobody listens on its port, which is kept for it."""
    night.twilio.stop()
    try:
        with socket.socket() as kept:
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            kept.bind(("127.0.0.1", night.twilio.port))
            yield
    finally:
        night.twilio.start()


@contextmanager
def _mute(night: Night) -> Iterator[None]:
    """Its port takes whatever comes, and never says a word."""
    night.twilio.stop()
    try:
        with socket.create_server(("127.0.0.1", night.twilio.port), backlog=1000), night.giving_up(TIMEOUT):
            yield
    finally:
        night.twilio.start()


@contextmanager
def _refusing_us(night: Night) -> Iterator[None]:
    """It does not know our password any more."""
    world = night.twilio.world
    token, world.token = world.token, "another"
    yield
    world.token = token


def _failing(kind: Any) -> Callable[[Night], Any]:
    @contextmanager
    def failing(night: Night) -> Iterator[None]:
        """It answers every request like this."""
        night.twilio.outage(kind)
        yield
        night.twilio.heal()

    return failing


OUTAGES = pytest.mark.parametrize(
    "outage, reason",
    [
        pytest.param(_gone, "no_connection", id="connections are refused"),
        pytest.param(_mute, "no_answer|provider cannot be asked", id="nothing answers"),
        pytest.param(_refusing_us, "credentials", id="401"),
        pytest.param(_failing("429"), "20429", id="429"),
        pytest.param(_failing("500"), "20500", id="500"),
        pytest.param(_failing("503"), "20503", id="503"),
        pytest.param(_failing("garbled"), "http_502|provider cannot be asked", id="502 of a gateway"),
        pytest.param(_failing("reset"), "no_answer|provider cannot be asked", id="connections are reset"),
    ],
)


@OUTAGES
def test_five_minutes_without_a_provider(night: Night, outage: Any, reason: str) -> None:
    """Out of order from before the trigger on: whoever looks is told; once it is back all goes out, none of it twice,
    and it is said to be well again; and answers count."""
    with outage(night):
        night.begin()
        night.passes(FIVE_MINUTES, 30 * SECOND)
        assert {"queued", "sending", "unknown", "dropped"} >= {row.status for row in night.rows()}
        assert night.events(night.id, e.DeliverySent) == []
        night.says(reason)
    night.all_gone()
    assert night.doubled() == 0
    night.is_well()
    night.can_be_answered()


def test_gone_in_the_middle_of_it(night: Night) -> None:
    """It took the first wave before it went: what is decided meanwhile goes out afterwards, and the first wave is not
    sent a second time."""
    night.begin()
    night.all_gone()
    first = {row.id: row.provider_id for row in night.rows()}
    with _gone(night):
        night.passes(FIVE_MINUTES, 30 * SECOND)
        assert night.waiting()
        night.says("no_connection")
    night.all_gone()
    assert first.items() <= {row.id: row.provider_id for row in night.rows()}.items()
    assert night.doubled() == 0
    night.is_well()


def test_back_for_a_moment_between_two_outages(night: Night) -> None:
    """It comes and goes: whatever it took goes out once, and the rest waits for the next chance."""
    with _gone(night):
        night.begin()
    night.passes(SECOND)
    with _mute(night):
        night.passes(MINUTE, 30 * SECOND)
    night.all_gone()
    assert night.doubled() == 0


# slow


@contextmanager
def struck(night: Night, person: str, kind: Any, **more: Any) -> Iterator[None]:
    """Let the first request for a text to somebody fail, wait for that, and go on when it is not known any more."""
    night.twilio.callbacks(lost="all")  # a report would tell what became of the request before anybody asks
    night.twilio.fault(kind, on="messages", to=number(person), **more)
    with night.giving_up(FIRST):
        night.begin()
    assert {row.status for row in night.waiting(person)} == {"unknown"}
    yield
    night.all_gone()


def test_an_answer_that_comes_too_late(night: Night) -> None:
    """It took the text and answers when nobody listens any more: the trace is found, and the text not sent again."""
    with struck(night, "emma", "late", seconds=PATIENCE):
        night.says("no_answer", rung="emma")
    (sent,) = [x for x in night.events(night.id, e.DeliverySent) if x.found]
    assert (night.tries("emma"), sent.attempt) == (1, 1)
    assert night.doubled() == 0
    night.is_well()


def test_a_request_that_is_lost_on_its_way(night: Night) -> None:
    """The request broke off and nothing was done: there is no trace, and the text goes again; the log says so."""
    with struck(night, "emma", "reset"):
        night.says("no_answer", rung="emma")
    (again,) = night.events(night.id, e.DeliveryRetried)
    assert (night.tries("emma"), again.attempt, again.possibly_twice) == (2, 2, True)
    assert night.doubled() == 0
    night.is_well()


def test_a_request_that_is_dealt_with_after_we_asked(night: Night) -> None:
    """It has no trace when it is asked, and deals with the first request afterwards: the text arrives twice, which
    nobody could know; the log owns up to it."""
    with struck(night, "emma", "slow", seconds=PATIENCE):
        night.passes(ASK_AGAIN, SECOND)
    night.twilio.hurry()
    until(lambda: len(night.phone("emma").inbox()) >= 2, "for the first text")
    assert night.doubled() == 1
    (again,) = night.events(night.id, e.DeliveryRetried)
    assert again.possibly_twice


def test_a_request_that_is_dealt_with_before_we_asked(night: Night) -> None:
    """It was slow, but had done its work by the time it is asked: one text."""
    with struck(night, "emma", "slow", seconds=PATIENCE):
        night.twilio.hurry()
        until(lambda: night.phone("emma").inbox(), "for the text")
    assert (night.tries("emma"), night.doubled()) == (1, 0)
    assert night.events(night.id, e.DeliveryRetried) == []


def test_taken_and_then_gone(night: Night) -> None:
    """It took the text, the answer was lost, and it is gone before it can be asked: nothing is sent again on a guess;
    once it is back the trace is found, and there was one text."""
    with struck(night, "emma", "lost"), _gone(night):
        night.passes(MINUTE, 10 * SECOND)
        (text, *_) = [row for row in night.rows() if row.person == "emma"]
        assert (text.status, text.attempt) == ("unknown", 1)
        night.says("no_connection|provider cannot be asked", rung="emma")
    (sent,) = [x for x in night.events(night.id, e.DeliverySent) if x.found]
    assert (sent.delivery, sent.attempt) == (text.id, 1)
    assert night.doubled() == 0
    night.is_well()


# rate limits and refusals


@pytest.mark.parametrize(
    "asked, too_soon, in_time",
    [
        pytest.param(40, 39, 41, id="as long as it asks"),
        pytest.param(None, 1, 3, id="by itself: two seconds"),
        pytest.param(9999, 299, 301, id="an hour on a header is not believed: five minutes"),
    ],
)
def test_a_rate_limit_is_waited_out(night: Night, asked: int | None, too_soon: int, in_time: int) -> None:
    """Refused with 429, a text is not tried before its time, and is taken then; meanwhile the operator can see why."""
    night.twilio.fault("429", on="messages", to=number("emma"), retry_after=asked)
    night.trigger()
    night.id = night.store.open_incidents()[0].id
    (text,) = [row.id for row in night.rows() if row.person == "emma"]

    def attempts() -> tuple[int, bool]:
        row = night.store.delivery(text)
        assert row is not None
        return row.attempt, row.status in WAITING

    until(lambda: night.tries("emma") == 1 and attempts() == (1, True), "for the refusal")
    night.says("20429")
    night.passes(too_soon * SECOND)
    assert attempts() == (1, True)
    night.passes((in_time - too_soon) * SECOND)
    assert attempts() == (2, False)
    night.all_gone()
    assert night.doubled() == 0
    night.is_well()


def test_a_limit_for_all_is_shared_out(night: Night) -> None:
    """It takes one piece in two seconds and refuses the rest: all are taken in the end, each of them once."""
    night.twilio.rate_limit(0.5, over="refuse")
    night.begin()
    assert night.waiting()
    night.tries_until(lambda: not night.waiting(), 10 * MINUTE)
    assert [entry for entry in night.twilio.ledger if entry.code == 20429]
    assert night.doubled() == 0
    night.is_well()


def test_a_refusal_for_good_goes_another_way_and_is_told(night: Night) -> None:
    """No such number, by text and by call, and nobody else left: the alert has failed, is not tried for ever, and
    `status` names person and reason; to the server that is no trouble, for it can do nothing about it."""
    for person in ("chloe", "dmitri"):
        for which in range(2 if person == "chloe" else 1):
            night.phone(person, which).refuses_with(21211)
    night.begin()
    night.all_gone()
    failed = night.events(night.id, e.DeliveryFailed)
    assert {event.reason for event in failed} == {"number_not_in_use 21211"}
    unsent = {each["person"]: (each["status"], each["reason"]) for each in night.running.asks("status")["unsent"]}
    assert unsent["chloe"] == ("failed", "number_not_in_use 21211")
    before = night.tries("chloe")
    night.passes(10 * SECOND)
    assert night.tries("chloe") == before
    assert json.loads(night.running.http("/healthz")[1])["status"] == "ok"
    lines = show.status(night.running.asks("status"), "en")
    assert [line for line in lines if "not told yet" in line and "21211" in line]
