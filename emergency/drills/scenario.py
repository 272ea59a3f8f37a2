"""A drill's scenario as frozen values; `scenario_file` makes them from YAML, `scenario_check` says what is wrong.

All times count from STARTEX, the moment the incident of the drill is opened. A scenario is data: what an inject does is
one of the kinds below, what is expected is one of the checks of `expect`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from emergency.core.values import Mode, Severity, Text

Kind = Literal["simulated", "tabletop", "callout", "full"]
"""How a drill is run. `simulated`: played people, virtual clock. `tabletop`: a facilitator answers, nothing is sent.
`callout`: real telephones, only acknowledgement is asked. `full`: real telephones and movement."""
LIVE: frozenset[Kind] = frozenset({"callout", "full"})


def mode_of(kind: Kind) -> Mode:
    """Return what an incident of this kind of drill is, from its birth."""
    return "live_drill" if kind in LIVE else "drill"


Notice = Literal["announced", "window", "trusted_agents"]
"""Who knows: everybody; everybody the period and nobody the minute (GB/T 38315 7.3.2); a few trusted agents."""
Visible = Literal["control", "evaluators", "players"]
InjectKind = Literal[
    "person.unreachable",
    "person.late",
    "person.declines",
    "person.wrong_number",
    "person.nonsense",
    "person.false_ack",
    "person.claims_command",
    "channel.outage",
    "channel.slow",
    "channel.voicemail",
    "channel.busy",
    "asset.failure",
    "event.secondary",
    "fact.told",
    "decision.answer",
    "order.transition",
    "message.inbound",
]
"""`person.*` and `channel.*` change how people and channels behave (a mask in a live drill); `fact.told`,
`decision.answer`, `order.transition` and `event.secondary` are told to the incident; `asset.failure` and
`message.inbound` are told to people."""
PARAMS: dict[InjectKind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "person.unreachable": ((), ("channels", "until")),
    "person.late": (("by",), ("until",)),
    "person.declines": ((), ("until",)),
    "person.wrong_number": ((), ("reply", "until")),
    "person.nonsense": ((), ("reply", "until")),
    "person.false_ack": ((), ("until",)),
    "person.claims_command": ((), ("reason",)),
    "channel.outage": (("failure",), ("until", "by")),
    "channel.slow": (("by",), ("until",)),
    "channel.voicemail": ((), ("until",)),
    "channel.busy": ((), ("until",)),
    "asset.failure": ((), ("affects", "until")),
    "event.secondary": (("playbook",), ("severity",)),
    "fact.told": (("value",), ("by",)),
    "decision.answer": (("answer",), ("by",)),
    "order.transition": (("to",), ("check", "reason")),
    "message.inbound": ((), ()),
}
"""The params of each kind: those it needs, those it may have. What `target` names: a person or `role.NAME` for
`person.*`; `sms` or `voice` for `channel.*`; a place for `event.secondary`; a fact for `fact.told`; a step for
`decision.answer` (answered now, by whoever holds it, or `by`); for `order.transition` who orders it: an agency, a
person, `role.NAME`, or `command` for whoever commands.

