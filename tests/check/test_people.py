"""The checks of people: who could take which role, on every shift of the days ahead."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from emergency.check.matching import strength
from emergency.check.people import (
    check_organisation,
    check_people,
    collisions,
    manned,
    places_at,
    situations,
    start_level,
)
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.decide import decide
from emergency.core.values import Severity
from emergency.roster import Reach, members
from tests.check import house
from tests.check.house import DAY, Change
from tests.scenarios.scene import sample_roster, sample_site, shipped_plans

NONE: tuple[Change, ...] = ()
APART = "higher: lead, conflicts: [lead]}"


def found(site: tuple[Change, ...], roster: tuple[Change, ...], plan: tuple[Change, ...]) -> list[tuple[str, str, str]]:
    """Return what the checks of people find: id, severity, path."""
    of = house.site(*site)
    people, drip = house.roster(of, *roster), house.plan(of, *plan)
    return [
        (f.id, f.severity, ".".join(map(str, f.path))) for f in check_people(drip, of, people, DAY) if f.id != "R13"
    ]


def test_a_good_house_is_clean() -> None:
    """In the house that the other tests break, nothing is found but how many may be absent."""
    of = house.site()
    people = house.roster(of)
    findings = check_people(house.plan(of), of, people, DAY)

    assert {f.id for f in findings} == {"R13"}
    assert check_organisation(of, people, DAY) == ([], [])


NIGHT_GUARDS = (("roles: {guard: 1}, shift: night", "roles: {lead: 2}, shift: night"),)
BOTH_AWAY = (
    ("roles: {lead: 1}, shift: night, zone: hall", "roles: {lead: 1}, shift: day, on_call: yes"),
    ("roles: {guard: 2}, shift: night, zone: hall", "roles: {lead: 2}, shift: day, on_call: yes"),
)


@pytest.mark.parametrize(
    "site, roster, plan, expected",
    [
        pytest.param(
            NONE,
            (*NIGHT_GUARDS, ("roles: {guard: 2}, shift: night", "roles: {lead: 3}, shift: night")),
            NONE,
            [("R01", "error", "roles.guard")],
            id="R01: no guard at night",
        ),
        pytest.param(NONE, NIGHT_GUARDS, NONE, [("R03", "warning", "roles.guard")], id="R03: one guard at night"),
        pytest.param(
            NONE,
            NONE,
            (("guard: {at: blue}", "guard: {at: blue, heads: 3}"),),
            [("R10", "error", "roles.guard")],
            id="R10: three of two",
        ),
        pytest.param(
            NONE,
            NONE,
            (("guard: {at: blue}", "guard: {at: red, heads: 3}"),),
            [("R10", "error", "roles.guard")],
            id="R10: at red alone",
        ),
        pytest.param(
            NONE,
            NONE,
            (("mop it up}, done: 5m", "mop it up}, call_out: first, quorum: 3, done: 5m"),),
            [("R11", "error", "states.first.steps.mop.quorum")],
            id="R11: three answers of two, deputies and all",
        ),
        pytest.param(
            NONE,
            NIGHT_GUARDS,
            (("mop it up}, done: 5m", "mop it up}, call_out: in_turn, quorum: 2, done: 5m"),),
            [("R03", "warning", "roles.guard"), ("R11", "error", "states.first.steps.mop.quorum")],
            id="R11: two answers of one guard at night",
        ),
        pytest.param(
            NONE,
            NONE,
            (("mop it up}, done: 5m", "mop it up}, call_out: first, quorum: 2, done: 5m"),),
            [],
            id="R11: two of two is what there is",
        ),
        pytest.param(
            (("higher: lead}", APART),),
            (
                ("roles: {lead: 1}, shift: day", "roles: {guard: 3}, shift: day"),
                ("roles: {guard: 2}, shift: day", "roles: {guard: 2}, shift: night"),
                ("roles: {guard: 1}, shift: day", "roles: {guard: 1, lead: 1}, shift: day"),
                ("roles: {guard: 3}, shift: day", "roles: {lead: 3}, shift: night"),
            ),
            NONE,
            [("R04", "error", "roles.guard"), ("R03", "warning", "roles.lead"), ("R03", "warning", "roles.guard")],
            id="R04: one person for two roles that are apart",
        ),
        pytest.param(
            NONE,
            BOTH_AWAY,
            NONE,
            [("R03", "warning", "roles.guard"), ("R09", "warning", "roles")],
            id="R09: the leaders of the night are at home",
        ),
        pytest.param(
            NONE,
            (("zone: shop", "zone: hall"),),
            (("severity: {start", "silent: place\nseverity: {start"),),
            [("R01", "warning", "roles.guard"), ("R01", "warning", "roles.lead")],
            id="R01: everyone works where nobody may ring",
        ),
    ],
)
def test_people(
    site: tuple[Change, ...], roster: tuple[Change, ...], plan: tuple[Change, ...], expected: list[tuple[str, str, str]]
) -> None:
    """Each way in which people are wanting gives exactly its findings."""
    assert sorted(expected) == sorted(found(site, roster, plan))


def test_many_roles_for_one_person() -> None:
    """R05: at red one person would have to be five things at once."""
    roles = "".join(
        f"  r{n}: {{title: {{zh: 组{n}, en: Team {n}}}, deputies: [guard], higher: lead}}\n" for n in range(8)
    )
    of = house.site(("shifts:\n", roles + "shifts:\n"))
    plan = house.plan(
        of, ("  guard: {at: blue}\n", "  guard: {at: blue}\n" + "".join(f"  r{n}: {{at: red}}\n" for n in range(8)))
    )
    findings = check_people(plan, of, house.roster(of), DAY)

    assert {f.id for f in findings} == {"R05", "R13"}


@pytest.mark.parametrize(
    "site, roster, expected",
    [
        pytest.param(
            (("higher: lead}", "deputies: [lead], higher: lead}"),),
            NONE,
            ["R06 roles.lead.deputies"],
            id="R06: a circle",
        ),
        pytest.param(
            NONE,
            (
                ("roles: {lead: 1}, shift: day", "roles: {lead: 1, guard: 3}, shift: day"),
                ("roles: {guard: 1}, shift: day", "roles: {guard: 1}, shift: night"),
                ("roles: {guard: 2}, shift: day", "roles: {guard: 2}, shift: night"),
            ),
            ["R06 roles.lead.deputies", "R07 roles.guard"],
            id="R06: the deputy is the holder, and R07: nobody after him",
        ),
        pytest.param(
            (("deputies: [guard], ", ""),), NONE, ["R07 roles.lead"], id="R07: a leader alone, and nobody to ask after"
        ),
        pytest.param(
            (("deputies: [guard], ", ""),),
            (
                ("roles: {lead: 1}, shift: night", "roles: {guard: 3}, shift: night"),
                ("roles: {guard: 2}, shift: day", "roles: {lead: 2}, shift: day"),
            ),
            ["R07 roles.guard"],
            id="R07: the ladder of the night ends at nobody",
        ),
        pytest.param(
            (('  water_company: {name: {zh: 自来水, en: Water}, number: "119"}\n', ""),),
            NONE,
            ["C06 agencies"],
            id="C06: the water company is missing",
        ),
        pytest.param(NONE, (('["+12125550103"]', "[]"),), ["C01 people.cat"], id="C01: nobody's telephone"),
        pytest.param(
            (("command: yes}", "command: yes, urgent: yes}"),),
            (('["+12125550104"]', '["+12125550104", "+12125550154"]'),),
            ["C03 people.ann.numbers"],
            id="C03: an urgent role, one number",
        ),
        pytest.param(
            (("higher: lead}", APART),),
            (("roles: {lead: 1}, shift: day", "roles: {lead: 1, guard: 3}, shift: day"),),
            ["R04 people.ann.roles"],
            id="R04: listed for two that are apart",
        ),
    ],
)
def test_organisation(site: tuple[Change, ...], roster: tuple[Change, ...], expected: list[str]) -> None:
    """Mistakes of the site and the roster, whatever the plan."""
    of = house.site(*site)
    both = check_organisation(of, house.roster(of, *roster), DAY)

    assert expected == [f"{f.id} {'.'.join(map(str, f.path))}" for each in both for f in each]


def test_two_plans_that_need_the_same_person() -> None:
    """R14: at night one person alone could take a role of either plan; R15: else there are too few for both."""
    of = house.site()
    drip, other = house.plan(of), house.plan(of, ("drip", "drop"), ("code: D", "code: E"))
    alone = collisions(drip, [other], of, house.roster(of, *NIGHT_GUARDS), DAY)
    few = collisions(drip, [other], of, house.roster(of), DAY)

    assert [(f.id, f.path) for f in alone] == [("R14", ("roles", "guard"))]
    assert "fay" in alone[0].says
    assert "drop" in alone[0].says
    assert [(f.id, f.severity) for f in few] == [("R15", "info")]


# when


def test_every_set_of_shifts_of_thirty_days_is_met() -> None:
    """The situations are those that the clock meets on any quarter of an hour of the thirty days, and no others."""
    site, people = sample_site(), sample_roster()
    zone = ZoneInfo(site.timezone)
    start = datetime(2026, 3, 1, tzinfo=zone)
    met = set()
    for n in range(30 * 96):
        now = start + n * timedelta(minutes=15)
        met.add(frozenset(people.people[m.id].shift for m in members(people, site, now, Reach(), {}) if m.duty == "on"))

    assert met == {each.working for each in situations(site, date(2026, 3, 1), roster=people)}


def test_a_holiday_is_manned_like_a_sunday() -> None:
    """Where there is a shift of Sundays, a holiday in the week brings a set of shifts that no ordinary day has."""
    of = house.site(
        ("night: {days: mon-sun", "night: {days: mon-thu"),
        ('to: "08:00"}', 'to: "09:00"}\n  sunday: {days: sun, from: "06:00", to: "20:00"}'),
        ("day: {days: mon-sun", "day: {days: mon-fri"),
    )
    holidays = [each for each in situations(of, DAY) if each.holiday]

    assert [each.working for each in holidays] == [frozenset({"night", "sunday"})]
    assert holidays[0].words.en == "holiday 06:00 (night+sunday)"
    assert "节假日" in holidays[0].words.zh


def test_a_number_that_nobody_can_dial() -> None:
    """C04: an agency's number is what a person dials; the loader refuses most others already."""
    of = house.site()
    bad = replace(of, agencies=(replace(of.agencies[0], number="ask Bob"), *of.agencies[1:]))

    assert [(f.id, f.path) for f in check_organisation(bad, house.roster(of), DAY)[0]] == [
        ("C04", ("agencies", "gas_company", "number"))
    ]


