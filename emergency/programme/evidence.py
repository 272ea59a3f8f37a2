"""What was held: drills and incidents with what shows it, read from the installation's store and that of rehearsals."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import msgspec

from emergency.core import events as e
from emergency.core.site import Site
from emergency.drills import book as b
from emergency.drills.rehearsals.kept import file_of
from emergency.drills.scenario import LIVE
from emergency.errors import StoreError
from emergency.programme.duties import Outside
from emergency.roster.calendar import moment
from emergency.settings import Settings
from emergency.store.codec import to_text
from emergency.store.drills import Books, DrillRow
from emergency.store.store import IncidentRow, SqliteStore

Sort = str
"""`real`, a kind of drill, or `screen`: a drill of an older release, shown on the screen."""


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """One drill or incident that was held.

    sort: `real`, a kind of drill, `screen`, or `outside` for one that this program did not run. begun, ended: moments.
    head: the hash of the last line of its log. practised: whether anybody answered or did anything in it. shifts: those
    on duty when it began. shown: what shows a drill that was held outside.
    """

    code: str
    incident: str
    sort: Sort
    playbook: str
    begun: datetime
    ended: datetime | None
    head: str
    aborted: bool = False
    practised: bool = True
    shifts: frozenset[str] = frozenset()
    shown: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it was held to its end: what was broken off, or answered by nobody, shows nothing (practice)."""
        return self.ended is not None and not self.aborted and self.practised


class Rated(msgspec.Struct, frozen=True):
    """How a drill came out: its worst rating, empty where nothing could be rated; how many objectives were tested, of
    how many."""

    rating: str = ""
    tested: int = 0
    objectives: int = 0


class Asked(msgspec.Struct, frozen=True):
    """What one person was asked for in drills: the drills (their codes), and messages."""

    drills: frozenset[str] = frozenset()
    messages: int = 0


class Records:
    """Everything that was held, from the stores there are. A store that cannot be read is named in `lost`."""

    def __init__(self, settings: Settings, own: SqliteStore, site: Site) -> None:
        """Look into *own*, the installation's store, and the store of rehearsals beside it."""
        self.site = site
        self.lost: list[str] = []
        self._own = own
        self._rehearsals = self._open(settings)

    def _open(self, settings: Settings) -> SqliteStore | None:
        path = file_of(settings)
        if not path.exists():
            return None
        try:
            return SqliteStore(path, create=False)
        except StoreError as error:
            self.lost.append(str(error))
            return None

    def close(self) -> None:
        """Close what was opened here."""
        if self._rehearsals is not None:
            self._rehearsals.close()

    @property
    def stores(self) -> tuple[SqliteStore, ...]:
        """The stores there are, the installation's own first."""
        return (self._own,) if self._rehearsals is None else (self._own, self._rehearsals)

    @cached_property
    def rows(self) -> list[tuple[SqliteStore, IncidentRow, DrillRow | None]]:
        """Every incident that was begun, with the drill it was, oldest first."""
        found = []
        for store in self.stores:
            drills = {row.incident: row for row in Books(store).all() if row.incident}
            found += [(store, row, drills.get(row.id)) for row in store.all_incidents()]
        return sorted(found, key=lambda each: (each[1].opened_at, each[1].code))

    def rated(self, past: Past) -> Rated:
        """Return how a drill came out: the worst of its objectives, as people rated them or else by the log."""
        from emergency.drills.scoring import overall, rate
        from emergency.programme.board import scenario_of

        for store, row, drill in self.rows:
            if row.id == past.incident:
                written = Books(store).read(drill.id if drill is not None else row.id)
                scenario = scenario_of(store, drill.scenario) if drill is not None else None
                scores = rate(store.history(row.id), written, scenario)
                tested = sum(score.rating is not None for score in scores)
                return Rated(overall(scores) or "", tested, len(scores))
        return Rated()

    @cached_property
    def all(self) -> list[Past]:
        """Every drill and incident that was held, oldest first."""
        return [self._past(*each) for each in self.rows]

    def _past(self, store: SqliteStore, row: IncidentRow, drill: DrillRow | None) -> Past:
        subject = drill.id if drill is not None else row.id
        written = [each.entry for each in Books(store).read(subject)]
        ended = row.closed_at if drill is None else drill.ended_at or row.closed_at
        return Past(
            code=drill.code if drill is not None else row.code,
            incident=row.id,
            sort=sort_of(row, drill),
            playbook=row.playbook,
            begun=row.opened_at,
            ended=ended,
            head=row.head,
            aborted=any(isinstance(each, b.Aborted) for each in written),
            practised=Books(store).was_practised(row.id),
            shifts=shifts_at(self.site, row.opened_at),
        )

    def planned(self) -> list[tuple[SqliteStore, DrillRow]]:
        """Return the drills that are planned and have not begun, those that begin first foremost."""
        found = [
            (store, row)
            for store in self.stores
            for row in Books(store).all()
            if row.incident is None and row.ended_at is None
        ]
        return sorted(found, key=lambda each: (to_text(each[1].begins_at) if each[1].begins_at else "~", each[1].code))

    def asked(self, first: date, last: date) -> dict[str, Asked]:
        """Return what each person was asked for in live drills that began from *first* to *last*, in the site's time.

        A message counts when it was handed over or may have been: one taken back before that disturbed nobody.
        """
        zone = ZoneInfo(self.site.timezone)
        drills: dict[str, set[str]] = {}
        messages: Counter[str] = Counter()
        for store, row, drill in self.rows:
            if sort_of(row, drill) in LIVE and first <= row.opened_at.astimezone(zone).date() <= last:
                for person, count in messages_of(store.history(row.id)).items():
                    drills.setdefault(person, set()).add(drill.code if drill else row.code)
                    messages[person] += count
        return {person: Asked(frozenset(codes), messages[person]) for person, codes in drills.items()}


@contextlib.contextmanager
def records(settings: Settings, own: SqliteStore, site: Site) -> Iterator[Records]:
    """Have the records at hand, and close afterwards what was opened for it."""
    found = Records(settings, own, site)
    try:
        yield found
    finally:
        found.close()


def messages_of(history: Sequence[tuple[e.AnyEvent, datetime]]) -> Mapping[str, int]:
    """Return person to how many messages went out to them, by the log of one incident."""
    to: dict[str, str] = {}
    for event, _ in history:
        match event:
            case e.DeliveryQueued(delivery=id, person=person):
                to[id] = person
            case e.DeliveryDropped(delivery=id):
                to.pop(id, None)
    return Counter(to.values())


def sort_of(row: IncidentRow, drill: DrillRow | None) -> Sort:
    """Return what an incident was: `real`, the kind of its drill, or `screen`."""
    if drill is not None:
        return drill.kind
    return {"real": "real", "live_drill": "callout"}.get(row.mode, "screen")


def shifts_at(site: Site, at: datetime) -> frozenset[str]:
    """Return the shifts whose hours run at *at*."""
    return frozenset(shift for shift, _ in moment(site, at).running)


def from_outside(each: Outside, site: Site) -> Past:
    """Return a drill that this program did not run, as one that was held at noon."""
    noon = datetime(each.day.year, each.day.month, each.day.day, 12, tzinfo=ZoneInfo(site.timezone))
    return Past(
        code="-", incident="", sort=each.kind, playbook=each.plan, begun=noon, ended=noon, head="",
        shifts=frozenset(each.shifts), shown=f"{each.evidence} ({each.by})",
    )  # fmt: skip
