"""The shape of a scenario file, for pydantic: every mistake at once, each with its place.

As in `shapes`, every value arrives as text and is parsed by its field.
"""
# ruff: noqa: RUF012  (pydantic copies the defaults of a shape)

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from emergency.core.near import nearest, nearest_zh
from emergency.core.sandbox import LONGEST
from emergency.core.values import Text
from emergency.drills.scenario import InjectKind, Kind, Metric, Notice, Visible
from emergency.drills.scenarios import expect
from emergency.shapes import (
    COUNT_SCHEMA,
    ID_SCHEMA,
    LENGTH_SCHEMA,
    SCALAR_SCHEMA,
    WORDS_SCHEMA,
    Colour,
    Count,
    Id,
    Length,
    Shape,
    ShortText,
    Value,
    Yes,
    a_length,
    a_text,
    matching,
)

FORMAT = "drill-scenario/1"
MOST_WORDS = LONGEST - 100
"""Characters of a text; a message has room for the marks at both ends and the reply code beside them (practice)."""
FALSE_FRIENDS = frozenset({"yes", "no", "true", "false", "on", "off", "null", "y", "n"})
"""Words that many programs read as yes, no or nothing where a YAML file does not quote them."""


class Wrong(ValueError):
    """A value that cannot be, in both languages."""

    def __init__(self, message: str, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


def a_moment(value: Any) -> timedelta:
    """Parse a time from STARTEX or a length: `0s`, `90s`, `1m30s`."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    clock = re.fullmatch(r"(\d{1,2}):(\d\d)", text)
    if clock:
        big, small = int(clock[1]), int(clock[2])
        raise Wrong(
            f"'{text}' may be minutes or hours; write {big}m{small}s or {big}h{small}m",
            f"“{text}”看不出是分还是时;请写 {big}m{small}s 或 {big}h{small}m",
        )
    if re.fullmatch(r"\d+(\.\d+)?", text):
        raise Wrong(
            f"'{text}' has no unit; write {text}s, {text}m or {text}h",
            f"“{text}”没有单位;请写 {text}s、{text}m 或 {text}h",
        )
    if text.startswith("-"):
        raise Wrong(f"'{text}' lies before the start; a drill begins at 0s", f"“{text}”在开始之前;演练从 0s 算起")
    try:
        return a_length(text)
    except ValueError as error:
        raise Wrong(str(error), f"“{text[:30]}”不是时长;请带单位,如 90s、2m、1h30m") from None


def a_mark(value: Any) -> str:
    """Parse what an inject, an expectation, an objective or a question is called: I1, E2b, O_alarm."""
    text = str(value)
    if text.lower() in FALSE_FRIENDS:
        raise Wrong(
            f"'{text}' is a yes or no to many programs; use another name, such as I1",
            f"“{text}”在许多程序里是“是/否”;请换个名称,如 I1",
        )
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,19}", text):
        raise Wrong(
            f"'{text[:40]}' is no name; write a letter, then letters, digits and _ (at most 20), such as I1",
            f"“{text[:40]}”不能作名称;请以字母开头,用字母、数字和 _(最多 20 个),如 I1",
        )
    return text


def a_name(value: Any) -> str:
    """Parse the name of a person, a role, a place, an asset: letters, digits, `_`, `.` and `-`."""
    text = str(value)
    if text.lower() in FALSE_FRIENDS:
        raise Wrong(
            f"'{text}' is a yes or no to many programs; say the name", f"“{text}”在许多程序里是“是/否”;请写名称"
        )
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", text):
        raise Wrong(
            f"'{text[:40]}' is no name; letters, digits, _ . and - without spaces",
            f"“{text[:40]}”不能作名称;只用字母、数字、_ . 和 -,不要空格",
        )
    return text


def a_check(value: Any) -> str:
    """Parse a check as far as its words go; it stays text."""
    if not isinstance(value, str):
        raise Wrong(
            "a check is one line of text, such as: step call_119 done", "判定条件是一行文字,如:step call_119 done"
        )
    expect.parse(value)
    return " ".join(value.split())


def some_params(value: Any) -> dict[str, str]:
    """Parse params: names to texts; a list becomes its parts with commas."""
    if not isinstance(value, dict):
        raise Wrong("params are a mapping, such as {until: 8m}", "params 要写成 {名: 值},如 {until: 8m}")
    made = {}
    for name, each in value.items():
        parts = each if isinstance(each, list) else [each]
        if not all(isinstance(part, str) for part in parts):
            raise Wrong(f"'{name}' wants a text, or a list of texts", f"“{name}”要写文字,或文字的列表")
        made[name] = ",".join(parts)
    return made


def a_share(value: Any) -> float:
    """Parse a share from 0 to 1."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 < number <= 1:
        raise Wrong(
            f"'{value}' is no share; write a number above 0 and up to 1, such as 0.9",
            f"“{value}”不是比例;请写大于 0、不超过 1 的数,如 0.9",
        )
    return number


def a_speed(value: Any) -> float:
    """Parse how many times faster than life the clock runs."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0.1 <= number <= 1000:
        raise Wrong(
            f"'{value}' is no speed; write a number from 0.1 to 1000, 1 for real time",
            f"“{value}”不是速度;请写 0.1 到 1000 的数,1 为实时",
        )
    return number


def some_words(value: Any) -> Text:
    """Parse words in both languages, no longer than a message holds with the marks of a drill around them."""
    text = a_text(value)
    for language, words in (("zh", text.zh), ("en", text.en)):
        if len(words) > MOST_WORDS:
            raise Wrong(
                f"the words in {language} have {len(words)} characters; a message holds {MOST_WORDS}, shorten them",
                f"{language} 文字有 {len(words)} 字;一条消息最多 {MOST_WORDS} 字,请缩短",
            )
    return text


def one_of(kind: Any, what: str) -> BeforeValidator:
    """Return a validator for a closed list; it names the nearest right word."""
    words = [str(word) for word in get_args(kind)]

    def check(value: Any) -> Any:
        if value in words:
            return value
        hint = nearest(str(value), words) or " There is: " + ", ".join(words) + "."
        hint_zh = nearest_zh(str(value), words) or "可用:" + "、".join(words) + "。"
        raise Wrong(f"'{str(value)[:40]}' is no {what}.{hint}", f"这里不能写“{str(value)[:40]}”。{hint_zh}")

    return BeforeValidator(check)


CHECK_SCHEMA = {"type": "string", "minLength": 1, "examples": ["step call_119 done", "state evacuating"]}
MARK_SCHEMA = {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]{0,19}$"}
NAME_SCHEMA = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$"}
PARAMS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {"anyOf": [SCALAR_SCHEMA, {"type": "array", "items": SCALAR_SCHEMA}]},
}
NUMBER_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}]}
MOMENT_SCHEMA = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)?$"}

Moment = Annotated[timedelta, BeforeValidator(a_moment), WithJsonSchema(LENGTH_SCHEMA)]
Mark = Annotated[str, BeforeValidator(a_mark), WithJsonSchema(MARK_SCHEMA)]
NameOf = Annotated[str, BeforeValidator(a_name), WithJsonSchema(NAME_SCHEMA)]
Words = Annotated[Text, PlainValidator(some_words), WithJsonSchema(WORDS_SCHEMA)]
CheckText = Annotated[str, PlainValidator(a_check), WithJsonSchema(CHECK_SCHEMA)]
Params = Annotated[dict[str, str], PlainValidator(some_params), WithJsonSchema(PARAMS_SCHEMA)]
Share = Annotated[float, BeforeValidator(a_share), WithJsonSchema(NUMBER_SCHEMA)]
Speed = Annotated[float, BeforeValidator(a_speed), WithJsonSchema(NUMBER_SCHEMA)]
Seed = Annotated[int, BeforeValidator(lambda value: a_seed(value)), WithJsonSchema(COUNT_SCHEMA)]


def a_seed(value: Any) -> int:
    """Parse the seed of the dice: a whole number up to eighteen digits."""
    if isinstance(value, int):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        return int(value)
    raise Wrong(
        f"'{str(value)[:40]}' is no seed; write a whole number of at most 18 digits",
        f"“{str(value)[:40]}”不能作种子;请写最多 18 位的整数",
    )


class PlanNamed(Shape):
    """The plan that is drilled."""

    id: Id
    revision: Annotated[
        str,
        matching(
            "[0-9a-f]{12}",
            "is no revision; `emergency drill check --pin FILE` writes it",
            "不是版本号;它由 emergency drill check --pin 文件 写入",
        ),
        WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{12}$"}),
    ] = ""


class ClockShape(Shape):
    """The clock of a drill."""

    maximum: Moment
    speed: Speed = 1.0
    seed: Seed = 1


class OpensShape(Shape):
    """What is reported at the start."""

    place: Id
    says: Words
    told: dict[Id, Value] = {}
    severity: Colour | None = None


class NoticeShape(Shape):
    """Somebody who must know before a live drill."""

    text: Words
    lead: Length | None = None
    working_days: Count = 0
    confirm: Yes = True
    by: list[Id] = []
    at_end: Literal["", "confirm_line_restored"] = ""


class SafetyShape(Shape):
    """What a live drill must have."""

    phrase: Words | None = None
    never_contact: list[
        Annotated[str, matching(r"\+?[0-9][0-9 -]{1,19}", "is no telephone number", "不是电话号码")]
    ] = []
    violent: Yes = False
    notices: dict[Id, NoticeShape] = {}


class ExpectShape(Shape):
    """What should follow."""

    text: Words
    check: CheckText
    within: Moment | None = None
    critical: Yes = False


class ObjectiveShape(Shape):
    """What the drill is to show."""

    capability: Id
    text: Words
    metric: Annotated[Metric, one_of(Metric, "metric")]
    subject: NameOf | None = None
    within: Moment | None = None
    since: NameOf = "start"
    least: Share = 1.0
    expect: dict[Mark, ExpectShape] = {}


class OverrideShape(Shape):
    """How one person behaves whatever the model says."""

    profile: Id | None = None
    first_ack: Moment | None = None
    never: Yes = False


class PeopleShape(Shape):
    """How people behave."""

    default_profile: Id = "by_shift"
    overrides: dict[Id, OverrideShape] = {}


class DeliverShape(Shape):
    """A message that somebody plays."""

    from_: Annotated[NameOf, Field(alias="from")]
    to: NameOf
    by: Literal["simcell_call", "sms"] = "simcell_call"


class ContingencyShape(Shape):
    """What control does to rescue an objective."""

    if_not: Mark
    after: Moment
    do: NameOf
    text: Words


class InjectShape(Shape):
    """One scripted happening."""

    kind: Annotated[InjectKind, one_of(InjectKind, "inject")]
    at: Moment | None = None
    when: CheckText | None = None
    caused_by: Mark | None = None
    after: Moment = timedelta(0)
    again: Yes = False
    target: NameOf | None = None
    text: Words | None = None
    params: Params = {}
    deliver: DeliverShape | None = None
    visible_to: list[Annotated[Visible, one_of(Visible, "audience")]] | None = None
    objective: Mark | None = None
    expect: dict[Mark, ExpectShape] = {}
    contingency: ContingencyShape | None = None
    reserve: Yes = False


class ScenarioShape(Shape):
    """A scenario."""

    format: Annotated[
        str,
        matching(
            re.escape(FORMAT),
            f"is a format that this release does not read; write {FORMAT}",
            f"这种格式本版本读不了;请写 {FORMAT}",
        ),
    ]
    scenario: Id
    title: Words
    site: Id | None = None
    playbook: PlanNamed
    kind: Annotated[Kind, one_of(Kind, "kind of drill")]
    notice: Annotated[Notice, one_of(Notice, "notice")] = "announced"
    begins: Annotated[ShortText, WithJsonSchema(MOMENT_SCHEMA)]
    clock: ClockShape
    opens: OpensShape
    safety: SafetyShape | None = None
    objectives: dict[Mark, ObjectiveShape] = {}
    people: PeopleShape = PeopleShape()
    decisions: dict[Id, Id] = {}
    injects: dict[Mark, InjectShape] = {}
    ends: CheckText | None = None
    questions: dict[Mark, Words] = {}
    observers: Count = 0


__all__ = ["FORMAT", "ID_SCHEMA", "ScenarioShape"]
