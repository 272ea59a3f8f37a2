"""People of a further language: what they get in a drill, what they can answer, and how they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from emergency.core import languages
from emergency.languages.shelf import Shelf
from emergency.languages.template import entries
from emergency.people import save_roster
from tests.core.test_languages import po
from tests.scenarios.scene import MINUTE, SECOND, Scene, sample_roster, sample_site, shipped_plans

HELENE = "sun_li"
"""On duty in the control room; in these tests her language is French."""
FRENCH = {
    "Star Plaza": "Star Plaza",
    "B1 food ct": "B1 resto",
    "B1 food court": "Aire de restauration B1",
    "Control room": "PC sécurité",
    "Fire alarm, unconfirmed": "Alarme incendie à vérifier",
    "Fire confirmed": "Incendie confirmé",
}
"""What this site has put into French; the other texts of the fire plan are left in English, as they stand."""


def the_texts() -> dict[str, str]:
    """Return every text of the site and of the fire plan, in French as far as this site has it."""
    found = entries(sample_site(), [shipped_plans()["fire"]])
    own = {each.english for each in entries(None, [])}
    return {each.english: FRENCH.get(each.english, each.english) for each in found if each.english not in own}


def speaks_french(scene: Scene, home: Path | None, words: Mapping[str, str]) -> None:
    """Let one person of the scene be written to in French, with the site's own words beside the shipped ones."""
    if home is not None:
        (home / "fr.po").write_bytes(po(words, 'msgid ""\nmsgstr ""\n"Language: fr\\n"\n\n'))
    scene.people.languages = Shelf(own=home)
    people = dict(sample_roster().people)
    people[HELENE] = replace(people[HELENE], language="fr")
    save_roster(scene.engine, replace(sample_roster(), people=people), scene.start)
    scene.people.roster(scene.engine)


@pytest.fixture(autouse=True)
def _no_catalogue_stays() -> Iterator[None]:
    yield
    languages.remove("fr")


def test_one_person_is_drilled_in_french(scene: Scene, tmp_path: Path) -> None:
    """She gets text, call and answers in French, marked at both ends in French; everybody else gets what they got."""
    speaks_french(scene, tmp_path, the_texts())
    scene.everyone.works()
    scene.phone(HELENE).answers_after(5 * SECOND)
    scene.open("fire")
    scene.run(until=4 * MINUTE)

    texts = [rung.message.text for rung in scene.received(HELENE, channel="sms")]
    assert texts[0].startswith("[Star Plaza] EXERCICE XF01 ")
    assert texts[0].endswith(" EXERCICE")
    assert "Vous: " in texts[0]
    assert "Répondez XF01" in texts[0]
    assert "2 fait, 3 impossible" in texts[0]
    call = scene.received(HELENE, channel="voice")[0].message
    assert call.language == "fr"
    assert call.text.startswith("Exercice, exercice, exercice. Star Plaza, urgence X F 0 1.")
    assert call.text.endswith("9 à l'aide. C'était un exercice.")
    answers = [r.message.text for r in scene.received(HELENE, answers=True) if r.message.id.startswith("re:")]
    assert answers
    assert all(text.startswith("[Star Plaza] EXERCICE XF01") and text.endswith(" EXERCICE") for text in answers)
    assert "noté, compris. Une fois fait répondez" in answers[0]
    assert not any(
        word in text for text in [*texts, *answers, call.text] for word in ("DRILL", "Drill", "Reply", "演练")
    )

    others = [rung.message for rung in scene.received() if scene.owners[rung.message.to] != HELENE]
    assert {message.language for message in others} == {"zh", "en"}
    assert not any("EXERCICE" in message.text or "Exercice" in message.text for message in others)


def test_a_call_is_english_where_some_words_are(scene: Scene) -> None:
    """With the program's own words alone in French, her texts mix both and her calls are English throughout, also at
    the marks: no voice reads the words of another language."""
    speaks_french(scene, None, {})
    scene.everyone.is_silent()
    scene.open("fire")
    scene.run(until=4 * MINUTE)

    text = scene.received(HELENE, channel="sms")[0].message
    assert text.language == "fr"
    assert text.text.startswith("[Star Plaza] EXERCICE XF01 ")
    call = scene.received(HELENE, channel="voice")[0].message
    assert call.language == "en"
    assert call.text.startswith("Drill, drill, drill. Star Plaza emergency X F 0 1.")
    assert call.text.endswith("This was a drill.")
    assert "Exercice" not in call.text


def test_the_log_is_the_same_in_every_language(scene: Scene, scenes, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Words are presentation: but for the language of one person, the same night writes the same log."""
    other = scenes()
    speaks_french(scene, tmp_path, the_texts())
    for each in (scene, other):
        each.everyone.works()
        each.open("fire")
        each.run(until=4 * MINUTE)
    assert [event for event, _ in scene.log()][1:] == [event for event, _ in other.log()][1:]
