"""What only practice knows: a drill stands still, goes on, is broken off, comes to its end.

While it stands still its clock does: answers are kept, times move by as long as it stood. A real incident is never any
of this. What is said of it goes behind every alert of what is real, and to nobody who has heard nothing of the drill.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.calls import close, end_run, tell
from emergency.core.draft import Draft
from emergency.core.events import Kind
from emergency.core.incident import REAL_REASONS, Incident
from emergency.core.templates import ELSEWHERE
from emergency.core.values import is_drill
from emergency.errors import CommandRefused

LONGEST_DRILL = timedelta(hours=4)
"""How long a drill on real telephones lasts at most where nobody said less (practice: a shift has eight hours)."""
MAXIMUM = "maximum"
"""The timer that breaks a drill off."""
QUIETLY = frozenset({"director"})
"""Why a drill stands still without anybody being told: whoever directs it has them on the radio."""
AT_ONCE = (c.ResumeDrill, c.AbortDrill, c.EndDrill)
"""What is decided by the time of the world, also while the drill's own clock stands still."""


def moment_of(incident: Incident, command: c.Command, now: datetime) -> datetime:
    """Return the moment at which *command* meets the incident: a drill that stands still has stayed where it was."""
    real_time = isinstance(command, AT_ONCE) or (isinstance(command, c.FireTimer) and command.timer == MAXIMUM)
    return now if incident.frozen is None or real_time else incident.frozen


def limit(draft: Draft, maximum: timedelta | None) -> None:
    """Have a drill broken off after *maximum*; one on real telephones always has one."""
    if draft.incident.mode == "live_drill":
        maximum = min(maximum or LONGEST_DRILL, LONGEST_DRILL)
    if maximum is not None and is_drill(draft.incident.mode):
        draft.set_timer(MAXIMUM, maximum)


def freeze(draft: Draft, by: str, because: str, other: str | None = None) -> None:
    """Let the drill stand still. What is real is said also where it stood still before for another reason.

    Raises:
        CommandRefused: it is no drill.
    """
    _must_be_drill(draft.incident, "stands still", "停下")
    incident = draft.incident
    if incident.is_closed or (incident.frozen is not None and because not in REAL_REASONS - incident.stopped):
        return
    draft.add(e.DrillFrozen(by=by, because=because, other=other))
    known = because in REAL_REASONS and bool(incident.stopped & REAL_REASONS)  # once is enough: they have work to do
    if because not in QUIETLY and not known:
        _say(draft, "drill_real" if because in REAL_REASONS else "drill_still", incident.alerted, but=by)


def resume(draft: Draft, by: str) -> None:
    """Let the drill go on; whoever was told that it stands still is told that it goes on."""
    incident = draft.incident
    _must_be_drill(incident, "goes on", "继续")
    if incident.frozen is None or incident.is_closed:
        return
    draft.add(e.DrillResumed(by=by))
    for delivery in list(draft.incident.deliveries.values()):  # what another took them for is over by now
        if delivery.status == "queued" and incident.alerts[delivery.alert].kind in ELSEWHERE:
            draft.add(e.DeliveryDropped(delivery=delivery.id))
    told = {
        a.person
        for a in incident.alerts.values()
        if a.kind in ("drill_real", "drill_still") and a.at >= incident.frozen
    }
    _say(draft, "drill_on", sorted(told))


def abort(draft: Draft, by: str, because: str, reason: str | None = None) -> None:
    """Break the drill off: take back what waits, and tell whom it has reached."""
    incident = draft.incident
    _must_be_drill(incident, "is broken off", "终止")
    if incident.is_closed:
        return
    draft.add(e.DrillAborted(by=by, because=because, reason=reason))
    _let_everything_go(draft)
    _say(draft, OVER_WORDS[draft.incident.over], reached(draft.incident), but=by)
    _close(draft, by)


def end(draft: Draft, by: str, because: str) -> None:
    """ENDEX; also for a drill whose plan has come to its own end. Twice is once."""
    incident = draft.incident
    _must_be_drill(incident, "is ended", "结束")
    if incident.over:
        return
    closed = incident.is_closed
    draft.add(e.DrillEnded(by=by, because=because))
    if closed:
        _take_back(draft)
    else:
        _let_everything_go(draft)
    _say(draft, "endex", reached(draft.incident))
    if not closed:
        _close(draft, by)


def tell_late(draft: Draft, person: str) -> None:
    """Somebody was reached by what was on its way when the drill was broken off or ended: they are told so too."""
    incident = draft.incident
    if not incident.over:
        return
    kinds = {incident.alerts[id].kind for id in incident.of_person.get(person, ())}
    if not kinds & {"drill_over_real", "drill_off", "endex"}:
        _say(draft, OVER_WORDS[incident.over], [person])


OVER_WORDS: dict[str, Kind] = {"aborted": "drill_off", "aborted_real": "drill_over_real", "ended": "endex"}
"""How a drill is over (`Incident.over`), and the words that say so."""


def standing(incident: Incident) -> Kind | None:
    """Return the words that say how a drill stands to whoever looks: that it is stopped, or how it is over; None where
    it goes on, only its director paused it, or somebody said under duress that something is wrong."""
    if incident.over:
        return OVER_WORDS[incident.over]
    if incident.stopped & REAL_REASONS:
        return "drill_real"
    return "drill_still" if incident.frozen is not None and incident.stopped - QUIETLY - {"duress"} else None


def reached(incident: Incident) -> tuple[str, ...]:
    """Return everyone of whose messages at least one was handed over, by id."""
    went = ("sent", "delivered")
    return tuple(sorted({d.person for d in incident.deliveries.values() if d.provider_id or d.status in went}))


def _must_be_drill(incident: Incident, what: str, zh: str) -> None:
    if not is_drill(incident.mode):
        raise CommandRefused(
            f"{incident.code} is real: only a drill {what}", f"{incident.code} 是真实事件:只有演练才能{zh}"
        )


def _say(draft: Draft, kind: Kind, people: Iterable[str], but: str = "") -> None:
    for person in people:
        if person != but:
            tell(draft, person, kind)


def _let_everything_go(draft: Draft) -> None:
    for run in list(draft.incident.steps.values()):
        if run.status == "open":
            draft.add(e.StepDropped(step=run.id, because="ended"))
            end_run(draft, run.id, "ended")
    for id in sorted(draft.incident.alerts, key=lambda a: int(a[1:])):
        if draft.incident.alerts[id].status != "closed":
            close(draft, draft.incident.alerts[id], "ended")
    _take_back(draft)
    for timer in sorted(draft.incident.timers):
        draft.clear_timer(timer)


def _take_back(draft: Draft) -> None:
    for delivery in list(draft.incident.deliveries.values()):
        if delivery.status == "queued":
            draft.add(e.DeliveryDropped(delivery=delivery.id))


def _close(draft: Draft, by: str) -> None:
    final = next(state.name for state in draft.incident.playbook.states if state.final)
    if draft.incident.state != final:
        draft.add(e.StateEntered(state=final, via="order", by=by))
