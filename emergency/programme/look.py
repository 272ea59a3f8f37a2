"""What the doctor says of the drill programme: what is overdue, whom to tell soon, what was missed or has got worse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from emergency.app import App
from emergency.core.values import Text
from emergency.engine import Engine
from emergency.errors import CommandRefused, EmergencyError, Mistakes
from emergency.programme.board import Board, board
from emergency.programme.lines import Words, noted
from emergency.programme.planner import another_time
from emergency.programme.standing import Coming, Telling
from emergency.store.schedules import Occurrence, Schedule

SOON = timedelta(days=7)
"""Whom to tell of a drill is called to mind so long before the last day (practice)."""
LATELY = timedelta(days=30)
"""What was missed or came out worse is shown for so long; the list of schedules has it for good (practice)."""


class Note(msgspec.Struct, frozen=True):
    """One thing to know. do: what to do about it; empty when all is well."""

    says: Text
    do: Text = Text("", "")


def look(app: App, engine: Engine) -> Iterator[Note]:
    """Yield what is to be said of the programme; one good line when there is nothing to do."""
    try:
        with board(app, engine) as found:
            notes = [*_overdue(found), *_to_tell(found), *_schedules(found)]
    except CommandRefused:  # no site yet: the doctor says so elsewhere
        return
    except Mistakes as error:
        zh, en = (error.of(lang).splitlines()[0] for lang in ("zh", "en"))
        do = Text("改正 programme.yaml", "mend programme.yaml; until then nobody is reminded of anything")
        yield Note(Text(f"演练计划读不了:{zh}", f"the drill programme cannot be read: {en}"), do)
        return
    except EmergencyError as error:
        yield Note(
            Text(f"演练记录读不了:{error.of('zh')}", f"the record of drills cannot be read: {error}"),
            Text("查看磁盘", "look at the disk"),
        )
        return
    yield from notes or [Note(Text("演练计划:没有逾期", "drill programme: nothing is overdue"))]


def _overdue(found: Board) -> Iterator[Note]:
    late = [each for each in found.standings if each.state == "overdue"]
    if late:
        lawful = sum(each.rule.law for each in late)
        first = late[0].rule
        zh = f"{len(late)} 项演练逾期(法定 {lawful} 项),首先是:{first.title.zh}({first.source.zh})"
        en = f"{len(late)} drills are overdue ({lawful} by law), first: {first.title.en} ({first.source.en})"
        yield Note(Text(zh, en), Text("查看 emergency drill calendar", "look at: emergency drill calendar"))


def _to_tell(found: Board) -> Iterator[Note]:
    for each in found.tellings:
        if not each.confirmed and each.by <= found.today + SOON:
            yield Note(_telling(each), _how(each, found))


def _telling(each: Telling) -> Text:
    late = each.late
    zh = f"演练 {each.drill}:{'应已' if late else '应'}在 {each.by} 前告知 {each.who}"
    en = f"drill {each.drill}: {each.who} {'had' if late else 'has'} to be told by {each.by}"
    return Text(zh, en)


def _how(each: Telling, found: Board) -> Text:
    code = next((drill.code for drill in found.coming if drill.code == each.drill and drill.firm), None)
    if code is None:
        return Text("先确认演练时间", "settle on the time first: emergency drill schedule next")
    command = f"emergency drill notice {code} {each.who} --to NAME --by NAME"
    return Text(f"告知后登记: {command}", f"tell them, then: {command}")


def _schedules(found: Board) -> Iterator[Note]:
    w = Words("en", found.site.timezone), Words("zh", found.site.timezone)
    for schedule in found.schedules:
        for one in found.occurrences(schedule):
            if one.noted_at < found.now - LATELY or not (one.status in ("missed", "failed") or one.says):
                continue
            en, zh = noted(one.says, w[0]), noted(one.says, w[1])
            day = one.due.astimezone(found.now.tzinfo).strftime("%Y-%m-%d")
            who = f"{schedule.code} ({schedule.director})"
            yield Note(Text(f"演练 {who} {day}:{zh}", f"drill {who} of {day}: {en}"), _way_out(found, schedule, one))
            break  # the last of each schedule says enough


def _way_out(found: Board, schedule: Schedule, one: Occurrence) -> Text:
    if one.status == "done":
        return Text(f"查看 emergency drill rate {one.drill}", f"look at: emergency drill rate {one.drill}")
    if one.status == "failed":
        return Text("改正后会在下次运行", "mend that; it runs again at its next time")
    if schedule.kind == "simulated":
        return Text("让服务一直运行", "keep the server running; it runs again at its next time")
    missed = Coming(
        code="", kind=schedule.kind, playbook=schedule.playbook, at=one.due, director=schedule.director,
        known=schedule.notice,
    )  # fmt: skip
    at = another_time(found, missed)
    when = at.strftime("%Y-%m-%dT%H:%M") if at is not None else "TIME"
    words = f"{schedule.scenario} --kind {schedule.kind} --at {when} --director {schedule.director}"
    command = f"emergency drill schedule add {words}"
    return Text(f"改期: {command}", f"another time: {command}")
