"""Further languages at the terminal, in files, and over a provider that can be heard."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

import cli
from emergency import doctor
from emergency.core import events as e
from emergency.core import languages
from emergency.core.templates import END_MARK, MARK, TEMPLATES
from emergency.core.wording import own_texts
from emergency.errors import Mistakes
from emergency.languages.shelf import Shelf, use
from emergency.languages.template import entries
from emergency.loader import read_roster
from emergency.people import save_roster
from emergency.send_test import Trial
from notifiers.registry import notifiers_for
from tests.core.test_languages import po
from tests.fake_twilio import FakeTwilio
from tests.serving import Mill, make_app, make_home, twilio_env
from tests.small import ROSTER, number, plan, roster, site

HEAD = 'msgid ""\nmsgstr ""\n"Language: {}\\n"\n\n'
FRENCH = {
    "Leak": "Fuite d'eau",
    "alarm": "alarme",
    "Hall": "Hall",
    "Old Mill": "Vieux Moulin",
    "Guard": "Vigile",
    "Porter": "Portier",
    "Commander": "Chef",
    "go and look": "allez voir",
    "come and lead": "venez diriger",
    "where is it from": "d'où vient l'eau",
}


def site_words(found: dict[str, str] = FRENCH) -> dict[str, str]:
    """Return every text of the small building and its plan in French; what has no French stays as it stands."""
    every = entries(site(), [plan("leak")])
    own = {text.en for text in own_texts().values()}
    return {each.english: found.get(each.english, each.english) for each in every if each.english not in own}


def put_catalogue(home: Path, language: str, words: dict[str, str]) -> Path:
    """Write a catalogue into an installation."""
    (home / "languages").mkdir(exist_ok=True)
    path = home / "languages" / f"{language}.po"
    path.write_bytes(po(words, HEAD.format(language)))
    return path


def speaking(home: Path, person: str, language: str) -> None:
    """Let one person of the roster be written to in *language*."""
    app = make_app(home, {})
    engine = app.engine()
    people = dict(roster().people)
    people[person] = replace(people[person], language=language)
    engine.unit(lambda e: save_roster(e, replace(roster(), people=people), e.clock.now()))
    engine.store.close()


def types(home: Path, *words: str, lang: str = "en", **env: str) -> tuple[int, str]:
    """Type a command; return its exit status and all that it printed."""
    env = {"EMERGENCY_HOME": str(home), "EMERGENCY_LANG": lang, **env}
    result = CliRunner().invoke(cli.main, list(words), env=env, prog_name="emergency")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def asks(home: Path, *words: str, **env: str) -> dict[str, Any]:
    """Type a command with --json; return its document."""
    said = types(home, *words, "--json", **env)[1]
    document: dict[str, Any] = json.loads(said[said.index("{") : said.rindex("}") + 1])
    return document


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave no catalogue of one test to the next."""
    yield
    for language in languages.installed():
        languages.remove(language)
    use(Shelf())


# over the provider


def test_a_french_commander_is_written_to_and_called_in_french(twilio: FakeTwilio) -> None:
    """Text, call, the key pressed in it and the answer to that are French, said by a French voice."""
    home = make_home()
    put_catalogue(home, "fr", site_words())
    speaking(home, "anna", "fr")
    mill = Mill(twilio, home).start()
    try:
        mill.phone("anna").will_press("1")
        id = mill.trigger()["id"]
        mill.wait_for(id, e.AlertAcknowledged, via="voice")
        mill.calm()
        texts = [message.body for message in twilio.messages if message.to == number("anna")]
        calls = [call.form["Twiml"] for call in twilio.calls if call.to == number("anna")]
    finally:
        mill.stop()
    assert texts[0].startswith("[Vieux Moulin] L01")
    assert "Répondez L01" in texts[0]
    assert 'voice="Polly.Lea-Neural"' in calls[0]
    assert 'language="fr-FR"' in calls[0]
    assert "Vieux Moulin, urgence L 0 1. Fuite d'eau" in calls[0]


