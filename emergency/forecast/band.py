"""How far the answer hangs on what nobody has measured: all guesses at their worse ends, at their better ends, and each
alone.

For every figure its file says a range. Which end is the worse one stands below. Quick work is better in one plan, and
in another lets it go on before everybody has answered: so both ends are played. Where even that says nothing, the
figure stays where it is, and only the tornado moves it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Literal

import msgspec

from emergency.drills.players.model import Parameter
from emergency.forecast.case import Case, Change
from emergency.forecast.changes import ANSWERS, is_kept
from emergency.forecast.odds import Difference, Share, paired, share
from emergency.forecast.pool import Pool

End = Literal["low", "high"]
WORSE: dict[str, End] = {
    "available": "low",
    "replies_by_text": "low",
    "reply_median_s": "high",
    "reply_sigma": "high",
    "answers_call": "low",
    "ring_s": "high",
    "call_s": "high",
    "unanswered_s": "high",
    "presses_key": "low",
    "text_median_s": "high",
    "text_sigma": "high",
    "text_lost": "high",
    "declines": "high",
    "attentive": "high",
}
"""The figures that the time of an answer hangs on, each with its worse end."""
WORK = ("travel_median_s", "work_share", "work_untimed_s")
"""How long the way and the work take, quick at the low end."""
EITHER = ("voicemail", "team_correlation", "travel_sigma", "work_sigma", "false_ack")
"""Figures that matter too, of which it hangs on the plan which end is the worse: people who fall out together leave a
role without its deputy, and other roles with everybody."""
WORLD = ("work_share", "work_sigma", "work_untimed_s", "team_correlation")


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """The figures that the answer rests on, and how many of them are assumed; a figure that four kinds of people have
    counts four times where all four are in the team."""

    of: int
    assumed: int


class Swing(msgspec.Struct, frozen=True, kw_only=True):
    """What one figure does to the answer, everything else being as it is: at the low and the high end of its range.
    assumed: nobody has measured it for one kind of people at least."""

    figure: str
    low: Share
    high: Share
    at_low: Difference
    at_high: Difference
    assumed: bool

    @property
    def width(self) -> float:
        """How far the answer moves from end to end."""
        return abs(self.high.p - self.low.p)


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """The answer with all assumed figures at their worse and at their better ends, whichever work is quick or slow."""

    worse: Share
    better: Share
    inputs: Inputs


def figures(case: Case) -> dict[str, dict[str, Parameter]]:
    """Return the figures that matter for this case: name to where it stands (`on_site`, ..., `world`) to figure."""
    used = sorted({profile for person, profile in case.profiles.items() if _is_reachable(case, person)})
    found: dict[str, dict[str, Parameter]] = {}
    for dotted, figure in case.model.parameters():
        where, _, name = dotted.partition(".")
        if (where in used and name in {*WORSE, *WORK, *EITHER}) or (where == "world" and name in WORLD):
            found.setdefault(name, {})[where] = figure
    return found


def _is_reachable(case: Case, person: str) -> bool:
    return any(m.id == person and m.duty != "off" and m.channels for m in case.teams[0][1])


def inputs(case: Case) -> Inputs:
    """Return how many figures the answer rests on, and how many of them are assumed."""
    found = [figure for each in figures(case).values() for figure in each.values()]
    return Inputs(of=len(found), assumed=sum(figure.assumed for figure in found))


def at_ends(case: Case, *, worse: bool, quick: bool) -> Change:
    """Return the change that puts every assumed figure at its worse or better end, and work at its quick or slow."""
    return Change(figures=tuple(sorted(_moved(case, worse=worse, quick=quick))), answers_only=True)


def _moved(case: Case, *, worse: bool, quick: bool) -> Iterator[tuple[str, float]]:
    for name, by_profile in figures(case).items():
        if name in EITHER:
            continue
        low = quick if name in WORK else (WORSE[name] == "low") == worse
        for where, figure in by_profile.items():
            if figure.assumed:
                yield f"{where}.{name}", figure.low if low else figure.high


def band(pool: Pool, runs: int, within: timedelta) -> Band:
    """Return how far the answer goes when all that is assumed is worse, or better, than assumed: the worst and the best
    of four cases with so many *runs* each."""
    case = pool.case()
    found = [
        _share(pool, at_ends(case, worse=worse, quick=quick), runs, within)
        for worse in (True, False)
        for quick in (True, False)
    ]
    return Band(
        worse=min(found, key=lambda each: each.p), better=max(found, key=lambda each: each.p), inputs=inputs(case)
    )


def _share(pool: Pool, change: Change, runs: int, within: timedelta) -> Share:
    kept = _kept(pool, change, runs, within)
    return share(sum(kept), len(kept))


def _kept(pool: Pool, change: Change, runs: int, within: timedelta) -> list[bool]:
    return [is_kept(sample, within) for sample in pool.samples(range(runs), change)]


ENDS: tuple[End, End] = ("low", "high")


def _at(name: str, by_profile: dict[str, Parameter], end: End) -> Change:
    """Return the change that puts one figure at an end of its range, for everybody."""
    values = tuple((f"{where}.{name}", getattr(figure, end)) for where, figure in by_profile.items())
    return Change(figures=values, answers_only=True)


def tornado(pool: Pool, runs: int, within: timedelta, only: Collection[str] = ()) -> list[Swing]:
    """Return what each figure does alone, or each of *only*, the widest first."""
    case, found = pool.case(), []
    before = _kept(pool, ANSWERS, runs, within)
    for name, by_profile in figures(case).items():
        if only and name not in only:
            continue
        low, high = (_kept(pool, _at(name, by_profile, end), runs, within) for end in ENDS)
        found.append(
            Swing(
                figure=name,
                low=share(sum(low), len(low)),
                high=share(sum(high), len(high)),
                at_low=paired(before, low),
                at_high=paired(before, high),
                assumed=any(figure.assumed for figure in by_profile.values()),
            )
        )
    return sorted(found, key=lambda each: (-each.width, each.figure))
