"""A roll call, without a store: what a reply means to it, how it stands, and what the page for the brigade says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from emergency.core.replies import WORDS
from emergency.core.segments import segments
from emergency.core.site import Place, Site
from emergency.core.values import Text
from emergency.muster.answers import SAID, bare, coded, codes
from emergency.muster.page import as_html, page
from emergency.muster.question import Question
from emergency.muster.show import count
from emergency.muster.state import Count, Mark, count_of, floor_of, gather, mark_of

AT = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def place(id: str, within: str | None = None, kind: Any = "zone") -> Place:
    """A zone called by its id."""
    return Place(id=id, kind=kind, name=Text(f"{id}层", id.upper()), short=Text(id, id), within=within)


HOUSE = Site(
    id="house", name=Text("楼", "House"), signature=Text("楼", "House"), address=Text("路", "Road"), timezone="UTC",
    country="CN", duties=(),
    places=(
        place("house", kind="site"), place("f1"), place("f1_shop", "f1"), place("f1_desk", "f1"), place("f2"),
        place("lift_1", "f1", "lift"),
    ),
)  # fmt: skip


# what a reply means


@pytest.mark.parametrize(
    "text, answer, left",
    [
        pytest.param("L07 1", "safe", "", id="as printed in English"),
        pytest.param("L07+1", "safe", "", id="as printed in Chinese"),
        pytest.param("l071", "safe", "", id="small and close together"),
        pytest.param("Ｌ０７２", "help", "", id="full width"),
        pytest.param("L07 3", "away", "", id="not on site"),
        pytest.param("L07 9", "help", "", id="the cry for help"),
        pytest.param("L07 平安", "safe", "", id="a Chinese word"),
        pytest.param("L07 not here", "away", "", id="English words"),
        pytest.param("L07 1 safe", "safe", "", id="digit and word that agree"),
        pytest.param("L07 2 in stair B", "help", "", id="help, and where"),
        pytest.param("F07A2 L07 1", "safe", "F07A2", id="another answer before it"),
        pytest.param("L07 1 F07A2", "safe", "F07A2", id="another answer behind it"),
        pytest.param("L07 ok", None, "", id="OK says that it was read, not that all is well"),
        pytest.param("L07 收到", None, "", id="received is not safe"),
        pytest.param("L07 done", None, "", id="done is not a cry for help, although its key is 2"),
        pytest.param("L07 到了", None, "", id="nor is arrived"),
        pytest.param("L07 3 people trapped", None, "", id="a number of people is no answer"),
        pytest.param("L07 1 help me", None, "", id="digit and word that contradict"),
        pytest.param("L07 4", None, "", id="a digit that means nothing here"),
        pytest.param("L07", None, "", id="the code alone"),
        pytest.param("L07 roll call: are you safe? Reply L07 1 safe, 2 need help", None, "", id="our own words"),
        pytest.param("L07点名:你安全吗?复L07+1平安,2求助", None, "", id="our own words in Chinese"),
    ],
)
def test_a_reply_with_the_code(text: str, answer: str | None, left: str) -> None:
    """The digit or a word of the roll call counts; the words that answer alerts never do."""
    found = coded(text, "L07")
    assert found is not None
    assert (found[0].answer, found[1]) == (answer, left)


@pytest.mark.parametrize("text", ["L08 1", "XL07 1", "F07 1", "1", "AL071", "L0712"])
def test_another_code_is_another_matter(text: str) -> None:
    """Only the very code counts: not a drill's, not a longer one, not one within a word."""
    assert coded(text, "L07") is None


@pytest.mark.parametrize(
    "text, answer",
    [
        pytest.param("1", "safe", id="safe"),
        pytest.param("②", "help", id="a digit in a circle"),
        pytest.param("3。", "away", id="with a stop"),
        pytest.param("9", "help", id="the cry"),
        pytest.param("safe", "safe", id="a word"),
        pytest.param("我没事!", "safe", id="Chinese words"),
        pytest.param("Help me", "help", id="help me"),
        pytest.param("求助", "help", id="the word of key 9"),
        pytest.param("NOT HERE", "away", id="not here"),
        pytest.param("1 safe", "safe", id="both"),
    ],
)
def test_a_reply_without_a_code(text: str, answer: str) -> None:
    """A digit or one of the words."""
    found = bare(text)
    assert found is not None
    assert found.answer == answer


@pytest.mark.parametrize(
    "text", ["ok", "收到", "done", "到了", "4", "1 done", "2 people", "hello", "", "F07 1", "不能"]
)
def test_what_says_nothing_to_a_roll_call(text: str) -> None:
    """It is left to the ordinary reading."""
    assert bare(text) is None


