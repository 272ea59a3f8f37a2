"""A scenario file becomes a Scenario, or a list of problems with line numbers; never half of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from emergency import yaml_file
from emergency.core.near import nearest, nearest_zh
from emergency.core.site import Site
from emergency.core.values import Text
from emergency.drills import scenario as s
from emergency.drills.scenarios.numbers import hidden
from emergency.errors import Mistakes, Problem
from emergency.layers import SHIPPED_PARTS
from emergency.phrases import trouble_zh
from emergency.yaml_file import Path_, YamlFile

if TYPE_CHECKING:
    from emergency.drills.scenarios import shapes

SHIPPED = SHIPPED_PARTS.parent / "scenarios"
"""The scenarios of the sample mall, one for each plan and more."""


def read_scenario(raw: bytes, name: str, site: Site) -> s.Scenario:
    """Return the scenario in *raw*; *name* is what messages call the file.

    Raises:
        Mistakes: every mistake of the file at once, each with its line.
    """
    return read_with_lines(raw, name, site)[0]


def read_with_lines(raw: bytes, name: str, site: Site) -> tuple[s.Scenario, YamlFile]:
    """Return the scenario in *raw*, and the file with the line of each value. Raises Mistakes as `read_scenario`."""
    try:
        return _read(raw, name, site)
    except Mistakes as error:
        raise hidden(error.problems) from None


def _read(raw: bytes, name: str, site: Site) -> tuple[s.Scenario, YamlFile]:
    from emergency.drills.scenarios import shapes
    from emergency.loader import in_order, shape_or_problems

    file = yaml_file.parse(raw, name)
    shape, problems = shape_or_problems(file, shapes.ScenarioShape)
    if shape is None or problems:
        raise in_order(problems)
    begins = _begins(shape.begins, site.timezone)
    wrong = list(_wrong(file, shape, begins))
    if wrong or begins is None:
        raise in_order(wrong)
    return _scenario(file, shape, begins), file


def read_file(path: Path, site: Site) -> s.Scenario:
    """Return the scenario in the file at *path*. Raises Mistakes, also where it cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Mistakes(
            [
                Problem(
                    file=str(path), line=0, says=f"cannot be read: {error.strerror}", zh=f"读不出:{trouble_zh(error)}"
                )
            ]
        ) from error
    return read_scenario(raw, str(path), site)


def files(own: Path | None = None) -> dict[str, Path]:
    """Return id to file of the scenarios that are there: those of the installation (in the folder *own*) stand before
    shipped ones of that name."""
    folders = [SHIPPED, *([own] if own is not None else [])]
    found = {path.stem: path for folder in folders for path in sorted(folder.glob("*.yaml"))}
    return dict(sorted(found.items()))


def file_named(word: str, own: Path | None = None) -> Path:
    """Return the file that *word* means: a file, or the id of a scenario. Raises Mistakes: there is none."""
    if word.endswith((".yaml", ".yml")) or "/" in word or "\\" in word:
        return Path(word)
    known = files(own)
    if word not in known:
        raise Mistakes(
            f"'{word}' is no scenario here.{nearest(word, list(known))} See: emergency drill list",
            f"没有情景“{word}”。{nearest_zh(word, list(known))}查看:emergency drill list",
        )
    return known[word]


# what a shape alone does not show