def test_a_call_without_a_voice_is_english(twilio: FakeTwilio) -> None:
    """A language that the provider has no voice for is written, and called in English by the English voice."""
    home = make_home()
    words = {text.en: text.en for text in own_texts().values()} | site_words()
    words |= {MARK.en: "LATIHAN ", END_MARK.en: " LATIHAN", "Leak": "Bocor"}
    put_catalogue(home, "ms", words)
    speaking(home, "anna", "ms")
    mill = Mill(twilio, home).start()
    try:
        mill.phone("anna").will_press("1")
        id = mill.trigger()["id"]
        mill.wait_for(id, e.AlertAcknowledged, via="voice")
        mill.calm()
        texts = [message.body for message in twilio.messages if message.to == number("anna")]
        calls = [call.form["Twiml"] for call in twilio.calls if call.to == number("anna")]
    finally:
        mill.stop()
    assert "Bocor" in texts[0]
    assert "Bocor" not in calls[0]
    assert 'language="en-US"' in calls[0]
    assert "Old Mill emergency L 0 1. Leak" in calls[0]


def test_a_test_of_a_telephone_is_in_its_language(twilio: FakeTwilio) -> None:
    """`doctor --send-test` writes in the person's language, and does not take its own words for an answer."""
    home = make_home()
    speaking(home, "chloe", "fr")
    app = make_app(home, twilio_env(twilio, None))
    engine = app.engine()
    trial = Trial(app, engine)
    trial.begin("chloe", ("sms", "voice"))
    said = {row.channel: trial._message(row) for row in trial.rows}
    engine.store.close()
    assert (said["sms"].language, said["voice"].language) == ("fr", "fr")
    assert "Ni urgence, ni exercice" in said["sms"].text
    assert said["voice"].text.startswith("Test, test. Old Mill essaie ce téléphone.")


# the roster


def test_a_roster_names_only_languages_that_are_there(tmp_path: Path) -> None:
    """A language without a catalogue, or with one that cannot be used, is refused with what there is."""
    text = ROSTER.replace("language: zh", "language: xx", 1).encode()
    with pytest.raises(Mistakes) as refused:
        read_roster(text, "roster.yaml", site())
    assert "'xx' is no language here; there is zh, en, fr" in str(refused.value)

    (tmp_path / "xx.po").write_bytes(po({"done": "x"}, HEAD.format("xx")))
    use(Shelf(own=tmp_path))
    with pytest.raises(Mistakes):
        read_roster(text, "roster.yaml", site())

    (tmp_path / "xx.po").write_bytes(po(LEAST, HEAD.format("xx")))
    assert read_roster(text, "roster.yaml", site()).people["felix"].language == "xx"


LEAST = {MARK.en: "OVNING ", END_MARK.en: " OVNING", TEMPLATES["voice_drill"].en: "Ovning. {{body}} Det var en ovning."}


def test_a_changed_catalogue_is_read_again(tmp_path: Path) -> None:
    """The compiled form in the store belongs to one text of the file: a changed one is read anew."""
    home = make_home(tmp_path)
    speaking(home, "chloe", "xx")

    def done() -> str | None:
        app = make_app(home, {})
        app.engine().store.close()
        return languages.translated("done", "xx")

    put_catalogue(home, "xx", LEAST | {"done": "gjort"})
    assert [done(), done()] == ["gjort", "gjort"]
    put_catalogue(home, "xx", LEAST | {"done": "klart"})
    assert done() == "klart"
    (home / "languages" / "xx.po").unlink()
    assert done() is None


