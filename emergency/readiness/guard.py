"""A change of the roster that would leave a role without anybody is not made by accident."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.errors import CommandRefused, Mistakes
from emergency.phrases import phrase
from emergency.readiness.documents import Document, both, hole_line
from emergency.readiness.lines import what, when
from emergency.readiness.look import days_touched, new_holes
from emergency.readiness.series import Repeat
from emergency.roster import Roster
from emergency.store.codec import to_text

if TYPE_CHECKING:
    from emergency.app import App
    from emergency.engine import Engine
    from emergency.roster.change import Changed

MOST_SHOWN = 5


class Guard:
    """Looks at a change before it is written, and refuses one that opens a hole at a level at which a plan may begin.

    anyway: why it is to be made all the same; None when nobody said so. holes: those it opens, as a document.
    """

    def __init__(self, app: App, anyway: str | None = None) -> None:
        """Remember what is needed. Raises Mistakes: *anyway* gives no reason."""
        if anyway is not None and not anyway.strip():
            raise Mistakes(
                '--anyway needs a reason: --anyway "an agency sends somebody"',
                '--anyway 后面要写理由,如:--anyway "外单位派人顶"',
            )
        self.app = app
        self.anyway = anyway
        self.holes: Document = {"holes": []}

    def __call__(self, engine: Engine, changed: Changed) -> None:
        """Look at *changed*. Raises CommandRefused: it opens a hole, and nobody gave a reason."""
        self.look(engine, changed.before, changed.after)
        if self.holes["holes"] and self.anyway is None:
            lang = self.app.settings.lang
            raise CommandRefused("\n".join([*hole_lines(self.holes, lang), phrase("hole_refused", lang)]))

    def look(self, engine: Engine, before: Roster, after: Roster) -> Document:
        """Return the holes that a change opens on the days it touches; plans that cannot be read are left out."""
        site, now = self.app.people.site(engine), engine.clock.now()
        days = days_touched(before, after, now, ZoneInfo(site.timezone))
        if days is not None:
            plans = list(self.app.library.load_all(engine, site)[0].values())
            found = new_holes(plans, site, before, after, *days)
            self.holes = _document(found, plans, site, after, days[1])
        return self.holes


def look(app: App, changed: Changed) -> Document:
    """Return the holes that a change opens which is only looked at."""
    engine = app.engine()
    with contextlib.closing(engine.store):
        return Guard(app).look(engine, changed.before, changed.after)


def _document(
    holes: Sequence[Repeat], plans: Sequence[Playbook], site: Site, roster: Roster, until: datetime
) -> Document:
    named: set[str] = set()
    found = [hole_line(each, site, named) for each in holes]
    return {
        "holes": found,
        "until": to_text(until),
        "timezone": site.timezone,
        "plans": [{"plan": plan.id, "title": both(plan.title)} for plan in plans],
        "people": {id: both(roster.people[id].name) for id in sorted(named) if id in roster.people},
        "role_titles": {duty.role: both(duty.title) for duty in site.duties},
    }


def hole_lines(holes: Document, lang: str) -> list[str]:
    """Return what a change opens, for a person: the first few, each with its plans and why."""
    lines = [phrase("hole_opens", lang, n=len(holes["holes"]))]
    for hole in holes["holes"][:MOST_SHOWN]:
        lines += [f"  ✗ {when(hole, holes, lang)}", *(f"      {line}" for line in what(hole, holes, lang))]
    if len(holes["holes"]) > MOST_SHOWN:
        lines.append(f"    … +{len(holes['holes']) - MOST_SHOWN}")
    return lines
