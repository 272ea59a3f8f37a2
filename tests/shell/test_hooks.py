"""What the provider may post: signed or refused and counted, read or refused and counted, and acted on once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import pytest

from emergency.core import events as e
from emergency.store import store as sqlite_store
from tests.fake_twilio import AUTH_TOKEN, NUMBERS, OLD_TOKEN, FakeTwilio
from tests.fake_twilio.signing import signature
from tests.serving import PUBLIC, Mill, make_home, until
from tests.small import number

SMS = "/hooks/twilio/sms"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def id(mill: Mill) -> str:
    """Open an incident, wait until everybody has been told, and return its id."""
    mill.twilio.everybody.will_not_answer()
    opened = str(mill.trigger()["id"])
    mill.phone("emma").expect_sms("L01")
    mill.calm()
    return opened


@pytest.fixture(scope="module")
def one_mill() -> Iterator[tuple[Mill, str]]:
    """Return one building for all that is refused, with an incident that nobody may move."""
    with FakeTwilio() as twilio:
        twilio.accept_everything()
        twilio.everybody.will_not_answer()
        made = Mill(twilio, make_home()).start()
        id = str(made.trigger()["id"])
        made.phone("emma").expect_sms("L01")
        made.calm()
        yield made, id
        made.stop()


@pytest.fixture
def shared(one_mill: tuple[Mill, str]) -> tuple[Mill, str]:
    """Return that building, with nothing counted yet."""
    one_mill[0].store._db.execute("delete from counter")
    return one_mill


def text(body: str = "1", **changes: str) -> dict[str, str]:
    """Return the form of a text from Emma."""
    return {"MessageSid": "SM" + "7" * 32, "From": number("emma"), "To": NUMBERS[0], "Body": body, **changes}


def post(
    mill: Mill,
    path: str,
    form: Mapping[str, str] | bytes,
    *,
    token: str = AUTH_TOKEN,
    signed: Mapping[str, str] | None = None,
    public: str = PUBLIC,
    header: str | None = None,
) -> tuple[int, str]:
    """Post a form as the provider would, signed with *token* for *public* over *signed* (the form itself)."""
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    over = signed if signed is not None else ({} if isinstance(form, bytes) else form)
    headers = {"Content-Type": FORM, "X-Twilio-Signature": header or signature(public + path, over, token)}
    return mill.running.http(path, body, **headers)


def acted(mill: Mill, id: str) -> list[object]:
    """Return what replies have done to the incident."""
    return mill.events(id, e.AlertAcknowledged, e.StepDone, e.HelpAsked, e.NoteAdded)


def counted(mill: Mill, name: str) -> int:
    """Return a counter."""
    return mill.store.counters().get(name, 0)


# who it is from


@pytest.mark.parametrize("kind", ["bad", "missing", "old"])
def test_a_text_without_a_good_signature_is_refused(shared: tuple[Mill, str], kind: str) -> None:
    """A forged text, an unsigned one, and one signed with a token of last year: 403, counted, nothing acted on."""
    mill, id = shared
    heard = mill.phone("emma").texts("1", signature=kind)  # type: ignore[arg-type]
    assert (heard.status, heard.body) == (403, "unsigned")
    assert (acted(mill, id), counted(mill, "refused_unsigned")) == ([], 1)


@pytest.mark.parametrize(
    "path", ["sms", "voice/x.1/1", "status/x.1/1", "machine/x.1/1", "status/x.1/abc", "status/%C3%A4/1"]
)
def test_every_hook_wants_a_signature(shared: tuple[Mill, str], path: str) -> None:
    """There is no door beside the one that is watched; whether a delivery exists is not told to strangers."""
    mill, _ = shared
    status, _ = mill.running.http(f"/hooks/twilio/{path}", urlencode(text()).encode())
    assert (status, counted(mill, "refused_unsigned")) == (403, 1)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"public": "https://other.example"}, id="signed for another address"),
        pytest.param({"signed": text("2")}, id="signed for other words"),
        pytest.param({"signed": {}}, id="signed without the form"),
        pytest.param({"token": ""}, id="signed with nothing"),
        pytest.param({"header": "ключ".encode().decode("latin-1")}, id="no signature at all"),
        pytest.param({"header": "A" * 5000}, id="endless"),
    ],
)
def test_a_signature_is_for_this_form_at_this_address(shared: tuple[Mill, str], how: dict[str, object]) -> None:
    """A signature that was made for anything else is none."""
    mill, id = shared
    assert post(mill, SMS, text(), **how)[0] == 403  # type: ignore[arg-type]
    assert (acted(mill, id), counted(mill, "refused_unsigned")) == ([], 1)


def test_a_repeated_field_is_refused(shared: tuple[Mill, str]) -> None:
    """A second `Body` could be added by anybody without breaking the signature."""
    mill, id = shared
    form = text()
    body = urlencode([*form.items(), ("Body", form["Body"])]).encode()
    assert post(mill, SMS, body, signed=form)[0] == 403
    assert acted(mill, id) == []


def test_the_query_is_signed_too(mill: Mill, id: str) -> None:
    """A query that was not part of what was signed spoils the signature; one that was is fine."""
    good = signature(PUBLIC + SMS, text(), AUTH_TOKEN)
    assert post(mill, SMS + "?x=1", text(), header=good)[0] == 403
    assert post(mill, SMS + "?x=1", text())[0] == 200
    mill.wait_for(id, e.AlertAcknowledged)


def test_the_host_header_is_not_believed(shared: tuple[Mill, str]) -> None:
    """What was signed is the configured address: a sender cannot choose it by a header."""
    mill, _ = shared
    form = text()
    header = signature("https://evil.example" + SMS, form, AUTH_TOKEN)
    status, _ = mill.running.http(
        SMS, urlencode(form).encode(), **{"Host": "evil.example", "X-Twilio-Signature": header, "Content-Type": FORM}
    )
    assert status == 403


@pytest.fixture
def rotating(twilio: FakeTwilio) -> Iterator[Mill]:
    """Return the building while its token is being changed."""
    made = Mill(twilio, make_home(), TWILIO_AUTH_TOKEN_OLD=OLD_TOKEN).start()
    yield made
    made.stop()


def test_a_token_can_be_changed_without_a_gap(rotating: Mill) -> None:
    """While the old token is named as such, both are good."""
    assert rotating.phone("emma").texts("1", to=NUMBERS[0], signature="old").status == 200
    assert rotating.phone("emma").texts("1", to=NUMBERS[0]).status == 200


# what it says


@pytest.mark.parametrize(
    "form, status, why",
    [
        pytest.param(b"Body=\xff\xfe", 400, "malformed", id="no text"),
        pytest.param(b"Body=%ff%fe", 400, "malformed", id="no text, escaped"),
        pytest.param(b"no form at all", 400, "malformed", id="no form"),
        pytest.param(b"&".join(b"f%d=1" % n for n in range(201)), 400, "malformed", id="too many fields"),
        pytest.param(urlencode(text("x" * 70_000)).encode(), 413, "oversized", id="too long"),
        pytest.param({"From": number("emma"), "Body": "1"}, 400, "malformed", id="no id"),
        pytest.param(text(MessageSid="SM1"), 400, "malformed", id="an id that is none"),
        pytest.param({"MessageSid": "SM" + "7" * 32, "Body": "1"}, 400, "malformed", id="no sender"),
        pytest.param(text(From="Bank"), 400, "malformed", id="a name as the sender"),
        pytest.param({"MessageSid": "SM" + "7" * 32, "From": number("emma")}, 400, "malformed", id="no body"),
        pytest.param({}, 400, "malformed", id="nothing"),
    ],
)
def test_what_cannot_be_read_is_refused(
    shared: tuple[Mill, str], form: Mapping[str, str] | bytes, status: int, why: str
) -> None:
    """A request that is no text message is answered with a word, counted, and leaves nothing behind."""
    mill, id = shared
    assert (status, why) == post(mill, SMS, form)
    assert (acted(mill, id), counted(mill, f"refused_{why}")) == ([], 1)
    assert post(mill, SMS, text(From="+13125550199"))[0] == 200


def test_an_endless_body_is_cut_off(shared: tuple[Mill, str]) -> None:
    """More than any real request holds is not read to its end, signed or not."""
    mill, _ = shared
    heard = mill.phone("emma").texts("1", to=NUMBERS[0], padding=200_000)
    assert (heard.status, counted(mill, "refused_oversized")) == (413, 1)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_hooks_are_posted_to(shared: tuple[Mill, str], method: str) -> None:
    """Nothing else is answered."""
    mill, _ = shared
    assert mill.running.http(SMS, method=method)[0] == 405


def test_the_answer_says_nothing_to_the_telephone(mill: Mill, id: str) -> None:
    """A text is answered with an empty document: what it did goes out through the outbox, with everything else."""
    heard = mill.phone("emma").texts("1")
    assert (heard.status, heard.content_type, heard.replies) == (200, "application/xml", [])


def test_a_stranger_meets_silence(mill: Mill, id: str) -> None:
    """A signed text from a number that nobody has: 200, counted, and no answer that would tell who we are."""
    sent = len(mill.twilio.ledger)
    assert post(mill, SMS, text(From="+13125550199"))[0] == 200
    assert (acted(mill, id), counted(mill, "inbound_unknown")) == ([], 1)
    assert mill.twilio.settle()
    assert sent == len(mill.twilio.ledger)


# once


def test_a_replayed_text_does_nothing(mill: Mill, id: str) -> None:
    """The same request again, to the byte, as an eavesdropper could send it: accepted in silence, and not acted on."""
    mill.phone("emma").texts("hello there")
    before = len(acted(mill, id))
    assert before == 1
    for _ in range(3):
        assert mill.phone("emma").replays().status == 200
    assert (len(acted(mill, id)), counted(mill, "inbound_repeated")) == (1, 3)


def test_reports_that_are_repeated_change_nothing(mill: Mill, id: str) -> None:
    """A status that has been told is no news, however often it is told again."""
    row = next(row for row in mill.rows() if row.person == "emma")
    before = len(mill.store.records(id))
    form = {"MessageSid": row.provider_id, "MessageStatus": "delivered"}
    for _ in range(3):
        assert post(mill, f"/hooks/twilio/status/{row.id}/1", form)[0] == 204
    assert before == len(mill.store.records(id))


@pytest.mark.parametrize("status", ["delivered", "undelivered", "sent", "queued"])
def test_a_report_on_nothing_of_ours_is_not_found(shared: tuple[Mill, str], status: str) -> None:
    """A signed report about a delivery that does not exist: 404, counted, nothing changed."""
    mill, id = shared
    before = len(mill.store.records(id))
    form = {"MessageSid": "SM" + "9" * 32, "MessageStatus": status}
    assert post(mill, "/hooks/twilio/status/x.1/1", form) == (404, "unknown_delivery")
    assert (before, 1) == (len(mill.store.records(id)), counted(mill, "refused_unknown_delivery"))


@pytest.mark.parametrize(
    "kind, form",
    [
        pytest.param("status", {"MessageSid": "SM1", "MessageStatus": "delivered"}, id="an id that is none"),
        pytest.param("status", {"MessageStatus": "delivered"}, id="no id"),
        pytest.param("status", {}, id="nothing"),
        pytest.param("machine", {"CallSid": "CA" + "7" * 32}, id="no word on who answered"),
        pytest.param("voice", {"CallSid": "CA" + "7" * 32, "Digits": "1"}, id="nobody was called"),
        pytest.param(
            "voice",
            {"CallSid": "CA" + "7" * 32, "From": number("emma"), "Digits": "1; drop"},
            id="keys of no telephone",
        ),
    ],
)
def test_a_report_that_cannot_be_read_is_refused(shared: tuple[Mill, str], kind: str, form: dict[str, str]) -> None:
    """What is no report and no key is answered 400 and counted."""
    mill, id = shared
    row = next(row for row in mill.rows() if row.person == "emma")
    assert post(mill, f"/hooks/twilio/{kind}/{row.id}/1", form) == (400, "malformed")
    assert acted(mill, id) == []


def test_a_status_that_nobody_documents_is_no_news(mill: Mill, id: str) -> None:
    """A word that the provider may invent tomorrow is accepted and changes nothing."""
    row = next(row for row in mill.rows() if row.person == "emma")
    form = {"MessageSid": row.provider_id, "MessageStatus": "teleported"}
    before = len(mill.store.records(id))
    assert post(mill, f"/hooks/twilio/status/{row.id}/1", form)[0] == 204
    assert before == len(mill.store.records(id))


# keys


def key(digits: str, person: str = "anna", call: str = "7") -> dict[str, str]:
    """Return the form of a key that somebody pressed."""
    form = {"CallSid": "CA" + call * 32, "Direction": "outbound-api", "From": NUMBERS[0], "To": number(person)}
    return {**form, "Digits": digits} if digits else form


def call_to(mill: Mill, person: str = "anna") -> str:
    """Return the delivery of a call to somebody."""
    return next(row.id for row in mill.rows() if row.person == person and row.channel == "voice")


def test_a_key_is_heard_and_answered(mill: Mill, id: str) -> None:
    """1 in Anna's call acknowledges, and she hears so; the same key of the same call again is silence."""
    path = f"/hooks/twilio/voice/{call_to(mill)}/1"
    first, again = post(mill, path, key("1")), post(mill, path, key("1"))
    assert 200 == first[0] == again[0]
    assert "noted, received" in first[1]
    assert "<Say" not in again[1]
    assert len(acted(mill, id)) == 1


