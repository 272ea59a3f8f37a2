"""Roll calls in a fire drill: wardens sweep floors, people answer by text, and the plan and the roll call agree."""

from __future__ import annotations

from typing import Any

from emergency.core import events as e
from emergency.core.segments import segments
from emergency.muster import rolls
from tests.fake_twilio import FakeTwilio
from tests.scenarios.scene import MINUTE, SECOND, Scene
from tests.serving import Mill, make_home, until
from tests.small import number


def evacuated(scene: Scene) -> None:
    """Play until the house is being evacuated and every warden has a floor."""
    scene.everyone.works({"first_attack": "small"}, skips=("put_out", "sweep"))
    scene.open("fire")
    scene.run(until=6 * MINUTE)
    assert scene.state == "evacuating"


def zone(doc: dict[str, Any], id: str) -> dict[str, Any]:
    """Return one floor of a roll call."""
    return next(each for each in doc["zones"] if each["zone"] == id)


def test_a_fire_drill_with_a_roll_call(scene: Scene) -> None:
    """Opened six minutes into a fire: most answer, two are silent and are asked twice more."""
    evacuated(scene)
    everybody = {m.id for m in scene.incident.members.values() if m.duty == "on"}
    code = str(scene.do("muster")["roll_call"])
    assert code == "XL01"
    silent = {"luo_bin", "priya_nair"}
    for n, person in enumerate(sorted(everybody - silent)):
        scene.at(6 * MINUTE + n * SECOND, "reply", person=person, text=f"{code}+1")
    scene.run(until=20 * MINUTE)

    doc = scene.do("muster-show")
    assert doc["totals"]["expected"] == len(everybody)
    assert doc["totals"]["safe"] == len(everybody) - 2
    assert {row["person"] for row in doc["missing"]} == silent
    asked = [x.message for x in scene.received("priya_nair") if x.message.id.startswith("roll:")]
    assert [" 2nd roll call" in m.text or " last roll call" in m.text for m in asked] == [False, True, True]
    assert all(m.text.count("DRILL") == 2 and segments(m.text) <= 2 for m in asked)


def test_a_cry_for_help_in_a_drilled_roll_call_is_real(scene: Scene) -> None:
    """Whoever answers that they need help is counted, command and control room hear it, and the drill stands still."""
    evacuated(scene)
    code = str(scene.do("muster")["roll_call"])
    scene.do("reply", person="deng_hui", text=f"{code} 2 b1 stair")
    scene.run(until=7 * MINUTE)

    assert [row["person"] for row in scene.do("muster-show")["help"]] == ["deng_hui"]
    assert [x.person for x in scene.happened(e.HelpAsked)] == ["deng_hui"]
    assert scene.alerts(person=scene.incident.command, kind="real_help")
    assert scene.incident.frozen is not None


def test_sweeping_in_the_roll_call_ends_the_step_of_the_plan(scene: Scene) -> None:
    """One truth: a floor swept for the roll call is swept for the plan, and the plan moves on by it."""
    evacuated(scene)
    scene.do("muster")
    run = next(r for r in scene.incident.runs_here() if r.zone == "f3")
    doc = scene.do("muster-zone", zone="f3", mark="swept", by="tang_yong")
    assert doc["steps"] == [scene.incident.code + run.letter]
    assert scene.incident.steps[run.id].status == "done"
    assert (zone(doc, "f3")["mark"], zone(doc, "f2")["mark"]) == ("swept", "open")


def test_giving_up_a_floor_gives_up_its_step_with_the_reason(scene: Scene) -> None:
    """Who gave it up and why stands in the incident's log."""
    evacuated(scene)
    scene.do("muster")
    scene.do("muster-zone", zone="f5", mark="given-up", by="command", reason="smoke on the stairs")
    (event,) = [x for x in scene.happened(e.StepDropped) if x.because == "given_up"]
    assert event.by == scene.incident.command
    assert scene.engine.store.words([event.reason])[event.reason] == "smoke on the stairs"


