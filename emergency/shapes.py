"""The shapes of the files that people write, for pydantic: every mistake at once, each with its place.

Every value arrives as text and is parsed by its field. Guards, outcomes and words become core values on the spot.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from emergency.core import playbook as p
from emergency.core.near import nearest, nearest_zh
from emergency.core.values import Severity, Text
from emergency.errors import Unfit

DAY = "(mon|tue|wed|thu|fri|sat|sun)"
CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
_LANGUAGES_ZH = {"zh": "中文", "en": "英文"}
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def a_length(value: Any) -> timedelta:
    """Parse `90s`, `2m`, `1h30m`, `30d`."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not parts or "".join(a + b for a, b in parts) != text or len(text) > 20:
        raise Unfit(
            f"'{text[:30]}' is no length of time; write a number and a unit: 90s, 2m, 24h, 30d",
            f"“{text[:30]}”不是时长;请写数字和单位,如 90s、2m、24h、30d",
        )
    total = sum((timedelta(**{UNITS[unit]: float(number)}) for number, unit in parts), timedelta(0))
    if total > timedelta(days=3660):
        raise Unfit(f"'{text}' is longer than ten years", f"“{text}”超过十年")
    return total


def a_text(value: Any) -> Text:
    """Parse words in both languages."""
    if not isinstance(value, dict):
        raise Unfit("wants words in both languages: {zh: ..., en: ...}", "中英文都要写:{zh: ..., en: ...}")
    unknown = sorted(set(value) - {"zh", "en"})
    if unknown:
        raise Unfit(
            f"'{unknown[0]}' is no language here; there is zh and en", f"这里没有语言“{unknown[0]}”;只写 zh 和 en"
        )
    for language in ("zh", "en"):
        words = value.get(language)
        if not isinstance(words, str) or not words.strip():
            raise Unfit(f"the words in {language} are missing", f"缺少{_LANGUAGES_ZH[language]}")
        if "{{" in words or "{%" in words or "{#" in words:
            raise Unfit(
                "a text names values as {place}; it holds no template code", "文字里用 {place} 代表值,不能写模板代码"
            )
        if any(ord(ch) < 32 for ch in words):
            raise Unfit("a text is one line without control characters", "文字只能一行,不能有控制字符")
    return Text(value["zh"], value["en"])


def a_day(value: Any) -> date:
    """Parse a date, `2026-12-05`."""
    if isinstance(value, date):
        return value
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
            raise ValueError
        return date.fromisoformat(str(value))
    except ValueError:
        raise Unfit(
            f"'{str(value)[:40]}' is no date; write 2026-12-05", f"“{str(value)[:40]}”不是日期;请写成 2026-12-05"
        ) from None


def a_last_day(value: Any) -> date | None:
    """Parse the last good day of a licence: a date, or `unlimited`."""
    return None if value is None or value == "unlimited" else a_day(value)


def a_yes(value: Any) -> bool:
    """Parse yes and no."""
    if isinstance(value, bool):
        return value
    if value in ("yes", "true"):
        return True
    if value in ("no", "false"):
        return False
    raise Unfit(f"'{value}' is neither yes nor no", f"“{value}”不行;请写 yes 或 no")


def a_severity(value: Any) -> Severity:
    """Parse a colour."""
    if isinstance(value, Severity):
        return value
    if value in Severity.__members__:
        return Severity[str(value)]
    known = list(Severity.__members__)
    raise Unfit(
        f"'{value}' is no severity.{nearest(str(value), known)}",
        f"没有“{value}”这一级。{nearest_zh(str(value), known)}",
    )


def matching(pattern: str, says: str, zh: str) -> BeforeValidator:
    """Return a validator for texts of one form; *says* and *zh* name the form to a person."""

    def check(value: Any) -> str:
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        raise Unfit(f"'{str(value)[:40]}' {says}", f"“{str(value)[:40]}”{zh}")

    return BeforeValidator(check)


