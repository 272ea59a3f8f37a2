"""The ladder: whom an unanswered call goes to next, over which channel, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from emergency.core import ladder
from emergency.core.ladder import LADDER, REPEATS, again_channels, first_channels, pace, rung, wait_after
from tests.core.small import HOUR, MINUTE, SECOND

LAST = len(LADDER) + REPEATS - 1


@pytest.mark.parametrize(
    "number, at, whom, again",
    [
        pytest.param(0, 0, "holder", False, id="the holder, at once"),
        pytest.param(1, 60, "holder", True, id="the same again at one minute"),
        pytest.param(2, 120, "deputy", True, id="the first deputy at two"),
        pytest.param(3, 180, "deputy", True, id="the second deputy at three"),
        pytest.param(4, 300, "higher", True, id="the next higher role at five"),
        pytest.param(5, 420, "everyone", True, id="everyone again two minutes later"),
        pytest.param(LAST, 300 + 10 * 120, "everyone", True, id="the tenth repeat"),
    ],
)
def test_rungs(number, at, whom, again):
    """Each rung has its moment after the first call, whom it asks anew, and whether those before are called again."""
    found = rung(number)
    assert found is not None
    assert (timedelta(seconds=at), whom, again) == (found.at, found.whom, found.again)


def test_the_ladder_ends():
    """Above the tenth repeat there is nothing: the gap was shown to command long before."""
    assert rung(LAST + 1) is None
    assert wait_after(LAST) is None
    assert wait_after(LAST - 1) is not None


@pytest.mark.parametrize(
    "number, speed, wait",
    [
        pytest.param(0, 1.0, 60, id="one minute to the first call again"),
        pytest.param(1, 1.0, 60, id="one more to the deputy"),
        pytest.param(3, 1.0, 120, id="two to the higher role"),
        pytest.param(4, 1.0, 120, id="two between repeats"),
        pytest.param(0, 30.0, 1800, id="stretched"),
    ],
)
def test_waits(number, speed, wait):
    """A rung waits as long as the next is away, times the pace."""
    assert timedelta(seconds=wait) == wait_after(number, speed)


def test_all_waits_together():
    """The waits add up to the moments of the rungs: nothing drifts."""
    waits = [wait_after(n) for n in range(LAST)]
    assert all(waits)
    assert rung(LAST).at == sum((w for w in waits if w), timedelta(0))


@pytest.mark.parametrize(
    "allowed, ended, expected",
    [
        pytest.param(None, False, 1.0, id="no time target"),
        pytest.param(30 * SECOND, False, 1.0, id="a short one is never chased faster"),
        pytest.param(15 * MINUTE, False, 1.0, id="a quarter of an hour"),
        pytest.param(HOUR, False, 4.0, id="an hour, in proportion"),
        pytest.param(30 * 24 * HOUR, False, 100.0, id="a month, and no slower than a hundred times"),
        pytest.param(None, True, 30.0, id="after the end nobody is rung within half an hour"),
        pytest.param(30 * SECOND, True, 30.0, id="nor for a short step"),
        pytest.param(24 * HOUR, True, 96.0, id="a day after the end"),
    ],
)
def test_pace(allowed, ended, expected):
    """In the emergency the ladder runs at its own pace; long tasks and the time after the end are chased gently."""
    assert expected == pace(allowed, ended=ended)
    first = wait_after(0, pace(allowed, ended=ended))
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


def test_the_ladder_begins_at_the_bottom():
    """Rung 0 is at the first moment and every next one is later."""
    moments = [rung(n).at for n in range(LAST + 1)]
    assert timedelta(0) == moments[0]
    assert moments == sorted(set(moments))
    assert moments[-1] - moments[-2] == ladder.REPEAT
