"""What goes wrong at a terminal is said in the operator's language: to a duty manager in Chinese, with what happened,
where, and what to do; in English word for word as scripts know it, and with the same exit status.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import cli
from emergency import doctor, last_resort
from emergency.app import App
from emergency.clock import VirtualClock
from emergency.codes import REASONS, why_not_sent
from emergency.commands.misused import in_chinese
from emergency.errors import Conflict, EmergencyError, StoreBusy, StoreDamaged, StoreError
from emergency.settings import Settings
from emergency.store.drills import Books
from emergency.store.store import SCHEMA, SqliteStore, _speaking
from emergency.verbs import perform
from tests.installation import NOON, sample
from tests.shell.test_cli import HAN, KNOWN


@dataclasses.dataclass(frozen=True)
class Both:
    """What a command said on standard error and output, and its exit status, in either language."""

    en: str
    zh: str
    exits: tuple[int, int]


Ask = Callable[..., Both]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with a fire, F01, and a robbery, and files with mistakes in them. Nothing here changes it."""
    home = tmp_path_factory.mktemp("zh") / "home"
    app = sample(home)
    engine = app.engine()
    perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    perform(app.desktop, engine, "trigger", {"playbook": "robbery", "at": "K12"})
    engine.store.close()
    rows = "id,name_zh,name_en,language,numbers,roles,shift\n"
    (home / "wrong.csv").write_text(rows + "a,甲,A,zh,119,nix,lat\nb,乙,B,xx,12,scribe,late\n", "utf-8")
    (home / "header.csv").write_text("id,name_zh,nmae_en\na,甲,A\n", "utf-8")
    (home / "twice.yaml").write_text("people:\n  a: {}\n  a: {}\n", "utf-8")
    (home / "visitors.csv").write_text("name,zone,number,count\n,nix,,\n甲,b1,12,\n乙,,,x\n", "utf-8")
    (home / "site_wrong.yaml").write_text(
        (home / "site.yaml").read_text("utf-8").replace("Asia/Shanghai", "Asia/Shanghia"), "utf-8"
    )
    return home


@pytest.fixture
def ask(home: Path) -> Ask:
    """Type a command in English and in Chinese, over the installation, which neither changes."""
    return lambda *words, **env: both(home, *words, **env)


def both(home: Path, *words: str, **env: str) -> Both:
    """Type a command in both languages; `{home}` in a word is the installation's folder."""
    said, exits = [], []
    for lang in ("en", "zh"):
        clean: dict[str, str | None] = {name: None for name in os.environ if name.startswith("TWILIO_")}
        clean |= {**dict.fromkeys(KNOWN), "EMERGENCY_HOME": str(home), "EMERGENCY_LANG": lang, **env}
        typed = [word.replace("{home}", str(home)) for word in words]
        result = CliRunner().invoke(cli.main, typed, env=clean, prog_name="emergency")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        said.append(result.output)
        exits.append(result.exit_code)
    return Both(said[0], said[1], (exits[0], exits[1]))


