"""Links in messages: whoever cannot text back opens a page, and answers there by a second tap."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from emergency.clock import VirtualClock
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.sandbox import LONGEST
from emergency.core.values import Text
from emergency.core.wording import Line, render_sms
from emergency.errors import SettingsError, TemporaryFailure
from emergency.links import ADDED, KEY_FILE, LIFE, MAC_LETTERS, RENEW, Links
from emergency.people import save_roster
from emergency.store.links import LinkRow
from emergency.web.answering import AlertPage
from emergency.web.gate import REFUSALS
from tests.fakes import FakeNotifier, Lost, TracedNotifier
from tests.linked import TOKEN, Linked
from tests.serving import PUBLIC, until
from tests.small import MINUTE, NOON, House, roster

ID = "leak1"


def linked_house(
    home: Path, sms: FakeNotifier | None = None, *, public: str | None = PUBLIC, one_way: tuple[str, ...] = ("1",)
) -> House:
    """Return a house on a clock of its own; with *one_way*, nobody can text back."""
    notifiers = [sms or FakeNotifier(modes=("real", "drill"), one_way=one_way), FakeNotifier("voice")]
    house = House(notifiers)
    if public:
        house.outbox.links = Links(home, public)
    return house


def links_of(house: House) -> Links:
    """Return what makes the links of the house."""
    assert house.outbox.links is not None
    return house.outbox.links


def texts_to(house: House, person: str) -> list[str]:
    """Return the texts that somebody was sent."""
    sms = house.notifiers[0]
    assert isinstance(sms, FakeNotifier)
    return [m.text for m in sms.taken.values() if m.to in roster().people[person].numbers]


def made(house: House, **changes: object) -> tuple[str, LinkRow]:
    """Make a link for Emma; return its token and its row."""
    words = {"person": "emma", "incident": ID, "kind": "alert", "subject": f"{ID}/a5", **changes}
    url = house.engine.unit(lambda engine: links_of(house).make(engine, **words))  # type: ignore[arg-type]
    row = links_of(house).read(house.engine, url.rpartition("/")[2])
    assert row is not None
    return url.rpartition("/")[2], row


# the token


def test_a_token_is_short_and_names_one_row(tmp_path: Path) -> None:
    """A link adds no more to the public address than the check of the longest texts reckons with."""
    house = linked_house(tmp_path)
    token, row = made(house)
    assert (row.person, row.incident, row.subject) == ("emma", ID, f"{ID}/a5")
    assert len(links_of(house).url(replace(row, id=2**20 - 1))) == len(PUBLIC) + ADDED
    assert len(token) == MAC_LETTERS + 1


def test_a_token_is_read_as_it_may_be_typed(tmp_path: Path) -> None:
    """Capitals, and O and I for what looks like them: whoever types it off a screen comes through."""
    house = linked_house(tmp_path)
    for n in range(40):
        token, row = made(house, subject=f"{ID}/a{n}")
        typed = token.upper().replace("0", "O").replace("1", "I")
        assert links_of(house).read(house.engine, typed) == row


def test_a_token_with_one_wrong_letter_opens_nothing(tmp_path: Path) -> None:
    """Every letter counts, also those of the number."""
    house = linked_house(tmp_path)
    token, _ = made(house)
    for at in range(len(token)):
        for letter in "27kz":
            wrong = token[:at] + letter + token[at + 1 :]
            assert wrong == token or links_of(house).read(house.engine, wrong) is None


@pytest.mark.parametrize(
    "token", ["", "a", "1" * MAC_LETTERS, "1" * 400, "ключключключключ", "1\0" * 8, "-" * 14, " " * 14]
)
def test_what_is_no_token_opens_nothing(tmp_path: Path, token: str) -> None:
    """Whatever stands in the address, it is read as nothing, and never with a traceback."""
    house = linked_house(tmp_path)
    made(house)
    assert links_of(house).read(house.engine, token) is None


@pytest.mark.parametrize(
    "column, value",
    [("person", "chloe"), ("incident", "leak2"), ("subject", f"{ID}/a6"), ("kind", "muster"), ("expires_at", None)],
)
def test_a_token_is_bound_to_the_whole_row(tmp_path: Path, column: str, value: str | None) -> None:
    """A row that was changed, or given to somebody else after a backup was put back, has another token."""
    house = linked_house(tmp_path)
    token, row = made(house)
    later = row.expires_at.strftime("%Y-%m-%dT%H:%M:%S.999999Z")
    house.store._db.execute(f"update link set {column} = ?", (value or later,))
    assert links_of(house).read(house.engine, token) is None


def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    """Links that were taken away leave their numbers behind: no later link opens under an old one."""
    house = linked_house(tmp_path)
    first = made(house)[1].id
    assert house.store._do("forget_links", "emma") == 1
    assert made(house)[1].id > first


def test_the_same_words_are_the_same_link_until_it_ends(tmp_path: Path) -> None:
    """A second message about the same step carries the same link; one that is about to end is not sent again."""
    house = linked_house(tmp_path)
    token, row = made(house)
    assert row.expires_at - row.made_at == LIFE
    house.clock.advance(LIFE - RENEW)
    assert made(house)[0] == token
    house.clock.advance(MINUTE)
    assert made(house)[0] != token


def test_no_link_lives_longer_than_a_day(tmp_path: Path) -> None:
    """Whoever asks for longer gets a day; whoever asks for less gets less."""
    house = linked_house(tmp_path)
    now = house.clock.now()
    assert made(house, expires=now + 3 * LIFE)[1].expires_at == now + LIFE
    assert made(house, subject="x", expires=now + 2 * RENEW)[1].expires_at == now + 2 * RENEW


# the key


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    """The key outlives the process; a second process finds it, and no other user of the machine does."""
    house = linked_house(tmp_path)
    token, row = made(house)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert Links(tmp_path, PUBLIC).token(row) == token
    assert [p.name for p in tmp_path.iterdir()] == [KEY_FILE]


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    """Whoever could read it could answer for anybody; the words say how to close it."""
    house = linked_house(tmp_path)
    _, row = made(house)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        links_of(house).token(row)


@pytest.mark.parametrize("text", ["", "zz", "abcd"])
def test_a_spoilt_key_is_named_and_not_used(tmp_path: Path, text: str) -> None:
    """A key file that is empty, or no key, is said to be so, with what to do; it is not written over."""
    (tmp_path / KEY_FILE).write_text(text)
    (tmp_path / KEY_FILE).chmod(0o600)
    house = linked_house(tmp_path)
    with pytest.raises(SettingsError, match="delete it"):
        made(house)
    assert (tmp_path / KEY_FILE).read_text() == text


def test_a_new_key_lets_links_that_are_out_live_once(tmp_path: Path) -> None:
    """After one change of the key a link still opens, after two it does not; what is made then has the new key."""
    house = linked_house(tmp_path)
    token, row = made(house)
    Links(tmp_path, PUBLIC).rotate()
    assert links_of(house).read(house.engine, token) == row
    assert made(house)[0] != token
    Links(tmp_path, PUBLIC).rotate()
    assert links_of(house).read(house.engine, token) is None


# in the message


def test_who_cannot_text_back_gets_a_link_and_nobody_else(tmp_path: Path) -> None:
    """The link stands instead of the code to reply with; who can text back goes on doing that."""
    house = linked_house(tmp_path)
    house.open(id=ID)
    house.pump()
    (text,) = texts_to(house, "emma")
    assert text.endswith(f"Answer: {TOKEN.search(text)[0]}")  # type: ignore[index]
    assert "Reply" not in text
    assert "call" not in text
    both = linked_house(tmp_path / "other", one_way=())
    both.open(id=ID)
    both.pump()
    assert all(PUBLIC not in text and "Reply L01" in text for text in texts_to(both, "emma"))
    assert not both.store._db.execute("select * from link").fetchall()


def test_without_a_public_address_the_words_ask_for_a_key_in_the_call(tmp_path: Path) -> None:
    """A link that leads nowhere is worse than none."""
    house = linked_house(tmp_path, public=None)
    house.open(id=ID)
    house.pump()
    assert "Answer our call with 1" in texts_to(house, "emma")[0]


def test_a_call_says_no_address(tmp_path: Path) -> None:
    """In a call there are keys."""
    house = linked_house(tmp_path)
    house.open(id=ID)
    house.pump()
    voice = house.notifiers[1]
    assert isinstance(voice, FakeNotifier)
    assert voice.texts
    assert all(PUBLIC not in text and ("Press 1" in text or "按1" in text) for text in voice.texts)


def test_a_second_try_carries_the_same_link(tmp_path: Path) -> None:
    """What the provider did not take goes out again, word for word."""
    sms = FakeNotifier(one_way=("1",))
    sms.always = TemporaryFailure("503")
    house = linked_house(tmp_path, sms)
    house.open(id=ID)
    house.pump()
    sms.always = None
    house.wait(timedelta(seconds=10))
    asked = {m.text for m in sms.asked if m.to == roster().people["emma"].numbers[0]}
    assert len(asked) == 1
    assert len(house.store._db.execute("select * from link where person = 'emma'").fetchall()) == 1


def test_a_message_that_may_have_gone_is_found_by_its_link(tmp_path: Path) -> None:
    """The trace at the provider is compared word for word; a new link would make it go out twice."""
    sms = TracedNotifier(one_way=("1",))
    sms.next = [Lost] * 20
    house = linked_house(tmp_path, sms)
    house.open(id=ID)
    house.pump()
    house.clock.advance(timedelta(seconds=5))
    house.settle()
    house.pump()
    assert sms.sought
    assert max(sms.reached().values()) == 1


def test_putting_a_message_into_words_again_makes_no_link(tmp_path: Path) -> None:
    """Where nothing may be written, a message that has no link yet goes without one."""
    house = linked_house(tmp_path)
    house.open(id=ID)
    (row,) = [r for r in house.rows("emma") if r.channel == "sms"]
    assert "Answer our call" in house.outbox.build(house.engine, [row]).text
    assert PUBLIC in house.outbox.build(house.engine, [row], writes=True).text
    assert PUBLIC in house.outbox.build(house.engine, [row]).text


def test_a_message_goes_also_where_the_key_cannot_be_had(tmp_path: Path) -> None:
    """Whatever is wrong with the links, people are told."""
    (tmp_path / KEY_FILE).write_text("spoilt")
    house = linked_house(tmp_path)
    house.open(id=ID)
    house.pump()
    assert "Answer our call with 1" in texts_to(house, "emma")[0]


def test_several_steps_in_one_message_have_one_link(tmp_path: Path) -> None:
    """One address for all that a message asks, behind everything else it says."""
    house = linked_house(tmp_path)
    house.open(id=ID)
    house.pump()
    (text,) = texts_to(house, "chloe")
    assert ("go and look" in text, "keep people away" in text) == (True, True)
    (token,) = TOKEN.findall(text)
    row = links_of(house).read(house.engine, token)
    assert row is not None
    assert [pair.partition("/")[0] for pair in row.subject.split()] == [ID, ID]


def line(**changes: object) -> Line:
    """Return what asks somebody who cannot text back."""
    values = {"headline": "漏水", "place": "大厅", "role": "保安", "zone": "", "do": "去看"}
    base = Line(kind="task", language="zh", mode="real", code="L01", sign="老磨坊", ref="L01A", values=values)
    return replace(base, two_way=False, link=PUBLIC + "/a/1abc", **changes)


def test_the_address_is_parted_from_what_stands_beside_it() -> None:
    """Telephones take Chinese brackets for a part of an address: there is a blank on either side."""
    assert render_sms([line()], {}, {}) == f"【老磨坊】L01漏水,大厅。你:保安。去看。点开答复 {PUBLIC}/a/1abc"
    drill = render_sms([line(mode="drill", code="XL01")], {}, {})
    assert drill.endswith(f"点开答复 {PUBLIC}/a/1abc 【演练】")


def test_two_incidents_in_one_message_have_one_address_at_its_end() -> None:
    """What is cut off a message that is too long is never the way to answer it."""
    long = line(values={**line().values, "do": "去看" * 900})
    text = render_sms([line(), replace(long, code="N01", ref="N01A")], {}, {})
    assert text.count(PUBLIC) == 1
    assert text.endswith(f"点开答复 {PUBLIC}/a/1abc")
    assert len(text) <= LONGEST


# the page


@pytest.fixture(scope="module")
def quiet() -> Iterator[tuple[Linked, str]]:
    """Return one such building for all that must not answer anything, and the incident that nobody may move."""
    made = Linked().start()
    id = made.trigger()
    for person in ("anna", "chloe", "emma", "felix"):
        made.token(person)
    yield made, id
    made.stop()


@pytest.fixture
def still(quiet: tuple[Linked, str]) -> Iterator[Linked]:
    """Return that building; whatever the test does, nothing may have been answered."""
    made, id = quiet
    made.store._db.execute("update link set seen_at = null")
    made.store._db.execute("delete from counter")
    yield made
    assert made.answers(id) == []
    assert not any(made.seen("answered_at"))


@pytest.mark.parametrize(
    "how, seen",
    [
        pytest.param({}, True, id="a browser"),
        pytest.param({"method": "HEAD"}, False, id="a head"),
        pytest.param({"User_Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, False, id="a robot"),
        pytest.param({"User_Agent": "WhatsApp/2.23"}, False, id="a preview"),
        pytest.param({"Sec_Purpose": "prefetch;prerender"}, False, id="fetched ahead"),
        pytest.param({"User_Agent": ""}, False, id="nobody at all"),
    ],
)
def test_opening_a_link_is_no_answer(still: Linked, how: dict[str, str], seen: bool) -> None:
    """Robots open links, and so do thumbs: whoever opens one has answered nothing, and only a browser has seen it."""
    page = still.get(f"/a/{still.token('emma')}", **how)
    assert page.status == 200
    assert (page.body == "") == (how.get("method") == "HEAD")
    assert any(still.seen()) is seen


@pytest.mark.parametrize(
    "key, says, left, event",
    [
        pytest.param("1", "noted, received", "4539", e.AlertAcknowledged, id="received"),
        pytest.param("3", "noted, you cannot", "9", e.AlertClosed, id="cannot"),
        pytest.param("4", "noted, a pipe", "9", e.StepDone, id="the first answer"),
        pytest.param("5", "noted, the roof", "9", e.StepDone, id="the second answer"),
        pytest.param("9", "noted, you need help", "14539", e.HelpAsked, id="help"),
    ],
)
def test_the_second_tap_answers(linked: Linked, key: str, says: str, left: str, event: type[e.Event]) -> None:
    """Each button does what its key does in a call; the page says so in the words of a text, and what is left."""
    id = linked.trigger()
    path = f"/a/{linked.token('emma')}"
    page = linked.get(path)
    assert (page.status, page.keys) == (200, "14539")
    after = linked.taps(path, key, page)
    assert says in after.words
    assert after.keys == left
    (happened,) = linked.events(id, event)[-1:]
    assert getattr(happened, "via", "link") == "link"
    assert not any(m.id.startswith("re:") for m in linked.messages("emma"))


def test_done_can_be_said_later_on_the_same_link(linked: Linked) -> None:
    """Received now, done in ten minutes: the link stays good as long as there is something to say."""
    id = linked.trigger()
    path = f"/a/{linked.token('anna')}"
    assert linked.taps(path, "1").keys == "239"
    after = linked.taps(path, "2")
    assert "noted, done" in after.words
    assert [x.person for x in linked.events(id, e.StepDone)] == ["anna"]


def test_a_list_leads_to_a_page_for_each_step(linked: Linked) -> None:
    """Several steps in one message: one tap for all that is received, and a page of its own for each."""
    id = linked.trigger()
    path = f"/a/{linked.token('chloe')}"
    page = linked.get(path)
    assert (page.keys, page.body.count(f'href="{path}/')) == ("19", 2)
    after = linked.taps(path + "/2", "2")
    assert "L01D: noted, done" in after.words
    assert "L01D: noted, done" in linked.get(path).words
    after = linked.taps(path, "1")
    assert "L01C: noted, received" in after.words
    assert after.keys == "9"
    assert len(linked.events(id, e.AlertAcknowledged)) == 2
    assert linked.get(path + "/3").status == linked.get(path + "/0").status == linked.get(path + "/x").status == 404


def test_a_double_tap_is_one_answer(linked: Linked) -> None:
    """A shaking thumb sends the form twice: the second does nothing, and leads to what the first did."""
    id = linked.trigger()
    path = f"/a/{linked.token('emma')}"
    page = linked.get(path)
    for _ in range(2):
        answer = linked.post(path, {"form": page.form, "key": "9"})
        assert (answer.status, answer.headers["location"]) == (303, path)
    assert len(linked.events(id, e.HelpAsked)) == 1


def test_a_page_that_lies_open_cannot_answer_what_has_moved_on(linked: Linked) -> None:
    """The step was given to somebody else meanwhile: the tap is not noted, and the page says how it stands."""
    id = linked.trigger()
    path = f"/a/{linked.token('emma')}"
    page = linked.get(path)
    linked.does("reply", person="emma", text="L01E 3")
    before = linked.answers(id)
    answer = linked.post(path, {"form": page.form, "key": "4"})
    after = linked.get(answer.headers["location"])
    assert "your tap was NOT noted" in after.words
    assert "noted, you cannot" in after.words
    assert linked.answers(id) == before


@pytest.mark.parametrize("key", ["2", "6", "8", "x", "", "11"])
def test_only_a_button_of_the_page_counts(still: Linked, key: str) -> None:
    """A key that is not offered does nothing, and is not taken for one that is."""
    path = f"/a/{still.token('emma')}"
    after = still.taps(path, key)
    assert "NOT noted" in after.words


@pytest.mark.parametrize(
    "fields, headers, status",
    [
        pytest.param(b"", {}, 303, id="no form"),
        pytest.param({"form": "0" * 12, "key": "1"}, {}, 303, id="a guessed mark"),
        pytest.param(b"key=1&key=1", {}, 400, id="a field twice"),
        pytest.param(b"key=%ff&form=%ff", {}, 303, id="no text"),
        pytest.param(b"\xff\xfe", {}, 400, id="no form at all"),
        pytest.param(b"key=1&" + b"x" * 3000, {}, 400, id="endless"),
        pytest.param({"form": "right", "key": "1"}, {"Sec_Fetch_Site": "cross-site"}, 403, id="from another site"),
        pytest.param({"form": "right", "key": "1"}, {"Sec_Fetch_Site": "same-site"}, 403, id="from a neighbour"),
    ],
)
def test_nothing_but_our_own_form_answers(
    still: Linked, fields: dict[str, str] | bytes, headers: dict[str, str], status: int
) -> None:
    """A post without the mark of the page as it stands does nothing, wherever it comes from."""
    path = f"/a/{still.token('emma')}"
    if isinstance(fields, dict) and fields["form"] == "right":
        fields = {**fields, "form": still.get(path).form}
    answer = still.post(path, fields, **headers)
    assert answer.status == status
    assert status != 303 or answer.headers["location"] == path + "?n=moved"


def test_a_form_is_for_its_own_page(still: Linked) -> None:
    """The mark of one person's form, or of another step's, opens no other door."""
    emma, chloe = f"/a/{still.token('emma')}", f"/a/{still.token('chloe')}"
    for path, form in ((emma, still.get(chloe).form), (chloe + "/2", still.get(chloe + "/1").form)):
        assert still.post(path, {"form": form, "key": "1"}).headers["location"] == path + "?n=moved"


def test_the_page_names_nobody(linked: Linked) -> None:
    """A link can be forwarded: no name, no roster id and no number stands on any of its pages."""
    linked.trigger()
    linked.does("reply", person="emma", text="L01E 9")
    for person in ("emma", "chloe", "anna", "felix"):
        page = linked.get(f"/a/{linked.token(person)}").body
        for each in roster().people.values():
            assert each.name.en not in page
            assert each.name.zh not in page
            assert f">{each.id}<" not in page
            assert not any(number in page or number[-4:] in page for number in each.numbers)


def test_the_page_speaks_the_person_s_language_and_the_other(linked: Linked) -> None:
    """Felix reads Chinese; a tap shows English, also after he has answered."""
    linked.trigger()
    path = f"/a/{linked.token('felix')}"
    page = linked.get(path)
    assert 'lang="zh-CN"' in page.body
    assert "收到,我去办" in page.words
    assert f'href="{path}?lang=en"' in page.body
    english = linked.get(path + "?lang=en")
    assert "Received, I have it" in english.words
    after = linked.taps(path + "?lang=en", "1", english)
    assert "noted, received" in after.words
    assert f'href="{path}?lang=zh"' in after.body


def test_a_drill_is_marked_at_both_ends(linked: Linked, still: Linked) -> None:
    """Nobody takes a drill's page for the real one, nor the other way round."""
    linked.trigger(drill=True)
    drill = linked.get(f"/a/{linked.token('emma')}").words
    assert drill.strip().startswith("DRILL · DRILL")
    assert drill.strip().endswith("DRILL · DRILL")
    assert "DRILL" not in still.get(f"/a/{still.token('emma')}").body


