"""Questions to a log: what a drill expects, what an inject waits for, when a scenario ends.

A closed language, read strictly and never evaluated:

    event delivery.failed person=guo_xin channel=sms     something happened; the kinds and keys are those of KINDS
    step call_119 [done | started | acked | answered big]
    role on_scene.holder = yuan_kai                      also `!=`: somebody else holds it
    role fire_team acked [4]                             so many holders have answered
    command != guo_xin                                   who commands
    state evacuating
    fact injured >= 1                                    also =, !=, <=
    severity at least orange
    elapsed >= 60m                                       since the incident was opened
    evaluator Q4                                         a person answers that; it stands alone

Several are joined with `and`, or with `or`; the two do not mix. `in elevator_entrapment: step call done` asks the log
of another incident of the drill, by its plan. What asks for a condition (`step`, `role ... =`, `command`, `state`,
`fact`, `severity`, `elapsed`) is met at once where it holds already; what asks for a happening (`event`, `acked` of a
role) wants it within the time looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from emergency.core import events as e
from emergency.core.incident import Incident
from emergency.core.near import nearest
from emergency.core.playbook import Playbook
from emergency.core.values import Severity

History = Iterable[tuple[e.AnyEvent, datetime]]
"""Events with their moments, from the opening on: the first has number 1."""


class NotACheck(ValueError):
    """The words ask nothing that a log can answer; `zh` says the same in Chinese."""

    def __init__(self, says: str, zh: str) -> None:
        super().__init__(says)
        self.zh = zh


class Hit(msgspec.Struct, frozen=True):
    """When a check was met, and the number of the event that met it; 0 where no event did (before the first)."""

    seq: int
    at: datetime


# what a log has shown so far


class Run(msgspec.Struct):
    """A step run: of which step and role, and how far it is."""

    name: str
    role: str
    status: str = "open"
    answer: str | None = None
    acked: bool = False


class Asked(msgspec.Struct, frozen=True):
    """An alert: who was asked, for which role and step."""

    person: str
    role: str
    step: str
    kind: str


class Message(msgspec.Struct, frozen=True):
    """A delivery: of which alert, by which channel, queued when."""

    alert: str
    person: str
    channel: str
    at: datetime


NOBODY = Asked("", "", "", "")
NO_RUN = Run("", "")


class Seen:
    """What a log has shown so far, as far as checks ask; taken in event by event."""

    def __init__(self) -> None:
        self.opened: datetime | None = None
        self.playbook: Playbook | None = None
        self.state = ""
        self.severity: Severity | None = None
        self.command = ""
        self.holders: dict[str, dict[int, str]] = {}
        self.facts: dict[str, str] = {}
        self.runs: dict[str, Run] = {}
        self.alerts: dict[str, Asked] = {}
        self.steps: dict[str, str] = {}
        self.answered: set[str] = set()
        self.messages: dict[str, Message] = {}
        self.texts: dict[str, list[str]] = {}
        self.failed: set[str] = set()

    def take(self, event: e.AnyEvent, at: datetime) -> None:
        """Take in the next event."""
        hear = _HEARS.get(type(event))
        if hear is not None:
            hear(self, event, at)

    def run(self, id: str | None) -> Run:
        """Return the step run with this id; an empty one for what is unknown."""
        return self.runs.get(id or "", NO_RUN)

    def fact(self, name: str) -> str | None:
        """Return the value of a fact as it stands: told, the site's own, or what the plan assumes."""
        if name in self.facts:
            return self.facts[name]
        declared = self.playbook.fact(name) if self.playbook else None
        return declared.unless_told if declared else None


def _opened(seen: Seen, event: e.IncidentOpened, at: datetime) -> None:
    seen.opened, seen.playbook, seen.severity = at, event.playbook, event.severity
    seen.facts = {name: value for name, value in event.site.facts.items() if event.playbook.fact(name)}


def _state(seen: Seen, event: e.StateEntered, at: datetime) -> None:
    seen.state = event.state


def _severity(seen: Seen, event: e.SeverityChanged, at: datetime) -> None:
    seen.severity = event.to


def _command(seen: Seen, event: e.CommandTaken, at: datetime) -> None:
    seen.command = event.person


