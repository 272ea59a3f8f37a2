"""The observer's page, over HTTP and in a real browser: one tap is a note, offline or not; red freezes the drill."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emergency.drills import book as b
from emergency.engine import Engine
from emergency.store.drills import Books
from emergency.web.observing import observer_link
from tests.drilled import put_scenario
from tests.fakes import FakeNotifier
from tests.serving import PUBLIC, Running, make_app, make_home, until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SMALL = {"width": 320, "height": 640}
LEAST = 48
"""Pixels of the smallest thing that is tapped (WCAG 2.2, 2.5.5 asks for 44)."""


class Building:
    """The small building with a drill that runs, and a link for gina, who observes."""

    def __init__(self) -> None:
        self.home: Path = make_home()
        put_scenario(self.home)
        modes = ("real", "drill", "live_drill")
        phones = [FakeNotifier(modes=modes), FakeNotifier("voice", modes=modes)]
        self.running = Running(make_app(self.home, {"EMERGENCY_PUBLIC_URL": PUBLIC}, phones)).start()
        self.does("plan", scenario="leak_drill", director="anna", **{"with": ["guard"]})
        for who in ("alarm_centre", "tenants"):
            self.does("notice", who=who, to="Ms Zhao", by="anna")
        self.does("release", by="anna")
        self.does("release", by="boris")
        self.does("begin", by="anna")
        self.path = self.link("gina").removeprefix(PUBLIC)

    def does(self, verb: str, **args: Any) -> dict[str, Any]:
        """Do a verb of a drill, which must be possible."""
        document = self.running.asks(f"drill-{verb}", **args)
        assert "error" not in document, document
        return document

    def link(self, person: str) -> str:
        """Return the address of somebody's page."""

        def make(engine: Engine) -> str:
            row = Books(engine.store).by_code("DR1")
            assert row is not None
            return observer_link(engine, self.running.app.links, row, person)

        return self.running.on_loop(lambda server: server.desk.do(make))

    def noted(self) -> list[Any]:
        """Return what stands in the book of notes and answers."""

        def read(engine: Engine) -> list[Any]:
            row = Books(engine.store).by_code("DR1")
            assert row is not None
            entries = [written.entry for written in Books(engine.store).read(row.id)]
            return [entry for entry in entries if isinstance(entry, b.Observed | b.Answered)]

        return self.running.on_loop(lambda server: server.desk.do(read))

    def post(self, items: list[dict[str, Any]], now: float = 1e12, path: str = "", **headers: str) -> tuple[int, Any]:
        """Send taps as the page does."""
        body = json.dumps({"now": now, "items": items}).encode()
        status, text = self.running.http(path or self.path, body, **{"Content-Type": "application/json", **headers})
        return status, json.loads(text) if text.startswith("{") else text


@pytest.fixture
def building() -> Iterator[Building]:
    """A drill that runs."""
    made = Building()
    yield made
    made.running.stop()
    shutil.rmtree(made.home, ignore_errors=True)


def test_each_tap_is_written_once_with_its_own_moment(building: Building) -> None:
    """What is sent twice is written once; what comes late keeps when it was tapped, by how long ago the telephone says
    that was, whatever time it believes it is."""
    items = [
        {"id": "aa1", "at": 1e12, "about": "I1", "text": "慢了"},
        {"id": "aa2", "at": 1e12 - 60_000, "about": "look", "rating": "S"},
        {"id": "aa3", "at": 1e12, "question": "Q1", "met": True},
    ]
    for _ in range(2):
        status, answer = building.post(items)
        assert status == 200
        assert answer["done"] == ["aa1", "aa2", "aa3"]
    first, second, third = building.noted()
    assert (first.by, first.about, first.tapped) == ("gina", "I1", None)
    assert first.text.startswith("seal:")
    assert second.rating == "S"
    assert second.tapped is not None, "a minute late, and marked so"
    assert (third.question, third.met) == ("Q1", True)


