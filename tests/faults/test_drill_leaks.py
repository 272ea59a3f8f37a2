"""Drills cannot leak, and what is real wins: every promise with somebody who tries to break it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from emergency.app import behind_the_gate
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.marks import DENIALS, begins_as_a_drill, denies_drill, is_marked
from emergency.core.values import Text
from emergency.drills import book
from emergency.drills.live import brake, gate
from emergency.drills.live.readiness import waiting
from emergency.drills.scenario import Inject, PreNotice, Safety, Scenario
from emergency.engine import Engine
from emergency.errors import CommandRefused, PermanentFailure, TemporaryFailure
from emergency.last_resort import recover
from emergency.last_resort import trigger as last_resort
from emergency.notify import Message
from emergency.store import codec
from emergency.store.drills import Books
from emergency.store.holds import held_since, open_drills
from emergency.store.store import OutboxRow, SqliteStore
from emergency.verbs import perform
from notifiers.registry import notifiers_for
from tests.drilled import ALL, put_scenario
from tests.fake_twilio import NUMBERS, FakeTwilio
from tests.fakes import FakeNotifier
from tests.serving import Running, make_app, make_home, twilio_env, until
from tests.small import MINUTE, SECOND, House, number

NOBODY_NOTICED = Safety()
NOTICED = Safety(notices=(PreNotice(who="alarm_centre", text=Text("报警中心", "alarm centre")),))


class Drilled(House):
    """The small building with telephones for what is real and, behind the gate, for live drills."""

    def __init__(self, **more: Any) -> None:
        self.real = FakeNotifier("sms"), FakeNotifier("voice")
        self.drill = (
            FakeNotifier("sms", name="d", modes=["live_drill"]),
            FakeNotifier("voice", name="d", modes=["live_drill"]),
        )
        self.left: list[Message] = []
        for each in self.drill:
            each.before_send = self.left.append
        super().__init__(behind_the_gate([*self.real, *self.drill]), **more)
        for each in self.notifiers:
            if isinstance(each, gate.Gate):
                each.keeper = self.outbox.desk

    def begin(
        self,
        id: str = "d1",
        *,
        safety: Safety = NOBODY_NOTICED,
        releases: tuple[str, ...] = ("anna", "boris"),
        maximum: timedelta = 40 * MINUTE,
        injects: tuple[Inject, ...] = (),
        notices: tuple[str, ...] = (),
    ) -> str:
        """Begin a live drill with its row and its book."""
        scenario = Scenario(
            id="s",
            title=Text("漏", "leak"),
            playbook="leak",
            place="hall",
            kind="full",
            begins=self.clock.now(),
            maximum=maximum,
            safety=safety,
            injects=injects,
        )
        body = msgspec.json.encode(scenario)

        def work(engine: Engine) -> None:
            now, books = engine.clock.now(), Books(engine.store)
            engine.store.put_current("scenario:s", "compiled", body, now)
            row = books.plan(f"row-{id}", "full", "leak", codec.digest(body), now, now)
            entries = [
                book.Planned(
                    kind="full", playbook="leak", scenario="", director="anna", begins=now, maximum=maximum, by="anna"
                )
            ]
            entries += [book.NoticeConfirmed(who=who, to="seal:x", by="anna") for who in notices]  # type: ignore[list-item]
            entries += [book.Released(by=by) for by in releases]  # type: ignore[list-item]
            books.write(row.id, *entries, at=now)
            self.open("leak", mode="live_drill", id=id)
            books.begin(row.id, id, now)

        self.engine.unit(work)
        return id

    def pump(self) -> int:
        """Send all that may go now, beside a server that is alive."""
        self.beat()
        return super().pump()

    def beat(self) -> None:
        """A server says that it is alive."""
        self.store.beat(gate.SERVER, self.clock.now(), self.outbox.worker)

    def drilled(self) -> list[Message]:
        """What reached telephones for a drill, in the order in which it left."""
        return list(self.left)

    def really(self) -> list[Message]:
        """What reached telephones for what is real."""
        return [*self.real[0].asked, *self.real[1].asked]


@pytest.fixture
def house() -> Drilled:
    """A building that practises."""
    return Drilled()


def reasons(house: Drilled, incident: str) -> set[str]:
    """Why messages of an incident failed."""
    return {event.reason for event in house.events(incident, e.DeliveryFailed)}


# what is real wins


def test_a_real_incident_stops_twenty_drills_within_a_second(tmp_path: Path) -> None:
    """All of it in the transaction that opens the real one; afterwards nothing of a drill leaves but the word that it
    stands still, and no timer of one wakes anybody."""
    house = Drilled(store=SqliteStore(tmp_path / "s.db"))
    ids = [house.begin(f"d{n}") for n in range(20)]
    began = time.process_time()  # of this process alone, for others may keep the machine busy
    real = house.open("leak", id="real")
    assert time.process_time() - began < 1.0
    assert all(house.incident(id).frozen == house.clock.now() for id in ids)
    other = SqliteStore(tmp_path / "s.db")
    assert all(held_since(other, id) for id in ids), "seen by every process from the commit on"
    house.pump()
    words = {m.text for m in house.drilled()}
    assert words
    assert all("REAL" in text or "真实" in text for text in words)
    assert house.really()
    before = len(house.drilled())
    house.wait(30 * MINUTE)
    assert len(house.drilled()) == before
    assert not house.events("d1", e.LadderClimbed)
    assert house.events(real.id, e.LadderClimbed), "the real one goes on"


def test_what_is_real_goes_first(house: Drilled) -> None:
    """Of all that waits, no message of a drill goes before one that is real."""
    for n in range(8):
        house.begin(f"d{n}")
    house.open("leak", id="real")
    parcels = house.engine.unit(lambda engine: house.outbox._claim(engine, 32))
    modes = [parcel.rows[0].mode for parcel in parcels]
    assert modes == sorted(modes, key=lambda mode: mode != "real")
    assert modes[0] == "real"


def test_a_confirmed_emergency_stops_drills_and_an_expected_one_does_not(house: Drilled) -> None:
    """What is only expected calls nobody; with the word that it has come, every drill stands still."""
    house.begin()
    house.open("leak", id="knock", parent="x")
    assert house.incident("d1").frozen is None
    house.do("knock", c.ConfirmIncident(by="console", place="hall"))
    assert house.incident("d1").frozen is not None


def test_a_drill_that_cannot_follow_keeps_nothing_real_from_beginning(house: Drilled) -> None:
    """Its log is damaged: it is held all the same, and the real one opens."""
    house.begin()
    house.pump()
    house.engine._cache.clear()
    house.store._db.execute("update event set data = x'7b' where incident = 'd1' and seq = 4")
    house.open("leak", id="real")
    assert held_since(house.store, "d1") is not None
    house.pump()
    assert house.really()


def test_a_last_resort_that_is_brought_in_stops_drills(tmp_path: Path) -> None:
    """What began without a store is as real when it comes into one."""
    home = make_home(tmp_path)
    app = make_app(home, {}, [FakeNotifier("sms"), FakeNotifier("voice")])
    engine = app.engine()
    app.keep_copy(engine)
    drill = perform(app.desktop, engine, "trigger", {"playbook": "leak", "at": "hall", "drill": True})
    last_resort(home, app.notifiers, app.clock, lambda line: None, playbook="leak", at="hall", severity=None)
    recover(home, engine)
    assert engine.incident(drill["id"]).frozen is not None


def test_a_drill_does_not_begin_or_go_on_beside_what_is_real(house: Drilled) -> None:
    """Nobody can start practising on real telephones, nor go on, while something real goes on."""
    house.begin()
    house.open("leak", id="real")
    with pytest.raises(CommandRefused, match="is real and goes on"):
        house.open("leak", mode="live_drill", id="d2")
    with pytest.raises(CommandRefused, match="is real and goes on"):
        brake.resume(house.engine, "d1", "anna")
    house.do("real", c.CancelIncident(by="console", reason="seal:x"))
    with pytest.raises(CommandRefused, match="only anna"):
        brake.resume(house.engine, "d1", "boris")
    assert brake.resume(house.engine, "d1", "anna").frozen is None


PHRASES = [
    "真实警情",
    "no duff",
    "NO DUFF!",
    "Ｎｏ　Ｄｕｆｆ",
    "help! n-o d.u.f.f at the stairs",
    "有人摔倒,真 实 警 情",
    "no\u200b duff",
    "NØ DUFF no duff",
    "1 NO DUFF",
]


@pytest.mark.parametrize("said", [*PHRASES, "9", "９", "MAYDAY", "d1code 9"])
def test_anybody_in_a_drill_stops_every_drill(house: Drilled, said: str) -> None:
    """Key 9 or the words for something real, in whatever script and place: all drills stand still at once, whoever
    commands hears that it is real, and the one who said so gets an answer although nothing else may leave."""
    house.begin("d1")
    house.begin("d2")
    house.pump()
    sent = len(house.drilled())
    house.texts("chloe", said.replace("d1code", house.incident("d1").code))
    assert house.incident("d1").frozen is not None
    assert house.incident("d2").frozen is not None
    house.pump()
    new = house.drilled()[sent:]
    assert any("reports something REAL" in m.text or "报告真实情况" in m.text for m in new)
    assert any(m.to == number("chloe") and "noted" in m.text for m in new)
    assert all(is_marked(m.text, m.language, m.channel) for m in new)


@pytest.mark.parametrize("said", ["NO DUFF, a guest fell", "真实警情", "9", "code 9"])
def test_somebody_whom_the_drill_never_called_stops_it(house: Drilled, said: str) -> None:
    """Who directs, observes or passes by sees the accident first: their words count as those of a player, and they are
    answered so."""
    house.begin("d1")
    house.pump()
    incident = house.incident("d1")
    assert "boris" not in incident.of_person
    assert house.texts("boris", said.replace("code", incident.code)).kind == "help"
    assert house.incident("d1").frozen is not None
    house.pump()
    assert any("reports something REAL" in m.text or "报告真实情况" in m.text for m in house.drilled())
    assert any(m.to == number("boris") and "noted" in m.text for m in house.drilled())


def test_whoever_cries_again_is_heard_again(house: Drilled) -> None:
    """The first cry was taken for a mistake and the drill went on: a second one, a moment later, stops it as well, also
    where the director had paused it in between."""
    house.begin("d1")
    house.pump()
    house.texts("chloe", "no duff")
    brake.resume(house.engine, "d1", "anna")
    house.wait(10 * SECOND)
    house.texts("chloe", "no duff!")
    assert house.incident("d1").stopped == {"phrase"}
    brake.resume(house.engine, "d1", "anna")
    brake.freeze(house.engine, "d1", "anna")
    house.texts("chloe", "9")
    assert "help" in house.incident("d1").stopped
    cries = len(house.events("d1", e.HelpAsked))
    house.texts("chloe", "9")
    assert len(house.events("d1", e.HelpAsked)) == cries == 3, "while it stands still for that, once is enough"


@pytest.mark.parametrize("said", ["9", "no duff"])
def test_a_cry_beside_something_real_reaches_who_commands_it(house: Drilled, said: str) -> None:
    """The drill stands still already and its command is busy elsewhere: the real one is told who needs help, by the
    real sender; and whoever knows that the drill is stopped is not told so a second time."""
    house.begin()
    house.pump()
    real = house.open("leak", id="real")
    house.pump()
    words = [m.text for m in house.drilled() if "is stopped" in m.text or "停止" in m.text]
    before = len(house.really())
    house.texts("boris", said)
    house.pump()
    assert house.events(real.id, e.HelpAsked)
    assert any("needs help" in m.text or "求助" in m.text for m in house.really()[before:])
    assert [m.text for m in house.drilled() if "is stopped" in m.text or "停止" in m.text] == words


def test_nobody_is_sent_to_something_that_is_over(house: Drilled) -> None:
    """What is real has begun and is over, and took nobody out of the drill: as it goes on, they read that it does, and
    not that they were let go."""
    house.begin()
    house.pump()
    real = house.open("leak", id="real")
    house.pump()
    assert not house.events("d1", e.PersonCalledAway)
    house.do(real.id, c.CancelIncident(by="console", reason="seal:x"))
    sent = len(house.drilled())
    brake.resume(house.engine, "d1", "anna")
    house.pump()
    new = [m.text for m in house.drilled()[sent:]]
    assert any("goes on" in text or "继续" in text for text in new)
    assert not any(real.code in text.replace(house.incident("d1").code, "") for text in new), new


@pytest.mark.parametrize("said", ["no duff", "真实警情"])
def test_a_scenario_cannot_take_the_words_away(house: Drilled, said: str) -> None:
    """A scenario or a site may name further words; the program's own hold always."""
    house.begin(safety=Safety(phrase=Text("红苹果", "red apple")))
    house.texts("chloe", "Red Apple")
    assert house.incident("d1").frozen is not None
    assert any(brake.bare(said) in word for word in brake.phrases(house.engine, house.incident("d1")))


