"""The after-action report: every section in both languages, figures that agree with the log, nobody's name or number,
and words of anybody's that stay words."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from datetime import date, timedelta
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

import cli
from emergency.check.run import check_plan
from emergency.core import events as e
from emergency.core.incident import ASKING
from emergency.core.values import Text
from emergency.drills import book as b
from emergency.drills.scoring import RATING_WORDS, length
from emergency.report import charts, values
from emergency.report.gathering.front import NO_CAPABILITY
from emergency.report.gathering.gather import gather
from emergency.report.gathering.reading import Reading, RollCall, Said, Source
from emergency.report.gathering.record import TRAFFIC
from emergency.report.labels import reasons_of
from emergency.report.pages import as_html, as_pdf
from emergency.report.setting.blocks import Part
from emergency.report.setting.layout import cited, part
from emergency.report.show import document
from emergency.report.words import CAPABILITIES, CAUSES, STAGES, STATUSES, TITLES, UNITS
from emergency.roster import Person
from tests.scenarios.scene import MINUTE, NIGHT, NOON, Scene, sample_roster
from tests.scenarios.stories import STORIES

LANGS = ("zh", "en")
HOSTILE = '<script>alert("x")</script> #panic("x") $x^2$ *b* `c` [d]()  \\ & \u202e {{ 7*7 }} {% raw %}'
"""What breaks HTML, Jinja and typst where words are taken for markup."""


class Page(HTMLParser):
    """An HTML page as its tags, its targets and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag, and where it leads."""
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name == "href" and value:
                self.links.append(value)

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        self.words += data


@lru_cache
def fire() -> Scene:
    """Fifty minutes of a fire that goes as it should."""
    scene = Scene(NOON)
    STORIES["fire"](scene)
    scene.open("fire")
    scene.run(until=50 * MINUTE)
    return scene


@lru_cache
def silence() -> Scene:
    """Twelve minutes at night in which nobody answers anything."""
    scene = Scene(NIGHT)
    scene.open("fire")
    scene.run(until=12 * MINUTE)
    return scene


def source(scene: Scene, *entries: b.AnyEntry, **more: object) -> Source:
    """Return what a report of a scene is made of."""
    written = [b.Written(n, scene.start + n * MINUTE, entry) for n, entry in enumerate(entries, start=1)]
    usual = {"people": sample_roster().people, "words": {}}
    return Source(
        code="XF01", history=scene.log(), written=written, head="f" * 64, made=scene.clock.now(), engine="test",
        **{**usual, **more},  # type: ignore[arg-type]
    )  # fmt: skip


BOOK: tuple[b.AnyEntry, ...] = (
    b.Begun(incident="0123456789ab", code="XF01", by="li_wenbin"),
    b.InjectReleased(inject="I1", kind="channel.outage", target="sms", until=timedelta(minutes=8)),
    b.Paused(by="wang_jun", because="unsafe"),
    b.Resumed(by="li_wenbin"),
    b.Observed(by="feng_yun", about="control_room", text="seal:hostile", unsafe=True),
    b.HotWash(topic="badly", by="wang_jun", text="seal:names"),
    b.Rated(objective="M1", rating="M", by="seal:outsider", reason="seal:hostile"),
    b.Action(
        id="XF01.A1", problem="seal:hostile", action="seal:names", element="equipment", owner="li_wenbin",
        due="2026-03-31", by="console",
    ),
)  # fmt: skip
WORDS = {
    "seal:hostile": HOSTILE,
    "seal:names": "Wang Jun 王军 (wang_jun) rang +86 138 0000 1111 from the café at 12:30, line 4711",
    "seal:outsider": "Dr Outsider",
}


@lru_cache
def whole(*, names: bool = False) -> values.Report:
    """Return the report of a drill in which all happened that can be in a book, its plan checked."""
    scene = fire()
    found = check_plan(scene.incident.playbook, scene.incident.site, sample_roster(), scene.start.date())[0]
    findings = tuple(
        values.PlanFinding(id=x.id, severity=x.severity, says=Text(x.zh, x.says), path=x.path) for x in found
    )
    assert any(person in x.says.en for x in findings for person in sample_roster().people)
    return gather(source(scene, *BOOK, words=WORDS, names=names, findings=findings))


@lru_cache
def everything(lang: str, *, names: bool = False) -> Page:
    """Return the page of a drill in which all happened that can be in a book."""
    return Page(as_html(whole(names=names), lang))


@pytest.mark.parametrize("lang", LANGS)
def test_every_section_is_there_in_every_language(lang: str) -> None:
    """Twelve sections and the annexes, in their order; only the one with names has to be asked for."""
    page = everything(lang)
    wanted = [f"{lang}-{id}" for id in TITLES if id != "names"]

    assert [id for id in page.ids if id.startswith(f"{lang}-")] == wanted
    assert all(TITLES[id].of(lang) in page.words for id in TITLES if id != "names")
    for form in ("演练评估表", "演练评估报告", "演练总结报告", "演练情况报送表", "签到及影像清单"):
        assert form in page.words


def test_both_languages_stand_in_one_file() -> None:
    """`both` is the Chinese report and then the English one; each target of a link is there once."""
    page = everything("both")

    assert {id for id in page.ids if id.startswith(("zh-", "en-"))} == {
        f"{lang}-{id}" for lang in LANGS for id in TITLES if id != "names"
    }
    targets = [id for id in page.ids if re.fullmatch(r"(e|B)\d+", id)]
    assert len(targets) == len(set(targets))


@pytest.mark.parametrize("lang", LANGS)
def test_every_number_of_a_line_leads_to_that_line(lang: str) -> None:
    """Evidence is a link, and what it names stands in the list of raw events."""
    page = everything(lang)

    assert len(page.links) > 100
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_the_figures_of_the_report_agree_with_the_log_counted_another_way() -> None:
    """Messages, calls and answers are counted here event by event, without the reading that the report rests on."""
    scene = fire()
    report, log = gather(source(scene)), scene.log()
    kinds = {event.alert: event.kind for event, _ in log if isinstance(event, e.AlertRequested)}
    asking = {alert for alert, kind in kinds.items() if kind in ASKING}
    counted = {stage.key: stage.count for stage in report.funnel}

    assert counted["planned"] == sum(isinstance(event, e.DeliveryQueued) for event, _ in log)
    assert counted["accepted"] == len({x.delivery for x, _ in log if isinstance(x, e.DeliverySent)})
    assert counted["delivered"] == len({x.delivery for x, _ in log if isinstance(x, e.DeliveryDelivered)})
    assert counted["valid"] == len({x.alert for x, _ in log if isinstance(x, e.AlertAcknowledged)} & asking)
    assert counted["arrived"] is None
    of_plan = {
        x.step for x, _ in log if isinstance(x, e.StepStarted) and x.name not in ("stand_by", "nudge", "relieve")
    }
    done = {event.step for event, _ in log if isinstance(event, e.StepDone)} & of_plan
    assert sum(bar.took is not None for bar in report.timeline.bars) == len(done)
    called = next(line.text.en for name, line in report.overview if name.en.startswith("Team"))
    people = {event.person for event, _ in log if isinstance(event, e.AlertRequested) and event.kind in ASKING}
    assert called.split(" / ")[1] == str(len(people))


def test_the_result_says_what_the_log_says() -> None:
    """The brigade was called when the step that calls 119 was done: the figure on page one is that moment."""
    scene = fire()
    log = scene.log()
    run = next(x.step for x, _ in log if isinstance(x, e.StepStarted) and x.name == "call_119")
    seq, when = next((n, at) for n, (x, at) in enumerate(log, 1) if isinstance(x, e.StepDone) and x.step == run)
    score = next(s for s in gather(source(scene)).scores if s.text.en == "brigade called")
    words = everything("en").words

    assert score.evidence == (f"#{seq}",)
    assert score.seconds == (when - scene.start).total_seconds()
    assert length(when - scene.start) in words
    assert RATING_WORDS["P"].en in words


@pytest.mark.parametrize("lang", LANGS)
def test_no_name_and_no_number_without_being_asked_for(lang: str) -> None:
    """Roles stand in the body, also where somebody typed a name, a roster id or a telephone number, and where the check
    of the plan speaks of people; so it is in the raw list and in the document for programs."""
    page = everything(lang)
    doc = json.dumps(document(whole()), ensure_ascii=False)

    for text in (page.words, doc):
        assert leaked(text) == []
        assert "138 0000" not in text
        assert "Dr Outsider" not in text
    assert "4711" in page.words  # a short number is none of a telephone
    assert "[☎]" in page.words


def leaked(text: str) -> list[str]:
    """Return who of the roster is named in *text*, or with a number."""
    return [
        person.id for person in sample_roster().people.values() if any(word in text for word in _gives_away(person))
    ]


def _gives_away(person: Person) -> tuple[str, ...]:
    return (person.id, person.name.zh, person.name.en, *person.numbers)


def test_names_stand_in_the_restricted_annex_alone() -> None:
    """With names asked for, every label of the annex is explained, and the body is as it was."""
    plain, named = everything("en"), everything("en", names=True)
    annex = named.words.split(TITLES["names"].en)[1]

    assert "Wang Jun" in annex
    assert "Dr Outsider" in annex
    body = named.words.split(TITLES["names"].en)[0]
    assert leaked(body.split("12.5")[0]) == []
    assert leaked(plain.words) == []
    assert not any(number in named.words for p in sample_roster().people.values() for number in p.numbers)


@pytest.mark.parametrize("lang", LANGS)
def test_words_stay_words(lang: str) -> None:
    """What anybody types is shown as typed: it becomes no tag, no template, no markup of the PDF."""
    page = everything(lang)

    assert "script" not in page.tags
    assert '<script>alert("x")</script> #panic("x") $x^2$ *b* `c` [d]()' in page.words
    assert "{{ 7*7 }}" in page.words
    assert as_pdf(gather(source(fire(), *BOOK, words=WORDS)), lang).startswith(b"%PDF")


def test_a_page_fetches_and_runs_nothing() -> None:
    """Self-contained: no script, no address of elsewhere, and a policy that forbids both."""
    page = as_html(gather(source(fire(), *BOOK, words={})), "both")
    addresses = set(re.findall(r"https?://[^\"'\s)<]+", page)) - {"http://www.w3.org/2000/svg"}

    assert addresses == set()
    assert not {"script", "link", "iframe", "img", "object"} & set(Page(page).tags)
    assert "default-src 'none'" in page


def test_a_night_in_which_nobody_answers() -> None:
    """All is U, everybody called stands among those not reached with a cause, and what is unknown is not 0."""
    scene = silence()
    report = gather(source(scene))
    people = {x.person for x, _ in scene.log() if isinstance(x, e.AlertRequested) and x.kind in ASKING}
    words = Page(as_html(report, "en")).words

    assert report.cover.rating == "U"
    assert len(report.not_reached) == len(people)
    assert {each.cause for each in report.not_reached} == {"no_reply"}
    assert CAUSES["no_reply"].en in words
    assert report.waiting.median is None
    assert "median unknown, slowest unknown" in words
    assert all(card.first is None and card.rating != "P" for card in report.cards)


def test_a_drill_that_was_broken_off() -> None:
    """What was not due yet is untested rather than missed, and the cover says so."""
    scene = Scene(NOON)
    scene.open("fire")
    scene.run(until=20 * timedelta(seconds=1))
    aborted = b.Aborted(by="li_wenbin", because="director")
    made = source(scene)
    made = msgspec.structs.replace(made, written=[b.Written(1, scene.start + timedelta(seconds=20), aborted)])
    report = gather(made)
    scene.close()

    assert report.cover.over == "aborted"
    assert {score.status for score in report.scores if score.id.startswith("M")} == {"untested"}
    assert "broken off" in Page(as_html(report, "en")).words


def test_the_pause_shows_and_counts_for_nothing() -> None:
    """A minute in which the drill stood still shades the timeline, and lengthens no step."""
    report = gather(source(fire(), *BOOK, words=WORDS))
    plain = gather(source(fire()))

    assert [band.kind for band in report.timeline.through] == ["outage", "pause"]
    pairs = zip(report.timeline.bars, plain.timeline.bars, strict=True)
    assert any(a.took != c.took for a, c in pairs if a.took is not None and c.took is not None)
    assert all(a.took <= c.took for a, c in pairs if a.took is not None and c.took is not None)


def acked(scene: Scene, role: str) -> list[str]:
    """Return who answered for a role, in order."""
    asked = {event.alert: event for event, _ in scene.log() if isinstance(event, e.AlertRequested)}
    answered = [asked[event.alert] for event, _ in scene.log() if isinstance(event, e.AlertAcknowledged)]
    return list(dict.fromkeys(event.person for event in answered if event.role == role))


def test_arrival_is_what_the_roll_call_says() -> None:
    """Somebody has arrived when the roll call first counted them, safe or seen; not if the last word is that they are
    away. It is named by its line, and of who was not counted nothing is made up."""
    scene = fire()
    first, second = acked(scene, "fire_team")[:2]
    gone = acked(scene, "control_room")[0]
    said = (
        Said(seq=2, at=scene.start + 4 * MINUTE, person=first, what="seen", place="b1", by="feng_yun"),
        Said(seq=3, at=scene.start + 6 * MINUTE, person=first, what="safe"),
        Said(seq=5, at=scene.start + 7 * MINUTE, person=second, what="safe"),
        Said(seq=6, at=scene.start + 8 * MINUTE, person=gone, what="safe"),
        Said(seq=9, at=scene.start + 9 * MINUTE, person=gone, what="away"),
    )
    report = gather(source(scene, roll=RollCall(code="XL01", said=said)))
    cards = {card.role: card for card in report.cards}
    asked = next(at for x, at in scene.log() if isinstance(x, e.AlertRequested) and x.role == "fire_team")
    kinds = [(x.alert, x.person) for x, _ in scene.log() if isinstance(x, e.AlertRequested) and x.kind in ASKING]
    valid = {x.alert for x, _ in scene.log() if isinstance(x, e.AlertAcknowledged)}
    words = Page(as_html(report, "en")).words

    assert (cards["fire_team"].there, cards["fire_team"].heads) == (2, 4)
    assert cards["fire_team"].arrived == (scene.start + 7 * MINUTE - asked).total_seconds()
    assert cards["fire_team"].counted == "R5"
    assert (cards["control_room"].there, cards["control_room"].arrived) == (0, None)
    assert report.funnel[-1].count == sum(alert in valid and person in (first, second) for alert, person in kinds)
    assert "7:00 (2/4)" in words
    assert "the roll call XL01 counted people, 2 of the" in words
    assert [each.ref for each in report.raw if each.ref.startswith("R")] == ["R2", "R3", "R5", "R6", "R9"]
    assert "R5" in listed(part(report, "zh", whole=False))
    assert leaked(words) == []


def test_without_a_roll_call_nobody_knows_who_arrived() -> None:
    """Unknown, and the gap is named: never 0."""
    report = gather(source(fire()))

    assert report.funnel[-1].count is None
    assert {card.arrived for card in report.cards} == {None}
    assert any("no roll call was held; unknown" in line.text.en for line in report.gaps)


@pytest.mark.parametrize("lang", LANGS)
def test_a_finding_that_somebody_answers_for_is_shown_as_waived(lang: str) -> None:
    """By whom, until when and why, behind those that are open; names are hidden there too, and what is only alike is
    counted apart."""
    zhao = sample_roster().people["zhao_gang"].name
    waived = values.Waived(by=Text(zhao.en, zhao.en), reason="Wang Jun learns it", until=date(2026, 12, 31))
    outside = msgspec.structs.replace(waived, by=Text("Dr Outsider", "Dr Outsider"), reason="x")
    known = values.PlanFinding(id="R03", severity="warning", says=Text("一", "one"))
    findings = (msgspec.structs.replace(known, waived=waived), known, msgspec.structs.replace(known, waived=outside))
    report = gather(source(fire(), findings=findings))
    words = Page(as_html(report, lang)).words

    assert report.findings is not None
    assert [each.waived is None for each in report.findings] == [True, False, False]
    assert {"zh": "未决 1 项,豁免 2 项", "en": "1 open, 2 waived"}[lang] in words
    assert {"zh": "负责至 2026-12-31:", "en": "answers for it until 2026-12-31: "}[lang] in words
    assert {"zh": "外部人员E1负责至", "en": "waived: outsider E1 answers for it"}[lang] in words
    assert leaked(words) == []


@pytest.mark.parametrize(
    "path, id, well, badly",
    [
        (("roles", "control_room"), "R01", None, True),
        (("states", "verifying", "steps", "look", "done"), "T01", False, True),
        (("milestones", "first_look", "within"), "T02", False, True),
        (("states", "verifying", "steps", "look", "do"), "M01", None, None),
        (("states", "false_alarm", "steps", "record", "done"), "T01", None, None),
        ((), "W01", None, None),
    ],
)
def test_a_finding_is_confirmed_or_refuted_by_the_course(
    path: tuple[str, ...], id: str, well: bool | None, badly: bool | None
) -> None:
    """A time that was kept refutes what was found of it, one that was missed confirms it, as an empty place does what
    was found of a role; what the course shows nothing of it does not judge."""
    finding = values.PlanFinding(id=id, severity="warning", says=Text("一", "one"), path=path)
    for scene, yes in ((fire(), well), (silence(), badly)):
        report = gather(source(scene, findings=(finding,)))
        assert report.findings is not None
        seen = report.findings[0].borne_out
        assert (seen.yes if seen else None) == yes, scene.start
        assert seen is None or seen.refs
        words = Page(as_html(report, "en")).words
        assert {True: "confirmed", False: "refuted", None: "one"}[yes] in words


def test_print_leaves_out_traffic_and_says_so() -> None:
    """In a PDF stand the lines that the report names and those that turned the course; how many others there are, where
    they are, and the hash that the whole ends with. The HTML has all."""
    report = whole()
    everything_, printed = part(report, "en"), part(report, "en", whole=False)
    shown, every = listed(printed), listed(everything_)
    named = cited(section.blocks for section in printed.sections) & set(every)
    kinds = {f"#{n}": type(event).__name__ for n, (event, _) in enumerate(fire().log(), 1)}
    left = [ref for ref in every if ref not in shown]
    note = next(section for section in printed.sections if section.id == "raw").blocks[0].cells[0].text

    assert every == [each.ref for each in report.raw]
    assert named
    assert named <= set(shown)
    assert {kinds[ref] for ref in left} <= TRAFFIC
    assert {ref for ref in every if kinds.get(ref) not in TRAFFIC} <= set(shown)
    assert len(shown) < len(every) / 3
    assert f"{len(left)} lines of traffic are left out" in note
    assert f"Listed here are {len(shown)}" in note
    assert f"emergency log {report.cover.code} --all" in note
    assert report.cover.head in note
    assert "left out" not in next(s for s in everything_.sections if s.id == "raw").blocks[0].cells[0].text


def listed(made: Part) -> list[str]:
    """Return the lines that stand in annex A."""
    section = next(each for each in made.sections if each.id == "raw")
    return [row[0].text for block in section.blocks for row in block.rows]


def test_the_log_is_told_in_the_language_of_the_report() -> None:
    """No id of the plan and no word of the program's own stands in the Chinese list of lines; plans that may follow
    are named by their ids, for their titles are not in this log."""
    said = [each.says.zh for each in gather(source(fire())).raw if each.kind.en != "may follow"]
    ids = {match for line in said for match in re.findall(r"[a-z]+_[a-z_]+|console|yellow", line)}

    assert ids == set()
    assert any("火灾确认" in line for line in said)


@pytest.mark.parametrize(
    "typed, says", [("王军到了", r"总指挥·P\d+到了"), ("Wang Jun 王军 came", r"Commander · P\d+ Commander · P\d+ came")]
)
def test_a_label_stands_in_the_language_of_what_was_typed(typed: str, says: str) -> None:
    """Chinese words get the Chinese label, others the English one: no report is half in one and half in the other."""
    assert re.fullmatch(says, Reading(source(fire())).labels.clean(typed))


def test_a_share_of_nothing_is_no_share() -> None:
    """Where no message went out and people were told by radio, three answers are three, and no 0 %."""
    stages = [values.Stage(key="called", unit="calls", count=0), values.Stage(key="valid", unit="calls", count=3)]
    drawn = charts.funnel(stages, STAGES, UNITS, "en")

    assert ">3 requests<" in drawn
    assert "%" not in drawn


def test_the_words_of_the_layout_are_complete() -> None:
    """Every stage, cause and status that a report can hold has its words."""
    report = gather(source(silence()))

    assert {stage.key for stage in report.funnel} == set(STAGES)
    assert {bar.status for bar in report.timeline.bars} <= set(STATUSES)
    assert set(values.Report.__struct_fields__) >= {"scores", "gaps", "raw"}


@pytest.mark.parametrize(
    "raw, zh, en",
    [
        ("machine, no_answer", "语音信箱接听、无应答", "voicemail picked up, no answer"),
        ("number_not_in_use 21211", "空号(21211)", "number not in use (21211)"),
        ("30003", "运营商代码 30003", "the provider's code 30003"),
        ("", "", ""),
    ],
)
def test_reasons_are_said_in_words(raw: str, zh: str, en: str) -> None:
    """No reason of the log stands raw in a report; a provider's own code is named as one."""
    assert reasons_of(raw) == Text(zh, en)


