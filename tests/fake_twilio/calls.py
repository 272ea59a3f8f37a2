"""Outgoing calls: what is refused at once, and the life of what is accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from .errors import MAGIC_CALL_FROM, MAGIC_CALL_TO, MAGIC_GOOD_FROM, Refused
from .messages import is_number, is_url
from .records import API_VERSION, CALL_ENDS, Call, rfc_2822
from .script import Answer
from .voice import Conversation
from .webhooks import Webhooks
from .world import World

EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
LONGEST_RING = 60.0

_EVENT_OF = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
_SIP = {"busy": "486", "no-answer": "487", "canceled": "487", "failed": "503"}


class Calls:
    """The outgoing side of `/Calls.json`."""

    def __init__(self, world: World, webhooks: Webhooks) -> None:
        self._world = world
        self._webhooks = webhooks

    def create(self, form: Mapping[str, str], events: Sequence[str]) -> Call:
        """Accept a call and let it begin, or refuse it.

        Args:
            events: the values of StatusCallbackEvent; a field that may come several times.

        Raises:
            Refused: with the code that Twilio would give.

        """
        self._check(form)
        world = self._world
        now = world.timeline.now()
        wanted = frozenset(" ".join(events).split()) or frozenset({"completed"})
        if not wanted <= EVENTS:
            raise Refused(20001, f"StatusCallbackEvent must be among {sorted(EVENTS)}")
        call = Call(
            sid=world.sid("CA"),
            account=world.account,
            to=form["To"],
            sender=form["From"],
            created=now,
            updated=now,
            form=form,
            events=wanted,
            history=[(now, "queued")],
        )
        with world.changing():
            world.calls[call.sid] = call
        call.task = asyncio.ensure_future(self._live(call, world.script(call.to).take_answer()))
        return call

    def end(self, call: Call, status: str) -> None:
        """End a call from outside, as a POST with Status does.

        Raises:
            Refused: 21220, where the call is over, or answered and only "canceled" was asked.

        """
        if call.ended:
            raise Refused(21220)
        if status == "canceled" and call.status == "in-progress":
            raise Refused(21220, "Call is in progress. Cannot cancel")
        if call.task is not None:
            call.task.cancel()
        self._move(call, "completed" if call.status == "in-progress" else "canceled")

    def _check(self, form: Mapping[str, str]) -> None:
        to, sender = form.get("To", ""), form.get("From", "")
        if not to:
            raise Refused(21201)
        if not sender:
            raise Refused(21213)
        if sender in MAGIC_CALL_FROM:
            raise Refused(MAGIC_CALL_FROM[sender])
        if sender not in self._world.numbers and sender != MAGIC_GOOD_FROM:
            raise Refused(21210 if is_number(sender) else 21212)
        if to in MAGIC_CALL_TO:
            raise Refused(MAGIC_CALL_TO[to])
        if not is_number(to):
            raise Refused(21211, f"Invalid 'To' Phone Number: {to}")
        if any(to.startswith(region) for region in self._world.closed_regions):
            raise Refused(21215)
        script = self._world.script(to)
        if script.refuses_calls is not None:
            raise Refused(script.refuses_calls)
        if not form.get("Twiml") and not is_url(form.get("Url", "")):
            raise Refused(21205)
        for name in ("StatusCallback", "AsyncAmdStatusCallback"):
            if form.get(name) and not is_url(form[name]):
                raise Refused(21609, f"The '{name}' URL is not a valid URL")

    # -- the life of a call

    async def _live(self, call: Call, answer: Answer) -> None:
        with self._world.working():
            try:
                await self._ring(call, answer)
            except Exception as error:  # a slip of the fake must end the call, and be seen
                self._world.problem("the fake itself", repr(error))
                self._move(call, "failed")

    async def _ring(self, call: Call, answer: Answer) -> None:
        settings = self._world.settings
        await self._after(call, settings.step, "initiated")
        if answer.pickup == "failed":
            await self._after(call, settings.step, "failed")
            return
        await self._after(call, settings.step, "ringing")
        longest = float(call.form.get("Timeout", LONGEST_RING))
        rings = longest if answer.pickup == "no-answer" else min(answer.rings, longest)
        await self._world.timeline.sleep(rings * settings.second)
        if answer.pickup in ("busy", "canceled"):
            self._move(call, answer.pickup)
        elif answer.pickup == "no-answer" or rings < answer.rings:
            self._move(call, "no-answer")
        else:
            await self._answered(call, answer)

    async def _answered(self, call: Call, answer: Answer) -> None:
        detection = call.form.get("MachineDetection", "")
        asynchronous = call.form.get("AsyncAmd", "").lower() == "true"
        call.started = self._world.timeline.now()
        if detection and not asynchronous:
            self._detect(call, answer, detection)
        self._move(call, "in-progress")
        if detection and asynchronous:
            self._detect(call, answer, detection)
            self._post_detection(call)
        await Conversation(self._world, self._webhooks, call, answer, self._form(call)).run()
        self._move(call, "completed")

    def _detect(self, call: Call, answer: Answer, detection: str) -> None:
        machine = "machine_end_beep" if detection == "DetectMessageEnd" else "machine_start"
        call.answered_by = machine if answer.pickup == "machine" else "human"

    async def _after(self, call: Call, seconds: float, status: str) -> None:
        await self._world.timeline.sleep(seconds)
        self._move(call, status)

    def _move(self, call: Call, status: str) -> None:
        now = self._world.timeline.now()
        with self._world.changing():
            call.status, call.updated = status, now
            call.history.append((now, status))
            if call.ended:
                call.finished = now
        event = "completed" if status in CALL_ENDS else _EVENT_OF[status]
        if call.form.get("StatusCallback") and event in call.events:
            self._post_status(call)
        call.sequence += 1

    # -- what is posted about it

    def _form(self, call: Call) -> dict[str, str]:
        form = {
            "CallSid": call.sid,
            "AccountSid": call.account,
            "From": call.sender,
            "To": call.to,
            "CallStatus": call.status,
            "ApiVersion": API_VERSION,
            "Direction": call.direction,
        }
        if call.answered_by is not None:
            form["AnsweredBy"] = call.answered_by
        return form

    def _post_status(self, call: Call) -> None:
        form = self._form(call)
        form["CallbackSource"] = "call-progress-events"
        form["Timestamp"] = rfc_2822(call.updated) or ""
        form["SequenceNumber"] = str(call.sequence)
        if call.ended:
            form["CallDuration"] = str(call.duration)
            form["Duration"] = str(-(-call.duration // 60))
            form["SipResponseCode"] = _SIP.get(call.status, "200")
        self._webhooks.status(
            call.sid,
            call.form["StatusCallback"],
            form,
            status=call.status,
            last=call.ended,
            phone=call.to,
            method=call.form.get("StatusCallbackMethod", "POST"),
        )

    def _post_detection(self, call: Call) -> None:
        url = call.form.get("AsyncAmdStatusCallback")
        if not url:
            return
        form = {
            "CallSid": call.sid,
            "AccountSid": call.account,
            "AnsweredBy": call.answered_by or "unknown",
            "MachineDetectionDuration": "2300",
        }
        self._webhooks.status(
            f"{call.sid} detection",
            url,
            form,
            status="detection",
            last=True,
            phone=call.to,
            method=call.form.get("AsyncAmdStatusCallbackMethod", "POST"),
        )
