"""The words people receive, in one place and side by side in zh and en.

A message is built in two stages. `words_for` takes from the incident all that may stand in the store: no name, no
number. `render_sms` and `render_voice` add names and typed words just before sending, and merge what one person
would get in the same moment.
A drill's words begin and end with the drill mark, in writing and in speech.
Further languages come from catalogues (`languages`): every word below goes through `Text.of`, which asks them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

import msgspec
from msgspec.structs import replace

from emergency.core.braces import named
from emergency.core.guards import told_of
from emergency.core.incident import BESIDE, Alert, Incident, StepRun
from emergency.core.languages import BUILT_IN, speaks
from emergency.core.playbook import Step
from emergency.core.replies import tidy
from emergency.core.sandbox import LONGEST, fill, render
from emergency.core.templates import (
    ANSWER_ONLY,
    ASKED,
    COMMAND,
    COMMANDING,
    DIGITS,
    ELSEWHERE,
    END_MARK,
    FIRST_ANSWER_KEY,
    KEY_WORDS,
    MARK,
    MOST_LISTED,
    MOST_SPOKEN,
    PLAYED,
    PLAYED_SHORT,
    REASONS,
    ROOM,
    STAND_BY,
    STANDING_BY,
    TAKE_COMMAND,
    TAKE_OVER,
    TEMPLATES,
    YES_NO,
)
from emergency.core.values import SEVERITY_WORDS, Mode, Text, is_drill


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one delivery says, without any name: it may stand in the store.

    values: words already in the person's language. people: keys of the template that are filled with somebody's
    name. seals: keys that are filled with typed words. ref: the reply code, `F07A`. mixed: for want of a translation
    some of its words are English; it can be read, but no voice of its language could say it.
    link: where to answer, for who cannot text back; put in just before sending, and never stored.
    """

    kind: str
    language: str
    mode: Mode
    code: str
    sign: str
    ref: str = ""
    values: dict[str, str] = {}
    keys: tuple[tuple[str, str], ...] = ()
    people: dict[str, str] = {}
    seals: dict[str, str] = {}
    two_way: bool = True
    mixed: bool = False
    link: str = ""


def reference(incident: Incident, run: StepRun) -> str:
    """Return the reply code of a step run: the incident's code and the step's letter."""
    return incident.code + run.letter


def words_for(incident: Incident, alert: Alert, language: str | None = None) -> Line:
    """Return what *alert* says to its person, in their language or in the one that is asked for."""
    member = incident.members.get(alert.person)
    language = language or (member.language if member else "zh")
    run = incident.steps.get(alert.step) if alert.step else None
    values = _values(incident, language, alert, run)
    keys: tuple[tuple[str, str], ...] = ()
    if run is not None:
        keys = keys_of(incident, run, language)
    kind = incident.ended if alert.kind == "ended" and incident.ended else alert.kind
    people = {"about": alert.about} if alert.about and alert.kind not in ("merged", *ELSEWHERE) else {}
    for number, each in enumerate(alert.wanted):
        people |= {f"who{number}": each.person} | ({f"here{number}": each.here} if each.here else {})
    if alert.kind == "relief" and alert.about == incident.command and not incident.only_asks:
        kind = "relief_command"
    return Line(
        kind=kind,
        language=language,
        mode=incident.mode,
        code=incident.code,
        sign=incident.site.signature.of(language),
        ref=reference(incident, run) if run else incident.code,
        values=values,
        keys=keys,
        people=people,
        seals={"text": alert.text} if alert.text else {},
        two_way=member.two_way if member else True,
        mixed=language not in BUILT_IN and not speaks(language, (text.en for text in _texts(incident, alert, run))),
    )


