"""Whether a number is still theirs: asked once a month, by itself, and never in the way of anything that matters."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from emergency import doctor
from emergency.app import App
from emergency.clock import VirtualClock
from emergency.core.segments import segments
from emergency.core.wording import render_still
from emergency.desk import InlineDesk
from emergency.engine import Engine
from emergency.errors import PermanentFailure, SettingsError, TemporaryFailure
from emergency.notify import Inbound, Limits, Notifier
from emergency.people import save_roster
from emergency.phones import Phone, book, weak
from emergency.roster import Leave, Roster
from emergency.still_you import Asker, Question, Rhythm, once_each, open_now, quota, rhythm
from emergency.verbs import perform
from notifiers.registry import hooks_for
from tests.fake_twilio import FakeTwilio
from tests.fakes import FakeNotifier
from tests.serving import PUBLIC, Mill, Running, make_app, make_home, twilio_env, until
from tests.small import number, roster, site

MONDAY = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
"""A working morning at the mill, whose clocks show UTC."""
CODE = re.compile(r"Z[2-9][A-Z]")
DAY = timedelta(days=1)


class Month:
    """The mill and its schedule, on a clock that the test moves; telephones answer as the test says."""

    def __init__(self, notifiers: list[Notifier], env: dict[str, str] | None = None) -> None:
        self.home = make_home()
        self.clock = VirtualClock(MONDAY)
        self.notifiers = notifiers
        self.app = make_app(self.home, env or {}, notifiers, self.clock)
        self.engine = self.app.engine()
        self.asker = Asker(self.app, InlineDesk(self.engine))
        self._count = 0

    def round(self, most: int = 0) -> list[tuple[str, int]]:
        """Let the schedule look once; return whom it asked about which number."""
        return [(each.person, each.number) for each in asyncio.run(self.asker.round(most))]

    def answers(self, person: str, which: int = 0) -> str:
        """Let somebody answer the last question to one of their numbers; return what that did."""
        sms = self.notifiers[0]
        assert isinstance(sms, FakeNotifier)
        said = [m.text for m in sms.taken.values() if m.to == number(person, which)]
        self._count += 1
        inbound = Inbound(
            id=f"in{self._count}",
            provider="fake",
            channel="sms",
            sender=number(person, which),
            text=CODE.search(said[-1])[0],  # type: ignore[index]
        )
        return self.engine.unit(lambda engine: self.app.inbox.receive(engine, inbound)).kind

    def wait(self, days: int) -> None:
        """Let days pass."""
        self.clock.advance(days * DAY)

    def states(self) -> dict[str, str]:
        """Return how the first number of each person stands, where it is not well proved."""
        found = weak(self.app.people.roster(self.engine), book(self.engine, roster()), self.clock.now())
        return {each.person: each.state for each in found if each.number == 0}

    def phone(self, person: str, number: int = 0) -> Phone:
        """Return what is known of a telephone by text."""
        return book(self.engine, roster())[person, number, "sms"]

    def put_in(self, people: Roster) -> None:
        """Put another roster in force."""
        self.engine.unit(lambda engine: save_roster(engine, people, self.clock.now()))

    def close(self) -> None:
        """Let go of the store and the folder."""
        self.engine.store.close()
        shutil.rmtree(self.home, ignore_errors=True)


@pytest.fixture
def month() -> Iterator[Month]:
    """The mill with a provider of texts alone."""
    made = Month([FakeNotifier()])
    yield made
    made.close()


# when, and whom


@pytest.mark.parametrize(
    "at, asks",
    [
        pytest.param("2026-11-24T10:00", True, id="ten o'clock on a Tuesday"),
        pytest.param("2026-11-24T16:59", True, id="before five"),
        pytest.param("2026-11-24T17:00", False, id="five o'clock"),
        pytest.param("2026-11-24T09:59", False, id="before ten"),
        pytest.param("2026-11-24T03:00", False, id="night"),
        pytest.param("2026-11-28T12:00", False, id="Saturday"),
        pytest.param("2026-11-29T12:00", False, id="Sunday"),
        pytest.param("2026-12-25T12:00", False, id="a public holiday"),
    ],
)
def test_only_in_the_middle_of_a_working_day(month: Month, at: str, asks: bool) -> None:
    """In the site's own time, and by its country's holidays."""
    moment = datetime.fromisoformat(at + "+00:00")
    month.clock.move_to(moment)

    assert open_now(site(), moment) is asks
    assert bool(month.round()) is asks


def test_in_the_time_of_the_site() -> None:
    """Ten in the morning is where the building stands, not where the server does."""
    far = msgspec.structs.replace(site(), timezone="Asia/Shanghai", country="CN")

    assert open_now(far, datetime(2026, 11, 23, 2, 30, tzinfo=UTC))
    assert not open_now(far, datetime(2026, 11, 23, 10, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    "numbers, asked, most, room",
    [
        pytest.param(8, 0, 0, 1, id="a small house: one a day"),
        pytest.param(8, 1, 0, 0, id="and no more that day"),
        pytest.param(0, 0, 0, 0, id="nobody"),
        pytest.param(500, 0, 0, 1, id="a large one: 25 a day, one by one"),
        pytest.param(500, 25, 0, 0, id="until they are asked"),
        pytest.param(5000, 0, 0, 6, id="a campus: 250 a day, six at a time"),
        pytest.param(5000, 247, 0, 3, id="the rest of the day"),
        pytest.param(5000, 0, 20, 1, id="at most as many as somebody allowed"),
        pytest.param(5000, 20, 20, 0, id="and then none"),
        pytest.param(8, 0, 20, 1, id="a limit makes it no faster"),
    ],
)
def test_questions_are_spread_over_days_and_hours(numbers: int, asked: int, most: int, room: int) -> None:
    """As many a day as a month needs, shared out among the looks of the day."""
    assert quota(numbers, asked, most) == room


def test_a_month_of_questions(month: Month) -> None:
    """Everybody answers: each number is asked once in the month, nobody twice in a day, who commands first."""
    asked: Counter[tuple[str, int]] = Counter()
    first: list[tuple[str, int]] = []
    for _ in range(30):
        today: list[str] = []
        for hour in range(7):
            month.clock.move_to(month.clock.now().replace(hour=10 + hour))
            for person, which in month.round():
                assert month.answers(person, which) == "proved"
                asked[person, which] += 1
                first.append((person, which))
                today.append(person)
        assert len(today) == len(set(today)) <= 1
        month.clock.move_to(month.clock.now().replace(hour=10) + DAY)

    everyone = {(p.id, n) for p in roster().people.values() for n in range(len(p.numbers))}
    assert set(asked) == everyone
    assert set(asked.values()) == {1}
    assert [person for person, _ in first[:3]] == ["anna", "anna", "boris"]
    assert month.states() == {}


def test_a_server_that_was_away_makes_up_for_nothing(month: Month) -> None:
    """After weeks of outage the day's questions are as many as ever."""
    month.wait(49)

    assert len(month.round()) == 1
    assert month.round() == []


