"""Scores: what each rating means, how time that stood still is left out, and each metric against a log made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from emergency.core import events as e
from emergency.core.site import Member
from emergency.core.values import Severity, Text
from emergency.drills import book as b
from emergency.drills import scoring
from emergency.drills.course import Course, History
from emergency.drills.critical import Critical, critical
from emergency.drills.scenario import Expect, Inject, Metric, Objective, Question, Scenario
from emergency.drills.scoring import Found, Status
from emergency.report.gathering.notification import kaplan_meier
from tests.scenarios.scene import sample_site, shipped_plans

START = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
WORD = Text("字", "word")


def at(seconds: float) -> datetime:
    """Return a moment after the start."""
    return START + timedelta(seconds=seconds)


def log(*events: tuple[float, e.AnyEvent]) -> History:
    """Return a log: a fire opened at 0, then *events* at their seconds."""
    plan, site = shipped_plans()["fire"], sample_site()
    opening = e.IncidentOpened(
        incident="i1", code="XF01", mode="drill", playbook=plan, site=site, place="b1_food_court",
        severity=Severity.blue, members=(Member(id="ann"), Member(id="bob"), Member(id="cat")), by="console",
    )  # fmt: skip
    return [
        (opening, START),
        (e.StateEntered(state="reported", via="opening"), START),
        *((x, at(s)) for s, x in events),
    ]


def asked(alert: str, person: str, role: str, *, slot: int = 1, root: str | None = None) -> e.AnyEvent:
    """Return a call on somebody."""
    return e.AlertRequested(alert=alert, person=person, kind="stand_by", role=role, slot=slot, root=root)


def acked(alert: str) -> e.AnyEvent:
    """Return its answer."""
    return e.AlertAcknowledged(alert=alert, via="sms")


def book(*entries: tuple[float, b.AnyEntry]) -> list[b.Written]:
    """Return a book."""
    return [b.Written(n, at(s), entry) for n, (s, entry) in enumerate(entries, start=1)]


def scenario(objective: Objective, *injects: Inject) -> Scenario:
    """Return a scenario with one objective."""
    return Scenario(
        id="s", title=WORD, playbook="fire", place="b1_food_court", kind="simulated", begins=START,
        maximum=timedelta(hours=1), objectives=(objective,), injects=injects, questions=(Question(id="Q1", text=WORD),),
    )  # fmt: skip


def goal(metric: Metric, subject: str = "", within: float | None = None, **more: object) -> Objective:
    """Return an objective."""
    length = timedelta(seconds=within) if within is not None else None
    return Objective(id="O1", capability="c", text=WORD, metric=metric, subject=subject, within=length, **more)  # type: ignore[arg-type]


def found(status: Status, critical: bool = True) -> Found:
    """Return an expectation with this outcome."""
    return Found(id="E", text=WORD, critical=critical, status=status)


@pytest.mark.parametrize(
    "status, others, rating",
    [
        pytest.param("met", (), "P", id="reached in time"),
        pytest.param("met", (found("met"), found("met")), "P", id="all critical in time"),
        pytest.param("met", (found("late"),), "S", id="a critical one late"),
        pytest.param("late", (found("met"),), "S", id="itself late"),
        pytest.param("met", (found("missed"), found("late")), "M", id="a critical one missed, yet reached"),
        pytest.param("late", (found("missed"),), "M", id="late and a critical one missed"),
        pytest.param("met", (found("missed", critical=False),), "P", id="what is not critical lowers nothing"),
        pytest.param("missed", (found("met"),), "U", id="not reached"),
        pytest.param("untested", (found("missed"),), None, id="not tested is no rating"),
    ],
)
def test_the_rules_of_the_four_ratings(status: Status, others: Sequence[Found], rating: str | None) -> None:
    """P, S, M and U follow from the objective's own outcome and its critical expectations, and from nothing else."""
    assert scoring.automatic(status, others) == rating


@pytest.mark.parametrize(
    "seconds, said",
    [(0, "0:00"), (65, "1:05"), (59.6, "1:00"), (3725, "1:02:05"), (90000, "1 d 1:00:00"), (-65, "-1:05")],
)
def test_lengths(seconds: float, said: str) -> None:
    """A length is read as a clock: minutes and seconds, hours where there are any, days where there are any."""
    assert scoring.length(seconds) == said


