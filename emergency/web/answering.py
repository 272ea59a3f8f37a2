"""The page of kind `alert`: one step that somebody was asked to take, and the answers to it.

The subject of its links is one alert or several, `incident/alert` parted by spaces: what went out as one message. With
several the page is a list, and each step has a page of its own behind the same token (`/a/TOKEN/1`, `/2`, ...).
No name of anybody else stands on it, and no number.
"""

from __future__ import annotations

import msgspec

from emergency.core.incident import ASKING, Alert, Incident, StepRun
from emergency.core.practice import standing
from emergency.core.templates import REASONS
from emergency.core.values import Text
from emergency.core.wording import answer, headline, in_zone, keys_of, moment_words, orders, reference, what_to_do
from emergency.engine import Engine
from emergency.errors import CommandRefused
from emergency.inbox import Inbox
from emergency.store.links import LinkRow
from emergency.web.page import Button, Choice, View

LABELS: dict[str, Text] = {
    "where": Text("地点", "Where"),
    "role": Text("你是", "You are"),
    "due": Text("时限", "By"),
    "step": Text("编号", "Code"),
    "all": Text("全部收到", "Received, all of them"),
    "1": Text("收到,我去办", "Received, I have it"),
    "2": Text("完成,或已到场", "Done, or on the spot"),
    "3": Text("不能,请叫别人", "I cannot; ask someone else"),
    "9": Text("我需要帮助", "I need help"),
    "open": Text("还没有答复", "not answered yet"),
}
TONES = {"1": "go", "2": "done", "3": "no", "9": "help"}
NOT_NOTED = frozenset({"wrong_key", "nothing", "which", "unread"})


class Asked(msgspec.Struct, frozen=True):
    """One alert of a link, with all that belongs to it, as it is now."""

    incident: Incident
    alert: Alert
    run: StepRun


