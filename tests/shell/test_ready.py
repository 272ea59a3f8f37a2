"""Readiness at the command line: the verdict first, on one screen of a telephone, in both languages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from emergency.clock import VirtualClock
from emergency.core.site import Site
from emergency.engine import Engine
from emergency.people import People, save_roster, save_site
from emergency.readiness.lines import WIDTH, width
from emergency.roster import Person, Roster
from emergency.store.store import SqliteStore
from tests.fake_twilio import FakeTwilio
from tests.serving import make_home, twilio_env
from tests.shell.test_cli import Terminal, clock, sample  # noqa: F401 - fixtures
from tests.small import number

SUNDAY = datetime(2026, 3, 1, 4, tzinfo=UTC)
"""Noon at the sample mall."""
SCREEN = 40
"""Lines that may be read without scrolling for long."""


LIFT = ("shen_li", "ye_jianguo")
"""The lift managers of the early and of the late shift; each is on call for the rest of the day."""


def put_in(terminal: Terminal, change: Callable[[Roster], Roster], site: Callable[[Site], Site] | None = None) -> None:
    """Put another roster in force, and another site."""
    engine = Engine(SqliteStore(terminal.home / "emergency.db"), VirtualClock(SUNDAY))
    people = People()
    after = change(people.roster(engine))
    if site is not None:
        engine.unit(lambda e: save_site(e, site(people.site(engine)), e.clock.now()))
    engine.unit(lambda e: save_roster(e, after, e.clock.now()))
    engine.store.close()


def each(roster: Roster, ids: Sequence[str], change: Callable[[Person], Person]) -> Roster:
    """The roster with some of its people changed."""
    return Roster(people={id: change(p) if id in ids else p for id, p in roster.people.items()})


def _with_card(roster: Roster) -> Roster:
    off = each(roster, list(roster.people), lambda p: replace(p, licences={}))
    return each(off, LIFT, lambda p: replace(p, licences={"lift_card": None}, leave=(), on_call=True))


def _needs_card(site: Site) -> Site:
    duties = tuple(
        replace(duty, needs=("lift_card",), deputies=()) if duty.role == "lift_manager" else replace(duty, needs=())
        for duty in site.duties
    )
    return replace(site, duties=duties)


@pytest.fixture(scope="module")
def homes(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """The sample mall as it is, and one where only who holds a lift licence may be lift manager; the plans are read."""
    made = tmp_path_factory.mktemp("homes")
    for name in ("sample", "licensed"):
        shutil.copytree(sample, made / name)
    put_in(Terminal(made / "licensed"), _with_card, _needs_card)
    for name in ("sample", "licensed"):
        Terminal(made / name)("ready", "--days", "0")
    return made


@pytest.fixture
def emergency(homes: Path, tmp_path: Path, clock: VirtualClock) -> Terminal:  # noqa: F811
    """A terminal in front of a copy of the sample installation."""
    shutil.copytree(homes / "sample", tmp_path / "home")
    return Terminal(tmp_path / "home")


@pytest.fixture
def licensed(homes: Path, tmp_path: Path, clock: VirtualClock) -> Terminal:  # noqa: F811
    """A terminal in front of the mall with lift licences: Shen Li and Ye Jianguo hold one."""
    shutil.copytree(homes / "licensed", tmp_path / "home")
    return Terminal(tmp_path / "home")


def at_home_when_off(terminal: Terminal) -> None:
    """Nobody calls the two lift managers when they are not on shift."""
    put_in(terminal, lambda roster: each(roster, LIFT, lambda p: replace(p, on_call=False)))


def holes(document: Any, role: str) -> Any:
    """The holes of one role."""
    return [hole for hole in document["holes"] if hole["role"] == role]


# the verdict


def test_the_sample_mall_is_ready(emergency: Terminal) -> None:
    """Every shipped plan has its people at its start, on every shift; that ends with 0."""
    said = emergency("ready", "--json")

    assert said.code == 0
    document = said.document
    assert document["ready"]
    assert document["first"] is None
    assert {plan["filled"] == plan["seats"] > 0 for plan in document["plans"]} == {True}
    assert {"fire", "elevator_entrapment"} <= {plan["plan"] for plan in document["plans"]}
    assert (document["at"], document["until"]) == ("2026-03-01T04:00:00.000000Z", "2026-03-31T04:00:00.000000Z")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("words", [(), ("--plan", "fire"), ("--at", "03:00")], ids=["all", "one plan", "at night"])
def test_it_fits_a_telephone(emergency: Terminal, lang: str, words: Sequence[str]) -> None:
    """Some forty lines, none wider than half a screen but those that end in a command."""
    said = emergency("ready", *words, EMERGENCY_LANG=lang)
    lines = said.out.splitlines()

    assert said.code == 0
    assert len(lines) <= SCREEN
    assert [line for line in lines if width(line) > WIDTH + 10 and "emergency" not in line] == []
    assert {"zh": "预案", "en": "plans can be run"}[lang] in lines[0]


def test_a_hole_is_told_first(licensed: Terminal) -> None:
    """When, which role, in which plan, why, and what to do; that ends with 3."""
    assert licensed("roster", "leave", "shen_li", "2026-03-10", "2026-03-11").code == 0
    assert licensed("roster", "leave", "ye_jianguo", "2026-03-11", "--anyway", "the maintainer sends a man").code == 0
    said = licensed("ready")

    assert said.code == 3
    first = "\n".join(said.out.splitlines()[:6])
    assert "First hole: Wed 11 Mar 00:00-24:00" in first
    assert "Lift manager" in first
    assert "Shen Li is on leave, Ye Jianguo is on leave" in first
    assert "→ swap somebody in" in first
    zh = licensed("ready", EMERGENCY_LANG="zh").out
    assert "最早的空缺:3月11日周三 00:00-24:00" in zh
    assert "沈立休假、叶建国休假" in zh

    (hole,) = holes(licensed.document("ready"), "lift_manager")
    assert "elevator_entrapment" in hole["plans"]
    assert hole["falls_to"] is not None
    assert [(one["person"], one["why"]) for one in hole["passed"][:2]] == [
        ("shen_li", "leave"),
        ("ye_jianguo", "leave"),
    ]


def test_what_comes_back_every_night_is_one_line(licensed: Terminal) -> None:
    """Nobody but the late shift may be lift manager: one line, not thirty."""
    at_home_when_off(licensed)
    said = licensed("ready")

    assert said.code == 3
    assert "every day 23:00-08:00" in said.out
    assert len(said.out.splitlines()) <= SCREEN
    (hole,) = holes(licensed.document("ready"), "lift_manager")
    assert (hole["rhythm"], hole["times"]) == ("daily", 30)


def test_a_plan_that_cannot_be_read_is_no_ready_plan(emergency: Terminal) -> None:
    """It is named with what to do, and ends with 3."""
    (emergency.home / "playbooks" / "fire.yaml").write_text("playbook: fire\n", "utf-8")
    said = emergency("ready")

    assert said.code == 3
    assert "✗ fire: cannot be used: emergency playbook check fire" in said.out
    assert re.match(r"Now: (\d+) of (\d+) plans", said.out)
    able, of = re.findall(r"\d+", said.out.splitlines()[0])
    assert int(able) == int(of) - 1


@pytest.mark.parametrize(
    "words, says",
    [
        pytest.param(("--plan", "fyre"), "fire", id="no such plan"),
        pytest.param(("--at", "25:00"), "is no time", id="no time"),
        pytest.param(("--days", "4000"), "--days 4000", id="too many days"),
        pytest.param(("--days", "-1"), "--days -1", id="fewer than none"),
    ],
)
def test_wrong_words_are_named(emergency: Terminal, words: Sequence[str], says: str) -> None:
    """The words are wrong, and nothing is computed."""
    said = emergency("ready", *words)

    assert said.code == 2
    assert says in said.err


def test_one_plan_shows_who_comes_and_why(emergency: Terminal) -> None:
    """Each seat with person, duty and the channels of the first call; with --all also after each change of shift."""
    said = emergency("ready", "--plan", "fire", "--at", "2026-03-02T03:00")
    assert "Zeng Li (on shift)" in said.out
    assert "SMS? TEL?" in said.out
    document = emergency.document("ready", "--plan", "fire", "--all", "--days", "1")

    (plan,) = document["plans"]
    assert {seat["role"] for seat in plan["team"]} >= {"control_room", "duty_manager", "fire_team"}
    assert all(way["state"] == "never" for seat in plan["team"] for way in seat["ways"])
    teams = {
        each["since"]: {(s["role"], s["slot"]): s["person"] for s in each["plans"][0]["team"]}
        for each in document["moments"]
    }
    assert len(teams) >= 4
    assert len({tuple(sorted(team.items())) for team in teams.values()}) >= 3
    assert "Who comes after each change of shift" in emergency("ready", "--plan", "fire", "--all", "--days", "1").out


def test_who_is_busy_now_is_no_answer_to_a_second_emergency(emergency: Terminal) -> None:
    """Now is now: whoever has a role in an open incident is not counted a second time for an equal one."""
    before = emergency.document("ready", "--plan", "fire")
    emergency.trigger("fire")
    after = emergency.document("ready", "--plan", "fire")
    names = [{seat["person"] for seat in each["plans"][0]["team"]} for each in (before, after)]

    assert before["ready"]
    assert names[0] != names[1]


# `roster who`


def test_who_keeps_what_scripts_rely_on(emergency: Terminal) -> None:
    """The keys that were there are there, and mean the same; the seat is new beside them."""
    document = emergency.document("roster", "who")
    assert {"at", "site", "roles", "people"} <= set(document)
    for role in document["roles"]:
        assert {"role", "title", "people", "deputies"} <= set(role)
        for person in role["people"]:
            assert set(person) == {"person", "rank", "duty", "busy"}
        (seat,) = role["seats"]
        assert {"person", "because", "passed", "ways", "duty"} <= set(seat)
    assert len(document["roles"]) == 24


def test_who_gives_out_the_roles_together(emergency: Terminal) -> None:
    """Each role has a person of its own as long as there are enough: a list of candidates would name some twice."""
    seats = [role["seats"][0] for role in emergency.document("roster", "who")["roles"]]
    people = [seat["person"] for seat in seats if seat["person"]]

    assert len(people) == len(seats)
    assert len(set(people)) >= len(people) - 4


def test_who_says_why_a_deputy(emergency: Terminal) -> None:
    """Who is not the normal holder stands there with the reason, in both languages."""
    assert emergency("roster", "leave", "chen_jing", "2026-03-01").code == 0
    en, zh = (emergency("roster", "who", EMERGENCY_LANG=lang).out for lang in ("en", "zh"))

    assert "because Chen Jing is on leave" in en
    assert "因陈静休假" in zh


def test_who_of_one_plan(emergency: Terminal) -> None:
    """The roles of the plan's start with all their heads."""
    document = emergency.document("roster", "who", "--plan", "fire")
    heads = {role["role"]: len(role["seats"]) for role in document["roles"]}

    assert document["plan"] == "fire"
    assert heads["control_room"] == 2
    assert "finance" not in heads


