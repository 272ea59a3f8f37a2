"""One answered call: the TwiML is read out, keys are pressed, and what comes back is read out too."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import urljoin

from .records import Call, Said
from .script import Answer
from .twiml import VOICE_VERBS, BadTwiml, Verb, parse
from .webhooks import Webhooks
from .world import World

LETTERS_A_SECOND = 15.0
DEFAULT_GATHER_TIMEOUT = 5.0
HANG_UP = "hang up"

_APOLOGY = Said("en", "We are sorry, an application error has occurred. Goodbye.")


class HungUp(Exception):
    """The call is over."""


class Elsewhere(Exception):
    """The call goes on with another document."""

    def __init__(self, document: str, url: str):
        super().__init__(url)
        self.document = document
        self.url = url


class Conversation:
    """What is said and pressed in one call."""

    def __init__(self, world: World, webhooks: Webhooks, call: Call, answer: Answer, form: Mapping[str, str]) -> None:
        self._world = world
        self._webhooks = webhooks
        self._call = call
        self._answer = answer
        self._form = form
        self._keys = list(answer.keys) if answer.pickup == "human" else []
        self._gathers = 0
        self._url = ""

    async def run(self) -> None:
        """Follow the TwiML of the call until one side hangs up."""
        try:
            document = self._call.form.get("Twiml") or await self._fetch(self._call.form["Url"], first=True)
            for _ in range(self._world.settings.max_documents):
                try:
                    await self._read(document)
                    return
                except Elsewhere as turn:
                    document, self._url = turn.document, turn.url
            self._world.problem(self._url, "the call went from document to document without an end")
        except HungUp:
            return

    async def _read(self, document: str) -> None:
        try:
            for verb in parse(document, VOICE_VERBS):
                await self._do(verb)
        except BadTwiml as error:
            self._world.problem(self._url or "Twiml", str(error))
            self._hear(_APOLOGY)

    async def _do(self, verb: Verb) -> None:
        if verb.name == "Say":
            await self._say(verb)
        elif verb.name == "Pause":
            await self._pass(verb.number("length", 1))
        elif verb.name == "Gather":
            await self._gather(verb)
        elif verb.name == "Redirect":
            url = self._absolute(verb.text)
            raise Elsewhere(await self._fetch(url, method=verb.get("method", "POST")), url)
        else:
            raise HungUp

    async def _say(self, verb: Verb) -> None:
        said = Said(verb.get("language", "en-US"), verb.text, verb.get("voice"))
        for _ in range(max(1, int(verb.number("loop", 1)))):
            self._hear(said)
            await self._pass(len(said.text) / LETTERS_A_SECOND)
        if self._answer.hangs_up_after is not None and len(self._call.said) >= self._answer.hangs_up_after:
            raise HungUp

    def _hear(self, said: Said) -> None:
        with self._world.changing():
            self._call.said.append(said)

    async def _pass(self, seconds: float) -> None:
        """Let *seconds* of the call pass, which are far shorter on the wall."""
        self._call.seconds += seconds
        await self._world.timeline.sleep(seconds * self._world.settings.second)

    # -- keys

    async def _gather(self, verb: Verb) -> None:
        for inner in verb.inner:
            await self._do(inner)
        timeout = verb.number("timeout", DEFAULT_GATHER_TIMEOUT)
        keys = _entered(await self._press(timeout), verb)
        if not keys and verb.get("actionOnEmptyResult").lower() != "true":
            return
        with self._world.changing():
            self._call.pressed.append(keys)
        url = self._absolute(verb.get("action")) if verb.get("action") else self._url
        if not url:
            self._world.problem("Twiml", "a Gather without an action, in a call without a URL")
            raise HungUp
        digits = {"Digits": keys, "FinishedOnKey": ""}
        raise Elsewhere(await self._fetch(url, method=verb.get("method", "POST"), extra=digits), url)

    async def _press(self, timeout: float) -> str:
        """Return what the phone presses now; nothing, once *timeout* seconds of the call have passed."""
        if self._answer.by_hand:
            return await self._press_by_hand()
        index, self._gathers = self._gathers, self._gathers + 1
        if index < len(self._keys):
            key = self._keys[index]
            pressed = key if isinstance(key, str) else key(list(self._call.said))
            if pressed:
                return pressed
        await self._pass(timeout)
        return ""

    async def _press_by_hand(self) -> str:
        try:
            keys = await asyncio.wait_for(self._call.keys_by_hand.get(), self._answer.patience)
        except TimeoutError:
            return ""
        if keys == HANG_UP:
            raise HungUp
        return keys

    # -- documents

    def _absolute(self, url: str) -> str:
        """Return *url* seen from the document it stands in.

        Raises:
            BadTwiml: it is relative, and the document has no URL.

        """
        absolute = urljoin(self._url, url)
        if not absolute.startswith(("http://", "https://")):
            raise BadTwiml(f"{url!r} is relative, and an inline document has no URL to start from")
        return absolute

    async def _fetch(
        self, url: str, *, method: str = "POST", extra: Mapping[str, str] | None = None, first: bool = False
    ) -> str:
        call = self._call.form
        if first:
            self._url, method = url, call.get("Method", "POST")
        document = await self._webhooks.ask(
            url,
            {**self._form, **(extra or {})},
            method=method.upper(),
            fallback=call.get("FallbackUrl", "") if first else "",
        )
        if not document.strip():
            self._hear(_APOLOGY)
            raise HungUp
        return document


def _entered(keys: str, verb: Verb) -> str:
    """Return what a Gather makes of *keys*: up to the finishing key, and no more than it asked for."""
    finish = verb.get("finishOnKey", "#")
    if finish and finish in keys:
        keys = keys[: keys.index(finish)]
    most = int(verb.number("numDigits", 0))
    return keys[:most] if most else keys


def heard(said: Sequence[Said], words: Sequence[str]) -> bool:
    """Return whether all of *words* were said, in any order and case."""
    text = " ".join(each.text for each in said).lower()
    return all(word.lower() in text for word in words)
