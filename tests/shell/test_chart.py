"""The chart of a plan: everything is there, nothing lies on anything else, and it needs nothing from outside."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emergency.core import playbook as p
from emergency.core.explain import length, plain
from emergency.core.values import Severity
from emergency.picture.chart import LATE, WIDE, Layout, draw_chart, lay_out
from emergency.picture.make import worst_cases
from emergency.picture.measure import NEVER_FIRST, width, wrap
from emergency.picture.mermaid import draw_mermaid
from emergency.picture.sketch import Worst, boxes, spoken
from tests.installation import sample
from tests.shell.drawn import GUIDE, IDS, guide, shipped, site, typed

SVG = "{http://www.w3.org/2000/svg}"
LANGS = ("zh", "en")
HOUR = timedelta(hours=1)


def laid_out(id: str, lang: str) -> Layout:
    """The chart of a shipped plan, before it is drawn."""
    return lay_out(shipped(id), site(), lang, Worst())


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("id", IDS)
def test_no_words_lie_on_others_or_are_cut(id: str, lang: str) -> None:
    """In every shipped plan each line of text has its own room, inside the box of its state."""
    layout = laid_out(id, lang)
    bottom = 0.0
    for placed in layout.states:
        assert placed.top >= bottom
        bottom = placed.top + placed.high
        rooms = []
        for words in placed.words:
            right = words.x + width(words.text, words.size)
            assert words.x >= 0, words.text
            assert right <= WIDE, words.text
            assert placed.top <= words.y - words.size * 0.9, words.text
            assert words.y <= bottom, words.text
            rooms.append((words.x, right, words.y - words.size * 0.95, words.y + words.size * 0.2, words.text))
        for n, (left, right, top, low, text) in enumerate(rooms):
            for left2, right2, top2, low2, text2 in rooms[n + 1 :]:
                assert right <= left2 or right2 <= left or low <= top2 or low2 <= top, (text, text2)
    assert bottom <= layout.high


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("id", IDS)
def test_every_way_out_has_its_arrow(id: str, lang: str) -> None:
    """Each way that leads to a state runs in a lane to that state, on the side of its direction; lanes do not touch."""
    layout = laid_out(id, lang)
    order = [placed.box.name for placed in layout.states]
    ways = [
        (exit.to, exit.kind, order.index(exit.to) <= n, y)
        for n, placed in enumerate(layout.states)
        for exit, y in placed.rows
        if exit.to is not None
    ]
    drawn = [(lane.to, lane.kind, lane.back, y) for lane in layout.lanes for y in lane.starts]

    assert sorted(ways) == sorted(drawn)
    tracks: dict[tuple[bool, int], list[tuple[float, float]]] = {}
    for lane in layout.lanes:
        reach = (min(*lane.starts, lane.end), max(*lane.starts, lane.end))
        tracks.setdefault((lane.back, lane.place), []).append(reach)
    for spans in tracks.values():
        for (_, low), (top, _) in pairwise(sorted(spans)):
            assert low < top


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("id", IDS)
def test_the_picture_says_what_the_plan_says(id: str, lang: str) -> None:
    """Well-formed, self-contained, with every state, every role, every time and its source."""
    plan = shipped(id)
    svg = draw_chart(plan, site(), lang)
    root = ET.fromstring(svg)
    shown = "".join("".join(text.itertext()) for text in root.iter(f"{SVG}text")).replace(" ", "")

    assert {g.get("id") for g in root.iter(f"{SVG}g")} >= {f"state-{state.name}" for state in plan.states}
    for state in plan.states:
        assert state.title.zh.replace(" ", "") in shown
        assert state.title.en.replace(" ", "") in shown
        for step in state.steps:
            assert site().duty(step.role).title.of(lang).replace(" ", "") in shown
            assert spoken(step.do.of(lang), plan, site(), lang).replace(" ", "") in shown
            if step.done:
                assert f"≤{length(step.done).of(lang)}[".replace(" ", "") in shown
        for leave in state.leave:
            if leave.after is not None:
                assert length(leave.after).of(lang).replace(" ", "") in shown
    assert not re.search(r"<script|<image|href|url\((?!#)|@import", svg)
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]


def test_silence_is_dashed_and_of_a_colour_of_its_own() -> None:
    """What happens by itself in silence, what is ordered and what is found look different."""
    root = ET.fromstring(draw_chart(shipped("fire"), site(), "en"))
    looks: dict[str, set[tuple[str | None, str | None]]] = {}
    for lane in root.iter(f"{SVG}g"):
        if lane.get("data-kind"):
            looks.setdefault(str(lane.get("data-kind")), set()).update(
                (path.get("stroke"), path.get("stroke-dasharray")) for path in lane.iter(f"{SVG}path")
            )

    assert {kind: len(found) for kind, found in looks.items()} == {"guard": 1, "order": 1, "silence": 1}
    assert [kind for kind, found in looks.items() if next(iter(found))[1]] == ["silence"]
    assert len(set().union(*looks.values())) == 3


def test_worst_cases_stand_beside_the_targets() -> None:
    """The worst case that the check computes is drawn, red where it misses the target or nothing bounds it."""
    plan = guide()
    worst = worst_cases(plan, site())
    late = Worst(milestones={"air_stopped": timedelta(hours=1), "brigade_called": None})

    assert worst.milestones == {"air_stopped": timedelta(minutes=7), "brigade_called": timedelta(minutes=6)}
    assert worst.entered["leak"] == timedelta(minutes=5)
    svg = draw_chart(plan, site(), "en", worst)
    assert "in silence 5 min after the report" in svg
    assert "when everybody is silent: 7 min" in svg
    assert LATE not in svg
    red = [w.text.strip() for w in lay_out(plan, site(), "en", late).head if w.ink == LATE]
    assert red == ["when everybody is silent: 1 h", "nothing bounds it: it waits for people"]


def test_a_finding_and_an_order_part_company() -> None:
    """A way that opens by a finding or by an order is drawn twice: each with its own words and colour."""
    drawn = {box.name: box for box in boxes(guide(), site(), "en")}

    assert drawn["leak"].notes == ("level orange at least",)
    assert drawn["external_command"].notes == ("level orange at least", "Fire brigade commands")
    ways = [(exit.kind, exit.words.split(" ")[0]) for exit in drawn["reported"].exits if exit.to == "false_alarm"]
    assert ways == [("guard", '"look'), ("order", "ordered")]


def test_where_an_incident_begins_is_said() -> None:
    """The first state bears a mark; a plan with beginnings says which, and when."""
    plan = guide("facts:", "begin: [{state: unclear, when: {fact: unwell, told: yes}}]\nfacts:")
    begins = {box.name: box.begins for box in boxes(plan, site(), "en") if box.begins}

    assert begins["unclear"] == ('begins here if "how many feel unwell" is told',)
    assert begins["reported"] == ("else begins here",)
    assert {box.name: box.begins for box in boxes(guide(), site(), "en") if box.begins} == {
        "reported": ("begins here",)
    }


def test_hostile_words_stay_words() -> None:
    """Whatever a plan is called, the picture stays well-formed and runs nothing."""
    plan = guide("en: chemical leak}", "en: '</text><script>alert(1)</script>\" & x'}")
    root = ET.fromstring(draw_chart(plan, site(), "en"))
    mermaid = draw_mermaid(plan, site(), "en")

    assert not list(root.iter(f"{SVG}script"))
    assert '</text><script>alert(1)</script>" & x' in "".join(root.itertext())
    assert "<script>" not in mermaid
    assert '"' not in mermaid.split('s_leak["')[1].split('"]\n')[0]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("id", IDS)
def test_mermaid_has_every_state_and_every_way(id: str, lang: str) -> None:
    """The text has one node a state and one arrow a way; each label is closed."""
    plan = shipped(id)
    lines = draw_mermaid(plan, site(), lang).splitlines()
    ways = sum(exit.to is not None for box in boxes(plan, site(), lang) for exit in box.exits)

    assert sum(re.match(r'  s_\w+\["[^"]*"\]$', line) is not None for line in lines) == len(plan.states)
    assert sum(re.match(r'  s_\w+ (-->|==>|-\.->)\|"[^"]*"\| s_\w+$', line) is not None for line in lines) == ways
    styled = [n for line in lines if "linkStyle" in line for n in line.split()[1].split(",")]
    assert sorted(map(int, styled)) == list(range(ways))


@pytest.mark.parametrize(
    "words, room, lines",
    [
        pytest.param("一二三四五六", 30, ["一二三", "四五六"], id="between Chinese characters"),
        pytest.param("一二三，四五", 30, ["一二", "三，四", "五"], id="no comma begins a line"),
        pytest.param("一二（三四）", 30, ["一二", "（三", "四）"], id="no bracket ends a line"),
        pytest.param("fire team go", 50, ["fire", "team go"], id="between words"),
        pytest.param("abcdeabcde", 26, ["abcd", "eabc", "de"], id="a word that has no room"),
        pytest.param("", 30, [""], id="nothing"),
    ],
)
def test_lines_break_where_they_may(words: str, room: float, lines: list[str]) -> None:
    """Chinese breaks beside every character but never before a comma; Latin words stay whole while they fit."""
    assert wrap(words, room, 10) == lines


@given(st.text(alphabet="ab cd,。，一二三（）“”W1 ", max_size=60), st.integers(min_value=24, max_value=200))
def test_wrapping_loses_nothing(words: str, room: int) -> None:
    """Whatever the words: all of them are there, each line fits, none begins with a comma that could stand before."""
    lines = wrap(words, room, 10)

    assert "".join(lines).replace(" ", "") == words.replace(" ", "")
    assert all(width(line, 10) <= room or len(line) == 1 for line in lines)
    if room >= 120 and not re.search(r"[^\s一二三]{6,}", words):
        assert not any(line[0] in NEVER_FIRST for line in lines[1:] if line)


def test_chinese_is_twice_as_wide() -> None:
    """A Chinese character takes the room of about two Latin letters."""
    assert width("火", 10) == 10
    assert 5 <= width("e", 10) < 7


def test_lengths_in_words() -> None:
    """Lengths are said as people say them."""
    said = [length(timedelta(seconds=s)).en for s in (15, 90, 120, 150, 3600, 5400, 86400, 259200, 2592000)]

    assert said == ["15 s", "90 s", "2 min", "2 min 30 s", "1 h", "1 h 30 min", "24 h", "72 h", "30 d"]
    assert length(timedelta(minutes=2)).zh == "2分钟"


GUARDS: list[tuple[p.Guard, str, str]] = [
    (p.SaidBy("stand_down"), "总指挥、值班经理下令", "ordered by Commander / Duty manager"),
    (p.SaidBy("police"), "公安下令", "ordered by Police"),
    (p.StepIs("look", "faint"), "“门外看，勿进”答“轻微”", '"look from the door": faint'),
    (p.StepIs("look"), "“门外看，勿进”完成", '"look from the door": done'),
    (p.StrandDone(), "本阶段各项任务完成", "everything in this state is done"),
    (p.StrandDone("out"), "“out”各项任务完成", "everything of 'out' is done"),
    (p.RoleAcknowledged("cordon", 2), "警戒组2人应答", "2 of Cordon answered"),
    (p.FactIs("spreading", "yes"), "“气味在扩散吗”是", '"is the smell spreading" yes'),
    (p.FactOver("unwell", 3, HOUR), "“几人不舒服”≥ 3,持续1小时", '"how many feel unwell" ≥ 3 for 1 h'),
    (p.FactUnder("unwell", 3), "“几人不舒服”< 3", '"how many feel unwell" < 3'),
    (p.FactMissing("unwell", HOUR), "“几人不舒服”1小时无人报", '"how many feel unwell" not reported for 1 h'),
    (p.FactTold("unwell", False), "“几人不舒服”尚未报", '"how many feel unwell" is not told yet'),
    (p.FactReaches("unwell", "none"), "“几人不舒服”已达“none”", '"how many feel unwell" has reached "none"'),
    (p.TimeLeftUnder("unwell", HOUR), "“几人不舒服”不到1小时了", '"how many feel unwell" in less than 1 h'),
    (p.TimeLeftUnder("unwell", timedelta(seconds=1)), "“几人不舒服”时间到了", '"how many feel unwell" has come'),
    (p.ClockOver("state", HOUR), "进入本阶段后满1小时", "1 h after this state began"),
    (p.ClockOver("known", HOUR), "自“", '1 h after "'),
    (p.SeverityAtLeast(Severity.red), "红色以上级别", "level red or higher"),
    (p.ZonesSwept(), "各区已清查", "every zone is swept"),
    (p.NotOf(p.ZonesSwept()), "并非:各区已清查", "not: every zone is swept"),
    (p.AllOf((p.ZonesSwept(), p.StrandDone())), "各区已清查;且 本阶段", "every zone is swept; and everything"),
]


@pytest.mark.parametrize("guard, zh, en", GUARDS)
def test_every_guard_has_plain_words(guard: p.Guard, zh: str, en: str) -> None:
    """Guards name no ids: titles of roles, words of steps, questions of facts, in both languages."""
    plan = guide()
    said = plain(guard, plan, plan.state("reported"), site())

    assert said.zh.startswith(zh)
    assert said.en.startswith(en)


def test_the_command_draws(tmp_path: Path) -> None:
    """A plan goes by id, title or file; the picture to standard output or to the file that is named."""
    home = tmp_path / "home"
    sample(home)
    out = tmp_path / "fire.svg"

    printed = typed(home, "playbook", "chart", "火灾", "--lang", "zh")
    written = typed(home, "playbook", "chart", "fire", "--lang", "zh", "--output", str(out))
    text = typed(home, "playbook", "chart", str(GUIDE), "--format", "mermaid")

    assert (printed.exit_code, written.exit_code, text.exit_code) == (0, 0, 0)
    assert printed.stdout == out.read_text("utf-8")
    assert written.stdout == ""
    assert "flowchart TD" in text.stdout
    assert typed(home, "playbook", "chart", "nope").exit_code == 2
    assert typed(home, "playbook", "chart", "fire", "--output", str(tmp_path / "no" / "x.svg")).exit_code == 5
