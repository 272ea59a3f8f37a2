"""A scheduled rehearsal, in a process of its own: `python -m emergency.programme.child SCENARIO`. The server starts it;
it knows no provider, and prints one document."""

from __future__ import annotations

import json
import os
import sys

from emergency.app import App
from emergency.errors import EmergencyError
from emergency.programme.keeper import in_both, play_here
from emergency.settings import read


def main(words: list[str]) -> int:
    """Play the scenario named by *words*; return the exit status."""
    settings = read(os.environ)
    try:
        result = play_here(App(settings, []), words[0])
    except EmergencyError as error:
        print(in_both(error), file=sys.stderr)
        return error.exit_status
    print(json.dumps({"drill": result.drill, "rating": result.rating}))
    return 0


if __name__ == "__main__":
    os.nice(10)  # what is real goes first
    sys.exit(main(sys.argv[1:]))
