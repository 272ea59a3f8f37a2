"""`emergency drill forecast`: computes what was asked, and answers with one document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from emergency.app import App
from emergency.core.templates import STAND_BY, TAKE_OVER
from emergency.core.values import Text
from emergency.forecast import story
from emergency.forecast.band import Band, Swing, band, tornado
from emergency.forecast.case import Change, Setting
from emergency.forecast.changes import Base, Effect, Loss, effects, ideas, loss, losses
from emergency.forecast.curves import BATCH, Curve, Tally, collect
from emergency.forecast.odds import Difference, Share
from emergency.forecast.pool import Pool
from emergency.forecast.reading import Asked, understand
from emergency.forecast.week import Week, week
from emergency.store.codec import to_text

Document = dict[str, Any]
FEW = 400
"""Runs of each case that is compared: a difference in the same runs is then sure to some three points."""
FEWER = 100
"""Runs of each team of a week and of each end of a figure: a look, to ten points. The ends of all figures together have
half of FEW each."""
BESIDE_THE_PLAN = {"stand_by": STAND_BY, "relieve": TAKE_OVER, "nudge": Text("催办", "a reminder")}
"""What is asked of people that is no step of the plan."""
EVERY = 15
"""Seconds between two points of a curve in the document."""


def forecast(app: App, asked: Asked, say: Callable[[str], None] = lambda part: None) -> Document:
    """Return the document of a forecast.

    Args:
        say: is told what is being computed, by a word: `base`, `band`, `without`, `who`, `changes`, `tornado`, `week`.

    Raises:
        Mistakes: no such plan, place, time, person, role or number; every mistake of the words at once.
    """
    setting, names, absent = understand(app, asked)
    with Pool(setting, asked.cores) as pool:
        say("base")
        tally = Tally(pool.case().question, asked.within)
        narrow = collect(pool.samples(range(asked.runs)), tally, asked.width)
        document = _answer(setting, asked, pool, tally, narrow=narrow)
        document |= _more(asked, pool, tally, absent, say)
    return {**document, "names": names}


def _more(asked: Asked, pool: Pool, tally: Tally, absent: Sequence[str], say: Callable[[str], None]) -> Document:
    """Return what was asked beside the answer itself."""
    found: Document = {}
    few, fewer = min(FEW, asked.runs), min(FEWER, asked.runs)
    say("band")
    found["assumptions"] = _band(band(pool, max(1, few // 2), asked.within))
    if absent or asked.who or asked.what_if:
        base = Base(pool, few, asked.within)
        if absent:
            say("without")
            found["without"] = _loss(base, loss(base, absent))
        if asked.who:
            say("who")
            found["people"] = [_loss(base, each, told=False) for each in losses(base)]
        if asked.what_if:
            say("changes")
            found["changes"] = [_effect(each) for each in effects(base, ideas(tally, pool.case()))]
    if asked.assumptions:
        say("tornado")
        found["assumptions"]["tornado"] = [_swing(each) for each in tornado(pool, fewer, asked.within)]
    if asked.week:
        say("week")
        found["week"] = _week(week(pool, fewer, asked.within))
    return found


# the document


def _answer(setting: Setting, asked: Asked, pool: Pool, tally: Tally, *, narrow: bool) -> Document:
    """Return the answer itself."""
    plan, site, within = setting.plan, setting.site, tally.within
    last = dict(tally.pacing())
    return {
        "playbook": plan.id,
        "title": both(plan.title),
        "place": setting.place,
        "place_name": both(site.place(setting.place).name),
        "at": to_text(setting.begins),
        "timezone": site.timezone,
        "severity": max(plan.start, setting.severity or plan.start).value,
        "within": within,
        "horizon": tally.question.horizon.total_seconds(),
        "seed": setting.seed,
        "runs": tally.n,
        "target_width": asked.width,
        "stopped": "narrow" if narrow else "runs",
        "batch": BATCH,
        "answer": {**_share(tally.share()), **_times(tally.everybody)},
        "went": _share(tally.went.by(within)),
        "rule": "named" if setting.roles else "critical",
        "curve": _curve(tally.everybody),
        "roles": [
            {
                "role": wanted.role,
                "title": both(site.duty(wanted.role).title),
                "heads": wanted.heads,
                "of": wanted.of,
                "empty": wanted.empty,
                **_share(tally.roles[wanted.role].by(within)),
                **_times(tally.roles[wanted.role]),
                "last": last.get(wanted.role, 0.0),
                "let_go": tally.let_go[wanted.role] / tally.n if tally.n else 0.0,
                "answered_by": _answered_by(tally, wanted.role),
                "curve": _curve(tally.roles[wanted.role]),
            }
            for wanted in tally.question.roles
        ],
        "milestones": [
            {
                "milestone": each.name,
                "title": both(each.title),
                "source": each.source,
                "target": each.within.total_seconds(),
                "spared": tally.spared[each.name] / tally.n if tally.n else 0.0,
                **_share(tally.milestones[each.name].by(each.within.total_seconds())),
                **_times(tally.milestones[each.name]),
                "curve": _curve(tally.milestones[each.name]),
            }
            for each in tally.question.milestones
        ],
        "breach": _breach(pool, tally),
        "messages": {person: count / tally.n for person, count in tally.messages.most_common()},
        "role_titles": {duty.role: both(duty.title) for duty in site.duties},
        "states": {state.name: both(state.title) for state in plan.states},
        "steps": {
            **{name: both(words) for name, words in BESIDE_THE_PLAN.items()},
            **{step.name: both(step.do) for state in plan.states for step in state.steps},
        },
    }


def both(text: Text) -> dict[str, str]:
    """Return words in both languages, for a document."""
    return {"zh": text.zh, "en": text.en}


def _share(found: Share) -> Document:
    return {"p": found.p, "low": found.low, "high": found.high, "n": found.n}


def _times(curve: Curve) -> Document:
    """Return the middle and the 95 % of a curve, in seconds (None: not within the horizon), and whether ever."""
    ever = curve.ever
    times = {"p50": curve.quantile(0.5), "p95": curve.quantile(0.95)}
    return {**times, "ever": ever.p, "ever_low": ever.low, "ever_high": ever.high}


def _curve(curve: Curve) -> list[list[float]]:
    return [[second, s.p, s.low, s.high] for second, s in curve.points(EVERY)]


def _answered_by(tally: Tally, role: str) -> dict[str, float]:
    held = {person: count / tally.n for (each, person), count in tally.held.items() if each == role}
    return dict(sorted(held.items(), key=lambda each: (-each[1], each[0])))


def _breach(pool: Pool, tally: Tally) -> Document:
    found = tally.breaches()
    document: Document = {
        **{f"missed_{key}": value for key, value in _share(found.missed).items()},
        "by": [{"target": target, "share": count / found.runs} for target, count in found.by],
        "early": found.early,
        "median": found.median,
        "run": found.run,
        "target": found.target,
        "role": "",
        "story": [],
    }
    if found.run is not None:
        incident, log = pool.case().log(found.run)
        role, beats = story.breach(incident, log, found.target, found.early or 0.0)
        document["role"], document["story"] = role, _beats(beats)
    return document


def _beats(beats: Iterable[story.Beat]) -> list[Document]:
    """Return a story for a document: of each beat what it has."""
    found = [{**msgspec.structs.asdict(beat), "do": both(beat.do) if beat.do else None} for beat in beats]
    return [{key: value for key, value in beat.items() if value or key == "at"} for beat in found]


def _difference(found: Difference) -> Document:
    return {"delta": found.delta, "low": found.low, "high": found.high, "n": found.n, "noise": found.is_noise}


def _effect(each: Effect) -> Document:
    change = msgspec.to_builtins(each.idea.change)
    return {
        "kind": each.idea.kind,
        "person": each.idea.person,
        "role": each.idea.role,
        "change": {key: value for key, value in change.items() if value not in (None, [], False, 1)},
        "before": _share(each.before),
        "after": _share(each.after),
        "difference": _difference(each.difference),
        "p50_before": each.p50_before,
        "p50_after": each.p50_after,
    }


def _loss(base: Base, each: Loss, *, told: bool = True) -> Document:
    document: Document = {
        "person": each.person,
        "before": _share(each.before),
        "after": _share(each.after),
        "difference": _difference(each.difference),
        "only": _share(each.only),
        "role": each.role,
        "instead": each.instead,
        "run": each.run,
    }
    if told and each.run is not None and each.role:
        case = base.pool.case(Change(absent=tuple(each.person.split(", "))))
        incident, log = case.log(each.run)
        document["story"] = _beats(story.story(incident, log, each.role, base.within.total_seconds()))
    return document


def _swing(each: Swing) -> Document:
    return {
        "figure": each.figure,
        "assumed": each.assumed,
        "low": _share(each.low),
        "high": _share(each.high),
        "at_low": _difference(each.at_low),
        "at_high": _difference(each.at_high),
    }


def _band(found: Band) -> Document:
    return {
        "of": found.inputs.of,
        "assumed": found.inputs.assumed,
        "share": found.inputs.assumed / found.inputs.of if found.inputs.of else 0.0,
        "worse": _share(found.worse),
        "better": _share(found.better),
    }


def _week(found: Week) -> Document:
    return {
        "teams": found.teams,
        "runs": found.runs,
        "hours": [{"at": each.at.isoformat(), "team": each.team, **_share(each.share)} for each in found.hours],
        "weakest": found.weakest.at.isoformat(),
        "named": [
            {
                "name": both(each.name),
                "at": each.at.isoformat(),
                "holiday": both(each.holiday) if each.holiday is not None else None,
                **_share(each.share),
            }
            for each in found.named
        ],
    }