def test_what_is_over_is_said_to_be_over(linked: Linked) -> None:
    """After the stand-down the page takes no answer, but help may be asked for until the incident is closed."""
    id = linked.trigger()
    path = f"/a/{linked.token('emma')}"
    linked.does("cancel", code="L01", reason="seen")
    until(lambda: linked.events(id, e.AlertClosed), "for the end")
    page = linked.get(path)
    assert page.status == 200
    assert "L01E is over" in page.words
    assert page.keys == "9"


def test_a_wrong_link_and_one_that_never_was_are_the_same(still: Linked) -> None:
    """What is answered tells nobody whether a link exists; in both languages it says what to do."""
    token = still.token("emma")
    wrong = token[:-1] + ("2" if token[-1] != "2" else "3")
    answers = [still.get(f"/a/{each}") for each in (wrong, "zzzz" + token[1:], "x", "%20", "..%2f..%2fetc")]
    assert {(a.status, a.body) for a in answers} == {(404, answers[0].body)}
    assert "control room" in answers[0].words
    assert "中控室" in answers[0].words
    assert still.post(f"/a/{wrong}", {"form": "0" * 12, "key": "1"}).status == 404
    assert still.store.counters()["refused_no_link"] == 6


def test_wrong_links_cost_an_address_its_hearing_but_never_a_right_one(linked: Linked) -> None:
    """Behind a proxy all have one address: whoever guesses is not read any more, and our own people are."""
    linked.trigger()
    token = linked.token("emma")
    statuses = [linked.get("/a/2222222222222").status for _ in range(REFUSALS + 2)]
    assert statuses == [404] * REFUSALS + [429] * 2
    assert "noted, received" in linked.taps(f"/a/{token}", "1").words