USAGE = [
    (
        ("triger", "fire"),
        "No such command 'triger'. Did you mean 'trigger'?",
        "没有命令“triger”。是不是“trigger”?",
    ),
    (("roster", "imprt"), "No such command 'imprt'. Did you mean 'import'?", "没有命令“imprt”。是不是“import”?"),
    (("trigger",), "Error: Missing argument 'PLAYBOOK'.", "缺少参数 PLAYBOOK。"),
    (("drill", "observe"), "Error: Missing argument", "缺少参数 "),
    (("trigger", "fire", "--att", "x"), "Error: No such option '--att'", "没有选项 --att。是不是 --at 或 --fact?"),
    (("--nope",), "Error: No such option '--nope'", "没有选项 --nope。"),
    (("trigger", "fire", "--at"), "Error: Option '--at' requires an argument.", "选项 --at 后面缺少内容。"),
    (("status", "--json=1"), "Error: Option '--json' does not take a value.", "选项 --json 后面不写内容。"),
    (("status", "F01", "x"), "Error: Got unexpected extra argument (x)", "多了“x”。名字里有空格时,请加引号。"),
    (("--lang", "fr", "status"), "'fr' is not one of 'zh', 'en'.", "--lang:没有“fr”这个选择。可用:zh、en。"),
    (("completion", "tcsh"), "'tcsh' is not one of", "SHELL:没有“tcsh”这个选择。可用:bash、zsh、fish。"),
    (("completion",), "Missing argument '{bash|zsh|fish}'.", "缺少参数 SHELL。可用:bash、zsh、fish。"),
    (("doctor", "--number", "0"), "0 is not in the range x>=1.", "--number:0 不行;请写 1 或以上。"),
    (("doctor", "--wait", "9999"), "9999 is not in the range 0<=x<=3600.", "--wait:9999 不行;请写 0 到 3600。"),
    (("doctor", "--number", "x"), "'x' is not a valid integer range.", "--number:“x”不是整数。"),
    (("watch", "--seconds", "x"), "'x' is not a valid float.", "--seconds:“x”不是数。"),
    (("drill", "learn", "--since", "x"), "'x' does not match the format", "--since:“x”不是日期;请写成 2026-12-05。"),
    (("restore", "/proc/nix"), "File '/proc/nix' does not exist.", "FILE:没有文件“/proc/nix”。请核对路径。"),
    (("backup", "/"), "File '/' is a directory.", "FILE:“/”是文件夹,这里要文件。"),
    (("doctor", "--wait", "1"), "go with --send-test PERSON", "要和 --send-test 人员 一起用"),
    (("muster", "F01", "a", "b"), "'a b' is not understood; see: emergency muster --help", "看不懂“a b”。写法见"),
    (("muster", "F01", "--at", "b1"), "--at goes with 'answer'", "--at 只和“answer”一起用"),
    (("roster", "ask"), "say a PERSON, or --stale", "请写人员,或写 --stale"),
]
"""Words that are no command: what click says, and what is said in its place."""


@pytest.mark.parametrize(("words", "en", "zh"), USAGE, ids=[" ".join(words) for words, _, _ in USAGE])
def test_a_mistyped_command(ask: Ask, words: tuple[str, ...], en: str, zh: str) -> None:
    """Who mistypes at three in the morning is told in Chinese; the frame around it is Chinese as well."""
    said = ask(*words)

    assert said.exits == (2, 2)
    assert en in said.en
    assert not HAN.search(said.en.partition("Error: ")[2])
    assert f"错误: {zh}" in said.zh or zh in said.zh.partition("错误: ")[2]
    assert "Error" not in said.zh
    assert "Usage" not in said.zh
    if "Usage" in said.en:
        assert "用法: emergency" in said.zh
        assert "--help" in said.zh


def test_help_stays_as_it_is(ask: Ask) -> None:
    """A group without a command shows its help, in both languages at once, and is no mistake."""
    said = ask("roster")
    assert said.en == said.zh
    assert "Commands:" in said.zh


def test_help_loads_no_words_for_mistakes() -> None:
    """The words for mistakes are loaded by who makes one."""
    sys.modules.pop("emergency.commands.misused", None)
    assert CliRunner().invoke(cli.main, ["--help"]).exit_code == 0
    assert "emergency.commands.misused" not in sys.modules


def every_type() -> Iterator[click.ParamType]:
    """Yield the type of every option and argument that the program has."""
    waiting: list[click.Command] = [cli.main]
    while waiting:
        command = waiting.pop()
        yield from (param.type for param in command.params)
        if isinstance(command, click.Group):
            waiting += command.commands.values()


def test_click_refuses_no_value_in_english() -> None:
    """Whatever type an option gets, what click says of a wrong value has Chinese words."""
    tried = 0
    for kind in every_type():
        for value in ("x\ny", "-1e99", "/", "/proc/nix"):
            try:
                kind.convert(value, None, None)
            except click.BadParameter as error:
                tried += 1
                assert HAN.search(in_chinese(error)), error.message
    assert tried


