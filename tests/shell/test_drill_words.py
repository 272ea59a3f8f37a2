"""What a coordinator who works in Chinese is told: every refusal of evaluating, planning ahead, replaying, learning and
reporting in either language with the way out, and how drills stand in words."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result

from emergency.clock import VirtualClock
from emergency.drills import book as b
from emergency.drills.rehearsals.replaying import replayed
from emergency.engine import Engine
from emergency.errors import CommandRefused, EmergencyError, Mistakes
from emergency.phrases import TROUBLE, trouble_zh
from emergency.programme.duties import read_programme
from emergency.programme.keeper import in_both
from emergency.programme.lines import Words, noted
from emergency.store.drills import Books
from emergency.store.store import SqliteStore
from tests.installation import NOON, sample
from tests.scenarios.scene import sample_site
from tests.shell.test_drill_run import SCENARIO, typist

FULL = ("schedule", "add", "half_year_fire_drill", "--kind", "full")
ACTION = ("action", "add", "RH1", "--problem", "wet", "--action", "dry")
BY, DUE = ("--owner", "li_wenbin"), ("--due", "2099-12-31")
NOWHERE = "/proc/nowhere/x"
"""Nobody can write there, whoever runs the tests."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample installation with a rehearsal, RH1, a drill on the screen, XF01, and a drill that is planned, DR1."""
    home = tmp_path_factory.mktemp("words") / "home"
    sample(home)
    (home / "scenarios").mkdir()
    (home / "scenarios" / "lost_leader.yaml").write_text(SCENARIO, "utf-8")
    (home / "empty.csv").write_text("", "utf-8")
    (home / "bytes.csv").write_bytes(b"\xff\xfe\x00x\n")
    (home / "quotes.csv").write_text('number,time\n"I1,2m\n', "utf-8")
    (home / "other.json").write_text("{}", "utf-8")
    type_ = typist(home)
    plan = ("drill", "plan", "half_year_fire_drill", "--kind", "full", "--director", "li_wenbin")
    for words in (
        ("drill", "run", "lost_leader", "--until", "3m"),
        ("trigger", "fire", "--at", "K12", "--drill"),
        plan,
    ):
        assert type_(*words).exit_code == 0
    return home


@pytest.fixture
def type_(home: Path) -> Callable[..., Result]:
    """Type `emergency ...` there; what is refused changes nothing."""
    return typist(home)


def drill(*words: str) -> tuple[str, ...]:
    """Return words behind `drill`."""
    return ("drill", *words)