def a_language(value: Any) -> str:
    """Parse the language that somebody is written to in: zh, en, or one that has a catalogue."""
    from emergency.languages.shelf import in_use

    shelf = in_use()
    if isinstance(value, str) and value in shelf.names() and shelf.usable(value):
        return value
    there = ", ".join(name for name in shelf.names() if shelf.usable(name))
    raise Unfit(
        f"'{str(value)[:20]}' is no language here; there is {there}; another needs its catalogue in languages/ "
        "(emergency language template)",
        f"这里没有语言“{str(value)[:20]}”。可用:{there};别的语言要先把译文放进 languages/(emergency language template)",
    )


def a_word(value: Any) -> str:
    """Parse an id: lower-case letters, digits and underscores."""
    if isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,39}", value):
        return value
    raise Unfit(
        f"'{value}' is no id; use lower-case letters, digits and _ (at most 40)",
        f"“{value}”不能作编号;请用小写字母、数字和 _(最多 40 个)",
    )


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise Unfit(f"'{value}' is no number", f"“{value}”不是数") from None
    if not -1e9 < number < 1e9:
        raise Unfit(f"'{value}' is out of range", f"“{value}”超出范围")
    return number


def _count(value: Any) -> int:
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and int(value) <= 10000:
        return int(value)
    raise Unfit(f"'{value}' is no whole number", f"“{value}”不是整数")


GUARD_FORMS = {
    ("is", "step"): {"step", "is"},
    ("answer", "step"): {"step", "answer"},
    ("is", "strand"): {"strand", "is"},
    ("strands",): {"strands"},
    ("acknowledged", "role"): {"role", "acknowledged"},
    ("fact", "is"): {"fact", "is", "for"},
    ("fact", "over"): {"fact", "over", "for"},
    ("fact", "under"): {"fact", "under", "for"},
    ("fact", "missing"): {"fact", "missing"},
    ("fact", "told"): {"fact", "told"},
    ("fact", "reaches"): {"fact", "reaches"},
    ("clock", "over"): {"clock", "over"},
    ("under", "until"): {"until", "under"},
    ("severity",): {"severity"},
    ("zones",): {"zones"},
    ("said_by",): {"said_by"},
}
GUARD_WORDS = sorted({word for form in GUARD_FORMS.values() for word in form} | {"any", "all", "not"})


def a_guard(value: Any) -> p.Guard:
    """Parse a guard from the closed list of playbooks/README.md."""
    if not isinstance(value, dict) or not value:
        raise Unfit("a guard is a mapping such as {step: answer, is: done}", "条件要写成 {step: answer, is: done} 这样")
    if len(value) == 1:
        (word, inner), *_ = value.items()
        if word in ("any", "all"):
            if not isinstance(inner, list) or not inner:
                raise Unfit(f"'{word}' wants a list of guards", f"“{word}”后面要写条件的列表")
            parts = tuple(_simple(each) for each in inner)
            return p.AnyOf(parts) if word == "any" else p.AllOf(parts)
        if word == "not":
            return p.NotOf(_simple(inner))
    return _simple(value)


def _simple(value: Any) -> p.Simple:
    if not isinstance(value, dict):
        raise Unfit("a guard is a mapping such as {step: answer, is: done}", "条件要写成 {step: answer, is: done} 这样")
    keys = set(value)
    unknown = sorted(keys - set(GUARD_WORDS))
    if unknown:
        raise Unfit(
            f"'{unknown[0]}' is no word of a guard.{nearest(unknown[0], GUARD_WORDS)}",
            f"条件里不能写“{unknown[0]}”。{nearest_zh(unknown[0], GUARD_WORDS)}",
        )
    if keys & {"any", "all", "not"}:
        raise Unfit("any, all and not are one level deep, and stand alone", "any、all、not 只能有一层,而且单独写")
    for needed, allowed in GUARD_FORMS.items():
        if set(needed) <= keys <= allowed:
            return _make_guard(needed, value)
    raise Unfit(
        "these words make no guard together: " + ", ".join(sorted(keys)) + "; see the list in playbooks/README.md",
        "这些合起来不是条件:" + "、".join(sorted(keys)) + ";写法见 playbooks/README.md",
    )