def _assigned(seen: Seen, event: e.RoleAssigned, at: datetime) -> None:
    seen.holders.setdefault(event.role, {})[event.slot] = event.person


def _called_away(seen: Seen, event: e.PersonCalledAway, at: datetime) -> None:
    for role, slots in seen.holders.items():
        seen.holders[role] = {slot: person for slot, person in slots.items() if person != event.person}
    if seen.command == event.person:
        seen.command = ""


def _started(seen: Seen, event: e.StepStarted, at: datetime) -> None:
    seen.runs[event.step] = Run(event.name, event.role)


def _done(seen: Seen, event: e.StepDone, at: datetime) -> None:
    run = seen.run(event.step)
    run.status, run.answer = "done", event.answer


def _dropped(seen: Seen, event: e.StepDropped, at: datetime) -> None:
    seen.run(event.step).status = "dropped"


def _fact(seen: Seen, event: e.FactReported, at: datetime) -> None:
    seen.facts[event.fact] = event.value


def _requested(seen: Seen, event: e.AlertRequested, at: datetime) -> None:
    seen.alerts[event.alert] = Asked(event.person, event.role or "", seen.run(event.step).name, event.kind)
    if event.step is not None:
        seen.steps[event.alert] = event.step


def _acked(seen: Seen, event: e.AlertAcknowledged, at: datetime) -> None:
    seen.answered.add(event.alert)
    if event.alert in seen.steps:
        seen.run(seen.steps[event.alert]).acked = True


def _queued(seen: Seen, event: e.DeliveryQueued, at: datetime) -> None:
    seen.messages[event.delivery] = Message(event.alert, event.person, event.channel, at)
    if event.channel == "sms":
        seen.texts.setdefault(event.alert, []).append(event.delivery)


def _failed(seen: Seen, event: e.DeliveryFailed, at: datetime) -> None:
    seen.failed.add(event.delivery)


_HEARS: dict[type[e.Event], Callable[[Seen, Any, datetime], None]] = {
    e.IncidentOpened: _opened,
    e.StateEntered: _state,
    e.SeverityChanged: _severity,
    e.CommandTaken: _command,
    e.RoleAssigned: _assigned,
    e.PersonCalledAway: _called_away,
    e.StepStarted: _started,
    e.StepDone: _done,
    e.StepDropped: _dropped,
    e.FactReported: _fact,
    e.AlertRequested: _requested,
    e.AlertAcknowledged: _acked,
    e.DeliveryQueued: _queued,
    e.DeliveryFailed: _failed,
}


# the kinds of happening


class Happening(msgspec.Struct, frozen=True):
    """A kind of event by its plain name. keys: what may be asked of it, and where that stands: a field of the event, or
    `alert.`, `step.`, `message.` and a field of what the event points at."""

    event: type[e.Event]
    keys: dict[str, str]
    only: dict[str, str] = {}


