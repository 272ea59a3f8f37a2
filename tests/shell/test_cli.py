"""The command line, as a script and a person use it: words in; exit status, one document and messages out.

Most tests run commands inside this process, over an installation that is copied for each of them, at a Sunday noon that
stands still. What belongs to a process (streams, exit status, imports, a running server) is asked of real ones.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import string
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from click.testing import CliRunner

import cli
from emergency.clock import SystemClock, VirtualClock
from emergency.core import events as e
from emergency.engine import Engine
from emergency.inbox import Inbox
from emergency.notify import Inbound
from emergency.people import People
from emergency.phrases import PHRASES
from emergency.show import KINDS
from emergency.store.store import SqliteStore
from tests.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, FakeTwilio

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
"""A Sunday, noon at the sample mall: the early shift is there."""
KNOWN = ("EMERGENCY_LANG", "EMERGENCY_HOME", "EMERGENCY_DATABASE", "EMERGENCY_PUBLIC_URL", "LC_ALL", "LC_MESSAGES")
HAN = re.compile(r"[\u4e00-\u9fff]")
OURS = "+12025550100"
SECRET = AUTH_TOKEN


@dataclasses.dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, read as one JSON document."""
        return json.loads(self.out)


class Terminal:
    """Somebody at a terminal, in front of one installation."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env: dict[str, str | None] = {
            **{name: None for name in os.environ if name.startswith("TWILIO_") or name in KNOWN},
            "EMERGENCY_HOME": str(home),
            "EMERGENCY_LANG": "en",
        }

    def __call__(self, *words: str, **env: str) -> Said:
        """Type a command, in this process."""
        result = CliRunner().invoke(cli.main, list(words), env={**self.env, **env}, prog_name="emergency")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def process(self, *words: str, **env: str) -> Said:
        """Type a command, in a process of its own."""
        done = subprocess.run(
            [sys.executable, "cli.py", *words],
            cwd=ROOT,
            env=self.environ(**env),
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def environ(self, **env: str) -> dict[str, str]:
        """Return the environment of a process."""
        ours = {**os.environ, **{key: value for key, value in self.env.items() if value is not None}, **env}
        return {key: value for key, value in ours.items() if key in env or self.env.get(key, "") is not None}

    def document(self, *words: str, **env: str) -> Any:
        """Type a command with --json, and return its document, whatever its exit status."""
        return self(*words, "--json", **env).document

    def trigger(self, playbook: str = "fire", at: str = "K12", *rest: str) -> Any:
        """Start an incident and return its document."""
        return self.document("trigger", playbook, "--at", at, *rest)

    def version(self) -> tuple[int, int]:
        """Return how many incidents and how many lines of log there are."""
        store = SqliteStore(self.home / "emergency.db", create=False)
        rows = store.all_incidents()
        store.close()
        return len(rows), sum(row.version for row in rows)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample installation that nobody touches."""
    home = tmp_path_factory.mktemp("sample") / "home"
    assert Terminal(home)("init", "--sample").code == 0
    return home


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualClock:
    """The time of every command that runs in this process."""
    clock = VirtualClock(NOON)
    monkeypatch.setattr("emergency.clock.SystemClock", lambda: clock)
    return clock


@pytest.fixture
def emergency(sample: Path, tmp_path: Path, clock: VirtualClock) -> Terminal:
    """A terminal in front of a copy of the sample installation."""
    home = tmp_path / "home"
    shutil.copytree(sample, home)
    return Terminal(home)


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    """A provider that takes everything."""
    fake = FakeTwilio(numbers=[OURS])
    fake.accept_everything()
    fake.start()
    yield fake
    fake.stop()


def account(fake: FakeTwilio, **change: str) -> dict[str, str]:
    """Return the environment that reaches *fake*, which hands over without waiting."""
    return {
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_FROM": OURS,
        "TWILIO_API_URL": fake.base_url,
        "TWILIO_SMS_PER_SECOND": "500",
        "TWILIO_CALLS_PER_SECOND": "500",
        **change,
    }


# exit statuses and streams


@pytest.mark.parametrize(
    "words, code, says",
    [
        pytest.param(["status"], 0, "", id="0: done"),
        pytest.param(["trigger", "fier", "--at", "K12"], 2, "Did you mean 'fire'?", id="2: unknown playbook"),
        pytest.param(["cancel", "F01", "--reason", "steam"], 2, "there is no incident F01", id="2: unknown code"),
        pytest.param(["trigger", "fire", "--nonsense"], 2, "No such option", id="2: unknown option"),
        pytest.param(["--home", "/dev/null/nowhere", "status"], 5, "/dev/null/nowhere", id="5: no store"),
    ],
)
def test_a_process_ends_with_the_status_of_the_contract(
    emergency: Terminal, words: list[str], code: int, says: str
) -> None:
    """Scripts see the contract's exit status; messages stand on standard error, and standard output stays empty."""
    said = emergency.process(*words)

    assert (said.code, said.out) == (code, "")
    assert says in said.err
    assert "Traceback" not in said.err


def test_a_process_that_tells_nobody_ends_with_4(emergency: Terminal) -> None:
    """Without a provider the incident is recorded, the document printed, and the exit status is 4."""
    said = emergency.process("trigger", "fire", "--at", "K12", "--json")

    assert said.code == 4
    assert said.document["incident"] == "F01"
    assert "NOT TOLD" in said.err


def test_a_process_that_may_not_ends_with_3(emergency: Terminal) -> None:
    """What is not possible now ends with 3, says what is missing and how to override, and changes nothing."""
    emergency.trigger()
    before = emergency.version()
    said = emergency.process("transition", "F01", "evacuating")

    assert (said.code, said.out, emergency.version()) == (3, "", before)
    assert "not possible yet" in said.err
    assert 'emergency transition F01 evacuating --override --reason "..."' in said.err


WRONG = [
    pytest.param(["trigger", "美食", "--at", "K12"], "fire / 火灾", id="unknown playbook, and what there is"),
    pytest.param(
        ["trigger", "fire", "--at", "xyzzy"], "B1 food court / B1美食广场", id="unknown place, and what there is"
    ),
    pytest.param(["trigger", "fire", "--at", "b1fodcourt"], "Did you mean 'B1 foodcourt'?", id="near place"),
    pytest.param(["trigger", "fire", "--at", ""], "is no place", id="empty place"),
    pytest.param(["trigger", "", "--at", "K12"], "playbook", id="empty playbook"),
    pytest.param(["trigger", "fire", "--at", "atrium"], "F3 atrium gallery", id="ambiguous place"),
    pytest.param(["trigger", "E"], 'Say --at, for example: --at "Lift 1"', id="a lift plan without a lift"),
    pytest.param(["trigger", "E", "--at", "lift"], "Fire lift 6", id="ambiguous lift"),
    pytest.param(["trigger", "fire", "--at", "K12", "--severity", "oranje"], "'orange'", id="severity"),
    pytest.param(["trigger", "fire", "--at", "K12", "--by", "wangjn"], "is not in the roster", id="who says so"),
    pytest.param(["status", "F1"], "Did you mean 'F01'?", id="unknown code"),
    pytest.param(["reply", "nobody", "1"], "'nobody' is not in the roster", id="unknown person"),
    pytest.param(["transition", "F01", "evacuatng"], "Did you mean 'evacuating'?", id="unknown state"),
    pytest.param(["transition", "F01", "evacuating", "--override"], "--reason", id="override without a reason"),
    pytest.param(["severity", "F01", "purple"], "'purple' is no severity", id="unknown level"),
    pytest.param(["fact", "F01", "two_signal=yes"], "Did you mean 'two_signals'?", id="unknown fact"),
    pytest.param(["fact", "F01", "two_signals=maybe"], "is not yes or no", id="value of a fact"),
    pytest.param(["fact", "F01", "two_signals"], "say FACT=VALUE", id="fact without a value"),
    pytest.param(["fact", "F01"], "say: emergency fact", id="no fact"),
    pytest.param(["assign", "F01", "enginering", "gao_lei"], "Did you mean 'engineering'?", id="unknown role"),
    pytest.param(["assign", "F01", "engineering", "gao_le"], "Did you mean 'gao_lei'?", id="unknown person for a role"),
    pytest.param(["assign", "F01", "engineering"], "say: emergency assign", id="no person for a role"),
    pytest.param(["note", "F01"], "say: emergency note", id="a code is no note"),
    pytest.param(["tell", "F01", "hi", "--to", "enginering"], "Did you mean 'engineering'?", id="unknown receiver"),
    pytest.param(["give-up", "F01", "ZZ", "--reason", "smoke"], "has no step ZZ", id="unknown step"),
    pytest.param(["give-up", "F01", "D"], "needs a reason", id="giving up without a reason"),
    pytest.param(["stand-down", "F01", "--check", "x"], "1 to 7", id="checklist: no number"),
    pytest.param(["stand-down", "F01", "--check", "99"], "1 to 7", id="checklist: no such line"),
    pytest.param(["stand-down", "F01", "--override"], "--reason", id="stand-down over its guard without a reason"),
    pytest.param(["cancel", "F01"], "needs its cause", id="false alarm without a cause"),
    pytest.param(["triger", "fire"], "Did you mean 'trigger'?", id="unknown command"),
    pytest.param(["playbook", "chek"], "Did you mean 'check'?", id="unknown command of a group"),
    pytest.param(["playbook", "check", "nope"], "'nope' is no playbook", id="check: unknown plan"),
    pytest.param(["playbook", "show", "nope"], "'nope' is no playbook", id="show: unknown plan"),
    pytest.param(["roster", "import", "no/such.csv"], "does not exist", id="import: no such file"),
    pytest.param(["roster", "who", "--at", "25:00"], "is no time", id="who: no time"),
    pytest.param(["completion", "tcsh"], "'tcsh' is not one of", id="unknown shell"),
    pytest.param(["--lang", "fr", "status"], "'zh', 'en'", id="unknown language"),
]


