"""No telephone number, no name and no secret leaves the places that are made for them.

A whole emergency is run over real sockets, with everything going wrong that can; then all that was printed, logged,
raised and written is searched. Names and numbers may stand in the roster (`document`, `current`), and typed words
in `words`: those can be forgotten.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import cli
from emergency.core import events as e
from emergency.errors import EmergencyError
from emergency.notify import Inbound, Message
from emergency.settings import Settings
from emergency.verbs import perform
from notifiers.twilio import from_environment
from tests.fake_twilio import AUTH_TOKEN, FakeTwilio
from tests.serving import Mill, make_app, make_home, twilio_env, until
from tests.small import House, number, roster

KEY = "a-key-that-nobody-may-read"
KEEPERS = frozenset({"words", "document", "current"})
"""The tables that may hold what is about people."""


def secrets() -> dict[str, str]:
    """Return what may be found nowhere, each with what it is."""
    found = {AUTH_TOKEN: "the token", KEY: "the API key"}
    for person in roster().people.values():
        found |= dict.fromkeys(person.numbers, f"a number of {person.id}")
        found |= {number[1:]: f"a number of {person.id}" for number in person.numbers}
        found |= {person.name.zh: f"the name of {person.id}", person.name.en: f"the name of {person.id}"}
    return found


def leaks(text: str, *, names: bool = True) -> list[str]:
    """Return what *text* gives away."""
    return sorted(
        {what for secret, what in secrets().items() if secret in text and (names or not what.startswith("the name"))}
    )


def tables(path: Path) -> dict[str, str]:
    """Return everything that stands in a store, table by table."""
    with sqlite3.connect(path) as db:
        names = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
        found = {name: "\n".join(map(_row, db.execute(f"select * from {name}"))) for name in names}
    db.close()
    return found


def _row(row: tuple[Any, ...]) -> str:
    return " | ".join(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in row)


class Collected:
    """What a run has left behind, by where it was found."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def leaks(self) -> dict[str, list[str]]:
        """Return what was given away, by where."""
        return {where: found for where, text in self.texts.items() if (found := leaks(text))}


