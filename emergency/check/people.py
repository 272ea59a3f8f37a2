"""Who could take which role: on every shift of the next thirty days, nights, weekends and holidays among them.

The people are those the engine would ask: `assignment.chain` names the candidates and `flow.fill_roles` gives out the
roles; nothing here decides that a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from emergency.check.matching import Strength, strength
from emergency.check.quorum import more_than_are_there
from emergency.core import events as e
from emergency.core import flow
from emergency.core.assignment import chain, is_silenced
from emergency.core.check import Finding
from emergency.core.draft import Draft
from emergency.core.incident import Incident, evolve
from emergency.core.playbook import Playbook, RoleCall
from emergency.core.site import Duty, Shift, Site
from emergency.core.values import SEVERITY_WORDS, Severity, Text
from emergency.roster import Reach, Roster, calendar, team

DAYS = 30
"""Days looked ahead."""
MOST_ROLES = 3
"""Roles that one person can fill in one emergency (practice)."""
OPENED = datetime(2000, 1, 1, tzinfo=UTC)
"""The moment of the incident that roles are given out in; nothing depends on it."""
WEEKDAYS = Text("一二三四五六日", "MonTueWedThuFriSatSun")


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """The shifts that work together at some time of the days ahead, and the first moment of it, in the site's time.

    holiday: it is met on a public holiday alone, which is manned like a Sunday (practice).
    """

    working: frozenset[str]
    first: datetime
    holiday: bool = False

    @property
    def words(self) -> Text:
        """When this is, and who works then."""
        shifts = "+".join(sorted(self.working)) or "-"
        day, clock = self.first.weekday(), f"{self.first:%H:%M}"
        zh, en = f"周{WEEKDAYS.zh[day]}{clock}", f"{WEEKDAYS.en[3 * day : 3 * day + 3]} {clock}"
        if self.holiday:
            zh, en = f"节假日{clock}", f"holiday {clock}"
        return Text(f"{zh}({shifts})", f"{en} ({shifts})")


def situations(site: Site, day: date, days: int = DAYS, roster: Roster | None = None) -> tuple[Situation, ...]:
    """Return every distinct set of shifts at work in the *days* from *day* on, each with its first moment; each of
    these days is looked at as a public holiday too.

    Args:
        roster: whose rotations count; without one all of the site do.
    """
    clocks = sorted({"00:00", *(s.starts for s in site.shifts), *(s.ends for s in site.shifts)})
    names = [shift.id for shift in site.shifts] + _rotations(site, roster)
    found: dict[frozenset[str], Situation] = {}
    for holiday in (False, True):
        for here in (day + timedelta(days=n) for n in range(days)):
            begun = {name: _begun(site, name, here, holiday) for name in names}
            for clock in clocks:
                working = frozenset(name for name, shifts in begun.items() if _runs(shifts, clock))
                at = datetime.combine(here, time.fromisoformat(clock))
                kept = holiday or calendar.is_holiday(site, here)
                found.setdefault(working, Situation(working=working, first=at, holiday=kept))
    return tuple(found.values())


def _rotations(site: Site, roster: Roster | None) -> list[str]:
    used = {name for p in roster.people.values() for name in (p.shift, p.standby)} if roster is not None else None
    return [each.id for each in site.rotations if used is None or each.id in used]


def _begun(site: Site, name: str, here: date, holiday: bool) -> tuple[Shift | None, Shift | None]:
    """Return the shifts that began on the day before and on *here* for who works in *name*."""
    before = calendar.shift_on(site, name, here - calendar.DAY)
    today = calendar.holiday_shift(site, name, here) if holiday else calendar.shift_on(site, name, here)
    shifts = {shift.id: shift for shift in site.shifts}
    return shifts.get(before or ""), shifts.get(today or "")


def _runs(shifts: tuple[Shift | None, Shift | None], clock: str) -> bool:
    before, today = shifts
    if before is not None and before.ends <= before.starts and clock < before.ends:
        return True
    if today is None or clock < today.starts:
        return False
    return today.ends <= today.starts or clock < today.ends


class Manned(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A plan in one situation: who could take each of its roles, in the order they are asked."""

    situation: Situation
    incident: Incident
    able: Mapping[str, tuple[str, ...]]

    def off_site(self, people: Iterable[str]) -> bool:
        """Return whether none of *people* is in the house."""
        return all(self.incident.members[person].duty != "on" for person in people)


