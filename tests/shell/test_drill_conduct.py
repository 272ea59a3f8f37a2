"""Drills among people, conducted from the plan to the last line restored, by the verbs of a running server."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cli
from emergency.core import events as e
from emergency.core.wording import what_to_do
from emergency.drills import book as b
from emergency.drills.live import lines
from emergency.drills.live import running as live
from emergency.engine import Engine
from emergency.errors import CommandRefused
from emergency.notify import Message
from emergency.store.drills import Books
from emergency.store.store import SqliteStore
from emergency.verbs import perform
from tests.drilled import ALL, SCENARIO, put_scenario
from tests.fakes import FakeNotifier
from tests.installation import sample
from tests.serving import Running, make_app, make_home, until
from tests.small import roster

MODES = ("real", "drill", "live_drill")
OWNERS = roster().by_number()
LOST = "  I0: {kind: person.unreachable, at: 0s, target: emma, objective: O1}\n"


class Director:
    """The small building with a server, telephones that keep what they get, and somebody who directs drills."""

    def __init__(self, home: Path, modes: tuple[Any, ...] = MODES) -> None:
        self.home = home
        self.sms, self.voice = FakeNotifier(modes=modes), FakeNotifier("voice", modes=modes)
        self.running = Running(make_app(home, {}, [self.sms, self.voice])).start()
        self.store = SqliteStore(home / "emergency.db")

    def stop(self) -> None:
        """Stop the server; what it wrote stays."""
        self.running.stop()
        self.store.close()

    def restart(self) -> None:
        """Stop the server, and start another over the same store."""
        self.stop()
        again = Director(self.home)
        self.__dict__.update(again.__dict__)

    def asks(self, verb: str, **args: Any) -> dict[str, Any]:
        """Ask, whatever comes of it."""
        return self.running.asks(f"drill-{verb}", **args)

    def does(self, verb: str, **args: Any) -> dict[str, Any]:
        """Ask for what must be possible."""
        document = self.asks(verb, **args)
        assert "error" not in document, document
        return document

    def refused(self, verb: str, status: int = 3, **args: Any) -> str:
        """Ask for what must not be possible; return the words."""
        document = self.asks(verb, **args)
        assert document.get("exit") == status, document
        return str(document["error"])

    def plans(self, **args: Any) -> dict[str, Any]:
        """Plan a drill that anna directs."""
        usual = {"scenario": "leak_drill", "director": "anna", "begins": "2031-03-03 10:00"}
        return self.does("plan", **{**usual, **args})

    def begins(self, **args: Any) -> dict[str, Any]:
        """Plan one, tell the alarm centre, let two people release it, and begin."""
        self.plans(**{"begins": None, **args})
        for who in ("alarm_centre", "tenants"):
            self.does("notice", who=who, to="Ms Zhao", by="anna")
        self.does("release", by="anna")
        self.does("release", by="boris")
        return self.does("begin", by="anna")

    def messages(self) -> list[Message]:
        """Return what went to telephones."""
        return [*self.sms.asked, *self.voice.asked]

    def book(self, code: str = "DR1") -> list[b.AnyEntry]:
        """Return the entries of a drill's book, as another process reads them."""
        books = Books(self.store)
        row = books.by_code(code)
        assert row is not None
        assert books.verify(row.id) > 0
        return [written.entry for written in books.read(row.id)]

    def wait_for(self, kind: type[b.Entry], **fields: Any) -> Any:
        """Wait for an entry with these fields, and return it."""

        def look() -> Any:
            found = (x for x in self.book() if isinstance(x, kind))
            return next((x for x in found if all(getattr(x, k) == v for k, v in fields.items())), None)

        return until(look, f"for {kind.__name__} {fields}")

    def says(self, person: str, text: str) -> None:
        """Let somebody answer."""
        assert "error" not in self.running.asks("reply", person=person, text=text)


@pytest.fixture
def director() -> Iterator[Director]:
    """A building that has a scenario."""
    home = make_home()
    put_scenario(home)
    made = Director(home)
    yield made
    made.stop()
    shutil.rmtree(home, ignore_errors=True)


