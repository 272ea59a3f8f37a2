"""The engine: load, decide, append. All of a piece of work is on the disk when it returns, or none of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from emergency.clock import VirtualClock
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.values import Severity
from emergency.engine import ASKING_LIFE, TELLING_LIFE, Engine
from emergency.errors import CommandRefused, StoreDamaged
from emergency.roster import Reach
from emergency.store.store import SqliteStore
from tests.small import MINUTE, NOON, SECOND, House, plan, site


class Movable(VirtualClock):
    """A clock that may also be set back, as the clock of a machine may."""

    def set(self, moment: Any) -> None:
        """Stand at *moment* from now on."""
        self._now = moment


def two_houses(tmp_path: Path) -> tuple[House, House]:
    """Return two processes over one store."""
    clock = VirtualClock(NOON)
    path = tmp_path / "emergency.db"
    first = House(store=SqliteStore(path), clock=clock)
    return first, House(store=SqliteStore(path), clock=clock, fresh=False)


def damage(store: SqliteStore, id: str) -> None:
    """Let the log of an incident be unreadable."""
    store._db.execute("update event set v = 99 where incident = ?", (id,))


# opening


def test_the_same_id_is_one_incident() -> None:
    """A request that is made twice, because nobody answered the first, opens one incident and calls everybody once."""
    house = House()
    first, again = house.open(id="x"), house.open(id="x")
    assert (first.code, first.version, len(house.rows())) == (again.code, again.version, 6)
    assert [row.id for row in house.store.all_incidents()] == ["x"]


def test_codes_are_chosen_by_the_engine() -> None:
    """Each incident gets the next code of its plan and kind."""
    house = House()
    opened = [house.open(), house.open("noise"), house.open(mode="drill"), house.open()]
    assert [incident.code for incident in opened] == ["L01", "N01", "XL01", "L02"]


def test_every_message_and_clock_of_an_opening_is_in_the_store() -> None:
    """What the log asks for stands in the outbox and among the timers, and nothing else does."""
    house = House()
    incident = house.open()
    assert {d.id for d in incident.deliveries.values()} == {row.id for row in house.rows()}
    timers = {(t.name, t.due) for t in house.store.due_timers(NOON + timedelta(days=9), 1000)}
    assert set(incident.timers.items()) == timers != set()


@pytest.mark.parametrize(
    "kind, life",
    [pytest.param("task", ASKING_LIFE, id="a call for an answer"), pytest.param("tell", TELLING_LIFE, id="news")],
)
def test_how_long_a_message_is_worth_sending(kind: str, life: timedelta) -> None:
    """A call for an answer is stale after half an hour, news after four."""
    house = House()
    incident = house.open(id="x")
    incident = house.do("x", c.Tell(by="console", text=house.store.seal("hello"), people=("chloe",)))
    alerts = {alert.id for alert in incident.alerts.values() if alert.kind == kind}
    rows = [row for row in house.rows() if row.alert in alerts]
    assert rows
    assert {life} == {row.expires_at - row.queued_at for row in rows}


# handling


def test_a_refusal_changes_nothing() -> None:
    """After CommandRefused the incident is what it was, in memory and on the disk."""
    house = House()
    before = house.open(id="x")
    with pytest.raises(CommandRefused):
        house.do("x", c.OrderTransition(to="nowhere", by="console"))
    assert before is house.incident("x")
    assert before.version == house.store.verify("x")


def test_an_unknown_incident_is_refused() -> None:
    """A command to an incident that is not there is refused by name."""
    with pytest.raises(CommandRefused, match="no incident x9"):
        House().do("x9", c.AskHelp(person="emma"))


def test_asking_twice_writes_nothing() -> None:
    """A command that changes nothing leaves the log as long as it was."""
    house = House()
    house.open(id="x")
    alert = house.alert("x", "emma", "kind").id
    once = house.do("x", c.Acknowledge(alert=alert))
    assert once.version == house.do("x", c.Acknowledge(alert=alert)).version == house.store.verify("x")


def test_what_another_process_wrote_is_seen(tmp_path: Path) -> None:
    """An engine that remembers an incident still reads what others have added, before it decides."""
    ours, theirs = two_houses(tmp_path)
    ours.open(id="x")
    theirs.do("x", c.Acknowledge(alert=theirs.alert("x", "emma", "kind").id))
    assert ours.incident("x").version == theirs.incident("x").version
    before = ours.incident("x").version
    ours.do("x", c.Acknowledge(alert=ours.alert("x", "emma", "kind").id))
    assert before == ours.incident("x").version


def test_work_that_fails_is_forgotten_in_memory_too() -> None:
    """When a later part of the same work fails, the incident is again what the disk says."""
    house = House()
    before = house.open(id="x")

    def work(engine: Engine) -> None:
        engine.handle("x", c.AskHelp(person="emma"))
        assert "emma" in engine.incident("x").help
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        house.engine.unit(work)
    assert (set(house.incident("x").help), house.store.verify("x")) == (set(), before.version)


def test_work_within_work_may_fail_alone() -> None:
    """An inner piece that is refused is undone, in memory too, and the outer one goes on from before it."""
    house = House()
    house.open(id="x")

    def inner(engine: Engine) -> None:
        engine.handle("x", c.AskHelp(person="chloe"))
        raise ZeroDivisionError

    def outer(engine: Engine) -> None:
        engine.handle("x", c.AskHelp(person="emma"))
        with pytest.raises(ZeroDivisionError):
            engine.unit(inner)
        engine.handle("x", c.AskHelp(person="felix"))

    house.engine.unit(outer)
    assert set(house.incident("x").help) == {"emma", "felix"}
    assert {event.person for event in house.events("x", e.HelpAsked)} == {"emma", "felix"}
    house.store.verify("x")


# time


def test_a_clock_that_is_set_back_does_not_turn_the_log_around() -> None:
    """After the machine's clock jumped back, new lines bear the moment of the last one: a log never goes backwards."""
    clock = Movable(NOON)
    house = House(clock=clock)
    house.open(id="x")
    clock.set(NOON - timedelta(hours=1))
    house.do("x", c.AskHelp(person="emma"))
    moments = [at for _, at in house.store.history("x")]
    assert moments == sorted(moments)
    assert moments[-1] == NOON


