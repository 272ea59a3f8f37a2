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


def media(scene: Scene) -> None:
    """One outlet is received, gets an approved statement and answers; the topic dies, and a quiet day later it ends."""
    scene.everyone.works()
    scene.on("monitoring", "fact", after=HOUR, values={"active": "no"})
    scene.is_stood_down("monitoring", after=26 * HOUR)
    scene.is_followed_up()


def earthquake(scene: Scene) -> None:
    """It was felt and nothing broke: held inside, examined, opened again."""
    scene.everyone.works()
    scene.is_stood_down("resume", after=3 * HOUR)
    scene.is_followed_up()


def missing_child(scene: Scene) -> None:
    """Found by the one who looks into the corners, before ten minutes are over; handed to the guardian."""
    scene.everyone.works({"corners": "found"})
    scene.is_stood_down("found", after=20 * MINUTE)
    scene.is_followed_up()


def demonstration(scene: Scene) -> None:
    """More than fifty come; that door is limited, a deputy talks with them, they leave; half an hour of quiet."""
    scene.everyone.works()
    scene.at(4 * MINUTE, "fact", values={"people": "60"})
    scene.is_stood_down("dispersing", after=31 * MINUTE)
    scene.is_followed_up()


def riot(scene: Scene) -> None:
    """Outside at first; people are led away, the police take over, the house is swept with them."""
    scene.everyone.works({"watch": "outside", "look": "outside", "lock": "leave", "release": "released"})
    scene.on("external_command", "transition", after=10 * MINUTE, to="sweeping", by="police")
    scene.is_stood_down("controlled", after=HOUR)
    scene.is_followed_up()


def suspicious_object(scene: Scene) -> None:
    """HOT: the floor is cleared, the bomb squad finds nothing in it."""
    scene.everyone.works()
    scene.on("external_command", "transition", after=20 * MINUTE, to="controlled", by="police")
    scene.is_stood_down("controlled", after=30 * MINUTE)
    scene.is_followed_up()


def threat(scene: Scene) -> None:
    """A call with a stated time: searched, emptied, waited out until the police release the house."""
    scene.everyone.works({"assess": "medium", "choose": "all", "release": "released"})
    scene.at(MINUTE, "fact", values={"deadline": "14:00"})
    scene.is_stood_down("waiting_deadline", after=HOUR)
    scene.is_followed_up()


def severe_weather(scene: Scene) -> None:
    """Yellow, orange, red within the hour; people stay inside as a shelter until the warning is lifted."""
    scene.everyone.works({"choose": "shelter", "round": "sound"})
    scene.at(2 * MINUTE, "fact", values={"warning": "yellow", "kind": "rainstorm"})
    scene.at(30 * MINUTE, "fact", values={"warning": "orange"})
    scene.at(50 * MINUTE, "fact", values={"warning": "red"})
    scene.is_stood_down("recovery", after=2 * HOUR)
    scene.is_followed_up()


def system_failure(scene: Scene) -> None:
    """Many tills at once; the vendor brings them back after forty minutes, and they stay."""
    scene.everyone.works({"swap": "many", "cause": "longer", "repair": "down"})
    scene.on("escalated", "fact", after=40 * MINUTE, values={"restored": "yes"})
    scene.is_stood_down("backfill", after=HOUR)
    scene.is_followed_up()


def aircon_failure(scene: Scene) -> None:
    """It grows hot for half an hour, the area is limited, the plant is repaired, and it stays cool."""
    scene.everyone.works({"plant": "plain"})
    scene.on("degraded", "fact", values={"temp": "31"})
    scene.on("limit", "fact", after=15 * MINUTE, values={"repaired": "yes"})
    for minutes in (5, 20, 35, 50):
        scene.on("restoring", "fact", after=minutes * MINUTE, values={"temp": "25"})
    scene.is_stood_down("restoring", after=HOUR)
    scene.is_followed_up()


def vip_visit(scene: Scene) -> None:
    """Announced two days ahead, checked, swept, received and seen off."""
    scene.everyone.works({"at_side": "leaving"})
    scene.at(5 * MINUTE, "fact", values={"arrives": "2026-03-03T14:00", "guest_class": "b"})
    scene.is_stood_down("departing", after=20 * MINUTE)
    scene.is_followed_up()


def personal_injury(scene: Scene) -> None:
    """First aid is not enough: the ambulance takes over; photos, form, cause."""
    scene.everyone.works({"check": "hospital"})
    scene.on("handed_over", "fact", after=MINUTE, values={"injured": "1"})
    scene.is_stood_down("recording", after=2 * HOUR)
    scene.is_followed_up()


def escalator(scene: Scene) -> None:
    """Stopped, somebody is caught; the brigade frees them; the machine stays locked."""
    scene.everyone.works({"check": "caught"})
    scene.on("external_command", "transition", after=7 * MINUTE, to="handed_over", by="fire_brigade")
    scene.is_stood_down("locked_out", after=20 * MINUTE)
    scene.is_followed_up()


def gas_leak(scene: Scene) -> None:
    """The meter finds gas, the valve holds, the gas company measures clear and hands back."""
    scene.everyone.works()
    scene.on("external_command", "transition", after=50 * MINUTE, to="controlled", by="gas_company")
    scene.is_stood_down("controlled", after=2 * HOUR)
    scene.is_followed_up()


def flooding(scene: Scene) -> None:
    """A pipe inside is shut off, the water is pumped out, the electrics pass."""
    scene.everyone.works()
    scene.is_stood_down("controlled", after=HOUR)
    scene.is_followed_up()


STORIES: dict[str, Callable[[Scene], None]] = {
    "fire": fire,
    "power_outage": power_outage,
    "elevator_entrapment": elevator_entrapment,
    "robbery": robbery,
    "crowding": crowding,
    "personal_injury": personal_injury,
    "escalator": escalator,
    "gas_leak": gas_leak,
    "flooding": flooding,
    "demonstration": demonstration,
    "riot": riot,
    "suspicious_object": suspicious_object,
    "threat": threat,
    "media": media,
    "earthquake": earthquake,
    "missing_child": missing_child,
    "severe_weather": severe_weather,
    "system_failure": system_failure,
    "aircon_failure": aircon_failure,
    "vip_visit": vip_visit,
}
