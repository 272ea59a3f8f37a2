"""What is learned from trials: held against plain calculations and against people whose figures are known. Whoever was
not waited for counts as that, and not as nobody."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist, mean

import numpy as np
import pytest
from msgspec.structs import replace

from emergency.core.values import Text
from emergency.drills.dice import dice
from emergency.drills.players import learning as l
from emergency.drills.players.model import Parameter, read_model
from emergency.drills.players.trials import Called, Came, Texted, Trials, joined

MODEL = read_model()
EVER, MEDIAN, SIGMA = l.Prior(0.7, 0.12), l.Prior(math.log(120), 0.5), l.Prior(math.log(1.1), 0.1)
THERE = 0.93


def there(row: Texted) -> float:
    """The chance that a text found somebody."""
    return THERE


def text(seconds: float, answered: bool, person: str = "mei", **more) -> Texted:
    """One text and what came of it."""
    return Texted(person=person, profile=more.pop("profile", "on_site"), seconds=seconds, answered=answered, **more)


def simulated(seed: int, n: int, ever: float, median: float, sigma: float) -> list[Texted]:
    """What *n* texts to somebody with these figures come to, each waited for a time of its own."""
    throws, rows = dice(seed), []
    for _ in range(n):
        patience = throws.uniform(30, 400)
        comes = throws.random() < THERE * ever
        takes = median * math.exp(sigma * throws.gauss(0, 1))
        rows.append(text(takes, True) if comes and takes <= patience else text(patience, False))
    return rows


def test_with_nothing_to_learn_from_the_figures_are_the_models_own():
    """n = 0 gives the prior back: its mean and its range, for every figure."""
    for name, figure in MODEL.profiles["on_call"].items():
        if name in ("replies_by_text", "answers_call"):
            before = l.of_share(figure)
            for found in (l.share(before, 0, 0), l.answers_call(before, [], THERE)):
                assert found.value == pytest.approx(figure.value, abs=0.01)
                assert (found.high - found.low) == pytest.approx(figure.high - figure.low, rel=0.15)
    found = l.replies(EVER, MEDIAN, SIGMA, [], there)
    assert found.median_s.value == pytest.approx(120, rel=0.01)
    assert math.log(found.median_s.high / found.median_s.low) == pytest.approx(2 * l.NORMAL_90 * 0.5, rel=0.02)
    assert found.ever.value == pytest.approx(0.7, abs=0.01)


def test_more_trials_make_the_range_narrower_and_lead_to_the_truth():
    """Four texts say little, four hundred say much."""
    widths = []
    for n in (0, 4, 40, 400):
        found = l.replies(EVER, MEDIAN, SIGMA, simulated(3, n, 0.85, 60, 1.1), there)
        widths.append(math.log(found.median_s.high / found.median_s.low))
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.4 * widths[0]
    assert found.median_s.value == pytest.approx(60, rel=0.2)
    assert found.ever.value == pytest.approx(0.85, abs=0.07)


def test_texts_are_believed_as_a_plain_calculation_believes_them():
    """The grid against 60,000 people drawn from the prior, each weighted by how likely they make the trials."""
    rows = [
        text(40, True),
        text(200, True),
        text(90, False),
        text(300, False),
        text(1, False, test=True),
        text(9, True),
    ]
    a, b = l.counts(EVER)
    throws = np.random.default_rng(5)
    p = throws.beta(a, b, 60_000)
    mu = throws.normal(MEDIAN.mean, MEDIAN.sd, p.size)
    sigma = np.exp(throws.normal(SIGMA.mean, SIGMA.sd, p.size))
    weight = np.ones_like(p)
    for row in rows:
        z = (math.log(row.seconds) - mu) / sigma
        below = np.array([NormalDist().cdf(each) for each in z]) if not row.test else 1.0
        density = np.exp(-(z**2) / 2) / sigma
        weight = weight * (THERE * p * density if row.answered else 1 - THERE * p * below)
    weight /= weight.sum()
    found = l.replies(EVER, MEDIAN, SIGMA, rows, there)
    assert found.ever.value == pytest.approx(float((weight * p).sum()), abs=0.01)
    assert math.log(found.median_s.value) == pytest.approx(float((weight * mu).sum()), abs=0.02)
    order = np.argsort(p)
    for end, share in ((found.ever.low, 0.05), (found.ever.high, 0.95)):
        expected = p[order][np.searchsorted(np.cumsum(weight[order]), share)]
        assert end == pytest.approx(float(expected), abs=0.015)


def coverage(rows_of) -> tuple[float, float, float]:
    """Of 200 people drawn from the prior, 25 texts each: in how many the truth lies within the range, for P(reply) and
    for the median; and how much too fast the median is believed to be, on average, in its logarithm."""
    throws, inside, flattered = dice("people"), [0, 0], []
    a, b = l.counts(EVER)
    for person in range(200):
        ever = throws.betavariate(a, b)
        median = math.exp(throws.gauss(MEDIAN.mean, MEDIAN.sd))
        rows = rows_of(simulated(f"p{person}", 25, ever, median, math.exp(throws.gauss(SIGMA.mean, SIGMA.sd))))
        found = l.replies(EVER, MEDIAN, SIGMA, rows, there)
        inside[0] += found.ever.low <= ever <= found.ever.high
        inside[1] += found.median_s.low <= median <= found.median_s.high
        flattered.append(math.log(median / found.median_s.value))
    return inside[0] / 200, inside[1] / 200, mean(flattered)


def test_the_truth_lies_within_the_range_nine_times_out_of_ten():
    """Of 200 simulated people with 25 texts each, 85 to 95 % lie within what is believed of them, in both figures."""
    ever, median, flattered = coverage(lambda rows: rows)
    assert 0.85 <= ever <= 0.95
    assert 0.85 <= median <= 0.95
    assert abs(flattered) < 0.06


def test_to_leave_out_who_was_not_waited_for_would_flatter_everybody():
    """The same people without their unanswered texts: all seem to reply, and faster than they do."""
    ever, median, flattered = coverage(lambda rows: [row for row in rows if row.answered])
    assert ever < 0.75
    assert median < 0.85
    assert flattered > 0.15


def of_a_profile(weighed: bool) -> tuple[float, float]:
    """Of 50 profiles of 5 people with 20 texts each, people of one profile differing by the stated spread: in how many
    the profile's own median lies within the range; and how wide the range is, in its logarithm."""
    throws, inside, widths = dice("profiles"), 0, []
    for profile in range(50):
        centre = throws.gauss(MEDIAN.mean, MEDIAN.sd)
        rows = []
        for person in range(5):
            median = math.exp(throws.gauss(centre, l.PERSON_SPREAD))
            theirs = simulated(f"{profile}/{person}", 20, 0.8, median, 1.1)
            rows += [replace(row, person=f"p{person}") for row in theirs]
        weight = l.of_several(rows) if weighed else l.one
        found = l.replies(EVER, MEDIAN, SIGMA, rows, there, weight).median_s
        inside += found.low <= math.exp(centre) <= found.high
        widths.append(math.log(found.high / found.low))
    return inside / 50, mean(widths)