_OF_ALERT = {"person": "alert.person", "role": "alert.role", "step": "alert.step", "for": "alert.kind"}
_OF_MESSAGE = {"person": "message.person", "channel": "message.channel", "role": "message.role", "step": "message.step"}
KINDS: dict[str, Happening] = {
    "incident.opened": Happening(e.IncidentOpened, {"place": "place", "severity": "severity", "by": "by"}),
    "incident.confirmed": Happening(e.IncidentConfirmed, {"place": "place", "by": "by"}),
    "report.merged": Happening(e.ReportMerged, {"place": "place", "by": "by"}),
    "state.entered": Happening(e.StateEntered, {"state": "state", "via": "via", "by": "by"}),
    "severity.changed": Happening(e.SeverityChanged, {"to": "to", "via": "via", "by": "by"}),
    "role.assigned": Happening(
        e.RoleAssigned,
        {"role": "role", "person": "person", "because": "because", "instead_of": "instead_of", "by": "by"},
    ),
    "role.unfilled": Happening(e.RoleUnfilled, {"role": "role"}),
    "role.gap": Happening(e.GapEscalated, {"role": "role", "to": "to"}),
    "person.called_away": Happening(e.PersonCalledAway, {"person": "person"}),
    "wanted.twice": Happening(e.WantedTwice, {"how": "how"}),
    "command.taken": Happening(e.CommandTaken, {"person": "person", "role": "role", "by": "by"}),
    "step.started": Happening(e.StepStarted, {"step": "name", "role": "role", "zone": "zone"}),
    "step.done": Happening(
        e.StepDone, {"step": "step.name", "role": "step.role", "person": "person", "answer": "answer", "via": "via"}
    ),
    "step.dropped": Happening(e.StepDropped, {"step": "step.name", "role": "step.role", "because": "because"}),
    "step.late": Happening(e.StepLate, {"step": "step.name", "role": "step.role", "count": "count"}),
    "alert.sent": Happening(
        e.AlertRequested, {"person": "person", "role": "role", "step": "step.name", "for": "kind", "about": "about"}
    ),
    "alert.climbed": Happening(e.LadderClimbed, {**_OF_ALERT, "because": "because", "rung": "rung"}),
    "alert.acked": Happening(e.AlertAcknowledged, {**_OF_ALERT, "via": "via"}),
    "alert.closed": Happening(e.AlertClosed, {**_OF_ALERT, "because": "because"}),
    "checkin.missed": Happening(e.LadderClimbed, _OF_ALERT, {"because": "silence"}),
    "alert.declined": Happening(e.AlertClosed, _OF_ALERT, {"because": "declined"}),
    "delivery.queued": Happening(e.DeliveryQueued, _OF_MESSAGE),
    "delivery.sent": Happening(e.DeliverySent, _OF_MESSAGE),
    "delivery.delivered": Happening(e.DeliveryDelivered, _OF_MESSAGE),
    "delivery.failed": Happening(e.DeliveryFailed, {**_OF_MESSAGE, "reason": "reason"}),
    "delivery.retried": Happening(e.DeliveryRetried, {**_OF_MESSAGE, "reason": "reason"}),
    "delivery.dropped": Happening(e.DeliveryDropped, _OF_MESSAGE),
    "channel.failover": Happening(e.DeliveryQueued, _OF_MESSAGE, {"channel": "voice"}),
    "fact.told": Happening(e.FactReported, {"fact": "fact", "value": "value", "by": "by"}),
    "note.added": Happening(e.NoteAdded, {"by": "by", "via": "via"}),
    "help.asked": Happening(e.HelpAsked, {"person": "person", "via": "via"}),
    "item.ticked": Happening(e.ItemTicked, {"state": "state", "item": "item", "by": "by"}),
    "knock_on.expected": Happening(e.KnockOnExpected, {"playbook": "playbook"}),
    "drill.frozen": Happening(e.DrillFrozen, {"because": "because", "by": "by"}),
    "drill.resumed": Happening(e.DrillResumed, {"by": "by"}),
    "drill.aborted": Happening(e.DrillAborted, {"because": "because", "by": "by"}),
    "drill.ended": Happening(e.DrillEnded, {"because": "because", "by": "by"}),
    "muster.opened": Happening(e.MusterOpened, {"by": "by"}),
    "muster.closed": Happening(e.MusterClosed, {"by": "by"}),
}
"""Plain names of what may be asked for with `event`. `checkin.missed`: nobody answered and the call was passed on;
`channel.failover`: somebody is rung whose text of the same alert had failed, or had gone unanswered."""


def _value(seen: Seen, event: Any, where: str) -> str:
    of, _, field = where.rpartition(".")
    if of == "alert":
        found = getattr(seen.alerts.get(event.alert, NOBODY), field)
    elif of == "step":
        found = getattr(seen.run(event.step), field)
    elif of == "message":
        found = _of_message(seen, event, field)
    else:
        found = getattr(event, field)
    if isinstance(found, Severity):
        return str(found.value)
    return "" if found is None else str(found)


def _of_message(seen: Seen, event: Any, field: str) -> str:
    if isinstance(event, e.DeliveryQueued) and field in ("person", "channel"):
        return str(getattr(event, field))
    message = seen.messages.get(event.delivery)
    if field in ("person", "channel"):
        return str(getattr(message, field)) if message else ""
    alert = event.alert if isinstance(event, e.DeliveryQueued) else message.alert if message else ""
    return str(getattr(seen.alerts.get(alert, NOBODY), field))


