"""Could a plan be run: holes found on a team, followed through the days, and grouped for people."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from emergency.core.assignment import assign
from emergency.core.readiness import Hole, Lookout, Need, Strength, Watch, doubtful, is_hole, opened
from emergency.core.seat import Passed
from emergency.core.site import Duty, Shift
from emergency.core.values import Severity, Text
from emergency.readiness.look import days_touched, new_holes, readiness
from emergency.readiness.series import repeats
from emergency.roster import Leave, Person, Roster, Swap
from tests.core.small import STILL, a_plan, a_site, a_state, member, words

START = datetime(2026, 11, 23, tzinfo=UTC)
"""A Monday."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_duty(role, **more):
    """A role of the site."""
    return Duty(role=role, title=words(role), **more)


HOUSE = a_site(
    duties=(
        a_duty("chief", command=True),
        a_duty("guard", deputies=("helper",), higher="chief"),
        a_duty("helper"),
        a_duty("lift", needs=("lift_card",), higher="chief"),
        a_duty("pump", conflicts=("guard",)),
    )
)


def need(plan="fire", start=True, level=Severity.yellow, **places):
    """What a plan needs: role to heads."""
    return Need(plan=plan, level=level, start=start, place=HOUSE.places[0].id, places=places)


def watch(*team, since=0, until=8):
    """A stretch of hours from the start on."""
    return Watch(since=START + since * HOUR, until=START + until * HOUR, team=tuple(team))


def holes(needs, *watches):
    """What the lookout finds: role, heads empty, hours from and until, whom it falls to."""
    found = Lookout(HOUSE, needs).holes(watches)
    return [(h.role, h.heads, (h.since - START) // HOUR, (h.until - START) // HOUR, h.falls_to) for h in found]


@pytest.mark.parametrize(
    "team, places, expected",
    [
        pytest.param([member("a", "guard:1")], {"guard": 1}, [], id="its own holder"),
        pytest.param([member("a", "helper:1")], {"guard": 1}, [], id="a deputy's holder"),
        pytest.param([member("a", "guard:1", duty="call")], {"guard": 1}, [], id="on call counts: the plan can be run"),
        pytest.param([member("a", "guard:1", duty="off")], {"guard": 1}, [("guard", 1, None)], id="off is not there"),
        pytest.param([], {"guard": 1}, [("guard", 1, None)], id="nobody at all"),
        pytest.param(
            [member("c", "chief:1")], {"guard": 1}, [("guard", 1, "c")], id="the next higher role fills no hole"
        ),
        pytest.param([member("a", "guard:1")], {"guard": 2}, [("guard", 1, None)], id="one of two heads"),
        pytest.param([member("a", "lift:1")], {"lift": 1}, [("lift", 1, None)], id="without the licence"),
        pytest.param([member("a", "lift:1", licences=("lift_card",))], {"lift": 1}, [], id="with the licence"),
        pytest.param([member("a", "guard:1", busy=4)], {"guard": 1}, [("guard", 1, None)], id="in a graver emergency"),
        pytest.param([member("a", "guard:1", busy=1)], {"guard": 1}, [], id="in a lighter emergency"),
        pytest.param([member("a", "guard:1 helper:1")], {"guard": 1, "helper": 1}, [], id="one person, two roles"),
        pytest.param(
            [member("a", "guard:1 pump:1")],
            {"guard": 1, "pump": 1},
            [("pump", 1, None)],
            id="one person for two roles that are kept apart",
        ),
        pytest.param(
            [member("a", "guard:1 pump:1"), member("b", "guard:2")], {"guard": 1, "pump": 1}, [], id="one for each"
        ),
    ],
)
def test_a_hole_is_a_role_that_its_own_people_and_deputies_do_not_fill(team, places, expected):
    """The normal rules of an emergency decide who may take a role; the next higher role is a makeshift."""
    assert [(role, 1, who) for role, _, _, _, who in holes([need(**places)], watch(*team))] == expected


def test_a_hole_that_goes_on_over_a_change_of_shift_is_one():
    """Another shift without the role prolongs it; one with the role ends it."""
    a, b = member("a", "chief:1"), member("b", "chief:1", duty="off")
    there = member("g", "guard:1")
    found = holes([need(guard=1)], watch(a, until=8), watch(b, since=8, until=16), watch(a, there, since=16, until=24))

    assert found == [("guard", 1, 0, 16, "a")]


def test_a_hole_that_gets_deeper_is_told_apart():
    """From one head missing to two is news, and has its own beginning."""
    one = member("g", "guard:1")
    found = holes([need(guard=2)], watch(one, until=8), watch(since=8, until=16))

    assert [each[:4] for each in found] == [("guard", 1, 0, 8), ("guard", 2, 8, 16)]


def test_a_hole_says_who_would_have_come():
    """The people of the role who are away stand beside it with the reason."""
    away = member("g", "guard:1", duty="off", absent="leave")
    (found,) = Lookout(HOUSE, [need(guard=1)]).holes([watch(away)])

    assert found.passed == (Passed(person="g", why="leave"),)


PEOPLE = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["chief", "guard", "helper", "lift", "pump"]), st.integers(1, 3), max_size=4),
        st.sampled_from(["on", "call", "off"]),
        st.booleans(),
        st.sampled_from([0, 0, 0, 2, 4]),
    ),
    max_size=7,
)
PLACES = st.dictionaries(st.sampled_from(["chief", "guard", "helper", "lift", "pump"]), st.integers(1, 3), min_size=1)


