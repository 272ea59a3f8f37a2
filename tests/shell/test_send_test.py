"""A telephone is proved by a real round trip, and no incident has a part in it."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cli
from emergency import doctor, ids, proof
from emergency.core.replies import parse, split_code
from emergency.core.segments import segments
from emergency.core.wording import LONGEST, render_test
from emergency.notify import Report
from emergency.people import save_roster
from emergency.roster import Roster
from emergency.store.store import ProofRow, SqliteStore
from tests.fake_twilio import FakeTwilio
from tests.fakes import FakeNotifier
from tests.installation import sample
from tests.serving import PUBLIC, Mill, make_app, make_home, twilio_env, until
from tests.small import House, number

CODE = re.compile(r"Z[2-9][A-Z]")
ALL_CODES = ["Z" + digit + letter for digit, letter in product("34679", "ACDEFHJKMNPRTUVWXY")]


class Desk:
    """Somebody who types `emergency doctor` in front of one installation."""

    def __init__(self, home: Path, env: dict[str, str]) -> None:
        self.home = home
        self.env = {"EMERGENCY_HOME": str(home), "EMERGENCY_LANG": "en", "EMERGENCY_PUBLIC_URL": None, **env}
        self.out = self.err = ""

    def __call__(self, *words: str) -> int:
        """Type the command; return its exit status."""
        result = CliRunner().invoke(cli.main, ["doctor", *words], env=self.env, prog_name="emergency")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.out, self.err = result.stdout, result.stderr
        return result.exit_code

    def tests(self, *words: str) -> list[dict[str, Any]]:
        """Type it with --json; return what it says of each test."""
        import json

        self("--json", *words)
        return list(json.loads(self.out)["tests"])


@pytest.fixture
def alone(twilio: FakeTwilio) -> Desk:
    """An installation without a server, without a public address."""
    return Desk(make_home(), twilio_env(twilio, None))


@pytest.fixture
def served(mill: Mill) -> Desk:
    """An installation with its server running."""
    return Desk(mill.home, twilio_env(mill.twilio))


def replies(message: Any) -> str:
    """Answer what the test asks for."""
    return CODE.search(message.body)[0]  # type: ignore[index]


def kept(home: Path) -> list[ProofRow]:
    """Return the tests that stand in the store."""
    store = SqliteStore(home / "emergency.db")
    rows = [row for (id,) in store._db.execute("select id from proof order by rowid") if (row := store.proof(id))]
    store.close()
    return rows


# the round trip


@pytest.mark.parametrize("person, marks", [("chloe", ("TEST only", "TEST")), ("felix", ("【测试】", "【测试】"))])
def test_a_text_is_answered_by_the_hook(mill: Mill, served: Desk, person: str, marks: tuple[str, str]) -> None:
    """With a server running the answer comes by the hook; the text is marked at both ends, in the person's language."""

    def answers_once_delivered() -> None:
        (row,) = until(lambda: [row for row in kept(mill.home) if row.delivered_at], "for the receipt")
        mill.phone(person).texts(row.code)

    answering = threading.Thread(target=answers_once_delivered)
    answering.start()
    assert served("--send-test", person) == 0
    answering.join()
    text = mill.twilio.messages[0].body
    assert text.partition("] ")[2].startswith(marks[0]) or text.partition("】")[2].startswith(marks[0])
    assert text.endswith(marks[1])
    assert ("没有紧急情况" if person == "felix" else "No emergency") in text
    assert re.search(r"taken by the provider after .* s, delivered after .* s, answered after .* s", served.out)
    assert number(person) not in served.out + served.err
    (row,) = kept(mill.home)
    assert None not in (row.answered_at, row.delivered_at, row.taken_at)
    assert (row.person, row.channel, row.number) == (person, "sms", 0)
    mill.phone(person).expect_sms("测试成功" if person == "felix" else "Test passed")


def test_a_text_is_answered_without_a_server(twilio: FakeTwilio, alone: Desk) -> None:
    """Nobody listens, so the provider is asked; the telephone's answer gets its own."""
    twilio.phone(number("chloe")).replies_with(replies)

    assert alone("--send-test", "Chloe Clark") == 0
    assert "answered after" in alone.out
    twilio.phone(number("chloe")).expect_sms("Test passed")


def test_other_answers_are_left_to_the_server(twilio: FakeTwilio, alone: Desk) -> None:
    """Without a server only the answer to the test is taken in; a reply to an alert waits for who watches incidents."""
    twilio.phone(number("chloe")).replies_with(replies)
    twilio.phone(number("emma")).texts("1", to=twilio.number)

    assert alone("--send-test", "chloe") == 0
    store = SqliteStore(alone.home / "emergency.db")
    assert [row[0] for row in store._db.execute("select person from inbound")] == ["chloe"]
    store.close()


