"""Files become values, or every mistake at once with file, line and the nearest right word; never half of each."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from emergency.core import playbook as p
from emergency.core.machine import _machine
from emergency.core.values import Severity, Text
from emergency.errors import Mistakes
from emergency.loader import MOST, e164, read_playbook, read_roster, read_site
from tests.core.plan_text import PLAN, ROSTER, SITE, TABLE

ROOT = Path(__file__).parents[2]
HOUSE = read_site(SITE.replace("country: CN", "country: US").encode(), "site.yaml")


def broken(text: str, *changes: tuple[str, str]) -> bytes:
    """The text with each first part replaced by the second; both must differ, and the first stand there once."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text.encode()


def line_of(text: str, words: str) -> int:
    """The number of the line in which these words stand."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if words in line)


def mistakes(read, raw: bytes, name: str, *more):
    """The mistakes of a file that is refused: line and words."""
    with pytest.raises(Mistakes) as refused:
        read(raw, name, *more)
    assert all(name == problem.file for problem in refused.value.problems)
    assert refused.value.exit_status == 2
    return [(problem.line, problem.says) for problem in refused.value.problems]


# plans


def test_a_plan_as_values():
    """A plan comes out as it was written, every value in its type."""
    plan = read_playbook(PLAN.encode(), "drip.yaml", HOUSE)
    first = plan.state("first")
    assert ("drip", "D", Text("滴水", "Drip"), "zone", "first") == (
        plan.id,
        plan.code,
        plan.title,
        plan.place,
        plan.initial,
    )
    assert p.Merge(same="place", within=timedelta(minutes=30)) == plan.merge
    assert tuple(fact.unless_told for fact in plan.facts) == ("no", "0", "opened")
    assert (p.Raise(to=Severity.red, when=p.FactOver("hurt", 1.0)),) == plan.raises
    assert (
        p.RoleCall(role="guard", at=Severity.blue, heads=2),
        p.RoleCall(role="manager", at=Severity.blue),
    ) == plan.roles
    look, call = first.steps
    assert (timedelta(minutes=1), "practice") == (look.done, look.source)
    assert [answer.name for answer in look.decision] == ["wet", "dry"]
    assert (p.Remind(), p.CallDeputy(), p.RaiseTo(Severity.red)) == look.late
    assert (p.DEFAULT_LATE, p.StepIs("look", "wet"), "plumber") == (call.late, call.when, call.call)
    assert p.AnyOf((p.SaidBy("manager"), p.StepIs("look", "dry"))) == first.leave[0].when
    assert (None, timedelta(hours=1)) == (first.leave[2].to, first.leave[2].after)
    assert (plan.state("closed").final, plan.state("over").tells, plan.state("over").ends) == (True, True, "stand_down")


PLAN_MISTAKES = [
    pytest.param("place: zone", "place: zonee", "place: input should be 'zone', 'lift' or 'site'", id="a closed list"),
    pytest.param("code: D", "code: I", "code: ", id="a letter that looks like a digit"),
    pytest.param("title: {zh: 滴水, en: Drip}", "title: Drip", "wants words in both languages", id="one language"),
    pytest.param(
        "title: {zh: 滴水, en: Drip}", "title: {zh: 滴水}", "the words in en are missing", id="English missing"
    ),
    pytest.param("en: Drip}", "en: Drip, fr: Goutte}", "'fr' is no language here", id="a third language"),
    pytest.param("en: Drip}", 'en: "Drip\\x07"}', "without control characters", id="a bell"),
    pytest.param("en: look}", "en: '{{ 9**9 }}'}", "it holds no template code", id="template code"),
    pytest.param("within: 30m", "within: 30", "'30' is no length of time", id="a length without a unit"),
    pytest.param("within: 30m", "within: 30 m", "is no length of time", id="a space in a length"),
    pytest.param("within: 30m", "within: 99999d", "is longer than ten years", id="for ever"),
    pytest.param("type: yes_no", "type: yesno", "input should be", id="a type"),
    pytest.param("unless_told: no,", "unless_told: nope,", "'nope' is no yes_no", id="a default"),
    pytest.param("start: blue", "start: bleu", "Did you mean 'blue'?", id="a colour"),
    pytest.param("heads: 2", "heads: two", "'two' is no whole number", id="a number in words"),
    pytest.param("heads: 2", "haeds: 2", "'haeds' is unknown here. Did you mean 'heads'?", id="a word"),
    pytest.param(
        "        done: 1m", "        doen: 1m", "'doen' is unknown here. Did you mean 'done'?", id="deep down"
    ),
    pytest.param("        source: practice\n        dec", "        dec", "time target without a source", id="a source"),
    pytest.param("        role: guard\n", "", "'role' is missing", id="something missing"),
    pytest.param("final: yes", "final: perhaps", "'perhaps' is neither yes nor no", id="neither yes nor no"),
    pytest.param("fact: hurt, over: 1", "fact: hurt, ovr: 1", "Did you mean 'over'?", id="a word of a guard"),
    pytest.param("fact: hurt, over: 1", "fact: hurt, over: many", "'many' is no number", id="a line that is no number"),
    pytest.param("fact: hurt, over: 1", "fact: hurt, over: nan", "'nan' is out of range", id="not a number"),
    pytest.param("fact: hurt, over: 1", "fact: hurt, over: 1e99", "'1e99' is out of range", id="out of range"),
    pytest.param("fact: hurt, over: 1", "fact: hurt, step: look", "make no guard together", id="words of two guards"),
    pytest.param("{fact: hurt, over: 1}", "hurt", "a guard is a mapping", id="a guard in one word"),
    pytest.param("{fact: hurt, over: 1}", "{any: []}", "'any' wants a list of guards", id="any of nothing"),
    pytest.param("{said_by: manager}", "{any: [{said_by: guard}]}", "one level deep", id="any within any"),
    pytest.param("{step: look, answer: wet}", "{step: look, is: wet}", "only 'done' can", id="done in other words"),
    pytest.param("[remind, deputy, {raise: red}]", "[shout]", "'shout' is no outcome", id="an outcome"),
    pytest.param("role: manager, call", "role: mangler, call", "'mangler' is no role", id="a role"),
    pytest.param("{to: nothing, when", "{to: nowt, when", "which is not a state", id="a state"),
    pytest.param("    ends: stand_down", "    ends: standdown", "input should be 'stand_down'", id="an end"),
    pytest.param("  plumber:\n", "  plumer:\n", "Did you mean 'plumer'?", id="an agency"),
    pytest.param('say: {zh: "{place}', 'say: {zh: "{plaice}', "Did you mean 'place'?", id="a value in a text"),
    pytest.param("playbook: drip", "playbook: Drip", "'Drip' is no id", id="an id in capitals"),
    pytest.param("playbook: drip", "playbook: flood", "give them one name", id="another name than the file's"),
]


@pytest.mark.parametrize("old, new, says", PLAN_MISTAKES)
def test_mistakes_of_a_plan(old, new, says):
    """Each mistake is told in its line, in words that say what could stand there."""
    found = mistakes(read_playbook, broken(PLAN, (old, new)), "drip.yaml", HOUSE)
    told = [line for line, words in found if says in words]
    assert told, found
    before = PLAN[: PLAN.index(old)]
    first = before.count("\n") + 1
    near = range(first - 1, first + new.count("\n") + 4)
    assert told[0] in (*near, line_of(PLAN, "      look:"), line_of(PLAN, "      call:"))


EXACT = [
    pytest.param("start: blue", "start: bleu", id="a colour"),
    pytest.param("heads: 2", "heads: two", id="a number"),
    pytest.param("done: 1m", "done: soon", id="a length"),
    pytest.param("fact: hurt, over: 1", "fact: hrt, over: 1", id="a guard"),
    pytest.param("{to: nothing, when", "{to: nowt, when", id="a way out"),
    pytest.param("role: manager, call", "role: mangler, call", id="a step"),
]


@pytest.mark.parametrize("old, new", EXACT)
def test_the_line_is_the_very_line(old, new):
    """The first mistake names the line in which it stands."""
    found = mistakes(read_playbook, broken(PLAN, (old, new)), "drip.yaml", HOUSE)
    assert line_of(PLAN, old) in [line for line, _ in found]


def test_every_mistake_of_a_plan_at_once():
    """Mistakes of shape are told together, in the order of the file, each once."""
    raw = broken(
        PLAN,
        ("start: blue", "start: bleu"),
        ("heads: 2", "haeds: 2"),
        ("done: 1m", "done: soon"),
        ("final: yes", "final: si"),
        ("code: D", "code: DD"),
        ("place: zone\n", "place: zone\nplace: lift\n"),
    )
    found = mistakes(read_playbook, raw, "drip.yaml", HOUSE)
    assert [line for line, _ in found][:5] == [2, 5, 14, 18, 30]
    assert 6 == len(found) == len(set(found))
    assert found[1][1] == "'place' stands here twice (first in line 4)"


def test_every_mistake_of_sense_at_once():
    """Mistakes that only the whole plan shows are told together too."""
    raw = broken(
        PLAN,
        ("fact: hurt, over: 1", "fact: hrt, over: 1"),
        ("{to: nothing, when", "{to: nowt, when"),
        ("role: manager, call", "role: mangler, call"),
        ("wet: {since: since}", "wet: {since: snce}"),
    )
    found = mistakes(read_playbook, raw, "drip.yaml", HOUSE)
    assert len([1 for _, says in found if "Did you mean" in says or "which is not" in says]) == 4
    assert sorted(found) == found


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "__import__('os')", "emergency.core.machine._fire"])
@pytest.mark.parametrize(
    "old, new",
    [
        pytest.param("      look:\n", "      {}:\n", id="a step's name"),
        pytest.param("  first:\n", "  {}:\n", id="a state's name"),
        pytest.param("{to: nothing, when", "{to: {}, when", id="where a way leads"),
        pytest.param("{fact: hurt, over: 1}", "{}", id="a guard"),
        pytest.param("{fact: hurt, over: 1}", "{step: {}, is: done}", id="a step in a guard"),
        pytest.param("{fact: hurt, over: 1}", "{conditions: {}}", id="a condition of the library"),
        pytest.param("[remind, deputy, {raise: red}]", "[{}]", id="an outcome"),
        pytest.param("[remind, deputy, {raise: red}]", "[{go: {}}]", id="where lateness goes"),
        pytest.param("        role: guard\n", "        role: {}\n", id="a role"),
        pytest.param(
            "    leave:\n      - {to: over,", "    on_enter: {}\n    leave:\n      - {to: over,", id="an effect"
        ),
    ],
)
def test_no_name_in_a_plan_can_run(name, old, new):
    """Whatever function a plan names, it is refused: there is no place in the format that something runs from."""
    quoted = '"' + name + '"'
    raw = broken(PLAN, (old, new.replace("{}", quoted)))
    assert mistakes(read_playbook, raw, "drip.yaml", HOUSE)


def test_a_loaded_plan_gives_the_library_functions_only():
    """In the machine made from a file every condition is a function of ours; words of the file are only compared."""
    raw = broken(PLAN, ("source: practice, alert", "source: os.system, alert"), ("en: look}", "en: builtins.eval}"))
    plan = read_playbook(raw, "drip.yaml", HOUSE)
    for event in _machine(plan).events.values():
        for ways in event.transitions.values():
            for way in ways:
                assert all(each.func.__module__ == "emergency.core.machine" for each in way.conditions)
                assert all(each.__module__ == "emergency.core.machine" for each in way.before)


def test_the_shipped_files():
    """Everything that is shipped loads without a mistake."""
    site = read_site((ROOT / "emergency/sample/site.yaml").read_bytes(), "site.yaml")
    roster = read_roster((ROOT / "emergency/sample/roster.yaml").read_bytes(), "roster.yaml", site)
    assert len(roster.people) > 40
    assert all(number.startswith("+1") and "55501" in number for x in roster.people.values() for number in x.numbers)
    plans = sorted((ROOT / "playbooks").glob("*.yaml"))
    assert {"fire", "elevator_entrapment"} <= {read_playbook(x.read_bytes(), x.name, site).id for x in plans}


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"".join(b"k%d: x\n" % n for n in range(80_000)), id="keys nobody knows"),
        pytest.param(b"playbook: x\n" * 50_000, id="one key again and again"),
        pytest.param(b"facts:\n" + b"".join(b"  f%d: {type: yesno}\n" % n for n in range(30_000)), id="wrong facts"),
        pytest.param(b"states: {a: {leave: [" + b"{to: x}," * 90_000 + b"]}}", id="ways out"),
        pytest.param(b"playbook: " + b"x" * 900_000, id="a long id"),
        pytest.param(b"title: {zh: a, en: " + b"{" * 900_000, id="open braces"),
    ],
)
def test_hostile_plans_cost_their_size(raw):
    """A megabyte of mistakes is refused in a few seconds, and no more of it is told than anybody reads."""
    before = time.process_time()
    found = mistakes(read_playbook, raw, "x.yaml", HOUSE)
    assert time.process_time() - before < 12
    assert 1 <= len(found) <= MOST


@pytest.mark.parametrize(
    "raw", [pytest.param(b"", id="empty"), pytest.param(b"- a\n", id="a list"), pytest.param(b"drip", id="a word")]
)
def test_a_file_that_is_no_mapping(raw):
    """A file that holds no mapping is one mistake."""
    assert mistakes(read_playbook, raw, "x.yaml", HOUSE) == [(1, "is empty, or no mapping of names to values")]


# sites


def test_a_site_as_values():
    """A site comes out as it was written: the whole site first, days counted, hours kept."""
    site = read_site(SITE.encode(), "site.yaml")
    assert [place.id for place in site.places] == ["site", "f1", "f1_shop", "lift_1"]
    assert {"f1", "f1_shop"} == site.inside("f1")
    assert [shift.days for shift in site.shifts] == [(0, 1, 2, 3, 4), (5, 6)]
    assert (
        site.duty("manager").command,
        site.duty("manager").urgent,
        site.duty("manager").deputies,
    ) == (True, True, ())
    assert site.facts == {"hurt": "0"}


@pytest.mark.parametrize(
    "old, new, says",
    [
        pytest.param("Asia/Shanghai", "Asia/Shangai", "Did you mean 'Asia/Shanghai'?", id="a time zone"),
        pytest.param("country: CN", "country: China", "country: ", id="a country"),
        pytest.param("within: f1,", "within: f9,", "'f9' is no other zone", id="a zone around"),
        pytest.param("within: f1,", "within: f1_shop,", "is no other zone", id="a zone within itself"),
        pytest.param("short: {zh: 店, en: Shop}", "short: {zh: 店, en: The little shop}", "longer than 12", id="short"),
        pytest.param("deputies: [helper]", "deputies: [hepler]", "Did you mean 'helper'?", id="a deputy"),
        pytest.param("deputies: [helper]", "deputies: [guard]", "stands beside itself", id="its own deputy"),
        pytest.param(
            "higher: manager, conflicts", "higher: mangler, conflicts", "Did you mean 'manager'?", id="higher"
        ),
        pytest.param("command: yes, urgent: yes", "urgent: yes", "no role may take command", id="nobody commands"),
        pytest.param("mon-fri", "mon-fry", "days", id="days"),
        pytest.param('from: "08:00", to: "20:00"', 'from: "08:00", to: "08:00"', "same time", id="an empty shift"),
        pytest.param('from: "08:00", to: "20:00"', 'from: "8:00", to: "20:00"', "from", id="an hour with one digit"),
        pytest.param('to: "20:00"', 'to: "25:00"', "to", id="an hour that is not"),
        pytest.param('number: "+1 212 555 0190"', 'number: "call me"', "number", id="a number"),
    ],
)
def test_mistakes_of_a_site(old, new, says):
    """Each mistake of a site is told in its line."""
    found = mistakes(read_site, broken(SITE, (old, new)), "site.yaml")
    assert any(says in words and line == line_of(SITE, old) for line, words in found) or (
        says == "no role may take command" and says in found[0][1]
    ), found


def test_circles_in_a_site():
    """Zones that lie within each other, and roles that are each other's higher one, are told with their way round."""
    raw = broken(
        SITE, ("gate: {zh: 北门, en: North}}", "within: f1_shop}"), ("urgent: yes}", "urgent: yes, higher: guard}")
    )
    says = [words for _, words in mistakes(read_site, raw, "site.yaml")]
    assert any("'f1' lies within itself" in words for words in says)
    assert any("'guard' is its own next higher role" in words for words in says)
    assert any("'manager' is its own next higher role" in words for words in says)
    assert not any("'helper'" in words for words in says)


