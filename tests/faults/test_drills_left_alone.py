"""Drills that nobody watches, calls that are under way, words that look like a drill, and what is shared with what is
real: each promise with somebody who tries to break it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from emergency import ids
from emergency.app import behind_the_gate
from emergency.clock import SystemClock, VirtualClock
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.calls import STOPS
from emergency.core.marks import bears_mark, begins_as_a_drill
from emergency.core.practice import MAXIMUM
from emergency.core.templates import END_MARK, MARK, TEMPLATES
from emergency.core.values import Text
from emergency.core.wording import wrap
from emergency.desk import InlineDesk
from emergency.drills import book
from emergency.drills.live import brake, gate, hanging_up, watch
from emergency.drills.live import running as live
from emergency.drills.scenario import Scenario
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes, TemporaryFailure, UnknownOutcome
from emergency.loader import read_site
from emergency.notify import Receipt
from emergency.outbox import CALL_AGAIN, HANGS_UP
from emergency.store import codec
from emergency.store.drills import Books
from emergency.store.store import SqliteStore
from emergency.verbs import perform
from tests.drilled import SCENARIO, put_scenario
from tests.fake_twilio import NUMBERS, FakeTwilio
from tests.fakes import FakeNotifier
from tests.faults.test_drill_leaks import Drilled, begun, env_of, sent
from tests.serving import Running, make_app, make_home, until
from tests.small import MINUTE, NOON, SECOND, SITE, House, number, plan, roster, site

WORKER = ids.worker_id()
OFF = ("broken off", "已中止", "已终止")


@pytest.fixture
def house() -> Drilled:
    """A building that practises."""
    return Drilled()


def over(house: House, id: str) -> list[str]:
    """Why a drill was broken off; nothing while it was not."""
    return [event.because for event in house.events(id, e.DrillAborted)]


# nobody watches


@pytest.mark.parametrize(("away", "because"), [(59, []), (60, []), (61, ["heartbeat"]), (1200, ["heartbeat"])])
def test_a_drill_that_nobody_watched_is_broken_off(house: Drilled, away: int, because: list[str]) -> None:
    """After more than a minute without a beat the next one breaks it off, before anything that is due: only the words
    that say so leave, and only to those whom it had reached."""
    watch.keep_watch(house.engine, WORKER)
    house.begin()
    house.pump()
    reached, before = {m.to for m in house.drilled()}, len(house.drilled())
    watch.keep_watch(house.engine, WORKER)
    house.clock.advance(away * SECOND)
    watch.keep_watch(house.engine, WORKER)
    assert over(house, "d1") == because
    house.pump()
    new = house.drilled()[before:]
    if because:
        assert {m.to for m in new} == reached
        assert all(any(word in m.text for word in OFF) for m in new)
    watch.keep_watch(house.engine, WORKER)
    assert over(house, "d1") == because, "once"


def test_a_drill_that_began_after_the_last_beat_counts_from_its_beginning(house: Drilled) -> None:
    """A server that was off all night breaks off no drill that has just begun."""
    watch.keep_watch(house.engine, WORKER)
    house.clock.advance(timedelta(hours=9))
    house.begin()
    house.clock.advance(30 * SECOND)
    watch.keep_watch(house.engine, WORKER)
    assert over(house, "d1") == []


def test_what_became_real_meanwhile_is_said(house: Drilled) -> None:
    """A real incident froze it while no server was there; then it is broken off, and those in it hear why."""
    watch.keep_watch(house.engine, WORKER)
    house.begin()
    house.pump()
    house.clock.advance(10 * SECOND)
    house.open("leak", id="real")
    assert house.incident("d1").frozen == house.clock.now()
    house.clock.advance(2 * MINUTE)
    before = len(house.drilled())
    watch.keep_watch(house.engine, WORKER)
    assert house.incident("d1").over == "aborted_real"
    house.pump()
    new = house.drilled()[before:]
    assert new
    assert all("REAL" in m.text or "真实" in m.text for m in new)


def test_one_that_cannot_be_broken_off_keeps_no_other_going(house: Drilled) -> None:
    """Its log is damaged: the others are broken off, and the beat is written."""
    house.begin("d1")
    house.begin("d2")
    house.engine._cache.clear()
    house.store._db.execute("update event set data = x'7b' where incident = 'd1' and seq = 4")
    house.clock.advance(2 * MINUTE)
    watch.keep_watch(house.engine, WORKER)
    assert over(house, "d2") == ["heartbeat"]
    beat = house.store.heartbeat(watch.WATCHED)
    assert beat is not None
    assert beat[0] == house.clock.now()


def test_a_restored_drill_waits_for_its_director(house: Drilled) -> None:
    """It stands still since a backup was put back, whose beats are old: that is its director's to decide."""
    house.begin()
    brake.freeze(house.engine, "d1", "console", watch.RESTORED)
    house.clock.advance(20 * MINUTE)
    watch.keep_watch(house.engine, WORKER)
    assert over(house, "d1") == []
    assert house.incident("d1").frozen is not None


