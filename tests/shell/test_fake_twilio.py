"""The fake Twilio, driven over its socket by the real twilio library."""

from __future__ import annotations

import ast
import asyncio
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests import fake_twilio
from tests.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, OLD_TOKEN, SERVICE_SID, FakeTwilio
from tests.fake_twilio.segments import encoding, segments
from tests.fake_twilio.signing import signature
from tests.fake_twilio.twiml import SMS_VERBS, VOICE_VERBS, BadTwiml, parse
from tests.fake_twilio.world import World

MARIA, JONAS, AMIRA = "+447700900001", "+447700900002", "+447700900003"
OURS = "+12025550100"
PUBLIC = "https://alarm.example"
XML = "text/xml"

Answered = tuple[int, str | None, str]


class Redirected(TwilioHttpClient):
    """The real client, sent to the fake."""

    def __init__(self, base_url: str, timeout: float = 60.0) -> None:
        super().__init__(timeout=timeout)
        self.base_url = base_url

    def request(self, method: str, url: str, *rest: Any, **more: Any) -> Any:
        """Send the request to the same path of the fake."""
        path = url.split("/", 3)[3]
        return super().request(method, f"{self.base_url}/{path}", *rest, **more)


class RedirectedAsync(AsyncTwilioHttpClient):
    """The real asynchronous client, sent to the fake."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.base_url = base_url

    async def request(self, method: str, url: str, *rest: Any, **more: Any) -> Any:
        """Send the request to the same path of the fake.

        The secret goes into the headers here: the library hands it to aiohttp in a way that is deprecated.
        """
        user, secret = more.pop("auth")
        more["headers"] = {**more["headers"], "Authorization": requests.auth._basic_auth_str(user, secret)}
        path = url.split("/", 3)[3]
        return await super().request(method, f"{self.base_url}/{path}", *rest, **more)


class App:
    """The app under test: keeps what is posted, and answers as told by path."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.answers: dict[str, Callable[[dict[str, str]], Answered]] = {}
        self.hang_ups = 0
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                app.handle(self, dict(parse_qsl(body, keep_blank_values=True)))

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]  # the fake may give up first
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def handle(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        """Answer one request, or break it off where hang-ups are ordered."""
        self.got.append((handler.path, form, dict(handler.headers)))
        if self.hang_ups:
            self.hang_ups -= 1
            return
        answer = self.answers.get(handler.path.split("?")[0])
        status, kind, body = answer(form) if answer else (204, None, "")
        handler.send_response(status)
        if kind is not None:
            handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body.encode())))
        handler.end_headers()
        handler.wfile.write(body.encode())

    def says(self, path: str, body: str, kind: str | None = XML, status: int = 200) -> None:
        """Answer every request to *path* in this way."""
        self.answers[path] = lambda form: (status, kind, body)

    def forms(self, path: str) -> list[dict[str, str]]:
        """Return what was posted to *path*."""
        return [form for where, form, _ in list(self.got) if where.split("?")[0] == path]

    def statuses(self, path: str, name: str = "MessageStatus") -> list[str]:
        """Return the statuses that were posted to *path*, in order."""
        return [form[name] for form in self.forms(path)]

    def close(self) -> None:
        """Stop answering."""
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    """A fake that is running; the test itself says whether it must be quiet at the end."""
    twilio = FakeTwilio().start()
    yield twilio
    twilio.stop()


@pytest.fixture
def app() -> Iterator[App]:
    """An app that is listening."""
    listening = App()
    yield listening
    listening.close()


@pytest.fixture
def client(fake: FakeTwilio) -> Iterator[Client]:
    """The real library, speaking to the fake."""
    http = Redirected(fake.base_url)
    yield Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http)
    assert http.session is not None
    http.session.close()


def send(client: Client, to: str = MARIA, body: str = "Fire in hall 3", **more: Any) -> Any:
    """Send a text from our first number."""
    return client.messages.create(to=to, body=body, **({"from_": OURS} | more))


def call(client: Client, to: str = MARIA, twiml: str = "<Response><Say>Fire</Say></Response>", **more: Any) -> Any:
    """Call somebody from our first number."""
    document = {} if "url" in more else {"twiml": twiml}
    return client.calls.create(to=to, from_=OURS, **document, **more)


def refusal(make: Callable[[], Any]) -> TwilioRestException:
    """Return the error that *make* is refused with."""
    with pytest.raises(TwilioRestException) as caught:
        make()
    return caught.value


# -- who may ask


def test_only_the_account_itself_is_served(fake: FakeTwilio) -> None:
    """A wrong secret is 401 with code 20003, another account 404: a mixed-up setting must show."""
    other = "AC" + "2" * 32
    wrong = Client(ACCOUNT_SID, "wrong", http_client=Redirected(fake.base_url))
    error = refusal(lambda: send(wrong))
    assert (error.status, error.code) == (401, 20003)
    mixed = Client(ACCOUNT_SID, AUTH_TOKEN, account_sid=other, http_client=Redirected(fake.base_url))
    assert refusal(lambda: send(mixed)).code == 20404
    assert requests.get(f"{fake.base_url}/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json", timeout=60).status_code == 401


def test_the_fake_imports_nothing_of_the_product() -> None:
    """A fake that shares code with the product shares its mistakes."""
    for path in Path(fake_twilio.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"emergency", "notifiers", "twilio"}


# -- texts