def _make_guard(form: tuple[str, ...], v: dict[str, Any]) -> p.Simple:
    dwell = a_length(v["for"]) if "for" in v else timedelta(0)
    match form:
        case ("is", "step"):
            _must(v["is"], "done")
            return p.StepIs(a_word(v["step"]))
        case ("answer", "step"):
            return p.StepIs(a_word(v["step"]), a_word(v["answer"]))
        case ("is", "strand"):
            _must(v["is"], "done")
            return p.StrandDone(a_word(v["strand"]))
        case ("strands",):
            _must(v["strands"], "all")
            return p.StrandDone(None)
        case ("acknowledged", "role"):
            return p.RoleAcknowledged(a_word(v["role"]), _count(v["acknowledged"]))
        case ("fact", "is"):
            return p.FactIs(a_word(v["fact"]), str(v["is"]), dwell)
        case ("fact", "over"):
            return p.FactOver(a_word(v["fact"]), _number(v["over"]), dwell)
        case ("fact", "under"):
            return p.FactUnder(a_word(v["fact"]), _number(v["under"]), dwell)
        case ("fact", "missing"):
            return p.FactMissing(a_word(v["fact"]), a_length(v["missing"]))
        case ("fact", "told"):
            return p.FactTold(a_word(v["fact"]), a_yes(v["told"]))
        case ("fact", "reaches"):
            return p.FactReaches(a_word(v["fact"]), a_word(v["reaches"]))
        case ("clock", "over"):
            return p.ClockOver(a_word(v["clock"]), a_length(v["over"]))
        case ("under", "until"):
            return p.TimeLeftUnder(a_word(v["until"]), a_length(v["under"]))
        case ("severity",):
            return p.SeverityAtLeast(a_severity(v["severity"]))
        case ("zones",):
            _must(v["zones"], "swept")
            return p.ZonesSwept()
        case _:
            return p.SaidBy(a_word(v["said_by"]))


def _must(value: Any, word: str) -> None:
    if value != word:
        raise Unfit(f"'{value}' stands where only '{word}' can", f"这里只能写“{word}”,不能写“{value}”")


def an_outcome(value: Any) -> p.Outcome:
    """Parse what follows lateness: remind, deputy, {go: state} or {raise: severity}."""
    if value == "remind":
        return p.Remind()
    if value == "deputy":
        return p.CallDeputy()
    if isinstance(value, dict) and set(value) == {"go"}:
        return p.Go(a_word(value["go"]))
    if isinstance(value, dict) and set(value) == {"raise"}:
        return p.RaiseTo(a_severity(value["raise"]))
    raise Unfit(
        f"'{value}' is no outcome; there is remind, deputy, {{go: state}}, {{raise: severity}}",
        f"“{value}”不行;可写 remind、deputy、{{go: 阶段}}、{{raise: 级别}}",
    )


LENGTH_SCHEMA = {"type": "string", "pattern": r"^(\d+(\.\d+)?[smhd])+$", "examples": ["90s", "2m", "24h", "30d"]}
WORDS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"zh": {"type": "string", "minLength": 1}, "en": {"type": "string", "minLength": 1}},
    "required": ["zh", "en"],
    "additionalProperties": False,
}
YES_SCHEMA = {"enum": ["yes", "no", "true", "false", True, False]}
COLOUR_SCHEMA = {"enum": list(Severity.__members__)}
ID_SCHEMA = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}
COUNT_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\d+$"}]}
SCALAR_SCHEMA = {"type": ["string", "number", "boolean"]}
"""What an editor takes for a number or a yes is a text to us."""
OUTCOME_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"enum": ["remind", "deputy"]},
        {"type": "object", "properties": {"go": ID_SCHEMA}, "required": ["go"], "additionalProperties": False},
        {
            "type": "object",
            "properties": {"raise": COLOUR_SCHEMA},
            "required": ["raise"],
            "additionalProperties": False,
        },
    ]
}
CALL_SCHEMA = {"enum": [*Severity.__members__, "step"]}
ANSWER_SCHEMA = {
    **WORDS_SCHEMA,
    "properties": {**WORDS_SCHEMA["properties"], "tells": {"type": "object", "additionalProperties": SCALAR_SCHEMA}},
}


