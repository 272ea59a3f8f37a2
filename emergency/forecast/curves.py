"""Many runs become curves: the probability over time that everybody has answered and that each milestone is met.

Nothing of a run is kept but counts: for each curve how many runs came to it in which second (1,800 whole numbers for
half an hour), and for each run one byte, so that the same runs can be compared with each other. Ten runs and ten
thousand take about the same room.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import accumulate
from math import ceil

import msgspec

from emergency.forecast.odds import Share, share
from emergency.forecast.question import Question
from emergency.forecast.sample import Sample


class Curve:
    """One thing that comes about or does not: how often it had by each full second."""

    def __init__(self, seconds: int) -> None:
        """Begin empty; *seconds*: the horizon."""
        self.n = 0
        self._came = [0] * (seconds + 1)
        self._sums: list[int] | None = None

    def add(self, at: float | None) -> None:
        """Count one run: when it came about, in seconds; None where it did not. What is later than the horizon counts
        as never."""
        self.n += 1
        self._sums = None
        if at is not None and (second := ceil(at)) < len(self._came):
            self._came[second] += 1

    def count(self, at: float) -> int:
        """Return in how many runs it had come about by *at* seconds, that second included."""
        if self._sums is None:
            self._sums = list(accumulate(self._came))
        return self._sums[max(0, min(int(at), len(self._sums) - 1))] if at >= 0 else 0

    def by(self, at: float) -> Share:
        """Return the probability that it has come about by *at* seconds."""
        return share(self.count(at), self.n)

    @property
    def ever(self) -> Share:
        """The probability that it comes about within the horizon at all."""
        return self.by(len(self._came))

    def quantile(self, part: float) -> int | None:
        """Return the first full second by which *part* of all runs (from 0 to 1) had it; None: not within the horizon.
        A run in which it never came counts as later than any."""
        needed = ceil(part * self.n - 1e-9)
        if self.n == 0 or self.count(len(self._came)) < max(1, needed):
            return None
        assert self._sums is not None
        return bisect_left(self._sums, max(1, needed))

    def points(self, every: int) -> list[tuple[int, Share]]:
        """Return the curve at every so many seconds, from 0 to the horizon."""
        return [(second, self.by(second)) for second in range(0, len(self._came), every)]


class Breaches(msgspec.Struct, frozen=True, kw_only=True):
    """The first target that is missed, over many runs. by: which target, and in how many runs it was the first.

    early: the moment, in seconds, before which it happens in one run of twenty, of those in which it happens at all;
    run, target: one of the runs in which it happens then, and what is missed: play it again for its story.
    """

    runs: int
    missed: Share
    by: tuple[tuple[str, int], ...]
    early: float | None = None
    median: float | None = None
    run: int | None = None
    target: str = ""


class Tally:
    """The runs of one case, counted. Runs are added in the order of their numbers."""

    def __init__(self, question: Question, within: timedelta) -> None:
        """Begin empty. within: the moment that is asked about, after the opening."""
        seconds = int(question.horizon.total_seconds())
        self.question = question
        self.within = within.total_seconds()
        self.everybody = Curve(seconds)
        self.went = Curve(seconds)
        self.roles = {wanted.role: Curve(seconds) for wanted in question.roles}
        self.milestones = {each.name: Curve(seconds) for each in question.milestones}
        self.spared: Counter[str] = Counter()
        self.let_go: Counter[str] = Counter()
        self.last: Counter[str] = Counter()
        self.held: Counter[tuple[str, str]] = Counter()
        self.messages: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.kept = bytearray()
        self._breached: dict[tuple[float, str], tuple[int, int]] = {}

    @property
    def n(self) -> int:
        """How many runs."""
        return self.everybody.n

    def add(self, sample: Sample) -> None:
        """Count one run."""
        done = sample.all_roles
        self.everybody.add(done)
        self.went.add(sample.all_went)
        self.kept.append(done is not None and done <= self.within)
        for wanted, at in zip(self.question.roles, sample.roles, strict=True):
            self.roles[wanted.role].add(at)
        for each, at in zip(self.question.milestones, sample.milestones, strict=True):
            if each.name in sample.spared:
                self.spared[each.name] += 1
            else:
                self.milestones[each.name].add(at)
        self.let_go.update(sample.let_go)
        self._note_last(sample)
        for wanted, people in zip(self.question.roles, sample.answered, strict=True):
            self.held.update((wanted.role, person) for person in people)
        self.messages.update(sample.messages)
        self.asked.update(sample.messages.keys())
        if sample.breach_at is not None:
            name = (
                float(ceil(sample.breach_at)),
                sample.breach,
            )  # in full seconds, or each run would be a key of its own
            first, count = self._breached.get(name, (sample.run, 0))
            self._breached[name] = first, count + 1

    def _note_last(self, sample: Sample) -> None:
        """Who was waited for last: of those who never answered, each."""
        named = list(zip(self.question.roles, sample.roles, strict=True))
        never = [wanted.role for wanted, at in named if at is None]
        if never or not named:
            self.last.update(never)
            return
        self.last[max(named, key=lambda each: each[1] or 0.0)[0].role] += 1

    def share(self) -> Share:
        """Return the probability that everybody who counts has answered by the moment that is asked about."""
        return self.everybody.by(self.within)

    def pacing(self) -> list[tuple[str, float]]:
        """Return the roles by how often each was waited for last (or in vain), most often first, with that share."""
        order = {wanted.role: n for n, wanted in enumerate(self.question.roles)}
        found = sorted(self.last.items(), key=lambda each: (-each[1], order[each[0]]))
        return [(role, count / self.n) for role, count in found]

    def breaches(self, early: float = 0.05) -> Breaches:
        """Return what was missed first; *early*: the quantile that is called early."""
        moments = sorted(self._breached.items())
        total = sum(count for _, (_, count) in moments)
        by = Counter[str]()
        for (_, name), (_, count) in moments:
            by[name] += count
        at = _quantile([(at, count) for (at, _), (_, count) in moments], early)
        run, target = next(((run, name) for (moment, name), (run, _) in moments if moment == at), (None, ""))
        return Breaches(
            runs=self.n,
            missed=share(total, self.n),
            by=tuple(sorted(by.items(), key=lambda each: (-each[1], each[0]))),
            early=at,
            median=_quantile([(at, count) for (at, _), (_, count) in moments], 0.5),
            run=run,
            target=target,
        )


def _quantile(counted: Sequence[tuple[float, int]], part: float) -> float | None:
    """Return the value that *part* of all do not pass. counted: value and count, the lowest value first."""
    needed = part * sum(count for _, count in counted)
    for (at, _), so_far in zip(counted, accumulate(count for _, count in counted), strict=True):
        if so_far >= needed:
            return at
    return None


BATCH = 200
"""Runs between two looks at the width (practice). Looking after every run would stop at lucky moments; and the number
does not hang on the number of cores, so that all find the same."""
FEWEST = 200


def is_narrow(tally: Tally, width: float) -> bool:
    """Return whether so many runs do: at the end of a batch, with half the interval within *width*."""
    return tally.n >= FEWEST and tally.n % BATCH == 0 and tally.share().half <= width


def collect(samples: Iterable[Sample], tally: Tally, width: float) -> bool:
    """Count *samples*, which come in the order of their numbers, until so many do; return whether that came before
    they ended."""
    for sample in samples:
        tally.add(sample)
        if is_narrow(tally, width):
            return True
    return False
