"""Who takes which role."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from emergency.core.assignment import Passed, assign, chain, choose, is_free, next_deputy, next_higher
from emergency.core.site import Duty
from emergency.core.values import Severity
from tests.core.small import STILL, TEAM, Night, a_plan, a_site, a_state, member, words

QUIET = a_plan(a_state("first", leave=(STILL,)), calls="")
"""A plan that calls nobody, so that a test may ask freely."""


def among(*team, roles=None, plan=QUIET, site=None, place="f1", severity=None):
    """An incident with this team, and these roles held already."""
    incident = Night(plan, team=team, site=site, place=place, severity=severity).incident
    return replace(incident, roles=roles or {})


@pytest.mark.parametrize(
    "team, order",
    [
        pytest.param([member("b", "guard:2"), member("a", "guard:1")], ["a", "b"], id="by rank"),
        pytest.param([member("b", "guard:1"), member("a", "guard:1")], ["a", "b"], id="by id where ranks are equal"),
        pytest.param(
            [member("a", "guard:1", duty="call"), member("b", "guard:3")], ["b", "a"], id="on shift before on call"
        ),
        pytest.param([member("a", "guard:1", duty="off"), member("b", "guard:2")], ["b"], id="off is off"),
        pytest.param([member("a", "helper:1"), member("b", "guard:9")], ["b", "a"], id="own people before deputies"),
        pytest.param(
            [member("a", "helper:1"), member("b", "guard:1", duty="call")], ["a", "b"], id="in the house before on call"
        ),
        pytest.param(
            [member("a", "guard:1", zone="f2"), member("b", "guard:1", zone="f1")], ["b", "a"], id="near before far"
        ),
        pytest.param(
            [member("a", "guard:1", zone="f2"), member("b", "guard:2", zone="f1")], ["a", "b"], id="rank before near"
        ),
        pytest.param(
            [member("a", "guard:1", zone="f1", busy=1), member("b", "guard:1", zone="f2")],
            ["b", "a"],
            id="in no other incident before near",
        ),
        pytest.param([member("a", "guard:2 helper:1")], ["a"], id="each once"),
        pytest.param([member("a", "desk:1")], [], id="others do not count"),
    ],
)
def test_the_chain(team, order):
    """A role's own people by duty and rank, then the holders of the roles that deputise for it."""
    assert order == list(chain(among(*team), "guard"))


@pytest.mark.parametrize(
    "team, held, chosen",
    [
        pytest.param([member("a", "guard:1"), member("b", "guard:2")], {}, ("a", "holder"), id="the normal holder"),
        pytest.param([member("b", "guard:2")], {}, ("b", "deputy"), id="a deputy by rank"),
        pytest.param([member("h", "helper:1")], {}, ("h", "standing_in"), id="somebody of a deputising role"),
        pytest.param([member("a", "guard:1", duty="off")], {}, None, id="nobody"),
        pytest.param([], {}, None, id="no team"),
        pytest.param(
            [member("a", "guard:1"), member("b", "guard:2")],
            {"guard": {1: "a"}},
            ("b", "deputy"),
            id="not who holds it already",
        ),
        pytest.param(
            [member("a", "guard:2 helper:1"), member("b", "guard:3")],
            {"helper": {1: "a"}},
            ("b", "deputy"),
            id="people without a role before those with one",
        ),
        pytest.param(
            [member("a", "guard:1 helper:1"), member("h", "helper:2")],
            {"helper": {1: "a"}},
            ("h", "standing_in"),
            id="even the normal holder, when they have another role here",
        ),
        pytest.param(
            [member("a", "guard:2")], {"helper": {1: "a"}}, ("a", "second_role"), id="a second role beats nobody"
        ),
    ],
)
def test_the_choice(team, held, chosen):
    """The first of the chain who is free and holds nothing else here; why is said."""
    assert ([chosen] if chosen else []) == choose(among(*team, roles=held), "guard")


@pytest.mark.parametrize(
    "role, more, order",
    [
        pytest.param("chief", {}, ["c", "m"], id="command is held by telephone"),
        pytest.param("guard", {}, ["h", "g"], id="hands are in the house"),
        pytest.param("guard", {"remote": True}, ["g", "h"], id="what the site says can be done by telephone"),
    ],
)
def test_on_call(role, more, order):
    """Own people on call come before deputies in the house where a telephone is enough, and after them where not."""
    duties = tuple(replace(duty, **more) if duty.role == role else duty for duty in a_site().duties)
    away = [member("c", "chief", duty="call"), member("g", "guard", duty="call")]
    team = [*away, member("m", "manager"), member("h", "helper")]
    assert order == list(chain(among(*team, site=a_site(duties=duties)), role))


