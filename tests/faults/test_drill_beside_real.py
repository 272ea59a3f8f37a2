"""A drill and something real at the same moment: who answers, who types a code and who dies in between hits what they
meant; and a drill that stood still goes on with everybody followed up."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emergency.app import App
from emergency.clock import VirtualClock
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.calls import STOPS
from emergency.core.incident import ASKING
from emergency.core.values import Mode, Severity, is_drill
from emergency.desk import _Piece
from emergency.drills import book
from emergency.drills.live import brake, gate, watch
from emergency.drills.live import running as live
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes
from emergency.last_resort import trigger as last_resort
from emergency.notify import Message
from emergency.store.drills import Books
from emergency.store.holds import held_since
from emergency.store.links import LinkRow
from emergency.store.store import SqliteStore
from emergency.verbs import perform
from emergency.web.answering import AlertPage
from tests.core import small
from tests.core.small import unattended
from tests.drilled import put_scenario
from tests.fakes import FakeNotifier, Killed
from tests.faults.test_drill_leaks import Drilled
from tests.faults.world import DeskOfOneThread, Wire
from tests.linked import Linked
from tests.serving import Running, make_app, make_home, until
from tests.small import MINUTE, NOON, SECOND, House


@pytest.fixture
def house() -> Drilled:
    """A building that practises."""
    return Drilled()


# answers find what they were meant for


def both(house: Drilled) -> tuple[str, str]:
    """Let the drill XL01 begin and then L01, which is real; everybody is called for both."""
    house.begin()
    house.pump()
    house.open("leak", id="real")
    house.pump()
    return "d1", "real"


@pytest.mark.parametrize(
    ("said", "hits"),
    [
        ("L01 1", "real"), ("XL01 1", "d1"), ("xl01 收到", "d1"), ("X L01 1", "d1"), ("X-L01, 1", "d1"),
        ("x\nL01 ok", "d1"), ("\u0425L01 1", "d1"), ("\u00d7L01 1", "d1"), ("1", "real"), ("fax L01 1", "real"),
        ("drill L01 1", None), ("演练L01收到", None), ("DRILL XL01 1", "d1"),
    ],
)  # fmt: skip
def test_a_code_hits_what_it_names(house: Drilled, said: str, hits: str | None) -> None:
    """An X that stands apart, or that a keyboard wrote in another alphabet, is still the drill's; who writes the code
    of what is real beside the word drill is asked which of them is meant."""
    both(house)
    outcome = house.texts("emma", said)
    answered = {id for id in ("d1", "real") if house.events(id, e.AlertAcknowledged)}
    assert answered == ({hits} if hits else set()), outcome
    if hits is None:
        assert outcome.kind == "which"
        assert "XL01" in outcome.says


def test_a_nine_of_somebody_in_both_is_answered_as_real() -> None:
    """Both hear it; the answer goes to the telephone although the drill began later and is one on the screen."""
    house = House([FakeNotifier("sms"), FakeNotifier("sms", name="screen", modes=["drill"])])
    house.open("leak", id="real")
    house.do("real", c.AssignRole(role="guard", person="dmitri", by="console"))
    house.open("leak", id="screen", mode="drill")
    assert all("chloe" in house.incident(id).of_person for id in ("real", "screen"))
    assert house.texts("chloe", "9").incident == "real"
    assert all("chloe" in house.incident(id).help for id in ("real", "screen"))


def test_a_nine_as_a_drill_ends_is_heard(house: Drilled) -> None:
    """The cry comes a moment after the last word of the drill: its director and command hear of it, by telephone."""
    house.begin()
    house.pump()
    house.do("d1", c.EndDrill(by="anna", because="director"))
    house.pump()
    before = len(house.drilled())
    assert house.texts("chloe", "9").kind == "help"
    house.pump()
    assert any("reports something REAL" in m.text for m in house.drilled()[before:])
    house.clock.advance(timedelta(hours=1))
    assert house.texts("emma", "9").kind == "nothing", "an hour later nobody is there to hear it"


@pytest.mark.parametrize("ended", ["drill", "real"])
def test_without_a_code_nothing_is_done_while_both_are_open(tmp_path: Path, ended: str) -> None:
    """One of them only waits for its follow-up: whoever types no code may mean that one, and is asked."""
    app = make_app(make_home(tmp_path), {}, [FakeNotifier("sms"), FakeNotifier("sms", name="s", modes=["drill"])])
    engine = app.engine()
    done = {
        kind: perform(app.desktop, engine, "trigger", {"playbook": "leak", "at": "hall", "drill": kind == "drill"})
        for kind in ("drill", "real")
    }
    cancel = {"code": done[ended]["incident"], "reason": "toast"}
    perform(app.desktop, engine, "cancel", cancel)
    for verb, args in (("stand-down", {"check": ["all"]}), ("cancel", {"reason": "toast"}), ("tell", {"text": "go"})):
        with pytest.raises(Mistakes, match="say which") as refused:
            perform(app.desktop, engine, verb, dict(args))
        assert all(each["incident"] in str(refused.value) for each in done.values())
    left = next(each for kind, each in done.items() if kind != ended)
    assert engine.incident(left["id"]).ended is None


# pages behind links


def page_of(house: Drilled, person: str) -> Callable[[], Any]:
    """Return a look at the page of the drill's first alert of somebody."""
    alert = next(a for a in house.alerts("d1", person) if a.kind in ASKING)
    now = house.clock.now()
    link = LinkRow(
        id=1, kind="alert", person=person, incident="d1", subject=f"d1/{alert.id}", made_at=now,
        expires_at=now + timedelta(hours=9),
    )  # fmt: skip
    return lambda: AlertPage(house.inbox).view(house.engine, link, "", "en")


