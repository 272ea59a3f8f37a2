"""The report in a real browser: on a screen, on a telephone and on paper, nothing is cut off and nothing is fetched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emergency.report.gathering.gather import gather
from emergency.report.pages import as_html, as_pdf
from tests.shell.test_report import BOOK, WORDS, fire, silence, source

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no browser on this machine")
WIDTHS = (360, 820, 1280)
"""Of a telephone, of a sheet, of a screen, in points of the browser."""

OUTSIDE = """() => [...document.querySelectorAll('figure svg')].flatMap(svg => {
  const box = svg.viewBox.baseVal;
  return [...svg.querySelectorAll('text')].filter(text => {
    const b = text.getBBox();
    return b.x < -1 || b.y < -1 || b.x + b.width > box.width + 1 || b.y + b.height > box.height + 1;
  }).map(text => text.textContent);
})"""
"""The words of charts that stand outside their chart."""
CUT = """() => [...document.querySelectorAll('td, th, p, li, h1, h2, h3')]
  .filter(el => el.scrollWidth > el.clientWidth + 1 && getComputedStyle(el).display !== 'inline')
  .map(el => el.textContent.slice(0, 60))"""
"""What is wider than the room it was given."""


BROKEN = """() => [...document.querySelectorAll('th, td')].flatMap(el => {
  const broken = [], words = document.createTreeWalker(el, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) for (const found of words.currentNode.textContent.matchAll(/[A-Za-z0-9_#:]+/g)) {
    if (found[0].length > 24) continue;
    const range = document.createRange();
    range.setStart(words.currentNode, found.index);
    range.setEnd(words.currentNode, found.index + found[0].length);
    if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) broken.push(found[0]);
  }
  return broken;
})"""
"""The words and figures of tables that stand on two lines; hashes are longer, and may."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a browser for the whole module. What is reported is played first: the browser has a loop of its own."""
    fire(), silence()
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module", params=["drill", "silence"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a report in both languages: of a drill in which much happened, and of a night in which nobody answered."""
    made = source(fire(), *BOOK, words=WORDS) if request.param == "drill" else source(silence())
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(as_html(gather(made), "both"), "utf-8")
    return path


def test_nothing_is_cut_off_at_any_width(browser: Any, file: Path) -> None:
    """The page is never wider than the screen; tables and charts that are scroll by themselves."""
    page = browser.new_page()
    page.goto(file.as_uri())
    for wide in WIDTHS:
        page.set_viewport_size({"width": wide, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= wide
    assert page.evaluate(CUT) == []
    assert page.evaluate(OUTSIDE) == []
    page.close()


def test_no_word_of_a_table_is_broken_in_two(browser: Any, file: Path) -> None:
    """Headings and cells break between words alone, on a telephone, a sheet and a screen: a column is as wide as its
    longest word, and a table that is wider than its room scrolls."""
    page = browser.new_page()
    page.goto(file.as_uri())
    for wide in WIDTHS:
        page.set_viewport_size({"width": wide, "height": 900})
        assert page.evaluate(BROKEN) == []
    page.close()


def test_on_a_sheet_no_table_is_wider_than_the_paper(browser: Any, file: Path) -> None:
    """Paper does not scroll: at the width of a sheet every table has its room."""
    page = browser.new_page()
    page.set_viewport_size({"width": 703, "height": 900})  # A4 without its margins
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    wider = "() => [...document.querySelectorAll('.scroll')].filter(it => it.scrollWidth > it.clientWidth + 1).length"
    assert page.evaluate(wider) == 0
    page.close()


def test_nothing_is_fetched_and_nothing_runs(browser: Any, file: Path) -> None:
    """One file, one request; the browser has nothing to complain of."""
    page = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(file.as_uri())

    assert asked == [file.as_uri()]
    assert said == []
    page.close()


def test_evidence_can_be_clicked(browser: Any, file: Path) -> None:
    """The number of a line leads to that line in the list of raw events."""
    page = browser.new_page()
    page.goto(file.as_uri())
    link = page.locator("#zh-result .refs a").first
    number = link.text_content()
    link.click()

    assert page.locator("tr:target td").first.text_content() == number
    page.close()


def test_printed_it_says_on_every_page_what_it_is(browser: Any, file: Path) -> None:
    """In print the mark across the page is fixed, so that it stands on each; and a PDF of it has pages of A4."""
    page = browser.new_page()
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    marks = page.locator(".mark")

    assert marks.first.text_content() == "演练"
    assert page.evaluate("getComputedStyle(document.querySelector('.mark')).position") == "fixed"
    printed = page.pdf(prefer_css_page_size=True)
    assert b"/MediaBox [0 0 594" in printed or b"/MediaBox [0 0 595" in printed
    page.close()


def test_the_letters_lie_in_the_pdf() -> None:
    """Every font of the PDF is embedded: it looks the same on a machine without Chinese fonts."""
    made = as_pdf(gather(source(silence())), "zh")

    assert b"/FontFile" in made
