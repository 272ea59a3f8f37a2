"""The Twilio notifiers against a Twilio on a socket of this machine, by way of the real library."""

from __future__ import annotations

import asyncio
import logging
import socket
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from aiohttp import web

from emergency.errors import DeliveryError, PermanentFailure, SettingsError, TemporaryFailure, UnknownOutcome
from emergency.notify import (
    USUAL_TEXTS,
    Inbound,
    KeepsTraces,
    Limits,
    Message,
    Notifier,
    ReadsReplies,
    Receipt,
    Report,
)
from notifiers.twilio import TwilioClient, TwilioSettings, TwilioSms, TwilioVoice, build, hooks, paths
from tests.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, NUMBERS, OLD_TOKEN, SERVICE_SID, FakeTwilio

MARIA = "+447700900001"
JONAS = "+447700900002"
WORDS = "F07A 三楼中庭火灾 <东口> & guide. 1=yes"
PUBLIC = "https://alarm.example"
NOBODY = frozenset[str]()
CHANNELS = ["sms", "voice"]


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    """A Twilio that fails the test on whatever nobody expected."""
    with FakeTwilio() as fake:
        yield fake


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def message(channel: str = "sms", **changes: Any) -> Message:
    """Return a message to Maria."""
    usual = {
        "id": "i7.1",
        "attempt": 1,
        "mode": "real",
        "channel": channel,
        "to": MARIA,
        "text": WORDS,
        "language": "zh",
        "keys": "123",
    }
    return Message(**{**usual, **changes})


def settings(twilio: FakeTwilio, **changes: Any) -> TwilioSettings:
    """Return settings that lead to the fake."""
    usual = {
        "account_sid": ACCOUNT_SID,
        "auth_tokens": (AUTH_TOKEN,),
        "sender": NUMBERS[0],
        "api_url": twilio.base_url,
        "timeout": 60.0,
    }
    return TwilioSettings(**{**usual, **changes})


Work = Callable[[dict[str, Any]], Awaitable[Any]]


def run(given: TwilioSettings, work: Work) -> Any:
    """Return what *work* returns, given the notifiers, which are closed after it."""

    async def main() -> Any:
        notifiers = build(given, now=now)
        try:
            return await work(notifiers)
        finally:
            for notifier in notifiers.values():
                await notifier.close()

    return asyncio.run(main())


def send(given: TwilioSettings, *messages: Message) -> list[Receipt]:
    """Return the receipts of *messages*, sent one after the other."""

    async def work(notifiers: dict[str, Any]) -> list[Receipt]:
        return [await notifiers[m.channel].send(m) for m in messages]

    return run(given, work)


def fails(given: TwilioSettings, sent: Message, error: type[DeliveryError]) -> DeliveryError:
    """Return the error that sending ends with, which must be of this type and show neither number nor secret."""
    with pytest.raises(error) as caught:
        send(given, sent)
    assert type(caught.value) is error
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert not [secret for secret in (MARIA, AUTH_TOKEN, NUMBERS[0], ACCOUNT_SID) if secret in shown]
    return caught.value


def expect(twilio: FakeTwilio, channel: str) -> None:
    """Expect one message for Maria on this channel."""
    phone = twilio.phone(MARIA)
    if channel == "sms":
        phone.expect_sms(WORDS)
    else:
        phone.expect_call()


# -- what they are


def test_they_keep_the_protocols(twilio):
    """Both notify and keep traces; only texts can be answered by polling."""
    notifiers = build(settings(twilio), now=now)
    assert list(notifiers) == CHANNELS
    for channel, notifier in notifiers.items():
        assert isinstance(notifier, Notifier)
        assert isinstance(notifier, KeepsTraces)
        assert notifier.channel == channel
    assert isinstance(notifiers["sms"], ReadsReplies)
    assert not isinstance(notifiers["voice"], ReadsReplies)


