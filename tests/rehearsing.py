"""What tests of rehearsals share: a stage in the sample mall, and people who answer by fixed habits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from emergency.core import events as e
from emergency.core.incident import BESIDE
from emergency.core.site import Member
from emergency.core.values import Channel, Text
from emergency.drills.people import Act, Arrival, Route
from emergency.drills.rehearsals.rehearsal import Rehearsal, Stage
from emergency.drills.scenario import Inject, Scenario
from emergency.roster import Reach, Roster, members, next_change
from tests.scenarios.scene import MINUTE, NOON, PLACES, SECOND, sample_roster, sample_site, shipped_plans

AT_ONCE = timedelta(0)


@lru_cache
def roster_in_force() -> Roster:
    """Return the sample people as a store gives them back: in alphabetical order."""
    return msgspec.json.decode(msgspec.json.encode(sample_roster(), order="sorted"), type=Roster)


def team(now: datetime) -> tuple[tuple[Member, ...], datetime | None]:
    """Return who is in the sample mall at *now*, and when somebody's duty changes next."""
    site, roster = sample_site(), roster_in_force()
    return members(roster, site, now, Reach(), {}), next_change(site, roster, now)


def stage(plan: str = "fire", begins: datetime = NOON, **change: Any) -> Stage:
    """Return a stage in the sample mall, at the place that the scenes of *plan* are set in."""
    plans, site = shipped_plans(), sample_site()
    place = PLACES[plan] if PLACES[plan] in {each.id for each in site.places} else site.places[0].id
    made = Stage(plan=plans[plan], site=site, place=place, begins=begins, team=team, plans=plans.__getitem__)
    return replace(made, **change)


class Habits:
    """People who answer every text once, and later report the step done; calls are let ring out, or taken.

    routes: (person, channel) to what becomes of messages; the others arrive at once. silent: who never answers.
    """

    def __init__(
        self,
        decisions: Mapping[str, str] | None = None,
        *,
        first: timedelta = 10 * SECOND,
        share: float = 0.5,
        silent: Sequence[str] = (),
        routes: Mapping[tuple[str, str], Route] | None = None,
        on_call: Callable[[Arrival], Sequence[Act]] | None = None,
    ) -> None:
        self.decisions = decisions or {}
        self.first, self.share = first, share
        self.silent = silent
        self.routes = routes or {}
        self.on_call = on_call
        self.heard: list[Arrival] = []
        self.asked: list[tuple[datetime, str, str, str]] = []
        self._answered: set[tuple[str, str, str]] = set()

    def route(self, person: str, channel: Channel, delivery: str, at: datetime) -> Route:
        """Return what becomes of a message."""
        self.asked.append((at, person, channel, delivery))
        return self.routes.get((person, channel), Route(AT_ONCE))

    def hears(self, arrival: Arrival) -> Sequence[Act]:
        """Return what the person does about what arrived."""
        self.heard.append(arrival)
        if arrival.person in self.silent:
            return ()
        if arrival.channel == "voice":
            return self.on_call(arrival) if self.on_call is not None else ()
        acts: list[Act] = []
        for alert in arrival.alerts:
            step = (arrival.person, arrival.incident.id, alert.step or "")
            if step not in self._answered:
                self._answered.add(step)
                acts += self._replies(arrival, alert.id, alert.step or "")
        return acts

    def _replies(self, arrival: Arrival, alert: str, step: str) -> Sequence[Act]:
        run = arrival.incident.steps[step]
        plan = arrival.incident.plan_of(run)
        acts = [Act(self.first, "ack", alert)]
        if run.name in BESIDE:
            return acts
        allowed = (plan.done if plan else None) or 2 * MINUTE
        names = [answer.name for answer in plan.decision] if plan else []
        words = self.decisions.get(run.name, names[0]) if names else ""
        return [*acts, Act(self.first + allowed * self.share, "done", alert, words)]


def scenario(*injects: Inject, plan: str = "fire", maximum: timedelta = 60 * MINUTE, **change: Any) -> Scenario:
    """Return a scenario of the sample mall with these injects."""
    made = Scenario(
        id="test", title=Text("试", "test"), playbook=plan, place=PLACES[plan], kind="simulated", begins=NOON,
        maximum=maximum, injects=injects,
    )  # fmt: skip
    return replace(made, **change)


def happened(rehearsal: Rehearsal, kind: type[e.Event], id: str | None = None) -> list[Any]:
    """Return the events of one kind, in order."""
    return [event for event, _ in rehearsal.history(id) if isinstance(event, kind)]


def moments(rehearsal: Rehearsal, kind: type[e.Event], **fields: Any) -> list[timedelta]:
    """Return when, from the beginning, events of one kind with these fields happened."""
    begins = rehearsal.stage.begins
    return [
        at - begins
        for event, at in rehearsal.history()
        if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items())
    ]


def sent_to(rehearsal: Rehearsal, person: str, channel: str | None = None) -> list[tuple[timedelta, str, str]]:
    """Return when which channel took a message for *person*, and of which alert."""
    known = rehearsal.incident.deliveries
    return [
        (at - rehearsal.stage.begins, known[event.delivery].channel, known[event.delivery].alert)
        for event, at in rehearsal.history()
        if isinstance(event, e.DeliverySent)
        and known[event.delivery].person == person
        and channel in (None, known[event.delivery].channel)
    ]
