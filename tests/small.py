"""A small building with six people and two plans, so that a test shows everything it rests on.

`House` is one installation on a virtual clock: a store, an engine, an inbox, and an outbox over whatever notifiers a
test hands in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from emergency.app import reach_of
from emergency.clock import Clock, VirtualClock
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.incident import Alert, Incident
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.core.values import Mode, Severity
from emergency.desk import InlineDesk
from emergency.engine import Engine
from emergency.inbox import Inbox, Outcome
from emergency.loader import read_playbook, read_roster, read_site
from emergency.notify import Inbound, Notifier
from emergency.outbox import Outbox
from emergency.people import People, save_roster, save_site
from emergency.roster import Roster
from emergency.store.store import OutboxRow, SqliteStore

SITE = """
site: mill
name: {zh: 老磨坊, en: Old Mill}
signature: {zh: 老磨坊, en: Old Mill}
address: {zh: 河边路1号, en: 1 River Road}
timezone: UTC
country: GB
zones:
  hall:  {name: {zh: 大厅, en: Hall}, short: {zh: 大厅, en: Hall}, gate: {zh: 南门, en: South gate}}
  yard:  {name: {zh: 院子, en: Yard}, short: {zh: 院子, en: Yard}, gate: {zh: 南门, en: South gate}}
roles:
  commander:    {title: {zh: 总指挥, en: Commander}, higher: control_room, command: yes, urgent: yes}
  guard:        {title: {zh: 保安, en: Guard}, deputies: [porter], higher: commander}
  porter:       {title: {zh: 门房, en: Porter}, higher: commander}
  control_room: {title: {zh: 中控室, en: Control room}}
shifts:
  day:   {days: mon-sun, from: "06:00", to: "18:00"}
  night: {days: mon-sun, from: "18:00", to: "06:00"}
"""

ROSTER = """
people:
  anna:  {name: {zh: 安娜, en: Anna Adler}, language: en, numbers: ["+13125550101", "+13125550151"],
          roles: {commander: 1}, shift: day, on_call: yes}
  boris: {name: {zh: 鲍里斯, en: Boris Blum}, language: en, numbers: ["+13125550102"],
          roles: {commander: 2}, shift: day, on_call: yes}
  chloe: {name: {zh: 克洛伊, en: Chloe Clark}, language: en, numbers: ["+13125550103", "+13125550153"],
          roles: {guard: 1}, shift: day, on_call: yes}
  dmitri: {name: {zh: 德米特里, en: Dmitri Dorn}, language: en, numbers: ["+13125550104"],
          roles: {guard: 2}, shift: day, on_call: yes}
  emma:  {name: {zh: 艾玛, en: Emma Ek}, language: en, numbers: ["+13125550105"],
          roles: {porter: 1}, shift: day, on_call: yes}
  felix: {name: {zh: 费利克斯, en: Felix Frost}, language: zh, numbers: ["+13125550106"],
          roles: {control_room: 1}, shift: day, on_call: yes}
  gina:  {name: {zh: 吉娜, en: Gina Graf}, language: en, numbers: [],
          roles: {porter: 2}, shift: day, on_call: yes}
"""

ENDINGS = """
  over:
    title: {zh: 已解除, en: stood down}
    ends: stand_down
    tells: everyone_alerted
    checklist: [{zh: 已清点, en: everyone is counted}]
    leave:
      - {to: closed, after: 1h, source: practice, because: {zh: 归档, en: filed}}
  false_alarm:
    title: {zh: 误报, en: false alarm}
    ends: false_alarm
    tells: everyone_alerted
    leave:
      - {to: closed, after: 1h, source: practice, because: {zh: 归档, en: filed}}
  closed: {title: {zh: 归档, en: closed}, final: yes}
"""

LEAK = (
    """
