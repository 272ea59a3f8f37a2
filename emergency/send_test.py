"""`emergency doctor --send-test PERSON`: one message to one telephone, and what came of it.

It goes to the provider past the outbox, so that no alert waits behind it; while alerts go out, it is refused. What came
of it is written into the store by whoever hears of it: this process, which asks the provider, or a running server.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from emergency import ids, proof
from emergency.app import App
from emergency.core.replies import tidy
from emergency.core.values import Channel, Text
from emergency.core.wording import render_test
from emergency.doctor import Finding, Level
from emergency.engine import Engine
from emergency.errors import CommandRefused, DeliveryError, Mistakes, TemporaryFailure, UnknownOutcome
from emergency.notify import LOOK_BACK, Inbound, KeepsTraces, Message, Notifier, ReadsReplies, Receipt, Warms
from emergency.phrases import phrase
from emergency.roster import Person, mask
from emergency.server import watched
from emergency.store.codec import to_text
from emergency.store.store import ProofRow
from emergency.verbs import the_person

PAUSE = timedelta(minutes=1)
"""Between two tests of one person: nobody's telephone is to ring without end by a slip of the hand."""
LIFE = timedelta(minutes=10)
"""After this the provider should not deliver a test any more (practice)."""
LOOK_AGAIN = 0.25
ASK_AGAIN = 2.0
"""Seconds between two looks into the store, and between two questions to the provider (practice)."""

WELL_KNOWN = frozenset({"opted_out", "credentials", "busy", "no_answer", "machine", "number_not_in_use"})
"""Reasons of a failure for which there is advice of its own."""