def test_what_is_no_capability_is_not_listed_as_one() -> None:
    """The heap of answers to other injects, which is an objective of its own, is nothing that anybody is able to do."""
    assert "injects" not in CAPABILITIES
    assert "injects" in NO_CAPABILITY
    told = next(line.text for name, line in whole().overview if name.en == "Capabilities")
    assert told.en.startswith("milestones, ")
    assert "injects" not in told.en


# through the command line


class Desk:
    """The sample installation, typed at."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self("init", "--sample")

    def __call__(self, *words: str, code: int = 0) -> str:
        """Type a command; return all it said."""
        said = CliRunner().invoke(cli.main, ["--home", str(self.home), "--lang", "en", *words], prog_name="emergency")
        assert said.exit_code == code, said.output
        return said.output

    def json(self, *words: str) -> dict[str, object]:
        """Type a command with --json; return its document."""
        ran = CliRunner().invoke(cli.main, ["--home", str(self.home), *words, "--json"], prog_name="emergency")
        return json.loads(ran.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """An installation with an incident, XF01, and a rehearsal, RH1."""
    made = Desk(tmp_path_factory.mktemp("home"))
    made("trigger", "fire", "--at", "K12", "--drill")
    made("drill", "run", "fire", "--until", "10m", "--seed", "3")
    return made


@pytest.mark.parametrize("code", ["XF01", "RH1"])
def test_an_incident_and_a_rehearsal_are_reported(desk: Desk, tmp_path: Path, code: str) -> None:
    """By its code, wherever it is kept: page one on the terminal, HTML and PDF in files for the owner alone."""
    assert "head of the log" in desk("report", code)
    for name in ("a.html", "a.pdf"):
        desk("report", code, "--output", str(tmp_path / name))
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    doc = desk.json("report", code)
    cover = doc["cover"]
    assert isinstance(cover, dict)
    lines = desk.json("log", code)
    assert isinstance(lines, list)
    assert (cover["head"], cover["lines"]) == (lines[-1]["hash"], len(lines))


def test_what_is_said_afterwards_stands_in_the_report(desk: Desk) -> None:
    """Observed, rated over, said in the hot wash and agreed upon: each is in the book and in the report, in XF01 as in
    RH1, by somebody of the roster or from outside."""
    for code in ("XF01", "RH1"):
        desk("drill", "observe", code, "--by", "Feng Yun", "--about", "control_room", "PA not heard on 3F")
        desk("drill", "hotwash", code, "--by", "wang_jun", "--well", "119 at once", "--badly", "two radios flat")
        desk("drill", "rate", code, "R", "P", "--by", "Dr Outsider", "--reason", "told by radio")
        doc = desk.json("report", code)
        scores = {score["id"]: score for score in doc["scores"]}  # type: ignore[index, union-attr]
        texts = [note["text"] for note in doc["notes"]]  # type: ignore[index, union-attr]

        assert scores["R"]["rating"] == "P"
        assert scores["R"]["automatic"] != "P"
        assert doc["override_why"] == {"R": "told by radio"}
        assert texts == ["PA not heard on 3F", "119 at once", "two radios flat"]
    assert "every hash holds" in desk("log", "XF01", "--verify")


def test_an_action_is_carried_until_it_is_done(desk: Desk) -> None:
    """Agreed in one drill it stands in the next report as carried over; found again it is flagged; done, it goes."""
    add = ("--problem", "wet", "--action", "dry", "--owner", "li_wenbin", "--due", "2031-01-31", "--objective", "M1")
    desk("drill", "action", "add", "XF01", *add)
    carried = actions(desk, "RH1")
    desk("drill", "action", "add", "RH1", *add)
    again = actions(desk, "RH1")
    desk("drill", "action", "done", "XF01.A1", "--evidence", "tested", "--verified", "XF01")

    assert [(each["id"], each["carried"]) for each in carried] == [("XF01.A1", True)]
    assert [(each["id"], each["carried"], each["repeats"]) for each in again[:1]] == [("RH1.A1", False, "XF01.A1")]
    assert "XF01.A1" not in desk("drill", "action", "list")
    assert "XF01.A1" in desk("drill", "action", "list", "--all")


def actions(desk: Desk, code: str) -> list[dict[str, object]]:
    """Return the actions of a report."""
    found = desk.json("report", code)["actions"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    "typed, says",
    [
        (("report", "ZZ9"), "there is no incident and no drill ZZ9"),
        (("report", "XF01", "--output", "a.doc"), "end it with .html or .pdf"),
        (("drill", "observe", "XF01"), "nothing was observed"),
        (("drill", "rate", "XF01", "M1", "Q", "--by", "feng_yun", "--reason", "x"), "no rating"),
        (("drill", "rate", "XF01", "M1", "S", "--by", "feng_yun"), "needs a reason"),
        (("drill", "rate", "XF01", "M1", "S", "--reason", "x"), "'by' is missing"),
        (("drill", "rate", "XF01", "O9", "S", "--by", "feng_yun", "--reason", "x"), "has no objective O9"),
        (("drill", "answer", "XF01", "Q1", "yes"), "asks no question Q1"),
        (("drill", "hotwash", "XF01"), "nothing was said"),
        (("drill", "action", "done", "XF01.A9", "--evidence", "x"), "there is no action XF01.A9"),
        (
            (
                "drill",
                "action",
                "add",
                "XF01",
                "--problem",
                "x",
                "--action",
                "y",
                "--owner",
                "li_wenbin",
                "--due",
                "soon",
            ),
            "say a day as",
        ),
    ],
    ids=lambda each: " ".join(each[:3]) if isinstance(each, tuple) else "",
)
def test_wrong_words_are_refused_in_one_line(desk: Desk, typed: tuple[str, ...], says: str) -> None:
    """What is wrong and what to say instead; nothing is written."""
    before = written(desk)
    said = desk(*typed, code=2)

    assert says in said
    assert written(desk) == before


def written(desk: Desk) -> int:
    """Return how many entries all books have."""
    with contextlib.closing(sqlite3.connect(desk.home / "emergency.db")) as db:
        return int(db.execute("select count(*) from book").fetchone()[0])


def test_what_the_roll_call_said_is_read_and_checked(tmp_path: Path) -> None:
    """Who was said to be safe has arrived, by the line of the roll call; from one that was changed nothing is told."""
    desk = Desk(tmp_path)
    desk("trigger", "fire", "--at", "K12", "--drill")
    alerts = desk.json("status", "XF01")["alerts"]
    assert isinstance(alerts, list)
    first = next(each for each in alerts if each["code"])
    desk("reply", first["person"], f"{first['code']} 1")
    desk("muster", "XF01")
    desk("muster", "XF01", first["person"], "safe")
    desk("muster", "XF01", "close")
    doc = desk.json("report", "XF01")
    cards = {card["role"]: card for card in doc["cards"]}  # type: ignore[index, union-attr]

    assert cards[first["role"]]["there"] == 1
    assert cards[first["role"]]["counted"].startswith("R")
    assert any("1 safe, 0 in need of help" in line["text"]["en"] for _, line in doc["overview"])  # type: ignore[attr-defined]
    change(tmp_path, "update muster_line set data = cast(replace(data, 'safe', 'help') as blob) where kind = 'Said'")

    assert "roll call is broken" in desk("report", "XF01", code=5)


def test_waivers_are_read_where_they_are(desk: Desk) -> None:
    """As `playbook check` reads them: one that holds waives its finding, one that has ended is told, and a file that
    cannot be read is a finding too."""
    file = desk.home / "waivers.yaml"
    line = "  - {check: %s, plan: fire, name: Zhao Gang, reason: trained, until: '%s'}\n"
    before = findings(desk)
    check = next(each["id"] for each in before if each["severity"] == "warning")
    file.write_text("waivers:\n" + line % (check, "2099-12-31") + line % ("X01", "2020-01-31"), "utf-8")
    after = findings(desk)
    file.write_text("waivers: [", "utf-8")
    broken = findings(desk)
    file.unlink()

    assert all(each["waived"] is None for each in before)
    assert {each["id"] for each in after if each["waived"]} == {check}
    assert {each["waived"]["until"] for each in after if each["waived"]} == {"2099-12-31"}
    assert [each["id"] for each in after if each["id"] == "W02"] == ["W02"]
    assert len(broken) == len(before) + 1


def findings(desk: Desk) -> list[dict[str, Any]]:
    """Return what the report of XF01 says that the check of its plan found."""
    found = desk.json("report", "XF01")["findings"]
    assert isinstance(found, list)
    return found


def test_nothing_is_reported_from_a_log_that_was_changed(tmp_path: Path) -> None:
    """One byte of one line is enough: the report refuses, and names the line."""
    desk = Desk(tmp_path)
    desk("trigger", "fire", "--at", "K12", "--drill")
    data = "cast(replace(data, 'control_room', 'control_roon') as blob)"
    change(tmp_path, f"update event set data = {data} where seq = 3")

    assert "broken" in desk("report", "XF01", code=5)


def change(home: Path, statement: str) -> None:
    """Change one line of a store behind its back."""
    with contextlib.closing(sqlite3.connect(home / "emergency.db")) as db, db:
        for (trigger,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            db.execute(f"drop trigger {trigger}")
        assert db.execute(statement).rowcount == 1


def test_a_forecast_stands_beside_the_run_that_was_seen(desk: Desk, tmp_path: Path) -> None:
    """What `drill forecast --json` printed is read as it is, drawn behind the curve and told in section 10; anything
    else is refused in one line."""
    (tmp_path / "forecast.json").write_text(
        json.dumps(desk.json("drill", "forecast", "fire", "--runs", "20", "--cores", "1")), "utf-8"
    )
    (tmp_path / "other.json").write_text("[]", "utf-8")
    doc = desk.json("report", "RH1", "--forecast", str(tmp_path / "forecast.json"))
    found = doc["forecast"]
    assert isinstance(found, dict)

    assert found["runs"] == 20
    assert found["within"] == 300
    assert "no forecast as" in desk("report", "RH1", "--forecast", str(tmp_path / "other.json"), code=2)


def test_the_hot_wash_has_a_sheet_to_print(desk: Desk, tmp_path: Path) -> None:
    """Every objective to tick and every question, in both languages."""
    desk("drill", "hotwash", "XF01", "--form", str(tmp_path / "form.html"))
    text = (tmp_path / "form.html").read_text("utf-8")

    for words in ("first on the spot", "首人到场看", "What went well?", "哪些做得好?"):
        assert words in text
