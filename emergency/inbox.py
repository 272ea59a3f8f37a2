"""A reply from outside becomes a command; every accepted reply is answered with what it did.

The provider's id is written down in the transaction that acts, so a message is acted on once however often it comes.
Numbers nobody knows are counted and met with silence. What cannot be read becomes a note that command sees.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from emergency import proof
from emergency.core import commands as c
from emergency.core.calls import REAL_WORD
from emergency.core.incident import ASKING, BESIDE, Alert, Incident, StepRun
from emergency.core.marks import bare, bears_mark
from emergency.core.replies import Reply, is_opt_out, parse, split_code, tidy
from emergency.core.templates import FIRST_ANSWER_KEY, REASONS
from emergency.core.values import is_drill
from emergency.core.wording import answer, asked_to, keys_of, reference, what_to_do
from emergency.drills.live.brake import phrases
from emergency.engine import Engine
from emergency.errors import CommandRefused, StoreDamaged
from emergency.match import plain
from emergency.muster import hearing
from emergency.muster.rolls import ANSWER_URGENCY, keeps_up
from emergency.notify import Inbound
from emergency.outbox import answer_row
from emergency.people import People
from emergency.phones import hear

JUST_NOW = timedelta(minutes=15)
"""For so long after an end a call for help is brought to whoever commanded (practice)."""
QUIET_AFTER = 5
"""Answers that did nothing, to one person within an hour; then silence, or two machines would talk for ever."""
ROLL_NOTED = frozenset({"roll_safe", "roll_away"})
"""What ten thousand people say at once: that it was noted goes back behind every alert, while the sender keeps up."""
PASSIVE = frozenset({"unread", "roll_unread", "which", "foreign", "nothing"})


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a message did.

    kind: acknowledged, done, chosen, declined, help, again, over, which, foreign, unread, nothing, wrong_key,
        opt_out; roll_safe, roll_help, roll_away, roll_unread (answers to a roll call); proved, proved_before, no_proof
        (answers to a test of the telephone); or unknown (a number nobody has), repeated (it had come before).
    says: the words that answer it, in the person's language; empty where silence is the answer.
    """

    kind: str
    person: str = ""
    incident: str | None = None
    says: str = ""


class Inbox:
    """Reads what comes in. Stateless but for the roster it reads."""

    def __init__(self, people: People) -> None:
        self.people = people

    def receive(self, engine: Engine, inbound: Inbound, *, person: str | None = None, by: str | None = None) -> Outcome:
        """Act on *inbound* and queue the answer to it.

        Args:
            person: whose words these are, when somebody else enters them (`by`).
        """
        sender = person or self.people.owner(engine, inbound.sender)
        now = engine.clock.now()
        if not engine.store.first_time(inbound.id, now, inbound.channel, sender):
            engine.store.count("inbound_repeated")
            return Outcome(kind="repeated")
        if sender is None:
            engine.store.count("inbound_unknown")
            return Outcome(kind="unknown")
        reading = _Reading(engine, self.people, sender, inbound, by)
        outcomes = reading.test() or (reading.keys() if inbound.delivery is not None else reading.text())
        hear(engine, self.people.roster(engine), sender, inbound, {o.kind for o in outcomes})
        self._finish(engine, inbound, sender, outcomes)
        said = " ".join(dict.fromkeys(o.says for o in outcomes if o.says))
        first = outcomes[0]
        return Outcome(kind=first.kind, person=sender, incident=first.incident, says=said)

    def tapped(self, engine: Engine, *, id: str, person: str, incident: str, alert: str, key: str) -> Outcome:
        """Act on the button *key* that *person* tapped on the page of *alert*; what it did is shown there.

        Args:
            id: of this tap; the same tap again does nothing.
        """
        if not engine.store.first_time(id, engine.clock.now(), "link", person):
            engine.store.count("inbound_repeated")
            return Outcome(kind="repeated")
        inbound = Inbound(id=id, provider="link", channel="sms", sender="", text=key)
        outcome = _Reading(engine, self.people, person, inbound, None).tapped(incident, alert)
        engine.store.inbound_outcome(id, outcome.kind, outcome.incident)
        return replace(outcome, person=person)

    def _finish(self, engine: Engine, inbound: Inbound, sender: str, outcomes: Sequence[Outcome]) -> None:
        first = outcomes[0]
        now = engine.clock.now()
        said = " ".join(dict.fromkeys(o.says for o in outcomes if o.says))
        noisy = all(o.kind in PASSIVE for o in outcomes) and sum(
            engine.store.inbound_count(sender, now - timedelta(hours=1), kind) for kind in PASSIVE
        ) >= QUIET_AFTER  # fmt: skip
        engine.store.inbound_outcome(inbound.id, first.kind, first.incident)
        if not said or noisy or inbound.channel == "voice" or inbound.provider == "console":
            return
        person = self.people.person(engine, sender)
        if person is None or inbound.sender not in person.numbers:
            return
        incident = engine.incident(first.incident) if first.incident else None
        calm = all(o.kind in ROLL_NOTED for o in outcomes)
        if calm and incident is not None and not keeps_up(engine, incident.mode):
            return
        engine.store.queue(
            answer_row(
                engine,
                id=f"re:{inbound.id}",
                person=sender,
                number=person.numbers.index(inbound.sender),
                mode=incident.mode if incident else "real",
                text=said,
                language=person.language,
                sign=self.people.site(engine).signature.of(person.language),
                incident=first.incident,
                now=now,
                urgency=ANSWER_URGENCY if calm else _urgency(incident, outcomes),
            )
        )


