"""A season of a drill coordinator who checks nothing, presses everything twice, and works in two windows at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from emergency.drills.rehearsals.replaying import lines
from tests.installation import sample
from tests.shell.test_drill_run import ROOT, SCENARIO, typist

GOOD = SCENARIO.replace("lost_leader", "season").replace("maximum: 10m", "maximum: 3m")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample installation that this season belongs to."""
    home = tmp_path_factory.mktemp("season") / "home"
    sample(home)
    (home / "scenarios").mkdir()
    (home / "scenarios" / "season.yaml").write_text(GOOD, "utf-8")
    return home


@pytest.fixture
def type_(home: Path) -> Callable[..., Result]:
    """Type `emergency ...` in that installation."""
    return typist(home)


CYCLE = "    caused_by: I2\n    kind"
I2 = "  I2: {caused_by: I1, kind: asset.failure, target: lamp, text: {zh: 灯灭, en: dark}}\n"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(("b1_food_court", "b9_food_court"), "is no place", id="no such place"),
        pytest.param(("target: liu_yang", "target: liu_yan"), "Did you mean 'liu_yang'?", id="no such person"),
        pytest.param(("{id: fire}", "{id: fire, revision: 0123456789ab}"), "drill check --pin", id="another revision"),
        pytest.param(("at: 2m", "at: 20m"), "lengthen clock.maximum", id="after the end"),
        pytest.param(("    at: 2m\n    kind", CYCLE), "in a circle", id="a circle"),
        pytest.param(("the leader is lost", "this is not a drill"), "no drill", id="says that it is none"),
    ],
)
def test_what_the_check_finds_is_not_played(
    home: Path, type_: Callable[..., Result], change: tuple[str, str], says: str
) -> None:
    """A scenario that the check refuses is refused by the drill as well, with file, line and way out; also where it is
    to come by the calendar."""
    bad = home / "scenarios" / "bad.yaml"
    text = GOOD.replace("scenario: season", "scenario: bad").replace(*change)
    bad.write_text(text + (I2 if "caused_by" in text else ""), "utf-8")
    try:
        for words in (("drill", "run", "bad"), ("drill", "schedule", "add", "bad", "--cron", "0 10 1 * *")):
            result = type_(*words)
            assert (result.exit_code, result.stdout) == (2, "")
            assert says in result.stderr
            assert "bad.yaml:" in result.stderr or "no drill" in says or "--pin" in says
            assert "Traceback" not in result.output
    finally:
        bad.unlink()
    assert "SC1" not in type_("drill", "schedule", "list").stdout


def test_a_scenario_may_be_played_shorter_and_at_another_hour(type_: Callable[..., Result]) -> None:
    """Cutting a drill short, or playing it at night, makes no mistake of injects that do not come then."""
    assert type_("drill", "run", "season", "--until", "1m", "--no-keep").exit_code == 0
    assert type_("drill", "run", "season", "--begins", "03:00", "--no-keep").exit_code == 0


