"""One connection to Twilio for texts and calls together, opened when the first of them is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from emergency.errors import PermanentFailure, TemporaryFailure, UnknownOutcome
from notifiers.twilio.errors import CALLBACK_REFUSED, Refused, failure, not_now
from notifiers.twilio.settings import TwilioSettings

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

CLOCKS_DIFFER = timedelta(seconds=5)
"""How far Twilio's clock may be behind ours, its dates being cut to whole seconds: practice."""

CALL_OVER = (20404, 21220)
"""Twilio knows no such call, or it is over: there is nothing to end."""

_CALLBACKS = ("status_callback", "async_amd_status_callback")


class TwilioClient:
    """The library's client, made inside the running loop, with errors turned into ours."""

    def __init__(self, settings: TwilioSettings) -> None:
        self._settings = settings
        self._loop: AbstractEventLoop | None = None
        self._rest: Any = None

    def rest(self) -> Any:
        """Return the library's client for the running loop."""
        from asyncio import get_running_loop  # with ssl, it costs the command line more than all else here

        loop = get_running_loop()
        if self._rest is None or self._loop is not loop:
            self._rest, self._loop = self._connect(), loop
        return self._rest

    def _connect(self) -> Any:
        from twilio.rest import Client  # a quarter of a second

        from notifiers.twilio.transport import Transport

        settings = self._settings
        return Client(
            settings.account_sid,
            settings.auth_tokens[0],
            http_client=Transport(settings.api_url, settings.timeout),
            environment={"TWILIO_EDGE": ""},  # else the library reads the process's own
        )

    async def create(self, resource: Any, fields: dict[str, Any]) -> str:
        """Create one message or call and return its sid.

        Raises:
            TemporaryFailure, PermanentFailure, UnknownOutcome: as `Notifier.send` says.
        """
        try:
            made = await resource.create_async(**fields)
        except Refused as refused:
            bare = {name: value for name, value in fields.items() if name not in _CALLBACKS}
            if refused.code in CALLBACK_REFUSED and bare != fields:
                return await self.create(resource, bare)
            raise failure(refused) from None
        if not isinstance(made.sid, str):
            raise UnknownOutcome("no_answer")
        return made.sid

    async def ask(self, question: Awaitable[Any]) -> Any:
        """Return the answer to *question*, or None where Twilio knows nothing of it.

        Raises:
            TemporaryFailure: Twilio cannot be asked now.
        """
        from twilio.base.exceptions import TwilioException

        try:
            return await question
        except Refused as refused:
            if refused.code == 20404:
                return None
            raise not_now(refused) from None
        except TwilioException:  # a list that is none: something other than Twilio answered
            raise TemporaryFailure("no_answer") from None

    async def end_call(self, sid: str) -> bool:
        """End a call, whether it waits, rings or was answered (Twilio, "Modifying live calls": `canceled` would leave
        one alone that was answered, `completed` ends any); return False where it was over.

        Raises:
            TemporaryFailure, UnknownOutcome: nobody knows whether it goes on.
        """
        try:
            await self.rest().calls(sid).update_async(status="completed")
        except Refused as refused:
            if refused.code in CALL_OVER:
                return False
            raise not_now(refused) from None
        return True

    async def list(self, question: Awaitable[Any]) -> list[Any]:
        """Return a list that *question* asks for.

        Raises:
            TemporaryFailure: Twilio cannot be asked now, or does not know this account.
        """
        found = await self.ask(question)
        if found is None:
            raise TemporaryFailure("20404")
        return list(found)

    async def examine(self) -> datetime:
        """Return Twilio's own time, after it knew our account.

        Raises:
            PermanentFailure: `credentials`. TemporaryFailure: Twilio cannot be asked now.
        """
        from email.utils import parsedate_to_datetime

        rest = self.rest()
        url = f"https://api.twilio.com/2010-04-01/Accounts/{self._settings.account_sid}/Messages.json?PageSize=1"
        try:
            answer = await rest.request_async("GET", url)
        except Refused as refused:
            if refused.status in (401, 403):
                raise PermanentFailure("credentials") from None
            raise not_now(refused) from None
        date = answer.headers.get("Date", "")
        try:
            return parsedate_to_datetime(date).astimezone(UTC)
        except ValueError:
            raise TemporaryFailure("no_date") from None

    async def close(self) -> None:
        """Let go of the connections; the next use opens new ones."""
        rest, self._rest, self._loop = self._rest, None, None
        if rest is not None:
            await rest.http_client.close()


def first_made(records: Iterable[Any], since: datetime, known: frozenset[str]) -> Any:
    """Return the oldest of *records* that we made after *since* and that belongs to no other delivery, or None."""
    earliest = since.astimezone(UTC).replace(microsecond=0) - CLOCKS_DIFFER
    ours = [
        record
        for record in records
        if record.direction == "outbound-api"
        and record.sid not in known
        and isinstance(record.date_created, datetime)
        and record.date_created >= earliest
    ]
    return min(ours, key=lambda record: record.date_created, default=None)
