"""The rooms of the house: who may import whom, who reads the clock, and what a start may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "emergency/core").glob("*.py"))
INSIDE = sorted((ROOT / "emergency").rglob("*.py"))
OURS = [*INSIDE, *sorted((ROOT / "notifiers").rglob("*.py")), ROOT / "cli.py"]
PURE = {
    "__future__", "bisect", "collections", "dataclasses", "datetime", "difflib", "enum", "fractions", "functools",
    "heapq", "itertools", "math", "operator", "re", "statistics", "string", "textwrap", "types", "typing",
    "unicodedata",
}  # fmt: skip
"""Modules of the standard library that only compute."""


def modules(path: Path) -> list[str]:
    """Every module that the file imports, anywhere in it, in full: `from a.b import c` is `a.b.c`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports name the whole path"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def names(path: Path) -> list[str]:
    """Every dotted name that the file uses, with what its imports stand for written out in full."""
    tree = ast.parse(path.read_text("utf-8"))
    stands_for = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            stands_for.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
        elif isinstance(node, ast.Import):
            stands_for.update({a.asname or a.name: a.name for a in node.names})
    found = []
    for node in ast.walk(tree):
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            found.append(".".join([stands_for.get(node.id, node.id), *parts]))
    return found


def within(module: str, *rooms: str) -> bool:
    """Whether the module is one of the rooms or lies in one."""
    return any(module == room or module.startswith(room + ".") for room in rooms)


def ids(paths: list[Path]) -> list:
    """The files as parameters, called by their paths."""
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


def test_there_is_something_to_walk():
    """The walls below stand around something."""
    assert len(CORE) >= 15
    assert len(INSIDE) > len(CORE) + 15
    assert "emergency.core.decide.respond" in modules(ROOT / "emergency/engine.py")
    assert "datetime.datetime.now" in names(ROOT / "emergency/clock.py")


@pytest.mark.parametrize("path", ids(CORE))
def test_the_core_knows_nothing_of_the_world(path):
    """The core imports itself, the errors, what only computes, and four pure libraries."""
    allowed = ("emergency.core", "emergency.errors", "msgspec", "immutables", "rpds", "jinja2")
    if path.name == "machine.py":
        allowed = (*allowed, "transitions")
    if path.name == "matching.py":
        allowed = (*allowed, "lap", "numpy")
    if path.name == "maps.py":
        allowed = (*allowed, "sys")  # which Python it is
    for module in modules(path):
        assert within(module, *allowed) or module.split(".")[0] in PURE, module


PROVING = [
    ROOT / f"emergency/check/{name}.py"
    for name in ("space", "cells", "room", "explore", "graph", "times", "story", "plan")
]


@pytest.mark.parametrize("path", ids(PROVING))
def test_a_proof_rests_on_the_core_alone(path):
    """What proves a plan imports the core and what only computes: no file, clock, network or roster."""
    for module in modules(path):
        assert within(module, "emergency.check", "emergency.core", "emergency.errors", "msgspec") or (
            module.split(".")[0] in PURE
        ), module


def test_the_library_for_machines_is_in_one_room():
    """`transitions` is imported in the machine's room alone."""
    users = [path for path in OURS if any(within(module, "transitions") for module in modules(path))]
    assert users == [ROOT / "emergency/core/machine.py"]


def test_the_solver_is_in_one_room():
    """The assignment solver is imported in the room of rows and columns alone; arrays there, and where figures are
    learned from trials."""
    solvers, arrays = (
        [path for path in OURS if any(within(module, name) for module in modules(path))] for name in ("lap", "numpy")
    )
    assert solvers == [ROOT / "emergency/core/matching.py"]
    assert arrays == [ROOT / "emergency/core/matching.py", ROOT / "emergency/drills/players/learning.py"]


@pytest.mark.parametrize("path", ids(INSIDE))
def test_emergency_is_handed_its_notifiers(path):
    """The engine never reaches for a provider or for the command line: they reach for it."""
    for module in modules(path):
        assert not within(module, "notifiers", "cli", "twilio", "tests"), module


@pytest.mark.parametrize("path", ids(sorted((ROOT / "notifiers").rglob("*.py"))))
def test_notifiers_know_the_protocol_alone(path):
    """A provider knows the protocol, the errors and plain values; nothing of the store or the engine."""
    rooms = ("notify", "errors", "core", "clock", "ids", "VERSION")
    allowed = tuple(f"emergency.{room}" for room in rooms)
    for module in modules(path):
        assert not within(module, "emergency") or within(module, *allowed), module


TIME = {
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "time.sleep",
}  # fmt: skip
DICE = ("random", "secrets", "uuid", "os.urandom", "numpy.random")


@pytest.mark.parametrize("path", ids([path for path in OURS if path != ROOT / "emergency/clock.py"]))
def test_time_is_read_in_one_room(path):
    """Nothing but the clock reads the time, or sleeps."""
    assert not TIME & set(names(path))


DICE_ROOMS = (ROOT / "emergency/ids.py", ROOT / "emergency/drills/dice.py")


@pytest.mark.parametrize("path", ids([path for path in OURS if path not in DICE_ROOMS]))
def test_dice_are_rolled_in_one_room(path):
    """Nothing but the room of ids rolls dice, and that of drills, whose dice anybody can throw again."""
    for used in [*modules(path), *names(path)]:
        assert not within(used, *DICE), used


@pytest.mark.parametrize("path", ids(CORE))
def test_the_core_opens_nothing(path):
    """The core neither opens, prints, evaluates nor imports by name, whatever it is given."""
    forbidden = {"open", "print", "input", "eval", "exec", "compile", "__import__", "globals", "setattr", "breakpoint"}
    assert not forbidden & set(names(path))


HEAVY = {"pydantic", "twilio", "fastapi", "starlette", "uvicorn", "aiohttp", "asyncio", "transitions", "jinja2",
         "apscheduler", "phonenumbers", "numpy", "lap"}  # fmt: skip


def loaded(*arguments: str) -> set[str]:
    """The packages that a start with these arguments loads, and the status it ends with checked."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", str(ROOT / "cli.py"), *arguments],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    lines = [line for line in run.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments", [pytest.param(("--help",), id="help"), pytest.param(("trigger", "--help"), id="help of a command")]
)
def test_a_start_is_light(arguments):
    """Asking for help loads no web framework, no provider, no schema library and no templates: it is there at once."""
    packages = loaded(*arguments)
    assert "click" in packages
    assert not HEAVY & packages
