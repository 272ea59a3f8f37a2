"""What giving out the roles costs: 25 of them, 60 heads, from five hundred people and from five thousand."""

from __future__ import annotations

from bench.common import Figure, median, timed
from emergency.core.assignment import assign
from emergency.core.site import Duty, Member, Place, Site
from emergency.core.values import Severity, Text

ROLES, HEADS, FLOORS, ZONES = 25, 60, 8, 12
RUNS = 15
LIMITS = {500: 20.0, 5000: 200.0}
"""People to milliseconds: what was asked for."""


def assignment() -> list[Figure]:
    """The median of giving out all seats at once, warm; the floors are the times that were asked for."""
    site = a_site()
    places = {duty.role: HEADS // ROLES + (n < HEADS % ROLES) for n, duty in enumerate(site.duties)}
    found = []
    for count, limit in LIMITS.items():
        for name, shuffled in (("", False), (", every role short of its own", True)):
            members = people(count, scarce=shuffled)

            def give_out(members: dict[str, Member] = members) -> None:
                seats = assign(places, members, site, severity=Severity.orange, place="z3_4")
                assert len(seats) == HEADS

            give_out()
            took = median([timed(give_out) for _ in range(RUNS)])
            title = f"{ROLES} roles, {HEADS} heads from {count} people{name}"
            found.append(Figure(f"{title} (floor: asked for)", took, limit, 1, "ms"))
    return found


def a_site() -> Site:
    """A tower of eight floors with twelve zones each, and twenty-five roles that deputise for one another."""
    floors = [_place(f"f{n}", None) for n in range(FLOORS)]
    zones = [_place(f"z{floor}_{n}", f"f{floor}") for floor in range(FLOORS) for n in range(ZONES)]
    return Site(
        id="tower",
        name=Text("塔楼", "Tower"),
        signature=Text("塔楼", "Tower"),
        address=Text("路", "Road"),
        timezone="Asia/Shanghai",
        country="CN",
        places=(
            Place(id="site", kind="site", name=Text("塔楼", "Tower"), short=Text("塔楼", "Tower")),
            *floors,
            *zones,
        ),
        duties=tuple(_duty(n) for n in range(ROLES)),
    )


def _place(id: str, within: str | None) -> Place:
    return Place(id=id, kind="zone", name=Text(id, id), short=Text(id, id), within=within)


def _duty(n: int) -> Duty:
    return Duty(
        role=f"role{n}",
        title=Text(f"岗位{n}", f"Role {n}"),
        deputies=(f"role{(n + 1) % ROLES}", f"role{(n + 7) % ROLES}"),
        higher=f"role{n // 5}" if n >= 5 else None,
        command=n < 3,
        conflicts=(f"role{n - 1}",) if n % 6 == 5 else (),
        needs=("card",) if n % 5 == 4 else (),
    )


def people(count: int, *, scarce: bool) -> dict[str, Member]:
    """A roster as large sites have it: a third on shift, some on call, two or three roles each, a few called away.

    scarce: the own people of the later roles are nearly all those of the earlier ones, so that hardly any seat goes to
        its own first choice: the worst case for whoever gives out the seats.
    """
    return {f"p{n:04}": _person(n, ROLES // 5 if scarce else ROLES) for n in range(count)}


def _person(n: int, common: int) -> Member:
    mixed = n * 2654435761 % 2**32  # Knuth's multiplicative hash: the same people every time, in no order
    own = mixed % common
    roles = {f"role{own}": 1 + mixed // 64 % 2, f"role{(own + 1 + mixed // 512 % 4) % ROLES}": 2 + mixed // 4096 % 2}
    if mixed // 7 % 3 == 0:
        roles.setdefault(f"role{mixed // 11 % ROLES}", 3)
    busy = mixed // 13 % 20
    return Member(
        id=f"p{n:04}",
        roles=roles,
        duty=("on", "off", "call")[0 if mixed // 17 % 3 == 0 else 1 + mixed // 19 % 2],
        zone=f"z{mixed // 23 % FLOORS}_{mixed // 29 % ZONES}" if mixed // 17 % 3 == 0 else None,
        busy=4 if busy == 0 else 1 if busy < 3 else 0,
        elsewhere="F01" if busy < 3 else "",
        licences=("card",) if mixed // 31 % 2 else (),
    )
