"""Puts the parts together from settings and the notifiers it is given."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from emergency.clock import Clock, SystemClock
from emergency.core.values import Mode
from emergency.desk import Desk, InlineDesk
from emergency.drills.live import brake
from emergency.drills.live.gate import Gate
from emergency.drills.live.running import Conduct
from emergency.engine import Engine
from emergency.errors import EmergencyError
from emergency.inbox import Inbox
from emergency.languages.shelf import Shelf, use
from emergency.library import Library
from emergency.links import Links
from emergency.notify import Notifier
from emergency.outbox import Outbox
from emergency.people import People
from emergency.roster import Reach
from emergency.settings import Settings
from emergency.store.store import SqliteStore
from emergency.verbs import Desktop

PLANS = Path(__file__).resolve().parent.parent / "playbooks"
CHANNEL_ORDER = ("sms", "voice")


def reach_of(notifiers: Sequence[Notifier], mode: Mode) -> Reach:
    """Return what *notifiers* can do for one kind of incident.

    Where there is no provider at all, people are still asked on both channels: what cannot be sent now stays in the
    outbox and shows, instead of nobody being asked.
    """
    able = [n for n in notifiers if mode in n.abilities.modes]
    if not able:
        return Reach(channels=CHANNEL_ORDER)
    one_way = frozenset(code for n in able if n.channel == "sms" for code in n.abilities.one_way_countries)
    if any(n.channel == "sms" and not n.abilities.two_way for n in able):
        one_way = frozenset({""})  # a sender that nobody can answer: no calling code leads back to it
    return Reach(
        channels=tuple(c for c in CHANNEL_ORDER if any(n.channel == c for n in able)),
        one_way=one_way,
        closed=frozenset((n.channel, code) for n in able for code in n.abilities.unreachable_countries),
    )


def voices_of(notifiers: Sequence[Notifier]) -> frozenset[str] | None:
    """Return the languages that real calls can be made in; None where nobody calls, or every language can be said."""
    able = [n.abilities.voices for n in notifiers if n.channel == "voice" and "real" in n.abilities.modes]
    known = [voices for voices in able if voices is not None]
    return frozenset.intersection(*known) if known else None


def behind_the_gate(notifiers: Sequence[Notifier]) -> list[Notifier]:
    """Return *notifiers* with the gate before every one that may carry live drills; it comes first, so that no message
    of a drill finds the way round it."""
    live = [n for n in notifiers if "live_drill" in n.abilities.modes]
    return [*map(Gate, live), *(n for n in notifiers if n.abilities.modes != {"live_drill"})]


class App:
    """One installation, opened."""

    def __init__(self, settings: Settings, notifiers: Sequence[Notifier], clock: Clock | None = None) -> None:
        self.settings = settings
        self.notifiers = behind_the_gate(notifiers)
        self.clock = clock or SystemClock()
        self.people = People(use(Shelf(settings.home / "languages")))
        self.people.languages.voices = voices_of(self.notifiers)
        self.inbox = Inbox(self.people)
        self.links = Links(settings.home, settings.public_url)
        self.library = Library(PLANS, settings.home / "playbooks")
        modes: tuple[Mode, ...] = ("real", "drill", "live_drill")
        self.desktop = Desktop(
            self.people,
            self.inbox,
            self.library,
            {mode: reach_of(self.notifiers, mode) for mode in modes},
            frozenset(mode for n in self.notifiers for mode in n.abilities.modes),
        )

        self.conduct = Conduct(self.desktop)

    def engine(self, *, create: bool = False) -> Engine:
        """Open the store. Raises StoreError."""
        path = self.settings.database_file
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        store = SqliteStore(path, create=create)
        last = store.last_line()
        if last is not None and isinstance(self.clock, SystemClock):
            self.clock.not_before(
                last
            )  # else timers and messages of an open incident wait for a clock that was set back
        engine = Engine(store, self.clock)
        engine.expect = self.desktop.arm
        engine.team = self.desktop.team
        engine.conduct = self.conduct
        engine.real_began = brake.carry(self.settings.home, self.clock)
        with contextlib.suppress(EmergencyError):
            self.people.roster(engine)  # so that the languages of the people are there before the first word is said
        return engine

    def keep_copy(self, engine: Engine) -> None:
        """Keep what a last resort needs, outside the store."""
        from emergency.last_resort import keep_copy

        site = self.people.site(engine)
        plans, _ = self.library.load_all(engine, site)
        keep_copy(self.settings.home, site, self.people.roster(engine), list(plans.values()))

    def outbox(self, desk: Desk) -> Outbox:
        """Return an outbox that hands messages to the notifiers of this installation."""
        outbox = Outbox(desk, self.notifiers, self.clock, self.people)
        outbox.reader = self.engine
        for notifier in self.notifiers:
            if isinstance(notifier, Gate):
                notifier.keeper, notifier.stopped = desk, brake.stopped_since(self.settings.home, self.clock)
        if self.links.possible:
            outbox.links = self.links
        return outbox

    def inline(self, engine: Engine) -> InlineDesk:
        """Return a desk for this thread."""
        return InlineDesk(engine)