def test_the_words_mean_nothing_outside_a_drill(house: Drilled) -> None:
    """Who is called for something real, and in no drill, may well say no duff: no drill is asked about it."""
    real = house.open("leak", id="real")
    house.pump()
    assert house.texts("chloe", "no duff").kind == "unread"
    assert not house.events(real.id, e.HelpAsked)


def test_a_bare_answer_is_for_what_is_real(house: Drilled) -> None:
    """Who is in a drill and called for something real answers 1: that is for the real alert."""
    house.begin()
    house.pump()
    real = house.open("leak", id="real")
    house.pump()
    asked = [a for a in house.incident(real.id).alerts.values() if a.person == "chloe" and a.status == "open"]
    assert asked
    assert house.texts("chloe", "1").kind in ("acknowledged", "again")
    assert [event.via for event in house.events(real.id, e.AlertAcknowledged)]
    assert not house.events("d1", e.AlertAcknowledged)


# standing still


def test_a_message_that_was_claimed_is_the_only_one_that_may_still_leave(house: Drilled) -> None:
    """Whatever the moment: what no channel had taken stays, and the gate holds even what was claimed."""
    house.begin()
    parcels = house.engine.unit(lambda engine: house.outbox._claim(engine, 32))
    claimed = {row.id for parcel in parcels for row in parcel.rows}
    brake.freeze(house.engine, "d1", "anna")
    for parcel in parcels:
        asyncio.run(house.outbox._send(parcel))
    house.pump()
    assert {m.id for m in house.drilled()} <= claimed
    assert house.drilled() == [], "the gate looks again in the moment of sending"


