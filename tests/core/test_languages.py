"""What a translation may be, and what people of a further language receive."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emergency.core import languages
from emergency.core.sandbox import render
from emergency.core.segments import is_gsm
from emergency.core.templates import END_MARK, MARK, TEMPLATES
from emergency.core.values import Severity, Text
from emergency.core.wording import (
    FRAME,
    bare_words,
    call_language,
    own_texts,
    quotes_test,
    render_sms,
    render_test,
    render_voice,
    wrap,
)
from emergency.languages import reading
from emergency.languages.rules import BOTH_ENDS, faults, longest
from emergency.languages.shelf import SHIPPED, Shelf
from emergency.languages.template import entries
from tests.core.test_wording import NAMES, a_night, everything

SHIPPED_FILES = sorted(SHIPPED.glob("*.po"))
HEAD = 'msgid ""\nmsgstr ""\n"Language: xx\\n"\n\n'
LEAST = {MARK.en: "OVNING ", END_MARK.en: " OVNING", TEMPLATES["voice_drill"].en: "Ovning. {{body}} Det var en ovning."}
"""The drill marks of a language that exists in these tests only."""


def quoted(words):
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'


def po(words, head=HEAD):
    """A catalogue file of these words."""
    return (head + "\n".join(f"msgid {quoted(a)}\nmsgstr {quoted(b)}\n" for a, b in words.items())).encode()


@pytest.fixture
def xx():
    """A language called xx in force, and gone afterwards: every text of the program, with a mark of its own."""
    own = {text.en: LEAST.get(text.en, text.en) for text in own_texts().values()}
    own |= {"done": "gjort", "cannot": "kan inte"}
    languages.install({"xx": own})
    yield own
    languages.remove("xx")


# what the words of a language are


def test_a_text_is_said_in_its_language(xx):
    """zh and en stand in the text, others in their catalogue; what a catalogue lacks is said in English."""
    assert [Text("完成", "done").of(language) for language in ("zh", "en", "xx")] == ["完成", "done", "gjort"]
    assert Text("水管", "a pipe").of("xx") == "a pipe"
    assert Text("完成", "done").of("nobody-has-it") == "done"
    assert languages.installed() == tuple(sorted({*languages.installed(), "xx"}))


def test_a_drill_is_marked_in_the_persons_language(xx):
    """Every text and every call of a drill bears the marks of its own language at both ends, and none of another."""
    for line in everything(a_night("xx", "drill")):
        body = re.sub(r"^\[[^\]]*\] ", "", render_sms([line], NAMES, {}), count=1)
        assert body.startswith("OVNING ")
        assert body.endswith(" OVNING")
        assert bare_words(line).startswith("OVNING ")
        said, _ = render_voice([line], NAMES, {})
        assert said.startswith("Ovning.")
        assert said.endswith("Det var en ovning.")
        assert "drill" not in (body + said).lower()


def test_a_line_knows_that_a_voice_could_not_say_all_of_it(xx):
    """Words of the plan without a translation make a line mixed, with all of them it is not; zh and en are never."""
    assert all(line.mixed for line in everything(a_night("xx")))
    assert not any(line.mixed for line in [*everything(a_night("en")), *everything(a_night("zh"))])
    night = a_night("en")
    site, plan = night.incident.site, night.incident.playbook
    texts = [site.signature, site.name, plan.title, *(p.short for p in site.places), *(p.name for p in site.places)]
    texts += [d.title for d in site.duties] + [state.title for state in plan.states]
    texts += [step.do for state in plan.states for step in state.steps]
    texts += [a.says for state in plan.states for step in state.steps for a in step.decision]
    texts += [leave.alert.do for state in plan.states for leave in state.leave if leave.alert]
    languages.install({"xx": {**xx, **{text.en: text.en for text in texts}}})
    assert not any(line.mixed for line in everything(a_night("xx")))


@pytest.mark.parametrize(
    "language, voices, mixed, said",
    [
        pytest.param("zh", frozenset({"en"}), False, "zh", id="zh and en are always there"),
        pytest.param("xx", None, False, "xx", id="any voice will do"),
        pytest.param("xx", frozenset({"xx"}), False, "xx", id="there is a voice"),
        pytest.param("xx", frozenset({"zh", "en"}), False, "en", id="no voice: English words, English voice"),
        pytest.param("xx", frozenset({"xx"}), True, "en", id="some words are English: all are"),
        pytest.param("yy", None, False, "en", id="no catalogue"),
    ],
)
def test_the_language_of_a_call(xx, language, voices, mixed, said):
    """A call is made in the person's language only where a voice can say every word of it."""
    assert call_language(language, voices, mixed=mixed) == said


def test_an_unfinished_catalogue_makes_no_calls(xx):
    """A language that lacks one of the program's own texts is written, and not spoken."""
    languages.install({"xx": {en: words for en, words in xx.items() if en != TEMPLATES["voice_all"].en}})
    assert call_language("xx", None) == "en"