# rosters


@pytest.mark.parametrize(
    "raw, name",
    [
        pytest.param(ROSTER, "roster.yaml", id="YAML"),
        pytest.param(TABLE, "roster.csv", id="CSV"),
        pytest.param("\ufeff" + TABLE.replace("\n", "\r\n"), "ROSTER.CSV", id="CSV as Excel writes it"),
    ],
)
def test_a_roster_as_values(raw, name):
    """Both forms of a roster read the same, numbers in E.164."""
    people = read_roster(raw.encode(), name, HOUSE).people
    anna, ben = people["anna"], people["ben"]
    assert anna.numbers == ("+12125550101", "+12125550102")
    assert (anna.roles, anna.shift, anna.on_call, anna.zone) == ({"guard": 1, "helper": 2}, "day", True, "f1")
    assert (ben.numbers, ben.roles, ben.shift, ben.on_call, ben.zone) == ((), {"manager": 1}, "night", False, None)
    assert (Text("安娜", "Anna"), "en") == (anna.name, anna.language)


@pytest.mark.parametrize(
    "old, new, says",
    [
        pytest.param('"+1 212 555 0101"', '"555"', "number 1 of anna is not a number", id="too short"),
        pytest.param('"+1 212 555 0101"', '"911"', "emergency number", id="an emergency number"),
        pytest.param('"+1 212 555 0101"', '"+1 212 555 0102"', "number 2 of anna is also that of anna", id="twice"),
        pytest.param('"+1 212 555 0101"', '"+1 212 555 0101 ext 5"', "has an extension", id="an extension"),
        pytest.param("roles: {guard: 1", "roles: {gurad: 1", "Did you mean 'guard'?", id="a role"),
        pytest.param("roles: {guard: 1", "roles: {guard: 0", "a rank is 1 (holder) to 99", id="a rank"),
        pytest.param("shift: day", "shift: dya", "Did you mean 'day'?", id="a shift"),
        pytest.param("zone: f1", "zone: f9", "'f9' is no zone", id="a zone"),
        pytest.param("language: en", "language: xx", "'xx' is no language here", id="a language"),
        pytest.param("on_call: yes", "on_call: maybe", "neither yes nor no", id="on call"),
        pytest.param("    shift: night\n", "    shift: night\n    phone: x\n", "'phone' is unknown here", id="a word"),
    ],
)
def test_mistakes_of_a_roster(old, new, says):
    """Each mistake of a roster is told in its line; no number is ever repeated in the message."""
    found = mistakes(read_roster, broken(ROSTER, (old, new)), "roster.yaml", HOUSE)
    assert any(says in words for _, words in found), found
    assert abs(found[0][0] - line_of(ROSTER, old.splitlines()[0])) <= 1
    assert not any("0101" in words or "0102" in words for _, words in found)