def test_a_drill_is_not_released_before_everybody_who_must_know_does(director: Director) -> None:
    """Open notices are named with the command that closes them; nothing else lets a drill be released."""
    director.plans()
    said = director.refused("release", by="anna")
    assert 'emergency drill notice DR1 alarm_centre --to "NAME" --by NAME' in said
    assert "tenants" not in said, "told in time, years before"
    assert "two people release it first" in director.refused("begin")
    director.does("notice", who="alarm_centre", to="Ms Zhao", by="anna")
    assert director.does("release", by="anna")["state"] == "planned"
    assert director.does("release", by="anna")["state"] == "planned", "one person twice is not two people"
    assert "say who answers for it" in director.refused("release", 2)
    assert director.does("release", by="Boris Blum")["state"] == "released"
    assert director.store.open_incidents() == []


def test_what_is_told_too_late_is_to_be_confirmed(director: Director) -> None:
    """Three working days before it begins are not kept by a drill that begins now; a confirmation counts instead."""
    director.plans(begins=None)
    director.does("notice", who="alarm_centre", to="Ms Zhao", by="anna")
    assert "tenants is told too late (3 working days before)" in director.refused("release", by="anna")
    director.does("notice", who="tenants", to="Mr Li", by="anna")
    assert director.does("release", by="anna")["released"] == ["anna"]


@pytest.mark.parametrize(
    "args, status, says",
    [
        pytest.param({"kind": "simulated"}, 2, "emergency drill run", id="a simulation needs no plan"),
        pytest.param({"kind": "tabletop"}, 2, "emergency drill table", id="nor does a table"),
        pytest.param({"kind": "fulll"}, 2, "Did you mean", id="no kind"),
        pytest.param({"director": "nobody"}, 2, "not in the roster", id="no such director"),
        pytest.param({"director": ""}, 2, "'director' is missing", id="no director"),
        pytest.param({"scenario": "leek_drill"}, 2, "leak_drill", id="no such scenario"),
        pytest.param({"with": ["guards"]}, 2, "guard", id="no such role"),
        pytest.param({"observers": ["x"]}, 2, "not in the roster", id="no such observer"),
        pytest.param({"begins": "tomorrow"}, 2, "is no time", id="no time"),
        pytest.param({"begins": "2020-01-01 10:00"}, 2, "is past", id="a time that has gone by"),
    ],
)
def test_bad_plans(director: Director, args: dict[str, Any], status: int, says: str) -> None:
    """A plan with wrong words is refused with the right ones, and nothing is planned."""
    usual = {"scenario": "leak_drill", "director": "anna", "begins": "2031-03-03 10:00"}
    assert says in director.refused("plan", status, **{**usual, **args})
    assert Books(director.store).all() == []


@pytest.mark.parametrize(
    "old, new, says",
    [
        pytest.param("{id: leak}", "{id: leak, revision: 0123456789ab}", "revision", id="another revision of the plan"),
        pytest.param("scenario: leak_drill", "scenario: leak_drill\nsite: tower", "tower", id="another site"),
        pytest.param("  notices:", "  violent: yes\n  notices:", "announced", id="violence unannounced"),
        pytest.param("记者来电", "这不是演练", "says that this is no drill", id="a text that denies the drill"),
        pytest.param("a reporter calls", "This is not a drill!", "says that this is no drill", id="in English"),
    ],
)
def test_scenarios_that_may_not_be_played_on_telephones(director: Director, old: str, new: str, says: str) -> None:
    """What a scenario must not do on real telephones is refused with its file before anything is planned."""
    text = SCENARIO.replace(old, new)
    put_scenario(
        director.home, text.replace('"2026', 'notice: window\nbegins: "2026').replace("begins: notice", "notice")
    )
    said = director.refused("plan", 2, scenario="leak_drill", director="anna")
    assert says in said
    assert "leak_drill.yaml" in said


def test_a_scenario_without_notices_is_not_played_on_telephones(director: Director) -> None:
    """Who must know beforehand cannot be left out."""
    start, end = SCENARIO.index("safety:"), SCENARIO.index("objectives:")
    put_scenario(director.home, SCENARIO[:start] + SCENARIO[end:])
    assert "nobody who must know beforehand" in director.refused("plan", 2, scenario="leak_drill", director="anna")


