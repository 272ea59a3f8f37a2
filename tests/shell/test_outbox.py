"""The outbox: everything goes out, once where that can be known, most urgent first, and its outcome comes back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.values import Severity
from emergency.desk import Desk
from emergency.errors import PermanentFailure, StoreBusy, StoreError, TemporaryFailure, UnknownOutcome
from emergency.notify import Message, Report
from emergency.outbox import ASK_AGAIN, LEASE, MERGE_AT_MOST, Outbox, Rate, record_report
from emergency.people import save_roster
from emergency.store.store import OutboxRow, SqliteStore
from tests.fakes import (
    DyingDesk,
    FailingDesk,
    FakeNotifier,
    Killed,
    KilledAfter,
    Lost,
    TracedNotifier,
    forget_the_dead,
)
from tests.small import MINUTE, NOON, SECOND, House, number, roster

BOTH = ("real", "drill")
NO_SUCH_PROCESS = 2**22
"""One more than Linux ever gives."""


def house_of(sms: FakeNotifier, *others: FakeNotifier) -> tuple[House, str]:
    """Return a house with an open leak, whose first messages wait."""
    house = House([sms, *others])
    return house, house.open().id


def report(house: House, row: OutboxRow, status: str, reason: str = "", **more: str) -> bool:
    """Let the provider report on a message."""
    said = Report(delivery=row.id, status=status, reason=reason, **more)  # type: ignore[arg-type]
    return house.engine.unit(lambda engine: record_report(engine, said))


def in_order(notifiers: Sequence[FakeNotifier], person: str) -> list[tuple[str, str]]:
    """Return (channel, number) of each message for somebody that a provider was asked to take."""
    numbers = roster().people[person].numbers
    asked = [message for notifier in notifiers for message in notifier.asked]
    return [(message.channel, message.to) for message in asked if message.to in numbers]


# what goes together, and in which order


def test_what_one_person_would_get_at_once_is_one_text() -> None:
    """Two tasks of the same moment for the same telephone are one SMS that names both; both rows bear its receipt."""
    sms = FakeNotifier()
    house, id = house_of(sms)
    house.pump()
    texts = [message.text for message in sms.asked if message.to == number("chloe")]
    assert len(texts) == 1
    assert house.ref(id, "look") in texts[0]
    assert "keep people away" in texts[0]
    rows = house.rows("chloe")
    assert (house.statuses("chloe"), len({row.provider_id for row in rows})) == (["sent", "sent"], 1)
    assert {row.id for row in rows} <= {event.delivery for event in house.events(id, e.DeliverySent)}


def test_a_text_and_a_call_stay_apart() -> None:
    """Who is both texted and rung gets both: merging never crosses a channel."""
    sms, voice = FakeNotifier(), FakeNotifier("voice")
    house, _ = house_of(sms, voice)
    house.pump()
    assert [("sms", number("anna")), ("voice", number("anna"))] == in_order([sms, voice], "anna")


def test_two_incidents_share_one_text_that_names_both() -> None:
    """Somebody called on by two incidents in the same moment reads both codes in one SMS."""
    sms = FakeNotifier()
    house, _ = house_of(sms)
    house.open("noise", id="noise1")
    house.do("leak1", c.Tell(by="console", text=house.store.seal("bring a lamp"), people=("dmitri",)))
    house.pump()
    (text,) = [message.text for message in sms.asked if message.to == number("dmitri")]
    assert "L01" in text
    assert "N01" in text


def row_of(id: str, **changes: Any) -> OutboxRow:
    """Return a message to Anna that belongs to no incident's log."""
    line = msgspec.json.encode(
        {
            "kind": "tell",
            "language": "en",
            "mode": "real",
            "code": "L01",
            "sign": "Old Mill",
            "values": {"text": f"word {id}"},
        }
    )
    usual: dict[str, Any] = {
        "id": id,
        "incident": None,
        "alert": "a1",
        "person": "anna",
        "channel": "sms",
        "mode": "real",
        "number": 0,
        "urgency": 5,
        "attempt": 0,
        "line": line,
        "queued_at": NOON,
        "expires_at": NOON + 30 * MINUTE,
    }
    return OutboxRow(**{**usual, **changes})


@pytest.mark.parametrize(
    "second, messages",
    [
        pytest.param({}, 1, id="same telephone"),
        pytest.param({"number": 1}, 2, id="another number"),
        pytest.param({"person": "boris"}, 2, id="another person"),
        pytest.param({"mode": "drill"}, 2, id="practice and reality"),
        pytest.param({"queued_at": NOON + MINUTE}, 1, id="not yet due"),
        pytest.param({"expires_at": NOON - SECOND}, 1, id="too old to be sent"),
    ],
)
def test_only_what_belongs_together_is_merged(second: dict[str, Any], messages: int) -> None:
    """Messages are merged for the same person, number, kind and moment only."""
    sms = FakeNotifier(modes=BOTH)
    house = House([sms])
    house.store.queue(row_of("x1"))
    house.store.queue(row_of("x2", **second))
    house.pump()
    assert messages == len(sms.asked)
    together = any("x1" in text and "x2" in text for text in sms.texts)
    assert together == (second == {})