def manned(plan: Playbook, site: Site, roster: Roster, when: Situation) -> Manned:
    """Return *plan* as it is manned in one situation, wherever it is: nobody works at the place."""
    opened = e.IncidentOpened(
        incident="0" * 12,
        code=f"{plan.code}01",
        mode="real",
        playbook=plan,
        site=site,
        place=_place(plan, site),
        severity=plan.start,
        members=tuple(replace(member, zone=None) for member in team(roster, when.working, Reach(), {})),
        by="console",
        note=None,
        parent=None,
        armed=False,
    )
    incident = evolve(None, opened, OPENED)
    return Manned(situation=when, incident=incident, able={c.role: chain(incident, c.role) for c in plan.roles})


def _place(plan: Playbook, site: Site) -> str:
    return next((place.id for place in site.places if place.kind == plan.place), site.places[0].id)


@lru_cache(maxsize=64)
def start_level(plan: Playbook) -> Severity:
    """Return the gravest level at which an incident of *plan* may begin by itself."""
    first = {plan.initial, *(begin.state for begin in plan.begins)}
    return max([plan.start, *(s.severity for s in plan.states if s.name in first and s.severity is not None)])


def check_people(plan: Playbook, site: Site, roster: Roster, day: date) -> list[Finding]:
    """Return what is wrong with the people of *plan* in the thirty days from *day* on."""
    all_ = [manned(plan, site, roster, when) for when in situations(site, day, roster=roster)]
    found = [*_each_role(plan, site, all_)]
    levels = dict.fromkeys((start_level(plan), Severity.red))
    for level in levels:
        found += _given_out(plan, site, all_, level, {f.path for f in found if f.id in ("R01", "R04", "R10")})
    found += more_than_are_there(plan, [(m.situation.words, m.able) for m in all_])
    found += _off_site(plan, site, all_)
    found += _silenced(plan, site, roster, all_)
    for level in levels:
        found += _resilience(plan, site, all_, level)
    return found


def _title(site: Site, role: str) -> Text:
    return site.duty(role).title


def _when(cases: Sequence[Situation]) -> Text:
    return Text("、".join(each.words.zh for each in cases), ", ".join(each.words.en for each in cases))


def _each_role(plan: Playbook, site: Site, all_: Sequence[Manned]) -> Iterator[Finding]:
    for call in plan.roles:
        nobody = [m.situation for m in all_ if not m.able[call.role]]
        alone = [m for m in all_ if len(m.able[call.role]) == 1]
        if nobody:
            yield _nobody(site, call, nobody)
        elif alone:
            yield _single(site, call, alone)


def _nobody(site: Site, call: RoleCall, cases: Sequence[Situation]) -> Finding:
    title, when, duty = _title(site, call.role), _when(cases), site.duty(call.role)
    asked = ", ".join((call.role, *duty.deputies))
    return Finding(
        path=("roles", call.role),
        id="R01",
        says=f"nobody can take '{call.role}' on: {when.en}",
        zh=f"以下班次没有人能担任{title.zh}({call.role}):{when.zh}",
        trace=(
            Text(f"{cases[0].words.zh} 启动预案", f"{cases[0].words.en}: the plan is started"),
            Text(f"{asked}:既无人在岗,也无人待命", f"{asked}: nobody on shift, nobody on call"),
            Text(f"{title.zh}空缺,任务落到总负责人", f"{title.en} stays empty; its steps fall to whoever commands"),
        ),
        fix=Text(
            "给该班次的人加上此角色,设 on_call,或为角色加 deputies",
            "give somebody of that shift the role, put somebody on call, or name deputies for it",
        ),
    )


