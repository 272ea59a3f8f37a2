"""Scores a drill or an incident: objectives and expectations against the log, each with the lines that show it. Pure.

The automatic rating of an objective, after the four of HSEEP 2020 (P, S, M, U; the rules are practice):

- U: the objective was not reached.
- M: it was reached, but an expectation marked critical was missed; or of what it counts less than half was in time.
- S: it was reached, but late itself, or a critical expectation was late; at least half was in time.
- P: it was reached in time, and every critical expectation was met in time.
- none: it could not be tested (its inject never came, the drill was over before its time, no evaluator answered).

An objective that asks for several things, all in time (those that a plan implies; the answers to the other injects), is
rated by them: U where none was ever done, M where one never was or more than half were late, S where fewer were late, P
where all were in time.

A person may set another rating with name and reason; both are shown. Time in which play stood still does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from emergency.core import events as e
from emergency.core.playbook import Milestone, Playbook
from emergency.core.values import SEVERITY_WORDS, Severity, Text
from emergency.drills import book as b
from emergency.drills.course import Course, History, Mark, Work
from emergency.drills.scenario import Expect, Objective, Scenario

Status = Literal["met", "late", "missed", "untested"]
"""What became of an expectation. `untested`: it could not be seen, or its time had not come."""
STATUS_WORDS: dict[Status, Text] = {
    "met": Text("按时", "in time"),
    "late": Text("超时", "late"),
    "missed": Text("未做到", "missed"),
    "untested": Text("未检验", "not tested"),
}
RATING_WORDS: dict[str, Text] = {
    "P": Text("顺利完成", "performed without challenges"),
    "S": Text("完成,有些问题", "performed with some challenges"),
    "M": Text("完成,问题较大", "performed with major challenges"),
    "U": Text("未能完成", "unable to be performed"),
    "": Text("未检验", "not tested"),
}
RULES: tuple[tuple[str, Text], ...] = (
    ("P", Text("目标按时达到,关键期望全部按时", "reached in time, and every critical expectation met in time")),
    ("S", Text("达到,但目标本身或某项关键期望超时;所计各项至少一半按时", "reached, but late itself or with a critical expectation late; of what it counts at least half in time")),  # noqa: E501
    ("M", Text("达到,但某项关键期望未做到;或所计各项按时的不到一半;或要求“全部按时”而有一项始终未做到", "reached, but a critical expectation was missed; or of what it counts less than half was in time; or, where all were to be in time, one was never done")),  # noqa: E501
    ("U", Text("目标未达到;要求“全部按时”的,一项也没做到", "not reached; where several were to be in time, none was ever done")),  # noqa: E501
    ("-", Text("未检验:情景未发生、演练提前结束或无人评估", "not tested: its inject never came, the drill was over before, or no evaluator answered")),  # noqa: E501
)  # fmt: skip
HALF = 0.5
"""Of what an objective counts, the share that must be in time for more than M (practice: HSEEP names the four ratings
and sets no shares)."""
UNKNOWN = Text("不详", "unknown")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation and what became of it. seconds: how long it took, without pauses; allowed: how long it might."""

    id: str
    text: Text
    critical: bool
    status: Status
    seconds: float | None = None
    allowed: float | None = None
    evidence: tuple[str, ...] = ()
    source: str = ""
    role: str = ""
    step: str = ""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """A rating that a person set over the automatic one; `reason` is a seal."""

    rating: b.Rating
    by: str
    reason: str
    at: datetime
    ref: str


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One objective. automatic: what the rules say, None where nothing could be tested. measured, target: in words.

    seconds and ratio: what was measured, where it is a time or a share; evidence: the lines that show it.
    """

    id: str
    capability: str
    text: Text
    target: Text
    measured: Text
    status: Status
    automatic: b.Rating | None
    override: Override | None = None
    seconds: float | None = None
    ratio: float | None = None
    found: tuple[Found, ...] = ()
    evidence: tuple[str, ...] = ()
    role: str = ""

    @property
    def rating(self) -> b.Rating | None:
        """The rating that counts: a person's, else the automatic one."""
        return self.override.rating if self.override else self.automatic

    @property
    def sentence(self) -> Text:
        """One sentence: what was to be, what was, how it is rated."""
        word = RATING_WORDS[self.rating or ""]
        mark = self.rating or "–"
        return Text(
            f"{self.text.zh}:目标 {self.target.zh},实测 {self.measured.zh},{mark} {word.zh}。",
            f"{self.text.en}: target {self.target.en}, measured {self.measured.en}; {mark}, {word.en}.",
        )


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a metric says: in time, late, missed, or untested; with its figure, in words and as a number."""

    status: Status
    said: Text
    seconds: float | None = None
    ratio: float | None = None
    evidence: tuple[str, ...] = ()


def rate(
    history: History,
    written: Sequence[b.Written] = (),
    scenario: Scenario | None = None,
    now: datetime | None = None,
    others: Mapping[str, History] | None = None,
) -> tuple[Score, ...]:
    """Return the scores of all objectives, in the order of the scenario; without one, those that the plan implies.

    Args:
        history: the log, from its opening.
        written: the book of the drill or the incident.
        now: while it goes on, what is not due yet is untested; without it the last line of the log counts.
        others: code to log of the other incidents of the same drill.
    """
    return rate_course(Course(history, written, others), scenario, now)


def rate_course(course: Course, scenario: Scenario | None, now: datetime | None = None) -> tuple[Score, ...]:
    """Return the scores of a course that was read already; see `rate`."""
    over = _over(course, now)
    if scenario is not None and scenario.objectives:
        scores = [_objective(course, scenario, each, over) for each in scenario.objectives]
        free = _loose(course, scenario, over)
        scores += [free] if free else []
    else:
        scores = list(_implied(course, over))
    return tuple(_overridden(course, score) for score in scores)


def _over(course: Course, now: datetime | None) -> datetime:
    """Return up to when something could have happened: the end of the drill, else now, else the last line."""
    ended = course.broken_off or course.called_off
    moments = [mark.at for mark in (ended,) if mark is not None] or [now or course.last.at]
    return max(moments[0], course.opened.at)


def overall(scores: Sequence[Score]) -> b.Rating | None:
    """Return the rating of the whole: the worst of those that could be tested (practice); None when none could."""
    rated = [score.rating for score in scores if score.rating is not None]
    return max(rated, key="PSMU".index, default=None)


def automatic(status: Status, found: Sequence[Found], ratio: float | None = None) -> b.Rating | None:
    """Return what the rules say of an objective with this outcome and these expectations.

    ratio: the share that was in time of what the objective counts, from 0 to 1; None where it counts nothing.
    """
    if status == "untested":
        return None
    if status == "missed":
        return "U"
    critical = [each.status for each in found if each.critical]
    if "missed" in critical or (status == "late" and ratio is not None and ratio < HALF):
        return "M"
    return "S" if status == "late" or "late" in critical else "P"


def all_in_time(states: Sequence[Status]) -> b.Rating | None:
    """Return what the rules say of an objective that several things be done, all in time; untested ones do not."""
    tested = [each for each in states if each != "untested"]
    if not tested:
        return None
    if set(tested) == {"missed"}:
        return "U"
    if "missed" in tested or tested.count("met") < HALF * len(tested):
        return "M"
    return "S" if "late" in tested else "P"


def _overridden(course: Course, score: Score) -> Score:
    for mark, entry in reversed(course.entries(b.Rated)):
        if entry.objective == score.id:
            made = Override(rating=entry.rating, by=entry.by, reason=entry.reason, at=mark.at, ref=mark.ref)
            return msgspec.structs.replace(score, override=made)
    return score


# objectives of a scenario


def _objective(course: Course, scenario: Scenario, objective: Objective, over: datetime) -> Score:
    since = course.opened if objective.since == "start" else course.released(objective.since)
    found = [expectation(course, each, course.opened, over) for each in objective.expect]
    for inject in scenario.injects:
        if inject.objective == objective.id:
            begun = course.released(inject.id)
            found += [expectation(course, each, begun, over) for each in inject.expect]
    measured = Measured(status="untested", said=UNKNOWN)
    if since is not None:
        measured = METRICS[objective.metric](course, objective, since, over)
    refs = (since.ref,) if since is not None and since.ref != "#1" else ()
    return Score(
        id=objective.id, capability=objective.capability, text=objective.text, target=_target(objective),
        measured=measured.said, status=measured.status, automatic=automatic(measured.status, found, measured.ratio),
        seconds=measured.seconds, ratio=measured.ratio, found=tuple(found),
        evidence=tuple(dict.fromkeys((*refs, *measured.evidence))), role=_role_of(course, objective),
    )  # fmt: skip


def _role_of(course: Course, objective: Objective) -> str:
    if objective.metric in ("role_acked", "role_refilled"):
        return objective.subject
    runs = [each.run.role for each in course.work if each.run.name == objective.subject]
    return runs[0] if runs else ""


def _loose(course: Course, scenario: Scenario, over: datetime) -> Score | None:
    """Return the expectations of injects that belong to no objective, as one more; None when there are none."""
    found = [
        expectation(course, each, course.released(inject.id), over)
        for inject in scenario.injects
        if not inject.objective
        for each in inject.expect
    ]
    if not found:
        return None
    return _of_found("X", "injects", Text("其他情景的应对", "answers to the other injects"), found)


def _of_found(id: str, capability: str, text: Text, found: Sequence[Found], role: str = "") -> Score:
    """Return an objective that is nothing but its expectations: that all be in time; see `all_in_time`."""
    tested = [each for each in found if each.status != "untested"]
    good = [each for each in tested if each.status == "met"]
    done = [each for each in tested if each.status != "missed"]
    status: Status = "untested"
    if tested:
        status = "met" if len(good) == len(tested) else "late" if done else "missed"
    ratio = len(good) / len(tested) if tested else None
    said = (
        UNKNOWN if ratio is None else Text(f"{len(good)}/{len(tested)} 项按时", f"{len(good)} of {len(tested)} in time")
    )
    target = Text(f"{len(found)} 项全部按时", f"all {len(found)} in time")
    refs = tuple(ref for each in found for ref in each.evidence)
    return Score(
        id=id, capability=capability, text=text, target=target, measured=said, status=status,
        automatic=all_in_time([each.status for each in found]), ratio=ratio, found=tuple(found), evidence=refs,
        role=role,
    )  # fmt: skip


def expectation(course: Course, expect: Expect, since: Mark | None, over: datetime) -> Found:
    """Return what became of *expect*, counted from *since* (None: its inject never came)."""
    allowed = expect.within.total_seconds() if expect.within is not None else None

    def found(status: Status, mark: Mark | None = None, *refs: str) -> Found:
        took = course.spent(since.at, mark.at).total_seconds() if since and mark else None
        return Found(
            id=expect.id, text=expect.text, critical=expect.critical, status=status, seconds=took, allowed=allowed,
            evidence=tuple(ref for ref in (mark.ref if mark else "", *refs) if ref),
        )  # fmt: skip

    if since is None:
        return found("untested")
    word, _, question = expect.check.strip().partition(" ")
    if word == "evaluator" and " " not in question.strip():
        said = _answer(course, question.strip())
        return found("untested") if said is None else found("met" if said[1] else "missed", None, said[0].ref)
    hit = _first_met(course, expect.check, since.at, over)
    if hit is None:
        due = course.after(since.at, expect.within) if expect.within is not None else over
        return found("missed" if due <= over else "untested")
    in_time = expect.within is None or hit.at <= course.after(since.at, expect.within)
    return found("met" if in_time else "late", hit)


def _first_met(course: Course, text: str, since: datetime, until: datetime) -> Mark | None:
    """Return when a check was first met: in the drill's log, or in that of another incident of it, where it says so."""
    from emergency.drills.scenarios.expect import parse

    check = parse(text)
    if check.inside in ("", course.plan.id):
        hit = check.first_met(course.history, since, until)
        return Mark(f"#{hit.seq}", hit.at) if hit is not None else None
    for code, history in course.others.items():
        hit = check.first_met(history, since, until)
        if hit is not None:
            return Mark(f"{code}#{hit.seq}", hit.at)
    return None