def test_time_that_stood_still_counts_nowhere() -> None:
    """A drill paused from 0:30 to 1:30: two minutes on the clock are one of play, and all is due a minute later."""
    course = Course(
        log(), book((30, b.Paused(by="ann", because="unsafe")), (90, b.Resumed(by="ann")))
    )  # fmt: skip

    assert course.spent(at(0), at(120)) == timedelta(seconds=60)
    assert course.after(at(0), timedelta(seconds=60)) == at(120)
    assert course.after(at(0), timedelta(seconds=20)) == at(20)
    assert course.after(at(100), timedelta(seconds=20)) == at(120)
    assert [(span.what, span.since.ref) for span in course.stood] == [("unsafe", "B1")]


ROLE = (
    (10, asked("a1", "ann", "duty_manager")),
    (40, acked("a1")),
)
"""The duty manager is called at 0:10 and answers at 0:40."""


@pytest.mark.parametrize(
    "objective, events, status, seconds, refs",
    [
        pytest.param(goal("role_acked", "duty_manager", 60), ROLE, "met", 40.0, ("#4",), id="role in time"),
        pytest.param(goal("role_acked", "duty_manager", 30), ROLE, "late", 40.0, ("#4",), id="role late"),
        pytest.param(
            goal("role_acked", "control_room", 60), (*ROLE, (99, acked("a1"))), "missed", None, (), id="never"
        ),
        pytest.param(goal("role_acked", "control_room", 600), ROLE, "untested", None, (), id="not due yet"),
        pytest.param(
            goal("state_reached", "evacuating", 60), ((50, e.StateEntered(state="evacuating", via="guard")),), "met",
            50.0, ("#3",), id="state",
        ),
        pytest.param(
            goal("severity_reached", "orange", 60), ((20, e.SeverityChanged(to=Severity.red, via="rule")),), "met",
            20.0, ("#3",), id="a graver level is reached too",
        ),
        pytest.param(goal("severity_reached", "blue", 60), ROLE, "met", 0.0, ("#1",), id="it began at that level"),
    ],
)  # fmt: skip
def test_metrics_that_are_reached_at_one_moment(
    objective: Objective, events: tuple[tuple[float, e.AnyEvent], ...], status: str, seconds: float | None,
    refs: tuple[str, ...],
) -> None:  # fmt: skip
    """Each metric counts from the start, in seconds, and names the line of the log that shows it."""
    score = scoring.rate(log(*events), (), scenario(objective))[0]

    assert (score.status, score.seconds, score.evidence) == (status, seconds, refs)


def test_a_role_with_two_heads_needs_both() -> None:
    """The control room has two: one answer is not the role, and the same head twice is one."""
    objective = goal("role_acked", "control_room", 300)
    once = [(5.0, asked("a1", "ann", "control_room")), (9.0, acked("a1")), (9.0, asked("a2", "ann", "control_room"))]
    twice = [*once, (12.0, acked("a2"))]
    both = [*twice, (15.0, asked("a3", "bob", "control_room", slot=2)), (20.0, acked("a3"))]

    rated = [scoring.rate(log(*events), (), scenario(objective), at(400))[0] for events in (once, twice, both)]

    assert [score.status for score in rated] == ["missed", "missed", "met"]
    assert rated[-1].seconds == 20.0


def test_the_share_of_orders_counts_ladders_not_calls() -> None:
    """An order that climbed to a deputy who answered was answered; one that nobody answered was not."""
    events = [
        (10.0, asked("a1", "ann", "duty_manager")), (70.0, asked("a2", "bob", "duty_manager", root="a1")),
        (80.0, acked("a2")), (10.0, asked("a3", "cat", "on_scene")),
        (500.0, e.AlertClosed(alert="a3", because="left_state")),
    ]  # fmt: skip
    events.sort(key=lambda each: each[0])

    score = scoring.rate(log(*events), (), scenario(goal("orders_acked_ratio", within=120, least=0.9)))[0]

    assert (score.ratio, score.status, score.rating) == (0.5, "missed", "U")


