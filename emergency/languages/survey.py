"""What an installation can say in which language: for `emergency language ...` and for `doctor`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emergency.app import App
from emergency.core.languages import BUILT_IN
from emergency.core.values import Text
from emergency.core.wording import own_texts
from emergency.engine import Engine
from emergency.errors import EmergencyError, Mistakes, Problem
from emergency.languages import reading
from emergency.languages.shelf import Shelf
from emergency.languages.template import Entry, as_pot, entries
from emergency.phrases import unreadable
from emergency.roster import Roster

Document = dict[str, Any]


def listed(app: App) -> Document:
    """Return every language, with how much of it is there, who reads it, and whether calls can be made in it."""
    wanted, roster = _wanted(app)
    people = Counter(person.language for person in roster.people.values())
    shelf = app.people.languages
    return {"languages": [_row(shelf, language, wanted, people[language]) for language in shelf.names()]}


def _row(shelf: Shelf, language: str, wanted: list[Entry], people: int) -> Document:
    found = shelf.read(language)
    own = {each.english for each in entries(None, ())}
    said = {text.en for text in own_texts().values()}
    all_ = {each.english for each in wanted}
    have = all_ if language in BUILT_IN else all_ & set(found.words)
    voice = shelf.voices is None or language in shelf.voices
    return {
        "language": language,
        "people": people,
        "own": {"have": len(have & own), "of": len(own)},
        "all": {"have": len(have), "of": len(all_)},
        "voice": voice,
        "calls_in": language if voice and have >= said else "en",
        "files": [str(path) for path in shelf.files().get(language, [])],
        "problems": [str(problem) for problem in found.problems],
    }


def _wanted(app: App) -> tuple[list[Entry], Roster]:
    """Return the texts that people can receive, and the people; without an installation, the program's own texts."""
    try:
        engine = app.engine()
    except EmergencyError:
        return entries(None, ()), Roster()
    try:
        return _texts(app, engine), app.people.roster(engine)
    finally:
        engine.store.close()


def _texts(app: App, engine: Engine) -> list[Entry]:
    site = app.people.site(engine)
    return entries(site, app.library.load_all(engine, site)[0].values())


def template(app: App) -> tuple[str, int]:
    """Return a catalogue without translations of all that people can receive, and how many texts it holds."""
    wanted, _ = _wanted(app)
    return as_pot(wanted, app.clock.now()), len(wanted)


def check(app: App, file: str) -> Document:
    """Return what is wrong with a catalogue file, and how much of what people can receive it says.

    Raises:
        Mistakes: there is no such file, or its name is no language.
    """
    path = Path(file)
    language = reading.named(path.stem)
    if language is None:
        raise Mistakes(
            f"{file}: the name of a catalogue is its language, as fr.po or pt_BR.po; zh and en need none",
            f"{file}:文件名须是语言,如 fr.po、pt_BR.po;zh 和 en 不用翻译文件",
        )
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Mistakes(*unreadable(file, error)) from error
    found = reading.read(raw, file, language)
    wanted, _ = _wanted(app)
    known = {each.english: each for each in wanted}
    words = {**Shelf(shipped=app.people.languages.shipped).read(language).words, **found.words}
    problems = [*reading.missing(words, language, file), *found.problems, *_too_long(found, known, file)]
    return {
        "file": file,
        "language": language,
        "problems": [_problem(each) for each in sorted(problems)],
        "used": len(set(found.words) & set(known)),
        "unknown": len(set(found.words) - set(known)),
        "have": len(set(words) & set(known)),
        "of": len(known),
        "missing": [each.english for each in wanted if each.english not in words],
    }


def _too_long(found: reading.Catalogue, known: dict[str, Entry], file: str) -> Iterator[Problem]:
    """Yield short forms of places that are too long: those have less room than other words."""
    for english, words in found.words.items():
        most = known[english].longest if english in known else len(words)
        if len(words) > most:
            yield Problem(
                file=file, line=found.lines[english], says=f"'{english}' has {len(words)} characters, at most {most}",
                zh=f"“{english}”有 {len(words)} 字,最多 {most} 字",
            )  # fmt: skip


def _problem(problem: Problem) -> Document:
    return {"line": problem.line, "says": {"zh": problem.zh or problem.says, "en": problem.says}}


def unready(app: App, engine: Engine) -> Iterator[tuple[str, Text, Text]]:
    """Yield what is wrong with the languages that the roster names: an id, what it is, what to do about it."""
    shelf = app.people.languages
    people = Counter(person.language for person in app.people.roster(engine).people.values())
    for language in sorted(set(people) - set(BUILT_IN)):
        count = people[language]
        if not shelf.usable(language):
            says = Text(
                f"{language} 没有可用的译文:{count} 人会收到英文",
                f"{language} has no catalogue that can be used: {count} people are written to in English",
            )
            yield f"language_{language}", says, CHECK
            continue
        wanted = {each.english for each in _texts(app, engine)}
        lacking = len(wanted - set(shelf.read(language).words))
        if lacking:
            says = Text(
                f"{language} 缺 {lacking}/{len(wanted)} 条译文:{count} 人的短信会夹英文,电话用英文打",
                f"{language} lacks {lacking} of {len(wanted)} texts: {count} people get texts with English in them, "
                "and calls in English",
            )
            yield f"language_{language}", says, FILL
        elif shelf.voices is not None and language not in shelf.voices:
            says = Text(
                f"{language} 没有电话语音:{count} 人的电话会说英语",
                f"no voice speaks {language}: {count} people are called in English",
            )
            name = language.upper().replace("-", "_")
            yield f"language_{language}", says, Text(f"设 TWILIO_VOICE_{name}", f"set TWILIO_VOICE_{name}")


CHECK = Text("运行 emergency language check 文件", "see what is wrong: emergency language check FILE")
FILL = Text(
    "用 emergency language template 取全部原文,译好放进 languages/",
    "translate what is missing: emergency language template, then put the catalogue into languages/",
)