def test_a_restart_asks_nobody_twice(month: Month) -> None:
    """What was asked stands in the store: another process on the same day goes on where the first one was."""
    (first,) = month.round()
    again = Asker(make_app(month.home, {}, month.notifiers, month.clock), InlineDesk(month.engine))
    month.clock.advance(timedelta(hours=1))

    assert asyncio.run(again.round()) == []
    month.wait(1)
    assert [(each.person, each.number) for each in asyncio.run(again.round())] != [first]


def test_nobody_is_asked_twice_in_a_day(month: Month) -> None:
    """Where a day has room for several questions, each goes to somebody else, not to both phones of one person."""
    people = roster().people
    more = {
        f"p{n}": msgspec.structs.replace(people["felix"], id=f"p{n}", numbers=(f"+131255501{n:02d}",))
        for n in range(20, 50)
    }
    month.put_in(Roster(people={**people, **more}))
    asked = []
    for _ in range(5):
        asked += month.round()
        month.clock.advance(timedelta(minutes=10))

    assert [person for person, _ in asked] == ["anna", "boris"]


def test_one_look_asks_each_person_once() -> None:
    """Also where there is room for many at once."""
    all_ = [Question(person=who, number=n, channel="sms") for who, n in (("anna", 0), ("anna", 1), ("boris", 0))]

    assert [(each.person, each.number) for each in once_each(all_)] == [("anna", 0), ("boris", 0)]