def test_another_key_in_the_same_call_is_another_answer(mill: Mill, id: str) -> None:
    """First 1, then 2: received, and later in the same call done."""
    path = f"/hooks/twilio/voice/{call_to(mill)}/1"
    post(mill, path, key("1"))
    post(mill, path, key("2"))
    assert [e.AlertAcknowledged, e.StepDone] == [type(event) for event in acted(mill, id)]


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(key(""), id="no key was pressed"),
        pytest.param(key("1", "emma"), id="somebody else's call"),
        pytest.param(key("1", "boris"), id="somebody who was not called"),
        pytest.param(key("0"), id="a key that means nothing"),
        pytest.param(key("*"), id="a star"),
    ],
)
def test_a_key_that_does_not_count(mill: Mill, id: str, form: dict[str, str]) -> None:
    """Only a key of ours, pressed by the person that was called, does anything."""
    assert post(mill, f"/hooks/twilio/voice/{call_to(mill)}/1", form)[0] == 200
    assert acted(mill, id) == []


# when we cannot write


@pytest.fixture
def impatient(twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mill]:
    """Return the building with a store that gives up on a lock at once."""
    monkeypatch.setattr(sqlite_store, "PATIENCE_MS", 30)
    made = Mill(twilio, make_home()).start()
    yield made
    made.stop()


def test_what_cannot_be_written_is_not_accepted(impatient: Mill) -> None:
    """While another process holds the store a text is answered 503, so that the provider knows; it counts when it comes
    again."""
    impatient.twilio.everybody.will_not_answer()
    id = impatient.trigger()["id"]
    impatient.calm()
    holder = sqlite3.connect(impatient.home / "emergency.db", isolation_level=None)
    until(lambda: _lock(holder), "for the lock")
    assert post(impatient, SMS, text())[0] == 503
    holder.execute("rollback")
    holder.close()
    assert acted(impatient, id) == []
    assert until(lambda: (post(impatient, SMS, text())[0] == 200 and 200) or None) == 200
    impatient.wait_for(id, e.AlertAcknowledged)


def _lock(db: sqlite3.Connection) -> bool:
    try:
        db.execute("begin immediate")
    except sqlite3.OperationalError:
        return False
    return True
