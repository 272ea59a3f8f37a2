"""The working paper of one decision: the events so far, and the incident as they leave it."""

from __future__ import annotations

from datetime import datetime, timedelta

from emergency.core import events as e
from emergency.core.incident import Incident, evolve

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXY"
"""Reply letters: without I, O and Z, which are read as digits."""


class Draft:
    """Collects the events of one decision, all at one moment.

    now: the moment on the incident's own clock. at: the moment in the world, another only while a drill stands still.
    """

    __slots__ = ("at", "events", "incident", "now")

    def __init__(self, incident: Incident, now: datetime, at: datetime | None = None) -> None:
        self.incident = incident
        self.now = now
        self.at = at or now
        self.events: list[e.AnyEvent] = []

    def add(self, event: e.AnyEvent) -> None:
        """Write *event* down; what follows sees the incident after it."""
        self.incident = evolve(self.incident, event, self.at)
        self.events.append(event)

    def set_timer(self, timer: str, after: timedelta) -> None:
        """Ask to be woken *after* this moment."""
        self.add(e.TimerSet(timer=timer, due=self.now + after))

    def clear_timer(self, timer: str) -> None:
        """Take a wake-up back, if there is one."""
        if timer in self.incident.timers:
            self.add(e.TimerCleared(timer=timer))

    def next_alert(self) -> str:
        """Return the id of the next alert: a3 is the third."""
        return f"a{len(self.incident.alerts) + 1}"

    def next_delivery(self) -> str:
        """Return the id of the next delivery, unique among all incidents."""
        return f"{self.incident.id}.{len(self.incident.deliveries) + 1}"

    def next_step(self) -> str:
        """Return the id of the next step run."""
        return f"s{len(self.incident.steps) + 1}"

    def next_letter(self) -> str:
        """Return the reply letter of the next step run: A to Y, then AA, AB, ..."""
        return letter(self.incident.letters)


def letter(number: int) -> str:
    """Return reply letter *number*, counted from 0."""
    word = ""
    number += 1
    while number > 0:
        number, rest = divmod(number - 1, len(LETTERS))
        word = LETTERS[rest] + word
    return word
