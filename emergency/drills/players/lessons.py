"""`drill people` and `drill learn`: the model of an installation in words, and what its own logs teach it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emergency.core.near import nearest, nearest_zh
from emergency.core.values import Text
from emergency.drills.players import learning
from emergency.drills.players.model import (
    LEARNED,
    OF_PEOPLE,
    OF_WORLD,
    OWN,
    PROFILES,
    Parameter,
    assumed_share,
    read_model,
)
from emergency.drills.players.trials import TEACH, Trials, joined, of_incident, of_tests
from emergency.errors import Mistakes
from emergency.phrases import unwritable
from emergency.roster import Reach
from emergency.roster.team import members

if TYPE_CHECKING:
    from emergency.app import App
    from emergency.engine import Engine

Document = dict[str, Any]
EVER = datetime(2000, 1, 1, tzinfo=UTC)
PROFILE_WORDS = {
    "on_site": Text("当班在场", "on site"),
    "on_call": Text("备勤", "on call"),
    "off_duty_day": Text("下班(白天)", "off duty, day"),
    "off_duty_night": Text("下班(夜间)", "off duty, night"),
    "world": Text("所有人", "everybody"),
}
BASIS_WORDS = {
    "sourced": Text("有出处", "sourced"),
    "assumed": Text("假定", "assumed"),
    "learned": Text("本单位记录", "learned"),
}
MARK = {"sourced": " ", "assumed": "~", "learned": "*"}
"""What stands behind a figure in the table."""


def _said(zh: str, en: str, lang: str) -> str:
    return zh if lang == "zh" else en


# the model


def people(home: Path) -> Document:
    """Return the model of the installation in *home* as a document. Raises Mistakes: one of its files holds some."""
    model = read_model(home)
    return {
        "assumed_share": round(assumed_share(model), 3),
        "assumed_share_by_profile": {name: round(assumed_share(model, [name]), 3) for name in PROFILES},
        "files": [name for name in (LEARNED, OWN) if (home / name).exists()],
        "learned_people": len(model.people),
        "profiles": {name: _figures(figures) for name, figures in model.profiles.items()},
        "world": _figures(model.world),
    }


def _figures(figures: Mapping[str, Parameter]) -> Document:
    return {
        name: {
            "value": f.value, "low": f.low, "high": f.high, "basis": f.basis,
            "source": {"zh": f.source.zh, "en": f.source.en},
        }
        for name, f in figures.items()
    }  # fmt: skip


def people_lines(document: Document, lang: str, only: str = "") -> Iterator[str]:
    """Yield the model in words: a table of all profiles; or one profile (or `world`) with ranges and sources.

    Raises:
        Mistakes: there is no profile of this name.
    """
    if only:
        yield from _one(document, lang, only)
        return
    share = round(100 * document["assumed_share"])
    yield _said(
        f"{share}% 的数值是假定的(~),没有人测过;* 为本单位记录所得。"
        "来源与范围: emergency drill people --profile on_site",
        f"{share} % of the figures are assumed (~): nobody has measured them. * learned from your own records. "
        "Ranges and sources: emergency drill people --profile on_site",
        lang,
    )
    heads = [PROFILE_WORDS[name].of(lang) for name in PROFILES]
    yield " " * 44 + "".join(_right(head, 17) for head in heads)
    for name, means in OF_PEOPLE.items():
        yield _row(means.text.of(lang), [document["profiles"][profile][name] for profile in PROFILES])
    yield ""
    for name, means in OF_WORLD.items():
        yield _row(means.text.of(lang), [document["world"][name]])


def _row(head: str, figures: Iterable[Document]) -> str:
    cells = "".join(_right(f"{f['value']:g}{MARK[f['basis']]}", 17) for f in figures)
    return (_left(head, 44) + cells).rstrip()


def _one(document: Document, lang: str, only: str) -> Iterator[str]:
    if only not in PROFILE_WORDS:
        names = list(PROFILE_WORDS)
        raise Mistakes(
            f"'{only}' is no profile.{nearest(only, names)}", f"没有“{only}”这一档。{nearest_zh(only, names)}"
        )
    figures = document["world"] if only == "world" else document["profiles"][only]
    yield f"{only}  {PROFILE_WORDS[only].of(lang)}"
    for name, means in (OF_WORLD if only == "world" else OF_PEOPLE).items():
        f = figures[name]
        yield f"  {name}: {f['value']:g}  ({f['low']:g} – {f['high']:g})  {means.text.of(lang)}"
        yield f"      {BASIS_WORDS[f['basis']].of(lang)}: {f['source'][lang]}"


def _width(text: str) -> int:
    """Return how many columns *text* takes on a terminal: a Chinese sign takes two."""
    return sum(2 if ord(ch) > 0x2E7F else 1 for ch in text)


def _left(text: str, columns: int) -> str:
    return text + " " * max(1, columns - _width(text))


def _right(text: str, columns: int) -> str:
    return " " * max(1, columns - _width(text)) + text


# what the logs teach


def learn(app: App, *, since: date | None = None, single: bool = False, keep: bool = True) -> Document:
    """Return what the logs of this installation teach; *keep* writes it into its people-learned.yaml.

    Args:
        since: the first day, in UTC, of what counts. single: also of single people; without, of profiles alone.

    Raises:
        CommandRefused: there is no site yet. Mistakes: people-model.yaml holds some, or the file cannot be written.
    """
    engine = app.engine()
    with contextlib.closing(engine.store):
        now, start = engine.clock.now(), _start(since)
        trials, incidents = _trials(app, engine, start, now)
        known = set(app.people.roster(engine).people)
    path = app.settings.home / LEARNED
    model = read_model(app.settings.home / OWN)
    found, too_few = learning.of_profiles(model, trials)
    people = learning.of_people(model, trials, known) if single else []
    if keep and (found or people):
        _write(path, learning.file_text(found, people, now, start if since else None))
    return {
        "since": since.isoformat() if since else None,
        "incidents": incidents,
        "tests": sum(row.test for row in trials.texted),
        "people": len(trials.people),
        "profiles": [learning.document(each, model) for each in found],
        "single_people": [learning.document(each, model) for each in people],
        "too_few": too_few,
        "fewest": learning.FEWEST_PEOPLE,
        "file": str(path),
        "written": keep and bool(found or people),
    }


def _start(since: date | None) -> datetime:
    return datetime.combine(since, time(0), UTC) if since else EVER


def _write(path: Path, text: str) -> None:
    try:
        learning.write(path, text)
    except OSError as error:
        raise Mistakes(*unwritable(path, error)) from error


def _trials(app: App, engine: Engine, since: datetime, now: datetime) -> tuple[Trials, int]:
    """Return what happened in incidents opened, and tests put, from *since* on; and how many incidents taught."""
    found: list[Trials] = []
    for row in engine.store.all_incidents():
        if row.mode in TEACH and row.opened_at >= since:
            history = engine.store.history(row.id)
            found.append(of_incident(history, row.closed_at or now))
    roster, site = app.people.roster(engine), app.people.site(engine)
    tests = engine.store.proofs_since(since)
    taught = sum(len(each) > 0 for each in found)
    found.append(of_tests(tests, lambda at: members(roster, site, at, Reach(), {}), site, now))
    return joined(found), taught


def learn_lines(document: Document, lang: str) -> Iterator[str]:
    """Yield what was learned in words."""
    if not document["people"]:
        yield _said(
            "还没有可学习的记录:真实事件、实打电话的演练和号码核对才算,模拟推演不算。",
            "There is nothing to learn from yet: real incidents, drills on real telephones and tests of numbers count, "
            "simulated drills do not.",
            lang,
        )
        return
    yield _said(
        f"依据: {document['incidents']} 起事件或演练, {document['tests']} 次号码核对, {document['people']} 人。",
        f"From {document['incidents']} incidents and drills, {document['tests']} tests of numbers, "
        f"{document['people']} people.",
        lang,
    )
    for each in document["profiles"]:
        yield from _learned(each, PROFILE_WORDS[each["profile"]].of(lang), lang)
    for profile in document["too_few"]:
        yield _said(
            f"{PROFILE_WORDS[profile].zh}: 不足 {document['fewest']} 人,不显示(否则就是个人的数据)。",
            f"{PROFILE_WORDS[profile].en}: fewer than {document['fewest']} people, not shown (they would be figures of "
            "single people).",
            lang,
        )
    for each in document["single_people"]:
        yield from _learned(each, f"{each['name']} ({PROFILE_WORDS[each['profile']].of(lang)})", lang)
    yield ""
    yield _written(document, lang)


def _written(document: Document, lang: str) -> str:
    if document["written"]:
        return _said(
            f"已写入 {document['file']};推演和预测从现在起用它。删除该文件即恢复原值。",
            f"Written to {document['file']}: drills and forecasts go by it from now on. Delete it to unlearn.",
            lang,
        )
    return _said("没有写入文件。", "Nothing was written.", lang)


def _learned(each: Document, head: str, lang: str) -> Iterator[str]:
    yield ""
    yield _said(
        f"{head}: {each['people']} 人; 短信 {each['texts']} 次,答复 {each['texts_answered']} 次,"
        f"{each['texts_censored']} 次未等到(按删失计); 电话 {each['calls']} 次,接听 {each['calls_picked_up']} 次",
        f"{head}: {each['people']} people; {each['texts']} texts, {each['texts_answered']} answered, "
        f"{each['texts_censored']} not waited for to the end (censored); {each['calls']} calls, "
        f"{each['calls_picked_up']} picked up",
        lang,
    )
    if each["answered_by"]:
        yield "  " + _said("已答复: ", "had answered: ", lang) + ", ".join(_by(by, lang) for by in each["answered_by"])
    for f in each["figures"]:
        words = OF_PEOPLE[f["name"]].text.of(lang)
        yield _left(f"  {words}", 46) + _said(
            f"{f['was']:g} → {f['value']:.3g}  (90%: {f['low']:.3g} – {f['high']:.3g})",
            f"{f['was']:g} -> {f['value']:.3g}  (90 %: {f['low']:.3g} to {f['high']:.3g})",
            lang,
        )


def _by(by: Document, lang: str) -> str:
    share = round(100 * by["share"])
    ends: Sequence[float | None] = (by["low"], by["high"])
    within = _range(ends) if None not in ends else ""
    minutes = by["within_s"] // 60
    return _said(f"{minutes} 分钟内 {share}%{within}", f"{share} %{within} by {minutes} min", lang)


def _range(ends: Iterable[float | None]) -> str:
    low, high = (round(100 * (end or 0.0)) for end in ends)
    return f" ({low}–{high})"
