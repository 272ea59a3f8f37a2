"""A person is forgotten: in every table, in every roster that ever was, on the disk; and every log stays whole."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cli
from emergency.backup import back_up
from emergency.clock import SystemClock
from emergency.people import save_roster
from emergency.roster import Roster
from emergency.store.store import SqliteStore
from emergency.verbs import perform
from tests.fake_twilio import FakeTwilio
from tests.serving import Mill, make_app, make_home, until
from tests.small import number, roster

LOGS = frozenset({"event", "muster_line"})
"""The tables that are never changed, and may name a person by roster id."""
GONE = "emma"
KEPT = "dmitri"


class House:
    """One installation and what is typed at it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.file = home / "emergency.db"
        self.env = {"EMERGENCY_HOME": str(home), "EMERGENCY_LANG": "en"}

    def types(self, *words: str, lang: str = "en") -> tuple[int, str]:
        """Type a command; return its exit status and all that it printed."""
        result = CliRunner().invoke(cli.main, [*words], env=self.env | {"EMERGENCY_LANG": lang}, prog_name="emergency")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    def asks(self, *words: str) -> dict[str, Any]:
        """Type a command with --json; return its document."""
        status, said = self.types(*words, "--json")
        assert status in (0, 3, 4), said
        document: dict[str, Any] = json.loads(said[said.index("{") : said.rindex("}") + 1])
        return document

    def tables(self, *without: str) -> str:
        """Return everything that stands in the store, but for some tables."""
        with sqlite3.connect(self.file) as db:
            names = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
            rows = [row for name in names if name not in without for row in db.execute(f"select * from {name}")]
        db.close()
        return "\n".join(_text(value) for row in rows for value in row)

    def bytes(self) -> bytes:
        """Return all that lies on the disk of the store and of what is kept beside it."""
        names = ("emergency.db", "emergency.db-wal", "last-good.json")
        return b"\n".join((self.home / name).read_bytes() for name in names if (self.home / name).exists())

    def hashes(self) -> list[str]:
        """Return the chain of every log."""
        with sqlite3.connect(self.file) as db:
            return [hash for (hash,) in db.execute("select hash from event order by incident, seq")]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def named(text: str, person: str) -> list[str]:
    """Return which of a person's id, names and numbers stand in *text*."""
    known = roster().people[person]
    words = [rf"(?<![a-z_]){person}(?![a-z_])", known.name.zh, known.name.en, *(n[1:] for n in known.numbers)]
    return [word for word in words if re.search(word, text)]


@pytest.fixture
def house(twilio: FakeTwilio) -> House:
    """An emergency is over in which Emma was alerted, answered, typed, was spoken of and had her telephone tested."""
    mill = Mill(twilio, make_home()).start()
    try:
        mill.phone(GONE).texts("what is going on")  # while nothing is
        mill.trigger(note="water, says Emma Ek")
        mill.phone(GONE).texts("L01 1")
        mill.phone(GONE).texts("I hear water in the wall")
        mill.phone("chloe").texts("nothing to see at +1 (312) 555-0105 so far")
        mill.phone("chloe").texts("the hall is dry")
        mill.running.asks("assign", role="guard", person=GONE, by="anna", reason="she is near, says Emma Ek")
        mill.running.asks("reply", person=GONE, text="L01 9")
        mill.running.asks("reply", person=GONE, text="L01 3")
        status = mill.running.asks("cancel", code="L01", reason="a tap")
        assert status["ended"] in ("cancelled", "false_alarm")
        until(lambda: not {row.status for row in mill.rows()} & {"sending", "unknown"}, "for what is on its way")
        _leave_other_traces(mill)
    finally:
        home = mill.home.parent / (mill.home.name + "-kept")
        mill.running.app.keep_copy(mill.running.app.engine())
        back_up(mill.home / "emergency.db", home.with_suffix(".db"), SystemClock())
        mill.home.rename(home)
        mill.stop()
    return House(home)


