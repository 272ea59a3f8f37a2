"""Who works when: tables over the hours of shifts, holidays, rotations, leave and swaps, in zones with every habit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from emergency.core.site import OFF, Holiday, Place, Rotation, Shift, Site
from emergency.core.values import Severity, Text
from emergency.roster import Leave, Person, Reach, Roster, Swap, calendar, changes, duty, members, next_change, working
from emergency.roster.calendar import DAY, holiday_name, is_holiday, shift_on, weekday

SHIFTS = (
    Shift(id="early", days=tuple(range(7)), starts="08:00", ends="16:00"),
    Shift(id="late", days=tuple(range(7)), starts="16:00", ends="23:00"),
    Shift(id="night", days=tuple(range(7)), starts="23:00", ends="08:00"),
    Shift(id="office", days=(0, 1, 2, 3, 4), starts="09:00", ends="18:00"),
    Shift(id="weekend", days=(5, 6), starts="09:00", ends="18:00"),
    Shift(id="shop", days=(0, 1, 2, 3, 4), starts="09:00", ends="18:00", on_holidays="on"),
    Shift(id="depot", days=tuple(range(7)), starts="09:00", ends="18:00", on_holidays="off"),
)
CYCLE = ("early", "early", "late", "late", "night", OFF)


def site(timezone: str = "Asia/Shanghai", country: str = "CN", **more: object) -> Site:
    """A site with seven shifts and one rotation, in some zone."""
    words = Text("楼", "House")
    fields = {
        "id": "house", "name": words, "signature": words, "address": words, "timezone": timezone, "country": country,
        "places": (Place(id="site", kind="site", name=words, short=words),), "duties": (), "shifts": SHIFTS,
        "rotations": (Rotation(id="team_a", cycle=CYCLE, begins=date(2026, 1, 5)),),
    }  # fmt: skip
    return Site(**{**fields, **more})


def person(id: str = "ann", shift: str = "early", **more: object) -> Person:
    """Somebody about whom nothing else is known."""
    fields = {"name": Text("安", "Ann"), "language": "en", "numbers": ("+13125550101",), "roles": {"guard": 1}}
    return Person(id=id, shift=shift, **{**fields, **more})


CHINA = site()


def at(words: str, of: Site = CHINA, fold: int = 0) -> datetime:
    """A moment of the site's own time."""
    return datetime.fromisoformat(words).replace(tzinfo=calendar.zone_of(of), fold=fold)


@pytest.mark.parametrize(
    "zone, day, shift, length",
    [
        pytest.param("Europe/London", "2026-03-28", "night", 8, id="London, summer time begins within the night"),
        pytest.param("Europe/London", "2026-10-24", "night", 10, id="London, it ends"),
        pytest.param("Europe/London", "2026-10-25", "night", 9, id="London, the night after"),
        pytest.param("America/New_York", "2026-03-07", "night", 8, id="New York, it begins"),
        pytest.param("America/New_York", "2026-10-31", "night", 10, id="New York, it ends"),
        pytest.param("Australia/Lord_Howe", "2026-04-04", "night", 9.5, id="Lord Howe, it ends by half an hour"),
        pytest.param("Australia/Lord_Howe", "2026-10-03", "night", 8.5, id="Lord Howe, it begins by half an hour"),
        pytest.param("Asia/Shanghai", "2026-03-28", "night", 9, id="Shanghai has none"),
        pytest.param("Africa/Cairo", "2026-04-23", "night", 8, id="Cairo, at midnight itself"),
    ],
)
def test_a_shift_over_a_change_of_the_clocks(zone, day, shift, length):
    """A shift keeps its hours on the wall, so over a change of the clocks it is as much shorter or longer."""
    of = site(zone)
    found = next(each for each in of.shifts if each.id == shift)
    begins, ends = calendar.hours(of, found, date.fromisoformat(day))
    assert timedelta(hours=length) == ends - begins
    following = next(each for each in of.shifts if each.id == "early")
    assert ends == calendar.hours(of, following, date.fromisoformat(day) + DAY)[0]


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"])
def test_somebody_is_on_shift_at_every_minute_of_a_year_and_only_one(zone):
    """Early, late and night leave no hole and no overlap, whatever the clocks do."""
    of = site(zone)
    start, wrong = datetime(2026, 1, 1, tzinfo=UTC), []
    for n in range(0, 365 * 24 * 60, 30):
        now = start + n * timedelta(minutes=1)
        there = working(of, now) & {"early", "late", "night"}
        if len(there) != 1:
            wrong.append((now, there))
    assert not wrong


