"""A scenario to begin with: made from a plan and the people of the site, it passes the check as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from emergency.core.playbook import Playbook
from emergency.core.site import Member, Site
from emergency.drills.scenarios.checked import revision_of

EVENING = 19
"""The hour it is set at: the house is full, the office has gone home (practice)."""
SATURDAY = 5
DRAFT = """\
# {title_zh} / {title_en}
# 情景初稿,照此修改。 A first draft; change it to what you want to know.
# 写法 how it is written: docs/guides/writing-a-scenario.md    检查 check: emergency drill check {id}.yaml

format: drill-scenario/1
scenario: {id}
title: {{zh: {title_zh}演练, en: {title_en} drill}}
site: {site}
playbook: {{id: {playbook}, revision: {revision}}}
kind: simulated              # simulated | tabletop | callout | full(后两种打真实电话 the last two ring real telephones)
notice: announced            # announced | window | trusted_agents
begins: "{begins}"   # 本场所时间,决定谁在班 the site's time; it selects the shift
clock: {{maximum: {maximum}, speed: 1, seed: 1}}

opens:
  place: {place}
  says: {{zh: {says_zh}, en: {says_en}}}

objectives:
  O1:
    capability: notification
    text: {{zh: 关键岗位5分钟内全部应答, en: every critical role answers within 5 minutes}}
    metric: all_critical_acked
    within: 5m
{injects}
ends: {ends}
"""
INJECT = """\
  O2:
    capability: succession
    text: {{zh: "{role_zh}失联后,3分钟内有人接替", en: "without the {role_en}, somebody follows in 3 minutes"}}
    metric: role_refilled
    subject: {role}
    within: 3m
    since: I1

injects:
  I1:                        # 第一个被叫的人联系不上 the first to be called cannot be reached
    at: 0s
    kind: person.unreachable
    target: {person}
    params: {{until: end}}
    objective: O2
    expect:
      E1:
        text: {{zh: 程序发现无人应答并升级, en: the silence is noticed and the call passed on}}
        check: event checkin.missed person={person}
        within: 2m
      E2:
        critical: yes
        text: {{zh: 别人接过{role_zh}, en: somebody else holds the role}}
        check: role {role}.holder != {person}
        within: 3m

"""


def candidates(plan: Playbook, team: tuple[Member, ...]) -> Iterator[tuple[str, str]]:
    """Yield (role, person) of those who are called first and have somebody behind them: roles of one head before those
    of several, where the others go on, and the roles of the first steps before the rest."""
    first = [step.role for step in plan.states[0].steps]
    called = [call.role for call in plan.roles if call.at is not None and call.at <= plan.start]
    heads = {call.role: call.heads for call in plan.roles}
    for role in sorted(dict.fromkeys([*first, *called]), key=lambda role: heads.get(role, 1) > 1):
        able = sorted((m.roles[role], m.id) for m in team if m.duty == "on" and role in m.roles)
        if len(able) > 1:
            yield role, able[0][1]


def next_saturday(now: datetime, timezone: str) -> datetime:
    """Return the next Saturday evening, in the site's time."""
    here = now.astimezone(ZoneInfo(timezone))
    day = here + timedelta(days=(SATURDAY - here.weekday()) % 7 or 7)
    return day.replace(hour=EVENING, minute=30, second=0, microsecond=0)


def first_draft(id: str, plan: Playbook, site: Site, begins: datetime, chosen: tuple[str, str] | None) -> str:
    """Return the text of a scenario for *plan*; *chosen*: the role and the person who cannot be reached."""
    place = next((p.id for p in site.places if p.kind == plan.place), "site")
    injects = "\ninjects: {}\n"
    if chosen is not None:
        role, person = chosen
        title = site.duty(role).title
        injects = INJECT.format(role=role, person=person, role_zh=title.zh, role_en=title.en)
    made = DRAFT.format(
        id=id,
        title_zh=plan.title.zh,
        title_en=plan.title.en,
        says_zh=json.dumps(f"接报:{plan.title.zh}", ensure_ascii=False),
        says_en=json.dumps(f"reported: {plan.title.en}", ensure_ascii=False),
        site=site.id,
        playbook=plan.id,
        revision=revision_of(plan),
        begins=begins.strftime("%Y-%m-%d %H:%M"),
        maximum="30m",
        place=place,
        injects=injects,
        ends='"elapsed >= 20m"',
    )
    return made.replace("\n\n\n", "\n\n")
