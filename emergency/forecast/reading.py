"""Reads what was typed after `emergency drill forecast`: every mistake of the words at once, in both languages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from emergency.app import App
from emergency.core.near import nearest, nearest_zh
from emergency.core.playbook import Playbook
from emergency.core.site import Place, Site
from emergency.drills.players.model import read_model
from emergency.errors import Mistakes, Problem
from emergency.forecast.case import Setting
from emergency.forecast.question import MOST_AHEAD, known_roles
from emergency.match import find_place
from emergency.roster import Roster
from emergency.verbs import a_moment, parse_fact, severity_of

RUNS = 2400
"""Runs at most, where nobody says how many: for any share, two points either way (1.96² / 4 / 0.02² = 2,401)."""
WIDTH = 0.02
"""Half the interval at which it is enough, where nobody says."""
MOST_RUNS = 1_000_000
MOST_CORES = 256


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


class Understood(NamedTuple):
    """What the words mean. names: roster id to language to name; absent: whom `--without` names, by roster id."""

    setting: Setting
    names: dict[str, dict[str, str]]
    absent: tuple[str, ...]


class _Installed(NamedTuple):
    """What the words are held against."""

    plan: Playbook
    site: Site
    roster: Roster
    names: dict[str, dict[str, str]]
    now: datetime


def understand(app: App, asked: Asked) -> Understood:
    """Return what the words mean, held against the installation.

    Raises:
        Mistakes: no such plan; or every mistake of the other words at once.
    """
    here = _installed(app, asked.playbook)
    plan, site = here.plan, here.site
    problems = list(_impossible(asked))
    begins, place, severity, roles = here.now, site.places[0], None, asked.roles
    told: dict[str, str] = {}
    with _noted(problems):
        begins = _moment(asked.at, here.now, site.timezone)
    with _noted(problems, "--place"):
        place = _place(asked.place, plan, site)
    with _noted(problems, "--severity"):
        severity = severity_of(asked.severity) if asked.severity else None
    with _noted(problems):
        roles = known_roles(plan, asked.roles)
    for name, value in _pairs("--fact", asked.facts, [fact.name for fact in plan.facts], problems).items():
        fact = plan.fact(name)
        assert fact is not None
        with _noted(problems, "--fact"):
            told[name] = parse_fact(fact, value, begins, site.timezone)
    decisions = _decisions(asked.decisions, plan, problems)
    absent = tuple(_person(word, here.names, problems) for word in asked.without)
    if problems:
        raise Mistakes(problems)
    setting = Setting(
        plan=plan,
        site=site,
        place=place.id,
        begins=begins,
        roster=here.roster,
        model=read_model(app.settings.home),
        reach=app.desktop.reach_of("real"),
        roles=roles,
        severity=severity,
        told=told,
        decisions=decisions,
        seed=asked.seed,
        ahead=asked.within,
    )
    return Understood(setting, here.names, absent)


def _installed(app: App, playbook: str) -> _Installed:
    engine = app.engine()
    with contextlib.closing(engine.store):
        site, roster = app.people.site(engine), app.people.roster(engine)
        plan = app.library.named(engine, playbook, site)
        called = {language: app.people.names(engine, language) for language in ("zh", "en")}
        names = {id: {language: called[language].get(id, id) for language in called} for id in roster.people}
        return _Installed(plan, site, roster, names, engine.clock.now())


@contextlib.contextmanager
def _noted(problems: list[Problem], option: str = "") -> Iterator[None]:
    """Note what is found wrong within, and go on. option: said before it, where it does not name its own."""
    try:
        yield
    except Mistakes as wrong:
        problems += [msgspec.structs.replace(each, file=each.file or option) for each in wrong.problems]


def _place(word: str | None, plan: Playbook, site: Site) -> Place:
    """Return the place that *word* names; where nobody says one, the first zone that the plan can be about."""
    if word is None and plan.place == "zone":
        return next((place for place in site.places if place.kind == plan.place), site.places[0])
    return find_place(word, plan, site)


_DAYS = {
    name: day
    for day, names in enumerate(
        (
            "mon monday 周一 星期一",
            "tue tuesday 周二 星期二",
            "wed wednesday 周三 星期三",
            "thu thursday 周四 星期四",
            "fri friday 周五 星期五",
            "sat saturday 周六 星期六",
            "sun sunday 周日 星期日 周天 星期天",
        )
    )
    for name in names.split()
}


def _moment(word: str | None, now: datetime, timezone: str) -> datetime:
    """Return the moment that *word* names: a time of day as everywhere, `Sun 04:00` the next such one, or ISO 8601.

    Raises:
        Mistakes: it names none.
    """
    if word is None:
        return now
    day, _, clock = word.strip().rpartition(" ")
    with contextlib.suppress(Mistakes, ValueError):
        if day.casefold() not in _DAYS:
            return datetime.fromisoformat(a_moment("--at", word, now, timezone))
        return _next(
            _DAYS[day.casefold()], datetime.strptime(clock, "%H:%M").time(), now.astimezone(ZoneInfo(timezone))
        )
    raise Mistakes(
        [
            _wrong(
                "--at",
                f"'{word}' is no time; write 04:00, 'Sun 04:00' or 2026-03-01T04:00",
                f"“{word}”不是时间;写 04:00、'周日 04:00' 或 2026-03-01T04:00",
            )
        ]
    )


def _next(weekday: int, clock: time, now: datetime) -> datetime:
    """Return the next moment after *now*, which is in the site's own time, on that day of the week."""
    day = now.date() + timedelta(days=(weekday - now.weekday()) % 7)
    found = datetime.combine(day, clock, now.tzinfo)
    return found if found > now else datetime.combine(day + timedelta(days=7), clock, now.tzinfo)


