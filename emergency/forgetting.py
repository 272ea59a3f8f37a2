"""Forgetting a person: out of the roster of now and of every one before, with their numbers, words, tests and links;
out of the rehearsals as well, and of a table that was cut off.

The log of every incident and the book of every drill stay as they are, byte for byte: they hold roster ids, and
`log --verify` still holds. Where people read them, the id is replaced by `(forgotten 1)`. What cannot be reached from
here is said: backups, reports, files that a roster was imported from, the provider's own records.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emergency.core.incident import Incident
from emergency.core.values import Text
from emergency.errors import CommandRefused, Mistakes
from emergency.phrases import trouble_zh
from emergency.roster import Person, Roster
from emergency.store.drills import Books
from emergency.store.forgotten import Forgotten
from emergency.store.store import SqliteStore

if TYPE_CHECKING:
    from emergency.app import App
    from emergency.engine import Engine

Document = dict[str, Any]
LARGEST_FILE = 5_000_000
"""Bytes of a file of the home that is still searched for a number."""


def pseudonym(number: int) -> Text:
    """Return what people read instead of a forgotten person's id."""
    return Text(f"(已删除{number})", f"(forgotten {number})")


def with_pseudonyms(engine: Engine, roster: Roster, incident: Incident) -> Roster:
    """Return *roster* with a stand-in, without any number, for everybody of *incident* who was forgotten."""
    numbers = Forgotten(engine.store).numbers(_named_in(incident) - set(roster.people))
    if not numbers:
        return roster
    gone = {
        id: Person(id=id, name=pseudonym(n), language="en", numbers=(), roles={}, shift="") for id, n in numbers.items()
    }
    return Roster(people={**roster.people, **gone})


def pseudonyms(store: SqliteStore, ids: Iterable[str]) -> dict[str, Text]:
    """Return roster id to what people read instead, for those of *ids* who were forgotten."""
    return {id: pseudonym(number) for id, number in Forgotten(store).numbers(ids).items()}


def _named_in(incident: Incident) -> set[str]:
    held = {person for slots in incident.roles.values() for person in slots.values()}
    return {*incident.members, *incident.of_person, *held, incident.owner, incident.command or incident.owner}


def look(app: App, word: str) -> Document:
    """Return what is kept about somebody and would be forgotten; nothing is changed.

    Raises:
        Mistakes: nobody is called so. CommandRefused: an open incident needs that person.
    """
    engine = app.engine()
    with contextlib.closing(engine.store):
        return _look(app, engine, word)


def _look(app: App, engine: Engine, word: str) -> Document:
    from emergency.verbs import the_person

    person = app.people.roster(engine).people[the_person(app.desktop, engine, word)]
    _refuse_while_needed(engine, person.id)
    kept = Forgotten(engine.store)
    rosters, words, lines = _counted(kept, person)
    for store in _beside(app.settings.home):
        more = _counted(Forgotten(store), person)
        rosters, words, lines = rosters + more[0], words + more[1], lines + more[2]
    return {
        "person": person.id,
        "numbers": len(person.numbers),
        "rosters": rosters,
        "words": words,
        "log_lines": lines,
        "files": files_naming(app.settings.home, person),
        "backed_up": engine.store.heartbeat("backup") is not None,
        "forgotten": False,
    }


def _counted(kept: Forgotten, person: Person) -> tuple[int, int, int]:
    """Return how many rosters, pieces of words and lines of logs and books of one store hold *person*."""
    return sum(1 for _ in kept.versions(person.id)), len(_seals(kept, person)), kept.in_logs(person.id)


def _beside(home: Path) -> Iterator[SqliteStore]:
    """Yield the stores beside the installation's own, each open as long as it is looked at: the rehearsals, and a table
    that was cut off.

    Raises:
        CommandRefused: a table is under way, and whoever sits at it may be the one to be forgotten.
    """
    from emergency.drills.rehearsals import kept, tabletop

    with contextlib.ExitStack() as held:
        if (home / tabletop.FILE).exists():
            held.enter_context(contextlib.closing(tabletop._only_table(home / tabletop.LOCK)))
        for name in (kept.FILE, tabletop.FILE):
            if (home / name).exists():
                with contextlib.closing(SqliteStore(home / name, create=False)) as store:
                    yield store


def _refuse_while_needed(engine: Engine, person: str) -> None:
    """Raises CommandRefused while an open incident waits for this person or has given them a role, and while they
    direct a drill that is still to come or goes on."""
    _refuse_while_directing(engine, person)
    needed = [i.code for i in engine.open_incidents() if not i.ended and _holds(i, person)]
    if needed:
        raise CommandRefused(
            f"{person} holds a role, or is asked for an answer, in {', '.join(needed)}. Give it to somebody else "
            f"(emergency assign {needed[0]} ROLE PERSON) or wait for its end; nothing was forgotten",
            f"{person} 在 {'、'.join(needed)} 里担任角色或还有未答的任务。"
            f"请先交给别人(emergency assign {needed[0]} 角色 人员),或等事件结束;什么都没有删除",
        )


def _refuse_while_directing(engine: Engine, person: str) -> None:
    from emergency.drills.live.conduct import stand

    books = Books(engine.store)
    stands = [(row, stand(books.read(row.id))) for row in books.all() if row.ended_at is None]
    drills = [row.code for row, now in stands if now.over is None and now.planned and now.planned.director == person]
    schedules = Forgotten(engine.store).schedules_directed(person)
    if drills or schedules:
        how = f'emergency drill abort {drills[0]} --reason "..."' if drills else ""
        how = how or f"emergency drill schedule remove {schedules[0]}"
        raise CommandRefused(
            f"{person} directs {', '.join([*drills, *schedules])}, which needs somebody who does. Take it out and put "
            f"it in anew with another director ({how}); nothing was forgotten",
            f"{person} 是 {'、'.join([*drills, *schedules])} 的导演,导演不能缺。"
            f"请先撤掉,换个导演重新安排({how});什么都没有删除",
        )


