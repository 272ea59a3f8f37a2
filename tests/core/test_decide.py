"""What a command causes: who is called, in which order, and that nobody is lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core import playbook as p
from emergency.core.values import Severity
from emergency.errors import CommandRefused
from tests.core.small import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    STILL,
    TEAM,
    Night,
    a_fact,
    a_plan,
    a_state,
    a_step,
    calls,
    kinds,
    member,
    unattended,
    words,
)

ANSWERS = (p.Answer(name="wet", says=words("wet")), p.Answer(name="dry", says=words("dry")))


def one_step(name="look", role="guard", *, late=(), site=None, team=TEAM, start=Severity.yellow, **more):
    """A night with one step in one state, and a manager who commands."""
    step = a_step(name, role, late=late, **more)
    return Night(a_plan(a_state("first", step, leave=(STILL,)), start=start), site=site, team=team)


# the ladder in action


def test_the_whole_ladder():
    """SMS, voice, first deputy, second deputy, the next higher role; everyone asked goes on being called."""
    night = one_step()
    assert [call for call in calls(e for e, _ in night.history) if call[0] == "gina"] == [("gina", "sms")]
    told = []
    for seconds in (60, 60, 60, 120, 120):
        told.append(calls(night.wait(seconds * SECOND)))
    ladder = [[call for call in step if call[0] not in ("mark", "dora")] for step in told]
    assert ladder == [
        [("gina", "voice")],
        [("gina", "voice"), ("gus", "sms"), ("gus", "voice")],
        [("gina", "voice"), ("gus", "voice"), ("hana", "sms"), ("hana", "voice")],
        [("gina", "voice"), ("gus", "voice"), ("hana", "voice")],
        [("gina", "voice"), ("gus", "voice"), ("hana", "voice")],
    ]
    assert night.asked("look") == ["gina", "gus", "hana", "mark"]
    assert unattended(night.incident) == []


def test_the_ladder_ends_after_five_repeats():
    """Whoever never answers is called for an hour more, ever more seldom; the gap was shown to command when no deputy
    was left."""
    night = one_step(team=[m for m in TEAM if m.id in ("gina", "mark")])
    night.acknowledge("mark", "stand_by")
    night.wait(5 * MINUTE)
    gap = night.alerts("mark", kind="gap")
    assert [(a.role, a.at) for a in gap] == [("desk", NOW), ("guard", NOW + 2 * MINUTE)]
    rung = [n for n in range(70) if ("gina", "voice") in calls(night.wait(MINUTE))]
    assert rung == [2, 10, 26, 58], "the first was three minutes after the gap"
    assert calls(night.wait(HOUR)) == []
    assert unattended(night.incident) == []


def test_an_answer_stops_the_ladder():
    """Once somebody has it nobody else is called, and who was asked in their place is told they need not go."""
    night = one_step()
    night.wait(3 * MINUTE)
    events = night.acknowledge("gus", "look")
    assert "rung:" + night.alert("gina", "look").id not in night.incident.timers
    assert {"gina", "hana"} == {a.person for a in night.alerts(kind="taken")}
    assert "RoleAssigned" in kinds(events)
    assert night.incident.holders("guard") == ("gus",)
    others = [call for call in calls(night.wait(HOUR)) if call[0] in ("gina", "gus", "hana")]
    assert others == []


def test_a_no_goes_to_the_next_at_once():
    """Who cannot is closed, and the next is asked in the same moment."""
    night = one_step()
    events = night.decline("gina", "look")
    assert calls(events) == [("gus", "sms"), ("gus", "voice")]
    assert night.decline("gina", "look") == []
    assert calls(night.decline("gus", "look")) == [("hana", "sms"), ("hana", "voice")]
    assert (night.decline("hana", "look") and night.asked("look")) == ["gina", "gus", "hana", "mark"]


def test_a_no_after_the_last_deputy_is_shown_to_command():
    """When nobody is left, whoever commands is told so: loudly, but a second gap within two minutes rings no more."""
    night = one_step(team=[member("gina", "guard"), member("carla", "chief manager")])
    night.acknowledge("carla", "stand_by")
    night.decline("gina", "look")
    assert night.asked("look") == ["gina", "carla"]
    gap = night.alerts("carla", kind="gap")
    assert [a.role for a in gap] == ["desk", "guard"]
    assert {"sms", "voice"} == {night.incident.deliveries[id].channel for id in gap[0].deliveries}
    assert {"sms"} == {night.incident.deliveries[id].channel for id in gap[1].deliveries}
    night.decline("carla", "look")
    assert gap == night.alerts("carla", kind="gap"), "the same gap is told once"


def test_a_late_no_begins_the_search_anew():
    """Who takes a step late and then cannot leaves it to the next, however long the ladder was climbed before."""
    night = one_step(team=(*TEAM, member("max", "manager:2")))
    night.wait(24 * MINUTE)
    night.acknowledge("gina", "look")
    night.wait(HOUR)
    before = night.asked("look")
    events = night.decline("gina", "look")
    assert before == ["gina", "gus", "hana", "mark"]
    assert [person for person in night.asked("look") if person not in before] == ["max"]
    assert ("max", "sms") in calls(events)
    assert unattended(night.incident) == []
    assert ("max", "voice") in calls(night.wait(31 * MINUTE)), "rung too, though seldom: he let it ring for an hour"


def test_a_late_no_with_nobody_left_is_shown_again():
    """The gap is shown to command even when it was shown before and had been filled since."""
    night = one_step(team=[m for m in TEAM if m.id in ("gina", "mark")])
    night.acknowledge("mark", "stand_by")
    night.wait(6 * MINUTE)
    shown = len(night.alerts("mark", kind="gap"))
    night.acknowledge("gina", "look")
    assert ("guard", 1) not in night.incident.unfilled
    night.wait(30 * MINUTE)
    night.decline("gina", "look")
    assert shown + 1 == len(night.alerts("mark", kind="gap"))


def test_voicemail_does_not_use_up_the_ladder():
    """A machine that answers each call sends the ladder on to the next person, and never to its end early."""
    night = one_step()
    deadline = NOW + 25 * MINUTE
    rounds = 0
    while night.now < deadline:
        for delivery in list(night.incident.deliveries.values()):
            if delivery.channel == "voice" and delivery.status == "queued" and delivery.person == "gina":
                night.do(c.RecordDelivery(delivery=delivery.id, status="failed", reason="machine"))
        caused = night.wait(30 * SECOND)
        rounds += sum(1 for call in calls(caused) if call == ("gina", "voice"))
    assert rounds >= 5
    assert {"gina", "gus", "hana", "mark"} <= set(night.asked("look"))


def test_a_dead_number_is_not_called_for_ever():
    """Further calls go to the number that last took a message."""
    night = one_step(team=[member("gina", "guard", numbers=2), *TEAM[1:2]])
    first = night.alert("gina", "look").deliveries[0]
    night.do(c.RecordDelivery(delivery=first, status="failed", reason="21211"))
    tried = [night.incident.deliveries[id] for id in night.alert("gina", "look").deliveries]
    assert [(d.channel, d.number) for d in tried] == [("sms", 0), ("voice", 0)]
    night.do(c.RecordDelivery(delivery=tried[1].id, status="failed", reason="13224"))
    last = night.incident.deliveries[night.alert("gina", "look").deliveries[-1]]
    assert (last.channel, last.number) == ("voice", 1) or (last.channel, last.number) == ("sms", 1)
    night.do(c.RecordDelivery(delivery=last.id, status="sent", provider="x", provider_id="1"))
    night.wait(MINUTE)
    again = night.incident.deliveries[night.alert("gina", "look").deliveries[-1]]
    assert (again.channel, again.number) == ("voice", 1)


@pytest.mark.parametrize(
    "reason, then",
    [
        pytest.param("busy", [], id="busy: the telephone works"),
        pytest.param("no_answer", [], id="no answer: the ladder's own time goes on"),
        pytest.param("machine", ["gus"], id="a machine: the deputy at once"),
        pytest.param("21211", ["gina"], id="no such number: the other channel at once"),
        pytest.param("expired", ["gina"], id="never went out: the other channel at once"),
    ],
)
def test_what_a_failed_message_causes(reason, then):
    """A message that failed for good is not waited for."""
    night = one_step()
    first = night.alert("gina", "look").deliveries[0]
    events = night.do(c.RecordDelivery(delivery=first, status="failed", reason=reason))
    assert then == list(dict.fromkeys(person for person, _ in calls(events)))
    assert night.do(c.RecordDelivery(delivery=first, status="failed", reason=reason)) == []


def test_nobody_has_a_way():
    """Who cannot be reached at all is passed over in the same moment; the first with a telephone is asked."""
    team = [member("gina", "guard:1", channels=()), member("gus", "guard:2", channels=()), *TEAM[4:]]
    night = one_step(team=team)
    assert night.asked("look") == ["gina", "gus", "hana"]
    assert [call for call in calls(e for e, _ in night.history) if call[0] == "hana"] == [
        ("hana", "sms"),
        ("hana", "voice"),
    ]


def test_a_team_without_any_telephone():
    """With ten thousand people and not one telephone the program says so and does not fall over."""
    team = [member(f"g{n}", f"guard:{n % 90 + 1}", channels=()) for n in range(1000)]
    night = one_step(team=[*team, member("mark", "manager")])
    assert [a.role for a in night.alerts("mark", kind="gap") if a.role == "guard"] == ["guard"]
    night.wait(HOUR)
    assert "mark" in night.asked("look")


# nobody holds a role without having been told


def uncalled(night: Night):
    """Who holds a role and was never called on for it."""
    return [
        (role, person)
        for role, slots in night.incident.roles.items()
        for person in slots.values()
        if not any(a.role == role for a in night.alerts(person))
    ]


NEW = member("nora", "guard:3")


def whole_team(*more):
    """The team with these people beside it."""
    return c.UpdateRoster(members=(*TEAM, *more))


@pytest.mark.parametrize(
    "steps, ready",
    [
        pytest.param((a_step("look"),), "look", id="a step that runs: they join it"),
        pytest.param((a_step("look", when=p.FactIs("smoke", "yes")),), "stand_by", id="no step yet: they stand by"),
        pytest.param((a_step("sweep", per="zones"),), "stand_by", id="zones are shared out already: they stand by"),
    ],
)
def test_a_late_comer_is_called(steps, ready):
    """Somebody who fills an empty place later is called on for what runs, or asked to stand by."""
    plan = a_plan(a_state("first", *steps, leave=(STILL,)), calls="manager guard*3", facts=(a_fact("smoke"),))
    night = Night(plan, team=TEAM[:4])
    assert ("guard", 3) in night.incident.unfilled
    night.do(c.UpdateRoster(members=(*TEAM[:4], NEW)))
    assert "nora" in night.incident.holders("guard")
    assert night.alert("nora", ready).status == "open"
    assert uncalled(night) == []
    assert unattended(night.incident) == []


def test_a_late_comer_is_called_though_the_step_is_done():
    """A place filled after its step was done is still told: to stand by."""
    night = Night(a_plan(a_state("first", a_step("look"), leave=(STILL,)), calls="manager guard*3"), team=TEAM[:4])
    night.finish("gina", "look")
    night.do(c.UpdateRoster(members=(*TEAM[:4], NEW)))
    assert night.alert("nora", "stand_by").status == "open"
    assert uncalled(night) == []


def test_more_heads_than_zones():
    """Where there are fewer zones than heads, the others stand by."""
    plan = a_plan(a_state("first", a_step("sweep", per="zones"), leave=(STILL,)), calls="manager guard*2")
    night = Night(plan)
    assert night.asked("sweep") == ["gina"]
    assert night.alert("gus", "stand_by").status == "open"
    assert uncalled(night) == []


def test_a_rise_calls_new_roles():
    """At a higher level more roles are called: who gets no step stands by; those at work get one update."""
    plan = a_plan(a_state("first", a_step("look"), leave=(STILL,)), calls="manager guard helper@orange chief@orange")
    night = Night(plan)
    events = night.do(c.ChangeSeverity(to=Severity.orange, by="mark"))
    assert {"hana", "carla"} == {a.person for a in night.alerts(kind="stand_by")} - {"mark"}
    assert {"gina", "mark"} == {x.person for x in events if isinstance(x, e.AlertRequested) and x.kind == "update"}
    assert uncalled(night) == []


def test_nobody_at_all_and_then_a_team():
    """An incident opened with an empty roster calls everyone as soon as there is a team."""
    night = one_step(team=[])
    assert night.incident.command is None
    assert night.alerts() == []
    night.do(whole_team())
    assert night.incident.command == "mark"
    assert night.asked("look") == ["gina"]
    assert uncalled(night) == []


def test_somebody_to_command_and_nobody_else():
    """Steps that ran without anybody come to whoever commands once there is one."""
    night = one_step(team=[])
    night.do(c.UpdateRoster(members=(member("mark", "manager"),)))
    assert night.asked("look") == ["mark"]
    assert {"desk"} <= {a.role for a in night.alerts("mark", kind="gap")}


def test_gaps_found_before_anyone_commanded_are_told():
    """Who takes command hears at once of the roles that were empty before."""
    plan = a_plan(a_state("first", leave=(STILL,)), calls="desk manager")
    night = Night(plan, team=[member("mark", "manager")])
    assert [a.role for a in night.alerts("mark", kind="gap")] == ["desk"]


def test_standing_by_ends_with_the_call():
    """Who is called on for a step need not answer the call to be ready any more, nor who was asked in their place."""
    plan = a_plan(
        a_state("first", a_step("look", when=p.FactIs("smoke", "yes")), leave=(STILL,)),
        calls="manager guard", facts=(a_fact("smoke"),),
    )  # fmt: skip
    night = Night(plan)
    night.wait(2 * MINUTE)
    assert {"gina", "gus"} == {a.person for a in night.alerts(kind="stand_by") if a.role == "guard"}
    night.tell("smoke", "yes")
    assert night.asked("look") == ["gina"]
    assert {"closed"} == {a.status for a in night.alerts(kind="stand_by") if a.role == "guard"}
    assert unattended(night.incident) == []


# giving roles, handing over


def test_a_role_given_by_order():
    """The one before is let go and told; the new one is called on for what runs."""
    night = one_step()
    night.acknowledge("gina", "look")
    night.do(c.AssignRole(role="guard", person="hana", by="mark"))
    assert (night.alert("gina", "look").status, night.alert("gina", "look").ended) == ("closed", "relieved")
    assert night.alert("hana", "look").status == "open"
    assert [a.person for a in night.alerts(kind="passed_on")] == ["gina"]
    assert night.do(c.AssignRole(role="guard", person="hana", by="mark")) == []


def test_a_role_given_by_order_leaves_other_zones_alone():
    """Who takes one holder's place takes over their zones, and nobody else's."""
    plan = a_plan(a_state("first", a_step("sweep", per="zones"), leave=(STILL,)), calls="manager guard*2")
    night = Night(plan, place="site")
    zones = {run.zone: [night.incident.alerts[id].person for id in run.alerts] for run in night.incident.steps.values()}
    assert {zone: asked for zone, asked in zones.items() if zone} == {"f1": ["gina"], "f2": ["gus"]}
    night.do(c.AssignRole(role="guard", person="hana", by="mark", slot=2))
    zones = {run.zone: [night.incident.alerts[id].person for id in run.alerts] for run in night.incident.steps.values()}
    assert {zone: asked for zone, asked in zones.items() if zone} == {"f1": ["gina"], "f2": ["gus", "hana"]}


@pytest.mark.parametrize(
    "command, says",
    [
        pytest.param(c.AssignRole(role="guard", person="hanna", by="mark"), "Did you mean 'hana'?", id="a person"),
        pytest.param(c.AssignRole(role="gaurd", person="hana", by="mark"), "Did you mean 'guard'?", id="a role"),
        pytest.param(c.HandOver(person="nobody", by="mark"), "not in the roster", id="command to nobody"),
        pytest.param(c.HandOver(person="hana", by="gina"), "does not command", id="without the authority"),
        pytest.param(c.OrderTransition(to="frist", by="mark"), "Did you mean 'first'?", id="a state"),
        pytest.param(c.OrderTransition(to="closed", by="mark"), "no way there from here", id="no way"),
        pytest.param(c.OrderTransition(to="closed", by="mark", override=True), "needs a reason", id="without a reason"),
        pytest.param(
            c.OrderTransition(to="closed", by="gina", override=True, reason="x"), "does not command", id="who"
        ),
        pytest.param(c.ChangeSeverity(to=Severity.blue, by="gina", reason="x"), "does not command", id="lowering"),
        pytest.param(c.ChangeSeverity(to=Severity.blue, by="mark"), "needs a reason", id="lowering without a reason"),
        pytest.param(c.ReportFact(fact="smok", value="yes", by="mark"), "Did you mean 'smoke'?", id="a fact"),
        pytest.param(c.FinishStep(step="s99", person="gina"), "has no step s99", id="a step"),
        pytest.param(c.Acknowledge(alert="a99"), "has no alert a99", id="an alert"),
        pytest.param(c.Decline(alert="a99"), "has no alert a99", id="an alert to decline"),
        pytest.param(c.RecordDelivery(delivery="x", status="sent"), "no delivery x", id="a delivery"),
        pytest.param(c.Tell(by="mark", text="seal:1", people=("nobody",)), "not in the roster", id="words to nobody"),
        pytest.param(c.Tell(by="mark", text="seal:1", roles=("helper",)), "nobody would receive", id="an empty role"),
        pytest.param(c.StandDown(by="mark", ticked=(3,)), "lines 1 to 2", id="a line that is not there"),
        pytest.param(c.StandDown(by="mark", override=True), "needs a reason", id="an end without a reason"),
        pytest.param(c.CancelIncident(by="gina", reason="x"), "does not command", id="a false alarm by anyone"),
    ],
)
def test_refusals(command, says):
    """What is not possible is refused with what would be; the incident stays as it is."""
    plan = a_plan(a_state("first", a_step("look"), leave=(STILL,)), facts=(a_fact("smoke"),))
    night = Night(plan)
    before = night.incident
    with pytest.raises(CommandRefused, match=says):
        night.do(command)
    assert before is night.incident


def test_answers_of_a_decision():
    """A decision wants one of its answers, and a plain step takes none."""
    plan = a_plan(a_state("first", a_step("look", decision=ANSWERS), a_step("lock", "desk"), leave=(STILL,)))
    night = Night(plan)
    for step, answer in (("look", None), ("look", "damp"), ("lock", "wet")):
        with pytest.raises(CommandRefused, match="answer"):
            night.finish("gina", step, answer)
    night.finish("gina", "look", "wet")
    assert (night.run("look").status, night.run("look").answer, night.run("look").person) == ("done", "wet", "gina")
    assert night.finish("gina", "look", "dry") == []


# levels


LEVELS = a_plan(
    a_state("first", leave=(p.Leave(to="second", when=p.FactIs("smoke", "yes")), STILL)),
    a_state("second", leave=(STILL,), severity=Severity.orange),
    facts=(a_fact("hurt", "count", "0"), a_fact("crowd", "number"), a_fact("smoke"), a_fact("peak")),
    raises=(
        p.Raise(to=Severity.red, when=p.FactOver("hurt", 1)),
        p.Raise(to=Severity.orange, when=p.ClockOver("opened", 30 * MINUTE)),
    ),
    lowers=(p.Raise(to=Severity.blue, when=p.FactUnder("crowd", 2.0, 10 * MINUTE)),),
)


def level(night: Night) -> str:
    """The level as a word."""
    return night.incident.severity.name


def test_levels_rise_by_rule_and_by_time():
    """A rule raises at once, or when its time comes; it never lowers."""
    night = Night(LEVELS)
    night.wait(30 * MINUTE)
    assert level(night) == "orange"
    night.tell("hurt", "1")
    assert level(night) == "red"
    night.tell("hurt", "0")
    assert level(night) == "red"


def test_a_measured_value_lowers():
    """A level tied to a measured value goes down when that has been low for long enough, never below other rules."""
    night = Night(LEVELS)
    night.tell("crowd", "1.0")
    night.wait(10 * MINUTE)
    assert level(night) == "blue"
    night.wait(HOUR)
    assert level(night) == "orange"


def test_a_person_outranks_the_rules():
    """Who lowers the level over a rule is not overruled by it again until a fact changes."""
    night = Night(LEVELS)
    night.tell("hurt", "1")
    night.do(c.ChangeSeverity(to=Severity.yellow, by="mark", reason="seal"))
    assert level(night) == "yellow"
    night.wait(29 * MINUTE)
    assert level(night) == "yellow"
    night.wait(2 * MINUTE)
    assert level(night) == "orange", "another rule still works"
    night.tell("peak", "yes")
    assert level(night) == "red"


def test_entering_a_state_wakes_no_rule_that_was_overruled():
    """The plan may raise the level on its way; a rule that a person overruled stays still all the same."""
    night = Night(LEVELS)
    night.tell("hurt", "1")
    night.do(c.ChangeSeverity(to=Severity.yellow, by="mark", reason="seal"))
    night.order("second", "mark", override=True, reason="seal")
    assert (night.incident.state, level(night)) == ("second", "orange")


def test_a_person_who_raises_is_not_overruled_by_a_low_value():
    """Who raises the level while a measured value is low keeps it raised until a fact changes."""
    night = Night(LEVELS)
    night.tell("crowd", "1.0")
    night.wait(11 * MINUTE)
    assert level(night) == "blue"
    night.do(c.ChangeSeverity(to=Severity.red, by="gina"))
    assert level(night) == "red"
    night.wait(HOUR)
    assert level(night) == "red"


# moving on


def test_steps_of_an_old_state_are_let_go():
    """On leaving a state its open steps end; who had one and got nothing new, and who commands, hear of it."""
    plan = a_plan(
        a_state("first", a_step("look"), leave=(p.Leave(to="second", when=p.FactIs("smoke", "yes")), STILL)),
        a_state("second", a_step("lock", "desk"), leave=(STILL,)),
        calls="manager guard desk", facts=(a_fact("smoke"),),
    )  # fmt: skip
    night = Night(plan)
    night.acknowledge("gina", "look")
    night.tell("smoke", "yes")
    assert (night.run("look").status, night.alert("gina", "look").ended) == ("dropped", "left_state")
    assert [a.person for a in night.alerts(kind="update")] == ["mark", "gina"]
    assert not [timer for timer in night.incident.timers if timer.startswith("due:s1")]


def test_a_step_given_up_is_no_end():
    """Who had a step that was given up is told that the plan moved on, and not that the emergency is over."""
    night = one_step()
    night.do(c.GiveUpStep(step=night.run("look").id, by="mark", reason="seal"))
    assert night.alert("gina", "look").ended == "left_state"
    assert night.do(c.GiveUpStep(step=night.run("look").id, by="mark", reason="seal")) == []


def test_what_is_expected_may_come_later():
    """A knock-on whose condition comes true after the state was entered is expected from then on, once."""
    plan = a_plan(
        a_state("first", leave=(STILL,), expects=(p.KnockOn(playbook="flood", when=p.FactIs("smoke", "yes")),)),
        facts=(a_fact("smoke"),),
    )
    night = Night(plan)
    assert frozenset() == night.incident.expected
    assert "KnockOnExpected" in kinds(night.tell("smoke", "yes"))
    assert frozenset({"flood"}) == night.incident.expected
    assert "KnockOnExpected" not in kinds(night.tell("smoke", "yes"))


def ending_plan(**more):
    """A plan with a way to both ends."""
    out = (p.Leave(to="over", when=p.SaidBy("manager")), p.Leave(to="nothing", when=p.SaidBy("desk")), STILL)
    return a_plan(a_state("first", a_step("look"), leave=out), calls="manager guard desk helper", **more)


def test_a_stand_down_tells_everyone():
    """At the end nobody has an open call any more, and everyone who was ever alerted is told."""
    night = Night(ending_plan())
    night.wait(3 * MINUTE)
    alerted = set(night.incident.alerted)
    events = night.do(c.StandDown(by="mark", ticked=(1, 2, 1)))
    assert [event.item for event in events if isinstance(event, e.ItemTicked)] == [1, 2]
    assert (night.incident.state, night.incident.ended) == ("over", "stand_down")
    assert alerted == {a.person for a in night.alerts(kind="ended")}
    assert {"closed"} == {a.status for a in night.alerts()}
    assert calls(night.wait(8 * HOUR)) == []


def test_the_checklist_comes_first():
    """A stand-down waits for every line; the hint holds each line that is still to be said."""
    night = Night(ending_plan())
    with pytest.raises(CommandRefused, match=r"2\. 中doors shut / doors shut") as refused:
        night.do(c.StandDown(by="mark", ticked=(1,)))
    assert "--check 1 --check 2" in str(refused.value)
    assert "1. " not in str(refused.value).split("Confirm")[0]
    with pytest.raises(CommandRefused, match="not confirmed"):
        night.order("over", "mark")
    night.do(c.StandDown(by="mark", override=True, reason="seal"))
    assert night.incident.state == "over"


def test_an_order_to_end_by_override():
    """Over its checklist an end may be ordered by whoever commands, with a reason."""
    night = Night(ending_plan())
    night.order("over", "mark", override=True, reason="seal")
    assert night.incident.ended == "stand_down"
    assert night.do(c.StandDown(by="mark")) == []


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(c.OrderTransition(to="first", by="console", override=True, reason="x"), id="a transition"),
        pytest.param(c.StandDown(by="console", override=True, reason="x"), id="a stand-down"),
        pytest.param(c.CancelIncident(by="console", reason="x"), id="a false alarm"),
        pytest.param(c.ChangeSeverity(to=Severity.red, by="console"), id="a level"),
        pytest.param(c.AssignRole(role="guard", person="hana", by="console"), id="a role"),
        pytest.param(c.HandOver(person="hana", by="console"), id="command"),
        pytest.param(c.Tell(by="console", text="seal:1"), id="words"),
    ],
)
def test_a_closed_incident_calls_nobody(command):
    """What is closed stays closed: nobody is called on for it again; a call for help is still heard."""
    night = Night(ending_plan())
    night.order("closed", "mark", override=True, reason="seal")
    with pytest.raises(CommandRefused, match="is closed"):
        night.do(command)
    assert calls(night.do(c.AskHelp(person="gina")))


def test_closing_without_an_end_leaves_nobody_waiting():
    """Closed over every guard, an incident calls nobody any more, and everyone hears that it is closed."""
    night = Night(ending_plan())
    night.order("closed", "mark", override=True, reason="seal")
    assert night.incident.is_closed
    assert len(night.incident.timers) == 0
    assert {"closed"} == {a.status for a in night.alerts()}
    assert set(night.incident.alerted) == {a.person for a in night.alerts(kind="update")}
    assert night.do(whole_team(NEW))[1:] == []


# lateness, repeats, waits


def test_lateness_follows_its_list():
    """At its target, and then a minute apart at most, a step's outcomes follow in their order."""
    late = (p.CallDeputy(), p.Remind(), p.RaiseTo(Severity.red), p.Go("over"))
    plan = a_plan(a_state("first", a_step("look", done=5 * MINUTE, late=late), leave=(STILL,)), calls="manager guard")
    night = Night(plan)
    night.acknowledge("gina", "look")
    night.wait(5 * MINUTE - SECOND)
    assert night.asked("look") == ["gina"]
    night.wait(SECOND)
    assert night.asked("look") == ["gina", "gus"]
    assert ("gina", "voice") in calls(night.wait(MINUTE))
    night.wait(MINUTE)
    assert level(night) == "red"
    night.wait(MINUTE)
    assert (night.incident.state, night.run("look").chased) == ("over", 4)