def test_every_page_is_sent_with_its_locks(still: Linked) -> None:
    """Kept by nobody, found by nobody, framed by nobody, and nothing in it comes from elsewhere."""
    for path in (f"/a/{still.token('emma')}", "/a/nothing"):
        page = still.get(path)
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "noindex" in page.headers["x-robots-tag"]
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "<script" not in page.body
        assert not any(word in page.body for word in ("src=", "url(", "http://", "https://", "onclick"))


def test_words_of_the_plan_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    """What a site or a plan says is text, whatever signs it has in it."""
    from emergency.web.page import View, page_html

    view = View(
        mode="real", sign="<b>", code='"><script>', headline="&", state="", do="<img src=x onerror=1>", said="'"
    )
    html = page_html(view, path='"><i>', form="0", language="en", other=("zh", "/a"))
    assert "<script" not in html
    assert "<img" not in html
    assert "<i>" not in html


def test_links_outlive_a_restart() -> None:
    """The server was started anew: the link in yesterday's message still opens the same page."""
    first = Linked().start()
    id = first.trigger()
    path = f"/a/{first.token('emma')}"
    form = first.get(path).form
    first.stop(keep=True)
    second = Linked(first.home).start()
    try:
        page = second.get(path)
        assert (page.status, page.form) == (200, form)
        second.taps(path, "1", page)
        assert len(second.events(id, e.AlertAcknowledged)) == 1
    finally:
        second.stop()


