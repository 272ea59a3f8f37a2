"""How people answer, as figures: each with its range, and what it rests on.

`model.yaml` beside this file holds what the program assumes of everybody; `people-learned.yaml` of an installation what
its own call-outs taught (`learning`), `people-model.yaml` what its people say themselves, each over the one before.
Nothing here draws: `played` does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from emergency import yaml_file
from emergency.core.near import nearest, nearest_zh
from emergency.core.site import Member, Site
from emergency.core.values import Text
from emergency.errors import Mistakes, Problem
from emergency.yaml_file import YamlFile

FORMAT, LEARNED_FORMAT = "people-model/1", "people-learned/1"
OWN, LEARNED = "people-model.yaml", "people-learned.yaml"
"""The files of an installation that change the model."""
Basis = Literal["sourced", "assumed", "learned"]
PROFILES = ("on_site", "on_call", "off_duty_day", "off_duty_night")
BY_SHIFT = "by_shift"
NIGHT_BEGINS, NIGHT_ENDS = 22, 6
"""Hours of the site's own time between which somebody off duty is taken to be asleep (practice)."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One figure, the range in which it may as well lie, and what says so."""

    value: float
    low: float
    high: float
    basis: Basis
    source: Text

    @property
    def assumed(self) -> bool:
        """Whether nobody has measured it."""
        return self.basis == "assumed"


class Means(msgspec.Struct, frozen=True):
    """What a figure is, and between which bounds it can be anything at all."""

    text: Text
    least: float
    most: float


def _share(zh: str, en: str) -> Means:
    return Means(Text(zh, en), 0.0, 1.0)


def _length(zh: str, en: str, least: float = 0.1) -> Means:
    return Means(Text(zh, en), least, 86_400.0)


def _sigma(zh: str, en: str) -> Means:
    return Means(Text(zh, en), 0.01, 3.0)


