"""What one change would buy, and what one absence would cost: the same runs, with the same dice, before and after.

A change keeps everybody's dice (`Played` throws them by name), so two cases differ by the change alone, and the
difference is sure after a few hundred runs. In a run in which somebody was never asked for anything, their absence
changes nothing; such a run is not played again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from emergency.core.readiness import Need, seats
from emergency.core.site import Member
from emergency.forecast.case import Case, Change
from emergency.forecast.curves import Tally
from emergency.forecast.odds import Difference, Share, paired, share
from emergency.forecast.pool import Pool
from emergency.forecast.sample import Sample

CALL_AFTER = timedelta(seconds=15)
"""An earlier first call, as a what-if (practice): the text has had a moment to be seen."""
DEPUTY_AFTER = timedelta(seconds=60)
"""An earlier deputy (practice): half of the usual time."""
MOST_DEPUTIES = 3
MOST_ON_SHIFT = 2


class Idea(msgspec.Struct, frozen=True, kw_only=True):
    """One change that somebody could make.

    kind: `deputy`; `train`: a deputy who still lacks a licence; `on_shift`; `call_soon`, `at_once`, `deputy_soon`: ways
    of calling; `second_provider`. person and role: whom it is about.
    """

    kind: str
    change: Change
    person: str = ""
    role: str = ""


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What an idea does to the probability that everybody has answered in time, in so many same runs."""

    idea: Idea
    before: Share
    after: Share
    difference: Difference
    p50_before: int | None = None
    p50_after: int | None = None


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """What the absence of one person does.

    role: which role then waits most often, of the runs that went worse; instead: who then answers there most often,
    empty where mostly nobody does. only: in which share of the runs a role had its answer through them alone. run: one
    that went worse, for its story; None where none did.
    """

    person: str
    before: Share
    after: Share
    difference: Difference
    only: Share
    role: str = ""
    instead: str = ""
    run: int | None = None


ANSWERS = Change(answers_only=True)


class Base:
    """The first runs of the case as it is, kept whole: what every change is compared with."""

    def __init__(self, pool: Pool, runs: int, within: timedelta) -> None:
        """Play the first *runs*, as far as the answers go."""
        self.pool = pool
        self.within = within
        self.samples = list(pool.samples(range(runs), ANSWERS))
        self.kept = [is_kept(sample, within) for sample in self.samples]

    @property
    def case(self) -> Case:
        """The case as it is."""
        return self.pool.case()

    def with_change(self, change: Change) -> list[Sample]:
        """Return the same runs with *change*."""
        return list(self.pool.samples(range(len(self.samples)), replace(change, answers_only=True)))

    def without(self, people: Sequence[str]) -> list[Sample]:
        """Return the same runs without *people*; only those in which one of them was asked are played again."""
        gone = set(people)
        again = [sample.run for sample in self.samples if gone & sample.messages.keys()]
        change = replace(ANSWERS, absent=tuple(people))
        played = {sample.run: sample for sample in self.pool.samples(again, change)}
        return [played.get(sample.run, sample) for sample in self.samples]


def is_kept(sample: Sample, within: timedelta) -> bool:
    """Return whether everybody who counts had answered in time."""
    done = sample.all_roles
    return done is not None and done <= within.total_seconds()


# ideas


def ideas(tally: Tally, case: Case) -> list[Idea]:
    """Return what could be changed: a deputy or one more head for the roles that were waited for most, and the ways of
    calling."""
    pacing = [role for role, part in tally.pacing() if part > 0][:2]
    found = [*_deputies(case, pacing), *_on_shift(case, pacing)]
    found.append(Idea(kind="call_soon", change=Change(call_after=CALL_AFTER)))
    found.append(Idea(kind="at_once", change=Change(at_once=True)))
    found.append(Idea(kind="deputy_soon", change=Change(deputy_after=DEPUTY_AFTER)))
    found.append(Idea(kind="second_provider", change=Change(providers=2)))
    return found


def _deputies(case: Case, roles: Sequence[str]) -> list[Idea]:
    per_role = [_deputies_of(case, role) for role in roles]
    first = [each[n] for n in range(MOST_DEPUTIES) for each in per_role if n < len(each)]
    return first[:MOST_DEPUTIES]


def _deputies_of(case: Case, role: str) -> list[Idea]:
    """Return who could be a deputy as things stand; where nobody could, who could with a licence."""
    able = able_to_deputise(case, role)
    found, kind = (able, "deputy") if able else (able_to_deputise(case, role, trained=True)[:1], "train")
    return [Idea(kind=kind, change=Change(deputies=((each, role),)), person=each, role=role) for each in found]


