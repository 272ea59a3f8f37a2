"""A rehearsal in memory: its telephones, its masks, its script, the store it is kept in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from emergency.clock import VirtualClock
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.incident import Incident, fold
from emergency.core.values import Text
from emergency.drills import book as b
from emergency.drills.people import Act, Arrival, Players, Route
from emergency.drills.players.model import profiles, read_model
from emergency.drills.players.played import Played
from emergency.drills.rehearsals import kept
from emergency.drills.rehearsals.memory import MemoryStore
from emergency.drills.rehearsals.rehearsal import Rehearsal
from emergency.drills.scenario import Contingency, Deliver, Expect, Inject, Scenario
from emergency.engine import Engine
from emergency.errors import Conflict, Mistakes
from emergency.settings import Settings
from emergency.store import codec
from emergency.store.drills import Books
from emergency.store.store import SqliteStore
from tests.rehearsing import AT_ONCE, Habits, happened, moments, scenario, sent_to, stage, team
from tests.scenarios.scene import HOUR, MINUTE, NIGHT, NOON, SECOND

WORDS = Text("话", "words")


def played(
    seed: int = 1, *, begins: datetime = NOON, receipts: bool = True, injects: tuple[Inject, ...] = ()
) -> Rehearsal:
    """Return a fire among people drawn from the model, ready to run."""
    members, _ = team(begins)
    people = Played(read_model(), profiles(members, begins, stage().site), seed)
    script = scenario(*injects) if injects else None
    return Rehearsal(stage(begins=begins), people, script, seed=seed, receipts=receipts)


def log_of(rehearsal: Rehearsal, id: str | None = None) -> list[str]:
    """Return a log as text, moments and all."""
    return [f"{at} {event!r}" for event, at in rehearsal.history(id)]


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    """A store on no disk."""
    store = SqliteStore(":memory:")
    yield store
    store.close()


# the same again


def test_the_same_seed_gives_the_same_log_and_book() -> None:
    """Two runs with one seed are equal to the last byte, injects, seals and ids among it; another seed is not."""
    says = Inject(
        id="I1", kind="message.inbound", at=MINUTE, text=WORDS, deliver=Deliver(sender="one", to="role.control_room")
    )
    second = Inject(
        id="I2", kind="event.secondary", at=2 * MINUTE, target="lift_2", params={"playbook": "elevator_entrapment"}
    )  # fmt: skip
    runs = [played(seed, injects=(says, second)) for seed in (7, 7, 8)]
    for run in runs:
        run.run(20 * MINUTE)

    one, two, other = ([log_of(run, row.id) for row in run.store.all_incidents()] + [run.book] for run in runs)
    assert one == two
    assert one != other
    assert runs[0].store.sealed == runs[1].store.sealed != {}


def test_a_run_in_steps_is_the_same_run() -> None:
    """Whoever looks in every few seconds changes nothing: it goes on where it stood."""
    whole, steps = played(3), played(3)
    whole.run(12 * MINUTE)
    for n in range(1, 12 * 60 // 7):
        steps.run(7 * n * SECOND)
    steps.run(12 * MINUTE)

    assert log_of(whole) == log_of(steps)
    assert whole.clock.now() == steps.clock.now() == NOON + 12 * MINUTE


def test_receipts_change_no_decision() -> None:
    """Without receipts the log lacks that messages were delivered, and nothing else."""
    with_, without = played(5), played(5, receipts=False)
    with_.run(15 * MINUTE)
    without.run(15 * MINUTE)

    decided = [line for line in log_of(with_) if "DeliveryDelivered" not in line]
    assert len(decided) < len(log_of(with_))
    assert decided == log_of(without)


def test_it_stops_where_it_is_asked_to() -> None:
    """`stop` is asked after each moment; the clock stands still there, and a later run goes on."""
    rehearsal = Rehearsal(stage(), Habits())
    incident = rehearsal.run(HOUR, stop=lambda i: i.state == "confirmed")

    assert incident.state == "confirmed"
    assert rehearsal.clock.now() == moments(rehearsal, e.StateEntered, state="confirmed")[0] + NOON
    assert rehearsal.run(HOUR).version > incident.version


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**9), begins=st.sampled_from([NOON, NIGHT]), minutes=st.integers(1, 25))
def test_whatever_the_seed_it_is_kept_whole(seed: int, begins: datetime, minutes: int) -> None:
    """Every rehearsal folds to the incident it ended as, and is kept with a whole chain that folds to the same."""
    rehearsal = played(seed, begins=begins)
    incident = rehearsal.run(minutes * MINUTE)
    store = SqliteStore(":memory:")
    row = rehearsal.keep(store)

    again = fold(store.history(rehearsal.id))
    assert again is not None
    assert incident == fold(rehearsal.history()) == replace(again, playbook=incident.playbook, site=incident.site)
    assert codec.document_digest(again.playbook) == codec.document_digest(incident.playbook)
    assert store.verify(rehearsal.id) == incident.version
    assert (row.code, row.kind, row.incident) == ("RH1", "simulated", rehearsal.id)
    store.close()


# telephones


def test_what_one_telephone_gets_at_once_is_one_arrival() -> None:
    """All that asks one person in one moment arrives as one message, and is heard once."""
    players = Habits()
    Rehearsal(stage(), players).run(5 * MINUTE)

    several = [arrival for arrival in players.heard if len(arrival.alerts) > 1]
    assert several
    at_once = [(a.at, a.person, a.channel, a.incident.id) for a in players.heard]
    assert len(at_once) == len(set(at_once))


def test_a_telephone_takes_three_texts_a_minute_and_two_calls() -> None:
    """What is more waits; nobody's telephone gets more in any minute, an hour or a day than production lets it."""
    players = Habits(silent=[m.id for m in team(NOON)[0]])
    Rehearsal(stage(), players).run(3 * HOUR)

    lines: dict[tuple[str, str], list[object]] = {}
    for at, person, channel, _ in players.asked:
        lines.setdefault((person, channel), []).append(at)
    most = {
        channel: max(_most(times) for (_, way), times in lines.items() if way == channel)
        for channel in ("sms", "voice")
    }
    assert most == {"sms": 3, "voice": 2}


