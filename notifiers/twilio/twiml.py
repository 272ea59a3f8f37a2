"""What is said in a call, as TwiML. The library escapes the words, so a note may hold anything."""

from __future__ import annotations

from typing import Any

from notifiers.twilio.sending import clean
from notifiers.twilio.settings import TwilioSettings

KEY_TIMEOUT = 10
"""Seconds that a key is waited for after the last word (emergencies.md c.4)."""
LONGEST = 4000
"""Characters of TwiML that may be sent along with a call: Twilio's limit."""


def say_twiml(text: str, language: str, settings: TwilioSettings, gather: str | None = None, *, times: int = 1) -> str:
    """Return a document that says *text* and hangs up, or waits for one key where *gather* is given.

    Args:
        language: one that there is a voice for.
        gather: where the key is posted to; also when none was pressed, so that we know.
        times: how often the words are said; a key ends them at once.

    Raises:
        KeyError: no voice speaks that language.
    """
    document = _document(text, language, settings, gather, verbs=times, loops=1)
    if len(document) <= LONGEST or times == 1:
        return document
    return _document(text, language, settings, gather, verbs=1, loops=times)


def _document(text: str, language: str, settings: TwilioSettings, gather: str | None, *, verbs: int, loops: int) -> str:
    from twilio.twiml.voice_response import Gather, VoiceResponse

    response = VoiceResponse()
    if gather is None:
        _say(response, text, language, settings, verbs, loops)
        return str(response)
    waiting = Gather(num_digits=1, timeout=KEY_TIMEOUT, action=gather, action_on_empty_result=True)
    _say(waiting, text, language, settings, verbs, loops)
    response.append(waiting)
    return str(response)


def _say(parent: Any, text: str, language: str, settings: TwilioSettings, verbs: int, loops: int) -> None:
    voice = settings.voice(language)
    loop = loops if loops > 1 else None
    for count in range(verbs):
        if count:
            parent.pause(length=1)
        parent.say(clean(text), voice=voice.name, language=voice.language, loop=loop)