def test_a_full_drill_from_the_plan_to_the_last_line(director: Director) -> None:
    """Planned, told, released by two, begun, injects by time and condition, frozen, gone on, ended, restored, closed:
    only those who take part are rung, every text is marked at both ends, and the book says who did what."""
    shown = director.begins(observers=["gina"], **{"with": ["guard", "control_room", "boris"]})
    code, players = shown["incident"], {"boris", "chloe", "dmitri", "felix"}
    assert set(shown["participants"]) == players
    director.wait_for(b.InjectReleased, inject="I1")
    director.wait_for(b.InjectReleased, inject="I4")
    assert director.running.asks("status", code=code)["facts"]["litres"] == "20"
    director.says("chloe", f"{code}C 2")
    assert director.wait_for(b.InjectReleased, inject="I2").planned is not None
    director.says("chloe", f"{code}D 2")
    expected = director.running.asks("status", code=code)
    assert (expected["state"], expected["expected"]) == ("drying", ["noise"]), "what is only expected is in no way"
    assert director.does("pause", by="emma")["state"] == "paused"
    assert "only the director" in director.refused("resume", by="emma")
    assert director.does("resume", by="anna")["state"] == "running"
    assert director.does("inject", inject="i6", by="anna")["state"] == "running"
    assert director.running.asks("status", code=code)["severity"] == "red"
    director.does("skip", inject="I3", reason="enough water", by="anna")
    assert director.does("end", by="anna")["lines_open"] == ["alarm_centre"]
    assert "not confirmed as restored: alarm_centre" in director.refused("close", by="anna")
    director.does("restored", who="alarm_centre", to="Ms Zhao", by="anna")
    assert director.does("close", by="anna")["state"] == "closed"
    until(lambda: any("ended" in m.text or "结束" in m.text for m in director.messages()), "for the farewell")
    assert {OWNERS[m.to] for m in director.messages()} <= players
    for message in director.messages():
        assert message.mode == "live_drill"
        assert message.text.count("演练" if message.language == "zh" else "DRILL") + message.text.count("rill") >= 2
    kinds = [type(entry).__name__ for entry in director.book()]
    assert kinds[:6] == ["Planned", "NoticeConfirmed", "NoticeConfirmed", "Released", "Released", "Begun"]
    assert kinds[-3:] == ["Ended", "LineRestored", "Closed"]
    assert director.store.open_incidents() == []


def test_pressing_everything_twice_does_it_once(director: Director) -> None:
    """A second press of each button changes nothing and is no error."""
    director.plans(begins=None, **{"with": ["guard"]})
    director.does("notice", who="tenants", to="Mr Li", by="anna")
    steps: list[tuple[str, dict[str, Any]]] = [
        ("notice", {"who": "alarm_centre", "to": "Ms Zhao", "by": "anna"}),
        ("release", {"by": "boris"}), ("release", {"by": "anna"}), ("begin", {"by": "anna"}),
        ("inject", {"inject": "I6", "by": "anna"}), ("skip", {"inject": "I3", "reason": "x", "by": "anna"}),
        ("pause", {"by": "emma"}), ("resume", {"by": "anna"}), ("end", {"by": "anna"}),
        ("restored", {"who": "alarm_centre", "to": "Ms Zhao", "by": "anna"}), ("close", {"by": "anna"}),
    ]  # fmt: skip
    for verb, args in steps:
        director.does(verb, drill="DR1", **args)
        before = director.book()
        if verb == "restored":
            director.does(verb, drill="DR1", **args)
        else:
            director.asks(verb, drill="DR1", **args)
        after = [entry for entry in director.book()[len(before) :] if not isinstance(entry, b.InjectReleased)]
        assert after == [], (verb, after)
    assert sum(isinstance(entry, b.InjectReleased) and entry.inject == "I6" for entry in director.book()) == 1
    assert len(director.store.all_incidents()) == 1


