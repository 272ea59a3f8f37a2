"""What one telephone may get: counted for each number, asking before telling, and another way where it would wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.calls import TELLING
from emergency.limits import NUMBER_LIMIT, for_telling, next_free
from emergency.notify import USUAL_CALLS, USUAL_TEXTS, Limits
from tests.fakes import FakeNotifier
from tests.shell.test_outbox import row_of
from tests.small import MINUTE, NOON, SECOND, House, number

HOUR = 60 * MINUTE
THREE = Limits(minute=3)


def limited(limits: Limits, channel: Any = "sms") -> FakeNotifier:
    """A provider whose telephones may get so much."""
    fake = FakeNotifier(channel, modes=("real", "drill"))
    fake.abilities = msgspec.structs.replace(fake.abilities, per_number=limits)
    return fake


def ago(*seconds: int) -> list[datetime]:
    """Moments so long before noon, oldest first."""
    return [NOON - s * SECOND for s in sorted(seconds, reverse=True)]


@pytest.mark.parametrize(
    "times, limits, wait",
    [
        pytest.param((), THREE, 0, id="nothing came yet"),
        pytest.param((10, 20), THREE, 0, id="two of three"),
        pytest.param((10, 20, 50), THREE, 10, id="three: when the oldest is a minute old"),
        pytest.param((10, 20, 50, 55), THREE, 10, id="four by some other way: when there is room for one"),
        pytest.param((10, 20, 60), THREE, 0, id="a minute ago is not within the minute"),
        pytest.param((10, 20, 30), Limits(), 0, id="no limit"),
        pytest.param((600, 1200), Limits(hour=2), 2400, id="two an hour"),
        pytest.param((600, 1200), Limits(minute=1, hour=2, day=3), 2400, id="the longest wait counts"),
        pytest.param((3600, 7200, 80000), Limits(hour=2, day=3), 6400, id="three a day"),
    ],
)
def test_when_the_next_may_go(times: Sequence[int], limits: Limits, wait: int) -> None:
    """Each limit looks back its own time, from the moment of each message."""
    assert next_free(ago(*times), limits, NOON) == NOON + timedelta(seconds=wait)


@pytest.mark.parametrize(
    "limits, news, left",
    [
        pytest.param(Limits(minute=3, hour=15, day=50), True, (1, 7, 25), id="news: one a minute, half of the rest"),
        pytest.param(Limits(minute=3, hour=15, day=50), False, (3, 15, 50), id="who is let go hears it at once"),
        pytest.param(Limits(minute=1, hour=1, day=1), True, (1, 1, 1), id="never nothing"),
        pytest.param(Limits(), True, (0, 0, 0), id="no limit stays none"),
    ],
)
def test_what_news_may_take(limits: Limits, news: bool, left: tuple[int, int, int]) -> None:
    """News leaves room for what asks."""
    found = for_telling(limits, news=news)
    assert left == (found.minute, found.hour, found.day)


def test_the_usual_limits() -> None:
    """Three texts and two calls in a minute; thirty of both in an hour."""
    assert (USUAL_TEXTS.minute, USUAL_CALLS.minute) == (3, 2)
    assert USUAL_TEXTS.hour + USUAL_CALLS.hour == 30


def send_each(house: House, *changes: dict[str, Any], every: timedelta = SECOND) -> None:
    """Queue messages one after the other, and send what may go."""
    for n, change in enumerate(changes):
        house.store.queue(row_of(f"x{n}", queued_at=house.clock.now(), **change))
        house.pump()
        house.wait(every)


def test_what_is_over_the_limit_waits_and_goes_as_one() -> None:
    """Three texts go at once, the next two wait and go together when the first is a minute old."""
    sms = limited(THREE)
    house = House([sms])
    send_each(house, *({} for _ in range(5)))
    assert len(sms.texts) == 3
    house.wait(MINUTE)
    house.pump()
    assert len(sms.texts) == 4
    assert "x3" in sms.texts[-1]
    assert "x4" in sms.texts[-1]


def test_each_number_counts_for_itself() -> None:
    """The limit is one telephone's: another number, another person and another channel have their own."""
    sms, voice = limited(Limits(minute=1)), limited(Limits(minute=1), "voice")
    house = House([sms, voice])
    others = ({}, {"number": 1}, {"person": "boris"}, {"channel": "voice"})
    send_each(house, *others, *others)
    assert (len(sms.texts), len(voice.texts)) == (3, 1)


