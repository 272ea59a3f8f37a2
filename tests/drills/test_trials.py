"""What a log says of how people answered: who was asked when, by what, whether the answer came over that channel, and
how long one could wait for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from emergency.core import events as e
from emergency.core.site import Member
from emergency.drills.players.learning import of_profile
from emergency.drills.players.model import profiles, read_model
from emergency.drills.players.played import Played
from emergency.drills.players.trials import Called, Came, Texted, joined, of_incident, of_tests
from emergency.drills.rehearsals.rehearsal import Rehearsal, Stage
from emergency.store.store import ProofRow
from tests.check import house
from tests.core.small import HOUR, MINUTE, NOW, SECOND, TEAM, Night, a_plan, a_site, a_state, a_step

DAY = timedelta(days=1)
OPENING = Night(a_plan(a_state("leak", a_step("stop")))).history[0][0]
Log = list[tuple[e.AnyEvent, datetime]]


def log(*events: tuple[float, e.AnyEvent], mode: str = "real") -> Log:
    """A log that begins with an opening; every event so many seconds after it."""
    opening = replace(OPENING, mode=mode, members=TEAM)
    return [(opening, NOW), *((event, NOW + after * SECOND) for after, event in events)]


def asked(alert: str, *ways: str, person: str = "gina", at: float = 0, kind: str = "task") -> list:
    """An alert, and its messages handed over in the same moment: `sms`, `voice`; the n-th of a channel is `a1.sms`."""
    found = [(at, e.AlertRequested(alert=alert, person=person, kind=kind, role="guard", step="s1"))]
    for way in ways:
        delivery = f"{alert}.{way}"
        found.append((at, e.DeliveryQueued(delivery=delivery, alert=alert, person=person, channel=way, mode="real")))
        found.append((at, e.DeliverySent(delivery=delivery, provider="x", provider_id=delivery)))
    return found


def called(alert: str, n: int, at: float, person: str = "gina") -> list:
    """A further call of an alert."""
    delivery = f"{alert}.voice{n}"
    return [
        (at, e.DeliveryQueued(delivery=delivery, alert=alert, person=person, channel="voice", mode="real")),
        (at, e.DeliverySent(delivery=delivery, provider="x", provider_id=delivery)),
    ]


def failed(delivery: str, reason: str, at: float) -> tuple:
    """A message that did not get through."""
    return (at, e.DeliveryFailed(delivery=delivery, reason=reason))


def acked(alert: str, at: float, via: str = "sms", by: str | None = None) -> tuple:
    """The person has it."""
    return (at, e.AlertAcknowledged(alert=alert, via=via, by=by))


def closed(alert: str, at: float, because: str = "taken") -> tuple:
    """Nobody waits for it any more."""
    return (at, e.AlertClosed(alert=alert, because=because))


def text(seconds: float, answered: bool, **more) -> Texted:
    """What is expected of one text."""
    return Texted(person="gina", profile="on_site", seconds=seconds, answered=answered, **more)


@pytest.mark.parametrize(
    "events, expected",
    [
        pytest.param([acked("a1", 40)], text(40, True), id="answered by text"),
        pytest.param([acked("a1", 40, "link")], text(40, True), id="answered by the link in the text"),
        pytest.param([acked("a1", 40, "voice")], text(40, False), id="answered by a call: censored"),
        pytest.param([acked("a1", 40, "console", by="mark")], text(40, False), id="typed by somebody else: censored"),
        pytest.param([acked("a1", 40, "sms", by="mark")], text(40, False), id="said by somebody else: censored"),
        pytest.param([closed("a1", 25)], text(25, False), id="taken by another: censored then"),
        pytest.param([], text(3600, False), id="still open: censored now"),
        pytest.param(
            [(3, e.DeliveryDelivered(delivery="a1.sms")), acked("a1", 40)],
            text(37, True, receipt=True),
            id="counted from the receipt",
        ),
        pytest.param(
            [*asked("a2", "sms", at=20), closed("a1", 25), acked("a2", 70)],
            text(70, True),
            id="a second text goes on with the first",
        ),
        pytest.param(
            [closed("a1", 25), *asked("a2", "sms", at=30), acked("a2", 70)],
            text(25, False),
            id="a text after that is another matter",
        ),
        pytest.param(
            [failed("a1.sms", "30003", 5), *asked("a2", "sms", at=30), acked("a2", 70)],
            text(40, True),
            id="a text that failed was none",
        ),
        pytest.param([closed("a1", 12, "declined")], text(12, True), id="a refusal is an answer"),
        pytest.param([(50, e.DrillFrozen(by="console", because="real"))], text(50, False), id="a drill stands still"),
        pytest.param([(9, e.StepDone(step="s1", person="gina"))], text(9, True), id="done without a word before"),
    ],
)
def test_a_text_and_what_came_of_it(events: list, expected: Texted):
    """One row a person and incident: from the first text to the answer, or to where nobody waited any longer."""
    found = of_incident(log(*asked("a1", "sms"), *events), NOW + HOUR)
    assert found.texted == (expected,)


def test_no_answer_is_faster_than_the_question():
    """Clocks of providers differ; half a second is the least."""
    found = of_incident(
        log(*asked("a1", "sms"), (5, e.DeliveryDelivered(delivery="a1.sms")), acked("a1", 5)), NOW + HOUR
    )
    assert found.texted[0].seconds == 0.5


@pytest.mark.parametrize(
    "events, calls, picked_up, asking, keys",
    [
        pytest.param([acked("a1", 54, "voice")], 1, 1, 1, 1, id="a key"),
        pytest.param([(50, e.DeliveryDelivered(delivery="a1.voice"))], 1, 1, 1, 0, id="picked up, no key"),
        pytest.param(
            [closed("a1", 30), (50, e.DeliveryDelivered(delivery="a1.voice"))],
            1, 1, 0, 0,
            id="picked up when nothing was asked any more",
        ),
        pytest.param(
            [acked("a1", 30), (50, e.DeliveryDelivered(delivery="a1.voice"))], 1, 1, 0, 0,
            id="picked up after a text said it",
        ),
        pytest.param([failed("a1.voice", "no_answer", 30)], 1, 0, 0, 0, id="nobody"),
        pytest.param([failed("a1.voice", "machine", 30)], 1, 0, 0, 0, id="voicemail"),
        pytest.param([failed("a1.voice", "13224", 1)], 0, 0, 0, 0, id="the provider's trouble"),
        pytest.param([acked("a1", 20, "console")], 0, 0, 0, 0, id="nobody knows what came of it"),
        pytest.param(
            [failed("a1.voice", "no_answer", 30), *called("a1", 2, 60), acked("a1", 110, "voice")],
            2, 1, 1, 1,
            id="the second call",
        ),
        pytest.param(
            [failed("a1.voice", "no_answer", 30), acked("a1", 40, "sms"), *called("a1", 2, 60),
             failed("a1.voice2", "no_answer", 90)],
            1, 0, 0, 0,
            id="calls after the answer are no question",
        ),
    ],
)  # fmt: skip
def test_calls_and_what_came_of_them(events: list, calls: int, picked_up: int, asking: int, keys: int):
    """How many calls one could judge, how many were picked up, in how many a key was asked for and pressed."""
    found = of_incident(log(*asked("a1", "voice"), *events), NOW + HOUR).called
    expected = Called(person="gina", profile="on_site", calls=calls, picked_up=picked_up, asked=asking, keys=keys)
    assert found == ((expected,) if calls else ())


def test_a_refusal_just_after_a_call_is_taken_for_an_answer_to_it():
    """The log does not say over which channel somebody declined; within a call's length it was the call."""
    found = of_incident(log(*asked("a1", "sms", "voice"), closed("a1", 50, "declined")), NOW + HOUR)
    assert found.texted == (text(50, False),)
    assert found.called[0].keys == 1
    assert found.came == (Came(person="gina", profile="on_site", declined=True),)


