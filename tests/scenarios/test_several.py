"""Several incidents at once: the graver keeps its people, the other gets the deputies, and both commands are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emergency import show
from emergency.core import contest
from emergency.core import events as e
from emergency.core.incident import SHARED, Incident
from emergency.verbs import perform
from tests.core.small import unattended
from tests.scenarios.scene import DAY, HOUR, MINUTE, NIGHT, NOON, OFFICE, SECOND, Scene


class Several:
    """Two or more incidents of one scene, by the plan they run."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.ids: dict[str, str] = {}

    def open(self, playbook: str, place: str | None = None, **args: Any) -> Incident:
        """Trigger a plan now."""
        incident = self.scene.open(playbook, place, **args)
        self.ids[playbook] = incident.id
        return self.the(playbook)

    def the(self, playbook: str) -> Incident:
        """The incident of that plan as it is now."""
        return self.scene.engine.incident(self.ids[playbook])

    def events(self, playbook: str, kind: type[e.Event]) -> list[Any]:
        """What happened to it, of one kind."""
        return [x for x, _ in self.scene.engine.store.history(self.ids[playbook]) if isinstance(x, kind)]

    def told(self, playbook: str, kind: str) -> list[tuple[str, str | None]]:
        """Whom that incident told something, and of which other incident or whom."""
        return [(a.person, a.about) for a in self.the(playbook).alerts.values() if a.kind == kind]

    def status(self, playbook: str | None = None) -> dict[str, Any]:
        """What the console shows of one, or of all."""
        code = self.the(playbook).code if playbook else None
        return perform(self.scene.desktop, self.scene.engine, "status", {"code": code})

    def do(self, verb: str, playbook: str, **args: Any) -> dict[str, Any]:
        """Do a verb on one of them."""
        return perform(self.scene.desktop, self.scene.engine, verb, {"code": self.the(playbook).code, **args})


def people_of(incident: Incident) -> set[str]:
    """Everyone who holds a role."""
    return {person for slots in incident.roles.values() for person in slots.values()}


def in_two(scene: Scene) -> list[tuple[str, str, str]]:
    """Who holds roles in two incidents without any of them calling it shared."""
    going = [i for i in scene.engine.open_incidents() if contest.goes_on(i)]
    pairs = [(one, other) for n, one in enumerate(going) for other in going[n + 1 :]]
    return [
        (person, one.code, other.code)
        for one, other in pairs
        for person in sorted(people_of(one) & people_of(other))
        if person not in one.shared | other.shared
    ]


@pytest.fixture
def several(scene: Scene) -> Several:
    """A Sunday at noon; everybody answers."""
    scene.everyone.works(skips=("arrived",))
    return Several(scene)


def test_the_graver_takes_and_the_lighter_lets_go(several: Several) -> None:
    """A fire takes the engineer of a power cut: he is let go in the same moment, and has one role in one incident."""
    several.open("power_outage")
    several.scene.run(until=2 * MINUTE)
    before = several.the("power_outage")
    assert before.holders("engineering")[0] == "peng_fei"
    several.open("fire", severity="orange")

    after, fire = several.the("power_outage"), several.the("fire")
    assert fire.holders("engineering") == ("peng_fei",)
    assert "peng_fei" not in people_of(after)
    away = several.events("power_outage", e.PersonCalledAway)
    assert {each.to for each in away} == {fire.code}
    assert "peng_fei" in {each.person for each in away}
    assert in_two(several.scene) == []


def test_what_was_asked_and_not_done_is_asked_of_who_follows(several: Several) -> None:
    """Nothing that the one who is gone had said yes to is forgotten: each open step is with somebody who is there."""
    several.open("power_outage")
    several.scene.run(until=2 * MINUTE)
    taken = {run.id for run in several.the("power_outage").runs_here() if run.status == "open" and run.acknowledged}
    assert taken
    several.open("fire", severity="orange")

    outage = several.the("power_outage")
    gone = {each.person for each in several.events("power_outage", e.PersonCalledAway)}
    for run in outage.runs_here():
        if run.status != "open" or run.name in ("stand_by", "nudge"):
            continue
        live = [outage.alerts[id] for id in run.alerts if outage.alerts[id].status != "closed"]
        assert live, run.name
        assert not {alert.person for alert in live} & (gone - people_of(outage)), run.name
    assert unattended(outage) == []


