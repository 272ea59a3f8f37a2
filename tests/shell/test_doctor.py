"""`doctor` finds before the fire what would fail in it; each finding says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from emergency import backup, doctor, ids
from emergency.app import PLANS, App
from emergency.clock import SystemClock, VirtualClock
from emergency.people import save_roster
from emergency.roster import Roster
from emergency.settings import Settings
from emergency.verbs import perform
from notifiers.registry import hooks_for, notifiers_for
from tests.fake_twilio import FakeTwilio
from tests.installation import sample
from tests.serving import PUBLIC, Mill, make_app, twilio_env


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


@pytest.mark.parametrize("off", [timedelta(minutes=-5), timedelta(minutes=5)])
def test_a_clock_that_is_off_is_found(tmp_path: Path, provider: FakeTwilio, off: timedelta) -> None:
    """Against the provider's own clock, by the date of its answer; how far, and what to switch on."""
    app = with_provider(tmp_path, provider)
    assert not [f for f in doctor.examine(app, None) if f.id == "clock"]
    app.clock = VirtualClock(SystemClock().now() + off)
    finding = found(app, "clock")
    assert finding.level == "error"
    assert "5 minutes off" in finding.says.en or "6 minutes off" in finding.says.en
    assert "NTP" in finding.do.zh


@pytest.mark.parametrize(
    "public, texts, calls, level",
    [
        pytest.param(
            "https://mall.example",
            "go out, and are answered by the link in them",
            "go out and come back",
            "ok",
            id="keys and links come back",
        ),
        pytest.param("", "go out only", "go out only", "error", id="nothing comes back"),
    ],
)
def test_what_the_sender_can_do_in_each_country(
    tmp_path: Path, provider: FakeTwilio, public: str, texts: str, calls: str, level: str
) -> None:
    """For every calling code in the roster: what reaches people there, and how they can answer."""
    app = with_provider(tmp_path, provider, EMERGENCY_PUBLIC_URL=public)
    engine = app.engine()
    people = dict(app.people.roster(engine).people)
    people["sun_li"] = msgspec.structs.replace(people["sun_li"], numbers=("+8613800000001",))
    engine.unit(lambda e: save_roster(e, Roster(people=people), app.clock.now()))
    engine.store.close()

    china = found(app, "country_86")
    assert china.says.en == f"+86 (1 in the roster): texts {texts}, calls {calls}"
    assert china.level == level
    others = [f for f in doctor.examine(app, None) if f.id.startswith("country_") and f.id != china.id]
    assert [(f.level, "(53 in the roster)" in f.says.en, "的 53 人" in f.says.zh) for f in others] == [
        ("ok", True, True)
    ]


def test_a_sender_that_cannot_call(tmp_path: Path, provider: FakeTwilio) -> None:
    """A Messaging Service alone makes no calls: that is said, and what to set."""
    app = with_provider(tmp_path, provider, TWILIO_FROM="", TWILIO_MESSAGING_SERVICE_SID=provider.service_sid)
    (only,) = [f for f in doctor.examine(app, None) if f.id.startswith("country_")]
    assert "texts go out and come back, calls are not possible" in only.says.en
    assert found(app, "calls").level == "warning"
    assert "TWILIO_FROM" in found(app, "calls").do.en


def test_a_running_server_and_its_public_address(twilio: FakeTwilio, mill: Mill) -> None:
    """The heartbeat of a server is seen, and a request signed like the provider's finds its way to it and back."""
    app = make_app(mill.home, twilio_env(twilio))
    hooks = hooks_for(app.settings.env)

    def through_the_proxy(url: str, body: bytes, headers: dict[str, str]) -> int:
        return doctor.post_form(url.replace(PUBLIC, mill.running.address), body, headers)

    levels = {f.id: f.level for f in doctor.examine(app, hooks, through_the_proxy)}
    assert levels["heartbeat"] == levels["address"] == levels["provider"] == levels["links"] == "ok"
    forged = hooks_for({**app.settings.env, "TWILIO_AUTH_TOKEN": "0" * 32})
    refused = next(f for f in doctor.examine(app, forged, through_the_proxy) if f.id == "address")
    assert "refuses the signature" in refused.says.en


def test_a_server_in_trouble_is_found(tmp_path: Path) -> None:
    """A server that runs and says what goes wrong is no healthy one."""
    app = sample(tmp_path)
    engine = app.engine()
    engine.store.beat("serve", app.clock.now(), ids.worker_id(), "the disk is full")
    engine.store.close()
    assert "the disk is full" in found(app, "heartbeat").says.en


