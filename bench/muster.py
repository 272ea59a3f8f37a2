"""A roll call of ten thousand: how it stands, what one answer costs, and what it costs the incident beside it."""

from __future__ import annotations

import time
from typing import Any

from bench.common import Figure, folder, median, percentile
from bench.throughput import installed
from emergency.app import App
from emergency.engine import Engine
from emergency.notify import Inbound
from emergency.verbs import perform

STATE_MS = 50.0
ANSWER_MS = 30.0
"""What the roll call of ten thousand may take: to be shown, and to have one answer on the disk (p99)."""
TOGETHER = 64
"""Answers of one commit while they rush in, as the desk does them."""
MEASURED = 400


def roll_call(size: int = 10_000) -> list[Figure]:
    """The figures of a roll call that *size* people answer, with an emergency in the same store."""
    with folder() as home:
        app, engine = installed(home, {}, size)
        opened = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "B1 food court", "severity": "red"})
        alone = _incident_answers(app, engine, opened, 0)
        code = _expected(app, engine, opened["incident"], size)
        beside = _incident_answers(app, engine, opened, 1)
        answers = _answered(app, engine, code, size)
        shown = [_timed(lambda: perform(app.desktop, engine, "muster-show", {"code": code})) for _ in range(20)]
        totals = perform(app.desktop, engine, "muster-show", {"code": code})["totals"]
        assert totals["safe"] >= size, totals
        engine.store.close()
    name = f"roll call of {size:,}"
    return [
        Figure(f"{name}, all answered: how it stands (floor: allowed)", median(shown), STATE_MS, 1, "ms"),
        Figure(f"{name}: an answer on the disk, p99 (floor: allowed)", percentile(answers, 0.99), ANSWER_MS, 1, "ms"),
        Figure(f"an alert answered beside a {name} (floor: without)", median(beside), median(alone), 1.5, "ms"),
    ]


def _timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _expected(app: App, engine: Engine, incident: str, size: int) -> str:
    code: str = perform(app.desktop, engine, "muster", {"code": incident})["roll_call"]
    for start in range(0, size, 500):
        rows = [{"id": f"p{n:05d}", "zone": "f3"} for n in range(start, min(size, start + 500))]
        perform(app.desktop, engine, "muster-expect", {"code": incident, "rows": rows})
    return code


def _answered(app: App, engine: Engine, code: str, size: int) -> list[float]:
    people = app.people.roster(engine).people

    def hear(e: Engine, n: int) -> None:
        sender = people[f"p{n:05d}"].numbers[0]
        inbound = Inbound(id=f"RC{n}", provider="bench", channel="sms", sender=sender, text=f"{code} 1")
        outcome = app.inbox.receive(e, inbound)
        assert outcome.kind == "roll_safe", outcome

    last = size - MEASURED
    for start in range(0, last, TOGETHER):
        engine.unit(lambda e, s=start: [hear(e, n) for n in range(s, min(last, s + TOGETHER))])
    return [_timed(lambda n=n: engine.unit(lambda e: hear(e, n))) for n in range(last, size)]


def _incident_answers(app: App, engine: Engine, opened: dict[str, Any], round: int) -> list[float]:
    """Return what answers to alerts of the incident take: received first, then that it cannot be done."""
    incident = engine.incident(opened["id"])
    roster = app.people.roster(engine).people
    alerts = [a for a in incident.alerts.values() if a.step is not None and a.status != "closed"]
    found = []
    for n in range(60):
        alert = alerts[n % len(alerts)]
        sender = roster[alert.person].numbers[0]
        text = f"{incident.code}{incident.steps[alert.step or ''].letter} 1"
        inbound = Inbound(id=f"AL{round}.{n}", provider="bench", channel="sms", sender=sender, text=text)
        found.append(_timed(lambda i=inbound: engine.unit(lambda e: app.inbox.receive(e, i))))
    return found[10:]
