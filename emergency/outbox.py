"""The outbox: send what the log asked for, and report back what became of it.

A message is claimed (written down as being sent) before the provider is asked, so that a crash leaves a row that
asks to be looked into. What one telephone would get in the same moment goes out as one message. A failure for good
climbs the ladder at once; an unknown outcome is settled by asking the provider, and sent again only when it has no
trace of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from emergency import ids
from emergency.clock import Clock
from emergency.core import commands as c
from emergency.core.incident import ASKING
from emergency.core.segments import segments
from emergency.core.values import Mode, is_drill
from emergency.core.wording import Line, bare_words, call_language, render_sms, render_voice, words_for, wrap
from emergency.desk import Desk
from emergency.drills.live.hanging_up import HangingUp
from emergency.engine import Engine
from emergency.errors import PermanentFailure, SettingsError, StoreBusy, StoreError, TemporaryFailure, UnknownOutcome
from emergency.limits import NUMBER_LIMIT, Meter
from emergency.links import Links
from emergency.muster.question import Question, as_said
from emergency.notify import LOOK_BACK, KeepsTraces, Message, Notifier, Receipt, Report, Warms
from emergency.people import People
from emergency.store.calls import on_a_real_line
from emergency.store.musters import guest_names
from emergency.store.store import OutboxRow

T = TypeVar("T")
CONCURRENCY = 32
LEASE = timedelta(seconds=30)
"""How long a claim of a process that cannot be seen to live is believed (longer than any one request takes)."""
RETRY_FIRST = timedelta(seconds=2)
RETRY_LONGEST = timedelta(seconds=30)
TROUBLE = 2
"""The attempt that shows, when it too was refused for the time being, that a provider has trouble: the other channel is
taken beside it. One refusal alone is a burst, which more calls would make worse (practice)."""
SOON = timedelta(seconds=5)
"""What may go within this is waited for by a command that sends by itself: a first retry, a slow sender's turn."""
STORE_AGAIN = timedelta(seconds=3)
"""How long nothing is written after the store was found locked or the disk full (practice)."""
LONGEST_CALL = timedelta(seconds=60)
"""A call is taken to have ended after this, where no receipt says so (ring, two readings, a key)."""
CALL_AGAIN = timedelta(seconds=3)
HANGS_UP = timedelta(seconds=2)
"""So long a real call waits for a telephone at which a call of a drill is just being ended; then it rings all the same
(practice: the request to end it takes well under a second)."""
ASK_AGAIN = timedelta(seconds=2)
"""How long after an unknown outcome the provider is asked: its lists lag behind a little (practice)."""
HEAD_START_SECONDS = 0.003
FIRST_CLAIM = 2
"""How many messages are claimed when nothing is in flight: the first one must not wait for the words of the others."""
MERGE_AT_MOST = 6
CALM = 16
"""From this urgency on a message goes behind every alert of every incident (whose last is 14): a roll call's."""
CALM_AT_ONCE = 8
"""So many of them are in flight at most, a quarter of all: an alert never waits for one to land (practice)."""
PRACTICE_AT_ONCE = 8
"""So many messages of drills are in flight at most, a quarter of all: what is real always finds a place (practice)."""
PRACTICE_SHARE = 0.5
"""What calls of drills take of the calls that an account may begin in a second: the rest is free for what is real,
which never waits for them (Twilio counts calls by account, texts by sender, and drills have a sender of their own)."""
MOST_ASKED_FOR = 500
_LINE = msgspec.json.Decoder(Line)


class SpokenText(msgspec.Struct, frozen=True, kw_only=True, tag="text", tag_field="form"):
    """An answer to somebody. `text` is the seal of words that are ready: they may hold a name."""

    text: str
    language: str
    sign: str


