"""The documents are held against the program: what they name must be there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import cli
from emergency.core.replies import OPT_OUT, parse

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
BY_HAND = [ROOT / "README.md", *sorted((ROOT / "docs" / "guides").glob("*.md"))]
SETTING = re.compile(r"\b(?:TWILIO|EMERGENCY)_[A-Z_]+\b")


def fenced(page: Path) -> Iterator[str]:
    """Yield the lines of a page that stand in fences, and what stands between single backquotes."""
    text = page.read_text("utf-8")
    for block in re.findall(r"^ *```\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        yield from block.splitlines()
    yield from re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


def typed(page: Path) -> list[list[str]]:
    """Return the commands that a page tells people to type, without the options before them."""
    found = []
    for line in fenced(page):
        match = re.match(
            r"\s*(?:\.venv/bin/)?emergency((?: --(?:home|lang) \S+)*) ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", line
        )
        if match:
            found.append([word for word in match.groups()[1:] if word])
    return found


@pytest.mark.parametrize("page", BY_HAND, ids=lambda page: page.name)
def test_every_command_in_the_documents_exists(page: Path) -> None:
    """Whatever a page tells people to type is a command of the program."""
    commands = typed(page)

    assert commands
    for words in commands:
        command = cli.main.commands.get(words[0])
        assert command is not None, words
        if isinstance(command, click.Group):
            assert words[1] in command.commands, words


def test_the_two_commands_stand_in_the_readme() -> None:
    """Who has just arrived finds `make demo` and `make test`, and the Makefile has both."""
    lines = list(fenced(ROOT / "README.md"))
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    for target in ("demo", "test"):
        assert any(line.split("#")[0].strip() == f"make {target}" for line in lines)
        assert target in targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_in_the_documents_is_read(page: Path) -> None:
    """A setting that a page names is one that the program reads."""
    sources = "".join(
        path.read_text("utf-8") for folder in ("emergency", "notifiers") for path in (ROOT / folder).rglob("*.py")
    )
    known = set(SETTING.findall(sources)) | {"TWILIO_VOICE_ZH", "TWILIO_VOICE_EN"}

    assert set(SETTING.findall(page.read_text("utf-8"))) <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_in_the_documents_leads_somewhere(page: Path) -> None:
    """A link within the project points to a file or folder that is there."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def rows(key: str) -> list[str]:
    """Return the words that the guide gives for *key*, in both languages."""
    text = (ROOT / "docs" / "guides" / "replies.md").read_text("utf-8").split("## 用话说")[1]
    line = next(line for line in text.splitlines() if line.startswith(f"| `{key}` |"))
    return [word.strip() for cell in line.split("|")[2:4] for word in re.split("[、,]", cell)]


@pytest.mark.parametrize("key", ["1", "2", "3", "9"])
def test_the_words_in_the_guide_are_understood(key: str) -> None:
    """Every word that the guide offers for a key is read as that key."""
    words = rows(key)

    assert len(words) >= 5
    for word in words:
        assert [reply.key for reply in parse(word)] == [key], word


def test_the_forms_in_the_guide_are_understood() -> None:
    """Every way of writing that the guide shows is read as it says."""
    for text in ("F07A1", "F07A 1", "f07a1", "Ｆ０７Ａ１"):
        assert [(r.code, r.letter, r.key) for r in parse(text)] == [("F07", "A", "1")], text
    assert [(r.code, r.letter, r.key) for r in parse("F07A2 F07B1")] == [("F07", "A", "2"), ("F07", "B", "1")]
    assert [(r.code, r.letter, r.key) for r in parse("F07 1")] == [("F07", "", "1")]
    assert {"STOP", "END", "CANCEL", "QUIT"} <= OPT_OUT
