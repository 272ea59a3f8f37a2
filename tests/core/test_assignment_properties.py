"""Who takes which role, for every small team that can be drawn: nobody is put where they must not be, no seat stays
empty that could be filled, and no other choice is better."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from emergency.core.assignment import assign
from emergency.core.site import Duty, Member
from emergency.core.team import Team, digits
from emergency.core.values import Severity
from tests.core.small import a_site, words

ROLES = ("chief", "guard", "helper", "desk")
PEOPLE = ("ann", "ben", "cai", "dan", "eve", "fay")
SITE = a_site()
some_roles = st.lists(st.sampled_from(ROLES), unique=True, max_size=2)


@st.composite
def duties(draw):
    """What a site may say of its roles, whatever it is."""
    return tuple(
        Duty(
            role=role,
            title=words(role),
            deputies=tuple(r for r in draw(some_roles) if r != role),
            higher=draw(st.sampled_from([None, *ROLES])),
            command=role == "chief",
            remote=draw(st.booleans()),
            conflicts=tuple(r for r in draw(some_roles) if r != role) if draw(st.integers(0, 2)) == 0 else (),
            needs=("card",) if draw(st.integers(0, 4)) == 0 else (),
        )
        for role in ROLES
    )


@st.composite
def people(draw, most=6):
    """Up to six people of every sort."""
    ids = draw(st.lists(st.sampled_from(PEOPLE), unique=True, max_size=most))
    return {
        id: Member(
            id=id,
            roles={role: draw(st.integers(1, 3)) for role in draw(st.lists(st.sampled_from(ROLES), unique=True))},
            duty=draw(st.sampled_from(["on", "on", "on", "call", "off"])),
            zone=draw(st.sampled_from([None, "f1", "f1_shop", "f1_corner", "f2"])),
            busy=draw(st.sampled_from([0, 0, 0, 1, 3])),
            licences=("card",) if draw(st.booleans()) else (),
        )
        for id in ids
    }


places = st.dictionaries(st.sampled_from(ROLES), st.integers(1, 2), min_size=1, max_size=3)
worlds = st.tuples(duties(), people(), places, st.booleans())


def given_out(world, **more):
    """The seats of a world, and the people as they stood before and stand after."""
    duties, members, places, silent = world
    site = replace(SITE, duties=duties)
    how = {"severity": Severity.yellow, "place": "f1_shop", "silent": silent}
    seats = assign(places, members, site, **how, **more)
    before, after = (Team(members, site, **how, held=more.get("held")) for _ in range(2))
    for seat in seats:
        if seat.person is not None:
            after.give(seat.person, seat.role)
    return seats, before, after


@given(worlds)
@settings(max_examples=200, deadline=None)
def test_nobody_is_where_they_must_not_be(world):
    """Nobody off, unlicensed, too busy or in the silent place has a seat; no two roles that must be kept apart meet in
    one person; nobody has two places in one role. The next higher role alone is not asked for the licence."""
    seats, before, after = given_out(world)
    for seat in seats:
        if seat.person is not None:
            assert before.bar(seat.person, seat.role, licences=seat.because != "higher") is None
            assert after.apart(seat.person, seat.role) == []
            assert after.roles_of[seat.person].count(seat.role) == 1


@given(worlds)
@settings(max_examples=200, deadline=None)
def test_every_place_is_filled_or_shown_empty(world):
    """There is one seat for each place that is wanted, in order; an empty one has nobody left who could take it, and
    says why for whoever the site names."""
    seats, _, after = given_out(world)
    assert [(seat.role, seat.slot) for seat in seats] == [
        (role, slot) for role, heads in world[2].items() for slot in range(1, heads + 1)
    ]
    for seat in seats:
        assert (seat.person is None) == (seat.because is None)
        if seat.person is None:
            assert after.free(seat.role) == {}
            named = [m for m in after.before(seat.role, None) if seat.role not in after.roles_of.get(m.id, ())]
            telling = [m for m in named if m.duty != "off"]
            assert bool(seat.passed) == bool(named if seat.slot == 1 else telling)


@given(worlds)
@settings(max_examples=200, deadline=None)
def test_nobody_is_passed_over_without_a_reason(world):
    """Whoever would be a better choice for a seat is barred from it or has a role here already; whoever the site names
    before the one who is chosen is among those passed over, with the reason, unless three are."""
    seats, before, after = given_out(world)
    for seat in seats:
        if seat.person is None or seat.because == "higher":
            continue
        able = before.able(seat.role)
        better = [p for p in able if (able[p], p) < (able[seat.person], seat.person)]
        for person in better:
            assert after.bar(person, seat.role) is not None or after.roles_of.get(person)
        before_them = [member.id for member in after.before(seat.role, seat.person)]
        senior = [p for p in before_them if seat.role not in after.roles_of.get(p, ())]
        assert {each.person for each in seat.passed} <= set(senior)
        if any(world[1][p].duty != "off" for p in senior):
            assert seat.passed


def seats_wanted(places, before):
    """The places in the order of importance: command, then first heads, then second."""
    return sorted(
        [(role, slot) for role, heads in places.items() for slot in range(1, heads + 1)],
        key=lambda place: (not before.duty(place[0]).command, place[1], list(places).index(place[0])),
    )


def best_filled(before, wanted, given=()):
    """Which of the wanted places can be filled at best, the most important first, by trying everything."""
    if len(given) == len(wanted):
        return tuple(person is not None for person in given)
    role, _ = wanted[len(given)]
    holds = {p: [r for (r, _), q in zip(wanted, given, strict=False) if q == p] for p in before.members}
    best = best_filled(before, wanted, (*given, None))
    for person in before.free(role):
        if role not in holds[person] and not any(before.must_be_apart(role, r) for r in holds[person]):
            best = max(best, best_filled(before, wanted, (*given, person)))
            if all(best):
                break
    return best


@given(st.tuples(duties(), people(most=5), places, st.booleans()))
@settings(max_examples=150, deadline=None)
def test_no_seat_stays_empty_that_could_be_filled(world):
    """No other way of giving out the roles, second roles and roles to be kept apart among them, fills a more important
    seat that is empty here."""
    seats, before, _ = given_out(world, higher=False)
    wanted = seats_wanted(world[2], before)
    filled = {(seat.role, seat.slot) for seat in seats if seat.person is not None}
    assert tuple(place in filled for place in wanted) == best_filled(before, wanted)


def cost(able, choice):
    """The sum of the digits over all seats; the first digit of all counts before the second of any."""
    each = [digits(able[role][person]) for (role, _), person in choice]
    return tuple(map(sum, zip(*each, strict=True)))


def cheapest_choice(able, wanted, taken=()):
    """The least cost of giving each of the wanted places to somebody without another, by trying everything."""
    if not wanted:
        return [()]
    (role, slot), rest = wanted[0], wanted[1:]
    return [
        (((role, slot), person), *others)
        for person in able[role]
        if person not in taken
        for others in cheapest_choice(able, rest, (*taken, person))
    ]


@given(worlds)
@settings(max_examples=200, deadline=None)
def test_no_other_choice_of_people_is_better(world):
    """Among those who had no role, as many seats as can be are filled, by the people who suit them best together."""
    world = (tuple(replace(d, conflicts=()) for d in world[0]), *world[1:])
    seats, before, _ = given_out(world, higher=False)
    wanted = seats_wanted(world[2], before)
    first = [((s.role, s.slot), s.person) for s in seats if s.person is not None and s.because != "second_role"]
    able = {role: before.free(role) for role, _ in wanted}
    assert len({person for _, person in first}) == len(first)
    more = [c for c in combinations(wanted, len(first) + 1) if cheapest_choice(able, c)]
    assert more == []
    if first:
        places = [place for place, _ in first]
        assert cost(able, first) == min(cost(able, choice) for choice in cheapest_choice(able, places))


@given(worlds, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_roster_does_not_matter(world, random):
    """The same people in another order take the same seats."""
    duties, members, places, silent = world
    ids = list(members)
    random.shuffle(ids)
    shuffled = (duties, {id: members[id] for id in ids}, places, silent)
    assert given_out(world)[0] == given_out(shuffled)[0]


@given(worlds)
@settings(max_examples=100, deadline=None)
def test_who_has_a_role_keeps_it(world):
    """What is given out already stays: asked again with the seats held, nothing is left to give but what was empty."""
    seats, _, _ = given_out(world)
    held: dict[str, dict[int, str]] = {}
    for seat in seats:
        if seat.person is not None:
            held.setdefault(seat.role, {})[seat.slot] = seat.person
    again, _, _ = given_out(world, held=held)
    assert {(s.role, s.slot) for s in again} == {(s.role, s.slot) for s in seats if s.person is None}
    assert all(seat.person is None for seat in again)


@given(worlds, st.lists(places, max_size=3))
@settings(max_examples=100, deadline=None)
def test_a_team_that_was_asked_before_answers_as_a_new_one_does(world, others):
    """What a team remembers of other questions, of other seats held or of the same question, changes no answer."""
    duties, members, wanted, silent = world
    site = replace(SITE, duties=duties)
    how = {"severity": Severity.yellow, "place": "f1_shop", "silent": silent}
    team = Team(members, site, **how, held={})
    held: dict[str, dict[int, str]] = {}
    for question in (wanted, *others, wanted):
        for higher in (True, False):
            for now in ({}, held):
                asked = assign(question, members, site, **how, held=now, higher=higher, known=team)
                assert asked == assign(question, members, site, **how, held=now, higher=higher)
        for seat in asked:
            if seat.person is not None:
                held = {**held, seat.role: {**held.get(seat.role, {}), seat.slot: seat.person}}
