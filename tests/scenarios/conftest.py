"""Scenes for drills: the sample mall, its people, the shipped plans, a clock that is moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from tests.scenarios.scene import DAY, NIGHT, NOON, Scene
from tests.scenarios.stories import STORIES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that read the same played scene one after the other: a worker takes a row of tests, so that each
    scene is played by one of them."""
    places = [n for n, item in enumerate(items) if {"silence", "story"} & set(getattr(item, "fixturenames", ()))]
    for n, item in zip(places, sorted((items[n] for n in places), key=_plan), strict=True):
        items[n] = item


def _plan(item: pytest.Item) -> str:
    """Return the plan whose scene a test reads: its parameter, else that of its page."""
    plan = getattr(getattr(item, "callspec", None), "params", {}).get("playbook")
    return str(plan or item.path.stem.removeprefix("test_"))


@pytest.fixture
def scenes() -> Iterator[Callable[[datetime], Scene]]:
    """Make scenes that begin when one likes; each log is verified at the end."""
    made: list[Scene] = []

    def make(start: datetime = NOON) -> Scene:
        made.append(Scene(start))
        return made[-1]

    yield make
    for scene in made:
        scene.close()


@pytest.fixture
def scene(scenes: Callable[[datetime], Scene]) -> Scene:
    """A scene that begins on a Sunday at noon."""
    return scenes(NOON)


KEPT = 2
"""How many scenes of a kind are held: tests that read one plan stand in a row, and a week weighs tens of megabytes."""


class Played:
    """Scenes that several tests read and none changes: each is played once, and put away when two others were since."""

    def __init__(self, play: Callable[[str], Scene]) -> None:
        self._play = play
        self._known: dict[str, Scene] = {}

    def __call__(self, playbook: str) -> Scene:
        """Return the scene of a plan."""
        if playbook not in self._known:
            self._known[playbook] = self._play(playbook)
            for oldest in list(self._known)[:-KEPT]:
                self._known.pop(oldest).close()
        return self._known[playbook]

    def close(self) -> None:
        """Verify and put away."""
        for scene in self._known.values():
            scene.close()


DAYS = {"vip_visit": 7, "elevator_entrapment": 7, "fire": 2, "crowding": 2}
"""How many days plans are left in silence: a whole week, its weekend among them, one that waits for days and one with
few steps; two days those with the most steps, and one that a single fact moves. The others have one, through every
change of shift: from then on a day is like the one before."""


def _silent_days(playbook: str) -> Scene:
    scene = Scene(NIGHT)
    scene.open(playbook)
    scene.run(until=DAYS.get(playbook, 1) * DAY)
    return scene


@pytest.fixture(scope="session")
def silence() -> Iterator[Played]:
    """Each plan, begun at three in the morning, for days in which nobody answers anything."""
    played = Played(_silent_days)
    yield played
    played.close()


def _whole_story(playbook: str) -> Scene:
    scene = Scene(NOON)
    STORIES[playbook](scene)
    scene.open(playbook)
    scene.run(until=40 * DAY)
    return scene


@pytest.fixture(scope="session")
def story() -> Iterator[Played]:
    """Each plan from the report to the archive, as it should go."""
    played = Played(_whole_story)
    yield played
    played.close()