def test_what_the_plan_knows_the_roll_call_shows(scene: Scene) -> None:
    """The other way round: a warden's 2 by text sweeps the floor in the roll call, and give-up gives it up."""
    evacuated(scene)
    scene.do("muster")
    first, second = [r for r in scene.incident.runs_here() if r.zone][:2]
    holder = next(scene.incident.alerts[a].person for a in first.alerts)
    scene.do("reply", person=holder, text=f"{scene.incident.code}{first.letter} 2")
    scene.do("give-up", step=second.letter, reason="no keys", by="command")
    doc = scene.do("muster-show")
    assert zone(doc, str(first.zone))["mark"] == "swept"
    assert zone(doc, str(second.zone))["mark"] == "given_up"


def test_every_floor_swept_is_an_evacuation_and_no_head_count_is(scene: Scene) -> None:
    """With everybody safe but floors not swept the plan stays where it is; the sweeps alone move it."""
    evacuated(scene)
    code = scene.do("muster")["roll_call"]
    for person in [m.id for m in scene.incident.members.values() if m.duty == "on"]:
        scene.do("reply", person=person, text=f"{code} 1")
    scene.run(until=7 * MINUTE)
    assert scene.do("muster-show")["totals"]["missing"] == 0
    open_floors = [r.zone for r in scene.incident.runs_here() if r.zone and r.status == "open"]
    assert open_floors
    for floor in open_floors:
        scene.do("muster-zone", zone=floor, mark="swept", by="command")
    assert not [r for r in scene.incident.runs_here() if r.zone and r.status == "open"]


STAFF = ("anna", "boris", "chloe", "dmitri", "emma", "felix")
VISITORS = [f"+1312555{n:04d}" for n in range(160, 173)]


def test_nineteen_people_over_real_sockets() -> None:
    """A server and a provider beside it: six of the house and thirteen visitors are asked, answer, change their minds.

    One calls for help, and is safe later. What the chain holds is what they said.
    """
    with FakeTwilio() as twilio:
        twilio.accept_everything()
        twilio.everybody.will_not_answer()
        mill = Mill(twilio, make_home()).start()
        try:
            _roll_call(mill)
        finally:
            mill.stop()


def _roll_call(mill: Mill) -> None:
    opened = mill.trigger()
    code = mill.running.asks("muster", code=opened["incident"])["roll_call"]
    staff = [{"id": id} for id in STAFF]
    visitors = [{"name": f"Visitor {n}", "number": n, "language": "en"} for n in VISITORS]
    doc = mill.running.asks("muster-expect", code=code, rows=staff + visitors, file="visitors.csv")
    numbers = [*map(number, STAFF), *VISITORS]

    def asked() -> bool:
        done = [row for row in mill.rows() if row.id.startswith("roll:") and row.status in ("sent", "delivered")]
        return len(done) >= len(numbers)

    until(asked, "for the questions")
    for n, each in enumerate(numbers):
        mill.twilio.phone(each).texts(f"{code} 2 lift lobby" if n == 8 else f"{code} 1")
    until(lambda: mill.events(opened["id"], e.HelpAsked), "for the cry")
    mill.twilio.phone(numbers[8]).texts(f"{code} safe")

    def counted() -> Any:
        found = mill.running.asks("muster-show", code=code)["totals"]
        return found if found["safe"] == len(numbers) else None

    totals = until(counted, "for the answers")
    assert (totals["expected"], totals["help"]) == (doc["totals"]["expected"], 0)
    closed = mill.running.asks("muster-close", code=code)
    assert rolls.Musters(mill.store).verify(opened["id"]) == closed["lines"]
    (event,) = mill.events(opened["id"], e.MusterClosed)
    assert (event.safe, event.lines, event.head) == (len(numbers), closed["lines"], closed["head"])