def test_what_was_tried_before_goes_alone() -> None:
    """A message that failed once is not joined by a new one: what has one name stays one thing to look for."""
    sms = FakeNotifier()
    house = House([sms])
    house.store.queue(row_of("x1"))
    sms.next = [TemporaryFailure("503")]
    house.pump()
    house.clock.advance(MINUTE)
    house.store.queue(row_of("x2"))
    house.pump()
    assert sorted(text.count("word") for text in sms.texts) == [1, 1]


def test_a_text_carries_so_much_and_no_more() -> None:
    """More than six things for one person make a second message."""
    sms = FakeNotifier()
    house = House([sms])
    for n in range(MERGE_AT_MOST + 2):
        house.store.queue(row_of(f"x{n}"))
    house.pump()
    assert [text.count("word") for text in sms.texts] == [MERGE_AT_MOST, 2]


def test_an_old_message_does_not_take_a_fresh_one_with_it() -> None:
    """When what waited too long has expired, a new alert for the same telephone still goes out."""
    sms = FakeNotifier()
    house = House([sms])
    house.store.queue(row_of("old", urgency=0, queued_at=NOON - 40 * MINUTE, expires_at=NOON - 10 * MINUTE))
    house.store.queue(row_of("fresh"))
    house.pump()
    assert (house.statuses("anna"), len(sms.taken)) == (["failed", "sent"], 1)


def test_the_most_urgent_goes_first_under_a_rate() -> None:
    """At one message a second the gravest goes first, also past what has been waiting longer; nothing is lost."""
    sms = FakeNotifier(per_second=1.0)
    house, _ = house_of(sms)
    order = []
    for second in range(12):
        if second == 1:
            house.do("leak1", c.AskHelp(person="emma"))
        house.pump()
        order += [message.to for message in sms.asked[len(order) :]]
        assert len(order) <= second + 1
        house.clock.advance(SECOND)
    assert [number("anna"), number("anna")] == order[:2]
    assert {number(person) for person in ("anna", "chloe", "emma", "felix")} == set(order)
    assert {"sent"} == set(house.statuses())


@pytest.mark.parametrize(
    "spent, wait",
    [
        pytest.param([], 0.0, id="fresh"),
        pytest.param([1.0], 0.0, id="one is left"),
        pytest.param([2.0], 0.5, id="empty"),
        pytest.param([5.0], 2.0, id="in debt by a long message"),
    ],
)
def test_a_rate_makes_long_messages_pay(spent: list[float], wait: float) -> None:
    """A sender of two pieces a second waits out what a message of five pieces has cost."""
    rate = Rate(2.0, NOON)
    for cost in spent:
        rate.spend(cost, NOON)
    assert timedelta(seconds=wait) == rate.wait(NOON)
    assert rate.available(NOON + MINUTE) == 2


def test_a_long_text_is_paid_for_by_the_piece() -> None:
    """An SMS of several pieces keeps the next one back as long as these take."""
    sms = FakeNotifier(per_second=1.0)
    house = House([sms])
    words = house.store.seal("word " * 60)
    long = {"kind": "tell", "language": "en", "mode": "real", "code": "L01", "sign": "Mill", "seals": {"text": words}}
    house.store.queue(row_of("long", urgency=0, line=msgspec.json.encode(long)))
    house.store.queue(row_of("next", person="boris"))
    sent = []
    for _ in range(4):
        house.pump()
        sent.append(len(sms.asked))
        house.clock.advance(SECOND)
    assert sent == [1, 1, 1, 2]


def test_texts_and_calls_of_one_provider_have_their_own_pace() -> None:
    """A slow caller does not slow down the texts that the same provider sends."""
    sms, voice = FakeNotifier(per_second=50.0), FakeNotifier("voice", per_second=1.0)
    house = House([sms, voice])
    for n, person in enumerate(("anna", "boris", "chloe", "dmitri")):
        house.store.queue(row_of(f"s{n}", person=person))
        house.store.queue(row_of(f"v{n}", person=person, channel="voice"))
    house.pump()
    assert (len(sms.asked), len(voice.asked)) == (4, 1)


def test_the_next_chance_is_that_of_what_waits() -> None:
    """How long to wait depends on what is in line and who can carry it: a waiting call does not hurry for an idle
    sender of texts, and what nobody carries wakes nobody."""
    sms, voice = FakeNotifier(), FakeNotifier("voice", per_second=0.1)
    house = House([sms, voice])
    assert None is house.outbox.next_chance(house.engine)
    house.store.queue(row_of("drill", mode="drill"))
    assert None is house.outbox.next_chance(house.engine)
    for n, person in enumerate(("anna", "boris")):
        house.store.queue(row_of(f"v{n}", channel="voice", person=person))
    house.pump()
    assert house.outbox.next_chance(house.engine) == 10 * SECOND
    house.store.queue(row_of("later", queued_at=NOON + 3 * SECOND))
    assert house.outbox.next_chance(house.engine) == 3 * SECOND


