"""What is typed after `emergency drill forecast`: every mistake at once, in both languages, before anything runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from emergency.errors import Mistakes
from emergency.forecast.reading import _moment
from tests.forecast.scenery import typed
from tests.scenarios.scene import NOON

SHANGHAI = "Asia/Shanghai"


@pytest.mark.parametrize(
    "word, meant",
    [
        pytest.param("Sun 04:00", "2026-03-08T04:00", id="over for today: in a week"),
        pytest.param("sunday 13:00", "2026-03-01T13:00", id="still to come today"),
        pytest.param("周六 19:30", "2026-03-07T19:30", id="in Chinese"),
        pytest.param("2026-12-31T20:00", "2026-12-31T20:00", id="a day of the calendar"),
        pytest.param("04:00", "2026-03-01T04:00", id="the nearest such time"),
    ],
)
def test_a_moment_may_be_a_day_of_the_week(word: str, meant: str) -> None:
    """It is Sunday noon in the site's own time; a day of the week is the next one."""
    assert NOON.astimezone(ZoneInfo(SHANGHAI)).isoformat() == "2026-03-01T12:00:00+08:00"
    found = _moment(word, NOON, SHANGHAI)
    assert found.astimezone(ZoneInfo(SHANGHAI)) == datetime.fromisoformat(meant).replace(tzinfo=ZoneInfo(SHANGHAI))


@pytest.mark.parametrize("word", ["soon", "Sun", "Sun 25:00", "Someday 04:00"])
def test_what_is_no_moment_is_refused_with_what_would_be(word: str) -> None:
    """In both languages the word, the option, and three ways to write it."""
    with pytest.raises(Mistakes) as refused:
        _moment(word, NOON, SHANGHAI)
    assert str(refused.value) == f"--at: '{word}' is no time; write 04:00, 'Sun 04:00' or 2026-03-01T04:00"
    assert "周日 04:00" in refused.value.of("zh")


WRONG = (
    "fire", "--runs", "0", "--width", "2", "--within", "31m", "--cores", "0", "--without", "peng_fee", "--at", "soon",
    "--place", "nowhere", "--severity", "pink", "--role", "fire_tem", "--answer", "look=fier", "--answer", "lok=fire",
    "--fact", "burnin=x", "--fact", "burning", "--fact", "people_inside=many",
)  # fmt: skip


def test_every_wrong_word_is_said_at_once(home: Path) -> None:
    """Nothing is played; each mistake with its option and what was meant."""
    said = typed(home, *WRONG)
    assert said.exit_code == 2
    for words in (
        "--runs: 0", "--width: 2", "--within: ", "--cores: 0", "--without: 'peng_fee' is nobody in the roster. Did you"
        " mean 'peng_fei'", "--at: 'soon'", "--place: 'nowhere'", "--severity: 'pink'", "Did you mean 'fire_team'",
        "--answer: 'fier' is no answer of 'look'. Did you mean 'fire'", "Did you mean 'look'", "Did you mean 'burning'",
        "--fact: 'burning': write burning=VALUE",
    ):  # fmt: skip
        assert words in said.output
    assert "playing" not in said.output


def test_the_mistakes_of_a_forecast_are_said_in_chinese_too(home: Path) -> None:
    """Whoever works in Chinese is told so in Chinese, with the same way out."""
    said = typed(home, "fire", "--runs", "-1", "--without", "zzzz", lang="zh")
    assert said.exit_code == 2
    assert "--runs: -1:写 1 到" in said.output
    assert "--without: 名册里没有“zzzz”。名册里有谁: emergency roster show" in said.output


@pytest.mark.parametrize("words", [("--within", "soon"), ("--html", "/no/such/folder/x.html"), ("--html", "/")])
def test_what_cannot_be_read_or_written_is_refused_before_the_work(home: Path, words: tuple[str, ...]) -> None:
    """No minute of playing for a page that has no place to go."""
    said = typed(home, "fire", *words)
    assert said.exit_code == 2
    assert words[0] in said.output
    assert "playing" not in said.output


def test_an_unknown_plan_is_refused_with_the_nearest(home: Path) -> None:
    """The name, and what was meant."""
    said = typed(home, "fyre")
    assert said.exit_code == 2
    assert "'fyre' is no playbook here. Did you mean 'fire'?" in said.output


def test_a_length_beyond_the_targets_is_looked_at_whole(home: Path) -> None:
    """Asked about twenty minutes, runs go on for twenty minutes, although the targets of the plan end at ten."""
    said = typed(
        home, "elevator_entrapment", "--place", "lift 2", "--runs", "1", "--cores", "1", "--within", "20m", "--role",
        "engineering", "--json",
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    assert '"horizon": 1200.0' in said.stdout
