"""The figures of played people: complete, within bounds, each with what it rests on; what a house changes is read
strictly."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from emergency.core.site import Member
from emergency.drills.players import model as m
from emergency.errors import Mistakes
from tests.core.small import a_site

SATURDAY = datetime(2026, 3, 7, 11, 30, tzinfo=UTC)
"""19:30 in Shanghai."""


def written(tmp_path: Path, text: str, name: str = m.OWN) -> Path:
    """A file of an installation with *text* in it."""
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_habits_and_means_name_the_same_figures():
    """No figure is read that nobody uses, and none is used that is not read; each is explained in both languages."""
    assert list(m.OF_PEOPLE) == [field.name for field in msgspec.structs.fields(m.Habits)]
    for means in (*m.OF_PEOPLE.values(), *m.OF_WORLD.values()):
        assert means.text.zh
        assert means.text.en
        assert means.least < means.most


@pytest.mark.parametrize(
    "name, value, low, high",
    [
        ("on_site.available", 0.97, 0.92, 0.99),
        ("on_site.replies_by_text", 0.90, 0.75, 0.97),
        ("on_site.reply_median_s", 60, 30, 180),
        ("on_call.reply_median_s", 120, 60, 300),
        ("off_duty_day.reply_median_s", 600, 360, 900),
        ("off_duty_night.reply_median_s", 1200, 480, 2400),
        ("off_duty_day.replies_by_text", 0.60, 0.50, 0.70),
        ("off_duty_night.replies_by_text", 0.45, 0.25, 0.60),
        ("on_site.answers_call", 0.80, 0.60, 0.90),
        ("off_duty_night.answers_call", 0.40, 0.20, 0.60),
        ("on_call.call_s", 54, 35, 90),
        ("on_site.text_median_s", 9, 3, 30),
        ("on_site.text_lost", 0.03, 0.01, 0.06),
        ("on_site.false_ack", 0.03, 0.0, 0.10),
        ("world.team_correlation", 0.2, 0.0, 0.5),
        ("world.lift_maintainer_s", 1800, 900, 3600),
    ],
)
def test_the_figures_are_those_that_were_gathered(name: str, value: float, low: float, high: float):
    """Values and ranges stand as the evidence was written down; a slip of the hand in the file shows here."""
    found = dict(m.read_model().parameters())[name]
    assert (found.value, found.low, found.high) == (value, low, high)


def test_every_profile_has_every_figure_within_its_range_and_says_what_it_rests_on():
    """Nothing is left to a default in the code, and nothing is called sourced without a source."""
    model = m.read_model()
    assert tuple(model.profiles) == m.PROFILES
    for profile in m.PROFILES:
        assert list(model.profiles[profile]) == list(m.OF_PEOPLE)
    assert list(model.world) == list(m.OF_WORLD)
    for name, figure in model.parameters():
        assert figure.low <= figure.value <= figure.high, name
        assert figure.source.zh != figure.source.en, name
        assert figure.basis in ("sourced", "assumed")
        assert "guess of practice" not in figure.source.en or figure.assumed, name


def test_how_much_is_assumed_is_said_of_the_profiles_that_count():
    """Nobody has measured how people on site answer; of people off duty by day some is known."""
    model = m.read_model()
    assert m.assumed_share(model, ["on_site"]) > m.assumed_share(model, ["off_duty_day"]) > 0.3
    assert m.assumed_share(model, ["on_site", "on_site"]) == m.assumed_share(model, ["on_site"])
    assert m.assumed_share(model) > 0.7
    figures = {name: msgspec.structs.replace(f, basis="learned") for name, f in model.profiles["on_site"].items()}
    learned = m.Model(profiles={**model.profiles, "on_site": figures}, world=model.world)
    assert m.assumed_share(learned, ["on_site"]) == 0


@pytest.mark.parametrize(
    "duty, hour, profile",
    [
        ("on", 3, "on_site"),
        ("call", 3, "on_call"),
        ("off", 21, "off_duty_day"),
        ("off", 22, "off_duty_night"),
        ("off", 5, "off_duty_night"),
        ("off", 6, "off_duty_day"),
    ],
)
def test_a_profile_follows_the_duty_and_the_sites_own_night(duty: str, hour: int, profile: str):
    """Somebody off duty sleeps from 22 to 6 of the site's own time, whatever the clock of the machine says."""
    at = datetime(2026, 3, 7, (hour - 8) % 24, tzinfo=UTC)
    assert m.profiles([Member(id="mei", duty=duty)], at, a_site()) == {"mei": profile}


def test_a_scenario_may_put_everybody_into_one_profile():
    """What a scenario says of everybody goes over the shifts."""
    people = [Member(id="mei", duty="on"), Member(id="bo", duty="off")]
    assert m.profiles(people, SATURDAY, a_site(), "on_call") == {"mei": "on_call", "bo": "on_call"}