def _single(site: Site, call: RoleCall, alone: Sequence[Manned]) -> Finding:
    title, when = _title(site, call.role), _when([m.situation for m in alone])
    person, higher = alone[0].able[call.role][0], site.duty(call.role).higher
    next_zh, next_en = (_title(site, higher).zh, f"'{higher}'") if higher else ("无人", "nobody")
    return Finding(
        path=("roles", call.role),
        id="R03",
        severity="warning",
        says=f"'{call.role}' hangs on one person ({person}) on: {when.en}",
        zh=f"{title.zh}({call.role})在以下班次只有一人({person})能担任:{when.zh}",
        trace=(
            Text(
                f"{alone[0].situation.words.zh} {person} 不应答", f"{alone[0].situation.words.en}: {person} is silent"
            ),
            Text(f"没有替补,5分钟后问:{next_zh}", f"there is no deputy; after 5 minutes {next_en} is asked"),
        ),
        fix=Text("再培训一人,或为角色加 deputies", "train one more person, or name deputies for the role"),
    )


def _filled(m: Manned, level: Severity) -> Incident:
    """Return the incident with its roles given out at *level*, by the engine's own rules."""
    draft = Draft(replace(m.incident, severity=level), OPENED)
    flow.fill_roles(draft)
    return draft.incident


def _given_out(
    plan: Playbook, site: Site, all_: Sequence[Manned], level: Severity, known: set[tuple[str | int, ...]]
) -> Iterator[Finding]:
    empty: dict[str, list[tuple[Manned, Incident]]] = {}
    laden: dict[str, tuple[Manned, list[str]]] = {}
    for m in all_:
        incident = _filled(m, level)
        for role in sorted({role for role, _ in incident.unfilled}):
            empty.setdefault(role, []).append((m, incident))
        for person, roles in _roles_of(incident).items():
            if len(roles) > max(MOST_ROLES, len(laden.get(person, (m, []))[1])):
                laden[person] = (m, roles)
    heads = {call.role: call.heads for call in plan.roles}
    for role, cases in empty.items():
        if ("roles", role) not in known:
            yield _too_few(site, role, heads[role], cases, level)
    if level == Severity.red:
        for person, (m, roles) in sorted(laden.items()):
            yield _laden(site, person, m, roles)


def _roles_of(incident: Incident) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for role, slots in incident.roles.items():
        for person in slots.values():
            held.setdefault(person, []).append(role)
    return held


def held_together(plan: Playbook, site: Site, roster: Roster, day: date) -> frozenset[frozenset[str]]:
    """Return which roles one person comes to hold together when everything is called, on some shift."""
    each = (_filled(manned(plan, site, roster, when), Severity.red) for when in situations(site, day, roster=roster))
    return frozenset(frozenset(roles) for incident in each for roles in _roles_of(incident).values())


def _too_few(site: Site, role: str, heads: int, cases: Sequence[tuple[Manned, Incident]], level: Severity) -> Finding:
    title, when, colour = _title(site, role), _when([m.situation for m, _ in cases]), SEVERITY_WORDS[level]
    m, incident = min(cases, key=lambda case: len(case[0].able[role]))
    able = m.able[role]
    if len(able) >= heads:
        return _apart(site, role, m, incident, when)
    return Finding(
        path=("roles", role),
        id="R10",
        says=f"'{role}' needs {heads} at {colour.en}; the roster gives {len(able)} on: {when.en}",
        zh=f"{title.zh}({role}){colour.zh}级需要 {heads} 人,名册在以下班次只有 {len(able)} 人:{when.zh}",
        trace=(
            Text(f"{m.situation.words.zh} 启动,{colour.zh}", f"{m.situation.words.en}: started at {colour.en}"),
            Text(f"可用:{_names(able)}", f"able: {_names(able)}"),
            Text(f"第 {len(able) + 1} 个位置无人", f"place {len(able) + 1} of {heads} stays empty"),
        ),
        fix=Text("减少 heads,或给该班次更多人此角色", "lower `heads`, or give the role to more people of that shift"),
    )


def _apart(site: Site, role: str, m: Manned, incident: Incident, when: Text) -> Finding:
    """The people are there, but they hold what must be kept apart from this role."""
    title, held = _title(site, role), _roles_of(incident)
    others = sorted({r for p in m.able[role] for r in held.get(p, ()) if _must_be_apart(site, r, role)})
    who = _names([p for p in m.able[role] if set(held.get(p, ())) & set(others)])
    other = others[0] if others else "?"
    return Finding(
        path=("roles", role),
        id="R04",
        says=f"'{role}' and '{other}' must be kept apart, and both need the same people ({who}) on: {when.en}",
        zh=f"{title.zh}({role})与{_title(site, other).zh}({other})不得兼任,而以下班次都只能由 {who} 担任:{when.zh}",
        trace=(
            Text(
                f"{m.situation.words.zh} {who} 担任{_title(site, other).zh}",
                f"{m.situation.words.en}: {who} is {other}",
            ),
            Text(f"{title.zh}无人可任", f"nobody may take {role}"),
        ),
        fix=Text("给其中一个角色另找人", "find somebody else for one of the two roles"),
    )