def test_a_drill_on_the_screen_needs_nobody_who_watches(house: Drilled) -> None:
    """It reaches no telephone, and may wait for the next day."""
    house.open("leak", mode="drill", id="screen")
    house.clock.advance(timedelta(hours=20))
    watch.keep_watch(house.engine, WORKER)
    assert over(house, "screen") == []


def test_past_its_maximum_it_is_broken_off_by_the_first_beat(house: Drilled) -> None:
    """The server was away for less than a minute, in which the longest time passed: nothing leaves before."""
    house.begin()
    house.clock.move_to(house.incident("d1").timers[MAXIMUM] - SECOND)
    house.store.beat(watch.WATCHED, house.clock.now(), WORKER)
    watch.keep_watch(house.engine, WORKER)
    assert over(house, "d1") == []
    house.clock.advance(2 * SECOND)
    watch.keep_watch(house.engine, WORKER)
    assert over(house, "d1") == ["maximum"]


@pytest.mark.parametrize("beats", ["none", "old", "dead", "ahead"])
def test_without_a_server_nothing_of_a_drill_leaves(house: Drilled, beats: str) -> None:
    """Nobody would hear the answers: the messages wait; with a server they go. The word that it is over always goes."""
    house.begin()
    if beats != "none":
        at = house.clock.now() + {"old": -61, "dead": 0, "ahead": 61}[beats] * SECOND
        house.store.beat(gate.SERVER, at, "999999999:dead" if beats == "dead" else WORKER)
    House.pump(house)
    assert house.drilled() == []
    house.wait(10 * SECOND)
    assert house.drilled()
    before = len(house.drilled())
    house.store.stop_beating(gate.SERVER, house.outbox.worker)
    brake.abort(house.engine, "d1", "anna")
    House.pump(house)
    assert len(house.drilled()) > before


# with a server


@pytest.fixture
def mill() -> Iterator[tuple[Path, FakeTwilio]]:
    """A place for a server of the small building with a sender for drills."""
    home = make_home()
    put_scenario(home)
    twilio = FakeTwilio()
    twilio.start()
    yield home, twilio
    twilio.stop()
    shutil.rmtree(home, ignore_errors=True)


class Ahead:
    """A clock that runs as the machine's does, and may be put ahead, as if so long nothing had happened."""

    def __init__(self, by: timedelta = timedelta(0)) -> None:
        self.by = by
        self._clock = SystemClock()

    def now(self) -> datetime:
        """Return this moment."""
        return self._clock.now() + self.by


def serve(home: Path, twilio: FakeTwilio, clock: Ahead | None = None, **more: str) -> Running:
    """Start a server."""
    return Running(make_app(home, env_of(twilio, **more), clock=clock)).start()


def aborted(home: Path) -> list[str]:
    """Why drills of the store were broken off, as another process reads it."""
    store = SqliteStore(home / "emergency.db")
    try:
        events = [event for row in store.all_incidents() for event, _ in store.history(row.id)]
        return [event.because for event in events if isinstance(event, e.DrillAborted)]
    finally:
        store.close()