@pytest.mark.parametrize(
    "clock, fold, begins",
    [
        pytest.param("02:30", 0, "2026-03-08T07:30:00+00:00", id="a time that does not exist: the offset from before"),
        pytest.param("03:00", 0, "2026-03-08T07:00:00+00:00", id="the first after the gap"),
    ],
)
def test_times_that_do_not_exist(clock, fold, begins):
    """A time within the gap is read with the offset from before it, so it is an hour later on the wall."""
    of = site("America/New_York")
    assert calendar.moment_of(of, date(2026, 3, 8), clock) == datetime.fromisoformat(begins)


def test_times_that_come_twice():
    """A shift that begins at a time which comes twice begins at the first, and does not begin again at the second."""
    early = Shift(id="early", days=tuple(range(7)), starts="01:30", ends="09:00")
    of = site("America/New_York", shifts=(early,), rotations=())
    assert "early" not in working(of, at("2026-11-01T01:29", of))
    assert "early" in working(of, at("2026-11-01T01:30", of))
    assert "early" in working(of, at("2026-11-01T01:10", of, fold=1))  # the clock has gone back: still the same shift
    assert len(changes(of, Roster(people={"a": person("a")}), *_whole(of, "2026-11-01"))) == 2


def _whole(of: Site, day: str) -> tuple[datetime, datetime]:
    return at(f"{day}T00:00", of), at(f"{day}T23:59", of)


@pytest.mark.parametrize(
    "country, subdivision, day, holiday, counts_as",
    [
        pytest.param("CN", "", "2026-10-01", True, 3, id="National Day"),
        pytest.param("CN", "", "2026-10-07", True, 2, id="a day off in exchange"),
        pytest.param("CN", "", "2026-10-10", False, 2, id="a Saturday worked as the Wednesday it replaces"),
        pytest.param("CN", "", "2026-02-28", False, 0, id="a Saturday worked as a Monday"),
        pytest.param("CN", "", "2026-02-14", False, 4, id="a Saturday worked as a Friday"),
        pytest.param("CN", "", "2006-12-30", False, 1, id="worked in exchange for a day of the next year"),
        pytest.param("CN", "", "2026-11-24", False, 1, id="any other day"),
        pytest.param("GB", "ENG", "2026-08-31", True, 0, id="the summer bank holiday of England"),
        pytest.param("GB", "SCT", "2026-08-31", False, 0, id="which Scotland does not keep"),
        pytest.param("XX", "", "2026-12-25", False, 4, id="a country that nobody knows"),
    ],
)
def test_public_holidays(country, subdivision, day, holiday, counts_as):
    """Holidays are the country's and its part's; a weekend day worked in exchange counts as the day it replaces."""
    of = site(country=country, subdivision=subdivision)
    here = date.fromisoformat(day)
    assert (holiday, counts_as) == (is_holiday(of, here), weekday(of, here))


@pytest.mark.parametrize(
    "pattern, plain, kept, weekend_worked",
    [
        pytest.param("early", "early", "early", "early", id="every day"),
        pytest.param("office", "office", None, "office", id="weekdays: like a Sunday"),
        pytest.param("weekend", None, "weekend", None, id="weekends: like a Sunday"),
        pytest.param("shop", "shop", "shop", "shop", id="on as ever"),
        pytest.param("depot", "depot", None, "depot", id="closed"),
        pytest.param("team_a", "early", "early", "early", id="a rotation goes by its shift"),
    ],
)
def test_shifts_on_holidays(pattern, plain, kept, weekend_worked):
    """On a holiday a shift is manned like a Sunday unless it says otherwise; a worked weekend is no weekend."""
    of = replace(CHINA, rotations=(Rotation(id="team_a", cycle=("early",), begins=date(2026, 1, 1)),))
    thursdays = date(2026, 9, 24), date(2026, 10, 1)
    assert [plain, kept] == [shift_on(of, pattern, day) for day in thursdays]
    assert weekend_worked == shift_on(of, pattern, date(2026, 10, 10))