@pytest.mark.parametrize(
    "person, begins, passed, voice",
    [
        ("felix", "测试,测试。老磨坊试打电话。没有紧急情况", "测试成功", "cmn"),
        ("chloe", "Test, test. Old Mill tries this telephone. No emergency", "Test passed", "en"),
    ],
)
def test_a_call_is_answered_with_a_key(
    mill: Mill, served: Desk, person: str, begins: str, passed: str, voice: str
) -> None:
    """A call says that it is a test at both ends; a key proves the telephone, and is answered in its language."""
    mill.phone(person).will_press("1")

    assert served("--send-test", person, "--channel", "voice") == 0
    call = mill.twilio.calls[0]
    assert call.text.startswith(begins)
    until(lambda: passed in call.text)
    assert {said.language.partition("-")[0] for said in call.said} == {voice}
    assert kept(mill.home)[0].answered_at is not None


def test_both_channels_at_once(mill: Mill, served: Desk) -> None:
    """One test by text, one by call; each has its own line, and one that is missing spoils the whole."""
    mill.phone("chloe").replies_with(replies).will_not_answer()
    tests = served.tests("--send-test", "chloe", "--channel", "sms", "--channel", "voice", "--wait", "5")

    assert [(t["channel"], t["passed"]) for t in tests] == [("sms", True), ("voice", False)]
    assert tests[1]["failed"] == "no_answer"
    assert "nobody picked up" in tests[1]["do"]["en"]


def test_a_call_without_a_way_back_proves_only_that_it_rings(twilio: FakeTwilio, alone: Desk) -> None:
    """No key is asked for that could not come back; what to do about that is said."""
    twilio.phone(number("chloe")).will_press("1")

    assert alone("--send-test", "chloe", "--channel", "voice", "--wait", "5") == 0
    assert "Press" not in twilio.calls[0].text
    assert "no answer can come back" in alone.out
    assert "EMERGENCY_PUBLIC_URL" in alone.out


# what is missing, and what to do


def test_silence_is_said(served: Desk) -> None:
    """Delivered and not answered: exit 4, and whom to ask."""
    assert served("--send-test", "chloe", "--wait", "1") == 4
    assert re.search(r"✗ text to chloe \+13…03: taken .*, delivered .*, no answer\n    → ask chloe", served.out)


def test_a_late_answer_counts(mill: Mill, served: Desk) -> None:
    """Whoever answers after the waiting has proved the telephone all the same; a second answer is met with silence."""
    served("--send-test", "chloe", "--wait", "0")
    code = kept(mill.home)[0].code

    mill.phone("chloe").texts(code.lower())
    assert kept(mill.home)[0].answered_at is not None
    mill.phone("chloe").expect_sms("Test passed")
    mill.phone("chloe").texts(code)
    mill.calm()
    assert len(mill.rows()) == 1


def test_who_has_opted_out_is_told(mill: Mill, served: Desk) -> None:
    """A number that once answered STOP: the provider refuses, and the way back is said."""
    mill.phone("chloe").refuses_with(21610)

    assert served("--send-test", "chloe") == 4
    assert "failed (opted_out)" in served.out
    assert "START" in served.out


def test_a_stop_in_answer_is_told(mill: Mill, served: Desk) -> None:
    """STOP in answer to the test itself cuts the telephone off, and the operator hears so."""
    mill.phone("chloe").replies_with("STOP")

    assert served("--send-test", "chloe", "--wait", "2") == 4
    assert "answered STOP" in served.out


@pytest.mark.parametrize(
    "trouble, says, do",
    [
        pytest.param(
            lambda p: p.fails_with(30005),
            "failed (number_not_in_use 30005)",
            "check the number",
            id="no such telephone",
        ),
        pytest.param(lambda p: p.fails_with(30007), "failed (30007)", "the provider's error code", id="a bare code"),
        pytest.param(lambda p: p.receives(receipts=False), "no receipt", "switched off", id="switched off"),
        pytest.param(lambda p: p.replies_with("what?"), "no answer", "something else came", id="other words"),
    ],
)
def test_each_trouble_has_its_advice(mill: Mill, served: Desk, trouble: Any, says: str, do: str) -> None:
    """What is missing is named, and what to do about it."""
    trouble(mill.phone("chloe"))

    assert served("--send-test", "chloe", "--wait", "2") == 4
    assert says in served.out
    assert do in served.out


