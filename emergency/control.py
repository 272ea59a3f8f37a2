"""The control socket: how the command line talks to a running server, importing only what Python starts with.

One request a connection: a line of JSON in, a line of JSON out. The socket lies in the installation's folder, and
only its owner may open it.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

LARGEST = 16_000_000
PATIENCE = 4.0
"""Seconds that a command waits for the server before it does the work itself."""


class NoServer(Exception):
    """Nobody listens, or nobody answered in time."""


def ask(path: Path, request: dict[str, Any], patience: float = PATIENCE) -> dict[str, Any]:
    """Return the server's answer to *request*.

    Raises:
        NoServer: the caller does the work itself; the request's id keeps it from being done twice.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(patience)
            sock.connect(str(path))
            sock.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(_line(sock))
            return answer
    except (OSError, ValueError) as error:
        raise NoServer(str(error)) from error


def _line(sock: socket.socket) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size < LARGEST:
        part = sock.recv(65536)
        if not part:
            break
        parts.append(part)
        size += len(part)
        if part.endswith(b"\n"):
            return b"".join(parts)
    raise OSError("the server went away")