def test_a_text_is_created_in_the_shape_of_twilio(fake: FakeTwilio, client: Client) -> None:
    """The library reads every field it knows; ids are the same in every run."""
    message = send(client)
    assert ("SM" + "1".zfill(32), "queued", "outbound-api") == (message.sid, message.status, message.direction)
    assert (message.num_segments, message.from_, message.to, message.error_code) == ("1", OURS, MARIA, None)
    assert message.price is None
    assert message.date_sent is None
    assert abs(message.date_created - datetime.now(UTC)) < timedelta(minutes=1)
    fake.phone(MARIA).expect_sms("fire", "HALL 3")
    fetched = client.messages(message.sid).fetch()
    assert (fetched.status, fetched.price, fetched.price_unit) == ("delivered", "-0.00750", "USD")
    assert refusal(lambda: client.messages("SM" + "9" * 32).fetch()).code == 20404
    fake.assert_quiet()


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550002"}, 21612),
        ({"to": "+15005550003"}, 21408),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"to": "07700 900001"}, 21211),
        ({"to": OURS}, 21266),
        ({"from_": "+15005550001"}, 21212),
        ({"from_": "+15005550007"}, 21606),
        ({"from_": "+15005550008"}, 21611),
        ({"from_": "+12025550199"}, 21606),
        ({"from_": "nobody"}, 21212),
        ({"from_": "", "messaging_service_sid": "MG" + "9" * 32}, 21701),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"status_callback": "not a url"}, 21609),
        ({"validity_period": 0}, 20001),
    ],
)
def test_what_cannot_be_sent_is_refused(fake: FakeTwilio, client: Client, changes: dict[str, Any], code: int) -> None:
    """Each refusal bears Twilio's code, and nothing is sent."""
    assert code == refusal(lambda: send(client, **changes)).code
    assert fake.messages == []
    assert [(code, False)] == [(e.code, e.accepted) for e in fake.ledger]


@pytest.mark.parametrize("code", [21211, 21408, 21610, 21612, 21614, 21617])
def test_a_phone_refuses_as_scripted(fake: FakeTwilio, client: Client, code: int) -> None:
    """A test may choose the refusal for one phone; others are not touched."""
    fake.phone(MARIA).refuses_with(code)
    assert code == refusal(lambda: send(client)).code
    assert code == refusal(lambda: call(client)).code
    assert send(client, to=JONAS).status == "queued"
    fake.forbid_region("+4477")
    assert (refusal(lambda: send(client)).code, refusal(lambda: call(client, to=JONAS)).code) == (21408, 21215)


def test_a_text_lives_and_tells_so(fake: FakeTwilio, client: Client, app: App) -> None:
    """Each state is posted in order, with a signature that the library's own validator accepts."""
    fake.route(PUBLIC, app.url)
    sent = send(client, status_callback=f"{PUBLIC}/status?delivery=i7%2F42")
    assert fake.settle()
    assert app.statuses("/status") == ["sending", "sent", "delivered"]
    path, form, headers = app.got[-1]
    assert (sent.sid, ACCOUNT_SID, MARIA, OURS) == tuple(
        form[name] for name in ("MessageSid", "AccountSid", "To", "From")
    )
    validator = RequestValidator(AUTH_TOKEN)
    assert validator.validate(PUBLIC + path, form, headers["X-Twilio-Signature"])
    assert not validator.validate(PUBLIC + path, form | {"To": JONAS}, headers["X-Twilio-Signature"])
    assert (headers["X-Forwarded-Proto"], headers["X-Forwarded-Host"]) == ("https", "alarm.example")


@pytest.mark.parametrize("status", ["undelivered", "failed"])
@pytest.mark.parametrize("error", range(30003, 30009))
def test_a_carrier_loses_a_text(fake: FakeTwilio, client: Client, app: App, status: Any, error: int) -> None:
    """A text that was accepted may still fail, and says with which code; the next one may arrive."""
    maria = fake.phone(MARIA).fails_with(error, status=status, times=1)
    lost = send(client, status_callback=app.url + "/status")
    maria.expect_sms("fire", arrives=False)
    assert fake.settle()
    assert [None, None, str(error)] == [form.get("ErrorCode") for form in app.forms("/status")]
    fetched = client.messages(lost.sid).fetch()
    assert (status, error) == (fetched.status, fetched.error_code)
    send(client, body="again")
    maria.expect_sms("again")
    fake.assert_quiet()


def test_a_messaging_service_keeps_its_sender(fake: FakeTwilio, client: Client) -> None:
    """A service accepts without a sender, chooses one of its pool, and stays with it for that phone."""
    message = client.messages.create(to=MARIA, body="Fire", messaging_service_sid=SERVICE_SID)
    assert (message.status, message.from_, message.messaging_service_sid) == ("accepted", None, SERVICE_SID)
    first = fake.phone(MARIA).expect_sms("fire")
    assert [status for _, status in first.history] == ["accepted", "queued", "sending", "sent", "delivered"]
    client.messages.create(to=JONAS, body="Fire", messaging_service_sid=SERVICE_SID)
    client.messages.create(to=MARIA, body="Still fire", messaging_service_sid=SERVICE_SID)
    assert first.sender == fake.phone(MARIA).expect_sms("still").sender
    assert first.sender != fake.phone(JONAS).expect_sms("fire").sender


