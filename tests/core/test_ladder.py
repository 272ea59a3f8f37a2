"""The ladder: whom an unanswered call goes to next, over which channel, and when."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from emergency.core.ladder import (
    DEPUTY_RUNG,
    HIGHER_RUNG,
    LADDER,
    LEAST,
    NEED,
    REPEATS,
    again_channels,
    answer_by,
    first_channels,
    following,
    may_ring,
    pace,
    place,
    wait_after,
)
from tests.core.small import HOUR, MINUTE, SECOND

LAST = len(LADDER) + REPEATS - 1


def _seconds(allowed, **how):
    """Return the moments of the first five rungs, and whether the first call is text and voice."""
    rungs = place(allowed, **how)
    return [int(rung.at.total_seconds()) for rung in rungs[: HIGHER_RUNG + 1]], rungs[0].both


@pytest.mark.parametrize(
    "allowed, moments, both",
    [
        pytest.param(None, [0, 60, 120, 180, 300], False, id="no target: the times of practice"),
        pytest.param(15 * MINUTE, [0, 60, 120, 180, 300], False, id="15 min: there is time for them"),
        pytest.param(10 * MINUTE, [0, 60, 120, 180, 300], False, id="10 min: an answer by the fifth"),
        pytest.param(8 * MINUTE, [0, 60, 120, 180, 240], False, id="8 min: a minute for each rung"),
        pytest.param(7 * MINUTE, [0, 0, 90, 150, 210], True, id="7 min: no time for a text alone"),
        pytest.param(5 * MINUTE, [0, 0, 50, 100, 150], True, id="5 min: the needs shrink alike"),
        pytest.param(3 * MINUTE, [0, 0, 30, 60, 90], True, id="3 min"),
        pytest.param(60 * SECOND, [0, 0, 20, 40, 60], True, id="60 s: no rung has less than 20 s"),
        pytest.param(30 * SECOND, [0, 0, 20, 40, 60], True, id="30 s: even where that is too late"),
        pytest.param(2 * HOUR, [0, 480, 960, 1440, 2400], False, id="2 h: in proportion"),
    ],
)
def test_the_rungs_stand_backwards_from_the_deadline(allowed, moments, both):
    """Half of the target is for the answer: the next higher role is asked then, and each rung before it one need
    earlier; what does not fit begins with text and voice together."""
    assert (moments, both) == _seconds(allowed)


@pytest.mark.parametrize(
    "allowed, how, moments, both",
    [
        pytest.param(3 * MINUTE, {"ways": 1}, [0, 0, 30, 60, 90], False, id="one way only: nothing to go beside it"),
        pytest.param(3 * MINUTE, {"ways": 4}, [0, 0, 30, 60, 90], True, id="a second number does not delay the deputy"),
        pytest.param(None, {"ways": 1}, [0, 60, 120, 180, 300], False, id="one way only, and time"),
        pytest.param(None, {"by_text": False}, [0, 60, 120, 180, 300], True, id="who cannot text back is rung at once"),
        pytest.param(None, {"by_text": False, "ways": 1}, [0, 60, 120, 180, 300], False, id="unless there is no voice"),
        pytest.param(3 * MINUTE, {"attentive": True}, [0, 20, 44, 67, 90], False, id="attentive: the text goes ahead"),
        pytest.param(30 * SECOND, {"attentive": True}, [0, 20, 40, 60, 80], False, id="attentive, and no time"),
        pytest.param(
            3 * MINUTE, {"attentive": True, "by_text": False}, [0, 0, 30, 60, 90], True, id="attentive, but cannot text"
        ),
        pytest.param(10 * MINUTE, {"attentive": True}, [0, 60, 120, 180, 300], False, id="attentive, and time"),
        pytest.param(
            3 * MINUTE, {"ended": True}, [0, 1800, 3600, 5400, 9000], False, id="after the end nobody is in a hurry"
        ),
    ],
)
def test_the_rungs_follow_what_the_holder_can_do(allowed, how, moments, both):
    """Who has one way, who cannot answer by text, who has just answered: each begins as suits them."""
    assert (moments, both) == _seconds(allowed, **how)


@pytest.mark.parametrize("ways", [1, 2, 4])
@pytest.mark.parametrize("attentive", [False, True])
@pytest.mark.parametrize("seconds", [1, 20, 30, 45, 60, 61, 90, 119, 180, 300, 479, 480, 481, 600, 899, 900, 901, 7200])
def test_every_ladder_is_in_order(seconds, attentive, ways):
    """Moments never go back; every rung that has a moment of its own has at least 20 s; nobody is asked later than the
    practice says; a text that goes alone in a hurry is followed by a call; and who takes it last is asked at the end of
    the time for answers, where that leaves each rung 20 s."""
    allowed = seconds * SECOND
    rungs = place(allowed, ways=ways, attentive=attentive)
    moments = [rung.at for rung in rungs]
    assert moments == sorted(moments)
    gaps = [b - a for a, b in pairwise(moments) if b > a]
    assert min(gaps) >= LEAST
    if seconds <= 900:
        assert all(rung.at <= usual.at for rung, usual in zip(rungs, LADDER, strict=False))
        assert max(gaps[:HIGHER_RUNG]) <= 2 * NEED
        assert rungs[HIGHER_RUNG].at == answer_by(allowed) or answer_by(allowed) < 4 * LEAST
    assert [rung.whom for rung in rungs[: HIGHER_RUNG + 1]] == [rung.whom for rung in LADDER]
    assert len(rungs) == LAST + 1


@pytest.mark.parametrize(
    "allowed, by",
    [
        pytest.param(None, 300, id="none"),
        pytest.param(20 * SECOND, 30, id="no sooner than 30 s"),
        pytest.param(60 * SECOND, 30, id="half"),
        pytest.param(4 * MINUTE, 120, id="half of four minutes"),
        pytest.param(15 * MINUTE, 300, id="no later than the highest rung"),
    ],
)
def test_when_somebody_must_have_answered(allowed, by):
    """Half of the target is for the answer, the other half for the work."""
    assert timedelta(seconds=by) == answer_by(allowed)


def test_the_repeats_grow_longer():
    """After the top everyone is called five times more, each wait twice as long as the one before; then no more."""
    rungs = place(None)
    top = rungs[HIGHER_RUNG].at
    assert [(rung.at - top) / MINUTE for rung in rungs[HIGHER_RUNG + 1 :]] == [2, 6, 14, 30, 62]
    assert {"everyone"} == {rung.whom for rung in rungs[HIGHER_RUNG + 1 :]}
    assert following(rungs, LAST) is None
    assert wait_after(rungs, LAST) is None
    assert wait_after(rungs, LAST - 1) == 32 * MINUTE


@pytest.mark.parametrize("number", [LAST + 1, LAST + 5])
def test_rungs_of_older_logs_are_the_end(number):
    """A ladder that was climbed higher by an earlier release has nothing above it, and nothing breaks."""
    assert following(place(None), number) is None
    assert wait_after(place(None), number) is None


def test_a_rung_without_a_moment_of_its_own_is_passed_over():
    """Where text and voice went together the next rung is the deputy's."""
    rungs = place(3 * MINUTE)
    assert following(rungs, 0) == DEPUTY_RUNG
    assert wait_after(rungs, 0) == 30 * SECOND


