"""The building and its organisation as frozen values: places, duties, agencies, signature.

A site is one for all plans; an incident keeps the one that held when it was opened.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Literal

import msgspec

from emergency.core.values import Text


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A zone, a lift, or the whole site. `short` is what fits into one SMS (at most 12 characters).

    apart: behind doors of its own (a control room): phones may ring there although the place around it is silent.
    """

    id: str
    kind: Literal["zone", "lift", "site"]
    name: Text
    short: Text
    within: str | None = None
    registration: str = ""
    gate: Text | None = None
    aliases: tuple[str, ...] = ()
    apart: bool = False


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """What the site says of a role: its title, whose holders deputise for it, who may not hold it too.

    deputies: roles whose holders follow when this role's own are used up, first choice first.
    higher: the role that takes it when nobody is left.
    command: holders may take command of an incident; `order` of the list of duties is seniority.
    urgent: called by voice and SMS together from the first moment (practice: command roles).
    remote: can be done by telephone, so that its own people on call come before its deputies on shift; command always
        can (practice).
    needs: licences that a holder must have, each still good.
    """

    role: str
    title: Text
    deputies: tuple[str, ...] = ()
    higher: str | None = None
    command: bool = False
    urgent: bool = False
    conflicts: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    remote: bool = False


class SiteAgency(msgspec.Struct, frozen=True, kw_only=True):
    """An outside agency as this site knows it; `number` is printed for a person to dial."""

    id: str
    name: Text
    number: str


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """A shift in the site's own time. days: 0 is Monday, counted by the day it begins. starts, ends: `HH:MM`;
    one that ends before it begins goes over midnight.

    on_holidays: on a public holiday it is manned like a Sunday (practice: an office is closed, a mall is open), not at
    all, or as on any other day.
    """

    id: str
    days: tuple[int, ...]
    starts: str
    ends: str
    on_holidays: Literal["as_sunday", "off", "on"] = "as_sunday"


OFF = "off"
"""What a rotation or a swap says of a day without a shift, and a person who works in none."""


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """A pattern of shifts that repeats: `cycle` holds a shift or `off` for each day, its first entry is for `begins`.

    The rotation says on which days its people work, the shift at what hours, and whether on a public holiday.
    """

    id: str
    cycle: tuple[str, ...]
    begins: date


class Holiday(msgspec.Struct, frozen=True, kw_only=True):
    """A day that this site keeps as a public holiday although its country does not."""

    day: date
    name: Text


class Site(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One building. `places` holds the site itself first. Compared by identity, like a plan.

    country, subdivision: whose public holidays it keeps (ISO 3166); `holidays` come on top, `workdays` are none here.
    may: decision to the roles that may take it alone, the same in every plan.
    code_words: what is said so that staff start while the public stays calm; `duress` is the false "all is well".
    """

    id: str
    name: Text
    signature: Text
    address: Text
    timezone: str
    country: str
    places: tuple[Place, ...]
    duties: tuple[Duty, ...]
    agencies: tuple[SiteAgency, ...] = ()
    shifts: tuple[Shift, ...] = ()
    facts: dict[str, str] = {}
    may: dict[str, tuple[str, ...]] = {}
    code_words: dict[str, Text] = {}
    subdivision: str = ""
    rotations: tuple[Rotation, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    workdays: tuple[date, ...] = ()

    def place(self, id: str) -> Place:
        """Return the place with this id.

        Raises:
            KeyError: there is none.
        """
        return _places_of(self)[id]

    def duty(self, role: str) -> Duty:
        """Return what the site says of *role*; a role it does not know bears its own name as title."""
        return duties_of(self).get(role) or Duty(role=role, title=Text(role, role.replace("_", " ")))

    def agency(self, id: str) -> SiteAgency | None:
        """Return the agency with this id, or None."""
        return next((agency for agency in self.agencies if agency.id == id), None)

    def inside(self, id: str) -> frozenset[str]:
        """Return the ids of *id* and of every place within it."""
        found = {id}
        grew = True
        while grew:
            more = {p.id for p in self.places if p.within in found} - found
            found |= more
            grew = bool(more)
        return frozenset(found)


@lru_cache(maxsize=16)
def _places_of(site: Site) -> dict[str, Place]:
    return {place.id: place for place in reversed(site.places)}  # of two with one id the first counts


@lru_cache(maxsize=16)
def duties_of(site: Site) -> dict[str, Duty]:
    """Return role to what the site says of it."""
    return {duty.role: duty for duty in reversed(site.duties)}


@lru_cache(maxsize=256)
def _every_way(channels: tuple[str, ...], numbers: int) -> tuple[tuple[str, int], ...]:
    return tuple((channel, number) for number in range(numbers) for channel in channels)


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person of the response team as the core knows one: an id and abilities, no name and no number.

    roles: role to rank, 1 for the normal holder, higher for deputies.
    duty: on shift; on call (reachable, off site); off.
    numbers: how many telephone numbers the roster holds, tried in order.
    ways: (channel, number), in the order they are tried; empty for every channel on every number.
    two_way: may answer by SMS (some countries' networks carry no replies).
    busy: the rank of the gravest other open incident this person holds a role in, 0 for none.
    elsewhere: the code of that incident.
    spare: that other incident needs them for nothing just now: no step of theirs is open there, and they do not
        command it.
    also: the roles they hold in other incidents of the same kind.
    licences: those that are good on the day.
    absent: why somebody who would otherwise be there is not: `leave`, `swapped`, `holiday`; empty for all others.
    """

    id: str
    language: str = "zh"
    roles: dict[str, int] = {}
    duty: Literal["on", "call", "off"] = "on"
    channels: tuple[str, ...] = ("sms", "voice")
    numbers: int = 1
    two_way: bool = True
    zone: str | None = None
    busy: int = 0
    elsewhere: str = ""
    spare: bool = False
    also: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    absent: str = ""
    ways: tuple[tuple[str, int], ...] = ()

    @property
    def reached(self) -> tuple[tuple[str, int], ...]:
        """The ways to this person, (channel, number), in the order they are tried."""
        return self.ways or _every_way(self.channels, self.numbers)


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What other incidents want of a person: `Member.busy`, `elsewhere`, `spare` and `also` by themselves."""

    person: str
    rank: int = 0
    code: str = ""
    spare: bool = False
    roles: tuple[str, ...] = ()


class Wanted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person wanted twice: in which role, and who stands in it where they are not; None: nobody does."""

    person: str
    role: str
    here: str | None = None
