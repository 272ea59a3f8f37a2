"""A small building, a small team and small plans, made of values; and a night in which time is moved by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core import playbook as p
from emergency.core.decide import decide
from emergency.core.incident import ASKING, Alert, Incident, StepRun, fold
from emergency.core.site import Duty, Member, Place, Site, SiteAgency
from emergency.core.values import Severity, Text

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def words(text: str) -> Text:
    """The same words in both languages, told apart by a prefix."""
    return Text(f"中{text}", text)


def a_site(*, duties: Iterable[Duty] | None = None, facts: dict[str, str] | None = None) -> Site:
    """Two floors, a shop within a shop's corner, a lift; a chief, a manager, guards and helpers."""
    return Site(
        id="house",
        name=words("House"),
        signature=words("House"),
        address=words("1 Road"),
        timezone="Asia/Shanghai",
        country="CN",
        places=(
            Place(id="site", kind="site", name=words("House"), short=words("House")),
            Place(id="f1", kind="zone", name=words("Floor 1"), short=words("F1"), gate=words("North gate")),
            Place(id="f1_shop", kind="zone", name=words("Shop"), short=words("Shop"), within="f1"),
            Place(id="f1_corner", kind="zone", name=words("Corner"), short=words("Corner"), within="f1_shop"),
            Place(id="f2", kind="zone", name=words("Floor 2"), short=words("F2")),
            Place(id="lift_1", kind="lift", name=words("Lift 1"), short=words("Lift 1"), registration="900101"),
        ),
        duties=tuple(
            duties
            or (
                Duty(role="chief", title=words("Chief"), deputies=("manager",), command=True, urgent=True),
                Duty(role="manager", title=words("Manager"), higher="desk", command=True, urgent=True),
                Duty(role="guard", title=words("Guard"), deputies=("helper",), higher="manager", conflicts=("desk",)),
                Duty(role="helper", title=words("Helper"), higher="manager"),
                Duty(role="desk", title=words("Desk")),
            )
        ),
        agencies=(SiteAgency(id="brigade", name=words("Brigade"), number="119"),),
        facts=facts or {},
    )


def member(id: str, roles: str = "", **more: Any) -> Member:
    """A member by a few words: `member("anna", "guard:1 helper:2")`."""
    ranks = {role: int(rank or 1) for role, _, rank in (part.partition(":") for part in roles.split())}
    return Member(id=id, language=more.pop("language", "en"), roles=ranks, **more)


TEAM = (
    member("carla", "chief"),
    member("mark", "manager"),
    member("gina", "guard:1"),
    member("gus", "guard:2"),
    member("hana", "helper:1"),
    member("dora", "desk"),
)


def a_step(name: str, role: str = "guard", **more: Any) -> p.Step:
    """A step with words of its own name."""
    return p.Step(name=name, role=role, do=words(name), **more)


def a_state(name: str, *steps: p.Step, leave: Iterable[p.Leave] = (), **more: Any) -> p.State:
    """A state with words of its own name."""
    return p.State(name=name, title=words(name), steps=steps, leave=tuple(leave), **more)


END = a_state("over", ends="stand_down", tells=True, checklist=(words("all out"), words("doors shut")))
FALSE = a_state("nothing", ends="false_alarm", tells=True)
CLOSED = a_state("closed", final=True)
STILL = p.Leave(after=9 * HOUR, source="practice", alert=p.Nudge(role="manager", do=words("look again")))
"""A wait that stays out of the way of a test."""


def a_plan(*states: p.State, calls: str = "desk manager", facts: Iterable[p.Fact] = (), **more: Any) -> p.Playbook:
    """A plan that begins in the first of *states*; the usual ends stand behind them. `guard*2` calls two heads."""
    roles = []
    for part in calls.split():
        word, _, heads = part.partition("*")
        role, _, level = word.partition("@")
        roles.append(p.RoleCall(role=role, at=Severity[level or "blue"], heads=int(heads or 1)))
    return p.Playbook(
        id="drip",
        code="D",
        title=words("Drip"),
        place="zone",
        states=(*states, END, FALSE, CLOSED),
        roles=tuple(roles),
        start=more.pop("start", Severity.yellow),
        facts=tuple(facts),
        **more,
    )


def a_fact(name: str, type: p.FactType = "yes_no", unless_told: str | None = None, **more: Any) -> p.Fact:
    """A fact of a plan."""
    return p.Fact(name=name, type=type, ask=words(name), unless_told=unless_told, **more)


