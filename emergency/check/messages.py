"""What people receive when everything is at its longest: how many pieces, how many seconds, and can it be answered.

The words are made by `wording` itself from an incident that is as long-winded as the plan and the site allow: the
longest place, the longest fact, the longest name, a drill's marks, a reply code of two letters. Nothing is worded here
a second time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from emergency.core import events as e
from emergency.core.braces import NAMED, named
from emergency.core.check import Finding, Path
from emergency.core.guards import places_for
from emergency.core.incident import Alert, Incident, StepRun, Told, evolve
from emergency.core.maps import Map
from emergency.core.playbook import Answer, Fact, Playbook, State, Step
from emergency.core.replies import OPT_OUT, parse, tidy
from emergency.core.sandbox import LONGEST
from emergency.core.segments import is_gsm, length, segments
from emergency.core.site import Duty, Member, Place, Site
from emergency.core.templates import FIRST_ANSWER_KEY, ROOM
from emergency.core.values import SEVERITY_WORDS, Mode, Severity, Text, is_drill
from emergency.core.wording import render_sms, render_voice, words_for, wrap
from emergency.roster import Roster

LANGUAGES = ("zh", "en")
AT = datetime(2000, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The moment of the incident that is worded; a time is written as long at any other."""
PERSON, OTHER = "p1", "p2"
LONGEST_COUNT = "9999"
"""The largest count that anyone is likely to report (practice)."""
LONGEST_NUMBER = "9999.9"
LONGEST_NAME = Text("欧阳娜娜", "Alexander Montgomery")
"""A long name (practice), where no roster is given."""
LETTERS = "MW"
"""The widest reply letters of a step run."""

MOST_SECONDS = 20
"""Seconds that a call should say at a time (reference, M08); it is said twice."""
PER_SECOND = {"zh": 5.0, "en": 2.7}
"""How fast a call is read: Chinese characters, English words (practice: 300 and 160 a minute, as news are read)."""
MOST_ACTIONS = 3
MOST_LINKED = 2
"""Pieces of an SMS that ends with an address: the first says what to do, the second where to answer (practice)."""

