"""The outbox: send what the log asked for, and report back what became of it.

A message is claimed (written down as being sent) before the provider is asked, so that a crash leaves a row that
asks to be looked into. What one telephone would get in the same moment goes out as one message. A failure for good
climbs the ladder at once; an unknown outcome is settled by asking the provider, and sent again only when it has no
trace of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from emergency import ids
from emergency.clock import Clock
from emergency.core import commands as c
from emergency.core.segments import segments
from emergency.core.values import Mode
from emergency.core.wording import Line, render_sms, render_voice, wrap
from emergency.desk import Desk
from emergency.engine import Engine
from emergency.errors import PermanentFailure, StoreError, TemporaryFailure, UnknownOutcome
from emergency.notify import LOOK_BACK, KeepsTraces, Message, Notifier, Receipt, Report
from emergency.people import People
from emergency.store.store import OutboxRow

BATCH = 64
CONCURRENCY = 32
LEASE = timedelta(seconds=30)
"""How long a claim of a process that cannot be seen to live is believed (longer than any one request takes)."""
RETRY_FIRST = timedelta(seconds=2)
RETRY_LONGEST = timedelta(seconds=30)
ASK_AGAIN = timedelta(seconds=2)
"""How long after an unknown outcome the provider is asked: its lists lag behind a little (practice)."""
MERGE_AT_MOST = 6
_LINE = msgspec.json.Decoder(Line)


class SpokenText(msgspec.Struct, frozen=True, kw_only=True, tag="text", tag_field="form"):
    """An answer to somebody, in words that are ready."""

    text: str
    language: str
    sign: str


_ANSWER = msgspec.json.Decoder(SpokenText)


class Rate:
    """A token bucket: how many messages a sender may hand over. Counts in SMS segments, or in calls."""

    def __init__(self, per_second: float, now: datetime) -> None:
        self.per_second = per_second
        self._tokens = self.most
        self._at = now

    @property
    def most(self) -> float:
        """How many may go in one burst."""
        return max(1.0, self.per_second)

    def _fill(self, now: datetime) -> None:
        gained = max(0.0, (now - self._at).total_seconds()) * self.per_second
        self._tokens = min(self.most, self._tokens + gained)
        self._at = now

    def available(self, now: datetime) -> int:
        """Return how many single messages may go now."""
        self._fill(now)
        return max(0, int(self._tokens))

    def spend(self, cost: float, now: datetime) -> None:
        """Take *cost*; a long message may run into debt, which later ones wait out."""
        self._fill(now)
        self._tokens -= cost

    def wait(self, now: datetime) -> timedelta:
        """Return how long until the next message may go."""
        self._fill(now)
        return timedelta(seconds=max(0.0, (1.0 - self._tokens) / self.per_second))


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one attempt, for every row that went out with it."""

    rows: tuple[OutboxRow, ...]
    status: str
    provider: str = ""
    provider_id: str = ""
    reason: str = ""
    retry_after: float | None = None
    found: bool = False