playbook: leak
code: L
title: {zh: 漏水, en: Leak}
place: zone
merge: {same: place, within: 10m}
facts:
  litres: {type: count, unless_told: 0, ask: {zh: 多少升, en: how many litres}}
  cause:  {type: text, ask: {zh: 原因, en: what is the cause}}
severity:
  start: yellow
  raise:
    - {to: red, when: {fact: litres, over: 1000}}
roles:
  commander: {at: yellow}
  guard: {at: yellow}
  porter: {at: yellow}
  control_room: {at: yellow}
states:
  alarm:
    title: {zh: 报警, en: alarm}
    steps:
      lead:  {role: commander, done: 10m, source: practice, do: {zh: 到场指挥, en: come and lead}}
      look:  {role: guard, done: 10m, source: practice, do: {zh: 去看, en: go and look}}
      block: {role: guard, done: 10m, source: practice, do: {zh: 拦住人, en: keep people away}}
      kind:  {role: porter, done: 10m, source: practice, do: {zh: 看水从哪来, en: where is it from},
              decision: {pipe: {zh: 水管, en: a pipe}, roof: {zh: 屋顶, en: the roof}}}
    leave:
      - {to: false_alarm, when: {said_by: commander}}
      - {to: drying, when: {all: [{step: look, is: done}, {step: block, is: done}]}}
      - {after: 1h, source: practice, alert: {role: commander, do: {zh: 还在漏吗, en: does it still leak}}}
  drying:
    title: {zh: 清理, en: drying}
    expects:
      - {playbook: noise, when: {fact: litres, over: 1}}
    steps:
      mop: {role: guard, done: 1h, source: practice, do: {zh: 拖干, en: mop it up}}
    leave:
      - {to: over, when: {any: [{said_by: commander}, {step: mop, is: done}]}}
      - {after: 2h, source: practice, alert: {role: commander, do: {zh: 还没干吗, en: still wet}}}
"""
    + ENDINGS
)

NOISE = (
    """
playbook: noise
code: N
title: {zh: 异响, en: Strange noise}
place: zone
severity: {start: blue}
roles:
  guard: {at: blue}
states:
  heard:
    title: {zh: 听到, en: heard}
    steps:
      listen: {role: guard, done: 10m, source: practice, do: {zh: 去听, en: go and listen}}
    leave:
      - {to: false_alarm, when: {step: listen, is: done}}
      - {to: over, when: {said_by: guard}}
      - {after: 1h, source: practice, alert: {role: guard, do: {zh: 还响吗, en: still there}}}
"""
    + ENDINGS
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""A Monday; the day shift is in the house."""
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@lru_cache
def site() -> Site:
    """Return the building."""
    return read_site(SITE.encode(), "site.yaml")


@lru_cache
def roster() -> Roster:
    """Return its people."""
    return read_roster(ROSTER.encode(), "roster.yaml", site())


@lru_cache
def plan(name: str) -> Playbook:
    """Return the plan `leak` or `noise`."""
    return read_playbook({"leak": LEAK, "noise": NOISE}[name].encode(), f"{name}.yaml", site())


def number(person: str, which: int = 0) -> str:
    """Return a telephone number of somebody."""
    return roster().people[person].numbers[which]


