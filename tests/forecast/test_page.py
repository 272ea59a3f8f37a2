"""The page of a forecast: one file that says what the terminal says; in a browser nothing is cut off or fetched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from emergency.errors import Mistakes
from emergency.forecast import page as pages
from emergency.forecast import show, tables
from emergency.forecast.page import page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDTHS = (360, 700, 1280)
"""Of a telephone, of a sheet, of a screen, in points of the browser."""
OUTSIDE = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const box = svg.viewBox.baseVal;
  return [...svg.querySelectorAll('text')].filter(text => {
    const b = text.getBBox();
    return b.x < -1 || b.y < -1 || b.x + b.width > box.width + 1 || b.y + b.height > box.height + 1;
  }).map(text => text.textContent);
})"""
"""The words of charts that stand outside their chart."""
MEETING = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const boxes = [...svg.querySelectorAll('text')].map(text => text.getBBox());
  return boxes.flatMap((a, n) => boxes.slice(n + 1).filter(b =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y + 4 < b.y + b.height && b.y + 4 < a.y + a.height));
})"""
"""The words of charts that lie over each other."""
SMALL = """() => Math.min(...[...document.querySelectorAll('svg text')]
  .map(text => text.getBoundingClientRect().height))"""
"""How high the smallest letters of a chart are."""


class Reader(HTMLParser):
    """Reads a page, and refuses what is fetched or left open."""

    def __init__(self) -> None:
        """Begin with nothing open."""
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that begins."""
        self.tags.append(tag)
        assert tag not in ("script", "link", "img")
        assert not any(name in ("src", "href") for name, _ in attrs)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note that it ends."""
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one without anything in it."""
        self.tags.append(tag)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_stands_alone_and_is_whole(document: dict[str, Any], lang: str) -> None:
    """One file, nothing fetched, every element closed; a curve for all, for each role and each milestone, and a bar."""
    reader = Reader()
    html = page(document, lang)
    reader.feed(html)
    assert reader.open == []
    drawn = 1 + len(document["roles"]) + sum(bool(each["n"]) for each in document["milestones"])
    assert reader.tags.count("svg") == drawn + 1
    assert "http" not in html
    assert html.count('style="background') == 168 + len(show.STEPS) + 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_says_what_the_terminal_says(document: dict[str, Any], lang: str) -> None:
    """The sentence, what it rests on, and every figure of every table with its range."""
    html = page(document, lang).replace("&quot;", '"').replace("&#x27;", "'").replace("&gt;", ">").replace("&lt;", "<")
    for said in (show.sentence(document, lang), show.assumed(document, lang), show.weakest(document, lang)):
        assert said in html
    for table in (tables.roles, tables.milestones, tables.changes, tables.people, tables.moments):
        for row in table(document, lang).rows:
            for cell in row:
                assert f">{cell}<" in html


def test_names_are_words_and_nothing_else(document: dict[str, Any]) -> None:
    """What a roster calls somebody cannot become a part of the page."""
    names = {id: {"zh": "<b>", "en": "<b>"} for id in document["names"]}
    html = page({**document, "names": names}, "en")
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_the_page_is_its_owners_alone(document: dict[str, Any], tmp_path: Path) -> None:
    """It names people: nobody else on the machine reads it."""
    path = tmp_path / "forecast.html"
    pages.check(str(path))
    pages.write(document, "en", str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Mistakes, match="is a folder"):
        pages.check(str(tmp_path))
    with pytest.raises(Mistakes, match="lies in no folder there is"):
        pages.check(str(tmp_path / "no" / "x.html"))


@pytest.fixture(scope="module")
def browser(document: dict[str, Any]) -> Iterator[Any]:
    """A browser; the forecast is played before, for the browser has a loop of its own."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no browser on this machine")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_is_cut_off_in_a_browser(document: dict[str, Any], browser: Any, lang: str, tmp_path: Path) -> None:
    """On a telephone, a sheet and a screen nothing is wider than its room, no words of a chart meet, and they can be
    read; one file, one request."""
    missed = {**document["people"][0], "role": "customer_service", "instead": "long"}
    missed["difference"] = {**missed["difference"], "noise": False}
    long = {"zh": "詹姆斯·亚历山大·赖特-蒙哥马利", "en": "James Alexander Wright-Montgomery of Inverness"}
    wide = {**document, "people": [missed, *document["people"]], "names": {**document["names"], "long": long}}
    path = tmp_path / "forecast.html"
    path.write_text(page(wide, lang), "utf-8")
    opened = browser.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(path.as_uri())
    for width in WIDTHS:
        opened.set_viewport_size({"width": width, "height": 900})
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        assert opened.evaluate(OUTSIDE) == []
        assert opened.evaluate(MEETING) == []
        assert opened.evaluate(SMALL) >= 9
    assert asked == [path.as_uri()]
    opened.close()
