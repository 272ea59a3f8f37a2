"""Runs every figure and prints one table. `python -m bench NAME...` runs some."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench import assignment, checker, drill, first_message, forecast, muster, readiness, report, throughput
from bench.common import Figure

FIGURES: dict[str, Callable[[], list[Figure]]] = {
    "serving": first_message.serving,
    "starting": first_message.starting,
    "alerts": throughput.alerts,
    "replies": throughput.replies,
    "among_many": throughput.among_many,
    "muster": muster.roll_call,
    "virtual_fire": drill.virtual_fire,
    "rehearsed_fire": drill.rehearsed_fire,
    "rehearsal_memory": drill.rehearsal_memory,
    "memory": drill.memory,
    "forecast": forecast.forecast,
    "forecast_memory": forecast.forecast_memory,
    "checks": checker.checks,
    "assignment": assignment.assignment,
    "readiness": readiness.thirty_days,
    "report": report.report,
}


def main(names: list[str]) -> int:
    """Print the table; return 1 when a limit is passed."""
    kept = True
    for name in names or FIGURES:
        for figure in FIGURES[name]():
            print(figure.line(), flush=True)
            kept = kept and figure.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
