"""What proving the shipped plans costs: all of them, the largest, the lint of one, and the memory."""

from __future__ import annotations

import subprocess

from bench.common import PROGRAM, PYTHON, ROOT, Figure, environment, folder, install, median, timed

RUNS = 5
CHILD_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], capture_output=True, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def checks() -> list[Figure]:
    """`playbook check` in each of its depths; the floors are the times and the memory that were asked for."""
    with folder() as home:
        install(home)
        env = environment(home, None, PYTHONPATH=str(ROOT))

        def run(*words: str) -> float:
            command = [*PROGRAM, "playbook", "check", *words]
            return timed(lambda: subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True))

        run("--all")
        everything = median([run("--all") for _ in range(3)])
        each = {path.stem: run(path.stem) for path in sorted((ROOT / "playbooks").glob("*.yaml"))}
        quick = median([run("fire", "--quick") for _ in range(RUNS)])
        peak = subprocess.run(
            [PYTHON, "-c", CHILD_PEAK, *PROGRAM, "playbook", "check", "--all"],
            env=env, cwd=ROOT, check=True, capture_output=True, text=True,
        )  # fmt: skip
    slowest = max(each, key=lambda name: each[name])
    return [
        Figure(f"playbook check --all, {len(each)} plans (floor: asked for)", everything / 1000, 20, 1, "s"),
        Figure(f"playbook check {slowest}, the slowest", each[slowest] / 1000, 3, 1, "s"),
        Figure("playbook check fire --quick", quick, 300, 1, "ms"),
        Figure("memory of playbook check --all", float(peak.stdout), 500, 1, "MB"),
    ]
