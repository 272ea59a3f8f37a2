"""Which notifiers an installation has: one function that a reader can follow, no folder that is scanned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from emergency.notify import Hooks, Notifier
from notifiers.screen import ScreenPhones
from notifiers.twilio import build, for_drills, from_environment


def notifiers_for(env: Mapping[str, str], now: Callable[[], datetime], show: Callable[[str], None]) -> list[Notifier]:
    """Return every notifier of this installation: the screen for drills, Twilio for what is real, and Twilio with a
    sender of its own for drills on real telephones. `App` puts the gate before the last.

    Args:
        show: takes one line for each message of a drill.
    """
    found: list[Notifier] = [ScreenPhones("sms", show), ScreenPhones("voice", show)]
    settings = from_environment(env)
    if settings is not None:
        found += build(settings, now=now).values()
    drills = for_drills(env)
    if drills is not None:
        found += build(drills, now=now, modes=frozenset({"live_drill"})).values()
    return found


def hooks_for(env: Mapping[str, str]) -> Hooks | None:
    """Return what the provider may post to us, or None without a provider or a public address."""
    settings = from_environment(env)
    if settings is None or settings.public_url is None:
        return None
    from notifiers.twilio.hooks import TwilioHooks

    return TwilioHooks(settings)