def test_what_waited_goes_out_when_the_drill_goes_on(house: Drilled) -> None:
    """The queue is kept, and what may wait so long may wait so much longer."""
    house.begin()
    brake.freeze(house.engine, "d1", "anna")
    house.wait(35 * MINUTE)
    assert house.drilled() == []
    brake.resume(house.engine, "d1", "anna")
    house.pump()
    assert house.drilled()
    assert "expired" not in reasons(house, "d1")


def test_breaking_off_takes_back_all_that_waits(house: Drilled) -> None:
    """Not one message of what was played leaves afterwards; the correction goes to exactly those who were reached."""
    house.begin()
    house.pump()
    reached = {m.to for m in house.drilled()}
    house.begin("d2")
    brake.abort(house.engine, "d2", "emma", reason="seal:x")
    sent = len(house.drilled())
    house.pump()
    assert house.drilled()[sent:] == [], "nobody had heard of the second"
    brake.abort(house.engine, "d1", "emma")
    house.pump()
    new = house.drilled()[sent:]
    assert {m.to for m in new} <= reached
    assert all("broken off" in m.text or "已中止" in m.text for m in new)
    sent = len(house.drilled())
    house.wait(40 * MINUTE)
    assert len(house.drilled()) == sent


FREEZER = """
import os, signal, sys
from emergency.clock import SystemClock
from emergency.engine import Engine
from emergency.store.store import OutboxRow, SqliteStore
from emergency.verbs import perform
engine = Engine(SqliteStore(sys.argv[1]), SystemClock())
def work(e):
    e.freeze_drills("console", "red")
    if sys.argv[2] == "inside":
        os.kill(os.getpid(), signal.SIGKILL)
engine.unit(work)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("where", ["inside", "behind"])
def test_a_kill_in_the_middle_of_a_freeze_leaves_no_half(tmp_path: Path, where: str) -> None:
    """Either every drill stands still or none does, in log and outbox alike."""
    house = Drilled(store=SqliteStore(tmp_path / "s.db"))
    ids = [house.begin(f"d{n}") for n in range(5)]
    done = subprocess.run([sys.executable, "-c", FREEZER, str(tmp_path / "s.db"), where], check=False, cwd=os.getcwd())
    assert done.returncode == -signal.SIGKILL
    frozen = {house.incident(id).frozen is not None for id in ids}
    held = {held_since(house.store, id) is not None for id in ids}
    assert frozen == held == {where == "behind"}


# the gate


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("[Old Mill] DRILL L01 leak DRILL", ""),
        ("DRILL L01 leak DRILL", ""),
        ("[Old Mill] L01 leak", "no_drill_mark"),
        ("[Old Mill] DRILL L01 leak", "no_drill_mark"),
        ("[Old Mill] L01 leak DRILL", "no_drill_mark"),
        ("[Old Mill] DRILL ", "no_drill_mark"),
        ("[Old Mill] drill L01 leak drill", "no_drill_mark"),
        ("[Old Mill] DRІLL L01 leak DRІLL", "no_drill_mark"),
        ("[Old Mill] 【演练】L01【演练】", "no_drill_mark"),
        ("[Old Mill] DR\u200bILL L01 leak DRILL", "hidden_characters"),
        ("[Old Mill] DRILL L01 \u202eleak DRILL", "hidden_characters"),
        ("[Old Mill] DRILL L01 this is NOT a drill DRILL", "denies_drill"),
        ("[Old Mill] DRILL L01 这不是 演练! DRILL", "denies_drill"),
        ("[Old Mill] DRILL L01 ce n'est pas un exercice DRILL", "denies_drill"),
    ],
)
def test_words_at_the_gate(text: str, refused: str) -> None:
    """Both ends bear the mark of the reader's language, nothing is hidden, and nothing denies the drill."""
    message = Message(id="x", attempt=1, mode="live_drill", channel="sms", to="+13125550101", text=text, language="en")
    assert gate.words_refused(message) == refused
    assert gate.words_refused(msgspec.structs.replace(message, mode="real")) == "wrong_mode"
    assert gate.words_refused(msgspec.structs.replace(message, mode="drill")) == "wrong_mode"