@pytest.mark.parametrize("words, says", WRONG)
def test_wrong_words(emergency: Terminal, words: list[str], says: str) -> None:
    """Wrong words end with 2, say what would be right, and change nothing."""
    emergency.trigger()
    before = emergency.version()
    said = emergency(*words)

    assert (said.code, said.out, emergency.version()) == (2, "", before)
    assert says in said.err


@pytest.mark.parametrize(
    "words, says",
    [
        pytest.param(["stand-down", "F01"], "1. 消防已移交或同意解除", id="checklist not confirmed"),
        pytest.param(["stand-down", "F01", "--check", "all"], "--override", id="no way there from here"),
        pytest.param(["severity", "F01", "blue", "--by", "sun_li"], "does not command", id="lowering by another"),
        pytest.param(["severity", "F01", "blue"], "needs a reason", id="lowering without a reason"),
        pytest.param(["tell", "F01", "hi", "--to", "aftercare"], "nobody would receive that", id="nobody to tell"),
    ],
)
def test_not_possible_now(emergency: Terminal, words: list[str], says: str) -> None:
    """What is not possible now ends with 3, says what is missing, and changes nothing."""
    emergency("trigger", "fire", "--at", "K12", "--severity", "yellow")
    before = emergency.version()
    said = emergency(*words)

    assert (said.code, said.out, emergency.version()) == (3, "", before)
    assert says in said.err


def test_a_closed_incident_can_be_read_and_not_written(emergency: Terminal) -> None:
    """Once archived, an incident takes no more words; its log stays readable."""
    code = emergency.trigger("fire", "K12", "--drill")["incident"]
    emergency("cancel", code, "--reason", "steam")
    step = next(s for s in emergency.document("status", code)["steps"] if s["step"] == "record")
    emergency("reply", next(a["person"] for a in alerts_of(emergency, code, step)), step["code"], "2")

    assert emergency.document("status", code)["closed"] is True
    assert emergency("note", code, "late").code == 3
    assert emergency("log", code).code == 0


def alerts_of(emergency: Terminal, code: str, step: dict[str, Any]) -> list[dict[str, Any]]:
    """Return who is asked for a step."""
    return [a for a in emergency.document("status", code)["alerts"] if a["code"] == step["code"]]


# documents

CHANGES = [
    ["note", "F01", "fire brigade at gate 2"],
    ["tell", "F01", "assembly point is the north yard"],
    ["fact", "F01", "two_signals=no"],
    ["severity", "F01", "orange"],
    ["assign", "F01", "command", "liu_yang"],
    ["transition", "F01", "confirmed", "--override", "--reason", "seen"],
    ["give-up", "F01D", "--reason", "seen"],
    ["cancel", "F01", "--reason", "steam"],
    ["stand-down", "F01", "--check", "all", "--override", "--reason", "out"],
]


@pytest.mark.parametrize("words", [pytest.param(words, id=words[0]) for words in CHANGES])
def test_a_command_prints_how_it_stands(emergency: Terminal, words: list[str]) -> None:
    """A command that changes an incident prints its status: one document with --json, words without; messages apart."""
    emergency("trigger", "fire", "--at", "K12", "--drill", "--severity", "yellow")
    words = [word.replace("F01", "XF01") for word in words]
    as_json = emergency(*words, "--json")

    assert as_json.code == 0
    assert as_json.document["incident"] == "XF01"
    assert "WARNING: no server is running" in as_json.err
    assert "XF01" in emergency("status", "XF01").out.splitlines()[0]


@pytest.mark.parametrize(
    "words, kind",
    [
        pytest.param(["status"], dict, id="status"),
        pytest.param(["log", "XF01"], list, id="log"),
        pytest.param(["log", "XF01", "--verify"], list, id="log --verify"),
        pytest.param(["reply", "sun_li", "XF01D", "1"], dict, id="reply"),
        pytest.param(["playbook", "list"], dict, id="playbook list"),
        pytest.param(["playbook", "show", "fire"], dict, id="playbook show"),
        pytest.param(["playbook", "check", "robbery"], dict, id="playbook check"),
        pytest.param(["roster", "show"], dict, id="roster show"),
        pytest.param(["roster", "who"], dict, id="roster who"),
        pytest.param(["roster", "check"], dict, id="roster check"),
        pytest.param(["roster", "import", str(ROOT / "emergency/sample/roster.yaml")], dict, id="roster import"),
    ],
)
def test_json_is_one_document(emergency: Terminal, words: list[str], kind: type) -> None:
    """With --json, standard output holds one document and nothing else."""
    emergency.trigger("fire", "K12", "--drill")
    said = emergency(*words, "--json")

    assert said.code == 0
    assert isinstance(said.document, kind)


def test_every_command_that_prints_a_result_has_json() -> None:
    """Every command has --json but those that run on and on, and those that print a file of another kind."""
    without = {name for name, command in commands() if not any("--json" in p.opts for p in command.params)}

    endless, files = {"watch", "serve", "demo"}, {"completion", "playbook chart", "playbook card"}
    files |= {"playbook schema", "language template", "drill schema"}
    assert without == endless | files


KEYS = {"incident", "id", "playbook", "mode", "state", "severity", "place", "opened_at", "roles", "steps", "alerts"}
ROLE, STEP, ALERT = (
    {"role", "person", "status"},
    {"step", "role", "person", "status", "due_at"},
    {"id", "person", "role"},
)


@pytest.mark.parametrize(
    "read", [["trigger", "fire", "--at", "K12", "--drill"], ["status", "XF01"]], ids=lambda w: w[0]
)
def test_the_documented_keys(emergency: Terminal, read: list[str]) -> None:
    """`trigger --json` and `status --json` hold what the contract names, in its spelling."""
    if read[0] == "status":
        emergency.trigger("fire", "K12", "--drill")
    document = emergency.document(*read)

    assert document.keys() >= KEYS
    assert (document["incident"], document["playbook"], document["mode"]) == ("XF01", "fire", "drill")
    assert (document["state"], document["severity"], document["place"]) == ("reported", "blue", "B1 food court")
    assert document["roles"]
    assert all(each.keys() >= ROLE for each in document["roles"])
    assert document["steps"]
    assert all(each.keys() >= STEP for each in document["steps"])
    assert document["alerts"]
    assert all(each.keys() >= {*ALERT, "channel", "status"} for each in document["alerts"])


def test_the_documented_keys_of_a_log(emergency: Terminal) -> None:
    """`log --json` is a list, numbered from 1 without a gap; each line with what the contract names."""
    emergency.trigger()
    lines = emergency.document("log", "F01")

    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(line.keys() == {"seq", "at", "kind", "data", "hash"} for line in lines)
    assert lines[0]["kind"] == "IncidentOpened"
    assert len({line["hash"] for line in lines}) == len(lines)


