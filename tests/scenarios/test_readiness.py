"""What readiness foretells is what the night brings: the same rules give out the roles."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from emergency.app import App
from emergency.clock import VirtualClock
from emergency.errors import CommandRefused
from emergency.people import save_roster, save_site
from emergency.readiness.board import ready
from emergency.roster import Roster
from emergency.roster.verbs import leave
from emergency.store.codec import from_text
from emergency.verbs import perform
from tests.installation import sample

TUESDAY, MONDAY_AFTER = date(2026, 3, 10), date(2026, 3, 16)
LIFT = ("shen_li", "ye_jianguo")


@pytest.fixture
def mall(tmp_path: Path) -> App:
    """The sample mall on a Sunday in March; its lift managers need a licence, and two people hold one."""
    app = sample(tmp_path / "mall")
    engine = app.engine()
    site, people = app.people.site(engine), app.people.roster(engine).people
    duties = [replace(d, needs=("lift_card",), deputies=()) if d.role == "lift_manager" else d for d in site.duties]
    holders = {id: replace(p, licences={**p.licences, "lift_card": None}) for id, p in people.items() if id in LIFT}
    engine.unit(lambda e: save_site(e, replace(site, duties=tuple(duties)), e.clock.now()))
    engine.unit(lambda e: save_roster(e, Roster(people={**people, **holders}), e.clock.now()))
    engine.store.close()
    return app


def send_away(app: App, person: str, anyway: str | None = None) -> None:
    """Enter a week of leave."""
    leave(app, person, TUESDAY.isoformat(), MONDAY_AFTER.isoformat(), "", "console", anyway=anyway)


def test_both_lift_managers_cannot_be_away_in_one_week(mall: App) -> None:
    """The first may go; the second is told which nights nobody could free people from a lift, and by whom."""
    send_away(mall, "shen_li")
    with pytest.raises(CommandRefused) as refused:
        send_away(mall, "ye_jianguo")

    said = str(refused.value)
    assert "Lift manager" in said
    assert "Tue 10 Mar 00:00" in said
    assert "Tue 17 Mar 00:00" in said
    assert "Ye Jianguo is on leave" in said
    assert "roster swap" in said
    assert ready(mall, None, 30, None)["ready"]


def test_a_week_without_lift_managers_falls_to_who_was_named(mall: App) -> None:
    """Entered all the same, the hole stands first in the readiness; and when somebody is trapped in that night, the
    role is given to the very person who was named, as a makeshift."""
    send_away(mall, "shen_li")
    send_away(mall, "ye_jianguo", anyway="the maintainer keeps a man in the house")
    foretold = ready(mall, "2026-03-12T03:00", 1, "elevator_entrapment")
    (seat,) = [each for each in foretold["plans"][0]["team"] if each["role"] == "lift_manager"]
    assert not foretold["ready"]
    assert (seat["because"], foretold["first"]["falls_to"] is not None) == ("higher", True)
    assert [each["why"] for each in seat["passed"][:2]] == ["leave", "leave"]

    assert isinstance(mall.clock, VirtualClock)
    mall.clock.move_to(from_text(foretold["at"]))
    engine = mall.engine()
    begun = perform(mall.desktop, engine, "trigger", {"playbook": "elevator_entrapment", "at": "lift_2", "drill": True})
    roles = {(each["role"], each["person"]) for each in begun["roles"]}

    assert ("lift_manager", seat["person"]) in roles
    engine.store.close()


@pytest.mark.parametrize("hours", [0, 6, 12, 18, 24 * 6 + 3])
@pytest.mark.parametrize("plan", ["fire", "power_outage", "robbery", "elevator_entrapment"])
def test_who_is_foretold_is_who_is_called(mall: App, hours: int, plan: str) -> None:
    """At any hour: the people that `ready` names for the start of a plan are those whom its drill calls at the place
    that it was computed for."""
    assert isinstance(mall.clock, VirtualClock)
    mall.clock.advance(timedelta(hours=hours))
    engine = mall.engine()
    site = mall.people.site(engine)
    kind = mall.library.named(engine, plan, site).place
    place = next(place.id for place in site.places if place.kind == kind)
    (line,) = ready(mall, None, 0, plan)["plans"]
    words = {"playbook": plan, "at": place, "drill": True, "severity": line["level"]}
    begun = perform(mall.desktop, engine, "trigger", words)
    engine.store.close()
    called = {(each["role"], each["person"]) for each in begun["roles"] if each["person"]}

    assert line["team"]
    assert {(seat["role"], seat["person"]) for seat in line["team"]} <= called