def test_nobody_waits_for_languages_that_nobody_reads(tmp_path: Path) -> None:
    """An installation of zh and en alone never loads what reads catalogues, and neither does one whose catalogues are
    compiled."""
    home = make_home(tmp_path)
    look = (
        "import sys; sys.path.insert(0, '.')\n"
        "from pathlib import Path; from tests.serving import make_app\n"
        f"make_app(Path({str(home)!r}), {{}}).engine().store.close()\n"
        "print(sorted(m for m in sys.modules if m.startswith('babel')))"
    )

    def loaded() -> str:
        root = Path(__file__).parents[2]
        done = subprocess.run([sys.executable, "-c", look], cwd=root, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert loaded() == "[]"
    speaking(home, "chloe", "fr")
    assert "babel.messages.pofile" in loaded()
    assert loaded() == "[]"


# the commands


def test_the_template_holds_what_people_receive(tmp_path: Path) -> None:
    """Every text of the program, of the site and of the plans, once, with its Chinese, its place and its room; filled
    in and put in place, it is a whole language."""
    home = make_home(tmp_path)
    file = tmp_path / "messages.pot"
    status, said = types(home, "language", "template", "--output", str(file))
    assert status == 0, said
    text = file.read_text("utf-8")
    for words in ("You: {{role}}", "[{{sign}}]" not in text and "go and look", "Old Mill", "South gate", "a pipe"):
        assert str(words) in text
    assert "#. zh: 去看" in text
    assert "#: leak.alarm.look" in text
    assert "#. at most 42 characters" in text
    ready = file.with_name("sv.po")
    ready.write_text(text.replace('"MIME-Version', '"Language: sv\\n"\n"MIME-Version'), "utf-8")
    document = asks(home, "language", "check", str(ready))
    assert document["have"] == 0
    assert document["of"] == len(document["missing"]) > 80


def test_checking_a_file(tmp_path: Path) -> None:
    """Every mistake with its line in the operator's language, and how much is there; 2 where something is wrong."""
    home = make_home(tmp_path)
    good = put_catalogue(home, "sv", LEAST | {"go and look": "ga och se", "nobody says this": "x"})
    status, said = types(home, "language", "check", str(good))
    assert status == 0
    assert "sv: 4 of " in said
    assert "1 that nothing says" in said
    bad = put_catalogue(home, "sv", LEAST | {"go and look": "STOP", "Hall": "En mycket lang hall"})
    status, said = types(home, "language", "check", str(bad))
    assert status == 2
    assert f"{bad}:14: 'go and look' holds a word that carriers take" in said
    assert f"{bad}:17: 'Hall' has 19 characters, at most 12" in said
    assert "退订" in types(home, "language", "check", str(bad), lang="zh")[1]


@pytest.mark.parametrize("name", ["zh.po", "messages.po"])
def test_a_file_that_is_no_language(tmp_path: Path, name: str) -> None:
    """A catalogue is called by its language; zh and en need none."""
    home = make_home(tmp_path)
    (tmp_path / name).write_bytes(po(LEAST))
    status, said = types(home, "language", "check", str(tmp_path / name))
    assert status != 0
    assert "is its language" in said


def test_the_list(tmp_path: Path) -> None:
    """Every language with how much of it is there, how many read it, and what their calls are made in."""
    home = make_home(tmp_path)
    put_catalogue(home, "sv", LEAST)
    speaking(home, "chloe", "sv")
    rows = {row["language"]: row for row in asks(home, "language", "list")["languages"]}
    assert list(rows) == ["zh", "en", "fr", "sv"]
    assert rows["en"]["all"]["have"] == rows["en"]["all"]["of"] > rows["fr"]["all"]["have"]
    assert rows["fr"]["own"]["have"] == rows["fr"]["own"]["of"]
    assert (rows["sv"]["people"], rows["sv"]["own"]["have"], rows["sv"]["calls_in"]) == (1, 3, "en")
    assert "calls in English" in types(home, "language", "list")[1]
    assert "电话用英语" in types(home, "language", "list", lang="zh")[1]


def test_the_doctor_names_languages_that_are_not_ready(twilio: FakeTwilio, tmp_path: Path) -> None:
    """Who is called in English, and why: no catalogue, an unfinished one, or no voice."""
    home = make_home(tmp_path)

    def says(language: str) -> list[str]:
        speaking(home, "chloe", language)
        env = twilio_env(twilio, None)
        app = make_app(home, env, notifiers_for(env, make_app(home, {}).clock.now, lambda line: None))
        engine = app.engine()
        found = [finding.says.en for finding in doctor._languages(app, engine)]
        engine.store.close()
        return found

    assert says("en") == []
    assert "no catalogue that can be used: 1 people" in says("sv")[0]
    put_catalogue(home, "fr", {})
    assert "fr lacks " in says("fr")[0]
    whole = entries(site(), [plan("leak"), plan("noise")])
    put_catalogue(home, "fr", {each.english: each.english for each in whole})
    own = {text.en for text in own_texts().values()}
    put_catalogue(home, "fr", {each.english: each.english for each in whole if each.english not in own})
    assert says("fr") == []
    put_catalogue(home, "sv", {each.english: LEAST.get(each.english, each.english) for each in whole})
    assert says("sv") == ["no voice speaks sv: 1 people are called in English"]
