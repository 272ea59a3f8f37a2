"""Questions to a log: what can be asked, when each is met, and that nothing else can be said."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from emergency.core import events as e
from emergency.core.incident import fold
from emergency.core.values import Severity
from emergency.drills.scenarios.expect import KINDS, Hit, NotACheck, Watch, names, parse
from tests.core.small import NOW, SECOND, TEAM, a_fact, a_plan, a_site, a_state, a_step

PLAN = a_plan(
    a_state("first", a_step("look"), a_step("lock", role="desk")),
    a_state("second"),
    facts=(a_fact("smoke", unless_told="no"), a_fact("hurt", "count"), a_fact("why", "text")),
)


def at(seconds: float) -> datetime:
    """So many seconds after the beginning."""
    return NOW + seconds * SECOND


def opened(plan: str = "drip") -> e.IncidentOpened:
    """The first event of a log."""
    from msgspec.structs import replace

    return e.IncidentOpened(
        incident="i1", code="XD01", mode="drill", playbook=replace(PLAN, id=plan), site=a_site(), place="f1",
        severity=Severity.yellow, members=TEAM, by="console",
    )  # fmt: skip


def asks(alert: str, person: str, role: str, step: str) -> e.AlertRequested:
    """A call on somebody for a step."""
    return e.AlertRequested(alert=alert, person=person, kind="task", role=role, step=step)


def sends(delivery: str, alert: str, person: str, channel: str) -> e.DeliveryQueued:
    """A message to somebody."""
    return e.DeliveryQueued(delivery=delivery, alert=alert, person=person, channel=channel, mode="drill")  # type: ignore[arg-type]


LOG: list[tuple[e.AnyEvent, datetime]] = [
    (opened(), at(0)),  # 1
    (e.StateEntered(state="first", via="opening"), at(0)),  # 2
    (e.RoleAssigned(role="guard", slot=1, person="gina", because="holder"), at(0)),  # 3
    (e.CommandTaken(person="mark", role="manager"), at(0)),  # 4
    (e.StepStarted(step="s1", name="look", role="guard", letter="A"), at(0)),  # 5
    (asks("a1", "gina", "guard", "s1"), at(0)),  # 6
    (sends("d1", "a1", "gina", "sms"), at(0)),  # 7
    (sends("d2", "a1", "gina", "voice"), at(30)),  # 8
    (e.LadderClimbed(alert="a1", rung=1, because="silence"), at(60)),  # 9
    (asks("a2", "gus", "guard", "s1"), at(60)),  # 10
    (sends("d3", "a2", "gus", "sms"), at(60)),  # 11
    (e.DeliveryFailed(delivery="d3", reason="30003"), at(62)),  # 12
    (sends("d4", "a2", "gus", "voice"), at(62)),  # 13
    (e.AlertAcknowledged(alert="a2", via="voice"), at(70)),  # 14
    (e.RoleAssigned(role="guard", slot=1, person="gus", because="answered_first"), at(70)),  # 15
    (e.FactReported(fact="hurt", value="2", by="gus"), at(80)),  # 16
    (e.SeverityChanged(to=Severity.orange, via="rule"), at(80)),  # 17
    (e.StepDone(step="s1", person="gus", answer="fire"), at(90)),  # 18
    (e.StateEntered(state="second", via="guard"), at(90)),  # 19
    (e.PersonCalledAway(person="mark", to="F02"), at(100)),  # 20
    (e.CommandTaken(person="carla", role="chief"), at(110)),  # 21
    (e.HelpAsked(person="hana", via="sms"), at(120)),  # 22
]


@pytest.mark.parametrize(
    "text, seq, second",
    [
        ("event incident.opened place=f1", 1, 0),
        ("event state.entered state=second", 19, 90),
        ("event role.assigned role=guard person=gus because=answered_first", 15, 70),
        ("event command.taken person=carla", 21, 110),
        ("event step.done step=look answer=fire", 18, 90),
        ("event step.done step=look person!=gina", 18, 90),
        ("event alert.acked role=guard step=look via=voice", 14, 70),
        ("event checkin.missed person=gina", 9, 60),
        ("event delivery.failed person=gus channel=sms reason=30003", 12, 62),
        ("event delivery.queued channel=voice person=gus step=look", 13, 62),
        ("event channel.failover", 8, 30),
        ("event channel.failover person=gus", 13, 62),
        ("event severity.changed to=orange", 17, 80),
        ("event fact.told fact=hurt value=2", 16, 80),
        ("event help.asked person=hana", 22, 120),
        ("event person.called_away person=mark", 20, 100),
        ("step look started", 5, 0),
        ("step look acked", 14, 70),
        ("step look", 18, 90),
        ("step look done", 18, 90),
        ("step look answered fire", 18, 90),
        ("role guard.holder = gus", 15, 70),
        ("role guard.holder != gina", 15, 70),
        ("role guard acked", 14, 70),
        ("command != mark", 21, 110),
        ("command = carla", 21, 110),
        ("state second", 19, 90),
        ("fact hurt >= 2", 16, 80),
        ("fact hurt = 2.0", 16, 80),
        ("fact smoke = no", 1, 0),
        ("severity at least yellow", 1, 0),
        ("severity at least orange", 17, 80),
        ("elapsed >= 75s", 15, 75),
        ("step look done and severity at least orange", 18, 90),
        ("event help.asked and event channel.failover", 22, 120),
        ("state second or fact hurt >= 1", 16, 80),
        ("in drip: state second", 19, 90),
        ("  state   second ", 19, 90),
    ],
)
def test_when_a_check_is_met(text: str, seq: int, second: float) -> None:
    """A check is met by the first event after which it holds, or by time alone."""
    assert parse(text).first_met(LOG, at(0), at(600)) == Hit(seq, at(second))


@pytest.mark.parametrize(
    "text",
    [
        "event checkin.missed person=gus",
        "event step.done step=lock",
        "step lock",
        "step look answered nothing",
        "role guard acked 2",
        "role chief.holder != anna",
        "fact why = x",
        "fact hurt <= 1",
        "severity at least red",
        "elapsed >= 11m",
        "state second and state first",
        "in fire: state second",
        "evaluator Q1",
    ],
)
def test_what_is_never_met(text: str) -> None:
    """What did not happen is not met; a question to a person is none to the log."""
    assert parse(text).first_met(LOG, at(0), at(600)) is None
    assert not parse(text).holds(fold(LOG), LOG)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text, since, until, hit",
    [
        pytest.param("event state.entered", 50, 600, Hit(19, at(90)), id="what happened before does not count"),
        pytest.param("event help.asked", 0, 119, None, id="nor what happens after"),
        pytest.param("event help.asked", 0, 120, Hit(22, at(120)), id="both ends are included"),
        pytest.param("state second", 95, 600, Hit(19, at(95)), id="what holds already is met at once"),
        pytest.param("state second", 500, 600, Hit(19, at(500)), id="also after the last event"),
        pytest.param("role guard acked", 75, 600, None, id="an answer given before is none"),
        pytest.param("role guard.holder = gina", 65, 600, Hit(3, at(65)), id="who holds it still"),
        pytest.param("role guard.holder = gina", 71, 600, None, id="who holds it no more"),
        pytest.param("elapsed >= 5m", 0, 299, None, id="time that has not come"),
        pytest.param("elapsed >= 5m", 0, 300, Hit(22, at(300)), id="time after the last event"),
        pytest.param("elapsed >= 5m", 400, 600, Hit(22, at(400)), id="time that has gone"),
        pytest.param("elapsed >= 65s and event help.asked", 0, 600, Hit(22, at(120)), id="time and a happening"),
        pytest.param("command = mark", 105, 108, None, id="called away: nobody commands"),
    ],
)
def test_the_time_looked_at(text: str, since: float, until: float, hit: Hit | None) -> None:
    """Happenings count from `since` to `until`; conditions are met from `since` on, where they hold already."""
    assert parse(text).first_met(LOG, at(since), at(until)) == hit


def test_a_check_holds_as_it_stands_now() -> None:
    """`holds` answers for this moment: a condition that has passed does not hold, time may have made another true."""
    incident = fold(LOG)
    assert incident is not None

    assert parse("state second").holds(incident, LOG)
    assert not parse("state first").holds(incident, LOG)
    assert not parse("elapsed >= 10m").holds(incident, LOG)
    assert parse("elapsed >= 10m").holds(incident, LOG, at(600))
    assert not parse("in fire: state second").holds(incident, LOG)


def test_each_time_anew() -> None:
    """Every happening counts, and every time that a condition comes true again."""
    again = [
        *LOG,
        (e.StateEntered(state="first", via="order"), at(200)),
        (e.HelpAsked(person="gus", via="sms"), at(210)),
    ]
    again.append((e.StateEntered(state="second", via="guard"), at(220)))

    assert [hit.seq for hit in parse("state second").each(again)] == [19, 25]
    assert [hit.seq for hit in parse("event help.asked").each(again)] == [22, 24]
    assert [hit.seq for hit in parse("event state.entered state=second").each(again, at(100))] == [25]


def test_a_step_that_begins_again_is_open_again() -> None:
    """`done` means that no run of it is open: a step that is due again is not done until it is."""
    more = [*LOG, (e.StepStarted(step="s9", name="look", role="guard", letter="B"), at(300))]
    later = [*more, (e.StepDone(step="s9", person="gus"), at(330))]
    dropped = [*more, (e.StepDropped(step="s9", because="left_state"), at(330))]

    assert parse("step look").first_met(more, at(301), at(600)) is None
    assert parse("step look").first_met(later, at(301), at(600)) == Hit(24, at(330))
    assert parse("step look").first_met(dropped, at(301), at(600)) == Hit(24, at(330))


def test_a_watch_answers_as_the_whole_log_does() -> None:
    """Heard event by event, a check holds after the same events as over the log from its beginning."""
    for text in ("state second", "event help.asked or fact hurt >= 2", "role guard.holder != gina", "elapsed >= 100s"):
        check, watch = parse(text), Watch(parse(text))
        for n, (event, moment) in enumerate(LOG, start=1):
            incident = fold(LOG[:n])
            assert incident is not None
            assert watch.hear(event, moment) == check.holds(incident, LOG[:n], moment)


def test_an_event_of_every_kind_can_be_asked_for() -> None:
    """Each key of each kind names a field that the event, or what it points at, has."""
    fields = {"alert": {"person", "role", "step", "kind"}, "step": {"name", "role"}}
    fields["message"] = {"person", "channel", "role", "step"}
    for name, kind in KINDS.items():
        for key, where in {**kind.keys, **kind.only}.items():
            of, _, field = where.rpartition(".")
            assert field in (fields[of] if of else kind.event.__struct_fields__) or key in kind.only, (name, key)
        parse(" ".join([f"event {name}", *(f"{key}=x" for key in kind.keys)]))


@pytest.mark.parametrize(
    "text, says",
    [
        ("", "a check is missing"),
        ("__import__('os')", "asks nothing that a log can answer"),
        ("stat second", "Did you mean 'state'?"),
        ("state", "state NAME"),
        ("state one two", "state NAME"),
        ("event step.don step=look", "Did you mean 'step.done'?"),
        ("event step.done stp=look", "Did you mean 'step'?"),
        ("event step.done step", "event KIND key=value"),
        ("step look finished", "step NAME [started"),
        ("role guard", "role NAME.holder"),
        ("role guard.holder == gina", "role NAME.holder"),
        ("fact hurt > 2", "fact NAME >= 2"),
        ("fact hurt >= many", "fact NAME >= 2"),
        ("severity orange", "severity at least orange"),
        ("severity at least organge", "Did you mean 'orange'?"),
        ("elapsed >= 60", "a number with its unit"),
        ("elapsed > 60m", "elapsed >= 60m"),
        ("state a and state b or state c", "mixes and with or"),
        ("evaluator Q1 and state a", "stands alone"),
        ("(state a)", "asks nothing"),
    ],
)
def test_what_cannot_be_read(text: str, says: str) -> None:
    """What is no question is refused with what is wrong and how to write it, in both languages."""
    with pytest.raises(NotACheck) as refused:
        parse(text)
    assert says in str(refused.value)
    assert any("\u4e00" <= ch <= "\u9fff" for ch in refused.value.zh)


def test_the_names_that_a_check_uses() -> None:
    """Every name stands by its kind, so that each can be looked up."""
    check = parse("event step.done step=look answer=fire person=gus and role guard.holder != gina and fact hurt >= 2")
    found = [(name.kind, name.word, name.of, name.value) for name in names(check.parts)]

    assert found == [
        ("step", "look", "", ""),
        ("person", "gus", "", ""),
        ("answer", "fire", "look", ""),
        ("role", "guard", "", ""),
        ("person", "gina", "", ""),
        ("fact", "hurt", "", "2"),
    ]
    assert parse("evaluator Q4").question == "Q4"
    assert parse("state a or elapsed >= 1h30m").moment(NOW) == NOW + timedelta(minutes=90)
    assert parse("state a").moment(NOW) is None