def test_a_full_disk_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is full: below what a year of incidents takes."""
    app = sample(tmp_path)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 5_000_000}))
    assert found(app, "disk").level == "error"
    assert "only 5 MB" in found(app, "disk").says.en


def test_a_text_that_needs_two_pieces_is_named(tmp_path: Path) -> None:
    """By plan, state, step and language, with what to shorten."""
    app = sample(tmp_path)
    assert found(app, "length").level == "ok"
    plan = (PLANS / "robbery.yaml").read_text("utf-8")
    step = re.search(r"do: \{zh: ([^,}]+)", plan)
    assert step is not None
    (tmp_path / "playbooks").mkdir(exist_ok=True)
    (tmp_path / "playbooks" / "robbery.yaml").write_text(plan.replace(step[1], step[1] * 12, 1), "utf-8")
    finding = found(app, "length")
    assert finding.level == "warning"
    assert re.search(r"1 first texts may need two pieces: robbery/\w+\.\w+ \(zh\)", finding.says.en)


def test_a_plan_with_many_mistakes_does_not_bury_the_rest(tmp_path: Path) -> None:
    """The first few are shown and the others counted: the plan's own check shows them all."""
    app = sample(tmp_path)
    plan = (PLANS / "robbery.yaml").read_text("utf-8")
    (tmp_path / "playbooks").mkdir(exist_ok=True)
    (tmp_path / "playbooks" / "robbery.yaml").write_text(plan.replace("role: comms", "role: nobody"), "utf-8")
    finding = found(app, "playbook")
    assert finding.level == "error"
    assert finding.says.en.count("nobody") == doctor.MISTAKES_SHOWN
    assert re.search(r"\.\.\. and \d+ more$", finding.says.en)
    assert "playbook check" in finding.do.zh


def test_the_wave_of_a_whole_tower(tmp_path: Path, provider: FakeTwilio) -> None:
    """1,300 people at 1 message a second take 22 minutes, said before the night on which it matters."""
    app = with_provider(tmp_path, provider)
    engine = app.engine()
    one = app.people.roster(engine).people["sun_li"]
    people = {f"p{n}": msgspec.structs.replace(one, id=f"p{n}", numbers=(f"+861380000{n:04d}",)) for n in range(1300)}
    engine.unit(lambda e: save_roster(e, Roster(people=people), app.clock.now()))
    engine.store.close()
    said = [f for f in doctor.examine(app, None) if f.id == "capacity"]
    assert "1,300 people at 1 text a second take 22 minutes" in [f.says.en for f in said]
    assert "1,300 人,每秒 1 条短信,全部叫到要 22 分钟" in [f.says.zh for f in said]
    assert {f.level for f in said} == {"warning"}


def test_capacity_is_said_in_minutes(tmp_path: Path, provider: FakeTwilio) -> None:
    """54 people at one message a second take 54 s; at one in ten seconds it is a warning."""
    assert "54 people at 1 text a second take 54 s" in found(with_provider(tmp_path, provider), "capacity").says.en
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
        if path == "/a":
            return status
        form = [tuple(pair.split("=")) for pair in body.decode().split("&")]
        assert hooks.authentic(path, form, headers[hooks.signature_header])  # type: ignore[arg-type]
        return status

    finding = next(f for f in doctor.examine(app, hooks, post) if f.id == "address")
    assert finding.level == level
    assert words in finding.says.en


def test_who_cannot_answer_at_all_is_named(tmp_path: Path, provider: FakeTwilio) -> None:
    """Nobody has to look up who it is that has neither a reply, nor a key, nor a link."""
    app = with_provider(tmp_path, provider, EMERGENCY_PUBLIC_URL="")
    engine = app.engine()
    people = dict(app.people.roster(engine).people)
    people["sun_li"] = msgspec.structs.replace(people["sun_li"], numbers=("+8613800000001",))
    engine.unit(lambda e: save_roster(e, Roster(people=people), app.clock.now()))
    engine.store.close()
    china = found(app, "country_86")
    assert china.level == "error"
    assert "sun_li" in china.do.en
    assert "sun_li" in china.do.zh


@pytest.mark.parametrize(
    "status, level, words",
    [
        pytest.param(204, "ok", "lead to us", id="they lead to us"),
        pytest.param(404, "error", "404", id="a proxy that passes on the hooks alone"),
        pytest.param(0, "error", "no answer", id="nobody answers"),
    ],
)
def test_the_pages_behind_links_are_tried_too(
    tmp_path: Path, provider: FakeTwilio, status: int, level: str, words: str
) -> None:
    """A link that leads nowhere would be sent to everybody who can answer in no other way."""
    app = with_provider(tmp_path, provider, EMERGENCY_PUBLIC_URL="https://mall.example")
    asked: list[tuple[str, bytes]] = []

    def post(url: str, body: bytes, headers: dict[str, str]) -> int:
        asked.append((url, body))
        return status

    finding = next(f for f in doctor.examine(app, None, post) if f.id == "links")
    assert (finding.level, words in finding.says.en) == (level, True)
    assert asked == [("https://mall.example/a", b"")]


def test_a_key_that_others_can_read_is_found(tmp_path: Path, provider: FakeTwilio) -> None:
    """Whoever reads the key can answer for anybody."""
    app = with_provider(tmp_path, provider, EMERGENCY_PUBLIC_URL="https://mall.example")
    app.links.examine()
    app.links.file.chmod(0o640)
    finding = found(app, "links")
    assert finding.level == "error"
    assert "chmod 600" in finding.do.en
