"""The words people receive: complete in both languages, a drill marked at both ends, and no name in the store."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core import playbook as p
from emergency.core.calls import Kind
from emergency.core.incident import ASKING, evolve
from emergency.core.sandbox import LONGEST
from emergency.core.site import Wanted
from emergency.core.templates import ELSEWHERE, REASONS, TEMPLATES
from emergency.core.values import SEVERITY_WORDS, Severity
from emergency.core.wording import (
    Line,
    answer,
    bare_words,
    render_sms,
    render_voice,
    script,
    spoken,
    voice_keys,
    words_for,
    wrap,
)
from emergency.loader import read_playbook, read_site
from tests.core.small import SECOND, STILL, TEAM, Night, a_fact, a_plan, a_state, a_step, member, words

ROOT = Path(__file__).parents[2]
DRILL = {"zh": ("【演练】", "【演练】"), "en": ("DRILL ", " DRILL")}
SPOKEN_DRILL = {"zh": ("演练", "以上是演练。"), "en": ("Drill, drill, drill.", "This was a drill.")}
LANGUAGES = ("zh", "en")
LOOK = a_step(
    "look", decision=(p.Answer(name="fire", says=words("fire")), p.Answer(name="none", says=words("nothing")))
)
PLAN = a_plan(
    a_state("first", LOOK, a_step("lock", role="desk"), a_step("sweep", per="zones"), leave=(STILL,)),
    calls="desk manager guard helper",
    facts=(a_fact("smoke"), a_fact("people", "count"), a_fact("course", "text")),
    agencies=(p.Agency(name="brigade", say=words("{place} {people} {smoke} {course} {guard.name} {helper.name}")),),
)


def a_night(language="en", mode="real", **more):
    """A night in which everybody speaks one language."""
    team = [msgspec.structs.replace(m, language=language) for m in TEAM]
    return Night(PLAN, team=team, mode=mode, **more)


def lines_to(night, person):
    """What this person was sent so far."""
    return [words_for(night.incident, alert) for alert in night.alerts(person)]


def everything(night):
    """One line of each kind that exists."""
    night.do(c.AskHelp(person="gina"))
    if night.incident.mode != "real":
        night.do(c.ResumeDrill(by="carla"))  # a cry for help stopped it
    night.do(c.MergeReport(by="console", place="f2", note="seal:1"))
    night.do(c.AddNote(by="gina", text="seal:1", show=True))
    night.do(c.Tell(by="console", text="seal:1"))
    night.do(c.HandOver(person="carla", by="console"))
    night.do(c.ChangeSeverity(to=Severity.orange, by="console"))
    night.wait(150 * SECOND)
    night.acknowledge("gus", "look")
    night.decline("dora", "lock")
    night.decline("gus", "look")
    night.do(c.AssignRole(role="helper", person="gus", by="console"))
    night.do(c.CancelIncident(by="console", reason="seal:1"))
    return [words_for(night.incident, alert) for alert in night.alerts()]


KINDS = {"task", "stand_by", "update", "taken", "passed_on", "gap", "tell", "merged", "note", "false_alarm"}
HELP = {"real": {"help"}, "drill": {"real_help", "drill_real", "drill_on"}}
HELP["live_drill"] = HELP["drill"]
NAMES = {m.id: m.id.title() for m in TEAM}


def ends(said, language, marks):
    """Whether the text stands between the drill marks of its language."""
    first, last = marks[language]
    return said.startswith(first) and said.endswith(last)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", ["real", "drill", "live_drill"])
def test_every_kind_of_message(language, mode):
    """Each kind has words in both languages, in writing and in speech, and nothing in them is left open."""
    lines = everything(a_night(language, mode))
    assert {line.kind for line in lines} >= KINDS | HELP[mode]
    for line in lines:
        sms = render_sms([line], NAMES, {"seal:1": "typed words"})
        said, _ = render_voice([line], NAMES, {"seal:1": "typed words"})
        for text in (sms, said, bare_words(line)):
            assert not re.search(r"[{}]|None|seal:|\?\?", text), (line.kind, text)
        assert (language == "zh") is bool(re.search("[一-鿿]", said))


@pytest.mark.parametrize("mode", ["drill", "live_drill"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_drill_is_marked_at_both_ends(language, mode):
    """Every text of a drill begins (behind the signature) and ends with the mark, and every call too."""
    for line in everything(a_night(language, mode)):
        sms = render_sms([line], NAMES, {})
        body = re.sub(r"^(【[^】]*】|\[[^\]]*\] )", "", sms, count=1)
        assert ends(body, language, DRILL), sms
        assert ends(bare_words(line), language, DRILL)
        said, _ = render_voice([line], NAMES, {})
        assert ends(said, language, SPOKEN_DRILL), said


EVERY_KIND = [*get_args(Kind), "relief_command", "stand_down", "false_alarm", "cancelled"]
"""What an alert may be, and what its words may be of besides: a relief of command, and each end."""


def of_kind(kind, language, mode):
    """One line of this kind, whatever it takes to come about."""
    night = a_night(language, mode)
    step = next(run for run in night.incident.steps.values() if run.name == "look")
    wanted = tuple(Wanted(person=p, role="guard", here=here) for p, here in (("gus", "dora"), ("dora", None)))
    asked = kind if kind in get_args(Kind) else "relief" if kind == "relief_command" else "ended"
    alert = e.AlertRequested(
        alert="a99", person="gina", kind=asked, role="guard", step=step.id if asked in ASKING else None,
        about={"merged": "f2", "relief": "dora"}.get(kind, "X07" if kind in ELSEWHERE else night.incident.command),
        text="seal:1" if kind in ("tell", "note", "merged") else None,
        wanted=wanted if kind in (*ELSEWHERE, "no_relief") else (),
    )  # fmt: skip
    line = words_for(evolve(night.incident, alert, night.now), evolve(night.incident, alert, night.now).alerts["a99"])
    line = msgspec.structs.replace(line, kind=kind) if kind in ("stand_down", "false_alarm", "cancelled") else line
    assert line.kind == kind
    return line


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [kind for kind in EVERY_KIND if kind != "ended"])
def test_every_kind_of_a_drill_is_marked_at_both_ends(kind, language):
    """Each kind of message that the core can ask for, in writing, on a page and in speech: whoever sees or hears only
    its beginning or only its end knows that it is practice; the same for real says nothing of the kind."""
    line, texts = of_kind(kind, language, "drill"), {"seal:1": "typed words"}
    body = re.sub(r"^(【[^】]*】|\[[^\]]*\] )", "", render_sms([line], NAMES, texts), count=1)
    said = render_voice([line], NAMES, texts)[0]
    assert ends(body, language, DRILL), body
    assert ends(bare_words(line), language, DRILL)
    assert ends(said, language, SPOKEN_DRILL), said
    assert not re.search(r"[{}]|None|seal:|\?\?", body + said)

    real = of_kind(kind, language, "real")
    for text in (render_sms([real], NAMES, texts), render_voice([real], NAMES, texts)[0], bare_words(real)):
        assert "演练" not in text
        assert "drill" not in text.lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_real_text_bears_no_mark(language):
    """Nothing real looks like practice, and nothing real sounds so."""
    for line in everything(a_night(language, "real")):
        for text in (render_sms([line], NAMES, {}), render_voice([line], NAMES, {})[0], bare_words(line)):
            assert "演练" not in text
            assert "drill" not in text.lower()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("length", [1500, 1600, 5000])
def test_a_long_drill_keeps_its_last_mark(language, length):
    """What somebody typed may be cut, the mark never; nothing is longer than a message may be."""
    night = a_night(language, "drill")
    night.do(c.Tell(by="console", text="seal:1"))
    line = lines_to(night, "gina")[-1]
    texts = {"seal:1": "x" * length}
    for text, marks in ((render_sms([line], {}, texts), DRILL), (render_voice([line], {}, texts)[0], SPOKEN_DRILL)):
        assert text.endswith(marks[language][1])
        assert len(text) <= LONGEST


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", ["real", "drill"])
def test_answers_are_wrapped_the_same_way(language, mode):
    """An answer to somebody's reply is signed, and marked when it is practice."""
    text = wrap("body", "House", language, mode)
    assert "House" in text
    assert (mode == "drill") is ends(re.sub(r"^(【House】|\[House\] )", "", text), language, DRILL)