def test_who_is_called_away_hears_it_in_one_message(several: Several) -> None:
    """The new task and the release from the old one come as one text."""
    several.open("power_outage")
    several.scene.run(until=2 * MINUTE)
    several.open("fire", severity="orange")
    several.scene.run(until=2 * MINUTE + SECOND)

    last = several.scene.words_to("peng_fei", "sms")[-1]
    assert "XF01" in last
    assert "XP01放你去XF01" in last


def test_both_commands_are_told_once(several: Several) -> None:
    """Who commands the lighter one hears who is gone and who follows; who commands the graver, who comes from where."""
    several.open("power_outage")
    several.scene.run(until=2 * MINUTE)
    several.open("fire", severity="orange")

    outage, fire = several.the("power_outage"), several.the("fire")
    assert several.told("power_outage", "called_away") == [(outage.command, fire.code)]
    assert several.told("fire", "comes") == [(fire.command, outage.code)]
    several.scene.run(until=3 * MINUTE)
    said = [text for text in several.scene.words_to(outage.command or "", "sms") if "XF01调走" in text]
    assert len(said) == 1
    assert "无人!" in said[0]  # what nobody takes comes first


def test_command_of_the_lighter_passes_on(several: Several) -> None:
    """The duty manager is taken by the fire: somebody else of the chain commands the power cut."""
    several.open("power_outage")
    several.scene.run(until=2 * MINUTE)
    assert several.the("power_outage").command == "chen_jing"
    several.open("fire", severity="orange")

    assert several.the("fire").command == "chen_jing"
    assert several.the("power_outage").command not in (None, "chen_jing")
    assert several.events("power_outage", e.CommandTaken)[-1].person == several.the("power_outage").command


def test_among_equals_the_first_keeps_them(several: Several) -> None:
    """A lift entrapment as grave as the power cut gets deputies; each pair of commands is told in one message."""
    several.open("power_outage")
    first = people_of(several.the("power_outage"))
    lift = several.open("elevator_entrapment")

    assert not several.events("power_outage", e.PersonCalledAway)
    assert not (people_of(lift) - lift.shared) & first
    assert several.told("elevator_entrapment", "keeps") == [(lift.command, "XP01")]
    assert several.told("power_outage", "wanted") == [("chen_jing", "XE01")]
    alert = next(a for a in lift.alerts.values() if a.kind == "keeps")
    assert {"shen_li", "peng_fei", "chen_jing"} <= {each.person for each in alert.wanted}


def test_the_entrapped_are_reached_in_a_power_cut(several: Several) -> None:
    """Nobody is free, and yet those in the lift are answered, found and got out: who can be spared works for both."""
    several.scene.everyone.works()
    several.open("power_outage")
    several.scene.run(until=MINUTE)
    several.open("elevator_entrapment")
    several.scene.run(until=40 * MINUTE)

    path = [x.state for x in several.events("elevator_entrapment", e.StateEntered)]
    assert path[:4] == ["reported", "dispatched", "waiting", "releasing"]
    answered = next(r for r in several.the("elevator_entrapment").steps.values() if r.name == "answer")
    assert answered.status == "done"
    lent = [x for x in several.events("elevator_entrapment", e.RoleAssigned) if x.because in SHARED]
    assert lent
    theirs = {x.person for x in lent}
    heard = {w.person for x in several.events("power_outage", e.WantedTwice) for w in x.people}
    assert theirs - {several.the("power_outage").command} <= heard


