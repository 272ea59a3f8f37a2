"""The logs of earlier releases: every one of them must still be read, folded and found whole."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from emergency import VERSION
from emergency.core import events as e
from emergency.core.incident import fold
from emergency.store import codec
from emergency.store.store import SqliteStore

FILES = sorted(Path(__file__).parent.glob("*.json"))


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def golden(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return one golden file."""
    document: dict[str, Any] = json.loads(request.param.read_text("utf-8"))
    return document


def test_this_release_has_its_golden_files() -> None:
    """No release goes out without logs that later ones are held to."""
    stories = ("dismissed", "drill", "endex", "expected", "leak", "noise", "red", "several")
    assert [f"{VERSION}-{story}" for story in stories] == [file.stem for file in FILES if file.stem.startswith(VERSION)]


def test_the_golden_files_hold_every_kind_of_event() -> None:
    """An event that no golden file holds could change its shape unseen."""
    held = {line[2] for file in FILES for line in json.loads(file.read_text("utf-8"))["lines"]}
    assert {kind.__name__ for kind in e.Event.__subclasses__()} == held


def test_a_golden_log_still_means_the_same(golden: dict[str, Any]) -> None:
    """Each line is still read, and together they fold to the incident that the release had at its end."""
    fetch = {name: body.encode() for name, body in golden["documents"].items()}.__getitem__
    events = [
        (codec.decode(kind, v, data.encode(), fetch), codec.from_text(at))
        for _, at, kind, v, data, _ in golden["lines"]
    ]
    incident = fold(events)
    assert incident is not None
    assert golden["ends"] == {
        "state": incident.state,
        "severity": incident.severity.value,
        "command": incident.command,
        "version": incident.version,
        "last": codec.to_text(incident.last),
        "alerts": {alert.id: alert.status for alert in incident.alerts.values()},
        "deliveries": {d.id: d.status for d in incident.deliveries.values()},
        "steps": {run.id: run.status for run in incident.steps.values()},
    }


def test_a_golden_log_is_still_whole(golden: dict[str, Any]) -> None:
    """Put into a store of this release as it stands, the chain of an old log holds, and its history is read."""
    store = SqliteStore(":memory:")
    with store.transaction():
        put(store._db, golden)
    assert len(golden["lines"]) == store.verify(golden["incident"]) == len(store.history(golden["incident"]))
    store.close()


def put(db: sqlite3.Connection, golden: dict[str, Any]) -> None:
    """Insert a golden log, byte by byte."""
    lines = [
        (golden["incident"], seq, at, kind, v, data.encode(), hash) for seq, at, kind, v, data, hash in golden["lines"]
    ]
    db.executemany("insert into event (incident, seq, at, kind, v, data, hash) values (?, ?, ?, ?, ?, ?, ?)", lines)
    for name, body in golden["documents"].items():
        kind = "playbook" if '"states"' in body else "site"
        db.execute("insert into document (digest, kind, body) values (?, ?, ?)", (name, kind, body.encode()))
        assert name == codec.digest(body.encode())
    opened = golden["lines"][0]
    last = golden["lines"][-1]
    db.execute(
        "insert into incident (id, code, mode, playbook, place, opened_at, version, head) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        (golden["incident"], "L01", "real", "leak", "hall", opened[1], last[0], last[5]),
    )
