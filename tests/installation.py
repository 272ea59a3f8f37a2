"""A sample installation on a clock of its own, for tests that need one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from emergency.app import App
from emergency.clock import VirtualClock
from emergency.notify import Notifier
from emergency.settings import Settings
from emergency.setup import make_installation

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
"""A Sunday, noon in Shanghai."""


def sample(home: Path, notifiers: Sequence[Notifier] = (), env: dict[str, str] | None = None) -> App:
    """Return the sample installation, made in *home*; the clock stands at Sunday noon."""
    settings = Settings(home, f"sqlite:///{home / 'emergency.db'}", "en", env or {})
    app = App(settings, list(notifiers), VirtualClock(NOON))
    make_installation(settings, app, sample=True)
    return app
