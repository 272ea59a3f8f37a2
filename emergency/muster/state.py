"""How a roll call stands, computed from counts. Pure: what is said of people and zones goes in, totals come out.

People are counted by name. Who is there without a name (visitors of a cinema) is never counted as safe: a zone is
swept, or given up with a reason, and no head-count of the public says that it is empty (practice).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from emergency.core.guards import FINISHED
from emergency.core.incident import Incident, StepRun
from emergency.core.site import Place, Site
from emergency.core.values import Text

Answer = Literal["safe", "help", "away"]
"""What may be said of somebody: safe, needs help, not on site."""
ANSWERS: dict[Answer, Text] = {
    "safe": Text("平安", "safe"),
    "help": Text("求助", "needs help"),
    "away": Text("不在", "not here"),
}
MARKS: dict[str, Text] = {
    "open": Text("未清", "not swept"),
    "swept": Text("已清", "swept"),
    "given_up": Text("放弃", "given up"),
}
NOWHERE = Text("位置不明", "place unknown")


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many people: expected is the sum of safe, help, away and missing.

    unasked: of the missing, those whom no message has gone to yet. unreachable: those of them without a telephone.
    """

    safe: int = 0
    help: int = 0
    away: int = 0
    missing: int = 0
    unasked: int = 0
    unreachable: int = 0

    @property
    def expected(self) -> int:
        """How many are expected."""
        return self.safe + self.help + self.away + self.missing

    @property
    def accounted(self) -> int:
        """Of how many it is known where they are: safe, or not on site."""
        return self.safe + self.away

    def __add__(self, other: Count) -> Count:
        return Count(**{name: getattr(self, name) + getattr(other, name) for name in Count.__struct_fields__})


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a zone: swept, or given up. by: a roster id, an agency or `console`; reason: a seal, or ''.

    step: whether the incident's own step says so.
    """

    mark: str
    by: str
    at: datetime | None
    reason: str = ""
    step: bool = False


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """One floor with all that lies within it. heads: people without names."""

    place: str
    name: Text
    count: Count
    heads: int = 0
    mark: Mark | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is neither swept nor given up."""
        return self.mark is None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A whole roll call: totals, and the floors in the order of the site; the last may be that of unknown places."""

    total: Count
    zones: tuple[Zone, ...]

    @property
    def heads(self) -> int:
        """People without names, everywhere."""
        return sum(zone.heads for zone in self.zones)

    @property
    def heads_open(self) -> int:
        """People without names in zones that are not swept."""
        return sum(zone.heads for zone in self.zones if zone.mark is None or zone.mark.mark != "swept")


def count_of(status: str, people: int, reachable: int, asked: int) -> Count:
    """Return the count of *people* of whom the same was said last."""
    if status:
        return Count(**{status: people})
    return Count(missing=people, unasked=people - asked, unreachable=people - reachable)


def floor_of(site: Site, place: str) -> str:
    """Return the floor that a place lies on: the outermost zone around it; '' for the site itself and the unknown."""
    known = {each.id: each for each in site.places}
    here = known.get(place)
    while here is not None and here.within is not None and known[here.within].kind != "site":
        here = known[here.within]
    return here.id if here is not None and here.kind == "zone" else ""


def floors(site: Site) -> tuple[Place, ...]:
    """Return the zones that lie within no other, in the order of the site."""
    return tuple(place for place in site.places if place.kind == "zone" and place.within is None)


def gather(
    site: Site,
    counts: Iterable[tuple[str, Count]],
    marks: Mapping[str, Mark],
    heads: Iterable[tuple[str, int]] = (),
) -> State:
    """Return the state of a roll call.

    Args:
        counts: place to count; a place may come several times. marks: by place. heads: people without names, by place.
    """
    by_floor: dict[str, Count] = {}
    for place, count in counts:
        floor = floor_of(site, place)
        by_floor[floor] = by_floor.get(floor, Count()) + count
    nameless: dict[str, int] = {}
    for place, number in heads:
        floor = floor_of(site, place)
        nameless[floor] = nameless.get(floor, 0) + number
    zones = [
        Zone(
            place=place.id, name=place.name, count=by_floor.get(place.id, Count()), heads=nameless.get(place.id, 0),
            mark=mark_of(site, place.id, marks),
        )
        for place in floors(site)
    ]  # fmt: skip
    if "" in by_floor or "" in nameless:
        count, number = by_floor.get("", Count()), nameless.get("", 0)
        whole = marks.get(site.places[0].id)
        zones.append(Zone(place="", name=NOWHERE, count=count, heads=number, mark=whole))
    total = sum((zone.count for zone in zones), Count())
    return State(total=total, zones=tuple(zones))


def mark_of(site: Site, place: str, marks: Mapping[str, Mark]) -> Mark | None:
    """Return what is known of a zone: what was said of it, else of the whole site, else of all that lies in it.

    A zone of which every part was swept is swept; where one of them was given up, so is the whole.
    """
    said = marks.get(place) or marks.get(site.places[0].id)
    if said is not None:
        return said
    parts = [mark_of(site, each.id, marks) for each in site.places if each.within == place and each.kind == "zone"]
    known = [part for part in parts if part is not None]
    if not parts or len(known) < len(parts):
        return None
    given_up = next((part for part in known if part.mark == "given_up"), None)
    return given_up or max(known, key=lambda part: (part.at is not None, part.at))


def marks_of(incident: Incident, own: Mapping[str, Mark]) -> dict[str, Mark]:
    """Return what is known of every zone: the incident's own steps first, then what the roll call was told (*own*).

    A zone whose step is open again is not swept, whatever was said before.
    """
    marks = dict(own)
    latest: dict[str, StepRun] = {run.zone: run for run in incident.steps.values() if run.zone}
    for zone, run in latest.items():
        if run.status == "open" and run.id in incident.here:
            marks.pop(zone, None)
        elif run.status in FINISHED:
            mark = "swept" if run.status == "done" else "given_up"
            said = own.get(zone)
            if said is None or said.mark != mark:
                said = Mark(mark=mark, by=run.person or "", at=run.finished)
            marks[zone] = replace(said, step=True)
    return marks


def open_runs(incident: Incident, place: str) -> tuple[StepRun, ...]:
    """Return the steps of the incident that wait for this zone to be swept: one answer is enough for each of them."""
    runs = (run for run in incident.runs_here() if run.zone == place and run.status == "open")
    return tuple(run for run in runs if (plan := incident.plan_of(run)) is not None and not plan.decision)


def listed(people: Sequence[str], at_most: int) -> tuple[Sequence[str], int]:
    """Return the first of *people*, and how many are left out."""
    return people[:at_most], max(0, len(people) - at_most)