@pytest.mark.parametrize(
    ("words", "status", "en", "zh"),
    [
        (drill("rate", "DR1"), 3, "has not begun", "还没有开始,没有可评的"),
        (drill("rate", "RH1", "Z9", "P"), 2, "no objective Z9", "没有目标 Z9"),
        (drill("rate", "RH1", "R"), 2, "the rating is missing", "缺少评级"),
        (drill("rate", "RH1", "R", "P"), 2, "needs a reason", "要写理由"),
        (drill("rate", "RH1", "R", "P", "--reason", "x"), 2, "who answers for it", "写明谁负责"),
        (drill("hotwash", "RH1"), 2, "nothing was said", "没有内容"),
        (drill("hotwash", "RH1", "--form", "x.txt"), 2, "end it with .html", "须以 .html 结尾"),
        (drill("hotwash", "RH1", "--form", f"{NOWHERE}.html"), 2, "cannot be written", "写不进:没有这个文件"),
        (drill(*ACTION, "--owner", "nobody", *DUE), 2, "whoever sees to it", "负责人须在名册里"),
        (drill(*ACTION, "--owner", "nobody", *DUE), 2, "'nobody' is not in the roster", "名册里没有“nobody”"),
        (drill(*ACTION, "--owner", " ", *DUE), 2, "'owner' is missing", "缺少“owner”"),
        (drill(*ACTION, *BY, "--due", "soon"), 2, "say a day as", "不是日期"),
        (drill(*ACTION, *BY, "--due", "2020-01-01"), 2, "is past", "已经过去"),
        (drill(*ACTION, *BY, *DUE, "--element", "planing"), 2, "is no element", "不是要素。是不是“planning”"),
        (drill(*ACTION, *BY, *DUE, "--objective", "Z9"), 2, "no objective Z9", "没有目标 Z9"),
        (drill(*ACTION, *BY, *DUE, "--repeats", "DR9.A1"), 2, "no earlier action DR9.A1", "没有更早的措施 DR9.A1"),
        (drill("action", "done", "RH1.A9", "--evidence", "x"), 2, "no action RH1.A9", "没有措施 RH1.A9"),
        (drill("schedule", "add", "lost_leader"), 2, "say either --cron", "二者写一个"),
        (drill("schedule", "add", "lost_leader", "--cron", "0 10"), 2, "five are needed", "要写五格"),
        (drill("schedule", "add", "lost_leader", "--cron", "0 99 1 * *"), 2, "Bad hour", "“时”这一格不对"),
        (drill("schedule", "add", "lost_leader", "--cron", "* 10 1 * *"), 2, "due every 1 min", "每 1 分钟就到期一次"),
        (drill("schedule", "add", "lost_leader", "--at", "2020-01-01T10:00"), 2, "has passed", "已经过去"),
        (drill("schedule", "add", "lost_leader", "--at", "whenever"), 2, "is no time", "不是时间"),
        (drill(*FULL[:-1], "fulll", "--cron", "0 10 1 * *"), 2, "Did you mean 'full'", "是不是“full”"),
        (drill(*FULL, "--cron", "0 10 1 * *"), 2, "has a director", "实战演练须有导演"),
        (drill("schedule", "remove", "SC9"), 2, "no schedule SC9", "没有定期演练 SC9"),
        (drill("replay", "RH9"), 2, "no incident and no drill RH9", "没有事件或演练 RH9"),
        (drill("replay", "DR1"), 3, "nothing to replay", "没有可重放的"),
        (drill("replay", "RH1", "--playbook", NOWHERE), 2, "there is no such file", "没有这个文件"),
        (drill("replay", "RH1", "--roster", NOWHERE), 2, "there is no such file", "没有这个文件或文件夹"),
        (drill("people", "--profile", "on_sit"), 2, "is no profile", "没有“on_sit”这一档。是不是“on_site”"),
        (drill("forecast", "nosuch"), 2, "is no playbook here", "这里没有预案“nosuch”"),
        (drill("forecast", "fire", "--at", "whenever"), 2, "is no time", "不是时间"),
        (drill("forecast", "fire", "--without", "nobody"), 2, "nobody in the roster", "名册里没有“nobody”"),
        (drill("forecast", "fire", "--severity", "pink"), 2, "is no severity", "没有“pink”这一级"),
        (drill("check", "lost_leader", "--site", NOWHERE), 2, "cannot be read", "读不出:没有这个文件"),
        (drill("coverage", "nosuch"), 2, "is no playbook here", "这里没有预案“nosuch”"),
        (drill("calendar", "--output", f"{NOWHERE}.ics"), 2, "cannot be written", "写不进:没有这个文件"),
        (drill("link", "DR1", "feng_yun"), 3, "set EMERGENCY_PUBLIC_URL", "没有可用的链接"),
        (drill("run", "lost_leader", "--begins", "xx"), 2, "is no time", "不是时间"),
        (drill("run", "lost_leader", "--until", "xx"), 2, "no length of time", "不是时长"),
        (drill("run", "lost_leader", "--until", "0s"), 2, "at most", "时长须大于零"),
        (drill("msel", "lost_leader", "--output", NOWHERE), 5, "cannot be written", "写不进:没有这个文件"),
        (drill("msel", "--import", NOWHERE, "--into", "x"), 2, "cannot be read", "读不出:没有这个文件"),
        (drill("msel", "--import", "empty.csv", "--into", "x"), 2, "is empty", "是空的"),
        (drill("msel", "--import", "bytes.csv", "--into", "x"), 2, "is not UTF-8", "不是 UTF-8 文本"),
        (drill("msel", "--import", "quotes.csv", "--into", "x"), 2, "is not CSV", "检查引号是否成对"),
        (drill("new", "fire", f"{NOWHERE}.yaml"), 5, "cannot be written", "写不进"),
        (drill("show", "nosuch"), 2, "See: emergency drill list", "查看:emergency drill list"),
        (("report", "ZZ9"), 2, "no incident and no drill ZZ9", "没有事件或演练 ZZ9"),
        (("report", "DR1"), 3, "nothing to report yet", "没有可报告的"),
        (("report", "RH1", "--output", "x.txt"), 2, "end it with .html or .pdf", "须以 .html 或 .pdf 结尾"),
        (("report", "RH1", "--output", f"{NOWHERE}.html"), 2, "cannot be written", "写不进:没有这个文件"),
        (("report", "RH1", "--forecast", NOWHERE), 2, "cannot be read", "读不出:没有这个文件"),
        (("report", "RH1", "--forecast", "other.json"), 2, "no forecast as it is printed", "不是预测文件"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_a_refusal_has_both_languages(
    home: Path,
    type_: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    status: int,
    en: str,
    zh: str,
) -> None:
    """One refusal, one line in the reader's language: neither leaks into the other."""
    monkeypatch.chdir(home)
    english, chinese = type_(*words), type_(*words, lang="zh")

    assert (english.exit_code, chinese.exit_code) == (status, status), english.stderr
    assert (en in english.stderr, zh in chinese.stderr) == (True, True), (english.stderr, chinese.stderr)
    assert (zh in english.stderr, en in chinese.stderr) == (False, False), (english.stderr, chinese.stderr)


def test_what_stands_against_a_drill_is_said_in_one_language(type_: Callable[..., Result]) -> None:
    """A holiday, and the way out: all of it in Chinese for one, all of it in English for the other."""
    year = datetime.now(ZoneInfo("Asia/Shanghai")).year + 1
    words = drill(*FULL, "--at", f"{year}-10-01T10:00", "--director", "li_wenbin")
    english, chinese = type_(*words).stderr, type_(*words, lang="zh").stderr

    assert "is a public holiday" in english
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in english)
    assert "是节假日" in chinese
    assert "public holiday" not in chinese
    assert '--anyway "理由"' in chinese


def test_an_action_has_an_owner_and_is_closed_with_evidence(home: Path, tmp_path: Path) -> None:
    """An action belongs to somebody of the roster, by id or name; it is not closed without evidence."""
    shutil.copytree(home, tmp_path / "home")
    type_ = typist(tmp_path / "home")
    agreed = type_(*drill(*ACTION, "--owner", "李文斌", *DUE), "--json")
    assert json.loads(agreed.stdout)["actions"][0]["owner"] == "li_wenbin"
    refused = type_(*drill("action", "done", "RH1.A1", "--evidence", " "), lang="zh")
    assert (refused.exit_code, "完成须有证据" in refused.stderr) == (2, True)


def test_an_unsafe_act_says_what_could_still_be_stopped(home: Path, tmp_path: Path) -> None:
    """The note is kept wherever it is made; that a drill stands still is said only of one that did not end before."""
    shutil.copytree(home, tmp_path / "home")
    type_ = typist(tmp_path / "home")
    note = ("--unsafe", "running on the escalator")
    over, before, runs = (type_("drill", "observe", code, *note, lang="zh") for code in ("RH1", "DR1", "XF01"))
    assert "STANDS STILL" in type_("status", "XF01").stdout
    type_("trigger", "injury", "--at", "K12", "--by", "sun_li")
    real = type_("drill", "observe", "M01", *note, lang="zh")

    type_("drill", "abort", "DR1", "--reason", "given up")
    given_up = type_("drill", "observe", "DR1", *note, lang="zh")

    assert [each.exit_code for each in (over, before, runs, real)] == [0, 0, 0, 0], real.stderr
    assert "DR1 已经结束" in given_up.stderr
    assert "RH1 已经结束,没有什么可停的;已记下" in over.stderr
    assert "DR1 还没有开始,没有什么可停的;已记下" in before.stderr
    assert "XF01 已冻结" in runs.stderr
    assert "M01 是真实事件,不会停下;已记下" in real.stderr
    assert all("已记入" in each.stdout for each in (over, before, runs, real))


def book(home: Path, *entries: b.AnyEntry) -> None:
    """Write into the book of DR1, as its conduct does; its row follows."""
    with contextlib.closing(SqliteStore(home / "emergency.db")) as store:
        engine = Engine(store, VirtualClock(NOON))
        row = Books(store).by_code("DR1")
        assert row is not None
        id = row.id
        for entry in entries:
            engine.unit(lambda e, entry=entry: Books(e.store).write(id, entry, at=NOON))
            if isinstance(entry, b.Begun):
                engine.unit(lambda e, entry=entry: Books(e.store).begin(id, entry.incident, NOON))
            if isinstance(entry, b.Ended | b.Aborted):
                engine.unit(lambda e: Books(e.store).end(id, NOON))


PAUSED = b.Paused(by="console", because="director")
ENDED = b.Ended(because="director", by="li_wenbin")


@pytest.mark.parametrize(
    ("entries", "state", "zh", "en"),
    [
        ([], "planned", "实战演练     已计划", "full drill   planned"),
        ([b.Released(by="li_wenbin"), b.Released(by="liu_yang")], "planned", "已计划", "planned"),
        (["begun"], "running", "进行中", "running"),
        (["begun", PAUSED], "paused", "已停下", "stands still"),
        (["begun", PAUSED, b.Resumed(by="li_wenbin")], "running", "进行中", "running"),
        (["begun", ENDED], "over", "已结束", "over"),
        ([b.Aborted(by="li_wenbin", because="director")], "over", "已结束", "over"),
        (["begun", ENDED, b.Closed(by="li_wenbin")], "closed", "已归档", "closed"),
    ],
    ids=["planned", "released", "running", "stands still", "goes on", "over", "given up", "closed"],
)
def test_the_list_says_how_each_drill_stands(
    home: Path, tmp_path: Path, entries: list[b.AnyEntry | str], state: str, zh: str, en: str
) -> None:
    """State and kind stand there in the reader's words; a rehearsal is over."""
    shutil.copytree(home, tmp_path / "home")
    type_ = typist(tmp_path / "home")
    with contextlib.closing(SqliteStore(home / "emergency.db")) as store:
        begun = b.Begun(incident=store.all_incidents()[0].id, code="XF01", by="li_wenbin")
    book(tmp_path / "home", *(begun if isinstance(each, str) else each for each in entries))

    drills = {each["code"]: each["state"] for each in json.loads(type_("drill", "list", "--json").stdout)["drills"]}
    assert drills == {"DR1": state, "RH1": "over"}
    for lang, words in (("zh", zh), ("en", en)):
        (line,) = (line for line in type_("drill", "list", lang=lang).stdout.splitlines() if line.startswith("  DR1"))
        assert words in line
    assert "模拟推演" in type_("drill", "list", lang="zh").stdout


def test_a_player_sees_the_title_of_the_plan(type_: Callable[..., Result]) -> None:
    """Not the scenario's, which tells what is to come, and not an id."""
    control, player = (type_("drill", "show", "DR1", "--as", eyes, lang="zh").stdout for eyes in ("control", "player"))
    assert control.startswith("DR1  实战演练  半年度消防疏散演练")
    assert player.startswith("DR1  实战演练  火灾  ")


def test_the_calendar_names_plans_by_their_titles(home: Path, type_: Callable[..., Result]) -> None:
    """On the screen and in people's own calendars; machines have the ids as well."""
    add = drill("schedule", "add", "lost_leader", "--cron", "0 10 1 */6 *")
    assert type_(*add).exit_code == 0
    shown = type_("drill", "calendar", "--output", str(home / "drills.ics"), lang="zh").stdout
    file = (home / "drills.ics").read_text("utf-8").replace("\r\n ", "")
    gone = type_("drill", "schedule", "remove", "SC1", lang="zh")

    assert "已取消 SC1(lost_leader)" in gone.stdout
    assert "(火灾): 最迟" in shown
    assert "空调故障、人员密集" in shown
    assert "SC1 火灾 模拟推演" in shown
    assert not any(id in shown for id in ("aircon_failure", "elevator_entrapment", "(fire)", " fire "))
    assert "SC1 火灾 模拟推演" in file
    coming = json.loads(type_("drill", "calendar", "--json").stdout)["rules"]
    assert any(rule["subject"] == "fire" and rule["subject_title"]["en"] == "Fire" for rule in coming)


def test_the_next_drills_are_in_words(home: Path, tmp_path: Path) -> None:
    """Who is to be told of what, and who begins it, by name; the heading stands there once."""
    shutil.copytree(home, tmp_path / "home")
    type_ = typist(tmp_path / "home")
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=40)
    plan = ("drill", "plan", "half_year_fire_drill", "--kind", "full", "--director", "liu_yang")
    assert type_(*plan, "--begins", f"{day} 10:00").exit_code == 0
    add = drill(*FULL, "--at", f"{day + timedelta(days=1)}T10:00", "--director", "liu_yang", "--anyway", "x")
    assert type_(*add).exit_code == 0
    shown = type_("drill", "schedule", "next", lang="zh").stdout
    assert "告知消防部门演练时间和范围 (fire_authority): 未确认" in shown
    assert shown.count("已安排的演练") == 1
    assert shown.count("火灾 实战演练") == 2
    listed = type_("drill", "schedule", "list", lang="zh").stdout
    assert listed.splitlines()[0].endswith("刘洋")


@pytest.mark.parametrize(
    ("line", "zh"),
    [
        ("profil: cn", "这里没有这一项。是不是“profile”?"),
        ("profile: mars", "没有“mars”。可用:"),
        ("since: soon", "“soon”不是日期;请写成 2026-12-05"),
        ("limits: {drills_a_month: many}", "“many”不是整数"),
        ("limits: [1]", "应为名称和取值"),
        ("held: nothing", "应为列表"),
        ("quiet: [{from: 2026-05-05, to: 2026-05-01, why: x}]", "结束早于开始"),
        ("rules: {r: {every: year, counts: [full], law: perhaps}}", "请写 yes 或 no"),
        ("rules: {r: {every: year, counts: []}}", "没有写哪类演练算数"),
        ("rules: {r: {every: year, counts: [full], notices: [{who: x}]}}", "working_days 或 hours 写一个"),
    ],
)
def test_a_mistake_in_the_programme_is_said_in_chinese(tmp_path: Path, line: str, zh: str) -> None:
    """With file, line and the place in it; no English stands among it."""
    (tmp_path / "programme.yaml").write_text(line + "\n", "utf-8")
    with pytest.raises(Mistakes) as refused:
        read_programme(tmp_path, sample_site(), ["fire"])
    assert zh in refused.value.zh
    assert zh not in str(refused.value)
    assert "programme.yaml:1: " in refused.value.zh


def test_what_was_only_expected_is_not_replayed(tmp_path: Path) -> None:
    """Nobody was asked anything: said so in both languages."""
    app = sample(tmp_path)
    type_ = typist(tmp_path)
    assert "XE01" in type_("trigger", "power", "--drill").stdout
    with pytest.raises(CommandRefused, match="never confirmed") as refused:
        replayed(app, "XE01", None, None)
    assert "从未确认" in refused.value.zh


@pytest.mark.parametrize("number", sorted(TROUBLE))
def test_what_the_system_says_of_a_file_has_chinese_words(number: int) -> None:
    """And what we have no words for is said as the system says it."""
    assert trouble_zh(OSError(number, "strange")) == TROUBLE[number]
    assert trouble_zh(OSError(5, "Input/output error")) == "Input/output error"


def test_what_went_wrong_with_a_schedule_is_noted_for_both() -> None:
    """Read later, by whoever comes; what was noted in one language before is still read."""
    says = in_both(Mistakes("there is no x\nmore", "没有 x\n更多"))
    zh, en = Words("zh", "UTC"), Words("en", "UTC")
    assert (noted(says, zh), noted(says, en)) == ("没有 x", "there is no x")
    assert in_both(EmergencyError("only so")) == noted("only so", zh) == "only so"
    assert noted("nobody began it", zh) == "到时没有人开始"
