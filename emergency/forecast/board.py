"""`emergency drill forecast`: reads what a forecast is computed with, computes it, and answers with one document."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from emergency.app import App
from emergency.core.near import nearest
from emergency.core.playbook import Playbook
from emergency.core.site import Place, Site
from emergency.core.values import Text
from emergency.drills.players.model import read_model
from emergency.errors import Mistakes, Problem
from emergency.forecast import story
from emergency.forecast.band import Band, Swing, band, tornado
from emergency.forecast.case import Change, Setting
from emergency.forecast.changes import Base, Effect, Loss, effects, ideas, loss, losses
from emergency.forecast.curves import BATCH, Curve, Tally, collect
from emergency.forecast.odds import Difference, Share
from emergency.forecast.pool import Pool
from emergency.forecast.week import Week, week
from emergency.match import find_place
from emergency.store.codec import to_text
from emergency.verbs import a_moment, severity_of

Document = dict[str, Any]
RUNS = 2400
"""Runs at most, where nobody says how many: for any share, two points either way (1.96² / 4 / 0.02² = 2,401)."""
WIDTH = 0.02
"""Half the interval at which it is enough, where nobody says."""
FEW = 400
"""Runs of each case that is compared: a difference in the same runs is then sure to some three points."""
FEWER = 100
"""Runs of each team of a week and of each end of a figure: a look, to ten points."""
EVERY = 15
"""Seconds between two points of a curve in the document."""
MOST_RUNS = 1_000_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed. runs: at most; width: half the interval that is enough, 0 for all runs."""

    playbook: str
    place: str | None = None
    at: str | None = None
    runs: int = RUNS
    seed: int = 1
    within: timedelta = timedelta(minutes=5)
    width: float = WIDTH
    cores: int = 1
    severity: str | None = None
    roles: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    who: bool = False
    what_if: bool = False
    assumptions: bool = False
    week: bool = False


def forecast(app: App, asked: Asked, say: Callable[[str], None] = lambda part: None) -> Document:
    """Return the document of a forecast.

    Args:
        say: is told what is being computed, by a word: `base`, `band`, `without`, `who`, `changes`, `tornado`, `week`.

    Raises:
        Mistakes: no such plan, place, time, person, role or number; every mistake of the words at once.
    """
    setting, names, absent = _read(app, asked)
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
    found["assumptions"] = _band(band(pool, few, asked.within))
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


# reading


def _read(app: App, asked: Asked) -> tuple[Setting, dict[str, Any], tuple[str, ...]]:
    """Return the setting, what people are called, and who is to be absent."""
    engine = app.engine()
    with contextlib.closing(engine.store):
        site, roster = app.people.site(engine), app.people.roster(engine)
        plan = app.library.named(engine, asked.playbook, site)
        now = engine.clock.now()
        begins = datetime.fromisoformat(a_moment("--at", asked.at, now, site.timezone)) if asked.at else now
        names = {language: app.people.names(engine, language) for language in ("zh", "en")}
    place = find_place(asked.place, plan, site) if asked.place or plan.place != "zone" else _usual_place(plan, site)
    known = {id: {language: names[language].get(id, id) for language in names} for id in roster.people}
    problems: list[Problem] = _impossible(asked)
    absent = tuple(_person(word, known, problems) for word in asked.without)
    told = _pairs("--fact", asked.facts, [fact.name for fact in plan.facts], problems)
    steps = {step.name for state in plan.states for step in state.steps if step.decision}
    decisions = _pairs("--answer", asked.decisions, sorted(steps), problems)
    if problems:
        raise Mistakes(problems)
    setting = Setting(
        plan=plan,
        site=site,
        place=place.id,
        begins=begins,
        roster=roster,
        model=read_model(app.settings.home),
        reach=app.desktop.reach_of("real"),
        roles=asked.roles,
        severity=severity_of(asked.severity) if asked.severity else None,
        told=told,
        decisions=decisions,
        seed=asked.seed,
    )
    return setting, known, absent


def _usual_place(plan: Playbook, site: Site) -> Place:
    """Return the place that is meant where nobody says one: the first zone that the plan can be about."""
    return next((place for place in site.places if place.kind == plan.place), site.places[0])


def _impossible(asked: Asked) -> list[Problem]:
    found = []
    if not 1 <= asked.runs <= MOST_RUNS:
        found.append(Problem(file="--runs", line=0, says=f"{asked.runs}: say a number from 1 to {MOST_RUNS}"))
    if not 0 <= asked.width < 1:
        found.append(Problem(file="--width", line=0, says=f"{asked.width:g}: say half a width from 0 to 1, as 0.02"))
    if not timedelta(0) < asked.within <= timedelta(minutes=30):
        found.append(Problem(file="--within", line=0, says="say a length up to 30m, as 5m or 90s"))
    if not 1 <= asked.cores <= 256:
        found.append(Problem(file="--cores", line=0, says=f"{asked.cores}: say a number from 1 to 256"))
    return found


def _person(word: str, known: Mapping[str, Mapping[str, str]], problems: list[Problem]) -> str:
    """Return the roster id that *word* names, by id or by name."""
    meant = [
        id for id, names in known.items() if word.casefold() in {id.casefold(), *(n.casefold() for n in names.values())}
    ]
    if len(meant) != 1:
        hint = nearest(word, [*known, *(names["en"] for names in known.values())])
        problems.append(Problem(file="--without", line=0, says=f"'{word}' is nobody in the roster.{hint}"))
        return word
    return meant[0]


def _pairs(option: str, words: Iterable[str], known: Sequence[str], problems: list[Problem]) -> dict[str, str]:
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in known:
            problems.append(
                Problem(file=option, line=0, says=f"'{word}' is no NAME=VALUE of this plan.{nearest(name, known)}")
            )
        found[name] = value
    return found


def a_length(option: str, text: str) -> timedelta:
    """Return the length that was typed: `5m`, `90s`. Raises Mistakes."""
    from emergency.shapes import a_length as read

    try:
        return read(text)
    except ValueError:
        raise Mistakes(f"{option}: '{text}' is no length; write 5m, or 90s") from None


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
        "steps": {step.name: both(step.do) for state in plan.states for step in state.steps},
    }


def both(text: Text) -> dict[str, str]:
    """Return words in both languages, for a document."""
    return {"zh": text.zh, "en": text.en}


def _share(found: Share) -> Document:
    return {"p": found.p, "low": found.low, "high": found.high, "n": found.n}


def _times(curve: Curve) -> Document:
    """Return the middle and the 95 % of a curve, in seconds (None: not within the horizon), and whether ever."""
    return {"p50": curve.quantile(0.5), "p95": curve.quantile(0.95), "ever": curve.ever.p}


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
    return [
        {key: value for key, value in msgspec.structs.asdict(beat).items() if value or key == "at"} for beat in beats
    ]


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
            {"name": both(each.name), "at": each.at.isoformat(), "holiday": each.holiday, **_share(each.share)}
            for each in found.named
        ],
    }
