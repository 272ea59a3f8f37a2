"""A forecast of a fire: runs on all cores, against the same people and dice over a bare table; and its memory.

The floor plays the same people with the same dice through the same messages, as one run of the engine had them, from a
heap of moments, and moves a bare table of states once for each event of that run; there is no engine: nothing decides
who is called next, and nothing keeps an incident. So the ratio says what the real engine costs. It is not what another
forecast of the same plan would cost, which would have to decide all that somehow.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from heapq import heapify, heappop, heappush
from itertools import count

import msgspec

from bench.common import PYTHON, Figure, median
from emergency.core.values import Channel
from emergency.drills.people import Act, Arrival, Players, Route
from emergency.drills.rehearsals.rehearsal import Rehearsal
from emergency.forecast.case import Case, Setting
from emergency.forecast.pool import Pool, cores
from emergency.forecast.sample import Decided, Sample

RUNS = 1000
ASKED = 10_000
MOST = 9
"""What the real engine may cost over a bare table (wanted: 5; the engine decides and keeps some 900 events a run;
measured: 6 to 8, for the people and dice in both have become cheaper as well)."""
SECONDS = 90.0
"""What ten thousand runs may take on two cores."""


def fire() -> Setting:
    """Return the fire of the sample mall on a Sunday noon."""
    from tests.forecast.scenery import setting

    return setting("fire")


def forecast(runs: int = RUNS) -> list[Figure]:
    """Runs on all cores, put to ten thousand; one run against the floor; the same samples on one core and on two."""
    setting = fire()
    with Pool(setting, cores()) as pool:
        list(pool.samples(range(50)))  # workers are there, and warm
        start = time.perf_counter()
        digest = hashed(list(pool.samples(range(runs))))
        took = time.perf_counter() - start
    case = Case(setting)
    few = min(runs, 100)
    ours = median([_milliseconds(lambda n=n: case.sample(n)) for n in range(few)])
    bare = median([_milliseconds(floor_of(case, n)) for n in range(few)])
    with Pool(setting, 1) as one, Pool(setting, 2) as two:
        assert hashed(list(one.samples(range(few)))) == hashed(list(two.samples(range(few)))), "not the same on 2 cores"
    name = f"{ASKED:,} runs of a fire on {cores()} cores, from {runs:,} ({digest[:8]})"
    return [
        Figure(f"{name} (floor: asked for)", took * ASKED / runs, SECONDS, 1, "s"),
        Figure("one run (floor: people, dice and heap over a bare table)", ours, bare, MOST, "ms"),
    ]


def hashed(samples: list[Sample]) -> str:
    """Return a digest of all that *samples* hold."""
    return sha256(msgspec.json.encode(samples)).hexdigest()


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.process_time()  # others may use the machine
    work()
    return (time.process_time() - start) * 1000


# the floor


class Recording:
    """Played people, and what they were asked: each message and arrival with its moment."""

    def __init__(self, people: Players) -> None:
        """Remember the people."""
        self.people = people
        self.asked: list[tuple[datetime, int, Callable[[Players], object]]] = []

    def route(self, person: str, channel: Channel, delivery: str, at: datetime) -> Route:
        """Return what becomes of a message, and note it."""
        self.asked.append((at, len(self.asked), lambda people: people.route(person, channel, delivery, at)))
        return self.people.route(person, channel, delivery, at)

    def hears(self, arrival: Arrival) -> Sequence[Act]:
        """Return what somebody does, and note that they were asked."""
        self.asked.append((arrival.at, len(self.asked), lambda people: people.hears(arrival)))
        return self.people.hears(arrival)


def floor_of(case: Case, run: int) -> Callable[[], None]:
    """Return what does one run without an engine."""
    recording = Recording(case.players(run))
    rehearsal = Rehearsal(case.stage, recording, receipts=False)
    rehearsal.run(case.question.horizon, Decided(case.question))
    events = len(rehearsal.history())

    def bare() -> None:
        people, heap, log = case.players(run), list(recording.asked), []
        table = {(f"s{n}", "go"): f"s{(n + 1) % 12}" for n in range(12)}
        state = "s0"
        heapify(heap)
        while heap:
            at, _, ask = heappop(heap)
            found = ask(people)
            if isinstance(found, list):
                for act in found:
                    heappush(heap, (at + act.after, next(_number), _nothing))
        for n in range(events):
            state = table[state, "go"]
            log.append((n, case.begins, state, {"step": f"s{n}", "person": "p"}))

    return bare


_number = count(1_000_000)


def _nothing(people: Players) -> None:
    """An answer arrives; nobody is there to decide what follows."""


# memory

GROWTH = """
import sys
from datetime import timedelta
from bench.forecast import fire
from emergency.forecast.curves import Tally
from emergency.forecast.pool import Pool
few, many = int(sys.argv[1]), int(sys.argv[2])
pool = Pool(fire(), 1)
tally = Tally(pool.case().question, timedelta(minutes=5))
def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024
for sample in pool.samples(range(many)):
    tally.add(sample)
    if tally.n == few:
        before = resident()
print(before, resident())
"""


def forecast_memory(few: int = 200, many: int = 1000) -> list[Figure]:
    """Resident memory after many runs counted in one process, against that after a few."""
    done = subprocess.run([PYTHON, "-c", GROWTH, str(few), str(many)], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    return [Figure(f"memory after {many:,} runs of a forecast (floor: after {few})", after, before, 1.05, "MB")]


if __name__ == "__main__":  # python -m bench.forecast 10000: the whole number, by hand
    for measure in (lambda: forecast(int(sys.argv[1])), lambda: forecast_memory(500, 5000)):
        for figure in measure():
            print(figure.line(), flush=True)
