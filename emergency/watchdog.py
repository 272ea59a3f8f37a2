"""Who watches the watcher: systemd, and an outside monitor by an address that is called while all is well."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from emergency.errors import SettingsError

DEADMAN_SECONDS = 60


def notify(words: str) -> None:
    """Tell systemd (sd_notify(3)): READY=1, WATCHDOG=1, STOPPING=1, STATUS=... Outside systemd nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.connect("\0" + address[1:] if address.startswith("@") else address)
            sock.sendall(words.encode())
    except OSError:
        return  # a supervisor that went away must not end what it supervised


def deadman_url(env: Mapping[str, str]) -> str | None:
    """Return EMERGENCY_DEADMAN_URL, or None where there is none.

    Raises:
        SettingsError: it is no web address.
    """
    url = env.get("EMERGENCY_DEADMAN_URL", "")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SettingsError(
            "EMERGENCY_DEADMAN_URL is no web address; it begins with https://",
            "EMERGENCY_DEADMAN_URL 不是网址;要以 https:// 开头",
        )
    return url


async def call(url: str) -> None:
    """Call the dead-man address; what it answers does not matter, and that it does not is the monitor's to notice."""
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=10)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
            await answer.read()
    except (aiohttp.ClientError, OSError, TimeoutError):
        return
