"""Roles that a grave incident needs and nobody has: after three minutes that is an emergency of its own."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

from emergency.core import events as e
from emergency.core.assignment import next_higher
from emergency.core.calls import ask, tell, tell_command
from emergency.core.draft import Draft
from emergency.core.incident import BESIDE, Incident, StepRun
from emergency.core.playbook import Playbook
from emergency.core.values import Severity

TOO_LONG = timedelta(minutes=3)
"""How long a role may have nobody at orange and red before somebody above is called on for it (practice)."""


def watch(draft: Draft) -> None:
    """Keep one wake-up for each role that has nobody, as long as it has nobody; each is passed on once."""
    incident = draft.incident
    wanted = _gaps(incident) - incident.overdue
    timers = incident.timers
    for role, timer in _timers(incident.playbook):
        if (timer in timers) == (role in wanted):
            continue
        if role in wanted:
            draft.set_timer(timer, TOO_LONG)
        else:
            draft.clear_timer(timer)


@lru_cache(maxsize=64)
def _timers(plan: Playbook) -> tuple[tuple[str, str], ...]:
    return tuple((call.role, f"unfilled:{call.role}") for call in plan.roles)


def escalate(draft: Draft, role: str) -> None:
    """A role has had nobody for too long: the next higher role is called on for its steps, or else whoever commands;
    command hears of it, by voice unless it was rung for another gap just now."""
    incident = draft.incident
    if role not in _gaps(incident):
        return
    runs = [run for run in incident.runs_here() if _asks(run, role)]
    asked = {incident.alerts[id].person for run in runs for id in run.alerts}
    to = next_higher(incident, role, asked) or incident.command
    draft.add(e.GapEscalated(role=role, to=to))
    new = [run for run in runs if to is not None and to not in asked]
    for run in new:
        ask(draft, run, to or "", 1, root=_ladder(incident, run))
    if not new or to != incident.command:
        tell_command(draft, "gap", role=role)
    if not new and to is not None and to != incident.command:
        tell(draft, to, "gap", role=role, loud=True)


def _ladder(incident: Incident, run: StepRun) -> str | None:
    """Return the ladder of *run* that still goes on, or None: who joins one that is over is called by nobody."""
    roots = (incident.alerts[id].root for id in run.alerts)
    return next((root for root in roots if f"rung:{root}" in incident.timers), None)


def _asks(run: StepRun, role: str) -> bool:
    return run.role == role and run.status == "open" and run.name not in BESIDE


def _gaps(incident: Incident) -> set[str]:
    """Return the roles that are needed now and whose every holder, if there is any, left it unanswered."""
    unfilled, roles = incident.unfilled, incident.roles
    if not unfilled or incident.severity < Severity.orange or incident.ended or incident.is_closed:
        return set()
    if not incident.members:  # without a team nobody could be called
        return set()
    answered = {role for role, _ in unfilled for slot in roles.get(role, ()) if (role, slot) not in unfilled}
    return {role for role, _ in unfilled if role not in answered and _needed(incident, role)}


@lru_cache(maxsize=64)
def _called_at(plan: Playbook) -> dict[str, Severity | None]:
    return {call.role: call.at for call in reversed(plan.roles)}  # of two for one role the first counts


def _needed(incident: Incident, role: str) -> bool:
    level = _called_at(incident.playbook).get(role)
    if level is not None and level <= incident.severity:
        return True
    return any(run.role == role and run.status == "open" for run in incident.runs_here())