# changes that open a hole


def test_leave_that_opens_a_hole_is_refused(licensed: Terminal) -> None:
    """Plan, role and time are named, nothing is changed; with a reason it is entered, and the reason is on record."""
    assert licensed("roster", "leave", "shen_li", "2026-03-10", "2026-03-12").code == 0
    before = licensed.document("roster", "history")["changes"]
    said = licensed("roster", "leave", "ye_jianguo", "2026-03-11")

    assert said.code == 3
    assert "Wed 11 Mar 00:00-24:00" in said.err
    assert "Lift manager" in said.err
    assert "roster swap" in said.err
    assert "--anyway" in said.err
    assert licensed.document("roster", "history")["changes"] == before

    said = licensed("roster", "leave", "ye_jianguo", "2026-03-11", "--anyway", "the maintainer sends a man", "--json")
    assert said.code == 0
    assert [each["role"] for each in said.document["opens"]] == ["lift_manager"]
    assert "the maintainer sends a man" in licensed.document("roster", "history")["changes"][0]["note"]
    assert not [key for key in said.document if key.startswith("_")]


def test_a_reason_is_a_reason(licensed: Terminal) -> None:
    """Blanks are none."""
    said = licensed("roster", "leave", "shen_li", "2026-03-10", "--anyway", " ")

    assert said.code == 2
    assert "needs a reason" in said.err


