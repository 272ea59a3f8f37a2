"""A drill at a table: a facilitator drives the clock and types what people say; nothing is ever sent.

The engine, the inbox and the injects are those of every other drill. While it runs it lives in a file of its own
(`table.db`), away from everything that is open elsewhere; when it is over, or was cut off, it goes to the rehearsals.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from emergency import ids
from emergency.app import App
from emergency.clock import VirtualClock
from emergency.core import commands as c
from emergency.core.incident import ASKING, BESIDE, Incident, StepRun
from emergency.core.values import Text
from emergency.core.wording import headline, in_zone, keys_of, reference, what_to_do
from emergency.desk import InlineDesk
from emergency.drills import book as b
from emergency.drills.evaluate import NO, YES
from emergency.drills.live import brake, verbs
from emergency.drills.live import running as live
from emergency.drills.live.documents import drill as describe
from emergency.drills.live.lines import BECAUSE
from emergency.drills.live.lines import clock as shown
from emergency.drills.rehearsals import kept
from emergency.drills.rehearsals.story import KINDS
from emergency.drills.scenario import Scenario
from emergency.drills.scenarios.inject_words import Words
from emergency.engine import Engine
from emergency.errors import CommandRefused, EmergencyError, Mistakes, StoreError
from emergency.notify import Message, Notifier
from emergency.outbox import Outbox
from emergency.settings import Settings
from emergency.store.drills import Books, DrillRow
from emergency.store.store import SqliteStore
from emergency.verbs import Args, perform, the_person

FILE = "table.db"
LOCK = "table.lock"
BY = "console"
MOST_ROUNDS = 200
MANY_TEXTS = 4
"""More texts than these in one moment are told as a list of names: a table looks at the steps."""
_REFERENCE = re.compile(r"X?[A-Z]+[0-9]{2,}[A-Z]{0,2}", re.IGNORECASE)

SAYS = {
    "told": Text("→ {who}:{text}", "→ {who}: {text}"),
    "many": Text("→ 已告知 {n} 人:{who}", "→ {n} people are told: {who}"),
    "state": Text("== {state}", "== {state}"),
    "ask": Text("   {ref} {role}({who}){zone}:{do}  [{keys}]", "   {ref} {role} ({who}){zone}: {do}  [{keys}]"),
    "inject": Text("** {inject} {what}", "** {inject} {what}"),
    "said": Text("{who} 得到的回音:{says}", "{who} is answered: {says}"),
    "frozen": Text("冻结了:{why}。继续请打 resume", "FROZEN: {why}. To go on, type resume"),
    "real": Text(
        "真实警情 {code} 已启动!推演冻结,请按真实预案行动。",
        "REAL: {code} is open! The table stands still; follow the real plan.",
    ),
    "over": Text("推演结束,存为 {code}。", "The table is over; it is kept as {code}."),
    "left": Text("上次未结束的推演已存为 {code}。", "A table that was cut off is kept as {code}."),
    "nothing": Text("之后没有安排了;打 end 结束", "Nothing more is planned; type end"),
    "speed": Text("时钟速度 {speed} 倍(0 为停)", "the clock runs at {speed} times (0: it stands)"),
    "noted": Text("已记", "noted"),
    "which": Text("没有 {word};打 help 看能说什么", "'{word}' means nothing here; type help"),
}
HELP = Text(
    """  王军 1 / wang_jun 1      某人说了什么(1 收到,2 完成,3 不能,4-8 选项)
  XF07A 2                  某步的人答了什么
  next                     跳到下一件事      wait 2m     过两分钟     speed 10    时钟走十倍速
  fact injured=2           报情况            order 状态 [by 谁]        severity 橙色
  inject I2                现在注入          skip I2 理由             say 话 to 角色
  note 话                  记一笔            answer Q1 yes            评估问题
  status / injects         现状 / 注入单     pause resume             冻结、继续
  abort 理由               中止              end                      结束""",
    """  wang_jun 1               what somebody says (1 has it, 2 done, 3 cannot, 4-8 the answers)
  XF07A 2                  what the holder of a step says
  next                     on to what happens next    wait 2m    two minutes pass    speed 10    ten times
  fact injured=2           what becomes known         order STATE [by WHO]           severity orange
  inject I2                now                        skip I2 WHY                    say WORDS to ROLE
  note WORDS               for the record             answer Q1 yes                  an evaluator's question
  status / injects         how it stands / the script pause  resume
  abort WHY                break it off               end""",
)
ALIASES = {
    "下一步": "next", "下一件": "next", "等": "wait", "过": "wait", "速度": "speed", "情况": "fact", "报": "fact",
    "命令": "order", "下令": "order", "级别": "severity", "注入": "inject", "跳过": "skip", "说": "say", "通知": "say",
    "记": "note", "暂停": "pause", "冻结": "pause", "继续": "resume", "中止": "abort", "结束": "end", "现状": "status",
    "注入单": "injects", "脚本": "injects", "帮助": "help", "?": "help", "评估": "answer", "quit": "end", "exit": "end",
}  # fmt: skip

Say = Callable[[str], None]


class Table:
    """One drill at a table. `act` takes a line as it was typed; `tick` lets time pass.

    now: the time of the room, for a clock that runs. real: the code of a real incident that is open, or None.
    """

    def __init__(
        self, app: App, scenario: Scenario, notifiers: Sequence[Notifier], lang: str, say: Say,
        real: Callable[[], str | None],
    ) -> None:  # fmt: skip
        self.home = app
        self.scenario = scenario
        self.lang = lang
        self.say = say
        self.real = real
        self.clock = VirtualClock(scenario.begins)
        self._file = app.settings.home / FILE
        self._watch = brake.Watch(app.settings.home)
        self._lock = _only_table(app.settings.home / LOCK)
        try:
            self._open(app, notifiers)
        except BaseException:
            self._lock.close()
            raise

    def _open(self, app: App, notifiers: Sequence[Notifier]) -> None:
        lang = self.lang
        self._keep_what_was_left()
        settings = Settings(app.settings.home, f"sqlite:///{self._file}", lang, {})
        self.app = App(settings, list(notifiers), self.clock)
        self.app.library = self.app.desktop.library = app.library
        self.engine = self._engine()
        self.outbox = Outbox(InlineDesk(self.engine), list(notifiers), self.clock, self.app.people)
        self.outbox.on_sent = self._told
        self.owners = self.app.people.roster(self.engine).by_number()
        self.names = self.app.people.roster(self.engine).names(lang)
        self.speed = 0.0
        self.kept_as = ""
        self._texts: list[tuple[str, str]] = []
        self._seen_steps: set[str] = set()
        self._seen_book = 0
        self._seen_state: dict[str, str] = {}
        self._said_real: set[str] = set()
        self.row = self.engine.unit(self._begin)
        self._settle()

    # how it begins

    def _engine(self) -> Engine:
        kept.private(self._file)
        with contextlib.closing(SqliteStore(self._file)) as store:
            kept.furnish(self.home, store, numbers=True)  # what is typed is heard as from a telephone
        return self.app.engine()

    def _begin(self, engine: Engine) -> DrillRow:
        site = self.app.people.site(engine)
        plan = self.app.library.named(engine, self.scenario.playbook, site)
        verbs.refuse_scenario(self.scenario, plan, site, "tabletop")
        now, books = self.clock.now(), Books(engine.store)
        planned = b.Planned(
            kind="tabletop", playbook=plan.id, scenario=live.keep_scenario(engine, self.scenario), director=BY,
            begins=now, maximum=self.scenario.maximum, by=BY,
        )  # fmt: skip
        row = books.plan(ids.new_incident_id(), "tabletop", plan.id, planned.scenario, now, now)
        books.write(row.id, planned, at=now)
        team = self.app.people.members(engine, self.app.desktop.reach_of("drill"), now, mode="drill")
        opening = verbs.opening(self.app.desktop, engine, self.scenario, "tabletop", team, planned)
        incident = engine.open(opening)
        books.begin(row.id, incident.id, now)
        books.write(row.id, b.Begun(incident=incident.id, code=incident.code, by=BY), at=now)
        found = books.drill(row.id)
        assert found is not None
        live.Play(self.app.desktop, engine, found).step()
        return found

    def _keep_what_was_left(self) -> None:
        """A table that was cut off is kept as far as it came."""
        if not self._file.exists():
            return
        try:
            with contextlib.closing(SqliteStore(self._file, create=False)) as store:
                rows = [row for row in Books(store).all() if row.incident]
                code = keep(self.home, store, rows[0]) if rows else ""
        except StoreError:
            code = ""
        discard(self._file)
        if code:
            self._say("left", code=code)

    # what the facilitator types

    def act(self, line: str) -> None:
        """Do what a line says, and show what comes of it.

        Raises:
            EmergencyError: it cannot be done; nothing was changed.
        """
        words = line.split()
        if not words or words[0].startswith("#"):
            return
        self.look()
        word = ALIASES.get(words[0], words[0].lower())
        doing = getattr(self, f"do_{word}", None)
        if doing is not None:
            doing(words[1:])
        else:
            self._somebody(words)
        self._settle()

    @property
    def incident(self) -> Incident:
        """The incident of the drill."""
        return self.engine.incident(self.row.incident or "")

    @property
    def over(self) -> bool:
        """Whether it has come to its end."""
        return live.stand_of(self.engine, self.row).over is not None

    def look(self) -> None:
        """Freeze at once when something real has begun, or somebody stopped every drill. What is real is said once,
        also where the table stands still already."""
        marker, code = self._watch.pulled(), self.real()
        if self.over:
            return
        if marker is not None and self.incident.frozen is None:
            verbs.freeze(self.engine, self.row, marker.by, marker.because, marker.other)
            self._show_new()
        if code is not None and code not in self._said_real:
            self._said_real.add(code)
            verbs.freeze(self.engine, self.row, BY, "real", code)
            self._say("real", code=code)

    def tick(self, room: timedelta) -> None:
        """Let so much time of the room pass; nothing while the clock stands."""
        self.look()
        if self.speed and not self.over and self.incident.frozen is None:
            self._pass(room * self.speed)
            self._settle()

    def _somebody(self, words: list[str]) -> None:
        """`wang_jun 1`, `F07A 2`: what somebody says, as if it had come by SMS."""
        if len(words) < 2 and not _REFERENCE.fullmatch(words[0]):
            raise Mistakes(SAYS["which"].of(self.lang).format(word=words[0]))
        found = self._step(words[0]) if _REFERENCE.fullmatch(words[0]) else None
        if found is not None:
            self._reply(self._holder(*found), f"{reference(*found)} {' '.join(words[1:]) or '1'}")
            return
        if _REFERENCE.fullmatch(words[0]):
            raise Mistakes(
                f"there is no step {words[0].upper()}; status shows those that are open",
                f"没有 {words[0].upper()} 这一步;打 status 看有哪些",
            )
        name, text = self._name_and_text(words)
        self._reply(name, text)

    def _name_and_text(self, words: list[str]) -> tuple[str, str]:
        """Part a name of one word or two from what its bearer says."""
        try:
            return the_person(self.app.desktop, self.engine, words[0]), " ".join(words[1:])
        except Mistakes:
            with contextlib.suppress(Mistakes):
                if len(words) > 2:
                    return the_person(self.app.desktop, self.engine, " ".join(words[:2])), " ".join(words[2:])
            raise

    def _step(self, word: str) -> tuple[Incident, StepRun] | None:
        """Return the step that a reply code means, of the drill's incident or of one beside it."""
        for incident in live.incidents_of(self.engine, self.row):
            for run in incident.steps.values():
                if reference(incident, run) == word.upper():
                    return incident, run
        return None

    def _holder(self, incident: Incident, run: StepRun) -> str:
        alerts = [incident.alerts[id] for id in run.alerts]
        person = run.person or next((a.person for a in reversed(alerts) if a.status != "closed"), None)
        if person is None:
            raise CommandRefused(
                f"nobody has been asked for {reference(incident, run)}", f"{reference(incident, run)} 还没有叫过人"
            )
        return person

    def _reply(self, person: str, text: str) -> None:
        outcome = self._do("reply", {"person": person, "text": text})
        if outcome["answer"]:
            self._say("said", who=self.names.get(person, person), says=outcome["answer"])

    def _do(self, verb: str, args: Args) -> dict[str, Any]:
        self._must_go_on()
        return perform(self.app.desktop, self.engine, verb, args)

    def _must_go_on(self) -> None:
        if self.over:
            raise CommandRefused("the drill is over", "推演已结束")
        if self.incident.frozen is not None:
            raise CommandRefused("the drill stands still; type resume", "推演已冻结;打 resume 继续")

    # the words, one method each

    def do_help(self, words: list[str]) -> None:
        """Say what can be typed."""
        self.say(HELP.of(self.lang))

    def do_next(self, words: list[str]) -> None:
        """Go on to what happens next."""
        self._must_go_on()
        due = self.engine.store.next_timer()
        if due is None:
            self._say("nothing")
            return
        self._pass(max(due - self.clock.now(), timedelta(0)))

    def do_wait(self, words: list[str]) -> None:
        """Let time pass."""
        from emergency.drills.scenarios.file import length

        self._must_go_on()
        try:
            self._pass(length("".join(words) or "1m"))
        except ValueError as error:
            raise Mistakes(f"wait: {error}", "wait 后面要写时长,如 90s、5m") from error

    def do_speed(self, words: list[str]) -> None:
        """Let the clock run, or stand."""
        self.speed = verbs._speed(words[0] if words else "")
        self._write(b.Sped(speed=self.speed, by=BY))
        self._say("speed", speed=f"{self.speed:g}")

    def do_fact(self, words: list[str]) -> None:
        """Tell what becomes known."""
        pairs = [word.partition("=") for word in words]
        if not pairs or not all(equals for _, equals, _ in pairs):
            raise Mistakes("say FACT=VALUE, such as injured=2", "请写 情况=值,如 injured=2")
        self._do("fact", {"code": self.incident.code, "values": {name: value for name, _, value in pairs}})

    def do_order(self, words: list[str]) -> None:
        """Order a transition; a stand-down confirms its whole checklist."""
        to, _, by = " ".join(words).partition(" by ")
        who = by.strip() or self.incident.command
        known = {state.name: state for state in self.incident.playbook.states}
        state = known.get(to.strip())
        if state is not None and state.ends == "stand_down":
            self._do("stand-down", {"code": self.incident.code, "by": who, "check": ["all"]})
            return
        self._do("transition", {"code": self.incident.code, "to": to.strip(), "by": who})

    def do_severity(self, words: list[str]) -> None:
        """Set the level."""
        args = {"code": self.incident.code, "level": " ".join(words), "by": self.incident.command, "reason": "table"}
        self._do("severity", args)

    def do_inject(self, words: list[str]) -> None:
        """Let an inject happen now."""
        self._drill("drill-inject", inject=" ".join(words))

    def do_skip(self, words: list[str]) -> None:
        """Leave an inject out."""
        self._drill("drill-skip", inject=words[0] if words else "", reason=" ".join(words[1:]) or "table")

    def do_say(self, words: list[str]) -> None:
        """Tell people something that stands in no script."""
        text, _, to = " ".join(words).rpartition(" to ")
        self._drill("drill-say", text=text, to=to.split())

    def do_note(self, words: list[str]) -> None:
        """Write an observation into the book."""
        if not words:
            raise Mistakes("a note needs words", "请写要记的话")
        self._write(b.Observed(by=BY, text=self.engine.store.seal(" ".join(words))))
        self._say("noted")

    def do_answer(self, words: list[str]) -> None:
        """Answer an evaluator's question."""
        known = [question.id for question in self.scenario.questions]
        if not words or words[0].upper() not in [id.upper() for id in known]:
            raise Mistakes(
                f"which question: {', '.join(known) or 'there is none'}", f"哪个评估问题:{'、'.join(known) or '没有'}"
            )
        question = next(id for id in known if id.upper() == words[0].upper())
        said = words[1].lower() if len(words) > 1 else ""
        if said not in {*YES, *NO, "有", "没有"}:
            raise Mistakes(f"answer {question} yes, or answer {question} no", f"请打:answer {question} yes 或 no")
        self._write(b.Answered(question=question, met=said in {*YES, "有"}, by=BY))
        self._say("noted")

    def do_pause(self, words: list[str]) -> None:
        """Let it stand still."""
        if not self.over:
            verbs.freeze(self.engine, self.row, BY, "director")

    def do_resume(self, words: list[str]) -> None:
        """Let it go on, unless something real goes on."""
        code = self.real()
        if code is not None:
            raise CommandRefused(SAYS["real"].of(self.lang).format(code=code))
        for incident in live.incidents_of(self.engine, self.row):
            self.engine.handle(incident.id, c.ResumeDrill(by=BY))

    def do_abort(self, words: list[str]) -> None:
        """Break it off."""
        reason = self.engine.store.seal(" ".join(words)) if words else None
        for incident in reversed(live.incidents_of(self.engine, self.row)):
            self.engine.handle(incident.id, c.AbortDrill(by=BY, because="director", reason=reason))

    def do_end(self, words: list[str]) -> None:
        """End it."""
        if not self.over:
            live.Play(self.app.desktop, self.engine, self.row).end("director", BY)

    def do_status(self, words: list[str]) -> None:
        """Show how it stands, and every step that is open."""
        from emergency import show

        document = perform(self.app.desktop, self.engine, "status", {"code": self.incident.code})
        for line in show.status(document, self.lang):
            self.say(line)

    def do_injects(self, words: list[str]) -> None:
        """Show the script: what has come, what comes."""
        from emergency.drills.live import lines

        for line in lines.drill(self.document(), self.lang):
            self.say(line)

    def _drill(self, verb: str, **args: Any) -> None:
        self._must_go_on()
        perform(self.app.desktop, self.engine, verb, {"drill": self.row.code, **args})

    def _write(self, entry: b.AnyEntry) -> None:
        self.engine.unit(lambda engine: Books(engine.store).write(self.row.id, entry, at=self.clock.now()))

    # what follows

    def _pass(self, length: timedelta) -> None:
        """Let time pass, stopping at everything that happens on the way."""
        until = self.clock.now() + length
        while not self.over and self.incident.frozen is None:
            due = self.engine.store.next_timer()
            if due is None or due > until:
                break
            self.clock.move_to(max(due, self.clock.now()))
            self._settle()
        self.clock.move_to(max(until, self.clock.now()) if not self.over else self.clock.now())

    def _settle(self) -> None:
        """Do everything that is due at this moment, and show what is new."""
        for _ in range(MOST_ROUNDS):
            fired = self.engine.fire_due()
            self._show_new()  # what happened comes before whom it was told to
            went = asyncio.run(self.outbox.pump())
            self._show_texts()
            if not fired + went:
                break

    def _told(self, message: Message) -> None:
        if message.channel == "sms":
            self._texts.append((self.owners.get(message.to, "?"), message.text))

    def _show_texts(self) -> None:
        """Show what people were told: each text, or only who got one where they are many."""
        texts, self._texts = self._texts, []
        if len(texts) > MANY_TEXTS:
            names = list(dict.fromkeys(self.names.get(person, person) for person, _ in texts))
            self._say("many", n=len(names), who=", ".join(names))
            return
        for person, text in texts:
            self._say("told", who=self.names.get(person, person), text=text)

    def _show_new(self) -> None:
        for written in Books(self.engine.store).read(self.row.id, self._seen_book):
            self._seen_book = written.seq
            self._show_entry(written.entry)
        for incident in live.incidents_of(self.engine, self.row):
            self._show_state(incident)
            for run in incident.steps.values():
                if (seen := f"{incident.id} {run.id}") not in self._seen_steps:
                    self._seen_steps.add(seen)
                    self._show_step(incident, run)

    def _show_entry(self, entry: b.AnyEntry) -> None:
        if isinstance(entry, b.InjectReleased):
            inject = self.scenario.inject(entry.inject)
            does = KINDS[entry.kind].of(self.lang) if entry.kind in KINDS else entry.kind
            words = inject.text.of(self.lang) if inject and inject.text else f"{self._called(entry.target)} {does}"
            played = f" ({inject.deliver.sender} → {inject.deliver.to})" if inject and inject.deliver else ""
            self._say("inject", inject=entry.inject, what=words + played)
        elif isinstance(entry, b.Paused) and entry.because != "real":
            why = BECAUSE[entry.because].of(self.lang) if entry.because in BECAUSE else entry.because
            self._say("frozen", why=why)

    def _called(self, target: str) -> str:
        return Words(self.names, self.lang, self.incident.playbook, self.incident.site).target(target)

    def _show_state(self, incident: Incident) -> None:
        if self._seen_state.get(incident.id) != incident.state:
            self._seen_state[incident.id] = incident.state
            title = f"{incident.code} {headline(incident, self.lang)} · {incident.now_in.title.of(self.lang)}"
            self._say("state", state=title)

    def _show_step(self, incident: Incident, run: StepRun) -> None:
        if run.name in BESIDE or run.status != "open":
            return
        asked = [incident.alerts[id].person for id in run.alerts if incident.alerts[id].kind in ASKING]
        keys = " ".join(f"{key} {label}" for key, label in keys_of(incident, run, self.lang))
        self._say(
            "ask", ref=reference(incident, run), role=incident.site.duty(run.role).title.of(self.lang),
            who=", ".join(self.names.get(p, p) for p in dict.fromkeys(asked)) or "?",
            zone=in_zone(incident, run, self.lang), do=what_to_do(incident, run, self.lang), keys=keys,
        )  # fmt: skip

    def _say(self, key: str, **values: object) -> None:
        time = shown(round((self.clock.now() - self.scenario.begins).total_seconds()))
        self.say(f"{time} {SAYS[key].of(self.lang).format(**values)}")

    # how it ends

    def document(self) -> dict[str, Any]:
        """Return how it stands, as control knows it."""
        found = describe(self.app.desktop, self.engine, self.row, "control", lambda stand: iter(()))
        return {**found, "drill": self.kept_as or found["drill"]}

    def keep(self) -> str:
        """End it where it has not ended, put it with the rehearsals, and return its code there."""
        if not self.over:
            self.do_end([])
            self._settle()
        self.kept_as = keep(self.home, self.engine.store, self.row)
        self._say("over", code=self.kept_as)
        return self.kept_as

    def close(self) -> None:
        """Leave nothing behind but what is kept."""
        self.engine.store.close()
        if self.kept_as:
            discard(self._file)
        self._lock.close()