@pytest.mark.parametrize(
    "text, alphabet, parts",
    [
        ("", "GSM-7", 1),
        ("x" * 160, "GSM-7", 1),
        ("x" * 161, "GSM-7", 2),
        ("x" * 306, "GSM-7", 2),
        ("x" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("x" * 152 + "€" + "x" * 152, "GSM-7", 3),
        ("火" * 70, "UCS-2", 1),
        ("火" * 71, "UCS-2", 2),
        ("火" * 135, "UCS-2", 3),
        ("🔥" * 35, "UCS-2", 1),
        ("🔥" * 36, "UCS-2", 2),
        ("Fire \u2019", "UCS-2", 1),
    ],
)
def test_segments(text: str, alphabet: str, parts: int) -> None:
    """GSM-7 takes 160 or 153 a part, UCS-2 70 or 67; extensions and pairs take two, undivided."""
    assert (alphabet, parts) == (encoding(text), segments(text))


def test_a_text_costs_by_its_segments(fake: FakeTwilio, client: Client) -> None:
    """The parts are counted in the answer, and paid for once sent."""
    message = send(client, body="火" * 71)
    fake.phone(MARIA).expect_sms("火")
    assert (message.num_segments, client.messages(message.sid).fetch().price) == ("2", "-0.01500")


# -- callbacks on their way


@pytest.mark.parametrize(
    "chaos, arrived",
    [
        ({"copies": 2}, ["sending", "sending", "sent", "sent", "delivered", "delivered"]),
        ({"backwards": True}, ["delivered", "sent", "sending"]),
        ({"lost": ("delivered",)}, ["sending", "sent"]),
        ({"lost": ("all",)}, []),
        ({"delay": 0.03}, ["sending", "sent", "delivered"]),
    ],
)
def test_callbacks_go_astray(fake: FakeTwilio, client: Client, app: App, chaos: Any, arrived: list[str]) -> None:
    """Callbacks come twice, in the wrong order, late or never, for one phone or for all."""
    fake.phone(MARIA).callbacks(**chaos)
    send(client, status_callback=app.url + "/maria")
    send(client, to=JONAS, status_callback=app.url + "/jonas")
    assert fake.settle()
    assert arrived == app.statuses("/maria")
    assert app.statuses("/jonas") == ["sending", "sent", "delivered"]
    fake.callbacks(**chaos)
    send(client, to=JONAS, status_callback=app.url + "/all")
    assert fake.settle()
    assert arrived == app.statuses("/all")


def test_callbacks_may_beat_the_answer(fake: FakeTwilio, client: Client, app: App) -> None:
    """A whole life may be over before the create request is answered, of a text as of a call."""
    fake.callbacks(early=True)
    fake.settings.early_limit = 60.0
    message = send(client, status_callback=app.url + "/text")
    assert app.statuses("/text") == ["sending", "sent", "delivered"]
    assert ("queued", message.sid) == (message.status, app.forms("/text")[0]["MessageSid"])
    call(client, status_callback=app.url + "/call")
    assert app.statuses("/call", "CallStatus") == ["completed"]


# -- lists


def test_lists_are_filtered_and_paged(fake: FakeTwilio, client: Client) -> None:
    """All is found page by page, newest first, by number and by date, without doubles or gaps."""
    for number in range(7):
        send(client, body=f"text {number}", to=MARIA if number % 2 else JONAS)
    assert fake.settle()
    assert [f"text {n}" for n in range(6, -1, -1)] == [m.body for m in client.messages.list(page_size=3)]
    assert [m.body for m in client.messages.list(to=MARIA, page_size=1)] == ["text 5", "text 3", "text 1"]
    assert len(client.messages.list(to=MARIA, limit=2)) == 2
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    assert len(client.messages.list(to=JONAS, date_sent_after=now - hour, date_sent_before=now + hour)) == 4
    assert client.messages.list(date_sent_after=now + hour) == []
    assert client.messages.list(date_sent_before=now - hour) == []
    assert len(client.messages.list(from_=OURS, date_sent_after=datetime(2026, 1, 1))) == 7
    with pytest.raises(TwilioException):
        client.messages.list(date_sent_after="yesterday")


def test_a_page_does_not_shift(fake: FakeTwilio, client: Client) -> None:
    """What is sent while somebody turns the pages neither repeats nor hides a message."""
    for number in range(4):
        send(client, body=f"text {number}")
    page = client.messages.page(page_size=2)
    seen = [m.body for m in page]
    send(client, body="meanwhile")
    following = page.next_page()
    assert following is not None
    assert seen + [m.body for m in following] == ["text 3", "text 2", "text 1", "text 0"]


def test_a_text_not_yet_sent_has_no_date(fake: FakeTwilio, client: Client) -> None:
    """Who looks for a lost answer by date_sent does not find what still waits, but finds it by number."""
    fake.rate_limit(0.01)
    send(client)
    send(client, body="waits")
    minute_ago = datetime.now(UTC) - timedelta(minutes=1)
    fake.phone(MARIA).expect_sms("fire")
    assert len(client.messages.list(to=MARIA, date_sent_after=minute_ago)) == 1
    assert len(client.messages.list(to=MARIA)) == 2
    fake.settings.unsent_have_no_date = False
    assert len(client.messages.list(to=MARIA, date_sent_after=minute_ago)) == 2


def test_a_list_may_lag(fake: FakeTwilio, client: Client) -> None:
    """What was just taken is not listed yet, in texts and in calls, but known by its id; later it is listed."""
    fake.settings.list_lag = 10.0
    text = send(client)
    call = client.calls.create(to=MARIA, from_=OURS, twiml="<Response><Say>fire</Say></Response>")
    fake.phone(MARIA).expect_sms("fire")
    fake.phone(MARIA).expect_call("fire").wait_ended()
    assert (client.messages.list(to=MARIA), client.calls.list(to=MARIA)) == ([], [])
    assert client.messages(text.sid).fetch().sid == text.sid
    fake.advance(11.0)
    assert [m.sid for m in client.messages.list(to=MARIA)] == [text.sid]
    assert [c.sid for c in client.calls.list(to=MARIA)] == [call.sid]


def test_a_reply_can_be_polled(fake: FakeTwilio, client: Client) -> None:
    """Without a webhook, what phones send waits in the list, marked inbound."""
    send(client)
    maria = fake.phone(MARIA)
    maria.expect_sms("fire")
    heard = maria.texts("1")
    assert (heard.status, heard.refused) == (None, None)
    (inbound,) = client.messages.list(to=OURS, date_sent_after=datetime.now(UTC) - timedelta(minutes=2))
    assert (inbound.direction, inbound.status, inbound.body, inbound.from_) == ("inbound", "received", "1", MARIA)
    fake.assert_quiet()


def test_a_number_is_looked_up(fake: FakeTwilio, client: Client) -> None:
    """A lookup tells a landline from a mobile phone; a landline cannot be texted."""
    fake.phone(JONAS).is_landline()
    lookups = client.lookups.v1.phone_numbers
    assert lookups(MARIA).fetch(type=["carrier"]).carrier["type"] == "mobile"
    assert lookups(JONAS).fetch(type=["carrier"]).carrier["type"] == "landline"
    assert refusal(lambda: lookups("12").fetch()).code == 20404
    assert refusal(lambda: send(client, to=JONAS)).code == 21614


# -- replies to the webhook


def test_a_text_reaches_the_webhook_signed(fake: FakeTwilio, client: Client, app: App) -> None:
    """The call returns after the app answered, and a <Message> in the answer is sent to the phone."""
    fake.route(PUBLIC, app.url)
    fake.webhook(f"{PUBLIC}/sms")
    app.says("/sms", "<Response><Message>Thank you, Maria</Message></Response>")
    send(client, from_="+12025550102")
    maria = fake.phone(MARIA)
    maria.expect_sms("fire")
    heard = maria.texts("1")
    assert (heard.status, heard.attempts, len(heard.replies)) == (200, 1, 1)
    assert maria.expect_sms("thank you").sender == "+12025550102"
    ((_, form, headers),) = app.got
    assert (form["Body"], form["From"], form["To"], form["NumMedia"]) == ("1", MARIA, "+12025550102", "0")
    assert RequestValidator(AUTH_TOKEN).validate(f"{PUBLIC}/sms", form, headers["X-Twilio-Signature"])
    fake.assert_quiet()


def test_the_signature_is_the_documented_one() -> None:
    """Our signature and the library's agree for odd fields, ports and queries."""
    validator = RequestValidator(AUTH_TOKEN)
    for url in ("https://alarm.example/sms?a=1&b=%20", "http://127.0.0.1:8080/sms", "https://alarm.example:8443/"):
        for form in ({}, {"Body": "火 & Wasser", "a": "", "B": "2", "b": "1"}):
            assert validator.compute_signature(url, form) == signature(url, form, AUTH_TOKEN)


def test_forged_texts(fake: FakeTwilio, app: App) -> None:
    """Forgeries look as promised: no signature, a wrong one, one of an old token, a copy, a giant."""
    fake.webhook(app.url + "/sms")
    app.says("/sms", "forbidden", "text/plain", 403)
    maria = fake.phone(MARIA)
    for kind in ("missing", "bad", "old"):
        assert maria.texts("1", signature=kind).status == 403
    maria.texts("1", padding=100_000)
    (missing, bad, old, giant) = [(form, headers.get("X-Twilio-Signature", "")) for _, form, headers in app.got]
    assert missing[1] == ""
    assert not RequestValidator(AUTH_TOKEN).validate(app.url + "/sms", *bad)
    assert not RequestValidator(AUTH_TOKEN).validate(app.url + "/sms", *old)
    assert RequestValidator(OLD_TOKEN).validate(app.url + "/sms", *old)
    assert RequestValidator(AUTH_TOKEN).validate(app.url + "/sms", *giant)
    assert len(giant[0]["Padding"]) == 100_000
    assert (fake.messages, fake.problems) == ([], [])


def test_a_text_can_be_replayed(fake: FakeTwilio, app: App) -> None:
    """A replay is the same request to the byte, so only what the app remembers can tell."""
    fake.webhook(app.url + "/sms")
    maria = fake.phone(MARIA)
    with pytest.raises(LookupError):
        maria.replays()
    maria.texts("1")
    maria.replays()
    assert len(app.got) == 2
    assert app.got[0] == app.got[1]


def test_a_webhook_is_tried_again(fake: FakeTwilio, app: App) -> None:
    """After a broken connection there is one more try with the same token, then the fallback."""
    fake.webhook(app.url + "/sms", fallback=app.url + "/fallback")
    app.hang_ups = 1
    assert (fake.phone(MARIA).texts("1").status, len(app.got)) == (204, 2)
    assert len({headers["I-Twilio-Idempotency-Token"] for _, _, headers in app.got}) == 1
    assert fake.problems == []
    app.hang_ups = 2
    assert fake.phone(MARIA).texts("2").status == 204
    assert app.url + "/sms" == app.forms("/fallback")[0]["ErrorUrl"]
    assert len(fake.forgive()) == 1
    fake.webhook(app.url + "/sms#rc=3")
    app.hang_ups = 3
    assert fake.phone(MARIA).texts("3").attempts == 4
    fake.webhook(app.url + "/broken#rc=2&rp=5xx")
    app.says("/broken", "no", "text/plain", 500)
    assert fake.phone(MARIA).texts("4").attempts == 3


def test_a_webhook_has_a_time_limit(fake: FakeTwilio, app: App) -> None:
    """An app that thinks too long is not waited for, and is reported."""
    fake.settings.hook_timeout = 0.1
    go_on = threading.Event()

    def slowly(form: dict[str, str]) -> Answered:
        go_on.wait(2)
        return 204, None, ""

    app.answers["/sms"] = slowly
    fake.webhook(app.url + "/sms")
    heard = fake.phone(MARIA).texts("1")
    go_on.set()
    assert heard.status is None
    assert "no answer" in str(fake.problems[0])


@pytest.mark.parametrize(
    "status, kind, body, wrong",
    [
        (200, XML, "<Response/>", None),
        (204, None, "", None),
        (200, "text/plain", "Thank you", None),
        (200, None, "", "empty 200"),
        (500, XML, "<Response/>", "500"),
        (403, "text/plain", "no", "403"),
        (200, "application/json", "null", "content type"),
        (200, XML, "<Response><Shout/></Response>", "Shout"),
        (200, XML, "<html>", "not XML"),
        (200, "text/html", "<html/>", "not <Response>"),
    ],
)
def test_answers_are_looked_at(
    fake: FakeTwilio, app: App, status: int, kind: str | None, body: str, wrong: str | None
) -> None:
    """What Twilio would log as an error fails the test; a plain text is a reply to the phone."""
    fake.webhook(app.url + "/sms")
    app.says("/sms", body, kind, status)
    heard = fake.phone(MARIA).ignore_unexpected().texts("1")
    if wrong is None:
        fake.assert_quiet()
    else:
        with pytest.raises(AssertionError, match=wrong):
            fake.assert_quiet()
    assert (["Thank you"] if kind == "text/plain" and wrong is None else []) == [m.body for m in heard.replies]


@pytest.mark.parametrize("word", ["STOP", "unsubscribe", "End", "quit", "stopall", "REVOKE", "optout", "cancel "])
@pytest.mark.parametrize("back", ["START", "yes", "Unstop"])
def test_who_says_stop_is_left_alone(fake: FakeTwilio, client: Client, word: str, back: str) -> None:
    """After a STOP word texts are refused with 21610, until a START word."""
    maria = fake.phone(MARIA)
    maria.texts(word)
    assert refusal(lambda: send(client)).code == 21610
    assert send(client, to=JONAS).status == "queued"
    assert send(client, from_="+12025550102").status == "queued"  # another sender, not of that service
    maria.texts(back, to=OURS)  # not to whoever wrote to her last, which the text above may have become by now
    assert send(client).status == "queued"


def test_only_the_bare_word_stops(fake: FakeTwilio, client: Client) -> None:
    """A sentence that holds a STOP word is a reply like any other."""
    fake.phone(MARIA).texts("please stop the pump")
    assert send(client).status == "queued"


def test_mainland_china(fake: FakeTwilio, client: Client) -> None:
    """Nothing comes back from there, and the third identical text in a day is filtered."""
    chen = fake.phone(AMIRA).is_in("CN")
    assert "not supported" in str(chen.texts("1").refused)
    for _ in range(3):
        send(client, to=AMIRA)
    send(client, to=AMIRA, body="another")
    assert chen.expect_sms("fire", arrives=False).error == 30007
    fake.advance(24 * 3600)
    send(client, to=AMIRA)
    assert fake.settle()
    assert len(chen.inbox()) == 4
    world = World()
    assert [world.in_china("+86"), world.in_china(MARIA)] == [True, False]


# -- calls

MENU = """<Response>
  <Gather action="/answer?i=7" numDigits="1" timeout="8"><Say language="en-GB">Fire. Press 1.</Say></Gather>
  <Say>We heard nothing.</Say><Redirect>/again</Redirect>
</Response>"""


def test_a_call_is_answered_and_a_key_pressed(fake: FakeTwilio, client: Client, app: App) -> None:
    """The TwiML is fetched, read out, the key posted, and what comes back is read out too."""
    app.says("/menu", MENU)
    app.says("/answer", '<Response><Say language="zh-CN">谢谢</Say><Hangup/><Say>never</Say></Response>')
    maria = fake.phone(MARIA).will_press("1")
    events = ["initiated", "ringing", "answered", "completed"]
    made = call(client, url=app.url + "/menu", status_callback=app.url + "/status", status_callback_event=events)
    assert ("CA" + "1".zfill(32), "queued") == (made.sid, made.status)
    live = maria.expect_call("press 1")
    assert live.wait_ended() == "completed"
    assert [(s.language, s.text) for s in live.said] == [("en-GB", "Fire. Press 1."), ("zh-CN", "谢谢")]
    assert fake.settle()
    (answer,) = app.forms("/answer")
    assert ("1", made.sid, "in-progress") == (answer["Digits"], answer["CallSid"], answer["CallStatus"])
    told = app.forms("/status")
    assert [form["CallStatus"] for form in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [form["SequenceNumber"] for form in told] == ["0", "1", "2", "3"]
    assert "CallDuration" in told[-1]
    fetched = client.calls(made.sid).fetch()
    assert ("completed", told[-1]["CallDuration"]) == (fetched.status, fetched.duration)
    path, form, headers = app.got[0]
    assert RequestValidator(AUTH_TOKEN).validate(app.url + path, form, headers["X-Twilio-Signature"])
    fake.assert_quiet()


def test_who_presses_nothing_hears_the_rest(fake: FakeTwilio, client: Client, app: App) -> None:
    """A Gather without a key falls through, a Redirect is followed, and the wait counts as talk."""
    app.says("/menu", MENU)
    app.says("/again", "<Response><Pause length='2'/><Say>Goodbye</Say></Response>")
    call(client, url=app.url + "/menu")
    live = fake.phone(MARIA).expect_call("heard nothing", "goodbye")
    assert live.wait_ended() == "completed"
    assert live.record.duration >= 10
    fake.assert_quiet()


@pytest.mark.parametrize("attributes, posts", [("", 0), ('actionOnEmptyResult="true"', 1)])
def test_an_empty_gather(fake: FakeTwilio, client: Client, app: App, attributes: str, posts: int) -> None:
    """An empty result is posted where that was asked for, and only there."""
    app.says("/answer", "<Response/>")
    call(client, twiml=f'<Response><Gather action="{app.url}/answer" {attributes}/></Response>')
    fake.phone(MARIA).expect_call().wait_ended()
    assert [""] * posts == [form["Digits"] for form in app.forms("/answer")]


def test_keys_are_cut_as_asked(fake: FakeTwilio, client: Client, app: App) -> None:
    """A Gather takes up to the finishing key, and no more digits than it wants; a function may choose."""
    app.says("/code", f'<Response><Gather numDigits="1" action="{app.url}/digit"/></Response>')
    app.says("/digit", f'<Response><Gather action="{app.url}/last"><Say>Press 7</Say></Gather></Response>')
    app.says("/last", "<Response/>")
    fake.phone(MARIA).will_press("4711#22", "99", lambda said: said[-1].text[-1])
    call(client, twiml=f'<Response><Gather action="{app.url}/code"/></Response>')
    assert fake.phone(MARIA).expect_call("press 7").wait_ended() == "completed"
    assert fake.calls[0].pressed == ["4711", "9", "7"]


@pytest.mark.parametrize(
    "behave, status",
    [
        ("will_not_answer", "no-answer"),
        ("is_busy", "busy"),
        ("calls_fail", "failed"),
    ],
)
def test_a_call_that_reaches_nobody(fake: FakeTwilio, client: Client, app: App, behave: str, status: str) -> None:
    """No answer, an engaged line and a failure are told apart; the next call may get through."""
    maria = fake.phone(MARIA)
    getattr(maria, behave)(times=1)
    call(client, timeout=20, status_callback=app.url + "/status")
    assert status == maria.expect_call().wait_ended()
    assert fake.settle()
    (told,) = app.forms("/status")
    assert (status, "0") == (told["CallStatus"], told["CallDuration"])
    call(client)
    assert maria.expect_call("fire").wait_ended() == "completed"
    fake.assert_quiet()


def test_a_machine_is_told_only_if_asked(fake: FakeTwilio, client: Client, app: App) -> None:
    """Voicemail looks like a completed call, unless detection was asked for."""
    maria = fake.phone(MARIA).is_machine()
    call(client, status_callback=app.url + "/plain")
    maria.expect_call("fire").wait_ended()
    call(client, machine_detection="Enable", status_callback=app.url + "/detect")
    maria.expect_call("fire").wait_ended()
    call(
        client,
        machine_detection="DetectMessageEnd",
        async_amd="true",
        async_amd_status_callback=app.url + "/amd",
    )
    maria.expect_call("fire").wait_ended()
    call(client, to=JONAS, machine_detection="Enable", status_callback=app.url + "/human")
    fake.phone(JONAS).expect_call("fire").wait_ended()
    assert fake.settle()
    assert [form.get("AnsweredBy") for form in app.forms("/plain")] == [None]
    assert [form["AnsweredBy"] for form in app.forms("/detect")] == ["machine_start"]
    assert [form["AnsweredBy"] for form in app.forms("/amd")] == ["machine_end_beep"]
    assert [form["AnsweredBy"] for form in app.forms("/human")] == ["human"]


def test_a_call_by_hand(fake: FakeTwilio, client: Client, app: App) -> None:
    """A test may take part in a call, hear, press and hang up, while the call waits."""
    app.says("/menu", MENU)
    app.says("/answer", MENU.replace("Fire", "Thank you"))
    maria = fake.phone(MARIA).answers_by_hand()
    call(client, url=app.url + "/menu")
    live = maria.expect_call("fire")
    live.press("1").expect_said("thank you").hang_up()
    assert live.wait_ended() == "completed"
    assert live.record.pressed == ["1"]


def test_a_call_is_ended_from_outside(fake: FakeTwilio, client: Client, app: App) -> None:
    """Status=completed ends a call that runs; one that is over cannot be ended again."""
    maria = fake.phone(MARIA).answers_by_hand()
    made = call(
        client,
        twiml=f'<Response><Gather action="{app.url}/x"><Say>Fire</Say></Gather></Response>',
        status_callback=app.url + "/status",
    )
    live = maria.expect_call("fire")
    assert refusal(lambda: client.calls(made.sid).update(status="canceled")).code == 21220
    assert client.calls(made.sid).update(status="completed").status == "completed"
    assert live.wait_ended() == "completed"
    assert fake.settle()
    assert app.statuses("/status", "CallStatus") == ["completed"]
    assert refusal(lambda: client.calls(made.sid).update(status="completed")).code == 21220
    fake.settings.step = 5.0
    waiting = call(client)
    assert client.calls(waiting.sid).update(status="completed").status == "canceled"
    assert [each.status for each in client.calls.list(to=MARIA)] == ["canceled", "completed"]


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"to": "+15005550001"}, 21217),
        ({"to": "+15005550003"}, 21215),
        ({"to": "12"}, 21211),
        ({"twiml": ""}, 21205),
        ({"status_callback": "nowhere"}, 21609),
        ({"status_callback_event": ["answred"]}, 20001),
    ],
)
def test_what_cannot_be_called_is_refused(fake: FakeTwilio, client: Client, changes: dict[str, Any], code: int) -> None:
    """Each refusal bears Twilio's code, and no phone rings."""
    assert code == refusal(lambda: call(client, **changes)).code
    assert fake.calls == []