def test_several_steps_in_one_message():
    """What one telephone would get at once is one text: the headline once, each step with its code, how to answer."""
    night = a_night()
    lines = lines_to(night, "gina")
    assert [line.kind for line in lines] == ["task", "task"]
    text = render_sms(lines, NAMES, {})
    assert "[House] D01 Drip, F1. D01C Guard: look; D01E Guard, F1: sweep; Reply D01" in text
    assert text.count("Drip") == 1
    for line in lines:
        assert line.ref in text


def test_tasks_and_news_in_one_message():
    """A step and a piece of news go together; news that is the same twice is said once."""
    night = a_night()
    night.do(c.ChangeSeverity(to=Severity.orange, by="console"))
    news = [line for line in lines_to(night, "gina") if line.kind == "update"]
    text = render_sms([lines_to(night, "gina")[0], news[0], news[0]], NAMES, {})
    assert "You: Guard. look." in text
    assert text.count("D01 update: first, F1, orange.") == 1


def test_two_incidents_in_one_message():
    """Steps of two incidents stay apart: each under its own code, headline and place, in writing and in speech."""
    one = lines_to(a_night(), "dora")[0]
    two = msgspec.structs.replace(one, code="E02", ref="E02A", values={**one.values, "headline": "Lift", "place": "L1"})
    text = render_sms([one, two], NAMES, {})
    said, keys = render_voice([one, two], NAMES, {})
    assert "D01 Drip, F1." in text
    assert "E02 Lift, L1." in text
    assert "emergency D 0 1. Drip, F1." in said
    assert "emergency E 0 2. Lift, L1." in said
    assert keys == "19"
    assert said.endswith("Press 1 received.")


