"""A roll call over a real store: who is asked when, what answers do, that each is kept, and what lists may hold."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

import cli
from emergency.app import reach_of
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.values import Mode
from emergency.desk import InlineDesk
from emergency.errors import CommandRefused, Mistakes, StoreDamaged
from emergency.library import Library
from emergency.muster import rolls
from emergency.muster.lists import read_list
from emergency.muster.rolls import BACKLOG, QUESTION_URGENCY
from emergency.notify import Inbound, Message, Receipt
from emergency.outbox import CALM_AT_ONCE, Outbox
from emergency.people import save_roster
from emergency.roster import Roster
from emergency.store.musters import Musters
from emergency.store.store import OutboxRow
from emergency.verbs import Desktop, perform
from tests.fakes import FakeNotifier
from tests.installation import sample
from tests.linked import TOKEN, Linked
from tests.serving import until
from tests.small import MINUTE, SECOND, House, number, roster, site

ID = "leak1"
HOUR = 60 * MINUTE
GUEST = "+13125550170"


class Yard:
    """A house with a leak, a roll call, and what is asked at the console."""

    def __init__(self, mode: Mode = "real", *, texts: bool = True) -> None:
        self.sms = FakeNotifier(modes=("real", "drill"))
        self.voice = FakeNotifier("voice", modes=("real", "drill"))
        self.house = House([self.sms, self.voice] if texts else [self.voice])
        self.house.open(id=ID, mode=mode)
        self.house.pump()
        library = Library(Path("none"), Path("none"))
        reach = {each: reach_of(self.house.notifiers, each) for each in ("real", "drill")}
        self.desktop = Desktop(self.house.people, self.house.inbox, library, reach, frozenset({"real"}))  # type: ignore[arg-type]
        self.musters = Musters(self.house.store)

    def do(self, verb: str, **args: Any) -> dict[str, Any]:
        """Ask for a verb on this incident."""
        return perform(self.desktop, self.house.engine, verb, {"code": self.house.incident(ID).code, **args})

    def opens(self) -> str:
        """Open the roll call, send what it asks, and return its code."""
        code: str = self.do("muster")["roll_call"]
        self.house.pump()
        return code

    def expects(self, *rows: dict[str, Any]) -> dict[str, Any]:
        """Put a list on it."""
        return self.do("muster-expect", rows=list(rows))

    def asked(self, person: str) -> list[str]:
        """Return what somebody was asked by the roll call, as they read it."""
        return [m.text for id, m in self.sms.taken.items() if m.id.startswith(f"roll:{ID}:{person}:") and id]

    def status(self, person: str) -> str | None:
        """Return what was said last of somebody."""
        row = self.musters.person(ID, person)
        return row.status if row else None

    def said(self) -> list[tuple[str, str]]:
        """Return every answer that is on record: person and answer."""
        lines = [json.loads(record.data) for record in self.musters.lines(ID) if record.kind == "Said"]
        return [(line["person"], line["answer"]) for line in lines]

    def ends_all_alerts(self) -> None:
        """Let nothing else wait for anybody."""
        incident = self.house.incident(ID)
        for run in incident.steps.values():
            if run.status == "open":
                self.house.do(ID, c.GiveUpStep(step=run.id, by="console", reason="x"))


@pytest.fixture
def yard() -> Yard:
    """A leak, and nobody asked yet."""
    return Yard()


def crowd(yard: Yard, size: int, shift: str) -> dict[str, Any]:
    """Put so many more people in the roster, with numbers of the range kept for fiction; return everybody."""
    people = {**roster().people}
    for n in range(size):
        id, numbers = f"w{n:04d}", (f"+1{400 + n // 100}5550{100 + n % 100}",)
        people[id] = replace(people["emma"], id=id, numbers=numbers, roles={}, shift=shift, zone="hall", on_call=False)
    now = yard.house.clock.now()
    yard.house.engine.unit(lambda engine: save_roster(engine, Roster(people=people), now))
    return people


# opening


def test_whoever_is_on_shift_is_expected_and_asked_once(yard: Yard) -> None:
    """At noon six people of the day shift have a telephone and one has none: seven expected, six asked."""
    doc = yard.do("muster")
    assert doc["did"] == "opened"
    assert (doc["totals"]["expected"], doc["totals"]["missing"], doc["totals"]["unreachable"]) == (7, 7, 1)
    yard.house.pump()
    assert all(len(yard.asked(p)) == 1 for p in ("anna", "boris", "chloe", "dmitri", "emma", "felix"))
    assert yard.asked("gina") == []
    assert "你安全吗" in yard.asked("felix")[0]
    assert "are you safe" in yard.asked("anna")[0]
    again = yard.do("muster")
    yard.house.pump()
    assert (again["did"], again["roll_call"]) == ("", doc["roll_call"])
    assert len(yard.asked("anna")) == 1


def test_no_two_things_bear_one_code(yard: Yard) -> None:
    """The plan of this house has the letter of roll calls: an incident and a roll call never share a code."""
    assert yard.house.incident(ID).code == "L01"
    assert yard.opens() == "L02"
    assert yard.house.open("leak", id="leak2").code == "L03"


def test_looking_opens_nothing(yard: Yard) -> None:
    """`--show` and `missing` before there is one: refused, with what to do."""
    for verb in ("muster-show", "muster-missing", "muster-close"):
        with pytest.raises(CommandRefused, match="no roll call yet; open it with: emergency muster L01"):
            yard.do(verb)
    assert yard.musters.of(ID) is None


def test_the_log_learns_four_things_only(yard: Yard) -> None:
    """Nine answers add no line to the incident's log; opening, help and the end do, and both chains hold together."""
    code = yard.opens()
    before = yard.house.incident(ID).version
    for person in ("anna", "boris", "emma"):
        for key in ("1", "3", "1"):
            yard.house.texts(person, f"{code} {key}")
    assert yard.house.incident(ID).version == before
    yard.house.texts("chloe", f"{code} 2")
    yard.do("muster-close")
    (opened,) = yard.house.events(ID, e.MusterOpened)
    (closed,) = yard.house.events(ID, e.MusterClosed)
    assert (opened.code, opened.expected) == (code, 7)
    assert (closed.safe, closed.help, closed.missing, closed.away) == (3, 1, 3, 0)
    assert [event.person for event in yard.house.events(ID, e.HelpAsked)] == ["chloe"]
    assert closed.head == yard.musters.lines(ID)[closed.lines - 1].hash
    assert yard.house.store.verify(ID) == yard.house.incident(ID).version