def test_broken_twiml_is_a_problem(fake: FakeTwilio, client: Client, app: App) -> None:
    """A document that cannot be read or fetched ends the call with an apology, and fails the test."""
    app.says("/gone", "no such page", "text/plain", 404)
    call(client, url=app.url + "/gone")
    fake.phone(MARIA).expect_call("application error").wait_ended()
    fake.phone(JONAS).will_press("1")
    call(client, to=JONAS, twiml='<Response><Gather action="/x"><Say>Fire</Say></Gather></Response>')
    fake.phone(JONAS).expect_call("fire").wait_ended()
    assert fake.settle()
    assert [word for problem in fake.forgive() for word in ("404", "relative") if word in problem.what] == [
        "404",
        "relative",
    ]


def test_endless_documents_end(fake: FakeTwilio, client: Client, app: App) -> None:
    """A call that is redirected for ever is stopped and reported."""
    app.says("/loop", "<Response><Redirect>/loop</Redirect></Response>")
    call(client, url=app.url + "/loop")
    assert fake.phone(MARIA).expect_call().wait_ended() == "completed"
    (problem,) = fake.problems
    assert "without an end" in problem.what


def test_twiml_is_read_strictly() -> None:
    """Unknown verbs, other roots and entities are refused; marked-up speech is read as words."""
    (say,) = parse("<Response><Say>Fire in <emphasis>hall</emphasis> 3</Say></Response>", VOICE_VERBS)
    assert say.text == "Fire in hall 3"
    for bad in ("", "<Say/>", "<Response><Play/></Response>", "<!DOCTYPE a><Response/>"):
        with pytest.raises(BadTwiml):
            parse(bad, VOICE_VERBS)
    with pytest.raises(BadTwiml):
        parse("<Response><Say>1</Say></Response>", SMS_VERBS)


