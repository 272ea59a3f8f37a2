"""What the report cannot know (annex C)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emergency.core.values import Text, is_drill
from emergency.drills import book as b
from emergency.report import values as v
from emergency.report.gathering.reading import Reading
from emergency.report.labels import seals_of
from emergency.report.values import Line


def gaps(reading: Reading, actions: Sequence[v.ActionLine]) -> Iterator[Line]:
    """Yield what this report cannot know."""
    course = reading.course
    accepted = [each for each in course.sent if each.accepted]
    silent = [each for each in accepted if not each.delivered and not each.failed]
    if silent:
        n, of = len(silent), len(accepted)
        yield Line(text=Text(f"{of} 条消息中 {n} 条没有送达回执", f"{n} of {of} receipts missing"))
    yield Line(text=_arrival(reading))
    if is_drill(reading.incident.mode) and reading.source.scenario is None:
        yield Line(
            text=Text("没有情景:目标由预案推出", "there was no scenario: the objectives are those the plan implies")
        )
    untested = [score.id for score in reading.scores if score.status == "untested"]
    if untested:
        ids = ", ".join(untested)
        yield Line(text=Text(f"未检验的目标:{ids}", f"objectives that were not tested: {ids}"))
    if not course.entries(b.Observed):
        yield Line(text=Text("没有观察员记录", "no observer wrote anything down"))
    lost = seals_of(event for event, _ in reading.source.history) - set(reading.source.words)
    if lost:
        yield Line(text=Text(f"{len(lost)} 段文字已按规定删除", f"{len(lost)} typed texts were forgotten"))
    agreed = {action.objective for action in actions}
    bare = [score.id for score in reading.scores if score.rating in ("M", "U") and score.id not in agreed]
    if bare:
        ids = ", ".join(bare)
        yield Line(text=Text(f"尚无整改措施的目标:{ids}", f"no action agreed yet for: {ids}"), tone="bad")
    if not (reading.incident.is_closed or course.ended):
        yield Line(text=Text("事件尚未结束,这是中间稿", "it goes on still: this is a draft"), tone="bad")


def _arrival(reading: Reading) -> Text:
    """Return of how many it is known when they arrived."""
    roll = reading.source.roll
    if roll is None:
        return Text(
            "到场时间:电话系统不记录,也没有点名,不详",
            "arrival on the spot: telephones do not record it, and no roll call was held; unknown",
        )
    answered = {call.person for call in reading.course.calls if call.acked}
    n, of = len(answered & reading.arrived.keys()), len(answered)
    return Text(
        f"到场时间:以点名 {roll.code} 为准,应答的 {of} 人中 {n} 人有记录,其余不详",
        f"arrival on the spot: as the roll call {roll.code} counted people, {n} of the {of} who answered; of the "
        "rest unknown",
    )
