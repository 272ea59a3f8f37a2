"""Forgiving names: what a shaking hand typed, and what it can only have meant."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from emergency.core.near import nearest, nearest_zh
from emergency.core.playbook import Playbook
from emergency.core.site import Place, Site
from emergency.errors import Mistakes

T = TypeVar("T")
KINDS_ZH = {"playbook": "预案", "place": "地点", "lift": "电梯", "zone": "区域"}


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """Return *text* without case, width, spaces and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(ch for ch in folded if ch.isalnum())


def find(word: str, choices: Iterable[tuple[T, Sequence[str]]], what: str) -> T:
    """Return the one thing that *word* can mean.

    Args:
        choices: each thing with its names, the first two of which are shown to people.
        what: the kind of thing, for the message.

    Raises:
        Mistakes: none, or more than one; the message lists what there is.
    """
    known = list(choices)
    asked = plain(word)
    for test in (_same, _starts, _within):
        found = [(thing, names) for thing, names in known if asked and any(test(asked, plain(n)) for n in names if n)]
        if len(found) == 1:
            return found[0][0]
        if found:
            listed = "\n".join(f"    {_shown(names)}" for _, names in found[:20])
            raise Mistakes(
                f"'{word}' could be any of these; nothing was started. Say which {what}:\n{listed}",
                f"“{word}”可能是以下几个;什么都没有启动。请说清是哪个{KINDS_ZH.get(what, what)}:\n{listed}",
            )
    names_shown = [_shown(names) for _, names in known]
    hint = nearest(word, [n for _, names in known for n in names if n])
    listed = "" if hint else "\n" + "\n".join(f"    {name}" for name in names_shown[:40])
    zh = nearest_zh(word, [n for _, names in known for n in names if n])
    raise Mistakes(
        f"'{word}' is no {what} here.{hint}{listed}", f"这里没有{KINDS_ZH.get(what, what)}“{word}”。{zh}{listed}"
    )


def _shown(names: Sequence[str]) -> str:
    return " / ".join(dict.fromkeys(names[:2]))


def _same(asked: str, name: str) -> bool:
    return asked == name


def _starts(asked: str, name: str) -> bool:
    return len(asked) > 1 and name.startswith(asked)


def _within(asked: str, name: str) -> bool:
    return len(asked) > 1 and asked in name


def find_playbook(word: str, playbooks: Iterable[Playbook]) -> Playbook:
    """Return the plan that *word* names by id, title in either language, or code letter."""
    return find(word, [(p, (p.id, p.title.zh, p.title.en, p.code)) for p in playbooks], "playbook")


@lru_cache(maxsize=1024)
def find_place(word: str | None, playbook: Playbook, site: Site) -> Place:
    """Return the place that *word* names; without a word, the whole site.

    Raises:
        Mistakes: unknown or ambiguous, or a plan for lifts without a lift.
    """
    whole = site.places[0]
    if word is None:
        if playbook.place == "lift":
            listed = ", ".join(p.name.en for p in site.places if p.kind == "lift")
            raise Mistakes(
                f'{playbook.id}: which lift? Say --at, for example: --at "{listed.split(", ")[0]}". There is: {listed}',
                f'{playbook.id}:哪部电梯?请写 --at,如 --at "{listed.split(", ")[0]}"。可用:{listed}',
            )
        return whole
    if playbook.place == "lift":
        return _find_lift(word, playbook, site)
    able = [p for p in site.places if p.kind == playbook.place or p.kind == "site"]
    if playbook.place == "site":
        able = [p for p in site.places if p.kind in ("site", "zone")]
    return find(word, _by_names(able), "place")


def _by_names(places: Iterable[Place]) -> list[tuple[Place, tuple[str, ...]]]:
    return [(p, (p.name.en, p.name.zh, p.id, p.short.zh, p.short.en, *p.aliases)) for p in places]


def _find_lift(word: str, playbook: Playbook, site: Site) -> Place:
    """Return the lift that *word* names; who names a floor is asked for the lift."""
    lifts = [p for p in site.places if p.kind == "lift"]
    try:
        return find(word, _by_names(lifts), "lift")
    except Mistakes:
        floor = _zone(word, site)
        if floor is None:
            raise
    listed = "\n".join(f"    {_shown((p.name.en, p.name.zh))}" for p in lifts)
    raise Mistakes(
        f"{playbook.id}: which lift? '{word}' is {floor.name.zh} / {floor.name.en}; it goes into --note, the lift "
        f"with --at:\n{listed}",
        f"{playbook.id}:哪部电梯?“{word}”是 {floor.name.zh} / {floor.name.en},请写进 --note;--at 写电梯:\n{listed}",
    )


def _zone(word: str, site: Site) -> Place | None:
    try:
        return find(word, _by_names(p for p in site.places if p.kind != "lift"), "place")
    except Mistakes:
        return None
