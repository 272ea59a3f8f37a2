"""Is this still you? Every number is asked about once a month, by a text that is no alert, and the answer proves it.

The questions are spread over the working days, in the middle of the day; none is put while a real incident is open.
They go to the provider past the outbox, so that no alert waits behind one. What was asked stands in the store before
it is sent: a server that was away asks nobody twice, and makes up for nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from emergency import ids
from emergency.app import App
from emergency.core.site import Site
from emergency.core.values import Channel
from emergency.core.wording import render_still
from emergency.desk import Desk
from emergency.engine import Engine
from emergency.errors import CommandRefused, PermanentFailure, SettingsError, TemporaryFailure, UnknownOutcome
from emergency.limits import LONGEST, for_telling, next_free
from emergency.notify import LOOK_BACK, Abilities, KeepsTraces, Message, Notifier, Receipt, Warms
from emergency.phones import Book, State, best, book, weak
from emergency.phrases import phrase
from emergency.roster import Person, Roster
from emergency.roster.calendar import is_holiday, weekday
from emergency.store.lately import lately_to
from emergency.store.phones import STILL, asked_between, real_goes_on
from emergency.store.store import ProofRow

EVERY = timedelta(days=30)
"""A number that answered is asked again after so long (practice: numbers are verified monthly)."""
AGAIN = timedelta(days=7)
"""One that did not answer is asked once more after so long: a week of leave has passed then (practice)."""
WORKDAYS = 20
"""Working days among which the numbers are shared out: those of a month, less some room for open incidents."""
OPENS, CLOSES = time(10), time(17)
"""The hours, in the site's time, in which a text disturbs nobody (practice); night shifts read it when they wake."""
RUN_EVERY = timedelta(minutes=10)
RUNS = 42
"""Looks into the store from opening to closing: a day's questions are shared out among them."""
LIFE = timedelta(hours=3)
"""After this the provider should not deliver a question any more: it would arrive at night."""
PAUSE = timedelta(minutes=1)
"""Between two questions to one person that somebody puts by hand: no telephone is to ring by a slip of the hand."""
SATURDAY = 5
SETTING = "EMERGENCY_STILL_YOU"


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """Whether numbers are asked by themselves, and how many a day at most; 0: as many as a month needs."""

    on: bool = True
    a_day: int = 0


def rhythm(env: Mapping[str, str]) -> Rhythm:
    """Return what the environment says: nothing or `on`, `off`, or the most questions a day.

    Raises:
        SettingsError: it says something else.
    """
    word = env.get(SETTING, "").strip().lower()
    if word in ("", "on"):
        return Rhythm()
    if word in ("off", "0"):
        return Rhythm(on=False)
    if word.isascii() and word.isdigit() and len(word) <= 5:
        return Rhythm(a_day=int(word))
    raise SettingsError(
        f"{SETTING}: '{word}' is none of on, off, or how many questions a day at most, like 20",
        f"{SETTING}:“{word}”不行;请写 on、off,或每天最多问几次,如 20",
    )


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A number to ask about: which of the person's, from 0, and by which channel the answer can come back."""

    person: str
    number: int
    channel: Channel


def open_now(site: Site, now: datetime) -> bool:
    """Return whether this is an hour and a day for questions: working hours of a working day of the site's country."""
    here = now.astimezone(ZoneInfo(site.timezone))
    return OPENS <= here.time() < CLOSES and works(site, here.date())


def works(site: Site, day: date) -> bool:
    """Return whether *day* is a working day of the site's country."""
    return weekday(site, day) < SATURDAY and not is_holiday(site, day)


def quota_of_a_day(numbers: int, most: int) -> int:
    """Return how many questions a day are enough for *numbers* in a month; at most *most*, 0 for no limit."""
    a_day = math.ceil(numbers / WORKDAYS)
    return min(a_day, most) if most else a_day


def quota(numbers: int, asked_today: int, most: int) -> int:
    """Return how many questions one look into the store may put.

    Args:
        numbers: how many there are in the roster. most: a day, 0 for no limit but the month's own need.
    """
    a_day = quota_of_a_day(numbers, most)
    return max(0, min(a_day - asked_today, math.ceil(a_day / RUNS)))


