"""A house with six people and one plan in which the checker finds nothing; tests break one line at a time."""

from __future__ import annotations

from datetime import date

from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.loader import read_playbook, read_roster, read_site
from emergency.roster import Roster

DAY = date(2026, 3, 2)
"""A Monday."""

SITE = """\
site: house
name: {zh: 房子, en: House}
signature: {zh: 房子, en: House}
address: {zh: 一号, en: 1 Road}
timezone: Asia/Shanghai
country: CN
zones:
  hall: {name: {zh: 大厅, en: Hall}, short: {zh: 大厅, en: Hall}, gate: {zh: 北门, en: North}}
  shop: {name: {zh: 商店, en: Shop}, short: {zh: 店, en: Shop}}
agencies:
  gas_company: {name: {zh: 燃气, en: Gas}, number: "+1 212 555 0190"}
  power_utility: {name: {zh: 供电, en: Power}, number: "+1 212 555 0191"}
  water_company: {name: {zh: 自来水, en: Water}, number: "119"}
roles:
  lead: {title: {zh: 负责人, en: Leader}, deputies: [guard], command: yes}
  guard: {title: {zh: 保安, en: Guard}, higher: lead}
shifts:
  day: {days: mon-sun, from: "08:00", to: "20:00"}
  night: {days: mon-sun, from: "20:00", to: "08:00"}
code_words: {quiet: {zh: 请李先生来, en: Mr Lee please}}
"""

ROSTER = """\
people:
  ann: {name: {zh: 安, en: Ann}, language: en, numbers: ["+12125550101"], roles: {lead: 1}, shift: day, zone: hall}
  ben: {name: {zh: 本, en: Ben}, language: zh, numbers: ["+12125550102"], roles: {guard: 1}, shift: day, zone: shop}
  cat: {name: {zh: 凯, en: Cat}, language: zh, numbers: ["+12125550103"], roles: {guard: 2}, shift: day, zone: hall}
  dan: {name: {zh: 丹, en: Dan}, language: zh, numbers: ["+12125550104"], roles: {lead: 1}, shift: night, zone: hall}
  eva: {name: {zh: 伊, en: Eva}, language: en, numbers: ["+12125550105"], roles: {guard: 1}, shift: night, zone: shop}
  fay: {name: {zh: 菲, en: Fay}, language: zh, numbers: ["+12125550106"], roles: {guard: 2}, shift: night, zone: hall}
"""

PLAN = """\
playbook: drip
code: D
title: {zh: 滴水, en: Drip}
place: zone
facts:
  wet: {type: yes_no, unless_told: no, ask: {zh: 湿吗, en: is it wet}}
  many: {type: count, unless_told: 0, ask: {zh: 几桶, en: how many buckets}}
severity: {start: blue}
roles:
  lead: {at: blue}
  guard: {at: blue}
states:
  first:
    title: {zh: 已接报, en: reported}
    headline: {zh: 滴水, en: water drips}
    steps:
      look: {role: guard, do: {zh: 去看, en: go and look}, done: 2m, source: practice, reports: [wet, many],
             decision: {wet: {zh: 湿, en: wet}, dry: {zh: 干, en: dry}}}
      mop: {role: guard, do: {zh: 拖干, en: mop it up}, done: 5m, source: practice}
    leave:
      - {to: over, when: {any: [{said_by: lead}, {step: look, answer: dry}]}}
      - {to: nothing, when: {said_by: guard}}
      - {after: 1h, source: practice, alert: {role: lead, do: {zh: 还滴吗, en: does it still drip}}}
  over:
    title: {zh: 解除, en: over}
    ends: stand_down
    tells: everyone_alerted
    checklist: [{zh: 干了, en: it is dry}]
    leave: [{to: closed, after: 1h, source: practice}]
  nothing:
    title: {zh: 误报, en: nothing}
    ends: false_alarm
    tells: everyone_alerted
    leave: [{to: closed, after: 1h, source: practice}]
  closed: {title: {zh: 归档, en: closed}, final: yes}
"""

Change = tuple[str, str]


def changed(text: str, changes: tuple[Change, ...]) -> str:
    """Return *text* with each change made once; one that fits nowhere is a mistake of the test."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def site(*changes: Change) -> Site:
    """Return the house."""
    return read_site(changed(SITE, changes).encode(), "site.yaml")


def roster(of: Site, *changes: Change) -> Roster:
    """Return its people."""
    return read_roster(changed(ROSTER, changes).encode(), "roster.yaml", of)


def plan(of: Site, *changes: Change) -> Playbook:
    """Return its plan."""
    text = changed(PLAN, changes)
    return read_playbook(text.encode(), f"{text.split()[1]}.yaml", of)
