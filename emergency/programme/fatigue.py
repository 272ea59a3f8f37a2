"""How much drills may ask of one person in a month, and what stands against a drill at a certain moment. Pure.

Too many tests dull people, and the telephone that rang for a drill is not picked up for a fire (practice: vendors who
test often say so).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from emergency.core.incident import Incident
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.core.values import Text, is_drill
from emergency.drills.scenario import LIVE
from emergency.programme.duties import Limits, Programme
from emergency.programme.evidence import Asked
from emergency.programme.periods import Every, Period, period_of, works
from emergency.programme.standing import Coming
from emergency.roster import Roster
from emergency.roster.calendar import is_holiday

NEAR = timedelta(hours=24)
"""A real incident that is open now speaks against a drill among people within this (practice)."""
VISITS = "vip_visit"
"""The plan of a visit: no drill runs beside one."""


class Against(msgspec.Struct, frozen=True, kw_only=True):
    """Something that stands against a drill. refuses: it is planned only with a reason (`--anyway`)."""

    id: Literal["holiday", "quiet", "rest_day", "drill", "incident", "visit", "tired", "messages", "late_notice"]
    says: Text
    refuses: bool = True


class Tired(msgspec.Struct, frozen=True, kw_only=True):
    """A person at or over a limit of a month. drills, messages: so many already, those that are planned among them."""

    person: str
    drills: int
    messages: int


def month_of(site: Site, at: datetime) -> Period:
    """Return the month of a moment, in the site's time."""
    return period_of(Every.month, at.astimezone(ZoneInfo(site.timezone)).date())


def whom(plan: Playbook, roster: Roster, site: Site) -> frozenset[str]:
    """Return who may be asked in a drill of *plan*: everybody who holds one of its roles, or deputises for it."""
    roles = {call.role for call in plan.roles} | {step.role for state in plan.states for step in state.steps}
    able = roles | {deputy for role in roles for deputy in site.duty(role).deputies}
    return frozenset(id for id, person in roster.people.items() if able & set(person.roles))


def tired(
    asked: Mapping[str, Asked], planned: Mapping[str, int], people: Iterable[str], limits: Limits
) -> tuple[Tired, ...]:
    """Return those of *people* who have reached a limit of the month, the most tired first.

    Args:
        asked: what each was asked for in it. planned: in how many more drills of the month each will be.
    """
    found = []
    for person in people:
        had = asked.get(person, Asked())
        drills = len(had.drills) + planned.get(person, 0)
        full = 0 < limits.drills_a_month <= drills or 0 < limits.messages_a_month <= had.messages
        found += [Tired(person=person, drills=drills, messages=had.messages)] if full else []
    return tuple(sorted(found, key=lambda t: (-t.drills, -t.messages, t.person)))


def against(
    drill: Coming, programme: Programme, others: Sequence[Coming], open: Sequence[Incident], site: Site, now: datetime
) -> tuple[Against, ...]:
    """Return what stands against holding *drill*; a simulated one disturbs nobody."""
    if drill.kind == "simulated":
        return ()
    day = drill.at.astimezone(ZoneInfo(site.timezone)).date()
    found = [*_of_the_day(day, programme, site), *_of_others(drill, others)]
    if drill.kind in LIVE:
        found += _of_incidents(drill, open, now)
    return tuple(found)


def _of_the_day(day: date, programme: Programme, site: Site) -> Iterable[Against]:
    for first, last, why in programme.quiet:
        if first <= day <= last:
            yield Against(
                id="quiet", says=Text(f"{first} 至 {last} 不安排演练:{why}", f"no drills {first} to {last}: {why}")
            )
    if is_holiday(site, day):
        yield Against(id="holiday", says=Text(f"{day} 是节假日", f"{day} is a public holiday"))
    elif not works(site, day):
        says = Text(
            f"{day} 不是工作日,外部单位可能无人接听", f"{day} is no working day; outside parties may not answer"
        )
        yield Against(id="rest_day", says=says, refuses=False)


def _of_others(drill: Coming, others: Sequence[Coming]) -> Iterable[Against]:
    for other in others:
        if other.code == drill.code or (other.kind not in LIVE and drill.kind not in LIVE):
            continue
        if other.at < drill.at + drill.maximum and drill.at < other.at + other.maximum:
            says = Text(f"与演练 {other.code} 时间重叠", f"overlaps with drill {other.code}")
            yield Against(id="drill", says=says)


def _of_incidents(drill: Coming, open: Sequence[Incident], now: datetime) -> Iterable[Against]:
    for incident in open:
        if is_drill(incident.mode) or incident.armed or incident.is_closed or incident.ended:
            continue
        if incident.playbook.id == VISITS:
            says = Text(f"接待任务 {incident.code} 尚未结束", f"visit {incident.code} is not over")
            yield Against(id="visit", says=says)
        elif drill.at < now + NEAR:
            says = Text(f"真实事件 {incident.code} 正在处置", f"real incident {incident.code} is open")
            yield Against(id="incident", says=says)


def of_the_tired(found: Sequence[Tired], limits: Limits, month: Period) -> tuple[Against, ...]:
    """Return what speaks against one more drill because of whom it would tire."""
    by_drills = [each for each in found if 0 < limits.drills_a_month <= each.drills]
    by_messages = [each for each in found if 0 < limits.messages_a_month <= each.messages and each not in by_drills]
    notes = []
    if by_drills:
        names, most = _names(by_drills), limits.drills_a_month
        zh = f"{month.name} 每人最多 {most} 次演练,{len(by_drills)} 人已满:{names}"
        en = f"{month.name}: {most} drills are the most for one person; reached by {len(by_drills)}: {names}"
        notes.append(Against(id="tired", says=Text(zh, en)))
    if by_messages:
        names, most = _names(by_messages), limits.messages_a_month
        zh = f"{month.name} 每人最多 {most} 条演练消息,{len(by_messages)} 人已满:{names}"
        en = f"{month.name}: {most} drill messages are the most for one person; reached by {len(by_messages)}: {names}"
        notes.append(Against(id="messages", says=Text(zh, en)))
    return tuple(notes)


def _names(found: Sequence[Tired], most: int = 6) -> str:
    shown = ", ".join(each.person for each in found[:most])
    return shown if len(found) <= most else f"{shown}, …"


def too_late(who: str, by: date) -> Against:
    """Return that a notice cannot go out in time any more."""
    zh, en = f"{who} 最迟应在 {by} 告知,已过期", f"{who} had to be told by {by}: that day has passed"
    return Against(id="late_notice", says=Text(zh, en))