def test_their_abilities_follow_the_settings(twilio):
    """Keys need a public address, answers a number, and real telephones ring only in earnest unless allowed."""
    polled = build(settings(twilio), now=now)
    hooked = build(settings(twilio, public_url=PUBLIC), now=now, modes=frozenset({"real", "drill"}))
    named = build(settings(twilio, sender="Star Plaza"), now=now)
    assert (polled["sms"].abilities.two_way, polled["voice"].abilities.keypad) == (True, False)
    assert (hooked["sms"].abilities.two_way, hooked["voice"].abilities.keypad) == (True, True)
    assert not named["sms"].abilities.two_way
    assert polled["sms"].abilities.one_way_countries == {"86", "91", "502", "506", "507", "84"}
    assert polled["sms"].abilities.no_free_text_countries == {"86"}
    shut = build(settings(twilio, no_calls=frozenset({"86"}), calls_per_number=Limits(minute=1)), now=now)
    assert shut["voice"].abilities.unreachable_countries == {"86"}
    assert shut["sms"].abilities.unreachable_countries == frozenset()
    assert (shut["voice"].abilities.per_number, shut["sms"].abilities.per_number) == (Limits(minute=1), USUAL_TEXTS)
    assert polled["sms"].abilities.modes == {"real"}
    assert hooked["voice"].abilities.modes == {"real", "drill"}


def test_calls_need_a_number(twilio):
    """A Messaging Service alone can text and not call."""
    given = settings(twilio, sender=None, messaging_service_sid=SERVICE_SID)
    assert list(build(given, now=now)) == ["sms"]
    with pytest.raises(SettingsError, match="TWILIO_FROM"):
        TwilioVoice(given, TwilioClient(given), now=now)


# -- accepted


def test_a_text_arrives_as_it_was_written(twilio):
    """One request, the words unchanged, and a receipt with Twilio's id."""
    (receipt,) = send(settings(twilio), message())
    text = twilio.phone(MARIA).expect_sms(WORDS)
    assert receipt == Receipt(provider="twilio", provider_id=text.sid)
    assert (text.body, text.sender, text.callback) == (WORDS, NUMBERS[0], "")
    assert len(twilio.ledger) == 1


def test_a_text_expires_with_its_message(twilio):
    """Twilio is told for how long the text is worth delivering."""
    send(settings(twilio), message(expires=now() + timedelta(seconds=90)))
    assert 85 <= twilio.phone(MARIA).expect_sms().validity <= 90


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_is_out_of_date_is_not_sent(twilio, channel):
    """An order that nobody should follow any more never leaves."""
    error = fails(settings(twilio), message(channel, expires=now()), PermanentFailure)
    assert error.reason == "expired"
    assert twilio.ledger == []


def test_a_service_chooses_the_number(twilio):
    """Where a Messaging Service is given, texts go out by it."""
    send(settings(twilio, messaging_service_sid=SERVICE_SID), message())
    assert twilio.phone(MARIA).expect_sms(WORDS).service == SERVICE_SID


def test_characters_that_cannot_be_carried_do_not_stop_a_text(twilio):
    """Half a letter, typed by accident, becomes a space."""
    send(settings(twilio), message(text="a\udcffb"))
    assert twilio.phone(MARIA).expect_sms().body == "a b"


@pytest.mark.parametrize("keys", ["", "123"])
def test_a_call_without_a_public_address_says_it_twice(twilio, keys):
    """Nothing of ours is needed while the call goes on, and no key is asked for."""
    (receipt,) = send(settings(twilio), message("voice", keys=keys))
    call = twilio.phone(MARIA).expect_call(WORDS)
    assert call.wait_ended() == "completed"
    assert [said.text for said in call.said] == [WORDS, WORDS]
    assert {(said.language, said.voice) for said in call.said} == {("cmn-CN", "Polly.Zhiyu-Neural")}
    assert receipt == Receipt(provider="twilio", provider_id=call.sid)
    assert "Gather" not in call.record.form["Twiml"]
    assert twilio.posted == []


def test_many_at_once_share_the_connection(twilio):
    """A hundred people are written to together, once each."""

    async def work(notifiers: dict[str, Any]) -> list[Receipt]:
        texts = [message(id=f"i7.{n}", text=f"{WORDS} {n}") for n in range(100)]
        return await asyncio.gather(*(notifiers["sms"].send(text) for text in texts))

    twilio.accept_everything()
    receipts = run(settings(twilio), work)
    assert len({receipt.provider_id for receipt in receipts}) == 100
    assert not twilio.duplicates()