@pytest.mark.parametrize("how", ["started again", "stalled"])
def test_a_server_that_was_away_breaks_the_drill_off_first(mill: tuple[Path, FakeTwilio], how: str) -> None:
    """Started anew, or going on after it stood still: those reached are told, the book says so, nothing else goes."""
    home, twilio = mill
    clock = Ahead()
    running = serve(home, twilio, clock)
    begun(running)
    until(lambda: len(sent(twilio)) >= 2, "for the first texts; others still wait for their turn")
    if how == "stalled":
        clock.by = timedelta(minutes=20)
        running.on_loop(lambda server: server.beat())
    else:
        running.stop()
        running = serve(home, twilio, Ahead(timedelta(minutes=20)))
    assert aborted(home) == ["heartbeat"]
    calls = len(twilio.calls)

    def said() -> list[bool]:
        return [any(word in body for word in OFF) for _, body in sent(twilio)]

    until(lambda: sum(said()) >= 2, "for the word that it is over")
    running.on_loop(lambda server: server.outbox.pump())
    assert all(said()[said().index(True) :]), "nothing of the drill leaves behind it"
    assert len(twilio.calls) == calls
    assert running.asks("drill-show")["state"] == "over"
    running.stop()


def test_a_server_that_was_away_for_a_moment_goes_on(mill: tuple[Path, FakeTwilio]) -> None:
    """Started anew within a minute: the drill goes on."""
    home, twilio = mill
    running = serve(home, twilio)
    begun(running)
    running.stop()
    running = serve(home, twilio)
    assert aborted(home) == []
    running.stop()


def test_a_drill_does_not_begin_without_a_server(tmp_path: Path) -> None:
    """Planned, told and released: without anybody who watches it is refused with the way out, and nothing is opened."""
    home = make_home(tmp_path)
    put_scenario(home)
    app = make_app(home, {}, [FakeNotifier("sms", modes=["live_drill"]), FakeNotifier("voice", modes=["live_drill"])])
    engine = app.engine()

    def asks(verb: str, **args: Any) -> None:
        engine.unit(lambda e: perform(app.desktop, e, f"drill-{verb}", args))

    asks("plan", scenario="leak_drill", director="anna")
    asks("notice", who="alarm_centre", to="Ms Zhao", by="anna")
    asks("notice", who="tenants", to="Mr Qian", by="anna")
    asks("release", by="anna")
    asks("release", by="boris")
    with pytest.raises(CommandRefused, match="emergency serve"):
        asks("begin", by="anna")
    assert engine.open_incidents() == []


# calls that are under way


class Switchboard(FakeNotifier):
    """A provider that can end calls, and remembers which. trouble: what comes of it instead."""

    def __init__(self, **more: Any) -> None:
        super().__init__("voice", **more)
        self.cut: list[str] = []
        self.tried = 0
        self.trouble: Exception | None = None
        self.stuck = False

    async def hang_up(self, receipt: Receipt) -> bool:
        """End the call, or do not."""
        self.tried += 1
        if self.stuck:
            await asyncio.Event().wait()
        if self.trouble is not None:
            raise self.trouble
        self.cut.append(receipt.provider_id)
        return True


class Calling(Drilled):
    """The building in which everybody of the drill is on the telephone."""

    def __init__(self) -> None:
        super().__init__()
        self.board = Switchboard(name="d", modes=["live_drill"])
        self.board.before_send = self.left.append
        door: Any = next(n for n in self.notifiers if isinstance(n, gate.Gate) and n.channel == "voice")
        door._inner = self.board

    def ring(self) -> list[str]:
        """Begin a drill and wait until calls of it go on; return their ids."""
        self.begin()
        self.pump()
        for _ in range(12):
            if self.board.taken:
                return list(self.board.taken)
            self.wait(15 * SECOND)
        raise AssertionError("nobody was called")


@pytest.fixture
def calling() -> Calling:
    """A building with a switchboard."""
    return Calling()


def stop_by(house: Calling, how: str) -> None:
    """Stop the drill in one of the ways."""
    match how:
        case "real":
            house.open("leak", id="real")
        case "help":
            house.texts("chloe", "9")
        case "red":
            brake.stop_all(house.engine, "console")
        case "unsafe":
            brake.freeze(house.engine, "d1", "emma", "unsafe")
        case "director":
            brake.freeze(house.engine, "d1", "anna")
        case "abort":
            brake.abort(house.engine, "d1", "emma")
        case "end":
            house.do("d1", c.EndDrill(by="anna", because="director"))


