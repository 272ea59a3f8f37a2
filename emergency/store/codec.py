"""An event to JSON and back, and the hash chain that binds one to the next.

A stored event keeps its kind and version `v`. Shapes grow; old ones are lifted here, never rewritten. The plan and
the site stand in the log as digests of documents that are kept beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from emergency.core import events as e
from emergency.core.playbook import Playbook
from emergency.core.site import Member, Site
from emergency.core.values import Mode, Severity

VERSION = 1
Fetch = Callable[[str], bytes]

_EVENTS = msgspec.json.Decoder(e.AnyEvent)
_ENCODER = msgspec.json.Encoder()
_PLAYBOOK = msgspec.json.Decoder(Playbook)
_SITE = msgspec.json.Decoder(Site)
_playbooks: dict[str, Playbook] = {}
_sites: dict[str, Site] = {}


def digest(body: bytes) -> str:
    """Return the name of a document: its SHA-256."""
    return hashlib.sha256(body).hexdigest()


@lru_cache(maxsize=64)
def encode_document(value: Playbook | Site) -> bytes:
    """Return a plan or a site as canonical JSON."""
    return msgspec.json.encode(value, order="sorted")


@lru_cache(maxsize=64)
def document_digest(value: Playbook | Site) -> str:
    """Return the digest under which a plan or a site is kept."""
    return digest(encode_document(value))


def decode_playbook(name: str, fetch: Fetch) -> Playbook:
    """Return the plan with this digest; the same object each time, so that it is compiled once."""
    if name not in _playbooks:
        _playbooks[name] = _PLAYBOOK.decode(fetch(name))
    return _playbooks[name]


def decode_site(name: str, fetch: Fetch) -> Site:
    """Return the site with this digest."""
    if name not in _sites:
        _sites[name] = _SITE.decode(fetch(name))
    return _sites[name]


def encode(event: e.AnyEvent) -> bytes:
    """Return *event* as JSON; the opening names its plan and site by digest."""
    if not isinstance(event, e.IncidentOpened):
        return _ENCODER.encode(event)
    fields = {name: getattr(event, name) for name in _Opened.__struct_fields__}
    rest = {name: value for name, value in fields.items() if value or name not in _LATER}
    kept = {"playbook": document_digest(event.playbook), "site": document_digest(event.site)}
    return _ENCODER.encode({"type": "IncidentOpened", **rest, **kept})


def decode(kind: str, v: int, data: bytes, fetch: Fetch) -> e.AnyEvent:
    """Return the event that was stored as *data*.

    Args:
        fetch: document digest to its body.

    Raises:
        ValueError: no release of this program wrote that.
    """
    if v > VERSION:
        raise ValueError(f"event {kind} has version {v}; this release knows {VERSION}")
    try:
        if kind != "IncidentOpened":
            event: e.AnyEvent = _EVENTS.decode(data)
            return event
        return _opened(msgspec.json.decode(data), fetch)
    except msgspec.MsgspecError as error:
        raise ValueError(f"event {kind} cannot be read: {error}") from error


def _opened(data: dict[str, Any], fetch: Fetch) -> e.IncidentOpened:
    playbook, site = data.pop("playbook"), data.pop("site")
    rest = msgspec.convert(data, _Opened)
    return e.IncidentOpened(
        playbook=decode_playbook(playbook, fetch), site=decode_site(site, fetch), **msgspec.structs.asdict(rest)
    )


_LATER = frozenset({"parent", "armed", "offset", "director"})
"""Fields that came with a later release: a log without them is written as it always was."""


class _Opened(msgspec.Struct, kw_only=True, tag="IncidentOpened"):
    """The opening without its documents."""

    incident: str
    code: str
    mode: Mode
    place: str
    severity: Severity
    members: tuple[Member, ...]
    by: str
    note: str | None = None
    parent: str | None = None
    armed: bool = False
    offset: int = 0
    director: str = ""


def chain(previous: str, incident: str, seq: int, at: str, kind: str, v: int, data: bytes) -> str:
    """Return the hash of an event, bound to the one before; the first is bound to the incident's id."""
    head = f"{previous or incident}\n{incident}\n{seq}\n{at}\n{kind}\n{v}\n".encode()
    return hashlib.sha256(head + data).hexdigest()


def to_text(moment: datetime) -> str:
    """Return a moment in the one width that sorts: 2026-03-01T09:00:00.000000Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def from_text(text: str) -> datetime:
    """Return the moment that `to_text` wrote."""
    return datetime.fromisoformat(text)