def test_they_can_be_closed_and_used_again(twilio):
    """Closing lets go of connections and of nothing else; texts and calls share them."""

    async def work(notifiers: dict[str, Any]) -> None:
        await notifiers["sms"].close()
        await notifiers["sms"].send(message())
        await notifiers["voice"].close()
        await notifiers["sms"].close()
        await notifiers["sms"].send(message(text="again"))

    run(settings(twilio), work)
    twilio.phone(MARIA).expect_sms(WORDS)
    twilio.phone(MARIA).expect_sms("again")


def test_a_path_in_front_of_the_api_is_kept(twilio):
    """Only scheme, host and what stands in front are changed; the fake knows no such path and says so."""
    error = fails(settings(twilio, api_url=twilio.base_url + "/elsewhere"), message(), TemporaryFailure)
    assert error.reason in ("20404", "credentials")


# -- never sent


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_drill_rings_no_real_telephone(twilio, channel):
    """A message of another mode is refused before anything leaves."""
    assert fails(settings(twilio), message(channel, mode="drill"), PermanentFailure).reason == "wrong_mode"
    assert twilio.ledger == []


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    "number",
    [
        "119",
        "110",
        "120",
        "122",
        "112",
        "999",
        "911",
        "000",
        "108",
        "95598",
        "96333",
        "+86110",
        "+8610119",
        "07700900001",
    ],
)
def test_emergency_services_are_never_reached(twilio, channel, number):
    """Those calls are made by people; the number is refused before anything leaves."""
    assert fails(settings(twilio), message(channel, to=number), PermanentFailure).reason == "bad_number"
    assert twilio.ledger == []


# -- refused


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    "code, error, reason",
    [
        (21211, PermanentFailure, "number_not_in_use 21211"),
        (21610, PermanentFailure, "opted_out"),
        (21612, PermanentFailure, "21612"),
        (21614, PermanentFailure, "21614"),
        (21408, TemporaryFailure, "21408"),
        (21611, TemporaryFailure, "21611"),
        (63038, TemporaryFailure, "63038"),
    ],
)
def test_a_refusal_says_what_it_means(twilio, channel, code, error, reason):
    """What is wrong with the person is given up at once; what is wrong with us, or too much, is tried again later."""
    twilio.phone(MARIA).refuses_with(code)
    assert fails(settings(twilio), message(channel), error).reason == reason
    assert len(twilio.ledger) == 1


def test_who_said_stop_is_not_written_to(twilio):
    """STOP and START are Twilio's own words, and it keeps to them."""
    maria = twilio.phone(MARIA)
    maria.texts("STOP", to=NUMBERS[0])
    assert fails(settings(twilio), message(), PermanentFailure).reason == "opted_out"


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_wrong_token_gives_nobody_up(twilio, channel):
    """An operator can mend it in a minute, so the alert is kept."""
    given = settings(twilio, auth_tokens=("wrong", AUTH_TOKEN))
    error = fails(given, message(channel), TemporaryFailure)
    assert (error.reason, error.retry_after) == ("credentials", 15.0)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_sender_that_is_not_ours_gives_nobody_up(twilio, channel):
    """It says nothing about the person who should have been reached."""
    error = fails(settings(twilio, sender="+12025550199"), message(channel), TemporaryFailure)
    assert error.reason in ("21606", "21210")


@pytest.mark.parametrize("channel", CHANNELS)
def test_too_many_requests_say_when_to_come_back(twilio, channel):
    """The wait that Twilio asks for is passed on, and nothing is tried again here."""
    twilio.fault("429", retry_after=7)
    error = fails(settings(twilio), message(channel), TemporaryFailure)
    assert (error.reason, error.retry_after) == ("20429", 7.0)
    assert len(twilio.ledger) == 1


@pytest.mark.parametrize("kind, reason", [("500", "20500"), ("503", "20503")])
@pytest.mark.parametrize("channel", CHANNELS)
def test_twilio_s_own_trouble_is_temporary_and_met_once(twilio, channel, kind, reason):
    """Twilio says it made nothing; the library must not ask again by itself, for that might ring twice."""
    twilio.fault(kind, times=None)
    assert fails(settings(twilio), message(channel), TemporaryFailure).reason == reason
    assert len(twilio.ledger) == 1


