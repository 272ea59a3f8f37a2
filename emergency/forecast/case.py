"""One case: a plan at a place and a moment, with its people as the model plays them, and what is changed about it.

A case goes to other processes as a `Setting`, which is sent once, and a `Change`, which is a few words: what is costly
to make from them is made there and kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from emergency.core.incident import Incident
from emergency.core.ladder import LADDER
from emergency.core.playbook import Playbook
from emergency.core.site import Member, Site
from emergency.core.values import Channel, Severity
from emergency.drills.people import Act, Arrival, Players, Route
from emergency.drills.players.model import Model, profiles
from emergency.drills.scenario import Override
from emergency.errors import Mistakes
from emergency.forecast.question import MOST_AHEAD, question
from emergency.forecast.sample import Decided, Line, Sample, read
from emergency.roster import Reach, Roster, members
from emergency.roster.calendar import changes

if TYPE_CHECKING:
    from emergency.drills.rehearsals.rehearsal import Opening, Rehearsal, Stage

Team = tuple[Member, ...]
SECOND = 1_000_003
"""What the seed of a second provider's dice lies away from the first's."""


class Setting(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What all runs of a forecast share.

    begins: when the incident opens, aware. roles: those that count; empty for the critical ones.
    others: plans that this one lets expect, by id. decisions: step to answer; a step not named gets its first answer.
    ahead: how far is looked at least, where the plan's own targets end sooner.
    """

    plan: Playbook
    site: Site
    place: str
    begins: datetime
    roster: Roster
    model: Model
    reach: Reach = Reach()
    roles: tuple[str, ...] = ()
    severity: Severity | None = None
    told: dict[str, str] = {}
    others: dict[str, Playbook] = {}
    decisions: dict[str, str] = {}
    seed: int = 1
    ahead: timedelta = timedelta(0)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is changed about a setting; nothing for the case as it is.

    begins: another moment. absent: people who answer nothing.
    deputies: (person, role): further deputies, with the licences they need. on_shift: people who are at work.
    call_after: the first call comes so long after the text, at the latest. deputy_after: the same for the deputy.
    at_once: text and call together for every role. providers: of texts, each with losses of its own. figures: of the
    model, by name, at other values.

    answers_only: nothing but the answers of roles is asked, so that a run ends with them; it is the same up to there.
    """

    begins: datetime | None = None
    absent: tuple[str, ...] = ()
    deputies: tuple[tuple[str, str], ...] = ()
    on_shift: tuple[str, ...] = ()
    call_after: timedelta | None = None
    deputy_after: timedelta | None = None
    at_once: bool = False
    providers: int = 1
    figures: tuple[tuple[str, float], ...] = ()
    answers_only: bool = False


AS_IS = Change()


class Case:
    """A setting with a change, ready to be run as often as is wanted."""

    def __init__(self, setting: Setting, change: Change = AS_IS) -> None:
        """Make what all runs share."""
        self.setting = setting
        self.change = change
        self.begins = change.begins or setting.begins
        self.model = setting.model.changed(dict(change.figures)) if change.figures else setting.model
        as_it_is = teams(setting, self.begins)
        self.question = question(
            setting.plan, setting.site, as_it_is[0][1], setting.place, setting.severity, setting.roles, setting.ahead
        )
        if change.answers_only:
            self.question = replace(self.question, milestones=())
        self.teams = tuple((since, _changed_team(team, change, setting.site)) for since, team in as_it_is)
        self.overrides = tuple(Override(person=person, never=True) for person in change.absent)

    @cached_property
    def profiles(self) -> Mapping[str, str]:
        """Each person's profile as it begins."""
        return profiles(self.teams[0][1], self.begins, self.setting.site)

    @cached_property
    def stage(self) -> Stage:
        """Where the case is played."""
        from emergency.drills.rehearsals.rehearsal import Stage

        setting = self.setting
        return Stage(
            plan=_changed_plan(setting.plan, self.change),
            site=_changed_site(setting.site, self.change),
            place=setting.place,
            begins=self.begins,
            team=self.team_at,
            plans=self.other,
            severity=setting.severity,
            told=setting.told,
        )

    @cached_property
    def opening(self) -> Opening:
        """How all runs begin."""
        from emergency.drills.rehearsals.rehearsal import Opening

        return Opening()

    def team_at(self, at: datetime) -> tuple[Team, datetime | None]:
        """Return who there is at a moment, and when that changes next."""
        later = [since for since, _ in self.teams[1:] if since > at]
        here = [team for since, team in self.teams if since <= at] or [self.teams[0][1]]
        return here[-1], later[0] if later else None

    def other(self, id: str) -> Playbook:
        """Return another plan. Raises Mistakes: it is not at hand."""
        if id not in self.setting.others:
            raise Mistakes(f"there is no plan '{id}'")
        return self.setting.others[id]

    def players(self, run: int) -> Players:
        """Return the people of one run: the same dice in every case, whatever is changed."""
        people = self._drawn(self.setting.seed, run)
        if self.change.providers < 2:
            return people
        return TwoProviders(people, self._drawn(self.setting.seed + SECOND, run))

    def _drawn(self, seed: int, run: int) -> Players:
        from emergency.drills.players.played import Played

        return Played(
            self.model,
            self.profiles,
            seed,
            run=run,
            overrides=self.overrides,
            decisions=self.setting.decisions,
        )

    def play(self, run: int, *, receipts: bool = False) -> Rehearsal:
        """Play one run, up to the horizon or until everything that is asked is decided. receipts: also write down which
        messages arrived; that changes nothing of what happens."""
        from emergency.drills.rehearsals.rehearsal import Rehearsal

        rehearsal = Rehearsal(
            self.stage, self.players(run), receipts=receipts, seed=self.setting.seed, opening=self.opening
        )
        rehearsal.run(self.question.horizon, Decided(self.question))
        return rehearsal

    def sample(self, run: int) -> Sample:
        """Return what one run comes to."""
        played = self.play(run)
        return read(run, self.question, played.incident, played.history())

    def log(self, run: int) -> tuple[Incident, Sequence[Line]]:
        """Return the incident and the whole log of one run, for its story."""
        played = self.play(run, receipts=True)
        return played.incident, played.history()