# answers


def test_the_last_answer_counts_and_every_one_is_kept(yard: Yard) -> None:
    """Safe, then help, then safe again, by text, at the console and in words."""
    code = yard.opens()
    yard.house.texts("emma", f"{code}1")
    yard.do("muster-answer", person="emma", answer="help", by="boris")
    yard.house.texts("emma", "SAFE")
    assert yard.status("emma") == "safe"
    assert yard.said() == [("emma", "safe"), ("emma", "help"), ("emma", "safe")]


def test_an_answer_is_answered_with_what_was_noted(yard: Yard) -> None:
    """In the person's language, with how to change it."""
    code = yard.opens()
    assert yard.house.texts("felix", f"{code}+3").says == f"{code}已记:不在现场。要改请再复{code}+1或2。"
    assert yard.house.texts("emma", f"{code} 2").kind == "roll_help"
    yard.house.pump()
    assert any(m.id.startswith("re:") and "Command is told" in m.text for m in yard.sms.taken.values())


def test_a_bare_digit_counts_only_when_nothing_else_waits(yard: Yard) -> None:
    """With an alert open, 1 could be either: nothing is noted and both are named. Alone, it answers the roll call."""
    code = yard.opens()
    both = yard.house.texts("emma", "1")
    assert both.kind == "which"
    assert code in both.says
    assert "L01" in both.says
    assert yard.status("emma") == ""
    assert not yard.house.events(ID, e.AlertAcknowledged)
    yard.house.texts("emma", f"{code} 1")
    assert yard.house.texts("emma", "1").kind == "acknowledged"
    yard.ends_all_alerts()
    assert yard.house.texts("dmitri", "3").kind == "roll_away"
    assert yard.status("dmitri") == "away"


def test_words_for_an_alert_never_answer_a_roll_call(yard: Yard) -> None:
    """`done`, whose key is 2, must never become a cry for help; `OK` never means safe."""
    code = yard.opens()
    yard.ends_all_alerts()
    for words in (f"{code} done", f"{code} 到了", f"{code} OK", f"{code} 收到"):
        assert yard.house.texts("emma", words).kind == "roll_unread"
    assert yard.status("emma") == ""
    assert not yard.house.events(ID, e.HelpAsked)


@pytest.mark.parametrize("words", ["OK", "收到", "ok."])
def test_received_says_nothing_of_safety_and_is_asked_back(yard: Yard, words: str) -> None:
    """OK alone, while only the roll call waits, is no answer to it; whoever sent it is told the three that are."""
    code = yard.opens()
    yard.ends_all_alerts()
    outcome = yard.house.texts("emma", words)
    assert outcome.kind in ("unread", "roll_unread")
    assert f"{code} 1 safe, 2 need help, 3 not here" in outcome.says
    assert yard.status("emma") == ""