def _must_be_apart(site: Site, one: str, other: str) -> bool:
    return other in site.duty(one).conflicts or one in site.duty(other).conflicts


def _laden(site: Site, person: str, m: Manned, roles: Sequence[str]) -> Finding:
    zh = "、".join(_title(site, role).zh for role in roles)
    return Finding(
        path=("roles",),
        id="R05",
        severity="warning",
        says=f"{person} holds {len(roles)} roles at red on {m.situation.words.en}: {', '.join(roles)}",
        zh=f"{m.situation.words.zh}红色级时 {person} 一人担任 {len(roles)} 个角色:{zh}",
        fix=Text("把其中的角色分给更多人", "give some of these roles to more people"),
    )


def _names(people: Iterable[str]) -> str:
    return ", ".join(people) or "-"


def _off_site(plan: Playbook, site: Site, all_: Sequence[Manned]) -> Iterator[Finding]:
    """Holder and first deputy both off site: one finding for all roles called at the start, one for the others."""
    away: dict[str, list[Situation]] = {}
    for call in plan.roles:
        if call.at is None:
            continue
        for m in all_:
            first = m.able[call.role][:2]
            if first and m.off_site(first):
                away.setdefault(call.role, []).append(m.situation)
    if not away:
        return
    roles = sorted(away, key=[d.role for d in site.duties].index)
    cases = list({each.working: each for role in roles for each in away[role]}.values())
    when = _when(cases)
    yield Finding(
        path=("roles",),
        id="R09",
        severity="warning",
        says=f"holder and first deputy are both off site for {', '.join(roles)} on: {when.en}",
        zh=f"以下角色的第一人选和替补都不在楼内:{'、'.join(_title(site, r).zh for r in roles)};班次:{when.zh}",
        fix=Text("让一位在岗的人做第二人选", "let somebody on shift be the second choice"),
    )


def _silenced(plan: Playbook, site: Site, roster: Roster, all_: Sequence[Manned]) -> Iterator[Finding]:
    """A plan that keeps the place silent loses those who work there."""
    if not plan.silent_place:
        return
    there = [
        (
            replace(
                m.incident,
                place=place.id,
                members={each.id: each for each in team(roster, m.situation.working, Reach(), {})},
            ),
            m,
        )
        for m in all_
        for place in site.places
        if place.kind == plan.place
    ]
    for call in plan.roles:
        for incident, m in there:
            people = m.able[call.role]
            if people and all(is_silenced(incident, incident.members[person]) for person in people):
                yield _all_silent(site, call.role, incident.place, m)
                break


def _all_silent(site: Site, role: str, place: str, m: Manned) -> Finding:
    name, title = site.place(place).name, _title(site, role)
    return Finding(
        path=("roles", role),
        id="R01",
        severity="warning",
        says=f"at '{place}' nobody may be rung who could take '{role}' on {m.situation.words.en}: all work there",
        zh=f"事发地为{name.zh}时,{m.situation.words.zh}能担任{title.zh}({role})的人都在现场,不得呼叫",
        fix=Text("给别处的人此角色", "give the role to somebody who works elsewhere"),
    )


def places_at(plan: Playbook, level: Severity) -> dict[str, int]:
    """Return the roles that the plan calls at *level*, with their heads."""
    return {call.role: call.heads for call in plan.roles if call.at is not None and call.at <= level}


