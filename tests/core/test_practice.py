"""What only a drill knows: standing still, going on, being broken off, ending."""

from __future__ import annotations

from datetime import timedelta

import pytest

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.calls import REAL_WORD, STOP_WORD
from emergency.core.incident import fold
from emergency.core.practice import LONGEST_DRILL, MAXIMUM
from emergency.errors import CommandRefused
from tests.core.small import MINUTE, SECOND, TEAM, Night, a_plan, a_state, a_step

PLAN = a_plan(
    a_state("first", a_step("lock", role="desk", done=10 * MINUTE), a_step("look", role="manager")),
    calls="desk manager",
)


def a_drill(mode="live_drill", **more):
    """A drill that has just begun."""
    return Night(PLAN, team=TEAM, mode=mode, **more)


def kinds(night, *wanted):
    """Who was told something of these kinds, in order."""
    return [alert.person for alert in night.alerts() if alert.kind in wanted]


def refolded(night):
    """The incident as its log alone makes it."""
    return fold(night.history)


@pytest.mark.parametrize(
    "command",
    [c.FreezeDrill(by="anna"), c.ResumeDrill(by="anna"), c.AbortDrill(by="anna"), c.EndDrill(by="anna")],
    ids=lambda command: type(command).__name__,
)
def test_a_real_incident_is_none_of_this(command):
    """What is real is never frozen, broken off or ended as a drill: only refused."""
    night = a_drill("real")
    with pytest.raises(CommandRefused, match="is real"):
        night.do(command)


def test_the_clock_of_a_drill_that_stands_still_stands_still():
    """Timers and time targets come so much later; an answer given meanwhile counts, and calls nobody before."""
    night = a_drill()
    dues = dict(night.incident.timers.items())
    run = next(run for run in night.incident.steps.values() if run.name == "lock")
    night.now += MINUTE
    night.do(c.FreezeDrill(by="gina", because="unsafe"))
    night.now += 20 * MINUTE
    assert night.do(c.FireTimer(timer=next(t for t in dues if t.startswith("rung:")))) == []
    alert = next(a for a in night.incident.alerts.values() if a.step == run.id and a.kind == "task")
    night.do(c.Acknowledge(alert=alert.id))
    assert night.incident.alerts[alert.id].status == "acknowledged"
    night.do(c.ResumeDrill(by="anna"))
    for name, due in night.incident.timers.items():
        if name == MAXIMUM:
            assert due == dues[name], "a drill's longest length goes by the time of the world"
        elif name in dues:
            assert due == dues[name] + 20 * MINUTE, name
    assert night.incident.steps[run.id].due == run.due + 20 * MINUTE
    assert refolded(night) == night.incident


@pytest.mark.parametrize("because", ["real", "help", "phrase", "duress", "red", "unsafe", "director"])
def test_who_hears_that_a_drill_stands_still(because):
    """Everybody alerted hears of it, and that it is for something real where it is; from the director nobody does, and
    under duress nobody hears that it was noticed."""
    night = a_drill()
    night.do(c.FreezeDrill(by="console", because=because, other="F07"))
    told = {"real": "drill_real", "help": "drill_real", "phrase": "drill_real", "director": None}.get(
        because, "drill_still"
    )
    heard = {kind: kinds(night, kind) for kind in ("drill_real", "drill_still")}
    assert heard == {kind: list(night.incident.alerted) if kind == told else [] for kind in heard}
    again = night.do(c.FreezeDrill(by="console", because=because))
    assert again == [], "twice is once"


def test_a_real_reason_is_said_also_where_it_stood_still_before():
    """A pause that turns into a real emergency is told as one."""
    night = a_drill()
    night.do(c.FreezeDrill(by="anna"))
    assert kinds(night, "drill_real") == []
    night.do(c.FreezeDrill(by="console", because="real", other="F07"))
    assert set(kinds(night, "drill_real")) == set(night.incident.alerted)