def test_no_word_of_ours_changes_the_meaning_of_an_old_one() -> None:
    """A word that answers alerts answers a roll call only where it is the cry for help, which it is in both."""
    assert {word for word in SAID if word in WORDS} == {word for word, key in WORDS.items() if key == "9"}
    assert all(SAID[word] == "help" for word in SAID if word in WORDS)


def test_codes_in_a_text() -> None:
    """Only those with the letter of roll calls, each also without its last digit."""
    assert codes("F07A1 L07 1 XL123") == ("L07", "L0", "XL123", "XL12")


# the question


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("mode", ["real", "drill"])
@pytest.mark.parametrize("round", [0, 1, 2])
def test_the_question_is_short_and_marked(language: str, mode: Any, round: int) -> None:
    """It holds the code, both digits' meanings, drill marks at both ends in a drill; at most two pieces."""
    asked = Question(
        code="XL07",
        language=language,
        sign="Star Plaza",
        headline="fire, unverified",
        place="B1 foodcourt",
        round=round,
    )
    text = asked.text(mode)
    assert "XL07" in text
    assert segments(text) <= 2
    assert (text.count("DRILL") + text.count("演练")) == (2 if mode == "drill" else 0)
    said, keys = asked.call(mode)
    assert keys == "1239"
    assert not set("123") - set(said)


def test_who_cannot_text_back_gets_an_address_or_a_warden() -> None:
    """No digits are asked of a telephone from which none come back."""
    asked = Question(code="L07", language="en", sign="S", headline="fire", place="F1", two_way=False)
    assert "Answer: https://x.example/a/1" in asked.text("real", "https://x.example/a/1")
    assert "Tell your warden" in asked.text("real")
    assert "Reply" not in asked.text("real") + asked.text("real", "https://x.example/a/1")


# how it stands


@pytest.mark.parametrize(
    "id, floor", [("f1_shop", "f1"), ("f1", "f1"), ("lift_1", "f1"), ("house", ""), ("", ""), ("x", "")]
)
def test_floor_of(id: str, floor: str) -> None:
    """The outermost zone around a place; nothing for the site itself and for what nobody knows."""
    assert floor_of(HOUSE, id) == floor


def swept(by: str = "w", at: datetime = AT, mark: str = "swept") -> Mark:
    """A mark on a zone."""
    return Mark(mark=mark, by=by, at=at)


@pytest.mark.parametrize(
    "marks, found",
    [
        pytest.param({}, None, id="nothing said"),
        pytest.param({"f1": swept()}, "swept", id="the floor itself"),
        pytest.param({"f1_shop": swept()}, None, id="one part of it"),
        pytest.param({"f1_shop": swept(), "f1_desk": swept()}, "swept", id="all of its parts"),
        pytest.param({"f1_shop": swept(), "f1_desk": swept(mark="given_up")}, "given_up", id="one part given up"),
        pytest.param({"house": swept()}, "swept", id="the whole site"),
        pytest.param({"f2": swept()}, None, id="another floor"),
    ],
)
def test_mark_of_a_floor(marks: dict[str, Mark], found: str | None) -> None:
    """A floor is swept when it was said, or when every part was; a part that was given up is never forgotten."""
    mark = mark_of(HOUSE, "f1", marks)
    assert (mark.mark if mark else None) == found


def test_people_without_names_are_never_counted() -> None:
    """A head-count of the public says nothing: the floor is swept or it is not."""
    state = gather(HOUSE, [("f1_shop", Count(safe=2))], {}, [("f1_shop", 120), ("f2", 30)])
    assert state.total == Count(safe=2)
    assert (state.heads, state.heads_open) == (150, 150)
    state = gather(HOUSE, [], {"f1": swept(), "f2": swept(mark="given_up")}, [("f1_shop", 120), ("f2", 30)])
    assert (state.total.expected, state.heads, state.heads_open) == (0, 150, 30)


def test_gather_adds_up() -> None:
    """Every person is in exactly one floor, and in exactly one of four numbers; unknown places stand at the end."""
    counts = [
        ("f1_shop", count_of("safe", 3, 3, 3)), ("f1", count_of("", 4, 3, 2)), ("f2", count_of("help", 1, 1, 1)),
        ("", count_of("away", 2, 2, 0)),
    ]  # fmt: skip
    state = gather(HOUSE, counts, {})
    assert [zone.place for zone in state.zones] == ["f1", "f2", ""]
    assert state.total == Count(safe=3, help=1, away=2, missing=4, unasked=2, unreachable=1)
    assert state.total.expected == 10
    assert state.total.accounted == 5
    assert [zone.count.expected for zone in state.zones] == [7, 1, 2]


