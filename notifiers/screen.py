"""Drill messages on the screen: what people would receive, shown to whoever practises. No telephone is near."""

from __future__ import annotations

from collections.abc import Callable

from emergency.core.values import Channel
from emergency.errors import PermanentFailure
from emergency.notify import USUAL_CALLS, USUAL_TEXTS, Abilities, Message, Receipt


class ScreenPhones:
    """Shows each message of a drill as a line; carries nothing real."""

    def __init__(self, channel: Channel, show: Callable[[str], None]) -> None:
        self.name = f"screen_{channel}"
        self.channel: Channel = channel
        self.abilities = Abilities(
            modes=frozenset({"drill"}),
            two_way=True,
            free_text=True,
            keypad=False,
            receipts=False,
            per_second=1000.0,
            per_number=USUAL_CALLS if channel == "voice" else USUAL_TEXTS,
        )
        self._show = show

    async def send(self, message: Message) -> Receipt:
        """Show the message. Raises PermanentFailure for what is no drill."""
        if message.mode != "drill":
            raise PermanentFailure("wrong_mode")
        self._show(f"  {'SMS' if self.channel == 'sms' else 'TEL'}  {message.text}")
        return Receipt(provider="screen", provider_id=f"screen-{message.id}-{message.attempt}")

    async def close(self) -> None:
        """Nothing to let go of."""
