"""`emergency drill run` and `drill list`: what a person at a terminal gets, what is kept, and that nothing can leak."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import cli
from emergency.clock import VirtualClock
from emergency.drills import book as b
from emergency.drills.rehearsals import kept
from emergency.drills.rehearsals.play import Paced, Setting, play, prepare, real_incident
from emergency.settings import Settings
from emergency.store.drills import Books
from emergency.store.store import SqliteStore
from tests.installation import sample
from tests.serving import until

ROOT = Path(cli.__file__).parent
FIRE = ("fire", "--at", "B1 food court", "--begins", "2026-03-01T12:00", "--until", "4m")

SCENARIO = """
format: drill-scenario/1
scenario: lost_leader
title: {zh: 现场负责人失联, en: the leader is lost}
playbook: {id: fire}
kind: simulated
begins: "2026-03-01 12:00"
clock: {maximum: 10m, seed: 5}
opens:
  place: b1_food_court
  says: {zh: 美食广场有烟, en: smoke in the food court}
injects:
  I1:
    at: 2m
    kind: person.unreachable
    target: liu_yang
    text: {zh: 现场负责人失联, en: the on-scene leader is lost}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample installation; each test rehearses beside it, none touches it."""
    home = tmp_path_factory.mktemp("drills") / "home"
    sample(home)
    (home / "scenarios").mkdir()
    (home / "scenarios" / "lost_leader.yaml").write_text(SCENARIO, "utf-8")
    return home


@pytest.fixture
def drill(home: Path) -> Callable[..., Result]:
    """Type `emergency drill ...` before an empty shelf of rehearsals."""
    for path in home.glob("rehearsals.db*"):
        path.unlink()
    return typist(home, "drill")


def typist(home: Path, *before: str) -> Callable[..., Result]:
    """Return what types a command."""
    env: dict[str, str | None] = {
        **{name: None for name in os.environ if name.startswith(("TWILIO_", "EMERGENCY_"))},
        "EMERGENCY_HOME": str(home),
    }

    def type_(*words: str, lang: str = "en") -> Result:
        result = CliRunner().invoke(cli.main, ["--lang", lang, *before, *words], env=env, prog_name="emergency")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return type_


def settings_of(home: Path) -> Settings:
    """Return the settings of an installation."""
    return Settings(home, f"sqlite:///{home / 'emergency.db'}", "en", {})


def setting_of(home: Path, what: str = "lost_leader") -> Setting:
    """Return a drill, ready to be played."""
    from emergency.app import App

    return prepare(App(settings_of(home), []), what, at=None, begins=None, until=None, seed=None)


# what it prints, and what it keeps


def test_a_rehearsal_is_a_story(drill: Callable[..., Result]) -> None:
    """It prints by minutes and seconds what happened: states, calls, answers, injects, objectives; in zh and en."""
    said = drill("run", "lost_leader")
    lines = said.stdout.splitlines()

    assert lines[0] == "00:00  XF01 Fire · B1 food court"
    assert "00:00  ━━━ reported ━━━" in lines
    assert any(line.startswith("00:00  SMS → ") and "Liu Yang (XF01" in line for line in lines)
    assert any("✓" in line and "received" in line for line in lines)
    assert any("⏱ late: XF01" in line and "[practice]" in line for line in lines)
    assert "02:00  ⚡ I1 the on-scene leader is lost" in lines
    assert "10:00  ■ end: its longest time is over" in lines
    assert "Objectives" in lines
    assert "RH1: 10 minutes played" in said.stderr
    assert "No real telephone rang" in said.stderr
    zh = drill("run", "lost_leader", lang="zh").stdout
    assert "02:00  ⚡ I1 现场负责人失联" in zh
    assert "目标" in zh


def test_the_same_seed_prints_the_same_document(drill: Callable[..., Result]) -> None:
    """`--json` is one document, equal to the last byte for the same seed, with the log as `log --json` prints it."""
    one, two, other = (drill("run", *FIRE, "--seed", seed, "--json").stdout for seed in ("3", "3", "4"))
    document = json.loads(one)

    assert one == two != other
    assert (document["drill"], document["incident"], document["seed"], document["mode"]) == ("RH1", "XF01", 3, "drill")
    assert (document["playbook"], document["scenario"], document["drill_kind"]) == ("fire", None, "simulated")
    assert [entry["kind"] for entry in document["book"]] == ["Planned", "Begun", "Ended"]


def test_a_kept_rehearsal_can_be_read_as_any_incident(home: Path, drill: Callable[..., Result]) -> None:
    """`log RH1` and `status RH1` show it, `--verify` finds every hash whole; the same drill again is kept once."""
    documents = [json.loads(drill("run", *FIRE, "--seed", seed, "--json").stdout) for seed in ("3", "3", "4")]
    emergency = typist(home)

    assert [each["drill"] for each in documents] == ["RH1", "RH1", "RH2"]
    assert json.loads(emergency("log", "RH1", "--json").stdout) == documents[0]["log"]
    assert json.loads(emergency("log", "rh2", "--json").stdout) == documents[2]["log"]
    assert "every hash holds" in emergency("log", "RH1", "--verify").stderr
    status = json.loads(emergency("status", "RH1", "--json").stdout)
    assert (status["incident"], status["state"], status["mode"]) == ("XF01", documents[0]["state"], "drill")
    assert "Liu Yang" in emergency("status", "RH1").stdout
    assert json.loads(emergency("status", "--json").stdout)["incidents"] == []
    gone = emergency("log", "RH9")
    assert (gone.exit_code, "there is no drill RH9" in gone.stderr) == (2, True)


def test_the_list_names_scenarios_and_drills(home: Path, drill: Callable[..., Result]) -> None:
    """What can be played, what cannot be read and why, and what was held, in one list."""
    bad = home / "scenarios" / "bad.yaml"
    bad.write_text("format: drill-scenario/1\nscenario: bad\n", "utf-8")
    drill("run", "lost_leader")
    drill("run", *FIRE)
    document = json.loads(drill("list", "--json").stdout)
    bad.unlink()

    assert [(each["code"], each["scenario"], each["playbook"], each["state"]) for each in document["drills"]] == [
        ("RH1", "lost_leader", "fire", "over"), ("RH2", None, "fire", "over")
    ]  # fmt: skip
    mine = next(each for each in document["scenarios"] if each["id"] == "lost_leader")
    assert (mine["playbook"], mine["place"], mine["title"]["en"]) == ("fire", "b1_food_court", "the leader is lost")
    assert any("bad.yaml" in text for text in document["mistakes"])
    assert "RH1    XF01   simulation   over" in drill("list").stdout


def test_it_need_not_be_kept(home: Path, drill: Callable[..., Result]) -> None:
    """With --no-keep nothing is written anywhere."""
    before = {path.name: path.stat().st_mtime_ns for path in home.iterdir()}
    document = json.loads(drill("run", *FIRE, "--no-keep", "--json").stdout)

    assert document["drill"] is None
    assert document["log"]
    after = {path.name: path.stat().st_mtime_ns for path in home.iterdir()}
    assert not (home / kept.FILE).exists()
    assert set(after) == set(before)


@pytest.mark.parametrize(
    "words, says",
    [
        pytest.param(["fier"], "Did you mean 'fire'?", id="unknown plan"),
        pytest.param(["nowhere.yaml"], "nowhere.yaml: cannot be read", id="no such file"),
        pytest.param(["fire", "--at", "xyzzy"], "xyzzy", id="unknown place"),
        pytest.param(["fire", "--until", "50"], "--until: '50' is no length of time", id="a length without its unit"),
        pytest.param(["fire", "--until", "0s"], "lasts more than nothing", id="no time at all"),
        pytest.param(["fire", "--until", "90d"], "at most 60 days", id="for ever"),
        pytest.param(["fire", "--begins", "soon"], "--begins", id="no moment"),
    ],
)
def test_wrong_words_start_nothing(home: Path, drill: Callable[..., Result], words: list[str], says: str) -> None:
    """One clear line, exit status 2, and nothing kept."""
    said = drill("run", *words)

    assert (said.exit_code, said.stdout) == (2, "")
    assert says in said.stderr
    assert not (home / kept.FILE).exists()


# nothing can leak

WATCHED = """
import sys
opened = []
def watch(event, args):
    if event.startswith("socket.") and event != "socket.gethostname":
        opened.append((event, args))
        raise RuntimeError("a rehearsal opened a socket")