def test_a_role_is_refilled_when_another_has_answered_for_it() -> None:
    """Counted from the inject: the new holder is assigned at 1:00 and answers at 1:30; assigned alone is not enough."""
    events = [
        (0.0, e.RoleAssigned(role="duty_manager", slot=1, person="ann", because="holder")),
        (60.0, e.RoleAssigned(role="duty_manager", slot=1, person="bob", because="deputy", instead_of="ann")),
        (60.0, asked("a1", "bob", "duty_manager")),
    ]
    inject = Inject(id="I1", kind="person.unreachable", at=timedelta(seconds=30), target="ann", objective="O1")
    told = book((30, b.InjectReleased(inject="I1", kind="person.unreachable", target="ann")))
    play = scenario(goal("role_refilled", "duty_manager", 90, since="I1"), inject)

    before = scoring.rate(log(*events), told, play, at(300))[0]
    after = scoring.rate(log(*events, (90.0, acked("a1"))), told, play, at(300))[0]

    assert (before.rating, after.rating, after.seconds) == ("U", "P", 60.0)
    assert after.evidence == ("B1", "#4", "#6")


def test_an_inject_that_never_came_tests_nothing() -> None:
    """Its expectations, and an objective counted from it, are untested: no rating, and never a silent zero."""
    inject = Inject(
        id="I1", kind="person.unreachable", at=timedelta(minutes=9), objective="O1",
        expect=(Expect(id="E1", text=WORD, check="state evacuating", critical=True, within=timedelta(minutes=1)),),
    )  # fmt: skip
    score = scoring.rate(log(), (), scenario(goal("state_reached", "evacuating", 60, since="I1"), inject), at(900))[0]

    assert (score.rating, score.found[0].status, score.measured.en) == (None, "untested", "unknown")


@pytest.mark.parametrize(
    "happened, over, status",
    [(40.0, 300.0, "met"), (80.0, 300.0, "late"), (None, 300.0, "missed"), (None, 50.0, "untested")],
    ids=["in time", "late", "missed", "the drill was broken off before it was due"],
)
def test_expectations_of_an_inject(happened: float | None, over: float, status: str) -> None:
    """Counted from when the inject was released (0:20 here), up to when the drill was over."""
    inject = Inject(
        id="I1", kind="asset.failure", at=timedelta(0), objective="O1",
        expect=(Expect(id="E1", text=WORD, check="state evacuating", critical=True, within=timedelta(seconds=40)),),
    )  # fmt: skip
    events = [(happened, e.StateEntered(state="evacuating", via="guard"))] if happened is not None else []
    told = book(
        (20, b.InjectReleased(inject="I1", kind="asset.failure")), (over, b.Aborted(by="ann", because="director"))
    )  # fmt: skip

    score = scoring.rate(log(*events), told, scenario(goal("evaluator", "Q1"), inject))[0]

    assert score.found[0].status == status
    if happened is not None:
        assert (score.found[0].seconds, score.found[0].evidence) == (happened - 20, ("#3",))


def test_an_evaluator_answers_and_the_last_word_counts() -> None:
    """No answer is untested, not a no; a second answer replaces the first."""
    play = scenario(goal("evaluator", "Q1"))
    no = (50.0, b.Answered(question="Q1", met=False, by="bob"))
    yes = (60.0, b.Answered(question="Q1", met=True, by="bob"))

    rated = [scoring.rate(log(), book(*said), play)[0] for said in ((), (no,), (no, yes))]

    assert [score.rating for score in rated] == [None, "U", "P"]
    assert rated[-1].evidence == ("B2",)


def test_a_person_overrides_with_name_and_reason_and_both_are_kept() -> None:
    """The automatic rating stays beside the person's, with the line of the book that says who and why."""
    rated = b.Rated(objective="O1", rating="S", by="bob", reason="seal:x")
    score = scoring.rate(log(*ROLE), book((99, rated)), scenario(goal("role_acked", "duty_manager", 60)))[0]

    assert (score.automatic, score.rating) == ("P", "S")
    assert score.override is not None
    assert (score.override.by, score.override.reason, score.override.ref) == ("bob", "seal:x", "B1")