def test_a_repeated_step_comes_again():
    """A repeating step starts again so long after it was done, while its state lasts."""
    night = one_step(every=10 * MINUTE)
    night.finish("gina", "look")
    night.wait(10 * MINUTE)
    assert [run.status for run in night.incident.steps.values() if run.name == "look"] == ["done", "open"]
    night.finish("gina", "look")
    night.do(c.CancelIncident(by="mark", reason="seal"))
    night.wait(HOUR)
    assert len([run for run in night.incident.steps.values() if run.name == "look"]) == 2


def test_a_nudge_comes_again_and_again():
    """A wait without a way out nudges each time it is over; what was taken is asked anew, what was not goes on."""
    nudge = p.Leave(after=10 * MINUTE, source="practice", alert=p.Nudge(role="manager", do=words("look again")))
    night = Night(a_plan(a_state("first", leave=(nudge,)), calls="manager"))
    night.wait(10 * MINUTE)
    for _ in range(2):
        night.acknowledge("mark", "nudge")
        night.wait(10 * MINUTE)
    runs = [run for run in night.incident.steps.values() if run.name == "nudge"]
    assert [run.status for run in runs] == ["dropped", "dropped", "open"]
    assert {"mark"} == {night.incident.alerts[id].person for run in runs for id in run.alerts}
    night.wait(5 * HOUR)
    assert len([run for run in night.incident.steps.values() if run.name == "nudge"]) == 3
    assert ("mark", "voice") in calls(night.wait(2 * HOUR))