def test_nobody_is_asked_on_leave(month: Month) -> None:
    """The question would go unanswered, and say nothing of the telephone."""
    people = roster().people
    away = msgspec.structs.replace(people["anna"], leave=(Leave(first=MONDAY.date(), last=MONDAY.date()),))
    month.put_in(Roster(people={**people, "anna": away}))

    assert month.round() == [("boris", 0)]


# never in the way


def test_never_while_a_real_emergency_is_open(month: Month) -> None:
    """Neither begun nor gone on with; a drill is no reason to wait."""
    document = perform(month.app.desktop, month.engine, "trigger", {"playbook": "leak", "at": "hall"})
    assert month.round() == []
    perform(month.app.desktop, month.engine, "cancel", {"code": document["incident"], "reason": "steam"})
    month.wait(2)
    month.engine.fire_due()
    assert month.engine.store.open_incidents() == []

    perform(month.app.desktop, month.engine, "trigger", {"playbook": "leak", "at": "hall", "drill": True})
    assert len(month.round()) == 1


def test_an_emergency_that_begins_stops_the_round(month: Month) -> None:
    """The questions after the first are not put any more."""
    sms = month.notifiers[0]
    assert isinstance(sms, FakeNotifier)
    args = {"playbook": "leak", "at": "hall"}
    sms.before_send = lambda message: perform(month.app.desktop, month.engine, "trigger", args) and None
    wanted = month.asker.of_long_silence(month.engine, anyway=True)
    assert len(wanted) == 6

    assert len(asyncio.run(month.asker.ask(list(month.asker.reachable(roster(), wanted))))) == 1
    assert len(sms.taken) == 1


def test_a_telephone_that_has_had_enough_is_let_be(month: Month) -> None:
    """A question counts as news: it takes nothing of what alerts may need in the hour."""
    sms = month.notifiers[0]
    assert isinstance(sms, FakeNotifier)
    sms.abilities = msgspec.structs.replace(sms.abilities, per_number=Limits(minute=3, hour=2, day=2))
    document = perform(month.app.desktop, month.engine, "trigger", {"playbook": "leak", "at": "hall"})
    asyncio.run(month.app.outbox(InlineDesk(month.engine)).drain())
    perform(month.app.desktop, month.engine, "cancel", {"code": document["incident"], "reason": "steam"})
    asyncio.run(month.app.outbox(InlineDesk(month.engine)).drain())
    before = {m.to for m in sms.taken.values()}
    assert number("anna") in before
    month.engine.store._db.execute("update incident set closed_at = opened_at")

    assert month.round() == []


# what became of it


def test_two_questions_without_an_answer_name_the_number(month: Month) -> None:
    """Asked again after a week, then named; a month later asked once more, and an answer clears it."""
    asked = [month.clock.now() for _ in month.round() if _ == ("anna", 0)]
    assert len(asked) == 1
    assert month.states()["anna"] == "never"
    days = []
    for _ in range(67):
        month.wait(1)
        if ("anna", 0) in month.round(most=1):
            days.append((month.clock.now() - asked[0]).days)
    assert days == [7, 37, 67]
    assert month.states()["anna"] == "silent"

    assert month.answers("anna") == "proved"
    assert "anna" not in month.states()


def test_a_number_that_fails_is_named_at_once(month: Month) -> None:
    """What the provider says of it stands beside it."""
    sms = month.notifiers[0]
    assert isinstance(sms, FakeNotifier)
    sms.next = [PermanentFailure("number_not_in_use")]

    assert month.round() == []
    assert month.states()["anna"] == "failed"
    assert month.phone("anna").failed == "number_not_in_use"


def test_a_provider_that_is_down_says_nothing_of_a_telephone(month: Month) -> None:
    """The question counts for the day's number, and not against the person; the next day it is put again."""
    sms = month.notifiers[0]
    assert isinstance(sms, FakeNotifier)
    sms.always = TemporaryFailure("no_connection")
    assert month.round() == []
    assert month.states()["anna"] == "never"
    assert month.round() == []

    sms.always = None
    month.wait(1)
    assert month.round() == [("anna", 0)]


