"""How each plan goes when it goes well: who answers what, and what is done at the console."""

from __future__ import annotations

from collections.abc import Callable

from tests.scenarios.scene import HOUR, MINUTE, Scene


def fire(scene: Scene) -> None:
    """The first attack does not hold; the brigade takes over and hands back; two hours of fire watch."""
    scene.everyone.works({"first_attack": "big", "hydrant": "holding"})
    scene.on("external_command", "transition", after=7 * MINUTE, to="controlled", by="fire_brigade")
    scene.is_stood_down("controlled", after=2 * HOUR)
    scene.is_followed_up()


def power_outage(scene: Scene) -> None:
    """The generator holds, mains comes back and stays."""
    scene.everyone.works({"estimate": "short"})
    scene.at(2 * MINUTE, "fact", values={"extent": "building"})
    scene.on("on_backup", "fact", after=8 * MINUTE, values={"mains": "yes"})
    scene.is_stood_down("controlled", after=20 * MINUTE)
    scene.is_followed_up()


def elevator_entrapment(scene: Scene) -> None:
    """The maintainer comes and opens; everybody is well."""
    scene.everyone.works()
    scene.on("released", "fact", values={"inside": "no"})
    scene.is_stood_down("locked_out", after=20 * MINUTE)
    scene.is_followed_up()


def robbery(scene: Scene) -> None:
    """He is seen, he goes; the scene is kept until the police release it."""
    scene.everyone.works({"watch": "here", "track": "left"})
    scene.is_stood_down("scene_held", after=HOUR, by="police")
    scene.is_followed_up()


def crowding(scene: Scene) -> None:
    """The crowd grows to a full stop, is let out by zones, and is gone."""
    scene.everyone.works()
    scene.counts({0: 1.2, 5: 2.1, 8: 3.1, 20: 2.4, 30: 0.6}, until=70)
    scene.is_stood_down("controlled", after=20 * MINUTE)
    scene.is_followed_up()


STORIES: dict[str, Callable[[Scene], None]] = {
    "fire": fire,
    "power_outage": power_outage,
    "elevator_entrapment": elevator_entrapment,
    "robbery": robbery,
    "crowding": crowding,
}
