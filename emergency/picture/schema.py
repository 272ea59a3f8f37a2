"""The JSON Schema of a plan, for editors: it completes words and explains them, in English and Chinese.

Made from the shapes that read a plan, and a little wider: a plan that lies over parts may leave out what they bring.
What only the whole plan shows (a name that is missing, a wait without end) is told by `emergency playbook check`.
"""

from __future__ import annotations

import json
from typing import Any

from emergency import shapes
from emergency.layers import NONE

FILE = "playbooks/playbook.schema.json"
PARTIAL = ("StateShape", "StepShape", "FactShape", "AgencyShape", "SeverityShape", "RoleShape", "MilestoneShape")
"""Shapes of which a plan may write a piece alone, over a part."""
SHARED = {
    "Words": shapes.WORDS_SCHEMA,
    "Length": shapes.LENGTH_SCHEMA,
    "Guard": shapes.guard_schema(),
    "Outcome": shapes.OUTCOME_SCHEMA,
    "Id": shapes.ID_SCHEMA,
    "Colour": shapes.COLOUR_SCHEMA,
}
SAID: dict[str, tuple[str, str]] = {
    "Words": ("Words in both languages.", "中英文并列。"),
    "Length": ("A length of time with its unit: 90s, 2m, 24h, 30d.", "时长,带单位:90s、2m、24h、30d。"),
    "Guard": ("A question; true or not true. The list stands in playbooks/README.md.", "条件,见 playbooks/README.md。"),
    "Outcome": ("What follows lateness, one after the other.", "误时之后依次怎么办。"),
    "Id": ("Lower-case letters, digits and _.", "小写字母、数字、下划线。"),
    "Colour": ("How grave: blue, yellow, orange, red.", "级别:蓝、黄、橙、红。"),
}
EXPLAINED: dict[str, dict[str, tuple[str, str]]] = {
    "PlaybookShape": {
        "playbook": ("The id of the plan; the file bears the same name.", "预案代号,与文件同名。"),
        "code": ("One letter; incidents are called F01, F02. Not I, O, X, Z.", "编号首字母,不用 I、O、X、Z。"),
        "title": ("What the emergency is called.", "预案名称。"),
        "place": ("What --at must name: a zone, a lift, or the whole site.", "地点要说区域、电梯,还是全场。"),
        "merge": ("When a second report joins an open incident.", "什么时候并入已开的事件。"),
        "silent": ("Nobody believed to be at the place is rung or texted.", "不给事发地点的人打电话、发短信。"),
        "known_to": (
            "Need-to-know: a change of shift brings in nobody who has nothing to do.",
            "知情面从严：交接班不惊动无事可做的人。",
        ),
        "press": ("The line for the press.", "对外口径。"),
        "facts": ("What people can tell, or are asked.", "可报、要问的情况。"),
        "clocks": ("Clocks of the plan's own; `opened` and `state` always exist.", "自设的计时;opened、state 总有。"),
        "severity": ("Where the level starts, and what moves it.", "起始级别,什么情况升降。"),
        "roles": ("Who is called, and from which level on.", "从哪一级起叫谁。"),
        "agencies": ("Whom people dial, and the words to say.", "要打的外部电话和要说的话。"),
        "begin": ("Where an incident begins, if not in the first state.", "不从第一阶段开始时,从哪里开始。"),
        "milestones": ("What must have happened so long after the report.", "接报后最迟何时必须做到。"),
        "states": ("The phases, in order; an incident begins in the first.", "各阶段,按顺序;从第一个开始。"),
    },
    "FactShape": {
        "type": ("What kind of value it has.", "是什么样的值。"),
        "ask": ("The question to people.", "怎么问。"),
        "unless_told": ("What holds until somebody says otherwise.", "没人说之前按什么算。"),
        "choices": ("The values of a choice.", "可选的值。"),
    },
    "ClockShape": {"since": ("The fact that tells the moment it runs from.", "从哪个情况所说的时间算起。")},
    "SeverityShape": {
        "start": ("The level an incident begins with.", "起始级别。"),
        "raise": ("Raised at once, by itself, when this holds.", "条件一满足,立即自动升级。"),
        "lower": ("Lowered by itself: for a measured value only.", "自动降级,只用于测量值。"),
    },
    "RaiseShape": {
        "to": ("The level it is moved to.", "升、降到哪一级。"),
        "when": ("When this holds.", "什么条件下。"),
    },
    "RoleShape": {
        "at": ("Called from this level on; `step`: only for its steps.", "从哪一级起叫;step:只按任务叫。"),
        "heads": ("How many people it needs.", "要几个人。"),
    },
    "AgencyShape": {"say": ("The words to say; {names} are filled in.", "要说的话;{名称}会填上。")},
    "NudgeShape": {
        "role": ("Who is asked.", "叫谁。"),
        "do": ("To do what; short.", "做什么,要短。"),
    },
    "LeaveShape": {
        "to": ("The state it leads to; without it somebody is asked again and again.", "去哪个阶段;不写就一再地催。"),
        "when": ("It leads there once this holds.", "条件满足就去。"),
        "after": ("It leads there after so long, when everybody is silent.", "没人应答,过这么久就去。"),
        "source": (
            "Whose rule the time is: a law, a standard, or practice.",
            "时限出处:法规、标准,或 practice(自定)。",
        ),
        "because": ("Why, for people to read.", "为什么,写给人看。"),
        "alert": ("Who is asked at the same time.", "同时叫谁。"),
    },
    "StepShape": {
        "role": ("Who does it.", "谁做。"),
        "do": ("One or two verbs; it must fit a text message.", "一两个动词,短信放得下。"),
        "done": ("Until when, from the start of the step.", "时限,从任务开始算。"),
        "source": (
            "Whose rule the time is: a law, a standard, or practice.",
            "时限出处:法规、标准,或 practice(自定)。",
        ),
        "strand": ("Steps of one strand belong together.", "同一条线的任务。"),
        "call": ("The step is a telephone call to this agency.", "打电话给这个单位。"),
        "reports": ("Facts that the role should report.", "要报的情况。"),
        "decision": ("The answers: keys 4, 5, ... in this order, at most five.", "可答的选择,按键 4、5……,最多五个。"),
        "per": ("One such step for each zone, or each lift.", "每个区域或每台电梯各一项。"),
        "every": ("Again so long after it was done.", "做完后过这么久再做。"),
        "when": ("The step exists once this holds.", "条件满足才有这项任务。"),
        "late": ("What follows lateness; otherwise remind, deputy.", "误时怎么办;不写就是先催,再叫副手。"),
        "call_out": (
            "Who is asked: each holder (usual); first: everyone there at once, the first to answer has it; "
            "in_turn: one after the other.",
            "怎么叫人:each 每人都叫(默认);first 在场的同时叫,先答者接手;in_turn 一个一个叫。",
        ),
        "quorum": ("So many must answer; then the others are let go.", "要几个人应答;够了就放其他人。"),
    },
    "KnockOnShape": {
        "playbook": ("The plan of the emergency to look out for.", "可能引发哪个预案。"),
        "when": ("Only when this holds.", "什么条件下。"),
    },
    "StateShape": {
        "title": ("What the state is called.", "阶段名称。"),
        "headline": (
            "What a message says has happened; otherwise the title of the plan.",
            "短信里说发生了什么;不写用预案名称。",
        ),
        "severity": ("From here on at least so grave.", "从此至少这个级别。"),
        "announce": ("Read over the public address.", "广播词。"),
        "commanded_by": ("This agency decides here.", "由这个单位指挥。"),
        "expects": ("Emergencies that may follow.", "可能引发的其他险情。"),
        "steps": ("What is to be done, by name.", "任务。"),
        "leave": (
            "The ways out; the first that holds wins. One of them for silence.",
            "出路,先满足者先走;必须有一条管没人应答。",
        ),
        "ends": ("The emergency ends here: stood down, false alarm, cancelled.", "在此结束:解除、误报、取消。"),
        "tells": ("Everyone who was alerted is told.", "告诉所有被叫的人。"),
        "checklist": ("Each is ticked by a person before the stand-down.", "解除前逐项确认。"),
        "final": ("Nothing follows: the incident is closed.", "归档,不再有动作。"),
    },
    "MergeShape": {
        "same": ("The same place, or anything on site.", "同一地点,或全场。"),
        "within": ("So long after the last report.", "多长时间内。"),
    },
    "BeginShape": {
        "state": ("It begins in this state.", "从这个阶段开始。"),
        "when": ("When the facts told at the start say so.", "启动时报的情况满足时。"),
    },
    "MilestoneShape": {
        "title": ("What must have happened.", "要做到什么。"),
        "within": ("So long after the report.", "接报后多久内。"),
        "source": (
            "Whose rule the time is: a law, a standard, or practice.",
            "时限出处:法规、标准,或 practice(自定)。",
        ),
        "call": ("A call to this agency.", "打了给这个单位的电话。"),
        "step": ("This step is done.", "做完这项任务。"),
        "state": ("This state is entered.", "进入这个阶段。"),
    },
}
"""What each word of a plan means."""
FORMAT_WORD = {
    "const": "1",
    "description": "The format of the plan; 1, or left out.\n预案的格式版本:1,可不写。",
}
USES = {
    "type": "array",
    "items": {"type": "string", "examples": ["common"]},
    "description": "Parts that lie under this plan, as [common].\n垫在下面的共用部分,如 [common]。",
}


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan as people write it."""
    made = shapes.PlaybookShape.model_json_schema()
    kinds: dict[str, Any] = {**made.pop("$defs"), "PlaybookShape": made}
    for name, kind in kinds.items():
        kinds[name] = _kind(name, kind)
    plan = kinds.pop("PlaybookShape")
    plan["properties"] = {**plan["properties"], "uses": USES, "format": FORMAT_WORD}
    shared = {name: {**schema, "description": "\n".join(SAID[name])} for name, schema in SHARED.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "emergency playbook",
        **plan,
        "$defs": {**shared, **dict(sorted(kinds.items()))},
    }


def schema_text() -> str:
    """Return the schema as a file holds it."""
    return json.dumps(plan_schema(), ensure_ascii=False, indent=1) + "\n"


def _kind(name: str, kind: dict[str, Any]) -> dict[str, Any]:
    """Return one shape: shared pieces by name, every word explained, and nothing required that a part may bring."""
    made: dict[str, Any] = {key: kind[key] for key in ("type", "additionalProperties")}
    properties = {}
    for word, value in kind["properties"].items():
        properties[word] = {**tidy(value), "description": "\n".join(EXPLAINED[name][word])}
    made["properties"] = properties
    if name not in PARTIAL and "required" in kind:
        made["required"] = kind["required"]
    return made


def tidy(value: Any) -> Any:
    """Return *value* without what only the program knows (made-up titles, defaults, nothing), shared pieces by name."""
    if isinstance(value, list):
        return [tidy(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: each for key, each in value.items() if key not in ("title", "default", "propertyNames")}
    if {"type": "null"} in kept.get("anyOf", []):
        options = [each for each in kept.pop("anyOf") if each != {"type": "null"}]
        kept = {**kept, **options[0]} if len(options) == 1 else {**kept, "anyOf": options}
    for name, shared in SHARED.items():
        if kept == shared:
            return {"$ref": f"#/$defs/{name}"}
    neat = {key: _named(each) if key == "properties" else tidy(each) for key, each in kept.items()}
    if "patternProperties" in neat:
        neat["additionalProperties"] = False
        for pattern, other in neat["patternProperties"].items():
            if "$ref" in other:
                neat["patternProperties"][pattern] = {"anyOf": [other, {"const": NONE}]}
    return neat


def _named(properties: dict[str, Any]) -> dict[str, Any]:
    """Return *properties* tidied: their names are words of a plan, whatever they are."""
    return {name: tidy(each) for name, each in properties.items()}