def test_only_what_asks_for_an_answer_counts():
    """Words that only tell ask nobody."""
    assert len(of_incident(log(*asked("a1", "sms", kind="update"), acked("a1", 9)), NOW + HOUR)) == 0


@pytest.mark.parametrize("mode, rows", [("real", 1), ("live_drill", 1), ("drill", 0)])
def test_played_people_teach_nothing(mode: str, rows: int):
    """What was simulated would only teach the model itself."""
    found = of_incident(log(*asked("a1", "sms"), acked("a1", 40), mode=mode), NOW + HOUR)
    assert len(found.texted) == rows


def test_a_person_is_in_the_profile_of_that_moment():
    """Duty as the roster was then, by day or night of the site's own time (09:00 UTC is 17:00 there)."""
    opening, *rest = log(*asked("a1", "sms"))
    for duty, at, profile in (
        ("on", NOW, "on_site"), ("call", NOW, "on_call"), ("off", NOW, "off_duty_day"),
        ("off", NOW + 6 * HOUR, "off_duty_night"),
    ):  # fmt: skip
        members = (Member(id="gina", duty=duty),)
        history = [(replace(opening[0], members=members), at), *((event, at) for event, _ in rest)]
        assert of_incident(history, at + HOUR).texted[0].profile == profile
    changed = [*log((1, e.RosterUpdated(members=(Member(id="gina", duty="call"),)))), *rest]
    assert of_incident(changed, NOW + HOUR).texted[0].profile == "on_call"