@pytest.mark.parametrize(
    "bad",
    [
        "119",
        "110",
        "120",
        "122",
        "112",
        "999",
        "911",
        "000",
        "12345",
        "96333",
        "95598",
        "+86119",
        "+86110",
        "+1911",
        "+44999",
        "+49112",
        "+8610119",
        "+862196333",
        "+86021110",
        "+8612345",
        "１１９",
        "١١٢",
        "+١٣١٢٥٥٥٠١٠١",
        "1 1 9",
        "+86 119",
        "1-1-9",
        "10086",
        "+13125550101;119",
        "+1312555010",
        "tel:+13125550101",
        "",
        "+86 10 12345",
        "+0119",
        "+11111111111",
    ],
)
def test_no_number_of_a_service_passes(bad: str) -> None:
    """Emergency numbers, short codes and services, with and without country or area code, in any script; and whatever
    is no plain whole number of a person."""
    assert gate.number_refused(bad)
    assert gate.number_refused("+13125550101") == ""
    assert gate.number_refused("+8613800138000") == ""


@pytest.mark.parametrize(
    ("listed", "hit"),
    [
        ("+13125550103", True),
        ("312-555-0103", True),
        ("5550103", True),
        ("(0)3125550103", True),
        ("0103", False),
        ("+13125550104", False),
    ],
)
def test_numbers_that_are_never_contacted(house: Drilled, listed: str, hit: bool) -> None:
    """A scenario's list holds however its numbers are written; nobody on it is ever texted or called."""
    house.begin(safety=Safety(never_contact=(listed,)))
    house.pump()
    assert (number("chloe") not in {m.to for m in house.drilled()}) is hit
    assert ("never_contact" in reasons(house, "d1")) is hit


