"""What a drill left behind: one that should be over and is not, a line that nobody has confirmed as restored, the
store of rehearsals."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from emergency.backup import checked
from emergency.core.practice import LONGEST_DRILL
from emergency.core.values import Text
from emergency.drills import book
from emergency.drills.live.gate import scenario_of
from emergency.drills.scenario import LIVE
from emergency.engine import Engine
from emergency.errors import EmergencyError
from emergency.settings import Settings
from emergency.store.drills import Books, DrillRow
from emergency.store.store import SqliteStore

LARGE = 500_000_000
"""Bytes of rehearsals from which on it is said what to do: some three hundred of the largest (practice)."""


def waiting(engine: Engine) -> Iterator[tuple[str, Text, Text]]:
    """Yield what waits to be done for live drills: an id, what is so, and what to do."""
    for row in Books(engine.store).all():
        if row.kind in LIVE and row.incident is not None:
            yield from _too_long(engine, row)
            yield from _unrestored(engine, row)


def _too_long(engine: Engine, row: DrillRow) -> Iterator[tuple[str, Text, Text]]:
    incident = engine.incident(row.incident or "")
    if incident.is_closed or engine.clock.now() - incident.opened < LONGEST_DRILL:
        return
    hours = int((engine.clock.now() - incident.opened).total_seconds() // 3600)
    yield (
        f"drill_open_{row.code}",
        Text(f"演练 {row.code} 已开 {hours} 小时,早该结束", f"the drill {row.code} has been open for {hours} hours"),
        Text(
            f'emergency drill stop {row.code} --abort --reason "..."',
            f'emergency drill stop {row.code} --abort --reason "..."',
        ),
    )


def _unrestored(engine: Engine, row: DrillRow) -> Iterator[tuple[str, Text, Text]]:
    entries = [written.entry for written in Books(engine.store).read(row.id)]
    scenario = scenario_of(engine, row)
    if scenario is None or row.ended_at is None:
        return
    done = {entry.who for entry in entries if isinstance(entry, book.LineRestored)}
    for notice in scenario.safety.notices:
        if notice.at_end and notice.who not in done:
            words = f"emergency drill restored {row.code} {notice.who} --to NAME --by NAME"
            yield (
                f"line_{row.code}_{notice.who}",
                Text(
                    f"{row.code} 之后 {notice.text.zh} 未确认恢复",
                    f"after {row.code} {notice.text.en} is not confirmed as restored",
                ),
                Text(f"打电话问清,再: {words}", f"ask them, then: {words}"),
            )


def rehearsals(settings: Settings) -> Iterator[tuple[Text, Text]]:
    """Yield how the store of rehearsals is, and what to do (empty where all is well); nothing where there is none.

    It is opened as any command would open it, and so lifted to the schema of this release.
    """
    from emergency.drills.rehearsals.kept import file_of

    path = file_of(settings)
    if not path.exists():
        return
    try:
        with contextlib.closing(SqliteStore(path, create=False)) as store:
            damage = store.integrity()
            held = checked(store) if damage == "ok" else {}
    except EmergencyError as error:
        broken = Text(error.of("zh"), str(error))
    else:
        broken = Text(damage, damage)
    if broken.en != "ok":
        yield (
            Text(f"推演库损坏:{broken.zh}", f"the store of rehearsals is damaged: {broken.en}"),
            Text(
                f"移走 {path},或随备份恢复;真实事件不受影响",
                f"move {path} away, or restore it with a backup; no alarm needs it",
            ),
        )
        return
    size = path.stat().st_size
    says = Text(
        f"推演库完好:{held['drills']} 次,{size / 1e6:.1f} MB",
        f"the rehearsals are whole: {held['drills']} of them, {size / 1e6:.1f} MB",
    )
    large = Text(f"备份后可移走 {path},会重新建", f"after a backup {path} may be moved away; another is made")
    yield says, large if size > LARGE else Text("", "")
    if path.stat().st_mode & 0o077:
        yield (
            Text(f"别人能读 {path}", f"others can read {path}"),
            Text(f"chmod 600 {path}", f"chmod 600 {path}"),
        )