def test_an_answer_that_got_stuck_at_the_provider(mill: Mill, served: Desk) -> None:
    """The provider has the answer and does not know where we are: the address to enter is said."""
    mill.twilio.webhook("")
    mill.phone("chloe").replies_with(replies)

    assert served("--send-test", "chloe", "--wait", "2") == 4
    assert f"{PUBLIC}/hooks/twilio/sms with POST" in served.out


def test_a_lost_acceptance_is_looked_up(twilio: FakeTwilio, alone: Desk) -> None:
    """The request left and no answer came: the provider is asked, and nothing is sent twice."""
    twilio.phone(number("chloe")).replies_with(replies)
    twilio.fault("lost")

    assert alone("--send-test", "chloe") == 0
    assert [m.to for m in twilio.messages].count(number("chloe")) == 2  # the test, and the answer to its answer


@pytest.mark.parametrize("zh, en", [("不知平台收下没有", "nobody knows whether the provider took it")])
def test_a_provider_that_cannot_be_asked(twilio: FakeTwilio, alone: Desk, zh: str, en: str) -> None:
    """Lost, and no trace can be looked for: that is said, in both languages."""
    twilio.fault("garbled", times=None)
    (test,) = alone.tests("--send-test", "chloe", "--wait", "0")

    assert zh in test["says"]["zh"]
    assert en in test["says"]["en"]
    assert test["do"]["zh"]
    assert test["do"]["en"]
    twilio.heal()


def test_texts_from_a_country_without_a_way_back(twilio: FakeTwilio, alone: Desk) -> None:
    """+86: no answer is asked for that could not come back; that it arrived is all that can be shown."""
    store = SqliteStore(alone.home / "emergency.db")
    app = make_app(alone.home, twilio_env(twilio, None))
    engine = app.engine()
    import msgspec

    people = dict(app.people.roster(engine).people)
    people["chloe"] = msgspec.structs.replace(people["chloe"], numbers=("+8613900000003",))
    engine.unit(lambda e: save_roster(e, Roster(people=people), app.clock.now()))
    engine.store.close()
    store.close()

    assert alone("--send-test", "chloe", "--wait", "5") == 0
    assert "No reply needed" in twilio.messages[0].body
    assert "--channel voice" in alone.out


# what is refused, with nothing sent


@pytest.mark.parametrize(
    "words, status, says",
    [
        pytest.param(["chlo"], 2, "Did you mean 'chloe'", id="a slip"),
        pytest.param(["gina"], 3, "has no telephone number", id="no number"),
        pytest.param(["anna", "--number", "3"], 2, "1: +13…01, 2: +13…51", id="no third number"),
    ],
)
def test_who_cannot_be_tested(twilio: FakeTwilio, alone: Desk, words: list[str], status: int, says: str) -> None:
    """Nothing is sent, and the nearest right word is said; numbers are masked."""
    assert alone("--send-test", *words) == status
    assert says in alone.err
    assert twilio.messages == []
    assert kept(alone.home) == []


def test_the_second_number_proves_itself(twilio: FakeTwilio, alone: Desk) -> None:
    """Each number of a person can be tested; what is kept is which, and never the number."""
    twilio.phone(number("anna", 1)).replies_with(replies)

    assert alone("--send-test", "anna", "--number", "2") == 0
    assert "number 2 of 2, +13…51" in alone.err
    assert kept(alone.home)[0].number == 1
    assert number("anna", 1).encode() not in b"".join(dump(alone.home))


def dump(home: Path) -> Iterator[bytes]:
    """Yield what stands in the table of tests."""
    with sqlite3.connect(home / "emergency.db") as db:
        yield from (repr(row).encode() for row in db.execute("select * from proof"))
    db.close()


def test_one_test_a_minute(twilio: FakeTwilio, alone: Desk) -> None:
    """A second one at once is refused, and says when it may go; another person may be tested meanwhile."""
    alone("--send-test", "chloe", "--wait", "0")

    assert alone("--send-test", "chloe", "--wait", "0") == 3
    assert re.search(r"try again in \d+ s", alone.err)
    assert alone("--send-test", "emma", "--wait", "0") == 4
    assert len(twilio.messages) == 2


def test_without_a_provider_it_is_refused_in_one_sentence() -> None:
    """An installation for drills has no telephone to test."""
    desk = Desk(make_home(), dict.fromkeys(("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"), ""))

    assert desk("--send-test", "chloe") == 3
    assert desk.err.strip().count("\n") == 0
    assert "No provider is set" in desk.err
    desk.env["EMERGENCY_LANG"] = "zh"
    assert desk("--send-test", "chloe") == 3
    assert "没有短信和电话通道" in desk.err