def test_a_licence_is_asked_for():
    """Who lacks a licence that the role needs is no choice, by rank or as a deputy; another licence is none."""
    duties = tuple(replace(duty, needs=("card",)) if duty.role == "guard" else duty for duty in a_site().duties)
    team = [
        member("a", "guard:1", licences=("truck",)), member("b", "guard:2", licences=("card", "truck")),
        member("h", "helper:1"),
    ]  # fmt: skip
    incident = among(*team, site=a_site(duties=duties))
    assert chain(incident, "guard") == ("b",)
    assert choose(incident, "guard", 3) == [("b", "deputy")]
    assert not is_free(incident, "a", "guard")


def test_several_places_at_once():
    """So many as are free are chosen, each once, in the order in which they would be chosen one by one."""
    incident = among(*TEAM)
    assert choose(incident, "guard", 2) == [("gina", "holder"), ("gus", "deputy")]
    assert [person for person, _ in choose(incident, "guard", 9)] == ["gina", "gus", "hana"]
    assert choose(incident, "guard", 0) == []


@pytest.mark.parametrize(
    "busy, severity, free",
    [
        pytest.param(0, Severity.blue, True, id="free"),
        pytest.param(2, Severity.orange, True, id="called away from something lighter"),
        pytest.param(3, Severity.orange, False, id="kept by something as grave"),
        pytest.param(4, Severity.yellow, False, id="kept by something graver"),
    ],
)
def test_busy_elsewhere(busy, severity, free):
    """Who holds a role in an equal or graver incident is left to it."""
    plan = a_plan(a_state("first", leave=(STILL,)), calls="", start=severity)
    assert free is is_free(among(member("a", "guard", busy=busy), plan=plan), "a", "guard")


@pytest.mark.parametrize(
    "zone, place, silent, free",
    [
        pytest.param("f1_shop", "f1_shop", True, False, id="at the place"),
        pytest.param("f1_corner", "f1", True, False, id="somewhere within the place"),
        pytest.param("f1", "f1_corner", True, True, id="on the floor around it"),
        pytest.param("f2", "f1", True, True, id="elsewhere"),
        pytest.param(None, "f1", True, True, id="nobody knows where"),
        pytest.param("f1_shop", "f1_shop", False, True, id="no plan for silence"),
    ],
)
def test_a_silent_place(zone, place, silent, free):
    """In a plan for silence nobody believed to be at the place is chosen: their phone would ring there."""
    plan = a_plan(a_state("first", leave=(STILL,)), calls="", silent_place=silent)
    incident = among(member("a", "guard", zone=zone), plan=plan, place=place)
    assert free is is_free(incident, "a", "guard")
    assert free is bool(choose(incident, "guard"))


@pytest.mark.parametrize(
    "held, role, free",
    [
        pytest.param({"desk": {1: "a"}}, "guard", False, id="as this role says"),
        pytest.param({"guard": {1: "a"}}, "desk", False, id="as the other role says"),
        pytest.param({"helper": {1: "a"}}, "guard", True, id="nothing against it"),
        pytest.param({"desk": {1: "b"}}, "guard", True, id="somebody else holds it"),
    ],
)
def test_roles_kept_apart(held, role, free):
    """Roles that must be kept apart are, whichever of the two says so."""
    incident = among(member("a", "guard desk"), roles=held)
    assert free is is_free(incident, "a", role)


def test_somebody_unknown_is_not_free():
    """Who is no longer in the roster cannot be asked."""
    assert not is_free(among(*TEAM), "nobody", "guard")


def test_deputies_follow_one_by_one():
    """Each next deputy is the first of the chain who was not asked; then there is none."""
    incident = among(*TEAM)
    asked: set[str] = set()
    order = []
    while (person := next_deputy(incident, "guard", asked)) is not None:
        order.append(person)
        asked.add(person)
    assert order == ["gina", "gus", "hana"]


@pytest.mark.parametrize(
    "role, asked, taken",
    [
        pytest.param("guard", set(), "mark", id="the next higher role"),
        pytest.param("guard", {"mark"}, "dora", id="the one above it, where that was asked"),
        pytest.param("guard", {"mark", "dora"}, None, id="everyone was asked"),
        pytest.param("desk", set(), None, id="nothing is higher"),
    ],
)
def test_the_next_higher_role(role, asked, taken):
    """When a chain is used up the role goes up, role by role, to whoever is free."""
    assert taken == next_higher(among(*TEAM), role, asked)


def test_who_holds_the_higher_role_comes_first():
    """The one who has the higher role in this incident is asked before others who could."""
    team = (*TEAM, member("max", "manager:2"))
    incident = among(*team, roles={"manager": {1: "max"}})
    assert next_higher(incident, "guard", set()) == "max"


