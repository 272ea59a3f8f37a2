"""The drill programme as pure questions: periods, working days, rules, who is to be told by when, cron over clock
changes, limits of what one person may be asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from emergency.core.site import Holiday, Site
from emergency.core.values import Text
from emergency.drills.scenario import LIVE, PreNotice
from emergency.errors import Mistakes
from emergency.programme import duties, fatigue
from emergency.programme.duties import Limits, Outside, Programme, Rule, read_programme, shipped, usual_profile
from emergency.programme.evidence import Asked, Past, from_outside
from emergency.programme.periods import Every, back_to, before, period_of, working_days_before, year_before
from emergency.programme.standing import Coming, Standing, never_drilled, standings, tellings
from emergency.programme.times import GRACE, When, check_cron, gone_by
from tests.scenarios.scene import sample_site
from tests.small import site as mill

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A moment by the clocks of the site."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


# periods and days


@pytest.mark.parametrize(
    "every, day, name, first, last",
    [
        (Every.half_year, "2026-01-01", "2026-H1", "2026-01-01", "2026-06-30"),
        (Every.half_year, "2026-06-30", "2026-H1", "2026-01-01", "2026-06-30"),
        (Every.half_year, "2026-07-01", "2026-H2", "2026-07-01", "2026-12-31"),
        (Every.quarter, "2026-12-31", "2026-Q4", "2026-10-01", "2026-12-31"),
        (Every.month, "2028-02-29", "2028-02", "2028-02-01", "2028-02-29"),
        (Every.month, "2026-02-01", "2026-02", "2026-02-01", "2026-02-28"),
        (Every.year, "2028-02-29", "2028", "2028-01-01", "2028-12-31"),
    ],
)
def test_a_period_is_one_of_the_calendar(every: Every, day: str, name: str, first: str, last: str) -> None:
    """A half year is January to June or July to December, whenever the last drill was."""
    found = period_of(every, date.fromisoformat(day))
    assert (found.name, found.first.isoformat(), found.last.isoformat()) == (name, first, last)
    assert date.fromisoformat(day) in found
    assert before(every, found).last == found.first - timedelta(days=1)


def test_earlier_periods_end_where_the_site_began() -> None:
    """Nobody is asked about a period that had begun before the programme did."""
    now = period_of(Every.half_year, date(2026, 11, 22))
    names = [each.name for each in back_to(Every.half_year, now, date(2025, 1, 1))]
    assert names == ["2026-H1", "2025-H2", "2025-H1"]
    assert [each.name for each in back_to(Every.half_year, now, date(2026, 1, 2))] == []


def test_a_year_before_the_leap_day_is_a_day() -> None:
    """29 February has a day a year before it."""
    assert year_before(date(2028, 2, 29)) == date(2027, 2, 28)
    assert year_before(date(2026, 11, 22)) == date(2025, 11, 22)


@pytest.mark.parametrize(
    "day, by",
    [
        ("2026-12-07", "2026-12-02"),  # a Monday: over the weekend to Wednesday
        ("2026-12-10", "2026-12-07"),
        ("2026-10-08", "2026-09-28"),  # over the National Day week; see below
        ("2026-12-05", "2026-12-02"),  # a Saturday
    ],
)
def test_working_days_skip_weekends_and_holidays(day: str, by: str) -> None:
    """Three working days before a drill are counted by the site's own calendar."""
    site = sample_site()
    found = working_days_before(site, date.fromisoformat(day), 3)
    if day == "2026-10-08":  # whatever weekend days are worked in exchange, the holidays themselves are none
        assert found <= date(2026, 9, 30)
        return
    assert found.isoformat() == by


def test_a_site_s_own_holiday_is_no_working_day() -> None:
    """A day that the house itself keeps moves the last day of a notice forward."""
    site = sample_site()
    own = replace(site, holidays=(*site.holidays, Holiday(day=date(2026, 12, 3), name=Text("店庆", "Founders' Day"))))
    assert working_days_before(site, date(2026, 12, 7), 3) == date(2026, 12, 2)
    assert working_days_before(own, date(2026, 12, 7), 3) == date(2026, 12, 1)