def test_overdue_timers_fire_once_in_order_and_say_how_late() -> None:
    """After a night without power every clock that is due fires once, oldest first, with its lateness."""
    house = House()
    house.open(id="x")
    house.open("noise", id="y")
    due = {(t.incident, t.name): t.due for t in house.store.due_timers(NOON + 9 * MINUTE, 1000)}
    house.clock.advance(9 * MINUTE)
    assert len(due) == house.engine.fire_due()
    fired = [(id, event) for id in ("x", "y") for event in house.events(id, e.TimerFired)]
    assert len(due) == len(fired)
    for id, event in fired:
        assert NOON + 9 * MINUTE - due[id, event.timer] == event.late_by
    for id in ("x", "y"):
        moments = [due[i, event.timer] for i, event in fired if i == id]
        assert moments == sorted(moments)


def test_a_timer_in_time_is_not_late() -> None:
    """Less than a second is not worth a word."""
    house = House()
    house.open(id="x")
    first = house.store.next_timer()
    assert first is not None
    house.clock.move_to(first + timedelta(milliseconds=999))
    house.engine.fire_due()
    assert {None} == {event.late_by for event in house.events("x", e.TimerFired)}


def test_a_timer_that_the_log_does_not_know_wakes_nobody() -> None:
    """A row without a wish in the log is removed and does nothing."""
    house = House()
    version = house.open(id="x").version
    house.store.set_timers("x", {"rung:a99": NOON})
    assert house.engine.fire_due() == 1
    assert (0, version) == (house.engine.fire_due(), house.incident("x").version)


@pytest.mark.parametrize("timers", [1, 30], ids=["one of its clocks is due", "more are due than are fired at once"])
def test_a_damaged_log_stops_no_other_clock(timers: int) -> None:
    """An incident that cannot be read keeps its own timers waiting and no others; the trouble is told."""
    house = House()
    house.open(id="x")
    house.open("noise", id="y")
    for n in range(timers):
        house.store.set_timers("x", {f"rung:b{n}": NOON - timedelta(hours=1)})
    damage(house.store, "x")
    fresh = Engine(house.store, house.clock)
    house.clock.advance(2 * MINUTE)
    while fresh.store.due_timers(house.clock.now() - MINUTE, 1000)[-1].incident == "y":
        assert fresh.fire_due(limit=5)
    with pytest.raises(StoreDamaged):
        fresh.fire_due(limit=5)
    fired = [event for event, _ in house.store.history("y") if isinstance(event, e.TimerFired)]
    assert len(fired) >= 1