def test_a_circle_of_higher_roles_ends():
    """Roles that point at each other are walked once; nobody waits for ever."""
    duties = (
        Duty(role="guard", title=words("Guard"), higher="manager"),
        Duty(role="manager", title=words("Manager"), higher="chief", command=True),
        Duty(role="chief", title=words("Chief"), higher="manager", command=True),
    )
    incident = among(member("g", "guard"), site=a_site(duties=duties))
    assert next_higher(incident, "guard", set()) is None
    assert next_higher(incident, "chief", set()) is None


def test_a_role_the_site_does_not_know():
    """A role without a duty has no deputies and nothing higher, and does no harm."""
    incident = among(member("a", "diver"))
    assert choose(incident, "diver") == [("a", "holder")]
    assert next_higher(incident, "diver", set()) is None


# every seat at once


def seats(team, places, *, severity=Severity.yellow, duties=None, **more):
    """Who gets what: the seats by role and slot."""
    found = assign(
        places, {m.id: m for m in team}, a_site(duties=duties), severity=severity, place="f1", **more
    )  # fmt: skip
    return {f"{seat.role} {seat.slot}": (seat.person, seat.because) for seat in found}


@pytest.mark.parametrize(
    "team, places, given",
    [
        pytest.param(
            [member("a", "guard:1 helper:1"), member("b", "guard:2")],
            {"guard": 1, "helper": 1},
            {"guard 1": ("b", "deputy"), "helper 1": ("a", "holder")},
            id="the best of one role is spared for the role that has nobody else",
        ),
        pytest.param(
            [member("a", "guard:1 helper:1"), member("b", "guard:1 helper:3")],
            {"guard": 1, "helper": 1},
            {"guard 1": ("b", "holder"), "helper 1": ("a", "holder")},
            id="the best together, not one by one",
        ),
        pytest.param(
            [member("a", "guard:1 desk:1 helper:1"), member("b", "guard:2"), member("c", "desk:2")],
            {"guard": 1, "helper": 1, "desk": 1},
            {"guard 1": ("b", "deputy"), "helper 1": ("a", "holder"), "desk 1": ("c", "deputy")},
            id="three roles, three people",
        ),
        pytest.param(
            [member("a", "guard:1 desk:1"), member("b", "guard:2")],
            {"guard": 1, "desk": 1},
            {"guard 1": ("b", "deputy"), "desk 1": ("a", "holder")},
            id="one for both of two roles kept apart, and a deputy for one: both are filled",
        ),
        pytest.param(
            [member("a", "guard:1 desk:1")],
            {"guard": 1, "desk": 1},
            {"guard 1": ("a", "holder"), "desk 1": (None, None)},
            id="one for both of two roles kept apart: the more important one",
        ),
        pytest.param(
            [member("a", "guard manager")],
            {"guard": 1, "manager": 1},
            {"guard 1": ("a", "second_role"), "manager 1": ("a", "holder")},
            id="one person, two roles: command first",
        ),
        pytest.param(
            [member("a", "guard:1"), member("b", "guard:1"), member("h", "helper:1")],
            {"guard": 6, "helper": 1},
            {
                "guard 1": ("a", "holder"),
                "guard 2": ("b", "holder"),
                "guard 3": ("h", "second_role"),
                "guard 4": (None, None),
                "guard 5": (None, None),
                "guard 6": (None, None),
                "helper 1": ("h", "holder"),
            },
            id="six heads: a first head in every role before a third in one",
        ),
        pytest.param([], {"desk": 1}, {"desk 1": (None, None)}, id="nobody"),
        pytest.param(
            [member("m", "manager"), member("d", "desk")],
            {"manager": 1, "guard": 2},
            {"manager 1": ("m", "holder"), "guard 1": ("m", "higher"), "guard 2": (None, None)},
            id="the next higher role takes the first place alone",
        ),
        pytest.param(
            [member("d", "desk")],
            {"manager": 1},
            {"manager 1": (None, None)},
            id="command passes by its own rule, not upwards",
        ),
    ],
)
def test_all_seats_at_once(team, places, given):
    """As many seats as can be, and then by the people who suit them best together."""
    assert given == seats(team, places)