@settings(max_examples=300, deadline=None)
@given(PEOPLE, PLACES)
def test_counting_never_hides_a_hole(people, places):
    """A role that counts as surely filled is filled when the seats are given out: speed hides nothing."""
    team = tuple(
        replace(member(f"p{n}"), roles=roles, duty=duty, busy=busy, licences=("lift_card",) if card else ())
        for n, (roles, duty, card, busy) in enumerate(people)
    )
    wanted = need(**places)
    seats = assign(places, {m.id: m for m in team}, HOUSE, severity=wanted.level, place=wanted.place)
    empty = {seat.role for seat in seats if is_hole(seat)}

    assert empty <= set(doubtful(wanted, Strength(team, HOUSE)))


@settings(max_examples=200, deadline=None)
@given(PEOPLE, PLACES)
def test_what_is_found_is_what_the_emergency_would_find(people, places):
    """Looking only at the doubtful roles gives the holes that giving out every seat gives."""
    team = tuple(
        replace(member(f"p{n}"), roles=roles, duty=duty, busy=busy, licences=("lift_card",) if card else ())
        for n, (roles, duty, card, busy) in enumerate(people)
    )
    wanted = need(**places)
    seats = assign(places, {m.id: m for m in team}, HOUSE, severity=wanted.level, place=wanted.place)
    expected = {role: sum(s.role == role and is_hole(s) for s in seats) for role in places}
    found = {role: heads for role, heads, _, _, _ in holes([wanted], watch(*team))}

    assert found == {role: heads for role, heads in expected.items() if heads}


# grouping


def hole(since, until, *, plan="fire", role="guard", heads=1):
    """A hole between two hours counted from the start."""
    return Hole(
        plan=plan,
        level=Severity.yellow,
        start=True,
        role=role,
        heads=heads,
        of=2,
        since=START + since * HOUR,
        until=START + until * HOUR,
    )


def nights(days, **more):
    """The hole of the night shift on these days, counted from the first."""
    return [hole(24 * n + 23, 24 * n + 32, **more) for n in days]