channels: `sms,voice` or one of them (both when left out). by: a length for `person.late`, `channel.slow` and an outage
that delays; else a person, an agency or `console`. until: from STARTEX, or `end` (when left out). check: `all` confirms
every line of the checklist on the way to a stand-down. severity: the level the other incident begins with.
"""
FAILURES = ("reject", "delay", "accept_without_receipt", "rate_limit")
"""How a channel fails: refused at once; late; taken and lost in silence; only a few messages a minute get through."""
Effect = Literal["world", "incident", "people"]
TELLS_INCIDENT = frozenset(
    {"event.secondary", "fact.told", "decision.answer", "order.transition", "person.claims_command"}
)


def effect_of(kind: InjectKind) -> Effect:
    """Return what an inject of this kind changes."""
    if kind in TELLS_INCIDENT:
        return "incident"
    return "world" if kind.startswith(("person.", "channel.")) else "people"


class Expect(msgspec.Struct, frozen=True, kw_only=True):
    """What should follow. `check` is a question to the log (`expect.parse`), or `evaluator Q4` for an observer.

    within: counted from the inject; for an objective's own expectations from STARTEX.
    """

    id: str
    text: Text
    check: str
    within: timedelta | None = None
    critical: bool = False
    line: int = 0


class Deliver(msgspec.Struct, frozen=True, kw_only=True):
    """A message that somebody plays: from whom, to whom (`role.NAME` or a person), by which means
    (`simcell_call`, `sms`)."""

    sender: str
    to: str
    by: str = "simcell_call"


class Contingency(msgspec.Struct, frozen=True, kw_only=True):
    """What control does when an expectation was not met so long after the inject, to rescue the objective."""

    if_not: str
    after: timedelta
    do: str
    text: Text


class Inject(msgspec.Struct, frozen=True, kw_only=True):
    """One scripted happening: at a time, on a condition (`when`, same words as a check), or caused by another.

    after: how long after its condition, or after what caused it. again: each time the condition comes anew, not only
        once.
    reserve: released by the director alone. target: a person, `role.NAME`, a channel (`sms`, `voice`), an asset.
    params: as the kind wants them; lengths as texts (`8m`), until: when the effect ends (from STARTEX), or `end`.
    """

    id: str
    kind: InjectKind
    at: timedelta | None = None
    when: str | None = None
    caused_by: str | None = None
    after: timedelta = timedelta(0)
    again: bool = False
    target: str = ""
    text: Text | None = None
    params: dict[str, str] = {}
    deliver: Deliver | None = None
    visible_to: tuple[Visible, ...] = ("control", "evaluators")
    objective: str | None = None
    expect: tuple[Expect, ...] = ()
    contingency: Contingency | None = None
    reserve: bool = False
    line: int = 0


Metric = Literal[
    "all_critical_acked", "role_acked", "role_refilled", "orders_acked_ratio", "step_done", "state_reached",
    "milestones_met", "severity_reached", "evaluator",
]  # fmt: skip


class Objective(msgspec.Struct, frozen=True, kw_only=True):
    """What the drill is to show. `since`: `start`, or the id of an inject. least: for a ratio, from 0 to 1.

    subject: the role, step, state or question that the metric is about.
    """

    id: str
    capability: str
    text: Text
    metric: Metric
    subject: str = ""
    within: timedelta | None = None
    since: str = "start"
    least: float = 1.0
    expect: tuple[Expect, ...] = ()
    line: int = 0


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """How one person behaves in this scenario whatever the model says."""

    person: str
    profile: str = ""
    first_ack: timedelta | None = None
    never: bool = False
    line: int = 0


class PreNotice(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to tell before a live drill. lead: how long before, in hours or (`working_days`) in days; at_end: what that
    party confirms afterwards (`confirm_line_restored`)."""

    who: str
    text: Text
    lead: timedelta | None = None
    working_days: int = 0
    confirm: bool = True
    by: tuple[str, ...] = ()
    at_end: str = ""


class Safety(msgspec.Struct, frozen=True, kw_only=True):
    """What a live drill must have; a scenario may tighten what the program holds to anyway, never loosen it.

    phrase: what anybody says or texts when something real happens. never_contact: further numbers beside the emergency
    numbers that the gate refuses anyway.
    """

    phrase: Text = Text("真实警情", "NO DUFF")
    never_contact: tuple[str, ...] = ()
    notices: tuple[PreNotice, ...] = ()
    violent: bool = False


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question that an evaluator answers."""

    id: str
    text: Text


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A whole scenario. `revision`: the first characters of the digest of the plan it was written for; empty for any.

    begins: the moment it is played at, aware; selects shift and profiles. decisions: step to the answer that players
    give; a step that is not named gets its first answer. seed: of the dice. observers: how many people watch; 0: not
    said.
    """

    id: str
    title: Text
    playbook: str
    place: str
    kind: Kind
    begins: datetime
    maximum: timedelta
    seed: int = 1
    revision: str = ""
    site: str = ""
    notice: Notice = "announced"
    severity: Severity | None = None
    told: dict[str, str] = {}
    note: Text | None = None
    objectives: tuple[Objective, ...] = ()
    injects: tuple[Inject, ...] = ()
    overrides: tuple[Override, ...] = ()
    default_profile: str = "by_shift"
    decisions: dict[str, str] = {}
    ends_when: str = ""
    safety: Safety = Safety()
    questions: tuple[Question, ...] = ()
    speed: float = 1.0
    path: str = ""
    observers: int = 0

    def inject(self, id: str) -> Inject | None:
        """Return the inject called *id*, or None."""
        return next((inject for inject in self.injects if inject.id == id), None)
