"""What stands before the telephones of a live drill, in the process that sends.

It trusts nothing that was decided before: each message is looked at again, as it leaves, by its words, its number, and
by what the store says of its drill at that moment. What is refused never reaches a provider. Injects that make a person
or a channel unreachable take effect here as well: such a message is withheld, and the log says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from emergency import ids
from emergency.clock import wall_of
from emergency.core.calls import STOPS
from emergency.core.contest import goes_on
from emergency.core.incident import Incident
from emergency.core.marks import denies_drill, hides_something, is_marked
from emergency.core.site import Site
from emergency.core.values import Channel, is_drill
from emergency.desk import Desk
from emergency.drills import book
from emergency.drills.rehearsals import masks
from emergency.drills.scenario import Scenario
from emergency.engine import Engine
from emergency.errors import EmergencyError, PermanentFailure, StoreError, TemporaryFailure
from emergency.notify import Abilities, HangsUp, KeepsTraces, Message, Notifier, ReadsReplies, Receipt, Report, Warms
from emergency.notify import Inbound as Inbound
from emergency.roster.person import EMERGENCY_NUMBERS
from emergency.store.drills import Books, DrillRow
from emergency.store.store import OutboxRow

SERVICES = EMERGENCY_NUMBERS | {
    "101", "102", "103", "104", "111", "113", "115", "117", "118", "155", "158", "190", "191", "192", "193", "995",
    "12110", "12119", "12120", "12122", "12123", "12315", "12345", "12350", "12395", "95119", "988",
}  # fmt: skip
"""Emergency and public service numbers of many countries; whatever is as short is refused without being listed."""
SHORTEST = 8
"""Digits of a whole number with its country code; what is shorter is a short code or a service (practice)."""
LEAST_ANYWHERE = 5
LEAST_OF_COUNTRY = {1: 10, 86: 10}
"""Digits behind the country code: a shorter number of these countries still rings at a service, behind an area code."""
LISTED_LEAST = 5
"""Digits of an agency's own number from which on a number that ends so is taken for it (an area code may be before)."""
WITHHELD = "withheld"
"""The provider that a withheld message is said to have gone to, and the reason of one that an inject refused."""
RETRY_SECONDS = 5.0
SERVER = "serve"
"""Under this name a server writes down that it is alive."""
LOST = timedelta(seconds=60)
"""Nobody has watched over drills for longer than this: nothing of them leaves, and whoever watches again breaks them
off (practice: thirty beats; a server that is started anew takes a few seconds)."""
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_SCENARIO = msgspec.json.Decoder(Scenario)


class Verdict(msgspec.Struct, frozen=True):
    """What the store says of a message. refused: for good, and why; later: not now, and why; withheld: by an inject."""

    refused: str = ""
    later: str = ""
    withheld: str = ""


class Gate:
    """A notifier of real telephones behind the gate. Without a keeper, who looks into the store, nothing passes."""

    def __init__(self, inner: Notifier) -> None:
        """Stand before *inner*, which may carry live drills and nothing else."""
        self._inner = inner
        self.name = f"drill_{inner.name}"
        self.channel: Channel = inner.channel
        self.abilities: Abilities = msgspec.structs.replace(inner.abilities, modes=frozenset({"live_drill"}))
        self.keeper: Desk | None = None
        self.stopped: Callable[[datetime], bool] | None = None

    async def send(self, message: Message) -> Receipt:
        """Hand *message* over if everything holds; see `Notifier.send`.

        Raises:
            PermanentFailure: a word for what does not hold. TemporaryFailure: the drill stands still.
        """
        refused = words_refused(message) or number_refused(message.to)
        if refused:
            raise PermanentFailure(refused)
        verdict = await self._ask(message)
        if verdict.refused:
            raise PermanentFailure(verdict.refused)
        if verdict.later:
            raise TemporaryFailure(verdict.later, retry_after=RETRY_SECONDS)
        if verdict.withheld:
            return _withhold(message, verdict.withheld)
        return await self._inner.send(message)

    async def _ask(self, message: Message) -> Verdict:
        if self.keeper is None:
            return Verdict(refused="no_keeper")
        try:
            return await self.keeper.do(lambda engine: look(engine, message, self.stopped))
        except StoreError:
            return Verdict(later="store")
        except EmergencyError:
            return Verdict(refused="drill_unknown")

    async def warm(self) -> None:
        """See `Warms`."""
        if isinstance(self._inner, Warms):
            await self._inner.warm()

    async def find(self, message: Message, since: datetime, known: frozenset[str]) -> Receipt | None:
        """See `KeepsTraces.find`."""
        return await self._inner.find(message, since, known) if isinstance(self._inner, KeepsTraces) else None

    async def status(self, receipt: Receipt, delivery: str) -> Report | None:
        """See `KeepsTraces.status`; nobody reports on what was withheld."""
        if receipt.provider == WITHHELD or not isinstance(self._inner, KeepsTraces):
            return None
        return await self._inner.status(receipt, delivery)

    async def hang_up(self, receipt: Receipt) -> bool:
        """See `HangsUp`; what was withheld rings nowhere."""
        if receipt.provider == WITHHELD or not isinstance(self._inner, HangsUp):
            return False
        return await self._inner.hang_up(receipt)

    async def replies(self, since: datetime) -> Sequence[Inbound]:
        """See `ReadsReplies`: those to the sender of drills."""
        return await self._inner.replies(since) if isinstance(self._inner, ReadsReplies) else ()

    async def close(self) -> None:
        """Let go of connections."""
        await self._inner.close()


