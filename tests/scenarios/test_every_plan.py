"""What holds for every plan: it comes to an end, it moves when all are silent, and its words fit."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.decide import decide
from emergency.core.guards import zones_in_scope
from emergency.core.incident import ASKING, Incident, fold
from emergency.core.playbook import Playbook
from emergency.core.replies import parse
from emergency.core.segments import segments
from emergency.core.values import Mode, Severity
from emergency.core.wording import render_sms, words_for
from emergency.errors import CommandRefused, Mistakes
from emergency.roster import Reach, members
from notifiers.played import Rung
from tests.scenarios.conftest import Played
from tests.scenarios.scene import (
    DAY,
    HOUR,
    MINUTE,
    NIGHT,
    NOON,
    PLACES,
    SECOND,
    Scene,
    most_within,
    sample_roster,
    sample_site,
    shipped_plans,
)
from tests.scenarios.stories import STORIES

EVERY_PLAN = pytest.mark.parametrize("playbook", [pytest.param(name, id=name) for name in PLACES])


# from the report to the archive


@pytest.mark.parametrize(
    "playbook, path",
    [
        pytest.param(
            "fire",
            ["reported", "verifying", "confirmed", "evacuating", "external_command", "controlled"],
            id="fire",
        ),
        pytest.param("power_outage", ["detected", "on_backup", "restoring", "controlled"], id="power_outage"),
        pytest.param(
            "elevator_entrapment",
            ["reported", "dispatched", "waiting", "releasing", "released", "locked_out"],
            id="elevator_entrapment",
        ),
        pytest.param("robbery", ["silent_alarm", "in_progress", "fled", "scene_held"], id="robbery"),
        pytest.param("crowding", ["open", "watch", "restrict", "stop", "dispersal", "controlled"], id="crowding"),
        pytest.param("demonstration", ["observing", "contained", "dialogue", "dispersing"], id="demonstration"),
        pytest.param(
            "riot", ["reported", "perimeter", "separate", "external_command", "sweeping", "controlled"], id="riot"
        ),
        pytest.param(
            "suspicious_object",
            ["found", "suspect", "evacuating", "cordoned", "external_command", "controlled"],
            id="suspicious_object",
        ),
        pytest.param(
            "threat",
            ["received", "assessing", "searching", "decide", "evacuating", "waiting_deadline"],
            id="threat",
        ),
        pytest.param(
            "personal_injury",
            ["reported", "on_scene", "awaiting_120", "handed_over", "recording"],
            id="personal_injury",
        ),
        pytest.param(
            "escalator",
            ["reported", "stopped", "rescuing", "external_command", "handed_over", "locked_out"],
            id="escalator",
        ),
        pytest.param("gas_leak", ["reported", "leak", "isolated", "external_command", "controlled"], id="gas_leak"),
        pytest.param("flooding", ["reported", "isolating", "pumping", "controlled"], id="flooding"),
        pytest.param("media", ["arrival", "hosted", "statement", "briefing", "monitoring"], id="media"),
        pytest.param("earthquake", ["shaking", "check", "hold", "resume"], id="earthquake"),
        pytest.param("missing_child", ["reported", "searching", "found"], id="missing_child"),
        pytest.param(
            "severe_weather",
            ["watch", "prepared", "restrict", "decide_close", "holding", "recovery"],
            id="severe_weather",
        ),
        pytest.param("system_failure", ["reported", "triage", "escalated", "backfill"], id="system_failure"),
        pytest.param("aircon_failure", ["reported", "degraded", "limit", "restoring"], id="aircon_failure"),
        pytest.param(
            "vip_visit",
            ["notified", "drafting", "planned", "advance_check", "posted", "on_site", "departing"],
            id="vip_visit",
        ),
    ],
)
def test_a_plan_that_goes_well_comes_to_the_archive(story: Played, playbook: str, path: list[str]) -> None:
    """With people who answer, a plan goes its main way through stand-down and follow-up to the end."""
    scene = story(playbook)

    assert [*path, "stood_down", "follow_up", "closed"] == scene.path()
    assert scene.incident.is_closed
    assert scene.incident.ended == "stand_down"
    assert scene.engine.store.next_timer() is None
    assert scene.engine.store.open_incidents() == []


@EVERY_PLAN
def test_every_line_of_the_checklist_is_ticked_by_somebody(story: Played, playbook: str) -> None:
    """A stand-down leaves, for each line of the checklist, who confirmed it."""
    scene = story(playbook)
    lines = scene.incident.playbook.state("stood_down").checklist

    ticked = scene.happened(e.ItemTicked)

    assert list(range(1, len(lines) + 1)) == [each.item for each in ticked]
    assert all(each.by != "console" for each in ticked)


@EVERY_PLAN
def test_everyone_who_was_alerted_is_told_the_end(story: Played, playbook: str) -> None:
    """The stand-down goes to exactly those who were alerted before it, once each."""
    scene = story(playbook)
    ended = next(seq for seq, (event, _) in enumerate(scene.log()) if getattr(event, "state", "") == "stood_down")
    alerted = {event.person for event, _ in scene.log()[:ended] if isinstance(event, e.AlertRequested)}

    told = [alert.person for alert in scene.alerts(kind="ended")]

    assert sorted(alerted) == sorted(told)
    assert all(any("解除" in text or "stood down" in text for text in scene.words_to(person)) for person in told)


@EVERY_PLAN
def test_prompt_people_are_not_flooded(story: Played, playbook: str) -> None:
    """Who answers is left alone: nobody gets more than a dozen messages and calls in an hour, and no call twice."""
    scene = story(playbook)

    most, who = scene.busiest(HOUR)

    assert most <= 12, who
    assert all(len(a.deliveries) <= 2 for a in scene.incident.alerts.values())


@EVERY_PLAN
def test_a_whole_incident_can_be_done_by_replies(story: Played, playbook: str) -> None:
    """No answer of a person who follows the words of the messages is met with a question or with silence."""
    kinds = {outcome.kind for outcome in story(playbook).runner.outcomes}

    assert {"acknowledged", "done", "chosen"} <= kinds <= {"acknowledged", "done", "chosen", "over"}


@pytest.mark.parametrize("playbook", ["crowding", "elevator_entrapment", "fire", "robbery", "threat", "vip_visit"])
def test_the_same_night_writes_the_same_log(playbook: str) -> None:
    """The same answers at the same moments decide the same events, to the last hash."""
    chains = []
    for _ in range(2):
        scene = Scene(NOON)
        STORIES[playbook](scene)
        scene.phone("chen_jing").is_silent()
        scene.phone("liu_yang").has_voicemail()
        scene.open(playbook)
        scene.run(until=30 * MINUTE)
        chains.append(scene.hashes())
        scene.close()

    assert chains[0] == chains[1]
    assert len(chains[0]) > (60 if playbook == "vip_visit" else 200)  # few know of a visit, days ahead


@EVERY_PLAN
def test_nobody_is_forgotten_in_the_follow_up(scene: Scene, playbook: str) -> None:
    """As long as one of the affected was not called back, an incident is not closed; then it closes by itself."""
    STORIES[playbook](scene)
    scene.leaves_out(state="follow_up")
    scene.is_followed_up(affected=5, called_back=4)
    scene.open(playbook)
    scene.run(until=20 * DAY)
    assert scene.state == "follow_up"
    with pytest.raises(CommandRefused, match=r"'called_back' reaches 'affected'"):
        scene.do("transition", to="closed", by="command")

    scene.fact(called_back=5)

    assert scene.state == "closed"


@EVERY_PLAN
def test_nobody_closes_what_nobody_counted(scene: Scene, playbook: str) -> None:
    """How many are to be called back has no default: unsaid, the incident stays open and somebody is pressed daily."""
    STORIES[playbook](scene)
    scene.leaves_out(state="follow_up")
    scene.open(playbook)
    scene.run(until=25 * DAY)

    assert scene.state == "follow_up"
    nudges = [run for run in scene.incident.runs_here() if run.name == "nudge"]
    assert 20 <= len(nudges) <= 25

    scene.fact(affected=0)

    assert scene.state == "closed"


@EVERY_PLAN
def test_a_stand_down_without_its_checklist_is_refused(scene: Scene, playbook: str) -> None:
    """Every line is confirmed or somebody overrides with a reason; until then nobody is told that it is over."""
    STORIES[playbook](scene)
    scene.leaves_out(verb="stand-down")
    scene.open(playbook)
    scene.run(until=59 * MINUTE)
    assert scene.incident.ended is None

    with pytest.raises(CommandRefused, match="not confirmed"):
        scene.do("stand-down", by="command", check=["1"])
    with pytest.raises(Mistakes, match="reason"):
        scene.do("stand-down", by="command", override=True)
    assert scene.alerts(kind="ended") == []

    scene.do("stand-down", by="command", check=["1"], override=True, reason="the police closed the house")

    assert scene.state == "stood_down"
    entered = scene.happened(e.StateEntered)[-1]
    assert entered.reason is not None
    assert entered.reason.startswith("seal:")
    assert [each.item for each in scene.happened(e.ItemTicked)] == [1]


# false alarms


@pytest.mark.parametrize(
    "playbook, first_state",
    [
        pytest.param(name, plan.initial, id=name)
        for name, plan in shipped_plans().items()
        if name not in ("robbery", "vip_visit")  # one takes a phrase, the other is cancelled: see there
    ],
)
def test_a_false_alarm_tells_everyone_and_keeps_its_cause(scene: Scene, playbook: str, first_state: str) -> None:
    """Called off by someone with the authority, everyone alerted is told, the cause stands in the log, it closes."""
    scene.everyone.answers_after(20 * SECOND)
    scene.open(playbook)
    scene.run(until=10 * SECOND)
    assert first_state == scene.state
    alerted = set(scene.incident.alerted)

    with pytest.raises(Mistakes, match="cause"):
        scene.do("cancel", by="sun_li")
    scene.do("cancel", by="sun_li", reason="steam from a kitchen")
    scene.run(until=MINUTE)

    assert scene.incident.ended == "false_alarm"
    assert alerted == {alert.person for alert in scene.alerts(kind="ended")}
    for person in alerted:
        assert any("误报" in text or "false alarm" in text for text in scene.words_to(person, "sms"))
    record = scene.step("record")
    scene.do("reply", person="sun_li", text=f"{scene.incident.code}{record.letter} 2")
    assert scene.state == "closed"


def test_a_robbery_is_called_off_by_the_phrase_of_the_day_alone(scene: Scene) -> None:
    """The cancel phrase ends it; with the duress phrase it stays real, and becomes graver."""
    scene.everyone.answers_after(20 * SECOND)
    scene.open("robbery")
    scene.run(until=10 * SECOND)
    alerted = set(scene.incident.alerted)

    scene.fact(code_word="yes")

    assert scene.incident.ended == "false_alarm"
    assert alerted == {alert.person for alert in scene.alerts(kind="ended")}


def test_a_phrase_said_under_duress_calls_nothing_off(scene: Scene) -> None:
    """The duress phrase outweighs the cancel phrase: the alarm is real, the level red."""
    scene.open("robbery")
    scene.fact(duress="yes")
    scene.fact(code_word="yes")

    assert scene.state == "silent_alarm"
    assert scene.level == "red"


# silence


@pytest.mark.parametrize(
    "playbook, moves",
    [
        pytest.param(
            "fire",
            [
                ("0:00:00", "reported", "opening"),
                ("0:00:30", "verifying", "timeout"),
                ("0:02:30", "confirmed", "timeout"),
                ("0:04:30", "evacuating", "timeout"),
            ],
            id="fire: nobody looks, so it burns, so the house is emptied",
        ),
        pytest.param(
            "power_outage",
            [
                ("0:00:00", "detected", "opening"),
                ("0:03:00", "dark", "timeout"),
                ("0:18:00", "evacuating", "timeout"),
            ],
            id="power: no backup is heard of, half of a short battery, out",
        ),
        pytest.param(
            "elevator_entrapment",
            [
                ("0:00:00", "reported", "opening"),
                ("0:01:00", "dispatched", "timeout"),
                ("0:06:00", "no_maintainer", "timeout"),
                ("0:11:00", "fire_rescue", "timeout"),
            ],
            id="lift: no maintainer, so the brigade",
        ),
        pytest.param(
            "robbery",
            [("0:00:00", "silent_alarm", "opening"), ("0:03:00", "in_progress", "timeout")],
            id="robbery: unclear counts as going on",
        ),
        pytest.param(
            "crowding",
            [
                ("0:00:00", "open", "opening"),
                ("0:07:00", "watch", "late_step"),
                ("0:12:00", "restrict", "late_step"),
                ("0:17:00", "stop", "guard"),
            ],
            id="crowding: nobody counts, so it is full",
        ),
        pytest.param(
            "demonstration",
            [("0:00:00", "observing", "opening"), ("0:05:00", "contained", "late_step")],
            id="demonstration: nobody counts, so it has grown",
        ),
        pytest.param(
            "riot",
            [("0:00:00", "reported", "opening"), ("0:01:00", "separate", "timeout")],
            id="riot: unclear, so they are inside",
        ),
        pytest.param(
            "suspicious_object",
            [
                ("0:00:00", "found", "opening"),
                ("0:03:00", "suspect", "timeout"),
                ("0:07:00", "evacuating", "timeout"),
            ],
            id="object: nobody judged it, so it is suspect, so out",
        ),
        pytest.param(
            "threat",
            [
                ("0:00:00", "received", "opening"),
                ("0:05:00", "assessing", "timeout"),
                ("0:15:00", "searching", "timeout"),
                ("0:45:00", "decide", "timeout"),
                ("1:00:00", "evacuating", "guard"),
            ],
            id="threat: medium, unsearched, undecided, so out",
        ),
        pytest.param(
            "personal_injury",
            [
                ("0:00:00", "reported", "opening"),
                ("0:01:00", "on_scene", "timeout"),
                ("0:04:00", "cardiac_arrest", "guard"),
            ],
            id="personal_injury: nobody says that the person breathes",
        ),
        pytest.param(
            "escalator",
            [
                ("0:00:00", "reported", "opening"),
                ("0:02:00", "rescuing", "timeout"),
                ("0:32:00", "external_command", "timeout"),
            ],
            id="escalator: nobody stopped it, so somebody is in it, so the brigade",
        ),
        pytest.param(
            "gas_leak",
            [
                ("0:00:00", "reported", "opening"),
                ("0:02:00", "leak", "timeout"),
                ("0:05:00", "uncontrolled", "timeout"),
            ],
            id="gas_leak: nobody measured, so it leaks, so everybody out",
        ),
        pytest.param(
            "flooding",
            [
                ("0:00:00", "reported", "opening"),
                ("0:05:00", "barring", "timeout"),
                ("0:25:00", "basement_evacuating", "guard"),
            ],
            id="flooding: nobody looked, nobody reads the depth, basement out",
        ),
        pytest.param(
            "media",
            [
                ("0:00:00", "arrival", "opening"),
                ("0:10:00", "hosted", "timeout"),
                ("0:40:00", "holding_line", "timeout"),
            ],
            id="media: received, and the holding line alone",
        ),
        pytest.param(
            "earthquake",
            [
                ("0:00:00", "shaking", "opening"),
                ("0:01:30", "check", "timeout"),
                ("0:11:30", "evacuating", "timeout"),
            ],
            id="earthquake: nobody looked, so it is damaged, so out",
        ),
        pytest.param(
            "missing_child",
            [
                ("0:00:00", "reported", "opening"),
                ("0:02:00", "searching", "timeout"),
                ("0:12:00", "wide", "timeout"),
            ],
            id="missing child: not found is searched wider",
        ),
        pytest.param(
            "severe_weather",
            [
                ("0:00:00", "watch", "opening"),
                ("0:12:00", "prepared", "late_step"),
                ("0:29:00", "restrict", "late_step"),
            ],
            id="severe_weather: a colour nobody reads is taken for a higher one",
        ),
        pytest.param(
            "system_failure",
            [
                ("0:00:00", "reported", "opening"),
                ("0:05:00", "triage", "timeout"),
                ("0:15:00", "escalated", "timeout"),
                ("1:15:00", "measures", "timeout"),
                ("1:25:00", "manual", "timeout"),
            ],
            id="system_failure: not back, not back, so by hand",
        ),
        pytest.param(
            "aircon_failure",
            [
                ("0:00:00", "reported", "opening"),
                ("0:15:00", "degraded", "timeout"),
                ("0:45:00", "limit", "guard"),
                ("1:45:00", "decide", "timeout"),
                ("1:50:00", "zone_closed", "timeout"),
            ],
            id="aircon_failure: nobody reads a temperature, so it is too hot",
        ),
        pytest.param("vip_visit", [("0:00:00", "notified", "opening")], id="vip_visit: no hour is known yet"),
    ],
)
def test_silence_takes_the_worse_way(silence: Played, playbook: str, moves: list[tuple[str, str, str]]) -> None:
    """When nobody answers anything, a plan moves by its worst cases, at the times it documents, and stays there."""
    scene = silence(playbook)

    assert moves == scene.timeline()
    assert scene.incident.ended is None


@EVERY_PLAN
def test_silence_never_stops_the_calls(silence: Played, playbook: str) -> None:
    """After days somebody is still called, at least every hour and a half: nothing gets stuck."""
    scene = silence(playbook)
    moments = [scene.start, *(rung.at for rung in scene.received()), scene.clock.now()]

    assert max(b - a for a, b in pairwise(moments)) <= timedelta(minutes=90)
    assert any(name.startswith("leave:") for name in scene.incident.timers)


AN_HOUR, A_MINUTE, LATER = 30, (3, 2), 8
"""The most texts and calls to one person in an hour of silence; texts, and calls, in a minute; and in an hour six hours
after they were first asked, when a change of shift asks for relief."""


@EVERY_PLAN
def test_silence_is_not_answered_with_a_flood(silence: Played, playbook: str) -> None:
    """The worst hour of the most wanted person has thirty texts and calls, the worst minute three texts and two calls;
    six hours after somebody was first asked only a change of shift brings more than three an hour."""
    scene = silence(playbook)
    by_person: dict[str, list[Rung]] = {}
    for rung in scene.received():
        by_person.setdefault(scene.owners[rung.message.to], []).append(rung)

    assert scene.busiest(HOUR)[0] <= AN_HOUR, scene.busiest(HOUR)
    for person, rungs in by_person.items():
        for channel, most in zip(("sms", "voice"), A_MINUTE, strict=True):
            assert most_within([r.at for r in rungs if r.message.channel == channel], MINUTE) <= most, (person, channel)
        later = [r.at for r in rungs if r.at - rungs[0].at > 6 * HOUR]
        assert most_within(later, HOUR) <= LATER, (person, later)


@EVERY_PLAN
def test_nobody_goes_unasked_for_that(silence: Played, playbook: str) -> None:
    """Every call on somebody that stood open for a minute reached them; every one that stood open for an hour was said
    to them in a call too, by itself or together with others; and every step with somebody to ask was asked of somebody.
    """
    scene = silence(playbook)
    incident, now = scene.incident, scene.clock.now()
    closed = {x.alert: at for x, at in scene.log() if isinstance(x, e.AlertClosed)}
    for alert in incident.alerts.values():
        if alert.kind not in ASKING:
            continue
        went = [d for d in map(incident.deliveries.__getitem__, alert.deliveries) if d.status in ("sent", "delivered")]
        open_for = closed.get(alert.id, now) - alert.at
        assert went or open_for < MINUTE, (alert.id, alert.person, open_for)
        assert {"voice"} <= {d.channel for d in went} or open_for < HOUR, alert
    asked = {alert.step for alert in incident.alerts.values() if alert.step}
    assert {run.id for run in incident.steps.values()} == asked


@EVERY_PLAN
def test_every_step_of_silent_days_can_still_be_answered(silence: Played, playbook: str) -> None:
    """The reply letters do not run out: the code of the last step is still read as one."""
    scene = silence(playbook)
    last = list(scene.incident.steps.values())[-1]

    (reply,) = parse(f"{scene.incident.code}{last.letter} 1")

    assert (scene.incident.code, last.letter, "1") == (reply.code, reply.letter, reply.key)


@EVERY_PLAN
def test_days_of_silence_show_its_gaps(silence: Played, playbook: str) -> None:
    """Every role that steps asked for in vain stands in the log as unfilled, and command is told so; besides, only the
    one to whom a gap of three minutes is passed on, once for each role. Where few may know, nobody besides."""
    scene = silence(playbook)
    gaps = {event.role for event in scene.happened(e.RoleUnfilled)}
    told = scene.alerts(kind="gap")

    assert {"control_room"} <= gaps
    in_command = "li_wenbin" if playbook == "vip_visit" else "han_zhong"  # the duty manager is not told of a visit yet
    assert gaps <= {a.role for a in told if a.person == in_command}
    passed_on = {(x.role, x.to, at) for x, at in scene.log() if isinstance(x, e.GapEscalated)}
    others = [(a.role, a.person, a.at) for a in told if a.person != in_command]
    assert set(others) <= passed_on
    assert len({role for role, _, _ in others}) == len(others)
    assert not others or playbook not in ("robbery", "vip_visit")


# words


@EVERY_PLAN
def test_every_message_of_a_drill_says_so_at_both_ends(silence: Played, story: Played, playbook: str) -> None:
    """Whoever sees or hears only the beginning, or only the end, knows that it is practice."""
    rungs = [*silence(playbook).phones.received, *story(playbook).phones.received]
    assert rungs

    for rung in rungs:
        text, chinese = rung.message.text, rung.message.language == "zh"
        assert rung.message.mode == "drill"
        if rung.message.channel == "voice":
            first, last = ("演练,演练。", "以上是演练。") if chinese else ("Drill, drill, drill.", "This was a drill.")
        else:
            first, last = ("【星汇城】【演练】", "【演练】") if chinese else ("[Star Plaza] DRILL ", " DRILL")
        assert text.startswith(first)
        assert text.endswith(last)
        assert "{" not in text
        assert "?" not in text


@EVERY_PLAN
def test_no_message_holds_a_telephone_number(silence: Played, story: Played, playbook: str) -> None:
    """Numbers of people are in the roster alone; neither a message nor the log shows one."""
    numbers = {number for person in sample_roster().people.values() for number in person.numbers}
    for scene in (silence(playbook), story(playbook)):
        said = "\n".join(rung.message.text for rung in scene.phones.received)
        said += "\n".join(r.data.decode() for r in scene.engine.store.records(scene.id))

        assert not any(number in said for number in numbers)


def _opened(plan: Playbook, place: str, language: str, mode: Mode) -> Incident:
    """Return an incident at *place* whose people all read *language*."""
    team = members(sample_roster(), sample_site(), NIGHT, Reach(), {})
    command = c.OpenIncident(
        incident="1" * 12,
        code=("X" if mode == "drill" else "") + plan.code + "07",
        mode=mode,
        playbook=plan,
        site=sample_site(),
        place=place,
        members=tuple(replace(member, language=language) for member in team),
        by="console",
    )
    incident = fold((event, NIGHT) for event in decide(None, command, NIGHT))
    assert incident is not None
    return incident


def _too_long(incident: Incident, names: dict[str, str]) -> list[str]:
    """Return the single alerts of *incident* that would be cut in pieces."""
    asked = [a for a in incident.alerts.values() if a.kind in ("task", "stand_by")]
    texts = dict.fromkeys(render_sms([words_for(incident, a)], names, {}) for a in asked)
    return [text for text in texts if segments(text) > 1]


KINDS = {name: plan.place for name, plan in shipped_plans().items()}
BOTH = pytest.mark.parametrize("language", ["zh", "en"])
MODES = pytest.mark.parametrize("mode", ["real", "drill"])


@EVERY_PLAN
@BOTH
@MODES
def test_a_first_alert_fits_one_sms_wherever_it_is(playbook: str, language: str, mode: Mode) -> None:
    """The first alert to each role is one piece (70 characters zh, 160 en) at every place of the sample mall."""
    plan, names = shipped_plans()[playbook], sample_roster().names(language)
    places = [place.id for place in sample_site().places if place.kind == KINDS[playbook]]
    assert places

    assert {place: long for place in places if (long := _too_long(_opened(plan, place, language, mode), names))} == {}


@EVERY_PLAN
@BOTH
@MODES
def test_every_alert_of_every_state_fits_one_sms(playbook: str, language: str, mode: Mode) -> None:
    """So does each later one, at the place with the longest name, with a two-letter code."""
    plan, names = shipped_plans()[playbook], sample_roster().names(language)
    places = [place for place in sample_site().places if place.kind == KINDS[playbook]]
    place = max(places, key=lambda p: len(p.short.of(language))).id
    opened = _opened(plan, place, language, mode)
    zone = max(zones_in_scope(replace(opened, severity=Severity.red)), key=lambda z: len(_short(z, language)))
    found = {}
    for state in plan.states:
        here = replace(opened, state=state.name, entry=2)
        asked = [(step.name, step.role, zone if step.per else None, None) for step in state.steps]
        asked += [("nudge", leave.alert.role, None, leave.alert.do) for leave in state.leave if leave.alert]
        for name, role, where, nudge in asked:
            step = e.StepStarted(step="s999", name=name, role=role, letter="MW", zone=where, nudge=nudge)
            alert = e.AlertRequested(alert="a999", person="han_zhong", kind="task", role=role, step="s999")
            after = fold(((event, NIGHT) for event in (step, alert)), here)
            assert after is not None
            text = render_sms([words_for(after, after.alerts["a999"])], names, {})
            if segments(text) > 1:
                found[state.name, name] = text

    assert found == {}
    assert after.code in text


def _short(place: str, language: str) -> str:
    return sample_site().place(place).short.of(language)