def teams(setting: Setting, begins: datetime) -> tuple[tuple[datetime, Team], ...]:
    """Return who there is from *begins* on, and after each change of duty until the horizon can be over."""
    roster, site = setting.roster, setting.site
    later = changes(site, roster, begins, begins + MOST_AHEAD)
    return tuple((at, members(roster, site, at, setting.reach, {})) for at in (begins, *later))


class TwoProviders:
    """The same people, texted over two providers at once: what either brings arrives. Their losses are independent,
    and what the first does is what it did before."""

    def __init__(self, people: Players, again: Players) -> None:
        """Remember the people; *again*: the same ones, drawn from other dice, for what the second provider does."""
        self._people = people
        self._again = again

    def route(self, person: str, channel: Channel, delivery: str, at: datetime) -> Route:
        """Return the faster of two routes that arrive; a call has one alone."""
        first = self._people.route(person, channel, delivery, at)
        if channel != "sms":
            return first
        second = self._again.route(person, channel, delivery, at)
        faster = min(first, second, key=lambda route: (bool(route.fails), route.silent, route.after))
        return replace(faster, unheeded=first.unheeded)

    def hears(self, arrival: Arrival) -> Sequence[Act]:
        """Return what the person does about what arrived."""
        return self._people.hears(arrival)


def _changed_team(team: Team, change: Change, site: Site) -> Team:
    if not change.deputies and not change.on_shift:
        return team
    return tuple(_changed_member(member, change, site) for member in team)


DEPUTY_RANK = 2
"""The rank of a further deputy: after the role's own first choice."""


def _changed_member(member: Member, change: Change, site: Site) -> Member:
    more = {role: DEPUTY_RANK for person, role in change.deputies if person == member.id and role not in member.roles}
    if more:
        needs = {licence for role in more for licence in site.duty(role).needs}
        licences = tuple(sorted({*member.licences, *needs}))
        member = replace(member, roles={**member.roles, **more}, licences=licences)
    return replace(member, duty="on", absent="") if member.id in change.on_shift else member


def _changed_plan(plan: Playbook, change: Change) -> Playbook:
    if change.call_after is None and change.deputy_after is None:
        return plan
    return replace(plan, rungs=rungs(change.call_after, change.deputy_after))


def rungs(call_after: timedelta | None, deputy_after: timedelta | None) -> tuple[timedelta, ...]:
    """Return by when each rung comes at the latest: the usual ladder, its call and its deputies moved forward; what
    follows the first deputy keeps its distance."""
    first, call, deputy, *rest = (rung.at for rung in LADDER)
    sooner = call if call_after is None else min(call, call_after)
    after = deputy if deputy_after is None else min(deputy, deputy_after)
    return (first, min(sooner, after), after, *(at - deputy + after for at in rest))


def _changed_site(site: Site, change: Change) -> Site:
    if not change.at_once:
        return site
    return replace(site, duties=tuple(replace(duty, urgent=True) for duty in site.duties))
