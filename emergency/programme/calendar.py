"""`drill calendar`: what is owed, done, due and overdue, with its evidence; what is planned; whom to tell by when."""

from __future__ import annotations

from typing import Any

from emergency.app import App
from emergency.core.values import Text
from emergency.programme.board import Board, board
from emergency.programme.duties import rules_without_plan
from emergency.programme.evidence import Past
from emergency.programme.planner import coming_document, name_of, title_of
from emergency.programme.standing import Standing, never_drilled
from emergency.store.codec import to_text

Document = dict[str, Any]


def calendar(app: App) -> Document:
    """Return the whole calendar. Raises Mistakes: `programme.yaml` holds mistakes."""
    with board(app) as found:
        return document(found)


def document(found: Board) -> Document:
    """Return the calendar of a board that is open."""
    programme = found.programme
    return {
        "site": found.site.id,
        "timezone": found.site.timezone,
        "today": found.today.isoformat(),
        "profile": {"id": programme.profile.id, "title": _text(programme.profile.title)},
        "since": programme.since.isoformat() if programme.since else None,
        "rules": [_standing(each, found) for each in found.standings],
        "impossible": [rule.id for rule in rules_without_plan(programme, found.plans)],
        "never_drilled_shifts": list(never_drilled(found.standings)),
        "drills": [coming_document(each, found) for each in found.coming],
        "tell": [
            {
                "drill": t.drill, "who": t.who, "by": t.by.isoformat(), "confirmed": t.confirmed, "late": t.late,
                "text": {"zh": t.text_zh, "en": t.text_en},
            }
            for t in found.tellings
        ],
        "limits": {
            "drills_a_month": programme.limits.drills_a_month,
            "messages_a_month": programme.limits.messages_a_month,
            "reached": [
                {
                    "person": t.person, "name": name_of(t.person, found), "drills": t.drills, "messages": t.messages,
                }
                for t in found.tired
            ],
        },
        "trouble": list(found.records.lost),
    }  # fmt: skip


def _text(words: Text) -> Document:
    return {"zh": words.zh, "en": words.en}


def _standing(each: Standing, found: Board) -> Document:
    rule = each.rule
    return {
        "rule": rule.id,
        "title": _text(rule.title),
        "source": _text(rule.source),
        "law": rule.law,
        "assumed": rule.assumed,
        "subject": each.subject or None,
        "subject_title": title_of(each.subject, found) if rule.per == "plan" else None,
        "state": each.state,
        "period": each.period.name,
        "due": each.due.isoformat(),
        "missing": each.missing,
        "missed": [period.name for period in each.missed],
        "done": [_evidence(past, found) for past in each.done],
        "planned": [coming_document(drill, found) for drill in each.coming],
        "report_to": _text(rule.report) if rule.report is not None else None,
    }


def _evidence(past: Past, found: Board) -> Document:
    rated = found.records.rated(past)
    return {
        "drill": past.code,
        "kind": past.sort,
        "playbook": past.playbook,
        "at": to_text(past.begun),
        "rating": rated.rating or None,
        "tested": rated.tested,
        "objectives": rated.objectives,
        "head": past.head or None,
        "shown": past.shown or None,
    }


def counted(document: Document) -> dict[str, int]:
    """Return how many rules of the calendar are overdue, due, planned and done."""
    return {
        state: sum(rule["state"] == state for rule in document["rules"])
        for state in ("overdue", "due", "planned", "done")
    }
