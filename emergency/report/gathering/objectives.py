"""Each objective in words (section 8): expected, happened, why, and with what consequence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emergency.core import events as e
from emergency.core.values import SEVERITY_WORDS, Text
from emergency.drills import book as b
from emergency.drills import scoring
from emergency.report import values as v
from emergency.report.gathering.reading import Reading
from emergency.report.gathering.vacancies import vacancies
from emergency.report.labels import reasons_of
from emergency.report.values import Line


def analysis(reading: Reading, score: scoring.Score) -> v.Analysis:
    """Return one objective in words."""
    bad = [each for each in score.found if each.status in ("late", "missed")]
    expected = [Line(text=Text(f"{score.text.zh}:{score.target.zh}", f"{score.text.en}: {score.target.en}"))]
    expected += [Line(text=_quoted(reading, each)) for each in (bad or score.found)[:6]]
    happened = [Line(text=Text(f"实测 {score.measured.zh}", f"measured: {score.measured.en}"), refs=score.evidence[:6])]
    happened += [_outcome(each) for each in bad[:8]]
    roles = list(dict.fromkeys(filter(None, (score.role, *(each.role for each in bad)))))
    troubled = score.rating in ("S", "M", "U")
    verdict = "improve" if troubled else "strength" if score.rating == "P" else "untested"
    return v.Analysis(
        score=score, expected=tuple(expected), happened=tuple(happened),
        why=tuple(_why(reading, roles)) if troubled else (),
        consequence=tuple(_consequences(reading, roles)) if troubled else (), verdict=verdict,
    )  # fmt: skip


def _quoted(reading: Reading, found: scoring.Found) -> Text:
    """Return what was expected, with its time and its source."""
    rest = f" ≤ {scoring.length(found.allowed)}" if found.allowed is not None else ""
    source = scoring.source_of(found.source)
    zh, en = (f"{rest} [{source.zh}]", f"{rest} [{source.en}]") if found.source else (rest, rest)
    critical = Text("(关键)", " (critical)") if found.critical else Text("", "")
    text = reading.filled(found.text)
    return Text(f"{found.id} {text.zh}{critical.zh}{zh}", f"{found.id} {text.en}{critical.en}{en}")


def _outcome(found: scoring.Found) -> Line:
    """Return what became of an expectation."""
    word = scoring.STATUS_WORDS[found.status]
    took = f" {scoring.length(found.seconds)}" if found.seconds is not None else ""
    return Line(
        text=Text(f"{found.id} {word.zh}{took}", f"{found.id} {word.en}{took}"), refs=found.evidence, tone="bad"
    )


def _why(reading: Reading, roles: Sequence[str]) -> Iterator[Line]:
    """Yield what the log says of the cause, by kind; where it says nothing, that it is unknown."""
    found = list(_causes(reading, roles))
    yield from found
    if not found:
        yield Line(
            text=Text("不详:日志看不出原因,请询问当事人", "unknown: the log does not show it; ask those who were there")
        )


def _causes(reading: Reading, roles: Sequence[str]) -> Iterator[Line]:
    course = reading.course
    calls = [call for call in course.calls if not roles or call.role in roles]
    silent = [call for call in calls if not call.acked and call.lost not in ("taken", "relieved", "called_away")]
    if silent and calls:
        n, of = len(silent), len(calls)
        text = Text(f"人员:{of} 次呼叫中 {n} 次无人应答", f"people: {n} of {of} calls were not answered")
        yield Line(text=text, refs=tuple(call.asked.ref for call in silent[:3]))
    people = {call.person for call in calls}
    failed = [each for each in course.sent if each.failed and each.person in people]
    if failed:
        why = reasons_of(", ".join(dict.fromkeys(each.reason for each in failed if each.reason)))
        text = Text(
            f"设备与通道:{len(failed)} 条消息失败({why.zh})",
            f"equipment: {len(failed)} messages failed ({why.en})",
        )
        yield Line(text=text, refs=tuple(each.failed.ref for each in failed[:3] if each.failed))
    for gap in [each for each in vacancies(reading) if each.role in roles][:2]:
        title, how = reading.title(gap.role), gap.how
        text = Text(
            f"组织:{title.zh}有岗位无人可派,{how.zh}",
            f"organisation: nobody was left for a place of {title.en}, {how.en}",
        )
        yield Line(text=text, refs=gap.refs)
    for mark, entry in course.entries(b.InjectReleased):
        if entry.kind.startswith("channel.") or entry.target in people:
            target = reading.target(entry.target)
            text = Text(f"演练情景:{entry.inject}({target.zh})", f"exercise: inject {entry.inject} ({target.en})")
            yield Line(text=text, refs=(mark.ref,))
    for mark, seen in course.entries(b.Observed):
        if seen.about in roles and seen.text:
            words = reading.labels.typed(seen.text)
            yield Line(text=Text(f"观察:{words}", f"observed: {words}"), refs=(mark.ref,))


def _consequences(reading: Reading, roles: Sequence[str]) -> Iterator[Line]:
    """Yield what followed: states the plan went to for lack of an answer, a graver level, steps never done."""
    for mark, event in reading.course.of(e.StateEntered):
        if event.via in ("late_step", "timeout"):
            title = reading.course.plan.state(event.state).title
            yield Line(
                text=Text(f"按最坏情况进入「{title.zh}」", f"the plan assumed the worse: {title.en}"),
                refs=(mark.ref,),
            )
    for mark, level in reading.course.of(e.SeverityChanged):
        if level.via == "late_step":
            word = SEVERITY_WORDS[level.to]
            yield Line(text=Text(f"级别升至{word.zh}", f"the level rose to {word.en}"), refs=(mark.ref,))
    left = [w for w in reading.course.of_plan() if w.run.role in roles and w.run.status == "dropped" and w.ended]
    if left:
        text = Text(f"{len(left)} 项任务未做即被撤销", f"{len(left)} steps were dropped undone")
        yield Line(text=text, refs=tuple(w.ended.ref for w in left[:3] if w.ended))