def test_who_is_counted_is_who_the_engine_asks() -> None:
    """In every situation of the sample mall and for every plan: at red those roles stay empty that the check says."""
    site, people = sample_site(), sample_roster()
    day = date(2026, 3, 1)
    for when in situations(site, day):
        at = when.first.replace(tzinfo=ZoneInfo(site.timezone))
        team = members(people, site, at, Reach(), {})
        for plan in shipped_plans().values():
            place = next(place.id for place in site.places if place.kind == plan.place)
            order = c.OpenIncident(
                incident="1" * 12, code="X01", mode="real", playbook=plan, site=site, place=place, members=team,
                by="console", severity=Severity.red,
            )  # fmt: skip
            events = decide(None, order, at)
            empty = {event.role for event in events if isinstance(event, e.RoleUnfilled) and event.slot == 1}
            able = manned(plan, site, people, when).able
            if not plan.silent_place:
                assert empty == {role for role in places_at(plan, Severity.red) if not able[role]}, plan.id


@pytest.mark.parametrize("id", sorted(shipped_plans()))
def test_the_shipped_plans_are_manned(id: str) -> None:
    """Each plan can be manned on every shift of the sample mall, from its start and at red."""
    plan = shipped_plans()[id]

    assert [f.says for f in check_people(plan, sample_site(), sample_roster(), DAY) if f.severity == "error"] == []
    assert start_level(plan) >= plan.start


