"""How a drill stands, as a document for machines and for `lines`: what is next, the control log, truth and belief.

What is to come is control's alone; of what has come, everybody sees what the inject says they may see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from emergency.core.incident import Incident
from emergency.core.values import Text
from emergency.drills import book as b
from emergency.drills.live import conduct
from emergency.drills.live import running as live
from emergency.drills.live.callout import critical_roles
from emergency.drills.live.conduct import Gone, Missing, Stand
from emergency.drills.scenario import Inject, Scenario
from emergency.engine import Engine
from emergency.errors import Mistakes
from emergency.forgetting import pseudonyms
from emergency.store.codec import to_text
from emergency.store.drills import Books, DrillRow

Document = dict[str, Any]
SEES = {"control": "control", "evaluator": "evaluators", "player": "players"}
"""The word of `--as` and the name of the list in an inject."""


def drill(
    desktop: Any, engine: Engine, row: DrillRow, eyes: str, missing: Callable[[Stand], Iterator[Missing]]
) -> Document:
    """Return how a drill stands.

    Args:
        eyes: control, evaluator or player. missing: what still stands between the drill and its release.
    """
    at = live.stand_of(engine, row)
    scenario = live.scenario_of(engine, row)
    now = engine.clock.now()
    clock = at.clock(at.over_at or now)
    incident = engine.incident(row.incident) if row.incident else None
    planned = at.planned
    found: Document = {
        "drill": row.code,
        "id": row.id,
        "kind": row.kind,
        "state": at.phase,
        "because": _because(at),
        "playbook": row.playbook,
        "scenario": scenario.id if eyes == "control" else None,
        "title": _text(scenario.title if eyes != "player" else _plan_title(desktop, engine, row, incident)),
        "director": planned.director if planned else None,
        "observers": list(planned.observers) if planned else [],
        "participants": _participants(at),
        "begins_at": to_text(row.begins_at) if row.begins_at else None,
        "begun_at": to_text(at.begun_at) if at.begun_at else None,
        "over_at": to_text(at.over_at) if at.over_at else None,
        "incident": incident.code if incident else None,
        "incident_id": row.incident,
        "clock": _seconds(clock),
        "maximum": _seconds(scenario.maximum),
        "speed": at.speed,
        "released": list(at.released),
        "phrase": _text(scenario.safety.phrase),
        "notices": _notices(at, scenario),
        "lines_open": conduct.unrestored(at, scenario) if at.over else [],
        "happened": [_gone(each, scenario, engine) for each in at.injects if _may_see(each, scenario, eyes)],
        "answers": _answers(incident) if incident and row.kind == "callout" else [],
    }
    if eyes != "player":
        found["questions"] = [{"id": q.id, "text": _text(q.text)} for q in scenario.questions]
    if eyes == "control":
        before = at.phase in ("planned", "released") and row.kind in ("callout", "full")
        found["missing"] = [{"who": m.who, "says": m.says, "way_out": m.way_out} for m in missing(at)] if before else []
        found |= _control(desktop, engine, row, at, scenario, clock, incident)
    _mark_misses(found)
    roster = desktop.people.roster(engine).people
    named = {word for each in found.get("log", ()) for word in (each["by"],)} | _mentioned(found)
    gone = pseudonyms(engine.store, named - set(roster))
    found["people"] = {id: _text(gone.get(id) or roster[id].name) for id in sorted(named) if id in roster or id in gone}
    site = desktop.people.site(engine)
    found["role_titles"] = {each["role"]: _text(site.duty(each["role"]).title) for each in found["answers"]}
    found["timezone"] = site.timezone
    return found


def _plan_title(desktop: Any, engine: Engine, row: DrillRow, incident: Incident | None) -> Text:
    """Return the title that players know: the plan's, for the scenario's tells what is to come."""
    if incident is not None:
        return incident.playbook.title
    try:
        title: Text = desktop.library.named(engine, row.playbook, desktop.people.site(engine)).title
    except Mistakes:  # a plan that was spoilt since keeps nobody from the page
        return Text(row.playbook, row.playbook)
    return title


def _mentioned(found: Document) -> set[str]:
    answered = {person for each in found["answers"] for person in each["asked"]}
    hit = {word for each in _injects(found) for word in each["target"].split()}
    return {*found["participants"], *found["observers"], *found["released"], found["director"] or "", *answered, *hit}


def _injects(found: Document) -> Iterator[Document]:
    for key in ("next", "waiting", "truth", "happened"):
        yield from found.get(key, ())


def _mark_misses(found: Document) -> None:
    """Mark what is done to a person who takes no part: nobody feels it. Until it is known who does, nothing is."""
    plays = set(found["participants"])
    for each in _injects(found):
        hits = [word for word in each["target"].split() if not word.startswith("role.")]
        each["misses"] = each["kind"].startswith("person.") and bool(plays and hits) and plays.isdisjoint(hits)


def _control(
    desktop: Any, engine: Engine, row: DrillRow, at: Stand, scenario: Scenario, clock: timedelta,
    incident: Incident | None,
) -> Document:  # fmt: skip
    coming = live.next_injects(engine, desktop, row) if at.over is None else []
    waits = {due.inject.id for due in coming}
    idle = [i for i in scenario.injects if i.id not in waits and at.gone(i.id) is None and i.id not in at.skipped]
    return {
        "next": [{**_inject(due.inject), "at": _seconds(due.at)} for due in coming],
        "waiting": [{**_inject(each), "at": None} for each in idle] if at.over is None else [],
        "truth": [_gone(each, scenario, engine) for each in conduct.ground_truth(at, clock)],
        "belief": _belief(engine, incident) if incident else None,
        "log": list(_log(engine, Books(engine.store).read(row.id))),
    }


def _text(text: Text) -> Document:
    return {"zh": text.zh, "en": text.en}


def _seconds(length: timedelta) -> int:
    return round(length.total_seconds())


def _because(at: Stand) -> str | None:
    if at.over is not None:
        return ("aborted: " if isinstance(at.over, b.Aborted) else "ended: ") + at.over.because
    return at.paused.because if at.paused is not None else None


def _participants(at: Stand) -> list[str]:
    if at.begun is not None and at.begun.participants:
        return list(at.begun.participants)
    return list(at.planned.participants) if at.planned else []


def _notices(at: Stand, scenario: Scenario) -> list[Document]:
    return [
        {
            "who": notice.who,
            "text": _text(notice.text),
            "lead": conduct.lead_words(notice),
            "lead_text": {lang: conduct.lead_words(notice, lang) for lang in ("zh", "en")},
            "must_confirm": notice.confirm,
            "confirmed_at": to_text(at.notices[notice.who]) if notice.who in at.notices else None,
            "restore": bool(notice.at_end),
            "restored_at": to_text(at.restored[notice.who]) if notice.who in at.restored else None,
        }
        for notice in scenario.safety.notices
    ]


def _inject(inject: Inject) -> Document:
    deliver = inject.deliver
    return {
        "inject": inject.id,
        "kind": inject.kind,
        "target": inject.target,
        "text": _text(inject.text) if inject.text else None,
        "from": deliver.sender if deliver else None,
        "to": deliver.to if deliver else None,
        "by": deliver.by if deliver else None,
        "reserve": inject.reserve,
        "when": inject.when,
        "caused_by": inject.caused_by,
        "objective": inject.objective,
    }


def _may_see(gone: Gone, scenario: Scenario, eyes: str) -> bool:
    inject = scenario.inject(gone.entry.inject)
    if eyes == "control" or inject is None:  # what stood in no script was said to players aloud
        return True
    return SEES[eyes] in inject.visible_to


def _gone(gone: Gone, scenario: Scenario, engine: Engine) -> Document:
    inject = scenario.inject(gone.entry.inject)
    entry = gone.entry
    said: Document = {
        "inject": entry.inject, "kind": entry.kind, "target": entry.target, "at": _seconds(gone.at),
        "until": _seconds(entry.until) if entry.until else None, "adhoc": entry.adhoc, "released_by": entry.by,
        "text": _text(inject.text) if inject and inject.text else None,
    }  # fmt: skip
    if entry.text is not None:
        words = engine.store.words([entry.text]).get(entry.text, "…")
        said["text"] = {"zh": words, "en": words}
    if inject is not None and inject.deliver is not None:
        said |= {"from": inject.deliver.sender, "to": inject.deliver.to, "by": inject.deliver.by}
    return said


def _belief(engine: Engine, incident: Incident) -> Document:
    """What those who act can know: what was told to the incident."""
    facts = {name: told.value for name, told in incident.facts.items()}
    known = engine.store.words(value for value in facts.values() if value.startswith("seal:"))
    return {
        "state": incident.state,
        "state_title": _text(incident.now_in.title),
        "severity": incident.severity.value,
        "command": incident.command,
        "facts": {name: known.get(value, value) for name, value in facts.items()},
        "open_steps": sum(run.status == "open" for run in incident.steps.values()),
    }


def _log(engine: Engine, book: Sequence[b.Written]) -> Iterator[Document]:
    """The control log: every release, pause, stop and restart, with its time and who answers for it."""
    for written in book:
        entry = written.entry
        if isinstance(entry, b.Observed | b.Answered | b.HotWash | b.Rated | b.Action | b.ActionDone):
            continue
        yield {
            "seq": written.seq,
            "at": to_text(written.at),
            "entry": type(entry).__name__,
            "by": getattr(entry, "by", "script"),
            "about": _about(entry),
            "reason": next(iter(_words(engine, [getattr(entry, "reason", None)])), None),
        }


def _about(entry: b.AnyEntry) -> str:
    for field in ("inject", "who", "because", "code", "speed"):
        value = getattr(entry, field, None)
        if value:
            return f"{value:g}" if isinstance(value, float) else str(value)
    return ""


def _words(engine: Engine, seals: Iterable[str | None]) -> list[str]:
    found = [seal for seal in seals if seal]
    known = engine.store.words(found)
    return [known.get(seal, "…" if seal.startswith("seal:") else seal) for seal in found]


def _answers(incident: Incident) -> list[Document]:
    """Of a call-out: for each seat, who was asked, and after how many seconds they answered; the last one asked first
    where nobody did."""
    found = []
    for call in critical_roles(incident.playbook, incident.severity):
        asked = [a for a in incident.alerts.values() if a.kind == "stand_by" and a.role == call.role]
        for slot in range(1, call.heads + 1):
            mine = sorted((a for a in asked if a.slot == slot), key=lambda a: int(a.id[1:]))
            answered = next((a for a in mine if a.answered is not None), None)
            after = _seconds(answered.answered - incident.opened) if answered and answered.answered else None
            found.append(
                {
                    "role": call.role,
                    "slot": slot,
                    "person": answered.person if answered else mine[-1].person if mine else None,
                    "after": after,
                    "asked": [a.person for a in mine],
                }
            )
    return found
