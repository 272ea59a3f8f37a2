"""Every error this project raises, as one tree. Messages name people by roster id, never by number.

EmergencyError
├── Mistakes            a file or the words of a command are wrong; nothing was changed   (exit 2)
├── CommandRefused      not possible now; says what is missing and how to override        (exit 3)
├── StoreError          the store cannot be read or written                               (exit 5)
│   ├── StoreDamaged
│   ├── StoreTooNew
│   └── StoreBusy
├── Conflict            someone else wrote first; reading again is safe
├── DeliveryError       a message was not handed over
│   ├── TemporaryFailure    worth another try
│   ├── PermanentFailure    not worth another try
│   └── UnknownOutcome      nobody knows whether it was accepted
└── SettingsError       the environment says something that cannot be            (exit 2)
"""

from __future__ import annotations

import msgspec


class EmergencyError(Exception):
    """The root."""

    exit_status = 1

    def __init__(self, message: str = "", zh: str = "") -> None:
        """Say *message*, in English, and *zh*: the same in Chinese; empty where nobody has put it so."""
        super().__init__(message)
        self.zh = zh

    def of(self, lang: str) -> str:
        """Return what it says in the operator's language, in English where it has no other words."""
        return self.zh if lang == "zh" and self.zh else str(self)

    def document(self) -> dict[str, str | int]:
        """Return it as who asks over the socket or the API is answered: `error`, `exit`, and `error_zh` where it is."""
        chinese = {"error_zh": self.zh} if self.zh else {}
        return {"error": str(self), **chinese, "exit": self.exit_status}


class Problem(msgspec.Struct, frozen=True, order=True):
    """One mistake: where it stands, and what to do about it."""

    file: str
    line: int
    says: str
    severity: str = "error"
    id: str = ""
    zh: str = ""

    def __str__(self) -> str:
        return self.of("en")

    def of(self, lang: str) -> str:
        """Return place and sentence in the operator's language."""
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return where + (self.zh if lang == "zh" and self.zh else self.says)


class Mistakes(EmergencyError):
    """The words are wrong; every mistake at once."""

    exit_status = 2

    def __init__(self, problems: list[Problem] | str, zh: str = "") -> None:
        if isinstance(problems, str):
            problems = [Problem(file="", line=0, says=problems, zh=zh)]
        self.problems = problems
        said = "\n".join(problem.of("zh") for problem in problems) if any(problem.zh for problem in problems) else ""
        super().__init__("\n".join(map(str, problems)), said)


class Unfit(ValueError):
    """A value in a file that cannot be, in both languages; whoever reads the file says where it stands."""

    def __init__(self, says: str, zh: str) -> None:
        super().__init__(says)
        self.zh = zh


class SettingsError(EmergencyError):
    """The environment holds something that cannot be."""

    exit_status = 2


class CommandRefused(EmergencyError):
    """Not possible now; the message says what is missing and how to override."""

    exit_status = 3


class StoreError(EmergencyError):
    """The store cannot be read or written."""

    exit_status = 5


class StoreDamaged(StoreError):
    """The file is no whole database of ours; it was left as it is."""


class StoreTooNew(StoreError):
    """The database was written by a later release; it was left as it is."""


class StoreBusy(StoreError):
    """Another process holds the store, or the disk is full; try again."""


class Conflict(EmergencyError):
    """Someone else wrote first."""


class DeliveryError(EmergencyError):
    """A message was not handed over. `reason` is a word or a provider's code."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class TemporaryFailure(DeliveryError):
    """Worth another try: no connection, 429, 5xx."""


class PermanentFailure(DeliveryError):
    """Not worth another try: the number is not in use."""


class UnknownOutcome(DeliveryError):
    """The request left and no answer came: nobody knows whether it was accepted."""