def _most(times: list[object]) -> int:
    return max(sum(timedelta(0) <= other - at < MINUTE for other in times) for at in times)  # type: ignore[operator]


def test_a_call_that_rings_keeps_the_next_one_waiting() -> None:
    """A telephone takes one call at a time: a further one goes when the line is free, at a whole three seconds."""
    ringing = {(m.id, "voice"): Route(25 * SECOND, "no_answer") for m in team(NOON)[0]}
    players = Habits(silent=[m.id for m in team(NOON)[0]], routes=ringing)
    Rehearsal(stage(), players).run(4 * MINUTE)

    calls: dict[str, list[object]] = {}
    for at, person, channel, _ in players.asked:
        if channel == "voice":
            calls.setdefault(person, []).append(at)
    gaps = [b - a for times in calls.values() for a, b in pairwise(times)]  # type: ignore[operator]
    assert min(gaps) >= 25 * SECOND


def test_a_call_ends_with_the_key() -> None:
    """Who listens and presses a key is on the line until then: delivered is said afterwards."""
    players = Habits(
        silent=(), on_call=lambda a: [Act(20 * SECOND, "ack", alert.id) for alert in a.alerts], first=5 * MINUTE
    )  # fmt: skip
    rehearsal = Rehearsal(stage(), players)
    rehearsal.run(2 * MINUTE)

    known = rehearsal.incident.deliveries
    voice = [
        m
        for event, m in rehearsal.history()
        if isinstance(event, e.DeliveryDelivered) and known[event.delivery].channel == "voice"
    ]
    acks = moments(rehearsal, e.AlertAcknowledged, via="voice")
    assert voice[0] == NOON + 20 * SECOND == NOON + acks[0]


def test_a_number_that_is_not_in_use_lets_the_ladder_climb_at_once() -> None:
    """A refusal for good goes back to the log in the same moment, and the deputy is asked without waiting."""
    dead = {("sun_li", way): Route(AT_ONCE, "number_not_in_use") for way in ("sms", "voice")}
    rehearsal = Rehearsal(stage(), Habits(routes=dead))
    rehearsal.run(10 * SECOND)

    assert {event.reason for event in happened(rehearsal, e.DeliveryFailed)} == {"number_not_in_use"}
    climbed = [event for event in happened(rehearsal, e.LadderClimbed) if event.because == "undelivered"]
    assert climbed
    assert sent_to(rehearsal, "sun_li") == []