# failures


@pytest.mark.parametrize(
    "asked, waits",
    [
        pytest.param(None, [2, 4, 8, 16, 30, 30], id="by itself: doubling, to half a minute"),
        pytest.param(7.0, [7, 7, 8, 16], id="as long as the provider asks, and not shorter"),
        pytest.param(1.0, [2, 4], id="not as short as the provider asks"),
        pytest.param(900.0, [300, 300], id="five minutes at most"),
    ],
)
def test_a_temporary_failure_waits_before_it_is_tried_again(asked: float | None, waits: list[int]) -> None:
    """The pause grows with every try, honours retry_after, and the message goes out when the trouble is over."""
    sms = FakeNotifier()
    house = House([sms])
    house.store.queue(row_of("x1", expires_at=NOON + timedelta(hours=9)))
    sms.next = [TemporaryFailure("503", retry_after=asked) for _ in waits]
    seen = []
    for wait in waits:
        house.pump()
        due = house.store.next_queued("real", "sms")
        assert due is not None
        seen.append(int((due - house.clock.now()).total_seconds()))
        house.clock.advance(timedelta(seconds=wait) - timedelta(milliseconds=1))
        assert house.pump() == 0
        house.clock.advance(timedelta(milliseconds=1))
    house.pump()
    assert waits == seen
    assert (["sent"], [n + 1 for n in range(len(waits) + 1)]) == (
        house.statuses(),
        [message.attempt for message in sms.asked],
    )


def test_a_temporary_failure_says_nothing_to_the_ladder() -> None:
    """While a message is tried again nobody else is called in that person's place."""
    sms = FakeNotifier()
    house, id = house_of(sms)
    sms.always = TemporaryFailure("503")
    house.pump()
    assert house.events(id, e.DeliveryFailed, e.LadderClimbed) == []
    assert {"queued"} == set(house.statuses())


def test_a_permanent_failure_goes_every_other_way_at_once() -> None:
    """Chloe's first number is dead: her other channel, her next number on both, then the deputy, in no time at all."""
    sms, voice = FakeNotifier(), FakeNotifier("voice")
    house, id = house_of(sms, voice)

    def dead(message: Message) -> None:
        if message.to in roster().people["chloe"].numbers:
            raise PermanentFailure("21211")

    sms.before_send = voice.before_send = dead
    before = house.clock.now()
    for _ in range(12):
        house.pump()
    assert before == house.clock.now()
    first, second = roster().people["chloe"].numbers
    assert {("sms", first), ("voice", first), ("sms", second), ("voice", second)} == set(
        in_order([sms, voice], "chloe")
    )
    climbed = house.events(id, e.LadderClimbed)
    assert {"undelivered"} == {event.because for event in climbed}
    assert [("sms", number("dmitri"))] == in_order([sms, voice], "dmitri")[:1]


def test_the_telephones_of_somebody_are_tried_in_turn() -> None:
    """One message at a time goes to the ways that are left: the alert is not rung on all telephones together."""
    sms, voice = FakeNotifier(), FakeNotifier("voice")
    house, _ = house_of(sms, voice)
    sms.next = [None] * 9

    def dead(message: Message) -> None:
        if message.to == number("chloe") and message.channel == "sms":
            raise PermanentFailure("30003")

    sms.before_send = dead
    house.pump()
    house.pump()
    assert [("voice", number("chloe"))] == in_order([voice], "chloe")
    assert number("chloe", 1) not in {message.to for message in sms.asked}


def test_a_person_whose_number_is_gone_is_passed_over() -> None:
    """Numbers are looked up at the last moment: without one the delivery has failed, and the ladder climbs at once."""
    sms = FakeNotifier()
    house, id = house_of(sms)
    people = {
        key: msgspec.structs.replace(person, numbers=() if key == "emma" else person.numbers)
        for key, person in roster().people.items()
    }
    save_roster(house.engine, msgspec.structs.replace(roster(), people=people), house.clock.now())
    house.pump()
    failed = [event.reason for event in house.events(id, e.DeliveryFailed)]
    assert failed == ["no_number"]
    assert house.alert(id, "emma", "kind").root in {event.alert for event in house.events(id, e.LadderClimbed)}
    assert [message for message in sms.asked if message.to == number("emma")] == []


@pytest.mark.parametrize(
    "late, taken",
    [pytest.param(30 * MINUTE, 1, id="at its last moment"), pytest.param(30 * MINUTE + SECOND, 0, id="past it")],
)
def test_an_alert_that_waited_too_long_is_not_sent(late: timedelta, taken: int) -> None:
    """After half an hour an unsent call would find another emergency: it has failed as expired, and says so."""
    sms = FakeNotifier()
    house = House([sms])
    house.store.queue(row_of("x1"))
    house.clock.advance(late)
    house.pump()
    assert (taken, taken) == (len(sms.asked), len(sms.taken))
    assert ["sent" if taken else "failed"] == house.statuses()


