"""What people read: the sentence first, in both languages, and no number without how sure it is; and the command."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cli
from emergency.forecast import show
from emergency.forecast.page import page
from emergency.forecast.words import WORDS

AT = "2026-03-01T12:00"
QUICK = ("--role", "engineering", "--cores", "1", "--within", "2m")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample mall, installed once."""
    path = tmp_path_factory.mktemp("home")
    made = CliRunner().invoke(cli.main, ["init", "--sample"], env={"EMERGENCY_HOME": str(path)})
    assert made.exit_code == 0, made.output
    return path


def typed(home: Path, *words: str, lang: str = "en") -> Any:
    """Type `emergency drill forecast ...`."""
    env = {"EMERGENCY_HOME": str(home), "EMERGENCY_LANG": lang}
    return CliRunner().invoke(cli.main, ["drill", "forecast", *words], env=env, prog_name="emergency")


@pytest.fixture(scope="module")
def document(home: Path) -> dict[str, Any]:
    """Everything that can be asked, of a trapped lift."""
    said = typed(
        home, "elevator_entrapment", "--place", "lift 2", "--at", AT, "--runs", "6", "--who", "--what-if", "--week",
        "--without", "peng_fei", "--json", *QUICK,
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    found: dict[str, Any] = json.loads(said.stdout)
    swing = {"p": 0.5, "low": 0.4, "high": 0.6, "n": 6}
    found["assumptions"]["tornado"] = [{"figure": "answers_call", "assumed": True, "low": swing, "high": swing}]
    return found


def test_every_word_stands_in_both_languages_with_the_same_gaps() -> None:
    """What the one language says, the other says: the same values are put into both."""
    for key, (zh, en) in WORDS.items():
        assert sorted(re.findall(r"{(\w+)", zh)) == sorted(re.findall(r"{(\w+)", en)), key
        assert zh.strip()
        assert en.strip()
        assert re.search("[一-鿿]", zh) or "{" in zh or "…" in zh, key


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_sentence_comes_first_and_says_how_sure_it_is(document: dict[str, Any], lang: str) -> None:
    """Probability, interval and number of runs in one sentence, before any table; then how much of it is assumed."""
    lines = show.lines(document, lang)
    answer = document["answer"]
    assert f"{answer['p']:.2f}" in lines[1]
    assert f"{answer['low']:.2f}-{answer['high']:.2f}" in lines[1]
    assert str(document["runs"]) in lines[1]
    assert f"{document['went']['p']:.2f}" in lines[3]
    assert str(document["assumptions"]["assumed"]) in lines[5]
    if lang == "en":
        assert not re.search("[一-鿿]", "\n".join(lines))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_rule_of_who_counts_is_on_the_screen(document: dict[str, Any], lang: str) -> None:
    """Which roles count and how many heads of each stands below the sentence; named ones are said to be named."""
    from emergency.drills.critical import RULE

    critical = {**document, "rule": "critical"}
    assert RULE.of(lang)[1:] in show.lines(critical, lang)[4]
    assert RULE.of(lang)[1:] not in "".join(show.lines(document, lang))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_stands_alone_and_is_whole(document: dict[str, Any], lang: str) -> None:
    """One file, nothing fetched, every element closed, the figures of each chart as a table beside it."""

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []
            self.tags: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.append(tag)
            assert tag not in ("script", "link", "img")
            assert not any(name in ("src", "href") for name, _ in attrs)
            if tag != "meta":
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.append(tag)

    reader = Reader()
    html = page(document, lang)
    reader.feed(html)
    assert reader.open == []
    assert reader.tags.count("svg") == reader.tags.count("table") == 2
    assert reader.tags.count("rect") == 168
    assert "http" not in html


def test_the_document_for_machines_holds_the_whole_answer(document: dict[str, Any]) -> None:
    """The curve begins at 0 and never falls; every share stands with its interval; nobody's number is in it."""
    curve = document["curve"]
    assert curve[0][0] == 0
    assert [point[1] for point in curve] == sorted(point[1] for point in curve)
    assert all(low <= p <= high for _, p, low, high in curve)
    assert {"worse", "better", "assumed", "of"} <= document["assumptions"].keys()
    assert len(document["week"]["hours"]) == 168
    assert document["without"]["person"] == "peng_fei"
    assert document["people"]
    assert document["changes"]
    assert not re.search(r"\+\d{8,}", json.dumps(document))


def test_an_absence_is_told_with_a_number_and_a_story(document: dict[str, Any]) -> None:
    """`--without` says what it costs, and how one run that went worse went."""
    found = document["without"]
    said = show.loss(found, document, "en")
    assert said.startswith("If Peng Fei is asleep: ")
    assert found["story"]
    told = list(show.story(found["story"], document, "en"))
    assert len(told) == len(found["story"])
    assert any("Peng Fei is asked" in line for line in told)


def test_the_same_seed_gives_the_same_document(home: Path) -> None:
    """Typed twice, byte for byte the same; with another seed not."""
    words = ("elevator_entrapment", "--place", "lift 2", "--at", AT, "--runs", "4", "--json", *QUICK)
    assert typed(home, *words).stdout == typed(home, *words).stdout
    assert typed(home, *words).stdout != typed(home, *words, "--seed", "2").stdout


def test_every_wrong_word_is_said_at_once(home: Path) -> None:
    """Nothing is played; each mistake with its option and what was meant."""
    said = typed(
        home, "fire", "--runs", "0", "--width", "2", "--without", "peng_fee", "--answer", "lok=fire",
        "--fact", "burnin=x",
    )  # fmt: skip
    assert said.exit_code == 2
    for words in (
        "--runs: 0",
        "--width: 2",
        "Did you mean 'peng_fei'",
        "Did you mean 'look'",
        "Did you mean 'burning'",
    ):
        assert words in said.output
    assert typed(home, "fire", "--within", "soon").exit_code == 2
    assert typed(home, "fire", "--role", "fire_tem").exit_code == 2
    assert typed(home, "fyre").exit_code == 2


@pytest.mark.parametrize(
    "seconds, shown",
    [(0, "00:00"), (59.2, "01:00"), (300, "05:00"), (None, "-")],
)
def test_a_moment_is_shown_in_minutes_and_full_seconds(seconds: float | None, shown: str) -> None:
    """A moment is never shown earlier than it was."""
    assert show.clock(seconds) == shown


@pytest.mark.parametrize("share, shown", [(0, "0%"), (0.001, "<1%"), (0.5, "50%"), (0.999, ">99%"), (1, "100%")])
def test_hardly_ever_is_not_never(share: float, shown: str) -> None:
    """A rare thing is not called impossible, nor a sure one certain."""
    assert show.percent(share) == shown


def test_shades_go_with_the_share() -> None:
    """Surely is the darkest, hardly the lightest; each bound belongs to the better side."""
    assert [show.shade(p) for p in (1, 0.95, 0.9, 0.7, 0.5, 0.1)] == list("██▓▒░·")