def _failover(seen: Seen, event: e.DeliveryQueued, at: datetime) -> bool:
    """Whether a call follows a text of the same alert that had failed, or gone unanswered for some time."""
    texts = [id for id in seen.texts.get(event.alert, ()) if id in seen.messages]
    lost = any(id in seen.failed for id in texts)
    return lost or (event.alert not in seen.answered and any(seen.messages[id].at < at for id in texts))


# the questions


class Happened(msgspec.Struct, frozen=True, tag="event"):
    """Something of this kind happened; wants: key, value, and whether it must be that (or must not)."""

    kind: str
    wants: tuple[tuple[str, str, bool], ...] = ()

    def met_by(self, seen: Seen, event: e.AnyEvent, at: datetime) -> bool:
        """Return whether *event* is such a happening; *seen* has taken it in."""
        kind = KINDS[self.kind]
        if not isinstance(event, kind.event):
            return False
        if any(_value(seen, event, where) != value for where, value in kind.only.items()):
            return False
        if self.kind == "channel.failover" and not _failover(seen, event, at):  # type: ignore[arg-type]
            return False
        return all((_value(seen, event, kind.keys[key]) == value) is equal for key, value, equal in self.wants)


class Step(msgspec.Struct, frozen=True, tag="step"):
    """How far a step is. `done`: it was done, and no run of it is open; `answered`: its decision was answered so."""

    name: str
    how: str = "done"
    answer: str | None = None

    def true(self, seen: Seen, now: datetime) -> bool:
        """Return whether it is so."""
        runs = [run for run in seen.runs.values() if run.name == self.name]
        if self.how == "started":
            return bool(runs)
        if self.how == "acked":
            return any(run.acked or run.status == "done" for run in runs)
        done = [run for run in runs if run.status == "done"]
        if self.how == "answered":
            return any(self.answer in (None, run.answer) for run in done)
        return bool(done) and not any(run.status == "open" for run in runs)


class Holder(msgspec.Struct, frozen=True, tag="holder"):
    """Who holds a role. Not equal: somebody holds it, and this person does not."""

    role: str
    person: str
    equal: bool = True

    def true(self, seen: Seen, now: datetime) -> bool:
        """Return whether it is so."""
        people = seen.holders.get(self.role, {}).values()
        return self.person in people if self.equal else bool(people) and self.person not in people


class RoleAcked(msgspec.Struct, frozen=True, tag="acked"):
    """So many people answered an alert for the role."""

    role: str
    count: int = 1


class Commands(msgspec.Struct, frozen=True, tag="command"):
    """Who commands. Not equal: somebody does, and it is not this person."""

    person: str
    equal: bool = True

    def true(self, seen: Seen, now: datetime) -> bool:
        """Return whether it is so."""
        return bool(seen.command) and (seen.command == self.person) is self.equal


class InState(msgspec.Struct, frozen=True, tag="state"):
    """The plan is in this state."""

    state: str

    def true(self, seen: Seen, now: datetime) -> bool:
        """Return whether it is so."""
        return seen.state == self.state


class FactStands(msgspec.Struct, frozen=True, tag="fact"):
    """A fact has this value; `>=` and `<=` are for numbers."""

    fact: str
    sign: str
    value: str

    def true(self, seen: Seen, now: datetime) -> bool:
        """Return whether it is so; never of a fact that nobody has told."""
        told = seen.fact(self.fact)
        if told is None:
            return False
        if self.sign in ("=", "!="):
            return _same(told, self.value) is (self.sign == "=")
        number, limit = _number(told), float(self.value)
        return number is not None and (number >= limit if self.sign == ">=" else number <= limit)


class Grave(msgspec.Struct, frozen=True, tag="severity"):
    """The incident is at least so grave."""

    level: Severity

    def true(self, seen: Seen, now: datetime) -> bool:
        """Return whether it is so."""
        return seen.severity is not None and seen.severity >= self.level


class Elapsed(msgspec.Struct, frozen=True, tag="elapsed"):
    """So long since the incident was opened."""

    over: timedelta

    def true(self, seen: Seen, now: datetime) -> bool:
        """Return whether it is so."""
        return seen.opened is not None and now - seen.opened >= self.over


