"""Notification (section 6): who answered when, what became of the messages, who was not reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emergency.core import events as e
from emergency.core.values import Text
from emergency.drills.course import Call, Mark, Sent
from emergency.report import values as v
from emergency.report.gathering.reading import Reading, seconds


def curves(reading: Reading) -> Iterator[v.Curve]:
    """Yield how each critical role answered."""
    for role in reading.course.critical_roles():
        marks = reading.course.acknowledged(role)[: reading.course.heads_needed(role)]
        dues = [w.run.due for w in reading.course.of_plan() if w.run.role == role and w.run.due]
        yield v.Curve(
            role=role, name=reading.title(role), heads=reading.course.heads_needed(role),
            steps=tuple((reading.since(mark.at), n) for n, mark in enumerate(marks, start=1)),
            censored=tuple(_given_up(reading, role)), target=reading.since(min(dues)) if dues else None,
            refs=tuple(mark.ref for mark in marks),
        )  # fmt: skip


def _given_up(reading: Reading, role: str) -> Iterator[float]:
    for call in reading.course.calls:
        if call.role == role and not call.acked:
            end = call.closed or reading.course.last
            yield reading.since(end.at)


def together(reading: Reading) -> v.Curve:
    """Return how all heads of all critical roles answered, on one curve."""
    roles = reading.course.critical_roles()
    marks = [m for role in roles for m in reading.course.acknowledged(role)[: reading.course.heads_needed(role)]]
    marks.sort(key=lambda mark: mark.at)
    goals = reading.source.scenario.objectives if reading.source.scenario else ()
    wanted = [each.within for each in goals if each.metric == "all_critical_acked" and each.within is not None]
    return v.Curve(
        role="", name=Text("全部关键岗位", "all critical roles"), heads=sum(map(reading.course.heads_needed, roles)),
        steps=tuple((reading.since(mark.at), n) for n, mark in enumerate(marks, start=1)), censored=(),
        target=seconds(min(wanted, default=None)), refs=tuple(mark.ref for mark in marks),
    )  # fmt: skip


def waiting(reading: Reading) -> v.Waiting:
    """Return how long orders waited for an answer, over all ladders, pauses left out."""
    answered: list[float] = []
    censored: list[float] = []
    for first, calls in _ladders(reading):
        acks = [call.acked.at for call in calls if call.acked]
        if acks:
            answered.append(reading.course.spent(first.at, min(acks)).total_seconds())
            continue
        ends = [call.closed.at if call.closed else reading.course.last.at for call in calls]
        censored.append(max(0.0, reading.course.spent(first.at, max(ends)).total_seconds()))
    steps = kaplan_meier(answered, censored)
    return v.Waiting(
        orders=len(answered) + len(censored), answered=len(answered), steps=steps, censored=tuple(sorted(censored)),
        median=next((at for at, share in steps if share >= 0.5), None), slowest=max(answered, default=None),
    )  # fmt: skip


def _ladders(reading: Reading) -> list[tuple[Mark, list[Call]]]:
    """Return the calls by ladder, each with when it was asked first."""
    found: dict[str, list[Call]] = {}
    for call in reading.course.calls:
        found.setdefault(call.root, []).append(call)
    return [(calls[0].asked, calls) for calls in found.values()]


def kaplan_meier(answered: Sequence[float], censored: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Return the share that has answered by each moment at which somebody did (the product-limit estimate).

    One that was never answered counts among those waited for until it was given up, and then no more: leaving it out
    would make people look quicker than they are.
    """
    steps, left = [], 1.0
    for moment in sorted(set(answered)):
        waiting = sum(each >= moment for each in (*answered, *censored))
        left *= 1 - sum(each == moment for each in answered) / waiting
        steps.append((moment, 1 - left))
    return tuple(steps)


def funnel(reading: Reading, sent: Sequence[Sent], calls: Sequence[Call]) -> tuple[v.Stage, ...]:
    """Return the stages from a message planned to a person there. Messages first, then calls on people."""
    asked = {each.id for each in calls}
    went = {each.alert for each in sent if each.accepted}
    declined = sum(call.lost == "declined" for call in calls)
    valid = sum(call.acked is not None for call in calls)
    unread = sum(event.via not in ("console", "") for _, event in reading.course.of(e.NoteAdded))
    whole = len(calls) == len(reading.course.calls)
    there = sum(call.acked is not None and call.person in reading.arrived for call in calls)
    return (
        v.Stage(key="planned", unit="messages", count=len(sent)),
        v.Stage(key="submitted", unit="messages", count=sum(bool(each.accepted or each.failed) for each in sent)),
        v.Stage(key="accepted", unit="messages", count=sum(each.accepted is not None for each in sent)),
        v.Stage(key="delivered", unit="messages", count=sum(each.delivered is not None for each in sent)),
        v.Stage(key="called", unit="calls", count=len(asked & went)),
        v.Stage(key="replied", unit="calls", count=valid + declined + (unread if whole else 0)),
        v.Stage(key="valid", unit="calls", count=valid),
        v.Stage(key="arrived", unit="calls", count=there if reading.source.roll else None),
    )


def by_channel(reading: Reading) -> Iterator[tuple[str, tuple[v.Stage, ...]]]:
    """Yield the message stages of each channel."""
    for channel in ("sms", "voice"):
        some = [each for each in reading.course.sent if each.channel == channel]
        if some:
            yield channel, funnel(reading, some, ())[:4]


def not_reached(reading: Reading) -> Iterator[v.NotReached]:
    """Yield everybody who was called and never answered anything, or refused, with the cause."""
    by_person: dict[str, list[Call]] = {}
    for call in reading.course.calls:
        by_person.setdefault(call.person, []).append(call)
    for person, calls in by_person.items():
        refused = next((call for call in calls if call.lost == "declined"), None)
        if any(call.acked for call in calls) and refused is None:
            continue
        sent = [each for each in reading.course.sent if each.person == person]
        cause, detail = _cause(sent, refused)
        first = refused or calls[0]
        yield v.NotReached(
            person=reading.labels.of(person), role=first.role, kind=first.kind, asked=reading.since(first.asked.at),
            cause=cause, detail=detail, messages=len(sent), refs=(first.asked.ref,),
        )  # fmt: skip


def _cause(sent: Sequence[Sent], refused: Call | None) -> tuple[str, str]:
    """Return why somebody was not reached, and the provider's reason where there is one."""
    if refused is not None:
        return "declined", ""
    if not sent:
        return "no_number", ""
    if any(each.delivered for each in sent):
        return "no_reply", ""
    failed = [each for each in sent if each.failed]
    if failed and not any(each.accepted and not each.failed for each in sent):
        return "failed", ", ".join(dict.fromkeys(each.reason for each in failed if each.reason))
    return ("no_receipt" if any(each.accepted for each in sent) else "not_sent"), ""
