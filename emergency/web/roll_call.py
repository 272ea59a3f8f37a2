"""The page of kind `muster`: is this person safe? Three large buttons, and what was noted last: it may be changed."""

from __future__ import annotations

from emergency.core.incident import Incident
from emergency.core.values import Text
from emergency.core.wording import answer, headline, moment_words
from emergency.engine import Engine
from emergency.muster import rolls
from emergency.muster.answers import KEYS
from emergency.muster.state import ANSWERS
from emergency.store.links import LinkRow
from emergency.web.page import Button, View

LABELS: dict[str, Text] = {
    "ask": Text("你安全吗?", "Are you safe?"),
    "where": Text("地点", "Where"),
    "1": Text("我平安", "I am safe"),
    "2": Text("我需要帮助", "I need help"),
    "3": Text("我不在现场", "I am not on site"),
}
TONES = {"1": "go", "3": "no", "2": "help"}
"""How the buttons look, in the order in which they stand: the cry for help is the last, as on every page."""


class RollCallPage:
    """Asks, and takes the answer; the last one counts."""

    def view(self, engine: Engine, link: LinkRow, part: str, language: str) -> View | None:
        """Return the page; None where it is not about a roll call that expects this person."""
        muster = rolls.musters(engine).of(link.incident or "")
        known = rolls.musters(engine).person(link.incident or "", link.person)
        if muster is None or known is None or part:
            return None
        incident = engine.incident(muster.incident)
        said = _noted(muster.code, known.status, language) if known.status else ""
        over = "" if muster.closed_at is None else answer("roll_closed", language, {"code": muster.code})
        return View(
            mode=incident.mode,
            sign=incident.site.signature.of(language),
            code=muster.code,
            headline=headline(incident, language),
            rows=((LABELS["where"].of(language), _where(incident, language)),),
            do=LABELS["ask"].of(language),
            said=" ".join(filter(None, (said, over))),
            asks=not known.status,
            buttons=() if incident.is_closed else _buttons(language),
            state=f"{incident.is_closed}",
            until=moment_words(link.expires_at, incident),
        )

    def press(self, engine: Engine, link: LinkRow, part: str, key: str, id: str) -> bool:
        """Do what the same key does in a call."""
        incident = engine.incident(link.incident or "")
        if key not in TONES or incident.is_closed:
            return False
        if not engine.store.first_time(id, engine.clock.now(), "link", link.person):
            engine.store.count("inbound_repeated")
            return True
        rolls.say(engine, incident, link.person, KEYS[key], "link")
        engine.store.inbound_outcome(id, f"roll_{KEYS[key]}", incident.id)
        return True


def _noted(code: str, status: str, language: str) -> str:
    said = {str(key): text for key, text in ANSWERS.items()}[status]
    return answer("chosen", language, {"ref": code, "text": said.of(language)})


def _where(incident: Incident, language: str) -> str:
    return incident.site.place(incident.place).short.of(language)


def _buttons(language: str) -> tuple[Button, ...]:
    return tuple(Button(key, LABELS[key].of(language), tone) for key, tone in TONES.items())
