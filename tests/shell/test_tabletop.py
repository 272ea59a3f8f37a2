"""A drill at a table: a script on standard input plays it, nothing is sent, and it is kept."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cli
from emergency.commands.base import NOT_NOW
from emergency.core import events as e
from emergency.drills import book as b
from emergency.drills.live import brake
from emergency.drills.rehearsals import kept
from emergency.drills.rehearsals.tabletop import FILE, Table
from emergency.drills.scenarios.file import read_file
from emergency.errors import CommandRefused, EmergencyError, Mistakes
from emergency.store.drills import Books
from emergency.store.store import SqliteStore
from notifiers.registry import notifiers_for
from tests.drilled import put_scenario
from tests.serving import make_app, make_home
from tests.small import site

SCRIPT = """
# how a good evening goes
wait 2s
anna 1
XL01C 2
XL01D 2
note they were quick
answer Q1 yes
next
order over
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """An installation with a scenario."""
    made = make_home()
    put_scenario(made)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def typed(home: Path, script: str, *words: str) -> Any:
    """Play the table with a script on standard input."""
    env = {"EMERGENCY_HOME": str(home)}
    return CliRunner().invoke(cli.main, ["--lang", "en", "drill", "table", "leak_drill", *words], input=script, env=env)


def test_a_script_plays_a_table_to_its_end(home: Path) -> None:
    """What is typed goes the way of a real night: injects by time and condition, answers by SMS rules, the end by the
    scenario; it is kept under a code of its own with a whole chain."""
    said = typed(home, SCRIPT, "--json")
    assert said.exit_code == 0, said.output
    document = json.loads(said.stdout)
    assert document["drill"] == "RH1"
    assert document["because"] == "ended: scenario"
    assert [line["line"] for line in document["lines"] if not line["done"]] == []
    assert [each["inject"] for each in document["happened"]] == ["I1", "I4", "I2"]
    with contextlib.closing(SqliteStore(home / kept.FILE)) as store:
        row = Books(store).by_code("RH1")
        assert row is not None
        assert row.kind == "tabletop"
        assert row.incident is not None
        assert store.verify(row.incident) > 20
        entries = [written.entry for written in Books(store).read(row.id)]
        assert Books(store).verify(row.id) == len(entries)
        assert [type(entry) for entry in entries[-2:]] == [b.Ended, b.Closed]
        assert any(isinstance(entry, b.Answered) and entry.met for entry in entries)
        modes = {event.mode for event, _ in store.history(row.incident) if isinstance(event, e.IncidentOpened)}
        assert modes == {"drill"}
    assert not (home / FILE).exists()


def test_the_same_script_gives_the_same_course(home: Path) -> None:
    """The clock is the facilitator's alone: what is kept does not depend on how fast anybody types."""
    courses = []
    for _ in range(2):
        document = json.loads(typed(home, SCRIPT, "--json").stdout)
        courses.append([(line["line"], line["said"][:-1]) for line in document["lines"]])
    assert courses[0] == courses[1]


def test_wrong_words_change_nothing_and_say_the_right_ones(home: Path) -> None:
    """Each line that cannot be done is said with its way out, and the table goes on; the script's status shows it."""
    said = typed(home, "nobody 1\nfrobnicate\ninject I9\nwait 5\nfact litres\nspeed fast\nskip\nXL01Z 1\nend\n")
    assert said.exit_code == NOT_NOW
    for words in (
        "not in the roster",
        "type help",
        "I9",
        "has no unit",
        "FACT=VALUE",
        "no speed",
        "which inject",
        "no step XL01Z",
    ):
        assert words in said.stderr, words
    assert "kept as RH1" in said.stdout


def test_nothing_of_a_table_reaches_the_installation(home: Path) -> None:
    """It lives in a file of its own: no incident, no message, no timer of it stands in the installation's store."""
    typed(home, SCRIPT)
    store = SqliteStore(home / "emergency.db")
    assert store.all_incidents() == []
    assert store._db.execute("select count(*) from outbox").fetchone() == (0,)
    assert store._db.execute("select count(*) from timer").fetchone() == (0,)
    store.close()