def test_a_lift_in_a_power_cut_in_a_fire_works_out(several: Several) -> None:
    """All three come to their end; at every moment nobody stands in two of them unless it is said, and nothing that is
    asked is left unfollowed."""
    scene = several.scene
    scene.everyone.works({"put_out": "out", "estimate": "short"})
    several.open("power_outage")
    scene.run(until=MINUTE)
    several.open("elevator_entrapment")
    scene.run(until=3 * MINUTE)
    several.open("fire", severity="orange")
    for minute in range(4, 45):
        scene.run(until=minute * MINUTE)
        assert in_two(scene) == []
        for incident in scene.engine.open_incidents():
            assert unattended(incident) == []
    assert several.the("fire").state == "controlled"
    for plan in ("fire", "power_outage", "elevator_entrapment"):
        several.do("stand-down", plan, override=True, reason="all well", check=["all"])
        assert several.the(plan).ended


def test_who_nobody_can_replace_works_for_both(several: Several) -> None:
    """Where the power cut has nobody else and the fire needs them for nothing yet, they stay for both: no release is
    sent, and no step is taken from them."""
    several.open("power_outage")
    several.scene.run(until=2 * MINUTE)
    several.open("fire", severity="orange")

    outage, fire = several.the("power_outage"), several.the("fire")
    both = outage.shared & people_of(fire)
    assert both
    released = {person for person, _ in several.told("power_outage", "released")}
    assert not both & released
    assert any(how.how == "lent" for how in several.events("fire", e.WantedTwice))


def test_what_is_real_takes_whom_it_needs_while_a_drill_stands_still(scene: Scene) -> None:
    """The drill holds nobody back, moves nobody to another role and calls nobody anew; nobody in the real one hears of
    a drill. What stands still on paper is there again when it may go on."""
    several = Several(scene)
    scene.everyone.works()
    before = several.open("power_outage")
    scene.run(until=MINUTE)
    real = several.open("elevator_entrapment", drill=False)
    scene.run(until=3 * MINUTE)

    drill = several.the("power_outage")
    assert real.holders("lift_manager") == ("shen_li",)
    assert people_of(drill) & people_of(real)
    assert drill.frozen is not None
    assert people_of(drill) >= people_of(before)
    assert several.events("power_outage", e.PersonCalledAway) == []
    assert several.events("elevator_entrapment", e.WantedTwice) == []
    assert several.status("elevator_entrapment")["wanted_twice"] == []


def test_a_drill_takes_nobody_out_of_what_is_real(scene: Scene) -> None:
    """However grave the drill: who has a real role is not asked, also not to share."""
    several = Several(scene)
    real = several.open("elevator_entrapment", drill=False)
    drill = several.open("fire", severity="red")

    assert not people_of(drill) & people_of(real)
    assert several.events("elevator_entrapment", e.PersonCalledAway) == []
    assert several.told("elevator_entrapment", "wanted") == []


def test_raised_above_the_other_it_calls_for_its_empty_roles_alone(several: Several) -> None:
    """A lift entrapment that becomes graver than the power cut takes nobody whose role somebody free can fill, and
    pulls nobody out for a role that is held."""
    several.open("power_outage")
    lift = several.open("elevator_entrapment")
    held = {(role, slot) for role, slots in lift.roles.items() for slot in slots}
    several.do("severity", "elevator_entrapment", level="red")

    after = several.the("elevator_entrapment")
    for role, slot in held:
        assert after.roles[role][slot] == lift.roles[role][slot]
    away = {x.person for x in several.events("power_outage", e.PersonCalledAway)}
    assert away <= people_of(after)
    assert in_two(several.scene) == []


def test_who_becomes_free_fills_what_is_empty(several: Several) -> None:
    """The graver incident ends: whoever the other one lacked is asked at once, in the same moment."""
    several.open("fire", severity="orange")
    lift = several.open("elevator_entrapment")
    lacking = {role for role, _ in lift.unfilled}
    assert lacking
    several.do("cancel", "fire", reason="toast")

    after = several.the("elevator_entrapment")
    assert {role for role, _ in after.unfilled} < lacking
    new = [x for x in several.events("elevator_entrapment", e.RoleAssigned) if x.role in lacking]
    assert new
    asked = {alert.person for alert in after.alerts.values() if alert.status == "open"}
    assert {x.person for x in new} & asked