def test_times_are_utc_in_iso_8601(emergency: Terminal) -> None:
    """Every time of a document is UTC in ISO 8601, with its Z."""
    documents = [emergency.trigger(), *emergency.document("log", "F01"), emergency.document("roster", "who")]
    found = [text for document in documents for text in times(document)]

    assert len(found) > 50
    for text in found:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", text), text
        assert datetime.fromisoformat(text).utcoffset() == timedelta(0)
    assert documents[0]["opened_at"] == "2026-03-01T04:00:00.000000Z"


def times(value: Any, key: str = "") -> Iterator[str]:
    """Yield every text of a document that stands under the name of a time."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from times(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from times(inner, key)
    elif isinstance(value, str) and (key in ("at", "due", "until") or key.endswith("_at")):
        yield value


# what a shaking hand types


@pytest.mark.parametrize(
    "words, playbook, place",
    [
        pytest.param(["fire", "--at", "B1 food court"], "fire", "b1_food_court", id="as in the contract"),
        pytest.param(["FIRE", "--at", "b1  FOOD-court"], "fire", "b1_food_court", id="case, spaces, marks"),
        pytest.param(["F", "--at", "K12"], "fire", "b1_food_court", id="code letter, alias"),
        pytest.param(["f", "--at", "k12"], "fire", "b1_food_court", id="small code letter"),
        pytest.param(["fir", "--at", "food court"], "fire", "b1_food_court", id="beginning of a name"),
        pytest.param(["火灾", "--at", "美食广场"], "fire", "b1_food_court", id="zh"),
        pytest.param(["Fire", "--at", "b1_food_court"], "fire", "b1_food_court", id="title, id of the place"),
        pytest.param(["电梯困人", "--at", "2号梯"], "elevator_entrapment", "lift_2", id="zh, a lift"),
        pytest.param(["电梯", "--at", "lift2"], "elevator_entrapment", "lift_2", id="part of a title"),
        pytest.param(["entrapment", "--at", "Ｌｉｆｔ ２"], "elevator_entrapment", "lift_2", id="full width"),
        pytest.param(["lift entrapment", "--at", "Lift 2"], "elevator_entrapment", "lift_2", id="title in en"),
        pytest.param(["停电", "--at", "地下一层"], "power_outage", "b1", id="a whole floor"),
        pytest.param(["power"], "power_outage", "site", id="no place: the whole site"),
    ],
)
def test_forgiving_words(emergency: Terminal, words: list[str], playbook: str, place: str) -> None:
    """A playbook goes by id, title in either language, code letter or part; a place by any of its names."""
    document = emergency.document("trigger", *words)

    assert (document["playbook"], document["place_id"]) == (playbook, place)


def test_an_ambiguous_name_starts_nothing(emergency: Terminal) -> None:
    """A name that fits two places lists both, in both languages, and starts nothing."""
    said = emergency("trigger", "fire", "--at", "atrium")

    assert said.code == 2
    assert "nothing was started" in said.err
    assert "F1 atrium / 1F中庭\n" in said.err
    assert "F3 atrium gallery / 3F中庭回廊\n" in said.err
    assert emergency.version() == (0, 0)


def test_a_missing_place_is_said(emergency: Terminal) -> None:
    """Without a place the whole site is meant; the program says so, for it is seldom what is meant."""
    said = emergency("trigger", "fire")

    assert "No place was given: this is for the whole of Star Plaza" in said.err
    assert "No place was given" not in emergency("trigger", "fire", "--at", "K12").err


@pytest.mark.parametrize("level", ["orange", "橙", "橙色"])
def test_severity_is_named_in_both_languages(emergency: Terminal, level: str) -> None:
    """A level goes by its word in en or zh."""
    assert emergency.trigger("fire", "K12", "--severity", level)["severity"] == "orange"


def test_the_code_may_be_left_out_while_one_incident_is_open(emergency: Terminal) -> None:
    """With one open incident no code is needed; with two, the program asks back and lists both."""
    emergency.trigger()
    alone = emergency.document("note", "smoke at the grill")
    emergency.trigger("E", "lift 2")
    before = emergency.version()
    asked = emergency("note", "smoke at the grill")

    assert alone["incident"] == "F01"
    assert (asked.code, emergency.version()) == (2, before)
    assert "F01  火灾 / Fire" in asked.err
    assert "E01  电梯困人 / Lift entrapment" in asked.err


def test_a_code_goes_in_any_case(emergency: Terminal) -> None:
    """`f01` is F01."""
    emergency.trigger()

    assert emergency.document("status", "f01")["incident"] == "F01"
    assert emergency.document("note", "f01", "seen")["incident"] == "F01"


def test_status_without_a_code(emergency: Terminal, clock: VirtualClock) -> None:
    """`status` shows the open incident; of several, a line each and who is wanted twice; of none, that it is so."""
    none = emergency("status")
    emergency.trigger()
    one = emergency("status")
    clock.move_to(NOON + timedelta(seconds=1))
    emergency.trigger("E", "lift 2")
    two = emergency("status")

    assert (none.code, none.out) == (0, "")
    assert "No incident is open" in none.err
    assert one.out.startswith("F01  Fire · B1 food court · BLUE · reported\n")
    assert [line[:3] for line in two.out.splitlines() if not line.startswith(" ")] == ["F01", "E01"]
    assert emergency.document("status").keys() >= {"incidents"}


def test_roles_states_and_people_go_by_their_titles(emergency: Terminal) -> None:
    """Orders take titles and names in both languages, as people say them."""
    emergency.trigger()
    given = emergency.document("assign", "F01", "工程组", "Peng", "Fei")
    moved = emergency.document("transition", "F01", "火灾确认", "--by", "陈静")

    assert ("engineering", "peng_fei", "called") in [(r["role"], r["person"], r["status"]) for r in given["roles"]]
    assert moved["state"] == "confirmed"


def test_a_step_can_be_given_up_by_its_reference(emergency: Terminal) -> None:
    """`give-up F01D` names incident and step in one word, as status shows it."""
    emergency.trigger()
    emergency.trigger("E", "lift 2")
    document = emergency.document("give-up", "F01D", "--reason", "the panel is out of reach")

    assert [s["status"] for s in document["steps"] if s["code"] == "F01D"] == ["given_up"]


# a second report


@pytest.mark.parametrize(
    "first, second, joined",
    [
        pytest.param(["K12"], ["美食广场"], True, id="the same place by another name"),
        pytest.param(["K12"], ["B1"], True, id="the floor around it"),
        pytest.param(["B1"], ["K12"], True, id="a place on that floor"),
        pytest.param(["Star Plaza"], ["K12"], True, id="a place, after the whole site"),
        pytest.param(["K12"], ["Star Plaza"], True, id="the whole site, after a place"),
        pytest.param(["K12"], ["F5 cinema"], False, id="another place"),
        pytest.param(["K12"], ["K12", "--separate"], False, id="kept apart on purpose"),
        pytest.param(["K12"], ["K12", "--drill"], False, id="a drill beside the real one"),
        pytest.param(["K12", "--drill"], ["K12"], False, id="the real one beside a drill"),
    ],
)
def test_a_second_trigger_joins(emergency: Terminal, first: list[str], second: list[str], joined: bool) -> None:
    """A second report of the same place joins the open incident; any other starts one of its own."""
    before = emergency.trigger("fire", *first)
    after = emergency.trigger("fire", *second)

    assert after["joined"] is joined
    assert (after["id"] == before["id"]) is joined


@pytest.mark.parametrize(
    "level, after",
    [pytest.param("red", "red", id="graver raises"), pytest.param("yellow", "orange", id="lighter does not lower")],
)
def test_a_second_report_may_raise_the_level(emergency: Terminal, level: str, after: str) -> None:
    """A second report that says it is graver raises the incident it joins; a lighter one lowers nothing."""
    emergency.trigger("fire", "K12", "--severity", "orange")

    assert emergency.trigger("fire", "K12", "--severity", level)["severity"] == after


def test_a_report_that_comes_too_late_starts_anew(emergency: Terminal, clock: VirtualClock) -> None:
    """A report later than the plan's merge time is another incident."""
    emergency.trigger()
    clock.move_to(NOON + timedelta(hours=12))

    assert emergency.trigger()["joined"] is False


# drills