def test_alerts_go_first(twilio: FakeTwilio, alone: Desk) -> None:
    """While alerts of a real incident wait, nothing else takes the sender's time."""
    app = make_app(alone.home, twilio_env(twilio, None))
    from emergency.verbs import perform

    engine = app.engine()
    engine.unit(lambda e: perform(app.desktop, e, "trigger", {"playbook": "leak", "at": "hall"}))
    engine.store.close()

    assert alone("--send-test", "chloe") == 3
    assert "Alerts of a real emergency" in alone.err
    assert twilio.messages == []


def test_the_line_is_kept_free(mill: Mill, served: Desk) -> None:
    """Whoever is called in an open emergency gets no test call; a text may go."""
    mill.trigger()
    mill.calm()

    assert served("--send-test", "chloe", "--channel", "voice") == 3
    assert "line busy" in served.err
    assert served("--send-test", "chloe", "--wait", "0") == 4


def test_options_of_a_test_need_a_test(alone: Desk) -> None:
    """A forgotten --send-test is said, instead of a whole examination."""
    assert alone("--channel", "sms") == 2
    assert "--send-test" in alone.err


# no incident has a part in it


def asked(house: House, person: str, code: str, channel: Any = "sms", id: str = "") -> ProofRow:
    """Return a test that was sent just now."""
    roster = house.store.current_digest("roster") or ""
    row = ProofRow(id or f"test:{code}", person, channel, 0, roster, code, house.clock.now())
    house.store.begin_proof(row)
    return row


@pytest.fixture
def house() -> House:
    """A leak has been told to everybody."""
    house = House([FakeNotifier("sms"), FakeNotifier("voice")])
    house.open(id="leak1")
    house.pump()
    return house


def test_a_bare_key_belongs_to_the_incident(house: House) -> None:
    """A `1` while an alert is open acknowledges the alert, and proves no telephone."""
    row = asked(house, "emma", "Z7K")

    assert house.texts("emma", "1").kind == "acknowledged"
    assert house.store.proof(row.id).answered_at is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", ["Z7K", "z7k", "Ｚ７Ｋ", "回复Z7K", "Z7K ok", "Z7K 1", "1 Z7K", "Z7K 收到", "Z7K 9", "Z7K!"]
)
def test_an_answer_to_the_test_touches_no_incident(house: House, text: str) -> None:
    """Whatever stands beside the code, the log does not grow; that the rest was not noted is said."""
    row = asked(house, "emma", "Z7K")
    before = house.incident("leak1").version
    outcome = house.texts("emma", text)

    assert outcome.kind == "proved"
    assert house.incident("leak1").version == before
    assert house.store.proof(row.id).answered_at == house.clock.now()  # type: ignore[union-attr]
    assert ("not noted" in outcome.says) == (proof.CODE.sub("", text.upper()).strip("! ") not in ("", "Ｚ７Ｋ"))


def test_a_test_and_an_alert_answered_in_one_text(house: House) -> None:
    """The code of the incident is read for the incident, that of the test for the test."""
    asked(house, "emma", "Z7K")
    outcome = house.texts("emma", f"Z7K {house.ref('leak1', 'kind')} 1")

    assert (outcome.kind, outcome.incident) == ("acknowledged", "leak1")
    assert "Test passed" in outcome.says
    assert house.alert("leak1", "emma", "kind").status == "acknowledged"


@pytest.mark.parametrize(
    "text, kind",
    [
        pytest.param(
            'Liked "[Old Mill] TEST only. No emergency, no drill. Please reply Z7K. TEST"', "no_proof", id="en"
        ),
        pytest.param(
            "转发【老磨坊】【测试】这是测试,没有紧急情况,也不是演练。请回复Z7K。【测试】", "no_proof", id="zh"
        ),
        pytest.param("Z9K", "unread", id="another code"),
    ],
)
def test_what_is_no_answer(house: House, text: str, kind: str) -> None:
    """Our own words come back, or a code that was not sent: nothing is proved."""
    row = asked(house, "emma", "Z7K")

    assert house.texts("emma", text).kind == kind
    assert house.store.proof(row.id).answered_at is None  # type: ignore[union-attr]