OF_PEOPLE: dict[str, Means] = {
    "available": _share("能否联系得上", "can be reached at all"),
    "replies_by_text": _share("收到短信会回复", "ever replies to a text that arrived"),
    "reply_median_s": _length("短信回复时间中位数(秒)", "a reply to a text, median s"),
    "reply_sigma": _sigma("短信回复时间的离散(对数标准差)", "a reply to a text, spread (sigma of its log)"),
    "answers_call": _share("接听一次来电", "answers one call"),
    "ring_s": _length("响铃到接听(秒)", "ringing until it is answered, s"),
    "call_s": _length("响铃、听完、按键合计(秒)", "ringing, listening and the key together, s"),
    "unanswered_s": _length("无人接听多久后放弃(秒)", "ringing until it is given up, s"),
    "voicemail": _share("无人接时转入语音信箱", "an unanswered call is taken by voicemail"),
    "presses_key": _share("接听后按键确认", "presses a key once the call is answered"),
    "text_median_s": _length("短信到达手机中位数(秒)", "a text to the telephone, median s"),
    "text_sigma": _sigma("短信到达时间的离散(对数标准差)", "a text to the telephone, spread (sigma of its log)"),
    "text_lost": _share("短信丢失", "a text never arrives"),
    "declines": _share("回复来不了", "says they cannot come"),
    "false_ack": _share("确认后不行动", "acknowledges a step and does not do it"),
    "attentive": Means(Text("答复过一次后,回复时间乘以", "times a reply takes once they have answered"), 0.05, 2.0),
    "travel_median_s": _length("到达现场中位数(秒)", "from the answer to the site, median s", 0.0),
    "travel_sigma": _sigma("到达时间的离散(对数标准差)", "from the answer to the site, spread (sigma of its log)"),
    "night_turnout": Means(Text("夜间到达时间乘以", "times the way takes at night"), 0.5, 5.0),
}
"""What differs by profile. Names end in their unit."""
OF_WORLD: dict[str, Means] = {
    "team_correlation": Means(Text("同队能否联系的相关", "correlation of a team's being reachable"), 0.0, 0.95),
    "work_share": Means(Text("完成一步占目标时间的中位数", "share of its target that a step takes, median"), 0.01, 5.0),
    "work_sigma": _sigma("完成时间的离散(对数标准差)", "a step's length, spread (sigma of its log)"),
    "work_untimed_s": _length("无目标时间的步骤中位数(秒)", "a step without a target, median s"),
    "walk_m_s": Means(Text("通道行走速度(米/秒)", "walking, m/s"), 0.05, 3.0),
    "stairs_down_m_s": Means(Text("下楼速度(米/秒)", "stairs down, m/s"), 0.05, 3.0),
    "stairs_up_m_s": Means(Text("上楼速度(米/秒)", "stairs up, m/s"), 0.05, 3.0),
    "pre_movement_guided_median_s": _length("有店员引导时开始疏散中位数(秒)", "the public moves, guided, median s"),
    "pre_movement_guided_sigma": _sigma("同上,对数标准差", "the public moves, guided, sigma of its log"),
    "pre_movement_sounder_median_s": _length("仅警铃时开始疏散中位数(秒)", "the public moves, sounder only, median s"),
    "pre_movement_sounder_sigma": _sigma("同上,对数标准差", "the public moves, sounder only, sigma of its log"),
    "micro_station_s": _length("微型消防站到场(秒)", "the micro fire station at the scene, s"),
    "brigade_median_s": _length("消防队首车到场中位数(秒)", "the first fire appliance at the door, median s"),
    "brigade_sigma": _sigma("消防队到场时间对数标准差", "the first fire appliance, sigma of its log"),
    "brigade_to_seat_s": _length("到场至首支水枪到着火点(秒)", "from the door to the seat of the fire, s"),
    "lift_maintainer_s": _length("电梯维保到场(秒)", "the lift maintainer on site, s"),
    "lift_rescue_s": _length("维保到场后救出(秒)", "lift rescue after that, s"),
    "lift_stops_between_floors": _share("停电时运行轿厢停在层间", "a moving car stops between floors on power loss"),
}
"""What is the same for everybody."""


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one person, as `OF_PEOPLE` names them."""

    available: float
    replies_by_text: float
    reply_median_s: float
    reply_sigma: float
    answers_call: float
    ring_s: float
    call_s: float
    unanswered_s: float
    voicemail: float
    presses_key: float
    text_median_s: float
    text_sigma: float
    text_lost: float
    declines: float
    false_ack: float
    attentive: float
    travel_median_s: float
    travel_sigma: float
    night_turnout: float


class Model(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All figures. profiles: profile to name to figure. people: person to profile to what was learned of them there,
    over what all others in that profile have. Compared by identity: read once and shared."""

    profiles: dict[str, dict[str, Parameter]]
    world: dict[str, Parameter]
    people: dict[str, dict[str, dict[str, Parameter]]] = {}

    def habits(self, profile: str, person: str = "") -> Habits:
        """Return the figures of *person*, who is in *profile* just now.

        Raises:
            KeyError: there is no such profile.
        """
        return _habits(self, profile, person if person in self.people else "")

    def of_world(self, name: str) -> float:
        """Return a figure that is the same for everybody."""
        return self.world[name].value

    def parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield every figure by name, as `on_site.answers_call` or `world.work_share`; those of single people apart."""
        for profile, figures in self.profiles.items():
            yield from ((f"{profile}.{name}", figure) for name, figure in figures.items())
        yield from ((f"world.{name}", figure) for name, figure in self.world.items())

    def changed(self, values: Mapping[str, float]) -> Model:
        """Return the model with other values for some figures, by the names of `parameters`; ranges stay.

        Raises:
            KeyError: there is no figure of this name. ValueError: it cannot have this value.
        """
        profiles, world = {name: dict(figures) for name, figures in self.profiles.items()}, dict(self.world)
        for dotted, value in values.items():
            where, _, name = dotted.partition(".")
            figures = world if where == "world" else profiles[where]
            means = (OF_WORLD if where == "world" else OF_PEOPLE)[name]
            if not means.least <= value <= means.most:
                raise ValueError(f"{dotted} lies between {means.least:g} and {means.most:g}, not at {value:g}")
            figures[name] = msgspec.structs.replace(figures[name], value=value)
        return Model(profiles=profiles, world=world, people=self.people)


@lru_cache(maxsize=4096)
def _habits(model: Model, profile: str, person: str) -> Habits:
    figures = {**model.profiles[profile], **model.people.get(person, {}).get(profile, {})}
    return Habits(**{name: figure.value for name, figure in figures.items()})


def assumed_share(model: Model, used: Iterable[str] = PROFILES) -> float:
    """Return which share of the figures about people in the profiles *used* nobody has measured, from 0 to 1."""
    figures = [figure for profile in sorted(set(used)) for figure in model.profiles[profile].values()]
    return sum(figure.assumed for figure in figures) / len(figures) if figures else 0.0


def profiles(members: Iterable[Member], at: datetime, site: Site, default: str = BY_SHIFT) -> dict[str, str]:
    """Return each person's profile at *at*: on shift, on call, or off duty by day or by night of the site's own time.

    Args:
        at: aware. default: a profile for everybody instead, as a scenario may say.
    """
    members = list(members)
    if default != BY_SHIFT:
        return {member.id: default for member in members}
    off = "off_duty_night" if is_night(at.astimezone(ZoneInfo(site.timezone)).hour) else "off_duty_day"
    by_duty = {"on": "on_site", "call": "on_call"}
    return {member.id: by_duty.get(member.duty, off) for member in members}


def is_night(hour: int) -> bool:
    """Return whether somebody off duty is taken to be asleep in this hour of the day."""
    return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS


def walk(model: Model, level_m: float, down_m: float = 0.0, up_m: float = 0.0) -> timedelta:
    """Return how long a walk takes unhindered: metres on the level, and down and up along the slope of stairs."""
    speed = model.of_world
    seconds = level_m / speed("walk_m_s") + down_m / speed("stairs_down_m_s") + up_m / speed("stairs_up_m_s")
    return timedelta(seconds=seconds)


# reading


def read_model(path: Path | None = None) -> Model:
    """Return the model; with *path*, a file of changes or the home of an installation, with its changes.

    Raises:
        Mistakes: a file holds what cannot be; every mistake with its line.
    """
    shipped = _shipped()
    if path is None:
        return shipped
    files = [path / LEARNED, path / OWN] if path.is_dir() else [path]
    files = [file for file in files if file.exists()]
    if not files:
        return shipped
    return _over(shipped, [_changes(yaml_file.read(file)) for file in files])


@lru_cache(maxsize=1)
def _shipped() -> Model:
    raw = resources.files("emergency.drills.players").joinpath("model.yaml").read_bytes()
    found = _changes(yaml_file.parse(raw, "model.yaml"))
    missing = [f"{p}.{name}" for p in PROFILES for name in OF_PEOPLE if name not in found.profiles.get(p, {})]
    missing += [f"world.{name}" for name in OF_WORLD if name not in found.world]
    if missing:
        raise Mistakes([Problem(file="model.yaml", line=0, says=f"lacks {', '.join(missing)}")])
    return found


def _over(model: Model, changes: list[Model]) -> Model:
    """Return *model* with the figures of each of *changes* over those before."""
    for each in changes:
        model = Model(
            profiles={name: {**model.profiles[name], **each.profiles.get(name, {})} for name in model.profiles},
            world={**model.world, **each.world},
            people={**model.people, **each.people},
        )
    return model


def _changes(file: YamlFile) -> Model:
    """Return the figures of a file, all or some. Raises Mistakes."""
    reader = _Reader(file)
    found = reader.model()
    if reader.problems:
        raise Mistakes(sorted(reader.problems))
    return found


class _Reader:
    """Reads one file and collects what is wrong with it."""

    def __init__(self, file: YamlFile) -> None:
        self.file = file
        self.problems: list[Problem] = list(file.problems)
        self.sources: dict[str, Text] = {}
        self.learned = False

    def wrong(self, path: tuple[str | int, ...], en: str, zh: str) -> None:
        self.problems.append(self.file.problem(path, en, zh=zh))

    def mapping(self, path: tuple[str, ...]) -> dict[str, Any]:
        """Return the mapping at *path*; nothing, and a mistake, where something else stands there."""
        value = self.file.data
        for key in path:
            value = value.get(key, {}) if isinstance(value, dict) else {}
        if isinstance(value, dict) or not value:
            return value or {}
        self.wrong(path, f"'{path[-1] if path else 'the file'}' must hold names with values", "此处应为名称和取值")
        return {}

    def model(self) -> Model:
        top = self.mapping(())
        self.learned = top.get("format") == LEARNED_FORMAT
        known = ["format", "sources", "profiles", "world", *(["made", "people"] if self.learned else [])]
        if top.get("format") not in (FORMAT, LEARNED_FORMAT):
            self.wrong(("format",), f"'format' must be {FORMAT}", f"format 应为 {FORMAT}")
        self.unknown((), top, known)
        self.sources = {key: self.text(("sources", key), value) for key, value in self.mapping(("sources",)).items()}
        return Model(
            profiles=self.by_profile(("profiles",)),
            world=self.figures(("world",), OF_WORLD),
            people={id: self.by_profile(("people", id)) for id in self.mapping(("people",))} if self.learned else {},
        )

    def by_profile(self, path: tuple[str, ...]) -> dict[str, dict[str, Parameter]]:
        """Return profile to figures at *path*."""
        found = self.mapping(path)
        self.unknown(path, found, PROFILES)
        return {profile: self.figures((*path, profile), OF_PEOPLE) for profile in found if profile in PROFILES}

    def unknown(self, path: tuple[str, ...], found: Mapping[str, Any], known: Iterable[str]) -> None:
        names = list(known)
        for name in found:
            if name not in names:
                zh = f"没有“{name}”这一项。{nearest_zh(name, names)}"
                self.wrong((*path, name), f"'{name}' is nothing here.{nearest(name, names)}", zh)

    def figures(self, path: tuple[str, ...], known: Mapping[str, Means]) -> dict[str, Parameter]:
        found = self.mapping(path)
        self.unknown(path, found, known)
        figures = {name: self.figure((*path, name), known[name]) for name in found if name in known}
        return {name: figure for name, figure in figures.items() if figure is not None}

    def figure(self, path: tuple[str, ...], means: Means) -> Parameter | None:
        """Return the figure at *path*; None, and its mistakes, where it cannot be."""
        before, found = len(self.problems), self.mapping(path)
        self.unknown(path, found, ("value", "low", "high", "basis", "source"))
        value = self.number(path, "value")
        low, high = (self.number(path, end) if end in found else value for end in ("low", "high"))
        if len(self.problems) > before:
            return None
        if not low <= value <= high:
            self.wrong(
                path, f"value must lie from low to high: {low:g}, {value:g}, {high:g}", "取值应在 low 与 high 之间"
            )
        for end in sorted({low, high}):
            if not means.least <= end <= means.most:
                self.wrong(
                    path,
                    f"{path[-1]} lies between {means.least:g} and {means.most:g}, not at {end:g}",
                    f"{path[-1]} 应在 {means.least:g} 与 {means.most:g} 之间",
                )
        basis = self.basis(path, found.get("basis"))
        source = self.source(path, found.get("source"))
        if len(self.problems) > before:
            return None
        return Parameter(value=value, low=low, high=high, basis=basis, source=source)

    def number(self, path: tuple[str, ...], name: str) -> float:
        said = self.mapping(path).get(name)
        try:
            number = float(said) if isinstance(said, str) else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self.wrong((*path, name), f"'{name}' must be a number", f"{name} 应为数字")
            return 0.0
        return number

    def basis(self, path: tuple[str, ...], said: Any) -> Basis:
        words: tuple[Basis, ...] = ("learned",) if self.learned else ("sourced", "assumed")
        for word in words:
            if said == word:
                return word
        self.wrong((*path, "basis"), f"'basis' must be {' or '.join(words)}", f"basis 应为 {' 或 '.join(words)}")
        return "assumed"

    def source(self, path: tuple[str, ...], said: Any) -> Text:
        if isinstance(said, str) and said in self.sources:
            return self.sources[said]
        if not said:
            self.wrong((*path, "source"), "'source' must say where the value comes from", "source 应写明数值出处")
        return self.text((*path, "source"), said or "")

    def text(self, path: tuple[str, ...], said: Any) -> Text:
        """Return words in both languages; words in one are taken for both: a house writes its own."""
        if isinstance(said, str):
            return Text(said, said)
        if (
            isinstance(said, dict)
            and set(said) == {"zh", "en"}
            and all(isinstance(each, str) for each in said.values())
        ):
            return Text(said["zh"], said["en"])
        self.wrong(path, "must be words, or {zh: ..., en: ...}", "应为文字，或 {zh: ..., en: ...}")
        return Text("", "")
