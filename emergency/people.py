"""The site and the roster in force, kept in the store, and the team as the core sees it now."""

from __future__ import annotations

from datetime import datetime

import msgspec

from emergency.core.site import Member, Site
from emergency.core.values import Severity
from emergency.engine import Engine
from emergency.errors import CommandRefused
from emergency.roster import Reach, Roster, members

_ROSTER = msgspec.json.Decoder(Roster)
_SITE = msgspec.json.Decoder(Site)


class People:
    """Reads site and roster from the store; decodes each version once."""

    def __init__(self) -> None:
        self._roster: tuple[bytes, Roster] | None = None
        self._site: tuple[bytes, Site] | None = None

    def roster(self, engine: Engine) -> Roster:
        """Return the roster in force; an empty one before the first import."""
        body = engine.store.current("roster")
        if body is None:
            return Roster()
        if self._roster is None or self._roster[0] != body:
            self._roster = (body, _ROSTER.decode(body))
        return self._roster[1]

    def site(self, engine: Engine) -> Site:
        """Return the site in force.

        Raises:
            CommandRefused: none was ever put in.
        """
        body = engine.store.current("site")
        if body is None:
            raise CommandRefused("this installation has no site yet; make one with: emergency init --sample")
        if self._site is None or self._site[0] != body:
            self._site = (body, _SITE.decode(body))
        return self._site[1]

    def members(self, engine: Engine, reach: Reach, now: datetime, without: str | None = None) -> tuple[Member, ...]:
        """Return the team at *now*; *without* is an incident whose own roles do not make anybody busy."""
        busy: dict[str, Severity] = {}
        for incident in engine.open_incidents():
            if incident.id == without or incident.ended:
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
