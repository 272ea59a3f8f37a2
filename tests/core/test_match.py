"""Forgiving names, and what was said of a fact."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emergency.core.values import Severity, Text
from emergency.errors import Mistakes
from emergency.match import find, find_place, find_playbook, plain
from emergency.verbs import parse_fact
from tests.core.small import NOW, STILL, a_fact, a_plan, a_site, a_state

LIFTS = a_plan(a_state("first", leave=(STILL,)), start=Severity.blue)


@pytest.mark.parametrize(
    "text, same",
    [
        pytest.param("B1 Food-Court", "b1foodcourt", id="case, spaces, hyphens"),
        pytest.param("Ｂ１ 美食广场", "b1美食广场", id="full width"),
        pytest.param("b1_food_court", "b1foodcourt", id="underscores"),
        pytest.param("  !?  ", "", id="nothing but marks"),
        pytest.param("STRASSE", "strasse", id="capitals"),
        pytest.param("Straße", "strasse", id="sharp s"),
        pytest.param("①号梯", "1号梯", id="a digit in a circle"),
    ],
)
def test_plain(text, same):
    """Names are compared without case, width, spaces and punctuation."""
    assert same == plain(text)


ROOMS = [
    ("hall", ("Hall", "大厅", "H")),
    ("hall_2", ("Hall 2", "二号厅")),
    ("kitchen", ("Kitchen", "厨房", "K12")),
    ("old_kitchen", ("Old kitchen", "旧厨房")),
    ("nothing", ("Empty", "")),
]


@pytest.mark.parametrize(
    "word, thing",
    [
        pytest.param("Hall", "hall", id="the whole name, though others begin so"),
        pytest.param("HALL2", "hall_2", id="without its space"),
        pytest.param("大厅", "hall", id="in Chinese"),
        pytest.param("k12", "kitchen", id="an alias"),
        pytest.param("kit", "kitchen", id="a beginning, though another name holds it"),
        pytest.param("old", "old_kitchen", id="the beginning of another"),
        pytest.param("二号", "hall_2", id="a beginning in Chinese"),
        pytest.param("h", "hall", id="one letter that is a whole name"),
        pytest.param("mpty", "nothing", id="a part in the middle"),
    ],
)
def test_one_meaning(word, thing):
    """A whole name comes before a beginning, a beginning before a part; one meaning is taken."""
    assert thing == find(word, ROOMS, "room")


@pytest.mark.parametrize(
    "word, says",
    [
        pytest.param("ha", ["could be any of these; nothing was started", "Hall / 大厅", "Hall 2 / 二号厅"], id="two"),
        pytest.param("厨", ["is no room here"], id="one sign is too little to guess from"),
        pytest.param("itche", ["could be any of these", "Kitchen", "Old kitchen"], id="a part of two"),
        pytest.param("kitchne", ["is no room here", "Did you mean 'Kitchen'?"], id="a slip"),
        pytest.param("zzz", ["is no room here", "There is: Hall, 大厅", "Empty"], id="nothing near: the choices"),
        pytest.param("", ["is no room here"], id="no word"),
        pytest.param("?!", ["is no room here"], id="marks alone"),
    ],
)
def test_no_meaning_or_several(word, says):
    """Where there is none, or more than one, nothing is started and the choices are listed."""
    with pytest.raises(Mistakes) as refused:
        find(word, ROOMS, "room")
    for each in says:
        assert each in str(refused.value)


@pytest.mark.parametrize("word", ["drip", "Drip", "中Drip", "D", "d", "dri"])
def test_a_plan_by_any_of_its_names(word):
    """A plan is meant by its id, its title in either language, its letter, or a beginning."""
    assert LIFTS is find_playbook(word, [LIFTS])


@pytest.mark.parametrize(
    "kind, word, place",
    [
        pytest.param("zone", None, "site", id="no word: the whole site"),
        pytest.param("zone", "floor 1", "f1", id="by name"),
        pytest.param("zone", "F1", "f1", id="by its short name"),
        pytest.param("zone", "f1_shop", "f1_shop", id="by id"),
        pytest.param("zone", "shop", "f1_shop", id="by a short name"),
        pytest.param("zone", "House", "site", id="the site by name"),
        pytest.param("site", None, "site", id="a plan for the site"),
        pytest.param("site", "Floor 2", "f2", id="a plan for the site takes a zone too"),
        pytest.param("lift", "lift1", "lift_1", id="a lift"),
        pytest.param("zone", "lift 1", None, id="no lift in a plan for zones"),
        pytest.param("lift", "floor 1", None, id="no zone in a plan for lifts"),
        pytest.param("lift", None, None, id="a plan for lifts wants to know which"),
        pytest.param("lift", "House", None, id="the whole site is no lift"),
        pytest.param("zone", "floor", None, id="two floors"),
    ],
)
def test_places(kind, word, place):
    """A place is of the kind that the plan takes; a lift must be named."""
    from msgspec.structs import replace

    plan = replace(LIFTS, place=kind)
    if place is None:
        with pytest.raises(Mistakes) as refused:
            find_place(word, plan, a_site())
        assert word is not None or "Lift 1" in str(refused.value)
    else:
        assert place == find_place(word, plan, a_site()).id


SHANGHAI = "Asia/Shanghai"
NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    "type, text, value",
    [
        pytest.param("yes_no", "yes", "yes", id="yes"),
        pytest.param("yes_no", " Y ", "yes", id="y"),
        pytest.param("yes_no", "TRUE", "yes", id="true"),
        pytest.param("yes_no", "是", "yes", id="yes in Chinese"),
        pytest.param("yes_no", "有", "yes", id="there is"),
        pytest.param("yes_no", "no", "no", id="no"),
        pytest.param("yes_no", "没有", "no", id="there is none"),
        pytest.param("yes_no", "0", "no", id="nought"),
        pytest.param("yes_no", "maybe", None, id="maybe"),
        pytest.param("yes_no", "", None, id="nothing"),
        pytest.param("count", "3", "3", id="a count"),
        pytest.param("count", "007", "7", id="noughts in front"),
        pytest.param("count", "３", "3", id="full width"),
        pytest.param("count", "9999999", "9999999", id="seven digits"),
        pytest.param("count", "12345678", None, id="eight digits"),
        pytest.param("count", "-1", None, id="less than nothing"),
        pytest.param("count", "1.5", None, id="half a person"),
        pytest.param("count", "three", None, id="in words"),
        pytest.param("count", "٣", None, id="digits of another script"),
        pytest.param("number", "2.5", "2.5", id="a number"),
        pytest.param("number", "-3", "-3", id="below nought"),
        pytest.param("number", "２．５", "2.5", id="a number in full width"),
        pytest.param("number", "nan", None, id="not a number"),
        pytest.param("number", "inf", None, id="without end"),
        pytest.param("number", "1e10", None, id="out of range"),
        pytest.param("number", "two", None, id="a number in words"),
        pytest.param("choice", "steam", "steam", id="a choice"),
        pytest.param("choice", "smoke", None, id="no choice"),
        pytest.param("text", " what burns ", "what burns", id="words"),
        pytest.param("text", "Ａ", "Ａ", id="words stay as they are"),
        pytest.param("text", "x" * 5000, "x" * 1600, id="many words are cut"),
        pytest.param("text", "  ", None, id="no words"),
    ],
)
def test_what_was_said(type, text, value):
    """What was said is read as its fact's type wants, or refused with what it wants."""
    declared = a_fact("n", type, choices=("steam", "dust"))
    if value is None:
        with pytest.raises(Mistakes, match="is not"):
            parse_fact(declared, text, NOW, SHANGHAI)
    else:
        assert value == parse_fact(declared, text, NOW, SHANGHAI)