def _answer(course: Course, question: str) -> tuple[Mark, bool] | None:
    """Return the last answer that an evaluator gave to a question, and its line; None when nobody has."""
    found = [(m, entry.met) for m, entry in course.entries(b.Answered) if entry.question == question]
    return found[-1] if found else None


# metrics: each says when it was reached, and whether in time


def length(value: timedelta | float) -> str:
    """Return a length as people read it: `2:05`, `1:02:05`, `3 d 2:00:00`."""
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    clock = f"{hours}:{minutes:02}:{rest:02}" if hours or days else f"{minutes}:{rest:02}"
    return f"{sign}{days} d {clock}" if days else sign + clock


def source_of(source: str) -> Text:
    """Return whose rule a time is, in words: the plan's tag of a law or a standard stays as it is."""
    return Text("经验值", "practice") if source == "practice" else Text(source, source)


def _target(objective: Objective) -> Text:
    within = f"≤ {length(objective.within)}" if objective.within is not None else ""
    share = f"≥ {objective.least:.0%}" if objective.metric in ("orders_acked_ratio", "milestones_met") else ""
    words = " ".join(filter(None, (share, within)))
    level = SEVERITY_WORDS.get(Severity(objective.subject)) if objective.metric == "severity_reached" else None
    if level is not None:
        return Text(f"{level.zh} {words}".strip(), f"{level.en} {words}".strip())
    return Text(words, words) if words else Text("做到", "done")


