"""What may be done with a drill, read off its book."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from emergency.core.values import Text
from emergency.drills import book as b
from emergency.drills.live import conduct
from emergency.drills.live.conduct import ALLOWED, Stand, stand
from emergency.drills.scenario import Contingency, Inject, Kind, PreNotice, Safety, Scenario
from emergency.errors import CommandRefused

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WORDS = Text("字", "words")


def planned(kind: Kind = "full", **more: Any) -> b.Planned:
    """Return a plan directed by anna."""
    begins = NOON + timedelta(days=7)
    usual: dict[str, Any] = {"playbook": "leak", "scenario": "s", "director": "anna", "maximum": 40 * MINUTE}
    return b.Planned(kind=kind, begins=begins, by="console", **{**usual, **more})


BEGUN = b.Begun(incident="i", code="XL01", by="anna")
PAUSED, RESUMED = b.Paused(by="emma", because="director"), b.Resumed(by="anna")
ENDED = b.Ended(because="director")
RELEASED = (b.Released(by="anna"), b.Released(by="boris"))


def book(*entries: tuple[float, b.AnyEntry]) -> list[b.Written]:
    """Return a book of entries, each so many minutes after noon."""
    return [b.Written(n, NOON + at * MINUTE, entry) for n, (at, entry) in enumerate(entries, start=1)]


def running(*more: tuple[float, b.AnyEntry], kind: Kind = "full") -> Stand:
    """Return a drill that began at noon."""
    return stand(book((0, planned(kind)), *((0, each) for each in RELEASED), (0, BEGUN), *more))


def scenario(*injects: Inject, **more: Any) -> Scenario:
    """Return a scenario with these injects."""
    usual: dict[str, Any] = {"kind": "full", "begins": NOON, "maximum": 40 * MINUTE, "playbook": "leak"}
    return Scenario(id="s", title=WORDS, place="hall", injects=injects, **{**usual, **more})


PLAYS = b.Begun(incident="i", code="XL01", by="anna", participants=("chloe", "emma"))


@pytest.mark.parametrize(
    ("entries", "person", "may"),
    [
        pytest.param([PLAYS], "gina", True, id="named"),
        pytest.param([PLAYS], "anna", True, id="the director"),
        pytest.param([PLAYS], "felix", True, id="takes no part"),
        pytest.param([PLAYS], "chloe", False, id="a player"),
        pytest.param([PLAYS, ENDED], "chloe", True, id="a player, afterwards"),
        pytest.param([], "gina", True, id="named, before it begins"),
        pytest.param([], "chloe", False, id="may be on duty then"),
    ],
)
def test_no_player_sees_the_observers_page(entries: list[b.AnyEntry], person: str, may: bool) -> None:
    """It shows the evaluators' questions, which tell what is to come."""
    now = stand(book((0, planned(observers=("gina",))), *((n, each) for n, each in enumerate(entries))))
    if may:
        conduct.no_player_observes(now, person, "DR1")
        return
    with pytest.raises(CommandRefused, match="--observer chloe"):
        conduct.no_player_observes(now, person, "DR1")


@pytest.mark.parametrize(
    "entries, phase",
    [
        pytest.param([planned()], "planned", id="planned"),
        pytest.param([planned(), RELEASED[0]], "planned", id="one release is none"),
        pytest.param([planned(), RELEASED[0], RELEASED[0]], "planned", id="the same person twice is one"),
        pytest.param([planned(), *RELEASED], "released", id="two people"),
        pytest.param([planned(), *RELEASED, BEGUN], "running", id="begun"),
        pytest.param([planned(), *RELEASED, BEGUN, PAUSED], "paused", id="frozen"),
        pytest.param(
            [planned(), *RELEASED, BEGUN, PAUSED, PAUSED, RESUMED], "running", id="frozen twice, resumed once"
        ),
        pytest.param([planned(), *RELEASED, BEGUN, PAUSED, ENDED], "over", id="ended while frozen"),
        pytest.param([planned(), b.Aborted(by="emma", because="director")], "over", id="given up before it began"),
        pytest.param([planned(), *RELEASED, BEGUN, ENDED, b.Closed(by="anna")], "closed", id="closed"),
    ],
)
def test_phase(entries: list[b.AnyEntry], phase: str) -> None:
    """Where a drill stands follows from its book alone."""
    assert stand(book(*((n, entry) for n, entry in enumerate(entries)))).phase == phase


PHASES = {
    "planned": stand(book((0, planned()))),
    "released": stand(book((0, planned()), (1, RELEASED[0]), (1, RELEASED[1]))),
    "running": running(),
    "paused": running((1, PAUSED)),
    "over": running((1, ENDED)),
    "closed": running((1, ENDED), (2, b.Closed(by="anna"))),
}
TABLE = {
    "notice":   "yes yes no  no  no  no",
    "release":  "yes yes yes yes no  no",
    "begin":    "no  yes yes yes no  no",
    "pause":    "no  no  yes yes no  no",
    "resume":   "no  no  yes yes no  no",
    "speed":    "no  no  no  no  no  no",
    "skip":     "no  no  yes yes no  no",
    "inject":   "no  no  yes no  no  no",
    "abort":    "yes yes yes yes yes yes",
    "end":      "no  no  yes yes yes yes",
    "restored": "no  no  yes yes yes no",
    "close":    "no  no  no  no  yes yes",
}  # fmt: skip