def test_a_drill_prints_its_messages(emergency: Terminal) -> None:
    """A drill shows each message and whose telephone it would reach, in drill marks; a log tells it from the real.
    Rung at once, beside the text, are those who lead, and the control room, which has 15 s to send somebody."""
    said = emergency("trigger", "fire", "--at", "K12", "--drill")
    shown = [line for line in said.err.splitlines() if line.startswith(("  SMS → ", "  TEL → "))]

    assert said.code == 0
    assert said.out.startswith("XF01 started: Fire")
    assert len(shown) == 12
    rung = {line.removeprefix("  TEL → ").partition(":")[0] for line in shown if line.startswith("  TEL → ")}
    assert rung == {"chen_jing", "liu_yang", "sun_li", "hu_wei"}
    assert all("【演练】" in line or "演练,演练" in line for line in shown)
    assert any(line.startswith("  SMS → chen_jing: ") for line in shown)
    assert "no real telephone is called" in said.err


def test_a_drill_never_reaches_the_provider(emergency: Terminal, twilio: FakeTwilio) -> None:
    """Drill messages go to the screen alone, even where a provider stands ready."""
    emergency("trigger", "fire", "--at", "K12", "--drill", **account(twilio))

    assert twilio.ledger == []


def test_nobody_is_too_busy_with_a_drill_for_a_real_emergency(emergency: Terminal) -> None:
    """Those who practise are called on for what is real as if there were no drill; a drill leaves the rest alone."""
    undisturbed = Terminal(emergency.home.parent / "other")
    shutil.copytree(emergency.home, undisturbed.home)
    emergency.trigger("fire", "K12", "--drill", "--severity", "red")

    def called(terminal: Terminal) -> list[tuple[str, str]]:
        return [(r["role"], r["person"]) for r in terminal.trigger("fire", "F5 cinema")["roles"]]

    assert called(emergency) == called(undisturbed)
    drill = emergency.trigger("fire", "F2 east wing", "--drill", "--separate")
    assert not {r["person"] for r in drill["roles"]} & {"gao_lei", "he_tao", "luo_bin", "tang_yong"}


# telling people


def test_without_a_provider_nothing_real_is_sent(emergency: Terminal) -> None:
    """Without TWILIO_ settings an incident is recorded, and the program names those who must be told by voice."""
    said = emergency("trigger", "fire", "--at", "K12")

    assert said.code == 4
    assert "there is no provider; tell them by radio or in person: " in said.err
    assert {"Chen Jing (chen_jing)", "Sun Li (sun_li)"} <= set(
        said.err.split("in person: ")[1].split(". ")[0].split(", ")
    )
    assert "NOBODY watches" in said.err
    assert "!! not told yet (8): Chen Jing" in said.out
    assert emergency.document("status")["state"] == "reported"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["tell", "F01", "to the north yard"], id="tell"),
        pytest.param(["transition", "F01", "confirmed", "--override", "--reason", "seen"], id="transition"),
        pytest.param(["reply", "sun_li", "F01D", "2"], id="reply"),
        pytest.param(["trigger", "fire", "--at", "food court"], id="second report"),
    ],
)
def test_every_command_says_who_was_not_told(emergency: Terminal, words: list[str]) -> None:
    """Whatever a command causes to be sent, exit status 4 says that it did not go out."""
    emergency.trigger()
    said = emergency(*words)

    assert said.code == 4
    assert "tell them by radio or in person" in said.err


def test_a_note_tells_nobody_and_is_done(emergency: Terminal, clock: VirtualClock) -> None:
    """What sends nothing ends with 0, although earlier messages still wait."""
    emergency.trigger()
    clock.move_to(NOON + timedelta(seconds=1))

    assert emergency("note", "F01", "seen").code == 0


def test_wrong_provider_settings_keep_nothing_from_being_recorded(emergency: Terminal) -> None:
    """With half a Twilio account the incident is recorded all the same; what is wrong is said; `serve` refuses."""
    half = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID}
    said = emergency("trigger", "fire", "--at", "K12", **half)
    served = emergency("serve", "--port", "0", **half)

    assert said.code == 4
    assert "The Twilio settings are wrong" in said.err
    assert "TWILIO_AUTH_TOKEN is missing" in said.err
    assert emergency.version()[0] == 1
    assert (served.code, "TWILIO_AUTH_TOKEN is missing" in served.err) == (2, True)


def test_a_command_hands_the_first_wave_to_the_provider(emergency: Terminal, twilio: FakeTwilio) -> None:
    """Without a server, `trigger` itself sends, from settings in the environment, and ends with 0."""
    said = emergency("trigger", "fire", "--at", "K12", "--json", **account(twilio))

    assert said.code == 0, said.err
    assert said.document["unsent"] == []
    assert {alert["status"] for alert in said.document["alerts"]} <= {"sent", "delivered"}
    assert "NOBODY watches" in said.err


def test_a_wrong_password_is_named(emergency: Terminal, twilio: FakeTwilio) -> None:
    """When the provider turns us away, everybody concerned is named with the reason, and the exit status is 4."""
    said = emergency("trigger", "fire", "--at", "K12", **account(twilio, TWILIO_AUTH_TOKEN="f" * 32))

    assert said.code == 4
    assert "NOT REACHED YET (8); it is tried again:" in said.err
    assert "Chen Jing (chen_jing): " in said.err
    assert "credentials" in said.err
    assert "f" * 32 not in said.err + said.out


def test_a_dead_number_is_named(emergency: Terminal, twilio: FakeTwilio) -> None:
    """Who can be reached on no channel is named with the reason; the others are told."""
    number = next(p for p in emergency.document("roster", "show", "--numbers")["people"] if p["id"] == "hu_wei")[
        "numbers"
    ]
    for each in number:
        twilio.phone(each).refuses_with(21211)
    said = emergency("trigger", "fire", "--at", "K12", "--json", **account(twilio))

    assert said.code == 4
    assert "NOT REACHED (1)" in said.err
    assert "Hu Wei (hu_wei): " in said.err
    assert "21211" in said.err
    assert [each["person"] for each in said.document["unsent"]] == ["hu_wei"]


# secrets


def secrets(emergency: Terminal, twilio: FakeTwilio, mode: int) -> None:
    """Write the account into the secrets file."""
    file = emergency.home / "secrets.env"
    file.write_text("# Twilio\n" + "".join(f'{key}="{value}"\n' for key, value in account(twilio).items()))
    file.chmod(mode)


def test_secrets_come_from_a_file_of_the_owner(emergency: Terminal, twilio: FakeTwilio) -> None:
    """`secrets.env` that only the owner can read counts as environment; the environment itself comes first."""
    secrets(emergency, twilio, 0o600)
    sent = emergency("trigger", "fire", "--at", "K12")
    refused = emergency("trigger", "E", "--at", "lift 2", TWILIO_AUTH_TOKEN="0" * 32)

    assert sent.code == 0, sent.err
    assert (refused.code, "credentials" in refused.err) == (4, True)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644], ids=oct)
def test_secrets_that_others_can_read_are_refused(emergency: Terminal, twilio: FakeTwilio, mode: int) -> None:
    """A secrets file that others can read is refused, with the command that closes it."""
    secrets(emergency, twilio, mode)
    said = emergency("status")

    assert said.code == 2
    assert f"chmod 600 {emergency.home / 'secrets.env'}" in said.err


def test_secrets_are_never_printed(emergency: Terminal, twilio: FakeTwilio) -> None:
    """No command prints a token, nor any whole number that it was not asked for."""
    env = account(twilio, TWILIO_AUTH_TOKEN=SECRET)
    said = [emergency(*words, **env) for words in (["trigger", "fire", "--at", "K12"], ["log"], ["log", "--json"])]
    said += [emergency(*words, **env) for words in (["status", "--json"], ["roster", "show"], ["roster", "check"])]
    text = "".join(each.out + each.err for each in said)
    numbers = re.findall(r"\+1212555\d{4}", text)

    assert SECRET not in text
    assert numbers == []
    assert "+12125550101" in emergency("roster", "show", "--numbers").out


# replies


