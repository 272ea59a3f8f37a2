"""People who are played: nobody's throws hang on another's, nobody answers before hearing, and what a scenario says of
somebody goes over the dice."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import exp, log
from statistics import NormalDist, mean, median, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emergency.core.site import Duty
from emergency.drills.dice import throw
from emergency.drills.people import Arrival
from emergency.drills.players.model import read_model
from emergency.drills.players.played import Played, lognormal
from emergency.drills.scenario import Override
from tests.core.small import MINUTE, NOW, SECOND, a_plan, a_site, a_state, a_step, member, words
from tests.core.small import Night as ANight
from tests.drills.street import Street, alert_of, an_incident

ZERO = timedelta(0)
MODEL = read_model()
SURE = {
    f"on_site.{name}": value
    for name, value in {
        "available": 1.0, "replies_by_text": 1.0, "answers_call": 1.0, "presses_key": 1.0, "text_lost": 0.0,
        "declines": 0.0, "false_ack": 0.0,
    }.items()
}  # fmt: skip
"""Somebody on site who always answers."""


def street(person: str = "mei", profile: str = "on_site", run: int = 0, model=MODEL, **more) -> Street:
    """One person and an incident."""
    incident = more.pop("incident", None) or an_incident()
    return Street(Played(model, {person: profile}, 7, run, **more), incident)


def does(acts: list) -> list[str]:
    """What is done, in order."""
    return [act.does for _, act in acts]


# the dice


def test_a_throw_hangs_on_its_name_alone():
    """The same name gives the same number on any machine, in any order; another name another number."""
    assert throw("7/0/mei/call/2") == throw("7/0/mei/call/2") == 0.2902204654731219
    assert len({throw(f"7/{run}/mei/{n}") for run in range(50) for n in range(20)}) == 1000


def test_throws_are_spread_evenly():
    """Each tenth of the way from 0 to 1 gets a tenth of the throws (within four standard errors)."""
    found = [throw(f"spread/{n}") for n in range(10_000)]
    for tenth in range(10):
        share = sum(tenth <= 10 * each < tenth + 1 for each in found)
        assert share == pytest.approx(1000, abs=120)
    assert 0 < min(found) < max(found) < 1


@given(st.floats(0.1, 5000), st.floats(0.05, 2.5), st.floats(0.001, 0.999))
def test_a_log_normal_is_one(middle: float, sigma: float, u: float):
    """Half of it lies below its median, and its logarithm is a normal."""
    assert lognormal(middle, sigma, 0.5) == pytest.approx(middle)
    assert log(lognormal(middle, sigma, u)) == pytest.approx(NormalDist(log(middle), sigma).inv_cdf(u), abs=1e-6)
    assert lognormal(0.0, sigma, u) == 0


# one person, whatever the others do

CHANNEL = st.sampled_from(["sms", "voice"])
WORLD = st.lists(st.tuples(st.sampled_from(["mei", "bo", "ann"]), CHANNEL, st.integers(0, 600)), max_size=25)


def played(messages: list[tuple[str, str, int]], wanted: str) -> list:
    """What comes of the messages to *wanted*, sent among those to everybody else."""
    people = {"mei": "on_site", "bo": "on_call", "ann": "off_duty_day"}
    there = Street(Played(MODEL, people, 3, 1), an_incident())
    found = []
    for person, channel, after in sorted(messages, key=lambda each: each[2]):
        acts = there.message(person, channel, after * SECOND)
        found += acts if person == wanted else []
    return found


@given(WORLD)
@settings(max_examples=60, deadline=None)
def test_nobodys_answers_hang_on_anybody_else(messages):
    """Common random numbers: whether and when Mei answers is the same with the others there and without them."""
    alone = [each for each in messages if each[0] == "mei"]
    both = [[(at, act.does, act.alert) for at, act in played(each, "mei") if act.does != "done"]
            for each in (messages, alone)]  # fmt: skip
    assert both[0] == both[1]


@given(WORLD)
@settings(max_examples=60, deadline=None)
def test_nobody_answers_before_hearing(messages):
    """Every act comes after the message was sent, and is about an alert that the message asked for."""
    for person in ("mei", "bo", "ann"):
        first = min((after for who, _, after in messages if who == person), default=0)
        for at, act in played(messages, person):
            assert at >= first * SECOND
            assert act.alert == f"{person}1"
            assert act.after >= ZERO


def test_the_same_questions_give_the_same_answers_and_another_run_others():
    """A run is repeatable; runs differ."""
    wave = [("sms", ZERO), ("voice", MINUTE), ("sms", 4 * MINUTE)]
    times = [street(run=run).first("mei", "ack", wave) for run in range(40)]
    assert times == [street(run=run).first("mei", "ack", wave) for run in range(40)]
    assert len(set(times)) > 20


def test_one_more_call_leaves_the_text_and_the_next_call_as_they_were():
    """What is compared differs in the plan and not in the dice: the n-th call of somebody is the n-th, whenever it is,
    and a text does not know of calls."""
    for run in range(30):
        one, two = street(run=run), street(run=run)
        texts = [one.message("mei", "sms", ZERO), two.message("mei", "sms", ZERO)]
        assert texts[0] == texts[1]
        early = [one.players.route("mei", "voice", "x", NOW + 9 * SECOND).fails]
        late = [two.players.route("mei", "voice", "y", NOW + 90 * SECOND).fails]
        assert early == late


# texts and calls


def test_several_alerts_of_one_text_are_answered_in_one_moment():
    """A text is read once: all that it asks has the same answer, at the same time."""
    incident = an_incident()
    alerts = [alert_of(incident, "mei", n) for n in (1, 2, 3)]
    acts = street(model=MODEL.changed(SURE), incident=incident).message("mei", "sms", ZERO, alerts)
    acknowledged = [(at, act.alert) for at, act in acts if act.does == "ack"]
    assert [alert for _, alert in acknowledged] == ["mei1", "mei2", "mei3"]
    assert len({at for at, _ in acknowledged}) == 1


def test_who_has_not_looked_yet_reads_both_texts_together():
    """A second text does not begin the waiting anew: the telephone is taken up once."""
    incident = an_incident()
    model = MODEL.changed({**SURE, "on_site.text_median_s": 1.0, "on_site.reply_median_s": 86_400.0})
    there = street(model=model, incident=incident)
    first = there.message("mei", "sms", ZERO, [alert_of(incident, "mei", 1)])
    second = there.message("mei", "sms", 5 * MINUTE, [alert_of(incident, "mei", 2)])
    assert first[0][0] == second[0][0]
    assert first[0][0] > 5 * MINUTE


def test_who_has_answered_once_answers_faster():
    """With the telephone in the hand, the next text takes the stated share of the time; never before that."""
    incident = an_incident()
    for run in range(20):
        model = MODEL.changed({**SURE, "on_site.attentive": 0.25, "on_site.text_sigma": 0.01})
        there = street(model=model, run=run, incident=incident)
        first = there.message("mei", "sms", ZERO, [alert_of(incident, "mei", 1)])[0][0]
        later = first + MINUTE
        second = there.message("mei", "sms", later, [alert_of(incident, "mei", 2)])[0][0]
        assert (second - later - 9 * SECOND) / (first - 9 * SECOND) == pytest.approx(0.25, abs=0.1)


def test_an_answer_that_is_coming_is_not_given_twice():
    """The same alert again changes nothing, unless a call brings the answer sooner; what was swallowed on the way is
    said again."""
    there = street(model=MODEL.changed({**SURE, "on_site.reply_median_s": 86_400.0}))
    first = there.message("mei", "sms", ZERO)
    assert does(first) == ["ack", "done"]
    assert there.message("mei", "sms", SECOND) == []
    by_call = there.message("mei", "voice", MINUTE)
    assert by_call[0][0] == MINUTE + 54 * SECOND < first[0][0]
    assert there.message("mei", "sms", 61 * SECOND) == []
    assert does(there.message("mei", "voice", 3 * MINUTE)) == ["ack", "done"]


def test_a_call_takes_the_time_to_ring_to_listen_and_to_press():
    """54 seconds from the dialling to the key; nobody takes it: it fails after its ringing, as a real one does."""
    there = street(model=MODEL.changed(SURE))
    route = there.players.route("mei", "voice", "d", NOW)
    assert (route.after, route.fails) == (18 * SECOND, "")
    assert there.message("mei", "voice", ZERO)[0][0] == 54 * SECOND
    never = street(model=MODEL.changed({**SURE, "on_site.answers_call": 0.0}))
    reasons = {never.players.route("mei", "voice", f"d{n}", NOW).fails for n in range(40)}
    assert reasons == {"no_answer", "machine"}
    assert never.players.route("mei", "voice", "d", NOW).after == 30 * SECOND


def test_who_is_away_answers_nothing_and_their_texts_arrive_all_the_same():
    """Nobody knows from a receipt that somebody is not there."""
    there = street(model=MODEL.changed({**SURE, "on_site.available": 0.0}))
    assert there.players.route("mei", "sms", "d", NOW).fails == ""
    assert there.message("mei", "sms", ZERO) == []
    assert there.players.route("mei", "voice", "d", NOW).fails in ("no_answer", "machine")


def test_a_lost_text_tells_nobody():
    """The provider took it, and it never came."""
    there = street(model=MODEL.changed({**SURE, "on_site.text_lost": 1.0}))
    assert there.players.route("mei", "sms", "d", NOW).silent


def test_a_telephone_from_which_no_text_comes_back_is_answered_by_voice_alone():
    """Who cannot answer by text reads it and waits for the call."""
    from msgspec.structs import replace

    incident = an_incident()
    incident = replace(incident, members={"mei": member("mei", "guard", two_way=False)})
    there = street(model=MODEL.changed(SURE), incident=incident)
    assert there.message("mei", "sms", ZERO) == []
    assert does(there.message("mei", "voice", MINUTE)) == ["ack", "done"]


def test_only_what_asks_is_answered():
    """Words that only tell, and alerts that are answered already, get no answer."""
    incident = an_incident()
    there = street(model=MODEL.changed(SURE), incident=incident)
    tells = alert_of(incident, "mei", 1, kind="ended")
    had = alert_of(incident, "mei", 2, status="acknowledged")
    assert there.message("mei", "sms", ZERO, [tells, had]) == []
    ready = alert_of(incident, "mei", 3, step="stand_by", kind="stand_by")
    assert does(there.message("mei", "sms", MINUTE, [ready])) == ["ack"]


# the work


def test_work_takes_a_share_of_its_target_whoever_does_it():
    """The length belongs to the step: half of the target in the middle, the same for two people of one run."""
    incident, shares = an_incident(target=4 * MINUTE), []
    for run in range(400):
        people = Played(MODEL.changed(SURE), {"mei": "on_site", "bo": "on_site"}, 7, run)
        both = []
        for person in ("mei", "bo"):
            acts = {act.does: at for at, act in Street(people, incident).message(person, "sms", ZERO)}
            both.append(acts["done"] - acts["ack"])
        assert abs(both[0] - both[1]) < timedelta(milliseconds=1)
        shares.append(both[0] / (4 * MINUTE))
    assert median(shares) == pytest.approx(0.5, abs=0.03)
    assert stdev(map(log, shares)) == pytest.approx(0.4, abs=0.05)


def test_a_false_acknowledgement_never_becomes_work():
    """Who only says so is asked again and says so again."""
    there = street(model=MODEL.changed({**SURE, "on_site.false_ack": 1.0}))
    assert does(there.message("mei", "sms", ZERO)) == ["ack"]
    assert does(there.message("mei", "voice", 20 * MINUTE)) == ["ack"]


def test_who_declines_declines_everything():
    """Somebody who cannot come cannot come for the next step either."""
    incident = an_incident()
    there = street(model=MODEL.changed({**SURE, "on_site.declines": 1.0}), incident=incident)
    acts = there.message("mei", "sms", ZERO, [alert_of(incident, "mei", n) for n in (1, 2)])
    assert does(acts) == ["decline", "decline"]


@pytest.mark.parametrize(
    "role, comes",
    [pytest.param("guard", True, id="in the building"), pytest.param("manager", False, id="command"),
     pytest.param("desk", False, id="by telephone")],
)  # fmt: skip
def test_who_is_at_home_has_to_come_unless_a_telephone_is_enough(role: str, comes: bool):
    """Work of a role that can be done by telephone begins with the answer; all other work with the arrival."""
    figures = {name.replace("on_site", "off_duty_day"): value for name, value in SURE.items()}
    duties = [Duty(role="guard", title=words("Guard")), Duty(role="manager", title=words("Manager"), command=True),
              Duty(role="desk", title=words("Desk"), remote=True)]  # fmt: skip
    plan = a_plan(a_state("leak", a_step("stop", role, done=2 * MINUTE, source="practice")))
    incident = ANight(plan, site=a_site(duties=duties)).incident
    model = MODEL.changed({**figures, "world.work_sigma": 0.01, "off_duty_day.travel_sigma": 0.01})
    acts = street("mei", "off_duty_day", model=model, incident=incident).message("mei", "voice", ZERO)
    took = acts[1][0] - acts[0][0]
    assert (took > 22 * MINUTE) is comes
    assert (took < 2 * MINUTE) is not comes


def test_the_way_is_gone_once_and_is_longer_at_night():
    """Who is on the way does not start from home again; at night of the site's own time it takes 1.4 times as long."""
    figures = {name.replace("on_site", "on_call"): value for name, value in SURE.items()}
    model = MODEL.changed({**figures, "world.work_sigma": 0.01})
    ways = []
    for hour in (4, 16):  # 04:00 and 16:00 UTC are noon and midnight in Shanghai
        begins = datetime(2026, 3, 1, hour, tzinfo=NOW.tzinfo)
        from msgspec.structs import replace

        incident = replace(an_incident(begins=begins), offset=480)
        there = street("mei", "on_call", model=model, incident=incident)
        first = there.message("mei", "voice", ZERO)
        second = there.message("mei", "voice", 5 * MINUTE, [alert_of(incident, "mei", 2)])
        assert abs(second[1][0] - first[1][0]) < 10 * SECOND
        ways.append(first[1][0] - first[0][0] - MINUTE)
    assert ways[1] / ways[0] == pytest.approx(1.4, abs=0.02)