@pytest.mark.parametrize(
    "old, new, line, says",
    [
        pytest.param("language,", "lang,", 1, "the column 'language' is missing", id="a column is missing"),
        pytest.param(
            "on_call,zone", "on_cal,zone", 1, "the column 'on_cal' is unknown. Did you mean 'on_call'?", id="word"
        ),
        pytest.param("ben,本", "anna,本", 3, "'anna' stands here twice", id="twice"),
        pytest.param("guard:1", "gurad:1", 2, "Did you mean 'guard'?", id="a role"),
        pytest.param("guard:1", "guard:x", 2, "'x' is no whole number", id="a rank"),
        pytest.param("ben,本", ",本", 3, "'' is no id", id="no id"),
        pytest.param("Ben,zh", ",zh", 3, "the words in en are missing", id="half a name"),
        pytest.param("Anna,en", "Anna, Chief,en", 2, "more cells than the header", id="a comma too many"),
        pytest.param("ben,本", 'ben,"本', 3, "is not CSV", id="an open quote"),
    ],
)
def test_mistakes_of_a_table(old, new, line, says):
    """A table's mistakes are told by line as well."""
    found = mistakes(read_roster, broken(TABLE, (old, new)), "roster.csv", HOUSE)
    assert any(says in words and at == line for at, words in found), found