def test_who_is_let_go_is_asked_by_the_others(several: Several) -> None:
    """Somebody relieved by an order in the one is free for the other at once."""
    several.open("fire", severity="orange")
    several.open("elevator_entrapment")
    assert "comms" in {role for role, _ in several.the("elevator_entrapment").unfilled}
    several.do("assign", "fire", role="comms", person="zheng_haiyan", by="chen_jing")

    assert several.the("elevator_entrapment").members["xu_jing"].busy == 0
    assert several.the("elevator_entrapment").holders("comms") == ("xu_jing",)


def test_an_order_shares_and_tells(several: Several) -> None:
    """Whoever commands may give a role to somebody whom a graver incident has: they keep both, and it is told."""
    several.open("fire", severity="orange")
    several.open("elevator_entrapment")
    several.do("assign", "elevator_entrapment", role="lift_manager", person="shen_li", by="console")

    lift = several.the("elevator_entrapment")
    assert lift.holders("lift_manager") == ("shen_li",)
    assert several.the("fire").holders("lift_manager") == ("shen_li",)
    assert "shen_li" in lift.shared
    assert in_two(several.scene) == []
    assert "shen_li" in {w.person for x in several.events("fire", e.WantedTwice) if x.how == "lent" for w in x.people}


def test_robbery_and_fire(scenes: Callable[[datetime], Scene]) -> None:
    """Equally grave on a Tuesday: the robbery has few people and keeps them; the fire is commanded and fought."""
    scene = scenes(OFFICE)
    scene.everyone.works({"put_out": "out"})
    several = Several(scene)
    several.open("robbery")
    several.open("fire", severity="orange")
    scene.run(until=20 * MINUTE)

    assert in_two(scene) == []
    assert several.the("robbery").command
    assert several.the("fire").command
    assert several.the("fire").state == "controlled"
    assert several.events("robbery", e.PersonCalledAway) == []


def test_at_night_nothing_is_without_a_commander(scenes: Callable[[datetime], Scene]) -> None:
    """Thirteen people, a fire and a lift: both are commanded, if need be by the same person, who knows of both."""
    scene = scenes(NIGHT)
    scene.everyone.works()
    several = Several(scene)
    several.open("elevator_entrapment")
    scene.run(until=MINUTE)
    several.open("fire", severity="red")
    scene.run(until=10 * MINUTE)

    for plan in ("fire", "elevator_entrapment"):
        command = several.the(plan).command
        assert command is not None
        assert several.the(plan).open_alerts(command) or several.the(plan).of_person[command]
    assert in_two(scene) == []


def test_pressed_twice_it_is_once(several: Several) -> None:
    """The same trigger twice, and a roster put in again, tell nobody anything again."""
    several.open("power_outage")
    several.open("elevator_entrapment", id="twice")
    before = {plan: several.the(plan).version for plan in several.ids}
    several.open("elevator_entrapment", id="twice")

    assert {plan: several.the(plan).version for plan in several.ids} == before


def test_the_console_shows_who_is_wanted_twice(several: Several) -> None:
    """At trigger time, on each page, and on the board: who, in which role, who keeps them, who stands in; both
    languages, roles without anybody first."""
    several.open("power_outage")
    document = perform(
        several.scene.desktop, several.scene.engine, "trigger",
        {"playbook": "elevator_entrapment", "at": "lift_2", "drill": True},
    )  # fmt: skip
    lines = document["wanted_twice"]
    assert {"person": "peng_fei", "role": "engineering", "wants": "XE01", "keeps": "XP01"}.items() <= next(
        line for line in lines if line["person"] == "peng_fei"
    ).items()
    assert several.status("power_outage")["wanted_twice"] == lines
    board = several.status()
    assert board["wanted_twice"] == lines
    gaps = [line["here"] is None for line in lines]
    assert gaps == sorted(gaps, reverse=True)
    for lang, said in (("zh", "两处都要的人"), ("en", "Wanted twice")):
        shown = show.wanted_twice(board, lang)
        assert said in shown[0]
        assert len(shown) == len(lines) + 1
        assert any("XP01" in line and "XE01" in line for line in shown[1:])