@pytest.mark.parametrize(
    "found, told",
    [
        pytest.param([hole(5, 9)], [("guard", ("fire",), "once", ())], id="once"),
        pytest.param(nights(range(30)), [("guard", ("fire",), "daily", ())], id="every night"),
        pytest.param(
            nights(n for n in range(30) if n % 7 == 5), [("guard", ("fire",), "weekly", (5,))], id="Saturdays"
        ),
        pytest.param(
            nights(n for n in range(30) if n % 7 in (5, 6)), [("guard", ("fire",), "weekly", (5, 6))], id="weekends"
        ),
        pytest.param(nights([2, 3, 9]), [("guard", ("fire",), "some", ())], id="now and then"),
        pytest.param(nights([2, 9]), [("guard", ("fire",), "some", ())], id="twice is no rhythm"),
        pytest.param(
            nights(range(30)) + nights(range(30), plan="robbery"),
            [("guard", ("fire", "robbery"), "daily", ())],
            id="two plans, one line",
        ),
        pytest.param(
            nights([1]) + nights([1], role="pump"),
            [("guard", ("fire",), "once", ()), ("pump", ("fire",), "once", ())],
            id="two roles, two lines",
        ),
        pytest.param(
            [hole(8, 60), hole(80, 132)],
            [("guard", ("fire",), "once", ()), ("guard", ("fire",), "once", ())],
            id="days long",
        ),
    ],
)
def test_holes_that_come_back_are_one_line(found, told):
    """The same role, plans and hours stand together, with how they come back."""
    groups = repeats(found, HOUSE, ZoneInfo("UTC"), START, START + 30 * DAY)

    assert [(g.first.role, g.plans, g.rhythm, g.weekdays) for g in groups] == told


def test_the_earliest_hole_stands_first():
    """However often another one comes back."""
    groups = repeats([*nights(range(30)), hole(3, 6, role="pump")], HOUSE, ZoneInfo("UTC"), START, START + 30 * DAY)

    assert [g.first.role for g in groups] == ["pump", "guard"]


