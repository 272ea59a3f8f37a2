"""The programme of an installation: schedules that survive restarts and outages, drills that no clock begins, the
calendar as a file, coverage from real logs, and the commands."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from icalendar import Calendar

import cli
from emergency.app import App
from emergency.clock import VirtualClock
from emergency.drills import book as b
from emergency.drills.rehearsals.kept import rehearsals
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes
from emergency.programme import lines
from emergency.programme.board import board
from emergency.programme.calendar import calendar, counted
from emergency.programme.coverage import Item, exercised, helpers, items
from emergency.programme.ics import to_ics
from emergency.programme.keeper import Job, Keeper, Result, is_worse, play_here, run_apart
from emergency.programme.look import look
from emergency.programme.planner import add, another_time, coming, listing, remove
from emergency.programme.practised import practised
from emergency.roster import Reach, members
from emergency.settings import Settings
from emergency.store.drills import Books
from emergency.store.schedules import Occurrence, Schedule, Schedules
from emergency.verbs import perform
from tests.installation import sample
from tests.scenarios.scene import MINUTE, NOON, Scene, sample_roster, sample_site, shipped_plans

ROOT = Path(__file__).resolve().parents[2]
SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SCENARIO, FULL = "lift_stuck", "half_year_fire_drill"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample installation that nobody touches."""
    home = tmp_path_factory.mktemp("untouched")
    sample(home)
    return home


@pytest.fixture
def app(untouched: Path, tmp_path: Path) -> App:
    """The sample installation, on a Sunday noon."""
    home = tmp_path / "home"
    shutil.copytree(untouched, home)
    return App(Settings(home, f"sqlite:///{home / 'emergency.db'}", "en", {}), [], VirtualClock(NOON))


def clock(app: App) -> VirtualClock:
    """Its clock."""
    assert isinstance(app.clock, VirtualClock)
    return app.clock


def moment(text: str) -> datetime:
    """A moment by the clocks of the sample mall."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


async def here(app: App, schedule: Schedule) -> Result:
    """Runs a drill in this process."""
    return play_here(app, schedule.scenario)


def told(*ratings: str) -> tuple[Callable[[App, Schedule], Any], list[str]]:
    """A runner that says these ratings, one after the other, and which drills it was asked for."""
    left, asked = list(ratings), []

    async def run(app: App, schedule: Schedule) -> Result:
        asked.append(schedule.scenario)
        return Result(drill=f"RH{len(asked)}", rating=left.pop(0))

    return run, asked


def look_once(app: App, run: Callable[[App, Schedule], Any] = here, worker: str = "1:me") -> list[Result]:
    """What a server does when its alarm clock rings: open the store anew, look once, close it."""
    engine = app.engine()
    try:
        return asyncio.run(Keeper(app, app.inline(engine), worker, run).round())
    finally:
        engine.store.close()


def times(app: App) -> list[Occurrence]:
    """What became of the times of the only schedule, oldest first."""
    engine = app.engine()
    try:
        schedules = Schedules(engine.store)
        return sorted(schedules.occurrences(schedules.all()[0].id), key=lambda each: each.due)
    finally:
        engine.store.close()


def notes(app: App) -> list[str]:
    """What the doctor says of drills."""
    engine = app.engine()
    try:
        return [f"{note.says.en} | {note.do.en}" for note in look(app, engine)]
    finally:
        engine.store.close()


def drills(app: App) -> list[Any]:
    """The drills of the installation's own store."""
    engine = app.engine()
    try:
        return Books(engine.store).all()
    finally:
        engine.store.close()


# schedules that run by themselves


def test_a_due_rehearsal_is_run_once_and_kept_with_its_rating(app: App) -> None:
    """Run when its time has come, kept beside the other rehearsals, and not once more at the next look."""
    add(app, SCENARIO, cron="0 13 * * *", at=None)
    assert look_once(app) == []
    clock(app).advance(HOUR)
    ran = look_once(app)
    assert [each.drill for each in ran] == ["RH1"]
    assert look_once(app) == []
    assert [(each.status, each.drill, each.rating) for each in times(app)] == [("done", "RH1", ran[0].rating)]
    assert ran[0].rating in tuple("PSMU")
    store = rehearsals(app.settings)
    assert [row.code for row in Books(store).all()] == ["RH1"]
    store.close()
    assert drills(app) == []


