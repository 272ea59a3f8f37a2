"""The JSON Schema of a scenario, for editors: it completes words and explains them, in English and Chinese.

Made from the shapes that read a scenario. What only the whole shows (a name that is missing, an inject without effect)
is told by `emergency drill check`.
"""

from __future__ import annotations

import json
from typing import Any

from emergency import shapes
from emergency.drills.scenarios import shapes as own
from emergency.picture.schema import SAID, tidy

FILE = "playbooks/scenarios/scenario.schema.json"
SHARED = {
    "Words": shapes.WORDS_SCHEMA,
    "Length": shapes.LENGTH_SCHEMA,
    "Id": shapes.ID_SCHEMA,
    "Colour": shapes.COLOUR_SCHEMA,
    "Check": own.CHECK_SCHEMA,
    "Mark": own.MARK_SCHEMA,
    "Name": own.NAME_SCHEMA,
}
OWN_SAID = {
    "Check": (
        "A question to the log: step call_119 done, state evacuating, command != guo_xin, evaluator Q4.",
        "向日志提的问题,见 docs/guides/writing-a-scenario.md。",
    ),
    "Mark": ("What it is called here: I1, E2, O3, Q4.", "编号:I1、E2、O3、Q4。"),
    "Name": ("A person, role.NAME, a channel, a place, an asset.", "人员、role.岗位、通道、地点或设施。"),
}
EXPLAINED: dict[str, dict[str, tuple[str, str]]] = {
    "ScenarioShape": {
        "format": ("The format of this file.", "文件格式。"),
        "scenario": ("The id; the file bears the same name.", "情景代号,与文件同名。"),
        "title": ("What the drill is called.", "演练名称。"),
        "site": ("The site it is written for.", "写给哪个场所。"),
        "playbook": ("The plan, pinned to its revision.", "演练哪个预案,锁定版本。"),
        "kind": ("How it is run; the last two ring real telephones.", "演练形式;后两种打真实电话。"),
        "notice": ("Who knows: everybody; the period but not the minute; a few.", "谁知情:全体、只知时段、少数人。"),
        "begins": ("When it is played at; selects shift and people.", "演练时刻,决定谁在班。"),
        "clock": ("How long at most, how fast, which dice.", "最长多久、多快、哪组随机数。"),
        "opens": ("What is reported at the start.", "开始时的报告。"),
        "safety": ("What a live drill must have.", "真实演练必备。"),
        "objectives": ("What the drill is to show.", "检验什么。"),
        "people": ("How people behave whatever the model says.", "个别人怎样应答。"),
        "decisions": (
            "The answer that players give to a decision; otherwise the first.",
            "各决策的回答,不写取第一个。",
        ),
        "injects": ("What happens on the way.", "途中发生什么。"),
        "ends": ("When it ends, if not at its maximum.", "什么时候结束。"),
        "questions": ("What evaluators answer.", "评估员要回答的问题。"),
        "observers": ("How many people watch.", "几名观察员。"),
    },
    "PlanNamed": {
        "id": ("The id of the plan.", "预案代号。"),
        "revision": ("Of the plan; written by `emergency drill check --pin FILE`.", "预案版本,由 --pin 写入。"),
    },
    "ClockShape": {
        "maximum": ("It never lasts longer.", "最长多久。"),
        "speed": ("1 is real time.", "1 为真实时间。"),
        "seed": ("Of the dice: the same seed, the same log.", "随机种子,同种子同日志。"),
    },
    "OpensShape": {
        "place": ("Where it happens.", "地点。"),
        "says": ("The words of the caller.", "报告人的话。"),
        "told": ("Facts told at once.", "一开始就知道的情况。"),
        "severity": ("At least so grave from the start.", "起始级别。"),
    },
    "NoticeShape": {
        "text": ("What is told, and what to do.", "告知什么、做什么。"),
        "lead": ("So long before.", "提前多久。"),
        "working_days": ("So many working days before.", "提前几个工作日。"),
        "confirm": ("Confirmed by name before the drill may begin.", "对方具名确认后才能开始。"),
        "by": ("By which means: entrance_sign, pa_announcement.", "方式:入口告示、广播。"),
        "at_end": ("What they confirm afterwards.", "结束后确认什么。"),
    },
    "SafetyShape": {
        "phrase": ("What anybody says when something real happens.", "出现真实险情时说的话。"),
        "never_contact": ("Numbers refused beside the emergency numbers.", "紧急号码之外另禁的号码。"),
        "violent": ("Violence against people: at a table, or announced.", "暴力类:只能桌面或事先告知全体。"),
        "notices": ("Who is told beforehand.", "事先告知谁。"),
    },
    "ExpectShape": {
        "text": ("What should follow, in words.", "应当发生什么。"),
        "check": ("How the log shows it.", "日志怎样证明。"),
        "within": ("So long after the inject.", "注入后多久内。"),
        "critical": ("The objective stands or falls with it.", "关键项。"),
    },
    "ObjectiveShape": {
        "capability": ("What ability it is about.", "哪项能力。"),
        "text": ("The objective in words.", "目标的文字。"),
        "metric": ("How it is measured.", "怎样衡量。"),
        "subject": ("The role, step, state, severity or question measured.", "衡量哪个岗位、任务、阶段、级别或问题。"),
        "within": ("In this time.", "多久内。"),
        "since": ("Counted from the start, or from an inject.", "从开始或某个注入算起。"),
        "least": ("For a share: at least so much.", "比例至少多少。"),
        "expect": ("Expectations of its own, counted from the start.", "自己的预期,从开始算起。"),
    },
    "OverrideShape": {
        "profile": ("on_site, on_call, off_duty_day, off_duty_night.", "应答类型。"),
        "first_ack": ("When they first answer.", "第一次应答的时间。"),
        "never": ("They never answer.", "从不应答。"),
    },
    "PeopleShape": {
        "default_profile": ("by_shift, or one for everybody.", "按班次,或全体同一类型。"),
        "overrides": ("Single people.", "个别人。"),
    },
    "DeliverShape": {
        "from": ("Who is played.", "谁打来(控制组扮演)。"),
        "to": ("A person, or role.NAME.", "打给谁。"),
        "by": ("By which means.", "方式。"),
    },
    "ContingencyShape": {
        "if_not": ("The expectation that was not met.", "哪条预期没有达到。"),
        "after": ("So long after the inject.", "注入后多久。"),
        "do": ("What control does.", "控制组怎么办。"),
        "text": ("The words.", "说什么。"),
    },
    "InjectShape": {
        "kind": ("What happens; the list stands in docs/guides/writing-a-scenario.md.", "发生什么,见编写指南。"),
        "at": ("So long after the start.", "开始后多久。"),
        "when": ("When the log shows this.", "日志出现什么时。"),
        "caused_by": ("It follows another inject.", "由哪个注入引起。"),
        "after": ("So long after its condition or cause.", "条件或起因之后多久。"),
        "again": ("Each time the condition comes anew.", "条件每次重现都来一次。"),
        "target": ("Whom or what it concerns.", "对谁或什么。"),
        "text": ("The words.", "说的话。"),
        "params": ("More about it, as the kind wants it.", "其他参数。"),
        "deliver": ("A message that somebody plays.", "由谁扮演、打给谁。"),
        "visible_to": ("Who may see it: control, evaluators, players.", "谁能看到。"),
        "objective": ("The objective it serves.", "为哪个目标。"),
        "expect": ("What should follow.", "应当发生什么。"),
        "contingency": ("What control does when an expectation is not met.", "没达到时控制组怎么办。"),
        "reserve": ("Only by the director's hand.", "备用,只由总指挥手动放出。"),
    },
}
"""What each word of a scenario means."""


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario as people write it."""
    made = own.ScenarioShape.model_json_schema()
    kinds: dict[str, Any] = {**made.pop("$defs"), "ScenarioShape": made}
    kinds = {name: _kind(name, kind) for name, kind in kinds.items() if "properties" in kind}
    scenario = kinds.pop("ScenarioShape")
    said = {**SAID, **OWN_SAID}
    shared = {name: {**schema, "description": "\n".join(said[name])} for name, schema in SHARED.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "emergency drill scenario",
        **scenario,
        "$defs": {**shared, **dict(sorted(kinds.items()))},
    }


def schema_text() -> str:
    """Return the schema as a file holds it."""
    return json.dumps(scenario_schema(), ensure_ascii=False, indent=1) + "\n"


def _kind(name: str, kind: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "additionalProperties": False}
    made["properties"] = {
        word: {**_named(tidy(value)), "description": "\n".join(EXPLAINED[name][word])}
        for word, value in kind["properties"].items()
    }
    if "required" in kind:
        made["required"] = kind["required"]
    return made


def _named(value: Any) -> Any:
    """Return *value* with what is shared by name."""
    if isinstance(value, list):
        return [_named(each) for each in value]
    if not isinstance(value, dict):
        return value
    for name, schema in SHARED.items():
        if value == schema:
            return {"$ref": f"#/$defs/{name}"}
    return {key: _named(each) for key, each in value.items()}
