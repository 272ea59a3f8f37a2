"""A simulated drill from the command line: what is played, how, and where it is kept.

Nothing here knows a notifier: what is played reaches no telephone, whatever the environment holds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from emergency import documents
from emergency.clock import SystemClock
from emergency.core import contest
from emergency.core.incident import Incident
from emergency.core.near import nearest, nearest_zh
from emergency.core.playbook import Playbook
from emergency.drills import book as b
from emergency.drills.players.model import profiles, read_model
from emergency.drills.players.played import Played
from emergency.drills.rehearsals import kept
from emergency.drills.rehearsals.masks import length
from emergency.drills.rehearsals.rehearsal import Rehearsal
from emergency.drills.rehearsals.story import Teller, clock
from emergency.drills.scenario import Scenario
from emergency.drills.scenarios.dry_run import Ground, stage_of
from emergency.drills.scenarios.file import files, read_file
from emergency.drills.scenarios.fit import NO_EFFECT, OF_TELEPHONES, refuse_unfit
from emergency.engine import Engine
from emergency.errors import CommandRefused, Conflict, Mistakes, StoreError
from emergency.store import codec
from emergency.store.drills import Books, DrillRow
from emergency.store.store import SqliteStore

if TYPE_CHECKING:
    from emergency.app import App
    from emergency.core.site import Site
    from emergency.engine import Engine

Document = dict[str, Any]
LASTS = timedelta(minutes=60)
"""How long a plan is played that no scenario ends (practice: an hour shows the call-out and the first phases)."""
LOOKS = 0.5
"""How many seconds pass at most between two looks at whether something real has begun."""
LONGEST = timedelta(days=60)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """All that one drill is played from. salt: what its id is made of, so that another roster is another drill."""

    scenario: Scenario
    ground: Ground
    plan: Playbook
    seed: int
    names: Mapping[str, str]
    salt: str

    def rehearsal(self, attempt: int = 0) -> Rehearsal:
        """Return the rehearsal, ready to run; *attempt* tells apart drills that would bear the same id."""
        team, _ = self.ground.team(self.scenario.begins)
        people = Played(
            self.ground.model,
            profiles(team, self.scenario.begins, self.ground.site, self.scenario.default_profile),
            self.seed,
            overrides=self.scenario.overrides,
            decisions=self.scenario.decisions,
        )
        id = sha256(f"{self.salt}/{attempt}".encode()).hexdigest()[:12]
        return Rehearsal(stage_of(self.scenario, self.ground), people, self.scenario, seed=self.seed, id=id)


# what is played


def prepare(app: App, word: str, *, at: str | None, begins: str | None, until: str | None, seed: int | None) -> Setting:
    """Return what *word* names, ready to be played: a scenario (an id or a file), else a plan.

    Args:
        at: another place. begins: another moment, in the site's own time. until: from the start, as `50m`.

    Raises:
        Mistakes: there is no such thing, or its file holds mistakes.
    """
    engine = app.engine()
    try:
        site = app.people.site(engine)
        roster = app.people.roster(engine)
        plans, _ = app.library.load_all(engine, site)
        scenario = _scenario(word, app.settings.home / "scenarios", site)
        if scenario is None:
            scenario = _bare(_plan(app, engine, word, site), _full_hour(engine.clock.now()))
        elif scenario.playbook not in plans:
            plans[scenario.playbook] = app.library.named(engine, scenario.playbook, site)
        digest = engine.store.current_digest("roster") or ""
        now = engine.clock.now()
        names = app.people.names(engine, app.settings.lang)
    finally:
        engine.store.close()
    plan = plans[scenario.playbook]
    if scenario.path:
        refuse_unfit(scenario, site, roster, plans, {*OF_TELEPHONES, *([NO_EFFECT] if begins is not None else ())})
    ground = Ground(site, roster, plans, read_model(app.settings.home))
    scenario = replace(
        _with(scenario, plan, ground, at, begins, until, now), seed=scenario.seed if seed is None else seed
    )
    what = f"{scenario.seed}/{kept.digest_of(scenario)}/{codec.document_digest(plan)}/{codec.document_digest(site)}"
    return Setting(
        scenario=scenario, ground=ground, plan=plan, seed=scenario.seed, names=names, salt=f"{what}/{digest}"
    )  # fmt: skip


def _full_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _scenario(word: str, own: Path, site: Any) -> Scenario | None:
    """Return the scenario that *word* names, or None where it names none."""
    if word.endswith((".yaml", ".yml")) or "/" in word:
        return read_file(Path(word), site)
    path = files(own).get(word)
    return read_file(path, site) if path is not None else None


def _plan(app: App, engine: Engine, word: str, site: Site) -> Playbook:
    """Return the plan that *word* names. Raises Mistakes: it names none, and no scenario either; with the nearest."""
    try:
        return app.library.named(engine, word, site)
    except Mistakes as error:
        if any(problem.file for problem in error.problems) or " could be " in str(error):
            raise
    known = [*files(app.settings.home / "scenarios"), *app.library.files()]
    raise Mistakes(
        f"'{word}' is neither a scenario nor a plan.{nearest(word, known) or ' See: emergency drill list'}",
        f"“{word}”既不是情景也不是预案。{nearest_zh(word, known) or '请看:emergency drill list'}",
    )


def _bare(plan: Playbook, begins: datetime) -> Scenario:
    """Return a scenario in which nothing is put in: the plan alone, among its people."""
    return Scenario(
        id=plan.id, title=plan.title, playbook=plan.id, place="", kind="simulated", begins=begins, maximum=LASTS
    )


def _with(
    scenario: Scenario, plan: Playbook, ground: Ground, at: str | None, begins: str | None, until: str | None,
    now: datetime,
) -> Scenario:  # fmt: skip
    from emergency.match import find_place

    if at is not None or not scenario.place:
        scenario = replace(scenario, place=find_place(at, plan, ground.site).id)
    if begins is not None:
        scenario = replace(scenario, begins=moment_of(begins, now, ground.site.timezone))
    if until is not None:
        scenario = replace(scenario, maximum=length_of("--until", until))
    return scenario


def moment_of(word: str, now: datetime, timezone: str) -> datetime:
    """Read `19:30` (the nearest such time) or ISO 8601, in the site's own time. Raises Mistakes."""
    from emergency.verbs import a_moment

    found = datetime.fromisoformat(a_moment("--begins", word, now, timezone))
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))