def test_a_quoted_test_is_no_answer():
    """Our own sentence come back in the person's language is told from an answer."""
    Shelf().bring(["fr"])
    said = render_test("sms", "Mill", "fr", code="Z2A").upper()
    assert quotes_test(said, "fr")
    assert not quotes_test("OK Z2A", "fr")
    assert not quotes_test("MERCI", "fr")


# what a translation may be


TASK = TEMPLATES["task"].en
REPLY = TEMPLATES["reply"].en
FINE = {
    "words": ("go and look", "ga och se"),
    "the template of a task": (TASK, TASK.replace("You", "Ni")),
    "values in another order within a piece": ("{{ref}} is over: {{text}}.", "{{text}}: {{ref}}."),
    "a value of a plan": ("gate {place.gate}", "porten {place.gate}"),
    "a brace that stands for itself": ("code {1}", "kod {1}"),
}
IN_LOOP = ", {{k.key}} {{k.label}}"
OUT_OF_LOOP = REPLY.replace(IN_LOOP + "{% endfor %}", "{% endfor %}" + IN_LOOP)
BAD = {
    "a value left out": ("{{ref}} is over: {{text}}.", "{{ref}} over.", "names other values"),
    "a value too many": ("{{code}}: {{text}}", "{{code}}: {{text}} {{sign}}", "names other values"),
    "a calculation": ("{{code}}: {{text}}", "{{code}}: {{text * 9}}", "names other values"),
    "code": ("{{code}}: {{text}}", "{% for x in range(9) %}{{code}}: {{text}}{% endfor %}", "names other values"),
    "a value outside of its loop": (REPLY, OUT_OF_LOOP, "names other values"),
    "a brace left over": ("{{code}}: {{text}}", "{{code}}: {{text}} {", "names other values"),
    "template code in a text of a plan": ("go and look", "{{ 7 }}", "names other values"),
    "another value of a plan": ("gate {place.gate}", "porten {place}", "names other values"),
    "two lines": ("go and look", "ga\noch se", "one line"),
    "a control character": ("go and look", "ga\x1b[2Joch se", "one line"),
    "a turn of direction": ("go and look", "ga \u202eoch se", "one line"),
    "too long": ("no", "x" * (longest("no") + 1), "at most"),
    "no space at its end": (MARK.en, "OVNING", "other spaces"),
    "an opt-out word": ("go and look", "svara STOP", "never write to me"),
    "only an opt-out word": ("done", "stop", "never write to me"),
    "the frame": (TEMPLATES[FRAME].en, "{{body}} {{mark}}{{endmark}}{{sign}}", "stays as it is"),
    "a drill that is marked once": (TEMPLATES["voice_drill"].en, "{{body}} Det var en ovning.", "both ends"),
    "a mark without letters": (MARK.en, "*** ", "no letters"),
}  # fmt: skip


@pytest.mark.parametrize("english, words", FINE.values(), ids=FINE)
def test_what_a_translation_may_be(english, words):
    """Other words around the same values."""
    assert list(faults(english, words)) == []


@pytest.mark.parametrize("english, words, why", BAD.values(), ids=BAD)
def test_what_a_translation_may_not_be(english, words, why):
    """It is refused, with the reason in both languages."""
    found = list(faults(english, words))
    assert [f for f in found if why in f.en], found
    assert all(re.search("[一-鿿]", f.zh) for f in found)


def test_every_mistake_of_a_file_at_once():
    """Each is named with its line; the entries that are right are used, the others are said in English."""
    raw = po({**LEAST, "done": "stop", "go and look": "ga och se", "{{code}}: {{text}}": "{{code}}"})
    found = reading.read(raw, "xx.po", "xx")
    assert [(p.file, p.line) for p in found.problems] == [("xx.po", 14), ("xx.po", 20)]
    assert found.words == LEAST | {"go and look": "ga och se"}
    assert reading.missing(found.words, "xx", "xx.po") == []


def test_what_is_not_used():
    """Fuzzy, obsolete and empty entries do not count, and are no mistakes."""
    tail = '\n#, fuzzy\nmsgid "a"\nmsgstr "b"\n\nmsgid "c"\nmsgstr ""\n\n#~ msgid "d"\n#~ msgstr "e"\n'
    found = reading.read(po(LEAST) + tail.encode(), "xx.po", "xx")
    assert (found.words, found.problems) == (LEAST, [])


def test_a_real_text_that_looks_like_a_drill():
    """No other text bears the drill mark of its language, or a real alert could be taken for practice."""
    found = reading.read(po({**LEAST, "go and look": "OVNING se"}), "xx.po", "xx")
    assert ["go and look" in p.says and p.line for p in found.problems] == [14]
    assert "go and look" not in found.words


