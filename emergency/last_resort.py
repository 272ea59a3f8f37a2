"""When the store cannot be used: a first wave from the last good copy, a journal, and its way back into the log.

The core needs no store: it decides the opening in memory. What was sent is written line by line to a journal that a
person can read; `recover` turns it into an incident like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from emergency import ids
from emergency.clock import Clock, wall_of
from emergency.core import commands as c
from emergency.core import events as e
from emergency.core.decide import decide
from emergency.core.incident import Alert, Incident, evolve, fold
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.core.values import is_drill
from emergency.core.wording import call_language, render_sms, render_voice, words_for
from emergency.drills.live import brake
from emergency.engine import Engine
from emergency.errors import DeliveryError, StoreDamaged, StoreError
from emergency.languages.shelf import in_use
from emergency.match import find_place, find_playbook
from emergency.notify import Message, Notifier
from emergency.phrases import phrase, trouble_zh
from emergency.roster import Reach, Roster, members
from emergency.store.codec import from_text, to_text
from emergency.verbs import severity_of

COPY = "last-good.json"
FOLDER = "last-resort"
FIRST_CODE = 901
"""Codes 901 to 999 belong to the last resort: nobody can look up which others are in use."""
Say = Callable[[str], None]


class Copy(msgspec.Struct, frozen=True):
    """All that a first wave needs: the site, the people with their numbers, the plans."""

    site: Site
    roster: Roster
    playbooks: tuple[Playbook, ...]


def keep_copy(home: Path, site: Site, roster: Roster, playbooks: Sequence[Playbook]) -> None:
    """Write the copy that a last resort works from; readable by its owner alone, never half written."""
    path = home / COPY
    part = path.with_name(COPY + ".part")
    body = msgspec.json.encode(Copy(site, roster, tuple(playbooks)), order="sorted")
    if path.exists() and path.read_bytes() == body:
        return
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(body)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(part, path)


def read_copy(home: Path) -> Copy:
    """Return the last good copy.

    Raises:
        StoreError: there is none that can be read.
    """
    path = home / COPY
    try:
        return msgspec.json.decode(path.read_bytes(), type=Copy)
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreError(
            f"{path} cannot be read: there is no last good copy to work from. Call people by hand",
            f"{path} 读不出:没有可用的副本。请照应急电话表逐个打电话",
        ) from error


class Journal:
    """What was done, a line of JSON each: on the disk before the next thing is done, else on the screen."""

    def __init__(self, home: Path, incident: str, say: Say, lang: str = "en") -> None:
        self.path = home / FOLDER / f"{incident}.jsonl"
        self._say = say
        self._lang = lang
        self._stream: Any = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._stream = os.fdopen(descriptor, "ab")
        except OSError as error:
            say(phrase("no_journal", lang, why=_trouble(error, lang)))

    def write(self, at: datetime, event: e.AnyEvent) -> None:
        """Keep one event."""
        data = msgspec.json.encode(event)
        line = b'{"at":"' + to_text(at).encode() + b'","event":' + data + b"}\n"
        try:
            if self._stream is not None:
                self._stream.write(line)
                self._stream.flush()
                os.fsync(self._stream.fileno())
                return
        except OSError as error:
            self._stream = None
            self._say(phrase("no_more_journal", self._lang, why=_trouble(error, self._lang)))
        if not isinstance(event, (e.TimerSet, e.IncidentOpened)):
            self._say("  " + line.decode().strip()[:300])

    def close(self) -> None:
        """Let go of the file."""
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.close()


def _trouble(error: OSError, lang: str) -> str:
    return trouble_zh(error) if lang == "zh" else str(error.strerror)


def trigger(
    home: Path,
    notifiers: Sequence[Notifier],
    clock: Clock,
    say: Say,
    *,
    playbook: str,
    at: str | None,
    severity: str | None,
    lang: str = "en",
) -> dict[str, Any]:
    """Open an incident without a store, send its first wave, and say in *lang* what a person has to do now.

    Returns: the code, the journal's path, and how many messages went out and failed.

    Raises:
        Mistakes: unknown playbook or place. StoreError: no last good copy.
    """
    copy = read_copy(home)
    in_use().bring({person.language for person in copy.roster.people.values()})
    plan = find_playbook(playbook, copy.playbooks)
    place = find_place(at, plan, copy.site)
    now = clock.now()
    channels = tuple(
        ch for ch in ("sms", "voice") if any(n.channel == ch and "real" in n.abilities.modes for n in notifiers)
    )
    command = c.OpenIncident(
        incident=ids.new_incident_id(),
        code=f"{plan.code}{FIRST_CODE + int(now.timestamp()) % 99}",
        mode="real",
        playbook=plan,
        site=copy.site,
        place=place.id,
        members=members(copy.roster, copy.site, now, Reach(channels=channels or ("sms", "voice")), {}),
        by="console",
        severity=severity_of(severity) if severity else None,
    )
    events = decide(None, command, now)
    incident = fold((event, now) for event in events)
    if incident is None:
        raise StoreError("nothing could be decided", "定不出该通知谁。请照应急电话表逐个打电话")
    with contextlib.suppress(OSError):  # drills of a server that still runs stand still, whatever the store is like
        brake.pull(home, brake.Marker(wall_of(clock), brake.CONSOLE, "real", incident.code))
    journal = Journal(home, incident.id, say, lang)
    for event in events:
        journal.write(now, event)
    _run_card(incident, copy.roster, say)
    sent, failed = asyncio.run(_first_wave(incident, copy.roster, notifiers, clock, journal))
    journal.close()
    say(phrase("last_resort_sent", lang, code=incident.code, sent=sent, failed=failed))
    say(phrase("last_resort_after", lang))
    return {"incident": incident.code, "id": incident.id, "journal": str(journal.path), "sent": sent, "failed": failed}


async def _first_wave(
    incident: Incident, roster: Roster, notifiers: Sequence[Notifier], clock: Clock, journal: Journal
) -> tuple[int, int]:
    routes = {n.channel: n for n in notifiers if incident.mode in n.abilities.modes}
    queued = sorted(
        (d for d in incident.deliveries.values() if d.status == "queued"),
        key=lambda d: (incident.alerts[d.alert].kind != "task", int(d.id.rpartition(".")[2])),
    )
    sent = failed = 0
    for delivery in queued:
        number = _number(roster, delivery.person, delivery.number)
        notifier = routes.get("voice" if delivery.channel == "voice" else "sms")
        event: e.AnyEvent
        if notifier is None or number is None:
            event = e.DeliveryFailed(delivery=delivery.id, reason="no_number" if number is None else "no_provider")
        else:
            event = await _send(
                notifier, _message(incident, incident.alerts[delivery.alert], delivery.id, number, roster, notifier)
            )
        journal.write(clock.now(), event)
        sent += isinstance(event, e.DeliverySent)
        failed += isinstance(event, e.DeliveryFailed)
    for notifier in routes.values():
        await notifier.close()
    return sent, failed


def _number(roster: Roster, person: str, index: int) -> str | None:
    found = roster.people.get(person)
    return found.numbers[index] if found and index < len(found.numbers) else None


def _message(incident: Incident, alert: Alert, id: str, number: str, roster: Roster, notifier: Notifier) -> Message:
    line = words_for(incident, alert)
    if notifier.channel == "voice":
        said = call_language(line.language, notifier.abilities.voices, mixed=line.mixed, kinds=[line.kind])
        line = line if said == line.language else words_for(incident, alert, said)
    names = roster.names(line.language)
    text, keys = (render_sms([line], names, {}), "") if notifier.channel == "sms" else render_voice([line], names, {})
    return Message(
        id=id,
        attempt=1,
        mode=incident.mode,
        channel=notifier.channel,
        to=number,
        text=text,
        language=line.language,
        keys=keys,
    )


async def _send(notifier: Notifier, message: Message) -> e.AnyEvent:
    """Hand one message over; tries twice, and never gives up the rest for one."""
    reason = ""
    for _ in range(2):
        try:
            receipt = await notifier.send(message)
            return e.DeliverySent(delivery=message.id, provider=receipt.provider, provider_id=receipt.provider_id)
        except DeliveryError as error:
            reason = error.reason
    return e.DeliveryFailed(delivery=message.id, reason=reason)


def _run_card(incident: Incident, roster: Roster, say: Say) -> None:
    """Print what the first state asks of whom, with numbers to call by hand: the store cannot be asked for them."""
    plan, place = incident.playbook, incident.site.place(incident.place)
    say(f"LAST RESORT 应急兜底  {incident.code}  {plan.title.zh} {plan.title.en} · {place.name.zh} {place.name.en}")
    for run in incident.runs_here():
        step = incident.plan_of(run)
        if step is None:
            continue
        people = ", ".join(roster.people[p].name.zh for p in incident.holders(run.role) if p in roster.people)
        say(f"  {incident.site.duty(run.role).title.zh} ({people}): {step.do.zh} / {step.do.en}")
    for person in (roster.people[id] for id in incident.alerted if id in roster.people):
        say(f"  {person.name.zh} {person.name.en}: {', '.join(person.numbers) or '?'}")
    for agency in plan.agencies:
        known = incident.site.agency(agency.name)
        if known is not None:
            say(f"  {known.name.zh} {known.name.en}: {known.number}")


def journals(home: Path) -> list[Path]:
    """Return the journals that are not in the log yet, oldest first."""
    return sorted((home / FOLDER).glob("*.jsonl"), key=lambda p: p.stat().st_mtime)


def recover(home: Path, engine: Engine) -> list[dict[str, Any]]:
    """Bring every journal into the log; a journal that is there already, or that cannot be read, changes nothing.

    Raises:
        StoreDamaged: names the journal and the line.
    """
    done = []
    for path in journals(home):
        lines = _read(path)
        incident = fold(lines)
        if incident is None:
            raise StoreDamaged(f"{path}: holds no opening", f"{path} 缺少开头,没有补入。请保留原件,人工补记")
        if engine.store.incident(incident.id) is None:
            engine.unit(partial(_bring_in, incident=incident, lines=lines))
        os.replace(path, path.with_suffix(".recovered"))
        done.append({"incident": incident.code, "id": incident.id, "lines": len(lines)})
    return done


def _bring_in(engine: Engine, incident: Incident, lines: list[tuple[e.AnyEvent, datetime]]) -> None:
    for version, (event, at) in enumerate(lines):
        engine.store.append(incident.id, version, [event], at)
    for name, due in incident.timers.items():
        engine.store.set_timers(incident.id, {name: due})
    if not is_drill(incident.mode) and not incident.is_closed:
        engine.freeze_drills("console", "real", engine.incident(incident.id))


def _read(path: Path) -> list[tuple[e.AnyEvent, datetime]]:
    found: list[tuple[e.AnyEvent, datetime]] = []
    incident: Incident | None = None
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            raw = json.loads(line)
            event = msgspec.convert(raw["event"], e.AnyEvent)
            incident = evolve(incident, event, from_text(raw["at"]))
        except (ValueError, KeyError, msgspec.MsgspecError):
            if number == len(path.read_bytes().splitlines()):
                break  # the last line may have been cut by a full disk
            raise StoreDamaged(
                f"{path}:{number}: is no line of a journal",
                f"{path} 第 {number} 行读不出,没有补入。请保留原件,人工补记",
            ) from None
        found.append((event, from_text(raw["at"])))
    return found