def length_of(option: str, word: str) -> timedelta:
    """Read `50m`. Raises Mistakes."""
    try:
        found = length(word)
    except ValueError as error:
        raise Mistakes(f"{option}: {error}", f"{option}:“{word}”不是时长;请写数字和单位,如 90s、50m、2h") from error
    if not timedelta(0) < found <= LONGEST:
        raise Mistakes(
            f"{option} {word}: a drill lasts more than nothing and at most {LONGEST.days} days",
            f"{option} {word}:演练时长须大于零,最多 {LONGEST.days} 天",
        )
    return found


# playing it


def play(setting: Setting, store: SqliteStore | None) -> tuple[Rehearsal, DrillRow | None]:
    """Play it as fast as it goes, keep it in *store*, and return both; the same drill again is kept once."""
    for attempt in range(1000):
        rehearsal = setting.rehearsal(attempt)
        rehearsal.run(setting.scenario.maximum)
        if store is None:
            return rehearsal, None
        known = store.incident(rehearsal.id)
        if known is None:
            with contextlib.suppress(Conflict):
                return rehearsal, rehearsal.keep(store)
            known = store.incident(rehearsal.id)  # another window kept the very same a moment before
            if known is None:
                continue
        if known.head == _heads(rehearsal).get(rehearsal.id):
            return rehearsal, Books(store).of(rehearsal.id)
    raise Mistakes(
        "this drill was kept a thousand times; play it with another --seed", "这次推演已存了一千次;请换一个 --seed"
    )


