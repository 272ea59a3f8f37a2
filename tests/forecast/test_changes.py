"""What changes buy and absences cost: the same runs before and after, and no run played that cannot differ."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from emergency.drills.players.model import read_model
from emergency.forecast.band import EITHER, WORK, WORSE, at_ends, band, figures, inputs, tornado
from emergency.forecast.case import Case, Change
from emergency.forecast.changes import (
    ANSWERS,
    Base,
    Idea,
    able_to_deputise,
    effect,
    effects,
    ideas,
    is_kept,
    loss,
    losses,
)
from emergency.forecast.curves import Tally
from emergency.forecast.odds import apart, share
from emergency.forecast.pool import Pool
from tests.forecast.scenery import sample, setting
from tests.scenarios.scene import sample_site

SOON = timedelta(seconds=120)
RUNS = 60


@pytest.fixture(scope="module")
def base() -> Base:
    """The engineer and the lift manager of a trapped lift, in two minutes."""
    return Base(Pool(setting(roles=("engineering", "lift_manager"))), RUNS, SOON)


def test_playing_as_far_as_the_answers_go_gives_the_same_answers() -> None:
    """Comparisons leave the milestones out and end sooner; who answered when is the same."""
    whole, brief = Case(setting()), Case(setting(), ANSWERS)
    for run in range(10):
        assert whole.sample(run).roles == brief.sample(run).roles
        assert brief.sample(run).milestones == ()


def test_a_run_in_which_somebody_was_not_asked_need_not_be_played_again(base: Base) -> None:
    """Taking the run as it was is the same as playing it without them; and it does spare runs."""
    asked = Counter(person for s in base.samples for person in s.messages)
    person = next(person for person, times in asked.most_common() if times < RUNS)
    played_again = list(base.pool.samples(range(RUNS), Change(absent=(person,), answers_only=True)))
    taken = base.without([person])
    assert [s.roles for s in taken] == [s.roles for s in played_again]


def test_the_same_dice_make_a_difference_sure(base: Base) -> None:
    """Common random numbers: the interval of a small change is far narrower than with runs of other dice. Were the
    people drawn anew for each case, this would fail."""
    found = effect(base, Idea(kind="second_provider", change=Change(providers=2)))
    assert found.difference.half < 0.7 * apart(found.before, found.after)
    other = Base(Pool(setting(roles=("engineering", "lift_manager"), seed=99)), RUNS, SOON)
    changed = [is_kept(s, SOON) for s in other.with_change(Change(providers=2))]
    alone = sum(was != is_ for was, is_ in zip(base.kept, changed, strict=True))
    assert found.difference.better + found.difference.worse < 0.6 * alone


def test_losing_the_one_who_is_there_costs_and_says_who_comes_instead(base: Base) -> None:
    """Without the engineer on shift the answer falls, beyond the noise; the role that waits and the next are named."""
    worst = loss(base, ("peng_fei",))
    assert worst.difference.delta < 0
    assert not worst.difference.is_noise
    assert (worst.role, worst.instead) == ("engineering", "shen_li")
    assert worst.run is not None
    assert base.kept[worst.run]


def test_people_stand_by_what_their_absence_costs() -> None:
    """Everybody who answered for a role that counts is on the list, the costliest first."""
    small = Base(Pool(setting(roles=("engineering",))), 6, SOON)
    found = losses(small)
    assert {p for s in small.samples for people in s.answered for p in people} <= {each.person for each in found}
    ordered = [each.difference.delta for each in found]
    assert ordered == sorted(ordered)
    assert found[0].difference.delta < 0


def test_who_is_proposed_as_a_deputy_is_able() -> None:
    """Whoever is proposed is there, licensed, no deputy already, and holds nothing that must be kept apart."""
    case = Case(setting())
    team = {m.id: m for m in case.teams[0][1]}
    for role in ("engineering", "comms", "control_room"):
        duty = sample_site().duty(role)
        assert able_to_deputise(case, role, trained=True)
        for person in able_to_deputise(case, role):
            assert team[person].duty in ("on", "call")
            assert not {role, *duty.deputies, *duty.conflicts} & team[person].roles.keys()
            assert set(duty.needs) <= set(team[person].licences)


def test_ideas_are_about_the_roles_that_are_waited_for() -> None:
    """Deputies and further heads are proposed for the slowest roles; the ways of calling always."""
    case = Case(setting())
    tally = Tally(case.question, SOON)
    for run in range(20):
        tally.add(case.sample(run))
    pacing = {role for role, _ in tally.pacing()[:2]}
    found = ideas(tally, case)
    assert {idea.role for idea in found if idea.role} <= pacing
    assert any(idea.kind in ("deputy", "train") for idea in found)
    assert {"call_soon", "at_once", "deputy_soon", "second_provider"} <= {idea.kind for idea in found}


def test_what_is_noise_stands_last(base: Base) -> None:
    """An idea that changes nothing is said to be noise, after everything that buys something."""
    nothing = Idea(kind="deputy", change=Change(deputies=(("peng_fei", "finance"),)), person="peng_fei", role="finance")
    cost = Idea(kind="deputy", change=Change(absent=("peng_fei",)))
    found = effects(base, [nothing, cost])
    assert [each.idea for each in found] == [cost, nothing]
    assert (found[1].difference.delta, found[1].difference.is_noise) == (0, True)


def test_every_figure_that_moves_an_answer_has_a_worse_end_or_says_it_has_none() -> None:
    """The band moves what is in `WORSE` and `WORK`; a new figure must be put there, or into `EITHER`."""
    elsewhere = {"night_turnout"}
    people = set(next(iter(read_model(None).profiles.values())))
    assert people <= {*WORSE, *WORK, *EITHER, *elsewhere}


def test_only_assumed_figures_of_people_who_are_there_are_moved() -> None:
    """What somebody measured stays where it is; a kind of people that is not in the team says nothing."""
    case = Case(setting())
    moved = dict(at_ends(case, worse=True, quick=True).figures)
    assert moved
    for dotted in moved:
        where, _, name = dotted.partition(".")
        assert figures(case)[name][where].assumed
    assert not any(dotted.startswith("off_duty") for dotted in moved)
    assert "on_site.text_lost" not in moved
    found = inputs(case)
    assert 0 < found.assumed < found.of


def test_quick_work_is_neither_the_worse_nor_the_better_end() -> None:
    """Between quick and slow nothing but the work and the way is moved, and that whichever end the rest is at."""
    case = Case(setting())
    for worse in (True, False):
        quick, slow = (dict(at_ends(case, worse=worse, quick=each).figures) for each in (True, False))
        differ = {dotted for dotted, value in quick.items() if value != slow[dotted]}
        assert {dotted.partition(".")[2] for dotted in differ} == set(WORK)
        assert all(quick[dotted] < slow[dotted] for dotted in differ)


def test_the_band_holds_the_worst_and_the_best_whatever_the_work_takes() -> None:
    """Where one head's quick work lets the plan go on without the other, that is the worse end; the band has both."""
    pool, within = Pool(setting(roles=("customer_service",))), timedelta(minutes=5)
    found = band(pool, 6, within)
    shares = [
        sum(is_kept(each, within) for each in pool.samples(range(6), at_ends(pool.case(), worse=worse, quick=quick)))
        for worse in (True, False)
        for quick in (True, False)
    ]
    assert (found.worse.p * 6, found.better.p * 6) == (min(shares), max(shares))
    assert found.worse.p < found.better.p
    assert min(shares) == min(shares[0], shares[2])


def test_the_tornado_finds_what_matters() -> None:
    """The answer of a call moves the answer; how long the work takes does not move who answers first."""
    pool = Pool(setting(roles=("engineering",)))
    found = tornado(pool, 40, SOON, only=("answers_call", "work_untimed_s"))
    assert [each.figure for each in found] == ["answers_call", "work_untimed_s"]
    assert found[0].low.p < found[0].high.p
    assert found[1].width < found[0].width


def test_kept_is_everybody_in_time() -> None:
    """One role too late, or never, and the run does not count."""
    assert is_kept(sample(0, 10.0, 120.0), SOON)
    assert not is_kept(sample(0, 10.0, 120.1), SOON)
    assert not is_kept(sample(0, 10.0, None), SOON)
    assert share(1, 1).p == 1