def test_gaps_are_said_in_one_breath():
    """Several roles without anybody are one sentence."""
    night = Night(a_plan(a_state("first", leave=(STILL,)), calls="manager guard helper"), team=[member("m", "manager")])
    gaps = [line for line in lines_to(night, "m") if line.kind == "gap"]
    assert len(gaps) == 2
    assert render_sms(gaps, {}, {}).count("nobody for Guard, Helper!") == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "step, person, keys",
    [
        pytest.param("look", "gina", "1" + "453" + "9", id="a decision: its answers and cannot"),
        pytest.param("lock", "dora", "1" + "23" + "9", id="a plain step: done and cannot"),
        pytest.param("stand_by", "mark", "1" + "3" + "9", id="standing by: nothing to be done yet"),
    ],
)
def test_keys(language, step, person, keys):
    """A call takes the keys it names and no others; the text prints the same ones."""
    night = a_night(language)
    line = words_for(night.incident, night.alert(person, step))
    said, taken = render_voice([line], NAMES, {})
    assert keys == taken == "".join(voice_keys([line]))
    for key in keys:
        assert re.search(rf"按{key}|(Press |, ){key} ", said), (key, said)
    printed = render_sms([line], NAMES, {})
    for key, label in line.keys:
        assert f"{key}{label}" in printed or f"{key} {label}" in printed


def test_keys_of_news_and_of_several():
    """News takes no keys; of several steps only `all received` and help are safe to press."""
    night = a_night()
    night.do(c.ChangeSeverity(to=Severity.orange, by="console"))
    assert voice_keys([]) == ()
    assert voice_keys(lines_to(night, "gina")[:2]) == ("1", "9")
    assert render_voice([lines_to(night, "gina")[-1]], NAMES, {})[1] == ""


def test_who_cannot_answer_by_text():
    """Where no SMS comes back the text says so: the call is answered."""
    team = (member("mark", "manager", two_way=False), member("dora", "desk", two_way=False))
    line = words_for((night := Night(PLAN, team=team)).incident, night.alert("dora", "lock"))
    assert "Answer our call with 1" in render_sms([line], {}, {})
    assert "Reply" not in render_sms([line, line], {}, {})


@pytest.mark.parametrize(
    "code, zh, en",
    [
        pytest.param("F07", "F-零-七", "F 0 7", id="a code"),
        pytest.param("XE12", "X-E-一-二", "X E 1 2", id="of a drill"),
    ],
)
def test_spoken_codes(code, zh, en):
    """A code is said sign by sign."""
    assert zh == spoken(code, "zh")
    assert en == spoken(code, "en")