def test_an_agency_of_the_site_is_never_reached(house: Drilled) -> None:
    """Also where somebody of the roster has its number."""
    assert gate.is_listed("+8657188880000", ["0571-8888 0000"])
    assert not gate.is_listed("+8613800138119", ["119"]), "who has a number that ends so is a person"


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"releases": ()}, "not_released"),
        ({"releases": ("anna",)}, "not_released"),
        ({"releases": ("anna", "anna")}, "not_released"),
        ({"releases": ("anna", "console")}, "not_released"),
        ({"safety": NOTICED}, "notice_missing"),
    ],
)
def test_a_drill_that_was_not_released_sends_nothing(house: Drilled, how: dict[str, Any], reason: str) -> None:
    """Two different people by name, and every notice confirmed: looked up in the moment of sending."""
    house.begin(**how)
    house.pump()
    assert house.drilled() == []
    assert reasons(house, "d1") == {reason}


def test_a_drill_without_a_row_sends_nothing(house: Drilled) -> None:
    """An incident that only calls itself a live drill is none."""
    house.open("leak", mode="live_drill", id="fake")
    house.pump()
    assert house.drilled() == []
    assert reasons(house, "fake") == {"no_drill"}


def test_a_released_drill_sends_marked_words_alone(house: Drilled) -> None:
    """Every text and call of it bears the marks, and none of it goes by the senders of what is real."""
    house.begin(safety=NOTICED, notices=("alarm_centre",))
    for _ in range(12):
        house.wait(MINUTE)
    assert house.drilled()
    assert house.really() == []
    assert all(is_marked(m.text, m.language, m.channel) for m in house.drilled())


def test_a_drill_past_its_maximum_sends_nothing(house: Drilled) -> None:
    """Whether or not anybody broke it off."""
    house.begin(maximum=10 * MINUTE)
    house.clock.advance(10 * MINUTE)
    house.pump()
    assert house.drilled() == []
    assert reasons(house, "d1") == {"past_maximum"}


def test_a_gate_without_a_keeper_lets_nothing_through() -> None:
    """A notifier that nobody put before a store sends nothing."""
    inner = FakeNotifier("sms", modes=["live_drill"])
    message = Message(
        id="x", attempt=1, mode="live_drill", channel="sms", to="+13125550101", text="DRILL x DRILL", language="en"
    )
    with pytest.raises(PermanentFailure, match="no_keeper"):
        asyncio.run(gate.Gate(inner).send(message))
    assert inner.asked == []


def _inject(kind: Any, target: str, **params: str) -> Inject:
    return Inject(id="I1", kind=kind, at=timedelta(0), target=target, params=params)


@pytest.mark.parametrize(
    ("inject", "channel", "says"),
    [
        (_inject("person.unreachable", "chloe"), None, "withheld"),
        (_inject("channel.outage", "sms"), "sms", "withheld"),
        (_inject("channel.outage", "sms", failure="accept_without_receipt"), "sms", "withheld"),
        (_inject("channel.voicemail", "voice"), "voice", "machine"),
    ],
)
def test_injects_withhold_at_the_gate(house: Drilled, inject: Inject, channel: str | None, says: str) -> None:
    """What an inject makes unreachable gets nothing, the log says so, and the word that the drill is over passes."""
    house.begin(injects=(inject,))
    row = Books(house.store).of("d1")
    assert row is not None
    released = book.InjectReleased(inject="I1", kind=inject.kind, target=inject.target, until=None)
    house.engine.unit(lambda engine: Books(engine.store).write(row.id, released, at=engine.clock.now()))
    house.pump()
    for _ in range(4):
        house.wait(MINUTE)
    mine = [m for m in house.drilled() if m.to == number("chloe") or m.channel == channel]
    assert (mine == []) if channel is None else all(m.channel != channel for m in house.drilled())
    sent = {event.provider for event in house.events("d1", e.DeliverySent)}
    assert says in sent | reasons(house, "d1")
    assert house.drilled(), "others are reached"


HELD = "held"


