"""A scenario played before the day, among played people: does it come to its end, and does each inject bite?

An inject tests nothing where no message and no step falls into its effect. So the scenario is played with it and
without it, among the very same people (common random numbers); where both logs are the same, it had no effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from emergency.core import events as e
from emergency.core.check import Finding
from emergency.core.playbook import Playbook
from emergency.core.site import Member, Site
from emergency.core.values import Text
from emergency.drills.book import InjectReleased, InjectSkipped
from emergency.drills.players.model import Model, profiles, read_model
from emergency.drills.players.played import Played
from emergency.drills.rehearsals.rehearsal import Rehearsal, Stage
from emergency.drills.rehearsals.script import NEVER_CAME
from emergency.drills.scenario import Expect, Inject, Scenario
from emergency.drills.scenarios.check import clock_text, played_plan
from emergency.drills.scenarios.expect import Hit, parse
from emergency.roster import Roster, members, next_change
from emergency.roster.team import Reach

SEEDS = 3
"""With how many seeds an inject is tried before it is said to have no effect."""
Line = tuple[e.AnyEvent, datetime]


class Ground:
    """Where a scenario is played: the site, its people, its plans (by id), and how people answer; without a *model*, as
    the program assumes of everybody."""

    def __init__(self, site: Site, roster: Roster, plans: Mapping[str, Playbook], model: Model | None = None) -> None:
        self.site, self.roster, self.plans = site, roster, plans
        self.model = model or read_model()
        self._changes: dict[datetime, datetime | None] = {}

    def team(self, at: datetime) -> tuple[tuple[Member, ...], datetime | None]:
        """Return who is there at *at*, and when somebody's duty changes next."""
        if at not in self._changes:
            self._changes[at] = next_change(self.site, self.roster, at)
        return members(self.roster, self.site, at, Reach(), {}), self._changes[at]


def stage_of(scenario: Scenario, on: Ground) -> Stage:
    """Return the stage that *scenario* sets. Raises KeyError: its plan is not there."""
    plan = played_plan(scenario, on.plans)
    if plan is None:
        raise KeyError(scenario.playbook)
    return Stage(
        plan=plan,
        site=on.site,
        place=scenario.place,
        begins=scenario.begins,
        team=on.team,
        plans=on.plans.__getitem__,
    )


def play(scenario: Scenario, on: Ground, seed: int | None = None) -> Rehearsal:
    """Play *scenario* to its end among people drawn from the model, and return the rehearsal."""
    drawn = scenario.seed if seed is None else seed
    team, _ = on.team(scenario.begins)
    people = Played(
        on.model,
        profiles(team, scenario.begins, on.site, scenario.default_profile),
        drawn,
        overrides=scenario.overrides,
        decisions=scenario.decisions,
    )
    stage = stage_of(scenario, on)
    told = {} if scenario.kind == "callout" else scenario.told
    rehearsal = Rehearsal(stage, people, replace(scenario, told=told), seed=drawn)
    rehearsal.run(scenario.maximum)
    return rehearsal


# what it shows