def test_three_weeks_without_a_server_pile_nothing_up(app: App) -> None:
    """A daily rehearsal of 21 days is made up for once, within its hour; the others are counted."""
    add(app, SCENARIO, cron="0 12 * * *", at=None)
    clock(app).advance(21 * DAY + 30 * MINUTE)
    run, asked = told("P")
    look_once(app, run)
    assert asked == [SCENARIO]
    assert [(each.status, each.earlier) for each in times(app)] == [("done", 20)]
    look_once(app, run)
    assert asked == [SCENARIO]


def test_after_its_hour_a_rehearsal_is_missed_and_not_run(app: App) -> None:
    """Grace is an hour; from then on it is said, and the next one comes at its own time."""
    add(app, SCENARIO, cron="0 13 * * *", at=None)
    clock(app).advance(3 * HOUR)
    run, asked = told("P")
    look_once(app, run)
    assert asked == []
    assert [(each.status, each.says) for each in times(app)] == [("missed", "no server ran in its hour")]
    clock(app).advance(DAY - 2 * HOUR)
    look_once(app, run)
    assert asked == [SCENARIO]


def test_a_server_that_dies_in_the_middle_is_made_up_for_within_the_hour(app: App) -> None:
    """What another process had begun and did not end is run again while there is time, and once."""
    add(app, SCENARIO, cron="0 13 * * *", at=None)
    clock(app).advance(HOUR)
    jobs = _begun_and_left(app)
    assert len(jobs) == 1
    run, asked = told("P", "P")
    clock(app).advance(10 * MINUTE)
    look_once(app, run, worker="1:next")
    look_once(app, run, worker="1:next")
    assert asked == [SCENARIO]
    assert [each.status for each in times(app)] == ["done"]


def test_a_server_that_dies_and_stays_away_leaves_a_failed_one(app: App) -> None:
    """After the hour it is not run late; what happened is said."""
    add(app, SCENARIO, cron="0 13 * * *", at=None)
    clock(app).advance(HOUR)
    _begun_and_left(app)
    clock(app).advance(2 * HOUR)
    run, asked = told("P")
    look_once(app, run, worker="1:next")
    assert asked == []
    assert [(each.status, each.says) for each in times(app)] == [("failed", "the server ended meanwhile")]


def _begun_and_left(app: App) -> list[Job]:
    """A server whose process is no more took the job and never ended it."""
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    engine = app.engine()
    keeper = Keeper(app, app.inline(engine), f"{gone.stdout.strip()}:dead")
    jobs = engine.unit(keeper.look)
    engine.store.close()
    return jobs


def test_two_lookers_run_it_once(app: App) -> None:
    """The table, not the alarm clock, says who runs it."""
    add(app, SCENARIO, cron="0 13 * * *", at=None)
    clock(app).advance(HOUR)
    one, two = app.engine(), app.engine()
    first = one.unit(Keeper(app, app.inline(one), f"{os.getpid()}:a").look)
    second = two.unit(Keeper(app, app.inline(two), f"{os.getpid()}:b").look)
    assert (len(first), len(second)) == (1, 0)
    one.store.close()
    two.store.close()


def test_a_real_incident_goes_before_a_rehearsal(app: App) -> None:
    """While something real is open nothing is rehearsed; when it is over within the hour, it is made up for."""
    add(app, SCENARIO, cron="0 13 * * *", at=None)
    engine = app.engine()
    opened = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    engine.store.close()
    clock(app).advance(HOUR)
    run, asked = told("P")
    look_once(app, run)
    assert (asked, times(app)) == ([], [])
    engine = app.engine()
    perform(app.desktop, engine, "cancel", {"code": opened["incident"], "reason": "nothing"})
    engine.store.close_incident(opened["id"], app.clock.now())
    engine.store.close()
    clock(app).advance(20 * MINUTE)
    look_once(app, run)
    assert asked == [SCENARIO]