# -- a provider in trouble


@pytest.mark.parametrize("kind, code", [("429", 20429), ("500", 20500), ("503", 20503)])
def test_the_next_requests_fail(fake: FakeTwilio, client: Client, kind: Any, code: int) -> None:
    """So many requests are refused, nothing is sent by them, and then all is well again."""
    fake.fault(kind, times=2, retry_after=7)
    assert (int(kind), code) == ((error := refusal(lambda: send(client))).status, error.code)
    assert code == refusal(lambda: call(client)).code
    last = client.http_client._test_only_last_response
    assert ("7" if kind == "429" else None) == last.headers.get("Retry-After")
    assert send(client).status == "queued"
    assert [kind, kind, None] == [entry.fault for entry in fake.ledger]
    assert [entry.accepted for entry in fake.ledger] == [False, False, True]


def test_a_fault_can_be_aimed(fake: FakeTwilio, client: Client) -> None:
    """A fault may be for texts or calls only, or for one phone."""
    fake.fault("500", on="calls")
    fake.fault("500", to=JONAS)
    assert send(client).status == "queued"
    assert refusal(lambda: send(client, to=JONAS)).code == 20500
    assert refusal(lambda: call(client)).code == 20500
    with pytest.raises(ValueError, match="a fault is one of"):
        fake.fault("nonsense")  # type: ignore[arg-type]


