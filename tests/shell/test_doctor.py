"""`doctor` finds before the fire what would fail in it; each finding says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from emergency import backup, doctor
from emergency.app import App
from emergency.clock import SystemClock
from emergency.people import save_roster
from emergency.roster import Roster
from emergency.settings import Settings
from emergency.verbs import perform
from notifiers.registry import hooks_for, notifiers_for
from tests.fake_twilio import FakeTwilio
from tests.installation import sample


def found(app: App, id: str) -> doctor.Finding:
    """Return the one finding called *id*."""
    return next(f for f in doctor.examine(app, None) if f.id == id)


def test_every_trouble_says_what_to_do(tmp_path: Path) -> None:
    """No finding leaves a tired guard without the next step, in either language."""
    for finding in doctor.examine(sample(tmp_path), None):
        assert finding.says.zh
        assert finding.says.en
        if finding.level != "ok":
            assert finding.do.zh
            assert finding.do.en


def test_a_fresh_sample_lacks_a_server_a_provider_and_a_backup(tmp_path: Path) -> None:
    """What is missing is named; what is there is said to be good."""
    app = sample(tmp_path)
    levels = {f.id: f.level for f in doctor.examine(app, None)}
    assert levels["heartbeat"] == levels["provider"] == "error"
    assert levels["backup"] == "warning"
    assert levels["store"] == levels["disk"] == levels["numbers"] == "ok"


def test_a_broken_log_is_found(tmp_path: Path) -> None:
    """Integrity is more than a readable file."""
    app = sample(tmp_path)
    engine = app.engine()
    perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    engine.store._db.execute("update event set kind = 'StepDone' where seq = 2")
    engine.store.close()
    assert found(app, "store").level == "error"
    assert "line 2" in found(app, "store").says.en


def test_an_unreadable_store_still_gets_a_report(tmp_path: Path) -> None:
    """The doctor does not fall over the patient."""
    app = sample(tmp_path)
    app.settings.database_file.write_bytes(b"rubbish" * 99)
    finding = found(app, "store")
    assert finding.level == "error"
    assert "last-resort" in finding.do.en


def test_a_backup_grows_old(tmp_path: Path) -> None:
    """Good for a week, then a warning with its age."""
    app = sample(tmp_path)
    backup.back_up(app.settings.database_file, tmp_path / "one.db", app.clock)
    assert found(app, "backup").level == "ok"
    app.clock.advance(timedelta(days=9))  # type: ignore[attr-defined]
    assert "9 days" in found(app, "backup").says.en


def test_people_without_numbers_are_named(tmp_path: Path) -> None:
    """Whoever cannot be reached is found now, not in the fire."""
    app = sample(tmp_path)
    engine = app.engine()
    people = dict(app.people.roster(engine).people)
    import msgspec

    people["sun_li"] = msgspec.structs.replace(people["sun_li"], numbers=())
    engine.unit(lambda e: save_roster(e, Roster(people=people), app.clock.now()))
    engine.store.close()
    assert "sun_li" in found(app, "numbers").says.en


@pytest.fixture
def provider() -> Iterator[FakeTwilio]:
    """A provider over a real socket."""
    fake = FakeTwilio()
    fake.start()
    yield fake
    fake.stop()


def with_provider(home: Path, fake: FakeTwilio, **more: str) -> App:
    """The sample with an account at *fake*."""
    sample(home)
    env = {
        "TWILIO_ACCOUNT_SID": fake.account_sid,
        "TWILIO_AUTH_TOKEN": fake.auth_token,
        "TWILIO_FROM": fake.number,
        "TWILIO_API_URL": fake.base_url,
        **more,
    }
    clock = SystemClock()
    settings = Settings(home, f"sqlite:///{home / 'emergency.db'}", "en", env)
    return App(settings, notifiers_for(env, clock.now, lambda line: None), clock)


def test_the_provider_is_asked_with_our_credentials(tmp_path: Path, provider: FakeTwilio) -> None:
    """Right ones are accepted and clocks compared; wrong ones are an error that names the settings, not the secret."""
    assert found(with_provider(tmp_path, provider), "provider").level == "ok"
    wrong = with_provider(tmp_path / "b", provider, TWILIO_AUTH_TOKEN="not-the-token")
    finding = found(wrong, "provider")
    assert finding.level == "error"
    assert "TWILIO_AUTH_TOKEN" in finding.do.en
    assert "not-the-token" not in str(finding)


def test_a_provider_out_of_reach_is_found(tmp_path: Path, provider: FakeTwilio) -> None:
    """Nobody listens at the address."""
    app = with_provider(tmp_path, provider, TWILIO_API_URL="http://127.0.0.1:9")
    assert "cannot be reached" in found(app, "provider").says.en


def test_capacity_is_said_in_minutes(tmp_path: Path, provider: FakeTwilio) -> None:
    """54 people at one message a second take 54 s; at one in ten seconds it is a warning."""
    assert "54 people at 1 texts a second take 54 s" in found(with_provider(tmp_path, provider), "capacity").says.en
    slow = with_provider(tmp_path / "b", provider, TWILIO_SMS_PER_SECOND="0.1")
    assert found(slow, "capacity").level == "warning"


@pytest.mark.parametrize(
    "status, level, words",
    [
        pytest.param(404, "ok", "agree", id="signed, read, and rightly unknown"),
        pytest.param(403, "error", "refuses the signature", id="the address differs from the one that was signed"),
        pytest.param(0, "error", "does not lead to us", id="nobody answers"),
        pytest.param(502, "error", "502", id="a proxy without us behind it"),
    ],
)
def test_the_public_address_is_tried_with_a_signed_round_trip(
    tmp_path: Path, provider: FakeTwilio, status: int, level: str, words: str
) -> None:
    """The very request the provider would make decides."""
    app = with_provider(tmp_path, provider, EMERGENCY_PUBLIC_URL="https://mall.example")
    hooks = hooks_for(app.settings.env)
    assert hooks is not None

    def post(url: str, body: bytes, headers: dict[str, str]) -> int:
        path = url.removeprefix("https://mall.example")
        form = [tuple(pair.split("=")) for pair in body.decode().split("&")]
        assert hooks.authentic(path, form, headers[hooks.signature_header])  # type: ignore[arg-type]
        return status

    finding = next(f for f in doctor.examine(app, hooks, post) if f.id == "address")
    assert finding.level == level
    assert words in finding.says.en