def _withhold(message: Message, how: str) -> Receipt:
    """Do with a message what the inject says: lost without a word, refused for good, refused for now, or answered as a
    busy line or a machine would."""
    if how in ("busy", "machine"):
        raise PermanentFailure(how)
    if how in ("delay", "rate_limit"):
        raise TemporaryFailure(WITHHELD, retry_after=RETRY_SECONDS)
    if how == "reject":
        raise PermanentFailure(WITHHELD)
    return Receipt(provider=WITHHELD, provider_id=f"{WITHHELD}-{message.id}-{message.attempt}")


# what can be told from the message alone


def words_refused(message: Message) -> str:
    """Return why the words of *message* may not leave in a drill, or nothing."""
    if message.mode != "live_drill":
        return "wrong_mode"
    if hides_something(message.text):
        return "hidden_characters"
    if not is_marked(message.text, message.language, message.channel):
        return "no_drill_mark"
    return "denies_drill" if denies_drill(message.text) else ""


def number_refused(number: str) -> str:
    """Return why *number* may not be reached in a drill, or nothing: it must be a whole number that exists, of a person
    and not of a service, written in plain digits."""
    digits = digits_of(number)
    if digits in SERVICES or len(digits) < SHORTEST:
        return "emergency_number"
    if not _E164.fullmatch(number):
        return "bad_number"
    return "emergency_number" if _is_service(number) else ""