def due(people: Iterable[Person], known: Book, now: datetime, urgent: frozenset[str] = frozenset()) -> list[Question]:
    """Return the numbers that should be asked about, the most wanted first: of who holds an *urgent* role, then those
    longest without a proof. The channel is left as a text (`reachable` says by what it goes)."""
    found = []
    for person in people:
        for number in range(len(person.numbers)):
            since = _due_since(known, person.id, number, now)
            if since is not None:
                found.append((not urgent & set(person.roles), since, person.id, number))
    return [Question(person=person, number=number, channel="sms") for _, _, person, number in sorted(found)]


def _due_since(known: Book, person: str, number: int, now: datetime) -> str | None:
    """Return since when a number is due, for sorting: empty when it never proved itself; None when it is not due."""
    phone = best(known, person, number)
    if phone is None:
        return ""
    if phone.proved is not None and now - phone.proved < EVERY:
        return None
    wait = AGAIN if phone.silent == 1 and not phone.failed else EVERY
    if phone.asked is not None and (phone.silent or phone.failed) and now - phone.asked < wait:
        return None
    return phone.proved.isoformat() if phone.proved is not None else ""


class Asker:
    """Puts the questions, through *desk* and the notifiers of real telephones."""

    def __init__(self, app: App, desk: Desk, *, keys: bool = True) -> None:
        """Take what is needed.

        Args:
            keys: keys pressed in a call come back, since a server runs here.
        """
        self.app = app
        self.desk = desk
        self.keys = keys
        self.notifiers: dict[str, Notifier] = {
            n.channel: n for n in reversed(app.notifiers) if "real" in n.abilities.modes
        }

    # what to ask

    def channel_of(self, number: str) -> Channel | None:
        """Return by which channel *number* can be asked and answer; None where no answer could come back."""
        sms, voice = self.notifiers.get("sms"), self.notifiers.get("voice")
        if sms is not None and sms.abilities.two_way and not _mute(sms.abilities, number):
            return "sms"
        if voice is not None and voice.abilities.keypad and self.keys and not _dead(voice.abilities, number):
            return "voice"
        return None

    def reachable(self, roster: Roster, questions: Iterable[Question]) -> Iterator[Question]:
        """Yield the questions that can be answered, each by the channel for it."""
        for each in questions:
            channel = self.channel_of(roster.people[each.person].numbers[each.number])
            if channel is not None:
                yield msgspec.structs.replace(each, channel=channel)

    def due_now(self, engine: Engine, most: int) -> list[Question]:
        """Return whom the schedule asks now; nobody outside the hours, or while a real incident is open."""
        now = engine.clock.now()
        site, roster = self.app.people.site(engine), self.app.people.roster(engine)
        if not open_now(site, now) or real_goes_on(engine.store):
            return []
        numbers = sum(len(person.numbers) for person in roster.people.values())
        today = asked_between(engine.store, *day_of(site, now))
        room = quota(numbers, len(today), most)
        if not room:
            return []
        asked = {row.person for row in today}
        people = [person for person in roster.people.values() if person.id not in asked and not self._away(person, now)]
        wanted = due(people, book(engine, roster, self._one_way()), now, urgent_roles(site))
        return once_each(self.reachable(roster, wanted))[:room]

    def _away(self, person: Person, now: datetime) -> bool:
        """Whether the person is on leave: a question would go unanswered, and say nothing of the telephone."""
        return person.away(now.date()) or not person.employed(now.date())

    def _one_way(self) -> frozenset[str]:
        sms = self.notifiers.get("sms")
        return sms.abilities.one_way_countries if sms is not None else frozenset()

    def of_person(self, engine: Engine, word: str) -> list[Question]:
        """Return every number of one person. Raises Mistakes, CommandRefused."""
        from emergency.verbs import the_person

        self._may_ask(engine)
        person = self.app.people.roster(engine).people[the_person(self.app.desktop, engine, word)]
        if not person.numbers:
            self._refuse("test_no_number", person=person.id)
        last, now = engine.store.last_tested(person.id), engine.clock.now()
        if last is not None and timedelta(0) <= now - last < PAUSE:
            self._refuse("test_too_soon", person=person.id, n=int((PAUSE - (now - last)).total_seconds()) + 1)
        return [Question(person=person.id, number=n, channel="sms") for n in range(len(person.numbers))]

    def of_long_silence(self, engine: Engine, *, anyway: bool) -> list[Question]:
        """Return a number of everybody of whom too little is known, and who was not asked today."""
        self._may_ask(engine)
        site, roster, now = self.app.people.site(engine), self.app.people.roster(engine), engine.clock.now()
        if not anyway and not open_now(site, now):
            self._refuse("ask_hours", opens=f"{OPENS:%H:%M}", closes=f"{CLOSES:%H:%M}")
        today = {row.person for row in asked_between(engine.store, *day_of(site, now))}
        poor = [each for each in weak(roster, book(engine, roster, self._one_way()), now) if each.state in WORTH_ASKING]
        poor = [each for each in poor if each.person not in today and not self._away(roster.people[each.person], now)]
        return once_each(Question(person=each.person, number=each.number, channel="sms") for each in poor)

    def _may_ask(self, engine: Engine) -> None:
        if not self.notifiers:
            self._refuse("test_no_provider")
        if _must_wait(engine):
            self._refuse("ask_not_now")

    def _refuse(self, key: str, **values: object) -> None:
        raise CommandRefused(phrase(key, self.app.settings.lang, **values))

    # asking

    async def once(self, questions: Sequence[Question]) -> list[Question]:
        """Put *questions* with notifiers that nobody else uses; return those that went out."""
        try:
            for notifier in self.notifiers.values():
                if isinstance(notifier, Warms):
                    await notifier.warm()
            return await self.ask(questions)
        finally:
            for notifier in self.notifiers.values():
                await notifier.close()

    async def round(self, most: int = 0) -> list[Question]:
        """Put the questions of one look into the store; return those that went out.

        Whom to ask is found beside the thread that owns the store: months of answers are read for it, and an alert
        must not wait for that.
        """
        return await self.ask(await asyncio.to_thread(self._look, most))

    def _look(self, most: int) -> list[Question]:
        engine = self.app.engine()
        with contextlib.closing(engine.store):
            return self.due_now(engine, most)

    async def ask(self, questions: Sequence[Question]) -> list[Question]:
        """Put *questions* one after the other, no faster than the provider takes them; stop when an incident begins or
        the provider cannot be reached. Return those that went out."""
        went: list[Question] = []
        for question in questions:
            if went:
                await asyncio.sleep(1 / self.notifiers[question.channel].abilities.per_second)
            if await self.desk.do(_must_wait):
                break
            row = await self.desk.do(functools.partial(self._begin, question=question))
            try:
                went += [question] if row is not None and await self._send(row) else []
            except TemporaryFailure:
                break
        return went

    def _begin(self, engine: Engine, question: Question) -> ProofRow | None:
        """Write a question down; None when its telephone may get nothing more now, or is in the roster no more."""
        now, able = engine.clock.now(), self.notifiers[question.channel].abilities
        person = self.app.people.roster(engine).people.get(question.person)
        if person is None or question.number >= len(person.numbers):
            return None
        lately = lately_to(
            engine.store, question.person, question.channel, question.number, now - LONGEST, answers=True
        )
        if next_free(lately, for_telling(able.per_number, news=True), now) > now:
            return None
        digest = engine.store.current_digest("roster") or ""
        id, code = f"{STILL}{ids.new_request()}", ids.new_test_code()
        row = ProofRow(id, question.person, question.channel, question.number, digest, code, now)
        engine.store.begin_proof(row)
        return row

    async def _send(self, row: ProofRow) -> bool:
        """Hand a question to its provider; return whether it took it. Raises TemporaryFailure: it takes nothing now."""
        notifier = self.notifiers[row.channel]
        message = await self.desk.do(lambda engine: self._message(engine, row))
        try:
            receipt: Receipt | None = await notifier.send(message)
        except UnknownOutcome:
            receipt = await self._trace(notifier, message, row)
        except PermanentFailure as error:
            await self.desk.do(functools.partial(_failed, id=row.id, reason=error.reason))
            return False
        if receipt is None:
            return False
        await self.desk.do(functools.partial(_taken, id=row.id, receipt=receipt))
        return True

    async def _trace(self, notifier: Notifier, message: Message, row: ProofRow) -> Receipt | None:
        """After a time-out: whether the provider has it."""
        if not isinstance(notifier, KeepsTraces):
            return None
        known = await self.desk.do(lambda engine: engine.store.known_provider_ids(row.person))
        with contextlib.suppress(TemporaryFailure):
            return await notifier.find(message, row.asked_at - LOOK_BACK, known)
        return None

    def _message(self, engine: Engine, row: ProofRow) -> Message:
        person = self.app.people.roster(engine).people[row.person]
        voice = row.channel == "voice"
        language = self.app.people.languages.call_language(person.language) if voice else person.language
        sign = self.app.people.site(engine).signature.of(language)
        keys = "1" if row.channel == "voice" else ""
        text = render_still(row.channel, sign, language, name=person.name.of(language), code=row.code)
        return Message(
            id=row.id, attempt=1, mode="real", channel=row.channel, to=person.numbers[row.number], text=text,
            language=language, keys=keys, expires=row.asked_at + LIFE,
        )  # fmt: skip


