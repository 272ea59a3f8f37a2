"""The past once more: the same people, as slow and as quick as they were, with their own plan and with another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from emergency.core import events as e
from emergency.core.playbook import Playbook
from emergency.drills.players.model import profiles, read_model
from emergency.drills.players.played import Played
from emergency.drills.rehearsals.recording import Recording, record
from emergency.drills.rehearsals.replay import Difference, Replayed, difference, facts_of, replay
from emergency.drills.scenario import Inject, Scenario
from emergency.drills.scenarios.dry_run import Ground, play
from emergency.roster import Reach, members, next_change
from emergency.verbs import perform
from tests.scenarios.conftest import Played as Story
from tests.scenarios.scene import HOUR, MINUTE, NOON, PLACES, SECOND, Scene, sample_roster, sample_site, shipped_plans
from tests.scenarios.stories import STORIES

Line = tuple[e.AnyEvent, datetime]


def others(recording: Recording) -> Played:
    """Those whom a record knows nothing of."""
    team = recording.teams[0][1]
    return Played(read_model(), profiles(team, recording.begins, recording.opening.site), 1)


def again(history: Sequence[Line], **changed: object) -> tuple[Recording, Replayed]:
    """A record of this log, and its replay."""
    recording = record(history)
    return recording, replay(recording, others(recording), shipped_plans().__getitem__, **changed)  # type: ignore[arg-type]


def compared(history: Sequence[Line], recording: Recording, found: Replayed) -> Difference:
    """What is different from the record, up to its end."""
    until = [line for line in found.history if line[1] <= history[-1][1]]
    return difference(facts_of(history, recording.begins), facts_of(until, recording.begins), recording.plan)


PLANS = ["fire", "elevator_entrapment", "severe_weather", "media", "crowding", "vip_visit"]


@pytest.mark.parametrize("playbook", PLANS)
def test_a_real_course_comes_again(story: Story, playbook: str) -> None:
    """Played through outbox and inbox, recorded, replayed: every state, step and reminder at the very same moment, with
    all that was told and ordered at the console."""
    scene = story(playbook)
    history = scene.log()

    recording, found = again(history)

    same = compared(history, recording, found)
    assert len(same.steps) > 5
    assert [row for row in (*same.milestones, *same.states, *same.steps, *same.late) if row.before != row.after] == []
    assert (found.refused, found.moved, found.assumed) == ((), (), ())
    assert found.incident.state == "closed"
    assert not same.added
    assert not same.spared


def outage(plan: str, place: str) -> Scenario:
    """Texts are taken and never arrive for five minutes; one person is lost, one says no."""
    injects = (
        Inject(id="I1", kind="channel.outage", target="sms", at=timedelta(minutes=1), params={"until": "6m"}),
        Inject(id="I2", kind="person.unreachable", target="liu_yang", at=timedelta(0), params={"until": "end"}),
        Inject(id="I3", kind="person.declines", target="luo_bin", at=timedelta(0), params={"until": "end"}),
    )
    title = shipped_plans()[plan].title
    return Scenario(
        id="x", title=title, playbook=plan, place=place, kind="simulated", begins=NOON, maximum=50 * MINUTE,
        injects=injects, seed=5,
    )  # fmt: skip


@pytest.mark.parametrize("plan, place", [("fire", "b1_food_court"), ("robbery", "f1_jeweller")])
def test_a_rehearsal_with_an_outage_comes_again(plan: str, place: str) -> None:
    """Also with a channel that is down, somebody who is lost and somebody who says no: the same states and steps, and
    while the outage lasts at about the same time. When exactly a provider took messages again no log says, so what
    depends on it may come later; the command then says how far the replay is from the record."""
    on = Ground(sample_site(), sample_roster(), shipped_plans())
    history = play(outage(plan, place), on).history()

    recording, found = again(history)

    same = compared(history, recording, found)
    rows = (*same.states, *same.steps)
    assert len(rows) > 10
    assert [row.name for row in same.states if row.before is None or row.after is None] == []
    early = [row for row in rows if row.before is not None and row.before < 300]
    assert len(early) > 3
    assert all(abs(row.gain or 0) < 60 for row in early)
    assert recording.down["sms"]


@pytest.mark.parametrize("plan", ["fire", "flooding", "missing_child"])
def test_a_rehearsal_comes_again(plan: str) -> None:
    """Among people of the model, every state, step, reminder and message comes again at the very moment."""
    on = Ground(sample_site(), sample_roster(), shipped_plans())
    scenario = replace(outage(plan, PLACES[plan]), injects=())
    history = play(scenario, on).history()

    recording, found = again(history)

    assert compared(history, recording, found).is_none


def silent_fire(scene: Scene) -> Sequence[Line]:
    """A fire that everybody has, and nobody says anything of what they see."""
    scene.everyone.answers_after(5 * SECOND)
    scene.open("fire")
    scene.run(until=30 * MINUTE)
    return scene.log()


def sooner(plan: Playbook) -> Playbook:
    """The fire plan, with half the patience while verifying."""

    def hasty(state: object) -> object:
        leaves = tuple(replace(x, after=MINUTE) if x.after else x for x in state.leave)  # type: ignore[attr-defined]
        return replace(state, leave=leaves) if state.name == "verifying" else state  # type: ignore[attr-defined,type-var]

    return replace(plan, states=tuple(map(hasty, plan.states)))  # type: ignore[arg-type]


def test_an_edited_plan_shows_what_it_gains(scene: Scene) -> None:
    """Half the patience brings `confirmed` a minute sooner, and all that follows from it with it; what came before
    stays as it was."""
    history = silent_fire(scene)
    recording, before = again(history)
    _, after = again(history, plan=sooner(recording.plan))

    found = difference(
        facts_of(before.history, recording.begins), facts_of(after.history, recording.begins), recording.plan
    )
    gains = {row.name: row.gain for row in found.states}
    assert gains["reported"] == gains["verifying"] == 0
    assert gains["confirmed"] == 60
    assert {row.name: row.gain for row in found.milestones if row.gain}
    assert not found.is_none


def test_who_is_not_in_the_new_roster_is_spared_and_somebody_is_asked_instead(scene: Scene) -> None:
    """Without the one who verified, another is called; what they would have done is assumed, and said to be."""
    scene.everyone.works()
    scene.open("fire")
    scene.run(until=30 * MINUTE)
    history = scene.log()
    looked = next(x.person for x, _ in history if isinstance(x, e.StepDone))
    roster = sample_roster()
    fewer = replace(roster, people={id: person for id, person in roster.people.items() if id != looked})

    def team(at: datetime) -> object:
        return members(fewer, sample_site(), at, Reach(), {}), next_change(sample_site(), fewer, at)

    recording, before = again(history)
    _, after = again(history, team=team)

    found = difference(
        facts_of(before.history, recording.begins), facts_of(after.history, recording.begins), recording.plan
    )
    assert looked in found.spared
    assert after.assumed
    assert before.assumed == ()


def test_somebody_who_was_never_asked_is_drawn_from_the_model(scene: Scene) -> None:
    """A person whom only the new roster has answers as the model says, and it is said to be assumed."""
    scene.everyone.works()
    scene.open("robbery")
    scene.run(until=20 * MINUTE)
    history = scene.log()
    recording = record(history)
    roster = sample_roster()
    asked = {key.person for key in recording.asked}
    nobody_of_then = replace(roster, people={id: p for id, p in roster.people.items() if id not in asked})

    def team(at: datetime) -> object:
        return members(nobody_of_then, sample_site(), at, Reach(), {}), None

    _, after = again(history, team=team)
    new = facts_of(after.history, recording.begins).asked
    assert new
    assert not new & asked
    assert {what for sort, what in after.assumed if sort == "person"} <= new
    assert any(sort == "person" for sort, _ in after.assumed)


def test_facts_and_orders_that_do_not_fit_are_said(scene: Scene) -> None:
    """A fact that the new plan does not know, and an order to a state it has not, are named and not lost in silence."""
    scene.everyone.works({"first_attack": "big"})
    scene.open("fire")
    scene.at(3 * MINUTE, "fact", values={"injured": "2"})
    scene.at(4 * MINUTE, "fact", values={"peak": "yes"})
    scene.run(until=20 * MINUTE)
    recording = record(scene.log())
    plan = recording.plan
    without = replace(plan, facts=tuple(fact for fact in plan.facts if fact.name != "peak"))

    _, after = again(scene.log(), plan=without)

    assert [what for what, _ in after.refused] == ["peak=yes"]
    told = [x.value for x, _ in after.history if isinstance(x, e.FactReported) and x.fact == "injured"]
    assert told == ["2"]


def test_an_order_follows_its_state_and_not_the_clock(scene: Scene) -> None:
    """What was ordered a minute after a state was entered comes a minute after it, when the plan enters it sooner."""
    history = _with_a_fact(scene)
    recording, _ = again(history)
    _, after = again(history, plan=sooner(recording.plan))
    entered = next(at for x, at in after.history if isinstance(x, e.StateEntered) and x.state == "confirmed")
    told = next(at for x, at in after.history if isinstance(x, e.FactReported) and x.fact == "injured")
    then = next(at for x, at in history if isinstance(x, e.FactReported) and x.fact == "injured")
    assert told - entered == _waited(history)
    assert told < then


def _with_a_fact(scene: Scene) -> Sequence[Line]:
    for person in ("luo_bin", "he_tao", "gao_lei", "tang_yong"):
        scene.phone(person).is_silent()
    scene.everyone.answers_after(5 * SECOND)
    scene.on("confirmed", "fact", after=10 * SECOND, values={"injured": "1"})
    scene.open("fire")
    scene.run(until=30 * MINUTE)
    return scene.log()


def _waited(history: Sequence[Line]) -> timedelta:
    entered = next(at for x, at in history if isinstance(x, e.StateEntered) and x.state == "confirmed")
    return next(at for x, at in history if isinstance(x, e.FactReported) and x.fact == "injured") - entered


def test_what_was_expected_is_replayed_from_its_confirmation(scene: Scene) -> None:
    """An incident that waited for a person's word begins with that word; one that never got it has nothing to show."""
    scene.engine.expect = scene.desktop.arm
    STORIES["power_outage"](scene)
    scene.open("power_outage")
    scene.run(until=5 * MINUTE)
    armed = [i for i in scene.engine.open_incidents() if i.armed]
    assert armed
    history = scene.engine.store.history(armed[0].id)
    with pytest.raises(ValueError, match="never confirmed"):
        record(history)

    perform(scene.desktop, scene.engine, "confirm", {"code": armed[0].code})
    scene.run(until=10 * MINUTE)
    history = scene.engine.store.history(armed[0].id)
    recording, found = again(history)
    assert recording.begins > history[0][1]
    same = compared(history[1:], recording, found)
    assert [row.name for row in same.states if row.before is None] == []


def test_two_replays_are_the_same(scene: Scene) -> None:
    """The same record and the same plan give the same log, whoever is drawn."""
    scene.everyone.works()
    scene.open("flooding")
    scene.run(until=HOUR)
    history = scene.log()
    _, one = again(history)
    _, two = again(history)
    assert one.history == two.history