def test_many_answers_of_few_people_are_no_more_than_they_are():
    """Twenty answers of one person are not those of twenty people: counted as such, the range is too narrow."""
    right, wide = of_a_profile(True)
    wrong, narrow = of_a_profile(False)
    assert right >= 0.85
    assert wrong < 0.8
    assert wide > 1.3 * narrow


def test_the_weight_of_a_row_falls_with_how_often_its_person_answered():
    """One row counts for one; of twenty alike at 0.2 all together count for a little more than four."""
    weight = l.of_several([text(1, True, person="bo")] + 20 * [text(1, True)])
    assert weight(text(1, True, person="bo")) == 1
    assert 20 * weight(text(1, True)) == pytest.approx(4.17, abs=0.01)


def test_calls_are_believed_as_a_plain_calculation_believes_them():
    """Three calls in vain on one evening may be one absence; three on three evenings are not."""

    def rows(*calls: tuple[int, int]) -> list[Called]:
        return [Called(person="mei", profile="on_site", calls=n, picked_up=k, asked=k, keys=k) for n, k in calls]

    before = l.Prior(0.8, 0.09)
    one, three = (l.answers_call(before, rows(*each), 0.9).value for each in ([(3, 0)], [(1, 0)] * 3))
    assert three < one < 0.8
    a, b = l.counts(before)
    p = np.random.default_rng(2).beta(a, b, 200_000)
    weight = (0.9 * (1 - p) ** 3 + 0.1) * (0.9 * p**2)
    found = l.answers_call(before, rows((3, 0), (2, 2)), 0.9)
    assert found.value == pytest.approx(float((weight * p).sum() / weight.sum()), abs=0.003)