def test_a_provider_that_is_down_is_asked_again_and_the_other_channel_taken() -> None:
    """What is not taken now is tried after 2, 4, 8 ... seconds; at the second refusal the same goes out by voice."""
    down = {(m.id, "sms"): Route(AT_ONCE, "provider_down", temporary=True) for m in team(NOON)[0]}
    players = Habits(routes=down, silent=[m.id for m in team(NOON)[0]])
    rehearsal = Rehearsal(stage(), players)
    rehearsal.run(20 * SECOND)

    tried = [at - NOON for at, person, channel, _ in players.asked if (person, channel) == ("gao_lei", "sms")]
    assert tried[:4] == [n * SECOND for n in (0, 2, 6, 14)]
    assert sent_to(rehearsal, "gao_lei")[0][:2] == (2 * SECOND, "voice")
    assert happened(rehearsal, e.DeliveryFailed) == []


def test_a_message_that_is_lost_is_noticed_by_nobody_but_the_clock() -> None:
    """A provider that takes a text and loses it leaves it sent; the ladder climbs when its time has come."""
    lost = {("liu_yang", "sms"): Route(AT_ONCE, silent=True)}
    rehearsal = Rehearsal(stage(), Habits(routes=lost))
    rehearsal.run(MINUTE)

    theirs = [d for d in rehearsal.incident.deliveries.values() if (d.person, d.channel) == ("liu_yang", "sms")]
    assert {delivery.status for delivery in theirs} == {"sent"}
    assert any(channel == "voice" for _, channel, _ in sent_to(rehearsal, "liu_yang"))


def test_what_is_over_by_now_changes_nothing() -> None:
    """An answer to an alert that was closed meanwhile does nothing, as it does in the inbox."""

    class Late(Habits):
        def hears(self, arrival: Arrival) -> list[Act]:
            return [Act(9 * MINUTE, does, alert.id) for alert in arrival.alerts for does in ("ack", "decline", "done")]  # type: ignore[arg-type]

    rehearsal = Rehearsal(stage(), Late())
    rehearsal.run(8 * MINUTE)
    rehearsal.order(rehearsal.id, c.CancelIncident(by="console", reason="seal:x"))
    before = len(happened(rehearsal, e.AlertAcknowledged))
    rehearsal.run(30 * MINUTE)

    late = [at for at in moments(rehearsal, e.AlertAcknowledged) if at > 9 * MINUTE]
    asked_after = {
        event.alert
        for event, at in rehearsal.history()
        if isinstance(event, e.AlertRequested) and at - NOON >= 8 * MINUTE
    }
    answered = {event.alert for event in happened(rehearsal, e.AlertAcknowledged)[before:]}
    assert answered <= asked_after
    assert len(late) == len(answered)


def test_typed_words_are_read_as_the_inbox_reads_them() -> None:
    """A key in words is that key; anything else is a note that command sees."""

    class Types(Habits):
        def hears(self, arrival: Arrival) -> list[Act]:
            words = {"sun_li": "收到", "liu_yang": "what? who is this", "hu_wei": "3", "gao_lei": "9"}.get(
                arrival.person, ""
            )
            return [Act(5 * SECOND, "says", alert.id, words) for alert in arrival.alerts[:1] if words]

    rehearsal = Rehearsal(stage(), Types())
    rehearsal.run(8 * SECOND)
    incident = rehearsal.incident

    def of(kind: type[e.Event]) -> set[str]:
        found = happened(rehearsal, kind)
        return {
            incident.alerts[event.alert].person
            if hasattr(event, "alert")
            else event.person
            if hasattr(event, "person")
            else event.by
            for event in found
        }

    assert of(e.AlertAcknowledged) == {"sun_li"}
    assert "liu_yang" in of(e.NoteAdded)
    assert of(e.HelpAsked) == {"gao_lei"}
    assert [x for x in happened(rehearsal, e.AlertClosed) if x.because == "declined"]
    assert "who is this" in " ".join(
        rehearsal.store.words(event.text for event in happened(rehearsal, e.NoteAdded)).values()
    )


def test_a_change_of_shift_within_the_run_brings_in_the_next_team() -> None:
    """Who comes on duty is there from that moment, without anybody's doing."""
    begins = NOON.replace(hour=7, minute=50)
    rehearsal = Rehearsal(stage(begins=begins), Habits())
    rehearsal.run(15 * MINUTE)

    assert happened(rehearsal, e.RosterUpdated)
    on = {m.id for m in rehearsal.incident.members.values() if m.duty == "on"}
    assert (
        on
        == {m.id for m in team(begins + 15 * MINUTE)[0] if m.duty == "on"}
        != {m.id for m in team(begins)[0] if m.duty == "on"}
    )


