"""`drill people` and `drill learn` at an installation: what stands in its store becomes its people-learned.yaml."""

from __future__ import annotations

import contextlib
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from emergency.app import App
from emergency.core import commands as c
from emergency.core.incident import ASKING
from emergency.drills.players.lessons import learn, learn_lines, people, people_lines
from emergency.drills.players.model import LEARNED, OWN, PROFILES, read_model
from emergency.errors import Mistakes
from emergency.forgetting import forget
from emergency.verbs import perform
from tests.core.small import MINUTE, SECOND
from tests.installation import sample


@pytest.fixture
def app(tmp_path: Path) -> App:
    """The sample installation."""
    return sample(tmp_path)


def a_night(app: App, *, mode: str = "real", answered: int = 4) -> str:
    """An incident: everybody asked gets a text after a second, a call in vain; some answer the text a minute later.
    Return the first of those who did not."""
    app.clock.move_to(app.clock.now() + timedelta(days=1))
    engine = app.engine()
    with contextlib.closing(engine.store):
        said = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12", "drill": mode == "drill"})
        id = said["id"]
        incident = engine.incident(id)
        asking = [d for d in incident.deliveries.values() if incident.alerts[d.alert].kind in ASKING]
        app.clock.move_to(app.clock.now() + SECOND)
        for delivery in asking:
            for status, reason in (("sent", ""), ("failed", "no_answer")):
                if status == "sent" or delivery.channel == "voice":
                    report = c.RecordDelivery(
                        delivery=delivery.id, status=status, provider="x", provider_id=delivery.id, reason=reason
                    )
                    engine.handle(id, report)
        app.clock.move_to(app.clock.now() + MINUTE)
        asked = list(dict.fromkeys(d.person for d in asking if d.channel == "sms"))
        for person in asked[:answered]:
            open_ = [a for a in engine.incident(id).open_alerts(person) if a.status == "open"]
            for alert in open_[:1]:
                engine.handle(id, c.Acknowledge(alert=alert.id, via="sms"))
        perform(app.desktop, engine, "cancel", {"code": said["incident"], "reason": "a test", "by": "console"})
        return asked[answered]


def types(home: Path, *words: str) -> tuple[int, str]:
    """Type a command at an installation; return its exit status and what it printed."""
    env = {"EMERGENCY_HOME": str(home), "EMERGENCY_LANG": "en"}
    result = CliRunner().invoke(cli.main, list(words), env=env, prog_name="emergency")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_the_model_is_shown_with_what_it_rests_on(tmp_path: Path):
    """Every figure of every profile, marked; one profile with ranges and sources; in both languages."""
    document = people(tmp_path)
    assert document["assumed_share"] == pytest.approx(0.84, abs=0.03)
    assert list(document["profiles"]) == list(PROFILES)
    for lang, word in (("en", "answers one call"), ("zh", "接听一次来电")):
        table = list(people_lines(document, lang))
        assert any(word in line and "0.8~" in line and "0.55~" in line for line in table)
        one = "\n".join(people_lines(document, lang, "off_duty_day"))
        assert "0.21  (0.09 – 0.38)" in one
        world = "\n".join(people_lines(document, lang, "world"))
        assert "1800  (900 – 3600)" in world
    with pytest.raises(Mistakes, match="Did you mean 'on_site'"):
        list(people_lines(document, "en", "onsite"))


def test_nothing_happened_so_nothing_is_learned(app: App):
    """A new installation, or one that only simulates, has nothing to learn from, says so and writes nothing."""
    a_night(app, mode="drill")
    document = learn(app)
    assert document["people"] == 0
    assert not document["written"]
    assert not (app.settings.home / LEARNED).exists()
    assert "nothing to learn" in "\n".join(learn_lines(document, "en"))
    assert "没有" in "\n".join(learn_lines(document, "zh"))