# silence


def test_a_silent_place_rings_nowhere():
    """Nobody believed to be at the place is written to, whoever gives them a role, and whatever fails."""
    plan = a_plan(a_state("first", a_step("look"), leave=(STILL,)), calls="manager guard", silent_place=True)
    there = member("gina", "guard:1", zone="f1_shop")
    night = Night(plan, team=[there, *[m for m in TEAM if m.id != "gina"]])
    night.do(c.AssignRole(role="guard", person="gina", by="mark"))
    night.do(c.Tell(by="mark", text="seal:1", people=("gina", "gus")))
    night.do(c.HandOver(person="gina", by="mark"))
    night.wait(10 * MINUTE)
    assert "gina" not in {person for person, _ in calls(event for event, _ in night.history)}
    assert "hana" in night.asked("look")


def test_help_reaches_command_and_control():
    """A call for help goes out loudly to whoever commands, before everything else; asked twice it is one."""
    night = one_step()
    events = night.do(c.AskHelp(person="gina"))
    assert calls(events) == [("mark", "sms"), ("mark", "voice")]
    assert {0} == {event.urgency for event in events if isinstance(event, e.DeliveryQueued)}
    assert night.do(c.AskHelp(person="gina")) == []


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda n: c.Acknowledge(alert=n.alert("gina", "look").id), id="acknowledge"),
        pytest.param(lambda n: c.Decline(alert=n.alert("gina", "look").id), id="decline"),
        pytest.param(lambda n: c.FinishStep(step=n.run("look").id, person="gina"), id="finish"),
        pytest.param(lambda n: c.GiveUpStep(step=n.run("look").id, by="mark", reason="x"), id="give up"),
        pytest.param(lambda n: c.AskHelp(person="gina"), id="help"),
        pytest.param(lambda n: c.ChangeSeverity(to=Severity.red, by="mark"), id="level"),
        pytest.param(lambda n: c.HandOver(person="carla", by="mark"), id="hand over"),
        pytest.param(lambda n: c.AssignRole(role="guard", person="gus", by="mark"), id="assign"),
        pytest.param(lambda n: c.CancelIncident(by="mark", reason="x"), id="cancel"),
        pytest.param(lambda n: c.StandDown(by="mark", override=True, reason="x"), id="stand down"),
        pytest.param(lambda n: c.UpdateRoster(members=TEAM[:3]), id="roster"),
        pytest.param(lambda n: c.RecordDelivery(delivery="i1.1", status="sent", provider_id="p"), id="sent"),
        pytest.param(lambda n: c.RecordDelivery(delivery="i1.1", status="delivered"), id="delivered"),
        pytest.param(lambda n: c.RecordDelivery(delivery="i1.1", status="failed", reason="x"), id="failed"),
        pytest.param(lambda n: c.RecordDelivery(delivery="i1.1", status="retried", attempt=2), id="retried"),
    ],
)
def test_asking_twice_decides_nothing(make):
    """The same command a second time is no error and changes nothing."""
    night = one_step()
    command = make(night)
    assert night.do(command)
    assert night.do(command) == []


