"""What a coordinator reads: refusals in the operator's language, times of the site, words instead of raw names."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from emergency.clock import VirtualClock
from emergency.drills.scenarios.check import Known, check_scenario
from emergency.drills.scenarios.file import read_scenario
from emergency.drills.scenarios.shapes import MOST_WORDS
from emergency.errors import Mistakes
from tests.installation import sample
from tests.shell.test_drill_run import SCENARIO, typist
from tests.small import site

NUMBER = "+1 312 555 0105"
ORDER = """
  I2:
    at: 3m
    kind: order.transition
    target: command
    params: {to: evacuating}
  I3:
    at: 3m30s
    kind: channel.outage
    target: sms
    params: {failure: reject, until: 8m}
questions:
  Q1: {zh: 广播是否听清, en: was the PA heard}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample installation with a scenario that was played once, as RH1."""
    home = tmp_path_factory.mktemp("desk") / "home"
    sample(home)
    (home / "scenarios").mkdir()
    (home / "scenarios" / "lost_leader.yaml").write_text(SCENARIO + ORDER.lstrip("\n"), "utf-8")
    ran = typist(home, "drill")("run", "lost_leader", "--until", "5m")
    assert ran.exit_code == 0, ran.stderr
    return home


@pytest.fixture
def drill(home: Path) -> Callable[..., Result]:
    """Type `emergency drill ...`."""
    return typist(home, "drill")


@pytest.mark.parametrize(
    "words, en, zh",
    [
        (["run", "nosuch"], "'nosuch' is neither a scenario nor a plan", "“nosuch”既不是情景也不是预案"),
        (["run", "lost_leadr"], "Did you mean 'lost_leader'?", "是不是“lost_leader”?"),
        (["run", "elevatr_entrapmnt"], "Did you mean 'elevator_entrapment'?", "是不是“elevator_entrapment”?"),
        (["table", "lost_leadr"], "'lost_leadr' is no scenario here", "没有情景“lost_leadr”"),
        (["release", "DR9", "--by", "wang_jun"], "there is no drill DR9", "没有演练 DR9"),
        (
            ["plan", "lost_leader", "--kind", "full", "--director", "wang_jun"],
            "says nobody who must know beforehand", "没有写谁必须事先知道",
        ),
        (["plan", "lost_leader", "--director", "wang_jun"], "needs no plan", "无须计划"),
        (["observe", "RH1", "--about", "nowhere", "words"], "RH1 has no 'nowhere'.", "RH1 没有“nowhere”"),
        (["answer", "RH1", "Q1", "perhaps"], "answer yes or no", "请答 yes 或 no"),
    ],
)  # fmt: skip
def test_a_refusal_is_in_the_operators_language(
    drill: Callable[..., Result], words: list[str], en: str, zh: str
) -> None:
    """One refusal, two languages: each says what, and the nearest right word; neither leaks into the other."""
    english, chinese = drill(*words), drill(*words, lang="zh")

    assert english.exit_code == chinese.exit_code == 2
    assert (en in english.stderr, zh in chinese.stderr) == (True, True), (english.stderr, chinese.stderr)
    assert (en in chinese.stderr, zh in english.stderr) == (False, False)


def test_what_the_check_finds_is_told_in_chinese_before_a_run(home: Path, drill: Callable[..., Result]) -> None:
    """A scenario that names nobody here is refused with file, line and the Chinese words of the finding."""
    bad = home / "scenarios" / "bad.yaml"
    bad.write_text(SCENARIO.replace("lost_leader", "bad").replace("target: liu_yang", "target: liu_yan"), "utf-8")
    try:
        said = drill("run", "bad", lang="zh")
    finally:
        bad.unlink()
    assert said.exit_code == 2
    assert "bad.yaml:" in said.stderr
    assert "没有“liu_yan”这个" in said.stderr


def test_a_table_is_reached_by_either_name(home: Path) -> None:
    """`drill run SCENARIO --tabletop` is `drill table SCENARIO`; what a table cannot take is refused."""
    drill = typist(home, "drill")
    said = drill("run", "lost_leader", "--tabletop", "--json", "--no-keep")
    assert said.exit_code == 2
    assert "no other option but --json" in said.stderr

    document = json.loads(drill("run", "lost_leader", "--tabletop", "--json").stdout)
    assert (document["kind"], document["scenario"]) == ("tabletop", "lost_leader")


def test_times_are_the_sites_own(drill: Callable[..., Result]) -> None:
    """Whoever reads a list reads clocks of the site, with the offset; --json has UTC."""
    assert "2026-03-01 12:00 +08:00  lost_leader" in drill("list").stdout
    assert "2026-03-01 12:00 +08:00" in drill("show", "lost_leader").stdout
    begins = [each["begins_at"] for each in json.loads(drill("list", "--json").stdout)["drills"]]
    assert begins[0] == "2026-03-01T04:00:00.000000Z"
    assert " UTC" not in drill("list").stdout


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_files_of_drills_have_one_chinese_name(drill: Callable[..., Result], lang: str) -> None:
    """They are called 情景 in every help and list."""
    told = [drill("run", "--help", lang=lang), drill("list", "--help", lang=lang), drill("list", lang=lang)]
    assert all("脚本" not in each.stdout for each in told)
    assert all("情景" in each.stdout for each in told[:2])


@pytest.mark.parametrize("where", ["../../x", "/tmp/x", "x.txt", "scenarios/x", "Big.yaml"])
def test_a_draft_goes_nowhere_else(home: Path, drill: Callable[..., Result], where: str) -> None:
    """What is neither a name nor a path that ends in .yaml writes no file anywhere."""
    before = sorted(home.rglob("*"))
    said = drill("new", "fire", where)
    assert said.exit_code == 2, said.stderr
    assert "name" in said.stderr
    assert sorted(home.rglob("*")) == before


def test_the_story_has_words_for_what_injects_do(drill: Callable[..., Result]) -> None:
    """Agencies, states and lengths stand by what people call them, in either language; nothing raw is left."""
    en = drill("run", "lost_leader", "--until", "5m", "--no-keep").stdout
    zh = drill("run", "lost_leader", "--until", "5m", "--no-keep", lang="zh").stdout

    assert "I3 SMS fails (refused at once, until 08:00)" in en
    assert "I3 短信 通道中断(当场拒发, 到08:00为止)" in zh
    shipped = drill("run", "saturday_food_court", "--no-keep").stdout.splitlines()
    told = [line for line in [*(en + zh).splitlines(), *shipped] if "⚡" in line and "left out" not in line]
    assert len([line for line in told if "I2" in line]) >= 2
    assert any("Fire brigade orders (to “" in line for line in shipped)
    assert not [line for line in told if "=" in line or "fire_brigade" in line]
    assert "I2 指挥 下令(转为“" in zh


def test_pressing_twice_writes_one_entry(home: Path, drill: Callable[..., Result], monkeypatch: Any) -> None:
    """The same words of the same person within seconds are one note and one answer; later, or other words, are more."""
    clock = VirtualClock(datetime(2026, 3, 2, tzinfo=UTC))
    monkeypatch.setattr("emergency.clock.SystemClock", lambda: clock)

    def written(*words: str) -> str:
        said = drill(*words, "--json")
        assert said.exit_code == 0, said.stderr
        (number,) = json.loads(said.stdout)["written"]
        return str(number)

    note = ("observe", "RH1", "--by", "Dr Outsider", "--about", "i2", "PA not heard")
    first = written(*note)
    clock.move_to(clock.now() + timedelta(seconds=4))
    answer = written("answer", "RH1", "Q1", "no")
    assert written(*note) == first
    assert written("answer", "RH1", "q1", "n") == answer
    assert written(*note[:-1], "PA heard") not in (first, answer)
    assert written("answer", "RH1", "Q1", "yes") != answer
    clock.move_to(clock.now() + timedelta(seconds=6))
    assert written(*note) != first


def test_what_a_note_may_be_about_is_listed(drill: Callable[..., Result]) -> None:
    """Who names what is not there is told what there is; an unsafe act is never refused for its words."""
    said = drill("observe", "RH1", "--about", "I9", "something").stderr
    assert "--about names one of: I1, I2, I3, Q1" in said
    assert drill("observe", "RH1", "--about", "on_scene", "--rating", "S").exit_code == 0
    assert drill("observe", "RH1", "--about", "the stairs", "--unsafe", "he ran").exit_code == 0


# the reader of scenarios

SMALL = """format: drill-scenario/1
scenario: s
title: {zh: 甲, en: a}
playbook: {id: leak}
kind: simulated
begins: "2026-03-02 10:00"
clock: {maximum: 40m}
opens: {place: hall, says: {zh: 水, en: water}}
injects:
  I1: {kind: person.late, at: 1s, target: NAME, params: {by: 2m}}