def _texts(incident: Incident, alert: Alert, run: StepRun | None) -> Iterator[Text]:
    """Yield every text of plan and site that *alert* may say, and those that these name."""
    site, step = incident.site, incident.plan_of(run) if run else None
    said = [incident.now_in.headline or incident.playbook.title, incident.now_in.title]
    played = step is not None and step.call is not None and is_drill(incident.mode)
    does = [PLAYED, PLAYED_SHORT] if played else [step.do] if step is not None else []
    said += [run.nudge] if run is not None and run.nudge is not None else does
    said += [answer.says for answer in step.decision] if step is not None else []
    yield from (site.signature, site.place(incident.place).short, *said)
    yield from (site.duty(role).title for role in (alert.role, *(each.role for each in alert.wanted)) if role)
    yield from (site.place(zone).short for zone in (run.zone if run else None,) if zone is not None)
    if alert.kind == "merged" and alert.about:
        yield site.place(alert.about).short
    if any(named(text.en) for text in said):
        yield from (site.name, site.place(incident.place).name, *filter(None, [_gate(incident)]))


def _values(incident: Incident, language: str, alert: Alert, run: StepRun | None) -> dict[str, str]:
    place = incident.site.place(incident.place)
    values = {
        "headline": headline(incident, language),
        "place": place.short.of(language),
        "state": incident.now_in.title.of(language),
        "severity": SEVERITY_WORDS[incident.severity].of(language),
        "role": incident.site.duty(alert.role).title.of(language) if alert.role else COMMAND.of(language),
        "zone": "",
        "text": "",
    }
    if run is not None:
        values["do"] = what_to_do(incident, run, language)
        values["zone"] = in_zone(incident, run, language)
    if alert.kind == "stand_by":
        values["do"] = orders(incident, alert).of(language)
    if alert.kind == "relief":
        do = ANSWER_ONLY if incident.only_asks else TAKE_COMMAND if alert.about == incident.command else TAKE_OVER
        values["do"] = do.of(language)
    if alert.kind in ELSEWHERE:
        values["other"] = alert.about or ""
    for number, each in enumerate(alert.wanted):
        values[f"role{number}"] = incident.site.duty(each.role).title.of(language)
    if alert.kind == "merged" and alert.about:
        values["where"] = incident.site.place(alert.about).short.of(language)
    return values


def headline(incident: Incident, language: str) -> str:
    """Return what a message says has happened: the state's headline, else the title of the plan."""
    return filled(incident.now_in.headline or incident.playbook.title, incident, language)


def filled(text: Text, incident: Incident, language: str) -> str:
    """Return a plan's text with what it names; one that names nothing is not looked up for."""
    words = text.of(language)
    return fill(words, context(incident, language)) if "{" in words else words


def what_to_do(incident: Incident, run: StepRun, language: str) -> str:
    """Return what the step run asks, in a few words."""
    if run.nudge is not None:
        return filled(run.nudge, incident, language)
    if run.name == "relieve":
        return TAKE_OVER.of(language)
    step = incident.plan_of(run)
    if step is not None and step.call is not None and is_drill(incident.mode):
        return _played(incident, step, step.call, language)
    return filled(step.do, incident, language) if step else ""


def _played(incident: Incident, step: Step, agency: str, language: str) -> str:
    """Return what a drill says in place of a call to an agency: with its name where that is no longer than the plan's
    own words, which fit into one SMS."""
    named_too = render(PLAYED.of(language), {"agency": agency_name(incident, agency).of(language)})
    return named_too if len(named_too) <= len(step.do.of(language)) else PLAYED_SHORT.of(language)


def agency_name(incident: Incident, agency: str) -> Text:
    """Return what the site calls an agency; one that it does not know bears its own name."""
    known = incident.site.agency(agency)
    return known.name if known is not None else Text(agency, agency.replace("_", " "))


def asked_to(incident: Incident, alert: Alert, language: str) -> str:
    """Return what an alert that waits for an answer asks, in a few words, with its zone."""
    run = incident.steps[alert.step or ""]
    if alert.kind == "stand_by":
        return orders(incident, alert).of(language)
    return what_to_do(incident, run, language) + in_zone(incident, run, language)


def orders(incident: Incident, alert: Alert) -> Text:
    """Whoever commands is told so in the role that commands, and not in another one that they hold besides; where a
    drill asks for answers alone nobody is, and nobody waits for orders."""
    if incident.only_asks:
        return ANSWER_ONLY
    commands = alert.person == incident.command and incident.site.duty(alert.role or "").command
    return COMMANDING if commands else STANDING_BY