def test_a_bad_address_for_reports_does_not_stop_an_alert(twilio):
    """The text goes out without reports when Twilio dislikes where they should go."""
    (receipt,) = send(settings(twilio, public_url="ftp://alarm.example"), message())
    text = twilio.phone(MARIA).expect_sms(WORDS)
    assert (receipt.provider_id, text.callback) == (text.sid, "")
    assert [entry.code for entry in twilio.ledger] == [21609, None]


# -- in doubt


def test_nobody_listens(twilio):
    """Where no connection came about, the message certainly was not accepted."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert fails(settings(twilio, api_url=closed), message(), TemporaryFailure).reason == "no_connection"


def test_no_such_host(twilio):
    """A name that cannot be looked up is no connection either, however long the looking takes."""
    given = settings(twilio, api_url="http://twilio.invalid", timeout=1.0)
    assert fails(given, message(), TemporaryFailure).reason == "no_connection"


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind, limit", [("lost", 60.0), ("late", 0.5)])
def test_an_answer_that_never_came_is_found_again(twilio, channel, kind, limit):
    """Accepted, and nobody told us: unknown, until Twilio is asked, who has it once."""
    twilio.fault(kind, seconds=30.0)  # cut short when the fake stops
    since = now()
    fails(settings(twilio, timeout=limit), message(channel), UnknownOutcome)

    async def work(notifiers: dict[str, Any]) -> tuple[Receipt, Receipt | None, Receipt | None]:
        notifier = notifiers[channel]
        found = await notifier.find(message(channel), since, NOBODY)
        taken = await notifier.find(message(channel), since, frozenset({found.provider_id}))
        later = await notifier.find(message(channel), since + timedelta(minutes=5), NOBODY)
        return found, taken, later

    found, taken, later = run(settings(twilio), work)
    expect(twilio, channel)
    records = twilio.messages if channel == "sms" else twilio.calls
    assert [record.sid for record in records] == [found.provider_id]
    assert (taken, later) == (None, None)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", ["reset", "garbled"])
def test_what_was_never_accepted_leaves_no_trace(twilio, channel, kind):
    """From here a broken connection and a gateway's error look the same; asking tells that nothing was made."""
    twilio.fault(kind)

    async def work(notifiers: dict[str, Any]) -> Receipt | None:
        since = now()
        with pytest.raises(UnknownOutcome):
            await notifiers[channel].send(message(channel))
        return await notifiers[channel].find(message(channel), since, NOBODY)

    assert run(settings(twilio), work) is None
    assert len(twilio.ledger) == 1


def test_a_text_that_still_waits_is_found(twilio):
    """A text in Twilio's queue has no date of sending yet; it is a trace all the same, whatever the zone of *since*."""
    twilio.rate_limit(0.001)
    send(settings(twilio), message(text="first"))
    twilio.phone(MARIA).expect_sms("first")
    twilio.fault("lost")

    async def work(notifiers: dict[str, Any]) -> Receipt | None:
        since = now().astimezone(timezone(timedelta(hours=8)))
        with pytest.raises(UnknownOutcome):
            await notifiers["sms"].send(message())
        return await notifiers["sms"].find(message(), since, NOBODY)

    assert run(settings(twilio), work) is not None
    assert twilio.messages[-1].sent is None
    twilio.advance(1000)
    twilio.phone(MARIA).expect_sms(WORDS)


def test_an_automatic_answer_is_no_trace(twilio):
    """What Twilio itself answered to HELP was not sent by us, even in the same words."""
    since = now()
    twilio.phone(MARIA).texts("HELP", to=NUMBERS[0])
    words = twilio.phone(MARIA).inbox

    async def work(notifiers: dict[str, Any]) -> Receipt | None:
        await asyncio.to_thread(twilio.settle)
        return await notifiers["sms"].find(message(text=words()[-1].body), since, NOBODY)

    assert run(settings(twilio), work) is None


def test_only_the_same_words_are_a_trace(twilio):
    """Another text to the same person, or what she wrote herself, is not this one."""
    maria = twilio.phone(MARIA)

    async def work(notifiers: dict[str, Any]) -> Receipt | None:
        since = now()
        await notifiers["sms"].send(message(text="something else"))
        await maria.texts_async(WORDS, to=NUMBERS[0])
        return await notifiers["sms"].find(message(), since, NOBODY)

    assert run(settings(twilio), work) is None
    maria.expect_sms("something else")


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_slow_answer_is_not_waited_for(twilio, channel):
    """The time limit holds (the answer would come), and what it cut off is unknown."""
    twilio.fault("slow", seconds=1.5)
    fails(settings(twilio, timeout=0.5), message(channel), UnknownOutcome)
    expect(twilio, channel)