def test_nobody_answers_for_another(house: House) -> None:
    """The code in somebody else's text, typed at the console, or a key in another's call proves nothing."""
    row, call = asked(house, "emma", "Z7K"), asked(house, "emma", "Z6A", "voice")

    assert house.texts("chloe", "Z7K").kind == "unread"
    assert house.presses("chloe", "1", call.id).kind == "no_proof"
    from emergency.notify import Inbound

    typed = Inbound(id="console:1", provider="console", channel="sms", sender="", text="Z7K")
    assert house.inbox.receive(house.engine, typed, person="emma", by="console").kind == "no_proof"
    assert not any(r.answered_at for r in map(house.store.proof, (row.id, call.id)) if r)


def test_a_code_is_forgotten_after_a_week(house: House) -> None:
    """After that the words are read like any other."""
    asked(house, "emma", "Z7K")
    house.clock.advance(timedelta(days=8))
    assert house.texts("emma", "Z7K").kind == "unread"


def test_reports_of_a_test(house: House) -> None:
    """A report finds its test; a failure ends it, unless it was answered; an unknown one is of none."""
    row, done = asked(house, "emma", "Z7K"), asked(house, "chloe", "Z6A")
    house.texts("chloe", "Z6A")
    for id in (row.id, done.id):
        assert proof.record(house.engine, Report(delivery=id, status="failed", reason="30003"))
        assert proof.record(house.engine, Report(delivery=id, status="delivered"))
    assert not proof.record(house.engine, Report(delivery="test:none", status="delivered"))

    after = [house.store.proof(id) for id in (row.id, done.id)]
    assert [(r.failed, r.delivered_at is None) for r in after if r] == [("30003", True), ("", False)]


def test_a_test_call_is_no_trace_of_an_alert(house: House) -> None:
    """What is said in a call is not listed: a lost alert must not take the test's call for its own."""
    row = asked(house, "emma", "Z7K", "voice")
    house.store.proof_taken(row.id, house.clock.now(), "twilio", "CA1")
    assert "CA1" in house.store.known_provider_ids("emma")


def test_no_code_can_be_taken_for_another() -> None:
    """No code of a test is read as a code, a key or a word of an incident, alone or run together with a digit."""
    assert {ids.new_test_code() for _ in range(2000)} <= set(ALL_CODES)
    for code in ALL_CODES:
        assert proof.CODE.fullmatch(code)
        assert parse(code) == parse(code + "1") == ()
        assert [split_code(reply) for reply in parse(f"{code} F071")] != []
        assert parse(f"{code} F071")[0].code == "F071"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("code", ["", "Z7K"])
def test_a_test_is_one_piece(language: str, code: str) -> None:
    """The text fits one SMS, and is no reply itself: two machines cannot test each other."""
    text = render_test("sms", "星汇城" if language == "zh" else "Star Plaza", language, code=code)
    assert segments(text) == 1
    assert len(text) < LONGEST


# what doctor says of it later


def test_doctor_says_which_telephones_proved_themselves(tmp_path: Path, twilio: FakeTwilio) -> None:
    """None yet; then one; then one whose last test was not answered. A number changed since has proved nothing."""
    env = twilio_env(twilio, None)
    app = sample(tmp_path, env=env)
    from notifiers.registry import notifiers_for

    app.notifiers = notifiers_for(env, app.clock.now, lambda line: None)

    def says() -> tuple[str, str]:
        finding = next(f for f in doctor.examine(app, None) if f.id == "proofs")
        return finding.level, finding.says.en

    assert says() == ("warning", "0 of 54 people have answered a test within 90 days")
    put_in(app, "sun_li", answered=True)
    assert says() == ("ok", "1 of 54 people have answered a test within 90 days")
    put_in(app, "sun_li", answered=False)
    assert says()[0] == "warning"
    assert "sun_li (sms)" in says()[1]
    engine = app.engine()
    import msgspec

    people = dict(app.people.roster(engine).people)
    people["sun_li"] = msgspec.structs.replace(people["sun_li"], numbers=("+8613900009999",))
    engine.unit(lambda e: save_roster(e, Roster(people=people), app.clock.now()))
    engine.store.close()
    assert says() == ("warning", "0 of 54 people have answered a test within 90 days")


def put_in(app: Any, person: str, *, answered: bool) -> None:
    """Put a test into the store."""
    app.clock.advance(timedelta(minutes=2))
    engine = app.engine()
    id = f"test:{app.clock.now().isoformat()}"
    digest = engine.store.current_digest("roster") or ""
    engine.store.begin_proof(ProofRow(id, person, "sms", 0, digest, "Z7K", app.clock.now()))
    if answered:
        engine.store.proof_answered(id, app.clock.now())
    engine.store.close()