def _heads(rehearsal: Rehearsal) -> dict[str, str]:
    """Return what the chains of the incidents end with, as a store would write them."""
    with contextlib.closing(SqliteStore(":memory:")) as store:
        rehearsal.keep(store)
        return {row.id: row.head for row in store.all_incidents()}


class Paced:
    """A drill at so many times the speed of life. It looks whether something real has begun, and stops at once then.

    real: returns the code of a real incident that is open in the installation, or None.
    say: takes the lines of the story as they come. keep: is called when something may have happened, to write it down.
    """

    def __init__(
        self, rehearsal: Rehearsal, setting: Setting, speed: float, now: Callable[[], datetime],
        real: Callable[[], str | None], say: Callable[[str], None], lang: str, keep: Callable[[], object],
    ) -> None:  # fmt: skip
        self.rehearsal = rehearsal
        self.speed = speed
        self.real_code = ""
        self._maximum = setting.scenario.maximum
        self._now = now
        self._real = real
        self._say = say
        self._keep = keep
        self._story = Story(rehearsal, setting.names, lang)
        self._wait = Event()

    def run(self) -> None:
        """Play it to its end. Ctrl-C breaks it off, and it is kept as far as it came."""
        began = self._now()
        try:
            while not self.rehearsal.ended and not self._freezes():
                passed = (self._now() - began) * self.speed
                self.rehearsal.run(min(passed, self._maximum))
                self._keep()
                self._tell()
                if self.rehearsal.next_moment() is None:
                    break
                self._wait.wait(self._pause(began))
        except KeyboardInterrupt:
            self._break_off("director")
        self._tell()

    def _pause(self, began: datetime) -> float:
        """Return how many seconds of life pass until something happens, at most until the next look."""
        following = self.rehearsal.next_moment()
        if following is None or self.rehearsal.ended:
            return 0.0
        ahead = (following - self.rehearsal.stage.begins) / self.speed
        return min(LOOKS, max(0.0, (began + ahead - self._now()).total_seconds()))

    def _freezes(self) -> bool:
        code = self._real()
        if code is None:
            return False
        self.real_code = code
        because = "real" if code else "red"  # stopped by the red command, which names nothing real
        self.rehearsal.write(b.Paused(by="console", because=because, other=code or None))
        self._break_off(because)
        return True

    def _break_off(self, because: str) -> None:
        self.rehearsal.write(b.Aborted(by="console", because=because))
        self.rehearsal.ended = "aborted"

    def _tell(self) -> None:
        for line in self._story.more():
            self._say(line)


def real_incident(path: Path) -> str | None:
    """Return the code of a real incident that goes on in the store at *path*, or None: one that is over and not yet
    closed, or only expected, keeps nobody from a rehearsal."""
    if not path.exists():
        return None
    with contextlib.closing(SqliteStore(path, create=False)) as store:
        engine = Engine(store, SystemClock())
        return next(
            (row.code for row in store.open_incidents() if row.mode == "real" and _goes_on(engine, row.id)), None
        )


def _goes_on(engine: Engine, id: str) -> bool:
    """Whether an incident goes on; one whose log cannot be read may."""
    try:
        return contest.goes_on(engine.incident(id))
    except (StoreError, CommandRefused):
        return True


# what is shown


