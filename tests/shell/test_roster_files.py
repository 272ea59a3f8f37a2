"""The roster as files: what is read, what is refused and where, what a change changes, undoing it, writing it down."""

from __future__ import annotations

import io
import json
import os
import pty
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import cli
from emergency.core.values import Text
from emergency.errors import CommandRefused, Mistakes
from emergency.roster import Leave, Person, Roster, Swap
from emergency.roster.change import change_roster
from emergency.roster.columns import COLUMNS
from emergency.roster.export import Origin, export
from emergency.roster.files import read, read_path
from emergency.roster.table import join, split
from tests.installation import NOON, sample
from tests.scenarios.scene import sample_roster, sample_site

ROOT = Path(__file__).resolve().parents[2]
SITE = sample_site()
HEAD = "id,name_zh,name_en,language,numbers,roles,shift,on_call,zone\n"
ANN = "ann,安,Ann,en,+1 202 555 0101,scribe:1,early,,\n"
DAY = date(2026, 12, 5)
"""A Saturday."""

# reading


def sheet(*rows: Sequence[object], change: Callable[[Any], None] = lambda sheet: None) -> bytes:
    """A spreadsheet with these rows; *change* may do more to its sheet."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.title = "People"
    for row in rows:
        page.append(list(row))
    change(page)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


HEADER = tuple(HEAD.strip().split(","))
ROW = ("ann", "安", "Ann", "en", "+12025550101", "scribe:1", "early", None, None)


LONG_ROW = ("ann", "安" * 30_000 + " ", "A" * 32_000 + " ", "en", "x" * 32_000)
"""Stored once, and then once for every row that shows it."""


def far_apart(page: Any) -> None:
    """Write one cell far below and far to the right of the others."""
    page.cell(19_000, 100).value = "x"


def refused(raw: bytes, name: str) -> list[tuple[str, int, str]]:
    """File, line and words of every mistake in a roster that is refused."""
    with pytest.raises(Mistakes) as error:
        read(raw, name, SITE)
    return [(problem.file, problem.line, problem.says) for problem in error.value.problems]


@pytest.mark.parametrize(
    "raw, name",
    [
        pytest.param((HEAD + ANN).encode("gbk"), "r.csv", id="GBK"),
        pytest.param((HEAD + ANN).encode("utf-8-sig"), "r.csv", id="with a mark"),
        pytest.param((HEAD + ANN).replace(",", ";").encode(), "r.csv", id="parted by semicolons"),
        pytest.param((HEAD + ANN).replace(",", "\t").encode(), "r.csv", id="parted by tabs"),
        pytest.param(("# a remark\n\n" + HEAD + "\n" + ANN).encode(), "r.csv", id="under a remark, with empty lines"),
        pytest.param(("编号,中文名,英文名,语言,电话,角色,班次,,\n" + ANN).encode(), "r.csv", id="a Chinese header"),
        pytest.param(sheet(HEADER, ROW), "r.xlsx", id="a spreadsheet"),
        pytest.param(sheet((), HEADER, (), ROW), "R.XLSX", id="a spreadsheet with empty rows"),
    ],
)
def test_tables_that_are_read(raw, name):
    """A table is read as spreadsheets write it, whatever their country and their habits."""
    people = read(raw, name, SITE).roster.people
    assert list(people) == ["ann"]
    assert (people["ann"].name, people["ann"].numbers) == (Text("安", "Ann"), ("+12025550101",))


def test_values_of_a_spreadsheet():
    """Dates, amounts, yes and the results of formulas are read as the words a person would type."""

    def change(page):
        page["E3"] = 2025550102
        page["H3"] = True
        page["M1"], page["M3"] = "licences", "lift:2028-06-30"
        page["N1"], page["N3"] = "since", date(2020, 5, 1)

    raw = sheet(HEADER, ROW, ("ben", "本", "Ben", "en", None, "scribe", "night"), change=change)
    ben = read(raw, "r.xlsx", replace(SITE, country="US")).roster.people["ben"]
    assert (ben.numbers, ben.on_call, ben.since) == (("+12025550102",), True, date(2020, 5, 1))
    assert ben.licences == {"lift": date(2028, 6, 30)}


def test_hidden_rows_count_and_are_told_of():
    """A row that a filter hides is still somebody; the reader is told that there are such rows."""

    def hide(page):
        page.row_dimensions[2].hidden = True

    found = read(sheet(HEADER, ROW, change=hide), "r.xlsx", SITE)
    assert (list(found.roster.people), len(found.notes), "1 hidden" in found.notes[0]) == (["ann"], 1, True)
    assert not read(sheet(HEADER, ROW), "r.xlsx", SITE).notes


def merge(area: str) -> Callable[[Any], None]:
    return lambda page: page.merge_cells(area)


def second(**cells: object) -> bytes:
    """A spreadsheet with Ann in row 2, and in row 3 Ben, of whom some cells are other ones."""
    ben: dict[str, object] = dict(
        zip(HEADER, ("ben", "本", "Ben", "en", "+12025550102", "scribe", "late"), strict=False)
    )
    return sheet(HEADER, ROW, tuple({**ben, **cells}.get(column) for column in HEADER))


@pytest.mark.parametrize(
    "raw, line, says",
    [
        pytest.param(
            sheet(HEADER, ROW, ("x",) * 7, change=merge("B2:B3")), 2, "the cells B2:B3 are merged", id="merged"
        ),
        pytest.param(second(shift="lat"), 3, "column G 'shift': 'lat' is no shift.", id="a shift"),
        pytest.param(
            second(numbers="+1 202 555 0101"), 3, "number 1 of ben is also that of ann (line 2)", id="a number"
        ),
        pytest.param(second(numbers="1.39E+10"), 3, "was turned into a power of ten", id="a power of ten"),
        pytest.param(second(numbers=12025550102), 3, "a '+' or a zero in front may be lost", id="a lost plus"),
        pytest.param(second(numbers=12025550102123456), 3, "too long for a spreadsheet", id="more than fifteen digits"),
        pytest.param(second(numbers="=A1&B1"), 3, "column E: a formula without a result", id="a formula"),
        pytest.param(second(numbers="#REF!"), 3, "the cell shows an error (#REF!)", id="an error value"),
        pytest.param(second(id="ann"), 3, "'ann' stands here twice (first in row 2)", id="twice"),
        pytest.param(second(roles="scrbe:1"), 3, "column F 'roles': 'scrbe' is no role of the site. Did", id="a role"),
        pytest.param(second(roles="scribe:one"), 3, "column F 'roles'", id="a rank"),
        pytest.param(second(on_call="maybe"), 3, "column H 'on_call'", id="on call"),
        pytest.param(sheet((*HEADER, "phone"), ROW), 1, "the column 'phone' is unknown", id="an unknown column"),
        pytest.param(sheet((*HEADER, "shift"), ROW), 1, "the column 'shift' stands here twice", id="a column twice"),
        pytest.param(sheet(HEADER, (*ROW, "x")), 2, "cell 10 holds a value, and its column has no name", id="no name"),
        pytest.param(sheet(HEADER[:-3], ROW[:-3]), 1, "the column 'shift' is missing", id="a missing column"),
        pytest.param(sheet(HEADER), 1, "holds nobody", id="nobody"),
    ],
)
def test_mistakes_of_a_spreadsheet(raw, line, says):
    """Each mistake is told with its sheet, its row, and the letter of its column where there is one."""
    found = refused(raw, "people.xlsx")
    assert any(at == line and says in words for _, at, words in found), found
    assert {file for file, _, _ in found} == {"people.xlsx, sheet 'People'"}


def test_every_mistake_of_a_spreadsheet_at_once():
    """Merged cells, a wrong shift, a number of two people and an error value are told together."""
    rows = [
        ROW,
        ("ben", "本", "Ben", "en", "+12025550101", "scribe", "lat"),
        ("eve", "夏", "Eve", "en", "#REF!", "it", "late"),
    ]
    found = refused(sheet(HEADER, *rows, change=merge("H2:I2")), "p.xlsx")
    assert [line for _, line, _ in found] == [2, 3, 3, 4], found


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO(sheet(HEADER, ROW))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as file:
        for name, body in parts.items():
            file.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), body)
    return out.getvalue()


@pytest.mark.parametrize(
    "raw, says",
    [
        pytest.param(archive(xl__media__bomb_bin=b"\0" * 40_000_000), "far larger inside", id="a bomb"),
        pytest.param(archive(xl__vbaProject_bin=b"x"), "holds macros", id="macros"),
        pytest.param(
            archive(xl__externalLinks__externalLink1_xml=b"<x/>"), "from other files", id="links to other files"
        ),
        pytest.param(
            archive(xl__more_xml=b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"), "that a program would save", id="entities"
        ),
        pytest.param(b"\xd0\xcf\x11\xe0" + b"x" * 100, "has a password, or is of the old kind", id="xls"),
        pytest.param(b"PK\x03\x04 and no more", "is no spreadsheet", id="cut off"),
        pytest.param(HEAD.encode(), "is no spreadsheet", id="a CSV called so"),
        pytest.param(b"x" * 10_000_001, "is larger than 10 MB", id="too large"),
        pytest.param(sheet(HEADER, change=far_apart), "spans more than", id="two cells far apart"),
        pytest.param(sheet(HEADER, *[LONG_ROW] * 60), "MB of text", id="one long text in every row"),
        pytest.param(sheet(("a", "b"), (1, 2)), "no sheet with a first row that names the columns", id="another table"),
    ],
)
def test_files_that_are_no_spreadsheet_of_ours(raw, says):
    """What is too large, holds macros, reaches out or is damaged is refused before it is read."""
    assert says in refused(raw, "r.xlsx")[0][2]


PERSON = (
    "  {id}: {{name: {{zh: 甲, en: A}}, language: en, numbers: {numbers}, "
    "roles: {{scribe: 1}}, shift: {shift}{more}}}\n"
)


def people(*each: str) -> bytes:
    return ("people:\n" + "".join(each)).encode()


def one(id: str = "ann", numbers: str = "[]", shift: str = "early", more: str = "") -> str:
    return PERSON.format(id=id, numbers=numbers, shift=shift, more=more and f", {more}")


@pytest.mark.parametrize(
    "raw, line, says",
    [
        pytest.param(b"people: {}\n", 1, "holds nobody, and a site without people", id="nobody"),
        pytest.param(
            people(one(numbers='["+12025550101"]'), one("ben", '["+1 (202) 555-0101"]')),
            3,
            "number 1 of ben is also that of ann (line 2)",
            id="two people with one number",
        ),
        pytest.param(
            people(one(more="leave: [{from: 2026-12-05, to: 2026-12-01}]")), 2, "ends before it begins", id="leave"
        ),
        pytest.param(people(one(more="since: 2026-12-05, until: 2026-12-01")), 2, "lies before the first", id="until"),
        pytest.param(people(one(more="since: 2026-02-30")), 2, "'2026-02-30' is no date", id="no such day"),
        pytest.param(people(one(more="standby: of")), 2, "'of' is no shift", id="standby"),
        pytest.param(people(one(more="swaps: [{day: 2026-12-05, shift: lat}]")), 2, "Did you mean 'late'?", id="swap"),
        pytest.param(
            people(one(more="swaps: [{day: 2026-12-05, shift: office}, {day: 2026-12-05, shift: late}]")),
            2,
            "overlapping shifts of ann: 'office' on 2026-12-05 and 'late' on 2026-12-05",
            id="two shifts at once",
        ),
        pytest.param(
            people(
                one(shift="office", more="swaps: [{day: 2026-12-03, shift: late}, {day: 2026-12-03, shift: office}]")
            ),
            2,
            "overlapping shifts",
            id="two shifts at once, on a Thursday",
        ),
        pytest.param(people(one(numbers='["+12…01"]')), 2, "numbers are masked; this file is for reading", id="masked"),
    ],
)
def test_mistakes_of_a_roster(raw, line, says):
    """What cannot be is told with its line: nobody at all, days that run backwards, one person at two places."""
    found = refused(raw, "r.yaml")
    assert any(at == line and says in words for _, at, words in found), found


def test_shifts_that_only_touch_do_not_overlap():
    """A night that ends at 08:00 and the early shift that begins then are a long turn, and no mistake."""
    raw = people(one(more="swaps: [{day: 2026-12-04, shift: night}]"))
    assert read(raw, "r.yaml", SITE).roster.people["ann"].swaps[0].shift == "night"


def test_an_expired_licence_is_a_warning():
    """A licence that has run out keeps nobody off the roster; it is told, with its line."""
    raw = people(one(more="licences: {lift: 2026-12-04, fire: unlimited}"))
    found = read(raw, "r.yaml", SITE)
    assert not found.doubts(SITE, date(2026, 12, 4))
    (doubt,) = found.doubts(SITE, DAY)
    assert (doubt.line, doubt.severity) == (2, "warning")
    assert "the licence 'lift' of ann ran out on 2026-12-04" in doubt.says
    assert "已于 2026-12-04 到期" in doubt.zh


def test_a_role_without_its_licence_is_a_warning():
    """Who holds a role that needs a licence, and has none, is told: the role will go to somebody else."""
    duties = tuple(replace(duty, needs=("writing",)) if duty.role == "scribe" else duty for duty in SITE.duties)
    site = replace(SITE, duties=duties)
    (doubt,) = read(people(one()), "r.yaml", site).doubts(site, DAY)
    assert "ann has the role 'scribe', which needs the licence 'writing'" in doubt.says


# folders


def folder(at: Path, **files: str) -> Path:
    at.mkdir()
    for name, text in files.items():
        (at / f"{name}.yaml").write_text(text, "utf-8")
    return at


def alone(shift: str = "early") -> str:
    return f"name: {{zh: 乙, en: B}}\nlanguage: zh\nnumbers: []\nroles: {{it: 1}}\nshift: {shift}\n"


def test_a_folder_of_people(tmp_path):
    """A file holds a group, or one person whose id is the file's name; other files are left alone."""
    here = folder(tmp_path / "people", a_group=people(one(), one("ben")).decode(), eve=alone())
    (here / "README.txt").write_text("not a roster")
    assert list(read_path(here, SITE).roster.people) == ["ann", "ben", "eve"]