def able_to_deputise(case: Case, role: str, *, trained: bool = False) -> list[str]:
    """Return who could be a further deputy of *role* as the roster stands: is there or on call, has the licences that
    the role needs, and no role that must be kept apart from it. Who has no seat in this plan comes first, then who is
    there, then who has the fewest roles. trained: whatever licences they lack."""
    site, team = case.setting.site, case.teams[0][1]
    duty, seated = site.duty(role), _seated(case)
    known = {role, *duty.deputies}

    def able(member: Member) -> bool:
        apart = set(duty.conflicts) | {each.role for each in site.duties if role in each.conflicts}
        return (
            member.duty in ("on", "call")
            and bool(member.channels)
            and not known & member.roles.keys()
            and not apart & member.roles.keys()
            and (trained or set(duty.needs) <= set(member.licences))
        )

    found = [member for member in team if able(member)]
    return [m.id for m in sorted(found, key=lambda m: (m.id in seated, m.duty != "on", len(m.roles), m.id))]


def _seated(case: Case) -> set[str]:
    """Return who gets a seat as the plan opens."""
    setting, plan = case.setting, case.setting.plan
    level = max(plan.start, setting.severity or plan.start)
    places = {call.role: call.heads for call in plan.roles if call.at is not None and call.at <= level}
    need = Need(plan=plan.id, level=level, start=True, place=setting.place, places=places)
    return {seat.person for seat in seats(need, case.teams[0][1], setting.site) if seat.person is not None}


def _on_shift(case: Case, roles: Sequence[str]) -> list[Idea]:
    """Return whom to have at work in addition: people of the role who are at home."""
    found = []
    for role in roles:
        home = [m for m in case.teams[0][1] if role in m.roles and m.duty != "on" and m.channels]
        home.sort(key=lambda m: (m.roles[role], m.duty != "call", m.id))
        found += [Idea(kind="on_shift", change=Change(on_shift=(m.id,)), person=m.id, role=role) for m in home[:1]]
    return found[:MOST_ON_SHIFT]


def effects(base: Base, found: Sequence[Idea]) -> list[Effect]:
    """Return what each idea does, the best first; what is noise comes last."""
    result = [effect(base, idea) for idea in found]
    return sorted(result, key=lambda each: (each.difference.is_noise, -each.difference.delta))


def effect(base: Base, idea: Idea) -> Effect:
    """Return what one idea does."""
    after = base.with_change(idea.change)
    kept = [is_kept(sample, base.within) for sample in after]
    return Effect(
        idea=idea,
        before=share(sum(base.kept), len(base.kept)),
        after=share(sum(kept), len(kept)),
        difference=paired(base.kept, kept),
        p50_before=_middle(base.samples),
        p50_after=_middle(after),
    )


def _middle(samples: Sequence[Sample]) -> int | None:
    times = sorted(float("inf") if s.all_roles is None else s.all_roles for s in samples)
    middle = times[(len(times) - 1) // 2] if times else float("inf")
    return None if middle == float("inf") else int(-(-middle // 1))


# absences


def losses(base: Base) -> list[Loss]:
    """Return what the absence of each person would cost, the worst first; of all who answered in any run for a role
    that counts, and all who had a seat from the first."""
    answered = {person for sample in base.samples for people in sample.answered for person in people}
    asked = {person for sample in base.samples for person in sample.messages}
    found = [loss(base, (person,)) for person in sorted(answered | (_seated(base.case) & asked))]
    return sorted(found, key=lambda each: (each.difference.delta, -each.only.p, each.person))


def loss(base: Base, people: Sequence[str]) -> Loss:
    """Return what the absence of *people* would cost."""
    after = base.without(people)
    kept = [is_kept(sample, base.within) for sample in after]
    worse = [
        (was, is_) for was, is_, ok, still in zip(base.samples, after, base.kept, kept, strict=True) if ok and not still
    ]
    waits = Counter(role for _, sample in worse for role in _late_roles(base, sample))
    role = min(waits, key=lambda each: (-waits[each], each)) if waits else ""
    return Loss(
        person=", ".join(people),
        before=share(sum(base.kept), len(base.kept)),
        after=share(sum(kept), len(kept)),
        difference=paired(base.kept, kept),
        only=share(sum(_was_only_one(was, is_) for was, is_ in zip(base.samples, after, strict=True)), len(after)),
        role=role,
        instead=_instead(base, after, people, role),
        run=worse[0][1].run if worse else None,
    )


def _late_roles(base: Base, sample: Sample) -> Iterator[str]:
    limit = base.within.total_seconds()
    for wanted, at in zip(base.case.question.roles, sample.roles, strict=True):
        if at is None or at > limit:
            yield wanted.role


def _was_only_one(was: Sample, is_: Sample) -> bool:
    """Whether some role had its answer, and within the whole horizon has none without them."""
    return any(a is not None and b is None for a, b in zip(was.roles, is_.roles, strict=True))


def _instead(base: Base, after: Sequence[Sample], people: Sequence[str], role: str) -> str:
    """Return who most often answers in *role* without them and did not with them; empty where mostly nobody does."""
    names = [wanted.role for wanted in base.case.question.roles]
    if role not in names:
        return ""
    n = names.index(role)
    new = Counter[str]()
    for was, is_ in zip(base.samples, after, strict=True):
        if set(people) & set(was.answered[n]):
            more = [p for p in is_.answered[n] if p not in was.answered[n]]
            new[more[0] if more else ""] += 1
    return min(new, key=lambda each: (-new[each], each)) if new else ""
