"""Forgetting a person: out of the roster of now and of every one before, with their numbers, words, tests and links.

The log of every incident stays as it is, byte for byte: it holds roster ids, and `log --verify` still holds. Where
people read it, the id is replaced by `(forgotten 1)`. What cannot be reached from here is said: backups, files that a
roster was imported from, the provider's own records.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emergency.core.incident import Incident
from emergency.core.values import Text
from emergency.errors import CommandRefused
from emergency.roster import Person, Roster
from emergency.store.forgotten import Forgotten

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
    return {
        "person": person.id,
        "numbers": len(person.numbers),
        "rosters": sum(1 for _ in kept.versions(person.id)),
        "words": len(_seals(kept, person)),
        "log_lines": kept.in_logs(person.id),
        "files": files_naming(app.settings.home, person),
        "backed_up": engine.store.heartbeat("backup") is not None,
        "forgotten": False,
    }


def _refuse_while_needed(engine: Engine, person: str) -> None:
    """Raises CommandRefused while an open incident waits for this person or has given them a role."""
    needed = [i.code for i in engine.open_incidents() if not i.ended and _holds(i, person)]
    if needed:
        raise CommandRefused(
            f"{person} holds a role, or is asked for an answer, in {', '.join(needed)}. Give it to somebody else "
            f"(emergency assign {needed[0]} ROLE PERSON) or wait for its end; nothing was forgotten"
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
        document["clean"] = kept.empty_journal()
        with contextlib.suppress(OSError):
            app.keep_copy(engine)
        return document


def _forget(app: App, engine: Engine, word: str) -> Document:
    document = _look(app, engine, word)
    kept, id = Forgotten(engine.store), document["person"]
    person = app.people.roster(engine).people[id]
    seals = _seals(kept, person)
    number = kept.add(id, engine.clock.now())
    instead = f"forgotten-{number}"
    kept.drop_changes(id, instead)
    kept.drop_versions(id)
    words = kept.drop_words(seals)
    rows = kept.drop_rows(id, instead)
    kept.drop_mentions(id, instead)
    return {**document, **rows, "words": words, "number": number, "forgotten": True}


def files_naming(home: Path, person: Person) -> list[str]:
    """Return the files of the home, not the store and its copy, that still hold a number or an id of *person*."""
    found = []
    for path in sorted(home.glob("*")) if home.is_dir() else []:
        if path.suffix.lower() in (".yaml", ".yml", ".csv", ".txt", ".json") and path.name != "last-good.json":
            with contextlib.suppress(OSError):
                if path.stat().st_size <= LARGEST_FILE and _names(path.read_bytes(), person):
                    found.append(str(path))
    return found + [str(path) for path in sorted(home.glob("*.xlsx"))]


def _names(raw: bytes, person: Person) -> bool:
    digits = bytes(ch for ch in raw if ch not in b" -()./")
    return any(number.lstrip("+").encode() in digits for number in person.numbers) or person.name.zh.encode() in raw
