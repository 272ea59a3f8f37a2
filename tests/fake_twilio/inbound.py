"""Texts from phones to the app: posted to its webhook, and the answer followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .messages import Messages
from .records import API_VERSION, Message
from .segments import segments
from .signing import Signature
from .twiml import SMS_VERBS, BadTwiml, parse
from .webhooks import Sent, Webhooks, fault_of
from .world import Posted, World

STOP_WORDS = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
LONGEST_REDIRECTION = 5

_CARRIER_ANSWERS = {
    "STOP": "You have successfully been unsubscribed. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed. Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What became of one text to the app.

    `status` is what the app answered, None where it has no webhook or did not answer. `refused` says
    why the text never got through. `replies` are the texts that the answer asked for.
    """

    message: Message | None = None
    status: int | None = None
    body: str = ""
    content_type: str = ""
    error: str | None = None
    seconds: float = 0.0
    attempts: int = 0
    refused: str | None = None
    replies: list[Message] = field(default_factory=list)


def keyword_of(body: str) -> str | None:
    """Return STOP, START or HELP where *body* is one of the words that Twilio itself acts on."""
    word = body.strip().upper()
    if word in STOP_WORDS:
        return "STOP"
    if word in START_WORDS:
        return "START"
    return "HELP" if word in HELP_WORDS else None


class Inbound:
    """What phones send to the numbers of the account."""

    def __init__(self, world: World, webhooks: Webhooks, messages: Messages) -> None:
        self._world = world
        self._webhooks = webhooks
        self._messages = messages
        self._last_sent: dict[str, Sent] = {}

    async def receive(self, phone: str, body: str, to: str | None = None) -> Heard:
        """Take a text from *phone*, give it to the app, and return when the app has answered.

        Args:
            to: the number texted; the one that last wrote to this phone where not given.

        """
        world = self._world
        if world.in_china(phone):
            return Heard(refused="two-way SMS is not supported in mainland China")
        number = self._number(phone, to)
        message = self._record(phone, number, body)
        self._act_on_keyword(phone, number, body)
        hook = world.hook_of(number)
        if not hook.url:
            return Heard(message=message)
        with world.working():
            form = self._form(message)
            sent = self._webhooks.prepare(hook.url, form)
            self._last_sent[phone] = sent
            posted = await self._webhooks.send(sent)
            fault = fault_of(posted)
            if fault is not None:
                world.problem(hook.url, fault)
                if hook.fallback:
                    again = {**form, "ErrorUrl": hook.url, "ErrorCode": "11200"}
                    posted = await self._webhooks.send(self._webhooks.prepare(hook.fallback, again))
                    fault = fault_of(posted)
                    if fault is not None:
                        world.problem(hook.fallback, fault)
            replies = [] if fault else await self._follow(message, posted, hook.url)
        return _heard(message, posted, replies)

    async def forge(
        self, phone: str, body: str, to: str | None = None, *, signed: Signature = "good", padding: int = 0
    ) -> Heard:
        """Post what did not come from Twilio, or not in this form; the answer is not judged."""
        number = self._number(phone, to)
        message = self._record(phone, number, body, kept=False)
        sent = self._webhooks.prepare(
            self._world.hook_of(number).url, self._form(message), signed=signed, padding=padding
        )
        with self._world.working():
            return _heard(message, await self._webhooks.send(sent), [])

    async def replay(self, phone: str) -> Heard:
        """Post the last text of *phone* once more, the same to the byte, as an eavesdropper could."""
        if phone not in self._last_sent:
            raise LookupError(f"{phone} has not texted the app yet")
        with self._world.working():
            return _heard(None, await self._webhooks.send(self._last_sent[phone]), [])

    def forget(self) -> None:
        """Forget what could be replayed."""
        self._last_sent.clear()

    def _number(self, phone: str, to: str | None) -> str:
        world = self._world
        number = to or world.last_sender.get(phone) or next(iter(world.numbers), "")
        if number not in world.numbers:
            raise LookupError(f"{number!r} is not a number of this account")
        return number

    def _record(self, phone: str, number: str, body: str, *, kept: bool = True) -> Message:
        world = self._world
        now = world.timeline.now()
        message = Message(
            sid=world.sid("SM"),
            account=world.account,
            to=number,
            sender=phone,
            body=body,
            direction="inbound",
            status="received",
            created=now,
            updated=now,
            sent=now,
            segments=segments(body),
            service=world.service_of(number),
            history=[(now, "received")],
        )
        if kept:
            with world.changing():
                world.add_message(message)
        return message

    def _form(self, message: Message) -> dict[str, str]:
        form = {
            "ToCountry": "US",
            "SmsMessageSid": message.sid,
            "NumMedia": "0",
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "Body": message.body,
            "To": message.to,
            "NumSegments": str(message.segments),
            "MessageSid": message.sid,
            "AccountSid": message.account,
            "From": message.sender,
            "ApiVersion": API_VERSION,
        }
        if message.service:
            form["MessagingServiceSid"] = message.service
        return form

    def _act_on_keyword(self, phone: str, number: str, body: str) -> None:
        """Do what Twilio does by itself: block or unblock, and say so to the phone."""
        keyword = keyword_of(body)
        if keyword is None:
            return
        block = (phone, self._messages.block_of(number))
        if keyword == "STOP":
            self._world.opted_out.add(block)
        elif keyword == "START":
            self._world.opted_out.discard(block)
        answer = self._messages.reply(phone, number, _CARRIER_ANSWERS[keyword])
        answer.claimed = True

    async def _follow(self, message: Message, posted: Posted, url: str, depth: int = 0) -> list[Message]:
        """Send the texts that the app's answer asks for."""
        if not posted.body.strip():
            return []
        if posted.content_type == "text/plain":
            return [self._messages.reply(message.sender, message.to, posted.body)]
        replies: list[Message] = []
        try:
            for verb in parse(posted.body, SMS_VERBS):
                if verb.name == "Redirect":
                    return replies + await self._redirect(message, verb.text, depth + 1)
                body = verb.text or " ".join(part.text for part in verb.inner if part.name == "Body")
                replies.append(self._messages.reply(verb.get("to", message.sender), message.to, body))
        except BadTwiml as error:
            self._world.problem(url, str(error))
        return replies

    async def _redirect(self, message: Message, url: str, depth: int) -> list[Message]:
        if depth > LONGEST_REDIRECTION:
            self._world.problem(url, f"more than {LONGEST_REDIRECTION} redirects")
            return []
        posted = await self._webhooks.send(self._webhooks.prepare(url, self._form(message)))
        fault = fault_of(posted)
        if fault is not None:
            self._world.problem(url, fault)
            return []
        return await self._follow(message, posted, url, depth)


def _heard(message: Message | None, posted: Posted, replies: list[Message]) -> Heard:
    return Heard(
        message=message,
        status=posted.status,
        body=posted.body,
        content_type=posted.content_type,
        error=posted.error,
        seconds=posted.seconds,
        attempts=posted.attempts,
        replies=replies,
    )


def as_json(heard: Heard) -> Mapping[str, object]:
    """Return *heard* for the admin interface."""
    return {
        "sid": heard.message.sid if heard.message else None,
        "status": heard.status,
        "body": heard.body,
        "content_type": heard.content_type,
        "error": heard.error,
        "seconds": heard.seconds,
        "attempts": heard.attempts,
        "refused": heard.refused,
        "replies": [each.sid for each in heard.replies],
    }