def test_a_link_ends_after_a_day() -> None:
    """A day later the link says that it has expired, and takes nothing."""
    clock = VirtualClock(NOON)
    building = Linked(clock=clock).start()
    try:
        id = building.trigger()
        path = f"/a/{building.token('emma')}"
        page = building.get(path)
        before = building.answers(id)
        clock.advance(LIFE)
        assert building.get(path).status == 410
        gone = building.post(path, {"form": page.form, "key": "1"})
        assert (gone.status, "expired" in gone.words, "过期" in gone.words) == (410, True, True)
        assert [x for x in building.answers(id) if isinstance(x, e.AlertAcknowledged)] == before
    finally:
        building.stop()


def test_help_can_be_asked_for_again_and_again() -> None:
    """Five minutes later the button works once more: it is never used up."""
    clock = VirtualClock(NOON)
    building = Linked(clock=clock).start()
    try:
        id = building.trigger()
        path = f"/a/{building.token('emma')}"
        for _ in range(3):
            building.taps(path, "9")
            clock.advance(timedelta(seconds=90))
        assert len(building.events(id, e.HelpAsked)) == 2, "the second came within two minutes of the first"
    finally:
        building.stop()


def test_the_link_of_somebody_who_left_is_dead(linked: Linked) -> None:
    """Whoever is in the roster no more opens nothing, from the moment of the change."""
    linked.trigger()
    path = f"/a/{linked.token('emma')}"
    assert linked.get(path).status == 200
    left = replace(roster(), people={k: v for k, v in roster().people.items() if k != "emma"})
    linked.at_desk(lambda engine: save_roster(engine, left, engine.clock.now()))
    assert linked.get(path).status == 404


