"""Stories: what happened to the calls on one role, in order, short enough for a telephone."""

from __future__ import annotations

from emergency.drills.players.model import PROFILES
from emergency.forecast.case import Case, Change
from emergency.forecast.story import MOST, breach, story
from tests.forecast.scenery import setting


def test_a_story_tells_who_was_asked_and_did_not_answer() -> None:
    """With the engineer silent: asked at once, the call in vain, then somebody else is asked, in the order of time."""
    case = Case(setting(), Change(absent=("peng_fei",)))
    incident, log = case.log(1)
    told = story(incident, log, "engineering", 600.0)
    assert len(told) <= MOST + 1
    assert [beat.at for beat in told] == sorted(beat.at for beat in told)
    theirs = [beat.what for beat in told if beat.person == "peng_fei"]
    assert theirs[0] == "asked"
    assert "failed" in theirs
    assert "answered" not in theirs
    assert any(beat.what == "asked" and beat.person != "peng_fei" for beat in told)


def test_a_story_ends_where_it_is_asked_to() -> None:
    """Nothing later than the moment that is explained belongs to its causes."""
    incident, log = Case(setting()).log(0)
    assert all(beat.at <= 30 for beat in story(incident, log, "engineering", 30.0))


def test_a_missed_target_is_told_by_the_role_it_hung_on() -> None:
    """A step hangs on its role, a call to an agency on whoever is to make it; each is really late in that run."""
    case = Case(setting())
    for run in range(6):
        sample = case.sample(run)
        if sample.breach:
            incident, log = case.log(run)
            role, told = breach(incident, log, sample.breach, (sample.breach_at or 0.0))
            assert role == "control_room"
            assert any(beat.what == "late" and beat.at == sample.breach_at for beat in told)
            return
    raise AssertionError("no run missed anything")


def test_a_text_that_arrived_is_not_called_lost() -> None:
    """Lost is only a text without a receipt; a run in which every text arrives tells of none."""
    figures = (("text_lost", 0.0), ("text_sigma", 0.01))
    sure = tuple((f"{profile}.{name}", value) for profile in PROFILES for name, value in figures)
    lost = [_lost(Case(setting(), Change(figures=change))) for change in ((), sure)]
    assert lost[0] > 0
    assert lost[1] == 0


def _lost(case: Case) -> int:
    roles = [wanted.role for wanted in case.question.roles]
    found = 0
    for run in range(6):
        incident, log = case.log(run)
        found += sum(beat.what == "lost" for role in roles for beat in story(incident, log, role, 600.0))
    return found


def test_a_story_tells_nothing_twice_and_leaves_out_more_than_it_says_so() -> None:
    """Somebody asked for two places at once is told of once; a line that says `left out` stands for several."""
    case = Case(setting("power_outage"))
    for run in range(3):
        incident, log = case.log(run)
        for role in ("engineering", "control_room"):
            told = story(incident, log, role, 600.0)
            assert len(set(told)) == len(told)
            assert all(beat.n > 1 for beat in told if beat.what == "left_out")


def test_a_reminder_is_told_in_its_own_words() -> None:
    """What asks for no step of the plan bears its words with it."""
    told = [
        beat
        for run in range(6)
        for beat in story(*Case(setting("power_outage")).log(run), "engineering", 600.0)
        if beat.step == "nudge"
    ]
    assert told
    assert all(beat.do is not None and beat.do.en for beat in told)
