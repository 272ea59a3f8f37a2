"""How an alert finds somebody in time: drills of early moves, of limits, of group calls, of several things at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from emergency.core import events as e
from emergency.core.ladder import answer_by, place
from tests.scenarios.scene import MINUTE, NIGHT, SECOND, Scene


def _child(scene: Scene) -> None:
    """A child is missing and the search is on."""
    scene.open("missing_child")
    scene.run(until=2 * MINUTE + SECOND)
    assert scene.state == "searching"


def test_the_rungs_of_a_short_step_stand_before_its_target(scene: Scene) -> None:
    """Two minutes to watch the gates: text and call go at once, a deputy is asked after twenty seconds, and half of the
    time is left when everybody was asked."""
    _child(scene)
    scene.run(until=5 * MINUTE)

    root = scene.alerts(step="gates")[0]
    run = scene.step("gates")
    assert run.due is not None
    rungs = place(run.due - run.started)
    assert answer_by(run.due - run.started) == rungs[4].at == MINUTE
    ladder = [alert for alert in scene.alerts(step="gates") if alert.root == root.id]
    assert [alert.at - root.at for alert in ladder][:2] == [rungs[0].at, rungs[2].at]
    first = [scene.incident.deliveries[id] for id in root.deliveries][:2]
    assert [(d.channel, d.at) for d in first] == [("sms", root.at), ("voice", root.at)]


def test_an_opt_out_is_answered_by_a_call_in_the_same_second(scene: Scene) -> None:
    """Who has told the carrier to send no more texts is rung at once; nobody else is asked for that."""
    number = scene.phone("lin_xiao").numbers[0]
    scene.phones.behave(number, fails="opted_out")
    scene.counts({0: 0.5}, until=10)
    scene.open("crowding")
    scene.run(until=SECOND)

    tried = [(d.channel, d.number, d.reason) for d in scene.incident.deliveries.values() if d.person == "lin_xiao"]
    assert ("sms", 0, "opted_out") in tried
    assert ("voice", 0, "opted_out") in tried, "this telephone takes nothing at all, so its call fails as well"
    assert any(number == 1 and not reason for _, number, reason in tried), "and the second number is tried at once"
    assert {alert.person for alert in scene.alerts(step="walk")} == {"lin_xiao"}


def test_a_telephone_that_had_its_texts_is_rung_instead(scenes: Callable[[datetime], Scene]) -> None:
    """In a night in which nobody answers the texts run out; whatever is new then goes by voice, or to somebody else:
    no alert waits for its turn in silence."""
    scene = scenes(NIGHT)
    scene.open("power_outage")
    scene.run(until=30 * MINUTE)

    limited = [x for x in scene.happened(e.DeliveryFailed) if x.reason == "number_limit"]
    for failed in limited:
        delivery = scene.incident.deliveries[failed.delivery]
        alert = scene.incident.alerts[delivery.alert]
        others = [d for d in map(scene.incident.deliveries.__getitem__, alert.deliveries) if d.id != delivery.id]
        assert others or [a for a in scene.alerts() if a.root == alert.root and a.at >= delivery.at], failed
    assert scene.busiest(MINUTE)[0] <= 5


def test_the_first_to_take_the_aed_has_it(scene: Scene) -> None:
    """All of the service desk who are there are asked at once; the first to answer runs, the others are told who."""
    scene.phone("zhou_qiming").is_silent()
    scene.everyone.answers_after(25 * SECOND)
    scene.open("personal_injury")
    scene.at(5 * SECOND, "transition", to="cardiac_arrest", by="command", override=True, reason="no breathing")
    scene.run(until=6 * SECOND)

    asked = scene.alerts(step="aed")
    assert len({alert.root for alert in asked}) == 1
    assert len({alert.at for alert in asked}) == 1
    assert len(asked) > 1
    scene.run(until=45 * SECOND)

    asked = scene.alerts(step="aed")
    assert [alert.status for alert in asked].count("acknowledged") == 1
    (taker,) = [alert.person for alert in asked if alert.status == "acknowledged"]
    told = {alert.person for alert in scene.alerts(kind="taken") if alert.about == taker}
    assert {alert.person for alert in asked if alert.person != taker} <= told


def test_two_incidents_in_one_text_and_a_bare_one_is_asked_back(scenes: Callable[[datetime], Scene]) -> None:
    """Who is asked by two incidents in the same minute gets texts that bear each code; a `1` alone could mean either,
    so it is asked back with both."""
    scene = scenes(NIGHT)
    scene.counts({0: 0.5}, until=10)
    scene.open("crowding")
    second = scene.open("elevator_entrapment", "lift_2")
    scene.run(until=3 * MINUTE)
    both = [
        person
        for person in scene.incident.of_person
        if scene.incident.open_alerts(person) and second.of_person.get(person)
    ]
    assert both
    person = both[0]
    text = "\n".join(scene.words_to(person, "sms"))
    assert scene.incident.code in text
    assert second.code in text

    scene.phone(person).texts("1")
    scene.run(until=3 * MINUTE + SECOND)

    back = [r.message.text for r in scene.received(person, answers=True) if r.message.id.startswith("re:")]
    assert len(back) == 1
    assert scene.incident.code in back[0]
    assert second.code in back[0]