def test_a_check_of_another_incident_is_asked_of_its_log() -> None:
    """`in fire: ...` of an incident beside this one is looked for there, and its line is named with that code."""
    import msgspec

    inject = Inject(
        id="I1", kind="event.secondary", at=timedelta(0), objective="O1",
        expect=(Expect(id="E1", text=WORD, check="in flooding: state reported", within=timedelta(minutes=1)),),
    )  # fmt: skip
    first = log()
    opening = first[0][0]
    assert isinstance(opening, e.IncidentOpened)
    plan = shipped_plans()["flooding"]
    other = msgspec.structs.replace(opening, code="XW01", incident="i1-i1", playbook=plan)
    beside: History = [(other, at(5)), (e.StateEntered(state=plan.initial, via="opening"), at(5))]
    check = msgspec.structs.replace(inject.expect[0], check=f"in flooding: state {plan.initial}")
    play = scenario(goal("evaluator", "Q1"), msgspec.structs.replace(inject, expect=(check,)))
    told = book((0, b.InjectReleased(inject="I1", kind="event.secondary")))

    alone = scoring.rate(first, told, play, at(300))[0]
    with_it = scoring.rate(first, told, play, at(300), {"XW01": beside})[0]

    assert alone.found[0].status == "missed"
    assert (with_it.found[0].status, with_it.found[0].evidence) == ("met", ("XW01#2",))


def test_a_fire_put_out_needs_no_evacuation() -> None:
    """A milestone of a state that the plan passed by another way is not rated; still waiting before it is a miss."""
    small = [
        (60.0, e.StateEntered(state="minor_fire", via="guard")),
        (90.0, e.StateEntered(state="controlled", via="guard")),
    ]
    waits = small[:1]

    rated = [
        next(s for s in scoring.rate(log(*events), (), None, at(900)) if s.text.en == "evacuation at the latest")
        for events in (small, waits)
    ]  # fmt: skip

    assert [score.rating for score in rated] == [None, "U"]


def test_a_role_is_not_missed_before_it_is_late() -> None:
    """Seconds after the opening nobody has failed yet; five minutes later, a role that no step times has."""
    events = [(1.0, asked("a1", "ann", "on_scene"))]

    early, late = (
        next(s for s in scoring.rate(log(*events), (), None, at(over)) if s.id == "R") for over in (10, 301)
    )  # fmt: skip

    status = {each.role: each.status for each in early.found}
    assert set(status.values()) == {"untested"}
    assert early.rating is None
    assert {each.role: each.status for each in late.found}["on_scene"] == "missed"


def test_critical_roles_are_those_a_fire_begins_with() -> None:
    """Called at blue and with a step before the end, in the order of the plan, each with every head the plan calls; the
    duty manager, who only has something to do once it is over, is none."""
    assert critical(shipped_plans()["fire"], Severity.blue) == (
        Critical("control_room", 2), Critical("on_scene", 1), Critical("fire_team", 4),
    )  # fmt: skip


def test_in_a_call_out_everybody_called_is_critical() -> None:
    """A plan that asks for answers alone has no steps to go by."""
    from emergency.drills.live.callout import callout_of

    plan = callout_of(shipped_plans()["fire"])
    assert [each.role for each in critical(plan, plan.start)] == [call.role for call in plan.roles]


@pytest.mark.parametrize(
    "states, rating",
    [
        pytest.param(("met", "met"), "P", id="all in time"),
        pytest.param(("met", "met", "late"), "S", id="few late"),
        pytest.param(("met", "late"), "S", id="half in time"),
        pytest.param(("met", "late", "late", "late"), "M", id="one of four in time is never S"),
        pytest.param(("late",), "M", id="the only one late"),
        pytest.param(("met", "met", "met", "missed"), "M", id="one never done"),
        pytest.param(("late", "missed"), "M", id="one late, one never"),
        pytest.param(("missed", "missed"), "U", id="none ever done"),
        pytest.param(("untested", "missed"), "U", id="what was not tested does not count"),
        pytest.param(("met", "untested"), "P", id="nor does it lower"),
        pytest.param(("untested",), None, id="nothing tested is no rating"),
        pytest.param((), None, id="nothing at all"),
    ],
)
def test_where_all_were_to_be_in_time_less_than_half_is_never_some_challenges(
    states: tuple[Status, ...], rating: str | None
) -> None:
    """P all in time, S few late, M more than half late or one never done, U none ever done."""
    assert scoring.all_in_time(states) == rating


@pytest.mark.parametrize(
    "status, ratio, rating",
    [("late", 0.49, "M"), ("late", 0.5, "S"), ("late", None, "S"), ("met", 0.4, "P"), ("missed", 0.6, "U")],
)
def test_a_share_below_half_is_never_some_challenges(status: Status, ratio: float | None, rating: str) -> None:
    """A scripted objective that was reached late with less than half of what it counts in time is M; one that asked for
    a smaller share and got it in time was reached."""
    assert scoring.automatic(status, (), ratio) == rating