def _only_table(path: Path) -> IO[str]:
    """Hold the table of an installation: a second would take the first one's file from under it.

    Raises:
        CommandRefused: another is under way.
    """
    import fcntl

    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise CommandRefused(
            "another table is under way here; end it first, in its own window: end",
            "另一个桌面推演正在进行;请先在它的窗口打 end",
        ) from None
    return lock


def discard(path: Path) -> None:
    """Remove a store that is kept elsewhere."""
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def keep(app: App, table: SqliteStore, row: DrillRow) -> str:
    """Copy a table's incidents with their chains, its words and its book to the rehearsals; return its code there.

    Raises:
        StoreError: nothing was written.
    """
    with contextlib.closing(kept.rehearsals(app.settings)) as store:
        kept.furnish(app, store)
        with store.transaction():
            if (known := Books(store).drill(row.id)) is not None:
                return known.code
            for incident in table.all_incidents():
                _copy_incident(table, store, incident.id)
            for seal, salt, body in table._all("table_words"):
                store._do("keep_words", seal, salt, body)
            return _copy_book(table, store, row)


def _copy_incident(table: SqliteStore, store: SqliteStore, id: str) -> None:
    """Append what was decided in one moment as one batch, so that the chain is the same."""
    batch: list[Any] = []
    after, moment = 0, datetime.min
    for event, at in [*table.history(id), (None, None)]:
        if batch and at != moment:
            store.append(id, after, batch, moment)
            after, batch = after + len(batch), []
        if event is not None and at is not None:
            batch.append(event)
            moment = at
    closed = next((each.closed_at for each in table.all_incidents() if each.id == id), None)
    if closed is not None:
        store.close_incident(id, closed)


def _copy_book(table: SqliteStore, store: SqliteStore, row: DrillRow) -> str:
    old, new = Books(table), Books(store)
    body = table.current(f"scenario:{row.scenario}")
    if body is not None:
        store.put_current(f"scenario:{row.scenario}", "compiled", body, row.planned_at)
    made = new.plan(row.id, "tabletop", row.playbook, row.scenario, row.planned_at, row.begins_at)
    last = row.planned_at
    for written in old.read(row.id):
        new.write(row.id, written.entry, at=written.at)
        last = written.at
    if row.incident:
        new.begin(row.id, row.incident, row.begins_at or row.planned_at)
    new.write(row.id, b.Closed(by=BY), at=last)  # nobody was rung, no line was off: nothing is left to be done
    new.end(row.id, last)
    return made.code


__all__ = ["EmergencyError", "Table", "discard", "keep"]