def test_a_plan_that_is_pressed_twice_is_one(director: Director) -> None:
    """The same plan again is the same drill until it has begun; another time is another drill. Which one is shown is
    plain while one goes on."""
    first = director.plans(**{"with": ["guard"]})
    assert director.plans(**{"with": ["guard"]})["drill"] == first["drill"]
    assert director.plans(**{"with": ["guard"]}, begins="2031-03-04 10:00")["drill"] == "DR2"
    assert "several drills" in director.refused("show", 2)
    director.does("abort", drill="DR1", reason="another day")
    assert director.plans(**{"with": ["guard"]})["drill"] == "DR3", "one that was given up is no plan"
    director.plans(begins=None, **{"with": ["guard"]})
    for who in ("alarm_centre", "tenants"):
        director.does("notice", drill="DR4", who=who, to="Ms Zhao", by="anna")
    director.does("release", drill="DR4", by="anna")
    director.does("release", drill="DR4", by="boris")
    director.does("begin", drill="DR4", by="anna")
    assert director.does("show")["drill"] == "DR4"


def test_a_restart_keeps_what_is_to_come_and_repeats_nothing(director: Director) -> None:
    """Injects are rows of the store: a server that begins in the middle goes on where the other stopped."""
    put_scenario(director.home, SCENARIO.replace("at: 30m", "at: 3s"))
    director.begins(**{"with": ["guard"]})
    director.wait_for(b.InjectReleased, inject="I1")
    director.restart()
    director.wait_for(b.InjectReleased, inject="I3")
    released = [entry.inject for entry in director.book() if isinstance(entry, b.InjectReleased)]
    assert sorted(released) == sorted(set(released)), "each inject came once"
    assert director.does("abort", reason="enough", by="emma")["state"] == "over"


def test_a_call_out_asks_for_answers_alone_and_ends_when_all_have_answered(director: Director) -> None:
    """Every role of the start is asked to stand by, and nothing else is asked; the drill ends with the last answer and
    says who answered when."""
    code = director.begins(kind="callout", director="gina", **{"with": list(ALL)})["incident"]
    incident = director.running.asks("status", code=code)
    assert {step["step"] for step in incident["steps"]} <= {"stand_by"}
    asked = until(lambda: [m for m in director.messages() if m.channel == "sms"], "for the first texts")
    assert all("only answer" in m.text or "只需答复" in m.text for m in asked), "nobody gets up at night for it"
    assert incident["calls"] == []
    for person in ("anna", "chloe", "emma"):
        director.says(person, f"{code} 1")
    shown = director.does("show")
    assert {each["role"] for each in shown["answers"] if each["after"] is None} == {"control_room"}
    director.says("felix", f"{code} 1")
    assert director.wait_for(b.Ended).because == "scenario"
    answers = {each["role"]: each["person"] for each in director.does("show")["answers"]}
    assert answers == {"commander": "anna", "guard": "chloe", "porter": "emma", "control_room": "felix"}
    assert not any(isinstance(x, e.FactReported) for x, _ in director.store.history(_id(director)))


def test_nothing_in_a_call_out_makes_anybody_act(director: Director) -> None:
    """Nobody is told that they command, or are to wait for orders, in a text or a call; and whoever commands is not
    told of a place that nobody is left for: they would send somebody."""
    code = director.begins(kind="callout", director="gina", **{"with": list(ALL)})["incident"]
    until(lambda: any(m.channel == "voice" for m in director.messages()), "for the commander's call")
    until(lambda: {"zh", "en"} <= {m.language for m in director.sms.asked}, "for the texts")
    director.says("felix", f"{code} 3")
    said = {lang: " ".join(m.text for m in director.messages() if m.language == lang) for lang in ("zh", "en")}
    assert "Only answer, do nothing" in said["en"]
    assert "只需答复,不要行动" in said["zh"]
    assert not re.search(r"command:|orders|send someone|任指挥|听指令|请另派人", said["en"] + said["zh"], re.IGNORECASE)
    events = [event for event, _ in director.store.history(_id(director))]
    assert any(isinstance(event, e.RoleUnfilled) and event.role == "control_room" for event in events)
    assert not any(isinstance(event, e.AlertRequested) and event.kind == "gap" for event in events)


