"""How a phone behaves: what becomes of the texts and calls that reach it, and what it answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .records import Message, Said

Keys = str | Callable[[list[Said]], str]
Reply = str | Callable[[Message], str | None]
Pickup = Literal["human", "machine", "busy", "no-answer", "failed", "canceled"]


@dataclass(slots=True, kw_only=True)
class Chaos:
    """What happens to the status callbacks of one message or call on their way.

    `early` posts them all before the create request is answered. `backwards` keeps them until the
    last is known and posts them in reverse. `delay` is in seconds; `lost` names statuses, or "all".
    """

    copies: int = 1
    backwards: bool = False
    early: bool = False
    delay: float = 0.0
    lost: tuple[str, ...] = ()

    def loses(self, status: str) -> bool:
        """Return whether the callback of this status never arrives."""
        return "all" in self.lost or status in self.lost


@dataclass(slots=True, kw_only=True)
class Fate:
    """How a text ends; `error` goes with undelivered and failed. "sent" means: no word ever comes."""

    status: Literal["delivered", "undelivered", "failed", "sent"] = "delivered"
    error: int | None = None
    takes: float = 0.0


@dataclass(slots=True, kw_only=True)
class Answer:
    """How a call is taken. Each element of `keys` answers one Gather; then nothing more is pressed.

    `rings` and every other length is in seconds of the call, which `Settings.second` makes short.
    `by_hand` leaves the keys to the test, which may take up to `patience` real seconds.
    """

    pickup: Pickup = "human"
    keys: tuple[Keys, ...] = ()
    rings: float = 2.0
    by_hand: bool = False
    patience: float = 5.0
    hangs_up_after: int | None = None


@dataclass(slots=True, kw_only=True)
class Script:
    """All of it, for one phone. What stands in `next_*` happens first, once each."""

    country: str | None = None
    carrier: Literal["mobile", "landline", "voip"] = "mobile"
    refuses_sms: int | None = None
    refuses_calls: int | None = None
    fate: Fate = field(default_factory=Fate)
    next_fates: list[Fate] = field(default_factory=list)
    answer: Answer = field(default_factory=Answer)
    next_answers: list[Answer] = field(default_factory=list)
    replies: tuple[Reply, ...] = ()
    replies_forever: bool = False
    reply_after: float = 0.0
    chaos: Chaos | None = None
    ignored: bool = False

    def copy(self) -> Script:
        """Return a script of its own that says the same."""
        return dataclasses.replace(self, next_fates=list(self.next_fates), next_answers=list(self.next_answers))

    def take_fate(self) -> Fate:
        """Return how the next text ends."""
        return self.next_fates.pop(0) if self.next_fates else self.fate

    def take_answer(self) -> Answer:
        """Return how the next call is taken."""
        return self.next_answers.pop(0) if self.next_answers else self.answer

    def take_reply(self, message: Message) -> str | None:
        """Return what this phone texts back to *message*, or None."""
        if not self.replies:
            return None
        reply = self.replies[0]
        if not self.replies_forever:
            self.replies = self.replies[1:]
        return reply if isinstance(reply, str) else reply(message)

    def update(self, changes: Mapping[str, Any]) -> None:
        """Change fields by name, from JSON; a nested object changes the fields that it names.

        Raises:
            ValueError: there is no such field.

        """
        for name, value in changes.items():
            if name == "chaos":
                self.chaos = _made(Chaos, value) if value else None
            elif name in _NESTED:
                setattr(self, name, _made(_NESTED[name], value))
            elif name in _NESTED_LISTS:
                setattr(self, name, [_made(_NESTED_LISTS[name], each) for each in value])
            elif name in {each.name for each in dataclasses.fields(self)}:
                setattr(self, name, tuple(value) if isinstance(value, list) else value)
            else:
                raise ValueError(f"a phone has no {name!r}")


_NESTED: dict[str, type] = {"fate": Fate, "answer": Answer}
_NESTED_LISTS: dict[str, type] = {"next_fates": Fate, "next_answers": Answer}


def _made(kind: type, values: Mapping[str, Any]) -> Any:
    try:
        return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})
    except TypeError as error:
        raise ValueError(str(error)) from error