def test_a_site_has_holidays_of_its_own():
    """A day can be added or taken away, and is called what the site calls it."""
    day = date(2026, 12, 5)
    of = site(holidays=(Holiday(day=day, name=Text("店庆", "Anniversary")),), workdays=(date(2026, 10, 1),))
    assert (holiday_name(of, day), is_holiday(of, date(2026, 10, 1))) == (Text("店庆", "Anniversary"), False)
    assert holiday_name(of, date(2026, 10, 2)) == Text("国庆节", "National Day")
    assert holiday_name(of, date(2026, 11, 24)) is None
    assert shift_on(of, "office", date(2026, 10, 1)) == "office"


@pytest.mark.parametrize(
    "day, shift",
    [
        pytest.param("2026-01-05", "early", id="the day it begins"),
        pytest.param("2026-01-07", "late", id="the third day"),
        pytest.param("2026-01-10", None, id="off"),
        pytest.param("2026-01-11", "early", id="and again"),
        pytest.param("2026-01-04", None, id="the day before it begins is the end of a cycle"),
        pytest.param("2027-01-05", "night", id="365 days later: 365 = 60 * 6 + 5, and one of the cycle more"),
    ],
)
def test_rotations(day, shift):
    """A rotation repeats its cycle from the day it begins, backwards as well."""
    if day == "2027-01-05":
        shift = CYCLE[365 % 6] if CYCLE[365 % 6] != OFF else None
    assert shift == shift_on(CHINA, "team_a", date.fromisoformat(day))


LEAVE = Leave(first=date(2026, 11, 24), last=date(2026, 11, 25))


@pytest.mark.parametrize(
    "more, when, state",
    [
        pytest.param({}, "2026-11-24T12:00", ("on", ""), id="on shift"),
        pytest.param({}, "2026-11-24T07:59", ("off", ""), id="before it"),
        pytest.param({"on_call": True}, "2026-11-24T20:00", ("call", ""), id="on call"),
        pytest.param({"standby": "late"}, "2026-11-24T20:00", ("call", ""), id="on call in a shift"),
        pytest.param({"standby": "late"}, "2026-11-24T23:30", ("off", ""), id="and off outside it"),
        pytest.param({"shift": OFF, "on_call": True}, "2026-11-24T12:00", ("call", ""), id="works in no shift"),
        pytest.param({"leave": (LEAVE,)}, "2026-11-24T12:00", ("off", "leave"), id="on leave"),
        pytest.param({"leave": (LEAVE,)}, "2026-11-24T20:00", ("off", ""), id="on leave, and would not be there"),
        pytest.param({"leave": (LEAVE,), "on_call": True}, "2026-11-24T20:00", ("off", "leave"), id="leave from calls"),
        pytest.param({"leave": (LEAVE,)}, "2026-11-26T08:00", ("on", ""), id="back the day after"),
        pytest.param(
            {"leave": (LEAVE,), "shift": "night"}, "2026-11-24T03:00", ("on", ""), id="the night before goes on"
        ),
        pytest.param(
            {"leave": (LEAVE,), "shift": "night"}, "2026-11-26T03:00", ("off", "leave"), id="the last night off"
        ),
        pytest.param({"shift": "office"}, "2026-10-01T12:00", ("off", "holiday"), id="a holiday"),
        pytest.param({"shift": "office", "on_call": True}, "2026-10-01T12:00", ("call", ""), id="a holiday, on call"),
        pytest.param({"shift": "office"}, "2026-10-10T12:00", ("on", ""), id="a Saturday worked in exchange"),
        pytest.param({"since": date(2026, 11, 25)}, "2026-11-24T12:00", ("off", ""), id="not yet with the house"),
        pytest.param({"until": date(2026, 11, 23)}, "2026-11-24T12:00", ("off", ""), id="has left"),
        pytest.param(
            {"until": date(2026, 11, 23), "on_call": True}, "2026-11-24T20:00", ("off", ""), id="left, no calls"
        ),
        pytest.param(
            {"until": date(2026, 11, 23), "shift": "night"}, "2026-11-24T03:00", ("on", ""), id="the last night"
        ),
        pytest.param(
            {"swaps": (Swap(day=LEAVE.first, shift="late"),)}, "2026-11-24T12:00", ("off", "swapped"), id="gave"
        ),
        pytest.param({"swaps": (Swap(day=LEAVE.first, shift="late"),)}, "2026-11-24T20:00", ("on", ""), id="took"),
        pytest.param(
            {"swaps": (Swap(day=LEAVE.first, shift="night"),)}, "2026-11-25T03:00", ("on", ""), id="took a night"
        ),
        pytest.param(
            {"swaps": (Swap(day=LEAVE.first, shift=OFF),)}, "2026-11-24T12:00", ("off", "swapped"), id="a day off"
        ),
        pytest.param({"shift": "team_a"}, "2026-01-09T23:30", ("on", ""), id="a rotation's night"),
        pytest.param({"shift": "team_a"}, "2026-01-10T03:00", ("on", ""), id="goes on into the day off"),
        pytest.param({"shift": "team_a"}, "2026-01-10T12:00", ("off", ""), id="the day off"),
    ],
)
def test_duty(more, when, state):
    """On shift, on call and off are kept apart, and who is off though the plan has them says why."""
    ann = person(**more)
    assert state == duty(ann, CHINA, at(when))
    (member,) = members(Roster(people={"ann": ann}), CHINA, at(when), Reach(), {})
    assert state == (member.duty, member.absent)


