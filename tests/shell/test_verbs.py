"""Verbs: what is asked of the program, once, of the right incident, by who may ask it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from emergency.app import App
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.incident import Delivery
from emergency.engine import Engine
from emergency.errors import CommandRefused, Mistakes
from emergency.notify import Inbound
from emergency.setup import check_site, import_site
from emergency.verbs import perform
from tests.installation import sample

SITE = Path(__file__).resolve().parents[2] / "emergency" / "sample" / "site.yaml"


@pytest.fixture
def fire(tmp_path: Path) -> tuple[App, Engine, str]:
    """An installation with a fire in the food court; its id."""
    app = sample(tmp_path)
    engine = app.engine()
    opened = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    return app, engine, str(opened["id"])


def events(engine: Engine, id: str, kind: type) -> list[object]:
    """Return the events of one kind."""
    return [event for event, _ in engine.store.history(id) if isinstance(event, kind)]


def test_a_request_is_done_once_however_often_it_comes(fire: tuple[App, Engine, str]) -> None:
    """An answer that was lost makes the command line ask again; the note is not written twice."""
    app, engine, id = fire
    for _ in range(3):
        document = perform(app.desktop, engine, "note", {"text": "brigade at gate 2", "request": "r1"})
        assert document["incident"] == "F01"
    assert len(events(engine, id, e.NoteAdded)) == 1
    perform(app.desktop, engine, "note", {"text": "brigade at gate 2", "request": "r2"})
    assert len(events(engine, id, e.NoteAdded)) == 2


def test_one_that_waits_for_its_follow_up_does_not_stand_in_the_way(fire: tuple[App, Engine, str]) -> None:
    """Without a code the incident that goes on is meant, not the one that has ended."""
    app, engine, _ = fire
    perform(app.desktop, engine, "cancel", {"reason": "steam"})
    perform(app.desktop, engine, "trigger", {"playbook": "power_outage"})
    assert perform(app.desktop, engine, "status", {})["incident"] == "P01"
    assert perform(app.desktop, engine, "note", {"text": "x"})["incident"] == "P01"


def test_two_that_go_on_are_never_confused(fire: tuple[App, Engine, str]) -> None:
    """With two going on, a command without a code does nothing and lists them."""
    app, engine, _ = fire
    perform(app.desktop, engine, "trigger", {"playbook": "power_outage"})
    with pytest.raises(Mistakes, match="several") as refused:
        perform(app.desktop, engine, "note", {"text": "x"})
    assert "F01" in str(refused.value)
    assert "P01" in str(refused.value)


def test_a_second_cry_for_help_is_heard(fire: tuple[App, Engine, str]) -> None:
    """Key 9 pressed twice at once is one cry; pressed again after minutes it is another, and command is told again."""
    app, engine, id = fire
    code = engine.incident(id).code
    for _ in range(2):
        perform(app.desktop, engine, "reply", {"person": "gao_lei", "text": f"{code} 9"})
    assert len(events(engine, id, e.HelpAsked)) == 1
    app.clock.advance(timedelta(minutes=3))  # type: ignore[attr-defined]
    perform(app.desktop, engine, "reply", {"person": "gao_lei", "text": f"{code} 9"})
    assert len(events(engine, id, e.HelpAsked)) == 2


@pytest.mark.parametrize("text", ["F01C 3 people trapped", "F01C 2 hurt here"])
def test_a_number_among_words_is_no_answer(fire: tuple[App, Engine, str], text: str) -> None:
    """What may be a report is kept as a note for command, and changes no step."""
    app, engine, id = fire
    before = engine.incident(id)
    document = perform(app.desktop, engine, "reply", {"person": "gao_lei", "text": text})
    after = engine.incident(id)
    assert document["outcome"] == "unread"
    assert after.notes == before.notes + 1
    assert {r.id: r.status for r in after.steps.values()} == {r.id: r.status for r in before.steps.values()}


def test_received_with_words_is_received_and_kept(fire: tuple[App, Engine, str]) -> None:
    """`1` with a remark is still a received; the remark becomes a note."""
    app, engine, id = fire
    document = perform(app.desktop, engine, "reply", {"person": "gao_lei", "text": "F01C 1 on my way in two minutes"})
    assert document["outcome"] == "acknowledged"
    assert engine.incident(id).notes == 1


def test_only_command_gives_a_command_role_away(fire: tuple[App, Engine, str]) -> None:
    """A guard cannot make himself commander; whoever commands can."""
    app, engine, id = fire
    with pytest.raises(CommandRefused, match="does not command"):
        perform(app.desktop, engine, "assign", {"role": "duty_manager", "person": "gao_lei", "by": "gao_lei"})
    chief = str(engine.incident(id).command)
    document = perform(app.desktop, engine, "assign", {"role": "duty_manager", "person": "gao_lei", "by": chief})
    assert document["command"] == "gao_lei"


def sent_to(engine: Engine, id: str, person: str) -> list[Delivery]:
    """Return what was queued for *person*, in order."""
    theirs = [d for d in engine.incident(id).deliveries.values() if d.person == person]
    return sorted(theirs, key=lambda d: int(d.id.rpartition(".")[2]))


def test_a_notice_that_cannot_be_delivered_tries_another_way(fire: tuple[App, Engine, str]) -> None:
    """A stand-down or a cry for help is not lost with one number: the other channel, then the other number."""
    from emergency.core import commands as c

    app, engine, id = fire
    perform(app.desktop, engine, "tell", {"text": "north yard", "to": ["wang_jun"]})
    first = sent_to(engine, id, "wang_jun")[0]
    engine.handle(id, c.RecordDelivery(delivery=first.id, status="failed", reason="21211"))
    ways = [(d.channel, d.number) for d in sent_to(engine, id, "wang_jun")]
    assert ways[0] == ("sms", 0)
    assert len(ways) == 2
    assert ways[1] != ways[0]


def test_a_changed_site_comes_into_force(tmp_path: Path) -> None:
    """A new zone can be named at once; an incident that is open keeps the site it began with."""
    app = sample(tmp_path)
    engine = app.engine()
    opened = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    changed = tmp_path / "site2.yaml"
    stall = "{zh: 新铺, en: New stall}"
    zone = f"  b1_new_stall:\n    name: {stall}\n    short: {stall}\n    within: b1\n\n"
    text = SITE.read_text("utf-8").replace("lifts:", zone + "lifts:", 1)
    changed.write_text(text, "utf-8")
    assert import_site(app, str(changed))["unusable"] == []
    again = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "New stall", "separate": True})
    assert again["place_id"] == "b1_new_stall"
    with pytest.raises(KeyError):
        engine.incident(str(opened["id"])).site.place("b1_new_stall")


def test_a_site_that_leaves_people_hanging_is_refused(tmp_path: Path) -> None:
    """A shift that is gone names everybody who works in it; the old site stays in force."""
    app = sample(tmp_path)
    changed = tmp_path / "site2.yaml"
    renamed = SITE.read_text("utf-8").replace("\n  night:", "\n  nights:", 1).replace("night, night", "nights, nights")
    changed.write_text(renamed, "utf-8")
    with pytest.raises(Mistakes, match="shift 'night'") as refused:
        import_site(app, str(changed))
    assert len(refused.value.problems) > 5
    engine = app.engine()
    assert any(shift.id == "night" for shift in app.people.site(engine).shifts)


def test_a_site_file_is_checked_without_being_used(tmp_path: Path) -> None:
    """Every mistake at once, with its line."""
    broken = tmp_path / "site.yaml"
    broken.write_text(SITE.read_text("utf-8").replace("within: b1", "within: b9"), "utf-8")
    found = check_site(str(broken))["findings"]
    assert len(found) >= 2
    assert all(f["line"] > 0 and "b9" in f["says"] for f in found)


def test_words_that_are_missing_are_named(fire: tuple[App, Engine, str]) -> None:
    """The API gets the same clear refusal as the command line."""
    app, engine, _ = fire
    with pytest.raises(Mistakes, match="'text' is missing"):
        perform(app.desktop, engine, "reply", {"person": "gao_lei"})
    with pytest.raises(Mistakes, match="no whole number"):
        perform(app.desktop, engine, "assign", {"role": "medical", "person": "gao_lei", "slot": "two"})


def test_the_same_message_by_two_ways_in_is_one(fire: tuple[App, Engine, str]) -> None:
    """Hook and polling may bring the same text: the provider's id makes them one."""
    app, engine, id = fire
    number = app.people.roster(engine).people["gao_lei"].numbers[0]
    inbound = Inbound(id="SM7", provider="twilio", channel="sms", sender=number, text="F01C 1")
    kinds = [engine.unit(lambda en: app.inbox.receive(en, inbound)).kind for _ in range(2)]
    assert kinds == ["acknowledged", "repeated"]
    assert len(events(engine, id, e.AlertAcknowledged)) == 1


