"""Places of roles for which nobody was left: for how long they were empty while they were wanted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from emergency.core import events as e
from emergency.core.gaps import TOO_LONG
from emergency.core.values import Text
from emergency.drills import scoring
from emergency.drills.course import Mark
from emergency.report.gathering.reading import Reading
from emergency.report.values import Line


class Vacancy(msgspec.Struct, frozen=True, kw_only=True):
    """A place of a role for which nobody was left. filled: when somebody took it, None: never. lasted: for how many
    seconds it was wanted and empty, pauses left out. wanted: it still was at the end."""

    role: str
    since: Mark
    filled: Mark | None
    lasted: float
    wanted: bool

    @property
    def is_grave(self) -> bool:
        """Whether it lasted to the end, or longer than a role may have nobody (the rule that calls somebody above)."""
        return self.wanted or self.lasted > TOO_LONG.total_seconds()

    @property
    def rank(self) -> tuple[bool, float]:
        """How grave it was, to compare."""
        return self.wanted, self.lasted

    @property
    def how(self) -> Text:
        """How long it was empty, and how that ended."""
        lasted = scoring.length(self.lasted)
        if self.filled is not None:
            return Text(f"空缺 {lasted} 后补上", f"empty for {lasted}, then taken")
        if self.wanted:
            return Text(f"到结束仍空缺({lasted})", f"empty to the end ({lasted})")
        return Text(f"空缺 {lasted},此后不再需要", f"empty for {lasted}, then not needed any more")

    @property
    def refs(self) -> tuple[str, ...]:
        """The lines that show when it began and when it was over."""
        return (self.since.ref, self.filled.ref) if self.filled else (self.since.ref,)


def vacancies(reading: Reading) -> Iterator[Vacancy]:
    """Yield each time at which nobody was left for a place of a role, until somebody held it or answered for it."""
    course = reading.course
    end = course.ended or course.last
    given = course.of(e.RoleAssigned)
    for mark, gap in course.of(e.RoleUnfilled):
        place = (gap.role, gap.slot)  # whoever is called from above leaves it a gap until they answer
        taken = [m for m, x in given if (x.role, x.slot) == place and x.because != "higher" and m.at >= mark.at]
        taken += [m for slot, m in course.answers(gap.role) if slot == gap.slot and m.at >= mark.at]
        filled = min((m for m in taken if m.at <= end.at), key=lambda m: m.at, default=None)
        spans = list(_wanted(reading, gap.role, mark.at, (filled or end).at))
        lasted = sum((course.spent(since, until) for since, until in spans), timedelta(0))
        yield Vacancy(
            role=gap.role, since=mark, filled=filled, lasted=lasted.total_seconds(),
            wanted=filled is None and any(until == end.at for _, until in spans),
        )  # fmt: skip


def _wanted(reading: Reading, role: str, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the spans, one after the other, in which a role had something to do, or nobody had said they were
    ready: an empty place hurts only then."""
    spans = []
    for work in reading.course.work:
        if work.run.role == role and (work.plan is not None or work.acked is None):
            over = min(until, work.ended.at) if work.ended else until
            spans.append((max(since, work.started.at), over))
    last = since
    for began, over in sorted(spans):
        if over > max(began, last):
            yield max(began, last), over
            last = over


def empty_places(reading: Reading) -> Iterator[Line]:
    """Yield the roles of which a place stayed empty to the end, or was wanted for longer than the program's own
    rule allows; a place that somebody took soon was no problem. Of each role the worst."""
    worst: dict[str, Vacancy] = {}
    for each in vacancies(reading):
        known = worst.get(each.role)
        if each.is_grave and (known is None or each.rank > known.rank):
            worst[each.role] = each
    for role, gap in worst.items():
        title, how = reading.title(role), gap.how
        text = Text(f"{title.zh}有岗位无人可担任,{how.zh}。", f"Nobody was left for a place of {title.en}: {how.en}.")
        yield Line(text=text, refs=gap.refs, tone="bad")