@pytest.mark.parametrize("kind", ["429", "500", "reset", "garbled", "slow"])
def test_a_question_that_is_not_answered_can_be_asked_again(twilio, kind):
    """Asking changes nothing, so whatever goes wrong with it is temporary."""
    twilio.fault(kind, times=None, method="GET", seconds=30.0)

    async def work(notifiers: dict[str, Any]) -> None:
        receipt = Receipt(provider="twilio", provider_id="SM" + "0" * 32)
        for notifier in notifiers.values():
            with pytest.raises(TemporaryFailure):
                await notifier.find(message(notifier.channel), now(), NOBODY)
            with pytest.raises(TemporaryFailure):
                await notifier.status(receipt, "i7.1")
        with pytest.raises(TemporaryFailure):
            await notifiers["sms"].replies(now())

    run(settings(twilio, timeout=0.2), work)


# -- what became of it, by asking


def ask(given: TwilioSettings, channel: str, twilio: FakeTwilio) -> Report | None:
    """Send one message, let it end, and return what Twilio says when asked."""

    async def work(notifiers: dict[str, Any]) -> Report | None:
        receipt = await notifiers[channel].send(message(channel))
        await asyncio.to_thread(twilio.settle)
        report = await notifiers[channel].status(receipt, "i7.1")
        assert report is None or (report.delivery, report.provider_id) == ("i7.1", receipt.provider_id)
        return report

    return run(given, work)


@pytest.mark.parametrize(
    "error, reason",
    [
        (30003, "30003"),
        (30005, "number_not_in_use 30005"),
        (30006, "30006"),
        (30007, "30007"),
        (30008, "30008"),
    ],
)
def test_an_undelivered_text_has_failed(twilio, error, reason):
    """A carrier's error is a failure, and its code is in the reason, behind the word where the ladder knows one."""
    phone = twilio.phone(MARIA).fails_with(error)
    report = ask(settings(twilio), "sms", twilio)
    assert (report.status, report.reason) == ("failed", reason)
    phone.expect_sms(arrives=False)


def test_a_delivered_text_is_delivered(twilio):
    """That, and no more: it is no answer."""
    assert ask(settings(twilio), "sms", twilio).status == "delivered"
    twilio.phone(MARIA).expect_sms()


def test_a_text_on_its_way_is_open(twilio):
    """Where no receipt ever comes, nothing is claimed."""
    twilio.phone(MARIA).receives(receipts=False)
    assert ask(settings(twilio), "sms", twilio) is None
    twilio.phone(MARIA).expect_sms()


@pytest.mark.parametrize(
    "pickup, status, reason",
    [
        ("is_machine", "failed", "machine"),
        ("is_busy", "failed", "busy"),
        ("will_not_answer", "failed", "no_answer"),
        ("calls_fail", "failed", "failed"),
        ("will_press", "delivered", ""),
    ],
)
def test_what_became_of_a_call(twilio, pickup, status, reason):
    """A machine that listens has not been told; a human who listens has, which is no answer."""
    getattr(twilio.phone(MARIA), pickup)()
    report = ask(settings(twilio), "voice", twilio)
    assert (report.status, report.reason) == (status, reason)
    twilio.phone(MARIA).expect_call()


def test_without_detection_a_machine_is_not_told(twilio):
    """Detection costs money and can be switched off."""
    twilio.phone(MARIA).is_machine()
    assert ask(settings(twilio, machine_detection=False), "voice", twilio).status == "delivered"
    twilio.phone(MARIA).expect_call()


@pytest.mark.parametrize("channel, sid", [("sms", "SM" + "f" * 32), ("voice", "CA" + "f" * 32)])
def test_what_twilio_does_not_know_stays_open(twilio, channel, sid):
    """A receipt of another account says nothing, and is no failure."""

    async def work(notifiers: dict[str, Any]) -> Report | None:
        return await notifiers[channel].status(Receipt(provider="twilio", provider_id=sid), "i7.1")

    assert run(settings(twilio), work) is None


# -- replies, by asking