def _holds(incident: Incident, person: str) -> bool:
    held = {each for slots in incident.roles.values() for each in slots.values()}
    return person in held or person in (incident.owner, incident.command) or bool(incident.open_alerts(person))


def _seals(kept: Forgotten, person: Person) -> set[str]:
    """Return the seals of what *person* typed or was answered, and of what others typed that names them in full."""
    named = kept.seals_naming([person.name.zh, person.name.en, person.id], person.numbers)
    return kept.seals_typed(person.id) | kept.seals_answered(person.id) | named


def forget(app: App, word: str) -> Document:
    """Forget somebody for good, and return what was forgotten and where else something may be left.

    Raises:
        Mistakes: nobody is called so. CommandRefused: an open incident needs that person. StoreError.
    """
    engine = app.engine()
    with contextlib.closing(engine.store):
        kept = Forgotten(engine.store)
        kept.leave_no_traces()
        document = engine.unit(lambda e: _forget(app, e, word))
        document["learned"] = _unlearn(app.settings.home, document["person"])
        document["clean"] = kept.empty_journal() and document["clean"]
        with contextlib.suppress(OSError):
            app.keep_copy(engine)
        return document


def _forget(app: App, engine: Engine, word: str) -> Document:
    document = _look(app, engine, word)
    kept, now = Forgotten(engine.store), engine.clock.now()
    person = app.people.roster(engine).people[document["person"]]
    number = kept.add(person.id, now)
    gone = _take_out(kept, person, number)
    clean = True
    for store in _beside(app.settings.home):  # before the installation's own is committed: a second try finds them all
        for key, count in _forget_beside(store, person, number, now).items():
            gone[key] += count
        clean = Forgotten(store).empty_journal() and clean
    return {**document, **gone, "number": number, "forgotten": True, "clean": clean}


def _forget_beside(store: SqliteStore, person: Person, number: int, now: datetime) -> dict[str, int]:
    kept = Forgotten(store)
    kept.leave_no_traces()
    with store.transaction():
        kept.add(person.id, now, number)
        return _take_out(kept, person, number)


def _take_out(kept: Forgotten, person: Person, number: int) -> dict[str, int]:
    """Take *person* out of one store, in the transaction that is open; return how many rows of each kind."""
    id, instead, shown = person.id, f"forgotten-{number}", pseudonym(number)
    seals = _seals(kept, person)
    kept.drop_changes(id, instead)
    kept.drop_versions(id)
    found = {"words": kept.drop_words(seals), **kept.drop_rows(id, instead)}
    kept.drop_mentions(id, instead)
    found["schedules"] = kept.drop_schedules(id, instead)
    names = [person.name.zh, person.name.en]
    found["scenarios"] = kept.drop_from_scenarios(id, names, person.numbers, f"{shown.zh}{shown.en}", instead)
    return found


def _unlearn(home: Path, person: str) -> bool:
    """Take *person* out of what drills have taught about single people; return whether anything stood there.

    Raises:
        Mistakes: the file cannot be written; everything else is forgotten by then.
    """
    from emergency.drills.players.learning import forget
    from emergency.drills.players.model import LEARNED

    try:
        return forget(home / LEARNED, person)
    except OSError as error:
        raise Mistakes(
            f"{home / LEARNED} cannot be written ({error.strerror}): delete it, it names {person}",
            f"{home / LEARNED} 写不进({trouble_zh(error)}):里面还有 {person},请删掉这个文件",
        ) from error


SEARCHED = (".yaml", ".yml", ".csv", ".txt", ".json")


def files_naming(home: Path, person: Person) -> list[str]:
    """Return the files of the home, not the stores in use, that still hold a number, a name or an id of *person*, the
    scenarios among them, and those that were not looked into: sheets, stores that a restore has set aside."""
    files = sorted(path for path in home.glob("*") if path.name != "last-good.json") if home.is_dir() else []
    found = [path for path in files if _holds_words(path, person, ())]
    found += [path for path in sorted(home.glob("scenarios/*")) if _holds_words(path, person, (person.id,))]
    aside = [path for path in home.glob("*.db.before-*") if not path.name.endswith(("-wal", "-shm"))]
    return [str(path) for path in [*found, *sorted(home.glob("*.xlsx")), *sorted(aside)]]


def _holds_words(path: Path, person: Person, ids: tuple[str, ...]) -> bool:
    """Return whether a file that people write names *person*, or one of *ids* as a word."""
    with contextlib.suppress(OSError):
        if path.suffix.lower() in SEARCHED and path.stat().st_size <= LARGEST_FILE:
            return _names(path.read_bytes(), person, ids)
    return False


def _names(raw: bytes, person: Person, ids: tuple[str, ...]) -> bool:
    digits = bytes(ch for ch in raw if ch not in b" -()./")
    if any(number.lstrip("+").encode() in digits for number in person.numbers) or person.name.zh.encode() in raw:
        return True
    words = "|".join(re.escape(word) for word in (person.name.en, *ids) if word)
    return bool(words) and re.search(rf"(?<![\w-])(?:{words})(?![\w-])".encode(), raw, re.IGNORECASE) is not None
