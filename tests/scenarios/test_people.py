"""Who is called, who answers instead, who takes over: drills of the ladder and of command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from emergency.core import events as e
from emergency.core.ladder import HIGHER_RUNG, REPEATS
from emergency.errors import CommandRefused
from tests.scenarios.scene import HOUR, MINUTE, NIGHT, OFFICE, SECOND, Scene


def _quiet_crowd(scene: Scene) -> None:
    """A count that says nothing happens: the plan stays in its first state, and only the ladder moves."""
    scene.counts({0: 0.5}, until=60)
    scene.open("crowding")


def test_an_unanswered_alert_climbs_at_the_documented_times(scenes: Callable[[datetime], Scene]) -> None:
    """SMS, after 60 s voice, after 120 s the deputy with both, after 180 s the second, after 300 s the next higher
    role; then everybody asked so far, two minutes later. Who is being rung for something else is not rung twice."""
    scene = scenes(NIGHT)
    _quiet_crowd(scene)
    scene.run(until=8 * MINUTE)

    assert sorted(scene.sent(step="walk", kind="task")) == [
        ("0:00:00", "sms", "lin_xiao"),
        ("0:01:00", "voice", "lin_xiao"),
        ("0:02:00", "sms", "zheng_haiyan"),
        ("0:02:00", "voice", "lin_xiao"),
        ("0:02:00", "voice", "zheng_haiyan"),
        ("0:03:00", "sms", "zhao_gang"),
        ("0:03:00", "voice", "lin_xiao"),
        ("0:03:00", "voice", "zhao_gang"),
        ("0:05:00", "sms", "wang_jun"),
        ("0:05:00", "voice", "lin_xiao"),
        ("0:05:00", "voice", "wang_jun"),
        ("0:05:00", "voice", "zhao_gang"),
        ("0:05:00", "voice", "zheng_haiyan"),
        ("0:07:00", "voice", "lin_xiao"),
        ("0:07:00", "voice", "wang_jun"),
        ("0:07:00", "voice", "zhao_gang"),
        ("0:07:00", "voice", "zheng_haiyan"),
    ]


def test_the_ladder_ends(scenes: Callable[[datetime], Scene]) -> None:
    """After five repeats a step is left alone: what goes on forever is the plan's own nagging, not the ladder. Each of
    its calls says whatever else is open, and no more than a dozen come in the first hour."""
    scene = scenes(NIGHT)
    _quiet_crowd(scene)
    scene.run(until=2 * HOUR)

    root = scene.alerts(step="count")[0]
    assert f"rung:{root.id}" not in scene.incident.timers
    assert root.rung == HIGHER_RUNG + REPEATS, "the last repeat is an hour after the top"
    sent = scene.sent(person="zeng_li")
    calls = {when for when, channel, _ in sent if channel == "voice" and when < "1:00:00"}
    assert 6 <= len(calls) <= 14


def test_command_roles_are_called_on_both_channels_at_once(scene: Scene) -> None:
    """Duty manager and on-scene leader get SMS and voice in the same moment; others an SMS first, where the step has
    time for that."""
    scene.open("elevator_entrapment")
    scene.run(until=SECOND)

    assert scene.sent(person="chen_jing") == [("0:00:00", "sms", "chen_jing"), ("0:00:00", "voice", "chen_jing")]
    untimed = [a for a in scene.alerts(kind="stand_by") if not scene.incident.site.duty(a.role or "").urgent]
    assert untimed
    assert {"sms"} == {scene.incident.deliveries[id].channel for alert in untimed for id in alert.deliveries}
    (task,) = scene.alerts(kind="task", person="sun_li")
    assert [scene.incident.deliveries[id].channel for id in task.deliveries] == ["sms", "voice"], "it has a minute"


def test_a_silent_holder_is_replaced_and_told(scene: Scene) -> None:
    """The deputy who answers first takes the role; the one before learns that he need not go any more."""
    scene.phone("zheng_haiyan").answers_after(20 * SECOND)
    _quiet_crowd(scene)
    scene.run(until=10 * MINUTE)

    assert scene.incident.holders("event_safety") == ("zheng_haiyan",)
    given = next(x for x in scene.happened(e.RoleAssigned) if x.role == "event_safety" and x.instead_of)
    assert (given.because, given.person, given.instead_of) == ("answered_first", "zheng_haiyan", "lin_xiao")
    assert [scene.since_start(at) for x, at in scene.log() if x == given] == ["0:02:20"]
    assert any("郑海燕接手,你不必再去" in text for text in scene.words_to("lin_xiao", "sms"))
    assert all(when <= "0:02:20" for when, _, _ in scene.sent(step="walk", kind="task"))


def test_the_silent_one_who_answers_late_is_told_who_has_it(scene: Scene) -> None:
    """Answering after somebody else took over changes nothing and says who has it."""
    scene.phone("zheng_haiyan").answers_after(20 * SECOND)
    scene.phone("lin_xiao").answers_after(3 * MINUTE)
    _quiet_crowd(scene)
    scene.run(until=10 * MINUTE)

    assert scene.incident.holders("event_safety") == ("zheng_haiyan",)
    answers = [r.message.text for r in scene.received("lin_xiao", answers=True) if r.message.id.startswith("re:")]
    assert len(answers) == 1
    assert "他人已接手" in answers[0]
    assert "郑海燕" in answers[0]


def test_a_silent_commander_is_relieved_in_two_minutes(scene: Scene) -> None:
    """Chen Jing answers neither SMS nor call; Liu Yang does, and with the role the command passes to him."""
    scene.phone("liu_yang").answers_after(30 * SECOND)
    scene.open("elevator_entrapment")
    scene.run(until=5 * MINUTE)

    assert [(x.person, scene.since_start(at)) for x, at in scene.log() if isinstance(x, e.CommandTaken)] == [
        ("chen_jing", "0:00:00"),
        ("liu_yang", "0:02:30"),
    ]
    assert any("刘洋" in text for text in scene.words_to("chen_jing", "sms"))


def test_who_cannot_is_replaced_at_once(scene: Scene) -> None:
    """An answer of 3 is no silence: the deputy is asked in the same second, and the one who cannot is left alone."""
    scene.phone("sun_li").works(skips=("call_maintainer",))
    scene.phone("shen_li").answers_after(15 * SECOND, says="3")
    scene.phone("peng_fei").answers_after(10 * SECOND)
    scene.open("elevator_entrapment")
    scene.run(until=3 * MINUTE)

    asked = scene.alerts(step="to_landing")
    assert [alert.person for alert in asked] == ["shen_li", "peng_fei"]
    assert (asked[0].ended, asked[1].status) == ("declined", "acknowledged")
    assert [
        (scene.since_start(at), x.because)
        for x, at in scene.log()
        if isinstance(x, e.LadderClimbed) and x.alert == asked[0].id
    ] == [("0:00:40", "declined")]
    assert scene.since_start(asked[1].at) == "0:00:40"
    assert scene.incident.holders("lift_manager") == ("peng_fei",)
    assert any("已改叫他人" in r.message.text for r in scene.received("shen_li", answers=True))
    assert {"0:00:25"} == {when for when, _, _ in scene.sent(step="to_landing", person="shen_li")}


def test_voicemail_is_no_answer(scene: Scene) -> None:
    """A mailbox took the call: nobody has it, and the deputy is asked without waiting for the next rung."""
    scene.phone("chen_jing").has_voicemail()
    scene.open("elevator_entrapment")
    scene.run(until=MINUTE)

    first = scene.alerts(step="stand_by", person="chen_jing")[0]
    assert first.status == "open"
    assert [
        (scene.since_start(at), x.because)
        for x, at in scene.log()
        if isinstance(x, e.LadderClimbed) and x.alert == first.id
    ] == [("0:00:20", "undelivered")]
    assert [
        (alert.person, scene.since_start(alert.at))
        for alert in scene.alerts(step="stand_by")
        if alert.role == "duty_manager" and alert is not first
    ] == [("liu_yang", "0:00:20")]


def test_a_number_that_is_not_in_use_is_passed_over_at_once(scene: Scene) -> None:
    """Both numbers of the holder are dead: the deputy is asked in the first second."""
    scene.phone("lin_xiao").is_not_in_use()
    _quiet_crowd(scene)
    scene.run(until=SECOND)

    assert [alert.person for alert in scene.alerts(step="walk")] == ["lin_xiao", "zheng_haiyan"]
    tried = {(d.channel, d.number) for d in scene.incident.deliveries.values() if d.person == "lin_xiao"}
    assert {("sms", 0), ("sms", 1), ("voice", 0), ("voice", 1)} == tried
    assert {"failed"} == {d.status for d in scene.incident.deliveries.values() if d.person == "lin_xiao"}


def test_a_provider_that_is_down_loses_nothing(scene: Scene) -> None:
    """For three minutes nothing can be handed over; then everything that still matters goes, once."""
    scene.everyone.works()
    scene.phones.down = True
    scene.open("elevator_entrapment")
    scene.run(until=30 * SECOND)
    assert scene.received() == []

    scene.phones.down = False
    scene.run(until=5 * MINUTE)

    assert scene.received("sun_li")
    assert scene.received("chen_jing")
    texts = [(scene.owners[r.message.to], r.message.text) for r in scene.received(channel="sms")]
    asked = [(person, text) for person, text in texts if "无人到位" not in text]  # each of two places may be empty
    assert len(asked) == len(set(asked))
    assert "dispatched" in scene.path()


def test_an_answer_by_voice_counts(scene: Scene) -> None:
    """Who reads no SMS presses 1 in the call, and holds the role."""
    scene.phone("lin_xiao").presses_after(5 * SECOND)
    _quiet_crowd(scene)
    scene.run(until=10 * MINUTE)

    assert scene.sent(step="walk") == [("0:00:00", "sms", "lin_xiao"), ("0:01:00", "voice", "lin_xiao")]
    assert [x.via for x in scene.happened(e.AlertAcknowledged)] == ["voice"]


def test_who_says_received_and_nothing_more_is_reminded_and_then_deputised(scene: Scene) -> None:
    """Received is not done: past the target the holder is called again, a minute later a deputy is asked as well. With
    a minute for it text and call go together, and the call again is for what was acknowledged."""
    scene.everyone.answers_after(5 * SECOND)
    _quiet_crowd(scene)
    scene.run(until=3 * MINUTE)

    assert [
        (scene.since_start(at), x.count)
        for x, at in scene.log()
        if isinstance(x, e.StepLate) and x.step == scene.step("count").id
    ] == [("0:01:00", 1), ("0:02:00", 2)]
    calls = sorted(scene.sent(step="count", kind="task"))
    assert {("0:00:00", way, who) for way in ("sms", "voice") for who in ("hu_wei", "sun_li")} == set(calls[:4])
    assert {("0:01:00", "voice", "hu_wei"), ("0:01:00", "voice", "sun_li")} == set(calls[4:6])
    assert {"0:02:00"} == {when for when, _, _ in calls[6:]}


def test_command_is_handed_over_aloud(scenes: Callable[[datetime], Scene]) -> None:
    """The duty manager hands over to the deputy commander: it is in the log, and both and the control room are told."""
    scene = scenes(OFFICE)
    scene.everyone.answers_after(5 * SECOND)
    scene.at(MINUTE, "assign", role="command", person="li_wenbin", by="command", reason="he is on the spot")
    scene.open("elevator_entrapment")
    scene.run(until=2 * MINUTE)

    assert scene.incident.command == "li_wenbin"
    taken = scene.happened(e.CommandTaken)[-1]
    assert (taken.person, taken.by) == ("li_wenbin", "chen_jing")
    assert taken.reason is not None
    for person in ("chen_jing", "li_wenbin", "sun_li", "hu_wei"):
        assert [x[:2] for x in scene.sent(person=person, kind="passed_on") if x[1] == "sms"] == [("0:01:00", "sms")]
    assert ("0:01:00", "voice", "li_wenbin") in scene.sent(kind="passed_on")
    assert any("指挥现由李文斌担任" in text for text in scene.words_to("chen_jing", "sms"))


def test_who_may_not_command_cannot_hand_it_over(scene: Scene) -> None:
    """A guard cannot make himself the commander."""
    scene.open("elevator_entrapment")

    with pytest.raises(CommandRefused, match="does not command"):
        scene.do("assign", role="command", person="gao_lei", by="gao_lei")

    assert scene.incident.command == "chen_jing"


def test_a_second_report_joins_and_command_hears_of_it(scene: Scene) -> None:
    """The same place within half an hour is one incident: the words of the second report reach who commands."""
    scene.everyone.answers_after(5 * SECOND)
    scene.open("fire", "b1_food_court")
    scene.run(until=2 * MINUTE)

    again = scene.do("trigger", playbook="fire", at="b1", drill=True, note="smoke at the east stairs")
    scene.run(until=3 * MINUTE)

    assert (True, scene.incident.code) == (again["joined"], again["incident"])
    assert [x.place for x in scene.happened(e.ReportMerged)] == ["b1"]
    told = [text for text in scene.words_to("chen_jing", "sms") if "又接报" in text]
    assert len(told) == 1
    assert "smoke at the east stairs" in told[0]
    assert "smoke" not in "".join(r.data.decode() for r in scene.engine.store.records(scene.id))


@pytest.mark.parametrize(
    "place, wait, joins",
    [
        pytest.param("b1_food_court", 29, True, id="the same place, 29 minutes on"),
        pytest.param("b1_food_court", 31, False, id="the same place, 31 minutes on"),
        pytest.param("f3_atrium", 5, False, id="two floors up: a fire elsewhere is never swallowed"),
    ],
)
def test_what_is_one_fire_and_what_are_two(scene: Scene, place: str, wait: int, joins: bool) -> None:
    """A report joins by place and time, or it is an incident of its own with a code of its own."""
    scene.everyone.works({"put_out": "out"})
    scene.open("fire")
    scene.run(until=wait * MINUTE)

    scene.open("fire", place)

    assert ["XF01"] if joins else [row.code for row in scene.engine.store.open_incidents()] == ["XF01", "XF02"]
    assert joins == bool(scene.happened(e.ReportMerged))


def test_the_graver_incident_keeps_its_people(scene: Scene) -> None:
    """Who holds a role in a graver incident is not called for a lighter one: deputies are; who works for both is so by
    name."""
    scene.everyone.works({"first_attack": "big"}, skips=("sweep", "to_gate", "hydrant"))
    scene.open("fire")
    scene.run(until=6 * MINUTE)
    assert scene.level == "red"
    busy = {p for slots in scene.incident.roles.values() for p in slots.values()}

    second = scene.open("elevator_entrapment", "lift_2")

    assert second.code == "XE01"
    assert not ({p for slots in second.roles.values() for p in slots.values()} - second.shared) & busy


def test_a_cry_for_help_reaches_command_and_control_room_by_voice(scene: Scene) -> None:
    """A 9 from anybody, in a drill too: whoever commands and the control room are told at once, on both channels, and
    the drill stands still."""
    scene.everyone.answers_after(5 * SECOND)
    scene.open("fire")
    scene.run(until=MINUTE)
    scene.phone("gao_lei").texts("9")
    scene.run(until=MINUTE + SECOND)

    told = scene.sent(kind="real_help")
    assert {"chen_jing", "sun_li", "hu_wei"} == {person for _, _, person in told}
    assert {"sms", "voice"} == {channel for _, channel, _ in told}
    assert any("高磊" in text and "真" in text for text in scene.words_to("chen_jing", "sms"))
    assert scene.incident.frozen is not None


def test_gaps_are_told_in_one_breath(scenes: Callable[[datetime], Scene]) -> None:
    """Roles that nobody fills in the same moment are one sentence to whoever commands, not one each."""
    scene = scenes(NIGHT)
    scene.open("fire")
    scene.run(until=10 * MINUTE)

    texts = [text for text in scene.words_to("han_zhong", "sms") if "无人到位" in text]
    assert all(text.count("无人到位") == 1 for text in texts)
    assert any("、" in text for text in texts)
