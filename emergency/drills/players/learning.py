"""What call-outs teach about people: from trials to figures, and to the file that lays them over the model.

Bayes on a grid. The prior of a figure is its place in the model: the value as its mean, the range as 90 % of it. A text
is a mixture: a share of people never replies, the others take a log-normal time. Who was not waited for any longer
counts with what is known, that no answer had come by then; to leave them out would flatter everybody. With nothing to
learn from, the figures are the model's own; with little, the ranges say how little.
"""

from __future__ import annotations

import json
import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from emergency.core.values import Text
from emergency.drills.players.model import LEARNED_FORMAT, PROFILES, Habits, Model, Parameter
from emergency.drills.players.trials import Called, Came, Texted, Trials

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Grid = NDArray[np.float64]

FEWEST_PEOPLE = 5
"""A profile with fewer people than this is not shown: its figures would be those of single people (practice)."""
PERSON_TRIALS = 8.0
"""How many trials a profile counts for in the figures of one of its people (practice): with 8 trials of their own, half
of what is said of somebody is their own."""
PERSON_SPREAD = 0.5
"""How far the people of one profile lie apart in the log of their median, as a standard deviation (practice)."""
ALIKE = 0.2
"""How alike two trials of one person are, as a correlation: a spread of 0.5 between people beside one of 1 between two
answers of the same. So twenty answers of one person count for four in what is believed of a profile."""
SURE = 0.9
"""The share of all that may be which a range holds."""
NORMAL_90 = 1.6448536269514722
"""Standard deviations from the middle to either end of that share of a normal."""
SHARES = ("replies_by_text", "answers_call", "presses_key", "declines")
LENGTHS = ("reply_median_s", "reply_sigma")
"""The figures that are learned; all others say more of the providers or of the building than of people."""
MOMENTS_S = (60, 120, 300, 600, 1800)
"""Moments by which the share that has answered is shown, in seconds."""


class Belief(msgspec.Struct, frozen=True):
    """What is believed of one figure: the mean, and the ends between which it lies nine times out of ten."""

    value: float
    low: float
    high: float


class Prior(msgspec.Struct, frozen=True):
    """What was believed of one figure before: mean and standard deviation, on the scale on which it is learned (that of
    its logarithm for lengths and sigmas)."""

    mean: float
    sd: float


def of_share(figure: Parameter) -> Prior:
    """Return the prior of a probability."""
    return Prior(figure.value, max((figure.high - figure.low) / (2 * NORMAL_90), 1e-3))


def of_length(figure: Parameter) -> Prior:
    """Return the prior of the logarithm of a length, or of a sigma."""
    return Prior(math.log(figure.value), max(math.log(figure.high / figure.low) / (2 * NORMAL_90), 1e-3))


def counts(prior: Prior) -> tuple[float, float]:
    """Return the Beta of this mean and spread, as trials that went well and that did not; never less than one in all,
    so that a wide range does not become a belief in the ends."""
    mean = min(max(prior.mean, 0.005), 0.995)
    strength = max(mean * (1 - mean) / prior.sd**2 - 1, 1.0)
    return mean * strength, (1 - mean) * strength


# the three things that are learned


def share(prior: Prior, well: float, of: float) -> Belief:
    """Return what is believed of a probability after *well* of *of* trials."""
    from scipy.stats import beta

    a, b = counts(prior)
    now = beta(a + well, b + of - well)
    return Belief(float(now.mean()), float(now.ppf((1 - SURE) / 2)), float(now.ppf((1 + SURE) / 2)))


Weight = Callable[[Texted | Called | Came], float]
"""How many trials a row counts for."""


def one(row: Texted | Called | Came) -> float:
    """Each row counts for one trial."""
    return 1.0


def of_several(rows: Iterable[Texted | Called | Came]) -> Weight:
    """Return what each of *rows* counts for where they are of several people (the design effect of clusters)."""
    often = Counter(row.person for row in rows)
    return lambda row: 1 / (1 + (often[row.person] - 1) * ALIKE)


def answers_call(prior: Prior, rows: Iterable[Called], available: float, weight: Weight = one) -> Belief:
    """Return what is believed of P(picks up one call). Who was away picked up none of the calls of that incident, which
    is one chance, not several."""
    import numpy as np

    p = _grid(0.0025, 0.9975, 400)
    log = _log_beta(p, prior)
    for row in rows:
        k, n = row.picked_up, row.calls
        seen = available * p**k * (1 - p) ** (n - k)
        log += weight(row) * np.log(seen + (1 - available if k == 0 else 0.0))
    return _belief(p, _normed(log))