def test_leave_that_opens_nothing_goes_through(licensed: Terminal) -> None:
    """The deputies are there: no word about it."""
    said = licensed("roster", "leave", "chen_jing", "2026-03-10", "2026-03-12")

    assert said.code == 0
    assert said.err == ""


def test_a_hole_that_was_there_refuses_nothing(licensed: Terminal) -> None:
    """What is missing anyway does not keep somebody else from their leave."""
    assert licensed("roster", "leave", "shen_li", "2026-03-10", "2026-03-12").code == 0
    assert licensed("roster", "leave", "ye_jianguo", "2026-03-10", "2026-03-12", "--anyway", "strike").code == 0

    assert licensed("roster", "leave", "chen_jing", "2026-03-11").code == 0


def test_a_swap_that_opens_a_hole_is_refused(licensed: Terminal) -> None:
    """Also who gives a shift away without anybody in their place."""
    at_home_when_off(licensed)
    said = licensed("roster", "swap", "shen_li", "2026-03-10", "--shift", "off")

    assert said.code == 3
    assert "Tue 10 Mar 08:00-16:00" in said.err
    assert "Shen Li has swapped the shift" in said.err


def test_an_import_shows_what_it_opens(licensed: Terminal) -> None:
    """A whole roster is put in force all the same: who imports it sees the new holes before they agree."""
    file = licensed.home / "fewer.yaml"
    put_in(licensed, lambda roster: each(roster, LIFT, lambda p: replace(p, roles={"engineering": 2})))
    assert licensed("roster", "export", str(file), "--numbers").code == 0
    assert licensed("roster", "undo", "--yes").code == 0
    assert licensed("ready").code == 0

    dry = licensed("roster", "import", str(file), "--dry-run", "--json")
    assert [hole["role"] for hole in dry.document["opens"]] == ["lift_manager"]
    said = licensed("roster", "import", str(file))
    assert said.code == 0
    assert "This leaves nobody" in said.err
    assert "Lift manager" in said.err
    assert licensed("ready").code == 3