def test_a_connection_breaks(fake: FakeTwilio, client: Client) -> None:
    """Before acceptance nothing was sent; after it the text is there, and only the answer is lost."""
    fake.fault("reset")
    fake.fault("lost")
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            send(client)
    fake.phone(MARIA).expect_sms("fire")
    assert fake.settle()
    assert len(fake.phone(MARIA).inbox()) == 1
    assert [(e.accepted, e.status) for e in fake.ledger] == [(False, None), (True, None)]
    (found,) = client.messages.list(to=MARIA)
    assert found.sid == fake.ledger[1].sid


def test_an_answer_comes_too_late(fake: FakeTwilio, client: Client) -> None:
    """The client gives up; the text is sent all the same, and a second try is a duplicate."""
    impatient = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=Redirected(fake.base_url, timeout=0.3))
    fake.fault("late", seconds=30)
    with pytest.raises(requests.Timeout):
        send(impatient)
    fake.phone(MARIA).expect_sms("fire")
    send(client)
    assert fake.duplicates() == {("message", MARIA, "Fire in hall 3"): 2}
    fake.fault("slow", seconds=30)
    with pytest.raises(requests.Timeout):
        send(impatient, body="slow")
    assert len(fake.messages) == 2


def test_an_outage(fake: FakeTwilio, client: Client) -> None:
    """In an outage every request fails, reads as well, until it ends; it may be of one kind only."""
    fake.outage("503")
    assert refusal(lambda: send(client)).code == 20503
    assert refusal(lambda: client.messages("SM1").fetch()).code == 20503
    fake.outage("reset", on="calls")
    assert send(client).status == "queued"
    with pytest.raises(requests.ConnectionError):
        call(client)
    fake.outage("garbled")
    assert refusal(lambda: send(client)).status == 502
    fake.outage(None)
    assert call(client).status == "queued"


