"""What one emergency lets expect: armed in blue, calling nobody, until a person confirms or dismisses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emergency.app import App
from emergency.core import events as e
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes
from emergency.verbs import perform
from tests.installation import sample


class House:
    """The sample building with a power cut."""

    def __init__(self, home: Path) -> None:
        self.app: App = sample(home)
        self.engine: Engine = self.app.engine()
        self.outage = self.ask("trigger", playbook="power_outage", at="site")

    def ask(self, verb: str, **args: Any) -> dict[str, Any]:
        """Do a verb."""
        return perform(self.app.desktop, self.engine, verb, args)

    def the(self, playbook: str) -> dict[str, Any]:
        """Return the one open incident of that plan."""
        (found,) = [i for i in self.engine.open_incidents() if i.playbook.id == playbook]
        return self.ask("status", code=found.code)

    def messages(self) -> int:
        """Return how many messages were ever queued."""
        return sum(self.engine.store.outbox_counts().values())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A power cut in the sample building."""
    made = House(tmp_path)
    yield made
    made.engine.store.close()


def test_what_is_expected_is_armed_in_blue_and_calls_nobody(house: House) -> None:
    """A power cut lets expect people in lifts: the incident is there, blue, and no telephone rang for it."""
    lift = house.the("elevator_entrapment")

    assert lift["armed"]
    assert lift["severity"] == "blue"
    assert lift["parent"] == house.outage["incident"]
    assert (lift["alerts"], lift["roles"], lift["told"]) == ([], [], 0)
    children = house.ask("status", code=house.outage["incident"])["children"]
    assert (lift["incident"], True) in [(child["incident"], child["armed"]) for child in children]


def test_what_is_armed_does_not_stand_in_the_way(house: House) -> None:
    """With one emergency that goes on, commands need no code: an expected one is none yet."""
    assert house.ask("note", text="mains are back soon")["incident"] == house.outage["incident"]


def test_confirmed_it_begins(house: House) -> None:
    """A person says it came, and where: people are called as if it had been triggered."""
    code = house.the("elevator_entrapment")["incident"]
    before = house.messages()
    lift = house.ask("confirm", code=code, at="Lift 2", facts={"people": "3"})

    assert not lift["armed"]
    assert lift["state"] == "reported"
    assert lift["severity"] == "yellow"
    assert lift["place_id"] == "lift_2"
    assert lift["facts"]["people"] == "3"
    assert lift["alerts"]
    assert house.messages() > before
    with pytest.raises(CommandRefused, match="does not wait"):
        house.ask("confirm", code=code, at="Lift 2")


def test_a_report_confirms_what_was_expected(house: House) -> None:
    """Who triggers the lift plan in a power cut gets the incident that waits; the next car is one of its own."""
    code = house.the("elevator_entrapment")["incident"]
    first = house.ask("trigger", playbook="elevator_entrapment", at="Lift 2")
    second = house.ask("trigger", playbook="elevator_entrapment", at="Lift 3")

    assert first["incident"] == code
    assert second["incident"] != code
    assert second["parent"] == house.outage["incident"]
    children = house.ask("status", code=house.outage["incident"])["children"]
    assert [c["armed"] for c in children if c["playbook"] == "elevator_entrapment"] == [False, False]


def test_a_plan_for_lifts_wants_a_lift(house: House) -> None:
    """A power cut is everywhere, an entrapment is in one car: without a word for it nothing begins."""
    with pytest.raises(Mistakes, match="which lift"):
        house.ask("confirm", code=house.the("elevator_entrapment")["incident"])


def test_dismissed_it_is_gone(house: House) -> None:
    """It did not come: closed without a word to anybody, and it is not armed again by the same cause."""
    code = house.the("elevator_entrapment")["incident"]
    before = house.messages()
    gone = house.ask("cancel", code=code)

    assert gone["closed"]
    assert house.messages() == before
    kinds = [type(event) for event, _ in house.engine.store.history(gone["id"])]
    assert kinds[:2] == [e.IncidentOpened, e.IncidentDismissed]


def test_with_its_cause_it_goes_too(house: House) -> None:
    """The outage was a false alarm: what nobody had confirmed is let go, what somebody had goes on."""
    house.ask("trigger", playbook="elevator_entrapment", at="Lift 2")
    house.ask("cancel", code=house.outage["incident"], reason="a test of the panel")

    assert {i.playbook.id for i in house.engine.open_incidents()} == {"power_outage", "elevator_entrapment"}


@pytest.mark.parametrize(
    "verb, args",
    [
        pytest.param("severity", {"level": "red"}, id="severity"),
        pytest.param("transition", {"to": "releasing"}, id="transition"),
        pytest.param("fact", {"values": {"people": "3"}}, id="fact"),
        pytest.param("stand-down", {"check": ["all"]}, id="stand-down"),
        pytest.param("assign", {"role": "medical", "person": "ma_liang"}, id="assign"),
    ],
)
def test_nothing_else_is_done_with_it(house: House, verb: str, args: dict[str, Any]) -> None:
    """Before it is confirmed there is no plan to move; the answer says how to begin."""
    code = house.the("elevator_entrapment")["incident"]
    with pytest.raises(CommandRefused, match=f"emergency confirm {code}"):
        house.ask(verb, code=code, **args)


def test_in_a_drill_the_children_are_drills(tmp_path: Path) -> None:
    """A drill arms drills; a real report never confirms one of them."""
    app = sample(tmp_path)
    engine = app.engine()
    perform(app.desktop, engine, "trigger", {"playbook": "power_outage", "at": "site", "drill": True})
    real = perform(app.desktop, engine, "trigger", {"playbook": "elevator_entrapment", "at": "Lift 2"})

    assert real["mode"] == "real"
    assert real["parent"] is None
    armed = [i for i in engine.open_incidents() if i.armed]
    assert armed
    assert {i.mode for i in armed} == {"drill"}
    assert all(i.code.startswith("X") for i in armed)
    engine.store.close()


def test_facts_come_with_the_report(house: House) -> None:
    """What is known when an emergency is reported goes in with it, in any of its spellings."""
    opened = house.ask("trigger", playbook="fire", at="K12", facts={"injured": "2", "trapped": "是"})

    assert opened["facts"]["injured"] == "2"
    assert opened["facts"]["trapped"] == "yes"
    assert opened["severity"] == "red"
    with pytest.raises(Mistakes, match="no fact of fire"):
        house.ask("trigger", playbook="fire", at="K12", separate=True, facts={"injurd": "2"})