def test_tables_in_another_encoding():
    """A table as spreadsheets in China write it is read; other letters, or far too many, are refused by name."""
    assert read_roster(TABLE.encode("gb18030"), "r.csv", HOUSE).people["anna"].name == Text("安娜", "Anna")
    assert "is not UTF-8" in mistakes(read_roster, TABLE.encode("utf-16"), "r.csv", HOUSE)[0][1]
    assert (
        "is not UTF-8"
        in mistakes(read_roster, TABLE.replace("安娜", "Zoë").replace("本", "Bén").encode("latin-1"), "r.csv", HOUSE)[
            0
        ][1]
    )
    assert "is larger than" in mistakes(read_roster, TABLE.encode() + b"x" * 5_000_000, "r.csv", HOUSE)[0][1]


def test_every_mistake_of_a_roster_at_once():
    """All mistakes of a roster come together, and nothing of it is used."""
    raw = broken(ROSTER, ("guard: 1", "gurad: 1"), ("shift: day", "shift: dya"), ('"+1 212 555 0101"', '"12"'))
    assert [line for line, _ in mistakes(read_roster, raw, "roster.yaml", HOUSE)] == [5, 6, 7]


@pytest.mark.parametrize(
    "text, country, number",
    [
        pytest.param("+1 212 555 0101", "CN", "+12125550101", id="international"),
        pytest.param("(212) 555-0101", "US", "+12125550101", id="national"),
        pytest.param("＋１２１２５５５０１０１", "CN", "+12125550101", id="full width"),
        pytest.param("tel:+1-212-555-0101", "CN", "+12125550101", id="as a link"),
        pytest.param("00 1 212 555 0101", "CN", "+12125550101", id="with the prefix for abroad"),
    ],
)
def test_numbers(text, country, number):
    """Numbers are stored in one form, whatever form they were written in."""
    assert number == e164(text, country)


