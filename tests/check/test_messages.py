"""The checks of words: translated, unmistakable, and short enough when everything is at its longest."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from emergency.check.messages import Said, check_messages, is_cut, is_refusal, seconds, worst
from emergency.core import commands as c
from emergency.core.decide import decide
from emergency.core.incident import fold
from emergency.core.playbook import Playbook
from emergency.core.replies import OPT_OUT, is_opt_out
from emergency.core.segments import segments
from emergency.core.templates import TEMPLATES
from emergency.core.values import Severity, Text
from emergency.core.wording import render_sms, words_for, wrap
from emergency.roster import Reach, members
from tests.check import house
from tests.check.house import Change
from tests.scenarios.scene import NIGHT, sample_roster, sample_site, shipped_plans

LONG = "look behind every door of every shop on every floor, and do not forget the one at the far end of the hall"


def found(*changes: Change) -> list[str]:
    """Return what is found in the words of the plan after some changes."""
    of = house.site()
    all_ = check_messages(house.plan(of, *changes), of, house.roster(of))
    return [f"{f.id} {f.severity} {'.'.join(map(str, f.path))}" for f in all_]


LOOK = "states.first.steps.look"


@pytest.mark.parametrize(
    "changes, expected",
    [
        pytest.param((), [], id="the plan as it is"),
        pytest.param(
            (("en: go and look", f'en: "{LONG}"'),), [f"M01 warning {LOOK}.do"], id="M01: an SMS in two pieces"
        ),
        pytest.param(
            (("{zh: 去看, en", "{zh: " + "看" * 30 + ", en"),), [f"M01 warning {LOOK}.do"], id="M01: a Chinese one"
        ),
        pytest.param((("{zh: 去看, en", "{zh: go and look, en"),), [f"M02 error {LOOK}.do"], id="M02: not translated"),
        pytest.param(
            (("en: go and look", "en: 去看"),),
            [f"M02 error {LOOK}.do", f"M01 warning {LOOK}.do"],
            id="M02: Chinese as English",
        ),
        pytest.param(
            (("{zh: 去看, en: go and look}", '{zh: "去看{place}", en: go and look}'),),
            [f"M02 error {LOOK}.do"],
            id="M02: a value in one language only",
        ),
        pytest.param(
            (("en: water drips", "en: DRILL of water"),), ["M03 error states.first.headline"], id="M03: a mark"
        ),
        pytest.param(
            (("zh: 滴水, en: water", "zh: 演练滴水, en: water"),), ["M03 error states.first.headline"], id="M03: zh"
        ),
        pytest.param(
            (("en: go and look", "en: this is not a drill"),), [f"M03 error {LOOK}.do"], id="M03: no drill, it says"
        ),
        pytest.param((("en: dry}", "en: wet}"),), [f"M04 error {LOOK}.decision.dry"], id="M04: a word for two keys"),
        pytest.param(
            (("zh: 干,", "zh: 完成,"),), [f"M04 warning {LOOK}.decision.dry"], id="M04: the word of another key"
        ),
        pytest.param(
            (("en: go and look", 'en: "go, look, ask and come back"'),),
            [f"M07 warning {LOOK}.do"],
            id="M07: four actions",
        ),
        pytest.param((("en: dry}", "en: stop}"),), [f"M09 error {LOOK}.decision.dry"], id="M09: an opt-out"),
        pytest.param((("zh: 干,", "zh: 退订,"),), [f"M09 error {LOOK}.decision.dry"], id="M09: a Chinese one"),
        pytest.param((("zh: 干,", "zh: TD,"),), [f"M09 error {LOOK}.decision.dry"], id="M09: two letters"),
        pytest.param((("en: dry}", "en: help}"),), [f"M09 info {LOOK}.decision.dry"], id="M09: the carrier answers"),
        pytest.param((("code: D", "code: T"),), ["M09 info code"], id="M09: a letter that is one by itself"),
    ],
)
def test_words(changes: tuple[Change, ...], expected: list[str]) -> None:
    """Each mistake of the words gives exactly its finding, at the words."""
    assert expected == found(*changes)


def test_a_long_call_is_told() -> None:
    """M08: twenty words too many for one breath; the SMS is too long as well."""
    words = " ".join(["door"] * 60)

    assert found(("en: go and look", f"en: {words}")) == [f"M01 warning {LOOK}.do", f"M08 warning {LOOK}.do"]


def test_steps_that_go_to_one_person_in_one_message() -> None:
    """M01: whoever holds a role gets all its steps of a state at once; what does not fit is cut."""
    steps = "".join(
        f"      s{n}: {{role: guard, do: {{zh: 看, en: {'look well ' * 6}}}, done: 1m, source: practice}}\n"
        for n in range(25)
    )

    assert "M01 error states.first.steps" in found(("      mop:", steps + "      mop:"))
    assert "M01 error states.first.steps" not in found(("      mop:", steps[: len(steps) // 25 * 5] + "      mop:"))


def test_a_code_word_may_be_no_opt_out() -> None:
    """M09: a code word of the site that this plan says."""
    of = house.site(("zh: 请李先生来", "zh: 退订"))
    plan = house.plan(of, ("{zh: 去看, en: go and look}", '{zh: "{words.quiet}", en: "{words.quiet}"}'))

    assert "M09" in {f.id for f in check_messages(plan, of)}


@pytest.mark.parametrize("word", sorted(OPT_OUT | {"退订", "td", "QX", "T", "stop.", "ＳＴＯＰ"}))
def test_opt_out_words(word: str) -> None:
    """What the inbox takes for an opt-out is one for the checker as well, however it is written."""
    assert is_refusal(word)
    assert is_refusal(word) or not is_opt_out(word)


def test_our_own_words_are_none() -> None:
    """No word that the program prints beside a key is an opt-out."""
    from emergency.core.templates import KEY_WORDS

    assert not any(is_refusal(words) for text in KEY_WORDS.values() for words in (text.zh, text.en))


# the worst case is the real one


def _sent(plan: Playbook, language: str) -> dict[str, str]:
    """Return step to the longest SMS that the engine makes of it in a drill of *plan*, at any place."""
    site, longest = sample_site(), {}
    names = sample_roster().names(language)
    team = members(sample_roster(), site, NIGHT, Reach(), {})
    for place in (place for place in site.places if place.kind == plan.place):
        order = c.OpenIncident(
            incident="1" * 12,
            code=f"X{plan.code}99",
            mode="drill",
            playbook=plan,
            site=site,
            place=place.id,
            members=tuple(replace(member, language=language) for member in team),
            by="console",
            severity=Severity.red,
        )
        incident = fold((event, NIGHT) for event in decide(None, order, NIGHT))
        assert incident is not None
        for alert in incident.alerts.values():
            run = incident.steps[alert.step] if alert.step else None
            if alert.kind == "task" and run is not None and run.nudge is None:
                wide = replace(incident, steps={**incident.steps, run.id: replace(run, letter="MW")})
                text = render_sms([words_for(wide, alert)], names, {})
                longest[run.name] = max(longest.get(run.name, ""), text, key=len)
    return longest


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("id", ["fire", "elevator_entrapment", "robbery", "threat"])
def test_the_worst_case_is_what_the_engine_makes(id: str, language: str) -> None:
    """For every step that begins at once, the longest message of the check is one that the engine sends."""
    plan = shipped_plans()[id]
    state = plan.state(plan.initial)
    made = {
        str(said.path[3]): said.sms
        for said in worst(plan, sample_site(), sample_roster())
        if said.kind == "task" and said.language == language and said.path[:3] == ("states", state.name, "steps")
    }
    sent = _sent(plan, language)

    assert sent
    for step, text in sent.items():
        if step in {s.name for s in state.steps if s.when is None} and "{" not in str(state.headline):
            assert len(made[step]) == len(text), step
            assert segments(made[step]) >= segments(text)


def test_every_kind_of_message_is_measured() -> None:
    """What can be worded without somebody's own words is worded: tasks, being ready, how it stands, the end."""
    kinds = {said.kind for said in worst(shipped_plans()["fire"], sample_site(), sample_roster())}

    assert {"task", "all", "stand_by", "gap", "passed_on", "taken", "enough", "help", "update", "ended"} == kinds
    assert kinds - {"all", "ended"} <= set(TEMPLATES)