def in_zone(incident: Incident, run: StepRun, language: str) -> str:
    """Return the zone that the run is for, after a comma; nothing when it is not one zone's."""
    if run.zone is None:
        return ""
    return Text(",", ", ").of(language) + incident.site.place(run.zone).short.of(language)


def keys_of(incident: Incident, run: StepRun, language: str) -> tuple[tuple[str, str], ...]:
    """Return the keys beside 1 that the run takes, each with its word: 2 and 3, or the answers of a decision and 3."""
    if run.name in BESIDE:
        return (("3", KEY_WORDS["3"].of(language)),)
    return plan_keys(incident.plan_of(run), language)


def plan_keys(step: Step | None, language: str) -> tuple[tuple[str, str], ...]:
    """Return the keys beside 1 that a step of a plan takes; None stands for a nudge."""
    cannot = ("3", KEY_WORDS["3"].of(language))
    if step is not None and step.decision:
        chosen = enumerate(step.decision, start=FIRST_ANSWER_KEY)
        return (*((str(key), answer.says.of(language)) for key, answer in chosen), cannot)
    return ("2", KEY_WORDS["2"].of(language)), cannot


def context(incident: Incident, language: str) -> dict[str, dict[str, str]]:
    """Return what a plan's text may name: name to part to words. Facts not told yet are a question mark."""
    site, place = incident.site, incident.site.place(incident.place)
    values: dict[str, dict[str, str]] = {
        "site": {"name": site.name.of(language), "address": site.address.of(language)},
        "place": {
            "name": place.name.of(language),
            "short": place.short.of(language),
            "registration": place.registration or "?",
            "gate": gate_of(incident, language),
        },
        "code": {"name": incident.code},
        "words": {id: text.of(language) for id, text in site.code_words.items()},
        "severity": {"name": SEVERITY_WORDS[incident.severity].of(language)},
    }
    for fact in incident.playbook.facts:
        told = told_of(incident, fact.name)
        value = told.value if told else "?"
        if fact.type == "time" and told is not None:
            value = moment_words(datetime.fromisoformat(told.value), incident)
        values[fact.name] = {"name": _fact_words(fact.type, value, language)}
    return values


def gate_of(incident: Incident, language: str) -> str:
    """Return the gate that serves the place, or that of the zone around it; a question mark where none is named."""
    gate = _gate(incident)
    return gate.of(language) if gate else "?"


def _gate(incident: Incident) -> Text | None:
    place = incident.site.place(incident.place)
    while place.gate is None and place.within is not None:
        place = incident.site.place(place.within)
    return place.gate


def moment_words(moment: datetime, incident: Incident) -> str:
    """Return a moment as the site's own clocks show it: 14:05, with the day where it is another than the report's."""
    here = timezone(timedelta(minutes=incident.offset))
    local = moment.astimezone(here)
    same_day = local.date() == incident.opened.astimezone(here).date()
    return local.strftime("%H:%M" if same_day else "%m-%d %H:%M")


def _fact_words(kind: str, value: str, language: str) -> str:
    if kind == "yes_no" and value in ("yes", "no"):
        return YES_NO[value].of(language)
    if kind == "text" and value != "?":
        return "…"
    return value


def script(incident: Incident, agency: str, names: Mapping[str, str], language: str) -> str:
    """Return the words to say to *agency*, filled with what is known; *names*: role to the name of its first holder.

    Raises:
        KeyError: the plan does not call this agency.
    """
    found = incident.playbook.agency(agency)
    if found is None:
        raise KeyError(agency)
    values = context(incident, language)
    for duty in incident.site.duties:
        values[duty.role] = {"name": names.get(duty.role, "?")}
    return fill(found.say.of(language), values)


def _say(template: str, language: str, values: Mapping[str, Any]) -> str:
    return render(TEMPLATES[template].of(language), values)


