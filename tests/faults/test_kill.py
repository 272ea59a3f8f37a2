"""An alert that was decided is sent, whatever dies: senders killed at every point and at random, again and again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.throughput import installed
from emergency.core import commands as c
from emergency.core import events as e
from emergency.verbs import perform
from tests.fake_twilio import FakeTwilio
from tests.faults.launcher import POINTS

ROOT = Path(__file__).resolve().parents[2]
CROWD_NUMBERS = "+1200555"


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


def decided(home: Path, fake: FakeTwilio, count: int) -> str:
    """Decide *count* texts, one for each of as many people, and send none; return the incident's id."""
    app, engine = installed(home, environment(fake), count)
    opened = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "B1 food court"})
    seal = engine.unit(lambda en: en.store.seal("to the north yard"))
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


def arrivals(fake: FakeTwilio) -> Counter[tuple[str, str]]:
    """How often each text arrived: number and words."""
    return Counter((entry.to, entry.body) for entry in fake.ledger if entry.accepted and entry.kind == "message")


def again_in_the_log(home: Path, fake: FakeTwilio, incident: str) -> int:
    """How many messages the log admits to have gone out, possibly, more than once."""
    _, engine = reopened(home, fake)
    events = [event for event, _ in engine.store.history(incident)]
    engine.store.verify(incident)
    engine.store.close()
    return sum(isinstance(event, e.DeliveryRetried) for event in events)


def reopened(home: Path, fake: FakeTwilio) -> Any:
    """The installation, opened again."""
    from emergency.app import App
    from emergency.settings import Settings

    app = App(Settings(home, f"sqlite:///{home / 'emergency.db'}", "en", environment(fake)), [])
    return app, app.engine()


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_point_between_claim_and_receipt(tmp_path: Path, provider: FakeTwilio, point: str) -> None:
    """Whatever the moment of the crash, every text arrives, and none twice that the log does not own up to."""
    incident = decided(tmp_path, provider, 150)
    said = launch(tmp_path, provider, 8, point)
    assert said["killed"] >= 2, "the point was never reached: the test shows nothing"
    assert said["last"] == 0
    check_all_arrived(tmp_path, provider, incident, 150)


def test_killed_a_hundred_times_while_a_thousand_go_out(tmp_path: Path, provider: FakeTwilio) -> None:
    """A hundred kills at random lose none of a thousand texts; doubles are few, and all shown in the log."""
    provider.settings.latency = 0.05
    incident = decided(tmp_path, provider, 1000)
    said = launch(tmp_path, provider, 100)
    assert said["killed"] >= 20
    assert said["last"] == 0
    check_all_arrived(tmp_path, provider, incident, 1000)


def check_all_arrived(home: Path, fake: FakeTwilio, incident: str, count: int) -> None:
    """Every text arrived; those that arrived twice are counted in the log."""
    came = arrivals(fake)
    crowd = {to for to, body in came if "north yard" in body or "north" in body}
    assert len(crowd) == count, f"{count - len(crowd)} people were never reached"
    doubles = sum(times - 1 for times in came.values())
    admitted = again_in_the_log(home, fake, incident)
    print(f"{sum(came.values())} arrived, {doubles} twice, {admitted} shown in the log as possibly twice")
    assert doubles <= admitted