def test_mistakes_of_a_folder(tmp_path):
    """Each mistake is told with its own file and line, and of all files at once."""
    here = folder(tmp_path / "p", a=people(one(), one("eve")).decode(), eve=alone(), kim=alone("erly"), z="x: 1\n")
    with pytest.raises(Mistakes) as error:
        read_path(here, SITE)
    found = {(Path(p.file).name, p.line, p.says.split(" ")[0]) for p in error.value.problems}
    assert ("eve.yaml", 1, "'eve'") in found
    assert ("z.yaml", 1, "holds") in found
    (here / "z.yaml").unlink()
    (here / "eve.yaml").unlink()
    with pytest.raises(Mistakes) as error:
        read_path(here, SITE)
    assert [(Path(p.file).name, p.line) for p in error.value.problems] == [("kim.yaml", 5)]


def test_a_folder_without_people(tmp_path):
    """An empty folder is named as one."""
    with pytest.raises(Mistakes, match=r"holds no \.yaml file"):
        read_path(folder(tmp_path / "p"), SITE)


# there and back

WORD = st.text("abcdefghij 陈静王ßé'\"#:,;\\=+-@&<>}[]%!|0123456789", min_size=1, max_size=12)
LINES = WORD.map(lambda text: " ".join(text.split())).filter(bool)
TEXTS = st.builds(Text, LINES, LINES)
IDS = st.from_regex(r"\A[a-z][a-z0-9_]{0,10}\Z")
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
ROLES = [duty.role for duty in SITE.duties]
SHIFTS = [shift.id for shift in SITE.shifts]
LEAVES = st.builds(lambda a, b, why: Leave(first=min(a, b), last=max(a, b), why=why), DAYS, DAYS, st.just("") | LINES)
PERSONS = st.builds(
    Person,
    id=IDS,
    name=TEXTS,
    language=st.sampled_from(["zh", "en"]),
    numbers=st.just(()),
    roles=st.dictionaries(st.sampled_from(ROLES), st.integers(1, 99), max_size=4),
    shift=st.sampled_from([*SHIFTS, "off"]),
    on_call=st.booleans(),
    zone=st.none() | st.sampled_from([place.id for place in SITE.places]),
    standby=st.none() | st.sampled_from(SHIFTS),
    positions=st.lists(TEXTS, max_size=2).map(tuple),
    employer=st.just("") | LINES,
    licences=st.dictionaries(IDS, st.none() | DAYS, max_size=2),
    leave=st.lists(LEAVES, max_size=2).map(tuple),
    swaps=st.lists(st.builds(Swap, day=DAYS, shift=st.just("off")), max_size=2, unique_by=lambda swap: swap.day).map(
        tuple
    ),
    since=st.none() | st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    until=st.none() | st.dates(date(2040, 1, 2), date(2099, 1, 1)),
)


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    """A roster of up to four people, with numbers of the range kept for fiction."""
    found = draw(st.lists(PERSONS, min_size=1, max_size=4, unique_by=lambda person: person.id))
    lines = draw(st.lists(st.integers(100, 199), max_size=6, unique=True))
    numbers = [f"+1202555{line:04d}" for line in lines]
    each = {p.id: replace(p, numbers=tuple(numbers[n :: len(found)])) for n, p in enumerate(found)}
    return Roster(people=each)


