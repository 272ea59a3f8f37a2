"""`emergency drill`: the same engine, rehearsed. Each room holds the commands of one part; the urgent come first."""

from __future__ import annotations

import click

from emergency.commands.base import Commands
from emergency.commands.drill import conduct, evaluate, forecast, people, programme, rehearse, scenarios, stop


@click.group(cls=Commands)
def drill() -> None:
    """Drills: rehearse, run live, stop, score, plan. 演练:推演、实施、中止、评估、计划。"""


for room in (stop, rehearse, conduct, evaluate, scenarios, forecast, people, programme):
    for command in room.COMMANDS:
        drill.add_command(command)
