"""The board of several incidents: who is wanted twice, who has them, and who stands in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emergency.core import contest
from emergency.core.incident import Incident
from emergency.core.values import is_drill
from emergency.roster import Roster

Document = dict[str, Any]


def wanted_twice(going: Sequence[Incident], code: str | None = None) -> list[Document]:
    """Return whom two incidents want, roles without anybody first; of one incident, or of all.

    Whom a drill lost to what is real is the drill's alone: who looks at what is real looks for what is missing there.

    Each names `person` and `role`; `wants`, the code of the incident whose role it is; `keeps`, the code of the one
    that has them; `here`, who stands in the role: somebody else, the person for both, or None.
    """
    found: dict[tuple[str, str, str], Document] = {}
    real = {incident.code for incident in going if not is_drill(incident.mode)}
    for incident in going:
        for keeps, each in (*contest.wanted(incident), *contest.also_here(incident)):
            codes = (incident.code,) if is_drill(incident.mode) and keeps in real else (None, incident.code, keeps)
            if code in codes:
                line = {"person": each.person, "role": each.role, "wants": incident.code, "keeps": keeps}
                found.setdefault((incident.code, each.role, each.person), {**line, "here": each.here})
    return sorted(found.values(), key=lambda line: line["here"] is not None)


def named(lines: Sequence[Document], going: Sequence[Incident], roster: Roster) -> Document:
    """Return the names of the people in *lines* (`people`) and the titles of the roles (`role_titles`)."""
    ids = {line[key] for line in lines for key in ("person", "here")} - {None}
    people = {id: _text(person.name) for id, person in roster.people.items() if id in ids}
    sites = [incident.site for incident in going[:1]]
    titles = {line["role"]: _text(site.duty(line["role"]).title) for site in sites for line in lines}
    return {"people": people, "role_titles": titles}


def _text(text: Any) -> Document:
    return {"zh": text.zh, "en": text.en}