@pytest.mark.parametrize("name", ["r.yaml", "r.csv", "r.xlsx", "people"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(roster=rosters())
def test_export_and_import_give_the_same_roster(tmp_path, name, roster):
    """What was exported with whole numbers comes back to the last value, in each of the four forms."""
    export(tmp_path / name, roster, Origin(SITE, "d" * 64, NOON), numbers=True, replace=True)
    assert read_path(tmp_path / name, SITE).roster == roster


@given(st.lists(WORD.map(str.strip).filter(bool), max_size=4))
def test_items_of_a_cell(items):
    """Items that hold `;` or a backslash themselves come back as they were."""
    assert split(join(items)) == items


@pytest.mark.parametrize("name", ["r.yaml", "r.csv", "r.xlsx", "people"])
def test_an_export_says_what_it_holds_and_is_for_its_owner_alone(tmp_path, name):
    """Every form says of whom, when and from where it is; nobody else can read it; without numbers it is no roster."""
    path = tmp_path / name
    roster = sample_roster()
    export(path, roster, Origin(SITE, "abcdef" * 11, NOON), numbers=False)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    assert [oct(file.stat().st_mode & 0o777) for file in files] == ["0o600"] * len(files)
    assert not path.is_dir() or oct(path.stat().st_mode & 0o777) == "0o700"
    said = _words(path)
    for word in (
        "Star Plaza",
        "星汇城",
        "54 people",
        "2026-03-01T04:00Z",
        "abcdefabcdef",
        "masked",
        "打码",
        "personal data",
    ):
        assert word.replace("54 people", "54 人 people") in said
    with pytest.raises(Mistakes, match="numbers are masked"):
        read_path(path, SITE)
    inside = said.replace(" ", "").replace("-", "")
    assert not [n for person in roster.people.values() for n in person.numbers if n in inside]


def _words(path: Path) -> str:
    """Everything that somebody can read in an export."""
    if path.is_dir():
        return "\n".join(file.read_text("utf-8") for file in path.iterdir())
    if path.suffix != ".xlsx":
        return path.read_text("utf-8")
    book = openpyxl.load_workbook(path)
    return "\n".join(str(cell.value) for page in book.worksheets for row in page.iter_rows() for cell in row)


@pytest.mark.parametrize("name", ["r.yaml", "r.csv", "r.xlsx", "people"])
def test_an_export_writes_over_nothing(tmp_path, name):
    """What is there stays, unless it is said; a folder with something else in it stays in any case."""
    path = tmp_path / name
    origin = Origin(SITE, "d" * 64, NOON)
    export(path, sample_roster(), origin, numbers=True)
    with pytest.raises(Mistakes, match="is there already"):
        export(path, sample_roster(), origin, numbers=True)
    export(path, Roster(people={"sun_li": sample_roster().people["sun_li"]}), origin, numbers=True, replace=True)
    assert list(read_path(path, SITE).roster.people) == ["sun_li"]


def test_a_folder_of_other_files_is_left_alone(tmp_path):
    """An export never takes away files that it did not write."""
    here = folder(tmp_path / "plans", fire="x: 1\n")
    with pytest.raises(Mistakes, match="holds something else"):
        export(here, sample_roster(), Origin(SITE, "d" * 64, NOON), numbers=True, replace=True)
    assert [file.name for file in here.iterdir()] == ["fire.yaml"]


def test_a_table_calculates_nothing():
    """Nothing that stands in a cell of CSV is a formula to a spreadsheet, and it comes back as it was."""
    from emergency.roster.csv_file import read as read_csv
    from emergency.roster.csv_file import write

    harm = ["=1+1", "@x", "-2", "+1", "+1 -cmd|' /C calc'!A0", "+ 1", "＝1+1", "＋1", "－1", "＠x"]
    cells = [*harm, "'quoted", "'=a", "plain", "+1 202-555-0101", "+44 20 7946 0000"]
    raw = write([], [f"c{n}" for n in range(len(cells))], [cells])
    line = raw.decode("utf-8-sig").splitlines()[1]
    assert [cell for cell in line.split(",")[: len(harm)] if cell[0] != "'"] == []
    assert list(read_csv(raw, "x.csv").rows[0].cells) == cells


# the commands


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("made") / "home"
    sample(home)
    return home


class Terminal:
    """Somebody who types commands to one installation."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {"EMERGENCY_HOME": str(home), "EMERGENCY_LANG": "en", "EMERGENCY_DATABASE": None}

    def __call__(self, *words: str) -> Any:
        """Type a command; everything it says, and its exit status."""
        return CliRunner().invoke(cli.main, list(words), env=self.env, prog_name="emergency")

    def document(self, *words: str) -> Any:
        return json.loads(self(*words, "--json").stdout)

    def person(self, id: str) -> dict[str, Any]:
        return next(each for each in self.document("roster", "show")["people"] if each["id"] == id)

    def in_terminal(self, answer: str, *words: str) -> tuple[int, str]:
        """Type a command at a real terminal, and what it asks for; exit status and all that was shown."""
        ours, theirs = pty.openpty()
        env = {**os.environ, **{key: value for key, value in self.env.items() if value}}
        command = [sys.executable, "cli.py", *words]
        with subprocess.Popen(command, cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs) as process:
            os.close(theirs)
            os.write(ours, answer.encode())
            shown = b"".join(iter(lambda: _chunk(ours), b""))
        os.close(ours)
        return process.returncode, shown.decode()


def _chunk(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end was closed
        return b""


@pytest.fixture
def emergency(made, tmp_path) -> Terminal:
    home = tmp_path / "home"
    shutil.copytree(made, home)
    return Terminal(home)


def changed_file(at: Path) -> Path:
    """The sample roster with one number and one shift changed, one role taken away, one person gone and one new."""
    roster = sample_roster()
    each = dict(roster.people)
    del each["qiu_ying"]
    each["wang_jun"] = replace(each["wang_jun"], numbers=("+12125550101", "+12125550188"), shift="early")
    each["gao_lei"] = replace(each["gao_lei"], roles={"fire_team": 1})
    each["new_one"] = replace(each["hu_wei"], id="new_one", numbers=("+12125550189",))
    export(at, Roster(people=each), Origin(SITE, "d" * 64, NOON), numbers=True)
    return at


CHANGES = (
    "comes: Hu Wei (new_one)",
    "leaves: Qiu Ying (qiu_ying)",
    "changes: Wang Jun (wang_jun): numbers +12…01, +12…51 → +12…01, +12…88; shift office → early",
    "changes: Gao Lei (gao_lei): roles fire_team:1; on_scene:2 → fire_team:1",
    "Gao Lei (gao_lei) has no more: on_scene",
    "Qiu Ying (qiu_ying) has no more: comms, evacuation, scribe",
)


def test_an_import_shows_what_changes_and_can_be_undone(emergency, tmp_path):
    """Shown alone it changes nothing; put in, it is on record; undone, all is as before; undone again, it is back."""
    file = str(changed_file(tmp_path / "r.csv"))
    before = emergency.document("roster", "show")
    dry = emergency("roster", "import", file, "--dry-run")
    assert (dry.exit_code, emergency.document("roster", "show")) == (0, before)
    done = emergency("roster", "import", file)
    assert done.exit_code == 0
    for line in CHANGES:
        assert line in dry.stdout
        assert line in done.stderr
    after = emergency.document("roster", "show")
    assert (emergency("roster", "undo").exit_code, emergency.document("roster", "show")) == (0, before)
    assert (emergency("roster", "undo").exit_code, emergency.document("roster", "show")) == (0, after)
    assert (emergency("roster", "undo", "2").exit_code, emergency.document("roster", "show")) == (0, before)
    assert "Nothing changes in the roster" in emergency("roster", "undo", "2").stdout
    history = emergency.document("roster", "history")["changes"]
    assert [each["note"] for each in history] == ["undo 2", "undo 3", "undo 2", "r.csv", "init"]
    assert [each["in_force"] for each in history] == [True, False, False, False, False]


def test_an_import_names_those_who_are_in_an_incident(emergency, tmp_path):
    """Who is about to leave or change while holding a role in an open incident is named with its code."""
    opened = emergency.document("trigger", "fire", "--at", "K12", "--drill", "--by", "console")
    holder = next(role["person"] for role in opened["roles"] if role["person"])
    each = dict(sample_roster().people)
    del each[holder]
    export(tmp_path / "r.yaml", Roster(people=each), Origin(SITE, "d" * 64, NOON), numbers=True)
    shown = emergency("roster", "import", str(tmp_path / "r.yaml"), "--dry-run").stdout
    assert f"({holder}) is in the incident {opened['incident']} as" in shown


def test_on_a_terminal_an_import_asks(emergency, tmp_path):
    """With somebody there, nothing is put in before they agree; `--yes` says it beforehand."""
    file = str(changed_file(tmp_path / "r.yaml"))
    before = emergency.document("roster", "show")
    code, shown = emergency.in_terminal("n\n", "roster", "import", file)
    assert (code, "Put this in force?" in shown, "Nothing was changed" in shown) == (0, True, True)
    assert emergency.document("roster", "show") == before
    code, shown = emergency.in_terminal("y\n", "roster", "import", file)
    assert (code, "The roster is in force: 54 people" in shown) == (0, True)
    assert emergency.document("roster", "show") != before
    code, shown = emergency.in_terminal("", "roster", "undo", "--yes")
    assert (code, "Put this in force?" in shown) == (0, False)
    assert emergency.document("roster", "show") == before


def test_nothing_shows_a_number(emergency, tmp_path):
    """No preview, no history and no refusal shows a telephone number."""
    file = str(changed_file(tmp_path / "r.xlsx"))
    said = [emergency("roster", *words) for words in (("import", file), ("history",), ("undo",), ("history", "--json"))]
    said.append(emergency("roster", "import", file, "--dry-run", "--json"))
    everything = "".join(each.stdout + each.stderr for each in said)
    assert "+12…88" in everything
    assert "2125550188" not in everything


def test_a_change_seen_against_another_roster_is_not_made(emergency):
    """Between looking and agreeing the roster was changed: nothing is done, and it says so."""
    app = sample(emergency.home.parent / "other")
    seen = "0" * 64
    with pytest.raises(CommandRefused, match="changed meanwhile"):
        change_roster(app, lambda roster, site: Roster(), "console", "x", seen=seen)


def test_a_change_can_be_refused_before_it_is_written(emergency):
    """Whoever considers a change sees before and after, and a refusal leaves all as it was."""
    app = sample(emergency.home.parent / "other")
    met = []

    def consider(engine, change):
        met.append((len(change.before.people), len(change.after.people), change.differs.left))
        raise CommandRefused("a hole")

    def work(roster, site):
        return Roster(people={id: person for id, person in roster.people.items() if id != "sun_li"})

    with pytest.raises(CommandRefused, match="a hole"):
        change_roster(app, work, "console", "x", consider=consider)
    engine = app.engine()
    assert (met, "sun_li" in app.people.roster(engine).people) == ([(54, 53, ("sun_li",))], True)
    engine.store.close()


def test_leave_and_coming_back(emergency):
    """Leave is entered in a line, found by name, and cut where somebody comes back early."""
    said = emergency("roster", "leave", "孙丽", "2026-12-01", "2026-12-07", "--why", "family", "--by", "wang_jun")
    assert (said.exit_code, "leave — → 2026-12-01..2026-12-07 family" in said.stdout) == (0, True)
    assert emergency.document("roster", "history")["changes"][0]["by"] == "wang_jun"
    back = emergency("roster", "leave", "sun_li", "2026-12-05", "2026-12-09", "--cancel")
    assert "2026-12-01..2026-12-04 family" in back.stdout
    again = emergency("roster", "leave", "sun_li", "2026-12-01", "2026-12-04", "--why", "family")
    assert "Nothing changes" in again.stdout
    assert len(emergency.document("roster", "history")["changes"]) == 3


@pytest.mark.parametrize(
    "words, code, says",
    [
        pytest.param(["leave", "sun_li", "2026-12-07", "2026-12-01"], 2, "ends before it begins", id="backwards"),
        pytest.param(["leave", "sun_li", "7.12.2026"], 2, "'7.12.2026' is no date; write 2026-12-05", id="no date"),
        pytest.param(["leave", "sun_li", "2026-12-01", "2028-12-07"], 2, "longer than a year", id="a slip in the year"),
        pytest.param(["leave", "sum_li", "2026-12-01"], 2, "Did you mean 'sun_li'?", id="nobody"),
        pytest.param(["leave", "sun_li", "2026-12-01", "--cancel"], 2, "has no leave", id="no leave"),
        pytest.param(["swap", "sun_li", "2026-12-01"], 2, "say either --with PERSON or --shift", id="with whom"),
        pytest.param(["swap", "sun_li", "2026-12-01", "--shift", "nigt"], 2, "Did you mean 'night'?", id="no shift"),
        pytest.param(["swap", "sun_li", "2026-12-01", "--with", "hu_wei"], 3, "both work 'early'", id="the same shift"),
        pytest.param(["undo", "9"], 2, "there is no change 9", id="no change"),
        pytest.param(["undo"], 3, "no roster was in force", id="the first one"),
        pytest.param(["export", "x.pdf"], 2, "'.pdf' is no form of a roster", id="no form"),
    ],
)
def test_words_that_are_wrong(emergency, words, code, says):
    """Each is one line that says what to do, with the exit status of the contract; nothing is changed."""
    said = emergency("roster", *words)
    assert (said.exit_code, says in said.stderr) == (code, True), said.stderr
    assert len(emergency.document("roster", "history")["changes"]) == 1


def test_a_swap(emergency):
    """Two people work each other's shifts on a day; swapped back, nothing is left of it."""
    said = emergency("roster", "swap", "sun_li", "2026-12-05", "--with", "xie_fang")
    assert "Sun Li (sun_li): swaps — → 2026-12-05:late" in said.stdout
    assert "Xie Fang (xie_fang): swaps — → 2026-12-05:early" in said.stdout
    back = emergency("roster", "swap", "sun_li", "2026-12-05", "--with", "xie_fang")
    assert "Sun Li (sun_li): swaps 2026-12-05:late → —" in back.stdout
    free = emergency("roster", "swap", "sun_li", "2026-12-05", "--shift", "off")
    assert "swaps — → 2026-12-05:off" in free.stdout
    emergency("roster", "leave", "xie_fang", "2026-12-06")
    refusal = emergency("roster", "swap", "sun_li", "2026-12-06", "--with", "xie_fang")
    assert (refusal.exit_code, "xie_fang is on leave on 2026-12-06" in refusal.stderr) == (3, True)


def test_what_was_exported_is_imported_by_command(emergency, tmp_path):
    """A spreadsheet goes out, a cell is changed by hand, and it comes back in with that one change."""
    file = tmp_path / "people.xlsx"
    assert emergency("roster", "export", str(file), "--numbers").exit_code == 0
    book = openpyxl.load_workbook(file)
    page = book.worksheets[1]
    row = next(cells for cells in page.iter_rows(min_row=2) if cells[0].value == "sun_li")
    row[COLUMNS.index("leave")].value = "2026-12-01..2026-12-03; 2026-12-24"
    book.save(file)
    document = emergency.document("roster", "import", str(file))
    assert list(document["changed"]) == ["sun_li"]
    assert document["changed"]["sun_li"][0]["now"] == "2026-12-01..2026-12-03; 2026-12-24..2026-12-24"


def test_who_is_there_follows_leave_and_swap(emergency):
    """`roster who` at a moment of a leave no longer counts that person, and counts who swapped in."""

    def there(at: str) -> set[str]:
        document = emergency.document("roster", "who", "--at", at)
        return {p["person"] for role in document["roles"] for p in role["people"]}

    assert "sun_li" in there("2026-12-05T10:00")
    emergency("roster", "swap", "sun_li", "2026-12-05", "--with", "xie_fang")
    assert {"sun_li", "xie_fang"} & there("2026-12-05T10:00") == {"xie_fang"}
    assert {"sun_li", "xie_fang"} & there("2026-12-05T20:00") == {"sun_li"}
    emergency("roster", "leave", "sun_li", "2026-12-05")
    assert {"sun_li", "xie_fang"} & there("2026-12-05T20:00") == set()


def test_a_table_in_gbk_is_named_when_it_is_read(emergency, tmp_path):
    """The reader is told that a file was taken for GBK, and sees the names before they count."""
    file = tmp_path / "r.csv"
    file.write_bytes((HEAD + ANN).encode("gbk"))
    said = emergency("roster", "import", str(file), "--dry-run")
    assert (said.exit_code, "comes: Ann (ann)" in said.stdout, "read as GBK" in said.stdout) == (0, True, True)
    assert "按 GBK 编码读取" in emergency("--lang", "zh", "roster", "import", str(file), "--dry-run").stdout


def test_a_check_tells_what_should_be_seen_to(emergency, tmp_path):
    """`roster check` reads every form of a roster and tells expired licences with their line, in either language."""
    here = folder(tmp_path / "people", ann=alone() + "licences: {lift: 2020-01-31}\n")
    en, zh = (emergency("--lang", lang, "roster", "check", str(here)) for lang in ("en", "zh"))
    assert (en.exit_code, zh.exit_code) == (0, 0)
    assert "ann.yaml:6: the licence 'lift' of ann ran out on 2020-01-31" in en.stdout
    assert "ann 的证书 lift 已于 2020-01-31 到期" in zh.stdout


def test_a_trigger_does_not_load_the_library_of_holidays(emergency):
    """What is known of the holidays near now stands in the store, so that nobody waits for the library."""
    script = "import sys, cli\ntry: cli.main(sys.argv[1:])\nfinally: sys.exit('holidays' in sys.modules)"
    words = [sys.executable, "-c", script, "trigger", "fire", "--at", "K12", "--drill"]
    env = {**os.environ, **{key: value for key, value in emergency.env.items() if value}}
    seen = [subprocess.run(words, cwd=ROOT, env=env, capture_output=True, timeout=60).returncode for _ in range(2)]
    assert seen[1] == 0