def _must_wait(engine: Engine) -> bool:
    """Whether a real emergency is open, or its last words are still on their way."""
    return real_goes_on(engine.store) or bool(engine.store.alerts_going_out(engine.clock.now()))


def _dead(able: Abilities, number: str) -> bool:
    """Whether nothing of ours gets through to *number* on a channel."""
    return number[1:].startswith((*able.unreachable_countries, *able.no_free_text_countries, "-"))


def _mute(able: Abilities, number: str) -> bool:
    """Whether no answer comes back from *number* on a channel."""
    return _dead(able, number) or number[1:].startswith((*able.one_way_countries, "-"))


def _failed(engine: Engine, *, id: str, reason: str) -> None:
    engine.store.proof_failed(id, reason)


def _taken(engine: Engine, *, id: str, receipt: Receipt) -> None:
    engine.store.proof_taken(id, engine.clock.now(), receipt.provider, receipt.provider_id)


def once_each(questions: Iterable[Question]) -> list[Question]:
    """Return the first question of each person: nobody gets two in a day."""
    found: dict[str, Question] = {}
    for each in questions:
        found.setdefault(each.person, each)
    return list(found.values())


def day_of(site: Site, now: datetime) -> tuple[datetime, datetime]:
    """Return when the day of *now* began at the site, and when the next one begins."""
    zone = ZoneInfo(site.timezone)
    today = now.astimezone(zone).date()
    begin, end = (datetime.combine(day, time(), zone) for day in (today, today + timedelta(days=1)))
    return begin, end


