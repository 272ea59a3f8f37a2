"""Who takes which role."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from emergency.core.assignment import chain, choose, is_free, next_deputy, next_higher
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
            [member("a", "helper:1"), member("b", "guard:9", duty="call")], ["b", "a"], id="own on call before deputies"
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
            [member("a", "guard:2")], {"helper": {1: "a"}}, ("a", "deputy"), id="busy here is better than nobody"
        ),
    ],
)
def test_the_choice(team, held, chosen):
    """The first of the chain who is free and holds nothing else here; why is said."""
    assert ([chosen] if chosen else []) == choose(among(*team, roles=held), "guard")


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