def test_a_timer_fires_once_and_not_early():
    """A wake-up that is early, or came already, or is not waited for, decides nothing."""
    night = one_step()
    timer, due = min(night.incident.timers.items(), key=lambda each: each[1])
    assert night.do(c.FireTimer(timer=timer)) == []
    night.now = due + 90 * SECOND
    events = night.do(c.FireTimer(timer=timer))
    assert isinstance(events[0], e.TimerFired)
    assert timedelta(seconds=90) == events[0].late_by
    assert timer not in night.incident.timers or night.incident.timers[timer] > night.now
    assert night.do(c.FireTimer(timer="rung:a99")) == []


def test_opening_twice_is_one_incident():
    """An incident that is there is not opened again."""
    night = one_step()
    opening = night.history[0][0]
    assert isinstance(opening, e.IncidentOpened)
    command = c.OpenIncident(
        incident="i1", code="D01", mode="real", playbook=opening.playbook, site=opening.site, place="f1",
        members=TEAM, by="console",
    )  # fmt: skip
    assert night.do(command) == []


def test_an_opening_is_never_lighter_than_the_plan():
    """Whoever triggers may say that it is graver than the plan takes it to be, not lighter."""
    plan = a_plan(a_state("first", leave=(STILL,)), start=Severity.yellow)
    assert level(Night(plan, severity=Severity.blue)) == "yellow"
    assert level(Night(plan, severity=Severity.red)) == "red"


