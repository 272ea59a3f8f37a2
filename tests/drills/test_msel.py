"""The list of injects as a table: out and in without loss, guarded cells, every mistake with its row."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from emergency.core.values import Text
from emergency.drills.scenario import PARAMS, Contingency, Deliver, Expect, Inject, InjectKind, Scenario
from emergency.drills.scenarios import msel
from emergency.drills.scenarios.drafting import import_list
from emergency.drills.scenarios.file import SHIPPED, read_file, read_scenario
from emergency.drills.scenarios.shapes import a_moment
from emergency.errors import Mistakes
from tests.drills.test_scenario_file import WHOLE
from tests.scenarios.scene import sample_site

FILES = sorted(SHIPPED.glob("*.yaml"))


def again(scenario: Scenario, text: str) -> Scenario:
    """Write the list of a scenario, read it into the same file, and read that."""
    injects = msel.read(msel.write(scenario), "list.csv")
    return read_scenario(msel.put_into(text, injects).encode(), f"{scenario.id}.yaml", sample_site())


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_out_and_in_is_the_same(path: Path) -> None:
    """What a shipped scenario says of its injects survives the table; everything else of the file stays as written."""
    before = path.read_text("utf-8")
    one = read_file(path, sample_site())
    after = msel.put_into(before, msel.read(msel.write(one), "list.csv"))
    two = read_scenario(after.encode(), path.name, sample_site())

    assert msel.same(one.injects, two.injects)
    unlined = [replace(each, line=0) for each in one.objectives]
    assert [replace(each, line=0) for each in two.objectives] == unlined
    assert before[: before.index("\ninjects:")] == after[: after.index("\ninjects:")]
    assert before.rstrip().endswith(after.rstrip().splitlines()[-1])
    assert msel.put_into(after, msel.read(msel.write(two), "list.csv")) == after


words = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), exclude_characters="{}"),
    min_size=1,
    max_size=30,
).map(str.strip).filter(lambda text: text.strip() and not text.isspace())  # fmt: skip
texts = st.builds(Text, words, words)
lengths = st.integers(0, 10**10).map(lambda ms: timedelta(milliseconds=ms // 1000)) | st.integers(0, 5000).map(
    lambda minutes: timedelta(minutes=minutes)
)
expects = st.builds(
    Expect,
    id=st.just("E"),
    text=texts,
    check=st.sampled_from(["state confirmed", "evaluator Q1", "command != guo_xin and fact injured >= 2"]),
    within=st.none() | lengths,
    critical=st.booleans(),
)
simple = st.builds(
    Inject,
    id=st.just("I"),
    kind=st.sampled_from(["message.inbound", "person.wrong_number", "person.declines"]),
    at=lengths,
    target=st.sampled_from(["guo_xin", "role.on_scene"]),
    text=texts,
    deliver=st.builds(
        Deliver, sender=st.just("press"), to=st.just("role.comms"), by=st.sampled_from(["sms", "simcell_call"])
    ),
    visible_to=st.sampled_from([(), ("control",), ("control", "evaluators"), ("players", "control")]),
    objective=st.none() | st.just("O1"),
    expect=st.lists(expects, max_size=3).map(tuple),
    contingency=st.none() | st.builds(
        Contingency, if_not=st.just("E0"), after=lengths, do=st.just("simcell.prompt"), text=texts
    ),
)  # fmt: skip


def named(injects: list[Inject], replies: list[str]) -> tuple[Inject, ...]:
    """Give each inject and expectation a name of its own, and what it replies where its kind says something."""
    made, number = [], 0
    for n, inject in enumerate(injects):
        own = []
        for each in inject.expect:
            own.append(replace(each, id=f"X{number}"))
            number += 1
        params = {"reply": replies[n]} if inject.kind == "person.wrong_number" else {}
        made.append(replace(inject, id=f"I{n}", expect=tuple(own), params=params))
    return tuple(made)


@given(st.lists(simple, max_size=4), st.lists(words, min_size=4, max_size=4))
@settings(max_examples=40, deadline=None)
def test_whatever_people_write_survives(injects: list[Inject], replies: list[str]) -> None:
    """Words with commas, quotes, semicolons, formula signs and emoji; lengths with fractions: all come back."""
    base = read_scenario(WHOLE.encode(), "kitchen.yaml", sample_site())
    one = replace(base, injects=named(injects, replies))

    assert msel.same(again(one, WHOLE).injects, one.injects)


@given(lengths)
def test_lengths_are_written_as_they_are_read(length: timedelta) -> None:
    """Every length that the program writes it reads as the same."""
    assert a_moment(msel.say_length(length)) == length


def test_no_cell_is_calculated() -> None:
    """A cell that a spreadsheet would calculate is guarded, and read back without its guard."""
    base = read_scenario(WHOLE.encode(), "kitchen.yaml", sample_site())
    evil = Text('=HYPERLINK("http://x";"y")', "+1-2")
    one = replace(base, injects=(replace(base.injects[1], text=evil),))
    cells = [cell for row in csv.reader(io.StringIO(msel.write(one).decode("utf-8-sig"))) for cell in row]

    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell]
    assert again(one, WHOLE).injects[0].text == evil


def test_who_reads_it() -> None:
    """Every kind has a subject in both languages; the list says that it is not for players."""
    assert set(msel.SUBJECTS) == set(PARAMS)
    text = msel.write(read_file(SHIPPED / "lift_stuck.yaml", sample_site())).decode("utf-8-sig")
    assert "不得给参演者" in text
    assert "人员失联 person unreachable" in text


HEADER = "number,time,from,to,message_zh,message_en,kind,target,params,expect,expected_zh,expected_en,check"


@pytest.mark.parametrize(
    "rows, told",
    [
        ("I1,1:30,a,b,甲,a,,,,,,,", [(2, "write 1m30s or 1h30m")]),
        ("I1,2,a,b,甲,a,,,,,,,", [(2, "has no unit")]),
        ("I1,2m,a,b,,a,,,,,,,", [(2, "the words in zh are missing")]),
        ("I1,2m,a,,甲,a,,,,,,,", [(2, "'to' is missing")]),
        ("I1,2m,,,,,person.unreachble,x,,,,,", [(2, "Did you mean 'person.unreachable'?")]),
        ("I1,2m,,,,,person.late,x,,,,,", [(2, "needs 'by'")]),
        ("I1,2m,,,,,person.late,x,by 3m,,,,", [(2, "write name=value"), (2, "needs 'by'")]),
        ("I1,,,,,,person.declines,x,,,,,", [(2, "says not when it comes")]),
        ("I1,2m,,,,,person.declines,x,,E1,甲,a,stat over", [(2, "Did you mean 'state'?")]),
        (
            "I1,2m,,,,,person.declines,x,,E1,甲,a,state over\nI1,,,,,,,,,E1,甲,a,state over",
            [(3, "E1 stands here twice")],
        ),
        ("I1,2m,,,,,person.declines,x,,,,,\nI1,3m,,,,,person.declines,x,,,,,", [(3, "I1 stands here twice")]),
        ("no,2m,,,,,person.declines,x,,,,,", [(2, "is a yes or no to many programs")]),
        ("I1,2,a,b,甲,a,,,,,,,\nI2,3,a,b,乙,b,,,,,,,", [(2, "has no unit"), (3, "has no unit")]),
    ],
)
def test_a_mistake_and_its_row(rows: str, told: list[tuple[int, str]]) -> None:
    """Every mistake of a list is told at once, with its row and what to write instead."""
    with pytest.raises(Mistakes) as refused:
        msel.read(f"{HEADER}\n{rows}\n".encode(), "list.csv")
    problems = refused.value.problems

    assert {problem.file for problem in problems} == {"list.csv"}
    for line, says in told:
        assert any(p.line == line and says in p.says for p in problems), problems


def test_a_column_that_nobody_knows() -> None:
    """An unknown column is no silent loss."""
    with pytest.raises(Mistakes, match=r"list.csv:1: 'tiem' is no column of a list. Did you mean 'time'\?"):
        msel.read(b"number,tiem\nI1,2m\n", "list.csv")


def test_a_list_of_another_maker() -> None:
    """Number, time, from, to and message are enough: such a row is a message that somebody plays."""
    raw = "编号,时间,来自,对象,内容,message,ignored\n".replace(",ignored", "").encode()
    raw += "M1,9m,记者,role.comms,属实吗,is it so\n".replace("记者", "reporter").encode()
    injects = msel.read(raw, "list.csv")

    assert injects["M1"]["kind"] == "message.inbound"
    one = read_scenario(
        msel.put_into(WHOLE, injects).replace("since: I1", "since: start").encode(), "kitchen.yaml", sample_site()
    )
    assert one.injects[0].deliver == Deliver(sender="reporter", to="role.comms")
    assert one.injects[0].text == Text("属实吗", "is it so")


def test_nothing_is_written_by_half(tmp_path: Path) -> None:
    """A list that would spoil the scenario leaves the file as it was; a good one changes the injects alone."""
    file, table = tmp_path / "kitchen.yaml", tmp_path / "list.csv"
    file.write_text(WHOLE, "utf-8")
    table.write_bytes(f"{HEADER}\nI1,2m,,,,,person.declines,x,,E0,甲,a,state over\n".encode())
    with pytest.raises(Mistakes, match="'E0' stands here twice"):
        import_list(str(table), str(file), sample_site())
    assert file.read_text("utf-8") == WHOLE

    table.write_bytes(f"{HEADER}\nI1,2m,,,,,person.declines,x,,E1,甲,a,state over\n".encode())
    assert import_list(str(table), str(file), sample_site()) == 1
    assert [each.id for each in read_file(file, sample_site()).injects] == ["I1"]
    assert file.read_text("utf-8").startswith(WHOLE[: WHOLE.index("injects:")])


def test_kinds_have_a_name() -> None:
    """The kinds of the list are those of a scenario."""
    kinds: set[InjectKind] = set(PARAMS)
    assert kinds == set(msel.SUBJECTS)


def test_what_a_spreadsheet_leaves_behind() -> None:
    """Empty columns at the end are nobody's mistake; with something in them they are named. A bare number is a name."""
    head = "No;Time;From;To;Message;内容;;\r\n"
    row = "1;2m;reporter;control_room;What is going on?;出了什么事;;\r\n"
    injects = msel.read((head + row).encode("utf-8-sig"), "list.csv")
    assert list(injects) == ["I1"]
    with pytest.raises(Mistakes, match=r"list\.csv:1: '' is no column"):
        msel.read((head + row.replace(";;", ";;left")).encode("utf-8-sig"), "list.csv")