class Replies(msgspec.Struct, frozen=True):
    """What is believed of texts: whether somebody ever replies, the median in seconds, sigma of the logarithm."""

    ever: Belief
    median_s: Belief
    sigma: Belief


def replies(
    ever: Prior,
    median: Prior,
    sigma: Prior,
    rows: Sequence[Texted],
    reached: Callable[[Texted], float],
    weight: Weight = one,
) -> Replies:
    """Return what is believed after *rows*.

    Args:
        reached: the chance that a text found somebody at all: there, and its text not lost.
    """
    import numpy as np

    p = _grid(0.005, 0.995, 100)
    mu = median.mean + median.sd * _grid(-4.5, 4.5, 73)
    log_sigma = sigma.mean + sigma.sd * _grid(-3.0, 3.0, 11)
    mus, sigmas = np.meshgrid(mu, np.exp(log_sigma), indexing="ij")
    log = _log_beta(p, ever)[:, None, None] - (
        ((mu - median.mean) / median.sd)[:, None] ** 2 / 2 + ((log_sigma - sigma.mean) / sigma.sd)[None, :] ** 2 / 2
    )
    now = _normed(log + _seen(p, mus, sigmas, rows, reached, weight))
    return Replies(
        ever=_belief(p, now.sum(axis=(1, 2))),
        median_s=_exp(_belief(mu, now.sum(axis=(0, 2)))),
        sigma=_exp(_belief(log_sigma, now.sum(axis=(0, 1)))),
    )


def _seen(
    p: Grid, mus: Grid, sigmas: Grid, rows: Sequence[Texted], reached: Callable[[Texted], float], weight: Weight
) -> Grid:
    """Return how likely all *rows* are, as a logarithm, for each p, mu and sigma."""
    import numpy as np
    from scipy.special import ndtr

    timed = [(math.log(row.seconds), weight(row)) for row in rows if row.answered and not row.test]
    n, first, second = (sum(w * x**power for x, w in timed) for power in (0, 1, 2))
    times: Grid = -n * np.log(sigmas) - (second - 2 * mus * first + n * mus**2) / (2 * sigmas**2)
    answered = sum(weight(row) for row in rows if row.answered)
    log: Grid = times[None, :, :] + (answered * np.log(p))[:, None, None]
    for row in rows:
        if not row.answered:
            by_then = np.ones_like(mus) if row.test else ndtr((math.log(row.seconds) - mus) / sigmas)
            log = log + weight(row) * np.log1p(-reached(row) * p[:, None, None] * by_then[None, :, :])
    return log


def _grid(least: float, most: float, points: int) -> Grid:
    import numpy as np

    return np.asarray(np.linspace(least, most, points), dtype=np.float64)


def _log_beta(p: Grid, prior: Prior) -> Grid:
    import numpy as np

    a, b = counts(prior)
    return np.asarray((a - 1) * np.log(p) + (b - 1) * np.log1p(-p))


def _normed(log: Grid) -> Grid:
    import numpy as np

    weight = np.exp(log - log.max())
    return np.asarray(weight / weight.sum())


def _belief(points: Grid, weight: Grid) -> Belief:
    """Return mean and range of what lies on evenly spaced *points*."""
    import numpy as np

    below = np.cumsum(weight) - weight / 2
    low, high = np.interp([(1 - SURE) / 2, (1 + SURE) / 2], below, points)
    mean = float((points * weight).sum())
    return Belief(mean, min(float(low), mean), max(float(high), mean))


def _exp(belief: Belief) -> Belief:
    return Belief(math.exp(belief.value), math.exp(belief.low), math.exp(belief.high))


# the curve, with nothing assumed


class By(msgspec.Struct, frozen=True):
    """The share that had answered by a moment, and between which ends it lies; low and high None: too few to say."""

    within_s: int
    share: float
    low: float | None
    high: float | None


