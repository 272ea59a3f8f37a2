"""A plan, a site and a roster as people write them, small and without mistakes; tests break one line at a time."""

from __future__ import annotations

PLAN = """\
playbook: drip
code: D
title: {zh: 滴水, en: Drip}
place: zone
merge: {same: place, within: 30m}
facts:
  smoke: {type: yes_no, unless_told: no, ask: {zh: 有烟吗, en: smoke}}
  hurt: {type: count, unless_told: 0, ask: {zh: 伤几人, en: hurt}}
  since: {type: time, unless_told: opened, ask: {zh: 几点, en: since}}
clocks:
  wet: {since: since}
severity:
  start: blue
  raise:
    - {to: red, when: {fact: hurt, over: 1}}
roles:
  guard: {at: blue, heads: 2}
  manager: {at: blue}
agencies:
  plumber:
    say: {zh: "{place}漏水", en: "water at {place}"}
states:
  first:
    title: {zh: 已接报, en: reported}
    steps:
      look:
        role: guard
        do: {zh: 看, en: look}
        done: 1m
        source: practice
        decision: {wet: {zh: 湿, en: wet}, dry: {zh: 干, en: dry}}
        late: [remind, deputy, {raise: red}]
      call: {role: manager, call: plumber, when: {step: look, answer: wet}}
    leave:
      - {to: over, when: {any: [{said_by: manager}, {step: look, answer: dry}]}}
      - {to: nothing, when: {said_by: guard}}
      - {after: 1h, source: practice, alert: {role: manager, do: {zh: 催, en: press on}}}
  over:
    title: {zh: 解除, en: over}
    ends: stand_down
    tells: everyone_alerted
    checklist: [{zh: 干了, en: it is dry}]
    leave:
      - {to: closed, after: 1h, source: practice}
  nothing:
    title: {zh: 误报, en: nothing}
    ends: false_alarm
    tells: everyone_alerted
    leave:
      - {to: closed, after: 1h, source: practice}
  closed: {title: {zh: 归档, en: closed}, final: yes}
"""

SITE = """\
site: house
name: {zh: 房子, en: House}
signature: {zh: 房子, en: House}
address: {zh: 一号, en: 1 Road}
timezone: Asia/Shanghai
country: CN
zones:
  f1: {name: {zh: 一层, en: Floor 1}, short: {zh: 一层, en: F1}, gate: {zh: 北门, en: North}}
  f1_shop: {name: {zh: 商店, en: Shop}, short: {zh: 店, en: Shop}, within: f1, aliases: [kiosk]}
lifts:
  lift_1: {name: {zh: 一号梯, en: Lift 1}, short: {zh: 一号梯, en: Lift 1}, registration: "900101"}
agencies:
  plumber: {name: {zh: 管道工, en: Plumber}, number: "+1 212 555 0190"}
roles:
  manager: {title: {zh: 经理, en: Manager}, command: yes, urgent: yes}
  guard: {title: {zh: 保安, en: Guard}, deputies: [helper], higher: manager}
  helper: {title: {zh: 帮手, en: Helper}, higher: manager, conflicts: [guard]}
shifts:
  day: {days: mon-fri, from: "08:00", to: "20:00"}
  night: {days: "sat,sun", from: "20:00", to: "08:00"}
facts: {hurt: "0"}
"""

ROSTER = """\
people:
  anna:
    name: {zh: 安娜, en: Anna}
    language: en
    numbers: ["+1 212 555 0101", "(212) 555-0102"]
    roles: {guard: 1, helper: 2}
    shift: day
    on_call: yes
    zone: f1
  ben:
    name: {zh: 本, en: Ben}
    language: zh
    roles: {manager: 1}
    shift: night
"""

TABLE = """\
id,name_zh,name_en,language,numbers,roles,shift,on_call,zone
anna,安娜,Anna,en,+1 212 555 0101;+1 212 555 0102,guard:1;helper:2,day,yes,f1
ben,本,Ben,zh,,manager,night,,
"""
