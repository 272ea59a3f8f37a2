"""An alert that was decided is sent, whatever dies: senders killed at every point and at random, again and again."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.throughput import installed
from emergency.app import App
from emergency.core import commands as c
from emergency.core import events as e
from emergency.outbox import CONCURRENCY
from emergency.verbs import perform
from tests.fake_twilio import FakeTwilio
from tests.faults.launcher import POINTS
from tests.faults.process import ROOT, reading

WORDS = "to the north yard"
KIND = {"sms": "message", "voice": "call"}


@pytest.fixture
def provider() -> Iterator[FakeTwilio]:
    """A provider that takes whatever comes, a little slower than at once."""
    fake = FakeTwilio()
    fake.settings.latency = 0.01
    fake.start()
    fake.accept_everything()
    yield fake
    fake.stop()


def environment(fake: FakeTwilio) -> dict[str, str]:
    """The environment that points the program at *fake*."""
    return {
        "TWILIO_ACCOUNT_SID": fake.account_sid,
        "TWILIO_AUTH_TOKEN": fake.auth_token,
        "TWILIO_FROM": fake.number,
        "TWILIO_API_URL": fake.base_url,
        "TWILIO_SMS_PER_SECOND": "100000",
        "TWILIO_CALLS_PER_SECOND": "100000",
    }


def decided(home: Path, fake: FakeTwilio, count: int, channel: str = "sms") -> str:
    """Decide *count* texts or calls, one for each of as many people, and send none; return the incident's id.

    Where there are calls alone, the first wave of the fire is called as well.
    """
    app, engine = installed(home, environment(fake), count)
    if channel == "voice":
        app = App(app.settings, [n for n in app.notifiers if n.channel == "voice"], app.clock)
    opened = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "B1 food court"})
    seal = engine.unit(lambda en: en.store.seal(WORDS))
    people = tuple(f"p{n:05d}" for n in range(count))
    engine.handle(str(opened["id"]), c.Tell(by="console", text=seal, people=people))
    engine.store.close()
    return str(opened["id"])


def launch(home: Path, fake: FakeTwilio, kills: int, point: str | None = None) -> dict[str, Any]:
    """Run the launcher and return what it says."""
    command = [sys.executable, "-m", "tests.faults.launcher", str(home), str(kills), "7", *([point] if point else [])]
    env = {**os.environ, **environment(fake), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    print(done.stderr[-1500:])
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_point_between_claim_and_receipt(tmp_path: Path, provider: FakeTwilio, point: str) -> None:
    """Whatever the moment of the crash, every text arrives, and none twice that the log does not own up to."""
    incident = decided(tmp_path, provider, 150)
    said = launch(tmp_path, provider, 6, point)
    assert said["killed"] >= 2, "the point was never reached: the test shows nothing"
    check_all_arrived(tmp_path, provider, incident, said, 150)


@pytest.mark.parametrize("point", POINTS)
def test_killed_while_calls_are_placed(tmp_path: Path, provider: FakeTwilio, point: str) -> None:
    """The same for calls, which say nothing in the provider's lists but whom they went to: everybody is called."""
    incident = decided(tmp_path, provider, 40, "voice")
    said = launch(tmp_path, provider, 2, point)
    assert said["killed"] == 2, "the point was never reached: the test shows nothing"
    check_all_arrived(tmp_path, provider, incident, said, 40, "voice")


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_provider_without_traces(tmp_path: Path, provider: FakeTwilio, point: str) -> None:
    """A provider that never lists what it took: nobody is left out, and who is told twice was in flight at a kill."""
    provider.settings.list_lag = math.inf
    incident = decided(tmp_path, provider, 80)
    said = launch(tmp_path, provider, 2, point)
    assert said["killed"] >= 2, "the point was never reached: the test shows nothing"
    twice = check_all_arrived(tmp_path, provider, incident, said, 80)
    if point in ("posted", "recording"):
        assert twice, "nothing was hidden: the test shows nothing"


def test_killed_forty_times_while_hundreds_go_out(tmp_path: Path, provider: FakeTwilio) -> None:
    """Forty kills at random lose none of four hundred texts; doubles are few, and all shown in the log."""
    provider.settings.latency = 0.02
    incident = decided(tmp_path, provider, 400)
    said = launch(tmp_path, provider, 40)
    assert said["killed"] >= 10
    assert said["in_flight"] >= 50, "nothing was on its way when the senders died: the test shows nothing"
    check_all_arrived(tmp_path, provider, incident, said, 400)


def test_killed_at_random_at_a_provider_whose_list_lags(tmp_path: Path, provider: FakeTwilio) -> None:
    """What the provider took is listed late: thirty kills lose nothing, and what came twice was in flight."""
    provider.settings.latency = 0.04
    provider.settings.list_lag = 10.0  # longer than a slow machine takes to begin the next sender
    incident = decided(tmp_path, provider, 300)
    said = launch(tmp_path, provider, 30)
    assert said["killed"] >= 3
    assert check_all_arrived(tmp_path, provider, incident, said, 300), "nothing was hidden: the test shows nothing"


def check_all_arrived(
    home: Path, fake: FakeTwilio, incident: str, said: dict[str, Any], count: int, channel: str = "sms"
) -> int:
    """Everybody was told, and in the first wave too; return how many messages arrived a second time.

    Those are no more than were in flight when a sender was killed, and the log shows each.
    """
    assert said["last"] == 0
    came = arrivals(fake)
    crowd = {to for (kind, to, body) in came if WORDS in body and kind == KIND[channel]}
    twice = sum(times - 1 for times in came.values())
    with reading(home) as engine:
        engine.store.verify(incident)
        log = [event for event, _ in engine.store.history(incident)]
        unsent = [d for d in engine.incident(incident).deliveries.values() if d.status not in ("sent", "delivered")]
    owned = sum(isinstance(event, e.DeliveryRetried) and event.possibly_twice for event in log)
    flying = said["in_flight"]
    print(
        f"{channel}: {said['killed']} kills, {flying} in flight; {sum(came.values())} arrived, {twice} twice, "
        f"{owned} shown in the log as possibly twice"
    )
    assert len(crowd) == count, f"{count - len(crowd)} people were never reached"
    assert not unsent, "the log does not know that everybody was reached"
    assert twice <= owned
    assert twice <= flying <= CONCURRENCY * said["killed"]
    return twice


def arrivals(fake: FakeTwilio) -> Counter[tuple[str, str, str]]:
    """How often each message arrived: kind, number and words."""
    return Counter((entry.kind, entry.to, entry.body) for entry in fake.ledger if entry.accepted)