# cron


@pytest.mark.parametrize(
    "cron, zone, after, due",
    [
        ("0 10 * * 1", "Asia/Shanghai", "2026-11-22T12:00", ["2026-11-23T10:00", "2026-11-30T10:00"]),  # 1 is Monday
        ("0 10 1 */6 *", "Asia/Shanghai", "2026-11-22T12:00", ["2027-01-01T10:00", "2027-07-01T10:00"]),
        ("0 10 29 2 *", "Asia/Shanghai", "2026-11-22T12:00", ["2028-02-29T10:00", "2032-02-29T10:00"]),
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T03:00", "2026-03-30T02:30"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T02:30", "2026-10-26T02:30"]),
        ("0 10 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T10:00", "2026-03-30T10:00"]),
    ],
)
def test_cron_goes_by_the_clocks_of_the_site(cron: str, zone: str, after: str, due: list[str]) -> None:
    """Weekdays are those that people write; a time that the clocks skip is kept at once, one that comes twice is kept
    once; at ten is at ten in summer and in winter."""
    site, here = replace(sample_site(), timezone=zone), ZoneInfo(zone)
    found = When(cron=cron).after(at(after, here), site)
    assert [next(found).astimezone(here).strftime("%Y-%m-%dT%H:%M") for _ in due] == due


@pytest.mark.parametrize(
    "cron, says",
    [
        ("0 10 1", "five are needed"),
        ("0 25 * * *", "Bad hour"),
        ("0 10 31 2 *", "Bad day-of-month"),
        ("* 10 1 * *", "write minute and hour"),
        ("0 10 * * 8", "Bad day-of-week"),
        ("@daily", "five are needed"),
    ],
)
def test_cron_that_cannot_be_is_refused(cron: str, says: str) -> None:
    """A slip in five fields is one clear line, before anything is planned."""
    with pytest.raises(Mistakes, match=says):
        check_cron(cron, SHANGHAI, at("2026-11-22T12:00"))


def test_what_went_by_is_counted_and_only_its_last_is_looked_at() -> None:
    """After an outage of three weeks a daily schedule has come due once, however often it would have."""
    site, now = sample_site(), at("2026-11-22T10:30")
    gone = gone_by(When(cron="0 10 * * *"), at("2026-11-01T12:00"), now, site)
    assert gone is not None
    assert gone.last == at("2026-11-22T10:00")
    assert gone.earlier == 20
    assert now - gone.last <= GRACE
    assert gone_by(When(cron="0 10 * * *"), at("2026-11-22T10:00"), now, site) is None


def test_an_eager_schedule_is_not_counted_for_ever() -> None:
    """A schedule of every ten minutes over a year of absence is answered at once, with the true last time."""
    gone = gone_by(When(cron="*/10 * * * *"), at("2025-11-22T12:00"), at("2026-11-22T10:31"), sample_site())
    assert gone is not None
    assert gone.last == at("2026-11-22T10:30")


def test_a_single_time_comes_once() -> None:
    """A schedule of one moment is due then, and never again."""
    when, site = When(at=at("2026-12-05T10:00")), sample_site()
    assert when.first(at("2026-11-22T12:00"), site) == at("2026-12-05T10:00")
    assert when.first(at("2026-12-05T10:00"), site) is None


# rules


def test_every_shipped_rule_has_a_source_and_every_profile_its_rules() -> None:
    """What is asked of a house can be looked up; no statute is met by a drill in which nobody moves."""
    found = shipped()
    assert all(rule.source.zh and rule.source.en for rule in found.rules.values())
    assert all(id in found.rules for profile in found.profiles.values() for id in profile.rules)
    lawful = [rule for rule in found.rules.values() if rule.law]
    assert len(lawful) >= 6
    assert all(rule.counts == ("full",) for rule in lawful)
    assert found.rules["lift_plan"].assumed


def test_the_profile_follows_the_place() -> None:
    """A site in Shanghai owes what Shanghai asks beside what the country does; one abroad owes no Chinese statute."""
    found, site = shipped(), sample_site()
    assert usual_profile(found, site).id == "cn"
    assert usual_profile(found, replace(site, subdivision="SH")).id == "cn_shanghai"
    assert usual_profile(found, replace(site, country="GB")).id == "none"