@pytest.mark.parametrize("mode", ["real", "drill"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_cut_is_seen(language: str, mode: str) -> None:
    """A body that is longer than a message may be is known by the message alone."""
    for length in range(1400, 1700, 3):
        text = wrap("x" * length, "Sign", language, mode)  # type: ignore[arg-type]
        assert is_cut(text, "Sign", language, mode) == (text.count("x") < length or length == text.count("x") == 1536)  # type: ignore[arg-type]


def test_how_long_a_call_takes() -> None:
    """Chinese is counted in characters without its marks, English in words."""
    assert seconds("一二三四五,六七八九十。", "zh") == pytest.approx(2)
    assert seconds("one two three " * 9, "en") == pytest.approx(10)


@pytest.mark.parametrize("id", sorted(shipped_plans()))
def test_the_shipped_words_hold(id: str) -> None:
    """No shipped plan has a mistake in its words, and no message of a first alert is cut."""
    found = check_messages(shipped_plans()[id], sample_site(), sample_roster())

    assert [f"{f.path}: {f.says}" for f in found if f.severity == "error"] == []
    assert all(f.zh and f.says for f in found)


def test_a_message_knows_where_it_comes_from() -> None:
    """The path of each message is that of the words a writer would change."""
    of = house.site()
    all_: list[Said] = list(worst(house.plan(of), of))

    assert ("states", "first", "leave", 2, "alert", "do") in {said.path for said in all_}
    assert Text("湿", "wet") == house.plan(of).state("first").steps[0].decision[0].says