def test_all_waits_together():
    """The waits add up to the moments of the rungs: nothing drifts."""
    for allowed in (None, MINUTE, 5 * MINUTE, 2 * HOUR):
        rungs, number, total = place(allowed), 0, timedelta(0)
        while (wait := wait_after(rungs, number)) is not None:
            total += wait
            number = following(rungs, number) or 0
        assert total == rungs[-1].at


@pytest.mark.parametrize(
    "allowed, ended, expected",
    [
        pytest.param(None, False, 1.0, id="no time target"),
        pytest.param(30 * SECOND, False, 1.0, id="a short one is placed, not stretched"),
        pytest.param(15 * MINUTE, False, 1.0, id="a quarter of an hour"),
        pytest.param(HOUR, False, 4.0, id="an hour, in proportion"),
        pytest.param(30 * 24 * HOUR, False, 100.0, id="a month, and no slower than a hundred times"),
        pytest.param(None, True, 30.0, id="after the end nobody is rung within half an hour"),
        pytest.param(30 * SECOND, True, 30.0, id="nor for a short step"),
        pytest.param(24 * HOUR, True, 96.0, id="a day after the end"),
    ],
)
def test_pace(allowed, ended, expected):
    """Long tasks and the time after the end are chased gently."""
    assert expected == pace(allowed, ended=ended)
    first = wait_after(place(allowed, ended=ended), 0)
    assert first is not None
    assert not ended or first >= 30 * MINUTE