def test_a_step_reported_done_is_an_answer_of_who_was_asked() -> None:
    """Who reports a thing done has had the call for it: their place has answered, in score and forecast alike."""
    events = [
        (1.0, e.StepStarted(step="s1", name="send", role="control_room", letter="A")),
        (1.0, e.AlertRequested(alert="a1", person="ann", kind="task", role="control_room", slot=2, step="s1")),
        (9.0, e.StepDone(step="s1", person="ann")),
    ]
    course = Course(log(*events))
    assert [(slot, mark.ref) for slot, mark in course.answers("control_room")] == [(2, "#5")]
    assert course.manned("control_room") is None


def test_the_whole_is_the_worst_that_was_tested() -> None:
    """An objective that was not tested neither lifts nor lowers it."""
    good = scoring.rate(log(*ROLE), (), scenario(goal("role_acked", "duty_manager", 60)))[0]
    late = scoring.rate(log(*ROLE), (), scenario(goal("role_acked", "duty_manager", 30)))[0]
    untested = scoring.rate(log(), (), scenario(goal("evaluator", "Q1")))[0]

    assert scoring.overall([good, untested]) == "P"
    assert scoring.overall([good, late, untested]) == "S"
    assert scoring.overall([untested]) is None


def test_who_never_answered_is_censored_and_not_left_out() -> None:
    """Against the product-limit by hand: of four, one answers at 10, one is given up at 20, one answers at 30, one is
    waited for till 40. Without the censored ones people would look twice as quick."""
    assert kaplan_meier([10, 30], [20, 40]) == ((10, pytest.approx(0.25)), (30, pytest.approx(0.625)))
    assert kaplan_meier([10, 30], []) == ((10, pytest.approx(0.5)), (30, pytest.approx(1.0)))
    assert kaplan_meier([], [20]) == ()


GAP = e.RoleUnfilled(role="fire_team", slot=2)
LOOK = e.StepStarted(step="s1", name="look", role="fire_team", letter="A")
TAKEN = e.RoleAssigned(role="fire_team", slot=2, person="bob", because="deputy")
ABOVE = e.RoleAssigned(role="fire_team", slot=2, person="bob", because="higher")


@pytest.mark.parametrize(
    "events, main, says",
    [
        pytest.param(((50.0, TAKEN),), False, "empty for 0:40, then taken", id="taken soon"),
        pytest.param(((250.0, TAKEN),), True, "empty for 4:00, then taken", id="taken after more than three minutes"),
        pytest.param(((190.0, TAKEN),), False, "empty for 3:00, then taken", id="three minutes are not more"),
        pytest.param((), True, "empty to the end (14:50)", id="never taken"),
        pytest.param(((50.0, ABOVE),), True, "empty to the end (14:50)", id="called from above, no answer"),
        pytest.param(
            ((70.0, e.StepDropped(step="s1", because="left_state")),), False,
            "empty for 1:00, then not needed any more", id="not needed any more",
        ),
        pytest.param(
            (
                (50.0, asked("a1", "cat", "fire_team", slot=1)), (60.0, acked("a1")),
                (70.0, asked("a2", "bob", "fire_team", slot=2)), (90.0, acked("a2")),
            ),
            False, "empty for 1:20, then taken", id="answered for",
        ),
    ],
)  # fmt: skip
def test_only_a_place_that_stays_empty_is_a_main_problem(
    events: tuple[tuple[float, e.AnyEvent], ...], main: bool, says: str
) -> None:
    """A gap is told with how long it lasted while there was something to do; one that somebody closed within three
    minutes is a cause and no main problem."""
    from emergency.report.gathering.reading import Reading, Source
    from emergency.report.gathering.vacancies import empty_places, vacancies

    last = (900.0, e.NoteAdded(by="console", text="seal:x"))
    history = log((5.0, LOOK), (10.0, GAP), *events, last)
    reading = Reading(
        Source(code="XF01", history=history, written=(), head="f" * 64, made=at(900), engine="test")
    )  # fmt: skip
    assert [str(each.how.en) for each in vacancies(reading)] == [says]
    assert any(says in line.text.en for line in empty_places(reading)) == main