@pytest.mark.parametrize(
    "text, zone, now, moment",
    [
        pytest.param("17:05", SHANGHAI, "2026-03-01T09:10", "2026-03-01T09:05", id="the site's own time of day"),
        pytest.param("9:05", SHANGHAI, "2026-03-01T01:00", "2026-03-01T01:05", id="an hour of one digit"),
        pytest.param("１７：０５", SHANGHAI, "2026-03-01T09:10", "2026-03-01T09:05", id="full width"),
        pytest.param("23:50", SHANGHAI, "2026-02-28T16:10", "2026-02-28T15:50", id="just before midnight: yesterday"),
        pytest.param("00:10", SHANGHAI, "2026-02-28T15:50", "2026-02-28T16:10", id="just after midnight: tomorrow"),
        pytest.param("2026-03-01T17:05", SHANGHAI, "2026-03-01T09:10", "2026-03-01T09:05", id="a date and time"),
        pytest.param("2026-03-01 17:05", SHANGHAI, "2026-03-01T09:10", "2026-03-01T09:05", id="with a space"),
        pytest.param("2026-03-01T09:05Z", SHANGHAI, "2026-03-01T09:10", "2026-03-01T09:05", id="in UTC"),
        pytest.param("2026-03-01T04:05-05:00", SHANGHAI, "2026-03-01T09:10", "2026-03-01T09:05", id="with its offset"),
        pytest.param("01:30", NEW_YORK, "2026-03-08T06:00", "2026-03-08T06:30", id="before the clocks go forward"),
        pytest.param("03:30", NEW_YORK, "2026-03-08T07:00", "2026-03-08T07:30", id="after the clocks went forward"),
        pytest.param("01:30", NEW_YORK, "2026-11-01T05:40", "2026-11-01T05:30", id="the first of two"),
    ],
)
def test_moments(text, zone, now, moment):
    """A time of day is the nearest such moment where the site is; a whole one is taken as it stands."""

    def utc(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert utc(moment).isoformat() == parse_fact(a_fact("n", "time"), text, utc(now), zone)


@pytest.mark.parametrize(
    "text", ["soon", "25:00", "12:60", "14.05", "", "2026-13-01", "0001-01-01", "9999-12-31T23:59", "1926-03-01T10:00"]
)
def test_moments_that_are_none(text):
    """What is no time, or years away, is refused with an example: a moment at the end of time would stop the clock."""
    with pytest.raises(Mistakes, match="is no time; write 14:05"):
        parse_fact(a_fact("n", "time"), text, NOW, SHANGHAI)


def test_the_question_stands_in_the_refusal():
    """Who said something wrong reads what was asked, in both languages."""
    declared = a_fact("people", "count")
    with pytest.raises(Mistakes, match=f"people: 'x' is not a whole number .{Text('中people', 'people').zh} / people"):
        parse_fact(declared, "x", NOW, SHANGHAI)