def test_licences_are_good_to_the_end_of_their_last_day():
    """A licence counts on its last day in the site's zone, and not a minute longer."""
    ann = person(licences={"lift": date(2026, 11, 24), "fire": None, "gas": date(2026, 1, 1)})
    last, after = at("2026-11-24T23:59"), at("2026-11-25T00:00")
    found = [members(Roster(people={"ann": ann}), CHINA, when, Reach(), {})[0].licences for when in (last, after)]
    assert found == [("fire", "lift"), ("fire",)]
    assert changes(CHINA, Roster(people={"ann": ann}), last, after) == (after.astimezone(UTC),)


def everybody() -> Roster:
    """People of every habit."""
    swap = Swap(day=date(2026, 11, 25), shift="late")
    return Roster(
        people={
            "a": person("a"),
            "b": person("b", "office", on_call=True),
            "c": person("c", "team_a", leave=(LEAVE,)),
            "d": person("d", "night", standby="weekend"),
            "e": person("e", OFF, swaps=(swap,), since=date(2026, 11, 24), until=date(2026, 12, 1)),
            "f": person("f", "depot", licences={"lift": date(2026, 11, 28)}),
        }
    )


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/London", "Australia/Lord_Howe"])
@pytest.mark.parametrize("start", ["2026-03-27T12:00", "2026-09-29T12:00", "2026-11-22T03:00", "2026-10-23T00:00"])
def test_nothing_changes_between_two_changes(zone, start):
    """Whoever is asked at every quarter of an hour has the duty that the change before it brought."""
    of, roster = site(zone), everybody()
    begin = at(start, of).astimezone(UTC)
    moments = changes(of, roster, begin, begin + 12 * DAY)
    assert list(moments) == sorted(set(moments))
    held = members(roster, of, begin, Reach(), {})
    for n in range(1, 12 * 96):
        now = begin + n * timedelta(minutes=15)
        there = members(roster, of, now, Reach(), {})
        before = now - timedelta(minutes=15)
        if not any(before < each <= now for each in moments):
            assert there == held, now
        held = there


def test_the_next_change():
    """The next moment at which somebody comes or goes; none where nobody works in a shift."""
    roster = Roster(people={"a": person("a", "office")})
    assert next_change(CHINA, roster, at("2026-11-27T18:00")) == at("2026-11-30T09:00").astimezone(UTC)
    assert next_change(CHINA, roster, at("2026-11-27T17:59")) == at("2026-11-27T18:00").astimezone(UTC)
    assert next_change(CHINA, roster, at("2026-09-30T18:00")) == at("2026-10-08T09:00").astimezone(UTC)  # the holidays
    assert next_change(CHINA, Roster(people={"a": person("a", OFF, on_call=True)}), at("2026-11-27T18:00")) is None


def test_five_thousand_people_in_a_glance():
    """The team at one moment is worked out once: until somebody comes or goes it is the very same one."""
    crowd = Roster(people={f"p{n}": person(f"p{n}", "office", on_call=n % 2 == 0) for n in range(5000)})
    now, busy = at("2026-11-24T12:00"), {"p7": Severity.red}
    first = members(crowd, CHINA, now, Reach(), {})
    assert members(crowd, CHINA, now + timedelta(minutes=3), Reach(), {}) is first
    assert [m.id for m in members(crowd, CHINA, now, Reach(), busy) if m.busy] == ["p7"]