def _is_service(number: str) -> bool:
    """Whether behind country and area code nothing but a service's number is left, or no such number exists."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return True
    national = phonenumbers.national_significant_number(parsed)
    short = len(national) < LEAST_OF_COUNTRY.get(parsed.country_code or 0, LEAST_ANYWHERE)
    return short or national in SERVICES or not phonenumbers.is_valid_number(parsed)


def digits_of(number: str) -> str:
    """Return the digits of *number* in whatever script they are written."""
    return "".join(str(unicodedata.digit(ch)) for ch in unicodedata.normalize("NFKC", number) if ch.isdecimal())


def is_listed(number: str, listed: Iterable[str]) -> bool:
    """Return whether *number* is one of these, with or without country and area code."""
    digits = digits_of(number)
    for each in listed:
        known = digits_of(each)
        ends = known.lstrip("0")
        if known and (digits == known or (len(ends) >= LISTED_LEAST and digits.endswith(ends))):
            return True
    return False


# what the store says


def look(engine: Engine, message: Message, stopped: Callable[[datetime], bool] | None = None) -> Verdict:
    """Return what the store says of *message* now.

    Args:
        stopped: whether every drill was stopped from outside the store after a moment.
    """
    row = engine.store.delivery(message.id)
    if row is None or row.incident is None or row.mode != "live_drill":
        return Verdict(refused="wrong_mode")
    incident = engine.incident(row.incident)
    if incident.mode != "live_drill":
        return Verdict(refused="wrong_mode")
    drill = drill_of(engine, incident)
    if drill is None:
        return Verdict(refused="no_drill")
    entries = [written.entry for written in Books(engine.store).read(drill.id)]
    scenario = scenario_of(engine, drill)
    if is_listed(message.to, (*_agencies(incident.site), *(scenario.safety.never_contact if scenario else ()))):
        return Verdict(refused="never_contact")
    if row.urgency in STOPS:
        return Verdict()  # that it stands still or is over is said whatever else holds
    missing = not_released(entries, scenario) or _over(engine, incident, drill, entries)
    if missing:
        return Verdict(refused=missing)
    if _stands_still(engine, incident, drill) or (stopped is not None and stopped(last_begun(engine, incident))):
        return Verdict(later="drill_frozen")
    if not is_watched(engine):
        return Verdict(later="nobody_watches")
    return Verdict(withheld=_masked(engine, drill, scenario, row, incident.stood))


def _stands_still(engine: Engine, incident: Incident, drill: DrillRow) -> bool:
    """Whether a drill stands still, or what it belongs to does; or should, for something real goes on."""
    root = engine.incident(drill.incident) if drill.incident else incident
    if incident.frozen is not None or root.frozen is not None:
        return True
    return any(not is_drill(other.mode) and goes_on(other) for other in engine.open_incidents())


def _agencies(site: Site) -> Iterable[str]:
    return (agency.number for agency in site.agencies)


def drill_of(engine: Engine, incident: Incident) -> DrillRow | None:
    """Return the drill that *incident* belongs to: its own, or that of the incident that expected it."""
    books, seen = Books(engine.store), set[str]()
    while incident.id not in seen:
        seen.add(incident.id)
        row = books.of(incident.id)
        if row is not None or incident.parent is None or engine.store.incident(incident.parent) is None:
            return row
        incident = engine.incident(incident.parent)
    return None


def scenario_of(engine: Engine, drill: DrillRow) -> Scenario | None:
    """Return the scenario of a drill, or None where it has none. Raises StoreDamaged: it cannot be read."""
    return _SCENARIO.decode(engine.store.document(drill.scenario)) if drill.scenario else None


def not_released(entries: Iterable[book.AnyEntry], scenario: Scenario | None) -> str:
    """Return what keeps a live drill from sending: a notice that nobody has confirmed, or a release that is missing.
    Two different people release it; whoever sits at the console is nobody."""
    told = {entry.who for entry in entries if isinstance(entry, book.NoticeConfirmed)}
    wanted = [notice.who for notice in scenario.safety.notices if notice.confirm] if scenario else []
    if any(who not in told for who in wanted):
        return "notice_missing"
    released = {entry.by for entry in entries if isinstance(entry, book.Released)} - {"", "console"}
    return "" if len(released) >= 2 else "not_released"


def _over(engine: Engine, incident: Incident, drill: DrillRow, entries: Iterable[book.AnyEntry]) -> str:
    if incident.over or drill.ended_at is not None:
        return "drill_over"
    if any(isinstance(entry, book.Aborted | book.Ended | book.Closed) for entry in entries):
        return "drill_over"
    planned = next((entry for entry in entries if isinstance(entry, book.Planned)), None)
    began = drill.begins_at or incident.opened
    if planned is not None and engine.clock.now() >= began + planned.maximum:
        return "past_maximum"
    return ""


def is_watched(engine: Engine) -> bool:
    """Return whether a server is alive that hears what people answer, and fires what is due."""
    beat = engine.store.heartbeat(SERVER)
    return beat is not None and abs(wall_of(engine.clock) - beat[0]) <= LOST and ids.is_alive(beat[1])


def last_begun(engine: Engine, incident: Incident) -> datetime:
    """Return when *incident* began, or went on last after it had stood still."""
    from emergency.core.events import DrillResumed

    moments = [incident.opened]
    if incident.stood:
        moments += [at for event, at in engine.store.history(incident.id) if isinstance(event, DrillResumed)]
    return max(moments)


def _masked(engine: Engine, drill: DrillRow, scenario: Scenario | None, row: OutboxRow, stood: timedelta) -> str:
    """Return how an inject that is in effect withholds a message, or nothing.

    Args:
        stood: how long the drill has stood still: what lasts until a time of the drill lasts so much longer.
    """
    now = engine.clock.now()
    for written in Books(engine.store).read(drill.id):
        mask = _mask(written, scenario, (drill.begins_at or written.at) + stood)
        if mask is not None and mask.holds(row.person, row.channel, now) and (how := _how(mask, row, now)):
            return how
    return ""


def _mask(written: book.Written, scenario: Scenario | None, begins: datetime) -> masks.Mask | None:
    """Return the mask that an entry put into effect; whom a role named is in the entry."""
    entry = written.entry
    inject = scenario.inject(entry.inject) if scenario is not None and isinstance(entry, book.InjectReleased) else None
    if inject is None or not isinstance(entry, book.InjectReleased):
        return None
    return masks.mask_of(inject, written.at, begins, lambda role: entry.target.split())


def _how(mask: masks.Mask, row: OutboxRow, now: datetime) -> str:
    if mask.kind == "channel.slow":
        return "delay" if now < row.queued_at + mask.by else ""
    if mask.kind == "channel.outage":
        return mask.failure or "reject"
    return {"person.unreachable": "lost", "channel.voicemail": "machine", "channel.busy": "busy"}.get(mask.kind, "")