@pytest.mark.parametrize("service", [None, SERVICE_SID])
def test_replies_are_fetched_oldest_first(twilio, service):
    """What people wrote comes once each, in order, with the ids that a hook would name; our own texts do not."""
    given = settings(twilio, messaging_service_sid=service)
    maria, jonas = twilio.phone(MARIA), twilio.phone(JONAS)
    ids = []

    async def work(notifiers: dict[str, Any]) -> list[Inbound]:
        since = now().astimezone(timezone(timedelta(hours=8)))
        await notifiers["sms"].send(message())
        await maria.expect_sms_async(WORDS)
        for phone, words in ((maria, "1"), (jonas, "收到"), (maria, "2")):
            ids.append((await phone.texts_async(words, to=NUMBERS[0])).message.sid)
        return await notifiers["sms"].replies(since)

    replies = run(given, work)
    assert [(r.id, r.sender, r.text, r.channel, r.provider) for r in replies] == [
        (ids[0], MARIA, "1", "sms", "twilio"),
        (ids[1], JONAS, "收到", "sms", "twilio"),
        (ids[2], MARIA, "2", "sms", "twilio"),
    ]


def test_replies_look_back_and_no_further(twilio):
    """Lists lag, so two minutes are read again; what is older is not."""
    twilio.phone(MARIA).texts("1", to=NUMBERS[0])

    async def work(notifiers: dict[str, Any]) -> list[int]:
        replies = notifiers["sms"].replies
        return [len(await replies(now() + timedelta(seconds=ahead))) for ahead in (0, 100, 200)]

    assert run(settings(twilio), work) == [1, 1, 0]


def test_a_thousand_replies_are_not_too_many(twilio, monkeypatch):
    """Every page is read: an answer on the second one is an answer too."""
    monkeypatch.setattr("notifiers.twilio.sms.REPLIES_PAGE", 3)
    for number in range(8):
        twilio.phone(f"+44770090010{number}").texts(str(number), to=NUMBERS[0])

    async def work(notifiers: dict[str, Any]) -> list[str]:
        return [reply.text for reply in await notifiers["sms"].replies(now())]

    assert run(settings(twilio), work) == [str(number) for number in range(8)]


def test_a_name_gets_no_replies(twilio):
    """Where nobody can answer, nobody is asked for answers."""

    async def work(notifiers: dict[str, Any]) -> list[Inbound]:
        return await notifiers["sms"].replies(now())

    assert run(settings(twilio, sender="Star Plaza"), work) == []


# -- with a public address