# drills and reality


@pytest.mark.parametrize(
    "mode, carries",
    [
        pytest.param("real", ("drill",), id="a real alert never goes to the played telephones"),
        pytest.param("drill", ("real",), id="a drill never rings a real telephone"),
    ],
)
def test_the_wrong_kind_never_leaves(mode: Any, carries: Sequence[Any]) -> None:
    """Without a sender for its kind a message stays in line and shows; no other sender is asked."""
    sms, voice = FakeNotifier(modes=carries), FakeNotifier("voice", modes=carries)
    house = House([sms, voice])
    house.open(mode=mode)
    for _ in range(3):
        house.wait(10 * SECOND)
    assert (sms.asked, voice.asked) == ([], [])
    assert {"queued"} == set(house.statuses())


def test_a_sender_that_changed_its_mind_is_not_asked() -> None:
    """The kind is checked once more in the very moment of sending."""
    sms = FakeNotifier(modes=BOTH)
    house = House([sms])
    house.store.queue(row_of("x1", mode="drill"))
    sms.abilities = msgspec.structs.replace(sms.abilities, modes=frozenset({"real"}))
    house.pump()
    assert (sms.asked, house.statuses()) == ([], ["failed"])


def test_drill_and_reality_each_have_their_sender() -> None:
    """With both kinds of sender, each message takes its own, and the drill's words say so from end to end."""
    real, drill = FakeNotifier(name="real"), FakeNotifier(name="drill", modes=("drill",))
    house = House([real, drill])
    house.open(mode="real")
    house.open("noise", mode="drill")
    house.pump()
    assert {"real"} == {message.mode for message in real.asked}
    assert {"drill"} == {message.mode for message in drill.asked}
    assert all("DRILL" in text for text in drill.texts)
    assert not any("DRILL" in text for text in real.texts)


# nobody knows what became of it


def test_an_unknown_outcome_that_left_a_trace_is_sent_once() -> None:
    """The answer was lost, but the provider has the message: it is found by asking, and not sent again."""
    sms = TracedNotifier()
    house, id = house_of(sms)
    sms.next = [Lost]
    house.pump()
    (lost,) = [row for row in house.rows() if row.status == "unknown"]
    house.clock.advance(ASK_AGAIN)
    assert house.settle() == 1
    house.pump()
    assert {"sent"} == set(house.statuses())
    assert {1} == set(sms.reached().values())
    (sent,) = [event for event in house.events(id, e.DeliverySent) if event.delivery == lost.id]
    assert (sent.found, sent.attempt) == (True, 1)


def test_an_unknown_outcome_without_a_trace_is_sent_again() -> None:
    """The provider knows nothing of it: it goes out again, and the log says that it may have arrived twice."""
    sms = TracedNotifier()
    house, id = house_of(sms)
    sms.next = [UnknownOutcome("no_answer")]
    house.pump()
    (lost,) = [row for row in house.rows() if row.status == "unknown"]
    house.clock.advance(ASK_AGAIN)
    house.settle()
    house.pump()
    assert sms.reached()[lost.id] == 1
    assert {"sent"} == set(house.statuses())
    (again,) = house.events(id, e.DeliveryRetried)
    assert (lost.id, 2, True) == (again.delivery, again.attempt, again.possibly_twice)


def test_the_provider_is_given_a_moment_before_it_is_asked() -> None:
    """Its lists lag behind: asking at once would find no trace and send twice."""
    sms = TracedNotifier()
    house, _ = house_of(sms)
    sms.next = [Lost]
    house.pump()
    house.clock.advance(ASK_AGAIN - timedelta(milliseconds=1))
    assert (house.settle(), sms.sought) == (0, [])


def test_while_the_provider_cannot_be_asked_nothing_is_sent_again() -> None:
    """Cut off from the provider, an unknown message stays unknown, and is found when the line is back."""
    sms = TracedNotifier()
    house, _ = house_of(sms)
    sms.next = [Lost]
    house.pump()
    sms.cut_off = True
    for _ in range(3):
        house.clock.advance(ASK_AGAIN)
        house.settle()
        house.pump()
    assert house.statuses().count("unknown") == 1
    sms.cut_off = False
    house.clock.advance(ASK_AGAIN)
    house.settle()
    assert {1} == set(sms.reached().values())
    assert {"sent"} == set(house.statuses())


def test_one_trace_stands_for_one_message_only() -> None:
    """Two unknown messages with the same words to the same telephone, of which one was taken: the other goes again."""
    sms = TracedNotifier()
    house = House([sms])
    sms.next = [Lost, UnknownOutcome("no_answer")]
    same = {"line": row_of("x").line}
    house.store.queue(row_of("x1", **same))
    house.pump()
    house.store.queue(row_of("x2", **same))
    house.pump()
    assert house.statuses() == ["unknown", "unknown"]
    house.clock.advance(ASK_AGAIN)
    house.settle()
    house.pump()
    assert (house.statuses(), len(sms.taken)) == (["sent", "sent"], 2)
    assert len({row.provider_id for row in house.rows()}) == 2


