"""What is kept of drills: who is forgotten is forgotten there too, a backup holds it, and a changed book is found."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cli
from emergency import backup, doctor
from emergency.clock import VirtualClock
from emergency.core import commands as c
from emergency.core import events as e
from emergency.drills import book as b
from emergency.drills.live import brake, restored
from emergency.drills.live import running as live
from emergency.drills.live.gate import last_begun
from emergency.drills.rehearsals import kept, tabletop
from emergency.drills.scenarios.file import read_file
from emergency.errors import StoreDamaged
from emergency.store.drills import Books
from emergency.store.forgotten import Forgotten
from emergency.store.schedules import Schedule, Schedules
from emergency.store.store import SCHEMA, SqliteStore
from tests.drilled import SCENARIO, put_scenario
from tests.serving import make_app, make_home
from tests.shell.test_forget import House, named
from tests.small import number, roster

GONE, KEPT = "emma", "dmitri"
LOGS = frozenset({"event", "muster_line", "book"})
"""The tables whose lines are chained: never changed, and they hold roster ids alone."""
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SCRIPT = """
wait 2s
anna 1
emma I hear water in the wall
note Emma Ek was quick, her number is +1 (312) 555-0105
end
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """An installation with a scenario that names somebody, in its words and by roster id."""
    made = make_home()
    names = SCENARIO.replace("deliver: {from: reporter, to: role.control_room}", "deliver: {from: reporter, to: emma}")
    put_scenario(made, names.replace("zh: 记者来电, en: a reporter calls", "zh: 找艾玛, en: ask for Emma Ek"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def house_at(home: Path) -> House:
    """Return what is typed at an installation."""
    return House(home)


def plays(home: Path, script: str = SCRIPT) -> None:
    """Play a table, which is kept as a rehearsal."""
    env = {"EMERGENCY_HOME": str(home), "EMERGENCY_LANG": "en"}
    done = CliRunner().invoke(cli.main, ["drill", "table", "leak_drill"], input=script, env=env)
    assert "kept as RH" in done.stdout, done.output


def told(home: Path, name: str, *without: str) -> str:
    """Return all that stands in a store of the home, but for some tables."""
    other = House(home)
    other.file = home / name
    return other.tables(*without)


def drills(house: House) -> None:
    """A live drill was held and evaluated, another comes again, in the installation's own store."""
    app = make_app(house.home, {})
    engine = app.engine()
    with engine.store.transaction():
        books = Books(engine.store)
        seal = engine.store.seal
        row = books.plan("d1", "callout", "leak", "", AT, AT)
        planned = b.Planned(
            kind="callout", playbook="leak", scenario="", director="anna", begins=AT, maximum=timedelta(hours=1),
            by=GONE, participants=(GONE, KEPT),
        )  # fmt: skip
        books.write(
            row.id,
            planned,
            b.NoticeConfirmed(who="alarm_centre", to=seal("Ms Zhao, told emma"), by="anna"),
            b.NoticeConfirmed(who="tenants", to=seal("the janitor"), by=GONE),
            b.Observed(by=GONE, text=seal("nobody closed the valve")),
            b.Observed(by=KEPT, text=seal("the siren was loud")),
            b.Observed(by=KEPT, text=seal("Emma Ek ran")),
            b.HotWash(topic="well", by=GONE, text=seal("we were fast")),
            b.Rated(objective="O1", rating="P", by=GONE, reason=seal("saw it myself")),
            b.Action(
                id="DR1.A1", problem=seal("the valve sticks"), action=seal("oil it"), element="equipment", owner=GONE,
                due="2026-12-31", by=GONE,
            ),
            b.Ended(because="closed"),
            b.Closed(by="anna"),
            at=AT,
        )  # fmt: skip
        books.end(row.id, AT)
        old = schedule("s1", director=GONE, anyway="emma asked for it")
        Schedules(engine.store).put(old)
        Schedules(engine.store).remove("s1", AT)
        Schedules(engine.store).put(schedule("s2", director="anna", by=GONE))
    engine.store.close()


def schedule(id: str, **change: Any) -> Schedule:
    """Return a drill that comes again."""
    words: dict[str, Any] = {"director": "anna", "by": "console", "anyway": None, **change}
    return Schedule(
        id=id, code="", scenario="leak_drill", playbook="leak", kind="callout", notice="announced", cron="0 10 1 * *",
        at=None, made_at=AT, reached=AT, **words,
    )  # fmt: skip


def test_a_rehearsal_holds_no_number(home: Path) -> None:
    """What is kept of a rehearsal names people, has no telephone number of anybody, and is for its owner's eyes only;
    it is so as well where an older release had copied them."""
    store = kept.rehearsals(make_app(home, {}).settings)
    app = make_app(home, {})
    kept.furnish(app, store, numbers=True)
    store.close()
    (home / kept.FILE).chmod(0o644)
    plays(home, "anna 1\nend\n")
    numbers = [digits[1:] for person in roster().people.values() for digits in person.numbers]
    assert numbers
    assert not [digits for digits in numbers if digits in told(home, kept.FILE)]
    assert (home / kept.FILE).stat().st_mode & 0o077 == 0
    status, said = house_at(home).types("log", "RH1")
    assert status == 0
    assert roster().people["anna"].name.en in said


def test_a_table_is_for_its_owner_while_it_lasts(home: Path) -> None:
    """The file of a table holds numbers, for it hears by them: nobody else may read it, and it goes with the table."""
    from tests.shell.test_tabletop import Facilitator

    table = Facilitator(home).table
    assert (home / tabletop.FILE).stat().st_mode & 0o077 == 0
    status, said = house_at(home).types("roster", "forget", GONE, "--yes")
    assert status == 3
    assert "table" in said
    table.keep()
    table.close()
    assert not (home / tabletop.FILE).exists()


def test_nothing_of_the_person_is_left_among_the_rehearsals(home: Path) -> None:
    """Rosters, words, messages and scenarios there forget too; what is chained goes on naming the id, and holds."""
    plays(home)
    assert named(told(home, kept.FILE, *LOGS), GONE)
    house = house_at(home)
    (home / "scenarios" / "leak_drill.yaml").rename(home / "scenarios" / "other.yaml")
    first = house.asks("roster", "forget", GONE)
    assert str(home / "scenarios" / "other.yaml") in first["files"]
    status, said = house.types("roster", "forget", GONE, "--yes")
    assert status == 0, said
    assert named(told(home, kept.FILE, *LOGS), GONE) == []
    on_disk = (home / kept.FILE).read_bytes().decode("utf-8", "replace")
    assert [word for word in named(on_disk, GONE) if GONE not in word] == []
    status, said = house.types("log", "RH1", "--verify")
    assert status == 0, said
    assert "every hash holds" in said
    assert "(forgotten 1)" in house.types("log", "RH1")[1]
    scenario = json.loads(house.types("drill", "show", "RH1", "--json")[1])
    assert named(json.dumps(scenario["happened"], ensure_ascii=False), GONE) == []


def test_a_number_that_is_taken_there_keeps_nobody_known(home: Path) -> None:
    """Where the rehearsals gave the number to somebody else (the installation's own store was restored meanwhile), the
    person gets another one there: both stores forget."""
    plays(home, "emma 1\nend\n")
    store = kept.rehearsals(make_app(home, {}).settings)
    with store.transaction():
        Forgotten(store).add("somebody_else", AT)
    store.close()
    house = house_at(home)
    assert house.asks("roster", "forget", GONE, "--yes")["number"] == 1
    assert "(forgotten 2)" in house.types("log", "RH1")[1]


def test_a_table_that_was_cut_off_forgets_too(home: Path) -> None:
    """What a closed terminal left behind is searched as well, before the next table puts it with the rehearsals."""
    from tests.shell.test_tabletop import Facilitator

    first = Facilitator(home)
    first.table.act("emma I hear water in the wall")
    first.table.engine.store.close()
    first.table._lock.close()
    assert number(GONE)[1:] in told(home, tabletop.FILE)
    status, said = house_at(home).types("roster", "forget", GONE, "--yes")
    assert status == 0, said
    assert named(told(home, tabletop.FILE, *LOGS), GONE) == []


def test_nothing_of_the_person_is_left_of_live_drills(home: Path) -> None:
    """Words of the book and schedules forget; every book is the same to the byte, and what is to be mended stays."""
    house = house_at(home)
    drills(house)
    with sqlite3.connect(house.file) as db:
        before = db.execute("select * from book order by subject, seq").fetchall()
    status, said = house.types("roster", "forget", GONE, "--yes")
    assert status == 0, said
    assert named(house.tables(*LOGS), GONE) == []
    text = house.tables()
    for words in (
        "the janitor",
        "nobody closed the valve",
        "we were fast",
        "saw it myself",
        "told emma",
        "Emma Ek ran",
    ):
        assert words not in text
    for words in ("the siren was loud", "the valve sticks", "oil it"):
        assert words in text
    with sqlite3.connect(house.file) as db:
        assert db.execute("select * from book order by subject, seq").fetchall() == before
    with contextlib.closing(SqliteStore(house.file)) as store:
        assert Books(store).verify("d1") == len(before)
        assert [(s.director, s.by) for s in Schedules(store).all()] == [("anna", "forgotten-1")]
    owner = house.asks("drill", "action", "list")["actions"][0]["owner"]
    assert "(forgotten 1)" in owner


def test_who_directs_what_is_to_come_is_not_forgotten(home: Path) -> None:
    """A drill that comes again and one that is planned need somebody who directs them; it is said what to do."""
    house = house_at(home)
    app = make_app(home, {})
    engine = app.engine()
    Schedules(engine.store).put(schedule("s1", director=GONE))
    status, said = house.types("roster", "forget", GONE, "--yes")
    assert status == 3
    assert "emergency drill schedule remove SC1" in said
    Schedules(engine.store).remove("s1", AT)
    engine.store.close()
    house.types("drill", "plan", "leak_drill", "--director", GONE)
    status, said = house.types("roster", "forget", GONE, "--yes")
    assert status == 3
    assert "emergency drill abort DR1" in said
    assert house.types("drill", "abort", "DR1", "--reason", "she leaves")[0] == 0
    assert house.types("roster", "forget", GONE, "--yes")[0] == 0


# backup and restore


def test_a_backup_holds_the_rehearsals(home: Path) -> None:
    """They lie beside it with a digest of their own, and come back with it; what stood there is kept."""
    house = house_at(home)
    plays(home, "anna 1\nend\n")
    document = house.asks("backup", str(home / "copies" / "one.db"))
    beside = home / "copies" / "one.rehearsals.db"
    assert document["rehearsals"]["file"] == str(beside)
    assert document["rehearsals"]["drills"] == 1
    assert document["rehearsals"]["entries"] >= 3
    assert beside.stat().st_mode & 0o077 == 0
    plays(home, "anna 1\nend\n")
    done = house.asks("restore", str(home / "copies" / "one.db"))
    with contextlib.closing(SqliteStore(home / kept.FILE, create=False)) as store:
        assert [row.code for row in Books(store).all()] == ["RH1"]
    with contextlib.closing(SqliteStore(Path(done["rehearsals"]["kept"]), create=False)) as store:
        assert len(Books(store).all()) == 2
    assert {done["kept"], done["rehearsals"]["kept"]} <= set(house.asks("roster", "forget", GONE)["files"])


def test_a_backup_without_rehearsals_leaves_those_that_are_there(home: Path) -> None:
    """A backup of an older release has none: those of now stay as they are."""
    house = house_at(home)
    house.asks("backup", str(home / "copies" / "one.db"))
    assert not (home / "copies" / "one.rehearsals.db").exists()
    plays(home, "anna 1\nend\n")
    assert house.asks("restore", str(home / "copies" / "one.db"))["rehearsals"] is None
    assert house.types("log", "RH1")[0] == 0


BROKEN = (
    ("update book set data = x'7b7d' where seq = 2", "at entry 2"),
    ("delete from book where seq = 2", "at entry 2"),
    ("delete from book where seq > 1", "after entry 1"),
    ("delete from book", "after entry 0"),
)


@pytest.mark.parametrize(("change", "where"), BROKEN)
def test_a_broken_book_is_not_backed_up(home: Path, change: str, where: str) -> None:
    """A book that was changed, or cut off, is no proof: the backup is refused, says whose book, and leaves nothing."""
    house = house_at(home)
    drills(house)
    with sqlite3.connect(house.file) as db:
        db.execute(change)
    db.close()
    with pytest.raises(StoreDamaged, match=f"DR1: the book is broken {where}"):
        backup.back_up(house.file, home / "copies" / "one.db", VirtualClock(AT), home / kept.FILE)
    assert not list((home / "copies").iterdir())


def test_rehearsals_that_are_broken_keep_nothing_of_the_backup(home: Path) -> None:
    """Both files are whole or there is no backup."""
    plays(home, "anna 1\nend\n")
    with sqlite3.connect(home / kept.FILE) as db:
        db.execute("update event set data = x'7b7d' where seq = 3")
    db.close()
    with pytest.raises(StoreDamaged, match="line 3"):
        backup.back_up(home / "emergency.db", home / "copies" / "one.db", VirtualClock(AT), home / kept.FILE)
    assert not list((home / "copies").iterdir())


def test_one_changed_byte_of_the_rehearsals_restores_nothing(home: Path) -> None:
    """The installation's own store is not touched either: both are checked before anything is put back."""
    house = house_at(home)
    plays(home, "anna 1\nend\n")
    house.asks("backup", str(home / "one.db"))
    raw = bytearray((home / "one.rehearsals.db").read_bytes())
    raw[-1] ^= 1
    (home / "one.rehearsals.db").write_bytes(raw)
    before = (home / "emergency.db").read_bytes()
    status, said = house.types("restore", str(home / "one.db"))
    assert status not in (0, 3), said
    assert (home / "emergency.db").read_bytes() == before


def open_live_drill(home: Path, began: datetime) -> str:
    """Have a drill on real telephones open in the store, with a message that waits; return its id."""
    app = make_app(home, {})
    app.clock = VirtualClock(began)
    engine = app.engine()
    site, now = app.people.site(engine), began
    plan = app.library.named(engine, "leak", site)
    books = Books(engine.store)
    scenario = read_file(home / "scenarios" / "leak_drill.yaml", site)
    row = books.plan("d9", "full", "leak", live.keep_scenario(engine, scenario), now, now)
    team = app.people.members(engine, app.desktop.reach_of("live_drill"), now, mode="live_drill")
    opening = c.OpenIncident(
        incident="i9", code="", mode="live_drill", playbook=plan, site=site, place="hall", members=team, by="console",
        director="anna", maximum=timedelta(minutes=40),
    )  # fmt: skip
    incident = engine.open(opening)
    books.begin(row.id, incident.id, now)
    assert engine.store._db.execute("select count(*) from outbox where status = 'queued'").fetchone()[0]
    engine.store.close()
    return incident.id


def claimable(home: Path, now: datetime) -> list[str]:
    """Return the kinds of the messages of live drills that a sender would claim now."""
    with contextlib.closing(SqliteStore(home / "emergency.db")) as store:
        rows = [row for channel in ("sms", "voice") for row in store.queued("live_drill", channel, now, 500)]
    return [json.loads(row.line)["kind"] for row in rows]


def test_a_drill_of_a_backup_stands_still(home: Path) -> None:
    """A drill that was open when the backup was taken does not call anybody afterwards: it stands still, its director
    alone lets it go on, and whoever looks knows why."""
    now = datetime.now(UTC) - timedelta(minutes=5)  # noqa: DTZ005, RUF100
    id = open_live_drill(home, now)
    house = house_at(home)
    house.asks("backup", str(home / "one.db"))
    done = house.asks("restore", str(home / "one.db"))
    assert done["stopped"] == {"still": ["XL01"], "broken_off": []}
    app = make_app(home, {})
    engine = app.engine()
    incident = engine.incident(id)
    assert incident.frozen is not None
    assert [x.because for x, _ in engine.store.history(id) if isinstance(x, e.DrillFrozen)] == ["restored"]
    paused = [w.entry for w in Books(engine.store).read("d9") if isinstance(w.entry, b.Paused)]
    assert [entry.because for entry in paused] == ["restored"]
    assert set(claimable(home, engine.clock.now())) <= {"drill_still"}
    engine.store.close()


def test_a_drill_of_an_old_backup_is_broken_off(home: Path) -> None:
    """Its longest time is up: it is over, and no clock brings back anything of it but the word that it is."""
    began = datetime.now(UTC) - timedelta(days=3)  # noqa: DTZ005, RUF100
    id = open_live_drill(home, began)
    house = house_at(home)
    house.asks("backup", str(home / "one.db"))
    assert house.asks("restore", str(home / "one.db"))["stopped"] == {"still": [], "broken_off": ["XL01"]}
    engine = make_app(home, {}).engine()
    with contextlib.closing(engine.store) as store:
        while engine.fire_due():
            pass
        assert store.open_incidents() == []
        assert [x.because for x, _ in store.history(id) if isinstance(x, e.DrillAborted)] == ["maximum"]
        assert set(claimable(home, datetime.now(UTC))) <= {"drill_off"}  # noqa: DTZ005, RUF100


def test_the_marker_is_there_before_the_store_is_changed(home: Path) -> None:
    """A restore that is cut off right after the store was put back has stopped the drill all the same: server and gate
    look at the marker."""
    id = open_live_drill(home, datetime.now(UTC) - timedelta(minutes=5))  # noqa: DTZ005, RUF100
    backup.back_up(home / "emergency.db", home / "one.db", VirtualClock(AT))
    seen: list[bool] = []

    def before() -> None:
        seen.append((home / "emergency.db.before-1").exists())
        restored.mark(home, make_app(home, {}).clock)

    backup.restore(home / "one.db", home / "emergency.db", None, before)
    assert seen == [False]
    app = make_app(home, {})
    engine = app.engine()
    marker = brake.read(home)
    assert marker is not None
    assert marker.because == restored.RESTORED
    assert brake.stopped_since(home, engine.clock)(last_begun(engine, engine.incident(id)))
    brake.follow(engine, marker)
    assert engine.incident(id).frozen is not None
    engine.store.close()


def test_what_is_real_goes_on_after_a_restore(home: Path) -> None:
    """An emergency of the backup stays open, and no marker is left where no drill was open."""
    house = house_at(home)
    assert house.types("trigger", "leak", "--at", "hall")[0] in (0, 4)
    house.asks("backup", str(home / "one.db"))
    (home / brake.MARKER).unlink(missing_ok=True)
    assert house.asks("restore", str(home / "one.db"))["stopped"] == {"still": [], "broken_off": []}
    assert brake.read(home) is None
    assert house.asks("status", "L01")["ended"] is None


# proof


def test_the_log_of_a_drill_by_any_of_its_codes(home: Path) -> None:
    """RH1 and the code its incident bore mean the same log, as DR9's does; where the installation has an incident of
    that code, it means that."""
    plays(home, "anna 1\nend\n")
    house = house_at(home)
    assert house.types("log", "RH1")[1] == house.types("log", "XL01")[1]
    assert house.types("log", "XL99")[0] == 2
    open_live_drill(home, datetime.now(UTC) - timedelta(minutes=5))  # noqa: DTZ005, RUF100
    live = house.types("log", "DR1")
    assert live[0] == 0
    assert live[1] == house.types("log", "XL01")[1]
    assert live[1] != house.types("log", "RH1")[1]


@pytest.mark.parametrize("code", ["RH1", "DR1"])
def test_a_changed_book_is_named(home: Path, code: str) -> None:
    """`log --verify` recomputes the log and the book; a changed line is named by drill and number."""
    house = house_at(home)
    plays(home, "anna 1\nend\n")
    open_live_drill(home, datetime.now(UTC) - timedelta(minutes=5))  # noqa: DTZ005, RUF100
    with contextlib.closing(SqliteStore(house.file)) as store:
        Books(store).write("d9", b.Observed(by="anna"), b.Observed(by="boris"), at=AT)
    status, said = house.types("log", code, "--verify")
    assert status == 0, said
    assert f"The book of {code} is whole" in said
    file = home / kept.FILE if code == "RH1" else house.file
    with sqlite3.connect(file) as db:
        db.execute("update book set at = '2026-03-01T09:00:00.000000Z' where seq = 2")
    db.close()
    status, said = house.types("log", code, "--verify")
    assert status not in (0, 3), said
    assert f"{code}: the book is broken at entry 2" in said


# doctor


def rehearsed(home: Path) -> list[doctor.Finding]:
    """Return what the doctor says of the rehearsals."""
    return list(doctor._rehearsals(make_app(home, {})))


def test_the_doctor_looks_at_the_rehearsals(home: Path) -> None:
    """It says how many there are and how large they are, lifts an older file to this schema, and names damage."""
    assert rehearsed(home) == []
    plays(home, "anna 1\nend\n")
    found = rehearsed(home)
    assert [each.level for each in found] == ["ok"]
    assert "1 of them" in found[0].says.en
    assert "MB" in found[0].says.en
    (home / kept.FILE).chmod(0o640)
    assert [each.level for each in rehearsed(home)] == ["ok", "warning"]
    (home / kept.FILE).chmod(0o600)
    with sqlite3.connect(home / kept.FILE) as db:
        db.execute("update book set data = x'7b7d' where seq = 2")
    db.close()
    found = rehearsed(home)
    assert [each.level for each in found] == ["warning"]
    assert "RH1: the book is broken at entry 2" in found[0].says.en


def test_an_older_file_of_rehearsals_is_lifted(home: Path) -> None:
    """Opening it is enough, as for the installation's own store; one of a later release is left as it is and named."""
    store = kept.rehearsals(make_app(home, {}).settings)
    store._db.execute(f"pragma user_version = {SCHEMA + 1}")
    store.close()
    assert "later release" in rehearsed(home)[0].says.en