def _impossible(asked: Asked) -> Iterator[Problem]:
    """Yield the numbers that cannot be."""
    if not 1 <= asked.runs <= MOST_RUNS:
        yield _wrong(
            "--runs", f"{asked.runs}: say a number from 1 to {MOST_RUNS}", f"{asked.runs}:写 1 到 {MOST_RUNS} 的数"
        )
    if not 0 <= asked.width < 1:
        yield _wrong(
            "--width",
            f"{asked.width:g}: say half a width from 0 to 1, as 0.02",
            f"{asked.width:g}:写 0 到 1 的半宽,如 0.02",
        )
    if not timedelta(0) < asked.within <= MOST_AHEAD:
        yield _wrong("--within", "say a length up to 30m, as 5m or 90s", "最长 30 分钟,写 5m 或 90s")
    if not 1 <= asked.cores <= MOST_CORES:
        yield _wrong(
            "--cores", f"{asked.cores}: say a number from 1 to {MOST_CORES}", f"{asked.cores}:写 1 到 {MOST_CORES} 的数"
        )


def _wrong(option: str, says: str, zh: str) -> Problem:
    return Problem(file=option, line=0, says=says, zh=zh)


def _person(word: str, known: Mapping[str, Mapping[str, str]], problems: list[Problem]) -> str:
    """Return the roster id that *word* names, by id or by name."""
    meant = [
        id for id, names in known.items() if word.casefold() in {id.casefold(), *(n.casefold() for n in names.values())}
    ]
    if len(meant) == 1:
        return meant[0]
    if meant:
        both = ", ".join(meant)
        problems.append(_wrong("--without", f"'{word}' could be any of: {both}", f"“{word}”不止一人:{both}"))
        return word
    choices = [*known, *(names[language] for names in known.values() for language in names)]
    hint, hint_zh = nearest(word, choices), nearest_zh(word, choices)
    problems.append(
        _wrong(
            "--without",
            f"'{word}' is nobody in the roster.{hint or ' See who is: emergency roster show'}",
            f"名册里没有“{word}”。{hint_zh or '名册里有谁: emergency roster show'}",
        )
    )
    return word


def _decisions(words: Sequence[str], plan: Playbook, problems: list[Problem]) -> dict[str, str]:
    """Return step to answer, by the names that the plan gives them."""
    answers = {
        step.name: [answer.name for answer in step.decision]
        for state in plan.states
        for step in state.steps
        if step.decision
    }
    found = _pairs("--answer", words, sorted(answers), problems)
    for step, answer in found.items():
        if answer not in answers[step]:
            said = f"'{answer}' is no answer of '{step}'.{nearest(answer, answers[step])}"
            problems.append(
                _wrong("--answer", said, f"“{step}”没有“{answer}”这个答案。{nearest_zh(answer, answers[step])}")
            )
    return found


def _pairs(option: str, words: Iterable[str], known: Sequence[str], problems: list[Problem]) -> dict[str, str]:
    """Return name to value; what is no NAME=VALUE, or names nothing of the plan, is noted and left out."""
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if name not in known:
            hint, hint_zh = nearest(name, known), nearest_zh(name, known)
            problems.append(_wrong(option, f"this plan has no '{name}'.{hint}", f"预案里没有“{name}”。{hint_zh}"))
        elif not equals:
            problems.append(_wrong(option, f"'{word}': write {name}=VALUE", f"“{word}”:写成 {name}=值"))
        else:
            found[name] = value
    return found


def a_length(option: str, text: str) -> timedelta:
    """Return the length that was typed: `5m`, `90s`. Raises Mistakes."""
    from emergency.shapes import a_length as read

    try:
        return read(text)
    except ValueError:
        said, zh = f"'{text}' is no length; write 5m, or 90s", f"“{text}”不是时长;写 5m 或 90s"
        raise Mistakes([_wrong(option, said, zh)]) from None
