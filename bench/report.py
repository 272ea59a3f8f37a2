"""An after-action report: what an incident of 500 lines takes from its log to a page that prints, HTML and PDF."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.common import Figure, folder, median
from bench.throughput import installed
from emergency.app import App
from emergency.drills.rehearsals.kept import furnish, rehearsals
from emergency.drills.rehearsals.play import play, prepare
from emergency.report.make import make
from emergency.report.pages import as_html, as_pdf, write

WHOLE_MS = 3000.0
"""What the whole of it may take, from the store to both files: the drill is still being talked about."""
EVENTS = 500
PLAYED = "4m"
"""How much of the fire makes so many lines."""


def report() -> list[Figure]:
    """The figures of one report: the whole, and where its time goes."""
    with folder() as home:
        app, engine = installed(home, {}, 25)
        engine.store.close()
        code = _rehearsed(app)
        made = make(app, code)
        assert made.cover.lines >= EVENTS, made.cover.lines

        def whole() -> None:
            again = make(app, code)
            for name in ("report.html", "report.pdf"):
                write(again, Path(home) / name, "zh")

        name = f"report of {made.cover.lines} events"
        return [
            Figure(f"{name}, HTML and PDF (floor: allowed)", _ms(whole), WHOLE_MS, 1, "ms"),
            Figure("  from the store to a value (floor: allowed)", _ms(lambda: make(app, code)), WHOLE_MS, None, "ms"),
            Figure("  HTML (floor: allowed)", _ms(lambda: as_html(made, "zh")), WHOLE_MS, None, "ms"),
            Figure("  PDF (floor: allowed)", _ms(lambda: as_pdf(made, "zh")), WHOLE_MS, None, "ms"),
        ]


def _ms(work: Callable[[], Any]) -> float:
    """Return the median of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return median(times)


def _rehearsed(app: App) -> str:
    """Rehearse the first minutes of a fire, until its log has as many lines as are wanted; return its code."""
    setting = prepare(app, "fire", at=None, begins=None, until=PLAYED, seed=3)
    with contextlib.closing(rehearsals(app.settings)) as store:
        furnish(app, store)
        _, row = play(setting, store)
    assert row is not None
    return row.code