@pytest.mark.parametrize(
    "person, text",
    [
        pytest.param("sun_li", "F01D1", id="received"),
        pytest.param("sun_li", "f01d 2", id="done"),
        pytest.param("sun_li", "F01D3", id="cannot"),
        pytest.param("sun_li", "收到", id="in words"),
        pytest.param("sun_li", "1", id="bare"),
        pytest.param("gao_lei", "F01D1", id="somebody else's"),
        pytest.param("gao_lei", "F011", id="every step of an incident"),
        pytest.param("sun_li", "F01D8", id="no such choice"),
        pytest.param("sun_li", "9", id="help"),
        pytest.param("sun_li", "which gate?", id="noise"),
        pytest.param("wang_jun", "1", id="nobody asked"),
    ],
)
def test_a_reply_entered_by_hand_is_a_reply_by_sms(emergency: Terminal, person: str, text: str) -> None:
    """`reply` does exactly what the same words do when they come by SMS, and gives the same answer."""
    emergency.trigger()
    other = Terminal(emergency.home.parent / "other")
    shutil.copytree(emergency.home, other.home)
    entered = emergency("reply", person, *text.split(), "--json").document
    outcome = receive(other, person, text)

    assert (entered["outcome"], entered["answer"]) == (outcome.kind, outcome.says)
    assert standing(emergency) == standing(other)


def receive(terminal: Terminal, person: str, text: str) -> Any:
    """Let *text* come from a person's telephone."""
    engine = Engine(SqliteStore(terminal.home / "emergency.db", create=False), VirtualClock(NOON))
    people = People()
    sender = people.roster(engine).people[person].numbers[0]
    inbound = Inbound(id="SM1", provider="twilio", channel="sms", sender=sender, text=text)
    outcome = engine.unit(lambda e: Inbox(people).receive(e, inbound))
    engine.store.close()
    return outcome


def standing(terminal: Terminal) -> Any:
    """Return how the incident stands, without what tells two copies apart."""
    document = terminal.document("status", "F01")
    return [document[key] for key in ("state", "roles", "steps", "help", "told")] + [
        [(a["id"], a["person"], a["status"], a["because"]) for a in document["alerts"]]
    ]


def test_the_log_says_who_typed_a_reply(emergency: Terminal) -> None:
    """An answer entered by hand is on record as that: entered at the console, by the console."""
    emergency.trigger()
    emergency("reply", "孙丽", "F01D", "1")
    line = next(line for line in emergency.document("log", "F01") if line["kind"] == "AlertAcknowledged")

    assert (line["data"]["via"], line["data"]["by"]) == ("console", "console")


@pytest.mark.parametrize(
    "person, text, code, says",
    [
        pytest.param("sun_li", "F01D 1", 0, "received", id="received"),
        pytest.param("Sun Li", "F01D 1", 0, "received", id="by name"),
        pytest.param("sun_li", "F01A 1", 3, "was not asked of this person", id="not theirs"),
        pytest.param("sun_li", "hello there", 0, "not understood", id="noise: kept as a note"),
        pytest.param("wang_jun", "1", 3, "nothing waits", id="nobody asked"),
    ],
)
def test_a_reply_says_what_it_did(emergency: Terminal, person: str, text: str, code: int, says: str) -> None:
    """A reply ends with 0 when it did something and with 3 when it did not; either way in plain words."""
    emergency.trigger("fire", "K12", "--drill")
    said = emergency("reply", person, *text.replace("F01", "XF01").split())

    assert said.code == code
    assert says in said.out


# the log


def damage(home: Path, *statements: str) -> None:
    """Change the database behind the program's back."""
    with sqlite3.connect(home / "emergency.db") as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def test_a_whole_log_verifies(emergency: Terminal) -> None:
    """`log --verify` ends with 0 while every hash holds, and says how many lines it read."""
    emergency.trigger()
    lines = len(emergency.document("log", "F01"))
    said = emergency("log", "F01", "--verify")

    assert (said.code, said.out) == (0, "")
    assert f"The log is whole: {lines} lines" in said.err


LIE = "update event set data = cast(replace(cast(data as text), 'sun_li', 'hu_wei') as blob) where seq = 3"


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([LIE], id="words changed"),
        pytest.param(["update event set at = '2026-03-01T03:00:00.000000Z' where seq = 2"], id="a time changed"),
        pytest.param(["update event set kind = 'NoteAdded' where seq = 5"], id="a kind changed"),
        pytest.param(["delete from event where seq = 4"], id="a line removed"),
        pytest.param(["delete from event where seq = (select max(seq) from event)"], id="the last line removed"),
        pytest.param(
            [LIE, "update event set hash = lower(hex(randomblob(32))) where seq = 3"], id="a hash changed too"
        ),
        pytest.param(["update incident set head = lower(hex(randomblob(32)))"], id="the end of the chain changed"),
        pytest.param(
            [
                "insert into event select incident, seq + 1, at, kind, v, data, hash from event "
                "where seq = (select max(seq) from event)"
            ],
            id="a line added",
        ),
    ],
)
def test_a_log_that_was_tampered_with_does_not_verify(emergency: Terminal, statements: Sequence[str]) -> None:
    """Whatever is changed, added or removed in the log, `--verify` ends with 5 and says where; never with 0."""
    emergency.trigger()
    damage(emergency.home, *statements)
    said = emergency("log", "F01", "--verify", "--json")

    assert said.code == 5
    assert "is broken" in said.err


def test_a_log_is_read_aloud(emergency: Terminal) -> None:
    """The log is shown in words: names of people, codes of steps, site time; timers only when asked for."""
    emergency.trigger()
    emergency("reply", "sun_li", "F01D", "1")
    short, whole = emergency("log", "F01").out, emergency("log", "F01", "--all").out

    assert re.search(r"12:00:00  answered  F01D Sun Li \(sun_li\) \(console\)\n", short)
    assert ("timer set" in short, "timer set" in whole) == (False, True)
    assert len(whole.splitlines()) == len(emergency.document("log", "F01"))


def test_watch_follows_and_stops(emergency: Terminal) -> None:
    """`watch --seconds` shows the last lines of the log and what comes in that time, then ends with 0."""
    emergency.trigger()
    said = emergency("watch", "F01", "--seconds", "0.01")

    assert said.code == 0
    assert "Watching F01" in said.err
    assert len(said.out.splitlines()) == cli.EARLIER_LINES


# ends


def test_a_false_alarm(emergency: Terminal) -> None:
    """`cancel` goes to the false alarm, keeps the cause, and tells everybody who was alerted."""
    emergency("trigger", "fire", "--at", "K12", "--drill")
    said = emergency("cancel", "XF01", "--reason", "steam from the dishwasher")
    told = [line for line in said.err.splitlines() if "误报" in line]

    assert emergency.document("status", "XF01")["ended"] == "false_alarm"
    assert len(told) == 8
    assert "steam from the dishwasher" in emergency("log", "XF01").out


def test_a_stand_down_over_its_guard_is_on_record(emergency: Terminal) -> None:
    """Who commands may override with a reason; the log keeps that, and everybody is told."""
    emergency("trigger", "fire", "--at", "K12", "--drill")
    said = emergency("stand-down", "XF01", "--override", "--reason", "exercise over", "--json")
    entered = [line["data"] for line in emergency.document("log", "XF01") if line["kind"] == "StateEntered"][-1]

    assert (said.code, said.document["ended"]) == (0, "stand_down")
    assert (entered["state"], entered["overridden"], entered["by"]) == ("stood_down", True, "console")
    assert entered["reason"].startswith("seal:")
    assert "exercise over" not in json.dumps(entered)


# the store


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file under *folder*, but what SQLite keeps beside a database for its readers."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def newer(home: Path) -> None:
    """Let the database be of a later release."""
    damage(home, "pragma user_version = 99")


def foreign(home: Path) -> None:
    """Put another program's database in its place."""
    (home / "emergency.db").unlink()
    damage(home, "create table cats (name)")


def cut(home: Path) -> None:
    """Cut the database short."""
    file = home / "emergency.db"
    file.write_bytes(file.read_bytes()[:6000])


def garbage(home: Path) -> None:
    """Put words in its place."""
    (home / "emergency.db").write_text("not a database at all")


def gone(home: Path) -> None:
    """Let the database be missing."""
    (home / "emergency.db").unlink()


def folder(home: Path) -> None:
    """Put a folder in its place."""
    (home / "emergency.db").unlink()
    (home / "emergency.db").mkdir()