class Outbox:
    """Takes messages from the store to the notifiers. One instance a process."""

    def __init__(self, desk: Desk, notifiers: Sequence[Notifier], clock: Clock, people: People) -> None:
        self.desk = desk
        self.routes: dict[tuple[Mode, str], Notifier] = {}
        for notifier in notifiers:
            for mode in notifier.abilities.modes:
                self.routes.setdefault((mode, notifier.channel), notifier)
        self.clock = clock
        self.people = people
        self.worker = ids.worker_id()
        self._rates = {n.name: Rate(n.abilities.per_second, clock.now()) for n in notifiers}
        self._flying: set[asyncio.Task[None]] = set()
        self._unsettled: dict[str, datetime] = {}
        self.on_sent: Callable[[Message], None] | None = None

    async def pump(self) -> int:
        """Send everything that may go now, and wait until each has an outcome; return how many messages went."""
        total = 0
        while True:
            started = await self._start_some()
            total += started
            if not started:
                if not self._flying:
                    return total
                await self.wait_for_one()

    async def drain(self) -> None:
        """Send until nothing waits that has somewhere to go, at the pace that the senders allow."""
        while True:
            await self.pump()
            if not await self.desk.do(self._something_waits):
                return
            await asyncio.sleep(max(0.005, self.next_chance().total_seconds()))

    def _something_waits(self, engine: Engine) -> bool:
        now = self.clock.now()
        return any(engine.store.queued(mode, channel, now, 1) for mode, channel in self.routes)

    async def start(self) -> int:
        """Begin to send what may go now, as far as there is room; return how many messages were begun."""
        return await self._start_some()

    async def wait_for_one(self) -> None:
        """Wait until one of the messages in flight has an outcome."""
        if self._flying:
            await asyncio.wait(set(self._flying), return_when=asyncio.FIRST_COMPLETED)

    @property
    def in_flight(self) -> int:
        """How many messages wait for their provider."""
        return len(self._flying)

    def next_chance(self) -> timedelta:
        """Return how long until the rate lets another message go."""
        waits = [rate.wait(self.clock.now()) for rate in self._rates.values()]
        return min(waits, default=timedelta(0))

    async def _start_some(self) -> int:
        room = CONCURRENCY - len(self._flying)
        if room <= 0:
            return 0
        started = 0
        for (mode, channel), notifier in self.routes.items():
            if not self._rates[notifier.name].wait(self.clock.now()):
                for rows in await self._claim(mode, channel, notifier, room - started):
                    self._launch(notifier, rows)
                    started += 1
        return started

    def _launch(self, notifier: Notifier, rows: tuple[OutboxRow, ...]) -> None:
        task = asyncio.get_running_loop().create_task(self._send(notifier, rows))
        self._flying.add(task)
        task.add_done_callback(self._flying.discard)

    async def _claim(self, mode: Mode, channel: str, notifier: Notifier, room: int) -> list[tuple[OutboxRow, ...]]:
        rate = self._rates[notifier.name]
        now = self.clock.now()
        limit = min(room, rate.available(now))
        if limit <= 0:
            return []

        def work(engine: Engine) -> list[tuple[OutboxRow, ...]]:
            store = engine.store
            groups: list[tuple[OutboxRow, ...]] = []
            taken: set[str] = set()
            for lead in store.queued(mode, channel, now, limit):
                if lead.id in taken:
                    continue
                rows = self._beside(engine, lead, now)
                got = set(store.claim([r.id for r in rows], self.worker, now))
                taken |= got
                rows = [msgspec.structs.replace(r, attempt=r.attempt + 1) for r in rows if r.id in got]
                if rows:
                    groups.append(tuple(rows))
            return groups

        groups = await self.desk.do(work)
        rate.spend(len(groups), now)
        return groups

    def _beside(self, engine: Engine, lead: OutboxRow, now: datetime) -> list[OutboxRow]:
        """What goes out with *lead*: what else waits for that telephone and was tried as often; answers go alone."""
        if _is_answer(lead):
            return [lead]
        others = [
            row
            for row in engine.store.queued_beside(lead, now)
            if row.id != lead.id and row.attempt == lead.attempt and not _is_answer(row)
        ]
        return [lead, *others][:MERGE_AT_MOST]

    async def _send(self, notifier: Notifier, rows: tuple[OutboxRow, ...]) -> None:
        result = await self._attempt(notifier, rows)
        await self._write_down(result)

    async def _attempt(self, notifier: Notifier, rows: tuple[OutboxRow, ...]) -> Result:
        lead = rows[0]
        if lead.expires_at < self.clock.now():
            return Result(rows=rows, status="failed", reason="expired")
        if any(row.mode not in notifier.abilities.modes for row in rows):
            return Result(rows=rows, status="failed", reason="wrong_mode")
        try:
            message = await self._message(rows)
            if message.channel == "sms":  # the sender's rate counts pieces, not messages
                self._rates[notifier.name].spend(segments(message.text) - 1, self.clock.now())
            receipt = await notifier.send(message)
        except TemporaryFailure as error:
            return Result(rows=rows, status="retry", reason=error.reason, retry_after=error.retry_after)
        except PermanentFailure as error:
            return Result(rows=rows, status="failed", reason=error.reason)
        except UnknownOutcome as error:
            return Result(rows=rows, status="unknown", reason=error.reason)
        if self.on_sent is not None:
            self.on_sent(message)
        return Result(rows=rows, status="sent", provider=receipt.provider, provider_id=receipt.provider_id)

    async def _message(self, rows: Sequence[OutboxRow]) -> Message:
        """Build the message; names, numbers and typed words are looked up only now."""
        return await self.desk.do(lambda engine: self.build(engine, rows))

    def build(self, engine: Engine, rows: Sequence[OutboxRow]) -> Message:
        """Return the message that *rows* make together.

        Raises:
            PermanentFailure: the person has no such number (any more).
        """
        lead = rows[0]
        person = self.people.roster(engine).people.get(lead.person)
        if person is None or lead.number >= len(person.numbers):
            raise PermanentFailure("no_number")
        text, keys, language = self._text(engine, rows)
        return Message(
            id=lead.id,
            attempt=lead.attempt,
            mode=lead.mode,
            channel="voice" if lead.channel == "voice" else "sms",
            to=person.numbers[lead.number],
            text=text,
            language=language,
            keys=keys,
            expires=lead.expires_at,
        )

    def _text(self, engine: Engine, rows: Sequence[OutboxRow]) -> tuple[str, str, str]:
        lead = rows[0]
        if _is_answer(lead):
            said = _ANSWER.decode(lead.line)
            return wrap(said.text, said.sign, said.language, lead.mode), "", said.language
        lines = [_LINE.decode(row.line) for row in rows]
        names = self.people.roster(engine).names(lines[0].language)
        texts = engine.store.words(seal for line in lines for seal in line.seals.values())
        if lead.channel == "voice":
            text, keys = render_voice(lines, names, texts)
            return text, keys, lines[0].language
        return render_sms(lines, names, texts), "", lines[0].language

    async def _write_down(self, result: Result) -> None:
        try:
            await self.desk.do(lambda engine: self.record(engine, result))
        except StoreError:
            # nothing is forgotten: the rows stay claimed, and are settled by asking the provider when the store is back
            for row in result.rows:
                self._unsettled[row.id] = self.clock.now()

    def record(self, engine: Engine, result: Result) -> None:
        """Write an outcome into the outbox and into the log."""
        for row in result.rows:
            self._record_one(engine, row, result)

    def _record_one(self, engine: Engine, row: OutboxRow, result: Result) -> None:
        store, now = engine.store, self.clock.now()
        if result.status == "sent":
            store.mark_sent(row.id, result.provider, result.provider_id)
            self._tell_log(
                engine, row, "sent", provider=result.provider, provider_id=result.provider_id, found=result.found
            )
        elif result.status == "retry":
            store.requeue(row.id, now + _back_off(row.attempt, result.retry_after), result.reason)
        elif result.status == "again":
            store.requeue(row.id, now, result.reason)
            if row.alert is not None and row.incident is not None:
                again = c.RecordDelivery(
                    delivery=row.id,
                    status="retried",
                    attempt=row.attempt + 1,
                    reason=result.reason,
                    possibly_twice=True,
                )
                engine.handle(row.incident, again)
        elif result.status == "unknown":
            store.mark_unknown(row.id, result.reason)
        else:
            store.mark_ended(row.id, "failed", result.reason)
            self._tell_log(engine, row, "failed", reason=result.reason)

    def _tell_log(
        self, engine: Engine, row: OutboxRow, status: str, *, provider: str = "", provider_id: str = "",
        reason: str = "", found: bool = False,
    ) -> None:  # fmt: skip
        if row.incident is None or row.alert is None:
            return
        engine.handle(
            row.incident,
            c.RecordDelivery(
                delivery=row.id, status=status, provider=provider, provider_id=provider_id, attempt=row.attempt,
                reason=reason, found=found,
            ),
        )  # fmt: skip

    async def settle(self) -> int:
        """Look into messages that were claimed and have no outcome; return how many were settled.

        Those of a process that still lives are left to it. The provider is asked; without a trace they go out again.
        """
        rows = await self.desk.do(lambda engine: engine.store.stranded())
        mine = [row for row in rows if self._may_settle(row)]
        groups: dict[tuple[str, str, int, datetime | None], list[OutboxRow]] = {}
        for row in mine:
            groups.setdefault((row.person, row.channel, row.number, row.claimed_at), []).append(row)
        for group in groups.values():
            await self._write_down(await self._look_into(tuple(group)))
            for row in group:
                self._unsettled.pop(row.id, None)
        return len(mine)

    def _may_settle(self, row: OutboxRow) -> bool:
        age = self.clock.now() - (row.claimed_at or row.queued_at)
        if row.status == "unknown":
            return age >= ASK_AGAIN
        if row.claimed_by == self.worker:
            return row.id in self._unsettled
        return age >= LEASE or not ids.is_alive(row.claimed_by)

    async def _look_into(self, rows: tuple[OutboxRow, ...]) -> Result:
        lead = rows[0]
        notifier = self.routes.get((lead.mode, lead.channel))
        if not isinstance(notifier, KeepsTraces):
            return Result(rows=rows, status="again", reason="no outcome known")
        try:
            message = await self._message(rows)
            known = await self.desk.do(lambda engine: engine.store.known_provider_ids(lead.person))
            receipt = await notifier.find(message, (lead.claimed_at or lead.queued_at) - LOOK_BACK, known)
        except TemporaryFailure:
            return Result(rows=rows, status="unknown", reason="provider cannot be asked")
        except PermanentFailure as error:
            return Result(rows=rows, status="failed", reason=error.reason)
        if receipt is None:
            return Result(rows=rows, status="again", reason="no trace at the provider")
        return Result(rows=rows, status="sent", provider=receipt.provider, provider_id=receipt.provider_id, found=True)

    async def ask_for_receipts(self, limit: int = 20) -> int:
        """Where no receipts can reach us, ask what became of messages; return how many answers came."""
        since = self.clock.now() - timedelta(minutes=30)
        rows = await self.desk.do(lambda engine: engine.store.awaiting_receipt(since, limit))
        seen: set[str] = set()
        for row in rows:
            notifier = self.routes.get((row.mode, row.channel))
            if not isinstance(notifier, KeepsTraces) or row.provider_id in seen:
                continue
            seen.add(row.provider_id)
            try:
                report = await notifier.status(Receipt(provider=row.provider, provider_id=row.provider_id), row.id)
            except TemporaryFailure:
                return len(seen) - 1
            if report is not None:
                await self.desk.do(lambda engine, r=report: record_report(engine, r))
        return len(seen)