def test_a_worse_rating_is_told_by_the_doctor(app: App) -> None:
    """A drill that came out worse than last time is said, with the director's name; nobody is written to at night."""
    add(app, SCENARIO, cron="0 13 * * *", at=None, director="liu_yang")
    run, _ = told("P", "M")
    for _ in range(2):
        clock(app).move_to(clock(app).now() + DAY if times(app) else clock(app).now() + HOUR)
        look_once(app, run)
    assert [each.says for each in times(app)] == ["", "worse: P -> M"]
    assert any("worse than last time: P -> M" in note and "liu_yang" in note for note in notes(app))


@pytest.mark.parametrize(
    "before, now, worse", [("P", "S", True), ("S", "S", False), ("M", "P", False), ("", "U", False), ("P", "", False)]
)
def test_what_is_worse(before: str, now: str, worse: bool) -> None:
    """Ratings go P, S, M, U; where one is missing nothing is worse."""
    assert is_worse(before, now) is worse


def test_a_scenario_that_is_gone_is_a_failed_time_with_its_reason(app: App) -> None:
    """A file that was deleted since ends in words, in the child that would have run it."""
    own = app.settings.home / "scenarios"
    own.mkdir(exist_ok=True)
    text = (ROOT / f"playbooks/scenarios/{SCENARIO}.yaml").read_text("utf-8")
    (own / "ours.yaml").write_text(text.replace(f"scenario: {SCENARIO}", "scenario: ours"), "utf-8")
    add(app, "ours", cron="0 13 * * *", at=None)
    (own / "ours.yaml").unlink()
    clock(app).advance(HOUR)
    look_once(app, run_apart)
    assert [each.status for each in times(app)] == ["failed"]
    assert "ours" in times(app)[0].says


