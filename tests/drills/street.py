"""One incident and its telephones, asked one by one: what a test says to played people without any engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from emergency.core.incident import Alert, Incident
from emergency.core.site import Duty, Site
from emergency.drills.people import Act, Arrival, Players
from tests.core.small import MINUTE, NOW, STILL, Night, a_plan, a_site, a_state, a_step, words

ZERO = timedelta(0)


def an_incident(*, begins: datetime = NOW, target: timedelta | None = 2 * MINUTE, site: Site | None = None) -> Incident:
    """An incident with a step of the guards, open for everybody who is asked."""
    plan = a_plan(a_state("leak", a_step("stop", done=target, source="practice"), leave=(STILL,)))
    incident = Night(plan, site=site or a_site(duties=DUTIES)).incident
    return replace(incident, opened=begins)


DUTIES = (
    Duty(role="manager", title=words("Manager"), command=True),
    Duty(role="guard", title=words("Guard"), higher="manager"),
    Duty(role="desk", title=words("Desk"), remote=True),
)


def alert_of(incident: Incident, person: str, n: int = 1, step: str = "stop", **more: object) -> Alert:
    """The n-th call on *person* for a step."""
    run = next(run for run in incident.steps.values() if run.name == step)
    id = f"{person}{n}"
    return Alert(
        id=id, person=person, kind=str(more.pop("kind", "task")), role=run.role, slot=1, step=run.id, root=id,
        at=incident.opened, **more,
    )  # fmt: skip


class Street:
    """Hands messages to players and writes down what they do."""

    def __init__(self, players: Players, incident: Incident) -> None:
        self.players = players
        self.incident = incident
        self._count = 0
        self._usual: dict[str, tuple[Alert, ...]] = {}

    def message(
        self, person: str, channel: str, after: timedelta, alerts: Iterable[Alert] | None = None
    ) -> list[tuple[timedelta, Act]]:
        """Send one message so long after the opening; return what comes of it, each act with its moment after the
        opening; nothing where it never arrives."""
        self._count += 1
        delivery = f"d{self._count}"
        at = self.incident.opened + after
        route = self.players.route(person, channel, delivery, at)
        if route.fails or route.silent:
            return []
        if alerts is None and person not in self._usual:
            self._usual[person] = (alert_of(self.incident, person),)
        asked = self._usual[person] if alerts is None else tuple(alerts)
        arrival = Arrival(
            at=at + route.after, person=person, channel=channel, delivery=delivery, incident=self.incident, alerts=asked
        )
        return [(after + route.after + act.after, act) for act in self.players.hears(arrival)]

    def first(self, person: str, does: str, messages: Sequence[tuple[str, timedelta]]) -> timedelta | None:
        """Return when *person* first does this, sent several messages of one alert; or None."""
        found: timedelta | None = None
        for channel, after in sorted(messages, key=lambda each: each[1]):
            if found is not None and after >= found:
                break
            moments = [at for at, act in self.message(person, channel, after) if act.does == does]
            found = min([*moments, *([found] if found is not None else [])], default=None)
        return found