@pytest.mark.parametrize(
    "spoil, says",
    [
        pytest.param(newer, "later release", id="newer"),
        pytest.param(foreign, "another program", id="another program's"),
        pytest.param(cut, "damaged", id="cut short"),
        pytest.param(garbage, "is not a database", id="no database"),
        pytest.param(gone, "does not exist", id="missing"),
        pytest.param(folder, "is a folder", id="a folder"),
    ],
)
@pytest.mark.parametrize(
    "words", [["status"], ["trigger", "fire", "--at", "K12"], ["roster", "show"]], ids=lambda w: w[0]
)
def test_a_store_that_cannot_be_used_is_left_as_it_is(
    emergency: Terminal, words: list[str], spoil: Callable[[Path], None], says: str
) -> None:
    """A damaged, foreign or newer database ends every command with 5 and stays as it was, to the byte."""
    spoil(emergency.home)
    before = contents(emergency.home)
    said = emergency(*words)

    assert (said.code, said.out) == (5, "")
    assert says in said.err
    assert contents(emergency.home) == before


def test_a_store_that_may_not_be_written_is_left_as_it_is(sample: Path) -> None:
    """A database that may be read and not written ends a command with 5, and says who should look at what."""
    with tempfile.TemporaryDirectory() as outside:
        home = Path(outside) / "home"
        shutil.copytree(sample, home)
        Path(outside).chmod(0o755)
        home.chmod(0o555)
        (home / "emergency.db").chmod(0o444)
        before = contents(home)
        terminal = Terminal(home)
        terminal("--home", str(sample), "status")  # loads every module while all may be read
        with without_rights():
            said = terminal("trigger", "fire", "--at", "K12")
        assert contents(home) == before
        home.chmod(0o755)

    assert (said.code, said.out) == (5, "")
    assert "may not be written; check who owns it" in said.err


class without_rights:
    """For the length of the block, be nobody where the tests are run by the superuser."""

    def __enter__(self) -> None:
        self.root = os.geteuid() == 0
        if self.root:
            os.seteuid(65534)

    def __exit__(self, *error: object) -> None:
        if self.root:
            os.seteuid(0)


def test_another_kind_of_store_is_refused(emergency: Terminal) -> None:
    """A database of a kind that this release does not know is a wrong word, not a silent fall-back."""
    said = emergency("status", EMERGENCY_DATABASE="postgresql://localhost/emergency")

    assert said.code == 2
    assert "sqlite:///" in said.err


def test_the_database_may_lie_elsewhere(emergency: Terminal, tmp_path: Path) -> None:
    """EMERGENCY_DATABASE names another file, and the home stays as it was."""
    shutil.copyfile(emergency.home / "emergency.db", tmp_path / "elsewhere.db")
    before = contents(emergency.home)
    emergency("trigger", "fire", "--at", "K12", EMERGENCY_DATABASE=f"sqlite:///{tmp_path / 'elsewhere.db'}")

    assert contents(emergency.home) == before
    assert emergency("status").out == ""


# making an installation


def test_init_twice_is_refused(emergency: Terminal) -> None:
    """A second `init` is refused with 3 and changes no file."""
    before = contents(emergency.home)
    said = emergency("init", "--sample")

    assert (said.code, said.out) == (3, "")
    assert "holds an installation already" in said.err
    assert contents(emergency.home) == before


def test_init_makes_a_folder_for_its_owner_alone(tmp_path: Path) -> None:
    """The folder of an installation holds numbers and secrets: only its owner may look in."""
    terminal = Terminal(tmp_path / "deep" / "home")
    document = terminal.document("init", "--sample")

    assert (document["site"], document["people"], document["playbooks"]) == (
        "star_plaza",
        54,
        len(list((ROOT / "playbooks").glob("*.yaml"))),
    )
    assert (tmp_path / "deep" / "home").stat().st_mode & 0o077 == 0


def test_init_without_a_site_makes_nothing(tmp_path: Path) -> None:
    """Without a site file and without --sample nothing is made, and the way on is said."""
    said = Terminal(tmp_path / "home")("init")

    assert said.code == 3
    assert "site.yaml is missing" in said.err
    assert not (tmp_path / "home").exists()


def test_init_of_a_site_of_one_s_own(tmp_path: Path) -> None:
    """`init` takes site.yaml and roster.yaml from the folder; mistakes are listed with lines, and can be mended."""
    home = tmp_path / "home"
    home.mkdir()
    site = (ROOT / "emergency/sample/site.yaml").read_text()
    shutil.copyfile(ROOT / "emergency/sample/roster.yaml", home / "roster.yaml")
    (home / "site.yaml").write_text(site.replace("within: b1\n", "within: b7\n", 1))
    wrong = Terminal(home)("init")
    (home / "site.yaml").write_text(site)
    right = Terminal(home)("init")

    assert wrong.code == 2
    assert re.search(r"site\.yaml:\d+: .*b7", wrong.err)
    assert (right.code, "star_plaza: 54 people" in right.err) == (0, True)


def test_init_in_a_file_is_refused(tmp_path: Path) -> None:
    """Where no folder can be made, that is said in one line."""
    (tmp_path / "home").write_text("a file")
    said = Terminal(tmp_path / "home")("init", "--sample")

    assert said.code == 5
    assert len(said.err.splitlines()) == 1


def test_init_in_a_folder_that_others_can_see_says_so(tmp_path: Path) -> None:
    """Numbers lie in the home: when others can look into it, the command that closes it is said."""
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o755)
    said = Terminal(home)("init", "--sample")

    assert (said.code, f"chmod 700 {home}" in said.err) == (0, True)


# when things go wrong


def test_a_backup_comes_back(emergency: Terminal, tmp_path: Path) -> None:
    """`restore` puts back what `backup` kept, with every chain checked; what stood there is kept beside it."""
    emergency.trigger()
    kept = emergency.document("backup", str(tmp_path / "kept.db"))
    emergency.trigger("E", "lift 2")
    back = emergency.document("restore", str(tmp_path / "kept.db"))

    assert (kept["incidents"], back["incidents"], emergency.version()[0]) == (1, 1, 1)
    assert emergency("log", "F01", "--verify").code == 0
    assert Path(back["kept"]).exists()
    assert emergency("backup", str(tmp_path / "kept.db")).code == 3


def test_a_backup_that_was_changed_is_refused(emergency: Terminal, tmp_path: Path) -> None:
    """A backup that is not what was written is not put back; the database stays as it was."""
    emergency.trigger()
    file = tmp_path / "kept.db"
    emergency("backup", str(file))
    before = emergency.version()
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    said = emergency("restore", str(file))

    assert (said.code, said.out, emergency.version()) == (5, "", before)


def test_people_are_called_without_a_database(emergency: Terminal, twilio: FakeTwilio) -> None:
    """When the store fails, `trigger` says what is left: --last-resort calls people; `recover` logs that."""
    garbage(emergency.home)
    failed = emergency("trigger", "fire", "--at", "K12")
    called = emergency("trigger", "fire", "--at", "K12", "--last-resort", "--json", **account(twilio))
    gone(emergency.home)
    refused = emergency("init")
    recovered = emergency("recover", "--json")

    assert (failed.code, "--last-resort" in failed.err) == (5, True)
    assert (called.code, called.document["sent"], called.document["failed"]) == (0, 12, 0)
    assert len(twilio.ledger) == 12
    assert "陈静 Chen Jing: +1" in called.err
    assert refused.code == 0, refused.err
    assert [each["incident"] for each in recovered.document] == [called.document["incident"]]
    assert emergency.document("status")["incident"] == called.document["incident"]


@pytest.mark.parametrize(
    "words, says",
    [
        pytest.param(["--at", "K12", "--drill"], "no drill", id="a drill"),
        pytest.param(["--at", "atrium"], "F3 atrium gallery", id="an ambiguous place"),
        pytest.param(["--at", "K12", "--severity", "oranje"], "'orange'", id="a level"),
    ],
)
def test_a_last_resort_with_wrong_words_calls_nobody(
    emergency: Terminal, twilio: FakeTwilio, words: list[str], says: str
) -> None:
    """Also without a store, wrong words end with 2 and call nobody."""
    said = emergency("trigger", "fire", "--last-resort", *words, **account(twilio))

    assert (said.code, twilio.ledger) == (2, [])
    assert says in said.err


def test_doctor_says_what_must_be_done(emergency: Terminal) -> None:
    """`doctor` ends with 3 while something must be done, and says what in the operator's language."""
    said = emergency("doctor")
    document = emergency.document("doctor")

    assert said.code == 3
    assert "✗ no server is running" in said.out
    assert "✗ 没有服务在运行" in emergency("--lang", "zh", "doctor").out
    assert document["errors"] == sum(f["level"] == "error" for f in document["findings"]) >= 2