def test_a_share_is_the_beta_of_its_counts():
    """The mean of a Beta: what was believed counts as trials of its own."""
    a, b = l.counts(l.Prior(0.5, 0.1))
    assert (a, b) == pytest.approx((12, 12))
    found = l.share(l.Prior(0.5, 0.1), 6, 6)
    assert found.value == pytest.approx(18 / 30)
    assert found.low < found.value < found.high


def test_a_wide_range_is_no_belief_in_the_ends():
    """0 to 1 becomes an even belief at least, never a valley in the middle of which nothing lies."""
    a, b = l.counts(l.Prior(0.5, 0.4))
    assert a + b == pytest.approx(1.0)
    assert l.counts(l.Prior(0.0, 0.02))[0] > 0


def kaplan_meier(rows: list[tuple[float, bool]], at: float) -> float:
    """The share that had answered by *at*, by hand: who answers first among those still waited for."""
    left = 1.0
    for moment in sorted({seconds for seconds, answered in rows if answered}):
        if moment <= at:
            waiting = sum(seconds >= moment for seconds, _ in rows)
            left *= 1 - sum(answered and seconds == moment for seconds, answered in rows) / waiting
    return 1 - left


def test_the_curve_is_that_of_kaplan_and_meier():
    """Against the product by hand; nothing is said of times for which nobody was waited for."""
    rows = [(20, True), (45, True), (45, True), (50, False), (90, True), (110, False), (130, True), (400, False)]
    found = l.curve([text(*row) for row in rows])
    assert [by.within_s for by in found] == [60, 120, 300]
    for by in found:
        assert by.share == pytest.approx(kaplan_meier(rows, by.within_s))
        assert 0 <= by.low <= by.share <= by.high <= 1
    assert l.curve([text(60, True)])[0].low is None


def test_a_curve_without_an_answer_is_none():
    """Nobody answered, or nobody was asked, or it was only a test: there is no curve to show, and no warning."""
    assert l.curve([]) == ()
    assert l.curve([text(100, False)]) == ()
    assert l.curve([text(100, True, test=True)]) == ()


# profiles and people


def crowd(people: int, texts: int = 6, **more) -> Trials:
    """*people* of one profile, each asked several times; the calls and the answers beside."""
    rows = [replace(row, person=f"p{n}", **more) for n in range(people) for row in simulated(n, texts, 0.6, 300, 1.2)]
    called = [Called(person=f"p{n}", profile="on_site", calls=2, picked_up=1, asked=1, keys=1) for n in range(people)]
    came = [Came(person=f"p{n}", profile="on_site", declined=n == 0) for n in range(people)]
    return Trials(tuple(rows), tuple(called), tuple(came))


def test_a_profile_learns_every_figure_that_was_tried():
    """Texts, calls, keys and refusals each move their own figure towards what was seen."""
    found = l.of_profile(MODEL, "on_site", crowd(10))
    assert set(found.figures) == {*l.SHARES, *l.LENGTHS}
    assert found.people == 10
    assert found.figures["replies_by_text"].value < 0.88
    assert found.figures["reply_median_s"].value > 90
    assert found.figures["answers_call"].value < 0.75
    assert found.figures["declines"].value > 0.01


