"""Drills in the small building: a scenario for its leak, and what a director types."""

from __future__ import annotations

from pathlib import Path

ALL = ("commander", "guard", "porter", "control_room")
"""Every role of the building, by name: who takes part must not hang on the hour at which the tests are run."""

SCENARIO = """
format: drill-scenario/1
scenario: leak_drill
title: {zh: 漏水演练, en: Leak drill}
playbook: {id: leak}
kind: full
begins: "2026-03-02 10:00"
clock: {maximum: 40m}
opens:
  place: hall
  says: {zh: 大厅漏水, en: water in the hall}
safety:
  notices:
    alarm_centre: {text: {zh: 报警中心, en: alarm-monitoring centre}, lead: 24h, at_end: confirm_line_restored}
    tenants: {text: {zh: 租户, en: tenants}, working_days: 3, confirm: no}
objectives:
  O1: {capability: notification, text: {zh: 指挥应答, en: command answers}, metric: role_acked, subject: commander,
       within: 2m}
injects:
  I1: {kind: fact.told, at: 1s, target: litres, params: {value: 20}, objective: O1}
  I2: {kind: message.inbound, when: step look done, text: {zh: 记者来电, en: a reporter calls},
       deliver: {from: reporter, to: role.control_room}}
  I3: {kind: fact.told, at: 30m, target: litres, params: {value: 40}}
  I4: {kind: message.inbound, caused_by: I1, text: {zh: 院子也有水, en: water in the yard too},
       deliver: {from: porter, to: role.guard, by: sms}, visible_to: [control, evaluators, players]}
  I6: {kind: fact.told, reserve: yes, target: litres, params: {value: 2000}}
ends: state over
questions:
  Q1: {zh: 是否拦住人, en: were people kept away}
"""


def put_scenario(home: Path, text: str = SCENARIO, name: str = "leak_drill") -> None:
    """Give the installation at *home* a scenario of its own."""
    folder = home / "scenarios"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(text, "utf-8")