@pytest.mark.parametrize(
    ("inject", "says"),
    [
        (_inject("person.unreachable", "role.porter"), {"sms": HELD, "voice": HELD}),
        (_inject("person.unreachable", "chloe", channels="voice"), {"sms": "", "voice": HELD}),
        (_inject("person.unreachable", "chloe", until="5m"), {"sms": HELD, "voice": HELD}),
        (_inject("person.unreachable", "chloe", until="1m"), {"sms": "", "voice": ""}),
        (_inject("channel.slow", "sms", by="1m"), {"sms": "", "voice": ""}),
        (_inject("channel.slow", "sms", by="5m"), {"sms": HELD, "voice": ""}),
    ],
)
def test_a_mask_holds_as_long_and_as_far_as_its_inject_says(
    house: Drilled, inject: Inject, says: dict[str, str]
) -> None:
    """Whoever held a role when it was hit, over the channels that are named, in the drill's own time: a drill that
    stood still for four minutes is two minutes old here."""
    house.begin(injects=(inject,))
    row = Books(house.store).of("d1")
    assert row is not None
    released = book.InjectReleased(inject="I1", kind=inject.kind, target=inject.target.replace("role.porter", "chloe"))
    house.engine.unit(lambda engine: Books(engine.store).write(row.id, released, at=engine.clock.now()))
    queued = house.clock.now()
    house.clock.advance(6 * MINUTE)
    scenario = gate.scenario_of(house.engine, row)
    for channel, held in says.items():
        of_chloe = next(r for r in _rows(house) if r.person == "chloe")
        of_chloe = msgspec.structs.replace(of_chloe, channel=channel, queued_at=queued + 4 * MINUTE)
        assert bool(gate._masked(house.engine, row, scenario, of_chloe, 4 * MINUTE)) is bool(held), channel


def _rows(house: Drilled) -> list[OutboxRow]:
    ids = [id for (id,) in house.store._db.execute("select id from outbox order by rowid")]
    return [row for row in map(house.store.delivery, ids) if row is not None]


# wrong pairings


def env_of(twilio: FakeTwilio, **more: str) -> dict[str, str]:
    """The environment of an installation with a sender for drills."""
    return {**twilio_env(twilio, None), "TWILIO_DRILL_FROM": NUMBERS[1], **more}


@pytest.mark.parametrize("mode", ["real", "drill", "live_drill"])
def test_every_wrong_pairing_is_refused_before_the_provider(mode: Any) -> None:
    """A message of one kind in the hands of a notifier of another: refused, and no request made."""
    with FakeTwilio() as twilio:
        found = notifiers_for(env_of(twilio), lambda: House().clock.now(), lambda line: None)
        assert {frozenset(n.abilities.modes) for n in found} == {
            frozenset({m}) for m in ("real", "drill", "live_drill")
        }
        for notifier in found:
            for text in (
                "[Mill] L01 leak",
                "[Mill] DRILL L01 leak DRILL",
                "Drill, drill, drill. L01 This was a drill.",
            ):
                message = Message(
                    id="x", attempt=1, mode=mode, channel=notifier.channel, to="+13125550101", text=text, language="en"
                )
                marked = begins_as_a_drill(text, "en", notifier.channel)
                fits = mode in notifier.abilities.modes and (mode == "drill" or marked is (mode == "live_drill"))
                if not fits:
                    with pytest.raises(PermanentFailure):
                        asyncio.run(notifier.send(message))
        assert not twilio.world.messages
        assert not twilio.world.calls


def test_without_a_sender_of_its_own_there_are_no_live_drills() -> None:
    """Telephones are to show another name; the real sender is never used for practice."""
    from emergency.errors import SettingsError

    with FakeTwilio() as twilio:
        plain = notifiers_for(twilio_env(twilio, None), lambda: House().clock.now(), lambda line: None)
        assert not any("live_drill" in n.abilities.modes for n in plain)
        with pytest.raises(SettingsError, match="must be others"):
            notifiers_for(env_of(twilio, TWILIO_DRILL_FROM=NUMBERS[0]), lambda: House().clock.now(), lambda line: None)


# words, the marker, the red command


@pytest.mark.parametrize(
    "text",
    [
        "This is NOT a drill.",
        "this isn't a drill",
        "T h i s is not, a drill",
        "ＮＯＴ Ａ ＤＲＩＬＬ",
        "这不是演习",
        "并 非 演练",
        "Ceci n'est pas un exercice",
    ],
)
def test_words_that_deny_a_drill_are_found(text: str) -> None:
    """In any script, spacing and language."""
    assert denies_drill(text)
    assert not denies_drill("A drill is a drill, 这是演练")
    assert len(set(DENIALS)) == len(DENIALS)


def test_the_marker_stops_what_began_before_it(tmp_path: Path) -> None:
    """A drill of another process sees it at its next look, the gate at its next message; what begins later is free."""
    house = Drilled()
    watch = brake.Watch(tmp_path)
    assert watch.pulled() is None
    house.begin()
    stopped = brake.stopped_since(tmp_path, house.clock)
    for each in house.notifiers:
        if isinstance(each, gate.Gate):
            each.stopped = stopped
    brake.pull(tmp_path, brake.Marker(house.clock.now(), "console", "red"))
    assert watch.pulled() is not None
    assert watch.pulled() is None, "once"
    house.pump()
    assert house.drilled() == []
    marker = brake.read(tmp_path)
    assert marker is not None
    brake.follow(house.engine, marker)
    assert house.incident("d1").frozen is not None
    house.clock.advance(SECOND)
    brake.resume(house.engine, "d1", "anna")
    house.pump()
    assert house.drilled()