def render_sms(lines: Sequence[Line], names: Mapping[str, str], texts: Mapping[str, str]) -> str:
    """Return one SMS for one person: a single line, or several merged.

    Args:
        lines: what it says, oldest first, at least one; all of one language and one mode.
        names: roster id to name. texts: seal to words; a forgotten one is left out.
    """
    first = lines[0]
    by_incident: dict[str, list[Line]] = {}
    for line in lines:
        by_incident.setdefault(line.code, []).append(line)
    body = " ".join(_incident_words(each, names, texts) for each in by_incident.values())
    return wrap(body, first.sign, first.language, first.mode, _link_hint(lines))


def wrap(body: str, sign: str, language: str, mode: Mode, last: str = "") -> str:
    """Return *body* and *last* under the signature, between drill marks when it is practice; a long body is cut, what
    comes last and the marks never are."""
    drill = is_drill(mode)
    gap = " " if last and language != "zh" else ""
    room = LONGEST - len(sign) - ROOM - len(gap + last)
    values = {
        "sign": sign,
        "mark": MARK.of(language) if drill else "",
        "endmark": END_MARK.of(language) if drill else "",
        "body": body[: max(0, room)].rstrip() + gap + last if last else body[: max(0, room)],
    }
    return _say("sms", language, values)


def _link_hint(lines: Sequence[Line]) -> str:
    """Return where to answer, for who cannot text back: one address for all that is asked, and at the very end, so
    that the first piece of a long SMS says what to do. A blank keeps what follows out of what a phone takes for it."""
    line = next((line for line in lines if line.link), None)
    if line is None:
        return ""
    blank = " " if is_drill(line.mode) and not END_MARK.of(line.language).startswith(" ") else ""
    return _say("answer_at", line.language, {"link": line.link}) + blank


def bare_words(line: Line) -> str:
    """Return the least that a message says, without any template: what, where, and the code to answer with."""
    said = " ".join(filter(None, (line.ref or line.code, line.values.get("headline"), line.values.get("place"))))
    drill = is_drill(line.mode)
    mark, end = (MARK.of(line.language), END_MARK.of(line.language)) if drill else ("", "")
    return f"{mark}{said}{end}"


def _incident_words(lines: list[Line], names: Mapping[str, str], texts: Mapping[str, str]) -> str:
    tasks = [line for line in lines if line.kind in ASKED]
    told = _told([line for line in lines if line not in tasks], names, texts)
    parts = []
    if len(tasks) == 1:
        parts.append(_one(tasks[0], names, texts))
    elif tasks:
        parts.append(_several(tasks))
    return " ".join(parts + told)


def _told(lines: Sequence[Line], names: Mapping[str, str], texts: Mapping[str, str]) -> list[str]:
    """Return what is told beside the tasks, each once; all gaps of one incident in one breath."""
    said: dict[str, None] = {}
    gaps: dict[str, list[Line]] = {}
    for line in lines:
        if line.kind == "gap":
            gaps.setdefault(line.code, []).append(line)
    for line in lines:
        if line.kind == "gap":
            roles = dict.fromkeys(each.values.get("role", "") for each in gaps[line.code])
            last = gaps[line.code][-1]  # all of them as things stand by now
            line = replace(last, values={**last.values, "role": Text("、", ", ").of(line.language).join(roles)})
        said.setdefault(_one(line, names, texts))
    return list(said)


def _one(line: Line, names: Mapping[str, str], texts: Mapping[str, str]) -> str:
    values: dict[str, Any] = {"code": line.code, "ref": line.ref, **line.values}
    values.update({key: names.get(id, id) for key, id in line.people.items()})
    values.update({key: texts.get(seal, "") for key, seal in line.seals.items()})
    values["reply"] = _reply_hint(line)
    moves = sorted(_moves(line, values), key=lambda move: move["how"] != "gap")
    if moves:
        values["who"] = _listed(list(dict.fromkeys(move["who"] for move in moves)), line.language)
        values["moves"] = _listed([_say(f"move_{move['how']}", line.language, move) for move in moves], line.language)
    if line.kind == "tell" or line.kind in TEMPLATES:
        return _say(line.kind, line.language, values).strip()
    raise ValueError(f"no words for '{line.kind}'")


def _listed(words: Sequence[str], language: str) -> str:
    """Return *words* as a list; of a long one the first, and how many more there are."""
    more = [_say("more", language, {"n": len(words) - MOST_LISTED})] if len(words) > MOST_LISTED else []
    return Text("、", ", ").of(language).join([*words[:MOST_LISTED], *more])