@pytest.mark.parametrize(
    ("how", "says"),
    [("real", "something REAL"), ("red", "is stopped"), ("director", ""), ("duress", ""), ("abort", "is broken off"),
     ("end", "has ended")],
)  # fmt: skip
def test_a_page_of_a_drill_says_that_it_is_stopped(house: Drilled, how: str, says: str) -> None:
    """Who opens the link late does not go on playing; what was said under duress stands on no page."""
    house.begin()
    house.pump()
    look = page_of(house, "emma")
    match how:
        case "real":
            house.open("leak", id="real")
        case "red":
            brake.stop_all(house.engine, "console")
        case "director":
            brake.freeze(house.engine, "d1", "anna")
        case "duress":
            house.do("d1", c.AskHelp(person="chloe", via="duress"))
        case "abort":
            brake.abort(house.engine, "d1", "anna")
        case "end":
            house.do("d1", c.EndDrill(by="anna", because="director"))
    assert bool(house.incident("d1").frozen) is (how not in ("abort", "end"))
    view = look()
    assert (says in view.said) if says else view.said == ""
    if how == "real":
        house.do("real", c.CancelIncident(by="console", reason="seal:x"))
        brake.resume(house.engine, "d1", "anna")
        assert look().said == ""


def test_a_cry_counts_on_a_page_that_lies_open() -> None:
    """Somebody answered by radio for them, or they went back to a page that they had answered: every other button of it
    is stale, help is not; a shaking thumb is one cry. In a drill it stops the drill."""
    building = Linked().start()
    try:
        id = building.trigger(drill=True)
        chosen, path = building.does("status")["incident"], f"/a/{building.token('emma')}"
        page = building.get(path)
        building.taps(path, "1", page)
        building.does("reply", person="emma", text=f"{chosen} 3")
        assert "NOT noted" not in building.taps(path, "1", page).words, "it has done its work"
        assert "NOT noted" in building.taps(path, "4", page).words
        for _ in range(2):
            answer = building.post(path, {"form": page.form, "key": "9"})
            assert (answer.status, answer.headers["location"]) == (303, path)
        assert len(building.events(id, e.HelpAsked)) == 1
        assert building.events(id, e.DrillFrozen)
    finally:
        building.stop()


# the same moment, other ways to begin, clocks