def test_two_roll_calls_at_once_are_told_apart(yard: Yard) -> None:
    """A code reaches its own roll call only; a bare digit reaches neither and is asked back."""
    one = yard.opens()
    yard.house.open("leak", id="leak2")
    two = perform(yard.desktop, yard.house.engine, "muster", {"code": "L03"})["roll_call"]
    for id in (ID, "leak2"):
        for run in yard.house.incident(id).steps.values():
            yard.house.do(id, c.GiveUpStep(step=run.id, by="console", reason="x"))
    asked = yard.house.texts("emma", "1")
    assert asked.kind == "which"
    assert one in asked.says
    assert two in asked.says
    yard.house.texts("emma", f"{two} 1")
    assert yard.status("emma") == ""
    assert yard.musters.person("leak2", "emma").status == "safe"  # type: ignore[union-attr]


def test_one_text_answers_an_alert_and_the_roll_call(yard: Yard) -> None:
    """Each by its own code."""
    code = yard.opens()
    yard.house.texts("emma", f"{yard.house.ref(ID, 'kind')} 1 {code} 1")
    assert yard.status("emma") == "safe"
    assert [x.via for x in yard.house.events(ID, e.AlertAcknowledged)] == ["sms"]


def test_help_reaches_command_once_and_with_the_place(yard: Yard) -> None:
    """The first 2 tells command, the second adds nothing; what was written beside it is a note that command sees."""
    code = yard.opens()
    yard.house.texts("emma", f"{code} 2 stair B, two people")
    yard.house.texts("emma", f"{code} 2")
    assert len(yard.house.events(ID, e.HelpAsked)) == 1
    notes = yard.house.store.words(x.text for x in yard.house.events(ID, e.NoteAdded))
    assert list(notes.values()) == ["STAIR B, TWO PEOPLE"]


def test_nine_is_heard_by_all(yard: Yard) -> None:
    """The cry for help is noted in the roll call, and in the incident, as everywhere."""
    yard.opens()
    assert yard.house.texts("emma", "9").kind == "roll_help"
    assert yard.status("emma") == "help"
    assert [x.person for x in yard.house.events(ID, e.HelpAsked)] == ["emma"]


def test_who_was_not_expected_may_answer(yard: Yard) -> None:
    """Somebody off shift who is in the house after all is put on the list by answering with its code."""
    code = yard.opens()
    everyone = roster().people
    later = {**everyone, "zoe": replace(everyone["emma"], id="zoe", numbers=("+13125550190",), shift="night")}
    yard.house.engine.unit(lambda engine: save_roster(engine, Roster(people=later), yard.house.clock.now()))
    inbound = Inbound(id="z1", provider="fake", channel="sms", sender="+13125550190", text=f"{code} 1")
    assert yard.house.hears(inbound).kind == "roll_safe"
    assert yard.do("muster-show")["totals"]["expected"] == 8


def test_a_late_answer_is_kept(yard: Yard) -> None:
    """After the end it is still noted, and the person is told that the roll call is over."""
    code = yard.opens()
    yard.do("muster-close")
    outcome = yard.house.texts("emma", f"{code} 2")
    assert (outcome.kind, yard.status("emma")) == ("roll_help", "help")
    assert "is over" in outcome.says
    assert yard.house.events(ID, e.HelpAsked)


def test_keys_in_a_call() -> None:
    """Where no texts can be sent, people are called, and press 1, 2 or 3; any other digit is asked back."""
    yard = Yard(texts=False)
    yard.house.clock.advance(2 * MINUTE)  # the calls of the incident itself are over
    yard.opens()
    call = next(m for m in yard.voice.taken.values() if m.id.startswith(f"roll:{ID}:emma:"))
    assert call.keys == "1239"
    assert "Press 1 if you are safe" in call.text
    assert yard.house.presses("emma", "7", call.id).kind == "roll_unread"
    assert yard.house.presses("emma", "1", call.id).kind == "roll_safe"
    assert yard.house.presses("dmitri", "2", call.id).kind == "unread"
    assert (yard.status("emma"), yard.status("dmitri")) == ("safe", "")


# asking


def test_only_the_silent_are_asked_again(yard: Yard) -> None:
    """Twice, three and eight minutes after the first time; who answered is left in peace."""
    code = yard.opens()
    yard.house.texts("anna", f"{code} 1")
    for _ in range(40):
        yard.house.wait(30 * SECOND)
    times = [row.queued_at for row in yard.house.rows("emma") if row.id.startswith("roll:")]
    assert [at - times[0] for at in times] == [0 * MINUTE, 3 * MINUTE, 8 * MINUTE]
    assert len(yard.asked("anna")) == 1
    assert "last roll call" in yard.asked("emma")[2]


def test_a_question_that_waits_is_taken_back(yard: Yard) -> None:
    """Who has answered, by radio or otherwise, is not asked any more; nor is anybody after the end."""
    yard.do("muster")
    yard.do("muster-answer", person="emma", answer="safe")
    yard.do("muster-close")
    yard.house.pump()
    assert [m for m in yard.sms.taken.values() if m.id.startswith("roll:")] == []


