"""The site and the roster in force, kept in the store, and the team as the core sees it now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from emergency.core.incident import Incident
from emergency.core.site import Member, Site
from emergency.core.values import Mode, Severity
from emergency.engine import Engine
from emergency.errors import CommandRefused
from emergency.roster import Reach, Roster, members

_ROSTER = msgspec.json.Decoder(Roster)
_SITE = msgspec.json.Decoder(Site)
NOBODY = Roster()


class People:
    """Reads site and roster from the store; decodes each version once."""

    def __init__(self) -> None:
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
        return self._roster[1]

    def owner(self, engine: Engine, number: str) -> str | None:
        """Return whose telephone number this is, or None."""
        roster = self.roster(engine)
        if self._owners is None or self._owners[0] is not roster:
            self._owners = (roster, roster.by_number())
        return self._owners[1].get(number)

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
            raise CommandRefused("this installation has no site yet; make one with: emergency init --sample")
        if self._site is None or self._site[0] != digest:
            self._site = (digest, _SITE.decode(engine.store.document(digest)))
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
        busy: dict[str, Severity] = {}
        for incident in engine.open_incidents() if among is None else among:
            if incident.id == without or incident.ended or (incident.mode == "drill" and mode == "real"):
                continue
            for slots in incident.roles.values():
                for person in slots.values():
                    busy[person] = max(busy.get(person, Severity.blue), incident.severity)
        return members(self.roster(engine), self.site(engine), now, reach, busy)


def save_roster(engine: Engine, roster: Roster, now: datetime) -> None:
    """Put *roster* in force."""
    engine.store.put_current("roster", "roster", msgspec.json.encode(roster, order="sorted"), now)


def save_site(engine: Engine, site: Site, now: datetime) -> None:
    """Put *site* in force."""
    engine.store.put_current("site", "site", msgspec.json.encode(site, order="sorted"), now)