@pytest.mark.parametrize(
    "text, country, says",
    [
        pytest.param("119", "CN", "emergency number", id="119"),
        pytest.param("1-1-0", "CN", "emergency number", id="110 in pieces"),
        pytest.param("１２０", "CN", "emergency number", id="120 in full width"),
        pytest.param("911", "US", "emergency number", id="911"),
        pytest.param("112", "DE", "emergency number", id="112"),
        pytest.param("96333", "CN", "emergency number", id="the lift rescue line"),
        pytest.param("12", "CN", "not a number that exists", id="too short"),
        pytest.param("+1 212 555 01011", "CN", "not a number that exists", id="too long"),
        pytest.param("+999 12345678", "CN", "no telephone number", id="no such country"),
        pytest.param("call me", "CN", "no telephone number", id="words"),
        pytest.param("", "CN", "no telephone number", id="nothing"),
        pytest.param("+1 212 555 0101 x5", "CN", "has an extension", id="an extension"),
        pytest.param("9" * 400, "CN", "no telephone number", id="four hundred digits"),
    ],
)
def test_numbers_that_are_refused(text, country, says):
    """What cannot be called, and what no machine may call, is refused with the reason and without the number."""
    with pytest.raises(ValueError, match=says) as refused:
        e164(text, country)
    assert not text or text not in str(refused.value)