class Evaluator(msgspec.Struct, frozen=True, tag="evaluator"):
    """A question that a person answers; the log never does."""

    question: str


Standing = Step | Holder | Commands | InState | FactStands | Grave | Elapsed
Part = Happened | RoleAcked | Standing | Evaluator


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _same(told: str, wanted: str) -> bool:
    number = _number(wanted)
    return told == wanted or (number is not None and _number(told) == number)


class Watch:
    """A check over a log as it grows. `hear` every event in order; only what happens from *since* on counts as a
    happening."""

    def __init__(self, check: Check, since: datetime | None = None) -> None:
        self.check = check
        self.since = since
        self.seen = Seen()
        self._met: set[int] = set()
        self._who: dict[int, set[str]] = {}

    def hear(self, event: e.AnyEvent, at: datetime) -> bool:
        """Take in the next event; return whether the check holds after it."""
        self.seen.take(event, at)
        if self.since is None or at >= self.since:
            for index, part in enumerate(self.check.parts):
                self._note(index, part, event, at)
        return self.holds(at)

    def _note(self, index: int, part: Part, event: e.AnyEvent, at: datetime) -> None:
        if isinstance(part, Happened):
            if part.met_by(self.seen, event, at):
                self._met.add(index)
        elif isinstance(part, RoleAcked) and isinstance(event, e.AlertAcknowledged):
            asked = self.seen.alerts.get(event.alert, NOBODY)
            if asked.role == part.role:
                who = self._who.setdefault(index, set())
                who.add(asked.person)
                if len(who) >= part.count:
                    self._met.add(index)

    def holds(self, now: datetime) -> bool:
        """Return whether the check holds at *now*, by what was heard so far."""
        values = (self._is(index, part, now) for index, part in enumerate(self.check.parts))
        return any(values) if self.check.either else all(values)

    def _is(self, index: int, part: Part, now: datetime) -> bool:
        if isinstance(part, Happened | RoleAcked):
            return index in self._met
        return not isinstance(part, Evaluator) and part.true(self.seen, now)

    def forget(self) -> None:
        """Let every happening count anew."""
        self._met.clear()
        self._who.clear()


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A question. parts: what it asks; either: one of them is enough, else each must hold. inside: the plan of the
    incident whose log is asked; empty for the drill's own. text: as it was written."""

    parts: tuple[Part, ...]
    either: bool = False
    inside: str = ""
    text: str = ""

    @property
    def question(self) -> str:
        """The question that a person answers; empty where the log does."""
        part = self.parts[0]
        return part.question if isinstance(part, Evaluator) else ""

    def moment(self, opened: datetime) -> datetime | None:
        """Return when time alone may change the answer, for an incident opened then; None when it never does."""
        lengths = [part.over for part in self.parts if isinstance(part, Elapsed)]
        return opened + min(lengths) if lengths else None

    def holds(self, incident: Incident, history: History, now: datetime | None = None) -> bool:
        """Return whether it holds at *now* (else: at the incident's last event). Walks the whole log: to ask again and
        again, let a `Watch` hear it."""
        if self.inside not in ("", incident.playbook.id):
            return False
        watch = Watch(self)
        for event, at in history:
            watch.hear(event, at)
        return watch.holds(now or incident.last)

    def first_met(self, history: History, since: datetime, until: datetime) -> Hit | None:
        """Return when it was first met from *since* to *until*, both included; None when it was not, or the log is
        of another plan than the check asks."""
        watch, before = Watch(self, since), Hit(0, since)
        made = 0
        begun = False
        for seq, (event, at) in enumerate(history, start=1):
            if self._of_another(event):
                return None
            if at >= since and not begun:
                begun = True
                if at > since and watch.holds(since):
                    return Hit(made or before.seq, since)
            hit = self._by_time(watch, before, min(at, until), since)
            if hit is not None or at > until:
                return hit
            held = watch.holds(at)
            if watch.hear(event, at):
                if at >= since:
                    return Hit(seq, at)
                made = made if held else seq
            before = Hit(seq, at)
        if not begun and watch.holds(since):
            return Hit(made or before.seq, since)
        return self._by_time(watch, before, until, since)

    def _of_another(self, event: e.AnyEvent) -> bool:
        return isinstance(event, e.IncidentOpened) and self.inside not in ("", event.playbook.id)

    def _by_time(self, watch: Watch, before: Hit, until: datetime, since: datetime) -> Hit | None:
        """Return the moment after the event *before* at which time alone met it, up to *until*."""
        opened = watch.seen.opened
        moment = self.moment(opened) if opened is not None else None
        if moment is None or not (max(before.at, since) <= moment <= until) or not watch.holds(moment):
            return None
        return Hit(before.seq, moment)

    def each(self, history: History, since: datetime | None = None) -> Iterator[Hit]:
        """Yield every time it comes true anew: each such happening, each time the condition holds again."""
        watch, was = Watch(self, since), False
        for seq, (event, at) in enumerate(history, start=1):
            if self._of_another(event):
                return
            now = watch.hear(event, at)
            if now and not was and (since is None or at >= since):
                yield Hit(seq, at)
                watch.forget()
                now = watch.holds(at)
            was = now