# masks


def run_with(*injects: Inject, until: timedelta = 10 * MINUTE, players: Players | None = None) -> Rehearsal:
    """Run a fire with these injects among people who answer."""
    rehearsal = Rehearsal(stage(), players or Habits(first=20 * SECOND), scenario(*injects))
    rehearsal.run(until)
    return rehearsal


def answers(rehearsal: Rehearsal, person: str) -> list[timedelta]:
    """Return when *person* acknowledged something."""
    alerts = rehearsal.incident.alerts
    return [
        at - NOON
        for event, at in rehearsal.history()
        if isinstance(event, e.AlertAcknowledged) and alerts[event.alert].person == person
    ]


def test_the_person_of_the_masks_answers_when_nothing_is_put_in() -> None:
    """Without an inject he answers early and often: what the tests below find missing is the mask's doing."""
    assert len([at for at in answers(run_with(), "gao_lei") if at < 3 * MINUTE]) >= 2


@pytest.mark.parametrize("how", ["person.unreachable", "person.nonsense", "person.wrong_number", "person.declines"])
def test_somebody_who_cannot_be_had_answers_nothing_until_the_mask_ends(how: str) -> None:
    """A mask on a person holds from its inject to its `until`, also for what they had decided before."""
    mask = Inject(id="I1", kind=how, at=AT_ONCE, target="gao_lei", params={"until": "3m"})  # type: ignore[arg-type]
    rehearsal = run_with(mask, until=20 * MINUTE)

    assert [at for at in answers(rehearsal, "gao_lei") if at < 3 * MINUTE] == []
    assert rehearsal.book[2].entry == b.InjectReleased(
        inject="I1", kind=how, target="gao_lei", planned=AT_ONCE, until=3 * MINUTE
    )  # fmt: skip


def test_the_unreachable_leave_texts_unanswered_and_let_calls_ring_out() -> None:
    """A text to a telephone that is off is sent and never delivered; a call fails after it has rung: no answer."""
    off = Inject(id="I1", kind="person.unreachable", at=AT_ONCE, target="gao_lei")
    rehearsal = run_with(off)
    theirs = [d for d in rehearsal.incident.deliveries.values() if d.person == "gao_lei"]

    assert {d.status for d in theirs if d.channel == "sms"} == {"sent"}
    assert {d.reason for d in theirs if d.channel == "voice" and d.status == "failed"} == {"no_answer"}


def test_one_lost_after_accepting_does_not_report_either() -> None:
    """Whoever is lost after they accepted acknowledges nothing more and reports nothing done."""
    free = run_with()
    done, at = next((event, at - NOON) for event, at in free.history() if isinstance(event, e.StepDone))
    lost = Inject(id="I1", kind="person.unreachable", at=at - SECOND, target=done.person)
    gone = run_with(lost)

    assert answers(gone, done.person) == [moment for moment in answers(free, done.person) if moment < at - SECOND] != []
    assert done.person not in {event.person for event in happened(gone, e.StepDone)}


def test_a_mask_on_a_role_falls_on_whoever_holds_it_then() -> None:
    """`role.NAME` means those who hold it when the inject is released."""
    mask = Inject(id="I1", kind="person.declines", at=SECOND, target="role.on_scene")
    rehearsal = run_with(mask)

    declined = [x.alert for x in happened(rehearsal, e.AlertClosed) if x.because == "declined"]
    assert {rehearsal.incident.alerts[id].person for id in declined} == {"liu_yang"}


def test_the_late_answer_later() -> None:
    """`by` is added to whatever somebody would have taken."""
    late = run_with(Inject(id="I1", kind="person.late", at=AT_ONCE, target="gao_lei", params={"by": "5s"}))

    assert min(answers(late, "gao_lei")) == min(answers(run_with(), "gao_lei")) + 5 * SECOND


def test_a_false_acknowledgement_does_nothing() -> None:
    """They say that they have it, and report nothing done."""
    false = run_with(Inject(id="I1", kind="person.false_ack", at=AT_ONCE, target="gao_lei"))

    assert answers(false, "gao_lei")
    assert "gao_lei" not in {event.person for event in happened(false, e.StepDone)}


