"""What tests say: `fake.phone("+447700900001").will_press("1")`, `.expect_sms("fire")`, `.texts("1")`.

Every method blocks, with a limit, and may be called from any thread but the one that runs the app
under test: from a coroutine use the twin whose name ends in `_async`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, Protocol

from .inbound import Heard
from .records import Call, Message, Said
from .script import Answer, Chaos, Fate, Keys, Pickup, Reply, Script
from .signing import Signature
from .voice import HANG_UP, heard
from .world import World

DEFAULT_LIMIT = 60.0
"""Seconds until a test gives up: only one that fails waits for so long, however slow the machine is."""


class Host(Protocol):
    """What a phone needs of the fake it belongs to."""

    world: World

    def soon(self, action: Callable[[], object]) -> None:
        """Call *action* on the server's loop."""

    def receive(self, phone: str, body: str, to: str | None, signed: Signature, padding: int, limit: float) -> Heard:
        """Post a text from a phone."""

    def replay(self, phone: str, limit: float) -> Heard:
        """Post the last text of a phone again."""


class LiveCall:
    """A call that the test expected, and may take part in."""

    def __init__(self, host: Host, call: Call) -> None:
        self._host = host
        self.record = call

    @property
    def sid(self) -> str:
        """The id of the call."""
        return self.record.sid

    @property
    def status(self) -> str:
        """Where the call stands."""
        return self.record.status

    @property
    def said(self) -> list[Said]:
        """What was said until now."""
        return list(self.record.said)

    @property
    def text(self) -> str:
        """What was said until now, in one line."""
        return self.record.text

    def press(self, keys: str) -> LiveCall:
        """Press *keys* at the Gather that waits, or the next one; the phone must answer by hand."""
        self._host.soon(lambda: self.record.keys_by_hand.put_nowait(keys))
        return self

    def hang_up(self) -> LiveCall:
        """Hang up at the Gather that waits, or the next one; the phone must answer by hand."""
        return self.press(HANG_UP)

    def expect_said(self, *words: str, within: float = DEFAULT_LIMIT) -> LiveCall:
        """Wait until all of *words* have been said.

        Raises:
            AssertionError: they were not, *within* seconds.

        """
        if not self._host.world.wait(lambda: heard(self.record.said, words) or None, within):
            raise AssertionError(f"{self.sid} did not say {words}; it said: {self.text!r}")
        return self

    def wait_ended(self, within: float = DEFAULT_LIMIT) -> str:
        """Wait for the end of the call and return its last status.

        Raises:
            AssertionError: it goes on.

        """
        if not self._host.world.wait(lambda: self.record.ended or None, within):
            raise AssertionError(f"{self.sid} has not ended: {self.status}")
        return self.status