def test_a_merged_message_is_settled_as_one() -> None:
    """What went out as one text is looked for as that text, and all of it is settled by its trace."""
    sms = TracedNotifier()
    house, _ = house_of(sms)
    sms.next = [Lost] * 4
    house.pump()
    assert house.statuses("chloe") == ["unknown", "unknown"]
    house.clock.advance(ASK_AGAIN)
    house.settle()
    house.pump()
    assert house.statuses("chloe") == ["sent", "sent"]
    assert len([m for m in sms.taken.values() if m.to == number("chloe")]) == 1


def test_an_answer_and_an_alert_of_one_moment_are_settled_apart() -> None:
    """Claimed in the same breath for the same telephone, they are two messages: one never hides or spoils the other."""
    sms = TracedNotifier()
    house, id = house_of(sms)
    house.pump()
    sms.asked.clear()
    house.do(id, c.Tell(by="console", text=house.store.seal("use the side door"), people=("chloe",)))
    house.texts("chloe", "hello there")
    sms.next = [Lost, UnknownOutcome("no_answer"), Lost]
    house.pump()
    waiting = house.statuses("chloe").count("unknown")
    assert waiting >= 2
    house.clock.advance(ASK_AGAIN)
    house.settle()
    house.pump()
    assert {"sent"} == set(house.statuses("chloe"))
    sent = [message.text for message in sms.taken.values() if message.to == number("chloe")]
    assert sum("side door" in text for text in sent) == 1
    assert sum("Not understood" in text for text in sent) == 1


def test_trying_again_slows_down() -> None:
    """When every attempt ends unknown, the pauses grow: nobody is rung every other second for half an hour."""
    sms = FakeNotifier()
    house = House([sms])
    house.store.queue(row_of("x1"))
    sms.always = UnknownOutcome("no_answer")
    for _ in range(300):
        house.pump()
        house.settle()
        house.clock.advance(SECOND)
    assert 5 < len(sms.asked) < 20


def test_whatever_breaks_in_a_notifier_is_settled() -> None:
    """An error that no notifier should raise leaves no message claimed for ever: it is unknown, and looked into."""
    sms = TracedNotifier()
    house, _ = house_of(sms)
    sms.next = [RuntimeError("a slip of ours")]
    house.pump()
    house.clock.advance(ASK_AGAIN)
    house.settle()
    house.pump()
    assert {"sent"} == set(house.statuses())


def test_a_message_that_cannot_be_written_keeps_no_other_back() -> None:
    """A row whose words cannot be read has failed; all others go."""
    sms = TracedNotifier()
    house, _ = house_of(sms)
    house.store.queue(row_of("bad", person="boris", urgency=0, line=b"not json"))
    house.pump()
    assert (["failed"], {"sent"}) == (
        house.statuses("boris"),
        {row.status for row in house.rows() if row.id != "bad"},
    )


def test_what_was_taken_back_on_its_way_is_not_tried_again() -> None:
    """Emma answers while a second message to her fails: nobody needs it any more, so it stays home."""
    sms, voice = FakeNotifier(), FakeNotifier("voice")
    house, id = house_of(sms, voice)
    house.pump()
    house.clock.advance(MINUTE)
    house.engine.fire_due()
    assert "queued" in house.statuses("emma")

    def answers(message: Message) -> None:
        if message.to == number("emma"):
            house.texts("emma", house.ref(id, "kind") + "1")
            raise TemporaryFailure("503")

    voice.before_send = answers
    house.pump()
    house.clock.advance(MINUTE)
    house.pump()
    assert len([m for m in voice.asked if m.to == number("emma")]) == 1
    assert "dropped" in house.statuses("emma")


# crashes


def traced(kind: type[FakeNotifier]) -> tuple[FakeNotifier, FakeNotifier]:
    """Return a sender of texts and one of calls."""
    return kind("sms"), kind("voice")


def live_on(path: Path, notifiers: Sequence[FakeNotifier], clock: Any) -> House:
    """Begin anew on the same file, as after a restart, and let everything be settled."""
    house = House(notifiers, store=SqliteStore(path), clock=clock, fresh=False)
    for _ in range(4):
        house.settle()
        house.pump()
        house.clock.advance(ASK_AGAIN)
    return house


def check_nothing_is_lost(house: House, notifiers: Sequence[FakeNotifier], *, traces: bool) -> None:
    """Every message has reached its telephone; those that did so twice are marked in the log."""
    taken = {id: message for notifier in notifiers for id, message in notifier.taken.items()}
    rows = house.rows()
    assert {"sent"} == {row.status for row in rows}
    for row in rows:
        assert taken[row.provider_id].to in roster().people[row.person].numbers
    doubles = len(taken) - len({row.provider_id for row in rows})
    again = [event for event in house.events("leak1", e.DeliveryRetried) if event.possibly_twice]
    if traces:
        assert doubles == 0
    else:
        assert doubles <= len({event.delivery for event in again})


