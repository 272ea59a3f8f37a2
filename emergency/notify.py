"""The Notifier protocol, and the values that cross it.

`emergency` never imports a provider: it is handed a `dict[str, Notifier]` by channel. What only some providers can
do is a second small protocol, looked for with `isinstance`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

import msgspec

from emergency.core.values import Channel, Mode


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages one telephone may get in a minute, an hour and a day; 0 for no limit.

    hard: the provider's own, which nothing may pass; else ours, which a call for help may.
    """

    minute: int = 0
    hour: int = 0
    day: int = 0
    hard: bool = False


USUAL_TEXTS = Limits(minute=3, hour=15, day=50)
"""Texts to one telephone (practice): who answers gets a dozen in a bad hour. Networks that demand templates refuse more
than 3 a minute, 10 an hour and 50 a day; where free words may be sent, only the hour is wider."""
USUAL_CALLS = Limits(minute=2, hour=15, day=60)
"""Calls to one telephone (practice): a call takes most of a minute; fifteen in an hour find whoever can be found."""


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider can do.

    modes: the kinds of incident it may carry; a notifier of real telephones never carries a simulated drill.
    two_way: people can answer on this channel.
    free_text: any words may be sent (some networks demand approved templates).
    keypad: keys pressed in a call come back.
    receipts: the provider reports what became of a message.
    per_second: messages (SMS: segments) that the sender may hand over in a second.
    one_way_countries: calling codes ("86") from which no SMS can come back.
    no_free_text_countries: calling codes to which only words go that the network has approved before.
    unreachable_countries: calling codes to which this channel delivers nothing at all.
    per_number: what one telephone may get.
    voices: the languages that a call can be made in; None: any (nothing is really said, or a person says it).
    """

    modes: frozenset[Mode]
    two_way: bool
    free_text: bool
    keypad: bool
    receipts: bool
    per_second: float
    one_way_countries: frozenset[str] = frozenset()
    no_free_text_countries: frozenset[str] = frozenset()
    unreachable_countries: frozenset[str] = frozenset()
    per_number: Limits = Limits()
    voices: frozenset[str] | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message for one telephone.

    id: the delivery's id, unique for ever; `attempt` counts from 1.
    to: E.164. Never printed; `repr` leaves it out.
    text: what is written or said, in `language`.
    keys: the digits a call takes; empty when no answer is asked.
    expires: after this the provider should not deliver it any more.
    """

    id: str
    attempt: int
    mode: Mode
    channel: Channel
    to: str
    text: str
    language: str
    keys: str = ""
    expires: datetime | None = None

    def __repr__(self) -> str:
        return f"Message({self.id}, attempt {self.attempt}, {self.mode}, {self.channel})"


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The provider has the message; `provider_id` is its name for it."""

    provider: str
    provider_id: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says became of a message, in our words.

    status: `sent` (on its way), `delivered` (reached the telephone: no answer), `failed` (will not arrive).
    reason: for `failed`, a word, a provider's code, or the word and behind it the code that it stands for: `busy`,
        `no_answer`, `machine`, `opted_out`, `30003`, `number_not_in_use 21211`.
    """

    delivery: str
    status: Literal["sent", "delivered", "failed"]
    provider_id: str = ""
    attempt: int = 1
    reason: str = ""


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """What came from a telephone. `id` is the provider's, unique: it is acted on once.

    delivery: for keys pressed in a call, the delivery the call was made for.
    """

    id: str
    provider: str
    channel: Channel
    sender: str
    text: str
    delivery: str | None = None

    def __repr__(self) -> str:
        return f"Inbound({self.provider}, {self.channel})"


@runtime_checkable
class Notifier(Protocol):
    """One way to reach people."""

    name: str
    channel: Channel
    abilities: Abilities

    async def send(self, message: Message) -> Receipt:
        """Hand *message* to the provider and return its receipt.

        Raises:
            TemporaryFailure: certainly not accepted and worth another try: no connection, 429, 5xx.
            PermanentFailure: not worth another try: the number is not in use.
            UnknownOutcome: the request left and no answer came.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class KeepsTraces(Protocol):
    """A provider that can be asked what it has."""

    async def find(self, message: Message, since: datetime, known: frozenset[str]) -> Receipt | None:
        """Return the receipt of an attempt at *message* made after *since*, or None when the provider has no trace.

        Args:
            known: provider ids that belong to other deliveries.

        Raises:
            TemporaryFailure: the provider cannot be asked now.
        """
        ...

    async def status(self, receipt: Receipt, delivery: str) -> Report | None:
        """Return what became of an accepted message, or None while that is open.

        Raises:
            TemporaryFailure: the provider cannot be asked now.
        """
        ...


@runtime_checkable
class HangsUp(Protocol):
    """A provider that can end a call of a drill while it waits, rings or is listened to."""

    async def hang_up(self, receipt: Receipt) -> bool:
        """End the call and return True; False where there was none any more.

        Raises:
            PermanentFailure: never with this call, as with one that is real. TemporaryFailure, UnknownOutcome: worth
                another try.
        """
        ...


@runtime_checkable
class ReadsReplies(Protocol):
    """A provider whose replies can be fetched where no public address exists."""

    async def replies(self, since: datetime) -> Sequence[Inbound]:
        """Return what came in after *since*, oldest first; the same message may be returned again.

        Raises:
            TemporaryFailure: the provider cannot be asked now.
        """
        ...


@runtime_checkable
class AnswersForItself(Protocol):
    """A provider that can be asked whether it would take our messages."""

    async def examine(self) -> datetime:
        """Return the provider's own time, after it accepted our credentials; sends nothing to anybody.

        Raises:
            PermanentFailure: it does not accept them. TemporaryFailure: it cannot be asked now.
        """
        ...


@runtime_checkable
class Warms(Protocol):
    """A notifier that needs a moment before its first message."""

    async def warm(self) -> None:
        """Import and prepare what sending needs; sends nothing."""
        ...


Form = Sequence[tuple[str, str]]
"""A posted form: names and values in the order they came, repeated names and all."""


class Hooks(Protocol):
    """What a provider posts to us. Nothing is believed before `authentic` said so."""

    name: str
    signature_header: str

    def authentic(self, path: str, form: Form, signature: str | None) -> bool:
        """Return whether the provider signed this request to *path* (with its query) of our public address."""
        ...

    def sign(self, path: str, form: Form) -> str:
        """Return the signature that the provider would put on this request; for trying our own public address."""
        ...

    def read_sms(self, form: Form) -> Inbound:
        """Return the text message. Raises ValueError, without any number in it, when it is none."""
        ...

    def read_keys(self, form: Form, delivery: str) -> Inbound | None:
        """Return the key pressed in the call of *delivery*, or None when none was. Raises ValueError."""
        ...

    def read_status(self, form: Form, delivery: str, attempt: int) -> Report | None:
        """Return what became of a message or a call, or None when that says nothing new. Raises ValueError."""
        ...

    def read_machine(self, form: Form, delivery: str, attempt: int) -> Report | None:
        """Return the report that a machine answered, or None when a person did. Raises ValueError."""
        ...

    def spoken(self, text: str, language: str) -> str:
        """Return the document that makes the provider say *text* and hang up."""
        ...

    def silence(self) -> str:
        """Return the document that makes the provider do nothing."""
        ...


LOOK_BACK = timedelta(minutes=2)
"""How far polling overlaps what it has read already: provider lists lag behind."""