def test_a_call_out_is_scored_by_who_was_called(director: Director) -> None:
    """Its plan has no steps; that every critical role answered means all those that it called."""
    whole = "metric: role_acked, subject: commander,"
    put_scenario(director.home, SCENARIO.replace(whole, "metric: all_critical_acked,"))
    code = director.begins(kind="callout", director="gina", **{"with": list(ALL)})["incident"]
    for person in ("anna", "chloe", "emma", "felix"):
        director.says(person, f"{code} 1")
    director.wait_for(b.Ended)
    words = ["--home", str(director.home), "report", "DR1", "--json"]
    said = CliRunner().invoke(cli.main, words, prog_name="emergency")
    assert said.exit_code == 0, said.output
    scores = json.loads(said.stdout)["scores"]
    assert [score["rating"] for score in scores] == ["P"], scores


def _id(director: Director) -> str:
    return str(director.store.all_incidents()[0].id)


def test_something_real_freezes_the_drill_and_keeps_it_frozen(director: Director) -> None:
    """A real incident stops a drill at once, the book says why, and nobody lets it go on while that is open."""
    director.begins(**{"with": ["guard"]})
    real = director.running.asks("trigger", playbook="noise", at="yard")["incident"]
    assert director.does("show")["state"] == "paused"
    entry = director.wait_for(b.Paused)
    assert (entry.because, entry.other) == ("real", real)
    assert real in director.refused("resume", by="anna")
    assert "stands still" in director.refused("inject", inject="I6")
    director.running.asks("cancel", code=real, reason="a cat")
    assert director.does("resume", by="anna")["state"] == "running"


def test_a_drill_does_not_begin_while_something_real_goes_on(director: Director) -> None:
    """What is real comes first, and so does another drill on telephones."""
    director.begins(**{"with": ["guard"]})
    director.plans()
    for verb, args in (("notice", {"who": "alarm_centre", "to": "x", "by": "anna"}), ("release", {"by": "anna"})):
        director.does(verb, drill="DR2", **args)
    director.does("release", drill="DR2", by="boris")
    assert "the drill XL01 goes on" in director.refused("begin", drill="DR2")
    director.does("end", drill="DR1", by="anna")
    director.running.asks("trigger", playbook="noise", at="yard")
    assert "N01 is real and goes on" in director.refused("begin", drill="DR2")


def test_a_drill_begins_when_it_was_announced(director: Director) -> None:
    """Whoever was told takes a line off at that time: a drill on another day would be a false alarm."""
    director.plans(begins="2031-03-03 10:00")
    director.does("notice", who="alarm_centre", to="Ms Zhao", by="anna")
    director.does("release", by="anna")
    director.does("release", by="boris")
    assert "announced for 2031-03-03 10:00" in director.refused("begin", by="anna")


def test_a_drill_does_not_begin_without_a_sender_of_its_own_or_a_server(director: Director) -> None:
    """Without a sender for drills, or nobody to watch, it says what to set and what to start."""
    director.plans()
    director.does("notice", who="alarm_centre", to="x", by="anna")
    director.does("release", by="anna")
    director.does("release", by="boris")
    director.stop()
    app = make_app(director.home, {}, [FakeNotifier()])
    engine = app.engine()
    engine.store.stop_beating("serve", director.running.server.worker if director.running.server else "")
    with pytest.raises(CommandRefused) as refused:
        perform(app.desktop, engine, "drill-begin", {})
    engine.store.close()
    assert "TWILIO_DRILL_FROM" in str(refused.value)
    assert "emergency serve" in str(refused.value)
    director.restart()


def test_words_of_the_directors_own_go_to_players_alone_and_never_deny_the_drill(director: Director) -> None:
    """What stands in no script is marked like all else; it reaches nobody who does not take part."""
    director.begins(**{"with": ["guard"]})
    assert "no drill" in director.refused("say", 2, text="this is NOT a drill", to=["guard"])
    for words in ("smoke, call 119 now", "请拨打119", "dial 1-1-2 or 911"):
        assert "nobody dials in a drill" in director.refused("say", 2, text=words, to=["guard"])
    for words in ("quick, this is real", "真的着火了,快跑", "这不是演习"):
        assert "says that this is no drill" in director.refused("say", 2, text=words, to=["guard"])
    for words in ("this is no  duff", "真实 警情!"):
        assert "emergency drill stop" in director.refused("say", 2, text=words, to=["guard"])
    assert "does not take part" in director.refused("say", text="smoke", to=["emma"])
    assert "to whom" in director.refused("say", 2, text="smoke")
    director.does("say", text="smoke in the yard", to=["guard"], by="anna")
    said = until(lambda: next((m for m in director.messages() if "smoke in the yard" in m.text), None), "for the words")
    assert said.text.startswith("[Old Mill] DRILL ")
    assert said.text.endswith(" DRILL")
    entry = director.wait_for(b.InjectReleased, adhoc=True)
    assert entry.text is not None
    assert entry.text.startswith("seal:"), "typed words are kept beside the book"


