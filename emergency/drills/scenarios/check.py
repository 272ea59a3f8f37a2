"""What a scenario must keep beyond its shape: every name exists, every inject can bite, nothing in it can do harm.

Pure: a scenario meets a plan, a site and who is there. What only a run shows is found by `dry_run`. Each finding
carries the path of the value it speaks of, so that file and line can be named.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import msgspec

from emergency.check.messages import MARKS
from emergency.core.check import Finding, Path
from emergency.core.near import nearest
from emergency.core.playbook import Playbook
from emergency.core.site import Member, Site
from emergency.core.values import Text
from emergency.drills.live.callout import callout_of, critical_roles
from emergency.drills.players.model import BY_SHIFT, PROFILES
from emergency.drills.scenario import LIVE, Expect, Inject, Scenario, effect_of
from emergency.drills.scenarios.expect import Check, Name, names, parse
from emergency.drills.scenarios.numbers import hidden_finding
from emergency.drills.scenarios.shapes import a_moment

ALWAYS_MAY = ("console", "command")
"""Who may order besides people, roles and agencies: whoever sits at the program, whoever commands."""
VIOLENT = frozenset({"robbery", "riot", "threat"})
"""Plans about violence against people. Staff who took such a drill for real were hurt (practice: at a table, or known
to everybody beforehand)."""
ALERTING = frozenset(
    {
        "sms", "voice", "gateway", "provider", "twilio", "outbox", "server", "database", "modem", "control_room",
        "fire_alarm", "alarm", "panel", "sprinkler", "emergency_lighting", "smoke_fan", "fire_pump",
    }
)  # fmt: skip
"""What alerts or protects people really; a drill among people leaves it alone."""
DENIALS = re.compile(
    r"(不是|并非|非|绝非|勿当)(演练|演习)"
    r"|(not|no|never|isn'?t|ain'?t) (a |an |just a )?(drill|exercise|test)\b"
    r"|(pas|n'est point) (un |une )?(exercice|simulation)|no es un (simulacro|ejercicio)|kein(e)? (übung|probe)"
    r"|não é (um )?(simulacro|exercício)|non è un'?\s?esercitazione|не учени|не учебн|訓練ではあり?|훈련이 ?아닙",
    re.IGNORECASE,
)
"""`This is not a drill`, as people write it in some languages: whoever reads it in a drill believes it
(Hawaii 2018: the drill's own script held it)."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario is checked against.

    plans: id to plan; revision: of the scenario's own plan as it is now. people: every id of the roster. team: who is
    there at the beginning, by id; empty where nobody is known.
    """

    site: Site
    plans: Mapping[str, Playbook]
    revision: str
    people: frozenset[str] = frozenset()
    team: Mapping[str, Member] = {}


def check_scenario(scenario: Scenario, known: Known) -> list[Finding]:
    """Return everything wrong with *scenario* that shows without playing it."""
    return [hidden_finding(each) for each in _found(scenario, known)]


def _found(scenario: Scenario, known: Known) -> list[Finding]:
    found = [*_of_plan(scenario, known), *_safe(scenario), *_words(scenario)]
    plan = played_plan(scenario, known.plans)
    if plan is None:
        return found
    found += _opening(scenario, known, plan)
    found += _people(scenario, known)
    for inject in scenario.injects:
        found += _inject(scenario, known, plan, inject)
    found += _objectives(scenario, plan, known)
    found += _checks(scenario, known, plan)
    found += _times(scenario)
    found += _coverage(scenario, known, plan)
    return found + list(_observers(scenario))


def played_plan(scenario: Scenario, plans: Mapping[str, Playbook]) -> Playbook | None:
    """Return the plan as this kind of drill plays it: a call-out asks for an answer and nothing else. None: no plan."""
    plan = plans.get(scenario.playbook)
    if plan is None or scenario.kind != "callout" or not critical_roles(plan, scenario.severity):
        return plan
    return callout_of(plan, scenario.severity)


def _no(id: str, path: Path, says: str, zh: str, fix: Text | None = None, severity: str = "error") -> Finding:
    return Finding(path=path, id=id, says=says, zh=zh, fix=fix, severity=severity)


def _unknown(path: Path, what: Text, word: str, words: Sequence[str]) -> Finding:
    hint = nearest(word, words)
    return _no("S02", path, f"'{word}' is no {what.en}.{hint}", f"没有“{word}”这个{what.zh}。{_hint(word, words)}")


def _hint(word: str, words: Sequence[str]) -> str:
    close = re.search(r"'([^']+)'", nearest(word, words))
    return f"是不是“{close[1]}”?" if close else ""


PERSON, ROLE, STEP = Text("人员", "person of the roster"), Text("岗位", "role"), Text("任务", "step of the plan")
STATE, FACT, PLACE = Text("阶段", "state of the plan"), Text("情况", "fact of the plan"), Text("地点", "place")
PLAN, ANSWER, INJECT = Text("预案", "plan"), Text("选项", "answer of that decision"), Text("注入", "inject")
QUESTION, EXPECTATION = Text("评估问题", "question of this scenario"), Text("预期", "expectation of this inject")
OBJECTIVE, PROFILE, CHANNEL = Text("目标", "objective"), Text("应答类型", "profile"), Text("通道", "channel")
WHO = Text("人员、岗位(role.X)或单位", "person, role (role.X) or agency")


# the plan


def _of_plan(scenario: Scenario, known: Known) -> Iterator[Finding]:
    if scenario.site and scenario.site != known.site.id:
        yield _no(
            "S02",
            ("site",),
            f"it is written for the site '{scenario.site}'; this is '{known.site.id}'",
            f"情景写给“{scenario.site}”,本场所是“{known.site.id}”",
            Text("改用本场所的地点和人员", "write it with the places and people of this site"),
        )
    if scenario.playbook not in known.plans:
        yield _unknown(("playbook", "id"), PLAN, scenario.playbook, list(known.plans))
    elif not scenario.revision:
        yield _no(
            "S04",
            ("playbook",),
            "names no revision of the plan: a report could not say which plan was drilled",
            "没有写明预案版本,报告无法说明演练的是哪一版",
            Text("运行 emergency drill check --pin 文件", "run: emergency drill check --pin FILE"),
            "warning",
        )
    elif scenario.revision != known.revision:
        yield _no(
            "S04",
            ("playbook", "revision"),
            f"was written for revision {scenario.revision} of '{scenario.playbook}', which is now {known.revision}",
            f"情景写给“{scenario.playbook}”的 {scenario.revision} 版,现行是 {known.revision} 版",
            Text(
                "对照新版预案看一遍,再运行 emergency drill check --pin 文件",
                "go through it beside the plan, then run: emergency drill check --pin FILE",
            ),
        )


def _opening(scenario: Scenario, known: Known, plan: Playbook) -> Iterator[Finding]:
    yield from _place(("opens", "place"), known.site, plan, scenario.place)
    for fact, value in scenario.told.items():
        yield from _fact(("opens", "told", fact), plan, fact, value)
    for step, answer in scenario.decisions.items():
        yield from _answer(("decisions", step), plan, step, answer)
    yield from _members(scenario, known)


def _place(path: Path, site: Site, plan: Playbook, id: str) -> Iterator[Finding]:
    able = [place.id for place in site.places if plan.place == "site" or place.kind in (plan.place, "site")]
    if plan.place == "lift":
        able = [place.id for place in site.places if place.kind == "lift"]
    every = [place.id for place in site.places]
    if id not in every:
        yield _unknown(path, PLACE, id, able)
    elif id not in able:
        kind = {"zone": Text("区域", "zone"), "lift": Text("电梯", "lift"), "site": Text("场所", "site")}[plan.place]
        yield _no(
            "S02",
            path,
            f"'{id}' is no {kind.en}, and '{plan.id}' wants one. There is: {', '.join(able[:8])}",
            f"“{id}”不是{kind.zh},“{plan.id}”要求{kind.zh}",
        )


def _fact(path: Path, plan: Playbook, name: str, value: str) -> Iterator[Finding]:
    declared = plan.fact(name)
    if declared is None:
        yield _unknown(path, FACT, name, [fact.name for fact in plan.facts])
        return
    fits = {
        "yes_no": value in ("yes", "no"),
        "count": bool(re.fullmatch(r"\d{1,7}", value)),
        "number": bool(re.fullmatch(r"-?\d{1,8}(\.\d+)?", value)),
        "choice": value in declared.choices,
        "time": re.fullmatch(r"\d\d:\d\d|\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)?", value) is not None,
    }.get(declared.type, bool(value))
    if not fits:
        like = {"yes_no": "yes, no", "count": "3", "number": "2.5", "time": "19:30", "text": "words"}
        wants = like.get(declared.type, ", ".join(declared.choices))
        yield _no(
            "S02",
            path,
            f"'{value}' is no value of '{name}' ({declared.type}); such as: {wants}",
            f"“{value}”不是“{name}”({declared.type})的值;例如:{wants}",
        )


def _steps(plan: Playbook) -> dict[str, list[tuple[str, ...]]]:
    """Return step to the answers of each place where the plan has it."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for state in plan.states:
        for step in state.steps:
            found.setdefault(step.name, []).append(tuple(answer.name for answer in step.decision))
    return found


def _answer(path: Path, plan: Playbook, step: str, answer: str) -> Iterator[Finding]:
    steps = _steps(plan)
    if step not in steps:
        yield _unknown(path, STEP, step, list(steps))
        return
    answers = [word for each in steps[step] for word in each]
    if not answers:
        yield _no("S02", path, f"step '{step}' asks for no decision", f"任务“{step}”没有要选的答案")
    elif answer not in answers:
        yield _unknown(path, ANSWER, answer, answers)


# people


def _members(scenario: Scenario, known: Known) -> Iterator[Finding]:
    if not known.people:
        return
    for override in scenario.overrides:
        if override.person not in known.people:
            yield _unknown(("people", "overrides", override.person), PERSON, override.person, sorted(known.people))


def _people(scenario: Scenario, known: Known) -> Iterator[Finding]:
    words = (BY_SHIFT, *PROFILES)
    if scenario.default_profile not in words:
        yield _unknown(("people", "default_profile"), PROFILE, scenario.default_profile, words)
    for override in scenario.overrides:
        if override.profile and override.profile not in words:
            path = ("people", "overrides", override.person, "profile")
            yield _unknown(path, PROFILE, override.profile, words)
        if override.never and override.first_ack is not None:
            yield _no(
                "S08",
                ("people", "overrides", override.person),
                f"'{override.person}' never answers, and answers after {override.first_ack}; one of the two",
                f"“{override.person}”既写从不应答,又写 {override.first_ack} 后应答;二选一",
            )


def _roles(plan: Playbook, site: Site) -> list[str]:
    of_plan = [call.role for call in plan.roles] + [step.role for state in plan.states for step in state.steps]
    return list(dict.fromkeys([*of_plan, *(duty.role for duty in site.duties)]))


def _who(path: Path, word: str, known: Known, plan: Playbook, also: Sequence[str] = ()) -> Iterator[Finding]:
    """A person, or `role.NAME`, or one of *also*."""
    if word in also:
        return
    if word.startswith("role."):
        roles = _roles(plan, known.site)
        if word[5:] not in roles:
            yield _unknown(path, ROLE, word[5:], roles)
    elif known.people and word not in known.people:
        what = WHO if also else PERSON
        yield _unknown(path, what, word, [*sorted(known.people), *also])


# injects


def _inject(scenario: Scenario, known: Known, plan: Playbook, inject: Inject) -> Iterator[Finding]:
    path: Path = ("injects", inject.id)
    agencies = [*ALWAYS_MAY, *(a.id for a in known.site.agencies), *(a.name for a in plan.agencies)]
    kind = inject.kind
    if kind.startswith("person."):
        yield from _who((*path, "target"), inject.target, known, plan)
    elif kind.startswith("channel.") and inject.target not in ("sms", "voice") and scenario.kind not in LIVE:
        yield _unknown((*path, "target"), CHANNEL, inject.target, ("sms", "voice"))
    elif kind == "fact.told":
        yield from _fact((*path, "target"), plan, inject.target, inject.params.get("value", ""))
    elif kind == "decision.answer":
        yield from _answer((*path, "target"), plan, inject.target, inject.params.get("answer", ""))
    elif kind == "order.transition":
        yield from _who((*path, "target"), inject.target, known, plan, agencies)
        states = [state.name for state in plan.states]
        if inject.params.get("to") not in states:
            yield _unknown((*path, "params", "to"), STATE, inject.params.get("to", ""), states)
    elif kind == "event.secondary":
        yield from _secondary(path, known, inject)
    if "by" in inject.params and kind in ("fact.told", "decision.answer"):
        yield from _who((*path, "params", "by"), inject.params["by"], known, plan, agencies)
    if inject.deliver is not None:
        yield from _who((*path, "deliver", "to"), inject.deliver.to, known, plan)
    yield from _links(scenario, inject, path)


def _secondary(path: Path, known: Known, inject: Inject) -> Iterator[Finding]:
    other = known.plans.get(inject.params.get("playbook", ""))
    if other is None:
        yield _unknown((*path, "params", "playbook"), PLAN, inject.params.get("playbook", ""), list(known.plans))
    else:
        yield from _place((*path, "target"), known.site, other, inject.target)


def _links(scenario: Scenario, inject: Inject, path: Path) -> Iterator[Finding]:
    ids = [each.id for each in scenario.injects]
    if inject.caused_by is not None and inject.caused_by not in ids:
        yield _unknown((*path, "caused_by"), INJECT, inject.caused_by, ids)
    objectives = [each.id for each in scenario.objectives]
    if inject.objective is not None and inject.objective not in objectives:
        yield _unknown((*path, "objective"), OBJECTIVE, inject.objective, objectives)
    expected = [each.id for each in inject.expect]
    if inject.contingency is not None and inject.contingency.if_not not in expected:
        yield _unknown((*path, "contingency", "if_not"), EXPECTATION, inject.contingency.if_not, expected)


# objectives and checks


def _objectives(scenario: Scenario, plan: Playbook, known: Known) -> Iterator[Finding]:
    for objective in scenario.objectives:
        path: Path = ("objectives", objective.id)
        ids = [each.id for each in scenario.injects]
        if objective.since != "start" and objective.since not in ids:
            yield _unknown((*path, "since"), INJECT, objective.since, ["start", *ids])
        words, what = {
            "role_acked": (_roles(plan, known.site), ROLE),
            "role_refilled": (_roles(plan, known.site), ROLE),
            "step_done": (list(_steps(plan)), STEP),
            "state_reached": ([state.name for state in plan.states], STATE),
            "severity_reached": (["blue", "yellow", "orange", "red"], Text("级别", "severity")),
            "evaluator": ([question.id for question in scenario.questions], QUESTION),
        }.get(objective.metric, ([], None))
        if what is not None and objective.subject not in words:
            yield _unknown((*path, "subject"), what, objective.subject, words)


def _every_check(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    for objective in scenario.objectives:
        for expect in objective.expect:
            yield ("objectives", objective.id, "expect", expect.id, "check"), expect.check
    for inject in scenario.injects:
        if inject.when is not None:
            yield ("injects", inject.id, "when"), inject.when
        for expect in inject.expect:
            yield ("injects", inject.id, "expect", expect.id, "check"), expect.check
    if scenario.ends_when:
        yield ("ends",), scenario.ends_when


def _checks(scenario: Scenario, known: Known, plan: Playbook) -> Iterator[Finding]:
    asked: set[str] = {objective.subject for objective in scenario.objectives if objective.metric == "evaluator"}
    for path, text in _every_check(scenario):
        try:
            check = parse(text)
        except ValueError as error:
            yield _no("S02", path, str(error), getattr(error, "zh", str(error)))
            continue
        asked.add(check.question)
        if check.question and path[-1] in ("when", "ends"):
            yield _no(
                "S02", path, "an evaluator's answer neither starts nor ends anything", "评估员的回答不能触发或结束"
            )
        yield from _names(path, scenario, known, plan, check)
    for question in scenario.questions:
        if question.id not in asked:
            yield _no(
                "S03",
                ("questions", question.id),
                f"nothing asks question {question.id}",
                f"没有哪条预期用到评估问题 {question.id}",
                Text("加一条 check: evaluator …,或删去", "add an expectation with it, or take it out"),
                "warning",
            )


def _names(path: Path, scenario: Scenario, known: Known, plan: Playbook, check: Check) -> Iterator[Finding]:
    if check.inside and check.inside not in known.plans:
        yield _unknown(path, PLAN, check.inside, list(known.plans))
        return
    asked = known.plans.get(check.inside, plan)
    for name in names(check.parts):
        yield from _name(path, scenario, known, asked, name)


def _name(path: Path, scenario: Scenario, known: Known, plan: Playbook, name: Name) -> Iterator[Finding]:
    steps = _steps(plan)
    words, what = {
        "person": (sorted(known.people), PERSON),
        "role": (_roles(plan, known.site), ROLE),
        "step": ([*steps, "stand_by", "nudge", "relieve"], STEP),
        "state": ([state.name for state in plan.states], STATE),
        "place": ([place.id for place in known.site.places], PLACE),
        "playbook": (list(known.plans), PLAN),
        "question": ([question.id for question in scenario.questions], QUESTION),
        "answer": ([word for each in steps.get(name.of, []) for word in each], ANSWER),
        "fact": ([fact.name for fact in plan.facts], FACT),
    }[name.kind]
    if name.kind == "person" and not known.people:
        return
    if name.word not in words:
        yield _unknown(path, what, name.word, words)
    elif name.kind == "fact" and name.value:
        declared = plan.fact(name.word)
        if declared is not None and declared.type == "text":
            says = f"'{name.word}' is free words, and the log keeps a seal alone; ask: event fact.told fact={name.word}"
            yield _no("S02", path, says, f"“{name.word}”是自由文字,日志只留印记;改问 event fact.told fact={name.word}")
        else:
            yield from _fact(path, plan, name.word, name.value)


# times


def moments(scenario: Scenario) -> dict[str, timedelta]:
    """Return inject to when it comes, for those whose moment is known beforehand: by the clock, or caused by such."""
    found: dict[str, timedelta] = {each.id: each.at for each in scenario.injects if each.at is not None}
    for _ in scenario.injects:
        for each in scenario.injects:
            if each.caused_by in found and each.id not in found:
                found[each.id] = found[each.caused_by] + each.after
    return found


def circle(scenario: Scenario) -> list[str]:
    """Return injects that cause each other in a circle, from one of them round to itself; nothing where none do."""
    causes = {each.id: each.caused_by for each in scenario.injects}
    for start in causes:
        way, at = [start], causes[start]
        while at is not None and at not in way:
            way.append(at)
            at = causes.get(at)
        if at == start:
            return [*way, start]
    return []


def _until(inject: Inject) -> timedelta | None:
    until = inject.params.get("until", "end")
    return None if until == "end" else a_moment(until)


def _times(scenario: Scenario) -> Iterator[Finding]:
    known = moments(scenario)
    round_ = circle(scenario)
    if round_:
        says = " <- ".join(round_)
        yield _no(
            "S09",
            ("injects", round_[0], "caused_by"),
            f"injects cause each other in a circle, so none of them ever comes: {says}",
            f"注入互为因果,谁也不会发生:{says}",
            Text("给其中一个写 at 或 when", "give one of them an `at` or a `when`"),
        )
    for inject in scenario.injects:
        begins = known.get(inject.id)
        if begins is None:
            continue
        path: Path = ("injects", inject.id)
        if begins >= scenario.maximum:
            yield _no(
                "S08",
                (*path, "at" if inject.at is not None else "caused_by"),
                f"comes at {clock_text(begins)}, when the drill is over ({clock_text(scenario.maximum)} at most)",
                f"在 {clock_text(begins)} 才发生,而演练最长 {clock_text(scenario.maximum)}",
                Text("提前注入,或加长 clock.maximum", "let it come sooner, or lengthen clock.maximum"),
            )
        until = _until(inject)
        if until is not None and until <= begins:
            yield _no(
                "S01",
                (*path, "params", "until"),
                f"ends at {clock_text(until)}, before it begins at {clock_text(begins)}: it has no effect",
                f"{clock_text(until)} 就结束,早于开始的 {clock_text(begins)},不起作用",
                Text("until 从演练开始算起", "`until` counts from the start of the drill"),
            )


def clock_text(length: timedelta) -> str:
    """Return a length as a clock shows it: 2:00, 1:05:00."""
    seconds = int(length.total_seconds())
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


# coverage, as far as it shows without a run


def _coverage(scenario: Scenario, known: Known, plan: Playbook) -> Iterator[Finding]:
    for inject in scenario.injects:
        yield from _bites(scenario, known, plan, inject)
        if not _measured(scenario, inject):
            yield _no(
                "S03",
                ("injects", inject.id),
                f"inject {inject.id} serves no objective: nobody could say what it showed",
                f"注入 {inject.id} 不属于任何目标,演完说不出检验了什么",
                Text("写 objective,或写 expect", "name its objective, or what is expected"),
                "warning",
            )
    for objective in scenario.objectives:
        if not _tested(scenario, objective.id):
            yield _no(
                "S03",
                ("objectives", objective.id),
                f"objective {objective.id} has no inject: nothing in the scenario puts it to the test",
                f"目标 {objective.id} 没有对应的注入,情景里没有什么检验它",
                Text("让一个注入写上这个目标", "let an inject name it, or measure it from the start"),
                "warning",
            )


def _measured(scenario: Scenario, inject: Inject, seen: frozenset[str] = frozenset()) -> bool:
    """Whether somebody looks at what follows; what only carries the course on need not be looked at. seen: injects that
    lead here, for they may stand in a circle."""
    if inject.reserve or inject.expect or inject.objective is not None or inject.kind in CARRIES_ON:
        return True
    if any(each.since == inject.id for each in scenario.objectives):
        return True
    seen |= {inject.id}
    return any(
        _measured(scenario, each, seen)
        for each in scenario.injects
        if each.caused_by == inject.id and each.id not in seen
    )


CARRIES_ON = frozenset({"fact.told", "decision.answer", "order.transition"})
"""Kinds that may only carry the course of the emergency on."""


def _tested(scenario: Scenario, objective: str) -> bool:
    mine = next(each for each in scenario.objectives if each.id == objective)
    own = mine.expect or (mine.since == "start" and mine.metric != "evaluator")
    by_name = any(each.objective == objective for each in scenario.injects)
    by_question = mine.metric == "evaluator" and any(
        parse(expect.check).question == mine.subject for each in scenario.injects for expect in each.expect
    )
    return bool(own) or by_name or mine.since not in ("start", "") or by_question


def _bites(scenario: Scenario, known: Known, plan: Playbook, inject: Inject) -> Iterator[Finding]:
    path: Path = ("injects", inject.id)
    if scenario.kind == "callout" and effect_of(inject.kind) == "incident":
        yield _nothing(
            path, inject, "a call-out asks for answers, and its plan goes no further", "点名呼叫只要应答,预案不往下走"
        )
        return
    if inject.kind in ("asset.failure", "message.inbound"):
        looked_at = inject.expect or inject.objective or any(e.caused_by == inject.id for e in scenario.injects)
        if not looked_at:
            yield _nothing(path, inject, "it is only told, and nobody looks at what follows", "只是告知,没有人看后果")
        return
    member = known.team.get(inject.target)
    if not inject.kind.startswith("person.") or member is None:
        return
    if member.duty == "off" and not _another_shift(scenario):
        yield _nothing(
            (*path, "target"),
            inject,
            f"{inject.target} is not on that shift, and is not called",
            f"{inject.target} 不在班,不会被叫到",
        )
    elif not _asked(plan, known.site) & set(member.roles):
        yield _nothing(
            (*path, "target"), inject, f"the plan has no role for {inject.target}", f"预案里没有 {inject.target} 的岗位"
        )


def _asked(plan: Playbook, site: Site) -> frozenset[str]:
    """Return the roles that the plan calls, those who deputise for them, and those above them."""
    found = {call.role for call in plan.roles} | {step.role for state in plan.states for step in state.steps}
    ahead = list(found)
    while ahead:
        duty = site.duty(ahead.pop())
        new = {*duty.deputies, *([duty.higher] if duty.higher else [])} - found
        found |= new
        ahead += new
    return frozenset(found)


def _another_shift(scenario: Scenario) -> bool:
    """Whether the drill may last until people change: shifts of any site are longer than that (practice)."""
    return scenario.maximum > timedelta(hours=8)


def _nothing(path: Path, inject: Inject, says: str, zh: str) -> Finding:
    return _no(
        "S01",
        path,
        f"inject {inject.id} can have no effect: {says}",
        f"注入 {inject.id} 不起作用:{zh}",
        Text("换一个时间、人员或通道,或删去", "choose another time, person or channel, or take it out"),
    )


# safety


def _safe(scenario: Scenario) -> Iterator[Finding]:
    violent = scenario.safety.violent or scenario.playbook in VIOLENT
    if violent and scenario.kind in LIVE and scenario.notice != "announced":
        yield _no(
            "S11",
            ("notice",),
            "a scenario of violence among people who do not know of it: staff have been hurt in such drills",
            "暴力类情景,而参与者事先不知情:这类演练伤过人",
            Text("改为 tabletop,或 notice: announced", "make it a tabletop, or notice: announced"),
        )
    if scenario.kind not in LIVE:
        return
    yield from _notices(scenario)
    for inject in scenario.injects:
        yield from _only_masks(inject)


def _notices(scenario: Scenario) -> Iterator[Finding]:
    notices = scenario.safety.notices
    fix = Text(
        "在 safety.notices 写明报警监控中心等单位,见 docs/guides/writing-a-scenario.md",
        "name them in safety.notices (alarm monitoring first); see docs/guides/writing-a-scenario.md",
    )
    if not notices:
        says = f"a drill of kind {scenario.kind} reaches real telephones, and nobody is told beforehand"
        yield _no("S05", ("kind",), says, f"{scenario.kind} 会打真实电话,而没有写要事先告知谁", fix)
        return
    if not any(notice.at_end == "confirm_line_restored" for notice in notices):
        yield _no(
            "S05",
            ("safety", "notices"),
            "nobody confirms afterwards that the monitoring line works again",
            "没有人在结束后确认报警联网已恢复",
            Text("给报警监控中心写 at_end: confirm_line_restored", "give one of them at_end: confirm_line_restored"),
        )
    if not any(notice.confirm for notice in notices):
        yield _no("S05", ("safety", "notices"), "no notice is confirmed by name", "没有一条告知要对方确认", fix)
    for notice in notices:
        if notice.lead is None and not notice.working_days:
            says = f"the notice to '{notice.who}' does not say how long before"
            path = ("safety", "notices", notice.who)
            when = Text("写 lead 或 working_days", "say lead or working_days")
            yield _no("S05", path, says, f"告知“{notice.who}”没有写提前多久", when)


def _only_masks(inject: Inject) -> Iterator[Finding]:
    path: Path = ("injects", inject.id, "target")
    fix = Text("真实演练里只能屏蔽演练消息:target: sms 或 voice", "a live drill masks its own messages: sms or voice")
    if inject.kind.startswith("channel.") and inject.target not in ("sms", "voice"):
        says = f"'{inject.target}' is a part of the real alerting path; a live drill never touches it"
        yield _no("S06", path, says, f"“{inject.target}”属于真实报警通道,真实演练不得触动", fix)
    if inject.kind == "asset.failure":
        touched = {inject.target, *re.split(r"[,\s]+", inject.params.get("affects", ""))}
        real = sorted(word for word in touched if ALERTING & set(re.split(r"[.\-]", word)) or word in ALERTING)
        if real:
            says = f"'{real[0]}' alerts or protects people really; a live drill leaves it as it is"
            fix = Text("换一个设施", "let something else fail")
            yield _no("S06", path, says, f"“{real[0]}”真实地保护着人,真实演练不得停用", fix)


# words


def _texts(scenario: Scenario) -> Iterator[tuple[Path, Text]]:
    yield ("title",), scenario.title
    if scenario.note is not None:
        yield ("opens", "says"), scenario.note
    for objective in scenario.objectives:
        yield ("objectives", objective.id, "text"), objective.text
        yield from _of_expected(("objectives", objective.id), objective.expect)
    for inject in scenario.injects:
        path: Path = ("injects", inject.id)
        if inject.text is not None:
            yield (*path, "text"), inject.text
        if inject.contingency is not None:
            yield (*path, "contingency", "text"), inject.contingency.text
        yield from _of_expected(path, inject.expect)
        for name in ("reply", "reason"):
            if name in inject.params:
                yield (*path, "params", name), Text(inject.params[name], inject.params[name])
    for question in scenario.questions:
        yield ("questions", question.id), question.text
    for notice in scenario.safety.notices:
        yield ("safety", "notices", notice.who, "text"), notice.text
    yield ("safety", "phrase"), scenario.safety.phrase


def _of_expected(path: Path, expects: Sequence[Expect]) -> Iterator[tuple[Path, Text]]:
    for expect in expects:
        yield (*path, "expect", expect.id, "text"), expect.text


def _bare(words: str) -> str:
    """Return words as they are read: one width, no letters that show nothing, no spaces between Chinese ones."""
    text = unicodedata.normalize("NFKC", words)
    text = "".join(ch for ch in text if unicodedata.category(ch) != "Cf").replace("’", "'")
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"(?<=[\u3040-\u9fff]) (?=[\u3040-\u9fff])", "", text)


def denies(words: str) -> bool:
    """Return whether *words* say that this is no drill, in one of the languages we know it in."""
    return DENIALS.search(_bare(words)) is not None


def _words(scenario: Scenario) -> Iterator[Finding]:
    for path, text in _texts(scenario):
        for words in (text.zh, text.en):
            if denies(words):
                yield _no(
                    "S10",
                    path,
                    f"'{words}' says that this is no drill: whoever hears it in a drill believes it",
                    f"“{words}”声称不是演练,听到的人会当真",
                    Text("删去这句", "take that out"),
                )
                break
            if any(mark.search(words) for mark in MARKS):
                yield _no(
                    "S10",
                    path,
                    f"'{words}' bears the mark of a drill; the program puts it on every message itself",
                    f"“{words}”自带演练标记;程序会给每条消息加上",
                    Text("删去标记", "take the mark out"),
                    "warning",
                )
                break


# observers


def _observers(scenario: Scenario) -> Iterator[Finding]:
    """More things to look at in one moment than people who look."""
    if scenario.kind == "simulated" or not scenario.observers:
        return
    known, spans = moments(scenario), []
    for inject in scenario.injects:
        for expect in inject.expect:
            if inject.id in known and parse(expect.check).question:
                begins = known[inject.id]
                spans.append((begins, begins + (expect.within or timedelta(minutes=1)), inject.id, expect.id))
    for begins, _, inject_id, _ in spans:
        together = [each for each in spans if each[0] <= begins < each[1]]
        if len(together) > scenario.observers:
            ids, there = ", ".join(each[3] for each in together), scenario.observers
            yield _no(
                "S07",
                ("injects", inject_id),
                f"{len(together)} things are to be observed at {clock_text(begins)} ({ids}); observers: {there}",
                f"{clock_text(begins)} 同时要看 {len(together)} 件事({ids}),只有 {there} 名观察员",
                Text("错开注入,或增加观察员", "part them in time, or ask for more observers"),
                "warning",
            )
            return
