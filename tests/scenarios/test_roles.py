"""Who has which role, and why: as the status, the screen and the log say it."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from emergency.core import events as e
from emergency.show import LogReader
from emergency.show import status as lines_of
from emergency.store.codec import to_text
from tests.scenarios.scene import Scene

MINUTE = timedelta(minutes=1)


def test_every_role_says_why(scene: Scene) -> None:
    """Status has a sentence for each role in both languages; the screen shows the reason where there is one to show."""
    scene.open("fire")
    scene.do("severity", level="red", by="chen_jing", reason="smoke")
    doc = scene.do("status")

    said = {(each["role"], each["person"]): each["because"] for each in doc["roles"]}
    assert all(words["zh"] and words["en"] for words in said.values())
    assert said["duty_manager", "chen_jing"] == {"zh": "陈静:值班经理", "en": "Chen Jing: Duty manager"}
    assert said["scribe", "tian_yuan"] == {
        "zh": "田媛:记录员,替补,因胡伟担任中控室",
        "en": "Tian Yuan: Scribe, as a deputy, because Hu Wei is Control room",
    }
    shown = "\n".join(lines_of(doc, "en"))
    assert "Scribe: Tian Yuan (tian_yuan)  —  as a deputy, because Hu Wei is Control room" in shown
    assert "Duty manager: Chen Jing (chen_jing)\n" in shown


def test_the_log_says_why(scene: Scene) -> None:
    """The log holds ids and short words; names and sentences are put in where it is read aloud."""
    scene.open("fire")
    scene.do("severity", level="red", by="chen_jing", reason="smoke")
    doc = scene.do("status")

    event = next(each for each in scene.happened(e.RoleAssigned) if each.role == "scribe")
    data = {k: v for k, v in msgspec.to_builtins(event).items() if k != "type"}
    assert "Hu Wei" not in str(data)
    line = {"seq": 7, "kind": "RoleAssigned", "at": to_text(scene.incident.opened), "data": data}
    assert (
        LogReader(doc, "en")
        .line(line, {})
        .endswith("role assigned  Tian Yuan: Scribe, as a deputy, because Hu Wei is Control room")
    )
    assert LogReader(doc, "zh").line(line, {}).endswith("派任  田媛:记录员,替补,因胡伟担任中控室")


def test_an_empty_role_shows_until_somebody_has_it(scene: Scene) -> None:
    """In a place where no phone may ring, whoever works there is passed over by name; what is left empty is shown, and
    marked once it has been empty for too long."""
    scene.open("gas_leak", "b2")
    scene.do("severity", level="red", by="chen_jing", reason="smell")
    doc = scene.do("status")

    gaps = {each["role"]: each for each in doc["roles"] if each["status"] == "unfilled"}
    assert gaps["cordon"]["because"]["en"] == "Cordon: nobody, because Cao Ming is where no phone may ring"
    assert gaps["cordon"]["because"]["zh"] == "警戒组:无人,因曹明在禁止响铃的地点"

    scene.run(until=30 * MINUTE)
    later = scene.do("status")
    overdue = [each["role"] for each in later["roles"] if each["overdue"]]
    assert overdue
    assert any(line.startswith("    !! ") for line in lines_of(later, "en"))
