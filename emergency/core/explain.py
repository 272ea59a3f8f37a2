"""Guards in plain words: what a transition still waits for."""

from __future__ import annotations

from datetime import datetime

from emergency.core import playbook as p
from emergency.core.guards import Order, holds
from emergency.core.incident import Incident


def waits_for(incident: Incident, to: str, now: datetime) -> str:
    """Return one line that says what keeps the incident from going to *to*."""
    ways = [leave for leave in incident.now_in.leave if leave.to == to]
    if not ways:
        onward = dict.fromkeys(leave.to for leave in incident.now_in.leave if leave.to)
        return "the plan has no way there from here (it leads to: " + ", ".join(map(str, onward)) + ")"
    parts = [_missing(leave, incident, now) for leave in ways]
    return "; or ".join(dict.fromkeys(part for part in parts if part))


def _missing(leave: p.Leave, incident: Incident, now: datetime) -> str:
    if leave.after is not None:
        return f"it follows by itself {leave.after} after the state was entered"
    if leave.when is None or holds(leave.when, incident, now, Order(to=leave.to or "", roles=frozenset())):
        return ""
    return words_of(leave.when, incident)


def words_of(guard: p.Guard, incident: Incident | None = None) -> str:
    """Return *guard* as a phrase; with the incident, who a step waits for."""
    match guard:
        case p.AnyOf(guards):
            return " or ".join(words_of(g, incident) for g in guards)
        case p.AllOf(guards):
            return " and ".join(words_of(g, incident) for g in guards)
        case p.NotOf(inner):
            return f"not ({words_of(inner, incident)})"
        case p.StepIs(step, answer):
            asked = f"step '{step}' answered '{answer}'" if answer else f"step '{step}' done"
            return asked + _who(step, incident)
        case p.StrandDone(strand):
            return f"every step of strand '{strand}' done" if strand else "every step of the state done"
        case p.RoleAcknowledged(role, count):
            return f"{count} of '{role}' acknowledged"
        case p.FactIs(fact, value, dwell):
            return f"fact '{fact}' is {value}" + (f" for {dwell}" if dwell else "")
        case p.FactOver(fact, value, dwell):
            return f"fact '{fact}' at or over {value:g}" + (f" for {dwell}" if dwell else "")
        case p.FactUnder(fact, value, dwell):
            return f"fact '{fact}' under {value:g}" + (f" for {dwell}" if dwell else "")
        case p.FactMissing(fact, wait):
            return f"nothing reported '{fact}' for {wait}"
        case p.FactReaches(fact, other):
            return f"fact '{fact}' reaches '{other}'"
        case p.ClockOver(clock, over):
            return f"clock '{clock}' over {over}"
        case p.TimeLeftUnder(fact, under):
            return f"less than {under} left until '{fact}'"
        case p.SeverityAtLeast(level):
            return f"severity at least {level.name}"
        case p.ZonesSwept():
            return "every zone swept, or given up with a reason"
        case p.SaidBy(role):
            return f"the word of {role} (say who ordered it: --by PERSON)"
    raise TypeError(guard)


def _who(step: str, incident: Incident | None) -> str:
    if incident is None:
        return ""
    waiting = [
        incident.alerts[id].person
        for run in incident.runs_here()
        if run.name == step and run.status == "open"
        for id in run.alerts
        if incident.alerts[id].status != "closed"
    ]
    return f" ({', '.join(waiting)} asked)" if waiting else ""