def guard_schema() -> dict[str, Any]:
    """Return the guards that there are, from the table that reads them."""
    lengths = {"for", "missing"}
    known: dict[str, dict[str, Any]] = {
        **dict.fromkeys(
            ("step", "answer", "strand", "role", "fact", "reaches", "clock", "until", "said_by"), ID_SCHEMA
        ),
        "acknowledged": COUNT_SCHEMA,
        "told": YES_SCHEMA,
        "severity": COLOUR_SCHEMA,
        "strands": {"const": "all"},
        "zones": {"const": "swept"},
    }

    def word(name: str, form: tuple[str, ...]) -> dict[str, Any]:
        if name in lengths or (name in ("over", "under") and "fact" not in form):
            return LENGTH_SCHEMA
        if name == "is":
            return SCALAR_SCHEMA if "fact" in form else {"const": "done"}
        return known.get(name, SCALAR_SCHEMA)

    simple = [
        {
            "type": "object",
            "properties": {name: word(name, needed) for name in sorted(allowed)},
            "required": list(needed),
            "additionalProperties": False,
        }
        for needed, allowed in GUARD_FORMS.items()
    ]
    nested: list[dict[str, Any]] = [
        {
            "type": "object",
            "properties": {name: inner},
            "required": [name],
            "additionalProperties": False,
        }
        for name, inner in (
            ("any", {"type": "array", "items": {"anyOf": simple}, "minItems": 1}),
            ("all", {"type": "array", "items": {"anyOf": simple}, "minItems": 1}),
            ("not", {"anyOf": simple}),
        )
    ]
    return {"anyOf": [*simple, *nested]}


Length = Annotated[timedelta, BeforeValidator(a_length), WithJsonSchema(LENGTH_SCHEMA)]
Words = Annotated[Text, PlainValidator(a_text), WithJsonSchema(WORDS_SCHEMA)]
Yes = Annotated[bool, BeforeValidator(a_yes), WithJsonSchema(YES_SCHEMA)]
Colour = Annotated[Severity, PlainValidator(a_severity), WithJsonSchema(COLOUR_SCHEMA)]
DAY_SCHEMA = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
Day = Annotated[date, PlainValidator(a_day), WithJsonSchema(DAY_SCHEMA)]
LastDay = Annotated[Any, PlainValidator(a_last_day), WithJsonSchema({"anyOf": [DAY_SCHEMA, {"const": "unlimited"}]})]
Id = Annotated[str, BeforeValidator(a_word), WithJsonSchema(ID_SCHEMA)]
Count = Annotated[int, BeforeValidator(_count), WithJsonSchema(COUNT_SCHEMA)]
GuardValue = Annotated[Any, PlainValidator(a_guard), WithJsonSchema(guard_schema())]
OutcomeValue = Annotated[Any, PlainValidator(an_outcome), WithJsonSchema(OUTCOME_SCHEMA)]
Tongue = Annotated[str, BeforeValidator(a_language), WithJsonSchema({"type": "string", "examples": ["zh", "en"]})]
ShortText = Annotated[str, Field(max_length=200)]
Value = Annotated[str, Field(max_length=200), WithJsonSchema(SCALAR_SCHEMA)]