def test_one_telephone_holds_up_nobody_else() -> None:
    """However much waits for one number, what is for others goes at once."""
    sms = limited(Limits(minute=1))
    house = House([sms])
    send_each(house, {})
    for n in range(40):
        house.store.queue(row_of(f"y{n}", urgency=1, queued_at=house.clock.now()))
    house.store.queue(row_of("z", person="boris", urgency=7, queued_at=house.clock.now()))
    house.pump()
    assert [message.to for message in sms.asked] == [number("anna"), number("boris")]


def test_an_alert_that_would_wait_too_long_fails_for_that_reason() -> None:
    """Longer than a rung needs is too long: the alert fails, so that its ladder takes another way; news waits."""
    sms = limited(Limits(hour=1))
    house = House([sms])
    send_each(house, {}, {}, {"urgency": TELLING + 2})
    rows = {row.id: house.store.delivery(row.id) for row in house.rows("anna")}
    assert {id: row.status for id, row in rows.items() if row} == {"x0": "sent", "x1": "failed", "x2": "queued"}


def test_what_tells_waits_where_what_asks_cannot() -> None:
    """An alert that would wait too long takes another way, and drags nothing along: what only tells stays in the queue,
    and goes out as a text later."""
    sms = limited(Limits(hour=1))
    house = House([sms])
    send_each(house, {})
    at = house.clock.now()
    told = row_of("x2", urgency=TELLING + 2, queued_at=at, expires_at=at + 4 * HOUR)

    async def decide_and_send() -> None:
        await house.outbox.after(lambda engine: engine.store.queue(row_of("x1", queued_at=at), told))
        await house.outbox.pump()

    asyncio.run(decide_and_send())
    assert house.statuses("anna") == ["sent", "failed", "queued"]
    house.wait(61 * MINUTE)
    assert house.statuses("anna") == ["sent", "failed", "sent"]


def test_held_news_goes_along_with_what_asks() -> None:
    """News that waits for its minute takes no place of its own: it stands in the next text that goes anyway."""
    sms = limited(THREE)
    house = House([sms])
    line = msgspec.json.decode(row_of("x").line)
    news = [msgspec.json.encode({**line, "kind": "merged", "values": {"text": f"news {n}"}}) for n in range(2)]
    for n in range(2):
        house.store.queue(row_of(f"n{n}", urgency=TELLING + 2, line=news[n]))
        house.pump()
    assert house.statuses("anna") == ["sent", "queued"]
    house.store.queue(row_of("x1", queued_at=house.clock.now()))
    house.pump()
    assert house.statuses("anna") == ["sent", "sent", "sent"]
    assert len(sms.texts) == 2


def test_an_alert_beyond_the_limit_is_called() -> None:
    """A telephone that has had its texts of the hour is rung for the next alert in the same moment."""
    sms, voice = limited(Limits(hour=1)), FakeNotifier("voice")
    house = House([sms, voice])
    house.open(id="first1")
    house.pump()
    second = house.open("noise", id="second").id
    house.do(second, c.AssignRole(role="guard", person="chloe", by="console"))
    house.pump()
    assert {x.reason for x in house.events(second, e.DeliveryFailed)} == {NUMBER_LIMIT}
    assert number("chloe") in [message.to for message in voice.asked]


def test_the_ladder_takes_the_other_way_at_once() -> None:
    """Chloe's telephone has had its texts: the next alert is said to her by voice in the same moment."""
    sms, voice = limited(Limits(hour=1)), FakeNotifier("voice")
    house = House([sms, voice])
    house.open(id="first1")
    house.pump()
    house.wait(5 * SECOND)
    second = house.open("noise", id="second").id
    house.do(second, c.Tell(by="console", text=house.store.seal("come"), people=("chloe",)))
    house.pump()
    failed = [x.reason for x in house.events(second, e.DeliveryFailed)]
    assert set(failed) <= {NUMBER_LIMIT}


def test_a_call_for_help_is_never_held() -> None:
    """Urgency 0 passes our limit; a provider's own holds it too."""
    for hard, sent in ((False, 3), (True, 1)):
        sms = limited(Limits(minute=1, hard=hard))
        house = House([sms])
        send_each(house, {}, {"urgency": 0}, {"urgency": 0})
        assert sent == len(sms.texts), hard


def test_who_writes_to_us_is_answered() -> None:
    """Answers to what somebody wrote are not held, and take nothing of what may be asked of them."""
    sms = limited(Limits(minute=2))
    house = House([sms])
    id = house.open().id
    house.pump()
    for n in range(4):
        house.texts("chloe", "what?", id=f"in{n}")
        house.pump()
        house.wait(SECOND)
    answers = [message for message in sms.asked if message.to == number("chloe")]
    assert len(answers) == 1 + 4
    assert house.incident(id).alerted
