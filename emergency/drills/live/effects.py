"""What an inject does to a drill that runs in the store: it is told to the incident, or to people.

What changes how people and channels behave does nothing here: on real telephones it is a mask that the gate finds in
the book, at a table the facilitator plays it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from emergency.core import commands as c
from emergency.core.incident import Incident, StepRun
from emergency.core.near import nearest, nearest_zh
from emergency.core.practice import MAXIMUM
from emergency.drills.scenario import Inject
from emergency.engine import Engine
from emergency.errors import CommandRefused

if TYPE_CHECKING:
    from emergency.verbs import Desktop

CONSOLE = "console"


def until_of(inject: Inject) -> timedelta | None:
    """Return when the effect of an inject ends, from STARTEX; None where it lasts to the end."""
    word = inject.params.get("until", "end")
    if word == "end":
        return None
    from emergency.drills.scenarios.file import length

    return length(word)


def apply(desktop: Desktop, engine: Engine, id: str, inject: Inject) -> None:
    """Let *inject* happen to the incident *id* of a drill.

    Raises:
        CommandRefused, Mistakes: it cannot happen as things stand.
    """
    doing = _DOES.get(inject.kind)
    if doing is not None:
        doing(desktop, engine, engine.incident(id), inject)
    elif inject.deliver is not None and inject.deliver.by == "sms":
        _send(engine, engine.incident(id), inject)


def _who(incident: Incident, word: str) -> str:
    """Return who is meant: a person, an agency, `role.NAME` for its first holder, `command` for whoever commands."""
    if word == "command":
        return incident.command or CONSOLE
    if not word.startswith("role."):
        return word or CONSOLE
    holders = incident.holders(word.removeprefix("role."))
    if not holders:
        role = word.removeprefix("role.")
        raise CommandRefused(f"nobody holds {role} just now", f"现在没有人担任 {role}")
    return holders[0]


def _fact(desktop: Desktop, engine: Engine, incident: Incident, inject: Inject) -> None:
    from emergency.verbs import parse_fact

    declared = incident.playbook.fact(inject.target)
    if declared is None:
        names = [fact.name for fact in incident.playbook.facts]
        raise CommandRefused(
            f"'{inject.target}' is no fact of {incident.playbook.id}.{nearest(inject.target, names)}",
            f"{incident.playbook.id} 没有“{inject.target}”这一情况。{nearest_zh(inject.target, names)}",
        )
    told = parse_fact(declared, inject.params.get("value", ""), engine.clock.now(), incident.site.timezone)
    sealed = engine.store.seal(told) if declared.type == "text" else None
    by = _who(incident, inject.params.get("by", CONSOLE))
    engine.handle(incident.id, c.ReportFact(fact=declared.name, value=told, by=by, sealed=sealed))


def _decision(desktop: Desktop, engine: Engine, incident: Incident, inject: Inject) -> None:
    run = _open_run(incident, inject.target)
    by = inject.params.get("by", "")
    person = _who(incident, by) if by else run.person or next(iter(incident.holders(run.role)), CONSOLE)
    answered = inject.params.get("answer") or None
    engine.handle(incident.id, c.FinishStep(step=run.id, person=person, answer=answered, via="console", by=CONSOLE))


def _open_run(incident: Incident, step: str) -> StepRun:
    runs = [run for run in incident.steps.values() if run.name == step and run.status == "open"]
    if not runs:
        raise CommandRefused(f"the step '{step}' is not open", f"步骤“{step}”不在进行中")
    return runs[-1]


def _order(desktop: Desktop, engine: Engine, incident: Incident, inject: Inject) -> None:
    to, by = inject.params.get("to", ""), _who(incident, inject.target)
    known = {state.name: state for state in incident.playbook.states}
    if to not in known:
        raise CommandRefused(
            f"'{to}' is no state of {incident.playbook.id}.{nearest(to, list(known))}",
            f"{incident.playbook.id} 没有“{to}”这一阶段。{nearest_zh(to, list(known))}",
        )
    reason = engine.store.seal(inject.params["reason"]) if inject.params.get("reason") else None
    if known[to].ends == "stand_down" and inject.params.get("check") == "all":
        ticked = tuple(range(1, len(known[to].checklist) + 1))
        engine.handle(incident.id, c.StandDown(by=by, ticked=ticked, reason=reason))
        return
    engine.handle(incident.id, c.OrderTransition(to=to, by=by, reason=reason))


def _claims(desktop: Desktop, engine: Engine, incident: Incident, inject: Inject) -> None:
    person = _who(incident, inject.target)
    reason = engine.store.seal(inject.params["reason"]) if inject.params.get("reason") else None
    engine.handle(incident.id, c.HandOver(person=person, by=CONSOLE, reason=reason))


def _secondary(desktop: Desktop, engine: Engine, incident: Incident, inject: Inject) -> None:
    """Another emergency of the same drill begins: same kind, same people, under the same director."""
    from emergency.match import find_place
    from emergency.verbs import severity_of

    plan = desktop.library.named(engine, inject.params.get("playbook", ""), incident.site)
    place = find_place(inject.target, plan, incident.site)
    level = inject.params.get("severity")
    now = engine.clock.now()
    engine.open(
        c.OpenIncident(
            incident=f"{incident.id}-{inject.id}".lower(),
            code="",
            mode=incident.mode,
            playbook=plan,
            site=incident.site,
            place=place.id,
            members=tuple(incident.members.values()),
            by=CONSOLE,
            severity=severity_of(level) if level else None,
            parent=incident.id,
            offset=incident.offset,
            until=desktop.people.next_change(engine, now),
            director=incident.director,
            maximum=incident.timers[MAXIMUM] - now if MAXIMUM in incident.timers else None,
        )
    )


def _send(engine: Engine, incident: Incident, inject: Inject) -> None:
    """Send the words of an inject as a text of the drill, marked as all of its texts are."""
    to = inject.deliver.to if inject.deliver else ""
    if inject.text is None:
        return
    role = to.removeprefix("role.") if to.startswith("role.") else ""
    people = incident.holders(role) if role else (to,)
    for person in people:
        member = incident.members.get(person)
        words = inject.text.of(member.language if member else "zh")
        engine.handle(incident.id, c.Tell(by=CONSOLE, text=engine.store.seal(words), people=(person,)))


_DOES = {
    "fact.told": _fact,
    "decision.answer": _decision,
    "order.transition": _order,
    "person.claims_command": _claims,
    "event.secondary": _secondary,
}
