"""Whom a step asks: each holder, all who are there at once, or one after the other; and how many must answer."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from emergency.core import commands as c
from emergency.core import events as e
from tests.core.small import MINUTE, SECOND, TEAM, Night, a_plan, a_state, a_step, calls, member, unattended
from tests.core.test_decide import STILL

CREW = (
    *TEAM,
    member("gwen", "guard:3"),
    member("hugo", "helper:2"),
    member("olga", "guard:4", duty="call"),
)
"""Three guards and two helpers in the house, a fourth guard at home."""


def night(call_out="each", quorum=0, *, heads=2, team=CREW, done=None):
    """A night with one step for the guards."""
    step = a_step("fetch", call_out=call_out, quorum=quorum, done=done)
    return Night(a_plan(a_state("first", step, leave=(STILL,)), calls=f"desk manager guard*{heads}"), team=team)


def waiting(of: Night) -> list[str]:
    """Who is still asked for the step, in the order they were."""
    return [of.incident.alerts[id].person for id in of.run("fetch").alerts if of.incident.alerts[id].status == "open"]


# each


def test_each_holder_has_a_ladder():
    """Without another word every holder is asked, and each is replaced by somebody else."""
    of = night()
    assert of.asked("fetch") == ["gina", "gus"]
    of.acknowledge("gina", "fetch")
    assert waiting(of) == ["gus"]
    of.wait(2 * MINUTE)
    assert of.asked("fetch") == ["gina", "gus", "gwen"]
    assert unattended(of.incident) == []


def test_enough_is_enough():
    """Two of three are needed: the third is let go and told so, and nothing is chased any more."""
    of = night(quorum=2, heads=3)
    assert of.asked("fetch") == ["gina", "gus", "gwen"]
    of.acknowledge("gina", "fetch")
    assert waiting(of) == ["gus", "gwen"]
    of.acknowledge("gwen", "fetch")
    assert waiting(of) == []
    assert [alert.person for alert in of.alerts(kind="enough")] == ["gus"]
    assert of.run("fetch").status == "open", "that they have it is not that it is done"
    assert [name for name in of.incident.timers if name.startswith("rung:") and _of_step(of, name)] == []
    assert [person for person, _ in calls(of.wait(30 * MINUTE)) if person in ("gina", "gus", "gwen")] == []


def _of_step(of: Night, timer: str) -> bool:
    return of.incident.alerts[timer.removeprefix("rung:")].step == of.run("fetch").id


def test_less_than_enough_goes_on():
    """While one of two is missing the ladder of the other goes on to the next."""
    of = night(quorum=2)
    of.acknowledge("gina", "fetch")
    of.wait(2 * MINUTE)
    assert waiting(of) == ["gus", "gwen"]
    of.acknowledge("gwen", "fetch")
    assert waiting(of) == []
    assert {"gina", "gwen"} == set(of.incident.holders("guard"))


def test_who_comes_to_a_step_that_has_enough_is_not_asked_for_it():
    """A new holder of the role is not called to what enough people have."""
    of = night(quorum=1, heads=2, team=[m for m in CREW if m.id in ("gina", "mark", "dora")])
    of.acknowledge("gina", "fetch")
    before = of.asked("fetch")
    of.do(c.UpdateRoster(members=tuple(m for m in CREW if m.id in ("gina", "gus", "mark", "dora"))))
    assert of.asked("fetch") == before


# first


def test_a_group_call_asks_all_who_are_there_at_once():
    """Guards and helpers in the house hear of it in one moment; who is at home does not yet."""
    of = night("first")
    assert of.asked("fetch") == ["gina", "gus", "gwen", "hana", "hugo"]
    assert {of.now} == {alert.at for alert in of.alerts() if alert.step == of.run("fetch").id}
    assert len({alert.root for alert in of.alerts() if alert.step == of.run("fetch").id}) == 1


def test_the_first_taker_wins():
    """Who answers first has it and holds the role; the others are told who, and are asked no more."""
    of = night("first", heads=1)
    of.acknowledge("hugo", "fetch")
    assert waiting(of) == []
    told = of.alerts(kind="taken")
    assert {"gina", "gus", "gwen", "hana"} == {alert.person for alert in told}
    assert {"hugo"} == {alert.about for alert in told}
    assert of.incident.holders("guard") == ("hugo",)
    assert [call for call in calls(of.wait(30 * MINUTE)) if call[0] not in ("mark", "dora")] == []


def test_one_who_cannot_does_not_call_out_further():
    """While others of the group may still answer, a no asks nobody else; the last no does."""
    of = night("first", team=[m for m in CREW if m.id != "hugo"])
    for person in ("gina", "gus", "gwen"):
        assert calls(of.decline(person, "fetch")) == []
    assert [person for person, _ in calls(of.decline("hana", "fetch"))] == ["olga", "olga"]


def test_a_silent_group_is_called_again_and_grows():
    """Nobody answers: all are rung again, then the one at home is asked, then the next higher role."""
    of = night("first")
    again = calls(of.wait(MINUTE))
    assert {("gina", "voice"), ("gus", "voice"), ("gwen", "voice"), ("hana", "voice")} <= set(again)
    of.wait(MINUTE)
    assert of.asked("fetch")[5:] == ["olga"]
    of.wait(3 * MINUTE)
    assert "mark" in of.asked("fetch")
    assert unattended(of.incident) == []


def test_several_of_a_group():
    """Two must come: the first answer stops nothing, the second lets the others go; both hold the role."""
    of = night("first", quorum=2)
    of.acknowledge("hugo", "fetch")
    assert waiting(of) == ["gina", "gus", "gwen", "hana"]
    assert of.alerts(kind="enough") == []
    rung = calls(of.wait(MINUTE))
    assert ("gina", "voice") in rung
    assert ("hugo", "voice") not in rung
    of.acknowledge("gwen", "fetch")
    assert waiting(of) == []
    assert {"gina", "gus", "hana"} == {alert.person for alert in of.alerts(kind="enough")}
    assert {"hugo", "gwen"} == set(of.incident.holders("guard"))


def test_a_group_of_eight_at_most():
    """However many there are, a group call rings eight: more would come than one thing needs."""
    crowd = (*TEAM, *(member(f"g{n}", f"guard:{n}") for n in range(3, 30)))
    assert len(night("first", team=crowd).asked("fetch")) == 8


def test_a_group_call_in_a_silent_place_rings_nobody_there():
    """Who is believed to be where no phone may ring is not in the group."""
    step = a_step("fetch", call_out="first")
    plan = replace(a_plan(a_state("first", step, leave=(STILL,)), calls="desk manager guard"), silent_place=True)
    of = Night(plan, team=[replace(m, zone="f1") if m.id == "hana" else m for m in CREW])
    assert "hana" not in of.asked("fetch")
    assert "hugo" in of.asked("fetch")


# in turn


def test_one_after_the_other():
    """The first is asked, then called; each next one gets a minute before the one after; nobody asked before is rung
    meanwhile, until all have been asked; then the next higher role, and all are called again."""
    of = night("in_turn")
    assert of.asked("fetch") == ["gina"]
    assert [call for call in calls(of.wait(MINUTE)) if call[0] not in ("mark", "dora", "gus")] == [("gina", "voice")]
    asked = []
    for _ in range(5):
        rung = [call for call in calls(of.wait(MINUTE)) if call[0] not in ("mark", "dora")]
        asked.append(rung)
    assert asked == [[(person, "sms"), (person, "voice")] for person in ("gus", "gwen", "hana", "hugo", "olga")]
    of.wait(MINUTE)
    assert "mark" in of.asked("fetch")
    assert [gap.role for gap in of.alerts("mark", kind="gap")] == ["guard"] or unattended(of.incident) == []
    assert ("gwen", "voice") in calls(of.wait(2 * MINUTE))


def test_a_no_is_the_next_one_s_turn():
    """Who cannot is followed at once by the next."""
    of = night("in_turn")
    assert [person for person, _ in calls(of.decline("gina", "fetch"))] == ["gus", "gus"]
    assert [person for person, _ in calls(of.decline("gus", "fetch"))] == ["gwen", "gwen"]
    of.acknowledge("gwen", "fetch")
    assert of.asked("fetch") == ["gina", "gus", "gwen"]
    assert [call for call in calls(of.wait(30 * MINUTE)) if call[0].startswith("g")] == []


def test_two_in_turn():
    """Two are needed: after the first yes the asking goes on."""
    of = night("in_turn", quorum=2)
    of.acknowledge("gina", "fetch")
    of.wait(2 * MINUTE)
    assert waiting(of) == ["gus"]
    of.acknowledge("gus", "fetch")
    assert [call for call in calls(of.wait(30 * MINUTE)) if call[0].startswith("g")] == []
    assert {"gina", "gus"} == set(of.incident.holders("guard"))


# the moves before the time


@pytest.mark.parametrize("reason", ["number_not_in_use", "number_not_in_use 21211", "no_number"])
def test_a_dead_number_is_left_for_the_next_at_once(reason: str):
    """A number that is not in use is passed over on every channel, as long as there is another; the provider's code
    may stand behind the word."""
    of = night(heads=1, team=[replace(m, numbers=2) if m.id == "gina" else m for m in CREW])
    first = of.alert("gina", "fetch").deliveries[0]
    events = of.do(c.RecordDelivery(delivery=first, status="failed", reason=reason))
    assert [(x.channel, x.number) for x in events if isinstance(x, e.DeliveryQueued)] == [("sms", 1)]


def test_a_refused_text_is_said_by_voice_on_the_same_number():
    """Who has opted out of texts, or got too many, is rung on the number that works."""
    for reason in ("opted_out", "number_limit", "30006"):
        of = night(heads=1, team=[replace(m, numbers=2) if m.id == "gina" else m for m in CREW])
        first = of.alert("gina", "fetch").deliveries[0]
        events = of.do(c.RecordDelivery(delivery=first, status="failed", reason=reason))
        assert [(x.channel, x.number) for x in events if isinstance(x, e.DeliveryQueued)] == [("voice", 0)]


def test_trouble_of_one_provider_takes_the_other_channel_beside():
    """What waits for a provider in trouble is also said over the other channel, once, and only while it is asked."""
    of = night(heads=1)
    first = of.alert("gina", "fetch").deliveries[0]
    waits = c.RecordDelivery(delivery=first, status="waiting", reason="503")
    assert calls(of.do(waits)) == [("gina", "voice")]
    assert of.do(waits) == []
    of.acknowledge("gina", "fetch")
    assert of.do(waits) == []


def test_ways_that_are_closed_are_not_tried():
    """Where a country takes no texts, or no calls, only the other way is asked, number by number."""
    shut = (("voice", 0), ("sms", 1))
    of = night(heads=1, team=[replace(m, numbers=2, ways=shut) if m.id == "gina" else m for m in CREW])
    first = of.incident.deliveries[of.alert("gina", "fetch").deliveries[0]]
    assert first.channel in ("sms", "voice")
    assert (first.channel, first.number) in shut


def test_news_takes_open_ways_too():
    """What only tells, also a cry for help, goes where the channel reaches the person, like what asks."""
    shut = (("voice", 0), ("sms", 1))
    of = night(heads=1, team=[replace(m, numbers=2, ways=shut) for m in CREW])
    events = of.do(c.AskHelp(person="gina"))
    told = {(x.channel, x.number) for x in events if isinstance(x, e.DeliveryQueued)}
    assert told == set(shut)


def test_a_cry_for_help_goes_out_with_the_call_of_that_moment():
    """Who is just being rung on the second number hears of it in that call, and not on both telephones at once."""
    of = night(heads=1, done=10 * MINUTE, team=[replace(m, numbers=2) for m in CREW])
    commander = of.incident.command
    seconds = (of.wait(SECOND) for _ in range(300))
    assert any(isinstance(x, e.DeliveryQueued) and x.person == commander and x.number for s in seconds for x in s)
    events = of.do(c.AskHelp(person="gina"))
    told = {(x.channel, x.number) for x in events if isinstance(x, e.DeliveryQueued) and x.person == commander}
    assert told == {("sms", 0), ("voice", 1)}


def test_who_cannot_answer_by_text_is_rung_at_once():
    """Where no text comes back the call goes with it; a step with time enough sends others a text first."""
    of = night(heads=2, team=[replace(m, two_way=False) if m.id == "gina" else m for m in CREW])
    sent = [call for call in calls(x for x, _ in of.history) if call[0].startswith("g")]
    assert sent == [("gina", "sms"), ("gina", "voice"), ("gus", "sms")]


def test_a_call_again_takes_the_second_number():
    """The holder's numbers are rung one after the other."""
    of = night(heads=1, team=[replace(m, numbers=2) if m.id == "gina" else m for m in CREW])
    of.wait(3 * MINUTE)
    rung = [
        x.number
        for x, _ in of.history
        if isinstance(x, e.DeliveryQueued) and (x.person, x.channel) == ("gina", "voice")
    ]
    assert rung == [0, 1, 0]


def test_who_has_just_answered_is_texted_before_the_call():
    """With little time text and call go together, but who answered something just now has the telephone at hand."""
    first, second = a_step("look"), a_step("fetch", done=3 * MINUTE)
    plan = a_plan(
        a_state("first", first, leave=(STILL,)), a_state("next", second, leave=(STILL,)), calls="desk manager guard*2"
    )
    of = Night(plan, team=CREW)
    of.acknowledge("gina", "look")
    of.wait(30 * SECOND)
    events = of.order("next", "mark", override=True, reason="go on")
    assert [call for call in calls(events) if call[0] in ("gina", "gus")] == [
        ("gina", "sms"),
        ("gus", "sms"),
        ("gus", "voice"),
    ]
    assert ("gina", "voice") in calls(of.wait(20 * SECOND))
