"""Many alerts, many replies: the rate of sending, of answering, and what one answer costs among ten thousand."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.common import Figure, Provider, bare_posts, durable_commit, folder, median, percentile
from emergency.app import App
from emergency.clock import SystemClock
from emergency.core import commands as c
from emergency.core.values import Text
from emergency.desk import ThreadDesk
from emergency.engine import Engine
from emergency.notify import Inbound
from emergency.people import save_roster
from emergency.roster import Person, Roster, members
from emergency.settings import Settings
from emergency.setup import make_installation
from emergency.verbs import perform
from notifiers.registry import hooks_for, notifiers_for

LATENCY = 0.05
SEGMENT = 32


def crowd(size: int) -> Roster:
    """Return a roster of *size* people of the fire team, with numbers of the range kept for fiction."""
    people = {}
    for n in range(size):
        area, line = divmod(n, 100)
        person = Person(
            id=f"p{n:05d}",
            name=Text(f"人{n}", f"Person {n}"),
            language="zh" if n % 2 else "en",
            numbers=(f"+1{300 + area:03d}5550{100 + line:03d}",),
            roles={"evacuation": 1},
            shift="office",
            on_call=True,
        )
        people[person.id] = person
    return Roster(people=people)


def installed(home: Path, env: dict[str, str], size: int) -> tuple[App, Engine]:
    """Return an installation with the sample people and a crowd beside them."""
    settings = Settings(home, f"sqlite:///{home / 'emergency.db'}", "en", env)
    clock = SystemClock()
    app = App(settings, notifiers_for(env, clock.now, lambda line: None), clock)
    make_installation(settings, app, sample=True)
    engine = app.engine()
    everyone = {**app.people.roster(engine).people, **crowd(size).people}
    engine.unit(lambda e: save_roster(e, Roster(people=everyone), clock.now()))
    return app, engine


def alerts(count: int = 10_000) -> list[Figure]:
    """Durable alerts of one incident, against the bare client at the same concurrency."""
    provider = Provider(LATENCY)
    try:
        floor = count / asyncio.run(bare_posts(provider.env(), count, SEGMENT))
        with folder() as home:
            ours = count / asyncio.run(_send(home, provider, count))
    finally:
        provider.stop()
    return [
        Figure(f"{count:,} durable alerts, provider answering in 50 ms", ours, floor, 0.6, "/s", more_is_better=True)
    ]


async def _send(home: Path, provider: Provider, count: int) -> float:
    app, engine = installed(home, provider.env(), count)
    opened = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "B1 food court"})
    people = tuple(f"p{n:05d}" for n in range(count))
    seal = engine.unit(lambda e: e.store.seal("assembly point is the north yard"))
    engine.handle(str(opened["id"]), c.Tell(by="console", text=seal, people=people))
    engine.store.close()
    desk = ThreadDesk(app.engine)
    desk.start()
    outbox = app.outbox(desk)
    await outbox.warm()
    start = time.perf_counter()
    await outbox.drain()
    elapsed = time.perf_counter() - start
    for notifier in app.notifiers:
        await notifier.close()
    desk.stop()
    return elapsed


def replies(incidents: int = 50) -> list[Figure]:
    """A signed reply → committed and answered, with fifty incidents open, against the signature and one commit."""
    env = {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": "+12025550100",
        "EMERGENCY_PUBLIC_URL": "https://mall.example",
    }
    hooks = hooks_for(env)
    assert hooks is not None
    with folder() as home:
        app, engine = installed(home, env, 0)
        waiting = [pair for n in range(incidents) for pair in _opened(app, engine, n)]
        commit = durable_commit(home / "floor.db")
        floor, ours = [], []
        for n, (sender, text) in enumerate(waiting):
            form = [("From", sender), ("Body", text), ("MessageSid", f"SM{n:032d}")]
            signature = hooks.sign("/hooks/twilio/sms", form)
            start = time.perf_counter()
            assert hooks.authentic("/hooks/twilio/sms", form, signature)
            commit()
            floor.append((time.perf_counter() - start) * 1000)
            start = time.perf_counter()
            hooks.authentic("/hooks/twilio/sms", form, signature)
            inbound = hooks.read_sms(form)
            outcome = engine.unit(lambda e, i=inbound: app.inbox.receive(e, i))
            ours.append((time.perf_counter() - start) * 1000)
            assert outcome.kind == "acknowledged", outcome
        engine.store.close()
    rate = 1000 / (sum(ours) / len(ours))
    return [
        Figure(
            "inbound reply → committed, 50 incidents open, p99",
            percentile(ours, 0.99),
            percentile(floor, 0.99),
            10,
            "ms",
        ),
        Figure("inbound replies a second, 50 incidents open", rate, 300, 1, "/s", more_is_better=True),
    ]


def _opened(app: App, engine: Engine, n: int) -> list[tuple[str, str]]:
    """Open one more fire for the whole team, and return who may answer it with what."""
    site = app.people.site(engine)
    roster = app.people.roster(engine)
    plans, _ = app.library.load_all(engine, site)
    team = members(roster, site, app.clock.now(), app.desktop.reach_of("real"), {})
    opening = c.OpenIncident(
        incident=f"i{n}",
        code="",
        mode="real",
        playbook=plans["fire"],
        site=site,
        place="f1",
        members=team,
        by="console",
    )
    incident = engine.open(opening)
    alerts = (a for a in incident.alerts.values() if a.step is not None)
    return [
        (roster.people[a.person].numbers[0], f"{incident.code}{incident.steps[a.step or ''].letter} 1") for a in alerts
    ]


def among_many(few: int = 100, many: int = 10_000) -> list[Figure]:
    """One reply among ten thousand open alerts, against the same among a hundred."""
    return [
        Figure("one reply at 10,000 open alerts (floor: at 100)", _reply_cost(many), _reply_cost(few), 1.5, "ms"),
    ]


def _reply_cost(size: int) -> float:
    with folder() as home:
        app, engine = installed(home, {}, size)
        plan = _all_hands(app, engine, size)
        incident = engine.open(plan)
        letter = next(r.letter for r in incident.steps.values() if r.role == "evacuation")
        roster = app.people.roster(engine).people
        found = []
        for n in range(60):
            inbound = Inbound(
                id=f"SM{n}", provider="bench", channel="sms", sender=roster[f"p{n:05d}"].numbers[0],
                text=f"{incident.code}{letter} 1",
            )  # fmt: skip
            start = time.perf_counter()
            engine.unit(lambda e, i=inbound: app.inbox.receive(e, i))
            found.append((time.perf_counter() - start) * 1000)
        engine.store.close()
        return median(found[10:])


def _all_hands(app: App, engine: Engine, size: int) -> c.OpenIncident:
    """Return an opening whose plan calls *size* people for one step."""
    import msgspec

    site = app.people.site(engine)
    plans, _ = app.library.load_all(engine, site)
    fire = plans["fire"]
    first = fire.states[0]
    step = msgspec.structs.replace(first.steps[0], role="evacuation", name="go")
    calls = tuple(
        msgspec.structs.replace(r, heads=size, at=fire.start) if r.role == "evacuation" else r for r in fire.roles
    )
    state = msgspec.structs.replace(first, steps=(step,), leave=first.leave[:3])
    plan = msgspec.structs.replace(fire, states=(state, *fire.states[1:]), roles=calls)
    team = app.people.members(engine, app.desktop.reach_of("real"), datetime.now(UTC))
    return c.OpenIncident(
        incident="crowd", code="", mode="real", playbook=plan, site=site, place="site", members=team, by="console"
    )