@pytest.mark.parametrize("verb", ALLOWED)
def test_what_may_be_done(verb: str) -> None:
    """Each verb is refused where it makes no sense, with the way out; among people no clock is sped up."""
    found = []
    for now in PHASES.values():
        try:
            conduct.allow(now, verb, "DR1")
            found.append("yes")
        except CommandRefused as error:
            assert "DR1" in str(error)
            assert "emergency drill" in str(error) or "its clock is theirs" in str(error)
            found.append("no")
    assert found == TABLE[verb].split()


def test_a_table_begins_without_releases_and_has_a_clock_of_its_own() -> None:
    """Nobody is rung at a table: nobody has to answer for it, and its time may be driven."""
    conduct.allow(stand(book((0, planned("tabletop")))), "begin", "RH1")
    conduct.allow(running(kind="tabletop"), "speed", "RH1")


@pytest.mark.parametrize("by", ["emma", "console", ""])
def test_only_the_director_lets_it_go_on(by: str) -> None:
    """Anybody may stop a drill; one person, by name, lets it go on."""
    conduct.only_the_director(running((1, PAUSED)), "anna", "DR1")
    with pytest.raises(CommandRefused, match="--by anna"):
        conduct.only_the_director(running((1, PAUSED)), by, "DR1")


@pytest.mark.parametrize(
    "minute, clock",
    [
        pytest.param(-1, 0, id="before it begins"),
        pytest.param(5, 5, id="runs"),
        pytest.param(12, 10, id="stands from 10 on"),
        pytest.param(20, 10, id="still at the end of the pause"),
        pytest.param(25, 15, id="goes on"),
        pytest.param(40, 20, id="stands again, and is open"),
    ],
)
def test_the_clock_of_a_drill(minute: float, clock: float) -> None:
    """A drill's own time stands still while it is frozen."""
    now = running((10, PAUSED), (20, RESUMED), (30, PAUSED))
    assert now.clock(NOON + minute * MINUTE) == clock * MINUTE


def test_moments_of_the_clock() -> None:
    """A time of the drill comes later by every pause before it, and nobody knows when while it stands still."""
    now = running((10, PAUSED), (20, RESUMED), (30, PAUSED))
    assert now.moment(5 * MINUTE) == NOON + 5 * MINUTE
    assert now.moment(15 * MINUTE) == NOON + 25 * MINUTE
    assert now.moment(21 * MINUTE) is None
    assert Stand().moment(MINUTE) is None


def works(day: date) -> bool:
    """Whether a day is a working day: not the weekend, and not the fifth of March."""
    return day.weekday() < 5 and day != date(2026, 3, 5)


ALARM = PreNotice(who="alarm", text=WORDS, lead=timedelta(hours=24), at_end="confirm_line_restored")
STATION = PreNotice(who="station", text=WORDS, working_days=3, confirm=False)
NOTICES = [
    pytest.param(ALARM, 7, False, True, id="must confirm, and has not"),
    pytest.param(ALARM, 7, True, False, id="has confirmed"),
    pytest.param(ALARM, 0.5, True, False, id="a confirmation counts although it is late"),
    pytest.param(STATION, 7, False, False, id="told a week before"),
    pytest.param(STATION, 3, False, False, id="three working days before"),
    pytest.param(STATION, 2, False, True, id="two are too few"),
    pytest.param(STATION, 2, True, False, id="late, but confirmed"),
]


@pytest.mark.parametrize("notice, days, confirmed, missing", NOTICES)
def test_notices(notice: PreNotice, days: float, confirmed: bool, missing: bool) -> None:
    """A notice is open until it is confirmed, or where that is not asked, until its lead is kept in working days."""
    entries: list[tuple[float, b.AnyEntry]] = [(0, planned())]
    if confirmed:
        entries.append((1, b.NoticeConfirmed(who=notice.who, to="seal:x", by="anna")))
    begins = NOON + timedelta(days=days)
    found = list(conduct.missing_notices(stand(book(*entries)), [notice], begins, datetime.date, works, "DR1"))
    assert bool(found) == missing
    assert all(f"drill notice DR1 {notice.who}" in each.way_out for each in found)


@pytest.mark.parametrize(
    "last, days",
    [((2026, 3, 2), 0), ((2026, 3, 5), 3), ((2026, 3, 6), 3), ((2026, 3, 9), 4), ((2026, 3, 1), 0)],
)
def test_working_days(last: tuple[int, int, int], days: int) -> None:
    """Counted are the working days from the day somebody is told on; weekends and holidays are none."""
    assert conduct.working_days(date(2026, 3, 2), date(*last), works) == days