# plans and people

BAD_PLAN = """\
playbook: spill
code: S
title: {zh: 泄漏, en: Spill}
place: zone
severity: {start: yellow}
roles: {control_room: {at: blue}, cleaning: {at: blue}}
states:
  reported:
    title: {zh: 已接报, en: reported}
    leave: [{to: evacuatng, when: {step: look, is: done}}]
  stood_down: {title: {zh: 解除, en: over}, ends: stand_down, leave: [{to: closed, after: 1h}]}
  closed: {title: {zh: 归档, en: closed}, final: yes}
"""


def test_every_mistake_of_a_plan_is_listed_with_its_line(emergency: Terminal, tmp_path: Path) -> None:
    """`playbook check FILE` lists all mistakes at once, each with file and line, and ends with 2."""
    file = tmp_path / "spill.yaml"
    file.write_text(BAD_PLAN)
    said = emergency("playbook", "check", str(file))
    document = emergency.document("playbook", "check", str(file))

    assert said.code == 2
    assert re.search(r"spill\.yaml:6: 'cleaning' is no role", said.out)
    assert re.search(r"spill\.yaml:10: .* leads to 'evacuatng', which is not a state", said.out)
    assert len(document["findings"]) == 9
    assert all(f["file"] == str(file) and f["line"] >= 1 for f in document["findings"])
    assert f"Mistakes: {len(document['findings'])}." in said.err


def test_a_plan_that_is_not_there(emergency: Terminal) -> None:
    """A file that cannot be read is a finding like any other."""
    said = emergency("playbook", "check", "no/such.yaml")

    assert (said.code, said.out) == (2, "no/such.yaml cannot be read: No such file or directory\n")


def test_a_bad_plan_stops_no_other(emergency: Terminal) -> None:
    """A plan with mistakes in the home is named in the list; every other one can be triggered."""
    (emergency.home / "playbooks" / "spill.yaml").write_text(BAD_PLAN)
    listed = emergency("playbook", "list")

    assert re.search(r"^! .*spill\.yaml:\d+:", listed.out, re.MULTILINE)
    assert emergency.trigger()["playbook"] == "fire"
    assert emergency("playbook", "check", "spill").code == 2


def test_a_plan_of_one_s_own_stands_before_the_shipped_one(emergency: Terminal) -> None:
    """A file in the home's playbooks folder replaces the shipped plan of that name."""
    shipped = (ROOT / "playbooks" / "fire.yaml").read_text()
    (emergency.home / "playbooks" / "fire.yaml").write_text(shipped.replace("en: Fire}", "en: Blaze}", 1))

    assert emergency("playbook", "check", "fire").code == 0
    assert emergency.trigger("blaze")["title"]["en"] == "Blaze"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", ["fire", "elevator_entrapment", "power_outage", "robbery", "crowding"])
def test_a_plan_is_shown_in_words(emergency: Terminal, name: str, lang: str) -> None:
    """`playbook show` has every state, every step in the operator's language, each time with its source, every fact."""
    said = emergency("--lang", lang, "playbook", "show", name)
    plan = emergency.document("playbook", "show", name)

    for state in plan["states"]:
        assert f"● {state['name']}  {state['title'][lang]}" in said.out
        for step in state["steps"]:
            assert f": {step['do'][lang]}" in said.out
    assert said.out.count("≤") == sum(bool(step.get("done")) for state in plan["states"] for step in state["steps"])
    assert all(f"    {fact['name']}=" in said.out for fact in plan["facts"])


ROW = "id,name_zh,name_en,language,numbers,roles,shift,on_call,zone\n"


@pytest.mark.parametrize(
    "name, text, says",
    [
        pytest.param("people.csv", ROW + "a b,甲,A,zh,+12025550101,scribe:1,early,,\n", ":2: ", id="csv: an id"),
        pytest.param("people.csv", ROW + "ann,甲,A,zh,+12025550101,scrib:1,early,,\n", "'scribe'", id="csv: a role"),
        pytest.param("people.csv", ROW + "ann,甲,A,zh,119,scribe:1,early,,\n", ":2: ", id="csv: a public number"),
        pytest.param("people.csv", "id,name\nann,A\n", "the column 'name_zh' is missing", id="csv: columns"),
        pytest.param("people.csv", "\xff\xfe", "UTF-8", id="csv: letters"),
        pytest.param("people.yaml", "people: [", "is not YAML", id="yaml: no yaml"),
        pytest.param("people.yaml", "people:\n  ann: {shift: early}\n", "'name' is missing", id="yaml: a name"),
    ],
)
def test_a_roster_with_mistakes_is_not_imported(
    emergency: Terminal, tmp_path: Path, name: str, text: str, says: str
) -> None:
    """A roster with a mistake is refused with 2, file and line, by `check` and `import`; nothing is half imported."""
    file = tmp_path / name
    file.write_bytes(text.encode("latin-1") if "\xff" in text else text.encode())
    before = emergency("roster", "show").out
    checked, imported = emergency("roster", "check", str(file)), emergency("roster", "import", str(file))

    assert (checked.code, imported.code) == (2, 2)
    assert says in checked.out
    assert says in imported.err
    assert str(file) in imported.err
    assert emergency("roster", "show").out == before


def test_a_roster_from_a_spreadsheet(emergency: Terminal, tmp_path: Path) -> None:
    """A CSV roster comes into force whole, replaces the one before, and counts at the next trigger."""
    file = tmp_path / "people.csv"
    file.write_text(ROW + "ann,安,Ann,en,+12025550101; +12025550102,duty_manager:1; control_room:2,early,yes,\n")
    said = emergency("roster", "import", str(file))

    assert (said.code, "in force: 1 people" in said.err) == (0, True)
    assert emergency("roster", "show").out.split()[:3] == ["ann", "安", "Ann"]
    assert {r["person"] for r in emergency.trigger()["roles"]} == {"ann", None}


def test_what_a_roster_lacks_is_a_warning(emergency: Terminal, tmp_path: Path) -> None:
    """Roles that nobody could take on a shift are warnings: shown in the operator's words, and no failure."""
    en, zh = emergency("roster", "check"), emergency("--lang", "zh", "roster", "check")

    assert (en.code, zh.code) == (0, 0)
    assert "nobody could be On-scene leader on the shift 'office'" in en.out
    assert "office 班(09:00-18:00)没有人能担任现场指挥" in zh.out


def test_who_is_there_at_another_moment(emergency: Terminal) -> None:
    """`roster who --at` reads a time of the site, not of this machine."""
    noon, night = emergency.document("roster", "who"), emergency.document("roster", "who", "--at", "2026-03-02T03:00")

    assert night["at"] == "2026-03-01T19:00:00.000000Z"
    assert noon["at"] == "2026-03-01T04:00:00.000000Z"
    assert noon["roles"] != night["roles"]


# words


def commands(group: click.Group = cli.main, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its whole name."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_help_is_bilingual_and_has_an_example(emergency: Terminal, name: str) -> None:
    """Every command's help is in both languages and shows how it is typed; so does every option of ours."""
    said = emergency(*name.split(), "--help")
    command = dict(commands())[name]
    options = [p.help or "" for p in command.params if isinstance(p, click.Option) and p.name != "help"]

    assert said.code == 0
    assert emergency(*name.split(), "-h").out == said.out
    assert re.search(rf"^  emergency (--\w+ \w+ )?{name}\b", said.out, re.MULTILINE)
    assert HAN.search(said.out.split("\n\n")[1])
    assert all(HAN.search(text) and re.search(r"[a-z]", text) for text in options)


def test_the_list_of_commands_is_bilingual(emergency: Terminal) -> None:
    """`emergency --help` names every command in both languages, the urgent ones first, and the exit statuses."""
    said = emergency("--help")
    listed = said.out.split("Commands:\n")[1]
    names = re.findall(r"^  ([a-z-]+) ", listed, re.MULTILINE)

    assert names[:3] == ["trigger", "status", "watch"]
    assert names == list(cli.main.commands)
    assert all(HAN.search(part) for part in re.split(r"^  [a-z-]+ ", listed, flags=re.MULTILINE)[1:])
    assert all(f"{status} " in said.out for status in "02345")


def test_every_phrase_says_the_same_in_both_languages() -> None:
    """A phrase has words in zh and in en, filled with the same values."""
    for key, (zh, en) in PHRASES.items():
        fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (zh, en)]
        assert fields[0] == fields[1], key
        assert zh, key
        assert en, key
        assert not HAN.search(en), key