# reading


_WORD = r"[A-Za-z0-9_.+:-]+"
_JOINED = re.compile(r"\s+(and|or)\s+")
_INSIDE = re.compile(rf"in\s+({_WORD}?)\s*:\s*")
_PAIR = re.compile(rf"({_WORD})\s*(!=|=)\s*({_WORD})")
_LENGTH = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
FORMS = ("event", "step", "role", "command", "state", "fact", "severity", "elapsed", "evaluator")


def parse(text: str) -> Check:
    """Return the question that *text* asks. Raises NotACheck, a ValueError: what is wrong with it."""
    body = " ".join(text.split())
    if not body:
        raise NotACheck("a check is missing", "缺少判定条件")
    inside = _INSIDE.match(body)
    if inside:
        body = body[inside.end() :]
    pieces = _JOINED.split(body)
    joins = set(pieces[1::2])
    if len(joins) > 1:
        raise NotACheck(
            f"'{text}' mixes and with or; make two expectations of it", f"“{text}”混用了 and 和 or;请拆成两条"
        )
    parts = tuple(_part(piece) for piece in pieces[::2])
    if len(parts) > 1 and any(isinstance(part, Evaluator) for part in parts):
        raise NotACheck("a question to an evaluator stands alone", "交给评估员的问题要单独成条")
    return Check(parts=parts, either=joins == {"or"}, inside=inside[1] if inside else "", text=text)


def _part(text: str) -> Part:
    word, _, rest = text.strip().partition(" ")
    if word not in _READERS:
        hint = nearest(word, FORMS) or " A check begins with: " + ", ".join(FORMS) + "."
        raise NotACheck(f"'{text}' asks nothing that a log can answer.{hint}", f"“{text}”不是判定条件.{hint}")
    return _READERS[word](rest.strip())


def _wrong(form: str, text: str) -> NotACheck:
    return NotACheck(f"'{text}' cannot be read; write it as: {form}", f"“{text}”无法理解;应写作:{form}")


def _event(text: str) -> Part:
    kind, _, rest = text.partition(" ")
    if kind not in KINDS:
        hint = nearest(kind, list(KINDS)) or " There is: " + ", ".join(KINDS) + "."
        raise NotACheck(f"'{kind}' is no kind of event.{hint}", f"没有“{kind}”这种事件.{hint}")
    wants = tuple((m[1], m[3], m[2] == "=") for m in _PAIR.finditer(rest))
    if _PAIR.sub("", rest).strip():
        raise _wrong("event KIND key=value ...", f"event {text}")
    for key, _, _ in wants:
        if key not in KINDS[kind].keys:
            hint = nearest(key, list(KINDS[kind].keys))
            raise NotACheck(f"'{key}' is not known of {kind}.{hint}", f"{kind} 没有“{key}”这一项.{hint}")
    return Happened(kind, wants)


def _step(text: str) -> Part:
    form = "step NAME [started | acked | done | answered ANSWER]"
    match text.split():
        case [name]:
            return Step(name)
        case [name, ("started" | "acked" | "done" | "answered") as how]:
            return Step(name, how)
        case [name, "answered", answer]:
            return Step(name, "answered", answer)
    raise _wrong(form, f"step {text}")