def test_what_was_not_tried_stays_as_it_was():
    """Texts teach nothing about calls; a test teaches nothing about speed."""
    texts = Trials(texted=crowd(6).texted)
    assert set(l.of_profile(MODEL, "on_site", texts).figures) == {"replies_by_text", *l.LENGTHS}
    tests = Trials(texted=crowd(6, test=True).texted)
    assert set(l.of_profile(MODEL, "on_site", tests).figures) == {"replies_by_text"}


def test_too_few_people_are_not_shown_as_a_profile():
    """Figures of a profile with four people in it would be figures of people."""
    found, too_few = l.of_profiles(MODEL, crowd(4))
    assert (found, too_few) == ([], ["on_site"])
    found, too_few = l.of_profiles(MODEL, crowd(5))
    assert [each.name for each in found] == ["on_site"]
    assert too_few == []


def test_a_person_with_few_trials_is_much_like_their_profile():
    """Partial pooling: one missed text moves somebody a little, twenty move them far."""
    others = crowd(10)
    whole = l.of_profile(MODEL, "on_site", others).figures["replies_by_text"].value

    def of(n: int) -> float:
        own = Trials(texted=tuple(text(3600, False, person="mei") for _ in range(n)))
        found = l.of_people(MODEL, joined([others, own]), ["mei"])
        return found[0].figures["replies_by_text"].value

    assert whole - 0.15 < of(1) < whole
    assert of(20) < 0.5 * whole


def test_a_time_without_a_receipt_leaves_out_the_way_of_the_text():
    """What a text takes to the telephone is no part of the reply; with a receipt it is left out already."""
    habits = MODEL.habits("on_site")
    assert l._from_arrival(text(60, True), habits).seconds == 51
    assert l._from_arrival(text(10, True), habits).seconds == 5
    assert l._from_arrival(text(60, True, receipt=True), habits).seconds == 60


# the file


def test_the_file_is_read_as_it_was_written(tmp_path: Path):
    """What was learned goes over the model, of profiles and of people; nobody else may read it."""
    from datetime import UTC, datetime

    found, _ = l.of_profiles(MODEL, crowd(6))
    people = l.of_people(MODEL, crowd(6), ["p0", "p1", "nobody"])
    path = tmp_path / "people-learned.yaml"
    l.write(path, l.file_text(found, people, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)))
    assert path.stat().st_mode & 0o777 == 0o600
    model = read_model(tmp_path)
    figure = model.profiles["on_site"]["answers_call"]
    assert figure.basis == "learned"
    assert figure.value == pytest.approx(found[0].figures["answers_call"].value, rel=1e-3)
    assert "since 2026-01-01" in figure.source.en
    assert "2026-01-01起" in figure.source.zh
    assert set(model.people) == {"p0", "p1"}
    assert set(model.people["p0"]) == {"on_site"}
    assert model.habits("on_site", "p0") != model.habits("on_site")
    assert model.profiles["on_call"] == MODEL.profiles["on_call"]


def test_a_forgotten_person_is_gone_from_the_file(tmp_path: Path):
    """Only their lines go; the last one leaves a file that is still read."""
    from datetime import UTC, datetime

    path = tmp_path / "people-learned.yaml"
    people = l.of_people(MODEL, crowd(6), ["p0", "p1"])
    l.write(path, l.file_text([], people, datetime(2026, 3, 1, tzinfo=UTC), None))
    assert not l.forget(path, "p")
    assert l.forget(path, "p0")
    assert "p0" not in path.read_text("utf-8")
    assert set(read_model(tmp_path).people) == {"p1"}
    assert l.forget(path, "p1")
    assert read_model(tmp_path).people == {}
    assert not l.forget(tmp_path / "none.yaml", "p1")


def test_a_learned_figure_is_believed_again_from_the_shipped_one():
    """A range becomes a belief of its own width: the ends of the model are the ends that are given back."""
    figure = Parameter(value=60, low=30, high=120, basis="assumed", source=Text("x", "x"))
    before = l.of_length(figure)
    assert math.exp(before.mean - l.NORMAL_90 * before.sd) == pytest.approx(30)
    assert math.exp(before.mean + l.NORMAL_90 * before.sd) == pytest.approx(120)