def _moves(line: Line, values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return whom a message names, each with the role and who stands in it: somebody else (`on`), nobody (`gap`), they
    themselves for both incidents (`both`), or they themselves because nobody relieves them (`stays`)."""
    found: list[dict[str, str]] = []
    for number in count():
        who = line.people.get(f"who{number}")
        if who is None:
            return found
        here = line.people.get(f"here{number}")
        how = "stays" if line.kind == "no_relief" else "gap" if here is None else "both" if here == who else "on"
        said = {key: str(values.get(f"{key}{number}", "")) for key in ("who", "role", "here")}
        found.append({**said, "how": how})
    return found


def _reply_hint(line: Line) -> str:
    if line.link:
        return ""
    if not line.two_way:
        return _say("no_reply", line.language, {})
    keys = [{"key": key, "label": label} for key, label in line.keys]
    return _say("reply", line.language, {"ref": line.ref, "keys": keys})


def _several(tasks: list[Line]) -> str:
    first = tasks[0]
    listed = [{"ref": t.ref, **_task(t)} for t in tasks]
    hint = "reply_many" if first.two_way else "no_reply"
    reply = "" if first.link else _say(hint, first.language, {"code": first.code, "ref": first.ref})
    values = {**first.values, "code": first.code, "tasks": listed, "reply": reply}
    return _say("tasks", first.language, values)


def _task(line: Line) -> dict[str, str]:
    """Return what one of several tasks says: as whom, in which zone where it is one zone's, and what to do."""
    do = line.values.get("do") or STAND_BY.of(line.language)
    return {"role": line.values.get("role", ""), "zone": line.values.get("zone", ""), "do": do}


def render_voice(lines: Sequence[Line], names: Mapping[str, str], texts: Mapping[str, str]) -> tuple[str, str]:
    """Return the script of a call, to be said twice, and the keys it takes (empty when nothing is asked)."""
    first = lines[0]
    tasks = [line for line in lines if line.kind in ASKED]
    keys = "".join(voice_keys(tasks))
    parts = []
    if tasks:
        parts.append(_voice_tasks(tasks))
    told = _told([line for line in lines if line not in tasks], names, texts)
    if told:
        parts.append(_say("voice_tell", first.language, {"sign": first.sign, "body": " ".join(told)}))
    body = " ".join(parts)
    if is_drill(first.mode):
        body = _say("voice_drill", first.language, {"body": body[: LONGEST - ROOM]})
    return body, keys


def voice_keys(tasks: Sequence[Line]) -> tuple[str, ...]:
    """Return the keys a call takes. With several steps at once only 1 (all received) and 9 are safe to press."""
    if not tasks:
        return ()
    if len(tasks) > 1:
        return ("1", "9")
    return ("1", *(key for key, _ in tasks[0].keys), "9")


def _voice_tasks(tasks: list[Line]) -> str:
    by_incident: dict[str, list[Line]] = {}
    for task in tasks:
        by_incident.setdefault(task.code, []).append(task)
    if len(tasks) == 1:
        return _voice_incident(tasks, single=True)
    said = "".join(_voice_incident(each[:MOST_SPOKEN], single=False) for each in by_incident.values())
    left = sum(max(0, len(each) - MOST_SPOKEN) for each in by_incident.values())
    more = _say("voice_more", tasks[0].language, {"n": left}) if left else ""
    return said + more + _say("voice_all", tasks[0].language, {})


def _voice_incident(tasks: list[Line], *, single: bool) -> str:
    first = tasks[0]
    listed = [{**_task(t), **({"zone": ""} if single else {})} for t in tasks]  # a single one's stands at the front
    labels = [{"key": key, "label": label} for key, label in first.keys] if single else []
    values = {
        **first.values,
        "sign": first.sign,
        "spoken": spoken(first.code, first.language),
        "tasks": listed,
        "keys": labels or [{"key": "1", "label": ""}] if single else [],
        "zone": first.values.get("zone", "") if single else "",
    }
    return _say("voice_task", first.language, values)


def spoken(code: str, language: str) -> str:
    """Return a code as it is said: `F07` is F-零-七, or F 0 7, which every voice reads in its own language."""
    if language != "zh":
        return " ".join(code)
    return "-".join(DIGITS.zh[int(ch)] if ch.isdigit() else ch for ch in code)


def render_test(channel: str, sign: str, language: str, *, code: str = "", keys: str = "") -> str:
    """Return a test of one telephone, marked at both ends: a text that asks for *code*, or a call that takes *keys*."""
    if channel == "voice":
        return _say("voice_test", language, {"sign": sign, "keys": keys})
    return wrap(_say("test", language, {"code": code}), sign, language, "real")


def render_still(channel: str, sign: str, language: str, *, name: str, code: str) -> str:
    """Return the question whether a number still is *name*'s: a text that asks for *code*, or a call that takes 1."""
    if channel == "voice":
        return _say("voice_still", language, {"sign": sign, "name": name})
    return wrap(_say("still", language, {"name": name, "code": code}), sign, language, "real")


def answer(key: str, language: str, values: Mapping[str, Any]) -> str:
    """Return the words that answer a reply. *key* is one of the templates of this page."""
    return _say(key, language, values).strip()


FRAME = "sms"
"""The template around every text, the same in all further languages: where the marks stand is no matter of taste."""


def own_texts() -> dict[str, Text]:
    """Return every text of the program's own that people can receive, by a name; what a catalogue should hold."""
    words = {f"template {name}": text for name, text in TEMPLATES.items() if name != FRAME}
    words |= {f"reason {name}": text for name, text in REASONS.items()}
    words |= {f"key {key}": text for key, text in KEY_WORDS.items()}
    words |= {f"answer {name}": text for name, text in YES_NO.items()}
    words |= {f"severity {level.value}": text for level, text in SEVERITY_WORDS.items()}
    words |= {"drill mark": MARK, "drill mark at the end": END_MARK, "command": COMMAND}
    return words | {
        "standing by": STANDING_BY,
        "commanding": COMMANDING,
        "stand by": STAND_BY,
        "only answer": ANSWER_ONLY,
        "take over": TAKE_OVER,
        "take command": TAKE_COMMAND,
        "played agency": PLAYED,
        "played agency in short": PLAYED_SHORT,
    }


def call_language(
    language: str, voices: frozenset[str] | None, *, mixed: bool = False, kinds: Sequence[str] | None = None
) -> str:
    """Return the language that a call to somebody of *language* is made in: theirs where a voice can say all of it,
    else English: a voice that reads the words of another language is understood by nobody.

    Args:
        voices: the languages that the provider can say; None: any. mixed: whether some of the words are English.
        kinds: of the lines that the call says, where that is known; else each of our own texts must be there.
    """
    if language in BUILT_IN:
        return language
    sayable = (voices is None or language in voices) and not mixed
    texts = own_texts().values() if kinds is None else said_in_calls(kinds)
    return language if sayable and speaks(language, (text.en for text in texts)) else "en"


def said_in_calls(kinds: Sequence[str]) -> Iterator[Text]:
    """Yield the program's own texts that a call with lines of these *kinds* may say."""
    yield from (text for name, text in TEMPLATES.items() if name.startswith("voice_") or name in kinds)
    yield from (*KEY_WORDS.values(), *SEVERITY_WORDS.values(), *YES_NO.values())
    yield from (COMMAND, STANDING_BY, COMMANDING, STAND_BY, ANSWER_ONLY)


def quotes_test(text: str, language: str) -> bool:
    """Return whether *text* holds a sentence of our own test message: it was forwarded or quoted, nobody answered.

    Args:
        text: in capitals, as `replies.tidy` leaves it.
    """
    said = f"{TEMPLATES['test'].of(language)}\n{TEMPLATES['still'].of(language)}"
    plain = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "\n", said)
    sentences = (tidy(each) for each in re.split(r"[\n.。!?]", plain))
    return any(len(each) >= LONG_ENOUGH and each in text for each in sentences)


LONG_ENOUGH = 8
"""Characters of a sentence that nobody writes by chance (practice)."""