ASKED = [
    (("status", "F99"), "there is no incident F99. There is: ", "没有事件 F99。可用:"),
    (("transition", "controlled"), "several incidents are open; say which:", "有几个事件在进行,请写明编号:"),
    (("transition", "F01", "nix"), "'nix' is no state of fire.", "预案 火灾(fire) 没有“nix”这个阶段。可用:reported"),
    (("transition", "F01", "closed", "--override"), "an override needs a reason", "强制执行要写理由:--reason"),
    (("fact", "F01", "nix=1"), "'nix' is no fact of fire.", "预案 火灾(fire) 没有“nix”这项情况。"),
    (("fact", "F01", "peak=maybe"), "peak: 'maybe' is not yes or no", "peak:“maybe”不行,要写是或否"),
    (
        ("assign", "F01", "nix", "wang_jun"),
        "'nix' is no role here.",
        "这里没有“nix”这个角色。查看:emergency roster who",
    ),
    (("assign", "F01", "scribe", "nix"), "'nix' is not in the roster.", "名册里没有“nix”。查看:emergency roster show"),
    (("cancel", "F01"), "a false alarm needs its cause: --reason", "取消误报要写原因:--reason"),
    (("give-up", "F01ZZ", "--reason", "x"), "F01 has no step ZZ; say its letter", "F01 没有任务 ZZ;请写"),
    (("stand-down", "F01", "--check", "99"), "--check 99: say the number of a line", "--check 99:请写清单的行号"),
    (("confirm", "F01"), "F01 does not wait to be confirmed", "F01 不在等待确认。现在怎样:emergency status F01"),
    (("muster", "F01", "missing"), "F01 has no roll call yet", "F01 还没有点名;开始点名:emergency muster F01"),
    (("trigger", "fire", "--at", "K12", "--severity", "x"), "'x' is no severity.", "没有“x”这一级。"),
    (("roster", "leave", "wang_jun", "5/12"), "'5/12' is no date; write 2026-12-05", "“5/12”不是日期;请写成"),
    (("roster", "leave", "wang_jun", "2026-12-05", "2026-12-01"), "ends before it begins", "结束早于开始;请核对日期"),
    (("roster", "leave", "wang_jun", "2026-12-05", "--cancel"), "wang_jun has no leave", "没有请假。查看:emergency"),
    (("roster", "swap", "wang_jun", "2026-12-05"), "say either --with PERSON", "请写 --with 人员 或 --shift 班次"),
    (("roster", "swap", "sun_li", "2026-12-05", "--shift", "x"), "'x' is no shift.", "没有“x”这个班次。可用:early"),
    (
        ("roster", "swap", "sun_li", "2026-12-05", "--with", "chen_jing"),
        "there is nothing to swap: both work 'early' on 2026-12-05",
        "2026-12-05 没什么可换:两人都上 early 班(08:00-16:00)",
    ),
    (("roster", "undo"), "change 1 cannot be undone: before it, no roster was in force", "变更 1 不能撤销:之前没有"),
    (("roster", "undo", "9"), "there is no change 9; see: emergency roster history", "没有变更 9;查看:emergency"),
    (
        ("roster", "import", "{home}/header.csv"),
        "the column 'nmae_en' is unknown.",
        "没有“nmae_en”这一列。是不是“name_en”?",
    ),
    (("roster", "import", "{home}/wrong.csv"), "column 'shift': 'lat' is no shift.", "列“shift”:没有“lat”这个班次。"),
    (("roster", "check", "{home}/wrong.csv"), "number 1 of a is an emergency number", "a 的第 1 个号码是报警急救号码"),
    (("roster", "check", "{home}/twice.yaml"), "'a' stands here twice (first in line 2)", "“a”写了两次(先在第 2 行)"),
    (
        ("site", "check", "{home}/site_wrong.yaml"),
        "'Asia/Shanghia' is no time zone.",
        "没有时区“Asia/Shanghia”。是不是",
    ),
    (
        ("muster", "F01", "--expect", "{home}/visitors.csv"),
        "'nix' is no zone of star_plaza.",
        "列“zone”:没有区域“nix”。",
    ),
    (("ready", "--days", "9999"), "--days 9999: say a number up to", "--days 9999:请写 0 到"),
    (("init", "--sample"), "holds an installation already", "里已有安装;请用 --home 换个文件夹"),
    (("backup", "{home}/site.yaml"), "exists already; a backup never overwrites", "已存在;备份不覆盖旧备份"),
    (("restore", "{home}/site.yaml"), "without its digest nobody can tell", "没有校验值,无法判断备份是否完整"),
    (("playbook", "new", "Fire!"), "'Fire!' is no id;", "“Fire!”不能作预案编号;"),
    (("playbook", "card", "fire", "--role", "nix"), "'nix' is no role of the plan fire.", "没有“nix”这个角色。可用:"),
]
"""Commands that are refused: what is said in English, and in Chinese."""


@pytest.mark.parametrize(("words", "en", "zh"), ASKED, ids=[" ".join(words) for words, _, _ in ASKED])
def test_a_refusal(ask: Ask, words: tuple[str, ...], en: str, zh: str) -> None:
    """Both languages say it, with the same exit status, and the English is what it always was."""
    said = ask(*words)

    assert said.exits[0] == said.exits[1] != 0
    assert en in said.en
    assert zh in said.zh
    assert en not in said.zh


