"""Ways to break the words of a plan and the people who are to carry it out, each by a program.

Each way yields what the broken thing is, the checks that must see it, and the path they must name. A way breaks only
where its rule says that the result is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from emergency.check.people import Situation, manned, situations
from emergency.core.check import Path
from emergency.core.playbook import Playbook, Step
from emergency.core.site import Site
from emergency.core.values import Text
from emergency.roster import Roster
from tests.check.mutants import with_state, with_step

DAY = date(2026, 3, 1)


class Broken(NamedTuple):
    """A plan with its site and its people, one of which is broken. ids: of the checks that see it; at: where."""

    plan: Playbook
    site: Site
    roster: Roster
    ids: tuple[str, ...]
    at: Path


Way = Callable[[Playbook, Site, Roster], Iterator[Broken]]
WAYS: dict[str, Way] = {}


def way(make: Way) -> Way:
    """Keep a way to break things under its name."""
    WAYS[make.__name__] = make
    return make


def _steps(plan: Playbook) -> Iterator[tuple[str, Step, Path]]:
    for state in plan.states:
        for step in state.steps:
            yield state.name, step, ("states", state.name, "steps", step.name)


def _with(plan: Playbook, state: str, step: str, **change: object) -> Playbook:
    return with_step(plan, plan.state(state), step, **change)


@way
def lengthen_a_word(plan: Playbook, site: Site, roster: Roster) -> Iterator[Broken]:
    """A step asks in more words than one SMS holds."""
    for state, step, at in _steps(plan):
        for words in (Text(step.do.zh + "再看一遍" * 14, step.do.en), Text(step.do.zh, step.do.en + " once more" * 14)):
            yield Broken(_with(plan, state, step.name, do=words), site, roster, ("M01",), (*at, "do"))


@way
def lengthen_a_headline(plan: Playbook, site: Site, roster: Roster) -> Iterator[Broken]:
    """A state says what has happened in more words than one SMS holds."""
    for state in plan.states:
        if state.headline is not None and not state.ends and not state.final:
            words = Text(state.headline.zh + "情况" * 30, state.headline.en)
            yield Broken(
                with_state(plan, state.name, headline=words), site, roster, ("M01",), ("states", state.name, "headline")
            )


@way
def drop_a_translation(plan: Playbook, site: Site, roster: Roster) -> Iterator[Broken]:
    """One language says nothing, or says it in the other."""
    for state, step, at in _steps(plan):
        for words in (Text("", step.do.en), Text(step.do.zh, ""), Text(step.do.zh, step.do.zh)):
            yield Broken(_with(plan, state, step.name, do=words), site, roster, ("M02",), (*at, "do"))


@way
def name_a_value_in_one_language(plan: Playbook, site: Site, roster: Roster) -> Iterator[Broken]:
    """The Chinese words name a value and the English ones do not."""
    for state, step, at in _steps(plan):
        words = Text("{place}" + step.do.zh, step.do.en)
        if "{place}" not in step.do.en:
            yield Broken(_with(plan, state, step.name, do=words), site, roster, ("M02",), (*at, "do"))


@way
def bear_a_mark(plan: Playbook, site: Site, roster: Roster) -> Iterator[Broken]:
    """The words of a real emergency bear the mark of a drill."""
    for state, step, at in _steps(plan):
        words = Text("【演练】" + step.do.zh, step.do.en)
        yield Broken(_with(plan, state, step.name, do=words), site, roster, ("M03",), (*at, "do"))


@way
def answer_with_an_opt_out(plan: Playbook, site: Site, roster: Roster) -> Iterator[Broken]:
    """An answer is a word after which the carrier never hands on a message again."""
    for state, step, at in _steps(plan):
        for index, answer in enumerate(step.decision):
            for says in (Text(answer.says.zh, "Stop"), Text("退订", answer.says.en), Text("TD", answer.says.en)):
                worded = replace(answer, says=says)
                answers = (*step.decision[:index], worded, *step.decision[index + 1 :])
                yield Broken(
                    _with(plan, state, step.name, decision=answers),
                    site,
                    roster,
                    ("M09",),
                    (*at, "decision", answer.name),
                )


@way
def answer_twice_alike(plan: Playbook, site: Site, roster: Roster) -> Iterator[Broken]:
    """Two answers of a decision are the same word."""
    for state, step, at in _steps(plan):
        if len(step.decision) > 1:
            first, second = step.decision[:2]
            answers = (first, replace(second, says=replace(second.says, zh=first.says.zh)), *step.decision[2:])
            yield Broken(
                _with(plan, state, step.name, decision=answers), site, roster, ("M04",), (*at, "decision", second.name)
            )


def _without(roster: Roster, people: set[str], roles: set[str]) -> Roster:
    """Return the roster with some roles taken from some people."""

    def left(held: dict[str, int]) -> dict[str, int]:
        return {role: rank for role, rank in held.items() if role not in roles}

    return Roster(
        people={id: replace(p, roles=left(p.roles)) if id in people else p for id, p in roster.people.items()}
    )


def _cases(plan: Playbook, site: Site, roster: Roster) -> Iterator[tuple[str, tuple[str, ...], Situation]]:
    for when in situations(site, DAY):
        for role, able in manned(plan, site, roster, when).able.items():
            yield role, able, when


def _fewest(plan: Playbook, site: Site, roster: Roster) -> dict[str, int]:
    """Return role to how many people there are for it where they are fewest."""
    found: dict[str, int] = {}
    for role, able, _ in _cases(plan, site, roster):
        found[role] = min(len(able), found.get(role, len(able)))
    return found


@way
def take_the_only_holder(plan: Playbook, site: Site, roster: Roster) -> Iterator[Broken]:
    """Nobody of some shift holds the role any more, nor one of those that deputise for it."""
    for role, able, _ in _cases(plan, site, roster):
        gone = _without(roster, set(able), {role, *site.duty(role).deputies})
        yield Broken(plan, site, gone, ("R01",), ("roles", role))


@way
def leave_one_alone(plan: Playbook, site: Site, roster: Roster) -> Iterator[Broken]:
    """One person of some shift is left for a role: a single point of failure, or too few where more are needed."""
    for role, able, _ in _cases(plan, site, roster):
        if len(able) > 1:
            gone = _without(roster, set(able[1:]), {role, *site.duty(role).deputies})
            yield Broken(plan, site, gone, ("R03", "R10"), ("roles", role))


@way
def drop_the_deputies(plan: Playbook, site: Site, roster: Roster) -> Iterator[Broken]:
    """The site names no deputies for a role that one person of some shift holds."""
    for role, able, _ in _cases(plan, site, roster):
        own = [p for p in able if role in roster.people[p].roles]
        if len(own) == 1 and len(able) > 1:
            duties = tuple(replace(d, deputies=()) if d.role == role else d for d in site.duties)
            yield Broken(plan, replace(site, duties=duties), roster, ("R03", "R10"), ("roles", role))


@way
def want_more_heads(plan: Playbook, site: Site, roster: Roster) -> Iterator[Broken]:
    """The plan wants one more of a role than there are people for it."""
    fewest = _fewest(plan, site, roster)
    for call in plan.roles:
        if call.at is not None:
            calls = tuple(replace(c, heads=fewest[call.role] + 1) if c.role == call.role else c for c in plan.roles)
            yield Broken(replace(plan, roles=calls), site, roster, ("R10",), ("roles", call.role))


@way
def want_more_answers(plan: Playbook, site: Site, roster: Roster) -> Iterator[Broken]:
    """A step waits for one more to answer than a shift has people for it, deputies among them."""
    called, fewest = {call.role for call in plan.roles}, _fewest(plan, site, roster)
    for state, step, at in _steps(plan):
        if step.role in called and step.per is None:
            broken = _with(plan, state, step.name, call_out="first", quorum=fewest[step.role] + 1)
            yield Broken(broken, site, roster, ("R11",), (*at, "quorum"))