def test_a_decision_is_answered_as_the_scenario_says_else_with_its_first_answer():
    """A step that asks for a decision gets the answer of the scenario; one it does not name the first."""
    from emergency.core.playbook import Answer

    step = a_step("look", decision=(Answer(name="fire", says=words("fire")), Answer(name="none", says=words("none"))))
    plan = a_plan(a_state("leak", step))
    incident = ANight(plan).incident
    for decisions, answer in (({}, "fire"), ({"look": "none"}, "none"), ({"other": "none"}, "fire")):
        there = street(model=MODEL.changed(SURE), incident=incident, decisions=decisions)
        acts = there.message("mei", "sms", ZERO, [alert_of(incident, "mei", step="look")])
        assert [(act.does, act.words) for _, act in acts] == [("ack", ""), ("done", answer)]


# what a scenario says of people


def test_who_is_to_answer_at_50_s_does():
    """Whatever the dice say: the first answer comes at that moment, by text or by call, and the work is done."""
    for run in range(60):
        there = street("mei", "off_duty_night", run=run, overrides=[Override(person="mei", first_ack=50 * SECOND)])
        assert there.first("mei", "ack", [("sms", ZERO)]) == 50 * SECOND
        rung = street("mei", "off_duty_night", run=run, overrides=[Override(person="mei", first_ack=50 * SECOND)])
        acts = rung.message("mei", "voice", ZERO)
        assert acts[0][0] == 50 * SECOND
        assert does(acts) == ["ack", "done"]