class Facilitator:
    """A table in this process, with what it says; *real* is the code of what is real, as long as it is."""

    def __init__(self, home: Path) -> None:
        self.app = make_app(home, {})
        self.said: list[str] = []
        self.real: str | None = None
        scenario = read_file(home / "scenarios" / "leak_drill.yaml", site())
        phones = notifiers_for({}, self.app.clock.now, lambda line: None)
        self.table = Table(self.app, scenario, phones, "en", self.said.append, lambda: self.real)

    def refused(self, line: str, kind: type[EmergencyError] = CommandRefused) -> str:
        """Type what cannot be done."""
        with pytest.raises(kind) as error:
            self.table.act(line)
        return str(error.value)


@pytest.fixture
def facilitator(home: Path) -> Iterator[Facilitator]:
    """A facilitator at a table that has just begun."""
    made = Facilitator(home)
    yield made
    made.table.close()


def test_something_real_freezes_the_table_at_the_next_look(facilitator: Facilitator) -> None:
    """While something real goes on the clock stands, nothing can be typed into the drill, and nothing lets it go on."""
    facilitator.table.do_speed(["10"])
    facilitator.real = "F07"
    facilitator.table.tick(timedelta(seconds=1))
    assert facilitator.table.incident.frozen is not None
    assert "REAL: F07" in facilitator.said[-1]
    before = facilitator.table.clock.now()
    facilitator.table.tick(timedelta(seconds=5))
    assert facilitator.table.clock.now() == before
    assert "stands still" in facilitator.refused("anna 1")
    assert "F07" in facilitator.refused("resume")
    facilitator.real = None
    facilitator.table.act("resume")
    facilitator.table.act("anna 1")
    assert "noted, received" in facilitator.said[-1]


@pytest.mark.parametrize("before", ["marker", "pause", "nothing"])
def test_what_is_real_is_said_once_whatever_came_before(facilitator: Facilitator, before: str) -> None:
    """The marker of what is real may freeze the table first, or the facilitator had paused it: the one line that must
    be read is said all the same, with the code."""
    if before == "marker":
        now = facilitator.app.clock.now()
        brake.pull(facilitator.app.settings.home, brake.Marker(now, "console", "real", "F07"))
    if before == "pause":
        facilitator.table.act("pause")
    facilitator.real = "F07"
    facilitator.table.tick(timedelta(seconds=1))
    facilitator.table.tick(timedelta(seconds=1))
    assert sum("REAL: F07 is open" in line for line in facilitator.said) == 1
    assert facilitator.table.incident.frozen is not None
    assert "real" in facilitator.table.incident.stopped


def test_the_red_command_stops_a_table_in_another_window(facilitator: Facilitator) -> None:
    """`emergency drill stop` reaches every drill of the installation, also the one that lives in a file of its own."""
    marker = brake.Marker(facilitator.app.clock.now(), "emma", "red")
    brake.pull(facilitator.app.settings.home, marker)
    facilitator.table.tick(timedelta(0))
    assert facilitator.table.incident.frozen is not None
    assert "FROZEN: the red command" in facilitator.said[-1]
    facilitator.table.act("resume")
    assert facilitator.table.incident.frozen is None


def test_the_clock_of_a_table(facilitator: Facilitator) -> None:
    """It stands until it is driven: by steps, by lengths, or by a speed over the time of the room."""
    table = facilitator.table
    table.tick(timedelta(minutes=5))
    assert table.clock.now() == table.scenario.begins
    table.act("next")
    assert table.clock.now() == table.scenario.begins + timedelta(seconds=1)
    table.act("wait 1m")
    table.act("speed 10")
    table.tick(timedelta(seconds=3))
    assert table.clock.now() == table.scenario.begins + timedelta(seconds=91)


def test_words_in_chinese(facilitator: Facilitator) -> None:
    """Names and commands are understood in both languages."""
    facilitator.table.act("安娜 1")
    assert "noted, received" in facilitator.said[-1]
    facilitator.table.act("等 2s")
    facilitator.table.act("报 litres=7")
    assert facilitator.table.incident.facts["litres"].value == "7"
    facilitator.table.act("中止 有人受伤")
    assert facilitator.table.over