def test_a_profile_adds_to_its_base(tmp_path: Path) -> None:
    """Shanghai's rule stands beside the country's."""
    (tmp_path / "programme.yaml").write_text("profile: cn_shanghai\n", "utf-8")
    rules = [rule.id for rule in read_programme(tmp_path, sample_site(), ["fire"]).rules]
    assert rules[0] == "crowded_half_year"
    assert "fire_twice_shanghai" in rules


WRONG = """\
profile: cn_mars
since: soon
colour: red
rules:
  ours:
    title: {zh: 我们}
    source: {zh: 公司, en: the company}
    law: yes
    plans: [fire, fier]
    every: week
    counts: [callout, simulated]
    notices:
      - {who: neighbours, text: {zh: 邻居, en: neighbours}, source: {zh: 惯例, en: practice}}
without:
  - {rule: callout_month, by: Liu}
limits: {drills_a_month: many}
held:
  - {day: 2026-02-30, plan: fire, kind: full, evidence: a file, by: Liu}
quiet:
  - {from: 2026-12-31, to: 2026-12-01, why: year end}
"""


def test_every_mistake_of_a_programme_is_told_with_its_line(tmp_path: Path) -> None:
    """A programme file is read strictly: each slip with file and line, all at once."""
    (tmp_path / "programme.yaml").write_text(WRONG, "utf-8")
    with pytest.raises(Mistakes) as told:
        read_programme(tmp_path, sample_site(), ["fire", "flooding"])
    lines = {problem.line: problem.says for problem in told.value.problems}
    expected = {
        1: "cn_mars", 2: "soon", 3: "colour", 6: "both languages", 9: "fier", 10: "week", 11: "no evidence",
        13: "either working_days or hours", 15: "reason", 16: "many", 18: "2026-02-30", 20: "ends before",
    }  # fmt: skip
    assert set(expected) <= set(lines)
    assert all(word in lines[line] for line, word in expected.items()), lines


@pytest.mark.parametrize("text", ["- a list\n", "profile: [cn]\n", "rules: [a]\n", "held: {a: b}\n", "profile: ''\n"])
def test_a_file_of_another_shape_is_one_clear_line(tmp_path: Path, text: str) -> None:
    """Lists for mappings and mappings for lists end in words, not in a trace."""
    (tmp_path / "programme.yaml").write_text(text, "utf-8")
    with pytest.raises(Mistakes, match=r"programme\.yaml:1"):
        read_programme(tmp_path, sample_site(), ["fire"])


# standing


RULE = Rule(
    id="r", title=Text("演练", "drill"), source=Text("法", "law"), every=Every.half_year, counts=("full",), law=True
)


def past(day: str, kind: str = "full", plan: str = "fire", **more: object) -> Past:
    """A drill that was held at ten in the morning."""
    begun = at(f"{day}T10:00")
    values = {"code": "DR1", "incident": "i", "ended": begun, "head": "ab" * 32, "shifts": frozenset({"early"})}
    return Past(sort=kind, playbook=plan, begun=begun, **{**values, **more})  # type: ignore[arg-type]


def coming(day: str, kind: str = "full", plan: str = "fire", **more: object) -> Coming:
    """A drill that is to come at ten in the morning."""
    values = {"code": "DR9", "director": "liu_yang", "notices": ()}
    return Coming(kind=kind, playbook=plan, at=at(f"{day}T10:00"), **{**values, **more})  # type: ignore[arg-type]


def programme(*rules: Rule, since: date = date(2025, 1, 1), **more: object) -> Programme:
    """A programme of these rules."""
    return Programme(profile=shipped().profiles["none"], rules=rules, limits=Limits(), since=since, **more)  # type: ignore[arg-type]


def stands(
    rule: Rule, held: list[Past], ahead: list[Coming], today: str = "2026-11-22", **more: object
) -> list[Standing]:
    """How one rule stands."""
    owed = programme(rule, **more)
    return list(standings(owed, ["fire", "flooding"], held, ahead, sample_site(), date.fromisoformat(today)))