def test_the_line_of_the_board() -> None:
    """How many of how many are safe, who needs help, who is missing; in both languages."""
    totals = {"safe": 212, "expected": 230, "help": 3, "missing": 15, "away": 0}
    assert count(totals, "en") == "212 of 230 safe, 3 need help, 15 missing"
    assert count(totals, "zh") == "230 人中 212 人平安,3 人求助,15 人没有消息"


# the page


def document(missing: int, help: int = 1, mode: str = "real") -> dict[str, Any]:
    """What `muster-missing` returns, with so many people."""

    def row(n: int, status: str) -> dict[str, Any]:
        return {
            "person": f"p{n}", "name": {"zh": f"人{n}", "en": f"Person {n} <b>"}, "employer": "Grill & Co",
            "zone": "f1_shop", "place": {"zh": "店", "en": "Shop"}, "floor": {"zh": "一层", "en": "Floor 1"},
            "floor_zone": "f1", "seen_at": None if n % 2 else "2026-03-01T04:00:00.000000Z", "status": status,
        }  # fmt: skip

    counts = {"expected": missing + help, "help": help, "missing": missing, "heads": 0, "by": None, "reason": ""}
    zone = {**counts, "zone": "f1", "name": {"zh": "一层", "en": "Floor 1"}, "mark": "open", "marked_at": None}
    empty = {**zone, "zone": "f2", "name": {"zh": "二层", "en": "Floor 2"}, "expected": 0, "help": 0, "missing": 0}
    both = {"zh": "楼", "en": "House"}
    return {
        "incident": "F07", "roll_call": "L07", "mode": mode, "title": {"zh": "火灾", "en": "Fire"}, "site_name": both,
        "address": both, "place_name": both, "at": "2026-03-01T04:10:00.000000Z",
        "opened_at": "2026-03-01T04:00:00.000000Z", "timezone": "Asia/Shanghai", "zones": [zone, empty],
        "totals": {"expected": missing + help, "safe": 0, "away": 0, "help": help, "missing": missing},
        "help": [row(1000, "help")] * help, "missing": [row(n, "missing") for n in range(missing)],
    }  # fmt: skip


def test_the_page_says_who_and_where_in_both_languages() -> None:
    """Names, employer, place, floor, totals and floors not swept, in zh and en; nothing unescaped."""
    made = page(document(2))
    assert [key for key, _, _ in made.figures] == ["expected", "safe", "away", "help", "missing"]
    first = made.floors[0].people[0]
    assert (first.help, first.zh, first.place_en, first.employer) == (True, "人1000", "Shop", "Grill & Co")
    assert first.seen == "12:00:00"
    assert made.floors[0].people[2].seen == "按名册 by the list"
    text, _ = as_html(made)
    assert all(
        word in text for word in ("失联 MISSING", "未清 NOT SWEPT", "二层 Floor 2", "Person 0 &lt;b&gt;", "12:10:00")
    )
    assert "<b>Person" not in text
    assert "演练" not in text


def test_everybody_has_one_number_and_one_line() -> None:
    """Nobody is left out and nobody stands twice, however many they are."""
    made = page(document(300, help=3))
    numbers = [each.number for floor in made.floors for each in floor.people]
    assert numbers == list(range(1, 304))
    assert made.size < page(document(10)).size


def test_the_page_of_a_drill_says_so() -> None:
    """A page that lies about after a drill must not send anybody into a building."""
    text, _ = as_html(page(document(1, mode="drill")))
    assert "演练 DRILL" in text


def test_nobody_is_missing() -> None:
    """An empty page says that everybody is accounted for, rather than nothing."""
    text, pages = as_html(page(document(0, help=0)))
    assert "Everybody on the list is accounted for" in text
    assert pages == 1


@pytest.mark.parametrize("people, pages", [(1, 1), (40, 1), (300, 6)])
def test_the_printed_page(people: int, pages: int) -> None:
    """Forty fit one sheet; with three hundred the first holds the totals and floors, and the table goes on."""
    pytest.importorskip("typst")
    pytest.importorskip("pylopdf_fonts_zh_cn")
    from emergency.muster.page import as_pdf

    data, found = as_pdf(page(document(people)))
    assert data.startswith(b"%PDF")
    assert found <= pages