def test_who_is_told_first_owns_it_until_command_has_answered(tmp_path: Path) -> None:
    """First-asked responsibility: it is theirs until whoever commands has answered, and goes on with command."""
    app = sample(tmp_path)
    engine = app.engine()

    def ask(verb: str, **args: object) -> dict[str, object]:
        return perform(app.desktop, engine, verb, args)

    opened = ask("trigger", playbook="fire", at="K12", by="guo_xin")
    assert opened["owner"] == "guo_xin"
    assert opened["command"] != "guo_xin"
    (task, *_) = [a for a in opened["alerts"] if a["person"] == opened["command"]]  # type: ignore[attr-defined]
    engine.handle(str(opened["id"]), c.Acknowledge(alert=task["id"]))
    assert ask("status")["owner"] == opened["command"]
    handed = ask("assign", role="command", person="li_wenbin", reason="he is here")
    assert handed["owner"] == handed["command"] == "li_wenbin"
    engine.store.close()


def test_nobody_but_command_shortens_a_wait(tmp_path: Path) -> None:
    """A way out that silence would open is ordered early by whoever commands, not by anybody who is called."""
    app = sample(tmp_path)
    engine = app.engine()
    opened = perform(app.desktop, engine, "trigger", {"playbook": "fire", "at": "K12"})
    waits = next(leave for leave in engine.incident(opened["id"]).now_in.leave if leave.to and leave.after)
    fighter = next(r["person"] for r in opened["roles"] if r["role"] == "fire_team")
    order = {"to": waits.to, "by": fighter}

    with pytest.raises(CommandRefused, match="does not command"):
        perform(app.desktop, engine, "transition", order)
    done = perform(app.desktop, engine, "transition", {**order, "by": opened["command"]})
    assert done["state"] == waits.to
    engine.store.close()
