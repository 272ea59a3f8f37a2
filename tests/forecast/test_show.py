"""What people read: the sentence first, in both languages, and no number without how sure it is; and the command."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from emergency.forecast import show, tables
from emergency.forecast.odds import share
from emergency.forecast.words import WORDS
from emergency.readiness.lines import width
from tests.forecast.scenery import typed

AT = "2026-03-01T12:00"
QUICK = ("--role", "engineering", "--cores", "1", "--within", "2m")


def test_every_word_stands_in_both_languages_with_the_same_gaps() -> None:
    """What the one language says, the other says: the same values are put into both."""
    for key, (zh, en) in WORDS.items():
        assert sorted(re.findall(r"{(\w+)", zh)) == sorted(re.findall(r"{(\w+)", en)), key
        assert zh.strip()
        assert en.strip()
        assert re.search("[一-鿿]", zh) or "{" in zh or "…" in zh, key


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_sentence_comes_first_and_says_how_sure_it_is(document: dict[str, Any], lang: str) -> None:
    """Probability, interval and number of runs in one sentence, before any table; then how much of it is assumed, and
    what it would be with all of that at the ends of its ranges."""
    lines = show.lines(document, lang, room=1000)
    answer, found = document["answer"], document["assumptions"]
    assert f"{answer['p']:.2f}" in lines[1]
    assert f"{answer['low']:.2f}-{answer['high']:.2f}" in lines[1]
    assert str(document["runs"]) in lines[1]
    assert f"{document['went']['p']:.2f}" in lines[3]
    for words in (str(found["assumed"]), tables.figure(found["worse"]), tables.figure(found["better"])):
        assert words in lines[4]
    if lang == "en":
        assert not re.search("[一-鿿]", "\n".join(lines))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_rule_of_who_counts_is_on_the_screen(document: dict[str, Any], lang: str) -> None:
    """Which roles count and how many heads of each stands below the sentence; named ones are said to be named."""
    from emergency.drills.critical import RULE

    critical = {**document, "rule": "critical"}
    assert RULE.of(lang)[1:] in show.lines(critical, lang, room=1000)[5]
    assert RULE.of(lang)[1:] not in "".join(show.lines(document, lang, room=1000))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_terminal_of_eighty_columns_holds_every_line(document: dict[str, Any], lang: str) -> None:
    """No line is broken by the terminal itself; and nothing is lost by breaking it here."""
    lines = show.lines(document, lang)
    assert max(map(width, lines)) <= show.WIDTH
    sentence = show.sentence(document, lang)
    assert re.sub(r"\s", "", sentence) in re.sub(r"\s", "", "".join(lines))


def test_no_words_of_the_program_are_shown_as_they_are(document: dict[str, Any]) -> None:
    """Why a call failed and whose rule a target is stand in the reader's language."""
    failed = {"at": 30.0, "what": "failed", "person": "peng_fei", "channel": "voice", "why": "machine"}
    assert list(show.story([failed], document, "zh")) == ["  00:30  打给 彭飞 的电话没打通(语音信箱)"]
    do = {"zh": "手动启动发电机", "en": "start the generator by hand"}
    reminded = {"at": 90.0, "what": "asked", "person": "peng_fei", "step": "nudge", "do": do}
    assert list(show.story([reminded], document, "en")) == ["  01:30  Peng Fei is asked: start the generator by hand"]
    assert tables.target(document, "step nudge", "zh") == "催办"
    assert "[经验值]" in tables.milestones(document, "zh").rows[0][-1]


def test_a_moment_of_another_year_says_so(document: dict[str, Any]) -> None:
    """The next New Year's Eve may be a year ahead; a holiday is named in the reader's language."""
    here = document["week"]["named"]
    eve = {**here[3], "at": "2027-12-31T20:00:00+08:00", "holiday": {"zh": "元旦", "en": "New Year's Day"}}
    week = {**document["week"], "named": [here[0], eve]}
    rows = tables.moments({**document, "week": week}, "en").rows
    assert "(" not in rows[0][-1]
    assert rows[1][-1].endswith("20:00 (2027, New Year's Day)")
    assert tables.moments({**document, "week": week}, "zh").rows[1][-1].endswith("(2027、元旦)")


def test_what_is_unclear_is_called_so_and_has_no_moment(document: dict[str, Any]) -> None:
    """Where the range holds 0 no difference is claimed, and none of the moments either, which are no surer."""
    found = {
        "kind": "at_once", "person": "", "role": "", "before": {"p": 0.6}, "after": {"p": 0.7}, "p50_before": 200,
        "p50_after": 100,
    }  # fmt: skip
    clear = {**found, "difference": {"delta": 0.1, "low": 0.02, "high": 0.18, "n": 9, "noise": False}}
    unclear = {**found, "difference": {"delta": 0.1, "low": -0.02, "high": 0.22, "n": 9, "noise": True}}
    rows = tables.changes({**document, "changes": [clear, unclear]}, "en").rows
    assert rows[0][1:] == ("0.60 → 0.70", "+0.10 (+0.02 to +0.18)", "03:20 → 01:40")
    assert rows[1][1:] == ("0.60 → 0.70", "unclear (−0.02 to +0.22)", "")


def test_a_figure_that_moves_nothing_is_counted_and_not_listed(document: dict[str, Any]) -> None:
    """Of the two figures one moves the answer."""
    table, swings = tables.figures(document, "en")
    assert [row[0] for row in table.rows] == ["~ answers one call"]
    assert len(swings) == 1
    assert table.notes[-1] == "Of 1 more no difference is to be seen."


@pytest.mark.parametrize("runs, most", [(100, 10), (200, 7), (2400, 2)])
def test_a_share_without_a_range_is_said_to_be_off_by_so_much(runs: int, most: int) -> None:
    """No share of so many runs has a wider interval: the middle one is the widest."""
    assert tables.points(runs) == most
    assert all(share(count, runs).half * 100 <= most for count in range(runs + 1))


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


@pytest.mark.parametrize(
    "seconds, shown",
    [(0, "00:00"), (59.2, "01:00"), (300, "05:00"), (None, "-")],
)
def test_a_moment_is_shown_in_minutes_and_full_seconds(seconds: float | None, shown: str) -> None:
    """A moment is never shown earlier than it was."""
    assert tables.clock(seconds) == shown


@pytest.mark.parametrize("share, shown", [(0, "0%"), (0.001, "<1%"), (0.5, "50%"), (0.999, ">99%"), (1, "100%")])
def test_hardly_ever_is_not_never(share: float, shown: str) -> None:
    """A rare thing is not called impossible, nor a sure one certain."""
    assert tables.percent(share) == shown


def test_shades_go_with_the_share() -> None:
    """Surely is the darkest, hardly the lightest; each bound belongs to the better side."""
    assert [show.shade(p) for p in (1, 0.95, 0.9, 0.7, 0.5, 0.1)] == list("██▓▒░·")