def test_a_sender_has_its_speed(fake: FakeTwilio, client: Client) -> None:
    """Faster than allowed, texts wait their turn or are refused; another sender is not held up."""
    fake.rate_limit(0.01)
    for number in range(3):
        send(client, body=f"text {number}")
    send(client, to=JONAS, from_="+12025550101")
    fake.phone(JONAS).expect_sms("fire")
    fake.phone(MARIA).expect_sms("text 0")
    assert [m.status for m in client.messages.list(to=MARIA)] == ["queued", "queued", "delivered"]
    fake.advance(200)
    fake.phone(MARIA).expect_sms("text 2")
    fake.rate_limit(0.01, over="refuse")
    send(client)
    assert ((error := refusal(lambda: send(client))).status, error.code) == (429, 20429)


def test_a_queue_overflows(fake: FakeTwilio, client: Client) -> None:
    """A text that would wait longer than the queue is long fails with 30001."""
    fake.rate_limit(0.01, longest_queue=50)
    send(client)
    send(client, body="too many")
    assert fake.phone(MARIA).expect_sms("too many", arrives=False).error == 30001


def test_a_text_expires(fake: FakeTwilio, client: Client) -> None:
    """A text that is not through when its validity ends is given up: an alarm hours late does harm."""
    fake.rate_limit(0.001)
    send(client)
    send(client, body="waits", validity_period=60)
    fake.phone(JONAS).receives(takes=600)
    send(client, to=JONAS, from_="+12025550101", body="on its way", validity_period=60)
    fake.phone(MARIA).expect_sms("fire")
    assert fake.settle(ahead=0.05)
    fake.advance(61)
    waiting = fake.phone(MARIA).expect_sms("waits", arrives=False)
    assert (waiting.status, waiting.error) == ("failed", 30036)
    under_way = fake.phone(JONAS).expect_sms("on its way", arrives=False)
    assert (under_way.status, under_way.error) == ("undelivered", 30036)


def test_a_text_without_a_receipt(fake: FakeTwilio, client: Client) -> None:
    """Some carriers never confirm: the text is there, and stays "sent" for ever."""
    fake.phone(MARIA).receives(receipts=False)
    sent = send(client)
    fake.phone(MARIA).expect_sms("fire")
    assert fake.settle()
    assert client.messages(sent.sid).fetch().status == "sent"


# -- what tests say


def test_a_taken_port_is_an_error(fake: FakeTwilio) -> None:
    """Two fakes cannot share a port; the second says so at once."""
    with pytest.raises(OSError, match="address already in use"):
        FakeTwilio(port=fake.port).start()


def test_what_nobody_expected_fails() -> None:
    """At the end of the block a text or call that was not expected is an error, with its words."""
    for make in (send, call):
        with pytest.raises(AssertionError, match=r"unexpected: .*Fire"), FakeTwilio() as twilio:
            make(Client(ACCOUNT_SID, AUTH_TOKEN, http_client=Redirected(twilio.base_url)))
    with FakeTwilio() as twilio:
        client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=Redirected(twilio.base_url))
        twilio.phone(MARIA).ignore_unexpected()
        send(client)
        twilio.accept_everything()
        send(client, to=JONAS)


def test_an_expectation_says_what_came_instead(fake: FakeTwilio, client: Client) -> None:
    """A text is expected once, by all its words; the failure shows what the phone did get."""
    send(client)
    maria = fake.phone(MARIA)
    maria.expect_sms("FIRE", "hall")
    for words in (("fire",), ("flood",)):
        with pytest.raises(AssertionError, match="delivered 'Fire in hall 3'"):
            maria.expect_sms(*words, within=0.02)
    with pytest.raises(AssertionError, match="no call"):
        maria.expect_call("fire", within=0.02)