sys.addaudithook(watch)
import cli
try:
    cli.main(sys.argv[1:], standalone_mode=False)
except SystemExit:
    pass
bad = sorted(name for name in sys.modules if name.split(".")[0] in ("twilio", "notifiers", "aiohttp"))
print("LOADED", bad, "OPENED", opened, file=sys.stderr)
"""


@pytest.mark.parametrize("more", [[], ["--speed", "1000"]], ids=["at once", "by the clock"])
def test_no_provider_is_loaded_and_no_socket_opened(home: Path, more: list[str]) -> None:
    """With every credential of a provider in the environment, a rehearsal loads no notifier and opens no socket."""
    account = {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "TWILIO_FROM": "+12025550100",
        "EMERGENCY_PUBLIC_URL": "https://example.org",
        "EMERGENCY_HOME": str(home),
    }
    words = ["--lang", "en", "drill", "run", *FIRE, *more]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words], cwd=ROOT, env={**os.environ, **account}, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip

    assert "━━━ reported ━━━" in done.stdout
    assert "LOADED [] OPENED []" in done.stderr
    assert "Traceback" not in done.stderr


class Life:
    """Time as it passes for whoever plays at some speed: it goes on by what is waited for, and nobody waits."""

    def __init__(self) -> None:
        self._clock = VirtualClock(datetime(2026, 3, 1, tzinfo=UTC))
        self.now = self._clock.now
        self._began = self.now()

    @property
    def passed(self) -> float:
        """How many seconds."""
        return (self.now() - self._began).total_seconds()

    def wait(self, seconds: float) -> None:
        """Let so much time pass, and at least a millisecond: even a loop takes some."""
        self._clock.advance(timedelta(seconds=max(seconds, 0.001)))


def paced(
    home: Path, real: Callable[[], str | None], life: Life | None = None, speed: float = 60.0
) -> tuple[Paced, list[str]]:
    """Return a drill at some speed, and the lines that it tells."""
    setting, lines, life = setting_of(home), list[str](), life or Life()
    player = Paced(setting.rehearsal(), setting, speed, life.now, real, lines.append, "en", lambda: None)
    player._wait = life  # type: ignore[assignment]
    return player, lines


def test_something_real_freezes_it_within_a_second(home: Path) -> None:
    """Once a real incident is open the drill stops at once, and its book says why."""
    life = Life()
    player, lines = paced(home, lambda: "F01" if life.passed > 0.7 else None, life)
    player.run()

    assert life.passed < 1.7
    assert player.real_code == "F01"
    assert [each.entry for each in player.rehearsal.book[-2:]] == [
        b.Paused(by="console", because="real", other="F01"), b.Aborted(by="console", because="real")
    ]  # fmt: skip
    assert lines[-1].endswith("■ broken off: a real incident")
    frozen = player.rehearsal.incident.version
    assert player.rehearsal.run(timedelta(hours=1)).version == frozen


def test_ctrl_c_breaks_it_off_and_keeps_what_was(home: Path) -> None:
    """Whoever presses Ctrl-C ends it there; it is kept as far as it came, and says so."""

    def pressed() -> str | None:
        raise KeyboardInterrupt

    player, _ = paced(home, pressed)
    player.rehearsal.run(timedelta(seconds=30))
    player.run()
    shelf = kept.rehearsals(settings_of(home))
    row = player.rehearsal.keep(shelf)

    assert Books(shelf).read(row.id)[-1].entry == b.Aborted(by="console", because="director")
    assert shelf.verify(player.rehearsal.id) == player.rehearsal.incident.version
    shelf.close()


def test_what_is_kept_bit_by_bit_is_what_is_kept_at_once(home: Path, tmp_path: Path) -> None:
    """A drill that is written down while it is played comes to the very same record, and nothing is written twice."""
    records = []
    for name, moments in (("at_once", ()), ("bit_by_bit", (0, 0, 1, 30, 31, 119, 121, 200))):
        shelf = kept.rehearsals(Settings(folder := tmp_path / name, f"sqlite:///{folder / 'e.db'}", "en", {}))
        rehearsal = setting_of(home, "lost_leader").rehearsal()
        keeping = kept.Keeping(rehearsal, shelf)
        for seconds in moments:
            rehearsal.run(timedelta(seconds=seconds))
            keeping.save()
            assert shelf.verify(rehearsal.id) == rehearsal.incident.version
        rehearsal.run(timedelta(minutes=10))
        row = keeping.end()
        chain = [each.hash for each in shelf.records(rehearsal.id)]
        records.append((row, chain, Books(shelf).read(row.id), shelf.all_incidents(), shelf._all("table_words")))
        assert Books(shelf).verify(row.id) == len(rehearsal.book)
        shelf.close()
    assert records[0] == records[1]


def test_a_drill_that_is_killed_is_kept_as_far_as_it_came(tmp_path: Path) -> None:
    """kill -9 in the middle: its log and its book hold, the next command ends it, and says so; while one is played,
    nobody takes it for one that was killed."""
    sample(home := tmp_path / "home")
    environment = {**os.environ, "EMERGENCY_HOME": str(home), "EMERGENCY_LANG": "en"}
    words = [sys.executable, str(ROOT / "cli.py"), "drill", "run", *FIRE, "--speed", "20"]
    playing = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: (home / kept.FILE).exists() and lines_of(home) > 40, "for its first lines")
        assert "RH1    XF01" in (listed := typist(home, "drill")("list").stdout)
        assert "running" in listed
    finally:
        playing.kill()
        playing.wait()

    listed = typist(home, "drill")("list").stdout
    assert "over" in listed
    assert "running" not in listed
    assert typist(home)("log", "RH1", "--verify").exit_code == 0
    with contextlib.closing(kept.rehearsals(settings_of(home))) as shelf:
        books = Books(shelf)
        row = books.by_code("RH1")
        assert row is not None
        last = books.read(row.id)[-1]
        assert last.entry == b.Aborted(by="console", because="killed")
        assert row.ended_at == last.at == shelf.history(row.incident or "")[-1][1]
    assert "broken off" in typist(home, "drill")("show", "RH1").stdout


def test_what_is_real_is_found_whatever_became_of_the_rehearsals(tmp_path: Path) -> None:
    """A damaged store of rehearsals keeps nobody from the report of an incident."""
    sample(home := tmp_path / "home")
    typist(home)("trigger", "fire", "--at", "K12")
    (home / kept.FILE).write_bytes(b"no database at all")

    assert typist(home)("report", "F01").exit_code == 0


def lines_of(home: Path) -> int:
    """Return how many lines the log of the first rehearsal has by now."""
    with contextlib.closing(SqliteStore(home / kept.FILE)) as shelf:
        return sum(row.version for row in shelf.all_incidents())


def test_the_command_does_not_begin_beside_a_real_incident(tmp_path: Path) -> None:
    """`drill run --speed` beside an open real incident does not begin, and sends the reader to what is real."""
    home = tmp_path / "home"
    sample(home)
    typist(home)("trigger", "fire", "--at", "K12")
    said = typist(home, "drill")("run", *FIRE, "--speed", "10")

    assert (said.exit_code, said.stdout) == (3, "")
    assert "A REAL INCIDENT is open: F01" in said.stderr
    assert not (home / kept.FILE).exists()


def test_what_is_over_keeps_nobody_from_a_rehearsal(tmp_path: Path) -> None:
    """A real incident that was called off is no reason to stop, also before it is closed; one that goes on is."""
    sample(home := tmp_path / "home")
    own = home / "emergency.db"
    typist(home)("trigger", "fire", "--at", "K12")
    assert real_incident(own) == "F01"

    typist(home)("cancel", "F01", "--reason", "burnt toast")
    assert real_incident(own) is None


def test_speed_is_the_speed_of_the_story(home: Path) -> None:
    """At a hundred times the speed of life ten minutes take six seconds; here, the first twenty virtual seconds."""
    life = Life()
    player, lines = paced(home, lambda: "F01" if life.passed > 0.45 else None, life, speed=100.0)
    player.run()

    passed = (player.rehearsal.clock.now() - player.rehearsal.stage.begins).total_seconds()
    assert 10 < passed < 120
    assert lines[0].startswith("00:00  XF01")


def test_playing_the_same_again_keeps_one_and_another_program_keeps_both(home: Path, tmp_path: Path) -> None:
    """The same drill is the same record. Where the record under its id is another one, both stand side by side."""
    setting = setting_of(home)
    shelf = kept.rehearsals(Settings(tmp_path, f"sqlite:///{tmp_path / 'e.db'}", "en", {}))
    cut = setting.rehearsal()
    cut.run(timedelta(seconds=20))
    first = cut.keep(shelf)
    rehearsal, second = play(setting, shelf)
    _, third = play(setting, shelf)
    shelf.close()

    assert second is not None
    assert (first.code, second.code) == ("RH1", "RH2")
    assert third == second
    assert rehearsal.id != cut.id


def test_settings_make_another_drill(home: Path) -> None:
    """Seed, place, moment and length each make another drill, of another id."""
    from emergency.app import App

    app = App(settings_of(home), [])

    def id_of(**change: Any) -> str:
        words: dict[str, Any] = {"at": "K12", "begins": "2026-03-01T12:00", "until": "4m", "seed": 1, **change}
        return prepare(app, "fire", **words).rehearsal().id

    ids = [id_of(), id_of(seed=2), id_of(at="F1"), id_of(begins="2026-03-01T13:00"), id_of(until="5m")]
    assert len(set(ids)) == len(ids)
    assert id_of() == ids[0]


def test_nothing_that_is_kept_holds_a_number_and_the_forgotten_are_gone(home: Path, tmp_path: Path) -> None:
    """Rehearsals are kept without any telephone number; who is forgotten is gone from there as well, and the logs
    stay whole."""
    home = tmp_path / "home"
    app = sample(home)
    emergency = typist(home)
    emergency("drill", "run", *FIRE)
    numbers = [number for person in app.people.roster(app.engine()).people.values() for number in person.numbers]
    held = (home / kept.FILE).read_bytes()
    assert len(numbers) > 50
    assert [number for number in numbers if number[1:].encode() in held] == []
    assert "Liu Yang" in emergency("log", "RH1").stdout

    assert emergency("roster", "forget", "liu_yang", "--yes").exit_code == 0

    left = b"".join(path.read_bytes() for path in home.glob("rehearsals.db*"))
    assert "刘洋".encode() not in left
    assert b"Liu Yang" not in left
    shown = emergency("log", "RH1")
    assert "Liu Yang" not in shown.stdout
    assert "every hash holds" in emergency("log", "RH1", "--verify").stderr
