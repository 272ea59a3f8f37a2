"""What an incident does when others want its people: it lets them go, asks their deputies, and tells who commands.

Who may take whom is decided in `contest`; here stands what follows from it within one incident.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from emergency.core import commands as c
from emergency.core import events as e
from emergency.core import flow
from emergency.core.calls import ask, climb, close, group, tell, tell_command
from emergency.core.contest import goes_on
from emergency.core.draft import Draft
from emergency.core.incident import BESIDE, Alert
from emergency.core.relief import RELIEF
from emergency.core.site import Elsewhere, Member, Wanted

Place = tuple[str, str, int]
"""Who held it, the role, the slot."""


def hear(draft: Draft, command: c.HearOfOthers) -> None:
    """Take down who is wanted elsewhere, let go whom another incident has taken, and fill what can be filled now."""
    before = draft.incident.members
    if command.elsewhere:
        draft.add(e.PeopleElsewhere(people=command.elsewhere))
    if not goes_on(draft.incident):
        return
    let_go(draft, command.taken, command.to)
    if any(_is_freer(before.get(each.person), each) for each in command.elsewhere):
        fill_gaps(draft)


def _is_freer(was: Member | None, now: Elsewhere) -> bool:
    return was is not None and (now.rank < was.busy or now.spare)


def hear_wanted(draft: Draft, command: c.HearWanted) -> None:
    """Tell whoever commands whom another incident wants as well; of what is only wanted or kept, once an incident."""
    if not goes_on(draft.incident):
        return
    if command.how in ("keeps", "wanted") and command.other in draft.incident.contested:
        return
    draft.add(e.WantedTwice(other=command.other, how=command.how, people=command.people))
    if command.aloud:
        tell_command(draft, command.how, about=command.other, wanted=command.people)


def let_go(draft: Draft, people: Sequence[str], to: str) -> None:
    """Another incident has taken *people*: their roles go to deputies, and so does what was asked of them and is not
    done. They are told that they are released, whoever commands is told who follows. Whom nobody can replace and the
    other can share stays, and works for both."""
    involved = [p for p in people if _places(draft, p) or draft.incident.open_alerts(p)]
    stay = _who_stays(draft, involved, to)
    empty: list[Place] = []
    left: list[Alert] = []
    for person in involved:
        places = _places(draft, person)
        empty += places
        if person in stay:
            _share(draft, places, stay[person])
        else:
            left += _send_off(draft, person, to)
    if not empty and not left:
        return
    flow.join(draft)
    for alert in left:
        _ask_anew(draft, alert, deputy=all(place[:2] != (alert.person, alert.role) for place in empty))
    _tell_who_follows(draft, empty, to)


def _send_off(draft: Draft, person: str, to: str) -> tuple[Alert, ...]:
    """Let one person go, and return what was asked of them."""
    asked = draft.incident.open_alerts(person)
    draft.add(e.PersonCalledAway(person=person, to=to))
    for alert in asked:
        _stop_asking(draft, alert)
    tell(draft, person, "released", about=to)
    return asked


def _who_stays(draft: Draft, people: Sequence[str], to: str) -> dict[str, Literal["lent", "shared"]]:
    """Return who would be asked back because nobody else is left, and on what ground: tried out on a paper of its own
    that is thrown away."""
    trial = Draft(draft.incident, draft.now)
    for person in people:
        trial.add(e.PersonCalledAway(person=person, to=to))
    flow.join(trial)
    found: dict[str, Literal["lent", "shared"]] = {}
    for event in trial.events:
        if isinstance(event, e.RoleAssigned) and event.person in people and _places(draft, event.person):
            found[event.person] = "lent" if event.because == "lent" else "shared"
    return found


def _share(draft: Draft, places: Sequence[Place], because: Literal["lent", "shared"]) -> None:
    """Note that the holder of these places works for another incident as well."""
    for person, role, slot in places:
        draft.add(e.RoleAssigned(role=role, slot=slot, person=person, because=because))


def _places(draft: Draft, person: str) -> list[Place]:
    roles = draft.incident.roles.items()
    return [(person, role, slot) for role, slots in roles for slot, holder in slots.items() if holder == person]


def _stop_asking(draft: Draft, alert: Alert) -> None:
    close(draft, alert, "called_away")
    if not group(draft.incident, alert.root):
        draft.clear_timer(f"rung:{alert.root}")


def _ask_anew(draft: Draft, alert: Alert, *, deputy: bool) -> None:
    """What was asked of somebody who is gone is asked of who follows in the role; of whoever commands, where nobody
    does. Whoever they were to relieve still waits: the next one is asked to take over.

    deputy: they held no role, and were asked in place of somebody who is silent: the ladder goes on.
    """
    run = draft.incident.steps[alert.step or ""]
    if run.name == RELIEF and run.status == "open" and not group(draft.incident, alert.root):
        climb(draft, alert.root, "called_away")
    if run.status != "open" or run.name in BESIDE:
        return
    if any(draft.incident.alerts[id].status != "closed" for id in run.alerts):
        return
    if deputy:
        climb(draft, alert.root, "called_away")
    if any(draft.incident.alerts[id].status != "closed" for id in draft.incident.steps[run.id].alerts):
        return
    held = draft.incident.roles.get(run.role, {})
    slot = alert.slot if alert.slot in held else min(held, default=1)
    person = held.get(slot) or draft.incident.command
    if person is not None:
        ask(draft, draft.incident.steps[run.id], person, slot)


def _tell_who_follows(draft: Draft, empty: Sequence[Place], to: str) -> None:
    moves: dict[tuple[str, str], Wanted] = {}
    for person, role, slot in empty:
        here = draft.incident.roles.get(role, {}).get(slot)
        moves.setdefault((person, role), Wanted(person=person, role=role, here=here))
    if moves:
        tell_command(draft, "called_away", about=to, wanted=tuple(moves.values()))


def fill_gaps(draft: Draft) -> None:
    """Somebody may be asked who could not be before: give out the roles that nobody holds, and call on the new
    holders; what has work and still nobody is shared with the other incident."""
    flow.join(draft)
    new: list[flow.Holder] = []
    for role in sorted({role for role, _ in draft.incident.unfilled}):
        if flow.has_work(draft, role):
            new += [(role, slot, person) for slot, person in flow.borrow(draft, role)]
    flow.call_in(draft, new)
