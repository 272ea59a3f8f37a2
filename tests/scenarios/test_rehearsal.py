"""A rehearsal in memory takes the very course that the scenes take with store, outbox, words and inbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from emergency.core import events as e
from emergency.core.incident import Incident, fold
from emergency.core.values import Channel
from emergency.drills.people import Players, Route
from emergency.drills.rehearsals.rehearsal import Rehearsal
from emergency.drills.scenario import Inject, Scenario
from tests.rehearsing import Habits, scenario, stage
from tests.scenarios.conftest import Played
from tests.scenarios.scene import DAY, MINUTE, NOON, PLACES, Scene, sample_roster, shipped_plans
from tests.scenarios.stories import STORIES

WENT_OUT = {e.DeliverySent, e.DeliveryDelivered}
"""What a provider says of a message: the same moments, other names of the provider."""


def script_of(playbook: str) -> Scenario:
    """Return the orders of a story as the injects of a scenario."""
    scene = Scene()
    STORIES[playbook](scene)
    found: list[Inject] = []
    for at, verb, args in scene._orders:
        found += injects(playbook, len(found), verb, args, at=at - scene.start)
    for state, after, verb, args in scene._cues:
        found += injects(playbook, len(found), verb, args, when=f"state {state}", after=after, again=True)
    scene.close()
    return scenario(*found, plan=playbook, maximum=timedelta(days=60))


def injects(playbook: str, number: int, verb: str, args: Any, **when: Any) -> Iterator[Inject]:
    """Yield what an order of a scene is in a scenario."""
    by = args.get("by", "command")
    ends = next(state.name for state in shipped_plans()[playbook].states if state.ends == "stand_down")
    if verb == "fact":
        for n, (fact, value) in enumerate(args["values"].items()):
            yield Inject(id=f"I{number}_{n}", kind="fact.told", target=fact, params={"value": value}, **when)
    elif verb == "transition":
        yield Inject(id=f"I{number}", kind="order.transition", target=by, params={"to": args["to"]}, **when)
    else:
        assert verb == "stand-down"
        params = {"to": ends, "check": "all"}
        yield Inject(id=f"I{number}", kind="order.transition", target=by, params=params, **when)


def decisions_of(incident: Incident) -> dict[str, str]:
    """Return the answer that each decision of a story was given."""
    return {run.name: run.answer for run in incident.steps.values() if run.answer is not None}


def course(log: list[tuple[e.AnyEvent, datetime]]) -> list[tuple[datetime, str]]:
    """Return all that was decided, with its moment; of messages, that they were asked for; of words, that there were
    some: seals are salted."""
    said = ((at, re.sub("seal:[0-9a-f]+", "seal", repr(event))) for event, at in log[1:] if type(event) not in WENT_OUT)
    return list(said)


@pytest.mark.parametrize("playbook", [pytest.param(name, id=name) for name in PLACES])
def test_a_rehearsal_decides_what_the_real_outbox_and_inbox_lead_to(story: Played, playbook: str) -> None:
    """Among people of the same habits every event of the log is the same, at the same moment and in the same order:
    states, holders, alerts, messages, timers. Only the provider bears another name."""
    scene = story(playbook)
    players = Habits(decisions_of(scene.incident))

    rehearsal = Rehearsal(
        stage(playbook, place=scene.incident.place), players, script_of(playbook), seed=1, id=scene.id
    )  # fmt: skip
    rehearsal.engine.expect = None  # the scenes let nothing else begin
    rehearsal.run(40 * DAY)

    assert course(rehearsal.history()) == course(scene.log())
    assert (rehearsal.incident.state, rehearsal.incident.roles) == (scene.state, scene.incident.roles)
    assert rehearsal.incident == fold(rehearsal.history())


MAILBOX = Route(timedelta(seconds=20), "machine")
DEAD = Route(timedelta(0), "number_not_in_use")
DOWN = Route(timedelta(0), "provider_down", temporary=True)


def answered(log: list[tuple[e.AnyEvent, datetime]]) -> list[tuple[datetime, str]]:
    """Return when which state was entered, who was given what, was asked, had it and did it; of one moment in any
    order, as the outbox has many messages of a moment in flight."""
    kinds = (e.StateEntered, e.RoleAssigned, e.RoleUnfilled, e.CommandTaken, e.StepDone, e.StepLate, e.LadderClimbed)
    found = [(at, repr(event)) for event, at in log if isinstance(event, kinds)]
    alerts = {event.alert: event for event, _ in log if isinstance(event, e.AlertRequested)}
    for event, at in log:
        if isinstance(event, e.AlertAcknowledged):
            alert = alerts[event.alert]
            found.append((at, f"{alert.person} has {alert.step} as {alert.role}"))
    return sorted(found)


class Troubled(Habits):
    """People of whom some cannot be had, and a provider that takes nothing up to a moment."""

    def __init__(self, down_until: datetime = NOON - MINUTE, **habits: Any) -> None:
        super().__init__(**habits)
        self.down_until = down_until

    def route(self, person: str, channel: Channel, delivery: str, at: datetime) -> Route:
        """Return what becomes of a message."""
        own = super().route(person, channel, delivery, at)
        return DOWN if at <= self.down_until else own


def everybody() -> list[str]:
    """Return the ids of everybody in the roster."""
    return list(sample_roster().people)


@pytest.mark.parametrize("playbook", ["fire", "elevator_entrapment", "threat"])
def test_silence_and_mailboxes_keep_lines_busy_alike(scene: Scene, playbook: str) -> None:
    """Where every call ends in a mailbox after twenty seconds, calls wait for the line and ladders climb as they do
    with the real outbox, to the second."""
    scene.everyone.has_voicemail()
    scene.open(playbook)
    scene.run(40 * MINUTE)
    players = Habits(silent=everybody(), routes={(person, "voice"): MAILBOX for person in everybody()})

    rehearsal = rehearsed(scene, playbook, players, 40 * MINUTE)

    assert course(rehearsal.history()) == course(scene.log())


@pytest.mark.parametrize("dead", [["sun_li"], ["liu_yang", "gao_lei"], ["chen_jing", "sun_li", "hu_wei", "luo_bin"]])
def test_dead_numbers_let_ladders_climb_alike(scene: Scene, dead: list[str]) -> None:
    """A refusal for good goes another way at once: the same deputies are asked at the same moments."""
    scene.everyone.works({"first_attack": "big"})
    for person in dead:
        scene.phone(person).is_not_in_use()
    scene.open("fire")
    scene.run(20 * MINUTE)
    routes = {(person, channel): DEAD for person in dead for channel in ("sms", "voice")}

    rehearsal = rehearsed(scene, "fire", Habits({"first_attack": "big"}, routes=routes), 20 * MINUTE)

    assert answered(rehearsal.history()) == answered(scene.log())
    assert {person for person in dead if scene.sent(person=person)} == set()


@pytest.mark.parametrize("minutes", [1, 4, 35])
def test_a_provider_that_is_down_is_waited_for_alike(scene: Scene, minutes: int) -> None:
    """While nothing is taken, messages are tried again, taken back and out of date as with the real outbox; what is
    left goes out when the provider is back."""
    scene.everyone.works({"first_attack": "big"})
    scene.phones.down = True
    scene.open("fire")
    scene.run(minutes * MINUTE)
    scene.phones.down = False
    scene.run((minutes + 15) * MINUTE)
    players = Troubled(NOON + minutes * MINUTE, decisions={"first_attack": "big"})

    rehearsal = rehearsed(scene, "fire", players, (minutes + 15) * MINUTE)

    assert answered(rehearsal.history()) == answered(scene.log())


def rehearsed(scene: Scene, playbook: str, players: Players, until: timedelta) -> Rehearsal:
    """Return the rehearsal of a scene in which nothing is ordered at the console."""
    rehearsal = Rehearsal(stage(playbook, place=scene.incident.place), players, id=scene.id)
    rehearsal.engine.expect = None
    rehearsal.run(until)
    return rehearsal
