"""One person, several incidents: who outranks whom, who is spare, who may be shared, who is wanted twice."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from emergency.core import contest
from emergency.core.incident import Incident
from emergency.core.playbook import Playbook
from emergency.core.site import Elsewhere, Wanted
from emergency.core.values import Severity
from tests.core.small import STILL, Night, a_plan, a_state, a_step, member

QUIET = a_plan(a_state("first", leave=(STILL,)), calls="")
LOOK = a_plan(a_state("first", a_step("look"), leave=(STILL,)), calls="guard")


def an_incident(
    code: str,
    *,
    mode: str = "real",
    severity: str = "yellow",
    roles: dict[str, dict[int, str]] | None = None,
    team: tuple[object, ...] = (),
    plan: Playbook = QUIET,
    **more: object,
) -> Incident:
    """An incident of this code, kind and level, in which these people hold these roles."""
    incident = Night(plan, team=team).incident
    return replace(incident, id=code, code=code, mode=mode, severity=Severity[severity], roles=roles or {}, **more)


@pytest.mark.parametrize(
    "one, other, takes",
    [
        pytest.param(("real", "orange"), ("real", "yellow"), True, id="the graver"),
        pytest.param(("real", "yellow"), ("real", "yellow"), False, id="equals"),
        pytest.param(("real", "blue"), ("real", "red"), False, id="the lighter"),
        pytest.param(("real", "blue"), ("drill", "red"), True, id="real over drill"),
        pytest.param(("drill", "red"), ("real", "blue"), False, id="never drill over real"),
        pytest.param(("drill", "red"), ("drill", "orange"), True, id="drills among themselves"),
    ],
)
def test_who_may_take_from_whom(one: tuple[str, str], other: tuple[str, str], takes: bool) -> None:
    """The graver takes out of the lighter, the real out of a drill; never the other way round, never among equals."""
    first, second = an_incident("A1", mode=one[0], severity=one[1]), an_incident("B1", mode=other[0], severity=other[1])
    assert takes is contest.outranks(first, second)


HOLDS = {"guard": {1: "a"}}


@pytest.mark.parametrize(
    "mode, others, seen",
    [
        pytest.param("real", [an_incident("B1", roles=HOLDS)], (2, "B1"), id="another one"),
        pytest.param("real", [an_incident("A1", roles=HOLDS)], None, id="its own roles do not count"),
        pytest.param("real", [an_incident("B1", mode="drill", roles=HOLDS)], None, id="real does not see drills"),
        pytest.param("drill", [an_incident("B1", severity="blue", roles=HOLDS)], (5, "B1"), id="a drill, above all"),
        pytest.param("real", [an_incident("B1", roles=HOLDS, armed=True)], None, id="only expected"),
        pytest.param("real", [an_incident("B1", roles=HOLDS, ended="stand_down")], None, id="over"),
        pytest.param("real", [an_incident("B1", roles=HOLDS, shared=frozenset("a"))], None, id="only borrowed there"),
        pytest.param(
            "real",
            [an_incident("B1", roles=HOLDS), an_incident("C1", severity="red", roles=HOLDS)],
            (4, "C1"),
            id="the gravest names them",
        ),
        pytest.param(
            "real",
            [an_incident("B1", roles=HOLDS), an_incident("C1", roles=HOLDS)],
            (2, "B1"),
            id="among equals the oldest",
        ),
    ],
)
def test_who_is_elsewhere(mode: str, others: list[Incident], seen: tuple[int, str] | None) -> None:
    """An incident sees what others of its kind want of a person; a drill sees what is real above everything."""
    found = contest.elsewhere("A1", mode, others).get("a")  # type: ignore[arg-type]
    assert seen == (None if found is None else (found.rank, found.code))


def test_spare_is_who_has_nothing_open_and_does_not_command() -> None:
    """A step that is open needs its person, done or not answered; being ready does not; who commands is never spare."""
    night = Night(LOOK, team=(member("a", "guard:1"), member("b", "desk:1")))
    assert not contest.is_spare(night.incident, "a")
    assert contest.is_spare(night.incident, "b")
    assert not contest.is_spare(replace(night.incident, command="b"), "b")


@pytest.mark.parametrize(
    "there, who",
    [
        pytest.param({}, None, id="has work there, in another role"),
        pytest.param({"spare": True}, ("a", "lent"), id="nothing open there"),
        pytest.param({"also": ("guard",)}, ("a", "shared"), id="the same role there"),
        pytest.param({"spare": True, "duty": "off"}, None, id="off"),
    ],
)
def test_who_may_be_shared(there: dict[str, object], who: tuple[str, str] | None) -> None:
    """Shared is who is spare in the other incident, else who holds the same role there; nobody else."""
    team = (member("a", "guard:1", busy=4, elsewhere="F07", **there),)
    assert who == contest.lent(an_incident("A1", team=team), "guard")


def test_spare_comes_before_the_same_role() -> None:
    """Of two who could be shared, the one who loses nothing is asked, though he is lower in the chain."""
    team = (
        member("a", "guard:1", busy=4, elsewhere="F07", also=("guard",)),
        member("b", "guard:2", busy=4, elsewhere="F07", spare=True),
    )
    assert contest.lent(an_incident("A1", team=team), "guard") == ("b", "lent")


@pytest.mark.parametrize(
    "roles, shared, found",
    [
        pytest.param({}, "", [("F07", Wanted(person="a", role="guard"))], id="nobody here"),
        pytest.param(
            {"guard": {1: "b"}}, "", [("F07", Wanted(person="a", role="guard", here="b"))], id="a deputy stands in"
        ),
        pytest.param({"guard": {1: "a"}}, "a", [("F07", Wanted(person="a", role="guard", here="a"))], id="for both"),
    ],
)
def test_who_is_wanted_twice(roles: dict[str, dict[int, str]], shared: str, found: list[tuple[str, Wanted]]) -> None:
    """Wanted is who would hold the role if nothing else went on; with whom the other is, and who stands in."""
    team = (member("a", "guard:1", busy=4, elsewhere="F07"), member("b", "guard:2"))
    incident = an_incident("A1", team=team, plan=LOOK, roles=roles, shared=frozenset(shared))
    assert found == list(contest.wanted(incident))


@pytest.mark.parametrize(
    "known, now, tells",
    [
        pytest.param({}, None, False, id="nothing new"),
        pytest.param({"busy": 2, "elsewhere": "B1"}, Elsewhere(person="a", rank=2, code="B1"), False, id="known"),
        pytest.param({}, Elsewhere(person="a", rank=2, code="B1"), True, id="taken"),
        pytest.param({"busy": 2, "elsewhere": "B1"}, None, True, id="free again"),
        pytest.param(
            {"busy": 2, "elsewhere": "B1"}, Elsewhere(person="a", rank=2, code="B1", spare=True), False,
            id="spare, and no gap to fill",
        ),
    ],
)  # fmt: skip
def test_what_is_news(known: dict[str, object], now: Elsewhere | None, tells: bool) -> None:
    """An incident hears when somebody is taken or free; who is merely spare matters to it only while it has a gap."""
    incident = an_incident("A1", team=(member("a", "guard:1", **known),))
    assert tells is bool(contest.news(incident, {"a": now} if now else {}, {"a"}))
    gap = replace(incident, unfilled=frozenset({("guard", 1)}))
    assert bool(contest.news(gap, {"a": now} if now else {}, {"a"})) is (tells or bool(now and now.spare))
