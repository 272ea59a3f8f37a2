"""What holds for every test process."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

DICE = "FUZZ_EXAMPLES" in os.environ
settings.register_profile(
    "steady", derandomize=not DICE, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")
"""Every run tries the same examples and none is timed: what fails, fails for everybody. `make fuzz` throws dice."""

SELDOM = 100_000, 50, 100
"""How often a test process looks for values that hold each other: a tenth of its time is saved (measured)."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported and collected stays to the end: nobody need look through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
