"""The shortest story that shows a finding: what happens, line by line, with the clock from 0:00."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from emergency.core import playbook as p
from emergency.core.explain import words_of
from emergency.core.values import Text

BEGINNING = Text("接报", "report")


class Way(msgspec.Struct, frozen=True):
    """One move from state to state: how long the state lasted before it, and why it was left."""

    start: str
    to: str
    stay: timedelta
    why: Text


def clock(at: timedelta) -> str:
    """Return a moment counted from the report, as `2:30`, `1:02:30` or `3d 1:02:30`."""
    seconds = int(at.total_seconds())
    days, seconds = divmod(seconds, 86400)
    hours, rest = divmod(seconds, 3600)
    shown = f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours or days else f"{rest // 60}:{rest % 60:02}"
    return f"{days}d {shown}" if days else shown


def length(of: timedelta) -> Text:
    """Return a length in words, `90s` as the plan would write it."""
    seconds = of.total_seconds()
    for size, en, zh in ((86400, "d", "天"), (3600, "h", "小时"), (60, "m", "分钟")):
        if seconds and seconds % size == 0:
            return Text(f"{seconds / size:g}{zh}", f"{seconds / size:g}{en}")
    return Text(f"{seconds:g}秒", f"{seconds:g}s")


def line(at: timedelta, zh: str, en: str) -> Text:
    """Return one line of a story."""
    return Text(f"{clock(at)} {zh}", f"{clock(at)} {en}")


def told(plan: p.Playbook, first: str, ways: Iterable[Way]) -> tuple[tuple[Text, ...], timedelta]:
    """Return a story that begins in the state *first*, and the moment it ends at."""
    at = timedelta(0)
    lines = [line(at, f"{BEGINNING.zh} → {first}（{title(plan, first).zh}）", f"{BEGINNING.en} -> {first}")]
    for way in ways:
        at += way.stay
        lines.append(line(at, f"{way.why.zh} → {way.to}（{title(plan, way.to).zh}）", f"{way.why.en} -> {way.to}"))
    return tuple(lines), at


def title(plan: p.Playbook, name: str) -> Text:
    """Return the title of a state, or its name where there is none."""
    return next((state.title for state in plan.states if state.name == name), Text(name, name))


def why(state: p.State, index: int | None, via: str, step: str | None = None) -> Text:
    """Return why a state is left, in words."""
    if index is None:
        return Text(f"任务 {step} 超时", f"step '{step}' is late")
    leave = state.leave[index]
    if leave.after is not None:
        if via == "order":
            return Text(f"有人下令转入 {leave.to}", f"somebody orders '{leave.to}'")
        waited = length(leave.after)
        if leave.because is not None:
            return leave.because
        return Text(f"满{waited.zh}", f"{waited.en} are over")
    if leave.when is None:
        return Text("立即", "at once")
    return Text(words_of(leave.when, lang="zh"), words_of(leave.when))