def test_a_call_before_the_moment_of_the_first_answer_is_not_taken():
    """Somebody who is to answer at five minutes does not pick up at one."""
    there = street(overrides=[Override(person="mei", first_ack=5 * MINUTE)])
    there.players.route("mei", "sms", "d0", NOW)
    assert there.players.route("mei", "voice", "d1", NOW + MINUTE).fails
    assert not there.players.route("mei", "voice", "d2", NOW + 5 * MINUTE).fails


def test_who_never_answers_never_does():
    """No text and no call moves them."""
    for run in range(30):
        there = street(run=run, model=MODEL.changed(SURE), overrides=[Override(person="mei", never=True)])
        assert there.first("mei", "ack", [("sms", ZERO), ("voice", MINUTE), ("voice", 5 * MINUTE)]) is None


def test_a_scenario_puts_one_person_into_another_profile():
    """An override of the profile changes the figures and leaves the dice."""
    model = MODEL.changed({**SURE, "on_site.reply_sigma": 1.0, "off_duty_day.reply_sigma": 1.0})
    model = model.changed({name.replace("on_site", "off_duty_day"): value for name, value in SURE.items()})
    for run in range(5):
        here = street(run=run, model=model).message("mei", "sms", ZERO)[0][0]
        home = street(run=run, model=model, overrides=[Override(person="mei", profile="off_duty_day")])
        way = street(run=run, model=model).players.route("mei", "sms", "d", NOW).after
        assert (home.message("mei", "sms", ZERO)[0][0] - way) / (here - way) == pytest.approx(10, rel=1e-3)