def _begins(text: str, timezone: str) -> datetime | None:
    """Return the moment that a scenario is played at; without an offset, in the site's own time. None: no such time."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)?", text):
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "T"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)


def _wrong(file: YamlFile, shape: shapes.ScenarioShape, begins: datetime | None) -> Iterator[Problem]:
    if begins is None:
        yield file.problem(
            ("begins",),
            f"'{shape.begins[:40]}' is no moment; write 2026-11-21 19:30, in the site's time, or with +08:00 behind it",
            zh=f"“{shape.begins[:40]}”不是时刻;请写 2026-11-21 19:30(本场所时间),或在后面加 +08:00",
        )
    stem = Path(file.name).stem
    if stem != shape.scenario and file.name.endswith((".yaml", ".yml")):
        yield file.problem(
            ("scenario",),
            f"the file is called '{stem}', the scenario '{shape.scenario}'; give them one name",
            zh=f"文件名是“{stem}”,情景名是“{shape.scenario}”;请统一",
        )
    if shape.clock.maximum <= timedelta(0):
        yield file.problem(("clock", "maximum"), "a drill lasts longer than nothing", zh="演练时长必须大于零")
    for id, inject in shape.injects.items():
        yield from _wrong_inject(file, id, inject)
    for name, notice in shape.safety.notices.items() if shape.safety else ():
        if notice.lead is not None and notice.working_days:
            yield file.problem(
                ("safety", "notices", name),
                "says lead and working_days; one of the two",
                zh="lead 和 working_days 只能写一个",
            )
    yield from _twice(file, shape)


def _wrong_inject(file: YamlFile, id: str, inject: shapes.InjectShape) -> Iterator[Problem]:
    path: Path_ = ("injects", id)
    said = [word for word in ("at", "when", "caused_by") if getattr(inject, word) is not None]
    if len(said) > 1:
        yield file.problem(
            (*path, said[1]),
            f"'{said[0]}' and '{said[1]}': one of them says when it comes",
            zh=f"“{said[0]}”和“{said[1]}”只能写一个,说明何时注入",
        )
    if not said and not inject.reserve:
        yield file.problem(
            path,
            "says not when it comes: at, when or caused_by; or reserve: yes for the director's hand",
            zh="没有写何时注入:at、when 或 caused_by;由导演手动注入则写 reserve: yes",
        )
    if said and inject.reserve:
        yield file.problem(
            (*path, "reserve"),
            f"a reserve comes by the director's hand alone; take out '{said[0]}'",
            zh=f"备用注入只由导演手动注入;请删去“{said[0]}”",
        )
    if inject.again and inject.when is None:
        yield file.problem(
            (*path, "again"), "only a condition (`when`) comes again", zh="只有条件(when)可以重复(again)"
        )
    if inject.after and said == ["at"]:
        yield file.problem(
            (*path, "after"),
            "`after` counts from a condition or a cause; add it to `at`",
            zh="after 从条件或起因算起;请直接加到 at 里",
        )
    if inject.kind == "message.inbound" and (inject.deliver is None or inject.text is None):
        yield file.problem(
            path,
            "a message needs its words and who says them: text: {zh, en}, deliver: {from, to}",
            zh="来电来信要写内容和谁对谁说:text: {zh, en}, deliver: {from, to}",
        )
    if inject.kind != "message.inbound" and inject.target is None:
        yield file.problem(
            path,
            f"{inject.kind} needs its target; see docs/guides/writing-a-scenario.md",
            zh=f"{inject.kind} 要写对象(target);见 docs/guides/writing-a-scenario.md",
        )
    yield from _wrong_params(file, path, inject)


def _wrong_params(file: YamlFile, path: Path_, inject: shapes.InjectShape) -> Iterator[Problem]:
    needed, may = s.PARAMS[inject.kind]
    for name in needed:
        if name not in inject.params:
            yield file.problem(
                (*path, "params"),
                f"{inject.kind} needs '{name}' among its params",
                zh=f"{inject.kind} 的 params 里要有“{name}”",
            )
    for name, value in inject.params.items():
        known = [*needed, *may]
        says: Text | None = Text(
            f"这里没有“{name}”这一项。{nearest_zh(name, known)}", f"'{name}' is unknown here.{nearest(name, known)}"
        )
        if name in known:
            says = _wrong_param(inject.kind, name, value)
        if says is not None:
            yield file.problem((*path, "params", name), says.en, zh=says.zh)


LENGTHS_BY = frozenset({"person.late", "channel.slow", "channel.outage"})
"""Kinds whose `by` is a length."""


def _wrong_param(kind: str, name: str, value: str) -> Text | None:
    """Return what is wrong with one param, or None."""
    from emergency.drills.scenarios.shapes import a_moment

    choices = {"failure": s.FAILURES, "channels": ("sms", "voice"), "check": ("all",)}
    if name in choices:
        for word in value.split(","):
            if word.strip() not in choices[name]:
                return Text(
                    f"{name} 不能写“{word}”。{nearest_zh(word, choices[name])}",
                    f"'{word}' is no {name}.{nearest(word, choices[name])}",
                )
    elif (name == "until" and value != "end") or (name == "by" and kind in LENGTHS_BY):
        try:
            a_moment(value)
        except ValueError as error:
            return Text(f"{name}:“{value}”不是时长;请带单位,如 90s、2m、1h30m", f"{name}: {error}")
    return None


def _twice(file: YamlFile, shape: shapes.ScenarioShape) -> Iterator[Problem]:
    """Expectations have one name space: evidence and contingencies speak of them by it."""
    seen: dict[str, Path_] = {}
    places: list[tuple[Path_, Sequence[str]]] = [
        *((("objectives", id, "expect"), list(each.expect)) for id, each in shape.objectives.items()),
        *((("injects", id, "expect"), list(each.expect)) for id, each in shape.injects.items()),
    ]
    for path, marks in places:
        for mark in marks:
            if mark in seen:
                yield file.problem(
                    (*path, mark),
                    f"'{mark}' stands here twice (first in line {file.line(seen[mark])})",
                    zh=f"“{mark}”写了两次(前一次在第 {file.line(seen[mark])} 行)",
                )
            seen.setdefault(mark, (*path, mark))


# values


def length(text: str) -> timedelta:
    """Return a length that a param holds (`8m`). Raises ValueError."""
    from emergency.drills.scenarios.shapes import a_moment

    return a_moment(text)


def _scenario(file: YamlFile, shape: shapes.ScenarioShape, begins: datetime) -> s.Scenario:
    return s.Scenario(
        id=shape.scenario,
        title=shape.title,
        playbook=shape.playbook.id,
        revision=shape.playbook.revision,
        site=shape.site or "",
        place=shape.opens.place,
        severity=shape.opens.severity,
        told=shape.opens.told,
        note=shape.opens.says,
        kind=shape.kind,
        notice=shape.notice,
        begins=begins,
        maximum=shape.clock.maximum,
        speed=shape.clock.speed,
        seed=shape.clock.seed,
        objectives=tuple(_objective(file, id, each) for id, each in shape.objectives.items()),
        injects=tuple(_inject(file, id, each) for id, each in shape.injects.items()),
        overrides=tuple(_override(file, id, each) for id, each in shape.people.overrides.items()),
        default_profile=shape.people.default_profile,
        decisions=shape.decisions,
        ends_when=shape.ends or "",
        safety=_safety(shape.safety),
        questions=tuple(s.Question(id=id, text=text) for id, text in shape.questions.items()),
        observers=shape.observers,
        path=file.name,
    )


def _expects(file: YamlFile, path: Path_, shapes_: dict[str, shapes.ExpectShape]) -> tuple[s.Expect, ...]:
    return tuple(
        s.Expect(
            id=id,
            text=each.text,
            check=each.check,
            within=each.within,
            critical=each.critical,
            line=file.line((*path, "expect", id)),
        )
        for id, each in shapes_.items()
    )


def _objective(file: YamlFile, id: str, each: shapes.ObjectiveShape) -> s.Objective:
    path = ("objectives", id)
    return s.Objective(
        id=id,
        capability=each.capability,
        text=each.text,
        metric=each.metric,
        subject=each.subject or "",
        within=each.within,
        since=each.since,
        least=each.least,
        expect=_expects(file, path, each.expect),
        line=file.line(path),
    )


def _override(file: YamlFile, id: str, each: shapes.OverrideShape) -> s.Override:
    line = file.line(("people", "overrides", id))
    return s.Override(person=id, profile=each.profile or "", first_ack=each.first_ack, never=each.never, line=line)


def _inject(file: YamlFile, id: str, each: shapes.InjectShape) -> s.Inject:
    path = ("injects", id)
    default = s.Inject(id=id, kind=each.kind)
    return s.Inject(
        id=id,
        kind=each.kind,
        at=each.at,
        when=each.when,
        caused_by=each.caused_by,
        after=each.after,
        again=each.again,
        target=each.target or "",
        text=each.text,
        params=each.params,
        deliver=s.Deliver(sender=each.deliver.from_, to=each.deliver.to, by=each.deliver.by) if each.deliver else None,
        visible_to=tuple(each.visible_to) if each.visible_to is not None else default.visible_to,
        objective=each.objective,
        expect=_expects(file, path, each.expect),
        contingency=_contingency(each.contingency),
        reserve=each.reserve,
        line=file.line(path),
    )


def _contingency(each: shapes.ContingencyShape | None) -> s.Contingency | None:
    if each is None:
        return None
    return s.Contingency(if_not=each.if_not, after=each.after, do=each.do, text=each.text)


def _safety(shape: shapes.SafetyShape | None) -> s.Safety:
    if shape is None:
        return s.Safety()
    notices = tuple(
        s.PreNotice(
            who=who,
            text=each.text,
            lead=each.lead,
            working_days=each.working_days,
            confirm=each.confirm,
            by=tuple(each.by),
            at_end=each.at_end,
        )
        for who, each in shape.notices.items()
    )
    phrase: Text = shape.phrase or s.Safety().phrase
    return s.Safety(phrase=phrase, never_contact=tuple(shape.never_contact), notices=notices, violent=shape.violent)