def test_phones_reply_by_themselves(fake: FakeTwilio, client: Client, app: App) -> None:
    """Replies are given one a text, or for ever, by one phone or by everybody, also as a function."""
    fake.webhook(app.url + "/sms")
    fake.phone(MARIA).replies_with("1", lambda message: message.body[-1])
    fake.everybody.replies_with("2", forever=True)
    for number in range(3):
        send(client, body=f"text {number}")
        fake.phone(MARIA).expect_sms(f"text {number}")
    send(client, to=JONAS)
    send(client, to=AMIRA)
    assert fake.settle()
    replies = [(form["From"], form["Body"]) for form in app.forms("/sms")]
    assert replies[:2] == [(MARIA, "1"), (MARIA, "1")]
    assert sorted(replies[2:]) == [(JONAS, "2"), (AMIRA, "2")]


def test_the_ledger_counts(fake: FakeTwilio, client: Client) -> None:
    """Every create request is on record with its time, so a killed sender's gaps and doubles show."""
    for _ in range(2):
        send(client)
    send(client, to=JONAS)
    with pytest.raises(TwilioRestException):
        send(client, to="12")
    assert [entry.status for entry in fake.ledger] == [201, 201, 201, 400]
    assert sorted(entry.at for entry in fake.ledger) == [entry.at for entry in fake.ledger]
    assert fake.duplicates() == {("message", MARIA, "Fire in hall 3"): 2}


def test_a_fake_can_be_reset(fake: FakeTwilio, client: Client) -> None:
    """One fake may serve many tests: after a reset it is as new, ids included."""
    fake.phone(MARIA).is_busy()
    fake.outage("503")
    fake.reset()
    assert "SM" + "1".zfill(32) == send(client).sid
    call(client)
    assert fake.phone(MARIA).expect_call("fire").wait_ended() == "completed"


def test_a_coroutine_may_use_it() -> None:
    """App, client and test may share one loop, as long as the test awaits the phones."""

    async def scene() -> None:
        async with FakeTwilio() as twilio, RedirectedAsync(twilio.base_url) as http:
            client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http)
            maria = twilio.phone(MARIA).will_press("1")
            made = [client.messages.create_async(to=MARIA, from_=OURS, body=f"text {n}") for n in range(20)]
            assert len({message.sid for message in await asyncio.gather(*made)}) == 20
            for number in range(20):
                await maria.expect_sms_async(f"text {number}")
            await maria.texts_async("1")
            with pytest.raises(RuntimeError, match="_async"):
                maria.texts("1")
            await client.calls.create_async(to=MARIA, from_=OURS, twiml="<Response><Say>Fire</Say></Response>")
            await maria.expect_call_async("fire")
            found = await client.messages.list_async(from_=MARIA)
            assert [message.body for message in found] == ["1"]

    asyncio.run(scene())


# -- as a process


@pytest.fixture
def process() -> Iterator[dict[str, Any]]:
    """The fake as a process of its own; what it printed when it was ready."""
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.fake_twilio", "--port", "0", "--number", OURS],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert running.stdout is not None
    yield json.loads(running.stdout.readline())
    running.terminate()
    assert running.wait(60) == 0
    running.stdout.close()


def test_a_process_is_set_up_over_http(process: dict[str, Any], app: App) -> None:
    """Another process can script phones and faults, wait for texts, answer, and read the ledger."""

    def ask(name: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{process['base_url']}/_fake/{name}", data, timeout=60) as answer:
            return json.load(answer)

    client = Client(process["account_sid"], process["auth_token"], http_client=Redirected(process["base_url"]))
    ask("webhook", {"url": app.url + "/sms"})
    ask("phones", {"number": MARIA, "answer": {"keys": ["1"]}, "next_fates": [{"status": "failed", "error": 30005}]})
    ask("faults", {"kind": "lost", "times": 1, "on": "messages"})
    with pytest.raises(requests.ConnectionError):
        send(client, body="lost")
    send(client)
    assert ask("expect", {"to": MARIA, "words": ["lost"], "arrives": False})["error_code"] == 30005
    assert ask("expect", {"to": MARIA, "words": ["fire"]})["arrived"]
    assert ask("texts", {"from": MARIA, "body": "1"})["status"] == 204
    assert ask("texts", {"from": MARIA, "body": "1", "signature": "bad"})["status"] == 204
    call(client, twiml=f'<Response><Gather action="{app.url}/key"><Say>Fire</Say></Gather></Response>')
    app.says("/key", "<Response><Say>Thanks</Say></Response>")
    ask("expect", {"to": MARIA, "kind": "call", "words": ["thanks"]})
    assert ask("settle", {})["settled"]
    assert [each["pressed"] for each in ask("calls")] == [["1"]]
    assert [(e["status"], e["fault"]) for e in ask("ledger")] == [(None, "lost"), (201, None), (201, None)]
    assert [m["body"] for m in ask("messages?direction=inbound")] == ["1"]
    assert ask("quiet") == {"unexpected": [], "problems": []}
    assert (ask("health")["messages"], ask("health")["requests"] + 1) == (3, 4)
    for name, body in (
        ("phones", {"number": MARIA, "mood": "bad"}),
        ("nonsense", {}),
        ("expect", {"to": "x", "within": 0}),
    ):
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(name, body)
        caught.value.close()
    ask("outage", {"kind": "503"})
    assert refusal(lambda: send(client)).code == 20503
    ask("heal", {})
    ask("rate", {"per_second": 0.01, "over": "refuse"})
    send(client)
    assert refusal(lambda: send(client)).code == 20429
    ask("advance", {"seconds": 100})
    ask("settings", {"chaos": {"copies": 2}, "latency": 0.001})
    ask("phones", {"number": "*", "replies": ["2"]})
    ask("routes", {"public": PUBLIC, "local": app.url})
    send(client, to=JONAS, status_callback=f"{PUBLIC}/status")
    ask("settle", {})
    assert [app.forms("/sms")[-1][name] for name in ("From", "Body")] == [JONAS, "2"]
    assert len(app.forms("/status")) == 6
    assert ask("replays", {"from": JONAS})["status"] == 204
    ask("reset", {})
    assert ask("ledger") == []