CARRIERS = frozenset({"退订", "退定", "TD", "T", "TT", "N", "R", "QX", "0000"})
"""Whole replies that platforms of China take as `never write to me again` (practice: each has its own list)."""
KEYWORDS = frozenset({"START", "UNSTOP", "YES", "HELP", "INFO", "取消", "拒收"})
"""Whole replies that Twilio answers itself or takes as an opt-in (Twilio, advanced opt-out), and what only some
platforms of China take as an opt-out (practice)."""
MARKS = (re.compile("【演练】"), re.compile(r"\bDRILL\b"))
DRILL = re.compile(r"演练|\bdrill\b", re.IGNORECASE)
DENIED = re.compile(r"(不是|并非|非)演练|\b(not|no) (a )?drill\b", re.IGNORECASE)
CHINESE = re.compile("[\u4e00-\u9fff]")
CLAUSE = {"zh": re.compile("[,，;；。]"), "en": re.compile(r"[,;.]|\band\b|\bthen\b")}


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One message at its longest: of which value of the plan, what kind of message, and its words.

    linked: the same SMS for who cannot text back, with an address to answer at; empty where there is none.
    """

    path: Path
    kind: str
    language: str
    sms: str
    voice: str = ""
    steps: int = 1
    linked: str = ""


def check_messages(
    plan: Playbook,
    site: Site,
    roster: Roster | None = None,
    together: Iterable[frozenset[str]] = (),
    link: str = "",
) -> list[Finding]:
    """Return what is wrong with the words of *plan*: as they stand, and as people receive them.

    Args:
        together: roles that one person may come to hold at the same time; their steps go in one message.
        link: an address as long as those that messages carry; empty where they carry none.
    """
    found = [*_texts(plan), *_answers(plan), *_opt_out(plan, site), *_actions(plan)]
    return found + list(_too_long(plan, site, list(worst(plan, site, roster, together=together, link=link))))


# the longest of everything


def worst(
    plan: Playbook,
    site: Site,
    roster: Roster | None = None,
    mode: Mode = "drill",
    together: Iterable[frozenset[str]] = (),
    link: str = "",
) -> Iterator[Said]:
    """Yield every message of *plan* at its longest, in both languages; with a *link*, also as it is with that."""
    groups = {*together, *(frozenset({call.role}) for call in plan.roles)}
    for language in LANGUAGES:
        names = {PERSON: _name(roster, language), OTHER: _name(roster, language)}
        best: dict[tuple[Path, str], Said] = {}
        for place in _places(plan, site, language):
            opened = _opened(plan, site, place, language, mode)
            for said in _all(plan, opened, language, names, groups, link):
                key = said.path, said.kind
                if key not in best or length(said.sms) > length(best[key].sms):
                    best[key] = said
        yield from best.values()


def _name(roster: Roster | None, language: str) -> str:
    names = [p.name.of(language) for p in roster.people.values()] if roster else []
    return max(names, key=len, default=LONGEST_NAME.of(language))


def _places(plan: Playbook, site: Site, language: str) -> list[Place]:
    """Return the places whose short name, name or gate is the longest."""
    fit = [place for place in site.places if place.kind == plan.place] or [site.places[0]]
    longest = [
        max(fit, key=lambda p: len(p.short.of(language))),
        max(fit, key=lambda p: len(p.name.of(language))),
        max(fit, key=lambda p: len(p.gate.of(language)) if p.gate else 0),
    ]
    return list({place.id: place for place in longest}.values())


def _opened(plan: Playbook, site: Site, place: Place, language: str, mode: Mode) -> Incident:
    opened = e.IncidentOpened(
        incident="0" * 12,
        code=("X" if is_drill(mode) else "") + plan.code + "99",
        mode=mode,
        playbook=plan,
        site=site,
        place=place.id,
        severity=max(Severity, key=lambda s: (len(SEVERITY_WORDS[s].of(language)), s.rank)),
        members=tuple(Member(id=id, language=language) for id in (PERSON, OTHER)),
        by="console",
        note=None,
        parent=None,
        armed=False,
    )
    incident = evolve(None, opened, AT)
    return replace(incident, facts={f.name: Told(_longest(f), AT, AT) for f in plan.facts}, entry=1)


def _longest(fact: Fact) -> str:
    match fact.type:
        case "count":
            return LONGEST_COUNT
        case "number":
            return LONGEST_NUMBER
        case "yes_no":
            return "yes"
        case "time":
            return AT.isoformat()
        case "choice":
            return max(fact.choices, key=len, default="?")
    return "…"


def _all(
    plan: Playbook,
    opened: Incident,
    language: str,
    names: Mapping[str, str],
    groups: Iterable[frozenset[str]],
    link: str,
) -> Iterator[Said]:
    for state in plan.states:
        at: Path = ("states", state.name)
        here = replace(opened, state=state.name, ended=state.ends)
        runs = [(step, _run(here, step.name, step.role, zone)) for step in state.steps for zone in _zones(here, step)]
        for step, run in _one_each(here, runs, language):
            for there in (here, replace(here, mode="real")) if step.call else (here,):  # a drill rings no agency
                yield _said(there, (*at, "steps", step.name, "do"), "task", language, names, [run], link)
        for index, leave in enumerate(state.leave):
            if leave.alert is not None:
                run = replace(_run(here, "nudge", leave.alert.role, None), nudge=leave.alert.do)
                yield _said(here, (*at, "leave", index, "alert", "do"), "task", language, names, [run], link)
        for group in {frozenset(run.id for _, run in runs if run.role in roles) for roles in groups}:
            if len(group) > 1:
                theirs = [run for _, run in runs if run.id in group]
                yield _said(here, (*at, "steps"), "all", language, names, theirs, link)
        yield from _not_steps(plan, here, language, names, link)


def _not_steps(plan: Playbook, here: Incident, language: str, names: Mapping[str, str], link: str) -> Iterator[Said]:
    """Yield what a state says beside its steps: be ready, and how it stands."""
    state, duties = here.now_in, [here.site.duty(call.role) for call in plan.roles]
    at: Path = ("states", state.name, "headline" if state.headline is not None else "title")
    if state.final or state.ends:
        if state.tells:
            yield _told(here, at, "ended" if state.ends else "update", _widest(duties, language), language, names)
        return
    commanding = [duty for duty in duties if duty.command]
    for who, there in ((duties, here), (commanding, replace(here, command=PERSON))):
        if who:
            yield _said(
                there, at, "stand_by", language, names, [_run(there, "stand_by", _widest(who, language), None)], link
            )
    for kind in ("gap", "passed_on", "taken", "enough", "help", "update"):
        yield _told(here, at, kind, _widest(duties, language), language, names)


def _widest(duties: Sequence[Duty], language: str) -> str:
    return max(duties, key=lambda duty: len(duty.title.of(language))).role if duties else ""


def _zones(incident: Incident, step: Step) -> tuple[str | None, ...]:
    return places_for(replace(incident, severity=Severity.red), step.per)


def _one_each(
    incident: Incident, runs: Sequence[tuple[Step, StepRun]], language: str
) -> Iterable[tuple[Step, StepRun]]:
    """Return one run a step: that of the zone with the longest name."""
    found: dict[str, tuple[Step, StepRun]] = {}
    for step, run in runs:
        known = found.get(step.name)
        if known is None or _width(incident, run.zone, language) > _width(incident, known[1].zone, language):
            found[step.name] = (step, run)
    return found.values()


def _width(incident: Incident, zone: str | None, language: str) -> int:
    return len(incident.site.place(zone).short.of(language)) if zone else 0


def _run(incident: Incident, name: str, role: str, zone: str | None) -> StepRun:
    id = f"{name}/{zone or ''}"
    return StepRun(
        id=id, name=name, role=role, letter=LETTERS, state=incident.state, entry=incident.entry, started=AT, zone=zone
    )


def _alert(id: str, kind: str, role: str | None, step: str | None = None, about: str | None = None) -> Alert:
    return Alert(id=id, person=PERSON, kind=kind, role=role, slot=1, step=step, root=id, at=AT, about=about)


def _said(
    incident: Incident,
    path: Path,
    kind: str,
    language: str,
    names: Mapping[str, str],
    runs: Sequence[StepRun],
    link: str = "",
) -> Said:
    """Return the message that asks one person for all of *runs*."""
    asks = "stand_by" if kind == "stand_by" else "task"
    alerts = {f"a{n}": _alert(f"a{n}", asks, run.role, run.id) for n, run in enumerate(runs)}
    there = replace(incident, steps={run.id: run for run in runs}, alerts=Map(alerts))
    lines = [words_for(there, alert) for alert in alerts.values()]
    voice = render_voice(lines, names, {})[0]
    sms = render_sms(lines, names, {})
    linked = render_sms([replace(line, two_way=False, link=link) for line in lines], names, {}) if link else ""
    return Said(path=path, kind=kind, language=language, sms=sms, voice=voice, steps=len(runs), linked=linked)


def _told(incident: Incident, path: Path, kind: str, role: str, language: str, names: Mapping[str, str]) -> Said:
    about = OTHER if kind in ("passed_on", "taken", "enough", "help") else None
    line = words_for(incident, _alert("a0", kind, role, about=about))
    line = replace(line, ref=incident.code + LETTERS) if kind in ("taken", "enough") else line
    return Said(path=path, kind=kind, language=language, sms=render_sms([line], names, {}))


# too long


def seconds(text: str, language: str) -> float:
    """Return how long a call takes to say *text* once."""
    count = len(re.findall(r"[^\W_]", text)) if language == "zh" else len(text.split())
    return count / PER_SECOND[language]


NAME_OF = {"zh": Text("中文", "Chinese"), "en": Text("英文", "English")}


def _too_long(plan: Playbook, site: Site, all_: Sequence[Said]) -> Iterator[Finding]:
    told: set[tuple[Path, str, str]] = set()
    for said in all_:
        for finding in _of_one(site, said):
            key = finding.path, finding.id, said.language
            if key not in told:
                told.add(key)
                yield finding


def _of_one(site: Site, said: Said) -> Iterator[Finding]:
    name, sign = NAME_OF[said.language], site.signature.of(said.language)
    pieces = segments(said.sms)
    if said.kind == "all":
        if is_cut(said.sms, sign, said.language) or is_cut(said.linked, sign, said.language):
            yield Finding(
                path=said.path,
                id="M01",
                says=f"one person may get {said.steps} steps of this state in one {name.en} SMS, which is longer than "
                f"{LONGEST} characters and cut off",
                zh=f"本阶段一人可能同时有 {said.steps} 项任务,合成的{name.zh}短信超过 {LONGEST} 字,会被截断",
                trace=_story(said),
                fix=Text("把任务分到几个阶段,或写短 do", "part the steps over several states, or shorten `do`"),
            )
        return
    if pieces > 1:
        room = 160 if is_gsm(said.sms) else 70
        yield Finding(
            path=said.path,
            id="M01",
            severity="warning",
            says=f"the longest {name.en} SMS has {length(said.sms)} characters and goes in {pieces} pieces; "
            f"{room} fit into one",
            zh=f"最长的{name.zh}短信有 {length(said.sms)} 字,要分 {pieces} 条;一条最多 {room} 字",
            trace=_story(said),
            fix=Text("写短 do 或 headline", "shorten `do` or `headline`"),
        )
    if pieces <= MOST_LINKED < (linked := segments(said.linked)):
        yield Finding(
            path=said.path,
            id="M01",
            severity="warning",
            says=f"with the address to answer at, the longest {name.en} SMS goes in {linked} pieces; "
            f"{MOST_LINKED} are enough",
            zh=f"带上答复链接后,最长的{name.zh}短信要分 {linked} 条,应不超过 {MOST_LINKED} 条",
            trace=(Text(said.linked, said.linked),),
            fix=Text("用短些的 EMERGENCY_PUBLIC_URL,或写短 do", "use a shorter EMERGENCY_PUBLIC_URL, or shorten `do`"),
        )
    takes = seconds(said.voice, said.language)
    if takes > MOST_SECONDS:
        yield Finding(
            path=said.path,
            id="M08",
            severity="warning",
            says=f"the longest {name.en} call takes {takes:.0f} s to say once; {MOST_SECONDS} s are enough for anybody",
            zh=f"最长的{name.zh}语音念一遍要 {takes:.0f} 秒,应不超过 {MOST_SECONDS} 秒",
            trace=(Text(said.voice, said.voice),),
            fix=Text("写短 do、headline 或各选项", "shorten `do`, `headline` or the answers"),
        )


def _story(said: Said) -> tuple[Text, ...]:
    words = said.sms if len(said.sms) <= 300 else said.sms[:140] + " … " + said.sms[-140:]
    return (Text(words, words),)


def is_cut(text: str, sign: str, language: str, mode: Mode = "drill") -> bool:
    """Return whether an SMS holds no more than a part of what it was to say."""
    around = len(wrap("", sign, language, mode))
    return len(text) >= min(LONGEST, around + LONGEST - len(sign) - ROOM)


# the words as they stand


def texts(plan: Playbook) -> Iterator[tuple[Path, Text]]:
    """Yield every text of the plan that a person reads or hears, with its path."""
    yield ("title",), plan.title
    if plan.press is not None:
        yield ("press",), plan.press
    for fact in plan.facts:
        yield ("facts", fact.name, "ask"), fact.ask
    for agency in plan.agencies:
        yield ("agencies", agency.name, "say"), agency.say
    for milestone in plan.milestones:
        yield ("milestones", milestone.name, "title"), milestone.title
    for state in plan.states:
        yield from _of_state(state)


def _of_state(state: State) -> Iterator[tuple[Path, Text]]:
    at: Path = ("states", state.name)
    for key, text in (("title", state.title), ("headline", state.headline), ("announce", state.announce)):
        if text is not None:
            yield (*at, key), text
    for step in state.steps:
        yield (*at, "steps", step.name, "do"), step.do
        for answer in step.decision:
            yield (*at, "steps", step.name, "decision", answer.name), answer.says
    for index, leave in enumerate(state.leave):
        if leave.because is not None:
            yield (*at, "leave", index, "because"), leave.because
        if leave.alert is not None:
            yield (*at, "leave", index, "alert", "do"), leave.alert.do
    for index, line in enumerate(state.checklist):
        yield (*at, "checklist", index), line


LOUD = frozenset({"title", "headline", "announce", "press"})


def _texts(plan: Playbook) -> Iterator[Finding]:
    for path, text in texts(plan):
        yield from _translated(path, text)
        for words in (text.zh, text.en):
            if any(mark.search(words) for mark in MARKS) or (path[-1] in LOUD and DRILL.search(words)):
                yield Finding(
                    path=path,
                    id="M03",
                    says=f"'{words}' bears the mark of a drill, and would be sent in a real emergency too",
                    zh=f"“{words}”带有演练字样,真实事件中也会发出",
                    fix=Text("删去;演练标记由程序加", "take it out; the program marks drills itself"),
                )
                break
            if DENIED.search(words):
                yield Finding(
                    path=path,
                    id="M03",
                    says=f"'{words}' says that this is no drill, and would be sent in a drill too",
                    zh=f"“{words}”声明不是演练,而演练中也会发出",
                    fix=Text("删去这句", "take that out"),
                )
                break


def _translated(path: Path, text: Text) -> Iterator[Finding]:
    for words, ours, other in ((text.zh, "zh", "en"), (text.en, "en", "zh")):
        if not words.strip():
            yield Finding(
                path=path, id="M02", says=f"the words in {ours} are empty", zh=f"没有 {ours} 的文字,只有 {other} 的"
            )
    if CHINESE.search(text.en):
        yield Finding(
            path=path, id="M02", says=f"the English words are Chinese: '{text.en}'", zh=f"英文写的是中文:{text.en}"
        )
    elif text.zh == text.en and re.search("[a-z]{2}", NAMED.sub("", text.zh)):
        yield Finding(
            path=path,
            id="M02",
            says=f"the Chinese words are the English ones: '{text.zh}'",
            zh=f"中文没有翻译:{text.zh}",
        )
    if sorted(set(named(text.zh))) != sorted(set(named(text.en))):
        only = sorted(set(named(text.zh)) ^ set(named(text.en)))
        shown = ", ".join("{" + ".".join(filter(None, each)) + "}" for each in only)
        yield Finding(
            path=path,
            id="M02",
            says=f"{shown} is named in one language only",
            zh=f"{shown} 只在一种语言里出现",
            fix=Text("两种语言写同样的值", "name the same values in both languages"),
        )


def _answers(plan: Playbook) -> Iterator[Finding]:
    """M04: a word that is printed beside one key and read as another."""
    for state in plan.states:
        for step in state.steps:
            at: Path = ("states", state.name, "steps", step.name, "decision")
            for language in LANGUAGES:
                seen: dict[str, str] = {}
                for key, answer in enumerate(step.decision, start=FIRST_ANSWER_KEY):
                    yield from _clash(at, answer, str(key), language, seen)


KEYS = {
    "1": Text("收到", "received"),
    "2": Text("完成", "done"),
    "3": Text("不能", "cannot"),
    "9": Text("求助", "help"),
}
"""What the keys mean that are no answer of a decision."""


def _clash(at: Path, answer: Answer, key: str, language: str, seen: dict[str, str]) -> Iterator[Finding]:
    says = answer.says.of(language)
    word = tidy(says)
    if word in seen:
        yield Finding(
            path=(*at, answer.name),
            id="M04",
            says=f"'{says}' stands beside two keys: '{seen[word]}' and '{answer.name}'",
            zh=f"“{says}”对应两个选项:{seen[word]}、{answer.name}",
            fix=Text("换一个词", "use another word"),
        )
    seen.setdefault(word, answer.name)
    read = next((reply.key for reply in parse(word) if reply.key is not None), key)
    if read == key:
        return
    means = KEYS.get(read, Text(f"第{read}键", f"answer {read}"))
    yield Finding(
        path=(*at, answer.name),
        id="M04",
        severity="warning",
        says=f"who writes '{says}' instead of {key} is understood as {read}, {means.en}",
        zh=f"有人回“{says}”而不回 {key} 时,会被当成 {read}({means.zh})",
        trace=(
            Text(f"短信:{key}{answer.says.zh}", f"the SMS says: {key} {answer.says.en}"),
            Text(f"回复:{says}", f"the reply is: {says}"),
            Text(f"程序记为 {read}:{means.zh}", f"the program takes it as {read}: {means.en}"),
        ),
        fix=Text("换一个词", "use another word"),
    )


def is_refusal(words: str) -> bool:
    """Return whether carriers take a whole reply of these words as an order never to write again."""
    return tidy(words) in OPT_OUT | CARRIERS


def _opt_out(plan: Playbook, site: Site) -> Iterator[Finding]:
    asked: list[tuple[Path, str]] = []
    for state in plan.states:
        for step in state.steps:
            at: Path = ("states", state.name, "steps", step.name, "decision")
            asked += [
                ((*at, answer.name), words) for answer in step.decision for words in (answer.says.zh, answer.says.en)
            ]
    spoken = {part for _, text in texts(plan) for name, part in named(text.zh) if name == "words"}
    asked += [
        (("states",), words) for id in sorted(spoken & set(site.code_words)) for words in _both(site.code_words[id])
    ]
    for path, words in asked:
        if is_refusal(words):
            yield Finding(
                path=path,
                id="M09",
                says=f"carriers take a whole reply '{words}' for an order never to write again",
                zh=f"整条回复“{words}”会被运营商当成退订指令",
                trace=(
                    Text(f"有人整条回复“{words}”", f"somebody replies '{words}' and no more"),
                    Text("运营商按退订处理", "the carrier takes it as an opt-out"),
                    Text("此人收不到下一条短信", "the next SMS does not reach this person"),
                ),
                fix=Text("换一个词", "use another word"),
            )
        elif tidy(words) in KEYWORDS:
            yield Finding(
                path=path,
                id="M09",
                severity="info",
                says=f"some carriers answer a whole reply '{words}' themselves",
                zh=f"部分运营商会自行处理整条回复“{words}”",
                fix=Text("换一个词", "use another word"),
            )
    if is_refusal(plan.code):
        yield Finding(
            path=("code",),
            id="M09",
            severity="info",
            says=f"the code letter '{plan.code}' alone is an opt-out word of some carriers; replies begin with "
            f"{plan.code}01 and are none",
            zh=f"单独一个“{plan.code}”是部分平台的退订词;带编号的回复({plan.code}01…)不受影响",
        )


def _both(text: Text) -> tuple[str, str]:
    return text.zh, text.en


def _actions(plan: Playbook) -> Iterator[Finding]:
    for path, text in texts(plan):
        if path[-1] != "do":
            continue
        for language in LANGUAGES:
            count = sum(bool(part.strip()) for part in CLAUSE[language].split(text.of(language)))
            if count > MOST_ACTIONS:
                yield Finding(
                    path=path,
                    id="M07",
                    severity="warning",
                    says=f"'{text.of(language)}' asks for {count} things at once; {MOST_ACTIONS} are enough",
                    zh=f"“{text.of(language)}”一次要求 {count} 件事;最多 {MOST_ACTIONS} 件",
                    fix=Text("分成几个步骤", "make several steps of it"),
                )
                break