def test_words_of_the_facilitators_own(facilitator: Facilitator) -> None:
    """What stands in no script is told to people, marked; words that deny the drill are refused."""
    facilitator.table.act("say smoke in the yard to guard")
    assert any("DRILL XL01: smoke in the yard DRILL" in line for line in facilitator.said)
    assert "no drill" in facilitator.refused("say this is not a drill to guard", Mistakes)


def test_a_table_that_was_cut_off_is_kept(home: Path) -> None:
    """A terminal that was closed loses nothing: the next table puts what was left with the rehearsals."""
    first = Facilitator(home)
    first.table.act("anna 1")
    with pytest.raises(CommandRefused, match="another table"):
        Facilitator(home)
    first.table.engine.store.close()
    first.table._lock.close()
    second = Facilitator(home)
    assert "RH1" in second.said[0]
    assert second.table.keep() == "RH2"
    second.table.close()
    store = SqliteStore(home / kept.FILE)
    assert sorted(row.code for row in Books(store).all()) == ["RH1", "RH2"]
    assert all(store.verify(row.incident) for row in Books(store).all() if row.incident)
    store.close()


def test_what_is_kept_can_be_read_like_any_incident(home: Path) -> None:
    """Its log, its state and its control log are there afterwards."""
    typed(home, SCRIPT)
    env = {"EMERGENCY_HOME": str(home)}
    shown = CliRunner().invoke(cli.main, ["--lang", "en", "drill", "show", "RH1", "--json"], env=env)
    assert json.loads(shown.stdout)["state"] == "closed", shown.output


STORY = """
injects:
  J1: {kind: event.secondary, at: 5s, target: yard, params: {playbook: noise}}
  J2: {kind: message.inbound, when: "in noise: step listen done", after: 5s, text: {zh: 邻居来电, en: a caller},
       deliver: {from: neighbour, to: role.guard}}
  J3: {kind: fact.told, at: 20s, target: litres, params: {value: 5},
       expect: {E1: {text: {zh: 有人看, en: somebody looks}, check: step look done}},
       contingency: {if_not: E1, after: 40s, do: J4, text: {zh: 提醒, en: prompt them}}}
  J4: {kind: decision.answer, target: kind, reserve: yes, params: {answer: pipe}}
  J5: {kind: order.transition, at: 30s, target: command, params: {to: nowhere}}
  J6: {kind: person.claims_command, at: 50s, target: boris}
"""


def test_injects_of_every_kind_do_what_they_say(home: Path) -> None:
    """A second emergency begins beside the first and is asked by conditions; a contingency lets a reserve happen when
    what was expected did not; what cannot happen is on record and stops nothing; what ends, ends for both."""
    from tests.drilled import SCENARIO

    start, end = SCENARIO.index("objectives:"), SCENARIO.index("ends:")
    put_scenario(home, SCENARIO[:start] + STORY.lstrip() + SCENARIO[end:])
    facilitator = Facilitator(home)
    table = facilitator.table
    table.act("wait 6s")
    second = next(i for i in table.engine.open_incidents() if i.parent == table.incident.id)
    assert (second.playbook.id, second.mode) == ("noise", "drill")
    table.act(f"{second.code}A 2")
    assert second.state == "heard"
    table.act("wait 55s")
    happened = [each["inject"] for each in table.document()["happened"]]
    assert happened == ["J1", "J2", "J3", "J5", "J6", "J4"]
    assert table.incident.command == "boris"
    assert next(r for r in table.incident.steps.values() if r.name == "kind").answer == "pipe"
    notes = [event for event, _ in table.engine.store.history(table.incident.id) if isinstance(event, e.NoteAdded)]
    said = " ".join(table.engine.store.words(note.text for note in notes).values())
    assert "J5: 'nowhere' is no state" in said
    assert "prompt them" in said
    table.act("pause")
    assert table.engine.incident(second.id).frozen is not None, "both stand still"
    table.act("end")
    assert table.over
    assert table.engine.open_incidents() == []
    table.close()


def test_a_table_never_outlives_its_longest_time(facilitator: Facilitator) -> None:
    """It ends by itself a moment before, also while nobody does anything."""
    facilitator.table.act("wait 3h")
    assert facilitator.table.over
    document = facilitator.table.document()
    assert document["because"] == "ended: maximum"
    assert document["clock"] <= document["maximum"]
