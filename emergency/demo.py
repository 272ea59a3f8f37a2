"""`emergency demo`: a fire in the sample mall, run by the real engine with virtual telephones, live on the terminal.

The story: a Sunday noon, a detector in the food court of Basement 1. The fire team sees flames and the first attack
does not hold; the building is cleared floor by floor, the brigade takes over and hands back. The duty manager
is asleep: the deputy answers and takes the role.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from emergency.app import App
from emergency.clock import VirtualClock
from emergency.core import events as e
from emergency.core.incident import Incident, StepRun
from emergency.core.values import SEVERITY_WORDS
from emergency.core.wording import reference
from emergency.drills.rehearsals.runner import Phones, Runner
from emergency.notify import Message
from emergency.settings import Settings
from emergency.setup import make_installation
from emergency.verbs import Args, perform

START = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
"""A Sunday, noon in Shanghai: the early shift is on."""
PLACE = "B1 food court"
SLEEPER = "chen_jing"
LONGEST_PAUSE = 0.5
SECONDS = timedelta(seconds=1)

ANSWERS = {"look": "fire", "first_attack": "big", "cut_power": "keep", "hydrant": "holding", "fire_watch": "quiet"}
"""What the decisions of the plan are answered with."""

ORDERS: dict[str, Sequence[tuple[int, str, dict[str, object]]]] = {
    "evacuating": [(40, "fact", {"values": {"injured": "1"}}), (70, "fact", {"values": {"burning": "deep fryer"}})],
    "external_command": [(420, "transition", {"to": "controlled", "by": "fire_brigade"})],
    "controlled": [(600, "stand-down", {"by": "COMMAND", "check": ["all"]})],
}
"""What is done at the console: state -> (seconds after it was entered, verb, words)."""

Say = Callable[[str], None]


class Demo:
    """One showing, in a folder of its own."""

    def __init__(
        self, phones_on: Callable[[VirtualClock], Phones], lang: str, speed: float, say: Say, home: Path
    ) -> None:
        self.lang = lang
        self.speed = speed
        self.say = say
        self.clock = VirtualClock(START)
        self.phones = phones_on(self.clock)
        settings = Settings(home, f"sqlite:///{home / 'emergency.db'}", lang, {})
        self.app = App(settings, [self.phones.on("sms"), self.phones.on("voice")], self.clock)
        make_installation(settings, self.app, sample=True)
        self.engine = self.app.engine()
        self.runner = Runner(self.engine, self.clock, self.phones, self.app.people)
        self.runner.outbox.on_sent = self.show_message
        self.runner.on_change = self.show_events
        roster = self.app.people.roster(self.engine)
        self.names = roster.names(lang)
        self.owners = roster.by_number()
        self.phones.behave(answers=self.answers)
        for number in roster.people[SLEEPER].numbers:
            self.phones.behave(number)
        self.shown = 0
        self.sent = {"sms": 0, "voice": 0}
        self.answered: set[str] = set()
        self.orders: list[tuple[datetime, str, dict[str, object]]] = []
        self.id = ""

    # what is seen

    def both(self, zh: str, en: str) -> str:
        """Return the words in the operator's language."""
        return zh if self.lang == "zh" else en

    def line(self, text: str, pause: float = 0.03) -> None:
        """Show one line with the drill's time."""
        seconds = int((self.clock.now() - START).total_seconds())
        self.say(f"{seconds // 60:02d}:{seconds % 60:02d}  {text}")
        self.pause(pause)

    def pause(self, seconds: float) -> None:
        """Let the reader follow; a negative speed does not wait."""
        if self.speed >= 0:
            Event().wait(
                min(seconds, LONGEST_PAUSE) / max(self.speed, 0.01) if self.speed else min(seconds, LONGEST_PAUSE)
            )

    def show_message(self, message: Message) -> None:
        """Show a message as it reaches a telephone."""
        self.sent[message.channel] += 1
        if message.id.startswith("re:"):
            return  # what a person's answer did is shown as a line of its own
        device = "SMS" if message.channel == "sms" else self.both("电话", "CALL")
        self.line(f"{device} → {self.name(self.owners.get(message.to, '?'))}: {message.text}")

    def name(self, person: str | None) -> str:
        """Return a person's name."""
        return self.names.get(person or "", person or "?")

    def show_events(self) -> None:
        """Show what was written into the log since the last look."""
        if not self.id:
            return
        incident = self.engine.incident(self.id)
        for event, _ in self.engine.store.history(self.id, self.shown):
            self.shown += 1
            text = self.words_of(event, incident)
            if text:
                self.line(text)
            if isinstance(event, e.StateEntered):
                self.plan_orders(event.state)

    def words_of(self, event: e.AnyEvent, incident: Incident) -> str:
        """Return what a viewer is told of an event; most are shown as the messages they cause."""
        match event:
            case e.StateEntered(state=state, because=because):
                title = incident.playbook.state(state).title.of(self.lang)
                why = f"  ({because.of(self.lang)})" if because else ""
                return f"━━━ {title}{why} ━━━"
            case e.SeverityChanged(to=to):
                return f"▲ {SEVERITY_WORDS[to].of(self.lang)}"
            case e.AlertAcknowledged(alert=alert):
                heard = incident.alerts[alert]
                code = reference(incident, incident.steps[heard.step]) if heard.step else incident.code
                return f"✓ {self.name(heard.person)}: {code} {self.both('收到', 'received')}"
            case e.StepDone(step=step, person=person, answer=answer):
                run = incident.steps[step]
                said = self.both("完成", "done") if answer is None else answer
                return f"✓ {self.name(person)}: {reference(incident, run)} {said}"
            case e.RoleAssigned(role=role, person=person, because="answered_first", instead_of=before):
                title = incident.site.duty(role).title.of(self.lang)
                return self.both(
                    f"⇄ {title}:{self.name(before)}没有应答,由{self.name(person)}接替",
                    f"⇄ {title}: {self.name(before)} is silent, {self.name(person)} takes over",
                )
            case e.CommandTaken(person=person):
                return f"★ {self.both('指挥', 'command')}: {self.name(person)}"
            case e.StepLate(step=step):
                run = incident.steps[step]
                plan = incident.plan_of(run)
                rule = f" [{plan.source}]" if plan else ""
                return self.both("⏱ 超时 ", "⏱ late: ") + f"{reference(incident, run)} {run.name}{rule}"
            case e.RoleUnfilled(role=role):
                return f"✗ {incident.site.duty(role).title.of(self.lang)}: {self.both('无人', 'nobody left')}"
        return ""

    # who is played

    def answers(self, message: Message) -> Sequence[tuple[timedelta, str]]:
        """Prompt people: 1 after some seconds, and later 2, or the answer of a decision."""
        if self.owners.get(message.to) == SLEEPER or message.channel == "voice" or not self.id:
            return ()
        incident = self.engine.incident(self.id)
        said: list[tuple[timedelta, str]] = []
        for ref in dict.fromkeys(re.findall(rf"{incident.code}[A-Y]+", message.text)):
            run = next((r for r in incident.steps.values() if reference(incident, r) == ref), None)
            if run is not None and (ref + message.to) not in self.answered:
                self.answered.add(ref + message.to)
                said += self.reply_to(incident, run, ref, len(message.to + ref) + int(message.to[-2:]))
        return said

    def reply_to(self, incident: Incident, run: StepRun, ref: str, pace: int) -> Sequence[tuple[timedelta, str]]:
        """Return what a prompt person says of a step; *pace* makes people differ, and is the same in every showing."""
        first = SECONDS * (6 + pace % 9)
        if run.name in ("stand_by", "relieve"):
            return [(first, f"{ref} 1")]
        plan = incident.plan_of(run)
        allowed = plan.done if plan and plan.done else timedelta(minutes=2)
        done = first + min(allowed * 0.6, timedelta(minutes=4))
        if plan is not None and plan.decision:
            keys = {answer.name: str(4 + n) for n, answer in enumerate(plan.decision)}
            return [(first, f"{ref} 1"), (done, f"{ref} {keys[ANSWERS.get(plan.name, plan.decision[0].name)]}")]
        return [(first, f"{ref} 1"), (done, f"{ref} 2")]

    def plan_orders(self, state: str) -> None:
        """Note what the console will do in a state just entered."""
        for after, verb, args in ORDERS.get(state, ()):
            self.orders.append((self.clock.now() + SECONDS * after, verb, args))
        self.orders.sort(key=lambda order: order[0])

    def do(self, verb: str, args: Args) -> None:
        """Do something at the console, and show the command line that would do it."""
        incident = self.engine.incident(self.id)
        words = {**args, "code": incident.code}
        if words.get("by") == "COMMAND":
            words["by"] = incident.command
        shown = " ".join(_shown(key, value) for key, value in words.items() if key != "code")
        self.line(f"$ emergency {verb} {incident.code} {shown}", 0.4)
        perform(self.app.desktop, self.engine, verb, words)

    # the course of it

    async def run(self) -> None:
        """Let the fire run from the report to the stand-down."""
        self.line(f'$ emergency trigger fire --at "{PLACE}" --drill', 0.6)
        opened = perform(self.app.desktop, self.engine, "trigger", {"playbook": "fire", "at": PLACE, "drill": True})
        self.id = str(opened["id"])
        while self.engine.incident(self.id).ended is None and self.clock.now() < START + timedelta(hours=2):
            self.show_events()
            await self.runner.step()
            self.show_events()
            self.move_on()
        self.show_events()
        await self.runner.step()
        self.show_events()

    def move_on(self) -> None:
        """Go to what comes next: a timer, an answer, or an order of ours."""
        following = self.runner.next_moment()
        if self.orders and (following is None or self.orders[0][0] <= following):
            moment, verb, args = self.orders.pop(0)
            self.clock.move_to(moment)
            self.do(verb, args)
        elif following is not None:
            self.pause((following - self.clock.now()).total_seconds() * 0.02)
            self.clock.move_to(following)

    def close(self) -> None:
        """Verify the log and say what to do next."""
        incident = self.engine.incident(self.id)
        lines = self.engine.store.verify(self.id)
        self.engine.store.close()
        minutes = int((incident.last - incident.opened).total_seconds() // 60)
        self.say("")
        self.say(
            self.both(
                f"演练 {incident.code}:{minutes} 分钟,{self.sent['sms']} 条短信,{self.sent['voice']} 个电话,"
                f"{len(incident.alerted)} 人。日志 {lines} 行,哈希链完整。没有打给任何真实电话。",
                f"Drill {incident.code}: {minutes} minutes, {self.sent['sms']} texts, {self.sent['voice']} calls, "
                f"{len(incident.alerted)} people. The log has {lines} lines and every hash holds. "
                "No real telephone rang.",
            )
        )
        self.say(self.both("下一步,建一个自己的安装并试一次:", "Next, make an installation of your own and try it:"))
        self.say("    .venv/bin/emergency init --sample")
        self.say('    .venv/bin/emergency trigger fire --at "B1 food court" --drill')


def _shown(key: str, value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{k}={v!r}" if " " in str(v) else f"{k}={v}" for k, v in value.items())
    if isinstance(value, list):
        return " ".join(f"--{key} {each}" for each in value)
    return str(value) if key == "to" else f"--{key} {value}"


def run_demo(phones_on: Callable[[VirtualClock], Phones], lang: str, speed: float, say: Say) -> int:
    """Run the demo in a folder of its own, which is removed afterwards; return the exit status."""
    home = Path(tempfile.mkdtemp(prefix="emergency-demo-"))
    try:
        demo = Demo(phones_on, lang, speed, say, home)
        asyncio.run(demo.run())
        demo.close()
        return 0
    finally:
        shutil.rmtree(home, ignore_errors=True)