def test_every_alert_goes_before_every_question(yard: Yard) -> None:
    """Also one that comes later, of a lesser incident, that only tells."""
    yard.sms.asked.clear()
    yard.do("muster")
    yard.house.open("noise", id="noise1")
    yard.house.do("noise1", c.Tell(by="console", text=yard.house.store.seal("hello"), people=("emma",)))
    yard.house.pump()
    kinds = [m.id.startswith("roll:") for m in yard.sms.asked]
    assert True in kinds
    assert kinds == sorted(kinds)


def test_no_telephone_rings_where_none_may(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is believed to be where no telephone may make a sound is not asked, and is asked once that is over."""
    silent = {"emma"}
    monkeypatch.setattr(rolls, "is_silenced", lambda incident, member: member.id in silent)
    yard.opens()
    assert yard.asked("emma") == []
    assert yard.asked("anna")
    silent.clear()
    yard.house.wait(4 * MINUTE)
    assert len(yard.asked("emma")) == 1


def test_a_drill_says_so_at_both_ends() -> None:
    """Code and marks of a drill."""
    drill = Yard(mode="drill")
    code = drill.opens()
    assert code.startswith("XL")
    assert drill.asked("anna")[0].count("DRILL") == 2


def test_the_queue_stays_short(yard: Yard) -> None:
    """While a slow sender has hundreds of our messages before it, nobody else is asked: the queue is for alerts."""
    crowd(yard, 900, shift="night")
    yard.do("muster")
    yard.expects(*({"id": f"w{n:04d}"} for n in range(900)))
    for _ in range(20):
        yard.house.clock.advance(2 * SECOND)
        yard.house.engine.fire_due()
    waiting = [row for row in yard.house.rows() if row.status == "queued" and row.urgency == QUESTION_URGENCY]
    assert BACKLOG <= len(waiting) < BACKLOG + 250
    yard.house.pump()
    yard.house.wait(2 * SECOND)
    yard.house.wait(2 * SECOND)
    assert yard.do("muster-show")["totals"]["unasked"] == 0


class SlowForMany(FakeNotifier):
    """A provider that keeps questions of a roll call waiting, and takes alerts at once."""

    async def send(self, message: Message) -> Receipt:
        """Wait for ever with a question."""
        if message.id.startswith("roll:"):
            self.asked.append(message)
            await asyncio.Event().wait()
        return await super().send(message)


def test_an_alert_never_waits_for_a_question_to_land(yard: Yard) -> None:
    """However slow the provider is, some of what may be in flight is kept free, and a later alert leaves at once."""
    sms = SlowForMany(modes=("real", "drill"))
    house = yard.house
    outbox = Outbox(InlineDesk(house.engine), [sms], house.clock, house.people)
    crowd(yard, 60, shift="day")
    yard.do("muster")
    alert = house.store.seal("leave by the north door")

    async def night() -> int:
        while await outbox.start():
            await asyncio.sleep(0)
        house.do(ID, c.Tell(by="console", text=alert, people=("emma",)))
        await outbox.start()
        for _ in range(100):  # turns of the loop and not a length of time, for a machine may stand still for that long
            await asyncio.sleep(0)
        return outbox.in_flight

    assert asyncio.run(night()) == CALM_AT_ONCE
    assert len(sms.asked) - len(sms.taken) == CALM_AT_ONCE
    assert any("north door" in text for text in sms.texts)


def test_a_guest_of_two_roll_calls_answers_each_by_its_code(yard: Yard) -> None:
    """One telephone on two lists: the code says which, and neither list grows."""
    row = {"name": "Alice", "number": GUEST}
    one = yard.opens()
    yard.expects(row)
    yard.house.open("leak", id="leak2")
    two = perform(yard.desktop, yard.house.engine, "muster", {"code": "L03"})["roll_call"]
    perform(yard.desktop, yard.house.engine, "muster-expect", {"code": two, "rows": [row]})
    for n, (code, key) in enumerate([(one, 1), (two, 3)]):
        yard.house.hears(Inbound(id=f"g{n}", provider="fake", channel="sms", sender=GUEST, text=f"{code} {key}"))
    totals = [perform(yard.desktop, yard.house.engine, "muster-show", {"code": c})["totals"] for c in (one, two)]
    assert [(t["expected"], t["safe"], t["away"]) for t in totals] == [(8, 1, 0), (8, 0, 1)]


def test_a_roll_call_that_is_over_takes_nobody_on(yard: Yard) -> None:
    """A code that was read somewhere does not put anybody on a closed list."""
    code = yard.opens()
    yard.do("muster-close")
    crowd(yard, 1, shift="night")
    inbound = Inbound(id="w", provider="fake", channel="sms", sender="+14005550100", text=f"{code} 1")
    assert yard.house.hears(inbound).kind == "foreign"
    assert yard.do("muster-show")["totals"]["expected"] == 7


def test_nobody_is_asked_after_a_false_alarm(yard: Yard) -> None:
    """Whoever was just told that it was nothing is not asked again whether they are safe."""
    yard.opens()
    yard.house.do(ID, c.CancelIncident(by="console", reason="steam"))
    for _ in range(10):
        yard.house.wait(MINUTE)
    assert len(yard.asked("emma")) == 1


# zones


def test_a_zone_swept_ends_nothing_that_is_not_its_step(yard: Yard) -> None:
    """Without such a step in the plan it is kept in the roll call; giving up needs a reason, which is kept sealed."""
    yard.opens()
    yard.do("muster-zone", zone="Hall", mark="swept", by="chloe")
    with pytest.raises(CommandRefused, match="needs a reason"):
        yard.do("muster-zone", zone="yard", mark="given-up")
    doc = yard.do("muster-zone", zone="院子", mark="放弃", reason="flooded")
    assert [(z["zone"], z["mark"], z["reason"]) for z in doc["zones"] if z["zone"]] == [
        ("hall", "swept", ""), ("yard", "given_up", "flooded"),
    ]  # fmt: skip
    assert doc["steps"] == []
    assert b"flooded" not in b"".join(record.data for record in yard.musters.lines(ID))


def test_where_somebody_was_seen_is_the_last_known_place(yard: Yard) -> None:
    """It stands on the missing list with the time, until somebody says more."""
    yard.opens()
    yard.do("muster-answer", person="gina", answer="help", at="yard", by="chloe")
    (row,) = yard.do("muster-missing")["help"]
    assert (row["person"], row["place"]["en"], row["seen_at"][:16]) == ("gina", "Yard", "2026-03-02T12:00")


# lists


def test_a_list_of_guests(yard: Yard) -> None:
    """Guests are asked by their own number, answer with it, and are in nobody's roster; a count is nobody's name."""
    code = yard.opens()
    doc = yard.expects(
        {"name": "Alice Visitor", "employer": "Cleaners", "number": GUEST, "zone": "hall", "language": "en"},
        {"name": "Emma Ek"}, {"zone": "yard", "name": "children", "count": "12"},
    )  # fmt: skip
    assert doc["added"] == 1  # Emma was there already
    assert (doc["totals"]["expected"], doc["totals"]["heads"]) == (8, 12)
    yard.house.pump()
    assert sum(m.to == GUEST for m in yard.sms.taken.values()) == 1
    outcome = yard.house.hears(Inbound(id="g1", provider="fake", channel="sms", sender=GUEST, text="2 cellar"))
    assert outcome.kind == "unread"  # words without the code are no digit
    outcome = yard.house.hears(Inbound(id="g2", provider="fake", channel="sms", sender=GUEST, text=f"{code} 2"))
    assert outcome.kind == "roll_help"
    yard.house.pump()
    assert any("Alice Visitor needs help" in text or "Alice Visitor求助" in text for text in yard.sms.texts)


def test_no_name_and_no_number_is_on_record(yard: Yard) -> None:
    """Neither log nor lines of the roll call say who a guest is: a guest can be forgotten, and both still hold."""
    code = yard.opens()
    yard.expects({"name": "Alice Visitor", "employer": "Cleaners", "number": GUEST})
    yard.house.hears(Inbound(id="g1", provider="fake", channel="sms", sender=GUEST, text=f"{code} 2"))
    yard.do("muster-close")
    lines = b"".join(r.data for r in [*yard.musters.lines(ID), *yard.house.store.records(ID)])
    assert b"Alice" not in lines
    assert b"Cleaners" not in lines
    assert GUEST.encode() not in lines
    (guest,) = yard.musters.guests(ID)
    assert "Alice" not in repr(yard.musters.guest(guest))
    yard.musters.forget_guest(guest)
    assert yard.musters.guest(guest).name == ""  # type: ignore[union-attr]
    assert yard.do("muster-missing")["help"][0]["name"]["en"] == guest
    assert rolls.verify(yard.house.engine, yard.house.incident(ID)) == len(yard.musters.lines(ID))


def test_the_same_list_twice_is_one_list(yard: Yard) -> None:
    """Whoever sends it again by mistake adds nobody and asks nobody twice."""
    yard.opens()
    row = {"name": "Alice", "number": GUEST}
    assert yard.expects(row)["added"] == 1
    assert yard.expects(row)["added"] == 0
    yard.house.pump()
    assert sum(m.to == GUEST for m in yard.sms.taken.values()) == 1


BAD = """\
name,id,zone,employer,number,language,count
Alice,,nowhere,,12,en,
,nobody,,,,,
,,,,,,abc
Bob,,hall,,,,
Bob,,hall,,,,
Cy,,hall,,+13125550171,,
Di,,hall,,+13125550171,,
,,,Cleaners,,,
Eve,emma,hall,,,,3
"""


def test_every_mistake_of_a_list_is_told_at_once() -> None:
    """Each with its file and row, none with a telephone number; and nobody is put on the list."""
    with pytest.raises(Mistakes) as error:
        read_list(BAD.encode(), "visitors.csv", site(), roster())
    said = [(p.line, p.says) for p in error.value.problems]
    assert all(p.file == "visitors.csv" for p in error.value.problems)
    assert [line for line, _ in said] == [2, 2, 3, 4, 4, 6, 8, 9, 10]
    text = str(error.value)
    for words in ("no zone of mill", "not in the roster", "no number of people", "stands in row 5", "stands in row 7"):
        assert words in text
    assert "5550171" not in text


@pytest.mark.parametrize(
    "raw, says",
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"colour,size\nred,4\n", "colour", id="another table"),
        pytest.param(b"name,zone\n", "lists nobody", id="a header alone"),
        pytest.param("姓名,区域,单位\n李,大厅,保洁\n".encode(), "", id="Chinese words for columns"),
    ],
)
def test_what_is_no_list(raw: bytes, says: str) -> None:
    """It is refused in plain words; other words for the columns are understood."""
    if not says:
        (entry,) = read_list(raw, "x.csv", site(), roster())
        assert (entry.name, entry.place, entry.employer) == ("李", "hall", "保洁")
        return
    with pytest.raises(Mistakes, match=says):
        read_list(raw, "x.csv", site(), roster())


@pytest.mark.parametrize(
    "verb, args, says",
    [
        pytest.param("muster-answer", {"person": "nobody", "answer": "safe"}, "is not in the roster", id="who"),
        pytest.param("muster-answer", {"person": "emma", "answer": "maybe"}, "Say safe, help or not-here", id="what"),
        pytest.param("muster-answer", {"person": "emma", "answer": "1", "at": "moon"}, "'moon' is no zone", id="where"),
        pytest.param("muster-zone", {"zone": "moon", "mark": "swept"}, "'moon' is no zone", id="zone"),
        pytest.param("muster-zone", {"zone": "hall", "mark": "clean"}, "Say swept or given-up", id="mark"),
        pytest.param("muster-expect", {"rows": "x"}, "a list of rows", id="rows"),
        pytest.param("muster-expect", {"rows": [{"row": "x", "id": "zoe"}]}, "not in the roster", id="row"),
        pytest.param(
            "muster-expect", {"rows": [{"zone": "hall", "count": "9" * 5000}]}, "no number of people", id="count"
        ),
    ],
)
def test_wrong_words_change_nothing(yard: Yard, verb: str, args: dict[str, Any], says: str) -> None:
    """They are told what may be said, and no line is written."""
    yard.opens()
    before = yard.musters.of(ID)
    with pytest.raises(Mistakes, match=says):
        yard.do(verb, **args)
    assert yard.musters.of(ID) == before


# the chain


@pytest.mark.parametrize(
    "tamper",
    [
        pytest.param(
            "update muster_line set data = cast(replace(data, 'safe', 'help') as blob) where kind = 'Said'",
            id="changed",
        ),
        pytest.param("delete from muster_line where kind = 'Said'", id="taken out"),
        pytest.param("delete from muster_line where seq = (select max(seq) from muster_line)", id="cut off"),
    ],
)
def test_whoever_changes_an_answer_is_found_out(yard: Yard, tamper: str) -> None:
    """The lines are bound to each other, and the last to the incident's log."""
    code = yard.opens()
    yard.house.texts("emma", f"{code} 1")
    yard.do("muster-close")
    assert yard.do("log", verify=True)["verified_roll_call"] == len(yard.musters.lines(ID))
    yard.house.store._db.execute(tamper)
    with pytest.raises(StoreDamaged, match="roll call"):
        rolls.verify(yard.house.engine, yard.house.incident(ID))


def test_two_who_write_at_once_do_not_overwrite_each_other(yard: Yard) -> None:
    """A line written behind a line that is not the last any more is refused."""
    from emergency.errors import Conflict

    yard.opens()
    old = yard.musters.of(ID)
    yard.do("muster-answer", person="emma", answer="safe")
    assert old is not None
    with pytest.raises(Conflict):
        yard.house.engine.unit(lambda e: yard.musters.append(old, [("Said", b"{}")], yard.house.clock.now()))


def test_closed_and_opened_again_it_is_the_same(yard: Yard) -> None:
    """One code, one list, one chain; and the log says both times."""
    code = yard.opens()
    yard.house.texts("emma", f"{code} 1")
    assert yard.do("muster-close")["did"] == "closed"
    assert yard.do("muster-close")["did"] == ""
    again = yard.do("muster")
    assert (again["did"], again["roll_call"], again["totals"]["safe"]) == ("reopened", code, 1)
    assert len(yard.house.events(ID, e.MusterOpened)) == 2
    assert rolls.verify(yard.house.engine, yard.house.incident(ID)) > 0


def test_it_can_be_closed_after_the_incident(yard: Yard) -> None:
    """An incident that is closed asks nobody any more and opens no roll call; how one ended is still written down."""
    code = yard.opens()
    yard.house.do(ID, c.StandDown(by="console", ticked=(1,), override=True, reason="dry"))
    yard.house.wait(2 * HOUR)
    assert yard.house.incident(ID).is_closed
    before = len(yard.asked("emma"))
    yard.house.wait(HOUR)
    assert len(yard.asked("emma")) == before
    assert yard.do("muster")["did"] == ""
    yard.house.texts("emma", f"{code} 1")
    assert yard.do("muster-close")["totals"]["safe"] == 1
    assert yard.house.events(ID, e.MusterClosed)[0].safe == 1
    yard.house.open("leak", id="leak2")
    with pytest.raises(CommandRefused, match="no roll call yet"):
        perform(yard.desktop, yard.house.engine, "muster-show", {"code": "L03"})


# many


def test_two_thousand_answer(yard: Yard) -> None:
    """All are counted once, and how it stands is known in a moment."""
    people = crowd(yard, 2000, shift="day")
    code = yard.do("muster")["roll_call"]
    assert yard.do("muster-show")["totals"]["expected"] == 2007

    def hear(engine: Any, ids: Sequence[int]) -> None:
        for n in ids:
            sender = people[f"w{n:04d}"].numbers[0]
            inbound = Inbound(id=f"m{n}", provider="fake", channel="sms", sender=sender, text=f"{code} {1 + n % 3}")
            yard.house.inbox.receive(engine, inbound)

    for start in range(0, 1500, 100):
        yard.house.engine.unit(lambda engine, s=start: hear(engine, range(s, s + 100)))
    begun = time.process_time()
    totals = yard.do("muster-show")["totals"]
    assert time.process_time() - begun < 1.0
    assert (totals["safe"], totals["help"], totals["away"], totals["missing"]) == (500, 500, 500, 507)
    assert rolls.verify(yard.house.engine, yard.house.incident(ID)) == len(yard.musters.lines(ID))


# by link


@pytest.fixture(scope="module")
def linked() -> Iterator[Linked]:
    """The building where nobody can text back, with an emergency and a roll call of everybody in it."""
    made = Linked().start()
    made.trigger("noise")
    made.does("muster")
    visitor = {"name": "Alice Visitor", "number": GUEST, "language": "en"}
    made.does("muster-expect", rows=[*({"id": id} for id in ("anna", "boris", "dmitri", "emma", "felix")), visitor])
    yield made
    made.stop()


def roll_link(linked: Linked, to: str) -> str:
    """Return the path of the page to which somebody's question of the roll call leads."""

    def look() -> str | None:
        texts = [m.text for m in list(linked.sms.taken.values()) if m.to == to and m.id.startswith("roll:")]
        return TOKEN.findall(texts[-1])[-1] if texts else None

    return "/a/" + until(look, "for the question")


def last_word(linked: Linked, person: str) -> str:
    """Return what was said last of somebody."""
    (row,) = linked.store._db.execute("select status from muster_person where person = ?", (person,)).fetchall()
    return str(row[0])


def test_who_cannot_text_back_answers_on_a_page(linked: Linked) -> None:
    """Opening it says nothing; a tap does, and another tap changes it. The page bears three buttons and no name."""
    path = roll_link(linked, number("emma"))
    page = linked.get(path)
    assert (page.status, page.keys) == (200, "132")
    assert "Are you safe?" in page.words
    assert "Emma" not in page.words
    assert last_word(linked, "emma") == ""
    assert "noted, safe" in linked.taps(path, "1").words
    assert last_word(linked, "emma") == "safe"
    assert "noted, not here" in linked.taps(path, "3").words
    assert last_word(linked, "emma") == "away"
    assert "我平安" in linked.get(path + "?lang=zh").words


def test_a_tap_for_help_reaches_command(linked: Linked) -> None:
    """As with key 9; and a double tap is one."""
    path = roll_link(linked, number("boris"))
    page = linked.get(path)
    linked.taps(path, "2", page)
    linked.post(path, {"form": page.form, "key": "2"})
    id = linked.running.asks("status")["id"]
    assert [x.person for x in linked.events(id, e.HelpAsked)] == ["boris"]
    assert linked.running.asks("muster-show")["totals"]["help"] == 1


def test_a_guest_has_a_page_too(linked: Linked) -> None:
    """Visitors from where no text comes back are sent a link as well."""
    assert "noted, safe" in linked.taps(roll_link(linked, GUEST), "1").words


@pytest.mark.parametrize("key", ["9", "4", "", "safe"])
def test_a_key_that_is_no_button_does_nothing(linked: Linked, key: str) -> None:
    """Whatever is posted, only what stands on the page is taken."""
    path = roll_link(linked, number("dmitri"))
    linked.post(path, {"form": linked.get(path).form, "key": key})
    assert last_word(linked, "dmitri") == ""


# old habits


def test_rows_of_other_sorts_go_out_as_before(yard: Yard) -> None:
    """An answer that was queued before there were roll calls is read as it was."""
    line = b'{"form":"text","text":"%s","language":"en","sign":"Mill"}' % yard.house.store.seal("hello").encode()
    now = yard.house.clock.now()
    yard.house.store.queue(
        OutboxRow(
            id="re:old", incident=None, alert=None, person="emma", channel="sms", mode="real", number=0, urgency=2,
            attempt=0, line=line, queued_at=now, expires_at=now + MINUTE,
        )
    )  # fmt: skip
    yard.house.pump()
    assert "[Mill] hello" in yard.sms.texts
    assert number("emma") in {m.to for m in yard.sms.taken.values()}


# the command line


@pytest.fixture
def terminal(tmp_path: Path) -> Any:
    """The sample mall, and somebody who types; in a drill, so that nobody is told."""
    sample(tmp_path)
    env = {"EMERGENCY_HOME": str(tmp_path), "EMERGENCY_LANG": "en", "EMERGENCY_DATABASE": None}

    def types(*words: str) -> Any:
        return CliRunner().invoke(cli.main, list(words), env=env, prog_name="emergency")

    assert types("trigger", "fire", "--at", "B1 food court", "--drill").exit_code in (0, 4)
    return types


def test_one_word_opens_and_says_so(terminal: Any) -> None:
    """`emergency muster` is enough while one incident is open; the second time it says that it only shows."""
    first, second = terminal("muster"), terminal("muster")
    assert first.exit_code == second.exit_code == 0
    assert "Roll call XL01 is open" in first.stderr
    assert "as it stands" in second.stderr
    assert "missing" in second.stdout
    assert "roll call XL01:" in terminal("status").stdout


def test_short_and_long_ways_to_say_it(terminal: Any, tmp_path: Path) -> None:
    """The last word says what is meant; the long form and the Chinese words do the same. --json is one document."""
    terminal("muster")
    for words in (["luo_bin", "safe"], ["XF01", "answer", "孙丽", "平安"], ["xl01", "hu_wei", "safe", "--at", "一层"]):
        assert terminal("muster", *words).exit_code == 0, words
    for words in (["f5", "swept", "--by", "chen_jing"], ["XF01", "zone", "2F", "given-up", "--reason", "smoke"]):
        assert terminal("muster", *words).exit_code == 0, words
    found = json.loads(terminal("muster", "--show", "--json").stdout)
    assert found["totals"]["safe"] == 3
    assert {z["zone"]: z["mark"] for z in found["zones"] if z["mark"] != "open"} == {"f5": "swept", "f2": "given_up"}
    page = tmp_path / "page.html"
    assert terminal("muster", "missing", "--output", str(page)).exit_code == 0
    assert page.stat().st_mode & 0o077 == 0
    assert "失联" in page.read_text("utf-8")
    assert "5550" not in page.read_text("utf-8")
    assert terminal("muster", "close").exit_code == 0
    assert "Roll call" in terminal("log", "--verify").stderr


@pytest.mark.parametrize(
    "words, says",
    [
        pytest.param(["foo"], "not understood", id="a stray word"),
        pytest.param(
            ["luo_bin", "safe", "--reason", "x"], "--reason goes with 'zone'", id="an option that does nothing"
        ),
        pytest.param(["--output", "x.pdf"], "--output goes with 'missing'", id="output without missing"),
        pytest.param(["answer", "luo_bin"], "say: emergency muster", id="half an answer"),
        pytest.param(["missing", "--output", "x.doc"], "end it with .pdf or .html", id="another ending"),
    ],
)
def test_slips_of_the_hand(terminal: Any, words: list[str], says: str) -> None:
    """They end with 2, say what was meant, and do nothing."""
    terminal("muster")
    result = terminal("muster", *words)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_list_on_the_command_line(terminal: Any, tmp_path: Path) -> None:
    """A good one opens the roll call and is put on it; a bad one opens nothing."""
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text("name,zone\nAlice,nowhere\n", "utf-8")
    good.write_text("name,zone,count\nAlice,f3,\ncinema,f5_cinema,120\n", "utf-8")
    result = terminal("muster", "--expect", str(bad))
    assert result.exit_code == 2
    assert "bad.csv:2" in result.stderr
    assert terminal("muster", "--show").exit_code == 3
    result = terminal("muster", "--expect", str(good))
    assert result.exit_code == 0
    assert "1 people were added" in result.stderr
    assert "120" in result.stdout