class App:
    """What stands behind the public address: hooks that check, read, write down, and say thanks."""

    def __init__(self, given: TwilioSettings) -> None:
        self.settings = given
        self.reports: list[Report] = []
        self.keys: list[Inbound | None] = []
        self.texts: list[Inbound] = []

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request of Twilio's."""
        body = await request.post()
        pairs = [(name, str(value)) for name, value in body.items()]
        if not hooks.signature_ok(self.settings, request.raw_path, pairs, request.headers.get("X-Twilio-Signature")):
            return web.Response(status=403)
        if request.path == paths.SMS_PATH:
            self.texts.append(hooks.read_sms(pairs))
            return web.Response(status=204)
        kind, delivery, attempt = paths.read_path(request.raw_path)
        if kind == "voice":
            self.keys.append(hooks.read_keys(pairs, delivery))
            return web.Response(text=hooks.say_twiml("谢谢", "zh", self.settings), content_type="text/xml")
        read = hooks.read_machine if kind == "machine" else hooks.read_status
        report = read(pairs, delivery, attempt)
        self.reports += [report] if report is not None else []
        return web.Response(status=204)

    @asynccontextmanager
    async def listening(self, twilio: FakeTwilio) -> Any:
        """Listen on a port of this machine, where the fake finds the public address."""
        runner = web.ServerRunner(web.Server(self.answer, access_log=None), shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        twilio.route(PUBLIC, f"http://127.0.0.1:{runner.addresses[0][1]}")
        try:
            yield self
        finally:
            await runner.cleanup()


def hooked(twilio: FakeTwilio, *messages: Message, **changes: Any) -> App:
    """Send *messages* with an app behind the public address, let all end, and return the app."""
    given = settings(twilio, public_url=PUBLIC, **changes)

    async def work(notifiers: dict[str, Any]) -> App:
        async with App(given).listening(twilio) as app:
            for each in messages:
                await notifiers[each.channel].send(each)
            assert await asyncio.to_thread(twilio.settle)
            return app

    return run(given, work)


def test_a_text_reports_under_its_delivery_and_attempt(twilio):
    """The address names them, so a report that is there before the receipt is matched as well."""
    twilio.phone(MARIA).callbacks(early=True)
    app = hooked(twilio, message(id="i7.42", attempt=2))
    text = twilio.phone(MARIA).expect_sms(WORDS)
    assert text.callback == PUBLIC + "/hooks/twilio/status/i7.42/2"
    assert [(r.delivery, r.attempt, r.provider_id) for r in app.reports] == [("i7.42", 2, text.sid)] * len(app.reports)
    assert [r.status for r in app.reports] == ["sent", "sent", "delivered"]


def test_a_call_takes_a_key(twilio):
    """The words are said twice around the key, the key comes back with its delivery, and thanks are said."""
    twilio.phone(MARIA).will_press("1")
    app = hooked(twilio, message("voice"))
    call = twilio.phone(MARIA).expect_call(WORDS)
    (key,) = app.keys
    assert (key.id, key.sender, key.text, key.delivery) == (f"{call.sid}:1", MARIA, "1", "i7.1")
    assert [said.text for said in call.said] == [WORDS, WORDS, "谢谢"]
    assert [r.status for r in app.reports] == ["delivered"]


def test_silence_in_a_call_comes_back_too(twilio):
    """No key is no answer, and we hear of it."""
    app = hooked(twilio, message("voice"))
    assert app.keys == [None]
    twilio.phone(MARIA).expect_call(WORDS)


def test_a_call_that_asks_nothing_takes_no_key(twilio):
    """Without keys the words are said twice and the call is over."""
    twilio.phone(MARIA).will_press("1")
    app = hooked(twilio, message("voice", keys=""))
    assert app.keys == []
    twilio.phone(MARIA).expect_call(WORDS)


def test_a_machine_is_reported_while_it_listens(twilio):
    """The call fails for that reason, under its delivery, before it is over."""
    twilio.phone(MARIA).is_machine()
    app = hooked(twilio, message("voice"))
    assert ("failed", "machine", "i7.1") in {(r.status, r.reason, r.delivery) for r in app.reports}
    assert {r.status for r in app.reports} == {"failed"}
    twilio.phone(MARIA).expect_call(WORDS)


def test_the_words_are_said_when_our_server_is_down(twilio):
    """They travel with the call; only the key finds nobody."""
    twilio.route(PUBLIC, "http://127.0.0.1:9")
    twilio.phone(MARIA).will_press("1")
    send(settings(twilio, public_url=PUBLIC), message("voice"))
    call = twilio.phone(MARIA).expect_call(WORDS)
    call.wait_ended()
    assert [said.text for said in call.said][:2] == [WORDS, WORDS]
    assert twilio.settle()
    assert twilio.forgive()


def test_a_reply_posted_and_a_reply_fetched_are_the_same(twilio):
    """They bear one id, so whoever does both acts once."""
    given = settings(twilio, public_url=PUBLIC)
    twilio.webhook(PUBLIC + paths.SMS_PATH)

    async def work(notifiers: dict[str, Any]) -> tuple[list[Inbound], list[Inbound]]:
        async with App(given).listening(twilio) as app:
            heard = await twilio.phone(MARIA).texts_async("1")
            assert heard.status == 204
            return app.texts, list(await notifiers["sms"].replies(now()))

    posted, fetched = run(given, work)
    assert posted == fetched


@pytest.mark.parametrize("signature, status", [("good", 204), ("old", 204), ("bad", 403), ("missing", 403)])
def test_only_twilio_is_heard(twilio, signature, status):
    """A text counts only with a signature by one of our tokens; the old one is good while it is changed."""
    given = settings(twilio, public_url=PUBLIC, auth_tokens=(AUTH_TOKEN, OLD_TOKEN))
    twilio.webhook(PUBLIC + paths.SMS_PATH)

    async def work(_notifiers: dict[str, Any]) -> int | None:
        async with App(given).listening(twilio):
            return (await twilio.phone(MARIA).texts_async("1", signature=signature)).status

    assert run(given, work) == status


# -- nothing leaks


@pytest.mark.parametrize("kind", [None, "500", "lost"])
def test_numbers_and_secrets_are_not_logged(twilio, caplog, kind):
    """Not by us, and not by the library, whatever the level."""
    caplog.set_level(logging.DEBUG)
    if kind is not None:
        twilio.fault(kind)

    async def work(notifiers: dict[str, Any]) -> None:
        try:
            await notifiers["sms"].send(message())
        except DeliveryError:
            await notifiers["sms"].find(message(), now(), NOBODY)

    twilio.phone(MARIA).ignore_unexpected()
    run(settings(twilio), work)
    logged = caplog.text
    assert not [secret for secret in (MARIA, MARIA[1:], AUTH_TOKEN, NUMBERS[0], WORDS) if secret in logged]


def test_a_notifier_shows_nothing(twilio):
    """Neither does printing one."""
    given = settings(twilio)
    client = TwilioClient(given)
    shown = repr([given, client, TwilioSms(given, client, now=now), TwilioVoice(given, client, now=now)])
    assert not [secret for secret in (AUTH_TOKEN, NUMBERS[0], ACCOUNT_SID) if secret in shown]


# -- calls of a drill are ended


DRILL_CALL = {"mode": "live_drill", "language": "en", "text": "Drill, drill, drill. L01 leak. This was a drill."}


def ends(twilio: FakeTwilio, when: str, *, lost: bool = False) -> tuple[Any, str]:
    """Return what hanging up a drill's call says, and what became of it. when: its status at that moment; lost: the
    answer never comes."""
    given = settings(twilio, sender=NUMBERS[1])

    async def main() -> Any:
        notifier: Any = build(given, now=now, modes=frozenset({"live_drill"}))["voice"]
        try:
            receipt = await notifier.send(message("voice", **DRILL_CALL))
            async with asyncio.timeout(60):
                while twilio.calls[0].status != when:
                    await asyncio.sleep(0.005)
            if lost:
                twilio.fault("lost", on="calls")
            return await notifier.hang_up(receipt)
        except DeliveryError as error:
            return error
        finally:
            await notifier.close()

    said = asyncio.run(main())
    return said, twilio.calls[0].status


@pytest.mark.parametrize(
    ("when", "ended", "status"),
    [("ringing", True, "canceled"), ("in-progress", True, "completed"), ("no-answer", False, "no-answer")],
)
def test_a_call_of_a_drill_is_ended(twilio, when, ended, status):
    """While it rings and while it is listened to; one that is over needs nothing."""
    phone = twilio.phone(MARIA).ignore_unexpected()
    if when == "no-answer":
        phone.will_not_answer()
    else:
        phone.answers_by_hand()
        twilio.settings.second = 10.0 if when == "ringing" else twilio.settings.second  # else it is over unseen
    assert ends(twilio, when) == (ended, status)


def test_hanging_up_without_an_answer_is_open(twilio):
    """Nobody knows whether the call goes on; it is asked again, and no number shows."""
    twilio.phone(MARIA).answers_by_hand().ignore_unexpected()
    error, _ = ends(twilio, "in-progress", lost=True)
    assert type(error) is UnknownOutcome
    assert MARIA not in repr(error)


def test_what_twilio_does_not_know_needs_no_hanging_up(twilio):
    """No such call: nothing rings."""

    async def main() -> bool:
        notifier: Any = build(settings(twilio), now=now, modes=frozenset({"live_drill"}))["voice"]
        try:
            return bool(await notifier.hang_up(Receipt(provider="twilio", provider_id="CA" + "0" * 32)))
        finally:
            await notifier.close()

    assert asyncio.run(main()) is False


def test_a_real_call_is_never_ended_by_us(twilio):
    """The notifier of what is real refuses before any request, and the call goes on."""
    live = twilio.phone(MARIA).answers_by_hand()

    async def work(notifiers: dict[str, Any]) -> None:
        receipt = await notifiers["voice"].send(message("voice"))
        while twilio.calls[0].status != "in-progress":
            await asyncio.sleep(0.005)
        with pytest.raises(PermanentFailure, match="wrong_mode"):
            await notifiers["voice"].hang_up(receipt)
        assert twilio.calls[0].status == "in-progress"

    run(settings(twilio), work)
    live.expect_call().hang_up().wait_ended()