def test_what_cannot_be_noted_is_not_said_to_be(linked: Linked) -> None:
    """With the store in trouble the page says so, and what to do instead."""
    linked.trigger()
    path = f"/a/{linked.token('emma')}"
    form = linked.get(path).form
    linked.store._db.execute("alter table link rename to lost")
    answer = linked.post(path, {"form": form, "key": "1"})
    assert answer.status == 503
    assert "cannot be noted" in answer.words
    assert "记不下" in answer.words
    linked.store._db.execute("alter table lost rename to link")


def test_without_a_public_address_there_are_no_pages() -> None:
    """Nothing is served that nobody was sent to."""
    building = Linked(public=None).start()
    try:
        building.trigger()
        until(lambda: building.messages("emma"), "for a text")
        assert building.get("/a/anything").status == 404
        assert building.seen() == []
    finally:
        building.stop()


def test_a_tap_on_a_closed_incident_does_nothing(tmp_path: Path) -> None:
    """The inbox itself refuses what the page would not offer: another's alert, an incident that is closed."""
    house = linked_house(tmp_path)
    house.open(id=ID)
    alert = house.alert(ID, "emma", "kind").id
    taps = {"id": "t1", "incident": ID, "alert": alert, "key": "1"}
    assert house.engine.unit(lambda engine: house.inbox.tapped(engine, person="chloe", **taps)).kind == "nothing"
    house.do(ID, c.OrderTransition(to="false_alarm", by="anna", override=True, reason="seen"))
    house.clock.advance(timedelta(hours=2))
    house.engine.fire_due()
    assert house.incident(ID).is_closed
    taps["id"] = "t2"
    assert house.engine.unit(lambda engine: house.inbox.tapped(engine, person="emma", **taps)).kind == "nothing"