@pytest.fixture
def run(twilio: FakeTwilio, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Collected:
    """Run an emergency from its beginning to its end, and return all that it left behind."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("apscheduler").setLevel(logging.DEBUG)
    collected = Collected()
    mill = Mill(twilio, make_home(), EMERGENCY_API_KEY=KEY).start()
    try:
        _emergency(mill, collected)
        collected.texts["said by the server"] = "\n".join(mill.running.said)
        health = [mill.running.http("/healthz")[1], mill.running.http("/metrics")[1]]
        collected.texts["health and metrics"] = "\n".join(health)
        collected.texts |= {f"table {name}": text for name, text in tables(mill.home / "emergency.db").items()}
    finally:
        mill.stop()
    captured = capfd.readouterr()
    collected.texts["standard output"] = captured.out
    collected.texts["standard error"] = captured.err
    collected.texts["the log"] = "\n".join(
        f"{record.name} {record.getMessage()} {record.args} {record.exc_text}" for record in _ours(caplog.records)
    )
    return collected


def _ours(records: list[logging.LogRecord]) -> list[logging.LogRecord]:
    """Leave out what the fake provider's own side logs: it stands for a machine elsewhere."""
    return [record for record in records if record.threadName != "fake-twilio" and record.name != "asyncio"]


def _emergency(mill: Mill, collected: Collected) -> None:
    """Trigger, answer, fail, misuse, and end."""
    twilio = mill.twilio
    mill.phone("chloe").refuses_with(21211)
    mill.phone("felix").fails_with(30003)
    mill.phone("anna").will_press("1")
    mill.phone("emma").callbacks(lost="all")
    twilio.fault("lost", on="messages", to=number("emma"))
    id = mill.trigger(note="water, says Emma Ek")["id"]
    mill.wait_for(id, e.AlertAcknowledged, via="voice")
    mill.wait_for(id, e.DeliveryFailed)
    mill.wait_for(id, e.DeliverySent, found=True)
    mill.phone("emma").texts("L01 1")
    mill.phone("emma").texts("ask Boris Blum, +13125550102")
    mill.phone("dmitri").texts("1")
    mill.running.asks("tell", text="call Anna Adler on +13125550101", to=["guard"])
    mill.running.asks("assign", role="command", person="Boris Blum", reason="Anna Adler is away")
    mill.running.asks("fact", values={"cause": "Felix Frost left the tap on", "litres": "20"})
    _misuse(mill, collected)
    status = mill.running.asks("status")
    for step in status["steps"]:
        mill.running.asks("reply", person=step["person"] or "chloe", text=step["code"] + "2")
    mill.running.asks("stand-down", code="L01", check=["all"], override=True, reason="dry, says Chloe Clark")
    until(lambda: mill.running.asks("status", code="L01")["ended"] or None)
    # what one telephone may not get in this minute waits; nothing may be under way
    until(lambda: not {row.status for row in mill.rows()} & {"sending", "unknown"})
    assert twilio.settle()


def _misuse(mill: Mill, collected: Collected) -> None:
    """Do what is refused, and keep what was said about it."""
    said = []
    for verb, args in (
        ("assign", {"role": "guard", "person": "+13125550103"}),
        ("transition", {"to": "over", "by": "Emma Ek"}),
        ("stand-down", {"by": "emma"}),
        ("severity", {"level": "blue"}),
        ("trigger", {"playbook": "flood"}),
    ):
        said.append(str(mill.running.asks(verb, **args)["error"]))
        said.append(str(mill.running.api(verb, args, KEY)))
    for signature in ("bad", "missing"):
        said.append(mill.phone("emma").texts("1", signature=signature).body)  # type: ignore[arg-type]
    said.append(mill.phone("emma").texts("1", padding=200_000).body)
    said.append(str(mill.running.api("status", {}, AUTH_TOKEN)))
    asked = ("+13125550103", "Emma Ek")  # what the caller has typed may be said back to that caller
    text = "\n".join(said)
    for word in asked:
        text = text.replace(word, "").replace(word[1:], "")
    collected.texts["refusals"] = text


def test_nothing_about_people_leaks(run: Collected) -> None:
    """Neither what is printed nor what is logged, refused or written holds a number, a name or a secret; and the places
    that are made for these hold them, so that the search is known to look at the right texts."""
    kept = {f"table {name}" for name in KEEPERS}
    assert {where: found for where, found in run.leaks().items() if where not in kept} == {}

    assert "a number of anna" in leaks(run.texts["table document"])
    assert "the name of emma" in leaks(run.texts["table words"])
    assert all(kind in run.texts["table event"] for kind in ("StateEntered", "NoteAdded", "DeliveryFailed"))
    assert "emma" in run.texts["table outbox"]
    assert run.texts["refusals"].count("\n") > 10
    assert "transitions" in run.texts["the log"]


def test_values_do_not_show_what_they_hold(twilio: FakeTwilio) -> None:
    """Printing a message, a reply, a person, the settings or a notifier, as a traceback might, gives nothing away."""
    env = {**twilio_env(twilio), "EMERGENCY_API_KEY": KEY}
    settings = from_environment(env)
    assert settings is not None
    shown = [
        Message(id="x.1", attempt=1, mode="real", channel="sms", to=number("anna"), text="Anna Adler", language="en"),
        Inbound(id="SM1", provider="twilio", channel="sms", sender=number("anna"), text="Anna Adler"),
        roster().people["anna"],
        settings,
        Settings(Path("/x"), "sqlite:////x", "en", env),
    ]
    assert leaks("\n".join(f"{each!r} {each}" for each in shown)) == []


@pytest.mark.parametrize(
    "verb, args",
    [
        pytest.param("trigger", {"playbook": "leak", "at": "roof"}, id="no such place"),
        pytest.param("transition", {"to": "drying"}, id="not yet"),
        pytest.param("transition", {"to": "drying", "by": "emma", "override": True}, id="an override without a reason"),
        pytest.param("stand-down", {"by": "emma", "check": ["9"]}, id="a line that is not there"),
        pytest.param("cancel", {"by": "emma", "reason": "x"}, id="by whom it may not be"),
        pytest.param("assign", {"role": "guard", "person": "nobody"}, id="nobody"),
        pytest.param("tell", {"text": "x", "to": ["nobody"]}, id="to nobody"),
        pytest.param("fact", {"values": {"litres": "many"}}, id="no number"),
        pytest.param("log", {"code": "L99"}, id="no such incident"),
    ],
)
def test_refusals_name_people_by_id(tmp_path: Path, verb: str, args: dict[str, Any]) -> None:
    """The text of a refusal, and its whole traceback, hold roster ids at most."""
    home = make_home(tmp_path)
    app = make_app(home, {})
    engine = app.engine()
    perform(app.desktop, engine, "trigger", {"playbook": "leak", "at": "hall"})
    with pytest.raises(EmergencyError) as refused:
        perform(app.desktop, engine, verb, args)
    engine.store.close()
    assert str(refused.value)
    said = str(refused.value) + "".join(traceback.format_exception_only(refused.value))
    assert leaks(said) == []


def test_a_person_can_be_forgotten_without_breaking_the_log() -> None:
    """When words and roster are emptied nothing about the person is left, and the chain is whole."""
    house = House()
    house.open(id="x")
    house.texts("emma", "I am Emma Ek")
    store = house.store
    for name in KEEPERS:
        store._db.execute(f"delete from {name}" + (" where kind = 'roster'" if name == "document" else ""))
    left = "\n".join(
        _row(row)
        for (name,) in store._db.execute("select name from sqlite_master where type = 'table'").fetchall()
        for row in store._db.execute(f"select * from {name}")
    )
    assert leaks(left) == []
    assert len(store.history("x")) == store.verify("x")


NOT_TYPED = frozenset({"completion", "demo", "restore", "serve", "watch"})
"""Commands that do not end by themselves, or work on no installation or on another one."""
TYPED: dict[str, tuple[str, ...]] = {
    "assign": ("L01", "guard", "dmitri"),
    "backup": ("{dir}/copy.db",),
    "cancel": ("L01", "--reason", "a tap"),
    "confirm": ("L01",),
    "doctor": (),
    "drill abort": ("DR1", "--reason", "wet"),
    "drill begin": ("DR1",),
    "drill close": ("DR1",),
    "drill end": ("DR1",),
    "drill inject": ("DR1", "--say", "wet", "--to", "guard"),
    "drill link": ("DR1", "emma"),
    "drill notice": ("DR1", "alarm_centre", "--to", "x", "--by", "emma"),
    "drill pause": ("DR1",),
    "drill plan": ("leak", "--director", "emma"),
    "drill release": ("DR1", "--by", "emma"),
    "drill restored": ("DR1", "alarm_centre", "--to", "x", "--by", "emma"),
    "drill resume": ("DR1",),
    "drill show": ("DR1",),
    "drill skip": ("DR1", "I1", "--reason", "wet"),
    "drill speed": ("DR1", "5"),
    "drill table": ("leak",),
    "drill action add": ("L01", "--problem", "wet", "--action", "dry", "--owner", "emma", "--due", "2031-01-01"),
    "drill action done": ("L01.A1", "--evidence", "dry"),
    "drill action list": (),
    "drill answer": ("L01", "Q1", "yes"),
    "drill hotwash": ("L01", "--well", "dry"),
    "drill forecast": ("leak", "--runs", "2", "--cores", "1"),
    "drill learn": ("--people",),
    "drill list": (),
    "drill check": ("--quick",),
    "drill msel": ("lift_stuck",),
    "drill new": ("leak", "wet"),
    "drill schema": (),
    "drill observe": ("L01", "dry"),
    "drill run": ("leak", "--at", "hall", "--until", "2m"),
    "drill stop": (),
    "drill people": (),
    "drill calendar": (),
    "drill coverage": ("leak", "--no-scenarios"),
    "drill rate": ("L01",),
    "drill replay": ("L01",),
    "drill schedule add": ("x", "--cron", "0 10 1 * *"),
    "drill schedule list": (),
    "drill schedule next": (),
    "drill schedule remove": ("SC1",),
    "fact": ("L01", "litres=20"),
    "give-up": ("L01A", "--reason", "x"),
    "init": (),
    "language check": ("{dir}/sv.po",),
    "language list": (),
    "language template": (),
    "links": (),
    "log": ("L01", "--all"),
    "muster": ("L01",),
    "note": ("L01", "dry"),
    "playbook card": ("leak",),
    "playbook chart": ("leak",),
    "playbook check": ("leak", "--quick"),
    "playbook list": (),
    "playbook new": ("flood", "--code", "K", "--title-zh", "水", "--title-en", "Flood"),
    "playbook schema": (),
    "playbook show": ("leak",),
    "ready": (),
    "recover": (),
    "reply": ("emma", "1"),
    "report": ("L01",),
    "roster ask": ("emma",),
    "roster check": ("{home}/roster.yaml",),
    "roster export": ("{dir}/out.csv",),
    "roster forget": ("emma",),
    "roster history": (),
    "roster import": ("{dir}/roster.yaml", "--dry-run"),
    "roster leave": ("emma", "2031-01-01", "2031-01-02"),
    "roster show": (),
    "roster swap": ("emma", "2031-01-01", "--shift", "night"),
    "roster undo": ("--dry-run",),
    "roster who": (),
    "severity": ("L01", "red"),
    "site check": ("{home}/site.yaml",),
    "site import": ("{home}/site.yaml",),
    "stand-down": ("L01",),
    "status": ("L01",),
    "tell": ("L01", "dry"),
    "transition": ("L01", "drying"),
    "trigger": ("leak", "--at", "hall"),
}
"""Every command as it would be typed at the small building, in any order."""


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Yield every command that can be typed, with its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def test_no_command_shows_a_number(tmp_path: Path) -> None:
    """Whatever is typed, for people or with --json, in either language: no whole number of anybody is printed. Numbers
    are shown by `--numbers` alone, which this test knows by showing one."""
    home, spare = tmp_path / "home", tmp_path / "spare"
    for folder in (home, spare):
        folder.mkdir()
    make_home(home)
    text = (home / "roster.yaml").read_text("utf-8").replace("Emma Ek", "Emma Eck")
    (spare / "roster.yaml").write_text(text, "utf-8")
    (spare / "sv.po").write_text('msgid "done"\nmsgstr "gjort"\n', "utf-8")
    env = {"EMERGENCY_HOME": str(home)}
    shown: dict[str, str] = {}
    known = dict(commands(cli.main))
    assert set(known) == set(TYPED) | NOT_TYPED
    for name, command in [("trigger", known["trigger"]), *known.items()]:
        words = [word.format(home=home, dir=spare) for word in TYPED.get(name, ())]
        flags = [[]] + [["--json"]] * any("--json" in param.opts for param in command.params)
        for n, flag in enumerate(flags if name not in NOT_TYPED else []):
            typed = ["--lang", ("zh", "en")[n], *name.split(), *words, *flag]
            result = CliRunner().invoke(cli.main, typed, env=env, prog_name="emergency")
            assert not result.exception or isinstance(result.exception, SystemExit), (name, result.exception)
            shown[" ".join(typed)] = result.output
    assert {typed: found for typed, said in shown.items() if (found := leaks(said, names=False))} == {}
    assert sum(bool(said.strip()) for said in shown.values()) > len(TYPED)
    whole = CliRunner().invoke(cli.main, ["roster", "show", "--numbers"], env=env).output
    assert "a number of emma" in leaks(whole)


def test_documents_for_machines_hold_no_numbers(tmp_path: Path) -> None:
    """What `status` and `log` print names people, for whoever commands, and never shows how they are reached."""
    home = make_home(tmp_path)
    app = make_app(home, {})
    engine = app.engine()
    perform(app.desktop, engine, "trigger", {"playbook": "leak", "at": "hall"})
    documents = [perform(app.desktop, engine, verb, {}) for verb in ("status", "log", "roster-who")]
    engine.store.close()
    said = json.dumps(documents, ensure_ascii=False, default=str)
    assert leaks(said, names=False) == []