def test_a_marker_that_cannot_be_read_stops_everything(tmp_path: Path) -> None:
    """Half a file is no reason to go on."""
    (tmp_path / brake.MARKER).write_text("{", "utf-8")
    clock = House().clock
    assert brake.stopped_since(tmp_path, clock)(clock.now())


def test_temporary_trouble_is_not_a_way_through() -> None:
    """The store is away: the message waits, it does not pass."""

    class Away:
        async def do(self, work: Any) -> Any:
            from emergency.errors import StoreBusy

            raise StoreBusy("away")

    inner = FakeNotifier("sms", modes=["live_drill"])
    door = gate.Gate(inner)
    door.keeper = Away()
    message = Message(
        id="x", attempt=1, mode="live_drill", channel="sms", to="+13125550101", text="DRILL x DRILL", language="en"
    )
    with pytest.raises(TemporaryFailure):
        asyncio.run(door.send(message))
    assert inner.asked == []


# with a server, over real sockets


@pytest.fixture
def mill() -> Iterator[tuple[Running, FakeTwilio, Path]]:
    """A server of the small building with a sender for drills, over a provider on a port of its own."""
    home = make_home()
    put_scenario(home)
    twilio = FakeTwilio()
    twilio.start()
    running = Running(make_app(home, env_of(twilio))).start()
    yield running, twilio, home
    running.stop()
    twilio.stop()
    shutil.rmtree(home, ignore_errors=True)


def begun(running: Running) -> str:
    """Begin a live drill as its director does; return its code."""
    plan = {"scenario": "leak_drill", "director": "anna", "with": list(ALL)}
    for verb, args in (
        ("plan", plan),
        ("notice", {"who": "alarm_centre", "to": "Ms Zhao", "by": "anna"}),
        ("notice", {"who": "tenants", "to": "Mr Qian", "by": "anna"}),
        ("release", {"by": "anna"}),
        ("release", {"by": "boris"}),
        ("begin", {"by": "anna"}),
    ):
        document = running.asks(f"drill-{verb}", **args)
        assert "error" not in document, document
    store = SqliteStore(running.app.settings.database_file)
    (row,) = store.open_incidents()
    store.close()
    return row.code


def sent(twilio: FakeTwilio) -> list[tuple[str, str]]:
    """Return sender and words of every text that the provider took."""
    return [(message.sender, message.body) for message in twilio.messages]


def frozen(home: Path) -> bool:
    """Whether every open drill of the store stands still, as another process sees it."""
    store = SqliteStore(home / "emergency.db")
    try:
        return all(held_since(store, id) for id in open_drills(store))
    finally:
        store.close()


@pytest.mark.parametrize("how", ["trigger", "phrase", "marker"])
def test_with_a_server_everything_stands_still_at_once(mill: tuple[Running, FakeTwilio, Path], how: str) -> None:
    """What is triggered or told has stopped them before it is answered, and a marker stops them before any sweep or
    beat; drills go by their own sender, in marks, and what is real by the other, without."""
    running, twilio, home = mill
    begun(running)
    until(lambda: len(sent(twilio)) >= 3, "for the first texts")
    assert {sender for sender, _ in sent(twilio)} == {NUMBERS[1]}
    with running.without_alarms():
        if how == "trigger":
            running.asks("trigger", playbook="leak", at="hall")
        elif how == "marker":
            brake.pull(home, brake.Marker(running.app.clock.now(), "console", "red"))
            until(lambda: frozen(home), "until it stands still")
        else:
            running.asks("reply", person="chloe", text="no duff at the stairs")
        assert frozen(home)
    until(lambda: any("is stopped" in body for _, body in sent(twilio)), "for the word that it stands still")
    for sender, body in sent(twilio):
        assert begins_as_a_drill(body, "en", "sms") is (sender == NUMBERS[1]), body


@pytest.mark.parametrize("when", ["locked", "not served"])
def test_the_marker_is_followed_as_soon_as_that_is_possible(mill: tuple[Running, FakeTwilio, Path], when: str) -> None:
    """The store was locked when the brake was pulled, or nobody served: afterwards the drill stands still in the log as
    well, and whoever it had reached is told so."""
    running, twilio, home = mill
    begun(running)
    until(lambda: len(sent(twilio)) >= 3, "for the first texts")
    other = SqliteStore(home / "emergency.db")
    if when == "locked":
        impatient = "pragma busy_timeout = 20"
        running.on_loop(lambda server: server.desk.do(lambda engine: engine.store._db.execute(impatient) and None))
        other._db.execute("begin immediate")
    else:
        running.stop()
    brake.pull(home, brake.Marker(running.app.clock.now(), "console", "red"))
    again: Running | None = None
    if when == "locked":
        assert running.server is not None
        troubles = running.server._troubles
        until(lambda: "stop" in troubles, "until the server has met the lock")
        other._db.execute("rollback")
    else:
        again = Running(make_app(home, env_of(twilio))).start()
    until(lambda: frozen(home), "until it stands still")
    until(lambda: any("paused" in body or "stopped" in body for _, body in sent(twilio)), "for the word that it does")
    other.close()
    if again is not None:
        again.stop()


