"""A Twilio to test against: an HTTP server that behaves as the real one does, and as badly.

It shares no code with the product. In a test:

    with FakeTwilio() as twilio:
        maria = twilio.phone("+447700900001").will_press("1")
        twilio.webhook("https://alarm.example/hooks/sms")
        ...
        maria.expect_sms("fire", "hall 3")
        maria.texts("1")

As a process: `python -m tests.fake_twilio --port 8080`; see `admin.py` for how it is then set up.
"""

from .fake import FakeTwilio
from .harness import FakePhone, LiveCall
from .inbound import Heard
from .records import Call, Entry, Message, Problem, Said
from .script import Answer, Chaos, Fate, Script
from .world import ACCOUNT_SID, AUTH_TOKEN, NUMBERS, OLD_TOKEN, SERVICE_SID, Posted

__all__ = [
    "ACCOUNT_SID",
    "AUTH_TOKEN",
    "NUMBERS",
    "OLD_TOKEN",
    "SERVICE_SID",
    "Answer",
    "Call",
    "Chaos",
    "Entry",
    "FakePhone",
    "FakeTwilio",
    "Fate",
    "Heard",
    "LiveCall",
    "Message",
    "Posted",
    "Problem",
    "Said",
    "Script",
]