def test_a_number_that_was_changed_has_proved_nothing(month: Month) -> None:
    """What the old number answered is the old number's."""
    month.round()
    assert month.answers("anna") == "proved"
    assert "anna" not in month.states()
    people = roster().people
    moved = msgspec.structs.replace(people["anna"], numbers=("+13125550177", people["anna"].numbers[1]))
    after = Roster(people={**people, "anna": moved})
    month.put_in(after)

    known = book(month.engine, after)
    assert ("anna", 0, "sms") not in known
    assert [each.state for each in weak(after, known, month.clock.now()) if each.person == "anna"] == ["never", "never"]


def test_where_no_text_comes_back_a_call_asks() -> None:
    """Numbers of a country without replies are rung, and press 1."""
    made = Month([FakeNotifier(one_way=("1",)), FakeNotifier("voice")])
    try:
        assert made.round() == [("anna", 0)]
        voice = made.notifiers[1]
        assert isinstance(voice, FakeNotifier)
        (message,) = voice.taken.values()
        assert message.keys == "1"
        inbound = Inbound(
            id="k1", provider="fake", channel="voice", sender=number("anna"), text="1", delivery=message.id
        )
        assert made.engine.unit(lambda engine: made.app.inbox.receive(engine, inbound)).kind == "proved"
        assert book(made.engine, roster())["anna", 0, "voice"].proved == made.clock.now()
    finally:
        made.close()


def test_where_no_answer_can_come_back_nobody_is_asked() -> None:
    """A question that cannot be answered would make a liar of everybody."""
    made = Month([FakeNotifier(one_way=("1",))])
    try:
        assert made.round() == []
        assert made.notifiers[0].taken == {}  # type: ignore[attr-defined]
    finally:
        made.close()


# the words


@pytest.mark.parametrize("language, mark", [("en", "TEST"), ("zh", "【测试】")])
def test_it_cannot_be_mistaken_for_an_alert(language: str, mark: str) -> None:
    """It says so first and last, in the person's language, in one text of one piece."""
    name = {"en": "Bartholomew Featherstone", "zh": "欧阳菲菲"}[language]
    text = render_still("sms", {"en": "Star Plaza", "zh": "星汇城"}[language], language, name=name, code="Z7K")
    body = text.split({"en": "] ", "zh": "】"}[language], 1)[1]

    assert body.startswith(mark)
    assert text.endswith(mark)
    assert {"en": "No emergency", "zh": "没有紧急情况"}[language] in text
    assert name in text
    assert segments(text) == 1


def test_the_call_says_it_too() -> None:
    """A call is a test from its first word to its last, in both languages."""
    zh, en = (render_still("voice", "Mill", lang, name="Anna", code="") for lang in ("zh", "en"))

    assert zh.startswith("测试,测试")
    assert zh.endswith("以上是测试。")
    assert en.startswith("Test, test.")
    assert en.endswith("This was a test.")


# the setting


@pytest.mark.parametrize(
    "word, expected",
    [
        pytest.param("", Rhythm(), id="nothing said"),
        pytest.param("on", Rhythm(), id="on"),
        pytest.param("OFF", Rhythm(on=False), id="off"),
        pytest.param("0", Rhythm(on=False), id="none a day"),
        pytest.param("20", Rhythm(a_day=20), id="at most twenty"),
        pytest.param("twenty", None, id="no word of it"),
        pytest.param("-1", None, id="no number of it"),
    ],
)
def test_the_setting(word: str, expected: Rhythm | None) -> None:
    """On, off, or how many a day; anything else is named with what may stand there."""
    env = {"EMERGENCY_STILL_YOU": word}
    if expected is not None:
        assert rhythm(env) == expected
        return
    with pytest.raises(SettingsError, match=r"EMERGENCY_STILL_YOU: '.*' is none of on, off"):
        rhythm(env)


def questions(app: App) -> doctor.Finding:
    """What the doctor says of the schedule."""
    return next(f for f in doctor.examine(app, None) if f.id == "questions")


