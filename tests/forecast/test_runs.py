"""Runs: the same on any number of cores, stopped early without a change, with the same dice whatever is changed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from emergency.core.events import AlertAcknowledged, AlertRequested, AnyEvent, StepDone
from emergency.core.ladder import LADDER
from emergency.drills.course import Course
from emergency.drills.rehearsals.rehearsal import Rehearsal
from emergency.forecast.case import Case, Change, TwoProviders, rungs
from emergency.forecast.pool import CHUNK, Pool
from emergency.forecast.sample import has_answered, read
from tests.forecast.scenery import setting
from tests.scenarios.scene import NIGHT, NOON, PLACES
from tests.serving import until

RUNS = 12
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def case() -> Case:
    """A trapped lift at noon."""
    return Case(setting())


def test_two_cores_and_any_chunks_find_the_same_as_one() -> None:
    """Sample for sample, in order, in other processes with other hash seeds; and the workers are gone afterwards."""
    runs = range(2 * CHUNK + 3)
    some = setting(roles=("engineering", "lift_manager"))
    with Pool(some, 1) as one, Pool(some, 2) as two:
        alone = list(one.samples(runs))
        together = list(two.samples(runs))
        assert [sample.run for sample in together] == list(runs)
        assert together == alone
        assert list(two.samples([7, 3])) == [alone[7], alone[3]]
        for first in two.samples(range(1000)):
            assert first == alone[0]
            break  # nobody listens any more
    until(lambda: multiprocessing.active_children() == [], "until it is known that the workers have ended")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("sign, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_broken_off_the_command_ends_and_every_worker(tmp_path: Path, sign: signal.Signals, status: int) -> None:
    """Broken off in the midst of a hundred thousand runs: it ends within seconds, leaves no process behind, also where
    it was killed outright and could tell its workers nothing, and nothing of Python's own bookkeeping is said."""
    env = {**os.environ, "EMERGENCY_HOME": str(tmp_path), "EMERGENCY_LANG": "en"}
    heeds = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # tests in the background do not
    program = [sys.executable, "-c", f"{heeds}; from cli import main; main()"]
    subprocess.run([*program, "init", "--sample"], env=env, cwd=ROOT, check=True, capture_output=True)
    words = ["drill", "forecast", "fire", "--runs", "100000", "--cores", "2"]
    with subprocess.Popen(
        [*program, *words], env=env, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    ) as running:
        try:
            assert running.stderr is not None
            assert b"playing" in running.stderr.readline()
            give_up = time.monotonic() + 120
            while len(begun := _group(running.pid, b"spawn_main")) < 2:
                assert time.monotonic() < give_up
                os.sched_yield()
            assert all(_blocks(pid, signal.SIGINT) for pid in begun), "half begun, and already to be interrupted"
            if sign == signal.SIGINT:
                os.killpg(running.pid, sign)  # as a terminal does: everybody in the foreground
            else:
                running.send_signal(sign)
            assert running.wait(60) == status
        finally:
            running.kill()  # else what did not end would be waited for here for ever
        if sign != signal.SIGKILL:
            assert b"resource_tracker" not in running.stderr.read()
            assert _group(running.pid) == []
    give_up = time.monotonic() + 60
    while left := _group(running.pid):  # who was told by nobody looks for itself, and goes
        if time.monotonic() > give_up:
            os.killpg(running.pid, signal.SIGKILL)
            pytest.fail(f"still there: {left}")
        time.sleep(0.05)


def _blocks(pid: int, sign: signal.Signals) -> bool:
    """Whether a signal has to wait in a process."""
    status = (Path("/proc") / str(pid) / "status").read_text()
    blocked = next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:"))
    return bool(int(blocked, 16) >> (sign - 1) & 1)