def _resilience(plan: Playbook, site: Site, all_: Sequence[Manned], level: Severity) -> Iterator[Finding]:
    places, colour = places_at(plan, level), SEVERITY_WORDS[level]
    if not places:
        return
    each = [(strength(places, m.able), m.situation) for m in all_]
    k, when = min(each, key=lambda case: case[0].spare)
    figures_zh = "、".join(
        f"{s.words.zh} k={got.spare}" if got.spare >= 0 else f"{s.words.zh} 缺{-got.spare}" for got, s in each
    )
    figures_en = ", ".join(
        f"{s.words.en} k={got.spare}" if got.spare >= 0 else f"{s.words.en} {-got.spare} short" for got, s in each
    )
    yield Finding(
        path=("roles",),
        id="R13",
        severity="info",
        says=f"people who may be absent at {colour.en} with a person for each place: {figures_en}",
        zh=f"{colour.zh}级一人一岗时可缺席的人数:{figures_zh}",
        trace=tuple(_weakest(site, k, when, places)),
    )


def _weakest(site: Site, got: Strength, when: Situation, places: Mapping[str, int]) -> Iterator[Text]:
    needed = sum(places[role] for role in got.tight)
    zh = "、".join(f"{_title(site, role).zh}×{places[role]}" for role in got.tight)
    en = ", ".join(f"{role} x{places[role]}" for role in got.tight)
    yield Text(f"{when.words.zh} 最紧:{zh}", f"{when.words.en}: tightest are {en}")
    yield Text(
        f"共需 {needed} 人,能担任的 {len(got.people)} 人:{_names(got.people)}",
        f"they need {needed}, and {len(got.people)} could take them: {_names(got.people)}",
    )
    if got.spare < 0:
        yield Text(
            f"{-got.spare} 个岗位要由已有岗位的人兼任", f"{-got.spare} of them fall to people who hold another role too"
        )


# two plans at once


def collisions(plan: Playbook, others: Iterable[Playbook], site: Site, roster: Roster, day: date) -> list[Finding]:
    """Return which of *others* cannot be manned beside *plan*: both need the same only person, or too many."""
    all_ = [manned(plan, site, roster, when) for when in situations(site, day, roster=roster)]
    short: dict[str, tuple[Situation, Strength]] = {}
    same: dict[tuple[str, str], list[tuple[Playbook, str, Manned]]] = {}
    for other in others:
        clash = _same_person(plan, other, all_)
        if clash is not None:
            role, person, theirs, m = clash
            same.setdefault((role, person), []).append((other, theirs, m))
            continue
        for m in all_:
            got = strength(*_together(plan, other, m))
            if got.spare < 0 and other.id not in short:
                short[other.id] = (m.situation, got)
    found = [_both_need(plan, site, role, person, cases) for (role, person), cases in same.items()]
    return [*found, _too_many(site, short)] if short else found


def _same_person(plan: Playbook, other: Playbook, all_: Sequence[Manned]) -> tuple[str, str, str, Manned] | None:
    """Return the role, the one person who could take it, the role of *other* that nobody else could take, and when."""
    for m in all_:
        ours = {m.able[r][0]: r for r in places_at(plan, start_level(plan)) if len(m.able[r]) == 1}
        for role in places_at(other, start_level(other)):
            people = chain(m.incident, role)
            if len(people) == 1 and people[0] in ours:
                return ours[people[0]], people[0], role, m
    return None


def _both_need(
    plan: Playbook, site: Site, role: str, person: str, cases: Sequence[tuple[Playbook, str, Manned]]
) -> Finding:
    other, theirs, m = cases[0]
    plans, when, title = ", ".join(each.id for each, _, _ in cases), m.situation.words, _title(site, role).zh
    return Finding(
        path=("roles", role),
        id="R14",
        severity="warning",
        says=f"only {person} can be '{role}' on {when.en}, and these plans need {person} at the start as well: {plans}",
        zh=f"{when.zh}只有 {person} 能担任{title},"
        f"而以下预案启动时也只能靠他:{'、'.join(each.title.zh for each, _, _ in cases)}",
        trace=(
            Text(
                f"{when.zh} {plan.title.zh}启动:{person} 任{title}", f"{when.en}: {plan.id} starts: {person} is {role}"
            ),
            Text(
                f"{other.title.zh}也启动:{_title(site, theirs).zh}只有 {person}",
                f"{other.id} starts too: only {person} can be {theirs}",
            ),
        ),
        fix=Text("为其中一个角色加替补", "name a deputy for one of the two roles"),
    )