@pytest.mark.parametrize(
    "failure, statuses",
    [
        pytest.param("reject", {"dropped", "queued"}, id="nothing is taken"),
        pytest.param("accept_without_receipt", {"dropped", "sent"}, id="taken and lost"),
        pytest.param("delay", {"dropped", "sent"}, id="under way for long"),
    ],
)
def test_an_outage_of_texts(failure: str, statuses: set[str]) -> None:
    """While texts fail none is delivered; calls go out, and people can be had by them."""
    outage = Inject(
        id="I1", kind="channel.outage", at=AT_ONCE, target="sms", params={"failure": failure, "until": "3m", "by": "5m"}
    )  # fmt: skip
    takes_calls = Habits(on_call=lambda a: [Act(20 * SECOND, "ack", alert.id) for alert in a.alerts])
    rehearsal = run_with(outage, until=2 * MINUTE, players=takes_calls)
    texts = [d for d in rehearsal.incident.deliveries.values() if d.channel == "sms"]

    assert {d.status for d in texts} <= statuses
    assert happened(rehearsal, e.DeliveryFailed) == []
    assert moments(rehearsal, e.AlertAcknowledged, via="voice")
    assert not moments(rehearsal, e.AlertAcknowledged, via="sms")


def test_texts_come_back_when_the_outage_ends() -> None:
    """What waited for the provider goes out soon after the outage, once each, and not what nobody needs any more."""
    outage = Inject(
        id="I1", kind="channel.outage", at=AT_ONCE, target="sms", params={"failure": "reject", "until": "90s"}
    )
    rehearsal = run_with(outage, until=3 * MINUTE)

    texts = [
        m
        for m, event in ((at - NOON, ev) for ev, at in rehearsal.history())
        if isinstance(event, e.DeliverySent) and rehearsal.incident.deliveries[event.delivery].channel == "sms"
    ]
    assert min(texts) >= 90 * SECOND
    ids = [event.delivery for event in happened(rehearsal, e.DeliverySent)]
    assert len(ids) == len(set(ids))


def test_a_limited_rate_lets_a_few_through() -> None:
    """Ten messages a minute are taken, the others are asked to come again."""
    limited = Inject(id="I1", kind="channel.outage", at=AT_ONCE, target="sms", params={"failure": "rate_limit"})
    rehearsal = run_with(limited, until=59 * SECOND)

    moments_ = {
        event.provider_id
        for event in happened(rehearsal, e.DeliverySent)
        if rehearsal.incident.deliveries[event.delivery].channel == "sms"
    }
    assert len(moments_) == 10


@pytest.mark.parametrize("how, reason", [("channel.voicemail", "machine"), ("channel.busy", "busy")])
def test_calls_that_reach_nobody(how: str, reason: str) -> None:
    """A mailbox or a busy line is a failed call, for the reason that a provider would name."""
    rehearsal = run_with(
        Inject(id="I1", kind=how, at=AT_ONCE, target="voice", params={"until": "5m"}), until=4 * MINUTE
    )  # type: ignore[arg-type]

    failed = happened(rehearsal, e.DeliveryFailed)
    assert {event.reason for event in failed} == {reason}
    assert {rehearsal.incident.deliveries[event.delivery].channel for event in failed} == {"voice"}


# the script


def released(rehearsal: Rehearsal) -> list[tuple[str, timedelta]]:
    """Return which inject was released when."""
    return [(w.entry.inject, w.at - NOON) for w in rehearsal.book if isinstance(w.entry, b.InjectReleased)]


def test_injects_come_by_time_condition_and_cause() -> None:
    """`at` counts from the start, `when` from the moment its condition comes true, `caused_by` from its cause."""
    rehearsal = run_with(
        Inject(id="I1", kind="asset.failure", at=6 * MINUTE, target="power", text=WORDS),
        Inject(id="I2", kind="asset.failure", caused_by="I1", after=30 * SECOND, target="lift_2"),
        Inject(id="I3", kind="asset.failure", when="state confirmed", after=MINUTE, target="pa"),
        Inject(id="I4", kind="asset.failure", when="elapsed >= 4m", target="water"),
        Inject(id="I5", kind="person.declines", reserve=True, target="gao_lei"),
    )
    confirmed = moments(rehearsal, e.StateEntered, state="confirmed")[0]

    assert dict(released(rehearsal)) == {
        "I1": 6 * MINUTE, "I2": 6 * MINUTE + 30 * SECOND, "I3": confirmed + MINUTE, "I4": 4 * MINUTE
    }  # fmt: skip