def test_the_sample_mall_has_no_mistake() -> None:
    """Neither its roles nor its agencies nor its people."""
    both = check_organisation(sample_site(), sample_roster(), DAY)

    assert [f.says for each in both for f in each if f.severity == "error"] == []


# how many may be absent

TEAMS = st.dictionaries(
    st.sampled_from("abc"), st.tuples(st.integers(1, 2), st.frozensets(st.sampled_from("12345"))), min_size=1
)


@given(TEAMS)
def test_k_is_what_trying_every_absence_gives(team: dict[str, tuple[int, frozenset[str]]]) -> None:
    """The number of people who may be absent is that found by leaving out every set of them in turn."""
    places = {role: heads for role, (heads, _) in team.items()}
    able = {role: tuple(sorted(people)) for role, (_, people) in team.items()}
    got = strength(places, able)

    assert got.spare == _by_trying(places, able)


def _by_trying(places: dict[str, int], able: dict[str, tuple[str, ...]]) -> int:
    everyone = sorted({p for people in able.values() for p in people})
    seats = [role for role, heads in places.items() for _ in range(heads)]
    full = _most(seats, able, frozenset())
    if full < len(seats):
        return full - len(seats)
    for k in range(len(everyone) + 1):
        if any(_most(seats, able, frozenset(out)) < len(seats) for out in combinations(everyone, k)):
            return k - 1
    raise AssertionError("somebody is needed")


def _most(seats: list[str], able: dict[str, tuple[str, ...]], out: frozenset[str]) -> int:
    """Return how many seats can be taken, by trying them all."""
    if not seats:
        return 0
    best = _most(seats[1:], able, out)
    for person in able[seats[0]]:
        if person not in out:
            best = max(best, 1 + _most(seats[1:], able, out | {person}))
    return best
