"""The false "all is well": who is forced to say it is believed by nobody but the one who forces them."""

from __future__ import annotations

from pathlib import Path

import pytest

from emergency.core import events as e
from emergency.notify import Inbound
from emergency.store import codec
from emergency.verbs import perform
from tests.installation import sample


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("一切照旧,没问题", id="zh"),
        pytest.param("All as usual, no problem!", id="en"),
        pytest.param("R01 1 all as usual no problem", id="within an answer"),
    ],
)
def test_the_duress_word_tells_command_and_shows_nothing(tmp_path: Path, written: str) -> None:
    """Command and control room hear not to contact the person; the person reads the usual answer; the words are
    nowhere on record."""
    app = sample(tmp_path)
    engine = app.engine()
    opened = perform(app.desktop, engine, "trigger", {"playbook": "robbery", "at": "f1_jeweller"})
    incident = engine.incident(opened["id"])
    watching = {incident.command, *incident.holders("control_room")}
    person = next(p for p in sorted(incident.of_person) if p not in watching)
    number = app.people.roster(engine).people[person].numbers[0]

    inbound = Inbound(id="SM1", provider="test", channel="sms", sender=number, text=written)
    outcome = engine.unit(lambda en: app.inbox.receive(en, inbound))

    assert outcome.kind == "help"
    assert outcome.says in ("R01已记:收到。", "R01: noted, received.")
    (asked,) = [event for event, _ in engine.store.history(incident.id) if isinstance(event, e.HelpAsked)]
    assert (asked.person, asked.via) == (person, "duress")
    after = engine.incident(incident.id)
    told = {alert.person for alert in after.alerts.values() if alert.kind == "duress"}
    assert told == watching
    assert not any(
        "照旧" in text or "usual" in text for text in engine.store.words(_seals(engine, incident.id)).values()
    )
    assert not any(b"usual" in codec.encode(event) for event, _ in engine.store.history(incident.id) if _small(event))
    engine.store.close()


def _small(event: e.Event) -> bool:
    return not isinstance(event, e.IncidentOpened)


def _seals(engine: object, id: str) -> list[str]:
    from emergency import documents

    records = engine.store.records(id)  # type: ignore[attr-defined]
    return documents.seals_in([{"data": documents.without_type(record.data)} for record in records])