def test_an_empty_log_says_nothing():
    """Neither nothing nor something else than an opening is a log."""
    assert len(of_incident([], NOW)) == 0
    assert len(of_incident(log(*asked("a1", "sms"))[1:], NOW)) == 0


def proof(asked_at: datetime, **more) -> ProofRow:
    """A test of gina's telephone."""
    row = ProofRow(more.pop("id", "still:1"), "gina", "sms", 0, "r", "Z2A", asked_at, taken_at=asked_at)
    return replace(row, **more)


@pytest.mark.parametrize(
    "row, expected",
    [
        pytest.param(proof(NOW - DAY, answered_at=NOW - DAY + MINUTE), text(60, True, test=True), id="answered"),
        pytest.param(proof(NOW - 8 * DAY), text(8 * 86_400, False, test=True), id="not answered for a week"),
        pytest.param(proof(NOW - DAY), None, id="too young to say"),
        pytest.param(proof(NOW - 8 * DAY, failed="30003"), None, id="a dead number"),
        pytest.param(proof(NOW - 8 * DAY, taken_at=None), None, id="never handed over"),
        pytest.param(proof(NOW - 8 * DAY, channel="voice"), None, id="a call"),
        pytest.param(proof(NOW - 8 * DAY, id="heard:gina:sms:0"), None, id="the note of an alert's answer"),
        pytest.param(proof(NOW - 8 * DAY, person="nobody"), None, id="somebody who is not there any more"),
    ],
)
def test_a_test_says_whether_a_text_is_answered(row: ProofRow, expected: Texted | None):
    """Tests of telephones count where the person had a fair chance to answer."""
    found = of_tests([row], lambda at: TEAM, a_site(), NOW)
    assert found.texted == ((expected,) if expected else ())


def test_what_is_learned_from_logs_of_the_engine_is_what_was_played():
    """Played people of known figures on the production engine: the logs of 60 nights lead back to those figures,
    though most texts are censored (somebody else took the task, a call came first)."""
    site = house.site()
    plan, roster = house.plan(site), house.roster(site)
    from emergency.roster.team import Reach, members

    begins = datetime(2026, 3, 4, 3, tzinfo=NOW.tzinfo)
    team = members(roster, site, begins, Reach(), {})
    everybody = {member.id: "on_site" for member in team}
    truth = {"replies_by_text": 0.75, "reply_median_s": 90.0, "reply_sigma": 0.9, "answers_call": 0.6,
             "presses_key": 0.9, "declines": 0.05}  # fmt: skip
    model = read_model().changed({f"on_site.{name}": value for name, value in truth.items()})
    found = []
    for run in range(60):
        stage = Stage(
            plan=plan, site=site, place=site.places[1].id, begins=begins, team=lambda at: (team, None),
            plans=lambda id: plan,
        )  # fmt: skip
        rehearsal = Rehearsal(stage, Played(model, everybody, 5, run), receipts=True)
        rehearsal.run(20 * MINUTE)
        opening, *rest = rehearsal.history()
        opened = replace(opening[0], mode="real", members=tuple(replace(m, duty="on") for m in opening[0].members))
        found.append(of_incident([(opened, opening[1]), *rest], begins + 20 * MINUTE))
    trials = joined(found)
    assert profiles(opened.members, begins, site) == everybody
    assert sum(not row.answered for row in trials.texted) > len(trials.texted) / 4
    learned = of_profile(read_model(), "on_site", trials)
    for name, value in truth.items():
        belief = learned.figures[name]
        width = belief.high - belief.low
        assert belief.low - width / 4 <= value <= belief.high + width / 4, (name, value, belief)
