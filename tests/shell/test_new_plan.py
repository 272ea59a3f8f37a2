"""A new plan from the template works as it stands; the guide to writing one tells the truth."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emergency.core.values import Text
from emergency.errors import Mistakes
from emergency.loader import read_playbook
from emergency.picture.template import CODES, TEMPLATE, free_code, new_plan
from tests.installation import sample
from tests.shell.drawn import GUIDE, ROOT, guide, site, typed

PAGE = ROOT / "docs" / "guides" / "writing-a-plan.md"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample installation."""
    home = tmp_path_factory.mktemp("new") / "home"
    sample(home)
    return home


def test_a_new_plan_passes_as_it_stands(home: Path) -> None:
    """It is written into the installation, is listed, passes the check and can be drawn; nothing is overwritten."""
    made = typed(home, "playbook", "new", "spill", "--code", "U", "--title-zh", "泼洒", "--title-en", "Spill", "--json")
    file = home / "playbooks" / "spill.yaml"
    text = file.read_text("utf-8")
    again = typed(home, "playbook", "new", "spill")

    assert made.exit_code == 0
    assert str(file) in made.stdout
    assert typed(home, "playbook", "check", "spill").exit_code == 0
    assert "泼洒" in typed(home, "playbook", "list").stdout
    assert typed(home, "playbook", "chart", "spill").exit_code == 0
    assert again.exit_code == 3
    assert "already" in again.stderr
    assert file.read_text("utf-8") == text


@pytest.mark.parametrize(
    "words, status, says",
    [
        pytest.param(["fire"], 3, "there is a plan 'fire' already", id="the name of a shipped plan"),
        pytest.param(["../up"], 2, "is no id", id="a path"),
        pytest.param(["Spill"], 2, "is no id", id="capitals"),
        pytest.param(["leak", "--code", "X"], 2, "is no code", id="the letter of drills"),
        pytest.param(["leak", "--code", "FF"], 2, "is no code", id="two letters"),
        pytest.param(["leak", "--code", "F"], 2, "the code F is that of 'fire'", id="a letter that is taken"),
        pytest.param(["leak", "--title-en", "a\nb"], 2, "is no title", id="two lines"),
        pytest.param(["leak", "--title-zh", "{{x}}"], 2, "is no title", id="code of a template"),
        pytest.param(["leak", "--title-zh", " "], 2, "is no title", id="blank"),
    ],
)
def test_what_cannot_be_is_refused(home: Path, words: list[str], status: int, says: str) -> None:
    """Wrong words are refused, and no file is left."""
    before = sorted(home.rglob("*.yaml"))
    refused = typed(home, "playbook", "new", *words)

    assert (refused.exit_code, says in refused.stderr) == (status, True)
    assert sorted(home.rglob("*.yaml")) == before


@pytest.mark.parametrize(
    "title", ['a "quoted" title', "back\\slash", "colon: here # and hash", "{braces}", "ID_HERE", "- x"]
)
def test_any_title_is_a_title(title: str) -> None:
    """Whatever one line of words is called, the plan is read and bears that title."""
    plan = read_playbook(new_plan("spill", "U", title, title).encode(), "spill.yaml", site())

    assert plan.title == Text(title, title)


def test_the_letter_is_free_and_like_the_name() -> None:
    """A letter of the id is taken first; none when all are gone."""
    assert free_code([], "spill") == "S"
    assert free_code(["S", "P"], "spill") == "A"  # not the L: roll calls have it
    assert free_code(set(CODES) - {"L"}, "spill") == "L"
    assert free_code(["S"], "s") == "A"
    assert free_code(CODES, "spill") is None


def test_every_part_of_the_template_is_explained() -> None:
    """Each block of the template has a comment; no mark is left over."""
    made = new_plan("spill", "U", "甲", "A")

    assert not re.search(r"ID_HERE|CODE_HERE|TITLE_", made)
    for word in ("facts", "severity", "milestones", "roles", "agencies", "states"):
        before = made.split(f"\n{word}:")[0].splitlines()[-1]
        assert before.startswith("#"), word
    assert TEMPLATE.exists()


def test_the_plan_of_the_guide_passes(home: Path) -> None:
    """The finished plan is without a mistake for the sample site."""
    checked = typed(home, "playbook", "check", str(GUIDE))

    assert guide().id == "chemical_smell"
    assert checked.exit_code == 0, checked.stdout


def test_the_guide_quotes_its_plan() -> None:
    """Each line of YAML in the guide stands in the finished plan, but for spaces and remarks."""
    plan = {plain(line) for line in GUIDE.read_text("utf-8").splitlines()}
    quoted = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)

    assert len(quoted) >= 8
    for line in "".join(quoted).splitlines():
        assert plain(line) in plan, line


def plain(line: str) -> str:
    """A line of YAML without its remark and with single spaces."""
    return " ".join(re.sub(r"\s+#.*", "", line).split())


def test_the_guide_starts_as_the_program_does(home: Path) -> None:
    """The command that the guide types makes a plan; the codes that it answers with are those of the rehearsal."""
    made = typed(home, "playbook", "new", "chemical_smell", "--code", "L", "--title-zh", "化学异味")
    file = home / "playbooks" / "chemical_smell.yaml"
    file.write_text(GUIDE.read_text("utf-8"), "utf-8")
    started = typed(home, "trigger", "chemical_smell", "--at", "F1 atrium", "--drill")

    assert made.exit_code == 0
    assert "XL01" in started.stdout
    assert "look from the door" in started.stdout
    file.unlink()


def test_a_broken_template_would_be_seen() -> None:
    """The check that the tests above lean on does refuse a template with a line too few."""
    broken = new_plan("spill", "U", "甲", "A").replace("      - {after: 1h", "      # - {after: 1h")

    with pytest.raises(Mistakes, match="everybody is silent"):
        read_playbook(broken.encode(), "spill.yaml", site())