_ANSWER = msgspec.json.Decoder(SpokenText | Question)


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


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """What goes out as one message: the rows it was made of, its words, and who takes it. No message: why not."""

    notifier: Notifier
    rows: tuple[OutboxRow, ...]
    message: Message | None
    reason: str = ""

    @property
    def cost(self) -> int:
        """What it takes of the sender's rate: SMS are counted in pieces."""
        if self.message is None:
            return 0
        return segments(self.message.text) if self.message.channel == "sms" else 1


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
        self.routes = dict(sorted(self.routes.items(), key=lambda route: is_drill(route[0][0])))  # what is real first
        self.clock = clock
        self.people = people
        self.worker = ids.worker_id()
        self._rates = {(n.name, n.channel): Rate(_pace(n), clock.now()) for n in notifiers}
        self._hanging_up = HangingUp(desk, self.routes, LONGEST_CALL)
        self._flying: set[asyncio.Task[None]] = set()
        self._calm: set[asyncio.Task[None]] = set()
        self._practice: set[asyncio.Task[None]] = set()
        self._unsettled: set[str] = set()
        self._asked: dict[str, datetime] = {}
        self._unclaimed: set[str] = set()
        self._unwritten: list[Result] = []
        self._store_back = clock.now()
        self.reader: Callable[[], Engine] | None = None
        self.links: Links | None = None
        self.on_sent: Callable[[Message], None] | None = None
        self.on_done: Callable[[], None] | None = None

    async def pump(self) -> int:
        """Send everything that may go now, and wait until each has an outcome; return how many messages went."""
        total = 0
        while True:
            started = await self._start_some()
            total += started
            if not started:
                if not self._flying:
                    self._hanging_up.begin()
                    await self._hanging_up.finish()
                    return total
                await self.wait_for_one()

    async def after(self, work: Callable[[Engine], T]) -> T:
        """Return what *work* returns, once it is on the disk, and begin to send what it decided.

        The first messages are claimed in the very commit that decides them: one wait for the disk, not two.
        """

        def work_and_claim(engine: Engine) -> tuple[T, list[Parcel]]:
            return work(engine), self._claim_beside(engine)

        answer, parcels = await self.desk.do(work_and_claim)
        self._launch_all(parcels)
        return answer

    async def head_start(self) -> None:
        """Let what was just begun leave before anything else is done: a moment, or less when it has an outcome."""
        if self._flying:
            await asyncio.wait(set(self._flying), timeout=HEAD_START_SECONDS)

    def _claim_beside(self, engine: Engine) -> list[Parcel]:
        """Claim the first messages, if all is well; whatever is not must never undo what was just decided."""
        room = CONCURRENCY - len(self._flying)
        if room <= 0 or self._unwritten or self.clock.now() < self._store_back:
            return []
        try:
            return engine.unit(lambda e: self._claim(e, 1))
        except StoreError:
            raise
        except Exception:  # the pump comes upon it next, and says so
            return []

    async def drain(self) -> None:
        """Send until nothing waits that could go soon, at the pace that the senders allow. A busy line is not waited
        for: nobody here would hear that it is free."""
        idle = timedelta(0)
        while True:
            idle = timedelta(0) if await self.pump() else idle
            wait = await self.desk.do(self.next_chance)
            if wait is None or (idle := idle + wait) > SOON:
                return
            await asyncio.sleep(max(0.005, wait.total_seconds()))

    async def start(self) -> int:
        """Begin to send what may go now, as far as there is room; return how many messages were begun."""
        started = await self._start_some()
        self._hanging_up.begin()
        return started

    async def wait_for_one(self) -> None:
        """Wait until one of the messages in flight has an outcome."""
        if self._flying:
            await asyncio.wait(set(self._flying), return_when=asyncio.FIRST_COMPLETED)

    @property
    def in_flight(self) -> int:
        """How many messages wait for their provider."""
        return len(self._flying)

    @property
    def remembers(self) -> bool:
        """Whether messages went out that could not be written down yet: nobody else knows of them."""
        return bool(self._unclaimed or self._unwritten)

    @property
    def is_full(self) -> bool:
        """Whether no more messages may be in flight just now."""
        return (
            len(self._flying) >= CONCURRENCY
            or len(self._calm) >= CALM_AT_ONCE
            or len(self._practice) >= PRACTICE_AT_ONCE
        )

    def next_chance(self, engine: Engine) -> timedelta | None:
        """Return how long until a message that waits may go: by its own time, and by the pace of its sender.

        None when nothing waits that has a sender.
        """
        now = self.clock.now()
        waits = []
        for (mode, channel), notifier in self.routes.items():
            due = engine.store.next_queued(mode, channel)
            if due is not None:
                waits.append(max(due - now, self._rate(notifier).wait(now)))
        return min(waits, default=None)

    async def _start_some(self) -> int:
        room = CONCURRENCY - len(self._flying)
        if room <= 0 or not self.routes:
            return 0
        parcels = await self._next_parcels(room)
        self._launch_all(parcels)
        return len(parcels)

    def _launch_all(self, parcels: Sequence[Parcel]) -> None:
        now = self.clock.now()
        for parcel in parcels:
            self._rate(parcel.notifier).spend(parcel.cost, now)
            self._launch(parcel)

    async def _next_parcels(self, room: int) -> list[Parcel]:
        """Claim what may go. When nothing can be written, what was decided before still goes: it is read, sent, and
        remembered here until it can be written down."""
        if self.clock.now() >= self._store_back:
            try:
                await self.write_down_late()
                return await self.desk.do(lambda engine: self._claim(engine, room))
            except StoreBusy:
                if self.reader is None:
                    raise
                self._store_back = self.clock.now() + STORE_AGAIN
        return await asyncio.to_thread(self._peek, room)

    def _peek(self, room: int) -> list[Parcel]:
        if self.reader is None:
            return []
        engine = self.reader()
        try:
            parcels: list[Parcel] = []
            for (mode, channel), notifier in self.routes.items():
                now = self.clock.now()
                limit = min(room - len(parcels), self._rate(notifier).available(now))
                waiting = engine.store.queued(mode, channel, now, limit + len(self._unclaimed)) if limit > 0 else []
                for row in [r for r in waiting if r.id not in self._unclaimed][:limit]:
                    self._unclaimed.add(row.id)
                    mine = (replace(row, attempt=row.attempt + 1),)
                    parcels.append(self._parcel(engine, notifier, mine, writes=False))
            return parcels
        finally:
            engine.store.close()

    async def write_down_late(self) -> None:
        """Write down what went out while nothing could be written. Raises StoreBusy while that goes on."""
        while self._unwritten:
            result = self._unwritten[0]
            await self.desk.do(partial(self._record_late, result=result))
            self._unwritten.pop(0)
            self._unclaimed -= {row.id for row in result.rows}

    def _record_late(self, engine: Engine, result: Result) -> None:
        engine.store.claim([row.id for row in result.rows], f"{self.worker}/{result.rows[0].id}", self.clock.now())
        self.record(engine, result)

    def _rate(self, notifier: Notifier) -> Rate:
        return self._rates[notifier.name, notifier.channel]

    async def warm(self) -> None:
        """Let the notifiers get ready before the first message needs them, and the key that links are signed with."""
        if self.links is not None:
            with contextlib.suppress(SettingsError):  # `doctor` says so
                self.links.examine()
        for notifier in dict.fromkeys(self.routes.values()):
            if isinstance(notifier, Warms):
                await notifier.warm()

    def _launch(self, parcel: Parcel) -> None:
        task = asyncio.get_running_loop().create_task(self._send(parcel))
        self._flying.add(task)
        if parcel.rows[0].urgency >= CALM:
            self._calm.add(task)
        if parcel.rows[0].mode == "live_drill":
            self._practice.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._calm.discard(task)
        self._practice.discard(task)
        if self.on_done is not None:
            self.on_done()

    def _claim(self, engine: Engine, room: int) -> list[Parcel]:
        """Claim what may go now, most urgent first, and put it into words; at most *room* messages."""
        now = self.clock.now()
        parcels: list[Parcel] = []
        room = room if self._flying else min(room, FIRST_CLAIM)
        for (mode, channel), notifier in self.routes.items():
            limit = min(room - len(parcels), self._rate(notifier).available(now))
            if mode == "live_drill":
                limit = self._for_practice(engine, channel, limit, now)
            if limit > 0:
                parcels += self._claim_route(engine, mode, channel, notifier, limit, now)
        return parcels

    def _for_practice(self, engine: Engine, channel: str, limit: int, now: datetime) -> int:
        """Return how many messages of drills may go beside what is real: no call while a real one waits to be made."""
        if channel == "voice" and ("real", channel) in self.routes:
            due = engine.store.next_queued("real", channel)
            if due is not None and due <= now:
                return 0
        return min(limit, PRACTICE_AT_ONCE - len(self._practice))

    def _claim_route(
        self, engine: Engine, mode: Mode, channel: str, notifier: Notifier, limit: int, now: datetime
    ) -> list[Parcel]:
        parcels: list[Parcel] = []
        taken: set[str] = set()
        meter = Meter(engine.store, notifier.abilities.per_number, now)
        one_call = channel == "voice" and notifier.abilities.receipts  # on a screen no line is ever busy
        waiting = self._ready(engine, mode, channel, limit, meter, one_call=one_call)
        waiting = self._leaving_room(waiting, self._rate(notifier), now)
        for lead in waiting:
            if lead.id in taken or lead.id in self._unclaimed:
                continue
            if not meter.lets(lead):  # what went in this very round has used up the last place
                engine.store.hold([lead.id], meter.free(lead))
                continue
            too_late = meter.is_too_late(lead)
            meter.count(lead)
            rows = [lead] if too_late else self._beside(engine, lead, now)  # what only tells can wait, and does
            got = set(engine.store.claim([r.id for r in rows], f"{self.worker}/{lead.id}", now))
            taken |= got
            rows = [msgspec.structs.replace(r, attempt=r.attempt + 1) for r in rows if r.id in got]
            if rows and too_late:
                parcels.append(Parcel(notifier=notifier, rows=tuple(rows), message=None, reason=NUMBER_LIMIT))
            elif rows:
                parcels.append(self._parcel(engine, notifier, tuple(rows)))
        return parcels

    def _ready(
        self, engine: Engine, mode: Mode, channel: str, limit: int, meter: Meter, *, one_call: bool
    ) -> list[OutboxRow]:
        """Return what may go now, most urgent first; what waits for its telephone holds up nobody else."""
        while waiting := engine.store.queued(mode, channel, meter.now, limit):
            free = self._not_on_the_line(engine, waiting, meter.now) if one_call else waiting
            held = {row.id: meter.free(row) for row in free if not meter.lets(row)}
            for id, until in held.items():
                engine.store.hold([id], until)
            if ready := [row for row in free if row.id not in held]:
                return ready
        return []

    def _not_on_the_line(self, engine: Engine, waiting: list[OutboxRow], now: datetime) -> list[OutboxRow]:
        """A telephone takes one call at a time: further ones wait until it has ended, and go out as one."""
        talking = engine.store.on_the_line(now - LONGEST_CALL)
        really = on_a_real_line(engine.store, now - LONGEST_CALL) if talking else frozenset()
        free = []
        for row in waiting:
            on_it = row.person in talking and row.expires_at >= now  # no call, no line
            until = _line_is_free(row, really, now) if on_it else now
            if until <= now:
                free.append(row)
            else:
                engine.store.hold([row.id], until)
        return free

    def _leaving_room(self, waiting: list[OutboxRow], rate: Rate, now: datetime) -> list[OutboxRow]:
        """Of what goes behind every alert, take only so much that an alert which comes next waits for nothing: a place
        in flight is free, and half of what the sender may hand over in one burst."""
        calm = [row for row in waiting if row.urgency >= CALM]
        room = max(0, min(CALM_AT_ONCE - len(self._calm), rate.available(now) - int(rate.most // 2)))
        return [row for row in waiting if row.urgency < CALM] + calm[:room]

    def _parcel(
        self, engine: Engine, notifier: Notifier, rows: tuple[OutboxRow, ...], *, writes: bool = True
    ) -> Parcel:
        try:
            return Parcel(notifier=notifier, rows=rows, message=self.build(engine, rows, writes=writes))
        except PermanentFailure as error:
            return Parcel(notifier=notifier, rows=rows, message=None, reason=error.reason)
        except StoreError:
            raise
        except Exception as error:  # one message that cannot be built must not keep the others from going
            return Parcel(notifier=notifier, rows=rows, message=None, reason=type(error).__name__)

    def _beside(self, engine: Engine, lead: OutboxRow, now: datetime) -> list[OutboxRow]:
        """What goes out with *lead*: what else waits for that telephone and was tried as often; answers go alone."""
        if _is_answer(lead) or lead.expires_at < now:
            return [lead]
        others = [
            row
            for row in engine.store.queued_beside(lead, now)
            if row.id != lead.id and row.attempt == lead.attempt and row.expires_at >= now and not _is_answer(row)
        ]
        return [lead, *others][:MERGE_AT_MOST]

    async def _send(self, parcel: Parcel) -> None:
        result = await self._attempt(parcel)
        await self._write_down(result)

    async def _attempt(self, parcel: Parcel) -> Result:
        rows, message = parcel.rows, parcel.message
        if message is None:
            return Result(rows=rows, status="failed", reason=parcel.reason)
        if rows[0].expires_at < self.clock.now():
            return Result(rows=rows, status="failed", reason="expired")
        if any(row.mode not in parcel.notifier.abilities.modes for row in rows):
            return Result(rows=rows, status="failed", reason="wrong_mode")
        try:
            receipt = await parcel.notifier.send(message)
        except TemporaryFailure as error:
            return Result(rows=rows, status="retry", reason=error.reason, retry_after=error.retry_after)
        except PermanentFailure as error:
            return Result(rows=rows, status="failed", reason=error.reason)
        except UnknownOutcome as error:
            return Result(rows=rows, status="unknown", reason=error.reason)
        except Exception as error:  # whatever goes wrong in a notifier, no row may stay claimed for ever
            return Result(rows=rows, status="unknown", reason=type(error).__name__)
        if self.on_sent is not None:
            self.on_sent(message)
        return Result(rows=rows, status="sent", provider=receipt.provider, provider_id=receipt.provider_id)

    def build(self, engine: Engine, rows: Sequence[OutboxRow], *, writes: bool = False) -> Message:
        """Return the message that *rows* make together; names, numbers and typed words are looked up only now.

        Args:
            writes: a link to answer by may be made; else the message carries one only if it has carried it before.

        Raises:
            PermanentFailure: the person has no such number (any more).
        """
        lead = rows[0]
        person = self.people.person(engine, lead.person)
        if person is None or lead.number >= len(person.numbers):
            raise PermanentFailure("no_number")
        text, keys, language = self._text(engine, rows, writes)
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

    def _text(self, engine: Engine, rows: Sequence[OutboxRow], writes: bool) -> tuple[str, str, str]:
        lead = rows[0]
        if _is_answer(lead):
            said = _ANSWER.decode(lead.line)
            if isinstance(said, Question):
                return self._roll_call(engine, lead, said, writes)
            words = engine.store.words([said.text])
            if not words:
                raise PermanentFailure("forgotten")
            return wrap(words[said.text], said.sign, said.language, lead.mode), "", said.language
        lines = self._sayable(engine, rows, [_LINE.decode(row.line) for row in rows])
        names = self._names(engine, lines)
        texts = engine.store.words(seal for line in lines for seal in line.seals.values())
        try:
            if lead.channel == "voice":
                text, keys = render_voice(lines, names, texts)
                return text, keys, lines[0].language
            return render_sms(self._linked(engine, rows, lines, writes), names, texts), "", lines[0].language
        except ValueError:  # words that cannot be filled must not keep the bare fact from anybody
            return bare_words(lines[0]), "", lines[0].language

    def _names(self, engine: Engine, lines: Sequence[Line]) -> Mapping[str, str]:
        """Return id to name of those whom *lines* speak of, also of those who are in a roll call and in no roster."""
        names = self.people.names(engine, lines[0].language)
        guests = {id for line in lines for id in line.people.values() if id not in names}
        return {**names, **guest_names(engine.store, guests)} if guests else names

    def _sayable(self, engine: Engine, rows: Sequence[OutboxRow], lines: list[Line]) -> list[Line]:
        """Return *lines* as they can be said: in English where the provider has no voice for all of their words."""
        if rows[0].channel != "voice":
            return lines
        mine, mixed = lines[0].language, any(line.mixed for line in lines)
        kinds = [line.kind for line in lines]
        said = call_language(mine, self._voices(rows[0]), mixed=mixed, kinds=kinds)
        if said == mine:
            return lines
        found = [(engine.incident(row.incident), row.alert) for row in rows if row.incident and row.alert]
        return [words_for(incident, incident.alerts[alert], said) for incident, alert in found]

    def _voices(self, row: OutboxRow) -> frozenset[str] | None:
        notifier = self.routes.get((row.mode, row.channel))
        return notifier.abilities.voices if notifier is not None else None

    def _roll_call(self, engine: Engine, row: OutboxRow, said: Question, writes: bool) -> tuple[str, str, str]:
        """Return the question of a roll call, with the address to answer at for who cannot text back."""
        if row.channel == "voice":
            if row.incident is not None:
                said = as_said(said, engine.incident(row.incident), self._voices(row))
            return *said.call(row.mode), said.language
        url = None
        if self.links is not None and not said.two_way:
            link = self.links.make if writes else self.links.made
            with contextlib.suppress(OSError, SettingsError):  # without the key the question still goes out
                url = link(engine, person=row.person, incident=row.incident, kind="muster", subject=said.code)
        return said.text(row.mode, url), "", said.language

    def _linked(self, engine: Engine, rows: Sequence[OutboxRow], lines: list[Line], writes: bool) -> list[Line]:
        """Return *lines* with the address to answer at, for a person who cannot text back; one for all of them."""
        asks = {n for n, line in enumerate(lines) if line.kind in ASKING and not line.two_way}
        if self.links is None or not asks:
            return lines
        subject = " ".join(sorted(f"{rows[n].incident}/{rows[n].alert}" for n in asks))
        link = self.links.make if writes else self.links.made
        try:
            url = link(engine, person=rows[0].person, incident=rows[min(asks)].incident, kind="alert", subject=subject)
        except (OSError, SettingsError):
            url = None  # the key is not to be had: `doctor` says so, and the words ask for a key in the call
        return [replace(line, link=url or "") if n in asks else line for n, line in enumerate(lines)]

    async def _write_down(self, result: Result) -> None:
        if any(row.id in self._unclaimed for row in result.rows):
            self._unwritten.append(result)
            return
        try:
            await self.desk.do(lambda engine: self.record(engine, result))
        except StoreBusy:
            self._unwritten.append(result)  # written down as soon as the store takes it
        except Exception:
            # nothing is forgotten: the rows stay claimed, and are settled by asking the provider when the store is back
            self._unsettled |= {row.id for row in result.rows}

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
        elif result.status in ("retry", "again") and _nobody_needs(engine, row):
            store.requeue(row.id, now, result.reason)
            store.drop(row.id)
        elif result.status == "retry":
            store.requeue(row.id, now + _back_off(row.attempt, result.retry_after), result.reason)
            if row.attempt == TROUBLE:
                self._tell_log(engine, row, "waiting", reason=result.reason)
        elif result.status == "again":
            pause = _back_off(row.attempt - 1, None) if row.attempt > 1 else timedelta(0)
            waits = store.requeue(row.id, now + pause, result.reason)
            if waits and row.alert is not None and row.incident is not None:
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
            self._tell_log(engine, row, "waiting", reason=result.reason)
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
        await self.write_down_late()
        rows = await self.desk.do(lambda engine: engine.store.stranded())
        mine = [row for row in rows if self._may_settle(row)]
        people: dict[str, dict[str, list[OutboxRow]]] = {}
        for row in mine:  # what was claimed under one name went out as one message
            people.setdefault(row.person, {}).setdefault(row.claimed_by, []).append(row)
        room = asyncio.Semaphore(CONCURRENCY)
        await asyncio.gather(*(self._settle_one_person(list(groups.values()), room) for groups in people.values()))
        return len(mine)

    async def _settle_one_person(self, groups: list[list[OutboxRow]], room: asyncio.Semaphore) -> None:
        """One after the other: a trace that was found belongs to one message only."""
        async with room:
            for group in groups:
                lead_first = sorted(group, key=lambda row: not row.claimed_by.endswith(f"/{row.id}"))
                result = await self._look_into(tuple(lead_first))
                self._unsettled -= {row.id for row in group}
                await self._write_down(result)

    def _may_settle(self, row: OutboxRow) -> bool:
        age = self.clock.now() - (row.claimed_at or row.queued_at)
        if row.status == "unknown":
            return age >= ASK_AGAIN
        worker = row.claimed_by.partition("/")[0]
        if worker == self.worker:
            return row.id in self._unsettled
        # a container that starts anew gives its process the number of the one that died
        same_number = worker.partition(":")[0] == self.worker.partition(":")[0]
        return same_number or age >= LEASE or not ids.is_alive(worker)

    async def _look_into(self, rows: tuple[OutboxRow, ...]) -> Result:
        lead = rows[0]
        notifier = self.routes.get((lead.mode, lead.channel))
        if not isinstance(notifier, KeepsTraces):
            return Result(rows=rows, status="again", reason="no outcome known")
        try:
            message = await self.desk.do(lambda engine: self.build(engine, rows))
            known = await self.desk.do(lambda engine: engine.store.known_provider_ids(lead.person))
            receipt = await notifier.find(message, (lead.claimed_at or lead.queued_at) - LOOK_BACK, known)
        except TemporaryFailure:
            return Result(rows=rows, status="unknown", reason="provider cannot be asked")
        except PermanentFailure as error:
            return Result(rows=rows, status="failed", reason=error.reason)
        except StoreError:
            return Result(rows=rows, status="unknown", reason="store")
        except Exception as error:  # one message that cannot be looked into must not hold up the others
            return Result(rows=rows, status="again", reason=type(error).__name__)
        if receipt is None:
            return Result(rows=rows, status="again", reason="no trace at the provider")
        return Result(rows=rows, status="sent", provider=receipt.provider, provider_id=receipt.provider_id, found=True)

    async def ask_for_receipts(self, limit: int = 20) -> int:
        """Where no receipts can reach us, ask what became of messages; return how many answers came."""
        now = self.clock.now()
        since = now - timedelta(minutes=30)
        rows = await self.desk.do(lambda engine: engine.store.awaiting_receipt(since, MOST_ASKED_FOR))
        self._asked = {row.provider_id: self._asked[row.provider_id] for row in rows if row.provider_id in self._asked}
        never = datetime.min.replace(tzinfo=now.tzinfo)
        seen: set[str] = set()
        for row in sorted(rows, key=lambda row: self._asked.get(row.provider_id, never)):  # whoever waited longest
            notifier = self.routes.get((row.mode, row.channel))
            if not isinstance(notifier, KeepsTraces) or row.provider_id in seen:
                continue
            if len(seen) == limit:
                break
            seen.add(row.provider_id)
            self._asked[row.provider_id] = now
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
    rows = {row.id, *engine.store.went_with(row.id), *(engine.store.merged_with(provider_id) if provider_id else ())}
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


def _pace(notifier: Notifier) -> float:
    """Return how many messages a notifier is handed in a second."""
    calls_of_drills = notifier.channel == "voice" and notifier.abilities.modes == {"live_drill"}
    return notifier.abilities.per_second * (PRACTICE_SHARE if calls_of_drills else 1.0)


def _line_is_free(row: OutboxRow, really: frozenset[str], now: datetime) -> datetime:
    """Return until when a call waits for a telephone that is in use. What is real waits for no drill's call, but for
    the moment in which that is ended."""
    if row.mode != "real" or row.person in really:
        return now + CALL_AGAIN
    return row.queued_at + HANGS_UP


def _is_answer(row: OutboxRow) -> bool:
    return row.alert is None


def _nobody_needs(engine: Engine, row: OutboxRow) -> bool:
    """Whether the message was taken back while it was on its way: the log dropped it, the outbox could not."""
    if row.incident is None:
        return False
    delivery = engine.incident(row.incident).deliveries.get(row.id)
    return delivery is not None and delivery.status == "dropped"


def answer_row(
    engine: Engine, *, id: str, person: str, number: int, mode: Mode, text: str, language: str, sign: str,
    incident: str | None, now: datetime, urgency: int = 2,
) -> OutboxRow:  # fmt: skip
    """Return the outbox row of an answer to something a person sent us."""
    line = msgspec.json.encode(SpokenText(text=engine.store.seal(text), language=language, sign=sign))
    return OutboxRow(
        id=id, incident=incident, alert=None, person=person, channel="sms", mode=mode,
        number=number, urgency=urgency, attempt=0, line=line, queued_at=now, expires_at=now + timedelta(minutes=30),
    )  # fmt: skip