def _timed(
    course: Course, objective: Objective, since: Mark, over: datetime, mark: Mark | None, *refs: str
) -> Measured:
    """Return the outcome of a metric that is reached at one moment."""
    if mark is None or mark.at > over:
        due = course.after(since.at, objective.within) if objective.within is not None else over
        missed = due <= over
        return Measured(
            status="missed" if missed else "untested",
            said=Text("未达到", "not reached") if missed else Text("未到时限", "its time had not come"),
        )
    took = course.spent(since.at, mark.at)
    in_time = objective.within is None or took <= objective.within
    return Measured(
        status="met" if in_time else "late", said=Text(length(took), length(took)), seconds=took.total_seconds(),
        evidence=(*refs, mark.ref),
    )  # fmt: skip


def _all_critical(course: Course, objective: Objective, since: Mark, over: datetime) -> Measured:
    marks = {role: course.manned(role) for role in course.critical_roles()}
    missing = [role for role, mark in marks.items() if mark is None]
    if missing or not marks:
        found = _timed(course, objective, since, over, None)
        titles = [course.incident.site.duty(role).title for role in missing]
        said = Text(
            f"{found.said.zh}(缺 {'、'.join(t.zh for t in titles)})",
            f"{found.said.en} (missing: {', '.join(t.en for t in titles)})",
        )
        asked = [call.asked.ref for call in course.calls if call.role in missing]
        return msgspec.structs.replace(found, said=said, evidence=tuple(asked[:2])) if missing else found
    there = [mark for mark in marks.values() if mark is not None]
    found = _timed(course, objective, since, over, max(there, key=lambda mark: mark.at))
    due = course.after(since.at, objective.within) if objective.within is not None else over
    return msgspec.structs.replace(found, ratio=sum(mark.at <= due for mark in there) / len(there))