@pytest.mark.parametrize(
    ("because", "says"),
    [("real", "drill_over_real"), ("help", "drill_over_real"), ("director", "drill_off"), ("maximum", "drill_off")],
)
def test_breaking_off_takes_everything_back_and_tells_whom_it_reached(because, says):
    """Nothing waits any more, no timer is left, and exactly those to whom a message was handed are told, once."""
    night = a_drill()
    first = next(d for d in night.incident.deliveries.values() if d.channel == "sms")
    night.do(c.RecordDelivery(delivery=first.id, status="sent", provider="x", provider_id="x1"))
    events = night.do(c.AbortDrill(by="console", because=because))
    assert night.incident.is_closed
    assert not dict(night.incident.timers.items())
    assert kinds(night, says) == [first.person]
    waits = [d for d in night.incident.deliveries.values() if d.status == "queued"]
    assert {night.incident.alerts[d.alert].kind for d in waits} == {says}
    assert {event.urgency for event in events if isinstance(event, e.DeliveryQueued)} == {STOP_WORD}
    assert night.do(c.AbortDrill(by="console", because=because)) == []
    assert refolded(night) == night.incident


def test_whoever_is_reached_after_the_end_is_told_too():
    """A message that was on its way when the drill was broken off is followed by the correction."""
    night = a_drill()
    late = next(d for d in night.incident.deliveries.values() if d.channel == "sms")
    night.do(c.AbortDrill(by="console", because="real"))
    assert kinds(night, "drill_over_real") == []
    night.do(c.RecordDelivery(delivery=late.id, status="sent", provider="x", provider_id="x1"))
    night.do(c.RecordDelivery(delivery=late.id, status="delivered"))
    assert kinds(night, "drill_over_real") == [late.person]


def test_endex_is_said_once_also_after_the_plan_has_ended():
    """Everybody whom the drill reached hears that it is over, whichever way it ended."""
    night = a_drill()
    for number, d in enumerate(list(night.incident.deliveries.values())):
        night.do(c.RecordDelivery(delivery=d.id, status="sent", provider="x", provider_id=f"x{number}"))
    night.do(c.EndDrill(by="anna"))
    assert set(kinds(night, "endex")) == {d.person for d in night.incident.deliveries.values()}
    assert night.do(c.EndDrill(by="anna")) == []


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("asked", [None, 30 * MINUTE, timedelta(days=2)])
def test_a_drill_never_outlives_its_maximum(asked, frozen):
    """It is broken off then, also while it stands still; nobody can ask for more than the longest there is."""
    night = a_drill(maximum=asked)
    length = min(asked or LONGEST_DRILL, LONGEST_DRILL)
    assert night.incident.timers[MAXIMUM] == night.now + length
    if frozen:
        night.do(c.FreezeDrill(by="anna"))
    night.now += length - SECOND
    assert night.do(c.FireTimer(timer=MAXIMUM)) == []
    night.now += SECOND
    night.do(c.FireTimer(timer=MAXIMUM))
    assert night.incident.is_closed
    assert night.incident.over == "aborted"
    assert refolded(night) == night.incident


@pytest.mark.parametrize("via", ["sms", "voice", "phrase", "duress"])
@pytest.mark.parametrize("mode", ["drill", "live_drill"])
def test_a_cry_for_help_in_a_drill_is_real(mode, via):
    """It stops the drill in the same decision, and whoever commands or directs is told before all else of it."""
    night = a_drill(mode, director="gus")
    events = night.do(c.AskHelp(person="dora", via=via))
    assert night.incident.frozen == night.now
    assert {night.incident.command, "gus"} - {"dora"} <= set(kinds(night, "real_help"))
    urgent = {
        ev.urgency
        for ev in events
        if isinstance(ev, e.DeliveryQueued) and night.incident.alerts[ev.alert].kind == "real_help"
    }
    assert urgent == {REAL_WORD}
    night.now += 3 * MINUTE
    assert any(isinstance(ev, e.HelpAsked) for ev in night.do(c.AskHelp(person="dora", via=via))), "heard again"