def test_what_a_coordinator_is_refused_is_said_in_chinese_too(director: Director) -> None:
    """Whatever is typed wrong before and in a drill is answered in Chinese as well, with what is there instead."""
    before: list[tuple[str, dict[str, Any], str]] = [
        ("plan", {"scenario": "leak_drill"}, "缺少“director”"),
        ("plan", {"scenario": "leak_drill", "director": "anna", "begins": "tomorrow"}, "不是时间"),
        ("plan", {"scenario": "leak_drill", "director": "anna", "begins": "2020-01-01"}, "已经过去"),
        ("notice", {"by": "anna"}, "alarm_centre、tenants"),
        ("notice", {"who": "mayor", "to": "x", "by": "anna"}, "不在 DR1 的告知名单里。可用:alarm_centre、tenants"),
        ("notice", {"who": "tenants", "by": "anna"}, "对方谁确认的"),
        ("release", {}, "请具名负责"),
        ("abort", {}, "缺少“reason”"),
        ("show", {"as": "boss"}, "control、evaluator 或 player"),
        ("stop", {"code": "XL99"}, "没有正在进行的演练"),
    ]
    during: list[tuple[str, dict[str, Any], str]] = [
        ("inject", {}, "哪条注入:I1、I2"),
        ("skip", {"inject": "I3"}, "缺少“reason”"),
        ("say", {"to": ["guard"]}, "说什么"),
        ("say", {"text": "有烟"}, "告诉谁"),
        ("say", {"text": "有烟", "to": ["emma"]}, "没有参演"),
        ("say", {"text": "这不是演练", "to": ["guard"]}, "演练中不能这样说"),
        ("say", {"text": "真实警情", "to": ["guard"]}, "真实警情口令"),
        ("say", {"text": "请拨119", "to": ["guard"]}, "向导演组报"),
        ("stop", {"abort": True}, "中止要写理由"),
    ]
    director.plans()
    _are_said_in_chinese(director, before)
    director.does("abort", reason="planned anew")
    director.begins(**{"with": ["guard"]}, drill=None)
    _are_said_in_chinese(director, during)


def _are_said_in_chinese(director: Director, presses: list[tuple[str, dict[str, Any], str]]) -> None:
    for verb, args, says in presses:
        document = director.asks(verb, **args)
        assert says in document.get("error_zh", ""), (verb, args, document)
        assert says not in document["error"]


def test_the_page_says_what_comes_next_and_what_has_no_effect(director: Director) -> None:
    """Who still has to release it, that it may begin, and that an inject hits somebody who takes no part."""
    put_scenario(director.home, SCENARIO.replace("  I1:", LOST + "  I1:", 1))
    shown = director.plans(begins=None, **{"with": ["guard"]})
    page = "\n".join(lines.drill(shown, "zh"))
    assert "I0 艾玛 联系不上  (此人不参演,不起作用!)" in page
    assert "3 个工作日" in page
    for who in ("alarm_centre", "tenants"):
        director.does("notice", who=who, to="Ms Zhao", by="anna")
    first = director.does("release", by="anna")
    assert "Still missing: a second person releases it: emergency drill release DR1" in "\n".join(
        lines.drill(first, "en")
    )
    both = director.does("release", by="boris")
    assert "It may begin: emergency drill begin DR1" in "\n".join(lines.drill(both, "en"))
    begun = director.does("begin", by="anna")
    assert [each["inject"] for each in begun["truth"] if each["misses"]] == ["I0"]
    assert "情景  (此人不参演,不起作用!)" in next(line for line in lines.drill(begun, "zh") if "注入 I0  " in line)


