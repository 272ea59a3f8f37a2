"""The result on one page (section 2): what went well, what went badly, and the safety statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emergency.core import events as e
from emergency.core.values import Text, is_drill
from emergency.drills import book as b
from emergency.drills import scoring
from emergency.report import values as v
from emergency.report.gathering.reading import Reading, same
from emergency.report.gathering.vacancies import empty_places
from emergency.report.values import Line

THREE = 3
"""Strengths and problems of the first page: what fits, and what anybody remembers."""


def strengths(reading: Reading, cards: Sequence[v.RoleCard]) -> Iterator[Line]:
    """Yield what went well, best evidence first: objectives reached, roles at once there, what players said."""
    good = [score for score in reading.scores if score.rating == "P" and score.evidence]
    good.sort(key=lambda score: (score.seconds is None, score.seconds or 0))
    for score in good:
        yield Line(text=score.sentence, refs=score.evidence[:3], tone="good")
    late = {each.role for score in reading.scores for each in score.found if each.status in ("late", "missed")}
    for card in cards:
        if card.rating == "P" and card.critical and card.manned is not None and card.role not in late:
            took = scoring.length(card.manned)
            text = Text(
                f"{card.title.zh}:{took} 内到齐应答,任务按时。",
                f"{card.title.en}: all had answered in {took}, steps in time.",
            )
            yield Line(text=text, refs=card.refs[:2], tone="good")
    for mark, entry in reading.course.entries(b.HotWash):
        if entry.topic == "well":
            words = reading.labels.typed(entry.text)
            yield Line(text=same(words), refs=(mark.ref,), tone="good")


def problems(reading: Reading) -> Iterator[Line]:
    """Yield what went badly, gravest first: unsafe acts, objectives by rating, roles that nobody filled, words."""
    for mark, entry in reading.course.entries(b.Observed):
        if entry.unsafe:
            words = reading.labels.typed(entry.text) or "-"
            yield Line(text=Text(f"不安全行为:{words}", f"unsafe act: {words}"), refs=(mark.ref,), tone="bad")
    bad = [score for score in reading.scores if score.rating in ("U", "M", "S")]
    for score in sorted(bad, key=lambda score: -"PSMU".index(score.rating or "P")):
        yield Line(text=score.sentence, refs=_missed_refs(score) or score.evidence[:3], tone="bad")
    yield from empty_places(reading)
    for mark, wash in reading.course.entries(b.HotWash):
        if wash.topic in ("badly", "safety"):
            words = reading.labels.typed(wash.text)
            yield Line(text=same(words), refs=(mark.ref,), tone="bad")


def _missed_refs(score: scoring.Score) -> tuple[str, ...]:
    """Return the lines of what was not in time."""
    return tuple(ref for each in score.found if each.status != "met" for ref in each.evidence)[:3]


def safety(reading: Reading) -> Iterator[Line]:
    """Yield the safety statement: who was hurt, what real came in between, and the monitoring line."""
    course = reading.course
    drill = is_drill(reading.incident.mode)
    unsafe = [mark.ref for mark, entry in course.entries(b.Observed) if entry.unsafe]
    if drill:
        yield _counted(Text("不安全行为", "Unsafe acts on record"), unsafe)
    else:
        yield from _hurt(reading)
    helped = [mark.ref for mark, _ in course.of(e.HelpAsked)]
    yield _counted(Text("求助(按9)", "Calls for help (key 9)"), helped)
    if not drill:
        return
    real = [span for span in course.stood if span.what in ("real", "help", "phrase")]
    yield _counted(
        Text("演练中插入真实事件而暂停", "Stood still for something real"), [span.since.ref for span in real]
    )
    restored = course.entries(b.LineRestored)
    for mark, entry in restored:
        by, when = reading.labels.of(entry.by), reading.clock(mark.at)
        yield Line(
            text=Text(f"{when} 由{by.zh}确认已恢复:{entry.who}", f"{entry.who}: restored {when}, says {by.en}"),
            refs=(mark.ref,), tone="good",
        )  # fmt: skip
    if not restored and reading.incident.mode == "live_drill":
        yield Line(
            text=Text("报警联网是否恢复:不详(无确认记录)", "Monitoring line restored: unknown, nobody confirmed it"),
            tone="bad",
        )


def _hurt(reading: Reading) -> Iterator[Line]:
    """Yield what was told of the hurt and the dead, each as of when; unknown where nobody told."""
    names = {"injured": Text("伤", "hurt"), "dead": Text("亡", "dead"), "missing": Text("失联", "missing")}
    for fact, word in names.items():
        if reading.course.plan.fact(fact) is None:
            continue
        told = reading.incident.facts.get(fact)
        refs = tuple(mark.ref for mark, event in reading.course.of(e.FactReported) if event.fact == fact)
        if told is None or not refs:
            yield Line(text=Text(f"{word.zh}:不详", f"{word.en}: unknown"))
        else:
            when = reading.clock(told.last)
            yield Line(
                text=Text(f"{word.zh}:{told.value}({when} 报告)", f"{word.en}: {told.value} (told {when})"),
                refs=refs[-1:],
            )


def _counted(name: Text, refs: Sequence[str]) -> Line:
    n = len(refs)
    said = Text(f"{name.zh}:{n or '无记录'}", f"{name.en}: {n or 'none on record'}")
    return Line(text=said, refs=tuple(refs[:6]), tone="bad" if n else "")