def _urgency(incident: Incident | None, outcomes: Sequence[Outcome]) -> int:
    """Return how urgent an answer is: who reports something real in a drill, which stands still by that, hears at once
    that it was noted."""
    cry = incident is not None and is_drill(incident.mode) and any(o.kind == "help" for o in outcomes)
    return REAL_WORD if cry else 2


def _outcome(done: hearing.Done) -> Outcome:
    return Outcome(kind=done.kind, incident=done.incident, says=done.says)


class _Reading:
    """One message of one person, being read."""

    def __init__(self, engine: Engine, people: People, person: str, inbound: Inbound, by: str | None) -> None:
        self.engine = engine
        self.people = people
        self.person = person
        self.inbound = inbound
        self.by = by
        self.via = inbound.provider if inbound.provider in ("console", "link") else inbound.channel
        known = people.person(engine, person)
        self.language = known.language if known else "zh"
        if inbound.channel == "voice":
            self.language = people.languages.call_language(self.language)
        self.names = people.names(engine, self.language)

    # the whole message

    def test(self) -> list[Outcome]:
        """Read an answer to a test of this telephone; nothing when it is none."""
        found = proof.answered(self.engine, self.person, self.inbound, self.language)
        if found is None:
            return []
        said = ""
        if found.kind == "proved":
            said = self._say("test_ok", more=self._say("test_more", ref=found.row.code) if found.more else "")
        outcomes = [Outcome(kind=found.kind, says=said)]
        if found.rest:
            self.inbound = replace(self.inbound, text=found.rest)
            return [*self.text(), *outcomes]
        return outcomes

    def text(self) -> list[Outcome]:
        """Read what was written."""
        if is_opt_out(self.inbound.text):
            self._note(self.inbound.text)
            return [Outcome(kind="opt_out")]
        real = self._something_real()
        if real:
            return real
        forced = self._under_duress()
        if forced:
            return forced
        called = self._roll_call()
        if called:
            return called
        replies = parse(self.inbound.text)
        if not replies:
            return [self._unread(None)]
        outcomes = [self._one(self._resolved(reply)) for reply in replies]
        if any(reply.rest and reply.key == "1" for reply in replies):
            self._note(self.inbound.text, self._incident_of(replies[0].code))
        return outcomes

    def _roll_call(self) -> list[Outcome]:
        """Read an answer to a roll call; nothing when there is none in it."""
        open_ = [(i, a) for i in self._mine() for a in i.open_alerts(self.person)]
        told = self._hearer().text(self.inbound.text, bool(open_))
        if told is None:
            return []
        if told.which:
            return [self._which(open_, "+1", told.which)]
        outcomes = [_outcome(done) for done in told.done]
        if told.rest:
            self.inbound = replace(self.inbound, text=told.rest)
            return [*outcomes, *self.text()]
        if told.cry:
            outcomes += [self._help(incident) for incident in self._mine()]
        return outcomes

    def _hearer(self) -> hearing.Hearer:
        return hearing.Hearer(
            engine=self.engine, person=self.person, language=self.language, via=self.via, by=self.by
        )  # fmt: skip

    def _something_real(self) -> list[Outcome]:
        """Read the words that say, in a drill, that something real has happened: anywhere in a text, in any case. They
        stop every drill, whichever of them the person is in."""
        drills = self._practice()
        said = bare(self.inbound.text)
        heard = [i for i in drills if any(phrase in said for phrase in phrases(self.engine, i))]
        if not heard:
            return []
        self._note(self.inbound.text, heard[0], show=False)
        for incident in heard:
            self.engine.handle(incident.id, c.AskHelp(person=self.person, via="phrase"))
        self._tell_the_real("phrase")
        return [Outcome(kind="help", incident=i.id, says=self._say("helped", code=i.code)) for i in heard]

    def _over_just_now(self) -> list[Incident]:
        """Whoever cries for help as it is all over is heard where they were called last: command is still near."""
        since = self.engine.clock.now() - JUST_NOW
        for row in reversed(self.engine.store.all_incidents()):
            if row.closed_at is not None and row.closed_at > since:
                with contextlib.suppress(StoreDamaged):
                    incident = self.engine.incident(row.id)
                    if self.person in incident.of_person:
                        return [incident]
        return []

    def _practice(self) -> list[Incident]:
        """The open drills that this person is in; of whom nothing else is asked, every drill on real telephones: who
        directs, observes or passes by sees what goes wrong as well."""
        mine = self._mine()
        if mine:
            return [incident for incident in mine if is_drill(incident.mode)]
        return [i for i in self.engine.open_incidents() if i.mode == "live_drill" and not i.armed]

    def _under_duress(self) -> list[Outcome]:
        """Read the site's duress word, which says that all is well and means that it is not. The answer and the record
        show nothing of it: somebody may be looking on."""
        words = self.people.site(self.engine).code_words.get("duress")
        said = plain(self.inbound.text)
        if words is None or not any(plain(each) in said for each in (words.zh, words.en, words.of(self.language))):
            return []
        for incident in self._mine():
            self.engine.handle(incident.id, c.AskHelp(person=self.person, via="duress"))
        return [Outcome(kind="help", incident=i.id, says=self._say("got", ref=i.code, more="")) for i in self._mine()]

    def keys(self) -> list[Outcome]:
        """Read a key pressed in a call."""
        called = self._hearer().pressed(self.inbound.delivery or "", self.inbound.text.strip())
        if called is not None:
            return [_outcome(called)]
        rows = self._rows_of_call()
        key = self.inbound.text.strip()
        if not rows or key not in set("123456789"):
            return [Outcome(kind="unread", says=self._say("nothing"))]
        found = [(self.engine.incident(i), a) for i, a in rows]
        pairs = [(incident, incident.alerts[alert]) for incident, alert in found]
        asked = [(i, a) for i, a in pairs if a.kind in ASKING]
        if key == "9":
            return [self._help(incident) for incident in {i.id: i for i, _ in pairs}.values()]
        if not asked:
            return [Outcome(kind="nothing", says=self._say("nothing"))]
        if key == "1" or len(asked) == 1:
            return [self._press(incident, alert, key) for incident, alert in asked]
        return [self._which(asked, key)]

    def tapped(self, id: str, alert: str) -> Outcome:
        """Read a button tapped on the page of one alert, which is this person's own."""
        incident = self.engine.incident(id)
        asked = incident.alerts[alert]
        key = self.inbound.text
        if asked.person != self.person or asked.kind not in ASKING or incident.is_closed:
            return Outcome(kind="nothing", incident=id, says=self._say("nothing"))
        return self._help(incident) if key == "9" else self._press(incident, asked, key)

    def _rows_of_call(self) -> list[tuple[str, str]]:
        store = self.engine.store
        lead = store.delivery(self.inbound.delivery or "")
        if lead is None or lead.person != self.person:
            return []
        ids = [*store.went_with(lead.id), *(store.merged_with(lead.provider_id) if lead.provider_id else ())]
        rows = [store.delivery(id) for id in sorted({lead.id, *ids})]
        return [(r.incident, r.alert) for r in rows if r and r.incident and r.alert]

    # one answer of it

    def _resolved(self, reply: Reply) -> Reply:
        """Read `F071` as F07 and 1 where no incident is called F071."""
        split = split_code(reply)
        if split is None or reply.code is None or self.engine.store.incident_by_code(reply.code) is not None:
            return reply
        return split

    def _incident_of(self, code: str | None) -> Incident | None:
        row = self.engine.store.incident_by_code(code) if code else None
        if row is None:
            return None
        incident = self.engine.incident(row.id)
        return incident if self.person in incident.of_person else None

    def _mine(self) -> list[Incident]:
        """The open incidents in which this person was alerted."""
        return [i for i in self.engine.open_incidents() if self.person in i.of_person]

    def _one(self, reply: Reply) -> Outcome:
        if reply.code is None:
            return self._bare(reply.key or "")
        incident = self._incident_of(reply.code)
        if incident is None and reply.key == "9" and (drills := self._practice()):
            return [self._help(drill) for drill in drills][-1]
        if incident is None:
            return Outcome(kind="foreign", says=self._say("foreign", ref=reply.code + reply.letter))
        if reply.key == "9":
            return self._help(incident)
        meant = self._perhaps_of_a_drill(incident)
        if meant:
            return self._which(meant, reply.key or "1")
        if reply.key is None or (reply.rest and reply.key != "1"):
            return self._unread(incident)  # "3 people trapped" is no answer 3
        if reply.letter:
            return self._lettered(incident, reply.letter, reply.key)
        return self._coded(incident, reply.key)

    def _perhaps_of_a_drill(self, incident: Incident) -> list[tuple[Incident, Alert]]:
        """What is open for whoever writes the code of something real beside the word of the drill mark, while the drill
        whose code differs by its X alone asks something of them as well; nothing where it is plain what is meant."""
        if is_drill(incident.mode) or not bears_mark(tidy(self.inbound.text)):
            return []
        drill = self._incident_of(f"X{incident.code}")
        if drill is None or not drill.open_alerts(self.person):
            return []
        return [(each, alert) for each in (drill, incident) for alert in each.open_alerts(self.person)]

    def _lettered(self, incident: Incident, letter: str, key: str) -> Outcome:
        run = next((r for r in incident.steps.values() if r.letter == letter), None)
        theirs = (incident.alerts[id] for id in incident.of_person.get(self.person, ()))
        alerts = [a for a in theirs if run is not None and a.step == run.id and a.kind in ASKING]
        if not alerts:
            return Outcome(kind="foreign", incident=incident.id, says=self._say("foreign", ref=incident.code + letter))
        return self._press(incident, alerts[-1], key)

    def _coded(self, incident: Incident, key: str) -> Outcome:
        open_ = incident.open_alerts(self.person)
        if key == "1":
            unheard = [a for a in open_ if a.status == "open"]
            if unheard:
                return [self._press(self.engine.incident(incident.id), a, key) for a in unheard][-1]
            if open_:
                return self._again(incident, open_[-1])
            return self._over(incident, None)
        if len(open_) == 1:
            return self._press(incident, open_[0], key)
        if open_:
            return self._which([(incident, a) for a in open_], key)
        return self._over(incident, None)

    def _bare(self, key: str) -> Outcome:
        mine = self._mine()
        if key == "9" and (asked := mine or self._practice() or self._over_just_now()):
            return [self._help(incident) for incident in sorted(asked, key=lambda i: not is_drill(i.mode))][-1]
        open_ = [(i, a) for i in mine for a in i.open_alerts(self.person)]
        open_ = [(i, a) for i, a in open_ if not is_drill(i.mode)] or open_  # a bare key is for what is real
        if len(open_) == 1 or (open_ and key == "1" and self._in_one_message(open_)):
            return [self._press(self.engine.incident(i.id), a, key) for i, a in open_][-1]
        if open_:
            return self._which(open_, key)
        return Outcome(kind="nothing", says=self._say("nothing"))

    def _in_one_message(self, open_: Sequence[tuple[Incident, Alert]]) -> bool:
        """Whether everything that is open came to this person as one text."""
        sent = [
            {i.deliveries[d].provider_id for d in a.deliveries if i.deliveries[d].channel == "sms"} - {""}
            for i, a in open_
        ]
        return bool(set.intersection(*sent)) if sent else False

    def _press(self, incident: Incident, alert: Alert, key: str) -> Outcome:
        """Apply *key* to one alert of this person, as both stand after what was read before."""
        incident = self.engine.incident(incident.id)
        alert = incident.alerts[alert.id]
        run = incident.steps[alert.step or ""]
        if alert.status == "closed":
            self._too_late(incident, run, key)
            return self._over(incident, alert)
        if key == "1":
            return self._received(incident, alert)
        if key == "3":
            self.engine.handle(incident.id, c.Decline(alert=alert.id, via=self.via, by=self.by))
            return self._did("declined", incident, run)
        plan = incident.plan_of(run)
        answers = plan.decision if plan else ()
        if key == "2" and not answers and run.name not in BESIDE:
            return self._finish(incident, run, None, "finished")
        index = int(key) - FIRST_ANSWER_KEY
        if 0 <= index < len(answers):
            return self._finish(incident, run, answers[index].name, "chosen", answers[index].says.of(self.language))
        if key == "2" and run.name in BESIDE:
            return self._received(incident, alert)
        choices = " ".join(f"{k}{w}" for k, w in (("1", ""), *keys_of(incident, run, self.language)))
        return self._did("wrong_key", incident, run, key=key, text=choices)

    def _too_late(self, incident: Incident, run: StepRun, key: str) -> None:
        """What somebody found out is on record also when the plan has moved on without it."""
        plan = incident.plan_of(run)
        if run.status != "dropped" or plan is None or not plan.decision:
            return
        words = dict(keys_of(incident, run, self.language)).get(key)
        if words is not None and key != "3":
            self._note(f"{what_to_do(incident, run, self.language)}: {words}", incident, show=False)

    def _received(self, incident: Incident, alert: Alert) -> Outcome:
        if alert.status == "acknowledged":
            return self._again(incident, alert)
        self.engine.handle(incident.id, c.Acknowledge(alert=alert.id, via=self.via, by=self.by))
        run = incident.steps[alert.step or ""]
        more = self._say("got_more", ref=reference(incident, run)) if run.name not in BESIDE else ""
        plan = incident.plan_of(run)
        return self._did("got", incident, run, kind="acknowledged", more="" if plan and plan.decision else more)

    def _finish(self, incident: Incident, run: StepRun, choice: str | None, says: str, text: str = "") -> Outcome:
        command = c.FinishStep(step=run.id, person=self.person, answer=choice, via=self.via, by=self.by)
        try:
            self.engine.handle(incident.id, command)
        except CommandRefused:
            return self._did("wrong_key", incident, run, key="2", text="")
        return self._did(says, incident, run, kind="done" if choice is None else "chosen", text=text)

    def _tell_the_real(self, via: str) -> None:
        """Whoever commands what is real hears of a cry in a drill too: the drill's own command may be busy there."""
        for incident in self.engine.open_incidents():
            if not is_drill(incident.mode) and not incident.ended and not incident.armed:
                self.engine.handle(incident.id, c.AskHelp(person=self.person, via=via))

    def _help(self, incident: Incident) -> Outcome:
        self.engine.handle(incident.id, c.AskHelp(person=self.person, via=self.via))
        if is_drill(incident.mode):
            self._tell_the_real(self.via)
        return Outcome(kind="help", incident=incident.id, says=self._say("helped", code=incident.code))

    def _again(self, incident: Incident, alert: Alert) -> Outcome:
        return self._did("again", incident, incident.steps[alert.step or ""])

    def _over(self, incident: Incident, alert: Alert | None) -> Outcome:
        if alert is None or alert.step is None:
            theirs = [incident.alerts[id] for id in incident.of_person.get(self.person, ())]
            last = next((each.ended for each in reversed(theirs) if each.kind in ASKING), "done")
            over = incident.ended or incident.is_closed
            text = REASONS["ended" if over else last if last in REASONS else "done"].of(self.language)
            return Outcome(kind="over", incident=incident.id, says=self._say("over", ref=incident.code, text=text))
        run = incident.steps[alert.step]
        if alert.ended == "done" and run.person == self.person:
            return self._again(incident, alert)
        reason = REASONS.get(alert.ended, REASONS["done"])
        who = self.names.get(run.person or "", "") if alert.ended in ("taken", "done") else ""
        text = reason.of(self.language) + (f" ({who})" if who else "")
        return self._did("over", incident, run, text=text)

    def _which(self, open_: Sequence[tuple[Incident, Alert]], key: str, rolls: Sequence[str] = ()) -> Outcome:
        """Ask back which of several things was answered; *rolls*: the codes of roll calls among them."""
        tasks = [{"ref": code, "do": hearing.choice(self.language)} for code in rolls]
        for incident, alert in open_[:6]:
            run = incident.steps[alert.step or ""]
            tasks.append({"ref": reference(incident, run), "do": asked_to(incident, alert, self.language)})
        says = self._say("which", n=len(open_) + len(rolls), tasks=tasks, ref=tasks[0]["ref"], key=key)
        return Outcome(kind="which", incident=open_[0][0].id, says=says)

    def _unread(self, incident: Incident | None) -> Outcome:
        where = incident or self._latest()
        self._note(self.inbound.text, where)
        if where is None:
            return Outcome(kind="unread", says=self._say("nothing"))
        if self.person not in where.of_person and where.muster:  # asked in its roll call, and nothing else
            return Outcome(kind="unread", incident=where.id, says=self._say("roll_unread", code=where.muster))
        open_ = where.open_alerts(self.person)
        example = reference(where, where.steps[open_[0].step or ""]) if open_ else where.code
        return Outcome(kind="unread", incident=where.id, says=self._say("unread", ref=example))

    def _latest(self) -> Incident | None:
        """The open incident that alerted this person last."""
        mine = self._mine()
        called = hearing.open_incident(self.engine, self.person) if not mine else None
        if called is not None:
            return self.engine.incident(called)
        mine = [i for i in mine if not is_drill(i.mode)] or mine
        return max(mine, key=lambda i: i.alerts[i.of_person[self.person][-1]].at, default=None)

    def _note(self, text: str, incident: Incident | None = None, *, show: bool = True) -> None:
        """Keep what was written, as a note that command sees. Without an incident to note it in it is not kept: nobody
        could find it again, not even to forget it."""
        where = incident or self._latest()
        if where is not None and not where.is_closed:
            seal = self.engine.store.seal(text[:1600])
            self.engine.handle(where.id, c.AddNote(by=self.person, text=seal, via=self.via, show=show))

    def _did(
        self, template: str, incident: Incident, run: StepRun, *, kind: str | None = None, **values: str
    ) -> Outcome:
        ref = reference(incident, run)
        return Outcome(
            kind=kind or template, incident=incident.id, says=self._say(template, ref=ref, code=incident.code, **values)
        )

    def _say(self, template: str, **values: object) -> str:
        return answer(template, self.language, values)
