"""Calls of a drill that are under way are ended when it is broken off, or stops for something that nobody may miss.

It goes on beside everything else: nothing waits for it, and what cannot be ended now is tried again while the call may
go on. What says that the drill has stopped is itself a call, and is heard to its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from emergency.core.calls import STOPS
from emergency.core.incident import Incident
from emergency.core.practice import QUIETLY
from emergency.core.values import Mode
from emergency.desk import Desk
from emergency.engine import Engine
from emergency.errors import EmergencyError, PermanentFailure
from emergency.notify import HangsUp, Notifier, Receipt
from emergency.store.calls import DrillCall, drill_calls

CUT = frozenset({"aborted", "aborted_real"})
PATIENCE = 5.0
"""Seconds for which a command that is about to end waits for calls to be ended, once all else has left (practice)."""


class HangingUp:
    """Ends calls of drills for one outbox. What it remembers only saves asking twice."""

    def __init__(self, desk: Desk, routes: Mapping[tuple[Mode, str], Notifier], longest: timedelta) -> None:
        """Ask the notifier of *routes* that calls for live drills; no call is older than *longest*."""
        self._desk = desk
        self._routes = routes
        self._longest = longest
        self._ended: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Look for calls to end, without waiting for it."""
        notifier = self._routes.get(("live_drill", "voice"))
        if isinstance(notifier, HangsUp) and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._round(notifier))

    async def finish(self) -> None:
        """Wait a moment for what was begun."""
        if self._task is not None and not self._task.done() and self._task.get_loop() is asyncio.get_running_loop():
            await asyncio.wait({self._task}, timeout=PATIENCE)

    async def _round(self, notifier: HangsUp) -> None:
        try:
            found = await self._desk.do(self._to_end)
        except EmergencyError:
            return  # looked at again with the next message, or a second later
        self._ended &= {receipt.provider_id for receipt, _ in found}
        due = [receipt for receipt, cut in found if cut and receipt.provider_id not in self._ended]
        await asyncio.gather(*(self._end(notifier, receipt) for receipt in due))

    def _to_end(self, engine: Engine) -> list[tuple[Receipt, bool]]:
        """Return every call of a drill that may go on, and whether it is to be ended."""
        rows: dict[tuple[str, str], list[DrillCall]] = {}
        for call in drill_calls(engine.store, engine.clock.now() - self._longest):
            rows.setdefault((call.provider, call.provider_id), []).append(call)
        return [
            (Receipt(provider=provider, provider_id=id), all(_is_cut(engine, call) for call in each))
            for (provider, id), each in rows.items()
        ]

    async def _end(self, notifier: HangsUp, receipt: Receipt) -> None:
        try:
            await notifier.hang_up(receipt)
        except PermanentFailure:
            pass
        except Exception:  # tried again; whatever goes wrong in a notifier ends no round, nor the calls beside it
            return
        self._ended.add(receipt.provider_id)


def _is_cut(engine: Engine, call: DrillCall) -> bool:
    return call.urgency not in STOPS and is_cut(engine.incident(call.incident))


def is_cut(incident: Incident) -> bool:
    """Return whether calls of a drill are ended in the middle: it was broken off, or stands still for another reason
    than that whoever directs it said so."""
    return incident.over in CUT or (incident.frozen is not None and bool(incident.stopped - QUIETLY))