def record_report(engine: Engine, report: Report) -> bool:
    """Write down what a provider reports; return False when no such message is known.

    A merged message carries the id of its first row; what happened to it happened to all that went out with it.
    """
    row = engine.store.delivery(report.delivery)
    if row is None:
        return False
    provider_id = report.provider_id or row.provider_id
    rows = {row.id, *(engine.store.merged_with(provider_id) if provider_id else ())}
    for id in sorted(rows):
        each = engine.store.delivery(id)
        if each is None:
            continue
        if report.status != "sent":
            engine.store.mark_ended(id, report.status, report.reason)
        if each.incident is not None and each.alert is not None and report.status != "sent":
            engine.handle(each.incident, c.RecordDelivery(delivery=id, status=report.status, reason=report.reason))
    return True


def _back_off(attempt: int, asked: float | None) -> timedelta:
    """Return how long to wait after a temporary failure: what the provider asks, else 2, 4, 8, ... 30 s."""
    own: timedelta = min(RETRY_FIRST * (1 << max(0, min(attempt - 1, 10))), RETRY_LONGEST)
    return max(own, timedelta(seconds=min(asked, 300.0))) if asked else own


def _is_answer(row: OutboxRow) -> bool:
    return row.alert is None


def answer_row(
    engine: Engine, *, id: str, person: str, number: int, mode: str, text: str, language: str, sign: str,
    incident: str | None, now: datetime,
) -> OutboxRow:  # fmt: skip
    """Return the outbox row of an answer to something a person sent us."""
    line = msgspec.json.encode(SpokenText(text=text, language=language, sign=sign))
    return OutboxRow(
        id=id, incident=incident, alert=None, person=person, channel="sms", mode="drill" if mode == "drill" else "real",
        number=number, urgency=2, attempt=0, line=line, queued_at=now, expires_at=now + timedelta(minutes=30),
    )  # fmt: skip