class Shape(BaseModel):
    """The root of all shapes: unknown words are mistakes."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, defer_build=True)


class FactShape(Shape):
    """A fact of a plan."""

    type: Literal["count", "number", "yes_no", "time", "text", "choice"]
    ask: Words
    unless_told: Value | None = None
    choices: list[Id] = []


class ClockShape(Shape):
    """A clock of a plan."""

    since: Id


class RaiseShape(Shape):
    """A rule of severity."""

    to: Colour
    when: GuardValue


class SeverityShape(Shape):
    """Levels of a plan."""

    start: Colour
    raise_: list[RaiseShape] = Field(default=[], alias="raise")
    lower: list[RaiseShape] = []


def a_call(value: Any) -> Severity | None:
    """Parse from when on a role is called: a colour, or `step`."""
    return None if value == "step" else a_severity(value)


def an_answer(value: Any) -> p.Answer:
    """Parse an answer of a decision: words, and what it tells."""
    if not isinstance(value, dict):
        raise Unfit("wants words in both languages: {zh: ..., en: ...}", "中英文都要写:{zh: ..., en: ...}")
    tells = value.get("tells", {})
    if not isinstance(tells, dict) or not all(isinstance(each, str) for each in tells.values()):
        raise Unfit("tells: which fact has which value, as {danger: yes}", "tells 要写 情况: 值,如 {danger: yes}")
    says = a_text({key: each for key, each in value.items() if key != "tells"})
    return p.Answer(name="", says=says, tells={a_word(fact): each for fact, each in tells.items()})


class RoleShape(Shape):
    """When a role is called: from a severity on, or (`step`) by its steps alone."""

    at: Annotated[Any, PlainValidator(a_call), WithJsonSchema(CALL_SCHEMA)]
    heads: Count = 1


class AgencyShape(Shape):
    """The words for an agency."""

    say: Words


class NudgeShape(Shape):
    """An alert beside a transition."""

    role: Id
    do: Words


class LeaveShape(Shape):
    """A way out of a state."""

    to: Id | None = None
    when: GuardValue | None = None
    after: Length | None = None
    source: ShortText = ""
    because: Words | None = None
    alert: NudgeShape | None = None


class StepShape(Shape):
    """A step of a state."""

    role: Id
    do: Words | None = None
    done: Length | None = None
    source: ShortText = ""
    strand: Id | None = None
    call: Id | None = None
    reports: list[Id] = []
    decision: dict[Id, Annotated[Any, PlainValidator(an_answer), WithJsonSchema(ANSWER_SCHEMA)]] = {}
    per: Literal["zones", "lifts"] | None = None
    every: Length | None = None
    when: GuardValue | None = None
    late: list[OutcomeValue] | None = None
    call_out: Literal["each", "first", "in_turn"] = "each"
    quorum: Count | None = None


class KnockOnShape(Shape):
    """A knock-on emergency."""

    playbook: Id
    when: GuardValue | None = None


class StateShape(Shape):
    """A state of a plan."""

    title: Words
    headline: Words | None = None
    severity: Colour | None = None
    announce: Words | None = None
    commanded_by: Id | None = None
    expects: list[KnockOnShape] = []
    steps: dict[Id, StepShape] = {}
    leave: list[LeaveShape] = []
    ends: Literal["stand_down", "false_alarm", "cancelled"] | None = None
    tells: Literal["everyone_alerted"] | None = None
    checklist: list[Words] = []
    final: Yes = False


class MergeShape(Shape):
    """When a second report joins."""

    same: Literal["place", "site"]
    within: Length


class BeginShape(Shape):
    """Where an incident begins."""

    state: Id
    when: GuardValue | None = None


class MilestoneShape(Shape):
    """What must have happened so long after the report."""

    title: Words
    within: Length
    source: ShortText
    call: Id | None = None
    step: Id | None = None
    state: Id | None = None


class PlaybookShape(Shape):
    """A plan."""

    playbook: Id
    code: Annotated[
        str,
        matching(
            "[A-HJ-NP-WY]",
            "is no code; one capital letter, but not I, O, X or Z",
            "不能作字母代号;请写一个大写字母,I、O、X、Z 除外",
        ),
        WithJsonSchema({"type": "string", "pattern": "^[A-HJ-NP-WY]$"}),
    ]
    title: Words
    place: Literal["zone", "lift", "site"]
    merge: MergeShape | None = None
    silent: Literal["place"] | None = None
    known_to: Literal["few"] | None = None
    press: Words | None = None
    facts: dict[Id, FactShape] = {}
    clocks: dict[Id, ClockShape] = {}
    severity: SeverityShape
    roles: dict[Id, RoleShape]
    agencies: dict[Id, AgencyShape] = {}
    begin: list[BeginShape] = []
    milestones: dict[Id, MilestoneShape] = {}
    states: dict[Id, StateShape]


class PlaceShape(Shape):
    """A zone or a lift of a site."""

    name: Words
    short: Words
    within: Id | None = None
    registration: ShortText = ""
    gate: Words | None = None
    aliases: list[ShortText] = []
    apart: Yes = False


class SiteAgencyShape(Shape):
    """An agency as the site knows it."""

    name: Words
    number: Annotated[str, matching(r"\+?[0-9 -]{3,20}", "is no telephone number", "不是电话号码")]


class DutyShape(Shape):
    """A role of the site's organisation."""

    title: Words
    deputies: list[Id] = []
    higher: Id | None = None
    command: Yes = False
    urgent: Yes = False
    conflicts: list[Id] = []
    needs: list[Id] = []
    remote: Yes = False


