"""What the report is of: its cover, and the overview of section 3."""

from __future__ import annotations

from collections.abc import Iterator

from emergency.core import events as e
from emergency.core.values import SEVERITY_WORDS, Text, is_drill
from emergency.drills import book as b
from emergency.drills import scoring
from emergency.report import values as v
from emergency.report.gathering.reading import Reading, same
from emergency.report.values import Line
from emergency.report.words import CAPABILITIES
from emergency.store import codec

NO_CAPABILITY = frozenset({"injects"})
"""Where answers to injects that belong to no objective are gathered: a heap, and nothing that anybody can do."""


def cover(reading: Reading) -> v.Cover:
    """Return what the report is of."""
    course, source, scenario = reading.course, reading.source, reading.source.scenario
    ended = course.ended
    kind = source.kind or ("screen" if reading.incident.mode == "drill" else "callout")
    drill = is_drill(reading.incident.mode)
    return v.Cover(
        code=source.code, id=reading.incident.id, drill=drill, kind=kind if drill else "real",
        title=course.plan.title, site=reading.incident.site.name, address=reading.incident.site.address,
        place=reading.incident.site.place(reading.incident.place).name, notice=scenario.notice if scenario else "",
        began=reading.zero, ended=ended.at if ended else None, over=_how_it_ended(reading), playbook=course.plan.id,
        revision=codec.document_digest(course.plan)[:12], scenario=scenario.id if scenario else "",
        scenario_title=scenario.title if scenario else None, scenario_digest=source.scenario_digest,
        head=source.head, lines=len(source.history), entries=len(source.written), book_head=source.book_head,
        engine=source.engine, model=source.model, made=source.made, timezone=reading.incident.site.timezone,
        rating=scoring.overall(reading.scores),
    )  # fmt: skip


def _how_it_ended(reading: Reading) -> str:
    """Return `aborted`, how the plan ended (`stand_down`, `false_alarm`, `cancelled`), `stopped`, or `open`."""
    if reading.course.broken_off:
        return "aborted"
    ended = reading.incident.ended
    if ended and ended != "endex":
        return ended
    return "stopped" if reading.course.ended else "open"


def overview(reading: Reading) -> Iterator[tuple[Text, Line]]:
    """Yield the rows of the overview that are not on the cover."""
    course = reading.course
    director = next((entry.director for _, entry in course.entries(b.Planned)), "")
    observers = {entry.by for _, entry in course.entries(b.Observed)}
    alerted = {call.person for call in course.calls}
    answered = {call.person for call in course.calls if call.acked}
    level = SEVERITY_WORDS[course.severest]
    named = dict.fromkeys(s.capability for s in reading.scores if s.capability not in NO_CAPABILITY)
    able = [CAPABILITIES.get(name, same(name)) for name in named]
    capabilities = Text("、".join(each.zh for each in able), ", ".join(each.en for each in able))
    yield Text("危险", "Hazard"), Line(text=course.plan.title)
    yield Text("最高级别", "Gravest level"), Line(text=level, refs=_level_refs(reading))
    yield Text("检验的能力", "Capabilities"), Line(text=capabilities)
    yield Text("目标数", "Objectives"), Line(text=same(str(len(reading.scores))))
    people = same(f"{len(reading.incident.members)} / {len(alerted)} / {len(answered)}")
    yield Text("可调人员 / 被呼叫 / 有应答", "Team / called / answered"), Line(text=people)
    for mark, roll in course.of(e.MusterClosed)[-1:]:
        said = Text(
            f"{roll.code}:平安 {roll.safe},求助 {roll.help},不在 {roll.away},无消息 {roll.missing}",
            f"{roll.code}: {roll.safe} safe, {roll.help} in need of help, {roll.away} not here, {roll.missing} missing",
        )
        yield Text("点名", "Roll call"), Line(text=said, refs=(mark.ref,))
    yield Text("导调", "Director"), Line(text=reading.labels.of(director) if director else scoring.UNKNOWN)
    seen = same(str(len(observers))) if observers else Text("无记录", "none on record")
    yield Text("观察评估员", "Observers"), Line(text=seen)
    yield Text("主办", "Sponsor"), Line(text=reading.incident.site.name)


def _level_refs(reading: Reading) -> tuple[str, ...]:
    """Return the lines at which the level changed."""
    return tuple(mark.ref for mark, _ in reading.course.of(e.SeverityChanged))
