"""Ids and salts: the one place that rolls dice."""

from __future__ import annotations

import hashlib
import os
import secrets


def new_incident_id() -> str:
    """Return a fresh id of 12 hexadecimal digits."""
    return secrets.token_hex(6)


def new_request() -> str:
    """Return a fresh name for one request, 16 hexadecimal digits."""
    return secrets.token_hex(8)


def new_test_code() -> str:
    """Return a fresh code for a test of a telephone: `Z7K`.

    No incident, step or key has a Z in it (`core/replies.py`), so that no slip of a finger turns one into the other;
    what looks alike on a screen or sounds alike on the radio is left out.
    """
    return "Z" + secrets.choice("34679") + secrets.choice("ACDEFHJKMNPRTUVWXY")


def new_salt() -> bytes:
    """Return a salt that nobody can guess."""
    return os.urandom(16)


def new_link_key() -> bytes:
    """Return a key that links are signed with, of 32 bytes: as long as the digest of its MAC (RFC 2104, section 3)."""
    return os.urandom(32)


def seal_of(text: str, salt: bytes) -> tuple[str, bytes]:
    """Return the seal of *text* and its salt: a digest that gives the words away to nobody who lacks the salt."""
    return "seal:" + hashlib.sha256(salt + text.encode()).hexdigest()[:32], salt


def worker_id() -> str:
    """Return the name under which this process claims messages: its process id and a nonce."""
    return f"{os.getpid()}:{secrets.token_hex(4)}"


def is_alive(worker: str) -> bool:
    """Return whether the process that claimed under *worker* still runs on this machine."""
    pid = worker.partition(":")[0]
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