def _leave_other_traces(mill: Mill) -> None:
    """Rosters of before, a test of a telephone, a link, a roll call, a change of the roster."""
    app = make_app(mill.home, {})
    engine = app.engine()
    now = engine.clock.now()
    people = dict(roster().people)
    save_roster(engine, Roster(people={k: v for k, v in people.items() if k != "felix"}), now, "emma", "roster.yaml")
    save_roster(engine, Roster(people=people), now, "console", "emma is back; emmanuel was never here")
    with engine.store.transaction():
        db = engine.store._db
        digest = engine.store.current_digest("roster")
        incident = db.execute("select id from incident").fetchone()[0]
        at = "2026-03-01T09:00:00.000000Z"
        tests = (
            "insert into proof (id, person, channel, number, roster, code, asked_at) "
            "values (?, ?, 'sms', 0, ?, 'Z3A', ?)"
        )
        link = (
            "insert into link (kind, person, incident, subject, made_at, expires_at) values ('alert', ?, ?, 'a1', ?, ?)"
        )
        for person in (GONE, KEPT):
            db.execute(tests, (f"test:{person}", person, digest, at))
            db.execute(link, (person, incident, at, at))
        db.execute("insert into muster (incident, code, mode, opened_at) values (?, 'L02', 'real', ?)", (incident, at))
        for person in (GONE, KEPT):
            db.execute("insert into muster_person (incident, person, status) values (?, ?, 'safe')", (incident, person))
        zone = "insert into muster_zone (incident, place, mark, by, at) values (?, 'hall', 'swept', ?, ?)"
        db.execute(zone, (incident, GONE, at))
    engine.store.close()


def test_nothing_of_the_person_is_left(house: House) -> None:
    """Afterwards no table but the logs holds the id, no table at all a name or a number, and neither do the bytes of
    the file, of its journal, or of the copy for the last resort."""
    before = house.tables()
    assert set(named(before, GONE)) == set(named(str(roster().people[GONE].name) + GONE + number(GONE), GONE))
    chain = house.hashes()

    status, said = house.types("roster", "forget", "Emma Ek", "--yes")

    assert status == 0, said
    assert named(house.tables(*LOGS), GONE) == []
    assert named(house.tables(), GONE) == [rf"(?<![a-z_]){GONE}(?![a-z_])"]
    on_disk = house.bytes().decode("utf-8", "replace")
    assert [word for word in named(on_disk, GONE) if GONE not in word] == []
    assert house.hashes() == chain


def test_everybody_else_is_as_before(house: House) -> None:
    """The others keep their place in every roster, their words, tests, links and messages."""

    def counts(text: str) -> int:
        return len(re.findall(r"(?<![a-z_])dmitri(?![a-z_])", text))

    before = house.tables()
    house.types("roster", "forget", GONE, "--yes")
    after = house.tables()
    assert counts(after) == counts(before)
    assert "the hall is dry" in after
    assert "emmanuel was never here" in after
    people = {person["id"] for person in house.asks("roster", "show")["people"]}
    assert people == set(roster().people) - {GONE}
    store = SqliteStore(house.file)
    versions = [json.loads(body) for (body,) in store._db.execute("select body from document where kind = 'roster'")]
    pointed = store._db.execute("select digest from roster_change union select roster from proof").fetchall()
    assert all(store.document(digest) for (digest,) in pointed)
    store.close()
    assert sorted(len(version["people"]) for version in versions) == [5, 6]


def test_the_log_is_whole_and_names_a_pseudonym(house: House) -> None:
    """`log --verify` holds; where people read the log or the status, they read `forgotten` and not the id."""
    said_before = house.types("log", "L01")[1]
    assert "Emma Ek" in said_before
    house.types("roster", "forget", GONE, "--yes")
    assert house.types("log", "L01", "--verify")[0] == 0
    said = house.types("log", "L01")[1]
    assert "(forgotten 1)" in said
    assert named(said, GONE) == []
    assert "(已删除1)" in house.types("log", "L01", lang="zh")[1]
    assert named(house.types("status", "L01")[1], GONE) == []


