"""Drills over real sockets: a call-out and a full drill on the telephones of a provider, from the release to the last
line, with a server that is stopped in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from emergency.drills import book as b
from emergency.store.drills import Books
from tests.drilled import SCENARIO, put_scenario
from tests.fake_twilio import NUMBERS, FakeTwilio
from tests.serving import Mill, make_home, until
from tests.small import roster

SENDER = NUMBERS[1]
"""Drills come from a sender of their own."""


class Drilled(Mill):
    """The small building with a scenario, and a second sender for drills."""

    def __init__(self, twilio: FakeTwilio, home: Any) -> None:
        super().__init__(twilio, home, TWILIO_DRILL_FROM=SENDER, TWILIO_DRILL_SMS_PER_SECOND="200")

    def drill(self, verb: str, **args: Any) -> dict[str, Any]:
        """Do a verb of drills, which must be possible."""
        document = self.running.asks(f"drill-{verb}", **args)
        assert "error" not in document, document
        return document

    def begin(self, **args: Any) -> dict[str, Any]:
        """Plan, tell, release by two, and begin."""
        self.drill("plan", scenario="leak_drill", director="anna", **args)
        for who in ("alarm_centre", "tenants"):
            self.drill("notice", who=who, to="Ms Zhao", by="anna")
        self.drill("release", by="anna")
        self.drill("release", by="boris")
        return self.drill("begin", by="anna")

    def book(self) -> list[b.AnyEntry]:
        """Return the drill's book."""
        row = Books(self.store).by_code("DR1")
        assert row is not None
        return [written.entry for written in Books(self.store).read(row.id)]

    def entry(self, kind: type[b.Entry], **fields: Any) -> Any:
        """Wait for an entry of the book."""

        def look() -> Any:
            found = (x for x in self.book() if isinstance(x, kind))
            return next((x for x in found if all(getattr(x, k) == v for k, v in fields.items())), None)

        return until(look, f"for {kind.__name__} {fields}")

    def closes(self) -> None:
        """Confirm the line, and close."""
        self.drill("restored", who="alarm_centre", to="Ms Zhao", by="boris")
        assert self.drill("close", by="anna")["state"] == "closed"


@pytest.fixture
def drilled(twilio: FakeTwilio) -> Iterator[Drilled]:
    """That building, served."""
    home = make_home()
    put_scenario(home)
    made = Drilled(twilio, home)
    made.start()
    yield made
    made.stop()


def test_a_call_out_over_sockets(drilled: Drilled) -> None:
    """Telephones get a marked text from the sender of drills, answer to it, the last answer ends the drill, everybody
    who was reached hears the end, and it is closed."""
    code = drilled.begin(kind="callout", **{"with": ["boris", "emma", "felix", "guard"]})["incident"]
    for person in ("boris", "emma", "chloe", "felix"):
        mark = "演练" if person == "felix" else "DRILL"
        text = drilled.phone(person).expect_sms(mark, code)
        assert text.sender == SENDER
        assert text.body.count(mark) >= 2
        assert drilled.phone(person).texts(f"{code} 1", to=SENDER).status == 200
    assert drilled.entry(b.Ended).because == "scenario"
    shown = drilled.drill("show")
    assert all(each["after"] is not None for each in shown["answers"])
    drilled.phone("emma").expect_sms("has ended")
    drilled.phone("felix").expect_sms("结束")
    drilled.closes()

    strangers = {numbers for person in ("anna", "gina") for numbers in roster().people[person].numbers}
    assert not any(message.to in strangers for message in drilled.twilio.world.messages.values())


def test_a_full_drill_over_sockets_with_a_restart_in_the_middle(drilled: Drilled, twilio: FakeTwilio) -> None:
    """Injects that were still to come when the server stopped come in the next one, once; the answers of both count."""
    put_scenario(drilled.home, SCENARIO.replace("at: 30m", "at: 4s"))
    shown = drilled.begin(**{"with": ["guard"]})
    code = shown["incident"]
    drilled.phone("chloe").expect_sms("DRILL", "go and look")
    drilled.entry(b.InjectReleased, inject="I1")
    drilled.phone("chloe").expect_sms("water in the yard")
    drilled.calm()
    drilled.running.stop()
    drilled.store.close()
    twilio.world.routes.clear()
    again = Drilled(twilio, drilled.home)
    drilled.running, drilled.store = again.running, again.store
    drilled.start()
    drilled.phone("chloe").texts(f"{code}B 2", to=SENDER)
    drilled.entry(b.InjectReleased, inject="I3")
    released = [entry.inject for entry in drilled.book() if isinstance(entry, b.InjectReleased)]
    assert sorted(released) == sorted(set(released))
    assert drilled.running.asks("status", code=code)["facts"]["litres"] == "40"
    drilled.drill("end", by="anna")
    drilled.phone("chloe").expect_sms("has ended")
    drilled.closes()


def test_a_mask_holds_from_the_start(drilled: Drilled) -> None:
    """Who is lost from the first moment gets not even the first message: the gate keeps it, and the outbox says so."""
    lost = "I0: {kind: person.unreachable, at: 0s, target: chloe}\n  I1:"
    put_scenario(drilled.home, SCENARIO.replace("I1:", lost, 1))
    drilled.begin(**{"with": ["guard", "boris"]})
    drilled.phone("boris").expect_sms("DRILL")
    held = until(lambda: [row for row in drilled.rows() if row.person == "chloe" and row.provider_id], "for the gate")
    assert all(row.provider_id.startswith("withheld") for row in held)
    assert drilled.phone("chloe").inbox() == []
    drilled.drill("abort", reason="seen enough", by="anna")


def test_who_answers_a_paused_drill_learns_so_at_once(drilled: Drilled) -> None:
    """The director's pause tells nobody. Who texts meanwhile is told once that it stands still; what the answer did
    follows as it goes on."""
    code = drilled.begin(**{"with": ["guard"]})["incident"]
    chloe = drilled.phone("chloe")
    chloe.expect_sms("DRILL", "go and look")
    drilled.drill("pause", by="anna")
    chloe.texts(f"{code}B 1", to=SENDER)
    told = chloe.expect_sms(f"DRILL {code} is stopped", "wait for word")
    assert (told.sender, told.body.endswith(" DRILL")) == (SENDER, True)
    chloe.texts("where to?", to=SENDER)
    until(
        lambda: sum(row.status == "queued" for row in drilled.rows() if row.person == "chloe") >= 2, "for both answers"
    )
    assert len([row for row in drilled.rows() if row.id.startswith("still:")]) == 1
    assert not any("noted" in message.body for message in chloe.inbox())
    drilled.drill("resume", by="anna")
    chloe.expect_sms("noted, received")
    assert not any("is stopped" in message.body for message in drilled.phone("dmitri").inbox())
    drilled.drill("abort", reason="seen enough", by="anna")