def _role_acked(course: Course, objective: Objective, since: Mark, over: datetime) -> Measured:
    after = since.at if since.ref != "#1" else None
    return _timed(course, objective, since, over, course.manned(objective.subject, after))


def _refilled(course: Course, objective: Objective, since: Mark, over: datetime) -> Measured:
    """When somebody who did not hold the role before holds it and has answered for it."""
    before = _holders(course, objective.subject, since.at)
    for mark, event in course.of(e.RoleAssigned):
        if event.role != objective.subject or event.person in before or mark.at < since.at:
            continue
        theirs = [c.acked for c in course.calls if c.person == event.person and c.role == objective.subject and c.acked]
        if theirs:
            first = min(theirs, key=lambda each: each.at)
            last = first if first.at > mark.at else mark
            return _timed(course, objective, since, over, last, mark.ref)
    return _timed(course, objective, since, over, None)


def _holders(course: Course, role: str, at: datetime) -> set[str]:
    """Return who held the places of a role at a moment."""
    places = {
        event.slot: event.person for mark, event in course.of(e.RoleAssigned) if event.role == role and mark.at < at
    }
    return set(places.values())


def _orders(course: Course, objective: Objective, since: Mark, over: datetime) -> Measured:
    """The share of the orders asked from then on that somebody had acknowledged in time; one order is one ladder."""
    ladders: dict[str, list[Any]] = {}
    for call in course.calls:
        ladders.setdefault(call.root, []).append(call)
    asked = in_time = ever = 0
    refs = []
    for calls in ladders.values():
        first = min(call.asked.at for call in calls)
        answers = [call.acked for call in calls if call.acked]
        due = course.after(first, objective.within) if objective.within is not None else over
        if first < since.at or first > over or (not answers and due > over):
            continue
        asked += 1
        ever += bool(answers)
        if answers and min(mark.at for mark in answers) <= due:
            in_time += 1
        else:
            refs.append(min(calls, key=lambda call: call.asked.at).asked.ref)
    return _share(objective, in_time, ever, asked, refs)