class ShiftShape(Shape):
    """A shift: days as `mon-fri` or `sat,sun`, and hours; one that ends before it begins goes over midnight."""

    days: Annotated[
        str,
        matching(f"{DAY}([,-]{DAY})*", "are no days; write mon-fri, or sat,sun", "不是星期;请写成 mon-fri 或 sat,sun"),
    ]
    from_: Annotated[
        str, Field(alias="from"), matching(CLOCK, "is no time of day; write 08:00", "不是时刻;请写成 08:00")
    ]
    to: Annotated[str, matching(CLOCK, "is no time of day; write 08:00", "不是时刻;请写成 08:00")]
    on_holidays: Literal["as_sunday", "off", "on"] = "as_sunday"


class RotationShape(Shape):
    """Shifts that repeat: one or `off` for each day of the cycle, whose first entry is for the day `begins`."""

    cycle: Annotated[list[Id], Field(min_length=1, max_length=366)]
    begins: Day


class HolidaysShape(Shape):
    """Days that the site keeps as public holidays though its country does not, and those that it does not keep."""

    add: dict[Day, Words] = {}
    remove: list[Day] = []


class SiteShape(Shape):
    """A site."""

    site: Id
    name: Words
    signature: Words
    address: Words
    timezone: str
    country: Annotated[
        str,
        matching("[A-Z]{2}", "is no country; two capital letters, as CN or GB", "不是国家;请写两个大写字母,如 CN、GB"),
    ]
    zones: dict[Id, PlaceShape]
    lifts: dict[Id, PlaceShape] = {}
    agencies: dict[Id, SiteAgencyShape] = {}
    roles: dict[Id, DutyShape]
    shifts: dict[Id, ShiftShape]
    rotations: dict[Id, RotationShape] = {}
    holidays: HolidaysShape | None = None
    subdivision: Annotated[
        str, matching("[A-Z0-9]{1,4}", "is no part of a country; write ENG, or NY", "不是国家的一部分;请写成 ENG 或 NY")
    ] = ""
    facts: dict[Id, ShortText] = {}
    may: dict[Id, list[Id]] = {}
    code_words: dict[Id, Words] = {}


class LeaveOfShape(Shape):
    """Days away, both ends included."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day
    why: ShortText = ""


class SwapShape(Shape):
    """The shift worked on a day instead of the own one; `off` for none."""

    day: Day
    shift: Id


class PersonShape(Shape):
    """A person of the roster."""

    name: Words
    language: Tongue
    numbers: list[str] = []
    roles: dict[Id, Count] = {}
    shift: Id
    on_call: Yes = False
    zone: Id | None = None
    standby: Id | None = None
    positions: list[Words] = []
    employer: ShortText = ""
    licences: dict[Id, LastDay] = {}
    leave: list[LeaveOfShape] = []
    swaps: list[SwapShape] = []
    since: Day | None = None
    until: Day | None = None


class RosterShape(Shape):
    """The people of a site."""

    people: dict[Id, PersonShape]