def curve(rows: Sequence[Texted], moments: Sequence[int] = MOMENTS_S) -> tuple[By, ...]:
    """Return the share that had answered by each moment (Kaplan and Meier, 1958), as far as anybody was waited for."""
    import numpy as np
    from scipy.stats import CensoredData, ecdf

    rows = [row for row in rows if not row.test]
    if not any(row.answered for row in rows):
        return ()
    data = CensoredData(
        uncensored=[row.seconds for row in rows if row.answered],
        right=[row.seconds for row in rows if not row.answered],
    )
    left = ecdf(data).sf
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of ends that are undefined: they are shown as unknown
        ends = left.confidence_interval(SURE, method="log-log")
    longest = max(row.seconds for row in rows)
    found = []
    for moment in moments:
        if moment <= longest:
            low, high = (_number(1 - float(end.evaluate(moment))) for end in (ends.high, ends.low))
            found.append(By(moment, 1 - float(left.evaluate(moment)), low, high))
    return tuple(found)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


# people and profiles


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned of one profile, or of one person. figures: only those that some trial spoke of."""

    name: str
    profile: str
    people: int
    trials: Trials
    figures: dict[str, Belief]


def of_profile(model: Model, profile: str, trials: Trials) -> Learned:
    """Return what *trials*, all of one profile, teach about it."""
    figures = model.profiles[profile]
    priors = {name: of_share(figures[name]) for name in SHARES} | {name: of_length(figures[name]) for name in LENGTHS}
    return _learn(profile, profile, model.habits(profile), priors, trials, of_several)


def of_person(of: Learned, person: str, model: Model, trials: Trials) -> Learned:
    """Return what *trials*, all of one person in one profile, teach about them, beside what their profile is like."""
    figures, habits = model.profiles[of.profile], model.habits(of.profile)

    def now(name: str) -> float:
        return of.figures[name].value if name in of.figures else figures[name].value

    priors = {name: Prior(now(name), math.sqrt(now(name) * (1 - now(name)) / (PERSON_TRIALS + 1))) for name in SHARES}
    priors["reply_median_s"] = Prior(math.log(now("reply_median_s")), PERSON_SPREAD)
    priors["reply_sigma"] = Prior(math.log(now("reply_sigma")), 0.05)
    return _learn(person, of.profile, habits, priors, trials, lambda rows: one)


def _learn(
    name: str,
    profile: str,
    habits: Habits,
    priors: Mapping[str, Prior],
    trials: Trials,
    weighed: Callable[[Iterable[Texted | Called | Came]], Weight],
) -> Learned:
    figures: dict[str, Belief] = {}

    def reached(row: Texted) -> float:
        return habits.available * (1.0 if row.receipt else 1 - habits.text_lost)

    if trials.texted:
        rows = [_from_arrival(row, habits) for row in trials.texted]
        ever, median, sigma = priors["replies_by_text"], priors["reply_median_s"], priors["reply_sigma"]
        said = replies(ever, median, sigma, rows, reached, weighed(rows))
        figures["replies_by_text"] = said.ever
        if any(row.answered and not row.test for row in rows):
            figures |= {"reply_median_s": said.median_s, "reply_sigma": said.sigma}
    if trials.called:
        weight = weighed(trials.called)
        figures["answers_call"] = answers_call(priors["answers_call"], trials.called, habits.available, weight)
        keys, asked = (sum(weight(row) * getattr(row, each) for row in trials.called) for each in ("keys", "asked"))
        if asked:
            figures["presses_key"] = share(priors["presses_key"], keys, asked)
    if trials.came:
        weight = weighed(trials.came)
        declined, came = sum(weight(row) * row.declined for row in trials.came), sum(map(weight, trials.came))
        figures["declines"] = share(priors["declines"], declined, came)
    return Learned(name=name, profile=profile, people=len(trials.people), trials=trials, figures=figures)


def _from_arrival(row: Texted, habits: Habits) -> Texted:
    """Return *row* with the time a text usually takes to the telephone left out, where no receipt said how long."""
    if row.receipt or row.test:
        return row
    way = min(habits.text_median_s, row.seconds / 2)
    return msgspec.structs.replace(row, seconds=row.seconds - way)


def of_profiles(model: Model, trials: Trials) -> tuple[list[Learned], list[str]]:
    """Return what was learned of each profile, and those of which too few people are known."""
    found, too_few = [], []
    for profile in PROFILES:
        theirs = trials.only(profile=profile)
        if len(theirs.people) >= FEWEST_PEOPLE:
            found.append(of_profile(model, profile, theirs))
        elif len(theirs):
            too_few.append(profile)
    return found, too_few


def of_people(model: Model, trials: Trials, known: Iterable[str]) -> list[Learned]:
    """Return what was learned of each person in *known*, in each profile in which they were asked."""
    found = []
    by_profile = {profile: trials.only(profile=profile) for profile in PROFILES}
    wholes = {profile: of_profile(model, profile, rows) for profile, rows in by_profile.items() if len(rows)}
    for person in sorted(known):
        for profile, whole in wholes.items():
            theirs = by_profile[profile].only(person=person)
            if theirs.texted or theirs.called:
                found.append(of_person(whole, person, model, theirs))
    return found


# the file


def file_text(profiles: Sequence[Learned], people: Sequence[Learned], made: datetime, since: datetime | None) -> str:
    """Return the text of people-learned.yaml, as `model.read_model` reads it."""
    lines = [
        "# What this installation's own call-outs taught about how people answer. Written by: emergency drill learn",
        "# Not for editing: values of your own go into people-model.yaml. Delete this file to unlearn it all.",
        "",
        f"format: {LEARNED_FORMAT}",
        f"made: {made.date().isoformat()}",
    ]
    if profiles:
        lines += ["", "profiles:"]
    for each in profiles:
        lines += _lines(each, since)
    if people:
        lines += ["", "people:"]
    for name in dict.fromkeys(each.name for each in people):
        lines.append(f"  {name}:")
        lines += [f"  {line}" for each in people if each.name == name for line in _lines(each, since)]
    return "\n".join(lines) + "\n"


def _lines(each: Learned, since: datetime | None) -> list[str]:
    source = _source(each, since)
    figures = [f"    {name}: {_figure(belief, source)}" for name, belief in each.figures.items()]
    return [f"  {each.profile}:", *figures]


def _figure(belief: Belief, source: Text) -> str:
    zh, en = json.dumps(source.zh, ensure_ascii=False), json.dumps(source.en)
    low, value, high = (f"{each:.4g}" for each in (belief.low, belief.value, belief.high))
    return f"{{value: {value}, low: {low}, high: {high}, basis: learned, source: {{zh: {zh}, en: {en}}}}}"


def _source(each: Learned, since: datetime | None) -> Text:
    t = each.trials
    answered, calls, picked = (
        sum(row.answered for row in t.texted),
        sum(row.calls for row in t.called),
        sum(row.picked_up for row in t.called),
    )
    zh, en = (f"（{since.date()}起）", f" since {since.date()}") if since is not None else ("", "")
    return Text(
        f"本单位记录{zh}：短信{len(t.texted)}次，答复{answered}次；电话{calls}次，接听{picked}次",
        f"own records{en}: {len(t.texted)} texts, {answered} answered; {calls} calls, {picked} picked up",
    )


def write(path: Path, text: str) -> None:
    """Put *text* in the file's place in one step, readable by its owner alone. Raises OSError."""
    import os

    new = path.with_suffix(".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def forget(path: Path, person: str) -> bool:
    """Take *person* out of the file; return whether they stood in it. Raises OSError."""
    if not path.exists():
        return False
    lines = path.read_text("utf-8").splitlines(keepends=True)
    left = list(_without(lines, person))
    if len(left) < len(lines):
        write(path, "".join(left))
    return len(left) < len(lines)


def _without(lines: Iterable[str], person: str) -> Iterator[str]:
    """Yield the lines, each of which we wrote, that do not speak of *person*."""
    section = name = ""
    for line in lines:
        depth = len(line) - len(line.lstrip(" "))
        if depth == 0:
            section, name = line.strip(), ""
        elif depth == 2:
            name = line.strip()
        if (section, name) != ("people:", f"{person}:"):
            yield line


def document(each: Learned, model: Model) -> dict[str, Any]:
    """Return what was learned of a profile or a person as a document."""
    was = model.profiles[each.profile]
    t = each.trials
    return {
        "name": each.name,
        "profile": each.profile,
        "people": each.people,
        "texts": len(t.texted),
        "texts_answered": sum(row.answered for row in t.texted),
        "texts_censored": sum(not row.answered for row in t.texted),
        "tests": sum(row.test for row in t.texted),
        "calls": sum(row.calls for row in t.called),
        "calls_picked_up": sum(row.picked_up for row in t.called),
        "declined": sum(row.declined for row in t.came),
        "answered_by": [msgspec.to_builtins(by) for by in curve(t.texted)],
        "figures": [
            {
                "name": name,
                "was": was[name].value,
                "was_low": was[name].low,
                "was_high": was[name].high,
                **{end: round(getattr(belief, end), 4) for end in ("value", "low", "high")},
            }
            for name, belief in each.figures.items()
        ],
    }
