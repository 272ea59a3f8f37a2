"""The documents that commands print and the API returns, computed from an incident. Their names are a promise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from emergency.core.because import Named, nobody, reason, sentence
from emergency.core.incident import ASKING, Alert, Incident, StepRun
from emergency.core.seat import Passed
from emergency.core.values import Text, is_drill
from emergency.core.wording import filled, gate_of, reference, script, what_to_do
from emergency.roster import Roster
from emergency.store.codec import to_text

Document = dict[str, Any]
Words = Callable[[Iterable[str]], Mapping[str, str]]


def status(incident: Incident, roster: Roster, now: datetime, words: Words) -> Document:
    """Return how an incident stands.

    `alerts` holds those that ask for an answer, oldest first; `told` counts the others.
    """
    state = incident.now_in
    place = incident.site.place(incident.place)
    return {
        "incident": incident.code,
        "id": incident.id,
        "playbook": incident.playbook.id,
        "title": _text(incident.playbook.title),
        "mode": "drill" if is_drill(incident.mode) else "real",
        "drill_kind": _DRILL_KIND[incident.mode],
        "frozen_at": to_text(incident.frozen) if incident.frozen is not None else None,
        "state": incident.state,
        "state_title": _text(state.title),
        "severity": incident.severity.value,
        "place": place.name.en,
        "place_id": place.id,
        "place_name": _text(place.name),
        "opened_at": to_text(incident.opened),
        "entered_at": to_text(incident.entered),
        "closed": incident.is_closed,
        "ended": incident.ended,
        "command": incident.command,
        "owner": incident.owner,
        "commanded_by": state.commanded_by,
        "commanded_by_name": _agency(incident, state.commanded_by),
        "roles": _roles(incident, roster),
        "steps": [_step(incident, run, now) for run in incident.steps.values() if _shown(incident, run)],
        "alerts": [_alert(incident, a) for a in _in_order(incident) if a.kind in ASKING],
        "told": sum(1 for a in incident.alerts.values() if a.kind not in ASKING),
        "help": sorted(incident.help),
        "expected": sorted(incident.expected),
        "armed": incident.armed,
        "facts": {name: told.value for name, told in incident.facts.items()},
        "unsent": _unsent(incident),
        "asks": _asks(incident),
        "calls": _calls(incident, roster),
        "announce": _announce(incident),
        "ways_out": _ways_out(incident),
        "checklist": _checklist(incident),
        "next_at": _next(incident),
        "people": names(incident, roster),
        "role_titles": {role: _text(incident.site.duty(role).title) for role in _roles_named(incident)},
        "timezone": incident.site.timezone,
    }


_DRILL_KIND = {"real": None, "drill": "screen", "live_drill": "live"}
"""What kind of drill it is, as far as the incident itself knows; a planned one is named by its own row."""


def _agency(incident: Incident, id: str | None) -> Document | None:
    agency = incident.site.agency(id) if id is not None else None
    return _text(agency.name) if agency is not None else None


def _text(text: Any) -> Document:
    return {"zh": text.zh, "en": text.en}


def names(incident: Incident, roster: Roster) -> Document:
    """Return id to name, in both languages, of everyone alerted, holding a role, or passed over for one."""
    named = set(incident.of_person) | {p for slots in incident.roles.values() for p in slots.values()}
    passed = [each.passed for each in incident.chosen.values()] + [each.passed for each in incident.missed.values()]
    named |= {each.person for several in passed for each in several}
    named.add(incident.owner)
    return {id: _text(person.name) for id, person in roster.people.items() if id in named}


def _roles_named(incident: Incident) -> list[str]:
    named = {*incident.roles, *(role for role, _ in incident.unfilled), *(run.role for run in incident.steps.values())}
    return sorted(named)


def _unsent(incident: Incident) -> list[Document]:
    """The alerts that no channel has taken: messages that wait (`queued`), failed, or somebody without a number."""
    found = []
    for alert in _in_order(incident):
        deliveries = [incident.deliveries[id] for id in alert.deliveries]
        statuses = {d.status for d in deliveries} - {"dropped"}
        wanted = alert.status == "open" or alert.ended == "told"
        if not wanted or statuses & {"sent", "delivered"} or (deliveries and not statuses):
            continue
        last = deliveries[-1] if deliveries else None
        found.append(
            {
                "alert": alert.id,
                "delivery": last.id if last else None,
                "person": alert.person,
                "channel": last.channel if last else None,
                "status": "queued" if "queued" in statuses else "failed" if statuses else "unreachable",
                "reason": (last.reason if last else "no_number") or None,
                "at": to_text(alert.at),
            }
        )
    return found


def _in_order(incident: Incident) -> list[Alert]:
    return sorted(incident.alerts.values(), key=lambda a: int(a.id[1:]))


def _roles(incident: Incident, roster: Roster) -> list[Document]:
    found = []
    for role, slots in incident.roles.items():
        for slot, person in sorted(slots.items()):
            said = {"status": _role_status(incident, role, person), **_why(incident, roster, role, slot, person)}
            found.append({"role": role, "person": person, **said, "overdue": role in incident.overdue})
    unfilled = sorted(incident.unfilled - {(r, s) for r, slots in incident.roles.items() for s in slots})
    return found + [_gap(incident, roster, role, slot) for role, slot in unfilled]


def _gap(incident: Incident, roster: Roster, role: str, slot: int) -> Document:
    missed = incident.missed.get((role, slot))
    said = nobody(role, missed.passed if missed else (), names=_namer(roster), titles=_titler(incident))
    because = {"because": _text(said), "why": _text(Text("", "")), "overdue": role in incident.overdue}
    return {"role": role, "person": None, "status": "unfilled", **because}


def _why(incident: Incident, roster: Roster, role: str, slot: int, person: str) -> Document:
    """Return why somebody has a role: as a sentence (`because`), and the reason alone (`why`), empty for a holder."""
    chosen = incident.chosen.get((role, slot))
    how, before = "holder", ""
    passed: tuple[Passed, ...] = ()
    if chosen is not None and chosen.person == person:
        how, passed, before = chosen.because, chosen.passed, chosen.instead_of or ""
    names, titles = _namer(roster), _titler(incident)
    return {
        "because": _text(sentence(person, role, how, passed, names=names, titles=titles, instead_of=before)),
        "why": _text(reason(how, passed, names=names, titles=titles, instead_of=before)),
    }


def _namer(roster: Roster) -> Named:
    return lambda id: roster.people[id].name if id in roster.people else Text(id, id)


def _titler(incident: Incident) -> Named:
    return lambda role: incident.site.duty(role).title


def _role_status(incident: Incident, role: str, person: str) -> str:
    theirs = [incident.alerts[id] for id in incident.of_person.get(person, ())]
    asked = [a for a in theirs if a.role == role and a.kind in ASKING]
    if any(a.answered for a in asked):
        return "acknowledged"
    return "called" if asked else "assigned"


def _shown(incident: Incident, run: StepRun) -> bool:
    return run.entry == incident.entry or run.status == "open"


def _step(incident: Incident, run: StepRun, now: datetime) -> Document:
    state = run.status
    if state == "open":
        state = "acknowledged" if run.acknowledged else "called" if run.alerts else "open"
    plan = incident.plan_of(run)
    do = Text(what_to_do(incident, run, "zh"), what_to_do(incident, run, "en")) if run.nudge or plan else None
    return {
        "step": run.name,
        "id": run.id,
        "code": reference(incident, run),
        "role": run.role,
        "person": run.person,
        "status": state,
        "due_at": to_text(run.due) if run.due else None,
        "late": bool(run.due and run.status == "open" and now > run.due),
        "source": plan.source if plan else "",
        "answer": run.answer,
        "zone": run.zone,
        "do": _text(do) if do else None,
        "reports": list(plan.reports) if plan and run.status == "open" else [],
        "answers": [a.name for a in plan.decision] if plan else [],
    }


def _fill(incident: Incident, text: Text) -> Text:
    return Text(filled(text, incident, "zh"), filled(text, incident, "en"))


def _alert(incident: Incident, alert: Alert) -> Document:
    deliveries = [incident.deliveries[id] for id in alert.deliveries]
    last = deliveries[-1] if deliveries else None
    run = incident.steps.get(alert.step or "")
    return {
        "id": alert.id,
        "person": alert.person,
        "role": alert.role,
        "channel": last.channel if last else None,
        "status": _alert_status(alert, [d.status for d in deliveries]),
        "kind": alert.kind,
        "step": run.name if run else None,
        "code": reference(incident, run) if run else incident.code,
        "because": alert.ended or None,
        "requested_at": to_text(alert.at),
        "answered_at": to_text(alert.answered) if alert.answered else None,
        "deliveries": [{"channel": d.channel, "status": d.status, "reason": d.reason or None} for d in deliveries],
    }


def _alert_status(alert: Alert, deliveries: Sequence[str]) -> str:
    if alert.status != "open":
        return alert.status
    for status in ("delivered", "sent", "queued", "failed"):
        if status in deliveries:
            return status
    return "unreachable"


def _asks(incident: Incident) -> list[Document]:
    """The facts that the running steps should report and nobody has told yet."""
    names: dict[str, None] = {}
    for run in incident.runs_here():
        plan = incident.plan_of(run)
        for name in plan.reports if plan else ():
            if name not in incident.facts:
                names.setdefault(name)
    facts = (incident.playbook.fact(name) for name in names)
    return [{"fact": f.name, "type": f.type, "ask": _text(f.ask), "choices": list(f.choices)} for f in facts if f]


def _calls(incident: Incident, roster: Roster) -> list[Document]:
    """The calls to agencies that are to be made now: number and words, in both languages."""
    found = []
    played = is_drill(incident.mode)  # nobody is to dial it: the number is not even shown
    for run in incident.runs_here():
        plan = incident.plan_of(run)
        if plan is None or plan.call is None or run.status != "open":
            continue
        agency = incident.site.agency(plan.call)
        said = {}
        for lang in ("zh", "en"):
            names = {role: _first_name(incident, roster, role, lang) for role in incident.roles}
            said[lang] = script(incident, plan.call, names, lang)
        found.append(
            {
                "agency": plan.call,
                "name": _text(agency.name) if agency else None,
                "number": agency.number if agency and not played else None,
                "played": played,
                "step": run.name,
                "code": reference(incident, run),
                "say": said,
                "gate": {lang: gate_of(incident, lang) for lang in ("zh", "en")},
            }
        )
    return found


def _first_name(incident: Incident, roster: Roster, role: str, language: str) -> str:
    for person in incident.holders(role):
        if person in roster.people:
            return roster.people[person].name.of(language)
    return "?"


def _announce(incident: Incident) -> Document | None:
    text = incident.now_in.announce
    return _text(_fill(incident, text)) if text else None


def _ways_out(incident: Incident) -> list[Document]:
    from emergency.core.explain import words_of

    found = []
    for index, leave in enumerate(incident.now_in.leave):
        due = incident.timers.get(f"leave:{incident.entry}:{index}")
        when = {"zh": "", "en": ""}
        if leave.after is not None:
            when = {"zh": f"{leave.after} 后", "en": f"after {leave.after}"}
        elif leave.when is not None:
            when = {"zh": words_of(leave.when, incident, "zh"), "en": words_of(leave.when, incident)}
        there = incident.playbook.state(leave.to) if leave.to else None
        found.append(
            {
                "to": leave.to,
                "title": _text(there.title) if there else None,
                "ends": there.ends if there else None,
                "when": when,
                "at": to_text(due) if due else None,
            }
        )
    return found


def _checklist(incident: Incident) -> list[Document]:
    ending = next((s for s in incident.playbook.states if s.ends == "stand_down"), None)
    if ending is None:
        return []
    return [
        {"item": n, "text": _text(line), "ticked": (ending.name, n) in incident.ticked}
        for n, line in enumerate(ending.checklist, start=1)
    ]


def _next(incident: Incident) -> str | None:
    due = min((at for timer, at in incident.timers.items() if timer != "team"), default=None)
    return to_text(due) if due else None


def without_type(data: bytes) -> Document:
    """Return a log line's data without the tag that repeats its kind."""
    found: Document = msgspec.json.decode(data)
    found.pop("type", None)
    return found


def seals_in(lines: Sequence[Document]) -> set[str]:
    """Return every seal that stands in log lines."""
    values = (value for line in lines for value in line["data"].values())
    return {value for value in values if isinstance(value, str) and value.startswith("seal:")}
