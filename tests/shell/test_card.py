"""The run card: what stands on it, that it fits its page, and that its letters lie in the file."""

from __future__ import annotations

import re
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from emergency.core.playbook import Playbook
from emergency.errors import CommandRefused, Mistakes
from emergency.loader import read_playbook
from emergency.picture.card import Card, card
from emergency.picture.paper import as_html, as_pdf, pages_of
from tests.installation import sample
from tests.shell.drawn import GUIDE, IDS, guide, shipped, site, typed

LANGS = ("zh", "en")


class Page(HTMLParser):
    """An HTML page as its tags and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        self.words += data


def words_on(made: Card) -> str:
    """Everything that stands on a card, as its HTML page shows it."""
    return Page(as_html(made)[0].split("<main>")[1]).words


def cards(plan: Playbook, lang: str) -> list[Card]:
    """The card of every role of a plan."""
    return [card(plan, site(), call.role, lang) for call in plan.roles]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("id", IDS)
def test_every_role_of_every_plan_has_one_page(id: str, lang: str) -> None:
    """HTML for all; PDF for the fullest card of the plan."""
    pages = {made.role: (as_html(made), made) for made in cards(shipped(id), lang)}
    fullest = max(pages.values(), key=lambda each: len(each[0][0]))[1]

    assert [role for role, (page, _) in pages.items() if page[1] != 1] == []
    assert as_pdf(fullest)[1] == 1


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("id", IDS)
def test_a_card_holds_the_work_of_its_role_and_no_other(id: str, lang: str) -> None:
    """Each step of the role stands on it with its time, its keys and its call; the steps of others do not."""
    plan = shipped(id)
    for call in plan.roles:
        made = card(plan, site(), call.role, lang)
        mine = [step for state in plan.states for step in state.steps if step.role == call.role]
        steps = [line for phase in made.phases for line in phase.lines if "≤" in line.due or line.more]
        dials = {agency.number for agency in made.calls}

        assert len(steps) >= sum(step.done is not None for step in mine)
        assert dials == {a.number for step in mine if step.call and (a := site().agency(step.call))}
        printed = " ".join(more for line in steps for more in line.more)
        for step in mine:
            for key, answer in enumerate(step.decision, start=4):
                assert f"{key} {answer.says.of(lang)}" in printed


def test_the_card_of_one_role() -> None:
    """The card of the guide's control room: keys, deputies, orders, calls and the words to say."""
    made = card(guide(), site(), "control_room", "en")
    words = words_on(made)

    assert (made.title, made.other, made.role) == ("Chemical smell", "化学异味", "Control room")
    assert [key for key, _ in made.keys] == ["1", "2", "3", "4-8", "9"]
    assert [phase.title for phase in made.phases] == ["reported", "chemical leak", "follow-up", "false alarm"]
    assert "Who deputises: the next of this role on the roster → Scribe. No answer: a call after 1 min" in words
    assert "I may order: chemical leak (from: reported); false alarm (from: reported)" in words
    assert [(call.name, call.number) for call in made.calls] == [("Fire brigade", "119")]
    assert made.calls[0].say.startswith(
        "Star Plaza, 188 Lanxing Road at Wanghe Road. Chemical smell at [place], like ____"
    )
    assert "[Vehicle guide] waits there" in made.calls[0].say
    assert "call 119≤ 1 min [practice]" in words
    assert "L07A1" in words


def test_a_card_says_no_lifts_only_where_the_plan_does() -> None:
    """What the public hears stands on the card of whoever works in that state; without it, no word of lifts."""
    silent = guide("Do not use the\n        lifts. ", "")

    assert "Do not use the lifts" in words_on(card(guide(), site(), "evacuation", "en"))
    assert "lifts" not in words_on(card(silent, site(), "evacuation", "en"))
    assert "lifts" not in words_on(card(guide(), site(), "comms", "zh"))


def test_a_code_word_stands_where_it_is_said() -> None:
    """Who works while the code word is said reads it on the card, and that it is one; nobody else does."""
    plan = guide("zh: 各位客人，{place}有异味。", "zh: '{words.medical}' #")
    word = site().code_words["medical"].zh

    assert f"此时广播暗语: “{word}”" in words_on(card(plan, site(), "engineering", "zh"))
    assert word not in words_on(card(plan, site(), "review", "zh"))


def test_who_commands_reads_the_checklist_and_the_right() -> None:
    """The card of who may command has the checklist of the stand-down and says what command may do."""
    words = words_on(card(guide(), site(), "duty_manager", "en"))

    assert "in command, any state: with a reason, on record" in words
    assert "□ the product is removed and locked away" in words
    assert "still so after 10 min, I am asked: no brigade yet; call again" in words
    assert "in command, any state" not in words_on(card(guide(), site(), "cordon", "en"))