def test_real_nights_teach_and_every_later_drill_goes_by_it(app: App):
    """Calls in vain and few answers: people on site are believed to answer less than the program assumes."""
    for _ in range(3):
        a_night(app, answered=2)
    dry = learn(app, keep=False)
    assert not dry["written"]
    assert not (app.settings.home / LEARNED).exists()
    document = learn(app)
    assert document["written"]
    assert document["incidents"] == 3
    assert document["single_people"] == []
    of_site = next(each for each in document["profiles"] if each["profile"] == "on_site")
    assert of_site["texts_censored"] > of_site["texts_answered"] > 0
    was, now = read_model(), read_model(app.settings.home)
    assert now.habits("on_site").answers_call < was.habits("on_site").answers_call
    assert not now.people
    lines = "\n".join(learn_lines(document, "en"))
    assert "censored" in lines
    assert "by 1 min" in lines
    assert "删失" in "\n".join(learn_lines(document, "zh"))
    again = learn(app)
    assert again["profiles"] == document["profiles"], "what was learned before is no evidence for itself"


def test_a_profile_with_few_people_in_it_is_not_shown(app: App):
    """Figures of a handful are figures of people: they are left out, and that is said."""
    a_night(app)
    document = learn(app)
    shown = {each["profile"] for each in document["profiles"]}
    for profile in document["too_few"]:
        assert profile not in shown
    assert all(each["people"] >= document["fewest"] for each in document["profiles"])


def test_single_people_are_learned_only_where_that_is_asked_for(app: App):
    """Without `--people` nobody can be looked up; with it each known person has a line of their own, which goes when
    they are forgotten."""
    silent = a_night(app)
    assert silent not in (app.settings.home / LEARNED).read_text("utf-8") if learn(app)["written"] else True
    document = learn(app, single=True)
    assert silent in {each["name"] for each in document["single_people"]}
    assert silent in read_model(app.settings.home).people
    assert forget(app, silent)["learned"]
    assert silent not in (app.settings.home / LEARNED).read_text("utf-8")
    assert silent not in {each["name"] for each in learn(app, single=True)["single_people"]}


def test_only_what_happened_since_a_day_counts(app: App):
    """Old nights can be left behind."""
    a_night(app)
    later = app.clock.now().date() + timedelta(days=1)
    assert learn(app, since=later)["people"] == 0
    assert learn(app, since=date(2026, 1, 1))["people"] > 0


def test_what_people_say_stays_over_what_is_learned(app: App):
    """A value of the house's own is the prior from which is learned, and what drills go by."""
    (app.settings.home / OWN).write_text(
        "format: people-model/1\nprofiles: {on_site: {answers_call: {value: 0.3, low: 0.2, high: 0.4, "
        "basis: sourced, source: ours}}}\n",
        "utf-8",
    )
    a_night(app)
    document = learn(app)
    figures = {f["name"]: f for each in document["profiles"] for f in each["figures"] if each["profile"] == "on_site"}
    assert figures["answers_call"]["was"] == 0.3
    assert read_model(app.settings.home).habits("on_site").answers_call == 0.3


def test_the_commands_print_one_document_or_words(app: App):
    """`drill people` and `drill learn`, as they are typed; a wrong file ends with 2, its line, and nothing else."""
    a_night(app)
    home = app.settings.home
    status, said = types(home, "drill", "people", "--json")
    assert status == 0
    assert json.loads(said)["profiles"]["on_site"]["answers_call"]["value"] == 0.8
    status, said = types(home, "drill", "learn", "--dry-run", "--json")
    assert status == 0
    assert json.loads(said)["written"] is False
    assert types(home, "drill", "learn", "--since", "2026-01-01")[0] == 0
    assert "~" in types(home, "drill", "people")[1]
    (home / OWN).write_text("format: people-model/1\nprofiles: {on_site: {avialable: 1}}\n", "utf-8")
    status, said = types(home, "drill", "people")
    assert status == 2
    assert f"{home / OWN}:2:" in said
    assert "Did you mean 'available'?" in said
