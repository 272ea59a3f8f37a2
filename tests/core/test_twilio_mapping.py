"""Twilio's words in ours, and back: tables over pure functions."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from emergency.core.values import Channel, Mode
from emergency.errors import PermanentFailure, SettingsError, TemporaryFailure, UnknownOutcome
from emergency.notify import Abilities, Limits, Message
from notifiers.twilio import hooks, paths
from notifiers.twilio.errors import CODES, Refused, classify, failure, reason, wait_of
from notifiers.twilio.numbers import is_plain_number
from notifiers.twilio.reports import call_report, sms_report
from notifiers.twilio.sending import check, clean, seconds_left
from notifiers.twilio.settings import CALL_RATE, TWILIO_API, VOICES, TwilioSettings, Voice, from_environment
from notifiers.twilio.twiml import LONGEST, say_twiml
from tests.fake_twilio.signing import signature

ACCOUNT = "AC" + "0123456789abcdef" * 2
SERVICE = "MG" + "0123456789abcdef" * 2
SM, MM, CA = ("SM" + "a" * 32), ("MM" + "b" * 32), ("CA" + "c" * 32)
MARIA, US = "+447700900001", "+12025550100"
TOKEN, OLD = "token-of-today", "token-of-last-year"
PUBLIC = "https://alarm.example"
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)

GIVEN = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": US}


def settings(**changes: object) -> TwilioSettings:
    """Return settings of an account that Twilio can reach."""
    usual = {"account_sid": ACCOUNT, "auth_tokens": (TOKEN, OLD), "sender": US, "public_url": PUBLIC}
    return TwilioSettings(**{**usual, **changes})


def message(**changes: object) -> Message:
    """Return a text to Maria."""
    usual = {"id": "i7.1", "attempt": 1, "mode": "real", "channel": "sms", "to": MARIA, "text": "x", "language": "en"}
    return Message(**{**usual, **changes})


# -- refusals


@pytest.mark.parametrize(
    "code, status, kind, why",
    [
        (21211, 400, "person", "number_not_in_use 21211"),
        (21217, 400, "person", "number_not_in_use 21217"),
        (21214, 400, "person", "21214"),
        (21216, 400, "person", "21216"),
        (21266, 400, "person", "21266"),
        (21602, 400, "person", "21602"),
        (21604, 400, "person", "21604"),
        (21610, 400, "person", "opted_out"),
        (21612, 400, "person", "21612"),
        (21614, 400, "person", "21614"),
        (21617, 400, "person", "21617"),
        (21635, 400, "person", "21635"),
        (21658, 400, "person", "21658"),
        (30004, 0, "person", "30004"),
        (30005, 0, "person", "number_not_in_use 30005"),
        (30006, 0, "person", "30006"),
        (30007, 0, "person", "30007"),
        (30036, 0, "person", "30036"),
        (10001, 400, "sender", "10001"),
        (20003, 401, "sender", "credentials"),
        (None, 401, "sender", "credentials"),
        (20005, 403, "sender", "20005"),
        (20404, 404, "sender", "20404"),
        (21205, 400, "sender", "21205"),
        (21210, 400, "sender", "21210"),
        (21212, 400, "sender", "21212"),
        (21213, 400, "sender", "21213"),
        (21215, 400, "sender", "21215"),
        (21408, 400, "sender", "21408"),
        (21603, 400, "sender", "21603"),
        (21606, 400, "sender", "21606"),
        (21609, 400, "sender", "21609"),
        (21659, 400, "sender", "21659"),
        (21660, 400, "sender", "21660"),
        (21701, 404, "sender", "21701"),
        (21703, 400, "sender", "21703"),
        (30002, 0, "sender", "30002"),
        (30034, 0, "sender", "30034"),
        (63038, 429, "sender", "63038"),
        (14107, 429, "busy", "14107"),
        (20429, 429, "busy", "20429"),
        (20500, 500, "busy", "20500"),
        (20503, 503, "busy", "20503"),
        (21611, 429, "busy", "21611"),
        (30001, 0, "busy", "30001"),
        (30003, 0, "busy", "30003"),
        (30008, 0, "busy", "30008"),
        (63017, 429, "busy", "63017"),
        pytest.param(99999, 400, "person", "99999", id="unlisted: the same request gets the same answer"),
        pytest.param(99999, 403, "sender", "99999", id="unlisted: forbidden to the account"),
        pytest.param(99999, 500, "busy", "99999", id="unlisted: Twilio's own trouble"),
        pytest.param(None, 429, "busy", "http_429", id="a gateway that limits"),
        pytest.param(None, 408, "busy", "http_408", id="the request never got through"),
        pytest.param(None, 503, "busy", "http_503", id="a gateway that turned the request away"),
        pytest.param(None, 500, "unknown", "http_500", id="500 from who knows whom"),
        pytest.param(None, 502, "unknown", "http_502", id="a gateway that lost the answer"),
        pytest.param(None, 504, "unknown", "http_504", id="a gateway that waited too long"),
        pytest.param(None, 302, "sender", "http_302", id="not the API at all: redirected"),
        pytest.param(None, 404, "sender", "http_404", id="not the API at all: nothing there"),
        pytest.param(None, 400, "sender", "http_400", id="not the API at all: not understood"),
    ],
)
def test_every_refusal_is_of_one_kind(code, status, kind, why):
    """A person who cannot be reached, a sender at fault, a busy provider and a doubt are four different things."""
    assert (kind, why) == (classify(code, status), reason(code, status))


def test_the_table_of_refusals_is_complete(request):
    """Every code of the table is tried above."""
    marks = test_every_refusal_is_of_one_kind.pytestmark
    tried = {(each.values if hasattr(each, "values") else each)[0] for each in marks[0].args[1]}
    assert not CODES.keys() - tried


@pytest.mark.parametrize(
    "refused, error, wait",
    [
        (Refused(21211, 400), PermanentFailure, None),
        (Refused(20003, 401), TemporaryFailure, 15.0),
        (Refused(63038, 429, 60.0), TemporaryFailure, 60.0),
        (Refused(20429, 429, 7.0), TemporaryFailure, 7.0),
        (Refused(20500, 500), TemporaryFailure, None),
        (Refused(None, 502), UnknownOutcome, None),
    ],
)
def test_a_refusal_becomes_the_error_of_its_kind(refused, error, wait):
    """Only what is wrong with the person or the text is given up; trouble of our own is tried again, slowly."""
    raised = failure(refused)
    assert (error, wait) == (type(raised), raised.retry_after)


@pytest.mark.parametrize(
    "header, seconds",
    [("7", 7.0), (" 0 ", 0.0), ("86400", 300.0), ("Sun, 01 Mar 2026 09:00:00 GMT", None), ("-1", None), (None, None)],
)
def test_retry_after_is_believed_within_reason(header, seconds):
    """A header can slow us down by five minutes, not by a day."""
    assert seconds == wait_of(header)


# -- what became of it


@pytest.mark.parametrize(
    "word, code, status, why",
    [
        ("accepted", "", "sent", ""),
        ("scheduled", "", "sent", ""),
        ("queued", "", "sent", ""),
        ("sending", "", "sent", ""),
        ("sent", "", "sent", ""),
        ("partially_delivered", "", "sent", ""),
        ("delivered", "", "delivered", ""),
        ("read", "", "delivered", ""),
        ("undelivered", "30003", "failed", "30003"),
        ("undelivered", "", "failed", "undelivered"),
        ("failed", "30008", "failed", "30008"),
        ("failed", "21610", "failed", "opted_out"),
        ("failed", "0", "failed", "failed"),
        ("failed", "x", "failed", "failed"),
        ("canceled", "", "failed", "canceled"),
    ],
)
def test_what_became_of_a_text(word, code, status, why):
    """Undelivered is a failure, and says why."""
    report = sms_report({"MessageSid": SM, "MessageStatus": word, "ErrorCode": code}, "i7.1", 2)
    assert (status, why, SM, "i7.1", 2) == (
        report.status,
        report.reason,
        report.provider_id,
        report.delivery,
        report.attempt,
    )


@pytest.mark.parametrize("word", ["receiving", "received", "", "nonsense"])
def test_other_words_about_a_text_are_no_news(word):
    """A status that no outgoing text has changes nothing."""
    assert sms_report({"MessageSid": SM, "MessageStatus": word}, "i7.1") is None


@pytest.mark.parametrize(
    "word, answered_by, status, why",
    [
        ("queued", "", "sent", ""),
        ("initiated", "", "sent", ""),
        ("ringing", "", "sent", ""),
        ("in-progress", "human", "sent", ""),
        ("completed", "", "delivered", ""),
        ("completed", "human", "delivered", ""),
        ("completed", "unknown", "delivered", ""),
        ("completed", "machine_start", "failed", "machine"),
        ("completed", "machine_end_beep", "failed", "machine"),
        ("completed", "machine_end_silence", "failed", "machine"),
        ("completed", "machine_end_other", "failed", "machine"),
        ("completed", "fax", "failed", "machine"),
        ("busy", "", "failed", "busy"),
        ("no-answer", "", "failed", "no_answer"),
        ("failed", "", "failed", "failed"),
        ("canceled", "", "failed", "canceled"),
    ],
)
def test_what_became_of_a_call(word, answered_by, status, why):
    """A call that a machine took reached nobody; one that a human took is delivered, which is no answer."""
    report = call_report({"CallSid": CA, "CallStatus": word, "AnsweredBy": answered_by}, "i7.1")
    assert (status, why, CA) == (report.status, report.reason, report.provider_id)


def test_other_words_about_a_call_are_no_news():
    """A status that Twilio does not document changes nothing."""
    assert call_report({"CallSid": CA, "CallStatus": "dreaming"}, "i7.1") is None


# -- numbers, and what is looked at before anything leaves


@pytest.mark.parametrize("number", [MARIA, US, "+8613800138000", "+862112345678", "+85291234567", "+6591234567"])
def test_a_subscriber_can_be_reached(number):
    """A whole number in E.164 is one."""
    assert is_plain_number(number)


EMERGENCY_NUMBERS = [
    *("119", "110", "120", "122", "112", "999", "911", "000", "108", "995", "95598", "96333", "12345"),
    *("+119", "+86110", "+86119", "+86120", "+86122", "+8695598", "+8696333", "+44999", "+44112", "+1911", "+61000"),
    *("+8610110", "+86755110", "+8621119", "+862195598", "+8675596333", "+867551234"),
]
NO_NUMBERS = [
    *("", "+", "+1", "1234567890123", "+0123456789", "+44 7700 900001", "+447700900001;ext=1", "+4477009000011234"),
    *("sip:a@b.example", "client:maria", "whatsapp:+447700900001", "+44770090000１", "+447700900001\n", "maria"),
]


@pytest.mark.parametrize("number", EMERGENCY_NUMBERS + NO_NUMBERS)
def test_a_service_can_not(number):
    """Emergency and service numbers, with or without a code in front, and whatever is not plain E.164, are refused."""
    assert not is_plain_number(number)


@pytest.mark.parametrize(
    "changes, why",
    [
        ({"mode": "drill"}, "wrong_mode"),
        ({"channel": "voice"}, "wrong_channel"),
        ({"to": "110"}, "bad_number"),
        ({"to": "110", "mode": "drill"}, "wrong_mode"),
    ],
)
def test_some_messages_never_leave(changes, why):
    """A message of another mode or channel, or to no subscriber, is refused for good."""
    abilities = Abilities(
        modes=frozenset[Mode]({"real"}), two_way=True, free_text=True, keypad=False, receipts=True, per_second=1
    )
    channel: Channel = "sms"
    with pytest.raises(PermanentFailure) as caught:
        check(message(**changes), channel, abilities)
    assert why == caught.value.reason


@pytest.mark.parametrize(
    "expires, seconds",
    [
        (None, None),
        (NOW + timedelta(seconds=90), 90),
        (NOW + timedelta(milliseconds=1), 1),
        (NOW + timedelta(days=3), 36_000),
    ],
)
def test_how_long_a_message_is_worth_delivering(expires, seconds):
    """Twilio takes 1 to 36,000 whole seconds."""
    assert seconds == seconds_left(message(expires=expires), NOW)


def test_what_is_out_of_date_is_not_sent():
    """An order that nobody should follow any more is refused for good."""
    with pytest.raises(PermanentFailure, match="expired"):
        seconds_left(message(expires=NOW), NOW)


def test_text_keeps_what_can_be_carried():
    """Control characters and halves of letters become spaces; everything else stays, Chinese and symbols too."""
    assert clean("三楼\x00<火>\x0b& “x”\n🔥") == "三楼 <火> & “x”\n🔥"
    assert clean("a\udcffb\x07c\ufffed") == "a b c d"


# -- settings


def test_nothing_said_is_no_settings():
    """Without an account there is nothing real to send with, and that is no mistake."""
    assert from_environment({}) is None
    assert from_environment({"TWILIO_API_URL": "http://localhost:1", "TWILIO_AUTH_TOKEN": "  "}) is None


def test_what_is_usual_need_not_be_said():
    """An account and a number are enough."""
    read = from_environment(GIVEN)
    assert TwilioSettings(account_sid=ACCOUNT, auth_tokens=(TOKEN,), sender=US) == read
    assert (
        read.api_url,
        read.public_url,
        read.timeout,
        read.sms_per_second,
        read.calls_per_second,
        read.voices,
    ) == (TWILIO_API, None, 5.0, 1.0, CALL_RATE, VOICES)


@pytest.mark.parametrize("written", ["3 15 50", "3,15,50", "3, 15, 50", "3/15/50"])
def test_limits_may_be_written_in_several_ways(written):
    """Three numbers for a minute, an hour and a day; what parts them is nothing to fail over."""
    read = from_environment({**GIVEN, "TWILIO_SMS_PER_NUMBER": written})
    assert read.texts_per_number == Limits(minute=3, hour=15, day=50)


def test_all_of_it_can_be_said():
    """Every setting has a name in the environment."""
    read = from_environment(
        {
            **GIVEN,
            "TWILIO_AUTH_TOKEN_OLD": OLD,
            "TWILIO_MESSAGING_SERVICE_SID": SERVICE,
            "TWILIO_API_URL": "http://localhost:8080/twilio/",
            "EMERGENCY_PUBLIC_URL": PUBLIC + "/",
            "TWILIO_SMS_PER_SECOND": "30",
            "TWILIO_CALLS_PER_SECOND": "2.5",
            "TWILIO_SMS_PER_NUMBER": "3 10 50 hard",
            "TWILIO_CALLS_PER_NUMBER": "1, 0, 20",
            "TWILIO_NO_TEXTS": "86,91",
            "TWILIO_NO_CALLS": "86",
            "TWILIO_VOICE_ZH": "alice zh-CN",
            "TWILIO_MACHINE_DETECTION": "off",
        }
    )
    assert read == TwilioSettings(
        account_sid=ACCOUNT,
        auth_tokens=(TOKEN, OLD),
        sender=US,
        messaging_service_sid=SERVICE,
        api_url="http://localhost:8080/twilio",
        public_url=PUBLIC,
        sms_per_second=30,
        calls_per_second=2.5,
        texts_per_number=Limits(minute=3, hour=10, day=50, hard=True),
        calls_per_number=Limits(minute=1, hour=0, day=20),
        no_texts=frozenset({"86", "91"}),
        no_calls=frozenset({"86"}),
        voices={**VOICES, "zh": Voice("alice", "zh-CN")},
        machine_detection=False,
    )


@pytest.mark.parametrize(
    "sender, rate",
    [
        ({"TWILIO_FROM": US}, 1),
        ({"TWILIO_FROM": "Star Plaza"}, 1),
        ({"TWILIO_FROM": "12345"}, 100),
        ({"TWILIO_FROM": "", "TWILIO_MESSAGING_SERVICE_SID": SERVICE}, 10),
        ({"TWILIO_MESSAGING_SERVICE_SID": SERVICE}, 10),
    ],
)
def test_the_usual_rate_is_the_sender_s(sender, rate):
    """An ordinary number is slow, a short code is fast, a pool lies between."""
    assert rate == from_environment({**GIVEN, **sender}).sms_per_second


@pytest.mark.parametrize(
    "changes, names",
    [
        ({"TWILIO_AUTH_TOKEN": ""}, ["TWILIO_AUTH_TOKEN"]),
        ({"TWILIO_ACCOUNT_SID": ""}, ["TWILIO_ACCOUNT_SID"]),
        ({"TWILIO_ACCOUNT_SID": "", "TWILIO_AUTH_TOKEN": ""}, ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"]),
        ({"TWILIO_FROM": ""}, ["TWILIO_FROM", "TWILIO_MESSAGING_SERVICE_SID"]),
        ({"TWILIO_ACCOUNT_SID": TOKEN}, ["TWILIO_ACCOUNT_SID"]),
        ({"TWILIO_FROM": "07700 900001"}, ["TWILIO_FROM"]),
        ({"TWILIO_MESSAGING_SERVICE_SID": "MG1"}, ["TWILIO_MESSAGING_SERVICE_SID"]),
        ({"TWILIO_API_URL": "localhost:8080"}, ["TWILIO_API_URL"]),
        ({"EMERGENCY_PUBLIC_URL": "https://a.example/?x=1"}, ["EMERGENCY_PUBLIC_URL"]),
        ({"EMERGENCY_PUBLIC_URL": "https://[a"}, ["EMERGENCY_PUBLIC_URL"]),
        ({"TWILIO_SMS_PER_SECOND": "0"}, ["TWILIO_SMS_PER_SECOND"]),
        ({"TWILIO_SMS_PER_SECOND": "nan"}, ["TWILIO_SMS_PER_SECOND"]),
        ({"TWILIO_CALLS_PER_SECOND": "fast"}, ["TWILIO_CALLS_PER_SECOND"]),
        ({"TWILIO_SMS_PER_NUMBER": "3"}, ["TWILIO_SMS_PER_NUMBER"]),
        ({"TWILIO_CALLS_PER_NUMBER": "2 15 a day"}, ["TWILIO_CALLS_PER_NUMBER"]),
        ({"TWILIO_NO_TEXTS": "+86"}, ["TWILIO_NO_TEXTS"]),
        ({"TWILIO_NO_CALLS": "China"}, ["TWILIO_NO_CALLS"]),
        ({"TWILIO_VOICE_EN": "Polly.Emma"}, ["TWILIO_VOICE_EN"]),
        ({"TWILIO_MACHINE_DETECTION": "yes"}, ["TWILIO_MACHINE_DETECTION"]),
        ({"TWILIO_FROM": "?", "TWILIO_VOICE_EN": "?"}, ["TWILIO_FROM", "TWILIO_VOICE_EN"]),
    ],
)
def test_half_of_it_is_a_mistake(changes, names):
    """Every mistake is named at once, by the variable, with what to do and without its value."""
    with pytest.raises(SettingsError) as caught:
        from_environment({**GIVEN, **changes})
    said = str(caught.value)
    assert all(name in said for name in names)
    assert len(said.splitlines()) == (1 if names[-1] == "TWILIO_MESSAGING_SERVICE_SID" else len(names))
    for value in {*GIVEN.values(), *changes.values()} - {""}:
        assert len(value) < 4 or value not in said


def test_settings_do_not_show_what_is_in_them():
    """No account, token or number is printed, whoever prints."""
    shown = repr(settings()) + str(settings()) + repr(settings().__rich_repr__())
    assert not [secret for secret in (ACCOUNT, TOKEN, OLD, US) if secret in shown]


def test_who_can_be_called_from_and_answered():
    """Calls need a number; a name cannot be answered."""
    assert (settings().caller, settings().hears_texts) == (US, True)
    assert (settings(sender="12345").caller, settings(sender="12345").hears_texts) == (None, True)
    assert (settings(sender="Star Plaza").caller, settings(sender="Star Plaza").hears_texts) == (None, False)
    assert settings(sender="Star Plaza", messaging_service_sid=SERVICE).hears_texts


# -- addresses


@pytest.mark.parametrize("delivery", ["i7.42", "F07.1", "a/b", "a b?#%é三"])
@pytest.mark.parametrize("kind", ["status", "voice", "machine"])
def test_a_path_names_its_delivery(kind, delivery):
    """What Twilio posts to says which attempt at which delivery it is about."""
    path = paths.path_of(kind, delivery, 3)
    assert path.isascii()
    assert path.startswith(f"/hooks/twilio/{kind}/")
    assert (kind, delivery, 3) == paths.read_path(path)


@pytest.mark.parametrize(
    "path", ["/hooks/twilio/sms", "/hooks/twilio/status/i7.1", "/hooks/twilio/status/i7.1/0", "/x/status/i/1"]
)
def test_other_paths_name_none(path):
    """A path of another shape is refused."""
    with pytest.raises(ValueError, match="path"):
        paths.read_path(path)


# -- signatures: made by the fake, whose code is its own


FORM = [("MessageSid", SM), ("From", MARIA), ("Body", "1 收到 & ok"), ("Empty", "")]
PATH = "/hooks/twilio/sms"


def signed(token: str, url: str = PUBLIC + PATH, form: list[tuple[str, str]] = FORM) -> str:
    """Return the signature that Twilio would send."""
    return signature(url, dict(form), token)


@pytest.mark.parametrize("token", [TOKEN, OLD])
def test_a_signature_by_any_of_our_tokens_is_good(token):
    """While the token is changed, both are in use."""
    assert hooks.signature_ok(settings(), PATH, FORM, signed(token))


def test_a_signature_covers_the_port_and_the_query():
    """Twilio signs with the port or without it; the query belongs to the address."""
    query = PATH + "?a=1&b=%20"
    assert hooks.signature_ok(settings(), query, FORM, signed(TOKEN, PUBLIC + query))
    assert hooks.signature_ok(settings(), PATH, FORM, signed(TOKEN, f"{PUBLIC}:443{PATH}"))
    with_port = settings(public_url=PUBLIC + ":8443")
    assert hooks.signature_ok(with_port, PATH, FORM, signed(TOKEN, f"{PUBLIC}:8443{PATH}"))
    assert hooks.signature_ok(with_port, PATH, FORM, signed(TOKEN))


@pytest.mark.parametrize(
    "path, form, header",
    [
        pytest.param(PATH, FORM, None, id="no signature"),
        pytest.param(PATH, FORM, "", id="an empty one"),
        pytest.param(PATH, FORM, "签名", id="letters that no signature has"),
        pytest.param(PATH, FORM, signed("another token"), id="another token"),
        pytest.param(PATH, FORM, signed(TOKEN).lower(), id="not quite"),
        pytest.param(PATH, FORM, signed(TOKEN, "https://evil.example" + PATH), id="another host"),
        pytest.param("/hooks/twilio/voice/i7.1/1", FORM, signed(TOKEN), id="another path"),
        pytest.param(PATH + "?x=1", FORM, signed(TOKEN), id="another query"),
        pytest.param(PATH, [*FORM, ("Digits", "1")], signed(TOKEN), id="a field added"),
        pytest.param(PATH, FORM[1:], signed(TOKEN), id="a field taken away"),
        pytest.param(PATH, [*FORM, FORM[2]], signed(TOKEN), id="a field repeated"),
        pytest.param(PATH, [*FORM, ("Body", "2")], signed(TOKEN), id="a field repeated with another value"),
        pytest.param(PATH, [("Body", "\udcff")], signed(TOKEN), id="half a letter"),
    ],
)
def test_any_other_signature_is_not(path, form, header):
    """Whatever was changed, the answer is no, and never an error."""
    assert not hooks.signature_ok(settings(), path, form, header)


def test_nothing_is_signed_for_an_unknown_address():
    """Without a public address nothing that is posted can be genuine."""
    assert not hooks.signature_ok(settings(public_url=None), PATH, FORM, signed(TOKEN))


# -- what is posted


@pytest.mark.parametrize("sid", [SM, MM])
def test_a_text_is_read(sid):
    """A text with or without a picture is read; its words stay as they are."""
    read = hooks.read_sms([("MessageSid", sid), ("From", MARIA), ("Body", " 1 收到 "), ("NumMedia", "0")])
    assert (sid, "twilio", "sms", MARIA, " 1 收到 ", None) == (
        read.id,
        read.provider,
        read.channel,
        read.sender,
        read.text,
        read.delivery,
    )


@pytest.mark.parametrize(
    "form",
    [
        [],
        [("From", MARIA), ("Body", "1")],
        [("MessageSid", CA), ("From", MARIA), ("Body", "1")],
        [("MessageSid", SM + "0"), ("From", MARIA), ("Body", "1")],
        [("MessageSid", "SM" + "g" * 32), ("From", MARIA), ("Body", "1")],
        [("MessageSid", SM), ("Body", "1")],
        [("MessageSid", SM), ("From", MARIA)],
        [("MessageSid", SM), ("From", "whatsapp:+447700900001"), ("Body", "1")],
        [("MessageSid", SM), ("From", MARIA), ("Body", "1"), ("Body", "2")],
    ],
)
def test_a_text_that_cannot_be_read(form):
    """It is refused with a reason that quotes nothing."""
    with pytest.raises(ValueError, match=r"^[A-Za-z ]+$"):
        hooks.read_sms(form)


CALLED = [("CallSid", CA), ("Direction", "outbound-api"), ("From", US), ("To", MARIA)]


@pytest.mark.parametrize(
    "form, id, sender",
    [
        ([*CALLED, ("Digits", "1")], f"{CA}:1", MARIA),
        ([*CALLED, ("Digits", "2")], f"{CA}:2", MARIA),
        ([("CallSid", CA), ("Direction", "inbound"), ("From", MARIA), ("To", US), ("Digits", "*")], f"{CA}:*", MARIA),
    ],
)
def test_a_key_is_read(form, id, sender):
    """The person is the one whom we called; another key in the same call is another message."""
    read = hooks.read_keys(form, "i7.1")
    assert (id, sender, "voice", "i7.1") == (read.id, read.sender, read.channel, read.delivery)


@pytest.mark.parametrize("form", [CALLED, [*CALLED, ("Digits", "")]])
def test_no_key_is_no_answer(form):
    """Whoever listens and presses nothing has not answered."""
    assert hooks.read_keys(form, "i7.1") is None


@pytest.mark.parametrize(
    "form",
    [
        [],
        [("CallSid", SM), *CALLED[1:], ("Digits", "1")],
        [*CALLED[:3], ("Digits", "1")],
        [*CALLED[:3], ("To", "110"), ("Digits", "1")],
        [*CALLED, ("Digits", "one")],
        [*CALLED, ("Digits", "1" * 21)],
        [*CALLED, ("Digits", "1"), ("Digits", "2")],
    ],
)
def test_keys_that_cannot_be_read(form):
    """They are refused with a reason that quotes nothing."""
    with pytest.raises(ValueError, match=r"^[A-Za-z ]+$"):
        hooks.read_keys(form, "i7.1")


def test_a_status_is_read():
    """Texts and calls report to the same address; the attempt is the one that the address names."""
    text = hooks.read_status([("MessageSid", SM), ("MessageStatus", "delivered")], "i7.1", 2)
    call = hooks.read_status([("CallSid", CA), ("CallStatus", "busy")], "i7.2", 1)
    assert (text.delivery, text.status, text.provider_id, text.attempt) == ("i7.1", "delivered", SM, 2)
    assert (call.delivery, call.status, call.reason, call.provider_id) == ("i7.2", "failed", "busy", CA)
    assert hooks.read_status([("MessageSid", SM), ("MessageStatus", "received")], "i7.1", 1) is None


@pytest.mark.parametrize(
    "form",
    [
        [("MessageStatus", "delivered")],
        [("CallSid", SM), ("CallStatus", "busy")],
        [("MessageSid", SM), ("MessageStatus", "sent"), ("MessageStatus", "delivered")],
    ],
)
def test_a_status_that_cannot_be_read(form):
    """It is refused with a reason that quotes nothing."""
    with pytest.raises(ValueError, match=r"^[A-Za-z ]+$"):
        hooks.read_status(form, "i7.1", 1)


@pytest.mark.parametrize(
    "answered_by, why", [("machine_start", "machine"), ("fax", "machine"), ("human", None), ("unknown", None)]
)
def test_a_machine_is_known(answered_by, why):
    """Only what is surely no human fails the call; where nobody can tell, it goes on."""
    report = hooks.read_machine([("CallSid", CA), ("AnsweredBy", answered_by)], "i7.1", 1)
    assert why == (report.reason if report else None)


def test_a_machine_that_cannot_be_read():
    """It is refused with a reason that quotes nothing."""
    for form in ([("CallSid", CA)], [("AnsweredBy", "human")]):
        with pytest.raises(ValueError, match=r"^[A-Za-z ]+$"):
            hooks.read_machine(form, "i7.1", 1)


# -- what is said


@pytest.mark.parametrize("language, voice", list(VOICES.items()))
def test_words_are_said_in_their_language(language, voice):
    """Every language is said by a voice of its own."""
    (say,) = ElementTree.fromstring(say_twiml("words", language, settings()))
    assert ("Say", "words", voice.name, voice.language) == (say.tag, say.text, say.get("voice"), say.get("language"))


def test_no_voice_reads_another_language():
    """What has no voice is not said at all: an English voice reading Malay is understood by nobody."""
    with pytest.raises(KeyError):
        say_twiml("words", "ms", settings())
    web = hooks.TwilioHooks(settings())
    assert web.spoken("words", "ms") == web.silence()
    assert "words" in web.spoken("words", "fr")


@pytest.mark.parametrize(
    "name, language", [("TWILIO_VOICE_MS", "ms"), ("TWILIO_VOICE_PT_BR", "pt-BR"), ("TWILIO_VOICE_ZH_HANS", "zh-Hans")]
)
def test_any_language_can_be_given_a_voice(name, language):
    """A setting is called by its language in capitals; the other voices stay."""
    read = from_environment({**GIVEN, name: "Google.ms-MY-Standard-A ms-MY"})
    assert read.voices == {**VOICES, language: Voice("Google.ms-MY-Standard-A", "ms-MY")}


def test_a_key_is_waited_for_around_the_words():
    """The key may be pressed while the words are said, and silence is reported too."""
    root = ElementTree.fromstring(say_twiml("words", "en", settings(), "https://a.example/x?a=1&b=2", times=2))
    (gather,) = root
    assert [verb.tag for verb in gather] == ["Say", "Pause", "Say"]
    assert gather.attrib == {
        "action": "https://a.example/x?a=1&b=2",
        "numDigits": "1",
        "timeout": "10",
        "actionOnEmptyResult": "true",
    }


def test_hostile_words_are_only_words():
    """Nothing that somebody typed becomes a verb, or breaks the document."""
    hostile = "</Say><Dial>+119</Dial>\x00\x1b]]>&lt;\udcff"
    (say,) = ElementTree.fromstring(say_twiml(hostile, "en", settings()))
    assert clean(hostile) == say.text
    assert "Dial" not in [element.tag for element in say.iter()]


def test_a_long_script_is_still_said_twice():
    """Where the words would not fit twice into what Twilio takes, they stand there once and are repeated."""
    document = say_twiml("三" * (LONGEST // 2), "zh", settings(), times=2)
    (say,) = ElementTree.fromstring(document)
    assert len(document) <= LONGEST
    assert say.get("loop") == "2"


# -- cost


def test_importing_costs_little():
    """The command line must start at once: the library is imported when something is sent, not before."""
    slow = "{'twilio', 'aiohttp', 'asyncio'}"
    code = f"import sys, notifiers.twilio, notifiers.twilio.hooks; print(*sorted({slow} & {{*sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