class Story:
    """The lines of a drill's story, as far as they have not been told yet."""

    def __init__(self, rehearsal: Rehearsal, names: Mapping[str, str], lang: str) -> None:
        self._rehearsal = rehearsal
        self._names = names
        self._lang = lang
        self._told: dict[str, int] = {}
        self._entries = 0

    def more(self) -> list[str]:
        """Return what happened since, oldest first."""
        found: list[tuple[datetime, str]] = []
        for row in self._rehearsal.store.all_incidents():
            incident = self._rehearsal.engine.incident(row.id)
            if not incident.armed:
                found += self._of(incident)
        stage = self._rehearsal.stage
        teller = Teller(self._names, self._lang, self._rehearsal.scenario, "", stage.plan, stage.site)
        entries = self._rehearsal.book[self._entries :]
        self._entries = len(self._rehearsal.book)
        found += [(each.at, text) for each in entries if (text := teller.entry(each.entry))]
        begins = self._rehearsal.stage.begins
        found = sorted(dict.fromkeys(found), key=lambda each: each[0])  # what happens to many at once is said once
        return [f"{clock((at - begins).total_seconds())}  {text}" for at, text in found]

    def _of(self, incident: Incident) -> list[tuple[datetime, str]]:
        own = incident.id == self._rehearsal.id
        teller = Teller(self._names, self._lang, self._rehearsal.scenario, "" if own else f"[{incident.code}] ")
        lines = self._rehearsal.history(incident.id)[self._told.get(incident.id, 0) :]
        self._told[incident.id] = self._told.get(incident.id, 0) + len(lines)
        return list(teller.events(incident, lines))


def document(rehearsal: Rehearsal, setting: Setting, row: DrillRow | None) -> Document:
    """Return the whole drill as one document: its logs as `log --json` shows them, its book, its objectives."""
    with contextlib.closing(SqliteStore(":memory:")) as store:
        rehearsal.keep(store)
        logs = {each.id: _log(store, each.id) for each in store.all_incidents()}
    incident = rehearsal.incident
    others = [i for each in rehearsal.store.all_incidents() if not (i := rehearsal.engine.incident(each.id)).armed]
    return {
        "drill": row.code if row is not None else None,
        "incident": incident.code,
        "id": incident.id,
        "code": incident.code,
        "mode": "drill",
        "drill_kind": "simulated",
        "seed": setting.seed,
        "scenario": setting.scenario.id if setting.scenario.path else None,
        "playbook": setting.plan.id,
        "revision": codec.document_digest(setting.plan)[:12],
        "place": incident.place,
        "begins": codec.to_text(rehearsal.stage.begins),
        "ends": codec.to_text(rehearsal.clock.now()),
        "ended": rehearsal.ended,
        "state": incident.state,
        "log": logs[incident.id],
        "others": [
            {"incident": i.code, "id": i.id, "playbook": i.playbook.id, "state": i.state, "log": logs[i.id]}
            for i in others
            if i.id != incident.id
        ],
        "book": [entry(each) for each in rehearsal.book],
        "objectives": objectives(rehearsal),
    }


def _log(store: SqliteStore, id: str) -> list[Document]:
    return [
        {"seq": r.seq, "at": r.at, "kind": r.kind, "data": documents.without_type(r.data), "hash": r.hash}
        for r in store.records(id)
    ]


def entry(written: b.Written) -> Document:
    """Return an entry of a book as a document."""
    data = msgspec.to_builtins(written.entry)
    kind = data.pop("type")
    return {"seq": written.seq, "at": codec.to_text(written.at), "kind": kind, "data": data}


def objectives(rehearsal: Rehearsal) -> list[Document]:
    """Return how each objective was rated, by the rules alone."""
    from emergency.drills.scoring import rate

    beside = [row for row in rehearsal.store.all_incidents() if row.id != rehearsal.id]
    others = {row.code: rehearsal.history(row.id) for row in beside}
    scores = rate(rehearsal.history(), rehearsal.book, rehearsal.scenario, rehearsal.clock.now(), others)
    return [
        {
            "id": score.id,
            "capability": score.capability,
            "text": {"zh": score.text.zh, "en": score.text.en},
            "rating": score.rating,
            "sentence": {"zh": score.sentence.zh, "en": score.sentence.en},
            "evidence": list(score.evidence),
        }
        for score in scores
    ]
