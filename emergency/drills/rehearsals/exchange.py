"""The telephone exchange of a rehearsal: takes messages as the outbox does, as far as it matters for time.

What one telephone gets in one moment is one arrival; a telephone takes so many messages a minute and one call at a
time; what a provider does not take now is tried again; what fails for good goes back to the log, and the ladder climbs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter, itemgetter

import msgspec

from emergency.core import commands as c
from emergency.core.calls import TELLING
from emergency.core.incident import ASKING
from emergency.core.ladder import NEED
from emergency.core.values import Channel
from emergency.drills.people import Act, Arrival, Players, Route
from emergency.drills.rehearsals.memory import MemoryStore, Pending
from emergency.engine import Engine
from emergency.limits import NEWS, NUMBER_LIMIT, for_telling, next_free
from emergency.notify import USUAL_CALLS, USUAL_TEXTS, Limits
from emergency.outbox import (
    CALL_AGAIN,
    CONCURRENCY,
    FIRST_CLAIM,
    LONGEST_CALL,
    MERGE_AT_MOST,
    RETRY_FIRST,
    RETRY_LONGEST,
    TROUBLE,
)

PROVIDER = "rehearsal"
"""What the log of a rehearsal names as the one who took a message."""
CHANNELS: tuple[Channel, ...] = ("sms", "voice")
LIMITS = {"sms": USUAL_TEXTS, "voice": USUAL_CALLS}
_NEWS = {channel: for_telling(limits, news=True) for channel, limits in LIMITS.items()}
Later = Callable[[datetime, Callable[[], None]], None]
Does = Callable[[str, Channel, str, Act], None]


class Parcel(msgspec.Struct):
    """What goes out as one message; reason: why it does not."""

    channel: Channel
    rows: list[Pending]
    reason: str = ""


class Lines:
    """What waits at one moment, most urgent first, by channel and by telephone."""

    def __init__(self, rows: Sequence[Pending]) -> None:
        self._of: dict[str, list[Pending]] = {}
        self._to: dict[tuple[str, str, int], list[Pending]] = {}
        for row in rows:
            self._of.setdefault(row.channel, []).append(row)
            self._to.setdefault((row.channel, row.person, row.number), []).append(row)

    def of(self, channel: str) -> Sequence[Pending]:
        """Return what waits for a channel."""
        return self._of.get(channel, ())

    def beside(self, row: Pending) -> Sequence[Pending]:
        """Return what waits for the telephone of *row*, itself among it."""
        return self._to[row.channel, row.person, row.number]


class Exchange:
    """All telephones of one rehearsal.

    players: who is asked what becomes of a message, and what people do about it.
    later: keeps something for its moment. does: is told what a person does, over which channel, in which incident.
    receipts: whether the log hears that a message was delivered; nothing that is decided depends on it.
    """

    def __init__(
        self, engine: Engine, store: MemoryStore, players: Players, later: Later, does: Does, *, receipts: bool
    ) -> None:
        self.players = players
        self._engine = engine
        self._store = store
        self._later = later
        self._does = does
        self._receipts = receipts
        self._times: dict[tuple[str, str, int], list[datetime]] = {}
        self._on_the_line: dict[str, datetime] = {}
        self._had: set[tuple[str, int, str, str]] = set()
        self._sent: list[tuple[str, c.RecordDelivery]] = []
        self._count = 0

    def next_chance(self) -> datetime | None:
        """Return when the next waiting message may be tried, or None when none waits."""
        waiting = self._store.waiting
        return min([row.not_before for row in waiting.values()]) if waiting else None

    def pump(self, now: datetime) -> None:
        """Hand over what may go now, and what follows from its outcome, until nothing more may go now."""
        while self._store.waiting and self._some_may_go(now) and self._wave(now):
            pass

    def _some_may_go(self, now: datetime) -> bool:
        for row in self._store.waiting.values():  # noqa: SIM110  (a plain loop: asked twice a moment)
            if row.not_before <= now:
                return True
        return False

    def _wave(self, now: datetime) -> int:
        """Hand over what may go at once, most urgent first; return how many messages went or failed.

        What goes at once is chosen before anything is known of its outcome, as the outbox has it in flight.
        """
        rows = sorted(self._store.waiting.values(), key=_order)
        lines = Lines(rows)
        parcels: list[Parcel] = []
        room = FIRST_CLAIM
        while room > 0 and (chosen := self._choose(lines, room, now)):
            parcels += chosen
            room = CONCURRENCY - len(parcels) if self._some_may_go(now) else 0
        for parcel in parcels:
            if parcel.reason:
                self._fail(parcel.rows, parcel.reason)
            else:
                self._hand_over(parcel.channel, parcel.rows, now)
        self._write_sent()
        return len(parcels)

    def _choose(self, lines: Lines, room: int, now: datetime) -> list[Parcel]:
        parcels: list[Parcel] = []
        for channel in CHANNELS:
            for lead in self._ready(lines.of(channel), room - len(parcels), now):
                if lead.id in self._store.waiting:
                    parcels += self._parcel(channel, lead, lines.beside(lead), now)
        return parcels

    def _ready(self, line: Sequence[Pending], limit: int, now: datetime) -> list[Pending]:
        """Return what may go now, at most *limit*; what waits for its telephone holds up nobody else."""
        waiting = self._store.waiting
        while limit > 0:
            due = [row for row in line if row.not_before <= now and row.id in waiting][:limit]
            ready = [row for row in due if not self._holds(row, now)]
            if ready or not due:
                return ready
        return []

    def _holds(self, row: Pending, now: datetime) -> bool:
        """Let a message wait whose telephone is on the line, or has had its share; return whether it waits."""
        if row.expires_at < now:
            return False
        if row.channel == "voice" and self._on_the_line.get(row.person, now) > now:
            row.not_before = now + CALL_AGAIN
            return True
        free = self._free(row, now)
        if free > now and not _is_too_late(row, free - now):
            row.not_before = free
            return True
        return False

    def _parcel(self, channel: Channel, lead: Pending, rows: Sequence[Pending], now: datetime) -> list[Parcel]:
        """Return what goes out as one message with *lead*, or why it fails; nothing where it has to wait."""
        if lead.expires_at < now:
            return [Parcel(channel, [self._out(lead)], "expired")]
        free = self._free(lead, now)
        if _is_too_late(lead, free - now):
            return [Parcel(channel, [self._out(lead)], NUMBER_LIMIT)]
        if free > now:  # what went in this very round has used up the last place
            lead.not_before = free
            return []
        self._times.setdefault((channel, lead.person, lead.number), []).append(now)
        if channel == "voice":
            self._on_the_line[lead.person] = now + LONGEST_CALL
        return [Parcel(channel, [self._out(row) for row in self._beside(lead, rows, now)])]

    def _out(self, row: Pending) -> Pending:
        row.attempt += 1
        return self._store.waiting.pop(row.id)

    def _free(self, row: Pending, now: datetime) -> datetime:
        """Return when its telephone may get *row* (see `limits.Meter`)."""
        times = self._times.get((row.channel, row.person, row.number))
        if not times or row.urgency == 0:
            return now
        limits: Limits = LIMITS[row.channel]
        if row.urgency >= TELLING and row.kind in NEWS:
            limits = _NEWS[row.channel]
        return now if len(times) < limits.minute else next_free(times, limits, now)

    def _beside(self, lead: Pending, rows: Sequence[Pending], now: datetime) -> list[Pending]:
        """Return *lead* and what else waits for that telephone and was tried as often: it makes no more messages."""
        if len(rows) == 1:
            return [lead]
        waiting = self._store.waiting
        others = [
            row
            for row in rows
            if row is not lead
            and row.attempt == lead.attempt
            and row.id in waiting
            and row.expires_at >= now
            and (row.not_before <= now or row.attempt == 0)
        ]
        return [lead, *others][:MERGE_AT_MOST]

    def _hand_over(self, channel: Channel, rows: list[Pending], now: datetime) -> None:
        lead = rows[0]
        route = self.players.route(lead.person, channel, lead.id, now)
        if route.temporary or (route.fails and not route.after):  # what nobody took uses up nothing
            self._times[channel, lead.person, lead.number].remove(now)
            if channel == "voice":
                self._on_the_line.pop(lead.person, None)
        if route.temporary:
            self._again(rows, route.fails, now)
        elif route.fails and not route.after:
            self._fail(rows, route.fails)
        else:
            self._count += 1
            for row in rows:
                self._record(row, "sent", provider_id=f"r{self._count}")
            if route.fails:
                self._later(now + route.after, partial(self._ends_in_vain, rows, route.fails))
            elif not route.silent and self._matters(channel, rows, route):
                self._later(now + route.after, partial(self._arrive, channel, rows, now + route.after))

    def _matters(self, channel: Channel, rows: Sequence[Pending], route: Route) -> bool:
        """Return whether anything happens when a message arrives: a text that only tells is read, and that is all; so
        it is with one that its owner never answers."""
        if self._receipts or channel == "voice":
            return True
        return not route.unheeded and any(row.kind in ASKING for row in rows)

    def _again(self, rows: list[Pending], reason: str, now: datetime) -> None:
        for row in rows:
            row.not_before = now + min(RETRY_FIRST * (1 << min(row.attempt - 1, 10)), RETRY_LONGEST)
            self._store.waiting[row.id] = row
        if rows[0].attempt == TROUBLE:
            for row in rows:
                self._record(row, "waiting", reason=reason)

    def _ends_in_vain(self, rows: Sequence[Pending], reason: str) -> None:
        if rows[0].channel == "voice":
            self._on_the_line.pop(rows[0].person, None)
        self._fail(sorted(rows, key=_id), reason)

    def _fail(self, rows: Sequence[Pending], reason: str) -> int:
        for row in rows:
            self._record(row, "failed", reason=reason)
        return 1

    def _record(self, row: Pending, status: str, *, reason: str = "", provider_id: str = "") -> None:
        """Let the log hear of a message. What was handed over is written down all at once, when nothing else of this
        moment can come between."""
        report = c.RecordDelivery(
            delivery=row.id, status=status, provider=PROVIDER if provider_id else "", provider_id=provider_id,
            attempt=row.attempt, reason=reason,
        )  # fmt: skip
        if status == "sent":
            self._sent.append((row.incident, report))
            return
        self._write_sent()
        self._engine.handle(row.incident, report)

    def _write_sent(self) -> None:
        for incident, group in groupby(self._sent, _incident):
            self._engine.record(incident, [report for _, report in group])
        self._sent.clear()

    def _arrive(self, channel: Channel, rows: Sequence[Pending], now: datetime) -> None:
        """The message is on the telephone: let its owner react; a call ends with the first key that is pressed."""
        ends, asking = now, [row for row in rows if row.kind in ASKING]
        for incident in dict.fromkeys([row.incident for row in asking]):
            acts = self._heard(channel, incident, rows, asking, now)
            if acts and acts[0].after <= LONGEST_CALL:
                ends = max(ends, now + acts[0].after)
        if channel == "voice" and ends > now:
            self._on_the_line[rows[0].person] = min(ends, self._on_the_line.get(rows[0].person, ends))
            if self._receipts:
                self._later(ends, partial(self._delivered, rows))
            return
        if channel == "voice":
            self._on_the_line.pop(rows[0].person, None)
        self._delivered(rows)

    def _delivered(self, rows: Sequence[Pending]) -> None:
        if self._receipts:
            for row in sorted(rows, key=_id):
                self._record(row, "delivered")

    def _heard(
        self, channel: Channel, id: str, rows: Sequence[Pending], asking: Sequence[Pending], now: datetime
    ) -> Sequence[Act]:
        """Let whoever has the telephone react to what *rows* say of one incident, among them *asking*."""
        lead, incident = next(row for row in rows if row.incident == id), self._engine.incident(id)
        alerts = tuple([incident.alerts[row.alert] for row in asking if row.incident == id])
        names = {(lead.person, lead.number, id, alert.id) for alert in alerts}
        arrival = Arrival(
            at=now, person=lead.person, channel=channel, delivery=lead.id, incident=incident, alerts=alerts,
            again=names <= self._had,
        )  # fmt: skip
        self._had |= names
        acts = sorted(self.players.hears(arrival), key=_soonest)
        for act in acts:
            self._later(now + act.after, partial(self._does, lead.person, channel, id, act))
        return acts


def _is_too_late(row: Pending, wait: timedelta) -> bool:
    """Return whether an alert would wait longer than its ladder does: it goes another way at once."""
    return 0 < row.urgency < TELLING and wait > NEED


_order = attrgetter("urgency", "queued_at", "id")
_id = attrgetter("id")
_soonest = attrgetter("after")
_incident = itemgetter(0)