def _together(plan: Playbook, other: Playbook, m: Manned) -> tuple[dict[str, int], dict[str, tuple[str, ...]]]:
    places, able = {}, {}
    for each in (plan, other):
        for role, heads in places_at(each, start_level(each)).items():
            places[f"{each.id}.{role}"] = heads
            able[f"{each.id}.{role}"] = chain(m.incident, role)
    return places, able


def _too_many(site: Site, short: Mapping[str, tuple[Situation, Strength]]) -> Finding:
    roles = sorted({place.partition(".")[2] for _, got in short.values() for place in got.tight})
    return Finding(
        path=("roles",),
        id="R15",
        severity="info",
        says=f"not everyone has one place only when another plan starts too: {', '.join(sorted(short))} "
        f"(tight: {', '.join(roles)})",
        zh=f"与以下预案同时启动时有人要兼两处:{'、'.join(sorted(short))}"
        f"(紧张的角色:{'、'.join(_title(site, r).zh for r in roles)})",
    )


# the organisation, whatever the plan


def check_organisation(site: Site, roster: Roster, day: date) -> tuple[list[Finding], list[Finding]]:
    """Return what is wrong with the site's roles and agencies, and with the people of the roster; paths are those of
    the site's file and of the roster's."""
    cases = situations(site, day, roster=roster)
    of_site = [*_circles(site), *_ladders(site, roster, cases), *_agencies(site)]
    return of_site, list(_contacts(site, roster))


def _circles(site: Site) -> Iterator[Finding]:
    """R06: a deputy of a deputy who is the first again."""
    deputies = {duty.role: duty.deputies for duty in site.duties}
    told: set[frozenset[str]] = set()
    for duty in site.duties:
        way = _way_back(deputies, duty.role)
        if way is None or frozenset(way) in told:
            continue
        told.add(frozenset(way))
        yield Finding(
            path=("roles", duty.role, "deputies"),
            id="R06",
            says="deputies stand in for each other in a circle: " + " -> ".join(way),
            zh="替补互相指向,成了圈:" + " -> ".join(way),
            trace=tuple(
                Text(f"{_title(site, a).zh}无人,问{_title(site, b).zh}", f"no {a}: ask {b}") for a, b in pairwise(way)
            ),
            fix=Text("删去其中一个 deputies", "take one of these deputies away"),
        )


def _way_back(deputies: Mapping[str, tuple[str, ...]], start: str) -> list[str] | None:
    """Return the shortest way from a role over its deputies back to itself."""
    ahead, seen = [[start]], {start}
    while ahead:
        way = ahead.pop(0)
        for role in deputies.get(way[-1], ()):
            if role == start:
                return [*way, start]
            if role not in seen:
                seen.add(role)
                ahead.append([*way, role])
    return None


def _people(roster: Roster, role: str, when: Situation) -> list[str]:
    there = [p for p in roster.people.values() if role in p.roles and (p.shift in when.working or p.on_call)]
    return [p.id for p in there]


def _ladders(site: Site, roster: Roster, cases: Sequence[Situation]) -> Iterator[Finding]:
    """R06: the only holder is the only deputy; R07: nobody is left to ask, or the last to be asked is never there."""
    for duty in site.duties:
        for when in cases:
            finding = _own_deputy(site, roster, duty, when) or _no_end(site, roster, duty, when)
            if finding is not None:
                yield finding
                break


def _own_deputy(site: Site, roster: Roster, duty: Duty, when: Situation) -> Finding | None:
    own = _people(roster, duty.role, when)
    standing_in = {p for role in duty.deputies for p in _people(roster, role, when)}
    if len(own) != 1 or standing_in != set(own):
        return None
    return Finding(
        path=("roles", duty.role, "deputies"),
        id="R06",
        says=f"the deputy of '{duty.role}' is its holder, {own[0]}, on {when.words.en}",
        zh=f"{when.words.zh}{duty.title.zh}({duty.role})的替补就是本人({own[0]})",
        trace=(
            Text(f"{when.words.zh} {own[0]} 不应答", f"{when.words.en}: {own[0]} is silent"),
            Text(f"替补:{own[0]}", f"deputy: {own[0]}"),
        ),
        fix=Text("另指定替补", "name another deputy"),
    )


