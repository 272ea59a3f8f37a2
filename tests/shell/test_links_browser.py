"""The pages behind links in a real browser, of the size of a small telephone, with scripts switched off."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from emergency.clock import VirtualClock
from emergency.core import events as e
from emergency.links import LIFE
from tests.linked import Linked
from tests.serving import until
from tests.small import NOON

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no browser on this machine")
SMALL = {"width": 320, "height": 640}
"""A telephone of the smallest size that is still about, in its own points."""
LEAST_TARGET = 64
"""Pixels: half as much again as WCAG 2.2 asks at its highest level (2.5.5: 44), for a hand that shakes."""
LEAST_CONTRAST = 4.5
"""Between letters and what they stand on (WCAG 2.2, 1.4.3)."""

COLOURS = """els => els.map(el => {
  const plain = c => c.match(/[\\d.]+/g).map(Number);
  let up = el, on = plain(getComputedStyle(el).backgroundColor);
  while ((on.length > 3 && on[3] === 0) && up.parentElement) {
    up = up.parentElement; on = plain(getComputedStyle(up).backgroundColor);
  }
  return [plain(getComputedStyle(el).color), on[3] === 0 ? [255, 255, 255] : on];
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a browser for the whole module."""
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def linked() -> Iterator[Linked]:
    """Return the building where nobody can text back."""
    made = Linked().start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def drilling() -> Iterator[Linked]:
    """Return another where there is nothing but a drill."""
    made = Linked().start()
    yield made
    made.stop()


class Phone:
    """A telephone with one page open. `problems` is what the browser complained of."""

    def __init__(self, browser: Any, linked: Linked) -> None:
        self.context = browser.new_context(viewport=SMALL, java_script_enabled=False, has_touch=True)
        self.page = self.context.new_page()
        self.linked = linked
        self.problems: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: self.problems.append(said.text))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def opens(self, path: str) -> Any:
        """Tap the link in the message."""
        return self.page.goto(path if path.startswith("http") else self.linked.running.address + path)

    def taps(self, words: str) -> None:
        """Tap what bears these words, and wait for what comes."""
        with self.page.expect_navigation():
            self.page.get_by_text(words).first.tap()

    @property
    def words(self) -> str:
        """What is to be read."""
        return str(self.page.inner_text("body"))


@pytest.fixture
def phone(browser: Any, linked: Linked) -> Iterator[Phone]:
    """Return a telephone, which must have met with nothing strange."""
    made = Phone(browser, linked)
    yield made
    made.context.close()
    strange = [each for each in made.problems if "status of 4" not in each and "favicon" not in each]
    assert strange == [], "a page that its own policy forbids a part of"
    assert all("/a/" in url or url.endswith("/favicon.ico") for url in made.asked), "a page that fetches anything"


def luminance(colour: list[float]) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2.2, definitions)."""
    parts = [x / 255 / 12.92 if x / 255 <= 0.04045 else ((x / 255 + 0.055) / 1.055) ** 2.4 for x in colour[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: list[float], other: list[float]) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, definitions)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_open_look_tap_and_see_what_is_recorded(browser: Any) -> None:
    """The whole way of one answer: opening does nothing, one tap is noted, and the next says that it is done."""
    building = Linked().start()
    try:
        id = building.trigger()
        phone = Phone(browser, building)
        phone.opens(f"/a/{building.token('anna')}")
        assert "come and lead" in phone.words
        assert building.answers(id) == []
        phone.taps("Received")
        assert "noted, received" in phone.words
        assert [x.via for x in building.events(id, e.AlertAcknowledged)] == ["link"]
        phone.taps("Done")
        assert "noted, done" in phone.words
        assert [x.person for x in building.events(id, e.StepDone)] == ["anna"]
        phone.context.close()
    finally:
        building.stop()


@pytest.fixture(scope="module")
def open_pages(linked: Linked, drilling: Linked) -> dict[str, str]:
    """Return pages of every sort by name: one step, several, a drill, and none."""
    found = {"none": linked.running.address + "/a/2222222222222"}
    for name, building, playbook, mark in (
        ("drill", drilling, "leak", "XL01"), ("list", linked, "leak", " L01"), ("step", linked, "noise", " N01")
    ):  # fmt: skip
        building.trigger(playbook, drill=name == "drill")
        text = until(partial(text_of, building, mark), f"for the {name}")
        found[name] = building.running.address + "/a/" + text.partition("/a/")[2].split()[0]
    return found


def text_of(linked: Linked, mark: str) -> str | None:
    """Return the text to a guard that has *mark* in it, and a link."""
    found = [m.text for person in ("chloe", "dmitri") for m in linked.messages(person)]
    return next((text for text in found if mark in text and "/a/" in text), None)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["step", "list", "drill", "none"])
def test_buttons_are_large_and_letters_stand_out(
    phone: Phone, open_pages: dict[str, str], name: str, language: str
) -> None:
    """On the smallest telephone nothing is cut off, every button can be hit, and every letter can be read."""
    phone.opens(f"{open_pages[name]}?lang={language}")
    boxes = [each.bounding_box() for each in phone.page.locator(".button").all()]
    assert len(boxes) == {"step": 4, "list": 4, "drill": 4, "none": 0}[name]
    for box in boxes:
        assert box["height"] >= LEAST_TARGET
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= SMALL["width"]
    assert all(b["y"] - (a["y"] + a["height"]) >= 8 for a, b in pairwise(boxes))
    assert phone.page.locator("html").evaluate("el => el.scrollWidth") <= SMALL["width"]
    for letters, ground in phone.page.locator("h1, p, span, small, a, .sign, .mark, .button").evaluate_all(COLOURS):
        assert contrast(letters, ground) >= LEAST_CONTRAST


def test_a_drill_looks_unlike_the_real_thing(phone: Phone, open_pages: dict[str, str]) -> None:
    """Its marks stand at both ends, and its head has another colour."""
    phone.opens(open_pages["step"])
    assert phone.page.locator(".mark").count() == 0
    real = phone.page.locator(".head").evaluate("el => getComputedStyle(el).backgroundColor")
    phone.opens(open_pages["drill"])
    first, last = phone.page.locator(".mark").all()
    assert first.bounding_box()["y"] == 0
    assert last.bounding_box()["y"] > phone.page.locator(".foot").bounding_box()["y"]
    assert phone.page.locator(".head").evaluate("el => getComputedStyle(el).backgroundColor") != real
    assert phone.page.title().startswith("DRILL")


def test_a_double_tap_in_a_browser_is_one_answer(browser: Any) -> None:
    """Two taps before the first has an answer: one thing is noted, and the page shows it."""
    building = Linked().start()
    try:
        id = building.trigger()
        context = browser.new_context(viewport=SMALL)
        page = context.new_page()
        page.goto(f"{building.running.address}/a/{building.token('emma')}")
        with page.expect_navigation():
            page.get_by_text("a pipe").dblclick()
        page.wait_for_load_state()
        assert "noted, a pipe" in page.inner_text("body")
        assert "NOT noted" not in page.inner_text("body")
        assert len(building.events(id, e.StepDone)) == 1
        context.close()
    finally:
        building.stop()


def test_going_back_and_tapping_again_does_no_harm(browser: Any) -> None:
    """Back to the page as it was, and another button: what has been said stands, or is said anew, never both."""
    building = Linked().start()
    try:
        id = building.trigger()
        phone = Phone(browser, building)
        phone.opens(f"/a/{building.token('emma')}")
        phone.taps("I cannot")
        assert "noted, you cannot" in phone.words
        phone.page.go_back()
        if phone.page.get_by_text("a pipe").count():
            phone.taps("a pipe")
        assert "noted, you cannot" in phone.words
        assert not building.events(id, e.StepDone)
        phone.page.reload()
        assert len([x for x in building.events(id, e.AlertClosed) if x.because == "declined"]) == 1
        phone.context.close()
    finally:
        building.stop()


def test_the_other_language_and_back(phone: Phone, open_pages: dict[str, str]) -> None:
    """One tap shows the same page in the other language."""
    phone.opens(open_pages["step"])
    phone.taps("中文")
    assert "打开本页不算答复" in phone.words
    phone.taps("English")
    assert "Opening this page is no answer" in phone.words


def test_an_expired_link_says_what_to_do(browser: Any) -> None:
    """The page that lay open overnight takes no answer, and names the control room."""
    clock = VirtualClock(NOON)
    building = Linked(clock=clock).start()
    try:
        building.trigger()
        phone = Phone(browser, building)
        phone.opens(f"/a/{building.token('emma')}")
        clock.advance(LIFE)
        phone.taps("Received")
        assert "has expired" in phone.words
        assert "control room" in phone.words
        phone.context.close()
    finally:
        building.stop()