@pytest.mark.parametrize(
    "available, together, first, again",
    [
        pytest.param(("sms", "voice"), False, ("sms",), ("voice",), id="SMS first, then voice"),
        pytest.param(("sms", "voice"), True, ("sms", "voice"), ("voice",), id="both at once"),
        pytest.param(("voice", "sms"), True, ("sms", "voice"), ("voice",), id="SMS leads, however they are listed"),
        pytest.param(("voice",), False, ("voice",), ("voice",), id="no SMS: voice at once"),
        pytest.param(("sms",), False, ("sms",), ("sms",), id="no voice: SMS again"),
        pytest.param(("sms",), True, ("sms",), ("sms",), id="no voice to go beside"),
        pytest.param((), True, (), (), id="no way at all"),
        pytest.param((), False, (), (), id="no way, not together either"),
    ],
)
def test_channels(available, together, first, again):
    """A first call is an SMS, with voice beside it when it is urgent; further calls are by voice; what there is
    stands in for what is not."""
    assert first == first_channels(available, together=together)
    assert again == again_channels(available)


@pytest.mark.parametrize(
    "first, last, new, rings",
    [
        pytest.param(60, 60, False, True, id="a minute after the first call"),
        pytest.param(59, 59, False, False, id="the call before must have had its time"),
        pytest.param(30, 30, True, True, id="for something new after half a minute"),
        pytest.param(29, 29, True, False, id="not sooner"),
        pytest.param(300, 120, False, True, id="five minutes in vain: every two"),
        pytest.param(600, 120, False, False, id="ten minutes in vain: more seldom"),
        pytest.param(600, 200, False, True, id="a third of the time"),
        pytest.param(600, 150, True, True, id="a quarter for something new"),
        pytest.param(3600, 1199, False, False, id="after an hour, every twenty minutes"),
        pytest.param(36000, 1200, False, True, id="and no more seldom"),
        pytest.param(3600, 899, True, False, id="and for something new every fifteen"),
    ],
)
def test_who_lets_it_ring_is_rung_more_seldom(first, last, new, rings):
    """The rest between calls is at least a third of the time since the first call in vain."""
    assert rings == may_ring(timedelta(seconds=first), timedelta(seconds=last), new=new)


@pytest.mark.parametrize(
    "new, least, most", [pytest.param(False, 8, 12, id="again"), pytest.param(True, 10, 18, id="new all the time")]
)
def test_an_hour_of_silence_holds_few_calls(new, least, most):
    """However many ladders call again, a silent telephone rings no more than a dozen times in an hour; even if
    something new came every second, no more than every third minute."""
    calls, second = [0], 0
    while second < 3600:
        second += 1
        if may_ring(timedelta(seconds=second - calls[0]), timedelta(seconds=second - calls[-1]), new=new):
            calls.append(second)
    assert least <= len(calls) <= most
