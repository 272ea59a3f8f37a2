"""Outgoing texts: what is refused at once, and the life of what is accepted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from .errors import FAILED_BEFORE_SENDING, MAGIC_GOOD_FROM, MAGIC_SMS_FROM, MAGIC_SMS_TO, Refused
from .records import API_VERSION, Message
from .script import Fate
from .segments import segments
from .webhooks import Webhooks
from .world import World

LONGEST_BODY = 1600
LONGEST_VALIDITY = 36_000.0
A_DAY = 86_400.0

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_URL = re.compile(r"https?://[^/\s]+\S*")

Step = tuple[float, str, int | None, bool]


def is_number(text: str) -> bool:
    """Return whether *text* is a phone number in E.164."""
    return _E164.fullmatch(text) is not None


def is_url(text: str) -> bool:
    """Return whether *text* is a URL that could be posted to."""
    return _URL.fullmatch(text) is not None


class Messages:
    """The outgoing side of `/Messages.json`."""

    def __init__(self, world: World, webhooks: Webhooks) -> None:
        self._world = world
        self._webhooks = webhooks
        self.on_arrival: Callable[[Message], None] = lambda _message: None

    def create(self, form: Mapping[str, str]) -> Message:
        """Accept a text and let its life begin, or refuse it.

        Raises:
            Refused: with the code that Twilio would give.

        """
        world = self._world
        to, body = form.get("To", ""), form.get("Body", "")
        self._check_text(to, body, form.get("StatusCallback", ""))
        service, sender = self._choose_sender(form, to)
        self._check_recipient(to, sender, service)
        parts = segments(body)
        wait = world.rate.wait(sender, parts, world.timeline.now())
        message = self._record(form, to, sender, service, parts)
        self._begin(message, sender, wait)
        return message

    def reply(self, to: str, sender: str, body: str) -> Message:
        """Send what the app answered to an inbound text; it needs no create request."""
        message = self._record({"Body": body}, to, sender, None, segments(body), direction="outbound-reply")
        self._begin(message, sender, 0.0)
        return message

    # -- refusing

    def _check_text(self, to: str, body: str, callback: str) -> None:
        if not to:
            raise Refused(21604)
        if not body:
            raise Refused(21602)
        if len(body) > LONGEST_BODY:
            raise Refused(21617)
        if callback and not is_url(callback):
            raise Refused(21609)

    def _choose_sender(self, form: Mapping[str, str], to: str) -> tuple[str | None, str]:
        """Return the Messaging Service, if one is used, and the number that will send."""
        world = self._world
        service = form.get("MessagingServiceSid") or None
        sender = form.get("From", "")
        if service is not None:
            if service not in world.services:
                raise Refused(21701)
            pool = world.services[service]
            if not pool:
                raise Refused(21703)
            chosen = len(world.sticky) % len(pool)
            return service, world.sticky.setdefault((service, to), pool[chosen])
        if not sender:
            raise Refused(21603)
        if sender in MAGIC_SMS_FROM:
            raise Refused(MAGIC_SMS_FROM[sender])
        if sender not in world.numbers and sender != MAGIC_GOOD_FROM:
            raise Refused(21606 if is_number(sender) else 21212)
        return None, sender

    def _check_recipient(self, to: str, sender: str, service: str | None) -> None:
        world = self._world
        if to in MAGIC_SMS_TO:
            raise Refused(MAGIC_SMS_TO[to])
        if not is_number(to):
            raise Refused(21211, f"Invalid 'To' Phone Number: {to}")
        if to == sender:
            raise Refused(21266)
        if any(to.startswith(region) for region in world.closed_regions):
            raise Refused(21408)
        script = world.script(to)
        if script.refuses_sms is not None:
            raise Refused(script.refuses_sms)
        if (to, self.block_of(sender, service)) in world.opted_out:
            raise Refused(21610)

    def block_of(self, sender: str, service: str | None = None) -> str:
        """Return what a STOP to *sender* blocks: the Messaging Service it belongs to, or itself."""
        return service or self._world.service_of(sender) or sender

    # -- accepting

    def _record(
        self,
        form: Mapping[str, str],
        to: str,
        sender: str,
        service: str | None,
        parts: int,
        direction: str = "outbound-api",
    ) -> Message:
        world = self._world
        now = world.timeline.now()
        status = "accepted" if service else "queued"
        message = Message(
            sid=world.sid("SM"),
            account=world.account,
            to=to,
            sender="" if service else sender,
            body=form["Body"],
            direction=direction,
            status=status,
            created=now,
            updated=now,
            segments=parts,
            service=service,
            callback=form.get("StatusCallback", ""),
            validity=_validity(form.get("ValidityPeriod")),
            history=[(now, status)],
        )
        with world.changing():
            world.add_message(message)
        return message

    def _begin(self, message: Message, sender: str, wait: float | None) -> None:
        fate = self._world.script(message.to).take_fate()
        if self._world.in_china(message.to) and self._told_too_often(message):
            fate = Fate(status="undelivered", error=30007)
        self._walk(message, sender, iter(list(self._steps(message, fate, wait))))

    def _told_too_often(self, message: Message) -> bool:
        """Return whether this is the third time in a day that a phone is told the same."""
        now = self._world.timeline.now()
        told = self._world.recent_texts.setdefault((message.to, message.body), [])
        told[:] = [at for at in told if at > now - A_DAY]
        told.append(now)
        return len(told) > 2

    def _steps(self, message: Message, fate: Fate, wait: float | None) -> Iterator[Step]:
        """Yield each state still to come: the delay before it, its error, and whether the text is there."""
        step = self._world.settings.step
        if message.service is not None:
            yield step, "queued", None, False
        if wait is None:
            yield step, "failed", 30001, False
        elif wait >= message.validity:
            yield message.validity, "failed", 30036, False
        elif fate.status == "failed" and fate.error in FAILED_BEFORE_SENDING:
            yield wait + step, "failed", fate.error, False
        else:
            yield wait + step, "sending", None, False
            yield step, "sent", None, fate.status == "sent"
            if wait + fate.takes >= message.validity:
                yield message.validity - wait, "undelivered", 30036, False
            elif fate.status != "sent":
                yield fate.takes + step, fate.status, fate.error, fate.status == "delivered"

    def _walk(self, message: Message, sender: str, steps: Iterator[Step]) -> None:
        following = next(steps, None)
        if following is None:
            return
        delay, status, error, arrives = following

        def take() -> None:
            self._move(message, sender, status, error, arrives)
            self._walk(message, sender, steps)

        self._world.timeline.after(delay, take)

    def _move(self, message: Message, sender: str, status: str, error: int | None, arrives: bool) -> None:
        world = self._world
        now = world.timeline.now()
        with world.changing():
            if not message.sender:
                message.sender = sender
                world.by_sender.setdefault(sender, []).append(message)
            message.status, message.error, message.updated = status, error, now
            message.history.append((now, status))
            if status == "sent":
                message.sent = now
            if arrives:
                message.arrived = True
                world.last_sender[message.to] = sender
        if message.callback:
            self._post_status(message)
        if arrives:
            self.on_arrival(message)

    def _post_status(self, message: Message) -> None:
        form = {
            "SmsSid": message.sid,
            "SmsStatus": message.status,
            "MessageStatus": message.status,
            "To": message.to,
            "MessageSid": message.sid,
            "AccountSid": message.account,
            "From": message.sender,
            "ApiVersion": API_VERSION,
        }
        if message.service:
            form["MessagingServiceSid"] = message.service
        if message.error:
            form["ErrorCode"] = str(message.error)
        self._webhooks.status(
            message.sid,
            message.callback,
            form,
            status=message.status,
            last=message.ended,
            phone=message.to,
            method="POST",
        )


def _validity(text: str | None) -> float:
    if text is None:
        return LONGEST_VALIDITY
    if not text.isdigit() or not 1 <= int(text) <= LONGEST_VALIDITY:
        raise Refused(20001, "ValidityPeriod must be between 1 and 36000 seconds")
    return float(text)