@pytest.mark.parametrize(
    ("how", "cut"),
    [("real", 1), ("help", 1), ("red", 1), ("unsafe", 1), ("abort", 1), ("director", 0), ("end", 0), ("none", 0)],
)
def test_calls_under_way_are_ended(calling: Calling, how: str, cut: bool) -> None:
    """Where the drill is broken off or stops for something that nobody may miss; each once. Not where its director
    only pauses it, nor at its planned end, nor ever by itself."""
    going = calling.ring()
    stop_by(calling, how)
    calling.pump()
    calling.pump()
    assert calling.board.cut == (going if cut else [])


def test_the_call_that_says_so_is_not_ended(calling: Calling) -> None:
    """Who has no texts hears by a call that the drill is over: that one is heard to its end."""
    calling.ring()
    brake.abort(calling.engine, "d1", "emma")
    row = next(r for r in _rows(calling) if r.channel == "voice" and r.incident == "d1")
    calling.store._db.execute("update outbox set urgency = ? where id = ?", (min(STOPS), row.id))
    calling.pump()
    assert row.provider_id not in calling.board.cut


def test_a_real_call_is_left_alone(calling: Calling) -> None:
    """Whatever is stopped, no call of something real is ended."""
    calling.open("leak", id="real")
    for _ in range(12):
        calling.wait(15 * SECOND)
    assert calling.real[1].taken
    brake.stop_all(calling.engine, "console")
    calling.pump()
    assert calling.board.tried == 0


@pytest.mark.parametrize(
    "trouble", [TemporaryFailure("no_connection"), UnknownOutcome("no_answer"), RuntimeError("slip"), OSError("away")]
)
def test_a_failure_to_hang_up_delays_nothing(calling: Calling, trouble: Exception) -> None:
    """The freeze stands and what is real has left; the call is tried again, until it may be taken to have ended."""
    going = calling.ring()
    calling.board.trouble = trouble
    calling.open("leak", id="real")
    assert calling.incident("d1").frozen is not None
    calling.pump()
    assert calling.really()
    assert calling.board.tried == len(going)
    task = calling.outbox._hanging_up._task
    assert task is not None
    assert task.exception() is None
    calling.board.trouble = None
    calling.pump()
    assert calling.board.cut == going
    calling.clock.advance(2 * MINUTE)
    calling.pump()
    assert calling.board.tried == 2 * len(going)