class Trial:
    """One person being tested. `rows`: a test for each channel, as it stands in the store."""

    def __init__(self, app: App, engine: Engine) -> None:
        self.app = app
        self.engine = engine
        self.lang = app.settings.lang
        self.person = Person(id="", name=Text("", ""), language="", numbers=(), roles={}, shift="")
        self.number = 0
        self.rows: list[ProofRow] = []
        self._strays: set[str] = set()
        self._unclear: dict[str, str] = {}
        self._handed: dict[str, datetime] = {}
        self._notifiers: dict[str, Notifier] = {
            n.channel: n for n in reversed(app.notifiers) if "real" in n.abilities.modes
        }

    # before

    def begin(self, word: str, channels: Sequence[Channel], number: int = 1) -> None:
        """Find the person and write the tests down; nothing is sent yet.

        Args:
            number: which of the person's numbers, counted from 1.

        Raises:
            Mistakes: no such person or number. CommandRefused: not now; says why, and what to do.
        """
        self.engine.unit(lambda engine: self._begin(word, tuple(dict.fromkeys(channels)), number))

    def _begin(self, word: str, channels: Sequence[Channel], number: int) -> None:
        store, now = self.engine.store, self.engine.clock.now()
        for channel in channels:
            if channel not in self._notifiers:
                self._refuse(f"test_no_{channel}" if self._notifiers else "test_no_provider")
        id = the_person(self.app.desktop, self.engine, word)
        self.person, self.number = self.app.people.roster(self.engine).people[id], number - 1
        if not self.person.numbers:
            self._refuse("test_no_number", person=id)
        if not 1 <= number <= len(self.person.numbers):
            listed = ", ".join(f"{n}: {mask(each)}" for n, each in enumerate(self.person.numbers, start=1))
            raise Mistakes(phrase("test_which_number", self.lang, person=id, numbers=listed))
        if store.alerts_going_out(now):
            self._refuse("test_alerts_first")
        if "voice" in channels and any(id in i.of_person and i.mode != "drill" for i in self.engine.open_incidents()):
            self._refuse("test_line_needed", person=id)
        last = store.last_tested(id)
        if last is not None and timedelta(0) <= now - last < PAUSE:
            self._refuse("test_too_soon", person=id, n=int((PAUSE - (now - last)).total_seconds()) + 1)
        roster = store.current_digest("roster") or ""
        for channel in channels:
            row = ProofRow(f"test:{ids.new_request()}", id, channel, self.number, roster, ids.new_test_code(), now)
            store.begin_proof(row)
            self.rows.append(row)

    def _refuse(self, key: str, **values: object) -> None:
        raise CommandRefused(phrase(key, self.lang, **values))

    def asks(self, row: ProofRow) -> bool:
        """Return whether an answer can come back: a text from this country, a key while the server runs."""
        able = self._notifiers[row.channel].abilities
        if row.channel == "voice":
            return able.keypad and watched(self.engine)
        return able.two_way and not self._to[1:].startswith(tuple(able.one_way_countries) or ("-",))

    @property
    def _to(self) -> str:
        return self.person.numbers[self.number]

    async def run(self, seconds: float) -> None:
        """Send the tests, and wait so long for their answers."""
        try:
            for notifier in self._notifiers.values():
                if isinstance(notifier, Warms):
                    await notifier.warm()
            await self.send()
            await self.wait(seconds)
        finally:
            for notifier in self._notifiers.values():
                await notifier.close()

    # sending

    async def send(self) -> None:
        """Hand each test to its provider, once."""
        for row in self.rows:
            notifier, message = self._notifiers[row.channel], self._message(row)
            self._handed[row.id] = self.engine.clock.now()
            try:
                self._taken(row.id, await notifier.send(message))
            except UnknownOutcome as error:
                found = await self._trace(notifier, message, row)
                if found is not None:
                    self._taken(row.id, found)
                else:
                    self._unclear[row.id] = error.reason
            except DeliveryError as error:
                self._failed(row.id, error.reason)
        self._read()

    def _taken(self, id: str, receipt: Receipt) -> None:
        provider, named = receipt.provider, receipt.provider_id
        self.engine.unit(lambda engine: engine.store.proof_taken(id, engine.clock.now(), provider, named))

    def _failed(self, id: str, reason: str) -> None:
        self.engine.unit(lambda engine: engine.store.proof_failed(id, reason))

    async def _trace(self, notifier: Notifier, message: Message, row: ProofRow) -> Receipt | None:
        """After a time-out: whether the provider has it."""
        if not isinstance(notifier, KeepsTraces):
            return None
        known = self.engine.store.known_provider_ids(row.person)
        with contextlib.suppress(TemporaryFailure):
            return await notifier.find(message, row.asked_at - LOOK_BACK, known)
        return None

    def _message(self, row: ProofRow) -> Message:
        asks, language = self.asks(row), self.person.language
        if row.channel == "voice":
            language = self.app.people.languages.call_language(language)
        sign = self.app.people.site(self.engine).signature.of(language)
        keys = "1" if asks and row.channel == "voice" else ""
        text = render_test(row.channel, sign, language, code=row.code if asks else "", keys=keys)
        return Message(
            id=row.id, attempt=1, mode="real", channel=row.channel, to=self._to, text=text, language=language,
            keys=keys, expires=row.asked_at + LIFE,
        )  # fmt: skip

    # waiting

    async def wait(self, seconds: float) -> None:
        """Wait until every test has its end, at most so long."""
        loop = asyncio.get_running_loop()
        end, ask_at = loop.time() + seconds, 0.0
        while not all(self._ended(row) for row in self.rows) and loop.time() < end:
            if loop.time() >= ask_at:
                await self._ask_providers()
                ask_at = loop.time() + ASK_AGAIN
            await asyncio.sleep(min(LOOK_AGAIN, max(0.0, end - loop.time())))
            self._read()
        await self._last_look()

    def _ended(self, row: ProofRow) -> bool:
        if row.answered_at is not None or row.failed:
            return True
        return row.delivered_at is not None and not self.asks(row)

    def _read(self) -> None:
        self.rows = [self.engine.store.proof(row.id) or row for row in self.rows]

    async def _ask_providers(self) -> None:
        for row in self.rows:
            with contextlib.suppress(TemporaryFailure):
                await self._ask_for_receipt(row)
                if not watched(self.engine):
                    for inbound in await self._answers(row):
                        self._hear(inbound)

    async def _ask_for_receipt(self, row: ProofRow) -> None:
        notifier = self._notifiers[row.channel]
        if isinstance(notifier, KeepsTraces) and row.provider_id and row.delivered_at is None:
            report = await notifier.status(Receipt(provider=row.provider, provider_id=row.provider_id), row.id)
            if report is not None:
                self.engine.unit(lambda engine: proof.record(engine, report))

    async def _answers(self, row: ProofRow) -> list[Inbound]:
        """Return the answers to a test that the provider has; what else came is left to the server."""
        notifier = self._notifiers[row.channel]
        if row.answered_at is not None or not isinstance(notifier, ReadsReplies):
            return []
        came = await notifier.replies(row.asked_at)
        return [each for each in came if each.sender in self.person.numbers and row.code in tidy(each.text)]

    def _hear(self, inbound: Inbound) -> None:
        self.engine.unit(lambda engine: self.app.inbox.receive(engine, inbound))

    async def _last_look(self) -> None:
        """An answer that the provider has, and a running server has not, shows which way is blocked."""
        for row in self.rows:
            with contextlib.suppress(TemporaryFailure):
                for inbound in await self._answers(row):
                    if watched(self.engine):
                        self._strays.add(row.id)
                    else:
                        self._hear(inbound)
        self._read()

    # after

    def passed(self, row: ProofRow) -> bool:
        """Return whether a test proved all that it could."""
        return row.answered_at is not None or (row.delivered_at is not None and not row.failed and not self.asks(row))

    def findings(self) -> list[Finding]:
        """Return what came of each test, and what to do."""
        return [self._finding(row) for row in self.rows]

    def _finding(self, row: ProofRow) -> Finding:
        says, do = self._story(row), Text("", "")
        level: Level = "ok"
        if row.answered_at is None:
            do = self._what_to_do(row)
            level = "warning" if self.passed(row) else "error"
        return Finding(id=f"test_{row.channel}", level=level, says=says, do=do)

    def _story(self, row: ProofRow) -> Text:
        """How far it came: taken, delivered, answered; seconds since it was handed over."""
        zh, en = [], []
        began = self._handed.get(row.id, row.asked_at)
        arrived = "test_delivered" if row.channel == "sms" else "test_picked_up"
        for at, key in ((row.taken_at, "test_taken"), (row.delivered_at, arrived), (row.answered_at, "test_answered")):
            if at is not None:
                seconds = f"{max(0.0, (at - began).total_seconds()):.1f}"
                zh.append(phrase(key, "zh", n=seconds))
                en.append(phrase(key, "en", n=seconds))
        missing = self._missing(row)
        if missing:
            reason = row.failed or self._unclear.get(row.id, "")
            zh.append(phrase(missing, "zh", reason=reason))
            en.append(phrase(missing, "en", reason=reason))
        who = f"{self.person.id} {mask(self._to)}"
        device = Text("短信", "text") if row.channel == "sms" else Text("电话", "call")
        return Text(f"{device.zh} → {who}:{','.join(zh)}", f"{device.en} to {who}: {', '.join(en)}")

    def _missing(self, row: ProofRow) -> str:
        """The phrase for the first thing that is missing; empty when nothing is."""
        if row.answered_at is not None:
            return ""
        if row.failed:
            return "test_failed"
        if row.delivered_at is None:
            return "test_not_delivered" if row.taken_at else "test_unclear"
        return "test_not_answered" if self.asks(row) else "test_one_way"

    def _what_to_do(self, row: ProofRow) -> Text:
        key = f"test_do_{self._trouble(row)}"
        public = self.app.settings.public_url or ""
        values = {"person": self.person.id, "code": row.code, "hook": f"{public}/hooks/{row.provider}/sms"}
        return Text(phrase(key, "zh", **values), phrase(key, "en", **values))

    def _trouble(self, row: ProofRow) -> str:
        if row.failed:
            word = row.failed.partition(" ")[0]  # a provider's code may stand behind it
            return word if word in WELL_KNOWN else "failed"
        if self.engine.store.inbound_count(row.person, row.asked_at, "opt_out"):
            return "opted_out"
        if row.id in self._strays:
            return "stray" if self.app.settings.public_url else "fetch"
        if row.delivered_at is None:
            return "not_delivered" if row.taken_at else "unclear"
        if not self.asks(row):
            return "no_keys" if row.channel == "voice" else "one_way"
        if row.channel == "voice":
            return "no_key"
        return "other_words" if self.engine.store.inbound_since(row.person, row.asked_at) else "no_reply"

    def document(self) -> dict[str, Any]:
        """Return what came of it for JSON; numbers are counted and masked."""
        return {
            "person": self.person.id,
            "numbers": [mask(number) for number in self.person.numbers],
            "tests": [self._document(row, finding) for row, finding in zip(self.rows, self.findings(), strict=True)],
            "passed": all(self.passed(row) for row in self.rows),
        }

    def _document(self, row: ProofRow, finding: Finding) -> dict[str, Any]:
        def moment(at: datetime | None) -> str | None:
            return to_text(at) if at is not None else None

        return {
            "id": row.id,
            "channel": row.channel,
            "number": row.number + 1,
            "code": row.code,
            "asked_at": moment(row.asked_at),
            "taken_at": moment(row.taken_at),
            "delivered_at": moment(row.delivered_at),
            "answered_at": moment(row.answered_at),
            "failed": row.failed or None,
            "passed": self.passed(row),
            "says": {"zh": finding.says.zh, "en": finding.says.en},
            "do": {"zh": finding.do.zh, "en": finding.do.en},
        }
