"""What a site changes over a shipped plan, in a file of its own: it holds for the next emergency, and is shown."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from emergency.errors import Mistakes
from emergency.setup import effective_playbook
from emergency.verbs import perform
from tests.installation import sample

CHANGES = """\
because: {zh: 楼高, en: a tall house}
set:
  states.reported.steps.send.done: 25s
  states.verifying.headline.en: alarm, look
"""


def test_a_change_holds_for_the_next_emergency(tmp_path: Path) -> None:
    """Without a restart: the first fire runs by the shipped plan, the next by the changed one, the first goes on as it
    began."""
    app = sample(tmp_path)
    engine = app.engine()
    first = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "fire.yaml").write_text(CHANGES, "utf-8")
    second = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "f2", "separate": True})

    def allowed(opened: dict[str, str]) -> timedelta:
        (run,) = [run for run in engine.incident(opened["id"]).steps.values() if run.name == "send"]
        assert run.due is not None
        return run.due - run.started

    assert allowed(second) == timedelta(seconds=25)
    assert allowed(first) != allowed(second)
    engine.store.close()


def test_a_changed_change_is_seen(tmp_path: Path) -> None:
    """The file is looked at for every report, also when only its words were changed in place."""
    app = sample(tmp_path)
    engine = app.engine()
    site = app.people.site(engine)
    (tmp_path / "changes").mkdir()
    file = tmp_path / "changes" / "fire.yaml"
    seen = []
    for seconds in (25, 26, 27):
        file.write_text(CHANGES.replace("25s", f"{seconds}s"), "utf-8")
        os.utime(file, ns=(seconds, seconds))
        plan = app.library.named(engine, "fire", site)
        seen.append(next(step.done for step in plan.state("reported").steps if step.name == "send"))
    assert seen == [timedelta(seconds=n) for n in (25, 26, 27)]
    engine.store.close()


def test_effective_prints_where_each_value_comes_from(tmp_path: Path) -> None:
    """The changed value names the site's file and line, its neighbour the plan's."""
    app = sample(tmp_path)
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "fire.yaml").write_text(CHANGES, "utf-8")
    document, lines = effective_playbook(app, "fire")
    values = {each["path"]: each for each in document["values"]}

    changed = values["states.reported.steps.send.done"]
    assert (changed["value"], changed["file"], changed["line"]) == ("25s", str(tmp_path / "changes" / "fire.yaml"), 3)
    assert Path(values["states.reported.steps.send.role"]["file"]).parent.name == "playbooks"
    assert "states.reported.steps.send.done = 25s    # fire.yaml:3" in lines


def test_a_bad_change_stops_the_plan_and_says_where(tmp_path: Path) -> None:
    """A change that a site may not make is refused with its file and line; nothing is started by half."""
    app = sample(tmp_path)
    engine = app.engine()
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "fire.yaml").write_text(CHANGES.replace("send.done", "sent.done"), "utf-8")
    with pytest.raises(Mistakes, match=r"changes/fire.yaml:3: .*Did you mean 'send'"):
        perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    assert engine.open_incidents() == []
    assert perform(app.desktop, engine, "trigger", {"playbook": "robbery", "at": "f1_jeweller"})["incident"] == "R01"
    engine.store.close()