def test_a_rehearsal_runs_in_a_process_that_knows_no_provider(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child plays, keeps and rates; none of our secrets is in its environment."""
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "secret")
    add(app, SCENARIO, cron="0 13 * * *", at=None)
    clock(app).advance(HOUR)
    seen: list[dict[str, str]] = []
    create = asyncio.create_subprocess_exec

    async def watched(*words: str, **how: Any) -> Any:
        seen.append(how["env"])
        return await create(*words, **how)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", watched)
    ran = look_once(app, run_apart)
    assert [(each.drill, each.wrong) for each in ran] == [("RH1", "")]
    assert not [name for env in seen for name in env if "TWILIO" in name or "TOKEN" in name]


# drills among people: planned, never begun


def test_a_drill_among_people_is_planned_ahead_and_never_begun(app: App) -> None:
    """Thirty days before, it becomes a planned drill; when its time has gone by without anybody beginning it, it is
    over, and the doctor proposes another time."""
    add(app, FULL, cron=None, at="2026-04-10T10:00", kind="full", director="liu_yang")
    look_once(app)
    assert drills(app) == []
    clock(app).move_to(moment("2026-03-12T10:00"))
    look_once(app)
    look_once(app)
    rows = drills(app)
    assert [(row.code, row.kind, row.incident) for row in rows] == [("DR1", "full", None)]
    assert rows[0].begins_at == moment("2026-04-10T10:00")
    clock(app).move_to(moment("2026-04-10T10:30"))
    look_once(app)
    assert [each.status for each in times(app)] == ["planned"]
    clock(app).move_to(moment("2026-04-10T11:30"))
    look_once(app)
    assert [(each.status, each.says) for each in times(app)] == [("missed", "nobody began it")]
    assert drills(app)[0].incident is None
    assert drills(app)[0].ended_at is not None
    said = " ".join(notes(app))
    assert "nobody began it" in said
    assert "drill schedule add half_year_fire_drill --kind full --at 2026-04-1" in said


def test_after_an_outage_a_drill_among_people_is_missed_and_not_begun(app: App) -> None:
    """A server that was away all the while plans nothing in the past."""
    add(app, FULL, cron=None, at="2026-04-10T10:00", kind="full", director="liu_yang")
    clock(app).move_to(moment("2026-05-10T10:00"))
    assert look_once(app) == []
    assert [(each.status, each.says) for each in times(app)] == [("missed", "nobody had planned it")]
    assert drills(app) == []


def test_who_is_to_be_told_is_called_to_mind(app: App) -> None:
    """A week before the last day of a notice the doctor names the party and the command; a confirmed one is quiet."""
    add(app, FULL, cron=None, at="2026-04-10T10:00", kind="full", director="liu_yang")
    clock(app).move_to(moment("2026-04-03T10:00"))
    look_once(app)
    assert any("has to be told by" in note and "emergency drill notice DR1" in note for note in notes(app))
    engine = app.engine()
    with board(app, engine) as found:
        parties = {each.who for each in found.tellings}
    entries = [b.NoticeConfirmed(who=who, to="seal:x", by="liu_yang") for who in sorted(parties)]
    engine.unit(lambda e: Books(e.store).write(Books(e.store).all()[0].id, *entries, at=app.clock.now()))
    engine.store.close()
    assert not any("has to be told" in note for note in notes(app))


# planning


@pytest.mark.parametrize(
    "words, says",
    [
        ({"cron": None, "at": None}, "either --cron"),
        ({"cron": "0 10 * * *", "at": "2026-05-10T10:00"}, "either --cron"),
        ({"cron": None, "at": "2026-02-10T10:00"}, "has passed"),
        ({"cron": None, "at": "soon"}, "no time"),
        ({"cron": "0 10 * *", "at": None}, "five are needed"),
        ({"cron": "0 10 * * *", "at": None, "kind": "fulll"}, "no kind of drill"),
        ({"cron": "0 10 * * *", "at": None, "kind": "full"}, "--director"),
        ({"cron": "0 10 * * *", "at": None, "kind": "full", "director": "nobody_here"}, "nobody_here"),
    ],
)
def test_wrong_words_plan_nothing(app: App, words: dict[str, Any], says: str) -> None:
    """Each slip is one clear line, and the table stays empty."""
    with pytest.raises(Mistakes, match=says):
        add(app, FULL, **words)
    assert listing(app)["schedules"] == []


def test_an_unknown_scenario_and_schedule_are_said(app: App) -> None:
    """The nearest name is offered."""
    with pytest.raises(Mistakes, match="lift_stuck"):
        add(app, "lift_stukc", cron="0 10 * * *", at=None)
    with pytest.raises(Mistakes, match="SC9"):
        remove(app, "SC9")


def test_a_holiday_stands_against_a_drill_until_somebody_says_why(app: App) -> None:
    """1 May is a holiday in China: refused with the way out, planned with a reason that is kept."""
    with pytest.raises(CommandRefused, match="public holiday"):
        add(app, FULL, cron=None, at="2026-05-01T10:00", kind="full", director="liu_yang")
    document = add(app, FULL, cron=None, at="2026-05-01T10:00", kind="full", director="liu_yang", anyway="mall is shut")
    assert document["anyway"] == "mall is shut"
    assert [each["id"] for each in document["against"]] == ["holiday"]


def test_a_second_drill_at_the_same_time_and_a_third_in_a_month_are_refused(app: App) -> None:
    """Two drills do not overlap, and nobody is asked a third time in a month."""
    add(app, FULL, cron=None, at="2026-04-10T10:00", kind="full", director="liu_yang")
    with pytest.raises(CommandRefused, match="overlaps with drill SC1"):
        add(app, FULL, cron=None, at="2026-04-10T10:20", kind="full", director="liu_yang")
    add(app, FULL, cron=None, at="2026-04-14T10:00", kind="full", director="liu_yang")
    with pytest.raises(CommandRefused, match="the most for one person"):
        add(app, FULL, cron=None, at="2026-04-20T10:00", kind="full", director="liu_yang")
    add(app, FULL, cron=None, at="2026-05-11T10:00", kind="full", director="liu_yang")


def test_another_time_is_a_working_day_with_nothing_against_it(app: App) -> None:
    """What is proposed could be planned at once."""
    add(app, FULL, cron=None, at="2026-04-10T10:00", kind="full", director="liu_yang")
    with board(app) as found:
        at = another_time(found, found.coming[0])
        assert at is not None
        assert at.astimezone(SHANGHAI).weekday() < 5
        assert at.astimezone(SHANGHAI).hour == 10
        assert at > found.now


def test_schedules_are_listed_and_taken_out(app: App) -> None:
    """What is taken out is neither listed nor run."""
    add(app, SCENARIO, cron="0 13 * * *", at=None)
    document = listing(app)
    assert document["schedules"][0]["next"] == "2026-03-01T05:00:00.000000Z"
    assert coming(app, 3)["drills"][0]["drill"] == "SC1"
    remove(app, "sc1")
    clock(app).advance(HOUR)
    assert look_once(app) == []
    assert listing(app)["schedules"] == []


# calendar


def test_a_drill_that_was_held_is_evidence_with_its_hash(app: App) -> None:
    """A full drill that came to its end is done for this half year, with code, day, rating and the head of its log."""
    _hold_a_full_drill(app)
    document = calendar(app)
    rule = next(each for each in document["rules"] if each["rule"] == "crowded_half_year")
    assert rule["state"] == "done"
    shown = rule["done"][0]
    assert (shown["drill"], shown["kind"], len(shown["head"])) == ("DR1", "full", 64)
    shown |= {"rating": "P", "tested": 2, "objectives": 4}
    assert "P (2 of 4 objectives tested)" in "\n".join(lines.calendar(document, "en"))
    assert rule["report_to"]["en"]
    shifts = {each["subject"]: each["state"] for each in document["rules"] if each["rule"] == "every_shift_year"}
    assert shifts["early"] == "done"
    assert "night" in document["never_drilled_shifts"]


def test_a_drill_that_nobody_answered_is_evidence_of_nothing(app: App) -> None:
    """It came to its end, and nobody had said or done anything in it: what the law asks for is still to be done."""
    _hold_a_full_drill(app, answered=False)
    rule = next(each for each in calendar(app)["rules"] if each["rule"] == "crowded_half_year")
    assert (rule["state"], rule["done"]) == ("due", [])


def _hold_a_full_drill(app: App, mode: str = "live_drill", *, answered: bool = True) -> None:
    """A drill row and a log of that drill, as conduct leaves them behind."""
    from emergency.core import commands as c

    engine = app.engine()

    def work(engine: Engine) -> None:
        now, site = engine.clock.now(), app.people.site(engine)
        plan = app.library.named(engine, "fire", site)
        team = members(app.people.roster(engine), site, now, Reach(), {})
        incident = engine.open(
            c.OpenIncident(
                incident="ab12cd34ef56", code="", mode=mode, playbook=plan, site=site, place="b1_food_court",  # type: ignore[arg-type]
                members=team, by="console",
            )
        )  # fmt: skip
        if answered:
            engine.handle(incident.id, c.Acknowledge(alert="a1", via="sms"))
        books = Books(engine.store)
        books.plan("d1", "full", "fire", "", now, now)
        books.begin("d1", incident.id, now)
        books.end("d1", now + HOUR)

    engine.unit(work)
    engine.store.close()


def test_what_drills_asked_of_people_is_counted_from_their_logs(app: App) -> None:
    """Messages that were taken back count for nobody; a real night is no drill."""
    _hold_a_full_drill(app)
    with board(app) as found:
        asked = found.records.asked(date(2026, 3, 1), date(2026, 3, 31))
        assert asked
        assert all(each.drills == {"DR1"} for each in asked.values())
        assert sum(each.messages for each in asked.values()) > len(asked)
        assert found.records.asked(date(2026, 4, 1), date(2026, 4, 30)) == {}


def test_a_damaged_store_of_rehearsals_is_named_and_the_calendar_stands(app: App) -> None:
    """What cannot be read is said; what the law asks is still shown."""
    (app.settings.home / "rehearsals.db").write_bytes(b"no database at all, but long enough to be taken for one" * 50)
    document = calendar(app)
    assert document["trouble"]
    assert counted(document)["due"] > 5


def test_a_programme_with_mistakes_is_said_by_the_doctor(app: App) -> None:
    """The doctor goes on, and names file and line."""
    (app.settings.home / "programme.yaml").write_text("profile: moon\n", "utf-8")
    assert any("programme.yaml:1" in note for note in notes(app))
    with pytest.raises(Mistakes):
        calendar(app)


# the calendar as a file


def planned(app: App) -> dict[str, Any]:
    """A calendar with an announced drill, one whose minute is hidden, and a secret one."""
    add(app, FULL, cron=None, at="2026-04-10T10:00", kind="full", director="liu_yang")
    document = calendar(app)
    first = document["drills"][0]
    document["drills"] = [
        {**first, "drill": "DR1", "notice": "announced", "firm": True},
        {**first, "drill": "SC2", "notice": "window"},
        {**first, "drill": "SC3", "notice": "trusted_agents"},
    ]
    document["tell"] = [{**each, "drill": "DR1"} for each in document["tell"]]
    return document


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_file_reads_back_and_hides_what_nobody_is_to_know(app: App, lang: str) -> None:
    """A drill with a hidden minute is there for the whole day, without its hour anywhere; a secret one is not there."""
    raw = to_ics(planned(app), lang, app.clock.now())
    events = {str(each["uid"]): each for each in Calendar.from_ical(raw).walk("VEVENT")}
    drills = {uid: each for uid, each in events.items() if uid.startswith("drill-")}
    assert len(drills) == 2
    announced = next(each for uid, each in drills.items() if "DR1" in uid)
    assert announced["dtstart"].dt == moment("2026-04-10T10:00")
    hidden = next(each for uid, each in drills.items() if "SC2" in uid)
    assert hidden["dtstart"].dt == date(2026, 4, 10)
    assert "1000" not in hidden.to_ical().decode()
    assert "0200" not in hidden.to_ical().decode()
    assert b"SC3" not in raw
    assert all(each["uid"] for each in events.values())


def test_notices_are_alarms_and_due_days_stand_there(app: App) -> None:
    """The last day of each notice rings at nine in the morning of the site; a due day is a day."""
    document = planned(app)
    found = Calendar.from_ical(to_ics(document, "en", app.clock.now()))
    drill = next(each for each in found.walk("VEVENT") if "DR1" in str(each["uid"]))
    rings = {alarm["trigger"].dt.astimezone(SHANGHAI) for alarm in drill.walk("VALARM")}
    assert rings == {moment(f"{each['by']}T09:00") for each in document["tell"]}
    due = [each for each in found.walk("VEVENT") if str(each["uid"]).startswith("duty-")]
    assert len(due) == sum(rule["state"] != "done" for rule in document["rules"])
    assert all(type(each["dtstart"].dt) is date for each in due)


def test_uids_stay_the_same(app: App) -> None:
    """The next file moves entries and doubles none."""
    document = planned(app)

    def uids() -> set[str]:
        raw = to_ics(document, "en", app.clock.now())
        return {str(each["uid"]) for each in Calendar.from_ical(raw).walk("VEVENT")}

    before = uids()
    clock(app).advance(DAY)
    document["drills"][0]["at"] = "2026-04-11T02:00:00.000000Z"
    assert uids() == before
    assert len(before) == len(document["rules"]) + 2


# coverage


def test_what_was_practised_among_people_and_by_simulation_is_told_apart(app: App) -> None:
    """A rehearsal practises nobody; a real night does."""
    play_here(app, SCENARIO)
    plan = practised(app, "elevator_entrapment", scenarios=False)["plans"][0]
    ways = plan["kinds"]["transition"]
    assert ways["among_people"] == 0
    assert ways["simulated"] > 2
    assert len(ways["never"]) == ways["all"]
    engine = app.engine()
    perform(app.desktop, engine, "trigger", {"playbook": "elevator_entrapment", "at": "lift_2"})
    engine.store.close()
    ways = practised(app, "elevator_entrapment", scenarios=False)["plans"][0]["kinds"]
    assert ways["transition"]["among_people"] == 1
    assert ways["shift"]["among_people"] >= 1
    clock(app).advance(400 * DAY)
    assert (
        practised(app, "elevator_entrapment", scenarios=False)["plans"][0]["kinds"]["transition"]["among_people"] == 0
    )


def test_a_story_practises_its_ways_and_only_these() -> None:
    """Of a lift incident from report to archive: the ways gone, the steps done, who answered by what, in which
    language; nothing that did not happen."""
    scene = Scene(NOON)
    scene.everyone.works()
    scene.open("elevator_entrapment")
    scene.run(until=20 * MINUTE)
    plan = shipped_plans()["elevator_entrapment"]
    team = members(sample_roster(), sample_site(), NOON, Reach(), {})
    all_items = set(items(plan, sample_site(), team))
    did = exercised(scene.log(), ["early"])
    path = scene.path()
    assert {each.name for each in did if each.kind == "state"} == set(path)
    ways = [each.name for each in did if each.kind == "transition"]
    assert {way.partition(":")[0] for way in ways} == {
        f"{start}>{to}" for start, to in zip(["", *path], path, strict=False)
    }
    assert {each for each in did if each.kind in ("transition", "state", "step", "answer", "shift")} <= all_items
    assert Item("channel", "sms") in did
    assert Item("channel", "voice") not in did
    assert Item("language", "zh") in did
    scene.close()


def test_the_scenario_that_helps_most_comes_first() -> None:
    """Each is counted by what it adds to those before it; one that adds nothing is left out."""
    a, c, d = Item("step", "a"), Item("step", "c"), Item("step", "d")
    offers = {"one": frozenset({a}), "two": frozenset({a, c}), "three": frozenset({d}), "four": frozenset({c})}
    assert helpers(frozenset({a, c, d}), offers) == [("two", 2), ("three", 1)]


def test_scenarios_are_tried_for_what_is_missing(app: App) -> None:
    """The shipped scenario of a plan is named with how much it would cover."""
    plan = practised(app, "elevator_entrapment")["plans"][0]
    assert plan["scenarios"][0]["scenario"] == SCENARIO
    assert plan["scenarios"][0]["covers"] > 10


# in words and by the commands


@pytest.mark.parametrize("lang, word", [("zh", "夜"), ("en", "never practised among people")])
def test_coverage_is_a_sentence_in_both_languages(app: App, lang: str, word: str) -> None:
    """What nobody else prints: the share never practised, and the shift without a drill."""
    from emergency.programme.practised import lines as said

    text = next(iter(said(practised(app, "fire", scenarios=False), lang)))
    assert "100" in text
    assert "night" in text
    assert word in text or lang == "zh"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_calendar_is_readable(app: App, lang: str) -> None:
    """Every rule with its source; not a line of Chinese in English, no English state in Chinese."""
    add(app, FULL, cron=None, at="2026-04-10T10:00", kind="full", director="liu_yang")
    text = "\n".join(lines.calendar(calendar(app), lang))
    assert "half_year_fire_drill" in text or "SC1" in text
    if lang == "en":
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in text)
    else:
        assert "待办" in text
        assert "[due]" not in text


def test_the_commands(app: App, tmp_path: Path) -> None:
    """Typed by a person: calendar to a file, a schedule in and out, a replay; what is wrong is one clear line."""
    env = {"EMERGENCY_HOME": str(app.settings.home), "EMERGENCY_LANG": "en"}

    def typed(*words: str) -> Any:
        return CliRunner().invoke(cli.main, ["drill", *words], env=env, prog_name="emergency")

    file = tmp_path / "drills.ics"
    assert typed("calendar", "--output", str(file)).exit_code in (0, 3)
    assert file.read_bytes().startswith(b"BEGIN:VCALENDAR")
    put_in = typed("schedule", "add", SCENARIO, "--cron", "0 10 1 */6 *", "--json")
    assert json.loads(put_in.stdout)["schedule"] == "SC1"
    assert "SC1" in typed("schedule", "list").stdout
    assert typed("run", SCENARIO).exit_code == 0
    again = typed("replay", "RH1")
    assert (again.exit_code, "is what the record says" in again.stdout) == (0, True), again.stderr
    wrong = typed("replay", "RH1", "--playbook", str(tmp_path / "none.yaml"))
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (2, 1)
    assert typed("replay", "RH77").exit_code == 2
    bad = tmp_path / "bad.yaml"
    bad.write_text("playbook: [", "utf-8")
    assert "bad.yaml:2" in typed("replay", "RH1", "--playbook", str(bad)).stderr
    assert typed("schedule", "remove", "SC1").exit_code == 0
