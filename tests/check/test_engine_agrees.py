"""Exploration and engine speak of the same plan: no situation and no move is missing there, and none is made up."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from emergency.check.explore import Exploration
from emergency.check.room import CLOCK, LEVEL, LEVELS, SWEPT, Room
from emergency.check.times import stay
from emergency.core import guards, machine
from emergency.core import playbook as p
from emergency.core.incident import ASKING, Incident
from tests.check import shipped
from tests.check.walks import Move, Walk

NIGHTS = int(os.environ.get("NIGHTS", "3"))
"""Nights of each plan."""
ACTS = 120
TRIES = 12
"""Nights in which one move is aimed at."""
AIMED = ("fire", "crowding", "elevator_entrapment", "threat", "gas_leak")
"""The plans of which every move is tried; with `NIGHTS` in the environment all of them."""


@cache
def explored(id: str) -> Exploration:
    """A shipped plan explored."""
    return Exploration(shipped.plan(id), shipped.site())


def moves(id: str) -> set[Move]:
    """Every move that the exploration says can be made by the plan."""
    return {Move(name, exit.to, exit.via) for name, exits in explored(id).exits.items() for exit in exits}


@pytest.mark.parametrize("id", shipped.IDS)
def test_the_engine_makes_no_other_move(id):
    """In nights in which anybody does anything, every move from state to state is one that was explored; and when the
    plan is closed nothing is left running: no timer, no step, no alert."""
    for seed in range(NIGHTS):
        walk = Walk(shipped.plan(id), shipped.site(), seed)
        assert walk.began in explored(id).beginnings
        for incident in walk.night(ACTS):
            if incident.is_closed:
                assert not dict(incident.timers)
                assert not [run for run in incident.steps.values() if run.status == "open"]
                assert not [a for a in incident.alerts.values() if a.kind in ASKING and a.status != "closed"]
        assert set(walk.moves) <= moves(id)


@pytest.mark.parametrize("id", shipped.IDS if "NIGHTS" in os.environ else AIMED)
def test_the_engine_makes_every_move(id):
    """Of the moves that are said to be possible the engine makes nineteen in twenty when they are aimed at; what dice
    miss are ways that wait for many things at once."""
    wanted, made = moves(id), set()
    for move in sorted(wanted):
        for seed in range(TRIES):
            if move in made:
                break
            walk = Walk(shipped.plan(id), shipped.site(), seed, team=move.via == "order")
            walk.aim(move, 40)
            made |= set(walk.moves)
    assert made <= wanted
    assert len(made) >= 0.95 * len(wanted), sorted(wanted - made)


@pytest.mark.parametrize("id", shipped.IDS)
def test_silence_is_that_of_the_engine(id):
    """When nobody answers, the engine goes where the check says that silence leads, at the very moment."""
    plan, site = shipped.plan(id), shipped.site()
    for state in plan.states:
        if state.final or state.ends is not None:
            continue
        walk = Walk(plan, site, seed=1, team=False, told=False)
        if walk.incident.state != state.name:
            walk.go_to(state.name)
        if walk.incident.state != state.name:
            continue  # it was left in no time
        found = stay(plan, site, state.name, level=walk.incident.severity)
        before = walk.now
        for _ in range(60):
            walk.wait()
            if walk.incident.state != state.name or walk.incident.entry > 2:
                break
        if found.way is None:
            assert walk.incident.state == state.name
        else:
            assert walk.moves[-1].start == state.name or walk.incident.state == found.way.to
            first = next(move for move in walk.moves if move.start == state.name)
            assert first.to == found.way.to
            assert walk.incident.entered - before == found.way.stay


def situation(room: Room, incident: Incident, now: datetime) -> int:
    """The situation of the room that an incident of the engine is in, as a bit; 0 when the room has none like it."""
    found = room.space.full
    for axis, digits in room.space.axes:
        if digits > 1:
            found &= room.space.among(axis, [n for n in range(digits) if is_in(room, axis, n, incident, now)])
    return found


def is_in(room: Room, axis: Any, digit: int, incident: Incident, now: datetime) -> bool:
    """Whether the incident has this digit on this axis: every question of it is put to the incident itself."""
    if axis == CLOCK:
        return digit == sum(1 for time in room.times if now - incident.entered >= time)
    if axis == LEVEL:
        return LEVELS[digit] is incident.severity
    if axis == SWEPT:
        return guards.zones_swept(incident) is bool(digit)
    kind, name, *more = axis
    if kind == "answered":
        return guards.holds(p.RoleAcknowledged(name, more[0]), incident, now) is bool(digit)
    if kind == "rest":
        runs = [run for run in incident.runs_here() if run.name in {step.name for step in room.rest(name)}]
        started = {run.name for run in runs}
        missing = [step for step in room.rest(name) if step.when is None and step.name not in started]
        return (not missing and all(run.status in guards.FINISHED for run in runs)) is bool(digit)
    if kind == "step":
        runs = [run for run in incident.runs_here() if run.name == name]
        outcome = room.outcomes[name][digit]
        answers = {run.answer for run in runs if run.status == "done"}
        if not runs:
            return outcome.status == "absent" or (outcome.status == "open" and room.steps[name].when is None)
        return outcome.status == ("done" if answers else "open") and set(outcome.answers) == answers
    asked = [atom for atom in room.atoms if room.facts.group(atom) == name]
    cell = room.cells[name][digit]
    return all(guards.holds(atom, incident, now) is bool(room.facts.answers(name, atom) & cell) for atom in asked)


@pytest.mark.parametrize("id", shipped.IDS)
def test_no_situation_is_missing(id):
    """Whatever a night of the engine comes to is a situation that was explored, and one that lasts: there the real
    machine finds no way out either."""
    looked = 0
    for seed in range(NIGHTS):
        walk = Walk(shipped.plan(id), shipped.site(), seed + 100)
        for incident in walk.night(ACTS):
            room = explored(id).rooms[incident.state]
            bit = situation(room, incident, walk.now)
            assert bit, (incident.state, "no such situation")
            assert bit & explored(id).reached[incident.state] == bit, room.words(bit)
            if not incident.is_closed:
                assert machine.advance(incident, walk.now) is None
                assert not bit & room.fleeting
            looked += 1
    assert looked > 20