def test_a_condition_comes_again_each_time_anew() -> None:
    """`again` releases an inject whenever its condition comes true anew, and never while it just goes on."""
    rehearsal = run_with(
        Inject(id="A", kind="fact.told", at=MINUTE, target="injured", params={"value": "1"}),
        Inject(id="B", kind="fact.told", at=2 * MINUTE, target="injured", params={"value": "0"}),
        Inject(id="C", kind="fact.told", at=3 * MINUTE, target="injured", params={"value": "2"}),
        Inject(id="once", kind="asset.failure", when="fact injured >= 1", target="x"),
        Inject(id="each", kind="asset.failure", when="fact injured >= 1", target="x", again=True),
    )

    assert [at for id, at in released(rehearsal) if id == "once"] == [MINUTE]
    assert [at for id, at in released(rehearsal) if id == "each"] == [MINUTE, 3 * MINUTE]


def test_facts_and_decisions_are_told_to_the_incident() -> None:
    """`fact.told` reports a fact in the spelling of its type; `decision.answer` answers an open step for its holder."""
    rehearsal = run_with(
        Inject(id="I1", kind="fact.told", at=MINUTE, target="injured", params={"value": "２"}),
        Inject(
            id="I2",
            kind="decision.answer",
            when="step look started",
            after=5 * SECOND,
            target="look",
            params={"answer": "fire"},
        ),
    )

    assert [(x.fact, x.value, x.by) for x in happened(rehearsal, e.FactReported) if x.fact == "injured"] == [
        ("injured", "2", "console")
    ]
    done = next(x for x in happened(rehearsal, e.StepDone) if rehearsal.incident.steps[x.step].name == "look")
    assert (done.answer, done.by) == ("fire", "console")
    assert done.person in rehearsal.incident.members


def test_a_claim_of_command_is_a_hand_over() -> None:
    """Whoever claims command has it, said aloud and on record."""
    rehearsal = run_with(Inject(id="I1", kind="person.claims_command", at=MINUTE, target="li_wenbin"))

    assert ("li_wenbin", "console") in [(x.person, x.by) for x in happened(rehearsal, e.CommandTaken)]


def test_an_order_that_is_not_possible_yet_is_given_again_until_it_is() -> None:
    """The brigade hands back when it can: refused before, it says so again every minute; the book has it once."""
    back = Inject(id="I1", kind="order.transition", at=5 * MINUTE, target="fire_brigade", params={"to": "controlled"})
    rehearsal = run_with(back, until=40 * MINUTE, players=Habits({"first_attack": "big", "hydrant": "holding"}))
    entered = moments(rehearsal, e.StateEntered, state="external_command")[0]

    [(_, at)] = released(rehearsal)
    assert entered > 5 * MINUTE
    assert entered <= at < entered + MINUTE
    assert rehearsal.incident.state == "controlled"
    assert next(w.entry for w in rehearsal.book if isinstance(w.entry, b.InjectReleased)).planned == 5 * MINUTE


def test_a_second_emergency_begins_and_takes_its_people() -> None:
    """`event.secondary` opens the plan it names, at its place, of the same kind; checks may ask its log."""
    rehearsal = run_with(
        Inject(
            id="I1",
            kind="event.secondary",
            at=6 * MINUTE,
            target="lift_2",
            params={"playbook": "elevator_entrapment", "severity": "orange"},
            text=WORDS,
        ),
        Inject(id="I2", kind="asset.failure", when="in elevator_entrapment: state dispatched", target="x"),
        until=20 * MINUTE,
    )
    other = next(row for row in rehearsal.store.all_incidents() if row.playbook == "elevator_entrapment")
    opened = happened(rehearsal, e.IncidentOpened, other.id)[0]

    assert (opened.place, opened.mode, opened.code) == ("lift_2", "drill", "XE01")
    assert rehearsal.engine.incident(other.id).severity.value == "orange"
    assert "I2" in dict(released(rehearsal))
    assert len(rehearsal.history(other.id)) > 50


def test_a_second_report_of_the_same_place_joins() -> None:
    """A secondary event that the open incident already is becomes a report that joins it."""
    rehearsal = run_with(
        Inject(id="I1", kind="event.secondary", at=MINUTE, target="b1_food_court", params={"playbook": "fire"})
    )

    assert len(happened(rehearsal, e.ReportMerged)) == 1
    assert [row.playbook for row in rehearsal.store.all_incidents()].count("fire") == 1