class Night:
    """An incident and the moment it is; every command is decided and folded, as the engine does."""

    def __init__(
        self,
        plan: p.Playbook,
        *,
        site: Site | None = None,
        team: Iterable[Member] = TEAM,
        place: str = "f1",
        mode: Any = "real",
        severity: Severity | None = None,
        **more: Any,
    ) -> None:
        self.now = NOW
        self.history: list[tuple[e.AnyEvent, datetime]] = []
        self._incident: Incident | None = None
        self.do(
            c.OpenIncident(
                incident="i1", code="D01" if mode == "real" else "XD01", mode=mode, playbook=plan,
                site=site or a_site(), place=place, members=tuple(team), by="console", severity=severity, **more,
            )
        )  # fmt: skip

    @property
    def incident(self) -> Incident:
        """The incident as it is."""
        assert self._incident is not None
        return self._incident

    def do(self, command: c.AnyCommand) -> list[e.AnyEvent]:
        """Decide *command* now; return what it caused."""
        events = decide(self._incident, command, self.now)
        self.history += [(event, self.now) for event in events]
        self._incident = fold(((event, self.now) for event in events), self._incident)
        return events

    def wait(self, length: timedelta) -> list[e.AnyEvent]:
        """Let *length* pass and fire every timer at its own time; return what they caused."""
        until, caused = self.now + length, []
        while True:
            due = min(((at, name) for name, at in self.incident.timers.items()), default=None)
            if due is None or due[0] > until:
                break
            self.now = max(self.now, due[0])
            caused += self.do(c.FireTimer(timer=due[1]))
        self.now = until
        return caused

    # looking

    def run(self, name: str) -> StepRun:
        """The latest run of the step."""
        return [run for run in self.incident.steps.values() if run.name == name][-1]

    def alerts(self, person: str | None = None, *, kind: str | None = None) -> list[Alert]:
        """The alerts so far, oldest first."""
        found = sorted(self.incident.alerts.values(), key=lambda a: int(a.id[1:]))
        return [a for a in found if person in (None, a.person) and kind in (None, a.kind)]

    def asked(self, step: str) -> list[str]:
        """Who was called on for the latest run of the step, in order."""
        return [self.incident.alerts[id].person for id in self.run(step).alerts]

    def alert(self, person: str, step: str) -> Alert:
        """The latest call on this person for the step."""
        runs = {run.id for run in self.incident.steps.values() if run.name == step}
        return [alert for alert in self.alerts(person) if alert.step in runs][-1]

    # what people do

    def acknowledge(self, person: str, step: str) -> list[e.AnyEvent]:
        """The person has it."""
        return self.do(c.Acknowledge(alert=self.alert(person, step).id))

    def decline(self, person: str, step: str) -> list[e.AnyEvent]:
        """The person cannot."""
        return self.do(c.Decline(alert=self.alert(person, step).id))

    def finish(self, person: str, step: str, answer: str | None = None) -> list[e.AnyEvent]:
        """The step is done."""
        return self.do(c.FinishStep(step=self.run(step).id, person=person, answer=answer))

    def tell(self, fact: str, value: str) -> list[e.AnyEvent]:
        """A fact is told."""
        return self.do(c.ReportFact(fact=fact, value=value, by="console"))

    def order(self, to: str, by: str, **more: Any) -> list[e.AnyEvent]:
        """A transition is ordered."""
        return self.do(c.OrderTransition(to=to, by=by, **more))


def kinds(events: Iterable[e.AnyEvent]) -> list[str]:
    """The names of events."""
    return [type(event).__name__ for event in events]


def calls(events: Iterable[e.AnyEvent]) -> list[tuple[str, str]]:
    """Whom messages were queued for, and over which channel."""
    return [(event.person, event.channel) for event in events if isinstance(event, e.DeliveryQueued)]


def unattended(incident: Incident) -> list[Alert]:
    """Open calls that nobody follows up although somebody could still be called: the fault this project exists to
    prevent."""
    from emergency.core.calls import has_enough, is_taken, rungs_of
    from emergency.core.ladder import following

    lost = []
    for alert in incident.alerts.values():
        if alert.kind not in ASKING or alert.status != "open":
            continue
        root = incident.alerts[alert.root]
        run = incident.steps[alert.step or ""]
        if is_taken(incident, alert.root) or has_enough(incident, run):
            continue
        if f"rung:{alert.root}" not in incident.timers and following(rungs_of(incident, root), root.rung) is not None:
            lost.append(alert)
    return lost