def _milestones(course: Course, objective: Objective, since: Mark, over: datetime) -> Measured:
    marks = [(each, course.reached(each)) for each in course.plan.milestones]
    due = [(each, mark) for each, mark in marks if mark or course.after(course.opened.at, each.within) <= over]
    late = [each for each, mark in due if mark is None or course.spent(course.opened.at, mark.at) > each.within]
    refs = [mark.ref for _, mark in due if mark is not None]
    return _share(objective, len(due) - len(late), sum(mark is not None for _, mark in due), len(due), refs)


def _share(objective: Objective, good: int, ever: int, asked: int, refs: Sequence[str]) -> Measured:
    if not asked:
        return Measured(status="untested", said=Text("无可统计", "nothing to count"))
    enough, reached = good / asked >= objective.least, ever / asked >= objective.least
    said = f"{good}/{asked} = {good / asked:.0%}"
    return Measured(
        status="met" if enough else "late" if reached else "missed", said=Text(said, said), ratio=good / asked,
        evidence=tuple(refs),
    )  # fmt: skip


def _step_done(course: Course, objective: Objective, since: Mark, over: datetime) -> Measured:
    marks = [w.done for w in course.work if w.run.name == objective.subject and w.done and w.done.at >= since.at]
    return _timed(course, objective, since, over, min(marks, key=lambda mark: mark.at, default=None))


def _state(course: Course, objective: Objective, since: Mark, over: datetime) -> Measured:
    return _timed(course, objective, since, over, course.entered(objective.subject, since.at))


def _severity(course: Course, objective: Objective, since: Mark, over: datetime) -> Measured:
    wanted = Severity(objective.subject)
    if course.opening.severity >= wanted:
        return _timed(course, objective, since, over, since)
    marks = [mark for mark, event in course.of(e.SeverityChanged) if event.to >= wanted]
    return _timed(course, objective, since, over, marks[0] if marks else None)


def _evaluator(course: Course, objective: Objective, since: Mark, over: datetime) -> Measured:
    said = _answer(course, objective.subject)
    if said is None:
        return Measured(status="untested", said=Text("评估员未答", "no evaluator has answered"))
    mark, met = said
    words = Text("是", "yes") if met else Text("否", "no")
    return Measured(status="met" if met else "missed", said=words, evidence=(mark.ref,))


Metric = Callable[[Course, Objective, Mark, datetime], Measured]
METRICS: Mapping[str, Metric] = {
    "all_critical_acked": _all_critical,
    "role_acked": _role_acked,
    "role_refilled": _refilled,
    "orders_acked_ratio": _orders,
    "step_done": _step_done,
    "state_reached": _state,
    "milestones_met": _milestones,
    "severity_reached": _severity,
    "evaluator": _evaluator,
}


# without a scenario: what the plan itself asks for