@pytest.mark.parametrize("gone", LEAST)
def test_without_a_drill_mark_nothing_is_used(tmp_path, gone):
    """Where a mark is missing the whole language is English, and it is said which mark."""
    (tmp_path / "xx.po").write_bytes(po({en: words for en, words in LEAST.items() if en != gone} | {"done": "gjort"}))
    shelf = Shelf(own=tmp_path)
    assert not shelf.usable("xx")
    assert shelf.read("xx").words == {}
    assert "none of it is used" in str(shelf.read("xx").problems[0])


HOSTILE = {
    "nothing": b"",
    "no text": b"\xff\xfe\x00",
    "no catalogue": b"<html>",
    "words that nobody opened": b'"abc"\n',
    "no translation": b'msgid "a"\n',
    "a plural": b'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=n>1;\\n"\n\nmsgid "a"\nmsgid_plural "b"\n'
    b'msgstr[0] "c"\nmsgstr[1] "d"\n',
    "a plural of everything": b'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=999999999; plural=0;\\n"\n',
    "a number that is none": b'msgid "a"\nmsgstr[x] "b"\n',
    "a language that is none": b'msgid ""\nmsgstr ""\n"Language: ../../etc\\n"\n',
    "a charset that is none": b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=zip\\n"\n',
    "a date that is none": b'msgid ""\nmsgstr ""\n"POT-Creation-Date: yesterday\\n"\n',
    "very much": b"#" * (reading.LARGEST + 1),
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_a_file_from_elsewhere_ends_nothing(raw):
    """Whatever stands in a file, reading it gives words and problems, and no word that was not checked."""
    found = reading.read(raw, "xx.po", "xx")
    assert found.words == {}
    assert all(p.line > 0 and p.zh for p in found.problems)


def test_a_catalogue_of_another_language():
    """A file that says it is of another language than its name is told so."""
    found = reading.read(po(LEAST, HEAD.replace("xx", "pt_BR")), "xx.po", "xx")
    assert ["says it is pt-BR" in p.says for p in found.problems] == [True]


@pytest.mark.parametrize(
    "stem, language",
    [("fr", "fr"), ("pt_BR", "pt-BR"), ("zh", None), ("en", None), ("messages", None), ("../fr", None), ("FR", None)],
)
def test_the_name_of_a_file_is_its_language(stem, language):
    """zh and en stand in every text and have no catalogue."""
    assert reading.named(stem) == language


# the shipped ones


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in SHIPPED_FILES])
def test_a_shipped_catalogue_is_complete(path: Path):
    """It holds every text of the program's own, all good, and nothing that is said no more.

    Who adds a text to `wording` adds it to each catalogue of emergency/languages too.
    """
    found = reading.read(path.read_bytes(), path.name, path.stem)
    own = {each.english for each in entries(None, [])}
    assert found.problems == []
    assert sorted(own - set(found.words)) == []
    assert sorted(set(found.words) - own) == []


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in SHIPPED_FILES])
def test_a_shipped_catalogue_keeps_texts_short(path: Path):
    """What is written stays in the alphabet that makes one piece of 160 characters (GSM 03.38)."""
    words = reading.read(path.read_bytes(), path.name, path.stem).words
    written = {text.en for name, text in own_texts().items() if not name.startswith("template voice_")}
    assert len(written) > 30
    assert [each for english, each in words.items() if english in written and not is_gsm(each)] == []


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in SHIPPED_FILES])
@pytest.mark.parametrize("mode", ["real", "drill"])
def test_every_kind_of_message_in_a_shipped_language(path: Path, mode: str):
    """All that people receive can be filled in that language; a drill is marked at both ends, what is real is not."""
    Shelf().bring([path.stem])
    mark = MARK.of(path.stem).strip()
    for line in everything(a_night(path.stem, mode)):
        sms = render_sms([line], NAMES, {"seal:1": "typed words"})
        said, _ = render_voice([line], NAMES, {"seal:1": "typed words"})
        assert not re.search(r"[{}]|None|seal:", sms + said)
        assert (mode == "drill") is (sms.count(mark) == 2) is (mark.lower() in said.lower())
    assert mark in wrap("x", "Mill", path.stem, "drill")


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in SHIPPED_FILES])
def test_no_template_of_a_shipped_language_breaks(path: Path):
    """Each of its templates compiles, and asks for nothing that the English one does not ask for."""
    words = reading.read(path.read_bytes(), path.name, path.stem).words
    anything = {"tasks": [], "keys": [], "code": "F07", "link": "", "two_way": True}
    for text in TEMPLATES.values():
        if text.en in words:
            named = set(re.findall(r"\{\{\s*(\w+)", text.en))
            render(words[text.en], {**dict.fromkeys(named, "x"), **anything})


def test_the_checks_look_at_something():
    """There are shipped catalogues, templates marked at both ends, and levels."""
    assert SHIPPED_FILES
    assert len(BOTH_ENDS) == 5
    assert Severity.red.value in {name.removeprefix("severity ") for name in own_texts()}