class FakePhone:
    """One phone: how it behaves, what it is expected to receive, and what it sends."""

    def __init__(self, host: Host, number: str, script: Script) -> None:
        self._host = host
        self._world = host.world
        self.number = number
        self.script = script

    # -- how it takes calls

    def _answers(self, answer: Answer, times: int | None) -> FakePhone:
        if times is None:
            self.script.answer = answer
        else:
            self.script.next_answers += [answer] * times
        return self

    def will_press(self, *keys: Keys, times: int | None = None, hangs_up_after: int | None = None) -> FakePhone:
        """Answer calls and press these keys, one element a Gather; a function is given what was said."""
        return self._answers(Answer(keys=keys, hangs_up_after=hangs_up_after), times)

    def answers_by_hand(self, patience: float = DEFAULT_LIMIT) -> FakePhone:
        """Answer calls and leave the keys to the test: see `LiveCall.press`."""
        return self._answers(Answer(by_hand=True, patience=patience), None)

    def _picks_up(self, pickup: Pickup, times: int | None) -> FakePhone:
        return self._answers(replace(self.script.answer, pickup=pickup), times)

    def will_not_answer(self, times: int | None = None) -> FakePhone:
        """Let it ring; always, or the next few times and then as before."""
        return self._picks_up("no-answer", times)

    def is_busy(self, times: int | None = None) -> FakePhone:
        """Be engaged."""
        return self._picks_up("busy", times)

    def is_machine(self, times: int | None = None) -> FakePhone:
        """Let an answering machine take the call."""
        return self._picks_up("machine", times)

    def calls_fail(self, times: int | None = None) -> FakePhone:
        """Let calls fail before they ring."""
        return self._picks_up("failed", times)

    # -- how it takes texts

    def _fated(self, fate: Fate, times: int | None) -> FakePhone:
        if times is None:
            self.script.fate = fate
        else:
            self.script.next_fates += [fate] * times
        return self

    def fails_with(
        self,
        error: int,
        *,
        times: int | None = None,
        status: Literal["undelivered", "failed"] = "undelivered",
    ) -> FakePhone:
        """Accept texts and lose them afterwards, with a carrier's error such as 30003."""
        return self._fated(Fate(status=status, error=error), times)

    def receives(self, *, takes: float = 0.0, receipts: bool = True) -> FakePhone:
        """Receive texts again, `takes` seconds after they were sent; without receipts none is confirmed."""
        return self._fated(Fate(status="delivered" if receipts else "sent", takes=takes), None)

    def refuses_with(self, code: int | None, *, on: Literal["sms", "calls", "both"] = "both") -> FakePhone:
        """Let create requests to this phone be refused with *code*; with None, no longer."""
        if on != "calls":
            self.script.refuses_sms = code
        if on != "sms":
            self.script.refuses_calls = code
        return self

    def replies_with(self, *replies: Reply, after: float = 0.0, forever: bool = False) -> FakePhone:
        """Text back by itself: one reply a message that arrives, or the first for ever."""
        self.script.replies, self.script.replies_forever = replies, forever
        self.script.reply_after = after
        return self

    def callbacks(self, **chaos: Any) -> FakePhone:
        """Order chaos for the status callbacks about this phone: see `script.Chaos`."""
        self.script.chaos = Chaos(**chaos)
        return self

    def is_in(self, country: str) -> FakePhone:
        """Be in this country, for lookups and for the rules of China ("CN")."""
        self.script.country = country
        return self

    def is_landline(self) -> FakePhone:
        """Be a landline, which cannot be texted."""
        self.script.carrier = "landline"
        return self.refuses_with(21614, on="sms")

    def ignore_unexpected(self) -> FakePhone:
        """Let this phone receive what nobody expected."""
        self.script.ignored = True
        return self

    # -- what it sends

    def texts(
        self,
        body: str,
        to: str | None = None,
        *,
        signature: Signature = "good",
        padding: int = 0,
        within: float = DEFAULT_LIMIT,
    ) -> Heard:
        """Text the app and return when it has answered.

        Args:
            to: the number texted; the one that last wrote to this phone where not given.
            signature: anything but "good", like a padding, is a forgery: its answer is not judged.
            padding: so many characters more in the body of the request.

        """
        return self._host.receive(self.number, body, to, signature, padding, within)

    async def texts_async(self, body: str, to: str | None = None, **rest: Any) -> Heard:
        """As `texts`, for a coroutine."""
        return await asyncio.to_thread(self.texts, body, to, **rest)

    def replays(self, within: float = DEFAULT_LIMIT) -> Heard:
        """Post the last text of this phone once more, the same to the byte."""
        return self._host.replay(self.number, within)

    # -- what it is expected to receive

    def inbox(self) -> list[Message]:
        """Return the texts that reached this phone."""
        with self._world.changing():
            return [m for m in self._world.by_to.get(self.number, []) if m.arrived]

    def expect_sms(self, *words: str, within: float = DEFAULT_LIMIT, arrives: bool = True) -> Message:
        """Wait for a text with all of *words*, in any case, that was not expected before.

        Args:
            arrives: False for one that was lost on its way, and ended undelivered or failed.

        Raises:
            AssertionError: none came *within* seconds.

        """

        def look() -> Message | None:
            for message in self._world.by_to.get(self.number, []):
                there = message.arrived if arrives else message.ended and not message.arrived
                if there and not message.claimed and _contains(message.body, words):
                    message.claimed = True
                    return message
            return None

        found = self._world.wait(look, within)
        if found is None:
            had = [f"{m.status} {m.body!r}" for m in self._world.by_to.get(self.number, [])]
            raise AssertionError(f"{self.number} got no text with {words} in {within} s; it got {had}")
        return found

    def expect_call(self, *words: str, within: float = DEFAULT_LIMIT) -> LiveCall:
        """Wait for a call that says all of *words*, or for any call where none are given.

        Raises:
            AssertionError: none came *within* seconds.

        """

        def look() -> Call | None:
            for call in self._world.calls.values():
                if call.to == self.number and not call.claimed and heard(call.said, words):
                    call.claimed = True
                    return call
            return None

        found = self._world.wait(look, within)
        if found is None:
            had = [f"{c.status} {c.text!r}" for c in self._world.calls.values() if c.to == self.number]
            raise AssertionError(f"{self.number} got no call with {words} in {within} s; it got {had}")
        return LiveCall(self._host, found)

    async def expect_sms_async(self, *words: str, within: float = DEFAULT_LIMIT, arrives: bool = True) -> Message:
        """As `expect_sms`, for a coroutine."""
        return await asyncio.to_thread(self.expect_sms, *words, within=within, arrives=arrives)

    async def expect_call_async(self, *words: str, within: float = DEFAULT_LIMIT) -> LiveCall:
        """As `expect_call`, for a coroutine."""
        return await asyncio.to_thread(self.expect_call, *words, within=within)


def _contains(body: str, words: tuple[str, ...]) -> bool:
    return all(word.lower() in body.lower() for word in words)