def test_no_name_stands_in_a_line():
    """A line may stand in the store: it holds ids and seals; names and typed words come in just before sending."""
    secret = {m.id: f"Name-of-{n}" for n, m in enumerate(TEAM)}
    for line in everything(a_night()):
        stored = msgspec.json.encode(line).decode()
        assert "Name-of" not in stored
        assert "typed words" not in stored
        assert line == msgspec.json.decode(stored, type=Line)
        if line.people:
            assert secret[line.people["about"]] in render_sms([line], secret, {})


def test_a_forgotten_text_is_left_out():
    """Words that were forgotten leave the rest of the message standing."""
    night = a_night()
    night.do(c.Tell(by="console", text="seal:1"))
    assert render_sms([lines_to(night, "gina")[-1]], {}, {}) + " " == "[House] D01: "


def test_a_hand_over_of_command_says_so():
    """Where no role of the site was handed over, it was command."""
    night = a_night()
    night.do(c.HandOver(person="carla", by="console"))
    assert "D01: command is now Carla." in render_sms([lines_to(night, "carla")[-1]], NAMES, {})


ANSWERS = ["got", "got_more", "finished", "chosen", "declined", "helped", "again", "over", "which", "foreign", "unread"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", [*ANSWERS, "nothing", "wrong_key"])
def test_answers(language, key):
    """Every answer to a reply has words in both languages and says which code it is about."""
    values = {"ref": "D01A", "code": "D01", "more": "", "text": "x", "n": 2, "key": "2",
              "tasks": [{"ref": "D01A", "do": "look"}]}  # fmt: skip
    said = answer(key, language, values)
    assert "{" not in said
    assert (key == "nothing") is ("D01" not in said)


def test_words_stand_in_both_languages():
    """Every template, reason and level has words in both, and both name the same values."""
    for name, text in [*TEMPLATES.items(), *REASONS.items(), *((s.name, t) for s, t in SEVERITY_WORDS.items())]:
        assert re.search("[一-鿿。]", text.zh) or name == "sms", name
        assert not re.search("[一-鿿]", text.en), name
        named = [set(re.findall(r"\{\{\s*([a-z.]+)", words)) for words in (text.zh, text.en)]
        assert named[0] == named[1] - {"endmark"}, name


def test_words_for_an_agency():
    """The words to say hold what is known, a question mark for what is not, and no free words."""
    night = a_night()
    night.tell("smoke", "yes")
    night.tell("course", "seal:1")
    assert script(night.incident, "brigade", {"guard": "Anna"}, "en") == "Floor 1 ? yes … Anna ?"
    assert script(night.incident, "brigade", {}, "zh")[1:] == "中Floor 1 ? 是 … ? ?"
    with pytest.raises(KeyError):
        script(night.incident, "army", {}, "en")


SITE = read_site((ROOT / "emergency/sample/site.yaml").read_bytes(), "site.yaml")
SHIPPED = sorted((ROOT / "playbooks").glob("*.yaml"))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in SHIPPED])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_shipped_plans(path, language):
    """Each headline, step, nudge, announcement and agency text of a shipped plan can be filled and spoken."""
    from emergency.core.sandbox import fill
    from emergency.core.wording import context

    plan = read_playbook(path.read_bytes(), path.name, SITE)
    place = next(x.id for x in SITE.places if x.kind == plan.place)
    team = [member(f"p{n}", duty.role, language=language) for n, duty in enumerate(SITE.duties)]
    night = Night(plan, site=SITE, team=team, place=place)
    values = context(night.incident, language)
    texts = [t for s in plan.states for t in (s.headline, s.announce) if t]
    texts += [step.do for state in plan.states for step in state.steps]
    texts += [leave.alert.do for state in plan.states for leave in state.leave if leave.alert]
    assert len(texts) > 30
    for text in texts:
        assert not re.search("[{}]", fill(text.of(language), values))
    for agency in plan.agencies:
        assert not re.search("[{}]", script(night.incident, agency.name, {}, language))
    for alert in night.alerts():
        line = words_for(night.incident, alert)
        assert SITE.signature.of(language) in render_sms([line], {}, {})
        assert render_voice([line], {}, {})[0]