def _role(text: str) -> Part:
    form = "role NAME.holder = PERSON, role NAME.holder != PERSON, or role NAME acked [COUNT]"
    held = re.fullmatch(rf"([a-z0-9_]+)\.holder\s*(!=|=)\s*({_WORD})", text)
    if held:
        return Holder(held[1], held[3], held[2] == "=")
    acked = re.fullmatch(r"([a-z0-9_]+) acked(?: ([1-9]\d?))?", text)
    if acked:
        return RoleAcked(acked[1], int(acked[2] or 1))
    raise _wrong(form, f"role {text}")


def _commands(text: str) -> Part:
    found = re.fullmatch(rf"(!=|=)\s*({_WORD})", text)
    if not found:
        raise _wrong("command = PERSON, or command != PERSON", f"command {text}")
    return Commands(found[2], found[1] == "=")


def _in_state(text: str) -> Part:
    if not re.fullmatch(_WORD, text):
        raise _wrong("state NAME", f"state {text}")
    return InState(text)


def _fact_stands(text: str) -> Part:
    found = re.fullmatch(rf"([a-z0-9_]+)\s*(=|!=|>=|<=)\s*({_WORD})", text)
    if not found or (found[2] in (">=", "<=") and _number(found[3]) is None):
        raise _wrong("fact NAME = VALUE, or with a number fact NAME >= 2", f"fact {text}")
    return FactStands(found[1], found[2], found[3])


def _grave(text: str) -> Part:
    level = text.removeprefix("at least ").strip()
    if not text.startswith("at least ") or level not in Severity.__members__:
        hint = nearest(level, list(Severity.__members__))
        raise NotACheck(
            f"'severity {text}' cannot be read; write it as: severity at least orange.{hint}",
            f"“severity {text}”无法理解;应写作:severity at least orange",
        )
    return Grave(Severity[level])


def _elapsed(text: str) -> Part:
    length = text.removeprefix(">=").strip()
    parts = _LENGTH.findall(length)
    if not text.startswith(">=") or not parts or "".join(a + b for a, b in parts) != length or len(length) > 12:
        raise _wrong("elapsed >= 60m (a number with its unit: s, m, h, d)", f"elapsed {text}")
    return Elapsed(sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta(0)))


def _evaluator(text: str) -> Part:
    if not re.fullmatch(_WORD, text):
        raise _wrong("evaluator QUESTION", f"evaluator {text}")
    return Evaluator(text)


_READERS: dict[str, Callable[[str], Part]] = {
    "event": _event,
    "step": _step,
    "role": _role,
    "command": _commands,
    "state": _in_state,
    "fact": _fact_stands,
    "severity": _grave,
    "elapsed": _elapsed,
    "evaluator": _evaluator,
}


class Name(msgspec.Struct, frozen=True):
    """A name that a check uses. kind: person, role, step, answer (of the step `of`), state, fact, place, playbook,
    question. value: what a fact is compared with."""

    kind: str
    word: str
    of: str = ""
    value: str = ""


_NAMES = {
    "person": "person", "role": "role", "step": "step", "state": "state", "fact": "fact", "zone": "place",
    "place": "place", "playbook": "playbook", "instead_of": "person",
}  # fmt: skip
"""Keys of an event whose values are names."""


def names(parts: Sequence[Part]) -> Iterator[Name]:
    """Yield the names that a check uses, in the order written."""
    for part in parts:
        match part:
            case Happened(_, wants):
                given = {key: value for key, value, _ in wants}
                yield from (Name(_NAMES[key], value) for key, value, _ in wants if key in _NAMES)
                if "answer" in given and "step" in given:
                    yield Name("answer", given["answer"], given["step"])
            case Step(name, _, answer):
                yield Name("step", name)
                if answer is not None:
                    yield Name("answer", answer, name)
            case Holder(role, person):
                yield Name("role", role)
                yield Name("person", person)
            case RoleAcked(role):
                yield Name("role", role)
            case Commands(person):
                yield Name("person", person)
            case InState(state):
                yield Name("state", state)
            case FactStands(fact, _, value):
                yield Name("fact", fact, value=value)
            case Evaluator(question):
                yield Name("question", question)