def test_control_rescues_what_was_not_met_and_nothing_else() -> None:
    """Where the expectation was not met in time its contingency is in the book, and releases the reserve it names."""
    never = Expect(id="E1", text=WORDS, check="event help.asked", within=MINUTE)
    soon = Expect(id="E2", text=WORDS, check="event state.entered state=confirmed", within=5 * MINUTE)
    plans = [Contingency(if_not=each.id, after=6 * MINUTE, do="R1", text=WORDS) for each in (never, soon)]
    rehearsal = run_with(
        Inject(id="I1", kind="asset.failure", at=AT_ONCE, target="x", expect=(never,), contingency=plans[0]),
        Inject(id="I2", kind="asset.failure", at=AT_ONCE, target="y", expect=(soon,), contingency=plans[1]),
        Inject(id="R1", kind="person.declines", reserve=True, target="gao_lei"),
    )

    assert [w.entry for w in rehearsal.book if isinstance(w.entry, b.Contingent)] == [
        b.Contingent(inject="I1", if_not="E1", do="R1")
    ]
    assert ("R1", 6 * MINUTE) in released(rehearsal)


@pytest.mark.parametrize(
    "change, because, at",
    [
        pytest.param({"maximum": 7 * MINUTE}, "maximum", 7 * MINUTE, id="its longest time"),
        pytest.param({"ends_when": "elapsed >= 5m"}, "scenario", 5 * MINUTE, id="its own condition"),
    ],
)
def test_it_ends_and_stays_ended(change: dict[str, object], because: str, at: timedelta) -> None:
    """A drill ends by its condition or its maximum; nothing happens afterwards, whatever is asked of it."""
    rehearsal = Rehearsal(
        stage(), Habits(), scenario(Inject(id="I1", kind="asset.failure", when="state closed", target="x"), **change)
    )
    rehearsal.run(HOUR)
    version = rehearsal.run(2 * HOUR).version

    assert (rehearsal.ended, rehearsal.clock.now() - NOON) == (because, at)
    assert rehearsal.book[-1].entry == b.Ended(because=because)
    assert rehearsal.book[-2].entry == b.InjectSkipped(inject="I1", by="script", reason="never_came")
    assert rehearsal.incident.version == version


def test_a_plan_that_comes_to_its_end_ends_the_drill() -> None:
    """Stood down and archived by the orders of its scenario, a plan closes, and the drill with it."""
    down = {"to": "stood_down", "check": "all"}
    orders = (
        Inject(id="I1", kind="fact.told", when="state released", target="inside", params={"value": "no"}),
        Inject(id="I2", kind="order.transition", when="state locked_out", after=HOUR, target="command", params=down),
        Inject(id="I3", kind="fact.told", when="state follow_up", target="affected", params={"value": "2"}),
        Inject(
            id="I4", kind="fact.told", when="state follow_up", after=72 * HOUR, target="called_back",
            params={"value": "2"},
        ),
    )  # fmt: skip
    script = scenario(*orders, plan="elevator_entrapment", maximum=timedelta(days=40))
    rehearsal = Rehearsal(stage("elevator_entrapment"), Habits(), script)
    incident = rehearsal.run(timedelta(days=40))

    assert (rehearsal.ended, incident.ended, incident.is_closed) == ("closed", "stand_down", True)
    assert rehearsal.store.open_incidents() == []


# the store of one run, and the store it is kept in


Change = Callable[[MemoryStore | SqliteStore], None]
NAMES = st.sampled_from(["a", "b", "c"])
TIMES = st.one_of(st.none(), st.integers(0, 5).map(lambda n: NOON + n * MINUTE))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.lists(st.tuples(NAMES, TIMES), max_size=4)), max_size=8))
def test_timers_in_memory_are_those_of_the_store(units: list[tuple[bool, list[tuple[str, object]]]]) -> None:
    """Whatever is set, moved, let go of and rolled back, the same timers are due in the same order."""
    memory, store = MemoryStore(), SqliteStore(":memory:")
    for fails, changes in units:
        for each in (memory, store):
            try:
                with each.transaction():
                    for name, at in changes:
                        with each.transaction():
                            each.set_timers("i1", {name: at})  # type: ignore[dict-item]
                    if fails:
                        raise Conflict("no")
            except Conflict:
                pass
        assert memory.next_timer() == store.next_timer()
        assert memory.due_timers(NOON + 3 * MINUTE) == store.due_timers(NOON + 3 * MINUTE)
    store.close()