class AlertPage:
    """Shows what was asked, and takes the answer."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox

    def view(self, engine: Engine, link: LinkRow, part: str, language: str) -> View | None:
        """Return the page of one step, or the list of several; None where *part* names none of them."""
        asked = self._asked(engine, link)
        if len(asked) > 1 and not part:
            return _list(asked, link, language)
        one = _part(asked, part)
        return _one(one, link, language) if one else None

    def press(self, engine: Engine, link: LinkRow, part: str, key: str, id: str) -> bool:
        """Do what the same key does in a call; on the list 1 is for all that is open, and 9 for every incident."""
        asked = self._asked(engine, link)
        one = _part(asked, part)
        of_all = [each for each in asked if each.alert.status == "open"] if key == "1" else _each(asked)
        meant = [one] if one else of_all
        noted = [self._tap(engine, link, each, key, f"{id}.{n}" if n else id) for n, each in enumerate(meant)]
        return all(noted)

    def _tap(self, engine: Engine, link: LinkRow, one: Asked, key: str, id: str) -> bool:
        try:
            outcome = self.inbox.tapped(
                engine, id=id, person=link.person, incident=one.incident.id, alert=one.alert.id, key=key
            )
        except CommandRefused:
            return False
        return outcome.kind not in NOT_NOTED

    def _asked(self, engine: Engine, link: LinkRow) -> list[Asked]:
        found = []
        for pair in link.subject.split():
            id, _, alert = pair.partition("/")
            incident = engine.incident(id)
            asked = incident.alerts.get(alert)
            if asked is not None and asked.person == link.person and asked.kind in ASKING and asked.step is not None:
                found.append(Asked(incident, asked, incident.steps[asked.step]))
        return found


def _each(asked: list[Asked]) -> list[Asked]:
    """Return the first step of each incident that is not closed."""
    firsts = {one.incident.id: one for one in reversed(asked) if not one.incident.is_closed}
    return [one for one in asked if firsts.get(one.incident.id) is one]


def _part(asked: list[Asked], part: str) -> Asked | None:
    """Return what *part* names: a number from 1 on; nothing names the only one."""
    if not part and len(asked) == 1:
        return asked[0]
    return asked[int(part) - 1] if part in map(str, range(1, len(asked) + 1)) else None


def _one(one: Asked, link: LinkRow, language: str) -> View:
    incident, run = one.incident, one.run
    rows = [(LABELS["where"], _where(one, language)), (LABELS["role"], _role(one, language))]
    if run.due is not None and one.alert.status != "closed":
        rows.append((LABELS["due"], moment_words(run.due, incident)))
    return View(
        mode=incident.mode,
        sign=incident.site.signature.of(language),
        code=reference(incident, run),
        headline=headline(incident, language),
        rows=tuple((label.of(language), value) for label, value in rows),
        do=_do(one, language),
        said=_said(one, language),
        asks=one.alert.status == "open",
        buttons=_buttons(one, language),
        state=f"{one.alert.status} {one.alert.ended} {run.status} {incident.is_closed}",
        until=moment_words(link.expires_at, incident),
    )


def _list(asked: list[Asked], link: LinkRow, language: str) -> View:
    incident = next((one.incident for one in asked if not one.incident.is_closed), asked[0].incident)
    unheard = any(one.alert.status == "open" for one in asked)
    received = Button("1", LABELS["all"].of(language), "go")
    return View(
        mode=incident.mode,
        sign=incident.site.signature.of(language),
        code=" ".join(dict.fromkeys(one.incident.code for one in asked)),
        headline=headline(incident, language),
        rows=((LABELS["where"].of(language), incident.site.place(incident.place).short.of(language)),),
        said=" ".join(filter(None, (_stopped(incident, language), _cried(incident, link.person, language)))),
        asks=unheard,
        buttons=((received,) if unheard else ()) + _help(incident, language),
        choices=tuple(_choice(n, one, language) for n, one in enumerate(asked, start=1)),
        state=" ".join(one.alert.status for one in asked),
        until=moment_words(link.expires_at, incident),
    )


def _choice(n: int, one: Asked, language: str) -> Choice:
    label = f"{reference(one.incident, one.run)} {_do(one, language)}"
    noted = _noted(one, language) or LABELS["open"].of(language)
    return Choice(label, str(n), f"{_role(one, language)}{in_zone(one.incident, one.run, language)} · {noted}")


def _help(incident: Incident, language: str) -> tuple[Button, ...]:
    """Help may be asked for until the incident is closed, whatever became of the step."""
    return () if incident.is_closed else (Button("9", LABELS["9"].of(language), "help"),)


def _where(one: Asked, language: str) -> str:
    return one.incident.site.place(one.incident.place).short.of(language) + in_zone(one.incident, one.run, language)


def _role(one: Asked, language: str) -> str:
    role = one.alert.role or one.run.role
    return one.incident.site.duty(role).title.of(language)


def _do(one: Asked, language: str) -> str:
    if one.alert.kind == "stand_by":
        return orders(one.incident, one.alert).of(language)
    return what_to_do(one.incident, one.run, language)


def _buttons(one: Asked, language: str) -> tuple[Button, ...]:
    """Return what can still be answered."""
    found = []
    if one.alert.status == "open":
        found.append(Button("1", LABELS["1"].of(language), "go"))
    if one.alert.status != "closed":
        for key, label in keys_of(one.incident, one.run, language):
            words = LABELS[key].of(language) if key in LABELS else label
            found.append(Button(key, words, TONES.get(key, "choice")))
    return (*found, *_help(one.incident, language))


def _said(one: Asked, language: str) -> str:
    """Return what is on record of this person and step, in the words that answer a text."""
    incident = one.incident
    said = (_stopped(incident, language), _noted(one, language), _cried(incident, one.alert.person, language))
    return " ".join(filter(None, said))


def _cried(incident: Incident, person: str, language: str) -> str:
    return answer("helped", language, {"code": incident.code}) if person in incident.help else ""


def _stopped(incident: Incident, language: str) -> str:
    """Return the words that a drill stands still, or how it is over; who opens a page late must not go on playing."""
    kind = standing(incident)
    return answer(kind, language, {"code": incident.code}) if kind else ""


def _noted(one: Asked, language: str) -> str:
    incident, alert, run = one.incident, one.alert, one.run
    ref = reference(incident, run)
    if alert.status == "open":
        return ""
    if alert.status == "acknowledged" or (alert.kind == "stand_by" and alert.ended == "done"):
        return answer("got", language, {"ref": ref, "more": ""})
    if alert.ended == "declined":
        return answer("declined", language, {"ref": ref})
    if alert.ended == "done" and run.person == alert.person:
        return _finished(one, ref, language)
    reason = REASONS.get(alert.ended, REASONS["done"])
    return answer("over", language, {"ref": ref, "text": reason.of(language)})


def _finished(one: Asked, ref: str, language: str) -> str:
    plan = one.incident.plan_of(one.run)
    chosen = next((each for each in plan.decision if each.name == one.run.answer), None) if plan else None
    if chosen is None:
        return answer("finished", language, {"ref": ref})
    return answer("chosen", language, {"ref": ref, "text": chosen.says.of(language)})