def test_players_see_no_script(director: Director) -> None:
    """Whoever plays learns of injects only what is told to players: not from status, log or their own view."""
    code = director.begins(**{"with": ["guard"]})["incident"]
    director.wait_for(b.InjectReleased, inject="I4")
    public = [director.running.asks(verb, code=code) for verb in ("status", "log")]
    public.append(director.does("show", **{"as": "player"}))
    for document in public:
        said = str(document)
        assert "reporter" not in said
        assert "'I6'" not in said
        assert "'I3'" not in said
    assert [each["inject"] for each in public[-1]["happened"]] == ["I4"]
    evaluator = director.does("show", **{"as": "evaluator"})
    assert [each["inject"] for each in evaluator["happened"]] == ["I1", "I4"]
    assert "next" not in evaluator
    assert "truth" not in evaluator
    assert [each["inject"] for each in director.does("show")["next"]] == ["I3"]


def test_a_roll_call_of_a_drill_asks_players_alone(director: Director) -> None:
    """Neither the roll call nor a list of further people brings in anybody who does not take part."""
    code = director.begins(**{"with": ["guard"]})["incident"]
    director.running.asks("muster", code=code)
    row = {"name": "Guest", "number": "+13125550177", "place": "hall"}
    said = director.running.asks("muster-expect", code=code, rows=[row])
    assert said["exit"] in (2, 3), said
    assert {OWNERS.get(m.to, "a guest") for m in director.messages()} <= {"chloe", "dmitri"}


def test_the_director_is_nagged_until_the_line_is_restored(director: Director) -> None:
    """A line that nobody confirmed is real: ten minutes after the end, and every ten, the director reads so."""
    director.begins(**{"with": ["guard"]})
    director.does("end", by="anna")

    def nagged(engine: Engine) -> bool:
        assert engine.conduct is not None
        engine.store.set_timers(_id(director), {live.NAG: None})
        engine.conduct.nag(engine, engine.incident(_id(director)))
        return engine.store._db.execute("select 1 from timer where name = ?", (live.NAG,)).fetchone() is not None

    assert director.running.on_loop(lambda server: server.desk.do(nagged)), "and again later"
    said = until(lambda: next((m for m in director.messages() if m.mode == "real"), None), "for the nag")
    assert OWNERS[said.to] == "anna"
    assert "alarm_centre has NOT confirmed" in said.text
    assert "DRILL" not in said.text, "an alarm that nobody hears is no practice"
    director.does("restored", who="alarm_centre", to="x", by="anna")
    assert not director.running.on_loop(lambda server: server.desk.do(nagged))
    assert sum(m.mode == "real" for m in director.messages()) == 1


def test_agencies_are_played(tmp_path: Path) -> None:
    """A step that calls an agency says so to control in a drill: its number is neither shown nor sent, and the same
    step of a real incident shows it."""
    app = sample(tmp_path)
    engine = app.engine()
    for drill in (True, False):
        code = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12", "drill": drill})["incident"]
        moved = {"code": code, "to": "evacuating", "override": True, "reason": "flames"}
        shown = perform(app.desktop, engine, "transition", moved)
        brigade = next(call for call in shown["calls"] if call["agency"] == "fire_brigade")
        on_screen = next(step["do"]["zh"] for step in shown["steps"] if step["step"] == brigade["step"])
        assert ("切勿拨打" in on_screen, "119" in on_screen) == (drill, not drill), (
            "the operator dials what stands there"
        )
        assert (brigade["number"], brigade["played"]) == ((None, True) if drill else ("119", False))
        run = next(r for r in engine.incident(_named(engine, code)).steps.values() if r.name == brigade["step"])
        asks = {lang: what_to_do(engine.incident(_named(engine, code)), run, lang) for lang in ("zh", "en")}
        assert ("control" in asks["en"], "切勿拨打" in asks["zh"]) == (drill, drill)
        assert ("119" in asks["zh"]) != drill
    engine.store.close()


def _named(engine: Engine, code: str) -> str:
    row = engine.store.incident_by_code(code)
    assert row is not None
    return row.id