def test_two_people_are_told_apart(house: House) -> None:
    """Each forgotten person has a number of their own, and keeps it."""
    assert house.asks("roster", "forget", GONE, "--yes")["number"] == 1
    assert house.asks("roster", "forget", "chloe", "--yes")["number"] == 2
    said = house.types("log", "L01")[1]
    assert "(forgotten 1)" in said
    assert "(forgotten 2)" in said


def test_first_it_is_only_shown(house: House) -> None:
    """Without --yes nothing changes: it is said what would go, what stays, and where else to look."""
    before = house.tables()
    status, said = house.types("roster", "forget", GONE)
    assert status == 3
    assert house.tables() == before
    for words in ("No log is changed", "backups", "roster.yaml", "--yes"):
        assert words in said
    assert named(said, GONE) == [rf"(?<![a-z_]){GONE}(?![a-z_])"]
    document = house.asks("roster", "forget", GONE)
    assert document["forgotten"] is False
    assert document["words"] >= 4
    assert document["rosters"] == 2


def test_the_words_of_others_stay(house: House) -> None:
    """What somebody else typed is kept, unless it names the person or a number of theirs, however that is written."""
    words = "select body from words"
    with sqlite3.connect(house.file) as db:
        before = {body for (body,) in db.execute(words)}
    db.close()
    assert {"I hear water in the wall", "the hall is dry"} <= before
    house.types("roster", "forget", GONE, "--yes")
    with sqlite3.connect(house.file) as db:
        after = {body for (body,) in db.execute(words)}
    db.close()
    assert "the hall is dry" in after
    assert not {body for body in after if "555" in body or "Emma" in body or "wall" in body}


def test_an_undone_change_brings_nobody_back(house: House) -> None:
    """The rosters of before hold the person no more: undoing a change of the roster cannot bring them back."""
    house.types("roster", "forget", GONE, "--yes")
    store = SqliteStore(house.file)
    rosters = store._db.execute("select body from document where kind = 'roster'").fetchall()
    store.close()
    assert rosters
    assert all(GONE not in json.loads(body)["people"] for (body,) in rosters)


def test_somebody_who_is_needed_is_not_forgotten(tmp_path: Path) -> None:
    """While an open incident has given them a role, or waits for their answer, it is refused and said what to do."""
    home = make_home(tmp_path)
    app = make_app(home, {})
    engine = app.engine()
    perform(app.desktop, engine, "trigger", {"playbook": "leak", "at": "hall"})
    engine.store.close()
    house = House(home)
    before = house.tables()
    status, said = house.types("roster", "forget", GONE, "--yes")
    assert status == 3
    assert "L01" in said
    assert "emergency assign L01" in said
    assert house.tables() == before


def test_nobody_of_that_name(tmp_path: Path) -> None:
    """A person who is not in the roster cannot be forgotten twice; nothing is changed."""
    house = House(make_home(tmp_path))
    house.types("roster", "forget", "gina", "--yes")
    status, said = house.types("roster", "forget", "gina", "--yes")
    assert status == 2
    assert "not in the roster" in said


def test_a_running_server_forgets_too(twilio: FakeTwilio) -> None:
    """A server that runs knows the person no more from the next message on: their number is nobody's."""
    mill = Mill(twilio, make_home()).start()
    try:
        mill.phone(KEPT).texts("hello")
        mill.calm()
        status, said = House(mill.home).types("roster", "forget", KEPT, "--yes")
        assert status == 0, said
        mill.phone(KEPT).texts("hello again")
        mill.calm()
        counts = mill.store.counters()
    finally:
        mill.stop()
    assert counts["inbound_unknown"] == 1