def test_hanging_up_that_never_answers_holds_up_nobody(calling: Calling, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider hangs: real messages go first, and a command that ends does not wait for long."""
    calling.ring()
    monkeypatch.setattr(hanging_up, "PATIENCE", 0.05)
    calling.board.stuck = True
    calling.open("leak", id="real")
    calling.pump()  # else it would never end
    assert calling.really()


def test_with_a_server_a_call_is_cut_at_once(mill: tuple[Path, FakeTwilio]) -> None:
    """Somebody listens to the drill's call when something real begins: the line is free, and the real call rings."""
    home, twilio = mill
    for person in roster().people.values():
        for each in person.numbers:
            twilio.phone(each).answers_by_hand(patience=600).ignore_unexpected()
    running = serve(home, twilio, TWILIO_NO_TEXTS="1")
    begun(running)
    until(lambda: any(call.status == "in-progress" for call in twilio.calls), "for somebody who listens")
    listening = [call for call in twilio.calls if call.status == "in-progress"]
    with running.without_alarms():
        running.asks("trigger", playbook="leak", at="hall")
        until(lambda: all(call.ended for call in listening), "until the line is free")
    until(lambda: any(call.sender == NUMBERS[0] for call in twilio.calls), "for the real call")
    assert not any(call.history[-1][1] == "canceled" for call in twilio.calls if call.sender == NUMBERS[0])
    for call in twilio.calls:
        call.keys_by_hand.put_nowait("hang up")
    running.stop()


def _rows(house: House) -> list[Any]:
    ids = [id for (id,) in house.store._db.execute("select id from outbox order by rowid")]
    return [house.store.delivery(id) for id in ids]


# words that look like a drill


@pytest.mark.parametrize(
    "sign", ["演练", "演 练", "某某演练中心", "DRILL", "drill", "Old DRILL Mill", "ＤＲＩＬＬ", "[DRILL]"]
)
def test_a_site_may_not_send_under_the_drill_mark(sign: str) -> None:
    """Its real texts would be refused, or be taken for practice: the file is refused with its line."""
    for zh, en in ((sign, "Old Mill"), ("老磨坊", sign)):
        words = f"signature: {{zh: '{zh}', en: '{en}'}}"
        raw = SITE.replace("signature: {zh: 老磨坊, en: Old Mill}", words)
        with pytest.raises(Mistakes, match="drill mark") as refused:
            read_site(raw.encode(), "site.yaml")
        line = next(n for n, each in enumerate(raw.splitlines(), 1) if each.startswith("signature"))
        assert [(p.file, p.line) for p in refused.value.problems] == [("site.yaml", line)]


@pytest.mark.parametrize("sign", ["Old Mill", "Drill Hall Museum", "Drillco", "老磨坊", "演武厅"])
def test_other_names_are_free(sign: str) -> None:
    """A name that only looks a little like it is nobody's fault, and what is sent under it passes."""
    assert not bears_mark(sign)
    for language in ("zh", "en"):
        assert not begins_as_a_drill(wrap("L01 leak", sign, language, "real"), language, "sms")


TYPED = [
    "演练", "【演练】快来【演练】", "这不是演练", "演练 大厅着火 演练", "DRILL", "DRILL come now DRILL",
    "drill, drill, drill.", "Drill, drill, drill. Come. This was a drill.",
    "this is not a drill", "演练,演练。快来。以上是演练。",
]  # fmt: skip


def test_no_words_of_ours_let_typed_ones_come_first() -> None:
    """What somebody typed, a name or a place never stands where the drill mark would: code or signature do."""
    ours = {"code", "ref", "sign", "spoken", "n"}
    pieces = {name for name in TEMPLATES if name == "more" or name.startswith("move_")}
    drills = {"real_help"}
    for name, text in TEMPLATES.items():
        for language in ("zh", "en"):
            words = text.of(language)
            if words.startswith("{{") and name not in pieces | drills:
                assert words[2 : words.index("}")] in ours, (name, language)


@pytest.mark.parametrize("words", TYPED)
def test_typed_words_reach_people_whatever_they_say(mill: tuple[Path, FakeTwilio], words: str) -> None:
    """In a real incident words of a drill in a message, a note and a fact arrive, by text and by call."""
    home, twilio = mill
    for person in roster().people.values():
        for each in person.numbers:
            twilio.phone(each).ignore_unexpected()
    running = serve(home, twilio)
    code = running.asks("trigger", playbook="leak", at="hall")["incident"]
    for verb, args in (("tell", {}), ("note", {"by": "chloe"})):
        assert "error" not in running.asks(verb, incident=code, text=words, **args)
    assert "error" not in running.asks("fact", incident=code, values={"cause": words})

    def told() -> set[str]:
        return {m.to for m in twilio.messages if m.sender == NUMBERS[0] and words in m.body}

    until(lambda: {number("chloe"), number("felix")} <= told(), "for the words")
    store = SqliteStore(home / "emergency.db")
    (row,) = store.open_incidents()
    failed = [event for event, _ in store.history(row.id) if isinstance(event, e.DeliveryFailed)]
    store.close()
    assert "drill_mark" not in {event.reason for event in failed}
    running.stop()


def test_the_marks_of_our_own_wording_still_count() -> None:
    """A text that our wording made for a drill is refused by the sender of what is real, in every language."""
    for language in ("zh", "en"):
        for mode in ("drill", "live_drill"):
            text = wrap("L01 leak", "Old Mill", language, mode)  # type: ignore[arg-type]
            assert MARK.of(language) in text
            assert text.endswith(END_MARK.of(language).rstrip())
            assert begins_as_a_drill(text, language, "sms")


# what is shared with what is real


def test_drill_and_real_sender_share_no_allowance() -> None:
    """A burst of a drill uses up nothing of what a real alert needs: it goes at once."""
    house = Drilled()
    for notifier in (*house.real, *house.drill):
        notifier.abilities = msgspec.structs.replace(notifier.abilities, per_second=1.0)
    house.outbox = type(house.outbox)(InlineDesk(house.engine), house.notifiers, house.clock, house.people)
    for each in house.notifiers:
        if isinstance(each, gate.Gate):
            each.keeper = house.outbox.desk
    for n in range(5):
        house.begin(f"d{n}")
    for _ in range(3):
        house.pump()
    assert house.drilled()
    house.open("leak", id="real")
    house.pump()
    assert house.really(), "not behind the burst, in the very same second"


def test_calls_of_drills_leave_half_of_the_account_free() -> None:
    """Calls are counted by account: drills begin half as many in a second; texts have a sender of their own."""
    doors = [FakeNotifier(channel, name="d", modes=["live_drill"], per_second=4.0) for channel in ("sms", "voice")]
    real = [FakeNotifier(channel, per_second=4.0) for channel in ("sms", "voice")]
    house = House([*behind_the_gate([*doors, *real])])
    pace = {name: rate.per_second for name, rate in house.outbox._rates.items()}
    assert pace == {("drill_d", "sms"): 4, ("drill_d", "voice"): 2, ("fake", "sms"): 4, ("fake", "voice"): 4}


def test_no_call_of_a_drill_while_a_real_one_waits(calling: Calling) -> None:
    """Also not the one that says that the drill stands still: it goes as soon as the real one is made."""
    before = len(calling.ring())
    calling.open("leak", id="real")
    calling.store._db.execute("update outbox set channel = 'voice' where status = 'queued'")
    calling.outbox._rates[calling.real[1].name, "voice"].spend(20_000.0, calling.clock.now())
    for _ in range(6):
        calling.clock.advance(SECOND)
        calling.pump()
    assert (calling.really(), len(calling.board.asked)) == ([], before)
    for _ in range(90):
        calling.clock.advance(SECOND)
        calling.pump()
    assert calling.really()
    assert len(calling.board.asked) > before, "now it has its turn"


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_real_call_waits_for_no_call_of_a_drill(calling: Calling, after: int) -> None:
    """Who listens to the drill is called for what is real after the moment that hanging up takes, whether or not that
    worked; a second real call still waits for the first."""
    calling.board.trouble = TemporaryFailure("no_connection")
    calling.ring()
    person = next(r.person for r in _rows(calling) if r.channel == "voice" and r.status == "sent")
    calling.open("leak", id="real")
    calling.store._db.execute("update outbox set channel = 'voice' where mode = 'real' and person = ?", (person,))
    calling.pump()
    calling.clock.advance(after * SECOND)
    calling.pump()
    rang = [m for m in calling.real[1].asked if m.to in roster().people[person].numbers]
    assert bool(rang) is (after * SECOND >= HANGS_UP)
    assert HANGS_UP < CALL_AGAIN


# what began beside a drill


class Beside:
    """A live drill of the small building whose second inject lets another emergency begin, on a virtual clock."""

    def __init__(self, home: Path) -> None:
        text = SCENARIO.replace(
            "ends: state over",
            "  I7: {kind: event.secondary, at: 2s, target: yard, params: {playbook: noise}}\nends: state over",
        )
        put_scenario(home, text)
        self.sms = FakeNotifier("sms", modes=["live_drill"])
        self.voice = FakeNotifier("voice", modes=["live_drill"])
        self.clock = VirtualClock(NOON)
        self.app = make_app(home, {}, [self.sms, self.voice], self.clock)
        self.engine = self.app.engine()
        self.outbox = self.app.outbox(self.app.inline(self.engine))
        plan_of = {"scenario": "leak_drill", "director": "anna"}
        for verb, args in (
            ("plan", plan_of),
            ("notice", {"who": "alarm_centre", "to": "Ms Zhao", "by": "anna"}),
            ("notice", {"who": "tenants", "to": "Mr Qian", "by": "anna"}),
            ("release", {"by": "anna"}),
            ("release", {"by": "boris"}),
            ("begin", {"by": "anna"}),
        ):
            self.asks(verb, **args)
        self.wait(3 * SECOND)
        self.first, self.second = self.engine.open_incidents()[:2]

    def asks(self, verb: str, **args: Any) -> Any:
        """Do a verb of the drill, beside a server that is alive."""
        self.engine.store.beat(gate.SERVER, self.clock.now(), self.outbox.worker)
        return self.engine.unit(lambda engine: perform(self.app.desktop, engine, f"drill-{verb}", args))

    def wait(self, by: timedelta) -> None:
        """Let time pass, do what is due, and send."""
        self.clock.advance(by)
        self.engine.store.beat(gate.SERVER, self.clock.now(), self.outbox.worker)
        self.engine.fire_due()
        asyncio.run(self.outbox.pump())

    def both(self) -> list[Any]:
        """Both incidents as they are now."""
        return [self.engine.incident(each.id) for each in (self.first, self.second)]


@pytest.fixture
def beside(tmp_path: Path) -> Beside:
    """A drill with something beside it."""
    return Beside(make_home(tmp_path))


def test_what_begins_beside_a_drill_is_of_that_drill(beside: Beside) -> None:
    """Same kind, behind the same gate, over by the same moment; its words bear the marks, and are let through."""
    first, second = beside.both()
    assert (second.parent, second.mode, second.playbook.id) == (first.id, "live_drill", "noise")
    assert second.timers[MAXIMUM] == first.timers[MAXIMUM]
    row = gate.drill_of(beside.engine, second)
    assert row is not None
    assert row.incident == first.id
    said = [m.text for m in beside.sms.asked if second.code in m.text]
    assert said
    assert all(text.count("DRILL") >= 2 or text.count("演练") >= 2 for text in said)


@pytest.mark.parametrize("how", ["pause", "real", "follow", "alone", "cry"])
def test_what_is_beside_stands_still_with_its_drill(beside: Beside, how: str) -> None:
    """Whoever stops it: its director, a real incident, the marker, a command to the first, a cry in the second."""
    engine = beside.engine
    match how:
        case "pause":
            beside.asks("pause", by="anna")
        case "real":
            _real(engine)
        case "follow":
            brake.follow(engine, brake.Marker(beside.clock.now(), "console", "red"))
        case "alone":
            brake.freeze(engine, beside.first.id, "anna")
        case "cry":
            engine.handle(beside.second.id, c.AskHelp(person="chloe", via="sms"))
    first, second = beside.both()
    assert first.frozen == second.frozen == beside.clock.now()
    before = len(beside.sms.asked)
    beside.wait(20 * MINUTE)
    assert not [m for m in beside.sms.asked[before:] if "DRILL L" in m.text or "go and listen" in m.text]
    if how in ("pause", "alone"):
        beside.asks("resume", by="anna")
        assert [i.frozen for i in beside.both()] == [None, None]


@pytest.mark.parametrize("how", ["abort", "timer", "end", "watch", "command"])
def test_what_is_beside_is_over_with_its_drill(beside: Beside, how: str) -> None:
    """Broken off by a word, by its longest time, by a server that was away; or ended: nothing of either goes on."""
    engine = beside.engine
    match how:
        case "abort":
            beside.asks("abort", by="emma", reason="enough")
        case "timer":
            beside.clock.move_to(beside.first.timers[MAXIMUM])
            engine.handle(beside.first.id, c.FireTimer(timer=MAXIMUM))
        case "end":
            beside.asks("end", by="anna")
        case "watch":
            beside.clock.advance(2 * MINUTE)
            watch.keep_watch(engine, WORKER)
        case "command":
            engine.handle(beside.first.id, c.AbortDrill(by="emma", because="director"))
    first, second = beside.both()
    assert first.over == second.over == ("ended" if how == "end" else "aborted")
    assert first.is_closed
    assert second.is_closed
    asyncio.run(beside.outbox.pump())
    before = len(beside.sms.asked) + len(beside.voice.asked)
    beside.wait(20 * MINUTE)
    assert len(beside.sms.asked) + len(beside.voice.asked) == before


def test_what_began_beside_what_began_beside_it(beside: Beside) -> None:
    """However far down: what somebody confirms in the second is found, stands still and is over with the first."""
    engine = beside.engine
    third = engine.open(
        c.OpenIncident(
            incident=f"{beside.second.id}-x", code="", mode="live_drill", playbook=plan("leak"), site=site(),
            place="hall", members=tuple(beside.second.members.values()), by="console", parent=beside.second.id,
        )
    )  # fmt: skip
    row = live.row_of(engine, third)
    assert row is not None
    assert [i.id for i in live.incidents_of(engine, row)] == [beside.first.id, beside.second.id, third.id]
    brake.freeze(engine, beside.first.id, "anna")
    assert engine.incident(third.id).frozen is not None
    brake.abort(engine, beside.first.id, "anna")
    assert engine.incident(third.id).is_closed


def _real(engine: Engine) -> None:
    engine.open(
        c.OpenIncident(
            incident="real", code="", mode="real", playbook=plan("leak"), site=site(), place="hall", members=(),
            by="console",
        )
    )  # fmt: skip


# twenty of them


def twenty(home: Path) -> None:
    """Put twenty live drills into a store, released and begun just now."""
    app = make_app(home, {}, [FakeNotifier("sms", modes=["live_drill"])])
    engine = app.engine()
    scenario = Scenario(
        id="s",
        title=Text("漏", "leak"),
        playbook="leak",
        place="hall",
        kind="full",
        begins=engine.clock.now(),
        maximum=40 * MINUTE,
    )
    body = msgspec.json.encode(scenario)

    def work(e: Engine) -> None:
        now, books = e.clock.now(), Books(e.store)
        e.store.put_current("scenario:s", "compiled", body, now)
        members = app.people.members(e, app.desktop.reach_of("live_drill"), now, mode="live_drill")
        for n in range(20):
            _one_of_twenty(e, books, f"d{n:02}", codec.digest(body), now, members)

    engine.unit(work)
    engine.store.close()


def _one_of_twenty(e: Engine, books: Books, id: str, digest: str, now: datetime, members: Any) -> None:
    row = books.plan(f"row-{id}", "full", "leak", digest, now, now)
    planned = book.Planned(
        kind="full", playbook="leak", scenario=digest, director="anna", begins=now, maximum=40 * MINUTE, by="anna"
    )
    books.write(row.id, planned, book.Released(by="anna"), book.Released(by="boris"), at=now)
    opened = e.open(
        c.OpenIncident(
            incident=id, code="", mode="live_drill", playbook=plan("leak"), site=site(), place="hall",
            members=members, by="console", director="anna", maximum=40 * MINUTE,
        )
    )  # fmt: skip
    books.begin(row.id, opened.id, now)
    begun = book.Begun(incident=id, code=opened.code, by="anna", participants=tuple(m.id for m in members))
    books.write(row.id, begun, at=now)


def test_twenty_drills_stand_still_in_the_moment_in_which_the_real_one_begins(mill: tuple[Path, FakeTwilio]) -> None:
    """Through a running server: every freeze bears the time of the real opening, is in the log before the server has
    answered, and no message of a drill was taken up after it but the word that it stands still."""
    home, twilio = mill
    twenty(home)
    running = serve(home, twilio)
    until(lambda: sent(twilio), "for the first text")
    answer = running.asks("trigger", playbook="leak", at="hall")
    assert "error" not in answer, answer
    store = SqliteStore(home / "emergency.db")
    rows = store.open_incidents()
    real = next(row for row in rows if row.mode == "real")
    drills = [row for row in rows if row.mode == "live_drill"]
    stamps = [
        [at for event, at in store.history(row.id) if isinstance(event, e.DrillFrozen) and event.other == real.code]
        for row in drills
    ]
    (opened,) = [at for event, at in store.history(real.id) if isinstance(event, e.IncidentOpened)]
    assert len(drills) == 20
    assert stamps == [[opened]] * 20
    late = store._db.execute(
        "select count(*) from outbox where mode = 'live_drill' and urgency not in (-1, 15) and claimed_at > ?",
        (codec.to_text(opened),),
    ).fetchone()
    assert late == (0,)
    store.close()
    running.stop()
