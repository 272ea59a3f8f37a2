"""`drill schedule`: drills that are planned ahead, once or again and again; and what stands against one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from emergency import ids
from emergency.app import App
from emergency.core.near import nearest, nearest_zh
from emergency.drills.scenario import Kind, Scenario
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes
from emergency.programme.board import Board, board
from emergency.programme.fatigue import Against
from emergency.programme.lines import KINDS
from emergency.programme.periods import next_working_day
from emergency.programme.standing import Coming
from emergency.programme.times import When, check_cron
from emergency.store.codec import to_text
from emergency.store.schedules import Schedule, Schedules
from emergency.verbs import a_moment, the_person

Document = dict[str, Any]
LOOKED_AT = 4
"""Times of a schedule that are looked at for what stands against them."""
DAYS_TRIED = 60
"""Working days that are tried for a time at which nothing stands against a drill."""


def add(
    app: App,
    word: str,
    *,
    cron: str | None,
    at: str | None,
    kind: str | None = None,
    director: str | None = None,
    anyway: str | None = None,
    by: str = "console",
) -> Document:
    """Put in a schedule, and return it with what stands against it.

    Args:
        word: a scenario, by id or file. cron: five fields, in the site's own time. at: one moment, in that time.
        anyway: why it is put in although something stands against it.

    Raises:
        Mistakes: the words are wrong. CommandRefused: something stands against it; says what, and the way out.
    """
    with board(app) as found:
        scenario = _scenario(found, word)
        when = _when(found, cron, at)
        sort = _kind(kind or scenario.kind)
        _must_be_possible(found, scenario, sort)
        schedule = Schedule(
            id=ids.new_incident_id(),
            code="",
            scenario=word,
            playbook=scenario.playbook,
            kind=sort,
            notice=scenario.notice,
            cron=when.cron,
            at=when.at,
            director=_director(app, found.engine, director, sort),
            by=by,
            anyway=anyway,
            made_at=found.now,
            reached=found.now,
        )
        kept = next((each for each in Schedules(found.engine.store).all() if _same(each, schedule)), None)
        notes = _notes(found, schedule, scenario, when) if kept is None else ()
        _refuse(notes, anyway)
        if kept is None:
            kept = found.engine.unit(lambda engine: Schedules(engine.store).put(schedule))
        about = {"timezone": found.site.timezone, "next": _next_of(when, found), "against": _listed(notes)}
        return {**document(kept), **about}


def _same(one: Schedule, other: Schedule) -> bool:
    """Whether two schedules ask for the same drill at the same times: whoever asks twice gets the first."""
    return (one.scenario, one.kind, one.cron, one.at) == (other.scenario, other.kind, other.cron, other.at)


def _scenario(found: Board, word: str) -> Scenario:
    from emergency.drills.live.verbs import find_scenario

    return find_scenario(found.app.desktop, found.site, word)


def _must_be_possible(found: Board, scenario: Scenario, kind: Kind) -> None:
    """Refuse today what could not be held on its day. Raises Mistakes."""
    from emergency.drills.live.verbs import must_fit, refuse_scenario

    plan = found.app.library.named(found.engine, scenario.playbook, found.site)
    refuse_scenario(scenario, plan, found.site, kind)
    must_fit(found.app.desktop, found.engine, scenario, kind)


def _when(found: Board, cron: str | None, at: str | None) -> When:
    if (cron is None) == (at is None):
        raise Mistakes(
            "say either --cron '0 10 1 */6 *' or --at 2026-12-05T10:00",
            "请写 --cron '0 10 1 */6 *'(定期)或 --at 2026-12-05T10:00(一次),二者写一个",
        )
    zone = ZoneInfo(found.site.timezone)
    if cron is not None:
        check_cron(cron, zone, found.now)
        return When(cron=" ".join(cron.split()))
    moment = datetime.fromisoformat(a_moment("--at", (at or "").replace(" ", "T"), found.now, found.site.timezone))
    if moment <= found.now:
        raise Mistakes(
            f"--at {at}: that has passed; say a day that is to come, like 2026-12-05T10:00",
            f"--at {at} 已经过去;请写将来的时间,如 2026-12-05T10:00",
        )
    return When(at=moment)


def _kind(word: str) -> Kind:
    for kind in get_args(Kind):
        if kind == word:
            return kind  # type: ignore[no-any-return]
    kinds = list(get_args(Kind))
    raise Mistakes(
        f"--kind {word}: that is no kind of drill.{nearest(word, kinds)}",
        f"--kind:没有“{word}”这类演练。{nearest_zh(word, kinds)}",
    )


def _director(app: App, engine: Engine, word: str | None, kind: Kind) -> str:
    if word is None:
        if kind != "simulated":
            raise Mistakes(
                f"a {kind} drill has a director, who is reminded of it: --director NAME",
                f"{KINDS[kind][0]}须有导演,到期提醒他:--director 姓名",
            )
        return "console"
    return the_person(app.desktop, engine, word)


def _notes(found: Board, schedule: Schedule, scenario: Scenario, when: When) -> list[tuple[datetime, Against]]:
    """Return what stands against the first times of a schedule, each with its time."""
    if schedule.kind == "simulated":
        return []
    notes = []
    for at, _ in zip(when.after(found.now, found.site), range(LOOKED_AT), strict=False):
        coming = Coming(
            code="", kind=schedule.kind, playbook=schedule.playbook, at=at, director=schedule.director,
            known=scenario.notice, notices=scenario.safety.notices, maximum=scenario.maximum,
        )  # fmt: skip
        notes += [(at, each) for each in found.against(coming)]
    return notes


def _refuse(notes: Sequence[tuple[datetime, Against]], anyway: str | None) -> None:
    """Refuse what stands against the first time, unless somebody says why it is held all the same."""
    first = notes[0][0] if notes else None
    strong = [each for at, each in notes if each.refuses and at == first]
    if strong and not (anyway or "").strip():
        raise CommandRefused(
            "nothing was planned; this stands against it:\n"
            + "".join(f"    {each.says.en}\n" for each in strong)
            + '    choose another time, or say why all the same: --anyway "REASON"',
            "没有安排;与此冲突:\n"
            + "".join(f"    {each.says.zh}\n" for each in strong)
            + '    请换个时间;一定要这样就写理由:--anyway "理由"',
        )


def _listed(notes: Sequence[tuple[datetime, Against]]) -> list[Document]:
    return [
        {"at": to_text(at), "id": each.id, "refuses": each.refuses, "text": {"zh": each.says.zh, "en": each.says.en}}
        for at, each in notes
    ]


def _next_of(when: When, found: Board) -> str | None:
    first = when.first(found.now, found.site)
    return to_text(first) if first is not None else None


def document(schedule: Schedule) -> Document:
    """Return a schedule for JSON."""
    return {
        "schedule": schedule.code,
        "scenario": schedule.scenario,
        "playbook": schedule.playbook,
        "kind": schedule.kind,
        "notice": schedule.notice,
        "cron": schedule.cron or None,
        "at": to_text(schedule.at) if schedule.at else None,
        "director": schedule.director,
        "anyway": schedule.anyway,
    }


def listing(app: App) -> Document:
    """Return every schedule in force: when it is due next, and what became of its last times."""
    with board(app) as found:
        return {
            "timezone": found.site.timezone,
            "schedules": [
                {
                    **document(each),
                    "director_name": name_of(each.director, found),
                    "next": _next_of(When(cron=each.cron, at=each.at), found),
                    "last": [
                        {
                            "due": to_text(one.due), "status": one.status, "drill": one.drill or None,
                            "rating": one.rating or None, "says": one.says or None, "earlier": one.earlier,
                        }
                        for one in found.occurrences(each)[:5]
                    ],
                }
                for each in found.schedules
            ],
        }  # fmt: skip


def remove(app: App, code: str) -> Document:
    """Take a schedule out; what was held stays on record. Raises Mistakes: there is none with this code."""
    with board(app) as found:
        schedule = Schedules(found.engine.store).by_code(code)
        if schedule is None:
            codes = [each.code for each in found.schedules]
            raise Mistakes(
                f"there is no schedule {code}.{nearest(code.upper(), codes)} See: emergency drill schedule list",
                f"没有定期演练 {code}。{nearest_zh(code.upper(), codes)}查看:emergency drill schedule list",
            )
        found.engine.unit(lambda engine: Schedules(engine.store).remove(schedule.id, found.now))
        return document(schedule)


def coming(app: App, days: int) -> Document:
    """Return the drills of the next days, each with what stands against it and who has to be told by when."""
    with board(app) as found:
        until = found.now + timedelta(days=days)
        drills = [each for each in found.coming if each.at <= until]
        return {
            "timezone": found.site.timezone,
            "days": days,
            "drills": [
                {
                    **coming_document(each, found),
                    "against": _listed([(each.at, note) for note in found.against(each)]),
                    "tell": [
                        {
                            "who": t.who,
                            "text": {"zh": t.text_zh, "en": t.text_en},
                            "by": t.by.isoformat(),
                            "confirmed": t.confirmed,
                            "late": t.late,
                        }
                        for t in found.tellings
                        if t.drill == each.code
                    ],
                }
                for each in drills
            ],
        }


def name_of(person: str, found: Board) -> Document | None:
    """Return somebody's name in both languages; None for who is in no roster: the console."""
    known = found.roster.people.get(person)
    return {"zh": known.name.zh, "en": known.name.en} if known is not None else None