@pytest.mark.parametrize("state", ["served", "alone", "locked", "no database", "wide open secrets"])
def test_the_red_command_works_whatever_the_installation_is_like(tmp_path: Path, state: str) -> None:
    """One word, no question: with and without a server, with a store that cannot be written, with settings that cannot
    be read. What it could not do it says, with the exit status of the contract."""
    import cli
    from emergency.commands.base import NO_STORE, NOT_ALL_SENT

    home = make_home(tmp_path / "h" if (tmp_path / "h").mkdir() is None else tmp_path)
    env = {"EMERGENCY_HOME": str(home), "EMERGENCY_LANG": "en", "EMERGENCY_DATABASE": ""}
    app = make_app(home, {}, [FakeNotifier("sms", modes=["drill"])])
    engine = app.engine()
    drill = perform(app.desktop, engine, "trigger", {"playbook": "leak", "at": "hall", "drill": True})["id"]
    running = Running(make_app(home, {}, [])).start() if state == "served" else None
    if state == "locked":
        engine.store._db.execute("begin immediate")
        engine.store._db.execute("pragma busy_timeout = 100")
    if state == "no database":
        engine.store.close()
        for file in home.glob("emergency.db*"):
            file.unlink()
    if state == "wide open secrets":
        (home / "secrets.env").write_text("A=b", "utf-8")
        (home / "secrets.env").chmod(0o644)
    result = CliRunner().invoke(cli.main, ["drill", "stop"], env=env, prog_name="emergency")
    assert not result.exception or isinstance(result.exception, SystemExit), result.exception
    assert brake.read(home) is not None
    if state in ("served", "alone"):
        assert result.exit_code == 0, result.output
        assert engine.incident(drill).frozen is not None
    else:
        assert result.exit_code == NOT_ALL_SENT != NO_STORE, result.output
        assert "marker is in place" in result.output
    if running is not None:
        running.stop()


def test_rehearsals_of_other_processes_hear_of_what_is_real(tmp_path: Path) -> None:
    """Where drills are kept beside the store, a real incident puts the marker at which they look twice a second."""
    home = make_home(tmp_path)
    (home / brake.REHEARSALS).touch()
    watch = brake.Watch(home)
    app = make_app(home, {}, [FakeNotifier("sms")])
    code = perform(app.desktop, app.engine(), "trigger", {"playbook": "leak", "at": "hall"})["incident"]
    found = watch.pulled()
    assert found is not None
    assert (found.because, found.other) == ("real", code)


def test_what_a_drill_left_behind_is_found(house: Drilled) -> None:
    """A drill that should be over, and a line that nobody has confirmed, are named with what to do."""
    line = PreNotice(who="alarm_centre", text=Text("报警中心", "alarm centre"), at_end="confirm_line_restored")
    house.begin(safety=Safety(notices=(line,)), notices=("alarm_centre",))
    assert list(waiting(house.engine)) == []
    house.clock.advance(timedelta(hours=5))
    assert [id for id, _, _ in waiting(house.engine)] == ["drill_open_DR1"]
    brake.abort(house.engine, "d1", "anna")
    house.engine.unit(lambda engine: Books(engine.store).end("row-d1", engine.clock.now()))
    assert [id for id, _, _ in waiting(house.engine)] == ["line_DR1_alarm_centre"]
    restored = book.LineRestored(who="alarm_centre", to="seal:x", by="anna")
    house.engine.unit(lambda engine: Books(engine.store).write("row-d1", restored, at=engine.clock.now()))
    assert list(waiting(house.engine)) == []


def test_a_drill_on_the_screen_goes_on_by_the_word_of_whoever_sits_there(tmp_path: Path) -> None:
    """Nobody planned it, so it has no director; it is stopped like any other, and goes on."""
    app = make_app(make_home(tmp_path), {}, [FakeNotifier("sms", modes=["drill"])])
    engine = app.engine()
    drill = perform(app.desktop, engine, "trigger", {"playbook": "leak", "at": "hall", "drill": True})
    perform(app.desktop, engine, "drill-stop", {})
    status = perform(app.desktop, engine, "status", {})
    assert (status["mode"], status["drill_kind"], status["frozen_at"] is None) == ("drill", "screen", False)
    perform(app.desktop, engine, "drill-resume", {"drill": drill["incident"]})
    assert engine.incident(drill["id"]).frozen is None