def test_words_of_the_page_are_in_both_languages() -> None:
    """Whatever a page can say, it says in Chinese and in English."""
    from emergency.web.answering import LABELS
    from emergency.web.page import WORDS

    for name, text in {**WORDS, **LABELS}.items():
        assert isinstance(text, Text)
        assert text.zh, name
        assert text.en, name
        assert text.zh != text.en, name


def test_help_on_a_list_is_heard_by_every_incident_of_it() -> None:
    """One message told of two incidents: who asks for help on its page is heard where each of them is commanded, as
    with a key in the call; the closed one of two takes the button from nobody."""
    house = House()
    ids = [house.open(id="leak").id, house.open("noise", id="noise").id]
    house.do("noise", c.AssignRole(role="guard", person="chloe", by="console"))
    subject = " ".join(f"{id}/{house.alerts(id, 'chloe')[0].id}" for id in ids)
    end = house.clock.now() + LIFE
    link = LinkRow(
        id=1, kind="alert", person="chloe", incident="leak", subject=subject, made_at=house.clock.now(), expires_at=end
    )
    page = AlertPage(house.inbox)

    assert house.engine.unit(lambda engine: page.press(engine, link, "", "9", "tap1"))
    assert ["chloe" in house.incident(id).help for id in ids] == [True, True]

    house.do("leak", c.OrderTransition(to="closed", by="console", override=True, reason="r"))
    view = page.view(house.engine, link, "", "en")
    assert view is not None
    assert [button.key for button in view.buttons][-1] == "9"
