"""Whoever answers a drill that its director has paused learns at once that it stands still.

A pause is quiet: the director has the players on the radio. An answer to it waits with all else that the drill sends,
so without these words whoever gave it would hear nothing and send it again. Each hears it once in a pause; the answer
itself follows as the drill goes on. Where it stands still for any other reason, everybody was told so already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emergency.core import events as e
from emergency.core.calls import STOP_WORD
from emergency.core.incident import Incident
from emergency.core.practice import QUIETLY
from emergency.core.wording import answer
from emergency.engine import Engine

BY_TEXT = "sms"
"""Who presses a key hears the answer in the call; who opens a link reads it on the page."""


def say_so(engine: Engine, incident: Incident, events: Sequence[e.AnyEvent]) -> None:
    """Queue the words for everybody whose text *events* have just recorded, in the transaction that is open."""
    from emergency.outbox import answer_row

    if incident.mode != "live_drill" or incident.frozen is None or incident.stopped - QUIETLY:
        return
    for person in dict.fromkeys(_answering(incident, events)):
        member = incident.members.get(person)
        if member is None:
            continue
        row = answer_row(
            engine, id=f"still:{incident.id}:{incident.frozen.timestamp():.0f}:{person}", person=person, number=0,
            mode=incident.mode, text=answer("drill_still", member.language, {"code": incident.code}),
            language=member.language, sign=incident.site.signature.of(member.language), incident=incident.id,
            now=engine.clock.now(), urgency=STOP_WORD,
        )  # fmt: skip
        engine.store.queue(row)


def _answering(incident: Incident, events: Sequence[e.AnyEvent]) -> Iterator[str]:
    """Yield who has just sent a text: received, done, cannot, or words that nobody could read."""
    for event in events:
        match event:
            case e.AlertAcknowledged(alert=alert, via=via) if via == BY_TEXT:
                yield incident.alerts[alert].person
            case e.AlertClosed(alert=alert, because="declined"):
                yield incident.alerts[alert].person
            case e.StepDone(person=person, via=via) if via == BY_TEXT:
                yield person
            case e.NoteAdded(by=person, via=via) if via == BY_TEXT:
                yield person