def test_the_doctor_tells_of_the_schedule(month: Month) -> None:
    """How many a day while all is well; that it is off; a setting that cannot be; and who did not answer."""
    assert "1 a day" in questions(month.app).says.en
    off = make_app(month.home, {"EMERGENCY_STILL_YOU": "off"}, month.notifiers, month.clock)
    assert "not asked" in questions(off).says.en
    wrong = make_app(month.home, {"EMERGENCY_STILL_YOU": "maybe"}, month.notifiers, month.clock)
    assert questions(wrong).level == "error"

    month.round()
    month.wait(7)
    month.round(most=1)
    named = questions(month.app)
    assert named.level == "warning"
    assert "anna" in named.says.en
    assert "anna" in named.says.zh


# the running server


class At:
    """The mill, served on a clock that stands at a working morning."""

    def __init__(self, twilio: FakeTwilio, **env: str) -> None:
        self.home = make_home()
        self.clock = VirtualClock(MONDAY)
        self.app = make_app(self.home, twilio_env(twilio) | env, None, self.clock)
        self.running = Running(self.app, hooks_for(self.app.settings.env))


@pytest.fixture
def serve(twilio: FakeTwilio) -> Iterator[Callable[..., At]]:
    """Start servers, and stop them."""
    made: list[At] = []

    def start(**env: str) -> At:
        one = At(twilio, **env)
        one.running.start()
        twilio.route(PUBLIC, one.running.address)
        twilio.webhook(PUBLIC + "/hooks/twilio/sms")
        made.append(one)
        return one

    yield start
    for one in made:
        twilio.settle()
        one.running.stop()
        shutil.rmtree(one.home, ignore_errors=True)


def test_the_round_trip(twilio: FakeTwilio, serve: Callable[..., At]) -> None:
    """The server asks by a real request, the telephone answers by the provider's hook, and is proved."""
    here = serve(EMERGENCY_STILL_YOU="on")
    twilio.phone(number("anna")).replies_with(lambda message: CODE.search(message.body)[0])  # type: ignore[index]

    here.running.on_loop(lambda server: server.ask_still_you())
    message = twilio.phone(number("anna")).expect_sms("TEST only", "Still you, Anna Adler?")
    assert "No emergency" in message.body

    def proved(engine: Engine) -> Any:
        return book(engine, roster()).get(("anna", 0, "sms"))

    def look() -> Any:
        phone = here.running.on_loop(lambda server: server.desk.do(proved))
        return phone if phone is not None and phone.proved else None

    assert until(look, "for the answer").state(MONDAY) == "proved"
    twilio.phone(number("anna")).expect_sms("Test passed")
    assert here.running.on_loop(lambda server: server.desk.do(lambda e: e.store.all_incidents())) == []


@pytest.mark.parametrize("word, jobs", [("on", 1), ("off", 0), ("gibberish", 0)])
def test_the_schedule_can_be_switched_off(serve: Callable[..., At], word: str, jobs: int) -> None:
    """A setting that cannot be read switches it off and says so; it keeps no emergency from being served."""
    here = serve(EMERGENCY_STILL_YOU=word)
    assert here.running.server is not None
    names = [job.id for job in here.running.server.scheduler._scheduler.get_jobs()]

    assert names.count("still-you") == jobs
    assert any("EMERGENCY_STILL_YOU" in line for line in here.running.said) is (word == "gibberish")


def test_an_answer_to_an_alert_proves_the_telephone(mill: Mill) -> None:
    """Who acknowledged yesterday need not be asked today; what an operator typed for somebody proves nothing."""
    mill.phone("chloe").replies_with(lambda message: re.search(r"L\d\d[A-Z]?", message.body)[0] + "1")  # type: ignore[index]
    id = mill.trigger()["id"]
    code = mill.running.asks("status")["incident"]
    mill.running.asks("reply", person="dmitri", text=f"{code} 1")

    def heard() -> Any:
        engine = Engine(mill.store, mill.running.app.clock)
        return book(engine, roster()).get(("chloe", 0, "sms"))

    assert until(heard, f"for chloe's answer in {id}").silent == 0
    assert book(Engine(mill.store, mill.running.app.clock), roster()).get(("dmitri", 0, "sms")) is None
    assert mill.store.last_tested("chloe") is None  # no test: one may be made at once