"""


@pytest.mark.parametrize(
    "number", [NUMBER, "+13125550105", "(312) 555-0105", "555 0105", "tel3125550105", "00-1-312-555-0105-0000-0000"]
)
@pytest.mark.parametrize(
    "old, new",
    [("NAME", "'{}'"), ("at: 1s", "when: 'at {}'"), ("by: 2m", "by: '{}'"), ("I1:", "'{}':"), ("leak", "'{}'")],
)
def test_a_number_is_not_echoed(number: str, old: str, new: str) -> None:
    """Wherever somebody wrote a telephone number into a scenario, no error says it, of the reader or of the check."""
    text = SMALL.replace(old, new.format(number)).replace("NAME", "anna")
    try:
        scenario = read_scenario(text.encode(), "s.yaml", site())
    except Mistakes as error:
        said = str(error) + error.of("zh")
    else:
        found = check_scenario(scenario, Known(site=site(), plans={}, revision="", people=frozenset(), team={}))
        said = "".join(each.says + each.zh for each in found)
    assert said
    assert "555" not in said


def test_dates_and_revisions_are_no_numbers() -> None:
    """A wrong moment is shown as it stands, and so is a revision whatever its digits."""
    with pytest.raises(Mistakes, match="'2026-13-02 10:00' is no moment; write 2026-11-21 19:30"):
        read_scenario(SMALL.replace("2026-03", "2026-13").replace("NAME", "anna").encode(), "s.yaml", site())
    from emergency.drills.scenarios.numbers import hide

    assert hide("for revision 12345678901a of fire") == "for revision 12345678901a of fire"


def test_a_tab_is_named_in_both_languages() -> None:
    """Nobody sees a tab: it is called by its name, with its line and what to do."""
    with pytest.raises(Mistakes) as caught:
        read_scenario(SMALL.replace("  I1:", "\tI1:").encode(), "s.yaml", site())
    assert str(caught.value) == "s.yaml:10: is not YAML: a tab stands here; indent with spaces"
    assert caught.value.of("zh") == "s.yaml:10: 不是有效的 YAML:这里有制表符(Tab);请改用空格缩进"


def test_words_that_no_message_holds_are_refused() -> None:
    """A text may be as long as the limit, and not a character longer; the limit is named."""
    fits = SMALL.replace("NAME", "anna").replace("en: water", "en: " + "w" * MOST_WORDS)
    assert read_scenario(fits.encode(), "s.yaml", site()).id == "s"
    with pytest.raises(Mistakes, match=rf"s.yaml:8: .*{MOST_WORDS + 1} characters; a message holds {MOST_WORDS}"):
        read_scenario(fits.replace("www", "wwww", 1).encode(), "s.yaml", site())
