"""`drill replay`: finds what is to be replayed, reads the other plan or roster, and says the difference."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from emergency.app import App
from emergency.core.playbook import Playbook
from emergency.core.site import Member, Site
from emergency.drills.players.model import profiles, read_model
from emergency.drills.players.played import Played
from emergency.drills.rehearsals.kept import find
from emergency.drills.rehearsals.recording import NothingAsked, Recording, record
from emergency.drills.rehearsals.replay import Difference, Facts, Line, Replayed, difference, facts_of, replay
from emergency.errors import CommandRefused, Mistakes
from emergency.roster import Reach, Roster, members, next_change

Document = dict[str, Any]
SEED = 1
"""Of those who are drawn from the model, so that two replays of one record are the same."""


def replayed(app: App, code: str, playbook: str | None, roster: str | None) -> Document:
    """Return what another plan or roster would have changed in a past incident or drill.

    Args:
        playbook, roster: files; None for those of then. Without both, the record is replayed as it was.

    Raises:
        Mistakes: no such code; every mistake of a file. CommandRefused: nobody was asked anything in it.
    """
    store, id, _ = find(app, code)
    with contextlib.closing(store):
        history = store.history(id) if id else []
    engine = app.engine()
    with contextlib.closing(engine.store):
        recording = _record(history, code)
        site = recording.opening.site
        plan = read_plan(app, playbook, site)
        people = read_people(roster, site)
        plans = app.library.load_all(engine, site)[0]
    return _compare(app, recording, history, plans, plan, people)


def _record(history: Any, code: str) -> Recording:
    if not history:
        raise CommandRefused(
            f"{code} has not begun: there is nothing to replay. See: emergency drill show {code}",
            f"{code} 还没有开始,没有可重放的。看看现状:emergency drill show {code}",
        )
    try:
        return record(history)
    except NothingAsked as error:
        raise CommandRefused(
            f"{code} cannot be replayed: {error}", f"{code} 无法重放:预备事件从未确认,没有叫过任何人"
        ) from None


def read_plan(app: App, file: str | None, site: Site) -> Playbook | None:
    """Return the plan in a file, read against the site of then. Raises Mistakes: every mistake of it."""
    if file is None:
        return None
    path = Path(file)
    if not path.is_file():
        raise Mistakes(f"--playbook {file}: there is no such file", f"--playbook {file}:没有这个文件")
    return app.library.draft(path, site)


def read_people(file: str | None, site: Site) -> Roster | None:
    """Return the roster in a file (or folder, or sheet). Raises Mistakes: every mistake of it."""
    if file is None:
        return None
    path = Path(file)
    if not path.exists():
        raise Mistakes(f"--roster {file}: there is no such file", f"--roster {file}:没有这个文件或文件夹")
    from emergency.roster.files import read_path

    return read_path(path, site).roster


def _compare(
    app: App,
    recording: Recording,
    history: Any,
    plans: dict[str, Playbook],
    plan: Playbook | None,
    people: Roster | None,
) -> Document:
    site = recording.opening.site

    def others() -> Played:
        team = members(people, site, recording.begins, Reach(), {}) if people is not None else recording.teams[0][1]
        at = profiles(team, recording.begins, site)
        return Played(read_model(app.settings.home), at, SEED, decisions=recording.answers)

    before = replay(recording, others(), plans.__getitem__)
    after = before
    if plan is not None or people is not None:
        team = _team(people, site) if people is not None else None
        after = replay(recording, others(), plans.__getitem__, plan=plan, team=team)
    recorded = facts_of(history[history.index(_first(history, recording)) :], recording.begins)
    was, now = facts_of(before.history, recording.begins), facts_of(after.history, recording.begins)
    same = difference(_until(recorded, recording), _until(was, recording), recording.plan)
    return _document(
        recording, plan or recording.plan, difference(was, now, plan or recording.plan), same, after, before
    )


def _first(history: Any, recording: Recording) -> Any:
    return history[0] if not recording.opening.armed else next(line for line in history if line[1] == recording.begins)


def _until(facts: Facts, recording: Recording) -> Facts:
    """Return what had happened when the record ends: a replay may go on a little longer."""
    import msgspec

    end = (recording.ends - recording.begins).total_seconds()
    early = {
        name: {k: v for k, v in getattr(facts, name).items() if v <= end} for name in ("states", "steps", "milestones")
    }
    return msgspec.structs.replace(facts, **early)


def _team(roster: Roster, site: Site) -> Any:
    def team(at: datetime) -> tuple[tuple[Member, ...], datetime | None]:
        return members(roster, site, at, Reach(), {}), next_change(site, roster, at)

    return team


def _document(
    recording: Recording, plan: Playbook, found: Difference, same: Difference, after: Replayed, before: Replayed
) -> Document:
    off = [row for row in (*same.states, *same.steps) if row.before != row.after]
    return {
        "incident": recording.code,
        "playbook": plan.id,
        "ended": after.incident.state,
        "reproduced": not off,
        "off": [_line(row) for row in off],
        "milestones": [_line(row) for row in found.milestones],
        "states": [_line(row) for row in found.states],
        "steps": [_line(row) for row in found.steps],
        "late": [_line(row) for row in found.late],
        "messages": [_line(row) for row in found.messages],
        "spared": list(found.spared),
        "added": list(found.added),
        "unfilled": list(found.unfilled),
        "filled": list(found.filled),
        "conflicts": [{"person": person, "roles": list(roles)} for person, roles in found.conflicts],
        "assumed": [{"sort": sort, "what": what} for sort, what in after.assumed if (sort, what) not in before.assumed],
        "not_replayed": [{"what": what, "why": why} for what, why in after.refused],
        "moved": list(after.moved),
        "left_out": list(recording.lost),
        "cut_off": len(recording.cut_off),
    }


def _line(row: Line) -> Document:
    return {"name": row.name, "before": row.before, "after": row.after, "gain": row.gain}


# in words

SORTS = {
    "milestones": ("里程碑", "Milestones"),
    "states": ("状态", "States"),
    "steps": ("任务完成", "Steps done"),
    "late": ("超时次数", "Times a step was late"),
    "messages": ("每人消息数", "Messages a person"),
}
ASSUMED = {
    "person": ("当时没有被叫到,按模型取值", "was never asked then: drawn from the model"),
    "step": ("当时没有做过这件事,按本人其他答复估计", "never did this then: as quick as they were otherwise"),
    "route": ("当时没有收到过消息,按模型取值", "no message ever went there then: drawn from the model"),
}
WHY = {
    "the step did not begin": ("任务没有开始", "the step did not begin"),
    "no such fact": ("新预案没有这一项情况", "the new plan has no such fact"),
}
LEFT_OUT = {
    "HelpAsked": ("求助(按9)", "a call for help (key 9)"),
    "MusterOpened": ("清点人数", "a roll call"),
    "WantedTwice": ("同一人被两起事件需要", "somebody was wanted by two incidents"),
}
SHORTEST = timedelta(seconds=1).total_seconds()
"""A shift of less is none: two logs are a little apart."""


def lines(document: Document, lang: str) -> Iterator[str]:
    """Yield what is different, as a table; then what could not be replayed, and what is assumed."""
    en = lang == "en"
    yield from _head(document, en)
    for sort, words in SORTS.items():
        rows = [row for row in document[sort] if _differs(row, sort)]
        if rows:
            yield words[en]
            yield from (f"  {row['name']:<28} {_said(row, sort, en)}" for row in rows)
    yield from _people(document, en)
    yield from _honestly(document, en)


def _in_words(left_out: str, en: bool) -> str:
    """Return `WantedTwice (3)` as words."""
    kind, _, times = left_out.partition(" ")
    return f"{LEFT_OUT.get(kind, (kind, kind))[en]} {times}"


def _head(document: Document, en: bool) -> Iterator[str]:
    code, off = document["incident"], document["off"]
    if off:
        zh = f"注意:按原预案重放 {code},有 {len(off)} 处与记录不符,首先是 {off[0]['name']}。比较以重放为准。"
        says = f"NOTE: with its own plan, the replay of {code} differs from the record (places: {len(off)}), first in"
        yield f"{says} {off[0]['name']}; what follows compares two replays." if en else zh
    else:
        zh = f"{code} 按原预案重放,与记录一致。"
        yield f"With its own plan, the replay of {code} is what the record says." if en else zh
    if not any(_differs(row, sort) for sort in SORTS for row in document[sort]):
        yield "Nothing comes sooner or later." if en else "没有任何提前或推迟。"


def _differs(row: Document, sort: str) -> bool:
    if row["before"] is None or row["after"] is None:
        return bool(row["before"] != row["after"])
    return bool(abs(row["before"] - row["after"]) >= (SHORTEST if sort not in ("late", "messages") else 1))


def _said(row: Document, sort: str, en: bool) -> str:
    if sort in ("late", "messages"):
        return f"{row['before']:.0f} → {row['after']:.0f}"
    before, after = _clock(row["before"], en), _clock(row["after"], en)
    if row["gain"] is None:
        return f"{before} → {after}"
    sooner = row["gain"] > 0
    word = ("sooner" if sooner else "LATER") if en else ("提前" if sooner else "推迟")
    return f"{before} → {after}  {_clock(abs(row['gain']), en)} {word}"


def _clock(seconds: float | None, en: bool) -> str:
    if seconds is None:
        return "never" if en else "没有"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _people(document: Document, en: bool) -> Iterator[str]:
    for key, zh, words in (
        ("spared", "不再打扰", "Spared"),
        ("added", "新叫到", "Asked anew"),
        ("unfilled", "新缺岗位", "Roles with nobody, anew"),
        ("filled", "补上的岗位", "Roles that are filled now"),
    ):
        if document[key]:
            yield f"{words if en else zh}: {', '.join(document[key])}"
    for each in document["conflicts"]:
        says = "holds several roles, anew" if en else "新的一人多岗"
        yield f"{each['person']} {says}: {', '.join(each['roles'])}"


def _honestly(document: Document, en: bool) -> Iterator[str]:
    for each in document["assumed"]:
        yield f"{'assumed' if en else '假设'}: {each['what']} {ASSUMED[each['sort']][en]}"
    for each in document["not_replayed"]:
        why = WHY.get(each["why"], (each["why"], each["why"]))[en]
        yield f"{'not replayed' if en else '没有重放'}: {each['what']}: {why}"
    for each in document["moved"]:
        says = "came at the time it came then" if en else "按当时的时刻给出"
        yield f"{each}: {says}"
    if document["left_out"]:
        kinds = ", ".join(_in_words(each, en) for each in document["left_out"])
        yield f"{'left out' if en else '未重放的记录'}: {kinds}"
    if document["cut_off"]:
        zh = f"{document['cut_off']} 条呼叫在答复之前就被收回:他们本会不会答复,没人知道,按不答复计"
        en_ = f"{document['cut_off']} alerts were taken back before an answer: whether one would have come nobody knows"
        yield en_ + "; they count as silent" if en else zh