# the store


def test_every_trouble_of_the_driver_is_said_in_chinese() -> None:
    """Busy, full, read-only, damaged, not ours to write: each with the file, and what to do about it."""
    troubles: tuple[tuple[Exception, type[EmergencyError], str, str], ...] = (
        (
            sqlite3.OperationalError("database is locked"),
            StoreBusy,
            "is held by another process; try again",
            "请稍后再试",
        ),
        (sqlite3.OperationalError("database or disk is full"), StoreBusy, "the disk is full; make room", "请清出空间"),
        (
            sqlite3.OperationalError("attempt to write a readonly database"),
            StoreError,
            "check who owns it",
            "没有写入权限",
        ),
        (sqlite3.OperationalError("disk I/O error"), StoreError, "/d/e.db: disk I/O error", "emergency doctor"),
        (sqlite3.DatabaseError("malformed"), StoreDamaged, "restore a backup", "emergency restore 备份文件"),
        (PermissionError(13, "no"), StoreError, "check who owns it and its folder", "请核对它和所在文件夹的属主"),
        (IsADirectoryError(21, "no"), StoreError, "is a folder, not a database", "请核对 EMERGENCY_DATABASE"),
        (sqlite3.IntegrityError("UNIQUE"), Conflict, "UNIQUE", "请再试一次"),
    )
    for trouble, kind, en, zh in troubles:
        with pytest.raises(kind) as caught, _speaking("/d/e.db"):
            raise trouble
        assert en in caught.value.of("en")
        assert zh in caught.value.of("zh")
        assert "/d/e.db" in caught.value.of("zh") or kind is Conflict


def copied(home: Path, tmp_path: Path) -> Path:
    """Return a copy of the installation that may be changed."""
    return Path(shutil.copytree(home, tmp_path / "home"))


def of(home: Path) -> App:
    """Return the parts of an installation that is there."""
    return App(Settings(home, f"sqlite:///{home / 'emergency.db'}", "en", {}), [], VirtualClock(NOON))


def broken(home: Path, tmp_path: Path, statement: str) -> Path:
    """Return a copy of the installation after *statement*."""
    copy = copied(home, tmp_path)
    db = sqlite3.connect(copy / "emergency.db")
    db.execute(statement)
    db.commit()
    db.close()
    return copy


@pytest.mark.parametrize(
    ("statement", "words", "en", "zh"),
    [
        (
            "update event set kind = 'StepDone' where seq = 2",
            ("log", "F01", "--verify"),
            "broken at line 2",
            "第 2 行被改动过",
        ),
        ("delete from event where seq > 9", ("log", "F01", "--verify"), "lines are missing at its end", "末尾缺少记录"),
        (f"pragma user_version = {SCHEMA + 1}", ("status",), "written by a later release", "由更新的版本写成"),
        ("pragma application_id = 7", ("status",), "is a database of another program", "是别的程序的数据库"),
        ("delete from document", ("status", "F01"), "is missing", "已损坏:缺少文档"),
    ],
)
def test_a_store_that_is_not_what_was_written(
    home: Path, tmp_path: Path, statement: str, words: tuple[str, ...], en: str, zh: str
) -> None:
    """What is broken, and that nothing was touched, is said in Chinese; exit 5 in both."""
    said = both(broken(home, tmp_path, statement), *words)

    assert said.exits == (5, 5)
    assert en in said.en
    assert zh in said.zh


def test_a_damaged_store_and_the_way_out(home: Path, tmp_path: Path) -> None:
    """A trigger over rubbish says in Chinese what is damaged, and how people are called all the same; so does the
    doctor."""
    copy = copied(home, tmp_path)
    for each in copy.glob("emergency.db*"):
        each.unlink()
    (copy / "emergency.db").write_bytes(b"rubbish" * 99)

    said, examined = both(copy, "trigger", "fire", "--at", "K12"), both(copy, "doctor")

    assert said.exits == (5, 5)
    assert "is not a database, or its beginning is damaged" in said.en
    assert "不是数据库,或开头已损坏。文件原样未动;请恢复备份:emergency restore 备份文件" in said.zh
    assert "--last-resort" in said.zh
    assert "存储打不开" in examined.zh
    assert "is not a database" not in examined.zh


