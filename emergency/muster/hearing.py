"""What comes in for a roll call: a text, a key in a call, a tap on a page. The inbox asks here before it reads on.

A code says which roll call is meant. A digit alone counts only while the roll call is all that waits for this person;
words that mean nothing else ("safe", 平安) count whenever one roll call expects them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from emergency.core import commands as c
from emergency.core.replies import parse
from emergency.core.templates import TEMPLATES
from emergency.core.wording import answer
from emergency.engine import Engine
from emergency.muster import answers, rolls
from emergency.muster.answers import Heard
from emergency.store.musters import MusterRow


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer did; says: what answers it.

    kind: roll_safe, roll_help, roll_away, unread (the words are kept), roll_unread (nothing is), which.
    """

    kind: str
    incident: str
    says: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a message did to roll calls.

    rest: what stands beside and names other codes. cry: the incidents of this person must hear it as well.
    which: codes that the person must choose from, together with the alerts that are open.
    """

    done: tuple[Done, ...] = ()
    rest: str = ""
    cry: bool = False
    which: tuple[str, ...] = ()


class Hearer(msgspec.Struct, frozen=True, kw_only=True):
    """One message of one person: who, in which language, by which way, entered by whom."""

    engine: Engine
    person: str
    language: str
    via: str
    by: str | None = None

    def text(self, text: str, alerts_open: bool) -> Told | None:
        """Read a text; None when it says nothing to any roll call. *alerts_open*: something else waits as well."""
        return self._coded(text) or self._bare(text, alerts_open)

    def _coded(self, text: str) -> Told | None:
        done: list[Done] = []
        table = rolls.musters(self.engine)
        for code in answers.codes(text):
            muster = table.by_code(code)
            found = answers.coded(text, code) if muster is not None else None
            mine = self._as_in(muster) if muster is not None and found is not None else None
            if muster is not None and found is not None and mine is not None:
                heard, text = found
                done.append(mine.take(muster, heard))
        if not done:
            return None
        return Told(done=tuple(done), rest=text if any(reply.code for reply in parse(text)) else "")

    def _as_in(self, muster: MusterRow) -> Hearer | None:
        """Return who this is in a roll call: a guest of two has an id in each. None where it is not theirs to answer:
        whoever is in the roster may come on a list that is open, and nobody on one that is over."""
        table = rolls.musters(self.engine)
        if table.person(muster.incident, self.person) is not None:
            return self
        guest = table.guest(self.person)
        if guest is None:
            return self if muster.closed_at is None else None
        there = table.guest_with(muster.incident, guest.number)
        return replace(self, person=there) if there is not None else None

    def _bare(self, text: str, alerts_open: bool) -> Told | None:
        heard = answers.bare(text) or (None if alerts_open else _received(text))
        known = rolls.musters(self.engine).of_person(self.person) if heard is not None else []
        open_ = [(muster, status) for muster, status in known if muster.closed_at is None]
        if heard is None or not open_:
            return None
        if heard.cry:
            return Told(done=tuple(self.take(muster, heard) for muster, _ in open_), cry=True)
        if heard.key and alerts_open:
            silent = tuple(muster.code for muster, status in open_ if not status)
            return Told(which=silent) if silent else None
        if len(open_) == 1:
            return Told(done=(self.take(open_[0][0], heard),))
        return Told(done=(self._which([muster for muster, _ in open_]),))

    def pressed(self, delivery: str, key: str) -> Done | None:
        """Read a key pressed in a call of ours; None when the call was no roll call's."""
        parts = delivery.split(":")
        if len(parts) != 4 or parts[0] != "roll" or parts[2] != self.person:
            return None
        muster = rolls.musters(self.engine).of(parts[1])
        if muster is None:
            return None
        return self.take(muster, Heard(answer=answers.KEYS.get(key), key=True, cry=key == "9"))

    def take(self, muster: MusterRow, heard: Heard) -> Done:
        """Take down what was heard, and return what to say to it."""
        if heard.answer is None:
            self._note(muster, heard.words)
            kind = "unread" if heard.words else "roll_unread"
            return Done(kind=kind, incident=muster.incident, says=self._say("roll_unread", muster))
        incident = self.engine.incident(muster.incident)
        rolls.say(self.engine, incident, self.person, heard.answer, self.via, self.by, cry=heard.cry)
        self._note(muster, heard.words)
        over = self._say("roll_over", muster) if muster.closed_at is not None else ""
        kind = f"roll_{heard.answer}"
        return Done(kind=kind, incident=muster.incident, says=over or self._say(kind, muster))

    def _which(self, musters: Sequence[MusterRow]) -> Done:
        tasks = [{"ref": m.code, "do": choice(self.language)} for m in musters]
        values = {"n": len(tasks), "tasks": tasks, "ref": tasks[0]["ref"], "key": "+1"}
        return Done(kind="which", incident=musters[0].incident, says=answer("which", self.language, values))

    def _note(self, muster: MusterRow, words: str) -> None:
        """What somebody wrote beside the digit is for command: where they are, how many they are."""
        incident = self.engine.incident(muster.incident)
        if words and not incident.is_closed:
            seal = self.engine.store.seal(words[:1600])
            self.engine.handle(incident.id, c.AddNote(by=self.person, text=seal, via=self.via, show=True))

    def _say(self, template: str, muster: MusterRow) -> str:
        return answer(template, self.language, {"code": muster.code})


def choice(language: str) -> str:
    """Return a roll call as one of several things that wait for an answer."""
    return TEMPLATES["roll_which"].of(language)


def open_incident(engine: Engine, person: str) -> str | None:
    """Return the incident of the open roll call that expects somebody, or None."""
    known = rolls.musters(engine).of_person(person)
    return next((muster.incident for muster, _ in known if muster.closed_at is None), None)


def _received(text: str) -> Heard | None:
    """Return "received" as a roll call hears it: it says neither that the person is safe nor where they are, and
    is asked back with the three answers. None for anything else."""
    replies = parse(text)
    received = bool(replies) and all(reply.key == "1" and not reply.code for reply in replies)
    return Heard(answer=None, words=text) if received else None