def title_of(plan: str, found: Board) -> Document | None:
    """Return the title of a plan; None where it cannot be read."""
    known = found.plans.get(plan)
    return {"zh": known.title.zh, "en": known.title.en} if known is not None else None


def coming_document(each: Coming, found: Board) -> Document:
    """Return a drill to come for JSON."""
    return {
        "drill": each.code,
        "firm": each.firm,
        "kind": each.kind,
        "playbook": each.playbook,
        "playbook_title": title_of(each.playbook, found),
        "scenario": each.title or None,
        "at": to_text(each.at),
        "notice": each.known,
        "director": each.director,
    }


def another_time(found: Board, missed: Coming) -> datetime | None:
    """Return the first time on a working day, at the same hour, at which nothing stands against a drill that was
    missed; None where there is none for two months."""
    zone = ZoneInfo(found.site.timezone)
    clock = missed.at.astimezone(zone).time()
    day = next_working_day(found.site, found.today + timedelta(days=1))
    for _ in range(DAYS_TRIED):
        at = datetime.combine(day, clock, zone)
        trial = Coming(
            code="", kind=missed.kind, playbook=missed.playbook, at=at, director=missed.director,
            known=missed.known, notices=missed.notices, maximum=missed.maximum,
        )  # fmt: skip
        if not any(each.refuses for each in found.against(trial)):
            return at
        day = next_working_day(found.site, day + timedelta(days=1))
    return None