class Met(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one expectation in the dry run. hit: None where it was not met; late: it came after its time;
    question: an evaluator's to answer."""

    inject: str
    expect: Expect
    hit: Hit | None
    late: bool = False
    question: str = ""


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What one dry run showed: why it ended, when (from its start), what was found, and what became of expectations."""

    ended: str
    after: timedelta
    findings: tuple[Finding, ...]
    met: tuple[Met, ...]


def dry_run(scenario: Scenario, on: Ground) -> DryRun:
    """Play *scenario*, and again without each of its injects; return what that shows."""
    played = play(scenario, on)
    found = list(_never_ends(scenario, played))
    for inject in scenario.injects:
        if not inject.reserve:
            found += _bites(scenario, on, played, inject)
    after = played.clock.now() - scenario.begins
    return DryRun(ended=played.ended, after=after, findings=tuple(found), met=tuple(outcome(scenario, played)))


def _never_ends(scenario: Scenario, played: Rehearsal) -> Iterator[Finding]:
    if played.ended in ("scenario", "closed"):
        return
    state = played.incident.state
    yield Finding(
        path=("ends",) if scenario.ends_when else ("clock", "maximum"),
        id="S12",
        severity="warning",
        says=f"in the dry run it did not come to its end in {clock_text(scenario.maximum)}; it stood in '{state}'",
        zh=f"试演 {clock_text(scenario.maximum)} 未走到结束,停在“{state}”",
        trace=tuple(_states(played)),
        fix=Text(
            "补上使预案走下去的情况、命令,或加长 clock.maximum",
            "tell the facts and give the orders that bring it on, or lengthen clock.maximum",
        ),
    )


def _states(played: Rehearsal) -> Iterator[Text]:
    for event, at in played.history():
        if isinstance(event, e.StateEntered):
            words = f"{clock_text(at - played.stage.begins)} {event.state}"
            yield Text(words, words)


# coverage


def _bites(scenario: Scenario, on: Ground, played: Rehearsal, inject: Inject) -> Iterator[Finding]:
    """An inject is told of where it came with none of the seeds, or changed nothing with any in which it came."""
    came = None
    for turn in range(SEEDS):
        seed = scenario.seed + turn
        one = played if turn == 0 else play(scenario, on, seed)
        at = released(one).get(inject.id)
        if at is None:
            continue
        if inject.kind in TOLD:
            return
        came = at if came is None else came
        other = play(_without(scenario, one, inject), on, seed)
        if _log(one, inject) != _log(other, inject):
            return
    yield _never_came(played, inject) if came is None else _no_effect(played, inject, came)


TOLD = frozenset({"asset.failure", "message.inbound", "event.secondary"})
"""Kinds that are told to people, or are an incident of their own: what they are for stands in their expectations."""


def released(played: Rehearsal) -> dict[str, timedelta]:
    """Return inject to when it took effect first, from the start."""
    found: dict[str, timedelta] = {}
    for written in played.book:
        if isinstance(written.entry, InjectReleased):
            found.setdefault(written.entry.inject, written.at - played.stage.begins)
    return found


def _without(scenario: Scenario, played: Rehearsal, inject: Inject) -> Scenario:
    """The scenario without *inject*; what it causes comes all the same, when it came with it."""
    came = released(played)
    others = []
    for each in scenario.injects:
        if each.caused_by == inject.id:
            at = came.get(each.id)
            each = replace(each, caused_by=None, after=timedelta(0), at=at, reserve=at is None)
        if each.id != inject.id:
            others.append(each)
    return replace(scenario, injects=tuple(others))


def _log(played: Rehearsal, inject: Inject) -> list[tuple[str, Line]]:
    """Every event of every incident but the mere echo of the inject: a fact that nothing asks for, a note."""
    found = []
    for row in played.store.all_incidents():
        for event, at in played.history(row.id):
            if not _echo(event, inject):
                found.append((row.id, (event, at)))
    return found


def _echo(event: e.AnyEvent, inject: Inject) -> bool:
    if isinstance(event, e.FactReported):
        return inject.kind == "fact.told" and event.fact == inject.target
    return isinstance(event, e.NoteAdded | e.IncidentOpened)


def _never_came(played: Rehearsal, inject: Inject) -> Finding:
    skipped = (w.entry for w in played.book if isinstance(w.entry, InjectSkipped) and w.entry.inject == inject.id)
    why = next((entry.reason for entry in skipped if entry.reason and entry.reason != NEVER_CAME), "")
    over = clock_text(played.clock.now() - played.stage.begins)
    if why:
        says, zh = f"it was refused to the end: {why}", f"一直不被接受:{why}"
    elif inject.at is not None:
        says, zh = f"the drill was over at {over}, before it came", f"演练在 {over} 已结束,它还没发生"
    else:
        says, zh = "what it waits for did not happen", "所等的条件没有出现"
    return _finding(inject, says, zh, tuple(_states(played)))


def _no_effect(played: Rehearsal, inject: Inject, came: timedelta) -> Finding:
    says, zh = _reason(played, inject, came)
    return _finding(inject, says, zh, tuple(_states(played)))


def _reason(played: Rehearsal, inject: Inject, came: timedelta) -> tuple[str, str]:
    """Return why nothing followed, as far as the run shows it."""
    at = clock_text(came)
    if inject.kind == "fact.told":
        return f"from {at} on nothing in the plan asks for '{inject.target}'", f"{at} 之后预案不再用到“{inject.target}”"
    times = [clock_text(each) for each in _sent(played, inject)]
    if inject.kind.startswith(("person.", "channel.")):
        until = inject.params.get("until", "end")
        listed = ", ".join(times[:6]) or "-"
        return (
            f"nothing falls into its time ({at} to {until}); messages went at: {listed}",
            f"{at} 到 {until} 之间没有消息落入;消息发出时间:{listed}",
        )
    return f"at {at} it changes nothing", f"{at} 时它不改变任何事"


def _sent(played: Rehearsal, inject: Inject) -> list[timedelta]:
    found = []
    for event, at in played.history():
        if isinstance(event, e.DeliveryQueued) and inject.target in (event.person, event.channel):
            found.append(at - played.stage.begins)
    return list(dict.fromkeys(found))


def _finding(inject: Inject, says: str, zh: str, trace: tuple[Text, ...]) -> Finding:
    return Finding(
        path=("injects", inject.id),
        id="S01",
        says=f"inject {inject.id} has no effect: {says}",
        zh=f"注入 {inject.id} 不起作用:{zh}",
        trace=trace,
        fix=Text("换一个时间、人员或通道,或删去", "choose another time, person or channel, or take it out"),
    )


# expectations


def outcome(scenario: Scenario, played: Rehearsal) -> Iterator[Met]:
    """Yield what became of every expectation in the run, those of objectives first."""
    came = {id: scenario.begins + after for id, after in released(played).items()}
    for objective in scenario.objectives:
        for expect in objective.expect:
            yield _met(played, objective.id, expect, scenario.begins)
    for inject in scenario.injects:
        for expect in inject.expect:
            if inject.id in came:
                yield _met(played, inject.id, expect, came[inject.id])


def _met(played: Rehearsal, about: str, expect: Expect, since: datetime) -> Met:
    check = parse(expect.check)
    if check.question:
        return Met(inject=about, expect=expect, hit=None, question=check.question)
    id = played.incident_of(check.inside)
    hit = check.first_met(played.history(id), since, played.clock.now()) if id is not None else None
    late = hit is not None and expect.within is not None and hit.at > since + expect.within
    return Met(inject=about, expect=expect, hit=hit, late=late)


__all__ = ["DryRun", "Ground", "Met", "dry_run", "outcome", "play", "released", "stage_of"]