def _no_end(site: Site, roster: Roster, duty: Duty, when: Situation) -> Finding | None:
    first = {p for role in (duty.role, *duty.deputies) for p in _people(roster, role, when)}
    if not first:
        return None  # R01 of the plans that call the role
    last, seen, everyone, at_last = duty, {duty.role}, set(first), first
    while last.higher is not None and last.higher not in seen:
        last = site.duty(last.higher)
        seen.add(last.role)
        at_last = {p for role in (last.role, *last.deputies) for p in _people(roster, role, when)}
        everyone |= at_last
    if at_last and len(everyone) == 1:
        says, zh = f"after {min(first)} nobody is asked", f"{min(first)} 之后再没有人可问"
    elif not at_last:
        says, zh = f"its ladder ends at '{last.role}', where nobody is", f"逐级上报止于{last.title.zh},而该角色无人"
    else:
        return None
    return Finding(
        path=("roles", duty.role),
        id="R07",
        says=f"'{duty.role}' on {when.words.en}: {says}",
        zh=f"{duty.title.zh}({duty.role}){when.words.zh}:{zh}",
        trace=(
            Text(
                f"{when.words.zh} {_names(sorted(first))} 不应答", f"{when.words.en}: {_names(sorted(first))} is silent"
            ),
            Text(zh, says),
        ),
        fix=Text("加 deputies 或 higher,并保证有人", "name deputies, or a higher role that is always manned"),
    )


WANTED = {
    "maintainer": Text("电梯维保", "lift maintainer"),
    "gas_company": Text("燃气公司", "gas company"),
    "power_utility": Text("供电公司", "power utility"),
    "water_company": Text("自来水公司", "water company"),
}
"""Agencies that every mall needs a number of (reference, C06); the maintainer only where there are lifts."""


def _agencies(site: Site) -> Iterator[Finding]:
    for agency in site.agencies:
        digits = "".join(ch for ch in agency.number if ch.isdigit())
        if not (3 <= len(digits) <= 15) or any(ch not in "+0123456789 -()" for ch in agency.number):
            yield Finding(
                path=("agencies", agency.id, "number"),
                id="C04",
                says=f"'{agency.number}' of agency '{agency.id}' is no number that a person can dial",
                zh=f"{agency.name.zh}({agency.id})的号码“{agency.number}”无法拨打",
            )
    known = {agency.id for agency in site.agencies}
    for id, name in WANTED.items():
        if id not in known and (id != "maintainer" or any(place.kind == "lift" for place in site.places)):
            yield Finding(
                path=("agencies",),
                id="C06",
                severity="warning",
                says=f"there is no number of the {name.en} (agency '{id}')",
                zh=f"没有{name.zh}的号码(agencies 里的 {id})",
                fix=Text(f"在 agencies 下加 {id}", f"add {id} under agencies"),
            )


def _contacts(site: Site, roster: Roster) -> Iterator[Finding]:
    for person in roster.people.values():
        at = ("people", person.id)
        if not person.numbers:
            yield Finding(
                path=at,
                id="C01",
                says=f"{person.id} has no telephone number and is never reached",
                zh=f"{person.id} 没有电话号码,永远通知不到",
                fix=Text("补上号码,或从名册删去", "add a number, or take the person off the roster"),
            )
        elif len(person.numbers) == 1 and any(site.duty(role).urgent for role in person.roles):
            yield Finding(
                path=(*at, "numbers"),
                id="C03",
                severity="warning",
                says=f"{person.id} may be rung for an urgent role and has one number only",
                zh=f"{person.id} 可能担任紧急角色,却只有一个号码",
                fix=Text("加第二个号码", "add a second number"),
            )
        pair = next(((a, b) for a in person.roles for b in person.roles if b in site.duty(a).conflicts), None)
        if pair is not None:
            yield Finding(
                path=(*at, "roles"),
                id="R04",
                severity="warning",
                says=f"{person.id} is listed for '{pair[0]}' and '{pair[1]}', which must be kept apart",
                zh=f"{person.id} 兼列{_title(site, pair[0]).zh}与{_title(site, pair[1]).zh},二者不得兼任",
                fix=Text("删去其中一个角色", "take one of the two roles away"),
            )