def test_a_scenario_may_leave_somebody_to_their_shift():
    """`by_shift` for one person is what the shift says."""
    wave = [("sms", ZERO), ("voice", MINUTE)]
    said = street(overrides=[Override(person="mei", profile="by_shift")])
    assert said.first("mei", "ack", wave) == street().first("mei", "ack", wave)


# many people, many runs


def test_shares_and_times_are_those_of_the_model():
    """Of 3,000 people on site: who replies by text, how fast; who takes a call; how many texts are lost."""
    replies, taken, lost = [], 0, 0
    for run in range(3000):
        there = street(run=run)
        route = there.players.route("mei", "sms", "d", NOW)
        lost += route.silent
        taken += not there.players.route("mei", "voice", "e", NOW).fails
        if not route.silent:
            arrival = Arrival(
                at=NOW, person="mei", channel="sms", delivery="d", incident=there.incident,
                alerts=(alert_of(there.incident, "mei"),),
            )  # fmt: skip
            replies += [act.after.total_seconds() for act in there.players.hears(arrival) if act.does != "done"]
    assert lost / 3000 == pytest.approx(0.03, abs=0.01)
    assert taken / 3000 == pytest.approx(0.97 * 0.80, abs=0.025)
    assert len(replies) / (3000 - lost) == pytest.approx(0.97 * 0.90, abs=0.02)
    assert median(replies) == pytest.approx(60, rel=0.06)
    assert exp(stdev(map(log, replies))) == pytest.approx(exp(0.9), rel=0.05)


def test_a_team_is_away_together_more_often_than_by_chance():
    """A shared factor of correlation 0.2 (Gaussian copula): two of one team are both away as often as that says, two of
    different teams as often as chance has it."""
    model = MODEL.changed({"on_site.available": 0.7})
    people = dict.fromkeys(("mei", "bo", "ann"), "on_site")
    teams = {"mei": "fire", "bo": "fire", "ann": "first_aid"}
    gone = dict.fromkeys(("bo", "ann"), 0)
    runs = 6000
    for run in range(runs):
        there = Played(model, people, 11, run, teams=teams)
        away = {person for person in people if not there._player(person).reachable}
        for other in gone:
            gone[other] += {"mei", other} <= away
    normal, cut = NormalDist(), NormalDist().inv_cdf(0.7)
    factor = [normal.inv_cdf((n + 0.5) / 4000) for n in range(4000)]
    together = mean((1 - normal.cdf((cut - 0.2**0.5 * f) / 0.8**0.5)) ** 2 for f in factor)
    assert together > 0.11
    assert gone["bo"] / runs == pytest.approx(together, abs=0.012)
    assert gone["ann"] / runs == pytest.approx(0.09, abs=0.012)