@pytest.mark.parametrize("after", [pytest.param(False, id="before"), pytest.param(True, id="after")])
@pytest.mark.parametrize(
    "kind", [pytest.param(TracedNotifier, id="traces"), pytest.param(FakeNotifier, id="no traces")]
)
def test_a_crash_at_any_line_of_the_store_loses_nothing(tmp_path: Path, kind: type[FakeNotifier], after: bool) -> None:
    """The process ends before or after any piece of work on the store: what follows on the same file sends the rest,
    nobody is left out, and nobody is called twice where the provider can be asked."""
    forget_the_dead()
    died = 0
    for at in range(1, 60):
        path = tmp_path / f"{at}.db"
        notifiers = traced(kind)
        house = House(notifiers, store=SqliteStore(path))
        house.open()
        desk = DyingDesk(house.engine, at, after=after)
        doomed = outbox_over(house, desk)
        run_until_it_dies(doomed)
        house.store.close()
        later = live_on(path, notifiers, house.clock)
        check_nothing_is_lost(later, notifiers, traces=kind is TracedNotifier)
        later.store.close()
        if not desk.dead:
            break
        died += 1
    assert died >= 5


def outbox_over(house: House, desk: Desk) -> Outbox:
    """Return an outbox of the house over another desk, as a process of its own would have."""
    outbox = Outbox(desk, house.notifiers, house.clock, house.people)
    outbox.worker = f"{NO_SUCH_PROCESS}:dead"
    return outbox


def run_until_it_dies(outbox: Outbox) -> None:
    """Pump until all is sent, or until the process ends."""

    async def main() -> None:
        try:
            await outbox.pump()
        except Killed:
            return

    asyncio.run(main())


@pytest.mark.parametrize(
    "kind", [pytest.param(TracedNotifier, id="traces"), pytest.param(FakeNotifier, id="no traces")]
)
@pytest.mark.parametrize(
    "step", [pytest.param(Killed, id="before it was taken"), pytest.param(KilledAfter, id="after it was taken")]
)
def test_a_crash_at_the_provider_loses_nothing(
    tmp_path: Path, kind: type[FakeNotifier], step: type[BaseException]
) -> None:
    """The process ends in the middle of any request: the next one finds out what became of it."""
    forget_the_dead()
    count = 4
    for nth in range(count):
        path = tmp_path / f"{nth}.db"
        notifiers = traced(kind)
        notifiers[0].next = [None] * nth + [step]
        house = House(notifiers, store=SqliteStore(path))
        house.open()
        run_until_it_dies(outbox_over(house, house.outbox.desk))
        assert (
            house.statuses().count("sending") == 1
            or nth == count - 1
            or "chloe" in {row.person for row in house.rows() if row.status == "sending"}
        )
        house.store.close()
        house.clock.advance(LEASE)
        later = live_on(path, notifiers, house.clock)
        check_nothing_is_lost(later, notifiers, traces=kind is TracedNotifier)
        assert len(notifiers[0].taken) == count + (kind is FakeNotifier and step is KilledAfter)
        later.store.close()


def test_the_messages_of_a_living_process_are_left_to_it() -> None:
    """What another process has claimed and may still be sending is not touched, until its time is up."""
    sms = TracedNotifier()
    house = House([sms])
    house.store.queue(row_of("x1"))
    house.store.claim(["x1"], f"{os.getppid()}:alive/x1", house.clock.now())
    house.clock.advance(LEASE - SECOND)
    assert house.settle() == 0
    house.clock.advance(SECOND)
    assert house.settle() == 1


@pytest.mark.parametrize(
    "worker",
    [
        pytest.param(f"{NO_SUCH_PROCESS}:dead", id="no such process"),
        pytest.param("nobody", id="no process at all"),
        pytest.param(f"{os.getpid()}:other", id="an earlier one with our own number, as in a container"),
    ],
)
def test_the_messages_of_a_dead_process_are_settled_at_once(worker: str) -> None:
    """Nobody waits for half a minute when it is known that the sender is gone."""
    sms = TracedNotifier()
    house = House([sms])
    house.store.queue(row_of("x1"))
    house.store.claim(["x1"], f"{worker}/x1", house.clock.now())
    assert house.settle() == 1
    house.pump()
    assert house.statuses() == ["sent"]


def test_our_own_messages_in_flight_are_not_settled() -> None:
    """A sweep while a request is out does not ask about it: it would find no trace yet, and send twice."""
    sms = TracedNotifier()
    house = House([sms])
    house.store.queue(row_of("x1"))
    house.store.claim(["x1"], f"{house.outbox.worker}/x1", house.clock.now())
    house.clock.advance(10 * LEASE)
    assert (house.settle(), sms.sought) == (0, [])