@pytest.mark.parametrize(
    "held, ahead, state, missing",
    [
        ([past("2026-03-01"), past("2026-09-01")], [], "done", 0),
        ([past("2026-03-01")], [], "due", 1),
        ([past("2026-03-01")], [coming("2026-12-05")], "planned", 1),
        ([past("2026-03-01")], [coming("2027-01-05")], "due", 1),
        ([], [], "overdue", 1),
        ([], [coming("2026-12-05")], "overdue", 1),
        ([past("2026-03-01"), past("2026-09-01", "callout")], [], "due", 1),
        ([past("2026-03-01"), past("2026-09-01", "simulated")], [], "due", 1),
        ([past("2026-03-01"), past("2026-09-01", "real")], [], "due", 1),
        ([past("2026-03-01"), past("2026-09-01", aborted=True)], [], "due", 1),
        ([past("2026-03-01"), past("2026-09-01", ended=None)], [], "due", 1),
        ([past("2026-03-01"), past("2026-06-30")], [], "due", 1),
        ([past("2026-03-01"), past("2026-07-01")], [], "done", 0),
    ],
)
def test_a_half_yearly_drill_stands(held: list[Past], ahead: list[Coming], state: str, missing: int) -> None:
    """Done by a full drill that came to its end in this half year; overdue where the last half year went by without
    one, whatever is planned. A rehearsal, a call-out and a real fire are no drill in the eyes of the law."""
    found = stands(RULE, held, ahead)[0]
    assert (found.state, found.missing) == (state, missing)


def test_missed_half_years_are_named() -> None:
    """What was not done is said by its period, the latest first, and stays said after the next drill was held."""
    found = stands(RULE, [past("2026-09-01")], [])[0]
    assert found.state == "done"
    assert [period.name for period in found.missed] == ["2026-H1", "2025-H2", "2025-H1"]


def test_a_new_site_has_missed_nothing() -> None:
    """A house that was set up in this half year owes this half year's drill and no other."""
    found = stands(RULE, [], [], since=date(2026, 8, 1))[0]
    assert (found.state, found.missed) == ("due", ())


def test_rules_are_kept_plan_by_plan_and_shift_by_shift() -> None:
    """A drill of the fire plan with the early shift says nothing of the flooding plan, nor of the night."""
    by_plan = {
        s.subject: s.state for s in stands(replace(RULE, per="plan"), [past("2026-09-01"), past("2026-03-01")], [])
    }
    assert by_plan == {"fire": "done", "flooding": "overdue"}
    found = stands(replace(RULE, per="shift"), [past("2026-09-01"), past("2026-03-01")], [])
    assert {s.subject for s in found if s.state == "done"} == {"early"}
    assert set(never_drilled(found)) == {shift.id for shift in sample_site().shifts} - {"early"}


def test_a_planned_drill_counts_for_the_shift_that_will_be_on() -> None:
    """A drill at ten in the morning plans nothing for the night shift."""
    held = [past("2026-03-01", shifts=frozenset(shift.id for shift in sample_site().shifts))]
    found = {s.subject: s.state for s in stands(replace(RULE, per="shift"), held, [coming("2026-12-05")])}
    assert found["early"] == "planned"
    assert found["night"] == "due"


def test_a_drill_held_without_the_program_counts_with_who_says_so() -> None:
    """Evidence on paper is evidence, under a name."""
    outside = Outside(day=date(2026, 9, 1), plan="fire", kind="full", evidence="file 12", by="Liu Yang")
    found = stands(RULE, [past("2026-03-01"), from_outside(outside, sample_site())], [])[0]
    assert found.state == "done"
    assert found.done[0].shown == "file 12 (Liu Yang)"


# telling beforehand


NOTICE = duties.Notice(who="fire_station", text=Text("告知", "tell"), working_days=3)