@pytest.mark.parametrize(
    "before, after, new",
    [
        pytest.param([], [hole(1, 2)], [(1, 2)], id="none before"),
        pytest.param([hole(1, 2)], [hole(1, 2)], [], id="the same"),
        pytest.param([hole(0, 5)], [hole(1, 2)], [], id="narrower"),
        pytest.param([hole(0, 5)], [hole(3, 9)], [(5, 9)], id="longer: the new part"),
        pytest.param([hole(3, 5)], [hole(0, 9)], [(0, 3), (5, 9)], id="before and after"),
        pytest.param([], [hole(1, 2), hole(2, 3)], [(1, 3)], id="over a change of shift"),
        pytest.param([hole(0, 5), hole(5, 9)], [hole(3, 9)], [], id="two in a row were there"),
        pytest.param([hole(1, 2)], [hole(1, 2, heads=2)], [(1, 2)], id="deeper"),
        pytest.param([hole(1, 2, plan="robbery")], [hole(1, 2)], [(1, 2)], id="of another plan"),
        pytest.param([hole(1, 2)], [], [], id="mended"),
    ],
)
def test_only_new_holes_count_against_a_change(before, after, new):
    """What was there before is nobody's fault now."""
    found = opened(before, after)

    assert [((h.since - START) // HOUR, (h.until - START) // HOUR) for h in found] == new


# a roster through the days

SHIFTS = (
    Shift(id="day", days=tuple(range(7)), starts="08:00", ends="20:00"),
    Shift(id="night", days=tuple(range(7)), starts="20:00", ends="08:00"),
)
MILL = replace(HOUSE, shifts=SHIFTS, timezone="Europe/London", country="GB")
PLAN = replace(a_plan(a_state("first", leave=(STILL,)), calls="guard"), start=Severity.yellow)


def person(id, shift, **more):
    """A guard of one shift."""
    return Person(
        id=id, name=Text(id, id), language="en", numbers=("+12125550100",), roles={"guard": 1}, shift=shift, **more
    )


def people(*all_):
    """A roster of these."""
    return Roster(people={each.id: each for each in all_})


def spans(report):
    """The holes as (rhythm, since, until) in the site's own time."""
    zone = ZoneInfo(MILL.timezone)
    return [
        (r.rhythm, f"{r.first.since.astimezone(zone):%d %H:%M}", f"{r.first.until.astimezone(zone):%d %H:%M}")
        for r in report.holes
    ]


@pytest.mark.parametrize(
    "roster, expected",
    [
        pytest.param(people(person("d", "day"), person("n", "night")), [], id="day and night"),
        pytest.param(people(person("d", "day")), [("daily", "22 20:00", "23 08:00")], id="no night guard"),
        pytest.param(people(person("d", "day", on_call=True)), [], id="on call at night"),
        pytest.param(
            people(
                person("d", "day", on_call=True, leave=(Leave(first=date(2026, 11, 28), last=date(2026, 11, 29)),)),
                person("n", "night"),
            ),
            [("some", "28 08:00", "28 20:00")],
            id="leave of the day guard",
        ),
        pytest.param(
            people(person("d", "day"), person("n", "night", swaps=(Swap(day=date(2026, 11, 25), shift="off"),))),
            [("once", "25 20:00", "26 08:00")],
            id="a night given away",
        ),
    ],
)
def test_the_roster_is_followed_through_its_shifts(roster, expected):
    """Leave, swaps and calls count as on the day itself; a hole begins when its shift does, also before now."""
    assert spans(readiness([PLAN], MILL, roster, START, 30)) == expected


def test_an_hour_more_in_the_night_of_the_clocks():
    """The night over the end of summer time is thirteen hours of a hole, not twelve."""
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    (found,) = readiness([PLAN], MILL, people(person("d", "day")), before, 1).holes

    assert found.first.until - found.first.since == 13 * HOUR


def test_who_is_busy_now_is_missing_now():
    """What is known of the present moment beyond the roster counts until the next change, and no longer."""
    night = person("n", "night")
    busy = (member("d", "guard:1", busy=Severity.red.rank), member("n", "guard:1", duty="off"))
    report = readiness([PLAN], MILL, people(person("d", "day"), night), START + 12 * HOUR, 3, team=busy)

    assert spans(report) == [("once", "23 08:00", "23 20:00")]


def test_nobody_is_in_no_days():
    """With no days ahead there is the present moment alone, and its hole if it has one."""
    report = readiness([PLAN], MILL, people(person("d", "day")), START + 12 * HOUR, 0)

    assert report.first is None
    assert [seat.person for _, seats in report.now for seat in seats] == ["d"]


@pytest.mark.parametrize(
    "after, days",
    [
        pytest.param(people(person("n", "night")), None, id="nothing"),
        pytest.param(
            people(person("n", "night", leave=(Leave(first=date(2026, 12, 1), last=date(2026, 12, 3)),))),
            ("12-01", "12-05"),
            id="leave: its days, and the morning after",
        ),
        pytest.param(
            people(person("n", "night", leave=(Leave(first=date(2026, 1, 1), last=date(2026, 1, 3)),))),
            None,
            id="leave that is over",
        ),
        pytest.param(
            people(person("n", "night", swaps=(Swap(day=date(2026, 12, 1), shift="day"),))),
            ("12-01", "12-03"),
            id="swap",
        ),
        pytest.param(people(person("n", "day")), ("11-23", "12-25"), id="another shift: a month"),
        pytest.param(people(), ("11-23", "12-25"), id="gone: a month"),
        pytest.param(people(replace(person("n", "night"), numbers=())), None, id="a number changes no seat"),
    ],
)
def test_only_the_days_that_a_change_touches_are_looked_at(after, days):
    """So that entering a leave takes no longer than a breath."""
    found = days_touched(people(person("n", "night")), after, START, ZoneInfo("UTC"))

    assert (found and tuple(f"{at:%m-%d}" for at in found)) == days


def test_new_holes_of_a_change():
    """The leave of the only night guard opens its nights, and no day."""
    before = people(person("d", "day"), person("n", "night"))
    away = person("n", "night", leave=(Leave(first=date(2026, 11, 28), last=date(2026, 11, 29)),))
    after = people(person("d", "day"), away)
    found = new_holes([PLAN], MILL, before, after, START, START + 10 * DAY)

    assert [(f"{since:%a %H:%M}", f"{until:%a %H:%M}") for r in found for since, until in r.spans] == [
        ("Sat 20:00", "Sun 08:00"),
        ("Sun 20:00", "Mon 08:00"),
    ]