def test_no_installation_and_no_settings(home: Path, tmp_path: Path, ask: Ask) -> None:
    """Settings that cannot be are said in Chinese, also where they keep the settings from being read."""
    secrets = tmp_path / "secrets.env"
    secrets.write_text("A=1", "utf-8")
    secrets.chmod(0o644)
    for said, en, zh in (
        (
            both(tmp_path, "status"),
            "can be read by others; close it with: chmod 600",
            "别人也能读,里面有密钥。请运行:chmod 600",
        ),
        (both(tmp_path / "nix", "status"), "make an installation with: emergency init", "请先建立安装:emergency init"),
        (ask("status", EMERGENCY_DATABASE="postgres://x"), "keeps its store in SQLite", "数据库只能是 SQLite"),
        (
            ask("doctor", TWILIO_FROM="+12025550100"),
            "TWILIO_ACCOUNT_SID is missing.",
            "缺少 TWILIO_ACCOUNT_SID。请设好它",
        ),
    ):
        assert en in said.en
        assert zh in said.zh
        assert said.exits[0] == said.exits[1]
    alone = both(home, "status", EMERGENCY_LANG="fr", LANG="zh_CN.UTF-8")
    assert alone.zh == "EMERGENCY_LANG:没有“fr”这种界面语言;请写 zh 或 en\n"
    assert both(home, "status", EMERGENCY_LANG="fr", LANG="C").en.startswith("EMERGENCY_LANG: 'fr' is no language here")


def test_the_books_of_drills(home: Path, tmp_path: Path) -> None:
    """A book that was changed is named in both languages."""
    store = SqliteStore(copied(home, tmp_path) / "emergency.db", create=False)
    store._db.execute("insert into book_head values (?, ?, ?)", ("d1", 3, "0" * 64))
    with pytest.raises(StoreDamaged, match="entries are missing at its end") as caught:
        Books(store).verify("d1")
    assert "演练记录在第 0 条之后断了" in caught.value.of("zh")
    store.close()


# words for ids


def test_ids_are_shown_with_their_titles(home: Path, ask: Ask) -> None:
    """In Chinese a shift has its hours, and roles, states, places and steps have their names; English is as it was."""
    shown, log = ask("roster", "show"), ask("log", "F01")
    assert re.search(r"sun_li +孙丽 Sun Li +early +\+", shown.en)
    assert re.search(r"sun_li +孙丽 Sun Li +early\(08:00-16:00\) ", shown.zh)
    assert "duty_manager" in shown.en
    assert "duty_manager" not in shown.zh
    assert re.search(r"opened  F01 \S+ \w+ console", log.en)
    assert "进入阶段  已接报 控制台" in log.zh
    assert "待命 (值班经理)" in log.zh
    assert "stand_by (duty_manager)" in log.en
    assert "消息待发  短信 → " in log.zh
    assert "建立安装" in ask("roster", "history").zh


def test_why_a_message_did_not_arrive() -> None:
    """The words of the log have Chinese ones; a provider's number says that it is one."""
    assert all(HAN.search(said.zh) for said in REASONS.values())
    assert why_not_sent("number_not_in_use 21211", "zh") == "空号 21211"
    assert why_not_sent("30003", "zh") == "平台错误码 30003"
    assert why_not_sent("http_500", "zh") == "http_500"
    assert why_not_sent("no_answer", "en") == "no_answer"


def test_a_last_resort_speaks_chinese(home: Path, tmp_path: Path) -> None:
    """Whoever needs it cannot look up what it says."""
    app = of(copied(home, tmp_path))
    said: dict[str, list[str]] = {"en": [], "zh": []}
    for lang, lines in said.items():
        last_resort.trigger(
            app.settings.home, [], app.clock, lines.append, playbook="fire", at="K12", severity=None, lang=lang
        )
    assert "Nobody watches timers or replies: go on by radio." in said["en"][-2]
    assert said["en"][-1] == "When the store works again: emergency recover"
    assert "请用对讲机接着指挥" in said["zh"][-2]
    assert said["zh"][-1] == "数据库恢复后,请运行:emergency recover"


def test_the_doctor_names_what_is_broken_in_chinese(home: Path, tmp_path: Path) -> None:
    """What the doctor passes on from elsewhere is in the language of its own words."""
    app = of(copied(home, tmp_path))
    (app.settings.home / "playbooks" / "own.yaml").write_text("playbook: own\n", "utf-8")
    found = {finding.id: finding for finding in doctor.examine(app, None)}
    assert "'code' is missing" in found["playbook"].says.en
    assert "缺少“code”" in found["playbook"].says.zh