@pytest.mark.parametrize(
    "drill, today, expected",
    [
        (coming("2026-12-07"), "2026-11-22", [("fire_station", "2026-12-02", False, False)]),
        (coming("2026-12-07"), "2026-12-03", [("fire_station", "2026-12-02", False, True)]),
        (
            coming("2026-12-07", told=frozenset({"fire_station"})),
            "2026-12-03",
            [("fire_station", "2026-12-02", True, False)],
        ),
        (coming("2026-12-07", "callout"), "2026-11-22", []),
        (coming("2026-12-07", "simulated"), "2026-11-22", []),
        (coming("2026-12-07", plan="flooding"), "2026-11-22", []),
    ],
)
def test_who_is_to_be_told_by_which_day(drill: Coming, today: str, expected: list[tuple[str, str, bool, bool]]) -> None:
    """Three working days before a fire drill the fire station knows; for a drill without movement nobody need."""
    owed = programme(replace(RULE, plans=("fire",), notices=(NOTICE,)))
    found = tellings(owed, [drill], sample_site(), date.fromisoformat(today), LIVE)
    assert [(t.who, t.by.isoformat(), t.confirmed, t.late) for t in found] == expected


def test_a_scenario_s_notice_goes_before_a_rule_s() -> None:
    """A party is told once: by the lead that the scenario says, which may be longer."""
    own = PreNotice(who="fire_station", text=Text("告知", "tell"), working_days=5)
    day = PreNotice(who="monitoring", text=Text("告知", "tell"), lead=timedelta(hours=24))
    owed = programme(replace(RULE, plans=("fire",), notices=(NOTICE,)))
    found = tellings(owed, [coming("2026-12-10", notices=(own, day))], sample_site(), date(2026, 11, 22), LIVE)
    assert [(t.who, t.by.isoformat()) for t in found] == [("fire_station", "2026-12-03"), ("monitoring", "2026-12-09")]


# limits, and what stands against a drill


@pytest.mark.parametrize(
    "drills, messages, planned, tired",
    [(1, 10, 0, False), (2, 10, 0, True), (1, 10, 1, True), (1, 40, 0, True), (0, 0, 1, False)],
)
def test_who_has_had_enough_of_drills_this_month(drills: int, messages: int, planned: int, tired: bool) -> None:
    """Two drills or forty messages a month are the most for one person; what is planned counts."""
    asked = {"anna": Asked(frozenset(f"DR{n}" for n in range(drills)), messages)}
    found = fatigue.tired(asked, {"anna": planned}, ["anna", "boris"], Limits(drills_a_month=2, messages_a_month=40))
    assert [each.person for each in found] == (["anna"] if tired else [])


def test_no_limit_tires_nobody() -> None:
    """A limit of 0 is none."""
    asked = {"anna": Asked(frozenset({"DR1", "DR2", "DR3"}), 999)}
    assert fatigue.tired(asked, {}, ["anna"], Limits(drills_a_month=0, messages_a_month=0)) == ()


@pytest.mark.parametrize(
    "drill, others, expected",
    [
        (coming("2026-12-07"), [], []),
        (coming("2026-12-05"), [], ["rest_day"]),
        (coming("2027-01-01"), [], ["holiday"]),
        (coming("2026-12-24"), [], ["quiet"]),
        (coming("2026-12-07"), [coming("2026-12-07", code="DR2")], ["drill"]),
        (coming("2026-12-07"), [coming("2026-12-08", code="DR2")], []),
        (coming("2026-12-07"), [coming("2026-12-07", "simulated", code="SC1")], ["drill"]),
        (coming("2027-01-01", "simulated"), [], []),
    ],
)
def test_what_stands_against_a_drill(drill: Coming, others: list[Coming], expected: list[str]) -> None:
    """Holidays, quiet days of the house and other drills are said before anything is planned; a rehearsal disturbs
    nobody."""
    owed = programme(RULE, quiet=((date(2026, 12, 20), date(2026, 12, 31), "sales"),))
    found = fatigue.against(drill, owed, others, [], sample_site(), at("2026-11-22T12:00"))
    assert [each.id for each in found] == expected


def test_the_small_house_has_rules_too() -> None:
    """A site without Chinese law still has the house's own rules, and each has a source."""
    site: Site = mill()
    assert [rule.law for rule in read_programme(Path("/nowhere"), site, ["leak"]).rules] == [False, False, False]