@pytest.mark.parametrize("minutes, may", [(-16, False), (-15, True), (0, True), (120, True), (121, False)])
def test_a_drill_begins_in_its_time(minutes: float, may: bool) -> None:
    """From a quarter of an hour before what was announced to two hours after; unannounced, whenever it is released."""
    assert conduct.in_its_time(NOON, NOON + minutes * MINUTE) == may
    assert conduct.in_its_time(None, NOON)


def test_lines_are_to_be_restored_after_a_drill_that_began() -> None:
    """Only parties that took a line off confirm it; a drill that never began took none off."""
    story = scenario(safety=Safety(notices=(ALARM, STATION)))
    assert conduct.unrestored(stand(book((0, planned()))), story) == []
    assert conduct.unrestored(running((1, ENDED)), story) == ["alarm"]
    assert conduct.unrestored(running((1, b.LineRestored(who="alarm", to="seal:x", by="anna"))), story) == []


def never(when: str, since: timedelta) -> None:
    """No condition is ever met."""


I1 = Inject(id="I1", kind="fact.told", at=2 * MINUTE)
I2 = Inject(id="I2", kind="fact.told", caused_by="I1", after=3 * MINUTE)
I3 = Inject(id="I3", kind="fact.told", when="state drying", after=MINUTE)
I4 = Inject(id="I4", kind="fact.told", reserve=True)
I5 = Inject(id="I5", kind="fact.told", caused_by="I4", after=MINUTE)
AGAIN = Inject(id="I6", kind="fact.told", when="event step.late", again=True)


def released(inject: str) -> b.InjectReleased:
    """Return that an inject took effect."""
    return b.InjectReleased(inject=inject, kind="fact.told")


def times(now: Stand, story: Scenario, met: conduct.Met = never) -> list[tuple[str, float]]:
    """Return the timetable: inject and minute."""
    return [(due.inject.id, due.at / MINUTE) for due in conduct.timetable(now, story, met)]


def test_timetable() -> None:
    """Injects come by time, by what caused them, by a condition; reserves and what they cause wait for the director."""
    story = scenario(I1, I2, I3, I4, I5)
    assert times(running(), story) == [("I1", 2), ("I2", 5)]
    assert times(running((4, released("I1"))), story) == [("I2", 7)], "a cause that came late moves what it causes"
    assert times(running(), story, lambda when, since: 9 * MINUTE) == [("I1", 2), ("I2", 5), ("I3", 10)]
    assert ("I5", 7) in times(running((6, released("I4"))), story)
    assert times(running((1, b.InjectSkipped(inject="I1", by="anna"))), story) == []


def test_an_inject_comes_once_unless_it_comes_again() -> None:
    """What took effect does not come back after a restart; one that comes again waits for its condition anew."""

    def met(when: str, since: timedelta) -> timedelta | None:
        return next((at for at in (3 * MINUTE, 8 * MINUTE) if at > since), None)

    assert times(running((4, released("I3"))), scenario(I3), met) == []
    assert times(running((3, released("I6"))), scenario(AGAIN), met) == [("I6", 8)]
    assert times(running((3, released("I6")), (8, released("I6"))), scenario(AGAIN), met) == []


def test_a_circle_of_causes_has_no_time() -> None:
    """Two injects that wait for each other never come, and nothing goes round."""
    one = Inject(id="A", kind="fact.told", caused_by="B")
    other = Inject(id="B", kind="fact.told", caused_by="A")
    assert times(running(), scenario(one, other)) == []


def test_rescues() -> None:
    """A contingency waits from the moment its inject took effect, and is taken once."""
    plan = Contingency(if_not="E1", after=4 * MINUTE, do="simcell.prompt", text=WORDS)
    story = scenario(Inject(id="I1", kind="fact.told", at=MINUTE, contingency=plan))
    assert conduct.rescues(running(), story) == []
    now = running((2, released("I1")))
    assert [each.at for each in conduct.rescues(now, story)] == [6 * MINUTE]
    taken = b.Contingent(inject="I1", if_not="E1", do="simcell.prompt")
    assert conduct.rescues(running((2, released("I1")), (6, taken)), story) == []


@pytest.mark.parametrize("maximum, last", [(60, 59), (10, 9), (5, 4.5), (1, 0.9)])
def test_the_end_belongs_to_the_farewell(maximum: float, last: float) -> None:
    """A drill is ended so early that who was told of it still hears the end within its longest time."""
    assert conduct.last_call(maximum * MINUTE) == last * MINUTE


def test_ground_truth() -> None:
    """What is really so: what has happened and has not ended."""
    outage = b.InjectReleased(inject="I1", kind="channel.outage", target="sms", until=8 * MINUTE)
    now = running((3, outage), (4, released("I2")))
    assert [each.entry.inject for each in conduct.ground_truth(now, 5 * MINUTE)] == ["I1", "I2"]
    assert [each.entry.inject for each in conduct.ground_truth(now, 8 * MINUTE)] == ["I2"]