def test_a_member_who_left_is_passed_over():
    """Who is no longer in the roster is not called; the step goes to the next in the same moment."""
    plan = a_plan(
        a_state("first", leave=(p.Leave(to="second", when=p.FactIs("smoke", "yes")), STILL)),
        a_state("second", a_step("look"), leave=(STILL,)),
        calls="manager guard", facts=(a_fact("smoke"),),
    )  # fmt: skip
    night = Night(plan)
    night.do(c.UpdateRoster(members=tuple(m for m in TEAM if m.id != "gina")))
    night.tell("smoke", "yes")
    assert night.asked("look") == ["gina", "gus"]
    assert "gina" not in {person for person, _ in calls(event for event, at in night.history if at > NOW)}


def test_commands_need_an_incident():
    """Nothing but an opening can be asked of an incident that is not there."""
    from emergency.core.decide import decide

    with pytest.raises(CommandRefused, match="no such incident"):
        decide(None, c.FireTimer(timer="x"), NOW)


def test_deciding_changes_nothing_by_itself():
    """A decision is events; the incident it was taken on is the same value afterwards."""
    from emergency.core.decide import decide

    night = one_step()
    before = replace(night.incident)
    events = decide(night.incident, c.Acknowledge(alert=night.alert("gina", "look").id), night.now)
    assert events
    assert before == night.incident
    assert events == decide(night.incident, c.Acknowledge(alert=night.alert("gina", "look").id), night.now)


def test_what_was_asked_of_nobody_is_asked_of_whoever_takes_command():
    """Nobody is there who could be asked, and nobody commands: as soon as somebody does, the step is theirs."""
    look = a_step("look", "desk")
    team = (member("hana", "helper"), member("mark", "manager", duty="off"), member("dora", "desk", duty="off"))
    night = Night(a_plan(a_state("first", look, leave=(STILL,)), calls="desk"), team=team)
    assert night.incident.command is None
    assert night.asked("look") == []

    night.do(c.HandOver(person="hana", by="console"))

    assert night.asked("look") == ["hana"]
    assert night.do(c.HandOver(person="hana", by="console")) == []
    assert night.asked("look") == ["hana"]