# asking by hand


@pytest.fixture
def mill(twilio: FakeTwilio, clock: VirtualClock) -> Terminal:  # noqa: F811
    """The small building with a provider, and nobody serving."""
    terminal = Terminal(make_home())
    terminal.env |= {**twilio_env(twilio, None), "EMERGENCY_LANG": "en"}
    return terminal


def test_one_person_is_asked_about_each_number(mill: Terminal, twilio: FakeTwilio) -> None:
    """By real requests, marked as tests, at any hour: somebody at the keyboard wants it now."""
    said = mill("roster", "ask", "chloe")

    assert said.code == 0
    assert "chloe, number 2 (SMS)" in said.out
    for which in (0, 1):
        assert "Still you, Chloe Clark?" in twilio.phone(number("chloe", which)).expect_sms("TEST only").body
    assert mill("roster", "ask", "chloe").code == 3  # not by a slip of the hand


def test_all_who_were_silent_are_asked_in_working_hours(
    mill: Terminal,
    twilio: FakeTwilio,
    clock: VirtualClock,  # noqa: F811
) -> None:
    """On a Sunday it is refused unless somebody insists; one number each; and nobody a second time that day."""
    said = mill("roster", "ask", "--stale")
    assert said.code == 3
    assert "--anyway" in said.err

    assert mill("roster", "ask", "--stale", "--anyway").code == 0
    assert len(twilio.messages) == 6
    assert "Asked about 0 numbers" in mill("roster", "ask", "--stale", "--anyway").err
    clock.advance(timedelta(days=1, hours=7))
    assert mill("roster", "ask", "--stale").code == 0
    assert len(twilio.messages) == 12


def test_nobody_is_asked_while_a_real_emergency_is_open(mill: Terminal, twilio: FakeTwilio) -> None:
    """A telephone that rings must mean the emergency."""
    mill("trigger", "leak", "--at", "hall")
    before = len(twilio.messages)
    said = mill("roster", "ask", "chloe")

    assert said.code == 3
    assert "emergency is open" in said.err
    assert len(twilio.messages) == before


@pytest.mark.parametrize("words", [("roster", "ask"), ("roster", "ask", "chloe", "--stale")])
def test_say_whom(mill: Terminal, words: Sequence[str]) -> None:
    """A person or all who are stale: neither and both are no order."""
    assert mill(*words).code == 2


def test_who_was_asked_and_answered_stands_in_the_readiness(mill: Terminal, twilio: FakeTwilio) -> None:
    """The days since the proof stand behind the channel."""
    twilio.phone(number("anna")).replies_with(lambda m: re.search(r"Z\d[A-Z]", m.body)[0])  # type: ignore[index]
    assert mill("doctor", "--send-test", "anna", "--wait", "5").code == 0
    document = mill.document("roster", "who")
    (seat,) = next(role["seats"] for role in document["roles"] if role["role"] == "commander")

    assert seat["person"] == "anna"
    assert {way["channel"]: way["state"] for way in seat["ways"]} == {"sms": "proved", "voice": "never"}
    assert "SMS✓0d TEL?" in mill("roster", "who").out


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_also_a_bad_day_fits_a_telephone(emergency: Terminal, lang: str) -> None:
    """Nobody on call and three of the night away: the first holes are told, the others counted."""
    gone = {"xia_jun", "zeng_li", "qiu_ying"}
    put_in(
        emergency,
        lambda roster: Roster(
            people={id: replace(p, on_call=False, standby=None) for id, p in roster.people.items() if id not in gone}
        ),
    )
    said = emergency("ready", EMERGENCY_LANG=lang)

    assert said.code == 3
    assert len(said.out.splitlines()) <= SCREEN
    assert re.search(r"(\d+ more: |还有 \d+ 处:)emergency ready --all", said.out)
    everything = emergency("ready", "--all", EMERGENCY_LANG=lang).out
    assert len(everything.splitlines()) > 2 * SCREEN
    assert "emergency ready --all" not in everything


def test_an_empty_roster_is_a_hole_in_every_plan(emergency: Terminal) -> None:
    """Nobody is there: no plan can be run, and nothing fails over it."""
    put_in(emergency, lambda roster: Roster())
    said = emergency("ready")

    assert said.code == 3
    assert said.out.startswith("Now: 0 of ")