def _implied(course: Course, over: datetime) -> Iterator[Score]:
    """Yield the objectives that any run of a plan has: its milestones, its critical roles, its timed steps, its end."""
    for number, milestone in enumerate(course.plan.milestones, start=1):
        yield _milestone(course, milestone, f"M{number}", over)
    roles = [_role_found(course, role, over) for role in course.critical_roles()]
    if roles:
        yield _of_found(
            "R",
            "notification",
            Text("关键岗位人齐、按时应答", "every head of the critical roles answered in time"),
            roles,
        )
    steps = list(_timed_steps(course, over))
    if steps:
        yield _of_found("T", "operations", Text("限时任务按时完成", "steps with a time target done in time"), steps)
    told = _told_the_end(course)
    if told is not None:
        yield told


def _milestone(course: Course, milestone: Milestone, id: str, over: datetime) -> Score:
    objective = Objective(
        id=id, capability="milestone", text=milestone.title, metric="milestones_met", within=milestone.within
    )
    measured = _timed(course, objective, course.opened, over, course.reached(milestone))
    if measured.status == "missed" and not _concerned(course, milestone):
        measured = Measured(status="untested", said=Text("本次无需", "not called for this time"))
    source, within = source_of(milestone.source), length(milestone.within)
    return Score(
        id=id, capability="milestone", text=milestone.title,
        target=Text(f"≤ {within}({source.zh})", f"≤ {within} ({source.en})"), measured=measured.said,
        status=measured.status, automatic=automatic(measured.status, ()), seconds=measured.seconds,
        evidence=measured.evidence, role=_role_asked(course.plan, milestone),
    )  # fmt: skip


def _role_asked(plan: Playbook, milestone: Milestone) -> str:
    """Return whose step a milestone waits for; empty for one of a state."""
    steps = (step for state in plan.states for step in state.steps)
    wanted = (
        step.role for step in steps if step.name == milestone.step or (milestone.call and step.call == milestone.call)
    )
    return next(wanted, "")


def _concerned(course: Course, milestone: Milestone) -> bool:
    """Whether a milestone that was not reached had to be.

    One of a state: not when the plan had gone another way by then, to a state further from its beginning (a fire put
    out in two minutes needs no evacuation). One of a step or a call: when that step ever began, or the plan did not
    end as a false alarm.
    """
    ended = course.ended
    if milestone.state is not None:
        far = _far(course.plan)
        due = course.after(course.opened.at, milestone.within)
        there = [event.state for mark, event in course.of(e.StateEntered) if mark.at <= due]
        return far.get(there[-1] if there else course.plan.initial, 0) <= far.get(milestone.state, 0)
    if ended is not None and course.spent(course.opened.at, ended.at) <= milestone.within:
        return False
    names = {each.run.name for each in course.work}
    calls = {each.plan.call for each in course.work if each.plan is not None}
    asked = milestone.step in names or (milestone.call is not None and milestone.call in calls)
    return asked or course.incident.ended in (None, "stand_down")


def _far(plan: Playbook) -> dict[str, int]:
    """Return how many ways out each state lies from where an incident begins, at least."""
    far, now = {plan.initial: 0}, [plan.initial]
    while now:
        later = []
        for name in now:
            for to in (leave.to for leave in plan.state(name).leave if leave.to):
                if to not in far:
                    far[to] = far[name] + 1
                    later.append(to)
        now = later
    return far


UNTIMED = timedelta(minutes=5)
"""What a critical role without any timed step has to answer, from the opening (practice)."""


def _role_found(course: Course, role: str, over: datetime) -> Found:
    """Whether all heads of a critical role answered before the first of its steps was due."""
    runs = [each for each in course.of_plan() if each.run.role == role]
    dues = [each.run.due for each in runs if each.run.due is not None]
    due = min(dues, default=course.after(course.opened.at, UNTIMED))
    mark = course.manned(role)
    status: Status
    if mark is not None:
        status = "met" if mark.at <= due else "late"
    else:
        status = "missed" if course.calls and due <= over else "untested"
    title = course.incident.site.duty(role).title
    heads = course.heads_needed(role)
    asked = [call.asked for call in course.calls if call.role == role]
    return Found(
        id=f"R.{role}", text=Text(f"{title.zh}({heads}人)应答", f"{title.en} ({heads}) answered"), critical=True,
        status=status, seconds=course.spent(course.opened.at, mark.at).total_seconds() if mark else None,
        allowed=course.spent(course.opened.at, due).total_seconds(),
        evidence=(mark.ref,) if mark else tuple(each.ref for each in asked[:1]), role=role,
    )  # fmt: skip