def test_the_order_in_which_roles_are_given_out_may_not_leave_one_empty():
    """Where the best people of a first round are barred from what is left then, they are given out otherwise."""
    duties = (
        Duty(role="guard", title=words("Guard")),
        Duty(role="helper", title=words("Helper")),
        Duty(role="desk", title=words("Desk"), conflicts=("guard",)),
    )
    team = [member("a", "guard:1 helper:2 desk:1"), member("b", "guard:2 helper:1")]
    assert seats(team, {"guard": 1, "helper": 1, "desk": 1}, duties=duties) == {
        "guard 1": ("b", "deputy"), "helper 1": ("a", "deputy"), "desk 1": ("a", "second_role"),
    }  # fmt: skip


def test_the_next_higher_role_is_not_asked_for_the_licence():
    """They see to it that the work is done, they do not do it."""
    duties = tuple(replace(duty, needs=("card",)) if duty.role == "guard" else duty for duty in a_site().duties)
    team = [member("m", "manager"), member("g", "guard")]
    assert seats(team, {"guard": 1}, duties=duties) == {"guard 1": ("m", "higher")}
    assert seats(team, {"guard": 1}, duties=duties, higher=False) == {"guard 1": (None, None)}


def test_what_is_held_stays():
    """Nobody who has a role is moved, even where others would suit better; people without a role come first."""
    team = [member("a", "guard:1 helper:1"), member("b", "guard:2"), member("c", "helper:2")]
    held = {"guard": {1: "b"}, "desk": {1: "a"}}
    assert seats(team, {"guard": 1, "helper": 1}, held=held) == {"helper 1": ("c", "deputy")}


def test_a_further_role_goes_to_who_has_the_fewest():
    """Of two who have roles already the one with fewer gets the next, whichever rank."""
    team = [member("a", "guard:1 helper:1 manager:1"), member("b", "guard:2 helper:2")]
    held = {"helper": {1: "a", 2: "b"}, "manager": {1: "a"}}
    assert seats(team, {"guard": 1}, held=held) == {"guard 1": ("b", "second_role")}


@pytest.mark.parametrize(
    "first, why",
    [
        pytest.param({"duty": "off", "absent": "leave"}, ("leave", ""), id="on leave"),
        pytest.param({"duty": "off", "absent": "swapped"}, ("swapped", ""), id="swapped"),
        pytest.param({"duty": "off", "absent": "holiday"}, ("holiday", ""), id="a holiday"),
        pytest.param({"duty": "off"}, ("off", ""), id="off shift"),
        pytest.param({"busy": 2, "elsewhere": "F07"}, ("elsewhere", "F07"), id="in an equal incident"),
        pytest.param({"zone": "f1"}, ("silent", ""), id="where no phone may ring"),
        pytest.param({"licences": ()}, ("unlicensed", "card"), id="without the licence"),
        pytest.param({"duty": "call"}, ("away", ""), id="on call, while a deputy is in the house"),
    ],
)
def test_why_somebody_was_passed_over(first, why):
    """A choice says who would have come before, and why not."""
    duties = tuple(replace(duty, needs=("card",)) if duty.role == "guard" else duty for duty in a_site().duties)
    team = [member("a", "guard:1", **{"licences": ("card",), **first}), member("b", "guard:2", licences=("card",))]
    (seat,) = assign(
        {"guard": 1}, {m.id: m for m in team}, a_site(duties=duties), severity=Severity.yellow, place="f1", silent=True
    )  # fmt: skip
    assert (seat.person, [(p.person, p.why, p.what) for p in seat.passed]) == ("b", [("a", *why)])


def test_a_role_held_is_a_reason_too():
    """Who has another role, or one to be kept apart, is passed over with the name of that role; three are named."""
    team = [member("a", "guard:1 desk:1"), member("b", "guard:2 helper:1"), member("c", "guard:3")]
    found = {s.role: s for s in assign(
        {"desk": 1, "helper": 1, "guard": 1}, {m.id: m for m in team}, a_site(), severity=Severity.yellow, place="f1"
    )}  # fmt: skip
    assert [(p.person, p.why, p.what) for p in found["guard"].passed] == [
        ("a", "apart", "desk"), ("b", "taken", "helper"),
    ]  # fmt: skip
    many = [member(f"p{n}", "guard:1", busy=4, elsewhere="F01") for n in range(5)]
    (seat,) = assign({"guard": 1}, {m.id: m for m in many}, a_site(), severity=Severity.yellow, place="f1")
    assert [p.person for p in seat.passed] == ["p0", "p1", "p2"]


def test_the_normal_holder_needs_no_reason():
    """Nothing is said where nothing was chosen: the log stays small."""
    team = [member("a", "guard:1"), member("b", "guard:1", duty="off", absent="leave"), member("c", "guard:2")]
    found = assign({"guard": 2}, {m.id: m for m in team}, a_site(), severity=Severity.yellow, place="f1")
    assert [seat.passed for seat in found] == [(), (Passed(person="b", why="leave"),)]