def test_two_windows_that_play_the_same_keep_it_once(home: Path) -> None:
    """Whoever comes second finds what the first has kept; nobody is told of an event number."""
    command = [sys.executable, str(ROOT / "cli.py"), "--home", str(home), "--lang", "en", "drill", "run", "season"]
    windows = [
        subprocess.Popen([*command, "--seed", "99"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [window.communicate(timeout=120)[1] for window in windows]

    assert [window.returncode for window in windows] == [0, 0, 0], said
    assert len({line for each in said for line in each.splitlines() if line.startswith("Kept as")}) == 1


def test_what_is_agreed_after_a_rehearsal_is_on_the_list(type_: Callable[..., Result]) -> None:
    """An action stands on the one list of all, whichever store its drill is kept in; agreed twice, it is there once."""
    type_("drill", "run", "season")
    agree = (
        "drill", "action", "add", "RH1", "--problem", "radios flat", "--action", "charge them", "--owner", "wang_jun",
        "--due", "2099-12-31",
    )  # fmt: skip
    first, again = type_(*agree), type_(*agree)
    assert (first.exit_code, again.stdout) == (0, first.stdout)

    listed = type_("drill", "action", "list").stdout
    assert listed.count("radios flat") == 1
    assert "RH1.A1" in listed


def test_the_same_schedule_twice_is_one(type_: Callable[..., Result]) -> None:
    """Asking twice for the same drill at the same times changes nothing."""
    add = ("drill", "schedule", "add", "season", "--cron", "0 10 1 */6 *")
    first, again = type_(*add), type_(*add)

    assert first.exit_code == 0
    assert first.stdout == again.stdout
    assert len(type_("drill", "schedule", "list").stdout.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [("report", "RH1", "--output"), ("drill", "hotwash", "RH1", "--form"), ("drill", "calendar", "--output")],
    ids=["report", "hot wash", "calendar"],
)
def test_a_file_that_cannot_be_written(home: Path, type_: Callable[..., Result], words: tuple[str, ...]) -> None:
    """The words are wrong, in one line; nobody reads a traceback."""
    type_("drill", "run", "season")
    result = type_(*words, str(home / "nowhere" / "it.html"))

    assert result.exit_code == 2
    assert "cannot be written: No such file or directory" in result.stderr.strip().splitlines()[-1]


def test_the_report_says_what_its_rating_rests_on(type_: Callable[..., Result]) -> None:
    """The rating of the whole stands with how many objectives were tested, and times with whose time they are."""
    type_("drill", "run", "season")
    en, zh = type_("report", "RH1").stdout, type_("report", "RH1", lang="zh").stdout

    assert " objectives tested)" in en
    assert "site time (Asia/Shanghai)" in en
    assert "项目标,检验了" in zh
    assert "当地时间(Asia/Shanghai)" in zh


def test_without_a_code_the_report_is_of_the_open_incident(type_: Callable[..., Result]) -> None:
    """With one open incident the code may be left out; with none, the way out is said."""
    none = type_("report")
    assert none.exit_code == 2
    assert "no incident is open" in none.stderr
    type_("trigger", "fire", "--at", "B1 food court", "--drill")
    assert "XF01" in type_("report").stdout
    type_("cancel", "--reason", "over")


def test_an_edited_plan_may_be_called_as_one_likes(home: Path, type_: Callable[..., Result]) -> None:
    """The guide's `fire.new.yaml` is a copy of fire beside it; its mistakes still have their lines."""
    type_("drill", "run", "season")
    copy = home / "fire.new.yaml"
    plan = (ROOT / "playbooks" / "fire.yaml").read_text("utf-8")
    copy.write_text(plan, "utf-8")
    assert type_("drill", "replay", "RH1", "--playbook", str(copy)).exit_code == 0
    copy.write_text(plan.replace("to: verifying", "to: verifing"), "utf-8")
    refused = type_("drill", "replay", "RH1", "--playbook", str(copy))
    assert refused.exit_code == 2
    assert "fire.new.yaml:" in refused.stderr


@pytest.mark.parametrize(("lang", "says"), [("en", "wanted by two incidents (3)"), ("zh", "同一人被两起事件需要 (3)")])
def test_what_a_replay_leaves_out_is_said_in_words(lang: str, says: str) -> None:
    """No reader has to know how the log calls its events."""
    document: dict[str, Any] = {
        **dict.fromkeys(("milestones", "states", "steps", "late", "messages", "off", "spared", "added"), ()),
        **dict.fromkeys(("unfilled", "filled", "conflicts", "assumed", "not_replayed", "moved"), ()),
        "incident": "XF01", "left_out": ("WantedTwice (3)",), "cut_off": 0,
    }  # fmt: skip
    said = "\n".join(lines(document, lang))
    assert says in said
    assert "WantedTwice" not in said


def test_a_chinese_story_is_chinese(type_: Callable[..., Result]) -> None:
    """Answers of yes and no, and whose rule a target is, are words of the reader's language."""
    story = type_("drill", "run", "saturday_food_court", "--no-keep", "--until", "1m", lang="zh").stdout
    assert "有第二信号吗" in story
    assert " 是\n" in story
    assert "[经验值]" in story
    assert "yes" not in story
    assert "practice" not in story