class Planned:
    """Two drills of one scenario, told, released, and not begun; with senders for what is real beside them."""

    def __init__(self, home: Path) -> None:
        put_scenario(home)
        self.home = home
        self.clock = VirtualClock(NOON)
        self.app, self.engine = self.opened(home)
        for code, director in (("DR1", "anna"), ("DR2", "boris")):
            self.asks("drill-plan", scenario="leak_drill", director=director)
            self.asks("drill-notice", drill=code, who="alarm_centre", to="Ms Zhao", by="anna")
            self.asks("drill-notice", drill=code, who="tenants", to="Mr Qian", by="anna")
            self.asks("drill-release", drill=code, by="anna")
            self.asks("drill-release", drill=code, by="boris")

    def opened(self, home: Path) -> tuple[App, Engine]:
        """Open the store at *home* as a program does, beside a server that is alive."""
        doors = [FakeNotifier(ch, name="d", modes=["live_drill"]) for ch in ("sms", "voice")]
        app = make_app(home, {}, [*doors, FakeNotifier("sms"), FakeNotifier("voice")], self.clock)
        engine = app.engine()
        engine.store.beat(gate.SERVER, self.clock.now(), app.outbox(app.inline(engine)).worker)
        return app, engine

    def asks(self, verb: str, **args: Any) -> Any:
        """Do a verb."""
        return self.engine.unit(lambda engine: perform(self.app.desktop, engine, verb, args))


BEGIN, BEGIN_2 = ("drill-begin", {"drill": "DR1", "by": "anna"}), ("drill-begin", {"drill": "DR2", "by": "boris"})
TRIGGER = ("trigger", {"playbook": "leak", "at": "yard"})


@pytest.mark.parametrize(
    ("asked", "refused", "open_"),
    [
        ((BEGIN, TRIGGER), [""], {"XL01": True, "L01": False}),
        ((TRIGGER, BEGIN), ["", "is real and goes on"], {"L01": False}),
        ((BEGIN, BEGIN_2), ["", "end it first"], {"XL01": False}),
        ((BEGIN, BEGIN), [""], {"XL01": False}),
    ],
)
def test_what_begins_in_the_same_moment(
    tmp_path: Path, asked: tuple[Any, ...], refused: list[str], open_: dict[str, bool]
) -> None:
    """In one commit: what is real begins and no drill goes on beside it, in whatever order they came; of two drills one
    begins, and one that is begun twice is one."""
    planned = Planned(make_home(tmp_path))

    async def together() -> list[_Piece]:
        loop = asyncio.get_running_loop()
        pieces = [_Piece(lambda en, a=a: perform(planned.app.desktop, en, *a), loop) for a in asked]
        DeskOfOneThread(planned.engine).group(pieces)
        return pieces

    pieces = asyncio.run(together())
    for piece, says in zip(pieces, [*refused, "", ""], strict=False):
        assert (says in str(piece.error)) if says else piece.error is None
    assert {i.code: i.frozen is not None for i in planned.engine.open_incidents()} == open_


def expecting(planned: Planned) -> tuple[str, str]:
    """Begin the first drill and let it expect another incident; return the codes of both."""
    planned.asks(*BEGIN[:1], **BEGIN[1])
    (drill,) = planned.engine.open_incidents()
    planned.asks("fact", code=drill.code, values={"litres": "20"})
    planned.asks("transition", code=drill.code, to="drying", by="console", override=True, reason="x")
    (armed,) = (i for i in planned.engine.open_incidents() if i.armed)
    return drill.code, armed.code


@pytest.mark.parametrize("real", [True, False])
def test_what_a_stopped_drill_expects_does_not_begin(tmp_path: Path, real: bool) -> None:
    """Somebody confirms it while the drill stands still, for something real or by a pause: refused."""
    planned = Planned(make_home(tmp_path))
    drill, armed = expecting(planned)
    planned.asks(*TRIGGER[:1], **TRIGGER[1]) if real else planned.asks("drill-pause", drill="DR1", unsafe=True)
    with pytest.raises(CommandRefused, match=f"{armed} belongs to {drill}"):
        planned.asks("confirm", code=armed, at="hall")
    assert [i.armed for i in planned.engine.open_incidents() if i.code == armed] == [True]
    if not real:
        planned.asks("drill-resume", drill="DR1", by="anna")
        planned.asks("confirm", code=armed, at="hall")
        assert not [i for i in planned.engine.open_incidents() if i.armed]


