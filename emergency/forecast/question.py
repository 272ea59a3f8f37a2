"""What is asked of a forecast: which roles count, how many heads of each, which milestones, how far ahead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import msgspec

from emergency.core.near import nearest, nearest_zh
from emergency.core.playbook import Milestone, Playbook
from emergency.core.readiness import Need, seats
from emergency.core.site import Member, Site
from emergency.core.values import Severity
from emergency.drills.critical import critical, heads_of
from emergency.errors import Mistakes, Problem

LEAST_AHEAD = timedelta(minutes=10)
MOST_AHEAD = timedelta(minutes=30)
"""How far is looked at least and at most (practice): what nobody has answered after half an hour is no call-out."""
NEVER = None
"""The time of what did not come about within the horizon."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A role that counts. heads: how many of it must have answered, as many as the plan calls; of: the same, said
    beside what was answered. empty: how many of those the team has nobody for: that many will never answer."""

    role: str
    heads: int
    of: int
    empty: int = 0


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What every run is looked through for. Times come out in seconds after the opening of the incident."""

    roles: tuple[Wanted, ...]
    milestones: tuple[Milestone, ...]
    horizon: timedelta


def question(
    plan: Playbook,
    site: Site,
    team: Iterable[Member],
    place: str,
    severity: Severity | None = None,
    only: Sequence[str] = (),
    ahead: timedelta = timedelta(0),
) -> Question:
    """Return what is asked of *plan*.

    Which roles count unless *only* names others, and how many heads of each: see `emergency.drills.critical`.

    Args:
        team: who there is as it opens. severity: the level it opens at, where it is not the plan's own.
        only: these roles instead.
        ahead: look at least so far.

    Raises:
        Mistakes: the plan does not know one of *only*.
    """
    level = max(plan.start, severity or plan.start)
    chosen = known_roles(plan, only) if only else tuple(each.role for each in critical(plan, level))
    called = {call.role: call.heads for call in plan.roles if call.at is not None and call.at <= level}
    places = {**called, **{role: heads_of(plan, role) for role in chosen}}
    given = seats(Need(plan=plan.id, level=level, start=True, place=place, places=places), team, site)
    filled = {role: sum(seat.role == role and seat.person is not None for seat in given) for role in chosen}
    return Question(
        roles=tuple(
            Wanted(role=role, heads=places[role], of=places[role], empty=max(0, places[role] - filled[role]))
            for role in chosen
        ),
        milestones=within_sight(plan),
        horizon=max(horizon(plan), ahead),
    )


def known_roles(plan: Playbook, only: Sequence[str]) -> tuple[str, ...]:
    """Return the roles that `--role` names, each once. Raises Mistakes: the plan does not know one of them."""
    known = [call.role for call in plan.roles]
    wrong = [
        Problem(
            file="--role",
            line=0,
            says=f"{plan.id} has no role '{role}'.{nearest(role, known)}",
            zh=f"{plan.id} 没有岗位“{role}”。{nearest_zh(role, known)}",
        )
        for role in only
        if role not in known
    ]
    if wrong:
        raise Mistakes(wrong)
    return tuple(dict.fromkeys(only))


def within_sight(plan: Playbook) -> tuple[Milestone, ...]:
    """Return the milestones that are due within half an hour; what has hours is not decided by who answers first."""
    return tuple(each for each in plan.milestones if each.within <= MOST_AHEAD)


def horizon(plan: Playbook) -> timedelta:
    """Return how far is looked: to the last milestone's target, at least 10 and at most 30 minutes."""
    return max((LEAST_AHEAD, *(each.within for each in within_sight(plan))))