def test_a_damaged_log_keeps_no_other_incident_from_work() -> None:
    """With one log unreadable others can be opened, are listed, and take answers."""
    house = House()
    house.open(id="x")
    damage(house.store, "x")
    house.engine = Engine(house.store, house.clock)
    house.open("noise", id="y")
    assert [incident.id for incident in house.engine.open_incidents()] == ["y"]
    (run,) = [run for run in house.incident("y").steps.values() if run.name == "listen"]
    person = house.incident("y").alerts[run.alerts[0]].person
    assert house.texts(person, f"N01{run.letter}1").kind == "acknowledged"
    with pytest.raises(StoreDamaged):
        house.engine.incident("x")


def test_closing_ends_all_clocks() -> None:
    """When the plan has come to its final state nothing is left to fire, and the row is closed."""
    house = House()
    house.open(id="x")
    house.do("x", c.CancelIncident(by="console", reason=house.store.seal("it was rain")))
    house.wait(timedelta(hours=1) + SECOND)
    row = house.store.incident("x")
    assert row is not None
    assert house.incident("x").is_closed
    assert (house.clock.now(), []) == (row.closed_at, house.store.due_timers(NOON + timedelta(days=99)))


def test_what_is_taken_back_leaves_the_outbox() -> None:
    """An answer that comes before the message went out takes it back: nobody is called for nothing."""
    house = House()
    house.open(id="x")
    house.do("x", c.Acknowledge(alert=house.alert("x", "emma", "kind").id))
    assert house.statuses("emma") == ["dropped"]


def test_after_the_end_nothing_more_is_expected() -> None:
    """A state that is ordered once it has ended lets nothing be expected: no end would follow to let go of it."""
    house = House()
    house.open(id="x")
    house.do("x", c.CancelIncident(by="console", reason="seal:toast"))
    house.do("x", c.ReportFact(fact="litres", value="9", by="console"))
    house.do("x", c.OrderTransition(to="drying", by="console", override=True, reason="seal:wet"))
    assert house.incident("x").state == "drying"
    assert house.events("x", e.KnockOnExpected) == []


def an_incident_that_cannot_be_told(house: House) -> None:
    """Write a light incident that has chloe, at a place that its site does not know: nobody can be told where it is."""
    members = house.people.members(house.engine, Reach(), NOON)
    opened = e.IncidentOpened(
        incident="odd", code="N90", mode="real", playbook=plan("noise"), site=site(), place="nowhere",
        severity=Severity.blue, members=members, by="console",
    )  # fmt: skip
    written = [
        opened,
        e.StateEntered(state="heard", via="opening", by="console"),
        e.RoleAssigned(role="guard", slot=1, person="chloe", because="holder"),
        e.StepStarted(step="s1", name="listen", role="guard", letter="A"),
        e.AlertRequested(alert="a1", person="chloe", kind="task", role="guard", slot=1, step="s1"),
    ]
    house.engine.unit(lambda engine: engine.store.append("odd", 0, written, NOON))


def test_an_incident_that_cannot_follow_keeps_no_other_from_beginning() -> None:
    """A graver incident takes somebody out of one whose own decision fails: it begins all the same, everybody of it is
    called, and the other stays as it was, readable and counted."""
    house = House()
    an_incident_that_cannot_be_told(house)
    before = house.incident("odd")
    with pytest.raises(KeyError):
        house.do("odd", c.HearOfOthers(taken=("chloe",), to="L99"))

    leak = house.open(id="leak", severity=Severity.red)

    assert house.incident("leak") == leak
    assert "chloe" in leak.holders("guard")
    assert house.rows("chloe")
    assert house.incident("odd") == before
    assert house.store.verify("odd") == before.version
    assert house.store.counters()["incident_not_told"] >= 1
    lead = house.alert("leak", "anna", "lead")
    assert house.do("leak", c.Acknowledge(alert=lead.id, via="sms")).alerts[lead.id].status == "acknowledged"
