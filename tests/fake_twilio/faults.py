"""What can be made to go wrong with the provider itself, and its limits on speed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from .errors import Refused

Kind = Literal["429", "500", "503", "reset", "lost", "late", "slow", "garbled"]
Target = Literal["messages", "calls", "lookups", "any"]
KINDS: tuple[str, ...] = get_args(Kind)
TARGETS: tuple[str, ...] = get_args(Target)

_CODES = {"429": 20429, "500": 20500, "503": 20503}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One way to fail, for the next `times` requests that match; for ever where that is None.

    - 429, 500, 503: refused with this status; `retry_after` is sent along where given.
    - reset: the connection is reset before anything was done.
    - lost: accepted, then the connection is reset, so the answer never comes.
    - late: accepted, and answered only after `seconds`.
    - slow: nothing is done for `seconds`, then all is well.
    - garbled: answered with status 502 and a page of HTML, as a proxy in between would.
    """

    kind: Kind
    times: int | None = 1
    on: Target = "any"
    method: str = "POST"
    to: str | None = None
    seconds: float = 30.0
    retry_after: int | None = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.on not in TARGETS:
            raise ValueError(f"a fault is one of {KINDS} on one of {TARGETS}")

    def matches(self, method: str, target: str, to: str) -> bool:
        """Return whether this fault strikes a request."""
        return (
            self.times != 0 and self.on in ("any", target) and self.method in ("any", method) and self.to in (None, to)
        )

    @property
    def refusal(self) -> Refused | None:
        """The error to answer with, or None where this fault is of another sort."""
        if self.kind not in _CODES:
            return None
        wait = self.kind == "429" and self.retry_after is not None
        return Refused(_CODES[self.kind], headers={"Retry-After": str(self.retry_after)} if wait else None)


class Faults:
    """The faults in store, first come first struck; an outage outranks them."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._outage: Fault | None = None

    def add(self, fault: Fault) -> None:
        """Let *fault* strike once those before it are used up."""
        self._waiting.append(fault)

    def outage(self, kind: Kind | None, on: Target = "any") -> None:
        """Begin an outage in which every request fails in this way, or end it with None."""
        self._outage = None if kind is None else Fault(kind=kind, times=None, on=on, method="any")

    def take(self, method: str, target: str, to: str) -> Fault | None:
        """Return the fault that strikes this request, and count it as used."""
        if self._outage is not None and self._outage.matches(method, target, to):
            return self._outage
        if not self._waiting:
            return None
        for fault in self._waiting:
            if fault.matches(method, target, to):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Let all be well again."""
        self._waiting.clear()
        self._outage = None


@dataclass(slots=True, kw_only=True)
class RateLimit:
    """How many segments a second each sender may send, and what becomes of more.

    With "queue", Twilio's own way, a message waits its turn, and fails with 30001 where that is more
    than `longest_queue` seconds away. With "refuse" the request is answered 429, code 20429.
    """

    per_second: float | None = None
    over: Literal["queue", "refuse"] = "queue"
    longest_queue: float = 36_000.0
    _free_at: dict[str, float] = field(default_factory=dict)

    def wait(self, sender: str, segments: int, now: float) -> float | None:
        """Return how long a message must wait for its turn, or None where the queue is full.

        Raises:
            Refused: 20429, where senders over the limit are refused.

        """
        if self.per_second is None:
            return 0.0
        turn = max(now, self._free_at.get(sender, 0.0))
        if turn > now and self.over == "refuse":
            raise Refused(20429, headers={"Retry-After": str(max(1, round(turn - now)))})
        if turn - now > self.longest_queue:
            return None
        self._free_at[sender] = turn + segments / self.per_second
        return turn - now