def urgent_roles(site: Site) -> frozenset[str]:
    """Return the roles that must be reached first: those that command, and those called on both channels at once."""
    return frozenset(duty.role for duty in site.duties if duty.urgent or duty.command)


# by hand

WORTH_ASKING: frozenset[State] = frozenset({"failed", "silent", "never", "stale"})


def ask_by_hand(app: App, word: str | None, *, anyway: bool = False) -> dict[str, Any]:
    """Ask about the numbers of one person, or of everybody whose number did not answer for long; return who was asked,
    and who was not.

    Args:
        word: a roster id or a name; None: everybody of whom too little is known, one number each.
        anyway: also outside the hours of the schedule.

    Raises:
        Mistakes: nobody of that name. CommandRefused: not now; says why, and what to do.
    """
    from emergency.server import watched

    engine = app.engine()
    with contextlib.closing(engine.store):
        asker = Asker(app, app.inline(engine), keys=watched(engine))
        wanted = asker.of_person(engine, word) if word else asker.of_long_silence(engine, anyway=anyway)
        roster = app.people.roster(engine)
        able = list(asker.reachable(roster, wanted))
        went = asyncio.run(asker.once(able))
    left = [each for each in wanted if (each.person, each.number) not in {(w.person, w.number) for w in went}]
    return {"asked": [_line(each) for each in went], "left": [_line(each) for each in left]}


def _line(question: Question) -> dict[str, Any]:
    return {"person": question.person, "number": question.number + 1, "channel": question.channel}