def test_what_fails_leaves_nothing_in_memory() -> None:
    """A unit that fails takes back incident, log, messages and timers; one within another fails alone."""
    rehearsal = Rehearsal(stage(), Habits())
    memory, engine = rehearsal.store, rehearsal.engine

    def opens_and_fails(engine: Engine) -> None:
        rehearsal.open_incident("lost", stage().plan, "b1_food_court", {})
        raise Conflict("no")

    with pytest.raises(Conflict):
        engine.unit(opens_and_fails)
    assert (memory.all_incidents(), memory.history("lost"), memory.waiting, memory.next_timer(), memory.batches) == (
        [],
        [],
        {},
        None,
        [],
    )

    def one_of_two(engine: Engine) -> None:
        rehearsal.open_incident("kept", stage().plan, "b1_food_court", {})
        with pytest.raises(Conflict):
            engine.unit(opens_and_fails)

    engine.unit(one_of_two)
    assert [row.id for row in memory.all_incidents()] == ["kept"]
    assert {row.incident for row in memory.waiting.values()} == {"kept"}
    assert engine.incident("kept") == fold(memory.history("kept"))


def test_a_drill_is_kept_with_its_book_its_words_and_its_scenario(store: SqliteStore) -> None:
    """What was said, what control did and what it was played by can all be read again; nothing is written twice."""
    rehearsal = run_with(
        Inject(
            id="I1",
            kind="message.inbound",
            at=MINUTE,
            text=WORDS,
            deliver=Deliver(sender="caller", to="role.control_room"),
        ),
        Inject(
            id="I2", kind="event.secondary", at=2 * MINUTE, target="lift_2", params={"playbook": "elevator_entrapment"}
        ),
    )
    row = rehearsal.keep(store)

    assert rehearsal.scenario is not None
    assert Books(store).by_code("RH1") == row == Books(store).of(rehearsal.id)
    assert Books(store).read(row.id) == rehearsal.book
    assert Books(store).verify(row.id) == len(rehearsal.book)
    assert kept.scenario_of(store, row.scenario) == rehearsal.scenario
    seal = next(x.text for x in happened(rehearsal, e.NoteAdded) if x.by == "console")
    assert store.words([seal]) == {seal: "话 / words"}
    for each in rehearsal.store.all_incidents():
        assert store.verify(each.id) == each.version
        assert (store.incident(each.id) or each).closed_at == each.closed_at
    with pytest.raises(Conflict):
        rehearsal.keep(store)
    assert len(Books(store).all()) == 1


def test_codes_are_found_in_the_installation_first_and_then_among_rehearsals(tmp_path: Path) -> None:
    """RH1 and its XF01 are found; an XF01 of the installation's own stands before it; what nobody knows is refused."""
    own = Settings(tmp_path, f"sqlite:///{tmp_path / 'emergency.db'}", "en", {})
    rehearsal = run_with(until=MINUTE)
    shelf = kept.rehearsals(own)
    row = rehearsal.keep(shelf)
    shelf.close()

    for code in ("RH1", "rh1", "XF01"):
        found, id, drill = kept.find(own, code)
        assert (found.path, id, drill) == (str(kept.file_of(own)), rehearsal.id, row)
        found.close()
    engine = Engine(SqliteStore(own.database_file), VirtualClock(NOON))
    mine = Rehearsal(stage(), Habits(), id="own")
    mine.run(MINUTE)
    mine.keep(engine.store)
    engine.store.close()
    found, id, _ = kept.find(own, "XF01")
    assert (found.path, id) == (str(own.database_file), "own")
    found.close()
    with pytest.raises(Mistakes, match="there is no incident and no drill RH9"):
        kept.find(own, "RH9")


def test_the_digest_of_a_scenario_does_not_hang_on_where_its_file_lies() -> None:
    """The same scenario in another folder is the same document."""
    one, two = (scenario(path=f"{folder}/test.yaml") for folder in ("/a", "/b/c"))
    other: Scenario = scenario(path="/a/test.yaml", seed=2)

    assert kept.digest_of(one) == kept.digest_of(two) == codec.digest(kept.body_of(one))
    assert kept.digest_of(one) != kept.digest_of(other)


def test_incident_is_an_incident() -> None:
    """What a rehearsal returns is the very value of the core."""
    assert isinstance(Rehearsal(stage(), Habits()).run(SECOND), Incident)
