"""The site and the roster in force, kept in the store, and the team as the core sees it now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from emergency.core import contest
from emergency.core.incident import Incident
from emergency.core.site import Elsewhere, Member, Site
from emergency.core.values import Mode, Text
from emergency.engine import Engine
from emergency.errors import CommandRefused
from emergency.languages.shelf import Shelf
from emergency.roster import Person, Reach, Roster, known_days, members, next_change
from emergency.store.musters import Musters
from emergency.store.rosters import Rosters

_ROSTER = msgspec.json.Decoder(Roster)
_SITE = msgspec.json.Decoder(Site)
NOBODY = Roster()


class People:
    """Reads site and roster from the store; decodes each version once, and has the languages in it ready."""

    def __init__(self, languages: Shelf | None = None) -> None:
        """Remember where catalogues are; without a shelf, there are the shipped ones."""
        self.languages = languages or Shelf()
        self._roster: tuple[str, Roster] | None = None
        self._site: tuple[str, Site] | None = None
        self._owners: tuple[Roster, dict[str, str]] | None = None
        self._names: dict[str, tuple[Roster, dict[str, str]]] = {}

    def roster(self, engine: Engine) -> Roster:
        """Return the roster in force; an empty one before the first import."""
        digest = engine.store.current_digest("roster")
        if digest is None:
            return NOBODY
        if self._roster is None or self._roster[0] != digest:
            self._roster = (digest, _ROSTER.decode(engine.store.document(digest)))
            self.languages.bring({person.language for person in self._roster[1].people.values()}, engine)
        return self._roster[1]

    def owner(self, engine: Engine, number: str) -> str | None:
        """Return whose telephone number this is, or None."""
        roster = self.roster(engine)
        if self._owners is None or self._owners[0] is not roster:
            self._owners = (roster, roster.by_number())
        return self._owners[1].get(number) or Musters(engine.store).guest_by_number(number)

    def person(self, engine: Engine, id: str) -> Person | None:
        """Return somebody of the roster, or a guest of a roll call; None when nobody is called so."""
        known = self.roster(engine).people.get(id)
        if known is not None:
            return known
        guest = Musters(engine.store).guest(id)
        if guest is None:
            return None
        numbers = (guest.number,) if guest.number else ()
        name = Text(guest.name, guest.name)
        return Person(id=guest.id, name=name, language=guest.language, numbers=numbers, roles={}, shift="")

    def names(self, engine: Engine, language: str) -> dict[str, str]:
        """Return id to name in *language*."""
        roster = self.roster(engine)
        if language not in self._names or self._names[language][0] is not roster:
            self._names[language] = (roster, roster.names(language))
        return self._names[language][1]

    def site(self, engine: Engine) -> Site:
        """Return the site in force.

        Raises:
            CommandRefused: none was ever put in.
        """
        digest = engine.store.current_digest("site")
        if digest is None:
            raise CommandRefused(
                "this installation has no site yet; make one with: emergency init --sample",
                "这个安装还没有场所。请先建立:emergency init --sample",
            )
        if self._site is None or self._site[0] != digest:
            self._site = (digest, _SITE.decode(engine.store.document(digest)))
            known_days.bring(self._site[1], engine)
        return self._site[1]

    def members(
        self,
        engine: Engine,
        reach: Reach,
        now: datetime,
        without: str | None = None,
        mode: Mode = "real",
        among: Sequence[Incident] | None = None,
    ) -> tuple[Member, ...]:
        """Return the team at *now*, for an incident of this mode; nobody is too busy with a drill for what is real.

        Args:
            without: an incident whose own roles do not make anybody busy.
            among: the open incidents, where they have just been looked up.
        """
        going = engine.open_incidents() if among is None else among
        team = members(self.roster(engine), self.site(engine), now, reach, {})
        there = contest.elsewhere(without, mode, going)
        return tuple(_with_what_others_want(m, there[m.id]) if m.id in there else m for m in team)

    def next_change(self, engine: Engine, now: datetime) -> datetime | None:
        """Return when somebody's duty changes next, or None where nobody's ever does."""
        return next_change(self.site(engine), self.roster(engine), now)


def _with_what_others_want(member: Member, there: Elsewhere) -> Member:
    return replace(member, busy=there.rank, elsewhere=there.code, spare=there.spare, also=there.roles)


def save_roster(engine: Engine, roster: Roster, now: datetime, by: str = "console", note: str = "") -> None:
    """Put *roster* in force, and write down who did so and from what."""
    store = engine.store
    before = store.current_digest("roster") or ""
    store.put_current("roster", "roster", msgspec.json.encode(roster, order="sorted"), now)
    digest = store.current_digest("roster") or ""
    if digest != before:
        Rosters(store).write_down(now, digest, before, len(roster.people), by, note)


def save_site(engine: Engine, site: Site, now: datetime) -> None:
    """Put *site* in force."""
    engine.store.put_current("site", "site", msgspec.json.encode(site, order="sorted"), now)
