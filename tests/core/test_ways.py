"""How each number of a person may be reached: by its country, and by what the providers can do there."""

from __future__ import annotations

import pytest

from emergency.core.values import Text
from emergency.roster import Person, Reach, Roster, team
from tests.core.small import member

ALL = (("sms", 0), ("voice", 0), ("sms", 1), ("voice", 1))


def of(numbers, **reach):
    """Return the one member of a roster with these numbers."""
    person = Person(id="anna", name=Text("安", "Anna"), language="en", numbers=numbers, roles={"guard": 1}, shift="day")
    (found,) = team(Roster(people={"anna": person}), {"day"}, Reach(**reach), {})
    return found


@pytest.mark.parametrize(
    "closed, ways, channels",
    [
        pytest.param((), ALL, ("sms", "voice"), id="nothing is closed"),
        pytest.param((("voice", "44"),), ALL, ("sms", "voice"), id="another country is"),
        pytest.param((("voice", "86"),), ALL[:3], ("sms", "voice"), id="no calls to the second number"),
        pytest.param((("sms", "1"), ("voice", "86")), ALL[1:3], ("sms", "voice"), id="one way to each"),
        pytest.param((("sms", "1"), ("sms", "86")), (ALL[1], ALL[3]), ("voice",), id="no texts at all"),
    ],
)
def test_ways_are_of_each_number(closed, ways, channels):
    """A channel that reaches nobody in a country is no way to a number there, and stays one to the others."""
    anna = of(("+12125550101", "+8613800138000"), closed=frozenset(closed))
    assert (ways, channels) == (anna.reached, anna.channels)


def test_whom_nothing_reaches_has_no_way():
    """Where every channel is closed there is none, and the ladder passes on at once."""
    anna = of(("+8613800138000",), closed=frozenset({("sms", "86"), ("voice", "86")}))
    assert (anna.channels, anna.reached) == ((), ())


def test_a_member_of_an_older_log_has_all_ways():
    """Without a word about ways every channel reaches every number."""
    assert member("gina", numbers=2).reached == ALL