def broken_after_sending(error: Exception) -> tuple[House, FakeNotifier, FailingDesk]:
    """Return a house whose provider took a message in the very moment in which the store began to fail."""
    sms = TracedNotifier()
    house = House([sms])
    house.store.queue(row_of("x1"))
    desk = FailingDesk(house.engine)
    house.outbox.desk = desk
    sms.before_send = lambda message: desk.break_down(error)
    with pytest.raises(type(error)):
        house.pump()
    assert house.statuses() == ["sending"]
    return house, sms, desk


@pytest.mark.parametrize("failures", [pytest.param(0, id="once"), pytest.param(3, id="for a while")])
def test_an_outcome_that_could_not_be_written_is_not_forgotten(failures: int) -> None:
    """The store fails after the provider took the message: when it is back the trace is found, nothing goes twice."""
    house, sms, desk = broken_after_sending(StoreError("input and output"))
    desk.broken = None
    for _ in range(failures):
        desk.failures = [None, None, None, StoreError("input and output")]
        house.settle()
        assert house.statuses() == ["sending"]
    house.settle()
    house.pump()
    assert (house.statuses(), len(sms.taken)) == (["sent"], 1)


def test_a_store_that_is_held_for_a_moment_costs_nothing() -> None:
    """The store is held while an outcome comes in: it is written when the store is free, and nothing goes twice."""
    house, sms, desk = broken_after_sending(StoreBusy("held"))
    desk.broken = None
    house.clock.advance(10 * SECOND)
    for _ in range(2):
        house.settle()
        house.pump()
    assert (house.statuses(), len(sms.taken)) == (["sent"], 1)


# receipts


Report_ = tuple[str, str]


@pytest.mark.parametrize(
    "channel, reports, status, climbs",
    [
        pytest.param("sms", [("delivered", "")], "delivered", False, id="delivered"),
        pytest.param("sms", [("delivered", "")] * 3, "delivered", False, id="delivered, three times over"),
        pytest.param("sms", [("delivered", ""), ("sent", "")], "delivered", False, id="out of order"),
        pytest.param("sms", [("failed", "30003")], "failed", True, id="undelivered after sent"),
        pytest.param("sms", [("failed", "30003")] * 2, "failed", True, id="undelivered twice"),
        pytest.param("sms", [("failed", "30003"), ("delivered", "")], "failed", True, id="failed, then delivered"),
        pytest.param("sms", [("delivered", ""), ("failed", "30003")], "delivered", False, id="delivered, then failed"),
        pytest.param("voice", [("delivered", "")], "delivered", False, id="a call that was taken"),
        pytest.param("voice", [("failed", "machine")], "failed", True, id="a machine took the call"),
        pytest.param(
            "voice", [("delivered", ""), ("failed", "machine")], "failed", True, id="a machine, known after the end"
        ),
        pytest.param(
            "voice", [("failed", "machine"), ("delivered", "")], "failed", True, id="a machine, and then the end"
        ),
        pytest.param("voice", [("failed", "busy")], "failed", False, id="busy"),
        pytest.param("voice", [("failed", "no_answer")], "failed", False, id="nobody picked up"),
    ],
)
def test_what_reports_do(channel: str, reports: list[Report_], status: str, climbs: bool) -> None:
    """Reports move a delivery forward only; what will not arrive goes another way at once, a machine goes up the
    ladder, and a telephone that is busy or rings on leaves the ladder its own time."""
    sms, voice = FakeNotifier(), FakeNotifier("voice")
    house, id = house_of(sms, voice)
    house.pump()
    if channel == "voice":
        house.wait(MINUTE)
    (row,) = [row for row in house.rows("emma") if row.channel == channel]
    before = len(house.rows())
    rung = house.incident(id).alerts[house.alert(id, "emma", "kind").root].rung
    for said, reason in reports:
        assert report(house, row, said, reason)
    after = house.store.delivery(row.id)
    assert after is not None
    assert status == after.status == house.incident(id).deliveries[row.id].status
    moved = len(house.rows()) > before or house.incident(id).alerts[house.alert(id, "emma", "kind").root].rung > rung
    assert climbs == moved
    assert house.alert(id, "emma", "kind").status == "open"


def test_delivered_is_no_answer() -> None:
    """However often a telephone confirms, the alert stays open, and its ladder climbs in its own time."""
    sms = FakeNotifier()
    house, id = house_of(sms)
    house.pump()
    for row in house.rows():
        report(house, row, "delivered")
    assert house.events(id, e.AlertAcknowledged) == []
    house.wait(3 * MINUTE)
    assert house.events(id, e.LadderClimbed)