def _timed_steps(course: Course, over: datetime) -> Iterator[Found]:
    """Yield each step that has a time target, once: its worst run counts. One with a source of law is critical."""
    runs: dict[str, list[Work]] = {}
    for each in course.of_plan():
        if each.run.due is not None and each.plan is not None and each.plan.source:
            runs.setdefault(each.run.name, []).append(each)
    for name, several in runs.items():
        worst = max(several, key=lambda each: STATUSES.index(step_status(each, over)))
        plan = worst.plan
        due = worst.run.due
        if plan is None or due is None:
            continue
        mark = worst.done or worst.started
        yield Found(
            id=f"T.{name}", text=plan.do, critical=plan.source.startswith("L"), status=step_status(worst, over),
            seconds=course.spent(worst.started.at, worst.done.at).total_seconds() if worst.done else None,
            allowed=course.spent(worst.started.at, due).total_seconds(), evidence=(mark.ref,),
            source=plan.source, role=worst.run.role, step=name,
        )  # fmt: skip


STATUSES: tuple[Status, ...] = ("untested", "met", "late", "missed")
"""From what says least to what is worst."""


def step_status(work: Work, over: datetime) -> Status:
    """Return what became of a step with a time target."""
    due = work.run.due
    if work.done is not None:
        return "met" if due is None or work.done.at <= due else "late"
    end = work.ended.at if work.ended is not None else over
    if due is None or due >= end:
        return "untested"  # the plan moved on, or it is not due yet
    return "missed"


def _told_the_end(course: Course) -> Score | None:
    """Return whether everybody who was alerted was handed the word that it is over; None while it goes on."""
    if course.incident.ended is None:
        return None
    alerts = course.incident.alerts
    ends = [alert for alert in alerts.values() if alert.kind == "ended"]
    arrived = {each.person for each in course.sent if each.accepted and alerts[each.alert].kind == "ended"}
    end = course.ended or course.last
    alerted = {call.person for call in course.calls if call.asked.at <= end.at}
    told = alerted & arrived
    status: Status = "untested"
    if alerted:
        status = "met" if told == alerted else "late" if told else "missed"
    ratio = len(told) / len(alerted) if alerted else None
    words = f"{len(told)}/{len(alerted)}"
    refs = [each.queued.ref for each in course.sent if alerts[each.alert].kind == "ended"]
    return Score(
        id="E", capability="notification", text=Text("解除告知到每个被呼叫的人", "everybody called was told the end"),
        target=Text(f"{len(alerted)} 人", f"{len(alerted)} people"), measured=Text(words, words), status=status,
        automatic=automatic(status, (), ratio), ratio=ratio,
        evidence=tuple(refs[:1] if ends else ()),
    )  # fmt: skip


# as lines and as a document


def lines(scores: Sequence[Score], lang: str) -> list[str]:
    """Return the scores for a terminal: one line an objective, below it what was not in time."""
    out = []
    for score in scores:
        mark = score.rating or "–"
        also = f" (自动 {score.automatic or '–'})" if lang == "zh" else f" (automatic: {score.automatic or '–'})"
        target = "目标" if lang == "zh" else "target"
        head = f"  {mark}  {score.id}  {score.text.of(lang)}: {score.measured.of(lang)}"
        head += f"  [{target} {score.target.of(lang)}]"
        out.append(head + (also if score.override else ""))
        for each in score.found:
            if each.status != "met":
                critical = " !" if each.critical else ""
                out.append(f"       {each.id}{critical} {each.text.of(lang)}: {STATUS_WORDS[each.status].of(lang)}")
    return out


def documents(scores: Sequence[Score]) -> list[dict[str, Any]]:
    """Return the scores for JSON."""
    return [{**msgspec.to_builtins(score), "rating": score.rating} for score in scores]