def test_an_unsafe_act_freezes_the_drill(building: Building) -> None:
    """One tap, and everybody stops; an hour later it is a note and stops nothing."""
    building.post([{"id": "bb1", "at": 1e12 - 3_600_000, "unsafe": True}])
    assert building.does("show")["state"] == "running"
    _, answer = building.post([{"id": "bb2", "at": 1e12, "unsafe": True, "text": "on the wet stairs"}])
    assert answer["state"]["frozen"] is True
    shown = building.does("show")
    assert (shown["state"], shown["because"]) == ("paused", "unsafe")
    assert [entry.unsafe for entry in building.noted()] == [True, True]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'{"now": "x", "items": []}', b'{"now": 1, "items": [{"id": "a"}]}',
        b'{"now": 1, "items": [{"id": "a", "at": 1, "rating": "Z"}]}',
        b'{"now": 1, "items": [{"id": "a", "at": 1, "admin": true}]}',
    ],
)  # fmt: skip
def test_what_is_no_tap_is_refused(building: Building, body: bytes) -> None:
    """A form that is none of ours is answered 400, and nothing is written."""
    assert building.running.http(building.path, body)[0] == 400
    assert building.noted() == []


def test_hostile_taps(building: Building) -> None:
    """Numbers without bounds, ids that are none, words as code: nothing breaks, and nothing is believed."""
    items = [
        {"id": "../x", "at": 1e12, "text": "no id of ours"},
        {"id": "cc1", "at": -1e300, "text": "<script>alert(1)</script>"},
        {"id": "cc2", "at": 1e300, "text": "from the future"},
        {"id": "cc3", "at": 1e12},
    ]
    status, answer = building.post(items)
    assert status == 200
    assert len(answer["done"]) == 4
    assert len(building.noted()) == 2
    assert "<script>alert" not in building.running.http(building.path)[1]


def test_who_may_open_it(building: Building) -> None:
    """The link names one observer of one drill; a wrong one opens nothing, and other sites cannot post to it."""
    assert building.running.http(building.path)[0] == 200
    assert building.running.http(building.path[:-1] + ("0" if building.path[-1] != "0" else "1"))[0] == 404
    assert building.running.http(building.path.replace("/o/", "/a/"))[0] == 404
    assert building.post([], **{"Sec-Fetch-Site": "cross-site"})[0] == 403


def test_the_page_shows_nothing_that_is_still_to_come(building: Building) -> None:
    """What an evaluator may see of what has happened, and no more of the script."""
    until(lambda: "I4" in building.running.http(building.path)[1], "for the first injects")
    page = building.running.http(building.path)[1]
    assert "I6" not in page
    assert "reporter" not in page
    assert "+1" not in page


sync_api = pytest.importorskip("playwright.sync_api")


@pytest.mark.skipif(CHROMIUM is None, reason="there is no browser on this machine")
def test_in_a_browser(building: Building, tmp_path: Path) -> None:
    """On a small telephone: taps are notes about what is chosen; without a network they wait and say so, and are sent
    when it is back, after the page was closed and opened again as well; red freezes."""
    until(lambda: "I4" in building.running.http(building.path)[1], "for the first injects")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport=SMALL, has_touch=True)
        page = context.new_page()
        problems: list[str] = []
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        address = building.running.address + building.path
        page.goto(address + "?lang=en")
        page.get_by_role("button", name="I4", exact=False).click()
        page.get_by_role("button", name="slow").click()
        until(lambda: len(building.noted()) == 1, "for the first note")
        assert building.noted()[0].about == "I4"
        page.get_by_text("all 1 are sent").wait_for()  # else the answer is cut off below, and the tap waits as well
        assert problems == []
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= SMALL["width"], "nothing to be pushed sideways"
        sizes = page.evaluate("[...document.querySelectorAll('button')].map(b => b.getBoundingClientRect().height)")
        assert min(sizes) >= LEAST
        page.screenshot(path=str(tmp_path / "observe-en.png"), full_page=True)

        context.set_offline(True)
        page.get_by_role("button", name="M major trouble").click()
        page.get_by_role("button", name="yes").click()
        page.get_by_text("2 not sent yet").wait_for()
        page.screenshot(path=str(tmp_path / "observe-offline.png"), full_page=True)
        page.wait_for_timeout(2_100)  # late enough to be told from a tap that was sent at once
        assert len(building.noted()) == 1
        context.set_offline(False)
        page.close()
        page = context.new_page()
        page.goto(address + "?lang=zh")
        until(lambda: len(building.noted()) == 3, "for what waited")
        assert all(entry.tapped is not None for entry in building.noted()[1:])
        page.get_by_text("3 条都已发出").wait_for()

        page.get_by_role("button", name="不安全行为").click()
        page.get_by_text("已冻结").wait_for()
        page.screenshot(path=str(tmp_path / "observe-zh.png"), full_page=True)
        assert building.does("show")["because"] == "unsafe"
        browser.close()