def test_every_kind_of_event_has_a_name_in_both_languages() -> None:
    """No line of the log is shown under a name of the program's own; all that is shown of it exists."""
    kinds = {kind.__name__: set(kind.__struct_fields__) for kind in get_args(e.AnyEvent)}
    for sentence in ("RoleAssigned", "RoleUnfilled"):  # who, which role and why, put together when it is shown
        kinds[sentence].add("said")

    assert KINDS.keys() == kinds.keys()
    for kind, (zh, en, form) in KINDS.items():
        assert HAN.search(zh), kind
        assert en, kind
        assert {name for _, name, _, _ in string.Formatter().parse(form) if name} <= kinds[kind], kind


@pytest.mark.parametrize("way", ["--lang", "EMERGENCY_LANG", "LC_ALL", "LANG"])
def test_the_operator_s_language(emergency: Terminal, way: str) -> None:
    """--lang, EMERGENCY_LANG or the locale choose the language, in this order."""
    emergency.env["EMERGENCY_LANG"] = "en" if way == "--lang" else None
    env = {} if way == "--lang" else {way: "zh" if way == "EMERGENCY_LANG" else "zh_CN.UTF-8"}
    said = emergency(*(["--lang", "zh"] if way == "--lang" else []), "status", **env)

    assert said.err == "没有进行中的事件。\n"


def test_an_unknown_language_in_the_environment_is_said(emergency: Terminal) -> None:
    """A language that is not there is a wrong word."""
    assert emergency("status", EMERGENCY_LANG="fr").code == 2


LATIN = re.compile(r"[A-Za-z]{3,}")
IDS = re.compile(
    r"emergency (fact|confirm|cancel) \S+|--by|--at|\[[A-Za-z_]+\]|\([a-z_, ]+\)|(已叫 [a-z_, ]+)|(任务 \w+)"
    r"|(答“\w+”)|\b[a-z_]+ 为|报:.*"
)


def test_status_in_chinese_has_no_english_words(emergency: Terminal) -> None:
    """With zh every word of a status and of the messages around it is Chinese; only ids and commands are not."""
    emergency.env["EMERGENCY_LANG"] = "zh"
    said = [emergency("trigger", "火灾", "--at", "美食广场"), emergency("fact", "two_signals=yes"), emergency("status")]
    said += [emergency("severity", "红"), emergency("tell", "到北广场集合"), emergency("log")]
    summary = [line for each in said[:5] for line in each.out.splitlines()]

    assert len(summary) > 60
    for line in summary:
        assert not LATIN.search(IDS.sub("", line)), line
    for line in said[5].out.splitlines():
        assert HAN.search(line), line
    assert "没有服务在运行" in said[0].err
    assert "没有短信和电话通道" in said[0].err


def test_status_shows_site_time(emergency: Terminal, clock: VirtualClock) -> None:
    """People read the site's own clock, whatever the machine's zone; lateness shows at once."""
    emergency.trigger()
    opened = emergency("status").out
    clock.move_to(NOON + timedelta(minutes=3))

    assert "since 12:00:00, command: Chen Jing" in opened
    assert "by 12:00:15" in opened
    assert "by itself at 12:00:30" in opened
    assert re.search(r"F01D .* LATE by 165 s|F01D .* LATE by 2 min", emergency("status").out)


# a process of its own

HEAVY = (
    "msgspec pydantic fastapi twilio aiohttp apscheduler jinja2 transitions immutables rpds yaml phonenumbers uvicorn "
    "asyncio"
)
PROBE = """\
import sys
try:
    import cli
    cli.main()
finally:
    print(" ".join(sorted({name.split(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def loaded(emergency: Terminal, *words: str) -> tuple[str, set[str]]:
    """Return what a command prints, and every top module that it loads."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        cwd=ROOT,
        env=emergency.environ(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout, set(done.stderr.splitlines()[-1].split())


def test_help_starts_light(emergency: Terminal) -> None:
    """`emergency --help` loads nothing but click and Python itself."""
    out, modules = loaded(emergency, "--help")

    assert "trigger" in out
    assert {"cli", "click"} <= modules
    assert not modules & {*HEAVY.split(), "notifiers", "sqlite3"}


def test_with_a_server_a_command_is_one_line_over_a_socket(emergency: Terminal) -> None:
    """Beside a running server a command loads neither the engine nor the store nor any provider."""
    document = emergency.trigger("fire", "K12", "--drill")
    asked: list[dict[str, Any]] = []

    def answer() -> None:
        connection, _ = listening.accept()
        with connection:
            asked.append(json.loads(connection.makefile().readline()))
            connection.sendall(json.dumps({"document": document}).encode() + b"\n")

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(emergency.home / "serve.sock"))
        listening.listen()
        thread = threading.Thread(target=answer)
        thread.start()
        out, modules = loaded(emergency, "status", "XF01")
        thread.join(60)

    assert asked == [{"verb": "status", "args": {"code": "XF01"}}]
    assert out.startswith("DRILL XF01  Fire")
    assert not modules & ({*HEAVY.split(), "notifiers", "sqlite3"} - {"msgspec"})


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(emergency: Terminal, shell: str) -> None:
    """`completion` prints what the shell needs."""
    said = emergency("completion", shell)

    assert said.code == 0
    assert "_EMERGENCY_COMPLETE" in said.out


def test_completion_completes(emergency: Terminal) -> None:
    """What the shell then asks is answered: `tri` becomes `trigger`."""
    asked = {"_EMERGENCY_COMPLETE": "bash_complete", "COMP_WORDS": "emergency tri", "COMP_CWORD": "1"}

    assert emergency(**asked).out.strip() == "plain,trigger"


@pytest.fixture
def served(sample: Path, tmp_path: Path) -> Iterator[tuple[Terminal, subprocess.Popen[str]]]:
    """A terminal beside a running server, without a provider."""
    home = tmp_path / "home"
    shutil.copytree(sample, home)
    terminal = Terminal(home)
    server = subprocess.Popen(
        [sys.executable, "cli.py", "serve", "--port", "0"],
        cwd=ROOT, env=terminal.environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stderr is not None
    for line in server.stderr:
        if "Serving at" in line:
            break
    yield terminal, server
    if server.poll() is None:
        server.kill()
    server.communicate(timeout=60)


def test_a_running_server(served: tuple[Terminal, subprocess.Popen[str]]) -> None:
    """Beside a server, commands are carried out by it: the same documents, exit statuses and refusals.

    Whether something real can be sent is the server's knowledge, not that of the terminal's environment.
    """
    emergency, server = served
    real = emergency("trigger", "fire", "--at", "K12", "--json", TWILIO_ACCOUNT_SID=ACCOUNT_SID)
    drill = emergency("trigger", "fire", "--at", "K12", "--drill")
    wrong = emergency("trigger", "fire", "--at", "atrium")
    second = emergency("serve", "--port", "0")
    restored = emergency("restore", str(emergency.home / "site.yaml"))
    mode = (emergency.home / "serve.sock").stat().st_mode & 0o777
    assert "already runs" in second.err
    assert (restored.code, "stop it first" in restored.err) == (3, True)
    server.send_signal(signal.SIGTERM)
    _, shown = server.communicate(timeout=60)

    assert (real.code, real.document["incident"]) == (4, "F01")
    assert "NOT TOLD" in real.err
    assert "NOBODY watches" not in real.err
    assert (drill.code, "shown where `emergency serve` runs" in drill.err) == (0, True)
    assert re.search(r"^  SMS → \w+: .*XF01", shown, re.MULTILINE)
    assert (wrong.code, second.code, server.returncode, mode) == (2, 5, 0, 0o600)
    assert not (emergency.home / "serve.sock").exists()
    assert "NOBODY watches" in emergency("status").err


def test_a_server_of_no_installation_makes_none(tmp_path: Path) -> None:
    """`serve` where nothing was made ends with 5 and leaves the folder as it was."""
    said = Terminal(tmp_path / "home")("serve", "--port", "0")

    assert said.code == 5
    assert "emergency init --sample" in said.err
    assert not (tmp_path / "home").exists()


def test_the_clock_of_a_process_is_the_system_s() -> None:
    """Nothing in these tests moves the clock of the program itself."""
    assert SystemClock().now().tzinfo is not None