def test_the_words_stand_in_both_languages(several: Several) -> None:
    """Every message that several incidents cause is said in Chinese and in English, with names and codes."""
    from emergency.core.wording import render_sms, words_for

    several.open("power_outage")
    several.scene.run(until=2 * MINUTE)
    several.open("fire", severity="orange")
    names = several.scene.people.names(several.scene.engine, "en")
    for kind, says in (("called_away", "called away to XF01"), ("released", "released to XF01")):
        outage = several.the("power_outage")
        alert = next(a for a in outage.alerts.values() if a.kind == kind)
        assert says in render_sms([words_for(outage, alert, "en")], names, {})
    fire = several.the("fire")
    comes = next(a for a in fire.alerts.values() if a.kind == "comes")
    assert "here from XP01" in render_sms([words_for(fire, comes, "en")], names, {})


def test_nobody_is_flooded_by_two_incidents(several: Several) -> None:
    """Of what two incidents say of each other, each commander gets a handful of messages in half an hour."""
    several.open("power_outage")
    several.scene.run(until=MINUTE)
    several.open("elevator_entrapment")
    several.scene.run(until=30 * MINUTE)

    for plan in several.ids:
        incident = several.the(plan)
        kinds = ("called_away", "comes", "keeps", "wanted", "lent")
        assert sum(alert.kind in kinds for alert in incident.alerts.values()) <= 8


PLANS = ("power_outage", "elevator_entrapment", "fire", "crowding", "personal_injury", "flooding")
LEVELS = ("blue", "yellow", "orange", "red")


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    plans=st.lists(st.sampled_from(PLANS), min_size=2, max_size=3, unique=True),
    level=st.sampled_from(LEVELS),
    raised=st.sampled_from(LEVELS),
    start=st.sampled_from((NOON, NIGHT, OFFICE)),
    ends=st.booleans(),
)
def test_whatever_meets_nobody_stands_in_two_unsaid(
    plans: list[str], level: str, raised: str, start: datetime, ends: bool
) -> None:
    """Over pairs and triples of incidents: nobody holds roles in two of them unless it is shared and said; what has
    work has somebody or is told as a gap; each has a commander while anyone could be one."""
    scene = Scene(start)
    several = Several(scene)
    scene.everyone.works()
    try:
        for number, plan in enumerate(plans):
            several.open(plan, severity=level if number else "yellow")
            scene.run(until=(number + 1) * MINUTE)
            assert in_two(scene) == []
        several.do("severity", plans[0], level=raised, by="console", reason="it looks so")
        if ends:
            several.do("cancel", plans[-1], reason="toast")
        scene.run(until=5 * MINUTE)
        assert in_two(scene) == []
        for incident in filter(contest.goes_on, scene.engine.open_incidents()):
            assert unattended(incident) == []
            assert incident.command is not None
            for run in incident.runs_here():
                if run.status == "open" and run.name not in ("stand_by", "relieve"):
                    assert incident.holders(run.role) or (run.role, 1) in incident.unfilled, (incident.code, run.name)
    finally:
        scene.close()


def test_days_later_nothing_is_left_over(several: Several) -> None:
    """Ended incidents hold nobody: whoever worked in one is free for the next."""
    several.open("fire")
    several.do("cancel", "fire", reason="toast")
    several.scene.run(until=DAY + HOUR)
    lift = several.open("elevator_entrapment")

    assert lift.shared == frozenset()
    assert several.status("elevator_entrapment")["wanted_twice"] == []
