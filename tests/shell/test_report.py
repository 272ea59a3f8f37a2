"""The after-action report: every section in both languages, figures that agree with the log, nobody's name or number,
and words of anybody's that stay words."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from datetime import timedelta
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

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
from emergency.report import layout, values
from emergency.report.gather import CAPABILITIES, NO_CAPABILITY, Source, gather
from emergency.report.labels import reasons_of
from emergency.report.layout import CAUSES, STAGES, TITLES
from emergency.report.pages import as_html, as_pdf
from emergency.report.show import document
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
        values.PlanFinding(id=x.id, severity=x.severity, says=Text(x.zh, x.says), waived=False, reason="")
        for x in found
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


def test_the_words_of_the_layout_are_complete() -> None:
    """Every stage, cause and status that a report can hold has its words."""
    report = gather(source(silence()))

    assert {stage.key for stage in report.funnel} == set(STAGES)
    assert {bar.status for bar in report.timeline.bars} <= set(layout.STATUSES)
    assert set(values.Report.__struct_fields__) >= {"scores", "gaps", "raw"}


@pytest.mark.parametrize(
    "raw, zh, en",
    [
        ("machine, no_answer", "语音信箱接听、无人接听", "voicemail picked up, nobody picked up"),
        ("number_not_in_use 21211", "号码停用(21211)", "number not in use (21211)"),
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


def test_nothing_is_reported_from_a_log_that_was_changed(tmp_path: Path) -> None:
    """One byte of one line is enough: the report refuses, and names the line."""
    desk = Desk(tmp_path)
    desk("trigger", "fire", "--at", "K12", "--drill")
    with sqlite3.connect(tmp_path / "emergency.db") as db:
        for (trigger,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            db.execute(f"drop trigger {trigger}")
        changed = db.execute(
            "update event set data = cast(replace(data, 'control_room', 'control_roon') as blob) where seq = 3"
        )
        assert changed.rowcount == 1
    db.close()

    assert "broken" in desk("report", "XF01", code=5)


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
