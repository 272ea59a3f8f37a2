"""Runs short incidents and writes their logs down as golden files: `python -m tests.golden.make`.

A golden file is what one release has written. It is never made again for that release: later releases must read it as
it stands. When events grow, make files for the new release and keep the old ones.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from emergency import VERSION
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.site import Elsewhere, Wanted
from emergency.core.values import Severity
from emergency.errors import PermanentFailure
from emergency.notify import Report
from emergency.outbox import record_report
from emergency.roster import Reach
from emergency.store import codec
from tests.fakes import FakeNotifier, Lost
from tests.small import MINUTE, SECOND, House

FOLDER = Path(__file__).parent


def leak(house: House) -> str:
    """A leak in which nearly everything happens that can happen."""
    sms, voice = house.notifiers
    assert isinstance(sms, FakeNotifier)
    assert isinstance(voice, FakeNotifier)
    sms.next = [Lost, PermanentFailure("30003")]
    id = house.open(id="golden01").id
    house.pump()
    house.clock.advance(3 * SECOND)
    house.settle()
    house.pump()
    lead = house.rows("chloe")[0]
    house.engine.unit(lambda engine: record_report(engine, Report(delivery=lead.id, status="delivered")))
    house.do(id, c.MergeReport(by="console", place="yard", note=house.store.seal("also the yard")))
    house.texts("chloe", f"{house.ref(id, 'look')} 1")
    house.texts("emma", f"{house.ref(id, 'kind')} 3")
    house.texts("chloe", "water everywhere")
    house.do(id, c.ReportFact(fact="litres", value="1500", by="chloe"))
    house.texts("chloe", "9")
    for _ in range(30):
        house.wait(MINUTE)
    members = house.people.members(house.engine, Reach(), house.clock.now())
    house.do(id, c.UpdateRoster(members=members[:-1]))
    house.do(id, c.HandOver(person="boris", by="console", reason=house.store.seal("he is here")))
    house.do(id, c.AssignRole(role="guard", person="dmitri", by="boris"))
    house.do(id, c.ChangeSeverity(to=Severity.orange, by="console", reason=house.store.seal("less water")))
    for step in ("look", "block"):
        house.texts("dmitri", f"{house.ref(id, step)} 2")
    house.do(id, c.GiveUpStep(step=open_step(house, id), by="boris", reason=house.store.seal("too wet")))
    house.do(id, c.StandDown(by="boris", ticked=(1,), override=True, reason=house.store.seal("dry enough")))
    house.wait(timedelta(hours=2))
    return id


def open_step(house: House, id: str) -> str:
    """Return a step that is still open."""
    return next(run.id for run in house.incident(id).steps.values() if run.status == "open")


def noise(house: House) -> str:
    """A noise that was nothing, as a drill."""
    id = house.open("noise", id="golden02", mode="drill").id
    house.pump()
    house.texts("chloe", house.ref(id, "listen") + "1")
    house.wait(SECOND)
    house.texts("chloe", house.ref(id, "listen") + "2")
    house.wait(timedelta(hours=2))
    return id


def expected(house: House) -> str:
    """A leak that another emergency let expect, confirmed by a person."""
    house.open(id="golden03", parent="golden01")
    members = house.people.members(house.engine, Reach(), house.clock.now())
    house.do("golden03", c.UpdateRoster(members=members))
    house.do("golden03", c.ConfirmIncident(by="console", place="yard", facts={"litres": "20"}))
    house.pump()
    house.wait(SECOND)
    return "golden03"


def dismissed(house: House) -> str:
    """One that did not come."""
    house.open(id="golden04", parent="golden01")
    house.do("golden04", c.DismissIncident(by="console"))
    return "golden04"


def several(house: House) -> str:
    """A noise that loses its people to a leak, gets others, lends somebody, and outlives a shift."""
    id = house.open("noise", id="golden05").id
    house.pump()
    held = sorted({person for slots in house.incident(id).roles.values() for person in slots.values()})
    busy = tuple(Elsewhere(person=person, rank=4, code="L09") for person in held)
    house.do(id, c.HearOfOthers(elsewhere=busy, taken=tuple(held), to="L09"))
    lent = (Wanted(person=held[0], role="guard", here=None),)
    house.do(id, c.HearWanted(other="L09", how="keeps", people=lent))
    members = tuple(replace(member, duty="off") for member in house.incident(id).members.values())
    house.do(id, c.UpdateRoster(members=members, until=house.clock.now() + timedelta(hours=8)))
    house.pump()
    return id


def red(house: House) -> str:
    """A red leak that nobody answers: its gap is passed on; a roll call is held meanwhile."""
    id = house.open(id="golden06").id
    house.pump()
    house.do(id, c.OpenMuster(code="L02", expected=3, by="console"))
    house.do(id, c.ChangeSeverity(to=Severity.red, by="console"))
    for _ in range(12):
        house.wait(MINUTE)
    house.do(id, c.CloseMuster(code="L02", safe=1, help=0, away=1, missing=1, lines=2, head="0" * 64, by="console"))
    return id


def drill(house: House) -> str:
    """A drill on real telephones that somebody stops for something real, that goes on, and is broken off."""
    id = house.open(id="golden07", mode="live_drill").id
    house.pump()
    house.texts("chloe", "9")
    house.wait(MINUTE)
    house.do(id, c.ResumeDrill(by="boris"))
    house.wait(MINUTE)
    house.do(id, c.AbortDrill(by="emma", because="unsafe", reason=house.store.seal("somebody fell")))
    house.pump()
    return id


def endex(house: House) -> str:
    """A drill that comes to its planned end."""
    id = house.open("noise", id="golden08", mode="live_drill").id
    house.pump()
    house.do(id, c.EndDrill(by="boris", because="scenario"))
    house.pump()
    return id


def dump(house: House, id: str) -> dict[str, Any]:
    """Return the log of an incident as it stands in the store, with the documents that it names."""
    opened = json.loads(house.store.records(id)[0].data)
    incident = house.incident(id)
    return {
        "release": VERSION,
        "incident": id,
        "documents": {opened[key]: house.store._fetch(opened[key]).decode() for key in ("playbook", "site")},
        "lines": [[r.seq, r.at, r.kind, r.v, r.data.decode(), r.hash] for r in house.store.records(id)],
        "ends": {
            "state": incident.state,
            "severity": incident.severity.value,
            "command": incident.command,
            "version": incident.version,
            "last": codec.to_text(incident.last),
            "alerts": {alert.id: alert.status for alert in incident.alerts.values()},
            "deliveries": {d.id: d.status for d in incident.deliveries.values()},
            "steps": {run.id: run.status for run in incident.steps.values()},
        },
    }


def main() -> None:
    """Write a golden file for each incident, where there is none yet."""
    both = ("real", "drill", "live_drill")
    for story in (leak, noise, expected, dismissed, red, several, drill, endex):
        house = House([FakeNotifier("sms", modes=both), FakeNotifier("voice", modes=both)])
        file = FOLDER / f"{VERSION}-{story.__name__}.json"
        if file.exists():
            print(f"{file.name} is there already; a golden file is never made twice")
            continue
        document = dump(house, story(house))
        file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
        kinds = {line[2] for line in document["lines"]}
        print(f"{file.name}: {len(document['lines'])} lines, {len(kinds)} kinds")
        print("  not in it:", sorted({kind.__name__ for kind in e.Event.__subclasses__()} - kinds))


if __name__ == "__main__":
    main()