class House:
    """One installation, with the parts that a test wants to hold."""

    def __init__(
        self,
        notifiers: Sequence[Notifier] = (),
        *,
        store: SqliteStore | None = None,
        clock: Clock | None = None,
        fresh: bool = True,
    ) -> None:
        self.notifiers = list(notifiers)
        self.clock: Any = clock or VirtualClock(NOON)
        self.store = store or SqliteStore(":memory:")
        self.engine = Engine(self.store, self.clock)
        self.people = People()
        self.inbox = Inbox(self.people)
        self.outbox = Outbox(InlineDesk(self.engine), self.notifiers, self.clock, self.people)
        self._count = 0
        if fresh:
            self.engine.unit(lambda engine: save_site(engine, site(), self.clock.now()))
            self.engine.unit(lambda engine: save_roster(engine, roster(), self.clock.now()))

    # what is done

    def open(
        self,
        name: str = "leak",
        *,
        mode: Mode = "real",
        id: str = "",
        severity: Severity | None = None,
        parent: str | None = None,
    ) -> Incident:
        """Open an incident in the hall; one with a *parent* is only expected."""
        reach = reach_of(self.notifiers, mode)
        return self.engine.open(
            c.OpenIncident(
                incident=id or f"{name}{len(self.store.all_incidents()) + 1}",
                code="",
                mode=mode,
                playbook=plan(name),
                site=site(),
                place="hall",
                members=self.people.members(self.engine, reach, self.clock.now()),
                by="console",
                severity=severity,
                parent=parent,
                armed=parent is not None,
            )
        )

    def do(self, id: str, command: c.AnyCommand) -> Incident:
        """Do *command*."""
        return self.engine.handle(id, command)

    def pump(self) -> int:
        """Send all that may go now."""
        return asyncio.run(self.outbox.pump())

    def settle(self) -> int:
        """Settle what has no outcome."""
        return asyncio.run(self.outbox.settle())

    def wait(self, by: timedelta) -> None:
        """Let time pass, fire what is due, and send."""
        self.clock.advance(by)
        self.engine.fire_due()
        self.pump()

    def texts(self, person: str, text: str, *, id: str = "", which: int = 0) -> Outcome:
        """Somebody writes to us."""
        self._count += 1
        inbound = Inbound(
            id=id or f"in{self._count}", provider="fake", channel="sms", sender=number(person, which), text=text
        )
        return self.hears(inbound)

    def presses(self, person: str, key: str, delivery: str, *, id: str = "") -> Outcome:
        """Somebody presses a key in the call that was made for *delivery*."""
        self._count += 1
        inbound = Inbound(
            id=id or f"key{self._count}",
            provider="fake",
            channel="voice",
            sender=number(person),
            text=key,
            delivery=delivery,
        )
        return self.hears(inbound)

    def hears(self, inbound: Inbound) -> Outcome:
        """Receive what came in."""
        return self.engine.unit(lambda engine: self.inbox.receive(engine, inbound))

    # what there is

    def incident(self, id: str) -> Incident:
        """Return an incident as it is."""
        return self.engine.incident(id)

    def alerts(self, id: str, person: str, step: str | None = None) -> list[Alert]:
        """Return the alerts of somebody, oldest first; of one step where it is named."""
        incident = self.incident(id)
        found = sorted(incident.alerts.values(), key=lambda a: int(a.id[1:]))
        steps = {run.id for run in incident.steps.values() if step in (None, run.name)}
        return [a for a in found if a.person == person and (step is None or a.step in steps)]

    def alert(self, id: str, person: str, step: str) -> Alert:
        """Return the last alert of somebody for a step."""
        return self.alerts(id, person, step)[-1]

    def ref(self, id: str, step: str) -> str:
        """Return the code that a reply names the step by, such as L01B."""
        incident = self.incident(id)
        run = next(run for run in incident.steps.values() if run.name == step)
        return incident.code + run.letter

    def rows(self, *people: str) -> list[OutboxRow]:
        """Return every row of the outbox, or those of some people, in the order they were queued."""
        ids = [id for (id,) in self.store._db.execute("select id from outbox order by rowid")]
        rows = [row for row in map(self.store.delivery, ids) if row is not None]
        return [row for row in rows if not people or row.person in people]

    def statuses(self, *people: str) -> list[str]:
        """Return how the rows of some people stand."""
        return [row.status for row in self.rows(*people)]

    def events(self, id: str, *kinds: type[e.Event]) -> list[Any]:
        """Return the log of an incident, or those of its events that are of some kinds."""
        return [event for event, _ in self.store.history(id) if not kinds or isinstance(event, kinds)]


def file_of(folder: Path) -> Path:
    """Return where a test keeps its store."""
    return folder / "emergency.db"