@pytest.mark.parametrize("lang", LANGS)
def test_the_letters_lie_in_the_file(lang: str) -> None:
    """The PDF embeds its font, so a reader without Chinese fonts shows the same page; made twice, it is the same."""
    made = card(shipped("fire"), site(), "fire_team", lang)
    data, pages = as_pdf(made)
    inside = data + b"".join(unpacked(data))

    assert pages == 1
    assert data.startswith(b"%PDF-")
    assert re.search(rb"/FontFile[23]?\b", inside)
    fonts = set(re.findall(rb"/BaseFont\s*/([^\s/]+)", inside))
    assert fonts
    assert all(b"NotoSansSC" in name for name in fonts)
    assert len(data) < 200_000
    assert as_pdf(made)[0] == data


def unpacked(pdf: bytes) -> list[bytes]:
    """The streams of a PDF that can be inflated."""
    found = []
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(match[1]))
        except zlib.error:
            continue
    return found


def crowded() -> Playbook:
    """A plan in which one role has more to do than fits a page."""
    text = GUIDE.read_text("utf-8")
    more = "".join(
        f"      more_{n}: {{role: engineering, do: {{zh: 第{n}件事要做好, en: do thing number {n}}}, done: 5m, "
        "source: practice, reports: [smell, product], "
        "when: {all: [{fact: unwell, over: 1}, {fact: spreading, is: yes}]}}\n"
        for n in range(32)
    )
    return read_playbook(text.replace("      stop_air:", more + "      stop_air:", 1).encode(), str(GUIDE), site())


@pytest.mark.parametrize("lang", LANGS)
def test_what_does_not_fit_says_so(lang: str) -> None:
    """A card that needs two pages takes them in a size that can be read, and the number of pages is told."""
    made = card(crowded(), site(), "engineering", lang)
    data, pages = as_pdf(made)
    page, guessed = as_html(made)

    assert (pages, guessed) == (2, 2)
    assert pages_of(data) == 2
    assert "font:8.5pt" in page


def test_hostile_words_stay_words() -> None:
    """Whatever a plan says: no tag of it becomes one of the page, no mark-up of it becomes one of the PDF."""
    plan = guide("en: call 119}", 'en: "</b><script>x</script> *a* #eval(1) $x$ [b]"}')
    made = card(plan, site(), "control_room", "en")
    page = Page(as_html(made)[0])

    assert "script" not in page.tags
    assert "</b><script>x</script> *a* #eval(1) $x$ [b]" in page.words
    assert as_pdf(made)[1] == 1


def test_the_page_needs_nothing_from_outside() -> None:
    """One file, no address, no script; it says that it prints on A4."""
    page = as_html(card(guide(), site(), "medical", "zh"))[0]

    assert not re.search(r"https?://|<script|<link|<img|@import|url\(", page)
    assert "@page{size:A4" in page
    assert '<html lang="zh-CN">' in page


@pytest.mark.parametrize("word", ["engineering", "工程组", "Engineering", " ENGINEERING "])
def test_a_role_goes_by_its_titles_too(word: str) -> None:
    """A role is named by id or by title in either language."""
    assert card(guide(), site(), word, "en").role == "Engineering"


def test_an_unknown_role_lists_what_there_is() -> None:
    """A role that the plan does not call is refused with the nearest one and the whole list."""
    with pytest.raises(Mistakes, match=r"Did you mean 'engineering'.*There is: control_room") as refused:
        card(guide(), site(), "enginering", "en")

    assert "fire_team" not in str(refused.value)


def test_without_the_extra_html_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PDF cannot be made the refusal names the extra and the other way."""
    monkeypatch.setitem(sys.modules, "typst", None)

    with pytest.raises(CommandRefused, match=r"emergency-runner\[pdf\].*--format html"):
        as_pdf(card(guide(), site(), "medical", "en"))


def test_the_command_prints(tmp_path: Path) -> None:
    """HTML to standard output, PDF by the name of the file; two pages are told; wrong words end with 2."""
    home = tmp_path / "home"
    sample(home)
    pdf, full = tmp_path / "card.pdf", tmp_path / "chemical_smell.yaml"
    full.write_text(GUIDE.read_text("utf-8"), "utf-8")

    page = typed(home, "playbook", "card", "fire", "--role", "灭火组", "--lang", "zh")
    file = typed(home, "playbook", "card", str(full), "--role", "medical", "--output", str(pdf))
    unknown = typed(home, "playbook", "card", "fire", "--role", "nobody")
    none = typed(home, "playbook", "card", "fire")

    assert page.stdout.startswith("<!DOCTYPE html>")
    assert "灭火组" in page.stdout
    assert (file.exit_code, file.stdout) == (0, "")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert (unknown.exit_code, none.exit_code) == (2, 2)
    assert "There is: " in unknown.stderr