def _group(leader: int, word: bytes = b"") -> list[int]:
    """Return the processes of a group that are alive, called with *word*, and no bookkeeper of Python's own."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            group = int((path / "stat").read_text().rpartition(")")[2].split()[2])
            words = (path / "cmdline").read_bytes()
        except OSError:
            continue
        if group == leader and b"resource_tracker" not in words and words and word in words:
            found.append(int(path.name))
    return found


def test_runs_differ_and_a_run_is_always_the_same(case: Case) -> None:
    """The number of the run is all its luck hangs on, and the seed."""
    first = [case.sample(run) for run in range(RUNS)]
    assert first == [Case(setting()).sample(run) for run in range(RUNS)]
    assert len({sample.roles for sample in first}) == RUNS
    assert Case(setting(seed=2)).sample(0) != first[0]


def test_stopping_early_changes_nothing_that_is_asked(case: Case) -> None:
    """A run that goes on to the horizon has the same times as one that stops once all is decided; many do stop."""
    stopped = 0
    for run in range(RUNS):
        early, played = case.sample(run), case.play(run)
        long = Rehearsal(case.stage, case.players(run), receipts=False, seed=1)
        long.run(case.question.horizon)
        late = read(run, case.question, long.incident, long.history())
        assert (early.roles, early.milestones) == (late.roles, late.milestones)
        stopped += len(played.history()) < len(long.history())
    assert stopped > 1


def test_receipts_change_nothing(case: Case) -> None:
    """Runs are played without receipts of delivery, stories with them: they are of the same run."""
    for run in range(4):
        incident, history = case.log(run)
        told = read(run, case.question, incident, history)
        assert (told.roles, told.milestones, told.breach_at) == (
            case.sample(run).roles,
            case.sample(run).milestones,
            case.sample(run).breach_at,
        )


def test_a_role_has_answered_when_the_log_says_so(case: Case) -> None:
    """What is read off the log at the end is what was asked of the incident on the way."""
    for run in range(RUNS):
        played, sample = case.play(run), case.sample(run)
        for wanted, at in zip(case.question.roles, sample.roles, strict=True):
            answered = at is not None and wanted.role not in sample.let_go
            assert has_answered(played.incident, wanted.role, wanted.heads) == answered


def test_all_have_answered_means_every_head_as_the_scores_count_it() -> None:
    """A fire is complete when 2 of the control room, the leader and 4 of the fire team have answered, counted from the
    bare log; the forecast's time is that of the drill's scores, to the second. Runs in which the plan went on with
    fewer are kept beside it, never among them."""
    fire = Case(setting("fire"))
    heads = {"control_room": 2, "on_scene": 1, "fire_team": 4}
    fewer = 0
    for run in range(RUNS):
        sample, history = fire.sample(run), fire.play(run).history()
        course = Course(history)
        marks = [course.manned(role) for role in course.critical_roles()]
        by_score = max((m.at for m in marks if m), default=NOON) if all(marks) else None
        assert sample.all_roles == (None if by_score is None else (by_score - NOON).total_seconds())
        counted = {role: _places(history, role) for role in heads}
        assert (sample.all_roles is not None) == all(len(counted[role]) >= n for role, n in heads.items())
        assert sample.all_roles is None or (sample.all_went or 0.0) <= sample.all_roles
        fewer += sample.all_went is not None and sample.all_went != sample.all_roles
    assert fewer


def _places(history: Sequence[tuple[AnyEvent, datetime]], role: str) -> set[int]:
    """Return the places of a role that answered, off the bare log."""
    asked = {event.alert: event for event, _ in history if isinstance(event, AlertRequested) and event.role == role}
    done = {(event.step, event.person) for event, _ in history if isinstance(event, StepDone)}
    acked = {
        asked[event.alert].slot for event, _ in history if isinstance(event, AlertAcknowledged) and event.alert in asked
    }
    return acked | {alert.slot for alert in asked.values() if (alert.step, alert.person) in done}


def test_an_answer_is_never_before_anybody_acknowledged(case: Case) -> None:
    """The time of a role with one head is that of the first acknowledgement of it that stands in the log."""
    names = [wanted.role for wanted in case.question.roles]
    n = names.index("engineering")
    for run in range(4):
        played, sample = case.play(run), case.sample(run)
        acks = [
            (at - NOON).total_seconds()
            for event, at in played.history()
            if isinstance(event, AlertAcknowledged) and played.incident.alerts[event.alert].role == "engineering"
        ]
        assert sample.roles[n] == (acks[0] if acks else None)


def test_who_is_absent_never_answers() -> None:
    """Somebody who is taken out answers in no run; others are asked in their place."""
    gone = "peng_fei"
    case = Case(setting(), Change(absent=(gone,)))
    samples = [case.sample(run) for run in range(RUNS)]
    assert all(gone not in people for sample in samples for people in sample.answered)
    assert any(gone in sample.messages for sample in samples)


def test_a_change_that_touches_nobody_changes_no_run() -> None:
    """Common random numbers: where the engine does the same, the people do the same, to the last bit."""
    base, other = Case(setting()), Case(setting(), Change(deputies=(("peng_fei", "finance"),)))
    assert [base.sample(run) for run in range(RUNS)] == [other.sample(run) for run in range(RUNS)]


def test_a_second_provider_never_brings_a_text_later() -> None:
    """Of two ways the better one counts: no text is lost or late that one provider would have brought."""
    one, two = Case(setting()), Case(setting(), Change(providers=2))
    gained = 0
    for run in range(60):
        single, double = one.players(run), two.players(run)
        assert isinstance(double, TwoProviders)
        for n in range(3):
            before = single.route("peng_fei", "sms", f"d{n}", NOON)
            after = double.route("peng_fei", "sms", f"d{n}", NOON)
            assert after.silent <= before.silent
            assert before.silent or after.after <= before.after
            gained += before.silent and not after.silent
    assert gained


def test_rungs_move_forward_and_keep_their_order() -> None:
    """An earlier call and an earlier deputy come in order; what follows the deputy keeps its distance."""
    usual = tuple(rung.at for rung in LADDER)
    second = timedelta(seconds=1)
    assert rungs(None, None) == usual
    assert rungs(15 * second, None)[1] == 15 * second
    sooner = rungs(90 * second, 60 * second)
    assert list(sooner) == sorted(sooner)
    assert sooner[2:] == tuple(at - 60 * second for at in usual[2:])
    assert all(a <= b for a, b in zip(sooner, usual, strict=True))


def test_an_earlier_call_is_made_earlier() -> None:
    """With the call after 15 s, whoever was rung first after 60 s is rung after 15 s; there are such people."""
    base, soon = setting("media"), Change(call_after=timedelta(seconds=15))
    first = [_calls(Case(base, change)) for change in (Change(), soon)]
    waited = [person for person, at in first[0].items() if at == 60]
    assert waited
    assert {first[1][person] for person in waited} == {15}


def _calls(case: Case) -> dict[str, float]:
    """Return when each person was rung first, in a run in which nobody ever answers."""
    from emergency.core.events import DeliveryQueued
    from emergency.drills.players.played import Played
    from emergency.drills.scenario import Override

    silent = tuple(Override(person=person, never=True) for person in case.profiles)
    rehearsal = Rehearsal(case.stage, Played(case.model, case.profiles, 1, overrides=silent), receipts=False)
    rehearsal.run(timedelta(minutes=5))
    found: dict[str, float] = {}
    for event, at in rehearsal.history():
        if isinstance(event, DeliveryQueued) and event.channel == "voice":
            found.setdefault(event.person, (at - NOON).total_seconds())
    return found


@pytest.mark.parametrize("plan", sorted(PLACES))
def test_every_shipped_plan_can_be_forecast(plan: str) -> None:
    """By day and by night each plan is played as far as is asked, and somebody answers."""
    for at in (NOON, NIGHT):
        samples = [Case(setting(plan, at)).sample(run) for run in range(2)]
        assert all(len(each.roles) == len(each.answered) for each in samples)
        assert any(time is not None for each in samples for time in each.roles)