@pytest.mark.parametrize("status", ["delivered", "failed"])
def test_a_report_may_beat_the_answer_to_our_request(status: str) -> None:
    """The provider reports before it answers us: the report stands, for everything that went in the same message, and
    the answer still brings the provider's name for it."""
    sms = FakeNotifier()
    house, id = house_of(sms)
    early = {row.id: row for row in house.rows()}

    def at_once(message: Message) -> None:
        if message.to == number("chloe"):
            report(house, early[message.id], status, "30003", provider_id="fake-early")

    sms.before_send = at_once
    house.pump()
    rows = [row for row in house.rows("chloe") if row.id in early]
    assert [status, status] == [row.status for row in rows]
    assert all(row.provider_id for row in rows)
    kind: type[e.Event] = e.DeliveryDelivered if status == "delivered" else e.DeliveryFailed
    assert {row.id for row in rows} <= {event.delivery for event in house.events(id, kind)}


@pytest.mark.parametrize("which", [pytest.param(0, id="about the first"), pytest.param(1, id="about the second")])
@pytest.mark.parametrize("status", ["delivered", "failed"])
def test_a_report_on_a_merged_message_is_about_all_of_it(status: str, which: int) -> None:
    """What happened to one text happened to everything that was in it."""
    sms = FakeNotifier()
    house, id = house_of(sms)
    house.pump()
    rows = house.rows("chloe")
    report(house, rows[which], status, "30003")
    ended = [house.store.delivery(row.id) for row in rows]
    assert [status, status] == [row.status for row in ended if row is not None]
    assert {row.id for row in rows} == {
        d.id for d in house.incident(id).deliveries.values() if d.status == status and d.person == "chloe"
    }


def test_a_report_on_what_we_never_sent_is_refused() -> None:
    """An id that is not ours changes nothing, and the caller is told."""
    house, id = house_of(FakeNotifier())
    version = house.incident(id).version
    assert not house.engine.unit(lambda engine: record_report(engine, Report(delivery="x.1", status="delivered")))
    assert version == house.incident(id).version


def test_a_report_settles_an_unknown_message() -> None:
    """Nobody needs to ask about a message whose telephone has confirmed: it is delivered, and not sent again."""
    sms = TracedNotifier()
    house, _ = house_of(sms)
    sms.next = [UnknownOutcome("no_answer")] * 4
    house.pump()
    for row in house.rows():
        if row.status == "unknown":
            report(house, row, "delivered")
    house.clock.advance(ASK_AGAIN)
    assert house.settle() + house.pump() == 0
    assert {"delivered"} == set(house.statuses())


def test_receipts_are_asked_for_where_none_can_come() -> None:
    """Without a public address the provider is asked, a few at a time, and everyone's turn comes."""
    sms = TracedNotifier()
    house = House([sms])
    people = ["anna", "boris", "chloe", "dmitri", "emma"]
    for n, person in enumerate(people):
        house.store.queue(row_of(f"x{n}", person=person))
    house.pump()
    last = house.rows("emma")[0]
    sms.reports[last.provider_id] = Report(delivery=last.id, status="delivered", provider_id=last.provider_id)
    for _ in range(3):
        asyncio.run(house.outbox.ask_for_receipts(limit=2))
        house.clock.advance(SECOND)
    assert len(people) == len(set(sms.asked_for))
    assert house.statuses("emma") == ["delivered"]


def test_one_text_is_asked_about_once() -> None:
    """Merged rows share a name at the provider; one question is enough."""
    sms = TracedNotifier()
    house, _ = house_of(sms)
    house.pump()
    asyncio.run(house.outbox.ask_for_receipts())
    assert len(sms.taken) == len(sms.asked_for) == len(set(sms.asked_for))


# who listens


def test_everything_that_lands_is_said() -> None:
    """The server is woken by each message that has an outcome, so that the next can go."""
    sms = FakeNotifier()
    house, _ = house_of(sms)
    landed: list[int] = []
    house.outbox.on_done = lambda: landed.append(house.outbox.in_flight)
    house.pump()
    assert len(sms.asked) == len(landed)


def test_draining_goes_on_at_the_pace_of_the_sender() -> None:
    """A command without a server sends the whole first wave before it ends."""
    sms = FakeNotifier(per_second=1000.0)
    house, _ = house_of(sms)
    asyncio.run(house.outbox.drain())
    assert {"sent"} == set(house.statuses())


def test_calls_that_come_too_late_keep_no_line_busy() -> None:
    """After a long stop, what has expired fails at once: it is no call, and nobody's next call waits for it."""
    voice = FakeNotifier("voice")
    house = House([voice])
    id = house.open(severity=Severity.red).id
    for _ in range(6):
        house.clock.advance(2 * MINUTE)
        house.engine.fire_due()
    house.clock.advance(60 * MINUTE)
    old = {row.id for row in house.rows("anna") if row.expires_at < house.clock.now()}
    assert len(old) > 4
    house.do(id, c.AskHelp(person="chloe"))
    for _ in range(20):  # a server looks again at once; the clock stands still
        house.pump()

    assert {"failed"} == {row.status for row in house.rows("anna") if row.id in old}
    assert any(number("anna") == message.to for message in voice.asked)
