"""Persistent maps: either library keeps the same contract, and brings the same log."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import emergency.core.maps as at_work

OLD, NEW = (3, 13), (3, 14)


def maps_of(version: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the maps as a Python of *version* would have them."""
    assert at_work.__file__ is not None
    spec = importlib.util.spec_from_file_location("maps_of_another_python", Path(at_work.__file__))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", version)
        spec.loader.exec_module(module)
    return module


@pytest.fixture(params=[OLD, NEW], ids=["immutables", "rpds"])
def maps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the maps over one library."""
    return maps_of(request.param, monkeypatch)


def test_each_python_has_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quicker one where it has a build."""
    assert maps_of(OLD, monkeypatch).Map.__module__.startswith("immutables")
    assert maps_of(NEW, monkeypatch).Map.__module__.startswith("rpds")


def test_the_map_before_stays_as_it_was(maps: ModuleType) -> None:
    """What was seen of an incident is never changed by what comes after."""
    empty = maps.Map()
    one = maps.insert(empty, "a1", 1)
    two = maps.insert(maps.insert(one, "a2", 2), "a1", 9)
    less = maps.discard(two, "a1")
    assert [dict(each.items()) for each in (empty, one, two, less)] == [{}, {"a1": 1}, {"a1": 9, "a2": 2}, {"a2": 2}]
    assert [len(each) for each in (empty, one, two, less)] == [0, 1, 2, 1]


def test_what_is_not_there(maps: ModuleType) -> None:
    """Letting go of what is not there returns the very same map; asking for it raises KeyError."""
    one = maps.Map({"a1": 1})
    assert maps.discard(one, "a2") == one
    assert one.get("a2") is None
    assert one.get("a2", 7) == 7
    assert "a2" not in one
    with pytest.raises(KeyError):
        one["a2"]


def test_equal_by_what_is_in_it(maps: ModuleType) -> None:
    """The way an entry came makes no difference."""
    names = [f"a{n}" for n in range(200)]
    there, back = maps.Map(), maps.Map()
    for name in names:
        there = maps.insert(there, name, name)
    for name in reversed(names):
        back = maps.insert(back, name, name)
    assert there == back == maps.Map({name: name for name in names})
    assert sorted(there) == sorted(there.keys()) == sorted(there.values()) == sorted(names)


REHEARSED = """
import sys
real = sys.version_info
sys.version_info = {version}
import emergency.core.maps
sys.version_info = real
assert emergency.core.maps.Map.__module__.split(".")[0] == {library!r}
from datetime import timedelta
from hashlib import sha256
import msgspec
from emergency.drills.players.model import profiles, read_model
from emergency.drills.players.played import Played
from emergency.drills.rehearsals.rehearsal import Rehearsal
from tests.rehearsing import stage, team
from tests.scenarios.scene import NOON
people = Played(read_model(None), profiles(team(NOON)[0], NOON, stage().site), 7)
rehearsal = Rehearsal(stage(), people)
rehearsal.run(timedelta(minutes=50))
told = repr([(msgspec.to_builtins(event), at) for event, at in rehearsal.history()[1:]])
print(len(rehearsal.history()), sha256(told.encode()).hexdigest())
"""


def test_the_same_log_with_either() -> None:
    """A fire rehearsed over each library, in a process of its own."""
    logs = set()
    for version, library in ((OLD, "immutables"), (NEW, "rpds")):
        code = REHEARSED.format(version=version, library=library)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        logs.add(done.stdout)
    assert len(logs) == 1
    assert int(logs.pop().split()[0]) > 500