@pytest.mark.parametrize("how", ["not stopped", "goes on by itself"])
def test_the_gate_sees_what_is_real_and_what_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Whatever went wrong before: beside something real, or a drill that stands still, nothing of it leaves."""
    planned = Planned(make_home(tmp_path))
    _, armed = expecting(planned)
    planned.asks("confirm", code=armed, at="hall")
    first, second = planned.engine.open_incidents()
    if how == "not stopped":
        monkeypatch.setattr(planned.engine, "freeze_drills", lambda *args: [])
        planned.asks(*TRIGGER[:1], **TRIGGER[1])
    else:
        planned.asks("drill-pause", drill="DR1", by="anna")
        planned.engine.handle(second.id, c.ResumeDrill(by="emma"))
    assert planned.engine.incident(second.id).frozen is None
    outbox = planned.app.outbox(planned.app.inline(planned.engine))
    asyncio.run(outbox.pump())
    asked = [m for door in planned.app.notifiers if isinstance(door, gate.Gate) for m in door._inner.asked]  # type: ignore[attr-defined]
    assert asked == []
    assert planned.engine.incident(first.id).deliveries


@pytest.mark.parametrize("by", ["emma", "console"])
def test_what_began_beside_a_drill_goes_on_by_its_director_alone(tmp_path: Path, by: str) -> None:
    """Somebody saw an unsafe act, and all of it stands still: nobody but the director lets any of it go on."""
    planned = Planned(make_home(tmp_path))
    drill, armed = expecting(planned)
    planned.asks("confirm", code=armed, at="hall")
    planned.asks("drill-pause", drill="DR1", by="anna", unsafe=True)
    for code in (armed, drill, "DR1", ""):
        with pytest.raises((CommandRefused, Mistakes)):
            planned.asks("drill-resume", drill=code, by=by)
    for incident in planned.engine.open_incidents():
        with pytest.raises(CommandRefused, match="only anna"):
            brake.resume(planned.engine, incident.id, by)
    assert all(i.frozen is not None for i in planned.engine.open_incidents())


def test_the_api_stops_a_drill(tmp_path: Path) -> None:
    """A panel that triggers over HTTP, with its key, stops the drill in the transaction that begins what is real;
    without the key it does nothing."""
    planned = Planned(make_home(tmp_path))
    planned.asks(*BEGIN[:1], **BEGIN[1])
    planned.engine.store.close()
    app = make_app(planned.home, {"EMERGENCY_API_KEY": "key"}, planned.app.notifiers, planned.clock)
    running = Running(app).start()
    try:
        assert running.api("trigger", TRIGGER[1])[0] == 401
        with closing(SqliteStore(planned.home / "emergency.db")) as store:
            (drill,) = store.open_incidents()
            assert held_since(store, drill.id) is None
            status, document = running.api("trigger", TRIGGER[1], "key")
            assert (status, document["mode"]) == (200, "real")
            assert held_since(store, drill.id) == planned.clock.now()
    finally:
        running.stop()


def test_a_trigger_that_cannot_be_written_stops_a_drill(tmp_path: Path) -> None:
    """Another process holds the store: nothing of the drill leaves meanwhile; it stands still as soon as that can be
    written, although what is real began elsewhere."""
    planned = Planned(make_home(tmp_path))
    planned.asks(*BEGIN[:1], **BEGIN[1])
    left: list[Message] = []
    for door in planned.app.notifiers:
        if isinstance(door, gate.Gate):
            door._inner.before_send = left.append  # type: ignore[attr-defined]
    other, impatient = planned.engine.store, "pragma busy_timeout = 20"
    running = Running(make_app(planned.home, {}, planned.app.notifiers, planned.clock)).start()
    try:
        running.on_loop(lambda server: server.desk.do(lambda engine: engine.store._db.execute(impatient) and None))
        other._db.execute("begin immediate")
        running.goes_round()  # what had been claimed before leaves
        before = len(left)
        assert "error" in running.asks(*TRIGGER[:1], **TRIGGER[1])
        assert len(left) == before
        marker = brake.read(planned.home)
        assert marker is not None
        assert marker.because == "real"
        other._db.execute("rollback")
        (drill,) = other.open_incidents()
        until(lambda: held_since(other, drill.id), "until it stands still")
    finally:
        running.stop()
        other.close()


def test_a_last_resort_stops_drills_without_a_store(tmp_path: Path) -> None:
    """The store cannot be used: the marker is there before the first real message leaves."""
    home = make_home(tmp_path)
    sms = FakeNotifier("sms")
    app = make_app(home, {}, [sms, FakeNotifier("voice")])
    app.keep_copy(app.engine())
    marked: list[bool] = []
    sms.before_send = lambda message: marked.append(brake.read(home) is not None)
    last_resort(home, app.notifiers, app.clock, lambda line: None, playbook="leak", at="hall", severity=None)
    assert marked
    assert all(marked)
    found = brake.read(home)
    assert found is not None
    assert found.because == "real"


@pytest.mark.parametrize("by", [-timedelta(hours=1), timedelta(0), timedelta(hours=1)])
def test_the_marker_stops_a_drill_whose_clock_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    """The machine's clock was set while the drill ran, and the engine's went on: a marker that bears the machine's time
    stops what began before it and nothing that began, or went on, after it."""
    house = Drilled()
    monkeypatch.setattr(brake, "wall_of", lambda clock: clock.now() + by)
    house.begin()
    stopped = brake.stopped_since(tmp_path, house.clock)
    house.clock.advance(MINUTE)
    marker = brake.Marker(house.clock.now() + by, "console", "red")
    brake.pull(tmp_path, marker)
    assert stopped(gate.last_begun(house.engine, house.incident("d1")))
    brake.follow(house.engine, marker)
    assert house.incident("d1").frozen is not None
    house.clock.advance(SECOND)
    brake.resume(house.engine, "d1", "anna")
    assert not stopped(gate.last_begun(house.engine, house.incident("d1")))
    brake.follow(house.engine, marker)
    assert house.incident("d1").frozen is None


@pytest.mark.parametrize(("back", "off"), [(timedelta(0), False), (timedelta(hours=1), True)])
def test_a_clock_set_back_while_nobody_watched(house: Drilled, back: timedelta, off: bool) -> None:
    """The next server finds that drills were watched over in what is now the future: how long nobody watched cannot be
    known, and the drill is broken off."""
    house.begin()
    house.store.beat(watch.WATCHED, house.clock.now() + back, house.outbox.worker)
    watch.keep_watch(house.engine, house.outbox.worker)
    assert bool(house.events("d1", e.DrillAborted)) is off


# a process that dies


def agrees(store: SqliteStore, engine: Engine) -> None:
    """Log, book, outbox, timers and what holds a drill back say the same of every drill."""
    books = Books(store)
    for row in books.all():
        at = live.stand_of(engine, row)
        assert (at.begun is None) is (row.incident is None)
        if row.incident is None:
            continue
        incident = engine.incident(row.incident)
        assert at.phase == ("over" if incident.over else "paused" if incident.frozen is not None else "running")
        assert (held_since(store, incident.id) is not None) is (incident.frozen is not None)
        waiting = store._db.execute(
            "select id, urgency from outbox where incident = ? and status = 'queued'", (incident.id,)
        ).fetchall()
        known = {d.id for d in incident.deliveries.values() if d.status == "queued"}
        assert {id for id, _ in waiting} == known
        assert not incident.over or {urgency for _, urgency in waiting} <= STOPS
        timers = {name for (name,) in store._db.execute("select name from timer where incident = ?", (incident.id,))}
        assert timers - {live.TIMER, live.NAG} == set(incident.timers)
    assert all(books.of(i.id) is not None for i in engine.open_incidents() if i.mode == "live_drill")


STEPS: dict[str, tuple[list[tuple[str, dict[str, Any]]], tuple[str, dict[str, Any]], str]] = {
    "begin": ([], BEGIN, "running"),
    "pause": ([BEGIN], ("drill-pause", {"drill": "DR1", "by": "emma"}), "paused"),
    "real": ([BEGIN], TRIGGER, "paused"),
    "resume": (
        [BEGIN, ("drill-pause", {"drill": "DR1"})], ("drill-resume", {"drill": "DR1", "by": "anna"}), "running",
    ),
    "abort": ([BEGIN], ("drill-abort", {"drill": "DR1", "by": "emma", "reason": "x"}), "over"),
    "end": (
        [BEGIN, ("drill-pause", {"drill": "DR1"})], ("drill-end", {"drill": "DR1", "by": "anna"}), "over",
    ),
}  # fmt: skip
"""What came before, what is asked as the process dies, and how the drill stands once that is done."""


@pytest.mark.parametrize("what", STEPS)
def test_a_death_at_any_statement_leaves_no_half(tmp_path: Path, what: str) -> None:
    """Wherever the process dies, another finds all of it or nothing; asked again it is done, once."""
    before, (verb, args), phase = STEPS[what]
    planned = Planned(make_home(tmp_path / "h" if (tmp_path / "h").mkdir() is None else tmp_path))
    for each, words in before:
        planned.asks(each, **words)
    planned.engine.store.close()
    left, died = 0, 0
    while True:
        home = tmp_path / f"h{left}"
        shutil.copytree(planned.home, home)
        app, engine = planned.opened(home)
        wire = Wire(engine.store._db)
        engine.store._db = wire  # type: ignore[assignment]
        wire.fuse = left
        ask = partial(perform, app.desktop, verb=verb, args={**args, "request": "r1"})
        try:
            engine.unit(lambda en, ask=ask: ask(en))
        except Killed:
            died += 1
        alive = not wire.dead
        wire.close()
        with closing(SqliteStore(home / "emergency.db")) as store:
            agrees(store, Engine(store, planned.clock))
        app, engine = planned.opened(home)
        ask = partial(perform, app.desktop, verb=verb, args={**args, "request": "r1"})
        engine.unit(lambda en, ask=ask: ask(en))
        row = Books(engine.store).by_code("DR1")
        assert row is not None
        assert live.stand_of(engine, row).phase == phase
        assert len([i for i in engine.store.all_incidents() if is_drill(i.mode)]) == 1
        agrees(engine.store, engine)
        engine.store.close()
        shutil.rmtree(home)
        if alive:
            break
        left += 1 + left // 3
    assert died > 5


# a drill that stood still


def test_a_drill_that_is_closed_while_it_stands_still_is_over(tmp_path: Path) -> None:
    """Nobody could let it go on, no timer of it wakes anybody: it ends there, and whom it reached is told."""
    planned = Planned(make_home(tmp_path))
    planned.asks(*BEGIN[:1], **BEGIN[1])
    outbox = planned.app.outbox(planned.app.inline(planned.engine))
    asyncio.run(outbox.pump())
    planned.asks("drill-pause", by="anna")
    code = planned.engine.open_incidents()[0].code
    planned.asks("transition", code=code, to="closed", by="console", override=True, reason="x")
    row = Books(planned.engine.store).by_code("DR1")
    assert row is not None
    assert [w.entry for w in Books(planned.engine.store).read(row.id) if isinstance(w.entry, book.Ended)]
    assert live.stand_of(planned.engine, row).phase == "over"
    agrees(planned.engine.store, planned.engine)
    asyncio.run(outbox.pump())
    said = [m.text for n in planned.app.notifiers if isinstance(n, gate.Gate) for m in n._inner.asked]  # type: ignore[attr-defined]
    assert any("has ended" in text or "结束" in text for text in said)


@pytest.mark.parametrize("grave", [Severity.red, None])
def test_a_drill_that_goes_on_hears_what_it_missed(grave: Severity | None) -> None:
    """While it stood still another drill got its people, and is over while it stands still once more: nobody stands in
    both unsaid, and nobody is thought busy with what is over."""
    house = House([FakeNotifier("sms", modes=["drill"])])
    house.open("leak", id="one", mode="drill")
    brake.freeze(house.engine, "one", "console", "red")
    house.open("leak", id="two", mode="drill", severity=grave)
    brake.resume(house.engine, "one", "console")
    one, two = house.incident("one"), house.incident("two")
    people = [{p for slots in i.roles.values() for p in slots.values()} for i in (one, two)]
    assert people[0] & people[1] <= one.shared | two.shared
    assert "chloe" in people[1]
    brake.freeze(house.engine, "one", "console", "red")
    house.do("two", c.CancelIncident(by="console", reason="seal:x"))
    brake.resume(house.engine, "one", "console")
    assert not [m.id for m in house.incident("one").members.values() if m.busy]


@pytest.mark.parametrize("slot", [1, 2])
@pytest.mark.parametrize("mode", ["real", "drill"])
def test_who_was_called_for_a_gap_is_followed_up_after_an_order(mode: Mode, slot: int) -> None:
    """Whoever commands was called on for the role of others who are silent, on the ladder of one of them; then somebody
    is ordered into one of the two places: the ladder goes on for whoever is still called on it."""
    steps = [small.a_step(f"s{n}") for n in range(3)]
    plan = small.a_plan(small.a_state("alarm", *steps, leave=[small.STILL]), calls="chief manager guard*2 desk")
    night = small.Night(plan, severity=Severity.orange, mode=mode)
    night.do(c.AssignRole(role="guard", slot=1, person="hana", by="console"))
    while not any(isinstance(event, e.GapEscalated) and event.role == "guard" for event, _ in night.history):
        night.wait(MINUTE)
    night.do(c.AssignRole(role="guard", slot=slot, person="mark", by="console"))
    assert unattended(night.incident) == []
    called = len(night.alerts())
    night.wait(10 * MINUTE)
    assert len(night.alerts()) >= called
    assert unattended(night.incident) == []


DOES = ("ack", "decline", "finish", "help", "lost", "team", "assign", "freeze", "resume", "wait", "wait")


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.sampled_from(DOES), st.integers(0, 99)), min_size=8, max_size=30))
def test_nobody_is_forgotten_over_a_standstill(night: list[tuple[str, int]]) -> None:
    """A drill is stopped and goes on again and again, and meanwhile people answer, decline, finish, cry for help, have
    numbers that fail, come and go: whoever is called on is followed up, while it stands still and when it goes on."""
    steps = [small.a_step(f"s{n}", done=(n + 1) * 5 * MINUTE) for n in range(2)]
    plan = small.a_plan(
        small.a_state("alarm", *steps, small.a_step("lead", "chief"), leave=[small.STILL]),
        calls="chief manager guard*2 desk",
    )
    it = small.Night(plan, severity=Severity.orange, mode="drill")
    for what, n in night:
        _happens(it, what, n)
        assert unattended(it.incident) == [], what
        assert it.incident.is_closed or it.incident.timers, what
    it.do(c.ResumeDrill(by="console"))
    assert [name for name, due in it.incident.timers.items() if due < it.now] == [], "none ran while it stood still"


def _happens(it: small.Night, what: str, n: int) -> None:
    incident = it.incident
    open_ = sorted(
        (a for a in incident.alerts.values() if a.kind in ASKING and a.status != "closed"), key=lambda a: a.id
    )
    alert = open_[n % len(open_)] if open_ else None
    members = sorted(incident.members)
    match what:
        case "ack" if alert:
            it.do(c.Acknowledge(alert=alert.id))
        case "decline" if alert:
            it.do(c.Decline(alert=alert.id))
        case "finish" if alert:
            it.do(c.FinishStep(step=alert.step or "", person=alert.person))
        case "help":
            it.do(c.AskHelp(person=members[n % len(members)]))
        case "lost":
            waiting = sorted(d.id for d in incident.deliveries.values() if d.status in ("queued", "sent"))
            if waiting:
                report = {"delivery": waiting[n % len(waiting)], "status": "failed", "reason": ("30003", "busy")[n % 2]}
                it.do(c.RecordDelivery(**report))  # type: ignore[arg-type]
        case "team":
            left = tuple(m for m in small.TEAM if m.id != members[n % len(members)] or len(members) < 4)
            it.do(c.UpdateRoster(members=left, until=None))
        case "assign":
            role = ("guard", "manager", "chief")[n % 3]
            it.do(c.AssignRole(role=role, slot=1 + n % 2, person=members[n % len(members)], by="console"))
        case "freeze":
            it.do(c.FreezeDrill(by="console", because=("red", "real", "director")[n % 3]))
        case "resume":
            it.do(c.ResumeDrill(by="console"))
        case "wait":
            if incident.frozen is None:
                it.wait(timedelta(seconds=7 * n))
            else:
                it.now += timedelta(seconds=7 * n)