def test_a_house_changes_single_values_and_nothing_else(tmp_path: Path):
    """A value of the house's own comes with its source; every other stays as it is shipped."""
    own = written(
        tmp_path,
        """
format: people-model/1
profiles:
  on_site:
    answers_call: {value: 0.7, low: 0.6, high: 0.8, basis: sourced, source: our call log of 2026}
world:
  work_share: {value: 0.6, basis: assumed, source: {zh: 估计, en: a guess}}
""",
    )
    shipped, changed = m.read_model(), m.read_model(own)
    assert changed.habits("on_site").answers_call == 0.7
    assert changed.profiles["on_site"]["answers_call"].source.en == "our call log of 2026"
    assert changed.of_world("work_share") == 0.6
    assert changed.profiles["on_site"]["available"] == shipped.profiles["on_site"]["available"]
    assert changed.profiles["on_call"] == shipped.profiles["on_call"]
    assert shipped.habits("on_site").answers_call == 0.8


def test_what_people_say_goes_over_what_was_learned(tmp_path: Path):
    """Learned values go over the shipped ones, the house's own over both; single people over their profile."""
    written(
        tmp_path,
        """
format: people-learned/1
made: 2026-03-01
profiles:
  on_site:
    answers_call: {value: 0.5, low: 0.4, high: 0.6, basis: learned, source: own records}
    declines: {value: 0.02, low: 0.0, high: 0.04, basis: learned, source: own records}
people:
  liu_yang:
    on_site: {answers_call: {value: 0.9, low: 0.8, high: 0.95, basis: learned, source: own records}}
""",
        m.LEARNED,
    )
    written(
        tmp_path,
        """
format: people-model/1
profiles: {on_site: {answers_call: {value: 0.7, basis: sourced, source: ours}}}
""",
    )
    model = m.read_model(tmp_path)
    assert model.habits("on_site").answers_call == 0.7
    assert model.habits("on_site").declines == 0.02
    assert model.habits("on_site", "liu_yang").answers_call == 0.9
    assert model.habits("on_site", "zhang_wei") == model.habits("on_site")
    assert model.habits("off_duty_night", "liu_yang") == model.habits("off_duty_night"), "asleep, not at work"
    assert m.read_model(tmp_path / m.LEARNED).habits("on_site").answers_call == 0.5


def test_without_files_of_its_own_a_house_has_the_shipped_model(tmp_path: Path):
    """An installation that says nothing plays the people of the program."""
    assert m.read_model(tmp_path) is m.read_model() is m.read_model(tmp_path / "none.yaml")


def test_every_mistake_of_a_file_is_shown_at_once_with_its_line(tmp_path: Path):
    """Unknown names, values out of their bounds or range, a basis or a source that is missing: none hides another."""
    own = written(
        tmp_path,
        """format: people-model/2
profiles:
  on_sight:
    available: {value: 1, basis: assumed, source: x}
  on_call:
    availible: {value: 1, basis: assumed, source: x}
    available: {value: 1.2, basis: assumed, source: x}
    declines: {value: 0.5, low: 0.6, high: 0.7, basis: assumed, source: x}
    call_s: {value: a minute, basis: assumed, source: x}
    text_lost: {value: 0.1, basis: learned, source: x}
    reply_sigma: {value: 1, basis: sourced}
    false_ack: {value: nan, basis: sourced, source: x, note: y}
    attentive: 0.4
people: {}
""",
    )
    with pytest.raises(Mistakes) as wrong:
        m.read_model(own)
    said = [(p.line, p.says) for p in wrong.value.problems]
    assert said == sorted(said)
    for line, word in [
        (1, "people-model/1"),
        (3, "Did you mean 'on_site'?"),
        (6, "Did you mean 'available'?"),
        (7, "lies between 0 and 1, not at 1.2"),
        (8, "from low to high: 0.6, 0.5, 0.7"),
        (9, "'value' must be a number"),
        (10, "'basis' must be sourced or assumed"),
        (11, "'source' must say where"),
        (12, "'value' must be a number"),
        (12, "'note' is nothing here"),
        (13, "must hold names with values"),
        (14, "'people' is nothing here"),
    ]:
        assert any(at == line and word in says for at, says in said), (line, word, said)
    assert all(problem.zh for problem in wrong.value.problems)


def test_a_changed_figure_changes_one_thing():
    """What a forecast varies is checked by its name and its bounds; the model it came from stays as it was."""
    model = m.read_model()
    other = model.changed({"on_site.answers_call": 0.6, "world.team_correlation": 0.0})
    assert other.habits("on_site").answers_call == 0.6
    assert other.of_world("team_correlation") == 0.0
    assert model.habits("on_site").answers_call == 0.8
    with pytest.raises(ValueError, match="between 0 and 1"):
        model.changed({"on_site.answers_call": 1.1})
    with pytest.raises(KeyError):
        model.changed({"on_site.answers_cal": 0.5})


def test_a_walk_adds_up():
    """120 m on the level at 1.2 m/s, and 8 m of stairs up at 0.8 m/s."""
    assert m.walk(m.read_model(), 120, up_m=8).total_seconds() == pytest.approx(110)
